"""Diagrams are drawn from whatever was logged, light and dark, told apart without colour."""

import io
from pathlib import Path

import pytest
from PIL import Image

from agents.curves import Panel, build_panels, draw_curves, panel_png
from agents.results import ShapingCurve
from agents.run_folder import Series

METRICS: dict[str, Series] = {
    "play/solved": ([0, 1, 2], [0.1, 0.4, 0.9]),
    "play/direct": ([2], [0.3]),
    "play/expansions": ([0], [1000.0]),
    "solve_rate/linear": ([0, 1, 2], [0.1, 0.5, 0.9]),
    "solve_rate/brackets": ([1], [0.2]),
    "validation/linear": ([0, 2], [0.0, 0.8]),
    "learnability/linear-1": ([0, 1, 2], [0.1, 0.25, 0.1]),
    "learnability/linear-2": ([2], [0.2]),
    "drawn/linear-1": ([0, 1, 2], [1.0, 0.5, 0.2]),
    "loss": ([0, 1], [3.0, 2.0]),
}
CURVES = [
    ShapingCurve(name, "id", "linear-1", seed, (0, 9), (0, 5), (9, 9), (0, 4), (9, 9), (None, 0.5))
    for name in ("sparse", "potential (oracle)")
    for seed in (0, 1)
]


def test_each_kind_of_metric_has_its_panel() -> None:
    titles = [panel.title for panel in build_panels(METRICS, CURVES)]
    assert titles == [
        "Training problems solved",
        "Training problems solved, by family",
        "Validation problems solved, by family",
        "PPO: true success on validation problems",
        "PPO: return in the reward it was trained on",
        "Learnability of the levels",
        "Levels that the proposer drew",
    ]


def test_every_panel_names_its_axes_and_describes_itself() -> None:
    for panel in build_panels(METRICS, CURVES):
        assert panel.x
        assert panel.y
        assert panel.title in panel.description


@pytest.mark.parametrize("panel", build_panels(METRICS, CURVES), ids=lambda panel: panel.title)
def test_a_panel_is_drawn_on_light_and_on_dark_ground(panel: Panel) -> None:
    corners = []
    for dark in (False, True):
        image = Image.open(io.BytesIO(panel_png(panel, dark=dark)))
        assert image.size[0] >= 800
        corners.append(image.convert("L").tobytes()[0])
    assert corners[0] > 200
    assert corners[1] < 50


def test_many_families_become_a_map_in_the_order_of_their_names() -> None:
    many = {f"solve_rate/{name}_letters": ([0], [0.5]) for name in "ihgfedcba"}
    (panel,) = build_panels(many)
    assert panel.kind == "map"
    assert list(panel.series) == [f"{name} letters" for name in "abcdefghi"]
    few = build_panels(dict(list(many.items())[:8]))[0]
    assert few.kind == "lines"


def test_fourteen_lines_all_differ() -> None:
    from agents.curves import _LIGHT, _style

    styles = {(style["color"], style["linestyle"]) for style in (_style(index, _LIGHT) for index in range(28))}
    assert len(styles) == 28


def test_the_curves_of_a_run_are_one_picture(tmp_path: Path) -> None:
    draw_curves(METRICS, tmp_path / "curves.png", CURVES)
    with Image.open(tmp_path / "curves.png") as image:
        assert image.size[0] > 1500
        assert len(image.convert("RGB").getcolors(1 << 24) or []) > 20


def test_nothing_logged_is_a_picture_that_says_so(tmp_path: Path) -> None:
    draw_curves({}, tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as image:
        assert len(image.getcolors() or []) > 1
