"""What an episode does: actions, rewards, ends, infos, options. On a small real domain."""

import inspect
import math
import re
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import ResetNeeded

from reasoning_envs.domains.protocol import InputError
from reasoning_envs.env import MAX_CHOICES, ReasoningEnv
from reasoning_envs.spaces import candidate_rows
from reasoning_envs.types import Problem, Status, Step, Verdict
from tests.reasoning_envs.toy_domain import READY, Move, Sum, ToyDomain, ToyVerifier

TOY = "tests.reasoning_envs.toy_domain:ToyDomain"

STEP_KEYS = {"verdict", "step", "illegal", "outcome", "scored", "success", "end", "reward/true"}
LAST_KEYS = {"is_success", "steps", "problem", "line", "count/illegal"} | {f"count/{status.value}" for status in Status}


def moves(problem: str = "3 + 4 * 2", **kwargs: Any) -> ReasoningEnv:
    env = ReasoningEnv(TOY, **kwargs)
    env.reset(options={"problem": problem})
    return env


def text(problem: str = "3 + 4 * 2", **kwargs: Any) -> ReasoningEnv:
    env = ReasoningEnv(TOY, "text", **kwargs)
    env.reset(options={"problem": problem})
    return env


def lines_of(env: ReasoningEnv, observation: dict[str, Any]) -> list[str]:
    rows = candidate_rows(observation["candidates"], env.observation_space["state"].shape[0])  # type: ignore[index]
    return [bytes(row).rstrip(b"\0").decode() for row in rows]


# -- moves --------------------------------------------------------------------------------------------------------


def test_the_observation_shows_the_line_and_what_each_candidate_leads_to() -> None:
    env = moves()
    observation = env.observation()
    assert bytes(observation["state"]).rstrip(b"\0") == b"3 + 4 * 2"
    assert lines_of(env, observation) == ["7 * 2", "8 * 2", "3 + 8", "3 + 9"] + [""] * 60
    assert observation["action_mask"].tolist() == [1] * 4 + [0] * 60
    assert env.action_masks().tolist() == [True] * 4 + [False] * 60
    assert env.action_masks().dtype == np.bool_
    assert observation in env.observation_space


def test_arrays_are_fresh_and_writable() -> None:
    env = moves()
    first, second = env.observation(), env.observation()
    for key, array in first.items():
        assert array.flags.writeable
        array[:] = 1
        assert not np.shares_memory(array, second[key])
    assert lines_of(env, env.observation())[0] == "7 * 2"


def test_right_steps_to_the_right_answer() -> None:
    env = moves()
    _, reward, terminated, truncated, info = env.step(2)
    assert (reward, terminated, truncated) == (0.0, False, False)
    assert set(info) == STEP_KEYS
    assert info["verdict"].verified
    assert (info["step"], info["illegal"], info["outcome"], info["end"]) == (True, False, None, "")
    observation, reward, terminated, truncated, info = env.step(0)
    assert (reward, terminated, truncated) == (1.0, True, False)
    assert set(info) == STEP_KEYS | LAST_KEYS
    assert info["outcome"].verified
    assert info["success"]
    assert info["is_success"]
    assert info["scored"]
    assert (info["end"], info["line"], info["steps"], info["reward/true"]) == ("answer", "11", 2, 1.0)
    assert (info["count/verified"], info["count/refuted"]) == (2, 0)
    assert info["problem"].statement == "3 + 4 * 2"
    assert observation["action_mask"].sum() == 0


def test_a_wrong_step_is_applied_and_the_wrong_answer_ends_without_reward() -> None:
    env = moves()
    _, _, terminated, _, info = env.step(0)  # adds before it multiplies
    assert info["verdict"].refuted
    assert not terminated
    _, reward, terminated, truncated, info = env.step(0)
    assert (reward, terminated, truncated) == (0.0, True, False)
    assert info["verdict"].verified
    assert info["outcome"].refuted
    assert (info["success"], info["scored"], info["line"]) == (False, True, "14")
    assert (info["count/verified"], info["count/refuted"]) == (1, 1)


