"""A small network over bags of codes, evaluated with NumPy; :mod:`~reasoning_envs.rewards.fitting` trains it.

Each input is a tuple of bags (integer codes). A bag becomes the sum of its codes' embeddings over the root of their
number; the embeddings of all bags, joined, go through two hidden layers. Evaluation without torch keeps a step cheap
(no dispatch), processes light, and forks safe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["BagNetwork", "Bags", "Floats"]

Floats = NDArray[np.float32]
Bags = tuple[NDArray[np.int32], ...]
"""The codes of one input, one array a bag."""

_CHUNK = 512


@dataclass(frozen=True, slots=True)
class BagNetwork:
    """The weights.

    Attributes:
        tables: one embedding ``[codes, width]`` a bag.
        layers: ``(weight [in, out], bias [out])``, three of them.
    """

    tables: tuple[Floats, ...]
    layers: tuple[tuple[Floats, Floats], ...]

    @classmethod
    def new(cls, codes: Sequence[int], width: int, hidden: int, outputs: int, rng: np.random.Generator) -> BagNetwork:
        """Fresh weights: embeddings normal with deviation 0.1, layers as He et al. 2015, last layer 0."""
        tables = tuple(rng.normal(0.0, 0.1, size=(n, width)).astype(np.float32) for n in codes)
        sizes = [width * len(codes), hidden, hidden, outputs]
        layers = []
        for place, (inner, outer) in enumerate(pairwise(sizes)):
            scale = 0.0 if place == 2 else (2.0 / inner) ** 0.5
            layers.append(
                (
                    (rng.normal(0.0, 1.0, size=(inner, outer)) * scale).astype(np.float32),
                    np.zeros(outer, dtype=np.float32),
                )
            )
        return cls(tables, tuple(layers))

    def __call__(self, inputs: Sequence[Bags]) -> NDArray[np.float64]:
        """The outputs, ``[len(inputs), outputs]``."""
        if not inputs:
            return np.zeros((0, self.layers[-1][1].shape[0]))
        return np.concatenate([self._chunk(inputs[i : i + _CHUNK]) for i in range(0, len(inputs), _CHUNK)])

    def _chunk(self, inputs: Sequence[Bags]) -> NDArray[np.float64]:
        joined = []
        for place, table in enumerate(self.tables):
            bags = [bags[place] for bags in inputs]
            sums = np.zeros((len(bags), table.shape[1]), dtype=np.float32)
            for row, bag in enumerate(bags):
                if len(bag):
                    sums[row] = table[bag].sum(axis=0) / np.float32(len(bag) ** 0.5)
            joined.append(sums)
        x = np.concatenate(joined, axis=1).astype(np.float64)  # the size of a batch then shows beyond 1e-12 only
        for weight, bias in self.layers[:-1]:
            x = np.maximum(x @ weight + bias, 0.0)
        weight, bias = self.layers[-1]
        out: NDArray[np.float64] = x @ weight + bias
        return out

    def arrays(self) -> dict[str, Floats]:
        """The weights by name, for a file."""
        named = {f"table{i}": table for i, table in enumerate(self.tables)}
        for i, (weight, bias) in enumerate(self.layers):
            named[f"weight{i}"], named[f"bias{i}"] = weight, bias
        return named

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, Floats]) -> BagNetwork:
        """The inverse of :meth:`arrays`.

        Raises:
            KeyError: a part is missing.
        """
        tables = tuple(arrays[f"table{i}"] for i in range(sum(name.startswith("table") for name in arrays)))
        return cls(tables, tuple((arrays[f"weight{i}"], arrays[f"bias{i}"]) for i in range(3)))
