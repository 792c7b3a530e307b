"""Exact differentiation of expression trees, and derivatives and integrals that are not worked out yet.

A line of calculus is an expression that may hold three binders
(:data:`~reasoning_envs.symbolic.syntax.tokens.BINDERS`):

* ``d/dx(f)``, the derivative of ``f``, to be worked out;
* ``integral(f, x)``, any antiderivative of ``f``: it stands for a function up to a constant;
* ``where(f, u, g)``, the expression ``f`` with ``u = g``: what a substitution leaves until ``g`` is put back.

:func:`differentiate` knows every function of :data:`~reasoning_envs.symbolic.syntax.tokens.FUNCTIONS` but the
factorial. The derivative holds wherever the function has one; where the function is defined is told by
:func:`operands`, since ``1/x`` no longer says that it came from ``ln(x)``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache

from reasoning_envs.symbolic.syntax import expression, statement
from reasoning_envs.symbolic.syntax.bounds import MAX_SIZE, UnsafeExpressionError
from reasoning_envs.symbolic.syntax.expression import (
    ONE,
    ZERO,
    Expr,
    Number,
    add,
    bind,
    call,
    const,
    div,
    factors,
    mul,
    neg,
    num,
    power,
    rebuild,
    sym,
)
from reasoning_envs.symbolic.syntax.statement import Comparison, Statement
from reasoning_envs.symbolic.syntax.tokens import BINDERS

__all__ = [
    "MAX_NESTED",
    "NotDifferentiableError",
    "derivative",
    "differentiate",
    "holds_calculus",
    "holds_integral",
    "integral",
    "one_over",
    "operands",
    "outer_derivative",
    "product_of",
    "sum_of",
    "where",
    "worked_out",
    "worked_out_line",
]

_DERIVATIVE, _INTEGRAL, _WHERE = (BINDERS[name][0] for name in ("derivative", "integral", "where"))
_ANY = _DERIVATIVE + _INTEGRAL + _WHERE
_E = const("e")
_TWO = num(2)
MAX_NESTED = 10
"""Derivatives, integrals and substitutions within each other."""
_MAX_WORK = 60_000
"""Nodes times depth of a tree that is differentiated, which bounds what comes of it."""


class NotDifferentiableError(ArithmeticError):
    """No rule gives the derivative: a factorial, a root of variable degree."""


def holds_calculus(line: Expr | Statement) -> bool:
    """A derivative, an integral or a substitution stands in it."""
    tokens = line.tokens if isinstance(line, Expr) else statement.line_tokens(line)
    return len(tokens.translate(None, _ANY)) != len(tokens)


def holds_integral(expr: Expr) -> bool:
    """An integral stands in it."""
    return _INTEGRAL in expr.tokens


def derivative(body: Expr, name: str) -> Expr:
    """``d/dx(body)``, not worked out."""
    return bind("derivative", body, sym(name))


def integral(body: Expr, name: str) -> Expr:
    """``integral(body, x)``, not worked out."""
    return bind("integral", body, sym(name))


def where(body: Expr, name: str, value: Expr) -> Expr:
    """``where(body, u, value)``: the body with ``u = value``, not put in yet."""
    return bind("where", body, sym(name), value)


# -- building ---------------------------------------------------------------------------------------------------------


def sum_of(parts: Sequence[Expr]) -> Expr:
    """The sum without its zeros."""
    return add(*[part for part in parts if part is not ZERO])


def product_of(*parts: Expr) -> Expr:
    """The product without its ones, its numbers multiplied and in front, signs drawn out; 0 where one part is."""
    number: Number = 1
    kept: list[Expr] = []
    for part in parts:
        if part.op == "neg":
            number, part = -number, part.args[0]
        for factor in factors(part):
            if factor.op == "num":
                number = number * factor.number
            else:
                kept.append(factor)
    if number == 0:
        return ZERO
    if not kept:
        return num(number)
    if number == 1:
        return mul(*kept)
    return neg(mul(*kept)) if number == -1 else mul(num(number), *kept)


def _over(numerator: Expr, denominator: Expr) -> Expr:
    if numerator is ZERO:
        return ZERO
    if numerator.op == "neg":
        return neg(div(numerator.args[0], denominator))
    return numerator if denominator is ONE else div(numerator, denominator)


def _raised(base: Expr, exponent: Number) -> Expr:
    if exponent == 0:
        return ONE
    return base if exponent == 1 else power(base, num(exponent))


# -- derivatives ------------------------------------------------------------------------------------------------------

_OUTER: dict[str, Callable[[Expr], Expr]] = {
    "sqrt": lambda u: div(ONE, mul(_TWO, call("sqrt", u))),
    "abs": lambda u: div(u, call("abs", u)),
    "exp": lambda u: call("exp", u),
    "ln": lambda u: div(ONE, u),
    "sin": lambda u: call("cos", u),
    "cos": lambda u: neg(call("sin", u)),
    "tan": lambda u: div(ONE, power(call("cos", u), _TWO)),
    "asin": lambda u: div(ONE, call("sqrt", add(ONE, neg(power(u, _TWO))))),
    "acos": lambda u: neg(div(ONE, call("sqrt", add(ONE, neg(power(u, _TWO)))))),
    "atan": lambda u: div(ONE, add(ONE, power(u, _TWO))),
    "sinh": lambda u: call("cosh", u),
    "cosh": lambda u: call("sinh", u),
    "tanh": lambda u: div(ONE, power(call("cosh", u), _TWO)),
}


def outer_derivative(node: Expr, name: str) -> tuple[Expr, Expr] | None:
    """Of ``F(g)``: the derivative of F at g, and g, where one operand alone holds the letter; None of anything else.

    ``sin(x^2)`` gives ``(cos(x^2), x^2)``, ``(x^2 + 1)^5`` gives ``(5*(x^2 + 1)^4, x^2 + 1)``, ``2^x`` gives
    ``(2^x*ln(2), x)``.
    """
    op, args = node.op, node.args
    if op in _OUTER:
        return _OUTER[op](args[0]), args[0]
    if op == "pow":
        base, exponent = args
        if name not in exponent.symbols:
            if exponent.op == "num":
                return product_of(exponent, _raised(base, exponent.number - 1)), base
            return product_of(exponent, power(base, add(exponent, num(-1)))), base
        if name not in base.symbols:
            return (node if base == _E else product_of(node, call("ln", base))), exponent
    elif op == "log" and name not in args[1].symbols:
        return div(ONE, product_of(args[0], call("ln", args[1]))), args[0]
    elif op == "root" and isinstance(args[1].value, int) and args[1].value > 0:
        return div(node, product_of(args[1], args[0])), args[0]
    return None


@lru_cache(maxsize=512)
def differentiate(expr: Expr, name: str) -> Expr:
    """The derivative with respect to a symbol, as a tree without superfluous zeros and ones.

    Args:
        expr: any expression; what it holds unevaluated is worked out on the way, but for integrals.
        name: of the symbol. Every other one is a constant.

    Raises:
        NotDifferentiableError: no rule gives the derivative.
        UnsafeExpressionError: the expression is so large that its derivative would not be handled.
    """
    expr = worked_out(expr)
    if expr.size * expr.depth > _MAX_WORK:
        raise UnsafeExpressionError(f"the expression has {expr.size} parts, too many to be differentiated")
    return _bounded(_differentiate(expr, name, {}))


def _bounded(expr: Expr) -> Expr:
    if expr.size > MAX_SIZE:
        raise UnsafeExpressionError(f"the derivative has {expr.size} parts; at most {MAX_SIZE} are handled")
    return expr


def _differentiate(node: Expr, name: str, known: dict[bytes, Expr]) -> Expr:
    if name not in node.symbols:
        return ZERO
    if node.op == "sym":
        return ONE
    found = known.get(node.tokens)
    if found is None:
        found = known[node.tokens] = _derivative_of(node, name, known)
    return found


def _derivative_of(node: Expr, name: str, known: dict[bytes, Expr]) -> Expr:
    op, args = node.op, node.args
    if op == "add":
        return sum_of([_differentiate(term, name, known) for term in args])
    if op == "neg":
        return neg(_differentiate(args[0], name, known))
    if op == "mul":
        parts = []
        for index, factor in enumerate(args):
            inner = _differentiate(factor, name, known)
            if inner is not ZERO:
                parts.append(product_of(*args[:index], inner, *args[index + 1 :]))
        return sum_of(parts)
    if op == "div":
        over, under = args
        above, below = (_differentiate(side, name, known) for side in args)
        if below is ZERO:
            return _over(above, under)
        top = sum_of([product_of(above, under), neg(product_of(over, below))])
        return _over(top, power(under, _TWO))
    if op in BINDERS:
        return _derivative_of_binder(node, name)
    chain = outer_derivative(node, name)
    if chain is not None:
        outer, inner = chain
        return product_of(_differentiate(inner, name, known), outer)
    if op == "pow":
        base, exponent = args
        above, below = (_differentiate(side, name, known) for side in (exponent, base))
        rate = sum_of([product_of(above, call("ln", base)), product_of(exponent, _over(below, base))])
        return product_of(node, rate)
    if op == "log":
        return _differentiate(div(call("ln", args[0]), call("ln", args[1])), name, known)
    raise NotDifferentiableError(f"no rule gives the derivative of {node}")


def _derivative_of_binder(node: Expr, name: str) -> Expr:
    body, symbol, *more = node.args
    bound = str(symbol.value)
    if node.op == "integral":
        return body if bound == name else integral(differentiate(body, name), bound)
    if node.op == "derivative":
        return differentiate(worked_out(node), name)
    value = more[0]
    rate = differentiate(value, name)
    # The letter that the body binds is another one, even where it has the same name.
    direct = ZERO if bound == name else differentiate(body, name)
    through = product_of(rate, worked_out(where(differentiate(body, bound), bound, value)))
    return sum_of([through, ZERO if direct is ZERO else worked_out(where(direct, bound, value))])


@lru_cache(maxsize=512)
def worked_out(expr: Expr) -> Expr:
    """The expression with its derivatives taken and its substitutions made; integrals stay.

    Raises:
        NotDifferentiableError, UnsafeExpressionError: as :func:`differentiate`.
    """
    if not holds_calculus(expr):
        return expr
    if _nested(expr) > MAX_NESTED:
        raise UnsafeExpressionError(
            f"more than {MAX_NESTED} derivatives, integrals and substitutions stand within each other"
        )
    return _worked_out(expr)


def _nested(expr: Expr) -> int:
    """How many binders stand within each other, at most."""
    if not holds_calculus(expr):
        return 0
    return max([_nested(arg) for arg in expr.args], default=0) + (expr.op in BINDERS)


def _worked_out(expr: Expr) -> Expr:
    if not holds_calculus(expr):
        return expr
    args = tuple([_worked_out(arg) for arg in expr.args])
    if expr.op == "derivative":
        return differentiate(args[0], str(args[1].value))
    if expr.op == "where" and not holds_integral(args[0]):
        return _bounded(expression.substitute(args[0], {str(args[1].value): args[2]}))
    return rebuild(expr.op, args)


def worked_out_line(line: Statement) -> Statement:
    """A statement with both sides of its comparisons :func:`worked_out`."""
    if isinstance(line, Comparison):
        return Comparison(line.op, worked_out(line.left), worked_out(line.right))
    if isinstance(line, statement.Truth):
        return line
    return type(line)(tuple([worked_out_line(part) for part in line.parts]))


def operands(expr: Expr) -> Iterator[Expr]:
    """What must have a value for a line of calculus to have one: every function that it differentiates or integrates.

    Without binders; a letter that a substitution binds is replaced by its value.
    """
    if not holds_calculus(expr):
        return
    if expr.op == "where":
        body, symbol, value = expr.args
        yield from operands(value)
        values = {str(symbol.value): worked_out(value)}
        for found in (*operands(body), worked_out(body)):
            put_in = expression.substitute(found, values)
            if not holds_calculus(put_in):
                yield put_in
        return
    if expr.op in ("derivative", "integral"):
        inner = worked_out(expr.args[0])
        if not holds_calculus(inner):
            yield inner
    for arg in expr.args:
        yield from operands(arg)


def one_over(value: Number) -> Number:
    """``1/value``, an ``int`` where it is one."""
    inverse = Fraction(1) / value
    return inverse.numerator if inverse.denominator == 1 else inverse
