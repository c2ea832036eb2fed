"""The OpenDocument readers: text (.odt), spreadsheets (.ods), presentations (.odp).

Comes in: the bytes of a package. Goes out: Markdown, with the text in pictures; sheets and slides are pages. Never: deleted
text, or cells beyond what was filled. (OpenDocument 1.3, part 3.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..errors import DamagedError, EncryptedError
from ..images.pictures import NOTHING
from ..merged import Merged, Row, table_of
from ..package import Element, Package, attribute, local, open_package
from ..reading import MarkdownWriter, Reading
from ..struck import hidden
from .drawing import said_by
from .odf_lists import Lists
from .odf_shown import SKIPPED, Shown, joined_text, text_of
from .pictures import OfficePictures
from .sheets import Sheet, Unseen, title_of, write_sheet

_MAX_REPEATS = 1000
_DRAWN = ("custom-shape", "g", "rect", "ellipse", "line", "connector")
_PICTURES = ("Pictures/", "media/")
_VALUES = ("string-value", "date-value", "time-value", "boolean-value", "value")
"""What a cell without a shown text holds, as programs other than offices write it."""
_MADE_UP = re.compile(r"(?:page|slide|folie|diapo\w*|dia|スライド|幻灯片|投影片|슬라이드)?\s*\d*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Out:
    """Where the text goes, and what is known about its lists."""

    writer: MarkdownWriter
    lists: Lists
    shown: Shown
    pictures: OfficePictures
    name: str
    """Of the file."""


_Write = Callable[[_Out, Element], str]
"""Writes the content and returns the title it suggests."""


def read_odt(data: bytes, name: str) -> Reading:
    """Read a text document; see ``open_package`` for what it raises."""
    return _read(data, name, "text", _write_text)


def read_ods(data: bytes, name: str) -> Reading:
    """Read a spreadsheet; see ``open_package`` for what it raises."""
    return _read(data, name, "spreadsheet", _write_sheets)


def read_odp(data: bytes, name: str) -> Reading:
    """Read a presentation; see ``open_package`` for what it raises."""
    return _read(data, name, "presentation", _write_slides)


def _read(data: bytes, name: str, kind: str, write: _Write) -> Reading:
    with open_package(data) as package:
        manifest = package.optional_xml("META-INF/manifest.xml")
        if manifest is not None and any(True for _ in manifest.iter("{*}encryption-data")):
            raise EncryptedError("The file needs a password; save it once without one and ingest that copy.")
        root = package.xml("content.xml")
        body = root.find("{*}body")
        content = body.find("{*}" + kind) if body is not None else None
        if content is None:
            raise DamagedError("The file holds no {kind}; save or download it again.", kind=kind)
        roots = package.optional_xml("styles.xml"), root
        out = _Out(MarkdownWriter(), Lists(*roots), Shown(*roots), OfficePictures(package), name)
        suggested = write(out, content)
        return out.writer.finish(_title(package) or suggested, notes=tuple(out.pictures.notes()))


def _title(package: Package) -> str:
    root = package.optional_xml("meta.xml")
    return " ".join((next((e.text or "" for e in root.iter("{*}title")), "") if root is not None else "").split())


def _write_text(out: _Out, content: Element) -> str:
    _write_blocks(out, content)
    _write_remarks(out.writer, content)
    return ""


def _write_blocks(out: _Out, parent: Element) -> None:
    writer = out.writer
    for element in parent:
        name = local(element)
        if name == "h":
            level = attribute(element, "outline-level", "1")
            number = out.lists.heading(element, int(level) if level.isdigit() else 1)
            writer.heading(int(level) if level.isdigit() else 1, f"{number} {out.shown.text(element)}")
        elif name == "p":
            writer.block(_paragraph(out, element))
            for box in element.iter("{*}text-box"):
                _write_blocks(out, box)
        elif name == "list":
            writer.block("\n".join(_items(out, element, 0)))
        elif name == "table":
            writer.table(_filled(out, element))
        elif name not in SKIPPED:
            _write_part(out, element)
        if name in ("h", "p", "list", "table"):
            writer.blocks(_comments(element))
        if name in ("h", "p", "list", "table", "frame"):
            writer.blocks(out.pictures.look(_shown(element)).paragraphs)


def _paragraph(out: _Out, element: Element) -> str:
    text = out.shown.text(element)
    unseen = element.find("{*}hidden-paragraph")
    return hidden(text) if unseen is not None and attribute(unseen, "is-hidden") == "true" else text


def _write_part(out: _Out, element: Element) -> None:
    """Write what is in a section or another wrapper, marked if a section is hidden."""
    hides = local(element) == "section" and attribute(element, "display") == "none" and not out.writer.hides
    out.writer.hides = out.writer.hides or hides
    _write_blocks(out, element)
    if hides:
        out.writer.hides = False
        out.writer.unseen.append(attribute(element, "name"))


def _filled(out: _Out, table: Element) -> list[list[str]]:
    """Return a text table's rows, with the text of merged cells in each cell they cover."""
    rows = dict(_rows(out, table, Unseen()))
    first = min((min(cells) for cells in rows.values() if cells), default=0)
    return table_of(rows, _merged(table), first=first)


