"""Which walls can be had on this machine: found out by running escapes against them, never assumed."""

from __future__ import annotations

import dataclasses
import logging
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandboxes.outcome import Over
from sandboxes.types import Job, Limits, Mode, SandboxUnavailable, Tier, TierReport
from sandboxes.values import dump_value
from sandboxes.walls import escapes
from sandboxes.walls.allow_list import allow_list
from sandboxes.walls.confinement import landlock_version
from sandboxes.zygote.conversation import Program
from sandboxes.zygote.launch import ENVIRONMENT, Breakdown, Means, Walls, Zygote
from sandboxes.zygote.process import LANDLOCK, SECCOMP

__all__ = ["Choice", "choose_walls", "probe_tiers"]

_LOG = logging.getLogger(__name__)
_TIERS = (Tier.NAMESPACES, Tier.LANDLOCK, Tier.RLIMITS)


@dataclass(frozen=True, slots=True)
class Choice:
    """The walls that were chosen.

    Attributes:
        tier: what they amount to.
        walls: see :class:`sandboxes.zygote.launch.Walls`.
        info: what a log should keep.
    """

    tier: Tier
    walls: Walls
    info: Mapping[str, Any]


def choose_walls(minimum: Tier = Tier.LANDLOCK, maximum: Tier = Tier.NAMESPACES) -> Choice:
    """The strongest walls from ``maximum`` down to ``minimum`` against which every escape failed.

    Raises:
        SandboxUnavailable: there are none; the message says why, and names the cure.
    """
    wanted = [tier for tier in _TIERS if maximum.at_least(tier) and tier.at_least(minimum)]
    weaker: list[TierReport] = []
    for tier in wanted:
        report, walls = _probe(tier, os.getuid())
        if report.available and walls is not None:
            if weaker:
                _LOG.warning("no sandbox of the tier %s here, going on with %s: %s", weaker[0].tier, tier, _why(weaker))
            return Choice(tier, walls, _info(report, walls, weaker))
        weaker.append(report)
    why = _why(weaker) or f"the most that is asked for is {maximum}"
    raise SandboxUnavailable(f"no sandbox of at least the tier {minimum} can be had here: {why}")


def probe_tiers() -> tuple[TierReport, ...]:
    """What each tier of the zygote sandbox is worth on this machine, strongest first."""
    if sys.platform != "linux":
        return tuple(TierReport(tier, False, reason="needs Linux") for tier in _TIERS)
    return tuple(_probe(tier, os.getuid())[0] for tier in _TIERS)


def _why(reports: Sequence[TierReport]) -> str:
    return "; ".join(f"{r.tier}: {r.reason}{f' (cure: {r.cure})' if r.cure else ''}" for r in reports)


def _info(report: TierReport, walls: Walls, weaker: Sequence[TierReport]) -> dict[str, Any]:
    return {
        "tier": report.tier.value,
        "means": report.means,
        "landlock": landlock_version() if walls.landlock else 0,
        "seccomp": walls.seccomp,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "escapes": dict(report.escapes),
        "unavailable": {other.tier.value: other.reason for other in weaker},
    }


_PROVED: dict[tuple[Tier, int], tuple[TierReport, Walls]] = {}
"""What held, for each user that this process has been. What did not is tried anew: it may have been a passing want."""


def _probe(tier: Tier, user: int) -> tuple[TierReport, Walls | None]:
    """Try one tier, as the user that this process is."""
    if (tier, user) not in _PROVED:
        report, walls = _try_tier(tier)
        if walls is None:
            return report, None
        _PROVED[tier, user] = report, walls
    return _PROVED[tier, user]


def _try_tier(tier: Tier) -> tuple[TierReport, Walls | None]:
    try:
        allow_list(threads=True, writing=False)
        no_filter = ""
    except SandboxUnavailable as error:
        no_filter = str(error)
    landlock = landlock_version() > 0
    if tier is Tier.NAMESPACES:
        if no_filter:
            return TierReport(tier, False, reason=no_filter), None
        return _probe_namespaces(landlock)
    if tier is Tier.LANDLOCK:
        if no_filter or not landlock:
            cure = (
                "" if no_filter else "Linux 5.13 or later with landlock among its security modules (lsm=landlock,...)"
            )
            return TierReport(tier, False, reason=no_filter or "this kernel has no Landlock", cure=cure), None
        return _try(tier, Walls(Means.NONE, landlock=True, seccomp=True), "Landlock and seccomp", "")
    return _try(tier, Walls(Means.NONE, landlock=landlock, seccomp=not no_filter), "resource limits", "")


