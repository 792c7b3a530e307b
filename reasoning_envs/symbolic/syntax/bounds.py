"""Static bounds: refuse a line whose exact evaluation or expansion would be huge, before anything of it is computed.

Each node is judged from below: numbers are folded exactly as long as they stay small, and of everything else an upper
bound is kept of what expanding it would give, as a quotient of two polynomials in its symbols and its kernels (what is
not rational: roots, logarithms, ``pi``): the degree, the number of terms, and the bits of the coefficients, taken as
the logarithm of the sum of their absolute values, which is additive under products.
"""

from __future__ import annotations

from fractions import Fraction
from math import comb, factorial, lgamma, log, log2
from typing import NamedTuple

from reasoning_envs.symbolic.syntax.expression import Expr, Number
from reasoning_envs.symbolic.syntax.notation import quote
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import Comparison, Line, Truth
from reasoning_envs.symbolic.syntax.tokens import FUNCTIONS, OPERATORS

__all__ = [
    "MAX_BITS",
    "MAX_DEGREE",
    "MAX_DEPTH",
    "MAX_EXPONENT_DEGREE",
    "MAX_KERNELS",
    "MAX_NESTED_ROOTS",
    "MAX_SIZE",
    "MAX_TERMS",
    "MAX_TOWER",
    "MAX_WAVES",
    "UnsafeExpressionError",
    "check_bounds",
]

MAX_BITS = 4096
"""Of a number, or of a coefficient after expansion; also the largest constant in an exponent."""
MAX_DEGREE = 1000
"""Of a numerator or a denominator after expansion; also of a root."""
MAX_TERMS = 10_000
"""Of a numerator or a denominator after expansion."""
MAX_EXPONENT_DEGREE = 10
"""Of what stands in an exponent with symbols, or under a factorial with symbols."""
MAX_TOWER = 2
"""Exponents upon exponents that are no plain numbers: ``x^(x^x)`` is 2."""
MAX_KERNELS = 100
"""Roots, functions and constants such as pi, each time they occur."""
MAX_WAVES = 40
"""Sines and cosines of symbols side by side; a tangent counts as five. Each has zeros or poles without end."""
MAX_NESTED_ROOTS = 6
"""Roots within each other: to be rid of n square roots doubles the degree n times. Their degrees multiply, and the
product is at most :data:`MAX_DEGREE`."""
MAX_SIZE = 5000
"""Nodes of a tree."""
MAX_DEPTH = 100
"""Of a tree: what walks it may recurse."""


