"""Whether two answers are the same.

Values are compared by meaning, lists without order or repetition, points and matrices part by part, sets of numbers by
their pieces, functions by cases on the common refinement of their cases, statements by their solutions. A lone value
answers for ``x = value``. A statement that is not solved never equals values: else the problem itself would be an
answer to it.

A unit that only one of the two carries is an assumption: where the numbers agree, it is recorded among the conditions
and the verdict is not rigorous.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from reasoning_envs.symbolic.equality.equivalence import equivalent
from reasoning_envs.symbolic.steps.derivation import relate
from reasoning_envs.symbolic.syntax.expression import Expr, mul, substitute, sym
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import Comparison, Statement, free_symbols, line_tokens
from reasoning_envs.types import Relation, Status, Verdict
from reasoning_envs.verifiers.answer.assumptions import families, for_integers, with_arguments_of, with_letters
from reasoning_envs.verifiers.answer.bridges import BRIDGES
from reasoning_envs.verifiers.answer.kinds import (
    Answer,
    Branches,
    Claim,
    Family,
    Listing,
    Matrix,
    Ordered,
    Region,
    Residues,
    Value,
    Words,
    describe,
)
from reasoning_envs.verifiers.answer.numbers import at_one_point, within
from reasoning_envs.verifiers.answer.parts import interval, joint
from reasoning_envs.verifiers.answer.quantities import compare_quantities, compare_with_letters_as_units
from reasoning_envs.verifiers.answer.real_sets import Piece, RealSet, Unordered, infinite
from reasoning_envs.verifiers.answer.residue_classes import same_classes
from reasoning_envs.verifiers.answer.second_look import may_be_same

__all__ = ["Comparer", "compare"]

_NUMERAL = re.compile(r"\(?((?=..)(?:C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3}))[).]*", re.IGNORECASE)
_BY = re.compile(r"([A-Za-zα-ω])_(([a-z])\3*)")


def compare(answer: Answer, truth: Answer, *, over: str = "real", tolerance: float | None = None) -> Verdict:
    """Does the answer say what the truth says?

    Args:
        answer: as it was read.
        truth: as it was read.
        over: the number domain.
        tolerance: see :func:`~reasoning_envs.verifiers.answer.numbers.within`; it makes the comparison depend on
            which of the two is the truth.
    """
    judge = Comparer(over, tolerance)
    verdict = judge.compare(answer, truth)
    if verdict.refuted and isinstance(answer, Value | Listing):
        return with_letters(judge, answer, truth) or verdict
    return verdict


@dataclass(frozen=True, slots=True)
class Comparer:
    """Compares under one policy.

    Attributes:
        over: the number domain. tolerance: see :func:`~reasoning_envs.verifiers.answer.numbers.within`.
        flipped: the first of the two is the truth, and the second the answer.
    """

    over: str
    tolerance: float | None
    flipped: bool = False

    def compare(self, mine: Answer, other: Answer) -> Verdict:
        """Any two answers."""
        if isinstance(mine, Value) and isinstance(other, Value):
            return self.values(mine, other)
        if isinstance(mine, Family) or isinstance(other, Family):
            return families(self, mine, other)
        kinds = type(mine), type(other)
        if kinds[0] is kinds[1]:
            same: Verdict = _SAME_KIND[kinds[0]](self, mine, other)
            return same
        bridge = BRIDGES.get(kinds)
        if bridge is not None:
            verdict = bridge(self, mine, other)
        else:
            bridge = BRIDGES.get((kinds[1], kinds[0]))
            verdict = None if bridge is None else bridge(replace(self, flipped=not self.flipped), other, mine)
        return verdict or self.kinds_differ(mine, other)

    def kinds_differ(self, mine: Answer, other: Answer) -> Verdict:
        """Refuted for what they are."""
        answer, truth = (other, mine) if self.flipped else (mine, other)
        reason = f"the answer is {describe(answer)}, and the truth is {describe(truth)}"
        return Verdict(Status.REFUTED, Relation.NONE, reason, "kind", True)

    # Values

    def values(self, mine: Value, other: Value) -> Verdict:
        """Two values with their names and units."""
        if mine.name != other.name and mine.name is not None and other.name is not None:
            renamed = with_arguments_of(mine, other)
            if renamed is not None:
                return self.values(mine, renamed)
            if may_be_same(mine.name, other.name):
                verdict = self.values(replace(mine, name=None), replace(other, name=None))
                condition = f"{mine.name} and {other.name} are the same"
                return replace(verdict, rigorous=False, conditions=(*verdict.conditions, condition))
            if _derivative(mine.name) == _derivative(other.name) and "'" in mine.name + other.name:
                verdict = self.values(replace(mine, name=None), replace(other, name=None))
                return replace(verdict, rigorous=False)
            reason = f"the answer gives values of {mine.name}, and the truth of {other.name}"
            return Verdict(Status.REFUTED, Relation.NONE, reason, "kind", True)
        symbols = mine.expr.symbols and other.expr.symbols
        numerals = [_numeral(side.text) for side in (mine, other)] if symbols else []
        if numerals and all(numerals):
            same = numerals[0] == numerals[1]
            status, relation = (Status.VERIFIED, Relation.EQUIVALENT) if same else (Status.REFUTED, Relation.NONE)
            reason = f"the numerals are {'the same' if same else 'different'}"
            return Verdict(status, relation, reason, "text", False)
        if mine.unit != other.unit:
            verdict = compare_quantities(self, mine, other)
        else:
            verdict = self.expressions(mine.expr, other.expr)
        if verdict.refuted and (mine.expr.symbols or other.expr.symbols):
            return compare_with_letters_as_units(self, mine, other) or verdict
        return verdict

    def expressions(self, mine: Expr, other: Expr, given: Sequence[Comparison] = ()) -> Verdict:
        """Two values without units."""
        if self.flipped:
            mine, other = other, mine
        if self.tolerance is None and not given:
            quick = at_one_point(mine, other, self.over != "complex")
            if quick is not None:
                return quick
        ends = infinite(mine), infinite(other)
        if any(ends):
            same = ends[0] == ends[1]
            status, relation = (Status.VERIFIED, Relation.EQUIVALENT) if same else (Status.REFUTED, Relation.NONE)
            reason = "the two are the same infinity" if same else f"{to_text(mine)} is not {to_text(other)}"
            return Verdict(status, relation, reason, "canonical form", True)
        if self.tolerance is not None:
            near = within(mine, other, self.tolerance)
            if near is not None:
                return near
        # The order must not matter: points of comparison depend on it.
        left, right = (mine, other) if mine.tokens <= other.tokens else (other, mine)
        verdict = equivalent(left, right, over=self.over, given=given)
        if verdict.refuted and "undefined" in verdict.reason:
            verdict = for_integers(self, left, right) or verdict
        if verdict.refuted and "undefined" not in verdict.reason:
            reason = f"{to_text(mine)} is not {to_text(other)}"
            return Verdict(Status.REFUTED, Relation.NONE, reason, verdict.method, verdict.rigorous, verdict.witness)
        return verdict

    # The same kinds

    def listings(self, mine: Listing, other: Listing) -> Verdict:
        """Each of the one is one of the other, and the other way round."""
        if self.flipped:
            return replace(self, flipped=False).listings(other, mine)
        names = [{getattr(item, "name", None) for item in side.items} for side in (mine, other)]
        if names[0] != names[1] and any(name and "_" in name for name in names[0] | names[1]):
            return self.roots(mine, other)
        if names[0] != names[1] and not ({None} in names and all(len(kinds) == 1 for kinds in names)):
            shown = [", ".join(sorted(str(name) for name in kinds if name)) or "no name" for kinds in names]
            reason = f"the answer gives values of {shown[0]}, and the truth of {shown[1]}"
            return Verdict(Status.REFUTED, Relation.NONE, reason, "kind", True)
        table = [[self.compare(one, two) for two in other.items] for one in mine.items]
        columns = [list(column) for column in zip(*table, strict=True)] if table else []
        judged: list[tuple[list[Verdict], Answer, str]] = [
            *[
                (row, item, "the answer has {}, and the truth has not")
                for row, item in zip(table, mine.items, strict=True)
            ],
            *[(cells, item, "the answer misses {}") for cells, item in zip(columns, other.items, strict=True)],
        ]
        for cells, item, text in judged:
            if any(cell.verified for cell in cells):
                continue
            doubtful = [cell for cell in cells if not cell.refuted]
            if doubtful:
                return doubtful[0]
            shown_item = _shown(item)
            rigorous = all(cell.rigorous for cell in cells)
            reason = text.format(shown_item)
            return Verdict(Status.REFUTED, Relation.NONE, reason, cells[0].method, rigorous, shown_item)
        return joint([next(cell for cell in row if cell.verified) for row in table], "the values are the same")

    def roots(self, mine: Listing, other: Listing) -> Verdict:
        """``x_1 = 2, x_2 = 3`` are two values of x where the other names no index."""
        plain = []
        for side in (mine, other):
            items = [
                replace(item, name=item.name.partition("_")[0]) if isinstance(item, Value) and item.name else item
                for item in side.items
            ]
            plain.append(Listing(tuple(items), side.bare))
        return replace(self.listings(plain[0], plain[1]), rigorous=False)

    def ordered(self, mine: Ordered, other: Ordered) -> Verdict:
        """Points, intervals, ratios."""
        if mine.name != other.name and mine.name is not None and other.name is not None:
            return self.kinds_differ(mine, other)
        if "::" in (mine.brackets, other.brackets):
            return self.ratios(mine, other)
        if mine.brackets != other.brackets and "⟨⟩" not in (mine.brackets, other.brackets):
            try:
                sets = interval(mine), interval(other)
            except Unordered:  # with letters, brackets are compared as they stand
                return self.kinds_differ(mine, other)
            if sets[0] is not None and sets[1] is not None:
                return self.sets(sets[0], sets[1])
            if sets != (None, None) or {"(]", "[)"} & {mine.brackets, other.brackets}:
                return self.kinds_differ(mine, other)
        if len(mine.items) != len(other.items):
            return self.kinds_differ(mine, other)
        return self.parts(mine.items, other.items)

    def parts(self, mine: Sequence[Answer], other: Sequence[Answer]) -> Verdict:
        """Part by part: wrong where one part is, undecided where one is and none is wrong."""
        cells = [self.compare(one, two) for one, two in zip(mine, other, strict=True)]
        for place, cell in enumerate(cells):
            if cell.refuted:
                return replace(cell, reason=f"part {place + 1}: {cell.reason}", relation=Relation.NONE)
        doubtful = next((cell for cell in cells if not cell.verified), None)
        return doubtful or joint(cells, "all parts are the same")

    def ratios(self, mine: Ordered, other: Ordered) -> Verdict:
        """Proportional or not."""
        items = [
            [item.expr for item in side.items if isinstance(item, Value) and item.unit is None]
            for side in (mine, other)
        ]
        if mine.brackets != other.brackets or any(
            len(i) < len(s.items) for i, s in zip(items, (mine, other), strict=True)
        ):
            return self.kinds_differ(mine, other)
        if len(items[0]) != len(items[1]):
            return self.kinds_differ(mine, other)
        (first, *rest), (start, *others) = items
        cells = [self.expressions(mul(one, start), mul(two, first)) for one, two in zip(rest, others, strict=True)]
        wrong = next((cell for cell in cells if not cell.verified), None)
        return wrong or joint(cells, "the ratios are the same")

    def matrices(self, mine: Matrix, other: Matrix) -> Verdict:
        """Entry by entry."""
        if mine.name != other.name and mine.name is not None and other.name is not None:
            return self.kinds_differ(mine, other)
        shapes = [(len(side.rows), len(side.rows[0])) for side in (mine, other)]
        if shapes[0] != shapes[1]:
            return self.kinds_differ(mine, other)
        return self.parts([c for row in mine.rows for c in row], [c for row in other.rows for c in row])

    def regions(self, mine: Region, other: Region) -> Verdict:
        """Sets of numbers that one letter may be."""
        if mine.name != other.name and mine.name is not None and other.name is not None:
            reason = f"the answer is about {mine.name}, and the truth about {other.name}"
            return Verdict(Status.REFUTED, Relation.NONE, reason, "kind", True)
        return self.sets(mine.numbers, other.numbers)

    def sets(self, mine: RealSet, other: RealSet) -> Verdict:
        """Piece by piece: the pieces are disjoint and in order."""
        if len(mine.pieces) != len(other.pieces):
            return _sets_differ(mine, other)
        cells: list[Verdict] = []
        for one, two in zip(mine.pieces, other.pieces, strict=True):
            if (one.has_low, one.has_high) != (two.has_low, two.has_high):
                return _sets_differ(mine, other)
            cells += [self.expressions(one.low, two.low), self.expressions(one.high, two.high)]
        for cell in cells:
            if cell.refuted:
                return replace(_sets_differ(mine, other), rigorous=cell.rigorous, method=cell.method)
            if not cell.verified:
                return cell
        return joint(cells, "the sets are the same")

    def branches(self, mine: Branches, other: Branches) -> Verdict:
        """On the common refinement of the cases."""
        if mine.name != other.name and mine.name is not None and other.name is not None:
            return self.kinds_differ(mine, other)
        try:
            domains = [RealSet.of([p for _, where in side.parts for p in where.pieces]) for side in (mine, other)]
            domain = self.sets(domains[0], domains[1])
            if not domain.verified:
                return domain
            cells = [domain]
            for one, where in mine.parts:
                for two, there in other.parts:
                    two = substitute(two, {other.variable: sym(mine.variable)})
                    for piece in where.intersection(there).pieces:
                        cells.append(self.on_piece(one, two, mine.variable, piece))
        except Unordered as error:
            return Verdict(Status.UNDECIDED, Relation.UNKNOWN, str(error), "cases")
        wrong = next((cell for cell in cells if cell.refuted), None)
        doubtful = next((cell for cell in cells if not cell.verified), None)
        return wrong or doubtful or replace(joint(cells, "the functions are the same"), conditions=())

    def on_piece(self, mine: Expr, other: Expr, variable: str, piece: Piece) -> Verdict:
        """Two values of a function where its letter lies in the piece."""
        if piece.is_point:
            at = {variable: piece.low}
            return self.expressions(substitute(mine, at), substitute(other, at))
        if variable not in mine.symbols | other.symbols:
            return self.expressions(mine, other)
        x = sym(variable)
        given = []
        if not infinite(piece.low):
            given.append(Comparison(">", x, piece.low))
        if not infinite(piece.high):
            given.append(Comparison("<", x, piece.high))
        return self.expressions(mine, other, given)

    def claims(self, mine: Claim, other: Claim) -> Verdict:
        """Statements that are not solved."""
        return self.statements(mine.statement, other.statement)

    def statements(self, mine: Statement, other: Statement, unknown: str | None = None) -> Verdict:
        """By their solutions."""
        first, second = (mine, other) if line_tokens(mine) <= line_tokens(other) else (other, mine)
        symbols = free_symbols(first) | free_symbols(second)
        if unknown is None:
            unknown = "x" if "x" in symbols else max(symbols, default="x")
        verdict = relate(first, second, unknown=unknown, over=self.over)
        if verdict.refuted:
            reason = "the two do not say the same"
            return replace(verdict, relation=Relation.NONE, reason=reason)
        return verdict

    def residues(self, mine: Residues, other: Residues) -> Verdict:
        """Classes modulo two numbers, which are lifted to their least common multiple."""
        if mine.name != other.name and mine.name is not None and other.name is not None:
            return self.kinds_differ(mine, other)
        if same_classes(mine, other):
            reason = "the classes hold the same integers"
            return Verdict(Status.VERIFIED, Relation.EQUIVALENT, reason, "residue classes", True)
        reason = "the classes do not hold the same integers"
        return Verdict(Status.REFUTED, Relation.NONE, reason, "residue classes", True)

    def words(self, mine: Words, other: Words) -> Verdict:
        """Texts."""
        if mine.text == other.text:
            return Verdict(Status.VERIFIED, Relation.EQUIVALENT, "the texts are the same", "text", True)
        reason = f"{mine.shown!r} is not {other.shown!r}"
        return Verdict(Status.REFUTED, Relation.NONE, reason, "text", False)


_SAME_KIND: dict[type, Callable[..., Verdict]] = {
    Listing: Comparer.listings,
    Ordered: Comparer.ordered,
    Matrix: Comparer.matrices,
    Region: Comparer.regions,
    Branches: Comparer.branches,
    Claim: Comparer.claims,
    Residues: Comparer.residues,
    Words: Comparer.words,
}


def _numeral(text: str) -> str:
    """A Roman numeral of two letters or more, in capitals; empty where the text is none."""
    match = _NUMERAL.fullmatch(text.strip())
    return match[1].upper() if match and (match[1].isupper() or match[1].islower()) else ""


def _derivative(name: str) -> tuple[str, int]:
    """``y'`` and ``y_x`` are the first derivative of y, ``y''`` and ``y_xx`` the second."""
    if match := _BY.fullmatch(name):
        return match[1], len(match[2])
    return name.rstrip("'"), name.count("'")


def _shown(answer: Answer) -> str:
    return to_text(answer.expr) if isinstance(answer, Value) else describe(answer)


def _sets_differ(mine: RealSet, other: RealSet) -> Verdict:
    return Verdict(Status.REFUTED, Relation.NONE, f"{mine} is not {other}", "intervals", True)
