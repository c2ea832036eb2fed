"""The reader of binary Excel workbooks (.xlsb).

Comes in: the bytes of a package. Goes out: a page for each sheet, its cells as Markdown tables. Never: a formula computed.
Cells show the value that was saved. ([MS-XLSB] 2.)
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ..errors import DamagedError
from ..merged import Merged
from ..package import Package, open_package
from ..reading import MarkdownWriter, Reading
from ..struck import struck
from .number_format import shown_number, shown_text
from .sheets import Cells, Sheet, Unseen, title_of, write_sheet
from .xlsx import BUILT_IN_FORMATS

_ROW, _COLUMN, _SHEET, _PROPERTIES, _STRING, _MERGED = 0, 60, 156, 153, 19, 176
_FONT, _FORMAT, _LOOK, _LOOKS_BEGIN, _LOOKS_END = 43, 44, 47, 617, 618
_RK, _ERROR, _BOOL, _REAL, _TEXT, _SHARED = 2, 3, 4, 5, 6, 7
_LAST_CELL = 11
_SAME_AS = {8: _TEXT, 9: _REAL, 10: _BOOL, 11: _ERROR}
"""A formula's cell holds its value as a cell of that kind does."""
_ERRORS = {
    0: "#NULL!",
    7: "#DIV/0!",
    15: "#VALUE!",
    23: "#REF!",
    29: "#NAME?",
    36: "#NUM!",
    42: "#N/A",
    43: "#GETTING_DATA",
}
_HIDDEN_ROW, _STRIKEOUT, _MOST_COLUMNS = 0x10, 0x08, 16_384

_Look = tuple[str, bool]
"""The number format of a cell, and whether its font strikes out."""


def read_xlsb(data: bytes, name: str) -> Reading:
    """Read a binary Excel workbook; see ``open_package`` for what it raises."""
    with open_package(data) as package:
        main = package.main_part("xl/workbook.bin")
        relations = package.relations(main)
        records = list(_records(package.read(main)))
        since_1904 = any(kind == _PROPERTIES and content[0] & 1 for kind, content in records if content)
        sheets = [_sheet(content) for kind, content in records if kind == _SHEET]
        if not sheets:
            raise DamagedError("The workbook has no sheets; save or download it again.")
        parts = {relation.kind: relation.target for relation in relations.values()}
        strings = [
            _wide(content, 1)[0] for kind, content in _part(package, parts.get("sharedStrings", "")) if kind == _STRING
        ]
        shown = _Shown(strings, _looks(list(_part(package, parts.get("styles", "")))), since_1904=since_1904)
        writer = MarkdownWriter()
        for number, (title, relation, is_hidden) in enumerate(sheets, start=1):
            target = relations[relation].target if relation in relations else ""
            content = list(_part(package, target))
            merged = tuple(_merged(one) for kind, one in content if kind == _MERGED)
            unseen = Unseen()
            rows = _rows(content, shown, unseen)
            sheet = Sheet(title, rows, merged=merged, hidden=is_hidden, unseen=unseen, first_column=0)
            write_sheet(writer, number, sheet, is_only=len(sheets) == 1)
        return writer.finish(package.title() or title_of((title for title, *_ in sheets), name))


class _Shown:
    """What a workbook says of its cells elsewhere."""

    def __init__(self, strings: list[str], looks: list[_Look], *, since_1904: bool) -> None:
        self._strings = strings
        self._looks = looks
        self._since_1904 = since_1904

    def text(self, kind: int, content: bytes) -> str:
        """Return what a cell shows."""
        kind = _SAME_AS.get(kind, kind)
        look = int.from_bytes(content[4:7], "little")
        code, is_struck = self._looks[look] if look < len(self._looks) else ("General", False)
        text = self._value(kind, content[8:], code)
        return struck(text) if is_struck else text

    def _value(self, kind: int, value: bytes, code: str) -> str:
        if kind == _SHARED:
            index = int.from_bytes(value[:4], "little")
            return shown_text(self._strings[index], code) if index < len(self._strings) else ""
        if kind == _TEXT:
            return shown_text(_wide(value, 0)[0], code)
        if kind == _BOOL:
            return "TRUE" if value[:1] == b"\1" else "FALSE"
        if kind == _ERROR:
            return _ERRORS.get(value[0] if value else -1, "#ERROR")
        number = _rk(value) if kind == _RK else struct.unpack("<d", value[:8].ljust(8, b"\0"))[0]
        return shown_number(number, code, since_1904=self._since_1904)


