r"""Judge of reasoning in words: the arithmetic of each line, and the answer after ``####`` or in ``\boxed{}``."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from reasoning_envs.types import Problem, Relation, Status, Step, Verdict
from reasoning_envs.verifiers.answer.units import UnitError, parse_unit
from reasoning_envs.verifiers.prose.judge import judge_prose, verify_prose
from reasoning_envs.verifiers.symbolic import verify_answer

__all__ = ["WordProblemVerifier", "judge_line", "judge_stated_answer", "one_line", "stated_answer"]

_MARK = "####"
_BOXED = "\\boxed{"
_NUMBER = r"[-−+]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:/\d+)?"
_MEASURED = r"%|°|[$€£¥₹]|[^\W\d_](?:[^\W\d_]|[ ./^²³'’-]|(?<=\^)\d)*"
_QUANTITY = re.compile(rf"(?P<sign>[-−+]?)(?P<money>[$€£¥₹]?)\s*(?P<number>{_NUMBER})\s*(?P<unit>{_MEASURED})?\.?")
_IN_TEXT = re.compile(r"\\(?:text|mathrm|mbox)\{([^{}]*)\}")
_PLAIN_NUMBER = re.compile(_NUMBER)


def one_line(text: str) -> str:
    """A text with its blanks and line breaks made single blanks."""
    return " ".join(text.split())


def stated_answer(line: str) -> str | None:
    r"""What a line states as the final answer, after its last ``####`` or in its last ``\boxed{}``, or None."""
    mark, box = line.rfind(_MARK), line.rfind(_BOXED)
    if mark > box:
        rest = line[mark + len(_MARK) :].lstrip(" \t:").partition("\n")[0].strip()
        return rest or None
    if box < 0:
        return None
    depth = 1
    for at in range(box + len(_BOXED), len(line)):
        depth += {"{": 1, "}": -1}.get(line[at], 0)
        if depth == 0:
            return line[box + len(_BOXED) : at].strip() or None
    return None


def judge_stated_answer(answer: str, truth: str, metadata: Mapping[str, Any]) -> Verdict:
    """Is a stated answer the right one, by the policies of the problem?

    Where the truth is a plain number, the answer may be a number with words behind it (``18 eggs``) or a sign of
    currency before it. A unit of measurement counts where the problem declares one, and is converted.

    Args:
        answer: as it was stated.
        truth: the right one.
        metadata: of the problem: ``unit``, ``tolerance``, ``form``, ``over``, each as
            :func:`~reasoning_envs.verifiers.symbolic.verify_answer` takes it (``unit`` for ``units``), if at all.
    """
    policies = {name: metadata[name] for name in ("tolerance", "form", "over") if metadata.get(name) is not None}
    truth = truth.strip()
    quantity = _quantity(answer) if _PLAIN_NUMBER.fullmatch(truth) else None
    if quantity is None:
        return verify_answer(answer, truth, extract=False, **policies)
    number, named = quantity
    declared = metadata.get("unit")
    if declared is not None and _is_unit(named):
        return verify_answer(f"{number} {named}", truth, units=declared, extract=False, **policies)
    return verify_answer(number, truth.replace(",", ""), extract=False, **policies)


def _quantity(answer: str) -> tuple[str, str] | None:
    """The number of an answer and what it measures, ``("1800", "eggs")``; None where it is something else."""
    text = _IN_TEXT.sub(r" \1", answer.strip().strip("*`_ "))
    for signs, plain in ((r"\$", "$"), (r"\%", "%"), (r"\,", ""), (r"\!", "")):
        text = text.replace(signs, plain)
    if text.startswith("$") and text.endswith("$"):
        text = text[1:-1]
    match = _QUANTITY.fullmatch(text.strip())
    if match is None or not any(char.isdigit() for char in match["number"]):
        return None
    return match["sign"] + match["number"].replace(",", ""), match["money"] or (match["unit"] or "").strip(" .")


def _is_unit(text: str) -> bool:
    try:
        parse_unit(text)
    except UnitError:
        return False
    return True


def judge_line(problem: Problem, steps: Sequence[Step]) -> Verdict:
    """On the last of ``steps``: its arithmetic, or whether the answer that it states was worked out before.

    A line that repeats the problem is right. The answer of a line without arithmetic is right as a step where a right
    statement of an earlier line comes to it; whether it is the right answer is asked of the outcome.

    Raises:
        ValueError: no steps.
    """
    if not steps:
        raise ValueError("there is no step to judge")
    line = steps[-1].text
    if one_line(line) == one_line(problem.statement):
        return _REPEATED
    verdict = verify_prose(line, tolerance=problem.metadata.get("tolerance"))
    stated = stated_answer(line) if verdict.status is Status.UNDECIDED else None
    if stated is None or _quantity(stated) is None:
        return verdict
    for number in range(len(steps) - 2, -1, -1):
        earlier = steps[number]
        if not earlier.verdict.verified:
            continue
        for statement in judge_prose(earlier.text).statements:
            value = statement.value
            if value is not None and judge_stated_answer(stated, str(value), problem.metadata).verified:
                reason = f"the answer is what line {number + 1} works out"
                return Verdict(Status.VERIFIED, Relation.EQUIVALENT, reason, "repetition", True)
    return verdict


class WordProblemVerifier:
    """Judges lines of reasoning; a :class:`~reasoning_envs.verifiers.protocol.Verifier`.

    A *step* is right when the statements in it are (see :mod:`reasoning_envs.verifiers.prose.judge`), whatever they are
    about; a line without any is UNDECIDED. The *outcome* is that of the last line: its stated answer against the
    problem's, by the policies in the problem's metadata (see :func:`judge_stated_answer`). ``tolerance`` holds for the
    steps too.
    """

    def step(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        """See :func:`judge_line`.

        Raises:
            ValueError: no steps.
        """
        return judge_line(problem, steps)

    def outcome(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        """On the answer that the last line states; a line without a mark is taken for the answer itself."""
        start = time.perf_counter()
        if problem.answer is None:
            return _NO_TRUTH
        if not steps:
            return _NO_ANSWER
        line = steps[-1].text
        stated = stated_answer(line)
        verdict = judge_stated_answer(line.strip() if stated is None else stated, problem.answer, problem.metadata)
        return verdict.since(start)


_REPEATED = Verdict(Status.VERIFIED, Relation.EQUIVALENT, "the line repeats the problem", "repetition", True)
_NO_TRUTH = Verdict(Status.UNDECIDED, Relation.UNKNOWN, "no right answer is known for this problem", "no truth")
_NO_ANSWER = Verdict(Status.UNPARSED, Relation.UNKNOWN, "there is no answer", "parser", True)
