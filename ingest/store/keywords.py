"""The rows of the keyword index, written with their chunks.

Comes in: chunks' keys and indexed texts. Goes out: rows of the table ``bm25``. Never: a text: tokens are a pure function
of it, so they can be recomputed to delete them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """How keyword rows are made; passed in, so that ingest need not know of retrieval."""

    tokens: Callable[[str], list[str]]
    version: int
    """When it changes, all keyword rows are rebuilt."""

    noted: Callable[[int, str, str], None] | None = None
    """Told of every row before it is written: its key, its indexed text, and what is written for it."""

    def keywords(self, text: str) -> str:
        """Return what is written for a text."""
        return " ".join(self.tokens(text))

    def names(self, text: str) -> str:
        """Return what is written for a document's names: each token once, however many names hold it."""
        return " ".join(dict.fromkeys(self.tokens(text)))

    def row(self, key: int, text: str) -> tuple[int, str]:
        """Return a row to be written."""
        keywords = self.keywords(text)
        if self.noted:
            self.noted(key, text, keywords)
        return key, keywords


KeyedText = tuple[int, str]
"""``chunks.key`` and the indexed text."""


def insert_keywords(connection: sqlite3.Connection, tokenizer: Tokenizer, texts: Iterable[KeyedText]) -> None:
    """Add the rows of chunks that have none."""
    connection.executemany(
        "INSERT INTO bm25(rowid, tokens) VALUES (?, ?)", (tokenizer.row(key, text) for key, text in texts)
    )


def delete_keywords(connection: sqlite3.Connection, tokenizer: Tokenizer, texts: Iterable[KeyedText]) -> None:
    """Delete the rows of chunks, given the texts they were made from."""
    connection.executemany(
        "INSERT INTO bm25(bm25, rowid, tokens) VALUES ('delete', ?, ?)",
        ((key, tokenizer.keywords(text)) for key, text in texts),
    )


def delete_all_keywords(connection: sqlite3.Connection) -> None:
    """Delete the rows of all chunks."""
    connection.execute("INSERT INTO bm25(bm25) VALUES ('delete-all')")


def forget_keywords(connection: sqlite3.Connection) -> None:
    """Take the words of deleted rows out of the file: FTS5 only marks them until its segments are merged."""
    connection.execute("INSERT INTO bm25(bm25) VALUES ('optimize')")
    connection.execute("INSERT INTO named(named) VALUES ('optimize')")
