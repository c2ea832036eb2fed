"""A file becomes a ``Document``: the one door to all readers.

Comes in: a path, or bytes and where they came from. Goes out: a ``Document`` whose text can always be stored as UTF-8.
Never: an exception other than ``ReadError`` for what a file holds, or a file opened by name inside a reader.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path, PurePath
from typing import cast

from . import media
from .boilerplate import without_boilerplate
from .document import Document, Heading, document_id
from .encoding import recode, repair
from .errors import (
    DamagedError,
    EmptyFileError,
    ExtraNeededError,
    KBError,
    MissingExtraError,
    ReadError,
    TooLargeError,
    UnsupportedError,
)
from .instructions import instruction_note
from .language import detect
from .metadata import front_matter
from .ocr import OCR_HINT
from .reading import Reader, Reading
from .redact import redact, redacted

READER_VERSION = 6
"""Raised whenever a reader changes what it makes of the same bytes; files are read again then."""

MAX_BYTES = 512 * 1024 * 1024
MAX_TITLE = 200

_FUNCTIONS = {
    media.PDF: ("read_pdf", "read_pdf"),
    media.DOCX: ("read_docx", "read_docx"),
    media.PPTX: ("read_pptx", "read_pptx"),
    media.XLSX: ("read_xlsx", "read_xlsx"),
    media.XLS: ("read_xls", "read_xls"),
    media.ODT: ("read_odf", "read_odt"),
    media.ODS: ("read_odf", "read_ods"),
    media.ODP: ("read_odf", "read_odp"),
    media.EPUB: ("read_epub", "read_epub"),
    media.RTF: ("read_rtf", "read_rtf"),
    media.PLAIN: ("read_text", "read_plain"),
    media.MARKDOWN: ("read_text", "read_markdown"),
    media.RST: ("read_text", "read_rst"),
    media.ASCIIDOC: ("read_text", "read_asciidoc"),
    media.ORG: ("read_text", "read_org"),
    media.TEX: ("read_text", "read_tex"),
    media.SRT: ("read_text", "read_subtitles"),
    media.VTT: ("read_text", "read_subtitles"),
    media.HTML: ("read_web", "read_html"),
    media.XML: ("read_xml", "read_xml"),
    media.MHTML: ("read_mail", "read_mhtml"),
    media.CSV: ("read_data", "read_csv"),
    media.TSV: ("read_data", "read_csv"),
    media.JSON: ("read_data", "read_json"),
    media.JSONL: ("read_data", "read_jsonl"),
    media.NOTEBOOK: ("read_data", "read_notebook"),
    media.EML: ("read_mail", "read_eml"),
    media.MBOX: ("read_mail", "read_mbox"),
    media.MSG: ("read_msg", "read_msg"),
}
_FUNCTIONS |= {f"text/x-{language}": ("read_text", "read_code") for language in media.CODE_LANGUAGES}
_FUNCTIONS |= dict.fromkeys(media.IMAGES, ("read_image", "read_image"))


def _loading(module: str, function: str) -> Reader:
    def read(data: bytes, name: str) -> Reading:
        reader = cast("Reader", getattr(import_module(f".{module}", __package__), function))
        return reader(data, name)

    return read


READERS: dict[str, Reader] = {kind: _loading(*where) for kind, where in _FUNCTIONS.items()}
"""Media type -> reader; a reader's module is imported when it is first used."""


def read_file(path: Path, *, max_bytes: int = MAX_BYTES) -> Document:
    """Read one file; its source is the absolute path.

    Raises: ReadError: see ``read_bytes``; also when the file cannot be opened, or holds more than ``max_bytes``.
    """
    return read_bytes(load(path, max_bytes), str(path.absolute()))