def _items(out: _Out, element: Element, depth: int) -> Iterator[str]:
    out.lists.begin(element, depth)
    for item in element:
        mark = out.lists.mark(item, depth)
        for child in item:
            if local(child) == "list":
                yield from _items(out, child, depth + 1)
            elif text := out.shown.text(child):
                yield "  " * depth + mark + text.replace("\n", "\n" + "  " * (depth + 1))
                mark = " " * len(mark)


def _write_sheets(out: _Out, content: Element) -> str:
    tables = content.findall("{*}table")
    for number, table in enumerate(tables, start=1):
        notes = tuple(f"{_said(note)}: {joined_text(note)}" for note in table.iter("{*}annotation"))
        boxes = tuple(joined_text(shape) for shapes in table.iterfind("{*}shapes") for shape in shapes)
        seen = out.pictures.look(_shown(table), number)
        hides = out.shown.hides(table)
        unseen = Unseen()
        rows = _rows(out, table, unseen)
        sheet = Sheet(attribute(table, "name"), rows, notes + boxes, tuple(_merged(table)), seen, hides, unseen)
        write_sheet(out.writer, number, sheet, is_only=len(tables) == 1)
    return title_of((attribute(table, "name") for table in tables), out.name)


def _rows(out: _Out, table: Element, unseen: Unseen) -> Iterator[tuple[int, Row]]:
    """Yield the rows with text, their number and columns counted from 1."""
    columns = {at for at, column in _defined(table) if _is_hidden(column)}
    for number, repeats, row in _numbered(table):
        cells: dict[int, str] = {}
        is_hidden = _is_hidden(row)
        for column, cell in _columns(row):
            if text := out.shown.marked(cell, _cell(out, cell)):
                span = min(_count(cell, "number-columns-repeated"), _MAX_REPEATS)
                covered = range(column, column + span)
                cells |= {at: unseen.shown(text, column=at * (at in columns)) for at in covered}
        for index in range(min(repeats, _MAX_REPEATS) if cells else 0):
            yield number + index, {at: unseen.shown(text, (number + index) * is_hidden) for at, text in cells.items()}


def _is_hidden(element: Element) -> bool:
    """Return whether a row or column is hidden by hand or by a filter."""
    return attribute(element, "visibility") in ("collapse", "filter")


def _defined(table: Element) -> Iterator[tuple[int, Element]]:
    """Yield the number and definition of each column that is not default."""
    column = 1
    for element in table.iter("{*}table-column"):
        repeats = _count(element, "number-columns-repeated")
        if attribute(element, "visibility"):
            yield from ((column + at, element) for at in range(min(repeats, _MAX_REPEATS)))
        column += repeats


def _merged(table: Element) -> Iterator[Merged]:
    for number, _, row in _numbered(table):
        for column, cell in _columns(row):
            across, down = (_count(cell, f"number-{of}-spanned") for of in ("columns", "rows"))
            if across > 1 or down > 1:
                yield Merged(number, column, across, down)


