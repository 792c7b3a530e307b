"""Programs that use up memory, output, descriptors and stack."""

from __future__ import annotations

from typing import Any

from sandboxes.testing.attacks.tasks import OUTPUT, SYSTEM, cheat, cheat_output, escape
from sandboxes.testing.program import LIMITS, Program, Wall
from sandboxes.types import Limits, Status

__all__ = ["HUNGRY"]

_NO_ROOM = frozenset({Status.MEMORY, Status.EXCEPTION, Status.CRASHED})
_TOO_MUCH = frozenset({Status.OUTPUT})


def _grows(name: str, aim: str, source: str, **more: Any) -> Program:
    return cheat(name, aim, source, **{"wall": Wall.MEMORY, "ends": _NO_ROOM, **more})


def _floods(name: str, aim: str, source: str, **more: Any) -> Program:
    return cheat(name, aim, source, **{"wall": Wall.OUTPUT, "ends": _TOO_MUCH, **more})


_MEMORY = (
    _grows("one-large-object", "gigabytes at once", "def solve(n):\n    return len(bytearray(8 << 30))\n"),
    _grows(
        "many-small-objects",
        "gigabytes by and by",
        """
def solve(n):
    kept = []
    for _ in range(1 << 14):
        kept.append(bytes(1 << 20))
    return len(kept)
""",
    ),
    escape(
        Wall.MEMORY,
        "memory-errors-caught",
        "takes all there is, gives a little back and goes on",
        """
def attack(targets):
    kept = []
    for _ in range(20_000):
        try:
            kept.append(bytearray(1 << 20))
        except MemoryError:
            del kept[-1:]
    held = len(kept)
    kept.clear()
    return [f"REACHED {held} MiB" if held > 512 else f"stopped after {held} MiB"]
""",
    ),
    _grows(
        "memory-at-import",
        "before the first question",
        "kept = [0] * (1 << 30)\n\ndef solve(n):\n    return len(kept)\n",
    ),
    _grows(
        "memory-of-constants",
        "a constant that the compiler computes",
        "def solve(n):\n    return len('x' * (1 << 33))\n",
    ),
    _grows(
        "decompression-bomb",
        "a few bytes that unfold",
        """
import zlib

def solve(n):
    folded = zlib.compress(bytes(1 << 22))
    kept = [zlib.decompress(folded) for _ in range(500)]
    return len(kept)
""",
        ends=None,
        right=[500, 500],
    ),
    escape(
        Wall.MEMORY,
        "anonymous-mappings",
        "memory that Python's allocator knows nothing of",
        """
import mmap

def attack(targets):
    kept = []
    try:
        for _ in range(64):
            kept.append(mmap.mmap(-1, 16 << 20))
            kept[-1].write(bytes(16 << 20))
    except (OSError, MemoryError, ValueError) as error:
        return [f"stopped after {len(kept)} mappings: {error}"]
    return ["REACHED a gigabyte of mapped memory"]
""",
    ),
    escape(
        Wall.MEMORY,
        "memory-in-files",
        "memory in files without a name, which the limit on address space does not see",
        SYSTEM
        + """
def attack(targets):
    descriptor, error = syscall("memfd_create", b"x", 0)
    if error:
        return [f"memfd_create: {error}"]
    written = 0
    try:
        while written < 512 << 20:
            written += os.write(descriptor, bytes(1 << 20))
    except (OSError, MemoryError) as error:
        return [f"stopped after {written} bytes: {error}"]
    return [f"REACHED {written} bytes in a file without a name"]
""",
    ),
    escape(
        Wall.MEMORY,
        "memory-in-pipes",
        "memory in the buffers of pipes",
        """
import fcntl, os

def attack(targets):
    held, pipes = 0, []
    try:
        while held < 512 << 20:
            ends = os.pipe()
            pipes.append(ends)
            try:
                fcntl.fcntl(ends[1], 1031, 1 << 20)  # F_SETPIPE_SZ
            except OSError:
                pass
            os.set_blocking(ends[1], False)
            try:
                while True:
                    held += os.write(ends[1], bytes(1 << 16))
            except BlockingIOError:
                pass
    except (OSError, MemoryError) as error:
        return [f"stopped after {held} bytes in {len(pipes)} pipes: {error}"]
    return [f"REACHED {held} bytes in pipes"]
""",
    ),
    escape(
        Wall.MEMORY,
        "shared-memory-folder",
        "memory as files in /dev/shm",
        """
import os

def attack(targets):
    path, written = "/dev/shm/" + targets["mark"], 0
    try:
        with open(path, "wb") as file:
            while written < 256 << 20:
                written += file.write(bytes(1 << 20))
    except (OSError, MemoryError) as error:
        return [f"stopped after {written} bytes: {error}"]
    finally:
        try:
            os.unlink(path)
        except OSError:
            pass
    return [f"REACHED {written} bytes in /dev/shm"]
""",
    ),
    escape(
        Wall.MEMORY,
        "raised-memory-limit",
        "asks for higher limits, then uses them",
        """
import resource

def attack(targets):
    lines = []
    for name in ("RLIMIT_AS", "RLIMIT_DATA", "RLIMIT_CPU", "RLIMIT_NPROC", "RLIMIT_NOFILE", "RLIMIT_FSIZE"):
        kind = getattr(resource, name)
        soft, hard = resource.getrlimit(kind)
        if hard == resource.RLIM_INFINITY:
            continue
        try:
            resource.setrlimit(kind, (hard + (1 << 20), hard + (1 << 20)))
            lines.append(f"REACHED a higher {name}")
        except (OSError, ValueError) as error:
            lines.append(f"{name}: {error}")
    try:
        len(bytearray(1 << 30))
        lines.append("REACHED a gigabyte")
    except MemoryError:
        lines.append("no gigabyte")
    return lines
""",
    ),
)

