"""The zygote sandbox in each tier: what comes back from programs that are honest, wrong, greedy or gone."""

import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sandboxes import protocol
from sandboxes.types import Call, Job, Limits, SandboxClosed, Status, Tier
from sandboxes.values import same
from sandboxes.zygote import ZygoteSandbox

QUICK = Limits(cpu_seconds=0.5, wall_seconds=5.0)
ONCE: list[Call] = [((), {})]


def one(value: Any) -> Call:
    return (value,), {}


def test_it_keeps_the_protocol(sandbox: ZygoteSandbox) -> None:
    assert isinstance(sandbox, protocol.Sandbox)
    assert sandbox.info["tier"] == sandbox.tier
    assert set(sandbox.info["escapes"].values()) == {"contained"}
    with sandbox.session("def f(): return 1", entry="f") as session:
        assert isinstance(session, protocol.Session)


def test_values_come_back_as_they_are(sandbox: ZygoteSandbox) -> None:
    values = [
        None,
        True,
        1,
        -(2**70),
        2.5,
        float("nan"),
        "ä\n",
        b"\xff",
        [1, [2]],
        (1,),
        {1: (2,)},
        {3},
        frozenset({4}),
    ]
    execution = sandbox.run(
        "def f(x, *, y=None): return x if y is None else y", entry="f", calls=list(map(one, values))
    )
    assert execution.ok
    assert same(execution.values, values)
    assert execution.calls == len(values)
    assert execution.tier is sandbox.tier
    assert execution.backend == "zygote"
    assert 0 < execution.cpu_seconds < 1
    assert execution.peak_bytes > 1 << 20
    again = sandbox.run("def f(x, *, y=None): return x if y is None else y", entry="f", calls=[((1,), {"y": [2.0]})])
    assert same(again.values, [[2.0]])


@pytest.mark.parametrize(
    ("source", "entry", "calls", "statuses"),
    [
        ("def f(x): return 1 // x", "f", [one(0), one(1)], [Status.EXCEPTION, Status.OK]),
        ("def f(x): return object()", "f", [one(0)], [Status.NOT_PLAIN]),
        ("def f(x): return 2 ** 20000", "f", [one(0)], [Status.NOT_PLAIN]),
        ("class T(int): pass\ndef f(x): return T(x)", "f", [one(0)], [Status.NOT_PLAIN]),
        ("def f(x):\n  x = []\n  x.append(x)\n  return x", "f", [one(0), one(1)], [Status.NOT_PLAIN] * 2),
        ("def f(x): return 'x' * 2_000_000", "f", [one(0)], [Status.OUTPUT]),
        ("def f(x): return [0] * 10**9", "f", [one(0), one(0)], [Status.MEMORY] * 2),
        ("def f(x):\n  while True: pass", "f", [one(0), one(1)], [Status.TIMEOUT, Status.NOT_RUN]),
        ("import os\ndef f(x): os._exit(0)", "f", [one(0), one(1)], [Status.EXITED, Status.NOT_RUN]),
        ("import sys\ndef f(x): sys.exit(0)", "f", [one(0)], [Status.EXITED]),
        ("def f(x): raise SystemExit", "f", [one(0)], [Status.EXITED]),
        ("def f(x): raise KeyboardInterrupt", "f", [one(0)], [Status.EXCEPTION]),
        ("import ctypes\ndef f(x): ctypes.string_at(0)", "f", [one(0), one(1)], [Status.CRASHED, Status.NOT_RUN]),
        ("f = 3", "f", [one(0)], [Status.NOT_RUN]),
        ("", "f", [one(0)], [Status.NOT_RUN]),
        ("def f(x:", "f", [one(0)], [Status.NOT_RUN]),
        ("1 / 0", "f", [one(0)], [Status.NOT_RUN]),
        ("x = 'x' * 10**10", "f", [one(0)], [Status.NOT_RUN]),
        ("class S:\n  def f(self, x): return x + 1", "S.f", [one(1)], [Status.OK]),
        ("class S:\n  @staticmethod\n  def f(x): return x + 1", "S.f", [one(1)], [Status.OK]),
        ("class S:\n  def __init__(self, y): pass\n  def f(self, x): return x", "S.f", [one(1)], [Status.NOT_RUN]),
    ],
)
def test_what_each_call_comes_to(
    sandbox: ZygoteSandbox, source: str, entry: str, calls: list[Call], statuses: list[Status]
) -> None:
    execution = sandbox.run(source, entry=entry, calls=calls, limits=QUICK)
    assert [result.status for result in execution.results] == statuses
    assert execution.ok is all(status is Status.OK for status in statuses)
    assert execution.scored
    assert execution.ok or execution.reason
    assert all(result.value is None for result in execution.results if not result.ok)


