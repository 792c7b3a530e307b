"""What an episode remembers: the steps taken, cheaply, and the state that search saves and restores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast, overload

from reasoning_envs.domains.protocol import Action, Domain, MoveDomain
from reasoning_envs.types import Problem, Status, Step, Verdict

__all__ = ["EnvState", "Steps", "Taken"]


class Taken(NamedTuple):
    """One step as the environment keeps it: references only, no text.

    Attributes:
        action: what the agent gave.
        before: the domain's state in which it was given (within a group, where one was chosen first).
        state: the domain's state after it; ``before`` where the step was not applied.
        verdict: on the step.
        applied: False for a text that is no step, and for a wrong step that was rejected: the line stands as it was.
    """

    action: int | str
    before: Any
    state: Any
    verdict: Verdict
    applied: bool = True


@dataclass(frozen=True, slots=True)
class EnvState:
    """All that decides how an episode goes on, as ``env.get_state()`` gives it; picklable.

    The random generator is not part of it: it chooses problems at ``reset`` and nothing after that.

    Attributes:
        problem: what is to be solved.
        domain_state: the domain's own state, which holds the trees themselves.
        history: the steps so far. actions: all that was given, also what made no step.
        illegal: how many masked indices were given.
        end: why the episode ended (``"answer"``, ``"unscored"``, ``"step limit"``, ``"stuck"``); empty while it runs.
        outcome: the verdict on the whole; None where no answer was reached.
        seed: that ``reset`` was given for this very episode.
    """

    problem: Problem
    domain_state: Any
    history: tuple[Taken, ...] = ()
    actions: tuple[int | str, ...] = ()
    illegal: int = 0
    end: str = ""
    outcome: Verdict | None = None
    seed: int | None = None


class Steps(Sequence[Step]):
    """The steps of an episode as the :class:`~reasoning_envs.types.Step` objects that verifiers and PRMs read.

    Each is built when it is asked for, its texts once: a verifier that looks at the last line alone costs one line.
    An environment's own view grows with the episode; take ``tuple(steps)`` to keep it.

    Args:
        domain: prints the lines and names the moves.
        history: the steps taken already.
    """

    def __init__(self, domain: Domain, history: Iterable[Taken] = ()) -> None:
        self._domain = domain
        self._history = list(history)
        self._infos: list[Mapping[str, Any] | None] = [None] * len(self._history)
        self._chosen: list[Action | None] = [None] * len(self._history)
        self._texts: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._history)

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Step, ...]: ...
    def __getitem__(self, index: int | slice) -> Step | tuple[Step, ...]:
        if isinstance(index, slice):
            return tuple(self._build(position) for position in range(*index.indices(len(self))))
        position = index + len(self) if index < 0 else index
        if not 0 <= position < len(self):
            raise IndexError(f"step {index} of an episode of {len(self)} steps")
        return self._build(position)

    @property
    def history(self) -> tuple[Taken, ...]:
        """The steps as they are kept."""
        return tuple(self._history)

    def append(self, taken: Taken, chosen: Action | None = None) -> None:
        """One step more, and the move that it was; for the environment."""
        self._history.append(taken)
        self._infos.append(None)
        self._chosen.append(chosen)

    def settle(self, taken: Taken) -> None:
        """The last step as it stands once it has been judged; for the environment."""
        index = len(self) - 1
        if taken.applied != self._history[index].applied:
            self._texts.pop(index, None)
        self._history[index] = taken

    def attach(self, info: Mapping[str, Any]) -> None:
        """What ``env.step`` returns for the last step; for the environment.

        It is looked at late, so that what wrappers write into it (``reward/...``, ``score``) is seen.
        """
        self._infos[-1] = info

    def text(self, index: int) -> str:
        """The line after step ``index``, from 0.

        Raises:
            IndexError: no such step.
        """
        text = self._texts.get(index)
        if text is None:
            taken = self._history[index]
            text = self._domain.text(taken.state)
            self._texts[index] = text
        return text

    def counts(self) -> dict[str, int]:
        """How many steps came to each status, as flat info keys: ``count/verified``, ``count/refuted``, ..."""
        counts = dict.fromkeys(_COUNT_KEYS.values(), 0)
        for taken in self._history:
            counts[_COUNT_KEYS[taken.verdict.status]] += 1
        return counts

    def _build(self, index: int) -> Step:
        taken = self._history[index]
        info = self._infos[index] or {}
        move = ""
        if isinstance(taken.action, int):
            chosen = self._chosen[index]
            if chosen is None:
                chosen = cast(MoveDomain, self._domain).actions(taken.before)[taken.action]
            move = chosen.describe()
        return Step(
            index=index,
            action=taken.action,
            text=self.text(index),
            verdict=taken.verdict,
            rewards={key[len(_REWARD) :]: float(value) for key, value in info.items() if key.startswith(_REWARD)},
            score=info.get("score"),
            move=move,
        )


_REWARD = "reward/"
_COUNT_KEYS = {status: f"count/{status.value}" for status in Status}
