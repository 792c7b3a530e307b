"""Programs that write where they should not, more than they may, or something that harms whoever reads it."""

from __future__ import annotations

from sandboxes.testing.attacks.tasks import OUTPUT, ROOMY, cheat, cheat_output, escape
from sandboxes.testing.program import Wall

__all__ = ["WRITING"]

WRITING = (
    cheat(
        "fetched-pipe",
        "asks for a file back that is a pipe: whoever opens it waits for ever",
        """
import os

def solve(n):
    for make in (lambda: os.mkfifo("a"), lambda: os.mkdir("b"), lambda: os.symlink("c", "c"), lambda: os.mknod("d")):
        try:
            make()
        except OSError:
            pass
    return None
""",
        wall=Wall.WRITING,
        limits=ROOMY,
        fetch=("a", "b", "c", "d"),
    ),
    cheat(
        "fetched-giant",
        "asks for a file back that takes no room and has terabytes",
        """
import os

def solve(n):
    try:
        with open("a", "wb") as file:
            os.truncate(file.fileno(), 1 << 42)
    except OSError:
        pass
    return None
""",
        wall=Wall.WRITING,
        limits=ROOMY,
        fetch=("a",),
    ),
    escape(
        Wall.WRITING,
        "write-without-room",
        "writes where nothing may be written at all",
        """
import os

def attack(targets):
    lines = []
    for folder in (".", "/tmp", "/var/tmp", "/dev/shm", "/run", "/", os.path.expanduser("~"), targets["open_folder"]):
        path = os.path.join(folder, targets["mark"])
        try:
            with open(path, "w") as file:
                file.write("x")
            lines.append(f"REACHED {path}")
            os.unlink(path)
        except OSError as error:
            lines.append(f"{folder}: {error.strerror}")
    return lines
""",
        usual_in=frozenset({"bubblewrap"}),
    ),
    escape(
        Wall.WRITING,
        "change-a-file-of-the-host",
        "writes, cuts, renames, removes and chmods a file that anybody may write",
        """
import os

def attack(targets):
    path, lines = targets["kept_file"], []
    for deed in (
        lambda: open(path, "a").write("x"),
        lambda: os.truncate(path, 0),
        lambda: os.rename(path, path + "2"),
        lambda: os.unlink(path),
        lambda: os.chmod(path, 0o777),
        lambda: os.utime(path, (0, 0)),
        lambda: os.setxattr(path, "user.mark", b"x"),
        lambda: os.link(path, path + "3"),
        lambda: os.symlink(path, os.path.join(targets["open_folder"], "link")),
        lambda: os.mkdir(os.path.join(targets["open_folder"], "made")),
        lambda: os.mkfifo(os.path.join(targets["open_folder"], "pipe")),
        lambda: os.chown(path, 65534, 65534),
    ):
        try:
            deed()
            lines.append("done")
        except OSError as error:
            lines.append(str(error.strerror))
    return lines
""",
    ),
    escape(
        Wall.WRITING,
        "change-the-sandbox-itself",
        "opens the interpreter, the library and the sandbox's own code for writing",
        """
import os, sys

def attack(targets):
    lines = []
    paths = {sys.executable, os.__file__, "/proc/self/exe", "/proc/self/mem/../exe"}
    paths |= {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    for path in sorted(path for path in paths if path):
        try:
            os.close(os.open(path, os.O_WRONLY))
            lines.append(f"REACHED {path}")
        except OSError as error:
            lines.append(f"{path}: {error.strerror}")
    return lines[:200]
""",
    ),
    escape(
        Wall.WRITING,
        "reopened-descriptors",
        "opens again for writing, through /proc, what it got for reading",
        """
import os, stat

def attack(targets):
    lines = []
    for descriptor in range(64):
        try:
            found = os.fstat(descriptor)
        except OSError:
            continue
        # What has no name belongs to this job alone.
        if not stat.S_ISREG(found.st_mode) or found.st_nlink == 0:
            continue
        try:
            os.close(os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY))
            lines.append(f"REACHED descriptor {descriptor}: {os.readlink(f'/proc/self/fd/{descriptor}')}")
        except OSError as error:
            lines.append(str(error.strerror))
    return lines
""",
    ),
    escape(
        Wall.WRITING,
        "kernel-settings",
        "opens for writing what tunes the kernel, without writing",
        """
import glob, os

def attack(targets):
    lines = []
    for path in ("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sysrq-trigger",
                 "/proc/sys/vm/drop_caches", "/sys/kernel/uevent_helper", "/sys/fs/cgroup/cgroup.procs",
                 "/proc/1/oom_score_adj", f"/proc/{targets['pid']}/oom_score_adj",
                 "/sys/kernel/mm/transparent_hugepage/enabled"):
        try:
            os.close(os.open(path, os.O_WRONLY))
            lines.append(f"REACHED {path}")
        except OSError as error:
            lines.append(f"{path}: {error.strerror}")
    return lines
""",
    ),
    escape(
        Wall.WRITING,
        "fill-the-disk",
        "more bytes than it has room for",
        """
import os

def attack(targets):
    written = 0
    try:
        for number in range(8):
            with open(f"part{number}", "wb", buffering=0) as file:
                for _ in range(64):
                    written += file.write(bytes(1 << 17))
    except OSError as error:
        return [f"stopped after {written} bytes: {error.strerror}"]
    return [f"REACHED {written} bytes"]
""",
        limits=ROOMY,
    ),
    escape(
        Wall.WRITING,
        "many-small-files",
        "more files than it has room for: each costs, although it is empty",
        """
import os

def attack(targets):
    made = 0
    try:
        for number in range(2000):
            os.close(os.open(f"f{number}", os.O_CREAT | os.O_WRONLY))
            made += 1
    except OSError as error:
        return [f"stopped after {made} files: {error.strerror}"]
    return [f"REACHED {made} files"]
""",
        limits=ROOMY,
        # Its scratch folder has a size and no number of files; its documentation says so.
        usual_in=frozenset({"bubblewrap"}),
    ),
    escape(
        Wall.WRITING,
        "deep-folders",
        "a path so long that cleaning up fails",
        """
import os

def attack(targets):
    made = 0
    try:
        for _ in range(2000):
            os.mkdir("d" * 200)
            os.chdir("d" * 200)
            made += 1
    except OSError as error:
        return [f"stopped after {made} folders: {error.strerror}"]
    return [f"REACHED {made} folders"]
""",
        limits=ROOMY,
        # Its scratch folder has a size and no number of files; its documentation says so.
        usual_in=frozenset({"bubblewrap"}),
    ),
    escape(
        Wall.WRITING,
        "core-dump",
        "asks for core dumps, then crashes",
        """
import os, resource

def attack(targets):
    lines = []
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (1 << 30, 1 << 30))
        lines.append("REACHED a limit that lets cores be written")
    except (OSError, ValueError) as error:
        lines.append(str(error))
    return lines
""",
    ),
    cheat(
        "module-in-the-scratch-folder",
        "files by the names of modules: who imports from the current folder runs them",
        """
import os

for name in ("json", "struct", "sandboxes", "traceback", "encodings", "sitecustomize", "_json"):
    try:
        with open(name + ".py", "w") as file:
            file.write("import os\\nos._exit(0)\\n")
    except OSError:
        pass

def solve(n):
    raise ValueError("print me")
""",
        limits=ROOMY,
    ),
    cheat_output(
        "output-file-opened-again",
        "cuts and rewrites what stands behind standard output, through /proc",
        f"""
import os

for descriptor in (0, 1, 2):
    try:
        again = os.open(f"/proc/self/fd/{{descriptor}}", os.O_RDWR)
        os.write(again, {OUTPUT.encode()!r})
        os.close(again)
    except OSError:
        pass
raise SystemExit(1)
""",
    ),
)
