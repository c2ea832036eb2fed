"""A sheet as its program shows it: with the letters of its columns and the numbers of its rows.

The catalog holds the text without them, so the file is looked at again; nothing of it is shown but what the base holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from ....ingest.document import Document, document_id
from ....ingest.errors import KBError
from ....ingest.images.ocr import recognition
from ....ingest.media import CSV, ODS, TSV, XLS, XLSB, XLSX
from ....ingest.office.sheets import column_letters
from ....ingest.readers.table import read_as
from ....ingest.reading import Cells, Reading
from ....ingest.store.sources import SourceRow
from .excerpts import Span, excerpt, is_rule
from .markdown import escape
from .sections import Section

_KINDS = (XLSX, XLSB, XLS, ODS, CSV, TSV)
_MOST_BYTES = 5_000_000
_MOST_CHARACTERS = 10_000_000
"""Of a file that is looked at again, and of its text, while someone waits for it."""
_NEAR = 3
"""Most empty rows or columns in a row that are shown as empty ones."""
_WIDE = 12
"""Characters of a long text for each empty cell that it reaches over."""
_BAR = re.compile(r"(?<!\\)\|")
_STRUCK = re.compile(r"~~(.+?)~~")
_FIGURE = re.compile(r"[-+−(]?[$€£¥]?\s?[\d.,]*\d[\d.,]*\s?[%€)]?")


@dataclass(frozen=True, slots=True)
class _Line:
    """A row's line in the text."""

    row: int
    columns: tuple[int, ...]
    start: int
    text: str


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    hit: bool
    """Whether a part of it is quoted."""

    @property
    def is_figure(self) -> bool:
        """Whether it holds a number, which is shown on the right."""
        return bool(_FIGURE.fullmatch(self.text.strip("~")))


def sheet(row: SourceRow, document: Document, section: Section, quotes: Sequence[Span], part: Span) -> str:
    """Return what a part of a sheet's text shows, as a grid; empty where the place of the cells is not known.

    Args:
        row: the source.
        document: what the base holds of it.
        section: the sheet.
        quotes: what to mark.
        part: what of the text to show.
    """
    blocks = [one for one in _blocks(row, document) if section.start <= one.start and one.stop <= section.stop]
    lines = [line for block in blocks for line in _lines(block, document.text) if part[0] <= line.start < part[1]]
    if not lines:
        return ""
    beside = [
        excerpt(document.source, document.text, quotes, start, stop)
        for start, stop in _between(section, blocks, part)
        if (text := document.text[start:stop].strip()) and text != f"# {section.title}"
    ]
    rest = f'<div class="kb-text">{"".join(beside)}</div>' if beside else ""
    return f'<div class="kb-grid">{_grid(lines, quotes)}</div>{rest}'


def cells_at(row: SourceRow, document: Document, quotes: Sequence[Span]) -> str:
    """Return which cells quotes are in, as a spreadsheet names them (``B4``, ``A4:G4``); empty if that is not known."""
    held = [
        (line.row, column)
        for block in _blocks(row, document)
        if any(first < block.stop and block.start < last for first, last in quotes)
        for line in _lines(block, document.text)
        if any(first < line.start + len(line.text) and line.start < last for first, last in quotes)
        for column, start, text in _cells(line)
        if text.strip() and any(first < start + len(text) and start < last for first, last in quotes)
    ]
    if not held:
        return ""
    rows, columns = zip(*held, strict=True)
    ends = [f"{column_letters(of(columns))}{of(rows)}" for of in (min, max)]
    return ":".join(dict.fromkeys(ends))


def _between(section: Section, blocks: Sequence[Cells], part: Span) -> Iterator[Span]:
    """Yield what stands outside the cells: the name of the sheet, comments, the text of pictures."""
    edges = [section.start, *(edge for block in blocks for edge in (block.start, block.stop)), section.stop]
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if part[0] <= start < part[1]:
            yield start, stop


def _blocks(row: SourceRow, document: Document) -> tuple[Cells, ...]:
    """Return where the blocks of a document's text are on its sheets; none if that is not known."""
    if document.media_type not in _KINDS or row.archive:
        return ()
    if row.size > _MOST_BYTES or len(document.text) > _MOST_CHARACTERS:
        return ()
    reading = _read(row.source, document.id, document.media_type, row.treatment)
    return tuple(_found(reading, document.text)) if reading else ()


