"""``./run train NAME``: the long experiments, each one command with progress, resume and report.

An experiment is data: the module whose command line it is, and its arguments. Further arguments go to that command
line and win; a run that is there already goes on from its checkpoint.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

__all__ = ["EXPERIMENTS", "Experiment", "main"]


@dataclass(frozen=True, slots=True)
class Experiment:
    """One experiment.

    Attributes:
        about: what it shows, in a line. module: of :mod:`agents`, with ``main(arguments)``.
        arguments: of its command line. minutes: that it takes on two cores, about.
    """

    about: str
    module: str
    arguments: tuple[str, ...]
    minutes: int


_ALGEBRA = "reasoning_envs/Algebra-v0"

_AXIOMS = (
    *("--env", "reasoning_envs/AlgebraAxioms-v0", "--seeds", "0,1,2", "--players", "greedy,beam-10"),
    *("--steps", "60", "--episode", "60", "--problems", "96", "--expansions", "60"),
)

EXPERIMENTS: dict[str, Experiment] = {
    "macro": Experiment(
        "macro moves from self-play alone, numbers and letters, five seeds",
        "agents.seeds",
        ("--iterations", "110"),
        50,
    ),
    "wide": Experiment(
        "the wide set of moves, five seeds",
        "agents.seeds",
        ("--iterations", "110", "--env-kwargs", '{"moves": "wide"}'),
        60,
    ),
    "axioms": Experiment(
        "single axioms, without sub-goals, three seeds",
        "agents.seeds",
        (*_AXIOMS, "--iterations", "150"),
        60,
    ),
    "axioms-goals": Experiment(
        "single axioms, with the lines of runs/macro/seed-0 as sub-goals, three seeds",
        "agents.seeds",
        (*_AXIOMS, "--iterations", "100", "--guide", "runs/macro/seed-0"),
        60,
    ),
    "provers": Experiment(
        "helpful and sneaky provers against a verifier, round by round, from runs/macro/seed-0",
        "agents.prover_verifier",
        ("--start", "runs/macro/seed-0", "--split", "test"),
        20,
    ),
    "race": Experiment(
        "races of annealed, dense and sparse rewards, 400 decided games between any two",
        "agents.race",
        ("--split", "test"),
        30,
    ),
    "proposer": Experiment(
        "a learned proposer against uniform sampling: the solver's steps to a fixed rate on the target",
        "agents.learned_proposer",
        ("--split", "test"),
        30,
    ),
    "gumbel": Experiment(
        "Gumbel-AlphaZero on linear equations, beside expert iteration",
        "agents.gumbel",
        ("--env", _ALGEBRA, "--levels", "linear-1,linear-2,brackets-1,fractions-1,both_sides-1", "--iterations", "200"),
        40,
    ),
}
"""By name."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run an experiment; the exit code is its own, 2 for a wrong request."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    name = given.pop(0) if given and not given[0].startswith("-") else ""
    if name not in EXPERIMENTS:
        print(f"train: there is no experiment {name!r}. There are:" if name else _usage(), file=sys.stderr)
        for known, experiment in EXPERIMENTS.items():
            print(f"  {known:10} {experiment.about} (about {experiment.minutes} minutes)", file=sys.stderr)
        return 2
    experiment = EXPERIMENTS[name]
    run = _option(given, "--name") or name
    folder = Path(_option(given, "--out") or "runs") / run
    resume = ["--resume"] if (folder / "config.json").is_file() and "--resume" not in given else []
    if resume:
        print(f"train: going on with {folder}", file=sys.stderr)
    command: Callable[[Sequence[str]], int] = import_module(experiment.module).main
    return command(["--name", run, *experiment.arguments, *given, *resume])


def _usage() -> str:
    return "usage: ./run train NAME [ARGUMENTS OF ITS COMMAND LINE]. There are:"


def _option(given: Sequence[str], option: str) -> str | None:
    """The value of an option among arguments; None where it is not there."""
    for place, argument in enumerate(given):
        if argument == option and place + 1 < len(given):
            return given[place + 1]
        if argument.startswith(f"{option}="):
            return argument.partition("=")[2]
    return None


if __name__ == "__main__":
    sys.exit(main())
