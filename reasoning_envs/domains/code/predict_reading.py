"""Reading what is asked about a program, and what is said in answer. Nothing is run."""

from __future__ import annotations

import ast
import copy
import re
from typing import NamedTuple

from reasoning_envs.domains.code.python_edits import EditError, edit_program, parse_python, read_action, refused
from reasoning_envs.interfaces import MAX_LINE
from reasoning_envs.types import Status
from reasoning_envs.verifiers.python_tests import literal

__all__ = ["Question", "Said", "question_text", "read_prediction", "read_question", "traced"]

_ASKS = {
    "deduction": re.compile(r"\n# what is (\w+)\((.*)\)\?\s*\Z"),
    "abduction": re.compile(r"\n# for which arguments is (\w+)\(\.\.\.\) == (.*)\?\s*\Z"),
}


class Question(NamedTuple):
    """A statement as it is read: the program, its function, and the arguments or the value as a literal."""

    program: str
    entry: str
    given: str


class Said(NamedTuple):
    """One action as it is read. ``name``: of a variable; ``value``: a literal, arguments, or a program."""

    text: str
    final: bool
    name: str = ""
    value: str = ""


def read_question(task: str, statement: str) -> Question:
    """The program and the question of a statement.

    Raises:
        InputError: it is none.
    """
    match = _ASKS[task].search(statement)
    if match is None:
        example = "# what is f([1, 2])?" if task == "deduction" else "# for which arguments is f(...) == 4?"
        raise refused(f"a program is needed, and behind it a comment that asks: {example}")
    try:
        program = edit_program("program", "", statement[: match.start()])
        body = parse_python(program).body
    except EditError as error:
        raise refused(str(error)) from error
    if not any(isinstance(node, ast.FunctionDef) and node.name == match[1] for node in body):
        raise refused(f"the program defines no function {match[1]}")
    _check_literal(f"({match[2]},)" if task == "deduction" and match[2].strip() else match[2] or "()")
    return Question(program, match[1], match[2])


def question_text(task: str, statement: str) -> str:
    """The comment that asks, of a statement that :func:`read_question` takes."""
    match = _ASKS[task].search(statement)
    return "" if match is None else match[0].strip()


def read_prediction(task: str, statement: str, text: str) -> Said:
    """What a text says of a statement.

    Raises:
        InputError: it says nothing of what is asked (UNPARSED), or is too long (UNSAFE).
    """
    body = read_action(text).text.strip()
    if body == statement.strip() and task != "induction":
        return Said(body, final=False)
    if len(body) > MAX_LINE and task != "induction":
        raise refused(f"the text has {len(body):,} characters; at most {MAX_LINE:,} are read", Status.UNSAFE)
    if body and all(line.startswith("#") or not line.strip() for line in body.splitlines()):
        return Said(body, final=False)
    if task == "induction":
        edit = read_action(text).edit
        if edit is None:
            raise refused("write the program")
        try:
            program = edit_program("program", "", edit)
        except EditError as error:
            raise refused(str(error)) from error
        return Said(program.rstrip(), True, value=program)
    question = read_question(task, statement)
    try:
        # A return outside of a function is none of the parser's business.
        nodes = parse_python(body).body
    except EditError as error:
        raise refused(str(error)) from error
    match nodes:
        case [ast.Return(value=ast.expr() as value)] if task == "deduction":
            return Said(body, True, value=_check_literal(ast.unparse(value)))
        case [ast.Assign(targets=[ast.Name(id=name)], value=value)] if task == "deduction":
            if name not in _variables(question):
                raise refused(f"{question.entry} has no variable {name}")
            return Said(body, False, name, _check_literal(ast.unparse(value)))
        case [ast.Expr(ast.Call(func=ast.Name(id=name), args=args, keywords=[]))] if task == "abduction":
            if name != question.entry:
                raise refused(f"the call is to be of {question.entry}, not of {name}")
            arguments = ", ".join(map(ast.unparse, args))
            _check_literal(f"({arguments},)" if args else "()")
            return Said(body, True, value=arguments)
    wanted = "v1 = [1, 2] or return 3" if task == "deduction" else f"a call with literals: {question.entry}([1, 2], 3)"
    raise refused(f"write {wanted}, or a note that begins with #")


def _check_literal(text: str) -> str:
    try:
        literal(text)
    except ValueError as error:
        raise refused(str(error)) from error
    return text


def _variables(question: Question) -> set[str]:
    return {
        node.id
        for function in parse_python(question.program).body
        if isinstance(function, ast.FunctionDef) and function.name == question.entry
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


class _Returns(ast.NodeTransformer):
    """Lets a function return its variables in place of its result; functions inside of it stay as they are."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        return ast.Return(ast.Call(ast.Name("locals", ast.Load()), [], []))


def traced(program: str, entry: str) -> str:
    """The program, and a copy of its function, named ``traced``, that returns its variables by name."""
    tree = parse_python(program)
    function = next(node for node in reversed(tree.body) if isinstance(node, ast.FunctionDef) and node.name == entry)
    copied = copy.deepcopy(function)
    copied.name = "traced"
    copied.returns = None
    copied.decorator_list = []
    copied.body = [_Returns().visit(node) for node in copied.body]
    copied.body.append(ast.Return(ast.Call(ast.Name("locals", ast.Load()), [], [])))
    return f"{program}\n\n{ast.unparse(ast.fix_missing_locations(copied))}\n"
