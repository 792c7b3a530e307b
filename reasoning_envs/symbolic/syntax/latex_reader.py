r"""From LaTeX to plain text: ``\frac{x}{2}`` is ``(x/2)``, ``\sqrt[3]{2}`` is ``root(2, 3)``.

Nothing is expanded or executed: a command that is not in the tables of
:mod:`~reasoning_envs.symbolic.syntax.latex_words` is an error that names it. Letters are single symbols (``xyz`` is
``x y z``), a number before a proper fraction is a mixed number, and a function without brackets takes the factors
that follow it: ``\sin 2x`` is ``sin(2 x)``. Beside the notation of :mod:`reasoning_envs.symbolic.syntax.parser` the
text may hold what only answers have: ``matrix(a, b; c, d)``, ``cases(x, x > 0; -x, x <= 0)``, sets and intervals with
``∪ ∩ ∖``, and words in double quotes (``\text{...}``).
"""

from __future__ import annotations

import re
from fractions import Fraction
from math import gcd

from reasoning_envs.symbolic.syntax.latex_words import (
    ARGUMENT_STARTS,
    BINOMIALS,
    CONNECTIVES,
    ENDS_TERM,
    FONTS,
    FRACTIONS,
    FUNCTION_COMMANDS,
    MATRICES,
    NUMBER_SETS,
    OPERANDS,
    PLAIN_FUNCTIONS,
    SIGNS,
    TEXTS,
    WORD_BEFORE_MATHEMATICS,
    tokens,
)
from reasoning_envs.symbolic.syntax.lexer import FUNCTIONS
from reasoning_envs.symbolic.syntax.notation import ParseError, quote

__all__ = ["MAX_LATEX", "from_latex", "is_latex"]

MAX_LATEX = 4000
"""Characters of LaTeX at most."""
_MAX_DEPTH = 60

_DIGITS = re.compile("[0-9]+")
_ATOM = re.compile(r"[A-Za-z]|[0-9.]+|[α-ωΓ-Ω]|oo")
_INDEXED = re.compile(r"[A-Za-z]|[α-ωΓ-Ω]|[0-9A-Z]+|\"[0-9A-Z]+\"")
_DIFFERENTIAL = re.compile(r"\s*d\s+([A-Za-zα-ωΓ-Ω](?:_[A-Za-z0-9]+)?)\s*")
_OPENING = frozenset(("(", "[", "{", "\\left"))
_ENDS_INTEGRAL = frozenset(("}", "\\right", ")", "]", "=", ",", "&"))
_THOUSANDS = re.compile(r"(?<=[0-9])(?:\s*\{,\s*\}\s*|,\s*\\!\s*|\\[,;: !]\s*|\{\\,\}|~)(?=[0-9]{3}(?![0-9]))")
_CLOSING = frozenset((")", "]"))
_NOTHING: frozenset[str] = frozenset()
_DOLLAR = re.compile(r"(?<!\\)\$\$?")
_BAR = frozenset(("|",))
_RIGHT = frozenset((r"\right",))
_RIGHT_OR_CLOSING = _RIGHT | _CLOSING
_ENDS_SET = frozenset((r"\}", r"\rbrace", r"\right"))
_ENDS_CELL = frozenset(("&", r"\\", r"\cr"))


def is_latex(text: str) -> bool:
    r"""Whether the text holds a command of LaTeX, or mathematics between dollar signs."""
    return "\\" in text or text.count("$") > 1 or "^{" in text or "_{" in text or "{,}" in text


def from_latex(text: str) -> str:
    r"""The text in plain notation.

    Raises:
        ParseError: an unknown command, a group that is never closed, or more than :data:`MAX_LATEX` characters.
    """
    if len(text) > MAX_LATEX:
        raise ParseError(f"the LaTeX has {len(text)} characters; at most {MAX_LATEX} are read", MAX_LATEX)
    if "," in text or "\\" in text or "~" in text:
        text = _THOUSANDS.sub("", text)
    if "$" in text:
        text = _words_between_mathematics(text)
    reader = _Reader(text, 0)
    plain = reader.sequence(_NOTHING)
    if reader.tokens[reader.at]:
        raise reader.error(f"{quote(reader.tokens[reader.at])} closes nothing")
    return plain


