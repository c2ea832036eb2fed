"""Sheets become Markdown: one page a sheet, one table a region of cells.

Comes in: cells by row and column, as text. Goes out: pages of a ``MarkdownWriter``. Never: a cell left out.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, pairwise
from pathlib import PurePath

from ..images.pictures import NOTHING, Seen
from ..merged import Merged, Row, fill, join_heads
from ..reading import MarkdownWriter

Cells = Mapping[int, str]
"""A row: the text by column number; columns without text are absent."""
Region = dict[int, Row]
"""Rows by their numbers."""

_DEFAULT_NAME = re.compile(r"(?:sheet|工作表|表|tabelle|feuil|hoja|foglio|лист|シート)\s*\d*", re.IGNORECASE)
_NO_LITERALS = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.')
_EPOCH_1900, _EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001  sheets know no time zones
_MAX_SERIAL = 2_958_466  # 31 December 9999


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet's name, its rows in order, each with its number (from 1), and texts that stand in no cell."""

    name: str
    rows: Iterable[tuple[int, Cells]]
    remarks: tuple[str, ...] = ()
    merged: tuple[Merged, ...] = ()
    pictures: Seen = NOTHING
    hidden: bool = False


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
            _write_region(writer, table, areas)
    writer.blocks((*sheet.remarks, *sheet.pictures.paragraphs))
    how, reason = (NOTHING if has_text else sheet.pictures).verdict
    writer.end_page(number, start, how, reason, sheet.name)
    writer.hides = False


def _row_of(area: Merged) -> int:
    return area.row


def title_of(sheets: Iterable[str], name: str) -> str:
    """Return a title for a workbook: the first sheet's name that someone gave it, else the file's."""
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
    """Return the tables that stand beside each other in a region.

    Empty columns part tables only where each side is one by itself, and they do not begin in the same row: a column left
    empty for its looks must not tear rows apart.
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


def _write_region(writer: MarkdownWriter, region: Region, merged: Sequence[Merged]) -> None:
    """Write a region; rows of one cell above a wider table are its title, and one column alone is no table."""
    columns = sorted({column for row in region.values() for column in row})
    first = next((number for number, row in region.items() if len(row) > 1), None)
    if len(columns) == 1 or first is None:
        writer.block("\n".join(" ".join(text.split()) for row in region.values() for text in row.values()))
        return
    for number in [number for number in region if number < first]:
        writer.block(" ".join(next(iter(region.pop(number).values())).split()))
    join_heads(region, merged)
    writer.table([[row.get(column, "") for column in columns] for row in region.values()])


def shown_number(value: float, number_format: str, *, since_1904: bool = False) -> str:
    """Return a number as a sheet shows it under a format code (ECMA-376 part 1, 18.8.31); dates as ISO 8601."""
    code = _NO_LITERALS.sub("", number_format.partition(";")[0])
    if (
        code.casefold() not in ("general", "@")
        and re.search("[ymdhs]", code, re.IGNORECASE)
        and 0 <= value < _MAX_SERIAL
    ):
        return _shown_date(value, code.casefold(), since_1904=since_1904)
    match = re.search(r"[0#?](?:\.([0#?]+))?(?=[^0#?.]*$)", code)
    if "E" in code or not match or "/" in code:
        return plain_number(value)
    decimals = match[1] or ""
    if "%" in code:
        value *= 100
    text = f"{value:{',' if ',' in code else ''}.{len(decimals)}f}"
    optional = len(decimals) - len(decimals.rstrip("#?"))
    for _ in range(optional):
        text = text.removesuffix("0")
    return text.removesuffix(".") + ("%" if "%" in code else "")


def plain_number(value: float) -> str:
    """Return a number without a format: whole ones without a point, others with up to 15 digits."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else f"{value:.15g}"  # noqa: PLR2004


def _shown_date(serial: float, code: str, *, since_1904: bool) -> str:
    moment = (_EPOCH_1904 if since_1904 else _EPOCH_1900) + timedelta(seconds=round(serial * 86400))
    has_day, has_time = bool(re.search("[yd]", code)), bool(re.search("[hs]", code))
    clock = "%H:%M:%S" if moment.second or "s" in code else "%H:%M"
    if has_time and (not has_day or (serial < 1 and not has_day)):
        return moment.strftime(clock)
    if not has_time and "d" not in code:
        return moment.strftime("%Y-%m" if "m" in code else "%Y")
    return moment.strftime(f"%Y-%m-%d {clock}" if has_time else "%Y-%m-%d")
