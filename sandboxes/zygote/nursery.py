"""The pool of zygotes of one sandbox: started when needed, replaced when worn out or dead."""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections.abc import Iterator

from sandboxes.types import SandboxClosed
from sandboxes.zygote.launch import Breakdown, Exhausted, Lease, Walls, Zygote

__all__ = ["Nursery"]


class Nursery:
    """Zygotes by image. Thread-safe; a forked child of this process starts zygotes of its own.

    Args:
        walls: of all of them.
        size: how many to keep of each image.
        recycle_after: programs that one may start.
    """

    def __init__(self, walls: Walls, size: int, recycle_after: int) -> None:
        self._walls = walls
        self._size = size
        self._recycle_after = recycle_after
        self._zygotes: dict[str, list[Zygote]] = {}
        self._retired: set[Zygote] = set()
        self._is_closed = False
        self._lock = threading.Lock()
        _NURSERIES.add(self)

    @contextlib.contextmanager
    def zygote(self, image: str) -> Iterator[Zygote]:
        """The least busy zygote of an image, for one program.

        Raises:
            SandboxUnavailable: none can be started.
            SandboxClosed: the sandbox has been closed.
        """
        lease = Lease()
        zygote = self._take(image, lease)
        owner = os.getpid()
        try:
            yield zygote
        except Exhausted:
            raise
        except Breakdown:
            self._retire(zygote)
            raise
        finally:
            if owner == os.getpid():
                self._give_back(zygote, lease)

    def end(self) -> None:
        """Kill all zygotes with all their children. Later calls of :meth:`zygote` raise."""
        with self._lock:
            self._is_closed = True
            zygotes = [*self._retired, *(zygote for pool in self._zygotes.values() for zygote in pool)]
            self._zygotes, self._retired = {}, set()
        for zygote in zygotes:
            zygote.kill()

    def running(self) -> list[Zygote]:
        """The zygotes that take programs, in no order."""
        with self._lock:
            return [zygote for pool in self._zygotes.values() for zygote in pool]

    def _take(self, image: str, lease: Lease) -> Zygote:
        with self._lock:
            if self._is_closed:
                raise SandboxClosed("this zygote sandbox has been closed; open another one")
            pool = self._zygotes.setdefault(image, [])
            for zygote in [zygote for zygote in pool if not self._is_fit(zygote)]:
                pool.remove(zygote)
                self._retired.add(zygote)
            best = min(pool, key=lambda zygote: zygote.active, default=None)
            # A further one only where all have something to do.
            if best is None or (best.active and len(pool) < self._size):
                best = Zygote(self._walls, image)
                pool.append(best)
            best.lend(lease)
            idle = self._take_idle()
        for zygote in idle:
            zygote.kill()
        return best

    def _is_fit(self, zygote: Zygote) -> bool:
        return zygote.forks < self._recycle_after and zygote.is_alive()

    def _give_back(self, zygote: Zygote, lease: Lease) -> None:
        with self._lock:
            zygote.take_back(lease)
            idle = self._take_idle()
        for retired in idle:
            retired.kill()

    def _take_idle(self) -> list[Zygote]:
        idle = [zygote for zygote in self._retired if not zygote.active]
        self._retired.difference_update(idle)
        return idle

    def _retire(self, zygote: Zygote) -> None:
        with self._lock:
            pool = self._zygotes.get(zygote.image, [])
            if zygote in pool:
                pool.remove(zygote)
                self._retired.add(zygote)

    def after_fork_in_child(self) -> None:
        """Let go of the parent's zygotes without touching them."""
        self._lock = threading.Lock()  # another thread of the parent may have held it
        for zygote in [*self._retired, *(zygote for pool in self._zygotes.values() for zygote in pool)]:
            zygote.abandon()
        self._zygotes, self._retired = {}, set()


_NURSERIES: weakref.WeakSet[Nursery] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for nursery in list(_NURSERIES):
        nursery.after_fork_in_child()


os.register_at_fork(after_in_child=_after_fork_in_child)
