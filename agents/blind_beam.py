"""A beam that is told nothing by the verifier until it gives its one answer.

:func:`agents.search.beam` asks the verifier about each answer, which is right where the problem itself tells (a value
put into an equation) or where search is an expert to learn from. A program is judged by hidden tests, so that a player
who asked again and again would be told what they are. This one goes by what an agent sees: it keeps every finished
program that passes what is visible, of any length, and gives the one with the best priority. The first found would be
the shortest one, and on few examples a short program often passes by chance.
"""

from __future__ import annotations

from collections.abc import Callable

from agents.search import Limits, Priority
from agents.tree import Node, Outcome, Search, Tree

__all__ = ["blind_beam"]


def blind_beam(tree: Tree, limits: Limits, priority: Priority, width: int, passes: Callable[[Node], bool]) -> Search:
    """The ``width`` best states of each depth; of all final ones that pass, the best is given and judged.

    Args:
        tree: to grow.
        limits: of the search.
        priority: the smaller, the sooner.
        width: states a depth.
        passes: whether all that is visible speaks for a final node.
    """
    level = [tree.root]
    seen = {tree.root.state}
    found: list[Node] = []
    while level:
        open_nodes = [
            node
            for node in level
            if node.steps < limits.steps and tree.expansions < limits.expansions and tree.expand(node)
        ]
        if not open_nodes:
            break
        yield open_nodes
        following = []
        for node in open_nodes:
            for child in tree.children(node):
                if child.state in seen:
                    continue
                seen.add(child.state)
                if not tree.domain.is_final(child.state):
                    following.append(child)
                elif passes(child):
                    found.append(child)
        following.sort(key=priority)
        level = following[:width]
    if found:
        best = min(found, key=priority)
        return tree.finished(best, *tree.judge(best))
    return tree.finished(tree.visited[-1] if tree.visited else tree.root, Outcome.OUT_OF_BUDGET, None)
