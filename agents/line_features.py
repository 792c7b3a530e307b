"""Candidates of ``CodeLines`` as bags of integers: what a line computes beside what is wanted.

A candidate line is described by the *signature* of its values beside the target's, alone, with
the kind of line and with the number of lines left; by the ways in which it and a variable that is there already give
the target (:mod:`agents.completions`), or it and another candidate; by what it works on; by how many variables
nothing has taken up yet; and by what one or two further lines would make of its values (:mod:`agents.foresight`), which
is a search of its own and is said to be one. Only what an agent may see is looked at: values on visible examples, of
variables and of candidates.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping, Sequence
from weakref import WeakKeyDictionary

from agents.completions import completions
from agents.features import Encoded
from agents.foresight import Foresight, Images, Shown
from agents.program_bags import PROGRAM_BUCKETS, Buckets
from reasoning_envs.domains.code.synthesis_space import ProblemSpace
from reasoning_envs.domains.code.synthesis_states import LineAction, LinesState
from reasoning_envs.domains.synthesis import SynthesisDomain
from reasoning_envs.programs.lines import Candidate, LineSpace, State
from reasoning_envs.programs.signatures import Signature, signature
from reasoning_envs.programs.values import Type, Value

__all__ = ["LINE_FEATURES_VERSION", "Goal", "LineFeaturiser"]

LINE_FEATURES_VERSION = "lines-4"
"""Changes whenever the meaning of a bucket does: a policy of another version cannot be loaded."""

_AHEAD = 16_384
"""Buckets of what is ahead, above the others."""

_NONE, _SUBMIT = 62, 63  # in the place of a production
_OLDER, _NEWEST = 62, 63  # in the place of a parameter
_KINDS = {kind: number for number, kind in enumerate(Type)}


class Goal:
    """What is wanted in a space of lines, and what its columns look like beside it.

    Args:
        lines: the space.
        result: type of the target. wanted: its values on the visible inputs.
        limit: lines of a program at most.

    Attributes:
        by_kind: the ways in which values of two types give the target, by the numbers of the types; or None.
    """

    def __init__(self, lines: LineSpace, result: Type, wanted: Sequence[Value | None], limit: int) -> None:
        self.lines = lines
        self.result = result
        self.wanted = tuple(wanted)
        self.limit = limit
        self._signatures: dict[int, Signature] = {}
        self.by_kind = [[completions(kind, other, result) for other in Type] for kind in Type]

    def signature(self, column: int) -> Signature:
        """Of a column beside the target's."""
        found = self._signatures.get(column)
        if found is None:
            lines = self.lines
            found = self._signatures[column] = signature(
                lines.type(column), lines.values(column), self.result, self.wanted
            )
        return found

    def column(self, column: int) -> Shown:
        """What an agent sees of a column."""
        return _KINDS[self.lines.type(column)], self.lines.values(column)

    def ways(self, one: Shown, other: Shown) -> int:
        """Bits of the ways in which two columns give the target on all examples."""
        ways = self.by_kind[one[0]][other[0]]
        if ways is None:
            return 0
        found = -1
        for value, beside, goal in zip(one[1], other[1], self.wanted, strict=True):
            found &= ways(value, beside, goal)
            if not found:
                return 0
        return found


