"""``python -m agents.learned_proposer``: does a proposer that learns save a solver steps on the problems that matter?

The game is :class:`~reasoning_envs.games.proposer_solver.ProposerSolver`'s, played in lock step: a proposer builds
equations backwards from their solutions, move by move; the solver tries each of them some times; the proposer is paid
by the solver's rate of success p on it, the solver by verified outcomes. Both learn by :mod:`agents.tree_ppo`. The
*target* is none of the proposer's business: levels of the domain, of which problems of another part of the split
measure how far the solver has come. Three ways to choose what is practised are compared, each with solvers that differ
in nothing else:

* ``learned``: the proposer learns;
* ``uniform``: its moves are drawn evenly for ever;
* ``target``: problems of the target levels themselves, drawn evenly from the training split: no proposer at all.

What counts is the solver's own steps until it solves a fixed share of the target. Logged are, in each iteration, the
shares of proposals that are valid, new and learnable (0 < p < 1), and the solver's success on them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np

from agents.actors import quiet
from agents.options import check_settings, names_in, parse_run
from agents.policies import CandidatePolicy
from agents.proposer import draw_distinct
from agents.run_folder import DamagedRunError, RunFolder, damaged, write_whole
from agents.search import METHODS, solve
from agents.tree import Outcome, SearchResult
from agents.tree_ppo import Paid, TreePPO, TreePPOConfig
from reasoning_envs.benchmark.statistics import first_crossing
from reasoning_envs.domains.protocol import InputError
from reasoning_envs.games.makers.equations import EquationMaker
from reasoning_envs.games.proposer_solver import INVALID, PAYMENTS
from reasoning_envs.games.protocol import Maker
from reasoning_envs.problems import ProblemSource, split_of
from reasoning_envs.types import Problem, Status, Step, Verdict

__all__ = ["WAYS", "Config", "MakingDomain", "Practice", "Proposed", "main"]

MAY_CHANGE = ("seeds", "steps", "rate")
WAYS = ("learned", "uniform", "target")
_TRIES = 40
"""Batches of proposals, at most, for one batch of problems."""

_DRY = 10
"""Iterations in a row without a single problem to practise, after which a run ends."""

_MADE = Verdict(Status.VERIFIED, None, "it is a proposal", "certificate", True)


@dataclass(frozen=True)
class Config:
    """What a run is started with; every field is an option of the command line."""

    seeds: Annotated[str, "with commas"] = "0,1,2"
    target: Annotated[str, "levels of the target, with commas"] = "linear-1,linear-2,brackets-1,both_sides-1"
    letters: Annotated[bool, "constants of the proposals may be letters"] = False
    rate: Annotated[float, "share of the target to be solved greedily, in (0, 1)"] = 0.7
    steps: Annotated[int, "of the solver in each run, at most"] = 60_000
    problems: Annotated[int, "practised in an iteration"] = 16
    attempts: Annotated[int, "at each of them"] = 4
    proposals: Annotated[int, "in a batch of the proposer"] = 32
    proposer_steps: Annotated[int, "of a proposal, at most"] = 12
    solver_steps: Annotated[int, "of an attempt, at most"] = 12
    payment: Annotated[str, f"of the proposer: {', '.join(PAYMENTS)}"] = "learnability"
    duplicate_penalty: Annotated[float, "for what was proposed before"] = 0.5
    check_every: Annotated[int, "iterations between looks at the target"] = 2
    check_problems: Annotated[int, "a level in such a look"] = 20
    split: Annotated[Literal["validation", "test"], "of the problems in such a look"] = "validation"

    def __post_init__(self) -> None:
        check_settings(self)
        if self.payment not in PAYMENTS or not 0.0 < self.rate < 1.0:
            known = ", ".join(PAYMENTS)
            raise ValueError(f"payment is one of {known}, and rate in (0, 1)")


class MakingDomain:
    """A maker's desk as a domain to walk in: a walk is a proposal, a problem of it is a seed of where it begins.

    Args:
        maker: whose moves they are.
    """

    levels: Sequence[str] = ()

    def __init__(self, maker: Maker) -> None:
        self.maker = maker
        self.name = maker.name
        self.max_actions = maker.max_actions
        self.max_tokens = maker.max_tokens
        self.verifier = _Accepting()
        self.actions = maker.actions
        self.tokens = maker.tokens
        self.text = maker.text
        self.is_final = maker.is_final

    def task(self, seed: int) -> Problem:
        """To build something from what the seed gives."""
        return Problem(f"{self.name}-{seed}", self.name, "", "", None, None, seed, {})

    def start(self, problem: Problem) -> Any:
        """What the seed gives."""
        return self.maker.begin(np.random.default_rng(problem.seed))


class _Accepting:
    """What is proposed is judged by the maker and by whoever solves it."""

    def step(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        return _MADE

    def outcome(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        return _MADE


class Proposed(NamedTuple):
    """A proposal: the walk that built it; the problem, None where it is none; whether its split may be played."""

    walk: SearchResult
    problem: Problem | None
    playable: bool
    new: bool


class Practice:
    """A solver that practises in one of :data:`WAYS`.

    Args:
        way: which. config, seed: of the run.

    Attributes:
        curve: steps of the solver and its share of the target solved, look by look.
        logged: shares of an iteration by name, iteration by iteration.
    """

    def __init__(self, way: str, config: Config, seed: int) -> None:
        self.way = way
        self.config = config
        equations = EquationMaker(config.letters)
        self.maker: Maker = equations
        self.domain = equations.domain
        self.making = MakingDomain(self.maker)
        levels = names_in(config.target)
        self.source = ProblemSource(
            self.domain, split="train", level=levels, problems=None, refusal=lambda problem: None
        )
        self.rng = np.random.default_rng([seed, WAYS.index(way)])
        self.solver = TreePPO(
            CandidatePolicy(self.domain, seed=seed, keep_encoded=True),
            TreePPOConfig(steps=config.solver_steps),
            seed=seed,
        )
        self.proposer = TreePPO(
            CandidatePolicy(self.making, seed=seed + 1, keep_encoded=True),  # type: ignore[arg-type]
            TreePPOConfig(steps=config.proposer_steps, low=INVALID - config.duplicate_penalty, entropy=0.02),
            seed=seed + 1,
        )
        looked_at = np.random.default_rng(90_000)
        self.looked_at = [
            problem
            for level in levels
            for problem in draw_distinct(self.domain, level, config.check_problems, looked_at, config.split)
        ]
        self._seen: set[bytes] = set()
        self.curve: list[tuple[int, float]] = []
        self.logged: list[dict[str, float]] = []

    def run(self, say: Callable[[str], None]) -> None:
        """Practise until the target is solved at the rate that is wanted, or the steps are spent.

        A proposer that comes to no problem at all ends the run.
        """
        self._look()
        dry = 0
        while self.solver.steps < self.config.steps and self.curve[-1][1] < self.config.rate:
            before = self.solver.steps
            self.iterate()
            dry = dry + 1 if self.solver.steps == before else 0
            if dry >= _DRY:
                say(f"{self.way:<8} ended: not one problem came of {dry * _TRIES * self.config.proposals:,} proposals")
                return
            if self.solver.steps > self.curve[-1][0] and len(self.logged) % self.config.check_every == 0:
                self._look()
                shares = "  ".join(f"{name} {share:.2f}" for name, share in self.logged[-1].items())
                say(f"{self.way:<8} {self.curve[-1][0]:7,} steps  target {self.curve[-1][1]:.2f}  {shares}")

    def _look(self) -> None:
        results = solve(self.domain, self.looked_at, METHODS["greedy"], self.solver.policy)
        self.curve.append((self.solver.steps, float(np.mean([result.outcome.success for result in results]))))

    def iterate(self) -> None:
        """Propose, practise, learn."""
        proposals = [] if self.way == "target" else self._proposals()
        problems = [one.problem for one in proposals if one.problem is not None and one.playable]
        if self.way == "target":
            problems = [self.source.draw(self.rng) for _ in range(self.config.problems)]
        rates, paid = self._practise(problems)
        self.solver.learn(paid)
        played = iter(rates)
        pays = []
        for one in proposals:
            if one.problem is None:
                pays.append(INVALID)
            elif not one.playable:
                pays.append(0.0)
            else:
                p = next(played)
                pays.append(PAYMENTS[self.config.payment](p) - self.config.duplicate_penalty * (not one.new))
        if self.way == "learned":
            self.proposer.learn(
                [
                    Paid(one.walk, [0.0] * (len(one.walk.path) - 2) + [pay])
                    for one, pay in zip(proposals, pays, strict=True)
                    if len(one.walk.path) > 1
                ]
            )
        shares = {"solved": float(np.mean(rates)) if rates else 0.0}
        if proposals:
            shares |= {
                "valid": float(np.mean([one.problem is not None for one in proposals])),
                "new": float(np.mean([one.new for one in proposals])),
                "paid": float(np.mean(pays)),
            }
        shares["learnable"] = float(np.mean([0.0 < p < 1.0 for p in rates])) if rates else 0.0
        self.logged.append(shares)

    def _proposals(self) -> list[Proposed]:
        """Batches until there are problems enough; what is over of the last one is proposed, too."""
        found: list[Proposed] = []
        for _ in range(_TRIES):
            tasks = [self.making.task(int(self.rng.integers(2**31))) for _ in range(self.config.proposals)]
            found += [self._made(walk) for walk in self.proposer.walk(self.making, tasks)]  # type: ignore[arg-type]
            if sum(one.problem is not None and one.playable for one in found) >= self.config.problems:
                break
        return found

    def _made(self, walk: SearchResult) -> Proposed:
        if walk.outcome is Outcome.OUT_OF_BUDGET:
            return Proposed(walk, None, False, False)
        try:
            problem = self.maker.made(walk.path[-1].state)
            self.domain.start(problem)
        except InputError:
            return Proposed(walk, None, False, False)
        key = self.domain.canonical_key(problem)
        digest = blake2b(key.encode(), digest_size=8).digest()
        new = digest not in self._seen
        self._seen.add(digest)
        return Proposed(walk, problem, split_of(key) == "train", new)

    def _practise(self, problems: Sequence[Problem]) -> tuple[list[float], list[Paid]]:
        """The solver's rate of success on each problem, and its walks with what they are paid."""
        rates = np.zeros(len(problems))
        paid = []
        for _ in range(self.config.attempts):
            for place, walk in enumerate(self.solver.walk(self.domain, problems)):
                rates[place] += walk.outcome.success / self.config.attempts
                if walk.outcome is not Outcome.UNSCORED and len(walk.path) > 1:
                    paid.append(Paid(walk, [0.0] * (len(walk.path) - 2) + [float(walk.outcome.success)]))
        return rates.tolist(), paid


