"""Moves that are single axioms: commuting two neighbours, evaluating two numbers, distributing, cancelling a pair.

One explicit move (collecting like terms, say) is several of these: ``2*x + 3 + x`` becomes ``2*x + x + 3``,
``2*x + 1*x + 3``, ``(2 + 1)*x + 3``, ``3*x + 3``. Associativity is in the trees, which are flat. The choice of axioms
follows the *Common Core* equations of ConPoLe (Poesia et al., 2021, arXiv:2111.08371), with letters for constants
and with two classic mistakes among the candidates.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from reasoning_envs.symbolic.moves.changes import about_unknown
from reasoning_envs.symbolic.moves.equations import Move
from reasoning_envs.symbolic.moves.places import active
from reasoning_envs.symbolic.moves.rules.domains import vanishing
from reasoning_envs.symbolic.moves.rules.rewrite import Rewrite, inside
from reasoning_envs.symbolic.syntax.expression import ONE, ZERO, Expr, add, div, factors, mul, neg, num, sub, terms
from reasoning_envs.symbolic.syntax.statement import (
    ALL_REALS,
    NO_SOLUTION,
    Comparison,
    Statement,
    alternatives,
    disjunction,
    equation,
    line_tokens,
)
from reasoning_envs.symbolic.values.evaluation import exact_value, identically_zero

__all__ = ["axiom_moves", "axiom_rewrites"]

_CACHE_LIMIT = 300  # sub-trees; a longer memory costs the garbage collector more than it saves
_cache: dict[bytes, tuple[Rewrite, ...]] = {}


def axiom_rewrites(node: Expr) -> tuple[Rewrite, ...]:
    """Every rewrite of ``node`` by one axiom at one place, in a fixed order, without repetition."""
    found = _cache.get(node.tokens)
    if found is None:
        if len(_cache) > _CACHE_LIMIT:
            _cache.clear()
        found = _cache[node.tokens] = tuple(_all(node))
    return found


def _all(node: Expr) -> Iterator[Rewrite]:
    seen = {node.tokens}
    for rewrite in _here(node):
        if rewrite.tokens not in seen:
            seen.add(rewrite.tokens)
            yield rewrite
    for index, operand in enumerate(node.args):
        if operand.op == "num":
            continue
        for rewrite in inside(node, index, axiom_rewrites(operand)):
            if rewrite.tokens not in seen:
                seen.add(rewrite.tokens)
                yield rewrite


def _here(node: Expr) -> Iterator[Rewrite]:
    if node.op == "add":
        yield from _sum(node)
    elif node.op == "mul":
        yield from _product(node)
    elif node.op == "div":
        yield from _quotient(node)
    elif node.op == "neg":
        yield from _negative(node)


def _sum(node: Expr) -> Iterator[Rewrite]:
    args = node.args
    for index, term in enumerate(args):
        if term is ZERO:
            yield Rewrite("add zero", add(*args[:index], *args[index + 1 :]), term)
            return
    for index in range(len(args) - 1):
        one, two = args[index], args[index + 1]
        before, after = args[:index], args[index + 2 :]
        pair = add(one, two)
        if one.op == two.op == "num":
            yield Rewrite("evaluate", add(*before, num(one.number + two.number), *after), pair)
        elif one.key == neg(two).key:
            may, condition = vanishing(one)
            if may:
                yield Rewrite("opposites", add(*before, ZERO, *after), pair, True, condition)
        else:
            common = _common(one, two)
            if common is not None:
                yield Rewrite("undistribute", add(*before, common, *after), pair)
            for place, term in ((0, one), (1, two)):
                if term.op in ("sym", "pow", "div") and "x" in term.symbols:
                    pair_args = [one, two]
                    pair_args[place] = mul(ONE, term)
                    yield Rewrite("times one", add(*before, *pair_args, *after), term)
        yield Rewrite("commute", add(*before, two, one, *after), pair)


def _common(one: Expr, two: Expr) -> Expr | None:
    """``a*c + b*c`` as ``(a + b)*c`` where both terms end or begin with the same factor, or share a denominator."""
    if one.op == "div" and two.op == "div" and one.args[1] == two.args[1]:
        return div(add(one.args[0], two.args[0]), one.args[1])
    a, b = factors(one), factors(two)
    if len(a) < 2 or len(b) < 2:
        return None
    if a[-1] == b[-1]:
        return mul(add(mul(*a[:-1]), mul(*b[:-1])), a[-1])
    if a[0] == b[0]:
        return mul(a[0], add(mul(*a[1:]), mul(*b[1:])))
    return None


def _product(node: Expr) -> Iterator[Rewrite]:
    args = node.args
    if ZERO in args:
        may, condition = vanishing(*args)
        if may:
            yield Rewrite("times zero", ZERO, node, True, condition)
        return
    for index, factor in enumerate(args):
        if factor is ONE:
            yield Rewrite("drop one", mul(*args[:index], *args[index + 1 :]), factor)
            return
    for index in range(len(args) - 1):
        one, two = args[index], args[index + 1]
        before, after = args[:index], args[index + 2 :]
        pair = mul(one, two)
        if one.op == two.op == "num":
            yield Rewrite("evaluate", mul(*before, num(one.number * two.number), *after), pair)
        if two.op == "add":
            yield Rewrite("distribute", mul(*before, add(*[mul(one, term) for term in two.args]), *after), two)
            partial = add(mul(one, two.args[0]), *two.args[1:])
            yield Rewrite("partial distribution", mul(*before, partial, *after), two, sound=False)
        elif one.op == "add":
            yield Rewrite("distribute", mul(*before, add(*[mul(term, two) for term in one.args]), *after), one)
        if two.op == "div":
            inner = div(mul(one, two.args[0]), two.args[1])
            yield Rewrite("into fraction", mul(*before, inner, *after), pair)
        elif one.op == "div":
            inner = div(mul(one.args[0], two), one.args[1])
            yield Rewrite("into fraction", mul(*before, inner, *after), pair)
        if one.op == "num" and type(one.value) is Fraction:
            over, under = num(one.value.numerator), num(one.value.denominator)
            yield Rewrite("into fraction", mul(*before, div(mul(over, two), under), *after), pair)
        yield Rewrite("commute", mul(*before, two, one, *after), pair)


def _quotient(node: Expr) -> Iterator[Rewrite]:
    over, under = node.args
    if under is ONE:
        yield Rewrite("divide by one", over, node)
        return
    if over.key == under.key:
        yield Rewrite("divide by itself", ONE, node, True, _nonzero(under))
    value = exact_value(node) if over.op == under.op == "num" else None
    if value is not None:
        yield Rewrite("evaluate", num(value), node)
    if over is ZERO:
        yield Rewrite("zero over", ZERO, node, True, _nonzero(under))
    if over.op == "add":
        yield Rewrite("split fraction", add(*[div(term, under) for term in over.args]), node)
    if over.op == "mul":
        yield Rewrite("out of fraction", mul(div(over.args[0], under), *over.args[1:]), node)
        yield Rewrite("out of fraction", mul(*over.args[:-1], div(over.args[-1], under)), node)
    if over.op == "div":
        yield Rewrite("double fraction", div(over.args[0], mul(over.args[1], under)), node)
    if over.op == "neg":
        yield Rewrite("sign", neg(div(over.args[0], under)), node)
    if under.op == "neg":
        yield Rewrite("sign", neg(div(over, under.args[0])), node)
    if under.op == "num" and under.number < 0 and over.op != "num":
        yield Rewrite("sign", neg(div(over, num(-under.number))), node)


def _negative(node: Expr) -> Iterator[Rewrite]:
    inner = node.args[0]
    if inner.op == "add":
        yield Rewrite("distribute", add(*[neg(term) for term in inner.args]), inner)
        yield Rewrite("dropped sign", add(neg(inner.args[0]), *inner.args[1:]), inner, sound=False)
    else:
        yield Rewrite("minus one", mul(num(-1), inner), inner)


def _nonzero(expr: Expr) -> Statement | None:
    return Comparison("!=", expr, ZERO) if expr.symbols else None


def axiom_moves(line: Statement) -> Iterator[Move]:
    """The axioms on a line, in a fixed order, without repetition; none where the line is final."""
    index = active(line)
    if index is None:
        return
    parts = alternatives(line)
    main = parts[index]
    if not isinstance(main, Comparison) or main.op != "=":
        return
    seen = {line_tokens(line)}
    for rule, operand, after, sound, condition in _equation_axioms(main.left, main.right):
        new = disjunction(*parts[:index], after, *parts[index + 1 :])
        tokens = line_tokens(new)
        if tokens not in seen:
            seen.add(tokens)
            yield Move(rule, operand, new, tokens, sound, () if condition is None else (condition,))


_Axiom = tuple[str, Expr | None, Statement, bool, Statement | None]


def _equation_axioms(left: Expr, right: Expr) -> Iterator[_Axiom]:
    if left == right:
        may, condition = vanishing(left)
        if may and (condition is None or not about_unknown(condition)):
            yield "conclude", None, ALL_REALS, True, condition
    elif "x" not in left.symbols and "x" not in right.symbols:
        zero = identically_zero(sub(left, right))
        if zero is not None:
            yield "conclude", None, ALL_REALS, zero, None
            condition = Comparison("!=", left, right) if left.symbols | right.symbols and not zero else None
            yield "conclude", None, NO_SOLUTION, not zero, condition
    for inner in axiom_rewrites(left):
        if inner.condition is None or not about_unknown(inner.condition):
            yield inner.rule, inner.operand, equation(inner.result, right), inner.sound, inner.condition
    for inner in axiom_rewrites(right):
        if inner.condition is None or not about_unknown(inner.condition):
            yield inner.rule, inner.operand, equation(left, inner.result), inner.sound, inner.condition
    yield "swap sides", None, equation(right, left), True, None
    operands: dict[bytes, Expr] = {}
    for side in (left, right):
        for term in terms(side):
            operands.setdefault(term.key, term)
    for term in operands.values():
        if term is not ZERO:
            yield "subtract from both sides", term, equation(add(left, neg(term)), add(right, neg(term))), True, None
    scales: dict[bytes, Expr] = {}
    for side in (left, right):
        for term in terms(side):
            for factor in _scales(term):
                scales.setdefault(factor.key, factor)
    for factor in scales.values():
        if "x" in factor.symbols:
            over = equation(div(left, factor), div(right, factor))
            yield "divide by the unknown", factor, over, False, None
        elif identically_zero(factor) is False:
            yield "divide both sides", factor, equation(div(left, factor), div(right, factor)), True, _nonzero(factor)
            times = equation(mul(factor, left), mul(factor, right))
            yield "multiply both sides", factor, times, True, _nonzero(factor)


def _scales(term: Expr) -> Iterator[Expr]:
    """What a term could be divided or multiplied by: its factors and denominators."""
    body = term.args[0] if term.op == "neg" else term
    if term.op == "neg":
        yield num(-1)
    if body.op == "div":
        yield body.args[1]
        yield from _scales(body.args[0])
    elif body.op == "mul":
        for factor in body.args:
            if factor.op == "div":
                yield factor.args[1]
            elif factor is not ONE:
                yield factor
    elif body.op == "num" and type(body.value) is Fraction:
        yield num(body.value.denominator)
