"""Solving an equation in one unknown, line by line."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple, overload

import numpy as np

from reasoning_envs.domains.problems.algebra import LEVELS, LINEAR_LEVELS, draw, scrambled
from reasoning_envs.domains.protocol import EncodedActions, InputError
from reasoning_envs.domains.words.algebra import MISTAKES, WORDS
from reasoning_envs.symbolic.moves.axioms import axiom_moves
from reasoning_envs.symbolic.moves.equations import Move
from reasoning_envs.symbolic.moves.equations import moves as explicit_moves
from reasoning_envs.symbolic.moves.mistakes import mistakes
from reasoning_envs.symbolic.moves.places import active
from reasoning_envs.symbolic.moves.rules.domains import may_lack_value
from reasoning_envs.symbolic.moves.sets import MOVE_SETS
from reasoning_envs.symbolic.syntax import statement as statements
from reasoning_envs.symbolic.syntax.expression import ZERO, Expr, sym, walk
from reasoning_envs.symbolic.syntax.naming import canonical_text
from reasoning_envs.symbolic.syntax.statement import (
    Line,
    Statement,
    free_symbols,
    line_tokens,
)
from reasoning_envs.symbolic.syntax.tokens import END, GROUP, VOCABULARY_VERSION
from reasoning_envs.symbolic.syntax.unknowns import exchange, names_of
from reasoning_envs.symbolic.values.evaluation import constant_sign, identically_zero
from reasoning_envs.types import Problem, Relation, Status, Verdict
from reasoning_envs.verifiers.symbolic import SymbolicVerifier

__all__ = ["AlgebraAction", "AlgebraDomain", "AlgebraState", "read_line", "unread"]

_SETS = {**MOVE_SETS, "axioms": axiom_moves}


class AlgebraState:
    """A line of a derivation.

    Attributes:
        line: the statement, with ``x`` for the unknown whatever the problem's own letter is.
        unknown: the problem's own letter for it.
        group: the rule chosen, where the next action picks one of its candidates; else None.
        tokens: the line over the vocabulary.
    """

    __slots__ = ("_line", "group", "tokens", "unknown")

    def __init__(self, line: Statement | Move, unknown: str = "x", group: str | None = None) -> None:
        self._line = line
        self.unknown = unknown
        self.group = group
        self.tokens = line.tokens if type(line) is Move else line_tokens(line)  # type: ignore[arg-type]

    @property
    def line(self) -> Statement:
        """The statement; where a move led here it is built when it is first asked for."""
        line = self._line
        if isinstance(line, Move):
            line = self._line = line.line
        return line

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AlgebraState):
            return NotImplemented
        return self.tokens == other.tokens and self.unknown == other.unknown and self.group == other.group

    def __hash__(self) -> int:
        return hash((self.tokens, self.group))

    def __reduce__(self) -> tuple[type[AlgebraState], tuple[Any, ...]]:
        return AlgebraState, (self.line, self.unknown, self.group)

    def __repr__(self) -> str:
        return f"AlgebraState({_text(self.line, self.unknown)!r}, group={self.group!r})"


class AlgebraAction(NamedTuple):
    """A candidate: a move, the choice of a group of moves, or a line that somebody wrote.

    Attributes:
        rule: name of the rule (of the group, for a choice); ``"text"`` for a line written.
        before, state: the states around it.
        move: None where there is none. is_step: False for the choice of a group.
    """

    rule: str
    before: AlgebraState
    state: AlgebraState
    move: Move | None = None
    is_step: bool = True

    @property
    def operand(self) -> Expr | None:
        """What the rule is applied with or to."""
        return None if self.move is None else self.move.operand

    @property
    def sound(self) -> bool:
        """See :class:`~reasoning_envs.symbolic.moves.equations.Move`; False of a line that somebody wrote."""
        return not self.is_step if self.move is None else self.move.sound

    @property
    def conditions(self) -> tuple[Statement, ...]:
        """Under which a sound move is sound."""
        return () if self.move is None else self.move.conditions

    @property
    def relation(self) -> Relation:
        """Of the solutions, for a sound move."""
        return Relation.EQUIVALENT if self.move is None else self.move.relation

    @property
    def verdict(self) -> Verdict:
        """Of the certificate for a sound move. A classic mistake may be harmless on this line: the verifier tells.

        It tells also of a line that may be undefined for every value, as it may become by a mistake: nothing follows.
        """
        if self.sound and not may_lack_value(self.before.line):
            if not self.conditions and self.relation is Relation.EQUIVALENT:
                return _SOUND
            unknown = self.state.unknown
            conditions = tuple(_text(condition, unknown) for condition in self.conditions)
            reason = f"{self.describe()}: right as long as {' and '.join(conditions)}" if conditions else _SOUND.reason
            return Verdict(Status.VERIFIED, self.relation, reason, "certificate", True, None, conditions)
        from reasoning_envs.symbolic.steps.derivation import relate

        unknown = self.state.unknown
        before, after = (_renamed(state.line, unknown) for state in (self.before, self.state))
        mistake = MISTAKES.get(self.rule)
        return relate(before, after, unknown=unknown, mistake=None if mistake is None else self._filled(mistake))

    def describe(self) -> str:
        """What is done, in words; for a mistake, what its author believes to be doing."""
        return self._filled(WORDS.get(self.rule, self.rule))

    def _filled(self, words: str) -> str:
        if "{}" not in words:
            return words
        return words.replace("{}", "it" if self.operand is None else _text(self.operand, self.state.unknown))


class _Candidates(Sequence[AlgebraAction], EncodedActions):
    """The moves from a state as actions, each made when it is first asked for: most are looked at by their tokens."""

    __slots__ = ("_actions", "_before", "_moves")

    def __init__(self, before: AlgebraState, moves: list[Move]) -> None:
        self._before = before
        self._moves = moves
        self._actions: dict[int, AlgebraAction] = {}

    @property
    def rows(self) -> list[bytes]:
        """See :class:`~reasoning_envs.domains.protocol.EncodedActions`."""
        return [move.tokens for move in self._moves]

    def __len__(self) -> int:
        return len(self._moves)

    @overload
    def __getitem__(self, index: int) -> AlgebraAction: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[AlgebraAction, ...]: ...
    def __getitem__(self, index: int | slice) -> AlgebraAction | tuple[AlgebraAction, ...]:
        if isinstance(index, slice):
            return tuple([self[place] for place in range(*index.indices(len(self._moves)))])
        place = index if index >= 0 else index + len(self._moves)
        found = self._actions.get(place)
        if found is None:
            before, move = self._before, self._moves[place]
            found = AlgebraAction(move.rule, before, AlgebraState(move, before.unknown), move)
            self._actions[place] = found
        return found

    def __repr__(self) -> str:
        return f"{list(self)!r}"


_SOUND = Verdict(
    Status.VERIFIED, Relation.EQUIVALENT, "the line has the same solutions as the one before", "certificate", True
)


def _renamed(line: Line, unknown: str) -> Any:
    """The line with the unknown's letter and ``x`` exchanged, or those of several unknowns and ``x, y, ...``."""
    if unknown == "x":
        return line
    from reasoning_envs.symbolic.syntax import expression

    swap = {old: sym(new) for old, new in exchange(unknown).items()}
    return expression.substitute(line, swap) if isinstance(line, Expr) else statements.substitute(line, swap)


