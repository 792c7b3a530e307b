"""``python -m reasoning_envs``: list and play environments, verify mathematics, train PRMs, run the benchmark.

Exit codes: 0 done (of ``verify``: verified), 1 refuted, 2 wrong usage or bad input, 3 could not be checked,
130 interrupted.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import reasoning_envs

if TYPE_CHECKING:
    from reasoning_envs.types import Verdict

__all__ = ["main"]

VERIFIED, REFUTED, USAGE, UNCHECKED, INTERRUPTED, BROKEN_PIPE = 0, 1, 2, 3, 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code.

    Raises:
        SystemExit: the arguments are none of ours (code 2), or help was asked for.
    """
    args = _parser().parse_args(arguments)
    try:
        code: int = args.run(args)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has left. The interpreter flushes at its exit once more: let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return INTERRUPTED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reasoning_envs", description="Environments whose every step is verified."
    )
    parser.add_argument("--version", action="version", version=reasoning_envs.__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="the environments, and the levels of each")
    listing.set_defaults(run=_list)

    play = commands.add_parser("play", help="solve a problem yourself")
    play.add_argument("id", help="of the environment; 'Algebra-v0' is short for 'reasoning_envs/Algebra-v0'")
    play.add_argument("--seed", type=int, help="of the first problem; the same seed gives the same problem")
    play.add_argument("--level", help="of difficulty; `list` shows them")
    play.add_argument("--problem", metavar="TEXT", help="to solve, in place of one that is drawn")
    play.set_defaults(run=_play)

    verify = commands.add_parser("verify", help="an answer, a step, or a whole derivation")
    minus = "What begins with a minus sign and is no number stands after two: verify answer -- -x '-1*x'"
    kinds = verify.add_subparsers(required=True, metavar="WHAT")
    answer = kinds.add_parser("answer", help="is ANSWER the same as TRUTH?", epilog=minus)
    answer.add_argument(
        "answer",
        metavar="ANSWER",
        help="as text or LaTeX, also within a longer reply",
    )
    answer.add_argument("truth", metavar="TRUTH")
    answer.set_defaults(run=_verify_answer)
    step = kinds.add_parser("step", help="have BEFORE and AFTER the same solutions?", epilog=minus)
    step.add_argument("before", metavar="BEFORE", help="one line of a derivation: 'x^2 = 4'")
    step.add_argument("after", metavar="AFTER")
    step.set_defaults(run=_verify_step)
    derivation = kinds.add_parser("derivation", help="every step of a derivation, one line each")
    derivation.add_argument("file", metavar="FILE", nargs="?", default="-", help="'-', the default: standard input")
    derivation.set_defaults(run=_verify_derivation)
    for kind in (answer, step, derivation):
        kind.add_argument("--json", action="store_true", help="print the verdict as JSON, one line each")
        kind.add_argument("--over", default="real", help="the number domain (default: real)")
    for kind in (step, derivation):
        kind.add_argument("--unknown", help="what is solved for, where it is not x or the only letter")

    from reasoning_envs.benchmark import commands as benchmark
    from reasoning_envs.rewards import commands as rewards
    from reasoning_envs.workers import commands as workers

    rewards.add_commands(commands)
    benchmark.add_commands(commands)
    workers.add_commands(commands)
    return parser


# -- list ---------------------------------------------------------------------------------------------------------


def _list(args: argparse.Namespace) -> int:
    from reasoning_envs.loading import open_domain

    rows = [("id", "interface", "keywords", "what it is")]
    levels: dict[str, Sequence[str]] = {}
    for name, kwargs in reasoning_envs.ENVIRONMENTS.items():
        own = {key: value for key, value in kwargs.items() if key not in ("domain", "interface")}
        try:
            domain = open_domain(kwargs["domain"], own)
        except ImportError as error:  # what it needs is not installed; the message says the cure
            rows.append((name, kwargs["interface"], "", str(error)))
            continue
        summary = (domain.__doc__ or "").strip().partition("\n")[0]
        rows.append((name, kwargs["interface"], " ".join(f"{key}={value}" for key, value in own.items()), summary))
        levels[domain.name] = domain.levels
    for name, kwargs in reasoning_envs.GAMES.items():
        own = {key: value for key, value in kwargs.items() if key not in ("game", "role")}
        words = " ".join(f"{key}={value}" for key, value in own.items())
        rows.append((name, "moves", words, f"{kwargs['role']} of {kwargs['game']}"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    for name, known in levels.items():
        print(textwrap.fill(f"levels of {name}: {', '.join(known)}", 100, initial_indent="\n", subsequent_indent="  "))
    return VERIFIED


# -- play ---------------------------------------------------------------------------------------------------------


def _play(args: argparse.Namespace) -> int:
    from reasoning_envs.play import play

    return play(args.id, seed=args.seed, level=args.level, problem=args.problem)


# -- verify -------------------------------------------------------------------------------------------------------


def _verify_answer(args: argparse.Namespace) -> int:
    return _report(args, lambda: [reasoning_envs.verify_answer(args.answer, args.truth, over=args.over)])


def _verify_step(args: argparse.Namespace) -> int:
    before, after, options = args.before, args.after, {"over": args.over, "unknown": args.unknown}
    return _report(args, lambda: [reasoning_envs.verify_step(before, after, **options)])


def _verify_derivation(args: argparse.Namespace) -> int:
    try:
        data = sys.stdin.buffer.read() if args.file == "-" else Path(args.file).read_bytes()
    except OSError as error:
        return _usage(f"{args.file}: {error.strerror}")
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", errors="replace")
    lines = [line.strip() for line in text]
    lines = [line for line in lines if line and not line.startswith("#")]
    if len(lines) < 2:
        return _usage(f"a derivation has two lines or more, one below the other; got {len(lines)}")
    options = {"over": args.over, "unknown": args.unknown}
    return _report(args, lambda: reasoning_envs.verify_derivation(lines, **options), lines[1:])


def _report(args: argparse.Namespace, judge: Callable[[], Sequence[Verdict]], lines: Sequence[str] = ()) -> int:
    try:
        verdicts = judge()
    except ValueError as error:  # an option's value; what is to be judged never raises
        return _usage(str(error))
    for index, verdict in enumerate(verdicts):
        if args.json:
            print(verdict.to_json())
            continue
        line = f"{lines[index]}\n  " if lines else ""
        relation = f" ({verdict.relation.value.replace('_', ' ')})" if verdict.relation is not None else ""
        print(f"{line}{verdict.status.value}{relation}: {verdict.reason or 'no reason given'}")
        for name, value in (("witness", verdict.witness), ("if", ", ".join(verdict.conditions))):
            if value:
                print(f"  {name}: {value}")
    if any(verdict.refuted for verdict in verdicts):
        return REFUTED
    return VERIFIED if all(verdict.verified for verdict in verdicts) else UNCHECKED


def _usage(message: str) -> int:
    print(f"python -m reasoning_envs: {message}", file=sys.stderr)
    return USAGE


if __name__ == "__main__":
    sys.exit(main())
