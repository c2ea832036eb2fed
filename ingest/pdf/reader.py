"""The PDF reader: PDFium first, pypdf as a second opinion, OCR for pages that are images.

Comes in: the bytes of a PDF. Goes out: Markdown with every page accounted for. Never: a page missing from the ledger.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from ..document import How
from ..errors import DamagedError, EmptyFileError, EncryptedError, TooLargeError
from ..images.ocr import can_recognise, hint, recognise
from ..layout.columns import goes_on, unmix_columns, with_table_rows
from ..layout.content import HYPHEN, Bookmark, Line, PageContent
from ..layout.furniture import furniture
from ..layout.paragraphs import blocks, heading_levels, looks_like_heading, size_of
from ..notice import Notice
from ..reading import MarkdownWriter, Reading
from .pdfium import PdfiumFile, open_pdf
from .repair import with_new_end
from .second_opinion import PypdfFile
from .text import clean, garbled_share

MAX_PAGES = 20_000
_GARBLED = 0.15
"""From this share of senseless characters, a page gets a second opinion."""
_RECOVERED = Notice("The PDF is damaged; what could be recovered was read.")
_OCR_SCALE = 200 / 72
_FEW_CHARACTERS = 40
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_NO_LETTERS = re.compile(r"[\W_]+")
_NUMBERING = re.compile(r"^(?:\d+(?:\.\d+)*\.?|[A-Z]\.|第\S{1,4}[章节部])\s*")


@dataclass(frozen=True, slots=True)
class _Page:
    """A page after all opinions: lines with boxes, or paragraphs of text without."""

    content: PageContent
    lines: tuple[Line, ...] = ()
    paragraphs: tuple[str, ...] = ()
    how: How = "text"
    reason: str = ""


def read_pdf(data: bytes, name: str) -> Reading:
    """Read a PDF.

    Raises: EncryptedError: it needs a password. DamagedError: no parser finds a page. TooLargeError: over ``MAX_PAGES``.
    """
    if not data.strip(b"\0 \r\n\t"):
        raise EmptyFileError("The file is empty.")
    try:
        with open_pdf(data) as pdf:
            return _read(pdf, data, name)
    except DamagedError:
        return _read_damaged(data, name)


def _read(pdf: PdfiumFile, data: bytes, name: str) -> Reading:
    if pdf.n_pages == 0:
        raise DamagedError("The PDF has no pages; export or download it again.")
    if pdf.n_pages > MAX_PAGES:
        raise TooLargeError("The PDF has {n} pages, more than {most}; split it.", n=pdf.n_pages, most=MAX_PAGES)
    opinions = _Opinions(pdf, data)
    pages = [opinions.page(number) for number in range(1, pdf.n_pages + 1)]
    dropped = furniture([page.lines for page in pages], [page.content.height for page in pages])
    body = [
        replace(page, lines=tuple(line for index, line in enumerate(page.lines) if index not in out))
        for page, out in zip(pages, dropped, strict=True)
    ]
    writer = MarkdownWriter()
    bookmarks = pdf.bookmarks()
    level_of = _outline_levels(bookmarks, body) or _size_levels(body)
    joins_hyphen = _hyphen_rule(body)
    out = _Body(writer, level_of, joins_hyphen)
    for page in body:
        out.write(page)
    return writer.finish(_title(pdf.title(), name), notes=_notes(pdf))


class _Body:
    """Writes pages, carrying over the head of a table that continues on the next page."""

    def __init__(
        self,
        writer: MarkdownWriter,
        level_of: Callable[[int, Line], int],
        joins_hyphen: Callable[[str, str], bool],
    ) -> None:
        self._writer = writer
        self._level_of = level_of
        self._joins_hyphen = joins_hyphen
        self._open: Sequence[Sequence[str]] = ()
        """The rows of the table that ended the previous page; empty if none did."""

    def write(self, page: _Page) -> None:
        """Write a page."""
        writer, number = self._writer, page.content.number
        start = writer.begin_page()
        found = list(blocks(page.lines, lambda line: self._level_of(number, line), self._joins_hyphen))
        before, self._open = self._open, ()
        for at, block in enumerate(found):
            if block.rows:
                rows = [*before[:1], *block.rows] if at == 0 and goes_on(before, block.rows) else block.rows
                writer.table(rows)
                self._open = rows if at == len(found) - 1 else ()
            elif block.level:
                writer.heading(block.level, block.text)
            else:
                writer.block(block.text)
        for paragraph in page.paragraphs:
            writer.block(paragraph)
        for mark in page.content.marks:
            writer.block(mark)
        writer.end_page(number, start, page.how, page.reason, page.content.label)


class _Opinions:
    """Reads pages, asking the next reader only if the previous one could not make sense of a page."""

    def __init__(self, pdf: PdfiumFile, data: bytes) -> None:
        self._pdf = pdf
        self._data = data
        self._pypdf: PypdfFile | None = None

    def page(self, number: int) -> _Page:
        content = self._pdf.page(number)
        lines = _cleaned(content)
        text = "\n".join(line.text for line in lines)
        share = garbled_share(text)
        if text and share < _GARBLED and not (content.has_image and len(text) < _FEW_CHARACTERS):
            return _Page(content, lines)
        if not text and not (content.error or content.has_text or content.has_image or content.has_drawing):
            return _Page(content)
        second, said = self._second_opinion(number) if content.error or content.has_text or text else ("", "")
        if second.strip() and garbled_share(second) < min(share or 1.0, _GARBLED) and len(second) > len(text) * 0.5:
            return _Page(content, paragraphs=_paragraphs(second))
        return self._by_image(number, _Page(content, lines), share, said)

    def _second_opinion(self, number: int) -> tuple[str, str]:
        if self._pypdf is None:
            try:
                self._pypdf = PypdfFile(self._data)
            except (DamagedError, EncryptedError) as exc:
                return "", str(exc)
        return self._pypdf.text(number)

    def _by_image(self, number: int, page: _Page, share: float, said: str) -> _Page:
        garbled = bool(page.lines) and share >= _GARBLED
        if not can_recognise() or page.content.error:
            return _unread(page, share, said)
        recognised = recognise(self._pdf.render(number, _OCR_SCALE))
        if sum(map(len, recognised)) > (0 if garbled else sum(len(line.text) for line in page.lines)):
            reason = Notice("its text is garbled") if garbled else Notice("it is an image")
            return _Page(
                page.content,
                paragraphs=tuple(recognised),
                how="ocr",
                reason=Notice("Recognised, as {why}.", why=reason),
            )
        if garbled:
            return _unread(page, share, said)
        nothing = Notice("An image in which no text was found.")
        return page if page.lines else _Page(page.content, how="empty", reason=nothing)


def _unread(page: _Page, share: float, said: str) -> _Page:
    """Return a page that no reader made sense of; lines that make sense alone are kept."""
    if page.content.error:
        return replace(
            page,
            how="failed",
            reason=Notice(
                "The page is damaged ({why}; {second}).", why=page.content.error, second=said or Notice("no text")
            ),
        )
    if share >= _GARBLED:
        kept = tuple(line for line in page.lines if garbled_share(line.text) < _GARBLED)
        return replace(
            page,
            lines=kept,
            how="garbled",
            reason=_hinted(Notice("{share:.0%} of its characters make no sense.", share=share)),
        )
    if page.lines:
        return page
    if page.content.has_image:
        return replace(page, how="failed", reason=_hinted(Notice("It is an image without text.")))
    return replace(page, how="empty", reason=_hinted(Notice("It holds a drawing without text.")))


def _hinted(said: Notice) -> Notice:
    return said if can_recognise() else Notice("{said} {hint}", said=said, hint=hint())


def _cleaned(content: PageContent) -> tuple[Line, ...]:
    ordered: Sequence[Line] = content.lines
    if content.rows:
        ordered = unmix_columns(content.rows) or with_table_rows(content.rows, content.lines)
    return tuple(line for line in map(_clean_line, ordered) if line.text.strip(HYPHEN))


def _clean_line(line: Line) -> Line:
    text = clean(line.text)
    if text == line.text and not line.cells:
        return line
    return line._replace(text=text, cells=tuple(map(clean, line.cells)))


def _paragraphs(text: str) -> tuple[str, ...]:
    parts = re.split(r"\n\s*\n", text)
    return tuple(
        part for part in ("\n".join(clean(line) for line in part.splitlines()).strip() for part in parts) if part
    )


def _read_damaged(data: bytes, name: str) -> Reading:
    """Read what PDFium cannot open: retry PDFium with a new end, else use pypdf alone."""
    repaired = with_new_end(data)
    if repaired is not None:
        try:
            with open_pdf(repaired) as pdf:
                reading = _read(pdf, repaired, name)
            return replace(reading, notes=(_RECOVERED, *reading.notes))
        except DamagedError:
            pass
    second = PypdfFile(repaired or data)
    if second.n_pages == 0:
        raise DamagedError("The PDF has no pages; export or download it again.")
    if second.n_pages > MAX_PAGES:
        raise TooLargeError("The PDF has {n} pages, more than {most}; split it.", n=second.n_pages, most=MAX_PAGES)
    writer = MarkdownWriter()
    for number in range(1, second.n_pages + 1):
        text, said = second.text(number)
        start = writer.begin_page()
        for paragraph in _paragraphs(text):
            writer.block(paragraph)
        writer.end_page(
            number, start, "failed" if said else "text", said and Notice("The page is damaged ({said}).", said=said)
        )
    reading = writer.finish(notes=[_RECOVERED])
    if not reading.text:
        raise DamagedError("The PDF is damaged and no text could be recovered; export or download it again.")
    return reading


@lru_cache(maxsize=4096)
def _compact(text: str) -> str:
    return _NO_LETTERS.sub("", text.casefold())


def _outline_levels(bookmarks: Sequence[Bookmark], pages: Sequence[_Page]) -> Callable[[int, Line], int] | None:
    """Return the levels of the lines that are outline titles, or None if none is found on its page."""
    levels: dict[tuple[int, Line], int] = {}
    for mark in bookmarks:
        if not 1 <= mark.page <= len(pages):
            continue
        for line in _located(mark.title, pages[mark.page - 1].lines):
            levels.setdefault((mark.page, line), mark.level)
    return (lambda number, line: levels.get((number, line), 0)) if levels else None


def _located(title: str, lines: Sequence[Line]) -> Sequence[Line]:
    """Return the one to three lines that together form a title, with or without its number."""
    wanted = {_compact(title), _compact(_NUMBERING.sub("", title))} - {""}
    compact = [_compact(line.text) for line in lines]
    for count in (1, 2, 3):
        for first in range(len(lines) - count + 1):
            joined = "".join(compact[first : first + count])
            bare = _compact(_NUMBERING.sub("", lines[first].text)) + joined[len(compact[first]) :]
            if joined in wanted or bare in wanted:
                return lines[first : first + count]
    return ()


def _size_levels(pages: Sequence[_Page]) -> Callable[[int, Line], int]:
    levels = heading_levels(line for page in pages for line in page.lines)

    def level(_: int, line: Line) -> int:
        rank = levels.get(size_of(line), 0)
        return rank if rank and looks_like_heading(line.text) else 0

    return level


def _hyphen_rule(pages: Sequence[_Page]) -> Callable[[str, str], bool]:
    """Return the rule for words hyphenated at a line's end: as written elsewhere in the document, else as one word."""
    words: Counter[str] = Counter()
    if any(HYPHEN in line.text for page in pages for line in page.lines):
        words.update(word.lower() for page in pages for line in page.lines for word in _WORD.findall(line.text))

    def joins(first: str, second: str) -> bool:
        one, other = (_WORD.findall(part) for part in (first, second))
        if not one or not other or not second[0].islower() or first[-1].isdigit():
            return False
        whole, hyphenated = f"{one[-1]}{other[0]}".lower(), f"{one[-1]}-{other[0]}".lower()
        return words[whole] >= words[hyphenated]

    return joins


def _title(title: str, name: str) -> str:
    """Return the metadata title unless a program put it there: a file name, "untitled", mojibake."""
    bare = re.sub(r"^Microsoft \w+ - ", "", title)
    if len(bare) < 3 or bare.casefold() in ("untitled", "title", "document", "(anonymous)", name.casefold()):  # noqa: PLR2004
        return ""
    if re.search(r"\.(docx?|pptx?|xlsx?|pdf|tex|dvi|indd|qxd|rtf|odt|html?)$", bare, re.IGNORECASE):
        return ""
    return "" if garbled_share(bare) > 0 else bare


def _notes(pdf: PdfiumFile) -> list[str]:
    notes: list[str] = []
    if n_attachments := pdf.n_attachments():
        notes.append(Notice("{n} embedded file(s) were left out.", n=n_attachments))
    if pdf.is_xfa():
        notes.append(
            Notice("It holds an XFA form, which shows only in Adobe's programs; what it shows there was left out.")
        )
    return notes
