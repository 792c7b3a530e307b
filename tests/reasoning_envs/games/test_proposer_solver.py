"""What a proposer may build, what is refused, what is paid."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_envs import verify_step
from reasoning_envs.domains.protocol import InputError, MoveDomain
from reasoning_envs.games.baselines import RoleBaselines
from reasoning_envs.games.makers.bugs import BugMaker
from reasoning_envs.games.makers.equations import EquationMaker
from reasoning_envs.games.makers.programs import ProgramMaker, QuestionMaker, useful_steps
from reasoning_envs.games.policies import Scrambled, Templates
from reasoning_envs.games.proposer_solver import INVALID, PAYMENTS, ProposerSolver
from reasoning_envs.games.protocol import Maker
from reasoning_envs.games.seat import Seat, SolverSeat
from reasoning_envs.games.view import RoleEnv
from reasoning_envs.problems import split_of
from reasoning_envs.programs.behaviour import outputs
from reasoning_envs.programs.inputs import probe_arguments
from reasoning_envs.types import Problem, Status, Step, Verdict

ALGEBRA = "reasoning_envs.domains.algebra:AlgebraDomain"

MAKERS: dict[str, Callable[[], Maker]] = {
    "numbers": EquationMaker,
    "letters": lambda: EquationMaker(letters=True),
    "programs": lambda: ProgramMaker(judge="interpreter"),
    "questions": lambda: QuestionMaker(judge="interpreter"),
    "bugs": lambda: BugMaker(judge="interpreter"),
}
_made: dict[str, Maker] = {}


def maker_of(name: str) -> Maker:
    return _made.setdefault(name, MAKERS[name]())


def built(maker: Maker, seed: int, length: int) -> Any:
    """The final state of a random maker that proposes as soon as it may after ``length`` moves."""
    rng = np.random.default_rng(seed)
    state: Any = maker.begin(rng)
    for number in range(60):
        if maker.is_final(state):
            return state
        actions = maker.actions(state)
        last = actions[-1]
        ends = number >= length and maker.is_final(last.state)
        state = (last if ends else actions[int(rng.integers(len(actions)))]).state
    return state


def problems_of(name: str, count: int, length: int = 4) -> list[Problem]:
    maker = maker_of(name)
    found = []
    for seed in range(count):
        try:
            found.append(maker.made(built(maker, seed, length)))
        except InputError:
            continue
    return found


def answered(problem: Problem, domain: MoveDomain) -> Verdict:
    step = Step(0, 0, str(problem.answer), Verdict(Status.UNDECIDED))
    return domain.verifier.outcome(problem, (step,))


@pytest.mark.parametrize("name", MAKERS)
def test_every_problem_carries_its_certificate(name: str) -> None:
    problems = problems_of(name, 30)
    assert len(problems) >= 10
    domains = {domain.name: domain for domain in maker_of(name).domains}
    for problem in problems:
        domain = domains[problem.domain]
        assert answered(problem, domain).verified, problem
        assert Problem.from_json(problem.to_json()) == problem
        assert not domain.is_final(domain.start(problem))
        demonstration = getattr(domain, "demonstration", None)
        if demonstration is not None:
            state = domain.start(problem)
            for index in demonstration(problem):
                state = domain.actions(state)[index].state
            assert domain.is_final(state)


@pytest.mark.parametrize("name", MAKERS)
@given(seed=st.integers(0, 10_000), length=st.integers(0, 12))
@settings(max_examples=15, deadline=None)
def test_states_of_makers_keep_the_laws_of_desks(name: str, seed: int, length: int) -> None:
    maker = maker_of(name)
    rng = np.random.default_rng(seed)
    state: Any = maker.begin(rng)
    for _ in range(length):
        copy = pickle.loads(pickle.dumps(state))  # noqa: S301 - of an object made here
        assert copy == state
        assert hash(copy) == hash(state)
        tokens = maker.tokens(state)
        assert 0 < len(tokens) <= maker.max_tokens
        assert 0 not in tokens
        assert maker.text(state) == maker.text(copy)
        actions = maker.actions(state)
        if maker.is_final(state):
            assert not actions
            return
        assert 0 < len(actions) <= maker.max_actions
        assert [action.describe() for action in actions] == [action.describe() for action in maker.actions(copy)]
        assert len({action.state for action in actions}) == len(actions) or name == "bugs"
        state = actions[int(rng.integers(len(actions)))].state


def test_each_operation_keeps_the_solutions() -> None:
    """The certificate that each move claims, by the verifier that the environments use."""
    maker = EquationMaker(letters=True)
    state = maker.begin(np.random.default_rng(3))
    rng = np.random.default_rng(0)
    judged = 0
    for _ in range(40):
        actions = [action for action in maker.actions(state) if not action.state.proposed]
        action = actions[int(rng.integers(len(actions)))]
        if action.is_step:
            verdict = verify_step(maker.text(state), maker.text(action.state), unknown="x")
            assert not verdict.refuted, (maker.text(state), action.describe(), maker.text(action.state))
            judged += verdict.verified
        state = action.state if len(action.state.tokens) < 60 else maker.begin(rng)
    assert judged >= 8


def test_lines_that_nothing_needs_are_no_part_of_the_certificate() -> None:
    maker = ProgramMaker(judge="interpreter")
    cut = 0
    for seed in range(40):
        state = built(maker, seed, 5)
        steps = useful_steps(state)
        program = maker.space(state).program(steps)
        whole = maker.space(state).program(state.steps)
        probes = probe_arguments(state.signature)
        # A line that nobody needs may fail; what the program returns is the same.
        pairs = zip(outputs(program, probes), outputs(whole, probes), strict=True)
        assert all(value == wanted for value, wanted in pairs if wanted is not None)
        cut += len(steps) < len(state.steps)
    assert cut >= 5


def test_bugs_that_hide_or_undo_each_other_are_refused() -> None:
    maker = maker_of("bugs")
    reasons = set()
    for seed in range(40):
        try:
            maker.made(built(maker, seed, 3))
        except InputError as error:
            reasons.add(error.verdict.reason)
    assert "no visible test fails" in reasons
    assert reasons <= {
        "no visible test fails",
        "a bug takes back an earlier one",
        "two bugs in one place are one",
        "no listed edit takes a bug back",
        "it returns another type than the right program",
    }


# -- what is paid -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payment", "rate", "paid"),
    [
        ("one_minus_p", 0.0, 0.0),
        ("one_minus_p", 0.25, 0.75),
        ("one_minus_p", 1.0, 0.0),
        ("learnability", 0.5, 1.0),
        ("learnability", 0.25, 0.75),
        ("learnability", 1.0, 0.0),
        ("nearest", 0.75, 0.25),
        ("nearest", 0.25, 0.25),
        ("nearest", 0.0, 0.0),
    ],
)
def test_payments(payment: str, rate: float, paid: float) -> None:
    assert PAYMENTS[payment](rate) == paid


def play(game: ProposerSolver, seed: int | None, solver: list[bool]) -> dict[str, float]:
    """A game with a fixed proposer; the solver's attempts go as said: by the certificate, or by illegal moves."""
    totals = dict.fromkeys(game.possible_agents, 0.0)
    game.reset(seed=seed)
    moves: list[Callable[[Seat], int]] = [
        lambda seat: named(seat, "multiply"),
        lambda seat: 1,
        lambda seat: named(seat, "add a term"),
        lambda seat: 4,
        lambda seat: named(seat, "propose"),
    ]
    done = 0
    while not game.is_over:
        agent = game.agent_selection
        seat = game.seats[agent]
        if agent == "proposer_0":
            action = moves.pop(0)(seat)
        else:
            assert isinstance(seat, SolverSeat)
            attempt = game.attempts - game._left
            done = attempt
            action = towards(seat) if solver[attempt] else 63
        game.step(action)
        for role, reward in game.rewards.items():
            totals[role] += reward
    assert done == len(solver) - 1
    return totals


