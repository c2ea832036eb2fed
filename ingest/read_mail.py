"""Mail becomes Markdown: the headers people read, the body, then each attachment under a heading of its own.

Comes in: bytes of a message, a mailbox or a saved web page (MHTML). Goes out: a ``Reading``. Never: both the plain and the
HTML version of a body, or an attachment dropped without a note.
"""

from __future__ import annotations

import email.errors
import email.header
import email.policy
import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser
from pathlib import PurePath

from . import encoding
from .errors import DamagedError, ReadError
from .read_text import markdown_headings
from .read_web import html_reading
from .reading import MarkdownWriter, Reading

MAX_DEPTH = 4
"""How deep messages and archives in messages are followed."""
MAX_ATTACHMENTS = 200
_SHOWN_HEADERS = ("From", "To", "Cc", "Date", "Subject")


def read_eml(data: bytes, name: str) -> Reading:
    """Read one RFC 5322 message with its attachments.

    Raises: DamagedError: there are neither headers nor a body.
    """
    return _read_message(_parse(data), PurePath(name).stem, 0)


def read_mbox(data: bytes, name: str) -> Reading:
    """Read a mailbox: each message under a heading with its subject."""
    writer = MarkdownWriter()
    notes: list[str] = []
    for number, raw in enumerate(_split_mbox(data), 1):
        message = _parse(raw)
        inner = _read_message(message, f"Message {number}", 0)
        _append(writer, inner.title or f"Message {number}", inner, 1)
        notes.extend(inner.notes)
    return _finish(writer, PurePath(name).stem, notes)


def read_mhtml(data: bytes, name: str) -> Reading:
    """Read a web page saved as one file: its HTML part."""
    message = _parse(data)
    for part in message.walk():
        if part.get_content_type() in {"text/html", "application/xhtml+xml"}:
            decoded = encoding.decode(_payload(part), part.get_content_charset() or "")
            return html_reading(decoded.text, decoded.encoding, decoded.notes)
    return read_eml(data, name)


def _parse(data: bytes) -> Message:
    # compat32 keeps every malformed header as it is where the modern policies raise on some.
    return BytesParser(policy=email.policy.compat32).parsebytes(data.lstrip(b"\r\n \t"))


def _split_mbox(data: bytes) -> Iterator[bytes]:
    starts = [match.start() for match in re.finditer(rb"^From [^\n]*\n(?=[!-9;-~]+:)", data, re.MULTILINE)]
    for start, stop in zip(starts, [*starts[1:], len(data)], strict=True):
        message = data[data.index(b"\n", start) + 1 : stop]
        yield re.sub(rb"^>(>*From )", rb"\1", message, flags=re.MULTILINE)
    if not starts:
        yield data


def _read_message(message: Message, name: str, depth: int) -> Reading:
    writer = MarkdownWriter()
    subject = header(message, "Subject")
    if subject:
        writer.heading(1, subject)
    writer.block("\n".join(f"{key}: {value}" for key in _SHOWN_HEADERS if (value := header(message, key))))
    notes: list[str] = []
    encoding_name = ""
    attachments: list[tuple[str, bytes, Message]] = []
    for part in _bodies(message, attachments):
        decoded = _decoded(part)
        if decoded is None:
            continue
        encoding_name = encoding_name or decoded.encoding
        notes.extend(decoded.notes)
        text = encoding.repair(decoded.text)
        writer.block(html_reading(text).text if part.get_content_subtype() == "html" else text)
    for file_name, data, part in attachments[:MAX_ATTACHMENTS]:
        notes.extend(_append_attachment(writer, file_name, data, part, depth))
    if len(attachments) > MAX_ATTACHMENTS:
        notes.append(f"{len(attachments) - MAX_ATTACHMENTS} attachments beyond the first {MAX_ATTACHMENTS} were left out")
    reading = _finish(writer, subject or name, notes)
    if not reading.text:
        raise DamagedError("there is no message in it: neither headers nor a body")
    return Reading(reading.text, reading.title, (), reading.headings, encoding_name, reading.notes)


def header(message: Message, key: str) -> str:
    """Return a header as people read it, whatever encoding its words are in."""
    raw = message.get(key)
    if raw is None:
        return ""
    try:
        pieces = email.header.decode_header(raw)
    except (ValueError, LookupError, email.errors.HeaderParseError):
        pieces = [(str(raw), None)]
    words = [
        piece if isinstance(piece, str) else (encoding.decode(piece, charset or "").text if piece else "")
        for piece, charset in pieces
    ]
    return " ".join(_undone_surrogates("".join(words)).split())


