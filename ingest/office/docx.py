"""The Word reader (.docx, .docm, .dotx).

Comes in: the bytes of an Office Open XML text document. Goes out: Markdown, with the text in pictures in place, and
notes, comments, headers and footers after the body. Never: deleted text, field codes, or formatting that does not change
the meaning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from ..errors import DamagedError, ReadError
from ..merged import Merged, Row, table_of
from ..notice import Notice
from ..package import Element, Package, attribute, local, open_package
from ..reading import MarkdownWriter, Reading, read_inside
from ..struck import finished, hidden, struck
from ..text.symbols import as_shown, raised
from .docx_numbers import read_lists
from .docx_styles import Styles, numbering_of, outline_of, style_of
from .drawing import graphics, said_by
from .formulas import linear
from .pictures import OfficePictures, images_beside

_SKIPPED = {
    "del",
    "moveFrom",
    "delText",
    "instrText",
    "pPr",
    "rPr",
    "sdtPr",
    "sdtEndPr",
    "tblPr",
    "tcPr",
    "trPr",
    "txbxContent",
    "rt",
}
_CHARACTERS = {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "softHyphen": "", "ptab": " "}
_MARKS: dict[str, Callable[[str], str]] = {"": str, "struck": struck, "hidden": hidden}
_CODE = re.compile("[0-9A-Fa-f]{1,4}")
_NOTE_PARTS = ("footnotes", "endnotes")


def read_docx(data: bytes, name: str) -> Reading:
    """Read a Word document.

    Raises: EmptyFileError, EncryptedError, DamagedError, TooLargeError, UnsupportedError; see ``open_package``.
    """
    del name
    with open_package(data) as package:
        main = package.main_part("word/document.xml")
        body = package.xml(main).find("{*}body")
        if body is None:
            raise DamagedError("The file holds no text document; save or download it again.")
        return _DocxReader(package, main).read(body)


class _DocxReader:
    def __init__(self, package: Package, main: str) -> None:
        self._package = package
        self._main = main
        self._relations = package.relations(main)
        self._styles = Styles(self._part("styles"))
        self._numbering = read_lists(self._part("numbering"))
        self._writer = MarkdownWriter()
        self._pictures = OfficePictures(package)
        self._comments = self._read_comments()
        self._n_left_out = 0
        self._items: list[str] = []
        self._code: list[str] = []

    def read(self, body: Element) -> Reading:
        self._blocks(body)
        self._end_runs()
        for graphic in graphics(self._package, self._main):
            self._writer.block(graphic)
        for kind in _NOTE_PARTS:
            self._write_notes(kind)
        self._writer.blocks(self._comments.values())
        self._write_margins(body)
        embedded = sum("/embeddings/" in name for name in self._package.names) + self._n_left_out
        notes = [Notice("{n} embedded object(s) were left out.", n=embedded)] if embedded else []
        return self._writer.finish(self._package.title(), notes=[*notes, *self._pictures.notes()])

    def _part(self, kind: str) -> Element | None:
        for relation in self._relations.values():
            if relation.kind == kind and not relation.external:
                return self._package.optional_xml(relation.target)
        return None

    def _blocks(self, parent: Element) -> None:
        for element in _block_elements(parent):
            if local(element) == "p":
                self._paragraph(element)
            elif local(element) == "tbl":
                self._table(element)
            else:
                self._part_of_another_kind(element)

    def _paragraph(self, element: Element) -> None:
        text = _text(element, self._styles).strip()
        properties = element.find("{*}pPr")
        style = style_of(element)
        outline = outline_of(properties)
        level = self._styles.heading_level(style) if outline is None else (outline + 1) % 10
        if self._styles.is_code(style):
            self._end_items()
            self._code.append(_text(element, self._styles))
        elif text:
            self._end_code()
            self._text_block(text, level, *self._marker(element))
        else:
            self._marker(element)
            if not self._items:
                self._end_code()
        self._write_comments(element)
        for box in _text_boxes(element):
            self._end_runs()
            self._blocks(box)
        self._write_pictures(element)

    def _numbered(self, properties: Element | None, style: str) -> tuple[str, int]:
        """Return the list a paragraph is an item of, from its own properties before its style's, and its depth there."""
        own, of_style = numbering_of(properties), self._styles.numbering(style)
        number_id = (own and own[0]) or (of_style and of_style[0]) or ""
        depth = next((each[1] for each in (own, of_style) if each and each[1] is not None), None)
        return number_id, self._numbering.depth(number_id, self._styles.names(style)) if depth is None else depth

    def _marker(self, element: Element) -> tuple[str, int]:
        """Count a paragraph that Word numbers, empty or not, and return its marker and depth; "" for none."""
        properties, style = element.find("{*}pPr"), style_of(element)
        number_id, depth = self._numbered(properties, style)
        if number_id in ("", "0") or self._is_unseen(element, properties, style):
            return "", depth
        return self._numbering.marker(number_id, depth), depth

    def _is_unseen(self, element: Element, properties: Element | None, style: str) -> bool:
        """Return whether a paragraph is hidden with its end, or was deleted with it: Word does not number it."""
        if properties is None:
            return False
        runs = [run for run in element.iter("{*}r") if run.find("{*}t") is not None]
        if self._styles.shown(properties, style) == "hidden":
            return all(self._styles.shown(run, style) == "hidden" for run in runs)
        return not runs and any(properties.find("{*}rPr/{*}" + name) is not None for name in ("del", "moveFrom"))

    def _cell_paragraph(self, element: Element) -> str:
        """Return a paragraph in a cell as one text, with its number."""
        marker, _ = self._marker(element)
        text = _text(element, self._styles).strip()
        return f"{marker} {text}".strip() if marker != "-" else text

    def _part_of_another_kind(self, element: Element) -> None:
        """Write what a program pasted as a separate file: a page, an RTF letter, another document."""
        self._end_runs()
        relation = self._relations.get(attribute(element, "id"))
        if relation is None or relation.external:
            return
        try:
            self._writer.reading(read_inside(self._package.read(relation.target), relation.target))
        except ReadError:
            self._n_left_out += 1

    def _text_block(self, text: str, level: int, marker: str, depth: int) -> None:
        if level:
            self._end_items()
            self._writer.heading(level, f"{marker} {text}" if marker not in ("", "-") else text)
        elif marker:
            indent = "  " * depth
            self._items.append(f"{indent}{marker} " + text.replace("\n", f"\n{indent}  "))
        else:
            self._end_items()
            self._writer.block(text)

    def _table(self, element: Element) -> None:
        self._end_runs()
        placed = list(_placed(element))
        cells = [cell for *_, cell in placed if cell is not None]
        if len(cells) == 1:  # a frame drawn around text
            self._blocks(cells[0])
            self._end_runs()
            return
        self._writer.table(_filled(placed, self._cell_paragraph))
        self._write_comments(element)
        for cell in cells:
            for box in _text_boxes(cell):
                self._blocks(box)
            self._write_pictures(cell)

    def _write_pictures(self, element: Element) -> None:
        """Write the text in the pictures anchored in an element."""
        named = (self._relations.get(picture) for picture in _pictures(element))
        seen = self._pictures.look(relation.target for relation in named if relation and not relation.external)
        if seen.paragraphs:
            self._end_runs()
            self._writer.blocks(seen.paragraphs)

    def _write_notes(self, kind: str) -> None:
        root = self._part(kind)
        for note in root if root is not None else ():
            text = " ".join(" ".join(_text(p, self._styles) for p in note.iter("{*}p")).split())
            if not text or attribute(note, "type") in ("separator", "continuationSeparator", "continuationNotice"):
                continue
            self._writer.block(f"{_reference(kind, attribute(note, 'id'))}: {text}")

    def _read_comments(self) -> dict[str, str]:
        """Return the comments' texts, by id."""
        root = self._part("comments")
        found: dict[str, str] = {}
        for comment in root if root is not None else ():
            text = " ".join(" ".join(_text(p, self._styles) for p in comment.iter("{*}p")).split())
            if text:
                said = said_by(attribute(comment, "author"), attribute(comment, "date"))
                found[attribute(comment, "id")] = f"{said}: {text}"
        return found

    def _write_comments(self, element: Element) -> None:
        """Write an element's comments after it; within a list, as part of the item."""
        named = (attribute(reference, "id") for reference in element.iter("{*}commentReference"))
        for comment in filter(None, (self._comments.pop(each, "") for each in named)):
            if self._items:
                self._items[-1] += f"\n{' ' * (len(self._items[-1]) - len(self._items[-1].lstrip()) + 2)}{comment}"
            else:
                self._end_code()
                self._writer.block(comment)

    def _write_margins(self, body: Element) -> None:
        """Write each header and footer once, after everything else."""
        seen: set[str] = set()
        for reference in body.iter("{*}headerReference", "{*}footerReference"):
            relation = self._relations.get(attribute(reference, "id"))
            root = self._package.optional_xml(relation.target) if relation else None
            paragraphs = root.iter("{*}p") if root is not None else ()
            text = "\n".join(filter(None, (_text(p, self._styles).strip() for p in paragraphs)))
            if text not in seen and any(c.isalpha() for c in text):
                self._writer.block(text)
            seen.add(text)
            if relation:
                self._writer.blocks(self._pictures.look(images_beside(self._package, relation.target)).paragraphs)

    def _end_runs(self) -> None:
        self._end_items()
        self._end_code()

    def _end_items(self) -> None:
        self._writer.block("\n".join(self._items))
        self._items = []

    def _end_code(self) -> None:
        if "".join(self._code).strip():
            self._writer.code("\n".join(self._code))
        self._code = []


