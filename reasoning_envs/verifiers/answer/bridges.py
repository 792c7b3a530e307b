"""Answers of different kinds that may say the same: a point as ``x = 1, y = 2``, an interval as an inequality.

Each function compares one pair of kinds, and returns None where the two have nothing in common.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reasoning_envs.symbolic.syntax.expression import Expr, add, div, mul, rebuild, sym
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import Comparison, Statement, Truth, free_symbols
from reasoning_envs.types import Relation, Status, Verdict
from reasoning_envs.verifiers.answer.kinds import (
    Answer,
    Branches,
    Claim,
    Listing,
    Matrix,
    Ordered,
    Region,
    Residues,
    Value,
    Words,
    letter_of,
)
from reasoning_envs.verifiers.answer.parts import interval
from reasoning_envs.verifiers.answer.real_sets import ALL, Piece, RealSet, Unordered
from reasoning_envs.verifiers.answer.residue_classes import residues_of_form

if TYPE_CHECKING:
    from reasoning_envs.verifiers.answers import Comparer

__all__ = ["BRIDGES"]

_OF_AN_ANGLE = frozenset(("sin", "cos", "tan", "abs"))
_CHOICES = re.compile("[A-H]{3,6}")


def _value_and_listing(judge: Comparer, value: Value, listing: Listing) -> Verdict | None:
    return judge.listings(Listing((value,)), listing)


def _listing_and_words(judge: Comparer, listing: Listing, words: Words) -> Verdict | None:
    """``A, B, D`` against ``ABD``: several choices."""
    chosen = [_letter(item) for item in listing.items]
    if "" in chosen or not _CHOICES.fullmatch(words.shown) or len(set(words.shown)) < len(words.shown):
        return None
    if sorted(words.shown) == sorted(chosen):
        return Verdict(Status.VERIFIED, Relation.EQUIVALENT, "the choices are the same", "text", False)
    return Verdict(Status.REFUTED, Relation.NONE, "the choices are not the same", "text", False)


def _letter(answer: Answer) -> str:
    """The capital letter that it is; nothing else."""
    if isinstance(answer, Words) and len(answer.text) == 1:
        return answer.text.upper()
    if isinstance(answer, Value) and answer.expr.op == "sym" and answer.name is None:
        return str(answer.expr.value)
    return ""


def _value_and_words(judge: Comparer, value: Value, words: Words) -> Verdict | None:
    letter = str(value.expr.value) if value.expr.op in ("sym", "const") else ""
    if len(words.text) == 1 and value.unit is None and letter.lower() == words.text:
        return Verdict(Status.VERIFIED, Relation.EQUIVALENT, "the choices are the same", "text", True)
    if len(words.shown) > 1 and words.shown.isalpha() and set(words.shown) == value.expr.symbols:
        verdict = judge.expressions(value.expr, mul(*[sym(name) for name in words.shown]))
        condition = f"{words.shown} is a product of letters"
        return replace(verdict, rigorous=False, conditions=(*verdict.conditions, condition))
    return None


def _value_and_ordered(judge: Comparer, value: Value, ordered: Ordered) -> Verdict | None:
    """``3/2`` against ``3:2``, and ``2i - j`` against ``(2, -1)``."""
    if ordered.brackets == "[]" and len(ordered.items) == 2:
        ends = [item.expr for item in ordered.items if isinstance(item, Value)]
        if len(ends) == 2 and ends[0] == ends[1]:  # the interval from a number to itself
            return judge.expressions(value.expr, ends[0])
    if ordered.brackets != "::" and len(ordered.items) in (2, 3) and value.expr.symbols & {"j", "k"}:
        return _vector_and_ordered(judge, value, ordered)
    if ordered.brackets != "::" or len(ordered.items) != 2:
        return None
    first, second = ordered.items
    if not (isinstance(first, Value) and isinstance(second, Value)):
        return None
    return judge.expressions(value.expr, div(first.expr, second.expr))


def _vector_and_ordered(judge: Comparer, value: Value, ordered: Ordered) -> Verdict | None:
    parts = [item.expr for item in ordered.items if isinstance(item, Value) and item.unit is None]
    if len(parts) < len(ordered.items) or any(part.symbols & {"j", "k"} for part in parts):
        return None
    units = [sym(name) for name in ("unit_i", "j", "k")]
    whole = add(*[mul(part, unit) for part, unit in zip(parts, units, strict=False)])
    verdict = judge.expressions(_with_unit_vector(value.expr, units[0]), whole)
    return replace(verdict, rigorous=False, conditions=(*verdict.conditions, "i, j, k are the unit vectors"))


def _with_unit_vector(node: Expr, unit: Expr) -> Expr:
    """The letter i as a vector, not as the imaginary unit."""
    if node.op == "const" and node.value == "i":
        return unit
    return rebuild(node.op, tuple([_with_unit_vector(arg, unit) for arg in node.args])) if node.args else node


def _value_and_residues(judge: Comparer, value: Value, classes: Residues) -> Verdict | None:
    """``7k + 3`` against ``x ≡ 3 (mod 7)``."""
    found = residues_of_form(value.expr)
    if found is None or (value.name is not None and classes.name is not None and value.name != classes.name):
        return None
    verdict = judge.residues(found, classes)
    condition = f"{next(iter(value.expr.symbols))} stands for any integer"
    return replace(verdict, rigorous=False, conditions=(condition,))


def _value_and_branches(judge: Comparer, value: Value, branches: Branches) -> Verdict | None:
    if value.unit is not None:
        return None
    if len(branches.parts) == 1 and _is_punctured(branches.parts[0][1]):
        function, domain = branches.parts[0]
        verdict = judge.expressions(value.expr, function)
        condition = to_text(domain.statement(branches.variable))
        return replace(verdict, conditions=(*verdict.conditions, condition)) if verdict.verified else verdict
    return judge.branches(Branches(((value.expr, ALL),), branches.variable, value.name), branches)


def _is_punctured(domain: RealSet) -> bool:
    """All numbers but some points."""
    return all(piece.is_point for piece in domain.complement().pieces)


def _value_and_region(judge: Comparer, value: Value, region: Region) -> Verdict | None:
    return _items_and_region(judge, (value,), region)


def _listing_and_region(judge: Comparer, listing: Listing, region: Region) -> Verdict | None:
    return _items_and_region(judge, listing.items, region)


def _items_and_region(judge: Comparer, items: Sequence[Answer], region: Region) -> Verdict | None:
    """Lone numbers against a set that is made of points, and intervals against their union."""
    if items and all(isinstance(item, Ordered) for item in items):
        try:
            found = [interval(item) for item in items if isinstance(item, Ordered)]
            pieces = [piece for part in found if part is not None for piece in part.pieces]
            return judge.sets(RealSet.of(pieces), region.numbers) if None not in found else None
        except Unordered as error:
            return Verdict(Status.UNDECIDED, Relation.UNKNOWN, str(error), "intervals")
    if not region.numbers.pieces or not all(piece.is_point for piece in region.numbers.pieces):
        return None
    points = [Value(region.name, piece.low, str(piece)) for piece in region.numbers.pieces]
    return judge.listings(Listing(tuple(items)), Listing(tuple(points)))


def _listing_and_ordered(judge: Comparer, listing: Listing, ordered: Ordered) -> Verdict | None:
    """``x = 1, y = 2`` against ``(1, 2)``: letters in alphabetical order; ``1, 2`` as it stands."""
    names = [getattr(item, "name", None) for item in listing.items]
    if len(listing.items) == 1:
        return judge.compare(listing.items[0], ordered)
    if ordered.brackets not in ("()", "⟨⟩", "[]"):
        return None
    if listing.bare:
        verdict = judge.parts(listing.items, ordered.items) if len(names) == len(ordered.items) else None
        return verdict and replace(verdict, rigorous=False)
    if None in names or len(set(names)) < len(names) or len(names) != len(ordered.items):
        return None
    items = sorted(listing.items, key=lambda item: str(getattr(item, "name", "")))
    unnamed = [replace(item, name=None) if isinstance(item, Value) else item for item in items]
    verdict = judge.parts(unnamed, ordered.items)
    condition = f"the letters are in the order {', '.join(sorted(str(name) for name in names))}"
    return replace(verdict, rigorous=False, conditions=(*verdict.conditions, condition))


def _ordered_and_region(judge: Comparer, ordered: Ordered, region: Region) -> Verdict | None:
    try:
        found = interval(ordered)
    except Unordered as error:
        return Verdict(Status.UNDECIDED, Relation.UNKNOWN, str(error), "intervals")
    return None if found is None else judge.sets(found, region.numbers)


def _ordered_and_matrix(judge: Comparer, ordered: Ordered, matrix: Matrix) -> Verdict | None:
    """A vector as a row or a column, or rows within rows."""
    if all(isinstance(item, Ordered) for item in ordered.items):
        rows = [item.items for item in ordered.items if isinstance(item, Ordered)]
        if [len(row) for row in rows] == [len(row) for row in matrix.rows]:
            return judge.parts([c for row in rows for c in row], [c for row in matrix.rows for c in row])
        return None
    if 1 not in (len(matrix.rows), len(matrix.rows[0])):
        return None
    cells = [cell for row in matrix.rows for cell in row]
    return judge.parts(ordered.items, cells) if len(cells) == len(ordered.items) else None


def _claim_and_region(judge: Comparer, claim: Claim, region: Region) -> Verdict | None:
    if _holds_equation(claim.statement):
        return None  # the problem itself is no answer
    symbols = free_symbols(claim.statement)
    if isinstance(region.given, Truth):
        return judge.statements(claim.statement, region.given)
    name = letter_of(region.name) or (next(iter(symbols)) if len(symbols) == 1 else None)
    if name is None or symbols - {name}:
        return None
    return judge.statements(claim.statement, region.given or region.numbers.statement(name))


def _holds_equation(statement: Statement) -> bool:
    if isinstance(statement, Comparison):
        return statement.op == "="
    return not isinstance(statement, Truth) and any(_holds_equation(part) for part in statement.parts)


def _claim_and_value(judge: Comparer, claim: Claim, value: Value) -> Verdict | None:
    """``y - 2x = 1`` against ``y = 2x + 1``: an equation of several letters is one however it is written.

    ``m + n = 113`` and ``BC = 7`` say what a sum or a product of plain letters is, which may be what was asked for.
    """
    statement = claim.statement
    if value.name is None and isinstance(statement, Comparison) and _names_a_quantity(statement):
        verdict = judge.expressions(statement.right, value.expr)
        condition = f"{to_text(statement.left)} is what was asked for"
        return replace(verdict, rigorous=False, conditions=(*verdict.conditions, condition))
    letter = letter_of(value.name)
    if letter is None or not value.expr.symbols:
        return None
    return judge.statements(claim.statement, Comparison("=", sym(letter), value.expr))


def _names_a_quantity(statement: Comparison) -> bool:
    op, left, right = statement
    if op == "=" and not right.symbols and left.op in _OF_AN_ANGLE and left.args[0].op == "sym":
        return True
    if op != "=" or right.symbols or left.op not in ("add", "mul") or len(left.symbols) != len(left.args):
        return False
    return all(arg.op == "sym" for arg in left.args)


def _ordered_and_claim(judge: Comparer, ordered: Ordered, claim: Claim) -> Verdict | None:
    """An interval whose ends have letters, against the inequality for the letter that is in none of them."""
    if len(ordered.items) != 2 or ordered.brackets[0] not in "([" or ordered.brackets[1] not in ")]":
        return None
    low, high = ordered.items
    if not (isinstance(low, Value) and isinstance(high, Value)):
        return None
    free = free_symbols(claim.statement) - low.expr.symbols - high.expr.symbols
    if len(free) != 1:
        return None
    piece = Piece(low.expr, high.expr, ordered.brackets[0] == "[", ordered.brackets[1] == "]")
    name = next(iter(free))
    return judge.statements(claim.statement, RealSet((piece,)).statement(name), name)


BRIDGES: dict[tuple[type, type], Callable[[Comparer, Any, Any], Verdict | None]] = {
    (Value, Listing): _value_and_listing,
    (Value, Words): _value_and_words,
    (Listing, Words): _listing_and_words,
    (Value, Ordered): _value_and_ordered,
    (Value, Branches): _value_and_branches,
    (Value, Residues): _value_and_residues,
    (Value, Region): _value_and_region,
    (Listing, Region): _listing_and_region,
    (Listing, Ordered): _listing_and_ordered,
    (Ordered, Region): _ordered_and_region,
    (Ordered, Matrix): _ordered_and_matrix,
    (Ordered, Claim): _ordered_and_claim,
    (Claim, Region): _claim_and_region,
    (Claim, Value): _claim_and_value,
}
"""What compares each pair of kinds."""
