"""Residue classes: ``x ≡ 3 (mod 7)``, ``n ≡ 0 or 1 (mod 4)``, and the numbers ``7k + 3``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import gcd

from reasoning_envs.symbolic.syntax.expression import Expr
from reasoning_envs.symbolic.syntax.parser import ParseError, parse_expression
from reasoning_envs.symbolic.values.arithmetic import rational_value
from reasoning_envs.verifiers.answer.kinds import Residues

__all__ = ["MAX_MODULUS", "NoResidueError", "residue", "residues_of", "residues_of_form", "same_classes"]

MAX_MODULUS = 10**9
"""Of the residue classes that are read."""
_CLASS = re.compile(
    r"(?:([A-Za-z](?:_\w+)?)\s*(?:≡|==?)\s*)?([^=≡]{1,200}?)\s*(?:\(\s*mod\s*([0-9]{1,10})\s*\)|\bmod\s*([0-9]{1,10}))\.?",
    re.DOTALL,
)
_BETWEEN = re.compile(r"\s*(?:,|\bor\b|\band\b)\s*")


class NoResidueError(ValueError):
    """The expression is no polynomial with whole coefficients."""


def residue(node: Expr, at: Mapping[str, int], modulus: int) -> int:
    """What a polynomial with whole coefficients leaves on division by ``modulus``, in [0, modulus).

    Raises:
        NoResidueError: it is none.
    """
    op, args = node.op, node.args
    if op == "num" and isinstance(node.number, int):
        return node.number % modulus
    if op == "sym" and str(node.value) in at:
        return at[str(node.value)] % modulus
    if op == "neg":
        return -residue(args[0], at, modulus) % modulus
    if op == "add":
        return sum(residue(arg, at, modulus) for arg in args) % modulus
    if op == "mul":
        value = 1
        for arg in args:
            value = value * residue(arg, at, modulus) % modulus
        return value
    if op == "pow":
        exponent = rational_value(args[1])
        if isinstance(exponent, int) and exponent > 0:
            return pow(residue(args[0], at, modulus), exponent, modulus)
    raise NoResidueError("only polynomials with whole coefficients have remainders")


def residues_of(text: str) -> Residues | None:
    """The classes that a text names; None where it is no such text.

    Raises:
        ParseError: a residue that is no integer, or a modulus that is 0 or too large.
    """
    match = _CLASS.fullmatch(text)
    if match is None or (match[1] is None and match[3] is None):  # 17 mod 5 is a number
        return None
    modulus = int(match[3] or match[4])
    if not 0 < modulus <= MAX_MODULUS:
        raise ParseError(f"a modulus is between 1 and {MAX_MODULUS}", 0)
    values = [rational_value(parse_expression(part)) for part in _BETWEEN.split(match[2]) if part]
    whole = [value for value in values if isinstance(value, int)]
    if not whole or len(whole) < len(values):
        raise ParseError("residues are integers", 0)
    return Residues(match[1], frozenset(value % modulus for value in whole), modulus)


def residues_of_form(expr: Expr) -> Residues | None:
    """``7k + 3`` as the class of 3: an integer times one letter, plus an integer."""
    if len(expr.symbols) != 1:
        return None
    (letter,) = expr.symbols
    values = [rational_value(expr, {letter: place}) for place in (0, 1, 2, 5)]
    if not all(isinstance(value, int) for value in values):
        return None
    start, step, twice, further = (int(value) for value in values if value is not None)
    step -= start
    if step == 0 or twice != start + 2 * step or further != start + 5 * step or abs(step) > MAX_MODULUS:
        return None
    return Residues(None, frozenset({start % abs(step)}), abs(step))


def same_classes(mine: Residues, other: Residues) -> bool:
    """Whether the two hold the same integers."""
    first, second = _least(mine), _least(other)
    return first.modulus == second.modulus and first.remainders == second.remainders


def _least(classes: Residues) -> Residues:
    """By the smallest modulus: ``0, 2 (mod 4)`` is ``0 (mod 2)``."""
    modulus, remainders = classes.modulus, classes.remainders
    divisor = gcd(len(remainders), modulus)
    for factor in sorted((d for d in range(2, divisor + 1) if divisor % d == 0), reverse=True):
        smaller = modulus // factor
        shrunk = frozenset(value % smaller for value in remainders)
        if len(shrunk) * factor == len(remainders):
            return _least(Residues(classes.name, shrunk, smaller))
    return classes
