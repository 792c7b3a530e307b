"""The tiers as root, as nobody, with namespaces refused, and without bubblewrap: proved, named, or refused."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sandboxes import tiers
from sandboxes.tiers import choose_walls, probe_tiers
from sandboxes.types import SandboxUnavailable, Tier, TierReport
from tests.sandboxes.other_users import run_as

REPORT = """
import json, os, sys
from sandboxes import Limits, SandboxUnavailable, Tier, open_sandbox
from sandboxes.tiers import probe_tiers

SOURCE = '''
import os, socket

def attempts():
    reached = []
    for name, attempt in {
        "passwd": lambda: open("/etc/passwd").read(),
        "root": lambda: os.listdir("/"),
        "home": lambda: os.listdir(os.path.expanduser("~root")),
        "write": lambda: open("/tmp/escape", "w"),
        "socket": lambda: socket.socket(),
        "fork": lambda: os.fork(),
        "kill": lambda: os.kill(1, 0),
        "proc": lambda: os.listdir("/proc"),
        "setuid": lambda: os.setuid(0),
        "chroot": lambda: os.chroot("/"),
    }.items():
        try:
            attempt()
        except OSError:
            continue
        reached.append(name)
    import idlelib, encodings.idna  # the standard library stays readable
    return reached, os.getuid()
'''
found = {"reports": {r.tier.value: [r.available, r.means, r.reason, r.cure] for r in probe_tiers()}, "runs": {}}
for tier in (Tier.NAMESPACES, Tier.LANDLOCK):
    try:
        with open_sandbox("zygote", minimum_tier=tier, maximum_tier=tier) as sandbox:
            execution = sandbox.run(SOURCE, entry="attempts", calls=[((), {})])
            tests = sandbox.run_tests("def f(x): return x + 1", "assert f(1) == 2", entry="f")
            program = "open('x', 'w').write('1'); print(open('x').read())"
            scratch = sandbox.run(program, limits=Limits(files=2), files={"given": b""})
            statuses = [tests.status.value, scratch.status.value]
            found["runs"][tier.value] = [execution.values[0], execution.reason, *statuses]
    except SandboxUnavailable as error:
        found["runs"][tier.value] = str(error)
print(json.dumps(found))
"""


def bubblewrap_works(nobody: bool) -> bool:
    """Whether bubblewrap by itself, without any of our code, can make namespaces as this user."""
    if not shutil.which("bwrap"):
        return False
    command = ["bwrap", "--unshare-all", "--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib"]
    command += ["--symlink", "usr/lib64", "/lib64", "/usr/bin/env", "true"]
    user = {"user": 65534, "group": 65534, "extra_groups": []} if nobody and os.getuid() == 0 else {}
    return subprocess.run(command, check=False, capture_output=True, cwd="/", **user).returncode == 0  # type: ignore[call-overload, no-any-return]


def assert_contained(run: Any, *, has_scratch: bool = True) -> None:
    assert not isinstance(run, str), run
    (reached, user), reason, tests, scratch = run
    assert (reached, reason, tests) == ([], "", "ok")
    assert scratch == ("ok" if has_scratch else "refused")
    assert user != 0, "no program runs as root"


@pytest.mark.parametrize("nobody", [False, True], ids=["caller", "nobody"])
def test_namespaces_are_reached_wherever_bubblewrap_can(nobody: bool) -> None:
    """Continuous integration fails here when the strongest tier is lost on a machine that can have it."""
    if not bubblewrap_works(nobody):
        if "CI" in os.environ and shutil.which("bwrap") is None:
            pytest.fail("bubblewrap is not installed: ./run sandbox does it")
        pytest.skip("bubblewrap cannot make namespaces here")
    found = json.loads(run_as(REPORT, nobody=nobody, refuse=False))
    available, means, reason, _ = found["reports"]["namespaces"]
    assert available, reason
    assert means.startswith("bubblewrap ")
    assert_contained(found["runs"]["namespaces"])


@pytest.mark.parametrize("nobody", [False, True], ids=["caller", "nobody"])
@pytest.mark.parametrize("refuse", [False, True], ids=["allowed", "refused"])
def test_landlock_holds_for_everybody(nobody: bool, refuse: bool) -> None:
    if not next(report.available for report in probe_tiers() if report.tier is Tier.LANDLOCK):
        pytest.skip("this kernel has no Landlock")
    found = json.loads(run_as(REPORT, nobody=nobody, refuse=refuse))
    assert_contained(found["runs"]["landlock"], has_scratch=False)
    if refuse:
        available, _, reason, _ = found["reports"]["namespaces"]
        assert not available
        assert reason
        assert "namespaces" in found["runs"]["namespaces"]


@pytest.mark.parametrize("nobody", [False, True], ids=["caller", "nobody"])
def test_without_bubblewrap_namespaces_come_from_unshare(nobody: bool) -> None:
    if not bubblewrap_works(nobody):
        pytest.skip("namespaces cannot be made here")
    program = "import os; os.environ['PATH'] = '/nowhere'\n" + REPORT
    found = json.loads(run_as(program, nobody=nobody, refuse=False))
    assert found["reports"]["namespaces"][:2] == [True, "unshare(2)"]
    assert_contained(found["runs"]["namespaces"])


@pytest.fixture
def unproved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that was found out before counts."""
    monkeypatch.setattr(tiers, "_PROVED", {})


