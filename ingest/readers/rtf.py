r"""The RTF reader (Rich Text Format Specification 1.9.1).

Text comes as ``\'hh`` bytes in the code page of the current font, as ``\uN`` with a number of fallback characters to
skip, or as plain bytes.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..errors import DamagedError, EmptyFileError
from ..notice import Notice
from ..office.drawing import said_by
from ..reading import MarkdownWriter, Reading
from ..struck import finished, hidden, joined, struck
from ..text.symbols import as_shown, raised
from .rtf_lists import TOKEN, read_lists
from .rtf_pictures import REPEATING_GROUPS, RtfPictures

_SKIPPED_GROUPS = frozenset(
    b"fonttbl colortbl stylesheet info pict object objdata sn sv shprslt listpicture "
    b"themedata colorschememapping datastore latentstyles listtable "
    b"listoverridetable rsidtbl generator xmlnstbl fldinst filetbl revtbl pgptbl mmathPr datafield nonshppict panose "
    b"xe tc bkmkstart bkmkend pnseclvl atrfstart atrfend atnid wgrffmtfilter".split()
)
_KNOWN_GROUPS = frozenset((b"shppict", b"shpinst", b"atnauthor", b"annotation"))
"""Groups that programs may skip if they do not know them; kb does."""
_CHARACTERS = {
    b"tab": " ", b"line": "\n", b"emdash": "—", b"endash": "–", b"bullet": "•", b"lquote": "‘", b"rquote": "’",
    b"ldblquote": "“", b"rdblquote": "”", b"emspace": " ", b"enspace": " ", b"qmspace": " ",
}  # fmt: skip
_MARKS = (b"listtext", b"pntext")
_COMMENTS = (b"atnauthor", b"annotation")
_STRIKES = (b"strike", b"striked", b"deleted")
_RAISES = (b"super", b"up")
_RAISING = (*_RAISES, b"sub", b"nosupersub", b"dn")
_CHARSETS = {
    77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030", 136: "cp950", 161: "cp1253", 162: "cp1254",
    163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250",
}  # fmt: skip
_SYMBOL_FONT = re.compile(rb"\\f(\d{1,5})(?!\d)[^;]{0,300}?\b(Symbol|Wingdings(?: 2)?) ?;")
_CODE_PAGES = {936: "gb18030", 10000: "mac_roman", 65001: "utf-8"}


@dataclass(frozen=True, slots=True)
class _State:
    """What a group inherits and its end restores."""

    skipped: bool = False
    font: int = -1
    fallback: int = 1
    hidden: bool = False
    struck: bool = False
    raised: bool = False
    mark: bool = False
    """Whether it holds a list item's mark."""
    picture: bool = False
    """Whether it is a picture's group itself."""
    repeats: bool = False
    """Whether its pictures do not count."""


@dataclass(frozen=True, slots=True)
class _InList:
    """Which list a paragraph is an item of, and how."""

    name: str = ""
    depth: int = 0
    is_marked: bool = False
    """Whether its mark stands in the text."""


_NO_LIST = _InList()


@dataclass(frozen=True, slots=True)
class _Around:
    """The paragraph around a shape, whose text box has its own paragraphs."""

    depth: int
    level: int
    in_table: bool
    in_list: _InList
    """The list that what stands behind the shape is an item of: an item that began before it has its number."""


@dataclass(frozen=True, slots=True)
class _Interrupted:
    """The paragraph that a comment, or its author's name, stands in."""

    depth: int
    text: list[str]
    by: bytes
    """The word of the group that interrupts it."""


def read_rtf(data: bytes, name: str) -> Reading:
    """Read a Rich Text file.

    Raises: EmptyFileError; DamagedError: it does not begin as RTF.
    """
    del name
    if not data.strip():
        raise EmptyFileError("The file is empty.")
    if not data.lstrip()[:5] == b"{\\rtf":
        raise DamagedError("The file does not begin as RTF does; save it again as RTF or DOCX.")
    return _RtfReader(data).read()


