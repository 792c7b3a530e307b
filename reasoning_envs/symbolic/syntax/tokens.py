"""The vocabulary in which environments show expressions: one byte a token, fixed by :data:`VOCABULARY_VERSION`.

A tree is written in prefix form. A sum or a product is closed by ``END``; an integer is a sign and its decimal
digits; a fraction is an integer, ``OVER``, and the digits of its denominator. No integer is too long and no letter
depends on the order in which letters were met, so that a trained model reads every later problem alike. A choice of
a group of moves is ``GROUP``, the group's name, ``END``, and the line.
"""

from __future__ import annotations

from fractions import Fraction

__all__ = [
    "BINDERS",
    "CONNECTIVES",
    "CONSTANTS",
    "END",
    "FUNCTIONS",
    "GROUP",
    "OPERATORS",
    "OVER",
    "PAD",
    "TOKEN_NAMES",
    "VOCABULARY_SIZE",
    "VOCABULARY_VERSION",
    "encode_number",
    "encode_symbol",
]

VOCABULARY_VERSION = 1
VOCABULARY_SIZE = 256

PAD = b"\x00"
END = b"\x01"

OPERATORS: dict[str, bytes] = {
    name: bytes([2 + index]) for index, name in enumerate(("add", "mul", "div", "pow", "neg"))
}

_CONNECTIVE_NAMES = ("=", "!=", "<", "<=", ">", ">=", "and", "or", "no solution", "all reals")
CONNECTIVES: dict[str, bytes] = {name: bytes([8 + index]) for index, name in enumerate(_CONNECTIVE_NAMES)}

_POSITIVE = b"\x13"
_NEGATIVE = b"\x14"
OVER = b"\x15"
_NAME = b"\x16"
GROUP = b"\x17"

_CONSTANT_NAMES = ("pi", "e", "i", "inf")
CONSTANTS: dict[str, bytes] = {name: bytes([24 + index]) for index, name in enumerate(_CONSTANT_NAMES)}

_FUNCTION_NAMES = (
    ("sqrt", 1),
    ("abs", 1),
    ("exp", 1),
    ("ln", 1),
    ("log", 2),  # log(x, base)
    ("sin", 1),
    ("cos", 1),
    ("tan", 1),
    ("asin", 1),
    ("acos", 1),
    ("atan", 1),
    ("sinh", 1),
    ("cosh", 1),
    ("tanh", 1),
    ("factorial", 1),
    ("root", 2),  # root(x, n): the real n-th root
)
FUNCTIONS: dict[str, tuple[bytes, int]] = {
    name: (bytes([128 + index]), arity) for index, (name, arity) in enumerate(_FUNCTION_NAMES)
}

BINDERS: dict[str, tuple[bytes, int]] = {
    "derivative": (b"\xf8", 2),  # derivative(f, x): d/dx of f, not worked out
    "integral": (b"\xf9", 2),  # integral(f, x): any antiderivative of f
    "where": (b"\xfa", 3),  # where(f, u, g): f with u = g
}
"""Operators whose second operand is the symbol that they act on. No name of a symbol holds their bytes in UTF-8, so
that a search of the tokens tells whether a tree holds one."""

# Digits and letters stand at their ASCII codes, which makes a dump of tokens half readable.
_ASCII = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

TOKEN_NAMES: dict[int, str] = {
    0: "PAD",
    1: "END",
    _POSITIVE[0]: "+",
    _NEGATIVE[0]: "-",
    OVER[0]: "OVER",
    _NAME[0]: "NAME",
    GROUP[0]: "GROUP",
    **{code[0]: name for name, code in OPERATORS.items()},
    **{code[0]: name for name, code in CONNECTIVES.items()},
    **{code[0]: name for name, code in CONSTANTS.items()},
    **{code[0]: name for name, (code, _) in FUNCTIONS.items()},
    **{code[0]: name for name, (code, _) in BINDERS.items()},
    **{code: chr(code) for code in _ASCII},
}


def encode_number(value: int | Fraction) -> bytes:
    """A sign, the digits of the numerator, and for a fraction ``OVER`` and the digits of the denominator."""
    if isinstance(value, int):
        return (_POSITIVE if value >= 0 else _NEGATIVE) + b"%d" % abs(value)
    return encode_number(value.numerator) + OVER + b"%d" % value.denominator


def encode_symbol(name: str) -> bytes:
    """A single letter is its own token; a longer name is ``NAME``, its bytes in UTF-8, ``END``."""
    if len(name) == 1 and name.isascii() and name.isalpha():
        return name.encode()
    if not name.isidentifier():
        raise ValueError(f"{name!r} cannot name a symbol: it is no identifier")
    return _NAME + name.encode() + END
