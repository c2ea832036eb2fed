"""The text of OpenDocument elements, marked where a style strikes it out or hides it (OpenDocument 1.3, part 3, 6.1 and 20).

Deleted text and the text of shapes and remarks are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..package import Element, attribute, local
from ..struck import finished, hidden, struck
from ..text.symbols import as_shown, raised

SKIPPED = {
    "tracked-changes",
    "annotation",
    "annotation-end",
    "note",
    "forms",
    "sequence-decls",
    "ruby-text",
    "desc",
    "title",
}
_MAX_SPACES = 1000
_MAX_CHAIN = 20
_RAISED = re.compile(r"super\b|[1-9]\d*%")
_Mark = Callable[[str], str]
_MARKS: dict[str, Callable[[str], str]] = {"": str, "struck": struck, "hidden": hidden}


@dataclass(frozen=True, slots=True)
class _Style:
    parent: str
    text: str | None
    """``struck``, ``hidden``, "" for normal; None if it does not say."""
    hides: bool
    """Whether it is for a hidden sheet or slide."""
    font: str = ""
    is_raised: bool = False


class Shown:
    """The styles of a file that say what holds."""

    def __init__(self, *roots: Element | None) -> None:
        elements = (style for root in roots if root is not None for style in root.iter("{*}style"))
        self._styles = {(attribute(e, "family"), attribute(e, "name")): _style(e) for e in elements}

    def text(self, element: Element) -> str:
        """Return the text of a paragraph or heading, marked by its style and its spans'."""
        return finished(self._mark("paragraph", element)("".join(self._pieces(element)))).strip()

    def marked(self, cell: Element, text: str) -> str:
        """Return the text of a cell, marked by the cell's style."""
        return self._mark("table-cell", cell)(text)

    def hides(self, element: Element) -> bool:
        """Return whether a sheet or slide is hidden."""
        names = (("table", attribute(element, "style-name")), ("drawing-page", attribute(element, "style-name")))
        return any(style.hides for name in names if (style := self._styles.get(name)))

    def _mark(self, family: str, element: Element) -> _Mark:
        name = attribute(element, "style-name")
        for _ in range(_MAX_CHAIN):
            style = self._styles.get((family, name))
            if style is None:
                break
            if style.text is not None:
                return _MARKS[style.text]
            name = style.parent
        return str

    def _set(self, span: Element, text: str) -> str:
        """Return a span's text as its font and position show it."""
        style = self._styles.get(("text", attribute(span, "style-name")))
        if style is None:
            return text
        text = as_shown(text, style.font) if style.font else text
        return raised(text) if style.is_raised else text

    def _pieces(self, element: Element) -> Iterator[str]:
        yield _collapsed(element.text)
        for child in element:
            name = local(child)
            if name in _CHARACTERS:
                yield _CHARACTERS[name] * _repeated(child)
            elif name == "note":
                yield f"[^{child.findtext('{*}note-citation') or ''}]"
            elif name == "span":
                yield self._mark("text", child)(self._set(child, "".join(self._pieces(child))))
            elif name not in SKIPPED and name != "frame":
                yield from self._pieces(child)
            yield _collapsed(child.tail)


_CHARACTERS = {"s": " ", "tab": " ", "line-break": "\n"}
_UNMARKED = Shown()


def joined_text(element: Element) -> str:
    """Return the text of an element's paragraphs, one per line."""
    return "\n".join(filter(None, (text_of(p) for p in element.iter("{*}p", "{*}h"))))


def text_of(element: Element) -> str:
    """Return the text of a paragraph, whatever its style."""
    return _UNMARKED.text(element)


def _style(element: Element) -> _Style:
    said, hides, font, is_raised = None, False, "", False
    for properties in element:
        name = local(properties)
        if name == "text-properties":
            line = attribute(properties, "text-line-through-style") or attribute(properties, "text-line-through-type")
            display = attribute(properties, "display")
            said = {"": None, "none": ""}.get(line, "struck")
            said = "hidden" if display == "none" else said
            font = attribute(properties, "font-name") or attribute(properties, "font-family").strip("'\"")
            is_raised = bool(_RAISED.match(attribute(properties, "text-position")))
        elif name == "table-properties":
            hides = attribute(properties, "display") == "false"
        elif name == "drawing-page-properties":
            hides = attribute(properties, "visibility") == "hidden"
    return _Style(attribute(element, "parent-style-name"), said, hides, font, is_raised)


def _repeated(element: Element) -> int:
    count = attribute(element, "c", "1") if local(element) == "s" else "1"
    return min(int(count), _MAX_SPACES) if count.isdigit() and len(count) < 9 else 1  # noqa: PLR2004  longer ones are damage


def _collapsed(text: str | None) -> str:
    """Return text with runs of white space as one space, as OpenDocument reads it (part 3, 6.1.2)."""
    if not text:
        return ""
    inner = " ".join(text.split())
    return (" " if text[0].isspace() else "") + inner + (" " if inner and text[-1].isspace() else "")