def _numbered(table: Element) -> Iterator[tuple[int, int, Element]]:
    """Yield each row with its number and repeat count."""
    number = 1
    for row in _descend(table, "table-row"):
        repeats = _count(row, "number-rows-repeated")
        yield number, repeats, row
        number += repeats


def _columns(row: Element) -> Iterator[tuple[int, Element]]:
    column = 1
    for cell in row:
        if local(cell) in ("table-cell", "covered-table-cell"):
            yield column, cell
            column += _count(cell, "number-columns-repeated")


def _cell(out: _Out, cell: Element) -> str:
    """Return a cell's text: one line per paragraph or list item, the rows of a table in it with commas."""
    lines: list[str] = []
    for element in _descend(cell, "p", "h", "list", "table"):
        if local(element) == "table":
            lines += [", ".join(filter(None, row)) for row in _filled(out, element)]
        elif local(element) == "list":
            lines += [line.strip().removeprefix("- ") for line in _items(out, element, 0)]
        else:
            lines.append(out.shown.text(element))
    if not lines:
        return next(filter(None, (attribute(cell, name) for name in _VALUES)), "")
    return "\n".join(filter(None, lines))


def _descend(parent: Element, *names: str) -> Iterator[Element]:
    """Yield the outermost elements with these names, skipping nested tables."""
    for child in parent:
        if local(child) in names:
            yield child
        elif local(child) not in ("table", *SKIPPED):
            yield from _descend(child, *names)


def _count(element: Element, name: str) -> int:
    value = attribute(element, name, "1")
    return max(int(value), 1) if value.isdigit() and len(value) < 9 else 1  # noqa: PLR2004  longer ones are damage


def _write_slides(out: _Out, content: Element) -> str:
    writer = out.writer
    for number, slide in enumerate(content.iterfind("{*}page"), start=1):
        start = writer.begin_page()
        seen = out.pictures.look(_shown(slide), number)
        writer.hides = out.shown.hides(slide)
        title = _write_slide(out, slide)
        how, reason = (seen if writer.begin_page() == start else NOTHING).verdict
        writer.blocks(seen.paragraphs)
        for notes in slide.iterfind("{*}notes"):
            text = joined_text(notes)
            writer.block(f"Notes: {text}" if text else "")
        _write_remarks(writer, slide)
        writer.blocks(_comments(slide))
        writer.end_page(number, start, how, reason, title)
    writer.hides = False
    return ""


def _write_slide(out: _Out, slide: Element) -> str:
    """Write the texts a slide shows, and return its title or given name."""
    titles = [frame for frame in slide.iterfind("{*}frame") if attribute(frame, "class") == "title"]
    title = next(filter(None, (" ".join(joined_text(frame).split()) for frame in titles)), "")
    out.writer.heading(1, title or _given_name(slide))
    for frame in slide.iterfind("{*}frame"):
        if frame not in titles or " ".join(joined_text(frame).split()) != title:
            _write_blocks(out, frame)
    for element in slide:
        if local(element) in _DRAWN:
            _write_blocks(out, element)
    return title or _given_name(slide)


def _shown(element: Element) -> Iterator[str]:
    """Yield the parts of an element's pictures, except those that only stand for an embedded object."""
    for image in element.iter("{*}image"):
        part = attribute(image, "href").removeprefix("./")
        if part.startswith(_PICTURES):
            yield part


def _given_name(slide: Element) -> str:
    """Return the name that someone gave a slide."""
    name = attribute(slide, "name")
    return "" if _MADE_UP.fullmatch(name) else name


def _write_remarks(writer: MarkdownWriter, content: Element) -> None:
    for note in content.iter("{*}note"):
        body, mark = note.find("{*}note-body"), note.findtext("{*}note-citation") or ""
        if body is not None:
            writer.block(f"[^{mark}]: {joined_text(body)}")


def _comments(element: Element) -> Iterator[str]:
    for note in element.iter("{*}annotation"):
        text = " ".join(filter(None, (text_of(p) for p in note.iter("{*}p", "{*}h"))))
        yield f"{_said(note)}: {text}" if text else ""


def _said(annotation: Element) -> str:
    return said_by(annotation.findtext("{*}creator") or "", annotation.findtext("{*}date") or "")
