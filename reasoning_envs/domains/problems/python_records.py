"""Problems about Python from text: assertions of anybody's, and records in the formats that data sets are published in.

=====================  ================================================================================================
format                 fields of a record, one JSON object a line
=====================  ================================================================================================
HumanEval              ``prompt``, ``entry_point``, ``test``, ``canonical_solution`` (Chen et al. 2021,
                       arXiv:2107.03374); with ``buggy_solution`` also HumanEvalFix (Muennighoff et al. 2023,
                       arXiv:2308.07124). What the prompt shows of calls and their values is visible,
                       ``test`` is hidden.
MBPP                   ``text`` or ``prompt``, ``test_list``, and where there are any ``code``, ``test_setup_code`` or
                       ``test_imports``, ``challenge_test_list`` (Austin et al. 2021, arXiv:2108.07732). The first
                       assertion is visible; all of them are decisive.
streams                ``question`` or ``prompt``, ``input_output`` with ``inputs`` and ``outputs`` (an object, or one
                       as JSON text), and where there are any ``solutions`` (APPS; Hendrycks et al. 2021,
                       arXiv:2105.09938). Whole programs from standard input to standard output; the first is visible.
=====================  ================================================================================================
"""

from __future__ import annotations

import ast
import builtins
import doctest
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from reasoning_envs.domains.code.python_edits import MAX_PROGRAM, EditError, parse_python, python_error, refused
from reasoning_envs.programs.generation import Case
from reasoning_envs.programs.render import render_program, render_value
from reasoning_envs.programs.trees import Program
from reasoning_envs.types import Status
from reasoning_envs.verifiers.python_tests import Report, Tests, literal

__all__ = ["Record", "generated", "read_assertions", "read_record", "without_wrong_calls"]

MAX_RECORD = 4_000_000
"""Characters of a record at most."""

_DOCTESTS = doctest.DocTestParser()
_SHOWN_CALL = re.compile(r"\s*(?:==|->|➞|=>|=|returns?|should return)\s*")


@dataclass(frozen=True, slots=True)
class Record:
    """What a text tells of a problem.

    Attributes:
        told: what is asked, in words; may be empty.
        start: the program to begin with; may be empty.
        visible: tests to show. hidden: tests that decide.
        answer: a right program; None where none is known.
        broken: a wrong program; None where there is none.
        name: of the record in its data set; may be empty.
    """

    told: str
    start: str
    visible: Tests
    hidden: Tests
    answer: str | None = None
    broken: str | None = None
    name: str = ""


def read_assertions(text: str) -> Record:
    r"""A program to begin with, and behind it assertions that are to hold of one of its functions; all are visible.

    >>> read_assertions('def f(n: int) -> int:\n    ...\nassert f(2) == 4').visible.calls
    (('2', '4'),)

    Raises:
        InputError: it is none; the reason says what is missing.
    """
    if len(text) > MAX_PROGRAM:
        raise refused(f"the problem has {len(text):,} characters; at most {MAX_PROGRAM:,} are read", Status.UNSAFE)
    try:
        body = parse_python(text).body
    except EditError as error:
        raise refused(str(error)) from error
    count = 0
    while count < len(body) and isinstance(body[-1 - count], ast.Assert):
        count += 1
    if not count:
        raise refused("a problem ends with one assertion or more: assert f(2) == 4")
    asserts = [ast.unparse(node) for node in body[-count:]]
    lines = text.splitlines()
    rest = body[:-count]
    start = "\n".join(lines[: rest[-1].end_lineno]).strip("\n") if rest else ""
    if rest and rest[-1].end_lineno == body[-count].lineno:
        raise refused("the first assertion stands on a line with something else")
    entry = _entry(asserts, start)
    tests = _tests(asserts, entry, exact=True)
    return Record("", f"{start}\n" if start else "", tests, Tests(entry))


