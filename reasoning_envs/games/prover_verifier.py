"""Provers and a verifier: one prover derives right answers, the other hides an error, and the verifier is to tell.

After Kirchner et al., "Prover-verifier games improve legibility of LLM outputs", 2024: both provers write derivations
of the same problem, the helpful one is paid for a right one that is accepted, the sneaky one for a wrong one that is
accepted, the verifier for telling them apart. Here the verifier judges step by step and is paid where it points at the
*first wrong step*, or rightly accepts all of them: what a process reward model (PRM) is for.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np

from reasoning_envs.domains.protocol import Action, Domain, MoveDomain
from reasoning_envs.games.game import Game
from reasoning_envs.games.makers.moves import MakingMove
from reasoning_envs.games.race import move_domain
from reasoning_envs.games.seat import DeskSeat, Seat, SolverSeat
from reasoning_envs.problems import ProblemSource
from reasoning_envs.rewards.checking import open_prm
from reasoning_envs.rewards.protocol import ProcessRewardModel
from reasoning_envs.types import Problem, Status, Step, Trace, Verdict

__all__ = ["Derivation", "PRMVerifier", "ProverVerifier", "SpoilingDomain"]

_HELPFUL, _SNEAKY, _VERIFIER = "helpful_0", "sneaky_0", "verifier_0"
_SPOILED = 6
"""Wrong lines that are offered beside the moves of a line."""

_DRAWS = 10
_KEPT = 2048
_RIGHT, _WRONG, _BETWEEN = b"\x02", b"\x03", b"\x04"


class Derivation(NamedTuple):
    """What a prover wrote, as the verifier reads it. Who wrote it is not in it.

    Attributes:
        problem: that was to be solved. states: of the domain, the start first.
        steps: one fewer, with their texts; their verdicts say that nobody asked.
        read: steps that were accepted so far. rejected: the next one was not.
    """

    problem: Problem
    states: tuple[Any, ...]
    steps: tuple[Step, ...]
    read: int = 0
    rejected: bool = False


class SpoilingDomain:
    """A domain in which wrong lines stand among the moves: those that its ``corrupt`` makes, up to six a line.

    Which ones, depends on the line alone. It is a :class:`~reasoning_envs.domains.protocol.MoveDomain`.

    Args:
        domain: whose moves they are.
        kinds: of errors, as ``corrupt`` names them; None for all.
    """

    def __init__(self, domain: MoveDomain, kinds: Sequence[str] | None = None) -> None:
        self.domain = domain
        self.kinds = None if kinds is None else tuple(kinds)
        self._known: OrderedDict[Any, list[MakingMove]] = OrderedDict()
        self.name = domain.name
        self.levels = domain.levels
        self.verifier = domain.verifier
        self.max_tokens = domain.max_tokens
        self.max_actions = domain.max_actions + _SPOILED
        self.sample = domain.sample
        self.problem = domain.problem
        self.start = domain.start
        self.apply = domain.apply
        self.is_final = domain.is_final
        self.text = domain.text
        self.tokens = domain.tokens
        self.canonical_key = domain.canonical_key
        self.corrupt = domain.corrupt

    def actions(self, state: Any) -> Sequence[Action]:
        """The domain's, and behind them the wrong lines; those alone where a group was chosen."""
        found = self.domain.actions(state)
        if not found or getattr(state, "group", None) is not None:
            return found
        spoiled = self._known.get(state)
        if spoiled is None:
            spoiled = self._known[state] = self._spoiled(state, {action.state for action in found if action.is_step})
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return [*found, *spoiled]

    def _spoiled(self, state: Any, taken: set[Any]) -> list[MakingMove]:
        text = self.domain.text(state)
        rng = np.random.default_rng(int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big"))
        found: list[MakingMove] = []
        for _ in range(_DRAWS):
            try:
                wrong, kind = self.domain.corrupt(state, rng)
            except ValueError:
                break
            fits = len(self.domain.tokens(wrong)) <= self.max_tokens
            if fits and wrong not in taken and (self.kinds is None or kind in self.kinds):
                taken.add(wrong)
                found.append(_Spoiled(f"error: {kind}", wrong, True, f"write {self.domain.text(wrong)}"))
            if len(found) >= _SPOILED:
                break
        return found


class _Spoiled(MakingMove):
    """A wrong line."""

    __slots__ = ()

    @property
    def verdict(self) -> Verdict:
        """What ``corrupt`` promises: REFUTED."""
        return Verdict(Status.REFUTED, None, f"{self.rule} was put into the line", "corruption", True)


class _Judging:
    """The verifier's desk: whether the next step is right, step by step."""

    name = "judging of steps"
    max_actions = 2

    def __init__(self, domain: MoveDomain) -> None:
        self._domain = domain
        self.max_tokens = 2 * domain.max_tokens + 2

    def is_final(self, state: Derivation) -> bool:
        """A step was rejected, or all were accepted."""
        return state.rejected or state.read >= len(state.steps)

    def actions(self, state: Derivation) -> Sequence[MakingMove]:
        """That the next step is right, and that it is wrong."""
        if self.is_final(state):
            return ()
        return [
            MakingMove("right", state._replace(read=state.read + 1)),
            MakingMove("wrong", state._replace(rejected=True)),
        ]

    def tokens(self, state: Derivation) -> bytes:
        """The step in question: the line before it and the line after it, behind what was said of it."""
        shown = min(state.read, len(state.steps) - 1)
        if not state.steps:
            return _BETWEEN
        before, after = (self._domain.tokens(each) for each in state.states[shown : shown + 2])
        return (_WRONG if state.rejected else _RIGHT) + before + _BETWEEN + after

    def text(self, state: Derivation) -> str:
        """The steps that were accepted, and the one that was not."""
        lines = [state.problem.statement, *(step.text for step in state.steps[: state.read])]
        return " -> ".join([*lines, "wrong"] if state.rejected else lines)


class PRMVerifier:
    """A process reward model as the verifier: a step that it scores below ``threshold`` is wrong.

    Args:
        prm: an object, ``"module:Name"``, or a ``.pt`` checkpoint.
        threshold: in [0, 1], of ``p_correct`` where the PRM gives it, else of its value.
    """

    def __init__(self, prm: ProcessRewardModel | str, threshold: float = 0.5) -> None:
        self.prm = open_prm(prm)
        self.threshold = threshold

    def __call__(self, seat: Seat, rng: np.random.Generator) -> int:
        """0 for right, 1 for wrong."""
        state: Derivation = seat.state
        trace = Trace("", {}, {}, "prover", None, state.problem, state.steps[: state.read + 1], None)
        score = self.prm.score([trace])[0][-1]
        value = score.value if score.p_correct is None else score.p_correct
        return int(value < self.threshold)


class ProverVerifier(Game):
    """``helpful_0`` and ``sneaky_0`` each derive an answer to the same problem, then ``verifier_0`` judges both.

    The sneaky prover finds wrong lines among its candidates, those of the domain's ``corrupt`` and its unsound moves. A
    derivation is *right* when no step is refuted and its answer is verified. Derivations come to the verifier in a
    random order; one without an answer is not shown.

    Paid are: the helpful prover 1 for a right derivation that is accepted; the sneaky prover 1 for a wrong one that is
    accepted, and -1 for a right one, which is not its role; the verifier, for each derivation that it sees, 1 where it
    rejects the first wrong step or accepts a right one, else 0.

    The game tells: ``problem``, ``shown`` (derivations), and of each prover, here of the helpful one:
    ``helpful_answered``, ``helpful_right``, ``helpful_accepted``, ``helpful_first_error`` (from 0; -1 where no step is
    refuted) and ``helpful_rejected`` (the step that the verifier rejected, or -1).

    Args:
        domain: an object, or ``"module:Name"``.
        level: of the problems: one, several, or None for the domain's mixture.
        kinds: of errors that the sneaky prover may write; None for all. What is left out is for tests.
        split: of the problems.
        max_steps: of a derivation.
        render_mode: ``"ansi"``, ``"human"`` or None.
        **domain_kwargs: of a domain that is named by string.
    """

    def __init__(
        self,
        domain: Domain | str = "reasoning_envs.domains.algebra:AlgebraDomain",
        *,
        level: str | Sequence[str] | None = None,
        kinds: Sequence[str] | None = None,
        split: str | None = "train",
        max_steps: int = 20,
        render_mode: str | None = None,
        **domain_kwargs: Any,
    ) -> None:
        self.domain = move_domain(domain, domain_kwargs)
        self._provers = {
            _HELPFUL: SolverSeat((self.domain,), max_steps),
            _SNEAKY: SolverSeat((SpoilingDomain(self.domain, kinds),), max_steps),
        }
        self._judging = DeskSeat(_Judging(self.domain), max_steps + 1)
        super().__init__("provers and verifier", {**self._provers, _VERIFIER: self._judging}, split, render_mode)
        refusal = next(iter(self._provers[_HELPFUL].environments.values())).refusal
        self._source = ProblemSource(self.domain, split=split, level=level, problems=None, refusal=refusal)
        self._waiting: list[str] = []
        self._judged: dict[str, int] = {}
        self._shown_now = ""

    def _deal(self, options: Mapping[str, Any]) -> str:
        problem = options.get("problem")
        problem = self._source.draw(self.np_random) if problem is None else problem
        for prover in self._provers.values():
            prover.sit(problem)
        self._judging.leave()
        self._judged = {}
        self._waiting = []
        return _HELPFUL

    def _moved(self, agent: str) -> str | None:
        if not self.seats[agent].over:
            return agent
        if agent == _HELPFUL:
            return _SNEAKY
        if agent == _SNEAKY:
            order = self.np_random.permutation(2)
            provers = list(self._provers)
            self._waiting = [provers[int(index)] for index in order if self._is_shown(provers[int(index)])]
        else:
            state: Derivation = self._judging.state
            self._judged[self._shown_now] = state.read if state.rejected else -1
            self._pay(_VERIFIER, float(self._judged[self._shown_now] == self._first_error(self._shown_now)))
        return self._show_next()

    def _is_shown(self, prover: str) -> bool:
        seat = self._provers[prover]
        return seat.outcome is not None and seat.outcome.scored and seat.steps > 0

    def _show_next(self) -> str | None:
        if not self._waiting:
            return self._settle()
        self._shown_now = self._waiting.pop(0)
        env = self._provers[self._shown_now].env
        assert env is not None
        history = env.get_state().history
        texts = [env.steps.text(index) for index in range(len(history))]
        asked = Verdict(Status.UNDECIDED, reason="this is what is asked")
        steps = tuple(Step(index, text, text, asked) for index, text in enumerate(texts))
        states = (self.domain.start(env.problem), *(taken.state for taken in history))
        self._judging.sit(Derivation(env.problem, states, steps))
        return _VERIFIER

    def _first_error(self, prover: str) -> int:
        """The first refuted step; the last one where no step is, and the answer is wrong; -1 in a right derivation."""
        env = self._provers[prover].env
        assert env is not None
        for index, taken in enumerate(env.get_state().history):
            if taken.verdict.refuted:
                return index
        return -1 if self._provers[prover].solved else len(env.steps) - 1

    def _settle(self) -> str | None:
        env = self._provers[_HELPFUL].env
        assert env is not None
        told: dict[str, bool | int | float | str] = {"problem": env.problem.statement, "shown": len(self._judged)}
        for prover in self._provers:
            name = prover.removesuffix("_0")
            shown = prover in self._judged
            first = self._first_error(prover) if shown else -1
            right = shown and first < 0
            accepted = shown and self._judged[prover] < 0
            told |= {
                f"{name}_answered": shown,
                f"{name}_right": right,
                f"{name}_accepted": accepted,
                f"{name}_first_error": first,
                f"{name}_rejected": self._judged.get(prover, -1),
            }
            if prover == _HELPFUL:
                self._pay(prover, float(right and accepted))
            else:
                self._pay(prover, -1.0 if right else float(accepted))
        return self._over(told)
