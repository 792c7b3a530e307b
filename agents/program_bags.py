"""Buckets of the features of programs: hashes of what a feature is made of, the same in every process.

A feature is a tuple of small integers; a 32-bit hash of it chooses one of :data:`PROGRAM_BUCKETS` buckets. Features
that are a property of a :class:`.Signature` crossed with something else come in dozens for each
candidate, so that their buckets are looked up in a row for what they are crossed with.
"""

from __future__ import annotations

from functools import lru_cache
from zlib import crc32

from reasoning_envs.programs.signatures import Signature

__all__ = ["PROGRAM_BUCKETS", "PROGRAM_FEATURES_VERSION", "Buckets", "word"]

PROGRAM_FEATURES_VERSION = "programs-3"
"""Changes whenever the meaning of a bucket does: a policy of another version cannot be loaded."""

PROGRAM_BUCKETS = 32_768
"""A power of two, so that the upper bits of a hash choose one; :class:`Buckets` may have fewer, and others."""

_MASK = 0xFFFFFFFF
_A, _B, _C = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D


def _bucket(*parts: int) -> int:
    code = 0x2545F491
    for part in parts:
        code = ((code ^ (part & _MASK)) * _A + _B) & _MASK
        code ^= code >> 15
    return ((code * _C) & _MASK) >> 17


@lru_cache(maxsize=16_384)
def word(text: str) -> int:
    """A number for a text, to be part of a feature."""
    return crc32(text.encode())


class _Known(dict[tuple[int, ...], int]):
    """Buckets of features."""

    def __init__(self, first: int, count: int) -> None:
        super().__init__()
        self._first = first
        self._mask = count - 1

    def __missing__(self, parts: tuple[int, ...]) -> int:
        bucket = self[parts] = self._first + (_bucket(*parts) & self._mask)
        return bucket


class _Row(dict[int, int]):
    """Buckets of the properties beside one thing."""

    def __init__(self, first: int, count: int, *beside: int) -> None:
        super().__init__()
        self._first = first
        self._mask = count - 1
        self._beside = beside

    def __missing__(self, held: int) -> int:
        bucket = self[held] = self._first + (_bucket(*self._beside, held) & self._mask)
        return bucket


class Buckets:
    """The buckets of features. What is kept makes it faster and changes nothing.

    Args:
        first: the lowest of them.
        count: how many, a power of two and at most :data:`PROGRAM_BUCKETS`.

    Attributes:
        of: ``of[parts]`` is the bucket of a feature; its first part tells what kind of feature it is.
    """

    def __init__(self, first: int = 0, count: int = PROGRAM_BUCKETS) -> None:
        self._first = first
        self._count = count
        self.of = _Known(first, count)
        self._rows: dict[tuple[int, ...], _Row] = {}

    def held(self, signature: Signature, *beside: int) -> list[int]:
        """A bucket for each property that holds on all examples or on some, crossed with what is beside it."""
        row = self._rows.get(beside)
        if row is None:
            row = self._rows[beside] = _Row(self._first, self._count, *beside)
        return [row[number] for number in _holding(signature)]


@lru_cache(maxsize=100_000)
def _holding(held: Signature) -> tuple[int, ...]:
    """Numbers of what holds: of a property on all examples, on some; on how many both are equal; is a value missing."""
    base = 256 * held.pair
    found = [base + 240 + held.equal]
    if held.missing:
        found.append(base + 255)
    for number in range(held.somewhere.bit_length()):
        if held.somewhere >> number & 1:
            found.append(base + 2 * number + (held.everywhere >> number & 1))
    return tuple(found)
