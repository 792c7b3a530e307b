"""Typeset lines as MathML Core, which browsers show without any script or font from elsewhere.

What is written follows the tree: no term is moved, combined or dropped, so that each step of a derivation looks like
the step that it was.
"""

from __future__ import annotations

from fractions import Fraction
from html import escape
from itertools import pairwise

from reasoning_envs.symbolic.syntax.expression import Expr, Number, mul, neg, num
from reasoning_envs.symbolic.syntax.statement import And, Comparison, Line, Or, Truth

__all__ = ["to_mathml"]

# How tightly a node binds: an operand that binds less than its place asks for gets brackets.
_SUM, _SIGN, _PRODUCT, _POWER, _ATOM = range(5)

_COMPARISONS = {"=": "=", "!=": "&#x2260;", "<": "&lt;", "<=": "&#x2264;", ">": "&gt;", ">=": "&#x2265;"}
_CONSTANTS = {"pi": "&#x3C0;", "e": "e", "i": "i", "inf": "&#x221E;"}
_TIMES = "<mo>&#x22C5;</mo>"
_INVISIBLE_TIMES = "<mo>&#x2062;</mo>"
_APPLY = "<mo>&#x2061;</mo>"
_MINUS = "<mo>&#x2212;</mo>"
_SIGN_MINUS = '<mo form="prefix">&#x2212;</mo>'


def to_mathml(line: Line) -> str:
    """A ``<math>`` element, safe to put into HTML as it is: every name in it is escaped."""
    return f'<math displaystyle="true">{_line(line)}</math>'


def _line(line: Line) -> str:
    if isinstance(line, Expr):
        return _show(line)
    if isinstance(line, Truth):
        return "<mtext>all reals</mtext>" if line.value else "<mtext>no solution</mtext>"
    if isinstance(line, Comparison):
        return f"{_show(line.left)}<mo>{_COMPARISONS[line.op]}</mo>{_show(line.right)}"
    word = "and" if isinstance(line, And) else "or"
    parts = [f"<mo>(</mo>{_line(part)}<mo>)</mo>" if isinstance(part, And | Or) else _line(part) for part in line.parts]
    return f"<mtext>&#xA0; {word} &#xA0;</mtext>".join(parts)


def _binding(node: Expr) -> int:
    if node.op == "num":
        if _is_negative(node):
            return _SIGN
        return _PRODUCT if isinstance(node.number, Fraction) else _ATOM
    if node.op == "mul":
        return _SIGN if _is_negative(node.args[0]) else _PRODUCT
    return {"add": _SUM, "neg": _SIGN, "div": _PRODUCT, "pow": _POWER, "factorial": _POWER}.get(node.op, _ATOM)


def _is_negative(node: Expr) -> bool:
    return node.op == "num" and node.number < 0


def _show(node: Expr, at_least: int = _SUM) -> str:
    inner = _bare(node)
    return f"<mrow><mo>(</mo>{inner}<mo>)</mo></mrow>" if _binding(node) < at_least else inner


def _bare(node: Expr) -> str:
    op, args = node.op, node.args
    if op == "num":
        return _number(node.number)
    if op == "sym":
        return f"<mi>{escape(str(node.value))}</mi>"
    if op == "const":
        return f'<mi mathvariant="normal">{_CONSTANTS[str(node.value)]}</mi>'
    if op == "add":
        return f"<mrow>{_sum(args)}</mrow>"
    if op == "neg":
        return f"<mrow>{_SIGN_MINUS}{_show(args[0], _PRODUCT)}</mrow>"
    if op == "mul":
        return f"<mrow>{_product(args)}</mrow>"
    if op == "div":
        return f"<mfrac><mrow>{_show(args[0])}</mrow><mrow>{_show(args[1])}</mrow></mfrac>"
    if op == "pow":
        return f"<msup>{_row(_show(args[0], _ATOM))}<mrow>{_show(args[1])}</mrow></msup>"
    return _function(op, args)


def _row(inner: str) -> str:
    """One element, whatever is inside: scripts and fractions count their children."""
    return f"<mrow>{inner}</mrow>"


def _number(value: Number) -> str:
    if isinstance(value, Fraction):
        shown = f"<mfrac><mn>{abs(value.numerator)}</mn><mn>{value.denominator}</mn></mfrac>"
    else:
        shown = f"<mn>{abs(value)}</mn>"
    return f"<mrow>{_SIGN_MINUS}{shown}</mrow>" if value < 0 else shown


def _sum(operands: tuple[Expr, ...]) -> str:
    shown = [_show(operands[0], _SIGN)]
    for operand in operands[1:]:
        if _is_negative(operand):
            shown.append(_MINUS + _bare(num(-operand.number)))
        elif operand.op == "neg":
            shown.append(_MINUS + _show(operand.args[0], _PRODUCT))
        elif operand.op == "mul" and _is_negative(operand.args[0]):
            first, *others = operand.args
            shown.append(_MINUS + _show(mul(neg(first), *others), _PRODUCT))
        else:
            shown.append("<mo>+</mo>" + _show(operand, _SIGN))
    return "".join(shown)


def _product(operands: tuple[Expr, ...]) -> str:
    # The sign of a leading number is that of the whole product and needs no brackets; every other sign does.
    first = operands[0]
    shown = [_bare(first) if first.op == "num" else _show(first, _PRODUCT)]
    for before, operand in pairwise(operands):
        # 3 2, x 3 and two fractions side by side would be read as something else.
        apart = _starts_with_digit(operand) or (before.op == "div" and operand.op == "div")
        shown.append(_TIMES if apart else _INVISIBLE_TIMES)
        shown.append(_show(operand, _PRODUCT))
    return "".join(shown)


def _starts_with_digit(node: Expr) -> bool:
    if node.op == "num":
        return node.number >= 0
    return node.op == "pow" and _starts_with_digit(node.args[0])


def _function(name: str, args: tuple[Expr, ...]) -> str:
    first = _show(args[0])
    if name == "sqrt":
        return f"<msqrt>{first}</msqrt>"
    if name == "root":
        return f"<mroot>{_row(first)}{_row(_show(args[1]))}</mroot>"
    if name == "abs":
        return f"<mrow><mo>|</mo>{first}<mo>|</mo></mrow>"
    if name == "factorial":
        return f"<mrow>{_show(args[0], _ATOM)}<mo>!</mo></mrow>"
    head = f"<mi>{escape(name)}</mi>"
    if name == "log":
        head = f"<msub><mi>log</mi>{_row(_show(args[1]))}</msub>"
    return f"<mrow>{head}{_APPLY}<mo>(</mo>{first}<mo>)</mo></mrow>"
