"""The conformance kit: what keeps its promises passes, and each broken promise is found and named."""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from reasoning_envs.domains.protocol import Domain, InputError
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.rewards.protocol import PRMError, ProcessRewardModel, Scorer
from reasoning_envs.testing import check_domain, check_prm, check_verifier, random_traces
from reasoning_envs.types import Problem, Relation, Status, Step, StepScore, Trace, Verdict
from tests.reasoning_envs.toy_domain import READY, Move, Sum, ToyDomain, ToyVerifier, judge, read

TOY = "tests.reasoning_envs.toy_domain:ToyDomain"


# -- domains ------------------------------------------------------------------------------------------------------


def test_a_sound_domain_passes_by_name_and_as_an_object() -> None:
    check_domain(TOY, rewrites=lambda answer: (f"{answer}", f"\n{answer} "))
    check_domain(TOY, domain_kwargs={"max_actions": 6}, seeds=range(2))
    check_domain(READY, seeds=[9])


def lenient(before: Sum, after: Sum) -> Verdict:
    return Verdict(Status.VERIFIED, Relation.EQUIVALENT, "fine", "certificate", True)


class NoLevels(ToyDomain):
    levels = ()


class TwiceNamed(ToyDomain):
    levels = ("two", "two")


class AnyLevel(ToyDomain):
    def sample(self, rng: np.random.Generator, level: str | None = None) -> Problem:
        return super().sample(rng, level if level in self.levels else None)


class SilentLevel(ToyDomain):
    def sample(self, rng: np.random.Generator, level: str | None = None) -> Problem:
        if level not in self.levels:
            raise ValueError("no")
        return super().sample(rng, level)


class Irreproducible(ToyDomain):
    count = 0

    def sample(self, rng: np.random.Generator, level: str | None = None) -> Problem:
        type(self).count += 1
        rng.random(type(self).count)
        return super().sample(rng, level)


class WrongGold(ToyDomain):
    def sample(self, rng: np.random.Generator, level: str | None = None) -> Problem:
        problem = super().sample(rng, level)
        return Problem(problem.id, self.name, problem.prompt, problem.statement, f"{problem.answer}1", level)


class Unlevelled(ToyDomain):
    def sample(self, rng: np.random.Generator, level: str | None = None) -> Problem:
        problem = super().sample(rng, level)
        return Problem(problem.id, self.name, problem.prompt, problem.statement, problem.answer)


class Solved(ToyDomain):
    def sample(self, rng: np.random.Generator, level: str | None = None) -> Problem:
        problem = super().sample(rng, level)
        return Problem("p", self.name, problem.prompt, str(problem.answer), problem.answer, level)


class Restless(ToyDomain):
    count = 0

    def actions(self, state: Sum) -> Sequence[Move]:
        type(self).count += 1
        moves = super().actions(state)
        return moves[::-1] if type(self).count % 2 else moves


class Crowded(ToyDomain):
    max_actions = 1

    def __init__(self) -> None:
        super().__init__(1)

    def actions(self, state: Sum) -> Sequence[Move]:
        return [Move("work out", move.state, state) for move in ToyDomain().actions(state)]


class TooLong(ToyDomain):
    max_tokens = 4


class Padded(ToyDomain):
    def tokens(self, state: Sum) -> bytes:
        return super().tokens(state) + b"\0"


class Certified(Move):
    __slots__ = ()

    @property
    def verdict(self) -> Verdict:
        return lenient(self.before, self.state)


class FalseCertificates(ToyDomain):
    def actions(self, state: Sum) -> Sequence[Move]:
        return [Certified(*move) for move in super().actions(state)]


class Elsewhere(ToyDomain):
    def apply(self, state: Sum, action: Sum | Move) -> Sum:
        return action if isinstance(action, Sum) else state


class BusyAtTheEnd(ToyDomain):
    def actions(self, state: Sum) -> Sequence[Move]:
        return super().actions(state) or [Move("stay", state, state)]


class Harmless(ToyDomain):
    def corrupt(self, state: Sum, rng: np.random.Generator) -> tuple[Sum, str]:
        return state, "slip"


class Nameless(ToyDomain):
    def corrupt(self, state: Sum, rng: np.random.Generator) -> tuple[Sum, str]:
        return super().corrupt(state, rng)[0], ""


class Unspoilt(ToyDomain):
    def corrupt(self, state: Sum, rng: np.random.Generator) -> tuple[Sum, str]:
        raise ValueError("nothing to spoil")


class Fragile(ToyDomain):
    def problem(self, statement: str) -> Problem:
        try:
            return super().problem(statement)
        except InputError as error:
            raise InputError(Verdict(Status.ERROR, reason="oops")) from error