def test_wrong_steps_are_left_out_on_demand() -> None:
    env = moves(reject_wrong_steps=True)
    _, _, _, _, info = env.step(0)
    assert info["verdict"].refuted
    assert info["step"]
    assert lines_of(env, env.observation())[:2] == ["7 * 2", "8 * 2"]
    assert env.steps[0].text == "3 + 4 * 2"
    assert env.steps[0].verdict.refuted
    env.step(2)
    assert env.step(0)[1] == 1.0


def test_a_masked_index_changes_nothing_and_counts() -> None:
    env = moves(max_steps=3)
    before = env.observation()
    observation, reward, terminated, truncated, info = env.step(63)
    for key, array in before.items():
        assert (observation[key] == array).all()
    assert (reward, terminated, truncated) == (0.0, False, False)
    assert (info["illegal"], info["step"], info["verdict"]) == (True, False, None)
    env.step(4)
    _, _, terminated, truncated, info = env.step(63)
    assert (terminated, truncated) == (False, True)
    assert (info["end"], info["outcome"], info["scored"]) == ("step limit", None, True)
    assert (info["count/illegal"], info["steps"], info["line"]) == (3, 0, "3 + 4 * 2")


@pytest.mark.parametrize("action", [64, -1, 10**20, np.int64(64)])
def test_an_index_out_of_range_is_a_clear_error(action: int) -> None:
    env = moves()
    with pytest.raises(ValueError, match="out of range: 0 to 63"):
        env.step(action)
    assert env.actions_given == ()


@pytest.mark.parametrize("action", ["0", None, 0.0, [1], np.array([1, 2])])
def test_an_action_that_is_no_integer_is_a_clear_error(action: object) -> None:
    with pytest.raises(TypeError, match="integer from 0 to 63"):
        moves().step(action)


@pytest.mark.parametrize("action", [2, np.int64(2), np.uint8(2), np.array(2)])
def test_any_kind_of_integer_is_an_action(action: Any) -> None:
    env = moves()
    assert env.step(action)[4]["verdict"].verified
    assert type(env.steps[0].action) is int


def test_the_step_limit_truncates() -> None:
    env = moves("1 + 2 + 3 + 4", max_steps=2)
    assert env.step(0)[2:4] == (False, False)
    _, reward, terminated, truncated, info = env.step(0)
    assert (reward, terminated, truncated) == (0.0, False, True)
    assert info["end"] == "step limit"


def test_an_answer_at_the_limit_counts() -> None:
    env = moves("1 + 2", max_steps=1)
    assert env.step(0)[1:4] == (1.0, True, False)


def test_after_the_end_comes_a_reset() -> None:
    env = moves("1 + 2")
    env.step(0)
    with pytest.raises(ResetNeeded, match=r"ended \(answer\)"):
        env.step(0)
    fresh = ReasoningEnv(TOY)
    for use in (lambda: fresh.step(0), lambda: fresh.steps, lambda: fresh.problem, fresh.get_state, fresh.observation):
        with pytest.raises(ResetNeeded, match="reset"):
            use()


# -- groups -------------------------------------------------------------------------------------------------------


def test_where_candidates_are_many_a_group_is_chosen_first() -> None:
    env = moves("1 + 2 + 3 + 4", domain_kwargs={"max_actions": 4})
    assert env.action_space.n == 4  # type: ignore[attr-defined]
    assert len(env.candidates) == 3
    _, reward, terminated, truncated, info = env.step(1)
    assert (reward, terminated, truncated) == (0.0, False, False)
    assert (info["step"], info["illegal"], info["verdict"]) == (False, False, None)
    assert len(env.steps) == 0
    assert lines_of(env, env.observation())[:2] == ["1 + 5 + 4", "1 + 6 + 4"]
    assert env.step(0)[4]["verdict"].verified
    assert env.steps[0].move == "work out: 1 + 2 + 3 + 4"
    assert env.actions_given == (1, 0)


