r"""From LaTeX to plain text: ``\frac{x}{2}`` is ``(x/2)``, ``\sqrt[3]{2}`` is ``root(2, 3)``.

Nothing is expanded or executed: a command that is not in the tables of
:mod:`~reasoning_envs.symbolic.syntax.latex_words` is an error that names it. Letters are single symbols (``xyz`` is
``x y z``), a number before a proper fraction is a mixed number, and a function without brackets takes the factors
that follow it: ``\sin 2x`` is ``sin(2 x)``. Beside the notation of :mod:`reasoning_envs.symbolic.syntax.parser` the
text may hold what only answers have: ``matrix(a, b; c, d)``, ``cases(x, x > 0; -x, x <= 0)``, sets and intervals with
``∪ ∩ ∖``, words in double quotes (``\text{...}``), and what
:mod:`~reasoning_envs.verifiers.answer.worked` works out: ``floor(...)``, ``limit(f, x, 0)``, ``integral(f, x, 0, 1)``.
Equations one below the other are joined by *and*.
"""

from __future__ import annotations

import re
from fractions import Fraction
from math import gcd

from reasoning_envs.symbolic.syntax.latex_binders import wrapped
from reasoning_envs.symbolic.syntax.latex_brackets import Brackets
from reasoning_envs.symbolic.syntax.latex_cursor import NOTHING
from reasoning_envs.symbolic.syntax.latex_words import (
    ARGUMENT_STARTS,
    BINOMIALS,
    CONNECTIVES,
    FONTS,
    FRACTIONS,
    FUNCTION_COMMANDS,
    NUMBER_SETS,
    OPERANDS,
    PLAIN_FUNCTIONS,
    ROUNDED,
    SIGNS,
    TEXTS,
    WORD_BEFORE_MATHEMATICS,
    WORKED,
)
from reasoning_envs.symbolic.syntax.lexer import FUNCTIONS
from reasoning_envs.symbolic.syntax.notation import ParseError, quote

__all__ = ["MAX_LATEX", "from_latex", "is_latex"]

MAX_LATEX = 4000
"""Characters of LaTeX at most."""

_DIGITS = re.compile("[0-9]+")
_INDEXED = re.compile(r"[A-Za-z]|[α-ωΓ-Ω]|[0-9A-Z]+|\"[0-9A-Z]+\"")
_CHOOSE = re.compile(r"(?:\{\s*\})?[_^]\s*\{?\s*(\w+)\s*\}?\s*C_\s*\{?\s*(\w+)\s*\}?")
_UPRIGHT_D = re.compile(r"\\(?:mathrm|text|rm|operatorname)\s*\{\s*d\s*\}\s*(?:\\!)?")
_SO = re.compile(r"\s*\\(?:therefore|Rightarrow|implies|Longrightarrow|iff|Leftrightarrow)(?![A-Za-z])")
_PROSE = re.compile(r"\s*[A-Za-z]{3,}(?: +[A-Za-z]+)*\s*")
_THOUSANDS = re.compile(r"(?<=[0-9])(?:\s*\{,\s*\}\s*|,\s*\\!\s*|\\[,;: !]\s*|\{\\,\}|~)(?=[0-9]{3}(?![0-9]))")
_HALVES = {"+": "⁺", "> 0": "⁺", "-": "⁻", "< 0": "⁻", "*": "*"}
_CLOSING = frozenset((")", "]"))
_DOLLAR = re.compile(r"(?<!\\)\$\$?")
_BAR = frozenset(("|",))


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
    if "\\" in text:
        text = _UPRIGHT_D.sub("d ", _SO.sub("", text)) if "d}" in text or "d }" in text else _SO.sub("", text)
    if "C_" in text:
        text = _CHOOSE.sub(r"\\binom{\1}{\2}", text)
    if "$" in text:
        text = _words_between_mathematics(text)
    reader = _Reader(text, 0)
    plain = reader.sequence(NOTHING)
    if reader.tokens[reader.at]:
        raise reader.error(f"{quote(reader.tokens[reader.at])} closes nothing")
    return plain


