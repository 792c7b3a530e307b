"""Services that run programs, spoken to as they publish it, and what becomes of those that fail or lie."""

from __future__ import annotations

import dataclasses
import json
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandboxes import Job, Limits, SandboxUnavailable, Status, Tier, open_sandbox
from sandboxes.processes.sandbox import ProcessSandbox
from sandboxes.remote import RemoteSandbox
from sandboxes.testing import FAMILIES, check_sandbox
from sandboxes.unsafe_subprocess import SubprocessSandbox, UnsafeSandboxWarning
from tests.sandboxes.published_services import KEPT, Handler, Server, serving

LIMITS = Limits(cpu_seconds=5.0, wall_seconds=10.0, output_bytes=1 << 16)
ADDER = "def f(x): return x + 1"


@pytest.fixture(scope="module")
def runner() -> Iterator[ProcessSandbox]:
    try:
        from sandboxes.bubblewrap import BubblewrapSandbox

        opened: ProcessSandbox = BubblewrapSandbox()
    except SandboxUnavailable:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnsafeSandboxWarning)  # the programs of these tests are ours
            opened = SubprocessSandbox()
    with opened:
        yield opened


@pytest.fixture
def server(runner: ProcessSandbox) -> Iterator[Server]:
    with serving(runner) as opened:
        yield opened


def remote(server: Server, service: str, **options: Any) -> RemoteSandbox:
    if service == "e2b":
        options = {"execute_url": f"{server.url}/box/{{sandbox}}", **options}
    return RemoteSandbox(LIMITS, url=server.url, service=service, **options)


@pytest.fixture(params=["sandboxfusion", "e2b"])
def sandbox(request: pytest.FixtureRequest, server: Server) -> Iterator[RemoteSandbox]:
    with remote(server, request.param) as opened:
        yield opened
    assert not server.alive  # every sandbox that was made has been deleted


@pytest.mark.parametrize(
    ("source", "status", "values"),
    [
        (ADDER, Status.OK, [2, 3]),
        ("class Solution:\n    def f(self, x): return (x, {x}, b'x', None)", Status.OK, [(1, {1}, b"x", None), ...]),
        ("def f(x): print('noise'); raise ValueError('no')", Status.EXCEPTION, [None, None]),
        ("def f(x): return range(x)", Status.NOT_PLAIN, [None, None]),
        ("def f(x): return 'x' * 10**6", Status.OUTPUT, [None, None]),
        ("import os\ndef f(x): os._exit(0)", Status.EXITED, [None, None]),
        ("raise SystemExit(0)", Status.EXITED, [None, None]),
        ("f =", Status.EXCEPTION, [None, None]),
        ("g = 1", Status.EXCEPTION, [None, None]),
        ("f = 1", Status.EXCEPTION, [None, None]),
        ("class ValueError(Exception): pass\ndef f(x): raise ValueError", Status.EXCEPTION, [None, None]),
        ("import os, sys\ndef f(x): print('0' * 32, 'A', 7); os._exit(0)", Status.EXITED, [None, None]),
    ],
)
def test_calls(sandbox: RemoteSandbox, source: str, status: Status, values: list[Any]) -> None:
    entry = "Solution.f" if "Solution" in source else "f"
    execution = sandbox.run(source, entry=entry, calls=[((1,), {}), ((), {"x": 2})])
    assert execution.status is status, execution
    assert [got for got, wanted in zip(execution.values, values, strict=True) if wanted is not ...] == [
        value for value in values if value is not ...
    ]
    assert (execution.tier, execution.backend) == (Tier.REMOTE, "remote")


FORGER = """
import gc, os, sys
def f(x):
    frame = sys._getframe()
    while frame and "word" not in frame.f_locals:
        frame = frame.f_back
    say = frame.f_locals["say"]
    {deed}
"""


@pytest.mark.parametrize("deed", ["say('A', '7'); say('A', '7'); return 1", "say('D'); return 1", "say('R'); return 1"])
def test_a_program_that_finds_the_word_still_answers_once_for_each_call(sandbox: RemoteSandbox, deed: str) -> None:
    execution = sandbox.run(FORGER.format(deed=deed), entry="f", calls=[((1,), {}), ((2,), {})])
    assert execution.status is Status.TAMPERED
    assert not any(result.ok for result in execution.results)