class Undecided(ToyDomain):
    """A group whose one candidate is to choose the group again."""

    def actions(self, state: Sum) -> list[Move]:
        return [Move("think", state, state, is_step=False)]


def test_choosing_groups_for_ever_ends_too() -> None:
    env = ReasoningEnv(Undecided(), max_steps=3)
    env.reset(seed=0)
    for _ in range(3 * MAX_CHOICES - 1):
        assert env.step(0)[2:4] == (False, False)
    _, _, terminated, truncated, info = env.step(0)
    assert (terminated, truncated, info["end"]) == (False, True, "step limit")


# -- text ---------------------------------------------------------------------------------------------------------


def test_the_transcript_grows_by_the_lines_that_stand() -> None:
    env = text()
    assert env.observation() == "Work out 3 + 4 * 2.\n3 + 4 * 2"
    observation, reward, _, _, info = env.step("  3 +   8")
    assert observation == "Work out 3 + 4 * 2.\n3 + 4 * 2\n3 + 8"
    assert set(info) == STEP_KEYS | {"line"}
    assert (info["line"], reward, info["verdict"].status) == ("3 + 8", 0.0, Status.VERIFIED)
    observation, reward, terminated, truncated, info = env.step("11")
    assert (reward, terminated, truncated) == (1.0, True, False)
    assert set(info) == STEP_KEYS | LAST_KEYS
    assert observation.splitlines()[-1] == info["line"] == "11"


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("", Status.UNPARSED),
        ("three", Status.UNPARSED),
        ("\x00" * 9, Status.UNPARSED),
        ("__import__('os').system('true')", Status.UNPARSED),
        ("9" * 1_000_000, Status.UNSAFE),
        ("\ud800", Status.UNPARSED),
    ],
)
def test_a_text_that_is_no_step_changes_nothing_and_counts(line: str, status: Status) -> None:
    env = text(max_steps=3)
    before = env.observation()
    observation, reward, terminated, truncated, info = env.step(line)
    assert observation == before
    assert (reward, terminated, truncated, info["step"]) == (0.0, False, False, True)
    assert info["verdict"].status is status
    assert env.steps[0].text == "3 + 4 * 2"
    assert env.steps[0].action == line
    env.step("3 + 8")
    assert env.step("11")[1] == 1.0


def test_texts_that_are_no_steps_use_up_the_limit() -> None:
    env = text(max_steps=2)
    assert env.step("?")[3] is False
    _, _, terminated, truncated, info = env.step("?")
    assert (terminated, truncated, info["end"], info["count/unparsed"]) == (False, True, "step limit", 2)


def test_a_rejected_line_does_not_stand() -> None:
    env = text(reject_wrong_steps=True)
    observation, _, _, _, info = env.step("7 * 2")
    assert info["verdict"].refuted
    assert observation.endswith("\n3 + 4 * 2")
    assert env.steps[0].text == "3 + 4 * 2"
    assert env.step("3 + 8")[4]["verdict"].verified  # against the line that stands
    assert env.step("12")[2] is False  # a rejected answer is no answer
    assert env.step("11")[1] == 1.0


def test_an_action_that_is_no_text_is_a_clear_error() -> None:
    with pytest.raises(TypeError, match="next line as a str"):
        text().step(3)


def test_text_has_no_mask_and_no_candidates() -> None:
    env = text()
    assert len(env.candidates) == 0
    with pytest.raises(TypeError, match="no action mask"):
        env.action_masks()


class Wordy(ToyDomain):
    """Reads any text, and makes it long."""

    def text(self, state: Sum) -> str:
        return super().text(state) + " + 0" * 20_000


def test_a_transcript_that_outgrows_its_space_loses_its_front() -> None:
    env = ReasoningEnv(Wordy(), "text", max_steps=1)
    observation, _ = env.reset(seed=0)
    assert observation in env.observation_space
    assert observation.endswith(" + 0")


# -- ends ---------------------------------------------------------------------------------------------------------


