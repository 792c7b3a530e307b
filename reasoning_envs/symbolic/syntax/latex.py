r"""From trees to LaTeX as a textbook sets it: ``\frac{x}{2}``, ``2\left(x + 1\right)``, ``x = 2 \text{ or } x = 3``.

Different trees give different LaTeX, as they do in plain text: nothing is rearranged, a product of 1 and x shows the 1.
"""

from __future__ import annotations

from fractions import Fraction

from reasoning_envs.symbolic.syntax.expression import Expr, Number
from reasoning_envs.symbolic.syntax.statement import And, Comparison, Line, Or, Statement, Truth

__all__ = ["to_latex"]

_COMPARISONS = {"=": "=", "!=": r"\neq", "<": "<", "<=": r"\leq", ">": ">", ">=": r"\geq"}
_CONSTANTS = {"pi": r"\pi", "e": "e", "i": "i", "inf": r"\infty"}
_FUNCTIONS = {
    **{name: rf"\{name}" for name in ("exp", "ln", "sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{name: rf"\arc{name[1:]}" for name in ("asin", "acos", "atan")},
}
_POWER_AFTER_NAME = frozenset(("ln", "sin", "cos", "tan", "sinh", "cosh", "tanh"))
_GREEK = dict(
    zip(
        "αβγδεζηθλμξρστφψωΓΔΘΛΞΣΦΨΩ",
        (
            *("alpha", "beta", "gamma", "delta", "varepsilon", "zeta", "eta", "theta", "lambda", "mu", "xi", "rho"),
            *("sigma", "tau", "varphi", "psi", "omega"),
            *("Gamma", "Delta", "Theta", "Lambda", "Xi", "Sigma", "Phi", "Psi", "Omega"),
        ),
        strict=True,
    )
)


def to_latex(line: Line) -> str:
    """The line in LaTeX, for mathematics mode, without the dollar signs."""
    if isinstance(line, Expr):
        return _sum(line)
    if isinstance(line, Comparison):
        return f"{_sum(line.left)} {_COMPARISONS[line.op]} {_sum(line.right)}"
    if isinstance(line, Truth):
        return r"\text{all reals}" if line.value else r"\text{no solution}"
    joint = r" \text{ and } " if isinstance(line, And) else r" \text{ or } "
    return joint.join([_part(part) for part in line.parts])


def _part(part: Statement) -> str:
    return _bracketed(to_latex(part)) if isinstance(part, And | Or) else to_latex(part)


def _bracketed(latex: str) -> str:
    return rf"\left({latex}\right)"


def _sum(node: Expr) -> str:
    """What may stand alone or in brackets."""
    if node.op != "add":
        return _term(node)
    parts: list[str] = []
    for term in node.args:
        latex = _term(term)
        if not parts:
            parts.append(latex)
        elif latex.startswith("-"):
            parts.append(f" - {latex[1:]}")
        else:
            parts.append(f" + {latex}")
    return "".join(parts)


def _term(node: Expr) -> str:
    """What may stand in a sum; it begins with ``-`` where the term is negative."""
    op = node.op
    if op == "num":
        return _number(node.number)
    if op == "add":
        return _bracketed(_sum(node))
    if op == "neg":
        return f"-{_term(node.args[0])}"
    if op == "mul":
        return _product(node)
    if op == "div":
        return rf"\frac{{{_sum(node.args[0])}}}{{{_sum(node.args[1])}}}"
    if op == "pow":
        return _power(*node.args)
    return _atom(node)


def _number(value: Number) -> str:
    if isinstance(value, Fraction):
        sign = "-" if value < 0 else ""
        return rf"{sign}\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"
    return str(value)


def _factor(node: Expr) -> str:
    """What may stand in a product behind its first number."""
    if node.op in ("add", "neg") or (node.op == "num" and node.number < 0):
        return _bracketed(_sum(node))
    return _term(node)


def _product(node: Expr) -> str:
    first, *others = node.args
    latex = _term(first) if first.op == "num" else _factor(first)
    before = first
    for factor in others:
        text = _factor(factor)
        latex += (r" \cdot " if _needs_dot(before, text) else _gap(latex, text)) + text
        before = factor
    return latex


def _needs_dot(before: Expr, text: str) -> bool:
    """Whether juxtaposition would be misread: 2 3 as 23, 2 1/2 as a mixed number, or hide a factor 1."""
    if text[0].isdigit():
        return True
    if before.op == "num":
        return text.startswith(r"\frac") or before.number in (1, -1)
    return False


def _gap(latex: str, text: str) -> str:
    r"""A space where a command would swallow the letter after it: ``\pi x``."""
    command = latex.rpartition("\\")[2]
    return " " if "\\" in latex and command.isalpha() and text[0].isalpha() else ""


def _power(base: Expr, exponent: Expr) -> str:
    raised = f"^{{{_sum(exponent)}}}"
    if base.op in _POWER_AFTER_NAME and _is_simple(exponent) and exponent.op == "num" and exponent.number > 1:
        return f"{_FUNCTIONS[base.op]}{raised}{_bracketed(_sum(base.args[0]))}"
    if _is_simple(base):
        return f"{_atom(base)}{raised}"
    return f"{_bracketed(_sum(base))}{raised}"


def _is_simple(node: Expr) -> bool:
    """Whether a power or a factorial sign needs no brackets."""
    if node.op == "num":
        return isinstance(node.value, int) and node.value >= 0
    return node.op in ("sym", "const", "abs")


def _atom(node: Expr) -> str:
    """A name, a number or a function."""
    op = node.op
    if op == "num":
        return _number(node.number)
    if op == "sym":
        return _symbol(str(node.value))
    if op == "const":
        return _CONSTANTS[str(node.value)]
    if op == "factorial":
        operand = node.args[0]
        return f"{_atom(operand) if _is_simple(operand) else _bracketed(_sum(operand))}!"
    inner = _sum(node.args[0])
    if op == "derivative":
        return rf"\frac{{d}}{{d{_symbol(str(node.args[1].value))}}}{_bracketed(inner)}"
    if op == "integral":
        return _bracketed(rf"\int {inner} \, d{_symbol(str(node.args[1].value))}")
    if op == "where":
        _, symbol, value = node.args
        return rf"\left. {inner} \right|_{{{_symbol(str(symbol.value))} = {_sum(value)}}}"
    if op == "sqrt":
        return rf"\sqrt{{{inner}}}"
    if op == "root":
        return rf"\sqrt[{_sum(node.args[1])}]{{{inner}}}"
    if op == "abs":
        return rf"\left|{inner}\right|"
    if op == "log":
        return rf"\log_{{{_sum(node.args[1])}}}{_bracketed(inner)}"
    return f"{_FUNCTIONS[op]}{_bracketed(inner)}"


def _symbol(name: str) -> str:
    stem, _, index = name.partition("_")
    if not stem:
        return rf"\mathrm{{{_escaped(name)}}}"
    if stem in _GREEK:
        latex = rf"\{_GREEK[stem]}"
    else:
        latex = stem if len(stem) == 1 else rf"\mathrm{{{stem}}}"
    if not index:
        return latex
    if len(index) > 1 and not index.isdigit():
        index = rf"\mathrm{{{_escaped(index)}}}"
    return f"{latex}_{{{index}}}"


def _escaped(name: str) -> str:
    return name.replace("_", r"\_")
