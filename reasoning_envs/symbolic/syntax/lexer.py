"""From text to tokens: the words of the notation, what declared symbols change about them, and the caps on size."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache

from reasoning_envs.symbolic.syntax.expression import (
    ONE,
    Expr,
    Number,
    add,
    bind,
    call,
    const,
    div,
    num,
    power,
    sub,
    sym,
)
from reasoning_envs.symbolic.syntax.notation import GREEK, PHRASES, VULGAR_FRACTIONS, ParseError, clean, quote
from reasoning_envs.symbolic.syntax.series import binomial

__all__ = [
    "COMPARISONS",
    "DERIVATIVE",
    "END",
    "FUNCTIONS",
    "LOG_BASE",
    "MAX_BYTES",
    "MAX_DIGITS",
    "MAX_TOKENS",
    "PHRASE_WORDS",
    "ROOT_SIGNS",
    "SERIES",
    "Source",
    "Vocabulary",
    "vocabulary",
]

MAX_BYTES = 2000
"""Length of a line at most, in bytes of UTF-8."""
MAX_TOKENS = 1000
MAX_DIGITS = 200
"""Of a literal number, with its power of ten written out."""

END = ""
"""The token after the last one."""
COMPARISONS = {"=": "=", "==": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}

Build = Callable[..., Expr]


def _of(name: str) -> Build:
    return lambda *arguments: call(name, *arguments)


def _binder(name: str) -> Build:
    return lambda *operands: bind(name, *operands)


def _root(degree: int) -> Build:
    return lambda argument: call("root", argument, num(degree))


def _log(argument: Expr, base: Expr | None = None) -> Expr:
    return call("ln", argument) if base is None else call("log", argument, base)


def _quotient(above: str | None, below: str) -> Build:
    return lambda argument: div(ONE if above is None else call(above, argument), call(below, argument))


def _inverse_of_quotient(name: str) -> Build:
    return lambda argument: call(name, div(ONE, argument))


def _acot(argument: Expr) -> Expr:
    """With values between 0 and pi."""
    return sub(div(const("pi"), num(2)), call("atan", argument))


def _inverse_hyperbolic(sign: int) -> Build:
    def build(argument: Expr) -> Expr:
        return call("ln", add(argument, call("sqrt", add(power(argument, num(2)), num(sign)))))

    return build


def _atanh(argument: Expr) -> Expr:
    return div(call("ln", div(add(ONE, argument), sub(ONE, argument))), num(2))


FUNCTIONS: dict[str, tuple[int, int, Build]] = {
    **{
        name: (1, 1, _of(name))
        for name in ("sqrt", "abs", "exp", "ln", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh")
    },
    **{"arc" + name: (1, 1, _of("a" + name)) for name in ("sin", "cos", "tan")},
    "factorial": (1, 1, _of("factorial")),
    "log": (1, 2, _log),
    "log2": (1, 1, lambda argument: _log(argument, num(2))),
    "log10": (1, 1, lambda argument: _log(argument, num(10))),
    "root": (2, 2, _of("root")),
    "cbrt": (1, 1, _root(3)),
    "binom": (2, 2, binomial),
    # Those that have no node of their own stand for what defines them.
    "cot": (1, 1, _quotient("cos", "sin")),
    "sec": (1, 1, _quotient(None, "cos")),
    "csc": (1, 1, _quotient(None, "sin")),
    "coth": (1, 1, _quotient("cosh", "sinh")),
    "sech": (1, 1, _quotient(None, "cosh")),
    "csch": (1, 1, _quotient(None, "sinh")),
    "asec": (1, 1, _inverse_of_quotient("acos")),
    "acsc": (1, 1, _inverse_of_quotient("asin")),
    "acot": (1, 1, _acot),
    "arcsec": (1, 1, _inverse_of_quotient("acos")),
    "arccsc": (1, 1, _inverse_of_quotient("asin")),
    "arccot": (1, 1, _acot),
    "asinh": (1, 1, _inverse_hyperbolic(1)),
    "acosh": (1, 1, _inverse_hyperbolic(-1)),
    "atanh": (1, 1, _atanh),
    "derivative": (2, 2, _binder("derivative")),
    "integral": (2, 2, _binder("integral")),
    "where": (3, 3, _binder("where")),
}
"""Of each word for a function: how many arguments at least, at most, and what builds the tree."""

SERIES = frozenset(("sum", "product"))
"""Words for what runs over an index: ``sum(k^2, k, 1, 10)``."""

ROOT_SIGNS: dict[str, Build] = {"√": _of("sqrt"), "∛": _root(3), "∜": _root(4)}

_CONSTANTS = {
    "e": "e", "i": "i", "pi": "pi", "π": "pi", "oo": "inf", "inf": "inf", "infinity": "inf", "∞": "inf",
}  # fmt: skip
_KEYWORDS = frozenset(("or", "and", "in"))
PHRASE_WORDS = frozenset([word for words, _ in PHRASES for word in words])
_WORDS = _KEYWORDS | FUNCTIONS.keys() | SERIES | PHRASE_WORDS | {"reals"}
# Two letters that are more often a word of a sentence than a product.
_ENGLISH = frozenset(("is", "if", "so", "to", "of", "we"))

_WORD = rf"(?:[A-Za-z][A-Za-z0-9]*|[{GREEK}])(?:_(?:[0-9]+|[A-Za-z]+))?"
_FRACTIONS = "".join(VULGAR_FRACTIONS)
DERIVATIVE = "d/d"
_DERIVATIVE = rf"{DERIVATIVE}[A-Za-z{GREEK}](?:_(?:[0-9]+|[A-Za-z]+))?(?=\s*[(\[{{])"
_SIGNS = r"\*\*|<=|>=|!=|<>|==|\+/-|\+-(?=\s)|\S"
_LONG_WORD = re.compile(r"[^\W\d_][A-Za-z0-9_]")
_SUBSCRIPTED = re.compile(rf"[A-Za-z{GREEK}]_(?:[0-9]+|[A-Za-z]+)")
_LETTER_AND_DIGITS = re.compile(r"([A-Za-z])([0-9]{1,6})")
LOG_BASE = re.compile(r"(?i:log)_([0-9]+|[A-Za-z])")
_LITERAL = re.compile(r"([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?)([0-9]+))?")


class Vocabulary:
    """What words mean when some symbols are declared.

    Attributes:
        leaves: the tree of each token that stands for a symbol, a constant or a small number.
        names: the declared symbols, the longest first.
        tokenize: cuts a text into tokens.
    """

    __slots__ = ("leaves", "names", "tokenize")

    def __init__(self, declared: frozenset[str]) -> None:
        for name in declared:
            if not name.isidentifier() or name in _KEYWORDS or not set(name) <= _NAME_CHARACTERS:
                raise ValueError(f"{quote(name)} cannot be declared as a symbol: it is no name of the notation")
        self.leaves: dict[str, Expr] = {str(value): num(value) for value in range(101)}
        for letter in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" + GREEK:
            self.leaves[letter] = sym(letter)
        for word, constant in _CONSTANTS.items():
            self.leaves[word] = const(constant)
        for name in declared:
            self.leaves[name] = sym(name)
        self.names = sorted(declared, key=lambda name: (-len(name), name))
        # The pattern of words would cut some names in two (rate_2b), and 2e3 is a product where e is a symbol.
        odd = "".join([rf"{name}(?!\w)|" for name in self.names if not re.fullmatch(_WORD, name)])
        power_of_ten = "" if declared & {"e", "E"} else r"(?:[eE][+-]?[0-9]+)?"
        number = rf"[0-9]+(?:[{_FRACTIONS}]|(?:\.[0-9]*)?{power_of_ten})|\.[0-9]+{power_of_ten}|[{_FRACTIONS}]"
        derivative = "" if "d" in declared else rf"{_DERIVATIVE}|"
        self.tokenize: Callable[[str], list[str]] = re.compile(rf"{number}|{derivative}{odd}{_WORD}|{_SIGNS}").findall


_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_" + GREEK)


@lru_cache(maxsize=256)
def vocabulary(declared: frozenset[str] = frozenset()) -> Vocabulary:
    """The vocabulary with these symbols declared.

    Raises:
        ValueError: one of them cannot be a name.
    """
    return Vocabulary(declared)


class Source:
    """A line cut into tokens, ``END`` after the last.

    Every token is a piece of the cleaned text, whatever its case, and they stand in its order: so an error finds its
    place by walking the text, and a line without errors never pays for positions.

    Raises:
        ParseError: the line is too long, holds a character that has no place in it, or an unknown word.
    """

    __slots__ = ("names", "offsets", "text", "tokens", "words")

    def __init__(self, text: str, words: Vocabulary) -> None:
        if len(text) > MAX_BYTES:
            raise ParseError(f"the line has {len(text)} characters; at most {MAX_BYTES} are read", MAX_BYTES)
        self.offsets: Sequence[int] | None = None
        if not (text.isascii() and text.isprintable()):
            size = len(text.encode("utf-8", "surrogatepass"))
            if size > MAX_BYTES:
                raise ParseError(f"the line has {size} bytes in UTF-8; at most {MAX_BYTES} are read", len(text) - 1)
            text, self.offsets = clean(text)
        self.text = text
        self.words = words
        self.tokens = words.tokenize(text)
        if "\\" in text or "$" in text:
            raise self.error("it looks like LaTeX; plain text is read here", self._latex())
        if len(self.tokens) > MAX_TOKENS:
            raise self.error(f"it has {len(self.tokens)} parts; at most {MAX_TOKENS} are read", MAX_TOKENS)
        if len(self.tokens) > 1 and self.tokens[-1] == ".":
            self.tokens.pop()
        if _LONG_WORD.search(text):
            self.tokens = self._resolve(self.tokens)
        self.tokens.append(END)

    def _latex(self) -> int:
        return next(index for index, token in enumerate(self.tokens) if token in ("\\", "$"))

    def error(self, reason: str, index: int) -> ParseError:
        """The error that token number ``index`` shows; the place is added to the reason."""
        position = self.position(index)
        return ParseError(f"character {position + 1}: {reason}", position)

    def position(self, index: int) -> int:
        """Offset in the given text of token number ``index``; of ``END`` the offset after the last token."""
        text = self.text.casefold()
        start = end = 0
        for token in self.tokens[: index + 1]:
            start = text.find(token.casefold(), end) if token else end
            end = start + len(token)
        if self.offsets is None or not self.offsets:
            return start
        return self.offsets[start] if start < len(self.offsets) else self.offsets[-1] + 1

    def adjacent(self, index: int) -> bool:
        """Whether token number ``index`` follows the one before it without a space."""
        return self.position(index) == self.position(index - 1) + len(self.tokens[index - 1])

    def _resolve(self, raw: list[str]) -> list[str]:
        """The tokens with every word known: runs of letters are taken apart, the case of known words is dropped."""
        leaves = self.words.leaves
        resolved: list[str] = []
        for index, token in enumerate(raw):
            if len(token) == 1 or not token[0].isalpha() or token in leaves or token in _WORDS:
                resolved.append(token)
            elif token.lower() in _WORDS or token.lower() in leaves:
                resolved.append(token.lower())
            elif LOG_BASE.fullmatch(token) or _SUBSCRIPTED.fullmatch(token) or token.startswith(DERIVATIVE):
                resolved.append(token)
            else:
                resolved.extend(self._letters(token, index))
        return resolved

    def _letters(self, word: str, index: int) -> list[str]:
        """The symbols that a run of letters is a product of."""
        names: list[str] = []
        rest = word
        while rest:
            name = next((name for name in self.words.names if rest.startswith(name)), None)
            if name is None:
                break
            names.append(name)
            rest = rest[len(name) :]
        if not rest:
            return names
        if match := _LETTER_AND_DIGITS.fullmatch(word):
            letter, digits = match.groups()
            cure = f"write {letter}*{digits}, {letter}^{digits} or {letter}_{digits}"
            raise self.error(f"{quote(word)} is not clear: {cure}", index)
        if (len(word) > 2 and not self._stand_alone(word)) or not word.isalpha() or word in _ENGLISH:
            raise self.error(f"unknown word {quote(word)}", index)
        for first, other in ((index - 1, index - 1), (index, index + 1)):
            # Two words in a row are prose; only letters that stand alone are multiplied across a space.
            neighbour = self.tokens[other] if 0 <= other < len(self.tokens) else END
            if neighbour[:1].isalpha() and neighbour.lower() not in _WORDS:
                pair = " ".join(self.tokens[first : first + 2])
                raise self.error(f"{quote(pair)} is not clear: put a sign of operation between them", index)
        return list(word)

    def _stand_alone(self, word: str) -> bool:
        """Whether each letter of a word is a symbol that the line has elsewhere too: ``a^3 + b^3 + c^3 - 3abc``."""
        if not (word.isalpha() and word.isascii()):
            return False
        leaves, lone = self.words.leaves, set(self.tokens)
        return all(letter in lone and leaves[letter].op == "sym" for letter in word)

    def number(self, index: int) -> Number:
        """The exact value of the literal at ``index``.

        Raises:
            ParseError: it has too many digits, or ``2e-3`` could be a difference.
        """
        token = self.tokens[index]
        if token[-1] in VULGAR_FRACTIONS:
            return self._bounded(token[:-1] or "0", 0, index) + VULGAR_FRACTIONS[token[-1]]
        match = _LITERAL.fullmatch(token)
        if match is None:
            raise self.error(f"{quote(token)} is no number", index)
        whole, decimals, sign, exponent = match.groups(default="")
        if sign and "." not in token and whole != "1":
            cure = f"write {whole}*10^({sign}{exponent}) or {whole}*e {sign} {exponent}"
            raise self.error(f"{quote(token)} is not clear: {cure}", index)
        # An exponent of many digits is too large whatever they are; it is never converted.
        shift = int(exponent or "0") if len(exponent) <= 4 else MAX_DIGITS
        digits = self._bounded(whole + decimals, shift, index)
        places = len(decimals) + (shift if sign == "-" else -shift)
        return digits * 10**-places if places <= 0 else _reduced(Fraction(digits, 10**places))

    def _bounded(self, digits: str, shift: int, index: int) -> int:
        if len(digits) + shift > MAX_DIGITS:
            raise self.error(f"a number with more than {MAX_DIGITS} digits, {quote(self.tokens[index])}", index)
        return int(digits)


def _reduced(value: Fraction) -> Number:
    return value.numerator if value.denominator == 1 else value
