"""Immutable expression trees: what a line of mathematics *is* in this package.

SymPy rewrites ``2*(x + 1)`` and ``x + x`` while it builds them, so it cannot hold the steps of a derivation.
A tree of this module keeps what was written. Its constructors normalise only what no reader would call a step:

* sums and products are n-ary and flat: ``a + (b + c)`` is ``a + b + c``;
* the sign of a literal belongs to the literal: ``-(3)`` is the number -3, ``-(3*x)`` is ``(-3)*x``, ``--a`` is ``a``;
* a quotient of two integer literals in lowest terms is one number: ``7/2`` is a number, ``6/4`` is a quotient.

Everything else (``x + 0``, ``1*x``, ``3 - 3``) stays until a step rewrites it.

Each tree carries its size (nodes), depth, free symbols, and two byte strings:

* ``tokens``: the tree in prefix form over the vocabulary of :mod:`reasoning_envs.symbolic.syntax.tokens`. Two trees are
  equal if and only if their tokens are; environments show these bytes to agents; caches use them as keys.
* ``key``: the same with the operands of sums and products sorted, so that ``a + b`` and ``b + a`` share a key
  (computed when it is first asked for).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import gcd
from operator import attrgetter
from typing import Any, NamedTuple

from reasoning_envs.symbolic.syntax.tokens import (
    BINDERS,
    CONSTANTS,
    END,
    FUNCTIONS,
    OPERATORS,
    encode_number,
    encode_symbol,
)

__all__ = [
    "ONE",
    "ZERO",
    "Expr",
    "Number",
    "add",
    "bind",
    "call",
    "const",
    "div",
    "factors",
    "mul",
    "neg",
    "num",
    "plus",
    "power",
    "rebuild",
    "replace_at",
    "split_coefficient",
    "sub",
    "substitute",
    "sum_tokens",
    "sym",
    "terms",
    "walk",
]

Number = int | Fraction
_NO_SYMBOLS: frozenset[str] = frozenset()
_KEYS_LIMIT = 100_000
_keys: dict[bytes, bytes] = {}
_SPLITS_LIMIT = 512
_splits: dict[bytes, tuple[int | Fraction, Expr]] = {}


class _Fields(NamedTuple):
    op: str
    args: tuple[Any, ...]
    value: int | Fraction | str | None
    tokens: bytes
    size: int
    depth: int
    symbols: frozenset[str]


class Expr(_Fields):
    """One node of an expression tree. Build it with the functions of this module, never directly.

    It is a tuple underneath, which makes it immutable and quick to build; treat it as a record, not as a sequence.

    Attributes:
        op: ``"num"``, ``"sym"``, ``"const"``, ``"add"``, ``"mul"``, ``"div"``, ``"pow"``, ``"neg"`` or the name of
            a function (``"sqrt"``, ``"abs"``, ``"ln"``, ...; see
            :data:`reasoning_envs.symbolic.syntax.tokens.FUNCTIONS`) or of a binder (``"derivative"``, ``"integral"``,
            ``"where"``; see its ``BINDERS``).
        args: the operands, in the order in which they were written.
        value: an ``int`` or a ``Fraction`` (never integral) for ``num``; the name for ``sym`` and ``const``; else None.
        tokens, key: see the module.
        size: number of nodes. depth: 1 for a leaf. symbols: names of the free symbols.
    """

    __slots__ = ()

    args: tuple[Expr, ...]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Expr):
            return NotImplemented
        return self is other or self.tokens == other.tokens

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.tokens)

    def __repr__(self) -> str:
        return f"Expr({str(self)!r})"

    def __str__(self) -> str:
        from reasoning_envs.symbolic.syntax.printer import to_text

        return to_text(self)

    def __reduce__(self) -> tuple[Callable[..., Expr], tuple[object, ...]]:
        return _restore, (self.op, self.args, self.value)

    @property
    def key(self) -> bytes:
        """The tokens with the operands of sums and products sorted: ``a + b`` and ``b + a`` share a key."""
        if not self.args:
            return self.tokens
        found = _keys.get(self.tokens)
        if found is None:
            if len(_keys) > _KEYS_LIMIT:
                _keys.clear()
            parts = [arg.key for arg in self.args]
            if self.op in ("add", "mul"):
                parts.sort()
                parts.append(END)
            found = _keys[self.tokens] = self.tokens[:1] + b"".join(parts)
        return found

    @property
    def number(self) -> Number:
        """The value of a ``num`` node.

        Raises:
            TypeError: the node is no number.
        """
        value = self.value
        if self.op != "num" or value is None or isinstance(value, str):
            raise TypeError(f"{self} is not a number")
        return value


_make = tuple.__new__
_get_tokens = attrgetter("tokens")


def _leaf(op: str, value: int | Fraction | str, tokens: bytes, symbols: frozenset[str]) -> Expr:
    return _make(Expr, (op, (), value, tokens, 1, 1, symbols))


def _node(op: str, args: tuple[Expr, ...], head: bytes, tail: bytes = b"") -> Expr:
    size = 1
    depth = 0
    symbols = _NO_SYMBOLS
    for _, _, _, _, arg_size, arg_depth, arg_symbols in args:
        size += arg_size
        if arg_depth > depth:
            depth = arg_depth
        if arg_symbols is not symbols and not arg_symbols <= symbols:
            symbols = symbols | arg_symbols if symbols else arg_symbols
    tokens = head + b"".join(map(_get_tokens, args)) + tail
    return _make(Expr, (op, args, None, tokens, size, depth + 1, symbols))


def _restore(op: str, args: tuple[Expr, ...], value: int | Fraction | str | None) -> Expr:
    if op == "num":
        if value is None or isinstance(value, str):
            raise TypeError("a num node needs a value")
        return num(value)
    if op == "sym":
        return sym(str(value))
    if op == "const":
        return const(str(value))
    return rebuild(op, args)


_SMALL: dict[int, Expr] = {}
_SYMBOLS: dict[str, Expr] = {}
_CONSTANTS: dict[str, Expr] = {}


def num(value: Number) -> Expr:
    """A number, exact. A ``Fraction`` with denominator 1 becomes an ``int``."""
    if not isinstance(value, int):  # asked this way round because Fraction has a slow instance check
        if value.denominator != 1:
            return _leaf("num", value, encode_number(value), _NO_SYMBOLS)
        value = value.numerator
    node = _SMALL.get(value)
    if node is None:
        value = int(value)
        node = _leaf("num", value, encode_number(value), _NO_SYMBOLS)
        if -1000 <= value <= 1000:
            _SMALL[value] = node
    return node


def sym(name: str) -> Expr:
    """A free symbol: an unknown, or a letter that stands for a constant. The name is an identifier."""
    node = _SYMBOLS.get(name)
    if node is None:
        node = _leaf("sym", name, encode_symbol(name), frozenset((name,)))
        if len(name) == 1:
            _SYMBOLS[name] = node
    return node


def const(name: str) -> Expr:
    """One of the named constants ``pi``, ``e``, ``i``, ``inf``.

    Raises:
        KeyError: no such constant.
    """
    node = _CONSTANTS.get(name)
    if node is None:
        node = _CONSTANTS[name] = _leaf("const", name, CONSTANTS[name], _NO_SYMBOLS)
    return node


# One object each, whatever they come from: `is ZERO` is a test.
ZERO = num(0)
ONE = num(1)
_ADD, _MUL, _DIV, _POW, _NEG = (OPERATORS[name] for name in ("add", "mul", "div", "pow", "neg"))


def add(*operands: Expr) -> Expr:
    """The sum of the operands, flat; of one operand that operand; of none 0."""
    if len(operands) == 1:
        return operands[0]
    if not operands:
        return ZERO
    flat: list[Expr] = []
    for operand in operands:
        if operand.op == "add":
            flat.extend(operand.args)
        else:
            flat.append(operand)
    return _node("add", tuple(flat), _ADD, END)


def sum_tokens(operands: Sequence[Expr]) -> bytes:
    """The tokens of ``add(*operands)``, without the sum itself."""
    if len(operands) < 2:
        return operands[0].tokens if operands else ZERO.tokens
    return _ADD + b"".join([term.tokens[1:-1] if term.op == "add" else term.tokens for term in operands]) + END


def plus(left: Expr, right: Expr) -> Expr:
    """``add(left, right)``, in constant time where ``left`` is a sum and ``right`` is none."""
    if left.op != "add" or right.op == "add":
        return add(left, right)
    _, args, _, tokens, size, depth, symbols = left
    if not right.symbols <= symbols:
        symbols = symbols | right.symbols
    depth = max(depth, right.depth + 1)
    return _make(
        Expr, ("add", (*args, right), None, tokens[:-1] + right.tokens + END, size + right.size, depth, symbols)
    )


def mul(*operands: Expr) -> Expr:
    """The product of the operands, flat; of one operand that operand; of none 1."""
    if len(operands) == 1:
        return operands[0]
    if not operands:
        return ONE
    flat: list[Expr] = []
    for operand in operands:
        if operand.op == "mul":
            flat.extend(operand.args)
        else:
            flat.append(operand)
    return _node("mul", tuple(flat), _MUL, END)


def div(numerator: Expr, denominator: Expr) -> Expr:
    """The quotient. Two integer literals in lowest terms (denominator above 1) make one rational number."""
    if numerator.op == "num" and denominator.op == "num":
        over, under = numerator.value, denominator.value
        if isinstance(over, int) and isinstance(under, int) and under > 1 and gcd(over, under) == 1:
            return num(Fraction(over, under))
    return _node("div", (numerator, denominator), _DIV)


def power(base: Expr, exponent: Expr) -> Expr:
    """The power, as written: nothing is evaluated."""
    return _node("pow", (base, exponent), _POW)


def neg(operand: Expr) -> Expr:
    """The negative. The sign goes into a literal, or into the leading literal of a product; two signs cancel."""
    if operand.op == "num":
        return num(-operand.number)
    if operand.op == "neg":
        return operand.args[0]
    if operand.op == "mul" and operand.args[0].op == "num":
        return mul(num(-operand.args[0].number), *operand.args[1:])
    return _node("neg", (operand,), _NEG)


def sub(left: Expr, right: Expr) -> Expr:
    """``left - right``: the sum of ``left`` and the negative of ``right``, as one term.

    A sum on the right stays together: ``a - (b + c)`` is ``a + -(b + c)``, since opening the bracket is a step.
    """
    return add(left, neg(right))


def call(name: str, *args: Expr) -> Expr:
    """A function applied to arguments.

    Raises:
        KeyError: no such function.
        ValueError: the wrong number of arguments.
    """
    head, arity = FUNCTIONS[name]
    if len(args) != arity:
        raise ValueError(f"{name} takes {arity} argument(s), got {len(args)}")
    return _node(name, args, head)


def bind(name: str, body: Expr, symbol: Expr, *more: Expr) -> Expr:
    """``derivative(body, x)``, ``integral(body, x)``, ``where(body, u, g)``: see :data:`~.tokens.BINDERS`.

    Raises:
        KeyError: no such operator.
        ValueError: the wrong number of operands, or the second is no symbol.
    """
    head, arity = BINDERS[name]
    if len(more) != arity - 2:
        raise ValueError(f"{name} takes {arity} operands, got {2 + len(more)}")
    if symbol.op != "sym":
        raise ValueError(f"the second operand of {name} is a letter, not {symbol}")
    return _node(name, (body, symbol, *more), head)


def rebuild(op: str, args: tuple[Expr, ...]) -> Expr:
    """The node ``op`` over new operands, through its constructor."""
    if op == "add":
        return add(*args)
    if op == "mul":
        return mul(*args)
    if op == "div":
        return div(*args)
    if op == "pow":
        return power(*args)
    if op == "neg":
        return neg(*args)
    if op in BINDERS:
        return bind(op, *args)
    return call(op, *args)


def replace_at(node: Expr, index: int, operand: Expr) -> Expr:
    """``node`` with its operand number ``index`` replaced."""
    args = node.args
    return rebuild(node.op, (*args[:index], operand, *args[index + 1 :]))


def terms(node: Expr) -> tuple[Expr, ...]:
    """The terms of a sum; of anything else the thing alone."""
    return node.args if node.op == "add" else (node,)


def factors(node: Expr) -> tuple[Expr, ...]:
    """The factors of a product; of anything else the thing alone."""
    return node.args if node.op == "mul" else (node,)


def split_coefficient(term: Expr) -> tuple[Number, Expr]:
    """``term`` as (number, rest): ``-3*x`` is (-3, x), ``x/2`` is (1/2, x), ``-x`` is (-1, x), ``5`` is (5, 1)."""
    op = term.op
    if op == "num":
        return term.number, ONE
    if op not in ("mul", "neg", "div"):
        return 1, term
    found = _splits.get(term.tokens)
    if found is None:
        if len(_splits) > _SPLITS_LIMIT:
            _splits.clear()
        found = _splits[term.tokens] = _split(term)
    return found


def _split(term: Expr) -> tuple[Number, Expr]:
    op = term.op
    if op == "neg":
        coefficient, rest = split_coefficient(term.args[0])
        return -coefficient, rest
    if op == "mul":
        coefficient = 1
        others = []
        for factor in term.args:
            if factor.op == "num":
                coefficient = coefficient * factor.number
            elif factor.op == "neg":
                part, rest = split_coefficient(factor)
                coefficient = coefficient * part
                if rest is not ONE:
                    others.append(rest)
            else:
                others.append(factor)
        return coefficient, mul(*others)
    if op == "div" and term.args[1].op == "num" and term.args[1].value != 0:
        coefficient, rest = split_coefficient(term.args[0])
        return Fraction(coefficient) / term.args[1].number, rest
    return 1, term


def substitute(node: Expr, values: Mapping[str, Expr]) -> Expr:
    """``node`` with each symbol named in ``values`` replaced, all at once."""
    if node.symbols.isdisjoint(values):
        return node
    if node.op == "sym":
        return values[str(node.value)]
    if node.op in BINDERS:
        return _substitute_bound(node, values)
    return rebuild(node.op, tuple([substitute(arg, values) for arg in node.args]))


def _substitute_bound(node: Expr, values: Mapping[str, Expr]) -> Expr:
    """Of a binder. A derivative is taken before a value is put in for its letter; ``where`` has a letter of its own."""
    body, symbol, *more = node.args
    name = str(symbol.value)
    given = values.get(name)
    if node.op == "where":
        values = {other: value for other, value in values.items() if other != name}
        return bind("where", substitute(body, values), symbol, substitute(more[0], values))
    if given is None or given.op == "sym":
        return bind(node.op, substitute(body, values), given or symbol)
    others = {other: value for other, value in values.items() if other != name}
    return bind("where", bind(node.op, substitute(body, others), symbol), symbol, given)


def walk(node: Expr) -> Iterator[Expr]:
    """Every node of the tree, the root first, without recursion."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(reversed(top.args))
