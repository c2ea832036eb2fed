"""The reader of Excel workbooks from before 2007 (.xls).

Comes in: the bytes of a workbook. Goes out: a page for each sheet, its cells as Markdown tables, and the text in its pictures.
Never: a macro run or a formula computed. The only file that imports xlrd.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from ..errors import DamagedError, EmptyFileError, EncryptedError
from ..images.pictures import NOTHING, Pictures
from ..merged import Merged
from ..notice import Notice
from ..reading import MarkdownWriter, Reading
from ..struck import finished, struck
from ..text.symbols import as_shown, raised
from .number_format import shown_number, shown_text
from .sheets import Cells, Sheet, Unseen, column_letters, title_of, write_sheet
from .xls_pictures import pictures_of_sheets

_RAISED = 1
"""How xlrd calls a superscript."""

if TYPE_CHECKING:
    import xlrd  # type: ignore[import-untyped]  # it has no stubs


def read_xls(data: bytes, name: str) -> Reading:
    """Read an Excel workbook.

    Raises: EmptyFileError, EncryptedError, DamagedError.
    """
    if not data:
        raise EmptyFileError("The file is empty.")
    book = _opened(data)
    writer = MarkdownWriter()
    pictures = Pictures()
    shown = dict(enumerate(pictures_of_sheets(_stream(data)), start=1))
    for number in range(1, book.nsheets + 1):
        try:
            sheet = book.sheet_by_index(number - 1)
            notes = getattr(sheet, "cell_note_map", {})
            remarks = tuple(
                f"Comment ({column_letters(column + 1)}{row + 1}): {' '.join(note.text.split())}"
                for (row, column), note in sorted(notes.items())
                if note.text
            )
            merged = tuple(
                Merged(top + 1, left, right - left, bottom - top) for top, bottom, left, right in sheet.merged_cells
            )
            seen = sum((pictures.see(*picture, number) for picture in shown.get(number, ())), NOTHING)
            unseen = Unseen()
            rows = _rows(book, sheet, unseen)
            made = Sheet(sheet.name, rows, remarks, merged, seen, sheet.visibility != 0, unseen, first_column=0)
            write_sheet(writer, number, made, is_only=book.nsheets == 1)
        except Exception as exc:  # noqa: BLE001  xlrd reports damage as struct.error, AssertionError, IndexError, ...
            start = writer.begin_page()
            writer.end_page(number, start, "failed", Notice("The sheet is damaged ({kind}).", kind=type(exc).__name__))
    return writer.finish(title_of(book.sheet_names(), name), notes=tuple(pictures.notes()))


def _opened(data: bytes) -> xlrd.book.Book:
    import xlrd

    try:
        return xlrd.open_workbook(file_contents=data, logfile=io.StringIO(), formatting_info=True)
    except Exception as exc:
        said = " ".join(str(exc).split())[:120] or type(exc).__name__
        if "encrypted" in said or "password" in said:
            raise EncryptedError(
                "The workbook needs a password; save it once without one and ingest that copy."
            ) from exc
        raise DamagedError("The workbook is damaged ({said}); save or download it again.", said=said) from exc


def _stream(data: bytes) -> bytes:
    """Return a workbook's records, from the compound file that holds them; none if it is too damaged."""
    from xlrd import compdoc

    if not data.startswith(compdoc.SIGNATURE):
        return data
    try:
        container = compdoc.CompDoc(data, logfile=io.StringIO())
        found = (container.locate_named_stream(name) for name in ("Workbook", "Book"))
        memory, start, size = next(place for place in found if place[0])
    except Exception:  # noqa: BLE001  as above
        return b""
    return bytes(memory[start : start + size])


def _rows(book: xlrd.book.Book, sheet: xlrd.sheet.Sheet, unseen: Unseen) -> Iterator[tuple[int, Cells]]:
    columns = {column for column, info in sheet.colinfo_map.items() if info.hidden}
    for row in range(sheet.nrows):
        is_hidden = row in sheet.rowinfo_map and bool(sheet.rowinfo_map[row].hidden)
        cells: dict[int, str] = {}
        for column, cell in enumerate(sheet.row(row)):
            if text := _rich(book, sheet, row, column) or _set(
                book, _font_of(book, cell), _shown(book, cell), whole=True
            ):
                cells[column] = unseen.shown(text, (row + 1) * is_hidden, (column + 1) * (column in columns))
        yield row + 1, cells


def _font_of(book: xlrd.book.Book, cell: xlrd.sheet.Cell) -> int:
    known = cell.xf_index is not None and cell.xf_index < len(book.xf_list)
    return int(book.xf_list[cell.xf_index].font_index) if known else -1


def _set(book: xlrd.book.Book, font: int, text: str, *, whole: bool = False) -> str:
    """Return text as a font shows it: struck out, its letters as signs, or raised if it is not a whole cell."""
    if not text or not 0 <= font < len(book.font_list):
        return text
    how = book.font_list[font]
    text = as_shown(text, how.name)
    text = raised(text) if how.escapement == _RAISED and not whole else text
    return struck(text) if how.struck_out else text


def _rich(book: xlrd.book.Book, sheet: xlrd.sheet.Sheet, row: int, column: int) -> str:
    """Return the text of a cell in several fonts; "" for any other."""
    runs = getattr(sheet, "rich_text_runlist_map", {}).get((row, column))
    if not runs:
        return ""
    cell = sheet.cell(row, column)
    text = str(cell.value)
    starts = [(0, _font_of(book, cell)), *runs, (len(text), -1)]
    pieces = (_set(book, font, text[start:stop]) for (start, font), (stop, _) in pairwise(starts))
    return finished("".join(pieces)).strip()


def _shown(book: xlrd.book.Book, cell: xlrd.sheet.Cell) -> str:
    import xlrd

    known = cell.xf_index is not None and cell.xf_index < len(book.xf_list)
    form = book.format_map.get(book.xf_list[cell.xf_index].format_key) if known else None
    code = form.format_str if form else "General"
    if cell.ctype in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
        return shown_number(cell.value, code, since_1904=bool(book.datemode))
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "TRUE" if cell.value else "FALSE"
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, "#ERROR"))
    return shown_text(str(cell.value), code).strip()
