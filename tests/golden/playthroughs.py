"""Golden files: whole episodes as a person reads them, every candidate of every step among them.

They hold the order of candidates, the wording of moves and verdicts, and the problems that seeds lead to. Whoever
changes one of these changes what a trained agent meets: that needs a new ``-vN`` and a line of Version History.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from reasoning_envs.domains.protocol import MoveDomain
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.rendering import derivation

FOLDER = Path(__file__).parent
_MAX_SHOWN = 16


@dataclass(frozen=True)
class Playthrough:
    """One golden file.

    Attributes:
        file: its name, without ``.txt``.
        env: id of the environment. kwargs: for ``gymnasium.make``.
        seed: of the problem, and of the policy where it is random.
        options: for ``reset``.
        policy: ``"solve"`` (the first solution that best-first search finds), ``"random"``, or the lines to write
            or the candidates to choose.
    """

    file: str
    env: str
    kwargs: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    options: dict[str, Any] = field(default_factory=dict)
    policy: str | tuple[str | int, ...] = "solve"


PLAYTHROUGHS = (
    Playthrough("algebra-linear", "reasoning_envs/Algebra-v0", seed=1, options={"level": "linear-2"}),
    Playthrough(
        "algebra-random", "reasoning_envs/Algebra-v0", {"max_steps": 8}, 2, {"level": "both_sides-1"}, "random"
    ),
    Playthrough("algebra-quadratic", "reasoning_envs/Algebra-v0", options={"problem": "x^2 = 2*x"}),
    Playthrough("algebra-letters", "reasoning_envs/Algebra-v0", options={"problem": "a*x + b = c"}),
    Playthrough("algebra-curated", "reasoning_envs/Algebra-v0", {"moves": "curated"}, 3, {"level": "brackets-1"}),
    Playthrough("algebra-wide", "reasoning_envs/Algebra-v0", {"moves": "wide"}, options={"problem": "3*x + 4 = 10"}),
    Playthrough(
        "algebra-axioms", "reasoning_envs/AlgebraAxioms-v0", {"max_steps": 6}, options={"problem": "x + 3 = 7"}
    ),
    Playthrough(
        "algebra-text",
        "reasoning_envs/AlgebraText-v0",
        options={"problem": "2*x + 3 = 7*(x - 1)"},
        policy=("2x + 3 = 7x - 7", "2x + 3 = ", "__import__('os').system('true')", "10 = 5x", "x = 2"),
    ),
    Playthrough(
        "algebra-text-lost-root",
        "reasoning_envs/AlgebraText-v0",
        options={"problem": "x^2 = 2*x"},
        policy=("x = 2",),
    ),
    Playthrough("calculus-derivative", "reasoning_envs/Calculus-v0", options={"problem": "d/dx(x*sin(x^2))"}),
    Playthrough("calculus-parts", "reasoning_envs/Calculus-v0", options={"problem": "integral(x*exp(x), x)"}),
    Playthrough(
        "calculus-random",
        "reasoning_envs/Calculus-v0",
        {"max_steps": 8},
        4,
        {"level": "integral_substitution-2"},
        "random",
    ),
    Playthrough(
        "calculus-text",
        "reasoning_envs/CalculusText-v0",
        options={"problem": "integral(2*t*cos(t^2) + 1/t, t)"},
        policy=(
            "= integral(2*t*cos(t^2), t) + integral(1/t, t)",
            "where(integral(cos(u), u), u, t^2) + t^0",
            "integral(2*t*cos(t^2), t) + ln|t|",
            "sin(t^2) + ln(t",
            "sin(t^2) + ln(t) + C",
        ),
    ),
    Playthrough("simplify-factor", "reasoning_envs/Simplify-v0", seed=2, options={"level": "factor-2"}),
    Playthrough("simplify-radicals", "reasoning_envs/Simplify-v0", options={"problem": "radicals: 2/(3 - sqrt(2))"}),
    Playthrough(
        "simplify-text",
        "reasoning_envs/SimplifyText-v0",
        options={"problem": "one fraction: 1/x + 2/(x + 1)"},
        policy=("(x + 1)/(x*(x + 1)) + 2*x/(x*(x + 1))", "factor: x", "= (3*x + 1)/(x^2 + x)"),
    ),
    Playthrough("inequality-linear", "reasoning_envs/Inequality-v0", options={"problem": "5 - 2*x > 9"}),
    Playthrough("inequality-rational", "reasoning_envs/Inequality-v0", options={"problem": "(x - 1)/(x + 2) >= 0"}),
    Playthrough(
        "inequality-absolute", "reasoning_envs/Inequality-v0", {"moves": "curated"}, 4, {"level": "absolute-2"}
    ),
    Playthrough("inequality-letters", "reasoning_envs/Inequality-v0", options={"problem": "a*x > b and a < 0"}),
    Playthrough(
        "inequality-text",
        "reasoning_envs/InequalityText-v0",
        options={"problem": "1/x < 2"},
        policy=("1 < 2x", "1/x - 2 < 0", "(1 - 2x)/x < 0", "x < 0 or x > 1/2"),
    ),
    Playthrough("system-two", "reasoning_envs/System-v0", seed=1, options={"level": "two-2"}),
    Playthrough("system-curves", "reasoning_envs/System-v0", options={"problem": "y = x^2 and y = x + 2"}),
    Playthrough("system-letters", "reasoning_envs/System-v0", options={"problem": "x + y = a and x - y = 1"}),
    Playthrough("system-random", "reasoning_envs/System-v0", {"max_steps": 5}, 2, {"level": "three-2"}, "random"),
    Playthrough(
        "system-text",
        "reasoning_envs/SystemText-v0",
        options={"problem": "2*x + 3*y = 7 and x - y = 1"},
        policy=(
            "2x + 3y = 7",
            "2x + 3y = 7 and x = y - 1",
            "2x + 3y = 7 and x = y + 1",
            "5y = 5 and x = y + 1",
            "y = 1 and x = 2",
        ),
    ),
    Playthrough(
        "word-problems",
        "reasoning_envs/WordProblemsText-v0",
        seed=2,
        options={"level": "steps-3-noisy"},
        policy=(
            "Arjun has been awake for 9 hours, which does not matter.",
            "He earns 10 * €28.50 = €285.",
            "The voucher takes off €285 * 20% = €57, so €285 - €57 = €228 is left.",
            "#### €228",
        ),
    ),
    Playthrough(
        "word-problems-wrong",
        "reasoning_envs/WordProblemsText-v0",
        seed=1,
        options={"level": "steps-2"},
        policy=(
            "9 boxes with 8 candles are 9 * 8 = 71 candles,",
            "",
            "so I get $9 \\cdot 8 - 6 = 66$ at once, about 66/9 ≈ 7.33 a box,",
            "but 9*8=71 and 71-6=65.",
            "The answer is \\boxed{65}.",
        ),
    ),
    Playthrough("code-lines", "reasoning_envs/CodeLines-v0", seed=1, options={"level": "small-2"}),
    Playthrough(
        "code-lines-hack",
        "reasoning_envs/CodeLines-v0",
        options={
            "problem": 'def f(xs: list[int]) -> int: "at most 1 lines, small grammar"; assert f([1, 2]) == 2; '
            "assert f([3]) == 3; assert f([0, 5]) == 5; assert f([2, 2, 7]) == 7; assert f([4, 9]) == 9; "
            "assert f([9, 1]) == 9"
        },
        policy=(4, 0),
    ),
    Playthrough(
        "code-lines-random", "reasoning_envs/CodeLines-v0", seed=2, options={"level": "large-2"}, policy="random"
    ),
    Playthrough("code-repair", "reasoning_envs/CodeRepair-v0", seed=3, options={"level": "small-1"}),
    Playthrough(
        "code-deduction", "reasoning_envs/CodePredict-v0", seed=2, options={"level": "small-3"}, policy="random"
    ),
    Playthrough("code-abduction", "reasoning_envs/CodePredict-v0", {"task": "abduction"}, 1, {"level": "large-2"}),
    Playthrough(
        "code-text",
        "reasoning_envs/CodeText-v0",
        options={
            "problem": 'def mean(xs: list[int]) -> float:\n    """The mean of some numbers, 0.0 of none."""\n'
            "assert mean([1, 2]) == 1.5\nassert mean([]) == 0.0"
        },
        policy=(
            "The mean is the sum by the count:\n```python\ndef mean(xs)\n    return sum(xs) / len(xs)\n```\ntest",
            "def mean(xs):\n    return sum(xs) / len(xs)\nrun: mean([3, 4])\ntest",
            "def mean(xs):\n    return sum(xs) / len(xs) if xs else 0\ntest",
            "def mean(xs):\n    return sum(xs) / len(xs) if xs else 0.0\ntest\nsubmit",
        ),
    ),
    Playthrough(
        "code-text-hack",
        "reasoning_envs/CodeText-v0",
        options={
            "problem": '{"text": "Double a number.", "test_list": ["assert twice(2) == 4", "assert twice(3) == 6"], '
            '"code": "def twice(n): return n + n"}'
        },
        policy=("def twice(n): return 4\ntest", "submit"),
    ),
    Playthrough(
        "code-repair-text",
        "reasoning_envs/CodeRepairText-v0",
        {"edit": "diff"},
        options={
            "problem": "def largest(xs):\n    best = 0\n    for x in xs:\n        if x > best:\n            best = x\n"
            "    return best\nassert largest([3, 7, 5]) == 7\nassert largest([-3, -7]) == -3"
        },
        policy=(
            "test",
            "@@ -2,1 +2,1 @@\n-    best = 1\n+    best = xs[0]\ntest",
            "@@ -2,2 +2,2 @@\n-    best = 0\n+    best = xs[0]\n     for x in xs:\ntest\nsubmit",
        ),
    ),
    Playthrough(
        "code-predict-text",
        "reasoning_envs/CodePredictText-v0",
        options={
            "problem": "def f(xs, n):\n    v1 = [x for x in xs if x > n]\n    v2 = sum(v1) / 2\n"
            "    return [v2, len(v1)]\n# what is f([4, 1, 3], 2)?"
        },
        policy=("# 4 and 3 are greater than 2", "v1 = [4, 3]", "v2 = 3", "v2 = 3.5", "v3 = 1", "return [3.5, 2]"),
    ),
)


def play(script: Playthrough) -> str:
    """The episode as text."""
    env = gym.make(script.env, **script.kwargs).unwrapped
    assert isinstance(env, ReasoningEnv)
    env.reset(seed=script.seed, options=script.options)
    told = [f"{script.env} {script.kwargs or ''} seed {script.seed} {script.options} policy {script.policy!r}", ""]
    for action in _actions(env, script):
        told.append(f"line: {env.steps[-1].text if env.steps else env.start_line}")
        told.extend(_listing(env))
        told.extend([f"action: {action!r}", ""])
        env.step(action)
        if env.end:
            break
    told.append(derivation(env.problem, env.start_line, env.steps, env.outcome, env.end))
    return "\n".join(told) + "\n"


def _listing(env: ReasoningEnv) -> list[str]:
    rows = [
        f"  {index:2}  {env.domain.text(move.state):<44}  {move.describe()}"
        f"{'' if move.is_step else ' ...'}{' (wrong)' if move.is_step and move.verdict.refuted else ''}"
        for index, move in enumerate(env.candidates[:_MAX_SHOWN])
    ]
    hidden = len(env.candidates) - len(rows)
    return [*rows, f"      and {hidden} more"] if hidden > 0 else rows


def _actions(env: ReasoningEnv, script: Playthrough) -> Iterator[int | str]:
    if isinstance(script.policy, tuple):
        yield from script.policy
    elif script.policy == "solve":
        yield from _solution(env)
    else:
        rng = np.random.default_rng(script.seed)
        while True:
            yield int(rng.integers(len(env.candidates)))


def _solution(env: ReasoningEnv, budget: int = 3000) -> list[int]:
    """The actions to an answer through sound moves, short lines and short ways first."""
    domain = env.domain
    assert isinstance(domain, MoveDomain)
    start = env.get_state().domain_state
    order = itertools.count()
    waiting: list[tuple[int, int, Any, list[int]]] = [(0, next(order), start, [])]
    seen = {start}
    for _ in range(budget):
        _, _, state, path = heapq.heappop(waiting)
        for index, move in enumerate(domain.actions(state)):
            if move.state in seen or (move.is_step and not move.verdict.verified):
                continue
            if domain.is_final(move.state):
                return [*path, index]
            seen.add(move.state)
            rank = len(domain.tokens(move.state)) + 4 * len(path)
            heapq.heappush(waiting, (rank, next(order), move.state, [*path, index]))
    raise AssertionError(f"no solution of {env.problem.statement!r} within {budget} expansions")