class Doubtful(ToyVerifier):
    """Cannot tell about outcomes."""

    def __init__(self, status: Status) -> None:
        self.status = status

    def outcome(self, problem: Problem, steps: Any) -> Verdict:
        return Verdict(self.status, reason="who knows")


@pytest.mark.parametrize("status", [Status.UNDECIDED, Status.TIMEOUT, Status.ERROR])
def test_an_outcome_that_nobody_could_judge_is_unscored(status: Status) -> None:
    domain = ToyDomain()
    domain.verifier = Doubtful(status)
    env = ReasoningEnv(domain)
    env.reset(options={"problem": "1 + 2"})
    _, reward, terminated, truncated, info = env.step(0)
    assert (reward, terminated, truncated) == (0.0, False, True)
    assert (info["scored"], info["success"], info["end"]) == (False, False, "unscored")
    assert info["outcome"].status is status


@pytest.mark.parametrize("status", [Status.UNPARSED, Status.UNSAFE])
def test_an_outcome_that_is_no_mathematics_is_scored_as_wrong(status: Status) -> None:
    domain = ToyDomain()
    domain.verifier = Doubtful(status)
    env = ReasoningEnv(domain)
    env.reset(options={"problem": "1 + 2"})
    _, reward, terminated, truncated, info = env.step(0)
    assert (reward, terminated, truncated, info["scored"]) == (0.0, True, False, True)


class DeadEnd(ToyDomain):
    """Has no moves on a line that begins with 7."""

    def actions(self, state: Sum) -> Any:
        return () if state.numbers[0] == 7 else super().actions(state)


def test_an_episode_without_a_move_left_is_truncated() -> None:
    env = ReasoningEnv(DeadEnd())
    env.reset(options={"problem": "3 + 4 * 2"})
    observation, _, terminated, truncated, info = env.step(0)
    assert (terminated, truncated, info["end"], info["scored"]) == (False, True, "stuck", True)
    assert observation in env.observation_space
    with pytest.raises(ValueError, match=r"no move is possible on '7 [*] 2'"):
        env.reset(options={"problem": "7 * 2"})


class Overfull(ToyDomain):
    def actions(self, state: Sum) -> Any:
        return [*super().actions(state)] * 40


class TooLong(ToyDomain):
    """Encodes an answer in more tokens than it says."""

    max_tokens = 9

    def tokens(self, state: Sum) -> bytes:
        return state.text().encode() * (1 if state.signs else 10)


def test_a_domain_that_breaks_its_promises_is_named() -> None:
    with pytest.raises(RuntimeError, match="sums gave 160 actions, 64 at most were promised"):
        ReasoningEnv(Overfull()).reset(options={"problem": "3 + 4 * 2"})
    with pytest.raises(RuntimeError, match="sums encoded a line in 10 tokens, 9 at most"):
        ReasoningEnv(TooLong()).reset(options={"problem": "1 + 2"})


# -- reset --------------------------------------------------------------------------------------------------------


def test_reset_gives_the_problem_and_its_line() -> None:
    env = ReasoningEnv(TOY)
    _, info = env.reset(seed=3)
    assert set(info) == {"problem", "line"}
    assert isinstance(info["problem"], Problem)
    assert info["line"] == info["problem"].statement == env.start_line


def test_options_choose_the_problem_or_the_level() -> None:
    env = ReasoningEnv(TOY)
    problem = READY.problem("1 + 1")
    assert env.reset(options={"problem": problem})[1]["problem"] is problem
    assert env.reset(options={"problem": "2 +  2"})[1]["line"] == "2 + 2"
    assert env.reset(options={"level": "six"})[1]["problem"].level == "six"
    levels = {env.reset(options={"level": ["two", "three"]})[1]["problem"].level for _ in range(40)}
    assert levels == {"two", "three"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"problme": "1 + 1"}, "no option problme; known: level, problem"),
        ({"level": "hard"}, "no level 'hard'; known: two, three, six"),
        ({"level": 3}, "a level is a name, or several of them, got 3"),
        ({"level": []}, "empty list of levels"),
        ({"problem": "1 + 1", "level": "two"}, "not both"),
        ({"problem": 7}, "a Problem or its statement, got int"),
        ({"problem": "1 + x"}, "expected numbers"),
        ({"problem": "12"}, "form of an answer already"),
        ({"problem": " + ".join(["123456789"] * 7)}, "takes 81 tokens, 64 at most"),
        ({"problem": Problem("p", "algebra", "?", "x = 1")}, "is about sums, the problem about algebra"),
    ],
)
def test_bad_options_are_clear_errors(options: dict[str, Any], message: str) -> None:
    env = ReasoningEnv(TOY)
    with pytest.raises(ValueError, match=re.escape(message)):
        env.reset(seed=0, options=options)
    env.reset()


