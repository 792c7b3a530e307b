"""The grammar of expressions: from tokens to one tree."""

from __future__ import annotations

from reasoning_envs.symbolic.syntax.expression import Expr, add, bind, call, const, div, mul, neg, num, power, sym
from reasoning_envs.symbolic.syntax.lexer import (
    COMPARISONS,
    DERIVATIVE,
    END,
    FUNCTIONS,
    LOG_BASE,
    ROOT_SIGNS,
    SERIES,
    Build,
    Source,
    Vocabulary,
)
from reasoning_envs.symbolic.syntax.notation import VULGAR_FRACTIONS, ParseError, quote
from reasoning_envs.symbolic.syntax.series import SeriesError, written_out

__all__ = ["AND", "CLOSED_BY", "CLOSING", "IN", "MAX_DEPTH", "OF_STATEMENTS", "OR", "ExpressionParser"]

MAX_DEPTH = 64
"""Of brackets within brackets, and of each tree: what walks a tree may recurse."""

CLOSED_BY = {"(": ")", "[": "]", "{": "}"}
CLOSING = frozenset(CLOSED_BY.values())
OR, AND, IN = frozenset(("or", "∨")), frozenset(("and", "∧")), frozenset(("in", "∈"))
OF_STATEMENTS = OR | AND | IN | COMPARISONS.keys()
"""Tokens that no expression holds."""

