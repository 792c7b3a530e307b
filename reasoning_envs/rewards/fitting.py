"""Networks over bags are trained with torch: on targets, on outcomes of episodes, as policies, as ratios of such."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from reasoning_envs.rewards.network import BagNetwork, Bags, Floats

if TYPE_CHECKING:
    import torch

__all__ = ["Aggregate", "Choices", "Fitting", "train", "train_on_outcomes", "train_policy", "train_ratio"]

LogitsOf = Callable[[Sequence[Bags]], "torch.Tensor"]
Aggregate = Literal["product", "min", "sum"]
"""How the steps of an episode make its outcome."""

Choices = Sequence[Sequence[Sequence[Bags]]]
"""Of each episode, of each step: the step taken, and behind it its rivals."""

_CHUNK = 512
_MANY = 10_000


@dataclass(frozen=True, slots=True)
class Fitting:
    """How a network is trained: Adam on the mean binary cross-entropy, stopped early on held-out inputs.

    Attributes:
        epochs: passes over the inputs at most.
        patience: passes without a better held-out loss before it stops.
        batch: inputs a step; four times as many, with three times the rate, where there are 10,000 inputs or more.
        learning_rate: of Adam. dropout: share of codes that a pass leaves out.
        hide: share of the inputs of several bags from which a pass hides one bag as a whole, so that each of them is
            learned to be read alone.
        rare: codes that the training meets less often than this many times keep an embedding of 0: what is unknown
            says nothing, instead of something random. With n inputs it is 1 + n / 1000 at most.
    """

    epochs: int = 60
    patience: int = 6
    batch: int = 64
    learning_rate: float = 1e-3
    dropout: float = 0.3
    hide: float = 0.3
    rare: int = 10

    def sized(self, inputs: int) -> Fitting:
        """As it is for so many inputs."""
        rare = min(self.rare, 1 + inputs // 1000)
        if inputs < _MANY:
            return replace(self, rare=rare)
        return replace(self, rare=rare, batch=4 * self.batch, learning_rate=3.0 * self.learning_rate)


def train(
    network: BagNetwork,
    inputs: Sequence[Bags],
    targets: Floats,
    held_out: NDArray[np.intp],
    fitting: Fitting,
    seed: int,
) -> tuple[BagNetwork, int]:
    """The network trained, and the best epoch (from 1; 0 where no epoch was better than the start).

    Args:
        network: where to start.
        inputs: n of them.
        targets: ``[n, outputs]`` in [0, 1].
        held_out: indices of the inputs that decide when to stop; with none, all epochs are run.
        fitting: see there.
        seed: of the order and of the dropout.
    """
    import torch

    all_targets = torch.from_numpy(targets)

    def loss_of(logits_of: LogitsOf, rows: NDArray[np.intp]) -> torch.Tensor:
        logits = logits_of([inputs[row] for row in rows])
        return torch.nn.functional.binary_cross_entropy_with_logits(logits, all_targets[rows])

    return _optimise(network, [[bags] for bags in inputs], loss_of, held_out, fitting, seed)


def train_on_outcomes(
    network: BagNetwork,
    episodes: Sequence[Sequence[Bags]],
    outcomes: Floats,
    aggregate: Aggregate,
    held_out: NDArray[np.intp],
    fitting: Fitting,
    seed: int,
) -> tuple[BagNetwork, int]:
    """As :func:`train`, where only whole episodes have a target: what their steps' logits f come to.

    Args:
        network: with one output.
        episodes: one or more inputs each.
        outcomes: ``[n]`` in [0, 1].
        aggregate: the chance of the outcome: ``"product"`` of sigmoid(f), their ``"min"``, or sigmoid of the ``"sum"``
            of f.
        held_out: indices of episodes.
        fitting: see there; ``batch`` counts episodes.
        seed: of the order and of the dropout.
    """
    import torch

    targets = torch.from_numpy(outcomes)

    def loss_of(logits_of: LogitsOf, rows: NDArray[np.intp]) -> torch.Tensor:
        logits = logits_of([bags for row in rows for bags in episodes[row]])[:, 0]
        parts = torch.split(logits, [len(episodes[row]) for row in rows])
        if aggregate == "sum":
            whole = torch.stack([part.sum() for part in parts])
            return torch.nn.functional.binary_cross_entropy_with_logits(whole, targets[rows])
        if aggregate == "min":
            whole = torch.stack([part.min() for part in parts])
            return torch.nn.functional.binary_cross_entropy_with_logits(whole, targets[rows])
        log_right = torch.stack([torch.nn.functional.logsigmoid(part).sum() for part in parts]).clamp(max=-1e-6)
        log_wrong = torch.log(-torch.expm1(log_right))
        return -(targets[rows] * log_right + (1.0 - targets[rows]) * log_wrong).mean()

    return _optimise(network, episodes, loss_of, held_out, fitting, seed)


def train_policy(
    network: BagNetwork, episodes: Choices, held_out: NDArray[np.intp], fitting: Fitting, seed: int
) -> tuple[BagNetwork, int]:
    """As :func:`train`, where the softmax of a step's logit among its rivals' is to imitate what was done."""

    def loss_of(logits_of: LogitsOf, rows: NDArray[np.intp]) -> torch.Tensor:
        return -_log_chances(logits_of, episodes, rows)[0].mean()

    return _optimise(network, [_flat(episode) for episode in episodes], loss_of, held_out, fitting, seed)


def train_ratio(
    network: BagNetwork,
    reference: BagNetwork,
    episodes: Choices,
    outcomes: Floats,
    scale: tuple[float, float],
    held_out: NDArray[np.intp],
    fitting: Fitting,
    seed: int,
) -> tuple[BagNetwork, int]:
    """As :func:`train_policy`, where the outcome is to be sigmoid(beta * sum of log(policy / reference) + c).

    Args:
        network: where to start, with one output.
        reference: of the ratio.
        episodes: see :data:`Choices`.
        outcomes: ``[n]`` in [0, 1].
        scale: beta and c.
        held_out: indices of episodes.
        fitting: see there; ``batch`` counts episodes.
        seed: of the order and of the dropout.
    """
    import torch

    beta, constant = scale
    targets = torch.from_numpy(outcomes)
    base = torch.tensor(
        [
            sum(float(logits[0] - np.logaddexp.reduce(logits)) for logits in (reference(c)[:, 0] for c in episode))
            for episode in episodes
        ],
        dtype=torch.float32,
    )

    def loss_of(logits_of: LogitsOf, rows: NDArray[np.intp]) -> torch.Tensor:
        logs, counts = _log_chances(logits_of, episodes, rows)
        sums = torch.stack([part.sum() for part in torch.split(logs, counts)])
        whole = beta * (sums - base[rows]) + constant
        return torch.nn.functional.binary_cross_entropy_with_logits(whole, targets[rows])

    return _optimise(network, [_flat(episode) for episode in episodes], loss_of, held_out, fitting, seed)


def _flat(episode: Sequence[Sequence[Bags]]) -> list[Bags]:
    return [bags for choice in episode for bags in choice]


def _log_chances(logits_of: LogitsOf, episodes: Choices, rows: NDArray[np.intp]) -> tuple[torch.Tensor, list[int]]:
    """Of the steps of these episodes one after the other, and how many steps each has."""
    import torch

    logits = logits_of([bags for row in rows for bags in _flat(episodes[row])])[:, 0]
    sizes = [len(choice) for row in rows for choice in episodes[row]]
    logs = [part[0] - torch.logsumexp(part, dim=0) for part in torch.split(logits, sizes)]
    return torch.stack(logs), [len(episodes[row]) for row in rows]


def _optimise(
    network: BagNetwork,
    episodes: Sequence[Sequence[Bags]],
    loss_of: Callable[[LogitsOf, NDArray[np.intp]], torch.Tensor],
    held_out: NDArray[np.intp],
    fitting: Fitting,
    seed: int,
) -> tuple[BagNetwork, int]:
    """On one thread: more of them gain nothing here, lose much where others compute, and round differently."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _optimised(network, episodes, loss_of, held_out, fitting, seed)
    finally:
        torch.set_num_threads(threads)


