"""Rewriting one expression by one rule: the small steps of algebra inside a side of an equation.

Each rule is a function from a node to its rewrites at that very node; :func:`rewrites` applies all of them at every
position of a tree. A rewrite carries its certificate: whether it keeps the value of the expression (*sound*), under
which condition it does, or that it is one of the classic mistakes (*unsound*), which are offered on purpose: an
environment in which every move is right has nothing to judge.

The rules are explicit: folding numbers, collecting like terms, cancelling and opening brackets are steps of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reasoning_envs.symbolic.moves.rules import functions, products, quotients, sums
from reasoning_envs.symbolic.moves.rules.rewrite import Rewrite, inside, product, scale
from reasoning_envs.symbolic.syntax.expression import Expr, replace_at
from reasoning_envs.symbolic.syntax.statement import Statement, free_symbols

__all__ = ["Rewrite", "is_simplified", "product", "rewrites", "scale", "simplify"]


_CACHE_LIMIT = 128  # sub-trees; a longer memory costs the garbage collector more than it saves

_cache: dict[bytes, tuple[Rewrite, ...]] = {}
_finished: set[bytes] = set()  # the sub-trees on which no rule acts: only bytes, which cost the collector nothing
_FINISHED_LIMIT = 4096


def rewrites(node: Expr) -> tuple[Rewrite, ...]:
    """Every rewrite of ``node`` by one rule at one place, in a fixed order, without repetition.

    Results are cached by the tokens of each sub-tree: after a step most sub-trees are old ones.
    """
    tokens = node.tokens
    if tokens in _finished:
        return ()
    found = _cache.get(tokens)
    if found is None:
        found = _all(node)
        if found:
            if len(_cache) > _CACHE_LIMIT:
                _cache.clear()
            _cache[tokens] = found
        else:
            if len(_finished) > _FINISHED_LIMIT:
                _finished.clear()
            _finished.add(tokens)
    return found


def _all(node: Expr) -> tuple[Rewrite, ...]:
    found = []
    seen = {node.tokens}
    for rule in _RULES.get(node.op, ()):
        for rewrite in rule(node):
            if rewrite.tokens not in seen:
                seen.add(rewrite.tokens)
                found.append(rewrite)
    for index, operand in enumerate(node.args):
        if operand.args and operand.tokens not in _finished:
            for rewrite in inside(node, index, rewrites(operand)):
                if rewrite.tokens not in seen:
                    seen.add(rewrite.tokens)
                    found.append(rewrite)
    return tuple(found)


_SIMPLIFYING = frozenset(("fold", "collect", "cancel", "power", "fraction", "sign", "root"))


def simplify(node: Expr, limit: int = 200) -> Expr:
    """``node`` after sound, unconditional folding, collecting and cancelling until nothing of it is left to do.

    From the outside in: like terms are collected before they are changed.
    """
    for _ in range(limit):
        simpler = _simpler(node)
        if simpler is None:
            return node
        node = simpler
    return node


def is_simplified(node: Expr) -> bool:
    """Nothing is left to fold, to collect or to cancel without a condition on the unknown."""
    return _simpler(node) is None


_simple: set[bytes] = set()  # trees of which nothing is left to do
_SIMPLER_LIMIT = 1024
_simpler_trees: dict[bytes, Expr] = {}  # what one step makes of a tree


def _simpler(node: Expr) -> Expr | None:
    """The node after the first rule that simplifies it, at its top or else in the first operand where there is one."""
    tokens = node.tokens
    if not node.args or tokens in _simple:
        return None
    found = _simpler_trees.get(tokens)
    if found is None:
        found = _at_top(node) or _in_operand(node)
        if found is None:
            if len(_simple) > _FINISHED_LIMIT:
                _simple.clear()
            _simple.add(tokens)
        else:
            if len(_simpler_trees) > _SIMPLER_LIMIT:
                _simpler_trees.clear()
            _simpler_trees[tokens] = found
    return found


def _at_top(node: Expr) -> Expr | None:
    for rule in _SIMPLIFIERS.get(node.op, ()):
        for rewrite in rule(node):
            if (
                rewrite.sound
                and rewrite.rule in _SIMPLIFYING
                and rewrite.tokens != node.tokens
                and not _needs_unknown(rewrite.condition)
            ):
                return rewrite.result
    return None


def _in_operand(node: Expr) -> Expr | None:
    for index, operand in enumerate(node.args):
        simpler = _simpler(operand)
        if simpler is not None:
            return replace_at(node, index, simpler)
    return None


def _needs_unknown(condition: Statement | None) -> bool:
    return condition is not None and "x" in free_symbols(condition)


_RULES: dict[str, tuple[Callable[[Expr], Iterator[Rewrite]], ...]] = {
    "add": sums.RULES,
    "mul": products.RULES,
    "div": quotients.RULES,
    **functions.RULES,
}

_SIMPLIFIERS = {
    op: tuple([rule for rule in rules if rule not in (*sums.OPENING, *products.OPENING, *quotients.OPENING)])
    for op, rules in _RULES.items()
}