def test_the_first_failure_gives_the_status(sandbox: ZygoteSandbox) -> None:
    source = "def f(x):\n  while not x: pass\n  return 1 // (x - 1)"
    execution = sandbox.run(source, entry="f", calls=[one(2), one(1), one(0), one(2)], limits=QUICK)
    statuses = [result.status for result in execution.results]
    assert statuses == [Status.OK, Status.EXCEPTION, Status.TIMEOUT, Status.NOT_RUN]
    assert execution.status is Status.EXCEPTION
    assert execution.reason.startswith("ZeroDivisionError")


def test_exceptions_are_told_by_name(sandbox: ZygoteSandbox) -> None:
    source = """
class Rude(Exception):
    def __str__(self): raise ValueError

def f(x):
    raise [ValueError("no ä"), Rude(), KeyError("k")][x]
"""
    execution = sandbox.run(source, entry="f", calls=[one(0), one(1), one(2)])
    assert [result.error for result in execution.results] == ["ValueError: no ä", "Rude: (no message)", "KeyError: 'k'"]


@pytest.mark.parametrize(
    ("source", "stdin", "status", "code", "stdout", "stderr"),
    [
        ("print(input()[::-1])", "abc\n", Status.OK, 0, "cba\n", ""),
        ("import sys\nprint(sum(map(int, sys.stdin)))", "1\n2\n3", Status.OK, 0, "6\n", ""),
        ("if __name__ == '__main__': print('main')", "", Status.OK, 0, "main\n", ""),
        ("exit()", "", Status.OK, 0, "", ""),
        ("import sys; sys.exit(3)", "", Status.EXCEPTION, 3, "", ""),
        ("raise SystemExit('bye')", "", Status.EXCEPTION, 1, "", "bye\n"),
        ("import os; os._exit(7)", "", Status.EXCEPTION, 7, "", ""),
        ("print('x'); 1 / 0", "", Status.EXCEPTION, 1, "x\n", "ZeroDivisionError: division by zero\n"),
        ("def f(:", "", Status.EXCEPTION, 1, "", "SyntaxError: invalid syntax\n"),
        ("x = 'x' * 10**10", "", Status.MEMORY, 1, "", "MemoryError\n"),
        ("import atexit; atexit.register(print, 'end'); print('begin')", "", Status.OK, 0, "begin\nend\n", ""),
        ("import threading; threading.Timer(.01, print, ['late']).start()", "", Status.OK, 0, "late\n", ""),
        ("import asyncio\nasync def m(): print(1)\nasyncio.run(m())", "", Status.OK, 0, "1\n", ""),
        ("import os; os.write(1, b'\\xff')", "", Status.OK, 0, "\N{REPLACEMENT CHARACTER}", ""),
        ("while True: pass", "", Status.TIMEOUT, None, "", ""),
        ("import os\nwhile True: os.write(1, b'x' * 65536)", "", Status.OUTPUT, 1, "x" * 65536, "File too large\n"),
        ("import os; os.abort()", "", Status.CRASHED, None, "", ""),
        ("import sys; sys.setrecursionlimit(10**9)\ndef f(): f()\nf()", "", None, None, "", ""),
    ],
)
def test_whole_programs(
    sandbox: ZygoteSandbox, source: str, stdin: str, status: Status | None, code: int | None, stdout: str, stderr: str
) -> None:
    limits = dataclasses.replace(QUICK, output_bytes=65536)
    execution = sandbox.run(source, stdin=stdin, limits=limits)
    if status is None:
        assert execution.status in (Status.CRASHED, Status.MEMORY, Status.TIMEOUT, Status.EXCEPTION)
        return
    assert execution.status is status
    assert execution.exit_code == code
    assert execution.stdout == stdout
    assert execution.stderr.endswith(stderr)
    assert "inmate" not in execution.stderr


