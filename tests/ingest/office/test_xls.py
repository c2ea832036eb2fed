"""Old Excel workbooks: cells as Excel shows them. The files are made here record by record."""

from __future__ import annotations

import pytest
from kb.ingest.run.read import read_bytes
from old_excel import font, hidden_column, hidden_row, label, number, old_excel, text


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ("General", 0.1, "0.1"),
        ("0.0%", 0.075, "7.5%"),
        ("000000", 812, "000812"),
        ('#,##0.00" kg"', 1234.5, "1,234.50 kg"),
        ('0"台"', 3, "3台"),
        ("[h]:mm", 1.5, "36:00"),
        ("#,##0;(#,##0);-", -2300, "(2,300)"),
        ("# ?/?", 0.5, "1/2"),
        ('0.0,"k"', 45200, "45.2k"),
        ("0.00E+00", 12345, "1.23E+04"),
        ("yyyy-mm-dd", 45000, "2023-03-15"),
    ],
)
def test_a_number_shows_as_its_format_says(code: str, value: float, shown: str) -> None:
    """As in today's workbooks: one way to show a number."""
    data = old_excel([("Rates", 0, number(0, 0, value))], forms=[(0, code)])
    assert read_bytes(data, "a.xls").text == f"# Rates\n\n{shown}"


def test_what_is_struck_or_hidden_is_marked_and_named() -> None:
    """Cells by their font and parts of a cell, rows, columns and sheets."""
    strings = [text("Site"), text("Key"), text("The fee is 18 euros 24 euros.", (11, 1), (19, 0))]
    now = hidden_column(1) + label(0, 0, 0) + label(0, 1, 1) + label(1, 0, 2) + number(1, 1, 7) + hidden_row(2)
    now += label(2, 0, 0) + number(2, 1, 8) + label(3, 0, 0, 1) + number(3, 1, 9)
    fonts = [font("Arial"), font("Arial", struck=True)]
    data = old_excel([("Now", 0, now), ("Old", 1, label(0, 0, 0))], strings, fonts, [(0, "General"), (1, "General")])
    read = read_bytes(data, "a.xls")
    assert "| Site | ~~Key~~ |\n| --- | --- |\n| The fee is ~~18 euros~~ 24 euros. | ~~7~~ |" in read.text
    assert read.text.endswith("| ~~Site~~ | ~~8~~ |\n| ~~Site~~ | ~~9~~ |\n\n# Old (hidden)\n\n~~Site~~")
    assert any("Old, Now!B:B, Now!3:3" in note for note in read.notes)


def test_signs_are_read_as_shown() -> None:
    """Raised digits and letters of Symbol, in a part of a cell or all of it."""
    strings = [text("Take 5 mg, not 106 kg", (7, 1), (8, 0), (17, 2), (18, 0)), text("D")]
    fonts = [font("Arial"), font("Symbol"), font("Arial", position=1)]
    data = old_excel(
        [("Doses", 0, label(0, 0, 0) + label(0, 1, 1, 1))], strings, fonts, [(0, "General"), (1, "General")]
    )
    assert "| Take 5 μg, not 10⁶ kg | Δ |" in read_bytes(data, "a.xls").text
