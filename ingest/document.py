"""The types of the first stage: what a file becomes (``Document``), and the pieces that are searched (``Chunk``).

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
    """A heading, at the place where it stands in the text."""

    start: int
    level: int
    """1 is the highest; at most 6."""
    title: str


@dataclass(frozen=True, slots=True)
class Document:
    """A file's text as Markdown, with the map back to its pages and headings.

    ``pages`` is empty for formats without pages; else it is sorted, does not overlap, and accounts for every page of the
    file, also those without text (``start == stop``).
    """

    id: str
    """sha256 over media type, treatment and bytes, as hex: the same bytes read the same way are the same document."""
    source: str
    """Where it came from: the absolute path, with ``!member`` behind it for a member of an archive."""
    title: str
    media_type: str
    language: str
    """``zh``, ``en``, ... by script and common words; ``""`` when there is too little text to tell."""
    text: str
    pages: tuple[Page, ...] = ()
    headings: tuple[Heading, ...] = ()
    encoding: str = ""
    """How bytes became text, for text formats: ``utf-8``, ``gb18030`` ...; ``""`` where the format decides it."""
    notes: tuple[str, ...] = ()
    """What a user should know of the reading: a low-confidence encoding, attachments left out. Sentences."""
    metadata: tuple[tuple[str, str], ...] = ()
    """What the file says of itself: ``title``, ``date``, ``author``, ``tags`` (parted by commas) ..., sorted by key."""


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
    """The titles above it, outermost first; where it goes on with a table, then the rows that name what it shows: the table's
    title, if it has one, and its head, each as ``| Name | Office |``."""
    n_tokens: int
    """Of ``indexed_text``, in the embedder's tokens, special tokens included: the most that the model can be given of it."""
    names: str = field(default="", compare=False)
    """What its document says of itself, as the catalog knows it: file, folders, title, front matter, sender and date of a mail,
    one a line; see ``names.document_names``. Evidence beside the text, and never quoted."""

    @property
    def titles(self) -> tuple[str, ...]:
        """The titles above it, without the head of a table."""
        return titles_of(self.headings)

    @property
    def table_head(self) -> str:
        """The head of the table that it goes on with, as ``| Name | Office |``; empty where it begins elsewhere."""
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
    """Return the titles of a heading path, without the rows of a table behind them."""
    return tuple(takewhile(lambda heading: not heading.startswith("| "), headings))


def indexed_text(headings: tuple[str, ...], text: str) -> str:
    """Return the text that lanes index for a chunk: its titles on a line of their own, a table's head, then the chunk."""
    titles = titles_of(headings)
    return "\n".join((*([" > ".join(titles)] if titles else []), *headings[len(titles) :], text))


@lru_cache(maxsize=1024)  # who writes a chunk asks for it several times
def text_hash(indexed: str) -> str:
    """Return the key under which the vector of an indexed text is kept: sha256, 40 hex digits.

    Over that text, and over what is embedded of it where that is less: how markup is left out may change.
    """
    embedded = without_markup(indexed)
    whole = indexed if embedded == indexed else f"{indexed}\0{embedded}"
    return hashlib.sha256(whole.encode()).hexdigest()[:40]


def document_id(media_type: str, data: bytes, treatment: str = "") -> str:
    """Return the identity of a document: sha256 over how it is read and what it holds, 64 hex digits."""
    digest = hashlib.sha256(f"{media_type};{treatment}\0".encode() if treatment else media_type.encode() + b"\0")
    digest.update(data)
    return digest.hexdigest()


def chunk_id(document_id: str, start: int, stop: int, indexed: str) -> str:
    """Return the identity of a chunk: sha256 over its document, its place and what lanes index of it, 32 hex digits."""
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
    """Chunks for which the embedder was run; 0 when every vector was known already."""
    n_unreadable_by_embedder: int = 0
    """Chunks in a language that the embedder cannot read; keyword and TF-IDF search cover them."""
    n_truncated_tokens: int = 0
    """Tokens cut off before embedding. An invariant: always 0."""
    waiting: tuple[str, ...] = ()
    """Files with pages or pictures that are yet to be recognised; none unless that was left for later."""
    n_pending: int = 0
    """Chunks that keywords find and the embedder has yet to read; 0 unless that was left for later."""
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    """Sentences for people: what was done without, what to install, which pages were not read."""
    dry_run: bool = False
    """Whether nothing was done: the outcomes are what would have come of it, as far as can be told without reading."""
