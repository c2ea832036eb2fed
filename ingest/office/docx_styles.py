"""What a Word document says about its paragraphs elsewhere: styles and numbering.

Comes in: ``styles.xml`` and ``numbering.xml``, parsed. Goes out: heading levels, code styles, the numbers of list items.
Never: text. (ECMA-376 part 1, 17.7 and 17.9.)
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..package import Element, attribute
from .list_numbers import numeral

_HEADING = re.compile(
    r"(?:heading|head|标题|標題|見出し|제목|überschrift|titre|título|titolo|kop|rubrik|заголовок|επικεφαλίδα|nagłówek)\s*([1-9])",
    re.IGNORECASE,
)
_CODE = re.compile(r"\b(?:code|source ?code|preformatted|html ?pre|listing|macro)|代码|代碼|源码", re.IGNORECASE)
_BODY_OUTLINE = 9
_MAX_CHAIN = 20


@dataclass(frozen=True, slots=True)
class _Style:
    name: str
    based_on: str
    outline: int | None
    numbering: tuple[str, int] | None


class Styles:
    """The paragraph styles."""

    def __init__(self, root: Element | None) -> None:
        self._styles: dict[str, _Style] = {}
        for element in root.findall("{*}style") if root is not None else ():
            properties = element.find("{*}pPr")
            self._styles[attribute(element, "styleId")] = _Style(
                attribute(element.find("{*}name"), "val"),
                attribute(element.find("{*}basedOn"), "val"),
                outline_of(properties),
                numbering_of(properties),
            )

    def heading_level(self, style_id: str) -> int:
        """Return the heading level of a style, 0 when it is none; the title is 1."""
        for style in self._chain(style_id):
            if style.outline is not None:
                return 0 if style.outline >= _BODY_OUTLINE else style.outline + 1
            if match := _HEADING.fullmatch(style.name):
                return int(match[1])
            if style.name.casefold() == "title":
                return 1
        match = _HEADING.fullmatch(style_id) if style_id not in self._styles else None
        return int(match[1]) if match else 0

    def is_code(self, style_id: str) -> bool:
        """Return whether a style is for program code, by its name."""
        return any(_CODE.search(style.name) for style in self._chain(style_id))

    def numbering(self, style_id: str) -> tuple[str, int] | None:
        """Return the numbering instance and level that a style gives its paragraphs."""
        return next((style.numbering for style in self._chain(style_id) if style.numbering), None)

    def _chain(self, style_id: str) -> list[_Style]:
        chain: list[_Style] = []
        while (style := self._styles.get(style_id)) and len(chain) < _MAX_CHAIN:
            chain.append(style)
            style_id = style.based_on
        return chain


@dataclass(frozen=True, slots=True)
class _Level:
    format: str
    text: str
    start: int


class Numbering:
    """The lists: gives each item the marker that Word would show, counting as it goes."""

    def __init__(self, root: Element | None) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}
        self._abstract: dict[str, str] = {}
        self._counters: dict[str, dict[int, int]] = {}
        if root is None:
            return
        abstract = {attribute(e, "abstractNumId"): _levels(e) for e in root.findall("{*}abstractNum")}
        for element in root.findall("{*}num"):
            number_id = attribute(element, "numId")
            abstract_id = attribute(element.find("{*}abstractNumId"), "val")
            self._abstract[number_id] = abstract_id
            self._levels[number_id] = dict(abstract.get(abstract_id, {}))
            for override in element.findall("{*}lvlOverride"):
                level = override.find("{*}lvl")
                if level is not None:
                    self._levels[number_id][_integer(attribute(level, "ilvl"))] = _level(level)
                if override.find("{*}startOverride") is not None:
                    self._abstract[number_id] = f"{abstract_id}/{number_id}"  # it counts for itself

    def marker(self, number_id: str, depth: int) -> str:
        """Count one item further and return its marker: ``-`` for bullets, else as shown, such as ``2.1`` or ``第三条``."""
        levels = self._levels.get(number_id, {})
        level = levels.get(depth)
        counters = self._counters.setdefault(self._abstract.get(number_id, number_id), {})
        for deeper in [d for d in counters if d > depth]:
            del counters[deeper]
        counters[depth] = counters.get(depth, (level.start if level else 1) - 1) + 1
        if level is None or level.format == "bullet":
            return "-"
        if level.format == "none":
            return ""

        def shown(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            of = levels.get(at, level)
            return numeral(counters.get(at, of.start), of.format)

        return re.sub(r"%([1-9])", shown, level.text).strip()


def outline_of(properties: Element | None) -> int | None:
    """Return the outline level in paragraph properties: 0 to 8 for headings, 9 for body text."""
    value = attribute(properties.find("{*}outlineLvl") if properties is not None else None, "val")
    return int(value) if value.isdigit() else None


def numbering_of(properties: Element | None) -> tuple[str, int] | None:
    """Return the numbering instance and level in paragraph properties; the instance ``"0"`` means none."""
    numbering = properties.find("{*}numPr") if properties is not None else None
    if numbering is None:
        return None
    return attribute(numbering.find("{*}numId"), "val"), _integer(attribute(numbering.find("{*}ilvl"), "val"))


def _levels(abstract: Element) -> dict[int, _Level]:
    return {_integer(attribute(level, "ilvl")): _level(level) for level in abstract.findall("{*}lvl")}


def _level(element: Element) -> _Level:
    return _Level(
        attribute(element.find("{*}numFmt"), "val", "decimal"),
        attribute(element.find("{*}lvlText"), "val"),
        _integer(attribute(element.find("{*}start"), "val", "1")),
    )


def _integer(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 7 else 0  # noqa: PLR2004  longer ones are damage
