"""Parts of an answer put together: values as a list, conditions on one letter as one set of numbers."""

from __future__ import annotations

from collections.abc import Sequence

from reasoning_envs.symbolic.syntax.expression import sym
from reasoning_envs.symbolic.syntax.parser import ParseError
from reasoning_envs.symbolic.syntax.statement import Comparison, Statement, conjunction
from reasoning_envs.types import Relation, Status, Verdict
from reasoning_envs.verifiers.answer.kinds import (
    Answer,
    Branches,
    Claim,
    Family,
    Listing,
    Matrix,
    Ordered,
    Region,
    Value,
    Words,
    letter_of,
)
from reasoning_envs.verifiers.answer.real_sets import ALL, Piece, RealSet, infinite

__all__ = ["Unsettled", "assigned", "flattened", "interval", "joint", "numbers_of", "united", "with_name"]


class Unsettled(ValueError):
    """The text can be read, and what it says cannot be settled; the message says why."""


def with_name(answer: Answer, name: str) -> Answer | None:
    """The same answer as what the letter is."""
    if isinstance(answer, Value):
        return Value(name, answer.expr, answer.text, answer.unit) if answer.name in (None, name) else None
    if isinstance(answer, Listing):
        items = [with_name(item, name) if isinstance(item, Value) else item for item in answer.items]
        known = [item for item in items if item is not None]
        return Listing(tuple(known), answer.bare) if len(known) == len(items) else None
    if isinstance(answer, Region):
        return Region(name, answer.numbers, answer.given) if answer.name in (None, name) else None
    if isinstance(answer, Ordered):
        return Ordered(answer.items, answer.brackets, name)
    if isinstance(answer, Matrix):
        return Matrix(answer.rows, name)
    if isinstance(answer, Branches):
        return Branches(answer.parts, answer.variable, name)
    if isinstance(answer, Family):
        members = with_name(answer.members, name)
        return None if members is None else Family(members, answer.letters, answer.of)
    return answer if isinstance(answer, Words) else None


def assigned(letters: Ordered, values: Answer) -> Answer:
    """``(x, y) = (1, 2)`` is ``x = 1, y = 2``."""
    names = [str(item.expr.value) for item in letters.items if isinstance(item, Value) and item.expr.op == "sym"]
    if len(names) < len(letters.items):
        raise ParseError("letters are expected on the left", 0)
    if isinstance(values, Listing):
        return Listing(tuple([assigned(letters, item) for item in values.items]))
    if not isinstance(values, Ordered) or len(values.items) != len(names):
        raise ParseError(f"{len(names)} values are expected on the right", 0)
    found = [with_name(item, name) for name, item in zip(names, values.items, strict=True)]
    known = [item for item in found if item is not None]
    if len(known) < len(names):
        raise ParseError("the values on the right have names of their own", 0)
    return Listing(tuple(known))


def flattened(items: list[Answer]) -> tuple[Answer, ...]:
    """Lists within a list are opened, unless they are solutions of several letters."""
    flat: list[Answer] = []
    for item in items:
        if isinstance(item, Listing) and len({_name(inner) for inner in item.items}) < 2:
            flat.extend(item.items)
        else:
            flat.append(item)
    return tuple(flat)


def _name(answer: Answer) -> str | None:
    return getattr(answer, "name", None)


def united(items: list[Answer], *, together: bool, bare: bool) -> Answer:
    """Parts of a list as one answer: values as a list, conditions on one letter as one set of numbers."""
    families = [item for item in items if isinstance(item, Family)]
    if families:
        if len({family.of for family in families}) > 1:
            raise Unsettled("letters of several sets are not compared as a list")
        members = [item.members if isinstance(item, Family) else item for item in items]
        letters = frozenset[str]().union(*[family.letters for family in families])
        return Family(united(members, together=together, bare=bare), letters, families[0].of)
    if any(isinstance(item, Claim) for item in items):
        statements = [_statement(item) for item in items]
        known = [statement for statement in statements if statement is not None]
        if together and len(known) == len(items):
            return Claim(conjunction(*known))
        raise Unsettled("statements that are not solved are not compared as a list")
    if any(isinstance(item, Region) for item in items):
        restricted = _restricted(items) if together else None
        if restricted is not None:
            return restricted
        return _region(items, together)
    if any(_is_interval(item) for item in items):
        return _region(items, together=False)
    flat = list(flattened(items))
    first = _name(flat[0])
    for place, item in enumerate(flat):
        if first is not None and isinstance(item, Value) and item.name is None:
            flat[place] = Value(first, item.expr, item.text, item.unit)
    names = [_name(item) for item in flat]
    if together and None not in names and len(names) > len(set(names)) > 1:
        width = len(set(names))
        groups = [flat[start : start + width] for start in range(0, len(flat), width)]
        if all({_name(item) for item in group} == set(names) for group in groups):
            return Listing(tuple([Listing(tuple(group)) for group in groups]))
    return Listing(tuple(flat), bare and first is None)


