"""Forms that an answer may have to have beside its value: factored, expanded, simplified, in lowest terms, decimal.

Each check looks at the tree as it was written and names the first fault that it finds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from math import gcd

from reasoning_envs.symbolic.equality.canonical import canonical
from reasoning_envs.symbolic.equality.forms import TooLarge, UndefinedForm, form, ring_of
from reasoning_envs.symbolic.equality.rings import is_kernel, is_rational, to_rational
from reasoning_envs.symbolic.syntax.expression import Expr, factors, split_coefficient, terms, walk
from reasoning_envs.symbolic.syntax.printer import to_text

__all__ = ["FORMS", "fault_of_form"]


def fault_of_form(expr: Expr, name: str, text: str = "") -> str | None:
    """What keeps an expression from having the form ``name``, in words; None where nothing does.

    Args:
        expr: a value.
        name: of the form.
        text: the value as it was written, since decimals are fractions when they are read.

    Raises:
        KeyError: no such form; see :data:`FORMS`.
    """
    check = FORMS[name]
    if name == "decimal":
        return None if _DECIMAL.fullmatch(text.strip()) else f"{text.strip()[:60]} is no decimal number"
    if name == "lowest terms" and "." in text:
        return f"{text} is a decimal"
    try:
        return check(expr)
    except (UndefinedForm, TooLarge) as error:
        return f"{to_text(expr)} cannot be examined: {error}"


def _factored(expr: Expr) -> str | None:
    """A product of powers of irreducible polynomials without a common numerical factor, and at most one number."""
    if expr.op == "neg":
        return _factored(expr.args[0])
    if expr.op == "div":
        return _factored(expr.args[0]) or _factored(expr.args[1])
    for factor in factors(expr):
        base = factor
        while (base.op in ("pow", "neg") and base.op == "neg") or _is_power(base):
            base = base.args[0]
        if base.op == "mul" or base.op == "div":
            fault = _factored(base)
            if fault is not None:
                return fault
            continue
        if not base.symbols:
            continue
        tree = canonical(base).tree
        polynomial = form(tree, ring_of(tree))
        if polynomial.denominator is not None:
            return f"{to_text(base)} is no product of polynomials"
        content, parts = polynomial.numerator.factor()
        if sum(times for _, times in parts) > 1:
            return f"{to_text(base)} can be factored further"
        if abs(content) != 1:
            return f"a number can be taken out of {to_text(base)}"
    if len([factor for factor in factors(expr) if factor.op == "num"]) > 1:
        return "two numbers are left in the product"
    return None


def _is_power(expr: Expr) -> bool:
    return expr.op == "pow" and isinstance(expr.args[1].value, int) and expr.args[1].value > 0


def _expanded(expr: Expr) -> str | None:
    """A sum of monomials, each once."""
    seen: set[bytes] = set()
    for term in terms(expr):
        fault = _monomial(term)
        if fault is not None:
            return fault
        _, rest = split_coefficient(term)
        if rest.key in seen:
            return (
                f"like terms are not collected: {to_text(rest)} occurs twice"
                if rest.symbols
                else ("two numbers are not added")
            )
        seen.add(rest.key)
    return None


def _monomial(term: Expr) -> str | None:
    if term.op == "neg":
        return _monomial(term.args[0])
    if term.op == "div":
        if term.args[1].symbols:
            return f"{to_text(term)} is no monomial"
        return _monomial(term.args[0])
    bases: set[bytes] = set()
    numbers = 0
    for factor in factors(term):
        base = factor.args[0] if _is_power(factor) else factor
        if base.op in ("add", "mul", "div", "neg") or (base.op == "num" and base is not factor):
            return f"{to_text(factor)} is not multiplied out"
        if base.op == "num":
            numbers += 1
        elif base.key in bases:
            return f"powers of {to_text(base)} are not collected"
        bases.add(base.key)
    return "two numbers are not multiplied" if numbers > 1 else None


def _lowest_terms(expr: Expr) -> str | None:
    """An integer, a fraction whose parts have no common factor, or what holds no fraction."""
    for node in walk(expr):
        if node.op != "div":
            continue
        top, under = node.args
        if top.op == "num" and under.op == "num":
            return f"{to_text(node)} is not in lowest terms"
        if not (is_rational(top) and is_rational(under)):
            continue
        ring = ring_of(top, under)
        over, below = form(top, ring).numerator, form(under, ring).numerator
        common = over.gcd(below)
        if not common.is_constant():
            return f"{to_text(node)} is not in lowest terms: both have a common factor"
        content, other = (to_rational(abs(part.factor()[0])) for part in (over, below))
        whole = content.denominator == 1 == other.denominator
        if not whole or gcd(content.numerator, other.numerator) != 1:
            return f"{to_text(node)} is not in lowest terms: a number can be cancelled"
    return None


_DONE = {
    "add": "two numbers are not added",
    "mul": "two numbers are not multiplied",
}


def _simplified(expr: Expr) -> str | None:
    """No arithmetic left undone, no like terms, nothing to cancel, no 0 or 1 too many, roots without square factors."""
    for node in walk(expr):
        fault = _undone(node)
        if fault is not None:
            return fault
    return _lowest_terms(expr)


def _undone(node: Expr) -> str | None:
    op = node.op
    if op in _DONE:
        numbers = [arg for arg in node.args if arg.op == "num"]
        if len(numbers) > 1:
            return _DONE[op]
        if any(arg.value == (0 if op == "add" else 1) for arg in numbers) or (
            op == "mul" and any(arg.value == 0 for arg in numbers)
        ):
            return f"{to_text(node)} can be written shorter"
    if op == "add":
        keys = [split_coefficient(term)[1].key for term in node.args]
        if len(set(keys)) < len(keys):
            return f"like terms are not collected in {to_text(node)}"
    if op == "mul":
        keys = [(factor.args[0] if factor.op == "pow" else factor).key for factor in node.args]
        if len(set(keys)) < len(keys):
            return f"powers are not collected in {to_text(node)}"
    if op == "pow" and (node.args[0].op == "num" and node.args[1].op == "num" and isinstance(node.args[1].value, int)):
        return f"{to_text(node)} is not worked out"
    if op == "pow" and node.args[1].value in (0, 1):
        return f"{to_text(node)} can be written shorter"
    if op == "div" and node.args[1].value == 1:
        return f"{to_text(node)} can be written shorter"
    if is_kernel(node) and op != "const" and not node.symbols:
        return _constant_fault(node)
    return None


def _constant_fault(node: Expr) -> str | None:
    """A root or a logarithm of a number that is a plain number, or holds a square that can be taken out."""
    tree = canonical(node).tree
    if tree.op == "num":
        return f"{to_text(node)} is {to_text(tree)}"
    if node.op in ("sqrt", "root") and tree.op == "mul" and tree.args[0].op == "num":
        return f"a factor can be taken out of {to_text(node)}"
    return None


_DECIMAL = re.compile(r"(?:[A-Za-z]\s*=\s*)?[-−+]?\s*(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?")


def _decimal(expr: Expr) -> str | None:
    """A number with finitely many decimals."""
    return None if expr.op == "num" else f"{to_text(expr)} is no decimal number"


FORMS: dict[str, Callable[[Expr], str | None]] = {
    "expanded": _expanded,
    "factored": _factored,
    "lowest terms": _lowest_terms,
    "simplified": _simplified,
    "decimal": _decimal,
}
"""Each form and its check."""
