"""What is learned from a search, how it is kept, and that learning it helps."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from agents.expert_iteration import Decisions, Learner, LearningConfig, Replay, decisions, joined, shortened
from agents.policies import CandidatePolicy
from agents.run_folder import DamagedRunError
from agents.search import LEVIN, Limits, Method, solve
from agents.tree import Node, SearchResult, Tree
from reasoning_envs.types import Problem
from tests.reasoning_envs.toy_domain import Move, Sum, ToyDomain

DOMAIN = ToyDomain()
SEARCH = Method("best-first", LEVIN, Limits(60))


def problems(count: int, seed: int = 0, level: str = "three") -> list[Problem]:
    rng = np.random.default_rng(seed)
    return [DOMAIN.sample(rng, level) for _ in range(count)]


def searched(count: int = 20, policy: CandidatePolicy | None = None, seed: int = 0) -> list[SearchResult]:
    return solve(DOMAIN, problems(count, seed), SEARCH, policy or CandidatePolicy(DOMAIN, keep_encoded=True))


def segment(n: int, mark: int) -> Decisions:
    """``n`` decisions of two candidates, told apart by their buckets."""
    return Decisions(
        buckets=np.full(4 * n, mark, dtype=np.uint16),
        lengths=np.full(2 * n, 2, dtype=np.uint16),
        counts=np.full(n, 2, dtype=np.uint16),
        good=np.tile([True, False], n),
        valued=np.ones(n, dtype=np.int16),
        values=np.full(n, 0.5, dtype=np.float32),
    )


def taken_and_chosen(found: Decisions) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Whether a candidate of each decision is good, and the first that is."""
    parts = np.split(found.good, np.cumsum(found.counts)[:-1])
    return np.array([part.any() for part in parts]), np.array([int(part.argmax()) for part in parts])


def test_a_decision_is_kept_for_each_state_on_the_way() -> None:
    results = searched()
    found = decisions(results, discount=0.9)
    solved = [result for result in results if result.outcome.success]
    assert len(solved) == 20
    taken, chosen = taken_and_chosen(found)
    assert taken.sum() == sum(len(shortened(result.path)) for result in solved) > 20
    assert len(found.lengths) == found.counts.sum()
    assert len(found.buckets) == found.lengths.sum()
    assert (found.valued[taken] == chosen[taken]).all()
    powers = np.round(0.9 ** np.arange(12), 5).astype(np.float32)
    assert set(np.round(found.values[taken], 5).tolist()) <= set(powers.tolist())
    first, _ = shortened(solved[0].path)[0]
    assert found.counts[0] == len(first.actions)


def test_the_way_to_a_refused_answer_leads_to_nothing() -> None:
    (result,) = solve(DOMAIN, [DOMAIN.problem("2 + 3 * 4")], SEARCH, CandidatePolicy(DOMAIN, keep_encoded=True))
    assert result.outcome.success
    assert result.refused
    assert all(node.tree.domain.text(node.state) != "14" for node in result.refused)
    found = decisions([result])
    refused = ~taken_and_chosen(found)[0]
    assert refused.any()
    assert (found.values[refused] == 0).all()
    # The states of the solution are not blamed, although some refused answers branch off from them.
    good = {node.state for node in result.path}
    blamed = {node.state for leaf in result.refused[:4] for node in leaf.path[1:] if node.state not in good}
    assert refused.sum() == len(blamed)


def test_hopeless_searches_teach_the_value_alone() -> None:
    policy = CandidatePolicy(DOMAIN, keep_encoded=True)
    results = solve(DOMAIN, problems(5, level="six"), Method("best-first", LEVIN, Limits(4)), policy)
    found = decisions(results)
    assert not found.good.any()
    assert (found.values == 0).all()
    assert 5 <= len(found) <= 20
    assert ((found.valued >= 0) & (found.valued < found.counts)).all()


def test_nothing_is_learned_without_features() -> None:
    with pytest.raises(ValueError, match="keep_encoded"):
        decisions(searched(1, CandidatePolicy(DOMAIN)))


