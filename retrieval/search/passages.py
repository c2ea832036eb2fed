"""Turn hits into readable passages: join neighbours, and complete what was cut at the edge of a chunk.

Comes in: hits, best first. Goes out: fewer or longer ones, in the same order, each still a place in its document. Never: text
joined across headings, since a passage is cited under one, or more tokens spent than there is room for.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from ...ingest.document import chunk_id, indexed_text, titles_of
from ...ingest.store.catalog import Catalog
from ...ingest.text.sentences import sentence_spans
from ..hit import Hit

_EDGE = "SELECT start, stop, headings FROM chunks WHERE document_id = ? AND"
_ROW = re.compile(r"[ \t]*\|")
_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\d{1,3}[.)、])[ \t]+\S")
_CONTINUED = re.compile(r"(?:[ \t]{2,}|\t)\S")
"""A continuation line of a list item: indented, as in Markdown."""


CatalogOf = Callable[[str], Catalog]
"""Returns a base's catalog, by the name in its hits."""


def readable(
    catalog_of: CatalogOf, hits: Sequence[Hit], spare_tokens: int, count_tokens: Callable[[str], int]
) -> tuple[Hit, ...]:
    """Return the hits as readable passages.

    Consecutive chunks of one section become one passage. A sentence, list or table cut at the edge of a chunk is completed from
    the next one, best hits first, as long as there is room.

    Args:
        catalog_of: of the base, or the bases.
        hits: best first.
        spare_tokens: how many tokens may be added; joining adds none.
        count_tokens: of the backend that will read them.
    Returns: hits best first; ``chunk.text`` is ``document.text[chunk.start:chunk.stop]``.
    """
    documents = _Documents(catalog_of)
    whole = []
    for hit in _joined(hits, documents):
        longer = documents.cut(hit, *_completed(documents, hit), hit.chunk.n_tokens)
        added = 0 if longer is hit else count_tokens(longer.chunk.text) - count_tokens(hit.chunk.text)
        fits = added <= spare_tokens
        spare_tokens -= added if fits else 0
        whole.append(longer if fits else hit)
    return _joined(whole, documents)


class _Documents:
    """The documents of the hits, each text fetched once."""

    def __init__(self, catalog_of: CatalogOf) -> None:
        self._catalog_of = catalog_of
        self._texts: dict[tuple[str, str], str] = {}

    def text_of(self, hit: Hit) -> str:
        """Return the text of a hit's document; empty if it is gone or has been replaced."""
        chunk = hit.chunk
        key = hit.base, chunk.document_id
        if key not in self._texts:
            rows = self._connection(hit).execute("SELECT text FROM documents WHERE id = ?", (chunk.document_id,))
            (self._texts[key],) = rows.fetchone() or ("",)
        text = self._texts[key]
        return text if text[chunk.start : chunk.stop] == chunk.text else ""

    def beside(self, hit: Hit) -> tuple[int, int]:
        """Return where the previous chunk begins and the next one ends; a chunk of another section does not count."""
        chunk, rows = hit.chunk, self._connection(hit)
        before = rows.execute(f"{_EDGE} start < ? ORDER BY start DESC LIMIT 1", (chunk.document_id, chunk.start))
        behind = rows.execute(f"{_EDGE} start >= ? ORDER BY start LIMIT 1", (chunk.document_id, chunk.stop))
        low = [start for start, _, headings in before if titles_of(tuple(json.loads(headings))) == chunk.titles]
        high = [stop for _, stop, headings in behind if titles_of(tuple(json.loads(headings))) == chunk.titles]
        return low[0] if low else chunk.start, high[0] if high else chunk.stop

    def cut(self, hit: Hit, start: int, stop: int, n_tokens: int) -> Hit:
        """Return a hit over another part of its document; itself if the part is the same."""
        chunk = hit.chunk
        if (start, stop) == (chunk.start, chunk.stop):
            return hit
        text = self.text_of(hit)[start:stop]
        pages = self._catalog_of(hit.base).pages(chunk.document_id) if chunk.pages else ()
        touched = tuple(page.number for page in pages if max(start, page.start) < min(stop, page.stop))
        identity = chunk_id(chunk.document_id, start, stop, indexed_text(chunk.headings, text))
        longer = replace(chunk, id=identity, text=text, start=start, stop=stop, pages=touched, n_tokens=n_tokens)
        return replace(hit, chunk=longer)

    def _connection(self, hit: Hit) -> sqlite3.Connection:
        return self._catalog_of(hit.base).connection()


def _joined(hits: Sequence[Hit], documents: _Documents) -> tuple[Hit, ...]:
    """Join the hits of one section that overlap or are separated only by white space."""
    passages: list[tuple[int, Hit]] = []  # each with the best rank of its hits
    for rank in sorted(range(len(hits)), key=lambda at: (*_section(hits[at]), hits[at].chunk.start)):
        known, last = passages[-1] if passages else (0, None)
        if last is None or not _follows(documents, last, hits[rank]):
            passages.append((rank, hits[rank]))
            continue
        second = hits[rank].chunk
        n_tokens = last.chunk.n_tokens + second.n_tokens
        joined = documents.cut(last, last.chunk.start, max(last.chunk.stop, second.stop), n_tokens)
        passages[-1] = min(rank, known), replace(hits[rank] if rank < known else last, chunk=joined.chunk)
    return tuple(hit for _, hit in sorted(passages, key=lambda passage: passage[0]))


def _section(hit: Hit) -> tuple[str, str, str, tuple[str, ...]]:
    return hit.base, hit.chunk.document_id, hit.chunk.source, hit.chunk.titles


def _follows(documents: _Documents, first: Hit, second: Hit) -> bool:
    text = documents.text_of(first)
    between = text[first.chunk.stop : second.chunk.start]
    return _section(first) == _section(second) and bool(text) and not between.strip()


def _completed(documents: _Documents, hit: Hit) -> tuple[int, int]:
    """Return where text cut at a hit's edges begins and ends, within the adjacent chunks."""
    chunk, text = hit.chunk, documents.text_of(hit)
    if not text:
        return chunk.start, chunk.stop
    low, high = documents.beside(hit)
    start, stop = chunk.start, chunk.stop
    sentences = ((low + a, low + b) for a, b in sentence_spans(text[low:high]))
    for a, b in (*sentences, *_blocks(text, low, high)):
        if a < chunk.start < b:
            start = min(start, a)
        if a < chunk.stop < b:
            stop = max(stop, b)
    return start, stop


def _blocks(text: str, low: int, high: int) -> Iterator[tuple[int, int]]:
    """Yield where lists and tables are in a part of a text, without trailing white space."""
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
    """Return what a line is part of: a table, a list, or neither; a list continues over blank and indented lines."""
    if _ROW.match(line):
        return "table"
    if _ITEM.match(line):
        return "list"
    goes_on = before == "list" and (not line.strip() or _CONTINUED.match(line))
    return "list" if goes_on else ""