class Speechless(ToyDomain):
    def parse(self, state: Sum, text: str) -> Sum:
        try:
            return super().parse(state, text)
        except InputError as error:
            raise InputError(Verdict(Status.UNPARSED)) from error


class Resentful(ToyDomain):
    angry = False

    def parse(self, state: Sum, text: str) -> Sum:
        if self.angry:
            raise InputError(Verdict(Status.UNPARSED, reason="still angry"))
        self.angry = "import" in text
        return super().parse(state, text)


class Hashed(ToyDomain):
    def canonical_key(self, problem: Problem) -> str:
        return str(hash(problem.statement))


class Forgetful(ToyDomain):
    def text(self, state: Sum) -> str:
        return ""


class Unequal(ToyDomain):
    def problem(self, statement: str) -> Problem:
        return super().problem(statement.replace("1", "2"))


class EmptyGroup(ToyDomain):
    def __init__(self) -> None:
        super().__init__(6)

    def actions(self, state: Sum) -> Sequence[Move]:
        return () if state.group is not None else super().actions(state)


BROKEN: list[tuple[type[ToyDomain], str]] = [
    (NoLevels, "levels is empty"),
    (TwiceNamed, "a level is named twice"),
    (AnyLevel, "took the level 'no such level'"),
    (SilentLevel, "lists none of the known: no"),
    (Irreproducible, "level two, seed 0: two samples differ"),
    (WrongGold, "the gold answer, written .* was refuted"),
    (Unlevelled, "the problem says it is of level None"),
    (Solved, "is an answer from the start"),
    (Restless, "the actions differ when asked for twice"),
    (Crowded, "2 actions, of 1 to 1"),
    (TooLong, r"takes \d+ tokens of 4"),
    (Padded, "contains the token 0, which pads"),
    (FalseCertificates, r"its certificate is verified \(fine\), the verifier's verdict refuted"),
    (Elsewhere, "apply leads elsewhere"),
    (BusyAtTheEnd, "1 actions in a final state"),
    (Harmless, r"corrupted to .* \(slip\) was verified"),
    (Nameless, "the kind of error has no name"),
    (Unspoilt, "corrupt spoiled none of 15 problems"),
    (Fragile, "is refused as error"),
    (Speechless, "is refused without a reason"),
    (Forgetful, "text is empty or no single line"),
    (Unequal, "read as anybody's text starts at"),
    (EmptyGroup, "the group is empty"),
]


