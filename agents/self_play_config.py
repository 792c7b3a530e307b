"""What a run of self-play is started with."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, NamedTuple, get_args, get_type_hints

from agents.run_folder import damaged, read_config

__all__ = ["MAY_CHANGE", "SMOKE", "Arguments", "Config", "parse_arguments"]

MAY_CHANGE = (
    "minutes",
    "check_every",
    "evaluation_problems",
    "search_problems",
    "ppo_level",
    "ppo_steps",
    "ppo_problems",
)
"""Settings that may differ when a run is resumed: they change how long it goes on and how it is measured."""


@dataclass(frozen=True)
class Config:
    """What a run is started with; every field is an option of the command line."""

    minutes: Annotated[float, "that proposer and solver play; what follows takes about four more"] = 4.2
    seed: Annotated[int, "of weights, problems and draws"] = 0
    env: Annotated[str, "id of the environment, with the moves interface"] = "reasoning_envs/Algebra-v0"
    env_kwargs: Annotated[str, 'further keywords of gymnasium.make as JSON, such as \'{"moves": "curated"}\''] = "{}"
    levels: Annotated[str, "that the proposer draws from, with commas; empty: all of the domain"] = ""
    actors: Annotated[int, "processes that search beside the one that learns; 0: one process does both in turn"] = 1
    problems: Annotated[int, "proposed in an iteration"] = 128
    expansions: Annotated[int, "of a search, at most: states whose candidates are generated"] = 100
    steps: Annotated[int, "of a derivation, at most"] = 40
    attempts: Annotated[int, "of an iteration's problems played without search, by chance, for traces"] = 16
    updates_per_expansion: Annotated[float, "gradient steps for each state expanded"] = 0.055
    batch: Annotated[int, "decisions a gradient step"] = 128
    learning_rate: Annotated[float, "of Adam"] = 0.002
    replay: Annotated[int, "decisions remembered"] = 60_000
    value_weight: Annotated[float, "of the value's loss beside the policy's"] = 0.25
    width: Annotated[int, "of the embedding"] = 64
    hidden: Annotated[int, "units of the layers above it"] = 64
    layers: Annotated[int, "above the embedding"] = 1
    start: Annotated[str, "file or folder of a policy of the same sizes to start from; empty: random weights"] = ""
    scramble_share: Annotated[float, "of problems made by random walks back from a solution, in [0, 1]"] = 0.2
    decay: Annotated[float, "of the record of a level with each iteration in which it was tried"] = 0.8
    check_every: Annotated[int, "iterations between looks at validation problems"] = 8
    check_problems: Annotated[int, "validation problems a level in such a look"] = 2
    prm_traces: Annotated[int, "of the play, the newest, that the PRM is trained on"] = 1500
    search_problems: Annotated[int, "held-out problems a level to search with and without the PRM"] = 6
    search_expansions: Annotated[int, "of such a search"] = 16
    ppo_level: Annotated[str, "that PPO learns; several with commas"] = "linear-1"
    ppo_steps: Annotated[int, "of PPO with each reward"] = 12_000
    ppo_problems: Annotated[int, "validation problems a look at PPO, and test problems at its end"] = 60
    evaluation_problems: Annotated[int, "held-out problems a level in the final table"] = 20

    def __post_init__(self) -> None:
        least = {"minutes": 0, "actors": 0, "attempts": 0, "check_every": 1, "check_problems": 0, "value_weight": 0}
        for option in fields(self):
            value = getattr(self, option.name)
            if isinstance(value, int | float) and not isinstance(value, bool) and option.name not in _SHARES | {"seed"}:
                lowest = least.get(option.name, 0 if isinstance(value, float) else 1)
                if not value >= lowest or value == math.inf:
                    raise ValueError(f"{option.name} must be a number of at least {lowest}, got {value}")
        if self.seed < 0:
            raise ValueError(f"seed must be at least 0, got {self.seed}")
        if not self.ppo_level_names:
            raise ValueError("ppo_level must name a level")
        for name in _SHARES:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie in [0, 1], got {getattr(self, name)}")
        if not isinstance(self.more_kwargs, dict):
            raise ValueError(f"env_kwargs must be a JSON object, got {self.env_kwargs!r}")

    @property
    def more_kwargs(self) -> dict[str, Any]:
        """``env_kwargs`` as a dict.

        Raises:
            ValueError: it is no JSON.
        """
        try:
            kwargs: dict[str, Any] = json.loads(self.env_kwargs)
        except json.JSONDecodeError as error:
            raise ValueError(f"env_kwargs must be a JSON object, got {self.env_kwargs!r}: {error}") from error
        return kwargs

    @property
    def level_names(self) -> tuple[str, ...]:
        """``levels`` one by one; none: all of the domain."""
        return _names(self.levels)

    @property
    def ppo_level_names(self) -> tuple[str, ...]:
        """``ppo_level`` one by one."""
        return _names(self.ppo_level)


SMOKE: Mapping[str, Any] = {
    "minutes": 0.2,
    "problems": 48,
    "check_every": 4,
    "check_problems": 1,
    "prm_traces": 150,
    "search_problems": 1,
    "ppo_steps": 1024,
    "ppo_problems": 10,
    "evaluation_problems": 1,
}
"""The defaults of ``--smoke``: every part runs in about a minute, and little is learned."""

_SHARES = {"scramble_share", "decay"}


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


class Arguments(NamedTuple):
    """Of the command line: the configuration, the folder of the run, and whether to go on with what is there."""

    config: Config
    folder: Path
    resume: bool


def parse_arguments(arguments: Sequence[str] | None = None) -> Arguments:
    """Read the command line; a wrong option ends the program with a message and exit code 2.

    Raises:
        DamagedRunError: the run to be resumed has a ``config.json`` that cannot be read.
    """
    parser = argparse.ArgumentParser(
        prog="python -m agents.self_play",
        description="A proposer and a solver play each other on algebra; a PRM is trained on their play; "
        "search and PPO are measured with it and without it.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--name", default="demo", help="of the run")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder that holds the folder of the run")
    parser.add_argument("--resume", action="store_true", help="go on with the run of this name from its checkpoint")
    parser.add_argument("--smoke", action="store_true", help="everything in about a minute; what else is said counts")
    annotations = get_type_hints(Config, include_extras=True)
    for option in fields(Config):
        kind, help_text = get_args(annotations[option.name])
        parser.add_argument("--" + option.name.replace("_", "-"), type=kind, default=option.default, help=help_text)
    known, _ = parser.parse_known_args(arguments)
    if known.smoke:
        parser.set_defaults(**SMOKE)
    started = known.out / known.name / "config.json"
    if known.resume and started.is_file():
        # What the run was started with need not be said again; what is said now goes before.
        before = read_config(started)
        for key in before.keys() & annotations.keys():
            kind = get_args(annotations[key])[0]
            if type(before[key]) is not kind and not (kind is float and type(before[key]) is int):
                raise damaged(started, f"says that {key} is {before[key]!r}, which is no {kind.__name__}")
            if not (known.smoke and key in SMOKE and key in MAY_CHANGE):
                parser.set_defaults(**{key: before[key]})
    chosen = vars(parser.parse_args(arguments))
    name, out, resume = (chosen.pop(key) for key in ("name", "out", "resume"))
    del chosen["smoke"]
    if name in ("", "..") or Path(name).name != name:
        parser.error(f"--name must be the plain name of a folder, got {name!r}")
    try:
        config = Config(**chosen)
    except ValueError as error:
        parser.error(str(error))
    return Arguments(config, out / name, resume)