def named(seat: Seat, rule: str) -> int:
    return next(index for index, action in enumerate(seat.candidates) if action.rule == rule)


def towards(seat: Seat) -> int:
    """Solve ``k*x + c = d``-like lines: sound moves, the shortest first."""
    candidates: Any = seat.candidates
    options = [(len(action.state.tokens), index) for index, action in enumerate(candidates) if action.sound]
    return min(options)[1]


def seed_of_a_playable_game() -> int:
    for seed in range(50):
        game = ProposerSolver(attempts=1, solver_steps=12)
        if play_quietly(game, seed) and game.result["game/solve_rate"] == 1.0:
            return seed
    raise AssertionError("none of 50 seeds gives a playable problem")


def play_quietly(game: ProposerSolver, seed: int) -> bool:
    try:
        play(game, seed, [True])
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize(
    ("attempts", "paid"),
    [([True, True], 0.0), ([False, False], 0.0), ([True, False], 0.5), ([False, False, False, True], 0.75)],
)
def test_the_proposer_is_paid_by_the_rate_and_the_solver_by_outcomes(attempts: list[bool], paid: float) -> None:
    seed = seed_of_a_playable_game()
    game = ProposerSolver(attempts=len(attempts), solver_steps=12)
    totals = play(game, seed, attempts)
    assert totals == {"proposer_0": paid, "solver_0": float(sum(attempts))}
    assert game.result["game/solve_rate"] == sum(attempts) / len(attempts)
    assert game.result["game/learnable"] is (0 < sum(attempts) < len(attempts))


