"""What Python that anybody wrote is judged by, and what came of it: tests, results and reports, as plain data.

Nothing of a program is evaluated here: values in tests are literals.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, NamedTuple

__all__ = ["Ran", "Report", "Result", "Tests", "arguments_of", "literal"]


@dataclass(frozen=True, slots=True)
class Tests:
    """What a program is judged by. Text alone, so that it is hashable and goes through JSON as it is.

    Attributes:
        entry: the function that is tested; None for whole programs.
        calls: arguments and the value they are to give, as literals: ``("[1, 2], 3", "4")``.
        exact: the types of values count: 4.0 is not 4, True is not 1. Else they are compared by ``==``.
        source: assertions of any other kind about ``entry``, or a function ``check(candidate)``.
        prelude: trusted source that they need.
        streams: standard input of a whole program, and what it is to print; blanks at the ends of lines do not count.
    """

    __test__ = False  # no class of pytest's

    entry: str | None = None
    calls: tuple[tuple[str, str], ...] = ()
    exact: bool = True
    source: str = ""
    prelude: str = ""
    streams: tuple[tuple[str, str], ...] = ()

    def __len__(self) -> int:
        """How many; assertions in ``source`` count as one."""
        return len(self.calls) + bool(self.source.strip()) + len(self.streams)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON data."""
        return {item.name: _listed(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Tests:
        """The inverse of :meth:`to_json`.

        Raises:
            ValueError: it is none.
        """
        try:
            pairs = {name: tuple((str(a), str(b)) for a, b in data[name]) for name in ("calls", "streams")}
            return cls(**{**data, **pairs})
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not the data of tests: {error}") from error

    def lines(self) -> list[str]:
        """The tests as a person reads them; those of streams are in the words of a problem."""
        told = [f"assert {self.entry}({arguments}) == {value}" for arguments, value in self.calls]
        return [*told, *self.source.strip().splitlines()]


class Result(NamedTuple):
    """What came of one test.

    Attributes:
        said: ``f([1]) gives 3, not 4``; empty where it passed.
        raised: the call that raised, to be run again for its traceback; else empty.
    """

    said: str = ""
    raised: str = ""


class Report(NamedTuple):
    """What came of some tests.

    Attributes:
        results: one a test.
        broken: why nobody could tell, where the sandbox failed; then there are no results.
    """

    results: tuple[Result, ...] = ()
    broken: str = ""

    @property
    def failures(self) -> list[Result]:
        """The tests that failed."""
        return [result for result in self.results if result.said]

    @property
    def passed(self) -> bool:
        """All passed, and there was one or more."""
        return bool(self.results) and not self.failures and not self.broken


class Ran(NamedTuple):
    """What a program said when it was run: what it printed and its traceback; ``broken``: the sandbox failed."""

    text: str
    broken: str = ""


@lru_cache(maxsize=4096)
def literal(text: str) -> Any:
    """The value of a literal that a sandbox takes. It is shared: nobody may change it.

    Raises:
        ValueError: it is none, or no plain value (``...``), or too large or too deep.
    """
    from sandboxes.values import encode_value

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the compiler, on odd escapes
            value = ast.literal_eval(text)
        encode_value([value])  # calls stand in a list
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"{text:.60} is no literal that can be used") from error
    return value


def arguments_of(text: str) -> tuple[Any, ...]:
    """The arguments that a text holds: ``"[1, 2], 3"``.

    Raises:
        ValueError: it holds none.
    """
    found = literal(f"({text},)") if text.strip() else ()
    assert isinstance(found, tuple)
    return found


def _listed(value: Any) -> Any:
    return [list(pair) for pair in value] if isinstance(value, tuple) else value
