"""What ``pip install`` brings: the wheel, built from this checkout without a network."""

import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PACKAGES = ("reasoning_envs", "sandboxes")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=ROOT, check=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_holds_the_two_packages_and_nothing_else(names: set[str]) -> None:
    folders = {name.partition("/")[0] for name in names}
    assert {folder for folder in folders if not folder.endswith(".dist-info")} == set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_holds_every_module_of_the_packages(names: set[str], package: str) -> None:
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / package).rglob("*.py")}
    assert modules
    assert modules <= names


@pytest.mark.parametrize("package", PACKAGES)
def test_says_that_it_is_typed(names: set[str], package: str) -> None:
    assert f"{package}/py.typed" in names


def test_needs_no_learner_unless_asked(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode("utf-8"))
    needed = [Requirement(text) for text in metadata.get_all("Requires-Dist", [])]
    core = {need.name for need in needed if need.marker is None or need.marker.evaluate({"extra": ""})}
    trained = {need.name for need in needed if need.marker is not None and need.marker.evaluate({"extra": "train"})}
    on_linux = {"pyseccomp"} if sys.platform == "linux" else set()
    assert core == {"gymnasium", "numpy", "pillow", "python-flint", "sympy"} | on_linux
    assert {"torch", "stable-baselines3", "sb3-contrib"} <= trained
    assert metadata["License-Expression"] == "MIT"


def test_every_requirement_is_pinned() -> None:
    """``constraints.txt`` names one exact version of each package that the extras ask for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    asked = [Requirement(text) for text in [*project["dependencies"], *(text for extra in extras for text in extra)]]
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = {pin.name: pin for pin in (Requirement(line) for line in lines if not line.startswith("#"))}
    for need in asked:
        (version,) = pins[need.name].specifier
        assert version.operator == "=="
        assert "+" not in version.version, "a local suffix exists on few machines"
        assert need.specifier.contains(version.version), f"constraints.txt: {pins[need.name]} is not {need}"