def test_the_timer_cannot_be_escaped(sandbox: ZygoteSandbox) -> None:
    source = """
import signal
for block in (lambda: signal.signal(signal.SIGPROF, signal.SIG_IGN), lambda: signal.setitimer(signal.ITIMER_PROF, 0)):
    try:
        block()
    except OSError:
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
def f():
    n = 0
    for i in range(10**7): n += i
    return n
"""
    execution = sandbox.run(source, entry="f", calls=ONCE * 9, limits=Limits(cpu_seconds=0.3))
    assert execution.status is Status.TIMEOUT
    assert execution.cpu_seconds < 4


def test_the_largest_limits_are_as_good_as_none(sandbox: ZygoteSandbox) -> None:
    limits = Limits(10**8, 10**8, 1 << 50, 1 << 50, 0, 1 << 50, 10**6)
    assert sandbox.run("def f(): return 1", entry="f", calls=ONCE, limits=limits).values == [1]


def test_sleeping_does_not_help(sandbox: ZygoteSandbox) -> None:
    source = "import time\ndef f(): time.sleep(60)"
    execution = sandbox.run(source, entry="f", calls=ONCE, limits=Limits(wall_seconds=0.2))
    assert (execution.status, execution.results[0].status) == (Status.TIMEOUT, Status.TIMEOUT)
    assert execution.cpu_seconds < 1


def test_output_of_calls_is_kept_and_bounded(sandbox: ZygoteSandbox) -> None:
    execution = sandbox.run("def f(x): print('x' * x); return x", entry="f", calls=[one(3), one(4)])
    assert execution.ok
    assert execution.stdout == "xxx\nxxxx\n"
    execution = sandbox.run(
        "def f(x): print('x' * x); return x", entry="f", calls=[one(3000)], limits=Limits(output_bytes=1000)
    )
    assert execution.status is Status.OUTPUT
    assert execution.stdout == "x" * 1000


def test_a_flood_is_named_whatever_it_drowned(sandbox: ZygoteSandbox) -> None:
    source = "def f():\n  while True: print('x' * 999, flush=True)"
    execution = sandbox.run(source, entry="f", calls=ONCE, limits=Limits(output_bytes=5000))
    assert execution.status is Status.OUTPUT
    assert len(execution.stdout) == 5000
    assert not execution.results[0].ok


def test_nothing_is_left_for_the_next_job(sandbox: ZygoteSandbox) -> None:
    poison = """
import builtins, json, sys, os
builtins.sum = lambda x: 42
json.JSONDecodeError = None
sys.modules["math"] = None
os.environ["POISON"] = "1"
def f(): return sum([])
"""
    probe = "import math, os, json\ndef f(): return sum([]), os.environ.get('POISON'), json.JSONDecodeError.__name__"
    assert sandbox.run(poison, entry="f", calls=ONCE).values == [42]
    assert sandbox.run(probe, entry="f", calls=ONCE).values == [(0, None, "JSONDecodeError")]


def test_hash_seeds_are_fixed(sandbox: ZygoteSandbox) -> None:
    source = "def f(): return list({'a', 'b', 'c', 'd', 'e', 'f'})"
    assert len({str(sandbox.run(source, entry="f", calls=ONCE).values) for _ in range(5)}) == 1


