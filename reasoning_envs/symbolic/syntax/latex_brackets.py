r"""What encloses in LaTeX: ``\left( \right)``, ``\{ \}``, ``\lfloor \rfloor``, and ``\begin ... \end``.

A matrix is ``matrix(a, b; c, d)`` in plain text, a function by cases ``cases(x, x > 0; -x, x <= 0)``; equations one
below the other are joined by *and*.
"""

from __future__ import annotations

import re

from reasoning_envs.symbolic.syntax.latex_binders import Binders
from reasoning_envs.symbolic.syntax.latex_words import ALIGNED, MATRICES, ROUNDED
from reasoning_envs.symbolic.syntax.notation import quote

__all__ = ["Brackets"]

_CLOSING = frozenset((")", "]"))
_RIGHT = frozenset((r"\right",))
_RIGHT_OR_CLOSING = _RIGHT | _CLOSING
_ENDS_SET = frozenset((r"\}", r"\rbrace", r"\right"))
_ENDS_CELL = frozenset(("&", r"\\", r"\cr"))
_RELATION = re.compile(r"[=<>≡]")
_DOUBLE_BARS = frozenset((r"\|", r"\Vert", r"\lVert"))
_BARS = frozenset(("|", r"\vert", r"\lvert", r"\rvert"))


class Brackets(Binders):
    """Reads what encloses."""

    __slots__ = ()

    def set_brackets(self) -> str:
        """From behind the opening brace to its partner; lines behind a lone brace have none."""
        inner = self.sequence(_ENDS_SET)
        if self.tokens[self.at] == "\\right":
            self.at += 1
            if self.tokens[self.at] == ".":  # a brace before several lines
                self.at += 1
                return inner
        if self.tokens[self.at] not in ("\\}", "\\rbrace"):
            raise self.error("a '\\{' is never closed")
        self.at += 1
        return f"{{{inner}}}"

    def delimited(self) -> str:
        r"""From ``\left`` to ``\right``."""
        opening = self.tokens[self.at]
        if opening == "":
            raise self.error("\\left has no bracket")
        self.at += 1
        if opening == "\\{" or opening == "\\lbrace":
            return self.set_brackets()
        if opening in ROUNDED:
            return self.rounded(opening)
        inner = self.sequence(_RIGHT_OR_CLOSING if opening in ("(", "[") else _RIGHT)
        if self.tokens[self.at] == "\\right":
            self.at += 1
        closing = self.tokens[self.at]
        if closing == "":
            raise self.error(f"\\left{opening[:8]} is never closed")
        self.at += 1
        if self.tokens[self.at] == "_" and (opening + closing == "[]" or (opening == "." and closing in _BARS)):
            return self.taken_between(inner)
        if opening in _BARS:
            return f"abs({inner})"
        if opening in _DOUBLE_BARS:
            return f"norm({inner})"
        if opening == ".":
            return inner
        if opening in ("\\langle", "<"):
            return f"⟨{inner}⟩"
        if opening in ("(", "[") and closing in _CLOSING:
            return f"{opening}{inner}{closing}"
        raise self.error(f"\\left{opening[:8]} is not closed")

    def rounded(self, opening: str) -> str:
        r"""``\lfloor x \rfloor`` or ``\lceil x \rceil``, with ``\left`` or without."""
        name, closing = ROUNDED[opening]
        inner = self.sequence(frozenset((closing, "\\right")))
        if self.tokens[self.at] == "\\right":
            self.at += 1
        if self.tokens[self.at] != closing:
            raise self.error(f"{quote(opening)} is never closed")
        self.at += 1
        return f"{name}({inner})"

    def environment(self, name: str) -> str:
        r"""Rows and cells, from behind their ``\begin{...}``."""
        if name == "array" and self.tokens[self.at] == "{":
            self.raw_group()
        if name not in MATRICES and name not in ALIGNED and name != "cases":
            raise self.error(f"the environment {quote(name)} is not read")
        rows: list[list[str]] = [[]]
        while True:
            rows[-1].append(self.sequence(_ENDS_CELL).rstrip(" ,."))
            token = self.tokens[self.at]
            if token.startswith("\\end"):
                break
            if token not in _ENDS_CELL:
                raise self.error(f"the environment {quote(name)} is never closed")
            self.at += 1
            if token != "&":
                rows.append([])
        if token.partition("{")[2].rstrip("} ").strip().rstrip("*") != name:
            raise self.error(f"{quote(token)} does not end the environment {quote(name)}")
        self.at += 1
        rows = [row for row in rows if row != [""]]
        if name in ALIGNED or (name in ("cases", "array") and all(_is_statement(row) for row in rows)):
            lines = [" ".join(row).strip() for row in rows]
            return (" " if any(line[:1] == "=" for line in lines) else " and ").join(lines)
        written = "; ".join([", ".join(row) for row in rows])
        return f"{MATRICES.get(name, name)}({written})"


def _is_statement(row: list[str]) -> bool:
    """An equation or an inequality, be it parted at its sign: ``x + y &= 3``."""
    first, *others = row
    return bool(_RELATION.search(first)) or bool(others and _RELATION.match(others[0]))
