"""MaskablePPO of sb3-contrib on the environments of this package, with a sparse or a shaped reward.

    python -m agents.ppo --level linear-1 --steps 20000 --shaping potential --prm oracle

What counts is the true outcome, whatever reward was trained on: it is measured on validation problems while it
learns and on test problems at the end, greedily and by sampling. Episodes that nobody could judge are left out of
training and of every share, and counted.
"""

from __future__ import annotations

import io
import json
import multiprocessing
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, cast

import gymnasium as gym
import numpy as np
import torch as th
from sb3_contrib import MaskablePPO
from stable_baselines3.common.vec_env import DummyVecEnv

from agents.candidate_policy import CandidatePolicy, ScoredRolloutBuffer
from agents.ppo_config import Config, Shaping, make_env, open_prm, parse_arguments
from agents.ppo_evaluation import Point, Watch
from agents.processes import PIPE_ENDED, ProcessEndedError, start_process
from agents.results import ShapingCurve
from agents.run_folder import DamagedRunError, Metrics, RunFolder, write_whole
from reasoning_envs.rewards.protocol import PRMError, ProcessRewardModel

__all__ = ["Config", "Point", "compare_shaping", "main", "train"]


def train(
    config: Config,
    prm: ProcessRewardModel | str | None = None,
    on_point: Callable[[Point, MaskablePPO], None] = lambda point, model: None,
) -> tuple[MaskablePPO, ShapingCurve]:
    """Train one policy.

    Args:
        config: of the run. The same one gives the same policy on the same machine.
        prm: in place of the one that ``config`` names.
        on_point: called after each evaluation, the first of them before training.

    Returns:
        The model, and its curve.

    Raises:
        ValueError, TypeError: the environment or the PRM does not exist or does not fit; the message says which.
        PRMError: the PRM failed at a step. RuntimeError: a whole roll-out of unscored episodes.
    """
    prm = open_prm(config, prm)
    threads = th.get_num_threads()
    th.set_num_threads(config.threads)
    envs = DummyVecEnv([lambda: make_env(config, "train", prm) for _ in range(config.envs)])
    try:
        watch = Watch(config, on_point)
        model = MaskablePPO(
            CandidatePolicy if config.policy == "candidate" else "MultiInputPolicy",
            envs,
            learning_rate=config.learning_rate,
            n_steps=config.rollout,
            batch_size=config.batch,
            n_epochs=config.epochs,
            gamma=config.gamma,
            gae_lambda=config.gae_lambda,
            ent_coef=config.entropy,
            rollout_buffer_class=ScoredRolloutBuffer,
            rollout_buffer_kwargs={"seed": config.seed},
            seed=config.seed,
            device="cpu",
        )
        model.learn(config.steps_taken, callback=watch)
    finally:
        envs.close()
        th.set_num_threads(threads)
    points = watch.points
    greedy, sampled = watch.test
    curve = ShapingCurve(
        name="sparse" if prm is None else f"{config.shaping} ({prm.name})",
        env_id=config.env,
        level=config.level,
        seed=config.seed,
        steps=tuple(point.step for point in points),
        right=tuple(point.greedy.right for point in points),
        scored=tuple(point.greedy.scored for point in points),
        sampled=tuple(point.sampled.right for point in points),
        sampled_scored=tuple(point.sampled.scored for point in points),
        shaped_return=tuple(point.shaped_return for point in points),
        episodes=points[-1].episodes,
        unscored=points[-1].unscored,
        test_right=greedy.right,
        test_scored=greedy.scored,
        test_sampled=sampled.right,
        test_sampled_scored=sampled.scored,
        seconds=points[-1].seconds,
    )
    return model, curve


