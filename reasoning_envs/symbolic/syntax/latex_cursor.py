"""A place in the tokens of a LaTeX text, and what stands in brackets and braces there."""

from __future__ import annotations

from abc import abstractmethod

from reasoning_envs.symbolic.syntax.latex_words import tokens
from reasoning_envs.symbolic.syntax.notation import ParseError, quote

__all__ = ["NOTHING", "Cursor"]

NOTHING: frozenset[str] = frozenset()
"""No token at which a sequence stops."""
_CLOSING = frozenset((")", "]"))
_MAX_DEPTH = 60


class Cursor:
    """Stands before the token at ``at``; each method leaves it behind what it has read. It raises ParseError alone."""

    __slots__ = ("at", "depth", "integrals", "tokens")

    def __init__(self, text: str, depth: int) -> None:
        self.tokens = tokens(text)
        self.tokens.append("")
        self.at = 0
        self.depth = depth
        self.integrals = 0  # that are open: their dx ends every argument without brackets

    def error(self, reason: str) -> ParseError:
        """What is wrong here."""
        return ParseError(f"LaTeX, part {self.at + 1}: {reason}", self.at)

    def deeper(self) -> None:
        """One level more."""
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise self.error(f"nested more than {_MAX_DEPTH} deep")

    @abstractmethod
    def sequence(self, stops: frozenset[str]) -> str:
        r"""Everything up to one of ``stops``, which is left unread; a closing brace and ``\end`` always stop."""

    @abstractmethod
    def command(self, token: str, pieces: list[str]) -> None:
        """A command with its arguments, added to ``pieces``; its name has been read."""

    def bracket(self, opening: str) -> str:
        """From a bracket to its partner; half-open intervals pair ``(`` with ``]``."""
        self.at += 1
        inner = self.sequence(_CLOSING)
        closing = self.tokens[self.at]
        if closing not in _CLOSING:
            raise self.error(f"a {quote(opening)} is never closed")
        self.at += 1
        return f"{opening}{inner}{closing}"

    def group(self) -> str:
        """What stands in braces."""
        self.at += 1
        inner = self.sequence(NOTHING)
        if self.tokens[self.at] != "}":
            raise self.error("a '{' is never closed")
        self.at += 1
        return inner

    def raw_group(self) -> str:
        """The tokens in braces as they stand."""
        if self.tokens[self.at] != "{":
            raise self.error("a '{' is expected")
        start = self.at + 1
        depth = 0
        for place in range(self.at, len(self.tokens)):
            depth += (self.tokens[place] == "{") - (self.tokens[place] == "}")
            if depth == 0:
                self.at = place + 1
                return " ".join(self.tokens[start:place])
        raise self.error("a '{' is never closed")

    def argument(self) -> str:
        """A group, a command with its arguments, or a single character."""
        token = self.tokens[self.at]
        if token == "{":
            return self.group()
        if token[:1].isalnum():
            if len(token) > 1:
                self.tokens[self.at] = token[1:]
            else:
                self.at += 1
            return token[0]
        if token[:1] != "\\" or token == "\\":
            raise self.error("an argument is expected")
        pieces: list[str] = []
        self.at += 1
        self.deeper()
        self.command(token, pieces)
        self.depth -= 1
        return " ".join(pieces)

    def script(self) -> str:
        """What stands raised or lowered. ``x^10`` is not ``x^1 0``, whatever TeX makes of it."""
        token = self.tokens[self.at]
        if "0" <= token[:1] <= "9":
            self.at += 1
            return token
        return self.argument().strip()
