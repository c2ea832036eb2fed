"""Mail becomes Markdown: the headers people read, the body, then each attachment under a heading of its own.

Comes in: bytes of a message, a mailbox or a saved web page (MHTML). Goes out: a ``Reading``. Never: both the plain and the
HTML version of a body, an attachment dropped without a note, or a picture that the body shows as an attachment again.
"""

from __future__ import annotations

import base64
import email.errors
import email.header
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import Message
from email.parser import BytesParser
from itertools import islice, pairwise
from pathlib import PurePath
from urllib.parse import unquote, urljoin

from . import encoding
from .errors import DamagedError, ExtraNeededError, ReadError
from .media import sniff
from .ocr import OCR_HINT
from .page_pictures import looking
from .pictures import Pictures
from .read_web import html_reading
from .reading import MarkdownWriter, Reading

MAX_DEPTH = 4
"""How deep messages and archives in messages are followed."""
MAX_ATTACHMENTS = 200
_SIGNATURES = ("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature")
_SHOWN_HEADERS = ("From", "To", "Cc", "Date", "Subject")

_BASE64 = re.compile(r"\s*(?:[A-Za-z0-9+/]{4}\s*){8,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\s*")


def read_eml(data: bytes, name: str) -> Reading:
    """Read one RFC 5322 message with its attachments.

    Raises: DamagedError: there are neither headers nor a body.
    """
    pictures = Pictures()
    reading = _read_message(_parse(data), PurePath(name).stem, 0, pictures)
    return replace(reading, notes=(*reading.notes, *pictures.notes()))


def read_mbox(data: bytes, name: str) -> Reading:
    """Read a mailbox: each message under a heading with its subject."""
    writer = MarkdownWriter()
    notes: list[str] = []
    pictures = Pictures()
    for number, raw in enumerate(_split_mbox(data), 1):
        message = _parse(raw)
        inner = _read_message(message, f"Message {number}", 0, pictures)
        append_reading(writer, inner.title or f"Message {number}", inner, 1)
        notes.extend(inner.notes)
    return writer.finish(PurePath(name).stem, "", [*notes, *pictures.notes()])


def read_mhtml(data: bytes, name: str) -> Reading:
    """Read a web page saved as one file: its HTML part, with the pictures beside it."""
    message = _parse(data)
    pages = [part for part in message.walk() if part.get_content_type() in {"text/html", "application/xhtml+xml"}]
    if not pages:
        return read_eml(data, name)
    decoded = encoding.decode(_payload(pages[0]), pages[0].get_content_charset() or "")
    pictures = Pictures()
    beside = _Beside(message)
    beside.base = header(pages[0], "Content-Location")
    reading = html_reading(decoded.text, decoded.encoding, decoded.notes, looking(pictures, beside.picture))
    frames = [f"{len(pages) - 1} frame(s) of the page were left out"] if len(pages) > 1 else []
    return replace(reading, notes=(*reading.notes, *pictures.notes(), *frames))


def _parse(data: bytes) -> Message:
    # compat32 keeps every malformed header as it is where the modern policies raise on some.
    return BytesParser(policy=email.policy.compat32).parsebytes(data.lstrip(b"\r\n \t"))


def _split_mbox(data: bytes) -> Iterator[bytes]:
    starts = [match.start() for match in re.finditer(rb"^From [^\n]*\n(?=[!-9;-~]+:)", data, re.MULTILINE)]
    for start, stop in pairwise([*starts, len(data)]):
        message = data[data.index(b"\n", start) + 1 : stop]
        yield re.sub(rb"^>(>*From )", rb"\1", message, flags=re.MULTILINE)
    if not starts:
        yield data


class _Beside:
    """The parts that travel with a page, by the addresses under which it shows them (RFC 2392, RFC 2557)."""

    def __init__(self, message: Message) -> None:
        self.base = ""
        """Where the page was, against which its addresses are."""
        self.shown: set[int] = set()
        """The ids of the objects of those that it shows."""
        self._parts: dict[str, Message] = {}
        for part in message.walk():
            if part.get_content_maintype() not in {"text", "multipart", "message"}:
                self._parts.setdefault(f"cid:{header(part, 'Content-ID').strip('<> ')}", part)
                self._parts.setdefault(header(part, "Content-Location"), part)

    def picture(self, address: str) -> tuple[str, bytes] | None:
        """Return the name and the bytes of the picture at an address; None when it is not here."""
        part = self._parts.get(unquote(address) if address.startswith("cid:") else _joined(self.base, address))
        if part is None:
            return None
        self.shown.add(id(part))
        return _file_name(part) or f"picture.{part.get_content_subtype()}", _payload(part)


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError:  # brackets that are no host
        return address


def _read_message(message: Message, name: str, depth: int, pictures: Pictures) -> Reading:
    writer = MarkdownWriter()
    subject = header(message, "Subject")
    if subject:
        writer.heading(1, subject)
    writer.block("\n".join(f"{key}: {value}" for key in _SHOWN_HEADERS if (value := header(message, key))))
    notes: list[str] = []
    encoding_name = ""
    others: list[Message] = []
    beside = _Beside(message)
    look = looking(pictures, beside.picture)
    for part in _bodies(message, others):
        decoded = _decoded(part)
        if decoded is None:
            continue
        encoding_name = encoding_name or decoded.encoding
        notes.extend(decoded.notes)
        text = encoding.repair(decoded.text)
        is_page = part.get_content_subtype() == "html"
        append_reading(writer, "", html_reading(text, look=look) if is_page else Reading(text), 1)
    attachments = Attachments(writer, depth)
    for part in others:
        if part.get_content_type() == "message/rfc822":
            notes.extend(_append_messages(writer, part, depth, pictures))
        elif id(part) not in beside.shown and not part.get_content_type().startswith(_SIGNATURES):
            attachments.add(Attachment(_file_name(part) or f"attachment.{part.get_content_subtype()}", _payload(part)))
    notes.extend(attachments.notes())
    reading = writer.finish(subject or name, encoding_name, notes)
    if not reading.text:
        raise DamagedError("there is no message in it: neither headers nor a body")
    return reading


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


