r"""From text to trees, safely: nothing is executed, nothing is evaluated, and every size is bounded before it matters.

The notation, where a choice had to be made:

* ``+ - * / ^ **``, brackets ``( ) [ ] { }``, ``|x|``, ``5!``. A power binds tighter than a sign, and a sign that begins
  a term takes the whole term: ``-3^2`` is ``-(3^2)`` and ``-x*y`` is ``-(x*y)``, just as in ``a - x*y``. After another
  operator a sign takes one factor: ``2*-x*y`` is ``2*(-x)*y``. Powers group to the right.
* An omitted ``*`` binds like a written one: ``1/2x`` is ``(1/2)*x``. A number never follows its factor (``x2``,
  ``2 3``), and ``e^2x`` and ``2^xy`` are refused: the eye would not end the power where the rule does.
* Single letters are symbols (many Greek ones too); ``e``, ``i``, ``pi``, ``oo`` are constants unless declared as
  symbols. Two letters are a product: ``ax``. Longer words are functions, declared names, or errors; a run that is made
  of declared names is their product. ``x_1`` (and ``x₁``) is one symbol. Letters are no functions: ``f(x)`` is ``f*x``.
* ``log(x)`` is the natural logarithm; ``log(x, b)``, ``log_b(x)``, ``log2``, ``log10`` have a base. ``sin^2(x)`` is
  ``sin(x)^2``. A function takes brackets, which a lone letter or number may omit where its term ends: ``sin x + 1``.
  ``√`` takes the next factor: ``√2x`` is ``√2*x``.
* ``cot``, ``sec``, ``csc``, ``coth``, ``asinh``, ``binom(n, k)`` and the like stand for what defines them, ``30°`` for
  30 pi/180, and ``sum(k^2, k, 1, 10)`` or ``product(...)`` for the sum or product written out.
* ``d/dx(f)`` (or ``derivative(f, x)``), ``integral(f, x)`` and ``where(f, u, g)`` are not worked out; see
  :mod:`reasoning_envs.symbolic.calculus.differentiation`. ``ln|x|`` needs no further brackets.
* LaTeX is read as :mod:`~reasoning_envs.symbolic.syntax.latex_reader` has it: ``\frac{x}{2}`` is ``x/2``.
* Decimals are exact: ``0.5`` is 1/2. ``1.5e3`` and ``2e3`` are in scientific notation, ``2e`` is ``2*e``, and ``2e-3``
  is refused. ``2½`` is 5/2. ``!=`` is "not equal": the factorial in ``5! = 120`` needs its space.
* ``and`` binds tighter than ``or``. ``1 < x <= 3`` is two comparisons joined by *and*; ``x = 2 ± 1`` (also ``+/-``, and
  ``x = +-3``), ``x in {1, 3}`` and ``x = 1 or 3`` are two joined by *or*. A full stop may end a line.
"""

from __future__ import annotations

from collections.abc import Iterable

from reasoning_envs.symbolic.syntax.expression import Expr
from reasoning_envs.symbolic.syntax.expression_parser import (
    AND,
    CLOSED_BY,
    CLOSING,
    IN,
    MAX_DEPTH,
    OF_STATEMENTS,
    OR,
    ExpressionParser,
)
from reasoning_envs.symbolic.syntax.latex_line import plain_line
from reasoning_envs.symbolic.syntax.latex_reader import MAX_LATEX
from reasoning_envs.symbolic.syntax.lexer import (
    COMPARISONS,
    END,
    MAX_BYTES,
    MAX_DIGITS,
    MAX_TOKENS,
    PHRASE_WORDS,
    Source,
    vocabulary,
)
from reasoning_envs.symbolic.syntax.notation import PHRASES, ParseError, quote
from reasoning_envs.symbolic.syntax.statement import (
    ALL_REALS,
    NO_SOLUTION,
    Comparison,
    Line,
    Statement,
    conjunction,
    disjunction,
    equation,
)

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_DIGITS",
    "MAX_TOKENS",
    "ParseError",
    "parse_alternatives",
    "parse_expression",
    "parse_line",
    "parse_statement",
]

