"""Outlook messages (.msg) become Markdown, like other mail.

No property is guessed at: what [MS-OXMSG] names is read.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from urllib.parse import unquote

import olefile

from ..errors import DamagedError, ReadError
from ..images.pictures import Pictures
from ..media import RTF
from ..notice import Notice
from ..reading import MarkdownWriter, Reading
from ..text import encoding
from .attachments import MAX_DEPTH, Attachment, Attachments, append_reading
from .page_pictures import Look, looking
from .web import html_reading

# Property ids of [MS-OXPROPS].
_SUBJECT, _BODY, _HTML, _RTF = "0037", "1000", "1013", "1009"
_SENDER_NAME, _SENDER_ADDRESS, _SENDER_SMTP, _TO, _CC = "0C1A", "0C1F", "5D01", "0E04", "0E03"
_DATA, _LONG_NAME, _SHORT_NAME, _DISPLAY_NAME = "3701", "3707", "3704", "3001"
_CONTENT_ID, _CONTENT_LOCATION = "3712", "3713"
_SUBMITTED, _DELIVERED = 0x0039_0040, 0x0E06_0040
_LZFU, _MELA = b"LZFu", b"MELA"
_LZFU_START = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans "
    b"SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_WINDOW = 4096
MAX_RTF_BYTES = 64 * 1024 * 1024


def read_msg(data: bytes, name: str) -> Reading:
    """Read an Outlook message with its attachments.

    Raises: DamagedError: the compound file is broken, or holds no message.
    """
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as container:
            pictures = Pictures()
            reading = _read_message(container, (), PurePath(name).stem, 0, pictures)
            return replace(reading, notes=(*reading.notes, *pictures.notes()))
    except (OSError, struct.error, IndexError, ValueError, KeyError, AttributeError) as exc:
        raise DamagedError("the Outlook message is broken or cut off; save it again from Outlook") from exc


def _read_message(
    container: olefile.OleFileIO, where: tuple[str, ...], name: str, depth: int, pictures: Pictures
) -> Reading:
    writer = MarkdownWriter()
    notes: list[str] = []
    subject = " ".join(_string(container, where, _SUBJECT).split())
    writer.heading(1, subject)
    fields = {
        "From": _sender(container, where),
        "To": _string(container, where, _TO),
        "Cc": _string(container, where, _CC),
        "Date": _date(container, where),
        "Subject": subject,
    }
    writer.block("\n".join(f"{key}: {' '.join(value.split())}" for key, value in fields.items() if value.strip()))
    beside = _Beside(container, where)
    append_reading(writer, "", _body(container, where, notes, looking(pictures, beside.picture)), 1)
    attachments = Attachments(writer, depth)
    for folder in _attachment_folders(container, where):
        if folder not in beside.shown:
            _attach(container, folder, attachments, writer, notes, pictures)
    reading = writer.finish(subject or name, "", [*notes, *attachments.notes()])
    if not reading.text:
        raise DamagedError("there is no message in it: neither headers nor a body")
    return reading


def _sender(container: olefile.OleFileIO, where: tuple[str, ...]) -> str:
    name = _string(container, where, _SENDER_NAME).strip()
    address = (_string(container, where, _SENDER_SMTP) or _string(container, where, _SENDER_ADDRESS)).strip()
    return f"{name} <{address}>" if "@" in address and address != name else name or address


class _Beside:
    """A message's attachments by the addresses under which its body shows them as pictures."""

    def __init__(self, container: olefile.OleFileIO, where: tuple[str, ...]) -> None:
        self.shown: set[tuple[str, ...]] = set()
        self._container = container
        self._folders: dict[str, tuple[str, ...]] = {}
        for folder in _attachment_folders(container, where):
            self._folders.setdefault(f"cid:{_string(container, folder, _CONTENT_ID).strip('<> ')}", folder)
            self._folders.setdefault(_string(container, folder, _CONTENT_LOCATION), folder)

    def picture(self, address: str) -> tuple[str, bytes] | None:
        """Return the name and bytes of the picture at an address; None if it is not here."""
        folder = self._folders.get(unquote(address))
        if folder is None:
            return None
        self.shown.add(folder)
        return _label(self._container, folder), _bytes(self._container, folder, _DATA, "0102")


def _body(container: olefile.OleFileIO, where: tuple[str, ...], notes: list[str], look: Look) -> Reading:
    html = _bytes(container, where, _HTML, "0102")
    if html.strip():
        decoded = encoding.decode(html)
        notes.extend(decoded.notes)
        return html_reading(decoded.text, look=look)
    html_text = _string(container, where, _HTML)
    if html_text.strip():
        return html_reading(html_text, look=look)
    plain = _string(container, where, _BODY)
    if plain.strip():
        return Reading(encoding.repair(plain))
    packed = _bytes(container, where, _RTF, "0102")
    return _from_rtf(packed, notes) if packed else Reading("")