_OUTPUT = (
    _floods("flood-of-output", "prints without end", "def solve(n):\n    while True:\n        print('x' * 10_000)\n"),
    _floods(
        "flood-of-errors",
        "the same on standard error",
        "import sys\n\ndef solve(n):\n    while True:\n        sys.stderr.write('x' * 10_000)\n",
    ),
    _floods(
        "flood-at-import",
        "before the first question, and past Python's own buffers",
        "import os\n\nwhile True:\n    os.write(1, b'x' * 65536)\n",
    ),
    _floods(
        "flood-by-threads",
        "eight threads, on both",
        """
import os, threading

def flood():
    while True:
        os.write(1, b"x" * 65536)
        os.write(2, b"x" * 65536)

def solve(n):
    for _ in range(6):
        threading.Thread(target=flood).start()
    flood()
""",
    ),
    cheat_output(
        "flood-of-a-whole-program",
        "right at first, then more than may be sent",
        f"print({OUTPUT!r}, end='')\nwhile True:\n    print('x' * 10_000)\n",
        wall=Wall.OUTPUT,
        ends=_TOO_MUCH,
    ),
    cheat(
        "output-with-a-hole",
        "a byte far behind the end, where output goes into a file: terabytes for whoever reads it",
        """
import os

def solve(n):
    for descriptor in (1, 2):
        for deed in (
            lambda: os.lseek(descriptor, 1 << 40, os.SEEK_SET),
            lambda: os.write(descriptor, b"x"),
            lambda: os.ftruncate(descriptor, 1 << 40),
            lambda: os.posix_fallocate(descriptor, 0, 1 << 30),
        ):
            try:
                deed()
            except OSError:
                pass
    return None
""",
        wall=Wall.OUTPUT,
    ),
    cheat(
        "output-that-is-no-text",
        "bytes that are no UTF-8, NULs and terminal commands",
        """
import os

def solve(n):
    os.write(1, bytes(range(256)) * 16 + b"\\x1b[2J\\x1b]0;owned\\x07" + b"\\xf0\\x9f")
    return None
""",
        wall=Wall.OUTPUT,
    ),
)

_STACKS = (
    cheat("endless-recursion", "calls itself", "def solve(n):\n    return solve(n + 1)\n"),
    cheat(
        "bracket-bomb",
        "brackets that take the parser's stack",
        "def solve(n):\n    return " + "(" * 5000 + "1" + ")" * 5000 + "\n",
    ),
    cheat("sign-bomb", "signs that take the compiler's stack", "def solve(n):\n    return " + "-" * 200_000 + "1\n"),
    cheat("attribute-bomb", "names that take the compiler's stack", "solve = solve" + ".a" * 100_000 + "\n"),
    cheat(
        "indent-bomb",
        "a hundred levels of blocks and more",
        "".join(" " * level + "if 1:\n" for level in range(150)) + " " * 150 + "solve = 1\n",
    ),
    cheat(
        "nested-exceptions",
        "a chain of causes that takes the stack of whoever prints it",
        """
def solve(n):
    error = ValueError(0)
    for number in range(100_000):
        new = ValueError(number)
        new.__cause__ = error
        error = new
    raise error
""",
    ),
    cheat(
        "nested-destructors",
        "a chain of objects that takes the stack of the collector",
        """
def solve(n):
    chain = None
    for _ in range(1_000_000):
        chain = (chain,)
    del chain
    return None
""",
    ),
    escape(
        Wall.VERDICT,
        "all-descriptors",
        "opens until no descriptor is left, in which the sandbox must still work",
        """
import os

def attack(targets):
    opened = 0
    try:
        while opened < 100_000:
            os.pipe()
            opened += 2
    except OSError as error:
        return [f"stopped after {opened}: {error}"]
    return ["REACHED a hundred thousand descriptors"]
""",
        limits=Limits(**{**LIMITS.to_json(), "memory_bytes": 256 << 20}),
    ),
)

HUNGRY = (*_MEMORY, *_OUTPUT, *_STACKS)