@pytest.mark.usefixtures("unproved")
def test_a_wall_with_a_hole_is_no_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    """An escape that gets out costs the tier, whatever the machine could do in principle."""
    reached = tiers._reached

    def leaky(*arguments: Any) -> dict[str, str]:
        return {**reached(*arguments), "file": "/etc/shadow"}

    monkeypatch.setattr(tiers, "_reached", leaky)
    with pytest.raises(SandboxUnavailable, match="file reached /etc/shadow"):
        choose_walls(Tier.LANDLOCK)


@pytest.mark.usefixtures("unproved")
def test_a_lower_tier_is_said_aloud(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    report = TierReport(Tier.NAMESPACES, False, reason="x")
    monkeypatch.setattr(tiers, "_probe_namespaces", lambda _: (report, None))
    choice = choose_walls(Tier.RLIMITS)
    assert choice.tier is not Tier.NAMESPACES
    assert choice.info["unavailable"]["namespaces"] == "x"
    assert f"going on with {choice.tier}" in caplog.text
    with pytest.raises(SandboxUnavailable, match="at least the tier namespaces"):
        choose_walls(Tier.NAMESPACES)


@pytest.mark.usefixtures("unproved")
def test_without_libseccomp_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(**_: bool) -> bytes:
        raise SandboxUnavailable("no filter of system calls: the cure: pip install pyseccomp")

    monkeypatch.setattr(tiers, "allow_list", missing)
    with pytest.raises(SandboxUnavailable, match="pip install pyseccomp"):
        choose_walls(Tier.LANDLOCK)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the attempts close nothing
def test_the_probe_sees_what_is_open(tmp_path: Path) -> None:
    """The same attempts, without any wall, reach what they aim at: they can fail, and so they can prove something."""
    from sandboxes.walls import escapes

    namespace: dict[str, Any] = {}
    exec(escapes.PROGRAM, namespace)  # noqa: S102 (our own)
    with escapes.targets(zygote=1, environment=[]) as targets:  # also where this process's parent has gone
        open_ = {name: namespace["attempt"](name, targets) for name in escapes.OUTER_ATTEMPTS}
        more = {
            name: namespace["attempt"](name, targets) for name in ("signal", "fork", "execute", "environment", "write")
        }
    assert all(open_[name] for name in ("file", "folder", "tcp", "abstract_socket", "processes"))
    assert all(more.values())
