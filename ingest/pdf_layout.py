"""PDFium's view of a PDF: lines with their boxes, what else is on a page, the outline, page images.

Comes in: the bytes of a PDF. Goes out: frozen values, boxes and PNG bytes. Never: a decision about what the text means.
The only file that imports pypdfium2. PDFium is not thread-safe, so every call into it runs under one module lock.
"""

from __future__ import annotations

import ctypes
import re
import struct
import threading
import unicodedata
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from statistics import median

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from .errors import DamagedError, EncryptedError, InputError

NEEDS_PASSWORD = "The PDF needs a password; save it once without one and ingest that copy."  # noqa: S105  a sentence
_LOCK = threading.RLock()
_MAX_PIXELS = 40_000_000
_OBJECTS_LOOKED_AT = 400
_LITTLE_TEXT = 100
"""With more characters a page is not looked through for images."""
_LONG_LINE, _SAMPLED_LINES, _GAP, _SPARSE, _GAPS_EVERYWHERE = 20, 8, 0.8, 1.2, 0.3
HYPHEN = "\ufffe"
"""What PDFium puts where a line ended in a hyphen; it stays at the end of ``Line.text``."""
_LINE = re.compile(f"[^\r\n{HYPHEN}]*(?:{HYPHEN}|\r\n|\r|\n|$)")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text as PDFium orders them, with its box in points; the origin is the lower left corner."""

    text: str
    left: float
    bottom: float
    right: float
    top: float
    cells: tuple[str, ...] = ()
    """Its parts, where it is a row of a table; itself, where it has wide gaps but stands in no table."""

    @property
    def height(self) -> float:
        """The height of the font's box, which grows with the font's size."""
        return max(self.top - self.bottom, 0.1)


@dataclass(frozen=True, slots=True)
class PageContent:
    """What PDFium found on a page."""

    number: int
    """From 1."""
    lines: tuple[Line, ...] = ()
    rows: tuple[tuple[Line, ...], ...] = ()
    """The same lines cut at wide gaps; empty where there are none."""
    width: float = 0.0
    height: float = 0.0
    label: str = ""
    """The number printed on the page (``iv``), where it is not ``number``."""
    marks: tuple[str, ...] = ()
    """Filled form fields and notes, which are not part of the page's text."""
    has_image: bool = False
    has_text: bool = False
    """It holds text operators, whether or not text came out of them."""
    has_drawing: bool = False
    error: str = ""
    """Why it could not be read; empty when it could."""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An entry of the outline."""

    title: str
    level: int
    """From 1."""
    page: int
    """From 1."""


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
            raise DamagedError(f"The PDF cannot be opened ({exc}); export or download it again.") from exc
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
        """Return the title in the metadata, which often is a file name or empty."""
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
        """Read a page; never raises: what went wrong is in ``error``."""
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
        """Return a page's image as PNG; ``scale`` 1 is 72 dots an inch, less where that exceeds 40 megapixels."""
        with _LOCK:
            page = self._document[number - 1]
            try:
                width, height = page.get_size()
                scale = min(scale, (_MAX_PIXELS / max(width * height, 1.0)) ** 0.5)
                bitmap = page.render(scale=scale, rev_byteorder=True, force_bitmap_format=pdfium_c.FPDFBitmap_BGR)
                return _png(bytes(bitmap.buffer), bitmap.width, bitmap.height, bitmap.stride)
            finally:
                page.close()

    def boxes(self, number: int, quote: str) -> tuple[tuple[float, float, float, float], ...]:
        """Return the boxes of a quote on a page; see ``quote_boxes``."""
        with _LOCK:
            page = self._document[number - 1]
            textpage = page.get_textpage()
            try:
                return tuple(
                    _from_top_left(page, *textpage.get_rect(index))
                    for start, count in _find(textpage, quote)
                    for index in range(textpage.count_rects(start, count))
                )
            finally:
                textpage.close()
                page.close()

    def _content(self, number: int, page: pdfium.PdfPage) -> PageContent:
        textpage = page.get_textpage()
        try:
            lines, rows = _TextLayer(textpage).lines_and_rows()
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
    """Return where a quote stands on a page, as (left, top, right, bottom), one box a line; empty when it is not found.

    In points from the upper left corner of the page as it is shown: times ``scale``, pixels of ``render_page``'s image.
    White space, hyphens and Markdown marks do not count in the comparison.
    """
    with open_pdf(data) as pdf:
        _check_page(page, pdf.n_pages)
        return pdf.boxes(page, quote)


def render_page(data: bytes, page: int, scale: float = 2.0) -> bytes:
    """Return the image of a page (from 1) as PNG bytes; ``scale`` 1 is 72 dots an inch."""
    with open_pdf(data) as pdf:
        _check_page(page, pdf.n_pages)
        return pdf.render(page, scale)


def _check_page(page: int, n_pages: int) -> None:
    if not 1 <= page <= n_pages:
        raise InputError(f"The PDF has no page {page}; it has pages 1 to {n_pages}.")


@dataclass(frozen=True, slots=True)
class _Span:
    """Where a line stands in a text layer: its first and last character."""

    first: int
    last: int
    line: Line


def _density(span: _Span) -> float:
    """Return the width that a character takes, in heights of the line: rows of a table take more than prose."""
    return (span.line.right - span.line.left) / span.line.height / (span.last - span.first + 1)


