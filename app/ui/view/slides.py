"""A slide as a card: its text with its pictures. Its layout is not drawn: only an office program can."""

from __future__ import annotations

import base64
from pathlib import Path

from ....ingest.document import Document, document_id
from ....ingest.errors import KBError
from ....ingest.media import PPTX, sniff
from ....ingest.office.pptx import pictures_on
from ....ingest.store.sources import SourceRow
from ...i18n.texts import Texts
from .markdown import escape
from .pages import is_whole

_SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp")
"""What every browser shows."""
_MOST_BYTES = 8_000_000
"""Of the pictures of one slide."""


def slide(text: str, row: SourceRow, document: Document, number: int, texts: Texts) -> str:
    """Return a slide.

    Args:
        text: its text, as HTML.
        row: the source.
        document: what the base holds of it.
        number: of the slide, from 1.
        texts: the texts in the visitor's language.
    """
    name = texts["slide"].format(n=number)
    pictures, left = [], _MOST_BYTES
    for data in _pictures(row, document, number):
        kind = _kind(data)
        left -= len(data)
        if kind in _SHOWN and left >= 0:
            label = escape(texts["slide_picture"].format(n=number, name=Path(row.source).name))
            pictures.append(f'<img src="data:{kind};base64,{base64.b64encode(data).decode()}" alt="{label}">')
    shown = f'<div class="kb-pictures">{"".join(pictures)}</div>' if pictures else ""
    said = texts["slide_note"] if pictures else texts["slide_note_text"]
    return (
        f'<section class="kb-slide" aria-label="{name}"><div class="kb-text">{text}</div>'
        f'{shown}</section><p class="kb-none kb-slide-note">{said}</p>'
    )


def _pictures(row: SourceRow, document: Document, number: int) -> list[bytes]:
    """Return the pictures of a slide; none if the file has changed, or if what is in them was to be left out."""
    if document.media_type != PPTX or not is_whole(row):
        return []
    try:
        data = Path(row.source).read_bytes()
        return pictures_on(data, number) if document_id(PPTX, data, row.treatment) == document.id else []
    except (OSError, KBError):
        return []


def _kind(data: bytes) -> str:
    try:
        return sniff(data, "")
    except KBError:
        return ""
