"""Sheets become Markdown: one page per sheet, one table per region of cells. No cell is left out."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise
from pathlib import PurePath

from ..images.pictures import NOTHING, Seen
from ..merged import Merged, Row, fill, join_heads
from ..reading import MarkdownWriter
from ..struck import struck

Cells = Mapping[int, str]
"""A row: the text by column number; columns without text are absent."""
Region = dict[int, Row]
"""Rows by number."""

_MOST_SPANS = 10
"""Hidden rows and columns that are named."""
_DEFAULT_NAME = re.compile(r"(?:sheet|工作表|表|tabelle|feuil|hoja|foglio|лист|シート)\s*\d*", re.IGNORECASE)


class Unseen:
    """The hidden rows and columns of a sheet that hold text, by number from 1; known when its rows are read."""

    def __init__(self) -> None:
        self._rows: set[int] = set()
        self._columns: set[int] = set()

    def shown(self, text: str, row: int = 0, column: int = 0) -> str:
        """Mark the text of a cell that its row or column hides; 0 for one that does not."""
        self._rows |= {row} - {0}
        self._columns |= {column} - {0}
        return struck(text) if row or column else text

    def names(self, sheet: str) -> Iterator[str]:
        """Yield the first ranges in a spreadsheet's own words: ``Sheet1!B:C``, ``Sheet1!4:9``."""
        spans = [(column_letters(low), column_letters(high)) for low, high in _spans(self._columns)]
        spans += [(str(low), str(high)) for low, high in _spans(self._rows)]
        yield from (f"{sheet}!{low}:{high}" for low, high in spans[:_MOST_SPANS])
        if len(spans) > _MOST_SPANS:
            yield "…"


def _spans(numbers: set[int]) -> list[tuple[int, int]]:
    """Return the first and last of each run of numbers."""
    lows = sorted(at for at in numbers if at - 1 not in numbers)
    highs = sorted(at for at in numbers if at + 1 not in numbers)
    return list(zip(lows, highs, strict=True))


def column_letters(column: int) -> str:
    """Return what a spreadsheet calls a column, by its number from 1."""
    text = ""
    while column:
        column, at = divmod(column - 1, 26)
        text = chr(ord("A") + at) + text
    return text


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet's name, its rows in order with their numbers (from 1), and texts outside the cells."""

    name: str
    rows: Iterable[tuple[int, Cells]]
    remarks: tuple[str, ...] = ()
    merged: tuple[Merged, ...] = ()
    pictures: Seen = NOTHING
    hidden: bool = False
    unseen: Unseen = field(default_factory=Unseen)
    first_column: int = 1
    """The number that its rows give to column A."""


def write_sheet(writer: MarkdownWriter, number: int, sheet: Sheet, *, is_only: bool = False) -> None:
    """Write a sheet as a page with its name as label, and as heading unless it is the only one and the name made up."""
    start = writer.begin_page()
    writer.hides = sheet.hidden
    regions = _regions(sheet.rows)
    first = next(regions, None)
    has_text = first is not None or any(sheet.remarks)
    if (has_text or sheet.pictures.paragraphs) and not (is_only and _DEFAULT_NAME.fullmatch(sheet.name.strip())):
        writer.heading(1, sheet.name)
    merged = sorted(sheet.merged, key=_row_of)
    for region in chain([first] if first else [], regions):
        if areas := merged[
            bisect_left(merged, min(region), key=_row_of) : bisect_right(merged, max(region), key=_row_of)
        ]:
            fill(region, areas)
        for table in _tables(region):
            _write_region(writer, table, areas, 1 - sheet.first_column)
    writer.blocks((*sheet.remarks, *sheet.pictures.paragraphs))
    how, reason = (NOTHING if has_text else sheet.pictures).verdict
    writer.end_page(number, start, how, reason, sheet.name)
    writer.hides = False
    if not sheet.hidden:
        writer.unseen += sheet.unseen.names(sheet.name)


def _row_of(area: Merged) -> int:
    return area.row


def title_of(sheets: Iterable[str], name: str) -> str:
    """Return a workbook's title: the first sheet name that someone gave, otherwise the file's name."""
    return next((sheet for sheet in sheets if not _DEFAULT_NAME.fullmatch(sheet.strip())), PurePath(name).stem)


def _regions(rows: Iterable[tuple[int, Cells]]) -> Iterator[Region]:
    """Yield the runs of rows between rows without text."""
    region: Region = {}
    last = 0
    for number, cells in rows:
        filled = {column: text for column, text in cells.items() if text.strip()}
        if not filled:
            continue
        if region and number > last + 1:
            yield region
            region = {}
        region[number] = filled
        last = number
    if region:
        yield region


def _tables(region: Region) -> list[Region]:
    """Return the tables side by side in a region.

    Empty columns separate tables only if each side is one by itself and they do not begin in the same row: a column left
    empty for looks must not tear rows apart.
    """
    columns = sorted({column for cells in region.values() for column in cells})
    starts = [after for before, after in pairwise(columns) if after > before + 1]
    if not starts:
        return [region]
    sides: list[Region] = [{} for _ in range(len(starts) + 1)]
    for number, cells in region.items():
        for column, text in cells.items():
            sides[bisect_right(starts, column)].setdefault(number, {})[column] = text
    begins = {min(side) for side in sides}
    if len(begins) < len(sides) or not all(map(_is_table, sides)):
        return [region]
    return [part for side in sorted(sides, key=min) for part in _regions(side.items())]


def _is_table(side: Region) -> bool:
    """Return whether several rows have several cells, without a row missing."""
    n_wide = sum(len(cells) > 1 for cells in side.values())
    return n_wide > 1 and max(side) - min(side) + 1 == len(side)


def _write_region(writer: MarkdownWriter, region: Region, merged: Sequence[Merged], shift: int) -> None:
    """Write a region; one-cell rows above a wider table are its title, and a lone column is not a table.

    ``shift``: what is added to its column numbers, so that they count from 1.
    """
    columns = sorted({column for row in region.values() for column in row})
    first = next((number for number, row in region.items() if len(row) > 1), None)
    if len(columns) == 1 or first is None:
        _write_lone(writer, region, shift)
        return
    for number in [number for number in region if number < first]:
        _write_lone(writer, {number: region.pop(number)}, shift)
    join_heads(region, merged)
    writer.table([[row.get(column, "") for column in columns] for row in region.values()])
    writer.place_rows(region, tuple(column + shift for column in columns))


def _write_lone(writer: MarkdownWriter, region: Region, shift: int) -> None:
    """Write rows with one cell each as lines."""
    writer.block("\n".join(" ".join(text.split()) for row in region.values() for text in row.values()))
    writer.place_lines((number, column + shift) for number, row in region.items() for column in row)
