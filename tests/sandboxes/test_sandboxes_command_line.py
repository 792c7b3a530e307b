"""``python -m sandboxes``: what it prints, and what it exits with."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sandboxes.__main__ import main, parse_call

ROOT = Path(__file__).parents[2]
SOURCE = "def f(x, y=1):\n    return [x, y]\n\nif __name__ == '__main__':\n    print(input()[::-1])\n"
linux = pytest.mark.skipif(sys.platform != "linux", reason="the default back end needs Linux")


@pytest.fixture
def program(tmp_path: Path) -> str:
    (tmp_path / "p.py").write_text(SOURCE)
    return str(tmp_path / "p.py")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f(1, [2])", ("f", ([1, [2]], {}))),
        (" f( 'a', key={1: (2, -3)}) ", ("f", (["a"], {"key": {1: (2, -3)}}))),
        ("Solution.f()", ("Solution.f", ([], {}))),
        ("f({1}, b'x', None, 1 + 2j)", ("f", ([{1}, b"x", None, 1 + 2j], {}))),
    ],
)
def test_calls_are_read(text: str, expected: Any) -> None:
    assert parse_call(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "f",
        "",
        "f(",
        "f(x)",
        "f(g())",
        "f(*[1])",
        "f(**{})",
        "f()()",
        "f[0]()",
        "f(__import__('os'))",
        "f(1); g(2)",
        "(" * 999,
    ],
)
def test_what_is_no_call(text: str) -> None:
    with pytest.raises(ValueError, match="literal arguments"):
        parse_call(text)


@linux
def test_a_call(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", program, "--call", "f(1, y=[2])", "--call", "f(2)"]) == 0
    out, err = capsys.readouterr()
    assert out == "f(1, y=[2]) = [1, [2]]\nf(2) = [2, 1]\n"
    assert err.startswith("ok (")


@linux
def test_the_whole_result_as_json(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", program, "--call", "f(1)", "--json", "--memory-bytes", "100000000"]) == 0
    assert json.loads(capsys.readouterr().out)["results"][0]["value"] == ["l", 1, 1]


@linux
@pytest.mark.parametrize(
    ("source", "arguments", "code", "words"),
    [
        ("raise SystemExit(3)", [], 1, "exit code 3"),
        ("def f(x): raise KeyError(x)", ["--call", "f(1)"], 1, "KeyError"),
        ("while True: pass", ["--cpu-seconds", "0.2"], 1, "timeout"),
        ("def f(x): return x", ["--entry", "f", "--tests", "TESTS"], 0, "ok"),
        ("def f(x): return x + 1", ["--entry", "f", "--tests", "TESTS"], 1, "failed"),
        ("x", ["--language", "cobol"], 3, "refused"),
    ],
)
def test_how_it_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str, arguments: list[str], code: int, words: str
) -> None:
    (tmp_path / "p.py").write_text(source)
    (tmp_path / "t.py").write_text("assert f(1) == 1")
    arguments = [str(tmp_path / "t.py") if word == "TESTS" else word for word in arguments]
    assert main(["run", str(tmp_path / "p.py"), *arguments]) == code
    out, err = capsys.readouterr()
    assert words in out + err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "no-such-file.py"], "no-such-file.py: No such file"),
        (["run", "."], "directory"),
        (["run", "FILE", "--call", "f(x)"], "literal arguments"),
        (["run", "FILE", "--call", "f(1)", "--call", "g(1)"], "same function"),
        (["run", "FILE", "--tests", "FILE"], "--entry"),
        (["run", "FILE", "--entry", "f"], "--tests"),
        (["run", "FILE", "--backend", "nope"], "no sandbox 'nope'"),
        (["run", "FILE", "--backend", "no.such:Module"], "no.such"),
        (["run", "FILE", "--backend", "remote"], "url"),
        (["run", "FILE", "--cpu-seconds", "-1"], "must be positive"),
        (["run", "-", "--stdin", "-"], "not both"),
    ],
)
def test_what_makes_no_sense(
    program: str, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main([program if word == "FILE" else word for word in arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert "Traceback" not in err


def test_a_program_prints_what_standard_output_cannot(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("def f(): return 'é'\nprint('☃')\nassert f()", encoding="utf-8")
    command = [sys.executable, "-m", "sandboxes", "run", str(tmp_path / "p.py"), "--call", "f()"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stdout) == (0, "\\u2603\nf() = '\\xe9'\n")


def test_nobody_there(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", program, "--backend", "remote", "--url", "http://127.0.0.1:9"]) == 3
    assert "infrastructure" in capsys.readouterr().err


@linux
def test_the_doctor(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["doctor"])
    words = capsys.readouterr().out
    assert "\x1b" not in words
    assert main(["doctor", "--json"]) == code
    reports = json.loads(capsys.readouterr().out)
    assert [report["tier"] for report in reports] == [line.split()[0] for line in words.splitlines() if line[0] != " "]
    assert (code == 0) is any(r["available"] for r in reports if r["tier"] in ("namespaces", "landlock"))
    for report in reports:
        assert report["available"] is (f"{report['tier']}" in words and not report["reason"])


@linux
def test_colours_on_a_terminal_and_no_commands_to_it(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("print('\\x1b]0;title\\x07')\ndef f(): raise ValueError('\\x1b[2J')")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "sandboxes", "run", str(tmp_path / "p.py"), "--call", "f()"]
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | {"TERM": "xterm"}
    subprocess.run(command, stdout=theirs, stderr=theirs, cwd=ROOT, env=environment, check=False)
    os.close(theirs)
    shown = b""
    while True:
        try:
            chunk = os.read(ours, 4096)
        except OSError:
            break
        shown += chunk
    os.close(ours)
    assert b"\x1b[31mexception" in shown
    assert b"\x1b]0;" not in shown
    assert b"\x1b[2J" not in shown
    assert b"\\x1b" in shown


@linux
def test_interrupted(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("print('begun', flush=True)\nwhile True: pass")
    command = [
        sys.executable,
        "-m",
        "sandboxes",
        "run",
        str(tmp_path / "p.py"),
        "--wall-seconds",
        "60",
        "--cpu-seconds",
        "60",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.strip().endswith("interrupted")
    assert "Traceback" not in out + err
