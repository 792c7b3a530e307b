"""Who is next, who wins, what is paid: the rules of each game; and the single-agent views."""

from __future__ import annotations

import logging
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from sb3_contrib import MaskablePPO

from reasoning_envs.domains.algebra import AlgebraDomain
from reasoning_envs.games.alice_bob import AliceBobRepeat, AliceBobReverse
from reasoning_envs.games.code_triad import CodeTriad
from reasoning_envs.games.game import Game
from reasoning_envs.games.policies import Predicting, shortest, uniform
from reasoning_envs.games.protocol import GameError
from reasoning_envs.games.prover_verifier import PRMVerifier, ProverVerifier, SpoilingDomain
from reasoning_envs.games.race import Race
from reasoning_envs.games.seat import Seat, SolverSeat
from reasoning_envs.games.view import MAX_DEALS, RoleEnv
from reasoning_envs.rewards import Annealed, OraclePRM, ProcessRewardModel
from reasoning_envs.types import Problem, StepScore, Trace

RACE = "reasoning_envs.games.race:Race"
EASY = ["linear-1", "brackets-1"]
ILLEGAL = 63


def sound(seat: Seat, rng: np.random.Generator) -> int:
    """The sound move to the shortest line."""
    candidates: Any = seat.candidates
    options = [(len(action.state.tokens), index) for index, action in enumerate(candidates) if action.sound]
    return min(options)[1]


def sound_move(seat: Seat) -> int:
    """The same where errors stand among the moves."""
    candidates: Any = seat.candidates
    moves = [
        (len(action.state.tokens), index)
        for index, action in enumerate(candidates)
        if not action.rule.startswith("error") and action.sound
    ]
    return min(moves)[1]


def problem(text: str) -> Problem:
    return AlgebraDomain().problem(text)


def move_to(seat: Seat, text: str) -> int:
    """The candidate with this line."""
    assert isinstance(seat, SolverSeat)
    assert seat.env is not None
    domain = seat.env.domain
    lines = [domain.text(action.state) for action in seat.candidates]
    assert text in lines, lines
    return lines.index(text)


# -- the race -----------------------------------------------------------------------------------------------------

WAY = ("2*x/2 = 6/2", "x = 6/2")
"""From 2*x = 6 on."""


def race(first: list[str | int], second: list[str | int], steps: int = 4) -> tuple[dict[str, float], dict[str, Any]]:
    game = Race(max_steps=steps)
    game.reset(seed=0, options={"problem": problem("2*x = 6")})
    plans = {"solver_0": list(first), "solver_1": list(second)}
    while not game.is_over:
        agent = game.agent_selection
        action = plans[agent].pop(0) if plans[agent] else ILLEGAL
        game.step(move_to(game.seats[agent], action) if isinstance(action, str) else action)
    return dict(game.rewards), game.result


@pytest.mark.parametrize(
    ("first", "second", "paid", "rounds"),
    [
        ([*WAY], [], (1.0, -1.0), 2),
        ([], [*WAY], (-1.0, 1.0), 2),
        ([*WAY], [*WAY], (-1.0, -1.0), 2),
        ([ILLEGAL, *WAY], [*WAY], (-1.0, 1.0), 2),
        ([], [], (-1.0, -1.0), 4),
    ],
)
def test_the_first_verified_solution_wins(first: Any, second: Any, paid: tuple[float, float], rounds: int) -> None:
    rewards, told = race(first, second)
    assert (rewards["solver_0"], rewards["solver_1"]) == paid
    assert told["game/rounds"] == rounds
    assert told["game/winner"] == {(1.0, -1.0): "solver_0", (-1.0, 1.0): "solver_1"}.get(paid, "")


def test_a_wrong_answer_is_out_while_the_other_goes_on() -> None:
    game = Race()
    game.reset(seed=0, options={"problem": problem("x^2 = 2*x")})
    wrong = next(
        index
        for index, action in enumerate(game.seats["solver_0"].candidates)
        if action.rule == "divide by the unknown"
    )
    game.step(wrong)
    game.step(ILLEGAL)
    seen = set()
    while not game.is_over:
        agent = game.agent_selection
        seen.add(agent)
        game.step(sound(game.seats[agent], np.random.default_rng(0)) if agent == "solver_0" else ILLEGAL)
    assert seen == {"solver_0", "solver_1"}
    assert game.result["game/winner"] == ""


def test_each_sees_the_others_line() -> None:
    game = Race()
    game.reset(seed=0, options={"problem": problem("2*x = 6")})
    assert (game.observe("solver_0")["context"] == game.observe("solver_1")["state"]).all()
    game.step(move_to(game.seats["solver_0"], WAY[0]))
    assert (game.observe("solver_1")["context"] != game.observe("solver_0")["state"]).any()  # the round is not over
    game.step(ILLEGAL)
    assert (game.observe("solver_1")["context"] == game.observe("solver_0")["state"]).all()


