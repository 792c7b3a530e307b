"""Certified values of expressions at points.

Rational operations on rational points stay exact, and so do roots of perfect powers, so that definedness (a zero
divisor, a root of exactly 0) is decided and not guessed. Everything else is arithmetic with balls.

Over the real numbers ``x^(p/q)`` with odd q is the real root, also of a negative x, as schools have it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flint import acb, arb, fmpq, fmpz

from reasoning_envs.symbolic.equality.rings import from_rational
from reasoning_envs.symbolic.syntax.expression import Expr
from reasoning_envs.symbolic.syntax.tokens import BINDERS
from reasoning_envs.symbolic.values.balls import Unclear, Undefined, is_exact, is_zero, sign, whole_power

__all__ = ["value_at"]

_MAX_EXACT_BITS = 20_000


_MAX_POWER = 1_000_000
_MAX_EXACT_ROOT = 64
_VALUE, _SYMBOL, _NEGATED, _SUM, _PRODUCT, _CONSTANT, _UNARY, _BINARY = range(8)
_PROGRAMS_LIMIT = 256
_programs: dict[tuple[bytes, bool], list[tuple[int, Any]]] = {}


def value_at(expr: Expr, point: Mapping[str, Any], over: str = "real") -> Any:
    """The value as ``fmpq`` (exact), ``arb`` or, over the complex numbers, ``acb``.

    Call it inside :func:`precision`.

    Args:
        expr: an expression within the static bounds.
        point: ``fmpq``, ``arb`` or ``acb`` for each symbol.
        over: ``"real"`` or ``"positive"`` (both real-valued), or ``"complex"`` (principal branches).

    Raises:
        Undefined: it has no (real) value there.
        Unclear: this precision is not enough.
    """
    stack: list[Any] = []
    push = stack.append
    for kind, what in _program(expr, over == "complex"):
        if kind == _VALUE:
            push(what)
        elif kind == _SYMBOL:
            push(point[what])
        elif kind == _NEGATED:
            stack[-1] = -stack[-1]
        elif kind in (_SUM, _PRODUCT):
            total = stack[-what]
            for other in stack[1 - what :]:
                total = total + other if kind == _SUM else total * other
            del stack[-what:]
            push(_bounded(total))
        elif kind == _UNARY:
            stack[-1] = _bounded(what(stack[-1]))
        elif kind == _BINARY:
            second = stack.pop()
            stack[-1] = _bounded(what(stack[-1], second))
        else:
            push(what())
    return stack[0]


def _program(expr: Expr, complex_valued: bool) -> list[tuple[int, Any]]:
    """What to do for each node, operands before what they belong to: a line is evaluated at many points in a row."""
    key = (expr.tokens, complex_valued)
    found = _programs.get(key)
    if found is None:
        if len(_programs) >= _PROGRAMS_LIMIT:
            _programs.clear()
        functions = _COMPLEX if complex_valued else _REAL
        found = _programs[key] = [_instruction(node, functions) for node in _postorder(expr)]
    return found


def _instruction(node: Expr, functions: Mapping[str, Any]) -> tuple[int, Any]:
    op = node.op
    if op == "num":
        return _VALUE, from_rational(node.number)
    if op == "sym":
        return _SYMBOL, str(node.value)
    if op == "neg":
        return _NEGATED, None
    if op == "add" or op == "mul":
        return _SUM if op == "add" else _PRODUCT, len(node.args)
    if op == "const":
        return _CONSTANT, functions[str(node.value)]
    return _UNARY if len(node.args) == 1 else _BINARY, functions[op]


def _postorder(expr: Expr) -> list[Expr]:
    found: list[Expr] = []
    stack = [expr]
    while stack:
        node = stack.pop()
        found.append(node)
        stack.extend(node.args)
    found.reverse()
    return found


def _bounded(value: Any) -> Any:
    """The value itself; a ball in place of a rational with too many digits. No value that is not finite passes."""
    if is_exact(value):
        return value if value.height_bits() <= _MAX_EXACT_BITS else arb(value)
    if not value.is_finite():
        raise Unclear("the value is too large or too uncertain")
    return value


def _ball(value: Any) -> Any:
    return arb(value) if is_exact(value) else value


def _complex(value: Any) -> Any:
    return value if isinstance(value, acb) else acb(value)


def _divide(top: Any, under: Any) -> Any:
    if is_zero(under):
        raise Undefined("division by 0")
    return top / under


def _exact_root(value: fmpq, degree: int) -> Any:
    """The non-negative root of a non-negative rational, exact where it is rational."""
    if degree == 2:
        (top, rest), (down, other) = value.p.sqrtrem(), value.q.sqrtrem()
        if rest == 0 and other == 0:
            return type(value)(top, down)
        return arb(value).sqrt()
    top, down = value.p.root(degree), value.q.root(degree)
    if top**degree == value.p and down**degree == value.q:
        return type(value)(top, down)
    return arb(value).root(degree)


def _real_root(value: Any, degree: int) -> Any:
    if degree < 1:
        raise Undefined("the degree of a root must be a positive integer")
    if degree > _MAX_POWER:
        raise Unclear("the degree of the root is too high")
    if degree == 1:
        return value
    side = sign(value)
    if side == 0:
        return from_rational(0)
    if side < 0:
        if degree % 2 == 0:
            raise Undefined("an even root of a negative number is not real")
        return -_real_root(-value, degree)
    return _exact_root(value, degree) if is_exact(value) else value.sqrt() if degree == 2 else value.root(degree)


def _integer(value: Any) -> int | None:
    if is_exact(value):
        return int(value.p) if value.q == 1 else None
    return None


def _root(value: Any, degree: Any) -> Any:
    whole = _integer(degree)
    if whole is None:
        raise (
            Undefined("the degree of a root must be a positive integer")
            if is_exact(degree)
            else Unclear("the degree of a root is not exact")
        )
    return _real_root(value, whole)


def _whole_power(base: Any, exponent: int) -> Any:
    if exponent <= 0 and is_zero(base):
        raise Undefined("0 to the power 0 is undefined" if exponent == 0 else "division by 0")
    if exponent == 0:
        return from_rational(1)
    if abs(exponent) > _MAX_POWER:
        return whole_power(_ball(base), exponent) if not is_exact(base) or base > 0 else _huge_power(base, exponent)
    if is_exact(base) and base.height_bits() * abs(exponent) > _MAX_EXACT_BITS:
        base = _ball(base)
    return whole_power(base, exponent)


def _huge_power(base: Any, exponent: int) -> Any:
    if base == 0:
        return base
    value = _ball(-base) ** exponent
    return -value if exponent % 2 else value


def _real_power(base: Any, exponent: Any) -> Any:
    whole = _integer(exponent)
    if whole is not None:
        return _whole_power(base, whole)
    if is_exact(exponent) and exponent.q <= _MAX_EXACT_ROOT:
        return _whole_power(_real_root(base, int(exponent.q)), int(exponent.p))
    side = sign(base)
    if side == 0:
        if sign(exponent) <= 0:
            raise Undefined("division by 0")
        return from_rational(0)
    if side > 0:
        return (_ball(exponent) * _ball(base).log()).exp()
    if not is_exact(exponent):
        raise Unclear("a negative number to a power that is not exact")
    if exponent.q % 2 == 0:
        raise Undefined("a negative number to this power is not real")
    magnitude = (_ball(exponent) * _ball(-base).log()).exp()
    return -magnitude if exponent.p % 2 else magnitude


def _logarithm(value: Any) -> Any:
    if sign(value) <= 0:
        raise Undefined("a logarithm of a number that is not positive is not real")
    if is_exact(value):
        if value == 1:
            return fmpq(0)
        return _ball(value).log()
    return value.log()


def _log(value: Any, base: Any) -> Any:
    top, under = _logarithm(value), _logarithm(base)
    return _divide(top, under)


def _at_zero(name: str, result: int) -> Any:
    """A function of balls that is ``result``, exactly, at exactly 0."""

    def apply(value: Any) -> Any:
        if is_exact(value) and value == 0:
            return fmpq(result)
        return getattr(_ball(value), name)()

    return apply


def _tangent(value: Any) -> Any:
    ball = _ball(value)
    if is_zero(ball.cos()):
        raise Undefined("the tangent is undefined where the cosine is 0")
    return _at_zero("tan", 0)(value)


def _inverse(name: str) -> Any:
    def apply(value: Any) -> Any:
        for bound in (1, -1):
            beyond = sign(value - bound)
            if beyond == bound:
                raise Undefined(f"{name} needs a value between -1 and 1")
        if is_exact(value) and value == (0 if name == "asin" else 1):
            return fmpq(0)
        return getattr(_ball(value), name)()

    return apply


def _factorial(value: Any) -> Any:
    whole = _integer(value)
    if whole is not None:
        if whole < 0:
            raise Undefined("the factorial of a negative integer is undefined")
        if whole <= 2000:
            return fmpq(fmpz.fac_ui(fmpz(whole)))
    # Between the integers the factorial is continued by the gamma function.
    return (_ball(value) + 1).gamma()


def _pi() -> Any:
    return arb.pi()


def _e() -> Any:
    return arb.const_e()


def _not_real() -> Any:
    raise Undefined("i is not real")


def _infinite() -> Any:
    raise Undefined("infinity is no number")


def _not_worked_out(*operands: Any) -> Any:
    raise Undefined("a derivative or an integral has no value before it is worked out")


_REAL: dict[str, Any] = {
    **dict.fromkeys(BINDERS, _not_worked_out),
    "div": _divide,
    "pow": _real_power,
    "root": _root,
    "sqrt": lambda value: _real_root(value, 2),
    "abs": abs,
    "exp": _at_zero("exp", 1),
    "ln": _logarithm,
    "log": _log,
    "sin": _at_zero("sin", 0),
    "cos": _at_zero("cos", 1),
    "tan": _tangent,
    "asin": _inverse("asin"),
    "acos": _inverse("acos"),
    "atan": _at_zero("atan", 0),
    "sinh": _at_zero("sinh", 0),
    "cosh": _at_zero("cosh", 1),
    "tanh": _at_zero("tanh", 0),
    "factorial": _factorial,
    "pi": _pi,
    "e": _e,
    "i": _not_real,
    "inf": _infinite,
}


def _complex_method(name: str) -> Any:
    return lambda value: getattr(_complex(value), name)()


def _complex_power(base: Any, exponent: Any) -> Any:
    whole = _integer(exponent)
    if whole is not None:
        return _whole_power(base, whole)
    if is_zero(base):
        if _complex(exponent).real > 0:
            return base
        raise Undefined("division by 0")
    return (_complex(exponent) * _complex(base).log()).exp()


def _complex_root(value: Any, degree: Any) -> Any:
    """The real root of what is certainly real, so that it is one number wherever it stands; else the principal one."""
    real = value.real if isinstance(value, acb) and value.imag == 0 else value
    whole = _integer(degree)
    if not isinstance(real, acb) and whole is not None and whole % 2 == 1:
        return _real_root(real, whole)
    return _complex_power(value, _divide(from_rational(1), degree))


def _complex_log(value: Any) -> Any:
    if is_zero(value):
        raise Undefined("the logarithm of 0 is undefined")
    return _complex(value).log()


def _complex_sqrt(value: Any) -> Any:
    if is_exact(value) and value >= 0:
        return _exact_root(value, 2)
    return _complex(value).sqrt()


def _imaginary() -> Any:
    return acb(0, 1)


_COMPLEX: dict[str, Any] = {
    **_REAL,
    "pow": _complex_power,
    "root": _complex_root,
    "sqrt": _complex_sqrt,
    "abs": lambda value: abs(value) if is_exact(value) else abs(_complex(value)),
    "ln": _complex_log,
    "log": lambda value, base: _divide(_complex_log(value), _complex_log(base)),
    "exp": _complex_method("exp"),
    "sin": _complex_method("sin"),
    "cos": _complex_method("cos"),
    "tan": _complex_method("tan"),
    "asin": _complex_method("asin"),
    "acos": _complex_method("acos"),
    "atan": _complex_method("atan"),
    "sinh": _complex_method("sinh"),
    "cosh": _complex_method("cosh"),
    "tanh": _complex_method("tanh"),
    "factorial": lambda value: _factorial(value) if is_exact(value) else (value + 1).gamma(),
    "i": _imaginary,
}
