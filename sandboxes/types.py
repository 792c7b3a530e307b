"""What passes between a caller and a sandbox: limits, jobs, results, tiers and the two errors.

Everything here is plain, frozen data. A program that is run can influence :attr:`CallResult.value`,
:attr:`CallResult.error`, :attr:`Execution.stdout`, :attr:`Execution.stderr` and :attr:`Execution.files`; all else is
measured or decided outside of it. Errors::

    SandboxError(RuntimeError)
      +-- SandboxUnavailable     no sandbox of the asked-for strength can be had here; the message names the cure
      +-- SandboxClosed          used after close()
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from sandboxes.values import decode_value, encode_value

__all__ = [
    "IMAGES",
    "Call",
    "CallResult",
    "Execution",
    "Job",
    "Limits",
    "Mode",
    "SandboxClosed",
    "SandboxError",
    "SandboxUnavailable",
    "Status",
    "Tier",
    "TierReport",
    "folders_of",
]

Call = tuple[Sequence[Any], Mapping[str, Any]]
"""One call: positional and keyword arguments, plain values (see :mod:`sandboxes.values`)."""

IMAGES: Mapping[str, tuple[str, ...]] = {
    "plain": (),
    "numpy": ("numpy",),
    "sympy": ("sympy",),
}
"""Names of images and the third-party modules that each has imported before a program starts."""


class SandboxError(RuntimeError):
    """A sandbox cannot do what was asked; nothing was scored."""


class SandboxUnavailable(SandboxError):
    """No sandbox of the asked-for kind or strength can be had on this machine; the message names the cure."""


class SandboxClosed(SandboxError):
    """The sandbox or session was used after it had been closed."""


class Tier(StrEnum):
    """How strong the walls are, each proved at the start by running escapes against it.

    ``order`` compares two tiers: a larger number is stronger.
    """

    NAMESPACES = "namespaces"
    """Namespaces (no network, no file but the interpreter's, no other process), and all of LANDLOCK inside."""
    LANDLOCK = "landlock"
    """Landlock (files, TCP, signals), a seccomp allow-list and resource limits, beside the caller's processes."""
    INTERPRETER = "interpreter"
    """A language with no door to the system (pydantic-monty) inside resource limits; constructs are refused."""
    REMOTE = "remote"
    """Somebody else's service: as strong as they say, and proved by nobody here."""
    RLIMITS = "rlimits"
    """Resource limits alone: no wall against a program that means harm."""
    NONE = "none"
    """A plain process. Only for programs that are trusted."""

    @property
    def order(self) -> int:
        """Strength as a number; NAMESPACES has the largest."""
        return len(Tier) - list(Tier).index(self)

    def at_least(self, other: Tier) -> bool:
        """Whether this tier is as strong as ``other`` or stronger."""
        return self.order >= other.order


class Status(StrEnum):
    """How a program, or one call of it, ended.

    Only OK can be part of a pass. INFRASTRUCTURE, REFUSED and NOT_RUN say nothing about the program: they are never
    scores (see :attr:`scored`).
    """

    OK = "ok"
    """It ended by itself: the call returned a plain value, the program exited with 0, the tests passed."""
    FAILED = "failed"
    """Tests only: an assertion did not hold, or a test raised."""
    EXCEPTION = "exception"
    """The program (or the call) raised, or the program ended by ``sys.exit`` with a code that is not 0."""
    NOT_PLAIN = "not_plain"
    """The call returned something that is no plain value, or too large or too deep a one."""
    TIMEOUT = "timeout"
    """Killed at a CPU or wall-clock limit."""
    MEMORY = "memory"
    """It ran out of the memory that it was allowed."""
    OUTPUT = "output"
    """It wrote or answered more than it was allowed."""
    CRASHED = "crashed"
    """It died of a signal that nobody outside sent."""
    EXITED = "exited"
    """It ended (``os._exit``, ``sys.exit``) while an answer was awaited."""
    TAMPERED = "tampered"
    """It spoke out of turn or forged an answer on the channel between it and the parent."""
    REFUSED = "refused"
    """This sandbox cannot run this job: a construct, language or option that it lacks, or tests that are broken."""
    INFRASTRUCTURE = "infrastructure"
    """The sandbox itself failed, also when it tried again. Says nothing about the program."""
    NOT_RUN = "not_run"
    """A call that was not made, because the program had ended before."""

    @property
    def scored(self) -> bool:
        """Whether this says anything about the program: True unless INFRASTRUCTURE, REFUSED or NOT_RUN."""
        return self not in (Status.INFRASTRUCTURE, Status.REFUSED, Status.NOT_RUN)


_LARGEST_BYTES = 1 << 50
_LARGEST = {"cpu_seconds": 10**8, "wall_seconds": 10**8, "files": 10**9, "processes": 10**6}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one program may use.

    Attributes:
        cpu_seconds: CPU time of the program, all of its calls and threads together.
        wall_seconds: wall-clock time, from its start to its last answer; in a session, of the start and of each call.
        memory_bytes: address space that the program may add to what its image has loaded.
        output_bytes: of standard output, of standard error, and of each answer, each.
        files: files and folders that the program may have in its scratch folder (its current folder) at once.
            0, the default: nothing can be written anywhere.
        file_bytes: what these files may hold together. Read only where ``files`` is positive.
        processes: threads and processes that the program may have at once, the first one included. The zygote back end
            gives threads alone, however large this is.

    Raises:
        ValueError: a limit is not a positive number (``files``: not 0 or more), or beyond what a kernel takes.
    """

    cpu_seconds: float = 5.0
    wall_seconds: float = 10.0
    memory_bytes: int = 256 << 20
    output_bytes: int = 1 << 20
    files: int = 0
    file_bytes: int = 16 << 20
    processes: int = 8

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            wanted = (int, float) if item.name.endswith("_seconds") else (int,)
            if isinstance(value, bool) or not isinstance(value, wanted):
                raise ValueError(f"Limits.{item.name} must be a number of type {wanted[-1].__name__}, got {value!r}")
            if (
                not math.isfinite(value)
                or value < (item.name == "files" and 0)
                or (value <= 0 and item.name != "files")
            ):
                raise ValueError(f"Limits.{item.name} must be positive and finite, got {value!r}")
            if value > (largest := _LARGEST.get(item.name, _LARGEST_BYTES)):
                raise ValueError(f"Limits.{item.name} must be at most {largest}, got {value!r}")

    def to_json(self) -> dict[str, Any]:
        """As plain JSON data."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Limits:
        """The inverse of :meth:`to_json`; an unknown field raises TypeError."""
        return cls(**data)


def folders_of(paths: Iterable[str]) -> set[str]:
    """All folders that these relative paths lie in."""
    return {path[:end] for path in paths for end, letter in enumerate(path) if letter == "/"}


def _bytes_of(path: str) -> int:
    try:
        return len(path.encode(errors="surrogateescape"))
    except UnicodeEncodeError:
        raise ValueError(f"Job.files and Job.fetch take paths that are text, got {path!r}") from None


class Mode(StrEnum):
    """How a job uses its program."""

    PROGRAM = "program"  # standard input in, standard output out
    CALLS = "calls"  # entry + arguments in, values out
    TESTS = "tests"  # another program asserts about it through a proxy


@dataclass(frozen=True, slots=True)
class Job:
    """One program and what to do with it: the arguments of ``run`` and ``run_tests`` as data, for ``run_many``.

    Attributes:
        source: the program, untrusted.
        entry: name of the function to call, or that the tests call; None for whole programs.
        calls: arguments, one item a call, made one after the other in the same process.
        stdin: standard input of a whole program.
        tests: trusted source that asserts about ``entry`` (also named ``candidate``); when it defines ``check``, that
            is called with the candidate. It runs in a process of its own and never shares one with the program.
        prelude: trusted source that the tests need (helpers); runs before them, and not in the program.
        language: ``python``, or a language that the back end knows.
        image: name from :data:`IMAGES`; None: the sandbox's own.
        limits: None: the sandbox's own.
        files: relative path -> content, laid into the scratch folder before the program starts.
        fetch: relative paths of files to bring back in :attr:`Execution.files`; those that are missing are left out.

    Raises:
        ValueError: the fields contradict each other.
    """

    source: str
    entry: str | None = None
    calls: Sequence[Call] = ()
    stdin: str | None = None
    tests: str | None = None
    prelude: str = ""
    language: str = "python"
    image: str | None = None
    limits: Limits | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    fetch: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.tests is not None and (self.entry is None or self.calls):
            raise ValueError("Job.tests needs entry= (what the tests call) and no calls=")
        if self.calls and self.entry is None:
            raise ValueError("Job.calls needs entry=, the name of the function to call")
        if self.entry is not None and self.stdin is not None:
            raise ValueError("Job.stdin goes to whole programs: leave entry= out")
        if self.prelude and self.tests is None:
            raise ValueError("Job.prelude belongs to tests=; put what the program itself needs into source")
        for path in (*self.files, *self.fetch):
            parts = path.split("/")
            if not all(part and part not in (".", "..") for part in parts) or "\0" in path:
                raise ValueError(f"Job.files and Job.fetch take relative paths without '..', got {path!r}")
            if max(map(_bytes_of, parts)) > 255 or _bytes_of(path) > 4000:
                raise ValueError(f"Job.files and Job.fetch take names of at most 255 bytes, got {path[:300]!r}")
        for path, content in self.files.items():
            if not isinstance(content, bytes):
                raise ValueError(f"Job.files maps paths to bytes, got {type(content).__name__} for {path!r}")
        if both := sorted(folders_of(self.files) & set(self.files)):
            raise ValueError(f"Job.files has {both[0]!r} both as a file and as a folder of others")

    @property
    def mode(self) -> Mode:
        """TESTS where there are tests, CALLS where there is an entry, else PROGRAM."""
        if self.tests is not None:
            return Mode.TESTS
        return Mode.PROGRAM if self.entry is None else Mode.CALLS


@dataclass(frozen=True, slots=True)
class CallResult:
    """What came of one call.

    Attributes:
        status: see :class:`Status`.
        value: what the function returned, for OK; else None. Compare it with :func:`sandboxes.values.same`, not with
            ``==``: True is not 1.
        error: for the others what went wrong, in words; for EXCEPTION it begins with the exception's type and ``": "``.
            Written by the program: show it, trust nothing in it.
    """

    status: Status
    value: Any = None
    error: str = ""

    @property
    def ok(self) -> bool:
        """Whether there is a value."""
        return self.status is Status.OK

    def to_json(self) -> dict[str, Any]:
        """As plain JSON data; the value is tagged, see :mod:`sandboxes.values`."""
        return {"status": self.status.value, "value": encode_value(self.value), "error": self.error}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CallResult:
        """The inverse of :meth:`to_json`."""
        _only(cls, data)
        return cls(Status(data["status"]), decode_value(data["value"]), data["error"])


@dataclass(frozen=True, slots=True)
class Execution:
    """What came of one job.

    Attributes:
        status: OK when all went well; with calls, that of the first call that was not OK; with tests, OK means that
            they passed.
        reason: why it is not OK, in words; "" for OK. May quote the program.
        results: one a call, in order. With tests: none.
        calls: how many calls were put to the program, by the job or by its tests.
        stdout: what the program wrote, cut at the limit; bytes that are no UTF-8 are replaced.
        stderr: likewise.
        exit_code: of a whole program that ended by itself; else None.
        files: what ``fetch`` asked for and found.
        cpu_seconds: CPU time that the kernel counted, user and system; with tests, of both processes.
        wall_seconds: from the moment at which the sandbox began with it to the last answer.
        peak_bytes: largest resident set, the image's pages included; with tests, of the program's process.
        tier: what it ran in.
        backend: name of the back end: ``zygote``, ``monty``, ...

    ``cpu_seconds``, ``wall_seconds`` and ``peak_bytes`` do not count when two executions are compared.
    """

    status: Status
    reason: str = ""
    results: tuple[CallResult, ...] = ()
    calls: int = 0
    stdout: str = ""
    stderr: str = ""
    exit_code: int | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    cpu_seconds: float = field(default=0.0, compare=False)
    wall_seconds: float = field(default=0.0, compare=False)
    peak_bytes: int = field(default=0, compare=False)
    tier: Tier = Tier.NONE
    backend: str = ""

    @property
    def ok(self) -> bool:
        """Whether everything that was asked for was done. With tests: whether they passed."""
        return self.status is Status.OK

    @property
    def scored(self) -> bool:
        """Whether this says anything about the program; where it is False, drop the episode and count it."""
        return self.status.scored

    @property
    def values(self) -> list[Any]:
        """The values of all calls; None stands for those that have none, so look at ``ok`` first."""
        return [result.value for result in self.results]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON data."""
        return {
            **{item.name: getattr(self, item.name) for item in fields(self)},
            "status": self.status.value,
            "results": [result.to_json() for result in self.results],
            "files": {name: base64.b64encode(content).decode() for name, content in self.files.items()},
            "tier": self.tier.value,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Execution:
        """The inverse of :meth:`to_json`; an unknown field raises ValueError."""
        _only(cls, data)
        return cls(
            **{
                **data,
                "status": Status(data["status"]),
                "results": tuple(CallResult.from_json(item) for item in data["results"]),
                "files": {name: base64.b64decode(content) for name, content in data["files"].items()},
                "tier": Tier(data["tier"]),
            }
        )


@dataclass(frozen=True, slots=True)
class TierReport:
    """Whether a tier can be had here.

    Attributes:
        tier: which.
        available: whether every escape that was run against it was contained.
        means: by what it is made, such as ``bubblewrap 0.8.0`` or ``unshare(2)``.
        reason: why it is not available, in words; "" where it is.
        cure: what would make it available; "" where it is, or where nothing would.
        escapes: name of each escape that was run -> "contained", or what it reached.
    """

    tier: Tier
    available: bool
    means: str = ""
    reason: str = ""
    cure: str = ""
    escapes: Mapping[str, str] = field(default_factory=dict)


def _only(cls: type, data: Mapping[str, Any]) -> None:
    names = {item.name for item in fields(cls)}
    if set(data) != names:
        strange = sorted(set(data) ^ names)
        raise ValueError(f"{cls.__name__}: missing or unknown fields {', '.join(strange)}")
