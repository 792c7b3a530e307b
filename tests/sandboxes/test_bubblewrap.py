"""A process a run in namespaces, in four languages, and the same without walls: what comes back, what never does."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sandboxes import Execution, Job, Limits, SandboxClosed, SandboxUnavailable, Status, Tier, open_sandbox
from sandboxes.bubblewrap import BubblewrapSandbox
from sandboxes.languages import LANGUAGES, Language
from sandboxes.processes.sandbox import ProcessSandbox
from sandboxes.types import Call
from sandboxes.unsafe_subprocess import SubprocessSandbox, UnsafeSandboxWarning

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="namespaces need Linux")
LIMITS = Limits(cpu_seconds=4.0, wall_seconds=30.0)


def unsafe() -> SubprocessSandbox:
    with pytest.warns(UnsafeSandboxWarning, match="no walls"):
        return SubprocessSandbox(LIMITS)


@pytest.fixture(scope="module", params=["bubblewrap", "unsafe_subprocess"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[ProcessSandbox]:
    if request.param == "unsafe_subprocess":
        with unsafe() as opened:
            yield opened
        return
    try:
        walled = BubblewrapSandbox(LIMITS)
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    with walled:
        yield walled


@pytest.fixture(scope="module")
def walled() -> Iterator[BubblewrapSandbox]:
    try:
        opened = BubblewrapSandbox(LIMITS)
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    with opened:
        yield opened


def need(language: str) -> None:
    tool = LANGUAGES[language].tool
    if language != "python" and shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed: {LANGUAGES[language].cure}")


def call(
    sandbox: ProcessSandbox, source: str, *arguments: Any, language: str = "python", entry: str = "f"
) -> Execution:
    need(language)
    calls: list[Call] = [((argument,), {}) for argument in arguments or (1,)]
    return sandbox.run_job(Job(source, entry=entry, calls=calls, language=language))


ECHO_C = '#include <stdio.h>\nint main(void) { int x; if (scanf("%d", &x) != 1) return 3; printf("%d\\n", 2 * x); }'


@pytest.mark.parametrize(
    ("language", "source", "stdin", "status", "code", "stdout"),
    [
        ("python", "print(2 * int(input()))", "21\n", Status.OK, 0, "42\n"),
        ("python", "raise SystemExit(3)", "", Status.EXCEPTION, 3, ""),
        ("python", "import os; os.kill(os.getpid(), 11)", "", Status.CRASHED, 139, ""),
        ("python", "x = bytearray(1 << 40)", "", Status.MEMORY, None, ""),
        ("javascript", "console.log(2 * require('fs').readFileSync(0))", "21", Status.OK, 0, "42\n"),
        ("javascript", "console.log(2 * require('fs').readFileSync('/dev/stdin'))", "21", Status.OK, 0, "42\n"),
        ("javascript", "process.exit(4)", "", Status.EXCEPTION, 4, ""),
        ("javascript", "throw new Error('no')", "", Status.EXCEPTION, 1, ""),
        ("c", ECHO_C, "21", Status.OK, 0, "42\n"),
        ("c", ECHO_C, "x", Status.EXCEPTION, 3, ""),
        ("c", "int main(void) { return 0 }", "", Status.EXCEPTION, None, ""),
        ("c", "int main(void) { volatile int *p = 0; *p = 1; }", "", Status.CRASHED, 139, ""),
        ("bash", "read x; echo $((2 * x))", "21\n", Status.OK, 0, "42\n"),
        ("bash", "exit 5", "", Status.EXCEPTION, 5, ""),
        ("bash", "sleep 1000 & echo hi", "", Status.OK, 0, "hi\n"),
        ("bash", "yes", "", Status.OUTPUT, None, ...),
    ],
)
def test_whole_programs(
    sandbox: ProcessSandbox, language: str, source: str, stdin: str, status: Status, code: int | None, stdout: Any
) -> None:
    need(language)
    execution = sandbox.run(source, stdin=stdin, language=language)
    assert execution.status is status, execution
    assert code in (None, execution.exit_code)
    assert stdout in (..., execution.stdout)
    assert (execution.tier, execution.backend) == (sandbox.tier, sandbox.backend)


@pytest.mark.parametrize("language", ["python", "c", "javascript", "bash"])
def test_cpu_time_is_up(sandbox: ProcessSandbox, language: str) -> None:
    need(language)
    loops = {
        "python": "while True: pass",
        "c": "int main(void) { for (;;); }",
        "javascript": "for (;;);",
        "bash": "while :; do :; done",
    }
    execution = sandbox.run(loops[language], language=language, limits=Limits(cpu_seconds=1.0, wall_seconds=30.0))
    assert execution.status is Status.TIMEOUT
    assert execution.cpu_seconds > 0.3  # the kernel's limit counts ticks, of which a busy host steals some
    waiting = sandbox.run("import time; time.sleep(60)", limits=Limits(wall_seconds=0.5))
    assert waiting.status is Status.TIMEOUT


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("def f(x): return x", Status.OK),
        ("def f(x): raise ValueError('no')", Status.EXCEPTION),
        ("def f(x): return range(x)", Status.NOT_PLAIN),
        ("def f(x): return 'x' * 10**7", Status.OUTPUT),
        ("def f(x): return 'x' * 10**10", Status.MEMORY),
        ("import os\ndef f(x): os._exit(0)", Status.EXITED),
        ("import sys\ndef f(x): sys.exit(0)", Status.EXITED),
        ("import os\ndef f(x): os.kill(os.getpid(), 11)", Status.CRASHED),
        ("import os\ndef f(x): os.close(3)", Status.EXITED),
        ("f = 1", Status.EXCEPTION),
        ("import os\nos.write(3, b'\\0\\0\\0\\x13R' + bytes(16) + b'1')\ndef f(x): return x", Status.TAMPERED),
        ("import os\ndef f(x): os.write(3, b'\\0\\0\\0\\x12A' + bytes(16) + b'7'); return x", Status.TAMPERED),
        ("import os\ndef f(x): os.write(3, b'\\xff' * 99); return x", Status.OUTPUT),
    ],
)
def test_calls_in_python(sandbox: ProcessSandbox, source: str, status: Status) -> None:
    execution = call(sandbox, source, 1, 2)
    assert execution.status is status, execution
    assert execution.ok is (execution.values == [1, 2])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("const f = x => x", ...),
        ("function f(x) { return [1.5, NaN, 2n ** 70n, null, new Set([x[0]]), new Map([[1, x[0]]])] }", None),
        ("class Solution { f(x) { return x.length } }", [7]),
        ("exports.f = x => Buffer.from('ab')", [b"ab"]),
    ],
)
def test_values_of_javascript(sandbox: ProcessSandbox, source: str, expected: Any) -> None:
    argument = [1, "é", {"a": [True, None]}, 2.5, -(2**60), b"\x00", []]
    execution = call(
        sandbox, source, argument, language="javascript", entry="Solution.f" if "Solution" in source else "f"
    )
    assert execution.ok, execution
    if expected is None:
        assert repr(execution.values) == repr([[1.5, float("nan"), 2**70, None, {1}, {1: 1}]])
    else:
        assert execution.values == [argument] if expected is ... else execution.values == expected


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("const f = x => { throw new RangeError('no') }", Status.EXCEPTION),
        ("const f = x => f", Status.NOT_PLAIN),
        ("const f = async x => 1", Status.NOT_PLAIN),
        ("const f = x => '\\ud800'", Status.NOT_PLAIN),
        ("const f = x => process.exit(0)", Status.EXITED),
        ("const f = 3", Status.EXCEPTION),
        ("const g = 3", Status.EXCEPTION),
        ("const f = x => {", Status.EXCEPTION),
        ("const f = x => { const a = []; for (;;) a.push(new Array(1000000).fill(1)) }", Status.MEMORY),
        ("require('fs').writeSync(3, Buffer.alloc(99)); const f = x => x", Status.OUTPUT),
    ],
)
def test_calls_in_javascript(sandbox: ProcessSandbox, source: str, status: Status) -> None:
    assert call(sandbox, source, language="javascript").status is status


def test_javascript_has_no_arguments_by_keyword(sandbox: ProcessSandbox) -> None:
    source = "const f = (a, b) => b === undefined"
    named = sandbox.run(source, entry="f", calls=[((1,), {"b": 5})], language="javascript")
    assert (named.status, named.scored) == (Status.REFUSED, False)
    tests = Job(source, entry="f", tests="assert candidate(1, b=5)", language="javascript")
    assert sandbox.run_job(tests).status is Status.FAILED


@pytest.mark.parametrize(
    ("source", "tests", "status"),
    [
        ("def f(x): return x + 1", "def check(candidate): assert candidate(1) == f(1) == 2", Status.OK),
        ("def f(x): return x + 1", "assert f(1) == 3", Status.FAILED),
        ("def f(x): return x + 1", "assert True", Status.REFUSED),
        ("def f(x): return x + 1", "import nothing_there", Status.REFUSED),
        ("def f(x): raise StopIteration", "assert all(map(lambda n: f(n) == n, (3, 5)))", Status.FAILED),
        ("def f(x): return range(x)", "try: f(1)\nexcept Exception: pass", Status.NOT_PLAIN),
        ("import os\ndef f(x): os._exit(0)", "try: f(1)\nexcept BaseException: pass", Status.EXITED),
        ("f = 68", "try: f(1)\nexcept BaseException: pass", Status.EXCEPTION),
    ],
)
def test_tests(sandbox: ProcessSandbox, source: str, tests: str, status: Status) -> None:
    assert sandbox.run_tests(source, tests, entry="f").status is status


def test_python_tests_of_a_javascript_program(sandbox: ProcessSandbox) -> None:
    need("javascript")
    for source, status in (("const f = x => x + 1", Status.OK), ("const f = x => x", Status.FAILED)):
        job = Job(source, entry="f", language="javascript", tests="def check(f): assert f(1) == 2")
        assert sandbox.run_job(job).status is status


def test_sessions(sandbox: ProcessSandbox) -> None:
    source = "import os\ns = []\ndef f(x):\n    if x == 3: os._exit(0)\n    s.append(x)\n    return s"
    with sandbox.session(source, entry="f") as session:
        assert [session.call(1).value, session.call(2).value] == [[1], [1, 2]]
        assert [session.call(3).status, session.call(4).status] == [Status.EXITED, Status.NOT_RUN]
    assert session.close().status is Status.EXITED
    with pytest.raises(SandboxClosed):
        session.call(1)


def test_a_session_outlives_the_thread_that_opened_it(sandbox: ProcessSandbox) -> None:
    with ThreadPoolExecutor(1) as opener:
        session = opener.submit(sandbox.session, "def f(x): return x", entry="f").result()
    time.sleep(0.2)
    with session:
        assert session.call(1).value == 1


@pytest.mark.parametrize(
    ("job", "words"),
    [
        (Job("x", language="cobol"), "not cobol"),
        (Job("x", language="c", entry="f"), "standard input"),
        (Job("x", image="numpy"), "zygote"),
        (Job("x", files={"a": b""}), "Limits.files"),
        (Job("x", fetch=["a"]), "no files back"),
    ],
)
def test_what_is_not_done_is_refused(sandbox: ProcessSandbox, job: Job, words: str) -> None:
    execution = sandbox.run_job(job)
    assert execution.status is Status.REFUSED
    assert words in execution.reason


def test_a_missing_tool_is_named_with_its_cure(walled: BubblewrapSandbox) -> None:
    languages = {"logo": Language("logo", "x.logo", "no-such-turtle", "buy a turtle", ("{tool}",), "")}
    with (
        BubblewrapSandbox(languages={**LANGUAGES, **languages}) as sandbox,
        pytest.raises(SandboxUnavailable, match=r"no-such-turtle.*buy a turtle"),
    ):
        sandbox.run("x", language="logo")


def test_without_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SandboxUnavailable, match="apt install bubblewrap"):
        open_sandbox("bubblewrap")


class TestWalls:
    @pytest.mark.parametrize(
        "command",
        [
            "cat /etc/passwd",
            "cat /etc/shadow",
            "ls /root/.ssh /home",
            "echo x > /work/x",
            "echo x > /tmp/x",
            "echo x > /usr/x",
            "echo x > /dev/shm/x",
            "exec 3<>/dev/tcp/127.0.0.1/22",
            "unshare -U true",
            "mount -t tmpfs x /work",
        ],
    )
    def test_contained(self, walled: BubblewrapSandbox, command: str) -> None:
        execution = walled.run(f"{command} && echo REACHED", language="bash")
        assert "REACHED" not in execution.stdout
        assert execution.status is Status.EXCEPTION

    def test_the_environment_is_empty(self, walled: BubblewrapSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SECRET", "swordfish")
        seen = walled.run("env; cat /proc/*/environ", language="bash").stdout
        assert "PATH" in seen
        assert "swordfish" not in seen

    def test_other_processes_are_not_there(self, walled: BubblewrapSandbox) -> None:
        numbers = walled.run("cd /proc; echo [0-9]*", language="bash").stdout.split()
        assert max(map(int, numbers)) < 50

    def test_c_does_not_include_what_it_must_not_see(self, walled: BubblewrapSandbox) -> None:
        need("c")
        execution = walled.run('#include "/etc/passwd"\nint main(void) {}', language="c")
        assert execution.status is Status.EXCEPTION
        assert "root:" not in execution.stderr

    def test_a_scratch_folder_is_there_when_asked_for_and_as_large_as_that(self, walled: BubblewrapSandbox) -> None:
        limits = Limits(files=4, file_bytes=1 << 20, wall_seconds=30.0)
        job = Job("cat a/b; echo hi > c; cat c", language="bash", files={"a/b": b"data\n"}, limits=limits)
        assert walled.run_job(job).stdout == "data\nhi\n"
        full = walled.run("head -c 9000000 /dev/zero > x; wc -c < x", language="bash", limits=limits)
        assert int(full.stdout) <= (1 << 20) + 4096
        assert walled.run("ls", language="bash", limits=limits).stdout == "main.sh\n"

    def test_a_fork_bomb_is_bounded(self, walled: BubblewrapSandbox) -> None:
        source = """
