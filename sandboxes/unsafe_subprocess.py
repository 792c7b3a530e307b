"""Programs as plain processes of this machine: no sandbox at all against a program that means harm.

It is there for programs that are trusted, and for machines that have nothing better; it is never chosen by itself.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sandboxes.languages import LANGUAGES, Language
from sandboxes.processes.commands import limited
from sandboxes.processes.process import Process
from sandboxes.processes.sandbox import Broken, Launch, ProcessSandbox
from sandboxes.types import Limits, SandboxUnavailable, Tier

__all__ = ["SubprocessSandbox", "UnsafeSandboxWarning"]


class UnsafeSandboxWarning(UserWarning):
    """Programs run without walls: they can read your files, use your network and kill your processes."""


class SubprocessSandbox(ProcessSandbox):
    """Runs programs in processes that nothing but resource limits hold back.

    They are this user's processes: they see its files, its network and its other processes. What they cannot do is
    forge a value on a channel or outlive their job unseen, unless they set out to: a grandchild that leaves its session
    lives on. ``Limits.files`` and ``file_bytes`` hold for single files only, and ``processes`` counts all of this
    user's.

    Args:
        limits: what a job gets that brings none of its own.
        image: only ``plain``.
        minimum_tier: ignored; the name says what this is.
        width: how many jobs :meth:`run_many` runs side by side.
        languages: what can be run.

    Raises:
        SandboxUnavailable: the image is another one.
    """

    backend = "unsafe_subprocess"
    tier = Tier.NONE

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        image: str = "plain",
        minimum_tier: Tier | str = Tier.NONE,
        width: int | None = None,
        languages: Mapping[str, Language] = LANGUAGES,
    ) -> None:
        super().__init__(limits, width=width, languages=languages)
        Tier(minimum_tier)
        if image != "plain":
            raise SandboxUnavailable(f"this sandbox has no image {image!r}; use backend='zygote'")
        warnings.warn(
            "unsafe_subprocess runs programs with all the rights of this user and no walls; use it for programs that "
            "you trust",
            UnsafeSandboxWarning,
            stacklevel=2,
        )
        self.info: Mapping[str, Any] = {"tier": self.tier.value, "means": "plain processes with resource limits"}

    @contextlib.contextmanager
    def _start(self, launch: Launch) -> Iterator[Process]:
        with tempfile.TemporaryDirectory(prefix="unsafe-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            for path, content in launch.files.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(content)
            if launch.binary is not None:
                (folder / "program").write_bytes(launch.binary)
                (folder / "program").chmod(0o755)
            process = Process(
                limited(
                    _command(launch, folder),
                    launch.limits,
                    address_space=launch.address_space,
                    counts_processes=False,
                ),
                launch.limits,
                stdin=launch.stdin,
                has_channel=launch.has_channel,
                environment={"PATH": os.environ.get("PATH", os.defpath), "HOME": name, "TMPDIR": name},
                folder=name,
            )
            try:
                yield process
            finally:
                process.end()

    def _judge_end(self, process: Process) -> None:
        if process.was_interrupted:
            raise Broken("the sandbox has been closed")


def _command(launch: Launch, folder: Path) -> list[str]:
    language = launch.language
    package = Path(__file__).resolve().parent
    words = {
        "tool": launch.tool,
        "source": str(folder / language.file),
        "inmate": str((package / language.inmate).resolve()),
        "megabytes": max(launch.limits.memory_bytes >> 20, 16),
        "work": str(folder),
    }
    return [word.format(**words) for word in launch.command]