_ASCENDING, _DESCENDING = frozenset(("<", "<=")), frozenset((">", ">="))

_PLAIN = vocabulary()


def parse_line(text: str, *, symbols: Iterable[str] | None = None) -> Line:
    """An expression or a statement from its text, plain or LaTeX.

    Args:
        text: one line, of at most :data:`MAX_BYTES` bytes.
        symbols: names that are symbols whatever else they would mean: ``e``, or ``speed``. Other letters still are.

    Raises:
        ParseError: the text is no line of the notation. Nothing else is raised, whatever the text.
        ValueError: one of ``symbols`` cannot be a name.
    """
    words = _PLAIN if symbols is None else vocabulary(frozenset(symbols))
    if ("\\" in text or "$" in text) and len(text) <= MAX_LATEX:
        plain = plain_line(text)
        if plain != text:
            try:
                return _StatementParser(Source(plain, words), words).line()
            except ParseError as error:
                raise ParseError(f"read as {quote(plain)}, {error.reason}", min(error.position, len(text))) from None
    return _StatementParser(Source(text, words), words).line()


def parse_expression(text: str, *, symbols: Iterable[str] | None = None) -> Expr:
    """An expression from its text; see :func:`parse_line`.

    Raises:
        ParseError: the text is no expression.
    """
    line = parse_line(text, symbols=symbols)
    if not isinstance(line, Expr):
        raise ParseError(f"{quote(text)} is a statement; an expression is expected", 0)
    return line


def parse_alternatives(text: str, *, symbols: Iterable[str] | None = None) -> tuple[Expr, ...]:
    """The one or two values of an expression that may hold a ±: ``1 ± sqrt(2)``.

    Raises:
        ParseError: the text is no expression, or ± stands in it twice.
    """
    words = _PLAIN if symbols is None else vocabulary(frozenset(symbols))
    return _StatementParser(Source(text, words), words).alternatives()


def parse_statement(text: str, *, symbols: Iterable[str] | None = None) -> Statement:
    """A statement (an equation, an inequality, several with *and* and *or*) from its text; see :func:`parse_line`.

    Raises:
        ParseError: the text is no statement.
    """
    line = parse_line(text, symbols=symbols)
    if isinstance(line, Expr):
        raise ParseError(f"{quote(text)} is an expression; an equation or an inequality is expected", 0)
    return line


