r"""What binds a letter in LaTeX: ``\sum_{k=1}^9``, ``\int_0^1 f dx``, ``\lim_{x \to 0}``, ``\frac{d}{dx}``, ``|_a^b``.

A sum or a product runs between its bounds; an integral has them or not; ``[F]_a^b`` is ``between(F, x, a, b)``, the
value at b less the value at a.
"""

from __future__ import annotations

import re
from abc import abstractmethod

from reasoning_envs.symbolic.syntax.latex_cursor import Cursor
from reasoning_envs.symbolic.syntax.latex_words import CONNECTIVES, ENDS_TERM, FRACTIONS, FUNCTION_COMMANDS

__all__ = ["Binders", "wrapped"]

_ATOM = re.compile(r"[A-Za-z]|[0-9.]+|[α-ωΓ-Ω]|oo")
_DIFFERENTIAL = re.compile(r"\s*[d∂]\s+([A-Za-zα-ωΓ-Ω](?:_[A-Za-z0-9]+)?)\s*(?:\^\s*([2-9])\s*)?")
_OPERATOR = re.compile(r"\s*[d∂]\s*(?:\^\s*([2-9])\s*)?")
_DERIVED = re.compile(r"\s*[d∂]\s*(?:\^\s*([2-9])\s*)?\s+([A-Za-zα-ωΓ-Ω](?:_[A-Za-z0-9]+)?)\s*")
_OPENING = frozenset(("(", "[", "{", "\\left"))
_ENDS_INTEGRAL = frozenset(("}", "\\right", ")", "]", "=", ",", "&"))
_ARROW = re.compile(r"\s*([A-Za-zα-ωΓ-Ω])\s*→\s*(.+?)\s*(?:\^\s*\(?\s*([+-])\s*\)?)?\s*", re.DOTALL)
_LETTER = re.compile(r"(?<![A-Za-z_])[A-Za-zα-ωΓ-Ω](?![A-Za-z(])")
_CONSTANT_LETTERS = frozenset(("e", "i", "C", "c", "d"))
_AT = re.compile(r"\s*([A-Za-zα-ωΓ-Ω])\s*=\s*(.+)", re.DOTALL)


def wrapped(plain: str) -> str:
    """In brackets, unless it is a lone operand."""
    if _ATOM.fullmatch(plain):
        return plain
    if plain[:1] == "(" and plain[-1:] == ")" and "(" not in plain[1:] and "," not in plain:
        return plain
    return f"({plain})"


