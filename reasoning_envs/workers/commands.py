"""``python -m reasoning_envs rollouts``: episodes, and a PRM's scores of them, made by several workers."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from reasoning_envs.workers.batches import BATCH, UNIFORM

__all__ = ["add_commands"]

_DONE, _FAILED, _USAGE = 0, 1, 2


def add_commands(commands: Any) -> None:
    """Add ``rollouts`` to the sub-commands of a parser."""
    parser = commands.add_parser(
        "rollouts",
        help="play episodes with several workers, and have a PRM score them",
        description="The episodes, and their scores, are the same whatever the number of workers.",
    )
    parser.add_argument("id", help="of the environment: 'reasoning_envs/Algebra-v0'")
    parser.add_argument(
        "--episodes", type=int, default=100, metavar="N", help="of seeds SEED, SEED+1, ... (default: 100)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the first episode (default: 0)")
    parser.add_argument("--kwargs", default="{}", metavar="JSON", help='for gymnasium.make: \'{"level": "linear-1"}\'')
    parser.add_argument("--policy", default=UNIFORM, help=f"module:Name (default: {UNIFORM})")
    parser.add_argument("--prm", help="to score the steps: a .pt file, or module:Name")
    parser.add_argument("--workers", default="1", metavar="N|ray[:N]", help="processes, or a Ray cluster (default: 1)")
    parser.add_argument("--batch", type=int, default=BATCH, help=f"episodes a task (default: {BATCH})")
    parser.add_argument("--out", type=Path, help="file of traces to write, JSONL")
    parser.set_defaults(run=_rollouts)


def _rollouts(args: argparse.Namespace) -> int:
    from reasoning_envs.rewards.checking import open_prm
    from reasoning_envs.traces import write_traces
    from reasoning_envs.workers.batches import label, roll_out
    from reasoning_envs.workers.protocol import TaskError, open_workers

    try:
        kwargs = json.loads(args.kwargs)
        if not isinstance(kwargs, dict):
            raise ValueError(f"--kwargs must be a JSON object, got {args.kwargs}")
        if args.episodes < 1:
            raise ValueError(f"--episodes must be 1 or more, got {args.episodes}")
        if args.prm is not None:
            open_prm(args.prm)  # a wrong name is said before anything is played
        seeds = range(args.seed, args.seed + args.episodes)
        with open_workers(args.workers) as workers:
            # Workers take seconds to start, once; what is measured is what they do then.
            workers.map(_awake, range(workers.count))
            began = time.perf_counter()
            traces = roll_out(workers, args.id, seeds, env_kwargs=kwargs, policy=args.policy, batch=args.batch)
            _say("played", len(traces), began, workers.count)
            if args.prm is not None:
                began = time.perf_counter()
                traces = label(workers, args.prm, traces, batch=args.batch)
                _say("scored", len(traces), began, workers.count)
        if args.out is not None:
            write_traces(args.out, traces)
    except TaskError as error:
        print(f"python -m reasoning_envs rollouts: {error}", file=sys.stderr)
        return _FAILED
    except (OSError, ValueError, TypeError, ImportError) as error:
        print(f"python -m reasoning_envs rollouts: {error}", file=sys.stderr)
        return _USAGE
    judged = [trace.outcome for trace in traces if trace.outcome is not None and trace.outcome.scored]
    print(f"{sum(outcome.verified for outcome in judged)} of {len(traces)} episodes came to a right answer")
    return _DONE


def _awake(number: int) -> int:
    """Whoever does this has imported what a task needs."""
    import reasoning_envs.env
    import reasoning_envs.symbolic  # noqa: F401

    return number


def _say(what: str, count: int, began: float, workers: int) -> None:
    seconds = time.perf_counter() - began
    print(f"{what} {count} episodes in {seconds:.2f} s: {count / seconds:.1f} a second with {workers} at a time")
