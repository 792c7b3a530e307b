"""What every rule is made of: the rewrite with its certificate, and the ways to write a product."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import isqrt
from typing import Any

from reasoning_envs.symbolic.syntax.expression import (
    ONE,
    ZERO,
    Expr,
    Number,
    add,
    div,
    factors,
    mul,
    neg,
    num,
    power,
    replace_at,
    sum_tokens,
)
from reasoning_envs.symbolic.syntax.statement import Comparison, Statement
from reasoning_envs.symbolic.syntax.tokens import END, OPERATORS, encode_number

__all__ = [
    "MAX_BITS",
    "MAX_EXPANDED_TERMS",
    "MAX_EXPONENT",
    "Rewrite",
    "at_least_zero",
    "base_exponent",
    "inside",
    "is_small",
    "nonzero",
    "product",
    "product_tokens",
    "raised_to",
    "rational_root",
    "scale",
    "summed",
    "symbolic_factors",
    "without_factor",
]


class Rewrite:
    """One rule applied at one place.

    Attributes:
        rule: its name.
        result: the whole expression afterwards, built when it is first asked for: the constructor takes it, or a
            function and its arguments.
        tokens: of the result, known at once: most candidates are looked at and never taken.
        operand: what the rule acted on, for descriptions: the sum opened, the factor cancelled; as the result, it
            may be given by how to build it.
        sound: the value is kept wherever ``condition`` holds. False: a classic mistake.
        condition: a statement about the expression's symbols; None: no condition.
    """

    __slots__ = ("_operand", "_result", "condition", "rule", "sound", "tokens")

    def __init__(
        self,
        rule: str,
        result: Expr | tuple[Any, ...],
        operand: Expr | tuple[Any, ...] | Rewrite,
        sound: bool = True,
        condition: Statement | None = None,
        tokens: bytes = b"",
    ) -> None:
        self.rule = rule
        self._result = result
        self._operand = operand
        self.sound = sound
        self.condition = condition
        self.tokens = tokens or self.result.tokens

    @property
    def operand(self) -> Expr:
        """What the rule acted on."""
        operand = self._operand
        if isinstance(operand, Expr):
            return operand
        if isinstance(operand, Rewrite):
            return operand.operand
        made: Expr = operand[0](*operand[1:])
        return made

    @property
    def result(self) -> Expr:
        """The whole expression afterwards."""
        result = self._result
        if not isinstance(result, Expr):
            made: Expr = result[0](*result[1:])
            result = self._result = made
        return result


_MUL = OPERATORS["mul"]
_NUMBERS = encode_number(1)[:1] + encode_number(-1)[:1]
_JOINING_DIV = _NUMBERS
_JOINING_NEG = _NUMBERS + OPERATORS["neg"] + _MUL


def inside(node: Expr, index: int, rewrites: Sequence[Rewrite]) -> list[Rewrite]:
    """Rewrites of operand number ``index`` of ``node``, as rewrites of ``node``."""
    found: list[Rewrite] = []
    if not rewrites:
        return found
    op, args = node.op, node.args
    head = node.tokens[:1]
    before = head + b"".join([arg.tokens for arg in args[:index]])
    behind = b"".join([arg.tokens for arg in args[index + 1 :]])
    own = -1  # the first token of a sum in a sum, which is flat
    if op in ("add", "mul"):
        own = head[0]
        behind += END
    # Numbers in a quotient, and numbers and products behind a sign, may become one with it.
    joining = _JOINING_NEG if op == "neg" else _JOINING_DIV if op == "div" else b""
    for inner in rewrites:
        tokens = inner.tokens
        start = tokens[0]
        if start in joining:
            whole = replace_at(node, index, inner.result)
            found.append(Rewrite(inner.rule, whole, inner, inner.sound, inner.condition, whole.tokens))
            continue
        if start == own:
            tokens = tokens[1:-1]
        made = (_replaced, node, index, inner)
        found.append(Rewrite(inner.rule, made, inner, inner.sound, inner.condition, before + tokens + behind))
    return found


def _replaced(node: Expr, index: int, inner: Rewrite) -> Expr:
    return replace_at(node, index, inner.result)


def summed(
    rule: str,
    kept: Sequence[Expr],
    operand: Expr | tuple[Any, ...],
    sound: bool = True,
    condition: Statement | None = None,
) -> Rewrite:
    """The rewrite of a sum to the sum of the terms that are ``kept``, built on demand."""
    return Rewrite(rule, (add, *kept), operand, sound, condition, sum_tokens(kept))


MAX_BITS = 256
MAX_EXPANDED_TERMS = 12
MAX_EXPONENT = 4


def product(*operands: Expr) -> Expr:
    """The product with all signs drawn to the front: ``3 * (-y)`` is ``-3*y``."""
    negative = False
    kept = []
    for operand in operands:
        if operand.op == "neg":
            negative = not negative
            operand = operand.args[0]
        kept.append(operand)
    result = mul(*kept)
    return neg(result) if negative else result


def product_tokens(operands: Sequence[Expr]) -> bytes:
    """The tokens of ``product(*operands)`` of two operands or more, without the product itself where it has no sign."""
    inner = b""
    for operand in operands:
        if operand.op == "neg":
            return product(*operands).tokens
        inner += operand.tokens[1:-1] if operand.op == "mul" else operand.tokens
    return _MUL + inner + END


def scale(coefficient: Number, rest: Expr) -> Expr:
    """``coefficient * rest`` as a person writes it: 0, ``rest``, ``-rest``, or the product."""
    if coefficient == 0:
        return ZERO
    if rest is ONE:
        return num(coefficient)
    if coefficient == 1:
        return rest
    if coefficient == -1:
        return neg(rest)
    return mul(num(coefficient), rest)


def is_small(value: Number) -> bool:
    """No longer than MAX_BITS, above and below the fraction bar."""
    if isinstance(value, int):
        return value.bit_length() <= MAX_BITS
    return value.numerator.bit_length() <= MAX_BITS and value.denominator.bit_length() <= MAX_BITS


def nonzero(expr: Expr) -> Statement | None:
    """The condition ``expr != 0``, or None where it is plain."""
    return None if expr.op in ("num", "const") else Comparison("!=", expr, ZERO)


def base_exponent(factor: Expr) -> tuple[Expr, Expr]:
    """A power as its base and exponent; anything else has the exponent 1."""
    if factor.op == "pow":
        return factor.args[0], factor.args[1]
    return factor, ONE


def at_least_zero(expr: Expr) -> Statement | None:
    """The condition ``expr >= 0``, or None where it is plain."""
    return None if expr.op == "num" and expr.number >= 0 else Comparison(">=", expr, ZERO)


def raised_to(base: Expr, exponent: Number) -> Expr:
    """The power; the base alone where the exponent is 1."""
    return base if exponent == 1 else power(base, num(exponent))


def symbolic_factors(term: Expr) -> list[Expr]:
    """The factors of a term that hold a letter, also in a numerator, and the bases of powers."""
    if term.op == "neg":
        return symbolic_factors(term.args[0])
    if term.op == "div":
        return symbolic_factors(term.args[0])
    found = []
    for factor in factors(term):
        if factor.op == "pow" and factor.args[1].op == "num" and factor.args[1].number > 1:
            found.append(factor.args[0])
        elif factor.op == "div":
            found.extend(symbolic_factors(factor))
        elif factor.symbols:
            found.append(factor.args[0] if factor.op == "neg" else factor)
    return found


def without_factor(term: Expr, factor: Expr) -> Expr:
    """The term divided by one of its :func:`symbolic_factors`.

    Raises:
        ValueError: it is none.
    """
    if term.op == "neg":
        return neg(without_factor(term.args[0], factor))
    if term.op == "div":
        return div(without_factor(term.args[0], factor), term.args[1])
    kept = list(factors(term))
    for index, candidate in enumerate(kept):
        if candidate.key == factor.key:
            del kept[index]
            return mul(*kept)
        if candidate.op == "neg" and candidate.args[0].key == factor.key:
            del kept[index]
            return neg(mul(*kept))
        if candidate.op == "pow" and candidate.args[0].key == factor.key and candidate.args[1].op == "num":
            lower = candidate.args[1].number - 1
            kept[index] = factor if lower == 1 else power(factor, num(lower))
            return mul(*kept)
        if candidate.op == "div" and any(f.key == factor.key for f in symbolic_factors(candidate)):
            kept[index] = without_factor(candidate, factor)
            return mul(*kept)
    raise ValueError(f"{factor} is no factor of {term}")


def rational_root(value: Fraction) -> Fraction | None:
    """The square root where it is rational; None where it is not, or the value is negative."""
    if value < 0:
        return None
    over, under = isqrt(value.numerator), isqrt(value.denominator)
    if over * over == value.numerator and under * under == value.denominator:
        return Fraction(over, under)
    return None
