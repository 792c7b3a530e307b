"""``python -m agents.gumbel``: Gumbel-AlphaZero, on any environment with moves.

Episodes are played by :func:`agents.gumbel_search.gumbel_episode`, on problems whose levels a curriculum chooses by
learnability. The policy learns the improved policy of each decision by cross-entropy, the value of the state that was
entered whether the episode ended right. Everything is checkpointed after each iteration; ``--resume`` goes on from
there, with the same curves, after Ctrl-C as after a kill.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, NamedTuple

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray

import reasoning_envs  # noqa: F401 - registers the environments
from agents.actors import quiet
from agents.features import Encoded
from agents.options import check_settings, names_in, parse_run
from agents.policies import CandidatePolicy, PolicyConfig, PolicyError, batch, padded_log_softmax, read_checkpoint
from agents.proposer import draw_distinct
from agents.run_folder import DamagedRunError, Metrics, RunFolder, write_whole
from agents.search import METHODS, Limits, Method, solve, solve_each
from agents.tree import Outcome, SearchResult
from reasoning_envs.curriculum import LevelCurriculum
from reasoning_envs.curriculum.history import History
from reasoning_envs.domains.protocol import MoveDomain
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.problems import ProblemSource
from reasoning_envs.types import Problem

__all__ = ["Config", "GumbelZero", "Target", "main", "targets"]

MAY_CHANGE = ("iterations",)


@dataclass(frozen=True)
class Config:
    """What a run is started with; every field is an option of the command line."""

    iterations: Annotated[int, "in all; a resumed run goes on up to this number"] = 60
    seed: Annotated[int, "of weights, problems and draws"] = 0
    env: Annotated[str, "id of the environment, with the moves interface"] = "reasoning_envs/Algebra-v0"
    levels: Annotated[str, "to learn, with commas; empty: all of the domain"] = "linear-1,brackets-1"
    problems: Annotated[int, "played in an iteration"] = 48
    simulations: Annotated[int, "of the search for each decision"] = 16
    steps: Annotated[int, "of an episode, at most"] = 20
    expansions: Annotated[int, "of an episode, at most: states whose candidates are generated"] = 300
    updates: Annotated[int, "gradient steps in an iteration"] = 24
    batch: Annotated[int, "decisions a gradient step"] = 128
    learning_rate: Annotated[float, "of Adam"] = 0.002
    replay: Annotated[int, "decisions remembered"] = 20_000
    value_weight: Annotated[float, "of the value's loss beside the policy's"] = 0.5
    discount: Annotated[float, "of the value for each decision left to the end, in (0, 1]"] = 0.97
    width: Annotated[int, "of the embedding"] = 64
    hidden: Annotated[int, "units of the layer above it"] = 64
    check_every: Annotated[int, "iterations between looks at validation problems"] = 5
    check_problems: Annotated[int, "validation problems a level in such a look"] = 20

    def __post_init__(self) -> None:
        check_settings(self, shares=("discount",))
        if not self.discount or not self.learning_rate:
            raise ValueError("discount and learning_rate must be above 0")


class Target(NamedTuple):
    """What one decision teaches.

    Attributes:
        encoded: the candidates. policy: the improved policy over them, ``[n_candidates]``, sums to 1.
        taken: the candidate that was taken. value: of the state behind it, in [0, 1].
    """

    encoded: Encoded
    policy: NDArray[np.float32]
    taken: int
    value: float


def targets(result: SearchResult, discount: float) -> list[Target]:
    """The decisions of an episode of :func:`~agents.gumbel_search.gumbel_episode`, none of one that nobody could judge.

    Raises:
        ValueError: the evaluator kept no features.
    """
    if result.outcome is Outcome.UNSCORED:
        return []
    found = []
    decided = result.path[:-1]
    for left, (node, following) in enumerate(zip(decided[::-1], result.path[:0:-1], strict=True)):
        evaluation = node.evaluation
        if evaluation is None or evaluation.encoded is None:
            raise ValueError("the evaluator kept no features: build the policy with keep_encoded=True")
        value = discount**left if result.outcome.success else 0.0
        policy = np.exp(evaluation.log_probs).astype(np.float32)
        found.append(Target(evaluation.encoded, policy, following.choice, value))
    return found[::-1]


class GumbelZero:
    """One run.

    Args:
        config: of the run.
        folder: of the run. Where it holds a checkpoint, the run goes on from there.

    Raises:
        ValueError: the environment has no such level. TypeError: it offers no moves.
    """

    def __init__(self, config: Config, folder: RunFolder) -> None:
        quiet()
        self.config = config
        self.folder = folder
        base = gym.make(config.env).unwrapped
        if not isinstance(base, ReasoningEnv) or base.interface != "moves":
            raise TypeError(f"{config.env} is no environment of this package with the moves interface")
        assert isinstance(base.domain, MoveDomain)
        self.domain = base.domain
        levels = names_in(config.levels) or tuple(self.domain.levels)
        self.curriculum = LevelCurriculum(levels)
        self.history = History()
        self.source = ProblemSource(self.domain, split="train", level=levels, problems=None, refusal=base.refusal)
        self.policy = CandidatePolicy(
            self.domain, PolicyConfig(config.width, config.hidden), seed=config.seed, keep_encoded=True
        )
        self.optimiser = torch.optim.Adam(self.policy.network.parameters(), lr=config.learning_rate, fused=True)
        self.rng = np.random.default_rng(config.seed)
        self.replay: deque[Target] = deque(maxlen=config.replay)
        self.iteration = 0
        self.expansions = 0
        check = np.random.default_rng(20_000)
        self.check: list[Problem] = [
            problem
            for level in levels
            for problem in draw_distinct(self.domain, level, config.check_problems, check, "validation")
        ]
        if folder.checkpoint.exists():
            self._restore()
        self.metrics = Metrics(folder, resume_from=self.iteration if self.iteration else None)

    def iterate(self) -> dict[str, float]:
        """Play, learn, look, and write the checkpoint; what was logged, by name."""
        config = self.config
        began = time.process_time()
        draws = [self.curriculum.draw(self.rng) for _ in range(config.problems)]
        problems = [self.source.draw(self.rng, draw.level) for draw in draws]
        number = self.iteration + 1
        limits = Limits(config.expansions, config.steps)
        method = Method("gumbel", limits=limits, width=config.simulations)
        seed = int(self.rng.integers(2**31))
        outcomes: dict[int, bool] = {}
        learned: dict[int, list[Target]] = {}
        spent = 0
        for place, result in solve_each(self.domain, problems, method, self.policy, seed=seed):
            outcomes[place] = result.outcome.success
            learned[place] = targets(result, config.discount)
            spent += result.expansions
        for place in range(len(problems)):
            self.replay.extend(learned[place])
            if learned[place]:
                self.curriculum.record(draws[place], problems[place], outcomes[place])
        self.expansions += spent
        scalars = {
            "play/solved": float(np.mean(list(outcomes.values()))),
            "play/expansions": float(self.expansions),
            "play/replay": float(len(self.replay)),
            **self._learn(),
            **{
                f"level/{name}/drawn": float(p)
                for name, p in zip(self.curriculum.levels, self.curriculum.chances, strict=True)
            },
            **{
                f"level/{name}/solved": float(p)
                for name, p in zip(self.curriculum.levels, self.curriculum.success, strict=True)
            },
        }
        if number % config.check_every == 0:
            results = solve(self.domain, self.check, METHODS["greedy"], self.policy)
            scalars["validation/greedy"] = float(np.mean([result.outcome.success for result in results]))
        self.iteration = number
        self.history.note(number, self.curriculum)
        self.metrics.log(number, scalars)
        self._save()
        return {**scalars, "seconds": time.process_time() - began}

    def draw(self) -> None:
        """The picture of the curriculum: how often each level was drawn, and how often it was solved."""
        write_whole(self.folder.curves, lambda draft: draft.write_bytes(self._picture()))

    def _picture(self) -> bytes:
        drawn = io.BytesIO()
        self.history.picture(drawn)
        return drawn.getvalue()

    def _learn(self) -> dict[str, float]:
        if not self.replay:
            return {}
        totals = np.zeros(2)
        for _ in range(self.config.updates):
            places = self.rng.integers(len(self.replay), size=self.config.batch)
            totals += self._step([self.replay[int(place)] for place in places])
        policy_loss, value_loss = (totals / self.config.updates).tolist()
        return {"learner/policy_loss": policy_loss, "learner/value_loss": value_loss}

    def _step(self, drawn: Sequence[Target]) -> NDArray[np.float64]:
        buckets, offsets = batch([target.encoded for target in drawn])
        logits, values = self.policy.network(buckets, offsets)
        counts = np.array([len(target.policy) for target in drawn], dtype=np.int64)
        table, place = padded_log_softmax(logits, counts)
        wanted = torch.from_numpy(np.concatenate([target.policy for target in drawn]))
        chosen = table.reshape(-1)[torch.from_numpy(place)]
        policy_loss = -(wanted * chosen).sum() / len(drawn)
        taken = np.cumsum(counts) - counts + np.array([target.taken for target in drawn])
        value_loss = torch.nn.functional.binary_cross_entropy_with_logits(
            values[torch.from_numpy(taken)], torch.tensor([target.value for target in drawn], dtype=torch.float32)
        )
        loss = policy_loss + self.config.value_weight * value_loss
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        return np.array([float(policy_loss.detach()), float(value_loss.detach())])

    def _save(self) -> None:
        flat = {
            "bags": [target.encoded.bags for target in self.replay],
            "lengths": [list(target.encoded.lengths) for target in self.replay],
            "policies": [torch.from_numpy(target.policy) for target in self.replay],
            "taken": [target.taken for target in self.replay],
            "values": [target.value for target in self.replay],
        }
        state = {
            "policy": self.policy.state(),
            "optimiser": self.optimiser.state_dict(),
            "rng": self.rng.bit_generator.state,
            "curriculum": self.curriculum.state(),
            "history": self.history.rows,
            "iteration": self.iteration,
            "expansions": self.expansions,
            "replay": flat,
        }
        write_whole(self.folder.checkpoint, lambda draft: torch.save(state, draft))

    def _restore(self) -> None:
        file = self.folder.checkpoint
        state: dict[str, Any] = read_checkpoint(file)
        loaded = CandidatePolicy.from_state(state["policy"], self.domain, source=str(file))
        self.policy.network.load_state_dict(loaded.network.state_dict())
        self.optimiser.load_state_dict(state["optimiser"])
        self.rng.bit_generator.state = state["rng"]
        self.curriculum.restore(state["curriculum"])
        self.history = History(state["history"])
        self.iteration = state["iteration"]
        self.expansions = state["expansions"]
        flat = state["replay"]
        rows = zip(*(flat[key] for key in ("bags", "lengths", "policies", "taken", "values")), strict=True)
        self.replay.extend(
            Target(Encoded(bags, tuple(lengths)), policy.numpy(), taken, value)
            for bags, lengths, policy, taken, value in rows
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code is 0, 1 where a part failed, 2 for a wrong request, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m agents.gumbel", formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    try:
        config, path, resume = parse_run(parser, Config, arguments, name="gumbel", may_change=MAY_CHANGE)
        run = GumbelZero(config, RunFolder(path, asdict(config), resume=resume, may_change=MAY_CHANGE))
    except (OSError, ValueError, TypeError, DamagedRunError, PolicyError, gym.error.Error) as error:
        print(f"gumbel: {error}", file=sys.stderr)
        return 2
    try:
        with run.metrics:
            while run.iteration < config.iterations:
                logged = run.iterate()
                look = logged.get("validation/greedy")
                shown = f"{run.iteration:4d}  solved {logged['play/solved']:.2f}  {logged['seconds']:.1f} s"
                print(shown if look is None else f"{shown}  validation {look:.2f}", flush=True)
        run.draw()
        print(f"levels over time: {run.folder.curves}")
    except KeyboardInterrupt:
        print(f"\nstopped; the last finished iteration is in {run.folder.checkpoint}: add --resume", file=sys.stderr)
        return 130
    except OSError as error:
        print(f"gumbel: {error}; the last finished iteration is in {run.folder.checkpoint}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