# -- alice and bob ------------------------------------------------------------------------------------------------


def test_bob_repeats_what_alice_did_and_pays_by_the_step() -> None:
    game = AliceBobRepeat(max_steps=10, gamma=0.5)
    game.reset(seed=0, options={"problem": problem("2*x + 4 = 10")})
    for _ in range(2):
        lines = [action.describe() for action in game.seats["alice_0"].candidates]
        game.step(next(index for index, words in enumerate(lines) if words.startswith(("subtract", "add"))))
    goal = game.seats["alice_0"].text
    game.step(len(game.seats["alice_0"].candidates) - 1)
    assert game.agent_selection == "bob_0"
    assert game.result == {}
    first = game.observe("bob_0")
    assert bytes(first["context"]).rstrip(b"\0") == bytes(game.observe("alice_0")["state"]).rstrip(b"\0")[1:]
    game.step(ILLEGAL)
    for _ in range(2):
        lines = [action.describe() for action in game.seats["bob_0"].candidates]
        game.step(next(index for index, words in enumerate(lines) if words.startswith(("subtract", "add"))))
    assert game.result == {
        "game/task": goal,
        "game/alice_steps": 3,
        "game/bob_steps": 3,
        "game/bob_succeeded": True,
        "game/valid": True,
        "game/reason": "",
    }
    assert game.rewards == {"alice_0": 0.0, "bob_0": -1.5}


def test_alice_is_paid_where_bob_is_slower() -> None:
    game = AliceBobRepeat(max_steps=10, gamma=0.5)
    game.reset(seed=0, options={"problem": problem("2*x + 4 = 10")})
    game.step(0)
    game.step(len(game.seats["alice_0"].candidates) - 1)
    while not game.is_over:
        game.step(ILLEGAL + 1 if game.agent_selection == "alice_0" else ILLEGAL)
    # She took two steps, he had the other eight and failed.
    assert game.rewards == {"alice_0": 0.5 * (8 - 2), "bob_0": -0.5 * 8}
    assert game.result["game/bob_succeeded"] is False


def test_bob_goes_back_to_where_alice_began() -> None:
    env = RoleEnv("reasoning_envs.games.alice_bob:AliceBobReverse", "bob_0", policies={}, max_steps=20, gamma=0.1)
    env.reset(seed=0, options={"problem": problem("x + 2 = 5")})
    assert env.game.agents == ["bob_0"]
    over, total = False, 0.0
    while not over:
        _, reward, terminated, truncated, info = env.step(sound(env.seat, np.random.default_rng(0)))
        total += reward
        over = terminated or truncated
    assert info["game/bob_succeeded"] is True
    assert total == pytest.approx(-0.1 * info["game/bob_steps"])


@pytest.mark.parametrize("game", [AliceBobRepeat, AliceBobReverse])
def test_steps_must_cost_something_and_be_enough(game: type[Game]) -> None:
    with pytest.raises(ValueError, match="gamma"):
        game(gamma=0.0)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="2 or more"):
        game(max_steps=1)  # type: ignore[call-arg]


# -- provers and verifier -----------------------------------------------------------------------------------------


def proved(verifier: Any, lines: dict[str, list[str]]) -> tuple[dict[str, float], dict[str, Any]]:
    """A game on ``2*x = 6`` in which the provers write these lines, or choose an error where a line begins with !."""
    game = ProverVerifier(max_steps=5)
    game.reset(seed=0, options={"problem": problem("2*x = 6")})
    totals = dict.fromkeys(game.possible_agents, 0.0)
    rng = np.random.default_rng(0)
    plans = {agent: list(plan) for agent, plan in lines.items()}
    while not game.is_over:
        agent = game.agent_selection
        seat = game.seats[agent]
        if agent == "verifier_0":
            action = verifier(seat, rng)
        else:
            wanted = plans[agent].pop(0) if plans[agent] else ""
            rules = [each.rule for each in seat.candidates]
            if wanted == "!":
                action = next(index for index, rule in enumerate(rules) if rule.startswith("error"))
            else:
                action = move_to(seat, wanted) if wanted else ILLEGAL
        game.step(action)
        for role, reward in game.rewards.items():
            totals[role] += reward
    return totals, game.result


def accepting(seat: Seat, rng: np.random.Generator) -> int:
    return 0


def rejecting(seat: Seat, rng: np.random.Generator) -> int:
    return 1


