r"""The pictures of Rich Text: groups of ``\pict`` with their bytes in hexadecimal, or raw after ``\bin``.

Those that repeat another for older programs, or only stand for an embedded object, do not count. (Rich Text Format
Specification 1.9.1, "Pictures".)
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator, Sequence

from ..images.pictures import Pictures

_KINDS = {
    b"pngblip": "png", b"jpegblip": "jpg", b"emfblip": "emf", b"wmetafile": "wmf", b"macpict": "pict", b"pmmetafile": "met",
    b"dibitmap": "dib", b"wbitmap": "ddb",
}  # fmt: skip
REPEATING_GROUPS = frozenset((b"nonshppict", b"shprslt", b"object", b"listpicture"))
"""Groups whose pictures do not count: for older programs, of embedded objects, and bullets."""


class RtfPictures:
    """Gathers one picture after another, and looks at each when its group ends."""

    def __init__(self) -> None:
        self._pictures = Pictures()
        self._kind = ""
        self._digits = bytearray()
        self._binary = b""

    def begin(self) -> None:
        """Begin a picture group."""
        self._kind, self._binary = "", b""
        self._digits.clear()

    def say(self, word: bytes) -> None:
        """Take a control word of the group, which may give the picture's type."""
        self._kind = _KINDS.get(word, self._kind)

    def add(self, digits: bytes) -> None:
        """Take some of the hexadecimal digits of the picture."""
        self._digits += digits

    def add_binary(self, content: bytes) -> None:
        """Take the bytes of the picture."""
        self._binary = content

    def end(self) -> Sequence[str]:
        """Return the paragraphs in the picture, now that its group ends."""
        return self._pictures.see(f"picture.{self._kind}", self._binary or _bytes(self._digits)).paragraphs

    def notes(self) -> Iterator[str]:
        """Yield what to know of the pictures."""
        return self._pictures.notes()


def _bytes(digits: bytearray) -> bytes:
    """Return the bytes of hexadecimal digits; none if there are other characters."""
    digits = digits.translate(None, b" \t")
    try:
        return binascii.unhexlify(digits[: len(digits) // 2 * 2])
    except binascii.Error:
        return b""
