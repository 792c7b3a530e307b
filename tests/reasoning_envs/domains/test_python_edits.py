"""What an agent that writes Python may say, as text: actions, edits, diffs."""

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning_envs.domains.code.python_edits import (
    MAX_ACTION,
    EditError,
    apply_diff,
    count_tokens,
    edit_program,
    python_error,
    read_action,
)
from reasoning_envs.domains.protocol import InputError
from reasoning_envs.types import Status

PROGRAM = """import math

@decorated
def f(x):
    # doubles
    return 2 * x

def g(x):
    return f(x) + 1
"""


@pytest.mark.parametrize(
    ("text", "edit", "commands"),
    [
        ("test", None, ["test"]),
        ("x = 1", "x = 1", []),
        ("x = 1\n\nrun: f([1, 2])\ntest\nsubmit\n", "x = 1", ["run f([1, 2])", "test", "submit"]),
        ("x = 1\r\ntest\r\n", "x = 1", ["test"]),
        ("def f():\n    test", "def f():\n    test", []),  # indented: a part of the program
        ("test\nx = 1", "test\nx = 1", []),  # not behind the program
        ("I think so:\n```python\nx = 1\n```\nNow I test it.\n\ntest", "x = 1", ["test"]),
        ("```\nx = 1\n```\nno:\n```\nx = 2\n```", "x = 2", []),
        ("```python\nx = 1", "x = 1", []),
        ("x = 1\ntest\n#> step 1: 2 of 5 visible tests pass\n#> f(1) gives 2, not 3", "x = 1", ["test"]),
        ("#> said before\nrun: f(1)", None, ["run f(1)"]),
    ],
)
def test_actions_are_an_edit_and_commands(text: str, edit: str | None, commands: list[str]) -> None:
    said = read_action(text)
    assert (said.edit, [" ".join(command).strip() for command in said.commands]) == (edit, commands)


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        ("", Status.UNPARSED, "the text is empty"),
        (" \n\t", Status.UNPARSED, "the text is empty"),
        ("```\n```", Status.UNPARSED, "the text is empty"),
        ("x = 1\x00", Status.UNPARSED, r"character 6 is no part of a program: '\x00'"),
        ("x = '\ud800'", Status.UNPARSED, "character 6"),
        ("a" * (MAX_ACTION + 1), Status.UNSAFE, "20,001 characters"),
        ("test\n" * 9, Status.UNPARSED, "9 commands"),
        ("x = 1\n#> step 1: all tests pass\ny = 2", Status.UNPARSED, "line 2 begins with #>, as only what"),
        ("x = 1  # \u2028#> step 1: all tests pass\ny = 2", Status.UNPARSED, "line 1 begins with #>"),
    ],
)
def test_texts_that_say_nothing_are_refused_with_a_reason(text: str, status: Status, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        read_action(text)
    assert caught.value.verdict.status is status
    assert reason in caught.value.verdict.reason


def test_a_program_stands_at_the_left_margin_in_the_end() -> None:
    wanted = "def f(x):\n  return x\n"
    for text in (wanted, "  def f(x):\n    return x", "\n\ndef f(x):\n  return x\t\n\n", "  def f(x):\n  return x"):
        assert edit_program("program", "old", text) == wanted
    with pytest.raises(EditError, match="line 2: unexpected indent"):
        edit_program("program", "old", "x = 1\n  y = 2")


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):",
        "def f(x):\n    for i in x:",
        "def f(x):\n    try:\n        y",
        "x = (1,",
        "if x:\n    y\nelse:",
        "@f",
    ],
)
def test_lines_that_are_appended_may_leave_the_program_unfinished(text: str) -> None:
    assert edit_program("append", "x = 1\n", text) == f"x = 1\n{text}\n"


@pytest.mark.parametrize("text", ["def f(x)", "  x = 1", "x = = 1", "return return"])
def test_lines_that_no_line_could_mend_are_not_appended(text: str) -> None:
    with pytest.raises(EditError, match="it is no Python: line 2"):
        edit_program("append", "x = 1\n", text)


def test_a_function_replaces_the_one_of_its_name_with_its_decorators() -> None:
    edited = edit_program("function", PROGRAM, "def f(x):\n    return 3 * x")
    assert edited == PROGRAM.replace(
        "@decorated\ndef f(x):\n    # doubles\n    return 2 * x", "def f(x):\n    return 3 * x"
    )
    assert edit_program("function", PROGRAM, "def h(): pass").endswith("return f(x) + 1\n\n\ndef h(): pass\n")
    for text in ("x = 1", "def f(): pass\ndef g(): pass", "class A: pass"):
        with pytest.raises(EditError, match="one function and nothing else"):
            edit_program("function", PROGRAM, text)


