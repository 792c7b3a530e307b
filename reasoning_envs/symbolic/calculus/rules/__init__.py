"""Rewriting a line of calculus by one rule: the steps by which derivatives and integrals are worked out.

As in :mod:`reasoning_envs.symbolic.moves.rules` a rule is a function from a node to its rewrites, each with its
certificate, and the classic mistakes stand among them, unsound. :func:`calculus_rewrites` gives the rules of calculus
at every place of a line; the steps of algebra between them are :func:`reasoning_envs.symbolic.moves.rules.rewrites`.

An integral stands for a function up to a constant, and so do the lines below it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reasoning_envs.symbolic.calculus.differentiation import holds_calculus, product_of
from reasoning_envs.symbolic.calculus.rules import derivatives, fractions, integrals, substitution, trigonometry
from reasoning_envs.symbolic.moves.rules.rewrite import Rewrite, inside
from reasoning_envs.symbolic.syntax.expression import ZERO, Expr

__all__ = ["calculus_rewrites"]

_CACHE_LIMIT = 300
_cache: dict[tuple[bytes, bool], tuple[Rewrite, ...]] = {}

_RULES: dict[str, tuple[Callable[[Expr], Iterator[Rewrite]], ...]] = {
    "derivative": derivatives.RULES,
    "integral": (*integrals.RULES, *fractions.RULES, *substitution.RULES, *trigonometry.RULES),
    "where": integrals.SUBSTITUTION_RULES,
}


def calculus_rewrites(node: Expr, *, first: bool = False) -> tuple[Rewrite, ...]:
    """Every rewrite of ``node`` by one rule of calculus at one place, in a fixed order, without repetition.

    Args:
        node: a line.
        first: only of the first derivative, integral or substitution that is left, and what is inside it: the terms of
            a sum do not depend on each other, and their order makes many ways of one.
    """
    if not holds_calculus(node):
        return ()
    key = node.tokens, first
    found = _cache.get(key)
    if found is None:
        if len(_cache) > _CACHE_LIMIT:
            _cache.clear()
        found = _cache[key] = tuple(_all(node, first))
    return found


def _all(node: Expr, first: bool) -> Iterator[Rewrite]:
    seen = {node.tokens}
    for rule in _RULES.get(node.op, ()):
        for rewrite in rule(node):
            if rewrite.tokens not in seen:
                seen.add(rewrite.tokens)
                yield rewrite
    if len(seen) == 1 and node.op in ("derivative", "integral") and not holds_calculus(node.args[0]):
        yield _taken_as_constant(node)
    for index, operand in enumerate(node.args):
        for rewrite in inside(node, index, calculus_rewrites(operand, first=first)):
            if rewrite.tokens not in seen:
                seen.add(rewrite.tokens)
                yield rewrite
        if first and holds_calculus(operand):
            return


def _taken_as_constant(node: Expr) -> Rewrite:
    """What is left where no rule fits: a mistake."""
    body, symbol = node.args
    result = ZERO if node.op == "derivative" else product_of(body, symbol)
    return Rewrite("taken as a constant", result, body, sound=False)
