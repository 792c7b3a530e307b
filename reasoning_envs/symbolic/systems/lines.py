"""Lines about several unknowns: their alternatives as polynomials, which are solved, and what a step can come to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flint import fmpq_mpoly

from reasoning_envs.symbolic.equality.forms import Form, TooLarge, factored, form, ring_of
from reasoning_envs.symbolic.inequalities.forms import holds
from reasoning_envs.symbolic.steps.lines import comparisons
from reasoning_envs.symbolic.syntax.expression import num, sub
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import (
    Comparison,
    Statement,
    Truth,
    alternatives,
    conjuncts,
    free_symbols,
)
from reasoning_envs.symbolic.systems.explain import explain_system
from reasoning_envs.symbolic.values.evaluation import constant_sign
from reasoning_envs.types import Relation, Status, Verdict

__all__ = ["Alternative", "SystemStep", "fault_of_system_solution"]


class Alternative(NamedTuple):
    """One system of a line.

    Attributes:
        equations: left minus right of each equation. denied: of each ``!=``.
        signs: the relation and left minus right of each inequality about an unknown.
    """

    equations: tuple[Form, ...]
    denied: tuple[Form, ...]
    signs: tuple[tuple[str, Form], ...]


def fault_of_system_solution(line: Statement, unknowns: Sequence[str]) -> str | None:
    """Why a line is no solved system, in words; None where it is one.

    Solved: in each alternative every equation is ``unknown = value``, no unknown is said twice, and no value holds one
    of the unknowns that are said. Beside them only conditions on letters may stand.
    """
    if isinstance(line, Truth):
        return None
    for part in alternatives(line):
        said: set[str] = set()
        values: list[Comparison] = []
        for piece in conjuncts(part):
            if not isinstance(piece, Comparison):
                return f"{to_text(piece)} is no equation for an unknown"
            held = [name for name in unknowns if name in piece.left.symbols | piece.right.symbols]
            if not held and free_symbols(piece) and piece.op != "=":
                continue
            if piece.op != "=" or piece.left.op != "sym" or piece.left.value not in unknowns:
                return f"no unknown stands alone on the left side of {to_text(piece)}"
            if piece.left.value in said:
                return f"{piece.left.value} is said twice"
            said.add(str(piece.left.value))
            values.append(piece)
        for piece in values:
            again = sorted(said & piece.right.symbols)
            if again:
                return f"{again[0]} stands on the right side of {to_text(piece)}"
        if not said:
            return f"{to_text(part)} says nothing about the unknowns"
    return None


class SystemStep:
    """Two lines about several unknowns, one after the other, and the verdicts that the step can get.

    Attributes:
        before, after: the lines. unknowns: what is solved for. over: the number domain.
        mistake: what is wrong with the step if it is wrong, in words; None: to be found out.
        letters: the other symbols. ring: holds both sides of every equation.

    Raises:
        UndefinedForm, TooLarge: of a side.
    """

    __slots__ = ("after", "before", "letters", "mistake", "over", "ring", "unknowns")

    def __init__(
        self, before: Statement, after: Statement, unknowns: tuple[str, ...], over: str, mistake: str | None
    ) -> None:
        self.before, self.after, self.unknowns, self.over, self.mistake = before, after, unknowns, over, mistake
        self.letters = tuple(sorted((free_symbols(before) | free_symbols(after)) - set(unknowns)))
        sides = [side for line in (before, after) for part in comparisons(line) for side in part[1:]]
        self.ring = ring_of(*sides)

    def right(
        self, relation: Relation, reason: str, method: str, conditions: tuple[str, ...] = (), rigorous: bool = True
    ) -> Verdict:
        """VERIFIED."""
        return Verdict(Status.VERIFIED, relation, reason, method, rigorous, None, conditions)

    def wrong(self, lost: str | None, added: str | None, method: str, rigorous: bool = True) -> Verdict:
        """REFUTED, with a point that is lost, or one that is added, as the witness."""
        relation = Relation.NONE if lost and added else Relation.IMPLIED_BY if lost else Relation.IMPLIES
        reason = self.mistake or explain_system(self.before, self.after, self.unknowns, self.over, lost, added)
        return Verdict(Status.REFUTED, relation, reason, method, rigorous, lost or added)

    def vacuous(self, method: str) -> Verdict:
        """REFUTED: neither line has a solution, and the second is no way to say so."""
        reason = "neither line has a solution, and the one does not follow from the other"
        return Verdict(Status.REFUTED, Relation.VACUOUS, reason, method, True)

    def read(self, line: Statement) -> tuple[Alternative, ...]:
        """The alternatives of a line; conditions on letters are not of them."""
        if isinstance(line, Truth):
            return (Alternative((), (), ()),) if line.value else ()
        found = []
        for part in alternatives(line):
            equations, denied, signs = [], [], []
            for piece in conjuncts(part):
                if not isinstance(piece, Comparison):
                    raise TooLarge("alternatives inside of a system")
                about = any(name in piece.left.symbols | piece.right.symbols for name in self.unknowns)
                whole = form(piece.left, self.ring).minus(form(piece.right, self.ring))
                if piece.op == "=":
                    equations.append(whole)
                elif about and piece.op == "!=":
                    denied.append(whole)
                elif about:
                    signs.append((piece.op, whole))
                elif not free_symbols(piece):
                    equations.append(self._constant(piece))
            found.append(Alternative(tuple(equations), tuple(denied), tuple(signs)))
        return tuple(found)

    def _constant(self, piece: Comparison) -> Form:
        """``3 < 2`` as an equation: 0 = 0 where it holds, 1 = 0 where it does not."""
        side = constant_sign(sub(piece.left, piece.right))
        if side is None:
            raise TooLarge(f"the sign of {to_text(piece.left)} minus {to_text(piece.right)}")
        return form(num(0 if holds(piece.op, side) else 1), self.ring)

    def letter_poles(self, line: Sequence[Alternative]) -> dict[str, fmpq_mpoly]:
        """Irreducible factors without unknowns of what the equations of a line divide by."""
        return {
            str(factor): factor
            for alternative in line
            for equation in alternative.equations
            for divisor in equation.divisors
            for factor, _ in factored(divisor)[1]
            if not self.holds_unknown(factor)
        }

    def holds_unknown(self, polynomial: fmpq_mpoly) -> bool:
        """An unknown occurs in the polynomial."""
        degrees = polynomial.degrees()
        return any(degrees[self.ring.index[name]] for name in self.unknowns if name in self.ring.index)
