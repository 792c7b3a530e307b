"""The environment: one domain, one state, one verifier, behind Gymnasium's interface. The only ``Env`` class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import index as as_index
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np
from gymnasium.error import ResetNeeded
from numpy.typing import NDArray

from reasoning_envs.domains.protocol import Action, Domain, InputError, MoveDomain, ReportingDomain
from reasoning_envs.episodes import EnvState, Steps, Taken
from reasoning_envs.interfaces import INTERFACES, Moves, Writing
from reasoning_envs.loading import open_domain
from reasoning_envs.problems import ProblemSource
from reasoning_envs.types import Problem, Status, Verdict

if TYPE_CHECKING:
    from reasoning_envs.rendering import Screen

__all__ = ["MAX_CHOICES", "ReasoningEnv"]

MAX_CHOICES = 4
"""Choices of a group that an episode allows for each step of its limit; beyond them it is truncated."""

_PENDING = Verdict(Status.UNDECIDED, reason="not judged yet")
_OPTIONS = ("level", "problem")
_METADATA: dict[str, Any] = {"render_modes": ["ansi", "human", "rgb_array"], "render_fps": 2}


class ReasoningEnv(gym.Env[Any, Any]):
    """One action is one reasoning step, and every step is verified.

    **Actions and observations.** ``interface="moves"``: ``Discrete(A)``, an index into the candidate next lines;
    the observation is a ``Dict`` of ``state`` [L] and ``candidates`` [A * L] (token ids, uint8, 0 pads; see
    :func:`reasoning_envs.spaces.candidate_rows`) and ``action_mask`` [A] (int8), with further arrays where the domain
    is an :class:`~reasoning_envs.domains.protocol.ObservedDomain`. ``interface="text"``: the next line
    as a string; the observation is the transcript, whose last line is the current one.

    **Reward.** The true outcome alone: 1.0 when the final line is verified against the original problem, else 0.0.
    A wrong step is applied all the same, since judging steps is part of the task (``reject_wrong_steps`` changes
    that); a text that does not parse changes nothing and counts as a step.

    **End.** *Terminated* by a line that has the form of an answer, right or wrong. *Truncated* at ``max_steps``
    (illegal indices count; the choice of a group does not, of which there may be four times as many), where no move
    is left, or where the verifier could not judge the answer: such an episode is *unscored* and to be left out.

    **Info**, the same keys after every step, flat and comparable, no clock:

    ==================  =====================================================================================
    ``verdict``         :class:`~reasoning_envs.types.Verdict` on the step; None where none was made
    ``step``            bool: a reasoning step was made (False for the choice of a group and an illegal index)
    ``illegal``         bool: a masked index, nothing changed
    ``outcome``         the verdict on the whole, once there is an answer; else None
    ``scored``          bool: False where the outcome could not be judged
    ``success``         bool: the outcome is verified
    ``end``             ``""``, ``"answer"``, ``"unscored"``, ``"step limit"`` or ``"stuck"`` (no move left)
    ``reward/true``     float: the native reward
    ==================  =====================================================================================

    After the last step also ``is_success`` (the name by which Stable-Baselines3 knows ``success``), ``steps`` (int),
    ``count/verified``, ``count/refuted``, ... ``count/illegal`` (int), and as after ``reset``: ``problem``
    (:class:`~reasoning_envs.types.Problem`) and ``line`` (the current line as text; with the text interface after
    every step). A domain may add keys of its own there (``hack`` of the code environments). Each key holds one type,
    so that vector environments make one array of it.

    Args:
        domain: a kind of task, or ``"module:Name"`` of its class or of a ready object.
        interface: ``"moves"`` or ``"text"``.
        domain_kwargs: for the constructor of a domain that is named by string.
        split: ``"train"``, ``"validation"``, ``"test"`` or None for all; see :mod:`reasoning_envs.problems`.
        level: a name of ``domain.levels``, several of them, or None for the domain's own mixture.
        problems: draw from these in place of the generator: a file with one problem a line, or a sequence.
        max_steps: 1 or more.
        reject_wrong_steps: leave the line as it is when a step is refuted.
        render_mode: ``"ansi"`` (``render`` returns the derivation as text), ``"human"`` (steps are printed, in colour
            on a terminal), ``"rgb_array"`` (a text card, [540, 960, 3] uint8), or None.
        **more: further keywords for the constructor of the domain: ``gym.make(id, moves="curated")``.

    Attributes:
        recipe: the keywords that it was made with, as far as they are plain data: traces carry them.

    Raises:
        ValueError: an unknown interface, level, split or render mode, or no usable problem.
        TypeError: the domain does not offer the interface, or does not take the keywords; a count is no whole number.

    ## Version History
    * v0: initial release.
    """

    metadata = _METADATA

    def __init__(
        self,
        domain: Domain | str,
        interface: str = "moves",
        *,
        domain_kwargs: Mapping[str, Any] | None = None,
        split: str | None = None,
        level: str | Sequence[str] | None = None,
        problems: str | Path | Iterable[str | Problem] | None = None,
        max_steps: int = 30,
        reject_wrong_steps: bool = False,
        render_mode: str | None = None,
        **more: Any,
    ) -> None:
        if interface not in INTERFACES:
            raise ValueError(f"there is no interface {interface!r}; known: {', '.join(INTERFACES)}")
        _check_count("max_steps", max_steps)
        if render_mode is not None and render_mode not in self.metadata["render_modes"]:
            known = ", ".join(self.metadata["render_modes"])
            raise ValueError(f"there is no render mode {render_mode!r}; known: {known}")
        made_with = {**(domain_kwargs or {}), **more}
        self.domain = open_domain(domain, made_with)
        if isinstance(self.domain, MoveDomain):
            _check_count("max_tokens", self.domain.max_tokens)
        self.interface = interface
        self.max_steps = max_steps
        self.reject_wrong_steps = reject_wrong_steps
        self.render_mode = render_mode
        shown: Moves | Writing = Moves(self.domain) if interface == "moves" else Writing(self.domain, max_steps)
        self._moves = shown if isinstance(shown, Moves) else None
        self._writing = shown if isinstance(shown, Writing) else None
        self.action_space = shown.action_space
        self.observation_space = shown.observation_space
        self._refused = shown.refusal
        self._reporting = self.domain if isinstance(self.domain, ReportingDomain) else None
        self._problem: Problem | None = None
        self._outcome: Verdict | None = None
        self._end = ""
        self._lines: list[str] = []
        self._candidates: Sequence[Action] = ()
        self._started: tuple[Problem, Any] | None = None
        self._source = ProblemSource(self.domain, split=split, level=level, problems=problems, refusal=self.refusal)
        self.recipe = _plain_recipe(
            {
                "domain": domain,
                "interface": interface,
                "split": split,
                "level": level if level is None or isinstance(level, str) else list(level),
                "problems": str(problems) if isinstance(problems, Path) else problems,
                "max_steps": max_steps,
                "reject_wrong_steps": reject_wrong_steps,
                **made_with,
            }
        )
        self._screen: Screen | None = None

    # -- Gymnasium ----------------------------------------------------------------------------------------------

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """A new episode.

        Args:
            seed: the same seed gives the same episode on every machine.
            options: ``"problem"``: a :class:`~reasoning_envs.types.Problem`, or its statement as text, to be solved
                now; ``"level"``: a level, or several, in place of the environment's own for this episode.

        Raises:
            ValueError: an unknown option, a problem that the environment cannot show, or an unknown level.
            InputError: (a ValueError) the text is no problem of this domain.
        """
        super().reset(seed=seed)
        problem = self._choose(options or {})
        self._begin(EnvState(problem, self._start(problem), seed=seed))
        if self._moves is not None and not self._candidates:
            raise ValueError(f"no move is possible on {problem.statement!r}")
        if self.render_mode == "human":
            self._show()
        return self.observation(), {"problem": problem, "line": self.start_line}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """One action.

        Raises:
            gymnasium.error.ResetNeeded: the episode is over, or none was begun.
            ValueError, TypeError: the action is none of the action space: an index out of range, no integer, no text.
        """
        if self._problem is None or self._end:
            raise ResetNeeded(f"the episode has ended ({self._end}): call reset()" if self._problem else _NO_EPISODE)
        illegal = self._illegal
        verdict = self._move(self._moves, action) if self._moves is not None else self._write(action)
        self._end = end = self._ending()
        success = self._outcome is not None and self._outcome.verified
        reward = 1.0 if success else 0.0
        info: dict[str, Any] = {
            "verdict": verdict,
            "step": verdict is not None,
            "illegal": self._illegal > illegal,
            "outcome": self._outcome,
            "scored": end != "unscored",
            "success": success,
            "end": end,
            "reward/true": reward,
        }
        if verdict is not None:
            self._steps.attach(info)
        if self._writing is not None:
            info["line"] = self._lines[-1]
        if end:
            info["is_success"] = success
            info["steps"] = len(self._steps)
            info["problem"] = self._problem
            info["line"] = self._steps.text(len(self._steps) - 1) if self._steps else self.start_line
            info.update(self._steps.counts())
            info["count/illegal"] = self._illegal
            if self._reporting is not None:
                info.update(self._reporting.report(self._state, self._outcome))
        if self.render_mode == "human":
            self._show()
        return self.observation(), reward, end == "answer", end not in ("", "answer"), info

    def render(self) -> str | NDArray[np.uint8] | None:
        """The derivation so far: a string (``ansi``), a picture (``rgb_array``), or printed (``human``, None)."""
        if self.render_mode is None:
            gym.logger.warn(f"render() shows nothing without a render mode: {', '.join(self.metadata['render_modes'])}")
            return None
        if self.render_mode == "human":
            self._show()
            return None
        from reasoning_envs import rendering

        shown = (self.problem, self.start_line, self.steps, self._outcome, self._end)
        return rendering.derivation(*shown) if self.render_mode == "ansi" else rendering.card(*shown)

    # -- for agents ---------------------------------------------------------------------------------------------

    def action_masks(self) -> NDArray[np.bool_]:
        """[A] bool: the legal indices, as ``sb3_contrib.MaskablePPO`` asks for them.

        Raises:
            TypeError: the interface is text.
        """
        if self._moves is None:
            raise TypeError("the text interface has no action mask: any text may be tried")
        return self._moves.mask(self._candidates)

    @property
    def candidates(self) -> Sequence[Action]:
        """The legal moves, with the states that they lead to; none with the text interface, none at the end."""
        return self._candidates

    @property
    def problem(self) -> Problem:
        """What is being solved."""
        if self._problem is None:
            raise ResetNeeded(_NO_EPISODE)
        return self._problem

    @property
    def steps(self) -> Steps:
        """The steps of the episode so far, each built when it is asked for; ``env.steps[-1]`` is the last."""
        if self._problem is None:
            raise ResetNeeded(_NO_EPISODE)
        return self._steps

    @property
    def actions_given(self) -> tuple[int | str, ...]:
        """Every action of the episode so far, also those that made no step."""
        return tuple(self._actions)

    @property
    def start_line(self) -> str:
        """The line before the first step."""
        return self.domain.text(self._start(self.problem))

    @property
    def end(self) -> str:
        """Why the episode ended; empty while it runs."""
        return self._end

    @property
    def outcome(self) -> Verdict | None:
        """The verdict on the whole, once there is an answer."""
        return self._outcome if self._problem is not None else None

    def refusal(self, problem: Problem) -> str | None:
        """Why the environment cannot show a problem, in words; None where it can."""
        state = self._start(problem)
        if self.domain.is_final(state):
            return "it has the form of an answer already, so that nothing is left to do"
        return self._refused(state)

    def get_state(self) -> EnvState:
        """All that decides how the episode goes on: cheap, exact, and picklable for another process.

        ``get_state().domain_state`` is the domain's own state, with the trees. The random generator is not in it: it
        chooses problems at ``reset`` and nothing after that.
        """
        return EnvState(
            self.problem,
            self._state,
            self._steps.history,
            tuple(self._actions),
            self._illegal,
            self._end,
            self._outcome,
            self._seed,
        )

    def set_state(self, state: EnvState) -> None:
        """Go back, or over, to a state that :meth:`get_state` gave; :meth:`observation` shows it.

        Raises:
            TypeError: it is no such state. ValueError: it is of another domain.
        """
        if not isinstance(state, EnvState):
            raise TypeError(f"set_state takes what get_state gives, got {type(state).__name__}")
        self._check_domain(state.problem)
        self._begin(state)

    def observation(self) -> Any:
        """What an agent sees now; fresh arrays each time."""
        if self._problem is None:
            raise ResetNeeded(_NO_EPISODE)
        if self._moves is not None:
            return self._moves.observe(self._state, self._candidates)
        assert self._writing is not None
        return self._writing.observe(self._problem.prompt, self._lines)

    # -- inside -------------------------------------------------------------------------------------------------

    def _choose(self, options: Mapping[str, Any]) -> Problem:
        strange = set(options) - set(_OPTIONS)
        if strange:
            names = ", ".join(sorted(map(str, strange)))
            raise ValueError(f"reset knows no option {names}; known: {', '.join(_OPTIONS)}")
        problem = options.get("problem")
        level = options.get("level")
        if problem is None:
            return self._source.draw(self.np_random, level)
        if level is not None:
            raise ValueError("give reset either the option 'problem' or the option 'level', not both")
        if isinstance(problem, str):
            problem = self.domain.problem(problem)
        elif not isinstance(problem, Problem):
            raise ValueError(f"the option 'problem' takes a Problem or its statement, got {type(problem).__name__}")
        self._check_domain(problem)
        refusal = self.refusal(problem)
        if refusal is not None:
            raise ValueError(f"{problem.statement!r:.80}: {refusal}")
        return problem

    def _check_domain(self, problem: Problem) -> None:
        if problem.domain != self.domain.name:
            raise ValueError(f"this environment is about {self.domain.name}, the problem about {problem.domain}")

    def _start(self, problem: Problem) -> Any:
        if self._started is None or self._started[0] is not problem:
            self._started = (problem, self.domain.start(problem))
        return self._started[1]

    def _begin(self, state: EnvState) -> None:
        self._problem = state.problem
        self._steps = Steps(self.domain, state.history)
        self._actions = list(state.actions)
        self._illegal = state.illegal
        self._end = state.end
        self._outcome = state.outcome
        self._seed = state.seed
        self._screen = None
        self._enter(state.domain_state)
        if self._writing is not None:
            standing = (self._steps.text(index) for index, taken in enumerate(state.history) if taken.applied)
            self._lines = [self.start_line, *standing]

    def _enter(self, state: Any) -> None:
        self._state = state
        self._final = final = self.domain.is_final(state)
        self._candidates = () if final or self._moves is None else self._moves.candidates(state)

    def _move(self, moves: Moves, action: Any) -> Verdict | None:
        """Take a move: the verdict on it; None where it was no step."""
        index = moves.read(action)
        self._actions.append(index)
        if index >= len(self._candidates):
            self._illegal += 1
            return None
        chosen = self._candidates[index]
        before = self._state
        after = chosen.state
        if not chosen.is_step:
            self._enter(after)
            return None
        verdict = chosen.verdict
        rejected = self.reject_wrong_steps and verdict.status is Status.REFUTED
        self._steps.append(Taken(index, before, before if rejected else after, verdict, not rejected), chosen)
        if not rejected:
            self._enter(after)
        return verdict

    def _write(self, action: Any) -> Verdict:
        """Take a line of text: the verdict on it."""
        assert self._writing is not None
        before = self._state
        try:
            after = self._writing.apply(before, action)
        except InputError as error:
            self._actions.append(action)
            self._steps.append(Taken(action, before, before, error.verdict, applied=False))
            return error.verdict
        self._actions.append(action)
        self._steps.append(Taken(action, before, after, _PENDING))
        verdict = self.domain.verifier.step(self.problem, self._steps)
        if self.reject_wrong_steps and verdict.status is Status.REFUTED:
            self._steps.settle(Taken(action, before, before, verdict, applied=False))
        else:
            self._steps.settle(Taken(action, before, after, verdict))
            self._lines.append(self._steps.text(len(self._steps) - 1))
            self._enter(after)
        return verdict

    def _ending(self) -> str:
        """Why the episode ends here, or ``""``; judges the outcome where there is an answer."""
        if self._final:
            self._outcome = self.domain.verifier.outcome(self.problem, self._steps)
            return "answer" if self._outcome.scored else "unscored"
        taken = len(self._steps) + self._illegal
        if taken >= self.max_steps or len(self._actions) - taken >= MAX_CHOICES * self.max_steps:
            return "step limit"
        return "stuck" if self._moves is not None and not self._candidates else ""

    def _show(self) -> None:
        from reasoning_envs import rendering

        if self._screen is None:
            self._screen = rendering.Screen()
        self._screen.show(self.problem, self.start_line, self.steps, self._outcome, self._end)


def _check_count(name: str, value: object) -> None:
    """Raise what says that ``value`` is no number of 1 or more."""
    try:
        number = as_index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} must be a whole number, got {value!r:.80}") from None
    if number < 1:
        raise ValueError(f"{name} must be 1 or more, got {number}")


def _plain_recipe(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    plain = (str, int, float, bool)
    return {
        name: value
        for name, value in kwargs.items()
        if isinstance(value, plain) or (isinstance(value, list) and all(isinstance(item, plain) for item in value))
    }


_NO_EPISODE = "no episode has begun: call reset() first"
