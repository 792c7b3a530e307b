"""The learned PRM: it learns what it is shown, scores alike online and offline, and travels by file."""

from __future__ import annotations

import json
import math
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from reasoning_envs.rewards import LearnedConfig, LearnedPRM, PRMError, judge_prm, open_prm
from reasoning_envs.rewards.fitting import Fitting
from reasoning_envs.rewards.training import split_by_problem, step_labels
from reasoning_envs.types import Problem, Status, Step, Trace, Verdict
from tests.reasoning_envs.rewards.derivations import LOST, RIGHT, WRONG, derivations, trace

QUICK = LearnedConfig(change_buckets=4096, line_buckets=2048, width=24, hidden=32)
TINY = LearnedConfig(
    change_buckets=256, line_buckets=256, width=4, hidden=8, judge=Fitting(epochs=2), forecast=Fitting(epochs=2)
)
UNSEEN = derivations(150, seed=99)


@pytest.fixture(scope="module")
def trained() -> LearnedPRM:
    prm = LearnedPRM(config=QUICK)
    prm.fit(derivations(400, seed=1))
    return prm


@pytest.fixture(scope="module")
def tiny() -> LearnedPRM:
    prm = LearnedPRM(config=TINY)
    prm.fit(derivations(30, seed=1))
    return prm


# -- what it learns ----------------------------------------------------------------------------------------------------


def test_it_beats_every_constant_clearly_on_problems_it_has_not_seen(trained: LearnedPRM) -> None:
    """A constant has AUC .5 and F1 0 whatever it is."""
    judged = judge_prm(trained, UNSEEN)
    assert judged.n_erroneous > 30
    assert judged.auc > 0.95
    assert judged.f1 > 0.8
    assert judged.ece < 0.1
    assert judged.located["lost root"] > 0.9
    metrics = trained.model.metrics
    assert metrics["auc"] > 0.9
    assert metrics["first_error_f1"] > 0.6
    assert metrics["n_traces"] == 400
    assert 0 < metrics["n_wrong"] < metrics["n_steps"] / 2
    assert metrics["best_epoch"] >= 1


def test_residues_see_what_the_writing_does_not_show(trained: LearnedPRM) -> None:
    blind = LearnedPRM("text", config=QUICK)
    blind.fit(derivations(400, seed=1))
    seeing, writing = judge_prm(trained, UNSEEN), judge_prm(blind, UNSEEN)
    assert writing.auc > 0.7, "signs and lost roots show in the writing"
    assert seeing.f1 > writing.f1 + 0.1, "wrong sums do not"


def test_values_rise_towards_the_answer_and_fall_with_an_error(trained: LearnedPRM) -> None:
    right = trace(
        "33*x + 6 = 16*x + 28", steps("33*x = 16*x + 28 - 6", "33*x = 16*x + 22", "17*x = 22", "x = 22/17"), None
    )
    wrong = trace(
        "33*x + 6 = 16*x + 28", steps("33*x = 16*x + 28 - 6", "33*x = 16*x + 25", "17*x = 25", "x = 25/17"), None
    )
    start = trained.begin(right.problem).initial.value
    rising, falling = ([score.value for score in row] for row in trained.score([right, wrong]))
    assert start < rising[0]
    assert rising == sorted(rising)
    assert rising[-1] > 0.85
    assert falling[0] == rising[0]
    assert falling[1] < 0.4 * rising[1]
    assert falling[-1] < 0.4


def test_advantages_add_up_to_the_change_of_value(trained: LearnedPRM) -> None:
    for row, episode in zip(trained.score(UNSEEN), UNSEEN, strict=True):
        start = trained.begin(episode.problem).initial.value
        gained = math.fsum(score.advantage or 0.0 for score in row)
        assert row[-1].value == pytest.approx(start + gained)


def test_critiques_say_what_was_looked_at(trained: LearnedPRM) -> None:
    lost, right = trained.score_transitions(
        problem("x^2 = 17*x"), [["x^2 = 17*x", "x = 17"], ["x^2 = 17*x", "x^2 - 17*x = 0"]]
    )
    assert lost.error_type == "lost root"
    assert lost.critique.startswith(("wrong (", "probably wrong ("))
    assert lost.critique.endswith("on the left x^2 becomes x; on the right the factor x goes")
    assert "lost root" in lost.critique
    assert right.error_type is None
    assert right.critique == "looks right: on the left the term -17*x comes in; on the right 17*x becomes 0"


