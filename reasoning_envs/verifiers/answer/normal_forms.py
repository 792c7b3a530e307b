"""The normal forms of ``Simplify``: for each goal, what keeps an expression from having reached it.

=============  ========================================================================================
goal           a line has reached it when it is
=============  ========================================================================================
expand         a sum of monomials, like ones collected
factor         a product of powers of polynomials that cannot be factored over Q, and at most one number
one fraction   one quotient without a common factor, or a polynomial; above and below expanded or factored
radicals       a sum of numbers times different roots of whole numbers without square factors, no root below a bar
powers         a number times powers with positive exponents, each letter once, or a quotient of two such products
=============  ========================================================================================

In all of them no arithmetic is left to be done.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

from reasoning_envs.symbolic.syntax.expression import Expr, factors, split_coefficient, terms, walk
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.verifiers.answer.forms import fault_of_form

__all__ = ["GOALS", "fault_of_goal"]


@lru_cache(maxsize=2048)
def fault_of_goal(expr: Expr, goal: str) -> str | None:
    """What keeps an expression from being in the normal form of a goal, in words; None where nothing does.

    Raises:
        KeyError: no such goal; see :data:`GOALS`.
    """
    return GOALS[goal](expr) or fault_of_form(expr, "simplified")


def _expanded(expr: Expr) -> str | None:
    return fault_of_form(expr, "expanded")


def _factored(expr: Expr) -> str | None:
    body = expr.args[0] if expr.op == "neg" else expr
    for factor in factors(body):
        base = factor.args[0] if factor.op == "pow" else factor
        fault = fault_of_form(base, "expanded") if base.op == "add" else None
        if fault is not None:
            return fault
    return fault_of_form(expr, "factored")


def _one_fraction(expr: Expr) -> str | None:
    body = expr.args[0] if expr.op == "neg" else expr
    parts = body.args if body.op == "div" else (body,)
    for part in parts:
        for node in walk(part):
            if node.op == "div" or isinstance(node.value, Fraction):
                return f"{to_text(node)} is a fraction within the line: it is to be one fraction"
            if node.op == "pow" and node.args[1].op == "num" and node.args[1].number < 0:
                return f"{to_text(node)} is a fraction within the line: it is to be one fraction"
        if _expanded(part) is not None and _factored(part) is not None:
            return f"{to_text(part)} is neither expanded nor factored"
    return fault_of_form(expr, "lowest terms")


def _radicals(expr: Expr) -> str | None:
    body = expr.args[0] if expr.op == "neg" else expr
    if body.op == "div":
        if body.args[1].op != "num":
            return f"the denominator {to_text(body.args[1])} is to be a number"
        body = body.args[0]
    seen: set[bytes] = set()
    for term in terms(body):
        _, rest = split_coefficient(term)
        if rest.op not in ("num", "sqrt") or (rest.op == "sqrt" and rest.args[0].op != "num"):
            return f"{to_text(term)} is no number times one root of a number"
        if rest.op == "sqrt" and isinstance(rest.args[0].value, Fraction):
            return f"{to_text(rest)} is a root of a fraction"
        if rest.key in seen:
            return f"{to_text(rest)} occurs twice"
        seen.add(rest.key)
    return None


def _powers(expr: Expr) -> str | None:
    body = expr.args[0] if expr.op == "neg" else expr
    parts = body.args if body.op == "div" else (body,)
    seen: set[bytes] = set()
    for part in parts:
        inner = part.args[0] if part.op == "neg" else part
        for factor in factors(inner):
            base = factor
            if factor.op == "pow":
                base, exponent = factor.args
                if not isinstance(exponent.value, int) or exponent.value < 2:
                    return f"the exponent of {to_text(factor)} is to be a whole number above 1"
            if base.op == "num" and factor is base:
                continue
            if base.op != "sym":
                return f"{to_text(factor)} is no power of a letter"
            if base.key in seen:
                return f"{to_text(base)} occurs twice"
            seen.add(base.key)
    return None


GOALS: dict[str, Callable[[Expr], str | None]] = {
    "expand": _expanded,
    "factor": _factored,
    "one fraction": _one_fraction,
    "radicals": _radicals,
    "powers": _powers,
}
"""Each goal and its check, apart from the arithmetic that must not be left."""
