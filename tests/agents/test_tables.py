"""Tables: the same figures in every form, none without its n, and n/a for what was not run."""

import pytest

from agents.results import AFTER, LevelResult, PRMResult, RunResults, SearchComparison, ShapingCurve
from agents.tables import Cell, Table, build_tables, render_table, to_markdown


def level(name: str, kind: str, player: str, solved: int, n: int = 10, unscored: int = 0) -> LevelResult:
    family = name.partition("-")[0]
    return LevelResult(name, family, kind, player, n, solved, wrong=n - solved - unscored, unscored=unscored)


RESULTS = RunResults(
    levels=(
        level("linear-1", "numeric", "random", 1),
        level("linear-2", "numeric", "random", 0),
        level("brackets-1", "letters", "random", 0),
        level("linear-1", "numeric", AFTER, 9),
        level("linear-2", "numeric", AFTER, 7, unscored=2),
    ),
    prm=(PRMResult("learned", 100, 20, 18, 20, 10, 3.25, 0.9, {"root lost": (3, 10)}, "Trained on little."),),
    search=(SearchComparison("best-first", "learned", 100, 50, 30, 1, 9, unscored=2),),
    shaping=tuple(
        ShapingCurve(
            name,
            "id",
            "linear-1",
            seed,
            (0, 100),
            (0, right),
            (10, 10),
            (0, 3),
            (10, 10),
            (None, 0.5),
            40,
            2,
            right,
            10,
            3,
            10,
        )
        for name, seed, right in (("sparse", 0, 4), ("sparse", 1, 6), ("potential (learned)", 0, 9))
    ),
)


def cells(name: str) -> dict[str, list[str]]:
    """Rows of a table by their first cell; equal first cells are joined with the second."""
    table = next(table for table in build_tables(RESULTS) if table.name == name)
    return {f"{row[0]}, {row[1]}": [str(cell) for cell in row[2:]] for row in table.rows}


def test_families_are_pooled_and_totals_stand_first() -> None:
    table = build_tables(RESULTS)[0]
    assert table.columns == ("family", "problems", "random", AFTER)
    assert [str(row[0]) for row in table.rows] == ["all families", "all families", "linear", "brackets"]
    assert table.totals == 2


def test_a_share_stands_with_its_interval_and_the_unscored() -> None:
    assert cells("families")["linear, 20 with numbers"] == ["0.05 [0.01, 0.24]", "0.89 [0.67, 0.97], 2 unscored"]


def test_what_was_not_run_says_so() -> None:
    assert cells("levels")["brackets-1, 10 with letters"] == ["0.00 [0.00, 0.28]", "n/a not run"]


def test_the_unscored_are_counted_in_words() -> None:
    assert "left out of every share: 2 of 50" in build_tables(RESULTS)[0].note


def test_players_with_another_n_show_it() -> None:
    results = RunResults(levels=(level("a-1", "numeric", "x", 1, n=4), level("a-1", "numeric", "y", 1, n=8)))
    row = build_tables(results)[0].rows[0]
    assert str(row[1]) == "4–8 with numbers"
    assert [cell.details[-1] for cell in row[2:]] == ["n = 4", "n = 8"]


def test_endings_count_every_episode() -> None:
    assert cells("endings")["after training, numbers"] == ["20", "16", "0", "2", "0", "2"]


def test_the_prm_is_shown_by_kind_of_error() -> None:
    rows = cells("prm")
    assert rows["learned, 100"][:4] == ["3.2", "0.64", "0.50 [0.30, 0.70], n = 20", "0.90 [0.70, 0.97], n = 20"]
    assert rows["– root lost, "][2] == "0.30 [0.11, 0.60], n = 10"
    assert "Trained on little." in next(table.note for table in build_tables(RESULTS) if table.name == "prm")


def test_search_is_compared_on_the_same_problems() -> None:
    assert cells("search")["best-first, learned"] == [
        "100",
        "50 2 unscored",
        "0.62 [0.48, 0.74]",
        "0.78 [0.65, 0.87]",
        "1 / 9",
        "0.021",
    ]


def test_ppo_pools_the_seeds_of_a_reward() -> None:
    rows = cells("shaping")
    assert rows["sparse, linear-1"][:3] == ["100", "2", "0.50 [0.30, 0.70], n = 20"]
    assert rows["sparse, linear-1"][4:] == ["0.25 ± 0.07", "4 of 80"]
    assert rows["potential (learned), linear-1"][4:] == ["0.45", "2 of 40"]


def test_an_empty_run_says_what_is_missing() -> None:
    for table in build_tables(RunResults()):
        assert table.rows == ()
        assert table.note.startswith("Not run: ")
        assert table.note in to_markdown(table)
        assert table.note in render_table(table)


def test_markdown_survives_pipes_and_newlines() -> None:
    table = Table("t", "A title", ("name", "n"), ((Cell("a|b\nc"), Cell("1")),))
    assert to_markdown(table).splitlines()[2:5] == ["| name | n |", "|---|---|", "| a\\|b c | 1 |"]


def test_the_plain_table_is_aligned() -> None:
    lines = render_table(build_tables(RESULTS)[0], width=200).splitlines()
    assert lines[0] == "True success on held-out problems"
    start = lines[2].index("random")
    assert all(line[start - 2 : start] == "  " for line in lines[3:])
    assert "0.89 [0.67, 0.97], 2 unscored" in lines[-2]


def test_a_narrow_terminal_gets_figures_without_intervals() -> None:
    text = render_table(build_tables(RESULTS)[0], width=70)
    assert "[0." not in text
    assert text.endswith("95% intervals: see table.md and report.html\n")
    assert max(map(len, text.splitlines())) <= 70


@pytest.mark.parametrize("table", build_tables(RESULTS), ids=lambda table: table.name)
def test_rich_shows_the_same_cells(table: Table) -> None:
    text = render_table(table, width=220, colour=True)
    assert "\x1b[" in text
    for row in table.rows:
        for cell in row:
            assert all(word in text for word in cell.text.split())


def test_terminal_markup_in_a_name_is_shown_as_it_is() -> None:
    table = Table("t", "A [bold]title[/bold]", ("[red]name",), ((Cell("[link=x]y"),),))
    text = render_table(table, colour=True)
    assert "[red]name" in text
    assert "[link=x]y" in text
