"""``python -m reasoning_envs benchmark``: run the sweep, or what is missing of it, and write its tables."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reasoning_envs.benchmark.cells import Cell
    from reasoning_envs.benchmark.sweep import Record

__all__ = ["PRESETS", "Preset", "add_commands"]

_DONE, _FAILED, _USAGE = 0, 1, 2


@dataclass(frozen=True)
class Preset:
    """How much is run.

    Attributes:
        envs: names. shapings: besides the controls. seeds: of each arm.
        budget: of a run, as ``--budget`` takes it. evaluations, validation, test: see
            :class:`~reasoning_envs.benchmark.cells.Cell`.
    """

    envs: tuple[str, ...]
    shapings: tuple[str, ...]
    seeds: int
    budget: str
    evaluations: int
    validation: int
    test: int


_FIVE = ("potential", "zeroed", "sum", "progress", "clip")
_LEVELS = (
    *(
        f"reasoning_envs/Algebra-v0@{level}"
        for level in ("linear-2", "brackets-1", "fractions-2", "linear-3", "brackets-2")
    ),
    *(f"reasoning_envs/CodeLines-v0@{level}" for level in ("small-1", "small-2", "small-3")),
    *(f"reasoning_envs/CodeRepair-v0@{level}" for level in ("small-1", "small-2")),
)
PRESETS = {
    "smoke": Preset(("linear", "repair"), ("potential",), 1, "512 steps", 1, 6, 8),
    "pilot": Preset(_LEVELS, ("potential",), 1, "4096 steps", 2, 20, 50),
    "quick": Preset(("linear", "lines"), _FIVE, 5, "12000 steps", 6, 40, 100),
    "standard": Preset(
        ("linear", "brackets", "lines", "repair"),
        (*_FIVE, "min", "annealed", "sum=length"),
        10,
        "20000 steps",
        8,
        50,
        200,
    ),
}
"""By the option's name."""


def add_commands(commands: Any) -> None:
    """Add ``benchmark`` to the sub-commands of a parser."""
    from reasoning_envs.benchmark.shapings import ALWAYS, FORMS, PRMS
    from reasoning_envs.benchmark.tasks import TASKS

    parser = commands.add_parser(
        "benchmark",
        help="what shaped rewards do to the true outcome",
        description="Train an agent with each shaping in each environment, and measure the true outcome on held-out "
        "problems. What has been run is kept in a file; the same command goes on where it was cut off.",
        epilog=f"Environments: {', '.join(TASKS)}, or ID@LEVEL. Shapings: FORM, FORM=PRM or FORM*WEIGHT=PRM; forms: "
        f"{', '.join(FORMS)}; PRMs: signal (the environment's own dense one), {', '.join(PRMS)}; or your own, "
        f"my_module:MyShaping. {', '.join(ALWAYS)} are always among them.",
    )
    size = parser.add_mutually_exclusive_group()
    for name, preset in PRESETS.items():
        text = f"{len(preset.envs)} environments, {len(preset.shapings) + len(ALWAYS)} shapings, {preset.seeds} seeds"
        size.add_argument(f"--{name}", dest="preset", action="store_const", const=name, help=f"{text}, {preset.budget}")
    parser.set_defaults(preset="quick")
    parser.add_argument("--envs", nargs="+", metavar="ENV", help="in place of the preset's")
    parser.add_argument("--shapings", nargs="+", metavar="SHAPING", help="the same")
    parser.add_argument("--agent", help="sb3:MaskablePPO, or my_module:train (in a checkout: agents.benchmark:train)")
    parser.add_argument("--seeds", type=int, metavar="N", help="seeds 0 to N-1 of each arm")
    parser.add_argument("--budget", metavar="AMOUNT", help="of a run: '20000' or '20000 steps', or '60 seconds'")
    parser.add_argument("--workers", default="1", metavar="N|ray[:N]", help="processes, or a Ray cluster (default: 1)")
    parser.add_argument("--out", type=Path, default=Path("runs/benchmark"), help="folder (default: runs/benchmark)")
    parser.add_argument("--retry-failed", action="store_true", help="run again what has failed before")
    parser.add_argument("--report", action="store_true", help="run nothing: the tables of what the folder holds")
    parser.set_defaults(run=_benchmark)


def _benchmark(args: argparse.Namespace) -> int:
    from reasoning_envs.benchmark.sweep import SweepFileError, run_sweep
    from reasoning_envs.workers import open_workers

    path = args.out / "results.jsonl"
    try:
        _check_installed()
        if args.report:
            records = _of_one_version(path)
        else:
            cells = _cells(args)
            with open_workers(args.workers) as workers:
                print(f"{len(cells)} runs of {cells[0].agent}; results in {path}", flush=True)
                records = run_sweep(cells, path, workers, _show, retry_failed=args.retry_failed)
    except (SweepFileError, OSError, ValueError, TypeError, ImportError) as error:
        print(f"python -m reasoning_envs benchmark: {error}", file=sys.stderr)
        return _USAGE
    _write(records, args.out)
    return _FAILED if any(record.error for record in records) else _DONE


