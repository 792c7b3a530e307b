"""The command that lets a policy solve what anybody wrote."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from agents import evaluate
from agents.policies import CandidatePolicy
from agents.search import METHODS
from reasoning_envs import verify_answer
from reasoning_envs.domains.algebra import AlgebraDomain
from reasoning_envs.types import Problem, Status, Step, Verdict

PROBLEMS = """\
# a comment, then an empty line

x + 1 = 3
2*x + 3 = 2*x + 3
3 = 5 + 0*x
__import__('os').system('true')
(7 + -7x) = (-7x + (-4))
x + = 3
y/2 = 4
a*x = b
two
x = 3
x/(2 - 2) = 1
"""
BAD = {6: "__import__('os').system('true')", 8: "x + = 3", 11: "two", 12: "x = 3", 13: "x/(2 - 2) = 1"}


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Untrained: it knows nothing, so that only search solves."""
    file = tmp_path_factory.mktemp("policy") / "policy.pt"
    CandidatePolicy(AlgebraDomain()).save(file)
    return file


@pytest.fixture
def problems(tmp_path: Path) -> Path:
    file = tmp_path / "problems.txt"
    file.write_text(PROBLEMS, encoding="utf-8")
    return file


def run(*arguments: object) -> int:
    return evaluate.main([str(argument) for argument in arguments])