class _StatementParser(ExpressionParser):
    """Comparisons, what joins them, and phrases."""

    __slots__ = ()

    def line(self) -> Line:
        line = self.either()
        if self.tokens[self.at] != END:
            raise self.unexpected("the end of the line")
        return line

    def either(self) -> Line:
        """Parts joined by *or*."""
        first = self.both()
        if self.tokens[self.at] not in OR:
            return first
        parts = [self.statement(first)]
        while self.tokens[self.at] in OR:
            self.at += 1
            part = self.both()
            before = parts[-1]
            if isinstance(part, Expr) and isinstance(before, Comparison) and before.op == "=":
                # x = 1 or 3
                part = equation(before.left, part) if before.left.op == "sym" else part
            parts.append(self.statement(part))
        return disjunction(*parts)

    def both(self) -> Line:
        """Parts joined by *and*."""
        first = self.part()
        if self.tokens[self.at] not in AND:
            return first
        parts = [self.statement(first)]
        while self.tokens[self.at] in AND:
            self.at += 1
            parts.append(self.statement(self.part()))
        return conjunction(*parts)

    def statement(self, line: Line) -> Statement:
        if isinstance(line, Expr):
            raise self.error("'and' and 'or' join equations or inequalities, not expressions")
        return line

    def part(self) -> Line:
        """A phrase, a statement in brackets, a comparison, or an expression."""
        token = self.tokens[self.at]
        if token in PHRASE_WORDS and token not in self.leaves:
            value = self.phrase()
            if value is not None:
                return value
        if token in CLOSED_BY and self.brackets_hold_statement():
            self.open()
            inner = self.either()
            self.close(token)
            return inner
        left = self.side()
        token = self.tokens[self.at]
        op = COMPARISONS.get(token)
        if op is not None:
            self.at += 1
            return self.comparison(left, op)
        if token in IN:
            self.at += 1
            return self.membership(left)
        return left

    def phrase(self) -> Statement | None:
        for words, value in PHRASES:
            if tuple(self.tokens[self.at : self.at + len(words)]) == words:
                self.at += len(words)
                return ALL_REALS if value else NO_SOLUTION
        return None

    def brackets_hold_statement(self) -> bool:
        """Whether the bracket that opens here closes round a statement, not round an expression."""
        depth = 0
        for token in self.tokens[self.at :]:
            if token in CLOSED_BY:
                depth += 1
            elif token in CLOSING:
                depth -= 1
                if depth == 0:
                    return False
            elif token in OF_STATEMENTS:
                return True
        return False

    def comparison(self, left: Expr, op: str) -> Statement:
        """What follows ``left op``."""
        if op == "=" and self.plus_minus_follows():
            return self.plus_minus(left)
        right = self.side()
        first = Comparison(op, left, right)
        token = self.tokens[self.at]
        if token not in COMPARISONS:
            return first
        parts = [first]
        while token in COMPARISONS:
            following = COMPARISONS[token]
            if not ({op, following} <= _ASCENDING or {op, following} <= _DESCENDING):
                reason = f"{quote(token)} cannot follow {quote(op)}: give one comparison, or join two with 'and'"
                raise self.error(reason)
            self.at += 1
            before, right = right, self.side()
            parts.append(Comparison(following, before, right))
            token = self.tokens[self.at]
        return conjunction(*parts)

    def plus_minus_follows(self) -> bool:
        """Whether ± may stand in what follows. ``+-`` means it only where a right side begins."""
        tokens, at = self.tokens, self.at
        if tokens[at] == "+" and tokens[at + 1] == "-" and self.source.adjacent(at + 1):
            tokens[at : at + 2] = ["+-"]
        text = self.source.text
        return tokens[at] == "+-" or "±" in text or "+/-" in text

    def plus_minus(self, left: Expr) -> Statement:
        """The equations that a right side stands for: two if there is a ± in it."""
        sides = self.both_signs()
        if self.tokens[self.at] in COMPARISONS:
            raise self.error(f"{quote(self.tokens[self.at])} cannot follow '=': give one comparison")
        return disjunction(*[equation(left, side) for side in sides])

    def both_signs(self) -> list[Expr]:
        """What follows, read with + and with - for its ±."""
        start = self.at
        sides: list[Expr] = []
        for self.sign in (1, -1):
            self.at = start
            self.signs_met = 0
            sides.append(self.side())
        self.sign = 0
        return sides

    def alternatives(self) -> tuple[Expr, ...]:
        """A whole line that is an expression, with or without ±."""
        sides = self.both_signs() if self.plus_minus_follows() else [self.side()]
        if self.tokens[self.at] != END:
            raise self.unexpected("the end of the line")
        return tuple(sides)

    def membership(self, left: Expr) -> Statement:
        """``x in {1, 2}``, ``x ∈ ∅``, ``x ∈ ℝ``."""
        token = self.tokens[self.at]
        if token in ("R", "ℝ", "reals"):
            self.at += 1
            return ALL_REALS
        if token == "∅":
            self.at += 1
            return NO_SOLUTION
        if token != "{":
            raise self.unexpected("a set of numbers such as {1, 2}")
        if self.tokens[self.at + 1] == "}":
            self.at += 2
            return NO_SOLUTION
        return disjunction(*[equation(left, element) for element in self.bracketed()])
