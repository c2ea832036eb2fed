"""The file of the catalog: its transactions."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from kb.ingest.store.database import Database


def put_much(database: Database) -> None:
    with database.transaction():
        for number in range(100):
            database.put(f"key {number}", "x" * 4000)


def test_a_full_disk_is_told_as_that(tmp_path: Path) -> None:
    """SQLite itself rolls back when the disk is full; the error is that one, and what was there stays."""
    with closing(Database(tmp_path)) as database:
        database.put("kept", "yes")
        connection = database.connection()
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages + 2}")
        with pytest.raises(sqlite3.OperationalError, match="disk is full"):
            put_much(database)
        assert (database.get("kept"), database.get("key 0")) == ("yes", "")
