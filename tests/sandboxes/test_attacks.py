"""Every back end and tier that this machine has stands the table, as root, as nobody and without user namespaces."""

from __future__ import annotations

import ast
import functools
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest

import sandboxes
from sandboxes import Sandbox, SandboxUnavailable, Tier
from sandboxes.testing import (
    ATTACKS,
    FAMILIES,
    HONEST,
    PROGRAMS,
    WALLS,
    Outcome,
    Program,
    Report,
    Wall,
    check_sandbox,
    draw_programs,
    fuzz_sandbox,
)
from tests.sandboxes.other_users import run_as

QUICK = [program for program in PROGRAMS if program not in (*FAMILIES["endless"], *FAMILIES["hungry"])]
"""Rows that do not use up what they are allowed: most of them, in a third of the time."""

MOST = [*QUICK, *FAMILIES["endless"][::4], *FAMILIES["hungry"][::4]]
"""And some that do."""

ESCAPES = [program for program in QUICK if program.reports or program in HONEST]
"""Those that try the walls, which is where tiers differ."""


NO_PROGRAMS = {
    "syntax-error", "null-byte", "strange-coding", "tests-against-a-syntax-error",
    "forgiving-tests-against-a-syntax-error", "bracket-bomb", "indent-bomb", "sign-bomb", "attribute-bomb",
    "slow-compiler", "source-that-is-no-text",
}  # fmt: skip
"""Those that are meant to be none, or to be too much for the compiler."""


class TestTable:
    def test_there_are_enough_and_each_has_its_name(self) -> None:
        assert len(ATTACKS) >= 250
        assert len({program.name for program in PROGRAMS}) == len(PROGRAMS)
        assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", program.name) for program in PROGRAMS)
        assert all(program.aim for program in PROGRAMS)

    def test_every_wall_is_run_against(self) -> None:
        counts = Counter(program.wall for program in ATTACKS)
        assert all(counts[wall] >= 4 for wall in Wall)
        assert set(WALLS) == set(Tier)
        assert all(WALLS[tier] >= {Wall.VERDICT, Wall.TIME} for tier in Tier)

    def test_the_honest_are_marked_and_the_others_are_not(self) -> None:
        assert all(program.passes for program in HONEST)
        assert not any(program.passes for program in ATTACKS)

    @pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
    def test_programs_say_what_they_mean_to(self, program: Program) -> None:
        if program.name in NO_PROGRAMS:
            return
        tree = ast.parse(program.source)
        names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        if program.reports:
            assert "attack" in names
            returned = [node for node in ast.walk(tree) if isinstance(node, ast.Return)]
            assert returned
        for source in (program.next, program.tests):
            if source is not None:
                ast.parse(source)

    def test_values_that_are_right_are_given_for_each_call(self) -> None:
        for program in PROGRAMS:
            if program.calls:
                assert len(program.right) == len(program.calls), program.name
            if program.entry is None:
                assert isinstance(program.right, str), program.name


def opened(backend: str, **options: Any) -> Callable[[], Sandbox]:
    """A function that opens it; the test is skipped, saying why, where the machine has none."""
    make = functools.partial(sandboxes.open_sandbox, backend, **options)
    try:
        make().close()
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    return make


def summary(report: Report) -> dict[Outcome, int]:
    print(report)  # shown by pytest -rA
    return report.counts


@pytest.mark.slow
class TestZygote:
    def test_strongest_tier(self) -> None:
        counts = summary(check_sandbox(opened("zygote")))
        assert counts[Outcome.NOT_OFFERED] == 0
        # Nothing is refused for its construct: it is Python. A scratch folder needs namespaces.
        assert counts[Outcome.REFUSED] <= sum(program.limits.files > 0 for program in PROGRAMS)

    def test_landlock(self) -> None:
        counts = summary(check_sandbox(opened("zygote", maximum_tier=Tier.LANDLOCK), programs=MOST))
        assert counts[Outcome.NOT_OFFERED] == 0

    def test_resource_limits_alone(self) -> None:
        make = opened("zygote", minimum_tier=Tier.RLIMITS, maximum_tier=Tier.RLIMITS)
        counts = summary(check_sandbox(make, programs=MOST))
        promised = WALLS[Tier.RLIMITS]
        assert counts[Outcome.NOT_OFFERED] == sum(program.wall not in promised for program in MOST)
        assert counts[Outcome.NOT_OFFERED] > 50

    @pytest.mark.parametrize("seed", range(3))
    def test_programs_that_are_not_in_the_table(self, seed: int) -> None:
        with opened("zygote")() as sandbox:
            assert [str(surprise) for surprise in fuzz_sandbox(sandbox, seed=seed, count=120)] == []