def _restricted(items: list[Answer]) -> Branches | None:
    """``x^2 - 4, x != 2``: an expression, and where it is meant."""
    value, *conditions = items
    if not isinstance(value, Value) or value.unit is not None or len(value.expr.symbols) != 1:
        return None
    (letter,) = value.expr.symbols
    where = ALL
    for condition in conditions:
        if not isinstance(condition, Region) or condition.name != letter:
            return None
        where = where.intersection(condition.numbers)
    return Branches(((value.expr, where),), letter, value.name)


def _region(items: list[Answer], together: bool) -> Answer:
    sets = [numbers_of(item) for item in items]
    names = {_name(item) for item in items} - {None}
    known = [part for part in sets if part is not None]
    if len(names) > 1 or len(known) < len(items):
        statements = [_statement(item) for item in items]
        if together and all(statement is not None for statement in statements):
            return Claim(conjunction(*[statement for statement in statements if statement is not None]))
        return Listing(tuple(items))
    name = next(iter(names), None)
    joined = known[0]
    for other in known[1:]:
        joined = joined.intersection(other) if together and name else joined.union(other)
    if together and name and not joined.pieces:
        raise Unsettled("nobody can tell whether these conditions hold together or one at a time")
    return Region(name, joined)


def _statement(answer: Answer) -> Statement | None:
    if isinstance(answer, Claim):
        return answer.statement
    if isinstance(answer, Region):
        letter = letter_of(answer.name)
        return answer.given or (answer.numbers.statement(letter) if letter else None)
    if isinstance(answer, Value) and (letter := letter_of(answer.name)) is not None:
        return Comparison("=", sym(letter), answer.expr)
    return None


def numbers_of(answer: Answer) -> RealSet | None:
    """The answer as a set of real numbers, where it can be one."""
    if isinstance(answer, Region):
        return answer.numbers
    if isinstance(answer, Value) and not answer.expr.symbols:
        return RealSet((Piece(answer.expr, answer.expr, True, True),))
    if isinstance(answer, Listing):
        parts = [numbers_of(item) for item in answer.items]
        return None if None in parts else RealSet.of([p for part in parts if part is not None for p in part.pieces])
    if isinstance(answer, Ordered):
        return interval(answer)
    return None


def interval(answer: Ordered) -> RealSet | None:
    """``(1, 2]`` as a set; None where it is none. Letters as ends are left alone.

    Raises:
        Unordered: its ends cannot be compared.
    """
    if len(answer.items) != 2 or answer.brackets not in ("()", "[]", "(]", "[)"):
        return None
    low, high = answer.items
    if not (isinstance(low, Value) and isinstance(high, Value)) or low.name or high.name:
        return None
    found = RealSet.of((Piece(low.expr, high.expr, answer.brackets[0] == "[", answer.brackets[1] == "]"),))
    return found if found.pieces else None  # (1, 0) is a point


def _is_interval(answer: Answer) -> bool:
    """Nothing but an interval: one end belongs to it and the other not, or it is infinite."""
    if not isinstance(answer, Ordered) or len(answer.items) != 2:
        return False
    return answer.brackets in ("(]", "[)") or any(
        isinstance(item, Value) and infinite(item.expr) for item in answer.items
    )


def joint(cells: Sequence[Verdict], reason: str) -> Verdict:
    """VERIFIED of a whole whose parts are."""
    conditions = tuple(sorted({condition for cell in cells for condition in cell.conditions}))
    methods = {cell.method for cell in cells}
    method = methods.pop() if len(methods) == 1 else "mixed"
    rigorous = all(cell.rigorous for cell in cells)
    return Verdict(Status.VERIFIED, Relation.EQUIVALENT, reason, method, rigorous, None, conditions)