def test_the_verifier_is_paid_for_the_first_error_and_for_right_derivations() -> None:
    right = {"helpful_0": [*WAY], "sneaky_0": [*WAY]}
    totals, told = proved(accepting, right)
    assert totals == {"helpful_0": 1.0, "sneaky_0": -1.0, "verifier_0": 2.0}
    assert (told["game/helpful_right"], told["game/sneaky_right"], told["game/shown"]) == (True, True, 2)
    totals, told = proved(rejecting, right)
    assert totals == {"helpful_0": 0.0, "sneaky_0": -1.0, "verifier_0": 0.0}
    assert told["game/helpful_rejected"] == 0


def test_an_error_that_is_accepted_pays_the_sneaky_prover() -> None:
    game = ProverVerifier(max_steps=5)
    game.reset(seed=0, options={"problem": problem("2*x = 6")})
    while game.agent_selection == "helpful_0":
        game.step(ILLEGAL)
    # An error first, then whatever sound moves lead to an answer.
    rng = np.random.default_rng(1)
    rules = [action.rule for action in game.seats["sneaky_0"].candidates]
    game.step(next(index for index, rule in enumerate(rules) if rule.startswith("error")))
    wrong = game.seats["sneaky_0"].text
    while game.agent_selection == "sneaky_0":
        seat = game.seats["sneaky_0"]
        game.step(sound_move(seat))
    assert game.agent_selection == "verifier_0", wrong
    paid = 0.0
    while not game.is_over:
        game.step(accepting(game.seats["verifier_0"], rng))
        paid += game.rewards["sneaky_0"]
    assert paid == 1.0
    assert game.result["game/sneaky_first_error"] == 0
    assert game.result["game/helpful_answered"] is False
    assert game.result["game/shown"] == 1


def test_the_oracle_as_verifier_is_never_fooled() -> None:
    env = RoleEnv(
        "reasoning_envs.games.prover_verifier:ProverVerifier",
        "sneaky_0",
        level=EASY,
        policies={"helpful_0": shortest, "verifier_0": PRMVerifier(Truth())},
    )
    wrong = 0
    for seed in range(8):
        env.reset(seed=seed)
        rng = np.random.default_rng(seed)
        over, first = False, True
        while not over:
            errors = [index for index, each in enumerate(env.seat.candidates) if each.rule.startswith("error")]
            action = int(rng.choice(errors)) if first and errors else sound_move(env.seat)
            first = False
            _, reward, terminated, truncated, info = env.step(action)
            over = terminated or truncated
        assert reward <= 0.0
        wrong += info["game/sneaky_answered"] and not info["game/sneaky_right"]
        assert info["game/sneaky_rejected"] == info["game/sneaky_first_error"]
    assert wrong >= 3


class Truth(ProcessRewardModel):
    """Judges steps by the algebra verifier: what no learned one is."""

    name = "truth"

    def score(self, traces: Any) -> list[list[StepScore]]:
        verifier = AlgebraDomain().verifier
        return [self._scores(verifier, trace) for trace in traces]

    def _scores(self, verifier: Any, trace: Trace) -> list[StepScore]:
        verdicts = [verifier.step(trace.problem, trace.steps[: index + 1]) for index in range(len(trace.steps))]
        return [StepScore(value=0.0 if verdict.refuted else 1.0, critique=verdict.reason) for verdict in verdicts]


def test_errors_stand_among_the_moves_and_can_be_kept_back() -> None:
    plain = AlgebraDomain()
    state = plain.start(problem("2*x + 4 = 10"))
    moves = len(plain.actions(state))
    everything = SpoilingDomain(plain).actions(state)
    kinds = {action.rule.removeprefix("error: ") for action in everything[moves:]}
    assert len(kinds) >= 2
    assert all(action.verdict.refuted for action in everything[moves:])
    kept = sorted(kinds)[0]
    some = SpoilingDomain(plain, [kept]).actions(state)
    assert {action.rule for action in some[moves:]} == {f"error: {kept}"}
    assert [action.describe() for action in everything] == [
        action.describe() for action in SpoilingDomain(AlgebraDomain()).actions(state)
    ]


# -- the code triad -----------------------------------------------------------------------------------------------


def test_both_roles_of_the_triad_see_the_same_space() -> None:
    game = CodeTriad(judge="interpreter")
    spaces = [game.observation_space(agent) for agent in game.possible_agents]
    assert spaces[0] == spaces[1]
    assert game.action_space("proposer_0") == game.action_space("solver_0")


@pytest.mark.parametrize("task", ["deduction", "abduction", "induction"])
def test_each_task_of_the_triad_is_posed(task: str) -> None:
    env = RoleEnv(
        "reasoning_envs.games.code_triad:CodeTriad", "proposer_0", tasks=[task], judge="interpreter", attempts=2
    )
    valid = 0
    for seed in range(12):
        observation, _ = env.reset(seed=seed)
        rng = np.random.default_rng(seed)
        over = False
        while not over:
            action = int(rng.choice(np.flatnonzero(observation["action_mask"])))
            observation, _, terminated, truncated, info = env.step(action)
            over = terminated or truncated
        if info["game/valid"]:
            valid += 1
            assert info["game/task"] == task
    assert valid >= 3


