"""A policy for Stable-Baselines3 that scores candidates: what each action would lead to, not which number it has.

The stock ``MultiInputPolicy`` sees tokens as magnitudes and actions as slots, though slot 7 means something else on
every line. Here the line and each legal candidate go through one encoder, and

    logit(candidate) = MLP([candidate, line, candidate - line])        value = MLP(line).

The encoder is a bag: hashed n-grams of tokens (n = 1, 2, 3) and each token with its place, counted from either end.
The difference of two bags is the bag of what changed, which is what a step is about. Only legal candidates are
encoded, a tenth of what the observation has room for, which is what makes it quick on one core.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import torch as th
from gymnasium import spaces
from numpy.typing import NDArray
from sb3_contrib.common.maskable.buffers import MaskableDictRolloutBuffer, MaskableDictRolloutBufferSamples
from sb3_contrib.common.maskable.distributions import MaskableDistribution
from sb3_contrib.common.maskable.policies import MaskableActorCriticPolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.type_aliases import Schedule
from torch import nn

from agents.bag_sum import bag_sum

__all__ = ["CandidatePolicy", "ScoredRolloutBuffer", "TokenEncoder"]

_PLACES = 32
"""Tokens that are known by their place, from either end."""

_MULTIPLIER = 0x9E3779B97F4A7C15 - (1 << 64)  # 2^64 over the golden ratio, as a signed integer: Knuth's hash
_FAR_AWAY = -1e8
"""Logit of what is no candidate, as sb3-contrib has it."""


class TokenEncoder(BaseFeaturesExtractor):
    """Lines of tokens to vectors.

    Args:
        observation_space: Dict of ``state`` [L], ``candidates`` [A * L] or [A, L], and ``action_mask`` [A].
        features_dim: D, length of a vector.
        log2_buckets: the features share 2 to this power embeddings.

    Raises:
        ValueError: another observation space.
    """

    def __init__(self, observation_space: spaces.Space[Any], features_dim: int = 64, log2_buckets: int = 13) -> None:
        if not isinstance(observation_space, spaces.Dict) or not (
            {"state", "candidates", "action_mask"} <= set(observation_space.spaces)
        ):
            raise ValueError(f"a Dict of state, candidates and action_mask is needed, got {observation_space}")
        super().__init__(observation_space, features_dim)
        self._log2_buckets = log2_buckets
        self.embedding = nn.Parameter(th.randn(2**log2_buckets, features_dim) * 0.1)

    def forward(self, lines: th.Tensor) -> th.Tensor:
        """The bags of lines.

        Args:
            lines: token ids [N, L], 0 pads.

        Returns:
            [N, D]
        """
        return bag_sum(self.embedding, *self._members(lines))

    def _members(self, lines: th.Tensor) -> tuple[th.Tensor, th.Tensor]:
        """Indices of embeddings [M], one line's after the other, and where those of each line start [N]."""
        there = lines != 0
        lengths = there.sum(dim=1)
        ends = lengths.cumsum(0)
        tokens = lines.masked_select(there).long()
        place = th.arange(len(tokens)) - (ends - lengths).repeat_interleave(lengths)
        from_end = ends.repeat_interleave(lengths) - th.arange(1, len(tokens) + 1)
        # A line's first tokens have no neighbour before them: those of the line above must not stand in.
        before = th.roll(tokens, 1) * (place > 0)
        before_that = th.roll(before, 1) * (place > 1)
        pairs = tokens + (before << 8)
        # The kind of feature stands above the tokens, so that no two kinds mean the same number.
        kinds = (
            tokens + (1 << 24),
            pairs + (2 << 24),
            pairs + (before_that << 16) + (3 << 24),
            tokens + (place.clamp(max=_PLACES) << 8) + (4 << 24),
            tokens + (from_end.clamp(max=_PLACES) << 8) + (5 << 24),
        )
        # Shifting a signed integer copies its sign: the mask takes the copies away.
        numbers = th.stack(kinds, dim=1).flatten()
        members = ((numbers * _MULTIPLIER) >> (64 - self._log2_buckets)) & (2**self._log2_buckets - 1)
        return members, (ends - lengths) * len(kinds)


