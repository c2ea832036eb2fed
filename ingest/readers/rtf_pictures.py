r"""The pictures of Rich Text: groups of ``\pict`` with their bytes as hexadecimal digits, or as they are behind ``\bin``.

Comes in: what such a group holds, piece by piece. Goes out: the text in its picture. Never: one that repeats another for older
programs, or only stands for an embedded object. (Rich Text Format Specification 1.9.1, "Pictures".)
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
        """A group of a picture begins."""
        self._kind, self._binary = "", b""
        self._digits.clear()

    def say(self, word: bytes) -> None:
        """Take a control word of the group, which may say what kind of picture it is."""
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
    """Return the bytes of hexadecimal digits; none when there are other characters among them."""
    digits = digits.translate(None, b" \t")
    try:
        return binascii.unhexlify(digits[: len(digits) // 2 * 2])
    except binascii.Error:
        return b""