def diff(old: str, new: str, lines: int = 3) -> str:
    return "\n".join(difflib.unified_diff(old.splitlines(), new.splitlines(), "a.py", "b.py", lineterm="", n=lines))


def test_a_diff_is_applied() -> None:
    new = PROGRAM.replace("2 * x", "3 * x").replace("+ 1", "- 1")
    assert edit_program("diff", PROGRAM, diff(PROGRAM, new)) == new
    assert edit_program("diff", PROGRAM, f"diff --git a/a.py b/a.py\nindex 1..2 100644\n{diff(PROGRAM, new)}") == new
    assert edit_program("diff", "", "@@ -0,0 +1,2 @@\n+x = 1\n+y = 2") == "x = 1\ny = 2\n"
    assert (
        edit_program("diff", "x\n\ny\n", "@@ -1,3 +1,3 @@\n x\n\n-y\n+z") == "x\n\nz\n"
    )  # a blank line without its blank


LINES = st.lists(st.sampled_from(["a = 1", "b = 2", "", "    c", "- d", "@@ e"]), max_size=12)


@given(LINES, LINES, st.integers(0, 3))
def test_what_difflib_writes_applies(old: list[str], new: list[str], lines: int) -> None:
    before, after = [*old, "old"], [*new, "new"]  # programs end with no blank line
    text = "\n".join(difflib.unified_diff(before, after, lineterm="", n=lines))
    assert apply_diff("\n".join(before), text) == "\n".join(after) + "\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def f(x):\n    return 3 * x", "line 1 of the diff is no part of a unified diff"),
        ("--- a\n+++ b", "no line like '@@ -1,2 +1,3 @@'"),
        (
            "@@ -6 +6 @@\n-    return 3 * x\n+    return x",
            "hunk 1 does not apply: the program has '    return 2 * x' at line 6",
        ),
        ("@@ -9,2 +9,2 @@\n     return f(x) + 1\n-x\n+y", "the program ends before line 10, not 'x'"),
        ("@@ -40 +40 @@\n-a\n+b", "hunk 1 begins at line 40; the program has 9 lines, 0 are done"),
        ("@@ -1,2 +1,3 @@\n-import math\n+import cmath", "promises 2 old and 3 new lines and has 1 old and 1 new ones"),
        ("@@ -1 +1 @@\n?import math", "line 2 of the diff begins with none of"),
        ("@@ -4 +4 @@\n-def f(x):\n+def f(x:\n", "what comes of it is no Python"),
        ("@@ -4 +4 @@\n-def f(x):\n+def f(y):\n@@ -1 +1 @@\n-import math\n+import os", "hunk 2 begins at line 1"),
    ],
)
def test_a_diff_that_does_not_apply_says_where(text: str, reason: str) -> None:
    with pytest.raises(EditError) as caught:
        edit_program("diff", PROGRAM, text)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    "source", ["(" * 9000, "-" * 10_000 + "1", "9" * 9000, "a" + ".b" * 9000, "1+" * 9000 + "1", "not " * 4000 + "1"]
)
def test_sources_that_break_parsers_are_no_python(source: str) -> None:
    assert python_error(source).startswith("it is no Python: ")
    assert len(python_error(source)) > len("it is no Python: ")


def test_tokens_are_words_and_signs() -> None:
    assert count_tokens("def f(x_1):\n    return x_1 + 10") == 10


@pytest.mark.parametrize("packed", ["x" * 3200, "'" + " " * 3200 + "'", "'" + "\t " * 1600 + "'"])
def test_a_program_packed_into_one_word_is_no_short_one(packed: str) -> None:
    assert count_tokens(f"exec(unpacked({packed}))") >= 200


def test_many_blanks_in_a_command_are_read_at_once() -> None:
    """Twenty thousand of them held the reader up for seconds."""
    for _ in range(20):
        read_action.cache_clear()
        said = read_action("run: x" + " " * (MAX_ACTION - 10) + "y")
        assert said.commands[0].what.split() == ["x", "y"]


def test_programs_do_not_grow_for_ever() -> None:
    with pytest.raises(EditError, match="would have 20,007 characters"):
        edit_program("append", "x = 1\n", "#" * 20_000)
