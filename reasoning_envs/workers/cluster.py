"""Workers of a Ray cluster: extra ``ray``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from reasoning_envs.workers.protocol import RETRIES, Answer, Workers, call

__all__ = ["RayWorkers"]

T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 2
"""Tasks handed out for each worker: one that is done and one that waits, so that none is idle."""


class RayWorkers(Workers):
    """See :class:`~reasoning_envs.workers.protocol.Workers`. Each task takes one core; tasks go where cores are free.

    Ray does a task again whose worker died. It joins the cluster at ``RAY_ADDRESS``, or starts one on this machine,
    which ends with it; a Ray session that the program has begun itself is used and left as it is.

    Args:
        count: tasks at the same time; None: as many as the cluster has cores.

    Raises:
        ImportError: Ray is not installed; the message says the cure.
    """

    def __init__(self, count: int | None) -> None:
        try:
            import ray
        except ModuleNotFoundError as error:
            raise ImportError("Ray is not installed: pip install 'reasoning-envs[ray]'") from error
        self._ray: Any = ray
        self._ours = not ray.is_initialized()
        if self._ours:
            address = os.environ.get("RAY_ADDRESS")
            # Workers find this program's modules where it found them.
            options: dict[str, Any] = {"runtime_env": {"env_vars": {"PYTHONPATH": os.pathsep.join(sys.path)}}}
            if address is None:
                options["num_cpus"] = count
                options["include_dashboard"] = False
            ray.init(address=address, log_to_driver=False, logging_level="ERROR", **options)
        cores = max(1, int(ray.cluster_resources().get("CPU", 1)))
        self.count = count or cores
        # Where there are more cores than workers, whatever is handed out is begun at once.
        self._ahead = _AHEAD if cores <= self.count else 1

    def run(self, function: Callable[[T], R], tasks: Sequence[T], *, fresh: bool = False) -> Iterator[Answer[R]]:
        ray = self._ray
        remote = ray.remote(num_cpus=1, max_retries=RETRIES, max_calls=1 if fresh else 0)(call)
        shared = ray.put(function)
        under_way: dict[Any, int] = {}
        following = 0
        try:
            while under_way or following < len(tasks):
                while following < len(tasks) and len(under_way) < self.count * self._ahead:
                    under_way[remote.remote(shared, tasks[following])] = following
                    following += 1
                done, _ = ray.wait(list(under_way))
                for reference in done:
                    index = under_way.pop(reference)
                    try:
                        value, error = ray.get(reference)
                    except ray.exceptions.RayError as failure:
                        value, error = None, f"its worker died {RETRIES + 1} times: {failure}"
                    yield Answer(index, value, error)
        finally:
            for reference in under_way:
                ray.cancel(reference, force=True)

    def close(self) -> None:
        if self._ours:
            self._ray.shutdown()
