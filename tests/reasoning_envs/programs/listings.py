"""Golden listings: a dozen generated problems of every level as a person reads them, the tests among them.

``python -m tests.reasoning_envs.programs.listings`` shows which differ; with ``--write`` it writes them anew. Whoever
changes one changes the problems that seeds lead to.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from reasoning_envs.problems import split_of
from reasoning_envs.programs.generation import Case, TaskGenerator
from reasoning_envs.programs.grammar import GRAMMARS
from reasoning_envs.programs.render import render_value

FOLDER = Path(__file__).parent / "listings"
SIZES = {"small": (1, 2, 3, 4), "large": (1, 2, 3)}
COUNT = 12


def listing(name: str) -> str:
    """The problems of a grammar as text."""
    generator = TaskGenerator(GRAMMARS[name])
    told = []
    for size in SIZES[name]:
        rng = np.random.default_rng(size)
        told.append(f"{'=' * 20} {name} grammar, {size} line{'s' * (size > 1)} {'=' * 20}")
        for _ in range(COUNT):
            task = generator.draw(rng, size)
            told.extend(["", str(task.program).rstrip(), f"    # {split_of(task.key)}, {task.key}"])
            told.extend(f"    {_shown(case)}" for case in task.visible)
            told.append("    hidden:")
            told.extend(f"    {_shown(case)}" for case in task.hidden)
        told.append("")
    return "\n".join(told)


def _shown(case: Case) -> str:
    return f"f({', '.join(map(render_value, case.arguments))}) == {render_value(case.output)}"


def main(arguments: list[str]) -> int:
    """0 where all listings are as the code has them, or were written; else 1."""
    changed = 0
    for name in SIZES:
        path = FOLDER / f"{name}.txt"
        text = listing(name)
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        changed += 1
        print(f"{path.name}: {'written' if arguments == ['--write'] else 'differs'}")
        if arguments == ["--write"]:
            FOLDER.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return 1 if changed and arguments != ["--write"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
