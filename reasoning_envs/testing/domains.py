"""Whether a domain keeps its promises."""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from reasoning_envs.domains.protocol import Action, Domain, InputError, MoveDomain, TextDomain
from reasoning_envs.episodes import Steps, Taken
from reasoning_envs.loading import open_domain
from reasoning_envs.symbolic.syntax.hostile import HOSTILE_LINES
from reasoning_envs.testing.laws import ensure, fail, said, written
from reasoning_envs.testing.verifiers import check_verifier
from reasoning_envs.types import Problem, Relation, Status

__all__ = ["check_domain"]


def check_domain(
    domain: Domain | str,
    *,
    domain_kwargs: Mapping[str, Any] | None = None,
    seeds: Iterable[int] = range(5),
    steps: int = 12,
    rewrites: Callable[[str], Iterable[str]] | None = None,
) -> None:
    """Whether a domain keeps its promises.

    Problems are reproducible and survive JSON; states are hashable and picklable; the gold answer passes, rewritten
    too, and fails once corrupted; actions are deterministic, fit the encoding, and their certificates agree with the
    verifier; hostile texts are refused with a reason and do no harm to the next line.

    Args:
        domain: an object, or ``"module:Name"``. By name it is also opened a second time and in another process, which
            finds hidden state and a dependence on the hash seed.
        domain_kwargs: for the constructor of a domain that is named by string.
        seeds: one problem a seed and level.
        steps: length of the random walks through the moves.
        rewrites: gives texts that mean the same as an answer, beyond more spaces: other orders, other forms.

    Raises:
        AssertionError: a law is broken.
    """
    kwargs = domain_kwargs or {}
    subject = open_domain(domain, kwargs)
    twin = open_domain(domain, kwargs) if isinstance(domain, str) else subject
    seeds = tuple(seeds)
    ensure(len(subject.levels) > 0, f"{subject.name}: levels is empty")
    ensure(len(set(subject.levels)) == len(subject.levels), f"{subject.name}: a level is named twice")
    _check_unknown_level(subject)
    if isinstance(domain, str):
        _check_other_process(domain, kwargs, seeds)
    problems = []
    for level in subject.levels:
        for seed in seeds:
            problem = _check_problem(subject, twin, level, seed)
            problems.append(problem)
            _check_gold(subject, problem, rewrites)
            if isinstance(subject, MoveDomain):
                assert isinstance(twin, MoveDomain)
                _check_walk(subject, twin, problem, np.random.default_rng(seed), steps)
    _check_corruption(subject, problems, np.random.default_rng(0))
    _check_hostile(subject, problems[0])
    check_verifier(subject.verifier, problems[: len(seeds)])


def _check_unknown_level(domain: Domain) -> None:
    try:
        domain.sample(np.random.default_rng(0), "no such level")
    except ValueError as error:
        ensure(domain.levels[0] in str(error), f"the error for an unknown level lists none of the known: {error}")
    else:
        fail(f"{domain.name}: sample took the level 'no such level'; it is to raise a ValueError")


def _check_problem(domain: Domain, twin: Domain, level: str, seed: int) -> Problem:
    problem = domain.sample(np.random.default_rng(seed), level)
    where = f"{domain.name}, level {level}, seed {seed}"
    again = twin.sample(np.random.default_rng(seed), level)
    ensure(problem == again, f"{where}: two samples differ: {problem.statement!r} and {again.statement!r}")
    ensure(Problem.from_json(problem.to_json()) == problem, f"{where}: the problem is another one after JSON")
    ensure(problem.domain == domain.name, f"{where}: the problem says it is of the domain {problem.domain!r}")
    ensure(problem.level == level, f"{where}: the problem says it is of level {problem.level!r}")
    state = domain.start(problem)
    _check_state(domain, state, where)
    ensure(not domain.is_final(state), f"{where}: {problem.statement!r} is an answer from the start")
    reread = domain.problem(problem.statement)
    ensure(
        domain.start(reread) == state,
        f"{where}: {problem.statement!r} read as anybody's text starts at {domain.text(domain.start(reread))!r}",
    )
    keys = domain.canonical_key(problem), domain.canonical_key(reread)
    # A key that the generator keeps is more than the statement tells.
    alike = keys[0] == keys[1] or "key" in problem.metadata
    ensure(alike and "" not in keys, f"{where}: canonical keys of one statement differ or are empty: {keys}")
    return problem


