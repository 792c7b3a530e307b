"""PPO on trees: what a walk teaches, that it is learned, and that it takes what it is paid and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from agents.policies import CandidatePolicy, PolicyConfig
from agents.tree import SearchResult
from agents.tree_ppo import Paid, TreePPO, TreePPOConfig
from reasoning_envs.domains.algebra import AlgebraDomain
from tests.reasoning_envs.toy_domain import READY

SIZES = PolicyConfig(16, 16)
RNG = np.random.default_rng(0)


def learner(seed: int = 0, **settings: float) -> TreePPO:
    policy = CandidatePolicy(READY, SIZES, seed=seed, keep_encoded=True)
    return TreePPO(policy, TreePPOConfig(**settings), seed)  # type: ignore[arg-type]


def test_walks_count_their_decisions_and_are_the_seed_s() -> None:
    problems = [READY.sample(np.random.default_rng(seed), "three") for seed in range(6)]
    one, other = learner(seed=3), learner(seed=3)
    walks = one.walk(READY, problems)
    assert one.steps == sum(len(walk.path) - 1 for walk in walks) > 0
    assert [walk.answer for walk in walks] == [walk.answer for walk in other.walk(READY, problems)]
    assert one.walk(READY, problems)[0].problem is problems[0]


def test_advantages_are_those_of_the_paper() -> None:
    """GAE by its definition, the sum of (gamma lambda)^l delta_(t+l), against the recursion."""
    ppo = learner(discount=0.9, trace=0.8, low=-1.0, high=1.0)
    walk = next(walk for walk in ppo.walk(READY, [READY.sample(RNG, "six") for _ in range(8)]) if len(walk.path) > 3)
    rewards = np.linspace(-0.5, 0.7, len(walk.path) - 1).tolist()
    found = ppo._choices(Paid(walk, rewards))
    values = []
    for node in walk.path[:-1]:
        assert node.evaluation is not None
        values.append(-1.0 + 2.0 * float(np.exp(node.evaluation.log_probs) @ node.evaluation.values))
    values.append(0.0)
    deltas = [reward + 0.9 * values[t + 1] - values[t] for t, reward in enumerate(rewards)]
    for t, choice in enumerate(found):
        wanted = sum((0.9 * 0.8) ** ahead * delta for ahead, delta in enumerate(deltas[t:]))
        assert choice.advantage == pytest.approx(wanted)
        assert choice.target == pytest.approx(np.clip((wanted + values[t] + 1) / 2, 0, 1))
        assert choice.taken == walk.path[t + 1].choice


@pytest.mark.parametrize("liked", [True, False])
def test_what_is_paid_is_done_more_often(liked: bool) -> None:
    domain = AlgebraDomain()
    policy = CandidatePolicy(domain, SIZES, seed=1, keep_encoded=True)
    ppo = TreePPO(policy, TreePPOConfig(steps=1, learning_rate=5e-3), seed=1)
    problems = [domain.sample(np.random.default_rng(seed), "linear-1") for seed in range(32)]

    def played() -> list[tuple[SearchResult, bool]]:
        walks = [walk for walk in ppo.walk(domain, problems) if len(walk.path) > 1]
        return [(walk, walk.path[1].action.rule == "subtract from both sides") for walk in walks]

    def share() -> float:
        return float(np.mean([kind for _ in range(4) for _, kind in played()]))

    before = share()
    for _ in range(12):
        ppo.learn([Paid(walk, [0.0] * (len(walk.path) - 2) + [float(kind == liked)]) for walk, kind in played()])
    assert 0.05 < before < 0.8
    assert share() > before + 0.15 if liked else share() < before / 2


def test_rewards_must_fit_the_decisions() -> None:
    ppo = learner()
    walk = ppo.walk(READY, [READY.sample(RNG, "three")])[0]
    with pytest.raises(ValueError, match="rewards for"):
        ppo.learn([Paid(walk, [1.0] * len(walk.path))])
    assert ppo.learn([]) == {}


def test_a_policy_that_keeps_no_features_cannot_learn() -> None:
    ppo = TreePPO(CandidatePolicy(READY, SIZES))
    walk = ppo.walk(READY, [READY.sample(RNG, "three")])[0]
    with pytest.raises(ValueError, match="keep_encoded"):
        ppo.learn([Paid(walk, [1.0] * (len(walk.path) - 1))])


def test_settings_out_of_range() -> None:
    with pytest.raises(ValueError, match="low below high"):
        TreePPOConfig(low=1.0, high=1.0)