def test_a_duplicate_is_played_and_pays_less() -> None:
    seed = seed_of_a_playable_game()
    game = ProposerSolver(attempts=2, solver_steps=12, duplicate_penalty=0.5)
    assert play(game, seed, [True, False])["proposer_0"] == 0.5
    assert game.result["game/new"] is True
    memory = game.get_memory()
    assert play(game, seed, [True, False])["proposer_0"] == 0.5  # a seed forgets
    other = ProposerSolver(attempts=2, solver_steps=12, duplicate_penalty=0.5)
    other.reset(seed=seed)
    other.set_memory(memory)
    other._forget = lambda: None  # type: ignore[method-assign]
    assert play(other, seed, [True, False])["proposer_0"] == 0.0
    assert other.result["game/new"] is False


def test_a_proposal_of_another_split_is_not_played_and_pays_nothing() -> None:
    env = RoleEnv("reasoning_envs.games.proposer_solver:ProposerSolver", "proposer_0", attempts=1, solver_steps=2)
    ends = set()
    for seed in range(40):
        observation, _ = env.reset(seed=seed)
        rng = np.random.default_rng(seed)
        over = False
        while not over:
            action = int(rng.choice(np.flatnonzero(observation["action_mask"])))
            observation, reward, terminated, truncated, info = env.step(action)
            over = terminated or truncated
        if "split" in str(info["game/reason"]):
            assert (reward, info["game/valid"]) == (0.0, False)
            ends.add(info["game/reason"])
        elif not info["game/valid"]:
            assert reward == INVALID
    assert ends == {"it belongs to the split 'test'", "it belongs to the split 'validation'"}


def test_a_proposer_that_never_ends_is_stopped() -> None:
    game = ProposerSolver(proposer_steps=3)
    game.reset(seed=0)
    while not game.is_over:
        game.step(63)
    assert game.result["game/reason"] == "nothing was proposed: step limit"
    assert game.rewards["proposer_0"] == INVALID


# -- in the proposer's place ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dealer", [Templates(ALGEBRA, "linear-2"), Scrambled(ALGEBRA, (2, 3))])
def test_dealt_problems_go_to_the_solver(dealer: Any) -> None:
    env = RoleEnv(
        "reasoning_envs.games.proposer_solver:ProposerSolver",
        "solver_0",
        policies={"proposer_0": dealer},
        attempts=1,
        solver_steps=3,
    )
    first = env.reset(seed=4)[1]
    statement = env.problem.statement
    assert first["skipped"] == 0
    assert env.game.agents == ["solver_0"]
    assert split_of(env.game.maker.domains[0].canonical_key(env.problem)) == "train"
    env.reset(seed=4)
    assert env.problem.statement == statement
    env.reset()
    assert env.problem.statement != statement


def test_scrambling_needs_a_domain_that_can() -> None:
    with pytest.raises(TypeError, match="scramble"):
        Scrambled("reasoning_envs.domains.simplify:SimplifyDomain")


@pytest.mark.parametrize(
    ("kwargs", "error", "words"),
    [
        ({"payment": "gold"}, ValueError, "gold"),
        ({"attempts": 0}, ValueError, "attempts"),
        ({"duplicate_penalty": float("nan")}, ValueError, "duplicate_penalty"),
        ({"split": "exam"}, ValueError, "exam"),
        ({"maker": ALGEBRA}, TypeError, "makes no problems"),
        ({"maker": EquationMaker(), "letters": True}, TypeError, "letters"),
        ({"render_mode": "rgb_array"}, ValueError, "rgb_array"),
    ],
)
def test_wrong_requests_are_said(kwargs: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        ProposerSolver(**kwargs)


# -- baselines ----------------------------------------------------------------------------------------------------


def test_baselines_are_kept_by_game_and_role_and_survive_json() -> None:
    baselines = RoleBaselines(decay=0.5)
    assert baselines.advantage("race", "solver_0", 1.0) == 1.0
    assert baselines.baseline("race", "solver_0") == 1.0
    assert baselines.baseline("race", "solver_1") == 0.0
    assert baselines.advantage("race", "solver_0", 0.0) == -1.0
    assert baselines.baseline("race", "solver_0") == pytest.approx(1 / 3)
    again = RoleBaselines(decay=0.5)
    again.restore(json.loads(json.dumps(baselines.state())))
    assert again.advantage("race", "solver_0", 0.25) == baselines.advantage("race", "solver_0", 0.25)
    with pytest.raises(ValueError, match="finite"):
        baselines.advantage("race", "solver_0", float("inf"))
