"""The table of chunks, each with the keyword index row that finds it.

Everything here is part of the catalog's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice

from ..document import Chunk, indexed_text, text_hash
from .keywords import Tokenizer, delete_all_keywords, delete_keywords, insert_keywords
from .naming import read_names

_BATCH = 500
# Keys are never reused, so that what is derived by key stays right when chunks come and go.
_NEXT_KEY = """
SELECT max(ifnull((SELECT max(key) + 1 FROM chunks), 1),
           ifnull((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'next_key'), 1))
"""


def read_chunks(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, Chunk]:
    """Return chunks by id; ids that are gone are left out. A document in several places shows the first of them."""
    found: dict[str, Chunk] = {}
    for at in range(0, len(ids), _BATCH):
        batch = ids[at : at + _BATCH]
        rows = connection.execute(
            "SELECT c.id, c.document_id, (SELECT min(source) FROM sources WHERE document_id = c.document_id),"
            " c.text, c.start, c.stop, c.pages, c.headings, c.n_tokens"
            f" FROM chunks c WHERE c.id IN ({','.join('?' * len(batch))})",
            batch,
        )
        for row in rows:
            chunk, document, source, text, start, stop, pages, headings, n_tokens = row
            found[chunk] = Chunk(
                chunk, document, source, text, start, stop, _numbers(pages), _titles(headings), n_tokens
            )  # fmt: skip
    names = read_names(connection, {chunk.document_id for chunk in found.values()})
    return {key: replace(chunk, names=names.get(chunk.document_id, "")) for key, chunk in found.items()}


@lru_cache(maxsize=1024)
def _numbers(pages: str) -> tuple[int, ...]:
    return tuple(json.loads(pages))


@lru_cache(maxsize=1024)
def _titles(headings: str) -> tuple[str, ...]:
    return tuple(json.loads(headings))


def read_indexed_texts(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Yield ``(chunk id, indexed text)`` of all chunks, in the order of their ids."""
    for chunk, text, headings in connection.execute("SELECT id, text, headings FROM chunks ORDER BY id"):
        yield chunk, _indexed(text, headings)


def insert_chunks(connection: sqlite3.Connection, tokenizer: Tokenizer, chunks: Iterable[Chunk]) -> None:
    """Add chunks that are not there, in batches."""
    key = connection.execute(_NEXT_KEY).fetchone()[0]
    rest = iter(chunks)
    while batch := list(islice(rest, _BATCH)):
        texts = [chunk.indexed_text for chunk in batch]
        connection.executemany(
            "INSERT INTO chunks (key, id, document_id, start, stop, text, pages, headings, n_tokens, text_hash)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (key + at, chunk.id, chunk.document_id, chunk.start, chunk.stop, chunk.text, json.dumps(chunk.pages),
                 json.dumps(chunk.headings, ensure_ascii=False), chunk.n_tokens, text_hash(text))
                for at, (chunk, text) in enumerate(zip(batch, texts, strict=True))
            ),
        )  # fmt: skip
        insert_keywords(connection, tokenizer, enumerate(texts, key))
        key += len(batch)
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('next_key', ?)", (str(key),))


def delete_chunks(connection: sqlite3.Connection, tokenizer: Tokenizer, document_id: str) -> None:
    """Delete the chunks of a document."""
    rows = connection.execute("SELECT key, text, headings FROM chunks WHERE document_id = ?", (document_id,)).fetchall()
    delete_keywords(connection, tokenizer, ((key, _indexed(text, headings)) for key, text, headings in rows))
    connection.execute("DELETE FROM chunks WHERE document_id = ?", (document_id,))


def rebuild_keywords(connection: sqlite3.Connection, tokenizer: Tokenizer) -> None:
    """Rebuild the keyword rows of all chunks."""
    delete_all_keywords(connection)
    rows = connection.execute("SELECT key, text, headings FROM chunks")
    insert_keywords(connection, tokenizer, ((key, _indexed(text, headings)) for key, text, headings in rows))


def _indexed(text: str, headings: str) -> str:
    return indexed_text(tuple(json.loads(headings)), text)