@lru_cache(maxsize=512)  # conditions and operands come again and again
def _text(line: Line, unknown: str) -> str:
    from reasoning_envs.symbolic.syntax.printer import to_text

    return to_text(_renamed(line, unknown))


class AlgebraDomain:
    """Equations in one unknown.

    Args:
        moves: the set of moves: ``"explicit"``, ``"curated"``, ``"wide"`` or ``"axioms"``. The axioms solve what is
            linear in the unknown, and only these levels are drawn with them.
        max_tokens: length of an encoded line at most; a move to a longer line is no candidate.
    """

    name = "algebra"
    _called = "equation"  # what a problem is, in messages
    _read: tuple[str, str, Statement] = ("", "", statements.NO_SOLUTION)  # the problem made last, already read
    max_actions = 64
    vocabulary_version = VOCABULARY_VERSION

    def __init__(self, moves: str = "explicit", max_tokens: int = 96) -> None:
        if moves not in _SETS:
            raise ValueError(f"no set of moves {moves!r}; there are {', '.join(_SETS)}")
        self.moves = moves
        self.levels: Sequence[str] = LEVELS if moves != "axioms" else LINEAR_LEVELS
        self.max_tokens = max_tokens
        self.verifier = SymbolicVerifier()
        # The other sets simplify, which may bring a line that is too long back within the limit.
        self._generate = partial(explicit_moves, longest=max_tokens) if moves == "explicit" else _SETS[moves]

    # -- problems -----------------------------------------------------------------------------------------------------

    def sample(self, rng: np.random.Generator, level: str | None = None) -> Problem:
        """See :class:`~reasoning_envs.domains.protocol.Domain`."""
        seed = int(rng.integers(2**31))
        if level is None:
            level = self.levels[int(rng.integers(len(self.levels)))]
        return self._certified(draw(np.random.default_rng(seed), level), level, seed)

    def scramble(self, rng: np.random.Generator, depth: int, letters: bool = False) -> Problem:
        """A problem made backwards from its solution by ``depth`` operations, of no family."""
        seed = int(rng.integers(2**31))
        drawn = scrambled(np.random.default_rng(seed), depth, letters)
        return self._certified(drawn, f"scrambled{'_letters' if letters else ''}-{depth}", seed)

    def problem(self, statement: str, unknown: str | None = None) -> Problem:
        """An equation that anybody wrote. Any letter but the unknown is a constant.

        Args:
            statement: the equation.
            unknown: the letter that is solved for; default x, or the only letter.

        Raises:
            InputError: no equation in one unknown, one that divides by zero, or one that is too large for
                ``max_tokens``.
            ValueError: ``unknown`` cannot be a symbol.
        """
        line = read_line(statement, unknown)
        missing = self._missing(line)
        if missing is not None:
            raise unread(missing)
        letters = free_symbols(line)
        if not letters:
            raise unread(f"the {self._called} holds no letter that could be solved for")
        if unknown is not None:
            if unknown not in letters:
                found = ", ".join(sorted(letters))
                raise unread(f"the unknown {unknown!r} is not in the {self._called}; found {found}")
        elif "x" in letters:
            unknown = "x"
        elif len(letters) == 1:
            (unknown,) = letters
        else:
            found = ", ".join(sorted(letters))
            raise unread(f"the unknown must be x or the only letter; found {found}")
        if len(unknown) > 1:
            raise unread(f"the unknown {unknown!r} must be a single letter")
        return self._problem(self._fitting(line), None, None, None, unknown)

    def _fitting(self, line: Statement) -> Statement:
        """The line, if it is not too long and does not divide by zero.

        Raises:
            InputError: it is, or does.
        """
        from reasoning_envs.symbolic.syntax.printer import to_text

        if len(line_tokens(line)) > self.max_tokens:
            raise unread(f"the {self._called} takes {len(line_tokens(line))} tokens; at most {self.max_tokens} fit")
        undefined = _division_by_zero(line)
        if undefined is not None:
            raise unread(f"the line divides by zero, so it has no value: {to_text(undefined)}")
        return line

    def _missing(self, line: Statement) -> str | None:
        """What a line lacks to be a problem of this domain, in words."""
        from reasoning_envs.symbolic.steps.lines import comparisons

        found = any(comparison.op == "=" for comparison in comparisons(line))
        return None if found else "an equation is needed, with = between two sides"

    def _certified(self, drawn: tuple[Statement, Statement | None], level: str, seed: int) -> Problem:
        line, solution = drawn
        return self._problem(line, solution, level, seed, "x")

    def _problem(
        self, line: Statement, solution: Statement | None, level: str | None, seed: int | None, unknown: str
    ) -> Problem:
        from reasoning_envs.symbolic.syntax.printer import to_text

        text = to_text(line)
        self._read = text, unknown, line
        answer = None if solution is None else to_text(solution)
        digest = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
        prompt = f"Solve for {unknown}: {text}"
        return Problem(f"{self.name}-{digest}", self.name, prompt, text, answer, level, seed, {"unknown": unknown})

    def canonical_key(self, problem: Problem) -> str:
        """The equation with letters renamed in order of appearance and operands and sides sorted; numbers stay."""
        unknown = str(problem.metadata.get("unknown", "x"))
        line = _renamed(read_line(problem.statement, unknown), unknown)
        return canonical_text(line)

    # -- states -------------------------------------------------------------------------------------------------------

    def start(self, problem: Problem) -> AlgebraState:
        """The problem's line."""
        unknown = str(problem.metadata.get("unknown", "x"))
        text, letter, line = self._read
        if text != problem.statement or letter != unknown:
            line = read_line(problem.statement, unknown)
        return AlgebraState(_renamed(line, unknown), unknown)

    def actions(self, state: AlgebraState) -> Sequence[AlgebraAction]:
        """At most 64 candidates; where there are more moves, the rules to choose from."""
        longest = self.max_tokens
        found = _Candidates(state, [move for move in self._moves(state) if len(move.tokens) <= longest])
        if len(found) <= self.max_actions:
            return found
        groups: dict[str, list[AlgebraAction]] = {}
        for action in found:
            groups.setdefault(action.rule, []).append(action)
        pages = {
            rule if start == 0 else f"{rule} ({start // self.max_actions + 1})": members[
                start : start + self.max_actions
            ]
            for rule, members in groups.items()
            for start in range(0, len(members), self.max_actions)
        }
        if state.group is not None:
            return tuple(pages[state.group])
        return tuple(
            AlgebraAction(rule, state, AlgebraState(state.line, state.unknown, rule), is_step=False)
            for rule in list(pages)[: self.max_actions]
        )

    def _moves(self, state: AlgebraState) -> Iterable[Move]:
        return self._generate(state.line)

    def parse(self, state: AlgebraState, text: str) -> AlgebraAction:
        """A line that somebody wrote, in the problem's own letters."""
        line = _renamed(read_line(text, state.unknown), state.unknown)
        return AlgebraAction("text", state, AlgebraState(line, state.unknown))

    def apply(self, state: AlgebraState, action: AlgebraAction) -> AlgebraState:
        """The state that the action leads to."""
        return action.state

    def is_final(self, state: AlgebraState) -> bool:
        """Every alternative is ``x = ...`` without x on the right, or the line is *no solution* or *all reals*."""
        return state.group is None and active(state.line) is None

    def text(self, state: AlgebraState) -> str:
        """The line in the problem's own letters."""
        return _text(state.line, state.unknown)

    def tokens(self, state: AlgebraState) -> bytes:
        """The line with ``x`` for the unknown, whatever its letter; behind the group's name where one is chosen."""
        if state.group is None:
            return state.tokens
        return (GROUP + state.group.encode() + END + state.tokens)[: self.max_tokens]

    def corrupt(self, state: AlgebraState, rng: np.random.Generator) -> tuple[AlgebraState, str]:
        """The line with one mistake: a flipped sign, wrong arithmetic, a dropped term or a lost alternative.

        Raises:
            ValueError: nothing in the line can be spoiled so that its solutions change.
        """
        from reasoning_envs.symbolic.steps.derivation import relate

        spoiled = mistakes(state.line)
        for index in rng.permutation(len(spoiled)):
            line, error = spoiled[int(index)]
            if relate(state.line, line, unknown="x").refuted:
                return AlgebraState(line, state.unknown), error
        raise ValueError(f"no mistake in {self.text(state)!r} changes its solutions")