def path_of(*lines: tuple[Sum, Sequence[Sum]]) -> list[Node]:
    """Nodes along states, each with the states that its candidates lead to."""
    tree = Tree(DOMAIN, problems(1)[0])
    nodes: list[Node] = []
    for state, candidates in lines:
        choice = [action.state for action in nodes[-1].actions].index(state) if nodes else -1
        node = Node(tree, state, nodes[-1] if nodes else None, choice)
        node.actions = [Move("to", candidate, state) for candidate in candidates]
        nodes.append(node)
    return nodes


def test_detours_are_left_out() -> None:
    a, b, c, d, e = (Sum((number,), ()) for number in range(5))
    straight = path_of((a, [b, c]), (b, [c, a]), (c, [d]), (d, []))
    assert [(node.state, choice) for node, choice in shortened(straight)] == [(a, 1), (c, 0)]
    plain = path_of((a, [e, b]), (b, [a, c]), (c, []))
    assert [(node.state, choice) for node, choice in shortened(plain)] == [(a, 1), (b, 1)]
    assert shortened(path_of((a, []))) == []


def test_the_replay_forgets_whole_segments_and_the_oldest_first() -> None:
    replay = Replay(capacity=10)
    for number in range(5):
        replay.add(str(number), segment(4, number))
    assert replay.names == ["2", "3", "4"]
    assert len(replay) == 12
    replay.add("large", segment(50, 9))
    assert replay.names == ["large"]
    replay.add("empty", segment(0, 7))
    assert replay.names == ["large"]


def test_every_decision_is_drawn_alike() -> None:
    replay = Replay(capacity=100)
    replay.add("small", segment(5, 1))
    replay.add("large", segment(15, 2))
    drawn = replay.sample(4000, np.random.default_rng(0))
    assert len(drawn) == 4000
    assert (drawn.buckets == 1).mean() == pytest.approx(0.25, abs=0.03)


def test_what_is_drawn_is_what_was_kept() -> None:
    kept = decisions(searched())
    replay = Replay(capacity=1000)
    replay.add("one", kept)
    drawn = replay.sample(64, np.random.default_rng(1))
    whole = {bags.tobytes() for bags in np.split(kept.buckets, _ends(kept))}
    assert {bags.tobytes() for bags in np.split(drawn.buckets, _ends(drawn))} <= whole


def _ends(found: Decisions) -> list[int]:
    starts = np.concatenate(([0], np.cumsum(found.lengths, dtype=np.int64)))
    ends: list[int] = starts[np.cumsum(found.counts, dtype=np.int64)].tolist()
    return ends[:-1]


def test_an_empty_replay_says_so() -> None:
    with pytest.raises(ValueError, match="empty"):
        Replay(10).sample(1, np.random.default_rng(0))