class _RtfReader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        match = re.search(rb"\\ansicpg(\d{1,5})", data[:2000])
        self._code_page = _codec(int(match[1])) if match else "mac_roman" if b"\\mac" in data[:50] else "cp1252"
        self._fonts = _font_codecs(data)
        self._symbol_fonts = {int(match[1]): match[2].decode() for match in _SYMBOL_FONT.finditer(data)}
        self._lists = read_lists(data, self._code_page)
        self._list: _InList = _NO_LIST
        self._writer = MarkdownWriter()
        self._state = _State()
        self._stack: list[_State] = []
        self._bytes = bytearray()
        self._text: list[str] = []
        self._to_skip = 0
        self._mark_at = 0
        self._paragraph_at = 0
        """Where the paragraph begins in the text, which in a table is that of a cell."""
        self._level = 0
        self._row: list[str] = []
        self._table: list[list[str]] = []
        self._in_table = False
        self._shapes: list[_Around] = []
        self._interrupted: list[_Interrupted] = []
        self._author = ""
        self._pictures = RtfPictures()
        self._shown: list[str] = []
        """What the paragraph's pictures and comments say, and below, the table's."""
        self._shown_in_table: list[str] = []
        self._n_objects = 0
        self._opened = False
        """Whether a group has just begun."""

    def read(self) -> Reading:
        last_paragraph = self._data.rfind(b"\\par")
        position = 0
        while match := TOKEN.search(self._data, position):
            position = match.end()
            word, number, hexadecimal, symbol, brace, plain = match.groups()
            if brace:
                self._brace(brace)
            elif word == b"bin":
                position += self._binary(position, int(number or 0))
            elif word:
                self._word(word, int(number) if number else None)
            elif symbol:
                self._symbol(symbol)
            else:
                self._add_bytes(bytes.fromhex(hexadecimal.decode()) if hexadecimal else plain or b"")
            self._opened = brace == b"{"
            if brace == b"}" and not self._stack and match.end() > last_paragraph:
                break  # disk remains after the end are not text
        while self._interrupted:
            self._flush()
            self._end_comment()
        self._end_paragraph()
        self._end_table()
        return self._writer.finish(self._title(), notes=tuple(self._notes()))

    def _notes(self) -> Iterator[str]:
        if self._stack:
            yield Notice("The file is cut off; what is there was read.")
        if self._n_objects:
            yield Notice("{n} embedded object(s) were left out.", n=self._n_objects)
        yield from self._pictures.notes()

    def _brace(self, brace: bytes) -> None:
        self._flush()
        if brace == b"{":
            self._stack.append(self._state)
            self._state = replace(self._state, picture=False)
        elif self._stack:
            if self._state.picture:
                self._shown += self._pictures.end()
            is_mark = self._state.mark
            self._state = self._stack.pop()
            self._leave_shape()
            if self._interrupted and len(self._stack) < self._interrupted[-1].depth:
                self._end_comment()
            if is_mark and not self._state.mark:
                self._end_mark()
        self._to_skip = 0

    def _end_mark(self) -> None:
        """Write the mark of a list item as Markdown does: its number, or a dash."""
        mark = joined("".join(self._text[self._mark_at :])).strip()
        self._list = replace(self._list, is_marked=True)
        self._text[self._mark_at :] = [f"{mark} " if any(map(str.isalnum, mark)) else "- " if mark else ""]

    def _leave_shape(self) -> None:
        if self._shapes and len(self._stack) < self._shapes[-1].depth:
            around = self._shapes.pop()
            self._level, self._in_table, self._list = around.level, around.in_table, around.in_list

    def _end_comment(self) -> None:
        """Keep what the paragraph's comment says for behind it, or who says it."""
        around = self._interrupted.pop()
        text = " ".join(self._taken().split())
        self._text = around.text
        if around.by == b"atnauthor":
            self._author = text
        elif text:
            self._shown.append(f"{said_by(self._author, '')}: {text}")

    def _binary(self, position: int, size: int) -> int:
        """Take bytes that are not text, and return how many there are."""
        size = min(max(size, 0), len(self._data) - position)
        if self._state.picture:
            self._pictures.add_binary(self._data[position : position + size])
        return size

    def _word(self, word: bytes, number: int | None) -> None:
        self._group(word)
        if self._state.skipped:
            self._pictures.say(word)
            return
        if word == b"u" and number is not None:
            self._flush()
            self._put(chr(number & 0xFFFF))
            self._to_skip = self._state.fallback
            return
        self._flush()
        if word in _CHARACTERS:
            self._put(_CHARACTERS[word])
        elif word == b"f":
            self._state = replace(self._state, font=number or 0)
        elif word == b"uc":
            self._state = replace(self._state, fallback=number if number is not None else 1)
        elif word == b"v":
            self._state = replace(self._state, hidden=number != 0)
        elif word in _STRIKES:
            self._state = replace(self._state, struck=number != 0)
        elif word == b"plain":
            self._state = replace(self._state, hidden=False, struck=False, raised=False)
        elif word in _RAISING:
            self._state = replace(self._state, raised=number != 0 if word in _RAISES else False)
        else:
            self._structure(word, number)

    def _group(self, word: bytes) -> None:
        """Take a word that says what its group is."""
        if word in _SKIPPED_GROUPS:
            self._n_objects += word == b"object" and not self._state.skipped
            self._state = replace(self._state, skipped=True, repeats=self._state.repeats or word in REPEATING_GROUPS)
        if word == b"pict" and not self._state.repeats:
            self._state = replace(self._state, picture=True)
            self._pictures.begin()
        elif word in _KNOWN_GROUPS and self._stack:
            self._state = replace(self._state, skipped=self._stack[-1].skipped)
        if word in _COMMENTS and self._stack and not self._state.skipped:
            self._flush()
            self._interrupted.append(_Interrupted(len(self._stack), self._text, word))
            self._text = []
        if word in _MARKS and not self._state.skipped:
            self._flush()
            self._mark_at = len(self._text)
            self._state = replace(self._state, mark=True)
        if word == b"shpinst":
            after = _NO_LIST if self._has_text() else self._list
            self._shapes.append(_Around(len(self._stack), self._level, self._in_table, after))
        elif word == b"shptxt" and not self._state.skipped:
            if not self._has_text():
                self._list = _NO_LIST
            self._end_paragraph()

    def _structure(self, word: bytes, number: int | None) -> None:
        if self._interrupted:
            if word == b"par":
                self._put(" ")
        elif word in (b"par", b"sect", b"page"):
            self._end_paragraph()
        elif word == b"pard":
            self._in_table = bool(self._shapes) and self._shapes[-1].in_table
            self._level = 0
            if not self._state.mark:
                self._list = replace(_NO_LIST, is_marked=self._list.is_marked)
        elif word == b"cell":
            self._number()
            self._row.append(self._taken())
        elif word == b"row":
            self._table.append(self._row)
            self._row = []
            self._shown_in_table += self._shown
            self._shown = []
        else:
            self._format(word, number)

    def _format(self, word: bytes, number: int | None) -> None:
        """Take a word that says what kind of paragraph it is in."""
        if word == b"intbl":
            self._in_table = True
        elif word == b"ls":
            self._list = replace(self._list, name=str(number or 0))
        elif word == b"ilvl":
            self._list = replace(self._list, depth=number or 0)
        elif word == b"outlinelevel" and number is not None and number < 9:  # noqa: PLR2004  9 is body text
            self._level = number + 1

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*":  # only as a group's first word does it say that the group may be skipped
            self._state = replace(self._state, skipped=self._state.skipped or self._opened)
        elif symbol in (b"\r", b"\n"):
            self._end_paragraph()
        elif symbol in (b"\\", b"{", b"}"):
            self._add_bytes(symbol)
        elif symbol in (b"~", b"_"):
            self._flush()
            self._add(" " if symbol == b"~" else "-")

    def _add_bytes(self, content: bytes) -> None:
        skipped = min(self._to_skip, len(content))
        self._to_skip -= skipped
        if self._state.picture:
            self._pictures.add(content)
        elif not self._state.skipped:
            self._bytes += content[skipped:]

    def _add(self, text: str) -> None:
        if not self._state.skipped:
            self._put(text)

    def _put(self, text: str) -> None:
        """Add text as the group shows it."""
        state = self._state
        text = as_shown(text, self._symbol_fonts.get(state.font, ""))
        text = raised(text) if state.raised else text
        self._text.append(hidden(text) if state.hidden else struck(text) if state.struck else text)

    def _flush(self) -> None:
        """Decode the bytes so far; they are kept until the font changes, as a character may take two."""
        if self._bytes:
            of_font = "latin-1" if self._state.font in self._symbol_fonts else self._code_page
            self._put(self._bytes.decode(self._fonts.get(self._state.font, of_font), "replace"))
            self._bytes.clear()

    def _taken(self) -> str:
        self._flush()
        text = joined("".join(self._text)).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        self._text, self._paragraph_at = [], 0
        return "\n".join(" ".join(line.split()) for line in finished(text).split("\n")).strip()

    def _number(self) -> None:
        """Count the paragraph that ends, if a list numbers it, and write its number unless its file did."""
        if self._interrupted:
            return
        in_list = self._list
        self._list = replace(in_list, is_marked=False)
        if in_list.name in self._lists:
            mark = self._lists.marker(in_list.name, in_list.depth)
            if mark and not in_list.is_marked and self._has_text():
                self._text.insert(self._paragraph_at, f"{mark} ")

    def _has_text(self) -> bool:
        """Return whether the paragraph holds something by now."""
        self._flush()
        return bool("".join(self._text[self._paragraph_at :]).strip())

    def _end_paragraph(self) -> None:
        self._number()
        if self._in_table or self._interrupted:
            self._flush()
            self._text.append("\n")
            self._paragraph_at = len(self._text)
            return
        text = self._taken()
        if self._row:
            self._table.append(self._row)
            self._row = []
        if not text and not self._shown:
            return
        self._end_table()
        if self._level:
            self._writer.heading(self._level, text)
        else:
            self._writer.block(text)
        self._writer.blocks(self._shown)
        self._shown = []

    def _end_table(self) -> None:
        if self._row:
            self._table.append(self._row)
        self._writer.table(self._table)
        self._writer.blocks(self._shown_in_table)
        self._row, self._table, self._shown_in_table = [], [], []

    def _title(self) -> str:
        match = re.search(rb"\{\\info.{0,2000}?\{\\title ([^{}\\]{1,300})\}", self._data, re.DOTALL)
        return " ".join(match[1].decode(self._code_page, "replace").split()) if match else ""


def _font_codecs(data: bytes) -> dict[int, str]:
    """Return the codecs of the fonts in the font table whose character set is not the document's."""
    found: dict[int, str] = {}
    for match in re.finditer(rb"\\f(\d{1,5})(?!\d)[^{};]{0,200}?\\fcharset(\d{1,3})", data):
        if codec := _CHARSETS.get(int(match[2])):
            found[int(match[1])] = codec
    return found


def _codec(page: int) -> str:
    name = _CODE_PAGES.get(page, f"cp{page}")
    try:
        codecs.lookup(name)
    except LookupError:
        return "cp1252"
    return name