def load(path: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """Return the bytes of a file; ReadError: it cannot be opened, TooLargeError: it has more than ``max_bytes``."""
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise TooLargeError(
                f"the file has {size:,} bytes, more than the limit of {max_bytes:,}; split it or raise the limit"
            )
        return path.read_bytes()
    except OSError as exc:
        raise ReadError(
            f"the file cannot be opened ({exc.strerror or exc}); check that it exists and may be read"
        ) from exc


@dataclass(frozen=True, slots=True)
class Treatment:
    """What the user wants done with a file besides reading it."""

    encoding: str = ""
    """How its bytes become text; found out if empty."""
    redact: tuple[str, ...] = ()
    """The kinds of personal data that are replaced; see ``redact``."""
    boilerplate: bool = True
    """Whether what stands on every page of a site, or under every mail, is kept."""

    @property
    def key(self) -> str:
        """Equal keys mean equal documents of equal bytes."""
        kept = "" if self.boilerplate else "no-boilerplate"
        return " ".join(part for part in (self.encoding, ",".join(sorted(self.redact)), kept) if part)


AS_IT_IS = Treatment()


def read_bytes(data: bytes, source: str, treatment: Treatment = AS_IT_IS) -> Document:
    """Read the bytes of one file.

    Args:
        data: the whole file.
        source: its path or label, for the document and for the suffix; never opened.
        treatment: what is done besides.
    Raises: EmptyFileError, EncryptedError, DamagedError, TooLargeError, UnsupportedError, ExtraNeededError.
    """
    name, kind = identify(data, source)
    identity = document_id(kind, data, treatment.key)
    if treatment.encoding and media.is_text(kind):
        data = recode(data, treatment.encoding)
        kind = media.sniff(data, name)
    reader = READERS.get(kind)
    if reader is None:
        raise UnsupportedError(f"no reader for this kind of file ({kind}); convert it to PDF, DOCX, HTML or text")
    reading = _normalised(_read(reader, data, name))
    metadata = front_matter(reading.text) if kind in {media.MARKDOWN, media.PLAIN} else ()
    metadata = tuple((key, redact(value, treatment.redact)) for key, value in metadata)
    reading = _treated(reading, treatment)
    _demand_something(reading)
    title = " ".join(repair(reading.title).split())[:MAX_TITLE] or PurePath(name).stem or name
    return Document(
        id=identity,
        source=source,
        title=title,
        media_type=kind,
        language=detect(reading.text),
        text=reading.text,
        pages=reading.pages,
        headings=tuple(_shortened(heading) for heading in reading.headings),
        encoding=treatment.encoding if treatment.encoding and reading.encoding else reading.encoding,
        notes=(*reading.notes, *instruction_note(reading.text)),
        metadata=metadata,
    )


def _demand_something(reading: Reading) -> None:
    """Raise an error for a file in which there is nothing: one that may be read again where pictures wait for recognition."""
    if reading.text.strip() or reading.pages:
        return
    if waiting := next((note for note in reading.notes if OCR_HINT in note), ""):
        raise ExtraNeededError(f"there is no text in the file; {waiting}")
    raise EmptyFileError("there is no text in the file; nothing to read")


def _treated(reading: Reading, treatment: Treatment) -> Reading:
    if not treatment.boilerplate:
        reading = without_boilerplate(reading)
    return redacted(reading, treatment.redact) if treatment.redact else reading


_SOMETHING = re.compile(rb"[^ \t\r\n\f\v\0]")


def identify(data: bytes, source: str) -> tuple[str, str]:
    """Return a file's name and its media type, without reading it.

    Raises: ReadError: it is empty, or of a kind that can be seen at a glance not to be readable.
    """
    if not _SOMETHING.search(data):
        raise EmptyFileError("the file is empty; there is nothing to read")
    name = PurePath(source.rsplit("!", 1)[-1]).name
    return name, media.sniff(data, name)


def _shortened(heading: Heading) -> Heading:
    """A title goes into every chunk below it: a page that is one long heading must not."""
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
    except MemoryError as exc:
        raise TooLargeError("reading it takes more memory than there is; split the file") from exc
    except RecursionError as exc:
        raise DamagedError("it is nested too deeply to be read; simplify or convert the file") from exc
    except Exception as exc:
        # A reader's library failed on this one file: whatever it raises, the other files must go on.
        raise DamagedError(
            f"it cannot be read as what it claims to be ({_brief(exc)}); open and save it again"
        ) from exc


def _brief(exc: Exception) -> str:
    return " ".join(f"{type(exc).__name__}: {exc}".split())[:160].rstrip(": ")


_UNCLEAN = re.compile("\r\n?|\0|[\ud800-\udfff]")


def _normalised(reading: Reading) -> Reading:
    """Return the reading with line feeds for line breaks, without NULs and lone surrogates, its offsets moved along."""
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
    return replace(reading, text=repair(reading.text), pages=pages, headings=headings)