def _optimised(
    network: BagNetwork,
    episodes: Sequence[Sequence[Bags]],
    loss_of: Callable[[LogitsOf, NDArray[np.intp]], torch.Tensor],
    held_out: NDArray[np.intp],
    fitting: Fitting,
    seed: int,
) -> tuple[BagNetwork, int]:
    import torch

    fitting = fitting.sized(sum(map(len, episodes)))
    rng = np.random.default_rng(seed)
    tables = [torch.tensor(table, requires_grad=True) for table in network.tables]
    layers = [(torch.tensor(w, requires_grad=True), torch.tensor(b, requires_grad=True)) for w, b in network.layers]
    parameters = [*tables, *(part for layer in layers for part in layer)]
    optimiser = torch.optim.Adam(parameters, lr=fitting.learning_rate)
    learned = np.setdiff1d(np.arange(len(episodes)), held_out)
    counts = _counts(network, [bags for row in learned for bags in episodes[row]])
    unknown = [torch.from_numpy(np.flatnonzero(met < fitting.rare)) for met in counts]
    rare = [torch.from_numpy(np.flatnonzero((met > 0) & (met < fitting.rare))) for met in counts]

    def forget(places: Sequence[torch.Tensor]) -> None:
        with torch.no_grad():
            for table, rows in zip(tables, places, strict=True):
                table.index_fill_(0, rows, 0.0)

    def with_dropout(inputs: Sequence[Bags]) -> torch.Tensor:
        return _forward(tables, layers, inputs, fitting.dropout, fitting.hide, rng)

    def plain(inputs: Sequence[Bags]) -> torch.Tensor:
        return _forward(tables, layers, inputs, 0.0, 0.0, rng)

    def held_out_loss() -> float:
        with torch.no_grad():
            parts = [held_out[i : i + _CHUNK] for i in range(0, len(held_out), _CHUNK)]
            return sum(float(loss_of(plain, part)) * len(part) for part in parts) / len(held_out)

    def snapshot() -> BagNetwork:
        return BagNetwork(
            tuple(table.detach().numpy().copy() for table in tables),
            tuple((w.detach().numpy().copy(), b.detach().numpy().copy()) for w, b in layers),
        )

    forget(unknown)
    best, best_epoch = snapshot(), 0
    best_loss = held_out_loss() if len(held_out) else float("inf")
    for epoch in range(1, fitting.epochs + 1):
        order = rng.permutation(learned)
        for start in range(0, len(order), fitting.batch):
            optimiser.zero_grad()
            loss_of(with_dropout, order[start : start + fitting.batch]).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            forget(rare)  # the others have no gradient
        if not len(held_out):
            best_epoch = epoch
            continue
        loss = held_out_loss()
        if loss < best_loss - 1e-4:
            best, best_epoch, best_loss = snapshot(), epoch, loss
        elif epoch - best_epoch >= fitting.patience:
            break
    return (best if len(held_out) else snapshot()), best_epoch


