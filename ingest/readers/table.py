"""The table of all readers: media type to function. A reader's module is imported on first use."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import replace
from importlib import import_module
from pathlib import PurePath
from typing import cast

from .. import media
from ..document import Heading
from ..errors import (
    DamagedError,
    EmptyFileError,
    ExtraNeededError,
    KBError,
    MissingExtraError,
    TooLargeError,
    UnsupportedError,
    WaitsError,
)
from ..images.ocr import LATER, OCR_HINT
from ..reading import Reader, Reading, when_inside
from ..text.encoding import repair

MAX_TITLE = 200

_FUNCTIONS = {
    media.PDF: ("pdf.reader", "read_pdf"),
    media.DOCX: ("office.docx", "read_docx"),
    media.PPTX: ("office.pptx", "read_pptx"),
    media.XLSX: ("office.xlsx", "read_xlsx"),
    media.XLSB: ("office.xlsb", "read_xlsb"),
    media.XLS: ("office.xls", "read_xls"),
    media.DOC: ("legacy.doc", "read_doc"),
    media.PPT: ("legacy.ppt", "read_ppt"),
    media.IWORK: ("legacy.iwork", "read_iwork"),
    media.ODT: ("office.odf", "read_odt"),
    media.ODS: ("office.odf", "read_ods"),
    media.ODP: ("office.odf", "read_odp"),
    media.EPUB: ("readers.epub", "read_epub"),
    media.RTF: ("readers.rtf", "read_rtf"),
    media.PLAIN: ("readers.text", "read_plain"),
    media.MARKDOWN: ("readers.text", "read_markdown"),
    media.RST: ("readers.text", "read_rst"),
    media.ASCIIDOC: ("readers.text", "read_asciidoc"),
    media.ORG: ("readers.text", "read_org"),
    media.TEX: ("readers.text", "read_tex"),
    media.SRT: ("readers.text", "read_subtitles"),
    media.VTT: ("readers.text", "read_subtitles"),
    media.HTML: ("readers.web", "read_html"),
    media.XML: ("readers.xml", "read_xml"),
    media.MHTML: ("readers.mail", "read_mhtml"),
    media.CSV: ("readers.data", "read_csv"),
    media.TSV: ("readers.data", "read_csv"),
    media.JSON: ("readers.data", "read_json"),
    media.JSONL: ("readers.data", "read_jsonl"),
    media.NOTEBOOK: ("readers.data", "read_notebook"),
    media.EML: ("readers.mail", "read_eml"),
    media.MBOX: ("readers.mail", "read_mbox"),
    media.MSG: ("readers.msg", "read_msg"),
}
_FUNCTIONS |= {f"text/x-{language}": ("readers.text", "read_code") for language in media.CODE_LANGUAGES}
_FUNCTIONS |= dict.fromkeys(media.IMAGES, ("images.image", "read_image"))


def _loading(module: str, function: str) -> Reader:
    def read(data: bytes, name: str) -> Reading:
        reader = cast("Reader", getattr(import_module(f"...{module}", __name__), function))
        return reader(data, name)

    return read


READERS: dict[str, Reader] = {kind: _loading(*where) for kind, where in _FUNCTIONS.items()}
"""Media type -> reader; a reader's module is imported on first use."""


def read_as(kind: str, data: bytes, name: str) -> Reading:
    """Read bytes of a media type; the text can be stored as UTF-8.

    Raises: ReadError: there is no reader, or it cannot read these bytes.
    """
    reader = READERS.get(kind)
    if reader is None:
        raise UnsupportedError(
            "no reader for this kind of file ({kind}); convert it to PDF, DOCX, HTML or text", kind=kind
        )
    return _normalised(_read(reader, data, name))


def demand_something(reading: Reading) -> None:
    """Raise an error for a file with nothing in it; one that lets it be read again if pictures wait for recognition."""
    if reading.text.strip() or reading.pages:
        return
    if waiting := next((note for note in reading.notes if LATER in note), ""):
        raise WaitsError("there is no text in the file; {waiting}", waiting=waiting)
    if waiting := next((note for note in reading.notes if OCR_HINT in note), ""):
        raise ExtraNeededError("there is no text in the file; {waiting}", waiting=waiting)
    raise EmptyFileError("there is no text in the file; nothing to read")


def _read_inside(data: bytes, name: str) -> Reading:
    own, kind = identify(data, name)
    return read_as(kind, data, own)


when_inside(_read_inside)
_SOMETHING = re.compile(rb"[^ \t\r\n\f\v\0]")


def identify(data: bytes, source: str) -> tuple[str, str]:
    """Return a file's name and its media type, without reading it.

    Raises: ReadError: it is empty, or of a kind that is plainly unreadable.
    """
    if not _SOMETHING.search(data):
        raise EmptyFileError("the file is empty; there is nothing to read")
    name = PurePath(source.rsplit("!", 1)[-1]).name
    return name, media.sniff(data, name)


def shortened(heading: Heading) -> Heading:
    """Shorten a title: it goes into every chunk below it, and may be a whole page."""
    if len(heading.title) <= MAX_TITLE:
        return heading
    return replace(heading, title=heading.title[:MAX_TITLE].rstrip() + "…")


def _read(reader: Reader, data: bytes, name: str) -> Reading:
    try:
        return reader(data, name)
    except MissingExtraError as exc:
        raise ExtraNeededError(str(exc)) from exc
    except KBError:
        raise
    except ImportError as exc:
        raise ExtraNeededError("what reads it cannot be loaded ({why}); install kb again", why=_brief(exc)) from exc
    except MemoryError as exc:
        raise TooLargeError("reading it takes more memory than there is; split the file") from exc
    except RecursionError as exc:
        raise DamagedError("it is nested too deeply to be read; simplify or convert the file") from exc
    except Exception as exc:
        # A reader's library failed on this one file: whatever it raises, the other files must go on.
        raise DamagedError(
            "it cannot be read as what it claims to be ({why}); open and save it again", why=_brief(exc)
        ) from exc


def _brief(exc: Exception) -> str:
    return " ".join(f"{type(exc).__name__}: {exc}".split())[:160].rstrip(": ")


_UNCLEAN = re.compile("\r\n?|\0|[\ud800-\udfff]")


def _normalised(reading: Reading) -> Reading:
    """Return the reading with line feeds for line breaks, no NULs or lone surrogates, and offsets to match."""
    if reading.text is repair(reading.text):
        return reading
    removed_at: list[int] = []
    for match in _UNCLEAN.finditer(reading.text):
        kept = match.group().startswith("\r")
        removed_at.extend(range(match.start() + kept, match.end()))

    def moved(offset: int) -> int:
        return offset - bisect_left(removed_at, offset)

    pages = tuple(replace(page, start=moved(page.start), stop=moved(page.stop)) for page in reading.pages)
    headings = tuple(Heading(moved(h.start), h.level, repair(h.title)) for h in reading.headings)
    cells = tuple(replace(block, start=moved(block.start), stop=moved(block.stop)) for block in reading.cells)
    return replace(reading, text=repair(reading.text), pages=pages, headings=headings, cells=cells)
