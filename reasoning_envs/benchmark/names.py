"""What is named on the command line, and what to say of a name that means nothing."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["unknown"]


def unknown(what: str, name: str, known: Iterable[str], also: str) -> ValueError:
    """The error for a name that is not known.

    Args:
        what: is named: ``"environment"``.
        name: as it was given.
        known: names; the close ones are listed, or all where none is close.
        also: what else might have been given.
    """
    names = sorted(known)
    near = get_close_matches(name, names, n=4, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(names)}."
    return ValueError(f"there is no {what} {name!r}; {hint} {also}")
