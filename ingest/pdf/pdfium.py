"""PDFium's view of a PDF: lines with their boxes, what else is on a page, the outline, page images.

Comes in: the bytes of a PDF. Goes out: frozen values, boxes and PNG bytes. Never: a decision about what the text means.
The only file that imports pypdfium2. PDFium is not thread-safe, so every call into it runs under one module lock.
"""

from __future__ import annotations

import ctypes
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ..errors import DamagedError, EncryptedError, InputError
from ..layout.content import Bookmark, PageContent
from ..notice import Notice
from .lines import Box, TextLayer
from .quote import quote_ranges


def png(pixels: bytes, width: int, height: int, stride: int) -> bytes:
    """Encode rows of ``stride`` bytes each: signature, IHDR, one IDAT, IEND."""

    def part(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + pixels[row * stride : row * stride + width * 3] for row in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", zlib.compress(rows, 3)) + part(b"IEND", b"")


NEEDS_PASSWORD = Notice("The PDF needs a password; save it once without one and ingest that copy.")
_LOCK = threading.RLock()
_MAX_PIXELS = 40_000_000
_OBJECTS_LOOKED_AT = 400
_MOST_OBJECTS, _FLAT = 4000, 2.5
_LITTLE_TEXT = 100
"""With more characters, a page is not searched for images."""


@contextmanager
def open_pdf(data: bytes) -> Iterator[PdfiumFile]:
    """Open a PDF and close it afterwards.

    Raises: EncryptedError: it needs a password. DamagedError: PDFium cannot make sense of it.
    """
    with _LOCK:
        try:
            document = pdfium.PdfDocument(data)
        except pdfium.PdfiumError as exc:
            if getattr(exc, "err_code", 0) in (pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY):
                raise EncryptedError(NEEDS_PASSWORD) from exc
            raise DamagedError("The PDF cannot be opened ({why}); export or download it again.", why=exc) from exc
    try:
        yield PdfiumFile(document)
    finally:
        with _LOCK:
            document.close()


class PdfiumFile:
    """An open PDF; made by ``open_pdf``."""

    def __init__(self, document: pdfium.PdfDocument) -> None:
        self._document = document
        with _LOCK:
            self.n_pages: int = len(document)

    def title(self) -> str:
        """Return the title in the metadata, often a file name or empty."""
        with _LOCK:
            return " ".join(str(self._document.get_metadata_value("Title")).split())

    def n_attachments(self) -> int:
        """Return how many files are embedded."""
        with _LOCK:
            return int(self._document.count_attachments())

    def is_xfa(self) -> bool:
        """Return whether its form is XFA, which shows only in Adobe's own programs."""
        with _LOCK:
            return self._document.get_formtype() in (pdfium_c.FORMTYPE_XFA_FULL, pdfium_c.FORMTYPE_XFA_FOREGROUND)

    def bookmarks(self) -> tuple[Bookmark, ...]:
        """Return the outline's entries that lead to a page of this file, in order."""
        found: list[Bookmark] = []
        with _LOCK:
            for entry in self._document.get_toc(max_depth=6):
                destination = entry.get_dest()
                index = destination.get_index() if destination is not None else None
                if index is not None:
                    found.append(Bookmark(_plain(entry.get_title()), entry.level + 1, index + 1))
        return tuple(found)

    def page(self, number: int) -> PageContent:
        """Read a page; never raises: the error is in ``error``."""
        with _LOCK:
            try:
                page = self._document[number - 1]
            except pdfium.PdfiumError as exc:
                return PageContent(number, error=str(exc))
            try:
                return self._content(number, page)
            except (pdfium.PdfiumError, ValueError, OverflowError, AssertionError) as exc:
                return PageContent(number, error=str(exc) or type(exc).__name__)
            finally:
                page.close()

    def render(self, number: int, scale: float) -> bytes:
        """Return a page's image as PNG; ``scale`` 1 is 72 dots per inch, less if that exceeds 40 megapixels."""
        with _LOCK:
            page = self._document[number - 1]
            try:
                width, height = page.get_size()
                scale = min(scale, (_MAX_PIXELS / max(width * height, 1.0)) ** 0.5)
                bitmap = page.render(scale=scale, rev_byteorder=True, force_bitmap_format=pdfium_c.FPDFBitmap_BGR)
                return png(bytes(bitmap.buffer), bitmap.width, bitmap.height, bitmap.stride)
            finally:
                page.close()

    def boxes(self, number: int, quote: str) -> tuple[tuple[float, float, float, float], ...]:
        """Return the boxes of a quote on a page; see ``quote_boxes``."""
        with _LOCK:
            page = self._document[number - 1]
            textpage = page.get_textpage()
            try:
                text = textpage.get_text_range()
                aligned = textpage.count_chars() == len(text)
                boxes: list[tuple[float, float, float, float]] = []
                for ends in quote_ranges(text, quote):
                    first, last = ends if aligned else (_char_index(textpage, index) for index in ends)
                    rects = range(textpage.count_rects(first, last - first + 1))
                    boxes += [_from_top_left(page, *textpage.get_rect(index)) for index in rects]
                return tuple(boxes)
            finally:
                textpage.close()
                page.close()

    def _content(self, number: int, page: pdfium.PdfPage) -> PageContent:
        textpage = page.get_textpage()
        try:
            text = textpage.get_text_range()
            strokes = [*_strokes(page), *_struck_out(page)] if text.strip() else []
            lines, rows = TextLayer(text, _box_of(textpage, text), strokes).lines_and_rows()
        finally:
            textpage.close()
        width, height = page.get_size()
        label = self._document.get_page_label(number - 1)
        kinds = _object_kinds(page) if sum(len(line.text) for line in lines) < _LITTLE_TEXT else frozenset[int]()
        return PageContent(
            number,
            lines,
            rows,
            width,
            height,
            "" if label == str(number) else _plain(label),
            tuple(_marks(page)),
            has_image=pdfium_c.FPDF_PAGEOBJ_IMAGE in kinds,
            has_text=pdfium_c.FPDF_PAGEOBJ_TEXT in kinds,
            has_drawing=pdfium_c.FPDF_PAGEOBJ_PATH in kinds or pdfium_c.FPDF_PAGEOBJ_SHADING in kinds,
        )


def quote_boxes(data: bytes, page: int, quote: str) -> tuple[tuple[float, float, float, float], ...]:
    """Return where a quote is on a page, as (left, top, right, bottom), one box per line; empty if not found.

    In points from the upper left corner of the page as shown: times ``scale``, pixels of ``render_page``'s image.
    White space, hyphens and Markdown marks do not count in the comparison.
    """
    with open_pdf(data) as pdf:
        _check_page(page, pdf.n_pages)
        return pdf.boxes(page, quote)


def render_page(data: bytes, page: int, scale: float = 2.0) -> bytes:
    """Return a page (from 1) as a PNG image; ``scale`` 1 is 72 dots per inch."""
    with open_pdf(data) as pdf:
        _check_page(page, pdf.n_pages)
        return pdf.render(page, scale)


def _check_page(page: int, n_pages: int) -> None:
    if not 1 <= page <= n_pages:
        raise InputError("The PDF has no page {page}; it has pages 1 to {n}.", page=page, n=n_pages)


def _box_of(textpage: pdfium.PdfTextPage, text: str) -> Callable[[int], Box]:
    """Return the function that measures the character at a text position; called some hundred times per page."""
    place = ctypes.c_void_p(ctypes.cast(textpage.raw, ctypes.c_void_p).value)
    box = bytearray(_RECTANGLE.size)
    into = ctypes.byref((ctypes.c_char * len(box)).from_buffer(box))

    def aligned(index: int) -> Box:
        return _RECTANGLE.unpack(box) if _loose_char_box(place, index, into) else _NOWHERE

    def moved(index: int) -> Box:
        index = _char_index(textpage, index)
        return aligned(index) if index >= 0 else _NOWHERE

    return aligned if textpage.count_chars() == len(text) else moved


_RECTANGLE = struct.Struct("4f")
_NOWHERE = (0.0, 0.0, 0.0, 0.0)
# The binding's own function converts each argument by its declared type, which takes three times as long.
_loose_char_box = ctypes.CFUNCTYPE(ctypes.c_int)(
    ctypes.cast(pdfium_c.FPDFText_GetLooseCharBox, ctypes.c_void_p).value or 0
)


def _char_index(textpage: pdfium.PdfTextPage, text_index: int) -> int:
    return int(pdfium_c.FPDFText_GetCharIndexFromTextIndex(textpage, text_index))


def _object_kinds(page: pdfium.PdfPage) -> frozenset[int]:
    """Return the kinds of a page's first objects, and of those one level down in its forms."""
    kinds: set[int] = set()
    for index in range(min(pdfium_c.FPDFPage_CountObjects(page), _OBJECTS_LOOKED_AT)):
        item = pdfium_c.FPDFPage_GetObject(page, index)
        kind = pdfium_c.FPDFPageObj_GetType(item)
        kinds.add(kind)
        if kind == pdfium_c.FPDF_PAGEOBJ_FORM:
            inner = min(max(pdfium_c.FPDFFormObj_CountObjects(item), 0), _OBJECTS_LOOKED_AT)
            kinds |= {pdfium_c.FPDFPageObj_GetType(pdfium_c.FPDFFormObj_GetObject(item, i)) for i in range(inner)}
    return frozenset(kinds)


def _strokes(page: pdfium.PdfPage) -> Iterator[Box]:
    """Yield the flat lines on a page, which may go through text; none if the page is a drawing."""
    n_objects = pdfium_c.FPDFPage_CountObjects(page)
    if n_objects > _MOST_OBJECTS:
        return
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    for index in range(n_objects):
        item = pdfium_c.FPDFPage_GetObject(page, index)
        if pdfium_c.FPDFPageObj_GetType(item) != pdfium_c.FPDF_PAGEOBJ_PATH:
            continue
        if pdfium_c.FPDFPageObj_GetBounds(item, left, bottom, right, top):
            box = left.value, top.value, right.value, bottom.value
            if box[1] - box[3] < _FLAT and box[2] - box[0] > _FLAT * 2:
                yield box


def _struck_out(page: pdfium.PdfPage) -> Iterator[Box]:
    """Yield the boxes of text that annotations strike out."""
    points = pdfium_c.FS_QUADPOINTSF()
    for index in range(max(pdfium_c.FPDFPage_GetAnnotCount(page), 0)):
        annotation = pdfium_c.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        if pdfium_c.FPDFAnnot_GetSubtype(annotation) == pdfium_c.FPDF_ANNOT_STRIKEOUT:
            for at in range(pdfium_c.FPDFAnnot_CountAttachmentPoints(annotation)):
                if pdfium_c.FPDFAnnot_GetAttachmentPoints(annotation, at, points):
                    xs = points.x1, points.x2, points.x3, points.x4
                    ys = points.y1, points.y2, points.y3, points.y4
                    yield min(xs), max(ys), max(xs), min(ys)
        pdfium_c.FPDFPage_CloseAnnot(annotation)


def _marks(page: pdfium.PdfPage) -> Iterator[str]:
    seen: set[str] = set()
    for index in range(max(pdfium_c.FPDFPage_GetAnnotCount(page), 0)):
        annotation = pdfium_c.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        try:
            if pdfium_c.FPDFAnnot_GetSubtype(annotation) == pdfium_c.FPDF_ANNOT_WIDGET:
                name, value = (_annotation_text(annotation, key) for key in (b"T", b"V"))
                mark = f"{name}: {value}" if value and value != "Off" else ""
            else:
                mark = _annotation_text(annotation, b"Contents")
        finally:
            pdfium_c.FPDFPage_CloseAnnot(annotation)
        if mark and mark not in seen:
            seen.add(mark)
            yield mark


def _annotation_text(annotation: object, key: bytes) -> str:
    n_bytes = pdfium_c.FPDFAnnot_GetStringValue(annotation, key, None, 0)
    if n_bytes <= 2:  # noqa: PLR2004  the terminator alone
        return ""
    buffer = ctypes.create_string_buffer(n_bytes)
    pointer = ctypes.cast(buffer, ctypes.POINTER(pdfium_c.FPDF_WCHAR))
    pdfium_c.FPDFAnnot_GetStringValue(annotation, key, pointer, n_bytes)
    return _plain(buffer.raw[: n_bytes - 2].decode("utf-16-le", "ignore"))


def _plain(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _from_top_left(
    page: pdfium.PdfPage, left: float, bottom: float, right: float, top: float
) -> tuple[float, float, float, float]:
    fine = 16  # PDFium converts to whole device units: sixteenths of a point are enough to draw a frame
    width, height = page.get_size()
    x, y = ctypes.c_int(), ctypes.c_int()
    corners = []
    for corner in ((left, top), (right, bottom)):
        pdfium_c.FPDF_PageToDevice(page, 0, 0, round(width * fine), round(height * fine), 0, *corner, x, y)
        corners.append((x.value / fine, y.value / fine))
    (x0, y0), (x1, y1) = corners
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
