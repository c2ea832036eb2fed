"""The parts that a document is shown in: pages, sheets, slides, chapters."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from ....ingest.document import Document
from ....ingest.media import EPUB, SUFFIXES, PageKind, page_kind
from ...i18n.texts import Texts

Unit = PageKind | Literal["chapter"]
_LONG = 40_000
"""Characters of an average chapter from which on the headings below are taken for those of chapters."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document's text."""

    start: int
    stop: int
    title: str = ""


def unit_of(source: str) -> Unit:
    """Return what the parts of a document are called."""
    is_book = SUFFIXES.get(PurePath(source).suffix.lower()) == EPUB
    return "chapter" if is_book else page_kind(source)


def located(source: str, n: int | str, texts: Texts) -> str:
    """Return where in a document a part is: *page 3*, *sheet 3*, *slide 3*."""
    return texts[unit_of(source)].format(n=n)


def counted(source: str, n: int, texts: Texts) -> str:
    """Return the number of parts of a document."""
    unit = unit_of(source)
    return texts[f"one_{unit}"] if n == 1 else texts[f"{unit}s"].format(n=n)


def sections_of(document: Document) -> list[Section]:
    """Return the parts of a document in order; none if its format has none."""
    if document.pages:
        return [Section(page.start, page.stop, page.label) for page in document.pages]
    return _chapters(document) if unit_of(document.source) == "chapter" else []


def section_at(sections: list[Section], at: int) -> int:
    """Return the index of the part around an offset, or of the one before it."""
    return max((number for number, one in enumerate(sections) if one.start <= at), default=0)


def _chapters(document: Document) -> list[Section]:
    """Return a book's chapters by the highest headings of which there are several; a title alone is no chapter."""
    counts = Counter(heading.level for heading in document.headings)
    levels = sorted(level for level, n in counts.items() if n > 1)
    if not levels:
        return []
    level = levels[0]
    if levels[1:] and len(document.text) > _LONG * counts[level]:
        level = levels[1]
    text = document.text
    begins = [heading for heading in document.headings if heading.level <= level]
    ends = [len(text[: heading.start].rstrip()) for heading in begins]
    found = [
        Section(heading.start, stop, heading.title)
        for heading, stop in zip(begins, [*ends[1:], len(text)], strict=True)
    ]
    return _joined([Section(0, ends[0], document.title), *found] if ends[0] else found, text)


def _joined(sections: list[Section], text: str) -> list[Section]:
    """Return parts, with those that hold only their heading joined to the next one."""
    joined: list[Section] = []
    held: Section | None = None
    for one in sections:
        whole = Section(held.start, one.stop, f"{held.title} – {one.title}") if held else one
        bare = "\n" not in text[one.start : one.stop].strip()
        held = whole if bare and text.startswith("#", one.start) else None
        if held is None:
            joined.append(whole)
    return [*joined, held] if held else joined
