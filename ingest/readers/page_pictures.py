"""The pictures that a page shows: where each is named, and which of them the file itself holds.

Comes in: what elements of a page say, addresses. Goes out: the text in the pictures. Never: an address fetched or a path
opened; a picture that is not in the file is not looked at.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import unquote_to_bytes

from ..images.pictures import Pictures

Look = Callable[[str], Sequence[str] | None]
"""Returns the paragraphs in the picture at an address; None when the file does not hold it."""

PICTURED = "img, input, object, embed, image, svg text"
"""Selects the elements that show a picture, or are the text of a drawing."""

DATA_URI = r"data:image/[\w.+-]+(?:;[\w.=-]+)*,"
_DATA_URI = re.compile(rf"\s*{DATA_URI}", re.IGNORECASE)
_SUBTYPE = re.compile(r"image/(?:x-)?([A-Za-z]+)")


def looking(pictures: Pictures, part: Callable[[str], tuple[str, bytes] | None] = lambda _: None) -> Look:
    """Return what looks at pictures by their addresses.

    Args:
        pictures: keeps account of them.
        part: returns the name and the bytes of what else in the file has an address.
    """

    def look(address: str) -> Sequence[str] | None:
        found = data_uri(address) or part(address)
        return pictures.see(*found).paragraphs if found else None

    return look


def data_uri(address: str) -> tuple[str, bytes] | None:
    """Return the name and the bytes of a picture that is written out as its address (RFC 2397); None for other addresses."""
    head = _DATA_URI.match(address)
    if head is None:
        return None
    kind = _SUBTYPE.search(head.group())
    name = f"picture.{kind[1] if kind else ''}"
    content = unquote_to_bytes(address[head.end() :])
    return name, from_base64(content) if ";base64" in head.group().lower() else content


def from_base64(content: bytes) -> bytes:
    """Return decoded bytes, whatever is wrong with the padding; none for what is no base64."""
    try:
        return binascii.a2b_base64(content.rstrip(b"= \r\n") + b"==")
    except binascii.Error:
        return b""


def addresses(attributes: Mapping[str, str | None]) -> Iterator[str]:
    """Yield the addresses of the picture that an element shows: the one, and others to take in its place."""
    for key in ("src", "data", "href", "xlink:href"):
        if value := attributes.get(key):
            yield value.strip()
    for word in (attributes.get("srcset") or "").split():
        yield word.strip(",")
