"""A kind of task in one file: working out sums such as ``3 + 4 * 2`` one operation at a time.

It offers moves and text, has unsound moves among the sound ones (adding before multiplying, slips by one), chooses a
group first where there are more than ``max_actions`` candidates, and passes the conformance kit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reasoning_envs.domains.protocol import InputError
from reasoning_envs.types import Problem, Relation, Status, Step, Verdict
from reasoning_envs.verifiers.protocol import Verifier

LEVELS = {"two": 2, "three": 3, "six": 6}
_LINE = re.compile(r"-?\d{1,9}(?: [-+*] -?\d{1,9})*")


class Sum(NamedTuple):
    """``numbers[0] signs[0] numbers[1] ...``, and the place of the operation that was chosen, if a group was."""

    numbers: tuple[int, ...]
    signs: tuple[str, ...]
    group: int | None = None

    def value(self) -> int:
        total, term, sign = 0, self.numbers[0], 1
        for operation, number in zip(self.signs, self.numbers[1:], strict=True):
            if operation == "*":
                term *= number
            else:
                total += sign * term
                sign, term = (1 if operation == "+" else -1), number
        return total + sign * term

    def text(self) -> str:
        rest = (f" {sign} {number}" for sign, number in zip(self.signs, self.numbers[1:], strict=True))
        return str(self.numbers[0]) + "".join(rest)


class Move(NamedTuple):
    """The candidate that works out one operation, rightly or not, or that chooses which."""

    rule: str
    state: Sum
    before: Sum
    is_step: bool = True

    @property
    def verdict(self) -> Verdict:
        return judge(self.before, self.state)

    def describe(self) -> str:
        return f"{self.rule}: {self.before.text()}"


def judge(before: Sum, after: Sum) -> Verdict:
    if before.value() == after.value():
        return Verdict(Status.VERIFIED, Relation.EQUIVALENT, "the same value", "arithmetic", True)
    reason = f"{before.text()} is {before.value()}, {after.text()} is {after.value()}"
    return Verdict(Status.REFUTED, Relation.NONE, reason, "arithmetic", True, witness=str(after.value()))


def read(text: str) -> Sum:
    line = " ".join(text.split()) if len(text) <= 200 else text
    if len(line) > 200:
        raise InputError(Verdict(Status.UNSAFE, reason=f"{len(line)} characters are more than 200", method="parser"))
    if not _LINE.fullmatch(line):
        raise InputError(Verdict(Status.UNPARSED, reason="expected numbers joined by +, - and *", method="parser"))
    words = line.split(" ")
    return Sum(tuple(map(int, words[::2])), tuple(words[1::2]))


class ToyVerifier:
    """Works both lines out."""

    def step(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        before = steps[-2].text if len(steps) > 1 else problem.statement
        return self._compare(before, steps[-1].text)

    def outcome(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        verdict = self._compare(problem.statement, steps[-1].text)
        if verdict.verified and read(steps[-1].text).signs:
            return Verdict(Status.REFUTED, reason="an operation is left", method="arithmetic", rigorous=True)
        return verdict

    def _compare(self, before: str, after: str) -> Verdict:
        try:
            return judge(read(before), read(after))
        except InputError as error:
            return error.verdict


class ToyDomain:
    """Sums of whole numbers.

    Args:
        max_actions: candidates at most.
    """

    name = "sums"
    levels: Sequence[str] = tuple(LEVELS)
    max_tokens = 64

    def __init__(self, max_actions: int = 64) -> None:
        self.max_actions = max_actions
        self.verifier: Verifier = ToyVerifier()

    def sample(self, rng: np.random.Generator, level: str | None = None) -> Problem:
        if level is None:
            level = self.levels[int(rng.integers(len(self.levels)))]
        if level not in LEVELS:
            raise ValueError(f"no level {level!r}; known: {', '.join(LEVELS)}")
        count = LEVELS[level]
        numbers = tuple(int(number) for number in rng.integers(1, 30, size=count))
        signs = tuple("+-*"[int(sign)] for sign in rng.integers(3, size=count - 1))
        return self._problem(Sum(numbers, signs), level)

    def problem(self, statement: str) -> Problem:
        return self._problem(read(statement), None)

    def _problem(self, line: Sum, level: str | None) -> Problem:
        text = line.text()
        return Problem(f"sums-{text}", self.name, f"Work out {text}.", text, str(line.value()), level)

    def start(self, problem: Problem) -> Sum:
        return read(problem.statement)

    def actions(self, state: Sum) -> Sequence[Move]:
        if not state.signs:
            return ()
        places = range(len(state.signs))
        if state.group is not None:
            return self._at(state, state.group)
        moves = [move for place in places for move in self._at(state, place)]
        if len(moves) <= self.max_actions:
            return moves
        return [Move(f"choose operation {place + 1}", state._replace(group=place), state, False) for place in places]

    def _at(self, state: Sum, place: int) -> list[Move]:
        before = state._replace(group=None)
        left, right = state.numbers[place : place + 2]
        result = {"+": left + right, "-": left - right, "*": left * right}[state.signs[place]]
        return [Move(rule, _put(before, place, result + slip), before) for rule, slip in (("work out", 0), ("slip", 1))]

    def parse(self, state: Sum, text: str) -> Sum:
        return read(text)

    def apply(self, state: Sum, action: Sum | Move) -> Sum:
        return action if isinstance(action, Sum) else action.state

    def is_final(self, state: Sum) -> bool:
        return not state.signs

    def text(self, state: Sum) -> str:
        return state.text()

    def tokens(self, state: Sum) -> bytes:
        chosen = "" if state.group is None else f"@{state.group}"
        return (state.text() + chosen).encode()

    def canonical_key(self, problem: Problem) -> str:
        return read(problem.statement).text()

    def corrupt(self, state: Sum, rng: np.random.Generator) -> tuple[Sum, str]:
        place = int(rng.integers(len(state.numbers)))
        for slip in (1, 2):
            numbers = (*state.numbers[:place], state.numbers[place] + slip, *state.numbers[place + 1 :])
            wrong = state._replace(numbers=numbers)
            if wrong.value() != state.value():
                return wrong, "slip"
        return Sum((*state.numbers, 1), (*state.signs, "+")), "extra term"


def _put(state: Sum, place: int, result: int) -> Sum:
    numbers = (*state.numbers[:place], result, *state.numbers[place + 2 :])
    return Sum(numbers, state.signs[:place] + state.signs[place + 1 :])


READY = ToyDomain()
"""A ready object, to be named by string."""