class _Reader:
    """Reads the token at ``at``; each method leaves it behind what it has read. It raises ParseError alone."""

    __slots__ = ("at", "depth", "integrals", "tokens")

    def __init__(self, text: str, depth: int) -> None:
        self.tokens = tokens(text)
        self.tokens.append("")
        self.at = 0
        self.depth = depth
        self.integrals = 0  # that are open: their dx ends every argument without brackets

    def error(self, reason: str) -> ParseError:
        return ParseError(f"LaTeX, part {self.at + 1}: {reason}", self.at)

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise self.error(f"nested more than {_MAX_DEPTH} deep")

    def sequence(self, stops: frozenset[str]) -> str:
        r"""Everything up to one of ``stops``, which is left unread; a closing brace and ``\end`` always stop."""
        self.deeper()
        pieces: list[str] = []
        while True:
            token = self.tokens[self.at]
            if token == "" or token == "}" or token in stops or token.startswith("\\end"):
                self.depth -= 1
                return " ".join(pieces)
            if token == "\\choose" or token == "\\over":
                self.at += 1
                above, below = " ".join(pieces), self.sequence(stops)
                self.depth -= 1
                return f"binom({above}, {below})" if token == "\\choose" else f"({_wrapped(above)}/{_wrapped(below)})"
            self.element(token, pieces)

    def element(self, token: str, pieces: list[str]) -> None:
        """One operand, sign or bracket, added to ``pieces``."""
        first = token[0]
        if first == "\\":
            self.at += 1
            self.command(token, pieces)
        elif "0" <= first <= "9" or (first == "." and len(token) > 1):
            self.at += 1
            pieces.append(self.number(token))
        elif "a" <= first <= "z" or "A" <= first <= "Z":
            self.at += 1
            self.letters(token, pieces)
        elif first == "^":
            self.at += 1
            self.raised(pieces)
        elif first == "{":
            pieces.append(_wrapped(self.group()))
        elif first == "_":
            self.at += 1
            self.lowered(pieces)
        elif first == "(" or first == "[":
            pieces.append(self.bracket(first))
        elif first in ")]":
            raise self.error(f"{quote(first)} closes nothing")
        elif first in '"&#':
            raise self.error(f"{quote(first)} has no meaning here")
        else:
            self.at += 1
            self.sign(first, pieces)

    def sign(self, sign: str, pieces: list[str]) -> None:
        if pieces and sign in "°%":
            pieces[-1] += sign
        else:
            pieces.append(sign)

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
        inner = self.sequence(_NOTHING)
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

    # What a token becomes

    def number(self, token: str) -> str:
        """A literal; with the period that a line over its last digits marks; with the fraction of a mixed number."""
        following = self.tokens[self.at]
        if "." in token and following == "\\overline":
            self.at += 1
            period = self.raw_group().strip()
            if not _DIGITS.fullmatch(period) or len(period) > 40:
                raise self.error("a line over digits marks their repetition")
            places = len(token) - token.index(".") - 1
            value = Fraction(token) + Fraction(int(period), 10**places * (10 ** len(period) - 1))
            return f"({value})"
        if following in FRACTIONS and _DIGITS.fullmatch(token):
            self.at += 1
            over, under = self.argument(), self.argument()
            if _DIGITS.fullmatch(over) and _DIGITS.fullmatch(under) and max(len(token), len(over), len(under)) <= 200:
                top, bottom = int(over), int(under)
                if 0 < top < bottom:
                    improper = gcd(top, bottom) == 1
                    return f"({int(token) * bottom + top}/{under})" if improper else f"({token} + {over}/{under})"
            return f"{token} {self.quotient(over, under)}"
        return token

    def quotient(self, over: str, under: str) -> str:
        r"""A fraction; ``\frac{d}{dx}`` takes the operand that follows it."""
        by = _DIFFERENTIAL.fullmatch(under)
        if over.strip() == "d" and by is not None:
            bracketed = self.tokens[self.at] in _OPENING
            body = self.function_argument("the derivative") if bracketed else self.term()
            return f"derivative({body}, {by[1]})"
        return f"({_wrapped(over)}/{_wrapped(under)})"

    def letters(self, run: str, pieces: list[str]) -> None:
        if len(run) == 1 or run in CONNECTIVES:
            pieces.append(run)
        elif "\\" + run in FUNCTION_COMMANDS:
            self.function(run, pieces)
        elif run in ("pi", "oo", "infinity") or (run in PLAIN_FUNCTIONS and self.tokens[self.at] == "("):
            pieces.append(run)
        else:
            pieces.extend(run)

    def raised(self, pieces: list[str]) -> None:
        if self.tokens[self.at] == "\\circ":
            self.at += 1
            raised = "°"
        elif self.tokens[self.at : self.at + 3] == ["{", "\\circ", "}"]:
            self.at += 3
            raised = "°"
        else:
            raised = self.script()
        if raised == "°":
            self.sign("°", pieces)
        elif raised:
            pieces.append("^" + _wrapped(raised))
        else:
            raise self.error("an exponent is empty")

    def lowered(self, pieces: list[str]) -> None:
        index = self.raw_group() if self.tokens[self.at] == "{" else self.script()
        index = re.sub(r"\\(?:text|mathrm|rm|mathit)\b|[{}\s]", "", index)
        if not pieces or not re.fullmatch(r"[A-Za-z0-9]+", index):
            raise self.error("an index must be letters or digits after an operand")
        if not _INDEXED.fullmatch(pieces[-1]):
            raise self.error("an index must follow a letter or a numeral")
        while len(pieces) > 1 and _DIGITS.fullmatch(index) and re.fullmatch(r"[A-Z]|[0-9]+", pieces[-2]):
            pieces[-2:] = [pieces[-2] + pieces[-1]]  # the digits of a numeral: 1A3_{16}
        pieces.append(pieces.pop().strip('"') + f"_{index}")

    def command(self, token: str, pieces: list[str]) -> None:
        """A command; its name has been read."""
        if token in FRACTIONS:
            over = self.argument()
            pieces.append(self.quotient(over, self.argument()))
        elif token in OPERANDS:
            pieces.append(OPERANDS[token])
        elif token == "\\sqrt":
            pieces.append(self.root())
        elif token in SIGNS:
            self.sign(SIGNS[token], pieces)
        elif token == "\\{" or token == "\\lbrace":
            pieces.append(self.set_brackets())
        elif token == "\\left":
            pieces.append(self.delimited())
        elif token in FUNCTION_COMMANDS:
            self.function(FUNCTION_COMMANDS[token], pieces)
        elif token[-1] == "}":
            name, _, content = token[:-1].partition("{")
            if name.strip() == "\\begin":
                pieces.append(self.environment(content.strip().rstrip("*")))
            else:
                self.words(content, pieces)
        elif token in TEXTS:
            self.words(self.raw_group(), pieces)
        elif token in FONTS:
            self.font(pieces)
        elif token == "\\mathbb":
            letter = self.argument().strip()
            if letter not in NUMBER_SETS:
                raise self.error(f"\\mathbb{{{letter[:10]}}} is not read")
            pieces.append(NUMBER_SETS[letter])
        elif token in BINOMIALS:
            pieces.append(f"binom({self.argument()}, {self.argument()})")
        elif token == "\\sum" or token == "\\prod":
            self.series("sum" if token == "\\sum" else "product", pieces)
        elif token == "\\int":
            self.integral(pieces)
        elif token == "\\boxed" or token == "\\fbox":
            pieces.append(_wrapped(self.argument()))
        elif token == "\\not" and self.tokens[self.at] == "=":
            self.at += 1
            pieces.append("!=")
        else:
            raise self.error(f"{quote(token)} is not read")

    def set_brackets(self) -> str:
        inner = self.sequence(_ENDS_SET)
        if self.tokens[self.at] == "\\right":
            self.at += 1
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
        inner = self.sequence(_RIGHT_OR_CLOSING if opening in ("(", "[") else _RIGHT)
        if self.tokens[self.at] == "\\right":
            self.at += 1
        closing = self.tokens[self.at]
        if closing == "":
            raise self.error(f"\\left{opening[:8]} is never closed")
        self.at += 1
        if opening in ("|", "\\vert", "\\lvert"):
            return f"abs({inner})"
        if opening == ".":
            return inner
        if opening in ("\\langle", "<"):
            return f"⟨{inner}⟩"
        if opening in ("(", "[") and closing in _CLOSING:
            return f"{opening}{inner}{closing}"
        raise self.error(f"\\left{opening[:8]} is not closed")

    def root(self) -> str:
        if self.tokens[self.at] != "[":
            return f"sqrt({self.argument()})"
        degree = self.bracket("[")
        if degree[-1] != "]":
            raise self.error("a '[' is never closed")
        return f"root({self.argument()}, {degree[1:-1]})"

    def font(self, pieces: list[str]) -> None:
        content = (self.raw_group() if self.tokens[self.at] == "{" else self.argument()).strip()
        if "\\" + content in FUNCTION_COMMANDS:
            self.function(FUNCTION_COMMANDS["\\" + content], pieces)
        elif len(content) == 1 and content.isalnum():
            pieces.append(content)
        elif content.startswith("\\"):
            pieces.append(_wrapped(self.inside(content)))
        else:
            self.words(content, pieces)

    def inside(self, text: str) -> str:
        """LaTeX within words, in plain text."""
        inner = _Reader(text, self.depth)
        plain = inner.sequence(_NOTHING)
        if inner.tokens[inner.at]:
            raise self.error(f"{quote(inner.tokens[inner.at])} closes nothing")
        return plain

    def words(self, content: str, pieces: list[str]) -> None:
        """What stands in a text: a connective and mathematics, or words, which go into quotes."""
        content = content.replace("$", " ").replace("\\ ", " ").replace("~", " ").replace('"', " ")
        match = WORD_BEFORE_MATHEMATICS.fullmatch(content)
        if match:
            pieces.append(match[1] if match[1] in CONNECTIVES else f'"{match[1]}"')
            if match[2].strip():
                pieces.append(self.inside(match[2]))
            return
        plain = " ".join(re.sub(r"\\[A-Za-z]+|[\\{}]", " ", content).split())
        if plain:
            pieces.append(f'"{plain}"')

    def function(self, name: str, pieces: list[str]) -> None:
        """A function and its argument: in brackets, in braces, or the factors that follow."""
        power = base = ""
        while (sign := self.tokens[self.at]) == "^" or sign == "_":
            self.at += 1
            script = self.script()
            power, base = (script, base) if sign == "^" else (power, script)
        if power.replace(" ", "") == "-1" and "a" + name in FUNCTIONS:
            name, power = "a" + name, ""
        argument = self.function_argument(name)
        if base and name != "log":
            raise self.error(f"{name} has no base")
        applied = f"log({argument}, {base})" if base else f"{name}({argument})"
        pieces.append(f"{applied}^{_wrapped(power)}" if power else applied)

    def function_argument(self, name: str) -> str:
        token = self.tokens[self.at]
        if token == "{":
            return self.group()
        if token == "(" or token == "[":
            return self.bracket(token)[1:-1]
        if token == "\\left":
            self.at += 1
            inner = self.delimited()
            return inner[1:-1] if inner[:1] in "([" else inner
        if token == "|":
            self.at += 1
            inner = self.sequence(_BAR)
            if self.tokens[self.at] != "|":
                raise self.error("a '|' is never closed")
            self.at += 1
            return f"abs({inner})"
        pieces: list[str] = []
        while token and (
            token[0].isdigit()
            or (token[0].isalpha() and token not in CONNECTIVES and "\\" + token not in FUNCTION_COMMANDS)
            or token[0] in "°^_!"
            or token in ARGUMENT_STARTS
        ):
            if self.integrals and pieces and self.differential():
                break
            self.element(token, pieces)
            token = self.tokens[self.at]
        if not pieces:
            raise self.error(f"put the argument of {name} in brackets")
        return " ".join(pieces)

    def series(self, name: str, pieces: list[str]) -> None:
        """A sum or a product over an index that runs from a number to a number."""
        bounds = {"^": "", "_": ""}
        while self.tokens[self.at] in bounds:
            sign = self.tokens[self.at]
            self.at += 1
            bounds[sign] = self.script()
        index, equals, start = bounds["_"].partition("=")
        if not equals or not bounds["^"]:
            raise self.error(f"a {name} needs an index with a first and a last value")
        pieces.append(f"{name}({self.term()}, {index.strip()}, {start.strip()}, {bounds['^']})")

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
        """An integral without bounds, up to its ``dx``."""
        if self.tokens[self.at] in ("^", "_"):
            raise self.error("integrals with bounds are not read")
        body: list[str] = []
        self.deeper()
        self.integrals += 1
        while (token := self.tokens[self.at]) and token not in _ENDS_INTEGRAL and not token.startswith("\\end"):
            run = self.differential()
            if run:
                self.at += 1 if run == token else 2
                if run[:-2]:
                    self.letters(run[:-2], body)
                self.depth -= 1
                self.integrals -= 1
                pieces.append(f"integral({' '.join(body) or '1'}, {run[-1]})")
                return
            self.element(token, body)
        raise self.error("an integral needs its dx")

    def environment(self, name: str) -> str:
        if name == "array" and self.tokens[self.at] == "{":
            self.raw_group()
        if name not in MATRICES and name != "cases":
            raise self.error(f"the environment {quote(name)} is not read")
        rows: list[list[str]] = [[]]
        while True:
            rows[-1].append(self.sequence(_ENDS_CELL))
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
        written = "; ".join([", ".join(row) for row in rows if row != [""]])
        return f"{'cases' if name == 'cases' else 'matrix'}({written})"


def _words_between_mathematics(text: str) -> str:
    r"""``$x = 1$ or $x = 2$`` is ``x = 1 \text{or} x = 2``."""
    segments = _DOLLAR.split(text)
    if len(segments) % 2 == 0:
        return text
    for place in range(0, len(segments), 2):
        if re.search("[A-Za-z]{2}", segments[place]) and not re.search(r"[\\{}]", segments[place]):
            segments[place] = f"\\text{{ {segments[place]} }}"
    return " ".join(segments)


def _wrapped(plain: str) -> str:
    """In brackets, unless it is a lone operand."""
    if _ATOM.fullmatch(plain):
        return plain
    if plain[:1] == "(" and plain[-1:] == ")" and "(" not in plain[1:] and "," not in plain:
        return plain
    return f"({plain})"
