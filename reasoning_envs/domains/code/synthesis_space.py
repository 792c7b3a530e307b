"""What is known of one problem of :mod:`reasoning_envs.domains.synthesis`: its lines, and how far a solution is."""

from __future__ import annotations

from reasoning_envs.domains.code.observations import Rows
from reasoning_envs.domains.problems.programs import Spec, line_text, refused
from reasoning_envs.programs.behaviour import outputs
from reasoning_envs.programs.grammar import GRAMMARS
from reasoning_envs.programs.inputs import Arguments, probe_arguments
from reasoning_envs.programs.interpreter import trace
from reasoning_envs.programs.lines import Column, LineSpace, State, Step
from reasoning_envs.programs.tokens import value_tokens
from reasoning_envs.programs.trees import Program, var
from reasoning_envs.programs.values import Type
from reasoning_envs.types import Status, Verdict

__all__ = ["PROBES", "Computed", "ProblemSpace"]

Computed = tuple[Type, Column]
"""What a line computes on all inputs. With its type, since the column (True, False) equals (1, 0)."""

PROBES = 10
"""Inputs beside the visible ones on which lines are told apart and solutions are recognised; half are edge cases."""

_VARIABLES = [bytes((number,)) for number in range(128, 160)]


class ProblemSpace:
    """The lines of a problem, with exact distances; never pickled, rebuilt wherever it is needed.

    Args:
        spec: of the problem.
        exact: lines left up to which :meth:`reach` enumerates.
        rows: encodes values.

    Attributes:
        lines: all legal next lines of every state.
        target: the outputs on the visible inputs, as rows of numbers. target_tokens: the same as tokens.
    """

    def __init__(self, spec: Spec, exact: int, rows: Rows) -> None:
        self.spec = spec
        self._exact = exact
        self._rows = rows
        shown = [case.arguments for case in spec.shown]
        probes = [args for args in _probes(spec) if args not in shown]
        self.lines = LineSpace(GRAMMARS[spec.grammar], spec.parameters, shown, probes)
        self._wanted: Column = tuple(case.output for case in spec.shown)
        self.target = rows.column(spec.result, self._wanted)
        self.target_tokens = rows.tokens(spec.result, self._wanted)
        self._goal: Column | None = None
        self._certificate: list[Computed] = []
        if spec.certificate is not None:
            self._goal = outputs(spec.certificate, self.lines.inputs)
            self._certificate = _columns_of(spec.certificate, self.lines)
        self._encoded: dict[int, tuple[bytes, bytes]] = {}
        self._arguments: dict[int, bytes] = {}
        self._verdicts: dict[State, Verdict] = {}
        self._productions = {each.name: index for index, each in enumerate(self.lines.grammar.productions)}

    # -- for observations -----------------------------------------------------------------------------------------

    def encoded(self, column: int) -> tuple[bytes, bytes]:
        """A column on the visible inputs, as rows of numbers and as tokens."""
        found = self._encoded.get(column)
        if found is None:
            values = self.lines.values(column)
            kind = self.lines.type(column)
            found = self._encoded[column] = self._rows.column(kind, values), self._rows.tokens(kind, values)
        return found

    def argument_tokens(self, ref: int) -> bytes:
        """An argument of a line as tokens."""
        if ref >= 0:
            return _VARIABLES[ref]
        found = self._arguments.get(ref)
        if found is None:
            found = self._arguments[ref] = value_tokens(self.lines.grammar.constants[-1 - ref])
        return found

    def production(self, group: str) -> int:
        """The number of the production that a group, or a page of it, is of."""
        return self._productions[group.split(" (", maxsplit=1)[0]]

    def mistake(self, right: Step, other: Step) -> str:
        """The kind of mistake that puts another line in the place of one; see :meth:`SynthesisDomain.corrupt`."""
        if right.production != other.production:
            return "wrong operation"
        apart = [pair for pair in zip(right.arguments, other.arguments, strict=True) if pair[0] != pair[1]]
        if any(old >= 0 for old, _ in apart):
            swapped = sorted(right.arguments) == sorted(other.arguments)
            return "swapped arguments" if swapped else "wrong variable"
        constants = [[self.lines.grammar.constants[-1 - ref] for ref in pair] for pair in apart]
        near = all(isinstance(old, int) and isinstance(new, int) and abs(old - new) == 1 for old, new in constants)
        return "off by one" if near else "wrong constant"

    # -- verdicts -------------------------------------------------------------------------------------------------

    def passes(self, steps: State) -> bool:
        """The newest variable has the target's values on the visible inputs."""
        if not steps:
            return False
        column = self.lines.columns(steps)[-1]
        return self.lines.type(column) is self.spec.result and self.lines.values(column) == self._wanted

    def submission(self, steps: State) -> Verdict:
        """Whether the program is a solution, as far as visible inputs and probes tell."""
        if not self.passes(steps):
            return Verdict(Status.REFUTED, None, "a visible test fails", "values", True)
        if self._goal is None:
            return Verdict(Status.UNDECIDED, None, "the visible tests pass; no certificate tells more", "values")
        if self._is_solution(steps):
            return Verdict(Status.VERIFIED, None, "it does what the certificate does", "values")
        return Verdict(Status.REFUTED, None, "the visible tests pass, and other inputs tell it apart", "values", True)

    def reach(self, steps: State) -> Verdict:
        """Whether a solution is within the lines that are left."""
        found = self._verdicts.get(steps)
        if found is None:
            found = self._verdicts[steps] = self._reach(steps)
        return found

    def away(self, steps: State) -> int | None:
        """The least lines to a solution as far as they are known: one more than are left where there is none; or None.

        Up to ``exact`` lines it is exact; beyond, it is the number of the certificate's lines that are missing.
        """
        if self._goal is None:
            return None
        if steps and self._is_solution(steps):
            return 0
        left = self.spec.limit - len(steps)
        distance = self.lines.distance(steps, self._goal, min(left, self._exact))
        if distance is not None:
            return distance
        return left + 1 if left <= self._exact else self._by_certificate(steps, left)

    def missing(self, steps: State) -> list[Computed]:
        """What the certificate's lines compute and no variable holds yet, in order."""
        known = {(self.lines.type(column), self.lines.all_values(column)) for column in self.lines.columns(steps)}
        return [computed for computed in dict.fromkeys(self._certificate) if computed not in known]

    def _by_certificate(self, steps: State, left: int) -> int | None:
        """The certificate's lines that are not there yet; None where they are too many, or its last one is there."""
        missing = self.missing(steps)
        return len(missing) if self._certificate[-1] in missing and len(missing) <= left else None

    def _reach(self, steps: State) -> Verdict:
        left = self.spec.limit - len(steps)
        if self._goal is None:
            return Verdict(Status.UNDECIDED, None, "no certificate is known", "enumeration")
        if steps and self._is_solution(steps):
            return _near(0)
        # The certificate's own way first: it costs nothing.
        away = self._by_certificate(steps, left)
        if away is None:
            away = self.away(steps)
        if away is None:
            return Verdict(Status.UNDECIDED, None, f"{left} lines are left, too many to enumerate", "enumeration")
        if away <= left:
            return _near(away)
        lines = "no line is left" if left == 0 else f"no solution is within {_count(left)}"
        return Verdict(Status.REFUTED, None, lines, "enumeration", True)

    def _is_solution(self, steps: State) -> bool:
        assert self._goal is not None
        column = self.lines.columns(steps)[-1]
        if self.lines.type(column) is not self.spec.result:
            return False
        pairs = zip(self.lines.all_values(column), self._goal, strict=True)
        return all(wanted is None or value == wanted for value, wanted in pairs)

    def state_of(self, program: Program) -> State:
        """The lines of a program as steps.

        Raises:
            InputError: one of them is no candidate.
        """
        state: State = ()
        if program.parameters != self.spec.parameters or len(program.lines) > self.spec.limit:
            raise refused("the program has other parameters than the problem, or too many lines")
        if not program.lines or program.result != var(program.lines[-1].target, program.lines[-1].expr.type):
            raise refused("the program returns something else than the variable of its last line")
        for line in program.lines:
            for candidate in self.lines.candidates(state):
                if self.lines.line(state, candidate.step) == line:
                    state = (*state, candidate.step)
                    break
            else:
                raise refused(f"{line_text(line)!r} is no candidate: it fails, is computed already, or is not listed")
        return state


def _near(lines: int) -> Verdict:
    reason = "it does what is wanted" if lines == 0 else f"a solution is {_count(lines)} away"
    return Verdict(Status.VERIFIED, None, reason, "enumeration")


def _count(lines: int) -> str:
    return f"{lines} more line{'' if lines == 1 else 's'}"


def _probes(spec: Spec) -> list[Arguments]:
    inputs = probe_arguments(tuple(kind for _, kind in spec.parameters))
    half = len(inputs) // 2
    return [*inputs[: PROBES // 2], *inputs[half : half + PROBES // 2]]


def _columns_of(program: Program, lines: LineSpace) -> list[Computed]:
    """Type and values of every line of a program on all inputs; None from its error on."""
    count = len(program.lines)
    runs = [[outcome.value for outcome in trace(program, args)][:count] for args in lines.inputs]
    return [
        (program.lines[index].expr.type, tuple(run[index] if index < len(run) else None for run in runs))
        for index in range(count)
    ]
