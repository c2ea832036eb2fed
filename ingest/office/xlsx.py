"""The Excel reader (.xlsx, .xlsm, .xltx).

Comes in: the bytes of a workbook. Goes out: a page for each sheet, its cells as Markdown tables. Never: a macro run or a
formula computed; cells show the value that was saved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..errors import DamagedError
from ..merged import Merged
from ..notice import Notice
from ..package import Element, Package, attribute, local, open_package
from ..reading import MarkdownWriter, Reading
from ..struck import finished, struck
from ..text.symbols import as_shown, raised
from .drawing import graphics, paragraphs
from .number_format import shown_number, shown_text
from .pictures import OfficePictures, pictures_of
from .sheets import Cells, Sheet, Unseen, title_of, write_sheet

_ACCOUNTING = '_(* #,##0{0}_);_(* (#,##0{0});_(* "-"_);_(@_)'
_DOLLARS = '_($* #,##0{0}_);_($* (#,##0{0});_($* "-"_);_(@_)'
BUILT_IN_FORMATS = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 5: "$#,##0;($#,##0)", 6: "$#,##0;($#,##0)", 7: "$#,##0.00;($#,##0.00)",
    8: "$#,##0.00;($#,##0.00)", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??", 14: "yyyy-mm-dd",
    15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm", 19: "h:mm:ss", 20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm",
    27: 'yyyy"年"m"月"', 28: 'm"月"d"日"', 29: 'm"月"d"日"', 30: "yyyy-mm-dd", 31: 'yyyy"年"m"月"d"日"', 32: 'h"时"mm"分"',
    33: 'h"时"mm"分"ss"秒"', 34: 'h"时"mm"分"', 35: 'h"时"mm"分"ss"秒"', 36: 'yyyy"年"m"月"', 37: "#,##0;(#,##0)",
    38: "#,##0;(#,##0)", 39: "#,##0.00;(#,##0.00)", 40: "#,##0.00;(#,##0.00)", 41: _ACCOUNTING.format(""),
    42: _DOLLARS.format(""), 43: _ACCOUNTING.format(".00"), 44: _DOLLARS.format(".00"), 45: "mm:ss", 46: "[h]:mm:ss",
    47: "mm:ss.0", 48: "##0.0E+0", 50: 'yyyy"年"m"月"', 51: 'm"月"d"日"', 52: 'yyyy"年"m"月"', 53: 'm"月"d"日"',
    54: 'm"月"d"日"', 55: 'h"时"mm"分"', 56: 'h"时"mm"分"ss"秒"', 57: 'yyyy"年"m"月"', 58: 'm"月"d"日"',
}  # fmt: skip
"""By number; from 27 on those of Chinese versions, where the others have none."""
_REFERENCE = re.compile(r"([A-Za-z]{1,3})(\d{1,9})")
_TEXTS = ("s", "str", "inlineStr")
_TRUE = ("1", "true")
_COLUMNS = re.compile(rb"""<(?:\w+:)?col\b(?=[^>]*\bmin=["'](\d{1,5})["'])(?=[^>]*\bmax=["'](\d{1,5})["'])[^>]*>""")
_HIDDEN_COLUMN = re.compile(rb"""\bhidden=["'](?:1|true)["']|\bwidth=["']0(?:\.0*)?["']""")
_NO_HEIGHT = re.compile(r"0(?:\.0*)?")
_MOST_COLUMNS = 20_000
_MERGED = b"mergeCell "


def read_xlsx(data: bytes, name: str) -> Reading:
    """Read an Excel workbook; see ``open_package`` for what it raises."""
    with open_package(data) as package:
        return _XlsxReader(package).read(name)


class _XlsxReader:
    def __init__(self, package: Package) -> None:
        self._package = package
        self._main = package.main_part("xl/workbook.xml")
        self._relations = package.relations(self._main)
        self._workbook = package.xml(self._main)
        self._rich: set[int] = set()
        """The shared strings that have fonts of their own, by number."""
        self._strings = self._shared_strings()
        self._formats = self._cell_formats()
        self._fonts = self._cell_fonts()
        self._pictures = OfficePictures(package)
        self._since_1904 = attribute(self._workbook.find("{*}workbookPr"), "date1904") in ("1", "true")

    def read(self, name: str) -> Reading:
        writer = MarkdownWriter()
        notes: list[str] = []
        elements = self._workbook.findall("{*}sheets/{*}sheet")
        if not elements:
            raise DamagedError("The workbook has no sheets; save or download it again.")
        for number, element in enumerate(elements, start=1):
            title = attribute(element, "name")
            relation = self._relations.get(attribute(element, "id"))
            try:
                part = relation.target if relation else ""
                unseen = Unseen()
                sheet = Sheet(
                    title,
                    self._rows(part, unseen),
                    tuple(self._remarks(part)),
                    tuple(self._merged(part)),
                    self._pictures.look(self._shown_on(part), number),
                    attribute(element, "state") in ("hidden", "veryHidden"),
                    unseen,
                )
                write_sheet(writer, number, sheet, is_only=len(elements) == 1)
            except DamagedError as exc:
                start = writer.begin_page()
                writer.end_page(number, start, "failed", str(exc), title)
                notes.append(Notice("The sheet {title} could not be read.", title=title))
        title = self._package.title() or title_of((attribute(element, "name") for element in elements), name)
        notes += self._pictures.notes()
        if n_unseen := self._pictures.unseen("xl/media/"):
            notes.append(Notice("{n} picture(s) in cells or behind them were left out.", n=n_unseen))
        return writer.finish(title, notes=notes)

    def _part(self, kind: str) -> Element | None:
        targets = [relation.target for relation in self._relations.values() if relation.kind == kind]
        return self._package.optional_xml(targets[0]) if targets else None

    def _shared_strings(self) -> list[str]:
        root = self._part("sharedStrings")
        items = root.findall("{*}si") if root is not None else []
        self._rich = {at for at, item in enumerate(items) if item.find("{*}r") is not None}
        return [_rich_text(item) for item in items]

    def _cell_formats(self) -> list[str]:
        root = self._part("styles")
        if root is None:
            return []
        codes = dict(BUILT_IN_FORMATS)
        for element in root.iterfind("{*}numFmts/{*}numFmt"):
            codes[_integer(attribute(element, "numFmtId"))] = attribute(element, "formatCode")
        return [codes.get(_integer(attribute(e, "numFmtId")), "General") for e in root.iterfind("{*}cellXfs/{*}xf")]

    def _rows(self, part: str, unseen: Unseen) -> Iterator[tuple[int, Cells]]:
        number = 0
        columns = self._hidden_columns(part)
        for row in self._package.elements(part, "row"):
            number = _integer(attribute(row, "r")) or number + 1
            cells: dict[int, str] = {}
            column = 0
            is_hidden = attribute(row, "hidden") in _TRUE or bool(_NO_HEIGHT.fullmatch(attribute(row, "ht")))
            for cell in row.iterfind("{*}c"):
                match = _REFERENCE.fullmatch(attribute(cell, "r"))
                column = _column_number(match[1]) if match else column + 1
                if text := self._shown(cell):
                    text = self._set(cell, text)
                    cells[column] = unseen.shown(text, number * is_hidden, column * (column in columns))
            yield number, cells

    def _hidden_columns(self, part: str) -> frozenset[int]:
        """Return a sheet's hidden columns, listed before its rows."""
        start = self._package.read(part).partition(b"<sheetData")[0]
        spans = (match.groups() for match in _COLUMNS.finditer(start) if _HIDDEN_COLUMN.search(match[0]))
        return frozenset(
            at for low, high in spans for at in range(int(low), min(int(high), int(low) + _MOST_COLUMNS) + 1)
        )

    def _set(self, cell: Element, text: str) -> str:
        """Return a cell's text as its font shows it; the parts of a text in several fonts have theirs."""
        index = _integer(attribute(cell, "s"))
        is_struck, font = self._fonts[index] if index < len(self._fonts) else (False, "")
        text = text if self._is_rich(cell) else as_shown(text, font)
        return struck(text) if is_struck else text

    def _is_rich(self, cell: Element) -> bool:
        kind = attribute(cell, "t")
        return cell.find("{*}is/{*}r") is not None or (
            kind == "s" and _integer(cell.findtext("{*}v") or "") in self._rich
        )

    def _cell_fonts(self) -> list[tuple[bool, str]]:
        """Return whether each cell format strikes out, and its font."""
        root = self._part("styles")
        if root is None:
            return []
        known = root.iterfind("{*}fonts/{*}font")
        fonts = [(_is_on(font.find("{*}strike")), attribute(font.find("{*}name"), "val")) for font in known]
        indexes = (_integer(attribute(form, "fontId")) for form in root.iterfind("{*}cellXfs/{*}xf"))
        return [fonts[index] if index < len(fonts) else (False, "") for index in indexes]

    def _merged(self, part: str) -> Iterator[Merged]:
        """Yield a sheet's merged cells, listed after its rows."""
        if _MERGED not in self._package.read(part):
            return
        for element in self._package.elements(part, "row", "mergeCell"):
            if local(element) == "row":
                continue
            ends = [_REFERENCE.fullmatch(end) for end in attribute(element, "ref").split(":")]
            if len(ends) == 2 and ends[0] and ends[1]:  # noqa: PLR2004  from and to
                (left, right), (top, bottom) = (sorted(of(end) for end in ends if end) for of in (_column_of, _row_of))
                yield Merged(top, left, right - left + 1, bottom - top + 1)

    def _shown(self, cell: Element) -> str:
        kind = attribute(cell, "t", "n")
        value = self._value(cell, kind)
        return shown_text(value, self._format(cell)) if value and kind in _TEXTS else value

    def _format(self, cell: Element) -> str:
        index = _integer(attribute(cell, "s"))
        return self._formats[index] if index < len(self._formats) else "General"

    def _value(self, cell: Element, kind: str) -> str:
        if kind == "inlineStr":
            inline = cell.find("{*}is")
            return _rich_text(inline) if inline is not None else ""
        value = cell.findtext("{*}v") or ""
        if not value:
            formula = cell.findtext("{*}f") or ""
            return f"={formula}" if formula else ""
        if kind == "s":
            index = _integer(value)
            return self._strings[index] if index < len(self._strings) else ""
        if kind == "b":
            return "TRUE" if value == "1" else "FALSE"
        return self._shown_number(value, self._format(cell)) if kind == "n" else value

    def _shown_number(self, value: str, code: str) -> str:
        try:
            return shown_number(float(value), code, since_1904=self._since_1904)
        except (ValueError, OverflowError):
            return value

    def _shown_on(self, part: str) -> Iterator[str]:
        """Yield the pictures that lie on a sheet."""
        for relation in self._package.relations(part).values():
            if relation.kind == "drawing" and not relation.external:
                yield from pictures_of(self._package, relation.target)

    def _remarks(self, part: str) -> Iterator[str]:
        """Yield what is on a sheet but in no cell: comments, text boxes, charts."""
        for relation in self._package.relations(part).values():
            root = None if relation.external else self._package.optional_xml(relation.target)
            if root is None:
                continue
            if relation.kind == "comments":
                for comment in root.iter("{*}comment"):
                    yield f"Comment ({attribute(comment, 'ref')}): {' '.join(_rich_text(comment).split())}"
            elif relation.kind == "drawing":
                yield from filter(None, ("\n".join(paragraphs(box)) for box in root.iter("{*}txBody")))
                yield from graphics(self._package, relation.target)


def _rich_text(element: Element) -> str:
    """Return the text of a string item or comment without its phonetic guide."""
    return finished("".join(map(_run, (t for t in element.iter("{*}t") if local(t.getparent()) != "rPh"))))


def _run(text: Element) -> str:
    run = text.getparent()
    properties = run.find("{*}rPr") if run is not None else None
    if properties is None:
        return text.text or ""
    shown = as_shown(text.text or "", attribute(properties.find("{*}rFont"), "val"))
    if attribute(properties.find("{*}vertAlign"), "val") == "superscript":
        shown = raised(shown)
    return struck(shown) if _is_on(properties.find("{*}strike")) else shown


def _is_on(element: Element | None) -> bool:
    return element is not None and attribute(element, "val", "1") in _TRUE


def _column_of(reference: re.Match[str]) -> int:
    return _column_number(reference[1])


def _row_of(reference: re.Match[str]) -> int:
    return int(reference[2])


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _integer(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 10 else 0  # noqa: PLR2004  longer ones are damage
