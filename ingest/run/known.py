"""What a base knows of the files on disk when a run begins, and what of it still holds.

Comes in: the catalog and how the run treats files. Goes out: which files must be read, and which documents need not be made
again. Never: a file opened, or a row written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ..errors import ExtraNeededError, WaitsError
from ..images.ocr import LATER, OCR_HINT, ocr_installed
from ..store.catalog import Catalog
from ..store.sources import SourceRow
from .discover import Found

_TOO_COSTLY = ("timeout", "too-large", "crashed")


class Known:
    """The sources of a base as they were when the run began."""

    def __init__(
        self,
        catalog: Catalog,
        reader: str,
        *,
        encoding: str,
        force: bool,
        checksum: bool,
        limits_raised: bool,
        later: bool = False,
    ) -> None:
        """Look them up.

        Args:
            catalog: of the base.
            reader: what reads now: version and redaction; what another one made is made again.
            encoding: that the user says the files have; ``auto`` takes back what was said before, empty says nothing.
            force: whether nothing that is known counts.
            checksum: whether size and time do not.
            limits_raised: whether a file may cost more than the last time: what was too much then may be read now.
            later: whether what waits to be recognised may wait on.
        """
        self.rows = catalog.sources()
        self.members: defaultdict[str, list[SourceRow]] = defaultdict(list)
        self._by_size: defaultdict[int, list[SourceRow]] = defaultdict(list)
        for row in self.rows.values():
            if row.archive and not row.is_archive:
                self.members[row.archive].append(row)
            elif row.document_id:
                self._by_size[row.size].append(row)
        found = set(unrecognised(catalog)) if ocr_installed() else set[tuple[str, bool]]()
        self._waiting = {document for document, put_off in found if put_off and later}
        self.unrecognised = {document for document, _ in found} - self._waiting
        """Documents with pages or pictures that wait for text recognition, now that it is there."""
        self._later = later
        self._reader, self._encoding, self._limits_raised = reader, encoding, limits_raised
        self._force, self._checksum = force, checksum

    def must_be_read(self, found: Found) -> bool:
        """Return whether a file is new or changed, or can be read better than before."""
        known = self.rows.get(str(found.path))
        if known is None or self._force or self._checksum:
            return True
        if (known.size, known.mtime_ns, known.reader) != (found.size, found.mtime_ns, self._reader):
            return True
        if self._encoding not in ("", known.encoding or "auto"):
            return True
        return any(map(self._can_be_read_now, (known, *self.members[known.source])))

    def documents_of(self, found: Found) -> frozenset[str]:
        """Return the documents that a file may hold, all or as members, and that need not be made again if it does."""
        rows = (*self.members[str(found.path)], *self._by_size[found.size])
        return frozenset(row.document_id for row in rows if row.document_id and self._holds(row))

    def encoding_of(self, source: str) -> str:
        """Return the encoding that the user says, or said, a file has; empty if it is to be found out."""
        known = self.rows.get(source)
        chosen = self._encoding or (known.encoding if known else "")
        return "" if chosen == "auto" else chosen

    def waits(self, row: SourceRow) -> bool:
        """Return whether a source waits to be recognised, and may wait on."""
        return self._later and (row.failure_kind == WaitsError.kind or row.document_id in self._waiting)

    @property
    def all_hold(self) -> bool:
        """Whether a document that is there need not be made again, whichever file it comes from."""
        return all(map(self._holds, self.rows.values()))

    def _holds(self, row: SourceRow) -> bool:
        return row.reader == self._reader and not self._force and row.document_id not in self.unrecognised

    def _can_be_read_now(self, row: SourceRow) -> bool:
        if row.failure_kind == ExtraNeededError.kind:
            return ocr_installed()
        if row.failure_kind == WaitsError.kind:
            return not self.waits(row)
        if row.failure_kind in _TOO_COSTLY:
            return self._limits_raised
        return row.document_id in self.unrecognised


def unrecognised(catalog: Catalog) -> Iterator[tuple[str, bool]]:
    """Yield the documents with pages or pictures that were not recognised, and whether that was put off by a run."""
    yield from catalog.connection().execute(
        "SELECT document_id, instr(reason, ?2) > 0 FROM pages WHERE how <> 'text' AND (instr(reason, ?1) OR instr(reason, ?2))"
        " UNION SELECT id, instr(notes, ?2) > 0 FROM documents WHERE instr(notes, ?1) OR instr(notes, ?2)",
        (OCR_HINT, LATER),
    )