def _check_state(domain: Domain, state: Any, where: str) -> None:
    copy = pickle.loads(pickle.dumps(state))  # noqa: S301 - of an object made here
    ensure(copy == state and hash(copy) == hash(state), f"{where}: a state is another one after pickling")
    text = domain.text(state)
    ensure(bool(text.strip()) and "\n" not in text, f"{where}: a state's text is empty or no single line: {text!r}")
    ensure(domain.text(copy) == text, f"{where}: a pickled state reads {domain.text(copy)!r}, was {text!r}")
    if isinstance(domain, MoveDomain):
        tokens = domain.tokens(state)
        ensure(type(tokens) is bytes, f"{where}: tokens are {type(tokens).__name__}, not bytes")
        ensure(
            0 < len(tokens) <= domain.max_tokens, f"{where}: {text!r} takes {len(tokens)} tokens of {domain.max_tokens}"
        )
        ensure(0 not in tokens, f"{where}: {text!r} contains the token 0, which pads")


def _check_gold(domain: Domain, problem: Problem, rewrites: Callable[[str], Iterable[str]] | None) -> None:
    if problem.answer is None:
        return
    spaced = (f"  {problem.answer}\t", problem.answer.replace(" ", "   "))
    for text in (problem.answer, *spaced, *(rewrites(problem.answer) if rewrites else ())):
        verdict = domain.verifier.outcome(problem, [written(text)])
        if not verdict.verified:
            fail(f"{problem.statement!r}: the gold answer, written {text!r}, was {said(verdict)}")


def _check_corruption(domain: Domain, problems: Sequence[Problem], rng: np.random.Generator) -> None:
    """Corrupted lines fail, as steps and as answers. A state in which nothing can be spoiled may raise ValueError."""
    spoiled = 0
    for problem in problems:
        places = [(domain.start(problem), domain.verifier.step)]
        if problem.answer is not None and isinstance(domain, TextDomain):
            start = places[0][0]
            with suppress(InputError):  # an answer that is more than one step away
                places.append((domain.apply(start, domain.parse(start, problem.answer)), domain.verifier.outcome))
        for state, judge in places:
            try:
                wrong, error_type = domain.corrupt(state, rng)
            except ValueError:
                continue
            spoiled += 1
            shown = f"{domain.text(state)!r} corrupted to {domain.text(wrong)!r} ({error_type})"
            ensure(bool(error_type), f"{shown}: the kind of error has no name")
            verdict = judge(problem, [written(domain.text(wrong))])
            ensure(verdict.refuted, f"{shown} was {said(verdict)}, and is wrong")
    ensure(spoiled > 0, f"{domain.name}: corrupt spoiled none of {len(problems)} problems")


def _check_walk(domain: MoveDomain, twin: MoveDomain, problem: Problem, rng: np.random.Generator, length: int) -> None:
    state = domain.start(problem)
    history: list[Taken] = []
    for _ in range(length):
        where = f"{domain.name}, at {domain.text(state)!r}"
        actions = domain.actions(state)
        if domain.is_final(state):
            ensure(len(actions) == 0, f"{where}: {len(actions)} actions in a final state")
            return
        ensure(0 < len(actions) <= domain.max_actions, f"{where}: {len(actions)} actions, of 1 to {domain.max_actions}")
        listed = _listing(domain, actions)
        ensure(listed == _listing(domain, domain.actions(state)), f"{where}: the actions differ when asked for twice")
        ensure(listed == _listing(twin, twin.actions(state)), f"{where}: a second domain lists other actions")
        for index, action in enumerate(actions):
            _check_action(domain, problem, history, state, index, action)
        index = int(rng.integers(len(actions)))
        action = actions[index]
        if action.is_step:
            history.append(Taken(index, state, action.state, action.verdict))
        state = action.state


