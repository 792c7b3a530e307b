"""What a run of self-play is started with."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from agents.options import Arguments, check_settings, json_object, names_in, parse_run

__all__ = ["MAY_CHANGE", "SMOKE", "Config", "parse_arguments"]

MAY_CHANGE = (
    "minutes",
    "iterations",
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
    iterations: Annotated[int, "that are played, however long they take; 0: as many as the minutes allow"] = 0
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
    guide: Annotated[str, "file or folder of a policy for macro moves, whose lines are sub-goals; empty: none"] = ""
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
        least = {"iterations": 0, "actors": 0, "attempts": 0, "check_problems": 0}
        check_settings(self, least, shares=("scramble_share", "decay"))
        if not self.ppo_level_names:
            raise ValueError("ppo_level must name a level")

    @property
    def more_kwargs(self) -> dict[str, Any]:
        """``env_kwargs`` as a dict."""
        return json_object(self.env_kwargs, "env_kwargs")

    @property
    def level_names(self) -> tuple[str, ...]:
        """``levels`` one by one; none: all of the domain."""
        return names_in(self.levels)

    @property
    def ppo_level_names(self) -> tuple[str, ...]:
        """``ppo_level`` one by one."""
        return names_in(self.ppo_level)


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


def parse_arguments(arguments: Sequence[str] | None = None) -> Arguments[Config]:
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
    return parse_run(parser, Config, arguments, name="demo", smoke=SMOKE, may_change=MAY_CHANGE)
