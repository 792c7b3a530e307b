"""Sandboxes of each tier that this machine can have, opened once a module."""

import sys
from collections.abc import Iterator

import pytest

from sandboxes.tiers import probe_tiers
from sandboxes.types import Tier
from sandboxes.zygote import ZygoteSandbox

if sys.platform != "linux":
    collect_ignore_glob = ["test_zygote*.py", "test_tiers.py", "test_human_eval.py"]

AVAILABLE = [report.tier for report in probe_tiers() if report.available]


@pytest.fixture(scope="module", params=[Tier.NAMESPACES, Tier.LANDLOCK])
def sandbox(request: pytest.FixtureRequest) -> Iterator[ZygoteSandbox]:
    """One sandbox of each tier; a tier that cannot be had here is skipped aloud."""
    tier = request.param
    if tier not in AVAILABLE:
        pytest.skip(f"the tier {tier} cannot be had here: see python -m sandboxes doctor")
    with ZygoteSandbox(minimum_tier=tier, maximum_tier=tier) as opened:
        yield opened


@pytest.fixture(scope="module")
def strongest() -> Iterator[ZygoteSandbox]:
    """A sandbox of the strongest tier that can be had here."""
    with ZygoteSandbox() as opened:
        yield opened