class UnsafeExpressionError(ValueError):
    """The line is understood, and too large to be evaluated.

    Attributes:
        reason: one sentence that names the part and the bound.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def check_bounds(line: Line) -> None:
    """Nothing, if the line can be evaluated and expanded within the bounds of this module.

    Raises:
        UnsafeExpressionError: it cannot.
    """
    if isinstance(line, Expr):
        _check(line)
    elif isinstance(line, Comparison):
        _check(line.left)
        _check(line.right)
    elif not isinstance(line, Truth):
        for part in line.parts:
            check_bounds(part)


class _Extent(NamedTuple):
    """What a node comes to, at most."""

    value: Number | None  # where it is a rational number
    bits: float  # of the numerator: log2 of the sum of the absolute values of its coefficients
    degree: int
    terms: int
    under_bits: float  # the same three of the denominator
    under_degree: int
    under_terms: int
    kernels: int
    tower: int
    symbols: frozenset[str]


_NO_SYMBOLS: frozenset[str] = frozenset()
_CAP = 1 << 62  # numbers of terms are kept below it; all that matters is that they exceed the bound
_LIGHT = 14  # 2^13 terms, and with it bits, stay within the bounds: log2(10) * 80 digits * 14 < 4096
_SHORT = 80
_HEAVY = 1 << 20
_GROWING = frozenset(("exp", "sinh", "cosh", "factorial", "root"))
_KNOWN_MAX = 4096
_known: dict[bytes, None] = {}
_EXTENTS_MAX = 2048
_extents: dict[bytes, _Extent] = {}
_ROOTS = b"".join([FUNCTIONS["sqrt"][0], FUNCTIONS["root"][0], OPERATORS["pow"]])
_WAVES = b"".join([FUNCTIONS[name][0] for name in ("sin", "cos", "tan")])
_LOG2_E = 1 / log(2)
_CONSTANT_BITS = {"pi": log2(3.15), "e": _LOG2_E}
_BOUNDED_FUNCTIONS = frozenset(("sin", "cos", "tan", "asin", "acos", "atan"))


def _check(node: Expr) -> None:
    if node.tokens in _known or (len(node.tokens) <= _SHORT and _weight(node) <= _LIGHT):
        return
    if node.size > MAX_SIZE:
        raise UnsafeExpressionError(f"{_shown(node)} has {node.size} parts; at most {MAX_SIZE} are handled")
    if node.depth > MAX_DEPTH:
        raise UnsafeExpressionError(f"the expression is nested {node.depth} deep; at most {MAX_DEPTH} is handled")
    kernels = _extent(node).kernels
    if kernels > MAX_KERNELS:
        raise UnsafeExpressionError(
            f"{_shown(node)} has {kernels} roots, functions and constants; at most {MAX_KERNELS} are handled"
        )
    if _holds(node, _ROOTS):
        _nested_roots(node)
    waves = _waves(node) if _holds(node, _WAVES) else 0
    if waves > MAX_WAVES:
        raise UnsafeExpressionError(
            f"{_shown(node)} has {waves} waves side by side (a tangent is five); at most {MAX_WAVES} are handled"
        )
    if len(_known) >= _KNOWN_MAX:
        _known.clear()
    _known[node.tokens] = None


def _holds(node: Expr, heads: bytes) -> bool:
    """One of the bytes stands in the tokens of the tree: without it, nothing of that kind does."""
    return len(node.tokens.translate(None, heads)) != len(node.tokens)


def _weight(node: Expr) -> int:
    """The number of leaves, those under a literal exponent n counted n times.

    A tree of weight w expands to at most 2^(w-1) terms of degree w above and below its fraction bar (a sum of two
    fractions has the terms of both cross products), so that a light tree with few digits needs no closer look.
    """
    args = node.args
    if not args:
        return 1
    op = node.op
    if op == "pow":
        exponent = args[1].value
        if args[1].op != "num" or not isinstance(exponent, int) or abs(exponent) > _LIGHT:
            return _HEAVY
        return _weight(args[0]) * max(1, abs(exponent))
    if op in _GROWING:
        return _HEAVY
    if op in ("sqrt", "tan"):
        return 2 * _weight(args[0])  # at most 3 of them within each other, or 7 side by side, are light
    weight = 0
    for arg in args:
        weight += 1 if not arg.args else _weight(arg)
    return weight


def _nested_roots(node: Expr) -> tuple[int, int]:
    """How many roots stand within each other, and the product of their degrees; the tree has passed :func:`_extent`."""
    if not node.args:
        return 0, 1
    inner = [_nested_roots(arg) for arg in node.args]
    depth, degree = max([depth for depth, _ in inner]), max([degree for _, degree in inner])
    own = _root_degree(node)
    if own == 1:
        return depth, degree
    depth, degree = depth + 1, degree * own
    if depth > MAX_NESTED_ROOTS:
        raise UnsafeExpressionError(
            f"{_shown(node)} has {depth} roots within each other; at most {MAX_NESTED_ROOTS} are handled"
        )
    if degree > MAX_DEGREE:
        raise _root_too_high(node, degree)
    return depth, degree


def _waves(node: Expr) -> int:
    inside = sum([_waves(arg) for arg in node.args]) if node.symbols else 0
    return max(inside, 5 if node.op == "tan" else 1) if node.op in ("sin", "cos", "tan") and node.symbols else inside


def _root_degree(node: Expr) -> int:
    """Of a square root, another root or a fractional power; 1 of everything else."""
    if node.op == "sqrt":
        return 2
    if node.op not in ("root", "pow") or node.args[1].symbols:
        return 1
    value = _extent(node.args[1]).value
    if value is None or value == 0:
        return 1
    return max(1, abs(value.numerator)) if node.op == "root" else value.denominator


def _shown(node: Expr) -> str:
    return quote(to_text(node)) if node.depth <= MAX_DEPTH else "the expression"


def _extent(node: Expr) -> _Extent:
    if not node.args:
        return _extent_of(node)
    found = _extents.get(node.tokens)
    if found is None:
        if len(_extents) >= _EXTENTS_MAX:
            _extents.clear()
        found = _extents[node.tokens] = _extent_of(node)
    return found


def _extent_of(node: Expr) -> _Extent:
    op = node.op
    if op == "num":
        return _rational(node.number)
    if op == "sym":
        return _Extent(None, 0.0, 1, 1, 0.0, 0, 1, 0, 0, node.symbols)
    if op == "const":
        return _kernel(node, _CONSTANT_BITS.get(str(node.value), 0.0))
    parts = [_extent(arg) for arg in node.args]
    if op == "neg":
        part = parts[0]
        return part if part.value is None else part._replace(value=-part.value)
    if op == "add":
        return _bounded(node, _sum(node, parts))
    if op == "mul":
        return _bounded(node, _product(node, parts))
    if op == "div":
        return _bounded(node, _quotient(node, *parts))
    if op == "pow":
        return _power(node, *parts)
    return _function(node, parts)


def _rational(value: Number) -> _Extent:
    over = abs(value.numerator)
    under = value.denominator
    bits = log2(over) if over > 1 else 0.0
    return _Extent(value, bits, 0, 1, log2(under) if under > 1 else 0.0, 0, 1, 0, 0, _NO_SYMBOLS)


def _kernel(node: Expr, bits: float, degree: int = 1, kernels: int = 0, tower: int = 0) -> _Extent:
    """Something that is not rational: a new letter, as it were, of about that size where it is a constant."""
    return _Extent(None, bits, degree, 1, 0.0, 0, 1, kernels + 1, tower, node.symbols)


def _bounded(node: Expr, extent: _Extent) -> _Extent:
    bits = max(extent.bits, extent.under_bits)
    if bits > MAX_BITS:
        raise UnsafeExpressionError(
            f"{_shown(node)} leads to numbers of about {bits:.0f} bits; at most {MAX_BITS} are computed"
        )
    degree = max(extent.degree, extent.under_degree)
    if degree > MAX_DEGREE:
        raise UnsafeExpressionError(
            f"{_shown(node)} leads to a polynomial of degree {degree}; at most {MAX_DEGREE} is handled"
        )
    if extent.terms > MAX_TERMS or extent.under_terms > MAX_TERMS:
        letters = len(extent.symbols) + extent.kernels
        terms = min(extent.terms, comb(extent.degree + letters, letters))
        under_terms = min(extent.under_terms, comb(extent.under_degree + letters, letters))
        if max(terms, under_terms) > MAX_TERMS:
            count = max(terms, under_terms)
            shown = str(count) if count < _CAP else "more than 10^18"
            raise UnsafeExpressionError(f"{_shown(node)} expands to {shown} terms; at most {MAX_TERMS} are handled")
        return extent._replace(terms=terms, under_terms=under_terms)
    return extent


def _sum(node: Expr, parts: list[_Extent]) -> _Extent:
    value: Number | None = 0
    under_bits, under_degree, under_terms = 0.0, 0, 1
    for part in parts:
        under_bits += part.under_bits
        under_degree += part.under_degree
        under_terms = min(under_terms * part.under_terms, _CAP)
        if value is not None and part.value is not None:
            value = value + part.value
            # Denominators multiply: the exact sum is given up as soon as it is too large to be right.
            if value.denominator.bit_length() <= MAX_BITS:
                continue
        value = None
    if value is not None:
        return _rational(value)
    bits = max([part.bits - part.under_bits for part in parts]) + under_bits + log2(len(parts))
    degree = max([part.degree - part.under_degree for part in parts]) + under_degree
    terms = min(sum([part.terms * (under_terms // part.under_terms) for part in parts]), _CAP)
    kernels, tower = _kernels(parts), _tower(parts)
    return _Extent(None, bits, degree, terms, under_bits, under_degree, under_terms, kernels, tower, node.symbols)


def _product(node: Expr, parts: list[_Extent]) -> _Extent:
    value: Number | None = 1
    bits = under_bits = 0.0
    degree = under_degree = 0
    terms = under_terms = 1
    for part in parts:
        bits += part.bits
        degree += part.degree
        terms = min(terms * part.terms, _CAP)
        under_bits += part.under_bits
        under_degree += part.under_degree
        under_terms = min(under_terms * part.under_terms, _CAP)
        if value is not None and part.value is not None and max(bits, under_bits) <= MAX_BITS:
            value = value * part.value
        else:
            value = None
    if value is not None:
        return _rational(value)
    kernels, tower = _kernels(parts), _tower(parts)
    return _Extent(None, bits, degree, terms, under_bits, under_degree, under_terms, kernels, tower, node.symbols)


def _quotient(node: Expr, over: _Extent, under: _Extent) -> _Extent:
    if over.value is not None and under.value is not None and under.value != 0:
        return _rational(Fraction(over.value) / under.value)
    return _product(node, [over, _reciprocal(under)])


def _reciprocal(part: _Extent) -> _Extent:
    value, bits, degree, terms, under_bits, under_degree, under_terms, kernels, tower, symbols = part
    if value is not None:
        value = Fraction(1) / value if value != 0 else None
    return _Extent(value, under_bits, under_degree, under_terms, bits, degree, terms, kernels, tower, symbols)


def _kernels(parts: list[_Extent]) -> int:
    return sum([part.kernels for part in parts])


def _tower(parts: list[_Extent]) -> int:
    return max([part.tower for part in parts])


def _power(node: Expr, base: _Extent, exponent: _Extent) -> _Extent:
    n = exponent.value
    if n is None:
        return _growth(node, base.bits, exponent, base.kernels)
    if isinstance(n, int) and base.value in (-1, 0, 1):
        if base.value == 0:
            return _kernel(node, 0.0) if n < 0 else _rational(0 if n else 1)
        return _rational(base.value if n % 2 else 1)
    size = n if n >= 0 else -n
    if isinstance(n, int) and node.args[0].op == "const" and node.args[0].value == "i":
        return _kernel(node, 0.0)  # one of four numbers
    if size > MAX_BITS or (size > MAX_DEGREE and base.value is None):
        limit = MAX_DEGREE if base.value is None else MAX_BITS
        raise UnsafeExpressionError(f"the exponent in {_shown(node)} is too large; at most {limit} is handled")
    if n.denominator > MAX_DEGREE:
        raise _root_too_high(node, n.denominator)
    if n < 0:
        base = _reciprocal(base)
    bits, under_bits = base.bits * size, base.under_bits * size
    if isinstance(size, Fraction):
        degree = max(1, -int(-base.degree * size // 1))
        under_degree = -int(-base.under_degree * size // 1)
        root = _kernel(node, bits, degree, base.kernels, base.tower)
        return _bounded(node, root._replace(under_bits=under_bits, under_degree=under_degree))
    if base.value is not None and max(bits, under_bits) <= MAX_BITS:
        return _rational(base.value**size)
    return _bounded(
        node,
        _Extent(
            None,
            bits,
            base.degree * size,
            _terms_of_power(base.terms, size),
            under_bits,
            base.under_degree * size,
            _terms_of_power(base.under_terms, size),
            base.kernels,
            base.tower,
            node.symbols,
        ),
    )


def _root_too_high(node: Expr, degree: int) -> UnsafeExpressionError:
    shown = str(degree) if abs(degree) < _CAP else "more than 10^18"
    return UnsafeExpressionError(f"{_shown(node)} is a root of degree {shown}; at most {MAX_DEGREE} is handled")


def _terms_of_power(terms: int, exponent: int) -> int:
    """Of the power of a sum of that many terms (the multinomial theorem)."""
    if terms == 1 or exponent == 0:
        return 1
    if terms * (terms + 1) // 2 > MAX_TERMS and exponent > 1:
        return _CAP
    return min(comb(exponent + terms - 1, exponent), _CAP)


def _growth(node: Expr, base_bits: float, exponent: _Extent, kernels: int) -> _Extent:
    """A power (or a factorial) whose exponent is no rational number: its size is bounded through the exponent's."""
    if exponent.bits > log2(MAX_BITS):
        raise UnsafeExpressionError(
            f"a constant in {_shown(node)} is too large for an exponent or a factorial; at most {MAX_BITS} is handled"
        )
    tower = exponent.tower + 1
    if tower > MAX_TOWER:
        raise UnsafeExpressionError(f"{_shown(node)} is a tower of {tower} exponents; at most {MAX_TOWER} are handled")
    if exponent.symbols:
        if exponent.degree > MAX_EXPONENT_DEGREE:
            raise UnsafeExpressionError(
                f"the exponent (or factorial) in {_shown(node)} has degree {exponent.degree}; "
                f"at most {MAX_EXPONENT_DEGREE} is handled"
            )
        bits = 0.0
    else:
        bits = base_bits * 2**exponent.bits
    return _bounded(node, _kernel(node, bits, 1, kernels + exponent.kernels, tower))


