r"""The words of LaTeX that are read, and what each is in plain text; a command that is not here is an error."""

from __future__ import annotations

import re

from reasoning_envs.symbolic.syntax.lexer import FUNCTIONS, SERIES

__all__ = [
    "ALIGNED",
    "ARGUMENT_STARTS",
    "BINOMIALS",
    "CONNECTIVES",
    "ENDS_TERM",
    "FONTS",
    "FRACTIONS",
    "FUNCTION_COMMANDS",
    "MATRICES",
    "NUMBER_SETS",
    "OPERANDS",
    "PLAIN_FUNCTIONS",
    "ROUNDED",
    "SIGNS",
    "TEXTS",
    "WORD_BEFORE_MATHEMATICS",
    "WORKED",
    "tokens",
]

_LETTERS = (
    "alpha α, beta β, gamma γ, delta δ, epsilon ε, varepsilon ε, zeta ζ, eta η, theta θ, vartheta θ, lambda λ, mu μ, "
    "xi ξ, rho ρ, sigma σ, tau τ, phi φ, varphi φ, psi ψ, omega ω, Gamma Γ, Delta Δ, Theta Θ, Lambda Λ, Xi Ξ, Sigma Σ, "
    "Phi Φ, Psi Ψ, Omega Ω, pi π, infty oo, imath i, jmath j, ell l"
)
OPERANDS: dict[str, str] = {"\\" + pair.split()[0]: pair.split()[1] for pair in _LETTERS.split(", ")}
"""Commands that stand for a letter or a constant."""

_OF_SIGNS = {
    "*": r"\cdot \times \ast \*",
    "/": r"\div",
    "<=": r"\le \leq \leqslant \leqq",
    ">=": r"\ge \geq \geqslant \geqq",
    "<": r"\lt",
    ">": r"\gt",
    "!=": r"\ne \neq",
    "∅": r"\emptyset \varnothing",
    "∖": r"\setminus \backslash \smallsetminus",
    "∪": r"\cup",
    "∩": r"\cap",
    "∈": r"\in",
    "∉": r"\notin",
    "≈": r"\approx",
    "±": r"\pm",
    "∓": r"\mp",
    "∨": r"\lor \vee",
    "∧": r"\land \wedge",
    "|": r"\mid \vert \lvert \rvert \|",
    "}": r"\} \rbrace",
    ":": r"\colon",
    "⟨": r"\langle",
    "⟩": r"\rangle",
    "°": r"\degree \textdegree",
    "%": r"\%",
    "$": r"\$",
    "£": r"\pounds",
    "→": r"\to \rightarrow \longrightarrow",
    "≡": r"\equiv",
    "mod": r"\bmod \mod",
    "'": r"\prime",
    "∇": r"\nabla",
    "∂": r"\partial",
    "∘": r"\circ",
    "△": r"\triangle",
    "∠": r"\angle \measuredangle",
}
SIGNS: dict[str, str] = {command: sign for sign, commands in _OF_SIGNS.items() for command in commands.split()}
"""Commands that stand for a sign."""

FRACTIONS = frozenset((r"\frac", r"\dfrac", r"\tfrac", r"\cfrac", r"\nicefrac", r"\sfrac"))
BINOMIALS = frozenset((r"\binom", r"\dbinom", r"\tbinom"))
TEXTS = frozenset(
    (r"\text", r"\textbf", r"\textit", r"\textrm", r"\textnormal", r"\mbox", r"\hbox", r"\texttt", r"\textsf", r"\emph")
)
FONTS = frozenset(
    [
        r"\mathrm",
        r"\mathbf",
        r"\mathit",
        r"\mathsf",
        r"\mathcal",
        r"\boldsymbol",
        r"\bm",
        r"\operatorname",
        r"\operatorname*",
        r"\vec",
        r"\hat",
        r"\overrightarrow",
        r"\mathtt",
        r"\underline",
        r"\mathbin",
        r"\mathop",
    ]
)
MATRICES: dict[str, str] = {
    **dict.fromkeys(("matrix", "pmatrix", "bmatrix", "Bmatrix", "smallmatrix", "array"), "matrix"),
    "vmatrix": "det",
}
"""Environments of rows and columns, and what each is in plain text."""
ALIGNED = frozenset(("aligned", "align", "gathered", "gather", "split", "alignedat", "eqnarray"))
"""Environments of lines of mathematics one below the other."""
ROUNDED: dict[str, tuple[str, str]] = {r"\lfloor": ("floor", r"\rfloor"), r"\lceil": ("ceil", r"\rceil")}
"""Signs that open a rounded number, with the name in plain text and the sign that closes it."""
WORKED: dict[str, str] = {
    **{name: name for name in ("floor", "ceil", "max", "min", "gcd", "lcm", "det", "conj", "cis")},
    "Re": "realpart",
    "Im": "imagpart",
}
"""Words for functions that only answers may hold, which are worked out before the answer is read."""
FUNCTION_COMMANDS: dict[str, str] = {
    **{"\\" + name: name for name, (least, _, _) in FUNCTIONS.items() if name.isalpha() and least == 1},
    r"\lg": "log10",
}
"""Commands for functions of one argument. The same names are known without the backslash."""
PLAIN_FUNCTIONS = frozenset([name for name in FUNCTIONS if "\\" + name not in FUNCTION_COMMANDS]) | SERIES
"""Words for functions that have no command."""
NUMBER_SETS = {"R": "ℝ", "Z": "ℤ", "N": "ℕ", "Q": "ℚ", "C": "ℂ"}
CONNECTIVES = frozenset(("or", "and"))
ARGUMENT_STARTS = FRACTIONS | BINOMIALS | OPERANDS.keys() | {r"\sqrt"}
"""Commands that a function without brackets takes as its argument."""
ENDS_TERM = frozenset(
    [
        r"+",
        r"-",
        r"=",
        r"<",
        r">",
        r",",
        r";",
        r")",
        r"]",
        r"}",
        r"&",
        r"\\",
        r"\right",
        r"\pm",
        r"\mp",
        r"\}",
        r"\le",
        r"\leq",
        r"\ge",
        r"\geq",
        r"\ne",
        r"\neq",
        r"\in",
        r"\cup",
        r"\cap",
        r"\approx",
    ]
)
"""Where the body of a sum ends."""
WORD_BEFORE_MATHEMATICS = re.compile(r"\s*(or|and|if|for|when|where|otherwise|else)\b[\s,:]*(.*)", re.DOTALL)

_MOVES = (
    "quad qquad , ; : ! > displaystyle textstyle scriptstyle limits nolimits big Big bigg Bigg bigl bigr Bigl Bigr "
    "biggl biggr Biggl Biggr hline medspace thinspace enspace hfill rm bf it middle"
)
_SILENT = frozenset(["\\" + name for name in _MOVES.split()]) | {"~", "$", "\\ ", "\\\n", "\\\t"}

_TOKEN = re.compile(
    r"\\(?:text(?:bf|it|rm|normal|tt|sf)?|mbox|hbox|emph|begin|end)\s*\{[^{}]*\}|\\[A-Za-z]+\*?|\\.|"
    r"[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+|\.(?=\\overline))?|\.[0-9]+|[A-Za-z]+|\S",
    re.DOTALL,
)


def tokens(text: str) -> list[str]:
    r"""The tokens of the text but those that only move things about; ``\text{...}`` and ``\begin{...}`` are one."""
    return [token for token in _TOKEN.findall(text) if token not in _SILENT]
