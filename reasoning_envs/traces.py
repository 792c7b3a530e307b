"""Episodes on disk: one :class:`~reasoning_envs.types.Trace` a line of JSON, written safely, replayed exactly."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import gymnasium as gym
from gymnasium.utils import RecordConstructorArgs

import reasoning_envs
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.symbolic.syntax.tokens import VOCABULARY_VERSION
from reasoning_envs.types import Status, Step, Trace, Verdict

__all__ = [
    "RecordTraces",
    "ReplayError",
    "TraceFileWarning",
    "TraceWriter",
    "read_traces",
    "remake",
    "replay",
    "trace_of",
    "versions",
    "write_traces",
]


class TraceFileWarning(UserWarning):
    """A line of a trace file that was cut off, by a kill or a full disk, and is left out."""


class ReplayError(RuntimeError):
    """A replay that went another way than the trace.

    Attributes:
        where: ``"step 3, status"``: the first difference; steps count from 1, as a person reads them.
        recorded, replayed: what stood in the trace, and what came now.
    """

    def __init__(self, where: str, recorded: object, replayed: object, hint: str = "") -> None:
        super().__init__(f"{where}: recorded {recorded!r}, replayed {replayed!r}{hint}")
        self.where = where
        self.recorded = recorded
        self.replayed = replayed


def versions() -> dict[str, str]:
    """What a trace notes of its makers."""
    return {
        "reasoning_envs": reasoning_envs.__version__,
        "gymnasium": gym.__version__,
        "vocabulary": str(VOCABULARY_VERSION),
    }


def trace_of(env: gym.Env[Any, Any], role: str = "solver") -> Trace:
    """The episode of an environment so far, ended or not.

    Rewards and scores are those that stand in the infos: wrappers write ``info["reward/..."]`` and ``info["score"]``.

    Raises:
        TypeError: there is no :class:`~reasoning_envs.env.ReasoningEnv` inside.
        gymnasium.error.ResetNeeded: no episode has begun.
    """
    base = _base(env)
    state = base.get_state()
    steps = tuple(base.steps)
    return Trace(
        env_id=base.spec.id if base.spec is not None else "",
        env_kwargs=base.recipe,
        versions=versions(),
        role=role,
        seed=state.seed,
        problem=state.problem,
        steps=steps,
        outcome=state.outcome,
        returns=_returns(steps),
        actions=state.actions,
    )


class RecordTraces(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Writes every finished episode to a file, one line each. Put it outermost, to see what other wrappers write.

    Several environments, also in several processes, may share one file. An episode that is left before its end is
    not written; :meth:`trace` gives it.

    Args:
        env: wraps a :class:`~reasoning_envs.env.ReasoningEnv`.
        path: of the file; appended to, its folder is made.
        role: of the agent that acts, noted in the traces.

    Raises:
        TypeError: there is no :class:`~reasoning_envs.env.ReasoningEnv` inside.
    """

    def __init__(self, env: gym.Env[Any, Any], path: str | os.PathLike[str], *, role: str = "solver") -> None:
        RecordConstructorArgs.__init__(self, path=os.fspath(path), role=role)
        gym.Wrapper.__init__(self, env)
        self._inner = _base(env)
        self._path = path
        self._role = role
        self._beside: dict[str, float] = {}

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """See :meth:`reasoning_envs.env.ReasoningEnv.reset`."""
        self._beside = {}
        return self.env.reset(seed=seed, options=options)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """See :meth:`reasoning_envs.env.ReasoningEnv.step`; an episode that ends here is written.

        Raises:
            OSError: the file cannot be written.
        """
        result = self.env.step(action)
        _, _, terminated, truncated, info = result
        if info["step"]:
            self._inner.steps.attach(info)  # a wrapper in between may have handed on a copy
        else:
            for name, value in _rewards(info).items():
                self._beside[name] = self._beside.get(name, 0.0) + value
        if terminated or truncated:
            with TraceWriter(self._path) as writer:
                writer.write(self.trace())
        return result

    def trace(self) -> Trace:
        """The episode so far, with the rewards of actions that were no steps among the returns."""
        trace = trace_of(self._inner, self._role)
        returns = {name: trace.returns.get(name, 0.0) + value for name, value in self._beside.items()}
        return replace(trace, returns={**trace.returns, **returns})


