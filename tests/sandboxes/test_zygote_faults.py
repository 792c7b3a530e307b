"""What breaks is never a score, is tried once more, and leaves nothing behind."""

import contextlib
import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sandboxes.tiers import Choice
from sandboxes.types import Execution, Job, Limits, SandboxClosed, Status, Tier
from sandboxes.zygote import ZygoteSandbox
from sandboxes.zygote.launch import Means, Walls

ROOT = Path(__file__).parents[2]
SLEEP = "import time\ndef f(x):\n  time.sleep(x)\n  return x"
FINE = "def f(x): return x"


def children(pid: int) -> list[int]:
    """Process numbers of a process's living children, as this process sees them."""
    try:
        return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def lives(pid: int) -> bool:
    """Whether there is such a process, and it is no zombie that waits for somebody else."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def wait_for(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def while_running(sandbox: ZygoteSandbox, fault: Callable[[int], None], times: int, seconds: float = 0.4) -> Execution:
    """Run a job that takes a moment, and let ``fault(zygote)`` happen in the midst of it, ``times`` times."""
    done: list[Execution] = []
    job = threading.Thread(target=lambda: done.append(sandbox.run(SLEEP, entry="f", calls=[((seconds,), {})])))
    job.start()
    hit: set[int] = set()
    for _ in range(times):

        def fresh() -> int:
            return next((pid for pid in sandbox.zygote_pids() if set(children(pid)) - hit), 0)

        assert wait_for(lambda: fresh() > 0)
        zygote = fresh()
        hit.update(children(zygote))
        time.sleep(0.05)  # past the point at which it has begun with its job
        fault(zygote)
    job.join(60)
    assert not job.is_alive()
    return done[0]


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def kill_children(pid: int) -> None:
    for child in children(pid):
        kill(child)


@pytest.mark.parametrize("fault", [kill, kill_children], ids=["zygote", "program"])
def test_killed_once_it_is_tried_again(sandbox: ZygoteSandbox, fault: Callable[[int], None]) -> None:
    execution = while_running(sandbox, fault, 1)
    assert execution.values == [0.4], execution
    assert sandbox.run(FINE, entry="f", calls=[((1,), {})]).values == [1]


@pytest.mark.parametrize("fault", [kill, kill_children], ids=["zygote", "program"])
def test_killed_twice_it_is_no_score(sandbox: ZygoteSandbox, fault: Callable[[int], None]) -> None:
    execution = while_running(sandbox, fault, 2, seconds=3.0)
    assert execution.status is Status.INFRASTRUCTURE, execution
    assert not execution.scored
    assert "tried twice" in execution.reason
    assert sandbox.run(FINE, entry="f", calls=[((1,), {})]).values == [1]


def test_all_jobs_of_a_dead_zygote_are_tried_again(sandbox: ZygoteSandbox) -> None:
    jobs = [Job(SLEEP, entry="f", calls=[((0.3,), {})]) for _ in range(6)]
    done: list[Execution] = []
    thread = threading.Thread(target=lambda: done.extend(sandbox.run_many(jobs)))
    thread.start()
    assert wait_for(lambda: any(children(pid) for pid in sandbox.zygote_pids()))
    for pid in sandbox.zygote_pids():
        kill(pid)
    thread.join(60)
    assert [execution.values for execution in done] == [[0.3]] * 6


def test_programs_die_with_their_zygote(sandbox: ZygoteSandbox) -> None:
    session = sandbox.session(SLEEP, entry="f")
    (zygote,) = [pid for pid in sandbox.zygote_pids() if children(pid)]
    (child,) = children(zygote)
    kill(zygote)
    assert wait_for(lambda: not lives(child))
    result = session.call(0)
    assert result.status is Status.INFRASTRUCTURE
    assert session.call(0).status is Status.NOT_RUN
    assert session.close().status is Status.INFRASTRUCTURE


def test_a_stopped_shell_is_no_harm(sandbox: ZygoteSandbox) -> None:
    """Whatever walls the zygote in may die: the next job runs."""
    sandbox.run(FINE, entry="f", calls=[((1,), {})])
    for pid in sandbox.shell_pids():
        kill(pid)
    assert sandbox.run(FINE, entry="f", calls=[((1,), {})]).values == [1]


def test_closing_ends_what_runs(sandbox: ZygoteSandbox) -> None:
    other = ZygoteSandbox(minimum_tier=sandbox.tier, maximum_tier=sandbox.tier)
    job = threading.Thread(target=lambda: results.append(other.run(SLEEP, entry="f", calls=[((9,), {})])))
    results: list[Execution] = []
    job.start()
    assert wait_for(lambda: any(children(pid) for pid in other.zygote_pids()))
    pids = [*other.zygote_pids(), *other.shell_pids(), *(c for pid in other.zygote_pids() for c in children(pid))]
    time.sleep(0.05)
    other.close()
    job.join(30)
    assert results[0].status is Status.INFRASTRUCTURE
    assert wait_for(lambda: not any(map(lives, pids)))
    with pytest.raises(SandboxClosed):
        other.run("pass")


def test_without_descriptors_nothing_is_judged(sandbox: ZygoteSandbox) -> None:
    sandbox.run(FINE, entry="f", calls=[((1,), {})])
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(path.name) for path in Path("/proc/self/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 16, hard))
    taken: list[int] = []
    try:
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.dup(0))
        statuses = []
        while taken:
            execution = sandbox.run(FINE, entry="f", calls=[((1,), {})])
            assert execution.ok or "Too many open files" in execution.reason, execution
            statuses.append(execution.status)
            os.close(taken.pop())
        assert statuses == sorted(statuses), "infrastructure, until there are enough of them"
        assert set(statuses) == {Status.INFRASTRUCTURE, Status.OK}
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert sandbox.run(FINE, entry="f", calls=[((1,), {})]).values == [1]


def in_another_process(program: str, environment: dict[str, str] | None = None) -> str:
    """Standard output of a program that this interpreter runs."""
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_own_limits_that_are_too_low_are_named() -> None:
    """A program must not be blamed for a limit that its caller lives under."""
    program = """
    import resource, sandboxes
    with sandboxes.open_sandbox() as sandbox:
        pass
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
    with sandboxes.open_sandbox() as sandbox:
        print(sandbox.run("print(1)").status, sandbox.run("print(1)").reason)
    """
    said = in_another_process(program)
    assert said.startswith("infrastructure")
    assert "ulimit" in said


def test_what_was_missing_for_a_moment_is_not_held_against_the_machine() -> None:
    """Without a descriptor nothing opens, and says so; with some, the same process has its strongest tier."""
    program = """
    import resource, sandboxes, sandboxes.zygote, sandboxes.bubblewrap
    from sandboxes.walls.allow_list import allow_list
    allow_list(threads=True, writing=False)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for backend in ("zygote", "bubblewrap"):
        resource.setrlimit(resource.RLIMIT_NOFILE, (6, hard))
        try:
            sandboxes.open_sandbox(backend).close()
        except sandboxes.SandboxUnavailable as error:
            assert "open files" in str(error) or "not installed" in str(error), error
            print("said")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with sandboxes.open_sandbox() as sandbox:
        print(sandbox.tier)
    """
    with ZygoteSandbox() as sandbox:
        assert in_another_process(program).split() == ["said", "said", sandbox.tier]


def test_nothing_needs_a_disk(tmp_path: Path) -> None:
    """No temporary folder, no home, and a current folder that was removed: a full disk is nobody's business."""
    program = """
    import os, shutil, sandboxes
    os.chdir(os.environ["GONE"])
    shutil.rmtree(os.environ["GONE"])
    with sandboxes.open_sandbox() as sandbox:
        print(sandbox.tier, sandbox.run("print(input())", stdin="fine").stdout)
        print(sandbox.run("open('x', 'w').write('1')", limits=sandboxes.Limits(files=3)).status)
    """
    gone = tmp_path / "gone"
    gone.mkdir()
    environment = {"TMPDIR": str(gone / "x"), "HOME": "/nowhere", "GONE": str(gone), "PYTHONPATH": str(ROOT)}
    tier, *rest = in_another_process(program, environment).split()
    assert rest == ["fine", "ok" if tier == Tier.NAMESPACES else "refused"]


