"""The settings of a run as options of the command line: each field of a frozen dataclass is one.

A field has a default and is annotated with its type and with what it is, in words:
``problems: Annotated[int, "proposed in an iteration"] = 128``. Its type is ``int``, ``float``, ``str``, ``bool`` (an
option without a value) or a ``Literal`` of texts.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Generic, Literal, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from agents.run_folder import damaged, read_config

__all__ = ["Arguments", "add_options", "check_settings", "json_object", "names_in", "parse_run"]

C = TypeVar("C")


class Arguments(NamedTuple, Generic[C]):
    """Of a command line: the settings, the folder of the run, and whether to go on with what is there."""

    config: C
    folder: Path
    resume: bool


def names_in(text: str) -> tuple[str, ...]:
    """Names with commas between them, one by one."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def json_object(text: str, setting: str) -> dict[str, Any]:
    """The JSON object that a setting holds as text.

    Raises:
        ValueError: it is none; the message names the setting.
    """
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{setting} must be a JSON object, got {text!r}: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{setting} must be a JSON object, got {text!r}")
    return found


def check_settings(config: Any, least: Mapping[str, float | None] | None = None, shares: Collection[str] = ()) -> None:
    """Check the fields of a dataclass of settings against what their types and ``least`` say.

    Args:
        config: the dataclass. A text of ``env_kwargs`` must be a JSON object.
        least: the smallest value of a number, None where any finite one will do. By default 1 of a whole number,
            0 of another and of ``seed``.
        shares: numbers in [0, 1].

    Raises:
        ValueError: a setting will not do; the message names it, what it must be and what it is.
    """
    lowest = {"seed": 0, **(least or {})}
    for name, (kind, _) in _annotations(type(config)).items():
        value = getattr(config, name)
        if get_origin(kind) is Literal and value not in get_args(kind):
            raise ValueError(f"{name} must be one of {', '.join(get_args(kind))}, got {value!r}")
        if name == "env_kwargs":
            json_object(value, name)
        if kind not in (int, float):
            continue
        if name in shares:
            if not 0 <= value <= 1:
                raise ValueError(f"{name} must lie in [0, 1], got {value}")
            continue
        bound = lowest.get(name, 1 if kind is int else 0)
        if not math.isfinite(value):
            raise ValueError(f"{name} must be a finite number, got {value}")
        if bound is not None and value < bound:
            raise ValueError(f"{name} must be at least {bound}, got {value}")


def add_options(parser: argparse.ArgumentParser, config: type) -> None:
    """Give the parser an option for each field of a dataclass of settings."""
    for option in fields(config):
        kind, words = _annotations(config)[option.name]
        name = "--" + option.name.replace("_", "-")
        if kind is bool:
            parser.add_argument(name, action="store_true", help=words)
        elif get_origin(kind) is Literal:
            parser.add_argument(name, choices=get_args(kind), default=option.default, help=words)
        else:
            parser.add_argument(name, type=kind, default=option.default, help=words)


def parse_run(
    parser: argparse.ArgumentParser,
    config: type[C],
    arguments: Sequence[str] | None,
    *,
    name: str,
    smoke: Mapping[str, Any] | None = None,
    may_change: Collection[str] = (),
) -> Arguments[C]:
    """Read the command line of a run that can be resumed; a wrong option ends the program, with exit code 2.

    What a run was started with need not be said again to resume it.

    Args:
        parser: what is common to all runs is added to it: ``--name``, ``--out``, ``--resume`` and the settings.
        config: the dataclass of the settings.
        arguments: of the command line; None: the program's own.
        name: of a run that is given none.
        smoke: settings of a short run in which everything happens and little is learned, by ``--smoke``; None: none.
        may_change: settings that may differ when a run is resumed.

    Raises:
        DamagedRunError: the run to be resumed has a ``config.json`` that cannot be read.
    """
    parser.add_argument("--name", default=name, help="of the run")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder that holds the folder of the run")
    parser.add_argument("--resume", action="store_true", help="go on with the run of this name from its checkpoint")
    if smoke is not None:
        parser.add_argument(
            "--smoke", action="store_true", help="everything in about a minute; what else is said counts"
        )
    add_options(parser, config)
    known, _ = parser.parse_known_args(arguments)
    short = smoke if smoke is not None and known.smoke else {}
    parser.set_defaults(**short)
    started = known.out / known.name / "config.json"
    if known.resume and started.is_file():
        # What is said now goes before; a short run may shorten what is left of a long one.
        kept = {key for key in short if key in may_change}
        before = _settings_of(started, config)
        parser.set_defaults(**{key: value for key, value in before.items() if key not in kept})
    chosen = vars(parser.parse_args(arguments))
    chosen.pop("smoke", None)
    name, out, resume = (chosen.pop(key) for key in ("name", "out", "resume"))
    if name in ("", "..") or Path(name).name != name:
        parser.error(f"--name must be the plain name of a folder, got {name!r}")
    try:
        settings = config(**chosen)
    except ValueError as error:
        parser.error(str(error))
    return Arguments(settings, out / name, resume)


def _settings_of(file: Path, config: type) -> dict[str, Any]:
    """What a run was started with, of what there still is."""
    found = read_config(file)
    annotations = _annotations(config)
    for key in found.keys() & annotations.keys():
        value, kind = found[key], annotations[key][0]
        expected = str if get_origin(kind) is Literal else kind
        if type(value) is not expected and not (expected is float and type(value) is int):
            raise damaged(file, f"says that {key} is {value!r}, which is no {expected.__name__}")
    return {key: found[key] for key in found.keys() & annotations.keys()}


def _annotations(config: type) -> dict[str, tuple[Any, str]]:
    """Of each field its type and what it is, in words."""
    hints = get_type_hints(config, include_extras=True)
    return {option.name: get_args(hints[option.name])[:2] for option in fields(config)}
