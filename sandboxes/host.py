"""What this machine has to offer: an interpreter, what it reads, users that nobody is, and bubblewrap."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from sandboxes.types import IMAGES, SandboxUnavailable
from sandboxes.walls import namespaces

__all__ = [
    "bubblewrap_command",
    "hidden_folders",
    "hide",
    "interpreter",
    "is_open_to_all",
    "readable_paths",
    "spare_users",
]

_LIBRARIES = ("/lib", "/lib64", "/lib32", "/usr/lib", "/usr/lib64", "/usr/lib32", "/usr/local/lib")
_DATA = ("/etc/ld.so.cache", "/usr/share/zoneinfo")
_SPARE_USERS = 4096
_CAP_DAC_READ_SEARCH, _CAP_SETGID, _CAP_SETUID, _CAP_SYS_ADMIN = 1 << 2, 1 << 6, 1 << 7, 1 << 21


def spare_users(*, mounts: bool, reads_all: bool) -> range:
    """Numbers of users that nobody is, for programs to be; none where this process may not make them so.

    Where few are mapped, those are taken that systemd sets aside for passing services.

    Args:
        mounts: only if file systems may be mounted as well, without a user namespace.
        reads_all: only if the right to read all files can be passed on as well.
    """
    needed = _CAP_SETUID | _CAP_SETGID | (_CAP_SYS_ADMIN if mounts else 0) | (_CAP_DAC_READ_SEARCH if reads_all else 0)
    if os.getuid() != 0 or _capabilities() & needed != needed:
        return range(0)
    first, _, count = map(int, Path("/proc/self/uid_map").read_text().split("\n", 1)[0].split())
    if first == 0 and count >= 1 << 31:
        return range(0x70000000, 0x70000000 + _SPARE_USERS)
    return range(61184, 61184 + _SPARE_USERS) if first == 0 and count >= 65536 else range(0)


def _capabilities() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return int(line.split()[1], 16)
    return 0


def is_open_to_all(paths: Sequence[str]) -> bool:
    """Whether any user can get at these files and folders."""
    folders = {parent for path in paths for parent in Path(path).resolve().parents}
    return all(folder.stat().st_mode & 0o001 for folder in folders) and all(
        Path(path).stat().st_mode & 0o004 for path in paths
    )


def bubblewrap_command(readable: Sequence[str]) -> list[str]:
    """The beginning of a command line that runs something in namespaces of its own.

    Args:
        readable: files and folders to show, read-only, at the same paths; nothing else is there.

    Raises:
        SandboxUnavailable: bubblewrap is not installed.
    """
    bubblewrap = shutil.which("bwrap")
    if bubblewrap is None:
        raise SandboxUnavailable("bubblewrap is not installed (./run sandbox does it, or: apt install bubblewrap)")
    walls = [bubblewrap, "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    if not spare_users(mounts=True, reads_all=False):
        walls += ["--unshare-user", "--uid", str(namespaces.INSIDE_ID), "--gid", str(namespaces.INSIDE_ID)]
    # Made by name, for else they get the modes that they have outside: closed, where an interpreter lies in /root.
    for folder in sorted({str(parent) for path in readable for parent in Path(path).parents if str(parent) != "/"}):
        if not Path(folder).is_symlink():
            walls += ["--dir", folder]
    hidden = hidden_folders(readable)
    inner = [path for path in readable if any(_is_below(path, other) for other in hidden)]
    for path in readable:
        if Path(path).is_symlink():
            walls += ["--symlink", str(Path(path).readlink()), path]
        elif path not in inner:
            walls += ["--ro-bind", path, path]
    walls += hide(hidden, inner)
    for path in namespaces.DEVICES:
        walls += ["--dev-bind", path, path]
    return [*walls, "--chdir", "/"]


def hidden_folders(readable: Sequence[str]) -> list[str]:
    """Folders of installed packages inside of these: not the interpreter's, and who knows what lies there.

    The reference solutions of a benchmark, for one, or this library's own.
    """
    names = ("site-packages", "dist-packages")
    patterns = [*names, *(f"python3*/{name}" for name in names), *(f"lib*/python3*/{name}" for name in names)]
    folders = [Path(path) for path in readable if Path(path).is_dir() and not Path(path).is_symlink()]
    found = {str(path) for folder in folders for pattern in patterns for path in folder.glob(pattern)}
    return sorted(path for path in found if Path(path).is_dir() and not Path(path).is_symlink())


def hide(hidden: Sequence[str], inner: Sequence[str]) -> list[str]:
    """Options for bubblewrap that lay empty folders over these; ``inner`` is shown in them all the same."""
    over = [word for path in hidden for word in ("--tmpfs", path)]
    back = [word for path in inner for word in ("--ro-bind", path, path)]
    return over + back + [word for path in hidden for word in ("--remount-ro", path)]


def interpreter() -> str:
    """The interpreter behind a virtual environment, which cannot find its library without reading that."""
    return str(Path(getattr(sys, "_base_executable", sys.executable)).resolve())


def readable_paths(image: str) -> tuple[list[str], list[str]]:
    """What a zygote may read, and the folders from which it imports beyond the standard library."""
    if image not in IMAGES:
        raise ValueError(f"there is no image {image!r}; known: {', '.join(IMAGES)}")
    paths = [str(Path(os.__file__).resolve().parent), sysconfig.get_config_var("DESTSHARED"), interpreter()]
    if sysconfig.get_config_var("Py_ENABLE_SHARED"):
        paths.append(str(Path(sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var("LDLIBRARY"))))
    folders = []
    for name in _distributions(image):
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise SandboxUnavailable(f"the image {image} needs {name}; the cure: pip install {name}")
        package = Path(spec.origin).resolve().parent
        paths += [str(package), str(package.with_name(f"{name}.libs"))]
        folders.append(str(package.parent))
    existing = [path for path in (*_LIBRARIES, *_DATA, *paths) if Path(path).exists()]
    # What lies in a folder that is shown as a whole needs no mention; symbolic links are shown as such.
    hidden = hidden_folders(existing)
    shown = [
        path
        for path in existing
        if any(_is_below(path, other) for other in hidden) or not any(_is_below(path, other) for other in existing)
    ]
    return sorted(set(shown)), sorted(set(folders))


def _is_below(path: str, other: str) -> bool:
    return path != other and Path(path).is_relative_to(other) and not Path(other).is_symlink()


def _distributions(image: str) -> Sequence[str]:
    return {"numpy": ("numpy",), "sympy": ("sympy", "mpmath")}.get(image, ())
