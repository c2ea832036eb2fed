r"""The RTF reader.

Comes in: the bytes of a Rich Text file. Goes out: Markdown with its paragraphs, headings and tables. Never: pictures,
objects, field codes or style sheets. Text comes as ``\'hh`` bytes in the code page of the current font, as ``\uN`` with a
number of fallback characters to skip, or as plain bytes (Rich Text Format Specification 1.9.1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from .errors import DamagedError, EmptyFileError
from .reading import MarkdownWriter, Reading

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)"
)
_SKIPPED_GROUPS = frozenset(
    b"fonttbl colortbl stylesheet info pict object objdata themedata colorschememapping datastore latentstyles listtable "
    b"listoverridetable rsidtbl generator xmlnstbl fldinst filetbl revtbl pgptbl mmathPr datafield nonshppict panose "
    b"bkmkstart bkmkend pnseclvl pntext atrfstart atrfend atnid wgrffmtfilter".split()
)
_CHARACTERS = {
    b"tab": " ", b"line": "\n", b"emdash": "—", b"endash": "–", b"bullet": "•", b"lquote": "‘", b"rquote": "’",
    b"ldblquote": "“", b"rdblquote": "”", b"emspace": " ", b"enspace": " ", b"qmspace": " ",
}  # fmt: skip
_CHARSETS = {
    77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030", 136: "cp950", 161: "cp1253", 162: "cp1254",
    163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250",
}  # fmt: skip
_CODE_PAGES = {936: "gb18030", 10000: "mac_roman", 65001: "utf-8"}


@dataclass(frozen=True, slots=True)
class _State:
    """What a group inherits and its end restores."""

    skipped: bool = False
    font: int = -1
    fallback: int = 1
    hidden: bool = False


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
        self._writer = MarkdownWriter()
        self._state = _State()
        self._stack: list[_State] = []
        self._bytes = bytearray()
        self._text: list[str] = []
        self._to_skip = 0
        self._level = 0
        self._row: list[str] = []
        self._table: list[list[str]] = []
        self._in_table = False
        self._opened = False
        """Whether a group has just begun."""

    def read(self) -> Reading:
        last_paragraph = self._data.rfind(b"\\par")
        for match in _TOKEN.finditer(self._data):
            word, number, hexadecimal, symbol, brace, plain = match.groups()
            if brace:
                self._brace(brace)
            elif word:
                self._word(word, int(number) if number else None)
            elif symbol:
                self._symbol(symbol)
            else:
                self._add_bytes(bytes.fromhex(hexadecimal.decode()) if hexadecimal else plain or b"")
            self._opened = brace == b"{"
            if brace == b"}" and not self._stack and match.end() > last_paragraph:
                break  # what a disk left behind the end is no text
        self._end_paragraph()
        self._end_table()
        reading = self._writer.finish(self._title())
        if self._stack:
            return replace(reading, notes=("The file is cut off; what is there was read.",))
        return reading

    def _brace(self, brace: bytes) -> None:
        self._flush()
        if brace == b"{":
            self._stack.append(self._state)
        elif self._stack:
            self._state = self._stack.pop()
        self._to_skip = 0

    def _word(self, word: bytes, number: int | None) -> None:
        if word in _SKIPPED_GROUPS:
            self._state = replace(self._state, skipped=True)
        if self._state.skipped:
            return
        if word == b"u" and number is not None:
            self._flush()
            self._text.append(chr(number & 0xFFFF))
            self._to_skip = self._state.fallback
            return
        self._flush()
        if word in _CHARACTERS:
            self._text.append(_CHARACTERS[word])
        elif word == b"f":
            self._state = replace(self._state, font=number or 0)
        elif word == b"uc":
            self._state = replace(self._state, fallback=number if number is not None else 1)
        elif word == b"v":
            self._state = replace(self._state, hidden=number != 0)
        elif word == b"plain":
            self._state = replace(self._state, hidden=False)
        else:
            self._structure(word, number)

    def _structure(self, word: bytes, number: int | None) -> None:
        if word in (b"par", b"sect", b"page"):
            self._end_paragraph()
        elif word == b"pard":
            self._in_table = False
            self._level = 0
        elif word == b"intbl":
            self._in_table = True
        elif word == b"cell":
            self._row.append(self._taken())
        elif word == b"row":
            self._table.append(self._row)
            self._row = []
        elif word == b"outlinelevel" and number is not None and number < 9:  # noqa: PLR2004  9 is body text
            self._level = number + 1
        elif word == b"bin" and number:
            self._to_skip = number

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*":  # only as the first word of a group does it say that the group may be skipped
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
        if not self._state.skipped and not self._state.hidden:
            self._bytes += content[skipped:]

    def _add(self, text: str) -> None:
        if not self._state.skipped and not self._state.hidden:
            self._text.append(text)

    def _flush(self) -> None:
        """Decode the bytes so far; they are kept until the font changes, as a character may take two."""
        if self._bytes:
            self._text.append(self._bytes.decode(self._fonts.get(self._state.font, self._code_page), "replace"))
            self._bytes.clear()

    def _taken(self) -> str:
        self._flush()
        text = "".join(self._text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        self._text = []
        return "\n".join(" ".join(line.split()) for line in text.split("\n")).strip()

    def _end_paragraph(self) -> None:
        if self._in_table:
            self._flush()
            self._text.append("\n")
            return
        text = self._taken()
        if self._row:
            self._table.append(self._row)
            self._row = []
        if not text:
            return
        self._end_table()
        if self._level:
            self._writer.heading(self._level, text)
        else:
            self._writer.block(text)

    def _end_table(self) -> None:
        if self._row:
            self._table.append(self._row)
        self._writer.table(self._table)
        self._row, self._table = [], []

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
        b"".decode(name)
    except LookupError:
        return "cp1252"
    return name