@pytest.mark.parametrize(("kind", "message"), BROKEN, ids=[kind.__name__ for kind, _ in BROKEN])
def test_a_broken_promise_of_a_domain_is_named(kind: type[ToyDomain], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_domain(kind())


def test_harm_done_by_a_hostile_text_is_found() -> None:
    with pytest.raises(AssertionError, match="changes how the next text is read"):
        check_domain(Resentful())


def test_a_dependence_on_the_hash_seed_is_found_by_name() -> None:
    with pytest.raises(AssertionError, match="differ in another process"):
        check_domain("tests.reasoning_envs.test_testing_kit:Hashed")


def test_what_is_no_domain_is_refused() -> None:
    with pytest.raises(TypeError, match="is no domain"):
        check_domain("json:dumps", domain_kwargs={"obj": 1})
    assert isinstance(READY, Domain)


# -- verifiers ----------------------------------------------------------------------------------------------------

PROBLEMS = [READY.problem("3 + 4 * 2"), READY.problem("1 + 1")]


def test_a_sound_verifier_passes() -> None:
    check_verifier(ToyVerifier(), PROBLEMS)
    check_verifier("tests.reasoning_envs.toy_domain:ToyVerifier", PROBLEMS)


class Broken(ToyVerifier):
    """Puts a fault in place of some verdicts."""

    def __init__(self, fault: Callable[[str, Sequence[Step], Verdict], Any]) -> None:
        self.fault = fault

    def step(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        found: Verdict = self.fault("step", steps, super().step(problem, steps))
        return found

    def outcome(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        found: Verdict = self.fault("outcome", steps, super().outcome(problem, steps))
        return found


REFUTED = Verdict(Status.REFUTED, reason="no")
RIGHT = Verdict(Status.VERIFIED)
NUMBERS = itertools.count()


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (lambda name, steps, verdict: REFUTED if name == "step" else verdict, "a line repeated is a right step"),
        (lambda name, steps, verdict: REFUTED if name == "outcome" else verdict, "the gold answer '11' .* refuted"),
        (lambda name, steps, verdict: REFUTED if len(steps) > 1 else verdict, "how '11' was reached changes"),
        (lambda name, steps, verdict: True, "gave True, no Verdict"),
        (lambda name, steps, verdict: Verdict(Status.VERIFIED, reason=str(next(NUMBERS))), "differs when asked twice"),
        (
            lambda name, steps, verdict: verdict if verdict.scored and verdict.reason[:4] != "expe" else RIGHT,
            "is nothing",
        ),
    ],
)
def test_a_broken_promise_of_a_verifier_is_named(
    fault: Callable[[str, Sequence[Step], Verdict], Any], message: str
) -> None:
    with pytest.raises(AssertionError, match=message):
        check_verifier(Broken(fault), PROBLEMS)


def test_a_verifier_that_holds_a_grudge_is_found() -> None:
    seen: list[bool] = []

    def grudge(name: str, steps: Sequence[Step], verdict: Verdict) -> Verdict:
        seen.append("import" in steps[-1].text)
        return REFUTED if any(seen) and verdict.verified else verdict

    with pytest.raises(AssertionError, match="the next right line is not verified any more"):
        check_verifier(Broken(grudge), PROBLEMS)


# -- PRMs ---------------------------------------------------------------------------------------------------------


def value_of(problem: Problem, text: str) -> float:
    """1 where the line still has the right value."""
    try:
        return float(judge(read(problem.statement), read(text)).verified)
    except InputError:
        return 0.0


class Honest(ProcessRewardModel):
    """Knows the answer. Every fault of the subclasses below is one change to it."""

    name = "honest"
    shift = 0.0

    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        return [[self.one(trace, step, traces) for step in trace.steps] for trace in traces]

    def one(self, trace: Trace, step: Step, batch: Sequence[Trace]) -> StepScore:
        return StepScore(0.9 * value_of(trace.problem, step.text) + self.shift, "checked")


class Saved(Honest):
    def save(self, path: Any) -> None:
        Path(path).write_text(str(self.shift))

    @classmethod
    def load(cls, path: Any) -> Self:
        loaded = cls()
        loaded.shift = float(Path(path).read_text())
        return loaded


class BadlySaved(Saved):
    @classmethod
    def load(cls, path: Any) -> Self:
        loaded = super().load(path)
        loaded.shift += 0.05
        return loaded


class OutOfRange(Honest):
    shift = 0.2


class NotANumber(Honest):
    def one(self, trace: Trace, step: Step, batch: Sequence[Trace]) -> StepScore:
        return StepScore(float("nan"))


class Improbable(Honest):
    def one(self, trace: Trace, step: Step, batch: Sequence[Trace]) -> StepScore:
        return StepScore(0.5, p_correct=1.5)


class Moody(Honest):
    count = 0

    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        self.count += len(traces) > 1
        self.shift = 0.01 * (self.count > 1)
        return super().score(traces)


class Crowd(Honest):
    def one(self, trace: Trace, step: Step, batch: Sequence[Trace]) -> StepScore:
        return StepScore(1 / (1 + len(batch)))


class Short(Honest):
    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        return [scores[1:] for scores in super().score(traces)]


class Missing(Honest):
    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        return super().score(traces)[1:]


class Never(Scorer):
    initial = StepScore(0.5)

    def step(self, step: Step, state: Any) -> StepScore:
        return StepScore(0.125)


class Otherwise(Honest):
    def begin(self, problem: Problem, state: Any) -> Scorer:
        return Never()


class Lively(Honest):
    """Scores an empty batch."""

    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        return super().score(traces) or [[]]


def world() -> ReasoningEnv:
    return ReasoningEnv(TOY, level="six")


@pytest.mark.parametrize("prm", [Honest(), Saved(), "tests.reasoning_envs.test_testing_kit:Honest"])
def test_a_sound_prm_passes(prm: Any) -> None:
    check_prm(prm, env=world())
    check_prm(prm, env=ReasoningEnv(TOY, "text", max_steps=4))
    check_prm(prm, env=world(), traces=random_traces(world(), 2, seed=8))


@pytest.mark.parametrize(
    ("prm", "message"),
    [
        (OutOfRange(), r"honest, trace \d, step \d: value is 1\.\d+, not in \[0.0, 1.0\]"),
        (NotANumber(), "value is nan"),
        (Improbable(), "p_correct is 1.5"),
        (Moody(), "scored again, in another order, it differs"),
        (Crowd(), "alone it scores other than in a batch"),
        (Short(), r"trace 0: \d scores for \d steps"),
        (Missing(), "5 lists of scores for 6 traces"),
        (Otherwise(), "begin/step scores other than score"),
        (BadlySaved(), "saved and loaded it scores differently"),
        (Lively(), r"score\(\[\]\) is not \[\]"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_broken_promise_of_a_prm_is_named(prm: ProcessRewardModel, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_prm(prm, env=world())


def test_a_prm_with_nothing_to_save_says_so() -> None:
    with pytest.raises(PRMError, match="holds nothing to save"):
        Honest().save("nowhere")