def test_metrics_are_measured_on_problems_that_training_did_not_see() -> None:
    traces = derivations(60, seed=3)
    learned, stopping, measured = (
        {traces[index].problem.statement for index in part} for part in split_by_problem(traces, 0.2, seed=5)
    )
    assert learned | stopping | measured == {item.problem.statement for item in traces}
    assert not learned & stopping
    assert not learned & measured
    assert not stopping & measured
    assert min(len(stopping), len(measured)) >= 5


def test_the_split_does_not_depend_on_the_order_of_the_traces() -> None:
    traces = derivations(40, seed=3)
    backwards = traces[::-1]
    for part, other in zip(split_by_problem(traces, 0.2, 5), split_by_problem(backwards, 0.2, 5), strict=True):
        assert {traces[i].problem.id for i in part} == {backwards[i].problem.id for i in other}


def test_equal_traces_and_seed_give_an_equal_model(tiny: LearnedPRM) -> None:
    again, other = LearnedPRM(config=TINY), LearnedPRM(config=TINY, seed=1)
    again.fit(derivations(30, seed=1))
    other.fit(derivations(30, seed=1))
    assert again.score(UNSEEN) == tiny.score(UNSEEN)
    assert other.score(UNSEEN) != tiny.score(UNSEEN)


def test_rules_and_verdicts_are_hidden_from_it(tiny: LearnedPRM) -> None:
    disguised = [
        replace(
            episode,
            steps=tuple(
                replace(step, action=0, move="divide by zero", verdict=Verdict(Status.ERROR)) for step in episode.steps
            ),
        )
        for episode in UNSEEN
    ]
    assert tiny.score(disguised) == tiny.score(UNSEEN)


def test_without_wrong_steps_the_judge_is_a_constant_and_says_so() -> None:
    prm = LearnedPRM(config=TINY)
    metrics = prm.fit(derivations(30, seed=1, mistakes=0.0))
    assert metrics["n_wrong"] == 0
    assert math.isnan(metrics["auc"])
    assert math.isnan(metrics["first_error_f1"])


# -- labels ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdicts", "labels", "after_error", "expected"),
    [
        ([RIGHT, WRONG, RIGHT], None, "drop", [1.0, 0.0, None]),
        ([RIGHT, WRONG, RIGHT], None, "keep", [1.0, 0.0, 1.0]),
        ([RIGHT, Verdict(Status.UNDECIDED), LOST], None, "drop", [1.0, None, 0.0]),
        ([Verdict(Status.UNPARSED), RIGHT], None, "drop", [None, 1.0]),
        ([RIGHT, RIGHT], {"7": [0.5, 0.25]}, "drop", [0.5, 0.25]),
        ([RIGHT, RIGHT], {"id x = 1": [0.0, 1.0]}, "drop", [0.0, None]),
        ([RIGHT, RIGHT], {"8": [0.0, 1.0]}, "drop", [1.0, 1.0]),
    ],
)
def test_labels(verdicts: list[Verdict], labels: Any, after_error: str, expected: list[float | None]) -> None:
    made = [Step(index, index, "x = 1", verdict) for index, verdict in enumerate(verdicts)]
    assert step_labels(trace("x = 1", made, None), 7, labels, after_error) == expected


def test_labels_take_the_place_of_verdicts() -> None:
    traces = derivations(40, seed=1)
    upside_down = {str(i): [float(step.verdict.refuted) for step in item.steps] for i, item in enumerate(traces)}
    config = replace(QUICK, after_error="keep")
    straight, turned = LearnedPRM(config=config), LearnedPRM(config=config)
    straight.fit(traces)
    turned.fit(traces, upside_down)
    assert judge_prm(turned, traces).auc < 0.5 < judge_prm(straight, traces).auc


@pytest.mark.parametrize(
    ("traces", "labels", "message"),
    [
        ([], None, "3 problems or more are needed.*these are of 0"),
        (derivations(1, 1) * 9, None, "these are of 1"),
        ([replace(item, steps=()) for item in derivations(9, 1)], None, "nothing to learn from"),
        (derivations(9, 1), {"0": [1.0]}, "trace 0: 1 labels for 3 steps"),
        (derivations(9, 1), {"1": [1.0, 2.0, 0.0, 0.0]}, r"trace 1: labels must be in \[0, 1\]"),
        (derivations(9, 1), {"1": [math.nan] * 4}, r"trace 1: labels must be in \[0, 1\]"),
    ],
)
def test_what_cannot_be_learned_from(traces: list[Trace], labels: Any, message: str) -> None:
    prm = LearnedPRM(config=replace(TINY, held_out=0.05))
    with pytest.raises(PRMError, match=message):
        prm.fit(traces, labels)