_PLUS_MINUS = frozenset(("±", "+/-", "+-"))
_TERM_ENDS = OF_STATEMENTS | CLOSING | _PLUS_MINUS | {END, "+", "-", ","}
_POWERS = frozenset(("^", "**"))
_POSTFIX = frozenset(("!", "°"))
_AFTER_OPERAND = _TERM_ENDS | _POWERS | _POSTFIX | {"*", "/", "|"}
_FACTOR_STARTS = FUNCTIONS.keys() | SERIES | ROOT_SIGNS.keys() | CLOSED_BY.keys() | {"|"}
_POWER_BEFORE_ARGUMENT = frozenset(("ln", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh"))
_FIRST_OF_LITERAL = frozenset((*"0123456789.", *VULGAR_FRACTIONS))
_OPERAND = "a number, a letter or a bracket"


class ExpressionParser:
    """Precedence climbing over a list of tokens. Sums and products are gathered before they are built.

    Every method reads at ``at`` and leaves it behind what it has read. ParseError is all that any of them raises.
    """

    __slots__ = ("at", "bars", "depth", "leaves", "sign", "signs_met", "source", "tokens")

    def __init__(self, source: Source, words: Vocabulary) -> None:
        self.source = source
        self.tokens = source.tokens
        self.leaves = words.leaves
        self.at = 0
        self.depth = 0  # of brackets
        self.bars = 0  # "|" that wait for their partner inside the innermost bracket
        self.sign = 0  # what ± stands for, 1 or -1; 0 where it may not stand
        self.signs_met = 0

    # Errors

    def error(self, reason: str, index: int | None = None) -> ParseError:
        """The error that token number ``index``, by default the next, shows."""
        return self.source.error(reason, self.at if index is None else index)

    def unexpected(self, wanted: str) -> ParseError:
        """The error of a next token that is not what is ``wanted``."""
        token = self.tokens[self.at]
        if token == END:
            if self.at == 0:
                return ParseError("the line is empty", 0)
            return self.error(f"the line ends where {wanted} is expected")
        if token == "∓":
            return self.error("'∓' is not read; write both equations with 'or'")
        if token in _PLUS_MINUS:
            return self.error(f"{quote(token)} can stand only once, on the right of an equation")
        if token == ",":
            return self.error("a comma can only part the arguments of a function or the elements of a set")
        if token in _AFTER_OPERAND or token in CLOSED_BY or token in self.leaves or token[0].isalnum():
            return self.error(f"{quote(token)} where {wanted} is expected")
        return self.error(f"{quote(token)} is not part of the notation")

    # Expressions

    def side(self) -> Expr:
        """One side of a comparison, or a whole expression."""
        side = self.sum()
        if side.depth > MAX_DEPTH:
            raise self.too_deep()
        return side

    def sum(self) -> Expr:
        """Terms and their signs."""
        tokens = self.tokens
        terms: list[Expr] = []
        while True:
            token = tokens[self.at]
            negative = False
            while token == "-" or token == "+" or token in _PLUS_MINUS:
                negative ^= self.is_minus(token)
                self.at += 1
                token = tokens[self.at]
            terms.append(self.term(negative))
            token = tokens[self.at]
            if token != "+" and token != "-" and token not in _PLUS_MINUS:
                return terms[0] if len(terms) == 1 else add(*terms)

    def is_minus(self, token: str) -> bool:
        """Whether the next token, a sign, stands for a minus."""
        if token == "-" or token == "+":
            return token == "-"
        if token == "+-" and not self.sign:
            raise self.error("'+-' is not clear here: write ± or +/-, or put the negative in brackets")
        if self.sign == 0 or self.signs_met:
            raise self.unexpected(_OPERAND)
        self.signs_met += 1
        return self.sign < 0

    def term(self, negative: bool) -> Expr:
        """Factors, multiplied and divided from left to right, with the sign of the whole."""
        tokens, leaves = self.tokens, self.leaves
        product: list[Expr] = []
        while True:
            node = leaves.get(tokens[self.at])
            if node is None:
                node = self.factor()
            else:
                self.at += 1
            while True:
                token = tokens[self.at]
                if token == "*":
                    self.at += 1
                    product.append(node)
                    break
                if token in _TERM_ENDS or (token == "|" and self.bars and self.bar_closes()):
                    if product:
                        product.append(node)
                        if negative and product[0].op == "num":
                            # neg would build the product a second time
                            product[0] = num(-product[0].number)
                            negative = False
                        node = mul(*product)
                    return neg(node) if negative else node
                if token in _POWERS or token in _POSTFIX:
                    node = self.powers(node)
                elif token == "/":
                    self.at += 1
                    node = div(mul(*product, node), self.powers(self.factor()))
                    product.clear()
                else:
                    self.check_omitted_sign(token)
                    product.append(node)
                    break

    def factor(self) -> Expr:
        """One operand with the signs before it, but without the powers after it."""
        token = self.tokens[self.at]
        negative = False
        while token == "-" or token == "+":
            negative ^= token == "-"
            self.at += 1
            token = self.tokens[self.at]
        node = self.leaves.get(token)
        if node is not None:
            self.at += 1
        elif token in CLOSED_BY:
            arguments = self.bracketed()
            if len(arguments) > 1:
                raise self.error("brackets hold one expression here, not several with commas", self.at - 1)
            node = arguments[0]
        else:
            node = self.composite(token)
        return neg(self.powers(node)) if negative else node

    def composite(self, token: str) -> Expr:
        """A literal, a function, a name with an index, or bars."""
        function = FUNCTIONS.get(token)
        if function is not None:
            self.at += 1
            return self.application(token, function)
        if token == "|":
            return self.absolute_value()
        if token in SERIES:
            return self.series(token)
        if token.startswith(DERIVATIVE):
            return self.derivative(token)
        if token in ROOT_SIGNS:
            return self.root(ROOT_SIGNS[token])
        if _is_literal(token):
            self.at += 1
            return num(self.source.number(self.at - 1))
        if token not in _AFTER_OPERAND and "_" in token[1:]:
            self.at += 1
            logarithm = LOG_BASE.fullmatch(token)
            if logarithm is None:
                return sym(token)
            base = self.leaves.get(logarithm[1]) or num(int(logarithm[1]))
            return self.application("log", (1, 1, lambda argument: call("log", argument, base)))
        if token[:1].isalpha() and token not in _AFTER_OPERAND:
            raise self.error(f"unknown word {quote(token)}")
        raise self.unexpected(_OPERAND)

    def powers(self, base: Expr) -> Expr:
        """``base`` with the factorials and powers that follow it."""
        tokens = self.tokens
        node = self.factorials(base)
        if tokens[self.at] not in _POWERS:
            return node
        chain, signs = [node], [False]
        self.depth += 1
        while tokens[self.at] in _POWERS:
            self.at += 1
            negative = False
            while tokens[self.at] == "-" or tokens[self.at] == "+":
                negative ^= tokens[self.at] == "-"
                self.at += 1
            signs.append(negative)
            chain.append(self.factorials(self.factor()))
        self.depth -= 1
        node = chain.pop()
        while chain:
            node = power(chain.pop(), neg(node) if signs.pop() else node)
        return node

    def factorials(self, node: Expr) -> Expr:
        """``node`` with the factorial sign, or the sign of degrees, that may follow it."""
        token = self.tokens[self.at]
        if token == "°":
            self.at += 1
            return div(mul(node, const("pi")), num(180))
        if token != "!":
            return node
        self.at += 1
        if self.tokens[self.at] == "!":
            raise self.error("'!!' is not clear: write (n!)! for the factorial of a factorial")
        return call("factorial", node)

    def check_omitted_sign(self, token: str) -> None:
        """A factor may follow a factor without a sign where nobody could read it otherwise."""
        tokens, at = self.tokens, self.at
        if _is_literal(token):
            before, after = tokens[at - 1], tokens[at + 1]
            if before == "!" or (before in self.leaves and before.isalpha() and after in _POWERS):
                return  # 5!5!, n 2^n
            shown = quote(f"{tokens[at - 1]} {token}")
            raise self.error(f"{shown} is not clear: put a sign of operation between them")
        is_letter = token[:1].isalpha() and token not in FUNCTIONS
        if not (is_letter or token in self.leaves or token in _FACTOR_STARTS):
            raise self.unexpected("a sign of operation")
        if is_letter and at > 2 and tokens[at - 2] in _POWERS and self.source.adjacent(at):
            exponent, base = tokens[at - 1], tokens[at - 3]
            if exponent[:1].isalpha() or base == "e" or _is_literal(base):
                shown = "".join(tokens[at - 3 : at + 1])
                raise self.error(f"{quote(shown)} is not clear: put brackets or a sign of operation into it", at)

    # Brackets, bars and functions

    def open(self) -> None:
        """Step behind an opening bracket, one level deeper."""
        self.at += 1
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.too_deep()

    def too_deep(self) -> ParseError:
        """The error of a line that is nested too deep."""
        return self.error(f"the line is nested more than {MAX_DEPTH} deep")

    def close(self, opened: str) -> None:
        """Step behind the partner of the bracket ``opened``."""
        token = self.tokens[self.at]
        if token != CLOSED_BY[opened]:
            if token == END:
                raise self.error(f"a {quote(opened)} is never closed")
            if token in CLOSING:
                raise self.error(f"{quote(token)} closes a {quote(opened)}")
            raise self.unexpected(f"{quote(CLOSED_BY[opened])}")
        self.depth -= 1
        self.at += 1

    def bracketed(self) -> list[Expr]:
        """Expressions in brackets, commas between them."""
        opened = self.tokens[self.at]
        bars, self.bars = self.bars, 0
        self.open()
        expressions = [self.sum()]
        while self.tokens[self.at] == ",":
            self.at += 1
            expressions.append(self.sum())
        self.close(opened)
        self.bars = bars
        return expressions

    def absolute_value(self) -> Expr:
        """``|x - 3|``."""
        self.open()
        self.bars += 1
        node = self.sum()
        if self.tokens[self.at] != "|":
            raise self.error("a '|' is never closed")
        self.bars -= 1
        self.depth -= 1
        self.at += 1
        return call("abs", node)

    def bar_closes(self) -> bool:
        """Whether a bar after an operand closes; where it might as well open (``|a|b|c|``) that is an error."""
        following = self.tokens[self.at + 1]
        if following in _AFTER_OPERAND:
            return True
        left = depth = 0
        for token in self.tokens[self.at + 1 :]:
            if token in CLOSED_BY:
                depth += 1
            elif token in CLOSING:
                depth -= 1
            elif token == "|" and depth == 0:
                left += 1
            if depth < 0 or token in OF_STATEMENTS:
                break
        if left > self.bars:
            raise self.error("it is not clear which '|' belong together: write abs(...)")
        return True

    def application(self, name: str, function: tuple[int, int, Build]) -> Expr:
        """A function and its arguments; the name has been read."""
        least, most, build = function
        exponent = self.power_before_argument(name)
        arguments = self.arguments(name)
        if not least <= len(arguments) <= most:
            wanted = str(least) if least == most else f"{least} or {most}"
            raise self.error(f"{name} takes {wanted} argument(s), not {len(arguments)}", self.at - 1)
        try:
            node = build(*arguments)
        except ValueError as error:  # the second operand of an integral is no letter
            raise self.error(str(error), self.at - 1) from None
        return node if exponent is None else power(node, exponent)

    def arguments(self, name: str) -> list[Expr]:
        """Those of a function, in brackets; a lone letter or number, and ``|x|``, may stand without them."""
        token = self.tokens[self.at]
        if token in CLOSED_BY:
            return self.bracketed()
        return [self.absolute_value() if token == "|" else self.lone_argument(name)]

    def derivative(self, token: str) -> Expr:
        """``d/dx(f)``, and ``d/dx(f)^3``, which is of a power and not the power of a derivative."""
        name = token[len(DERIVATIVE) :]
        symbol = self.leaves.get(name) or sym(name)
        if symbol.op != "sym":
            raise self.error(f"{quote(name)} is a constant: nothing is differentiated with respect to it")
        self.at += 1
        arguments = self.bracketed()
        if len(arguments) > 1:
            raise self.error("a derivative is of one expression, not of several with commas", self.at - 1)
        if self.tokens[self.at] not in _POWERS:
            return bind("derivative", arguments[0], symbol)
        body = self.powers(arguments[0])
        following = self.tokens[self.at]
        if following in CLOSED_BY or following in self.leaves:
            raise self.error("what is differentiated is not clear: put all of it in brackets")
        return bind("derivative", body, symbol)

    def power_before_argument(self, name: str) -> Expr | None:
        """The exponent in ``sin^2(x)``."""
        tokens, at = self.tokens, self.at
        if tokens[at] not in _POWERS:
            return None
        literal, width = tokens[at + 1], 2
        if literal == "(" and tokens[at + 3 : at + 4] == [")"]:
            literal, width = tokens[at + 2], 4
        if name not in _POWER_BEFORE_ARGUMENT or not literal.isdigit():
            raise self.error(f"the power is not clear here: write {name}(...)^n")
        exponent = num(self.source.number(at + width // 2))
        self.at += width
        return exponent

    def lone_argument(self, name: str) -> Expr:
        """The argument of ``sin x``."""
        token = self.tokens[self.at]
        node = self.leaves.get(token)
        if node is None and _is_literal(token):
            node = num(self.source.number(self.at))
        if node is None or not (self.tokens[self.at + 1] in _TERM_ENDS or self.tokens[self.at + 1] == "|"):
            raise self.error(f"put the argument of {name} in brackets: {name}(...)")
        self.at += 1
        return node

    def series(self, name: str) -> Expr:
        """``sum(k^2, k, 1, 10)``. The letter of the index is a symbol inside, whatever it is outside (``i``)."""
        tokens, start = self.tokens, self.at
        self.at += 1
        if tokens[self.at] != "(":
            raise self.error(f"write {name}(term, index, first, last)")
        depth, commas = 0, []
        for place in range(self.at, len(tokens)):
            depth += (tokens[place] in CLOSED_BY) - (tokens[place] in CLOSING)
            if tokens[place] == "," and depth == 1:
                commas.append(place)
            if depth == 0:
                break
        index = tokens[commas[0] + 1] if len(commas) == 3 and commas[1] == commas[0] + 2 else ""
        if not (len(index) == 1 and index.isalpha()):
            raise self.error(f"write {name}(term, index, first, last)", start)
        outside, self.leaves = self.leaves, {**self.leaves, index: sym(index)}
        body, _, first, last = self.bracketed()
        self.leaves = outside
        try:
            return written_out(name, body, index, first, last)
        except SeriesError as error:
            raise self.error(str(error), start) from None

    def root(self, build: Build) -> Expr:
        """``√2``, ``√(x + 1)``."""
        self.open()
        token = self.tokens[self.at]
        if token == "-" or token == "+":
            raise self.unexpected(_OPERAND)
        node = self.factor()
        self.depth -= 1
        if token not in CLOSED_BY and (self.tokens[self.at] in _POWERS or self.tokens[self.at] in _POSTFIX):
            raise self.error("what the root covers is not clear: use brackets")
        return build(node)


def _is_literal(token: str) -> bool:
    """Whether a token that is no leaf is a number."""
    return token[:1] in _FIRST_OF_LITERAL and token != "." and token != END
