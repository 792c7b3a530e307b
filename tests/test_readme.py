"""What the README promises: its programs run, its length, its numbers of levels."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"<!-- tested -->\n```python\n(.*?)```", re.DOTALL)


def test_every_python_block_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """One after the other in one namespace, as a reader would paste them."""
    blocks = BLOCK.findall(README.read_text(encoding="utf-8"))
    assert len(blocks) == README.read_text(encoding="utf-8").count("```python")
    namespace: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(README), "exec"), namespace)  # noqa: S102 -- our own text
    assert "Verdict(" in capsys.readouterr().out


def test_the_first_block_has_make_reset_and_step_in_ten_lines() -> None:
    first = BLOCK.findall(README.read_text(encoding="utf-8"))[0].strip().splitlines()
    code = [line for line in first if line and not line.startswith("import")]
    assert len(code) <= 10
    assert all(any(word in line for line in code) for word in ("gym.make", ".reset(", ".step("))


def test_it_stays_short_and_counts_the_levels_right() -> None:
    from reasoning_envs.domains.problems.algebra import LEVELS

    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    assert f"in {len(LEVELS)} levels" in text
