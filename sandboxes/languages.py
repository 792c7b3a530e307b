"""The languages that a sandbox with a process a run can run: what each needs, and how it is called.

A language of your own is one more :class:`Language` in the registry that the back end is given.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandboxes.types import SandboxUnavailable

__all__ = ["LANGUAGES", "WORK", "Language", "find_tool"]

WORK = "/work"
"""Current folder of a program inside a sandbox; its source lies there."""


@dataclass(frozen=True, slots=True)
class Language:
    """How programs in a language are run.

    In commands, ``{tool}`` is the tool's path, ``{source}`` the program's and ``{work}`` that of its folder.

    Attributes:
        name: as in :attr:`sandboxes.types.Job.language`.
        file: name of the program's file.
        tool: program that interprets or compiles it, looked up on ``PATH``.
        cure: what installs the tool.
        run: command that runs a whole program.
        compile: command that comes first and leaves the program as ``program`` in the current folder; () where none is
            needed.
        answer: command that runs a program that answers calls; () where that cannot be. ``{inmate}`` is the path of
            :attr:`inmate`.
        inmate: what answers calls, beside this file; for Python, the package itself.
        address_space: bytes that the tool needs for itself; None: it reserves what it never uses, and the limit of
            memory is given to it as ``{megabytes}`` instead.
        compile_address_space: likewise, while compiling.
        processes: how many the tool itself starts.
        out_of_memory: what stands at the end of standard error when a program has run out of memory.
        hello: a program that prints ``hello``; it is run before the first other one.
    """

    name: str
    file: str
    tool: str
    cure: str
    run: tuple[str, ...]
    hello: str
    compile: tuple[str, ...] = ()
    answer: tuple[str, ...] = ()
    inmate: str = ""
    address_space: int | None = 64 << 20
    compile_address_space: int | None = 1 << 30
    processes: int = 0
    out_of_memory: str = ""


_PYTHON = ("{tool}", "-I", "-S", "-B", "-X", "utf8")

LANGUAGES: Mapping[str, Language] = {
    language.name: language
    for language in (
        Language(
            "python",
            "main.py",
            "python",
            "the interpreter that runs this is used; reinstall it",
            (*_PYTHON, "{source}"),
            "print('hello')",
            answer=(
                *_PYTHON,
                "-c",
                "import sys; sys.path.insert(0, '{inmate}'); from sandboxes import inmate; inmate.live()",
            ),
            inmate="..",
            out_of_memory="\nMemoryError",
        ),
        Language(
            "javascript",
            "main.js",
            "node",
            "install Node.js (Debian and Ubuntu: apt install nodejs)",
            ("{tool}", "--max-old-space-size={megabytes}", "{source}"),
            "console.log('hello')",
            answer=("{tool}", "--max-old-space-size={megabytes}", "{inmate}"),
            inmate="javascript_inmate.js",
            address_space=1536 << 20,
            out_of_memory="JavaScript heap out of memory",
            processes=16,
        ),
        Language(
            "c",
            "main.c",
            "gcc",
            "install a C compiler (Debian and Ubuntu: apt install gcc libc6-dev)",
            ("{work}/program",),
            '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }',
            compile=("{tool}", "-std=c17", "-O2", "-o", "program", "{source}", "-lm"),
            processes=8,
        ),
        Language(
            "bash",
            "main.sh",
            "bash",
            "install bash",
            ("{tool}", "--noprofile", "--norc", "{source}"),
            "echo hello",
            processes=8,
        ),
    )
}
"""Name -> language."""


def find_tool(language: Language) -> str:
    """Path of a language's tool, links followed.

    Raises:
        SandboxUnavailable: it is not installed; the message names the cure.
    """
    if language.name == "python":
        # A virtual environment's own interpreter cannot find its library where only that is to be seen.
        return str(Path(getattr(sys, "_base_executable", sys.executable)).resolve())
    found = shutil.which(language.tool)
    if found is None:
        raise SandboxUnavailable(f"{language.tool}, which runs {language.name}, is not installed; {language.cure}")
    return str(Path(found).resolve())
