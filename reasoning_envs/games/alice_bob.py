"""Alice and Bob: Alice changes something, Bob does it after her, or undoes it.

Sukhbaatar et al., "Intrinsic motivation and automatic curricula via asymmetric self-play", ICLR 2018. With t_A and t_B
the steps of the two, R_B = -gamma * t_B and R_A = gamma * max(0, t_B - t_A) (eqs. 1 and 2): Alice looks for what is
quick for her and just too slow for Bob, which makes a curriculum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reasoning_envs.domains.protocol import Action, Domain, InputError
from reasoning_envs.games.game import Game
from reasoning_envs.games.makers.moves import MakingMove
from reasoning_envs.games.proposer_solver import opened_maker
from reasoning_envs.games.protocol import Maker
from reasoning_envs.games.race import move_domain
from reasoning_envs.games.seat import DeskSeat, SolverSeat
from reasoning_envs.problems import ProblemSource, split_of
from reasoning_envs.types import Problem

__all__ = ["AliceBobRepeat", "AliceBobReverse"]

_ALICE, _BOB = "alice_0", "bob_0"


class _AliceBob(Game):
    """What both games share: who is next, and what is paid.

    The game tells: ``task`` (Bob's, as text), ``alice_steps``, ``bob_steps`` (t_B; all that were left where he failed),
    ``bob_succeeded``, ``valid`` and ``reason`` (of Alice's task).
    """

    def __init__(
        self,
        name: str,
        alice: DeskSeat,
        bob: DeskSeat | SolverSeat,
        max_steps: int,
        gamma: float,
        split: str | None,
        render_mode: str | None,
    ) -> None:
        if max_steps < 2:
            raise ValueError(f"max_steps must be 2 or more, one for each, got {max_steps}")
        if not gamma > 0.0:
            raise ValueError(f"gamma, the price of a step, must be above 0, got {gamma!r}")
        super().__init__(name, {_ALICE: alice, _BOB: bob}, split, render_mode)
        self.gamma = gamma
        self.max_steps = max_steps
        self._alice = alice
        self._bob = bob
        self._task = ""
        self._alice_steps = 0

    def _moved(self, agent: str) -> str | None:
        if agent == _ALICE:
            if not self._alice.over:
                return agent
            reason = self._pose()
            if reason:
                return self._refuse(reason)
            self._alice_steps = self._alice.steps
            return self._settle() if self._bob.over else _BOB
        return self._settle() if self._bob.over else agent

    def _pose(self) -> str:
        """Seat Bob before what Alice left; why it cannot be, or ``""``."""
        raise NotImplementedError

    def _succeeded(self) -> bool:
        """Bob did it."""
        raise NotImplementedError

    def _settle(self) -> str | None:
        right = self._succeeded()
        bob_steps = self._bob.steps if right else self.max_steps - self._alice_steps
        outcome = self._bob.outcome if isinstance(self._bob, SolverSeat) else None
        scored = outcome is None or outcome.scored
        if scored:
            self._pay(_BOB, -self.gamma * bob_steps)
            self._pay(_ALICE, self.gamma * max(0, bob_steps - self._alice_steps))
        return self._over(self._told_of("", bob_steps, right), scored=scored)

    def _refuse(self, reason: str) -> str | None:
        return self._over(self._told_of(reason, 0, False))

    def _told_of(self, reason: str, bob_steps: int, succeeded: bool) -> dict[str, bool | int | float | str]:
        return {
            "task": self._task,
            "alice_steps": self._alice.steps if reason else self._alice_steps,
            "bob_steps": bob_steps,
            "bob_succeeded": succeeded,
            "valid": not reason,
            "reason": reason,
        }


class AliceBobReverse(_AliceBob):
    """Alice builds a problem from a solved line; Bob goes back to it, that is, he solves it.

    Bob's success is the verified outcome. ``options={"problem": ...}`` poses a target problem to Bob alone, who is paid
    as ever: the target task of the paper.

    Args:
        maker: of the problems; an object, or ``"module:Name"`` of its class.
        max_steps: of Alice and Bob together. gamma: the price of a step.
        split: that Alice's problems must belong to; others are not played, unpaid.
        render_mode: ``"ansi"``, ``"human"`` or None.
        **maker_kwargs: of a maker that is named by string.
    """

    def __init__(
        self,
        maker: Maker | str = "reasoning_envs.games.makers.equations:EquationMaker",
        *,
        max_steps: int = 30,
        gamma: float = 0.05,
        split: str | None = "train",
        render_mode: str | None = None,
        **maker_kwargs: Any,
    ) -> None:
        self.maker = opened_maker(maker, maker_kwargs)
        self._solving = SolverSeat(self.maker.domains, max_steps)
        making = DeskSeat(self.maker, max(1, max_steps // 2))
        super().__init__("alice and bob, reverse", making, self._solving, max_steps, gamma, split, render_mode)

    def _deal(self, options: Mapping[str, Any]) -> str:
        problem = options.get("problem")
        self._task = ""
        self._alice_steps = 0
        self._solving.leave()
        if problem is None:
            self._alice.sit(self.maker.begin(self.np_random))
            return _ALICE
        self._alice.leave()
        self._absent(_ALICE)
        self._task = problem.statement
        self._solving.sit(problem)
        return _BOB

    def _pose(self) -> str:
        if self._alice.end != "done":
            return f"nothing was proposed: {self._alice.end}"
        try:
            problem = self.maker.made(self._alice.state)
            self._task = problem.statement
            domain = next(domain for domain in self.maker.domains if domain.name == problem.domain)
            side = split_of(domain.canonical_key(problem))
            if self.split is not None and side != self.split:
                return f"it belongs to the split {side!r}"
            self._solving.sit(problem, self.max_steps - self._alice.steps)
        except InputError as error:
            return error.verdict.reason
        return ""

    def _succeeded(self) -> bool:
        return self._solving.solved


class AliceBobRepeat(_AliceBob):
    """Alice makes moves on a problem's line and stops; Bob, who sees where she stopped, must come there too.

    Any line counts, right or wrong: what is learned is to reach a line, whatever it is. Bob sees Alice's line as
    ``context``.

    Args:
        domain: an object, or ``"module:Name"``.
        level: of the problems whose lines they begin with: one, several, or None for the domain's mixture.
        max_steps: of Alice and Bob together. gamma: the price of a step.
        split: of the problems.
        render_mode: ``"ansi"``, ``"human"`` or None.
        **domain_kwargs: of a domain that is named by string.
    """

    def __init__(
        self,
        domain: Domain | str = "reasoning_envs.domains.algebra:AlgebraDomain",
        *,
        level: str | Sequence[str] | None = None,
        max_steps: int = 12,
        gamma: float = 0.1,
        split: str | None = "train",
        render_mode: str | None = None,
        **domain_kwargs: Any,
    ) -> None:
        self.domain = move_domain(domain, domain_kwargs)
        self._towards = _Towards(self.domain)
        alice = DeskSeat(_Stopping(self.domain), max(1, max_steps // 2))
        bob = DeskSeat(self._towards, max_steps, context=self.domain.max_tokens)
        super().__init__("alice and bob, repeat", alice, bob, max_steps, gamma, split, render_mode)
        self._place = bob
        self._source = ProblemSource(self.domain, split=split, level=level, problems=None, refusal=self._refusal)
        self._start: Any = None

    def _refusal(self, problem: Problem) -> str | None:
        state = self.domain.start(problem)
        if len(self.domain.tokens(state)) > self.domain.max_tokens:
            return "the line is too long to be shown"
        return None if self.domain.actions(state) else "there is nothing to do"

    def _deal(self, options: Mapping[str, Any]) -> str:
        problem = options.get("problem")
        self._task = ""
        self._alice_steps = 0
        self._start = self.domain.start(self._source.draw(self.np_random) if problem is None else problem)
        self._alice.sit((self._start, False))
        self._place.leave()
        return _ALICE

    def _pose(self) -> str:
        goal, _ = self._alice.state
        self._task = self.domain.text(goal)
        left = self.max_steps - self._alice.steps
        self._place.sit((self._start, goal), left)
        self._place.know(self.domain.tokens(goal))
        return ""

    def _succeeded(self) -> bool:
        return self._place.end == "done"


class _Over:
    """A desk that shows a domain's states; what states hold beside them, a subclass says."""

    def __init__(self, domain: Any) -> None:
        self._domain = domain
        self.name = domain.name
        self.max_actions = domain.max_actions
        self.max_tokens = domain.max_tokens

    def tokens(self, state: Any) -> bytes:
        found: bytes = self._domain.tokens(state[0])
        return found

    def text(self, state: Any) -> str:
        found: str = self._domain.text(state[0])
        return found

    def _moves(self, state: Any) -> list[Action]:
        return [
            MakingMove(action.rule, (action.state, state[1]), action.is_step, action.describe())
            for action in self._domain.actions(state[0])
        ]


class _Stopping(_Over):
    """A domain in which one may stop anywhere. States are those of the domain, and whether one stopped."""

    def __init__(self, domain: Any) -> None:
        super().__init__(domain)
        self.max_actions = domain.max_actions + 1
        self.max_tokens = domain.max_tokens + 1

    def is_final(self, state: Any) -> bool:
        return bool(state[1]) or bool(self._domain.is_final(state[0]))

    def tokens(self, state: Any) -> bytes:
        return (b"\x07" if state[1] else b"") + super().tokens(state)

    def actions(self, state: Any) -> Sequence[Action]:
        moves = [] if self.is_final(state) else self._moves(state)
        if moves and getattr(state[0], "group", None) is None:  # a group that was chosen is left by one of its moves
            return [*moves, MakingMove("stop", (state[0], True))]
        return moves


class _Towards(_Over):
    """A domain in which one line is to be reached. States are those of the domain, and that line's."""

    def is_final(self, state: Any) -> bool:
        at, goal = state
        return bool(at == goal)

    def actions(self, state: Any) -> Sequence[Action]:
        return [] if self.is_final(state) else self._moves(state)