def _counts(network: BagNetwork, inputs: Sequence[Bags]) -> list[NDArray[np.intp]]:
    """How often each code of each table is met."""
    counts = []
    for place, table in enumerate(network.tables):
        codes = np.concatenate([bags[place] for bags in inputs]) if inputs else np.zeros(0, dtype=np.int32)
        counts.append(np.bincount(codes, minlength=len(table)))
    return counts


def _forward(
    tables: Sequence[torch.Tensor],
    layers: Sequence[tuple[torch.Tensor, torch.Tensor]],
    inputs: Sequence[Bags],
    dropout: float,
    hide: float,
    rng: np.random.Generator,
) -> torch.Tensor:
    import torch

    joined: list[Any] = []
    hidden = np.full(len(inputs), -1)
    if hide and len(tables) > 1:
        hidden = np.where(rng.random(len(inputs)) < hide, rng.integers(0, len(tables), len(inputs)), -1)
    for place, table in enumerate(tables):
        bags = [bags[place] for bags in inputs]
        lengths = np.array([len(bag) for bag in bags])
        codes = np.concatenate(bags)
        kept = np.ones(len(codes), dtype=np.float32)
        if dropout:
            kept = (rng.random(len(codes), dtype=np.float32) >= dropout).astype(np.float32) / np.float32(1 - dropout)
        shares = kept / np.sqrt(np.repeat(np.maximum(lengths, 1), lengths)).astype(np.float32)
        if hide:
            shares = shares * np.repeat((hidden != place).astype(np.float32), lengths)
        joined.append(
            torch.nn.functional.embedding_bag(
                torch.from_numpy(codes),
                table,
                torch.from_numpy(np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int32)),
                mode="sum",
                per_sample_weights=torch.from_numpy(shares),
            )
        )
    x = torch.cat(joined, dim=1)
    for weight, bias in layers[:-1]:
        x = torch.relu(x @ weight + bias)
    weight, bias = layers[-1]
    return x @ weight + bias
