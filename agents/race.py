"""``python -m agents.race``: does it help a racer to be paid for exploring first? A tournament of three ways.

After Bansal et al., "Emergent complexity via multi-agent competition", ICLR 2018: a racer's reward is
``alpha * s_t + (1 - alpha) * R`` (eq. 1), with the exploration reward s_t (here: what a step adds to the value that a
process reward model gives the derivation, :class:`~reasoning_envs.rewards.OraclePRM` by default) and the competitive
outcome R of :class:`~reasoning_envs.games.race.Race`, +1 to the first with a verified solution and -1 otherwise.

* ``annealed``: alpha falls from 1 to 0 over the first part of the training, then stays there;
* ``dense``: alpha is 1/2 all along;
* ``sparse``: alpha is 0.

All learn by :mod:`agents.tree_ppo` from equally many walks, against opponents that are drawn from the newest part of
their own past snapshots. Then they play each other in the game itself, on problems of another part of the split, until
so many games are decided. Each racer that is trained and each match that is played is kept: a run that was killed goes
on behind the last of them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from agents.actors import quiet
from agents.options import check_settings, names_in, parse_run
from agents.policies import CandidatePolicy, PolicyError
from agents.run_folder import DamagedRunError, RunFolder, damaged, write_whole
from agents.search import Limits, Method, solve
from agents.tree import Outcome, SearchResult
from agents.tree_ppo import Paid, TreePPO, TreePPOConfig
from reasoning_envs.domains.algebra import AlgebraDomain
from reasoning_envs.domains.protocol import MoveDomain
from reasoning_envs.games.league import Pool, Record, Results, play_match
from reasoning_envs.games.protocol import GameError
from reasoning_envs.games.race import Race
from reasoning_envs.games.ratings import elo, payoff_picture
from reasoning_envs.games.seat import Seat
from reasoning_envs.problems import ProblemSource
from reasoning_envs.rewards.checking import open_prm
from reasoning_envs.rewards.protocol import ProcessRewardModel
from reasoning_envs.types import Step

__all__ = ["ARMS", "Config", "Playing", "Tournament", "explored", "main", "raced"]

MAY_CHANGE = ("decided", "seeds", "split")
_LIMIT = 12
"""Games of a match at most, for each decided one that is wanted."""


@dataclass(frozen=True)
class Config:
    """What a run is started with; every field is an option of the command line."""

    seeds: Annotated[str, "with commas; each trains one racer of each kind"] = "0,1,2"
    levels: Annotated[str, "of the problems, with commas"] = "linear-1,linear-2,brackets-1"
    start: Annotated[str, "file or folder of a policy to start from; empty: random weights"] = ""
    prm: Annotated[str, "whose values are the exploration reward: module:Name or a .pt file"] = (
        "reasoning_envs.rewards.oracle:OraclePRM"
    )
    walks: Annotated[int, "in a batch"] = 48
    batches: Annotated[int, "of each racer"] = 80
    annealed: Annotated[float, "share of the training over which alpha falls to 0"] = 0.5
    snapshots: Annotated[int, "batches from one to the next"] = 10
    newest: Annotated[float, "share of the newest snapshots that opponents are drawn from"] = 0.5
    steps: Annotated[int, "of a derivation, at most"] = 12
    decided: Annotated[int, "games between any two kinds, over all seeds, at least"] = 400
    split: Annotated[Literal["validation", "test"], "that the tournament is played on"] = "validation"

    def __post_init__(self) -> None:
        check_settings(self)
        if not 0.0 < self.annealed <= 1.0 or not 0.0 < self.newest <= 1.0:
            raise ValueError(f"annealed and newest lie in (0, 1], got {self.annealed} and {self.newest}")


ARMS: dict[str, Callable[[float], float]] = {
    "annealed": lambda done: max(0.0, 1.0 - done),
    "dense": lambda done: 0.5,
    "sparse": lambda done: 0.0,
}
"""By name, alpha from how much of the annealing is done, from 0 to 1 and beyond."""


def raced(mine: SearchResult, theirs: SearchResult) -> float | None:
    """The outcome of a race of two walks, for the first; None where nobody could judge.

    A round is a move of each: who needs fewer moves to a verified answer wins, as in the game. A draw pays -1.
    """
    if Outcome.UNSCORED in (mine.outcome, theirs.outcome):
        return None
    rounds = [len(walk.path) if walk.outcome.success else np.inf for walk in (mine, theirs)]
    return 1.0 if rounds[0] < rounds[1] else -1.0


def explored(walk: SearchResult, domain: MoveDomain, prm: ProcessRewardModel) -> list[float]:
    """What each decision of a walk adds to the value that a process reward model gives it; 0 for choices of a group."""
    scorer = prm.begin(walk.problem, None)
    value = scorer.initial.value
    gains, steps = [], 0
    for node in walk.path[1:]:
        if not node.action.is_step:
            gains.append(0.0)
            continue
        text = domain.text(node.state)
        after = scorer.step(Step(steps, text, text, node.action.verdict), None).value
        steps += 1
        gains.append(after - value)
        value = after
    return gains


class Playing:
    """A policy over candidates in a role of a game: a :class:`~reasoning_envs.games.protocol.RolePolicy`.

    Args:
        policy: of the seat's domain.
    """

    def __init__(self, policy: CandidatePolicy) -> None:
        self.policy = policy

    def __call__(self, seat: Seat, rng: np.random.Generator) -> int:
        """An action drawn from the policy."""
        candidates = seat.candidates
        probs = np.exp(self.policy.log_probs(seat.state, candidates))
        return int(rng.choice(len(candidates), p=probs / probs.sum()))


class Tournament:
    """One run.

    Args:
        config: of the run. folder: of the run.
    """

    def __init__(self, config: Config, folder: RunFolder) -> None:
        quiet()
        self.config = config
        self.folder = folder
        self.domain = AlgebraDomain()
        self.levels = names_in(config.levels)
        self.seeds = [int(seed) for seed in names_in(config.seeds)]
        self.prm = open_prm(config.prm)
        self.source = ProblemSource(
            self.domain, split="train", level=self.levels, problems=None, refusal=lambda problem: None
        )

    # -- training -----------------------------------------------------------------------------------------------------

    def trained(self, arm: str, seed: int, say: Callable[[str], None]) -> CandidatePolicy:
        """The racer of a kind and a seed; trained now where no file holds it."""
        file = self.folder.path / f"{arm}-{seed}.pt"
        if file.exists():
            return CandidatePolicy.load(file, self.domain)
        policy = self._new(seed)
        learner = TreePPO(policy, TreePPOConfig(steps=self.config.steps, low=-1.5, high=1.5), seed=seed)
        rng = np.random.default_rng([seed, 80_000])  # the same problems for all kinds
        pool, results = Pool(self.config.newest), Results()
        past: dict[str, CandidatePolicy] = {}
        solved: list[float] = []
        for number in range(self.config.batches):
            if number % self.config.snapshots == 0:
                name = f"snapshot {number}"
                pool.add(name)
                past[name] = self._copy(policy)
            opponent = pool.draw(learner.rng, "learner", results)
            alpha = ARMS[arm](number / (self.config.annealed * self.config.batches))
            record, share = self._batch(learner, past[opponent], rng, alpha)
            results.add("learner", opponent, record)
            solved.append(share)
        say(
            f"{arm:<9} seed {seed}: {learner.steps:,} steps, solved {np.mean(solved[:5]):.2f} at first, "
            f"{np.mean(solved[len(solved) // 2 :][:5]):.2f} half-way, {np.mean(solved[-5:]):.2f} at the end"
        )
        policy.save(file)
        return policy

    def _batch(
        self, learner: TreePPO, opponent: CandidatePolicy, rng: np.random.Generator, alpha: float
    ) -> tuple[Record, float]:
        problems = [self.source.draw(rng) for _ in range(self.config.walks)]
        walks = learner.walk(self.domain, problems)
        limits = Limits(4 * self.config.steps, self.config.steps)
        seed = int(learner.rng.integers(2**31))
        others = solve(self.domain, problems, Method("random", limits=limits), opponent, seed=seed)
        paid, record = [], Record()
        for mine, theirs in zip(walks, others, strict=True):
            won, lost = raced(mine, theirs), raced(theirs, mine)
            if won is None or lost is None or len(mine.path) < 2:
                continue
            record = record.plus(Record(won > 0, won == lost, lost > 0))
            gains = explored(mine, self.domain, self.prm) if alpha else [0.0] * (len(mine.path) - 1)
            rewards = [alpha * gain for gain in gains]
            rewards[-1] += (1.0 - alpha) * won
            paid.append(Paid(mine, rewards))
        learner.learn(paid)
        return record, float(np.mean([walk.outcome.success for walk in walks]))

    def _new(self, seed: int) -> CandidatePolicy:
        if not self.config.start:
            return CandidatePolicy(self.domain, seed=seed, keep_encoded=True)
        policy = CandidatePolicy.load(self.config.start, self.domain)
        policy.keep_encoded = True
        return policy

    def _copy(self, policy: CandidatePolicy) -> CandidatePolicy:
        copy = CandidatePolicy(self.domain, policy.config)
        copy.network.load_state_dict(policy.network.state_dict())
        return copy

    # -- the tournament -----------------------------------------------------------------------------------------------

    def play(self, say: Callable[[str], None]) -> Results:
        """Train whoever is missing, play the matches that are missing, and write the report.

        Raises:
            GameError: too many games of a match could not be judged.
        """
        kept = self._matches()
        game = Race(self.domain, level=self.levels, split=self.config.split, max_steps=self.config.steps)
        wanted = -(-self.config.decided // len(self.seeds))
        for seed in self.seeds:
            racers = {arm: Playing(self.trained(arm, seed, say)) for arm in ARMS}
            for first, second in combinations(ARMS, 2):
                key = f"{first} {second} {seed} {self.config.split}"
                record = Record(*kept.get(key, (0, 0, 0)))
                while record.decided < wanted and record.games < _LIMIT * wanted:
                    block = play_match(
                        game, ("solver_0", "solver_1"), racers[first], racers[second], 40, seed * 7919 + record.games
                    )
                    record = record.plus(block)
                    kept[key] = list(record)
                    text = json.dumps(kept, indent=1) + "\n"
                    write_whole(self._file, lambda draft, text=text: draft.write_text(text, encoding="utf-8"))  # type: ignore[misc]
                say(f"{first} - {second}, seed {seed}: {record.wins} won, {record.draws} drawn, {record.losses} lost")
        return self._reported(kept)

    @property
    def _file(self) -> Path:
        return self.folder.path / "matches.json"

    def _matches(self) -> dict[str, list[int]]:
        if not self._file.exists():
            return {}
        try:
            found: dict[str, list[int]] = json.loads(self._file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise damaged(self._file, f"does not hold matches ({error})", "delete it, and they are played") from error
        return found

    def _reported(self, kept: dict[str, list[int]]) -> Results:
        results = Results()
        lines = ["| match | seed | won | drawn | lost | share of decided games |", "|---|---|---|---|---|---|"]
        for key, counts in kept.items():
            first, second, seed, split = key.split()
            if split == self.config.split and int(seed) in self.seeds:
                record = Record(*counts)
                results.add(first, second, record)
                lines.append(_row(f"{first} - {second}", seed, record))
        for first, second in combinations(results.players, 2):
            lines.append(_row(f"{first} - {second}", "all", results.between(first, second)))
        lines += ["", "| racer | Elo | games |", "|---|---|---|"]
        for one in elo(results):
            lines.append(f"| {one.player} | {one.elo:+.0f} [{one.low:+.0f}, {one.high:+.0f}] | {one.games} |")
        text = "\n".join(lines) + "\n"
        write_whole(self.folder.path / "race.md", lambda draft: draft.write_text(text, encoding="utf-8"))
        payoff_picture(results, self.folder.path / "payoffs.png")
        return results


def _row(match: str, seed: str, record: Record) -> str:
    low, high = record.interval()
    share = record.wins / record.decided if record.decided else float("nan")
    counts = f"{record.wins} | {record.draws} | {record.losses}"
    return f"| {match} | {seed} | {counts} | {share:.2f} [{low:.2f}, {high:.2f}] |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code is 0, 1 where a part failed, 2 for a wrong request, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m agents.race", formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    try:
        config, path, resume = parse_run(parser, Config, arguments, name="race", may_change=MAY_CHANGE)
        run = Tournament(config, RunFolder(path, asdict(config), resume=resume, may_change=MAY_CHANGE))
        with run.folder.held():
            run.play(lambda text: print(text, flush=True))
    except (OSError, ValueError, TypeError, PolicyError, DamagedRunError) as error:
        print(f"race: {error}", file=sys.stderr)
        return 2
    except GameError as error:
        print(f"race: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\nstopped; what was trained and played is in {run.folder.path}: add --resume", file=sys.stderr)
        return 130
    print((run.folder.path / "race.md").read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
