"""What the checks share: how a plug is opened, and how a broken law is told."""

from __future__ import annotations

from typing import Any, NoReturn

from reasoning_envs.loading import load
from reasoning_envs.types import Status, Step, Verdict

__all__ = ["ensure", "fail", "opened", "said", "written"]


def opened(plug: Any) -> Any:
    """The object, or what ``"module:Name"`` names, called where it is a class."""
    if not isinstance(plug, str):
        return plug
    found = load(plug)
    return found() if isinstance(found, type) else found


def written(text: str, index: int = 0) -> Step:
    """A step that wrote this line, not judged yet."""
    return Step(index, text, text, Verdict(Status.UNDECIDED))


def said(verdict: Verdict) -> str:
    """A verdict in a message."""
    return f"{verdict.status.value} ({verdict.reason})" if verdict.reason else verdict.status.value


def ensure(condition: bool, message: str) -> None:
    """Nothing, or an ``AssertionError``: unlike ``assert``, also under ``python -O``."""
    if not condition:
        fail(message)


def fail(message: str) -> NoReturn:
    """The law is broken."""
    raise AssertionError(message)
