"""What a Word document's styles say about its paragraphs (ECMA-376 part 1, 17.7)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..package import Element, attribute

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
    numbering: tuple[str, int | None] | None
    shown: str | None


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
                _shown_of(element.find("{*}rPr")),
            )

    def heading_level(self, style_id: str) -> int:
        """Return a style's heading level, 0 for any other; the title is 1."""
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
        """Return whether a style's name says it is program code."""
        return any(_CODE.search(style.name) for style in self._chain(style_id))

    def shown(self, run: Element, style_id: str) -> str:
        """Return how a run in a paragraph of a style is shown: ``struck``, ``hidden`` or "" for normal."""
        properties = run.find("{*}rPr")
        own = _shown_of(properties)
        if own is not None:
            return own
        named = attribute(properties.find("{*}rStyle"), "val") if properties is not None else ""
        styles = (style for one in (named, style_id) for style in self._chain(one))
        return next((style.shown for style in styles if style.shown is not None), "")

    def numbering(self, style_id: str) -> tuple[str, int | None] | None:
        """Return the numbering instance and level a style gives its paragraphs; see ``numbering_of``."""
        given = [style.numbering for style in self._chain(style_id) if style.numbering]
        if not given:
            return None
        level = next((level for _, level in given if level is not None), None)
        return next((number for number, _ in given if number), ""), level

    def names(self, style_id: str) -> list[str]:
        """Return the ids of a style and of those it is based on."""
        known: list[str] = []
        while style_id in self._styles and style_id not in known and len(known) < _MAX_CHAIN:
            known.append(style_id)
            style_id = self._styles[style_id].based_on
        return known

    def _chain(self, style_id: str) -> list[_Style]:
        chain: list[_Style] = []
        while (style := self._styles.get(style_id)) and len(chain) < _MAX_CHAIN:
            chain.append(style)
            style_id = style.based_on
        return chain


def outline_of(properties: Element | None) -> int | None:
    """Return the outline level in paragraph properties: 0 to 8 for headings, 9 for body text."""
    value = attribute(properties.find("{*}outlineLvl") if properties is not None else None, "val")
    return int(value) if value.isdigit() else None


def style_of(paragraph: Element) -> str:
    """Return the style a paragraph names; "" for none."""
    properties = paragraph.find("{*}pPr")
    return attribute(properties.find("{*}pStyle"), "val") if properties is not None else ""


def _shown_of(properties: Element | None) -> str | None:
    """Return how run properties show text, see ``Styles.shown``; None if they do not say."""
    said = None
    for name, shown in (("vanish", "hidden"), ("strike", "struck"), ("dstrike", "struck")):
        element = properties.find("{*}" + name) if properties is not None else None
        if element is not None:
            if attribute(element, "val", "1") not in ("0", "false", "off"):
                return shown
            said = ""
    return said


def numbering_of(properties: Element | None) -> tuple[str, int | None] | None:
    """Return the numbering instance and level in paragraph properties: ``"0"`` for none, "" and None if they do not say."""
    numbering = properties.find("{*}numPr") if properties is not None else None
    if numbering is None:
        return None
    level = attribute(numbering.find("{*}ilvl"), "val")
    return attribute(numbering.find("{*}numId"), "val"), _integer(level) if level else None


def _integer(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 7 else 0  # noqa: PLR2004  longer ones are damage
