"""The pictures a page shows: where each is named, and which of them are in the file itself.

No address is fetched and no path opened.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import unquote_to_bytes

from ..images.pictures import Pictures

Look = Callable[[str], Sequence[str] | None]
"""Returns the paragraphs in the picture at an address; None if the file does not hold it."""

PICTURED = "img, input, object, embed, image, svg text"
"""Selects elements that show a picture, or are the text of a drawing."""

DATA_URI = r"data:image/[\w.+-]+(?:;[\w.=-]+)*,"
_DATA_URI = re.compile(rf"\s*{DATA_URI}", re.IGNORECASE)
_SUBTYPE = re.compile(r"image/(?:x-)?([A-Za-z]+)")


def looking(pictures: Pictures, part: Callable[[str], tuple[str, bytes] | None] = lambda _: None) -> Look:
    """Return a function that looks at pictures by address.

    Args:
        pictures: keeps count of them.
        part: returns the name and bytes of anything else in the file with an address.
    """

    def look(address: str) -> Sequence[str] | None:
        found = data_uri(address) or part(address)
        return pictures.see(*found).paragraphs if found else None

    return look


def data_uri(address: str) -> tuple[str, bytes] | None:
    """Return the name and bytes of a picture written out as its address (RFC 2397); None for other addresses."""
    head = _DATA_URI.match(address)
    if head is None:
        return None
    kind = _SUBTYPE.search(head.group())
    name = f"picture.{kind[1] if kind else ''}"
    content = unquote_to_bytes(address[head.end() :])
    return name, from_base64(content) if ";base64" in head.group().lower() else content


def from_base64(content: bytes) -> bytes:
    """Return decoded bytes, even if the padding is wrong; none if it is not base64."""
    try:
        return binascii.a2b_base64(content.rstrip(b"= \r\n") + b"==")
    except binascii.Error:
        return b""


def addresses(attributes: Mapping[str, str | None]) -> Iterator[str]:
    """Yield the addresses of an element's picture: the one, and its alternatives."""
    for key in ("src", "data", "href", "xlink:href"):
        if value := attributes.get(key):
            yield value.strip()
    for word in (attributes.get("srcset") or "").split():
        yield word.strip(",")
