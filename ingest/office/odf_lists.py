"""Which lists of an OpenDocument file are numbered, and in which form (OpenDocument 1.3, part 3, 5.3 and 16.30)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..package import Element, attribute, local
from .list_numbers import numeral

_FORMS = {
    "1": "decimal", "01": "decimalZero", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman",
    "1st": "ordinal", "First": "ordinalText", "One": "cardinalText", "一": "chineseCountingThousand",
    "壹": "ideographLegalTraditional", "壱": "japaneseLegal", "甲": "ideographTraditional", "子": "ideographZodiac",
    "①": "decimalEnclosedCircle", "１": "decimalFullWidth", "ア": "aiueoFullWidth", "イ": "irohaFullWidth", "가": "ganada",
    "ㄱ": "chosung", "일": "koreanDigital", "А": "russianUpper", "а": "russianLower", "〇": "ideographDigital",
}  # fmt: skip
"""By the start of the form's name: Asian forms are written as their first numbers, ``一, 二, 三, ...``."""
_BULLET = "- "
_OUTLINE = "\0"
"""The name of the heading numbers among the lists."""
_SLOT = re.compile(r"%(\d{1,2})%")


@dataclass(frozen=True, slots=True)
class _Level:
    form: str
    prefix: str
    suffix: str
    start: int
    shown: int
    """How many levels its number shows, including itself."""
    pattern: str
    """How LibreOffice writes the number, ``%1%.%2%)``; empty if the rest says it."""


class Lists:
    """The lists of a file, in reading order: counts along."""

    def __init__(self, *roots: Element | None) -> None:
        self._levels: dict[str, dict[int, _Level | None]] = {}
        self._of_paragraphs: dict[str, str] = {}
        self._counts: dict[str, dict[int, int]] = {}
        self._style = ""
        for root in roots:
            for style in root.iter("{*}list-style") if root is not None else ():
                self._levels[attribute(style, "name")] = {_integer(attribute(e, "level"), 1): _level(e) for e in style}
            for style in root.iter("{*}outline-style") if root is not None else ():
                self._levels[_OUTLINE] = {_integer(attribute(e, "level"), 1): _level(e) for e in style}
            for style in root.iter("{*}style") if root is not None else ():
                self._of_paragraphs[attribute(style, "name")] = attribute(style, "list-style-name")

    def begin(self, element: Element, depth: int) -> None:
        """Begin a list: its style is its own, its first paragraph's, or the enclosing list's."""
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
        """Count an item and return what precedes it; "" if it has no mark."""
        if local(item) == "list-header":
            return ""
        level = self._levels.get(self._style, {}).get(depth + 1)
        if level is None:
            return _BULLET
        counts = self._counts.setdefault(self._style, {})
        counts[depth] = _integer(attribute(item, "start-value"), counts.get(depth, level.start - 1) + 1)
        return self._number(depth) + " " if level.form else ""

    def heading(self, element: Element, level: int) -> str:
        """Count a heading and return its number; "" if headings have none, or it is not to be counted."""
        if _OUTLINE not in self._levels or attribute(element, "is-list-header") == "true":
            return ""
        form = self._levels[_OUTLINE].get(level)
        counts = self._counts.setdefault(_OUTLINE, {})
        for deeper in [at for at in counts if at >= level]:
            del counts[deeper]
        if form is None or not form.form:
            return ""
        start = attribute(element, "start-value") if attribute(element, "restart-numbering") == "true" else ""
        counts[level - 1] = _integer(start, counts.get(level - 1, form.start - 1) + 1)
        self._style = _OUTLINE
        return self._number(level - 1)

    def _number(self, depth: int) -> str:
        """Return the number of the item last counted at a depth, as its style shows it."""
        levels, counts = self._levels[self._style], self._counts[self._style]
        level = levels[depth + 1]
        if level is None:
            return ""

        def at(place: int) -> str:
            of = levels.get(place + 1)
            return numeral(counts.get(place, of.start), of.form) if of and of.form else ""

        if level.pattern:
            return _SLOT.sub(lambda slot: at(int(slot[1]) - 1), level.pattern)
        shown = filter(None, map(at, range(max(0, depth + 1 - level.shown), depth + 1)))
        return f"{level.prefix}{'.'.join(shown)}{level.suffix}"


def _level(element: Element) -> _Level | None:
    """Return how a level is numbered; None for bullets and pictures."""
    if local(element) not in ("list-level-style-number", "outline-level-style"):
        return None
    form = attribute(element, "num-format")
    return _Level(
        _FORMS.get(form) or _FORMS.get(form.partition(",")[0].strip()) or (form and "decimal"),
        attribute(element, "num-prefix"),
        attribute(element, "num-suffix"),
        _integer(attribute(element, "start-value"), 1),
        _integer(attribute(element, "display-levels"), 1),
        attribute(element, "num-list-format"),
    )


def _integer(text: str, default: int) -> int:
    return int(text) if text.isdigit() and len(text) < 7 else default  # noqa: PLR2004  longer ones are damage
