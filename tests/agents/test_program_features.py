"""Features of programs: what a signature says, what it does not see, and that a policy learns from them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agents.actors import Job, Worker, weights_of
from agents.completions import completions
from agents.expert_iteration import Learner, LearningConfig, decisions
from agents.features import FEATURES_VERSION
from agents.line_features import LINE_FEATURES_VERSION, LineFeaturiser
from agents.policies import CandidatePolicy, PolicyConfig, PolicyError, versions
from agents.program_bags import PROGRAM_FEATURES_VERSION
from agents.repair_features import RepairFeaturiser
from agents.search import Limits, Method, solve
from agents.tree import Evaluation
from reasoning_envs.domains.algebra import AlgebraDomain
from reasoning_envs.domains.repair import RepairDomain
from reasoning_envs.domains.synthesis import SynthesisDomain
from reasoning_envs.programs.signatures import Signature, signature
from reasoning_envs.programs.values import Type

LINES = SynthesisDomain(judge="interpreter")
REPAIR = RepairDomain(judge="interpreter")


def test_a_signature_tells_what_holds() -> None:
    equal = signature(Type.INT, [1, 2, 3], Type.INT, [1, 2, 3])
    other = signature(Type.INT, [1, 2, 4], Type.INT, [1, 2, 3])
    assert equal != other
    total = [(1, 2), (4,)], [3, 4]
    length = [(1, 2), (4,)], [2, 1]
    sums, lengths = (signature(Type.LIST, values, Type.INT, wanted).everywhere for values, wanted in (total, length))
    assert sums
    assert lengths
    assert sums != lengths
    assert (equal.equal, other.equal) == (3, 2)


@pytest.mark.parametrize("kind", list(Type))
@pytest.mark.parametrize("target", list(Type))
def test_signatures_of_all_types_bear_all_values(kind: Type, target: Type) -> None:
    samples: dict[Type, list[Any]] = {
        Type.INT: [0, 1, -(2**62)],
        Type.BOOL: [True, False, True],
        Type.LIST: [(), (0,), (3, -1, 2)],
        Type.STR: ["", "a", "Ab 1"],
    }
    for shift in range(3):
        values = samples[kind][shift:] + samples[kind][:shift]
        found = signature(kind, [*values, None], target, [*samples[target], samples[target][0]])
        assert found == signature(kind, [*values, None], target, [*samples[target], samples[target][0]])
        assert found.missing
        assert found.everywhere & ~found.somewhere == 0
        assert 0 <= found.everywhere <= found.somewhere < 2**60


def test_kinds_of_values_share_no_property() -> None:
    values: dict[Type, Any] = {Type.INT: 3, Type.BOOL: True, Type.LIST: (3,), Type.STR: "3"}
    found: list[Signature] = [
        signature(kind, [values[kind]], target, [values[target]]) for kind in Type for target in Type
    ]
    assert {each.pair for each in found} == set(range(16))


@pytest.mark.parametrize(
    ("kind", "value", "other", "beside", "target", "goals"),
    [
        (Type.INT, 7, Type.INT, 3, Type.INT, (10, 4, -4, 21, 7, 3, 2, 0, 1)),
        (Type.LIST, (4, 1, 5), Type.INT, 2, Type.LIST, ((4, 1), (5,), (6, 3, 7), (8, 2, 10), (4, 5), (0, 1, 1))),
        (Type.LIST, (1, 2), Type.LIST, (2, 3), Type.LIST, ((3, 5), (2, 6), (1, 2, 2, 3), (2, 3, 1, 2), (2,))),
        (Type.LIST, (4, 1, 1), Type.INT, 1, Type.INT, (1, 2)),
        (Type.STR, "abc", Type.INT, 2, Type.STR, ("ab", "c", "abcabc")),
        (Type.STR, "abc", Type.STR, "b", Type.STR, ("abcb", "babc", "b", "ac")),
        (Type.INT, 1, Type.INT, 2, Type.BOOL, (True,)),
        (Type.INT, 1, Type.LIST, (1,), Type.BOOL, (True,)),
        (Type.BOOL, True, Type.INT, 5, Type.INT, (5, 0)),
    ],
)
def test_ways_in_which_two_values_give_a_third(
    kind: Type, value: Any, other: Type, beside: Any, target: Type, goals: tuple[Any, ...]
) -> None:
    forwards, backwards = completions(kind, other, target), completions(other, kind, target)
    assert forwards is not None
    assert backwards is not None
    found = [forwards(value, beside, goal) for goal in goals]
    assert all(found)
    assert len(set(found)) == len(found)
    assert all(backwards(beside, value, goal) for goal in goals)
    assert max(found) < 2**16


def test_no_ways_where_types_do_not_meet() -> None:
    assert completions(Type.STR, Type.STR, Type.LIST) is None


@pytest.mark.parametrize(("domain", "level"), [(LINES, "small-2"), (LINES, "large-2"), (REPAIR, "large-1")])
def test_every_candidate_has_a_bag(domain: Any, level: str) -> None:
    featuriser = LineFeaturiser(domain) if domain is LINES else RepairFeaturiser(domain)
    state = domain.start(domain.sample(np.random.default_rng(0), level))
    rng = np.random.default_rng(0)
    while not domain.is_final(state):
        actions = domain.actions(state)
        encoded = featuriser.encode(state, actions)
        buckets = np.frombuffer(encoded.bags, np.uint16)
        assert len(encoded.lengths) == len(actions)
        assert min(encoded.lengths) > 0
        assert sum(encoded.lengths) == len(buckets)
        assert buckets.max() < featuriser.buckets
        assert encoded == featuriser.encode(state, actions)
        state = actions[int(rng.integers(len(actions)))].state


def test_a_policy_sees_no_certificate() -> None:
    """The same statement without its answer has the same features."""
    problem = LINES.sample(np.random.default_rng(1), "small-2")
    for known, unknown in ((LINES.start(problem), LINES.start(LINES.problem(problem.statement))),):
        one, other = (LineFeaturiser(LINES).encode(state, LINES.actions(state)) for state in (known, unknown))
        assert one == other


def test_features_are_the_same_in_another_process() -> None:
    program = """
