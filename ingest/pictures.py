"""The pictures in office files: their text is recognised where the ``ocr`` extra is installed, and counted where it is not.

Comes in: the names of parts, where they are shown. Goes out: paragraphs, and what became of pictures without. Never: the text
of a picture twice, such as of a logo on every slide, or a picture passed over in silence.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from . import media
from .document import How
from .errors import ReadError
from .ocr import OCR_HINT, ocr_installed, recognise
from .package import Element, Package, attribute, local
from .read_image import frames


@dataclass(frozen=True, slots=True)
class Seen:
    """What the pictures in one place hold."""

    paragraphs: tuple[str, ...] = ()
    n_blank: int = 0
    """In which no text was found."""
    n_unread: int = 0

    def and_of(self, found: Sequence[str] | None) -> Seen:
        """Return this with one picture more: its paragraphs, ``None`` for one that was not read."""
        if found is None:
            return replace(self, n_unread=self.n_unread + 1)
        if not found:
            return replace(self, n_blank=self.n_blank + 1)
        return replace(self, paragraphs=(*self.paragraphs, *found))

    @property
    def verdict(self) -> tuple[How, str]:
        """How a page was read that shows nothing else, and why."""
        if self.paragraphs:
            return "ocr", "Recognised, as it is an image."
        if self.n_unread:
            waits = not ocr_installed()
            return (
                "failed",
                f"It is an image without text. {OCR_HINT}" if waits else "It is an image that cannot be read.",
            )
        return ("empty", "An image in which no text was found.") if self.n_blank else ("text", "")


NOTHING = Seen()


class Pictures:
    """Reads the pictures of one package, each once, and keeps account of them."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._names: set[str] = set()
        self._known: set[bytes] = set()
        self._n_recognised = 0
        self._waiting: list[int] = []
        """The page of each that waits for text recognition; 0 where there are no pages."""
        self._unreadable: Counter[str] = Counter()
        """By the kind of file."""
        self._n_passed_over = 0

    def look(self, names: Iterable[str], page: int = 0) -> Seen:
        """Return what pictures hold, by the names of their parts, in this order; those that were seen before are left out."""
        seen = Seen()
        for name in names:
            self._names.add(name)
            try:
                data = self._package.read(name)
            except ReadError:
                data = b""
            digest = hashlib.sha256(data or name.encode()).digest()
            if digest not in self._known:
                self._known.add(digest)
                seen = seen.and_of(self._read(name, data, page))
        return seen

    def pass_over(self, names: Iterable[str]) -> None:
        """Count the pictures of which no place is known, those that were looked at apart."""
        self._n_passed_over += len({name for name in names if not name.endswith("/")} - self._names)

    def notes(self) -> Iterator[str]:
        """Yield what to know of them, a sentence each."""
        if self._n_recognised:
            yield f"The text in {self._n_recognised} picture(s) was recognised."
        if self._waiting and self._waiting[0]:
            yield f"{len(self._waiting)} picture(s) were not read, the first on page {self._waiting[0]}. {OCR_HINT}"
        elif self._waiting:
            yield f"{len(self._waiting)} picture(s) were not read. {OCR_HINT}"
        if self._unreadable:
            kinds = ", ".join(sorted(self._unreadable))
            yield f"{self._unreadable.total()} picture(s) cannot be read ({kinds})."
        if self._n_passed_over:
            yield f"{self._n_passed_over} picture(s) in cells or behind them were left out."

    def _read(self, name: str, data: bytes, page: int) -> Sequence[str] | None:
        """Return the text of a picture; None if it cannot be read, or not yet."""
        if media.sniff(data, name) in media.IMAGES:
            if not ocr_installed():
                self._waiting.append(page)
                return None
            try:
                found = [paragraph for frame in frames(data) for paragraph in recognise(frame)]
            except ReadError:
                pass
            else:
                self._n_recognised += bool(found)
                return found
        self._unreadable[PurePosixPath(name).suffix[1:].upper() or "?"] += 1
        return None


def pictures_of(package: Package, part: str) -> list[str]:
    """Return the parts of the pictures that a slide or drawing shows, in its order, and then those in its diagrams."""
    relations = package.relations(part)
    root = package.optional_xml(part) if any(relation.kind == "image" for relation in relations.values()) else None
    shown = [
        relation.target
        for blip in (root.iter("{*}blip") if root is not None else ())
        if (relation := relations.get(attribute(blip, "embed"))) and not relation.external and not _in_object(blip)
    ]
    for relation in relations.values():
        if relation.kind == "diagramData":
            shown += images_beside(package, relation.target)
    return shown


def images_beside(package: Package, part: str) -> list[str]:
    """Return the parts of all pictures that a part refers to, shown or not."""
    return [
        relation.target
        for relation in package.relations(part).values()
        if relation.kind == "image" and not relation.external
    ]


def _in_object(element: Element) -> bool:
    """Return whether a picture only stands for an embedded object, which is counted as one."""
    return any(local(above) == "oleObj" for above in element.iterancestors())
