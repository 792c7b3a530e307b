"""Lessons in writing lines: what a proposer knows who has composed many programs over the same inputs.

The proposer draws inputs, composes programs over them as :mod:`reasoning_envs.programs.generation` does, and lists all
that can be computed from these inputs within two lines; of three lines it knows what follows on the two that begin one
of its programs. So it knows of each of its programs not only the way in which it was composed but other lines with
which a shortest way to the same values begins. Programs come from nowhere else.

One list serves all programs over the same inputs, which makes a lesson cheaper than a problem of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from agents.expert_iteration import Collected, Decisions
from agents.line_features import Goal, LineFeaturiser
from reasoning_envs.domains.synthesis import SynthesisDomain
from reasoning_envs.programs.behaviour import behaviour_key
from reasoning_envs.programs.generation import VISIBLE, compose, is_varied
from reasoning_envs.programs.grammar import GRAMMARS
from reasoning_envs.programs.inputs import draw_arguments, parameter_names, probe_arguments
from reasoning_envs.programs.lines import Candidate, LineSpace, State
from reasoning_envs.programs.trees import Parameter

__all__ = ["LineLessons"]

_PROGRAMS = 300
"""Programs composed over the same inputs."""

_ENDINGS = 3
"""Further last lines drawn for each of them: what may follow on its other lines is listed already."""

_PROBES = 3
"""Of either half of the probes: inputs beside the visible ones on which programs are told apart here."""

_SHOWN = 16
"""Candidates of a decision that is learned from, beside the good ones; drawn where there are more."""

_LAST = 0.15
"""Share of the last lines that are kept: they are easy."""

_TAUGHT = 150
"""Programs that are taught of those over the same inputs, drawn where there are more: other inputs teach more."""

_LISTED = 3
"""Lines up to which ways are listed."""


class LineLessons:
    """Draws lessons for ``CodeLines``.

    Args:
        domain: of the levels.
        levels: sizes of one grammar, such as ``("small-2", "small-3")``.
        featuriser: of the policy that learns.
        allowed: decides by the key of a program's behaviour whether it may be learned from.
        discount: of a value for each line that is left.

    Raises:
        ValueError: levels of more than one grammar.
    """

    def __init__(
        self,
        domain: SynthesisDomain,
        levels: Sequence[str],
        featuriser: LineFeaturiser,
        allowed: Callable[[str], bool],
        discount: float = 0.95,
    ) -> None:
        names = {level.split("-")[0] for level in levels}
        if len(names) != 1 or not set(levels) <= set(domain.levels):
            raise ValueError(f"lessons are of one grammar each, got the levels {', '.join(levels)}")
        self._grammar = GRAMMARS[names.pop()]
        self._sizes = sorted(int(level.split("-")[1]) for level in levels)
        self._featuriser = featuriser
        self._allowed = allowed
        self._discount = discount

    def draw(self, rng: np.random.Generator) -> Decisions:
        """The decisions of some hundred programs over the same inputs; of some inputs there are none."""
        space = self._space(rng)
        # Longer programs are rarer to be told from shorter ones: they are drawn twice as often.
        longest = self._sizes[-1]
        size = longest if rng.random() < 0.5 else self._sizes[int(rng.integers(len(self._sizes)))]
        start: State = ()
        for _ in range(size - _LISTED):
            candidates = space.candidates(start)
            start = (*start, candidates[int(rng.integers(len(candidates)))].step)
        programs = self._programs(rng, space, start, size)
        ways = _Ways(space, start, programs, min(size, _LISTED))
        kept = Collected()
        columns = list(programs)
        taught = 0
        for place in rng.permutation(len(columns)).tolist():
            column = columns[place]
            steps = programs[column]
            left = ways.lines(column)
            known = left is not None and len(start) + left in self._sizes
            if known and self._allowed(behaviour_key(space.program(steps))):
                self._teach(rng, kept, ways, column, steps)
                taught += 1
                if taught == _TAUGHT:
                    break
        return kept.decisions()

    def _space(self, rng: np.random.Generator) -> LineSpace:
        signatures = self._grammar.signatures
        kinds = signatures[int(rng.integers(len(signatures)))]
        visible = [draw_arguments(rng, kinds) for _ in range(VISIBLE)]
        probes = probe_arguments(kinds)
        half = len(probes) // 2
        others = [args for args in (*probes[:_PROBES], *probes[half : half + _PROBES]) if args not in visible]
        parameters = tuple(map(Parameter, parameter_names(kinds), kinds))
        return LineSpace(self._grammar, parameters, visible, others)

    def _programs(self, rng: np.random.Generator, space: LineSpace, start: State, size: int) -> dict[int, State]:
        """Programs by the column of what they give, each column once."""
        found: dict[int, State] = {}
        for _ in range(_PROGRAMS):
            lines = size if start else min(size, int(rng.choice(self._sizes) + rng.integers(2)))
            steps = compose(rng, space, lines, start)
            if steps is None:
                continue
            for each in (steps, *(compose(rng, space, lines, steps[:-1]) for _ in range(_ENDINGS))):
                assert each is not None
                column = space.columns(each)[-1]
                if is_varied(space.all_values(column)) and is_varied(space.values(column)):
                    found.setdefault(column, each)
        return found

    def _teach(self, rng: np.random.Generator, kept: Collected, ways: _Ways, target: int, steps: State) -> None:
        """The decisions on a shortest way to a target."""
        space = ways.space
        total = ways.lines(target)
        assert total is not None
        goal = Goal(space, space.type(target), space.values(target), len(ways.start) + total)
        state: State = ()
        for step in ways.start:
            # What lies before the list is known by the composed program alone: its lines, in any order.
            mine = _columns(space, steps)
            self._keep(rng, kept, goal, state, {c.column for c in space.candidates(state)} & mine)
            state = (*state, step)
        good = ways.first(target)
        for left in range(total, 0, -1):
            if left > 1 or rng.random() < _LAST:
                self._keep(rng, kept, goal, state, good)
            choices = [candidate for candidate in space.candidates(state) if candidate.column in good]
            chosen = choices[int(rng.integers(len(choices)))]
            state = (*state, chosen.step)
            good = ways.second(target, chosen.column) if left == 3 else {target}

    def _keep(self, rng: np.random.Generator, kept: Collected, goal: Goal, state: State, good: set[int]) -> None:
        lines = goal.lines
        candidates = lines.candidates(state)
        shown: Sequence[Candidate] = candidates
        if len(candidates) > _SHOWN:
            drawn = set(rng.permutation(len(candidates))[:_SHOWN].tolist())
            shown = [each for index, each in enumerate(candidates) if index in drawn or each.column in good]
        submit = bool(state) and lines.type(lines.columns(state)[-1]) is goal.result
        marks = [each.column in good for each in shown] + [False] * submit
        valued = int(rng.choice(np.flatnonzero(marks))) if rng.random() < 0.5 else int(rng.integers(len(marks)))
        value = self._discount ** (goal.limit - len(state)) if marks[valued] else 0.0
        kept.encoded(self._featuriser.lines(goal, state, shown, submit, candidates), marks, valued, value)


def _columns(space: LineSpace, steps: State) -> set[int]:
    return set(space.columns(steps)[len(space.parameters) :])


class _Ways:
    """The shortest ways from a state to what some programs give: all up to two lines, of three those that are known.

    Args:
        space: of the lines.
        start: the state.
        programs: that begin with the lines of the state, by the column of what they give.
        most: lines beyond the state at most, from 1 to 3.
    """

    def __init__(self, space: LineSpace, start: State, programs: Mapping[int, State], most: int) -> None:
        self.space = space
        self.start = start
        self._within: dict[State, frozenset[int]] = {}
        first = space.candidates(start)
        self._first = {candidate.column for candidate in first}
        self._two: dict[int, set[int]] = defaultdict(set)
        self._three: dict[int, set[tuple[int, int]]] = defaultdict(set)
        if most >= 2:
            for candidate in first:
                for target in self._columns((*start, candidate.step)) & programs.keys():
                    self._two[target].add(candidate.column)
        far = {target for target in programs if target not in self._first and target not in self._two}
        if most >= 3 and far:
            begun = {programs[target][: len(start) + 2] for target in sorted(far)}
            for stem in sorted(begun):
                one, other = space.columns(stem)[-2:]
                for target in self._columns(stem) & far:
                    self._three[target].add((one, other))

    def _columns(self, state: State) -> frozenset[int]:
        found = self._within.get(state)
        if found is None:
            found = self._within[state] = frozenset([each.column for each in self.space.candidates(state)])
        return found

    def lines(self, target: int) -> int | None:
        """The least lines from the start to what a program gives; None where they are too many."""
        if target in self._first:
            return 1
        return 2 if target in self._two else 3 if target in self._three else None

    def first(self, target: int) -> set[int]:
        """The columns of the first lines of the ways to what a program gives."""
        if target in self._first:
            return {target}
        if target in self._two:
            return self._two[target]
        return {column for pair in self._three[target] for column in pair if column in self._first}

    def second(self, target: int, first: int) -> set[int]:
        """Of the ways of three lines the columns that the second line may have after a first one."""
        return {other for pair in self._three[target] if first in pair for other in pair if other != first}
