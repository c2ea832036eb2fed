"""Updates the logs of other bases: an answer drawn from several bases is recorded with the first of them.

Comes in: a base where something was forgotten, or that was renamed. Goes out: the same change in the other logs under its
home. Never: a change to an answer that was not drawn from it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from ...ingest.errors import StorageError
from ...ingest.store.catalog import Catalog
from ...ingest.store.database import FILE, connect, connect_to_read, remains
from ...ingest.store.purge import EVERYTHING, OWED, WITHOUT_TURNS

_SINCE = 6
"""The first schema version whose log records the base of each source."""


def forget_elsewhere(catalog: Catalog, *, everything: bool = False) -> None:
    """Forget answers in other logs that quote sources the base no longer has.

    Logs that cannot be written to now stay owed, and are retried when the base is next updated.

    Args:
        catalog: the catalog of the base.
        everything: forget all answers drawn from the base; implied if it was redacted.
    """
    folder = catalog.path.parent
    everything = everything or catalog.get(OWED) == EVERYTHING
    owed = ""
    for path in _others(folder):
        try:
            drawn = _drawn(path, folder.name)
            known = () if everything else catalog.sources(drawn)
            if gone := [source for source in drawn if source not in known]:
                _forget(path, folder.name, gone)
        except (sqlite3.Error, StorageError):
            owed = EVERYTHING if everything else "what is gone"
    if owed != catalog.get(OWED):
        catalog.put(OWED, owed)


def rename_elsewhere(was: Path, folder: Path) -> None:
    """Rename a base in the other logs of its home, where they can be written to.

    Args:
        was: the base's old folder.
        folder: its new folder.
    """
    for path in _others(folder):
        with suppress(sqlite3.Error, StorageError):
            if _drawn(path, was.name):
                _rename(path, was, folder)


def rename_in(log: sqlite3.Connection, was: str, name: str) -> None:
    """Rename a base in a log's answers from several bases; notes stay as written."""
    rows = log.execute("SELECT id, settings, answer FROM answers WHERE json_extract(settings, '$.bases') NOT NULL")
    for number, settings, answer in rows.fetchall():
        asked, said = json.loads(settings), json.loads(answer)
        asked["bases"] = [[name if base == was else base, index] for base, index in asked["bases"]]
        said["hits"] = [[*hit[:3], *(name if base == was else base for base in hit[3:])] for hit in said["hits"]]
        for cited in (cited for sentence in said["sentences"] for cited in sentence["citations"]):
            cited["base"] = name if cited["base"] == was else cited["base"]
        changed = json.dumps(asked), json.dumps(said, ensure_ascii=False, sort_keys=True)
        log.execute("UPDATE answers SET settings = ?, answer = ? WHERE id = ?", (*changed, number))


def _others(folder: Path) -> Iterator[Path]:
    """Yield the catalogs of the other bases of a home."""
    return (path for path in sorted(folder.parent.glob(f"*/{FILE}")) if path.parent != folder)


def _drawn(path: Path, base: str) -> list[str]:
    """Return the sources of a base that the answers in another log quote."""
    with closing(connect_to_read(path)) as log:
        if log.execute("PRAGMA user_version").fetchone()[0] < _SINCE:
            return []
        rows = log.execute("SELECT DISTINCT source FROM answer_sources WHERE base = ?", (base,))
        return [source for (source,) in rows]


def _rename(path: Path, was: Path, folder: Path) -> None:
    with _changing(path) as log:
        before, after = f"{was}/", f"{folder}/"
        log.execute(
            "UPDATE answer_sources SET source = ? || substr(source, ?) WHERE base = ? AND substr(source, 1, ?) = ?",
            (after, len(before) + 1, was.name, len(before), before),
        )
        log.execute("UPDATE answer_sources SET base = ? WHERE base = ?", (folder.name, was.name))
        rename_in(log, was.name, folder.name)


def _forget(path: Path, base: str, sources: list[str]) -> None:
    with _changing(path) as log:
        log.execute(
            "DELETE FROM answers WHERE id IN (SELECT answer FROM answer_sources"
            " WHERE base = ? AND source IN (SELECT value FROM json_each(?)))",
            (base, json.dumps(sources)),
        )
        log.execute(WITHOUT_TURNS)
    for copy in remains(path):
        copy.unlink(missing_ok=True)


@contextmanager
def _changing(path: Path) -> Iterator[sqlite3.Connection]:
    """Commit the changes to a log as one transaction, and leave no old data on disk."""
    with closing(connect(path)) as log:
        log.execute("BEGIN IMMEDIATE")
        yield log
        log.execute("COMMIT")
        log.execute("PRAGMA wal_checkpoint(TRUNCATE)")
