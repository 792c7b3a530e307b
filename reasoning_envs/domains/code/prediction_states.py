"""States, candidates and the verifier of :mod:`reasoning_envs.domains.prediction`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from reasoning_envs.domains.problems.programs import call_text
from reasoning_envs.domains.protocol import InputError
from reasoning_envs.programs.inputs import Arguments
from reasoning_envs.programs.render import render_value
from reasoning_envs.programs.trees import Program
from reasoning_envs.programs.values import Value, same
from reasoning_envs.types import Problem, Status, Step, Verdict
from reasoning_envs.verifiers.execution import ProgramJudge

__all__ = ["Question", "ValueAction", "ValueState", "ValueVerifier"]


class Question(NamedTuple):
    """What is asked. Compared by its text alone: the certificate is nobody's to see.

    Attributes:
        text: the program and the question.
        program: that is asked about.
        arguments: given by a deduction; those of the certificate, or None, of an abduction.
        output: given by an abduction, else None.
    """

    text: str
    program: Program
    arguments: Arguments | None
    output: Value | None


class ValueState:
    """Values said so far.

    Attributes:
        question: what is asked.
        said: of the lines, or of the parameters, in order.
    """

    __slots__ = ("question", "said")

    def __init__(self, question: Question, said: tuple[Value, ...] = ()) -> None:
        self.question = question
        self.said = said

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ValueState):
            return NotImplemented
        # With types, since True == 1.
        return self.question.text == other.question.text and repr(self.said) == repr(other.said)

    def __hash__(self) -> int:
        return hash((self.question.text, self.said))

    def __reduce__(self) -> tuple[type[ValueState], tuple[Any, ...]]:
        return ValueState, (self.question, self.said)

    def __repr__(self) -> str:
        return f"ValueState({self.said!r})"


class ValueAction(NamedTuple):
    """A candidate: a value for what comes next.

    Attributes:
        rule: the kind of line, or ``"argument"``.
        state: after it.
        judge: of the state.
    """

    rule: str
    state: ValueState
    judge: Callable[[ValueState], Verdict]
    name: str
    is_step: bool = True

    @property
    def verdict(self) -> Verdict:
        """On the value, by running the program."""
        return self.judge(self.state)

    def describe(self) -> str:
        """``v1 is [1, 3]``."""
        return f"{self.name} is {render_value(self.state.said[-1])}"


class _Reader(Protocol):
    """What the verifier needs of a domain."""

    def question(self, problem: Problem) -> Question: ...

    def read(self, question: Question, text: str) -> tuple[tuple[Value, ...], Arguments | None, Value | None]: ...

    def judge_state(self, state: ValueState) -> Verdict: ...


class ValueVerifier:
    """Steps by the interpreter, outcomes by the judge."""

    def __init__(self, domain: _Reader, judge: ProgramJudge) -> None:
        self._domain = domain
        self._judge = judge

    def step(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        """On the last value."""
        text = steps[-1].text
        if text == problem.statement:
            return Verdict(Status.VERIFIED, None, "nothing has been said yet", "reader", True)
        try:
            said, _, _ = self._domain.read(self._domain.question(problem), text)
        except InputError as error:
            return error.verdict
        state = ValueState(self._domain.question(problem), said)
        if not said:
            return Verdict(Status.UNPARSED, None, "no value is said", "reader")
        return self._domain.judge_state(state)

    def outcome(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        """Whether the program gives the result on the arguments."""
        question = self._domain.question(problem)
        try:
            _, arguments, output = self._domain.read(question, steps[-1].text)
        except InputError as error:
            return error.verdict
        if arguments is None or output is None:
            return Verdict(Status.UNPARSED, None, "an answer has the form f(...) == value", "reader")
        # By their text, since True == 1.
        if question.output is None and repr(arguments) != repr(question.arguments):
            return Verdict(Status.REFUTED, None, "the answer is about other arguments", "reader", True)
        if question.output is not None and not same(output, question.output):
            return Verdict(Status.REFUTED, None, "the answer is about another result", "reader", True)
        found = self._judge.values(question.program, [arguments])
        if isinstance(found, Verdict):
            return found
        if found[0] is not None and same(found[0], output):
            return Verdict(Status.VERIFIED, None, "the program gives it", self._judge.judge)
        gives = "an error" if found[0] is None else render_value(found[0])
        reason = f"{call_text(arguments)} gives {gives}, not {render_value(output)}"
        return Verdict(Status.REFUTED, None, reason, self._judge.judge, True, reason)
