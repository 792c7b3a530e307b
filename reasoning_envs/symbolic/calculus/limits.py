r"""Limits in closed form: ``limit(sin(x)/x, x, 0)`` is 1.

What is continuous is put in; quotients are reduced, then differentiated above and below (the rule of l'Hôpital) while
both sides go to 0; a power whose base and exponent both vary goes through its logarithm. At infinity ``1/t`` stands for
the letter. Everything else is an error: no value is guessed from numbers.
"""

from __future__ import annotations

from reasoning_envs.symbolic.calculus.differentiation import (
    NotDifferentiableError,
    differentiate,
    holds_calculus,
    product_of,
)
from reasoning_envs.symbolic.equality.equivalence import equivalent, rational_form, sign_of
from reasoning_envs.symbolic.equality.forms import TooLarge, UndefinedForm
from reasoning_envs.symbolic.moves.rules import simplify
from reasoning_envs.symbolic.syntax.bounds import UnsafeExpressionError, check_bounds
from reasoning_envs.symbolic.syntax.expression import (
    ONE,
    ZERO,
    Expr,
    call,
    const,
    div,
    factors,
    mul,
    neg,
    num,
    power,
    substitute,
    sym,
)
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.values.balls import Unclear, Undefined, precision
from reasoning_envs.symbolic.values.enclosures import value_at

__all__ = ["LimitError", "limit"]

_ROUNDS = 6
_BITS = 128
_MAX_SIZE = 400
_INFINITY = const("inf")
_HALF_TURN = div(const("pi"), num(2))
_FAR: dict[tuple[str, Expr], Expr] = {
    ("exp", _INFINITY): _INFINITY,
    ("exp", neg(_INFINITY)): ZERO,
    ("ln", _INFINITY): _INFINITY,
    ("sqrt", _INFINITY): _INFINITY,
    ("atan", _INFINITY): _HALF_TURN,
    ("atan", neg(_INFINITY)): neg(_HALF_TURN),
}
"""Of functions whose argument grows beyond all bounds."""


class LimitError(ArithmeticError):
    """No limit was found; the message says why."""


def limit(expr: Expr, name: str, target: Expr, side: int = 0) -> Expr:
    """The limit of an expression.

    Args:
        expr: the expression.
        name: the letter that moves.
        target: where it goes: an expression without that letter, ``oo`` or ``-oo``.
        side: 1 from above, -1 from below, 0 from both sides.

    Returns:
        A closed form, ``oo`` or ``-oo``.

    Raises:
        LimitError: there is none, or no rule of this module finds it.
    """
    if holds_calculus(expr) or name in target.symbols:
        raise LimitError("a limit is of an expression without integrals, at a place without its letter")
    try:
        check_bounds(expr)
        check_bounds(target)
        far = {_INFINITY: 1, neg(_INFINITY): -1}.get(target, 0)
        if far:
            letter = sym("limit_t" if "limit_t" not in expr.symbols else "limit_u")
            inverse = div(num(far), letter)
            # Far out the letter is positive where it stands alone, which takes it out of roots.
            over = "positive" if far > 0 and expr.symbols <= {name} else "real"
            return _Search(str(letter.value), ZERO, 1, over).of(substitute(expr, {name: inverse}), _ROUNDS)
        return _Search(name, target, side).of(expr, _ROUNDS)
    except (UnsafeExpressionError, NotDifferentiableError, UndefinedForm, TooLarge) as error:
        raise LimitError(f"the limit was not found: {error}") from None


