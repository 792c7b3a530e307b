"""``python -m sandboxes``: what this machine can hold, and running one program by hand."""

from __future__ import annotations

import argparse
import ast
import dataclasses
import io
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from sandboxes.opening import BACKENDS, open_sandbox
from sandboxes.types import IMAGES, Call, Execution, Job, Limits, SandboxError, Status, Tier, TierReport

__all__ = ["main", "parse_call"]

OK, FAILED, USAGE, INFRASTRUCTURE, INTERRUPTED = 0, 1, 2, 3, 130
_COLOURS = {"green": 32, "red": 31, "yellow": 33, "bold": 1, "dim": 2}
_LANGUAGES = {".py": "python", ".js": "javascript", ".mjs": "javascript", ".c": "c", ".sh": "bash"}


class _UsageError(Exception):
    """What was asked for makes no sense; said to the user in one line."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0: it is well; 1: the program failed, or no tier can be had; 2: the command line makes no sense; 3: the sandbox
        failed or cannot be had, or refused the program; 130: interrupted.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a program prints what it likes
    try:
        return int(options.command(options))
    except _UsageError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return USAGE
    except SandboxError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return INFRASTRUCTURE
    except KeyboardInterrupt:
        print(f"{parser.prog}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read has had enough. Python would complain once more when it closes standard output at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE


def parse_call(text: str) -> tuple[str, Call]:
    """``"f(1, [2], key='x')"`` as the name and the arguments of a call. Arguments are literals; nothing is run.

    Raises:
        ValueError: it is no call of a name with literal arguments.
    """
    wanted = f"a call with literal arguments, such as f(1, [2], key='x'), got {text!r}"
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"--call takes {wanted}") from None
    if not isinstance(node, ast.Call) or any(isinstance(item, ast.Starred) for item in node.args):
        raise ValueError(f"--call takes {wanted}")
    name = ast.unparse(node.func)
    if not all(part.isidentifier() for part in name.split(".")):
        raise ValueError(f"--call takes {wanted}")
    if any(keyword.arg is None for keyword in node.keywords):
        raise ValueError(f"--call takes {wanted}")
    try:
        args = [ast.literal_eval(item) for item in node.args]
        kwargs = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in node.keywords}
    except (ValueError, TypeError, RecursionError, MemoryError):
        raise ValueError(f"--call takes {wanted}") from None
    return name, (args, kwargs)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandboxes", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    doctor = commands.add_parser("doctor", help="which tiers this machine can have, proved by running escapes")
    doctor.add_argument("--json", action="store_true", help="as JSON")
    doctor.set_defaults(command=_doctor)
    run = commands.add_parser("run", help="run one program")
    run.add_argument("file", metavar="FILE", help="the program; - reads it from standard input")
    use = run.add_mutually_exclusive_group()
    use.add_argument("--stdin", metavar="FILE", help="its standard input; - passes on this one's")
    use.add_argument("--call", metavar="CALL", action="append", help="such as 'f(1, [2])'; may be repeated")
    use.add_argument("--tests", metavar="FILE", help="trusted Python that asserts about it; needs --entry")
    run.add_argument("--entry", metavar="NAME", help="the function that the tests call")
    run.add_argument("--backend", default="auto", help=f"auto, {', '.join(BACKENDS)}, or module:Name (default: auto)")
    run.add_argument("--url", help="of the service, for --backend remote")
    run.add_argument("--service", help="sandboxfusion or e2b, for --backend remote")
    run.add_argument("--image", choices=sorted(IMAGES), help="which modules are imported beforehand")
    run.add_argument("--language", help="default: by the file's ending, else python")
    tiers = [tier.value for tier in Tier]
    run.add_argument("--minimum-tier", choices=tiers, default=Tier.LANDLOCK.value, help="default: %(default)s")
    run.add_argument("--json", action="store_true", help="the whole result, as JSON")
    limits = run.add_argument_group("limits")
    for item in dataclasses.fields(Limits):
        kind = float if item.name.endswith("_seconds") else int
        flag = f"--{item.name.replace('_', '-')}"
        limits.add_argument(flag, type=kind, default=item.default, metavar="N", help="default: %(default)s")
    run.set_defaults(command=_run)
    return parser


def _doctor(options: argparse.Namespace) -> int:
    from sandboxes.tiers import probe_tiers

    reports = probe_tiers()
    is_useful = any(report.available and report.tier.at_least(Tier.LANDLOCK) for report in reports)
    if options.json:
        print(json.dumps([_plain(report) for report in reports], indent=2))
        return OK if is_useful else FAILED
    width = max(len(report.tier.value) for report in reports)
    for report in reports:
        word = _paint("yes", "green") if report.available else _paint("no ", "red")
        contained = sum(what == "contained" for what in report.escapes.values())
        proof = f"{contained} of {len(report.escapes)} escapes contained" if report.escapes else "no escape was run"
        print(f"{report.tier.value:<{width}}  {word}  {report.means or '-'}; {proof}")
        for name, what in report.escapes.items():
            if what != "contained":
                print(f"{'':<{width}}       {_paint(f'{name} reached {what}', 'yellow')}")
        for label, text in (("why", report.reason), ("cure", report.cure)):
            if text:
                print(f"{'':<{width}}       {_paint(label, 'dim')}: {text}")
    if not is_useful:
        print(_paint("No tier that holds a hostile program can be had here.", "red"))
    return OK if is_useful else FAILED


def _plain(report: TierReport) -> dict[str, Any]:
    return {**dataclasses.asdict(report), "tier": report.tier.value, "escapes": dict(report.escapes)}


def _run(options: argparse.Namespace) -> int:
    try:
        limits = Limits(**{item.name: getattr(options, item.name) for item in dataclasses.fields(Limits)})
        job = _job(options)
    except ValueError as error:
        raise _UsageError(str(error)) from None
    extra = {name: getattr(options, name) for name in ("image", "url", "service") if getattr(options, name)}
    if options.backend not in ("auto", "zygote"):
        extra.pop("image", None)  # the job names it; only the zygote has images to open
    try:
        sandbox = open_sandbox(options.backend, limits, minimum_tier=options.minimum_tier, **extra)
    except (ValueError, TypeError, ImportError, AttributeError) as error:
        raise _UsageError(f"--backend {options.backend}: {error}") from None
    with sandbox:
        try:
            execution = sandbox.run_job(job)
        except (ValueError, TypeError) as error:
            raise _UsageError(str(error)) from None
    if options.json:
        print(json.dumps(execution.to_json(), indent=2))
    else:
        _show(execution, job)
    if execution.ok:
        return OK
    return FAILED if execution.scored else INFRASTRUCTURE


def _job(options: argparse.Namespace) -> Job:
    if [options.file, options.stdin, options.tests].count("-") > 1:
        raise ValueError("standard input is either the program or what goes with it, not both")
    source = _read(options.file)
    language = options.language or _LANGUAGES.get(Path(options.file).suffix, "python")
    if options.tests is not None:
        if options.entry is None:
            raise ValueError("--tests needs --entry, the name of the function that they call")
        return Job(source, entry=options.entry, tests=_read(options.tests), language=language, image=options.image)
    if options.call:
        parsed = [parse_call(text) for text in options.call]
        names = sorted({name for name, _ in parsed})
        if len(names) > 1:
            raise ValueError(f"all calls must be of the same function, got {', '.join(names)}")
        calls = [call for _, call in parsed]
        return Job(source, entry=names[0], calls=calls, language=language, image=options.image)
    if options.entry is not None:
        raise ValueError("--entry goes with --tests; a call names its function itself")
    stdin = "" if options.stdin is None else _read(options.stdin)
    return Job(source, stdin=stdin, language=language, image=options.image)


def _read(path: str) -> str:
    try:
        if path == "-":
            return sys.stdin.buffer.read().decode()
        return Path(path).read_bytes().decode()
    except OSError as error:
        raise _UsageError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise _UsageError(f"{path}: this is no text in UTF-8") from None


def _show(execution: Execution, job: Job) -> None:
    for text, stream in ((execution.stdout, sys.stdout), (execution.stderr, sys.stderr)):
        if text:
            # What a program prints goes to files and pipes as it is; a terminal obeys what it is told, and is not.
            shown = _printable(text) if stream.isatty() else text
            stream.write(shown if shown.endswith("\n") else f"{shown}\n")
            stream.flush()
    for (args, kwargs), result in zip(job.calls, execution.results, strict=False):
        arguments = ", ".join([*map(repr, args), *(f"{name}={value!r}" for name, value in kwargs.items())])
        if result.ok:
            answer = repr(result.value)
        else:
            answer = _paint(f"{result.status}: {_printable(result.error)}", _colour(result.status))
        print(f"{job.entry}({arguments}) = {answer}")
    status = _paint(execution.status.value, _colour(execution.status), sys.stderr)
    reason = f": {_printable(execution.reason)}" if execution.reason else ""
    used = (
        f"{execution.cpu_seconds:.3f} s CPU, {execution.wall_seconds:.3f} s, {execution.peak_bytes >> 20} MB, "
        f"{execution.backend}, tier {execution.tier}"
    )
    code = "" if execution.exit_code is None else f", exit code {execution.exit_code}"
    print(f"{status}{reason} {_paint(f'({used}{code})', 'dim', sys.stderr)}", file=sys.stderr)


def _colour(status: Status) -> str:
    if status is Status.OK:
        return "green"
    return "red" if status.scored else "yellow"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)


def _paint(text: str, colour: str, stream: TextIO | None = None) -> str:
    stream = stream or sys.stdout
    if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"


if __name__ == "__main__":
    sys.exit(main())
