"""What expressions are polynomials in: their free symbols and their *kernels*.

A kernel is a sub-expression that is no rational operation: ``sqrt(x + 1)``, ``ln(2)``, ``2^x``, ``pi``. The rational
skeleton of an expression ends at its kernels.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from flint import Ordering, fmpq, fmpq_mpoly, fmpq_mpoly_ctx

from reasoning_envs.symbolic.syntax.expression import Expr, add, div, mul, neg, num, power, sym
from reasoning_envs.symbolic.syntax.tokens import BINDERS, CONSTANTS, FUNCTIONS, OPERATORS

__all__ = [
    "Relation",
    "Ring",
    "fraction_to_expr",
    "from_rational",
    "is_kernel",
    "is_rational",
    "nodes",
    "polynomial_to_expr",
    "to_rational",
]

_ARITHMETIC = frozenset(("add", "mul", "div", "neg"))


@lru_cache(maxsize=512)
def nodes(expr: Expr) -> tuple[Expr, ...]:
    """The nodes of the rational skeleton, operands before operators, left to right; kernels are leaves.

    The exponent of a power is not among them: a power is rational only with an integer literal there.
    """
    found: list[Expr] = []
    stack = [expr]
    while stack:
        node = stack.pop()
        found.append(node)
        if node.op in _ARITHMETIC:
            stack.extend(node.args)
        elif node.op == "pow" and isinstance(node.args[1].value, int):
            stack.append(node.args[0])
    found.reverse()
    return tuple(found)


def is_kernel(node: Expr) -> bool:
    """The node is no number, no symbol and no rational operation."""
    op = node.op
    if op in _ARITHMETIC or op == "num" or op == "sym":
        return False
    return op != "pow" or not isinstance(node.args[1].value, int)


def is_rational(expr: Expr) -> bool:
    """The expression is built from numbers and symbols by rational operations alone."""
    tokens = expr.tokens
    return len(tokens.translate(None, _SUSPECT)) == len(tokens) or _is_rational(expr)


# Without one of these bytes in its tokens a tree holds no kernel; longer names of symbols may hold some of them.
_SUSPECT = b"".join(
    [OPERATORS["pow"], *CONSTANTS.values(), *(head for head, _ in (*FUNCTIONS.values(), *BINDERS.values()))]
)


@lru_cache(maxsize=512)
def _is_rational(expr: Expr) -> bool:
    return not any(is_kernel(node) for node in nodes(expr))


class Relation(NamedTuple):
    """``kernel^degree = numerator / denominator`` over the ring."""

    generator: int
    degree: int
    numerator: fmpq_mpoly
    denominator: fmpq_mpoly | None


class Ring:
    """Polynomials over Q in some symbols and kernels. Made by :func:`reasoning_envs.symbolic.equality.forms.ring_of`.

    Attributes:
        symbols: names, sorted. kernels: trees, inner ones before those that hold them.
        index: position of each symbol (by name) and each kernel (by its tokens) among the generators.
        relations: the algebraic relations of the kernels, outer kernels first.
    """

    def __init__(self, symbols: tuple[str, ...], kernels: tuple[Expr, ...]) -> None:
        self.symbols = symbols
        self.kernels = kernels
        names = tuple(f"v{i}" for i in range(len(symbols) + len(kernels))) or ("v0",)
        self.context = fmpq_mpoly_ctx.get(names, Ordering.lex)
        generators = self.context.gens()
        keys: list[str | bytes] = [*symbols, *[kernel.tokens for kernel in kernels]]
        self.index: dict[str | bytes, int] = {key: i for i, key in enumerate(keys)}
        self.generators: dict[str | bytes, fmpq_mpoly] = dict(zip(keys, generators, strict=False))
        self.expressions = (*[sym(name) for name in symbols], *kernels)
        self.relations: tuple[Relation, ...] = ()

    def depends(self, name: str) -> frozenset[int]:
        """Positions of the generators whose value depends on the symbol ``name``."""
        found = {self.index[kernel.tokens] for kernel in self.kernels if name in kernel.symbols}
        if name in self.index:
            found.add(self.index[name])
        return frozenset(found)


def from_rational(value: int | Fraction) -> fmpq:
    """A flint rational."""
    return fmpq(value) if isinstance(value, int) else fmpq(value.numerator, value.denominator)


def to_rational(value: fmpq) -> Fraction:
    """A Python fraction."""
    return Fraction(int(value.p), int(value.q))


def polynomial_to_expr(polynomial: fmpq_mpoly, ring: Ring) -> Expr:
    """The expanded sum that the polynomial is: in the ring's order of monomials, but a positive term first."""
    parts: list[Expr] = []
    lead = -1
    for exponents, coefficient in zip(polynomial.monoms(), polynomial.coeffs(), strict=True):
        pieces = [
            generator if exponent == 1 else power(generator, num(exponent))
            for generator, exponent in zip(ring.expressions, exponents, strict=False)
            if exponent
        ]
        value = num(to_rational(coefficient))
        if lead < 0 and value.number > 0:
            lead = len(parts)
        if not pieces or abs(value.number) != 1:
            parts.append(mul(value, *pieces))
        else:
            parts.append(mul(*pieces) if value.value == 1 else neg(mul(*pieces)))
    if lead > 0:
        parts.insert(0, parts.pop(lead))
    return add(*parts)


def fraction_to_expr(top: fmpq_mpoly, down: fmpq_mpoly, ring: Ring) -> Expr:
    """The quotient of two polynomials as a tree."""
    if down.is_constant():
        return polynomial_to_expr(top / down.leading_coefficient(), ring)
    return div(polynomial_to_expr(top, ring), polynomial_to_expr(down, ring))
