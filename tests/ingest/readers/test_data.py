"""Tables, JSON and notebooks: every value is there, none is changed."""

from __future__ import annotations

import csv
import io
import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kb.ingest.errors import DamagedError, EmptyFileError
from kb.ingest.run.read import read_bytes

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(alphabet="abc é中\n", max_size=100),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text("kxy", min_size=1), children, max_size=4),
    max_leaves=20,
)


def cells(text: str) -> list[list[str]]:
    """Return the cells of a Markdown table, without its rule."""
    lines = [line for line in text.split("\n") if not re.fullmatch(r"\|(?: --- \|)+", line)]
    return [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    """Comma, semicolon, tab and bar, also where values hold one of the others."""
    rows = [["name", "price", "note"], ["Pen", "1,50", "blue; long"], ["纸", "2,00", "A4, white"]]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    assert cells(read_bytes(out.getvalue().encode(), "a.csv").text) == rows


def test_excel_says_its_separator() -> None:
    """A first line ``sep=;`` is obeyed and is not a row."""
    assert cells(read_bytes(b"sep=;\na;b,c\n1;2\n", "a.csv").text) == [["a", "b,c"], ["1", "2"]]


def test_line_breaks_bars_and_short_rows_fit_into_the_table() -> None:
    """A cell is one line; ragged rows are filled up; nothing is dropped."""
    table = read_bytes(b'a,b\n"two\nlines",x|y\n1\n1,2,3\n', "a.csv").text
    assert cells(table) == [["a", "b", ""], ["two lines", "x|y", ""], ["1", "", ""], ["1", "2", "3"]]


def test_an_open_quote_does_not_swallow_the_file() -> None:
    """A quote that is never closed costs a note, not the rows behind it."""
    text = 'a,b\n"open,1\n' + "".join(f"row{n},{n}\n" for n in range(200))
    document = read_bytes(text.encode(), "a.csv")
    assert ["row199", "199"] in cells(document.text)
    assert "quote" in document.notes[0]


def test_huge_fields_and_long_tables_are_read() -> None:
    """Neither the csv module's field limit nor a hundred thousand rows are in the way."""
    assert "x" * 300_000 in read_bytes(b"a,b\n" + b"x" * 300_000 + b",2\n", "a.csv").text
    started = time.process_time()
    text = "id,value\n" + "".join(f"{n},v{n}\n" for n in range(100_000))
    assert read_bytes(text.encode(), "a.csv").text.count("\n") == 100_001
    assert time.process_time() - started < 10


@given(
    st.lists(st.lists(st.text(alphabet="ab1中,;\"'|\\ ", max_size=6), min_size=2, max_size=4), min_size=2, max_size=8)
)
def test_no_cell_is_lost(rows: list[list[str]]) -> None:
    """Every letter and digit of a written table is in the document."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    try:
        text = read_bytes(out.getvalue().encode(), "a.csv").text
    except EmptyFileError:
        return
    for row in rows:
        for cell in row:
            for word in re.findall(r"[ab1中]+", cell):
                assert word in text


def test_json_reads_as_an_outline() -> None:
    """Keys name values, depth is indentation, records of a list are paragraphs, numbers stay as written."""
    data = b'{"title": "T", "a": {"b": [1.50, 2, NaN], "c": [{"x": null, "y": true}, {"x": "z"}]}, "e": []}'
    document = read_bytes(data, "a.json")
    assert document.title == "T"
    assert document.text == (
        "title: T\na:\n  b: 1.50, 2, NaN\n  c:\n    - x: null\n      y: true\n    - x: z\ne: (empty)"
    )
    assert read_bytes(b'[{"q": 1}, {"q": 2}]', "a.json").text == "q: 1\n\nq: 2"


@given(VALUES)
def test_no_value_of_json_is_lost(value: object) -> None:
    """All words and numbers of any JSON are in the outline."""
    source = json.dumps(value, ensure_ascii=False)
    try:
        text = read_bytes(source.encode(), "a.json").text
    except EmptyFileError:
        return
    words = re.findall(r"[a-zé中]+|\d+", re.sub(r"\\[nu]", " ", source))
    assert not [word for word in words if word not in text]


def test_bad_json_is_read_as_text_and_says_so() -> None:
    """A comma too many does not hide a file; 100,000 brackets do no harm."""
    document = read_bytes(b'{"a": 1, "b": [1, 2,, 3]', "a.json")
    assert '"b": [1, 2,, 3]' in document.text
    assert "not valid JSON" in document.notes[0]
    with pytest.raises(DamagedError, match="deeply"):
        read_bytes(b"[" * 100_000 + b"]" * 100_000, "a.json")


def test_json_lines_keep_their_bad_lines() -> None:
    """A paragraph a line; a line that is no JSON is kept and noted."""
    document = read_bytes(b'{"id": 1, "t": "one"}\noops\n{"id": 2}\n', "a.jsonl")
    assert document.text == "id: 1\nt: one\n\noops\n\nid: 2"
    assert "line 2" in document.notes[0]


def test_a_notebook_keeps_markdown_code_and_output() -> None:
    """Markdown cells are Markdown, code and outputs are fenced, headings are found, broken cells skipped."""
    notebook = {
        "metadata": {"language_info": {"name": "python"}},
        "cells": [
            {"cell_type": "markdown", "source": ["# Title\n", "text"]},
            {
                "cell_type": "code",
                "source": "# not a heading\nprint(1)",
                "outputs": [
                    {"output_type": "stream", "text": ["\x1b[31m1\x1b[0m\n"]},
                    {"output_type": "execute_result", "data": {"text/plain": "2", "image/png": "iVBOR"}},
                    {"output_type": "error", "ename": "ValueError", "evalue": "no"},
                ],
            },
            {"cell_type": "code"},
            "junk",
        ],
    }
    document = read_bytes(json.dumps(notebook).encode(), "a.ipynb")
    code = "```python\n# not a heading\nprint(1)\n```"
    assert document.text == f"# Title\ntext\n\n{code}\n\n```\n1\n```\n\n```\n2\n```\n\n```\nValueError: no\n```"
    assert [heading.title for heading in document.headings] == ["Title"]
    with pytest.raises(DamagedError, match="notebook"):
        read_bytes(b"[1]", "a.ipynb")


def test_titles_above_a_table_are_no_head() -> None:
    """The first row of several values is the head; what is above it stands above the table."""
    text = read_bytes(b"Export of 12 May\nPlant: Graz,,\n\nArticle,Price,Remark\nK-1,3.80,dry\n", "a.csv").text
    assert (
        text
        == "Export of 12 May\nPlant: Graz\n\n| Article | Price | Remark |\n| --- | --- | --- |\n| K-1 | 3.80 | dry |"
    )


@pytest.mark.parametrize("sign", ["£", "¥", "€", "°", "±", "§"])
def test_a_small_table_of_western_signs_is_read(sign: str) -> None:
    """As Excel saves it in the West: neither binary, nor Polish or Russian letters."""
    data = f"Item,Price\nA,{sign}5\nB,{sign}7\n".encode("cp1252")
    document = read_bytes(data, "a.csv")
    assert f"| A | {sign}5 |\n| B | {sign}7 |" in document.text
