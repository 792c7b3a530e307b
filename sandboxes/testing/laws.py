"""What a sandbox's methods promise, whatever the program: held against honest and broken ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from sandboxes.protocol import Sandbox
from sandboxes.testing.program import LIMITS
from sandboxes.types import Call, Job, Limits, SandboxClosed, Status
from sandboxes.values import same

__all__ = ["CLOSED_LAWS", "LAWS"]

_HURRIED = Limits(**{**LIMITS.to_json(), "cpu_seconds": 0.2})
_CUBE = "def solve(n):\n    return n ** 3 + 41\n"
_FRAGILE = """
def solve(n):
    if n == 0:
        raise ValueError("zero")
    if n < 0:
        while True:
            pass
    return n
"""


def _protocol(sandbox: Sandbox) -> Iterator[str]:
    """Has the members of the protocol, and says on each execution what ran it."""
    if not isinstance(sandbox, Sandbox):
        yield "isinstance(sandbox, sandboxes.Sandbox) is False: a member is missing"
    execution = sandbox.run(_CUBE, entry="solve", calls=[((3,), {})])
    if not (execution.ok and same(execution.values, [68])):
        yield f"run() without limits of its own came to {execution.status.value}: {execution.reason}"
    if (execution.backend, execution.tier) != (sandbox.backend, sandbox.tier):
        yield f"an execution says {execution.backend}, {execution.tier}; the sandbox {sandbox.backend}, {sandbox.tier}"
    if execution.calls != 1:
        yield f"execution.calls is {execution.calls} after one call"


def _order(sandbox: Sandbox) -> Iterator[str]:
    """run_many keeps the order of the jobs, and mixes none of them up."""
    jobs = [Job(f"def solve(n):\n    return [n, {k}]\n", entry="solve", calls=(((k,), {}),)) for k in range(24)]
    got = [execution.values for execution in sandbox.run_many(jobs)]
    if not same(got, [[[k, k]] for k in range(24)]):
        yield f"run_many answered {got}"


def _threads(sandbox: Sandbox) -> Iterator[str]:
    """Several threads at once get the answers to their own questions."""

    def ask(number: int) -> list[object]:
        return sandbox.run(_CUBE, entry="solve", calls=[((number,), {})], limits=LIMITS).values

    with ThreadPoolExecutor(6) as pool:
        got = list(pool.map(ask, range(24)))
    if not same(got, [[number**3 + 41] for number in range(24)]):
        yield f"answers were mixed up: {got}"


def _statuses(sandbox: Sandbox) -> Iterator[str]:
    """One call's exception does not keep the next one from an answer, a time-out does; the first failure is told."""
    calls: list[Call] = [((number,), {}) for number in (1, 0, 2, -1, 3)]
    execution = sandbox.run(_FRAGILE, entry="solve", calls=calls, limits=_HURRIED)
    statuses = [result.status for result in execution.results]
    wanted = [Status.OK, Status.EXCEPTION, Status.OK, Status.TIMEOUT, Status.NOT_RUN]
    if statuses != wanted:
        yield f"calls came to {[str(status) for status in statuses]} and not to {[str(status) for status in wanted]}"
    elif execution.status is not Status.EXCEPTION:
        yield f"the whole came to {execution.status}, the first call that failed to exception"
    elif not execution.results[1].error.startswith("ValueError: "):
        yield f"a ValueError was told as {execution.results[1].error!r}"


def _session(sandbox: Sandbox) -> Iterator[str]:
    """A session keeps the program's state, survives an exception and ends with the program."""
    source = "said = []\n\ndef solve(n):\n    said.append(n)\n    return [10 // n, len(said)]\n"
    with sandbox.session(source, entry="solve", limits=LIMITS) as session:
        first, second, third = session.call(1), session.call(0), session.call(n=5)
        if not (first.ok and same(first.value, [10, 1])):
            yield f"the first call came to {first}"
        if second.status is not Status.EXCEPTION:
            yield f"a call that raised came to {second}"
        if not (third.ok and same(third.value, [2, 3])):
            yield f"the call after it came to {third}"
        end = session.close()
        if len(end.results) != 3:
            yield f"close() tells of {len(end.results)} calls, and 3 were made"
    with sandbox.session("import os\n\ndef solve(n):\n    os._exit(0)\n", entry="solve", limits=LIMITS) as session:
        dead, later = session.call(1), session.call(1)
        if dead.ok or later.ok:
            yield f"a program that had ended answered: {dead}, {later}"


def _arguments(sandbox: Sandbox) -> Iterator[str]:
    """Arguments that are no plain values are an error of the caller and raise."""
    try:
        sandbox.run(_CUBE, entry="solve", calls=[((object(),), {})])
    except TypeError:
        pass
    else:
        yield "an argument that is no plain value did not raise TypeError"


def _closed(sandbox: Sandbox) -> Iterator[str]:
    """After close() it says so, and closing again does nothing."""
    sandbox.close()
    try:
        sandbox.run(_CUBE, entry="solve", calls=[((1,), {})])
    except SandboxClosed:
        pass
    else:
        yield "run() after close() did not raise SandboxClosed"


Law = Callable[[Sandbox], Iterator[str]]

LAWS: Mapping[str, Law] = {
    "law-protocol": _protocol,
    "law-order": _order,
    "law-threads": _threads,
    "law-statuses": _statuses,
    "law-session": _session,
    "law-arguments": _arguments,
}
"""Name -> what yields a sentence for each breach."""

CLOSED_LAWS: Mapping[str, Law] = {"law-closed": _closed}
"""Those for a sandbox that has been closed."""