UNSAFE = pytest.mark.filterwarnings("ignore:unsafe_subprocess runs programs:UserWarning")


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["monty", "bubblewrap", pytest.param("unsafe_subprocess", marks=UNSAFE)])
def test_other_back_ends(backend: str) -> None:
    make = opened(backend)
    # A process a run takes long: of the rows that need no walls, a part will do.
    part = [*ESCAPES, *[program for program in ATTACKS if program not in ESCAPES][::8]]
    summary(check_sandbox(make, programs=PROGRAMS if backend == "monty" else part))
    with make() as sandbox:
        assert [str(surprise) for surprise in fuzz_sandbox(sandbox, seed=7, count=30)] == []


# Loses something, where it is told so, and then runs the rows that are named.
PRISONER = """
import ctypes, json, os, sys

how, names = json.loads(os.environ.pop("PRISON", "null") or "null") or {argument}


def refuse_by_quota():
    # As administrators do: in a user namespace of its own, whose quota of further ones is nil.
    user, group = os.getuid(), os.getgid()
    if ctypes.CDLL(None, use_errno=True).unshare(0x10000000):
        raise OSError(ctypes.get_errno(), "there is no user namespace to refuse others in")
    maps = {{"setgroups": "deny", "gid_map": f"{{group}} {{group}} 1", "uid_map": f"{{user}} {{user}} 1"}}
    for name, text in maps.items():
        with open(f"/proc/self/{{name}}", "w") as file:
            file.write(text)
    with open("/proc/sys/user/max_user_namespaces", "w") as file:
        file.write("0")
    os.environ["PRISON"] = json.dumps(["", names])
    os.execv(sys.executable, sys.orig_argv)  # without the rights of the namespace's maker


if how == "quota":
    refuse_by_quota()
if how == "no bubblewrap":
    os.environ["PATH"] = "/nowhere"
import sandboxes
from sandboxes.testing import PROGRAMS, CheckFailed, check_sandbox
try:
    programs = [program for program in PROGRAMS if program.name in names]
    report = check_sandbox(sandboxes.open_sandbox, programs=programs)
except sandboxes.SandboxUnavailable as error:
    print(json.dumps({{"unavailable": str(error)}}))
except CheckFailed as error:
    print(json.dumps(error.report.to_json()))
else:
    print(json.dumps(report.to_json()))
"""


def imprisoned(programs: Iterable[Program], how: str = "", *, nobody: bool = False, refuse: bool = False) -> Report:
    """What came of the table in a process that is less than this one; see :func:`run_as`."""
    argument = [how, [program.name for program in programs]]
    told = json.loads(run_as(PRISONER.format(argument=argument), nobody=nobody, refuse=refuse).splitlines()[-1])
    if "unavailable" in told:
        pytest.skip(told["unavailable"])
    return Report.from_json(told)


@pytest.mark.slow
class TestIdentities:
    def test_as_nobody(self) -> None:
        report = imprisoned(QUICK, nobody=True)
        assert [f"{row.name}: {row.evidence}" for row in report.failures] == []
        assert report.counts[Outcome.NOT_OFFERED] == 0

    @pytest.mark.parametrize("nobody", [False, True])
    def test_namespaces_without_bubblewrap(self, nobody: bool) -> None:
        report = imprisoned(ESCAPES, "no bubblewrap", nobody=nobody)
        assert [f"{row.name}: {row.evidence}" for row in report.failures] == []
        assert report.counts[Outcome.NOT_OFFERED] == 0

    @pytest.mark.parametrize("nobody", [False, True])
    def test_namespaces_refused_by_a_filter(self, nobody: bool) -> None:
        report = imprisoned(ESCAPES, refuse=True, nobody=nobody)
        assert [f"{row.name}: {row.evidence}" for row in report.failures] == []
        assert report.tier == Tier.LANDLOCK
        assert report.counts[Outcome.NOT_OFFERED] == 0

    def test_as_nobody_with_user_namespaces_refused_by_quota(self) -> None:
        report = imprisoned(ESCAPES, "quota", nobody=True)
        assert [f"{row.name}: {row.evidence}" for row in report.failures] == []
        assert report.tier == Tier.LANDLOCK
        assert report.counts[Outcome.NOT_OFFERED] == 0


def test_random_programs_are_the_same_for_the_same_seed() -> None:
    first, second, third = (list(draw_programs(seed, 40)) for seed in (1, 1, 2))
    assert first == second
    assert first != third
    assert 3 <= sum(program.passes for program in first) <= 20
    assert {(program.entry is None, program.tests is None) for program in first} == {
        (True, True),
        (False, True),
        (False, False),
    }