def _reported(config: Config, kept: dict[str, dict[str, Any]]) -> str:
    """Markdown: steps of each seed and way until the rate was reached, and the shares of the first and last tenth."""
    lines = [f"| seed | {' | '.join(WAYS)} | uniform / learned |", f"|---|{'---|' * len(WAYS)}---|"]
    ratios = []
    for seed in names_in(config.seeds):
        crossed = {}
        for way in WAYS:
            one = kept.get(f"{way} {seed}")
            if one is not None:
                steps, shares = zip(*one["curve"], strict=True)
                crossed[way] = first_crossing(steps, shares, config.rate)
        cells = [_steps(crossed.get(way)) for way in WAYS]
        ratio = crossed.get("uniform", np.nan) / crossed.get("learned", np.nan)
        ratios.append(ratio)
        lines.append(f"| {seed} | {' | '.join(cells)} | {ratio:.2f} |")
    lines += ["", "| way | share | first tenth | last tenth |", "|---|---|---|---|"]
    for way in WAYS:
        runs = [one["logged"] for key, one in kept.items() if key.split()[0] == way]
        for name in sorted({name for logged in runs for entry in logged for name in entry}):
            parts = []
            for first in (True, False):
                cut = [
                    logged[: len(logged) // 10 + 1] if first else logged[-(len(logged) // 10 + 1) :] for logged in runs
                ]
                parts.append(np.mean([entry[name] for part in cut for entry in part if name in entry]))
            lines.append(f"| {way} | {name} | {parts[0]:.2f} | {parts[1]:.2f} |")
    return "\n".join(lines) + "\n"


def _tenth(logged: Sequence[object]) -> int:
    return len(logged) // 10 + 1


def _steps(steps: float | None) -> str:
    return "not run" if steps is None else "never" if steps == float("inf") else f"{steps:,.0f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code is 0, 2 for a wrong request, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m agents.learned_proposer", formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    try:
        config, path, resume = parse_run(parser, Config, arguments, name="proposer", may_change=MAY_CHANGE)
        folder = RunFolder(path, asdict(config), resume=resume, may_change=MAY_CHANGE)
        with folder.held():
            kept = _kept(folder)
            for seed in names_in(config.seeds):
                for way in WAYS:
                    if f"{way} {seed}" not in kept:
                        kept[f"{way} {seed}"] = _practised(way, config, int(seed))
                        text = json.dumps(kept) + "\n"
                        write_whole(folder.path / "runs.json", lambda draft, text=text: draft.write_text(text))  # type: ignore[misc]
            text = _reported(config, kept)
            write_whole(folder.path / "proposer.md", lambda draft: draft.write_text(text, encoding="utf-8"))
    except (OSError, ValueError, TypeError, DamagedRunError) as error:
        print(f"proposer: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped; what was finished is kept: add --resume", file=sys.stderr)
        return 130
    print(text)
    return 0


def _practised(way: str, config: Config, seed: int) -> dict[str, Any]:
    quiet()
    print(f"== {way}, seed {seed}", flush=True)
    run = Practice(way, config, seed)
    run.run(lambda text: print(text, flush=True))
    return {"curve": run.curve, "logged": run.logged, "proposer_steps": run.proposer.steps}


def _kept(folder: RunFolder) -> dict[str, dict[str, Any]]:
    file = folder.path / "runs.json"
    if not file.exists():
        return {}
    try:
        found: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise damaged(file, f"does not hold runs ({error})", "delete it, and they are played again") from error
    return found


if __name__ == "__main__":
    sys.exit(main())