def test_segments_are_files_written_once_and_deleted_when_they_fell_out(tmp_path: Path) -> None:
    replay = Replay(capacity=8)
    replay.add("a", segment(4, 1))
    replay.add("b", segment(4, 2))
    replay.save(tmp_path)
    before = (tmp_path / "b.npz").stat().st_mtime_ns
    replay.add("c", segment(4, 3))
    replay.save(tmp_path)
    assert (tmp_path / "b.npz").stat().st_mtime_ns == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.npz", "b.npz", "c.npz"]
    replay.prune(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["b.npz", "c.npz"]
    again = Replay(capacity=8)
    again.load(tmp_path, replay.names)
    one, other = (each.sample(20, np.random.default_rng(5)) for each in (replay, again))
    assert all((getattr(one, key) == getattr(other, key)).all() for key in Decisions.__dataclass_fields__)
    with pytest.raises(DamagedRunError, match=r"a\.npz is missing"):
        again.load(tmp_path, ["a"])


def test_parts_join_in_order() -> None:
    both = joined([segment(2, 1), segment(3, 2)])
    assert len(both) == 5
    assert both.buckets.tolist() == [1] * 8 + [2] * 12


def test_features_left_out_at_random_leave_every_bag_its_first() -> None:
    whole = joined([segment(40, 7), segment(60, 9)])
    thin = whole.thinned(0.5, np.random.default_rng(0))
    assert (thin.counts == whole.counts).all()
    assert (thin.good == whole.good).all()
    assert len(thin.lengths) == len(whole.lengths)
    assert thin.lengths.min() >= 1
    assert thin.lengths.sum() == len(thin.buckets)
    first = np.cumsum(whole.lengths, dtype=np.int64) - whole.lengths
    expected = len(first) + (len(whole.buckets) - len(first)) / 2
    assert len(thin.buckets) == pytest.approx(expected, rel=0.1)
    starts = np.cumsum(thin.lengths, dtype=np.int64) - thin.lengths
    assert (thin.buckets[starts] == whole.buckets[first]).all()
    assert whole.thinned(0.0, np.random.default_rng(0)).buckets.tolist() == whole.buckets.tolist()
    assert len(whole.thinned(1.0, np.random.default_rng(0)).buckets) == len(first)


def test_a_learner_leaves_features_out_while_it_learns_alone() -> None:
    """Steps differ from those with all features, and two learners of the same seed do not."""
    material = decisions(searched(20))

    def weights(left_out: float) -> list[float]:
        learner = Learner(
            CandidatePolicy(DOMAIN, keep_encoded=True), LearningConfig(batch=16, left_out=left_out), seed=3
        )
        learner.replay.add("0", material)
        learner.update(3)
        found: list[float] = learner.policy.network.hidden.weight.flatten().tolist()
        return found

    assert weights(0.3) == weights(0.3)
    assert weights(0.3) != weights(0.0)


def test_learning_beats_not_learning() -> None:
    policy = CandidatePolicy(DOMAIN, keep_encoded=True)
    learner = Learner(policy, LearningConfig(batch=32))
    test = problems(60, seed=99)
    before = np.mean([result.outcome.success for result in solve(DOMAIN, test, "random", policy)])
    for number in range(4):
        learner.replay.add(str(number), decisions(searched(60, policy, seed=number)))
        metrics = learner.update(40)
    after = np.mean([result.outcome.success for result in solve(DOMAIN, test, "random", policy)])
    assert before < 0.5
    assert after > 0.8
    assert np.mean([result.outcome.success for result in solve(DOMAIN, test, "greedy", policy)]) > 0.9
    assert metrics["accuracy"] > 0.9
    assert metrics["policy_loss"] < 0.3
    expansions = [np.mean([result.expansions for result in searched(40, one, 7)]) for one in (None, policy)]
    assert expansions[1] < expansions[0]


def test_values_tell_hopeful_from_hopeless() -> None:
    policy = CandidatePolicy(DOMAIN, keep_encoded=True)
    learner = Learner(policy, LearningConfig(batch=32))
    learner.replay.add("solved", decisions(searched(40)))
    hopeless = solve(DOMAIN, problems(40, level="six"), Method("best-first", LEVIN, Limits(4)), policy)
    learner.replay.add("hopeless", decisions(hopeless))
    learner.update(150)
    values = []
    for level in ("three", "six"):
        roots = [Tree(DOMAIN, problem).root for problem in problems(20, 5, level)]
        for root in roots:
            root.tree.expand(root)
        values.append(np.mean([evaluation.values.max() for evaluation in policy.evaluate(roots)]))
    assert values[0] > values[1] + 0.3


def test_a_learner_goes_on_where_it_was(tmp_path: Path) -> None:
    def fresh() -> Learner:
        return Learner(CandidatePolicy(DOMAIN, keep_encoded=True), LearningConfig(batch=16), seed=3)

    material = [decisions(searched(20, seed=number)) for number in range(2)]
    straight, broken = fresh(), fresh()
    for learner in (straight, broken):
        learner.replay.add("0", material[0])
        learner.update(10)
    broken.replay.save(tmp_path)
    torch.save({"learner": broken.state(), "weights": broken.policy.network.state_dict()}, tmp_path / "state.pt")
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    resumed = fresh()
    resumed.policy.network.load_state_dict(state["weights"])
    resumed.restore(state["learner"], tmp_path)
    for learner in (straight, resumed):
        learner.replay.add("1", material[1])
        learner.update(10)
    assert resumed.updates == straight.updates == 20
    for one, other in zip(straight.policy.network.parameters(), resumed.policy.network.parameters(), strict=True):
        assert torch.equal(one, other)