# -- scoring -----------------------------------------------------------------------------------------------------------


def test_online_offline_and_in_search_are_the_same(tiny: LearnedPRM) -> None:
    fresh = [pickle.loads(pickle.dumps(tiny)) for _ in range(3)]  # noqa: S301
    offline = fresh[0].score(UNSEEN)
    online, searched = [], []
    for episode in UNSEEN:
        scorer = fresh[1].begin(episode.problem, None)
        online.append([scorer.step(step, None) for step in episode.steps])
        lines = [episode.problem.statement, *(step.text for step in episode.steps)]
        prefixes = [lines[: end + 1] for end in range(1, len(lines))]
        searched.append(fresh[2].score_transitions(episode.problem, prefixes))
    assert online == offline
    assert searched == offline


def test_scores_are_in_range_whatever_the_lines(tiny: LearnedPRM) -> None:
    lines = [
        "x = 1",
        "no solution",
        "all reals",
        "x = 0 or x = 4",
        "sqrt(x) = 2 and x >= 0",
        "x^2 > 4",
        "",
        "((",
        "\x00",
    ]
    for before in lines[:6]:
        for score in tiny.score_transitions(problem(before), [[before, after] for after in lines]):
            assert 0.0 <= score.value <= 1.0
            assert score.p_correct is None or 0.0 <= score.p_correct <= 1.0


def test_a_line_that_cannot_be_read_changes_nothing(tiny: LearnedPRM) -> None:
    scorer = tiny.begin(problem("2*x = 4"))
    first = scorer.follow("2*x = 4 + +")
    assert (first.value, first.p_correct, first.advantage) == (scorer.initial.value, None, 0.0)
    assert "cannot be read" in first.critique
    assert scorer.follow("x = 2") == tiny.begin(problem("2*x = 4")).follow("x = 2")


def test_the_cache_is_bounded_and_does_not_show(tiny: LearnedPRM, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = tiny.score(UNSEEN)
    small = pickle.loads(pickle.dumps(tiny))  # noqa: S301
    monkeypatch.setattr("reasoning_envs.rewards.learned._CACHE", 5)
    for _ in range(2):
        assert [small.score([episode])[0] for episode in UNSEEN] == expected
    assert len(small._opinions) < 20


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda prm: LearnedPRM().begin(problem("x = 1")), "learned: not trained"),
        (lambda prm: LearnedPRM().score(UNSEEN), "learned: not trained"),
        (lambda prm: LearnedPRM().save("nowhere.pt"), "learned: not trained"),
        (
            lambda prm: prm.begin(Problem("", "sums", "", "1 + 1")),
            "trained on algebra, asked about a problem of 'sums'",
        ),
        (lambda prm: prm.begin(problem("x = (")), r"the first line 'x = \(' cannot be read"),
    ],
)
def test_what_it_refuses(tiny: LearnedPRM, ask: Callable[[LearnedPRM], Any], message: str) -> None:
    with pytest.raises(PRMError, match=message):
        ask(tiny)


def test_a_prefix_needs_a_step(tiny: LearnedPRM) -> None:
    with pytest.raises(ValueError, match="one line or more after it"):
        tiny.score_transitions(problem("x = 1"), [["x = 1"]])


@pytest.mark.parametrize(
    "kwargs",
    [
        {"track": "words"},
        {"discount": 0.0},
        {"discount": 1.5},
        {"after_error": "forget"},
        {"held_out": 0.0},
        {"held_out": 0.5},
        {"width": 0},
        {"change_buckets": 0},
    ],
)
def test_bad_settings(kwargs: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(kwargs))):
        LearnedConfig(**kwargs)


# -- files -------------------------------------------------------------------------------------------------------------

PROGRAM = """
import sys
from reasoning_envs.rewards import open_prm
from tests.reasoning_envs.rewards.derivations import derivations
prm = open_prm(sys.argv[1])
print([[score.to_json() for score in row] for row in prm.score(derivations(20, seed=99))])
"""


