"""Arithmetic with balls: real or complex enclosures of numbers that contain the true value, for certain.

The balls are python-flint's ``arb`` and ``acb``; two disjoint ones prove that two values differ. An exact rational
number (``fmpq``) passes for a ball wherever one does.
"""

from __future__ import annotations

import os
import threading
from typing import Any

from flint import acb, arb, ctx, fmpq

__all__ = ["Unclear", "Undefined", "disjoint", "is_exact", "precision", "sign", "whole_power"]


class _Settings:
    """What python-flint keeps for the whole process, and who may change it.

    Attributes:
        lock: held while a thread works with balls.
        snap: balls around 0 with a radius below this count as 0; None: never.
    """

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        self.lock = threading.RLock()
        self.snap: arb | None = None


_SETTINGS = _Settings()


class Undefined(ArithmeticError):
    """The expression has no value at the point, for certain. The message says why."""


class Unclear(ArithmeticError):
    """At this precision nobody can tell whether the expression has a value at the point, or what it is."""


# Another thread of the parent may hold the lock at the moment of a fork.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_SETTINGS.renew)


class precision:  # noqa: N801 - used as a function
    """Work with balls of ``bits`` bits.

    Python-flint's precision is global, so one thread at a time works with balls.
    """

    __slots__ = ("before", "bits", "snap", "snapped")

    def __init__(self, bits: int, snap: int | None = None) -> None:
        """Nothing happens before the context is entered.

        Args:
            bits: of the mantissas.
            snap: a ball that contains 0 and has a radius below ``2^-snap`` counts as exactly 0. What is found so is
                very likely, and no proof.
        """
        self.bits, self.snap = bits, snap

    def __enter__(self) -> None:
        _SETTINGS.lock.acquire()
        self.before, self.snapped = ctx.prec, _SETTINGS.snap
        ctx.prec = self.bits
        _SETTINGS.snap = None if self.snap is None else arb(2) ** -self.snap

    def __exit__(self, *_: object) -> None:
        ctx.prec = self.before
        _SETTINGS.snap = self.snapped
        _SETTINGS.lock.release()


def is_exact(value: Any) -> bool:
    """The value is a rational number and no ball."""
    return isinstance(value, fmpq)


def is_zero(value: Any) -> bool:
    """Certainly 0 (True) or certainly not (False).

    Raises:
        Unclear: the ball contains 0 and more.
    """
    if is_exact(value):
        return bool(value == 0)
    if value.contains(0):
        if value.is_zero() or (_SETTINGS.snap is not None and value.rad() < _SETTINGS.snap):
            return True
        raise Unclear("cannot tell whether a value is 0")
    return False


def sign(value: Any) -> int:
    """-1, 0 or 1, for certain.

    Raises:
        Unclear: the ball contains 0 and more.
    """
    if is_zero(value):
        return 0
    return 1 if value > 0 else -1


def disjoint(left: Any, right: Any) -> bool:
    """The two values differ, for certain."""
    if is_exact(left) and is_exact(right):
        return bool(left != right)
    if isinstance(left, acb) or isinstance(right, acb):
        return not acb(left).overlaps(acb(right))
    return not arb(left).overlaps(arb(right))


def whole_power(base: Any, exponent: int) -> Any:
    """``base**exponent`` of a ball or an exact number.

    A real power takes a ball whose middle is 0, as ``ln(5) - ln(5)`` gives one, for not finite; a complex one does not.
    """
    if isinstance(base, arb) and base.mid().is_zero() and not base.is_zero():
        return (acb(base) ** exponent).real
    return base**exponent
