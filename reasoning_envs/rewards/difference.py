"""What changed from one line to the next: the smallest parts that were taken away and put in, and where.

Learned PRMs read this instead of the two lines (the same parts on both sides teach nothing), and critiques say it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from reasoning_envs.symbolic.syntax.expression import Expr
from reasoning_envs.symbolic.syntax.statement import And, Comparison, Statement, Truth
from reasoning_envs.symbolic.syntax.tokens import CONNECTIVES, END

__all__ = ["Change", "Clause", "Tree", "difference", "in_words", "tree"]


class Clause(NamedTuple):
    """A statement with the attributes of a node of an expression; ``op`` is ``"="``, ``"and"``, ``"all reals"``, ..."""

    op: str
    args: tuple[Tree, ...]
    tokens: bytes
    key: bytes
    statement: Statement


Tree = Expr | Clause

_FLAT = ("or", "and", "add", "mul")
_EXCHANGE = 3  # nodes that telling of exchanged sides must save, or they are told one by one
_MIRROR = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Change(NamedTuple):
    """One place where two lines differ.

    Attributes:
        path: names of the nodes and places above it, from the root: ``("=", "left", "add")``.
        removed, added: the parts that went and that came. Both empty: the operands changed their order only.
        swapped: the two sides of a comparison were exchanged.
    """

    path: tuple[str, ...]
    removed: tuple[Tree, ...]
    added: tuple[Tree, ...]
    swapped: bool = False


def tree(statement: Statement) -> Clause:
    """The statement as a tree of clauses over expressions."""
    if isinstance(statement, Comparison):
        left, right = statement.left, statement.right
        head = CONNECTIVES[statement.op]
        return Clause(
            statement.op, (left, right), head + left.tokens + right.tokens, head + left.key + right.key, statement
        )
    if isinstance(statement, Truth):
        op = "all reals" if statement.value else "no solution"
        return Clause(op, (), CONNECTIVES[op], CONNECTIVES[op], statement)
    op = "and" if isinstance(statement, And) else "or"
    args = tuple([tree(part) for part in statement.parts])
    head = CONNECTIVES[op]
    tokens = head + b"".join([arg.tokens for arg in args]) + END
    key = head + b"".join(sorted([arg.key for arg in args])) + END
    return Clause(op, args, tokens, key, statement)


def difference(before: Tree, after: Tree) -> list[Change]:
    """The changes from one line to the next, from left to right; none where the lines are the same."""
    changes: list[Change] = []
    _compare(before, after, (), changes)
    return changes


def _compare(before: Tree, after: Tree, path: tuple[str, ...], changes: list[Change]) -> None:
    if before.tokens == after.tokens:
        return
    op = before.op
    if before.key == after.key and op in _FLAT:
        changes.append(Change(path, (), ()))
        return
    if op in _MIRROR:
        ways = [_sides(before.args, after, path)] if after.op == op else []
        if after.op == _MIRROR[op]:
            ways.append([Change(path, (), (), swapped=True), *_sides(before.args[::-1], after, path)])
        if ways:
            least: list[Change] = min(ways, key=_weight)
            changes.extend(least)
            return
    for flat in _FLAT:
        if op == flat or after.op == flat:
            _compare_operands(flat, before, after, path, changes)
            return
    if op == after.op and len(before.args) == len(after.args) > 0:
        for place, (old, new) in enumerate(zip(before.args, after.args, strict=True)):
            _compare(old, new, (*path, op, f"operand {place}"), changes)
        return
    changes.append(Change(path, (before,), (after,)))


def _sides(sides: Sequence[Tree], after: Tree, path: tuple[str, ...]) -> list[Change]:
    """The changes of both sides of a comparison."""
    changes: list[Change] = []
    for side, old, new in zip(("left", "right"), sides, after.args, strict=True):
        _compare(old, new, (*path, after.op, side), changes)
    return changes


def _weight(changes: Sequence[Change]) -> int:
    """How much there is to tell: nodes that went and came, and each change itself."""
    parts = sum(_size(part) for change in changes for part in (*change.removed, *change.added))
    return parts + sum(_EXCHANGE if change.swapped else 1 for change in changes)


def _size(node: Tree) -> int:
    return node.size if isinstance(node, Expr) else 1 + sum(_size(arg) for arg in node.args)


def _compare_operands(op: str, before: Tree, after: Tree, path: tuple[str, ...], changes: list[Change]) -> None:
    removed = list(before.args) if before.op == op else [before]
    added: list[Tree] = []
    keys = [part.key for part in removed]
    for part in after.args if after.op == op else (after,):
        try:
            place = keys.index(part.key)
        except ValueError:
            added.append(part)
        else:
            del keys[place], removed[place]
    whole = len(removed) == (len(before.args) if before.op == op else 1) and before.op != after.op
    if whole and op != "and":  # nothing in common: tell it as one thing
        changes.append(Change(path, (before,), (after,)))
        return
    if op == "and" and len(removed) + len(added) > 2:
        # an equation that comes with a condition: the change of the equation itself is what matters
        equations = [[part for part in parts if part.op == "="] for parts in (removed, added)]
        if len(equations[0]) == len(equations[1]) == 1:
            old, new = equations[0][0], equations[1][0]
            _compare(old, new, (*path, op), changes)
            removed.remove(old)
            added.remove(new)
    if not removed and not added:
        changes.append(Change(path, (), ()))
    elif len(removed) == len(added) == 1 and not (removed[0] is before and added[0] is after):
        _compare(removed[0], added[0], (*path, op), changes)
    else:
        changes.append(Change((*path, op), tuple(removed), tuple(added)))


def in_words(changes: Sequence[Change], limit: int = 3, width: int = 48) -> str:
    """The changes as a phrase: ``"on the left the term 3 goes; on the right 7 becomes 4"``.

    Args:
        changes: of :func:`difference`.
        limit: this many changes at most are told.
        width: characters of one expression at most.
    """
    if not changes:
        return "nothing changes"
    told = [_tell(change, width) for change in changes[:limit]]
    if len(changes) > limit:
        told.append(f"and {len(changes) - limit} more")
    return "; ".join(told)


def _tell(change: Change, width: int) -> str:
    place = next((f"on the {name} " for name in change.path if name in ("left", "right")), "")
    if change.swapped:
        return f"{place}the two sides are exchanged"
    if not change.removed and not change.added:
        return f"{place}the order of the parts changes"
    within = change.path[-1] if change.path else ""
    joint = " or " if within == "or" else " and "
    removed, added = (_list(parts, joint, width) for parts in (change.removed, change.added))
    noun = _NOUNS.get(within, "part")
    if not change.added:
        return f"{place}the {_numbered(noun, change.removed, 'goes', 'go').format(removed)}"
    if not change.removed:
        return f"{place}the {_numbered(noun, change.added, 'comes in', 'come in').format(added)}"
    return f"{place}{removed} {'becomes' if len(change.removed) == 1 else 'become'} {added}"


_NOUNS = {"add": "term", "mul": "factor", "and": "condition", "or": "alternative"}


def _numbered(noun: str, parts: Sequence[Tree], one: str, many: str) -> str:
    return f"{noun} {{}} {one}" if len(parts) == 1 else f"{noun}s {{}} {many}"


def _list(parts: Sequence[Tree], joint: str, width: int) -> str:
    from reasoning_envs.symbolic.syntax.printer import to_text

    texts = [to_text(part if isinstance(part, Expr) else part.statement) for part in parts]
    return joint.join(text if len(text) <= width else text[: width - 3] + "..." for text in texts)