def read_record(text: str) -> Record:
    """A record of one of the published formats; see the module.

    Raises:
        InputError: it is none; the reason names the field.
    """
    if len(text) > MAX_RECORD:
        raise refused(f"the record has {len(text):,} characters; at most {MAX_RECORD:,} are read", Status.UNSAFE)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise refused(f"the record is no JSON: {error}") from error
    if not isinstance(data, dict):
        raise refused(f"a record is a JSON object, not a {type(data).__name__}")
    if "entry_point" in data or "test" in data:
        return _human_eval(data)
    if "test_list" in data:
        return _mbpp(data)
    if "input_output" in data:
        return _streams(data)
    known = "entry_point (HumanEval), test_list (MBPP) or input_output (streams)"
    raise refused(f"the record is of no known format: it has none of the fields {known}")


def generated(program: Program, visible: Sequence[Case], hidden: Sequence[Case]) -> Record:
    """A program of the kernel's and its tests as a record: the stub to begin with, tests in which types count."""
    source = render_program(program)
    stub = f'{source.splitlines()[0]}\n    """Compute what the assertions show."""\n'
    asserts = [f"assert {program.name}({_arguments(case)}) == {render_value(case.output)}" for case in visible]
    shown = read_assertions(stub + "\n".join(asserts))
    calls = tuple((_arguments(case), render_value(case.output)) for case in hidden)
    # What is shown decides as well.
    return Record("", shown.start, shown.visible, Tests(shown.visible.entry, shown.visible.calls + calls), source)


# -- formats ----------------------------------------------------------------------------------------------------------


def _human_eval(data: Mapping[str, Any]) -> Record:
    prompt, entry, test = (_text(data, name) for name in ("prompt", "entry_point", "test"))
    if not entry.isidentifier():
        raise refused(f"the field 'entry_point' is no name of a function: {entry!r:.60}")
    for name, source in (("prompt", f"{prompt}\n    pass\n"), ("test", test)):
        if error := python_error(source):
            raise refused(f"the field {name!r}: {error}")
    solution, buggy = (_text(data, name, "") for name in ("canonical_solution", "buggy_solution"))
    visible = Tests(entry, tuple(dict.fromkeys(_examples(prompt, entry))), exact=False)
    return Record(
        "",
        prompt,
        visible,
        Tests(entry, exact=False, source=test, prelude=prompt),
        prompt + solution if solution.strip() else None,
        prompt + buggy if buggy.strip() else None,
        str(data.get("task_id", "")),
    )


def _mbpp(data: Mapping[str, Any]) -> Record:
    told = _text(data, "text", "") or _text(data, "prompt")
    code = _text(data, "code", "")
    imports = data.get("test_imports", [])
    prelude = "\n".join([_text(data, "test_setup_code", ""), *_texts(imports, "test_imports")]).strip()
    asserts = _texts(data["test_list"], "test_list")
    more = _texts(data.get("challenge_test_list", []), "challenge_test_list")
    if not asserts:
        raise refused("the field 'test_list' is empty")
    for source in (prelude, code, *asserts, *more):
        if error := python_error(source):
            raise refused(f"{source!r:.60}: {error}")
    entry = _entry(asserts, code)
    return Record(
        told,
        "",
        _tests(asserts[:1], entry, prelude, exact=False),
        _tests([*asserts, *more], entry, prelude, exact=False),
        code or None,
        name=f"MBPP/{data['task_id']}" if "task_id" in data else "",
    )


def _streams(data: Mapping[str, Any]) -> Record:
    told = _text(data, "question", "") or _text(data, "prompt")
    found = _json(data["input_output"], "input_output")
    if not isinstance(found, dict) or "inputs" not in found or "outputs" not in found:
        raise refused("the field 'input_output' is to be an object with 'inputs' and 'outputs'")
    if found.get("fn_name"):
        raise refused("input_output with fn_name is not read: give assertions in place of it (MBPP)")
    inputs, outputs = _texts(found["inputs"], "inputs"), _texts(found["outputs"], "outputs")
    if len(inputs) != len(outputs) or not inputs:
        raise refused(f"{len(inputs)} inputs and {len(outputs)} outputs: as many are needed of each, and one at least")
    solutions = _texts(_json(data.get("solutions", []), "solutions"), "solutions")
    pairs = tuple(zip(inputs, outputs, strict=True))
    answer = solutions[0] if solutions else None
    name = str(data.get("problem_id", data.get("id", "")))
    return Record(told, "", Tests(streams=pairs[:1]), Tests(streams=pairs), answer, name=name)


