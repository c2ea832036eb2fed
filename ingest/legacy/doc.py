"""The reader of Word documents from before 2007 (.doc), and of what WPS Writer saves as .wps.

Comes in: the bytes of a compound file. Goes out: Markdown with headings and tables; struck, deleted and hidden text marked;
comments behind the paragraph they are on, notes, text boxes and margins after the body; list numbers, which are not in the
text, counted. Never: field codes, pictures. ([MS-DOC] 2.4 to 2.9.)
"""

from __future__ import annotations

import re
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise

from ..errors import DamagedError, EncryptedError, ReadError
from ..office.drawing import said_by
from ..reading import MarkdownWriter, Reading
from ..struck import finished, hidden, struck
from ..text.encoding import decode
from ..text.encodings import codec_of
from ..text.symbols import as_shown, raised
from .compound import open_compound
from .doc_beside import Beside, Story
from .doc_lists import DocLists
from .records import long_at, word_at
from .sprms import Properties, properties

_ENCRYPTED, _OTHER_TABLE, _WORD_97 = 0x0100, 0x0200, 0xC1
_COUNTS, _PAPX, _CHPX, _CLX = 76, 258, 250, 418
"""Offsets in the file's header: the character counts, and the locations of its tables."""
_IN_TABLE, _ROW_END, _OUTLINE = 0x2416, 0x2417, 0x2640
_FONTS, _FONT, _SIGN, _POSITION = 274, 0x4A4F, 0x6A09, 0x2A48
"""Where the fonts are named; a run's font, the sign of a font that its letter stands for, and whether it is raised."""
_MARKS = {0x0800: struck, 0x0837: struck, 0x2A53: struck, 0x083C: hidden}
_UNSEEN = (0x0800, 0x083C)
"""Deleted, hidden."""
_MARKED = re.compile(r"~~[^~]*~~")
_HEADINGS = 9
_NOTE_MARK, _COMMENT_MARK = "\x02", "\x05"
_COMMENTS, _WRITTEN_OTHERWISE = 4, (2,)
"""Parts of the document: comments, and headers and footers."""
_NO_LETTERS = bytes(code for code in range(32) if code not in b"\t\n\r")
_FIELD = re.compile("\x13([^\x13\x14\x15]*)(?:\x14([^\x13\x15]*))?\x15")
_SIGN_FIELD = re.compile(r'\s*SYMBOL\s+(\d{1,5})\b(?:.*?\\f\s+"?([\w ]+))?', re.IGNORECASE)
"""A field that shows a letter of a font, by its number."""
_OPEN_FIELD = re.compile("\x13[^\x13\x14\x15]*\x14")
"""The code of a field that goes on in the next paragraph, such as a table of contents."""
_CONTROLS = str.maketrans(
    {"\t": " ", "\x0b": "\n", "\x0c": "\r", "\x1e": "-", "\x1f": "", "\xa0": " "}
) | dict.fromkeys((*range(7), 8, 0x13, 0x14, 0x15))
"""Breaks, hyphens, and the marks of pictures, notes and comments."""

_UNUSED = dict.fromkeys((*range(0x0E, 0x13), *range(0x16, 0x1E)), " ")

_Run = tuple[int, Properties, int]
"""Where a run of characters or a paragraph begins in the stream, its properties, and its style."""


def read_doc(data: bytes, name: str) -> Reading:
    """Read an old Word document.

    Raises: EncryptedError, DamagedError.
    """
    del name
    with open_compound(data) as streams:
        main = streams.get("WordDocument")
        if main is None or len(main) < _CLX + 8:
            raise DamagedError("The file holds no Word document; open and save it again.")
        flags = word_at(main, 10)
        if flags & _ENCRYPTED:
            raise EncryptedError("The document needs a password; save it once without one and ingest that copy.")
        writer = MarkdownWriter()
        if word_at(main, 2) < _WORD_97:
            _write_old(writer, main)
        else:
            table = streams.get("1Table" if flags & _OTHER_TABLE else "0Table") or b""
            _DocReader(main, table, writer).read()
        return writer.finish(streams.title())