class _TextLayer:
    """The characters of a page and their boxes."""

    def __init__(self, textpage: pdfium.PdfTextPage) -> None:
        self._textpage = textpage
        self._text: str = textpage.get_text_range()
        self._aligned = textpage.count_chars() == len(self._text)
        self._box = pdfium_c.FS_RECTF()

    def lines_and_rows(self) -> tuple[tuple[Line, ...], tuple[tuple[Line, ...], ...]]:
        """Return the lines, and the same cut at wide gaps, if any.

        To measure every gap takes time: all lines are cut only when a sample of them has gaps, else the sparse ones.
        """
        spans = list(self._spans())
        long = [span for span in spans if span.last - span.first >= _LONG_LINE]
        sample = long[:: max(len(long) // _SAMPLED_LINES, 1)]
        n_cut = sum(len(self._cut(span)) > 1 for span in sample)
        everywhere = n_cut > _GAPS_EVERYWHERE * len(sample)
        usual = median(map(_density, long)) if long else 0.0
        rows = tuple(
            self._cut(span) if everywhere or _density(span) > _SPARSE * usual else (span.line,) for span in spans
        )
        return tuple(span.line for span in spans), rows if any(len(row) > 1 for row in rows) else ()

    def _spans(self) -> Iterator[_Span]:
        for match in _LINE.finditer(self._text):
            raw = match.group().rstrip("\r\n")
            if not raw.strip():
                continue
            first = match.start() + len(raw) - len(raw.lstrip())
            last = max(match.start() + len(raw.rstrip(f" {HYPHEN}")) - 1, first)
            yield _Span(first, last, self._line(first, last, raw.strip()))

    def _line(self, first: int, last: int, text: str) -> Line:
        left, *_ = self._char_box(first)
        _, _, right, _ = self._char_box(last)
        # The first character may be a bullet and the last a footnote's mark: the size is that of a letter between.
        middle = next((i for i in range((first + last) // 2, last + 1) if self._text[i].isalnum()), first)
        _, bottom, _, top = self._char_box(middle)
        return Line(text, left, bottom, right, top)

    def _cut(self, span: _Span) -> tuple[Line, ...]:
        """Return a line cut at the spaces that are wider than the line is high."""
        starts = [span.first]
        for match in re.finditer(" +", self._text[span.first : span.last]):
            end, start = span.first + match.start() - 1, span.first + match.end()
            if self._char_box(start)[0] - self._char_box(end)[2] > _GAP * span.line.height:
                starts.append(start)
        if len(starts) == 1:
            return (span.line,)
        ends = [start - 1 for start in starts[1:]] + [span.last]
        pieces = [self._line(s, e, self._text[s : e + 1].strip()) for s, e in zip(starts, ends, strict=True)]
        if span.line.text.endswith(HYPHEN):
            pieces[-1] = replace(pieces[-1], text=pieces[-1].text + HYPHEN)
        return tuple(pieces)

    def _char_box(self, index: int) -> tuple[float, float, float, float]:
        if not self._aligned:
            index = pdfium_c.FPDFText_GetCharIndexFromTextIndex(self._textpage, index)
        box = self._box
        if index < 0 or not pdfium_c.FPDFText_GetLooseCharBox(self._textpage, index, box):
            return 0.0, 0.0, 0.0, 0.0
        return box.left, box.bottom, box.right, box.top


def _object_kinds(page: pdfium.PdfPage) -> frozenset[int]:
    """Return the kinds of the first objects of a page, and of what its forms hold one level down."""
    kinds: set[int] = set()
    for index in range(min(pdfium_c.FPDFPage_CountObjects(page), _OBJECTS_LOOKED_AT)):
        item = pdfium_c.FPDFPage_GetObject(page, index)
        kind = pdfium_c.FPDFPageObj_GetType(item)
        kinds.add(kind)
        if kind == pdfium_c.FPDF_PAGEOBJ_FORM:
            inner = min(max(pdfium_c.FPDFFormObj_CountObjects(item), 0), _OBJECTS_LOOKED_AT)
            kinds |= {pdfium_c.FPDFPageObj_GetType(pdfium_c.FPDFFormObj_GetObject(item, i)) for i in range(inner)}
    return frozenset(kinds)


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


def _find(textpage: pdfium.PdfTextPage, quote: str) -> Iterator[tuple[int, int]]:
    """Yield (first character, count) for a quote, found whole or else line by line."""
    text = textpage.get_text_range()
    compact, places = _compact(text)
    aligned = textpage.count_chars() == len(text)
    whole = _compact(quote)[0]
    if not whole:
        return
    parts = [whole] if whole in compact else [_compact(line)[0] for line in quote.splitlines()]
    for part in parts:
        at = compact.find(part) if part else -1
        if at < 0:
            continue
        first, last = places[at], places[at + len(part) - 1]
        if not aligned:
            first, last = (pdfium_c.FPDFText_GetCharIndexFromTextIndex(textpage, index) for index in (first, last))
        yield first, last - first + 1


def _compact(text: str) -> tuple[str, list[int]]:
    """Return the letters, digits and symbols of a text, folded, and for each where it stood."""
    letters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for folded in unicodedata.normalize("NFKC", character).casefold():
            if folded.isalnum():
                letters.append(folded)
                places.append(place)
    return "".join(letters), places


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


def _png(pixels: bytes, width: int, height: int, stride: int) -> bytes:
    """Encode 8-bit RGB rows as PNG (ISO/IEC 15948): signature, IHDR, one IDAT, IEND."""

    def part(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + pixels[row * stride : row * stride + width * 3] for row in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", zlib.compress(rows, 3)) + part(b"IEND", b"")
