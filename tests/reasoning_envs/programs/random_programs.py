"""Programs and arguments at random, of every operation there is and not only of a grammar's."""

from __future__ import annotations

from random import Random

from reasoning_envs.programs.inputs import parameter_names
from reasoning_envs.programs.operations import LOOP, OPERATIONS, Operation
from reasoning_envs.programs.trees import Expr, Line, Parameter, Program, call, const, var
from reasoning_envs.programs.values import Type, Value

INTEGERS = (0, 1, -1, 2, 3, 5, -2, -7, 10, 12, 99, 2**31, -(2**40), 2**63 - 1)
TEXTS = ("", "a", "A", "ab", "aba", "Hello", "12", "-7", " ", "it's", 'say "no"', "a\nb\\", "ß", "٣", "x" * 60)
_BY_RESULT = {kind: [row for row in OPERATIONS.values() if row.result is kind and row.form != LOOP] for kind in Type}
_LOOPS = [row for row in OPERATIONS.values() if row.form == LOOP]


def random_value(rnd: Random, kind: Type) -> Value:
    if kind is Type.INT:
        return rnd.choice(INTEGERS) if rnd.random() < 0.5 else rnd.randint(-9, 9)
    if kind is Type.BOOL:
        return rnd.random() < 0.5
    if kind is Type.STR:
        return rnd.choice(TEXTS)
    return tuple(rnd.choice(INTEGERS) if rnd.random() < 0.2 else rnd.randint(-5, 9) for _ in range(rnd.randint(0, 6)))


def random_expression(
    rnd: Random, kind: Type, scope: dict[str, Type], depth: int = 3, binders: bool = True, only: Operation | None = None
) -> Expr:
    """A tree of a type; ``only`` stands at its top."""
    known = [name for name, each in scope.items() if each is kind]
    if only is None and (depth == 0 or rnd.random() < 0.25):
        if known and rnd.random() < 0.7:
            return var(rnd.choice(known), kind)
        return const(random_value(rnd, kind))
    row = only or rnd.choice([each for each in _BY_RESULT[kind] if binders or not each.binds])
    names = [f"{name}0" if name != "acc" else name for name in row.names] if rnd.random() < 0.2 else list(row.names)
    args = []
    for place, wanted in enumerate(row.arguments):
        if row.binds and place == 0:
            inner = {**scope, **dict(zip(names, row.binds, strict=True))}
            args.append(random_expression(rnd, wanted, inner, min(depth - 1, 2), binders=False))
        else:
            args.append(random_expression(rnd, wanted, scope, depth - 1, binders))
    return call(row.name, *args, names=names if row.binds else None)


def random_program(rnd: Random, name: str = "f") -> Program:
    """One to three parameters, up to five lines, loops among them."""
    kinds = [rnd.choice(list(Type)) for _ in range(rnd.randint(1, 3))]
    parameters = tuple(map(Parameter, parameter_names(kinds), kinds))
    scope = dict(parameters)
    lines: list[Line] = []
    for number in range(rnd.randint(0, 5)):
        loop = rnd.choice(_LOOPS) if rnd.random() < 0.25 else None
        kind = loop.result if loop else rnd.choice(list(Type))
        target = f"v{number + 1}"
        expr = random_expression(rnd, kind, scope, only=loop)
        scope[target] = expr.type
        lines.append(Line(target, expr))
    result = random_expression(rnd, rnd.choice(list(scope.values())), scope, depth=rnd.randint(0, 1))
    return Program(parameters, tuple(lines), result, name)
