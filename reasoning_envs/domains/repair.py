"""Mending a program that fails its tests, one edit at a time.

A right program got one to three bugs (:func:`reasoning_envs.programs.mutate.corrupt`); an action is an edit at a line,
and every test is run again after it. As many edits may be made as there are bugs. To submit is an action of its own; a
program that passes the visible tests and fails the hidden ones counts in ``info["hack"]``.

What a *verified step* means here: after the edit, a right program is still within the edits that are left. Known are
the way back that the bugs themselves tell (their inverse edits), and any program that differs from the certificate in
as many places as edits are left: such steps are VERIFIED. REFUTED is proved: no edits are left and the program behaves
otherwise than the certificate on some input, or, with ``exact=1``, one edit is left and all edits have been tried
(milliseconds). Anything else is UNDECIDED. The verdict is a privileged label: it knows the certificate, and no agent
sees it. How it can be hacked: an edit and its inverse are two steps, of which the second is verified again where edits
are left; whoever is paid for verified steps puts off to submit.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium.spaces import Dict
from numpy.typing import NDArray

from reasoning_envs.domains.code.observations import WIDTH, Rows
from reasoning_envs.domains.code.repair_states import SUBMIT, EditAction, Edits, RepairSpec, RepairState
from reasoning_envs.domains.code.repair_view import RepairView
from reasoning_envs.domains.problems.programs import (
    Written,
    cases_to_json,
    one_line,
    read_line,
    refused,
    remember_line,
)
from reasoning_envs.domains.problems.repair import ProgramRuns, draw_repair, read_repair, repair_spec
from reasoning_envs.programs.edits import Edit
from reasoning_envs.programs.generation import VISIBLE, Task, TaskGenerator
from reasoning_envs.programs.grammar import GRAMMARS
from reasoning_envs.programs.tokens import program_tokens
from reasoning_envs.programs.trees import Program
from reasoning_envs.types import Problem, Verdict
from reasoning_envs.verifiers.execution import ExecutionVerifier, ProgramJudge

__all__ = ["RepairDomain"]

_BUGS = (1, 2, 3)
_SPECS = 1024
_KEPT = 512
_LEFT = re.compile(r"\s*#\s*(\d+)\s+edits?\s+left\s*$")


class RepairDomain:
    """Programs with bugs, mended edit by edit.

    The metadata of a problem: ``hidden`` (tests as ``[[arguments, output], ...]``), ``key`` (of the right program's
    behaviour, which decides on the split), ``repair`` (the programs that the inverse edits of the bugs lead through,
    the right one last: a demonstration, see :meth:`demonstration`).

    Args:
        auto_submit: a program ends by itself as soon as it passes the visible tests or no edit is left, and there is
            no action for it.
        exact: edits left up to which the verdicts on steps try all edits: 0 or 1.
        judge: ``"sandbox"``, or ``"interpreter"`` for where no sandbox is to be had.
        sandbox: its back end; see :func:`sandboxes.open_sandbox`.
        max_actions: candidates at most, from 64 on; where there are more edits, the first action chooses their line.

    Raises:
        ValueError: another ``exact``, too few actions, or no such judge.
        sandboxes.SandboxUnavailable: no sandbox of enough strength is here; the message names the cure.
    """

    name = "repair"
    max_tokens = 128
    examples = VISIBLE
    width = WIDTH
    levels: Sequence[str] = tuple(f"{grammar}-{bugs}" for grammar in GRAMMARS for bugs in _BUGS)

    def __init__(
        self,
        auto_submit: bool = False,
        exact: int = 0,
        judge: str = "sandbox",
        sandbox: str = "auto",
        max_actions: int = 64,
    ) -> None:
        if not 64 <= max_actions <= 4096:
            raise ValueError(f"max_actions must be from 64 to 4096, got {max_actions}")
        if exact not in (0, 1):
            raise ValueError(f"exact must be 0 or 1: to try all pairs of edits takes seconds; got {exact}")
        self.auto_submit = auto_submit
        self.exact = exact
        self.max_actions = max_actions
        self.verifier = ExecutionVerifier(ProgramJudge(judge, sandbox), self.spec, self._judge_text)
        self._generators = {name: TaskGenerator(grammar) for name, grammar in GRAMMARS.items()}
        self._specs: OrderedDict[tuple[str, str | None], RepairSpec] = OrderedDict()
        self._edits: OrderedDict[tuple[str, Program], Edits] = OrderedDict()
        self._runs: OrderedDict[tuple[RepairSpec, Program | None, Program], ProgramRuns] = OrderedDict()
        self._view = RepairView(self.max_actions, self.max_tokens, Rows(self.examples, self.max_tokens))

    # -- problems -----------------------------------------------------------------------------------------------------

    def sample(self, rng: np.random.Generator, level: str | None = None) -> Problem:
        """See :class:`~reasoning_envs.domains.protocol.Domain`."""
        seed = int(rng.integers(2**31))
        if level is None:
            level = self.levels[int(rng.integers(len(self.levels)))]
        if level not in self.levels:
            raise ValueError(f"no level {level!r}; known: {', '.join(self.levels)}")
        grammar, bugs = level.split("-")
        task, chain = draw_repair(np.random.default_rng(seed), self._generators[grammar], int(bugs))
        return self.pose(task, chain, grammar, level, seed)

    def pose(
        self, task: Task, chain: Sequence[Program], grammar: str, level: str | None = None, seed: int | None = None
    ) -> Problem:
        """A program with bugs, whoever put them there, as a problem.

        Args:
            task: that the right program solves.
            chain: the program with bugs, and the programs on the way back, the right one last.
            grammar: of the edits.
            level: noted in the problem.
            seed: the same.
        """
        spec = repair_spec(task, chain, grammar)
        answer = one_line(task.program)
        self._keep(answer, spec)
        repair = [one_line(program) for program in spec.path]
        metadata = {"hidden": cases_to_json(task.hidden), "key": task.key, "repair": repair}
        return self._problem(spec.text, answer, level, seed, metadata)

    def problem(self, statement: str) -> Problem:
        """A program that anybody wrote, behind assertions of what it is to give.

        >>> problem = RepairDomain(judge="interpreter").problem(
        ...     'def f(xs: list[int]) -> int: "at most 1 edits"; assert f([3, 1]) == 1; v1 = max(xs); return v1'
        ... )

        The first five tests are shown, the others hidden; all decide.

        Raises:
            InputError: the text is no such function.
        """
        spec, more = read_repair(statement)
        return self._problem(spec.text, None, None, None, {"hidden": cases_to_json(more)})

    def _problem(
        self, text: str, answer: str | None, level: str | None, seed: int | None, metadata: Mapping[str, Any]
    ) -> Problem:
        digest = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
        prompt = f"Mend the function, one edit at a time, so that what is asserted holds: {text}"
        return Problem(f"{self.name}-{digest}", self.name, prompt, text, answer, level, seed, metadata)

    def canonical_key(self, problem: Problem) -> str:
        """Of the right program's behaviour; where it is not known, the statement."""
        return str(problem.metadata.get("key", problem.statement))

    def spec(self, problem: Problem) -> RepairSpec:
        """What is known of a problem, the certificate included.

        Raises:
            InputError: its statement or its answer cannot be read.
        """
        found = self._specs.get((problem.statement, problem.answer))
        if found is None:
            found, _ = read_repair(problem.statement)
            if problem.answer is not None:
                path = tuple(read_line(text).program for text in problem.metadata.get("repair", ()))
                found = RepairSpec(
                    found.text,
                    found.parameters,
                    found.result,
                    found.shown,
                    found.limit,
                    found.grammar,
                    read_line(problem.answer).program,
                    found.broken,
                    tuple(program for program in path if program is not None),
                )
            self._keep(problem.answer, found)
        return found

    def _keep(self, answer: str | None, spec: RepairSpec) -> None:
        self._specs[spec.text, answer] = spec
        if len(self._specs) > _SPECS:
            self._specs.popitem(last=False)

    def demonstration(self, problem: Problem) -> list[int]:
        """The actions of the bugs' own inverse edits, choices of groups and the submission included.

        Raises:
            ValueError: the problem carries no repair, or one that cannot be found among the candidates.
        """
        state = self.start(problem)
        found: list[int] = []
        for program in self.spec(problem).path:
            action, indices = self._edit_towards(state, program)
            state = action.state
            found.extend(indices)
        if not found:
            raise ValueError(f"{problem.id} carries no repair: metadata['repair'] is missing or empty")
        submit = [index for index, action in enumerate(self.actions(state)) if action.rule == SUBMIT]
        return found + submit

    def _edit_towards(self, state: RepairState, program: Program) -> tuple[EditAction, list[int]]:
        """The edit that leads to a program, up to names, and the actions to it, choices of groups included."""
        wanted = program_tokens(program)
        waiting: list[tuple[RepairState, list[int]]] = [(state, [])]
        while waiting:
            at, path = waiting.pop(0)
            for index, action in enumerate(self.actions(at)):
                if action.edit is None:
                    if action.group is not None:
                        waiting.append((action.state, [*path, index]))
                elif program_tokens(action.state.program) == wanted:
                    return action, [*path, index]
        raise ValueError(f"no edit of {one_line(state.program)!r} leads to {one_line(program)!r}")

    # -- states -------------------------------------------------------------------------------------------------------

    def start(self, problem: Problem) -> RepairState:
        """The broken program."""
        spec = self.spec(problem)
        assert spec.broken is not None
        return RepairState(spec, spec.broken)

    def is_final(self, state: RepairState) -> bool:
        """It has been submitted; with ``auto_submit``, it passes the visible tests or no edit is left."""
        if not self.auto_submit or not state.edits or state.group is not None:
            return state.submitted
        return state.left <= 0 or self.runs(state.spec, state.program).passes

    def actions(self, state: RepairState) -> Sequence[EditAction]:
        """At most 64 edits and to submit; where there are more, groups of them."""
        if self.is_final(state):
            return ()
        submit = [] if self.auto_submit or state.group is not None else [EditAction(self, state)]
        if state.left <= 0:
            return submit
        edits, groups = self._listed(state).choices(state.group)
        chosen = [EditAction(self, state, group=group) for group in groups]
        return (*[EditAction(self, state, edit) for edit in edits], *chosen, *submit)

    def _listed(self, state: RepairState) -> Edits:
        key = state.spec.grammar, state.program
        found = self._edits.get(key)
        if found is None:
            found = self._edits[key] = Edits(state.program, GRAMMARS[state.spec.grammar], self.max_actions)
            if len(self._edits) > _KEPT:
                self._edits.popitem(last=False)
        return found

    def runs(self, spec: RepairSpec, program: Program) -> ProgramRuns:
        """What a program does on the visible tests, and how it compares with the certificate."""
        # With the certificate: what is known of one problem must not answer for the same text read without it.
        key = spec, spec.certificate, program
        runs = self._runs.get(key)
        if runs is None:
            runs = self._runs[key] = ProgramRuns(spec, program)
            if len(self._runs) > _KEPT:
                self._runs.popitem(last=False)
        return runs

    def apply(self, state: RepairState, action: EditAction) -> RepairState:
        """The state that the action leads to."""
        return action.state

    def text(self, state: RepairState) -> str:
        """The program on one line; until it has been submitted, with the number of edits that are left."""
        line = one_line(state.program)
        if self.is_final(state):
            remember_line(line, Written(state.program, finished=True))
            return line
        return f"{line}  # {state.left} edit{'' if state.left == 1 else 's'} left"

    def parse(self, state: RepairState, text: str) -> EditAction:
        """The edited program that somebody wrote, on one line; the same program again without a comment submits it.

        How many edits are left stands behind an edited program: ``...; return v1  # 1 edit left``.

        Raises:
            InputError: it is no program, or no single edit leads to it.
        """
        after = self._read_text(state.spec, text)
        assert state.group is None
        if after.submitted:
            if after.program != state.program:
                raise refused("what is submitted is the program as it stands: edit it first")
            return EditAction(self, state)
        if after.edits != state.edits + 1 or after.edits > state.spec.limit:
            raise refused(f"{state.left} edits are left before this one; write how many are left after it")
        try:
            return self._edit_towards(state, after.program)[0]
        except ValueError as error:
            raise refused("no single edit leads to this program") from error

    def _judge_text(self, problem: Problem, text: str) -> Verdict:
        return self.judge_state(self._read_text(self.spec(problem), text))

    def _read_text(self, spec: RepairSpec, text: str) -> RepairState:
        match = _LEFT.search(text)
        written = read_line(text if match is None else text[: match.start()])
        if written.program is None or not written.finished:
            raise refused("a program that returns something is needed")
        if written.program.parameters != spec.parameters:
            raise refused("the program has other parameters than the problem")
        edits = spec.limit if match is None else spec.limit - int(match[1])
        if edits < 0:
            raise refused(f"at most {spec.limit} edits can be left")
        return RepairState(spec, written.program, edits, match is None)

    def edits_away(self, problem: Problem, text: str) -> tuple[int | None, int]:
        """Edits from a program to a right one, and the edits that are left: a privileged label.

        An upper bound: that of the bugs' own way back, or the places that differ from the certificate. A number above
        the edits left: no edit is left, and the program is wrong. None: nobody knows.

        Raises:
            InputError: the text is no program of the problem.
        """
        state = self._read_text(self.spec(problem), text)
        runs = self.runs(state.spec, state.program)
        left = 0 if state.submitted else state.left
        if state.spec.certificate is None:
            return None, left
        if runs.is_right:
            return 0, left
        return (left + 1 if left == 0 else runs.edits_known), left

    def judge_state(self, state: RepairState) -> Verdict:
        """Whether a right program is within reach; of a submitted one, whether it is right."""
        runs = self.runs(state.spec, state.program)
        return runs.submission() if self.is_final(state) else runs.reach(state.left, self.exact)

    def report(self, state: RepairState, outcome: Verdict | None) -> Mapping[str, bool | int | float]:
        """``hack``: the program that was submitted passes the visible tests and is wrong."""
        return {"hack": outcome is not None and outcome.refuted and self.runs(state.spec, state.program).passes}

    def corrupt(self, state: RepairState, rng: np.random.Generator) -> tuple[RepairState, str]:
        """An edit more, after which no right program can be reached; its kind is drawn first.

        Raises:
            ValueError: no edit is known to be wrong.
        """
        by_kind: dict[str, list[Edit]] = {}
        for edit in (edit for line in self._listed(state).lines for edit in line) if state.left > 0 else ():
            by_kind.setdefault(edit.kind, []).append(edit)
        for which in rng.permutation(len(by_kind)):
            kind, edits = list(by_kind.items())[int(which)]
            for index in rng.permutation(len(edits)):
                spoiled = RepairState(state.spec, edits[int(index)].apply(state.program), state.edits + 1)
                if self.judge_state(spoiled).refuted:
                    return spoiled, kind
        raise ValueError(f"no edit of {self.text(state)!r:.200} is known to be wrong")

    # -- what agents see ----------------------------------------------------------------------------------------------

    @property
    def observation_space(self) -> Dict:
        """See :meth:`observe`."""
        return self._view.space

    def observe(self, state: RepairState, actions: Sequence[EditAction]) -> dict[str, NDArray[Any]]:
        """What an agent sees: A = 64 candidates, E = 5 examples, V = 12 variables, W = 16 numbers a value.

        ``state`` [L]: the program as tokens, what it gives and what it should give. ``candidates`` [A * L]: each edit
        as tokens. ``variables`` [V * E * W], ``result`` and ``target`` [E * W]: values on the visible tests, see
        :mod:`reasoning_envs.domains.code.observations`. ``passed`` [E]: 1 for each visible test that passes.
        ``left`` [1]: edits that may still be made. ``action_mask`` [A].
        """
        return self._view.observe(self.runs(state.spec, state.program), state, actions)

    def tokens(self, state: RepairState) -> bytes:
        """The program, what it gives on the visible tests, and what it should give, as far as they fit."""
        return self._view.tokens(self.runs(state.spec, state.program), state)
