"""Derivations as text, printed and drawn."""

import io
import sys
from typing import TextIO

import gymnasium as gym
import numpy as np
import pytest

from reasoning_envs.env import ReasoningEnv
from reasoning_envs.rendering import CARD_SIZE, Screen, card, derivation
from reasoning_envs.types import Problem, Status, Step, StepScore, Verdict
from tests.reasoning_envs.toy_domain import Sum, ToyDomain

TOY = "tests.reasoning_envs.toy_domain:ToyDomain"
PROBLEM = Problem("p", "algebra", "Solve for x: x^2 = 2*x", "x^2 = 2*x", level="quadratic-1")
STEPS = (
    Step(0, 3, "x*(x - 2) = 0", Verdict(Status.VERIFIED, conditions=("a != 0", "b > 0")), move="factor"),
    Step(
        1,
        1,
        "x = 2",
        Verdict(Status.REFUTED, reason="dividing by x loses the root x = 0"),
        score=StepScore(0.0625, "the root x = 0 is gone"),
        move="divide both sides by x",
    ),
    Step(2, "x = 0 or", "x = 2", Verdict(Status.UNPARSED, reason="nothing after 'or'")),
    Step(3, "x = 2", "x = 2", Verdict(Status.UNDECIDED, reason="no method could tell")),
)
WRONG = Verdict(Status.REFUTED, reason="x = 0 is a solution too")


def test_a_derivation_reads_like_a_page() -> None:
    assert derivation(PROBLEM, "x^2 = 2*x", STEPS, WRONG, "answer").splitlines() == [
        "Solve for x: x^2 = 2*x  [quadratic-1]",
        "       x^2 = 2*x",
        "  1. ✓ x*(x - 2) = 0                             factor",
        "         if a != 0, b > 0",
        "  2. ✗ x = 2                                    0.06   divide both sides by x",
        "         dividing by x loses the root x = 0",
        "         the root x = 0 is gone",
        "  3. ! x = 2",
        "         not taken: 'x = 0 or'",
        "         nothing after 'or'",
        "  4. ? x = 2",
        "         no method could tell",
        "     ✗ wrong: x = 0 is a solution too",
    ]


@pytest.mark.parametrize(
    ("outcome", "end", "last"),
    [
        (None, "step limit", "     ? no answer within the step limit"),
        (None, "stuck", "     ? no move is left"),
        (Verdict(Status.VERIFIED), "answer", "     ✓ right"),
        (Verdict(Status.UNPARSED, reason="no line"), "answer", "     ! unparsed: no line"),
        (Verdict(Status.TIMEOUT, reason="2 s"), "unscored", "     ? timeout: 2 s (the episode is not scored)"),
        (None, "", "       x^2 = 2*x"),
    ],
)
def test_the_end_is_told(outcome: Verdict | None, end: str, last: str) -> None:
    assert derivation(PROBLEM, "x^2 = 2*x", (), outcome, end).splitlines()[-1] == last


def test_the_environment_renders_text() -> None:
    env = ReasoningEnv(TOY, render_mode="ansi")
    env.reset(options={"problem": "1 + 2"})
    env.step(0)[4]["score"] = StepScore(0.75)  # as a wrapper leaves it
    assert env.render() == (
        "Work out 1 + 2.\n"
        "       1 + 2\n"
        "  1. ✓ 3                                        0.75   work out: 1 + 2\n"
        "     ✓ right: the same value"
    )


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def show(stream: TextIO) -> None:
    screen = Screen(stream)
    for count in range(len(STEPS) + 1):
        screen.show(PROBLEM, "x^2 = 2*x", STEPS[:count], None, "")
    for _ in range(2):
        screen.show(PROBLEM, "x^2 = 2*x", STEPS, WRONG, "answer")


@pytest.fixture
def colourful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.usefixtures("colourful")
def test_a_screen_prints_everything_once_and_in_colour_on_a_terminal() -> None:
    stream = Terminal()
    show(stream)
    text = stream.getvalue()
    assert "\x1b[32m✓\x1b[0m" in text
    assert "\x1b[31m✗\x1b[0m" in text
    plain = derivation(PROBLEM, "x^2 = 2*x", STEPS, WRONG, "answer", colour=True)
    assert text == plain + "\n"


