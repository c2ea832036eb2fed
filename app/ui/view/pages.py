"""The page or image of a citation, with the quoted words highlighted; only if the file is unchanged since it was read."""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from ....ingest.document import document_id
from ....ingest.errors import KBError
from ....ingest.images.image import frames
from ....ingest.images.ocr import Box, ocr_installed, quote_places
from ....ingest.media import PDF
from ....ingest.pdf.pdfium import quote_boxes, render_page
from ....ingest.store.sources import SourceRow
from ....ingest.text.redact import KINDS
from ...i18n.texts import Texts
from .markdown import escape

_SCALE = 1.5
_OCR_SCALE = 200 / 72
"""The scale for OCR of scans; another one recognises other words."""
_KINDS = {
    ".pdf": PDF, ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp",
    ".gif": "image/gif", ".bmp": "image/bmp", ".tif": "image/tiff", ".tiff": "image/tiff",
}  # fmt: skip


def is_whole(row: SourceRow) -> bool:
    """Return whether a file may be shown: not one inside an archive, nor one that holds what was redacted."""
    redacted = any(set(part.split(",")) <= set(KINDS) for part in row.treatment.split())
    return not row.archive and not redacted


def has_look(row: SourceRow) -> bool:
    """Return whether the pages of a source can be shown."""
    return _kind(row) is not None and is_whole(row)


def _kind(row: SourceRow) -> str | None:
    return _KINDS.get(Path(row.source).suffix.lower())


def page_image(row: SourceRow, page: int | None, quotes: Sequence[str], texts: Texts, *, scale: float = _SCALE) -> str:
    """Return the page with the quotes; empty for sources without page images.

    Args:
        row: the source.
        page: the page number.
        quotes: the quotes to highlight.
        texts: the texts in the visitor's language.
        scale: of a PDF page, in pixels per point.
    """
    path, kind = Path(row.source), _kind(row)
    if kind is None or page is None or not has_look(row):
        return ""
    try:
        data = path.read_bytes()
    except OSError:
        data = b""
    if document_id(kind, data, row.treatment) != row.document_id:
        return f'<p class="kb-none">{texts["gone"]}</p>'
    try:
        png, boxes = _of_pdf(data, page, quotes, scale) if kind == PDF else _of_image(data, page, quotes)
    except KBError:
        return ""
    width, height = _size(png)
    marks = "".join(_box(box, width, height) for box in boxes)
    label = escape(texts["page_image"].format(n=page, name=path.name))
    shown = f'<img src="data:image/png;base64,{base64.b64encode(png).decode()}" alt="{label}">'
    return f'<figure class="kb-page">{shown}{marks}</figure>'


def _of_pdf(data: bytes, page: int, quotes: Sequence[str], scale: float) -> tuple[bytes, list[Box]]:
    """Return a page's image, and boxes in its pixels; a scan, whose words have no positions, goes through OCR again."""
    png = render_page(data, page, scale)
    boxes = [_times(box, scale) for quote in quotes for box in quote_boxes(data, page, quote)]
    if not boxes and ocr_installed():
        scan = render_page(data, page, _OCR_SCALE)
        smaller = _size(png)[0] / _size(scan)[0]
        boxes = [_times(box, smaller) for quote in quotes for box in quote_places(scan, quote)]
    return png, boxes


def _of_image(data: bytes, page: int, quotes: Sequence[str]) -> tuple[bytes, list[Box]]:
    png = next(islice(frames(data), page - 1, None), b"")
    places = [box for quote in quotes for box in quote_places(png, quote)] if ocr_installed() else []
    return png, places


def _times(box: Box, factor: float) -> Box:
    left, top, right, bottom = (factor * side for side in box)
    return left, top, right, bottom


def _size(png: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", png[16:24])
    return int(width), int(height)


def _box(box: Box, width: int, height: int) -> str:
    left, top, right, bottom = box
    sides = (100 * left / width, 100 * top / height, 100 * (right - left) / width, 100 * (bottom - top) / height)
    return '<i class="kb-box" style="left:{:.2f}%;top:{:.2f}%;width:{:.2f}%;height:{:.2f}%"></i>'.format(*sides)