def _block_elements(parent: Element) -> Iterator[Element]:
    """Yield the paragraphs and tables of a container, unwrapping mere wrappers."""
    for element in parent:
        name = local(element)
        if name in ("p", "tbl", "altChunk"):
            yield element
        elif name not in _SKIPPED:
            yield from _block_elements(_chosen(element))


def _chosen(element: Element) -> Element:
    """Return the branch of an mc:AlternateContent that holds text; any other element as it is."""
    if local(element) != "AlternateContent":
        return element
    branches = [branch for branch in element if any(True for _ in branch.iter("{*}t"))]
    return branches[0] if branches else element


def _text(element: Element, styles: Styles) -> str:
    """Return the text of a paragraph, marking what is struck out or hidden."""
    return finished("".join(_pieces(element, styles, style_of(element))))


def _pieces(element: Element, styles: Styles, style: str) -> Iterator[str]:
    for child in element:
        name = local(child)
        if name in _SKIPPED:
            continue
        if name == "r":
            yield _MARKS[styles.shown(child, style)]("".join(_pieces(child, styles, style)))
        elif name == "t":
            yield _set(child.text or "", element.find("{*}rPr"))
        elif name in _CHARACTERS:
            yield _CHARACTERS[name]
        elif name == "sym":
            code = attribute(child, "char")
            yield as_shown(chr(int(code, 16)), attribute(child, "font")) if _CODE.fullmatch(code) else ""
        elif name in ("footnoteReference", "endnoteReference"):
            yield _reference(name.replace("Reference", "s"), attribute(child, "id"))
        elif name == "oMath":
            yield linear(child)
        else:
            yield from _pieces(_chosen(child), styles, style)


