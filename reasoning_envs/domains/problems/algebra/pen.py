"""The drawing of numbers, letters and shapes that all families share."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from reasoning_envs.symbolic.moves.rules import product, scale
from reasoning_envs.symbolic.syntax.expression import (
    Expr,
    add,
    div,
    mul,
    neg,
    num,
    sym,
)
from reasoning_envs.symbolic.syntax.statement import (
    Comparison,
    Statement,
)

__all__ = ["Drawn", "Pen", "X"]

X = sym("x")
_LETTERS = "abcdfghkmnpqrst"


class Drawn(tuple[Comparison, Statement]):
    """An equation and its solution, a final line."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws numbers, letters and shapes from one generator.

    With ``letters`` a coefficient is more often a letter than a number.
    """

    rng: np.random.Generator
    level: int
    letters: bool = False

    def below(self, n: int) -> int:
        """An integer from 0 to n - 1."""
        return int(self.rng.integers(n))

    def chance(self, p: float) -> bool:
        """True with probability p."""
        return bool(self.rng.random() < p)

    def whole(self, largest: int | None = None) -> int:
        """An integer, not 0, of either sign; up to 9, 12 or 20 by level where nothing is said."""
        top = largest or (9, 12, 20)[self.level - 1]
        value = 1 + self.below(top)
        return -value if self.chance(0.35) else value

    def natural(self, largest: int = 9, least: int = 2) -> int:
        """An integer from ``least`` to ``largest``."""
        return least + self.below(largest - least + 1)

    def letter(self) -> Expr:
        """A letter that stands for a constant."""
        return sym(_LETTERS[self.below(len(_LETTERS))])

    def constant(self) -> Expr:
        """A term without the unknown."""
        if self.letters and self.chance(0.75):
            value = self.letter()
            if self.chance(0.15):
                value = mul(self.letter() if self.chance(0.6) else num(self.natural()), value)
            return neg(value) if self.chance(0.3) else value
        return num(self.whole())

    def factor(self) -> Expr:
        """A coefficient, not 1."""
        if self.letters and self.chance(0.75):
            return self.letter()
        if not self.letters and self.level == 3 and self.chance(0.15):
            return num(Fraction(self.whole(9), self.natural(6)))
        value = self.natural((9, 12, 12)[self.level - 1])
        return num(-value if self.chance(0.3) else value)

    def divisor(self) -> Expr:
        """What something is divided by: a letter, or a number above 1."""
        if self.letters and self.chance(0.7):
            return self.letter()
        return num(self.natural((6, 9, 12)[self.level - 1]))

    def unknown(self) -> Expr:
        """``x`` or a multiple of it."""
        roll = self.rng.random()
        if roll < 0.2:
            return X
        if roll < 0.3:
            return neg(X)
        return product(self.factor(), X)

    def shuffled(self, *parts: Expr) -> Expr:
        """The sum of the parts in a random order."""
        order = self.rng.permutation(len(parts))
        return add(*[parts[int(index)] for index in order])

    def binomial(self) -> Expr:
        """``x + c``, ``a*x + c``, ``c - x``."""
        first = X if self.chance(0.5) else self.unknown()
        return self.shuffled(first, self.constant()) if self.chance(0.3) else add(first, self.constant())

    def bracket(self) -> Expr:
        """A factor times a binomial, or a binomial with a minus before it."""
        inner = self.binomial()
        if self.chance(0.12):
            return neg(inner)
        return product(self.factor(), inner) if self.chance(0.9) else product(inner, self.factor())

    def fraction(self) -> Expr:
        """Something with the unknown over a divisor, or a fraction of the unknown."""
        under = self.divisor()
        roll = self.below(6)
        if roll == 0:
            return div(X, under)
        if roll == 1:
            return div(product(self.factor(), X), under)
        if roll == 2:
            return div(self.binomial(), under)
        if roll == 3:
            return div(product(self.factor(), self.binomial()), under)
        if roll == 4 and not self.letters:
            return scale(Fraction(self.natural(9, 1), self.natural(7)), X)
        return product(div(self.factor(), under), self.binomial() if self.chance(0.3) else X)
