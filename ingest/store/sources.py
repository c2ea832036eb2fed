"""The table of sources: every place that was looked at, read or failed.

Comes in: rows as values. Goes out: the same. Never: a transaction of its own: the catalog has it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..document import Failure


@dataclass(frozen=True, slots=True)
class SourceRow:
    """What the catalog knows of a place that was looked at."""

    source: str
    root: str
    size: int
    mtime_ns: int
    """-1 while an archive's members are being read: an interrupted run starts it again."""
    reader: str
    document_id: str | None = None
    failure_kind: str = ""
    failure_reason: str = ""
    archive: str = ""
    """The archive it is a member of; an archive's own row names itself, and has no document."""
    encoding: str = ""
    """As given by the user; empty: detected."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Metadata from the user."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """What the file says about itself, overridden by the user's; not stored, made from the two."""

    @property
    def treatment(self) -> str:
        """The key of the treatment its document was read with; see ``Treatment.key``."""
        return " ".join(filter(None, (self.encoding, self.reader.partition(" ")[2])))

    @property
    def failure(self) -> Failure | None:
        """The failure, if it could not be read."""
        return Failure(self.source, self.failure_kind, self.failure_reason) if self.failure_kind else None

    @property
    def is_archive(self) -> bool:
        """Whether it is an archive, whose members are the sources."""
        return self.archive == self.source


def read_sources(connection: sqlite3.Connection, only: Sequence[str] | None = None) -> dict[str, SourceRow]:
    """Return rows by source, sorted; all of them, or ``only`` some."""
    where = "" if only is None else f" WHERE source IN ({','.join('?' * len(only))})"
    rows = connection.execute(
        f"SELECT s.*, d.metadata FROM sources s LEFT JOIN documents d ON d.id = s.document_id{where} ORDER BY source",
        only or (),
    )
    found = {}
    for row in rows:
        given = json.loads(row[10])
        metadata = json.loads(row[11] or "{}") | given
        found[row[0]] = replace(SourceRow(*row[:10]), given=given, metadata=metadata)
    return found


def write_source(connection: sqlite3.Connection, row: SourceRow) -> None:
    """Add a row, or replace that of the same source."""
    given = json.dumps(dict(row.given), ensure_ascii=False)
    connection.execute(
        "INSERT OR REPLACE INTO sources VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (row.source, row.root, row.size, row.mtime_ns, row.reader, row.document_id, row.failure_kind,
         row.failure_reason, row.archive, row.encoding, given),
    )  # fmt: skip


def detach_source(connection: sqlite3.Connection, source: str, document_id: str) -> bool:
    """Detach a source from its document, for good or until its row is written; return whether no source has it now."""
    connection.execute(
        "UPDATE sources SET document_id = NULL, failure_kind = 'released', archive = '' WHERE source = ?", (source,)
    )
    return not connection.execute("SELECT 1 FROM sources WHERE document_id = ?", (document_id,)).fetchone()
