"""Work done by several processes, of this machine or of a Ray cluster, with the same results whoever does it.

    >>> with open_workers("2") as workers:
    ...     workers.map(len, ["ab", "c"])
    [2, 1]

What a task gives depends on the task alone. A task is a whole episode, a batch of traces or a cell of a sweep, never a
single step. A worker that dies is replaced and its task done again; each task is answered once.
"""

from reasoning_envs.workers.batches import label, roll_out
from reasoning_envs.workers.protocol import Answer, TaskError, Workers, open_workers

__all__ = ["Answer", "TaskError", "Workers", "label", "open_workers", "roll_out"]