def _write_old(writer: MarkdownWriter, main: bytes) -> None:
    """Write the text of a Word 6 or 95 document, which is in one piece."""
    start, count = long_at(main, 24), long_at(main, 52)
    raw = main[start : start + count]
    text = _shown(raw.decode(_codec(raw), "replace").translate(_UNUSED)).replace("\x07", "\r")
    writer.blocks(re.split("[\r\n]", text))


def _codec(raw: bytes) -> str:
    """Return an old document's encoding, which it states only for its fonts."""
    try:
        return codec_of(decode(raw.translate(None, _NO_LETTERS)).encoding)
    except ReadError:
        return "cp1252"


class _DocReader:
    def __init__(self, main: bytes, table: bytes, writer: MarkdownWriter) -> None:
        self._main = main
        self._writer = writer
        self._pieces = list(_pieces(main, table))
        self._paragraphs = _runs(main, table, _PAPX, 13)
        self._runs = _runs(main, table, _CHPX, 1)
        self._fonts = _fonts(table, long_at(main, _FONTS), long_at(main, _FONTS + 4))
        self._row: list[str] = []
        self._table: list[list[str]] = []
        self._cell: list[str] = []
        self._lists = DocLists(main, table)
        self._items: list[str] = []
        self._counts = struct.unpack_from("<8i", main, _COUNTS)
        self._beside = Beside(main, table, self._counts)
        self._labels = iter(self._beside.labels)
        self._comments = iter(self._beside.comments)
        self._said: list[str] = []
        """The comments on the paragraph or table that is written next."""

    def read(self) -> None:
        """Write the body with its comments, then what is beside it: notes, text boxes, each header and footer once."""
        at = 0
        for part, count in enumerate(self._counts):
            stories = self._beside.notes.get(part, ())
            if stories:
                self._write_notes(stories)
            elif count > 0 and part not in _WRITTEN_OTHERWISE and not (part == _COMMENTS and self._beside.comments):
                self._write(at, at + count)
            at += max(count, 0)
            if part == 0:
                self._writer.blocks([*self._said, *map(self._comment, self._comments)])
                self._said = []
        margins = ("\n".join(self._texts(margin)) for margin in self._beside.margins)
        self._writer.blocks(dict.fromkeys(text for text in margins if any(map(str.isalpha, text))))

    def _write_notes(self, stories: Sequence[Story]) -> None:
        for story in stories:
            text = " ".join(self._texts(story))
            self._writer.block(f"[^{story.label}]: {text}" if story.label and text else text)

    def _comment(self, story: Story) -> str:
        text = " ".join(self._texts(story))
        return f"{said_by(story.label, '')}: {text}" if text else ""

    def _texts(self, story: Story) -> list[str]:
        pieces = (raw for raw, _ in _split(self._characters(story.start, story.stop)))
        return list(filter(None, (finished(_shown(raw.rstrip("\x07\r"))).strip() for raw in pieces)))

    def _referred(self, raw: str) -> str:
        """Return a paragraph with the labels of its notes, and keep its comments for behind it."""
        for _ in range(raw.count(_COMMENT_MARK)):
            self._said += [self._comment(story) for story in islice(self._comments, 1)]
        if _NOTE_MARK not in raw:
            return raw
        return re.sub(_NOTE_MARK, lambda _: f"[^{label}]" if (label := next(self._labels, "")) else "", raw)

    def _write(self, start: int, stop: int) -> None:
        for piece, place in _split(self._characters(start, stop)):
            raw = self._referred(piece) if start == 0 else piece
            own, style = _at(self._paragraphs, place)
            text = finished(_shown(raw.rstrip("\x07\r"))).strip()
            marker, depth = "", 0
            if not own.get(_ROW_END) and not self._is_unseen(text, place):
                marker, depth = self._lists.marker(own, style)
            if own.get(_ROW_END):
                self._end_row()
            elif raw.endswith("\x07") or own.get(_IN_TABLE):
                self._end_items()
                self._cell.append(f"{marker} {text}".strip() if marker != "-" else text)
                if raw.endswith("\x07"):
                    self._row.append("\n".join(filter(None, self._cell)))
                    self._cell = []
            else:
                self._end_table()
                level = own.get(_OUTLINE, style - 1 if 1 <= style <= _HEADINGS else _HEADINGS) + 1
                self._paragraph(text, level, marker, depth)
        self._end_items()
        self._end_table()

    def _is_unseen(self, text: str, place: int) -> bool:
        """Return whether a paragraph is hidden or deleted together with its end: Word does not number it."""
        of_mark, _ = _at(self._runs, place)
        return any(of_mark.get(code, 0) & 1 for code in _UNSEEN) and (not text or bool(_MARKED.fullmatch(text)))

    def _paragraph(self, text: str, level: int, marker: str, depth: int) -> None:
        if text:
            self._write_paragraph(text, level, marker, depth)
        said, self._said = list(filter(None, self._said)), []
        if self._items and said:
            indent = " " * (len(self._items[-1]) - len(self._items[-1].lstrip()) + 2)
            self._items[-1] += "".join(f"\n{indent}{comment}" for comment in said)
        else:
            self._writer.blocks(said)

    def _write_paragraph(self, text: str, level: int, marker: str, depth: int) -> None:
        if level <= _HEADINGS:
            self._end_items()
            self._writer.heading(level, f"{marker} {text}" if marker not in ("", "-") else text)
        elif marker:
            indent = "  " * depth
            self._items.append(f"{indent}{marker} " + text.replace("\n", f"\n{indent}  "))
        else:
            self._end_items()
            self._writer.block(text)

    def _end_items(self) -> None:
        self._writer.block("\n".join(self._items))
        self._items = []

    def _end_row(self) -> None:
        if self._cell:
            self._row.append("\n".join(filter(None, self._cell)))
        if self._row:
            self._table.append(self._row)
        self._row, self._cell = [], []

    def _end_table(self) -> None:
        if self._row or self._cell:
            self._end_row()
        if self._table:
            self._writer.table(self._table)
            self._table = []
            self._writer.blocks(self._said)
            self._said = []

    def _characters(self, start: int, stop: int) -> Iterator[tuple[str, int]]:
        """Yield text in runs of one format, cut after marks that end paragraphs, each with its last stream offset."""
        for first, last, place, width in self._pieces:
            a, b = max(first, start), min(last, stop)
            if a >= b:
                continue
            begin, end = place + (a - first) * width, place + (b - first) * width
            until = bisect_left(self._runs, end, key=lambda run: run[0])
            starts = [at for at, _, _ in self._runs[_index(self._runs, begin) + 1 : until]]
            for low, high in pairwise([begin, *starts, end]):
                raw = self._main[low:high]
                text = raw.decode("cp1252" if width == 1 else "utf-16-le", "replace")
                of_run = _at(self._runs, low)[0]
                yield from _cut(self._set(text, of_run).translate(_UNUSED), low, width, of_run)

    def _set(self, text: str, of_run: Properties) -> str:
        """Return text as its font and position show it; each letter that is a sign stands for one that the run names."""
        if sign := of_run.get(_SIGN):
            shown = as_shown(chr(sign >> 16), self._fonts.get(sign & 0xFFFF, ""))
            text = text.replace("(", shown[:1] or " ")
        else:
            text = as_shown(text, self._fonts.get(of_run.get(_FONT, -1), ""))
        return raised(text) if of_run.get(_POSITION) == 1 else text