@pytest.mark.parametrize("with_bubblewrap", [True, False], ids=["", "without-bubblewrap"])
@pytest.mark.parametrize("with_sibling", [False, True], ids=["alone", "forked-sibling"])
def test_nothing_outlives_a_killed_parent(sandbox: ZygoteSandbox, with_sibling: bool, with_bubblewrap: bool) -> None:
    program = f"""
    import os, sys, threading, time
    from sandboxes.zygote import ZygoteSandbox
    sandbox = ZygoteSandbox(minimum_tier={sandbox.tier.value!r}, maximum_tier={sandbox.tier.value!r})
    session = sandbox.session({SLEEP!r}, entry="f")
    threading.Thread(target=session.call, args=[99], daemon=True).start()
    time.sleep(0.1)
    zygotes = sandbox.zygote_pids()
    children = [pid for z in zygotes for pid in open(f"/proc/{{z}}/task/{{z}}/children").read().split()]
    if {with_sibling} and os.fork() == 0:
        # A child that was forked behind everybody's back, as C libraries do: it holds copies of all descriptors.
        print(os.getpid(), *zygotes, *sandbox.shell_pids(), *children, flush=True)
        time.sleep(99)
    if not {with_sibling}:
        print(0, *zygotes, *sandbox.shell_pids(), *children, flush=True)
    time.sleep(99)
    """
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(program)],
        cwd=ROOT,
        env=dict(os.environ) if with_bubblewrap else {**os.environ, "PATH": "/nowhere"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        sibling, *pids = map(int, process.stdout.readline().split())
        assert len(pids) >= 2
        process.kill()
        process.wait()
        try:
            assert wait_for(lambda: not any(map(lives, pids)))
        finally:
            if sibling:
                kill(sibling)
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # forking with threads, which is the point
def test_a_forked_child_gets_zygotes_of_its_own(sandbox: ZygoteSandbox) -> None:
    sandbox.run(FINE, entry="f", calls=[((1,), {})])
    before = sandbox.zygote_pids()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            fine = sandbox.run(FINE, entry="f", calls=[((2,), {})]).values == [2]
            many = sandbox.run_many([Job(FINE, entry="f", calls=[((3,), {})])] * 3)
            own = set(sandbox.zygote_pids()).isdisjoint(before)
            sandbox.close()
            code = 0 if fine and own and [e.values for e in many] == [[3]] * 3 else 2
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert sandbox.zygote_pids() == before
    assert sandbox.run(FINE, entry="f", calls=[((1,), {})]).values == [1]


def test_an_interrupted_caller_leaves_no_program(sandbox: ZygoteSandbox) -> None:
    def interrupt() -> None:
        wait_for(lambda: any(children(pid) for pid in sandbox.zygote_pids()))
        time.sleep(0.05)
        signal.pthread_kill(caller, signal.SIGINT)

    caller = threading.get_ident()
    timer = threading.Thread(target=interrupt)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        sandbox.run(SLEEP, entry="f", calls=[((20,), {})], limits=Limits(wall_seconds=30))
    timer.join()
    assert wait_for(lambda: not any(children(pid) for pid in sandbox.zygote_pids()))
    assert sandbox.run(FINE, entry="f", calls=[((1,), {})]).values == [1]


def test_what_forks_where_no_filter_forbids_it_is_hunted_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the tiers that forbid it, children and grandchildren die with the program, also when it has exited."""
    walls = Walls(Means.NONE, landlock=False, seccomp=False)
    monkeypatch.setattr("sandboxes.zygote.sandbox.choose_walls", lambda *_: Choice(Tier.RLIMITS, walls, {}))
    source = """
import os, time

def spawn(n):
    for _ in range(n):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(99)
            time.sleep(99)
    time.sleep(0.1)
    return os.getpid()

if __name__ == "__main__":
    spawn(2)
"""
    with ZygoteSandbox(minimum_tier=Tier.RLIMITS) as weak:
        assert weak.tier is Tier.RLIMITS
        (zygote,) = weak.zygote_pids()
        assert weak.run(source, entry="spawn", calls=[((2,), {})]).ok
        assert wait_for(lambda: not children(zygote))
        assert weak.run(source).ok
        assert wait_for(lambda: not children(zygote))
        assert weak.run(FINE, entry="f", calls=[((1,), {})]).values == [1]


def test_a_program_that_kills_itself_gains_nothing_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no filter keeps it from sending SIGKILL, that must not pass for a fault of the sandbox: no score."""
    walls = Walls(Means.NONE, landlock=False, seccomp=False)
    monkeypatch.setattr("sandboxes.zygote.sandbox.choose_walls", lambda *_: Choice(Tier.RLIMITS, walls, {}))
    source = "import os, signal\ndef f(x): os.kill(os.getpid(), signal.SIGKILL)"
    with ZygoteSandbox(minimum_tier=Tier.RLIMITS) as weak:
        execution = weak.run(source, entry="f", calls=[((1,), {})])
        assert execution.status is Status.CRASHED
        assert execution.scored
        assert weak.run_tests(source, "assert f(1) == 1", entry="f").status is Status.CRASHED
