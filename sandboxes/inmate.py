"""The inside: what a forked child does with its job. By the time a program runs, nothing here can be trusted any more.

Runs in a process of its own that has been confined already, see :mod:`sandboxes.zygote.process`. The parent believes
nothing of what this module says beyond "the program claims": see :mod:`sandboxes.zygote.conversation`.
"""

from __future__ import annotations

import builtins
import gc
import json
import os
import stat
import sys
import weakref
from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn

from sandboxes import wire
from sandboxes.values import dump_value, load_value

__all__ = ["CHANNEL", "live", "rehearse"]

CHANNEL = 3
"""Descriptor of the channel to the parent, in every child."""

# Programs and tests are compiled with dont_inherit: what this file imports from __future__ is not true of them.

_FRAMES = 2
"""Of this module, between :func:`live` and the program."""

_MESSAGE = 2000  # characters of an exception's text that are passed on


_ENDINGS = (StopIteration, StopAsyncIteration)
"""To a test that calls the candidate in ``map`` these would say that there are no more cases (compare PEP 479)."""


class CandidateError(Exception):
    """In tests: the program raised something of a class that they cannot know. No test can ask for this one."""


class _CandidateEnded(BaseException):
    """The parent has ended the tests: the program that they are about is gone."""


class _Unaskable(BaseException):
    """The tests have called the candidate with something that cannot be handed over: nobody was asked."""


_PIECE = """
def solve(numbers, text):
    counts = {}
    for number, letter in enumerate(text):
        counts[letter] = counts.get(letter, 0) + number
    return [f"{number:.1f}" for number in numbers if number > 1], (counts, {*text}, None, True)
"""
_REHEARSALS = 20


def rehearse() -> None:
    """Do, where children are forked from, what each of them will do with its job, on a piece of our own.

    The interpreter specialises what it has run some times (PEP 659) and keeps memory that it has used: what it has
    written once here need not be written, and its page copied, in each child.
    """
    job = json.dumps({"mode": "calls", "source": _PIECE, "entry": "solve", "files": {}, "fetch": []})
    for _ in range(_REHEARSALS):
        module = ModuleType("rehearsal")
        exec(compile(json.loads(job)["source"], "rehearsal.py", "exec", dont_inherit=True), module.__dict__)  # noqa: S102
        args, kwargs = load_value(dump_value([[[1, 2.5, 3], "abracadabra"], {}]))
        dump_value(_find(module, "solve")(*args, **kwargs))


def live() -> NoReturn:
    """Read the job, do it, end."""
    frame = wire.receive(CHANNEL)
    if frame is None:
        os._exit(0)
    token, body = frame[1][: wire.TOKEN], frame[1][wire.TOKEN :]
    job = json.loads(body)
    _allow_for_own_frames()
    for path, content in job["files"].items():
        if "/" in path:
            os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 (pathlib would cost its import)
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(bytes.fromhex(content))
    if job["mode"] == "program":
        _run_program(job["source"], token, job["fetch"])
    elif job["mode"] == "calls":
        _answer_calls(job["source"], job["entry"], token, job["output_bytes"], job["fetch"])
    else:
        _run_tests(job["source"], job["entry"], job["prelude"], token)
    os._exit(0)


def _allow_for_own_frames() -> None:
    """Let a program call itself as often as where it is the first thing on the stack."""
    depth, frame = _FRAMES, sys._getframe(1)
    while frame is not None:
        depth, frame = depth + 1, frame.f_back  # type: ignore[assignment]
    sys.setrecursionlimit(sys.getrecursionlimit() + depth)


def _run_program(source: str, token: bytes, fetch: list[str]) -> NoReturn:
    """Do what ``python main.py`` does, to the exit code."""
    module = ModuleType("__main__")
    module.__dict__.update(__file__="main.py", __builtins__=builtins)
    sys.modules["__main__"] = module
    sys.argv = ["main.py"]
    code = 0
    try:
        exec(compile(source, "main.py", "exec", dont_inherit=True), module.__dict__)  # noqa: S102 (this is what all the walls are for)
    except SystemExit as end:
        code = _exit_code(end)
    except BaseException as error:  # noqa: BLE001 (as the interpreter does with whatever a program raises)
        if error.__traceback__ is not None:
            error = error.with_traceback(error.__traceback__.tb_next)  # without this module's frame
        sys.excepthook(type(error), error, error.__traceback__)
        code = 1
    main = weakref.ref(module)
    del module
    _finish(code, main, token, fetch)