def _rows(content: list[tuple[int, bytes]], shown: _Shown, unseen: Unseen) -> Iterator[tuple[int, Cells]]:
    columns = {column for kind, one in content if kind == _COLUMN for column in _hidden_columns(one)}
    number, is_hidden = 0, False
    cells: dict[int, str] = {}
    for kind, one in content:
        if kind == _ROW:
            yield number, cells
            number, cells = int.from_bytes(one[:4], "little") + 1, {}
            is_hidden = len(one) > 11 and bool(one[11] & _HIDDEN_ROW)  # noqa: PLR2004
        elif _RK <= kind <= _LAST_CELL and number and (text := shown.text(kind, one)):
            column = int.from_bytes(one[:4], "little")
            cells[column] = unseen.shown(text, number * is_hidden, (column + 1) * (column in columns))
    yield number, cells


def _hidden_columns(content: bytes) -> range:
    first, last, _, _, flags = struct.unpack("<4IH", content[:18].ljust(18, b"\0"))
    return range(first, min(last, first + _MOST_COLUMNS) + 1) if flags & 1 else range(0)


def _sheet(content: bytes) -> tuple[str, str, bool]:
    """Return a sheet's name, its relation, and whether it is hidden."""
    relation, at = _wide(content, 8)
    return _wide(content, at)[0], relation, content[:1] not in (b"\0", b"")


def _merged(content: bytes) -> Merged:
    top, bottom, left, right = struct.unpack("<4I", content[:16].ljust(16, b"\0"))
    return Merged(top + 1, left, right - left + 1, bottom - top + 1)


def _looks(content: list[tuple[int, bytes]]) -> list[_Look]:
    codes = dict(BUILT_IN_FORMATS)
    fonts: list[bool] = []
    looks: list[_Look] = []
    among_cells = False
    for kind, one in content:
        if kind == _FORMAT:
            codes[int.from_bytes(one[:2], "little")] = _wide(one, 2)[0]
        elif kind == _FONT:
            fonts.append(len(one) > 2 and bool(one[2] & _STRIKEOUT))  # noqa: PLR2004
        elif kind in (_LOOKS_BEGIN, _LOOKS_END):
            among_cells = kind == _LOOKS_BEGIN
        elif kind == _LOOK and among_cells:
            code, font = struct.unpack("<2H", one[2:6].ljust(4, b"\0"))
            looks.append((codes.get(code, "General"), font < len(fonts) and fonts[font]))
    return looks


def _rk(value: bytes) -> float:
    """Return a four-byte number: an integer or the upper half of a double, maybe times 100."""
    raw = int.from_bytes(value[:4], "little")
    if raw & 2:
        number = float((raw >> 2) - (1 << 30 if raw & 0x80000000 else 0))
    else:
        number = struct.unpack("<d", b"\0\0\0\0" + (raw & 0xFFFFFFFC).to_bytes(4, "little"))[0]
    return number / 100 if raw & 1 else number


def _wide(content: bytes, at: int) -> tuple[str, int]:
    """Return a length-prefixed string, and where it ends."""
    count = int.from_bytes(content[at : at + 4], "little")
    stop = at + 4 + 2 * min(count, len(content))
    return content[at + 4 : stop].decode("utf-16-le", "replace"), stop


def _part(package: Package, name: str) -> Iterator[tuple[int, bytes]]:
    return _records(package.optional(name)) if name else iter(())


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield kind and content of a part's records ([MS-XLSB] 2.1.4)."""
    at = 0
    while at < len(data):
        kind, at = _varied(data, at, 2)
        size, at = _varied(data, at, 4)
        yield kind, data[at : at + size]
        at += size


def _varied(data: bytes, at: int, most: int) -> tuple[int, int]:
    """Return a number of seven bits per byte, low bits first, and where it ends."""
    number = 0
    for place in range(most):
        byte = data[at + place] if at + place < len(data) else 0
        number |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:  # noqa: PLR2004
            return number, at + place + 1
    return number, at + most