class LineFeaturiser:
    """Bags of the candidates of ``CodeLines``.

    Args:
        domain: of the states.
    """

    version = LINE_FEATURES_VERSION
    buckets = PROGRAM_BUCKETS + _AHEAD

    def __init__(self, domain: SynthesisDomain) -> None:
        self._domain = domain
        self._goals: WeakKeyDictionary[ProblemSpace, Goal] = WeakKeyDictionary()
        self._images: WeakKeyDictionary[LineSpace, Images] = WeakKeyDictionary()
        self._buckets = Buckets()
        self._ahead = Buckets(PROGRAM_BUCKETS, _AHEAD)

    def encode(self, state: LinesState, actions: Sequence[LineAction]) -> Encoded:
        """The bags of all candidates; each holds at least one bucket."""
        space = self._domain.space(state.spec)
        goal = self._goals.get(space)
        if goal is None:
            wanted = [case.output for case in state.spec.shown]
            goal = self._goals[space] = Goal(space.lines, state.spec.result, wanted, state.spec.limit)
        program = self._after(goal, state.steps)
        columns = [action.candidate.column for action in actions if action.candidate is not None]
        together = program.together(columns, columns)
        found: list[int] = []
        lengths: list[int] = []
        for action in actions:
            before = len(found)
            if action.candidate is not None:
                self._line(found, program, action.candidate, together)
            elif action.is_step:
                self._submission(found, program)
            else:
                self._group(found, program, space.production(action.rule))
            lengths.append(len(found) - before)
        return Encoded(array("H", found).tobytes(), tuple(lengths))

    def lines(
        self,
        goal: Goal,
        steps: State,
        candidates: Sequence[Candidate],
        submit: bool,
        beside: Sequence[Candidate],
    ) -> Encoded:
        """The same for some of the lines that may follow, without an environment.

        Args:
            goal: what is wanted.
            steps: the lines so far.
            candidates: to be encoded.
            submit: to submit is the last candidate.
            beside: all lines that may follow.
        """
        program = self._after(goal, steps)
        together = program.together(
            [candidate.column for candidate in candidates], [candidate.column for candidate in beside]
        )
        found: list[int] = []
        lengths: list[int] = []
        for candidate in candidates:
            before = len(found)
            self._line(found, program, candidate, together)
            lengths.append(len(found) - before)
        if submit:
            before = len(found)
            self._submission(found, program)
            lengths.append(len(found) - before)
        return Encoded(array("H", found).tobytes(), tuple(lengths))

    def _after(self, goal: Goal, steps: State) -> _Program:
        images = self._images.get(goal.lines)
        if images is None:
            images = self._images[goal.lines] = Images(goal.lines.grammar)
        return _Program(goal, steps, images, self._ahead)

    def _group(self, found: list[int], program: _Program, production: int) -> None:
        of = self._buckets.of
        found += (of[1, production, program.left], of[2, production, program.last], of[3, production])

    def _submission(self, found: list[int], program: _Program) -> None:
        found.append(self._buckets.of[60, program.left])
        if program.steps:
            found += self._buckets.held(program.goal.signature(program.columns[-1]), 6, _SUBMIT)

    def _line(
        self, found: list[int], program: _Program, candidate: Candidate, together: Mapping[int, Collection[int]]
    ) -> None:
        (production, refs), column = candidate
        goal, left, used = program.goal, program.left, program.used
        signature = goal.signature(column)
        of, held = self._buckets.of, self._buckets.held
        fresh = len({ref for ref in refs if ref >= 0} - used)
        loose = min(program.loose - fresh, 3)
        found += held(signature, 4)
        found += held(signature, 5, left)
        found += held(signature, 6, production)
        found += (
            of[1, production, left],
            of[2, production, program.last],
            of[3, production],
            of[7, program.newest in refs, left],
            of[8, loose, left],
            of[9, loose, left, production],
            of[13, min(fresh, 2), left],
        )
        for place, ref in enumerate(refs):
            if ref < 0:
                found.append(of[10, production, place, ref])
            else:
                role = program.roles[ref]
                found += (of[11, production, place, role, ref in used], of[14, place, role, ref in used, left])
        shown = goal.column(column)
        for ref, other in enumerate(program.shown):
            for code in _codes(shown[0], other[0], goal.ways(shown, other)):
                found += (of[15, code, left], of[16, code, ref in used, left])
        for code in together.get(column, ()):
            found += (of[17, code, left], of[18, code, production])
        found += program.ahead.features(shown, production)


class _Program:
    """The lines so far, and what the features of the next ones need to know of them."""

    def __init__(self, goal: Goal, steps: State, images: Images, buckets: Buckets) -> None:
        self.goal = goal
        self.steps = steps
        lines = goal.lines
        self.left = goal.limit - len(steps)
        self.last = steps[-1].production if steps else _NONE
        self.used = {ref for step in steps for ref in step.arguments if ref >= 0}
        self.columns = lines.columns(steps)
        self.newest = len(self.columns) - 1
        self.loose = len(self.columns) - len(self.used)
        parameters = len(lines.parameters)
        self.roles = [*range(parameters), *(_OLDER for _ in steps)]
        if steps:
            self.roles[-1] = _NEWEST
        self.shown = [goal.column(column) for column in self.columns]
        self.ahead = Foresight(images, (_KINDS[goal.result], goal.wanted), self.shown, self.left, buckets)

    def together(self, columns: Sequence[int], beside: Sequence[int]) -> dict[int, set[int]]:
        """For each of some columns the ways in which it and one of those beside it give the target, as codes.

        Only where three lines or more are left: two for the columns, and one that puts them together.
        """
        found: dict[int, set[int]] = {}
        if self.left < 3:
            return found
        goal = self.goal
        places = {column: place for place, column in enumerate(beside)}
        kinds: dict[int, list[tuple[int, Value | None, Shown]]] = {}
        for place, column in enumerate(beside):
            shown = goal.column(column)
            kinds.setdefault(shown[0], []).append((place, shown[1][0], shown))
        wanted = goal.wanted[0]
        for column in dict.fromkeys(columns):
            mine, one = places[column], goal.column(column)
            value = one[1][0]
            for kind, others in kinds.items():
                before, after = goal.by_kind[one[0]][kind], goal.by_kind[kind][one[0]]
                if before is None or after is None:
                    continue
                for place, beside_it, two in others:
                    # Nearly all pairs are refused by the first example; the later candidate stands first.
                    if place < mine:
                        bits = before(value, beside_it, wanted) and goal.ways(one, two)
                    else:
                        bits = place > mine and after(beside_it, value, wanted) and goal.ways(two, one)
                    if bits:
                        found.setdefault(column, set()).update(_codes(one[0], kind, bits))
        return found


def _codes(kind: int, other: int, ways: int) -> list[int]:
    """Numbers for ways, other ones for each pair of types."""
    base = 16 * (4 * kind + other)
    return [base + number for number in range(ways.bit_length()) if ways >> number & 1]
