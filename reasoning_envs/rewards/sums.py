"""The sums and products that a change works out, as one reads them: nothing is computed here.

Each number becomes its sign and its last digit. Whether 7 + 5 is 12 shows in ``5,7>2``, and so does 47 + 25 = 72: the
tables by the last digit are the same for numbers of any size, and short enough to be learned from examples. Terms that
differ in more than their numbers are told apart by what remains of them (``8*x + x`` to ``9*x`` is ``1,8>9`` of x).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reasoning_envs.rewards.difference import Change, Clause, Tree
from reasoning_envs.symbolic.syntax.expression import Expr

__all__ = ["balances", "sums"]

_MOST = 4  # coefficients in a sum; longer ones are too rare to be learned
_COPIES = 3  # so that dropping codes in training seldom hides a sum as a whole

_Term = tuple[str, bytes]  # the numbers as text, and the key of what remains


def sums(change: Change) -> Iterator[str]:
    """What a change works out, term by term."""
    if not _are_expressions(change.removed) or not _are_expressions(change.added):
        return
    within = change.path[-1] if change.path else ""
    if within == "mul":
        factors = [[_number(part) for part in parts] for parts in (change.removed, change.added)]
        yield from _told("product", _shown(factors[0]), _shown(factors[1]))
        return
    removed, added = ([term for part in parts for term in _terms(part)] for parts in (change.removed, change.added))
    yield from _grouped("sum", removed, added)


def balances(changes: Sequence[Change]) -> Iterator[str]:
    """What all changes of an equation come to together, with the right side taken to the left."""
    removed: list[_Term] = []
    added: list[_Term] = []
    for change in changes:
        if len(change.path) < 2 or change.path[0] != "=" or change.path[2:] not in ((), ("add",)):
            return
        if not _are_expressions(change.removed) or not _are_expressions(change.added):
            return
        for parts, terms in ((change.removed, removed), (change.added, added)):
            for part in parts:
                found = _terms(part)
                terms.extend(map(_negated, found) if change.path[1] == "right" else found)
    yield from _grouped("balance", removed, added)


def _grouped(name: str, removed: Sequence[_Term], added: Sequence[_Term]) -> Iterator[str]:
    keys = list(dict.fromkeys(key for _, key in (*removed, *added)))
    for key in keys:
        old = [numbers for numbers, of in removed if of == key]
        new = [numbers for numbers, of in added if of == key]
        yield from _told(name, old, new)


def _told(name: str, old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    if old or new:
        short = len(old) <= _MOST and len(new) <= _MOST
        gram = f"{name}:{','.join(sorted(old))}>{','.join(sorted(new))}" if short else f"{name}: many"
        for copy in range(_COPIES):
            yield gram + " " * copy


def _are_expressions(parts: Sequence[Tree]) -> bool:
    return not any(isinstance(part, Clause) for part in parts)


def _negated(term: _Term) -> _Term:
    numbers, key = term
    return (numbers[1:] if numbers.startswith("-") else f"-{numbers}"), key


def _terms(node: Tree) -> list[_Term]:
    """The terms of a sum, brackets opened, without any arithmetic."""
    op = node.op
    if op == "add":
        return [term for arg in node.args for term in _terms(arg)]
    if op == "neg":
        return [_negated(term) for term in _terms(node.args[0])]
    if op == "mul":
        places = [place for place, arg in enumerate(node.args) if arg.op == "add"]
        if len(places) == 1:
            others = [_term(arg) for place, arg in enumerate(node.args) if place != places[0]]
            return [_product([*others, term]) for term in _terms(node.args[places[0]])]
    if op == "div" and node.args[0].op == "add":
        under = _term(node.args[1])
        return [_quotient(term, under) for term in _terms(node.args[0])]
    return [_term(node)]


def _term(node: Tree) -> _Term:
    op = node.op
    if op == "num":
        return _number(node), b""
    if op == "neg":
        return _negated(_term(node.args[0]))
    if op == "mul":
        return _product([_term(arg) for arg in node.args])
    if op == "div":
        return _quotient(_term(node.args[0]), _term(node.args[1]))
    if node.args and all(arg.op == "num" for arg in node.args):
        return f"{op}({','.join(_number(arg) for arg in node.args)})", b""
    return "1", node.key


def _product(terms: Sequence[_Term]) -> _Term:
    negative = sum(numbers.startswith("-") for numbers, _ in terms) % 2
    numbers = sorted(bare for bare in (numbers.removeprefix("-") for numbers, _ in terms) if bare != "1")
    return ("-" if negative else "") + ("*".join(numbers) or "1"), b"*".join(sorted(key for _, key in terms if key))


def _quotient(over: _Term, under: _Term) -> _Term:
    negative = over[0].startswith("-") != under[0].startswith("-")
    below = under[0].removeprefix("-")
    numbers = over[0].removeprefix("-") + ("" if below == "1" and not under[1] else f"/{below}")
    return ("-" if negative else "") + numbers, over[1] + (b"/" + under[1] if under[1] else b"")


def _number(node: Tree) -> str:
    """Sign and last digit; what is no number is shown by its kind."""
    if node.op != "num" or not isinstance(node, Expr):
        return node.op
    number = node.number
    sign = "-" if number < 0 else ""
    over = _digit(abs(number.numerator))
    return f"{sign}{over}" if number.denominator == 1 else f"{sign}{over}/{_digit(number.denominator)}"


def _digit(value: int) -> str:
    return str(value)[-1] if value else "nil"


def _shown(factors: Sequence[str]) -> list[str]:
    """Signs of a product's factors joined into one."""
    negative = sum(factor.startswith("-") for factor in factors) % 2
    bare = [factor.removeprefix("-") for factor in factors]
    return [*(["-"] if negative else []), *bare]
