"""The reader of PowerPoint presentations from before 2007 (.ppt), and of what WPS Presentation saves as .dps.

Comes in: the bytes of a compound file. Goes out: a page for each slide, with its title as heading, its texts and its notes.
Never: what only the master slide shows, pictures, text from overwritten versions, or list numbers, which are not in the text.
([MS-PPT] 2.1 to 2.9.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..errors import DamagedError, EncryptedError
from ..reading import MarkdownWriter, Reading
from .compound import open_compound
from .ppt_tables import rows_of
from .records import long_at, record, records, word_at

_DOCUMENT, _SLIDE, _NOTES, _SLIDE_LIST, _SLIDE_PERSIST = 1000, 1006, 1008, 4080, 1011
_NOTES_ATOM, _SHOW_INFO = 1009, 1017
_TEXT_HEADER, _TEXT_CHARS, _TEXT_BYTES, _OUTLINE_REF = 3999, 4000, 4008, 3998
_EDIT, _PERSIST = 4085, 6002
_FOOTERS, _FOOTERS_ATOM, _STRING = 4057, 4058, 4026
_SHOWN_STRINGS = ((0x05, 0), (0x20, 2))
"""A date that someone wrote, and the footer: the flags by which each is shown, and which string it is."""
_CONTAINERS = (0xF002, 0xF003, 0xF004, 0xF00D, 1036)
"""Drawings, groups, shapes and their texts."""
_GROUP = 0xF003
_TITLES, _OTHER = (0, 6), 4
_MOST_EDITS, _MOST_DEPTH = 500, 20
_HIDDEN = 0x04
_ENCRYPTED_EDIT_BYTES = 32
_CURRENT_ENCRYPTED = b"\xdf\xc4\xd1\xf3"
_MARKS = str.maketrans({"\x0b": "\n", "\r": "\n", "\xad": None})
_SYMBOLS = re.compile("[\ue000-\uf8ff]")
_PLACEHOLDERS = ("", "*")
"""Nothing, and what stands for the date or the number of the slide."""


@dataclass(slots=True)
class _Text:
    """A text and its role: 0 and 6 are titles, 2 notes."""

    kind: int
    text: str
    rows: list[list[str]] = field(default_factory=list)
    """If it is a table."""


@dataclass(slots=True)
class _Entry:
    """What the outline says of a slide."""

    reference: int
    identity: int
    footer: str = ""
    """If it is not an earlier slide's."""
    texts: list[_Text] = field(default_factory=list)


def read_ppt(data: bytes, name: str) -> Reading:
    """Read an old presentation.

    Raises: EncryptedError, DamagedError.
    """
    del name
    with open_compound(data) as streams:
        stream, user = streams.get("PowerPoint Document"), streams.get("Current User")
        if stream is None:
            raise DamagedError("The file holds no presentation; open and save it again.")
        if user is not None and user[12:16] == _CURRENT_ENCRYPTED:
            raise EncryptedError("The presentation needs a password; save it once without one and ingest that copy.")
        places, document = _persisted(stream, long_at(user or b"", 16))
        writer = MarkdownWriter()
        content = _content(stream, places.get(document, -1), _DOCUMENT) or _first(stream, _DOCUMENT)
        if not content:
            raise DamagedError("The presentation's slides are not where it says; open and save it again.")
        notes = {entry.identity: places.get(entry.reference, -1) for entry in _outline(content, 2)}
        seen_footers: set[str] = {""}
        for number, entry in enumerate(_outline(content, 0), start=1):
            slide = _content(stream, places.get(entry.reference, -1), _SLIDE)
            footer = _footer(slide, 0) or _footer(content, 3)
            entry.footer = "" if footer in seen_footers else footer
            seen_footers.add(footer)
            _write_slide(writer, number, entry, slide, [_content(stream, at, _NOTES) for at in notes.values()])
        return writer.finish(streams.title())


def _write_slide(writer: MarkdownWriter, number: int, entry: _Entry, slide: bytes, notes: list[bytes]) -> None:
    start = writer.begin_page()
    writer.hides = any(kind == _SHOW_INFO and word_at(content, 10) & _HIDDEN for kind, _, content in records(slide))
    texts = list(_texts(slide, entry.texts)) or entry.texts
    title = next((" ".join(text.text.split()) for text in texts if text.kind in _TITLES and text.text.strip()), "")
    writer.heading(1, title)
    for text in texts:
        if text.kind not in _TITLES or " ".join(text.text.split()) != title:
            writer.block(text.text)
            writer.table(text.rows)
    writer.block(entry.footer)
    for content in notes:
        atom = next((content for kind, _, content in records(content) if kind == _NOTES_ATOM), b"")
        if atom and long_at(atom, 0) == entry.identity:
            said = "\n".join(text.text for text in _texts(content, []) if text.text)
            writer.block(f"Notes: {said}" if said else "")
    writer.end_page(number, start, label=title)
    writer.hides = False


