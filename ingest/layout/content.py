"""What a page of a PDF holds, before anything is decided about what it means.

Comes in: nothing. Goes out: frozen values. Never: I/O, or a type of another library.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

HYPHEN = "\ufffe"
"""What stands where a line ended in a hyphen; it stays at the end of ``Line.text``."""


class Line(NamedTuple):
    """A line of text in the order of the file, with its box in points; the origin is the lower left corner.

    A tuple, as thousands are made for a page: a frozen dataclass takes five times as long.
    """

    text: str
    left: float
    bottom: float
    right: float
    top: float
    height: float
    """The height of the font's box, which grows with the font's size."""
    cells: tuple[str, ...] = ()
    """Its parts, where it is a row of a table; itself, where it has wide gaps but stands in no table."""

    @classmethod
    def at(cls, text: str, left: float, bottom: float, right: float, top: float) -> Line:
        """Return a line of this box."""
        return cls(text, left, bottom, right, top, max(top - bottom, 0.1))


@dataclass(frozen=True, slots=True)
class PageContent:
    """What was found on a page."""

    number: int
    """From 1."""
    lines: tuple[Line, ...] = ()
    rows: tuple[tuple[Line, ...], ...] = ()
    """The same lines cut at wide gaps; empty where there are none."""
    width: float = 0.0
    height: float = 0.0
    label: str = ""
    """The number printed on the page (``iv``), where it is not ``number``."""
    marks: tuple[str, ...] = ()
    """Filled form fields and notes, which are not part of the page's text."""
    has_image: bool = False
    has_text: bool = False
    """It holds text operators, whether or not text came out of them."""
    has_drawing: bool = False
    error: str = ""
    """Why it could not be read; empty when it could."""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An entry of the outline."""

    title: str
    level: int
    """From 1."""
    page: int
    """From 1."""
