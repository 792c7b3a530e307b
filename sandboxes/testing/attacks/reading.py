"""Programs that read what is not theirs: files, environments, memory, devices."""

from __future__ import annotations

from sandboxes.testing.attacks.tasks import ROOMY, SYSTEM, escape
from sandboxes.testing.program import Wall
from sandboxes.types import Limits

__all__ = ["READING"]

# What is read is returned: the kit searches all that comes back for its secrets, however they were got.
_READ = '''
import os

def read(path):
    """What stands there, as a line; the secrets in it are what the kit looks for."""
    try:
        with open(path, "rb") as file:
            return f"{path}: " + file.read(1 << 16).decode("latin-1").replace("\\0", " ")
    except OSError as error:
        return f"{path}: {error.strerror}"

'''

READING = (
    escape(
        Wall.READING,
        "secret-file",
        "a file of the host, by its path",
        _READ + "def attack(targets):\n    return [read(targets['secret_file'])]\n",
    ),
    escape(
        Wall.READING,
        "secret-file-by-detours",
        "the same through /proc, .., hard and symbolic links",
        _READ
        + """
def attack(targets):
    path, lines = targets["secret_file"], []
    lines.append(read("/proc/self/root" + path))
    lines.append(read("/proc/1/root" + path))
    lines.append(read("/proc/self/cwd/" + "../" * 12 + path))
    lines.append(read("../" * 12 + path.lstrip("/")))
    for descriptor in range(64):
        lines.append(read(f"/proc/self/fd/{descriptor}/" + "../" * 12 + path))
    for make in (os.link, os.symlink):
        try:
            make(path, "detour")
            lines.append(read("detour"))
            os.unlink("detour")
        except OSError as error:
            lines.append(f"{make.__name__}: {error.strerror}")
    return lines
""",
        limits=ROOMY,
    ),
    escape(
        Wall.READING,
        "siblings-of-a-descriptor",
        "open() relative to each descriptor that was left open, and fchdir to it",
        _READ
        + """
def attack(targets):
    lines = []
    for descriptor in range(64):
        try:
            opened = os.open("../" * 12 + targets["secret_file"].lstrip("/"), os.O_RDONLY, dir_fd=descriptor)
            lines.append(os.read(opened, 1000).decode("latin-1"))
        except OSError:
            pass
        try:
            os.fchdir(descriptor)
            lines.append(f"REACHED the folder {os.getcwd()}: {os.listdir()}")
        except OSError:
            pass
    return lines
""",
    ),
    escape(
        Wall.READING,
        "folder-of-the-secret",
        "the names of files are a secret as well",
        """
import os

def attack(targets):
    lines, folder = [], os.path.dirname(targets["secret_file"])
    for look in (os.listdir, lambda path: [item.name for item in os.scandir(path)]):
        try:
            lines.append(f"{folder}: {look(folder)}")
        except OSError as error:
            lines.append(str(error.strerror))
    return lines
""",
    ),
    escape(
        Wall.READING,
        "well-known-files",
        "passwords, keys and homes of a usual machine",
        """
import glob, os

def attack(targets):
    lines = []
    for pattern in ("/etc/passwd", "/etc/shadow", "/etc/ssh/*key", "/root/.[a-z]*", "/home/*/.[a-z]*", "/var/log/*",
                    "/etc/machine-id", "/var/run/docker.sock", "/run/secrets/*"):
        for path in glob.glob(pattern):
            try:
                if os.path.isdir(path):
                    found = bool(os.listdir(path))
                else:
                    with open(path, "rb") as file:
                        found = bool(file.read(1))
            except OSError:
                continue
            if found:
                lines.append(f"REACHED {path}")
    return lines[:20]
""",
        usual_in=frozenset({"bubblewrap"}),
    ),
    escape(
        Wall.READING,
        "devices",
        "disks, memory and terminals",
        """
import os, stat

def attack(targets):
    lines = []
    for name in ("mem", "kmem", "kmsg", "port", "vda", "sda", "nvme0n1", "tty", "console", "kvm", "fuse", "net/tun",
                 "vhost-vsock", "mapper/control", "loop-control", "nvidia0", "dri/card0"):
        try:
            os.close(os.open("/dev/" + name, os.O_RDWR | os.O_NONBLOCK))
            lines.append(f"REACHED /dev/{name}")
        except OSError as error:
            lines.append(f"{name}: {error.strerror}")
    return lines
""",
    ),
    escape(
        Wall.READING,
        "environment",
        "secrets in environment variables, its own and those of its ancestors",
        _READ
        + """
def attack(targets):
    lines = [f"{name}={value}" for name, value in os.environ.items()]
    for process in ("self", "1", str(os.getppid()), str(targets["pid"]), str(targets["kit_pid"])):
        lines += [read(f"/proc/{process}/environ"), read(f"/proc/{process}/cmdline")]
    return lines
""",
    ),
    escape(
        Wall.READING,
        "all-of-proc",
        "environment, arguments, open files and folders of every process there is",
        _READ
        + """
def attack(targets):
    lines = []
    try:
        processes = [name for name in os.listdir("/proc") if name.isdigit()]
    except OSError as error:
        return [f"/proc: {error.strerror}"]
    for process in processes:
        lines += [read(f"/proc/{process}/{name}") for name in ("environ", "cmdline")]
        for link in ("cwd", "root", "exe"):
            try:
                lines.append(os.readlink(f"/proc/{process}/{link}"))
            except OSError:
                pass
        try:
            for descriptor in os.listdir(f"/proc/{process}/fd"):
                lines.append(os.readlink(f"/proc/{process}/fd/{descriptor}"))
        except OSError:
            pass
    return [line[:2000] for line in lines if targets["mark"] in line or "SECRET" in line][:50]
""",
    ),
    escape(
        Wall.READING,
        "own-memory",
        "what the process inherited from its forebears: environment, sources and arguments of others",
        """
import gc, re

def attack(targets):
    found = set()
    try:
        with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
            for line in maps:
                start, end = (int(part, 16) for part in line.split()[0].split("-"))
                if "r" in line.split()[1] and end - start < 64 << 20:
                    try:
                        memory.seek(start)
                        found.update(re.findall(rb"SECRET-[0-9a-f]{8,}-[a-z]+", memory.read(end - start)))
                    except (OSError, ValueError):
                        pass
    except OSError as error:
        return [f"/proc/self: {error.strerror}"]
    for thing in gc.get_objects():
        if isinstance(thing, dict):
            found.update(str(value).encode() for value in list(thing.values()) if "SECRET-" in str(value)[:200])
    return sorted(item.decode("latin-1") for item in found)[:50]
""",
        limits=Limits(cpu_seconds=3, wall_seconds=10, memory_bytes=256 << 20, output_bytes=64 << 10),
    ),
    escape(
        Wall.READING,
        "memory-of-others",
        "/proc/PID/mem and process_vm_readv of a process of the same user",
        SYSTEM
        + """
def attack(targets):
    lines = []
    for process in (targets["pid"], targets["kit_pid"], os.getppid()):
        try:
            with open(f"/proc/{process}/mem", "rb", 0):
                lines.append(f"REACHED the memory of {process}")
        except OSError as error:
            lines.append(f"/proc/{process}/mem: {error.strerror}")
        buffer = ctypes.create_string_buffer(8)
        local = (ctypes.c_uint64 * 2)(ctypes.addressof(buffer), 8)
        remote = (ctypes.c_uint64 * 2)(0x400000, 8)
        answer, error = syscall("process_vm_readv", process, local, 1, remote, 1, 0)
        # Bad address: we were allowed to look for it.
        lines.append(f"process_vm_readv: {error}" if error in (*SHUT, "ESRCH") else f"REACHED {process}: {error}")
    return lines
""",
    ),
    escape(
        Wall.READING,
        "secret-file-fetched-by-a-link",
        "asks for a file back that is a link to a file of the host: the sandbox reads it",
        """
import os

def attack(targets):
    lines = []
    for make, name in ((os.symlink, "a"), (os.link, "b")):
        try:
            make(targets["secret_file"], name)
            lines.append(f"made {name}")
        except OSError as error:
            lines.append(str(error.strerror))
    try:
        os.symlink(os.path.dirname(targets["secret_file"]), "folder")
    except OSError as error:
        lines.append(str(error.strerror))
    return lines
""",
        limits=ROOMY,
        fetch=("a", "b", "folder/secret.txt"),
    ),
    escape(
        Wall.READING,
        "links-laid-over-given-files",
        "replaces the files that it was given by links, in case that they are written again or read back",
        """
import os

def attack(targets):
    lines = []
    for name, target in (("given", targets["secret_file"]), ("given2", targets["kept_file"])):
        try:
            os.unlink(name)
            os.symlink(target, name)
        except OSError as error:
            lines.append(str(error.strerror))
    return lines
""",
        limits=ROOMY,
        files={"given": b"1", "given2": b"2"},
        fetch=("given", "given2"),
    ),
)
