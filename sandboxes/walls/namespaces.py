"""Namespaces by unshare(2) alone, for machines that have no bubblewrap. Runs in the zygote, before it serves.

The process gets a user namespace (unless it is root), an empty network, its own process, mount, IPC, host name and
control group namespaces, and a root that holds what it may read and nothing else.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable

from sandboxes.walls import confinement

__all__ = ["DEVICES", "INSIDE_ID", "enter"]

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
"""Devices that a program may read and write."""

INSIDE_ID = 65534
"""User and group number inside of a user namespace."""

_EMPTY_FOLDERS = ("/tmp", "/mnt", "/srv", "/opt", "/media", "/sys")


def enter(readable: Iterable[str], empty: Iterable[str], hidden: Iterable[str], *, keep_user: bool) -> None:
    """Move this process's future into new namespaces; returns in a child that is their first process.

    The caller stays behind as a shell round it that ends with it.

    Args:
        readable: files and folders to show, read-only, at the same paths.
        empty: folders that are to exist, empty.
        hidden: folders inside of ``readable`` ones that are to be empty, but for what is readable inside of them.
        keep_user: make no user namespace; for root, who needs none.

    Raises:
        OSError: the kernel or a container's filter does not allow it.
    """
    user, group = os.getuid(), os.getgid()
    flags = confinement.CLONE_NEWNS | confinement.CLONE_NEWPID | confinement.CLONE_NEWNET | confinement.CLONE_NEWIPC
    flags |= confinement.CLONE_NEWUTS | confinement.CLONE_NEWCGROUP
    if keep_user:
        confinement.unshare(flags)
    else:
        confinement.unshare(flags | confinement.CLONE_NEWUSER)
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{INSIDE_ID} {user} 1"),
            ("gid_map", f"{INSIDE_ID} {group} 1"),
        ):
            _write(f"/proc/self/{name}", text)
    _build_root([*readable, *DEVICES], list(empty), list(hidden))
    pid = os.fork()
    if pid:
        # Keep nothing of what the child's peers watch, only the child.
        os.closerange(0, 1 << 16)
        _, status = os.waitpid(pid, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    # Should this shell be killed, the child must not go on outside of anybody's sight.
    confinement.prctl(confinement.PR_SET_PDEATHSIG, signal.SIGKILL)


def _build_root(shown: list[str], empty: list[str], hidden: list[str]) -> None:
    confinement.mount("none", "/", None, confinement.MS_REC | confinement.MS_PRIVATE)
    root = next(path for path in _EMPTY_FOLDERS if os.path.isdir(path))  # noqa: PTH112 (no pathlib in the zygote)
    # What lies in that folder is opened before it is covered.
    links = {path: os.readlink(path) for path in shown if os.path.islink(path)}  # noqa: PTH114, PTH115
    sources = {path: os.open(path, os.O_PATH) for path in shown if path not in links}
    confinement.mount("root", root, "tmpfs", confinement.MS_NOSUID | confinement.MS_NODEV, "mode=755,size=1m")
    inner = [path for path in shown if any(path.startswith(f"{folder}/") for folder in hidden)]
    outer = [path for path in shown if path not in inner]
    _show(outer, root, links, sources)
    flags = confinement.MS_NOSUID | confinement.MS_NODEV
    for path in hidden:
        confinement.mount("hidden", root + path, "tmpfs", flags, "mode=755,size=1m")
    _show(inner, root, links, sources)
    for path in hidden:
        confinement.mount("none", root + path, None, flags | confinement.MS_REMOUNT | confinement.MS_RDONLY)
    for path in empty:
        os.makedirs(root + path, exist_ok=True)  # noqa: PTH103
    confinement.mount("none", root, None, confinement.MS_REMOUNT | confinement.MS_RDONLY | confinement.MS_NOSUID)
    confinement.change_root(root)


def _show(paths: list[str], root: str, links: dict[str, str], sources: dict[str, int]) -> None:
    for path in paths:
        target = root + path
        os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120
        if path in links:
            os.symlink(links[path], target)  # noqa: PTH211
        else:
            _bind(sources[path], target, is_device=path in DEVICES)
            os.close(sources[path])


def _bind(descriptor: int, target: str, *, is_device: bool) -> None:
    source = f"/proc/self/fd/{descriptor}"
    if os.path.isdir(source):  # noqa: PTH112
        os.makedirs(target, exist_ok=True)  # noqa: PTH103
    else:
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o600))
    if is_device:
        confinement.mount(source, target, None, confinement.MS_BIND)
    else:
        confinement.bind_read_only(source, target)


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)
