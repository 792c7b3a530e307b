"""``python -m reasoning_envs``: list, play, verify."""

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

import reasoning_envs
from reasoning_envs.__main__ import main

ROOT = Path(__file__).parents[2]
TOY = "tests.reasoning_envs.toy_domain:ToyDomain"

_TOYS: dict[str, dict[str, Any]] = {
    "toy/Play-v0": {"level": "three"},
    "toy/PlayGroups-v0": {"level": "six", "max_actions": 6},
    "toy/PlayText-v0": {"interface": "text"},
}
for _name, _kwargs in _TOYS.items():
    if _name not in gym.registry:
        gym.register(_name, entry_point="reasoning_envs.env:ReasoningEnv", kwargs={"domain": TOY, **_kwargs})


def run(*arguments: str, stdin: str = "", **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "reasoning_envs", *arguments]
    return subprocess.run(
        command, cwd=ROOT, input=stdin, capture_output=True, text=True, timeout=60, check=False, **options
    )


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Types lines; after the last one the input ends, or an exception given in their place is raised."""

    def type_in(*lines: str | type[BaseException]) -> None:
        waiting = list(lines)

        def read(prompt: str = "") -> str:
            if not waiting:
                raise EOFError
            line = waiting.pop(0)
            if isinstance(line, str):
                return line
            raise line

        monkeypatch.setattr("builtins.input", read)

    return type_in


# -- list ---------------------------------------------------------------------------------------------------------


def test_list_shows_every_id_and_level() -> None:
    result = run("list")
    assert (result.returncode, result.stderr) == (0, "")
    rows = result.stdout.splitlines()
    assert rows[0].split() == ["id", "interface", "keywords", "what", "it", "is"]
    for name, kwargs in reasoning_envs.ENVIRONMENTS.items():
        (row,) = [row for row in rows if row.startswith(f"{name} ")]
        assert kwargs["interface"] in row
    for name, kwargs in reasoning_envs.GAMES.items():
        (row,) = [row for row in rows if row.startswith(f"{name} ")]
        assert kwargs["role"] in row
    assert "levels of algebra: " in result.stdout
    assert "linear-1" in result.stdout


# -- play ---------------------------------------------------------------------------------------------------------


def test_playing_moves(typed: Any, capsys: pytest.CaptureFixture[str]) -> None:
    typed("2", "0")
    assert main(["play", "toy/Play-v0", "--problem", "3 + 4 * 2"]) == 0
    out = capsys.readouterr().out
    assert "   0  7 * 2  work out: 3 + 4 * 2\n" in out
    assert "   3  3 + 9  slip: 3 + 4 * 2\n" in out
    assert "  1. ✓ 3 + 8" in out
    assert out.endswith("✓ right: the same value\n")


def test_playing_by_choosing_groups(typed: Any, capsys: pytest.CaptureFixture[str]) -> None:
    typed("1", "0")
    assert main(["play", "toy/PlayGroups-v0", "--problem", "1 + 2 + 3 + 4 + 5 + 6"]) == 0
    out = capsys.readouterr().out
    assert "   1  ...                    choose operation 2: 1 + 2 + 3 + 4 + 5 + 6\n" in out
    assert "  1. ✓ 1 + 5 + 4 + 5 + 6" in out


def test_playing_text(typed: Any, capsys: pytest.CaptureFixture[str]) -> None:
    typed("3 + 8", "eleven", "", "12")
    assert main(["play", "toy/PlayText-v0", "--problem", "3 + 4 * 2"]) == 0
    out = capsys.readouterr().out
    assert "not taken: 'eleven'" in out
    assert "expected numbers joined by +, - and *" in out
    assert "✗ wrong: 3 + 4 * 2 is 11, 12 is 12" in out


@pytest.mark.parametrize("line", ["4", "-1", "x", "1.0", "99999999999999999999", "٣٣", "²"])
def test_bad_input_is_explained_and_asked_for_again(typed: Any, capsys: pytest.CaptureFixture[str], line: str) -> None:
    typed(line, "2", "q")
    assert main(["play", "toy/Play-v0", "--problem", "3 + 4 * 2"]) == 0
    out = capsys.readouterr().out
    assert f"{line!r} is no move: type a number from 0 to 3, or q to leave\n" in out
    assert "  1. ✓ 3 + 8" in out


def test_the_end_of_the_input_is_no_error(typed: Any) -> None:
    typed()
    assert main(["play", "toy/Play-v0", "--seed", "3"]) == 0


def test_an_interruption_is_told_by_the_code(typed: Any, capsys: pytest.CaptureFixture[str]) -> None:
    typed("0", KeyboardInterrupt)
    assert main(["play", "toy/Play-v0", "--seed", "3"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_the_same_seed_is_the_same_problem(typed: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shown = []
    for seed in ("3", "3", "4"):
        typed()
        main(["play", "toy/Play-v0", "--seed", seed, "--level", "six"])
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1] != shown[2]
    assert "[six]" in shown[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Chess-v0"], "there is no environment 'Chess-v0'; known: reasoning_envs/Algebra-v0"),
        (["toy/Chess-v0"], "there is no environment 'toy/Chess-v0'"),
        (["nowhere/Play-v0"], "nowhere"),
        (["CartPole"], "there is no environment 'CartPole'"),
        (["toy/Play-v0", "--level", "hard"], "has no level 'hard'; known: two, three, six"),
        (["toy/Play-v0", "--problem", "x"], "expected numbers joined by"),
        (["toy/Play-v0", "--problem", "1 + 1", "--level", "six"], "give either --problem or --level"),
    ],
)
def test_playing_what_is_not_there(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", *arguments]) == 2
    err = capsys.readouterr().err
    assert err.startswith("python -m reasoning_envs play: ")
    assert message in err


def test_playing_in_a_process_of_its_own() -> None:
    result = run("play", "AlgebraText-v0", "--problem", "2*x + 3 = 7", stdin="2*x = 4\nx = 2\n")
    assert (result.returncode, result.stderr) == (0, "")
    assert "✓ right" in result.stdout


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_leaves_without_a_traceback() -> None:
    command = [sys.executable, "-u", "-m", "reasoning_envs", "play", "Algebra-v0", "--seed", "1"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        while not process.stdout.readline().startswith("   0"):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err


# -- verify -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["answer", "x = 1/2", "x = 0.5"], 0, "verified"),
        (["answer", "1/2", "2/4"], 0, "verified"),
        (["answer", "x = 3", "x = 2"], 1, "refuted"),
        (["answer", "--", "-x", "-1*x"], 0, "verified"),
        (["answer", "-3", "-3.0"], 0, "verified"),
        (["answer", "??", "x = 2"], 3, "unparsed"),
        (["answer", "9^9^9^9", "x = 2"], 3, "unsafe"),
        (["step", "2*x + 4 = 8", "2*x = 4"], 0, "verified (equivalent)"),
        (["step", "x^2 = 2*x", "x = 2"], 1, "refuted"),
        (["step", "y^2 = 2*y", "y = 2", "--unknown", "y"], 1, "refuted"),
        (["step", "x^2 = 2*x", "((("], 3, "unparsed"),
    ],
)
def test_verifying_answers_and_steps(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", *arguments]) == code
    out = capsys.readouterr().out
    assert out.startswith(said)
    assert main(["verify", arguments[0], "--json", *arguments[1:]]) == code
    data = json.loads(capsys.readouterr().out)
    assert data["status"] == said.split(maxsplit=1)[0]
    assert data["reason"] in out


RIGHT = "2*x + 3 = 7\n\n# both sides less 3\n2*x = 4\nx = 2\n"
WRONG = "x^2 = 2*x\nx = 2\n"


@pytest.mark.parametrize(("text", "code", "count"), [(RIGHT, 0, 2), (WRONG, 1, 1), ("x = 2\n???\n", 3, 1)])
def test_verifying_derivations(
    text: str, code: int, count: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "derivation.txt"
    path.write_text(text)
    assert main(["verify", "derivation", str(path), "--json"]) == code
    assert len([json.loads(line) for line in capsys.readouterr().out.splitlines()]) == count
    result = run("verify", "derivation", stdin=text)
    assert result.returncode == code
    assert result.stderr == ""
    assert main(["verify", "derivation", str(path)]) == code
    assert capsys.readouterr().out == result.stdout


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (["verify", "derivation", "nowhere.txt"], "", "nowhere.txt: No such file"),
        (["verify", "derivation", "."], "", ".: Is a directory"),
        (["verify", "derivation", "-"], "x = 2\n", "two lines or more, one below the other; got 1"),
        (["verify", "answer", "1"], "", "required: TRUTH"),
        (["verify", "answer", "1", "1", "--over", "quaternions"], "", "over must be one of real"),
        (["verify", "step", "x = 1", "x = 1", "--unknown", "1+1"], "", "1+1"),
        (["verify", "step", "x^2 = 4", "x = 2", "--unknown", "X"], "", "the unknown 'X' is in none of the lines"),
        (["verify", "derivation", "--unknown", "X"], "x^2 = 4\nx = 2\n", "the unknown 'X' is in none of the lines"),
        (["verify"], "", "required: WHAT"),
        (["solve"], "", "invalid choice: 'solve'"),
        ([], "", "required: COMMAND"),
    ],
)
def test_wrong_usage_is_told_and_has_a_code_of_its_own(arguments: list[str], stdin: str, message: str) -> None:
    result = run(*arguments, stdin=stdin)
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_bytes_that_are_no_text_are_no_mathematics() -> None:
    command = [sys.executable, "-m", "reasoning_envs", "verify", "derivation"]
    result = subprocess.run(command, cwd=ROOT, input=b"x = 2\n\xff\x00 = 2\n", capture_output=True, check=False)
    assert result.returncode == 3
    assert b"Traceback" not in result.stderr


@pytest.mark.parametrize("end", [b"\r\n", b"\r", b"\n"])
def test_a_derivation_may_come_from_any_editor(end: bytes) -> None:
    command = [sys.executable, "-m", "reasoning_envs", "verify", "derivation"]
    text = end.join([b"\xef\xbb\xbf# halve", b"2*x = 4", b"", b"x = 2", b""])
    for data in (text, text.replace(b"# halve" + end, b"")):
        result = subprocess.run(command, cwd=ROOT, input=data, capture_output=True, check=False)
        assert (result.returncode, result.stderr) == (0, b"")
        assert result.stdout.startswith(b"x = 2")


def test_what_is_read_of_latex_is_said() -> None:
    said = " ".join(run("verify", "answer", "--help").stdout.split())
    assert "as text or LaTeX, also within a longer reply" in said


@pytest.mark.skipif(os.name != "posix", reason="pipes")
def test_a_reader_that_leaves_is_no_error() -> None:
    command = f"{shlex.quote(sys.executable)} -m reasoning_envs verify derivation; echo code $? >&2"
    line = "x = 2\n" * 3000
    with subprocess.Popen(
        ["bash", "-c", f"({command}) | head -n 1"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        _, err = process.communicate(line, timeout=60)
    assert "Traceback" not in err
    assert err.strip() in ("code 141", "code 0")


def test_the_version_is_shown() -> None:
    assert run("--version").stdout.strip() == reasoning_envs.__version__
