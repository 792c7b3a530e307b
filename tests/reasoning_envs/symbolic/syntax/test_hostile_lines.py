"""Lines made to break a judge: each is refused for the right reason, and the next line is read as ever."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from reasoning_envs.symbolic.syntax.bounds import MAX_DEPTH as DEEPEST_TREE
from reasoning_envs.symbolic.syntax.bounds import UnsafeExpressionError, check_bounds
from reasoning_envs.symbolic.syntax.expression import call, num, power, sym
from reasoning_envs.symbolic.syntax.hostile import HOSTILE_LINES, expected_status
from reasoning_envs.symbolic.syntax.parser import MAX_DEPTH, ParseError, parse_line, parse_statement
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.types import Status

GOOD = "2*x + 3 = 7*(x - 1)"


def status_of(text: str) -> tuple[Status, str]:
    try:
        line = parse_line(text)
    except ParseError as error:
        return Status.UNPARSED, error.reason
    try:
        check_bounds(line)
    except UnsafeExpressionError as error:
        return Status.UNSAFE, error.reason
    return Status.VERIFIED, ""


@pytest.mark.parametrize("text", HOSTILE_LINES, ids=[ascii(text[:30]) for text in HOSTILE_LINES])
def test_hostile_line_is_refused_and_the_next_is_read(text: str) -> None:
    status, reason = status_of(text)
    assert status is expected_status(text)
    assert 10 < len(reason) < 300
    assert to_text(parse_statement(GOOD)) == GOOD
    assert status_of(GOOD)[0] is Status.VERIFIED


def test_the_list_is_long_and_has_both_kinds() -> None:
    kinds = [expected_status(text) for text in HOSTILE_LINES]
    assert kinds.count(Status.UNPARSED) >= 80
    assert kinds.count(Status.UNSAFE) >= 30
    assert len(set(HOSTILE_LINES)) == len(HOSTILE_LINES)


def test_nothing_is_executed(tmp_path: Path) -> None:
    target = tmp_path / "executed"
    for text in (f"__import__('pathlib').Path('{target}').touch()", f"open('{target}', 'w')"):
        assert status_of(text)[0] is Status.UNPARSED
    assert not target.exists()


def test_deepest_legal_nesting_needs_little_of_the_stack() -> None:
    """Half the interpreter's stack is enough for the deepest line that is read and for the deepest that is refused."""
    legal = "x"
    for _ in range(MAX_DEPTH // 2 - 1):
        legal = f"2^sin({legal})"
    deeper = legal
    for _ in range(MAX_DEPTH):
        deeper = f"2^sin({deeper})"
    tree = sym("x")
    for _ in range(DEEPEST_TREE - 1):
        tree = call("sin", tree)
    failures: list[BaseException] = []

    def read() -> None:
        limit = sys.getrecursionlimit()
        try:
            for text in (legal, "sin(" * (MAX_DEPTH - 1) + "x" + ")" * (MAX_DEPTH - 1)):
                line = parse_line(text)
                assert parse_line(to_text(line)) == line
            assert status_of(deeper)[0] is Status.UNPARSED
            assert status_of(f"({legal})^9999")[0] is Status.UNSAFE
            check_bounds(tree)
            with pytest.raises(UnsafeExpressionError, match="at most 1000"):
                check_bounds(power(tree.args[0], num(9999)))
        except BaseException as error:  # noqa: BLE001 - reported by the test's own thread
            failures.append(error)
        assert sys.getrecursionlimit() == limit

    thread = threading.Thread(target=use_up, args=(500, read))
    thread.start()
    thread.join()
    assert not failures


def use_up(frames: int, then: object) -> None:
    """Call ``then`` that many frames down."""
    if frames:
        use_up(frames - 1, then)
    elif callable(then):
        then()
