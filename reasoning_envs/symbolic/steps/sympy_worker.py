"""SymPy's opinion, asked in a process of its own that can be killed.

This is the callers' side. Trees cross the pipe as plain data, and what answers there is
:func:`reasoning_envs.symbolic.steps.sympy_answers.answer`.
"""

from __future__ import annotations

from functools import lru_cache

from reasoning_envs.symbolic.syntax.expression import Expr
from reasoning_envs.symbolic.syntax.packing import pack, unpack_expression
from reasoning_envs.types import Relation, Status, Verdict
from sandboxes.worker import Answer, AnswerStatus, Worker, WorkerLimits

__all__ = ["ask_equal", "ask_solutions"]

_LIMITS = WorkerLimits(cpu_seconds=2.0, wall_seconds=4.0, memory_bytes=2 << 30)


@lru_cache(maxsize=1)
def _worker() -> Worker:
    return Worker("reasoning_envs.symbolic.steps.sympy_answers:answer", limits=_LIMITS)


def ask_equal(left: Expr, right: Expr, *, over: str = "real") -> Verdict:
    """Can SymPy prove that two expressions are equal, or that they are not?

    Returns:
        VERIFIED, REFUTED or UNDECIDED by SymPy; TIMEOUT where it took too long; ERROR where its process failed.
    """
    reply = _worker().call({"ask": "equal", "left": pack(left), "right": pack(right), "over": over})
    if reply.status is not AnswerStatus.RESULT:
        return _trouble(reply)
    if reply.value is True:
        return Verdict(Status.VERIFIED, Relation.EQUIVALENT, "the two are equal", "sympy", True)
    if reply.value is False:
        return Verdict(Status.REFUTED, Relation.NONE, "the two are not equal", "sympy", False)
    return Verdict(Status.UNDECIDED, Relation.UNKNOWN, "SymPy cannot tell either", "sympy")


def ask_solutions(left: Expr, right: Expr, unknown: str) -> tuple[Expr, ...] | Verdict:
    """The real solutions of ``left = right`` where SymPy finds finitely many; else a verdict that says why not.

    The equation holds no symbol but ``unknown``.
    """
    reply = _worker().call({"ask": "solve", "left": pack(left), "right": pack(right), "unknown": unknown})
    if reply.status is not AnswerStatus.RESULT:
        return _trouble(reply)
    if reply.value is None:
        return Verdict(Status.UNDECIDED, Relation.UNKNOWN, "SymPy cannot solve the equation", "sympy")
    return tuple([unpack_expression(tree) for tree in reply.value])


def _trouble(reply: Answer) -> Verdict:
    status = Status.TIMEOUT if reply.status is AnswerStatus.TIMEOUT else Status.ERROR
    return Verdict(status, Relation.UNKNOWN, f"SymPy did not answer: {reply.error}", "sympy")
