"""Mail becomes Markdown: the headers people read, the body, then each attachment under its own heading.

A body is read in one of its versions, plain or HTML, and the pictures it shows are not read again as attachments.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from email.message import Message
from itertools import pairwise
from pathlib import PurePath

from ..errors import DamagedError, ReadError
from ..images.pictures import Pictures
from ..notice import Notice
from ..reading import MarkdownWriter, Reading
from ..text import encoding
from .attachments import MAX_DEPTH, Attachment, Attachments, append_reading
from .mail_parts import Beside, attached_messages, bodies, decoded_text, file_name, header, parse, payload
from .page_pictures import Look, looking
from .web import html_reading

_SIGNATURES = ("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature")
_SHOWN_HEADERS = ("From", "To", "Cc", "Date", "Subject")


def read_eml(data: bytes, name: str) -> Reading:
    """Read one RFC 5322 message with its attachments.

    Raises: DamagedError: there are neither headers nor a body.
    """
    pictures = Pictures()
    reading = _read_message(parse(data), PurePath(name).stem, 0, pictures)
    return replace(reading, notes=(*reading.notes, *pictures.notes()))


def read_mbox(data: bytes, name: str) -> Reading:
    """Read a mailbox: each message under a heading with its subject."""
    writer = MarkdownWriter()
    notes: list[str] = []
    pictures = Pictures()
    for number, raw in enumerate(_split_mbox(data), 1):
        message = parse(raw)
        inner = _read_message(message, f"Message {number}", 0, pictures)
        append_reading(writer, inner.title or f"Message {number}", inner, 1)
        notes.extend(inner.notes)
    return writer.finish(PurePath(name).stem, "", [*notes, *pictures.notes()])


def read_mhtml(data: bytes, name: str) -> Reading:
    """Read a web page saved as one file: its HTML part, with the pictures beside it."""
    message = parse(data)
    pages = [part for part in message.walk() if part.get_content_type() in {"text/html", "application/xhtml+xml"}]
    if not pages:
        return read_eml(data, name)
    decoded = encoding.decode(payload(pages[0]), pages[0].get_content_charset() or "")
    pictures = Pictures()
    beside = Beside(message)
    beside.base = header(pages[0], "Content-Location")
    reading = html_reading(decoded.text, decoded.encoding, decoded.notes, looking(pictures, beside.picture))
    frames = [Notice("{n} frame(s) of the page were left out", n=len(pages) - 1)] if len(pages) > 1 else []
    return replace(reading, notes=(*reading.notes, *pictures.notes(), *frames))


def _split_mbox(data: bytes) -> Iterator[bytes]:
    starts = [match.start() for match in re.finditer(rb"^From [^\n]*\n(?=[!-9;-~]+:)", data, re.MULTILINE)]
    for start, stop in pairwise([*starts, len(data)]):
        message = data[data.index(b"\n", start) + 1 : stop]
        yield re.sub(rb"^>(>*From )", rb"\1", message, flags=re.MULTILINE)
    if not starts:
        yield data


def _read_message(message: Message, name: str, depth: int, pictures: Pictures) -> Reading:
    writer = MarkdownWriter()
    subject = header(message, "Subject")
    if subject:
        writer.heading(1, subject)
    writer.block("\n".join(f"{key}: {value}" for key in _SHOWN_HEADERS if (value := header(message, key))))
    others: list[Message] = []
    beside = Beside(message)
    encoding_name, notes = _write_bodies(writer, bodies(message, others), looking(pictures, beside.picture))
    attachments = Attachments(writer, depth)
    for part in others:
        if part.get_content_type() == "message/rfc822":
            notes.extend(_append_messages(writer, part, depth, pictures))
        elif id(part) not in beside.shown and not part.get_content_type().startswith(_SIGNATURES):
            attachments.add(Attachment(file_name(part) or f"attachment.{part.get_content_subtype()}", payload(part)))
    notes.extend(attachments.notes())
    reading = writer.finish(subject or name, encoding_name, notes)
    if not reading.text:
        raise DamagedError("there is no message in it: neither headers nor a body")
    return reading


def _write_bodies(writer: MarkdownWriter, parts: Iterable[Message], look: Look) -> tuple[str, list[str]]:
    """Write a message's text; return its encoding, and what to know about the reading."""
    encoding_name = ""
    notes: list[str] = []
    for part in parts:
        if decoded := decoded_text(part):
            encoding_name = encoding_name or decoded.encoding
            notes.extend(decoded.notes)
            text = encoding.repair(decoded.text)
            is_page = part.get_content_subtype() == "html"
            append_reading(writer, "", html_reading(text, look=look) if is_page else Reading(text), 1)
    return encoding_name, notes


def _append_messages(writer: MarkdownWriter, part: Message, depth: int, pictures: Pictures) -> list[str]:
    if depth >= MAX_DEPTH:
        return [Notice("messages nested too deeply were left out")]
    notes: list[str] = []
    for message in attached_messages(part):
        try:
            reading = _read_message(message, "Message", depth + 1, pictures)
        except ReadError as exc:
            notes.append(Notice("an attached message was left out: {why}", why=exc))
            continue
        append_reading(writer, file_name(part) or reading.title, reading, 2)
        notes.extend(reading.notes)
    return notes
