"""A file becomes a ``Document``: the one entry to all readers.

What a file holds raises only a ``ReadError``; readers open no file by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePath

from .. import media
from ..document import Document, document_id
from ..errors import (
    ReadError,
    TooLargeError,
)
from ..images.ocr import recognition
from ..readers.table import MAX_TITLE, demand_something, identify, read_as, shortened
from ..reading import Reading
from ..text.boilerplate import without_boilerplate
from ..text.encoding import recode, repair
from ..text.instructions import instruction_note
from ..text.language import detect
from ..text.metadata import front_matter
from ..text.redact import redact, redacted

READER_VERSION = 14
"""Raised whenever a reader changes its result for the same bytes; files are then read again."""

MAX_BYTES = 512 * 1024 * 1024


def read_file(path: Path, *, max_bytes: int = MAX_BYTES) -> Document:
    """Read one file; its source is the absolute path.

    Raises: ReadError: see ``read_bytes``; also when the file cannot be opened, or holds more than ``max_bytes``.
    """
    return read_bytes(load(path, max_bytes), str(path.absolute()))


def load(path: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """Return the bytes of a file; ReadError: it cannot be opened, TooLargeError: it exceeds ``max_bytes``."""
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise TooLargeError(
                "the file has {n_bytes:,} bytes, more than the limit of {most:,}; split it or raise the limit",
                n_bytes=size,
                most=max_bytes,
            )
        return path.read_bytes()
    except OSError as exc:
        raise ReadError(
            "the file cannot be opened ({why}); check that it exists and may be read", why=exc.strerror or exc
        ) from exc


@dataclass(frozen=True, slots=True)
class Treatment:
    """What the user wants done with a file besides reading it."""

    encoding: str = ""
    """How its bytes become text; detected if empty."""
    redact: tuple[str, ...] = ()
    """The kinds of personal data to replace; see ``redact``."""
    boilerplate: bool = True
    """Whether text on every page of a site, or under every mail, is kept."""
    later: bool = False
    """Whether pages and pictures are left to be recognised later; the document stays the same."""

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
        treatment: what else is done.
    Raises: EmptyFileError, EncryptedError, DamagedError, TooLargeError, UnsupportedError, ExtraNeededError.
    """
    name, kind = identify(data, source)
    identity = document_id(kind, data, treatment.key)
    if treatment.encoding and media.is_text(kind):
        data = recode(data, treatment.encoding)
        kind = media.sniff(data, name)
    with recognition(later=treatment.later):
        reading = read_as(kind, data, name)
    metadata = front_matter(reading.text) if kind in {media.MARKDOWN, media.PLAIN} else ()
    metadata = tuple((key, redact(value, treatment.redact)) for key, value in metadata)
    reading = _treated(reading, treatment)
    demand_something(reading)
    title = " ".join(repair(reading.title).split())[:MAX_TITLE] or PurePath(name).stem or name
    return Document(
        id=identity,
        source=source,
        title=title,
        media_type=kind,
        language=detect(reading.text),
        text=reading.text,
        pages=reading.pages,
        headings=tuple(shortened(heading) for heading in reading.headings),
        encoding=treatment.encoding if treatment.encoding and reading.encoding else reading.encoding,
        notes=(*reading.notes, *instruction_note(reading.text)),
        metadata=metadata,
    )


def _treated(reading: Reading, treatment: Treatment) -> Reading:
    if not treatment.boilerplate:
        reading = without_boilerplate(reading)
    return redacted(reading, treatment.redact) if treatment.redact else reading