class TraceWriter:
    """Appends traces to a file. Each line goes out in one piece, so that a kill costs the line being written at most.

    A line that an earlier writer left unfinished is closed off first; :func:`read_traces` passes over it.

    Args:
        path: of the file; its folder is made.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("ab", buffering=0)
        if self._file.tell() and not _ends_with_newline(self._path):
            self._file.write(b"\n")

    def write(self, trace: Trace) -> None:
        """One line more.

        Raises:
            OSError: the disk is full, or the file is gone.
        """
        # A lone surrogate, which an agent may write, has no UTF-8; escaped like this it is JSON all the same.
        line = trace.to_json().encode("utf-8", "backslashreplace") + b"\n"
        written = self._file.write(line)
        if written != len(line):
            raise OSError(f"{self._path}: {written} of {len(line)} bytes of a trace were written; is the disk full?")

    def close(self) -> None:
        """Close the file. Nothing is buffered, so that nothing is lost without it either."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def write_traces(path: str | os.PathLike[str], traces: Iterable[Trace]) -> None:
    """A new file with these traces, in the place of what was there; readers meet the old file or the new one.

    To append, use :class:`TraceWriter`.

    Raises:
        OSError: the file cannot be written.
    """
    target = Path(path)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    try:
        with TraceWriter(draft) as writer:
            for trace in traces:
                writer.write(trace)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def read_traces(path: str | os.PathLike[str]) -> list[Trace]:
    """All traces of a file, also while it is being written. A line that was cut off is a :class:`TraceFileWarning`.

    Raises:
        OSError: the file cannot be read.
        ValueError: a line is JSON and no trace; the message names file, line and field.
    """
    traces = []
    with Path(path).open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                data = json.loads(line)
            except ValueError:  # no JSON, or no UTF-8
                message = f"{path}, line {number}: cut off after {len(line)} bytes, left out"
                warnings.warn(message, TraceFileWarning, stacklevel=2)
                continue
            if not isinstance(data, Mapping):
                raise ValueError(f"{path}, line {number}: a trace is a JSON object, this is a {type(data).__name__}")
            try:
                traces.append(Trace.from_dict(data))
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}") from error
    return traces


def replay(trace: Trace, env: gym.Env[Any, Any] | None = None) -> gym.Env[Any, Any]:
    """Take the actions of a trace again, and make sure that all comes out as it was recorded.

    Compared are the line, the status and the rewards of each step, the outcome, and the returns. Where a verifier ran
    out of time, then or now, the verdict is not compared, nor are the returns. Rewards and returns are compared by the
    names that both sides have: without ``env`` that is the true one, with the wrappers of the recording round ``env``
    also theirs.

    Args:
        trace: what was recorded.
        env: to replay in; None makes the one that the trace names.

    Returns:
        The environment, in the state in which the episode was left.

    Raises:
        ReplayError: something differs; the message names the first difference, and other versions as the likely cause.
        ValueError: the trace names no environment, and none was given.
    """
    if env is None:
        env = remake(trace)
    hint = _version_hint(trace)
    env.reset(seed=trace.seed, options={"problem": trace.problem})
    base = _base(env)
    actions = trace.actions or tuple(step.action for step in trace.steps)
    beside: dict[str, float] = {}
    for number, action in enumerate(actions, start=1):
        if base.end:
            raise ReplayError(f"action {number}", action, f"an end: {base.end}", hint)
        result = env.step(action)
        count = len(base.steps)
        if result[4]["step"]:
            base.steps.attach(result[4])
            if count > len(trace.steps):
                raise ReplayError(f"step {count}", "none", base.steps[-1].text, hint)
            _compare(trace.steps[count - 1], base.steps[-1], _timed_out(trace.outcome, base.outcome), hint)
        else:
            for name, value in _rewards(result[4]).items():
                beside[name] = beside.get(name, 0.0) + value
    if len(base.steps) != len(trace.steps):
        raise ReplayError("number of steps", len(trace.steps), len(base.steps), hint)
    if not _timed_out(trace.outcome, base.outcome):
        recorded, replayed = (None if verdict is None else verdict.status for verdict in (trace.outcome, base.outcome))
        if recorded is not replayed:
            raise ReplayError("outcome", _name(recorded), _name(replayed), hint)
        _compare_returns(trace, base.steps, beside, hint)
    return env


