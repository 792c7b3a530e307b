"""``python -m agents.tree_ppo``: PPO on trees, where a policy over candidates learns from whatever its walks are paid.

Schulman et al., "Proximal policy optimization algorithms", 2017: the clipped surrogate (eq. 7) with advantages by
generalised advantage estimation (eqs. 11, 12). Episodes are walks of :mod:`agents.search` in lock step, through no
environment, and every candidate is scored alone, so that one network serves any domain. The value of a state is the
mean of what the network says of its candidates, weighted by the policy.

Training may start warm, from a policy that expert iteration has trained (``start``), as everything here may: what is
paid is a function of the finished walk, so that provers, racers and proposers learn by the same few lines. The command
line pays for verified answers, and goes on from its checkpoint with the same curves.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, NamedTuple

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray

import reasoning_envs  # noqa: F401 - registers the environments
from agents.actors import quiet
from agents.features import Encoded
from agents.options import check_settings, names_in, parse_run
from agents.policies import CandidatePolicy, PolicyError, batch, padded_log_softmax, read_checkpoint
from agents.proposer import draw_distinct
from agents.run_folder import DamagedRunError, Metrics, RunFolder, write_whole
from agents.search import METHODS, Limits, Method, solve
from agents.tree import Outcome, SearchResult
from reasoning_envs.domains.protocol import MoveDomain
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.problems import ProblemSource
from reasoning_envs.types import Problem

__all__ = ["Config", "Paid", "Run", "TreePPO", "TreePPOConfig", "main"]

MAY_CHANGE = ("steps",)
_LOG_RATIO = 20.0
"""Of new probability to old, at most: beyond it the ratio of what a batch has just made likely is not finite."""


@dataclass(frozen=True, slots=True)
class TreePPOConfig:
    """How it learns.

    Attributes:
        steps: reasoning steps of a walk, at most. passes: over the decisions of a batch of walks. batch: decisions a
            gradient step. learning_rate: of Adam. clip: of the ratio of probabilities, above 0. gradient_norm: to which
            gradients are scaled down, above 0. entropy: weight of the bonus. value_weight: of the value's loss.
        discount, trace: gamma and lambda, in [0, 1].
        low, high: between which returns lie; what is outside is clipped for the value.
    """

    steps: int = 12
    passes: int = 3
    batch: int = 256
    learning_rate: float = 2e-3
    clip: float = 0.2
    gradient_norm: float = 0.5
    entropy: float = 0.01
    value_weight: float = 0.5
    discount: float = 0.99
    trace: float = 0.95
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        above = self.clip > 0 and self.gradient_norm > 0
        if not (self.low < self.high and above and 0 <= self.discount <= 1 and 0 <= self.trace <= 1):
            raise ValueError("low below high, clip and gradient_norm above 0, discount and trace in [0, 1] are needed")


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
        ratio = torch.exp((logs[chosen] - before).clamp(max=_LOG_RATIO))
        gain = torch.from_numpy(advantages.astype(np.float32))
        clipped = torch.clamp(ratio, 1 - config.clip, 1 + config.clip)
        policy_loss = -torch.minimum(ratio * gain, clipped * gain).mean()
        entropy = -(torch.exp(logs) * logs).sum() / len(choices)
        wanted = torch.tensor([choice.target for choice in choices], dtype=torch.float32)
        value_loss = torch.nn.functional.binary_cross_entropy_with_logits(values[chosen], wanted)
        loss = policy_loss + config.value_weight * value_loss - config.entropy * entropy
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.policy.network.parameters(), config.gradient_norm)
        self.optimiser.step()
        outside = float((ratio.detach() != clipped.detach()).float().mean())
        return np.array([float(policy_loss.detach()), float(value_loss.detach()), float(entropy.detach()), outside])


# -- the command line -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Config:
    """What a run is started with; every field is an option of the command line."""

    steps: Annotated[int, "decisions in all; a resumed run goes on up to this number"] = 40_000
    seed: Annotated[int, "of weights, problems and draws"] = 0
    env: Annotated[str, "id of the environment, with the moves interface"] = "reasoning_envs/Algebra-v0"
    levels: Annotated[str, "to learn, with commas; empty: all of the domain"] = "linear-1,linear-2,brackets-1"
    start: Annotated[str, "file or folder of a policy to start from; empty: random weights"] = ""
    walks: Annotated[int, "in a batch"] = 64
    walk_steps: Annotated[int, "reasoning steps of a walk, at most"] = 12
    learning_rate: Annotated[float, "of Adam"] = 0.002
    entropy: Annotated[float, "weight of the bonus"] = 0.01
    check_every: Annotated[int, "batches between looks at validation problems"] = 5
    check_problems: Annotated[int, "validation problems a level in such a look"] = 20

    def __post_init__(self) -> None:
        check_settings(self)


class Run:
    """One run of the command line.

    Args:
        config: of the run.
        folder: of the run. Where it holds a checkpoint, the run goes on from there.

    Raises:
        ValueError: no such level. TypeError: the environment offers no moves. PolicyError: no policy to start from.
    """

    def __init__(self, config: Config, folder: RunFolder) -> None:
        quiet()
        self.config = config
        self.folder = folder
        base = gym.make(config.env).unwrapped
        if not isinstance(base, ReasoningEnv) or base.interface != "moves":
            raise TypeError(f"{config.env} is no environment of this package with the moves interface")
        assert isinstance(base.domain, MoveDomain)
        self.domain = base.domain
        levels = names_in(config.levels) or tuple(self.domain.levels)
        self.source = ProblemSource(self.domain, split="train", level=levels, problems=None, refusal=base.refusal)
        policy = CandidatePolicy(self.domain, seed=config.seed, keep_encoded=True)
        if config.start:
            policy = CandidatePolicy.load(config.start, self.domain)
            policy.keep_encoded = True
        settings = TreePPOConfig(config.walk_steps, learning_rate=config.learning_rate, entropy=config.entropy)
        self.learner = TreePPO(policy, settings, config.seed)
        self.rng = np.random.default_rng([config.seed, 1])
        self.batches = 0
        check = np.random.default_rng(20_000)
        self.check = [
            problem
            for level in levels
            for problem in draw_distinct(self.domain, level, config.check_problems, check, "validation")
        ]
        if folder.checkpoint.exists():
            self._restore()
        self.metrics = Metrics(folder, resume_from=self.batches if self.batches else None)

    def iterate(self) -> dict[str, float]:
        """Walk, learn, look, and write the checkpoint; what was logged, by name."""
        problems = [self.source.draw(self.rng) for _ in range(self.config.walks)]
        walks = self.learner.walk(self.domain, problems)
        judged = [walk for walk in walks if walk.outcome is not Outcome.UNSCORED and len(walk.path) > 1]
        losses = self.learner.learn(
            [Paid(walk, [0.0] * (len(walk.path) - 2) + [float(walk.outcome.success)]) for walk in judged]
        )
        self.batches += 1
        scalars = {f"learner/{name}": value for name, value in losses.items()}
        scalars["play/solved"] = float(np.mean([walk.outcome.success for walk in walks]))
        scalars["play/steps"] = float(self.learner.steps)
        if self.batches % self.config.check_every == 0:
            results = solve(self.domain, self.check, METHODS["greedy"], self.learner.policy)
            scalars["validation/greedy"] = float(np.mean([result.outcome.success for result in results]))
        self.metrics.log(self.batches, scalars)
        self._save()
        return scalars

    def _save(self) -> None:
        state = {
            "policy": self.learner.policy.state(),
            "optimiser": self.learner.optimiser.state_dict(),
            "learner_rng": self.learner.rng.bit_generator.state,
            "rng": self.rng.bit_generator.state,
            "steps": self.learner.steps,
            "batches": self.batches,
        }
        write_whole(self.folder.checkpoint, lambda draft: torch.save(state, draft))

    def _restore(self) -> None:
        file = self.folder.checkpoint
        state: dict[str, Any] = read_checkpoint(file)
        loaded = CandidatePolicy.from_state(state["policy"], self.domain, source=str(file))
        self.learner.policy.network.load_state_dict(loaded.network.state_dict())
        self.learner.optimiser.load_state_dict(state["optimiser"])
        self.learner.rng.bit_generator.state = state["learner_rng"]
        self.rng.bit_generator.state = state["rng"]
        self.learner.steps = state["steps"]
        self.batches = state["batches"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code is 0, 1 where a part failed, 2 for a wrong request, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m agents.tree_ppo", formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    try:
        config, path, resume = parse_run(parser, Config, arguments, name="tree-ppo", may_change=MAY_CHANGE)
        run = Run(config, RunFolder(path, asdict(config), resume=resume, may_change=MAY_CHANGE))
    except (OSError, ValueError, TypeError, PolicyError, DamagedRunError, gym.error.Error) as error:
        print(f"tree-ppo: {error}", file=sys.stderr)
        return 2
    try:
        with run.metrics:
            while run.learner.steps < config.steps:
                found = run.iterate()
                look = found.get("validation/greedy")
                shown = f"{run.learner.steps:8,} steps  solved {found['play/solved']:.2f}"
                print(shown if look is None else f"{shown}  validation {look:.2f}", flush=True)
    except KeyboardInterrupt:
        print(f"\nstopped; the last finished batch is in {run.folder.checkpoint}: add --resume", file=sys.stderr)
        return 130
    except OSError as error:
        print(f"tree-ppo: {error}; the last finished batch is in {run.folder.checkpoint}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
