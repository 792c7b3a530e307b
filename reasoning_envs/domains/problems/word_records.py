r"""Problems in words from elsewhere: records as GSM8K and MATH publish them, and data sets of the Hugging Face hub.

* GSM8K: ``{"question": ..., "answer": "... <<3*4=12>>12 eggs.\n#### 12"}``; the lines of the answer are the chain.
* MATH: ``{"problem": ..., "solution": "... \\boxed{12}.", "level": "Level 2", "subject": ...}``, with or without a key
  ``"answer"``.
* Ours, as :meth:`reasoning_envs.types.Problem.to_json` writes it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from reasoning_envs.domains.prose_lines import MAX_STATEMENT, check_characters
from reasoning_envs.domains.protocol import InputError
from reasoning_envs.types import Problem, Status, Verdict
from reasoning_envs.verifiers.prose.judge import judge_prose
from reasoning_envs.verifiers.word_problems import one_line, stated_answer

__all__ = ["INSTRUCTION", "make_problem", "problem_of_json", "problem_of_record", "problems_of_dataset"]

INSTRUCTION = (
    r"Solve it step by step, one line at a time. End with a line that gives the answer: #### 42, or \boxed{42}."
)

_POLICIES = ("unit", "tolerance", "form", "over")


def make_problem(
    domain: str,
    statement: str,
    answer: str | None,
    *,
    level: str | None = None,
    seed: int | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Problem:
    """A problem in words, with the prompt that asks for it.

    Raises:
        InputError: the statement is empty, too long, or holds control characters.
    """
    if not one_line(statement):
        raise _unparsed("the problem is empty")
    if len(statement) > MAX_STATEMENT:
        reason = f"the problem has {len(statement)} characters; at most {MAX_STATEMENT} are read"
        raise InputError(Verdict(Status.UNSAFE, reason=reason, method="records", rigorous=True))
    check_characters(statement)
    digest = hashlib.blake2b(statement.encode(), digest_size=8).hexdigest()
    prompt = f"{statement.strip()}\n\n{INSTRUCTION}"
    return Problem(f"{domain}-{digest}", domain, prompt, statement, answer, level, seed, dict(metadata or {}))


def problem_of_json(domain: str, line: str) -> Problem:
    """The problem of one line of JSON.

    Raises:
        InputError: it is no such record; the reason says what is missing or wrong.
    """
    if len(line) > 10 * MAX_STATEMENT:
        reason = f"the record has {len(line)} characters; at most {10 * MAX_STATEMENT} are read"
        raise InputError(Verdict(Status.UNSAFE, reason=reason, method="records", rigorous=True))
    try:
        record = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise _unparsed(f"no JSON: {error}") from error
    if not isinstance(record, dict):
        raise _unparsed(f"a record is a JSON object, this is a {type(record).__name__}")
    return problem_of_record(domain, record)


def problem_of_record(domain: str, record: Mapping[str, Any]) -> Problem:
    """The problem of a record of GSM8K, MATH, or our own.

    Raises:
        InputError: a key is missing, or the record holds no final answer.
    """
    if "statement" in record:
        try:
            problem = Problem.from_dict(record)
        except ValueError as error:
            raise _unparsed(str(error)) from error
        if not isinstance(problem.statement, str) or not isinstance(problem.answer, str | None):
            raise _unparsed("the keys 'statement' and 'answer' are to hold texts")
        metadata = dict(problem.metadata)
        return make_problem(
            domain, problem.statement, problem.answer, level=problem.level, seed=problem.seed, metadata=metadata
        )
    statement = _text(record, ("question", "problem"))
    worked = _text(record, ("solution", "answer"))
    given = record.get("answer") if "solution" in record else None
    if given is not None and not isinstance(given, str):
        given = str(given)
    answer = given if given is not None else stated_answer_of(worked)
    metadata = {name: record[name] for name in _POLICIES if record.get(name) is not None}
    metadata.update(_chain(worked))
    subject = record.get("subject", record.get("type"))
    if isinstance(subject, str):
        metadata["subject"] = subject
    level = record.get("level")
    return make_problem(domain, statement, answer, level=level if isinstance(level, str) else None, metadata=metadata)


def stated_answer_of(worked: str) -> str:
    """The final answer of a worked solution.

    Raises:
        InputError: it states none.
    """
    answer = stated_answer(worked)
    if answer is None:
        raise _unparsed(r"the solution states no final answer: neither #### nor \boxed{} is in it")
    return answer


def _text(record: Mapping[str, Any], keys: Sequence[str]) -> str:
    for key in keys:
        if key in record:
            value = record[key]
            if not isinstance(value, str):
                raise _unparsed(f"the key {key!r} is to hold a text, not a {type(value).__name__}")
            return value
    raise _unparsed(
        f"the record has no key {' or '.join(map(repr, keys))}; it has {', '.join(map(repr, record)) or 'none'}"
    )


def _chain(worked: str) -> dict[str, list[str]]:
    """The steps of a solution in which something is worked out, and what each comes to."""
    lines: list[str] = []
    values: list[str] = []
    for line in worked.splitlines():
        if "<<" not in line:
            continue
        results = [each.value for each in judge_prose(line).statements if each.value is not None]
        if results:
            lines.append(line.strip())
            values.append(str(results[-1]))
    return {"chain": lines, "values": values} if lines else {}


def problems_of_dataset(domain: str, name: str, config: str | None, split: str) -> list[Problem]:
    """The problems of a data set of the Hugging Face hub, or of a folder that the library ``datasets`` reads.

    Raises:
        ImportError: ``datasets`` is not installed; the message says the cure.
        ValueError: not one record of the data set is a problem; the message gives the first reason.
    """
    try:
        from datasets import load_dataset  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError as error:
        raise ImportError(
            f"the data set {name!r} needs the library datasets; the cure: pip install datasets"
        ) from error
    problems: list[Problem] = []
    reason = "it is empty"
    for number, record in enumerate(load_dataset(name, config, split=split), start=1):
        try:
            problems.append(problem_of_record(domain, record))
        except InputError as error:
            reason = f"record {number}: {error.verdict.reason}"
    if not problems:
        raise ValueError(f"the data set {name!r} holds no problem that can be used; {reason}")
    return problems


def _unparsed(reason: str) -> InputError:
    return InputError(Verdict(Status.UNPARSED, reason=reason, method="records", rigorous=True))