@pytest.mark.parametrize(
    ("tests", "status"),
    [
        ("def check(candidate):\n    assert candidate(1) == 2\n    assert f(x=2) == 3", Status.OK),
        ("assert f(1) == 3", Status.FAILED),
        ("assert True", Status.REFUSED),
    ],
)
def test_tests_run_here(sandbox: RemoteSandbox, server: Server, tests: str, status: Status) -> None:
    assert sandbox.run_tests(ADDER, tests, entry="f").status is status
    sent = json.dumps([body for _, _, body in server.requests])
    assert "check(candidate)" not in sent


def test_a_program_cannot_say_that_it_passed(sandbox: RemoteSandbox) -> None:
    source = FORGER.format(deed="say('A', '5'); say('D'); os._exit(0)")
    assert sandbox.run_tests(source, "assert f(1) == 2", entry="f").status is not Status.OK


@pytest.mark.slow
def test_programs_that_turn_against_their_tests(server: Server) -> None:
    check_sandbox(lambda: remote(server, "sandboxfusion"), programs=[*FAMILIES["proxy"], *FAMILIES["impostors"][::4]])


def test_sessions(sandbox: RemoteSandbox) -> None:
    with sandbox.session("s = []\ndef f(x):\n    s.append(x)\n    return s", entry="f") as session:
        assert [session.call(1).value, session.call(2).value] == [[1], [1, 2]]
    assert session.close().ok


@pytest.mark.parametrize(
    ("source", "stdin", "status", "stdout"),
    [
        ("print(2 * int(input()))", "21\n", Status.OK, "42\n"),
        ("import sys; print('a'); sys.exit(3)", "", Status.EXCEPTION, "a\n"),
        ("import os; os._exit(0)", "", Status.OK, ""),
        ("print('x' * 100000)", "", Status.OUTPUT, ...),
    ],
)
def test_programs(sandbox: RemoteSandbox, source: str, stdin: str, status: Status, stdout: Any) -> None:
    execution = sandbox.run(source, stdin=stdin)
    assert execution.status is status, execution
    assert stdout in (..., execution.stdout)


FRAGILE = """
def f(x):
    if x == 0:
        raise ValueError("zero")
    while x < 0:
        pass
    return 680 + x
"""


def test_answers_before_a_time_out_are_kept(sandbox: RemoteSandbox, server: Server) -> None:
    server.patience = 2.0
    limits = dataclasses.replace(LIMITS, wall_seconds=4.0)
    execution = sandbox.run(FRAGILE, entry="f", calls=[((x,), {}) for x in (1, 0, 2, -1, 3)], limits=limits)
    wanted = [Status.OK, Status.EXCEPTION, Status.OK, Status.TIMEOUT, Status.NOT_RUN]
    assert [result.status for result in execution.results] == wanted
    assert (execution.values[0], execution.values[2]) == (681, 682)


@pytest.mark.parametrize("service", ["sandboxfusion", "e2b"])
def test_an_answer_that_a_time_out_cut_off_is_none(service: str, server: Server) -> None:
    def cut(handler: Handler) -> None:
        word = re.search(r'"word": "([0-9a-f]{32})"', server.requests[-1][2]["code"])
        assert word is not None
        said = f"\n{word[1]} B \n\n{word[1]} R \n\n{word[1]} A 68\n\n{word[1]} A 16"  # of 166, say
        if service == "e2b":
            lines = [{"type": "stdout", "text": said}, {"type": "stdout", "text": "6\n"}]
            handler.send_response(200)
            handler.end_headers()
            # The second event is cut off itself.
            handler.wfile.write("".join(f"{json.dumps(line)}\n" for line in lines).encode()[:-9])
            handler.connection.recv(1)
            return
        run = {"status": "TimeLimitExceeded", "execution_time": 1.0, "return_code": None, "stdout": said, "stderr": ""}
        handler.answer(200, {"status": "Failed", "message": "", "run_result": run, "files": {}})

    server.faults = [cut]
    with remote(server, service) as sandbox:
        limits = dataclasses.replace(LIMITS, wall_seconds=1.0)
        execution = sandbox.run(ADDER, entry="f", calls=[((67,), {}), ((15,), {})], limits=limits)
    assert [(result.status, result.value) for result in execution.results] == [(Status.OK, 68), (Status.TIMEOUT, None)]


