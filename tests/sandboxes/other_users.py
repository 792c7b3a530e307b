"""Running a piece of Python as somebody else: as ``nobody``, or where namespaces are refused as containers do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOBODY = 65534

BECOME = """
import ctypes, os, sys, json
sys.path.insert(0, {root!r})
what = json.loads(sys.argv[1])
if what["nobody"]:
    # Interpreters may lie in folders that only root can enter: those are replaced, in this process's own view of the
    # file system, by folders that hold the way to the interpreter and nothing else.
    from sandboxes.walls import confinement as c
    prefixes = sorted({{sys.base_prefix, sys.prefix, what["root"]}})
    closed = {{}}
    for prefix in prefixes:
        parts = prefix.split("/")
        for i in range(2, len(parts) + 1):
            folder = "/".join(parts[:i])
            if os.stat(folder).st_mode & 5 != 5:
                closed.setdefault(folder, []).append(prefix)
                break
    if closed:
        c.unshare(c.CLONE_NEWNS)
        c.mount("none", "/", None, c.MS_REC | c.MS_PRIVATE)
        opened = {{folder: [(p, os.open(p, os.O_PATH)) for p in inside] for folder, inside in closed.items()}}
        for folder, inside in opened.items():
            c.mount("open", folder, "tmpfs", 0, "mode=755")
            for prefix, descriptor in inside:
                os.makedirs(prefix, exist_ok=True)
                c.mount(f"/proc/self/fd/{{descriptor}}", prefix, None, c.MS_BIND | c.MS_REC)
    os.setgroups([])
    os.setresgid({nobody}, {nobody}, {nobody})
    os.setresuid({nobody}, {nobody}, {nobody})
if what["refuse"]:
    # What the default filter of container engines refuses.
    import pyseccomp as s
    f = s.SyscallFilter(s.ALLOW)
    for name in ("unshare", "setns", "mount", "pivot_root", "umount2", "mount_setattr", "open_tree", "move_mount"):
        f.add_rule(s.ERRNO(1), name)
    for flag in (0x10000000, 0x20000000, 0x20000, 0x40000000):
        f.add_rule(s.ERRNO(1), "clone", s.Arg(0, s.MASKED_EQ, flag, flag))
    f.add_rule(s.ERRNO(38), "clone3")
    ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
    f.load()
os.chdir("/")
environment = {{"PYTHONPATH": {root!r}, "PATH": os.environ["PATH"]}}
os.execve(sys.executable, [sys.executable, "-c", what["program"]], environment)
"""


def run_as(program: str, *, nobody: bool, refuse: bool) -> str:
    """Standard output of a program, run by this interpreter.

    Args:
        program: source; the packages of this checkout can be imported.
        nobody: as the user ``nobody``. Needs root; somebody who is not root is taken for nobody.
        refuse: with a filter of system calls that lets nobody make namespaces or mount anything.
    """
    what = {"nobody": nobody and os.getuid() == 0, "refuse": refuse, "program": program, "root": str(ROOT)}
    result = subprocess.run(
        [sys.executable, "-c", BECOME.format(root=str(ROOT), nobody=NOBODY), json.dumps(what)],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stdout
