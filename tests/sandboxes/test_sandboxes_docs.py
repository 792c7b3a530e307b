"""What docs/sandboxes.md promises: its first program runs, and it counts the table right."""

from pathlib import Path

from sandboxes.testing import PROGRAMS

PAGE = Path(__file__).parents[2] / "docs" / "sandboxes.md"


def test_the_first_program_runs() -> None:
    block = PAGE.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    exec(compile(block, str(PAGE), "exec"), {})  # noqa: S102 (our own text)


def test_the_table_is_as_large_as_it_says() -> None:
    hostile = sum(not program.passes for program in PROGRAMS)
    assert f"a table of {len(PROGRAMS)} programs ({hostile} hostile ones)" in PAGE.read_text(encoding="utf-8").replace(
        "\n", " "
    )
