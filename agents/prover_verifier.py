"""``python -m agents.prover_verifier``: provers and a verifier train against each other, round by round.

After Kirchner et al., "Prover-verifier games improve legibility of LLM outputs", 2024 (arXiv 2407.13692): the verifier
is a process reward model. In a round a *fresh* sneaky prover learns to write wrong derivations that it scores highly,
the helpful prover goes on learning to write right ones, and a new verifier is trained on all that either has written
so far. The provers learn by :mod:`agents.tree_ppo`, the sneaky one among the lines that
:class:`~reasoning_envs.games.prover_verifier.SpoilingDomain` spoils.

The score of a derivation is the least chance that the verifier gives to any of its steps. An *exploit* is that a tenth
of a batch's wrong derivations score in the top quarter, which is read in two ways: of the *scale*, a score from .75 on;
or of a *pool* that no sneaky training has seen, right derivations and wrong ones of an untrained sneaky prover, as many
of either. All provers begin with one policy, which has learned to reach answers; a fresh sneaky one has it with flatter
chances, so that it tries things. Measured are, each round:

* the training steps of fresh sneaky provers until either happens (as many as were allowed, where it does not);
* the verifier's first-error F1 on held-out problems, with the kinds of error that the sneaky prover writes, and with
  the kinds of ``corrupt`` that nobody in the game ever wrote.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from agents.actors import quiet
from agents.expert_iteration import Learner, LearningConfig, decisions
from agents.options import check_settings, names_in, parse_run
from agents.policies import CandidatePolicy, PolicyError, read_checkpoint
from agents.proposer import draw_distinct
from agents.run_folder import Metrics, RunFolder, write_whole
from agents.search import SEARCH, Limits, Method, solve
from agents.tree import SearchResult
from agents.tree_ppo import Paid, TreePPO, TreePPOConfig
from reasoning_envs.domains.algebra import AlgebraDomain
from reasoning_envs.domains.protocol import MoveDomain
from reasoning_envs.games.prover_verifier import SpoilingDomain
from reasoning_envs.problems import ProblemSource
from reasoning_envs.rewards.corruption import corrupt_trace
from reasoning_envs.rewards.judging import chance_of, first_error, judge_prm
from reasoning_envs.rewards.learned import LearnedPRM
from reasoning_envs.rewards.protocol import PRMError
from reasoning_envs.types import Problem, Step, Trace

__all__ = ["Config", "Rounds", "Written", "derivation", "main", "spoiled_with"]

MAY_CHANGE = ("rounds",)
_TRIES = 12


@dataclass(frozen=True)
class Config:
    """What a run is started with; every field is an option of the command line."""

    rounds: Annotated[int, "in all; a resumed run goes on up to this number"] = 6
    seed: Annotated[int, "of weights, problems and draws"] = 0
    levels: Annotated[str, "of the problems, with commas"] = "linear-1,linear-2,brackets-1"
    kinds: Annotated[str, "of corrupt that the sneaky prover may write, with commas"] = "sign,arithmetic"
    unseen: Annotated[str, "of corrupt that only the measurement writes, with commas"] = "dropped term"
    track: Annotated[Literal["arithmetic", "text"], "what the verifier sees"] = "arithmetic"
    start: Annotated[str, "file or folder of a policy that provers start from; empty: taught by search before"] = ""
    lessons: Annotated[int, "iterations of that teaching, 48 searches each"] = 12
    warmth: Annotated[float, "that a fresh sneaky prover's logits are multiplied by, so that it tries things"] = 0.4
    walks: Annotated[int, "derivations in a batch"] = 48
    batches: Annotated[int, "of a fresh sneaky prover in a round, at most"] = 30
    sneaky: Annotated[int, "fresh sneaky provers in a round"] = 2
    helpful: Annotated[int, "batches of the helpful prover in a round"] = 4
    kept: Annotated[int, "derivations of a round that the verifier learns from, of each prover"] = 150
    first: Annotated[int, "derivations of each untrained prover that the first verifier learns from"] = 40
    steps: Annotated[int, "of a derivation, at most"] = 10
    measured: Annotated[int, "held-out problems that F1 is measured on"] = 120
    split: Annotated[Literal["validation", "test"], "that F1 is measured on"] = "validation"

    def __post_init__(self) -> None:
        check_settings(self)
        if not 0.0 < self.warmth <= 1.0:
            raise ValueError(f"warmth must lie in (0, 1], got {self.warmth}")
        if set(names_in(self.kinds)) & set(names_in(self.unseen)):
            raise ValueError(f"a kind in {self.kinds!r} is also in {self.unseen!r}: what is unseen must stay so")


class Written(NamedTuple):
    """A finished derivation, and what the verifier of the domain (not of the game) says: ``right`` as a whole."""

    trace: Trace
    right: bool


def derivation(walk: SearchResult, domain: MoveDomain) -> Written | None:
    """What a prover wrote; None where it gave no answer, or nobody can judge it.

    Args:
        walk: of the prover.
        domain: of the walk.
    """
    if walk.answer is None or walk.verdict is None or not walk.verdict.scored or len(walk.path) < 2:
        return None
    steps: list[Step] = []
    for node in walk.path[1:]:
        if node.action.is_step:
            text = domain.text(node.state)
            steps.append(Step(len(steps), text, text, node.action.verdict))
    trace = Trace("", {}, {}, "prover", None, walk.problem, tuple(steps), walk.verdict)
    try:
        error = first_error(trace)
    except ValueError:
        return None
    return Written(trace, error is None and walk.outcome.success)


def spoiled_with(
    traces: Sequence[Trace], domain: MoveDomain, kinds: Sequence[str], rng: np.random.Generator
) -> list[tuple[Trace, str]]:
    """Of each right derivation a copy with one error of the kinds, in turn as far as they fit; with its kind."""
    found = []
    for number, trace in enumerate(traces):
        wanted = kinds[number % len(kinds)]
        for _ in range(_TRIES):
            try:
                spoiled = corrupt_trace(trace, domain, rng)
            except ValueError:
                break
            if spoiled.error_type == wanted:
                found.append((spoiled.trace, wanted))
                break
    return found


class Rounds:
    """One run.

    Args:
        config: of the run.
        folder: of the run. Where it holds a checkpoint, the run goes on from there.

    Raises:
        ValueError: no such level. PolicyError: there is no policy to start from.
    """

    def __init__(self, config: Config, folder: RunFolder) -> None:
        quiet()
        self.config = config
        self.folder = folder
        self.domain = AlgebraDomain()
        self.spoiling = SpoilingDomain(self.domain, names_in(config.kinds))
        levels = names_in(config.levels)
        self.source = ProblemSource(
            self.domain, split="train", level=levels, problems=None, refusal=lambda problem: None
        )
        self.rng = np.random.default_rng(config.seed)
        self._ppo = TreePPOConfig(steps=config.steps, low=-1.0, high=1.0)
        self.round = 0
        self.pool: list[Trace] = []
        self.held_out = self._held_out(levels)
        self.start = self._taught() if not config.start else CandidatePolicy.load(config.start, self.domain)
        self.start.keep_encoded = True
        helpful = CandidatePolicy(self.domain, self.start.config, keep_encoded=True)
        helpful.network.load_state_dict(self.start.network.state_dict())
        self.helper = TreePPO(helpful, self._ppo, seed=config.seed)
        if folder.checkpoint.exists():
            self._restore()
        self.verifier = self._trained_verifier() if self.pool else None
        self.metrics = Metrics(folder, resume_from=self.round if self.round else None)

    def _taught(self) -> CandidatePolicy:
        """A policy that has learned from searches to reach an answer: where provers begin."""
        policy = CandidatePolicy(self.domain, seed=self.config.seed, keep_encoded=True)
        learner = Learner(policy, LearningConfig(), seed=self.config.seed)
        rng = np.random.default_rng([self.config.seed, 70_000])
        for number in range(self.config.lessons):
            problems = [self.source.draw(rng) for _ in range(48)]
            searches = solve(self.domain, problems, Method("best-first", SEARCH, Limits(60, 20)), policy)
            learner.replay.add(f"{number:07d}", decisions(searches))
            learner.update(40)
        return policy

    # -- the measure --------------------------------------------------------------------------------------------------

    def _held_out(self, levels: Sequence[str]) -> dict[str, list[tuple[Trace, str]]]:
        """Right derivations of held-out problems with a copy each that is spoiled, by kinds seen and unseen."""
        rng = np.random.default_rng([self.config.seed, 60_000])
        count = -(-self.config.measured // len(levels))
        problems = [one for level in levels for one in draw_distinct(self.domain, level, count, rng, self.config.split)]
        method = Method("best-first", limits=Limits(200, 20))
        found = (derivation(walk, self.domain) for walk in solve(self.domain, problems, method))
        right = [one.trace for one in found if one is not None and one.right]
        whole = [(trace, "") for trace in right]
        sets = {"seen": names_in(self.config.kinds), "unseen": names_in(self.config.unseen)}
        return {name: [*whole, *spoiled_with(right, self.domain, kinds, rng)] for name, kinds in sets.items()}

    def f1(self, verifier: LearnedPRM) -> dict[str, float]:
        """First-error F1 of a verifier, kinds counted alike, by ``seen`` and ``unseen``."""
        return {
            name: judge_prm(verifier, [trace for trace, _ in found], kinds=[kind for _, kind in found]).f1
            for name, found in self.held_out.items()
        }

    # -- a round ------------------------------------------------------------------------------------------------------

    def play(self) -> dict[str, float]:
        """A round: sneaky provers against the verifier, the helpful one beside them, and a new verifier."""
        if self.verifier is None:
            self.pool = self._first_pool()
            self.verifier = self._trained_verifier()
        verifier, config = self.verifier, self.config
        scalars = {f"f1/{name}": share for name, share in self.f1(verifier).items()}
        pool = self._reference(verifier)
        spent: dict[str, list[int]] = {"scale": [], "pool": []}
        held: dict[str, list[bool]] = {"scale": [], "pool": []}
        wrote: list[Written] = []
        for number in range(config.sneaky):
            seed = self.config.seed + 1000 * (self.round + 1) + number
            until, steps, written = self._sneak(verifier, pool, seed)
            for name, found in spent.items():
                found.append(until.get(name, steps))
                held[name].append(name not in until)
            wrote += written
        helped = self._help(verifier)
        scalars |= {
            "helpful/right": float(np.mean([one.right for one in helped])) if helped else 0.0,
            "pool": float(len(self.pool)),
        }
        for name, steps_until in spent.items():
            scalars[f"exploit/{name}"] = float(np.mean(steps_until))
            scalars[f"withstood/{name}"] = float(np.mean(held[name]))
        self.pool += [one.trace for one in [*_newest(wrote, config.kept), *_newest(helped, config.kept)]]
        self.round += 1
        self.verifier = self._trained_verifier()
        self.metrics.log(self.round, scalars)
        self._save()
        return scalars

    def _problems(self, count: int) -> list[Problem]:
        return [self.source.draw(self.rng) for _ in range(count)]

    def _written(self, prover: TreePPO, domain: MoveDomain, count: int) -> list[Written]:
        walks = prover.walk(domain, self._problems(count))
        return [one for walk in walks if (one := derivation(walk, domain)) is not None]

    def _fresh(self, seed: int) -> TreePPO:
        policy = CandidatePolicy(self.spoiling, self.start.config, keep_encoded=True)
        policy.network.load_state_dict(self.start.network.state_dict())
        with torch.no_grad():
            policy.network.heads.weight[0] *= self.config.warmth
        return TreePPO(policy, self._ppo, seed=seed)

    def _first_pool(self) -> list[Trace]:
        """What untrained provers write: there is nothing else yet for a verifier to learn from."""
        kept: list[Trace] = []
        for prover, domain in ((self.helper, self.domain), (self._fresh(self.config.seed), self.spoiling)):
            found: list[Written] = []
            for _ in range(_TRIES):
                found += self._written(prover, domain, 2 * self.config.first)
                if len(found) >= self.config.first:
                    break
            kept += [one.trace for one in found[: self.config.first]]
        return kept

    def _reference(self, verifier: LearnedPRM) -> NDArray[np.float64]:
        """Scores, sorted, of right derivations and of an untrained sneaky prover's wrong ones, as many of either."""
        right = [trace for trace, kind in self.held_out["seen"] if not kind]
        wrong: list[Trace] = []
        fresh = self._fresh(self.config.seed + 7)
        for _ in range(_TRIES):
            found = self._written(fresh, self.spoiling, self.config.walks)
            wrong += [one.trace for one in found if not one.right]
            if len(wrong) >= len(right):
                break
        count = min(len(right), len(wrong))
        return np.sort(_scores(verifier, [*right[:count], *wrong[:count]]))

    def _sneak(
        self, verifier: LearnedPRM, pool: NDArray[np.float64], seed: int
    ) -> tuple[dict[str, int], int, list[Written]]:
        """A fresh sneaky prover: its steps until each kind of exploit that it came to, all its steps, what it wrote.

        It is paid the place of its score among the pool's, in [0, 1]: verifiers score on scales of their own.
        """
        prover = self._fresh(seed)
        tops = {"scale": 0.75, "pool": float(np.quantile(pool, 0.75))}
        until: dict[str, int] = {}
        written: list[Written] = []
        for _ in range(self.config.batches):
            walks = prover.walk(self.spoiling, self._problems(self.config.walks))
            found = [derivation(walk, self.spoiling) for walk in walks]
            there = [one for one in found if one is not None]
            scores = _scores(verifier, [one.trace for one in there])
            places = np.searchsorted(pool, scores, side="right") / max(len(pool), 1)
            worths = iter([-1.0 if one.right else float(place) for one, place in zip(there, places, strict=True)])
            wrong = [score for one, score in zip(there, scores, strict=True) if not one.right]
            written += [one for one in there if not one.right]
            for name, top in tops.items():
                if wrong and sum(score >= top for score in wrong) >= 0.1 * len(wrong):
                    until.setdefault(name, prover.steps)
            if len(until) == len(tops):
                break
            paid = [(walk, 0.0 if one is None else next(worths)) for walk, one in zip(walks, found, strict=True)]
            prover.learn([_paid(walk, worth) for walk, worth in paid if len(walk.path) > 1])
        return until, prover.steps, written

    def _help(self, verifier: LearnedPRM) -> list[Written]:
        """The helpful prover learns for some batches; what it wrote."""
        written: list[Written] = []
        for _ in range(self.config.helpful):
            walks = self.helper.walk(self.domain, self._problems(self.config.walks))
            found = [derivation(walk, self.domain) for walk in walks]
            there = [one for one in found if one is not None]
            scores = iter(_scores(verifier, [one.trace for one in there]))
            worths = [0.0 if one is None else next(scores) * one.right for one in found]
            paid = [(walk, worth) for walk, worth in zip(walks, worths, strict=True) if len(walk.path) > 1]
            self.helper.learn([_paid(walk, worth) for walk, worth in paid])
            written += there
        return written

    def _trained_verifier(self) -> LearnedPRM:
        verifier = LearnedPRM(self.config.track, seed=self.config.seed)
        verifier.fit(self.pool)
        return verifier

    # -- checkpoint ---------------------------------------------------------------------------------------------------

    def _save(self) -> None:
        state = {
            "policy": self.helper.policy.state(),
            "optimiser": self.helper.optimiser.state_dict(),
            "helper_rng": self.helper.rng.bit_generator.state,
            "helper_steps": self.helper.steps,
            "rng": self.rng.bit_generator.state,
            "round": self.round,
            "pool": [trace.to_json() for trace in self.pool],
        }
        write_whole(self.folder.checkpoint, lambda draft: torch.save(state, draft))
        assert self.verifier is not None
        self.verifier.save(self.folder.path / "prm.pt")

    def _restore(self) -> None:
        file = self.folder.checkpoint
        state: dict[str, Any] = read_checkpoint(file)
        loaded = CandidatePolicy.from_state(state["policy"], self.domain, source=str(file))
        self.helper.policy.network.load_state_dict(loaded.network.state_dict())
        self.helper.optimiser.load_state_dict(state["optimiser"])
        self.helper.rng.bit_generator.state = state["helper_rng"]
        self.helper.steps = state["helper_steps"]
        self.rng.bit_generator.state = state["rng"]
        self.round = state["round"]
        self.pool = [Trace.from_json(text) for text in state["pool"]]


