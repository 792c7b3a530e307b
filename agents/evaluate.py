"""``python -m agents.evaluate --policy P --problems FILE``: how a policy does on equations that anybody wrote.

FILE holds one equation a line; empty lines and lines that begin with ``#`` are passed over. A line that is no equation,
or that has the form of an answer already, is named with the reason, and the rest is evaluated. Each final answer is
judged by the strict verifier against the line as it stands in the file. The statuses, which add up to the number of
problems together with the answers that the verifier could not judge (``unscored``: "could not check" is not "wrong"):

* ``solved``: an answer that the verifier accepts ("all reals" is one);
* ``said_no_solution``: ended on "no solution", and rightly;
* ``wrong``: an answer that the verifier refused, a false "no solution" included;
* ``out_of_budget``: no answer within the steps of an episode or the expansions of a search.

Beside the policy play the floors, which know no policy: a random walk, the first candidate that is new, the smallest
line first without going back, and best-first search by size.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from agents.actors import quiet
from agents.policies import CandidatePolicy, PolicyError
from agents.run_folder import write_whole
from agents.search import METHODS, Limits, Method, solve
from agents.tree import Evaluator, Outcome, SearchResult
from reasoning_envs.domains.algebra import AlgebraDomain
from reasoning_envs.domains.protocol import MoveDomain
from reasoning_envs.problems import BadLine, ProblemLine, read_problem_lines
from reasoning_envs.types import Problem, Status, Verdict

__all__ = ["STATUSES", "Evaluated", "entry", "evaluate", "main", "read_work", "totals"]

STATUSES = ("solved", "said_no_solution", "wrong", "out_of_budget")
"""In this order they are printed and stand in the JSON."""

SEARCHES = ("greedy", "beam", "best-first")
NO_WORK = Verdict(
    Status.UNDECIDED, reason="it has the form of an answer already, so that nothing is left to do", method="form"
)
FLOORS = {
    "random": "random",
    "first candidate": "first",
    "greedy by size": "greedy-by-size",
    "best-first by size": "best-first-by-size",
}


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What one player made of the problems, in their order."""

    player: str
    results: tuple[SearchResult, ...]


def totals(results: Sequence[SearchResult]) -> dict[str, int]:
    """How many problems came to each of :data:`STATUSES`; answers that nobody could judge are in none of them."""
    counts = Counter(result.outcome.value for result in results)
    return {status: counts[status] for status in STATUSES}


def entry(domain: MoveDomain, result: SearchResult, line: ProblemLine | None = None) -> dict[str, Any]:
    """One problem for the JSON: problem, status, answer, steps; and the verdict, and the number of expansions.

    With the ``line`` of its file, ``problem`` is the text as it was written; ``statement`` is how that was read.
    """
    verdict = result.verdict
    return {
        "line": None if line is None else line.number,
        "problem": result.problem.statement if line is None else line.text,
        "statement": result.problem.statement,
        "status": result.outcome.value,
        "answer": result.answer,
        "steps": [
            {"move": node.action.describe(), "line": domain.text(node.state)}
            for node in result.path[1:]
            if node.action.is_step
        ],
        "expansions": result.expansions,
        "verdict": None if verdict is None else verdict.status.value,
        "reason": "" if verdict is None else verdict.reason,
    }


def evaluate(
    domain: MoveDomain, problems: Sequence[Problem], policy: Evaluator, method: Method, *, seed: int = 0
) -> list[Evaluated]:
    """The policy with a method, and the floors at the same budget of expansions.

    Args:
        domain: of the problems.
        problems: to solve.
        policy: judges candidates.
        method: how the policy plays.
        seed: of the random walk.
    """
    found = [Evaluated("policy", tuple(solve(domain, problems, method, policy, seed=seed)))]
    for name, floor in FLOORS.items():
        plan = METHODS[floor]
        if plan.kind == "best-first":
            plan = replace(plan, limits=replace(plan.limits, expansions=method.limits.expansions))
        found.append(Evaluated(name, tuple(solve(domain, problems, plan, seed=seed))))
    return found


def read_work(path: Path, domain: AlgebraDomain, unknown: str | None = None) -> tuple[list[ProblemLine], list[BadLine]]:
    """The lines of a file to be solved, and those left out: no problems, and those that nothing is left to do for.

    Args:
        path: of the file.
        domain: reads the lines.
        unknown: what is solved for; None: x, or the only letter.

    Raises:
        OSError: the file cannot be read.
        ValueError: ``unknown`` cannot be a symbol.
    """
    lines, bad = read_problem_lines(path, partial(domain.problem, unknown=unknown))
    work = []
    for line in lines:
        if domain.is_final(domain.start(line.problem)):
            bad.append(BadLine(str(path), line.number, line.text, NO_WORK))
        else:
            work.append(line)
    return work, sorted(bad, key=lambda line: line.number)


