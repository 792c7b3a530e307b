"""What domains share whose lines are expressions, each equal to the one before: states, actions, reading, groups."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from reasoning_envs.domains.protocol import InputError
from reasoning_envs.symbolic.moves.mistakes import spoiled_side
from reasoning_envs.symbolic.moves.rules import Rewrite
from reasoning_envs.symbolic.moves.rules.domains import may_lack_value
from reasoning_envs.symbolic.syntax.expression import Expr, substitute, sym
from reasoning_envs.symbolic.syntax.naming import canonical_text
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import Statement, conjuncts
from reasoning_envs.symbolic.syntax.statement import substitute as substitute_in_statement
from reasoning_envs.symbolic.syntax.tokens import END, GROUP, VOCABULARY_VERSION
from reasoning_envs.types import Problem, Relation, Status, Verdict
from reasoning_envs.verifiers.protocol import Verifier

__all__ = ["ExpressionAction", "ExpressionDomain", "ExpressionState", "Task", "read_expression", "unread"]

_make = tuple.__new__  # past the slower constructor of a named tuple: most candidates are looked at once


class Task(NamedTuple):
    """What stays the same through an episode.

    Attributes:
        goal: what is to be reached, a name of the domain's.
        unknown: the problem's own letter for what is ``x`` in every line.
    """

    goal: str
    unknown: str = "x"


class ExpressionState:
    """A line that is an expression.

    Attributes:
        line: the tree, with ``x`` for the unknown whatever the problem's own letter is.
        task: see :class:`Task`.
        group: the rule chosen, where the next action picks one of its candidates; else None.
        tokens: the line over the vocabulary.
    """

    __slots__ = ("_line", "group", "task", "tokens")

    def __init__(self, line: Expr | Rewrite, task: Task, group: str | None = None) -> None:
        self._line = line
        self.task = task
        self.group = group
        self.tokens = line.tokens

    @property
    def line(self) -> Expr:
        """The tree; where a rewrite led here it is built when it is first asked for."""
        line = self._line
        if isinstance(line, Rewrite):
            line = self._line = line.result
        return line

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ExpressionState):
            return NotImplemented
        return self.tokens == other.tokens and self.task == other.task and self.group == other.group

    def __hash__(self) -> int:
        return hash((self.tokens, self.group))

    def __reduce__(self) -> tuple[type[ExpressionState], tuple[Any, ...]]:
        return ExpressionState, (self.line, self.task, self.group)

    def __repr__(self) -> str:
        return f"ExpressionState({text_of(self.line, self.task.unknown)!r}, {self.task}, group={self.group!r})"


class ExpressionAction(NamedTuple):
    """A candidate: a rewrite, the choice of a group of them, or a line that somebody wrote.

    Attributes:
        rule: name of the rule (of the group, for a choice); ``"text"`` for a line written.
        before, state: the states around it.
        domain: knows the words and judges what has no certificate.
        rewrite: None where there is none. is_step: False for the choice of a group.
    """

    rule: str
    before: ExpressionState
    state: ExpressionState
    domain: ExpressionDomain
    rewrite: Rewrite | None = None
    is_step: bool = True

    @property
    def operand(self) -> Expr | None:
        """What the rule is applied with or to."""
        return None if self.rewrite is None else self.rewrite.operand

    @property
    def sound(self) -> bool:
        """The rule keeps the value; False of a mistake, which may be harmless here, and of a line somebody wrote."""
        return not self.is_step if self.rewrite is None else self.rewrite.sound

    @property
    def conditions(self) -> tuple[Statement, ...]:
        """Under which a sound rewrite is sound."""
        if self.rewrite is None or self.rewrite.condition is None:
            return ()
        return conjuncts(self.rewrite.condition)

    @property
    def relation(self) -> Relation:
        """Of the values, for a sound rewrite."""
        return Relation.EQUIVALENT

    @property
    def verdict(self) -> Verdict:
        """Of the certificate for a sound rewrite. A classic mistake may be harmless here: the verifier tells.

        It tells also of a line that may have no value at all, as it may become by a mistake.
        """
        if not self.sound or may_lack_value(self.before.line):
            words = None if self.rewrite is None else self.domain.mistakes.get(self.rule)
            return self.domain.judge(self.before, self.state, None if words is None else self._filled(words))
        further = self.domain.remarks(self.before, self.state)
        if not self.conditions and not further:
            return _SOUND
        unknown = self.state.task.unknown
        conditions = tuple(_statement_text(condition, unknown) for condition in self.conditions)
        reason = f"{self.describe()}: right as long as {' and '.join(conditions)}" if conditions else _SOUND.reason
        return Verdict(Status.VERIFIED, Relation.EQUIVALENT, reason, "certificate", True, None, (*conditions, *further))

    def describe(self) -> str:
        """What is done, in words; for a mistake, what its author believes to be doing."""
        return self._filled(self.domain.words.get(self.rule, self.rule))

    def _filled(self, words: str) -> str:
        if "{}" not in words:
            return words
        return words.replace("{}", "it" if self.operand is None else text_of(self.operand, self.state.task.unknown))


_SOUND = Verdict(
    Status.VERIFIED,
    Relation.EQUIVALENT,
    "the line is equal to the one before, wherever that has a value",
    "certificate",
    True,
)


def renamed(line: Expr, unknown: str) -> Expr:
    """The line with the unknown's letter and ``x`` exchanged."""
    return line if unknown == "x" else substitute(line, {"x": sym(unknown), unknown: sym("x")})