def test_a_problem_that_cannot_be_read_carries_its_verdict() -> None:
    with pytest.raises(InputError) as caught:
        ReasoningEnv(TOY).reset(options={"problem": "1 +"})
    assert caught.value.verdict.status is Status.UNPARSED


ALGEBRA = "reasoning_envs.domains.algebra:AlgebraDomain"


# -- construction -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"interface": "voice"}, ValueError, "no interface 'voice'; known: moves, text"),
        ({"max_steps": 0}, ValueError, "max_steps must be 1 or more"),
        ({"max_steps": "a"}, TypeError, "max_steps must be a whole number, got 'a'"),
        ({"max_steps": 2.5}, TypeError, "max_steps must be a whole number, got 2.5"),
        ({"domain": ALGEBRA, "max_tokens": -1}, ValueError, "max_tokens must be 1 or more, got -1"),
        ({"domain": ALGEBRA, "max_tokens": 0, "interface": "text"}, ValueError, "max_tokens must be 1 or more, got 0"),
        ({"domain": ALGEBRA, "max_tokens": 9.5}, TypeError, "max_tokens must be a whole number, got 9.5"),
        ({"level": 3}, ValueError, "a level is a name, or several of them, got 3"),
        ({"render_mode": "smell"}, ValueError, "no render mode 'smell'; known: ansi, human, rgb_array"),
        ({"split": "dev"}, ValueError, "no split 'dev'; known: 'train', 'validation', 'test'"),
        ({"level": "hard"}, ValueError, "no level 'hard'"),
        ({"level": "two", "problems": ["1 + 1"]}, ValueError, "either problems or a level"),
        ({"colour": "red"}, TypeError, "unexpected keyword argument 'colour'"),
        ({"domain": "nowhere:Domain"}, ValueError, "no module 'nowhere'"),
        ({"domain": "json:nothing"}, ValueError, "'json' holds no 'nothing'"),
        ({"domain": "json"}, ValueError, "'package.module:Name'"),
        ({"domain": "json:__name__"}, TypeError, "is no domain: it lacks apply"),
        ({"domain": 7}, TypeError, "7 is no domain: it lacks apply"),
        ({"domain": READY, "max_actions": 3}, TypeError, "knows no max_actions, and the domain is an object"),
    ],
)
def test_bad_arguments_are_clear_errors(kwargs: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        ReasoningEnv(**{"domain": TOY, **kwargs})


@pytest.mark.parametrize("domain", [TOY, "tests.reasoning_envs.toy_domain:READY", READY, ToyDomain()])
def test_a_domain_is_an_object_or_a_name(domain: Any) -> None:
    env = ReasoningEnv(domain)
    assert env.reset(seed=0)[1]["problem"] == ReasoningEnv(TOY).reset(seed=0)[1]["problem"]


def test_keywords_reach_the_domain_either_way() -> None:
    assert ReasoningEnv(TOY, max_actions=7).action_space.n == 7  # type: ignore[attr-defined]
    assert ReasoningEnv(TOY, domain_kwargs={"max_actions": 7}).action_space.n == 7  # type: ignore[attr-defined]


class Mute:
    """Offers moves and no text."""

    name, levels, verifier, max_actions, max_tokens = "mute", ("a",), ToyVerifier(), 64, 64
    sample = problem = start = apply = is_final = text = canonical_key = corrupt = actions = tokens = len


class Blind:
    """Offers text and no moves."""

    name, levels, verifier = "blind", ("a",), ToyVerifier()
    sample = problem = start = apply = is_final = text = canonical_key = corrupt = parse = len


def test_an_interface_that_the_domain_does_not_offer_is_a_clear_error() -> None:
    with pytest.raises(TypeError, match=r"'mute' reads no text .* use interface='moves'"):
        ReasoningEnv(Mute(), "text")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"'blind' offers no moves .* use interface='text'"):
        ReasoningEnv(Blind(), "moves")  # type: ignore[arg-type]


