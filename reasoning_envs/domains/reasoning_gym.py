"""The data sets of reasoning-gym, solved one line of reasoning at a time.

reasoning-gym (https://github.com/open-thought/reasoning-gym, Apache-2.0) makes problems of a hundred kinds. It is
the extra ``reasoning-gym`` of this package.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from reasoning_envs.domains.problems.word_records import make_problem
from reasoning_envs.domains.prose_lines import ProseState, check_characters, corrupt_line, first_line, read_line
from reasoning_envs.types import Problem
from reasoning_envs.verifiers.reasoning_gym import LINE_BREAK, REFUSED, ReasoningGymVerifier
from reasoning_envs.verifiers.word_problems import one_line

__all__ = ["ReasoningGymDomain"]


class ReasoningGymDomain:
    r"""Problems of one data set. An action is a line of reasoning; ``#### answer`` or ``\boxed{answer}`` ends.

    An answer of several lines (a board) is written in one action, with its line breaks, or with ``⏎`` for each.
    Keys of a problem's metadata: ``dataset`` and ``index``, which is all that judging needs beside the configuration.

    Args:
        dataset: its name in reasoning-gym.
        config: keywords of its configuration (``{"min_terms": 4}``); ``seed`` is 0 and ``size`` 500 unless given.

    Raises:
        ImportError: reasoning-gym is not installed; the message says the cure.
        ValueError: no such data set, one that is not offered, or a configuration that it refuses.
    """

    name = "reasoning_gym"
    levels: Sequence[str] = ("default",)

    def __init__(self, dataset: str = "chain_sum", config: Mapping[str, Any] | None = None) -> None:
        self.dataset = dataset
        self._entries = _open(dataset, {"seed": 0, "size": 500, **(config or {})})
        self.verifier = ReasoningGymVerifier(dataset, self._entries)

    def sample(self, rng: np.random.Generator, level: str | None = None) -> Problem:
        """See :class:`~reasoning_envs.domains.protocol.Domain`."""
        if level not in (None, *self.levels):
            raise ValueError(f"no level {level!r}; there are {', '.join(self.levels)}")
        index = int(rng.integers(len(self._entries)))
        entry = self._entries[index]
        answer = entry["answer"]
        metadata = {"dataset": self.dataset, "index": index}
        known = answer if isinstance(answer, str) else None
        return make_problem(self.name, entry["question"].strip(), known, level=self.levels[0], metadata=metadata)

    def problem(self, statement: str) -> Problem:
        """A problem that anybody wrote; no scorer knows its answer.

        Raises:
            InputError: an empty, an overlong or a damaged text.
        """
        return make_problem(self.name, statement, None)

    def canonical_key(self, problem: Problem) -> str:
        """The question in lower case."""
        return one_line(problem.statement).lower()

    def start(self, problem: Problem) -> ProseState:
        """The question."""
        return ProseState(first_line(problem.statement), False)

    def parse(self, state: ProseState, text: str) -> ProseState:
        """The line; line breaks within it are kept as ``⏎``.

        Raises:
            InputError: it is empty, damaged, or too long.
        """
        lines = text.strip().splitlines() if len(text) <= _LONGEST_BROKEN else [text]
        for line in lines:
            check_characters(line[:_LONGEST_BROKEN])
        return read_line(LINE_BREAK.join(lines))

    def apply(self, state: ProseState, action: ProseState) -> ProseState:
        """The line that was written."""
        return action

    def is_final(self, state: ProseState) -> bool:
        r"""The line states an answer, after ``####`` or in ``\boxed{}``."""
        return state.is_final

    def text(self, state: ProseState) -> str:
        """The line."""
        return state.line

    def corrupt(self, state: ProseState, rng: np.random.Generator) -> tuple[ProseState, str]:
        """The line with one wrong number or sign; see :func:`~reasoning_envs.domains.prose_lines.corrupt_line`.

        Raises:
            ValueError: the line says nothing that can be spoiled.
        """
        if not state.written:
            raise ValueError("the question says nothing that can be spoiled")
        line, error_type = corrupt_line(state.line, rng)
        return ProseState(line, True), error_type


_LONGEST_BROKEN = 10_000
"""Characters of a text of which line breaks are looked for."""


def _open(name: str, config: Mapping[str, Any]) -> Any:
    if name in REFUSED:
        raise ValueError(f"the data set {name!r} is not offered: {REFUSED[name]}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its own dependencies, while they are imported
            from reasoning_gym.factory import DATASETS, create_dataset
    except ImportError as error:
        raise ImportError(
            f"the data set {name!r} needs reasoning-gym; the cure: pip install 'reasoning-envs[reasoning-gym]'"
        ) from error
    if name not in DATASETS:
        known = ", ".join(sorted(set(DATASETS) - set(REFUSED)))
        raise ValueError(f"reasoning-gym has no data set {name!r}; there are {known}")
    try:
        return create_dataset(name, **config)
    except (AssertionError, TypeError, ValueError) as error:
        raise ValueError(f"the data set {name!r} refuses this configuration: {error}") from error
