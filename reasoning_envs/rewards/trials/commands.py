"""``python -m reasoning_envs prm study``: the experiments on process rewards, each one command."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

_Run = TypeVar("_Run")

__all__ = ["STUDIES", "add_study", "run_study"]

_GO_ON = ("forms", "hacks", "labels")
_TRIES = 64
_ORM_TRACES = 1500


def add_study(kinds: Any, run: Callable[[argparse.Namespace], int]) -> None:
    """Add ``study`` to the sub-commands of ``prm``."""
    study = kinds.add_parser("study", help="an experiment on process rewards: " + ", ".join(STUDIES))
    study.add_argument("name", choices=list(STUDIES), metavar="STUDY", help=", ".join(STUDIES))
    study.add_argument("prm", nargs="*", metavar="PRM", help="of best-of: .pt files, or module:Name")
    study.add_argument("--seeds", type=int, default=3, help="how many, from 0 (default: 3)")
    study.add_argument("--problems", type=int, default=100, help="of best-of (default: 100)")
    study.add_argument(
        "--json",
        type=Path,
        help="write every run there, one JSON object a line, as it ends; all but best-of go on from what stands there",
    )
    study.add_argument("--plot", type=Path, help="of forms: draw it there, PNG")
    study.set_defaults(run=run)


def run_study(args: argparse.Namespace) -> int:
    """Run one; prints its table.

    Raises:
        ValueError: a number out of range, or arguments that the study does not take.
    """
    if args.seeds < 1 or args.problems < 1:
        raise ValueError(f"--seeds and --problems must be 1 or more, got {args.seeds} and {args.problems}")
    if args.prm and args.name != "best-of":
        raise ValueError(f"the study {args.name} takes no PRM: it trains its own")
    if args.plot is not None and args.name != "forms":
        raise ValueError(f"the study {args.name} draws nothing; --plot is for forms")
    if args.json is not None and args.name not in _GO_ON:
        args.json.write_text("", encoding="utf-8")
    for line in STUDIES[args.name](args):
        print(line)
    return 0


def _earlier(kind: type[_Run], args: argparse.Namespace) -> list[_Run]:
    """The runs that an interrupted study left, those of its seeds and others.

    Raises:
        ValueError: a line of the file is no such run.
    """
    if args.json is None or not args.json.exists():
        return []
    runs = []
    for number, line in enumerate(args.json.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            runs.append(kind(**json.loads(line)))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{args.json}, line {number}: no run of the study {args.name} ({error})") from error
    return runs


def _kept(runs: Iterable[Any], args: argparse.Namespace) -> list[Any]:
    """The runs, each written as it ends."""
    kept = []
    for run in runs:
        kept.append(run)
        if args.json is not None:
            with args.json.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(run)) + "\n")
    return kept


def _forms(args: argparse.Namespace) -> Iterator[str]:
    from reasoning_envs.rewards.trials.forms import FormRun, draw_forms, form_runs, form_table

    earlier = _earlier(FormRun, args)
    runs = [*earlier, *_kept(form_runs(range(args.seeds), done=earlier), args)]
    yield from form_table(runs)
    if args.plot is not None:
        draw_forms(args.plot, runs)
        yield f"written: {args.plot}"


def _hacks(args: argparse.Namespace) -> Iterator[str]:
    from reasoning_envs.rewards.trials.hacks import HackRun, hack_runs, hack_table

    earlier = _earlier(HackRun, args)
    yield from hack_table([*earlier, *_kept(hack_runs(range(args.seeds), done=earlier), args)])


def _labels(args: argparse.Namespace) -> Iterator[str]:
    from reasoning_envs.rewards.trials.sources import SourceRun, source_runs, source_table

    earlier = _earlier(SourceRun, args)
    yield from source_table([*earlier, *_kept(source_runs(range(args.seeds), done=earlier), args)])


def _best_of(args: argparse.Namespace) -> Iterator[str]:
    from reasoning_envs.rewards.checking import open_prm
    from reasoning_envs.rewards.outcome import OutcomeRewardModel
    from reasoning_envs.rewards.trials.best_of import best_of, best_of_table, make_tries
    from reasoning_envs.rewards.trials.sources import whole_episodes

    if not args.prm:
        raise ValueError("best-of needs one PRM or more to choose by: a .pt file, or module:Name")
    judges = {name: open_prm(name) for name in args.prm}
    orm = judges["ORM"] = OutcomeRewardModel()
    orm.fit(whole_episodes(_ORM_TRACES, np.random.default_rng(0)))
    found = []
    for errors in ("independent", "systematic"):
        tries = make_tries(args.problems, _TRIES, 0, systematic=errors == "systematic")
        found += _kept(best_of(judges, tries, errors, 0), args)
    yield from best_of_table(found)


STUDIES: dict[str, Callable[[argparse.Namespace], Iterator[str]]] = {
    "forms": _forms,
    "hacks": _hacks,
    "labels": _labels,
    "best-of": _best_of,
}
"""By name."""
