r"""LaTeX in running text, turned into the plain notation, with the place that each character came from.

``so $\frac{3}{4}\cdot 8=\boxed{6}$`` becomes ``so $((3)/(4))* 8= 6 $``. A command that is not known becomes a sign
that no arithmetic contains, so that nothing is read across it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["plain_notation"]

_MAX_DEPTH = 40

_SIGNS = {
    "times": "*", "cdot": "*", "ast": "*", "div": "/", "le": "≤", "leq": "≤", "leqslant": "≤", "ge": "≥", "geq": "≥",
    "geqslant": "≥", "ne": "≠", "neq": "≠", "lt": "<", "gt": ">", "approx": "≈", "simeq": "≈", "cong": "≈", "pi": "π",
    "left": "", "right": "", "bigl": "", "bigr": "", "Bigl": "", "Bigr": "", "big": "", "Big": "", "displaystyle": "",
    "quad": "  ", "qquad": "  ", ",": " ", ";": " ", ":": " ", "!": "", " ": " ", "%": "%", "$": "$", "{": "{",
    "}": "}",
    "lbrace": "{", "rbrace": "}", "alpha": "α", "beta": "β", "gamma": "γ", "theta": "θ", "lambda": "λ", "mu": "μ",
    "(": " ", ")": " ", "[": " ", "]": " ", "ln": " ln",
    "ldots": "...", "dots": "...", "cdots": "...", "dollar": "$", "euro": "€", "pounds": "£",
}  # fmt: skip
_SHOWN = frozenset(("text", "mathrm", "textbf", "mathbf", "textit", "mbox", "boxed", "fbox", "operatorname", "hbox"))
_COMMAND = re.compile(r"\\([A-Za-z]+|.)", re.DOTALL)
_GOES_ON = re.compile(r"\s*&*\s*(?:[=<>]|\\(?:approx|le|ge|leq|geq)\b)")
_UNKNOWN = "\\"


def plain_notation(text: str) -> tuple[str, Sequence[int]]:
    """The text in the plain notation, and of each of its characters the offset that it had; one more for the end."""
    if "\\" not in text:
        return text, range(len(text) + 1)
    writer = _Writer(text)
    writer.write(0, len(text), 0)
    return "".join(writer.written), [*writer.offsets, len(text)]


class _Writer:
    """What has been translated so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.written: list[str] = []
        self.offsets: list[int] = []
        self.closed_by = _matching_braces(text)

    def put(self, piece: str, at: int) -> None:
        self.written.append(piece)
        self.offsets.extend([at] * len(piece))

    def write(self, at: int, end: int, depth: int) -> None:
        text = self.text
        while at < end:
            char = text[at]
            if char == "\\":
                at = self.command(at, end, depth)
            elif char == "&" or char == "~":
                self.put(" ", at)
                at += 1
            elif char == "{" and text[at : at + 3] == "{,}":
                self.put(",", at)
                at += 3
            elif char == "{" and at in self.closed_by and depth < _MAX_DEPTH:
                close = self.closed_by[at]
                self.put("(", at)
                self.write(at + 1, close, depth + 1)
                self.put(")", close)
                at = close + 1
            else:
                self.put(char, at)
                at += 1

    def command(self, at: int, end: int, depth: int) -> int:
        """Translate the command at ``at``; gives the place after it."""
        match = _COMMAND.match(self.text, at)
        if match is None:
            self.put(_UNKNOWN, at)
            return at + 1
        name, after = match[1], match.end()
        if name in ("frac", "dfrac", "tfrac", "cfrac"):
            first = self.argument(after, end)
            second = self.argument(first[1] + first[2], end) if first is not None else None
            if first is not None and second is not None and depth < _MAX_DEPTH:
                if self.text[at - 1 : at].isdigit() and self._literal(first) and self._literal(second):
                    # a mixed number, such as 1\frac{3}{4}
                    self.put(" ", at)
                    self.write(first[0], first[1], depth + 1)
                    self.put("/", first[1])
                    self.write(second[0], second[1], depth + 1)
                    return second[1] + second[2]
                self.put("((", at)
                self.write(first[0], first[1], depth + 1)
                self.put(")/(", first[1])
                self.write(second[0], second[1], depth + 1)
                self.put("))", second[1])
                return second[1] + second[2]
        elif name == "sqrt":
            root = self.argument(after, end) if self.text[after : after + 1] != "[" else None
            if root is not None and depth < _MAX_DEPTH:
                self.put("sqrt(", at)
                self.write(root[0], root[1], depth + 1)
                self.put(")", root[1])
                return root[1] + root[2]
        elif name in _SHOWN:
            shown = self.argument(after, end)
            if shown is not None and depth < _MAX_DEPTH:
                self.put(" ", at)
                self.write(shown[0], shown[1], depth + 1)
                self.put(" ", shown[1])
                return shown[1] + shown[2]
        elif name == "," and self.text[at - 1 : at].isdigit() and self.text[after : after + 1].isdigit():
            self.put("\N{THIN SPACE}", at)
            return after
        elif name in ("begin", "end"):
            environment = self.argument(after, end)
            if environment is not None:
                self.put(";", at)
                return environment[1] + environment[2]
        elif name == "\\":
            # A new line of a display may go on with the sign of the relation.
            self.put(" " if _GOES_ON.match(self.text, after) else ";", at)
            return after
        elif name in _SIGNS:
            self.put(_SIGNS[name], at)
            return after
        self.put(_UNKNOWN, at)
        return after

    def _literal(self, argument: tuple[int, int, int]) -> bool:
        return self.text[argument[0] : argument[1]].isdigit()

    def argument(self, at: int, end: int) -> tuple[int, int, int] | None:
        """Where the argument that begins at ``at`` starts and stops, and how long its closing sign is."""
        while at < end and self.text[at] == " ":
            at += 1
        if at >= end:
            return None
        if self.text[at] == "{":
            close = self.closed_by.get(at)
            return None if close is None or close >= end else (at + 1, close, 1)
        return (at, at + 1, 0) if self.text[at].isalnum() else None


def _matching_braces(text: str) -> dict[int, int]:
    """Of each brace that opens and is closed, where it is closed; those after a backslash are signs."""
    closed_by: dict[int, int] = {}
    waiting: list[int] = []
    for match in re.finditer(r"\\.|[{}]", text, re.DOTALL):
        if match[0] == "{":
            waiting.append(match.start())
        elif match[0] == "}" and waiting:
            closed_by[waiting.pop()] = match.start()
    return closed_by
