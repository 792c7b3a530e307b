"""Spaces that Gymnasium does not have, and how to read the ones that are packed.

Texts are a direct subclass of ``Space[str]``. Gymnasium's own ``Text`` has an alphabet without space and ``+``, takes
half a millisecond to check 4,000 characters, and under ``AsyncVectorEnv`` with its default shared memory shows zeros
for ever. :class:`Transcript` costs 0.1 us to check and passes through shared memory unharmed.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from ctypes import c_uint8
from multiprocessing.sharedctypes import SynchronizedArray
from types import ModuleType
from typing import Any, overload

import numpy as np
from gymnasium import error
from gymnasium.spaces import Box, Dict, MultiBinary, Space
from gymnasium.vector.utils import create_shared_memory, read_from_shared_memory, write_to_shared_memory
from numpy.typing import NDArray

__all__ = ["TokenRows", "Transcript", "candidate_rows", "value_rows"]

_PAD = b"\x00"

_LETTERS = ("x", "x", "x", "a", "b", "y")
_SIGNS = ("+", "-", "*", "/")


class Transcript(Space[str]):
    """Texts of at most ``max_length`` characters, of any alphabet.

    Args:
        max_length: in characters, 1 or more.
        max_lines: lines in a text that :meth:`sample` draws, at most.
        seed: of :meth:`sample`.

    Raises:
        ValueError: a length or a number of lines below 1.
    """

    def __init__(
        self, max_length: int = 2000, *, max_lines: int = 1, seed: int | np.random.Generator | None = None
    ) -> None:
        if max_length < 1 or max_lines < 1:
            raise ValueError(f"max_length and max_lines must be 1 or more, got {max_length} and {max_lines}")
        self.max_length = max_length
        self.max_lines = max_lines
        super().__init__(shape=None, dtype=None, seed=seed)

    def sample(self, mask: Any | None = None, probability: Any | None = None) -> str:
        """Lines that look like mathematics, and mostly are: ``"3*x - 4 = 7 + x"``.

        Raises:
            gymnasium.error.Error: a mask or probabilities were given; a text has neither.
        """
        if mask is not None or probability is not None:
            raise error.Error("Transcript.sample takes no mask and no probabilities: texts cannot be enumerated")
        lines = [self._line() for _ in range(self.np_random.integers(1, self.max_lines, endpoint=True))]
        return "\n".join(lines)[: self.max_length]

    def contains(self, x: Any) -> bool:
        """A string that is not too long."""
        return isinstance(x, str) and len(x) <= self.max_length

    @property
    def is_np_flattenable(self) -> bool:
        """False: a text has no fixed length."""
        return False

    def from_jsonable(self, sample_n: list[Any]) -> list[str]:
        """The texts that ``to_jsonable`` wrote.

        Raises:
            ValueError: one of them is none of this space.
        """
        for item in sample_n:
            if not self.contains(item):
                raise ValueError(f"{item!r:.80} is no text of at most {self.max_length} characters")
        return list(sample_n)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Transcript) and self.max_length == other.max_length and self.max_lines == other.max_lines
        )

    __hash__ = None  # type: ignore[assignment]  # spaces are mutable: they hold a generator

    def __repr__(self) -> str:
        return f"Transcript({self.max_length}, max_lines={self.max_lines})"

    def _line(self) -> str:
        return f"{self._side()} = {self._side()}"

    def _side(self) -> str:
        terms = [self._term() for _ in range(self.np_random.integers(1, 3, endpoint=True))]
        signs = self.np_random.choice(_SIGNS, size=len(terms) - 1)
        return terms[0] + "".join(f" {sign} {term}" for sign, term in zip(signs, terms[1:], strict=True))

    def _term(self) -> str:
        number = int(self.np_random.integers(1, 20, endpoint=True))
        letter = _LETTERS[self.np_random.integers(len(_LETTERS))]
        return (str(number), letter, f"{number}*{letter}")[self.np_random.integers(3)]


class TokenRows:
    """The part of an observation that all domains with moves share: tokens of the line, tokens of the candidates, mask.

    Args:
        count: A, candidates at most.
        length: L, tokens of a row at most.
    """

    def __init__(self, count: int, length: int) -> None:
        self._count = count
        self._length = length
        self._padding = [bytes(length * (count - used)) for used in range(count + 1)]

    def space(self, **more: Space[Any]) -> Dict:
        """``{"state": [L], "candidates": [A * L], "action_mask": [A]}`` and what else the domain shows."""
        return Dict(
            {
                "state": Box(0, 255, (self._length,), np.uint8),
                "candidates": Box(0, 255, (self._count * self._length,), np.uint8),
                "action_mask": MultiBinary(self._count),
                **more,
            }
        )

    def pack(self, line: bytes, candidates: Sequence[bytes]) -> dict[str, NDArray[Any]]:
        """The three arrays, fresh.

        Raises:
            ValueError: a row of more than ``length`` tokens, or more than ``count`` candidates.
        """
        length = self._length
        used = len(candidates)
        rows = [row.ljust(length, _PAD) for row in candidates]
        rows.append(self._padding[used])
        flat = bytearray().join(rows)
        padded = bytearray(line.ljust(length, _PAD))
        if len(flat) != self._count * length or len(padded) != length:
            longest = max(map(len, (line, *candidates)))
            raise ValueError(f"encoded a line in {longest} tokens, {length} at most were promised")
        mask = np.zeros(self._count, np.int8)
        mask[:used] = 1
        return {
            "state": np.frombuffer(padded, np.uint8),
            "candidates": np.frombuffer(flat, np.uint8),
            "action_mask": mask,
        }


def value_rows(values: NDArray[np.int16], examples: int, width: int) -> NDArray[np.int16]:
    """Values as the code environments show them, by variable or candidate and by example, without a copy.

    Args:
        values: [..., N * E * W] int16, from one environment or a batch of them.
        examples: E, as in ``env.domain.examples``.
        width: W, as in ``env.domain.width``.

    Returns:
        [..., N, E, W] int16; :mod:`reasoning_envs.domains.code.observations` says what the W numbers are.
    """
    return values.reshape(*values.shape[:-1], -1, examples, width)


def candidate_rows(observation: NDArray[np.uint8], max_tokens: int) -> NDArray[np.uint8]:
    """The observation ``candidates`` of the moves interface as a matrix, without a copy.

    The space is flat since Stable-Baselines3 warns of every two-dimensional box.

    Args:
        observation: [..., 64 * L] uint8, from one environment or a batch of them.
        max_tokens: L, as in ``env.observation_space["state"].shape[0]``.

    Returns:
        [..., 64, L] uint8: one row a candidate, rows beyond the legal ones zero.
    """
    return observation.reshape(*observation.shape[:-1], -1, max_tokens)


class _SharedTexts(Sequence[str]):
    """The texts of all environments, read from shared memory when they are looked at, as NumPy views are."""

    def __init__(self, memory: SynchronizedArray[c_uint8], count: int) -> None:
        self._cells = _cells(memory, count)

    def __len__(self) -> int:
        return len(self._cells)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        if isinstance(index, slice):
            return tuple(self[position] for position in range(*index.indices(len(self))))
        cell = self._cells[index]
        length = int(cell[:_HEADER].view(np.uint32)[0])
        data: bytes = cell[_HEADER : _HEADER + length].tobytes()
        return data.decode("utf-8", "surrogatepass")

    def __deepcopy__(self, memo: dict[int, Any]) -> tuple[str, ...]:
        """What ``AsyncVectorEnv(copy=True)``, the default, hands out: the texts as they are now."""
        return tuple(self)

    def __repr__(self) -> str:
        return repr(tuple(self))


_HEADER = 4  # bytes that hold the length of the text behind them


def _cells(memory: SynchronizedArray[c_uint8], count: int) -> NDArray[np.uint8]:
    buffer: Any = memory.get_obj()
    return np.frombuffer(buffer, dtype=np.uint8).reshape(count, -1)


def _cell_size(space: Transcript) -> int:
    return _HEADER + 4 * space.max_length  # UTF-8 takes four bytes a character at most


@create_shared_memory.register(Transcript)
def _create(space: Transcript, n: int = 1, ctx: ModuleType = multiprocessing) -> Any:
    return ctx.Array(c_uint8, n * _cell_size(space))


@read_from_shared_memory.register(Transcript)
def _read(space: Transcript, shared_memory: SynchronizedArray[c_uint8], n: int = 1) -> Sequence[str]:
    return _SharedTexts(shared_memory, n)


@write_to_shared_memory.register(Transcript)
def _write(space: Transcript, index: int, value: str, shared_memory: SynchronizedArray[c_uint8]) -> None:
    data = value.encode("utf-8", "surrogatepass")
    if len(value) > space.max_length:
        raise ValueError(f"a text of {len(value)} characters is longer than the {space.max_length} of {space}")
    cell = _cells(shared_memory, len(shared_memory) // _cell_size(space))[index]
    cell[:_HEADER].view(np.uint32)[0] = len(data)
    cell[_HEADER : _HEADER + len(data)] = np.frombuffer(data, dtype=np.uint8)
