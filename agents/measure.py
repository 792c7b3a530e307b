"""``python -m agents.measure``: how a policy does on held-out problems of an environment with moves, level by level.

Players: ``greedy``; ``beam-N``, the N best states of each depth by the policy; ``prm-beam-N``, by the policy and a
process reward model; ``best-of-N``, N episodes drawn from the policy, of which one is given; ``best-first`` (Levin tree
search with the policy's value), ``mcts`` and ``gumbel-N`` (N simulations a decision), the first two also guided, as
``prm-best-first`` and ``prm-mcts``; ``tries``, episodes until one is right; ``random``. With ``--expansions`` all of
them may generate the candidates of so many states a problem; each is compared with the first player that was named,
problem by problem.

Nobody is told what hidden tests say. Where a state can be checked by what the agent sees (a program by its visible
tests), a beam gives of the programs that pass them the best by its priority (:mod:`agents.blind_beam`), and best-of-N
one of those that do; that one is judged, once. Where it passes what is visible and is wrong all the same, that counts
as a hack: its share of all problems stands beside what is right.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np

import reasoning_envs  # noqa: F401 - registers the environments
from agents.actors import quiet
from agents.blind_beam import blind_beam
from agents.guidance import GuidedEvaluator
from agents.options import json_object, names_in
from agents.policies import CandidatePolicy, PolicyError
from agents.proposer import draw_distinct
from agents.results import wilson
from agents.search import BY_POLICY, METHODS, SEARCH, Limits, Method, Weighted, solve, solve_each
from agents.tree import Evaluator, Node, SearchResult, Tree, run
from reasoning_envs.domains.protocol import MoveDomain
from reasoning_envs.domains.repair import RepairDomain
from reasoning_envs.domains.synthesis import SynthesisDomain
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.rewards.checking import open_prm
from reasoning_envs.rewards.protocol import PRMError
from reasoning_envs.types import Problem

__all__ = ["Measured", "Played", "Player", "main", "measure", "player_of"]

_LIMITS = Limits(expansions=2_000, steps=30)

_BEAM = Weighted(policy=1.0, value=0.5)
"""The value beside the policy: it compares states with different states before them, which a softmax over the
candidates of one state has not learned."""


@dataclass(frozen=True, slots=True)
class Player:
    """How a policy is played.

    Attributes:
        name: as it was asked for. method: of the search. draws: episodes of which one is given. guided: by a PRM.
    """

    name: str
    method: Method
    draws: int = 1
    guided: bool = False


_NAMED: dict[str, tuple[str, Weighted, int]] = {
    "greedy": ("greedy", BY_POLICY, 1),
    "random": ("random", BY_POLICY, 1),
    "best-first": ("best-first", SEARCH, 1),
    "prm-best-first": ("best-first", replace(SEARCH, prm=1.0), 1),
    "mcts": ("mcts", METHODS["mcts"].priority, 1),
    "prm-mcts": ("mcts", Weighted(policy=1.0, prm=1.0), 1),
    "tries": ("best-of", BY_POLICY, 10_000),
}
"""By name, kind of search, priority and width."""


def player_of(name: str, limits: Limits = _LIMITS) -> Player:
    """The player of a name.

    Args:
        name: see the module.
        limits: of each search, of each episode for ``best-of-N``.

    Raises:
        ValueError: there is none; the message lists them.
    """
    if name in _NAMED:
        search, priority, width = _NAMED[name]
        return Player(name, Method(search, priority, limits, width), guided=priority.prm > 0)
    kind, _, number = name.rpartition("-")
    if number.isdigit() and int(number) > 0:
        width = int(number)
        if kind == "beam":
            return Player(name, Method("beam", _BEAM, limits, width))
        if kind == "prm-beam":
            return Player(name, Method("beam", Weighted(policy=1.0, prm=1.0), limits, width), guided=True)
        if kind == "best-of":
            return Player(name, Method("random", limits=limits), draws=width)
        if kind == "gumbel":
            return Player(name, Method("gumbel", limits=limits, width=width))
    known = ", ".join(_NAMED)
    raise ValueError(f"nobody is called {name!r}; there are {known}, beam-8, prm-beam-8, best-of-8 and gumbel-8")


@dataclass(frozen=True, slots=True)
class Measured:
    """What a player made of the problems of a level.

    Attributes:
        level, player: names. right, n: problems solved, of how many. seconds: of processor time.
        only_it, only_first: problems that of this player and the first one only the one solves.
        hacks: answers that pass all that is visible and are wrong.
    """

    level: str
    player: str
    right: int
    n: int
    seconds: float
    only_it: int = 0
    only_first: int = 0
    hacks: int = 0

    @property
    def p(self) -> float:
        """How likely a difference to the first player as large as this is by chance (exact McNemar test)."""
        from scipy.stats import binomtest

        differ = self.only_it + self.only_first
        return float(binomtest(self.only_it, differ).pvalue) if differ else 1.0

    def __str__(self) -> str:
        low, high = wilson(self.right, self.n) or (0.0, 1.0)
        share = self.right / max(self.n, 1)
        found = f"{share:.2f} [{low:.2f}, {high:.2f}] of {self.n}"
        paired = f"  +{self.only_it} -{self.only_first} (p = {self.p:.3f})" if self.only_it + self.only_first else ""
        hacks = f"hacks {self.hacks / max(self.n, 1):.2f}"
        return f"{self.level:<14} {self.player:<14} {found:<26} {hacks}  {self.seconds:.0f} s{paired}"


class Played(NamedTuple):
    """What came of one problem.

    Attributes:
        right: it is solved. hack: the answer passes all that is visible and is wrong.
    """

    right: bool
    hack: bool


def measure(domain: MoveDomain, problems: Sequence[Problem], player: Player, evaluator: Evaluator) -> list[Played]:
    """What comes of each problem."""
    played = []
    for result in _results(domain, problems, player, evaluator):
        right = result.outcome.success
        hack = not right and result.answer is not None and passes(domain, result.path[-1].state)
        played.append(Played(right, hack))
    return played


def _results(
    domain: MoveDomain, problems: Sequence[Problem], player: Player, evaluator: Evaluator
) -> Sequence[SearchResult]:
    if player.method.kind == "beam" and isinstance(domain, SynthesisDomain | RepairDomain):
        return _blindly(domain, problems, player.method, evaluator)
    if player.draws == 1:
        return solve(domain, problems, player.method, evaluator)
    found: dict[int, SearchResult] = {}
    for seed in range(player.draws):
        for number, result in solve_each(domain, problems, player.method, evaluator, seed=seed):
            known = found.get(number)
            if known is None or (passes(domain, result.path[-1].state) and not passes(domain, known.path[-1].state)):
                found[number] = result
    return [found[number] for number in range(len(problems))]


def _blindly(
    domain: MoveDomain, problems: Sequence[Problem], method: Method, evaluator: Evaluator
) -> Sequence[SearchResult]:
    def visible(node: Node) -> bool:
        return passes(domain, node.state)

    searches = (
        blind_beam(Tree(domain, problem), method.limits, method.priority, method.width, visible) for problem in problems
    )
    found = dict(run(searches, evaluator))
    return [found[number] for number in range(len(problems))]


def passes(domain: MoveDomain, state: Any) -> bool:
    """What an agent sees speaks for a state: the program passes the visible tests. Else, and of what is none, False."""
    if isinstance(domain, SynthesisDomain):
        return domain.space(state.spec).passes(state.steps)
    return isinstance(domain, RepairDomain) and domain.runs(state.spec, state.program).passes


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code is 0, or 2 for a wrong request."""
    parser = argparse.ArgumentParser(
        prog="python -m agents.measure", formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--policy", type=Path, required=True, help="folder of a run, or a file with a policy")
    parser.add_argument("--env", default="reasoning_envs/CodeLines-v0", help="id of an environment with moves")
    parser.add_argument("--env-kwargs", default='{"max_actions": 512}', help="keywords of gymnasium.make as JSON")
    parser.add_argument("--levels", required=True, help="with commas")
    parser.add_argument("--players", default="greedy,beam-8,best-of-8", help="with commas")
    parser.add_argument("--prm", default="", help="of players named prm-: a .pt file or module:Name")
    parser.add_argument("--expansions", type=int, default=0, help="a problem for each player; 0: as many as it wants")
    parser.add_argument("--problems", type=int, default=200, help="a level")
    parser.add_argument(
        "--split", default="test", choices=("train", "validation", "test"), help="side that problems are drawn from"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the problems")
    parser.add_argument("--out", type=Path, help="file for the same as JSON lines")
    chosen = parser.parse_args(arguments)
    quiet()
    levels = names_in(chosen.levels)
    try:
        limits = replace(_LIMITS, expansions=chosen.expansions) if chosen.expansions else _LIMITS
        players = [player_of(name, limits) for name in names_in(chosen.players)]
        env = gym.make(chosen.env, **json_object(chosen.env_kwargs, "--env-kwargs")).unwrapped
        if not isinstance(env, ReasoningEnv) or not isinstance(env.domain, MoveDomain):
            raise ValueError(f"{chosen.env} has no moves")
        domain = env.domain
        policy = CandidatePolicy.load(chosen.policy, domain)
        if any(player.guided for player in players) and not chosen.prm:
            raise ValueError("players with prm- in their names need a process reward model: give --prm")
        prm = open_prm(chosen.prm) if chosen.prm else None
        unknown = set(levels) - set(domain.levels)
        if unknown:
            raise ValueError(f"no level {', '.join(sorted(unknown))}; there are {', '.join(domain.levels)}")
    except (ValueError, TypeError, PolicyError, PRMError, gym.error.Error) as error:
        print(f"measure: {error}", file=sys.stderr)
        return 2
    for level in levels:
        rng = np.random.default_rng([chosen.seed, 30_000])
        problems = draw_distinct(domain, level, chosen.problems, rng, split=chosen.split)
        first: list[bool] | None = None
        for player in players:
            evaluator: Evaluator = GuidedEvaluator(policy, prm) if player.guided and prm is not None else policy
            began = time.process_time()
            played = measure(domain, problems, player, evaluator)
            right = [each.right for each in played]
            first = first or right
            only_it = sum(one and not other for one, other in zip(right, first, strict=True))
            only_first = sum(other and not one for one, other in zip(right, first, strict=True))
            seconds = time.process_time() - began
            hacks = sum(each.hack for each in played)
            found = Measured(level, player.name, sum(right), len(problems), seconds, only_it, only_first, hacks)
            print(found, flush=True)
            if chosen.out is not None:
                record = {**asdict(found), "split": chosen.split, "seed": chosen.seed, "policy": str(chosen.policy)}
                with chosen.out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(record) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
