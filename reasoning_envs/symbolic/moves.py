"""Moves on a line: what a person may write next below an equation in the unknown ``x``.

A move either rewrites one side (:mod:`~reasoning_envs.symbolic.rules`) or acts on the equation as a whole: on both
sides, on its alternatives, on its constraints. It acts on the first alternative that is not yet solved. Where an
operation could add or lose roots, the sound move carries the constraint that prevents it (``and x - 3 >= 0``), and the
classic mistake, the same without it, stands beside it.

The unknown is always the symbol ``x`` here; the domain renames a problem's own letter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from typing import NamedTuple

from reasoning_envs.symbolic.evaluation import constant_sign, identically_zero
from reasoning_envs.symbolic.expression import (
    ONE,
    ZERO,
    Expr,
    add,
    call,
    const,
    div,
    factors,
    mul,
    neg,
    num,
    plus,
    power,
    sub,
    substitute,
    sym,
    terms,
)
from reasoning_envs.symbolic.rules import Rewrite, is_simplified, product, rewrites
from reasoning_envs.symbolic.statement import (
    ALL_REALS,
    NO_SOLUTION,
    Comparison,
    Statement,
    alternatives,
    conjunction,
    conjuncts,
    disjunction,
    equation,
    free_symbols,
    line_tokens,
)
from reasoning_envs.symbolic.tokens import CONNECTIVES, END, OPERATORS, OVER
from reasoning_envs.types import Relation

__all__ = ["Move", "about_unknown", "active", "denominators", "is_solved", "is_total", "moves"]

X = sym("x")
_E = const("e")
_EQUALS, _AND, _OR = (CONNECTIVES[name] for name in ("=", "and", "or"))
_ADD = OPERATORS["add"]


class Move:
    """One candidate.

    Attributes:
        rule: its name. operand: what it is done with or to.
        line: the whole line afterwards, built when it is first asked for. tokens: of that line, known at once.
        sound: the solutions stay the same wherever ``conditions`` hold. False: a classic mistake, which may be
            harmless on this very line; the verifier tells.
        conditions: statements without the unknown under which a sound move is sound.
        relation: of the solutions, for a sound move.
    """

    __slots__ = ("_line", "conditions", "operand", "relation", "rule", "sound", "tokens")

    def __init__(
        self,
        rule: str,
        operand: Expr | None,
        line: Statement | Callable[[], Statement],
        tokens: bytes,
        sound: bool = True,
        conditions: tuple[Statement, ...] = (),
        relation: Relation = Relation.EQUIVALENT,
    ) -> None:
        self.rule = rule
        self.operand = operand
        self._line = line
        self.tokens = tokens
        self.sound = sound
        self.conditions = conditions
        self.relation = relation

    @property
    def line(self) -> Statement:
        """The whole line afterwards."""
        line = self._line
        if not isinstance(line, Statement):
            line = self._line = line()
        return line

    def __repr__(self) -> str:
        from reasoning_envs.symbolic.printer import to_text

        return f"Move({self.rule!r}, {to_text(self.line)!r}, sound={self.sound})"


class _Later(NamedTuple):
    """A line that is known by its tokens and built on demand."""

    tokens: bytes
    build: Callable[[], Statement]


class _Change(NamedTuple):
    """A move as seen from the active alternative: what replaces it."""

    rule: str
    operand: Expr | None
    after: Statement | _Later
    sound: bool = True
    condition: Statement | None = None
    relation: Relation = Relation.EQUIVALENT


def is_solved(part: Statement) -> bool:
    """``x = something without x``, with no constraint left."""
    return isinstance(part, Comparison) and part.op == "=" and part.left == X and "x" not in part.right.symbols


def active(line: Statement) -> int | None:
    """Index of the first alternative that is not solved; None where the line is final."""
    for index, part in enumerate(alternatives(line)):
        if part != ALL_REALS and not is_solved(part):
            return index
    return None


def moves(line: Statement) -> Iterator[Move]:
    """The explicit moves on a line, in a fixed order, without repetition; none where the line is final."""
    if isinstance(line, Comparison) and line.op == "=":  # most lines: one equation and nothing else
        if not is_solved(line):
            yield from _moves_on_equation(line)
        return
    index = active(line)
    if index is None:
        return
    parts = alternatives(line)
    before, behind = ([line_tokens(part) for part in some] for some in (parts[:index], parts[index + 1 :]))
    seen = {line_tokens(line)}
    for change in _changes(parts[index]):
        condition = change.condition
        if condition is not None and about_unknown(condition):
            after: Statement | _Later = conjunction(_built(change.after), condition)
            condition = None
        else:
            after = change.after
        if isinstance(after, _Later) and after.tokens not in before and after.tokens not in behind:
            new: Statement | Callable[[], Statement] = partial(_among, parts, index, after)
            tokens = after.tokens
            if len(parts) > 1:
                tokens = _OR + b"".join([*before, tokens, *behind]) + END
        else:
            new = disjunction(*parts[:index], _built(after), *parts[index + 1 :])
            tokens = line_tokens(new)
        if tokens not in seen:
            seen.add(tokens)
            conditions = () if condition is None else (condition,)
            yield Move(change.rule, change.operand, new, tokens, change.sound, conditions, change.relation)


def _among(parts: tuple[Statement, ...], index: int, after: _Later) -> Statement:
    return disjunction(*parts[:index], after.build(), *parts[index + 1 :])


def _moves_on_equation(line: Comparison) -> Iterator[Move]:
    seen = {line_tokens(line)}
    for rule, operand, after, sound, condition, relation in _equation_changes(line):
        conditions: tuple[Statement, ...] = ()
        if condition is not None:
            if about_unknown(condition):
                after = conjunction(_built(after), condition)
            else:
                conditions = (condition,)
        tokens, new = after if isinstance(after, _Later) else (line_tokens(after), after)
        if tokens not in seen:
            seen.add(tokens)
            yield Move(rule, operand, new, tokens, sound, conditions, relation)


def _built(after: Statement | _Later) -> Statement:
    return after.build() if isinstance(after, _Later) else after


def about_unknown(condition: Statement) -> bool:
    """The condition is about x, so that the line itself must carry it."""
    return "x" in free_symbols(condition)


def _changes(part: Statement) -> Iterator[_Change]:
    pieces = conjuncts(part)
    main = next((piece for piece in pieces if isinstance(piece, Comparison) and piece.op == "="), None)
    if main is None:
        return
    constraints = tuple(piece for piece in pieces if piece is not main)
    if is_solved(main):
        yield from _check_constraints(main, constraints)
        return
    if not constraints:
        yield from _equation_changes(main)
        return
    beside = b"".join([line_tokens(constraint) for constraint in constraints]) + END
    for rule, operand, after, sound, condition, relation in _equation_changes(main):
        if isinstance(after, _Later):
            build = partial(_constrained, after, constraints)
            yield _Change(rule, operand, _Later(_AND + after.tokens + beside, build), sound, condition, relation)
        elif after == ALL_REALS:  # the constraint is lost; the verifier tells whether that matters
            yield _Change(rule, operand, after, False, condition, relation)
        else:
            parts = [conjunction(inner, *constraints) for inner in alternatives(after)]
            yield _Change(rule, operand, disjunction(*parts), sound, condition, relation)


def _constrained(after: _Later, constraints: tuple[Statement, ...]) -> Statement:
    return conjunction(after.build(), *constraints)


def _check_constraints(main: Comparison, constraints: tuple[Statement, ...]) -> Iterator[_Change]:
    """With ``x`` known, a constraint holds (and goes) or fails (and takes the alternative with it)."""
    constraint = constraints[0]
    if not isinstance(constraint, Comparison):
        return
    difference = substitute(sub(constraint.left, constraint.right), {"x": main.right})
    holds = _holds(constraint.op, constant_sign(difference))
    rest = conjunction(main, *constraints[1:])
    condition = None
    if holds is None:
        if constraint.op == "!=" and identically_zero(difference) is False:
            holds, condition = True, Comparison("!=", difference, ZERO)
        elif constraint.op == "!=" and identically_zero(difference):
            holds = False
        else:
            holds, condition = True, Comparison(constraint.op, difference, ZERO)
    yield _Change("constraint holds", constraint.left, rest, holds, condition if holds else None)
    yield _Change("constraint fails", constraint.left, NO_SOLUTION, not holds)


def _holds(op: str, sign: int | None) -> bool | None:
    if sign is None:
        return None
    return {"!=": sign != 0, "<": sign < 0, "<=": sign <= 0, ">": sign > 0, ">=": sign >= 0, "=": sign == 0}[op]


def _equation_changes(main: Comparison) -> Iterator[_Change]:
    left, right = main.left, main.right
    yield from _conclusions(left, right)
    for inner in rewrites(left):
        later = _Later(_EQUALS + inner.tokens + right.tokens, partial(_left_rewritten, inner, right))
        yield _Change(inner.rule, inner.operand, later, inner.sound, inner.condition)
    for inner in rewrites(right):
        later = _Later(_EQUALS + left.tokens + inner.tokens, partial(_right_rewritten, left, inner))
        yield _Change(inner.rule, inner.operand, later, inner.sound, inner.condition)
    if "x" in right.symbols:
        yield _Change("swap sides", None, equation(right, left))
    yield from _move_terms(left, right)
    yield from _divide(left, right)
    yield from _multiply(left, right)
    yield from _special(left, right)


def _left_rewritten(left: Rewrite, right: Expr) -> Statement:
    return equation(left.result, right)


def _right_rewritten(left: Expr, right: Rewrite) -> Statement:
    return equation(left, right.result)


# -- ends -----------------------------------------------------------------------------------------------------------


def _conclusions(left: Expr, right: Expr) -> Iterator[_Change]:
    if left.key == right.key:
        yield _Change("conclude", None, ALL_REALS)
    elif "x" not in left.symbols and "x" not in right.symbols and is_simplified(left) and is_simplified(right):
        # Only a line that is worked out shows what it says: before that, one would have to guess.
        difference = sub(left, right)
        zero = identically_zero(difference)
        if zero is None:
            return
        condition = Comparison("!=", left, right) if difference.symbols and not zero else None
        yield _Change("conclude", None, ALL_REALS, zero)
        yield _Change("conclude", None, NO_SOLUTION, not zero, condition)


# -- both sides -----------------------------------------------------------------------------------------------------


def _move_terms(left: Expr, right: Expr) -> Iterator[_Change]:
    seen: set[bytes] = set()
    for term in (*terms(left), *terms(right)):
        if term.key in seen or term is ZERO:
            continue
        seen.add(term.key)
        opposite = neg(term)
        tokens = _EQUALS + _plus_tokens(left, opposite) + _plus_tokens(right, opposite)
        after = _Later(tokens, partial(_both_plus, left, right, opposite))
        if _is_negative(term):
            yield _Change("add to both sides", opposite, after)
        else:
            yield _Change("subtract from both sides", term, after)


def _both_plus(left: Expr, right: Expr, term: Expr) -> Statement:
    return equation(_plus(left, term), _plus(right, term))


def _plus_tokens(side: Expr, term: Expr) -> bytes:
    """The tokens of :func:`_plus`, whose sums are flat."""
    if side is ZERO:
        return term.tokens
    inner = term.tokens[1:-1] if term.op == "add" else term.tokens
    if side.op == "add":
        return side.tokens[:-1] + inner + END
    return _ADD + side.tokens + inner + END


def _plus(side: Expr, term: Expr) -> Expr:
    return term if side is ZERO else plus(side, term)


def _is_negative(term: Expr) -> bool:
    if term.op == "num":
        return term.number < 0
    if term.op == "mul":
        return term.args[0].op == "num" and term.args[0].number < 0
    return term.op == "neg"


def _divide(left: Expr, right: Expr) -> Iterator[_Change]:
    if left.op == "neg" or (right.op == "neg" and left.op == "num"):
        yield _Change("change signs", None, equation(_negated(left), _negated(right)))
    seen: set[bytes] = set()
    for side, other in ((left, right), (right, left)):
        body = side.args[0] if side.op == "neg" else side
        if body.op != "mul":
            continue
        for factor in body.args:
            if factor.key in seen or factor.value in (0, 1):
                continue
            seen.add(factor.key)
            after = equation(_over(left, factor), _over(right, factor))
            if "x" not in factor.symbols:
                if identically_zero(factor) is False:
                    condition = Comparison("!=", factor, ZERO) if factor.symbols else None
                    yield _Change("divide both sides", factor, after, True, condition)
                continue
            yield _Change("divide by the unknown", factor, after, sound=False)
            if any(common.key == factor.key for common in factors(other)) and is_total(left) and is_total(right):
                split = disjunction(equation(factor, ZERO), after)
                yield _Change("divide or zero", factor, split, relation=Relation.SAME_ROOTS)


_TOTAL = frozenset(("num", "sym", "const", "add", "mul", "neg", "abs", "exp"))


def is_total(node: Expr) -> bool:
    """The expression has a value at every x: nothing is divided by x, no root or logarithm of it is taken.

    Where a factor is zero, the other factors must have a value for the product to be zero.
    """
    if "x" not in node.symbols:
        return True
    if node.op == "div":
        return "x" not in node.args[1].symbols and is_total(node.args[0])
    if node.op == "pow":
        exponent = node.args[1].value
        return isinstance(exponent, int) and exponent > 0 and is_total(node.args[0])
    return node.op in _TOTAL and all(is_total(arg) for arg in node.args)


def _negated(side: Expr) -> Expr:
    if side.op == "add":
        return add(*[neg(term) for term in side.args])
    return neg(side)


def _over(side: Expr, factor: Expr) -> Expr:
    if side is ZERO:
        return ZERO
    return neg(div(side.args[0], factor)) if side.op == "neg" else div(side, factor)


def _multiply(left: Expr, right: Expr) -> Iterator[_Change]:
    seen: set[bytes] = set()
    if not any(mark in side.tokens for side in (left, right) for mark in (OPERATORS["div"], OVER)):
        return
    for term in (*terms(left), *terms(right)):
        for under in denominators(term):
            if under.key in seen or under.value == 0:
                continue
            seen.add(under.key)
            after = equation(_times(left, under), _times(right, under))
            if "x" in under.symbols:
                constraint = Comparison("!=", under, ZERO)
                yield _Change("multiply both sides", under, after, True, constraint, Relation.SAME_ROOTS)
                yield _Change("multiply without care", under, after, sound=False)
            else:
                yield _Change("multiply both sides", under, after)


def denominators(term: Expr) -> Iterator[Expr]:
    """What a term is divided by, also inside its factors."""
    if term.op == "div":
        yield term.args[1]
        yield from denominators(term.args[0])
    elif term.op == "neg":
        yield from denominators(term.args[0])
    elif term.op == "mul":
        for factor in term.args:
            yield from denominators(factor)
    elif term.op == "num" and type(term.value) is Fraction:
        yield num(term.value.denominator)


def _times(side: Expr, factor: Expr) -> Expr:
    """Each term of a side times the factor, as one multiplies an equation by a denominator."""
    if side is ZERO:
        return ZERO
    return add(*[_term_times(term, factor) for term in terms(side)])


def _term_times(term: Expr, factor: Expr) -> Expr:
    if term.op == "num" and factor.op == "num":
        return num(term.number * factor.number)
    if term is ONE:
        return factor
    return product(factor, term)


# -- equations of a special form ------------------------------------------------------------------------------------


def _special(left: Expr, right: Expr) -> Iterator[_Change]:
    if right is ZERO and "x" in left.symbols:
        yield from _zero_product(left)
    yield from _quadratic_formula(left, right)
    rule = _BY_FORM.get(left.op)
    if rule is not None and "x" in left.symbols:
        yield from rule(left, right)


def _zero_product(left: Expr) -> Iterator[_Change]:
    body = left.args[0] if left.op == "neg" else left
    if body.op == "mul" and is_total(body):
        unknown = [factor for factor in body.args if "x" in factor.symbols]
        known = mul(*[factor for factor in body.args if "x" not in factor.symbols])
        if identically_zero(known) is False:
            parts = [equation(factor, ZERO) for factor in unknown]
            condition = Comparison("!=", known, ZERO) if known.symbols else None
            yield _Change("zero product", None, disjunction(*parts), True, condition, Relation.SAME_ROOTS)
            if len(parts) > 1:
                yield _Change("zero product, one factor", unknown[0], parts[0], sound=False)
    elif body.op == "div" and "x" in body.args[0].symbols:
        over, under = body.args
        condition = Comparison("!=", under, ZERO) if "x" in under.symbols else None
        yield _Change("zero numerator", under, equation(over, ZERO), True, condition, Relation.SAME_ROOTS)


def _quadratic_formula(left: Expr, right: Expr) -> Iterator[_Change]:
    """``a*x^2 + b*x + c = 0`` with a, b, c free of x."""
    if right is not ZERO or left.op != "add":
        return
    parts: list[list[Expr]] = [[], [], []]
    for term in left.args:
        split = _coefficient_of_power(term)
        if split is None:
            return
        parts[split[1]].append(split[0])
    if not parts[2]:
        return
    c, b, a = (add(*part) for part in parts)
    discriminant = add(power(b, num(2)), neg(mul(num(4), a, c))) if parts[1] else neg(mul(num(4), a, c))
    if not discriminant.symbols and all(piece.op == "num" for piece in (a, b, c)):
        value = Fraction(b.number) ** 2 - 4 * Fraction(a.number) * Fraction(c.number)
        discriminant = num(value)
        if value < 0:
            yield _Change("negative discriminant", discriminant, NO_SOLUTION)
            return
        twice: Expr = num(2 * a.number)
    else:
        twice = mul(num(2), a)
    root = call("sqrt", discriminant)
    lead = [neg(b)] if parts[1] else []
    solutions = [equation(X, div(add(*lead, sign), twice)) for sign in (root, neg(root))]
    conditions = Comparison(">=", discriminant, ZERO) if discriminant.symbols else None
    after = solutions[0] if discriminant is ZERO else disjunction(*solutions)
    yield _Change("quadratic formula", None, after, True, conditions, Relation.SAME_ROOTS)


def _coefficient_of_power(term: Expr) -> tuple[Expr, int] | None:
    """``c*x^k`` with k <= 2 as (c, k)."""
    if "x" not in term.symbols:
        return term, 0
    if term == X:
        return ONE, 1
    if term.op == "pow":
        return (ONE, 2) if term.args[0] == X and term.args[1].value == 2 else None
    if term.op == "neg":
        inner = _coefficient_of_power(term.args[0])
        return None if inner is None else (neg(inner[0]), inner[1])
    if term.op == "div" and "x" not in term.args[1].symbols:
        inner = _coefficient_of_power(term.args[0])
        return None if inner is None else (div(inner[0], term.args[1]), inner[1])
    if term.op == "mul":
        unknown = [factor for factor in term.args if "x" in factor.symbols]
        if len(unknown) != 1:
            return None
        inner = _coefficient_of_power(unknown[0])
        if inner is None:
            return None
        known = [factor for factor in term.args if "x" not in factor.symbols]
        return mul(*known, *([] if inner[0] is ONE else [inner[0]])), inner[1]
    return None


def _power_form(left: Expr, right: Expr) -> Iterator[_Change]:
    base, exponent = left.args
    if exponent.op == "num" and isinstance(exponent.value, int) and exponent.value > 1 and "x" in base.symbols:
        yield from _take_root(base, exponent.value, right)
    elif base.op == "num" and base.number > 0 and base is not ONE and "x" in exponent.symbols:
        yield from _take_logarithm(base, exponent, right)
    elif base == _E and "x" in exponent.symbols:
        yield from _take_natural_logarithm(exponent, right)


def _take_root(base: Expr, n: int, right: Expr) -> Iterator[_Change]:
    if right is ZERO:
        yield _Change("take the root", base, equation(base, ZERO), relation=Relation.SAME_ROOTS)
        return
    if "x" in right.symbols:
        if right.op == "pow" and right.args[1].value == n:
            other = right.args[0]
            after = equation(base, other)
            if n % 2:
                yield _Change("take the root", base, after)
            else:
                both = disjunction(after, equation(base, neg(other)))
                yield _Change("take the root", base, both, relation=Relation.SAME_ROOTS)
                yield _Change("take the positive root", base, after, sound=False)
        return
    if n % 2:
        yield _Change("take the root", base, equation(base, call("root", right, num(n))), relation=Relation.SAME_ROOTS)
        return
    sign = constant_sign(right)
    root = call("sqrt", right) if n == 2 else call("root", right, num(n))
    after = equation(base, root)
    if sign == -1:
        yield _Change("an even power is not negative", base, NO_SOLUTION)
        yield _Change("take the positive root", base, equation(base, neg(call("sqrt", neg(right)))), sound=False)
    elif sign != 0:
        condition = Comparison(">=", right, ZERO) if sign is None else None
        both = disjunction(after, equation(base, neg(root)))
        yield _Change("take the root", base, both, True, condition, Relation.SAME_ROOTS)
        yield _Change("take the positive root", base, after, sound=False)


def _take_logarithm(base: Expr, exponent: Expr, right: Expr) -> Iterator[_Change]:
    if right.op == "pow" and right.args[0] == base:
        yield _Change("compare exponents", base, equation(exponent, right.args[1]))
    elif right.op == "pow" and right.args[0].op == "num" and right.args[0].number > 0:
        sides = [product(inner, call("ln", b)) for inner, b in ((exponent, base), (right.args[1], right.args[0]))]
        yield _Change("take logarithms", None, equation(*sides))
    elif "x" not in right.symbols:
        sign = constant_sign(right)
        if sign is not None and sign <= 0:
            yield _Change("a power is positive", base, NO_SOLUTION)
            return
        whole = _whole_logarithm(base.number, right.number) if right.op == "num" else None
        if whole is not None:
            yield _Change("compare exponents", base, equation(exponent, num(whole)))
        else:
            condition = Comparison(">", right, ZERO) if sign is None else None
            value = div(call("ln", right), call("ln", base))
            yield _Change("take logarithms", base, equation(exponent, value), True, condition)


def _whole_logarithm(base: int | Fraction, value: int | Fraction) -> int | None:
    """The integer k with base^k == value, |k| <= 64; None where there is none."""
    step = Fraction(base) if base > 1 else 1 / Fraction(base)
    goal = Fraction(value)
    inverted = goal < 1
    if inverted:
        goal = 1 / goal
    power_now, k = Fraction(1), 0
    while power_now < goal and k < 64:
        power_now *= step
        k += 1
    if power_now != goal:
        return None
    return -k if inverted != (base < 1) else k


def _root_form(left: Expr, right: Expr) -> Iterator[_Change]:
    inner = left.args[0]
    squared = equation(inner, power(right, num(2)))
    if "x" not in right.symbols:
        sign = constant_sign(right)
        if sign == -1:
            yield _Change("a root is not negative", inner, NO_SOLUTION)
            yield _Change("square without care", inner, squared, sound=False)
        else:
            condition = Comparison(">=", right, ZERO) if sign is None else None
            yield _Change("square both sides", inner, squared, True, condition)
    elif right.op == "sqrt":
        after = equation(inner, right.args[0])
        yield _Change("square both sides", inner, after, True, Comparison(">=", inner, ZERO), Relation.SAME_ROOTS)
        yield _Change("square without care", inner, after, sound=False)
    else:
        constraint = Comparison(">=", right, ZERO)
        yield _Change("square both sides", inner, squared, True, constraint, Relation.SAME_ROOTS)
        yield _Change("square without care", inner, squared, sound=False)


def _absolute_form(left: Expr, right: Expr) -> Iterator[_Change]:
    inner = left.args[0]
    if right.op == "abs":
        other = right.args[0]
        both = disjunction(equation(inner, other), equation(inner, neg(other)))
        yield _Change("split absolute value", inner, both, relation=Relation.SAME_ROOTS)
        yield _Change("drop absolute value", inner, equation(inner, other), sound=False)
        return
    plus, minus = equation(inner, right), equation(inner, _negated(right))
    if "x" in right.symbols:
        constraint = Comparison(">=", right, ZERO)
        both = disjunction(conjunction(plus, constraint), conjunction(minus, constraint))
        yield _Change("split absolute value", inner, both, relation=Relation.SAME_ROOTS)
        yield _Change("split without care", inner, disjunction(plus, minus), sound=False)
        return
    sign = constant_sign(right)
    if sign == -1:
        yield _Change("an absolute value is not negative", inner, NO_SOLUTION)
    elif sign == 0:
        yield _Change("split absolute value", inner, plus, relation=Relation.SAME_ROOTS)
    else:
        condition = Comparison(">=", right, ZERO) if sign is None else None
        both = disjunction(plus, minus)
        yield _Change("split absolute value", inner, both, True, condition, Relation.SAME_ROOTS)
    if sign != 0:
        yield _Change("drop absolute value", inner, plus, sound=False)


def _exponential_form(left: Expr, right: Expr) -> Iterator[_Change]:
    yield from _take_natural_logarithm(left.args[0], right)


def _take_natural_logarithm(inner: Expr, right: Expr) -> Iterator[_Change]:
    """``exp(A) = right``, however the left side is written."""
    if right.op == "exp" or (right.op == "pow" and right.args[0] == _E):
        yield _Change("compare exponents", inner, equation(inner, right.args[-1]))
    elif "x" not in right.symbols:
        sign = constant_sign(right)
        if sign is not None and sign <= 0:
            yield _Change("a power is positive", inner, NO_SOLUTION)
        else:
            condition = Comparison(">", right, ZERO) if sign is None else None
            yield _Change("take logarithms", inner, equation(inner, call("ln", right)), True, condition)


def _logarithm_form(left: Expr, right: Expr) -> Iterator[_Change]:
    inner = left.args[0]
    if right.op == "ln":
        other = right.args[0]
        positive = constant_sign(other) == 1
        constraint = None if positive else Comparison(">", inner, ZERO)
        yield _Change("compare arguments", inner, equation(inner, other), True, constraint, Relation.SAME_ROOTS)
        if not positive:
            yield _Change("compare without care", inner, equation(inner, other), sound=False)
    elif "x" not in right.symbols:
        yield _Change("exponentiate", inner, equation(inner, call("exp", right)))


def _based_logarithm_form(left: Expr, right: Expr) -> Iterator[_Change]:
    inner, base = left.args
    if "x" in base.symbols or base.op != "num" or base.number <= 0 or base is ONE:
        return
    if right.op == "log" and right.args[1] == base:
        constraint = None if constant_sign(right.args[0]) == 1 else Comparison(">", inner, ZERO)
        after = equation(inner, right.args[0])
        yield _Change("compare arguments", inner, after, True, constraint, Relation.SAME_ROOTS)
    elif "x" not in right.symbols:
        yield _Change("exponentiate", inner, equation(inner, power(base, right)))


_BY_FORM = {
    "pow": _power_form,
    "sqrt": _root_form,
    "abs": _absolute_form,
    "exp": _exponential_form,
    "ln": _logarithm_form,
    "log": _based_logarithm_form,
}