def _undone_surrogates(text: str) -> str:
    """Raw 8-bit headers come as surrogate escapes; decode the bytes that they stand for."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return encoding.decode(text.encode("utf-8", "surrogateescape")).text
    return text


def _bodies(message: Message, attachments: list[tuple[str, bytes, Message]]) -> Iterator[Message]:
    """Yield the parts that are the message's text; collect the others as attachments."""
    stack = [message]
    while stack:
        part = stack.pop()
        kind = part.get_content_type()
        if kind == "multipart/alternative":
            stack.extend(reversed(_best_alternative(_parts(part))))
        elif kind == "message/rfc822" or part.get_content_disposition() == "attachment" or _file_name(part):
            attachments.append((_file_name(part), b"" if kind == "message/rfc822" else _payload(part), part))
        elif part.is_multipart():
            stack.extend(reversed(_parts(part)))
        elif part.get_content_maintype() == "text":
            yield part
        elif part.get_content_maintype() != "multipart":
            attachments.append((_file_name(part), _payload(part), part))
        else:
            yield part


def _parts(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []


def _best_alternative(parts: list[Message]) -> list[Message]:
    """Return the richest version of a body that holds text, and what is no version of it (calendars, files)."""
    def rank(part: Message) -> int:
        kinds = {inner.get_content_type() for inner in part.walk()}
        return 2 if "text/html" in kinds else 1 if "text/plain" in kinds else 0

    versions = sorted((part for part in parts if rank(part)), key=rank, reverse=True)
    filled = [part for part in versions if any(_payload(inner).strip() for inner in part.walk() if not inner.is_multipart())]
    others = [part for part in parts if not rank(part)]
    return [*filled[:1], *others]


def _payload(part: Message) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        payload = None
    if isinstance(payload, bytes):
        return payload
    raw = part.get_payload()
    return raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else b""


def _decoded(part: Message) -> encoding.Decoded | None:
    data = _payload(part)
    if not data.strip():
        return None
    try:
        return encoding.decode(data, part.get_content_charset() or "")
    except ReadError as exc:
        return encoding.Decoded("", "", 0.0, (f"a part of the message is not text: {exc}",))


def _file_name(part: Message) -> str:
    name = part.get_filename()
    if not name:
        return ""
    try:
        words = email.header.decode_header(name)
        name = "".join(w if isinstance(w, str) else encoding.decode(w, charset or "").text for w, charset in words if w)
    except (ValueError, LookupError, ReadError, email.errors.HeaderParseError):
        name = str(name)
    return " ".join(_undone_surrogates(name).replace("/", "_").split())


def _append_attachment(writer: MarkdownWriter, name: str, data: bytes, part: Message, depth: int) -> list[str]:
    from .read import read_bytes

    if part.get_content_type() == "message/rfc822":
        if depth >= MAX_DEPTH:
            return ["messages nested too deeply were left out"]
        inner = [_read_message(message, name or "Message", depth + 1) for message in _parts(part)]
        for reading in inner:
            _append(writer, name or reading.title, reading, 2)
        return [note for reading in inner for note in reading.notes]
    if not data.strip():
        return [f"the attachment {name or '(unnamed)'} is empty"]
    if part.get_content_type().startswith(("application/pkcs7", "application/pgp-signature")):
        return []
    label = name or f"attachment.{part.get_content_subtype()}"
    if depth >= MAX_DEPTH:
        return [f"the attachment {label} was left out: nested too deeply"]
    try:
        document = read_bytes(data, label)
    except ReadError as exc:
        return [f"the attachment {label} was left out: {exc}"]
    _append(writer, label, Reading(document.text), 2)
    return [f"in the attachment {label}: {note}" for note in document.notes]


def _append(writer: MarkdownWriter, title: str, reading: Reading, level: int) -> None:
    writer.heading(level, title)
    text = reading.text
    if text.startswith(f"# {title}\n"):
        text = text.split("\n", 1)[1]
    writer.block(re.sub(r"^(#{1,5})(?= )", lambda marks: "#" * min(len(marks[1]) + level, 6), text, flags=re.MULTILINE))


def _finish(writer: MarkdownWriter, title: str, notes: list[str]) -> Reading:
    text = writer.finish().text
    return Reading(text, title, (), markdown_headings(text), "", tuple(notes))
