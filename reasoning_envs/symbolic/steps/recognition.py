"""Which of some known mistakes leads from one line to another: a wrong step in the words of the mistake."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from reasoning_envs.symbolic.moves.rules import Rewrite
from reasoning_envs.symbolic.syntax.expression import Expr, num, substitute
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.values.vectorised import sample

__all__ = ["fingerprint", "recognised"]

_LETTER_VALUES = (Fraction(13, 7), Fraction(29, 11), Fraction(5, 3))
_GRID = np.array([0.37, 0.71, 1.43, 2.19, -0.59, -1.31])


def fingerprint(expr: Expr, name: str = "x") -> NDArray[np.float64] | None:
    """Values of an expression without binders at a few points, [6]; None where it has none or they are not finite."""
    letters = sorted(expr.symbols - {name})
    numbers = {letter: num(_LETTER_VALUES[index % len(_LETTER_VALUES)]) for index, letter in enumerate(letters)}
    values = sample(substitute(expr, numbers), name, _GRID)
    known = values[~np.isnan(values)]
    return values if len(known) and math.isfinite(float(np.max(np.abs(known)))) else None


def recognised(
    after: Expr,
    rewrites: Iterable[Rewrite],
    words: Mapping[str, str],
    seen: Callable[[Expr], NDArray[np.float64] | None] = fingerprint,
) -> str | None:
    """What is wrong with a line, where one of the unsound rewrites of the line before leads to an equal one.

    Args:
        after: the wrong line.
        rewrites: of the line before.
        words: by rule, why a step by it is wrong; ``{}`` is the operand. Other rules are passed over.
        seen: what is compared of two lines.

    Returns:
        The words of the first that fits; None where none does.
    """
    values = seen(after)
    if values is None:
        return None
    for rewrite in rewrites:
        if rewrite.sound or rewrite.rule not in words:
            continue
        other = seen(rewrite.result)
        if other is not None and np.allclose(values, other, rtol=1e-9, atol=1e-12, equal_nan=True):
            return words[rewrite.rule].replace("{}", to_text(rewrite.operand))
    return None
