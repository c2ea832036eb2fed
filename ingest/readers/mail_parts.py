"""The parts of a MIME message (RFC 2045 to 2047), however broken: its text, what is attached, what is shown.

No header makes it fail.
"""

from __future__ import annotations

import base64
import email.errors
import email.header
import email.policy
import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser
from urllib.parse import unquote, urljoin

from ..errors import ReadError
from ..notice import Notice
from ..text import encoding

_BASE64 = re.compile(r"\s*(?:[A-Za-z0-9+/]{4}\s*){8,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\s*")


def parse(data: bytes) -> Message:
    """Return the message in these bytes, however malformed."""
    # compat32 keeps malformed headers as is where the modern policies raise on some.
    return BytesParser(policy=email.policy.compat32).parsebytes(data.lstrip(b"\r\n \t"))


def header(message: Message, key: str) -> str:
    """Return a header as people read it, whatever its encoding."""
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
    """Decode the bytes behind surrogate escapes, which is how raw 8-bit headers come."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return encoding.decode(text.encode("utf-8", "surrogateescape")).text
    return text


def attached_messages(part: Message) -> Iterator[Message]:
    """Yield the messages in a part, out of base64 if a mailer used it, which RFC 2046 (5.2.1) does not allow."""
    for message in _parts(part):
        body = message.get_payload()
        packed = not message.keys() and isinstance(body, str) and _BASE64.fullmatch(body)
        yield parse(base64.b64decode(str(body))) if packed else message


def bodies(message: Message, attachments: list[Message]) -> Iterator[Message]:
    """Yield the parts that are the message's text; collect the others as attachments."""
    stack = [message]
    while stack:
        part = stack.pop()
        kind = part.get_content_type()
        if kind == "multipart/alternative":
            stack.extend(reversed(_best_alternative(_parts(part))))
        elif kind == "message/rfc822" or part.get_content_disposition() == "attachment" or file_name(part):
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
    """Return the richest version of a body that holds text, and parts that are not versions (calendars, files)."""

    def rank(part: Message) -> int:
        kinds = {inner.get_content_type() for inner in part.walk()}
        return 2 if "text/html" in kinds else 1 if "text/plain" in kinds else 0

    versions = sorted((part for part in parts if rank(part)), key=rank, reverse=True)
    filled = [
        part for part in versions if any(payload(inner).strip() for inner in part.walk() if not inner.is_multipart())
    ]
    others = [part for part in parts if not rank(part)]
    return [*filled[:1], *others]


def payload(part: Message) -> bytes:
    """Return a part's content, out of its transfer encoding; verbatim if that is broken."""
    try:
        data = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        data = None
    if isinstance(data, bytes):
        return data
    raw = part.get_payload()
    return raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else b""


def decoded_text(part: Message) -> encoding.Decoded | None:
    """Return the text of a part; None if there is none."""
    data = payload(part)
    if not data.strip():
        return None
    try:
        return encoding.decode(data, part.get_content_charset() or "")
    except ReadError as exc:
        return encoding.Decoded("", "", 0.0, (Notice("a part of the message is not text: {why}", why=exc),))


def file_name(part: Message) -> str:
    """Return a part's attachment name; empty if it has none."""
    name = part.get_filename()
    if not name:
        return ""
    try:
        words = email.header.decode_header(name)
        name = "".join(w if isinstance(w, str) else encoding.decode(w, charset or "").text for w, charset in words if w)
    except (ValueError, LookupError, ReadError, email.errors.HeaderParseError):
        name = str(name)
    return " ".join(_undone_surrogates(name).replace("/", "_").split())


class Beside:
    """The parts that travel with a page, by the addresses it shows them under (RFC 2392, RFC 2557)."""

    def __init__(self, message: Message) -> None:
        self.base = ""
        """Where the page was; addresses are relative to it."""
        self.shown: set[int] = set()
        """The object ids of those it shows."""
        self._parts: dict[str, Message] = {}
        for part in message.walk():
            if part.get_content_maintype() not in {"text", "multipart", "message"}:
                self._parts.setdefault(f"cid:{header(part, 'Content-ID').strip('<> ')}", part)
                self._parts.setdefault(header(part, "Content-Location"), part)

    def picture(self, address: str) -> tuple[str, bytes] | None:
        """Return the name and bytes of the picture at an address; None if it is not here."""
        part = self._parts.get(unquote(address) if address.startswith("cid:") else _joined(self.base, address))
        if part is None:
            return None
        self.shown.add(id(part))
        return file_name(part) or f"picture.{part.get_content_subtype()}", payload(part)


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError:  # brackets that aren't a host
        return address
