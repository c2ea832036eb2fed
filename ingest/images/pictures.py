"""The pictures inside a file: their text is recognised if the ``ocr`` extra is installed; otherwise they are counted.

Comes in: the bytes of pictures, as a reader meets them. Goes out: paragraphs, and what became of pictures without. Never: a
picture's text twice, such as a logo on every slide, a picture silently skipped, or a file lost because of one.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from .. import media
from ..document import How
from ..notice import Notice
from .image import frames
from .ocr import can_recognise, hint, recognise, too_small

_SVG = re.compile(
    rb"\A(?:\s|<\?xml[^>]*>|<!--(?:(?!-->).)*-->|<!DOCTYPE[^>]*>)*<(?:\w+:)?svg\b", re.DOTALL | re.IGNORECASE
)

_HEADER = 24
"""Bytes within which a PNG or GIF states its size."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the pictures in one place hold."""

    paragraphs: tuple[str, ...] = ()
    n_blank: int = 0
    """Those without text."""
    n_unread: int = 0

    def __add__(self, other: Seen) -> Seen:
        """Return what both hold, in order."""
        return Seen(self.paragraphs + other.paragraphs, self.n_blank + other.n_blank, self.n_unread + other.n_unread)

    @property
    def verdict(self) -> tuple[How, str]:
        """How a page that shows nothing else was read, and why."""
        if self.paragraphs:
            return "ocr", Notice("Recognised, as it is an image.")
        if self.n_unread:
            if can_recognise():
                return "failed", Notice("It is an image that cannot be read.")
            return "failed", Notice("It is an image without text. {hint}", hint=hint())
        return ("empty", Notice("An image in which no text was found.")) if self.n_blank else ("text", "")


NOTHING = Seen()


class Pictures:
    """Reads the pictures of one file, each once, and keeps count of them."""

    def __init__(self) -> None:
        self._known: set[bytes] = set()
        self._n_recognised = 0
        self._waiting: list[int] = []
        """The page of each picture waiting for OCR; 0 if there are no pages."""
        self._unreadable: Counter[str] = Counter()
        """By file type."""

    def see(self, name: str, data: bytes, page: int = 0) -> Seen:
        """Return what a picture holds; nothing if it was seen before.

        Args:
            name: its name; only the suffix matters.
            data: all of it; empty if it is missing or damaged.
            page: the page that shows it; 0 if there are no pages.
        """
        digest = hashlib.sha256(data or name.encode(errors="replace")).digest()
        if digest in self._known:
            return NOTHING
        self._known.add(digest)
        found = self._read(name, data, page)
        if found is None:
            return Seen(n_unread=1)
        return Seen(tuple(found)) if found else Seen(n_blank=1)

    def notes(self) -> Iterator[str]:
        """Yield what to know of them, one sentence each."""
        if self._n_recognised:
            yield Notice("The text in {n} picture(s) was recognised.", n=self._n_recognised)
        if self._waiting and self._waiting[0]:
            yield Notice(
                "{n} picture(s) were not read, the first on page {page}. {hint}",
                n=len(self._waiting),
                page=self._waiting[0],
                hint=hint(),
            )
        elif self._waiting:
            yield Notice("{n} picture(s) were not read. {hint}", n=len(self._waiting), hint=hint())
        if self._unreadable:
            n, kinds = self._unreadable.total(), sorted(self._unreadable)
            yield Notice("{n} picture(s) cannot be read ({kinds:list}).", n=n, kinds=kinds)

    def _read(self, name: str, data: bytes, page: int) -> Sequence[str] | None:
        """Return a picture's text; None if it cannot be read, or not yet."""
        try:
            if _SVG.match(data[:4096]):
                return _drawn(data)
            if media.sniff(data, name) in media.IMAGES:
                if _is_tiny(data):
                    return ()
                if not can_recognise():
                    self._waiting.append(page)
                    return None
                found = [paragraph for frame in frames(data) for paragraph in recognise(frame)]
                self._n_recognised += bool(found)
                return found
        except Exception:  # noqa: BLE001, S110  whatever a library raises over one picture, the file goes on
            pass
        self._unreadable[PurePosixPath(name).suffix[1:].upper() or "?"] += 1
        return None


def _drawn(data: bytes) -> Sequence[str] | None:
    """Return the text of an SVG, which holds it as text; None if it has none but holds a picture, which is not opened.

    Raises: DamagedError.
    """
    from ..package import parse_xml

    root = parse_xml(data, "the drawing")
    lines = [" ".join("".join(text.itertext()).split()) for text in root.iter("{*}text")]
    if text := "\n".join(filter(None, lines)):
        return (text,)
    return None if root.find(".//{*}image") is not None else ()


def _is_tiny(data: bytes) -> bool:
    """Return whether a PNG or GIF is too small for letters: spacers and bullets need not wait for OCR."""
    if data.startswith(b"\x89PNG") and len(data) >= _HEADER:  # ISO/IEC 15948, 11.2.2
        return too_small(int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))
    if data.startswith(b"GIF8") and len(data) >= _HEADER:  # GIF89a, 18
        return too_small(int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little"))
    return False
