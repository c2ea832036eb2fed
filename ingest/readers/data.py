"""Tables, JSON and notebooks become Markdown.

Every value is kept, without guessing its type: numbers stay as written.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import PurePath
from urllib.parse import unquote

from ..errors import DamagedError
from ..images.pictures import Pictures
from ..notice import Notice
from ..reading import MarkdownWriter, Reading
from ..text import encoding
from . import text_strikes
from .markdown_pictures import plain, with_pictures
from .page_pictures import from_base64, looking
from .text import markdown_headings

MAX_INDENT = 40
LONG_VALUE = 80
_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 50
_MOST_TITLES = 20


def read_csv(data: bytes, name: str) -> Reading:
    """Read delimited text as one Markdown table; the first row with more than one value is its header."""
    decoded = encoding.decode(data)
    text = encoding.repair(decoded.text)
    notes = list(decoded.notes)
    declared = re.match(r"sep=(.)\n", text)
    if declared:
        text = text[declared.end() :]
    delimiter = declared[1] if declared else _delimiter(text, name)
    csv.field_size_limit(max(len(text) + 1, 131_072))
    try:
        rows = list(csv.reader(text.splitlines(keepends=True), delimiter=delimiter))
    except csv.Error:
        rows = [line.split(delimiter) for line in text.splitlines()]
        notes.append(Notice("the table's quoting is broken; its lines were cut at every delimiter"))
    if _swallowed(rows):
        rows = [line.split(delimiter) for line in text.splitlines()]
        notes.append(Notice("a quote is never closed; the table's lines were cut at every delimiter"))
    writer = MarkdownWriter()
    head = _head_of(rows)
    writer.block("\n".join(" ".join(cell.strip() for cell in row if cell.strip()) for row in rows[:head] if any(row)))
    filled = [number for number, row in enumerate(rows, start=1) if any(cell.strip() for cell in row)]
    writer.place_lines((number, 1) for number in filled if number <= head)
    writer.table(rows[head:])
    columns = range(1, max(map(len, rows[head:]), default=0) + 1)
    writer.place_rows((number for number in filled if number > head), tuple(columns))
    return writer.finish(PurePath(name).stem, decoded.encoding, notes)


def _head_of(rows: list[list[str]]) -> int:
    """Return which row is the head of a table: the first with more than one value, if those above are titles."""
    return next((at for at, row in enumerate(rows[:_MOST_TITLES]) if sum(bool(cell.strip()) for cell in row) > 1), 0)


def _delimiter(text: str, name: str) -> str:
    """Return the delimiter that splits the first lines evenly into the most columns."""
    lines = [line for line in text[:65_536].split("\n")[:_SAMPLE_LINES] if line.strip()]
    fallback = "\t" if name.lower().endswith((".tsv", ".tab")) else ","

    def evenness(delimiter: str) -> tuple[float, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        if not widths or max(widths) == 1:
            return 0.0, 0
        usual = max(set(widths), key=widths.count)
        return (widths.count(usual) / len(widths) if usual > 1 else 0.0), usual

    csv.field_size_limit(1 << 30)
    try:
        best = max(_DELIMITERS, key=lambda delimiter: (*evenness(delimiter), delimiter == fallback))
    except csv.Error:
        return fallback
    return best if evenness(best)[0] > 0 else fallback


def _swallowed(rows: list[list[str]]) -> bool:
    """Return whether an open quote swallowed the rest of the file."""
    return bool(rows and rows[-1]) and rows[-1][-1].count("\n") > max(20, len(rows))


def read_json(data: bytes, name: str) -> Reading:
    """Read JSON as an outline: one line per value, named by its key, indented by depth."""
    decoded = encoding.decode(data)
    text = encoding.repair(decoded.text)
    try:
        value = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except RecursionError as exc:
        raise DamagedError("the JSON is nested too deeply to be read; flatten it") from exc
    except json.JSONDecodeError as exc:
        return _broken_json(text, decoded, exc)
    writer = MarkdownWriter()
    _write_outline(writer, value)
    return writer.finish(_json_title(value) or PurePath(name).stem, decoded.encoding, decoded.notes)


def read_jsonl(data: bytes, name: str) -> Reading:
    """Read JSON lines: one paragraph per line; lines that are not JSON are kept as is, with a note."""
    decoded = encoding.decode(data)
    writer = MarkdownWriter()
    broken = []
    for number, line in enumerate(encoding.repair(decoded.text).split("\n"), 1):
        if line.strip():
            try:
                value = json.loads(line, parse_int=str, parse_float=str, parse_constant=str)
                _write_outline(writer, value)
            except (json.JSONDecodeError, RecursionError):
                broken.append(number)
                writer.block(line)
    notes = list(decoded.notes)
    if broken:
        notes.append(
            Notice(
                "{n} lines are not JSON and were kept as text, the first is line {line}", n=len(broken), line=broken[0]
            )
        )
    return writer.finish(PurePath(name).stem, decoded.encoding, notes)


def _broken_json(text: str, decoded: encoding.Decoded, exc: json.JSONDecodeError) -> Reading:
    writer = MarkdownWriter()
    writer.block(text)
    note = Notice("it is not valid JSON ({why}, line {line}) and was read as plain text", why=exc.msg, line=exc.lineno)
    return writer.finish("", decoded.encoding, (*decoded.notes, note))


def _json_title(value: object) -> str:
    if isinstance(value, dict):
        for key in ("title", "name"):
            if isinstance(value.get(key), str):
                return str(value[key])
    return ""


def _write_outline(writer: MarkdownWriter, value: object) -> None:
    """Write each element of a list as its own paragraph: they are usually records."""
    records = value if isinstance(value, list) and not _all_scalars(value) else [value]
    for record in records:
        writer.block("\n".join(_outline(record)))


def _outline(value: object) -> Iterator[str]:
    """Yield the lines of a YAML-like outline, without recursion."""
    stack: list[tuple[int, str, object]] = [(0, "", value)]
    while stack:
        indent, label, item = stack.pop()
        start = " " * min(indent, MAX_INDENT) + label
        if not isinstance(item, (dict, list)):
            yield start + _scalar(item, indent)
        elif not item or _all_scalars(item):
            yield start + (", ".join(_scalar(child, indent) for child in item) or "(empty)")
        elif label.endswith(": "):
            yield start.rstrip()
            stack.extend(reversed(_children(item, indent + 2, "")))
        else:
            stack.extend(reversed(_children(item, indent, label)))


def _children(item: dict[str, object] | list[object], indent: int, label: str) -> list[tuple[int, str, object]]:
    """Return (indent, label, value) of each child; the first is on the line that ``label`` began."""
    if isinstance(item, dict):
        entries = [(f"{key}: ", child) for key, child in item.items()]
    else:
        entries = [("- ", child) for child in item]
    inner = indent + len(label)
    return [(inner if n else indent, own if n else label + own, child) for n, (own, child) in enumerate(entries)]


def _all_scalars(item: object) -> bool:
    return isinstance(item, list) and all(
        not isinstance(child, (dict, list)) and not (isinstance(child, str) and len(child) > LONG_VALUE)
        for child in item
    )


def _scalar(item: object, indent: int) -> str:
    if isinstance(item, str):
        return item.replace("\n", "\n" + " " * (min(indent, MAX_INDENT) + 2))
    return json.dumps(item)


def read_notebook(data: bytes, name: str) -> Reading:
    """Read a Jupyter notebook: Markdown cells as is, code in fences, the text of outputs and pictures below."""
    decoded = encoding.decode(data)
    try:
        notebook = json.loads(decoded.text)
    except (json.JSONDecodeError, RecursionError) as exc:
        raise DamagedError("the notebook is not valid JSON; save it again from Jupyter") from exc
    if not isinstance(notebook, dict):
        raise DamagedError("it is JSON, but no notebook: there are no cells in it")
    cells = notebook.get("cells")
    if cells is None:
        cells = [cell for sheet in _dicts(notebook.get("worksheets")) for cell in _dicts(sheet.get("cells"))]
    language = _notebook_language(notebook)
    writer = MarkdownWriter()
    pictures = Pictures()
    for cell in _dicts(cells):
        _write_cell(writer, cell, language, pictures)
    reading = writer.finish("", decoded.encoding, (*decoded.notes, *pictures.notes()))
    headings = markdown_headings(reading.text)
    title = headings[0].title if headings else PurePath(name).stem
    return Reading(reading.text, title, (), headings, reading.encoding, reading.notes)


def _write_cell(writer: MarkdownWriter, cell: dict[str, object], language: str, pictures: Pictures) -> None:
    source = _joined(cell.get("source", cell.get("input", "")))
    kind = cell.get("cell_type")
    if kind == "code" and source.strip():
        writer.code(source, language)
    elif kind == "heading":
        writer.block(f"{'#' * int(str(cell.get('level', 1)))} {source}")
    else:
        writer.block(text_strikes.in_markdown(with_pictures(source, looking(pictures, partial(_attached, cell)))))
    for output in _dicts(cell.get("outputs")):
        bundle = output.get("data")
        bundle = bundle if isinstance(bundle, dict) else output
        text = _joined(bundle.get("text/markdown") or bundle.get("text/plain") or bundle.get("text") or "")
        if output.get("output_type") in {"error", "pyerr"}:
            text = f"{output.get('ename', '')}: {output.get('evalue', '')}"
        if text.strip():
            writer.code(re.sub(r"\x1b\[[0-9;]*m", "", text))
        writer.blocks(_shown(bundle, pictures))


def _attached(cell: dict[str, object], address: str) -> tuple[str, bytes] | None:
    """Return the picture a cell holds at an address (nbformat 5, "attachments"); None if there is none."""
    attachments = cell.get("attachments")
    bundle = attachments.get(unquote(address.removeprefix("attachment:"))) if isinstance(attachments, dict) else None
    return next(_pictures(bundle), None) if isinstance(bundle, dict) and address.startswith("attachment:") else None


def _pictures(bundle: dict[str, object]) -> Iterator[tuple[str, bytes]]:
    """Yield the name and bytes of each form of a picture; one that holds its text as text comes first."""
    for kind in ("svg+xml", "svg", "png", "jpeg", "webp", "gif", "bmp"):
        for key in (f"image/{kind}", kind):
            if content := _joined(bundle.get(key)):
                is_text = kind.startswith("svg")
                yield (
                    f"picture.{kind.partition('+')[0]}",
                    content.encode() if is_text else from_base64(content.encode()),
                )


def _shown(bundle: dict[str, object], pictures: Pictures) -> list[str]:
    """Return the text of a picture in the outputs, from the first of its forms with any."""
    found = (pictures.see(*picture).paragraphs for picture in _pictures(bundle))
    return plain(next(filter(None, found), ()))


def _notebook_language(notebook: dict[str, object]) -> str:
    metadata = notebook.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    for place, key in (("language_info", "name"), ("kernelspec", "language")):
        found = metadata.get(place)
        if isinstance(found, dict) and isinstance(found.get(key), str):
            return str(found[key])
    return ""


def _dicts(value: object) -> Iterable[dict[str, object]]:
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


def _joined(value: object) -> str:
    if isinstance(value, list):
        return "".join(str(part) for part in value)
    return value if isinstance(value, str) else ""