# -- views --------------------------------------------------------------------------------------------------------


def failing(seat: Seat, rng: np.random.Generator) -> int:
    raise ArithmeticError("no idea")


def test_a_policy_that_fails_is_named() -> None:
    env = RoleEnv(RACE, "solver_0", policies={"solver_1": failing}, level=EASY)
    env.reset(seed=0)
    with pytest.raises(GameError, match=r"race: the policy of solver_1 failed: ArithmeticError\('no idea'\)"):
        env.step(0)


def test_a_policy_that_fails_may_forfeit_and_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    env = RoleEnv(RACE, "solver_0", policies={"solver_1": failing}, level=EASY, on_error="forfeit")
    for count in (1, 2):
        env.reset(seed=0)
        with caplog.at_level(logging.ERROR):
            _, reward, terminated, truncated, info = env.step(0)
        assert (reward, terminated, truncated) == (0.0, False, True)
        assert (info["end"], info["forfeits"]) == ("forfeit", count)
    assert "the policy of solver_1 failed" in caplog.text
    with pytest.raises(ResetNeeded):
        env.step(0)


def never(seat: Seat, rng: np.random.Generator) -> int:
    return ILLEGAL


def test_a_proposer_that_never_proposes_stops_the_view_with_a_message() -> None:
    env = RoleEnv(
        "reasoning_envs.games.proposer_solver:ProposerSolver", "solver_0", policies={"proposer_0": never}, attempts=1
    )
    with pytest.raises(GameError, match=f"{MAX_DEALS} games in a row ended before the turn of solver_0.*step limit"):
        env.reset(seed=0)


@pytest.mark.parametrize(
    ("kwargs", "error", "words"),
    [
        ({"role": "judge_0"}, ValueError, "judge_0.*solver_0, solver_1"),
        ({"policies": {"nobody_0": uniform}}, ValueError, "nobody_0"),
        ({"policies": {"solver_1": 3}}, TypeError, "solver_1"),
        ({"on_error": "ignore"}, ValueError, "ignore"),
        ({"game": "reasoning_envs.domains.algebra:AlgebraDomain"}, TypeError, "render_mode"),
    ],
)
def test_wrong_views_are_said(kwargs: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        RoleEnv(**{"game": RACE, "role": "solver_0", **kwargs})


def test_shaping_is_annealed_into_the_race() -> None:
    env = Annealed(
        RoleEnv(RACE, "solver_0", policies={"solver_1": never}, max_steps=4),
        OraclePRM(),
        total_steps=40,
        fraction=0.1,
    )
    dense: list[float] = []
    sparse: list[float] = []
    for episode in range(3):
        env.reset(seed=0, options={"problem": problem("2*x = 6")})
        over = False
        plan = [*WAY]
        while not over:
            seat = env.unwrapped.seat  # type: ignore[attr-defined]
            _, reward, terminated, truncated, info = env.step(move_to(seat, plan.pop(0)))
            (dense if episode == 0 else sparse).append(float(reward))
            over = terminated or truncated
        assert info["reward/true"] == 1.0
    assert dense[0] > 0.0
    assert sparse[-2:] == [0.0, 1.0]
    assert env.coefficient == 0.0


def test_stable_baselines_learns_a_role_and_plays_the_other() -> None:
    env = gym.make("reasoning_envs/Race-v0", level=EASY, max_steps=5)
    model = MaskablePPO("MultiInputPolicy", env, n_steps=16, batch_size=16, n_epochs=1, seed=0, device="cpu")
    model.learn(16)
    view = env.unwrapped
    assert isinstance(view, RoleEnv)
    view.set_policies({"solver_1": Predicting(model, deterministic=True)})
    view.reset(seed=3)
    over = False
    while not over:
        action = int(np.flatnonzero(view.action_masks())[0])
        _, reward, terminated, truncated, info = view.step(action)
        over = terminated or truncated
    assert reward in (1.0, -1.0)
    assert info["end"] == "game over"


def test_games_are_shown_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    game = Race(render_mode="ansi")
    game.reset(seed=0, options={"problem": problem("2*x = 6")})
    assert game.render() == "solver_0: 2*x = 6\nsolver_1: 2*x = 6"
    aloud = Race(render_mode="human")
    aloud.reset(seed=0, options={"problem": problem("2*x = 6")})
    aloud.step(ILLEGAL)
    assert capsys.readouterr().out == "solver_0: 2*x = 6\n"