class CandidatePolicy(MaskableActorCriticPolicy):
    """See the module. Its features extractor maps lines to vectors, here a :class:`TokenEncoder`.

    Args:
        observation_space, action_space, lr_schedule: as Stable-Baselines3 gives them.
        width: of the hidden layers.
        **kwargs: of sb3-contrib's policy: ``features_extractor_kwargs``, ``optimizer_kwargs``, ...
    """

    def __init__(
        self,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        lr_schedule: Schedule,
        width: int = 64,
        **kwargs: Any,
    ) -> None:
        self._width = width
        kwargs.setdefault("features_extractor_class", TokenEncoder)
        super().__init__(observation_space, action_space, lr_schedule, **kwargs)

    def _build(self, lr_schedule: Schedule) -> None:
        dim = self.features_dim
        self.line_norm = nn.LayerNorm(dim)
        self.change_norm = nn.LayerNorm(dim)
        # It begins near uniform, as in Stable-Baselines3, and with values near 0, unlike there: where reward is rare,
        # values of the size of the reward drown it, and some seeds learned nothing in 10,000 steps.
        self.scorer = _two_layers(3 * dim, self._width)
        self.valuer = _two_layers(dim, self._width)
        learning_rate: Any = lr_schedule(1.0)
        self.optimizer = self.optimizer_class(self.parameters(), learning_rate, **self.optimizer_kwargs)

    def _get_constructor_parameters(self) -> dict[str, Any]:
        return {**super()._get_constructor_parameters(), "width": self._width}

    def _judge(self, obs: dict[str, th.Tensor]) -> tuple[th.Tensor, th.Tensor]:
        """Logits [B, A] and values [B, 1]."""
        state, mask = obs["state"], obs["action_mask"].bool()
        count, actions = mask.shape
        slots = mask.flatten().nonzero()[:, 0]
        legal = obs["candidates"].reshape(count * actions, -1).index_select(0, slots)
        bags = self.features_extractor(th.cat((state, legal)))
        lines = self.line_norm(bags)
        owners = slots // actions
        change = self.change_norm(bags[count:] - bags.index_select(0, owners))
        scores = self.scorer(th.cat((lines[count:], lines.index_select(0, owners), change), dim=1))
        logits = lines.new_full((count * actions,), _FAR_AWAY).index_copy(0, slots, scores[:, 0])
        return logits.view(count, actions), self.valuer(lines[:count])

    def _distribution(self, logits: th.Tensor, action_masks: Any) -> MaskableDistribution:
        distribution = self.action_dist.proba_distribution(action_logits=logits)
        if action_masks is not None:
            distribution.apply_masking(action_masks)
        return distribution

    def forward(
        self, obs: Any, deterministic: bool = False, action_masks: NDArray[Any] | None = None
    ) -> tuple[th.Tensor, th.Tensor, th.Tensor]:
        """Actions [B], values [B, 1] and log-probabilities [B]."""
        logits, values = self._judge(obs)
        distribution = self._distribution(logits, action_masks)
        actions = distribution.get_actions(deterministic=deterministic)
        return actions, values, distribution.log_prob(actions)

    def evaluate_actions(
        self, obs: Any, actions: th.Tensor, action_masks: th.Tensor | None = None
    ) -> tuple[th.Tensor, th.Tensor, th.Tensor | None]:
        """Values [B, 1], log-probabilities of ``actions`` [B], and entropies [B]."""
        logits, values = self._judge(obs)
        distribution = self._distribution(logits, action_masks)
        return values, distribution.log_prob(actions), distribution.entropy()

    def get_distribution(self, obs: Any, action_masks: NDArray[Any] | None = None) -> MaskableDistribution:
        """Over the actions."""
        return self._distribution(self._judge(obs)[0], action_masks)

    def predict_values(self, obs: Any) -> th.Tensor:
        """Values [B, 1]."""
        values: th.Tensor = self.valuer(self.line_norm(self.features_extractor(obs["state"])))
        return values


def _two_layers(inputs: int, width: int) -> nn.Sequential:
    hidden, last = nn.Linear(inputs, width), nn.Linear(width, 1)
    for layer, gain in ((hidden, 2**0.5), (last, 0.01)):
        nn.init.orthogonal_(layer.weight, gain=gain)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(hidden, nn.ReLU(), last)


class ScoredRolloutBuffer(MaskableDictRolloutBuffer):
    """A roll-out buffer that can leave steps out: those of episodes that nobody could judge.

    Args:
        *args, **kwargs: as of sb3-contrib's buffer.
        seed: of the order in which steps are drawn.
    """

    def __init__(self, *args: Any, seed: int = 0, **kwargs: Any) -> None:
        self._order = np.random.default_rng(seed)
        super().__init__(*args, **kwargs)

    def reset(self) -> None:
        super().reset()
        self._kept: NDArray[np.bool_] = np.ones((self.buffer_size, self.n_envs), dtype=np.bool_)

    def leave_out(self, env: int, first: int) -> None:
        """Leave out the steps of one copy of the environment, from ``first`` to the one about to be added."""
        self._kept[max(0, first) : self.pos + 1, env] = False

    def get(  # type: ignore[override]  # as sb3-contrib itself overrides it
        self, batch_size: int | None = None
    ) -> Generator[MaskableDictRolloutBufferSamples, None, None]:
        """The steps kept, in random order, in batches of about ``batch_size`` and never of a single step.

        Raises:
            RuntimeError: fewer than two are left.
        """
        if not self.generator_ready:
            for key, values in self.observations.items():
                self.observations[key] = self.swap_and_flatten(values)
            for name in ("actions", "values", "log_probs", "advantages", "returns", "action_masks"):
                setattr(self, name, self.swap_and_flatten(getattr(self, name)))
            self.generator_ready = True
        kept = self._order.permutation(np.flatnonzero(self.swap_and_flatten(self._kept)))
        if len(kept) < 2:
            raise RuntimeError(
                "nothing to learn from: nobody could judge the episodes of this roll-out "
                f"({self.buffer_size * self.n_envs} steps)"
            )
        # Equal parts: a rest of one step would have advantages without a deviation to normalise by.
        parts = 1 if batch_size is None else max(1, round(len(kept) / batch_size))
        for part in np.array_split(kept, min(parts, len(kept) // 2)):
            yield self._get_samples(part)
