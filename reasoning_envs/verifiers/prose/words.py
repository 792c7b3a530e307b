"""Words and signs that matter to whoever looks for arithmetic in running text."""

from __future__ import annotations

import re

from reasoning_envs.symbolic.syntax.notation import VULGAR_FRACTIONS

__all__ = [
    "ABOUT",
    "APPROXIMATE",
    "CONNECTIVES",
    "FUNCTION_WORDS",
    "LABELS",
    "MAGNITUDES",
    "OPERATORS",
    "OPERATOR_WORDS",
    "PARTICIPLES",
    "PARTS",
    "POSTFIX_WORDS",
    "RELATIONS",
    "REMAINDERS",
    "TOKEN",
]


def _words(table: str) -> frozenset[str]:
    return frozenset(table.split())


RELATIONS = {
    "=": "=", "==": "=", "≈": "≈", "≃": "≈", "≅": "≈", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "≤": "<=", "≥": ">=",
    "⩽": "<=", "⩾": ">=", "≠": "!=", "!=": "!=",
}  # fmt: skip
"""Signs of a relation, and the plain one for each."""

OPERATORS = {
    "+": "+", "-": "-", "−": "-", "–": "-", "‐": "-", "‑": "-", "‒": "-", "*": "*", "×": "*", "·": "*", "⋅": "*",
    "∙": "*", "∗": "*", "•": "*", "/": "/", "÷": "/", "∕": "/", "\N{FRACTION SLASH}": "/", "^": "^", "**": "^",
}  # fmt: skip

OPERATOR_WORDS = {"plus": "+", "minus": "-", "times": "*", "x": "*", "X": "*"}
"""Operators where an operand follows; else words like others (``5 times a week``)."""

PARTICIPLES = {"divided": "/", "multiplied": "*"}
"""Operators with the word "by" after them."""

POSTFIX_WORDS = {"squared": "^2", "cubed": "^3", "percent": "%"}

MAGNITUDES = {"dozen": 12, "hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}

REMAINDERS = frozenset(("remainder", "rem", "r"))
"""After a quotient: it is a whole number, and something is left."""

APPROXIMATE = frozenset(("about", "approximately", "roughly", "around", "nearly", "almost", "~"))
"""After a sign of equality or after "is": what follows is a rounding."""

ABOUT = frozenset(("rounded", "rounding", "rounds", "approximately"))
"""Shortly after a statement: it was a rounding."""

FUNCTION_WORDS = frozenset(("sqrt", "abs", "ln", "log", "exp", "sin", "cos", "tan", "factorial", "cbrt"))

CONNECTIVES = _words(
    """
    again also although and answer are as because before but can do does equal equals gives had has have he hence how
    if is it its leaves leaving let makes making means meaning now or she since so such that then there therefore
    these they this those though thus totaling totalling was we were what when where which while who will with would
    you
    """
)
"""Words that end what is measured: "5 apples and ...", never the name of a unit."""

LABELS = _words(
    """
    step day week month year hour part case problem question example equation option room grade chapter page line row
    column item level number no group team round stage phase night class section exercise table figure version player
    train bus route lot method way answer note
    """
)
"""A whole number after one of these is a name: ``Step 2 - 3 * 4 = 12``."""

PARTS = _words(
    """
    half halves third thirds quarter quarters fourth fourths fifth fifths sixth sixths seventh eighth eighths ninth
    tenth tenths percent twice thrice double triple quadruple negative square cube root factorial log sin cos tan
    remainder mod
    """
)
"""Words that change the value of what follows ("half of 30", "twice 5"), and so make it unreadable."""

_OPERATOR_SIGNS = "".join(re.escape(sign) for sign in OPERATORS if len(sign) == 1)
_RELATION_SIGNS = "".join(sign for sign in RELATIONS if len(sign) == 1)
_RAISED = "⁰¹²³⁴-⁹"
_LETTER = rf"[^\W\d_{_RAISED}{''.join(VULGAR_FRACTIONS)}]"
_WORD = rf"{_LETTER}{_LETTER}+(?:['’‘-]{_LETTER}{{2,}})*(?:['’]{_LETTER}\b)?(?:_\w+)?|{_LETTER}(?:_\w+|\d+)?"

TOKEN = re.compile(
    rf"""
      (?P<odd> \d+(?::\d+)+ | \d+(?:st|nd|rd|th)\b | => | -> | := | \.{{2,}} | …)
    | (?P<num> \d{{1,3}}(?:[,\u2009\u202f\u00a0]\d{{3}})+(?![\d,]\d)(?:\.\d+)? | \d+(?:\.\d+)?(?:[eE]\d+\b)? | \.\d+)
    | (?P<word> {_WORD})
    | (?P<rel> <=|>=|!=|==|[{_RELATION_SIGNS}])
    | (?P<op> \*\*|[{_OPERATOR_SIGNS}])
    | (?P<open> [(\[{{])
    | (?P<close> [)\]}}])
    | (?P<money> [$€£¥₹¢])
    | (?P<post> %|!|[{_RAISED}]+|[{"".join(VULGAR_FRACTIONS)}])
    | (?P<root> [√∛∜])
    | (?P<odd2> \S)
    """,
    re.VERBOSE,
)
"""One token; the kind is the name of the group, ``odd`` and ``odd2`` are what no arithmetic contains."""
