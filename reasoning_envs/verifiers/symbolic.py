"""Verified mathematics for a user (an answer, a step, a derivation), and the verifier of algebra-like domains."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reasoning_envs.symbolic.equality.equivalence import NUMBER_DOMAINS, equivalent
from reasoning_envs.symbolic.steps.derivation import judge_answer, relate
from reasoning_envs.symbolic.syntax.expression import Expr
from reasoning_envs.symbolic.syntax.unknowns import names_of, unknown_in
from reasoning_envs.types import Problem, Relation, Status, Step, Verdict
from reasoning_envs.verifiers.answer.extraction import Found, find_answer
from reasoning_envs.verifiers.answer.forms import FORMS, fault_of_form
from reasoning_envs.verifiers.answer.kinds import Answer, values_of
from reasoning_envs.verifiers.answer.literals import is_thousands
from reasoning_envs.verifiers.answer.reader import read_answer
from reasoning_envs.verifiers.answer.units import Unit, UnitError, parse_unit
from reasoning_envs.verifiers.answer.words import same_words
from reasoning_envs.verifiers.answers import compare
from reasoning_envs.verifiers.congruences import Congruence, compare_congruences
from reasoning_envs.verifiers.step_lines import StepLine, letters_of, read_line

__all__ = ["SymbolicVerifier", "verify_answer", "verify_derivation", "verify_step"]


def verify_answer(
    answer: str,
    truth: str,
    *,
    form: str | None = None,
    tolerance: float | None = None,
    units: str | None = None,
    over: str = "real",
    extract: bool = True,
) -> Verdict:
    r"""Is a final answer the true one?

    Numbers, expressions, equations, lists and sets (``x = 2 or x = 3``; ``{2, 3}``), points and vectors, intervals,
    inequalities and their unions, matrices, functions by cases, ``no solution``, ``all reals`` and words (choices, yes
    and no, names), in plain text or LaTeX, are compared by meaning, exactly. Without ``form``, ``tolerance``, ``units``
    the two texts may be exchanged: the status stays the same.

    Args:
        answer: what is judged.
        truth: what is right.
        form: that the answer must have beside its value: ``"factored"``, ``"expanded"``, ``"simplified"``,
            ``"lowest terms"`` or ``"decimal"``.
        tolerance: relative error that a number may have, of the truth (absolute where the truth is 0).
        units: both are quantities; the answer must carry a unit, and is converted to this one (``"cm"``, ``"km/h"``).
            A truth without a unit is meant in this one. Without this policy a unit that only one of the two carries
            is taken as meant for both, which the conditions of the verdict record.
        over: the number domain of the letters: ``"real"``, ``"positive"`` or ``"complex"``.
        extract: look for the answer in a longer text: the last ``\boxed{}``, "answer is", or final value.

    Returns:
        VERIFIED or REFUTED, or why neither: UNPARSED, UNSAFE, UNDECIDED, TIMEOUT, ERROR.

    Raises:
        TypeError: ``answer`` or ``truth`` is no text.
        ValueError: no such form, unit or number domain, or a tolerance that is no finite number >= 0.
    """
    start = time.perf_counter()
    _check_text("answer", answer)
    _check_text("truth", truth)
    if form is not None and form not in FORMS:
        raise ValueError(f"form must be one of {', '.join(FORMS)}, got {form!r}")
    if tolerance is not None and not (math.isfinite(tolerance) and tolerance >= 0):
        raise ValueError(f"tolerance must be a finite number >= 0, got {tolerance}")
    if over not in NUMBER_DOMAINS:
        raise ValueError(f"over must be one of {', '.join(NUMBER_DOMAINS)}, got {over!r}")
    try:
        unit = None if units is None else parse_unit(units)
    except UnitError as error:
        raise ValueError(f"units: {error}") from None
    found = (find_answer(answer), find_answer(truth)) if extract else (Found(answer, False), Found(truth, False))
    verdict = _judge_answer(*found, form, tolerance, unit, over)
    return verdict.since(start)


def _judge_answer(
    answer: Found, truth: Found, form: str | None, tolerance: float | None, unit: Unit | None, over: str
) -> Verdict:
    right = read_answer(truth.text, units=unit, latex=truth.latex)
    if isinstance(right, Verdict) and unit is not None:
        right = read_answer(truth.text, latex=truth.latex)
    given = read_answer(answer.text, units=unit, latex=answer.latex)
    if isinstance(given, Verdict) or isinstance(right, Verdict):
        same = same_words(given, right, (answer.text, truth.text))
        if same is not None:
            return same
    if isinstance(given, Verdict) and not (isinstance(right, Verdict) and _weight(right) > _weight(given)):
        return given
    if isinstance(right, Verdict):
        return replace(right, reason=f"the truth cannot be read: {right.reason}")
    assert not isinstance(given, Verdict)
    verdict = compare(given, right, over=over, tolerance=tolerance)
    if verdict.refuted and any("," in found.text and is_thousands(found.text) for found in (answer, truth)):
        verdict = _with_commas_apart(answer, truth, verdict, over, tolerance)
    if form is None or not verdict.verified:
        return verdict
    return _judge_form(given, form, verdict)


def _weight(unread: Verdict) -> int:
    """Which of two texts that were not read decides, so that their order does not matter."""
    return {Status.UNSAFE: 2, Status.UNPARSED: 1}.get(unread.status, 0)


def _with_commas_apart(answer: Found, truth: Found, verdict: Verdict, over: str, tolerance: float | None) -> Verdict:
    """``100,200`` may be a list of two numbers after all, if that is what the other one is."""
    given = read_answer(answer.text, latex=answer.latex, listed=True)
    right = read_answer(truth.text, latex=truth.latex, listed=True)
    if isinstance(given, Verdict) or isinstance(right, Verdict):
        return verdict
    listed = compare(given, right, over=over, tolerance=tolerance)
    return replace(listed, rigorous=False) if listed.verified else verdict


def _judge_form(answer: Answer, form: str, verdict: Verdict) -> Verdict:
    values = values_of(answer)
    if values is None:
        reason = f"the form {form!r} is for values, not for statements"
        return Verdict(Status.UNDECIDED, Relation.UNKNOWN, reason, "form")
    for value in values:
        fault = fault_of_form(value.expr, form, value.text)
        if fault is not None:
            return Verdict(Status.REFUTED, Relation.EQUIVALENT, f"not {form}: {fault}", "form", True)
    return verdict


def verify_step(
    before: str, after: str, *, over: str = "real", unknown: str | None = None, symbols: Iterable[str] | None = None
) -> Verdict:
    """Is ``after`` a right next line of a derivation?

    Two equations (or statements) must have the same solutions; two expressions must be equal.

    Args:
        before: a line.
        after: the next one.
        over: the number domain: ``"real"``, ``"positive"`` or ``"complex"``.
        unknown: what is solved for, several names parted by commas; default x, or the only letter, or, where a line
            joins two equations by *and*, those of x, y, z, w that occur.
        symbols: names that are symbols whatever else they would mean (``e``, ``speed``).

    Raises:
        TypeError: ``before`` or ``after`` is no text.
        ValueError: no such number domain, a name that cannot be a symbol, or an unknown that is in neither line while
            other letters are.
    """
    _check_text("before", before)
    _check_text("after", after)
    return verify_derivation((before, after), over=over, unknown=unknown, symbols=symbols)[0]


def verify_derivation(
    lines: Sequence[str], *, over: str = "real", unknown: str | None = None, symbols: Iterable[str] | None = None
) -> list[Verdict]:
    """A verdict on each line but the first, given the line before it. A line that cannot be read is skipped after that.

    Where no line before one can be read, its verdict is that of the line before it.

    Args:
        lines: of the derivation, from the problem to the answer.
        over: as for :func:`verify_step`.
        unknown: as there; the default looks at all lines.
        symbols: as there.

    Raises:
        TypeError: ``lines`` is one text, or one of them is no text.
        ValueError: no such number domain, a name that cannot be a symbol, or an unknown that is in no line while
            other letters are.
    """
    if isinstance(lines, str | bytes):
        raise TypeError("lines must be a list with one text a line, not one text: split it, as by text.splitlines()")
    for place, text in enumerate(lines):
        _check_text(f"lines[{place}]", text)
    if over not in NUMBER_DOMAINS:
        raise ValueError(f"over must be one of {', '.join(NUMBER_DOMAINS)}, got {over!r}")
    names = () if unknown is None else names_of(unknown)
    declared = frozenset(symbols or ()) | frozenset(names)
    read = [read_line(line, declared) for line in lines]
    known = [line for line in read if not isinstance(line, Verdict)]
    letters = frozenset[str]().union(*map(letters_of, known))
    if unknown is not None and letters and letters.isdisjoint(names):
        unread = [text for text, line in zip(lines, read, strict=True) if isinstance(line, Verdict)]
        if not any(name in text for text in unread for name in names):
            found = ", ".join(sorted(letters))
            raise ValueError(f"the unknown {unknown!r} is in none of the lines; the letters there: {found}")
    chosen = unknown or unknown_in([line for line in known if not isinstance(line, Congruence)])
    verdicts: list[Verdict] = []
    if not read:
        return verdicts
    current = read[0]
    for line in read[1:]:
        start = time.perf_counter()
        verdict = _judge_step(current, line, chosen, over, letters)
        verdicts.append(verdict.since(start))
        if not isinstance(line, Verdict) or isinstance(current, Verdict):
            current = line
    return verdicts


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a text (str), got {type(value).__name__}")


def _judge_step(
    before: StepLine | Verdict, after: StepLine | Verdict, unknown: str | None, over: str, letters: frozenset[str]
) -> Verdict:
    if isinstance(after, Verdict):
        return after
    if isinstance(before, Verdict):
        return replace(before, reason=f"the line before cannot be read: {before.reason}")
    if isinstance(before, Congruence) or isinstance(after, Congruence):
        return compare_congruences(before, after)
    if isinstance(before, Expr) and isinstance(after, Expr):
        return equivalent(before, after, over=over)
    if isinstance(before, Expr) or isinstance(after, Expr):
        expected = "an expression" if isinstance(before, Expr) else "an equation"
        return Verdict(
            Status.UNPARSED, Relation.UNKNOWN, f"{expected} is expected after the line before", "parser", True
        )
    if unknown is None:
        names = ", ".join(sorted(letters))
        reason = f"each of {names} could be the unknown; name it by unknown="
        return Verdict(Status.UNDECIDED, Relation.UNKNOWN, reason, "parser")
    return relate(before, after, unknown=unknown, over=over)


class SymbolicVerifier:
    """Judges the lines of algebra-like domains; a :class:`~reasoning_envs.verifiers.protocol.Verifier`.

    A problem's ``statement`` is its first line; the texts of the steps are the lines that follow. Keys of its metadata:

    * ``unknown``: the symbol that is solved for, or several: ``"x, y"``; default as for :func:`verify_step`.
    * ``over``: the number domain, default ``"real"``.
    * ``form``: where the statement is an expression, the form that the last line must have (see :func:`verify_answer`).

    A line that could not be read was not applied: the next one is judged against the last that could.
    """

    def step(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        """On the last of ``steps``, against the line before it.

        Raises:
            ValueError: no steps, or metadata with a number domain that does not exist.
        """
        if not steps:
            raise ValueError("there is no step to judge")
        start = time.perf_counter()
        over, symbols, unknown = self._settings(problem)
        before = self._line(problem, steps[:-1], symbols)
        if isinstance(before, Verdict):
            return before
        after = read_line(steps[-1].text, symbols)
        letters = letters_of(before) | (frozenset() if isinstance(after, Verdict) else letters_of(after))
        verdict = _judge_step(before, after, unknown, over, letters)
        return verdict.since(start)

    def outcome(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        """Is the last line the answer to the problem, in the form of an answer? How it was reached does not matter."""
        start = time.perf_counter()
        over, symbols, unknown = self._settings(problem)
        first = read_line(problem.statement, symbols)
        if isinstance(first, Verdict):
            return replace(first, reason=f"the problem cannot be read: {first.reason}")
        last = self._line(problem, steps, symbols)
        if isinstance(last, Verdict):
            return last
        verdict = self._judge_outcome(first, last, unknown, over, problem.metadata)
        return verdict.since(start)

    def _judge_outcome(
        self, first: StepLine, last: StepLine, unknown: str | None, over: str, metadata: Mapping[str, Any]
    ) -> Verdict:
        if isinstance(first, Expr | Congruence) or isinstance(last, Expr | Congruence) or unknown is None:
            verdict = _judge_step(first, last, unknown, over, letters_of(first) | letters_of(last))
            form = metadata.get("form")
            if verdict.verified and form is not None and isinstance(last, Expr):
                fault = fault_of_form(last, str(form))
                if fault is not None:
                    return Verdict(Status.REFUTED, Relation.EQUIVALENT, f"not {form}: {fault}", "form", True)
            return verdict
        return judge_answer(first, last, unknown=unknown, over=over)

    def _line(self, problem: Problem, steps: Sequence[Step], symbols: frozenset[str]) -> StepLine | Verdict:
        """The line at which an episode stands: the last that was applied."""
        for step in reversed(steps):
            if step.verdict.status in (Status.UNPARSED, Status.UNSAFE):
                continue
            line = read_line(step.text, symbols)
            if not isinstance(line, Verdict):
                return line
        line = read_line(problem.statement, symbols)
        if isinstance(line, Verdict):
            return replace(line, reason=f"the problem cannot be read: {line.reason}")
        return line

    def _settings(self, problem: Problem) -> tuple[str, frozenset[str], str | None]:
        metadata = problem.metadata
        over = str(metadata.get("over", "real"))
        if over not in NUMBER_DOMAINS:
            raise ValueError(f"metadata['over'] must be one of {', '.join(NUMBER_DOMAINS)}, got {over!r}")
        named = metadata.get("unknown")
        if named is not None:
            return over, frozenset(names_of(str(named))), str(named)
        line = read_line(problem.statement, frozenset())
        return over, frozenset(), None if isinstance(line, Verdict | Congruence) else unknown_in([line])