@lru_cache(maxsize=2)
def _read(source: str, wanted: str, kind: str, treatment: str) -> Reading | None:
    """Read a file again, without recognising pictures; ``None`` if it is gone or holds something else by now."""
    try:
        data = Path(source).read_bytes()
        if document_id(kind, data, treatment) != wanted:
            return None
        with recognition(later=True):
            return read_as(kind, data, Path(source).name)
    except (OSError, KBError):
        return None


def _found(reading: Reading, text: str) -> Iterator[Cells]:
    """Yield the blocks that the base's text holds too, at their place there: it may have more, or be redacted."""
    at = 0
    for block in reading.cells:
        start = text.find(reading.text[block.start : block.stop], at)
        if start >= 0:
            at = start + block.stop - block.start
            yield replace(block, start=start, stop=at)


def _lines(block: Cells, text: str) -> Iterator[_Line]:
    """Yield the lines of a block with their rows; none if they are not as many."""
    lines, at = [], block.start
    for number, line in enumerate(text[block.start : block.stop].split("\n")):
        if not (number == 1 and is_rule(line)):
            lines.append((at, line))
        at += len(line) + 1
    if len(lines) == len(block.rows):
        for row, (start, line) in zip(block.rows, lines, strict=True):
            yield _Line(row, block.columns, start, line)


def _cells(line: _Line) -> Iterator[tuple[int, int, str]]:
    """Yield the column, the start and the text of a row's cells."""
    bars = [bar.start() for bar in _BAR.finditer(line.text)]
    if len(bars) != len(line.columns) + 1 or line.text[:1] != "|":
        yield line.columns[0], line.start, line.text
        return
    for column, (left, right) in zip(line.columns, pairwise(bars), strict=True):
        yield column, line.start + left + 1, line.text[left + 1 : right]


def _grid(lines: Sequence[_Line], quotes: Sequence[Span]) -> str:
    rows: dict[int, dict[int, _Cell]] = {}
    for line in lines:
        row = rows.setdefault(line.row, {})
        for column, start, text in _cells(line):
            if said := text.strip():
                row[column] = _Cell(said, hit=any(first < start + len(text) and start < last for first, last in quotes))
    columns = list(_with_gaps(column for row in rows.values() for column in row))
    heads = "".join(f'<th scope="col">{column_letters(column) if column else "⋯"}</th>' for column in columns)
    body = "".join(_row(number, rows.get(number, {}), columns) for number in _with_gaps(rows))
    return f"<table><thead><tr><td></td>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _row(number: int, row: dict[int, _Cell], columns: Sequence[int]) -> str:
    cells, at = [], 0
    while at < len(columns):
        cell, span = row.get(columns[at]), 1
        if cell:
            free = next((n for n, column in enumerate(columns[at + 1 :]) if column in row), len(columns) - at - 1)
            span += 0 if cell.is_figure else min(free, len(cell.text) // _WIDE)
        cells.append(_shown(cell, span) if cell else "<td></td>")
        at += span
    return f'<tr><th scope="row">{number or "⋮"}</th>{"".join(cells)}</tr>'


def _shown(cell: _Cell, span: int) -> str:
    """Return a cell; a long text reaches over the empty cells beside it, as in its program."""
    shown = _STRUCK.sub(r"<s>\1</s>", escape(cell.text.replace("\\|", "|")))
    kinds = [kind for kind, is_so in (("kb-hit", cell.hit), ("kb-figure", cell.is_figure)) if is_so]
    told = f' class="{" ".join(kinds)}"' if kinds else ""
    told += f' colspan="{span}"' if span > 1 else ""
    return f"<td{told}>{f'<mark>{shown}</mark>' if cell.hit else shown}</td>"


def _with_gaps(numbers: Iterable[int]) -> Iterator[int]:
    """Yield numbers in order with those between them; 0 where many are missing."""
    last = 0
    for number in sorted(set(numbers)):
        yield from range(last + 1, number) if number - last - 1 <= _NEAR else (0,)
        yield number
        last = number