def text_of(line: Expr, unknown: str) -> str:
    """A line as text, in the problem's own letters."""
    return to_text(renamed(line, unknown))


def _statement_text(statement: Statement, unknown: str) -> str:
    if unknown == "x":
        return to_text(statement)
    return to_text(substitute_in_statement(statement, {"x": sym(unknown), unknown: sym("x")}))


def unread(reason: str) -> InputError:
    """The error of a text that is no line of a domain."""
    return InputError(Verdict(Status.UNPARSED, reason=reason, method="parser"))


def read_expression(text: str, unknown: str | None = None) -> Expr:
    """An expression from text; ``unknown`` is a letter in it whatever else it would mean (``e``).

    Raises:
        InputError: it cannot be read (UNPARSED), or is too large to be worked with (UNSAFE).
    """
    from reasoning_envs.symbolic.syntax.bounds import UnsafeExpressionError, check_bounds
    from reasoning_envs.symbolic.syntax.parser import ParseError, parse_expression

    try:
        line = parse_expression(text, symbols=None if unknown is None else (unknown,))
        check_bounds(line)
    except ParseError as error:
        raise unread(error.reason) from error
    except UnsafeExpressionError as error:
        raise InputError(Verdict(Status.UNSAFE, reason=error.reason, method="bounds")) from error
    return line


