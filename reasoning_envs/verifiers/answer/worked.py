r"""What only answers hold and what is worked out before they are read: ``floor(7/2)``, ``gcd(12, 18)``, ``17 mod 5``.

Each call is replaced by its value, the innermost first: roundings, greatest and least numbers, common divisors and
multiples, determinants, real and imaginary parts, limits, sums without end or up to a letter, numbers of choices.
Integrals between bounds, and ``[F]_a^b``, become what the verifier of calculus compares. A call whose value is not
found is an error that says so: nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from math import gcd, lcm

from flint import acb, arb

from reasoning_envs.symbolic.calculus.definite import definite_integral
from reasoning_envs.symbolic.calculus.limits import LimitError, limit
from reasoning_envs.symbolic.equality.equivalence import exact_value
from reasoning_envs.symbolic.syntax.bounds import check_bounds
from reasoning_envs.symbolic.syntax.expression import (
    Expr,
    add,
    call,
    const,
    div,
    mul,
    neg,
    num,
    power,
    rebuild,
    sub,
    substitute,
)
from reasoning_envs.symbolic.syntax.parser import ParseError, parse_expression
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.values.balls import Unclear, Undefined, precision
from reasoning_envs.symbolic.values.enclosures import value_at
from reasoning_envs.verifiers.answer.endless_sums import endless_sum
from reasoning_envs.verifiers.answer.matrix_algebra import determinant
from reasoning_envs.verifiers.answer.outline import enclosed, marks, split_at
from reasoning_envs.verifiers.answer.real_sets import Unordered, order
from reasoning_envs.verifiers.answer.residue_classes import NoResidueError, residue

__all__ = ["worked"]

_MAX_CALLS = 12
_MAX_ARGUMENTS = 50
_MAX_DIGITS = 400
_BITS = (128, 1024)
_CALLED_CHOICES = re.compile(r"(?<![A-Za-z0-9_.])([CP])\s*\(\s*([0-9]{1,4})\s*,\s*([0-9]{1,4})\s*\)")
_CHOICES = re.compile(r"(?<![A-Za-z0-9_.])_?([0-9]{1,4})\s*([CP])\s*_?\s*([0-9]{1,4})(?![A-Za-z0-9_.])")
_MOD = re.compile(r"((?:[A-Za-z]\s*=)?)([^=()]*|.*\))\s*\bmod\s*([0-9]{1,400})", re.DOTALL)
_I = const("i")


def worked(text: str) -> str:
    """The text with every call that this module knows replaced by its value; the text itself where there is none.

    Raises:
        ParseError: a call without a value that is found, or one that is not well formed.
    """
    if "mod" in text and "(mod" not in text and "≡" not in text:
        text = _remainder(text)
    if "C" in text or "P" in text:
        text = _CALLED_CHOICES.sub(lambda match: f"n{match[1]}r({match[2]}, {match[3]})", text)
        text = _CHOICES.sub(lambda match: f"n{match[2]}r({match[1]}, {match[3]})", text)
    end = len(text)
    for _ in range(_MAX_CALLS):
        calls = list(_CALL.finditer(text, 0, end))
        if not calls:
            return text
        found = calls[-1]
        start, opens = found.start(), found.end() - 1
        closes = _partner(text, opens)
        value = _OF[found[1]](text[opens + 1 : closes])
        end = start
        if value is not None:
            text = f"{text[:start]}({value}){text[closes + 1 :]}"
    raise ParseError(f"more than {_MAX_CALLS} calls are not worked out", 0)


def _remainder(text: str) -> str:
    """``17 mod 5`` as what is left over."""
    match = _MOD.fullmatch(text.strip())
    if match is None:
        return text
    number = parse_expression(match[2])
    if number.op in ("add", "div") and not enclosed(match[2].strip()):
        raise ParseError("it is not clear what the remainder is of: use brackets", 0)
    if int(match[3]) == 0:
        raise ParseError("a remainder on division by 0", 0)
    try:
        return match[1] + str(residue(number, {}, int(match[3])))
    except NoResidueError as error:
        raise ParseError(str(error), 0) from None


def _partner(text: str, opens: int) -> int:
    depth = 0
    for place in range(opens, len(text)):
        depth += (text[place] in "([{") - (text[place] in ")]}")
        if depth == 0:
            return place
    raise ParseError("a bracket is never closed", opens)


def _pieces(inner: str, sign: str = ",") -> list[str]:
    return split_at(inner, [mark for mark in marks(inner) if mark.sign == sign])


def _tree(text: str) -> Expr:
    node = parse_expression(text)
    check_bounds(node)
    return node


def _trees(inner: str, least: int, most: int) -> list[Expr]:
    pieces = _pieces(inner)
    if not least <= len(pieces) <= most:
        raise ParseError(f"a call with {len(pieces)} arguments", 0)
    return [_tree(piece) for piece in pieces]


def _whole_numbers(inner: str) -> list[int]:
    values = [exact_value(tree) for tree in _trees(inner, 2, _MAX_ARGUMENTS)]
    whole = [value.numerator for value in values if value is not None and value.denominator == 1]
    if len(whole) < len(values):
        raise ParseError("common divisors and multiples are of whole numbers", 0)
    return whole


def _rounded(up: bool) -> Callable[[str], str]:
    def applied(inner: str) -> str:
        (tree,) = _trees(inner, 1, 1)
        if tree.symbols:
            raise ParseError("only numbers are rounded", 0)
        exact = exact_value(tree)
        if exact is not None:
            return str(-(-exact.numerator // exact.denominator) if up else exact.numerator // exact.denominator)
        for bits in _BITS:
            with precision(bits):
                try:
                    value = arb(value_at(tree, {}))
                except (Undefined, Unclear):
                    continue
                whole = (value.ceil() if up else value.floor()).unique_fmpz()
            if whole is not None and len(str(whole)) <= _MAX_DIGITS:
                return str(whole)
        raise ParseError(f"nobody can tell what {to_text(tree)[:60]} is rounded to", 0)

    return applied


def _extreme(side: int) -> Callable[[str], str]:
    def applied(inner: str) -> str:
        best, *others = trees = _trees(inner, 1, _MAX_ARGUMENTS)
        if len(trees) == 2 and (best.symbols or others[0].symbols):
            gap = call("abs", sub(best, others[0]))
            return to_text(div(add(best, others[0], gap if side > 0 else neg(gap)), num(2)))
        try:
            for other in others:
                if order(other, best) == side:
                    best = other
        except Unordered as error:
            raise ParseError(str(error), 0) from None
        return to_text(best)

    return applied


def _determinant(inner: str) -> str:
    rows = tuple([tuple(map(_tree, _pieces(row))) for row in _pieces(inner, ";")])
    return to_text(determinant(rows))


def _norm(inner: str) -> str:
    """The length of a vector; the absolute value of a number."""
    inner = inner.strip()
    if inner[:1] in ("(", "⟨", "[") and enclosed(inner):
        inner = inner[1:-1]
    elif inner.startswith("matrix("):
        inner = inner[len("matrix(") : -1].replace(";", ",")
    parts = _trees(inner, 1, _MAX_ARGUMENTS)
    if len(parts) == 1:
        return to_text(call("abs", parts[0]))
    return to_text(call("sqrt", add(*[power(part, num(2)) for part in parts])))


def _conjugate(tree: Expr) -> Expr:
    if tree == _I:
        return neg(_I)
    return rebuild(tree.op, tuple([_conjugate(arg) for arg in tree.args])) if tree.args else tree


def _complex_part(name: str) -> Callable[[str], str]:
    def applied(inner: str) -> str:
        (tree,) = _trees(inner, 1, 1)
        if name == "cis":
            return to_text(add(call("cos", tree), mul(_I, call("sin", tree))))
        if tree.symbols or not _is_rational_in_i(tree):
            raise ParseError("conjugates and parts are of complex numbers made of sums, products and real roots", 0)
        other = _conjugate(tree)
        if name == "conj":
            return to_text(other)
        if name == "realpart":
            return to_text(div(add(tree, other), num(2)))
        return to_text(div(sub(tree, other), mul(num(2), _I)))

    return applied


def _is_rational_in_i(tree: Expr) -> bool:
    """No function of what is not real: conjugates then go through to the numbers."""
    if tree.op in ("add", "mul", "neg", "div") or (tree.op == "pow" and isinstance(tree.args[1].value, int)):
        return all(_is_rational_in_i(arg) for arg in tree.args)
    if not tree.args:
        return True
    with precision(_BITS[0]):
        try:
            return not isinstance(value_at(tree, {}), acb)
        except (Undefined, Unclear):
            return False


def _limit(inner: str) -> str:
    expr, letter, target, *side = _trees(inner, 3, 4)
    if letter.op != "sym":
        raise ParseError("a limit needs a letter", 0)
    try:
        found = limit(expr, str(letter.value), target, int(side[0].number) if side else 0)
    except LimitError as error:
        raise ParseError(str(error), 0) from None
    return to_text(found)


def _integral(inner: str) -> str | None:
    if len(_pieces(inner)) == 2:
        return None
    body, letter, low, high = _trees(inner, 4, 4)
    if letter.op != "sym":
        raise ParseError("an integral needs a letter", 0)
    return to_text(definite_integral(body, str(letter.value), low, high))


def _between(inner: str) -> str:
    expr, letter, low, high = _trees(inner, 4, 4)
    if letter.op != "sym":
        raise ParseError("what is taken between bounds needs a letter", 0)
    name = str(letter.value)
    return to_text(sub(substitute(expr, {name: high}), substitute(expr, {name: low})))


def _chosen(ordered: bool) -> Callable[[str], str]:
    def applied(inner: str) -> str:
        above, below = _trees(inner, 2, 2)
        choices = f"binom({to_text(above)}, {to_text(below)})"
        return f"{choices}*({to_text(below)})!" if ordered else choices

    return applied


def _sum(inner: str) -> str | None:
    pieces = _pieces(inner)
    if len(pieces) != 4:
        return None
    body, index, first, last = pieces
    index = index.strip()
    if re.fullmatch(r"[-−]?[0-9]+", last.strip()) or not re.fullmatch("[A-Za-z]", index):
        return None
    letter = (index,)
    found = endless_sum(parse_expression(body, symbols=letter), index, _tree(first), _tree(last))
    return to_text(found)


_OF: dict[str, Callable[[str], str | None]] = {
    "floor": _rounded(up=False),
    "ceil": _rounded(up=True),
    "ceiling": _rounded(up=True),
    "max": _extreme(1),
    "min": _extreme(-1),
    "gcd": lambda inner: str(gcd(*_whole_numbers(inner))),
    "lcm": lambda inner: str(lcm(*_whole_numbers(inner))),
    "det": _determinant,
    "norm": _norm,
    **{name: _complex_part(name) for name in ("realpart", "imagpart", "conj", "cis")},
    "limit": _limit,
    "integral": _integral,
    "between": _between,
    "nCr": _chosen(ordered=False),
    "nPr": _chosen(ordered=True),
    "sum": _sum,
}
_CALL = re.compile(rf"(?<![A-Za-z_])({'|'.join(_OF)})\s*[({{\[]")
