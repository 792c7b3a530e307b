"""The script ``run``: sets itself up once, survives being killed in the middle, and gets out of the way of its job.

Each test copies the script into a project of its own, in a folder with blanks in its name. Python there is a stand-in:
a shell script, first on PATH, that hands ``-c`` and ``--version`` to the real one, and for the slow parts (making a
virtual environment, pip, the jobs) writes down its arguments and does what the test says.
"""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOLS = ("bash", "cat", "dirname", "find", "mkdir", "rm", "sh")
"""All that the script calls beside Python."""

STAND_IN_TOOLS = ("cp", "touch")
"""What the stand-in needs besides."""

STAND_IN = """#!/bin/sh
here='{folder}'
case "$1 $2" in
    "-m venv") echo "venv" >>"$here/calls"; mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; cp "$0" "$3/bin/python3" ;;
    "-m pip") if [ "$3" = install ]; then echo "install" >>"$here/calls"; . "$here/installing"; fi ;;
    "-m "*) shift; echo "$*" >>"$here/calls"; . "$here/working" ;;
    *) exec '{python}' "$@" ;;
esac
"""


def waiting_for(path: Path) -> str:
    """Shell that waits until a file exists, and not for ever, so that a test that fails leaves nothing behind."""
    program = (
        "import pathlib, sys, time; any(pathlib.Path(sys.argv[1]).exists() or time.sleep(0.02) for _ in range(1500))"
    )
    return f"'{sys.executable}' -c '{program}' '{path}'\n"


