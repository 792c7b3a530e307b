"""Proximal policy optimisation on trees: a policy over candidates learns from whatever its episodes are paid.

Schulman et al., "Proximal policy optimization algorithms", 2017: the clipped surrogate (eq. 7) with advantages by
generalised advantage estimation (eqs. 11, 12). Episodes are walks of :mod:`agents.search` in lock step, through no
environment, and every candidate is scored alone, so that one network serves any domain. The value of a state is the
mean of what the network says of its candidates, weighted by the policy.

Training may start warm, from a policy that expert iteration has trained (``start``), as everything here may: what is
paid is a function of the finished walk, so that provers, racers and proposers learn by the same few lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from agents.features import Encoded
from agents.policies import CandidatePolicy, batch, padded_log_softmax
from agents.search import Limits, Method, solve
from agents.tree import SearchResult
from reasoning_envs.domains.protocol import MoveDomain
from reasoning_envs.types import Problem

__all__ = ["Paid", "TreePPO", "TreePPOConfig"]


@dataclass(frozen=True, slots=True)
class TreePPOConfig:
    """How it learns.

    Attributes:
        steps: reasoning steps of a walk, at most. passes: over the decisions of a batch of walks. batch: decisions a
            gradient step. learning_rate: of Adam. clip: of the ratio of probabilities, above 0. entropy: weight of the
            bonus. value_weight: of the value's loss. discount, trace: gamma and lambda, in [0, 1].
        low, high: between which returns lie; what is outside is clipped for the value.
    """

    steps: int = 12
    passes: int = 3
    batch: int = 256
    learning_rate: float = 2e-3
    clip: float = 0.2
    entropy: float = 0.01
    value_weight: float = 0.5
    discount: float = 0.99
    trace: float = 0.95
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        if not (self.low < self.high and self.clip > 0 and 0 <= self.discount <= 1 and 0 <= self.trace <= 1):
            raise ValueError("low below high, clip above 0, discount and trace in [0, 1] are needed")


class Paid(NamedTuple):
    """A walk, and what was paid for each of its decisions."""

    walk: SearchResult
    rewards: Sequence[float]


class _Choice(NamedTuple):
    encoded: Encoded
    taken: int
    log_prob: float
    advantage: float
    target: float


class TreePPO:
    """The policy under training.

    Args:
        policy: is trained in place; build it with ``keep_encoded=True``.
        config: of the training.
        seed: of walks and batches.

    Attributes:
        steps: decisions taken so far, in all walks.
    """

    def __init__(self, policy: CandidatePolicy, config: TreePPOConfig | None = None, seed: int = 0) -> None:
        self.policy = policy
        self.config = config or TreePPOConfig()
        self.rng = np.random.default_rng(seed)
        self.optimiser = torch.optim.Adam(policy.network.parameters(), lr=self.config.learning_rate, fused=True)
        self.steps = 0

    def walk(self, domain: MoveDomain, problems: Sequence[Problem]) -> list[SearchResult]:
        """One walk a problem, each move drawn from the policy."""
        method = Method("random", limits=Limits(4 * self.config.steps, self.config.steps))
        walks = solve(domain, problems, method, self.policy, seed=int(self.rng.integers(2**31)))
        self.steps += sum(len(walk.path) - 1 for walk in walks)
        return walks

    def learn(self, paid: Sequence[Paid]) -> dict[str, float]:
        """Take the gradient steps that a batch of walks is worth.

        Returns:
            means of ``policy_loss``, ``value_loss``, ``entropy`` and ``clipped`` (share of the ratios); empty where
            nothing was decided.

        Raises:
            ValueError: not one reward a decision, or the evaluator kept no features.
        """
        choices = [choice for one in paid for choice in self._choices(one)]
        if not choices:
            return {}
        advantages = np.array([choice.advantage for choice in choices])
        spread = float(advantages.std())
        advantages = (advantages - advantages.mean()) / (spread + 1e-6)
        totals = np.zeros(4)
        taken = 0
        for _ in range(self.config.passes):
            order = self.rng.permutation(len(choices))
            for first in range(0, len(order), self.config.batch):
                places = order[first : first + self.config.batch]
                totals += self._step([choices[int(place)] for place in places], advantages[places])
                taken += 1
        names = ("policy_loss", "value_loss", "entropy", "clipped")
        return dict(zip(names, (totals / taken).tolist(), strict=True))

    def _choices(self, paid: Paid) -> list[_Choice]:
        config = self.config
        path = paid.walk.path
        if len(paid.rewards) != len(path) - 1:
            raise ValueError(f"{len(paid.rewards)} rewards for {len(path) - 1} decisions")
        found: list[_Choice] = []
        advantage = worth = 0.0
        for node, following, reward in zip(path[-2::-1], path[:0:-1], list(paid.rewards)[::-1], strict=True):
            evaluation = node.evaluation
            if evaluation is None or evaluation.encoded is None:
                raise ValueError("the evaluator kept no features: build the policy with keep_encoded=True")
            probs = np.exp(evaluation.log_probs)
            value = config.low + (config.high - config.low) * float(probs @ evaluation.values)
            delta = reward + config.discount * worth - value
            advantage = delta + config.discount * config.trace * advantage
            worth = value
            target = (advantage + value - config.low) / (config.high - config.low)
            chosen = float(evaluation.log_probs[following.choice])
            found.append(_Choice(evaluation.encoded, following.choice, chosen, advantage, min(max(target, 0.0), 1.0)))
        return found[::-1]

    def _step(self, choices: Sequence[_Choice], advantages: NDArray[np.float64]) -> NDArray[np.float64]:
        config = self.config
        buckets, offsets = batch([choice.encoded for choice in choices])
        logits, values = self.policy.network(buckets, offsets)
        counts = np.array([len(choice.encoded.lengths) for choice in choices], dtype=np.int64)
        table, place = padded_log_softmax(logits, counts)
        chosen = torch.from_numpy(np.cumsum(counts) - counts + np.array([choice.taken for choice in choices]))
        logs = table.reshape(-1)[torch.from_numpy(place)]
        before = torch.tensor([choice.log_prob for choice in choices], dtype=torch.float32)
        ratio = torch.exp(logs[chosen] - before)
        gain = torch.from_numpy(advantages.astype(np.float32))
        clipped = torch.clamp(ratio, 1 - config.clip, 1 + config.clip)
        policy_loss = -torch.minimum(ratio * gain, clipped * gain).mean()
        entropy = -(torch.exp(logs) * logs).sum() / len(choices)
        wanted = torch.tensor([choice.target for choice in choices], dtype=torch.float32)
        value_loss = torch.nn.functional.binary_cross_entropy_with_logits(values[chosen], wanted)
        loss = policy_loss + config.value_weight * value_loss - config.entropy * entropy
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        outside = float((ratio.detach() != clipped.detach()).float().mean())
        return np.array([float(policy_loss.detach()), float(value_loss.detach()), float(entropy.detach()), outside])
