"""What judges of mathematics do with hostile answers: ``python -m tests.benchmarks.hostile``, about twenty minutes.

Each text of ``reasoning_envs.testing.HOSTILE_ANSWERS`` is given to each judge as an answer, with 31337 as the truth, in
a process of its own whose memory and CPU time are limited: two seconds a text, as many as the conformance test allows.
What kills the process is counted, and the next text goes to a fresh one. Texts that would do harm if they were executed
try to make a file instead (``canary``), so that what executes them is seen. ``sympify`` evaluates Python.

A summary goes to standard output, the whole table to ``--table FILE``. A judge that is not installed is left out.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path

from reasoning_envs.testing import HOSTILE_ANSWERS

__all__ = ["JUDGES", "outcomes"]

SECONDS = 2.0
"""Of CPU time for one text."""
WALL_SECONDS = 60.0
"""After which a process that uses no time is stuck."""
MEMORY = 4 << 30
TRUTH = "31337"

Judge = Callable[[str], bool]


def _ours() -> Judge:
    from reasoning_envs import verify_answer

    return lambda text: verify_answer(text, TRUTH).verified


def _math_verify() -> Judge:
    from math_verify import parse, verify

    return lambda text: bool(verify(parse(TRUTH), parse(text)))


def _sympify() -> Judge:
    import sympy

    return lambda text: bool(sympy.simplify(sympy.sympify(text) - sympy.Integer(TRUTH)) == 0)


def _latex2sympy() -> Judge:
    import sympy

    latex2sympy = import_module("latex2sympy2_extended").latex2sympy
    return lambda text: bool(sympy.simplify(latex2sympy(text) - sympy.Integer(TRUTH)) == 0)


JUDGES: dict[str, tuple[Callable[[], Judge], str]] = {
    "verify_answer": (_ours, "reasoning_envs"),
    "math_verify": (_math_verify, "math_verify"),
    "sympify, simplify": (_sympify, "sympy"),
    "latex2sympy, simplify": (_latex2sympy, "latex2sympy2_extended"),
}
"""Each judge, and the module that it needs."""


def _serve(pipe: Connection, name: str) -> None:
    """Judge one text after the other, each within its time."""
    warnings.simplefilter("ignore")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    judge = JUDGES[name][0]()
    judge("2")
    pipe.send("ready")
    while True:
        text = pipe.recv()
        if text is None:
            return
        signal.setitimer(signal.ITIMER_PROF, SECONDS)  # its signal ends the process
        try:
            said = "found right" if judge(text) else "no"
        except Exception as error:  # noqa: BLE001 - a judge may raise anything, and that is what is asked here
            said = f"raised {type(error).__name__}"
        signal.setitimer(signal.ITIMER_PROF, 0)
        pipe.send(said)


class _Process:
    """A judge in a process, started anew whenever it has died."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.start()

    def start(self) -> None:
        self.pipe, other = multiprocessing.Pipe()
        self.process = multiprocessing.get_context("spawn").Process(target=_serve, args=(other, self.name), daemon=True)
        self.process.start()
        other.close()
        if not self.pipe.poll(300) or self.pipe.recv() != "ready":
            raise RuntimeError(f"{self.name} did not start")

    def ask(self, text: str) -> str:
        try:
            self.pipe.send(text)
            if self.pipe.poll(WALL_SECONDS):
                return str(self.pipe.recv())
            said = f"stuck for {WALL_SECONDS:.0f} s"
        except (EOFError, BrokenPipeError, ConnectionResetError):
            self.process.join()
            code = self.process.exitcode
            said = f"over {SECONDS:g} s" if code == -signal.SIGPROF else f"died ({code})"
        self.process.kill()
        self.process.join()
        self.start()
        return said

    def close(self) -> None:
        self.pipe.send(None)
        self.process.join(10)
        self.process.kill()


def harmless(text: str, canary: Path) -> str:
    """The text with the file of the canary for what it would harm."""
    for harm in ("rm -rf /", "echo hacked"):
        text = text.replace(harm, f"touch {canary}")
    return text.replace("/tmp/pwned", str(canary))


def outcomes(name: str, texts: tuple[str, ...]) -> list[str]:
    """What one judge made of each text."""
    with tempfile.TemporaryDirectory() as folder:
        canary = Path(folder) / "canary"
        process = _Process(name)
        found = []
        for text in texts:
            said = process.ask(harmless(text, canary))
            if canary.exists():
                canary.unlink()
                said = "EXECUTED"
            found.append(said)
            print(f"\r{name}: {len(found)} of {len(texts)}", end="", file=sys.stderr)
        process.close()
        print(file=sys.stderr)
    return found


def _kind(said: str) -> str:
    return "raised" if said.startswith("raised") else "died" if said.startswith("died") else said


def summary(columns: dict[str, list[str]]) -> str:
    """How often each came to what."""
    kinds = [
        "no",
        "raised",
        f"over {SECONDS:g} s",
        "died",
        f"stuck for {WALL_SECONDS:.0f} s",
        "found right",
        "EXECUTED",
    ]
    labels = ["answered no", "raised an exception", "over 2 s of CPU time", "process died", "stuck", "found right"]
    rows = ["| of " + str(len(next(iter(columns.values())))) + " texts | " + " | ".join(columns) + " |"]
    rows.append("|---" * (len(columns) + 1) + "|")
    counts = {name: Counter(map(_kind, found)) for name, found in columns.items()}
    for kind, label in zip(kinds, [*labels, "executed as code"], strict=True):
        if any(count[kind] for count in counts.values()):
            rows.append(f"| {label} | " + " | ".join(str(count[kind]) for count in counts.values()) + " |")
    return "\n".join(rows)


def table(texts: tuple[str, ...], columns: dict[str, list[str]]) -> str:
    """Every text."""
    rows = ["| text | length | " + " | ".join(columns) + " |", "|---|---" + "|---" * len(columns) + "|"]
    for place, text in enumerate(texts):
        shown = ascii(text[:44])[1:-1].replace("|", "\\|").replace("`", "'")
        cells = " | ".join(found[place] for found in columns.values())
        rows.append(f"| `{shown or ' '}` | {len(text)} | {cells} |")
    return "\n".join(rows)


def main() -> None:
    """Ask all judges, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judge", choices=list(JUDGES), action="append", help="these alone")
    parser.add_argument("--first", type=int, default=len(HOSTILE_ANSWERS), help="only so many texts")
    parser.add_argument("--table", type=Path, help="a file for the whole table, in Markdown")
    parser.add_argument("--json", type=Path, help="a file for the outcomes, which a later run adds to")
    args = parser.parse_args()
    texts = HOSTILE_ANSWERS[: args.first]
    columns: dict[str, list[str]] = {}
    if args.json is not None and args.json.exists():
        columns = json.loads(args.json.read_text(encoding="utf-8"))
    for name in args.judge or JUDGES:
        if find_spec(JUDGES[name][1]) is None:
            print(f"{name} is left out: {JUDGES[name][1]} is not installed", file=sys.stderr)
            continue
        columns[name] = outcomes(name, texts)
        if args.json is not None:
            args.json.write_text(json.dumps(columns, indent=1), encoding="utf-8")
    columns = {name: columns[name] for name in JUDGES if name in columns}
    print(summary(columns))
    if args.table is not None:
        args.table.write_text(table(texts, columns) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
