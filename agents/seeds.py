"""``python -m agents.seeds``: the same self-play from several seeds, and what came of it with intervals.

Each seed plays in a folder of its own, ``runs/<name>/seed-<n>``, as ``python -m agents.self_play`` does; then its
policy is measured on held-out problems, the same for all seeds, and the floors once. A run that was killed goes on at
the seed, and in it at the iteration, where it was. The table, ``runs/<name>/seeds.md``, is written anew after each
seed; its intervals are of resampling both seeds and problems (:mod:`reasoning_envs.benchmark.statistics`).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

import reasoning_envs  # noqa: F401 - registers the environments
from agents.actors import Crew, Job, weights_of
from agents.measure import player_of
from agents.options import names_in
from agents.policies import CandidatePolicy, PolicyError
from agents.processes import ProcessEndedError
from agents.progress import Progress
from agents.proposer import draw_distinct
from agents.proposer_solver import ProposerSolver, family_of
from agents.results import FLOORS
from agents.run_folder import DamagedRunError, RunFolder, damaged, write_whole
from agents.search import METHODS, Limits, Method
from agents.self_play_config import MAY_CHANGE, parse_arguments
from agents.tree import Outcome
from reasoning_envs.benchmark.statistics import Estimate, Stratum, true_accuracy
from reasoning_envs.domains.protocol import MoveDomain
from reasoning_envs.types import Problem

__all__ = ["held_out", "main", "measured", "table"]

_FLOORS = dict(zip(FLOORS, ("random", "first", "greedy-by-size", "best-first-by-size"), strict=True))

Found = dict[str, list[float | None]]
"""By player, 1, 0, or None (nobody could judge) for each problem."""


def held_out(domain: MoveDomain, levels: Sequence[str], count: int, split: str) -> tuple[Problem, ...]:
    """At most ``count`` distinct problems a level of one part of the split, the same for every seed."""
    rng = np.random.default_rng(50_000)
    return tuple(problem for level in levels for problem in draw_distinct(domain, level, count, rng, split))


def measured(crew: Crew, problems: Sequence[Problem], players: Mapping[str, Method], policy: CandidatePolicy) -> Found:
    """What each player makes of the problems, with the weights of a policy."""
    weights = weights_of(policy)
    return {name: _judged(crew, Job(tuple(problems), method, weights)) for name, method in players.items()}


def _judged(crew: Crew, job: Job) -> list[float | None]:
    records = crew.do(job).records
    return [None if record.outcome is Outcome.UNSCORED else float(record.outcome.success) for record in records]


def table(levels: Sequence[str], floors: Found, seeds: Sequence[Found]) -> str:
    """Markdown: a row for all problems with numbers, one for all with letters, then one a family.

    Args:
        levels: of each problem.
        floors: measured once.
        seeds: one each.
    """
    kinds: dict[str, list[int]] = {"all, numbers": [], "all, letters": []}
    families: dict[str, list[int]] = {}
    for place, level in enumerate(levels):
        kinds["all, letters" if "letters" in level else "all, numbers"].append(place)
        families.setdefault(family_of(level).replace("_", " "), []).append(place)
    players = list(seeds[0]) if seeds else []
    heads = ["problems", "number", *floors, *(f"trained, {player}" for player in players)]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for name, places in [*kinds.items(), *families.items()]:
        if not places:
            continue
        cells = [_cell([found], player, places) for found in [floors] for player in floors]
        cells += [_cell(seeds, player, places) for player in players]
        lines.append(f"| {name} | {len(places)} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(seeds: Sequence[Found], player: str, places: Sequence[int]) -> str:
    rows = [[found[player][place] for place in places] for found in seeds]
    outcomes = np.array([[np.nan if one is None else one for one in row] for row in rows], dtype=np.float64)
    found = estimate(outcomes)
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def estimate(outcomes: np.ndarray[Any, np.dtype[np.float64]]) -> Estimate:
    """Of [seeds, problems]: the mean over seeds (the interquartile one from four on), resampling seeds and problems."""
    templates = tuple(str(place) for place in range(outcomes.shape[1]))
    return true_accuracy([Stratum("held-out problems", outcomes, templates)])


class _Seeds:
    """All seeds of one experiment.

    Args:
        path: ``runs/<name>``. chosen: the command line's own part. rest: what self-play is started with.
    """

    def __init__(self, path: Path, chosen: argparse.Namespace, rest: Sequence[str]) -> None:
        self.path = path
        limits = Limits(10 * chosen.episode, chosen.episode)
        self.players = {
            name: replace(METHODS.get(name) or player_of(name).method, limits=limits)
            for name in names_in(chosen.players)
        }
        self.baselines = {name: replace(METHODS[method], limits=limits) for name, method in _FLOORS.items()}
        self.split: str = chosen.split
        self.count: int = chosen.held_out
        self.rest = list(rest)
        self.progress = Progress()
        self.floors: Found = {}
        self.seeds: list[Found] = []
        self.costs: list[str] = []

    def run(self, numbers: Sequence[int]) -> None:
        """Play and measure what is left of it."""
        for number in numbers:
            with ExitStack() as held:
                arguments = ["--name", f"seed-{number}", "--out", str(self.path), "--seed", str(number), *self.rest]
                started = (self.path / f"seed-{number}" / "config.json").exists()
                config, place, _ = parse_arguments([*arguments, *(["--resume"] if started else [])])
                folder = RunFolder(place, asdict(config), resume=started, may_change=MAY_CHANGE)
                held.enter_context(folder.held())
                self.progress.say(f"== seed {number}")
                with ProposerSolver(config, folder) as game:
                    while game.left:
                        self.progress.show(game.iterate())
                    levels = config.level_names or tuple(game.domain.levels)
                    problems = held_out(game.domain, levels, self.count, self.split)
                    self._measure(game, folder, problems)
            text = table([problem.level or "" for problem in problems], self.floors, self.seeds)
            note = f"Part {self.split} of the split; {len(self.seeds)} seeds; {'; '.join(self.costs)}.\n"
            write_whole(self.path / "seeds.md", lambda draft, text=text, note=note: draft.write_text(f"{text}\n{note}"))  # type: ignore[misc]
        self.progress.close()
        print((self.path / "seeds.md").read_text(encoding="utf-8"))

    def _measure(self, game: ProposerSolver, folder: RunFolder, problems: Sequence[Problem]) -> None:
        ids = [problem.id for problem in problems]
        file = folder.path / f"measured-{self.split}.json"
        found = _kept(file, ids, game.iteration)
        for name, method in self.players.items():
            if name not in found:
                self.progress.say(f"-- {name}")
                found |= measured(game.crew, problems, {name: method}, game.policy)
                _keep(file, ids, game.iteration, found)
        floors = _kept(self.path / f"floors-{self.split}.json", ids)
        for name, method in self.baselines.items():
            if name not in floors:
                self.progress.say(f"-- {name}")
                floors[name] = _judged(game.crew, Job(tuple(problems), method))
                _keep(self.path / f"floors-{self.split}.json", ids, 0, floors)
        self.floors = floors
        self.seeds.append({name: found[name] for name in self.players})
        self.costs.append(
            f"seed {game.config.seed}: {game.iteration} iterations, {game.processor / 60:.1f} processor minutes"
        )


def _kept(file: Path, ids: Sequence[str], iteration: int = 0) -> Found:
    """What was measured before; nothing where that was of other problems, or of a policy that has learned since.

    Raises:
        DamagedRunError: the file cannot be read.
    """
    if not file.exists():
        return {}
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        found: Found = kept["players"] if kept["problems"] == list(ids) and kept["iteration"] == iteration else {}
    except (ValueError, KeyError, TypeError) as error:
        cure = "delete it, and it is measured again"
        raise damaged(file, f"does not hold what was measured ({error})", cure) from error
    return found


def _keep(file: Path, ids: Sequence[str], iteration: int, found: Found) -> None:
    text = json.dumps({"problems": list(ids), "iteration": iteration, "players": found}) + "\n"
    write_whole(file, lambda draft: draft.write_text(text, encoding="utf-8"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code is 0, 1 where a process failed, 2 for a wrong request, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m agents.seeds",
        description="Self-play from several seeds, each measured on held-out problems. Further options are those of "
        "python -m agents.self_play.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--name", default="seeds", help="of the experiment")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder that holds its folder")
    parser.add_argument("--seeds", default="0,1,2,3,4", help="with commas")
    parser.add_argument("--players", default="greedy,beam-10,best-first", help="with commas, see agents.measure")
    parser.add_argument("--held-out", type=int, default=20, help="problems a level that are measured on")
    parser.add_argument("--episode", type=int, default=30, help="steps of a player, at most; ten times the expansions")
    parser.add_argument("--split", default="test", choices=("validation", "test"), help="that is measured on")
    chosen, rest = parser.parse_known_args(arguments)
    try:
        numbers = [int(number) for number in names_in(chosen.seeds)]
        if min(chosen.held_out, chosen.episode) < 1 or Path(chosen.name).name != chosen.name or not chosen.name:
            raise ValueError("--held-out and --episode must be at least 1, and --name the plain name of a folder")
        _Seeds(chosen.out / chosen.name, chosen, rest).run(numbers)
    except (OSError, ValueError, TypeError, gym.error.Error, DamagedRunError, PolicyError) as error:
        print(f"seeds: {error}", file=sys.stderr)
        return 2
    except ProcessEndedError as error:
        print(f"seeds: {error}\nThe same command goes on from the last finished iteration.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped. The same command goes on from the last finished iteration.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
