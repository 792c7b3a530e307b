"""All legal next lines of a program that is being written, with what each would compute.

A :class:`LineSpace` belongs to one problem: a grammar, the parameters, and inputs. Of the inputs the first ones are
*visible*; the others are *probes*, which tell lines apart that agree on the visible ones by chance. A state of the
space is the tuple of steps made so far, which is hashable, small, and all that has to be kept.

Speed comes from :mod:`~reasoning_envs.programs.columns`. The values of a variable on all inputs are its column; equal
columns are one number, and a production on columns is evaluated once for the whole space, however many states
meet it. A state adds to the candidates of the state before it only those that use its newest variable.

>>> from reasoning_envs.programs.grammar import SMALL
>>> from reasoning_envs.programs.trees import Parameter
>>> from reasoning_envs.programs.values import Type
>>> space = LineSpace(SMALL, (Parameter("xs", Type.LIST),), visible=[((3, 1, 2),)], probes=[((),), ((5, -5, 0),)])
>>> candidates = space.candidates(())
>>> [f"{space.line((), c.step).expr} -> {space.values(c.column)[0]}" for c in candidates[:4]]
['len(xs) -> 3', 'sum(xs) -> 6', 'min(xs) -> 1', 'max(xs) -> 3']
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from typing import NamedTuple

from reasoning_envs.programs.columns import FAILED, Column, Columns
from reasoning_envs.programs.grammar import Grammar
from reasoning_envs.programs.interpreter import ERRORS, check_arguments
from reasoning_envs.programs.trees import Expr, Line, Parameter, Program, const, fill, var
from reasoning_envs.programs.values import Type, Value, type_of

__all__ = ["Candidate", "Column", "LineSpace", "State", "Step"]


class Step(NamedTuple):
    """One line of a program.

    Attributes:
        production: its id in the grammar.
        arguments: one a hole: the number of a variable, parameters first; or -1 - c for the constant with id c.
    """

    production: int
    arguments: tuple[int, ...]


State = tuple[Step, ...]
"""The lines so far. The empty tuple is the start."""


class Candidate(NamedTuple):
    """A legal next line.

    Attributes:
        step: the line; ``(*state, step)`` is the state after it.
        column: id of the values that it computes, for :meth:`LineSpace.values`.
    """

    step: Step
    column: int


class _Node(NamedTuple):
    """What is known of a state: ids of its variables' columns, and every line without an error, equal ones too."""

    columns: tuple[int, ...]
    raw: list[Candidate]
    candidates: tuple[Candidate, ...]