class ExpressionDomain(ABC):
    """The frame of a domain whose lines are expressions; what follows is what a domain has to say.

    Attributes:
        words, mistakes: by rule, what its author does, and what is wrong with it; ``{}`` is the operand.
    """

    name: str
    levels: Sequence[str]
    verifier: Verifier
    words: Mapping[str, str]
    mistakes: Mapping[str, str]
    max_actions = 64
    vocabulary_version = VOCABULARY_VERSION

    def __init__(self, max_tokens: int) -> None:
        self.max_tokens = max_tokens

    @abstractmethod
    def draw(self, rng: np.random.Generator, level: str) -> tuple[Expr, Expr, Task]:
        """First line, answer and task of a problem, in x."""

    @abstractmethod
    def read_problem(self, statement: str) -> tuple[Expr, Task]:
        """The first line, its unknown not renamed yet, and the task, of anybody's text.

        Raises:
            InputError: the text is no problem of this domain.
        """

    @abstractmethod
    def check(self, line: Expr, task: Task) -> None:
        """Whether somebody's problem can be worked on.

        Raises:
            InputError: it cannot.
        """

    @abstractmethod
    def prompt(self, statement: str, line: Expr, task: Task) -> str:
        """What a person is asked."""

    @abstractmethod
    def rewrites(self, state: ExpressionState) -> Iterable[Rewrite]:
        """Every next step, the sound ones and the mistakes."""

    @abstractmethod
    def is_final(self, state: ExpressionState) -> bool:
        """The line has the form of an answer, right or wrong."""

    @abstractmethod
    def judge(self, before: ExpressionState, after: ExpressionState, mistake: str | None = None) -> Verdict:
        """On a step without a certificate."""

    @abstractmethod
    def line_text(self, text: str, task: Task) -> str:
        """The expression in a line that somebody wrote."""

    def remarks(self, before: ExpressionState, after: ExpressionState) -> tuple[str, ...]:
        """What is recorded beside the conditions of a sound step."""
        return ()

    # -- problems -----------------------------------------------------------------------------------------------------

    def sample(self, rng: np.random.Generator, level: str | None = None) -> Problem:
        """See :class:`~reasoning_envs.domains.protocol.Domain`."""
        seed = int(rng.integers(2**31))
        if level is None:
            level = self.levels[int(rng.integers(len(self.levels)))]
        if level not in self.levels:
            raise ValueError(f"no level {level!r}; there are {', '.join(self.levels)}")
        line, answer, task = self.draw(np.random.default_rng(seed), level)
        return self._problem(line, task, to_text(answer), level, seed)

    def problem(self, statement: str) -> Problem:
        """A problem that anybody wrote.

        Raises:
            InputError: it is no problem of this domain, or too large for ``max_tokens``.
        """
        line, task = self.read_problem(statement)
        self.check(line, task)
        room = self.max_tokens - len(self._front(ExpressionState(line, task)))
        if len(line.tokens) > room:
            raise unread(f"the line takes {len(line.tokens)} tokens; at most {room} fit")
        return self._problem(line, task, None, None, None)

    def _problem(self, line: Expr, task: Task, answer: str | None, level: str | None, seed: int | None) -> Problem:
        text = self.statement_of(line, task)
        digest = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
        metadata = {"unknown": task.unknown, "goal": task.goal}
        prompt = self.prompt(text, line, task)
        return Problem(f"{self.name}-{digest}", self.name, prompt, text, answer, level, seed, metadata)

    def statement_of(self, line: Expr, task: Task) -> str:
        """The problem as text, which :meth:`read_problem` reads back."""
        return to_text(line)

    def canonical_key(self, problem: Problem) -> str:
        """The line with letters renamed in order of appearance and operands sorted, behind the goal; numbers stay."""
        line, task = self.read_problem(problem.statement)
        return f"{task.goal}: {canonical_text(renamed(line, task.unknown))}"

    # -- states -------------------------------------------------------------------------------------------------------

    def start(self, problem: Problem) -> ExpressionState:
        """The problem's line."""
        line, task = self.read_problem(problem.statement)
        return ExpressionState(renamed(line, task.unknown), task)

    def actions(self, state: ExpressionState) -> Sequence[ExpressionAction]:
        """At most 64 candidates; where there are more steps, the rules to choose from."""
        if self.is_final(state):
            return ()
        task = state.task
        longest = self.max_tokens - len(self._front(state))
        seen = {state.tokens}
        found: list[ExpressionAction] = []
        for rewrite in self.rewrites(state):
            if len(rewrite.tokens) <= longest and rewrite.tokens not in seen:
                seen.add(rewrite.tokens)
                after = ExpressionState(rewrite, task)
                found.append(_make(ExpressionAction, (rewrite.rule, state, after, self, rewrite, True)))
        if len(found) <= self.max_actions:
            return tuple(found)
        groups: dict[str, list[ExpressionAction]] = {}
        for action in found:
            groups.setdefault(action.rule, []).append(action)
        size = self.max_actions
        pages = {
            rule if start == 0 else f"{rule} ({start // size + 1})": members[start : start + size]
            for rule, members in groups.items()
            for start in range(0, len(members), size)
        }
        if state.group is not None:
            return tuple(pages[state.group])
        return tuple(
            ExpressionAction(rule, state, ExpressionState(state.line, task, rule), self, is_step=False)
            for rule in list(pages)[:size]
        )

    def parse(self, state: ExpressionState, text: str) -> ExpressionAction:
        """A line that somebody wrote, in the problem's own letters; ``=`` may stand before it."""
        unknown = state.task.unknown
        written = self.line_text(text, state.task).strip()
        line = read_expression(written.removeprefix("="), unknown)
        return ExpressionAction("text", state, ExpressionState(renamed(line, unknown), state.task), self)

    def apply(self, state: ExpressionState, action: ExpressionAction) -> ExpressionState:
        """The state that the action leads to."""
        return action.state

    def text(self, state: ExpressionState) -> str:
        """The line in the problem's own letters."""
        return text_of(state.line, state.task.unknown)

    def heading(self, state: ExpressionState) -> str:
        """What an agent must know beside the line; empty where the line says it."""
        return ""

    def tokens(self, state: ExpressionState) -> bytes:
        """The line with ``x`` for the unknown, behind the heading and the group's name where there are any."""
        front = self._front(state)
        if state.group is not None:
            front += GROUP + state.group.encode() + END
        return (front + state.tokens)[: self.max_tokens] if front else state.tokens

    def _front(self, state: ExpressionState) -> bytes:
        heading = self.heading(state)
        return GROUP + heading.encode() + END if heading else b""

    def corrupt(self, state: ExpressionState, rng: np.random.Generator) -> tuple[ExpressionState, str]:
        """The line with one mistake: a flipped sign, wrong arithmetic or a dropped term.

        Raises:
            ValueError: nothing in the line can be spoiled so that its value changes.
        """
        found = spoiled_side(state.line)
        for index in rng.permutation(len(found)):
            line, error = found[int(index)]
            after = ExpressionState(line, state.task)
            if self.judge(state, after, error).refuted:
                return after, error
        raise ValueError(f"no mistake in {self.text(state)!r} changes its value")