def test_another_process_reads_the_file_and_scores_alike(tiny: LearnedPRM, tmp_path: Path) -> None:
    path = tmp_path / "judge.pt"
    tiny.save(path)
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    here = [[score.to_json() for score in row] for row in tiny.score(derivations(20, seed=99))]
    assert ran.stdout.strip() == str(here)
    loaded = open_prm(path)
    assert isinstance(loaded, LearnedPRM)
    assert loaded.model.metrics == pytest.approx(tiny.model.metrics, nan_ok=True)
    assert (loaded.config, loaded.seed) == (tiny.config, tiny.seed)


def test_a_text_model_travels_too(tmp_path: Path) -> None:
    prm = LearnedPRM("text", config=TINY, seed=4)
    prm.fit(derivations(20, seed=1))
    prm.save(tmp_path / "text.pt")
    assert LearnedPRM.load(tmp_path / "text.pt").score(UNSEEN) == prm.score(UNSEEN)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"family": "implicit"}, "the family of the file is 'implicit', this version reads 'learned'"),
        ({"format": 99}, "the format of the file is 99, this version reads 3"),
        ({"vocabulary": 0}, "the vocabulary of the file is 0, this version reads 1"),
        ({"encoding": 77}, "the encoding of the file is 77, this version reads"),
        ({"config": {}}, "a damaged checkpoint"),
        ({"config": None}, "a damaged checkpoint"),
        ({"kinds": ["a", "b", "c", "d", "e", "f"]}, "the weights of the namer are"),
        ({"metrics": {"auc": "high"}}, "a damaged checkpoint"),
    ],
)
def test_a_file_that_does_not_match_names_both(
    tiny: LearnedPRM, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    path = tmp_path / "judge.pt"
    tiny.save(path)
    data = torch.load(path, weights_only=True)
    torch.save({**data, "header": json.dumps({**json.loads(data["header"]), **change})}, path)
    with pytest.raises(PRMError, match=rf"judge\.pt: .*{message}"):
        LearnedPRM.load(path)


class Trap:
    """Would run code, if it were unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (exec, ("raise SystemExit('executed')",))


@pytest.mark.parametrize(
    "content",
    [b"", b"not a checkpoint", b"PK\x03\x04 broken", pickle.dumps({"header": "{}"}), pickle.dumps(Trap())],
)
def test_what_is_no_checkpoint_is_refused_and_not_run(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.pt"
    path.write_bytes(content)
    with pytest.raises(PRMError, match=r"odd\.pt: no checkpoint of a learned PRM"):
        LearnedPRM.load(path)


@pytest.mark.parametrize("content", [{"header": "[]", "tensors": {}}, {"header": "{}"}, {}, [1, 2], torch.zeros(2)])
def test_what_torch_can_read_but_is_no_model(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "odd.pt"
    torch.save(content, path)
    with pytest.raises(PRMError, match=r"odd\.pt: "):
        LearnedPRM.load(path)


def test_a_missing_file_is_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        LearnedPRM.load(tmp_path / "none.pt")


def test_scoring_needs_no_torch_and_wrappers_do_not_import_what_learns() -> None:
    heavy = ["torch", "sympy", "reasoning_envs.rewards.learned", "reasoning_envs.symbolic.syntax.parser"]
    program = f"import sys, reasoning_envs.rewards; print([name for name in {heavy} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def problem(statement: str) -> Problem:
    return Problem(statement, "algebra", "", statement, metadata={"unknown": "x"})


def steps(*lines: str) -> list[Step]:
    return [Step(index, line, line, RIGHT) for index, line in enumerate(lines)]


def test_the_network_is_the_same_in_torch_and_numpy() -> None:
    """Training sees one forward pass and scoring another: they must agree."""
    from reasoning_envs.rewards.fitting import _forward
    from reasoning_envs.rewards.network import BagNetwork

    rng = np.random.default_rng(0)
    network = BagNetwork.new([50, 20], 6, 8, 3, rng)
    last = (rng.normal(size=(8, 3)).astype(np.float32), rng.normal(size=3).astype(np.float32))
    network = replace(network, layers=(*network.layers[:2], last))
    inputs = [
        tuple(rng.integers(0, size, size=int(rng.integers(0, 9))).astype(np.int32) for size in (50, 20))
        for _ in range(40)
    ]
    tables = [torch.from_numpy(table) for table in network.tables]
    layers = [(torch.from_numpy(w), torch.from_numpy(b)) for w, b in network.layers]
    with torch.no_grad():
        expected = _forward(tables, layers, inputs, 0.0, 0.0, rng).numpy()
    np.testing.assert_allclose(network(inputs), expected, atol=1e-5)
