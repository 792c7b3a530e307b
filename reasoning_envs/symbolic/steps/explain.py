"""Why a step is wrong, in a sentence that a student would understand.

The classic mistakes leave traces: each is recognised by an exact identity between the sides of the two lines. Where
none fits, the sentence names the root that was lost or added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from reasoning_envs.symbolic.equality.canonical import canonical
from reasoning_envs.symbolic.equality.forms import Form, TooLarge, UndefinedForm, form, ring_of
from reasoning_envs.symbolic.equality.rings import fraction_to_expr, from_rational, to_rational
from reasoning_envs.symbolic.inequalities.explain import changed_solutions, explain_inequality
from reasoning_envs.symbolic.steps.lines import is_equations
from reasoning_envs.symbolic.syntax.expression import (
    ZERO,
    Expr,
    add,
    call,
    div,
    factors,
    mul,
    neg,
    num,
    power,
    replace_at,
    sub,
    terms,
)
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import And, Comparison, Statement, Truth, conjuncts
from reasoning_envs.symbolic.values.balls import Unclear, Undefined, precision
from reasoning_envs.symbolic.values.enclosures import value_at

__all__ = ["explain", "slip_of_equations"]

_MAX_VARIANTS = 60


def explain(
    before: Statement, after: Statement, unknown: str, over: str, lost: tuple[str, ...], added: tuple[str, ...]
) -> str:
    """The reason for a refuted step.

    Args:
        before: the line before the step.
        after: the line after it.
        unknown: as for :func:`~reasoning_envs.symbolic.steps.derivation.relate`.
        over: as there.
        lost: roots in words, ``"x = 0"``.
        added: the same; one of the two is not empty.
    """
    undefined = _undefined_at(before, unknown, added)
    if undefined is not None and not lost:
        return undefined
    first, second = _equation(before), _equation(after)
    if first is not None and second is not None:
        try:
            found = _Sides(first, second, unknown, over).mistake(lost, added)
        except (UndefinedForm, TooLarge):
            found = None
        if found is not None:
            return found
    elif not is_equations(before):
        found = explain_inequality(before, after, unknown)
        if found is None and isinstance(before, Comparison) and isinstance(after, Comparison) and before.op == after.op:
            found = slip_of_equations(before, after, over)
        if found is not None:
            return found
    if isinstance(before, And) and not isinstance(after, And) and added and not lost:
        return f"a condition was dropped that excludes {_roots(added)}"
    if isinstance(after, Truth):
        if after.value:
            shown = f"{_roots(added)} {_do(added)} not solve it"
            return f"the line before does not hold for every value of {unknown}: {shown}"
        return f"the line before has a solution: {_roots(lost)}"
    if first is None and second is None and not (is_equations(before) and is_equations(after)):
        change = changed_solutions(before, after, unknown)
        if change is not None:
            return f"the solutions change: {change}"
    return _effect(lost, added, "root" if is_equations(before) and is_equations(after) else "solution")


def slip_of_equations(first: Comparison, second: Comparison, over: str) -> str | None:
    """What went wrong on the sides of an equation, or of an inequality that kept its relation; None: nothing known."""
    try:
        return _Sides(first, second, "", over).slip()
    except (UndefinedForm, TooLarge):
        return None


def _undefined_at(before: Statement, unknown: str, added: tuple[str, ...]) -> str | None:
    """Words for an added root that is a rational number at which the line before has no value."""
    for text in added:
        name, _, value = text.partition(" = ")
        if name != unknown or not isinstance(before, Comparison):
            continue
        try:
            point = {unknown: from_rational(Fraction(value))}
        except ValueError:
            continue
        for side in (before.left, before.right):
            try:
                with precision(128):
                    value_at(side, point)
            except Undefined as error:
                return f"the step adds {text}, where the line before is undefined: {error}"
            except (Unclear, KeyError):
                continue
    return None


def _roots(roots: tuple[str, ...]) -> str:
    return " and ".join(roots)


def _are(roots: tuple[str, ...]) -> str:
    return "is" if len(roots) == 1 else "are"


def _do(roots: tuple[str, ...]) -> str:
    return "does" if len(roots) == 1 else "do"


def _effect(lost: tuple[str, ...], added: tuple[str, ...], what: str) -> str:
    if lost and added:
        gone = f"{_roots(lost)} {_are(lost)} lost"
        return f"the solutions change: {gone} and {_roots(added)} {_do(added)} not solve the line before"
    if lost:
        return f"the step loses the {what if len(lost) == 1 else what + 's'} {_roots(lost)}"
    return f"the step adds {_roots(added)}, which {_do(added)} not solve the line before"


def _equation(line: Statement) -> Comparison | None:
    """The only equation of a line, its constraints apart."""
    parts = [part for part in conjuncts(line) if isinstance(part, Comparison)]
    equations = [part for part in parts if part.op == "="]
    return equations[0] if len(equations) == 1 and len(parts) == len(conjuncts(line)) else None


class _Sides:
    """The four sides of two equations, in canonical shape over one ring."""

    def __init__(self, before: Comparison, after: Comparison, unknown: str, over: str) -> None:
        self.before, self.after, self.unknown, self.over = before, after, unknown, over
        sides = (before.left, before.right, after.left, after.right)
        self.trees = tuple([canonical(side, over).tree for side in sides])
        self.ring = ring_of(*self.trees, over=over)
        self.l1, self.r1, self.l2, self.r2 = [form(tree, self.ring) for tree in self.trees]

    def mistake(self, lost: tuple[str, ...], added: tuple[str, ...]) -> str | None:
        """The first of the classic mistakes that fits; None where none does."""
        for check in (self._scaled_by_unknown, self._squared, self._rooted):
            found = check(lost, added)
            if found is not None:
                return found
        return self.slip()

    def slip(self) -> str | None:
        """What is wrong with one side, or with what was done to both; None where nothing classic is."""
        left, right = self._same(self.l1, self.l2), self._same(self.r1, self.r2)
        first, second = self.l1.minus(self.r1), self.l2.minus(self.r2)
        if self._same(first, second) or _ratio(first, second) is not None:
            return None  # the equations say the same: it is a condition beside them that changed
        if left != right:
            return self._one_side("right" if left else "left")
        if not left:
            return self._both_sides()
        return None

    def _same(self, first: Form, second: Form) -> bool:
        return first.minus(second).is_zero

    def _form(self, tree: Expr) -> Form:
        return form(tree, self.ring)

    # ---- both sides ----

    def _scaled_by_unknown(self, lost: tuple[str, ...], added: tuple[str, ...]) -> str | None:
        """Both sides multiplied or divided by the same expression in the unknown."""
        l1, r1, l2, r2 = self.trees
        if not self._same(self._form(mul(l1, r2)), self._form(mul(l2, r1))):
            return None
        top, under = (l1, l2) if not self.l2.is_zero else (r1, r2)
        if self._form(under).is_zero or self._form(top).is_zero:
            return None
        over, down = self._form(div(top, under)).lowest_terms()
        holds_over, holds_down = (
            any(part.degrees()[place] for place in self.ring.depends(self.unknown)) for part in (over, down)
        )
        if lost and not added and holds_over and not holds_down:
            divisor = to_text(fraction_to_expr(over, down, self.ring))
            return f"dividing by {divisor} loses the root {_roots(lost)}"
        if added and not lost and holds_down and not holds_over:
            factor = to_text(fraction_to_expr(down, over, self.ring))
            return f"multiplying by {factor} adds {_roots(added)}, which {_do(added)} not solve the line before"
        return None

    def _squared(self, lost: tuple[str, ...], added: tuple[str, ...]) -> str | None:
        if not added or lost:
            return None
        l1, r1, _, _ = self.trees
        if self._same(self._form(power(l1, num(2))), self.l2) and self._same(self._form(power(r1, num(2))), self.r2):
            return f"squaring adds {_roots(added)}, which {_do(added)} not solve the line before"
        return None

    def _rooted(self, lost: tuple[str, ...], added: tuple[str, ...]) -> str | None:
        if not lost or added:
            return None
        _, _, l2, r2 = self.trees
        if self._same(self._form(power(l2, num(2))), self.l1) and self._same(self._form(power(r2, num(2))), self.r1):
            return f"a square root has two signs: {_roots(lost)} {_are(lost)} lost"
        return None

    def _both_sides(self) -> str | None:
        l1, r1, l2, r2 = self.trees
        moved_left, moved_right = self._form(sub(l2, l1)), self._form(sub(r2, r1))
        if moved_left.minus(self._form(neg(sub(r2, r1)))).is_zero:
            term = self._text(moved_right)
            return f"a term that moves to the other side changes its sign: {term} did not"
        for name, other, old, new, rest_old, rest_new in (
            ("right", "left", self.r1, self.r2, l1, self.l2),
            ("left", "right", self.l1, self.l2, r1, self.r2),
        ):
            ratio = _ratio(old, new)
            # One term of several that was forgotten; more than that is another story.
            if (
                ratio is not None
                and len(terms(rest_old)) > 1
                and len(self._form(mul(ratio, rest_old)).minus(rest_new).numerator) == 1
            ):
                return f"the {name} side was multiplied by {to_text(ratio)}, and not all of the {other} side"
        if _ratio(self.l1.minus(self.r1), self._form(add(l2, r2))) is not None or self._same(
            self.l1.minus(self.r1), self._form(add(l2, r2))
        ):
            return "one of the two sides has the wrong sign"
        left, right = moved_left.constant(), moved_right.constant()
        if left is not None and right is not None:
            return f"{to_text(num(right))} was added to the right side, and {to_text(num(left))} to the left side"
        return None

    def _text(self, found: Form) -> str:
        return to_text(fraction_to_expr(*found.lowest_terms(), self.ring))

    # ---- one side ----

    def _one_side(self, name: str) -> str:
        old, new = (self.before.right, self.after.right) if name == "right" else (self.before.left, self.after.left)
        target = self.r2 if name == "right" else self.l2
        if self._same(self._form(neg(self.trees[1 if name == "right" else 0])), target):
            return f"the sign of the {name} side was changed, and not that of the other side"
        fallacy = self._fallacy(old, target)
        if fallacy is not None:
            return f"on the {name} side {fallacy}"
        return f"the {name} side changed its value: {to_text(old)} is not {to_text(new)}"

    def _fallacy(self, side: Expr, target: Form) -> str | None:
        for turn, (variant, what) in enumerate(_variants(side)):
            if turn >= _MAX_VARIANTS:
                break
            try:
                tree = canonical(variant, self.over).tree
                ring = ring_of(tree, *self.trees, over=self.over)
                goal = form(self.trees[3 if target is self.r2 else 2], ring)
                if form(tree, ring).minus(goal).is_zero:
                    return what
            except (UndefinedForm, TooLarge):
                continue
        return None


def _ratio(old: Form, new: Form) -> Expr | None:
    """The rational number, not 1, that ``new`` is of ``old``."""
    if old.is_zero or new.is_zero:
        return None
    (top1, down1), (top2, down2) = old.lowest_terms(), new.lowest_terms()
    lead1, lead2 = top1.leading_coefficient(), top2.leading_coefficient()
    if down1 != down2 or lead1 == lead2 or top1 * lead2 != top2 * lead1:
        return None
    return num(to_rational(lead2 / lead1))


# ---- wrong rules of arithmetic ----


def _variants(side: Expr) -> Iterator[tuple[Expr, str]]:
    """The side with one wrong rule applied at one place, and what was done."""
    for replaced, what in _wrong_at(side):
        yield replaced, what
    for index, arg in enumerate(side.args):
        for replaced, what in _variants(arg):
            yield replace_at(side, index, replaced), what


def _wrong_at(node: Expr) -> Iterator[tuple[Expr, str]]:
    for rule in _RULES:
        yield from rule(node)


def _power_of_sum(node: Expr) -> Iterator[tuple[Expr, str]]:
    if node.op == "pow" and node.args[0].op == "add":
        base, exponent = node.args
        yield add(*[power(term, exponent) for term in base.args]), "a power of a sum was taken term by term"


def _function_of_sum(node: Expr) -> Iterator[tuple[Expr, str]]:
    if node.op in ("sqrt", "ln", "abs", "sin", "cos", "exp") and node.args[0].op == "add":
        names = {"sqrt": "the square root", "ln": "the logarithm", "abs": "the absolute value"}
        name = names.get(node.op, node.op)
        what = f"{name} of a sum was taken term by term"
        yield add(*[call(node.op, term) for term in node.args[0].args]), what
        if node.op == "sqrt":
            yield add(*[_plain_root(term) for term in node.args[0].args]), what


def _plain_root(term: Expr) -> Expr:
    """The square root as a student takes it: x, not |x|, of x^2."""
    return term.args[0] if term.op == "pow" and term.args[1].value == 2 else call("sqrt", term)


def _cancelled_term(node: Expr) -> Iterator[tuple[Expr, str]]:
    """(a + b)/(a c) becomes b/c or (1 + b)/c."""
    if node.op != "div":
        return
    top, under = node.args
    what = "a term of a sum was cancelled; only a factor of the whole numerator can be"
    parts = terms(top)
    if len(parts) < 2:
        return
    for index, term in enumerate(parts):
        for rest_under in _without_factor(under, term):
            others = parts[:index] + parts[index + 1 :]
            for kept in (add(*others), add(*parts[:index], num(1), *parts[index + 1 :])):
                yield (kept if rest_under == num(1) else div(kept, rest_under)), what
        yield from _partly_divided(parts, index, under, what)


def _without_factor(under: Expr, term: Expr) -> Iterator[Expr]:
    """What remains of a denominator when a factor of the term is struck from it."""
    pieces = factors(under)
    for index, piece in enumerate(pieces):
        if any(piece.key == factor.key for factor in factors(term)) or piece.key == term.key:
            yield mul(*pieces[:index], *pieces[index + 1 :])
    lower = terms(under)
    if len(lower) > 1:
        for index, piece in enumerate(lower):
            if piece.key == term.key:
                yield add(*lower[:index], *lower[index + 1 :])


def _partly_divided(parts: tuple[Expr, ...], index: int, under: Expr, what: str) -> Iterator[tuple[Expr, str]]:
    """(2x + 3)/2 becomes x + 3."""
    yield add(*parts[:index], div(parts[index], under), *parts[index + 1 :]), what


def _half_distributed(node: Expr) -> Iterator[tuple[Expr, str]]:
    """2*(x + 3) becomes 2*x + 3."""
    if node.op == "neg" and node.args[0].op == "add":
        first, *others = node.args[0].args
        yield add(neg(first), *others), "the minus before a bracket was given to its first term alone"
    if node.op != "mul":
        return
    for index, factor in enumerate(node.args):
        if factor.op != "add":
            continue
        rest = mul(*node.args[:index], *node.args[index + 1 :])
        for place, term in enumerate(factor.args):
            spread = add(*factor.args[:place], mul(rest, term), *factor.args[place + 1 :])
            yield spread, "a factor before a bracket was given to one of its terms alone"
        if rest.op == "num" and rest.number < 0:
            first, *others = factor.args
            wrong = add(mul(rest, first), *[mul(neg(rest), term) for term in others])
            yield wrong, "the minus before a bracket was given to its first term alone"


def _lost_sign(node: Expr) -> Iterator[tuple[Expr, str]]:
    if node.op == "add":
        for index, term in enumerate(node.args):
            yield replace_at(node, index, neg(term)), f"the sign of {to_text(term)} was changed"
        for index, term in enumerate(node.args):
            rest = node.args[:index] + node.args[index + 1 :]
            yield (add(*rest) if rest else ZERO), f"the term {to_text(term)} was dropped"


def _added_denominators(node: Expr) -> Iterator[tuple[Expr, str]]:
    """a/b + c/d becomes (a + c)/(b + d)."""
    if node.op != "add":
        return
    fractions = [_fraction(term) for term in node.args]
    if len(fractions) > 1 and any(under != num(1) for _, under in fractions):
        tops, downs = zip(*fractions, strict=True)
        yield div(add(*tops), add(*downs)), "fractions were added top to top and bottom to bottom"


def _fraction(term: Expr) -> tuple[Expr, Expr]:
    if term.op == "div":
        return term.args[0], term.args[1]
    if isinstance(term.value, Fraction):
        return num(term.value.numerator), num(term.value.denominator)
    return term, num(1)


_RULES: tuple[Callable[[Expr], Iterator[tuple[Expr, str]]], ...] = (
    _power_of_sum,
    _function_of_sum,
    _cancelled_term,
    _half_distributed,
    _added_denominators,
    _lost_sign,
)
