"""Expert iteration: search solves what the policy alone cannot, and the policy learns to do what the search did.

The expert is Levin tree search with the policy itself (:mod:`agents.search`). Each solution gives one *decision* a
state on its path: the candidates, and the one to take. The policy learns them by cross-entropy; the value head learns
how far solved states were from their end and that states of hopeless searches lead nowhere.
"""

from __future__ import annotations

import os
import zlib
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from agents.features import Encoded
from agents.policies import CandidatePolicy, padded_log_softmax
from agents.run_folder import damaged, write_whole
from agents.tree import Node, SearchResult

__all__ = ["Collected", "Decisions", "Learner", "LearningConfig", "Replay", "decisions", "joined", "shortened"]

_HOPELESS = 4
"""States kept for the value of a search that found nothing."""

_REFUSED = 4
"""Refused answers of a search from which something is kept."""


@dataclass(frozen=True, slots=True)
class LearningConfig:
    """How the network learns.

    Attributes:
        batch: decisions a batch. learning_rate: of Adam. replay: decisions kept.
        value_weight: of the value's loss beside the policy's. discount: of a solved state's value for each decision
            that is left to the end, in (0, 1].
        left_out: share of the features of each candidate that a gradient step leaves out, drawn anew each time, in
            [0, 1). Networks that sum dozens of features learn a training set by heart without it.
    """

    batch: int = 128
    learning_rate: float = 2e-3
    replay: int = 60_000
    value_weight: float = 0.25
    discount: float = 0.95
    left_out: float = 0.0


@dataclass(frozen=True, slots=True)
class Decisions:
    """Decisions of one or more searches, as flat arrays.

    Attributes:
        buckets: uint16 ``[total]``: the bags of all candidates of all decisions.
        lengths: uint16 ``[n_candidates]``: buckets of each candidate.
        counts: uint16 ``[n_decisions]``: candidates of each decision.
        good: bool ``[n_candidates]``: the candidates to take; of some decisions none is known to be good.
        valued: int16 ``[n_decisions]``: the candidate that ``values`` speaks of.
        values: float32 ``[n_decisions]``: target of its value, in [0, 1].
    """

    buckets: NDArray[np.uint16]
    lengths: NDArray[np.uint16]
    counts: NDArray[np.uint16]
    good: NDArray[np.bool_]
    valued: NDArray[np.int16]
    values: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.counts)

    def thinned(self, share: float, rng: np.random.Generator) -> Decisions:
        """The same with a share of the buckets left out at random; the first of a bag stays, so that none is empty."""
        kept = rng.random(len(self.buckets)) >= share
        starts = np.cumsum(self.lengths, dtype=np.int64) - self.lengths
        kept[starts] = True
        lengths = np.add.reduceat(kept, starts, dtype=np.int64).astype(np.uint16)
        return replace(self, buckets=self.buckets[kept], lengths=lengths)


def shortened(path: Sequence[Node]) -> list[tuple[Node, int]]:
    """A solution without its detours: ``(node, choice)`` from the root to the end.

    Where a state further down the path is itself a candidate of an earlier one, what lies between is left out.
    """
    places = {node.state: index for index, node in enumerate(path)}
    decisions = []
    index = 0
    while index < len(path) - 1:
        node = path[index]
        best, choice = index, -1
        for number, action in enumerate(node.actions):
            place = places.get(action.state, -1)
            if place > best:
                best, choice = place, number
        decisions.append((node, choice))
        index = best
    return decisions


