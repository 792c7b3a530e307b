"""The space of texts, and candidates as rows."""

import copy
import json
import multiprocessing
from typing import Any

import numpy as np
import pytest
from gymnasium import error
from gymnasium.vector.utils import batch_space, create_shared_memory, read_from_shared_memory, write_to_shared_memory
from hypothesis import given
from hypothesis import strategies as st

from reasoning_envs.spaces import Transcript, candidate_rows


@pytest.mark.parametrize(
    ("value", "inside"),
    [
        ("", True),
        ("2*x + 3 = 7", True),
        ("x ≤ ½\nx = −3", True),
        ("a" * 20, True),
        ("a" * 21, False),
        (b"x = 2", False),
        (7, False),
        (None, False),
        (["x"], False),
    ],
)
def test_a_text_belongs_by_its_length_alone(value: object, inside: bool) -> None:
    assert (value in Transcript(20)) is inside


def test_samples_are_seeded_varied_and_inside() -> None:
    space, twin = Transcript(200, max_lines=3, seed=5), Transcript(200, max_lines=3)
    twin.seed(5)
    texts = [space.sample() for _ in range(50)]
    assert texts == [twin.sample() for _ in range(50)]
    assert len(set(texts)) > 40
    assert all(text in space for text in texts)
    assert {text.count("\n") for text in texts} == {0, 1, 2}
    assert all(line.count("=") == 1 for text in texts for line in text.split("\n"))


def test_samples_keep_to_the_length() -> None:
    space = Transcript(4, seed=0)
    assert all(space.sample() in space for _ in range(20))


@pytest.mark.parametrize("kwargs", [{"mask": (1, None)}, {"probability": (1.0, None)}])
def test_a_text_takes_no_mask(kwargs: dict[str, object]) -> None:
    with pytest.raises(error.Error, match="no mask"):
        Transcript(5).sample(**kwargs)


@pytest.mark.parametrize(("length", "lines"), [(0, 1), (-3, 1), (10, 0)])
def test_sizes_below_one_are_refused(length: int, lines: int) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        Transcript(length, max_lines=lines)


def test_equality_copies_and_json() -> None:
    space = Transcript(30, max_lines=2, seed=1)
    assert space == Transcript(30, max_lines=2)
    assert space != Transcript(31, max_lines=2)
    assert space != Transcript(30)
    assert space != 30
    assert copy.deepcopy(space) == space
    assert eval(repr(space), {"Transcript": Transcript}) == space  # noqa: S307 - that a repr is meant for
    batch = ["x = 2", "", "−x"]
    assert space.from_jsonable(json.loads(json.dumps(space.to_jsonable(batch)))) == batch
    with pytest.raises(ValueError, match="no text of at most 30"):
        space.from_jsonable(["x", "y" * 31])


def test_a_batch_of_texts_is_a_tuple() -> None:
    batch = batch_space(Transcript(30, seed=1), 3)
    texts = batch.sample()
    assert len(texts) == 3
    assert texts in batch


@given(st.lists(st.tuples(st.integers(0, 2), st.text(max_size=12)), max_size=8))
def test_texts_pass_through_shared_memory(writes: list[tuple[int, str]]) -> None:
    space = Transcript(12)
    memory = create_shared_memory(space, n=3, ctx=multiprocessing)
    write: Any = write_to_shared_memory  # whose annotations know arrays only
    seen: Any = read_from_shared_memory(space, memory, n=3)  # once, before the writes, as AsyncVectorEnv does
    expected = ["", "", ""]
    for index, text in writes:
        write(space, index, text, memory)
        expected[index] = text
        assert list(seen) == expected
    kept = copy.deepcopy(seen)
    write(space, 1, "later", memory)
    assert kept == tuple(expected)
    assert seen[1] == "later"
    assert seen[-1] == expected[-1]
    assert seen[1:] == ("later", expected[2])


def test_a_text_that_is_too_long_for_shared_memory_is_refused() -> None:
    space = Transcript(4)
    memory = create_shared_memory(space, n=1, ctx=multiprocessing)
    write: Any = write_to_shared_memory
    with pytest.raises(ValueError, match="longer than the 4"):
        write(space, 0, "12345", memory)


def test_candidates_as_rows_alone_and_in_batches() -> None:
    flat = np.arange(5 * 12, dtype=np.uint8).reshape(5, 12)
    assert candidate_rows(flat[0], 4).tolist() == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    rows = candidate_rows(flat, 4)
    assert rows.shape == (5, 3, 4)
    assert np.shares_memory(rows, flat)
