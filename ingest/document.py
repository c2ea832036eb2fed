"""Types of the first stage: what a file becomes (``Document``), and the pieces that are searched (``Chunk``).

Comes in: nothing. Goes out: frozen values. Never: I/O, or a type of another library.
All offsets are in characters (Unicode code points) of ``Document.text``; ranges are half open, ``[start, stop)``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import takewhile
from typing import Literal

from .plain import without_markup


@dataclass(frozen=True, slots=True)
class Step:
    """One step of progress."""

    stage: Literal["read", "recognise", "embed", "index"]
    done: int
    total: int
    source: str = ""
    failed: int = 0


Progress = Callable[[Step], None]

How = Literal["text", "ocr", "empty", "garbled", "failed"]
"""How a page was read. ``text``: it held text. ``ocr``: recognised from its image. ``empty``: nothing on it.
``garbled``: its text makes no sense and no better reading was found. ``failed``: the parser gave up on it."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page, slide or sheet, and what became of it."""

    number: int
    """From 1."""
    start: int
    stop: int
    how: How = "text"
    reason: str = ""
    """Why it is not ``text``; a sentence for people, empty when ``how`` is ``text``."""
    label: str = ""
    """A sheet's or slide's name; empty when the number says it all."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading and its position in the text."""

    start: int
    level: int
    """1 is the highest; at most 6."""
    title: str


@dataclass(frozen=True, slots=True)
class Document:
    """A file's text as Markdown, with the map back to its pages and headings.

    ``pages`` is empty for formats without pages; otherwise it is sorted, has no overlaps, and covers every page of the
    file, including those without text (``start == stop``).
    """

    id: str
    """sha256 over media type, treatment and bytes, as hex: the same bytes read the same way are the same document."""
    source: str
    """Where it came from: the absolute path, followed by ``!member`` for an archive member."""
    title: str
    media_type: str
    language: str
    """``zh``, ``en``, ... by script and common words; ``""`` when there is too little text to tell."""
    text: str
    pages: tuple[Page, ...] = ()
    headings: tuple[Heading, ...] = ()
    encoding: str = ""
    """How the bytes were decoded, for text formats: ``utf-8``, ``gb18030`` ...; ``""`` if the format fixes it."""
    notes: tuple[str, ...] = ()
    """What a user should know about the reading: a low-confidence encoding, attachments left out. Sentences."""
    metadata: tuple[tuple[str, str], ...] = ()
    """What the file says about itself: ``title``, ``date``, ``author``, ``tags`` (comma-separated) ..., sorted by key."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A searchable passage. Invariant: ``document.text[start:stop] == text``."""

    id: str
    document_id: str
    source: str
    text: str
    start: int
    stop: int
    pages: tuple[int, ...]
    """The pages it touches, ascending; empty for formats without pages."""
    headings: tuple[str, ...]
    """The titles above it, outermost first; if it continues a table, then the rows that say what it shows: the table's title,
    if any, and its head, each as ``| Name | Office |``."""
    n_tokens: int
    """Of ``indexed_text``, in embedder tokens including special tokens: the most the model can be given of it."""
    names: str = field(default="", compare=False)
    """What its document says about itself, as the catalog knows it: file, folders, title, front matter, a mail's sender and
    date, one per line; see ``names.document_names``. Evidence beside the text, never quoted."""

    @property
    def titles(self) -> tuple[str, ...]:
        """The titles above it, without the head of a table."""
        return titles_of(self.headings)

    @property
    def table_head(self) -> str:
        """The head of the table it continues, as ``| Name | Office |``; empty if it does not continue one."""
        return self.headings[-1] if len(self.titles) < len(self.headings) else ""

    @property
    def indexed_text(self) -> str:
        """What keyword lanes index: the heading path, then the text."""
        return indexed_text(self.headings, self.text)

    @property
    def embedded_text(self) -> str:
        """What an embedder is given: the words of ``indexed_text``."""
        return without_markup(self.indexed_text)


def titles_of(headings: tuple[str, ...]) -> tuple[str, ...]:
    """Return the titles of a heading path, without the table rows after them."""
    return tuple(takewhile(lambda heading: not heading.startswith("| "), headings))


def indexed_text(headings: tuple[str, ...], text: str) -> str:
    """Return the text that lanes index for a chunk: its titles on one line, a table's head, then the chunk."""
    titles = titles_of(headings)
    return "\n".join((*([" > ".join(titles)] if titles else []), *headings[len(titles) :], text))


@lru_cache(maxsize=1024)  # whoever writes a chunk asks several times
def text_hash(indexed: str) -> str:
    """Return the key of an indexed text's vector: sha256, 40 hex digits.

    It covers that text and, if less of it is embedded, the embedded text: how markup is stripped may change.
    """
    embedded = without_markup(indexed)
    whole = indexed if embedded == indexed else f"{indexed}\0{embedded}"
    return hashlib.sha256(whole.encode()).hexdigest()[:40]


def document_id(media_type: str, data: bytes, treatment: str = "") -> str:
    """Return a document's id: sha256 over how it is read and its content, 64 hex digits."""
    digest = hashlib.sha256(f"{media_type};{treatment}\0".encode() if treatment else media_type.encode() + b"\0")
    digest.update(data)
    return digest.hexdigest()


def chunk_id(document_id: str, start: int, stop: int, indexed: str) -> str:
    """Return a chunk's id: sha256 over its document, position and indexed text, 32 hex digits."""
    return hashlib.sha256(f"{document_id}:{start}:{stop}:{indexed}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be ingested, and why."""

    source: str
    kind: str
    """One word: ``empty``, ``encrypted``, ``damaged``, ``too-large``, ``unsupported``, ``missing-extra``, ``waiting``,
    ``unreadable``, ``timeout`` or ``crashed``."""
    reason: str
    """A sentence: what is wrong and what to do next."""


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What one run did. Sources are absolute paths, sorted."""

    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    failed: tuple[Failure, ...] = ()
    n_chunks: int = 0
    """Chunks in the knowledge base after the run."""
    n_embedded: int = 0
    """Chunks the embedder was run on; 0 when every vector was already known."""
    n_unreadable_by_embedder: int = 0
    """Chunks in a language the embedder cannot read; keyword and TF-IDF search cover them."""
    n_truncated_tokens: int = 0
    """Tokens cut off before embedding. An invariant: always 0."""
    waiting: tuple[str, ...] = ()
    """Files with pages or pictures still to be recognised; none unless that was deferred."""
    n_pending: int = 0
    """Chunks that keywords find but the embedder has yet to read; 0 unless that was deferred."""
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    """Sentences for people: what was unavailable, what to install, which pages were not read."""
    dry_run: bool = False
    """Whether nothing was done: the outcomes are what would have happened, as far as it is known without reading."""
