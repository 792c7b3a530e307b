"""What the code domains share: a program on one line, tests as text and as data, and what a solver is told.

A line of a code episode is a whole program written on one line, so that traces, transcripts and cards show it like any
other line. It is Python with two liberties: simple statements and loops are joined by ``;``, and a program that is not
finished has no ``return``. :func:`source_of` makes ordinary Python of it, which is what the sandbox runs.

>>> text = 'def f(xs: list[int]) -> int: v1 = 0; for x in xs: v1 = v1 * 10 + x; return v1'
>>> print(source_of(text))
def f(xs: list[int]) -> int:
    v1 = 0
    for x in xs: v1 = v1 * 10 + x
    return v1
<BLANKLINE>
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from reasoning_envs.domains.protocol import InputError
from reasoning_envs.programs.generation import VISIBLE, Case
from reasoning_envs.programs.grammar import GRAMMARS
from reasoning_envs.programs.inputs import Arguments
from reasoning_envs.programs.reader import MAX_SOURCE, read_program
from reasoning_envs.programs.render import render_expression, render_line, render_value
from reasoning_envs.programs.trees import Line, Parameter, Program, ProgramError, var
from reasoning_envs.programs.values import BoundError, Type, Value, bounded, from_plain, plain
from reasoning_envs.types import Problem, Status, Verdict

__all__ = [
    "EMPTY_BODY",
    "MAX_VARIABLES",
    "Spec",
    "Written",
    "call_text",
    "cases_from_json",
    "cases_to_json",
    "head_of",
    "hidden_cases",
    "line_text",
    "one_line",
    "read_call",
    "read_line",
    "read_literal",
    "read_spec",
    "refused",
    "remember_line",
    "source_of",
    "spec_text",
]

EMPTY_BODY = "..."
"""The body of a program in which nothing has been written."""

MAX_VARIABLES = 12
"""Parameters and lines of a program in these environments."""

_DEFAULT_LIMIT = 4
_LIMIT = re.compile(r"at most (\d{1,2}) (lines|edits)(?:, (\w+) grammar)?")


@dataclass(frozen=True, slots=True, eq=False)
class Spec:
    """What a solver is told of a function. Equal where the text is; the certificate is nobody's to see.

    Attributes:
        text: all of it, as :func:`spec_text` writes it. It is what is compared.
        parameters, result: of the function.
        shown: tests that a solver sees, at most :data:`~reasoning_envs.programs.generation.VISIBLE`.
        limit: lines, or edits, at most.
        grammar: name of the grammar of the lines or edits.
        certificate: a right program, for the verdicts on steps; None where none is known.
    """

    text: str
    parameters: tuple[Parameter, ...]
    result: Type
    shown: tuple[Case, ...]
    limit: int
    grammar: str
    certificate: Program | None = None

    def __eq__(self, other: object) -> bool:
        return self.text == other.text if isinstance(other, Spec) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.text)


def refused(reason: str, status: Status = Status.UNPARSED) -> InputError:
    """The error for a text that is no problem or no program."""
    return InputError(Verdict(status, reason=reason, method="reader"))


# -- programs on one line -----------------------------------------------------------------------------------------


def head_of(parameters: Sequence[Parameter], result: Type, name: str = "f") -> str:
    """``def f(xs: list[int], n: int) -> int:``."""
    return f"def {name}({', '.join(f'{each}: {kind.value}' for each, kind in parameters)}) -> {result.value}:"


def one_line(program: Program) -> str:
    """A whole program on one line."""
    head = head_of(program.parameters, program.result.type, program.name)
    statements = [*map(line_text, program.lines), f"return {render_expression(program.result)}"]
    return f"{head} {'; '.join(statements)}"


def line_text(line: Line) -> str:
    """One line of a program on one line of text, loops too."""
    first, *loop = render_line(line).split("\n")
    return f"{first}; {loop[0]} {loop[1].strip()}" if loop else first


def source_of(text: str) -> str:
    """Ordinary Python from a program on one line; a text of several lines is returned as it is.

    Raises:
        InputError: it is no function, or longer than 20,000 characters (UNSAFE).
    """
    text = text.strip()
    if len(text) > MAX_SOURCE:
        raise refused(f"{len(text)} characters; at most {MAX_SOURCE} are read", Status.UNSAFE)
    if "\n" in text:
        return text + "\n"
    if not text.startswith("def "):
        raise refused("a program is a function: def f(xs: list[int]) -> int: ...")
    parts = _statements(text)
    return "\n    ".join(parts) + "\n"


def _statements(text: str) -> list[str]:
    """The head and the statements of a function on one line."""
    parts: list[str] = []
    depth = start = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type != tokenize.OP:
                continue
            depth += (token.string in "([{") - (token.string in ")]}")
            if depth == 0 and (token.string == ";" or (token.string == ":" and not parts)):
                end = token.start[1]
                parts.append(text[start:end].strip() + (":" if token.string == ":" else ""))
                start = end + 1
    except (tokenize.TokenError, SyntaxError) as error:
        raise refused(f"the line is not Python: {error}") from error
    parts.append(text[start:].strip())
    if parts[-1] == "" and len(parts) > 2:
        parts.pop()
    if len(parts) < 2 or "" in parts:
        raise refused("a function with an empty statement, or without a body")
    return parts


class Written(NamedTuple):
    """What a line holds.

    Attributes:
        program: one that is not finished returns its newest variable; None where nothing has been written.
        finished: it ends with ``return``.
    """

    program: Program | None
    finished: bool


_read: OrderedDict[str, Written] = OrderedDict()
_KEPT = 4096


def remember_line(text: str, written: Written) -> None:
    """Spare :func:`read_line` the reading of a line that was just made from its program."""
    _read[text] = written
    if len(_read) > _KEPT:
        _read.popitem(last=False)


def read_line(text: str) -> Written:
    """The program that a line holds.

    Raises:
        InputError: it is no program of the typed subset.
    """
    found = _read.get(text)
    if found is None:
        found = _read_line(text)
        remember_line(text, found)
    return found


def _read_line(text: str) -> Written:
    source = source_of(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the compiler, on odd escapes
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise refused(f"the line is not Python: {error}") from error
    match tree.body:
        case [ast.FunctionDef() as function]:
            pass
        case _:
            raise refused("a line holds one function and nothing else: def f(xs: list[int]) -> int: ...")
    finished = isinstance(function.body[-1], ast.Return)
    if not finished:
        match function.body:
            case [ast.Expr(ast.Constant(value=value))] if value is ...:
                return Written(None, False)
            case [*_, ast.Assign(targets=[ast.Name(id=name)])] | [
                *_,
                ast.For(body=[ast.Assign(targets=[ast.Name(id=name)])]),
            ]:
                # What a line on the way computes need not be of the type that the function returns in the end.
                function.returns = None
                source = f"{ast.unparse(tree)}\n    return {name}\n"
            case _:
                raise refused("the last statement of an unfinished program assigns a variable")
    try:
        return Written(read_program(source), finished)
    except (ProgramError, BoundError) as error:
        raise refused(str(error)) from error


# -- tests --------------------------------------------------------------------------------------------------------


def call_text(args: Arguments, name: str = "f") -> str:
    """``f([3, 1], 2)``."""
    return f"{name}({', '.join(map(render_value, args))})"


def cases_to_json(cases: Sequence[Case]) -> list[list[Any]]:
    """Tests as plain data: ``[[arguments, output], ...]``."""
    return [[[plain(arg) for arg in case.arguments], plain(case.output)] for case in cases]


def cases_from_json(data: Sequence[Any], parameters: Sequence[Parameter], result: Type) -> tuple[Case, ...]:
    """The inverse of :func:`cases_to_json`.

    Raises:
        ValueError: it is none.
    """
    found = []
    for number, item in enumerate(data, start=1):
        try:
            args, output = item
            found.append(
                Case(
                    tuple(from_plain(arg, kind) for arg, (_, kind) in zip(args, parameters, strict=True)),
                    from_plain(output, result),
                )
            )
        except (TypeError, ValueError) as error:
            raise ValueError(f"test {number} is none: {error}") from error
    return tuple(found)


# -- what a solver is told ----------------------------------------------------------------------------------------


def spec_text(
    parameters: Sequence[Parameter], result: Type, shown: Sequence[Case], limit: int, grammar: str, unit: str
) -> str:
    """A problem as a function whose body tells what is known of it: a limit, and assertions.

    >>> spec_text((Parameter("n", Type.INT),), Type.INT, (Case((2,), 4),), 1, "small", "lines")
    'def f(n: int) -> int: "at most 1 lines, small grammar"; assert f(2) == 4'

    Args:
        parameters: of the function.
        result: its type.
        shown: the visible tests.
        limit: of ``unit``, ``"lines"`` or ``"edits"``.
        grammar: name of the grammar.
        unit: what is limited.
    """
    asserts = [f"assert {call_text(case.arguments)} == {render_value(case.output)}" for case in shown]
    return f'{head_of(parameters, result)} "at most {limit} {unit}, {grammar} grammar"; {"; ".join(asserts)}'


def read_spec(text: str) -> tuple[Spec, tuple[Case, ...], list[ast.stmt]]:
    """A problem from text, its tests beyond the first :data:`VISIBLE`, which are hidden, and the statements after them.

    Raises:
        InputError: it is none; the message says what is missing.
    """
    source = source_of(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise refused(f"the problem is not Python: {error}") from error
    match body:
        case [ast.FunctionDef(name="f", args=arguments, returns=returns, body=statements, decorator_list=[])]:
            pass
        case _:
            raise refused("a problem is a function f whose body tells what it gives: def f(n: int) -> int: assert ...")
    strange = arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.posonlyargs or arguments.defaults
    if strange or not arguments.args:
        raise refused("f takes one parameter or more, by position and without defaults")
    parameters = tuple(Parameter(arg.arg, _type(arg.annotation)) for arg in arguments.args)
    result = _type(returns)
    limit, unit, grammar = _DEFAULT_LIMIT, "lines", "large"
    rest: list[ast.stmt] = []
    cases: list[Case] = []
    for statement in statements:
        match statement:
            case ast.Expr(ast.Constant(value=str(told))):
                limit, unit, grammar = _read_limit(told)
            case ast.Assert(test=ast.Compare(left=called, ops=[ast.Eq()], comparators=[value]), msg=None) if not rest:
                cases.append(Case(read_call(called, parameters), read_literal(value, result)))
            case ast.Assert():
                raise refused(f"not understood: {ast.unparse(statement):.80}; write assert f(...) == ...")
            case _:
                rest.append(statement)
    if not cases:
        raise refused("a problem needs a test or more: assert f(...) == ...")
    _check_names(parameters)
    if not 1 <= limit <= MAX_VARIABLES - len(parameters):
        raise refused(f"at most {limit} lines or edits; from 1 to {MAX_VARIABLES - len(parameters)} are possible")
    shown = tuple(cases[:VISIBLE])
    canonical = spec_text(parameters, result, shown, limit, grammar, unit)
    return Spec(canonical, parameters, result, shown, limit, grammar), tuple(cases[VISIBLE:]), rest


def _check_names(parameters: Sequence[Parameter]) -> None:
    """The names are usable, and none is one that lines will assign."""
    for name, _ in parameters:
        if re.fullmatch(r"v\d+", name):
            raise refused(f"the parameter {name!r} has the name of a line's variable: call it something else")
    try:
        Program(tuple(parameters), (), var(*parameters[0]))
    except ProgramError as error:
        raise refused(str(error)) from error


def _read_limit(told: str) -> tuple[int, str, str]:
    match = _LIMIT.fullmatch(told.strip())
    grammar = (match[3] or "large") if match else ""
    if match is None or grammar not in GRAMMARS:
        known = " or ".join(GRAMMARS)
        raise refused(f'not understood: {told!r:.60}; write "at most 3 lines, small grammar" (grammars: {known})')
    return int(match[1]), match[2], grammar


def _type(annotation: ast.expr | None) -> Type:
    text = "" if annotation is None else ast.unparse(annotation)
    if text not in set(Type):
        raise refused(f"parameters and result need one of the types {', '.join(Type)}; got {text or 'none'!r:.40}")
    return Type(text)


def read_call(node: ast.expr, parameters: Sequence[Parameter]) -> Arguments:
    """The arguments of a call ``f(...)``.

    Raises:
        InputError: it is none, or not of these parameters.
    """
    match node:
        case ast.Call(func=ast.Name(id="f"), args=args, keywords=[]) if len(args) == len(parameters):
            return tuple(read_literal(arg, kind) for arg, (_, kind) in zip(args, parameters, strict=True))
    raise refused(f"{ast.unparse(node):.60} is no call of f with {len(parameters)} arguments")


def read_literal(node: ast.expr | str, kind: Type) -> Value:
    """A value of a type from a literal, as text or as a syntax tree.

    Raises:
        InputError: it is none.
    """
    try:
        return bounded(from_plain(ast.literal_eval(node), kind))
    except (ValueError, TypeError, SyntaxError, BoundError, RecursionError, MemoryError) as error:
        shown = node if isinstance(node, str) else ast.unparse(node)
        raise refused(f"{shown:.60} is no {kind.value}") from error


def hidden_cases(problem: Problem, spec: Spec) -> tuple[Case, ...]:
    """The hidden tests of a problem.

    Raises:
        ValueError: its metadata hold something else.
    """
    data: Mapping[str, Any] = problem.metadata
    return cases_from_json(data.get("hidden", ()), spec.parameters, spec.result)