def _append_messages(writer: MarkdownWriter, part: Message, depth: int, pictures: Pictures) -> list[str]:
    if depth >= MAX_DEPTH:
        return ["messages nested too deeply were left out"]
    notes: list[str] = []
    for message in map(_unpacked, _parts(part)):
        try:
            reading = _read_message(message, "Message", depth + 1, pictures)
        except ReadError as exc:
            notes.append(f"an attached message was left out: {exc}")
            continue
        append_reading(writer, _file_name(part) or reading.title, reading, 2)
        notes.extend(reading.notes)
    return notes


def _unpacked(message: Message) -> Message:
    """Return an attached message, out of base64 where a mailer packed it, which RFC 2046 (5.2.1) does not allow."""
    body = message.get_payload()
    if message.keys() or not isinstance(body, str) or not _BASE64.fullmatch(body):
        return message
    return _parse(base64.b64decode(body))


def _bodies(message: Message, attachments: list[Message]) -> Iterator[Message]:
    """Yield the parts that are the message's text; collect the others as attachments."""
    stack = [message]
    while stack:
        part = stack.pop()
        kind = part.get_content_type()
        if kind == "multipart/alternative":
            stack.extend(reversed(_best_alternative(_parts(part))))
        elif kind == "message/rfc822" or part.get_content_disposition() == "attachment" or _file_name(part):
            attachments.append(part)
        elif part.is_multipart():
            stack.extend(reversed(_parts(part)))
        elif part.get_content_maintype() == "text":
            yield part
        elif part.get_content_maintype() != "multipart":
            attachments.append(part)
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
    filled = [
        part for part in versions if any(_payload(inner).strip() for inner in part.walk() if not inner.is_multipart())
    ]
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


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that travels with a message."""

    name: str
    data: bytes


class Attachments:
    """Writes attachments under headings of their own, and keeps account of those that could not be read."""

    def __init__(self, writer: MarkdownWriter, depth: int) -> None:
        self.depth = depth
        self._writer = writer
        self._left_out: dict[str, list[str]] = {}
        self._notes: list[str] = []
        self._count = 0

    def add(self, attachment: Attachment) -> None:
        """Read one attachment, and each member if it is an archive."""
        from .archive import ARCHIVES, members

        self._count += 1
        if self._count > MAX_ATTACHMENTS:
            self._leave_out(attachment.name, f"there are more than {MAX_ATTACHMENTS}")
            return
        if not attachment.data.strip():
            self._leave_out(attachment.name, "empty")
            return
        try:
            if sniff(attachment.data, attachment.name) not in ARCHIVES:
                self._read(attachment)
                return
            for label, content in islice(members(attachment.data, attachment.name), MAX_ATTACHMENTS):
                name = f"{attachment.name}!{label}"
                if isinstance(content, ReadError):
                    self._leave_out(name, str(content))
                else:
                    self._read(Attachment(name, content))
        except ReadError as exc:
            self._leave_out(attachment.name, str(exc))

    def _read(self, attachment: Attachment) -> None:
        from .read import read_bytes

        if self.depth >= MAX_DEPTH:
            self._leave_out(attachment.name, "nested too deeply")
            return
        try:
            document = read_bytes(attachment.data, attachment.name)
        except ExtraNeededError as exc:  # these words let it be read again once recognition is there
            self._leave_out(attachment.name, str(exc) if OCR_HINT in str(exc) else OCR_HINT)
            return
        except ReadError as exc:
            self._leave_out(attachment.name, str(exc))
            return
        append_reading(self._writer, attachment.name, Reading(document.text, headings=document.headings), 2)
        self._notes.extend(f"in the attachment {attachment.name}: {note}" for note in document.notes)

    def _leave_out(self, name: str, reason: str) -> None:
        self._left_out.setdefault(reason, []).append(name)

    def notes(self) -> Iterator[str]:
        """Yield what a user should know of the attachments; one sentence a reason, however many there are."""
        for reason, names in self._left_out.items():
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""  # noqa: PLR2004
            yield f"attachments left out ({', '.join(names[:5])}{more}): {reason}"
        yield from self._notes


def append_reading(writer: MarkdownWriter, title: str, reading: Reading, level: int) -> None:
    """Append a reading under a heading, if ``title`` is given; its own headings move down by ``level``."""
    writer.heading(level, title)
    position = 0
    for heading in reading.headings:
        writer.block(reading.text[position : heading.start])
        line_end = reading.text.find("\n", heading.start) % (len(reading.text) + 1)
        line = reading.text[heading.start : line_end]
        is_title = heading.start == 0 and heading.title == title
        if not is_title:
            writer.heading(heading.level + level, heading.title)
        written = is_title or line.startswith("#") or line.strip() == heading.title
        position = line_end if written else heading.start
    writer.block(reading.text[position:])