class LineSpace:
    """The programs that solve, or do not solve, one problem.

    Candidates come in the order of productions and then of arguments. Left out are lines that raise an error on a
    visible input, and lines that compute on all inputs, probes included, what a variable or an earlier candidate
    computes: whatever program was possible with such a line is possible without it, as far as all these inputs tell.
    A line that raises an error on probes alone is a candidate, since nobody who sees the visible inputs knows better.

    Args:
        grammar: of the lines.
        parameters: of the program.
        visible, probes: arguments for all parameters each; at least one visible.

    Raises:
        TypeError: arguments that are not of the parameters' types. ValueError: no visible input.
    """

    def __init__(
        self,
        grammar: Grammar,
        parameters: Sequence[Parameter],
        visible: Sequence[Sequence[Value]],
        probes: Sequence[Sequence[Value]] = (),
    ) -> None:
        if not visible:
            raise ValueError("a space of lines needs one visible input or more")
        self.grammar = grammar
        self.parameters = tuple(parameters)
        self.visible = len(visible)
        self.inputs = tuple(tuple(args) for args in (*visible, *probes))
        for args in self.inputs:
            check_arguments(self.parameters, args)
        self._columns = Columns(self.visible)
        self._types = self._columns.kinds
        self._known: list[dict[tuple[int, ...], int]] = [{} for _ in grammar.productions]
        constants = [
            (-1 - number, self._columns.given(type_of(value), (value,) * len(self.inputs)))
            for number, value in enumerate(grammar.constants)
        ]
        self._pools = [[[constants[number] for number in pool] for pool in pools] for pools in grammar.pools]
        start = tuple(
            self._columns.given(kind, tuple(args[index] for args in self.inputs))
            for index, (_, kind) in enumerate(self.parameters)
        )
        raw: list[Candidate] = []
        for count in range(1, len(start) + 1):
            raw.extend(self._lines_with_newest(start[:count]))
        self._nodes: dict[State, _Node] = {(): self._node(start, raw)}

    # -- states ---------------------------------------------------------------------------------------------------

    def candidates(self, state: State) -> tuple[Candidate, ...]:
        """The legal next lines, in a fixed order.

        Raises:
            ValueError: the state has an illegal line.
        """
        return self._at(state).candidates

    def columns(self, state: State) -> tuple[int, ...]:
        """Ids of the columns of all variables, parameters first."""
        return self._at(state).columns

    def values(self, column: int) -> Column:
        """The values on the visible inputs."""
        return self._columns.shown[column]

    def all_values(self, column: int) -> Column:
        """The values on all inputs, visible ones first. What agents may see is :meth:`values`."""
        return self._columns.whole(column)

    def type(self, column: int) -> Type:
        """The type of a column's values."""
        return self._types[column]

    @property
    def size(self) -> int:
        """Results that are kept: grows with use, and is a measure of memory (about half a kilobyte each)."""
        return sum(map(len, self._known)) + len(self._nodes)

    def line(self, state: State, step: Step) -> Line:
        """The line as a tree; variables are called v1, v2, ..."""
        production = self.grammar.productions[step.production]
        names = [*self.parameters]
        for index, taken in enumerate(state):
            names.append(Parameter(f"v{index + 1}", self.grammar.productions[taken.production].result))
        args: list[Expr] = [
            var(*names[ref]) if ref >= 0 else const(self.grammar.constants[-1 - ref]) for ref in step.arguments
        ]
        return Line(f"v{len(state) + 1}", fill(production.template, args))

    def program(self, state: State) -> Program:
        """The program that returns the variable of the last line.

        Raises:
            ValueError: no line has been written.
        """
        if not state:
            raise ValueError("a program without a line returns nothing: write a line first")
        lines = tuple(self.line(state[:index], step) for index, step in enumerate(state))
        return Program(self.parameters, lines, var(lines[-1].target, lines[-1].expr.type))

    # -- the way to a solution --------------------------------------------------------------------------------------

    def distance(self, state: State, target: Column, within: int) -> int | None:
        """The least number of further lines after which the last line computes the target; None if above ``within``.

        Exact, by enumeration; hence a privileged label, which no agent may see. The target may have been computed by
        an earlier line: to compute it again is no candidate, and the answer is None.

        Args:
            state: the lines so far.
            target: values on all inputs; None where any value, or an error, will do.
            within: lines at most, 0 or more. The cost grows about a hundredfold with each line above 2.

        Raises:
            ValueError: the target has another length than there are inputs, or no value at all.
        """
        wanted = [(index, value) for index, value in enumerate(target) if value is not None]
        if len(target) != len(self.inputs) or not wanted:
            raise ValueError(f"a target needs {len(self.inputs)} values, not all None; got {len(target)}")
        search = _Search(self, wanted)
        node = self._at(state)
        if any(search.hit(column) for column in node.columns):
            return 0 if state and search.hit(node.columns[-1]) else None
        if within >= 1 and any(search.hit(candidate.column) for candidate in node.candidates):
            return 1
        for lines in range(2, within + 1):
            if search.reaches(node.columns, [c.column for c in node.candidates], lines):
                return lines
        return None

    # -- inside ---------------------------------------------------------------------------------------------------

    def _at(self, state: State) -> _Node:
        node = self._nodes.get(state)
        if node is None:
            before = self._at(state[:-1])
            step = state[-1]
            for candidate in before.candidates:
                if candidate.step == step:
                    break
            else:
                raise ValueError(f"{step} is no legal line after {len(state) - 1} lines")
            columns = (*before.columns, candidate.column)
            node = self._nodes[state] = self._node(columns, before.raw + self._lines_with_newest(columns))
        return node

    def _node(self, columns: tuple[int, ...], raw: list[Candidate]) -> _Node:
        raw.sort()
        seen = set(columns)
        shown = []
        for candidate in raw:
            column = candidate[1]
            if column not in seen:
                seen.add(column)
                shown.append(candidate)
        return _Node(columns, raw, tuple(shown))

    def _lines_with_newest(self, columns: Sequence[int]) -> list[Candidate]:
        """All lines that use the last of the variables and raise no error on the visible inputs."""
        found = []
        new = tuple.__new__
        computed = self._columns.computed
        for index, arguments, ids in self.applications(columns):
            known = self._known[index]
            column = known.get(ids)
            if column is None:
                column = known[ids] = computed(self.grammar.productions[index], ids)
            if column != FAILED:
                found.append(new(Candidate, (new(Step, (index, arguments)), column)))
        return found

    def applications(
        self, columns: Sequence[int], result: Type | None = None
    ) -> Iterator[tuple[int, tuple[int, ...], tuple[int, ...]]]:
        """Every production on every choice of arguments among which is the last variable.

        Args:
            columns: of the variables, the newest last.
            result: only productions of this type.

        Yields:
            The production's id, the arguments as in :class:`Step`, and the ids of their columns.
        """
        newest = len(columns) - 1
        new_column = columns[newest]
        kind = self._types[new_column]
        options: dict[Type, list[tuple[int, int]]] = {each: [] for each in Type}
        for number, column in enumerate(columns[:newest]):
            options[self._types[column]].append((number, column))
        new = (newest, new_column)
        for index, production in enumerate(self.grammar.productions):
            holes = production.holes
            if kind not in holes or (result is not None and production.result is not result):
                continue
            pools = self._pools[index]
            if len(holes) == 1:
                yield index, (newest,), (new_column,)
            elif production.symmetric:
                for number, column in (*options[kind], new, *pools[1]):
                    if 0 <= number < newest:
                        yield index, (number, newest), (column, new_column)
                    else:
                        yield index, (newest, number), (new_column, column)
            else:
                for place, hole in enumerate(holes):
                    if hole is not kind:
                        continue
                    choices: list[Iterable[tuple[int, int]]] = []
                    for other, wanted in enumerate(holes):
                        if other == place:
                            choices.append((new,))
                        elif other > place and wanted is kind:
                            choices.append((*options[wanted], new, *pools[other]))
                        else:
                            choices.append((*options[wanted], *pools[other]))
                    for chosen in product(*choices):
                        yield index, tuple([c[0] for c in chosen]), tuple([c[1] for c in chosen])