def compare_shaping(
    prm: ProcessRewardModel | str,
    *,
    env_id: str = "reasoning_envs/Algebra-v0",
    env_kwargs: Mapping[str, Any] | None = None,
    steps: int = 20_000,
    seeds: Sequence[int] = (0,),
    arms: Sequence[Shaping] = ("sparse", "potential"),
    config: Config | None = None,
    processes: int = 2,
    on_point: Callable[[str, int, Point], None] = lambda arm, seed, point: None,
) -> list[ShapingCurve]:
    """PPO on the sparse reward and on that PRM as a potential, at equal steps, measured by the true outcome.

    Each arm and seed is a process of its own with one thread; the curves do not depend on how many run at once.

    Args:
        prm: an object that can be pickled, or a name as :class:`~agents.ppo_config.Config` takes it.
        env_id: of the environment.
        env_kwargs: for ``gymnasium.make``; a ``level`` among them takes the place of that in ``config``.
        steps: of the environment, in each run.
        seeds: one run each, for every arm.
        arms: rewards to compare, as ``Config.shaping`` names them.
        config: everything else; None for the defaults.
        processes: that run at the same time.
        on_point: called with arm, seed and evaluation as they come in.

    Returns:
        The curves, for each seed those of all arms in the order of ``arms``.

    Raises:
        ValueError: see :class:`~agents.ppo_config.Config`. ProcessEndedError: a run failed; its traceback is on stderr.
    """
    kwargs = dict(env_kwargs or {})
    base = replace(config or Config(), env=env_id, steps=steps)
    level = kwargs.pop("level", base.level)
    base = replace(
        base,
        level=level if isinstance(level, str) else ",".join(level),
        env_kwargs=json.dumps({**base.more_kwargs, **kwargs}),
        prm="",
    )
    jobs = [(seed, arm, replace(base, seed=seed, shaping=arm)) for seed in seeds for arm in arms]
    waiting = list(enumerate(jobs))[::-1]
    running: dict[Connection, tuple[int, SpawnProcess]] = {}
    curves: dict[int, ShapingCurve] = {}
    try:
        while waiting or running:
            while waiting and len(running) < processes:
                index, (_, _, one) = waiting.pop()
                ours, theirs = multiprocessing.Pipe(duplex=False)
                process = start_process(_run_arm, (theirs, one, prm), "ppo")
                theirs.close()
                running[ours] = (index, process)
            for ready in wait(list(running)):
                connection = cast(Connection, ready)
                index, process = running[connection]
                seed, arm, _ = jobs[index]
                try:
                    message = connection.recv()
                except PIPE_ENDED:
                    process.join()
                    del running[connection]
                    if index not in curves:
                        ended = f"its process ended with exit code {process.exitcode}"
                        raise ProcessEndedError(f"PPO, {arm}, seed {seed}: {ended}") from None
                    continue
                if isinstance(message, ShapingCurve):
                    curves[index] = message
                else:
                    on_point(arm, seed, message)
    finally:
        for _, process in running.values():
            process.terminate()
            process.join()
    return [curves[index] for index in range(len(jobs))]


def _run_arm(connection: Connection, config: Config, prm: ProcessRewardModel | str) -> None:
    """One run in a process of its own. It ends with its parent: then nobody reads from the pipe."""

    def tell(what: Point | ShapingCurve) -> None:
        try:
            connection.send(what)
        except PIPE_ENDED:
            sys.exit(1)

    _, curve = train(config, None if config.shaping == "sparse" else prm, lambda point, _: tell(point))
    tell(curve)
    connection.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Train by the options of the command line; the model, the metrics and the curve go to the folder of the run."""
    config, out = parse_arguments(arguments)
    try:
        make_env(config, "train", open_prm(config)).close()  # a mistake shows before a folder is made
        folder = RunFolder(out, asdict(config))
    except FileExistsError:
        print(f"ppo: {out} holds files already: choose another folder with --out", file=sys.stderr)
        return 2
    except (OSError, ValueError, TypeError, ImportError, PRMError, gym.error.Error, DamagedRunError) as error:
        print(f"ppo: {error}", file=sys.stderr)
        return 2
    print(f"{config.steps_taken:,} steps of {config.env}, {config.level}, {config.shaping} reward; into {folder.path}")
    with folder.held(), Metrics(folder) as metrics:

        def keep(point: Point, model: MaskablePPO) -> None:
            print(point, flush=True)
            metrics.log(point.step, _scalars(point, model.logger.name_to_value))
            saved = io.BytesIO()
            model.save(saved)
            write_whole(folder.path / "model.zip", lambda draft: draft.write_bytes(saved.getvalue()))

        _, curve = train(config, on_point=keep)
    text = json.dumps(asdict(curve), indent=1) + "\n"
    write_whole(folder.path / "curve.json", lambda draft: draft.write_text(text, encoding="utf-8"))
    print(
        f"test problems: {curve.test_right} of {curve.test_scored} solved greedily, {curve.test_sampled} of "
        f"{curve.test_sampled_scored} by sampling"
    )
    print(f"area under the curve {curve.area:.2f}; load it with MaskablePPO.load({str(folder.path / 'model.zip')!r})")
    return 0


def _scalars(point: Point, logged: Mapping[str, Any]) -> dict[str, float]:
    """What TensorBoard is shown: ours, and what Stable-Baselines3 logged of the last update."""
    scalars = {f"ppo/{name.removeprefix('train/')}": float(value) for name, value in logged.items() if "train/" in name}
    optional = {
        "train/return": point.shaped_return,
        "train/success": point.train_success,
        "validation/success_greedy": point.greedy.right / point.greedy.scored if point.greedy.scored else None,
        "validation/success_sampled": point.sampled.right / point.sampled.scored if point.sampled.scored else None,
    }
    scalars.update({name: value for name, value in optional.items() if value is not None})
    scalars["train/episodes"] = float(point.episodes)
    scalars["train/episodes_unscored"] = float(point.unscored)
    if point.seconds:
        scalars["speed/steps_per_second"] = point.step / point.seconds
    return {name: value for name, value in scalars.items() if np.isfinite(value)}


if __name__ == "__main__":
    sys.exit(main())