def _compare(recorded: Step, replayed: Step, unjudged: bool, hint: str) -> None:
    where = f"step {recorded.index + 1}"
    if recorded.text != replayed.text:
        raise ReplayError(f"{where}, line", recorded.text, replayed.text, hint)
    if unjudged or _timed_out(recorded.verdict, replayed.verdict):
        return
    if recorded.verdict.status is not replayed.verdict.status:
        raise ReplayError(f"{where}, status", _name(recorded.verdict.status), _name(replayed.verdict.status), hint)
    for name, reward in recorded.rewards.items():
        if replayed.rewards.get(name, reward) != reward:
            raise ReplayError(f"{where}, reward {name!r}", reward, replayed.rewards[name], hint)


def _compare_returns(trace: Trace, replayed: Sequence[Step], beside: Mapping[str, float], hint: str) -> None:
    """The sums of the rewards. :func:`trace_of` leaves out those of actions that were no steps, a recorder does not."""
    if any(_timed_out(step.verdict) for step in (*trace.steps, *replayed)):
        return
    of_steps = _returns(replayed)
    expected = {*trace.returns, *_returns(trace.steps)} & {*of_steps, *beside}
    for name in sorted(expected):
        bare = of_steps.get(name, 0.0)
        recorded, whole = trace.returns.get(name), bare + beside.get(name, 0.0)
        if recorded not in (bare, whole):
            raise ReplayError(f"return {name!r}", recorded, whole, hint)


def _name(status: Status | None) -> str:
    return "none" if status is None else status.value


def _timed_out(*verdicts: Verdict | None) -> bool:
    return any(verdict is not None and verdict.status is Status.TIMEOUT for verdict in verdicts)


def remake(trace: Trace) -> gym.Env[Any, Any]:
    """The environment in which a trace was recorded, without its wrappers and without what chose its problem.

    Raises:
        ValueError: the trace names none.
    """
    kwargs = {name: value for name, value in trace.env_kwargs.items() if name not in ("split", "level", "problems")}
    if trace.env_id:
        return gym.make(trace.env_id, **kwargs)
    if "domain" not in kwargs:
        raise ValueError("the trace was made in an environment round a domain object: give replay that environment")
    return ReasoningEnv(**kwargs)


def _version_hint(trace: Trace) -> str:
    now = versions()
    other = [f"{name} {was} then, {now.get(name)} now" for name, was in trace.versions.items() if now.get(name) != was]
    return f" (other versions: {'; '.join(other)})" if other else " (same versions)"


def _returns(steps: Iterable[Step]) -> dict[str, float]:
    returns: dict[str, float] = {}
    for step in steps:
        for name, value in step.rewards.items():
            returns[name] = returns.get(name, 0.0) + value
    return returns


def _rewards(info: Mapping[str, Any]) -> dict[str, float]:
    return {name.removeprefix("reward/"): float(info[name]) for name in info if name.startswith("reward/")}


def _base(env: gym.Env[Any, Any]) -> ReasoningEnv:
    base = env.unwrapped
    if not isinstance(base, ReasoningEnv):
        raise TypeError(f"traces are made of a ReasoningEnv; inside of this environment is a {type(base).__name__}")
    return base


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