def _finish(code: int, main: weakref.ref[ModuleType], token: bytes, fetch: list[str]) -> NoReturn:
    """What the interpreter does at its end, as far as a program can tell (compare ``Py_FinalizeEx``)."""
    try:
        if "threading" in sys.modules:
            sys.modules["threading"]._shutdown()
        import atexit

        atexit._run_exitfuncs()
        _flush_streams()
        for name in ("stdin", "stdout", "stderr"):
            setattr(sys, name, getattr(sys, f"__{name}__", None))
        # Files that nobody closed are written when nobody holds them any more, and finalisers run.
        sys.modules.pop("__main__", None)
        gc.collect()
        if (held := main()) is not None:
            _clear(held.__dict__)
            gc.collect()
        _flush_streams()
    except BaseException:  # noqa: BLE001 (streams that a program has broken, at its end)
        code = 120
    if fetch:
        wire.send(CHANNEL, wire.DONE, token + dump_value(_fetched(fetch)))
    os._exit(code)


def _flush_streams() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not getattr(stream, "closed", False):
            stream.flush()


def _clear(namespace: dict[str, Any]) -> None:
    """Let go of what a module holds, in the order of ``_PyModule_ClearDict``."""
    for is_private in (True, False):
        for name in list(namespace):
            if (name[:1] == "_" and name[1:2] != "_") == is_private and name != "__builtins__":
                namespace[name] = None


def _exit_code(end: SystemExit) -> int:
    code = end.code
    if code is None:
        return 0
    if isinstance(code, int):
        number = int.__index__(code)  # whatever a class of the program's own would say
        return number & 0xFF if -1 << 63 <= number < 1 << 63 else 0xFF
    print(code, file=sys.stderr)
    return 1


def _fetched(paths: list[str]) -> dict[str, bytes]:
    found = {}
    for path in paths:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            continue
        try:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                with os.fdopen(descriptor, "rb", closefd=False) as file:
                    found[path] = file.read()
        finally:
            os.close(descriptor)
    return found


def _answer_calls(source: str, entry: str, token: bytes, limit: int, fetch: list[str]) -> None:
    """Load the program, then answer one question after the other until the parent hangs up."""
    module = ModuleType("solution")
    module.__file__ = "solution.py"
    sys.modules["solution"] = module

    def load() -> Callable[..., Any]:
        exec(compile(source, "solution.py", "exec", dont_inherit=True), module.__dict__)  # noqa: S102
        return _find(module, entry)

    function = _claim(load, token, limit, is_loading=True)
    if function is None:
        return
    wire.send(CHANNEL, wire.READY, token)
    while (frame := wire.receive(CHANNEL)) is not None:
        token, body = frame[1][: wire.TOKEN], frame[1][wire.TOKEN :]
        if frame[0] == wire.DONE:
            wire.send(CHANNEL, wire.DONE, token + dump_value(_fetched(fetch)))
            continue
        args, kwargs = load_value(body)
        _claim(lambda: function(*args, **kwargs), token, limit)  # noqa: B023 (called before the loop goes on)


def _claim(function: Callable[[], Any], token: bytes, limit: int, is_loading: bool = False) -> Any:
    """Send what comes of ``function``; while loading, send only what goes wrong, and return the function found."""
    kind, body = wire.ANSWER, b""
    try:
        value = function()
    except MemoryError:
        kind = wire.OUT_OF_MEMORY
    except SystemExit as end:
        _flush()
        os._exit(_exit_code(end))
    except BaseException as error:  # noqa: BLE001 (whatever the program raises is its answer)
        kind, body = wire.RAISED, _describe(error)
    else:
        if is_loading:
            return value
        try:
            body = dump_value(value)
            if len(body) > limit:
                kind, body = wire.TOO_LARGE, b""
        except MemoryError:
            kind, body = wire.OUT_OF_MEMORY, b""
        except (TypeError, ValueError, RecursionError) as error:
            kind, body = wire.NOT_PLAIN, _describe(error)
    _flush()
    wire.send(CHANNEL, kind, token + body)
    return None