def _set(text: str, properties: Element | None) -> str:
    """Return the text of a run as its font and position show it."""
    if properties is None:
        return text
    text = as_shown(text, attribute(properties.find("{*}rFonts"), "ascii"))
    return raised(text) if attribute(properties.find("{*}vertAlign"), "val") == "superscript" else text


def _reference(kind: str, number: str) -> str:
    return f"[^{'e' if kind == 'endnotes' else ''}{number}]"


def _text_boxes(element: Element) -> Iterator[Element]:
    """Yield the outermost text boxes anchored in an element, once if given in two forms."""
    for child in element:
        if local(child) == "txbxContent":
            yield child
        elif local(child) not in _SKIPPED:
            yield from _text_boxes(_chosen(child))


def _pictures(element: Element) -> Iterator[str]:
    """Yield the relations of an element's pictures, except those that only stand for an embedded object."""
    for child in element:
        name = local(child)
        if name in ("blip", "imagedata"):
            yield attribute(child, "embed") or attribute(child, "id")
        if name not in _SKIPPED and name != "object":
            yield from _pictures(child)


_Placed = tuple[int, int, int, Element | None]
"""Row, column and columns taken by a cell; None for one continued from the row above."""
_Say = Callable[[Element], str]
"""Returns the text of a paragraph, counting it if it is numbered."""


def _placed(table: Element) -> Iterator[_Placed]:
    for number, row in enumerate(_descend(table, "tr")):
        column = _count(row.find("{*}trPr/{*}gridBefore"), 0)
        for cell in _descend(row, "tc"):
            properties = cell.find("{*}tcPr")
            merged = properties.find("{*}vMerge") if properties is not None else None
            goes_on = merged is not None and attribute(merged, "val", "continue") == "continue"
            span = _count(properties.find("{*}gridSpan") if properties is not None else None, 1)
            yield number, column, span, None if goes_on else cell
            column += span


def _filled(placed: list[_Placed], say: _Say) -> list[list[str]]:
    """Return a table's rows, with the text of merged cells in each cell they cover."""
    rows: dict[int, Row] = {}
    merged: dict[tuple[int, int], Merged] = {}
    begun: dict[int, int] = {}
    for number, column, span, cell in placed:
        row = rows.setdefault(number, {})
        if cell is not None:
            text = _cell_text(cell, say)
            row[column] = hidden(text) if _is_in_hidden_row(cell) else text
            begun[column] = number
            merged[number, column] = Merged(number, column, span)
        elif column in begun:
            key = begun[column], column
            merged[key] = replace(merged[key], down=number - begun[column] + 1)
    return table_of(rows, merged.values())


def _is_in_hidden_row(cell: Element) -> bool:
    row = next(cell.iterancestors("{*}tr"), None)
    mark = row.find("{*}trPr/{*}hidden") if row is not None else None
    return mark is not None and attribute(mark, "val", "1") not in ("0", "false", "off")


def _descend(parent: Element, name: str) -> Iterator[Element]:
    for child in parent:
        if local(child) == name:
            yield child
        elif local(child) in ("sdt", "sdtContent", "ins", "customXml", "moveTo"):
            yield from _descend(child, name)


def _count(element: Element | None, default: int) -> int:
    value = attribute(element, "val")
    return min(int(value), 100) if value.isdigit() else default


def _cell_text(cell: Element, say: _Say) -> str:
    parts = []
    for element in _block_elements(cell):
        if local(element) == "p":
            parts.append(say(element))
        else:
            parts += [", ".join(filter(None, row)) for row in _filled(list(_placed(element)), say)]
    return " ".join(filter(None, parts))