@pytest.mark.usefixtures("colourful")
@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colour_where_it_is_not_wanted(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    stream = Terminal()
    show(stream)
    assert "\x1b" not in stream.getvalue()


@pytest.mark.usefixtures("colourful")
def test_no_colour_in_a_pipe_and_no_sign_that_it_cannot_take() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    show(stream)
    text = raw.getvalue().decode("ascii")
    assert "\x1b" not in text
    assert "  1. ? x*(x - 2) = 0" in text


def test_the_environment_prints_each_step_once(capsys: pytest.CaptureFixture[str]) -> None:
    env = ReasoningEnv(TOY, render_mode="human")
    env.reset(options={"problem": "3 + 4 * 2"})
    assert capsys.readouterr().out == "Work out 3 + 4 * 2.\n       3 + 4 * 2\n"
    env.step(2)
    assert capsys.readouterr().out == f"  1. ✓ {'3 + 8':<40}  work out: 3 + 4 * 2\n"
    assert env.render() is None
    assert capsys.readouterr().out == ""
    env.step(0)
    assert capsys.readouterr().out.endswith("     ✓ right: the same value\n")
    env.reset(seed=1)
    assert capsys.readouterr().out.startswith("Work out ")


def test_without_a_mode_nothing_is_shown() -> None:
    env = ReasoningEnv(TOY)
    env.reset(seed=0)
    with pytest.warns(UserWarning, match="shows nothing without a render mode"):
        assert env.render() is None


def test_a_card_is_a_picture_of_one_size() -> None:
    pictures = [card(PROBLEM, "x^2 = 2*x", STEPS[:count], None, "") for count in range(5)]
    pictures.append(card(PROBLEM, "x^2 = 2*x", STEPS, WRONG, "answer"))
    for picture in pictures:
        assert picture.shape == (CARD_SIZE[1], CARD_SIZE[0], 3)
        assert picture.dtype == np.uint8
        assert picture.flags.writeable
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)
    last = pictures[-1].reshape(-1, 3)
    for colour in ((26, 127, 55), (207, 34, 46), (154, 103, 0), (130, 80, 223)):  # one disc for each kind of mark
        assert (last == colour).all(axis=1).sum() > 50


@pytest.mark.parametrize("count", [0, 7, 8, 9, 40])
def test_a_card_takes_any_number_of_steps_and_any_length_of_line(count: int) -> None:
    step = Step(0, 0, "x + " * 500 + "x = 0", Verdict(Status.REFUTED, reason="wrong " * 300), move="add " * 300)
    problem = Problem("p", "algebra", "Solve " * 400, "x = 0")
    picture = card(problem, "x + " * 500, (step,) * count, WRONG, "answer")
    assert picture.shape == (CARD_SIZE[1], CARD_SIZE[0], 3)
    margin = picture[:, CARD_SIZE[0] - 30 :]
    assert (margin == 255).all()  # nothing runs over the edge


def test_the_last_steps_stay_in_view() -> None:
    steps = tuple(Step(i, 0, f"line {i}", Verdict(Status.VERIFIED)) for i in range(20))
    assert (card(PROBLEM, "start", steps, None, "") != card(PROBLEM, "start", steps[:-1], None, "")).any()


def test_cards_are_collected_by_gymnasium() -> None:
    env = gym.wrappers.RenderCollection(ReasoningEnv(TOY, render_mode="rgb_array"))
    env.reset(options={"problem": "3 + 4 * 2"})
    env.step(0)
    env.step(0)
    frames = env.render()
    assert isinstance(frames, list)
    assert len(frames) == 3
    assert {np.shape(frame) for frame in frames} == {(540, 960, 3)}


class Greek(ToyDomain):
    def text(self, state: Sum) -> str:
        return "α ≤ ½ · √2 — \U0001f600"


def test_signs_beyond_the_terminal_and_the_font_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="latin-1")
    monkeypatch.setattr(sys, "stdout", stream)
    env = ReasoningEnv(Greek(), render_mode="human")
    env.reset(options={"problem": "1 + 2"})
    assert "? ? ½ · ?2" in raw.getvalue().decode("latin-1")
    picture = ReasoningEnv(Greek(), render_mode="rgb_array")
    picture.reset(options={"problem": "1 + 2"})
    assert isinstance(picture.render(), np.ndarray)