def test_threads_are_counted(sandbox: ZygoteSandbox) -> None:
    source = "import threading\ndef f():\n  t = threading.Thread(target=print)\n  t.start()\n  t.join()\n  return 1"
    assert sandbox.run(source, entry="f", calls=ONCE, limits=Limits(processes=2)).values == [1]
    alone = sandbox.run(source, entry="f", calls=ONCE, limits=Limits(processes=1))
    assert alone.results[0].error.startswith("RuntimeError: can't start new thread")


def test_memory_is_what_the_program_adds(sandbox: ZygoteSandbox) -> None:
    source = "def f(n): return len(bytearray(n))"
    limits = Limits(memory_bytes=100 << 20)
    for image in ("plain", "numpy"):
        execution = sandbox.run(source, entry="f", calls=[one(80 << 20), one(110 << 20)], limits=limits, image=image)
        assert [result.status for result in execution.results] == [Status.OK, Status.MEMORY]


def test_images_bring_their_modules(sandbox: ZygoteSandbox) -> None:
    numpy = "import numpy as np\ndef f(): return float(np.trace(np.eye(3)))"
    sympy = "import sympy\ndef f(): return str(sympy.factor(sympy.Symbol('x') ** 2 - 1))"
    assert sandbox.run(numpy, entry="f", calls=ONCE, image="numpy").values == [3.0]
    assert sandbox.run(sympy, entry="f", calls=ONCE, image="sympy").values == ["(x - 1)*(x + 1)"]
    assert sandbox.run(numpy, entry="f", calls=ONCE).status is Status.EXCEPTION
    with pytest.raises(ValueError, match="there is no image 'torch'"):
        sandbox.run(numpy, entry="f", calls=ONCE, image="torch")


def test_scratch_folders(sandbox: ZygoteSandbox) -> None:
    source = """
import os
print(open("in/put").read(), sorted(os.listdir(".")))
open("out", "wb").write(b"result")
os.symlink("/etc/passwd", "link")
made = 0
try:
    for i in range(99):
        os.mkdir(f"d{i}")
        made += 1
except OSError as error:
    print(error.errno, made)
try:
    open("out", "ab").write(bytes(1 << 20))
except OSError as error:
    print(error.errno)
"""
    limits = Limits(files=8, file_bytes=1 << 16)
    execution = sandbox.run(source, limits=limits, files={"in/put": b"given"}, fetch=["out", "link", "missing", "d0"])
    if sandbox.tier is not Tier.NAMESPACES:
        assert execution.status is Status.REFUSED
        assert "Limits(files=0)" in execution.reason
        return
    assert execution.ok, execution
    assert execution.stdout == "given ['in']\n28 4\n28\n"
    assert set(execution.files) == {"out"}
    assert execution.files["out"].startswith(b"result")
    after = sandbox.run("import os\nprint(os.listdir('.'))", limits=limits)
    assert after.stdout == "[]\n", "the next one finds nothing"


def test_files_need_a_limit(sandbox: ZygoteSandbox) -> None:
    assert sandbox.run("pass", files={"a": b""}).status is Status.REFUSED
    assert sandbox.run("open('x', 'w')").stderr.splitlines()[-1].startswith(("PermissionError", "OSError"))


@pytest.mark.parametrize(
    ("files", "limits", "words"),
    [
        ({"a": b"", "b/c/d": b""}, Limits(files=3), "4 files and folders"),
        ({"a": bytes(4097), "b": bytes(1)}, Limits(files=2, file_bytes=8192), "12288 bytes"),
    ],
)
def test_files_that_find_no_room_are_no_fault_of_the_program(
    sandbox: ZygoteSandbox, files: dict[str, bytes], limits: Limits, words: str
) -> None:
    execution = sandbox.run("pass", files=files, limits=limits)
    assert execution.status is Status.REFUSED
    if sandbox.tier is Tier.NAMESPACES:
        assert words in execution.reason
        enough = Limits(files=limits.files + 1, file_bytes=limits.file_bytes + 1)
        assert sandbox.run("pass", files=files, limits=enough).ok


