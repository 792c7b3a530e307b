"""Whatever is public says what it is."""

import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("sandboxes", "reasoning_envs", "agents")


def module_names() -> list[str]:
    files = sorted(path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in files]


def silent(module: ModuleType) -> Iterator[str]:
    """Names of the public classes, functions, methods and properties of a module that have no docstring.

    Public is what stands in ``__all__`` or, without one, what has no leading underscore. A method that overrides a
    documented one is documented by it.
    """
    public = getattr(module, "__all__", [name for name in vars(module) if not name.startswith("_")])
    for name, thing in vars(module).items():
        if name not in public or getattr(thing, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(thing) and not inspect.getdoc(thing):
            yield name
        elif inspect.isclass(thing):
            # The text that a dataclass writes for itself begins with its own signature.
            if not thing.__doc__ or thing.__doc__.startswith(f"{name}("):
                yield name
            yield from (f"{name}.{member}" for member in _silent_members(thing))


def _silent_members(owner: type) -> Iterator[str]:
    for member, value in vars(owner).items():
        is_described = inspect.isroutine(value) or isinstance(value, property)
        if is_described and not member.startswith("_") and not inspect.getdoc(getattr(owner, member)):
            yield member


@pytest.mark.parametrize("name", module_names())
def test_public_names_have_docstrings(name: str) -> None:
    assert list(silent(importlib.import_module(name))) == []


EXAMPLE = """
from dataclasses import dataclass
from pathlib import Path

class Documented:
    "Has a docstring."
    def told(self): "Has one, too."
    def untold(self): pass
    @property
    def hidden(self): return 1
    @staticmethod
    def free(): pass
    def _private(self): pass

class Heir(Documented):
    "Overrides what is documented, and what is not."
    def told(self): pass
    def untold(self): pass

@dataclass
class Data:
    x: int

def function(): pass
def _private(): pass
"""


@pytest.mark.parametrize(
    ("exports", "expected"),
    [
        ("", ["Documented.untold", "Documented.hidden", "Documented.free", "Heir.untold", "Data", "function"]),
        ("__all__ = ['Data']", ["Data"]),
        ("__all__ = ['_private']", ["_private"]),
    ],
)
def test_the_walk_sees_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exports: str, expected: list[str]
) -> None:
    (tmp_path / "docstring_example.py").write_text(EXAMPLE + exports, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "docstring_example", raising=False)
    assert list(silent(importlib.import_module("docstring_example"))) == expected
