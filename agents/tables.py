"""The tables of a run, built once from its results and shown in three ways: HTML, Markdown and a terminal.

What was not run is a cell that says ``n/a``; no number stands without its n and, where it is a share, its interval.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agents.results import (
    Interval,
    LevelResult,
    PRMResult,
    RunResults,
    SearchComparison,
    ShapingCurve,
    mean_and_deviation,
    pool,
    wilson,
)

__all__ = ["Cell", "Table", "build_tables", "readable", "render_table", "to_markdown"]

_COEFFICIENTS = {"numeric": "numbers", "letters": "letters"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes:
        text: the figure or name.
        details: what qualifies it (an interval, an n), shown smaller.
        share: in [0, 1], drawn as a bar where there is room.
    """

    text: str
    details: tuple[str, ...] = ()
    share: float | None = None

    def __str__(self) -> str:
        return f"{self.text} {', '.join(self.details)}".strip()


@dataclass(frozen=True, slots=True)
class Table:
    """A table of strings.

    Attributes:
        name: short and unique, for links. title: a heading. columns: their heads, ``[n_columns]``.
        rows: ``[n_rows][n_columns]``; empty if the part was not run, and then ``note`` says so.
        totals: how many of the first rows are sums of those below.
        long: too long to be shown before it is asked for.
        note: what the reader must know to read the numbers.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    totals: int = 0
    note: str = ""
    long: bool = False


NOT_RUN = Cell("n/a", ("not run",))


def build_tables(results: RunResults) -> list[Table]:
    """All tables of a run, in the order of its report: families, levels, endings, PRM, search, shaping."""
    return [
        _families(results.levels),
        _levels(results.levels),
        _endings(results.levels),
        _prm(results.prm),
        _search(results.search),
        _shaping(results.shaping),
    ]


def readable(name: str) -> str:
    """The name of a level or family as it is shown: ``"both sides letters-1"``."""
    return name.replace("_", " ")


def _share(right: int, n: int, interval: Interval | None, *details: str) -> Cell:
    if interval is None:
        return Cell("n/a", ("none scored", *details))
    low, high = interval
    return Cell(f"{right / n:.2f}", (f"[{low:.2f}, {high:.2f}]", *details), right / n)


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _families(levels: Sequence[LevelResult]) -> Table:
    players = _distinct(result.player for result in levels)
    rows = []
    coefficients = _distinct(result.coefficients for result in levels)
    for kind in coefficients:
        rows.append(_level_row("all families", kind, [r for r in levels if r.coefficients == kind], players))
    for family, kind in dict.fromkeys((result.family, result.coefficients) for result in levels):
        chosen = [result for result in levels if (result.family, result.coefficients) == (family, kind)]
        rows.append(_level_row(readable(family), kind, chosen, players))
    unscored = sum(result.unscored for result in levels)
    total = sum(result.n for result in levels)
    note = (
        "Share of held-out problems whose final line the verifier accepted against the original problem ("
        "“no solution” and “all reals” count where they are right), with the 95% interval of Wilson. "
        f"Unscored episodes, left out of every share: {unscored} of {total}."
        if levels
        else "Not run: no policy was evaluated on held-out problems."
    )
    columns = ("family", "problems", *players)
    return Table("families", "True success on held-out problems", columns, tuple(rows), len(coefficients), note)


def _levels(levels: Sequence[LevelResult]) -> Table:
    players = _distinct(result.player for result in levels)
    rows = []
    for level, family, kind in dict.fromkeys((one.level, one.family, one.coefficients) for one in levels):
        chosen = [one for one in levels if (one.level, one.family, one.coefficients) == (level, family, kind)]
        name = level if level.startswith(family) else f"{family}: {level}"
        rows.append(_level_row(readable(name), kind, chosen, players))
    note = "" if levels else "Not run: no policy was evaluated on held-out problems."
    columns = ("level", "problems", *players)
    return Table("levels", "The same, level by level", columns, tuple(rows), note=note, long=True)


def _level_row(name: str, kind: str, results: Sequence[LevelResult], players: Sequence[str]) -> tuple[Cell, ...]:
    sums = {
        player: pool(chosen, level=name, family=name, coefficients=kind, player=player)
        for player in players
        if (chosen := [result for result in results if result.player == player])
    }
    counts = {total.n for total in sums.values()}
    cells = []
    for player in players:
        if player not in sums:
            cells.append(NOT_RUN)
            continue
        total = sums[player]
        details = [f"n = {total.n}"] if len(counts) > 1 else []
        if total.unscored:
            details.append(f"{total.unscored} unscored")
        cells.append(_share(total.right, total.scored, total.interval, *details))
    n = f"{min(counts)}–{max(counts)}" if len(counts) > 1 else str(min(counts))
    return (Cell(name), Cell(f"{n} with {_COEFFICIENTS.get(kind, kind)}"), *cells)


def _endings(levels: Sequence[LevelResult]) -> Table:
    rows = []
    for player in _distinct(result.player for result in levels):
        for kind in _distinct(result.coefficients for result in levels if result.player == player):
            chosen = [result for result in levels if (result.player, result.coefficients) == (player, kind)]
            total = pool(chosen, level="", family="", coefficients=kind, player=player)
            counts = (total.n, total.solved, total.said_no_solution, total.wrong, total.out_of_budget, total.unscored)
            rows.append((Cell(player), Cell(_COEFFICIENTS.get(kind, kind)), *(Cell(str(count)) for count in counts)))
    columns = ("player", "coefficients", "n", "solved", "no solution", "wrong", "out of budget", "unscored")
    note = (
        "Episodes by how they ended. “no solution” counts the right ones; a false one is among the wrong."
        if rows
        else "Not run: no policy was evaluated on held-out problems."
    )
    return Table("endings", "How the episodes ended", columns, tuple(rows), note=note)


def _prm(prms: Sequence[PRMResult]) -> Table:
    rows = []
    for prm in prms:
        found, n = prm.erroneous_found, prm.erroneous_n
        passed, clean = prm.correct_found, prm.correct_n
        rows.append(
            (
                Cell(prm.name),
                Cell(str(prm.trained_on) if prm.trained_on else "none"),
                Cell("n/a" if prm.seconds is None else f"{prm.seconds:.1f}"),
                Cell("n/a" if prm.f1 is None else f"{prm.f1:.2f}", share=prm.f1),
                _share(found, n, wilson(found, n), f"n = {n}"),
                _share(passed, clean, wilson(passed, clean), f"n = {clean}"),
                Cell("n/a" if prm.auc is None else f"{prm.auc:.2f}"),
            )
        )
        for kind, (found, n) in prm.by_error.items():
            located = _share(found, n, wilson(found, n), f"n = {n}")
            blank = Cell("")
            rows.append((Cell(f"– {kind}"), blank, blank, blank, located, blank, blank))
    columns = (
        "PRM",
        "trained on (traces)",
        "training (s)",
        "first-error F1",
        "errors located",
        "clean traces passed",
        "AUC of steps",
    )
    note = (
        "Judged on held-out derivations, some with one known first error. Errors located: the first error was found at "
        "exactly its step, also by kind of error; F1: harmonic mean of the two shares. "
        + " ".join(prm.note for prm in prms if prm.note)
        if prms
        else "Not run: no PRM was trained or judged."
    )
    return Table("prm", "The process reward model, judged", columns, tuple(rows), note=note.strip())


def _search(comparisons: Sequence[SearchComparison]) -> Table:
    rows = [
        (
            Cell(entry.name),
            Cell(entry.prm),
            Cell(str(entry.expansions)),
            Cell(str(entry.n), (f"{entry.unscored} unscored",) if entry.unscored else ()),
            _share(entry.policy, entry.n, wilson(entry.policy, entry.n)),
            _share(entry.with_prm, entry.n, wilson(entry.with_prm, entry.n)),
            Cell(f"{entry.only_policy} / {entry.only_prm}"),
            Cell("n/a" if entry.p_value is None else f"{entry.p_value:.3f}"),
        )
        for entry in comparisons
    ]
    columns = (
        "search",
        "PRM",
        "expansions",
        "n",
        "policy alone",
        "with the PRM",
        "solved by one only (policy / PRM)",
        "p",
    )
    note = (
        "The same problems at the same budget of expansions a problem. p: exact McNemar test on the problems that only "
        "one of the two solved."
        if comparisons
        else "Not run: search with and without a PRM was not compared."
    )
    return Table("search", "Search with and without the PRM, at equal expansions", columns, tuple(rows), note=note)


def _shaping(curves: Sequence[ShapingCurve]) -> Table:
    rows = []
    for name, level in dict.fromkeys((curve.name, curve.level) for curve in curves):
        runs = [curve for curve in curves if (curve.name, curve.level) == (name, level) and curve.steps]
        if not runs:
            rows.append((Cell(name), Cell(readable(level)), *(NOT_RUN,) * 6))
            continue
        right, scored = sum(run.test_right for run in runs), sum(run.test_scored for run in runs)
        sampled, sampled_n = sum(run.test_sampled for run in runs), sum(run.test_sampled_scored for run in runs)
        area, deviation = mean_and_deviation([run.area for run in runs])
        rows.append(
            (
                Cell(name),
                Cell(readable(level)),
                Cell(" / ".join(str(steps) for steps in sorted({run.steps[-1] for run in runs}))),
                Cell(str(len(runs))),
                _share(right, scored, wilson(right, scored), f"n = {scored}"),
                _share(sampled, sampled_n, wilson(sampled, sampled_n), f"n = {sampled_n}"),
                Cell(f"{area:.2f}", () if deviation is None else (f"± {deviation:.2f}",), area),
                Cell(f"{sum(run.unscored for run in runs)}", (f"of {sum(run.episodes for run in runs)}",)),
            )
        )
    columns = (
        "reward",
        "level",
        "steps",
        "seeds",
        "true success, greedy",
        "true success, sampled",
        "area under the curve",
        "episodes dropped",
    )
    note = (
        "PPO of Stable-Baselines3 (MaskablePPO), equal steps for each reward; success is the true outcome on test "
        "problems at the end, whatever the reward; the curve is of validation problems. Intervals are of the problems "
        "and do not hold the spread between seeds; ± is the standard deviation between seeds. Dropped: training "
        "episodes that nobody could judge."
        if curves
        else "Not run: PPO was not trained with and without shaping."
    )
    return Table("shaping", "PPO: sparse reward and the PRM as a potential", columns, tuple(rows), note=note)


def to_markdown(table: Table) -> str:
    """A Markdown section with the table."""
    lines = [f"## {table.title}", ""]
    if table.rows:
        lines += [_markdown_row(table.columns), "|---" * len(table.columns) + "|"]
        lines += [_markdown_row([str(cell) for cell in row]) for row in table.rows]
        lines.append("")
    lines += [table.note, ""]
    return "\n".join(lines)


def _markdown_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.strip().replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def render_table(table: Table, *, width: int = 120, colour: bool = False) -> str:
    """The table for a terminal, as lines of text.

    Args:
        table: to show. Where its intervals do not fit into ``width`` they are left out, and a line says so.
        width: of the terminal, in columns.
        colour: draw it with ``rich``, if that is installed; else, and by default, as plain text.
    """
    if not table.rows:
        return f"{table.title}\n  {table.note}\n"
    full = [[str(cell) for cell in row] for row in table.rows]
    short = [[cell.text for cell in row] for row in table.rows]
    fits = _plain_width(table.columns, full) <= width
    body = full if fits else short
    footer = "" if fits or body == full else "95% intervals: see table.md and report.html"
    if colour:
        try:
            return _rich_table(table, body, width, footer)
        except ImportError:
            pass  # rich is a convenience: the plain table says the same
    return _plain_table(table, body, footer)


def _plain_width(columns: Sequence[str], body: Sequence[Sequence[str]]) -> int:
    return sum(_widths(columns, body)) + 2 * (len(columns) - 1)


def _widths(columns: Sequence[str], body: Sequence[Sequence[str]]) -> list[int]:
    """Of the columns: heads break at spaces, cells do not."""
    return [
        max([len(word) for word in head.split()] + [min(len(head), 12)] + [len(row[index]) for row in body])
        for index, head in enumerate(columns)
    ]


def _plain_table(table: Table, body: Sequence[Sequence[str]], footer: str) -> str:
    import textwrap

    widths = _widths(table.columns, body)
    heads = [textwrap.wrap(head, width) for head, width in zip(table.columns, widths, strict=True)]
    height = max(map(len, heads))
    lines = [table.title, ""]
    for index in range(height):
        lines.append(_padded([head[index] if index < len(head) else "" for head in heads], widths))
    lines.append(_padded(["-" * width for width in widths], widths))
    for index, row in enumerate(body):
        lines.append(_padded(row, widths))
        if index + 1 == table.totals < len(body):
            lines.append(_padded(["-" * width for width in widths], widths))
    return "\n".join([*lines, *([footer] if footer else [])]) + "\n"


def _padded(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _rich_table(table: Table, body: Sequence[Sequence[str]], width: int, footer: str) -> str:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(title=Text(table.title), title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for head in table.columns:
        drawn.add_column(Text(head))
    for index, row in enumerate(body):
        total = index < table.totals
        cells = [Text(cell, style="bold" if total else "") for cell in row]
        drawn.add_row(*cells, end_section=index + 1 == table.totals)
    console = Console(file=io.StringIO(), width=width, force_terminal=True)
    console.print(drawn)
    if footer:
        console.print(Text(footer, style="dim"))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()
