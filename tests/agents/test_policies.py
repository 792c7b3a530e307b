"""The policy as a network: what it starts as, what it keeps, what it refuses to load."""

from pathlib import Path

import numpy as np
import pytest
import torch

from agents.policies import CandidatePolicy, PolicyConfig, PolicyError, padded_log_softmax
from agents.search import solve
from agents.tree import Node, Tree
from reasoning_envs.types import Problem
from tests.reasoning_envs.toy_domain import ToyDomain

DOMAIN = ToyDomain()


def problems(count: int = 5) -> list[Problem]:
    rng = np.random.default_rng(0)
    return [DOMAIN.sample(rng, "six") for _ in range(count)]


def roots(count: int = 5) -> list[Node]:
    nodes = [Tree(DOMAIN, problem).root for problem in problems(count)]
    for node in nodes:
        node.tree.expand(node)
    return nodes


def shaken(policy: CandidatePolicy) -> CandidatePolicy:
    """With opinions of its own, as after training."""
    with torch.no_grad():
        for number, parameter in enumerate(policy.network.parameters()):
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(number)))
    return policy


def test_an_untrained_policy_is_uniform() -> None:
    for node, evaluation in zip(roots(), CandidatePolicy(DOMAIN).evaluate(roots()), strict=True):
        assert np.exp(evaluation.log_probs) == pytest.approx(1 / len(node.actions))
        assert evaluation.values == pytest.approx(0.5)


def test_probabilities_are_probabilities() -> None:
    for node, evaluation in zip(roots(), shaken(CandidatePolicy(DOMAIN)).evaluate(roots()), strict=True):
        assert evaluation.log_probs.shape == evaluation.values.shape == (len(node.actions),)
        assert np.exp(evaluation.log_probs).sum() == pytest.approx(1)
        assert np.ptp(evaluation.log_probs) > 0.01
        assert ((evaluation.values > 0) & (evaluation.values < 1)).all()


def test_neighbours_in_a_batch_do_not_matter() -> None:
    policy = shaken(CandidatePolicy(DOMAIN))
    for node, together in zip(roots(), policy.evaluate(roots()), strict=True):
        (alone,) = policy.evaluate([node])
        assert together.log_probs == pytest.approx(alone.log_probs, abs=1e-5)
        assert together.values == pytest.approx(alone.values, abs=1e-5)
    assert policy.evaluate([]) == []


def test_features_are_kept_on_demand() -> None:
    assert all(one.encoded is None for one in CandidatePolicy(DOMAIN).evaluate(roots()))
    kept = CandidatePolicy(DOMAIN, keep_encoded=True).evaluate(roots())
    assert all(one.encoded is not None and len(one.encoded.lengths) == len(one.values) for one in kept)


def test_the_seed_makes_the_weights() -> None:
    one, same, other = (CandidatePolicy(DOMAIN, seed=seed).network.embedding.weight for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_softmax_within_groups() -> None:
    logits = torch.tensor([1.0, 2.0, 0.5, -1.0, 3.0, 3.0])
    table, place = padded_log_softmax(logits, np.array([3, 1, 2]))
    assert table.shape == (3, 3)
    expected = torch.cat([torch.log_softmax(part, 0) for part in torch.split(logits, [3, 1, 2])])
    assert torch.allclose(table.flatten()[torch.from_numpy(place)], expected)
    assert torch.isinf(table).sum() == 3


def test_a_saved_policy_plays_alike(tmp_path: Path) -> None:
    policy = shaken(CandidatePolicy(DOMAIN, PolicyConfig(width=16, hidden=8)))
    policy.save(tmp_path / "policy.pt")
    for path in (tmp_path / "policy.pt", _run_folder(tmp_path)):
        loaded = CandidatePolicy.load(path, DOMAIN)
        assert loaded.config == PolicyConfig(width=16, hidden=8)
        for one, other in zip(policy.evaluate(roots()), loaded.evaluate(roots()), strict=True):
            assert (one.log_probs == other.log_probs).all()
        states = [[result.states for result in solve(DOMAIN, problems(), "beam", one)] for one in (policy, loaded)]
        assert states[0] == states[1]


def _run_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "checkpoint.pt").write_bytes((tmp_path / "policy.pt").read_bytes())
    return folder


def test_what_is_no_policy_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"there is no policy at .*missing\.pt"):
        CandidatePolicy.load(tmp_path / "missing.pt", DOMAIN)
    with pytest.raises(PolicyError, match=r"folder without checkpoint\.pt"):
        CandidatePolicy.load(tmp_path, DOMAIN)
    text = tmp_path / "text.pt"
    text.write_text("x + 1 = 2\n", encoding="utf-8")
    with pytest.raises(PolicyError, match=r"text\.pt is no checkpoint"):
        CandidatePolicy.load(text, DOMAIN)
    torch.save({"weights": torch.zeros(3)}, tmp_path / "other.pt")
    with pytest.raises(PolicyError, match=r"other\.pt holds no policy"):
        CandidatePolicy.load(tmp_path / "other.pt", DOMAIN)
    torch.save({"policy": {"format": "another"}}, tmp_path / "kind.pt")
    with pytest.raises(PolicyError, match="its format is 'another'"):
        CandidatePolicy.load(tmp_path / "kind.pt", DOMAIN)


class _Code:
    """Would write a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.path,)


def test_loading_runs_nothing(tmp_path: Path) -> None:
    torch.save({"policy": _Code(tmp_path / "was run")}, tmp_path / "hostile.pt")
    with pytest.raises(PolicyError, match="no checkpoint"):
        CandidatePolicy.load(tmp_path / "hostile.pt", DOMAIN)
    assert not (tmp_path / "was run").exists()


@pytest.mark.parametrize("name", ["domain", "moves", "vocabulary", "features"])
def test_a_policy_of_another_world_is_refused(name: str) -> None:
    state = CandidatePolicy(DOMAIN).state()
    state["versions"][name] = "another"
    with pytest.raises(PolicyError, match=rf"{name} 'another'.*train it again"):
        CandidatePolicy.from_state(state, DOMAIN)


def test_weights_that_do_not_fit_are_refused() -> None:
    state = CandidatePolicy(DOMAIN, PolicyConfig(width=16)).state()
    state["config"]["width"] = 32
    with pytest.raises(PolicyError, match="does not fit"):
        CandidatePolicy.from_state(state, DOMAIN)
