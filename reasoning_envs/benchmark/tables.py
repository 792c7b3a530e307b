"""Tables of scores: CSV, Markdown, and one HTML page with the pictures in it."""

from __future__ import annotations

import base64
import csv
import html
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from math import isinf, isnan
from typing import Any

from reasoning_envs.benchmark.scores import Score
from reasoning_envs.benchmark.statistics import Estimate
from reasoning_envs.benchmark.sweep import Record

__all__ = ["failures", "to_csv", "to_html", "to_markdown"]

_Cell = Callable[[Score], str]


def _figure(value: float, digits: int = 2) -> str:
    return "-" if isnan(value) else f"{value:.{digits}f}"


def _interval(estimate: Estimate) -> str:
    return "-" if isnan(estimate.value) else f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"


def _steps(value: float) -> str:
    return "-" if isnan(value) else "never" if isinf(value) else f"{value:,.0f}"


def _invariant(score: Score) -> str:
    known = score.policy_invariant
    return "?" if known is None else "yes" if known is True else "no" if known is False else str(known)


_COLUMNS: Mapping[str, _Cell] = {
    "shaping": lambda score: score.shaping,
    "runs": lambda score: str(score.runs) if not score.failed else f"{score.runs}, {score.failed} FAILED",
    "true, greedy": lambda score: _interval(score.greedy),
    "true, sampled": lambda score: _interval(score.sampled),
    "less sparse": lambda score: _interval(score.lead),
    "P(better)": lambda score: _interval(score.better),
    "area": lambda score: _interval(score.area),
    "steps to 50%": lambda score: _steps(score.steps_to_50),
    "to 80%": lambda score: _steps(score.steps_to_80),
    "CVaR 10%": lambda score: _figure(score.cvar),
    "hack rate": lambda score: _figure(score.hack_rate),
    "until exploit": lambda score: _steps(score.exploit),
    "gamed": lambda score: _figure(score.gamed),
    "pay change": lambda score: _figure(score.paid),
    "truth change": lambda score: _figure(score.learned),
    "PRM F1": lambda score: _figure(score.prm_f1),
    "ms/step": lambda score: _figure(score.ms_per_step),
    "policy-invariant": _invariant,
}


def to_csv(scores: Sequence[Score]) -> str:
    """One line a score; an interval takes three columns, what does not exist is empty, ``inf`` is never."""
    lines = [_flat(score) for score in scores]
    text = io.StringIO()
    if lines:
        writer = csv.DictWriter(text, fieldnames=list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    return text.getvalue()


def _flat(score: Score) -> dict[str, Any]:
    line: dict[str, Any] = {}
    for field in fields(Score):
        value = getattr(score, field.name)
        if isinstance(value, Estimate):
            line |= {field.name: value.value, f"{field.name}_low": value.low, f"{field.name}_high": value.high}
        else:
            line[field.name] = value
    return {name: _written(value) for name, value in line.items()}


def _written(value: Any) -> Any:
    if isinstance(value, float):
        return "" if isnan(value) else f"{value:.6g}"
    return "" if value is None else value


def to_markdown(scores: Sequence[Score], title: str = "") -> str:
    """A table for each task, its best arm first (by greedy truth; those that failed last)."""
    parts = [f"# {title}\n"] if title else []
    for (task, agent), lines in _tables(scores).items():
        parts.append(f"## {task} ({agent})\n")
        parts.append("| " + " | ".join(_COLUMNS) + " |")
        parts.append("|" + "---|" * len(_COLUMNS))
        parts += ["| " + " | ".join(line) + " |" for line in lines]
        parts.append("")
    return "\n".join(parts)


def failures(records: Sequence[Record]) -> str:
    """What failed, with the last line of each traceback; empty where nothing did."""
    lines = [f"{_named(record)}: {record.error.strip().splitlines()[-1]}" for record in records if record.error]
    return "\n".join(["failed runs (their tracebacks stand in the file of results):", *lines]) if lines else ""


def to_html(
    scores: Sequence[Score], records: Sequence[Record], pictures: Mapping[str, bytes], title: str, notes: Sequence[str]
) -> str:
    """One page that needs nothing else.

    Args:
        scores: of the tables.
        records: whose failures are shown.
        pictures: PNG by caption.
        title: of the page.
        notes: paragraphs above the tables.
    """
    parts = [_HEAD.format(title=html.escape(title)), *(f"<p>{html.escape(note)}</p>" for note in notes)]
    for (task, agent), lines in _tables(scores).items():
        heads = "".join(f"<th>{html.escape(name)}</th>" for name in _COLUMNS)
        rows = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in line) + "</tr>\n" for line in lines)
        parts.append(f"<h2>{html.escape(task)} ({html.escape(agent)})</h2>\n<table><tr>{heads}</tr>\n{rows}</table>")
    for caption, picture in pictures.items():
        data, name = base64.b64encode(picture).decode(), html.escape(caption)
        parts.append(f'<h2>{name}</h2>\n<img alt="{name}" src="data:image/png;base64,{data}">')
    for record in records:
        if record.error:
            parts.append(f"<h3>failed: {html.escape(_named(record))}</h3>\n<pre>{html.escape(record.error)}</pre>")
    return "\n".join([*parts, "</body></html>\n"])


def _tables(scores: Sequence[Score]) -> dict[tuple[str, str], list[list[str]]]:
    tables: dict[tuple[str, str], list[Score]] = {}
    for score in scores:
        tables.setdefault((score.task, score.agent), []).append(score)
    return {
        head: [[column(score) for column in _COLUMNS.values()] for score in sorted(group, key=_place)]
        for head, group in tables.items()
    }


def _named(record: Record) -> str:
    return f"{record.cell.task.name}, {record.cell.shaping}, seed {record.cell.seed}"


def _place(score: Score) -> float:
    return 1.0 if isnan(score.greedy.value) else -score.greedy.value


_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 100em; padding: 0 1em; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; display: block; overflow-x: auto; }}
td, th {{ padding: .2em .7em; border-bottom: 1px solid #ddd; text-align: right; white-space: nowrap; }}
td:first-child, th:first-child {{ text-align: left; }}
img {{ max-width: 100%; }}
</style></head><body><h1>{title}</h1>"""