def _check_installed() -> None:
    """What the tables need is missed here, and not when all has been run.

    Raises:
        ImportError: it is not installed; the message says the cure.
    """
    missing = [name for name in ("scipy", "matplotlib") if find_spec(name) is None]
    if missing:
        raise ImportError(f"the tables need {' and '.join(missing)}: pip install 'reasoning-envs[train]'")


def _cells(args: argparse.Namespace) -> list[Cell]:
    from reasoning_envs.benchmark.sweep import plan

    preset = PRESETS[args.preset]
    return plan(
        args.envs or preset.envs,
        args.shapings or preset.shapings,
        args.agent or _default_agent(),
        preset.seeds if args.seeds is None else args.seeds,
        _budget(args.budget or preset.budget),
        evaluations=preset.evaluations,
        validation=preset.validation,
        test=preset.test,
    )


def _default_agent() -> str:
    """The reference agent of a checkout; an installed package has the stock one of Stable-Baselines3."""
    package = find_spec("agents")  # a widely installed library has that name, too
    here = package is not None and find_spec("agents.candidate_policy") is not None
    return "agents.benchmark:train" if here else "sb3:MaskablePPO"


def _budget(text: str) -> Any:
    from reasoning_envs.benchmark.learning import Budget

    amount, _, kind = text.strip().partition(" ")
    try:
        return Budget(kind.strip() or "steps", float(amount))  # type: ignore[arg-type]  # Budget says what is wrong
    except ValueError as error:
        raise ValueError(f"--budget {text!r}: write '20000 steps' or '60 seconds' ({error})") from None


def _show(record: Record, done: int, total: int) -> None:
    cell = record.cell
    if record.result is None:
        outcome = f"FAILED: {record.error.strip().splitlines()[-1]}"
    else:
        test = record.result["test"]
        shares = (f"{test[way].count('1')}/{cell.test - test[way].count('?')} {way}" for way in ("greedy", "sampled"))
        outcome = f"true {', '.join(shares)}, {record.result['seconds']:.0f} s"
    print(f"[{done}/{total}] {cell.task.name}, {cell.shaping}, seed {cell.seed}: {outcome}", flush=True)


def _of_one_version(path: Path) -> list[Record]:
    """The latest record of each cell, of the version of the code of which the file holds most."""
    from reasoning_envs.benchmark.sweep import read_records

    records = read_records(path)
    counts = Counter(record.code for record in records)
    if not counts:
        raise ValueError(f"{path} holds no result")
    code, count = counts.most_common(1)[0]
    if count < len(records):
        print(f"{len(records) - count} results of other versions of the code are left out", file=sys.stderr)
    return list({record.cell.key(code): record for record in records if record.code == code}.values())


def _write(records: Sequence[Record], folder: Path) -> None:
    """Tables and pictures into the folder; the tables are printed as well."""
    from reasoning_envs.benchmark.plots import learning_curves, performance_profiles
    from reasoning_envs.benchmark.scores import score_arms
    from reasoning_envs.benchmark.tables import failures, to_csv, to_html, to_markdown

    records = sorted(records, key=_place)  # the file has them as they ended
    scores = score_arms(records)
    notes = [_budgets(records), f"version of the code: {records[0].code}"]
    table = to_markdown(scores)
    pictures = {}
    if any(record.result is not None for record in records):
        pictures = {"Learning curves": learning_curves(records), "Performance profiles": performance_profiles(records)}
        for name, picture in pictures.items():
            (folder / f"{name.lower().replace(' ', '_')}.png").write_bytes(picture)
    (folder / "scores.csv").write_text(to_csv(scores), encoding="utf-8")
    (folder / "scores.md").write_text("\n\n".join([*notes, table, failures(records)]).rstrip() + "\n", encoding="utf-8")
    page = to_html(scores, records, pictures, "Reward shaping, by the true outcome", notes)
    (folder / "index.html").write_text(page, encoding="utf-8")
    print("\n".join(["", table, failures(records)]).rstrip())
    print(f"\nwritten: scores.csv, scores.md, index.html and pictures in {folder}")


def _place(record: Record) -> tuple[str, str, str, int]:
    return record.cell.agent, record.cell.task.name, record.cell.shaping, record.cell.seed


def _budgets(records: Sequence[Record]) -> str:
    budgets = sorted({(record.cell.budget.kind, record.cell.budget.amount) for record in records})
    held_out = sorted({record.cell.test for record in records})
    each = " or ".join(f"{amount:,.0f} {kind}" for kind, amount in budgets)
    problems = " or ".join(str(count) for count in held_out)
    return (
        f"Each run: {each}; {problems} held-out test problems. Intervals: 95%, resampling seeds and problem templates "
        "within each task."
    )
