"""PPO on trees: what a walk teaches, that it is learned, and that it takes what it is paid and nothing else."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from agents.policies import CandidatePolicy, PolicyConfig
from agents.run_folder import RunFolder
from agents.tree import SearchResult
from agents.tree_ppo import Config, Paid, Run, TreePPO, TreePPOConfig, main
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


def test_what_was_all_but_impossible_leaves_the_weights_finite() -> None:
    ppo = learner(learning_rate=0.05)
    walks = [walk for walk in ppo.walk(READY, [READY.sample(RNG, "three") for _ in range(8)]) if len(walk.path) > 1]
    choices = [choice for walk in walks for choice in ppo._choices(Paid(walk, [0.0] * (len(walk.path) - 1)))]
    unlikely = [choice._replace(log_prob=-300.0) for choice in choices]
    for sign in (-1.0, 1.0, 0.0):
        assert np.isfinite(ppo._step(unlikely, np.full(len(unlikely), sign))).all()
    assert all(torch.isfinite(weights).all() for weights in ppo.policy.network.parameters())


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


# -- the command line -------------------------------------------------------------------------------------------------

SMALL = ["--levels", "linear-1", "--walks", "12", "--walk-steps", "6", "--check-every", "1", "--check-problems", "4"]


def test_a_resumed_run_is_the_same_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "--out", str(tmp_path), "--name", "whole", "--steps", "400"]) == 0
    shown = capsys.readouterr().out
    for more in (["--steps", "1"], ["--steps", "400", "--resume"]):
        assert main([*SMALL, "--out", str(tmp_path), "--name", "parts", *more]) == 0
    assert capsys.readouterr().out == shown
    whole, parts = ((tmp_path / name / "metrics.jsonl").read_bytes() for name in ("whole", "parts"))
    assert whole == parts


def test_a_warm_start_is_where_it_begins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    domain = AlgebraDomain()
    taught = CandidatePolicy(domain, SIZES, seed=5)
    with torch.no_grad():
        taught.network.heads.weight += 0.5
    taught.save(tmp_path / "taught.pt")
    config = Config(levels="linear-1", start=str(tmp_path / "taught.pt"), check_problems=1)
    run = Run(config, RunFolder(tmp_path / "run", asdict(config)))
    state = domain.start(domain.problem("2*x + 3 = 9"))
    actions = domain.actions(state)
    assert run.learner.policy.log_probs(state, actions).tolist() == taught.log_probs(state, actions).tolist()
    run.metrics.close()
    assert main(["--start", str(tmp_path / "none.pt"), "--out", str(tmp_path), "--name", "other"]) == 2
    assert "there is no policy" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (["--env", "reasoning_envs/AlgebraText-v0"], "with the moves interface"),
        (["--levels", "nowhere"], "nowhere"),
    ],
)
def test_a_wrong_request_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: list[str], words: str
) -> None:
    assert main([*wrong, "--out", str(tmp_path)]) == 2
    assert words in capsys.readouterr().err
