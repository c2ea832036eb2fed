"""Deleted text leaves no word behind: not in indexes, vectors, answers, SQLite's log or copies of the catalog.

Comes in: a catalog from which something was deleted. Goes out: the same without its traces. Never: a chunk that is in use.
"""

from __future__ import annotations

from .catalog import Catalog
from .database import backups, remains
from .keywords import forget_keywords

_DUE = "must_forget"
OWED = "must_forget_elsewhere"
"""Setting: what must still be forgotten in other bases' logs, where answers drawn from this one too are kept."""
EVERYTHING = "everything"
WITHOUT_TURNS = "DELETE FROM sessions WHERE id NOT IN (SELECT session FROM answers WHERE session NOT NULL)"
"""Forgets conversations with no answer left."""


def demand_purge(catalog: Catalog) -> None:
    """Remember that no deleted word may stay in the file.

    It takes time with the size of the keyword index, so it is for removed or redacted text, not for every edit.
    """
    catalog.put(_DUE, "1")


def is_purge_due(catalog: Catalog) -> bool:
    """Return whether that was demanded but not yet done."""
    return bool(catalog.get(_DUE))


def forget_answers(catalog: Catalog) -> None:
    """Forget all recorded answers, which quote what must now be redacted; remember that other bases hold some too."""
    catalog.connection().execute("DELETE FROM answers")
    catalog.connection().execute(WITHOUT_TURNS)
    catalog.put(OWED, EVERYTHING)


def purge(catalog: Catalog, *, vectors: bool) -> int:
    """Drop what was made from deleted text, and give back the log's old pages; return how many vectors went.

    That is: the answers that quote a forgotten source, the copies of older catalogs and, if asked for, vectors and the remains
    of a damaged one: a file that comes back then costs them again.
    """
    connection = catalog.connection()
    if is_purge_due(catalog):
        forget_keywords(connection)
        catalog.put(_DUE, "")
    connection.execute(
        "DELETE FROM answers WHERE id IN (SELECT answer FROM answer_sources"
        " WHERE base = '' AND source NOT IN (SELECT source FROM sources))"
    )
    connection.execute(WITHOUT_TURNS)
    for copy in remains(catalog.path) if vectors else backups(catalog.path):
        copy.unlink(missing_ok=True)
    gone = 0
    if vectors:
        gone = connection.execute(
            "DELETE FROM vectors"
            " WHERE text_hash NOT IN (SELECT text_hash FROM chunks UNION SELECT text_hash FROM spare_chunks)"
        ).rowcount
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return gone
