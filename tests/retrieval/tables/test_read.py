"""Tables are read out of Markdown with their heads, rows and places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kb.ingest.reading import markdown_table
from kb.retrieval.tables.read import tables

CELL = st.text("ab|\\~*-: 1中\u00a0\n`#<>", max_size=8)


@given(st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=3, max_size=8), st.text("a|- #\n", max_size=30))
def test_a_row_is_its_line_in_the_text(rows: list[list[str]], before: str) -> None:
    """Whatever stands in its cells, and whatever stands before the table."""
    text = f"{before}\n\n{markdown_table([['Name', 'Town', 'Size'], *rows])}\n"
    for table in tables(text):
        for row in (*table.rows, *table.totals):
            assert text[row.start : row.stop].startswith("|")
            assert text[row.start : row.stop].endswith("|")
            assert "\n" not in text[row.start : row.stop]


def test_a_table_has_its_head_and_what_stands_above_it() -> None:
    """Headings from the outermost, and the line before; markup and what is struck out is no part of a cell."""
    (table,) = tables(
        "# Garden\n\n## Trees\n\nPlanted so far\n\n| Tree | **n** |\n|---|---|\n| Oak | ~~2~~ 3 |\n| `Elm` | 1 |\n"
    )
    assert table.head == ("Tree", "n")
    assert [row.cells for row in table.rows] == [("Oak", "3"), ("Elm", "1")]
    assert table.captions == ("Garden", "Trees", "Planted so far")


def test_what_is_struck_out_or_hidden_is_no_row_column_or_caption() -> None:
    """Its row is neither filtered nor counted, its column has no name, and nothing is asked of the table by its title."""
    (table,) = tables(
        "# ~~Old~~ Rates\n\n## ~~Draft~~\n\n| Site | Rate | ~~(hidden) Key~~ |\n|---|---|---|\n| East | 9 | ~~(hidden) k1~~ |\n"
        "| ~~South~~ | ~~8~~ | ~~k2~~ |\n| ~~(hidden) West~~ | ~~(hidden) 7~~ |  |\n| ~~Total~~ | ~~24~~ |  |\n"
    )
    assert table.head == ("Site", "Rate", "")
    assert [row.cells for row in table.rows] == [("East", "9", "")]
    assert (table.totals, table.remarks, table.captions) == ((), (), ("Rates",))


def test_lines_above_the_head_are_captions() -> None:
    """An export with its date and place on lines of their own."""
    text = "| Export of May |  |  |\n| --- | --- | --- |\n| Graz |  |  |\n| No | Part | Price |\n| 1 | Seal | 3,80 |\n"
    (table,) = tables(text)
    assert table.head == ("No", "Part", "Price")
    assert table.captions == ("Export of May", "Graz")
    assert len(table.rows) == 1


@pytest.mark.parametrize("total", ["Total", "Grand total", "Subtotal", "合计", "总计", "Average"])
def test_a_row_that_sums_up_is_no_data(total: str) -> None:
    """It is kept apart, so that a sum does not count everything twice."""
    (table,) = tables(f"| Item | Cost |\n|---|---|\n| Tea | 2 |\n| Milk | 1 |\n| {total} | 3 |\n")
    assert [row.cells[0] for row in table.rows] == ["Tea", "Milk"]
    assert [row.cells[0] for row in table.totals] == [total]


def test_a_table_that_goes_on_behind_a_page_break_is_one() -> None:
    """With its head again, and a page number between."""
    head = "| Item | Cost |\n|---|---|\n"
    (table,) = tables(f"{head}| Tea | 2 |\n\nPage 2\n\n{head}| Milk | 1 |\n")
    assert [row.cells[0] for row in table.rows] == ["Tea", "Milk"]
    assert len(tables(f"{head}| Tea | 2 |\n\n## Drinks\n\n{head}| Milk | 1 |\n")) == 2
    between = "The next list was made later by someone else altogether, in June."
    assert len(tables(f"{head}| Tea | 2 |\n\n{between}\n\n{head}| Milk | 1 |\n")) == 2


@pytest.mark.parametrize(
    "text",
    [
        "```\n| a | b |\n|---|---|\n| 1 | 2 |\n```\n",
        "| just | a line |\n",
        "| 1 | 2 | 3 |\n|---|---|---|\n| 4 | 5 | 6 |\n",
        "| Tax | SINGLE | SINGLE |\n|---|---|---|\n| 1 | 2 | 3 |\n",
    ],
)
def test_what_is_no_table_with_names_is_left_out(text: str) -> None:
    """Code, a line with bars, numbers without a head, and columns that no name tells apart."""
    assert tables(text) == []


def test_pairs_need_no_head() -> None:
    """A name and its value beside it."""
    (table,) = tables("| Net total | 12.00 EUR |\n|---|---|\n| Total | 14.28 EUR |\n")
    assert not table.has_head
    assert [row.cells for row in table.rows] == [("Net total", "12.00 EUR"), ("Total", "14.28 EUR")]
