"""Writing a function line by line from examples of what it gives.

One action is one line. At each state the legal next lines have been run on the visible inputs, and the agent sees what
each would compute; lines that raise an error there, or compute what a variable holds already, are left out
(:mod:`reasoning_envs.programs.lines`). To submit is an action of its own: a program that passes the visible tests may
be submitted and fail the hidden ones, which ``info["hack"]`` counts.

What a *verified step* means here: after the line, a solution is still within the lines that are left. It is exact, by
enumeration, where at most ``exact`` lines are left, and wherever the line stands in the certificate's own program;
elsewhere the verdict is UNDECIDED. *Solution* means a program of the grammar that agrees with the certificate on the
visible inputs and ten probes. So REFUTED is a proof, and VERIFIED is as sure as those inputs. The verdict is a
privileged label: it knows the certificate, and no agent sees it. How it can be hacked: whoever is paid for each
verified step writes lines that harm nothing as long as lines are left, and never submits.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from gymnasium.spaces import Dict
from numpy.typing import NDArray

from reasoning_envs.domains.code.observations import WIDTH, Rows
from reasoning_envs.domains.code.synthesis_space import Computed, ProblemSpace
from reasoning_envs.domains.code.synthesis_states import LineAction, LinesState
from reasoning_envs.domains.code.synthesis_view import LinesView
from reasoning_envs.domains.problems.programs import (
    EMPTY_BODY,
    MAX_VARIABLES,
    Spec,
    Written,
    cases_to_json,
    head_of,
    line_text,
    one_line,
    read_line,
    read_spec,
    refused,
    remember_line,
    spec_text,
)
from reasoning_envs.programs.generation import VISIBLE, Task, TaskGenerator
from reasoning_envs.programs.grammar import GRAMMARS
from reasoning_envs.programs.lines import Candidate
from reasoning_envs.programs.lines import Step as LineStep
from reasoning_envs.programs.trees import Program
from reasoning_envs.types import Problem, Verdict
from reasoning_envs.verifiers.execution import ExecutionVerifier, ProgramJudge

__all__ = ["SynthesisDomain"]

_SIZES = (1, 2, 3, 4)
_SUBMIT = "submit"
_SPECS = 1024
_SPACES = 48
"""Problems whose lines are remembered: searches go through dozens in turn, and each takes about a megabyte."""


class SynthesisDomain:
    """Functions from examples, line by line.

    The metadata of a problem: ``hidden`` (tests as ``[[arguments, output], ...]``), ``key`` (of its behaviour, which
    decides on the split), ``minimal`` (no shorter program of the grammar does the same: proved).

    Args:
        auto_submit: a program ends by itself as soon as it passes the visible tests or no line is left, and there is no
            action for it.
        extra_lines: that may be written beyond the size of the certificate.
        exact: lines left up to which the verdicts on steps enumerate; each more costs a hundredfold.
        judge: ``"sandbox"``, or ``"interpreter"`` for where no sandbox is to be had.
        sandbox: its back end; see :func:`sandboxes.open_sandbox`.
        max_actions: candidates at most, from 64 on; where more lines are legal, the first action chooses their kind.
            With 512 hardly a state of the generated problems needs that choice.

    Raises:
        ValueError: a negative number of lines, too few actions, or no such judge.
        sandboxes.SandboxUnavailable: no sandbox of enough strength is here; the message names the cure.
    """

    name = "synthesis"
    max_tokens = 128
    examples = VISIBLE
    width = WIDTH
    levels: Sequence[str] = tuple(f"{grammar}-{size}" for grammar in GRAMMARS for size in _SIZES)

    def __init__(
        self,
        auto_submit: bool = False,
        extra_lines: int = 0,
        exact: int = 2,
        judge: str = "sandbox",
        sandbox: str = "auto",
        max_actions: int = 64,
    ) -> None:
        if not 64 <= max_actions <= 4096:
            raise ValueError(f"max_actions must be from 64 to 4096, got {max_actions}")
        if not 0 <= extra_lines <= MAX_VARIABLES - max(_SIZES) - 3 or exact < 0:
            raise ValueError(f"extra_lines from 0 to 5 and exact from 0 on, got {extra_lines} and {exact}")
        self.auto_submit = auto_submit
        self.extra_lines = extra_lines
        self.exact = exact
        self.max_actions = max_actions
        self.verifier = ExecutionVerifier(ProgramJudge(judge, sandbox), self.spec, self._judge_text)
        self._generators = {name: TaskGenerator(grammar) for name, grammar in GRAMMARS.items()}
        self._specs: OrderedDict[tuple[str, str | None], Spec] = OrderedDict()
        self._spaces: OrderedDict[tuple[str, Program | None], ProblemSpace] = OrderedDict()
        self._rows = Rows(self.examples, self.max_tokens)
        self._view = LinesView(self.max_actions, self.max_tokens, self._rows)

    # -- problems -----------------------------------------------------------------------------------------------------

    def sample(self, rng: np.random.Generator, level: str | None = None) -> Problem:
        """See :class:`~reasoning_envs.domains.protocol.Domain`."""
        seed = int(rng.integers(2**31))
        if level is None:
            level = self.levels[int(rng.integers(len(self.levels)))]
        if level not in self.levels:
            raise ValueError(f"no level {level!r}; known: {', '.join(self.levels)}")
        grammar, size = level.split("-")
        task = self._generators[grammar].draw(np.random.default_rng(seed), int(size))
        return self.pose(task, grammar, level, seed)

    def pose(self, task: Task, grammar: str, level: str | None = None, seed: int | None = None) -> Problem:
        """A task, whoever made it, as a problem.

        Args:
            task: its program is the certificate.
            grammar: of its lines.
            level: noted in the problem.
            seed: the same.
        """
        program = task.program
        limit = task.size + self.extra_lines
        text = spec_text(program.parameters, program.result.type, task.visible, limit, grammar, "lines")
        metadata = {"hidden": cases_to_json(task.hidden), "key": task.key, "minimal": task.minimal}
        answer = one_line(program)
        self._keep(answer, Spec(text, program.parameters, program.result.type, task.visible, limit, grammar, program))
        return self._problem(text, answer, level, seed, metadata)

    def problem(self, statement: str) -> Problem:
        """A function of which anybody asserts what it gives.

        >>> problem = SynthesisDomain(judge="interpreter").problem(
        ...     'def f(xs: list[int]) -> int: "at most 2 lines, small grammar"; assert f([3, 1, 2]) == 1'
        ... )

        The first five tests are shown, the others hidden; all decide.

        Raises:
            InputError: the text is no such function.
        """
        spec, more, rest = read_spec(statement)
        if rest:
            raise refused("the body of the function is what is asked for: give assertions alone")
        return self._problem(spec.text, None, None, None, {"hidden": cases_to_json(more)})

    def _problem(
        self, text: str, answer: str | None, level: str | None, seed: int | None, metadata: Mapping[str, Any]
    ) -> Problem:
        digest = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
        prompt = f"Write the function, one line at a time, so that what is asserted holds: {text}"
        return Problem(f"{self.name}-{digest}", self.name, prompt, text, answer, level, seed, metadata)

    def canonical_key(self, problem: Problem) -> str:
        """Of the certificate's behaviour; where there is none, the tests that are shown."""
        return str(problem.metadata.get("key", problem.statement))

    def spec(self, problem: Problem) -> Spec:
        """What is known of a problem, the certificate included.

        Raises:
            InputError: its statement or its answer cannot be read.
        """
        found = self._specs.get((problem.statement, problem.answer))
        if found is None:
            found = read_spec(problem.statement)[0]
            if problem.answer is not None:
                found = replace(found, certificate=read_line(problem.answer).program)
            self._keep(problem.answer, found)
        return found

    def _keep(self, answer: str | None, spec: Spec) -> None:
        self._specs[spec.text, answer] = spec
        if len(self._specs) > _SPECS:
            self._specs.popitem(last=False)

    def space(self, spec: Spec) -> ProblemSpace:
        """All about the lines of a problem, kept for the problems met last."""
        # With the certificate: what is known of one problem must not answer for the same text read without it.
        key = spec.text, spec.certificate
        found = self._spaces.get(key)
        if found is None:
            found = self._spaces[key] = ProblemSpace(spec, self.exact, self._rows)
            if len(self._spaces) > _SPACES:
                self._spaces.popitem(last=False)
        else:
            self._spaces.move_to_end(key)
        return found

    # -- states -------------------------------------------------------------------------------------------------------

    def start(self, problem: Problem) -> LinesState:
        """Nothing has been written."""
        return LinesState(self.spec(problem))

    def is_final(self, state: LinesState) -> bool:
        """It has been submitted; with ``auto_submit``, it passes the visible tests or no line is left."""
        if not self.auto_submit or not state.steps or state.group is not None:
            return state.submitted
        return len(state.steps) >= state.spec.limit or self.space(state.spec).passes(state.steps)

    def actions(self, state: LinesState) -> Sequence[LineAction]:
        """At most 64 lines and to submit; where there are more, the kinds of lines to choose from."""
        if self.is_final(state):
            return ()
        spec, steps = state.spec, state.steps
        space = self.space(spec)
        candidates = space.lines.candidates(steps) if len(steps) < spec.limit else ()
        submit = self._submit(state, space, bool(candidates))
        if len(candidates) + len(submit) <= self.max_actions:
            return (*(self._line(state, space, candidate) for candidate in candidates), *submit)
        groups = self._groups(space, candidates)
        if state.group is not None:
            return tuple(self._line(state, space, candidate) for candidate in groups[state.group])
        choices = [LineAction(self, name, state, LinesState(spec, steps, group=name), None, False) for name in groups]
        return (*choices, *submit)

    def _submit(self, state: LinesState, space: ProblemSpace, lines_left: bool) -> list[LineAction]:
        """To submit, where the newest variable is of the right type, or nothing else is left to do."""
        if self.auto_submit or not state.steps:
            return []
        if lines_left and space.lines.type(space.lines.columns(state.steps)[-1]) is not state.spec.result:
            return []
        return [LineAction(self, _SUBMIT, state, LinesState(state.spec, state.steps, submitted=True))]

    def _line(self, state: LinesState, space: ProblemSpace, candidate: Candidate) -> LineAction:
        rule = space.lines.grammar.productions[candidate.step.production].name
        return LineAction(self, rule, state, LinesState(state.spec, (*state.steps, candidate.step)), candidate)

    def _groups(self, space: ProblemSpace, candidates: Sequence[Candidate]) -> dict[str, list[Candidate]]:
        groups: dict[str, list[Candidate]] = {}
        for candidate in candidates:
            name = space.lines.grammar.productions[candidate.step.production].name
            page = name
            number = 1
            while len(groups.setdefault(page, [])) >= self.max_actions:
                number += 1
                page = f"{name} ({number})"
            groups[page].append(candidate)
        return groups

    def apply(self, state: LinesState, action: LineAction) -> LinesState:
        """The state that the action leads to."""
        return action.state

    def text(self, state: LinesState) -> str:
        """The program so far on one line, with ``return`` once it has been submitted."""
        spec = state.spec
        head = head_of(spec.parameters, spec.result)
        if not state.steps:
            return f"{head} {EMPTY_BODY}"
        lines = self.space(spec).lines
        body = [line_text(lines.line(state.steps[:index], step)) for index, step in enumerate(state.steps)]
        finished = self.is_final(state)
        if finished:
            body.append(f"return v{len(state.steps)}")
        text = f"{head} {'; '.join(body)}"
        if finished:
            remember_line(text, Written(lines.program(state.steps), finished))
        return text

    def parse(self, state: LinesState, text: str) -> LineAction:
        """The program that somebody wrote, on one line and as far as it is written; with ``return`` it is submitted.

        Raises:
            InputError: it is no program of these lines, or one of its lines is no candidate.
        """
        return LineAction(self, "text", state, self.read(state.spec, text))

    def read(self, spec: Spec, text: str) -> LinesState:
        """The state that a line shows.

        Raises:
            InputError: it is no program of these lines, or one of its lines is no candidate.
        """
        program, finished = read_line(text)
        if program is None:
            return LinesState(spec)
        return LinesState(spec, self.space(spec).state_of(program), submitted=finished)

    def judge_state(self, state: LinesState) -> Verdict:
        """Whether a solution is within reach; of a submitted program, whether it is one."""
        space = self.space(state.spec)
        return space.submission(state.steps) if self.is_final(state) else space.reach(state.steps)

    def demonstration(self, problem: Problem) -> list[int]:
        """The actions that write the certificate, choices of groups and the submission included.

        Raises:
            ValueError: the problem has no certificate, or one whose lines are no candidates.
        """
        state = self.start(problem)
        found: list[int] = []
        for wanted in self.space(state.spec).missing(()):
            way = self._towards(state, wanted)
            if way is None:
                raise ValueError(f"{problem.id}: a line of the certificate {problem.answer!r} is no candidate")
            state, indices = way
            found.extend(indices)
        if not found:
            raise ValueError(f"{problem.id} carries no certificate")
        return found + [index for index, action in enumerate(self.actions(state)) if action.rule == _SUBMIT]

    def _towards(self, state: LinesState, wanted: Computed) -> tuple[LinesState, list[int]] | None:
        """The state after the line that computes this, and the actions to it."""
        lines = self.space(state.spec).lines
        for index, action in enumerate(self.actions(state)):
            if action.candidate is None:
                way = None if action.is_step else self._towards(action.state, wanted)
                if way is not None:
                    return way[0], [index, *way[1]]
            elif (lines.type(action.candidate.column), lines.all_values(action.candidate.column)) == wanted:
                return action.state, [index]
        return None

    def lines_away(self, problem: Problem, text: str) -> tuple[int | None, int]:
        """The least lines from a program to a solution, and the lines that are left: a privileged label.

        Exact, by enumeration, up to ``exact`` lines; an upper bound where the certificate tells more. A number above
        the lines left: no solution is in reach. None: nobody knows.

        Raises:
            InputError: the text is no program of the problem.
        """
        state = self.read(self.spec(problem), text)
        left = 0 if self.is_final(state) else state.spec.limit - len(state.steps)
        return self.space(state.spec).away(state.steps), left

    def _judge_text(self, problem: Problem, text: str) -> Verdict:
        return self.judge_state(self.read(self.spec(problem), text))

    def report(self, state: LinesState, outcome: Verdict | None) -> Mapping[str, bool | int | float]:
        """``hack``: the program that was submitted passes the visible tests and is wrong."""
        wrong = outcome is not None and outcome.refuted
        return {"hack": wrong and self.space(state.spec).passes(state.steps)}

    def corrupt(self, state: LinesState, rng: np.random.Generator) -> tuple[LinesState, str]:
        """Another newest line, from which no solution can be reached; at the start a first one.

        Its kind is drawn first: the same operation with another constant, ``"off by one"`` or ``"wrong constant"``,
        with the same variables in another order (``"swapped arguments"``) or with others (``"wrong variable"``), and
        ``"wrong operation"``. At the start it is a ``"wrong line"``.

        Raises:
            ValueError: no line is known to be wrong.
        """
        space = self.space(state.spec)
        by_kind: dict[str, list[LineStep]] = {}
        for candidate in space.lines.candidates(state.steps[:-1]):
            kind = space.mistake(state.steps[-1], candidate.step) if state.steps else "wrong line"
            by_kind.setdefault(kind, []).append(candidate.step)
        for which in rng.permutation(len(by_kind)):
            kind, steps = list(by_kind.items())[int(which)]
            for index in rng.permutation(len(steps)):
                spoiled = LinesState(state.spec, (*state.steps[:-1], steps[int(index)]), state.submitted)
                if spoiled != state and self.judge_state(spoiled).refuted:
                    return spoiled, kind
        raise ValueError(f"no line in the place of the newest of {self.text(state)!r:.200} is known to be wrong")

    # -- what agents see ----------------------------------------------------------------------------------------------

    @property
    def observation_space(self) -> Dict:
        """See :meth:`observe`."""
        return self._view.space

    def observe(self, state: LinesState, actions: Sequence[LineAction]) -> dict[str, NDArray[Any]]:
        """What an agent sees: A = 64 candidates, E = 5 examples, V = 12 variables, W = 16 numbers a value.

        ``state`` [L], ``candidates`` [A * L]: tokens; the target's values and the lines so far, and of each candidate
        the line and its values. ``variables`` [V * E * W], ``target`` [E * W], ``values`` [A * E * W]: see
        :mod:`reasoning_envs.domains.code.observations`. ``operation`` [A]: 1 + the number of the candidate's kind of
        line, 255 to submit. ``arguments`` [A * 3]: 1 + the number of a variable, parameters first; -1 - the number of a
        constant of the grammar; 0 where there is none. ``action_mask`` [A].
        """
        return self._view.observe(self.space(state.spec), state, actions)

    def tokens(self, state: LinesState) -> bytes:
        """The lines, the values of the newest variable, and the target's, as far as they fit."""
        return self._view.tokens(self.space(state.spec), state)