def _scores(verifier: LearnedPRM, traces: Sequence[Trace]) -> list[float]:
    """Of each derivation, the least chance that any of its steps is given."""
    return [min(chance_of(score) for score in row) for row in verifier.score(traces)] if traces else []


def _paid(walk: SearchResult, worth: float) -> Paid:
    """All of it for the last decision."""
    return Paid(walk, [0.0] * (len(walk.path) - 2) + [worth])


def _newest(written: Sequence[Written], count: int) -> list[Written]:
    """The last ones: what a prover writes once it has learned is what the verifier must learn from."""
    return list(written[-count:])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code is 0, 1 where a part failed, 2 for a wrong request, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m agents.prover_verifier", formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    try:
        config, path, resume = parse_run(parser, Config, arguments, name="provers", may_change=MAY_CHANGE)
        run = Rounds(config, RunFolder(path, asdict(config), resume=resume, may_change=MAY_CHANGE))
    except (OSError, ValueError, TypeError, PolicyError) as error:
        print(f"provers: {error}", file=sys.stderr)
        return 2
    try:
        with run.metrics:
            print(
                "round  until exploit: scale (withstood)  pool (withstood)  F1 seen  unseen  right  written", flush=True
            )
            while run.round < config.rounds:
                found = run.play()
                exploits = "  ".join(
                    f"{found[f'exploit/{name}']:8,.0f} ({found[f'withstood/{name}']:.2f})" for name in ("scale", "pool")
                )
                print(
                    f"{run.round:5d}  {exploits}  {found['f1/seen']:7.3f}  {found['f1/unseen']:6.3f}  "
                    f"{found['helpful/right']:5.2f}  {found['pool']:7,.0f}",
                    flush=True,
                )
    except KeyboardInterrupt:
        print(f"\nstopped; the last finished round is in {run.folder.checkpoint}: add --resume", file=sys.stderr)
        return 130
    except (OSError, PRMError) as error:
        print(f"provers: {error}; the last finished round is in {run.folder.checkpoint}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
