"""The report of a run: one HTML file that needs nothing else, the table, and the curves, from what its folder holds.

How a run uses this module::

    folder = RunFolder("runs/first", config, resume=False, may_change=("minutes",))
    metrics = Metrics(folder)                        # or Metrics(folder, resume_from=step_of_the_checkpoint)
    metrics.log(iteration, {"solve_rate/linear": 0.4, "learnability/linear-1": 0.24, "drawn/linear-1": 0.3})
    write_whole(folder.checkpoint, lambda path: torch.save(state, path))
    ...                                              # traces go to folder.traces, one a line
    results = RunResults(title=..., levels=[LevelResult(...)], prm=[...], search=[...], shaping=[...])
    write_report(folder, results)                    # report.html and what it is made of
    for table in build_tables(results):
        print(render_table(table))

Derivations are those given, or some of ``traces.jsonl``: scored by a PRM before others, later ones before earlier ones.
``python -m agents.report runs/first`` writes the report anew from the folder.
"""

from __future__ import annotations

import argparse
import json
import sys
from base64 import b64encode
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from agents.curves import build_panels, draw_curves, panel_png
from agents.derivations import pick_derivations, view_derivation
from agents.results import (
    AFTER,
    BEFORE,
    FLOORS,
    LevelResult,
    PRMResult,
    RunResults,
    SearchComparison,
    ShapingCurve,
    pool,
)
from agents.run_folder import DamagedRunError, Metrics, RunFolder, Series, read_config, read_metrics, write_whole
from agents.tables import Cell, Table, build_tables, render_table, to_markdown
from reasoning_envs.types import Trace

__all__ = [
    "AFTER",
    "BEFORE",
    "FLOORS",
    "Cell",
    "LevelResult",
    "Metrics",
    "PRMResult",
    "RunFolder",
    "RunResults",
    "SearchComparison",
    "Series",
    "ShapingCurve",
    "Table",
    "build_tables",
    "draw_curves",
    "pick_derivations",
    "pool",
    "read_metrics",
    "render_table",
    "to_markdown",
    "write_report",
    "write_whole",
]

TRACES_READ = 5_000
"""The report chooses its derivations among so many of the last traces."""


def write_report(
    folder: RunFolder | Path, results: RunResults | None = None, derivations: Sequence[Trace] | None = None
) -> Path:
    """Write results, tables, curves and the report of a run.

    Args:
        folder: of the run, or its path.
        results: what it found; None: as ``results.json`` of the folder has them.
        derivations: to show, kept in ``derivations.jsonl``; None: those kept there, or else chosen by
            :func:`agents.derivations.pick_derivations` among the last traces of the folder.

    Returns:
        The path of ``report.html``.

    Raises:
        FileNotFoundError: ``results`` is None and the folder holds none.
        ValueError: a file of the folder is not what it should be; the message says where.
    """
    paths = folder if isinstance(folder, RunFolder) else RunFolder.at(folder)
    if results is None:
        if not paths.results.exists():
            raise FileNotFoundError(f"{paths.path} holds no results.json: the run has found nothing yet")
        results = RunResults.from_json(paths.results.read_text(encoding="utf-8"))
    if derivations is None and paths.derivations.exists():
        derivations = _last_traces(paths.derivations)
    elif derivations is None:
        derivations = pick_derivations(_last_traces(paths.traces))
    tables = build_tables(results)
    metrics = read_metrics(paths.metrics)
    config = read_config(paths.config_file) if paths.config_file.exists() else {}
    html = _render(results, tables, metrics, derivations, config)
    _write_text(paths.results, results.to_json() + "\n")
    _write_text(paths.derivations, "".join(trace.to_json() + "\n" for trace in derivations))
    _write_text(paths.table_json, json.dumps([asdict(table) for table in tables], indent=1, ensure_ascii=False) + "\n")
    _write_text(paths.table_markdown, "\n".join([f"# {results.title}", "", *map(to_markdown, tables)]))
    draw_curves(metrics, paths.curves, results.shaping)
    _write_text(paths.report, html)
    return paths.report


def _write_text(path: Path, text: str) -> None:
    write_whole(path, lambda draft: draft.write_text(text, encoding="utf-8"))