def _check_action(
    domain: MoveDomain, problem: Problem, history: Sequence[Taken], state: Any, index: int, action: Action
) -> None:
    where = f"{domain.name}, {action.describe()!r} on {domain.text(state)!r}"
    _check_state(domain, action.state, where)
    ensure(domain.apply(state, action) == action.state, f"{where}: apply leads elsewhere than the action says")
    if not action.is_step:
        ensure(domain.text(action.state) == domain.text(state), f"{where}: choosing a group changes the line")
        ensure(not domain.is_final(action.state), f"{where}: choosing a group ends the episode")
        ensure(len(domain.actions(action.state)) > 0, f"{where}: the group is empty")
        return
    certificate = action.verdict
    ensure(certificate == action.verdict, f"{where}: the certificate changes when asked for twice")
    steps = Steps(domain, [*history, Taken(index, state, action.state, certificate)])
    verdict = domain.verifier.step(problem, steps)
    # A sound move on a line without solutions keeps them: refused as vacuous for what it proves, not for what it does.
    vacuous = verdict.relation is Relation.VACUOUS
    if {certificate.status, verdict.status} == {Status.VERIFIED, Status.REFUTED} and not vacuous:
        shown = domain.text(action.state)
        fail(f"{where} gives {shown!r}: its certificate is {said(certificate)}, the verifier's verdict {said(verdict)}")


def _listing(domain: MoveDomain, actions: Sequence[Action]) -> list[tuple[str, str, str, bytes, bool]]:
    return [(a.rule, a.describe(), domain.text(a.state), domain.tokens(a.state), a.is_step) for a in actions]


def _check_hostile(domain: Domain, problem: Problem) -> None:
    state = domain.start(problem)
    readers: list[Callable[[str], Any]] = [domain.problem]
    if isinstance(domain, TextDomain):
        readers.append(lambda text: domain.text(domain.apply(state, domain.parse(state, text))))
    for read in readers:
        before = _reading(read, problem.statement)
        for text in HOSTILE_LINES:
            try:
                read(text)
            except InputError as error:
                status = error.verdict.status
                ensure(status in (Status.UNPARSED, Status.UNSAFE), f"{text!r:.60} is refused as {status.value}")
                ensure(bool(error.verdict.reason), f"{text!r:.60} is refused without a reason")
            ensure(_reading(read, problem.statement) == before, f"{text!r:.60} changes how the next text is read")


def _reading(read: Callable[[str], Any], text: str) -> Any:
    """What comes of a text: what it is read as, or the verdict that refuses it."""
    try:
        return read(text)
    except InputError as error:
        return error.verdict


def _check_other_process(domain: str, kwargs: Mapping[str, Any], seeds: Sequence[int]) -> None:
    """The same problems, keys and actions in processes with other hash seeds."""
    call = f"_fingerprint({domain!r}, {dict(kwargs)!r}, {tuple(seeds)!r})"
    program = f"from reasoning_envs.testing.domains import _fingerprint; print({call})"
    path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    here = _fingerprint(domain, kwargs, seeds)
    environment = {**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": path}
    result = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False
    )
    ensure(result.returncode == 0, f"{domain} cannot be used in another process: {result.stderr[-500:]}")
    ensure(result.stdout.strip() == here, f"{domain}: problems, keys or actions differ in another process")


def _fingerprint(domain: str, kwargs: Mapping[str, Any], seeds: Sequence[int]) -> str:
    subject = open_domain(domain, kwargs)
    digest = hashlib.blake2b()
    for level in subject.levels:
        for seed in seeds:
            problem = subject.sample(np.random.default_rng(seed), level)
            digest.update(f"{problem.to_json()} {subject.canonical_key(problem)}\n".encode())
            if isinstance(subject, MoveDomain):
                digest.update(repr(_listing(subject, subject.actions(subject.start(problem)))).encode())
    return digest.hexdigest()