def decisions(results: Iterable[SearchResult], discount: float = 0.95) -> Decisions:
    """What can be learned from searches whose evaluator kept the features.

    * A solution teaches the policy each of its choices, and the value how many were left.
    * An answer that was refused teaches the value that the way to it, where it is not also the way of the solution,
      leads to nothing.
    * A search that found nothing teaches the same of some of the states that it tried.

    Raises:
        ValueError: the evaluator did not keep them.
    """
    kept = Collected()
    for result in results:
        good: set[int] = set()
        if result.outcome.success:
            path = shortened(result.path)
            good = {id(node) for node in result.path}
            for index, (node, choice) in enumerate(path):
                kept.add(node, choice, choice, discount ** (len(path) - 1 - index))
        else:
            judged = [node for node in result.visited if node.actions and node.parent is not None]
            for node in judged[:: max(1, len(judged) // _HOPELESS)][:_HOPELESS]:
                good.add(id(node))
                kept.add(node.parent, -1, node.choice, 0.0)
        for leaf in result.refused[:_REFUSED]:
            for node in leaf.path[1:]:
                if id(node) not in good:
                    good.add(id(node))
                    kept.add(node.parent, -1, node.choice, 0.0)
    return kept.decisions()


class Collected:
    """Decisions as they come."""

    def __init__(self) -> None:
        self._bags: list[bytes] = []
        self._lengths: list[int] = []
        self._good: list[bool] = []
        self._rows: list[tuple[int, int, float]] = []

    def add(self, node: Node | None, chosen: int, valued: int, value: float) -> None:
        """A decision of a search; ``chosen`` is -1 where no candidate is known to be good."""
        if node is None or node.evaluation is None or node.evaluation.encoded is None:
            raise ValueError("the evaluator kept no features: build the policy with keep_encoded=True")
        good = [False] * len(node.actions)
        if chosen >= 0:
            good[chosen] = True
        self.encoded(node.evaluation.encoded, good, valued, value)

    def encoded(self, encoded: Encoded, good: Sequence[bool], valued: int, value: float) -> None:
        """A decision of which the features are there."""
        self._bags.append(encoded.bags)
        self._lengths.extend(encoded.lengths)
        self._good.extend(good)
        self._rows.append((len(encoded.lengths), valued, value))

    def decisions(self) -> Decisions:
        """All of them."""
        counts, valued, values = zip(*self._rows, strict=True) if self._rows else ((), (), ())
        return Decisions(
            np.frombuffer(b"".join(self._bags), dtype=np.uint16),
            np.array(self._lengths, dtype=np.uint16),
            np.array(counts, dtype=np.uint16),
            np.array(self._good, dtype=np.bool_),
            np.array(valued, dtype=np.int16),
            np.array(values, dtype=np.float32),
        )


def joined(parts: Sequence[Decisions]) -> Decisions:
    """Several as one, in order."""
    return Decisions(**{key: np.concatenate([getattr(part, key) for part in parts]) for key in _FIELDS})


_FIELDS = tuple(Decisions.__dataclass_fields__)


class Replay:
    """The newest decisions, segment by segment; each segment is a file once it is saved.

    A checkpoint then costs what is new: segments never change, and those that fell out are deleted.

    Args:
        capacity: decisions kept; whole segments go, the oldest first, and never the newest.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._segments: deque[tuple[str, Decisions]] = deque()
        self._starts: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []

    def __len__(self) -> int:
        return sum(len(segment) for _, segment in self._segments)

    @property
    def names(self) -> list[str]:
        """Of the segments, the oldest first."""
        return [name for name, _ in self._segments]

    def add(self, name: str, segment: Decisions) -> None:
        """Append a segment under a name of its own; empty ones are left out."""
        if not len(segment):
            return
        self._segments.append((name, segment))
        self._starts.append(_starts(segment))
        while len(self._segments) > 1 and len(self) - len(self._segments[0][1]) >= self.capacity:
            self._segments.popleft()
            self._starts.pop(0)

    def sample(self, size: int, rng: np.random.Generator) -> Decisions:
        """``size`` decisions drawn evenly, with repetition.

        Raises:
            ValueError: there are none.
        """
        if not self._segments:
            raise ValueError("nothing was learned from yet: the replay is empty")
        ends = np.cumsum([len(segment) for _, segment in self._segments])
        drawn = np.sort(rng.integers(int(ends[-1]), size=size))
        where = np.searchsorted(ends, drawn, side="right")
        buckets, lengths, counts, good, valued, values = [], [], [], [], [], []
        for number, row in zip(where.tolist(), (drawn - np.concatenate(([0], ends))[where]).tolist(), strict=True):
            segment = self._segments[number][1]
            candidates, places = self._starts[number]
            first, last = candidates[row], candidates[row + 1]
            lengths.append(segment.lengths[first:last])
            buckets.append(segment.buckets[places[first] : places[last]])
            counts.append(segment.counts[row])
            good.append(segment.good[first:last])
            valued.append(segment.valued[row])
            values.append(segment.values[row])
        return Decisions(
            np.concatenate(buckets),
            np.concatenate(lengths),
            np.array(counts, dtype=np.uint16),
            np.concatenate(good),
            np.array(valued, dtype=np.int16),
            np.array(values, dtype=np.float32),
        )

    def save(self, folder: Path) -> None:
        """Write the segments that are not yet in ``folder``, each as a whole."""
        folder.mkdir(exist_ok=True)
        for name, segment in self._segments:
            file = folder / f"{name}.npz"
            if not file.exists():
                write_whole(file, lambda draft, segment=segment: _write_segment(draft, segment))  # type: ignore[misc]

    def prune(self, folder: Path) -> None:
        """Delete the segments in ``folder`` that fell out; call it once no checkpoint names them any more."""
        kept = {f"{name}.npz" for name in self.names}
        for file in folder.glob("*.npz"):
            if file.name not in kept:
                file.unlink()

    def load(self, folder: Path, names: Sequence[str]) -> None:
        """Read the named segments back, the oldest first.

        Raises:
            DamagedRunError: one is missing, or cannot be read.
        """
        for name in names:
            file = folder / f"{name}.npz"
            try:
                with file.open("rb") as opened, np.load(opened, allow_pickle=False) as data:
                    segment = Decisions(**{key: data[key] for key in _FIELDS})
            except FileNotFoundError:
                raise damaged(file, "is missing") from None
            except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error) as error:
                raise damaged(file, f"is cut off or damaged ({error})") from error
            self.add(name, segment)


def _starts(segment: Decisions) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    candidates = np.concatenate(([0], np.cumsum(segment.counts, dtype=np.int64)))
    places = np.concatenate(([0], np.cumsum(segment.lengths, dtype=np.int64)))
    return candidates, places


def _write_segment(path: Path, segment: Decisions) -> None:
    with path.open("wb") as file:
        np.savez_compressed(file, **{key: getattr(segment, key) for key in _FIELDS})
        file.flush()
        os.fsync(file.fileno())


class Learner:
    """The network under training.

    Args:
        policy: is trained in place.
        config: of the training.
        seed: of the batches.
    """

    def __init__(self, policy: CandidatePolicy, config: LearningConfig, seed: int = 0) -> None:
        self.policy = policy
        self.config = config
        self.replay = Replay(config.replay)
        self.rng = np.random.default_rng(seed)
        self.optimiser = torch.optim.Adam(policy.network.parameters(), lr=config.learning_rate, fused=True)
        self.updates = 0

    @property
    def learning_rate(self) -> float:
        """Of the optimiser; may be set between updates."""
        return float(self.optimiser.param_groups[0]["lr"])

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = rate

    def update(self, count: int) -> dict[str, float]:
        """Take ``count`` gradient steps; returns the means of ``policy_loss``, ``value_loss`` and ``accuracy``."""
        totals = np.zeros(3)
        for _ in range(count):
            drawn = self.replay.sample(self.config.batch, self.rng)
            if self.config.left_out:
                drawn = drawn.thinned(self.config.left_out, self.rng)
            totals += self._step(drawn)
        self.updates += count
        policy_loss, value_loss, accuracy = (totals / max(count, 1)).tolist()
        return {"policy_loss": policy_loss, "value_loss": value_loss, "accuracy": accuracy}

    def _step(self, drawn: Decisions) -> NDArray[np.float64]:
        buckets = torch.from_numpy(drawn.buckets.astype(np.int32))
        lengths = drawn.lengths.astype(np.int64)
        logits, values = self.policy.network(buckets, torch.from_numpy((np.cumsum(lengths) - lengths).astype(np.int32)))
        counts = drawn.counts.astype(np.int64)
        table, place = padded_log_softmax(logits, counts)
        good = torch.zeros(table.shape, dtype=torch.bool).flatten()
        good[torch.from_numpy(place)] = torch.from_numpy(drawn.good)
        good = good.view(table.shape)
        known = good.any(dim=1)
        right = table.masked_fill(~good, float("-inf"))[known]
        # The probability of all good candidates together: which of them is taken is all the same.
        policy_loss = -right.logsumexp(dim=1).mean() if len(right) else logits.sum() * 0
        value_loss = self._value_loss(values, drawn, counts)
        loss = policy_loss + self.config.value_weight * value_loss
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        taken = table[known].argmax(dim=1, keepdim=True)
        accuracy = float(good[known].gather(1, taken).float().mean()) if len(right) else 0.0
        return np.array([float(policy_loss.detach()), float(value_loss.detach()), accuracy])

    def _value_loss(self, values: Tensor, drawn: Decisions, counts: NDArray[np.int64]) -> Tensor:
        place = np.cumsum(counts) - counts + drawn.valued
        return torch.nn.functional.binary_cross_entropy_with_logits(
            values[torch.from_numpy(place)], torch.from_numpy(drawn.values)
        )

    def state(self) -> dict[str, Any]:
        """For a checkpoint, apart from the policy and the segments of the replay."""
        return {
            "optimiser": self.optimiser.state_dict(),
            "rng": self.rng.bit_generator.state,
            "updates": self.updates,
            "segments": self.replay.names,
        }

    def restore(self, state: dict[str, Any], folder: Path) -> None:
        """The inverse of :meth:`state`; segments are read from ``folder``.

        Raises:
            DamagedRunError: a segment is missing, or cannot be read.
        """
        self.optimiser.load_state_dict(state["optimiser"])
        self.rng.bit_generator.state = state["rng"]
        self.updates = state["updates"]
        self.replay.load(folder, state["segments"])