class _Reader(Brackets):
    """Reads everything. It raises ParseError alone."""

    __slots__ = ()

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
                return f"binom({above}, {below})" if token == "\\choose" else f"({wrapped(above)}/{wrapped(below)})"
            self.element(token, pieces)

    def element(self, token: str, pieces: list[str]) -> None:
        """One operand, sign or bracket, added to ``pieces``."""
        first = token[0]
        if first == "\\":
            self.at += 1
            self.command(token, pieces)
        elif "0" <= first <= "9" or (first == "." and len(token) > 1):
            self.at += 1
            if pieces and (pieces[-1][:1] == "^" or pieces[-1] == "!"):
                pieces.append("*")  # (-1)^n 2^n, 3! 2!
            pieces.append(self.number(token))
        elif "a" <= first <= "z" or "A" <= first <= "Z":
            self.at += 1
            self.letters(token, pieces)
        elif first == "^":
            self.at += 1
            self.raised(pieces)
        elif first == "{":
            pieces.append(wrapped(self.group()))
        elif first == "_":
            self.at += 1
            self.lowered(pieces)
        elif first == "(" or first == "[":
            inner = self.bracket(first)
            evaluated = first == "[" and inner[-1] == "]" and self.tokens[self.at] == "_"
            pieces.append(self.taken_between(inner[1:-1]) if evaluated else inner)
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
        elif sign == "|" and self.tokens[self.at] == "_":
            start = 1 + max([place for place, piece in enumerate(pieces) if piece == "="], default=-1)
            pieces[start:] = [self.taken_between(" ".join(pieces[start:]))]
        else:
            pieces.append(sign)

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

    def letters(self, run: str, pieces: list[str]) -> None:
        if len(run) == 1 or run in CONNECTIVES:
            pieces.append(run)
        elif "\\" + run in FUNCTION_COMMANDS:
            self.function(run, pieces)
        elif run in ("pi", "oo", "infinity", "mod") or (
            (run in PLAIN_FUNCTIONS or run in WORKED) and self.tokens[self.at] == "("
        ):
            pieces.append(WORKED.get(run, run))
        else:
            pieces.extend(run)

    def raised(self, pieces: list[str]) -> None:
        if self.tokens[self.at] == "\\circ":
            self.at += 1
            raised = "°"
        elif self.tokens[self.at : self.at + 3] == ["{", "\\circ", "}"]:
            self.at += 3
            raised = "°"
        elif self.tokens[self.at : self.at + 3] == ["{", "\\prime", "}"]:
            self.at += 3
            raised = "'"
        elif self.tokens[self.at] in ("+", "-") and self.tokens[self.at + 1] == "}":
            raised = self.tokens[self.at]  # the side of a limit: 0^+
            self.at += 1
        else:
            raised = self.script()
        if raised == "°" or raised == "'":
            self.sign(raised, pieces)
        elif raised:
            pieces.append("^" + wrapped(raised))
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
            pieces.append(NUMBER_SETS[letter] + self.half())
        elif token in BINOMIALS:
            pieces.append(f"binom({self.argument()}, {self.argument()})")
        elif token == "\\sum" or token == "\\prod":
            self.series("sum" if token == "\\sum" else "product", pieces)
        elif token == "\\int":
            self.integral(pieces)
        elif token == "\\lim":
            self.limit(pieces)
        elif token in ROUNDED:
            pieces.append(self.rounded(token))
        elif token == "\\overline" or token == "\\bar":
            self.overlined(pieces)
        elif token[1:] in WORKED:
            pieces.append(WORKED[token[1:]])
        elif token == "\\pmod":
            pieces.append(f"(mod {self.argument()})")
        elif token == "\\boxed" or token == "\\fbox":
            pieces.append(wrapped(self.argument()))
        elif token == "\\not" and self.tokens[self.at] in ("=", "\\in"):
            pieces.append("!=" if self.tokens[self.at] == "=" else "∉")
            self.at += 1
        else:
            raise self.error(f"{quote(token)} is not read")

    def half(self) -> str:
        """What stands raised or lowered behind the name of a set of numbers: ``⁺``, ``⁻``, ``*``, or nothing."""
        start = self.at
        if self.tokens[start] in ("^", "_"):
            self.at += 1
            sign = self.raw_group().strip() if self.tokens[self.at] == "{" else self.tokens[self.at]
            self.at += self.tokens[self.at - 1] != "}"
            if sign in _HALVES:
                return _HALVES[sign]
            self.at = start
        return ""

    def overlined(self, pieces: list[str]) -> None:
        """A conjugate where a sum stands under the line; the name of a segment or of a mean elsewhere."""
        if self.tokens[self.at] == "{":
            content = self.raw_group().strip()
            if re.search(r"[+-]", content):
                pieces.append(f"conj({self.inside(content)})")
                return
            self.tokens[self.at : self.at] = ["{", *content.split(), "}"]
        before = len(pieces)
        self.font(pieces)
        if len(pieces) > before and len(pieces[-1]) == 1 and pieces[-1].isalpha():
            pieces[-1] += "_bar"  # a mean or a conjugate: not the letter itself

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
        elif (len(content) == 1 and content.isalnum()) or content in WORKED:
            pieces.append(WORKED.get(content, content))
        elif content.startswith("\\"):
            pieces.append(wrapped(self.inside(content)))
        else:
            self.words(content, pieces)

    def inside(self, text: str) -> str:
        """LaTeX within words, in plain text."""
        inner = _Reader(text, self.depth)
        plain = inner.sequence(NOTHING)
        if inner.tokens[inner.at]:
            raise self.error(f"{quote(inner.tokens[inner.at])} closes nothing")
        return plain

    def words(self, content: str, pieces: list[str]) -> None:
        """What stands in a text: a connective and mathematics, or words, which go into quotes."""
        content = content.replace("$", " ").replace("\\ ", " ").replace("~", " ").replace('"', " ")
        if content.strip() in WORKED or "\\" + content.strip() in FUNCTION_COMMANDS:
            self.letters(content.strip(), pieces)
            return
        match = WORD_BEFORE_MATHEMATICS.fullmatch(content)
        if match:
            pieces.append(match[1] if match[1] in CONNECTIVES else f'"{match[1]}"')
            if _PROSE.fullmatch(match[2]) and "\\" + match[2] not in FUNCTION_COMMANDS:
                pieces.append(f'"{match[2].strip()}"')
            elif match[2].strip():
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
        if power.replace(" ", "") == "-1" and name not in ("ln", "log", "exp"):
            if "a" + name not in FUNCTIONS:
                raise self.error(f"the inverse of {name} is not read")
            name, power = "a" + name, ""
        argument = self.function_argument(name)
        if base and name != "log":
            raise self.error(f"{name} has no base")
        applied = f"log({argument}, {base})" if base else f"{name}({argument})"
        pieces.append(f"{applied}^{wrapped(power)}" if power else applied)

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


def _words_between_mathematics(text: str) -> str:
    r"""``$x = 1$ or $x = 2$`` is ``x = 1 \text{or} x = 2``."""
    segments = _DOLLAR.split(text)
    if len(segments) % 2 == 0:
        return text
    for place in range(0, len(segments), 2):
        if re.search("[A-Za-z]{2}", segments[place]) and not re.search(r"[\\{}]", segments[place]):
            segments[place] = f"\\text{{ {segments[place]} }}"
    return " ".join(segments)
