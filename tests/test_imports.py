"""Imports run agents -> reasoning_envs -> sandboxes and never back, and importing the library stays light."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FORBIDDEN = {
    "sandboxes": {"reasoning_envs", "agents", "tests"},
    "reasoning_envs": {"agents", "tests"},
    "agents": {"tests"},
}
"""For each package the others that it must not know."""

HEAVY = ("torch", "sympy", "flint", "PIL", "matplotlib", "scipy", "stable_baselines3")


def imported(source: str, package: str) -> set[str]:
    """First names of all that a module imports, wherever in it the import stands; relative ones belong to ``package``.

    Imports by string count where the string is a literal: ``importlib.import_module("agents.ppo")``.
    """
    return set(_imported(ast.parse(source), package))


def _imported(tree: ast.AST, package: str) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name.partition(".")[0] for alias in names)
            case ast.ImportFrom(module=module, level=level):
                yield package if level else str(module).partition(".")[0]
            case ast.Call(
                func=ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield name.partition(".")[0]


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import agents.ppo as ppo, json", {"agents", "json"}),
        ("from reasoning_envs.types import Problem", {"reasoning_envs"}),
        ("def f():\n    if True:\n        from torch import nn", {"torch"}),
        ("from . import sibling\nfrom .other import name", {"here"}),
        ("import importlib\nimportlib.import_module('agents.ppo')", {"importlib", "agents"}),
        ("__import__('torch')", {"torch"}),
        ("'import agents'  # import agents", set()),
    ],
)
def test_the_walk_sees_every_form_of_import(source: str, expected: set[str]) -> None:
    assert imported(source, "here") == expected


@pytest.mark.parametrize(
    ("package", "module"),
    [pytest.param(package, path, id=str(path.relative_to(ROOT))) for package in FORBIDDEN for path in modules(package)],
)
def test_imports_run_in_one_direction(package: str, module: Path) -> None:
    back = imported(module.read_text(encoding="utf-8"), package) & FORBIDDEN[package]
    assert not back, f"{module.relative_to(ROOT)} imports {', '.join(sorted(back))}"


def test_sandboxes_import_nothing_third_party_but_pyseccomp() -> None:
    allowed = sys.stdlib_module_names | {"sandboxes", "pyseccomp"}
    strange = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules("sandboxes")
        for name in imported(path.read_text(encoding="utf-8"), "sandboxes") - allowed
    }
    assert not strange


def test_importing_the_library_stays_light() -> None:
    program = f"""
import sys
import reasoning_envs
print(*sorted(set(sys.modules) & set({HEAVY!r})))
"""
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.split() == []