class _Search:
    """One letter, where it goes and from which side."""

    __slots__ = ("name", "over", "side", "target")

    def __init__(self, name: str, target: Expr, side: int, over: str = "real") -> None:
        self.name, self.target, self.side, self.over = name, target, side, over

    def of(self, expr: Expr, rounds: int) -> Expr:
        if rounds == 0 or expr.size > _MAX_SIZE:
            raise LimitError(f"no limit of {to_text(expr)[:60]} was found")
        direct = self.put_in(expr)
        if direct is not None:
            return direct
        if expr.op == "pow" and self.name in expr.args[1].symbols:
            return self.power(expr, rounds)
        if expr.op in ("exp", "ln", "sin", "cos", "atan", "sqrt"):
            inner = self.of(expr.args[0], rounds - 1)
            outer = _FAR.get((expr.op, inner)) or self.checked(call(expr.op, inner))
            if outer is None:
                raise LimitError(f"{to_text(expr)[:60]} has no limit that is found from its parts")
            return outer
        top, down = rational_form(expr, self.over)
        return self.quotient(top, down, rounds)

    def put_in(self, expr: Expr) -> Expr | None:
        """The value where the expression is continuous."""
        return self.checked(substitute(expr, {self.name: self.target}))

    @staticmethod
    def checked(expr: Expr) -> Expr | None:
        """The expression, simplified, if it has a value."""
        check_bounds(expr)
        if expr.symbols:
            try:
                rational_form(expr)
            except UndefinedForm:
                return None
            return simplify(expr)
        try:
            with precision(_BITS):
                value_at(expr, {})
        except (Undefined, Unclear):
            return None
        return simplify(expr)

    def power(self, expr: Expr, rounds: int) -> Expr:
        base, exponent = expr.args
        grown = self.of(mul(exponent, call("ln", base)), rounds - 1)
        if grown == ONE:
            return const("e")
        return _FAR.get(("exp", grown)) or simplify(call("exp", grown))

    def quotient(self, top: Expr, down: Expr, rounds: int) -> Expr:
        """The rule of l'Hôpital, as long as both go to 0."""
        for _ in range(rounds):
            over, under = self.put_in(top), self.put_in(down)
            if over is None or under is None:
                break
            if not _is_zero(under):
                return simplify(div(over, under))
            if not _is_zero(over):
                return self.pole(over, down)
            top, down = rational_form(div(differentiate(top, self.name), differentiate(down, self.name)), self.over)
        damped = self.logarithm(top, down, rounds)
        if damped is not None:
            return damped
        raise LimitError(f"no limit of {to_text(div(top, down))[:60]} was found")

    def logarithm(self, top: Expr, down: Expr, rounds: int) -> Expr | None:
        """``f*ln(u)`` where f goes to 0 and the logarithm grows: the rule for ``ln(u)/(1/f)``; None of all else."""
        if top.op == "neg":
            found = self.logarithm(top.args[0], down, rounds)
            return None if found is None else simplify(neg(found))
        parts = factors(top)
        place = next((i for i, part in enumerate(parts) if part.op == "ln" and self.name in part.symbols), None)
        if place is None or rounds < 2:
            return None
        inner, rest = parts[place].args[0], div(product_of(*parts[:place], *parts[place + 1 :]), down)
        if self.of(inner, rounds - 1) not in (ZERO, _INFINITY) or not _is_zero(self.of(rest, rounds - 1)):
            return None
        above = mul(differentiate(inner, self.name), power(rest, num(2)))
        return self.of(neg(div(above, mul(inner, differentiate(rest, self.name)))), rounds - 1)

    def pole(self, over: Expr, down: Expr) -> Expr:
        """The quotient grows beyond all bounds: its sign is that of the first derivative below that is not 0."""
        for order in range(1, _ROUNDS):
            down = differentiate(down, self.name)
            rate = self.put_in(down)
            if rate is None:
                break
            if _is_zero(rate):
                continue
            signs = sign_of(over), sign_of(rate)
            if None in signs:
                break
            above = (signs[0] or 0) * (signs[1] or 0)
            below = above * (-1) ** order
            if self.side == 0 and above != below:
                raise LimitError("there is no limit: it is infinite, with another sign on each side")
            return _INFINITY if (above if self.side >= 0 else below) > 0 else neg(_INFINITY)
        raise LimitError("the sign of an infinite limit was not found")


def _is_zero(expr: Expr) -> bool:
    """For certain or not.

    Raises:
        LimitError: nobody can tell.
    """
    verdict = equivalent(expr, ZERO)
    if verdict.verified and verdict.rigorous:
        return True
    if verdict.refuted and verdict.rigorous:
        return False
    raise LimitError(f"nobody can tell whether {to_text(expr)[:60]} is 0")
