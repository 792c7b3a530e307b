r"""A whole line of LaTeX in plain text, without what encloses it: ``$x = 2$``, ``\[x = 2\]``, ``\boxed{x = 2}``."""

from __future__ import annotations

import re

from reasoning_envs.symbolic.syntax.latex_reader import MAX_LATEX, from_latex, is_latex

__all__ = ["plain_line", "unframed"]

_QUOTED_PHRASE = re.compile(r'"\s*(no (?:real )?solutions?|all real(?: number)?s)\s*\.?"', re.IGNORECASE)
_ROUND_MATHEMATICS = (("\\[", "\\]"), ("\\(", "\\)"), ("$$", "$$"), ("$", "$"))
_MAX_LAYERS = 4  # $$\boxed{...}$$ has two


def plain_line(text: str) -> str:
    r"""A line of a derivation in plain notation, be it LaTeX or not; ``\text{no solution}`` loses its quotes.

    What encloses the whole line is taken off: ``$...$``, ``\[...\]``, ``\boxed{...}``.

    Raises:
        ParseError: as :func:`from_latex`.
    """
    return _QUOTED_PHRASE.sub(r"\1", from_latex(unframed(text))) if is_latex(text) else text


def unframed(text: str) -> str:
    r"""Without what encloses all of it (``$...$``, ``\boxed{...}``), and a full stop behind that."""
    if len(text) > MAX_LATEX:
        return text
    text = text.strip()
    for _ in range(_MAX_LAYERS):
        inner = _within(text) or _within(text.rstrip(". "))
        if inner is None:
            break
        text = inner
    return text


def _within(text: str) -> str | None:
    for opening, closing in _ROUND_MATHEMATICS:
        if text.startswith(opening) and text.endswith(closing) and len(text) > len(opening) + len(closing):
            inner = text[len(opening) : -len(closing)]
            return None if opening in inner or closing in inner else inner.strip()
    for box in ("\\boxed", "\\fbox"):
        if text.startswith(box) and text.endswith("}"):
            inner = text[len(box) :].lstrip()
            return inner[1:-1].strip() if _is_one_group(inner) else None
    return None


def _is_one_group(text: str) -> bool:
    """From its first brace to the partner of that at its end."""
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if depth == 0:
            return place > 0 and place == len(text) - 1
    return False