class _Search:
    """Whether some lines lead to a target; see :meth:`LineSpace.distance`."""

    def __init__(self, space: LineSpace, wanted: Sequence[tuple[int, Value]]) -> None:
        self._space = space
        self._columns = space._columns
        visible = space.visible
        self._wanted = wanted
        self._shown = [(index, value) for index, value in wanted if index < visible]
        self._probed = [(index - visible, value) for index, value in wanted if index >= visible]
        self._type = type_of(wanted[0][1])
        self._hits: dict[int, bool] = {}

    def hit(self, column: int) -> bool:
        """The column has the target's values."""
        found = self._hits.get(column)
        if found is None:
            shown = self._columns.shown[column]
            found = self._columns.kinds[column] is self._type and all(shown[i] == v for i, v in self._shown)
            if found and self._probed:
                probes = self._columns.probes(column)
                found = all(probes[i] == v for i, v in self._probed)
            self._hits[column] = found
        return found

    def reaches(self, columns: tuple[int, ...], choices: Sequence[int], lines: int) -> bool:
        """Some ``lines`` (2 or more) lines lead there, of which the first is one of the choices.

        Lines in another order are the same lines, so a choice is not taken after one that stands behind it.
        """
        for index, choice in enumerate(choices):
            if not self._is_useful(choice):
                continue
            extended = (*columns, choice)
            if lines == 2:
                if self._is_last_line_there(extended):
                    return True
                continue
            old = set(choices)
            old.update(extended)
            more = [c.column for c in self._space._lines_with_newest(extended)]
            fresh = [column for column in dict.fromkeys(more) if column not in old]
            if self.reaches(extended, [*choices[index + 1 :], *fresh], lines - 1):
                return True
        return False

    def _is_useful(self, column: int) -> bool:
        """A line that fails where the target has a value is part of no solution."""
        probes = self._columns.probes(column) if self._probed else ()
        return all(probes[i] is not None for i, _ in self._probed)

    def _is_last_line_there(self, columns: tuple[int, ...]) -> bool:
        """One line that uses the newest variable computes the target. Most are refuted by their first value."""
        space = self._space
        productions = space.grammar.productions
        shown, probes = self._columns.shown, self._columns.probes
        for index, _, ids in space.applications(columns, self._type):
            function = productions[index].evaluate
            try:
                if _gives(function, [shown[i] for i in ids], self._shown) and (
                    not self._probed or _gives(function, [probes(i) for i in ids], self._probed)
                ):
                    return True
            except ERRORS:
                continue
        return False


def _gives(function: Callable[..., Value], sources: Sequence[Column], wanted: Sequence[tuple[int, Value]]) -> bool:
    return all(function(*[source[position] for source in sources]) == value for position, value in wanted)
