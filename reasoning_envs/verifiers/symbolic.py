"""Verified mathematics for a user (an answer, a step, a derivation), and the verifier of algebra-like domains."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from reasoning_envs.symbolic.bounds import UnsafeExpressionError, check_bounds
from reasoning_envs.symbolic.derivation import judge_answer, relate
from reasoning_envs.symbolic.equivalence import NUMBER_DOMAINS, equivalent
from reasoning_envs.symbolic.expression import Expr
from reasoning_envs.symbolic.parser import ParseError, parse_line
from reasoning_envs.symbolic.statement import Line, Statement, free_symbols
from reasoning_envs.types import Problem, Relation, Status, Step, Verdict
from reasoning_envs.verifiers.answer_forms import FORMS, fault_of_form
from reasoning_envs.verifiers.answers import Answer, compare, read_answer
from reasoning_envs.verifiers.extraction import extract_answer
from reasoning_envs.verifiers.units import Unit, UnitError, parse_unit

__all__ = ["SymbolicVerifier", "verify_answer", "verify_derivation", "verify_step"]

_MAX_CACHED_TEXT = 4000


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

    Numbers, expressions, equations, lists and sets of solutions (``x = 2 or x = 3``; ``2, 3``; ``{2, 3}``),
    ``no solution`` and ``all reals`` are compared by meaning, exactly. Without ``form``, ``tolerance``, ``units`` the
    two texts may be exchanged: the status stays the same.

    Args:
        answer: what is judged.
        truth: what is right.
        form: that the answer must have beside its value: ``"factored"``, ``"expanded"``, ``"simplified"`` or
            ``"lowest terms"``.
        tolerance: relative error that a number may have, of the truth (absolute where the truth is 0).
        units: both are quantities; the answer must carry a unit, and is converted to this one (``"cm"``, ``"km/h"``).
            A truth without a unit is meant in this one.
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
        raise ValueError(f"form must be one of {', '.join(sorted(FORMS))}, got {form!r}")
    if tolerance is not None and not (math.isfinite(tolerance) and tolerance >= 0):
        raise ValueError(f"tolerance must be a finite number >= 0, got {tolerance}")
    if over not in NUMBER_DOMAINS:
        raise ValueError(f"over must be one of {', '.join(NUMBER_DOMAINS)}, got {over!r}")
    try:
        unit = None if units is None else parse_unit(units)
    except UnitError as error:
        raise ValueError(f"units: {error}") from None
    if extract:
        answer, truth = extract_answer(answer), extract_answer(truth)
    verdict = _judge_answer(answer, truth, form, tolerance, unit, over)
    return replace(verdict, seconds=time.perf_counter() - start)


def _judge_answer(
    answer: str, truth: str, form: str | None, tolerance: float | None, unit: Unit | None, over: str
) -> Verdict:
    right = read_answer(truth, units=unit)
    if isinstance(right, Verdict) and unit is not None:
        right = read_answer(truth)
    given = read_answer(answer, units=unit)
    if isinstance(given, Verdict):
        return given
    if isinstance(right, Verdict):
        return replace(right, reason=f"the truth cannot be read: {right.reason}")
    verdict = compare(given, right, over=over, tolerance=tolerance)
    if form is None or not verdict.verified:
        return verdict
    return _judge_form(given, form, verdict)


def _judge_form(answer: Answer, form: str, verdict: Verdict) -> Verdict:
    if answer.statement is not None:
        reason = f"the form {form!r} is for values, not for statements"
        return Verdict(Status.UNDECIDED, Relation.UNKNOWN, reason, "form")
    for value in answer.values:
        fault = fault_of_form(value.expr, form)
        if fault is None and form == "lowest terms" and "." in value.text:
            fault = f"{value.text} is a decimal"
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
        unknown: what is solved for; default x, or the only letter.
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
    declared = frozenset(symbols or ()) | frozenset([unknown] if unknown is not None else ())
    read = [_read(line, declared) for line in lines]
    letters: frozenset[str] = frozenset().union(*[free_symbols(line) for line in read if not isinstance(line, Verdict)])
    if unknown is not None and letters and unknown not in letters:
        unread = [text for text, line in zip(lines, read, strict=True) if isinstance(line, Verdict)]
        if not any(unknown in text for text in unread):
            found = ", ".join(sorted(letters))
            raise ValueError(f"the unknown {unknown!r} is in none of the lines; the letters there: {found}")
    chosen = unknown or _unknown(letters)
    verdicts: list[Verdict] = []
    if not read:
        return verdicts
    current = read[0]
    for line in read[1:]:
        start = time.perf_counter()
        verdict = _judge_step(current, line, chosen, over, letters)
        verdicts.append(replace(verdict, seconds=time.perf_counter() - start))
        if not isinstance(line, Verdict) or isinstance(current, Verdict):
            current = line
    return verdicts


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a text (str), got {type(value).__name__}")


def _judge_step(
    before: Line | Verdict, after: Line | Verdict, unknown: str | None, over: str, letters: frozenset[str]
) -> Verdict:
    if isinstance(after, Verdict):
        return after
    if isinstance(before, Verdict):
        return replace(before, reason=f"the line before cannot be read: {before.reason}")
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


def _unknown(letters: frozenset[str]) -> str | None:
    """x, or the only letter; None where several could be meant."""
    if "x" in letters or not letters:
        return "x"
    return next(iter(letters)) if len(letters) == 1 else None


def _read(text: str, symbols: frozenset[str]) -> Line | Verdict:
    """The line, or why it is none: UNPARSED or UNSAFE."""
    if len(text) > _MAX_CACHED_TEXT:
        return _parse(text, symbols)
    return _parse_cached(text, symbols)


def _parse(text: str, symbols: frozenset[str]) -> Line | Verdict:
    try:
        line = parse_line(text, symbols=symbols or None)
        check_bounds(line)
    except ParseError as error:
        return Verdict(Status.UNPARSED, Relation.UNKNOWN, error.reason, "parser", True)
    except UnsafeExpressionError as error:
        return Verdict(Status.UNSAFE, Relation.UNKNOWN, error.reason, "bounds", True)
    return line


_parse_cached = lru_cache(maxsize=4096)(_parse)


class SymbolicVerifier:
    """Judges the lines of algebra-like domains; a :class:`~reasoning_envs.verifiers.protocol.Verifier`.

    A problem's ``statement`` is its first line; the texts of the steps are the lines that follow. Keys of its metadata:

    * ``unknown``: the symbol that is solved for; default x, or the only letter.
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
        after = _read(steps[-1].text, symbols)
        letters = free_symbols(before) | (frozenset() if isinstance(after, Verdict) else free_symbols(after))
        verdict = _judge_step(before, after, unknown, over, letters)
        return replace(verdict, seconds=time.perf_counter() - start)

    def outcome(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        """Is the last line the answer to the problem, in the form of an answer? How it was reached does not matter."""
        start = time.perf_counter()
        over, symbols, unknown = self._settings(problem)
        first = _read(problem.statement, symbols)
        if isinstance(first, Verdict):
            return replace(first, reason=f"the problem cannot be read: {first.reason}")
        last = self._line(problem, steps, symbols)
        if isinstance(last, Verdict):
            return last
        verdict = self._judge_outcome(first, last, unknown, over, problem.metadata)
        return replace(verdict, seconds=time.perf_counter() - start)

    def _judge_outcome(
        self, first: Line, last: Line, unknown: str | None, over: str, metadata: Mapping[str, Any]
    ) -> Verdict:
        if isinstance(first, Expr) or isinstance(last, Expr) or unknown is None:
            verdict = _judge_step(first, last, unknown, over, free_symbols(first) | free_symbols(last))
            form = metadata.get("form")
            if verdict.verified and form is not None and isinstance(last, Expr):
                fault = fault_of_form(last, str(form))
                if fault is not None:
                    return Verdict(Status.REFUTED, Relation.EQUIVALENT, f"not {form}: {fault}", "form", True)
            return verdict
        return judge_answer(_statement(first), _statement(last), unknown=unknown, over=over)

    def _line(self, problem: Problem, steps: Sequence[Step], symbols: frozenset[str]) -> Line | Verdict:
        """The line at which an episode stands: the last that was applied."""
        for step in reversed(steps):
            if step.verdict.status in (Status.UNPARSED, Status.UNSAFE):
                continue
            line = _read(step.text, symbols)
            if not isinstance(line, Verdict):
                return line
        line = _read(problem.statement, symbols)
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
            return over, frozenset((str(named),)), str(named)
        line = _read(problem.statement, frozenset())
        return over, frozenset(), None if isinstance(line, Verdict) else _unknown(free_symbols(line))


def _statement(line: Line) -> Statement:
    if isinstance(line, Expr):
        raise TypeError(f"{line} is an expression, not a statement")
    return line
