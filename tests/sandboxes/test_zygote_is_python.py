"""Whole programs end in a zygote as they do in Python itself: the same output, the same exit code."""

import subprocess
import sys
from pathlib import Path

import pytest

from sandboxes import Status
from sandboxes.zygote import ZygoteSandbox

_READ = "import sys\nfor line in sys.stdin: print(int(line) ** 3 + 41)\n"
_DEEPEST = "def f(n):\n    global d\n    d = n\n    f(n + 1)\ntry: f(1)\nexcept RecursionError: print(d)\n"
_NUMBERED = "class A:\n    def __init__(self, n): self.n = n\n    def __del__(self): print(self.n)\n"

PROGRAMS = {
    # what this side imports from __future__ is not true of a program
    "annotation of nothing": "def f(n: Nothing): pass\nprint(1)\n",
    "annotation of nothing in a class": "class A:\n    n: Nothing\nprint(1)\n",
    "annotations": "def f(n: int) -> str: pass\nclass A: n: float\nprint(f.__annotations__, A.__annotations__)\n",
    "annotations of its own": "from __future__ import annotations\ndef f(n: int): pass\nprint(f.__annotations__)\n",
    "fields": "import dataclasses\n@dataclasses.dataclass\nclass A: n: int\nprint(dataclasses.fields(A)[0].type)\n",
    # exit codes
    "code 256": _READ + "sys.exit(256)\n",
    "code -1": _READ + "sys.exit(-1)\n",
    "code beyond 64 bits": _READ + "sys.exit(2 ** 100)\n",
    "code below 64 bits": _READ + "sys.exit(-2 ** 64)\n",
    "code with a mind": _READ + "class C(int):\n    def __and__(self, other): return 0\nsys.exit(C(1))\n",
    "code of true": _READ + "sys.exit(True)\n",
    "code of a float": _READ + "sys.exit(0.0)\n",
    "codes": _READ + "raise SystemExit(0, 0)\n",
    "code of a property": _READ + "class E(SystemExit): code = property(lambda self: 5)\nraise E\n",
    # what is written at the end
    "standard output replaced": _READ + "import io\nsys.stdout = io.StringIO()\nprint('nowhere')\n",
    "standard output is none": _READ + "sys.stdout = sys.stderr = None\n",
    "standard output closed": _READ + "sys.stdout.close()\n",
    "descriptor closed": _READ + "import os\nos.close(1)\n",
    "file not closed": "file = open(1, 'w', closefd=False)\nfile.write('written')\n",
    "buffer not flushed": "import io\nw = io.BufferedWriter(io.FileIO(1, 'w', closefd=False))\nw.write(b'written')\n",
    "finaliser": "class A:\n    def __del__(self): print('gone')\nkept = A()\nprint('here')\n",
    "finaliser in a circle": "class A:\n    def __del__(self): print('gone')\na = A()\na.a = a\nprint('here')\n",
    "finaliser that raises": "class A:\n    def __del__(self): raise SystemExit(3)\nkept = A()\n",
    "finalisers in order": _NUMBERED + "b = A(1)\n_a = A(2)\na = A(3)\n",
    "finalisers of a main that is held": "import sys, __main__\nsys.held = __main__\n"
    + _NUMBERED
    + "b = A(1)\n_a = A(2)\na = A(3)\n",
    "finalisers without a circle": "import io\nclass F(io.StringIO): close = print\nb = F()\na = F()\n",
    "atexit first": "import atexit\nw = open(1, 'w', closefd=False)\nw.write('2')\natexit.register(print, 1)\n",
    "late thread": "import threading\nthreading.Timer(0.05, print, ('late',)).start()\nprint('early')\n",
    "hook": "import sys\nsys.excepthook = lambda *error: print(error[0].__name__)\n1 / 0\n",
    # what it is told about itself
    "builtins": "__builtins__.print(__name__, __doc__, __spec__)\n",
    "main": "import __main__\nx = 3\nprint(__main__.x)\n",
    "deepest": _DEEPEST,
    "deepest init": "class A:\n    def __init__(s, n):\n        global d\n        d = n\n        A(n + 1)\n"
    "try: A(1)\nexcept RecursionError: print(d)\n",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_end_as_in_python(sandbox: ZygoteSandbox, tmp_path: Path, name: str) -> None:
    (tmp_path / "main.py").write_text(PROGRAMS[name])
    command = [sys.executable, "-I", "-S", "-B", "-X", "utf8", "main.py"]
    wanted = subprocess.run(command, cwd=tmp_path, input="3\n5\n", capture_output=True, text=True, check=False)
    got = sandbox.run(PROGRAMS[name], stdin="3\n5\n")
    assert (got.stdout, got.exit_code) == (wanted.stdout, wanted.returncode)
    assert got.ok == (wanted.returncode == 0)


def test_functions_and_tests_are_compiled_as_in_python(sandbox: ZygoteSandbox) -> None:
    unknown = "def f(n: Nothing):\n    return n\n"
    assert sandbox.run(unknown, entry="f", calls=[((1,), {})]).reason == "NameError: name 'Nothing' is not defined"
    assert sandbox.run_tests(unknown, "assert candidate(1) == 1", entry="f").status is Status.EXCEPTION
    tests = "def g(n: int): pass\nassert candidate(1) == 1 and g.__annotations__ == {'n': int}"
    assert sandbox.run_tests("def f(n):\n    return n\n", tests, entry="f").ok
