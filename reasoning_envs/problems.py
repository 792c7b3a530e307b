"""Where an environment's problems come from: a domain's generator or a list, a level, and one part of the split.

Held out means one thing everywhere: a problem belongs to ``"test"`` when the hash of its canonical form (letters
renamed, operands sorted) falls into the lowest fifth, to ``"validation"`` in the tenth above, and to ``"train"``
otherwise, on every machine and for every generator. What is chosen by looking (settings, a checkpoint, when to stop) is
chosen on validation problems; the test problems are for the figure at the end.
"""

from __future__ import annotations

import gzip
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple, TextIO, cast

import numpy as np

from reasoning_envs.domains.protocol import Domain, InputError
from reasoning_envs.types import Problem, Verdict

__all__ = [
    "SPLITS",
    "TEST_SHARE",
    "VALIDATION_SHARE",
    "BadLine",
    "ProblemFileWarning",
    "ProblemLine",
    "ProblemSource",
    "read_problem_lines",
    "read_problems",
    "split_of",
]

SPLITS = ("train", "validation", "test")
TEST_SHARE = 0.2
VALIDATION_SHARE = 0.1
MAX_WARNINGS = 20
"""Bad lines of a file that are named one by one."""
MAX_TRIES = 1000
"""Draws before a source gives up. A test problem takes five on average, a validation problem ten."""


class ProblemFileWarning(UserWarning):
    """A line of a problems file that cannot be used; the others are."""


class BadLine(NamedTuple):
    """A line of a problems file that is no problem. ``number`` counts from 1."""

    file: str
    number: int
    text: str
    verdict: Verdict

    def __str__(self) -> str:
        return f"{self.file}, line {self.number}: {self.verdict.reason} ({self.text!r:.80})"


class ProblemLine(NamedTuple):
    """A line of a problems file that is one. ``number`` counts from 1; ``text`` is as it was written, trimmed."""

    number: int
    text: str
    problem: Problem


def split_of(key: str) -> str:
    """``"train"``, ``"validation"`` or ``"test"``, from a problem's canonical key."""
    place = int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big") / 2**64
    if place < TEST_SHARE:
        return "test"
    return "validation" if place < TEST_SHARE + VALIDATION_SHARE else "train"


def read_problems(path: str | Path, domain: Domain) -> tuple[list[Problem], list[BadLine]]:
    """The problems of a file that holds one a line, and the lines that are none; see :func:`read_problem_lines`.

    Raises:
        OSError: the file cannot be read.
    """
    lines, bad = read_problem_lines(path, domain.problem)
    return [line.problem for line in lines], bad


def read_problem_lines(path: str | Path, read: Callable[[str], Problem]) -> tuple[list[ProblemLine], list[BadLine]]:
    """The lines of a file that are problems, and those that are none.

    Empty lines and lines that begin with ``#`` are passed over. The file is read as UTF-8; bytes that are not are
    replaced, which makes a bad line of their line alone.

    Args:
        path: of the file; one that ends in ``.gz`` is unpacked.
        read: makes a problem of a text, or raises an :class:`~reasoning_envs.domains.protocol.InputError`.

    Raises:
        OSError: the file cannot be read.
    """
    problems: list[ProblemLine] = []
    bad: list[BadLine] = []
    with _opened(Path(path)) as file:
        for number, line in enumerate(file, start=1):
            text = line.strip()
            if not text or text.startswith("#"):
                continue
            try:
                problems.append(ProblemLine(number, text, read(text)))
            except InputError as error:
                bad.append(BadLine(str(path), number, text, error.verdict))
    return problems, bad


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    if path.suffix != ".gz":
        with path.open(encoding="utf-8-sig", errors="replace", newline=None) as file:
            yield file
        return
    try:
        with gzip.open(path, "rt", encoding="utf-8-sig", errors="replace", newline=None) as unpacked:
            yield cast(TextIO, unpacked)
    except (EOFError, zlib.error) as error:
        raise OSError(f"{path} is damaged, or was cut off: {error}") from error


