"""The game of proposer and solver, iteration by iteration, with a checkpoint after each.

In an iteration the proposer draws problems, the solver searches them while the learner trains on what was found before,
and both are told how it went: the solver by the verified outcome alone, the proposer by how much there was to learn.
How much is done in an iteration depends on counts and never on the clock: a run that was killed and resumed is the same
run, and the clock only says how many iterations there are.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np
import torch

from agents.actors import Crew, Job, Record, Report, quiet, weights_of
from agents.expert_iteration import Learner, LearningConfig
from agents.policies import CandidatePolicy, PolicyConfig, PolicyError, read_checkpoint
from agents.proposer import Proposal, Proposer, ProposerConfig, draw_distinct
from agents.run_folder import Metrics, RunFolder, damaged, write_whole
from agents.search import METHODS, SEARCH, Limits, Method
from agents.self_play_config import Config
from agents.tree import Outcome
from reasoning_envs.types import Problem, Trace

__all__ = ["Iteration", "ProposerSolver", "family_of"]


def family_of(level: str) -> str:
    """The name of a level without its number: ``"linear"`` of ``"linear-2"``."""
    family, dash, number = level.rpartition("-")
    return family if dash and number.isdigit() else level


@dataclass(frozen=True, slots=True)
class Iteration:
    """What an iteration came to.

    Attributes:
        number: from 1. seconds: of the whole run, by the clock, played so far.
        processor: seconds of the whole run, of all its processes together.
        left: share of the play that is still to be played, in [0, 1].
        solved: share of the problems solved by search, in [0, 1]. direct: share that the policy solved without one.
        learnability: mean of 4p(1 - p) over the problems proposed: the proposer's reward, in [0, 1].
        hardest: the level with the most to learn now. success: the solver's rate there, in [0, 1].
        rate: states expanded a second. waited: share of the time in which the learner waited for the search, in [0, 1].
        validation: greedy success on validation problems by family, in [0, 1]; empty where nobody looked.
        losses: of the learner, by name.
    """

    number: int
    seconds: float
    processor: float
    left: float
    solved: float
    direct: float
    learnability: float
    hardest: str
    success: float
    rate: float
    waited: float
    validation: Mapping[str, float]
    losses: Mapping[str, float]


_OF_A_CHECKPOINT = frozenset(
    ("learner", "proposer", "iteration", "seconds", "processor", "episodes", "unscored", "trace_bytes")
)


class ProposerSolver:
    """The loop of self-play. Use it as a context manager: it owns processes and files.

    Args:
        config: of the run.
        folder: of the run. Where it holds a checkpoint, the run goes on from there.

    Raises:
        DamagedRunError: a file of the run cannot be gone on from.
        PolicyError: the policy in it was trained by another release.

    Attributes:
        crew: the processes that search. policy: the solver's.
        iteration, seconds: finished, and played so far; processor: seconds of all processes together.
    """

    def __init__(self, config: Config, folder: RunFolder) -> None:
        quiet()
        self.config = config
        self.folder = folder
        sizes = PolicyConfig(config.width, config.hidden, config.layers)
        self.crew = Crew(config.env, config.more_kwargs, sizes, config.actors, config.guide)
        self.domain = self.crew.worker.recorder.domain
        self.policy = CandidatePolicy(self.domain, sizes, seed=config.seed)
        learning = LearningConfig(config.batch, config.learning_rate, config.replay, config.value_weight)
        self.learner = Learner(self.policy, learning, seed=config.seed)
        proposing = ProposerConfig(config.level_names, scramble_share=config.scramble_share, decay=config.decay)
        self.proposer = Proposer(self.domain, proposing, seed=config.seed + 1)
        self.iteration = 0
        self.seconds = 0.0
        self.processor = 0.0
        self.episodes = 0
        self.unscored = 0
        self._updates_due = 0
        self._trace_bytes = 0
        self._check = self._check_problems()
        if folder.checkpoint.exists():
            self._restore()
        else:
            self.learner.replay.prune(self._segments)  # of an iteration that was not finished
            if config.start:
                self._begin_with(config.start)
        folder.rewind_traces(self._trace_bytes)
        self.metrics = Metrics(folder, resume_from=self.iteration if self.iteration else None)

    def close(self) -> None:
        """End the actors and close the files."""
        self.crew.close()
        self.metrics.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ------------------------------------------------------------------------------------------------------- playing

    @property
    def left(self) -> float:
        """The share of the play that is still to be played, in [0, 1]; something is, before the first iteration."""
        whole = self.config.iterations or self.config.minutes * 60
        if not self.iteration or not whole:
            return 0.0 if self.iteration else 1.0
        return max(0.0, 1.0 - (self.iteration if self.config.iterations else self.seconds) / whole)

    def iterate(self) -> Iteration:
        """Play one iteration and write the checkpoint."""
        began, processor = time.monotonic(), time.process_time()
        config = self.config
        weights = weights_of(self.policy)
        number = self.iteration + 1
        proposals = self.proposer.propose(config.problems)
        problems = tuple(proposal.problem for proposal in proposals)
        chances = self.proposer.chances
        reward = float(self.proposer.learnability[[proposal.arm for proposal in proposals]].mean())
        search = Method("best-first", SEARCH, Limits(config.expansions, config.steps))
        jobs = [Job(problems, search, weights, learn=True)]
        if config.attempts:
            tried = problems[: config.attempts]
            record = tuple(range(len(tried)))
            jobs.append(Job(tried, METHODS["random"], weights, seed=config.seed * 1_000_003 + number, record=record))
        looked = bool(self._check) and number % config.check_every == 0
        if looked:
            jobs.append(Job(self._check, METHODS["greedy"], weights))
        self.crew.begin(jobs)
        losses = self._learn()
        learned = time.monotonic()
        reports = self.crew.finish()
        waited = time.monotonic() - learned
        self.proposer.learn([proposal.arm for proposal in proposals], [record.direct for record in reports[0].records])
        expanded = self._take_in(number, reports)
        self._append_traces([trace for report in reports[1:2] if config.attempts for trace in report.traces])
        took = time.monotonic() - began
        self.iteration = number
        self.seconds += took
        self.processor += time.process_time() - processor
        if self.crew.actors:  # without them, the searches were done by this process
            self.processor += sum(report.seconds for report in reports)
        result = self._iteration(reports, losses, reward, expanded / took, waited / took, looked)
        self._log(result, proposals, reports[0].records, chances)
        self._save()
        return result

    def _learn(self) -> dict[str, float]:
        if not len(self.learner.replay):
            return {}
        return self.learner.update(self._updates_due)

    def _take_in(self, number: int, reports: Sequence[Report]) -> int:
        found = reports[0]
        if found.decisions is not None:
            self.learner.replay.add(f"{number:07d}", found.decisions)
        searched = sum(record.expansions for record in found.records)
        self._updates_due = max(1, round(searched * self.config.updates_per_expansion))
        self.episodes += sum(len(report.records) for report in reports[:2])
        self.unscored += sum(record.outcome is Outcome.UNSCORED for report in reports[:2] for record in report.records)
        return sum(record.expansions for report in reports for record in report.records)

    def _iteration(
        self,
        reports: Sequence[Report],
        losses: Mapping[str, float],
        reward: float,
        rate: float,
        waited: float,
        looked: bool,
    ) -> Iteration:
        records = reports[0].records
        most = int(np.argmax(self.proposer.learnability * (self.proposer.trials > 0)))
        return Iteration(
            number=self.iteration,
            seconds=self.seconds,
            processor=self.processor,
            left=self.left,
            solved=float(np.mean([record.outcome.success for record in records])),
            direct=float(np.mean([record.direct for record in records])),
            learnability=reward,
            hardest=self.proposer.arms[most].level,
            success=float(self.proposer.success[most]),
            rate=rate,
            waited=waited,
            validation=_by_family(self._check, reports[-1].records) if looked else {},
            losses=losses,
        )

    def _check_problems(self) -> tuple[Problem, ...]:
        """Validation problems for a look at how the solver does, the same in every run."""
        rng = np.random.default_rng(20_000)
        count = self.config.check_problems
        levels = self.config.level_names or tuple(self.domain.levels)
        return tuple(
            problem for level in levels for problem in draw_distinct(self.domain, level, count, rng, "validation")
        )

    # ------------------------------------------------------------------------------------------------------ recording

    def _append_traces(self, traces: Sequence[Trace]) -> None:
        lines = "".join(trace.to_json() + "\n" for trace in traces).encode("utf-8", "backslashreplace")
        with self.folder.traces.open("ab") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        self._trace_bytes += len(lines)

    def _log(
        self,
        result: Iteration,
        proposals: Sequence[Proposal],
        records: Sequence[Record],
        chances: np.ndarray[Any, np.dtype[np.float64]],
    ) -> None:
        proposed = tuple(proposal.problem for proposal in proposals)
        scalars = {f"solve_rate/{name}": share for name, share in _by_family(proposed, records).items()}
        scalars |= {f"validation/{name}": share for name, share in result.validation.items()}
        for arm, learnability, chance in zip(self.proposer.arms, self.proposer.learnability, chances, strict=True):
            scalars[f"learnability/{arm.level}"] = float(learnability) / 4
            scalars[f"drawn/{arm.level}"] = float(chance)
        for kind in ("template", "scrambled"):
            arms = [p.arm for p in proposals if (self.proposer.arms[p.arm].depth > 0) == (kind == "scrambled")]
            if arms:
                scalars[f"proposer_reward/{kind}"] = float(self.proposer.learnability[arms].mean())
        scalars |= {f"learner/{name}": value for name, value in result.losses.items()}
        scalars |= {
            "play/solved": result.solved,
            "play/direct": result.direct,
            "play/expansions": float(np.mean([record.expansions for record in records])),
            "play/replay": float(len(self.learner.replay)),
            "play/updates": float(self.learner.updates),
            "speed/expansions_per_second": result.rate,
            "speed/waited": result.waited,
            "speed/processor_minutes": result.processor / 60,
        }
        self.metrics.log(result.number, scalars)

    # ----------------------------------------------------------------------------------------------------- checkpoint

    @property
    def _segments(self) -> Any:
        return self.folder.path / "replay"

    def _save(self) -> None:
        """Everything that an iteration changed; whoever is killed here has the iteration or the one before it."""
        self.learner.replay.save(self._segments)
        state = {
            "policy": self.policy.state(),
            "learner": self.learner.state(),
            "proposer": self.proposer.state(),
            "iteration": self.iteration,
            "seconds": self.seconds,
            "processor": self.processor,
            "episodes": self.episodes,
            "unscored": self.unscored,
            "updates_due": self._updates_due,
            "trace_bytes": self._trace_bytes,
        }
        write_whole(self.folder.checkpoint, lambda draft: torch.save(state, draft))
        self.learner.replay.prune(self._segments)

    def _begin_with(self, path: str) -> None:
        """Take over the weights of a policy that was trained already."""
        found = CandidatePolicy.load(path, self.domain)
        if found.config != self.policy.config:
            self.crew.close()
            raise PolicyError(f"{path} has the sizes {found.config}, and the run is of {self.policy.config}")
        self.policy.network.load_state_dict(found.network.state_dict())

    def _restore(self) -> None:
        file = self.folder.checkpoint
        try:
            state = read_checkpoint(file)
        except PolicyError as error:
            raise damaged(file, str(error).removeprefix(f"{file} ")) from error
        if not state.keys() >= _OF_A_CHECKPOINT:
            raise damaged(file, "holds a policy alone, not where the run was")
        self.policy.network.load_state_dict(
            CandidatePolicy.from_state(state["policy"], self.domain, source=str(file)).network.state_dict()
        )
        self.learner.restore(state["learner"], self._segments)
        self.proposer.restore(state["proposer"])
        self.iteration = state["iteration"]
        self.seconds = state["seconds"]
        self.processor = state["processor"]
        self.episodes = state["episodes"]
        self.unscored = state["unscored"]
        self._updates_due = state["updates_due"]
        self._trace_bytes = state["trace_bytes"]


def _by_family(problems: Sequence[Problem], records: Sequence[Record]) -> dict[str, float]:
    """Success by family, in [0, 1]; what nobody could judge is left out."""
    outcomes: dict[str, list[bool]] = {}
    for problem, record in zip(problems, records, strict=True):
        if record.outcome is not Outcome.UNSCORED:
            outcomes.setdefault(family_of(problem.level or ""), []).append(record.outcome.success)
    return {name: float(np.mean(found)) for name, found in outcomes.items()}
