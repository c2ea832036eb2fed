"""What a base knows about the files on disk when a run begins, and what of it still holds.

No file is opened and no row written.
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
            reader: the current reader: version and redaction; what another one made is remade.
            encoding: of the files, from the user; ``auto`` takes back an earlier one, empty says nothing.
            force: whether to ignore everything known.
            checksum: whether to ignore size and time.
            limits_raised: whether a file may cost more than last time: what was too much then may be read now.
            later: whether what waits to be recognised may keep waiting.
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
        """Documents with pages or pictures that wait for OCR, now that it is there."""
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
        """Return the documents a file may hold, all or as members, that need not be remade if it does."""
        rows = (*self.members[str(found.path)], *self._by_size[found.size])
        return frozenset(row.document_id for row in rows if row.document_id and self._holds(row))

    def encoding_of(self, source: str) -> str:
        """Return the encoding the user gives, or gave, for a file; empty if it is to be detected."""
        known = self.rows.get(source)
        chosen = self._encoding or (known.encoding if known else "")
        return "" if chosen == "auto" else chosen

    def waits(self, row: SourceRow) -> bool:
        """Return whether a source waits to be recognised, and may keep waiting."""
        return self._later and (row.failure_kind == WaitsError.kind or row.document_id in self._waiting)

    @property
    def all_hold(self) -> bool:
        """Whether a stored document need not be remade, whichever file it comes from."""
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
    """Yield the documents with unrecognised pages or pictures, and whether a run deferred that."""
    yield from catalog.connection().execute(
        "SELECT document_id, instr(reason, ?2) > 0 FROM pages WHERE how <> 'text' AND (instr(reason, ?1) OR instr(reason, ?2))"
        " UNION SELECT id, instr(notes, ?2) > 0 FROM documents WHERE instr(notes, ?1) OR instr(notes, ?2)",
        (OCR_HINT, LATER),
    )
