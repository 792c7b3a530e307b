"""Trigonometric identities that make an integrand ready for the table or for a substitution."""

from __future__ import annotations

from collections.abc import Iterator

from reasoning_envs.symbolic.moves.rules.rewrite import Rewrite, inside, product, raised_to
from reasoning_envs.symbolic.syntax.expression import ONE, Expr, add, call, div, mul, neg, num, power, replace_at

__all__ = ["RULES", "identities"]

_TWO = num(2)


def identities(node: Expr) -> Iterator[Rewrite]:
    """Rewrites of a tree by one identity at one place."""
    yield from _at(node)
    for index, operand in enumerate(node.args):
        if operand.args:
            yield from inside(node, index, list(identities(operand)))


def _at(node: Expr) -> Iterator[Rewrite]:
    op = node.op
    if op == "tan":
        yield Rewrite("tangent", div(call("sin", node.args[0]), call("cos", node.args[0])), node)
    elif op == "pow" and isinstance(node.args[1].value, int) and node.args[1].value >= 2:
        yield from _power(node, node.args[1].value)
    elif op == "mul":
        yield from _double_angle(node)


def _power(node: Expr, exponent: int) -> Iterator[Rewrite]:
    wave = node.args[0]
    if wave.op == "tan" and exponent == 2:
        yield Rewrite("Pythagoras", add(div(ONE, power(call("cos", wave.args[0]), _TWO)), num(-1)), node)
        return
    if wave.op not in ("sin", "cos"):
        return
    angle = wave.args[0]
    if exponent == 2:
        doubled = call("cos", product(_TWO, angle))
        less, more = add(ONE, neg(doubled)), add(ONE, doubled)
        right, wrong = (less, more) if wave.op == "sin" else (more, less)
        yield Rewrite("half angle", div(right, _TWO), node)
        yield Rewrite("half angle, wrong sign", div(wrong, _TWO), node, sound=False)
    elif exponent % 2:
        other = power(call("cos" if wave.op == "sin" else "sin", angle), _TWO)
        yield Rewrite("Pythagoras", mul(raised_to(add(ONE, neg(other)), exponent // 2), wave), node)
        wrong = mul(raised_to(add(ONE, other), exponent // 2), wave)
        yield Rewrite("Pythagoras, wrong sign", wrong, node, sound=False)


def _double_angle(node: Expr) -> Iterator[Rewrite]:
    """``sin(a)*cos(a)`` is ``sin(2*a)/2``."""
    places = {factor.key: index for index, factor in enumerate(node.args) if factor.op in ("sin", "cos")}
    for index, factor in enumerate(node.args):
        if factor.op != "sin":
            continue
        other = places.get(call("cos", factor.args[0]).key)
        if other is not None:
            joined = div(call("sin", product(_TWO, factor.args[0])), _TWO)
            kept = replace_at(node, index, joined).args
            result = mul(*[part for place, part in enumerate(kept) if place != other])
            yield Rewrite("double angle", result, mul(factor, node.args[other]))
            return


def _in_integrand(node: Expr) -> Iterator[Rewrite]:
    body = node.args[0]
    yield from inside(node, 0, [found for found in identities(body) if found.tokens != body.tokens])


RULES = (_in_integrand,)