def _persisted(stream: bytes, at: int) -> tuple[dict[int, int], int]:
    """Return where each part was last saved, by its number, and the document's number."""
    places: dict[int, int] = {}
    document = 0
    for _ in range(_MOST_EDITS):
        kind, _, content = record(stream, at)
        if kind != _EDIT:
            break
        if len(content) >= _ENCRYPTED_EDIT_BYTES and not document:
            raise EncryptedError("The presentation needs a password; save it once without one and ingest that copy.")
        document = document or long_at(content, 16)
        _, _, directory = record(stream, long_at(content, 12))
        position = 0
        while position + 4 <= len(directory):
            head = long_at(directory, position)
            first, count = head & 0xFFFFF, head >> 20
            for at_entry in range(count):
                places.setdefault(first + at_entry, long_at(directory, position + 4 + 4 * at_entry))
            position += 4 + 4 * count
        at = long_at(content, 8)
        if not at:
            break
    return places, document


def _outline(document: bytes, instance: int) -> Iterator[_Entry]:
    """Yield a document's slides (0) or notes (2) with the texts its outline holds."""
    for kind, of, content in records(document):
        if kind != _SLIDE_LIST or of != instance:
            continue
        entry: _Entry | None = None
        for inner, _, atom in records(content):
            if inner == _SLIDE_PERSIST:
                if entry:
                    yield entry
                entry = _Entry(long_at(atom, 0), long_at(atom, 12))
            elif inner == _TEXT_HEADER and entry:
                entry.texts.append(_Text(long_at(atom, 0), ""))  # shapes count the empty ones, too
            elif inner in (_TEXT_CHARS, _TEXT_BYTES) and entry and entry.texts:
                entry.texts[-1].text += _decoded(inner, atom)
        if entry:
            yield entry


def _texts(content: bytes, outline: list[_Text], depth: int = 0) -> Iterator[_Text]:
    """Yield a slide's texts in the order of its shapes; some are in the outline and only referenced here."""
    text_kind = _OTHER
    for kind, _, inner in records(content):
        if kind == _TEXT_HEADER:
            text_kind = long_at(inner, 0)
        elif kind in (_TEXT_CHARS, _TEXT_BYTES):
            yield _Text(text_kind, _decoded(kind, inner))
        elif kind == _OUTLINE_REF and long_at(inner, 0) < len(outline):
            yield outline[long_at(inner, 0)]
        elif kind == _GROUP and (rows := rows_of(inner, _text_in)):
            yield _Text(_OTHER, "", rows)
        elif kind in _CONTAINERS and depth < _MOST_DEPTH:
            yield from _texts(inner, outline, depth + 1)


def _text_in(box: bytes) -> str:
    return "\n".join(text.text for text in _texts(box, []) if text.text)


def _footer(content: bytes, instance: int) -> str:
    """Return what stands below a slide (0), or below all slides without their own (3)."""
    for kind, of, inner in records(content):
        if kind == _FOOTERS and of == instance:
            parts = {(kind, of): part for kind, of, part in records(inner)}
            shown = word_at(parts.get((_FOOTERS_ATOM, 0), b""), 2)
            strings = (parts.get((_STRING, at), b"") for flags, at in _SHOWN_STRINGS if shown & flags == flags)
            return "\n".join(filter(None, (_decoded(_TEXT_CHARS, string) for string in strings)))
    return ""


def _decoded(kind: int, atom: bytes) -> str:
    text = atom.decode("utf-16-le" if kind == _TEXT_CHARS else "latin-1", "replace")
    lines = (line.strip() for line in _SYMBOLS.sub("", text.translate(_MARKS)).split("\n"))
    return "\n".join(line for line in lines if line not in _PLACEHOLDERS)


def _content(stream: bytes, at: int, wanted: int) -> bytes:
    kind, _, content = record(stream, at)
    return content if kind == wanted else b""


def _first(stream: bytes, wanted: int) -> bytes:
    return next((content for kind, _, content in records(stream) if kind == wanted), b"")
