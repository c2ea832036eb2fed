"""What an OpenDocument file says about its lists elsewhere: which have numbers, and of which form.

Comes in: ``content.xml`` and ``styles.xml``, parsed. Goes out: the mark of each item. Never: text. (OpenDocument 1.3,
part 3, 5.3 and 16.30.)
"""

from __future__ import annotations

from dataclasses import dataclass

from ..package import Element, attribute, local
from .list_numbers import numeral

_FORMS = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_BULLET = "- "


@dataclass(frozen=True, slots=True)
class _Level:
    form: str
    prefix: str
    suffix: str
    start: int


class Lists:
    """The lists of a file, in the order in which they are read: counts as it goes."""

    def __init__(self, *roots: Element | None) -> None:
        self._levels: dict[str, dict[int, _Level | None]] = {}
        self._of_paragraphs: dict[str, str] = {}
        self._counts: dict[str, dict[int, int]] = {}
        self._style = ""
        for root in roots:
            for style in root.iter("{*}list-style") if root is not None else ():
                self._levels[attribute(style, "name")] = {_integer(attribute(e, "level"), 1): _level(e) for e in style}
            for style in root.iter("{*}style") if root is not None else ():
                self._of_paragraphs[attribute(style, "name")] = attribute(style, "list-style-name")

    def begin(self, element: Element, depth: int) -> None:
        """Begin a list: its style is its own, that of its first paragraph, or that of the list around it."""
        own = attribute(element, "style-name")
        if not own and depth == 0:
            paragraph = next(element.iter("{*}p", "{*}h"), None)
            own = self._of_paragraphs.get(attribute(paragraph, "style-name"), "")
        self._style = own or (self._style if depth else "")
        goes_on = attribute(element, "continue-numbering") == "true" or attribute(element, "continue-list")
        counts = self._counts.setdefault(self._style, {})
        for level in [level for level in counts if level > depth or (level == depth and not goes_on)]:
            del counts[level]

    def mark(self, item: Element, depth: int) -> str:
        """Count an item and return what stands before it; "" for one without a mark."""
        if local(item) == "list-header":
            return ""
        level = self._levels.get(self._style, {}).get(depth + 1)
        if level is None:
            return _BULLET
        counts = self._counts.setdefault(self._style, {})
        counts[depth] = _integer(attribute(item, "start-value"), counts.get(depth, level.start - 1) + 1)
        return f"{level.prefix}{numeral(counts[depth], level.form)}{level.suffix} " if level.form else ""


def _level(element: Element) -> _Level | None:
    """Return how a level is numbered; None for bullets and pictures."""
    if local(element) != "list-level-style-number":
        return None
    form = attribute(element, "num-format")
    return _Level(
        _FORMS.get(form, "chineseCounting" if form.startswith(("一", "壹")) else form and "decimal"),
        attribute(element, "num-prefix"),
        attribute(element, "num-suffix"),
        _integer(attribute(element, "start-value"), 1),
    )


def _integer(text: str, default: int) -> int:
    return int(text) if text.isdigit() and len(text) < 7 else default  # noqa: PLR2004  longer ones are damage
