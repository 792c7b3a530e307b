"""What a program can read of this machine: the interpreter's files, and not what else was installed beside them."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from sandboxes import SandboxUnavailable, host
from sandboxes.bubblewrap import BubblewrapSandbox
from sandboxes.host import hidden_folders, readable_paths
from sandboxes.types import IMAGES, Call, Job, Limits, Mode
from sandboxes.values import dump_value
from sandboxes.zygote import ZygoteSandbox
from sandboxes.zygote.conversation import Program
from sandboxes.zygote.launch import Means, Walls, Zygote

READ = """
import os

def read(folders):
    found = []
    for folder in folders:
        for top, _, names in os.walk(folder):
            for name in names:
                try:
                    with open(os.path.join(top, name), "rb") as file:
                        file.read(1)
                except OSError:
                    continue
                found.append(os.path.join(top, name))
    return found[:5]
"""


@pytest.fixture(scope="module")
def hidden() -> list[str]:
    """Folders in which there is something to be read from outside."""
    found = [path for path in hidden_folders(readable_paths("plain")[0]) if any(Path(path).rglob("*.*"))]
    if not found:
        pytest.skip("nothing is installed beside this interpreter's own library")
    return found


def test_installed_packages_cannot_be_read(sandbox: ZygoteSandbox, hidden: list[str]) -> None:
    calls: list[Call] = [((hidden,), {}), (([sysconfig.get_path("stdlib") + "/json"],), {})]
    nothing, library = sandbox.run(READ, entry="read", calls=calls).values
    assert nothing == []
    assert len(library) == 5, "the library itself can be read"


def test_nor_in_a_process_of_their_own(hidden: list[str]) -> None:
    try:
        sandbox = BubblewrapSandbox()
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    with sandbox:
        assert sandbox.run(READ, entry="read", calls=[((hidden,), {})]).values == [[]]


@pytest.mark.parametrize("means", [Means.BUBBLEWRAP, Means.UNSHARE, Means.NONE])
def test_a_package_that_an_image_needs_is_shown_among_them(means: Means, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = sysconfig.get_path("purelib", vars={"base": sysconfig.get_config_var("installed_base")})
    spec = importlib.machinery.PathFinder.find_spec("pip", [folder])
    if spec is None or spec.origin is None or len(list(Path(folder).iterdir())) < 2:
        pytest.skip("there is no package beside this interpreter's own library")

    def found(name: str, package: Any = None) -> importlib.machinery.ModuleSpec | None:
        return spec

    monkeypatch.setattr(importlib.util, "find_spec", found)
    monkeypatch.setattr(host, "_distributions", lambda image: (image,))
    monkeypatch.setitem(IMAGES, "pip", ("pip",))
    try:
        zygote = Zygote(Walls(means, landlock=True, seccomp=True), "pip")
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    program = Program(zygote, Limits())
    try:
        program.start(Job(f"import pip\n{READ}", entry="read"), Mode.CALLS)
        program.load()
        result = program.ask(dump_value([[[folder]], {}]))
    finally:
        program.close()
        zygote.kill()
    package = str(Path(spec.origin).parent)
    assert result.value
    assert all(path.startswith(f"{package}/") for path in result.value)


def test_hidden_folders(tmp_path: Path) -> None:
    for name in ("site-packages", "python3.11/dist-packages", "lib64/python3/site-packages", "python2/site-packages"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "dist-packages").symlink_to(tmp_path / "site-packages")
    wanted = ["lib64/python3/site-packages", "python3.11/dist-packages", "site-packages"]
    assert hidden_folders([str(tmp_path)]) == [str(tmp_path / name) for name in wanted]