def _from_rtf(packed: bytes, notes: list[str]) -> Reading:
    from .table import READERS

    try:
        return READERS[RTF](decompress_rtf(packed), "body.rtf")
    except (ReadError, IndexError, struct.error) as exc:
        notes.append(Notice("the body of the message could not be read: {why}", why=exc))
        return Reading("")


def decompress_rtf(packed: bytes) -> bytes:
    """Return the RTF that Outlook packed ([MS-OXRTFCP] section 3.1)."""
    _, raw_size, kind = struct.unpack_from("<II4s", packed)
    if kind == _MELA:
        return packed[16 : 16 + raw_size]
    if kind != _LZFU or raw_size > MAX_RTF_BYTES:
        raise DamagedError("the packed RTF of the message is broken")
    window = bytearray(_LZFU_START.ljust(_WINDOW, b"\0"))
    position, out, at = len(_LZFU_START), bytearray(), 16
    while at < len(packed) and len(out) < raw_size:
        control = packed[at]
        at += 1
        for bit in range(8):
            token = int.from_bytes(packed[at : at + 2], "big")
            copied = control >> bit & 1
            offset, length = (token >> 4, (token & 15) + 2) if copied else (position, 1)
            at += 1 + copied
            if at > len(packed) or (copied and offset == position % _WINDOW):
                return bytes(out[:raw_size])
            if not copied:
                window[position % _WINDOW] = packed[at - 1]
            # Byte by byte, as a run may copy what it has just written.
            for source in range(offset, offset + length):
                window[position % _WINDOW] = window[source % _WINDOW]
                out.append(window[position % _WINDOW])
                position += 1
    return bytes(out[:raw_size])


def _attachment_folders(container: olefile.OleFileIO, where: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    seen = set()
    for entry in container.listdir(streams=True, storages=False):
        path = tuple(entry)
        if (
            len(path) > len(where)
            and path[: len(where)] == where
            and path[len(where)].startswith("__attach_version1.0")
        ):
            seen.add(path[: len(where) + 1])
    yield from sorted(seen)


def _attach(
    container: olefile.OleFileIO,
    folder: tuple[str, ...],
    attachments: Attachments,
    writer: MarkdownWriter,
    notes: list[str],
    pictures: Pictures,
) -> None:
    label = _label(container, folder)
    embedded = (*folder, f"__substg1.0_{_DATA}000D")
    if container.exists([*embedded, "__properties_version1.0"]):
        if attachments.depth >= MAX_DEPTH:
            notes.append(Notice("messages nested too deeply were left out"))
            return
        try:
            inner = _read_message(container, embedded, label or "Message", attachments.depth + 1, pictures)
        except ReadError as exc:
            notes.append(Notice("the attached message {name} was left out: {why}", name=label, why=exc))
            return
        append_reading(writer, label or inner.title, inner, 2)
        notes.extend(inner.notes)
    else:
        attachments.add(Attachment(label or "attachment", _bytes(container, folder, _DATA, "0102")))


def _label(container: olefile.OleFileIO, folder: tuple[str, ...]) -> str:
    """Return an attachment's name; empty if it has none."""
    names = (_string(container, folder, key) for key in (_LONG_NAME, _SHORT_NAME, _DISPLAY_NAME))
    return " ".join(next(filter(None, names), "").replace("/", "_").split("\0")[0].split())


def _bytes(container: olefile.OleFileIO, where: tuple[str, ...], key: str, kind: str) -> bytes:
    path = [*where, f"__substg1.0_{key}{kind}"]
    if not container.exists(path):
        return b""
    with container.openstream(path) as stream:
        return bytes(stream.read())


def _string(container: olefile.OleFileIO, where: tuple[str, ...], key: str) -> str:
    wide = _bytes(container, where, key, "001F")
    if wide:
        return wide.decode("utf-16-le", "replace").rstrip("\0")
    narrow = _bytes(container, where, key, "001E").rstrip(b"\0")
    return encoding.decode(narrow).text if narrow else ""


def _date(container: olefile.OleFileIO, where: tuple[str, ...]) -> str:
    path = [*where, "__properties_version1.0"]
    if not container.exists(path):
        return ""
    with container.openstream(path) as stream:
        properties = stream.read()
    start = 24 if where else 32
    found = {}
    for at in range(start, len(properties) - 15, 16):
        tag, ticks = struct.unpack_from("<I4xQ", properties, at)
        found[tag] = ticks
    ticks = found.get(_SUBMITTED) or found.get(_DELIVERED) or 0
    if not 0 < ticks < 2**61:
        return ""
    return (datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=ticks // 10)).strftime("%Y-%m-%d %H:%M UTC")