# -- parts ------------------------------------------------------------------------------------------------------------


def _arguments(case: Case) -> str:
    return ", ".join(map(render_value, case.arguments))


def _tests(asserts: Sequence[str], entry: str, prelude: str = "", *, exact: bool) -> Tests:
    """Assertions as tests: calls where all of them are calls with literals, and source where one is anything else."""
    calls = [_call(text, entry) for text in asserts]
    plain = [call for call in calls if call is not None]
    if len(plain) == len(calls):
        return Tests(entry, tuple(plain), exact)
    rest = [text for text, call in zip(asserts, calls, strict=True) if call is None]
    return Tests(entry, tuple(plain), exact, "\n".join(rest), prelude)


def _call(text: str, entry: str) -> tuple[str, str] | None:
    """``assert f(2, [3]) == 4`` as ``("2, [3]", "4")``; None where it is anything else."""
    match parse_python(text).body:
        case [
            ast.Assert(
                test=ast.Compare(
                    left=ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]),
                    ops=[ast.Eq()],
                    comparators=[value],
                )
            )
        ] if name == entry:
            pair = ", ".join(map(ast.unparse, arguments)), ast.unparse(value)
            return pair if _are_literals(*pair) else None
    return None


def _are_literals(arguments: str, value: str) -> bool:
    try:
        literal(f"({arguments},)" if arguments else "()")
        literal(value)
    except ValueError:
        return False
    return True


def _entry(asserts: Sequence[str], source: str) -> str:
    """The function that assertions are about: the first that they call and the source defines, or that is none known.

    Raises:
        InputError: they call none.
    """
    defined = {node.name for node in parse_python(source).body if isinstance(node, ast.FunctionDef)}
    called = [
        node.func.id
        for text in asserts
        for node in ast.walk(parse_python(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    for name in called:
        if name in defined or (not defined and not hasattr(builtins, name)):
            return name
    raise refused("the assertions call no function that a program could define")


def _examples(prompt: str, entry: str) -> Iterator[tuple[str, str]]:
    """Calls of the function that a prompt shows with their values: doctests, and lines such as ``f(2) == 4``."""
    functions = [node for node in parse_python(f"{prompt}\n    pass\n").body if isinstance(node, ast.FunctionDef)]
    told = "\n".join(ast.get_docstring(node) or "" for node in functions if node.name == entry)
    shown: list[tuple[str, str]] = []
    with suppress(ValueError):  # doctests that are indented in odd ways show nothing
        shown = [(example.source, example.want.strip() or "None") for example in _DOCTESTS.get_examples(told)]
    for line in told.splitlines():
        begin = line.find(f"{entry}(")
        if begin >= 0:
            parts = _SHOWN_CALL.split(line[begin:], maxsplit=1)
            if len(parts) == 2:
                shown.append((parts[0], parts[1].split("#")[0]))
    for left, right in shown:
        text = f"assert {left.strip()} == ({right.strip().rstrip('.,;')})"
        pair = None if python_error(text) else _call(text, entry)
        if pair is not None:
            yield pair


def _text(data: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = data.get(name, default)
    if not isinstance(value, str):
        raise refused(f"the field {name!r} is missing" if value is None else f"the field {name!r} is no text")
    return value


def _texts(value: Any, name: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise refused(f"the field {name!r} is to be a list of texts")
    return value


def _json(value: Any, name: str) -> Any:
    """The value, read where it is JSON as text: data sets publish nested fields so."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value else []
    except (ValueError, RecursionError) as error:
        raise refused(f"the field {name!r} is no JSON: {error}") from error


def without_wrong_calls(record: Record, report: Report) -> Record:
    """The record without those visible calls that its own answer fails: prompts hold mistakes.

    Args:
        record: with an answer.
        report: of the answer on the visible tests, calls first.
    """
    calls = record.visible.calls
    results = report.results[: len(calls)]
    kept = tuple(call for call, result in zip(calls, results, strict=True) if not result.said)
    return replace(record, visible=replace(record.visible, calls=kept))