class Binders(Cursor):
    """Reads what binds a letter."""

    __slots__ = ()

    @abstractmethod
    def element(self, token: str, pieces: list[str]) -> None:
        """One operand, sign or bracket, added to ``pieces``."""

    @abstractmethod
    def letters(self, run: str, pieces: list[str]) -> None:
        """Letters without a command, added to ``pieces``."""

    @abstractmethod
    def function_argument(self, name: str) -> str:
        """What a function is applied to."""

    def quotient(self, over: str, under: str) -> str:
        r"""A fraction; ``\frac{d}{dx}`` takes the operand that follows it."""
        by = _DIFFERENTIAL.fullmatch(under)
        if by is not None and (of := _DERIVED.fullmatch(over)) and of[1] == by[2]:
            return f"{of[2]}_{by[1] * int(by[2] or 1)}"
        operator = _OPERATOR.fullmatch(over)
        if by is not None and operator is not None and operator[1] == by[2]:
            bracketed = self.tokens[self.at] in _OPENING
            body = self.function_argument("the derivative") if bracketed else self.term()
            if bracketed and self.tokens[self.at] == "^":  # of a power, not the power of a derivative
                self.at += 1
                body = f"({body})^{wrapped(self.script())}"
                if self.tokens[self.at] in _OPENING or self.tokens[self.at][:1].isalpha():
                    raise self.error("what is differentiated is not clear: put all of it in brackets")
            for _ in range(int(by[2] or 1)):
                body = f"derivative({body}, {by[1]})"
            return body
        return f"({wrapped(over)}/{wrapped(under)})"

    def scripts(self) -> dict[str, str]:
        """What stands raised (``^``) and lowered (``_``) here; empty texts where nothing does."""
        found = {"^": "", "_": ""}
        while self.tokens[self.at] in found:
            sign = self.tokens[self.at]
            self.at += 1
            following = self.tokens[self.at]
            if following in ("+", "-") or (following == "*" and not found[sign]):
                self.at += 1
                found[sign] = following
            else:
                found[sign] = self.script()
        return found

    def series(self, name: str, pieces: list[str]) -> None:
        """A sum or a product over an index that runs from a number to a number."""
        bounds = self.scripts()
        index, equals, start = bounds["_"].partition("=")
        if not equals or not bounds["^"]:
            raise self.error(f"a {name} needs an index with a first and a last value")
        pieces.append(f"{name}({self.term()}, {index.strip()}, {start.strip()}, {bounds['^']})")

    def limit(self, pieces: list[str]) -> None:
        r"""``\lim_{x \to 0^+}``, of the term that follows."""
        target = _ARROW.fullmatch(self.scripts()["_"])
        if target is None:
            raise self.error("a limit needs a letter and where it goes: \\lim_{x \\to 0}")
        side = f", {target[3]}1" if target[3] else ""
        pieces.append(f"limit({self.term()}, {target[1]}, {target[2]}{side})")

    def term(self) -> str:
        """What follows up to a sign or the end of the surroundings."""
        body: list[str] = []
        self.deeper()
        while (token := self.tokens[self.at]) and token not in ENDS_TERM and not token.startswith("\\end"):
            self.element(token, body)
        self.depth -= 1
        return " ".join(body)

    def differential(self) -> str:
        """``dx``, perhaps with letters before it, where the next tokens are one; else nothing."""
        token, following = self.tokens[self.at : self.at + 2] if self.tokens[self.at] else ("", "")
        run = token + following if token == "d" and len(following) == 1 and following.isalpha() else token
        known = "\\" + run in FUNCTION_COMMANDS or run in CONNECTIVES
        return run if run[:1].isalpha() and len(run) > 1 and run[-2] == "d" and not known else ""

    def integral(self, pieces: list[str]) -> None:
        """An integral up to its ``dx``, with bounds or without."""
        bounds = self.scripts()
        if bool(bounds["_"]) != bool(bounds["^"]):
            raise self.error("an integral has two bounds or none")
        limits = f", {bounds['_']}, {bounds['^']}" if bounds["_"] else ""
        body: list[str] = []
        self.deeper()
        self.integrals += 1
        while (token := self.tokens[self.at]) and token not in _ENDS_INTEGRAL and not token.startswith("\\end"):
            if token in FRACTIONS:
                self.differential_behind()
            run = self.differential()
            if run:
                self.at += 1 if run == token else 2
                if run[:-2]:
                    self.letters(run[:-2], body)
                self.depth -= 1
                self.integrals -= 1
                pieces.append(f"integral({' '.join(body) or '1'}, {run[-1]}{limits})")
                return
            self.element(token, body)
        raise self.error("an integral needs its dx")

    def differential_behind(self) -> None:
        r"""``\frac{dx}{x}`` as ``\frac{1}{x} dx``; the fraction is the next token."""
        if self.tokens[self.at + 1] != "{":
            return
        start = self.at
        self.at += 1
        over = self.raw_group().split()
        ends = self.at
        if self.tokens[self.at] == "{" and over and re.fullmatch("d?[A-Za-z]", over[-1]):
            by = over[-2:] if over[-2:-1] == ["d"] and len(over[-1]) == 1 else over[-1:]
            if "".join(by)[:1] == "d" and len("".join(by)) == 2:
                self.raw_group()
                under = self.tokens[ends : self.at]
                above = over[: -len(by)] or ["1"]
                self.tokens[start : self.at] = [self.tokens[start], "{", *above, "}", *under, "".join(by)]
        self.at = start

    def taken_between(self, inner: str) -> str:
        """``[F]_a^b``, ``F|_a^b`` and ``F|_{x=a}``, of what stands within the brackets or before the bar."""
        bounds = self.scripts()
        if not bounds["^"]:
            place = _AT.fullmatch(bounds["_"])
            if place is None:
                raise self.error("write which letter has which value: |_{x = 1}")
            return f"where({inner}, {place[1]}, {place[2]})"
        if not bounds["_"]:
            raise self.error("a lower bound is missing")
        low, high = ((place[2] if (place := _AT.fullmatch(bounds[side])) else bounds[side]) for side in "_^")
        named = _AT.fullmatch(bounds["_"])
        found = {letter for letter in _LETTER.findall(inner) if letter not in _CONSTANT_LETTERS}
        letter = named[1] if named else "x" if "x" in found else found.pop() if len(found) == 1 else ""
        if not letter:
            raise self.error("it is not clear which letter runs between the bounds")
        return f"between({inner}, {letter}, {low}, {high})"
