"""The simulation of many workers, where the answer is known without it."""

from dataclasses import replace

import pytest

from reasoning_envs.workers.batches import BATCH
from tests.benchmarks.scaling import Figures, simulate

FIGURES = Figures(episode=0.01, spread=0.5, steps=20, bytes=2e4, start=2.0, task=1e-6, learn=1e-5, wire=1e12)


def test_workers_alone_are_as_fast_as_they_are_many() -> None:
    rates = [simulate(FIGURES, count, learning=False).rate for count in (1, 2, 16)]
    assert rates == pytest.approx([100.0, 200.0, 1600.0], rel=0.05)


@pytest.mark.parametrize(
    ("changes", "rate", "bottleneck"),
    [
        ({"learn": 1e-3}, 1.0 / (1e-3 * 20), "learner"),
        ({"wire": 1e6}, 1e6 / 2e4, "store"),
        ({"sandboxed": 0.1, "sandboxes": 2}, 2 / 0.1, "sandboxes"),
    ],
)
def test_many_workers_are_as_fast_as_what_is_slowest(changes: dict[str, float], rate: float, bottleneck: str) -> None:
    found = simulate(replace(FIGURES, **changes), 64)  # type: ignore[arg-type]
    assert found.rate == pytest.approx(rate, rel=0.05)
    assert found.bottleneck == bottleneck


def test_handing_out_tasks_limits_all() -> None:
    found = simulate(replace(FIGURES, task=0.1), 256, learning=False)
    assert found.rate == pytest.approx(BATCH / 0.1, rel=0.05)
    assert found.bottleneck == "driver"


def test_deaths_cost_what_they_cost() -> None:
    # A batch takes .16 s. Of ten tries one dies, after half of that on average, and 2 s pass until there is another.
    found = simulate(replace(FIGURES, death=0.1), 4, batches=4000, learning=False)
    assert found.rate == pytest.approx(4 * BATCH / (0.16 + (0.08 + 2.0) / 9), rel=0.1)