def test_the_recipe_holds_the_plain_keywords() -> None:
    env = ReasoningEnv(TOY, level=("two", "six"), max_steps=7, max_actions=5)
    assert env.recipe == {
        "domain": TOY,
        "interface": "moves",
        "level": ["two", "six"],
        "max_steps": 7,
        "reject_wrong_steps": False,
        "max_actions": 5,
    }
    assert "domain" not in ReasoningEnv(READY).recipe


# -- steps as verifiers and PRMs see them ---------------------------------------------------------------------------


def test_steps_are_built_from_what_was_done_and_what_wrappers_wrote() -> None:
    env = moves()
    _, _, _, _, info = env.step(2)
    info["reward/shaping"] = 0.5
    info["reward/total"] = 0.5
    assert env.steps[0] == Step(
        0, 2, "3 + 8", info["verdict"], {"true": 0.0, "shaping": 0.5, "total": 0.5}, None, "work out: 3 + 4 * 2"
    )
    env.step(0)
    assert [step.text for step in env.steps] == ["3 + 8", "11"]
    assert env.steps[-1] == env.steps[1] == env.steps[1:][0]
    assert env.steps[1].rewards == {"true": 1.0}
    for index in (2, -3):
        with pytest.raises(IndexError, match="2 steps"):
            env.steps[index]


def test_the_native_reward_is_the_sum_of_nothing_else() -> None:
    """Over many random episodes: 1 exactly where the final number is right, 0 before and otherwise."""
    env = ReasoningEnv(TOY, level="three")
    rng = np.random.default_rng(0)
    wins = 0
    for episode in range(60):
        env.reset(seed=episode)
        total = 0.0
        while not env.end:
            _, reward, terminated, truncated, info = env.step(int(rng.integers(len(env.candidates))))
            total += reward
            assert type(terminated) is bool
            assert type(truncated) is bool
            assert type(reward) is float
        right = info["line"] == env.problem.answer
        assert total == float(right)
        wins += right
    assert 5 < wins < 55


def test_infos_hold_one_type_a_key_and_no_clock() -> None:
    env = ReasoningEnv(TOY)
    rng = np.random.default_rng(1)
    kinds: dict[str, set[type]] = {}
    for episode in range(20):
        env.reset(seed=episode)
        while not env.end:
            info = env.step(int(rng.integers(6)))[4]
            for key, value in info.items():
                kinds.setdefault(key, set()).add(type(value))
    optional = {"verdict", "outcome"}
    assert {key for key, found in kinds.items() if len(found - {type(None)}) != 1} == set()
    assert {key for key, found in kinds.items() if type(None) in found} <= optional
    assert all(not math.isnan(info[key]) for key in info if key.startswith("reward/"))


def test_every_option_of_the_constructor_is_described() -> None:
    described = inspect.getdoc(ReasoningEnv) or ""
    for name in inspect.signature(ReasoningEnv).parameters:
        assert f"{name}:" in described


def test_wrappers_of_gymnasium_take_it() -> None:
    env = gym.wrappers.RecordEpisodeStatistics(gym.wrappers.TimeLimit(ReasoningEnv(TOY, level="six"), 2))
    env.reset(seed=0)
    assert env.step(0)[2:4] == (False, False)
    _, _, terminated, truncated, info = env.step(0)
    assert (terminated, truncated, info["end"], info["episode"]["l"]) == (False, True, "", 2)
