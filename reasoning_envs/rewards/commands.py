"""``python -m reasoning_envs prm``: train a process reward model on traces, compare some, run experiments with them."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reasoning_envs.rewards.judging import Judgement
    from reasoning_envs.rewards.protocol import ProcessRewardModel
    from reasoning_envs.types import Trace

__all__ = ["FAMILIES", "add_commands"]

FAMILIES = {
    "learned": "reasoning_envs.rewards.learned:LearnedPRM",
    "implicit": "reasoning_envs.rewards.implicit:ImplicitPRM",
    "outcome": "reasoning_envs.rewards.outcome:OutcomePRM",
    "orm": "reasoning_envs.rewards.outcome:OutcomeRewardModel",
}
"""What ``--family`` knows by name; any other is ``"module:Name"`` of a class."""

_DONE, _USAGE = 0, 2


def add_commands(commands: Any) -> None:
    """Add ``prm`` and what stands below it to the sub-commands of a parser."""
    prm = commands.add_parser("prm", help="process reward models: train one, judge some")
    kinds = prm.add_subparsers(required=True, metavar="WHAT")

    fit = kinds.add_parser("fit", help="train one on traces")
    _add_traces(fit, required=False)
    fit.add_argument(
        "--made",
        type=int,
        default=0,
        metavar="N",
        help="N traces with known errors, made for this: what --shifts of `prm judge` begins from",
    )
    _add_subject(fit)
    fit.add_argument("--labels", type=Path, help="people's labels of these traces, JSONL; they count before verdicts")
    fit.add_argument("--family", default="learned", help=f"{', '.join(FAMILIES)}, or module:Name (default: learned)")
    fit.add_argument("--track", choices=("arithmetic", "text"), help="of a learned one: what it may look at")
    fit.add_argument("--seed", type=int, default=0, help="of its weights and of the corruptions (default: 0)")
    fit.add_argument("--out", type=Path, required=True, help="file to write; its name should end with .pt")
    fit.set_defaults(run=_fit)

    judge = kinds.add_parser("judge", help="compare some by where they see the first error")
    judge.add_argument("prm", nargs="+", metavar="PRM", help="a .pt file, or module:Name")
    _add_traces(judge, required=False)
    judge.add_argument(
        "--stepwise",
        nargs=2,
        metavar=("FORMAT", "FILE"),
        help="other people's labelled solutions: processbench, prm800k, trl or math-shepherd",
    )
    judge.add_argument(
        "--shifts",
        type=int,
        default=0,
        metavar="N",
        help="N traces of each named shift, made for this: in range, longer, bigger numbers, other families, ...",
    )
    _add_subject(judge)
    judge.add_argument(
        "--threshold", type=float, help="a step below it is called wrong (default: as its training chose, else 0.5)"
    )
    judge.add_argument(
        "--best-of",
        type=int,
        default=0,
        metavar="N",
        help="with --shifts: N problems with 64 tries each; how often the one it likes best of 1 to 64 is right",
    )
    judge.add_argument(
        "--time-limit", type=float, metavar="SECONDS", help="that a PRM may take for a step (default: as it pleases)"
    )
    judge.add_argument("--reliability", type=Path, metavar="FILE", help="draw how often what is said comes true, PNG")
    judge.add_argument("--seed", type=int, default=0, help="of the corruptions (default: 0)")
    judge.add_argument("--json", type=Path, help="write the figures there as well")
    judge.set_defaults(run=_judge)

    from reasoning_envs.rewards.trials.commands import add_study, run_study

    add_study(kinds, lambda args: _reported(partial(run_study, args)))


def _add_traces(parser: argparse.ArgumentParser, required: bool = True) -> None:
    parser.add_argument(
        "--traces", type=Path, nargs="+", required=required, default=[], metavar="FILE", help="traces, JSONL"
    )
    parser.add_argument(
        "--corrupt",
        type=int,
        default=0,
        metavar="N",
        help="beside each trace that begins with sound steps, up to N copies with one error (default: 0)",
    )


def _add_subject(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--of",
        choices=("algebra", "programs"),
        default="algebra",
        help="what traces are made of: lines of algebra, or functions of CodeLines and CodeRepair (default: algebra)",
    )


def _fit(args: argparse.Namespace) -> int:
    def run() -> int:
        family = _family(args.family)
        if not args.out.parent.is_dir():  # better said before the training than after it
            raise FileNotFoundError(f"--out: there is no folder {args.out.parent} to write {args.out.name} into")
        traces = _read(args)
        labels = None
        if args.labels is not None:
            from reasoning_envs.rewards.labels import read_labels

            # Places count within all the files together; corrupted copies stand behind them.
            found = read_labels(args.labels, traces)
            for fault in found.faults:
                print(f"left out: {fault}", file=sys.stderr)
            labels = found.for_fit()
            count = sum(label is not None for row in found.labels.values() for label in row)
            print(f"{count} labels of {len(found.labels)} traces; {len(found.faults)} lines left out")
        traces = [*traces, *_corrupted(traces, args), *_made(args)]
        if not traces:
            raise ValueError("there is nothing to learn from: give --traces, or --made")
        prm: ProcessRewardModel = family(seed=args.seed, **({} if args.track is None else {"track": args.track}))
        metrics = prm.fit(traces, labels)
        prm.save(args.out)
        for name, value in metrics.items():
            print(f"{name:<22}{value:>12.4g}")
        print(f"written: {args.out}")
        return _DONE

    return _reported(run)


def _family(name: str) -> Callable[..., ProcessRewardModel]:
    from reasoning_envs.loading import load
    from reasoning_envs.rewards.protocol import ProcessRewardModel

    found = load(FAMILIES.get(name, name))
    if not isinstance(found, type) or not issubclass(found, ProcessRewardModel):
        raise ValueError(f"--family {name}: it names no class of PRM; by name there are {', '.join(FAMILIES)}")
    return found


def _judge(args: argparse.Namespace) -> int:
    def run() -> int:
        from reasoning_envs.rewards.judging import judge_prm

        if args.threshold is not None and not 0.0 < args.threshold < 1.0:
            raise ValueError(f"--threshold must be in (0, 1), got {args.threshold}")
        traces = _read(args)
        traces = [*traces, *_corrupted(traces, args), *_stepwise(args)]
        if args.shifts:
            return _judge_on_shifts(args)
        if not traces:
            raise ValueError("there is no trace to judge by: give --traces, --stepwise, or --shifts")
        if args.best_of:
            raise ValueError("--best-of goes with --shifts")
        steps = sum(len(trace.steps) for trace in traces)
        rows = []
        for name in args.prm:
            prm = _opened(name, args)
            start = time.perf_counter()
            found = judge_prm(prm, traces, args.threshold)
            rows.append((name, found, 1e3 * (time.perf_counter() - start) / max(steps, 1)))
        for line in _table(rows):
            print(line)
        _draw(args, [(name, found) for name, found, _ in rows])
        if args.json is not None:
            data = [{"prm": name, "ms_per_step": cost, **asdict(found)} for name, found, cost in rows]
            args.json.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        return _DONE

    return _reported(run)


def _opened(name: str, args: argparse.Namespace) -> ProcessRewardModel:
    from reasoning_envs.rewards.checking import open_prm
    from reasoning_envs.rewards.deadline import Deadline

    return open_prm(name) if args.time_limit is None else Deadline(name, args.time_limit)


def _judge_on_shifts(args: argparse.Namespace) -> int:
    from reasoning_envs.rewards.trials.tables import judge_on_shifts, shift_cases, shift_table

    if args.shifts < 12:
        raise ValueError(f"--shifts must be 12 traces or more, so that every kind of error is there; got {args.shifts}")
    if args.best_of < 0 or (args.best_of and args.of == "programs"):
        raise ValueError(f"--best-of is 0 or more problems of algebra, got {args.best_of} of {args.of}")
    sets = shift_cases(args.shifts, args.seed, args.of)
    judges = {name: _opened(name, args) for name in args.prm}
    rows = [judge_on_shifts(name, prm, sets, args.threshold) for name, prm in judges.items()]
    for line in shift_table(rows):
        print(line)
    if args.best_of:
        print()
        for line in _best_of(judges, args):
            print(line)
    _draw(args, [(f"{row.name}, {title}", found) for row in rows for title, found in row.found.items()])
    if args.json is not None:
        data = [{**row._asdict(), "found": {name: asdict(found) for name, found in row.found.items()}} for row in rows]
        args.json.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    return _DONE


def _best_of(judges: Mapping[str, ProcessRewardModel], args: argparse.Namespace) -> Iterator[str]:
    from reasoning_envs.rewards.trials.best_of import SIZES, best_of, best_of_table, make_tries

    found = []
    for errors in ("independent", "systematic"):
        tries = make_tries(args.best_of, max(SIZES), args.seed, systematic=errors == "systematic")
        found += best_of(judges, tries, errors, args.seed)
    return best_of_table(found)


def _draw(args: argparse.Namespace, found: Sequence[tuple[str, Judgement]]) -> None:
    if args.reliability is not None:
        from reasoning_envs.rewards.trials.plots import draw_reliability

        draw_reliability(args.reliability, [(name, each.ece, each.reliability) for name, each in found])
        print(f"written: {args.reliability}")


def _made(args: argparse.Namespace) -> list[Trace]:
    """Traces with known errors, of the training split."""
    if args.made < 0:
        raise ValueError(f"--made must be 0 or more, got {args.made}")
    if not args.made:
        return []
    import numpy as np

    from reasoning_envs.rewards.trials.program_cases import training_program_cases
    from reasoning_envs.rewards.trials.shifts import training_cases

    made = training_program_cases if args.of == "programs" else training_cases
    return [case.trace for case in made(args.made, np.random.default_rng(args.seed))]


def _reported(run: Callable[[], int]) -> int:
    """Run; bad input is one line on standard error and the exit code 2."""
    from reasoning_envs.rewards.protocol import PRMError

    try:
        return run()
    except (OSError, ValueError, TypeError, PRMError) as error:
        print(f"python -m reasoning_envs prm: {error}", file=sys.stderr)
        return _USAGE


def _read(args: argparse.Namespace) -> list[Trace]:
    from reasoning_envs.traces import read_traces

    return [trace for path in args.traces for trace in read_traces(path)]


def _stepwise(args: argparse.Namespace) -> list[Trace]:
    if args.stepwise is None:
        return []
    from reasoning_envs.adapters.stepwise import read_stepwise

    found = read_stepwise(args.stepwise[1], args.stepwise[0])
    for fault in found.faults:
        print(f"left out: {fault}", file=sys.stderr)
    return found.traces


def _corrupted(traces: Sequence[Trace], args: argparse.Namespace) -> Iterator[Trace]:
    """Copies with one error each; of a trace that cannot be spoiled, none."""
    if args.corrupt < 0:
        raise ValueError(f"--corrupt must be 0 or more, got {args.corrupt}")
    if not args.corrupt:
        return
    import numpy as np

    from reasoning_envs.rewards.corruption import corrupt_trace
    from reasoning_envs.traces import remake

    rng = np.random.default_rng(args.seed)
    domains: dict[str, Any] = {}
    for trace in traces:
        recipe = json.dumps([trace.env_id, dict(trace.env_kwargs)], sort_keys=True, default=str)
        if recipe not in domains:
            domains[recipe] = remake(trace).get_wrapper_attr("domain")
        domain = domains[recipe]
        for _ in range(args.corrupt):
            try:
                yield corrupt_trace(trace, domain, rng).trace
            except ValueError:
                break


def _table(rows: Sequence[tuple[str, Judgement, float]]) -> Iterator[str]:
    from reasoning_envs.rewards.trials.tables import aligned

    first = rows[0][1]
    traces = f"{first.n_erroneous} traces with an error, {first.n_correct} without, {first.n_skipped} left out"
    yield f"{traces}; {first.n_steps} judged steps"
    kinds = sorted({kind for _, found, _ in rows for kind in found.located})
    heads = ["PRM", "F1", "erroneous", "correct", "AUC", "ECE", "ms/step", *kinds]
    lines = [heads]
    for name, found, cost in rows:
        figures = [found.f1, found.accuracy_erroneous, found.accuracy_correct, found.auc, found.ece]
        located = [found.located.get(kind, float("nan")) for kind in kinds]
        lines.append([name, *map(_figure, figures), f"{cost:.3f}", *map(_figure, located)])
    yield from aligned(lines)


def _figure(value: float) -> str:
    return "-" if isnan(value) else f"{value:.3f}"
