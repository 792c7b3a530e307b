"""The candidate of every maker that needs to tell nothing more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

from reasoning_envs.types import Status, Verdict

__all__ = ["MakingMove", "paged"]

_T = TypeVar("_T")

_BUILT = Verdict(Status.VERIFIED, None, "the certificate goes with it", "certificate", True)


class MakingMove(NamedTuple):
    """A move of a maker.

    Attributes:
        rule: the kind of move. state: after it. is_step: False where it only chooses a group of moves.
        words: what is done; the rule where there are none.
    """

    rule: str
    state: Any
    is_step: bool = True
    words: str = ""

    @property
    def verdict(self) -> Verdict:
        """A solution stays known, whatever is built: VERIFIED."""
        return _BUILT

    def describe(self) -> str:
        """What is done, in words."""
        return self.words or self.rule


def paged(named: Iterable[tuple[str, _T]], most: int) -> dict[str, Sequence[_T]]:
    """Things in groups of at most ``most`` by their name, in their order; a further page has its number in its name."""
    groups: dict[str, list[_T]] = {}
    for name, thing in named:
        page, number = name, 1
        while len(groups.setdefault(page, [])) >= most:
            number += 1
            page = f"{name} ({number})"
        groups[page].append(thing)
    return {name: tuple(members) for name, members in groups.items()}