def _find(module: ModuleType, entry: str) -> Callable[..., Any]:
    """``f``, or ``Solution.f``: a method of an object that is made without arguments."""
    found: Any = module
    for name in entry.split("."):
        try:
            member = getattr(found, name)
        except AttributeError:
            raise NameError(f"the program defines no {entry}") from None
        if isinstance(found, type) and not hasattr(member, "__self__") and callable(found.__dict__.get(name)):
            member = getattr(found(), name)
        found = member
    if not callable(found):
        raise TypeError(f"{entry} is a {type(found).__name__} and cannot be called")
    return found  # type: ignore[no-any-return]


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BaseException:  # noqa: BLE001 (a stream that the program has broken or filled; the parent sees its size)
        return


def _describe(error: BaseException) -> bytes:
    kind = type(error)
    name = kind.__name__
    if getattr(builtins, name, kind) is not kind:
        # A class of its own that is called as one of Python's: whoever asks for Python's does not mean this one.
        name = f"{kind.__module__}.{name}"
    try:
        text = f"{name}: {error}"
    except BaseException:  # noqa: BLE001 (its own __str__ raised)
        text = f"{name}: (no message)"
    return text[:_MESSAGE].encode(errors="replace")


def _run_tests(tests: str, entry: str, prelude: str, token: bytes) -> None:
    """Run trusted tests against the program on the other side of the parent."""
    module = ModuleType("tests")
    sys.modules["tests"] = module
    candidate = _Candidate()
    candidate.__name__ = entry
    try:
        codes = [
            compile(prelude, "prelude.py", "exec", dont_inherit=True),
            compile(tests, "tests.py", "exec", dont_inherit=True),
        ]
        namespace = module.__dict__
        exec(codes[0], namespace)  # noqa: S102
        namespace["candidate"] = namespace[entry] = candidate
        exec(codes[1], namespace)  # noqa: S102
        if callable(check := namespace.get("check")) and check is not candidate:
            check(candidate)
    except _CandidateEnded:
        return
    except BaseException as error:  # noqa: BLE001 (whatever the tests raise is their verdict)
        kind, text = wire.FAILED if candidate.calls else wire.UNUSABLE, _describe(error) + _line_of(error).encode()
    else:
        kind, text = wire.DONE, b""
        _flush()
    if candidate.unaskable:  # also where the tests have swallowed it
        # Types are the tests' own doing. What is too large or too deep may be made of what the program answered, and
        # it must not gain by being no score.
        is_theirs = candidate.is_unaskable_by_type or not candidate.calls
        kind, text = wire.UNUSABLE if is_theirs else wire.FAILED, candidate.unaskable.encode(errors="replace")
    wire.send(CHANNEL, kind, token + text)


def _line_of(error: BaseException) -> str:
    trace, line = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "tests.py":
            line = trace.tb_lineno
        trace = trace.tb_next
    return f" (line {line} of the tests)" if line else ""


class _Candidate:
    """Stands for the program's function in the tests."""

    def __init__(self) -> None:
        self.calls = 0
        self.unaskable = ""
        self.is_unaskable_by_type = False
        self.__name__ = "candidate"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            body = dump_value([list(args), kwargs])
        except (TypeError, ValueError, RecursionError) as error:
            self.is_unaskable_by_type = self.is_unaskable_by_type or isinstance(error, TypeError)
            self.unaskable = f"an argument of theirs is no plain value: {error}"
            raise _Unaskable(self.unaskable) from None
        self.calls += 1
        wire.send(CHANNEL, wire.QUESTION, body)
        frame = wire.receive(CHANNEL)
        if frame is None:
            raise _CandidateEnded
        kind, body = frame[1][0], frame[1][1:]
        if kind == wire.ANSWER:
            return load_value(body)
        name, _, message = body.decode(errors="replace").partition(": ")
        known = getattr(builtins, name, None)
        if not isinstance(known, type) or not issubclass(known, Exception) or issubclass(known, _ENDINGS):
            raise CandidateError(f"{name}: {message}")
        try:
            raised = known(message)
        except TypeError:  # such as UnicodeDecodeError, which takes five arguments
            raised = CandidateError(f"{name}: {message}")
        raise raised