def _fonts(table: bytes, at: int, size: int) -> dict[int, str]:
    """Return the names of the fonts by number ([MS-DOC] 2.9.286)."""
    named = table[at : at + size]
    found: dict[int, str] = {}
    position = 4
    for number in range(word_at(named, 0)):
        if position >= len(named):
            break
        end = position + 1 + named[position]
        found[number] = named[position + 40 : end].decode("utf-16-le", "replace").partition("\0")[0]
        position = end
    return found


def _cut(text: str, place: int, width: int, properties: Properties) -> Iterator[tuple[str, int]]:
    """Yield a run cut after each mark that ends a paragraph or cell, its words marked by format."""
    mark = next((mark for code, mark in _MARKS.items() if properties.get(code, 0) & 1), str)
    for match in re.finditer("[^\r\x07\x0c]*[\r\x07\x0c]?", text):
        if piece := match[0]:
            words = piece.rstrip("\r\x07\x0c")
            yield mark(words) + piece[len(words) :], place + (match.end() - 1) * width


def _split(runs: Iterator[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """Yield paragraphs and cells with the mark that ends them, and its offset."""
    parts: list[str] = []
    place = 0
    for text, place in runs:
        parts.append(text)
        if text.endswith(("\r", "\x07", "\x0c")):
            yield "".join(parts), place
            parts = []
    if parts:
        yield "".join(parts), place


def _shown(text: str) -> str:
    """Return text as shown: field results instead of codes, no marks of pictures and notes."""
    while _FIELD.search(text):
        text = _FIELD.sub(_field, text)
    return _OPEN_FIELD.sub("", text).translate(_CONTROLS)


def _field(match: re.Match[str]) -> str:
    """Return what a field shows: its result, or the sign that its code names."""
    sign = _SIGN_FIELD.match(match[1])
    return match[2] or (as_shown(chr(int(sign[1])), sign[2] or "") if sign else "")


def _pieces(main: bytes, table: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield first and last character, stream offset and bytes per character of the text's pieces."""
    at, size = long_at(main, _CLX), long_at(main, _CLX + 4)
    clx = table[at : at + size]
    position = 0
    while clx[position : position + 1] == b"\x01":
        position += 3 + word_at(clx, position + 1)
    if clx[position : position + 1] != b"\x02":
        raise DamagedError("The document's text is not where it says; open and save it again.")
    plan = clx[position + 5 : position + 5 + long_at(clx, position + 1)]
    count = (len(plan) - 4) // 12
    ends = struct.unpack_from(f"<{count + 1}i", plan)
    for number, (first, last) in enumerate(pairwise(ends)):
        place = long_at(plan, 4 * (count + 1) + 8 * number + 2)
        compressed = bool(place & 0x40000000)
        place &= 0x3FFFFFFF
        yield first, last, place // 2 if compressed else place, 1 if compressed else 2


def _runs(main: bytes, table: bytes, where: int, entry: int) -> list[_Run]:
    """Return the properties of paragraphs (13-byte entries) or characters (1-byte), by where they begin."""
    at, size = long_at(main, where), long_at(main, where + 4)
    plan = table[at : at + size]
    count = max(len(plan) - 4, 0) // 8
    found: list[_Run] = []
    for number in range(count):
        page_at = (long_at(plan, 4 * (count + 1) + 4 * number) & 0x3FFFFF) * 512
        page = main[page_at : page_at + 512]
        if len(page) < 512:  # noqa: PLR2004
            continue
        n_runs = page[511]
        if n_runs > (511 - 4) // (4 + entry):
            raise DamagedError("The document's formats are not where it says; open and save it again.")
        for run in range(n_runs):
            offset = page[4 * (n_runs + 1) + entry * run] * 2
            found.append((long_at(page, 4 * run), *_properties(page, offset, has_style=entry > 1)))
    return sorted(found, key=lambda run: run[0])


def _properties(page: bytes, offset: int, *, has_style: bool) -> tuple[Properties, int]:
    if not offset:
        return {}, 0
    size = page[offset]
    if not has_style:
        return properties(page[offset + 1 : offset + 1 + size]), 0
    start, size = (offset + 2, page[offset + 1] * 2) if size == 0 else (offset + 1, size * 2 - 1)
    content = page[start : start + size]
    return properties(content[2:]), word_at(content, 0)


def _index(runs: list[_Run], place: int) -> int:
    return bisect_right(runs, place, key=lambda run: run[0]) - 1


def _at(runs: list[_Run], place: int) -> tuple[Properties, int]:
    index = _index(runs, place)
    return (runs[index][1], runs[index][2]) if index >= 0 else ({}, 0)
