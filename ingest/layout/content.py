"""What a PDF page holds, before any decision on what it means.

Comes in: nothing. Goes out: frozen values. Never: I/O, or a type of another library.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

HYPHEN = "\ufffe"
"""Marks a line that ended in a hyphen; it stays at the end of ``Line.text``."""


class Line(NamedTuple):
    """A line of text in file order, with its box in points; the origin is the lower left corner.

    A tuple, since pages have thousands: a frozen dataclass takes five times as long.
    """

    text: str
    left: float
    bottom: float
    right: float
    top: float
    height: float
    """The height of the font's box, which grows with the font size."""
    cells: tuple[str, ...] = ()
    """Its parts, if it is a table row; itself, if it has wide gaps but is not in a table."""

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
    """The same lines cut at wide gaps; empty if there are none."""
    width: float = 0.0
    height: float = 0.0
    label: str = ""
    """The number printed on the page (``iv``), if it is not ``number``."""
    marks: tuple[str, ...] = ()
    """Filled form fields and notes, which are not in the page's text."""
    has_image: bool = False
    has_text: bool = False
    """Whether it has text operators, even if no text came out of them."""
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