import os, time
def f(x):
    made = 0
    try:
        while made < 500:
            if os.fork() == 0:
                time.sleep(60)
            made += 1
    except OSError:
        pass
    return made
"""
        assert call(walled, source).values[0] < 20

    def test_nothing_outlives_its_run(self, walled: BubblewrapSandbox) -> None:
        mark = f"{time.time_ns()}"
        walled.run(f"(setsid sleep 77.{mark} &) ; echo", language="bash")
        walled.run(f"sleep 78.{mark}", language="bash", limits=Limits(wall_seconds=0.5))
        deadline = time.monotonic() + 10
        while living(mark) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not living(mark)


def living(mark: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if words[0] == "sleep" and mark in "".join(words):
            found.append(path.parent.name)
    return found


def test_nothing_outlives_a_caller_that_is_killed(walled: BubblewrapSandbox) -> None:
    mark = f"{time.time_ns()}"
    program = (
        "from sandboxes.bubblewrap import BubblewrapSandbox\n"
        f"BubblewrapSandbox().run('sleep 79.{mark}', language='bash')"
    )
    caller = subprocess.Popen([sys.executable, "-c", program], cwd=Path(__file__).parents[2])
    deadline = time.monotonic() + 60
    while not living(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert living(mark)
    caller.kill()
    caller.wait()
    deadline = time.monotonic() + 10
    while living(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not living(mark)


def test_bubblewrap_killed_from_outside_is_no_score(walled: BubblewrapSandbox) -> None:
    stop = threading.Event()

    def kill() -> None:
        while not stop.wait(0.02):
            for process in list(walled._running):
                os.kill(process.pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        execution = walled.run("while True: pass")
    finally:
        stop.set()
        killer.join()
    assert execution.status is Status.INFRASTRUCTURE
    assert walled.run("print(1)").ok


def test_closing_ends_what_runs() -> None:
    sandbox = unsafe()
    results: list[Execution] = []
    runner = threading.Thread(target=lambda: results.append(sandbox.run("while True: pass")))
    assert sandbox.run("print(1)").ok
    runner.start()
    time.sleep(0.3)
    sandbox.close()
    runner.join()
    assert [result.status for result in results] == [Status.INFRASTRUCTURE]
    with pytest.raises(SandboxClosed):
        sandbox.run("1")


def test_unsafe_is_said_aloud_and_never_chosen_by_itself() -> None:
    with pytest.warns(UnsafeSandboxWarning), open_sandbox("unsafe_subprocess") as sandbox:
        assert sandbox.tier is Tier.NONE
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with open_sandbox("auto") as chosen:
            assert chosen.backend != "unsafe_subprocess"


def test_descriptors_are_all_given_back(sandbox: ProcessSandbox) -> None:
    sandbox.run("print(1)")
    call(sandbox, "def f(x): return x")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        sandbox.run("print(1)")
        call(sandbox, "def f(x): return x")
        sandbox.run_tests("def f(x): return x", "assert f(1) == 1", entry="f")
    assert len(list(Path("/proc/self/fd").iterdir())) == before
