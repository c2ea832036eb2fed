"""The OpenDocument readers: text (.odt), spreadsheets (.ods), presentations (.odp).

Comes in: the bytes of a package. Goes out: Markdown; sheets and slides are pages. Never: deleted text, or cells beyond
what was filled. (OpenDocument 1.3, part 3.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .errors import DamagedError, EncryptedError
from .package import Element, Package, attribute, local, open_package
from .reading import MarkdownWriter, Reading
from .sheets import Cells, Sheet, write_sheet

_SKIPPED = {
    "tracked-changes",
    "annotation",
    "annotation-end",
    "note",
    "forms",
    "sequence-decls",
    "ruby-text",
    "desc",
    "title",
}
_MAX_REPEATS = 1000
_Write = Callable[[MarkdownWriter, Element], None]


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
    del name
    with open_package(data) as package:
        manifest = package.optional_xml("META-INF/manifest.xml")
        if manifest is not None and any(True for _ in manifest.iter("{*}encryption-data")):
            raise EncryptedError("The file needs a password; save it once without one and ingest that copy.")
        body = package.xml("content.xml").find("{*}body")
        content = body.find("{*}" + kind) if body is not None else None
        if content is None:
            raise DamagedError(f"The file holds no {kind}; save or download it again.")
        writer = MarkdownWriter()
        write(writer, content)
        return writer.finish(_title(package))


def _title(package: Package) -> str:
    root = package.optional_xml("meta.xml")
    return " ".join((next((e.text or "" for e in root.iter("{*}title")), "") if root is not None else "").split())


def _write_text(writer: MarkdownWriter, content: Element) -> None:
    _write_blocks(writer, content)
    _write_remarks(writer, content)


def _write_blocks(writer: MarkdownWriter, parent: Element) -> None:
    for element in parent:
        name = local(element)
        if name == "h":
            level = attribute(element, "outline-level", "1")
            writer.heading(int(level) if level.isdigit() else 1, _text(element))
        elif name == "p":
            writer.block(_text(element))
            for box in element.iter("{*}text-box"):
                _write_blocks(writer, box)
        elif name == "list":
            writer.block("\n".join(_items(element, 0)))
        elif name == "table":
            writer.table(_filled(element))
        elif name not in _SKIPPED:
            _write_blocks(writer, element)


def _filled(table: Element) -> Iterator[list[str]]:
    rows = [dict(cells) for _, cells in _rows(table)]
    width = max((max(row) for row in rows if row), default=0)
    for row in rows:
        yield [row.get(column, "") for column in range(1, width + 1)]


def _items(element: Element, depth: int) -> Iterator[str]:
    for item in element:
        first = True
        for child in item:
            if local(child) == "list":
                yield from _items(child, depth + 1)
            elif text := _text(child):
                mark = "- " if first else "  "
                yield "  " * depth + mark + text.replace("\n", "\n" + "  " * (depth + 1))
                first = False


def _write_sheets(writer: MarkdownWriter, content: Element) -> None:
    for number, table in enumerate(content.iterfind("{*}table"), start=1):
        notes = tuple(f"Comment: {_joined(note)}" for note in table.iter("{*}annotation"))
        boxes = tuple(_joined(shape) for shapes in table.iterfind("{*}shapes") for shape in shapes)
        write_sheet(writer, number, Sheet(attribute(table, "name"), _rows(table), notes + boxes))


def _rows(table: Element) -> Iterator[tuple[int, Cells]]:
    number = 0
    for row in _descend(table, "table-row"):
        repeats = _repeats(row, "number-rows-repeated")
        cells: dict[int, str] = {}
        column = 1
        for cell in row:
            if local(cell) not in ("table-cell", "covered-table-cell"):
                continue
            span = _repeats(cell, "number-columns-repeated")
            if text := "\n".join(filter(None, map(_text, _descend(cell, "p")))):
                cells |= dict.fromkeys(range(column, column + min(span, _MAX_REPEATS)), text)
            column += span
        for index in range(min(repeats, _MAX_REPEATS) if cells else 0):
            yield number + index + 1, cells
        number += repeats


def _descend(parent: Element, name: str) -> Iterator[Element]:
    for child in parent:
        if local(child) == name:
            yield child
        elif local(child) not in ("table", *_SKIPPED):
            yield from _descend(child, name)


def _repeats(element: Element, name: str) -> int:
    value = attribute(element, name, "1")
    return max(int(value), 1) if value.isdigit() and len(value) < 9 else 1  # noqa: PLR2004  longer ones are damage


def _write_slides(writer: MarkdownWriter, content: Element) -> None:
    for number, slide in enumerate(content.iterfind("{*}page"), start=1):
        start = writer.begin_page()
        title = ""
        for frame in slide.iterfind("{*}frame"):
            if attribute(frame, "class") == "title" and not title:
                title = " ".join(_joined(frame).split())
                writer.heading(1, title)
            else:
                _write_blocks(writer, frame)
        for element in slide:
            if local(element) in ("custom-shape", "g", "rect", "ellipse", "line", "connector"):
                _write_blocks(writer, element)
        for notes in slide.iterfind("{*}notes"):
            text = _joined(notes)
            writer.block(f"Notes: {text}" if text else "")
        _write_remarks(writer, slide)
        writer.end_page(number, start, label=title)


def _write_remarks(writer: MarkdownWriter, content: Element) -> None:
    for note in content.iter("{*}note"):
        body, mark = note.find("{*}note-body"), note.findtext("{*}note-citation") or ""
        if body is not None:
            writer.block(f"[^{mark}]: {_joined(body)}")
    for note in content.iter("{*}annotation"):
        author = note.findtext("{*}creator") or "?"
        text = " ".join(filter(None, (_text(p) for p in note.iter("{*}p", "{*}h"))))
        writer.block(f"Comment ({author}): {text}" if text else "")


def _joined(element: Element) -> str:
    return "\n".join(filter(None, (_text(p) for p in element.iter("{*}p", "{*}h"))))


def _text(element: Element) -> str:
    return "".join(_pieces(element)).strip()


def _pieces(element: Element) -> Iterator[str]:
    yield _collapsed(element.text)
    for child in element:
        name = local(child)
        if name == "s":
            yield " " * min(_repeats(child, "c"), _MAX_REPEATS)
        elif name == "tab":
            yield " "
        elif name == "line-break":
            yield "\n"
        elif name == "note":
            yield f"[^{child.findtext('{*}note-citation') or ''}]"
        elif name not in _SKIPPED and name != "frame":
            yield from _pieces(child)
        yield _collapsed(child.tail)


def _collapsed(text: str | None) -> str:
    """Return text with runs of white space as one space, as OpenDocument reads it (part 3, 6.1.2)."""
    if not text:
        return ""
    inner = " ".join(text.split())
    return (" " if text[0].isspace() else "") + inner + (" " if inner and text[-1].isspace() else "")