def _last_traces(path: Path) -> list[Trace]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="\n") as file:
        lines = deque(enumerate(file, start=1), maxlen=TRACES_READ)
    traces = []
    for number, line in lines:
        try:
            traces.append(Trace.from_json(line))
        except json.JSONDecodeError:
            continue  # cut off when the run was killed
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: {error}") from error
    return traces


def _render(
    results: RunResults,
    tables: Sequence[Table],
    metrics: Mapping[str, Series],
    derivations: Sequence[Trace],
    config: Mapping[str, Any],
) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    figures = [
        {
            "title": panel.title,
            "description": panel.description,
            "light": b64encode(panel_png(panel)).decode(),
            "dark": b64encode(panel_png(panel, dark=True)).decode(),
        }
        for panel in build_panels(metrics, results.shaping)
    ]
    return environment.get_template("report.html.jinja").render(
        results=results,
        tables=tables,
        headlines=_headlines(results),
        figures=figures,
        derivations=[view_derivation(trace) for trace in derivations],
        config=json.dumps(config, indent=1, ensure_ascii=False),
        seconds=[(phase, f"{taken:.0f} s") for phase, taken in results.seconds.items()],
    )


def _headlines(results: RunResults) -> list[dict[str, str]]:
    """The few figures at the top: what was learned, and what the PRM was good for."""
    headlines = []
    for kind, words in (("numeric", "number coefficients"), ("letters", "letter coefficients")):
        of_kind = [result for result in results.levels if result.coefficients == kind]
        after = _pooled(of_kind, AFTER)
        if after is None or after.share is None or after.interval is None:
            continue
        low, high = after.interval
        before = _pooled(of_kind, BEFORE)
        was = "" if before is None or before.share is None else f", before training {before.share:.2f}"
        headlines.append(
            {
                "value": f"{after.share:.2f}",
                "label": f"held-out problems solved, {words}",
                "detail": f"95% [{low:.2f}, {high:.2f}], n = {after.scored}{was}",
            }
        )
    if results.prm and results.prm[0].f1 is not None:
        prm = results.prm[0]
        headlines.append(
            {
                "value": f"{prm.f1:.2f}",
                "label": f"first-error F1 of the PRM ({prm.name})",
                "detail": f"n = {prm.erroneous_n} wrong and {prm.correct_n} clean derivations",
            }
        )
    n = sum(entry.n for entry in results.search)
    if n:
        alone, helped = sum(entry.policy for entry in results.search), sum(entry.with_prm for entry in results.search)
        headlines.append(
            {
                "value": f"{alone / n:.2f} → {helped / n:.2f}",
                "label": "solved by search alone → with the PRM",
                "detail": f"equal expansions, n = {n}",
            }
        )
    finals: dict[str, list[int]] = {}
    for curve in results.shaping:
        if curve.steps:
            right, scored = finals.setdefault(curve.name, [0, 0])
            finals[curve.name] = [right + curve.test_right, scored + curve.test_scored]
    if len(finals) > 1 and all(scored for _, scored in finals.values()):
        steps = max(curve.steps[-1] for curve in results.shaping if curve.steps)
        headlines.append(
            {
                "value": " | ".join(f"{right / scored:.2f}" for right, scored in finals.values()),
                "label": f"PPO’s true success: {' | '.join(finals)}",
                "detail": f"equal steps ({steps:,}), n = {min(scored for _, scored in finals.values())} each",
            }
        )
    return headlines


def _pooled(results: Sequence[LevelResult], player: str) -> LevelResult | None:
    chosen = [result for result in results if result.player == player]
    return pool(chosen, level="", family="", coefficients="", player=player) if chosen else None


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m agents.report FOLDER``: write the report of a finished or interrupted run anew."""
    parser = argparse.ArgumentParser(prog="python -m agents.report", description=main.__doc__)
    parser.add_argument("folder", type=Path, help="of the run: runs/<name>")
    chosen = parser.parse_args(arguments)
    try:
        print(write_report(chosen.folder))
    except (OSError, ValueError, DamagedRunError) as error:
        print(f"report: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