@pytest.mark.parametrize("said", ["{", "[]", '{"code": 0}', '{"code": "0", "stdout": "42", "stderr": ""}', "[" * 10**5])
def test_who_says_how_a_program_ends_must_say_it_well(said: str, server: Server) -> None:
    """A program that ends what runs it, and has found the word, says no more than nonsense."""

    def forge(handler: Handler) -> None:
        word = re.search(r'"word": "([0-9a-f]{32})"', server.requests[-1][2]["code"])
        assert word is not None
        events = [{"type": "stdout", "text": f"\n{word[1]} B\n{word[1]} P {said}\n"}, {"type": "end_of_execution"}]
        handler.answer(200, "".join(f"{json.dumps(event)}\n" for event in events).encode())

    server.faults = [forge]
    with remote(server, "e2b") as sandbox:
        assert sandbox.run("print(42)").status is Status.TAMPERED


def test_what_each_service_is_sent(server: Server) -> None:
    with remote(server, "sandboxfusion", api_key="key") as sandbox:
        limits = Limits(wall_seconds=3.0, memory_bytes=64 << 20)
        sandbox.run_job(Job("print(1)", stdin="in", files={"a": b"\x00"}, fetch=["b"], limits=limits))
    assert server.headers[-1]["Authorization"] == "Bearer key"
    assert server.requests[-1] == (
        "POST",
        "/run_code",
        {
            "code": "print(1)",
            "language": "python",
            "stdin": "in",
            "compile_timeout": 3.0,
            "run_timeout": 3.0,
            "memory_limit_MB": 64,
            "files": {"a": "AA=="},
            "fetch_files": ["b"],
        },
    )
    server.api_key = "key"
    with remote(server, "e2b", api_key="key") as sandbox:
        assert sandbox.run(ADDER, entry="f", calls=[((1,), {})]).ok
    made, executed, deleted = server.requests[-3:]
    assert made[:2] == ("POST", "/sandboxes")
    assert made[2] == {
        "templateID": "code-interpreter-v1",
        "timeout": 40,
        "secure": True,
        "allow_internet_access": False,
    }
    assert server.headers[-2]["X-API-Key"] == "key"
    assert executed[1].startswith("/box/")
    assert executed[2].keys() == {"code", "language", "context_id", "env_vars"}
    assert server.headers[-1]["X-Access-Token"] == f"token-{executed[1].split('/')[2]}"
    assert deleted[0] == "DELETE"


def test_who_has_no_key_gets_no_sandbox(server: Server) -> None:
    server.api_key = "key"
    with remote(server, "e2b", api_key="another one") as sandbox:
        execution = sandbox.run("print(1)")
    assert execution.status is Status.INFRASTRUCTURE
    assert "401" in execution.reason


def test_sandboxes_are_where_the_platform_says(server: Server) -> None:
    with remote(server, "e2b", execute_url=f"{server.url}/box/{{sandbox}}/{{domain}}") as sandbox:
        assert sandbox.run("print(1)").stdout == "1\n"
    assert server.requests[-2][1].endswith("/example.org/execute")


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_what_the_service_has_cut_is_no_output(server: Server, stream: str) -> None:
    """SandboxFusion keeps a mebibyte of each stream and does not say that there was more."""
    limits = Limits(wall_seconds=10.0, output_bytes=8 * KEPT)
    with remote(server, "sandboxfusion") as sandbox:
        for more in (-1, 0, 1):
            source = f"import sys\nsys.{stream}.write('x' * {KEPT + more})"
            execution = sandbox.run_job(Job(source, limits=limits))
            assert execution.status is (Status.OK if more < 0 else Status.OUTPUT)


