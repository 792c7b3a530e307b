"""Sub-goals: the lines that a policy for macro moves writes are reached one by one by finer moves.

A derivation by axioms is too long to be found from its problem alone. One by macro moves is short, and each of its
lines is a handful of axioms from the line before: a search that only wants to come nearer to the next line finds it.
The links together are a demonstration, which the solver of the fine moves learns from as from a search of its own
(:mod:`agents.actors`). Both policies come from self-play; nothing is learned from outside, and at play time the solver
of the fine moves is alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import replace
from heapq import heappop, heappush
from pathlib import Path

from agents.hindsight import grams
from agents.policies import CandidatePolicy
from agents.search import METHODS, Limits, solve
from reasoning_envs.domains.protocol import MoveDomain
from reasoning_envs.types import Problem

__all__ = ["SubGoals", "link"]

_AHEAD = 3
"""Lines of the guide that a link may pass over: what is one macro move may be no line of the finer moves."""


def link(domain: MoveDomain, start: Hashable, goal: Hashable, expansions: int) -> list[int]:
    """The actions from one state to another, by best-first search for what is nearer to it in n-grams of its tokens.

    Args:
        domain: whose moves they are.
        start: a state.
        goal: another.
        expansions: states whose candidates are generated, at most.

    Returns:
        indices of candidates; none where the goal was not reached, or is the start.
    """
    wanted = grams(domain.tokens(goal))
    queue: list[tuple[float, int, Hashable, tuple[int, ...]]] = [(0.0, 0, start, ())]
    seen = {start}
    for _ in range(expansions):
        if not queue:
            return []
        _, _, state, way = heappop(queue)
        for index, action in enumerate(domain.actions(state)):
            after: Hashable = action.state
            if after in seen or (action.is_step and not action.verdict.verified):
                continue
            seen.add(after)
            further = (*way, index)
            if after == goal:
                return list(further)
            if not domain.is_final(after):
                heappush(queue, (len(further) + _apart(domain.tokens(after), wanted), len(seen), after, further))
    return []


def _apart(tokens: bytes, wanted: Counter[bytes]) -> float:
    there = grams(tokens)
    return ((there - wanted).total() + (wanted - there).total()) / 3


class SubGoals:
    """Demonstrations for a fine set of moves.

    Args:
        domain: of the fine moves.
        guide: file or folder of a policy for the coarse ones.
        coarse: their domain; its lines must be lines of ``domain``.
        expansions: of each link.

    Raises:
        PolicyError: there is no policy for the coarse moves.

    Attributes:
        asked, found: demonstrations so far.
    """

    def __init__(self, domain: MoveDomain, guide: str | Path, coarse: MoveDomain, expansions: int = 60) -> None:
        self.domain = domain
        self.coarse = coarse
        self.expansions = expansions
        self.policy = CandidatePolicy.load(guide, coarse)
        self.method = replace(METHODS["greedy"], limits=Limits(60, 20))
        self.asked = 0
        self.found = 0

    def demonstration(self, problem: Problem) -> list[int]:
        """The actions to an answer, line by line of the guide; empty where it has none, or a line cannot be reached."""
        self.asked += 1
        (result,) = solve(self.coarse, [replace(problem, domain=self.coarse.name)], self.method, self.policy)
        if not result.outcome.success:
            return []
        lines = [node.state for node in result.path[1:] if node.action.is_step]
        at: Hashable = self.domain.start(problem)
        way: list[int] = []
        place = 0
        while place < len(lines):
            for ahead in range(place, min(place + _AHEAD, len(lines))):
                part = link(self.domain, at, lines[ahead], self.expansions)
                if part or at == lines[ahead]:
                    break
            else:
                return []
            way += part
            at, place = lines[ahead], ahead + 1
        self.found += 1
        return way
