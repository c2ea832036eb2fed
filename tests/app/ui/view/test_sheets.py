"""A sheet on the page: its cells where its program shows them, the quoted ones marked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from kb import KnowledgeBase
from kb.ingest.office.xlsx import read_xlsx
from kb.ingest.run.sync import Selection
from office_files import presentation, workbook

pytest.importorskip("gradio", reason="the ui extra is not installed")

from kb.app.i18n.texts import EN
from kb.app.ui.reader import Wish, document
from kb.app.ui.view.sheets import cells_at

STOCK = {
    "B2": "Stock of the zebra house", "B4": "Article", "C4": "Price", "B5": "hay", "C5": "12.50", "B6": "a|b ~~c~~", "C6": "7",
    "B30": "Signed", "C30": "Okafor",
}  # fmt: skip


def shown(kb: KnowledgeBase, name: str, quote: str = "", page: int | None = None) -> str:
    """Return the dialog of a document, opened at a quote."""
    (row,) = (row for row in kb.sources() if row.source.endswith(name))
    start = kb.document_text(row.source).index(quote)
    quotes = ((start, start + len(quote)),) if quote else ()
    return document(kb, Wish("", row.source, quotes, page, 0, as_text=False), EN)


def rows_of(html: str) -> dict[str, str]:
    """Return what each row of a grid shows, by its number, cells parted by bars; marked cells in brackets."""
    found = {}
    for number, cells in re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', html):
        parts = re.sub(r"<mark>(.*?)</mark>", r"[\1]", cells).replace("</td>", "|")
        found[number] = re.sub(r"<(?!/?s>)[^>]*>", "", parts)
    return found


def test_a_sheet_has_its_letters_and_numbers(tmp_path: Path) -> None:
    """Cells are in the row and column of the workbook, what is quoted is marked, many empty rows are one."""
    (tmp_path / "zoo.xlsx").write_bytes(workbook({"Stock": STOCK, "Staff": {"A1": "Keeper", "A2": "Lee"}}))
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([tmp_path / "zoo.xlsx"])
        html = shown(kb, "zoo.xlsx", "| hay | 12.50 |")
        second = shown(kb, "zoo.xlsx", page=2)
    assert re.findall(r'<th scope="col">(.*?)</th>', html) == ["A", "B", "C"]
    assert rows_of(html) == {
        "1": "|||", "2": "|Stock of the zebra house|", "3": "|||", "4": "|Article|Price|", "5": "|[hay]|[12.50]|",
        "6": "|a|b <s>c</s>|7|", "⋮": "|||", "30": "|Signed|Okafor|",
    }  # fmt: skip
    assert "Sheet 1 of 2" in html
    assert rows_of(second) == {"1": "Keeper|", "2": "Lee|"}


def test_a_citation_names_its_cells(tmp_path: Path) -> None:
    """As a spreadsheet does: one, or the corners of several; of a CSV and of a workbook, not of a text."""
    (tmp_path / "zoo.xlsx").write_bytes(workbook({"Stock": STOCK}))
    (tmp_path / "zoo.txt").write_text("The hay costs 12.50.")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([tmp_path / "zoo.xlsx", tmp_path / "zoo.txt"])
        found = {}
        for row in kb.sources():
            held = kb.catalog.document(row.source)
            assert held
            for quote in ("hay", "| hay | 12.50 |", "Stock of the zebra house"):
                start = held.text.find(quote)
                quotes = [(start, start + len(quote))] if start >= 0 else []
                found[Path(row.source).suffix, quote] = cells_at(row, held, quotes)
    assert {key: cells for key, cells in found.items() if cells} == {
        (".xlsx", "hay"): "B5", (".xlsx", "| hay | 12.50 |"): "B5:C5", (".xlsx", "Stock of the zebra house"): "B2",
    }  # fmt: skip


def test_tables_side_by_side_share_their_rows(tmp_path: Path) -> None:
    """They are one below the other in the text, and beside each other in the sheet."""
    cells = {"A1": "Hay", "B1": "5", "A2": "Oats", "B2": "9", "E2": "Keeper", "F2": "Shift", "E3": "Lee", "F3": "late"}
    cells = dict(sorted(cells.items(), key=lambda cell: (cell[0][1:], cell[0])))
    (tmp_path / "zoo.xlsx").write_bytes(workbook({"Stock": cells}))
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([tmp_path / "zoo.xlsx"])
        html = shown(kb, "zoo.xlsx", "Lee")
    assert rows_of(html)["2"] == "Oats|9|||Keeper|Shift|"
    assert rows_of(html)["3"] == "||||[Lee]|late|"


def test_a_csv_is_a_sheet_too(tmp_path: Path) -> None:
    """With the numbers of its rows, also below an empty one."""
    (tmp_path / "zoo.csv").write_text("Stock of the zoo,\n\nArticle,Price\nhay,12.50\n\noats,7\n")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([tmp_path / "zoo.csv"])
        html = shown(kb, "zoo.csv", "oats")
    assert rows_of(html) == {
        "1": "Stock of the zoo|", "2": "||", "3": "Article|Price|", "4": "hay|12.50|", "5": "||", "6": "[oats]|7|",
    }  # fmt: skip


@pytest.mark.parametrize("change", ["gone", "other"])
def test_a_sheet_whose_file_has_changed_is_shown_as_its_text(tmp_path: Path, change: str) -> None:
    """What the base holds is shown, and no place is made up for it."""
    place = tmp_path / "zoo.xlsx"
    place.write_bytes(workbook({"Stock": STOCK}))
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([place])
        place.unlink()
        if change == "other":
            place.write_bytes(workbook({"Stock": {"A1": "secret"}}))
        html = shown(kb, "zoo.xlsx", "hay")
    assert "<mark>hay</mark>" in html
    assert "kb-grid" not in html
    assert "secret" not in html


def test_a_redacted_sheet_shows_nothing_that_was_left_out(tmp_path: Path) -> None:
    """Rows that hold no personal data keep their place."""
    cells = {"A1": "Keeper", "B1": "Mail", "A2": "Lee", "B2": "li@example.com", "A4": "Zebras", "B4": "7"}
    (tmp_path / "zoo.xlsx").write_bytes(workbook({"Stock": cells}))
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([tmp_path / "zoo.xlsx"], selection=Selection(redact=("email",)))
        html = shown(kb, "zoo.xlsx")
    assert "example.com" not in html
    assert "Lee" in html
    assert "Zebras" in html


def test_a_long_sheet_is_shown_in_parts(tmp_path: Path) -> None:
    """It opens around the quote; what is before and behind it is a button away."""
    cells = {f"{column}{row}": f"zebra {column} {row} {'stripe ' * 9}" for row in range(1, 1501) for column in "AB"}
    (tmp_path / "zoo.xlsx").write_bytes(workbook({"Stock": cells}))
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([tmp_path / "zoo.xlsx"])
        (row,) = kb.sources()
        start = kb.document_text(row.source).index("zebra A 900 ")
        wish = Wish.of({"source": row.source, "start": start, "stop": start + 11})
        html = document(kb, wish, EN)
    rows = rows_of(html)
    assert rows["900"].startswith("[zebra A 900")
    assert 100 < len(rows) < 600
    assert html.count('data-step="earlier"') == html.count('data-step="later"') == 1


@pytest.mark.parametrize("redacted", [False, True])
def test_a_slide_has_its_pictures(tmp_path: Path, *, redacted: bool) -> None:
    """Those that it shows, and only while the file is the one that was read and nothing was to be left out of it."""
    from PIL import Image

    Image.new("RGB", (40, 30), "red").save(tmp_path / "red.png")
    red = (tmp_path / "red.png").read_bytes()
    slides = [("Zebras", "There are seven.", b""), ("Okapis", "There are two.", red)]
    (tmp_path / "zoo.pptx").write_bytes(presentation(slides))
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([tmp_path / "zoo.pptx"], selection=Selection(redact=("email",) if redacted else None))
        second = shown(kb, "zoo.pptx", "two")
        first = shown(kb, "zoo.pptx", "two", page=1)
        (tmp_path / "zoo.pptx").write_bytes(presentation(slides[::-1]))
        changed = shown(kb, "zoo.pptx", "two")
    assert "Slide 2 of 2" in second
    assert second.count("<img") == (not redacted)
    assert "<mark>two</mark>" in second
    assert "seven" not in second
    assert "<img" not in first + changed


def test_the_places_of_a_large_sheet_take_little_space() -> None:
    """A run of rows is two numbers, whether it is a table or a single column."""
    for columns in ("A", "AB"):
        cells = {f"{column}{row}": f"zebra {row}" for row in range(1, 5001) for column in columns}
        cells = dict(sorted(cells.items(), key=lambda cell: int(cell[0][1:])))
        reading = read_xlsx(workbook({"Stock": cells}), "zoo.xlsx")
        (block,) = reading.cells
        assert block.rows == range(1, 5001)
        assert (block.columns, reading.text[block.start : block.stop].count("\n")) in (((1,), 4999), ((1, 2), 5000))
