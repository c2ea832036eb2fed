"""Opens a source in a dialog: the whole document as text, or a page as an image, at the cited place."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from ...ingest.document import Page
from ...ingest.errors import KBError
from ..api import KnowledgeBase
from ..hosting.bases import Bases
from ..i18n.texts import Texts
from . import html as ui_html
from .parts import Shown
from .state import demand, number, sent, texts_of
from .view.excerpts import Span, excerpt
from .view.markdown import escape
from .view.pages import has_look, page_image

_ROOM = 40_000
"""Maximum characters of a document shown at once."""
_SCALE = 2.0
_SPREADSHEETS = (".xlsx", ".xlsm", ".xls", ".ods", ".xlsb")


@dataclass(frozen=True, slots=True)
class Wish:
    """Which part of a document to show."""

    base: str
    source: str
    quotes: tuple[Span, ...]
    page: int | None
    """Page to show as an image; ``None``: show text."""
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
            return {"reader": _dialog(Path(wish.source).name, "", ui_html.problem(str(error), texts), texts)}


def document(kb: KnowledgeBase, wish: Wish, texts: Texts) -> str:
    """Return a document, opened at the requested place.

    Raises:
        InputError: it is not in the base.
    """
    text = kb.document_text(wish.source)
    row = kb.catalog.sources()[wish.source]
    pages = kb.catalog.pages(row.document_id or "")
    cited = kb.catalog.page_of(row.document_id or "", wish.quotes[0][0]) if wish.quotes else None
    looks = has_look(row) and bool(pages)
    if looks and not wish.as_text:
        page = min(max(wish.page or cited or 1, 1), len(pages))
        quotes = [text[start:stop] for start, stop in wish.quotes] if page == cited else []
        shown = page_image(row, page, quotes, texts, scale=_SCALE)
        if "<img" in shown:
            return _dialog(Path(wish.source).name, _turning(wish, page, pages, texts), shown, texts)
    return _dialog(Path(wish.source).name, _moving(wish, len(text), texts, looks=looks), _text(wish, text), texts)


def _text(wish: Wish, text: str) -> str:
    return f'<div class="kb-text">{excerpt(wish.source, text, wish.quotes, wish.at, min(wish.at + _ROOM, len(text)))}</div>'


def _turning(wish: Wish, page: int, pages: list[Page] | tuple[Page, ...], texts: Texts) -> str:
    """Return the buttons for a document shown as pages."""
    buttons = _button(wish, texts["page_before"], {"page": page - 1}, off=page <= 1)
    buttons += f'<span role="status">{texts["page_of"].format(n=page, total=len(pages))}</span>'
    buttons += _button(wish, texts["page_next"], {"page": page + 1}, off=page >= len(pages))
    return buttons + _button(wish, texts["view_text"], {"view": "text"})


def _moving(wish: Wish, length: int, texts: Texts, *, looks: bool) -> str:
    """Return the buttons for a document shown as text."""
    buttons = ""
    if length > _ROOM:
        buttons += _button(wish, texts["earlier"], {"view": "text", "at": max(wish.at - _ROOM, 0)}, off=wish.at <= 0)
        later = {"view": "text", "at": wish.at + _ROOM}
        buttons += _button(wish, texts["later"], later, off=wish.at + _ROOM >= length)
    return buttons + (_button(wish, texts["view_page"], {}) if looks else "")


def _button(wish: Wish, label: str, more: Mapping[str, object], *, off: bool = False) -> str:
    spans = ",".join(f"{start}-{stop}" for start, stop in wish.quotes)
    extra = "".join(f' data-{name}="{value}"' for name, value in more.items())
    return (
        f'<button type="button" class="kb-delete" data-event="read" data-base="{escape(wish.base)}" '
        f'data-source="{escape(wish.source)}" data-spans="{spans}"{extra}{" disabled" if off else ""}>{label}</button>'
    )


def _dialog(name: str, buttons: str, body: str, texts: Texts) -> str:
    return (
        f'<dialog class="kb-reader" aria-labelledby="kb-reader-name" data-opened="{time.monotonic_ns()}"><header>'
        f'<h2 id="kb-reader-name">{escape(name)}</h2><span class="kb-turning">{buttons}</span>'
        f'<button type="button" class="kb-delete" data-close autofocus>{texts["close"]}</button></header>'
        f'<div class="kb-document" tabindex="0" role="document" aria-label="{escape(name)}">{body}</div></dialog>'
    )


def counted(source: str, n: int, texts: Texts) -> str:
    """Return the number of pages or sheets of a document."""
    return texts["sheets" if source.lower().endswith(_SPREADSHEETS) else "pages"].format(n=n)
