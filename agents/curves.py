"""Curves of a run: what was learned, on what, and how PPO fared with each reward.

Drawn from these metrics of :class:`agents.run_folder.Metrics`; others are kept and not drawn:

* ``play/solved``, ``play/direct``: share of an iteration's training problems that search solved, and of those tried
  without search the share that the policy solved, in [0, 1];
* ``solve_rate/<family>``: the first of these by family;
* ``validation/<family>``: true greedy success on validation problems, in [0, 1];
* ``learnability/<level>``: p(1 - p), with p the solver's estimated solve rate on the level, in [0, 1/4];
* ``drawn/<level>``: share of an iteration's problems that the proposer drew at the level, in [0, 1].

Levels appear in the order in which they were first logged. More than eight families are drawn as a map, one row each:
nobody can follow nineteen lines. Colours are those of Okabe and Ito, told apart by all
common kinds of colour vision; lines differ in their strokes as well.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.results import ShapingCurve
from agents.run_folder import Series, write_whole
from agents.tables import readable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Panel", "build_panels", "draw_curves", "panel_png"]

_STROKES = ("-", "--", "-.", ":")
_MOST_LINES = 8
_PLAY = {"play/solved": "by search", "play/direct": "by the policy alone"}


@dataclass(frozen=True, slots=True)
class _Palette:
    """Colours on one ground; their number shares no factor with that of the strokes, so that pairs differ for long."""

    text: str
    grid: str
    ground: str
    lines: tuple[str, ...]


_LIGHT = _Palette(
    "#1f2328", "#d8dee4", "#ffffff", ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F")
)
_DARK = _Palette(
    "#e6edf3", "#3d444d", "#161b22", ("#56B4E9", "#E69F00", "#2FBF95", "#E39AC4", "#F0E442", "#FF7A33", "#B5B5B5")
)


@dataclass(frozen=True, slots=True)
class Panel:
    """One diagram.

    Attributes:
        title: what it shows. description: the same in a sentence, for those who cannot see it.
        kind: ``"lines"``, ``"map"`` (one row a name, colour for the value) or ``"shaping"``.
        series: name -> steps and values, for the first two kinds.
        curves: PPO runs, for the last.
        x, y: labels of the axes with their units. top: of the value, 1 for shares; None: as it comes.
    """

    title: str
    description: str
    kind: str
    x: str
    y: str
    series: Mapping[str, Series]
    curves: Sequence[ShapingCurve] = ()
    top: float | None = 1.0


def build_panels(metrics: Mapping[str, Series], shaping: Sequence[ShapingCurve] = ()) -> list[Panel]:
    """The diagrams for which there is something to show."""
    iteration = "iteration of self-play"
    panels = []
    lines: list[tuple[str, str, dict[str, Series]]] = [
        ("Training problems solved", "share solved", _renamed(metrics, _PLAY)),
        ("Training problems solved, by family", "share solved", _below(metrics, "solve_rate/")),
        ("Validation problems solved, by family", "true success, greedy", _below(metrics, "validation/")),
    ]
    for title, y, series in lines:
        if len(series) > _MOST_LINES:
            series = dict(sorted(series.items()))
            panels.append(Panel(title, _described(title, y, series), "map", iteration, y, series))
        elif series:
            panels.append(Panel(title, _described(title, y, series), "lines", iteration, y, series))
    measured = [curve for curve in shaping if curve.steps]
    if measured:
        names = ", ".join(dict.fromkeys(curve.name for curve in measured))
        x = "environment steps"
        title = "PPO: true success on validation problems"
        panels.append(Panel(title, f"{title}, for {names}.", "shaping", x, "true success, greedy", {}, measured))
        title = "PPO: return in the reward it was trained on"
        panels.append(
            Panel(title, f"{title}, for {names}.", "shaping", x, "mean return an episode", {}, measured, top=None)
        )
    maps: list[tuple[str, str, float | None, dict[str, Series]]] = [
        ("Learnability of the levels", "p(1 − p)", 0.25, _below(metrics, "learnability/")),
        ("Levels that the proposer drew", "share of problems", None, _below(metrics, "drawn/")),
    ]
    for title, y, top, series in maps:
        if series:
            panels.append(Panel(title, _described(title, y, series), "map", iteration, y, series, top=top))
    # Tall beside tall.
    return sorted(panels, key=lambda panel: panel.kind == "map")


def _below(metrics: Mapping[str, Series], prefix: str) -> dict[str, Series]:
    return {readable(name.removeprefix(prefix)): one for name, one in metrics.items() if name.startswith(prefix)}


def _renamed(metrics: Mapping[str, Series], names: Mapping[str, str]) -> dict[str, Series]:
    return {shown: metrics[name] for name, shown in names.items() if name in metrics}


def _described(title: str, y: str, series: Mapping[str, Series]) -> str:
    return f"{title}: {y} over iterations of self-play, for {', '.join(series)}."


def draw_curves(metrics: Mapping[str, Series], path: Path, shaping: Sequence[ShapingCurve] = ()) -> None:
    """All diagrams of a run as one PNG; one that says so where nothing was logged.

    Args:
        metrics: as :func:`agents.run_folder.read_metrics` gives them.
        path: of the PNG, replaced as a whole.
        shaping: PPO runs to compare.
    """
    panels = build_panels(metrics, shaping)
    columns = 2 if len(panels) > 1 else 1
    rows = max(1, -(-len(panels) // columns))
    figure = _figure(6.4 * columns, sum(_height(panels[i : i + columns]) for i in range(0, rows * columns, columns)))
    heights = [_height(panels[i : i + columns]) for i in range(0, rows * columns, columns)]
    grid = figure.add_gridspec(rows, columns, height_ratios=heights)
    if not panels:
        figure.text(0.5, 0.5, "nothing was logged", ha="center", color=_LIGHT.text)
    for index, panel in enumerate(panels):
        axes = figure.add_subplot(grid[index // columns, index % columns])
        axes.set_title(panel.title, color=_LIGHT.text, loc="left", fontsize=11)
        _draw(panel, axes, _LIGHT)
    write_whole(path, lambda draft: draft.write_bytes(_png(figure, _LIGHT)))


def panel_png(panel: Panel, *, dark: bool = False) -> bytes:
    """One diagram as a PNG without its title, on a light or a dark ground."""
    palette = _DARK if dark else _LIGHT
    figure = _figure(5.2, _height([panel]))
    _draw(panel, figure.add_subplot(), palette)
    return _png(figure, palette)


def _figure(width: float, height: float) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # Not through pyplot: it keeps figures and a choice of window system for the whole process.
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _png(figure: Figure, palette: _Palette) -> bytes:
    from PIL import Image

    figure.set_facecolor(palette.ground)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=160)
    packed = io.BytesIO()
    # 256 colours are enough for lines and one colour map, and make a third of the bytes.
    Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(packed, format="png", optimize=True)
    return packed.getvalue()


def _height(panels: Sequence[Panel]) -> float:
    """Inches: maps grow with their rows, the others hardly."""
    rows = max([len(panel.series) for panel in panels if panel.kind == "map"], default=0)
    names = max([len(panel.series) for panel in panels if panel.kind == "lines"], default=0)
    return max(3.6 + 0.2 * (-(-names // 3)), 1.3 + _row_height(rows) * rows)


def _row_height(rows: int) -> float:
    """Inches of a row of a map: many rows stand closer."""
    return 0.21 if rows <= 24 else 0.15


def _draw(panel: Panel, axes: Axes, palette: _Palette) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_facecolor(palette.ground)
    axes.set_xlabel(panel.x, color=palette.text)
    axes.tick_params(colors=palette.text, labelsize=9, length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    if panel.kind == "map":
        _draw_map(panel, axes, palette)
        return
    axes.set_ylabel(panel.y, color=palette.text)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.grid(color=palette.grid, linewidth=0.8)
    axes.set_axisbelow(True)
    if panel.kind == "lines":
        for index, (name, (steps, values)) in enumerate(panel.series.items()):
            axes.plot(steps, values, label=name, **_style(index, palette), **_marker(len(steps)))
    else:
        _draw_shaping(panel, axes, palette)
    if panel.top is not None:
        axes.set_ylim(-0.02, panel.top + 0.02)
    entries = len(axes.get_legend_handles_labels()[1])
    axes.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.16),
        ncols=min(3, max(1, entries)),
        frameon=False,
        fontsize=9,
        labelcolor=palette.text,
    )


def _style(index: int, palette: _Palette) -> dict[str, Any]:
    return {
        "color": palette.lines[index % len(palette.lines)],
        "linestyle": _STROKES[index % len(_STROKES)],
        "linewidth": 1.9,
    }


def _marker(points: int) -> dict[str, Any]:
    """A single point makes no line."""
    return {"marker": "o", "markersize": 4} if points < 3 else {}


def _draw_map(panel: Panel, axes: Axes, palette: _Palette) -> None:
    import numpy as np

    steps = sorted({step for taken, _ in panel.series.values() for step in taken})
    column = {step: index for index, step in enumerate(steps)}
    grid = np.full((len(panel.series), len(steps)), np.nan)
    for row, (taken, values) in enumerate(panel.series.values()):
        for step, value in zip(taken, values, strict=True):
            grid[row, column[step]] = value
    image = axes.imshow(
        grid, aspect="auto", interpolation="nearest", cmap="cividis", vmin=0.0, vmax=panel.top, origin="upper"
    )
    shown = np.unique(np.linspace(0, len(steps) - 1, min(8, len(steps))).round().astype(int))
    axes.set_xticks(shown, [str(steps[index]) for index in shown])
    axes.set_yticks(range(len(panel.series)), list(panel.series), fontsize=42 * _row_height(len(panel.series)))
    bar = axes.figure.colorbar(image, ax=axes, pad=0.02, aspect=30)
    bar.set_label(panel.y, color=palette.text)
    bar.ax.tick_params(colors=palette.text, labelsize=9, length=0)
    bar.outline.set_visible(False)


def _draw_shaping(panel: Panel, axes: Axes, palette: _Palette) -> None:
    """Each seed thin, the mean over seeds bold."""
    groups: dict[str, list[ShapingCurve]] = {}
    levels = {curve.level for curve in panel.curves}
    for curve in panel.curves:
        label = curve.name if len(levels) == 1 else f"{curve.name}, {curve.level}"
        groups.setdefault(label, []).append(curve)
    for index, (name, curves) in enumerate(groups.items()):
        runs = [_shaping_series(panel, curve) for curve in curves]
        style = _style(index, palette)
        if len(runs) > 1:
            for steps, values in runs:
                axes.plot(steps, values, **{**style, "linewidth": 0.8, "alpha": 0.55})
        steps, values = _mean(runs)
        seeds = f" ({len(runs)} seeds)" if len(runs) > 1 else ""
        axes.plot(steps, values, label=name + seeds, **{**style, "linewidth": 2.4}, **_marker(len(steps)))


def _shaping_series(panel: Panel, curve: ShapingCurve) -> Series:
    if panel.top is not None:
        return list(curve.steps), list(curve.success)
    pairs = [pair for pair in zip(curve.steps, curve.shaped_return, strict=True) if pair[1] is not None]
    return [step for step, _ in pairs], [float(value) for _, value in pairs if value is not None]


def _mean(runs: Sequence[Series]) -> Series:
    """Over the runs that have a value at a step."""
    at: dict[int, list[float]] = {}
    for steps, values in runs:
        for step, value in zip(steps, values, strict=True):
            at.setdefault(step, []).append(value)
    steps = sorted(at)
    return steps, [sum(at[step]) / len(at[step]) for step in steps]
