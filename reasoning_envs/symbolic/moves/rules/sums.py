"""Rules that act on a sum."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from reasoning_envs.symbolic.moves.rules.domains import vanishing
from reasoning_envs.symbolic.moves.rules.rewrite import (
    Rewrite,
    is_small,
    product,
    rational_root,
    scale,
    summed,
    symbolic_factors,
    without_factor,
)
from reasoning_envs.symbolic.syntax.expression import (
    ONE,
    ZERO,
    Expr,
    Number,
    add,
    call,
    div,
    mul,
    neg,
    num,
    power,
    split_coefficient,
    sum_tokens,
    terms,
)
from reasoning_envs.symbolic.syntax.statement import Comparison, conjunction
from reasoning_envs.symbolic.syntax.tokens import FUNCTIONS, OPERATORS

__all__ = ["OPENING", "RULES"]

# Bytes that mark an operator in the tokens of a tree: most sums hold none of them, and most rules need one. They are
# looked for as numbers: Python takes twice as long to find a byte that is given as bytes, by way of an exception.
_DIV, _POW, _LN = OPERATORS["div"][0], OPERATORS["pow"][0], FUNCTIONS["ln"][0][0]


def _fold_sum(node: Expr) -> Iterator[Rewrite]:
    numbers = [term for term in node.args if term.op == "num"]
    if len(numbers) < 2 and not (numbers and numbers[0].value == 0):
        return
    total = sum([term.number for term in numbers])
    if not is_small(total):
        return
    kept = []
    placed = False
    for term in node.args:
        if term.op != "num":
            kept.append(term)
        elif not placed:
            placed = True
            if total != 0 or len(numbers) == len(node.args):
                kept.append(num(total))
    operand = (add, *numbers)
    yield summed("fold", kept, operand)
    if len(numbers) == 2:
        slip = numbers[0].number - numbers[1].number
        wrong = [num(slip) if term is numbers[0] else term for term in node.args if term is not numbers[1]]
        yield summed("dropped sign", wrong, operand, sound=False)


def _collect(node: Expr) -> Iterator[Rewrite]:
    args = node.args
    keys = [b"" if term.op == "num" else (_likes.get(term.tokens) or _like(term))[0] for term in args]
    if len(set(keys)) == len(keys):
        return
    groups: dict[bytes, list[int]] = {}
    for index, key in enumerate(keys):
        if key in groups:
            groups[key].append(index)
        else:
            groups[key] = [index]
    for key, places in groups.items():
        if len(places) < 2 or not key:
            continue
        members = [node.args[index] for index in places]
        total = sum([_like(member)[1] for member in members])
        if not is_small(total):
            continue
        kept = [*node.args[: places[0]]]
        if total != 0:
            kept.append(scale(total, _like(members[0])[2]))
        kept += [term for index, term in enumerate(node.args) if index > places[0] and index not in places]
        if total != 0:
            yield summed("collect", kept, (add, *members))
            continue
        may, condition = vanishing(members[0])
        if may:
            yield summed("cancel", kept, (add, *members), True, condition)


# What is known about a term: most terms of a line stood in the line before. A longer memory costs more than it saves.
_TERMS_LIMIT = 512
_likes: dict[bytes, tuple[bytes, Number, Expr]] = {}
_quotients: dict[bytes, dict[bytes, tuple[Expr, Expr]]] = {}


def _like(term: Expr) -> tuple[bytes, Number, Expr]:
    """What like terms share, the coefficient, and the rest."""
    found = _likes.get(term.tokens)
    if found is None:
        if len(_likes) > _TERMS_LIMIT:
            _likes.clear()
        coefficient, rest = split_coefficient(term)
        found = _likes[term.tokens] = rest.key, coefficient, rest
    return found


def _by_factor(term: Expr) -> dict[bytes, tuple[Expr, Expr]]:
    """Each symbolic factor of a term, by its key, with what is left of the term without it."""
    found = _quotients.get(term.tokens)
    if found is None:
        if len(_quotients) > _TERMS_LIMIT:
            _quotients.clear()
        found = _quotients[term.tokens] = {}
        for factor in symbolic_factors(term):
            if factor.key not in found:
                found[factor.key] = factor, without_factor(term, factor)
    return found


def _factor_out(node: Expr) -> Iterator[Rewrite]:
    """``a*x + b*x`` to ``(a + b)*x``: a factor that is no number, out of every term that has it."""
    if node.depth <= 3 and len(node.symbols) == 1 and _POW not in node.tokens:
        (name,) = node.symbols
        if len(name) > 1 or node.tokens.count(name.encode()) == sum([1 for term in node.args if term.symbols]):
            return  # multiples of one letter: those are collected
    holders: dict[bytes, list[int]] = {}
    splits = []
    shared = False
    for index, term in enumerate(node.args):
        split = _NO_FACTORS if term.op == "num" else _quotients.get(term.tokens) or _by_factor(term)
        splits.append(split)
        for key in split:
            if key in holders:
                holders[key].append(index)
                shared = True
            else:
                holders[key] = [index]
    if not shared:
        return
    for key, places in holders.items():
        if len(places) < 2:
            continue
        first = places[0]
        factor = splits[first][key][0]
        if len(places) < len(node.args) and "x" not in factor.symbols:
            continue
        quotients = [splits[index][key][1] for index in places]
        if all(quotient.op == "num" for quotient in quotients):
            continue  # like terms: that is collecting
        kept = [*node.args[:first], product(add(*quotients), factor)]
        kept += [term for index, term in enumerate(node.args) if index > first and index not in places]
        yield summed("factor out", kept, factor)


_NO_FACTORS: dict[bytes, tuple[Expr, Expr]] = {}


def _over_one_denominator(node: Expr) -> Iterator[Rewrite]:
    """``A/B + C/B`` to ``(A + C)/B``, and a sum with quotients over the product of their denominators."""
    if _DIV not in node.tokens:
        return
    for term in node.args:
        if term.op == "div" or (term.op == "neg" and term.args[0].op == "div"):
            break
    else:
        return
    parts = [_as_quotient(term) for term in node.args]
    groups: dict[bytes, list[int]] = {}
    for index, (_, under) in enumerate(parts):
        if under is not None:
            groups.setdefault(under.key, []).append(index)
    for places in groups.values():
        if len(places) > 1:
            under = parts[places[0]][1]
            if under is None:
                continue
            together = div(add(*[parts[index][0] for index in places]), under)
            kept = [together if index == places[0] else term for index, term in enumerate(node.args)]
            kept = [term for index, term in enumerate(kept) if index == places[0] or index not in places]
            yield summed("fraction", kept, under)
    if len(groups) >= 1 and len(node.args) <= 3 and any(len(places) < len(node.args) for places in groups.values()):
        unders = [parts[places[0]][1] for places in groups.values()]
        known = [one for one in unders if one is not None]
        over = []
        for top, under in parts:
            others = [other for other in known if under is None or other.key != under.key]
            over.append(product(*others, top) if others else top)
        under = mul(*known)
        made = (_quotient_of_sum, over, under)
        yield Rewrite("common denominator", made, under, tokens=OPERATORS["div"] + sum_tokens(over) + under.tokens)


def _quotient_of_sum(over: list[Expr], under: Expr) -> Expr:
    return div(add(*over), under)


def _as_quotient(term: Expr) -> tuple[Expr, Expr | None]:
    if term.op == "div":
        return term.args[0], term.args[1]
    if term.op == "neg":
        over, under = _as_quotient(term.args[0])
        return neg(over), under
    return term, None


def _logarithm_sum(node: Expr) -> Iterator[Rewrite]:
    """``ln(A) + ln(B)`` to ``ln(A*B)`` and ``ln(A) - ln(B)`` to ``ln(A/B)``, where A > 0 and B > 0."""
    if _LN not in node.tokens:
        return
    logs = [(i, t) for i, t in enumerate(node.args) if t.op == "ln" or (t.op == "neg" and t.args[0].op == "ln")]
    for position, (first, one) in enumerate(logs):
        for second, two in logs[position + 1 :]:
            if one.op == "neg" and two.op == "ln":
                one, two = two, one
            if one.op == "neg":
                continue
            plus = two.op == "ln"
            a, b = one.args[0], (two if plus else two.args[0]).args[0]
            together = call("ln", mul(a, b) if plus else div(a, b))
            kept = [together if i == first else t for i, t in enumerate(node.args) if i != second]
            conditions = [Comparison(">", inner, ZERO) for inner in (a, b) if inner.op != "num"]
            yield summed("join logarithms", kept, together, True, conjunction(*conditions))
            return


def polynomial(node: Expr) -> list[Fraction] | None:
    """Coefficients of a polynomial in ``x`` written as a sum of terms ``c*x^k`` (k <= 3), constant first; else None."""
    coefficients = [Fraction(0)] * 4
    for term in terms(node):
        coefficient, rest = split_coefficient(term)
        if rest is ONE:
            degree = 0
        elif rest.op == "sym" and rest.value == "x":
            degree = 1
        elif rest.op == "pow" and rest.args[0].value == "x" and rest.args[1].op == "num":
            exponent = rest.args[1].number
            if exponent not in (2, 3):
                return None
            degree = int(exponent)
        else:
            return None
        coefficients[degree] += coefficient
    while len(coefficients) > 1 and coefficients[-1] == 0:
        coefficients.pop()
    return coefficients


def _factor_quadratic(node: Expr) -> Iterator[Rewrite]:
    """A quadratic in x with rational roots, as the product of its linear factors."""
    if "x" not in node.symbols or _POW not in node.tokens or len(node.args) > 4:
        return
    coefficients = polynomial(node)
    if coefficients is None or len(coefficients) != 3 or coefficients[0] == 0:
        return
    c, b, a = coefficients
    root = rational_root(b * b - 4 * a * c)
    if root is None:
        return
    x = next(inner for inner in _leaves(node) if inner.value == "x")
    one, two = (-b + root) / (2 * a), (-b - root) / (2 * a)
    linear = [add(x, num(-value)) if value else x for value in (one, two)]
    inside = power(linear[0], num(2)) if one == two else mul(*linear)
    yield Rewrite("factor", scale(a if a.denominator != 1 else int(a), inside), node)


def _leaves(node: Expr) -> Iterator[Expr]:
    if not node.args:
        yield node
    for operand in node.args:
        yield from _leaves(operand)


RULES = (_fold_sum, _collect, _factor_out, _over_one_denominator, _logarithm_sum, _factor_quadratic)

OPENING = (
    _factor_out,
    _logarithm_sum,
    _factor_quadratic,
)
"""Those that never make an expression simpler."""