class ProblemSource:
    """Draws the problem of each episode.

    Args:
        domain: generates, or reads the texts of ``problems``.
        split: ``"train"``, ``"validation"``, ``"test"`` or None for all.
        level: a name, several of which one is drawn each time, or None for the domain's own mixture.
        problems: in place of the generator: a path to a file with one problem a line, or a sequence of problems or
            of texts. Drawn uniformly, with replacement.
        refusal: why the environment cannot show a problem, or None where it can.

    Raises:
        ValueError: an unknown split or level, or no usable problem. A bad line of a file is a
            :class:`ProblemFileWarning`.
    """

    def __init__(
        self,
        domain: Domain,
        *,
        split: str | None,
        level: str | Sequence[str] | None,
        problems: str | Path | Iterable[str | Problem] | None,
        refusal: Callable[[Problem], str | None],
    ) -> None:
        if split is not None and split not in SPLITS:
            raise ValueError(f"there is no split {split!r}; known: {', '.join(map(repr, SPLITS))}, None (all)")
        self._domain = domain
        self._split = split
        self._refusal = refusal
        self._levels = self._check_levels(level)
        self._list = None if problems is None else self._usable(problems)
        if self._list is not None and level is not None:
            raise ValueError("give either problems or a level: a list of problems is drawn from as it is")

    def draw(self, rng: np.random.Generator, level: str | Sequence[str] | None = None) -> Problem:
        """The next problem; ``level`` takes the place of the source's own for this time.

        Raises:
            ValueError: no such level, or no problem of this split among 1,000 draws.
        """
        if self._list is not None:
            if level is not None:
                raise ValueError("this environment draws from a list of problems: it has no levels")
            return self._list[int(rng.integers(len(self._list)))]
        levels = self._levels if level is None else self._check_levels(level)
        last = "none was tried"
        for _ in range(MAX_TRIES):
            name = levels[int(rng.integers(len(levels)))] if len(levels) > 1 else (levels or (None,))[0]
            problem = self._domain.sample(rng, name)
            if self._split is not None and self._side(problem) != self._split:
                last = f"it belongs to the other split than {self._split!r}"
                continue
            refusal = self._refusal(problem)
            if refusal is None:
                return problem
            last = refusal
        raise ValueError(
            f"{self._domain.name}: {MAX_TRIES} draws of level {', '.join(levels) or 'any'} gave no usable problem; "
            f"of the last one: {last}"
        )

    def _side(self, problem: Problem) -> str:
        return split_of(self._domain.canonical_key(problem))

    def _check_levels(self, level: str | Sequence[str] | None) -> tuple[str, ...]:
        if level is None:
            return ()
        if not isinstance(level, str | Sequence | Set):
            raise ValueError(f"a level is a name, or several of them, got {level!r:.80}")
        levels = (level,) if isinstance(level, str) else tuple(level)
        for name in levels:
            if name not in self._domain.levels:
                known = ", ".join(self._domain.levels)
                raise ValueError(f"{self._domain.name} has no level {name!r}; known: {known}")
        if not levels:
            raise ValueError("an empty list of levels; None takes them all")
        return levels

    def _entry(self, number: int, item: str | Problem) -> Problem:
        """One of a list of problems, counted from 1."""
        if isinstance(item, Problem):
            return item
        if not isinstance(item, str):
            raise ValueError(f"entry {number} of the list of problems is no Problem and no text, but {item!r:.80}")
        try:
            return self._domain.problem(item)
        except InputError as error:
            reason = f"entry {number} of the list of problems, {item!r:.80}: {error.verdict.reason}"
            raise InputError(replace(error.verdict, reason=reason)) from error

    def _usable(self, problems: str | Path | Iterable[str | Problem]) -> list[Problem]:
        bad: list[BadLine] = []
        if isinstance(problems, str | Path):
            source = str(problems)
            lines, bad = read_problem_lines(problems, self._domain.problem)
            for line in bad[:MAX_WARNINGS]:
                warnings.warn(str(line), ProblemFileWarning, stacklevel=4)
            if len(bad) > MAX_WARNINGS:
                rest = f"{source}: {len(bad) - MAX_WARNINGS} lines more that cannot be used"
                warnings.warn(rest, ProblemFileWarning, stacklevel=4)
            found = [(f"{source}, line {line.number}", line.problem) for line in lines]
        else:
            source = "the list of problems"
            found = [
                (f"entry {number} of {source}", self._entry(number, item))
                for number, item in enumerate(problems, start=1)
            ]
        usable = []
        for place, problem in found:
            refusal = self._refusal(problem)
            if refusal is not None:
                warnings.warn(f"{place}: {refusal} ({problem.statement!r:.80})", ProblemFileWarning, stacklevel=4)
            elif self._split is None or self._side(problem) == self._split:
                usable.append(problem)
        if not usable:
            side = "" if self._split is None else f" of the split {self._split!r}"
            unread = f", and {len(bad)} lines that are none; the first: {bad[0]}" if bad else ""
            raise ValueError(f"{source}: not one usable problem{side} among {len(found)}{unread}")
        return usable