def _check_target(path: Path) -> None:
    """Before the work, not after it.

    Raises:
        OSError: a file cannot be written there.
    """
    if path.is_dir():
        raise IsADirectoryError(f"--json {path} is a folder, not a file")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"--json: there is no folder {path.parent} to write {path.name} into")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise PermissionError(f"--json: the folder {path.parent} cannot be written to")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code is 0, or 2 where the policy or a file cannot be used, or holds no problem."""
    parser = argparse.ArgumentParser(
        prog="python -m agents.evaluate",
        description="Let a policy solve the equations of a file, one a line, and judge each answer.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--policy", required=True, type=Path, help="a checkpoint, or the folder of a run")
    parser.add_argument("--problems", required=True, type=Path, help="a text file with one equation a line")
    parser.add_argument("--unknown", metavar="LETTER", help="what is solved for, where it is not x or the only letter")
    parser.add_argument("--search", choices=SEARCHES, default="greedy", help="how the policy plays")
    parser.add_argument("--budget", type=int, default=300, help="expansions a problem, also of the best-first floor")
    parser.add_argument("--moves", default="explicit", help="set of moves that the policy was trained on")
    parser.add_argument("--seed", type=int, default=0, help="of the random walk")
    parser.add_argument("--no-floors", action="store_true", help="leave out the players without a policy")
    parser.add_argument("--json", type=Path, help="file for all results")
    chosen = parser.parse_args(arguments)
    if chosen.budget < 1:
        parser.error(f"--budget must be at least 1, got {chosen.budget}")
    if chosen.unknown is not None and len(chosen.unknown) != 1:
        parser.error(f"--unknown must be a single letter, got {chosen.unknown!r}")
    quiet()
    try:
        if chosen.json is not None:
            _check_target(chosen.json)
        domain = AlgebraDomain(moves=chosen.moves)
        policy = CandidatePolicy.load(chosen.policy, domain)
        lines, bad = read_work(chosen.problems, domain, chosen.unknown)
    except (PolicyError, OSError, ValueError) as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 2
    for line in bad:
        print(f"left out: {line}", file=sys.stderr)
    if not lines:
        print(f"evaluate: {chosen.problems} holds no problem to solve", file=sys.stderr)
        return 2
    problems = [line.problem for line in lines]
    plan = METHODS[chosen.search]
    method = replace(plan, limits=Limits(chosen.budget, plan.limits.steps))
    if chosen.no_floors:
        found = [Evaluated("policy", tuple(solve(domain, problems, method, policy, seed=chosen.seed)))]
    else:
        found = evaluate(domain, problems, policy, method, seed=chosen.seed)
    _print_counts(found, len(bad), chosen.search)
    if chosen.json is not None:
        text = json.dumps(_report(domain, found, lines, bad, chosen), indent=1, ensure_ascii=False)
        try:
            write_whole(chosen.json, lambda draft: draft.write_text(text + "\n", encoding="utf-8"))
        except OSError as error:
            print(f"evaluate: {chosen.json} could not be written: {error}", file=sys.stderr)
            return 2
    return 0


def _print_counts(found: Sequence[Evaluated], bad: int, search: str) -> None:
    names = [f"{one.player}, {search}" if one.player == "policy" else one.player for one in found]
    width = max(len(name) for name in names)
    print(" ".join([" " * width, *(f"{status:>16}" for status in STATUSES)]))
    for name, one in zip(names, found, strict=True):
        print(" ".join([name.ljust(width), *(f"{count:>16}" for count in totals(one.results).values())]))
    unscored = sum(result.outcome is Outcome.UNSCORED for result in found[0].results)
    print(f"{len(found[0].results)} problems; {bad} lines left out; {unscored} answers nobody could judge")


def _report(
    domain: MoveDomain,
    found: Sequence[Evaluated],
    lines: Sequence[ProblemLine],
    bad: Sequence[BadLine],
    chosen: argparse.Namespace,
) -> dict[str, Any]:
    policy, *floors = found
    return {
        "search": chosen.search,
        "budget": chosen.budget,
        "totals": totals(policy.results),
        "unscored": sum(result.outcome is Outcome.UNSCORED for result in policy.results),
        "problems": [entry(domain, result, line) for result, line in zip(policy.results, lines, strict=True)],
        "baselines": {one.player: totals(one.results) for one in floors},
        "left_out": [
            {"file": line.file, "line": line.number, "text": line.text, "reason": line.verdict.reason} for line in bad
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