def test_search_solves_and_every_number_adds_up(
    policy: Path, problems: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    assert run("--policy", policy, "--problems", problems, "--search", "best-first", "--json", out) == 0
    report = json.loads(out.read_text(encoding="utf-8"))
    assert list(report["totals"]) == ["solved", "said_no_solution", "wrong", "out_of_budget"]
    statuses = Counter(entry["status"] for entry in report["problems"])
    assert report["totals"] == {name: statuses[name] for name in report["totals"]}
    assert sum(report["totals"].values()) == len(report["problems"]) == 6
    for entry in report["problems"]:
        assert {"problem", "status", "answer", "steps"} <= set(entry)
        assert entry["expansions"] <= 300
        if entry["steps"]:
            assert entry["answer"] in (None, entry["steps"][-1]["line"])
    lines = PROBLEMS.splitlines()
    assert [entry["line"] for entry in report["problems"]] == [3, 4, 5, 7, 9, 10]
    assert all(entry["problem"] == lines[entry["line"] - 1] for entry in report["problems"])
    assert report["problems"][3]["statement"] == "7 - 7*x = -7*x - 4"
    by_problem = {entry["problem"]: entry for entry in report["problems"]}
    assert by_problem["x + 1 = 3"]["status"] == "solved"
    assert verify_answer(by_problem["x + 1 = 3"]["answer"], "x = 2").verified
    assert by_problem["2*x + 3 = 2*x + 3"]["answer"] == "all reals"
    answer = by_problem["y/2 = 4"]["answer"]
    assert verify_answer(answer, "y = 8").verified
    assert set(report["baselines"]) == {"random", "first candidate", "greedy by size", "best-first by size"}
    assert all(sum(totals.values()) == 6 for totals in report["baselines"].values())
    printed = capsys.readouterr()
    assert "said_no_solution" in printed.out
    assert "6 problems; 5 lines left out" in printed.out


def test_bad_lines_are_named_with_file_number_and_reason(
    policy: Path, problems: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--policy", policy, "--problems", problems, "--no-floors", "--json", tmp_path / "out.json") == 0
    said = capsys.readouterr().err.splitlines()
    assert len(said) == len(BAD)
    for line, (number, text) in zip(said, BAD.items(), strict=True):
        assert f"problems.txt, line {number}: " in line
        assert repr(text) in line
    left_out = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["left_out"]
    assert {entry["line"]: entry["text"] for entry in left_out} == BAD
    reasons = {entry["line"]: entry["reason"] for entry in left_out}
    assert all(reasons.values())
    assert reasons[12] == "it has the form of an answer already, so that nothing is left to do"
    assert reasons[13] == "the line divides by zero, so it has no value: x/(2 - 2)"


def test_the_unknown_may_be_named(policy: Path, tmp_path: Path) -> None:
    file, out = tmp_path / "letters.txt", tmp_path / "out.json"
    file.write_text("a*t = 3\n2*x = 4\n", encoding="utf-8")
    arguments = ("--policy", policy, "--problems", file, "--search", "best-first", "--no-floors", "--json", out)
    assert run(*arguments, "--unknown", "t") == 0
    report = json.loads(out.read_text(encoding="utf-8"))
    assert [entry["status"] for entry in report["problems"]] == ["solved"]
    assert verify_answer(report["problems"][0]["answer"], "t = 3/a").verified
    assert [entry["line"] for entry in report["left_out"]] == [2]
    with pytest.raises(SystemExit):
        run(*arguments, "--unknown", "tt")


@pytest.mark.parametrize(("target", "message"), [("nowhere/out.json", "there is no folder"), (".", "is a folder")])
def test_the_target_is_checked_before_the_work(
    policy: Path, problems: Path, tmp_path: Path, target: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(tmp_path.iterdir())
    assert run("--policy", policy, "--problems", problems, "--json", tmp_path / target) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert message in said.err
    assert str((tmp_path / target).parent if "nowhere" in target else tmp_path) in said.err
    assert sorted(tmp_path.iterdir()) == before


def test_the_budget_is_kept_and_more_is_not_less(policy: Path, problems: Path, tmp_path: Path) -> None:
    solved = []
    for budget in (1, 300):
        out = tmp_path / f"{budget}.json"
        arguments = ("--policy", policy, "--problems", problems, "--search", "beam", "--budget", budget)
        assert run(*arguments, "--no-floors", "--json", out) == 0
        report = json.loads(out.read_text(encoding="utf-8"))
        assert all(entry["expansions"] <= budget for entry in report["problems"])
        assert report["baselines"] == {}
        solved.append(report["totals"]["solved"])
    assert solved[0] < solved[1]


class Lying(AlgebraDomain):
    """Answers at once: 'no solution' where the equation is short, else 'all reals'."""

    def actions(self, state: Any) -> Any:
        wanted = "no solution" if len(state.tokens) < 10 else "all reals"
        return (self.parse(state, wanted),)


@pytest.mark.parametrize(
    ("statement", "status"),
    [("x = x + 1", "said_no_solution"), ("x + 1 = 3", "wrong"), ("2*(x + 1) = 2*x + 2", "solved")],
)
def test_claims_are_judged_against_the_line_as_it_was_written(statement: str, status: str) -> None:
    domain = Lying()
    problem = domain.problem(statement)
    policy = CandidatePolicy(domain)
    found = evaluate.evaluate(domain, [problem], policy, METHODS["greedy"])[0]
    assert evaluate.totals(found.results)[status] == 1


def test_an_answer_that_nobody_can_judge_is_neither_right_nor_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    domain = Lying()

    def undecided(problem: Problem, steps: list[Step]) -> Verdict:
        return Verdict(Status.UNDECIDED, reason="too hard")

    monkeypatch.setattr(domain.verifier, "outcome", undecided)
    found = evaluate.evaluate(domain, [domain.problem("x = 1 + x")], CandidatePolicy(domain), METHODS["greedy"])
    assert not any(evaluate.totals(found[0].results).values())
    assert evaluate.entry(domain, found[0].results[0])["status"] == "unscored"
    entry = evaluate.entry(domain, found[0].results[0])
    assert (entry["status"], entry["verdict"], entry["reason"]) == ("unscored", "undecided", "too hard")


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("no policy", "there is no policy at"),
        ("no problems", "No such file"),
        ("text as policy", "problems.txt is no checkpoint that can be read: it is not a file of torch.save\n"),
        ("other moves", "moves 'explicit', and this is 'curated'"),
        ("unknown moves", "no set of moves 'none'"),
    ],
)
def test_what_cannot_be_used_is_said(
    policy: Path, problems: Path, what: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments: dict[str, object] = {"--policy": policy, "--problems": problems}
    if what == "no policy":
        arguments["--policy"] = policy.with_name("missing.pt")
    elif what == "no problems":
        arguments["--problems"] = problems.with_name("missing.txt")
    elif what == "text as policy":
        arguments["--policy"] = problems
    else:
        arguments["--moves"] = "curated" if what == "other moves" else "none"
    assert run(*(item for pair in arguments.items() for item in pair)) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(("text", "left_out"), [("", 0), ("# nothing\n\n", 0), ("x = 3\ntwo\n", 2)])
def test_a_file_without_a_problem_is_said(
    text: str, left_out: int, policy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "none.txt"
    file.write_text(text, encoding="utf-8")
    assert run("--policy", policy, "--problems", file, "--json", tmp_path / "out.json") == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("left out: ") == left_out
    assert said.err.endswith(f"evaluate: {file} holds no problem to solve\n")
    assert not (tmp_path / "out.json").exists()


def test_it_runs_as_a_command_from_any_folder(policy: Path, problems: Path, tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    code = f"import sys; sys.path.insert(0, {str(root)!r}); from agents.evaluate import main; sys.exit(main())"
    arguments = ["--policy", str(policy), "--problems", problems.name, "--no-floors", "--search", "beam"]
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "policy, beam" in done.stdout
