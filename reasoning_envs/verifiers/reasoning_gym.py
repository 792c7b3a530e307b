"""Judge of the answers of reasoning-gym's data sets: their own scorers where those are safe and sound, else ours.

The scorers of reasoning-gym 0.1.25 were read one by one. Those that give a model's text to ``eval`` or to SymPy's
``parse_expr`` (which evaluates it) are never called, nor are those that a text can deceive or stall;
:data:`REPLACED` names each with the reason, and what takes its place. A data set that is in neither table (a newer
version's, a user's own) is compared as text, since nobody has read its scorer.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, NamedTuple, Protocol

from reasoning_envs.symbolic.equality.equivalence import equivalent
from reasoning_envs.symbolic.syntax.bounds import UnsafeExpressionError, check_bounds
from reasoning_envs.symbolic.syntax.expression import Expr, num, sub, substitute, walk
from reasoning_envs.symbolic.syntax.notation import quote
from reasoning_envs.symbolic.syntax.parser import ParseError, parse_expression
from reasoning_envs.symbolic.values.evaluation import exact_value
from reasoning_envs.types import Problem, Relation, Status, Step, Verdict
from reasoning_envs.verifiers.symbolic import verify_answer
from reasoning_envs.verifiers.word_problems import judge_line, judge_stated_answer, one_line, stated_answer

__all__ = ["LINE_BREAK", "OWN_SCORERS", "REFUSED", "REPLACED", "Entries", "ReasoningGymVerifier"]

LINE_BREAK = "⏎"
"""Stands for the end of a line in an answer of several lines, such as a board."""

Entry = Mapping[str, Any]


class Entries(Protocol):
    """A data set of reasoning-gym, as far as it is needed."""

    def __getitem__(self, index: int) -> dict[str, Any]:
        """The entry, with ``"question"``, ``"answer"`` and ``"metadata"``."""

    def score_answer(self, answer: str | None, entry: dict[str, Any]) -> float:
        """In [0, 1]; 1 for a right answer."""


class Replacement(NamedTuple):
    """What judges in the place of a scorer, and why."""

    judge: Callable[[str, Entry], Verdict]
    reason: str


# -- our judges -------------------------------------------------------------------------------------------------------


def _verdict(right: bool, reason: str, method: str) -> Verdict:
    status, relation = (Status.VERIFIED, Relation.EQUIVALENT) if right else (Status.REFUTED, Relation.NONE)
    return Verdict(status, relation, reason, method, True)


def _unparsed(reason: str) -> Verdict:
    return Verdict(Status.UNPARSED, Relation.UNKNOWN, reason, "parser", True)


def _lines(text: str) -> list[str]:
    return [one_line(line) for line in text.strip().splitlines()]


def _by_text(answer: str, entry: Entry) -> Verdict:
    accepted = entry["metadata"].get("valid_answers") or [entry["answer"]]
    right = _lines(answer) in [_lines(str(each)) for each in accepted]
    return _verdict(
        right, "the answer is the expected text" if right else "the answer is not the expected text", "text"
    )


def _by_value(answer: str, entry: Entry) -> Verdict:
    return verify_answer(answer, entry["answer"], extract=False)


def _by_complex_value(answer: str, entry: Entry) -> Verdict:
    return verify_answer(answer, entry["answer"], over="complex", extract=False)


def _by_probability(answer: str, entry: Entry) -> Verdict:
    return judge_stated_answer(answer, entry["answer"], {"tolerance": 1e-4})


_NUMBER = re.compile(r"[-+]?\d{1,30}(?:\.\d{1,30})?")


def _by_numbers(answer: str, entry: Entry) -> Verdict:
    """A list of numbers, in the same order."""
    given, expected = (
        [part.strip(" '\"") for part in text.strip().strip("[]()").split(",")] for text in (answer, entry["answer"])
    )
    for part in given:
        if not _NUMBER.fullmatch(part):
            return _unparsed(f"{quote(part)} in the list is no number")
    right = [Fraction(part) for part in given] == [Fraction(part) for part in expected]
    return _verdict(right, "the numbers are the expected ones" if right else "the list is another one", "arithmetic")


def _tree(text: str, symbols: Sequence[str] = ()) -> Expr | Verdict:
    try:
        expr = parse_expression(text, symbols=symbols or None)
        check_bounds(expr)
    except ParseError as error:
        return _unparsed(error.reason)
    except UnsafeExpressionError as error:
        return Verdict(Status.UNSAFE, Relation.UNKNOWN, error.reason, "bounds", True)
    return expr


_OF_ARITHMETIC = frozenset(("num", "add", "mul", "div", "neg"))


def _by_arithmetic(answer: str, entry: Entry) -> Verdict:
    """An expression of + - * / that uses each of the given numbers once and comes to the target."""
    metadata = entry["metadata"]
    target = Fraction(str(metadata.get("target", 24)))
    expr = _tree(answer)
    if isinstance(expr, Verdict):
        return expr
    nodes = list(walk(expr))
    strange = next((node for node in nodes if node.op not in _OF_ARITHMETIC), None)
    if strange is not None:
        return _verdict(False, f"{strange} is no arithmetic with + - * / alone", "arithmetic")
    used = Counter(abs(node.number) for node in nodes if node.op == "num")
    given = Counter(abs(Fraction(str(number))) for number in metadata["numbers"])
    if used != given:
        listed = ", ".join(map(str, metadata["numbers"]))
        return _verdict(False, f"the numbers {listed} are to be used, each once and no others", "arithmetic")
    value = exact_value(expr)
    if value is None:
        return _verdict(False, f"{expr} has no value", "arithmetic")
    reason = f"{expr} is {value}" if value == target else f"{expr} is {value}, not {target}"
    return _verdict(value == target, reason, "arithmetic")


_POINTS = tuple(num(value) for value in (1, 2, 3, Fraction(1, 2), 5, Fraction(1, 3)))


def _by_derivative(answer: str, entry: Entry) -> Verdict:
    """An antiderivative: equal to a known one up to a constant, that is, their increases from one point are equal."""
    variable = str(entry["metadata"]["variable"])
    given, known = _tree(answer, (variable, "C")), _tree(entry["answer"], (variable, "C"))
    if isinstance(given, Verdict):
        return given
    if isinstance(known, Verdict):
        return replace(known, status=Status.UNDECIDED, reason=f"the known answer cannot be read: {known.reason}")
    strange = given.symbols - {variable, "C"}
    if strange:
        return _verdict(False, f"{', '.join(sorted(strange))}: the answer is in {variable} and C", "antiderivative")
    zero = {"C": num(0)}
    given, known = substitute(given, zero), substitute(known, zero)
    verdict = Verdict(
        Status.UNDECIDED, Relation.UNKNOWN, "no point was found at which both have a value", "antiderivative"
    )
    for point in _POINTS:
        first, second = (sub(side, substitute(side, {variable: point})) for side in (given, known))
        verdict = equivalent(first, second)
        if not verdict.refuted or "undefined" not in verdict.reason:
            break
    if verdict.refuted:
        return replace(verdict, reason="the derivative of the answer is not the integrand", seconds=0.0)
    return replace(verdict, seconds=0.0)


# -- the tables -------------------------------------------------------------------------------------------------------

_EVALS = "its scorer gives the answer to eval"
_PARSES = "its scorer gives the answer to SymPy's parse_expr, which evaluates it"

REPLACED: dict[str, Replacement] = {
    "binary_matrix": Replacement(_by_text, _EVALS),
    "coin_flip": Replacement(_by_probability, "its scorer builds Fraction('1e999999999'), which does not end"),
    "complex_arithmetic": Replacement(_by_complex_value, "its scorer gives 'nan' the full score"),
    "countdown": Replacement(_by_arithmetic, _PARSES),
    "game_of_life_halting": Replacement(_by_text, "its scorer gives every text the full score"),
    "intermediate_integration": Replacement(_by_derivative, _PARSES),
    "n_queens": Replacement(_by_text, _EVALS),
    "number_sorting": Replacement(_by_numbers, "its scorer calls eval, and takes numbers that are off by one"),
    "polynomial_multiplication": Replacement(_by_value, _PARSES),
    "puzzle24": Replacement(_by_arithmetic, f"{_PARSES}, and takes other numbers than those given"),
    "simple_integration": Replacement(_by_derivative, _PARSES),
    "spiral_matrix": Replacement(_by_text, _EVALS),
    "string_insertion": Replacement(_by_text, _EVALS),
}
"""Data sets whose own scorer is not called, with the reason."""

REFUSED: dict[str, str] = {
    "codeio": "making its problems executes programs from a data file within this process",
    "composite": "its problems are those of other data sets: name one of them",
}
"""Data sets that are not offered, with the reason."""

OWN_SCORERS: frozenset[str] = frozenset(
    [
        *("ab", "acre", "advanced_geometry", "aiw", "arc_1d", "arc_agi", "base_conversion", "basic_arithmetic", "bf"),
        *("binary_alternation", "bitwise_arithmetic", "boxnet", "caesar_cipher", "calendar_arithmetic", "chain_sum"),
        *("circuit_logic", "color_cube_rotation", "count_bits", "count_primes", "course_schedule", "cryptarithm"),
        *("decimal_arithmetic", "decimal_chain_sum", "dice", "emoji_mystery", "family_relationships", "figlet_font"),
        *("fraction_simplification", "futoshiki", "game_of_life", "gcd", "graph_color", "group_anagrams"),
        *("gsm_symbolic", "isomorphic_strings", "jugs", "kakurasu", "knight_swap", "knights_knaves", "largest_island"),
        *("lcm", "leg_counting", "letter_counting", "letter_jumble", "list_functions", "mahjong_puzzle"),
        *("manipulate_matrix", "maze", "mini_sudoku", "modulo_grid", "needle_haystack", "number_filtering"),
        *("number_format", "number_sequence", "palindrome_generation", "palindrome_partitioning", "path_star"),
        *(
            "polynomial_equations",
            "pool_matrix",
            "power_function",
            "prime_factorization",
            "products",
            "propositional_logic",
            "quantum_lock",
        ),
        *("ransom_note", "rearc", "rectangle_count", "rotate_matrix", "rotten_oranges", "rubiks_cube", "rush_hour"),
        *("self_reference", "sentence_reordering", "shortest_path", "simple_equations", "simple_geometry", "sokoban"),
        *("spell_backward", "string_manipulation", "string_splitting", "string_synthesis", "sudoku", "survo"),
        *("syllogism", "time_intervals", "tower_of_hanoi", "tsumego", "word_ladder", "word_sequence_reversal"),
        *("word_sorting", "zebra_puzzles"),
    ]
)
"""Data sets whose own scorer was read and is called."""

_LONGEST = {"propositional_logic": 300}
"""Characters in an answer that a scorer is given, where its time grows faster than the answer."""
_LONGEST_OF_OTHERS = 4000

_UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)


class ReasoningGymVerifier:
    """Judges lines of reasoning and answers; a :class:`~reasoning_envs.verifiers.protocol.Verifier`.

    A step is right when the arithmetic in it is (see :mod:`reasoning_envs.verifiers.prose.judge`). The outcome is that
    of the stated answer: by the data set's own scorer, where it counts as right with the full score, or by ours.

    Args:
        name: of the data set. entries: the data set.
    """

    def __init__(self, name: str, entries: Entries) -> None:
        self.name = name
        self._entries = entries
        self._last: tuple[int, dict[str, Any]] | None = None

    def step(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        """See :func:`~reasoning_envs.verifiers.word_problems.judge_line`.

        Raises:
            ValueError: no steps.
        """
        return judge_line(problem, steps)

    def outcome(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        """On the answer that the last line states; a line without a mark is taken for the answer itself."""
        start = time.perf_counter()
        if not steps:
            return _unparsed("there is no answer")
        line = steps[-1].text
        stated = stated_answer(line)
        answer = (line if stated is None else stated).replace(LINE_BREAK, "\n").strip()
        return self._judge(problem, answer).since(start)

    def _judge(self, problem: Problem, answer: str) -> Verdict:
        entry = self._entry(problem)
        if entry is None:
            reason = f"the problem is none of the data set {self.name!r} as it is set up here"
            return Verdict(Status.UNDECIDED, Relation.UNKNOWN, reason, "no truth")
        replacement = REPLACED.get(self.name)
        if replacement is not None:
            return replacement.judge(answer, entry)
        if self.name not in OWN_SCORERS:
            return _by_text(answer, entry)
        longest = _LONGEST.get(self.name, _LONGEST_OF_OTHERS)
        if len(answer) > longest:
            reason = f"the answer has {len(answer)} characters; at most {longest} are scored"
            return Verdict(Status.UNSAFE, Relation.UNKNOWN, reason, "bounds", True)
        try:
            score = self._entries.score_answer(answer, entry)
        except _UNREADABLE as error:
            return _unparsed(f"the scorer of {self.name} cannot read the answer: {type(error).__name__}")
        right = score >= 1.0
        return _verdict(right, f"the scorer of {self.name} gives {score:g} of 1", "reasoning-gym")

    def _entry(self, problem: Problem) -> dict[str, Any] | None:
        """The entry that a problem was made from; None where there is none, or where it is another one here."""
        index = problem.metadata.get("index")
        if problem.metadata.get("dataset") != self.name or not isinstance(index, int):
            return None
        if self._last is None or self._last[0] != index:
            self._last = index, self._entries[index]
        entry = self._last[1]
        return entry if entry["question"].strip() == problem.statement.strip() else None