def test_other_languages_are_refused(sandbox: ZygoteSandbox) -> None:
    execution = sandbox.run("console.log(1)", language="javascript")
    assert execution.status is Status.REFUSED
    assert not execution.scored


def test_sessions_remember(sandbox: ZygoteSandbox) -> None:
    source = "total = 0\ndef f(x):\n  global total\n  total += x\n  print(total)\n  return total"
    with sandbox.session(source, entry="f") as session:
        assert [session.call(x).value for x in (1, 2, 3)] == [1, 3, 6]
        assert session.call("x").status is Status.EXCEPTION
        with pytest.raises(TypeError, match="no plain value"):
            session.call(object())
        assert session.call(4).value == 10
    execution = session.close()
    assert execution.status is Status.EXCEPTION
    assert execution.values == [1, 3, 6, None, 10]
    assert execution.stdout == "1\n3\n6\n10\n"
    with pytest.raises(SandboxClosed):
        session.call(1)


def test_sessions_that_never_began(sandbox: ZygoteSandbox) -> None:
    with sandbox.session("1 / 0", entry="f") as session:
        assert session.call().status is Status.NOT_RUN
    assert session.close().status is Status.EXCEPTION
    assert "ZeroDivisionError" in session.close().reason


def test_the_wall_clock_of_a_session_is_a_call_s(sandbox: ZygoteSandbox) -> None:
    source = "import time\ndef f(x): time.sleep(x); return x"
    with sandbox.session(source, entry="f", limits=Limits(wall_seconds=0.5)) as session:
        assert [session.call(0.2).ok for _ in range(4)] == [True] * 4
        assert session.call(5).status is Status.TIMEOUT
        assert session.call(0).status is Status.NOT_RUN


def test_many_side_by_side(sandbox: ZygoteSandbox) -> None:
    jobs = [Job(f"def f(): return {i}", entry="f", calls=ONCE) for i in range(40)]
    assert [execution.values for execution in sandbox.run_many(jobs)] == [[i] for i in range(40)]


def test_many_threads(sandbox: ZygoteSandbox) -> None:
    barrier = threading.Barrier(8)

    def client(i: int) -> list[Any]:
        barrier.wait()
        return [sandbox.run("def f(x): return x", entry="f", calls=[one(i * 100 + k)]).values for k in range(5)]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(client, range(8))) == [[[i * 100 + k] for k in range(5)] for i in range(8)]


def test_a_caller_s_mistakes_raise(sandbox: ZygoteSandbox) -> None:
    with pytest.raises(TypeError, match="no plain value"):
        sandbox.run("def f(x): return x", entry="f", calls=[one(1), one(object())])
    with pytest.raises(ValueError, match="positive"):
        ZygoteSandbox(recycle_after=0)


def test_worn_out_zygotes_are_replaced(sandbox: ZygoteSandbox) -> None:
    with ZygoteSandbox(minimum_tier=sandbox.tier, maximum_tier=sandbox.tier, recycle_after=3) as small:
        pids = set()
        for _ in range(8):
            assert small.run("def f(): return 1", entry="f", calls=ONCE).values == [1]
            pids.update(small.zygote_pids())
    assert len(pids) == 3


def test_closing_is_final(sandbox: ZygoteSandbox) -> None:
    with ZygoteSandbox(minimum_tier=sandbox.tier, maximum_tier=sandbox.tier) as other:
        pass
    other.close()
    for use in (lambda: other.run("pass"), lambda: other.session("", entry="f"), lambda: other.run_many([])):
        with pytest.raises(SandboxClosed, match="has been closed"):
            use()
