"""Opens a source in a dialog: the whole document as text, or a page as an image, at the cited place."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from ...ingest.document import Document
from ...ingest.errors import InputError, KBError
from ...ingest.store.sources import SourceRow
from ..api import KnowledgeBase
from ..hosting.bases import Bases
from ..i18n.texts import Texts
from . import html as ui_html
from .parts import Shown
from .state import demand, number, sent, texts_of
from .view.excerpts import Span, excerpt
from .view.markdown import escape
from .view.pages import has_look, page_image
from .view.sections import Section, section_at, sections_of, unit_of
from .view.sheets import sheet
from .view.slides import slide

_ROOM = 40_000
"""Maximum characters of a document shown at once."""
_SCALE = 3.0
"""Pixels per point: enough to be enlarged three times on a wide screen."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Which part of a document to show."""

    base: str
    source: str
    quotes: tuple[Span, ...]
    page: int | None
    """The page, sheet, slide or chapter, from 1; ``None``: the cited one."""
    at: int
    """Offset in the text to begin at."""
    as_text: bool

    @classmethod
    def of(cls, data: Mapping[str, object]) -> Wish:
        """Parse what the page's script sent."""
        top = 1 << 40
        pairs = [pair.partition("-") for pair in str(data.get("spans", "")).split(",")]
        spans = [(number(start, top), number(stop, top)) for start, _, stop in pairs]
        first, last = number(data.get("start"), top), number(data.get("stop"), top)
        quotes = tuple(
            (start, stop) for start, stop in (*spans, (first, last)) if start is not None and stop is not None
        )
        begin = min((start for start, _ in quotes), default=0)
        at = number(data.get("at"), top)
        return cls(
            str(data.get("base", "")), str(data.get("source", "")), quotes, number(data.get("page"), 1 << 20),
            max(begin - _ROOM // 2, 0) if at is None else at, data.get("view") == "text",
        )  # fmt: skip


class Reader:
    """The handler that opens sources."""

    def __init__(self, bases: Bases) -> None:
        self.bases = bases

    def read(self, base: str, event: gr.EventData, request: gr.Request) -> Shown:
        """Show the document that was clicked."""
        texts, wish = texts_of(request), Wish.of(sent(event))
        try:
            demand(request, "read")
            kb = self.bases.get(wish.base or base)
            return {"reader": document(kb, wish, texts)}
        except KBError as error:
            return {"reader": _dialog(wish.source, "", ui_html.problem(str(error), texts), texts)}


def document(kb: KnowledgeBase, wish: Wish, texts: Texts) -> str:
    """Return a document, opened at the requested place.

    Raises:
        InputError: it is not in the base.
    """
    kb.document_text(wish.source)
    found = kb.catalog.document(wish.source)
    if found is None:
        raise InputError("{source!r} is not in the knowledge base; reload the page", source=wish.source)
    row = kb.catalog.sources([wish.source])[wish.source]
    sections = sections_of(found)
    if sections and not wish.as_text:
        cited = section_at(sections, wish.quotes[0][0]) if wish.quotes else 0
        number = min(max((wish.page or cited + 1) - 1, 0), len(sections) - 1)
        if has_look(row):
            quotes = [found.text[start:stop] for start, stop in wish.quotes] if number == cited else []
            shown = page_image(row, number + 1, quotes, texts, scale=_SCALE)
            if "<img" in shown:
                return _dialog(wish.source, _turning(wish, sections, number, texts, image=True), shown, texts)
        elif unit_of(wish.source) != "page":
            section = sections[number]
            buttons = _turning(wish, sections, number, texts)
            at = wish.at if section.start <= wish.at < section.stop else section.start
            part = at, min(at + _ROOM, section.stop)
            moves = _moving(wish, section, part, {"page": number + 1}, texts)
            return _dialog(
                wish.source, buttons + moves, _section(wish, row, found, sections, number, part, texts), texts
            )
    whole = Section(0, len(found.text))
    part = wish.at, min(wish.at + _ROOM, whole.stop)
    body = "" if sections else sheet(row, found, whole, wish.quotes, part)
    has_view = bool(sections) and (has_look(row) or unit_of(wish.source) != "page")
    back = _button(wish, texts[f"view_{unit_of(wish.source)}"], "view", {}) if has_view else ""
    moves = _moving(wish, whole, part, {"view": "text"}, texts)
    return _dialog(wish.source, moves + back, body or _text(wish, found.text, part), texts)


def _section(
    wish: Wish, row: SourceRow, found: Document, sections: Sequence[Section], number: int, part: Span, texts: Texts
) -> str:
    """Return a sheet, a slide or a chapter."""
    unit = unit_of(wish.source)
    if unit == "sheet" and (shown := sheet(row, found, sections[number], wish.quotes, part)):
        return shown
    text = _text(wish, found.text, part) if part[0] < part[1] else f'<p class="kb-none">{texts["how_empty"]}</p>'
    return slide(text, row, found, number + 1, texts) if unit == "slide" else text


def _text(wish: Wish, text: str, part: Span) -> str:
    return f'<div class="kb-text">{excerpt(wish.source, text, wish.quotes, *part)}</div>'


def _turning(wish: Wish, sections: Sequence[Section], number: int, texts: Texts, *, image: bool = False) -> str:
    """Return the buttons for a document shown part by part."""
    unit, total = unit_of(wish.source), len(sections)
    said = texts[f"{unit}_of"].format(n=number + 1, total=total)
    title = sections[number].title
    named = f" <b>{escape(title)}</b>" if title and title != str(number + 1) else ""
    before = _button(wish, texts[f"{unit}_before"], "before", {"page": number}, off=number < 1)
    after = _button(wish, texts[f"{unit}_next"], "next", {"page": number + 2}, off=number + 2 > total)
    shown = f'<span role="status">{said}{named}</span>'
    buttons = f"{before}{shown}{after}" if total > 1 else shown
    if image:
        buttons += _zoom("out", "−", texts) + _zoom("in", "+", texts)
    return buttons + _button(wish, texts["view_text"], "view", {"view": "text"})


def _zoom(way: str, sign: str, texts: Texts) -> str:
    label = texts[f"zoom_{way}"]
    return f'<button type="button" class="kb-delete" data-zoom="{way}" aria-label="{label}" title="{label}">{sign}</button>'


def _moving(wish: Wish, section: Section, part: Span, more: Mapping[str, object], texts: Texts) -> str:
    """Return the buttons for a text too long to be shown at once."""
    if section.stop - section.start <= _ROOM:
        return ""
    before = {**more, "at": max(part[0] - _ROOM, section.start)}
    after = {**more, "at": part[1]}
    buttons = _button(wish, texts["earlier"], "earlier", before, off=part[0] <= section.start)
    return buttons + _button(wish, texts["later"], "later", after, off=part[1] >= section.stop)


def _button(wish: Wish, label: str, step: str, more: Mapping[str, object], *, off: bool = False) -> str:
    """Return a button that shows another part; ``step`` names it, so that it has the focus again afterwards."""
    spans = ",".join(f"{start}-{stop}" for start, stop in wish.quotes)
    extra = "".join(f' data-{name}="{value}"' for name, value in more.items())
    return (
        f'<button type="button" class="kb-delete" data-event="read" data-step="{step}" data-base="{escape(wish.base)}" '
        f'data-source="{escape(wish.source)}" data-spans="{spans}"{extra}{" disabled" if off else ""}>{_worded(label)}</button>'
    )


def _worded(label: str) -> str:
    """Return a label whose words a narrow screen leaves out if it has an arrow; they are still read out."""
    before, after = label.startswith("‹ "), label.endswith(" ›")
    words = f'<span class="kb-word">{label.strip("‹› ")}</span>'
    return f"‹ {words}" if before else f"{words} ›" if after else label


def _dialog(source: str, buttons: str, body: str, texts: Texts) -> str:
    name = escape(Path(source).name)
    return (
        f'<dialog class="kb-reader" aria-labelledby="kb-reader-name" data-opened="{time.monotonic_ns()}"><header>'
        f'<h2 id="kb-reader-name" title="{escape(source)}">{name}</h2><span class="kb-turning">{buttons}</span>'
        f'<button type="button" class="kb-delete" data-close autofocus>{texts["close"]}</button></header>'
        f'<div class="kb-document" tabindex="0" role="document" aria-label="{name}">{body}</div></dialog>'
    )
