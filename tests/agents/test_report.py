"""The report: one file that needs nothing else, shows each derivation, and trusts no text."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from agents.derivations import pick_derivations, view_derivation
from agents.report import main, write_report
from agents.results import AFTER, BEFORE, LevelResult, PRMResult, RunResults, SearchComparison, ShapingCurve
from agents.run_folder import Metrics, RunFolder
from reasoning_envs.rewards.oracle import OraclePRM
from reasoning_envs.rewards.wrappers import PotentialShaping
from reasoning_envs.traces import trace_of
from reasoning_envs.types import Problem, Relation, Status, Step, StepScore, Trace, Verdict

HOSTILE = "<script>alert('x')</script> & \"<img src=x onerror=y>\""
RIGHT = Verdict(Status.VERIFIED, Relation.EQUIVALENT, method="certificate", rigorous=True)
LOST = Verdict(Status.REFUTED, Relation.IMPLIED_BY, "dividing by x loses the root x = 0", "residues", True, "0")


def score(value: float, critique: str = "", believed: float | None = None, error: str | None = None) -> StepScore:
    return StepScore(value, critique, believed if believed is not None else value, error_type=error)


def trace(
    statement: str,
    steps: list[tuple[str, str, Verdict, StepScore | None]],
    outcome: Status | None,
    level: str = "linear-1",
) -> Trace:
    made = tuple(
        Step(index, index, line, verdict, {"true": 0.0}, scored, move)
        for index, (move, line, verdict, scored) in enumerate(steps)
    )
    verdict = None if outcome is None else Verdict(outcome, reason=f"because it is {outcome.value}")
    return Trace(
        "reasoning_envs/Algebra-v0",
        {},
        {},
        "solver",
        1,
        Problem(statement, "algebra", f"solve {statement}", statement, level=level),
        made,
        verdict,
    )


SOLVED = trace(
    "2*x + 3 = 7",
    [
        ("subtract 3 from both sides", "2*x = 4", RIGHT, score(0.9, "the same on both sides")),
        ("divide both sides by 2", "x = 2", RIGHT, score(0.97)),
    ],
    Status.VERIFIED,
)
LOSING = trace(
    "x^2 = 5*x",
    [("divide both sides by x", "x = 5", LOST, score(0.2, "this loses a root", 0.1, "root lost"))],
    Status.REFUTED,
    "quadratic-1",
)
UNFINISHED = trace("sqrt(x) = x/2", [("swap sides", "x/2 = sqrt(x)", RIGHT, None)], None, "radical-1")
UNSCORED = trace("x = x^9", [("swap sides", "x^9 = x", RIGHT, None)], Status.TIMEOUT, "radical-1")
ATTACK = trace(HOSTILE, [(HOSTILE, HOSTILE, Verdict(Status.UNPARSED, reason=HOSTILE), score(0.1, HOSTILE))], None)

RESULTS = RunResults(
    title=f"A run {HOSTILE}",
    levels=(
        LevelResult("linear-1", "linear", "numeric", BEFORE, 10, 1, wrong=9),
        LevelResult("linear-1", "linear", "numeric", AFTER, 10, 9, wrong=1),
        LevelResult(HOSTILE, "linear", "letters", AFTER, 10, 8, wrong=1, unscored=1),
    ),
    prm=(PRMResult("learned", 100, 20, 18, 20, 10, by_error={HOSTILE: (1, 2)}),),
    search=(SearchComparison("best-first", HOSTILE, 100, 50, 30, 1, 9),),
    shaping=(
        ShapingCurve(
            "sparse", "id", "linear-1", 0, (0, 9), (0, 5), (9, 9), (0, 4), (9, 9), (None, 0.5), 0, 0, 5, 9, 4, 9
        ),
        ShapingCurve(
            "potential", "id", "linear-1", 0, (0, 9), (0, 7), (9, 9), (0, 4), (9, 9), (None, 0.5), 0, 0, 7, 9, 4, 9
        ),
    ),
    episodes=1234,
    unscored=5,
    seconds={"self-play": 12.3},
    notes=(HOSTILE,),
)


class Page(HTMLParser):
    """Tags, attributes and text of a page; complains of tags that do not close."""

    VOID = frozenset({"meta", "img", "input", "source", "br"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.source = html
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def write_traces(folder: RunFolder) -> None:
    traces = (SOLVED, LOSING, UNFINISHED, UNSCORED, ATTACK)
    folder.traces.write_text("".join(one.to_json() + "\n" for one in traces))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run with all its parts, and its report. Diagrams take a second each: it is written once."""
    folder = RunFolder(tmp_path_factory.mktemp("runs") / "whole", {"seed": 0, "name": HOSTILE})
    with Metrics(folder) as metrics:
        for step in range(3):
            metrics.log(step, {"solve_rate/linear": 0.3 * step, "learnability/linear-1": 0.2})
    write_traces(folder)
    write_report(folder, RESULTS)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A run that logged nothing."""
    return RunFolder(tmp_path / "run", {})


def read(folder: RunFolder) -> Page:
    return Page(folder.report.read_text(encoding="utf-8"))


def page(folder: RunFolder, *derivations: Trace) -> Page:
    return Page(write_report(folder, RunResults(), derivations).read_text(encoding="utf-8"))


def test_the_report_needs_nothing_from_elsewhere(whole: RunFolder) -> None:
    html = whole.report.read_text(encoding="utf-8")
    without_pictures = re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "", html)
    assert len(without_pictures) < len(html) / 2
    assert not re.search(r"https?:|//|@import|url\(", without_pictures)
    found = Page(html)
    assert not {"script", "link", "iframe", "object", "embed"} & set(found.tags)
    for name, value in found.attributes:
        if name in ("src", "srcset"):
            assert str(value).startswith("data:image/png;base64,")
        if name == "href":
            assert str(value).startswith("#")


def test_every_link_leads_somewhere(whole: RunFolder) -> None:
    found = read(whole)
    ids = {value for name, value in found.attributes if name == "id"}
    targets = {str(value)[1:] for name, value in found.attributes if name == "href"}
    assert targets <= ids
    assert len(targets) == 7
    assert {value for name, value in found.attributes if name == "for"} <= ids


def test_no_text_becomes_markup(whole: RunFolder, folder: RunFolder) -> None:
    found = Page(whole.report.read_text(encoding="utf-8") + page(folder, ATTACK).source)
    assert "script" not in found.tags
    assert not any(name.startswith("on") for name, _ in found.attributes)
    assert ("src", "x") not in found.attributes
    # title twice, level, kind of error, PRM, note, configuration; statement, move, line, verdict, critique
    assert sum(word.count("alert('x')") for word in found.words) >= 12


def test_each_derivation_is_shown_step_by_step(folder: RunFolder) -> None:
    text = page(folder, SOLVED, LOSING, UNFINISHED, UNSCORED).text
    for one in (SOLVED, LOSING, UNFINISHED, UNSCORED):
        assert one.problem.level is not None
        assert one.problem.level in text
        for step in one.steps:
            assert f"{step.index + 1}. {step.move}" in text
            if step.score is not None:
                assert f"PRM {step.score.value:.2f}" in text
                assert step.score.critique in text
    assert "First error : dividing by x loses the root x = 0 PRM 0.20 · root lost this loses a root" in text
    assert "no answer within the limit" in text
    assert "unscored" in text
    assert text.count("no PRM score") == 2


def test_lines_are_typeset(folder: RunFolder) -> None:
    found = page(folder, UNFINISHED)
    assert found.tags.count("math") == 2
    assert {"mfrac", "msqrt"} <= set(found.tags)


def test_the_first_refuted_step_alone_is_marked_as_the_first_error(folder: RunFolder) -> None:
    twice = trace("x^2 = x", [("divide", "x = 1", LOST, None), ("again", "x = 2", LOST, None)], Status.REFUTED)
    found = page(folder, SOLVED, twice)
    assert found.attributes.count(("class", "first-error")) == 1


def test_what_the_prm_suspects_stands_beside_what_the_verifier_found() -> None:
    assert view_derivation(LOSING).prm == ("The PRM suspects step 1 first: where the verifier found the first error.")
    assert view_derivation(SOLVED).prm == "The PRM suspects no step, rightly."
    assert view_derivation(UNFINISHED).prm == ""


def test_a_right_answer_after_a_wrong_step_is_not_shown_as_right() -> None:
    lucky = trace("x^2 = x*x", [("divide", "x = x", LOST, None)], Status.VERIFIED)
    view = view_derivation(lucky)
    assert (view.kind, view.ending) == ("wrong", "right answer after a wrong step")


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("loses the root x = 0", "loses the root x = 0"),
        ("10 differs", "10 differs; witness: 0"),
        ("", "a solution was lost; witness: 0"),
    ],
)
def test_a_witness_is_told_unless_the_reason_has_it(reason: str, told: str) -> None:
    lost = Verdict(Status.REFUTED, Relation.IMPLIED_BY, reason, witness="0")
    assert view_derivation(trace("x = x^2", [("divide", "1 = x", lost, None)], None)).steps[0].verdict == told


def test_conditions_are_told() -> None:
    careful = Verdict(Status.VERIFIED, Relation.EQUIVALENT, conditions=("a != 0", "b != 0"))
    view = view_derivation(trace("a*b*x = 1", [("divide", "x = 1/(a*b)", careful, None)], Status.VERIFIED))
    assert view.steps[0].verdict == "provided that a != 0 and b != 0"
    told = replace(careful, reason="right as long as a != 0")
    view = view_derivation(trace("a*b*x = 1", [("divide", "x = 1/(a*b)", told, None)], Status.VERIFIED))
    assert view.steps[0].verdict == "right as long as a != 0; provided that b != 0"


def test_a_plainly_right_step_needs_no_words() -> None:
    said = replace(RIGHT, reason="the line has the same solutions as the one before")
    assert view_derivation(trace("x = 1", [("swap sides", "1 = x", said, None)], None)).steps[0].verdict == ""
    doubled = replace(said, relation=Relation.SAME_ROOTS, reason="the root 1 counts twice")
    assert view_derivation(trace("x = 1", [("square", "x^2 = x", doubled, None)], None)).steps[0].verdict != ""


def test_the_headline_shows_floors_intervals_and_what_was_not_run(whole: RunFolder) -> None:
    text = read(whole).text
    assert "held-out problems solved, number coefficients 95% [0.60, 0.98], n = 10, before training 0.10" in text
    assert "0.62 → 0.78 solved by search alone → with the PRM equal expansions, n = 50" in text
    assert "0.56 | 0.78 PPO’s true success: sparse | potential equal steps (9), n = 9 each" in text
    assert "1,234 episodes of self-play, 5 of them unscored · self-play 12 s" in text
    assert "n/a not run" in text


def test_an_empty_run_makes_an_honest_report(folder: RunFolder) -> None:
    text = page(folder).text
    assert text.count("Not run: ") == 6
    assert "No traces were kept." in text
    assert "Nothing was logged." in text


def test_pictures_have_words_and_a_dark_form(whole: RunFolder) -> None:
    found = read(whole)
    described = [value for name, value in found.attributes if name == "alt"]
    assert len(described) == 4
    assert all(described)
    assert found.attributes.count(("media", "(prefers-color-scheme: dark)")) == 4


def test_all_files_of_a_run_are_written(whole: RunFolder) -> None:
    for path in (whole.report, whole.results, whole.table_json, whole.table_markdown, whole.curves):
        assert path.stat().st_size > 100


def test_a_report_can_be_written_anew(folder: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    write_traces(folder)
    first = write_report(folder, RunResults(title="First")).read_text(encoding="utf-8")
    folder.report.unlink()
    assert main([str(folder.path)]) == 0
    assert capsys.readouterr().out.strip() == str(folder.report)
    assert folder.report.read_text(encoding="utf-8") == first
    assert "divide both sides by x" in first


def test_the_derivations_given_are_those_shown_anew(folder: RunFolder) -> None:
    write_traces(folder)
    page(folder, UNFINISHED)
    assert main([str(folder.path)]) == 0
    assert read(folder).tags.count("details") == 2  # one derivation, and the configuration


def test_a_folder_without_results_is_told_kindly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none")]) == 2
    assert "holds no results.json" in capsys.readouterr().err


def test_a_trace_that_was_cut_off_is_passed_over(folder: RunFolder) -> None:
    folder.traces.write_text(SOLVED.to_json()[:50] + "\n" + UNFINISHED.to_json() + "\n" + LOSING.to_json() + "\n{")
    write_report(folder, RunResults())
    assert Trace.from_json(folder.derivations.read_text()) == LOSING


def test_a_line_that_is_no_trace_is_named(folder: RunFolder) -> None:
    write_traces(folder)
    with folder.traces.open("a") as file:
        file.write('{"problem": 3}\n')
    with pytest.raises(ValueError, match=r"traces\.jsonl, line 6"):
        write_report(folder, RunResults())


def test_an_episode_of_the_environment_is_shown(folder: RunFolder) -> None:
    env = PotentialShaping(
        gym.make("reasoning_envs/Algebra-v0", level="fractions-1", max_steps=5),
        OraclePRM(),
        gamma=0.99,
        at_truncation="keep",
    )
    env.reset(seed=3)
    rng = np.random.default_rng(3)
    over = False
    while not over:
        legal = np.flatnonzero(env.get_wrapper_attr("action_masks")())
        _, _, terminated, truncated, _ = env.step(rng.choice(legal))
        over = terminated or truncated
    played = trace_of(env)
    found = page(folder, played)
    assert found.tags.count("math") == 1 + len(played.steps)
    for step in played.steps:
        assert f"{step.index + 1}. {step.move}" in found.text


def test_derivations_are_picked_right_and_wrong_scored_and_varied() -> None:
    plain = trace("x + 1 = 2", [("subtract 1", "x = 1", RIGHT, None)], Status.VERIFIED)
    other = trace("3*x = 6", [("divide by 3", "x = 2", RIGHT, score(0.9))], Status.VERIFIED, "linear-2")
    guessed = trace("x + 1 = 3", [("guess", "x = 7", RIGHT, score(0.5))], Status.REFUTED)
    empty = trace("x = 1", [], Status.VERIFIED)
    traces = [SOLVED, other, plain, guessed, LOSING, UNFINISHED, empty, SOLVED]
    assert pick_derivations(traces, right=2, wrong=1) == [SOLVED, other, LOSING]
    assert pick_derivations(traces, right=9, wrong=9) == [SOLVED, other, plain, LOSING, guessed]


def test_short_derivations_are_picked_before_long_ones() -> None:
    long = trace("x + 1 = 1 + x", [("swap sides", "1 + x = x + 1", RIGHT, None)] * 13, Status.VERIFIED)
    short = trace("x + 2 = 3", [("subtract 2", "x = 1", RIGHT, None)], Status.VERIFIED)
    assert pick_derivations([short, long], right=1) == [short]
    assert pick_derivations([long], right=1) == [long]
