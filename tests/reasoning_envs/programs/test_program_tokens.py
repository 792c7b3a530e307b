"""Programs and values as tokens: different where they differ, the same where only names do."""

from random import Random
from typing import Any

import pytest

from reasoning_envs.programs.reader import read_program
from reasoning_envs.programs.tokens import MAX_VARIABLES, program_tokens, value_tokens
from reasoning_envs.programs.trees import rename
from tests.reasoning_envs.programs.random_programs import random_program


@pytest.mark.parametrize(
    ("value", "tokens"),
    [
        (0, [4, 6]),
        (-105, [5, 7, 6, 11]),
        (True, [17]),
        (False, [16]),
        ((), [18, 1]),
        ((3, -1), [18, 4, 9, 5, 7, 1]),
        ("a~ ", [19, 225, 254, 160, 1]),
        ("ß\n", [19, 255, 255, 1]),
        (None, [20]),
    ],
)
def test_values_have_fixed_tokens(value: Any, tokens: list[int]) -> None:
    """A trained model has learnt these numbers."""
    assert list(value_tokens(value)) == tokens


def test_a_program_has_fixed_tokens() -> None:
    program = read_program("""
def f(xs: list[int], n: int) -> int:
    v1 = [x * n for x in xs]
    v2 = 0
    for x in v1:
        v2 = v2 - x
    return v2
""")
    tokens = [2, 79, 34, 21, 129, 128, 2, 87, 33, 21, 22, 4, 6, 130, 3, 131]
    assert list(program_tokens(program)) == tokens
    renamed = str(program).replace("xs", "ys").replace("n:", "k:").replace("* n", "* k").replace("v1", "a")
    assert list(program_tokens(read_program(renamed))) == tokens


def test_different_programs_have_different_tokens() -> None:
    rnd = Random(0)
    forms: dict[tuple[object, ...], set[str]] = {}
    for _ in range(1600):
        program = random_program(rnd)
        places = [*dict(program.parameters), *(line.target for line in program.lines)]
        names = {name: f"a{index}" for index, name in enumerate(places)}
        exprs = (*(line.expr for line in program.lines), program.result)
        form = ";".join(rename(expr, names).key for expr in exprs)
        for usual in "xyic":
            form = form.replace(f"|{usual}0", f"|{usual}").replace(f"{usual}0:", f"{usual}:")
        if form.isascii() and "\\n" not in form:  # other characters share a token
            kinds = tuple(kind for _, kind in program.parameters)
            forms.setdefault((kinds, program_tokens(program)), set()).add(form)
    assert [texts for texts in forms.values() if len(texts) > 1] == []
    assert len(forms) > 900


def test_a_long_program_is_refused() -> None:
    lines = "".join(f"    v{i} = n\n" for i in range(MAX_VARIABLES))
    with pytest.raises(ValueError, match="33 parameters and lines"):
        program_tokens(read_program(f"def f(n: int) -> int:\n{lines}    return n\n"))