def _function(node: Expr, parts: list[_Extent]) -> _Extent:
    op = node.op
    argument = parts[0]
    if op == "sqrt":
        return _power(node, argument, _rational(Fraction(1, 2)))
    if op == "root":
        degree = parts[1].value
        if degree is None or degree == 0:
            return _kernel(node, argument.bits, max(1, argument.degree), _kernels(parts), _tower(parts))
        if isinstance(degree, int) and abs(degree) > MAX_DEGREE:
            raise _root_too_high(node, degree)
        return _power(node, argument, _rational(Fraction(1) / degree))
    if op == "factorial":
        return _factorial(node, argument)
    if op in ("exp", "sinh", "cosh"):
        return _growth(node, _LOG2_E, argument, argument.kernels)
    if op == "abs":
        if argument.value is not None:
            return argument if argument.value >= 0 else argument._replace(value=-argument.value)
        return _kernel(node, argument.bits, max(1, argument.degree), argument.kernels, argument.tower)
    bits = 0.0 if op in _BOUNDED_FUNCTIONS else log2(2 + max(argument.bits, argument.under_bits))
    return _kernel(node, 0.0 if node.symbols else bits, 1, _kernels(parts), _tower(parts))


def _factorial(node: Expr, argument: _Extent) -> _Extent:
    value = argument.value
    if value is None:
        return _growth(node, 0.0, argument, argument.kernels)
    if not -MAX_BITS <= value <= MAX_BITS:
        raise UnsafeExpressionError(f"the factorial {_shown(node)} is too large: it would not fit {MAX_BITS} bits")
    bits = lgamma(1 + (value if value >= 0 else -value)) * _LOG2_E
    if isinstance(value, int) and value >= 0 and bits <= MAX_BITS:
        return _rational(factorial(value))
    return _bounded(node, _kernel(node, bits))
