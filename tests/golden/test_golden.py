"""Episodes are what the golden files say. After a change that is meant: ``python -m tests.golden --write``."""

import pytest

from tests.golden.playthroughs import FOLDER, PLAYTHROUGHS, Playthrough, play


@pytest.mark.parametrize("script", PLAYTHROUGHS, ids=lambda script: script.file)
def test_an_episode_is_as_it_was(script: Playthrough) -> None:
    assert play(script) == (FOLDER / f"{script.file}.txt").read_text(encoding="utf-8")


def test_there_is_no_other_golden_file() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == {script.file for script in PLAYTHROUGHS}