def _division_by_zero(line: Statement) -> Expr | None:
    """The innermost part of a line that divides by what is zero at every value of its letters; None where none does."""
    from reasoning_envs.symbolic.equality.equivalence import equivalent
    from reasoning_envs.symbolic.steps.lines import comparisons

    for comparison in comparisons(line):
        for side in (comparison.left, comparison.right):
            for node in list(walk(side))[::-1]:
                if node.op == "div":
                    under = node.args[1]
                elif node.op == "pow" and constant_sign(node.args[1]) == -1:
                    under = node.args[0]
                else:
                    continue
                # The points of the quick test are positive, where |x| - x is zero as well.
                if identically_zero(under) is not False and equivalent(under, ZERO).verified:
                    return node
    return None


def unread(reason: str) -> InputError:
    """What is raised for a text that is no problem, or no step."""
    return InputError(Verdict(Status.UNPARSED, reason=reason, method="parser"))


def read_line(text: str, unknown: str | None = None) -> Statement:
    """A statement from text; ``unknown`` (or each of several) is a letter in it whatever else it would mean (``e``).

    LaTeX is read too, and so are lists of solutions (``x = 2, x = -2``).

    Raises:
        InputError: it cannot be read (UNPARSED), or is too large to be worked with (UNSAFE).
    """
    from reasoning_envs.symbolic.syntax.bounds import UnsafeExpressionError, check_bounds
    from reasoning_envs.symbolic.syntax.listed import at_second_look
    from reasoning_envs.symbolic.syntax.parser import ParseError, parse_statement

    symbols = None if unknown is None else names_of(unknown)
    try:
        try:
            line = parse_statement(text, symbols=symbols)
        except ParseError:
            found = at_second_look(text, symbols)
            if found is None:
                raise
            line = found
        check_bounds(line)
    except ParseError as error:
        raise InputError(Verdict(Status.UNPARSED, reason=error.reason, method="parser")) from error
    except UnsafeExpressionError as error:
        raise InputError(Verdict(Status.UNSAFE, reason=error.reason, method="bounds")) from error
    return line