def truncated(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"status": "Success"')


def slowly(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(100):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            threading.Event().wait(0.1)
    except OSError:
        return


def says(body: Any) -> Callable[[Handler], None]:
    return lambda handler: handler.answer(200, body)


GARBAGE: list[int | Callable[[Handler], None]] = [
    500,
    503,
    404,
    401,
    302,
    lambda handler: handler.connection.close(),
    truncated,
    says(b""),
    says(b"<html>"),
    says(b"[" * 100_000),
    says([]),
    says({}),
    says({"status": "SandboxError", "message": "out of pods", "run_result": None}),
    says({"status": "Great", "run_result": {}}),
    says({"status": "Success", "run_result": None}),
    says({"status": "Success", "run_result": {"status": "Error", "return_code": 0, "stdout": "", "stderr": ""}}),
    says({"status": "Success", "run_result": {"status": "Finished", "return_code": 1, "stdout": "", "stderr": ""}}),
    says({"status": "Failed", "run_result": {"status": "Finished", "return_code": 0, "stdout": "", "stderr": ""}}),
    says({"status": "Success", "run_result": {"status": "Finished", "return_code": 0, "stdout": 5, "stderr": ""}}),
    says(b'{"type": "stdout", "text": "a"}\n'),  # no end_of_execution
    says(b'{"type": "stdout"}\n{"type": "end_of_execution"}\n'),
    says(b'{"type": "end_of_execution"}\n'),  # nothing was run at all
]


@pytest.mark.parametrize("fault", range(len(GARBAGE)))
def test_a_service_that_fails_is_asked_twice_and_never_scores(
    sandbox: RemoteSandbox, server: Server, fault: int
) -> None:
    server.faults = [GARBAGE[fault]]
    assert sandbox.run("print(1)", stdin="").stdout == "1\n"
    for job in (Job("print(1)"), Job(ADDER, entry="f", calls=[((1,), {})]), Job(ADDER, entry="f", tests="f(1)")):
        server.faults = [GARBAGE[fault]] * 2
        execution = sandbox.run_job(job)
        assert execution.status is Status.INFRASTRUCTURE, execution
        assert not execution.scored
        assert execution.reason


def test_no_answer_in_time(server: Server) -> None:
    server.faults = [slowly] * 2
    with remote(server, "sandboxfusion", patience=0.2) as sandbox:
        execution = sandbox.run_job(Job("print(1)", limits=Limits(wall_seconds=0.2)))
    assert execution.status is Status.INFRASTRUCTURE
    assert "in time" in execution.reason


def test_a_program_that_takes_too_long(sandbox: RemoteSandbox) -> None:
    limits = Limits(wall_seconds=1.5)
    assert sandbox.run_job(Job("while True: pass", limits=limits)).status is Status.TIMEOUT
    assert sandbox.run_job(Job("def f():\n  while True: pass", entry="f", calls=[((), {})], limits=limits)).status in (
        Status.TIMEOUT,
        Status.EXITED,
    )


def test_what_was_answered_in_time_counts(server: Server) -> None:
    source = "def f(x):\n    while x == 2:\n        pass\n    return x"
    calls: list[Any] = [((x,), {}) for x in (1, 2, 3)]
    with remote(server, "sandboxfusion") as sandbox:
        execution = sandbox.run(source, entry="f", calls=calls, limits=Limits(wall_seconds=3.0))
    assert [result.status for result in execution.results] == [Status.OK, Status.TIMEOUT, Status.NOT_RUN]
    assert (execution.status, execution.values) == (Status.TIMEOUT, [1, None, None])


def test_nobody_there() -> None:
    with RemoteSandbox(LIMITS, url="http://127.0.0.1:9") as sandbox:
        execution = sandbox.run("print(1)")
        assert execution.status is Status.INFRASTRUCTURE
        assert "tried twice" in execution.reason
        with pytest.raises(SandboxUnavailable):
            sandbox.session(ADDER, entry="f")


@pytest.mark.parametrize(
    ("options", "words"),
    [({"url": "localhost"}, "http://"), ({"url": "http://x", "service": "y"}, "sandboxfusion, e2b")],
)
def test_what_makes_no_sense(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        open_sandbox("remote", **options)


def test_other_languages(server: Server) -> None:
    with remote(server, "sandboxfusion") as sandbox:
        assert sandbox.run("echo hi", language="bash").stdout == "hi\n"
        assert sandbox.run("x", language="c").status is Status.REFUSED
        assert sandbox.run_job(Job("x", language="bash", entry="f")).status is Status.REFUSED
