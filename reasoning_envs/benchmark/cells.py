"""A cell: one run of the sweep, its key, and the version of the code that it was run with."""

from __future__ import annotations

import importlib.util
import json
import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from reasoning_envs.benchmark.learning import Budget
from reasoning_envs.benchmark.tasks import Task

__all__ = ["Cell", "code_version"]

GAMMA = 0.99
_SCORING = ("statistics.py", "scores.py", "tables.py", "plots.py", "commands.py", "__init__.py")
"""Modules of the benchmark that no run depends on: they may change, and results stay what they are."""

_LIBRARIES = ("gymnasium", "numpy", "sympy", "python-flint", "torch", "stable-baselines3", "sb3-contrib")


@dataclass(frozen=True)
class Cell:
    """One run.

    Attributes:
        task: the environment. shaping: the arm, as :func:`~reasoning_envs.benchmark.shapings.open_shaping` reads it.
        agent: its name. seed: of everything in the run. budget: what it may spend.
        evaluations: on validation problems, beside the one before training.
        validation, test: how many problems the curve and the final figure are of.
    """

    task: Task
    shaping: str
    agent: str
    seed: int
    budget: Budget
    evaluations: int = 8
    validation: int = 40
    test: int = 100
    gamma: float = GAMMA

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Cell:
        """From what :meth:`to_json` gave."""
        return cls(**{**data, "task": Task(**data["task"]), "budget": Budget(**data["budget"])})

    def key(self, code: str) -> str:
        """Of this run with that version of the code: the same for the same, and for nothing else."""
        return _digest(json.dumps([self.to_json(), code], sort_keys=True).encode())


def code_version(names: Iterable[str] = ()) -> str:
    """Of all code that a run depends on, as a digest: this package's, its libraries', Python's, and what users bring.

    Args:
        names: ``"module:Name"`` of users' shapings, PRMs, agents and environments, of whose top-level packages the
            sources count, and ``.pt`` files of PRMs; other names are passed over.

    Raises:
        OSError: a file cannot be read.
    """
    meant = sorted({name.rpartition("=")[2] for name in names})
    modules = sorted({name.partition(":")[0] for name in meant if ":" in name} - {"sb3"})
    brought = [_sources_of(module) for module in modules]
    brought += [_digest(Path(name).read_bytes()) for name in meant if name.endswith(".pt")]
    return _digest(json.dumps([_own_version(), brought]).encode())


@cache
def _own_version() -> str:
    libraries = [(name, _version_of(name)) for name in _LIBRARIES]
    sources = [_sources_of("reasoning_envs"), _sources_of("sandboxes")]
    return _digest(json.dumps([libraries, platform.python_version(), sources]).encode())


def _version_of(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return ""


def _sources_of(module: str) -> str:
    """Digest of the sources of a module's top-level package, or of the module where it stands alone."""
    spec = importlib.util.find_spec(module.partition(".")[0])
    if spec is None or spec.origin is None:
        return ""
    origin = Path(spec.origin)
    digest = blake2b(digest_size=16)
    for path in _files(origin):
        digest.update(str(path.relative_to(origin.parent)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _files(origin: Path) -> Iterator[Path]:
    if origin.name != "__init__.py":
        yield origin
        return
    scoring = {origin.parent / "benchmark" / name for name in _SCORING}
    yield from sorted(path for path in origin.parent.rglob("*.py") if path not in scoring)


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=10).hexdigest()
