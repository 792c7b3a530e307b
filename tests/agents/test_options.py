"""Settings of a run as options of the command line."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import pytest

from agents.options import Arguments, check_settings, json_object, names_in, parse_run
from agents.run_folder import DamagedRunError


@dataclass(frozen=True)
class Settings:
    """Of a run in these tests."""

    rounds: Annotated[int, "to play"] = 5
    seed: Annotated[int, "of all draws"] = 0
    rate: Annotated[float, "of learning"] = 0.5
    shift: Annotated[float, "of anything"] = -1.0
    share: Annotated[float, "of old problems"] = 0.25
    kind: Annotated[Literal["plain", "fancy"], "of run"] = "plain"
    loud: Annotated[bool, "tell everything"] = False
    env_kwargs: Annotated[str, "as JSON"] = "{}"

    def __post_init__(self) -> None:
        check_settings(self, {"shift": None}, shares=("share",))


def read(*arguments: str, smoke: dict[str, object] | None = None) -> Arguments[Settings]:
    parser = argparse.ArgumentParser(prog="play")
    return parse_run(parser, Settings, arguments, name="first", smoke=smoke, may_change=("rounds",))


def test_every_field_is_an_option() -> None:
    config, folder, resume = read(
        *("--rounds", "7", "--rate", "2", "--kind", "fancy", "--loud", "--name", "other", "--out", "there")
    )
    assert config == Settings(rounds=7, rate=2.0, kind="fancy", loud=True)
    assert (folder, resume) == (Path("there/other"), False)
    assert read() == (Settings(), Path("runs/first"), False)


def test_a_resumed_run_need_not_be_told_again_what_it_was_started_with(tmp_path: Path) -> None:
    started = Settings(rounds=9, kind="fancy", loud=True, shift=3.0)
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "config.json").write_text(json.dumps(asdict(started) | {"of another version": 1}))
    common = ("--out", str(tmp_path), "--resume")
    assert read(*common).config == started
    assert read(*common, "--rounds", "20").config == replace(started, rounds=20)
    assert read(*common, "--smoke", smoke={"rounds": 1, "rate": 9.0}).config == replace(started, rounds=1)
    assert read("--out", str(tmp_path)).config == Settings()


def test_a_short_run_has_other_defaults_and_what_is_said_counts() -> None:
    smoke: dict[str, object] = {"rounds": 1, "rate": 9.0}
    assert read("--smoke", "--rate", "0.1", smoke=smoke).config == Settings(rounds=1, rate=0.1)
    with pytest.raises(SystemExit):
        read("--smoke")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rounds": 0}, "rounds must be at least 1, got 0"),
        ({"seed": -1}, "seed must be at least 0, got -1"),
        ({"rate": -0.5}, "rate must be at least 0, got -0.5"),
        ({"rate": float("nan")}, "rate must be a finite number, got nan"),
        ({"shift": float("-inf")}, "shift must be a finite number, got -inf"),
        ({"share": 1.5}, r"share must lie in \[0, 1\], got 1.5"),
        ({"share": float("nan")}, r"share must lie in \[0, 1\], got nan"),
        ({"kind": "odd"}, "kind must be one of plain, fancy, got 'odd'"),
        ({"env_kwargs": "[1]"}, r"env_kwargs must be a JSON object, got '\[1\]'"),
        ({"env_kwargs": "{moves}"}, "env_kwargs must be a JSON object, got '{moves}': "),
    ],
)
def test_a_setting_that_will_not_do_is_named(
    settings: dict[str, object], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError, match=message):
        Settings(**settings)  # type: ignore[arg-type]
    if "kind" not in settings:
        with pytest.raises(SystemExit, match="2"):
            read(*[part for name, value in settings.items() for part in ("--" + name.replace("_", "-"), f"{value}")])
        assert next(iter(settings)) in capsys.readouterr().err


def test_any_finite_number_will_do_where_no_bound_is_said() -> None:
    assert Settings(shift=-1e9).shift == -1e9


@pytest.mark.parametrize("name", ["", "..", "a/b", "/tmp"])
def test_a_run_has_a_plain_name(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        read("--name", name)
    assert "--name must be the plain name of a folder" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["{", "[]", '{"rounds": "many"}', '{"kind": 3}', '{"rounds": true}'])
def test_a_damaged_run_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "config.json").write_text(text)
    with pytest.raises(DamagedRunError, match=r"config\.json"):
        read("--out", str(tmp_path), "--resume")


def test_names_and_objects_are_read() -> None:
    assert names_in(" a, b ,,c ") == ("a", "b", "c")
    assert names_in("") == ()
    assert json_object('{"a": [1]}', "what") == {"a": [1]}
