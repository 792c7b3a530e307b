"""Matrices that are written as sums, products, powers, inverses and transposes of matrices.

``2*matrix(1; 2)``, ``matrix(1, 2; 3, 4)^(-1)``, ``matrix(1, 2) + matrix(3, 4)``: the text is taken apart at the
matrices, what lies between them are signs and scalars.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import permutations

from reasoning_envs.symbolic.moves.rules import simplify
from reasoning_envs.symbolic.syntax.bounds import check_bounds
from reasoning_envs.symbolic.syntax.expression import ONE, Expr, add, div, mul, neg, num
from reasoning_envs.symbolic.syntax.parser import ParseError
from reasoning_envs.verifiers.answer.outline import marks, split_at

__all__ = ["MAX_CELLS", "determinant", "matrix_value"]

MAX_CELLS = 200
"""Of a matrix."""
_MAX_SQUARE = 4
_MAX_POWER = 8
_START = re.compile(r"\s*matrix\(")
_POSTFIX = re.compile(r"\s*\^\s*(?:\(\s*)?(T|'|[-−]?\s*[0-9]{1,2})(?:\s*\))?(?!\w)")
_BEFORE_MATRIX = re.compile(r"\s*\*?\s*matrix\(")
_SIGN = re.compile(r"\s*([-−+*])")

Rows = tuple[tuple[Expr, ...], ...]
Scalar = Callable[[str], Expr]


def matrix_value(text: str, scalar: Scalar) -> Rows:
    """The matrix that the text comes to.

    Args:
        text: in plain notation.
        scalar: reads what stands between the matrices, and their cells.

    Raises:
        ParseError: no such expression, or shapes that do not fit.
    """
    reader = _Reader(text, scalar)
    found = reader.sum()
    if reader.at < len(text.rstrip()) or isinstance(found, Expr):
        raise ParseError("the expression of matrices is not clear", reader.at)
    return found


class _Reader:
    """A place in the text."""

    def __init__(self, text: str, scalar: Scalar) -> None:
        self.text, self.scalar, self.at = text, scalar, 0

    def sign(self) -> str:
        match = _SIGN.match(self.text, self.at)
        return match[1].replace("−", "-") if match else ""

    def skip(self) -> None:
        """Step behind the sign that comes next."""
        match = _SIGN.match(self.text, self.at)
        assert match is not None
        self.at = match.end()

    def sum(self) -> Rows | Expr:
        total: Rows | Expr | None = None
        while True:
            negative = False
            while (sign := self.sign()) in ("+", "-"):
                self.skip()
                negative ^= sign == "-"
            term = self.product()
            if negative:
                term = neg(term) if isinstance(term, Expr) else _scaled(num(-1), term)
            total = term if total is None else _added(total, term)
            if self.sign() not in ("+", "-"):
                return total

    def product(self) -> Rows | Expr:
        value = self.factor()
        while True:
            if self.sign() == "*":
                self.skip()
            elif not _START.match(self.text, self.at):
                return value
            value = _multiplied(value, self.factor())

    def factor(self) -> Rows | Expr:
        match = _START.match(self.text, self.at)
        if match is None:
            return self.before_matrix()
        closes = _partner(self.text, match.end() - 1)
        rows = self.rows(self.text[match.end() : closes])
        self.at = closes + 1
        while raised := _POSTFIX.match(self.text, self.at):
            self.at = raised.end()
            rows = _raised(rows, raised[1].replace("−", "-").replace(" ", ""))
        return rows

    def before_matrix(self) -> Expr:
        """A scalar: what stands up to the next matrix."""
        match = _BEFORE_MATRIX.search(self.text, self.at)
        if match is None or not self.text[self.at : match.start()].strip():
            raise ParseError("a matrix is expected", self.at)
        body = self.text[self.at : match.start()]
        self.at = match.start()
        return self.scalar(body)

    def rows(self, body: str) -> Rows:
        rows = [
            tuple(map(self.scalar, split_at(row, [mark for mark in marks(row) if mark.sign == ","])))
            for row in split_at(body, [mark for mark in marks(body) if mark.sign == ";"])
        ]
        if len({len(row) for row in rows}) > 1 or len(rows) * len(rows[0]) > MAX_CELLS:
            raise ParseError("the rows of the matrix are not equally long, or it is too large", self.at)
        return tuple(rows)


def _partner(text: str, opens: int) -> int:
    depth = 0
    for place in range(opens, len(text)):
        depth += (text[place] in "([{") - (text[place] in ")]}")
        if depth == 0:
            return place
    raise ParseError("a bracket is never closed", opens)


def _scaled(factor: Expr, rows: Rows) -> Rows:
    return tuple([tuple([mul(factor, cell) for cell in row]) for row in rows])


def _added(one: Rows | Expr, other: Rows | Expr) -> Rows | Expr:
    if isinstance(one, Expr) and isinstance(other, Expr):
        return add(one, other)
    if isinstance(one, Expr) or isinstance(other, Expr) or _shape(one) != _shape(other):
        raise ParseError("matrices of different shapes are not added", 0)
    return tuple([tuple([add(*cells) for cells in zip(*rows, strict=True)]) for rows in zip(one, other, strict=True)])


def _multiplied(one: Rows | Expr, other: Rows | Expr) -> Rows | Expr:
    if isinstance(one, Expr):
        return mul(one, other) if isinstance(other, Expr) else _scaled(one, other)
    if isinstance(other, Expr):
        return _scaled(other, one)
    return _product(one, other)


def _product(one: Rows, other: Rows) -> Rows:
    if len(one[0]) != len(other):
        raise ParseError("matrices of these shapes are not multiplied", 0)
    columns = list(zip(*other, strict=True))
    return tuple([tuple([_dot(row, column) for column in columns]) for row in one])


def _dot(one: tuple[Expr, ...], other: tuple[Expr, ...]) -> Expr:
    products = [mul(*pair) for pair in zip(one, other, strict=True)]
    total = add(*products) if len(products) > 1 else products[0]
    check_bounds(total)
    return simplify(total)


def _raised(rows: Rows, exponent: str) -> Rows:
    if exponent in ("T", "'"):
        return tuple(zip(*rows, strict=True))
    if len(rows) != len(rows[0]) or len(rows) > _MAX_SQUARE or abs(int(exponent)) > _MAX_POWER or int(exponent) == 0:
        raise ParseError(f"powers are of square matrices of {_MAX_SQUARE} rows at most, up to {_MAX_POWER}", 0)
    base = rows if int(exponent) > 0 else _inverse(rows)
    found = base
    for _ in range(abs(int(exponent)) - 1):
        found = _product(found, base)
    return found


def _inverse(rows: Rows) -> Rows:
    whole = determinant(rows)
    size = len(rows)
    if size == 1:
        return ((div(ONE, whole),),)

    def minor(row: int, column: int) -> Expr:
        rest = [[cell for j, cell in enumerate(line) if j != column] for i, line in enumerate(rows) if i != row]
        found = determinant(tuple(map(tuple, rest)))
        return found if (row + column) % 2 == 0 else neg(found)

    return tuple([tuple([div(minor(column, row), whole) for column in range(size)]) for row in range(size)])


def determinant(rows: Rows) -> Expr:
    """Of a square matrix of four rows at most, by the formula of Leibniz.

    Raises:
        ParseError: another shape.
    """
    size = len(rows)
    if size > _MAX_SQUARE or any(len(row) != size for row in rows):
        raise ParseError(f"determinants have as many rows as columns, {_MAX_SQUARE} at most", 0)
    if size == 1:
        return rows[0][0]
    terms = []
    for columns in permutations(range(size)):
        swaps = sum(first > second for place, first in enumerate(columns) for second in columns[place + 1 :])
        product = mul(*[rows[row][column] for row, column in enumerate(columns)])
        terms.append(neg(product) if swaps % 2 else product)
    return add(*terms)


def _shape(rows: Rows) -> tuple[int, int]:
    return len(rows), len(rows[0])