def _probe_namespaces(landlock: bool) -> tuple[TierReport, Walls | None]:
    reasons = []
    bubblewrap = shutil.which("bwrap")
    if bubblewrap is None:
        reasons.append("bubblewrap is not installed")
    for means in (Means.BUBBLEWRAP, Means.UNSHARE):
        if means is Means.BUBBLEWRAP and bubblewrap is None:
            continue
        name = _version(bubblewrap) if means is Means.BUBBLEWRAP and bubblewrap else "unshare(2)"
        report, walls = _try(Tier.NAMESPACES, Walls(means, landlock=landlock, seccomp=True), name, "")
        if report.available:
            return report, walls
        reasons.append(report.reason)
    return TierReport(Tier.NAMESPACES, False, reason="; ".join(reasons), cure=_cure(bubblewrap)), None


def _version(bubblewrap: str) -> str:
    result = subprocess.run([bubblewrap, "--version"], capture_output=True, text=True, check=False, timeout=20)
    return result.stdout.strip() or "bubblewrap"


def _cure(bubblewrap: str | None) -> str:
    """What would let this user have namespaces."""
    switches = {
        "/proc/sys/kernel/unprivileged_userns_clone": ("0", "sudo sysctl kernel.unprivileged_userns_clone=1"),
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": (
            "1",
            "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile for bwrap",
        ),
        "/proc/sys/user/max_user_namespaces": ("0", "sudo sysctl user.max_user_namespaces=10000"),
    }
    for path, (closed, cure) in switches.items():
        try:
            if Path(path).read_text().strip() == closed:
                return cure
        except OSError:
            continue
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return "start this container with --security-opt seccomp=unconfined --security-opt apparmor=unconfined"
    return "" if bubblewrap else "install bubblewrap (./run sandbox does, or: apt install bubblewrap)"


def _try(tier: Tier, walls: Walls, means: str, cure: str) -> tuple[TierReport, Walls | None]:
    report = TierReport(tier, False, means, cure=cure)
    try:
        zygote = Zygote(walls, "plain")
    except SandboxUnavailable as error:
        return dataclasses.replace(report, reason=str(error)), None
    try:
        reached = _reached(zygote, escapes.ATTEMPTS, LANDLOCK | SECCOMP)
        if tier is Tier.NAMESPACES:
            outer = _reached(zygote, escapes.OUTER_ATTEMPTS, 0)
            reached |= {f"{name} (namespaces alone)": what for name, what in outer.items()}
    except (Breakdown, Over) as error:
        return dataclasses.replace(report, reason=f"{means}: {error}"), None
    finally:
        zygote.kill()
    report = dataclasses.replace(report, escapes={name: what or "contained" for name, what in reached.items()})
    escaped = {name: what for name, what in reached.items() if what}
    if tier is Tier.RLIMITS:
        escaped = {name: what for name, what in escaped.items() if name == "raise_limit"}
    if escaped:
        words = ", ".join(f"{name} reached {what}" for name, what in escaped.items())
        return dataclasses.replace(report, reason=f"{means}: {words}"), None
    return dataclasses.replace(report, available=True), walls


def _reached(zygote: Zygote, names: Sequence[str], layers: int) -> dict[str, str]:
    """Name of each attempt -> what it reached, "" for nothing."""
    program = Program(zygote, Limits(memory_bytes=1 << 30), layers=layers)
    try:
        program.start(Job(escapes.PROGRAM, entry="attempt"), Mode.CALLS)
        program.load()
        with escapes.targets(zygote.pid, sorted(ENVIRONMENT)) as targets:
            results = {name: program.ask(dump_value([[name, targets], {}])) for name in names}
    finally:
        program.close()
    for name, result in results.items():
        if not result.ok:
            raise Breakdown(f"the escape {name} did not say what it reached: {result.error}")
    return {name: str(result.value) for name, result in results.items()}
