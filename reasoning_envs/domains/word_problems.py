"""Problems in words, solved one line of reasoning at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reasoning_envs.domains.problems.stories import LEVELS, numbers_of, tell, template_of
from reasoning_envs.domains.problems.stories.distractors import without_distractors
from reasoning_envs.domains.problems.word_records import make_problem, problem_of_json, problems_of_dataset
from reasoning_envs.domains.prose_lines import ProseState, corrupt_line, first_line, read_line
from reasoning_envs.types import Problem
from reasoning_envs.verifiers.word_problems import WordProblemVerifier, one_line

__all__ = ["HOLD_OUTS", "WordProblemsDomain"]

HOLD_OUTS = ("problems", "templates")
_ALL = "all"


class WordProblemsDomain:
    r"""Multi-step problems in words. An action is a line of reasoning; ``#### 42`` or ``\boxed{42}`` ends the episode.

    The problems are told by :mod:`reasoning_envs.domains.problems.stories`, in levels ``steps-1`` to ``steps-6`` (steps
    of the shortest chain) and ``steps-1-noisy`` to ``steps-6-noisy`` (with numbers that are not needed). A text, or a
    file of records in the formats of GSM8K and MATH (``problems="file.jsonl"`` of the environment), is taken as well;
    see :mod:`reasoning_envs.domains.problems.word_records`.

    Keys of a problem's metadata: ``chain`` (lines that solve it) and ``values`` (what they come to, as fractions),
    where a chain is known; ``template`` (parts of a story, joined by ``+``) and ``distractors`` (how many); ``unit``,
    ``tolerance``, ``form``, ``over``: how the answer is judged, each only where it is declared.

    Args:
        hold_out: what ``split`` keeps apart: ``"problems"`` (the same numbers, whatever the names, the wording and the
            sentences that are not needed) or ``"templates"`` (what happens in the story).
        dataset: name of a data set of the Hugging Face hub to draw from in place of the stories; its levels are those
            of its records, and ``"all"``.
        dataset_config: of the data set, ``"main"``. dataset_split: of the data set.

    Raises:
        ValueError: no such way of holding out, or a data set without problems.
        ImportError: a data set is asked for, and the library ``datasets`` is not installed.
    """

    name = "word_problems"

    def __init__(
        self,
        hold_out: str = "problems",
        *,
        dataset: str | None = None,
        dataset_config: str | None = None,
        dataset_split: str = "train",
    ) -> None:
        if hold_out not in HOLD_OUTS:
            raise ValueError(f"hold_out must be one of {', '.join(map(repr, HOLD_OUTS))}, got {hold_out!r}")
        self.hold_out = hold_out
        self.verifier = WordProblemVerifier()
        self._drawn_from: list[Problem] | None = None
        self.levels: Sequence[str] = LEVELS
        if dataset is not None:
            self._drawn_from = problems_of_dataset(self.name, dataset, dataset_config, dataset_split)
            self.levels = (_ALL, *sorted({problem.level for problem in self._drawn_from if problem.level is not None}))

    # -- problems -----------------------------------------------------------------------------------------------------

    def sample(self, rng: np.random.Generator, level: str | None = None) -> Problem:
        """See :class:`~reasoning_envs.domains.protocol.Domain`."""
        if level is None:
            level = _ALL if self._drawn_from is not None else self.levels[int(rng.integers(len(self.levels)))]
        if level not in self.levels:
            raise ValueError(f"no level {level!r}; there are {', '.join(self.levels)}")
        if self._drawn_from is not None:
            fitting = [problem for problem in self._drawn_from if level in (_ALL, problem.level)]
            return fitting[int(rng.integers(len(fitting)))]
        seed = int(rng.integers(2**31))
        story = tell(np.random.default_rng(seed), level)
        metadata: dict[str, object] = {
            "template": story.template,
            "distractors": story.distractors,
            "chain": [link.text for link in story.chain],
            "values": [str(link.value) for link in story.chain],
        }
        if story.unit is not None:
            metadata["unit"] = story.unit
        return make_problem(self.name, story.text, story.answer, level=level, seed=seed, metadata=metadata)

    def problem(self, statement: str) -> Problem:
        """A problem that anybody wrote, without an answer; or a record as one line of JSON, with one.

        Raises:
            InputError: an empty, an overlong or a damaged text, or a record that lacks something.
        """
        if statement.lstrip().startswith('{"'):
            return problem_of_json(self.name, statement)
        return make_problem(self.name, statement, None)

    def canonical_key(self, problem: Problem) -> str:
        """The numbers of the problem, sorted, without those that no step needs; or the template of a story.

        A text with fewer than two numbers is its own key, in lower case.
        """
        if self.hold_out == "templates":
            template = template_of(without_distractors(problem.statement))
            if template:
                return f"template {template}"
        numbers = numbers_of(problem.statement)
        return f"numbers {' '.join(numbers)}" if len(numbers) > 1 else f"text {one_line(problem.statement).lower()}"

    # -- states -------------------------------------------------------------------------------------------------------

    def start(self, problem: Problem) -> ProseState:
        """The question."""
        return ProseState(first_line(problem.statement), False)

    def parse(self, state: ProseState, text: str) -> ProseState:
        """The line.

        Raises:
            InputError: it is empty, several lines, damaged, or too long.
        """
        return read_line(text)

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
