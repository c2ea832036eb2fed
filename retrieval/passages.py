"""Hits become passages that can be read: neighbours are joined, and what the edge of a chunk cut is made whole.

Comes in: hits, best first. Goes out: fewer or longer ones, in the same order, each still a place in its document. Never: text
joined across headings, since a passage is cited under one, or more tokens spent than there is room for.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from ..ingest.catalog import Catalog
from ..ingest.document import Chunk, chunk_id, indexed_text
from ..ingest.sentences import sentence_spans
from .hit import Hit

_EDGE = "SELECT start, stop, headings FROM chunks WHERE document_id = ? AND"
_ROW = re.compile(r"[ \t]*\|")
_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\d{1,3}[.)、])[ \t]+\S")
_CONTINUED = re.compile(r"(?:[ \t]{2,}|\t)\S")
"""A line of an item: indented, as Markdown has it."""


CatalogOf = Callable[[str], Catalog]
"""Returns the catalog that has a document, by the document's id."""


def readable(
    catalog_of: CatalogOf, hits: Sequence[Hit], spare_tokens: int, count_tokens: Callable[[str], int]
) -> tuple[Hit, ...]:
    """Return the hits as passages that can be read.

    Chunks of one section that follow each other become one passage. A sentence, list or table that is cut at the edge
    of a chunk is completed from the next one, for the best hits first, as long as there is room.

    Args:
        catalog_of: of the base, or the bases.
        hits: best first.
        spare_tokens: how many tokens may be added; joining adds none.
        count_tokens: of the backend that will read them.
    Returns: hits best first; ``chunk.text`` is ``document.text[chunk.start:chunk.stop]``, as ever.
    """
    documents = _Documents(catalog_of)
    whole = []
    for hit in _joined(hits, documents):
        chunk = hit.chunk
        longer = documents.cut(chunk, *_completed(documents, chunk), chunk.n_tokens)
        added = 0 if longer is chunk else count_tokens(longer.text) - count_tokens(chunk.text)
        if added <= spare_tokens:
            spare_tokens -= added
            chunk = longer
        whole.append(replace(hit, chunk=chunk))
    return _joined(whole, documents)


class _Documents:
    """The documents of the hits, each text fetched once."""

    def __init__(self, catalog_of: CatalogOf) -> None:
        self._catalog_of = catalog_of
        self._texts: dict[str, str] = {}

    def text_of(self, chunk: Chunk) -> str:
        """Return the text of a chunk's document; empty if it is gone, or another by now."""
        if chunk.document_id not in self._texts:
            rows = self._connection(chunk).execute("SELECT text FROM documents WHERE id = ?", (chunk.document_id,))
            (self._texts[chunk.document_id],) = rows.fetchone() or ("",)
        text = self._texts[chunk.document_id]
        return text if text[chunk.start : chunk.stop] == chunk.text else ""

    def beside(self, chunk: Chunk) -> tuple[int, int]:
        """Return where the chunk before begins, and the one behind ends; one of another section does not count."""
        rows = self._connection(chunk)
        before = rows.execute(f"{_EDGE} start < ? ORDER BY start DESC LIMIT 1", (chunk.document_id, chunk.start))
        behind = rows.execute(f"{_EDGE} start >= ? ORDER BY start LIMIT 1", (chunk.document_id, chunk.stop))
        low = [start for start, _, headings in before if tuple(json.loads(headings)) == chunk.headings]
        high = [stop for _, stop, headings in behind if tuple(json.loads(headings)) == chunk.headings]
        return low[0] if low else chunk.start, high[0] if high else chunk.stop

    def cut(self, chunk: Chunk, start: int, stop: int, n_tokens: int) -> Chunk:
        """Return a chunk over another part of its document; itself when that is no other part."""
        if (start, stop) == (chunk.start, chunk.stop):
            return chunk
        text = self.text_of(chunk)[start:stop]
        pages = self._catalog_of(chunk.document_id).pages(chunk.document_id) if chunk.pages else ()
        touched = tuple(page.number for page in pages if max(start, page.start) < min(stop, page.stop))
        identity = chunk_id(chunk.document_id, start, stop, indexed_text(chunk.headings, text))
        return replace(chunk, id=identity, text=text, start=start, stop=stop, pages=touched, n_tokens=n_tokens)

    def _connection(self, chunk: Chunk) -> sqlite3.Connection:
        return self._catalog_of(chunk.document_id).connection()


def _joined(hits: Sequence[Hit], documents: _Documents) -> tuple[Hit, ...]:
    """Join the hits of one section between which there is only white space, or which overlap."""
    passages: list[tuple[int, Hit]] = []  # each with the best rank of its hits
    for rank in sorted(range(len(hits)), key=lambda at: (*_section(hits[at].chunk), hits[at].chunk.start)):
        known, last = passages[-1] if passages else (0, None)
        if last is None or not _follows(documents, last.chunk, hits[rank].chunk):
            passages.append((rank, hits[rank]))
            continue
        second = hits[rank].chunk
        n_tokens = last.chunk.n_tokens + second.n_tokens
        chunk = documents.cut(last.chunk, last.chunk.start, max(last.chunk.stop, second.stop), n_tokens)
        passages[-1] = min(rank, known), replace(hits[rank] if rank < known else last, chunk=chunk)
    return tuple(hit for _, hit in sorted(passages, key=lambda passage: passage[0]))


def _section(chunk: Chunk) -> tuple[str, str, tuple[str, ...]]:
    return chunk.document_id, chunk.source, chunk.headings


def _follows(documents: _Documents, first: Chunk, second: Chunk) -> bool:
    text = documents.text_of(first)
    return _section(first) == _section(second) and bool(text) and not text[first.stop : second.start].strip()


def _completed(documents: _Documents, chunk: Chunk) -> tuple[int, int]:
    """Return where what is cut at the edges of a chunk begins and ends, within the chunks beside it."""
    text = documents.text_of(chunk)
    if not text:
        return chunk.start, chunk.stop
    low, high = documents.beside(chunk)
    start, stop = chunk.start, chunk.stop
    sentences = ((low + a, low + b) for a, b in sentence_spans(text[low:high]))
    for a, b in (*sentences, *_blocks(text, low, high)):
        if a < chunk.start < b:
            start = min(start, a)
        if a < chunk.stop < b:
            stop = max(stop, b)
    return start, stop


def _blocks(text: str, low: int, high: int) -> Iterator[tuple[int, int]]:
    """Yield where lists and tables stand in a part of a text, without the white space behind them."""
    start = end = at = low
    kind = ""
    for line in text[low:high].splitlines(keepends=True):
        here = _kind(line, kind)
        if here != kind:
            if kind:
                yield start, end
            start, kind = at, here
        at += len(line)
        if line.strip():
            end = at - (len(line) - len(line.rstrip()))
    if kind:
        yield start, end


def _kind(line: str, before: str) -> str:
    """Return what a line is part of: a table, a list, or neither; a list goes on over blank and indented lines."""
    if _ROW.match(line):
        return "table"
    if _ITEM.match(line):
        return "list"
    goes_on = before == "list" and (not line.strip() or _CONTINUED.match(line))
    return "list" if goes_on else ""