@dataclass(frozen=True)
class Project:
    """A copy of the script, with a stand-in for Python."""

    folder: Path
    project: Path
    tools: Path

    @property
    def venv(self) -> Path:
        return self.project / ".venv"

    def python(self, script: str) -> None:
        """The stand-in is this shell script."""
        path = self.tools / "python3"
        path.write_text(script, encoding="utf-8")
        path.chmod(0o755)

    def installing(self, script: str) -> None:
        """What pip does, in shell; the current folder is the project's."""
        (self.folder / "installing").write_text(script, encoding="utf-8")

    def working(self, script: str) -> None:
        """What a job does, in shell."""
        (self.folder / "working").write_text(script, encoding="utf-8")

    @property
    def calls(self) -> list[str]:
        """What the stand-in was called for, in order."""
        path = self.folder / "calls"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Call the script from a folder that is not the project's."""
        return subprocess.Popen(
            [self.project / "run", *arguments],
            cwd=self.folder,
            env={"PATH": str(self.tools)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        with self.start(*arguments) as process:
            out, err = process.communicate()
            return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path, tmp_path / "a project with blanks", tmp_path / "tools")
    made.project.mkdir()
    made.tools.mkdir()
    shutil.copy(ROOT / "run", made.project)
    for name in ("pyproject.toml", "constraints.txt"):
        (made.project / name).write_text(f"# {name}\n", encoding="utf-8")
    for name in TOOLS + STAND_IN_TOOLS:
        found = shutil.which(name)
        assert found is not None
        (made.tools / name).symlink_to(found)
    made.python(STAND_IN.format(folder=tmp_path, python=sys.executable))
    made.installing("")
    made.working("")
    return made


@pytest.mark.parametrize("script", ["run", ".ci/run"])
def test_is_a_shell_script_that_may_be_executed(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["bash", "-n", ROOT / script], check=True)


@pytest.mark.parametrize("arguments", [(), ("help",), ("--help",), ("-h",)])
def test_help_lists_the_commands_and_touches_nothing(project: Project, arguments: tuple[str, ...]) -> None:
    result = project.run(*arguments)
    assert (result.returncode, result.stderr) == (0, "")
    for command in ("demo", "test", "lint", "types", "sandbox", "help"):
        assert f"\n  {command} " in result.stdout
    assert project.calls == []
    assert not project.venv.exists()


def test_an_unknown_command_is_named_and_the_list_shown(project: Project) -> None:
    result = project.run("tset")
    assert (result.returncode, result.stdout) == (2, "")
    assert "'tset'" in result.stderr
    assert "\n  test " in result.stderr
    assert project.calls == []


@pytest.mark.parametrize(
    ("command", "calls"),
    [
        ("demo", ["agents.self_play --name two words"]),
        ("test", ["pytest -n 3 --dist worksteal --name two words"]),
        ("types", ["mypy --name two words"]),
        ("lint", ["ruff check .", "ruff format --check ."]),
    ],
)
def test_sets_up_once_and_hands_on_its_arguments(project: Project, command: str, calls: list[str]) -> None:
    first = project.run(command, "--name", "two words")
    assert (first.returncode, project.calls) == (0, ["venv", "install", *calls])
    assert "setting up .venv" in first.stderr
    assert "set up in" in first.stderr
    second = project.run(command, "--name", "two words")
    assert (second.returncode, second.stderr) == (0, "")
    assert project.calls == ["venv", "install", *calls, *calls]


def test_arguments_stay_whole(project: Project) -> None:
    project.working('printf "<%s>" "$@"')
    assert project.run("demo", "--name", "two words", "*", "").stdout == "<agents.self_play><--name><two words><*><>"


@pytest.mark.parametrize("command", ["demo", "test", "types", "lint"])
def test_the_exit_status_is_the_jobs(project: Project, command: str) -> None:
    project.working("exit 7")
    assert project.run(command).returncode == 7


def stand_in(project: Project, name: str, script: str) -> None:
    """A tool of that name, which writes its arguments down before it does what the test says."""
    path = project.tools / name
    path.write_text(f"#!/bin/sh\necho \"{name} $*\" >>'{project.folder}/calls'\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap is for Linux")
class TestSandbox:
    """The command that installs a system package."""

    def test_does_nothing_where_it_is_installed(self, project: Project) -> None:
        stand_in(project, "bwrap", "")
        stand_in(project, "apt-get", "exit 9")
        result = project.run("sandbox", "--json")
        assert result.returncode == 0
        assert "bubblewrap is installed" in result.stderr
        assert project.calls == ["venv", "install", "sandboxes doctor --json"]

    def test_says_what_it_installs(self, project: Project) -> None:
        stand_in(project, "apt-get", "")
        stand_in(project, "sudo", 'exec "$@"')
        result = project.run("sandbox")
        assert result.returncode == 0
        assert "installing the system package bubblewrap with apt-get" in result.stderr
        assert "apt-get install -y -q bubblewrap" in project.calls
        assert project.calls[-1] == "sandboxes doctor"

    def test_looks_for_new_lists_when_it_finds_no_package(self, project: Project) -> None:
        stand_in(
            project, "apt-get", f"[ -e '{project.folder}/fresh' ] || {{ touch '{project.folder}/fresh'; exit 100; }}"
        )
        stand_in(project, "sudo", 'exec "$@"')
        assert project.run("sandbox").returncode == 0
        called = [call for call in project.calls if call.startswith("apt-get")]
        assert called == ["apt-get install -y -q bubblewrap", "apt-get update -q", "apt-get install -y -q bubblewrap"]

    def test_names_what_went_wrong(self, project: Project) -> None:
        stand_in(project, "dnf", "exit 1")
        stand_in(project, "sudo", 'exec "$@"')
        result = project.run("sandbox")
        assert result.returncode == 1
        assert "dnf could not install bubblewrap" in result.stderr
        assert "venv" not in project.calls

    def test_names_what_is_missing(self, project: Project) -> None:
        result = project.run("sandbox")
        assert result.returncode == 1
        assert "no package manager" in result.stderr


def test_lint_reports_both_checks_and_fails_when_the_first_does(project: Project) -> None:
    project.working('[ "$2" = format ] || exit 3')
    assert project.run("lint").returncode == 3
    assert project.calls[-2:] == ["ruff check .", "ruff format --check ."]


def test_the_job_takes_the_place_of_the_script_so_that_signals_reach_it(project: Project) -> None:
    project.working("echo $$")
    with project.start("demo") as process:
        assert process.communicate()[0].split() == [str(process.pid)]


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_installs_again_when_a_requirement_changes_and_not_when_a_file_is_touched(project: Project, name: str) -> None:
    project.run("types")
    path = project.project / name
    path.touch()
    project.run("types")
    assert project.calls.count("install") == 1
    path.write_text("# something else\n", encoding="utf-8")
    project.run("types")
    project.run("types")
    assert project.calls.count("install") == 2
    assert project.calls.count("venv") == 1


def test_installs_again_when_the_project_has_moved(project: Project) -> None:
    """An editable installation holds the path of its folder."""
    project.run("types")
    moved = project.project.rename(project.folder / "elsewhere")
    Project(project.folder, moved, project.tools).run("types")
    assert project.calls == ["venv", "install", "mypy", "install", "mypy"]


def test_makes_the_environment_anew_when_its_python_is_gone(project: Project) -> None:
    project.run("types")
    (project.venv / "bin" / "python").unlink()
    (project.venv / "bin" / "python").symlink_to("/nowhere/python3")
    assert project.run("types").returncode == 0
    assert project.calls == ["venv", "install", "mypy"] * 2


def test_an_environment_made_by_hand_is_used_and_not_wiped(project: Project) -> None:
    binaries = project.venv / "bin"
    binaries.mkdir(parents=True)
    shutil.copy(project.tools / "python3", binaries / "python")
    (project.venv / "mine").touch()
    assert project.run("types").returncode == 0
    assert project.calls == ["install", "mypy"]
    assert (project.venv / "mine").exists()


def test_an_active_environment_of_the_project_is_not_asked_to_rebuild_itself(project: Project) -> None:
    project.installing("kill -9 $PPID; exit 1")
    project.run("types")
    project.installing("")
    result = subprocess.run(
        [project.project / "run", "types"],
        env={"PATH": f"{project.venv}/bin:{project.tools}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, project.calls) == (0, ["venv", "install", "venv", "install", "mypy"])


@pytest.mark.parametrize(
    ("killed", "returncode"),
    [
        pytest.param("kill -9 $PPID", -9, id="the script is killed"),
        pytest.param("kill -9 $PPID; kill -9 $$", -9, id="script and pip are killed"),
        pytest.param("kill -9 $$", 1, id="pip is killed"),
        pytest.param("kill -TERM $PPID", 143, id="the script is asked to end"),
        pytest.param("kill -INT $PPID; exit 1", 130, id="interrupted, and pip ends in good order"),
    ],
)
@pytest.mark.parametrize("update", [False, True])
def test_a_killed_installation_is_repaired(project: Project, killed: str, returncode: int, update: bool) -> None:
    if update:
        project.run("types")
        (project.project / "constraints.txt").write_text("# new\n", encoding="utf-8")
    project.installing(f"touch '{project.venv}/half-a-package'; {killed}")
    assert project.run("types").returncode == returncode
    assert (project.venv / "half-a-package").exists()
    before = project.calls

    project.installing("")
    assert project.run("types").returncode == 0
    assert not (project.venv / "half-a-package").exists()
    assert project.calls == [*before, "venv", "install", "mypy"]


def test_a_killed_making_of_the_environment_is_repaired(project: Project) -> None:
    whole = (project.tools / "python3").read_text(encoding="utf-8")
    project.python(whole.replace('cp "$0" "$3/bin/python";', 'cp "$0" "$3/bin/python"; kill -9 $PPID;'))
    assert project.run("types").returncode == -9
    project.python(whole)
    assert project.run("types").returncode == 0
    assert project.calls == ["venv", "venv", "install", "mypy"]


def test_a_failed_update_keeps_what_stood(project: Project) -> None:
    """Without a network a changed pyproject.toml must not cost the environment that there is."""
    project.run("types")
    (project.venv / "package").touch()
    (project.project / "constraints.txt").write_text("# new\n", encoding="utf-8")
    project.installing("echo 'no network' >&2; exit 1")
    result = project.run("types")
    assert result.returncode == 1
    assert "no network" in result.stderr
    assert "the installation failed" in result.stderr
    assert project.calls == ["venv", "install", "mypy", "install"]

    project.installing("")
    assert project.run("types").returncode == 0
    assert (project.venv / "package").exists()
    assert project.calls == ["venv", "install", "mypy", "install", "install", "mypy"]


def test_two_first_calls_at_once_install_once(project: Project) -> None:
    # The first goes on when the second stands in line; `mkdir` would fail for whoever came second.
    waits = project.folder / "second-waits"
    busy = project.folder / "busy"
    project.installing(f"mkdir '{busy}' || exit 9\n{waiting_for(waits)}rm -r '{busy}'")
    with project.start("types") as first:
        while "install" not in project.calls:
            assert first.poll() is None
            time.sleep(0.01)
        with project.start("demo") as second:
            assert second.stderr is not None
            assert "waiting for another set-up" in second.stderr.readline()
            waits.touch()
            second.communicate()
        first.communicate()
    assert (first.returncode, second.returncode) == (0, 0)
    assert sorted(project.calls) == ["agents.self_play", "install", "mypy", "venv"]


def test_an_orphaned_installation_is_waited_for(project: Project) -> None:
    """Killing the script alone leaves pip at work: nobody else may write before it has ended."""
    waits = project.folder / "second-waits"
    project.installing(f"kill -9 $PPID\n{waiting_for(waits)}echo 'orphan ends' >>'{project.folder}/calls'")
    with project.start("types") as first:
        first.wait()
        project.installing("")
        with project.start("types") as second:
            assert second.stderr is not None
            assert "waiting for another set-up" in second.stderr.readline()
            waits.touch()
            second.communicate()
        first.communicate()
    assert (first.returncode, second.returncode) == (-9, 0)
    assert project.calls == ["venv", "install", "orphan ends", "venv", "install", "mypy"]


def test_the_job_does_not_hold_the_lock(project: Project) -> None:
    project.working(f"'{sys.executable}' -c 'import os; os.fstat(9)' 2>&1")
    assert "Bad file descriptor" in project.run("types").stdout


def test_an_old_python_is_named_with_the_cure(project: Project) -> None:
    project.python("#!/bin/sh\nexit 1\n")
    result = project.run("test")
    assert result.returncode == 1
    assert "needs Python 3.11 or later" in result.stderr
    assert "too old or not working: python3" in result.stderr
    assert not project.venv.exists()


def test_no_python_at_all_is_said(project: Project) -> None:
    (project.tools / "python3").unlink()
    result = project.run("test")
    assert result.returncode == 1
    assert "there is none on PATH." in result.stderr


def test_a_newer_python_under_another_name_is_found(project: Project) -> None:
    (project.tools / "python3").rename(project.tools / "python3.12")
    project.python("#!/bin/sh\nexit 1\n")
    assert project.run("types").returncode == 0
    assert project.calls == ["venv", "install", "mypy"]


def test_a_python_without_ensurepip_is_named_with_the_cure(project: Project) -> None:
    project.python(f'#!/bin/sh\ncase "$2" in *ensurepip*) exit 1 ;; esac\nexec \'{sys.executable}\' "$@"\n')
    result = project.run("test")
    assert result.returncode == 1
    assert f"apt install python3.{sys.version_info.minor}-venv" in result.stderr
    assert not project.venv.exists()