import numpy as np
from zlib import crc32
from agents.line_features import LineFeaturiser
from agents.repair_features import RepairFeaturiser
from reasoning_envs.domains.repair import RepairDomain
from reasoning_envs.domains.synthesis import SynthesisDomain
for kind, featuriser in ((SynthesisDomain, LineFeaturiser), (RepairDomain, RepairFeaturiser)):
    domain = kind(judge="interpreter")
    state = domain.start(domain.sample(np.random.default_rng(3), "small-1"))
    print(crc32(featuriser(domain).encode(state, domain.actions(state)).bags))
"""
    root = Path(__file__).parents[2]
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=root,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(root), "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_policies_of_other_domains_are_told_apart(tmp_path: Path) -> None:
    assert versions(AlgebraDomain())["features"] == str(FEATURES_VERSION)
    assert versions(LINES)["features"] == LINE_FEATURES_VERSION
    assert versions(REPAIR)["features"] == PROGRAM_FEATURES_VERSION
    CandidatePolicy(LINES).save(tmp_path / "policy.pt")
    assert CandidatePolicy.load(tmp_path / "policy.pt", LINES).domain is LINES
    with pytest.raises(PolicyError, match="trained with domain 'synthesis', and this is 'repair'"):
        CandidatePolicy.load(tmp_path / "policy.pt", REPAIR)


@pytest.mark.slow
def test_a_policy_learns_to_write_one_line() -> None:
    """From searches on training problems: unseen ones are solved without search, which chance does not."""
    rng = np.random.default_rng(0)
    problems = [LINES.sample(rng, "small-1") for _ in range(48)]
    policy = CandidatePolicy(LINES, keep_encoded=True)
    learner = Learner(policy, LearningConfig(batch=32))
    results = solve(LINES, problems[:28], Method("best-first", limits=Limits(40, 30)), policy)
    learner.replay.add("first", decisions(results))
    learner.update(60)
    greedy = solve(LINES, problems[28:], "greedy", policy)
    chance = solve(LINES, problems[28:], "random")
    shares = [np.mean([result.outcome.success for result in found]) for found in (greedy, chance)]
    assert shares[0] > 0.6 > 0.2 > shares[1]


def test_a_worker_learns_from_the_way_back_of_what_it_could_not_mend() -> None:
    problems = tuple(REPAIR.sample(np.random.default_rng(seed), "small-2") for seed in range(3))
    worker = Worker("reasoning_envs/CodeRepair-v0", {"judge": "interpreter"}, PolicyConfig())
    policy = CandidatePolicy(REPAIR)
    report = worker.do(Job(problems, Method("best-first", limits=Limits(1, 9)), weights_of(policy), learn=True))
    assert not any(record.outcome.success for record in report.records)
    assert report.decisions is not None
    assert report.decisions.good.sum() == sum(len(REPAIR.demonstration(problem)) for problem in problems)


def test_evaluations_of_a_state_are_probabilities() -> None:
    from agents.tree import Tree

    policy = CandidatePolicy(REPAIR, seed=1)
    tree = Tree(REPAIR, REPAIR.sample(np.random.default_rng(0), "small-1"))
    tree.expand(tree.root)
    (evaluation,) = policy.evaluate([tree.root])
    assert isinstance(evaluation, Evaluation)
    assert np.exp(evaluation.log_probs).sum() == pytest.approx(1)
