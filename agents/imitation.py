"""``python -m agents.imitation``: a policy learns to write or to mend programs from what their proposer knows.

The proposer of the code environments composes its problems, so that it knows how they are solved: these are its lessons
(:mod:`agents.line_lessons`, :mod:`agents.repair_lessons`). No data but its own programs are used. A policy that has
learned them is one to start self-play from (``python -m agents.self_play --start``), or to search with.

Lessons are of the training split alone, and progress is looked at on the validation split: whoever tries settings looks
at those problems and never at the test split's.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Protocol

import gymnasium as gym
import numpy as np
import torch

import reasoning_envs  # noqa: F401 - registers the environments
from agents.actors import quiet
from agents.expert_iteration import Decisions, Learner, LearningConfig
from agents.line_features import LineFeaturiser
from agents.line_lessons import LineLessons
from agents.options import check_settings, json_object, names_in, parse_run
from agents.policies import CandidatePolicy, PolicyConfig, PolicyError, read_checkpoint
from agents.proposer import draw_distinct
from agents.repair_features import RepairFeaturiser
from agents.repair_lessons import RepairLessons
from agents.run_folder import DamagedRunError, Metrics, RunFolder, write_whole
from agents.search import solve_each
from reasoning_envs.domains.protocol import MoveDomain
from reasoning_envs.domains.repair import RepairDomain
from reasoning_envs.domains.synthesis import SynthesisDomain
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.problems import split_of
from reasoning_envs.types import Problem

__all__ = ["Config", "Imitation", "lessons_of", "main"]

MAY_CHANGE = ("draws", "check_every", "replay", "updates_per_decision")
"""What may differ when a run goes on."""

_VALIDATION_DRAWS = 500
"""For each problem of the validation wanted, at most: small levels have few."""


@dataclass(frozen=True)
class Config:
    """What a run is started with; every field is an option of the command line."""

    env: Annotated[str, "CodeLines or CodeRepair"] = "reasoning_envs/CodeLines-v0"
    env_kwargs: Annotated[str, "further keywords of gymnasium.make as JSON"] = '{"max_actions": 512}'
    levels: Annotated[str, "of one grammar, with commas"] = "small-2,small-3"
    draws: Annotated[int, "of lessons; each is some hundred decisions; more when a run goes on"] = 300
    seed: Annotated[int, "of weights and draws"] = 0
    updates_per_decision: Annotated[float, "gradient steps for each decision drawn"] = 0.08
    batch: Annotated[int, "decisions a gradient step"] = 128
    learning_rate: Annotated[float, "of Adam; it falls to a twentieth over the second half"] = 0.002
    replay: Annotated[int, "decisions remembered"] = 60_000
    value_weight: Annotated[float, "of the value's loss beside the policy's"] = 0.1
    left_out: Annotated[float, "share of a candidate's features left out at random in each gradient step"] = 0.3
    width: Annotated[int, "of the embedding"] = 64
    hidden: Annotated[int, "units of the layers above it"] = 64
    layers: Annotated[int, "above the embedding"] = 2
    check_every: Annotated[int, "draws between looks at the validation and checkpoints"] = 50
    check_problems: Annotated[int, "of the validation, a level"] = 40

    def __post_init__(self) -> None:
        check_settings(self, shares=("left_out",))
        if not self.level_names:
            raise ValueError("levels must name a level")

    @property
    def more_kwargs(self) -> dict[str, Any]:
        """``env_kwargs`` as a dict."""
        return json_object(self.env_kwargs, "env_kwargs")

    @property
    def level_names(self) -> tuple[str, ...]:
        """``levels`` one by one."""
        return names_in(self.levels)


class Lessons(Protocol):
    """Draws decisions with what is known to be good."""

    def draw(self, rng: np.random.Generator) -> Decisions:
        """Some decisions, or none."""


def lessons_of(policy: CandidatePolicy, levels: Sequence[str]) -> Lessons:
    """The lessons of a policy's domain.

    Raises:
        ValueError: its proposer gives none, or there is no such level.
    """
    domain, featuriser = policy.domain, policy.featuriser
    if isinstance(domain, SynthesisDomain) and isinstance(featuriser, LineFeaturiser):
        return LineLessons(domain, levels, featuriser, _allowed)
    if isinstance(domain, RepairDomain) and isinstance(featuriser, RepairFeaturiser):
        return RepairLessons(domain, levels, featuriser, _allowed)
    raise ValueError(f"the proposer of {domain.name!r} gives no lessons: those of 'synthesis' and 'repair' do")


def _allowed(key: str) -> bool:
    return split_of(key) == "train"


class Imitation:
    """One run.

    Args:
        config: of the run.
        folder: of the run. Where it holds a checkpoint, the run goes on from there.

    Attributes:
        policy: that learns. drawn: lessons so far. seconds: of processor time, looks at the validation left out.
    """

    def __init__(self, config: Config, folder: RunFolder) -> None:
        quiet()
        self.config = config
        self.folder = folder
        env = gym.make(config.env, **config.more_kwargs).unwrapped
        assert isinstance(env, ReasoningEnv)
        domain = env.domain
        if not isinstance(domain, MoveDomain):
            raise ValueError(f"{config.env} has no moves: an environment of code with the moves interface is needed")
        self.policy = CandidatePolicy(
            domain, PolicyConfig(config.width, config.hidden, config.layers), seed=config.seed
        )
        self.lessons = lessons_of(self.policy, config.level_names)
        learning = LearningConfig(
            config.batch, config.learning_rate, config.replay, config.value_weight, left_out=config.left_out
        )
        self.learner = Learner(self.policy, learning, seed=config.seed)
        self.rng = np.random.default_rng([config.seed, 1])
        self.drawn = 0
        self.decisions = 0
        self.seconds = 0.0
        self._due = 0.0
        self._losses = {"policy_loss": 0.0, "value_loss": 0.0, "accuracy": 0.0}
        self._validation = self._problems(domain)
        if folder.checkpoint.exists():
            self._restore()

    def run(self, say: Callable[[str], object]) -> None:
        """Draw what is left to be drawn and learn from it; ``say`` hears how it goes."""
        config = self.config
        with closing(Metrics(self.folder, resume_from=self.drawn or None)) as metrics:
            while self.drawn < config.draws:
                losses = self._learn()
                if self.drawn % config.check_every == 0 or self.drawn == config.draws:
                    shares = self.check()
                    metrics.log(self.drawn, {f"validation/{level}": share for level, share in shares.items()} | losses)
                    self._save()
                    told = ", ".join(f"{level} {share:.2f}" for level, share in shares.items())
                    say(
                        f"{self.drawn:>5} draws {self.decisions:>8,} decisions {self.seconds:>6.0f} CPU-s "
                        f"loss {losses['policy_loss']:.3f}  validation, greedy: {told}"
                    )

    def _learn(self) -> dict[str, float]:
        """One lesson, and the updates that are due after it; gives the losses of the last ones."""
        config = self.config
        began = time.process_time()
        found = self.lessons.draw(self.rng)
        self.drawn += 1
        self.decisions += len(found)
        self.learner.replay.add(f"draw-{self.drawn:06}", found)
        self._due += config.updates_per_decision * len(found)
        self.learner.learning_rate = config.learning_rate * min(1.0, 0.05 + 1.9 * (1 - self.drawn / config.draws))
        due, self._due = int(self._due), self._due % 1
        if due:
            self._losses = self.learner.update(due)
        self.seconds += time.process_time() - began
        return self._losses

    def check(self) -> dict[str, float]:
        """Greedy success on the validation by level, in [0, 1]."""
        found: dict[str, list[bool]] = {}
        for number, result in solve_each(self.policy.domain, self._validation, "greedy", self.policy):
            found.setdefault(str(self._validation[number].level), []).append(result.outcome.success)
        return {level: float(np.mean(found[level])) for level in sorted(found)}

    def _problems(self, domain: MoveDomain) -> list[Problem]:
        rng = np.random.default_rng(20_001)
        drawn = [
            draw_distinct(domain, level, self.config.check_problems, rng, "validation", tries=_VALIDATION_DRAWS)
            for level in self.config.level_names
        ]
        return [problem for found in drawn for problem in found]

    def _save(self) -> None:
        segments = self.folder.path / "replay"
        self.learner.replay.save(segments)
        state = {
            "policy": self.policy.state(),
            "learner": self.learner.state(),
            "rng": self.rng.bit_generator.state,
            "drawn": self.drawn,
            "decisions": self.decisions,
            "seconds": self.seconds,
            "due": self._due,
        }
        write_whole(self.folder.checkpoint, lambda draft: torch.save(state, draft))
        self.learner.replay.prune(segments)

    def _restore(self) -> None:
        file = self.folder.checkpoint
        state = read_checkpoint(file)
        policy = CandidatePolicy.from_state(state["policy"], self.policy.domain, source=str(file))
        self.policy.network.load_state_dict(policy.network.state_dict())
        self.learner.restore(state["learner"], self.folder.path / "replay")
        self.rng.bit_generator.state = state["rng"]
        self.drawn, self.decisions = state["drawn"], state["decisions"]
        self.seconds, self._due = state["seconds"], state["due"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code is 0, or 2 for a wrong request."""
    parser = argparse.ArgumentParser(
        prog="python -m agents.imitation",
        description="Train a policy on the lessons of the proposer of a code environment.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    try:
        config, path, resume = parse_run(parser, Config, arguments, name="lessons", may_change=MAY_CHANGE)
        run = Imitation(config, RunFolder(path, asdict(config), resume=resume, may_change=MAY_CHANGE))
    except (ValueError, OSError, DamagedRunError, PolicyError, gym.error.Error) as error:
        print(f"imitation: {error}", file=sys.stderr)
        return 2
    run.run(lambda line: print(line, flush=True))
    print(f"the policy: {run.folder.checkpoint}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
