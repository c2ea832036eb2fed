"""Files on disk and the catalog become the same: what is new is read, what changed is replaced, what vanished is removed.

Comes in: paths. Goes out: what was done, file by file. Never: work for a file that did not change, or a run that stops
because of one file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from .catalog import Catalog, SourceRow
from .discover import Discovery, Found, discover
from .document import Document, Failure, document_id
from .errors import ReadError
from .read import MAX_BYTES, READER_VERSION, identify, load, read_bytes
from .split import CountTokens, Splitting, split

Outcome = Literal["added", "updated", "unchanged", "removed", "failed"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of progress, for whoever shows it."""

    stage: Literal["read", "embed", "index"]
    done: int
    total: int
    source: str = ""
    failed: int = 0


Progress = Callable[[Step], None]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which files a run is about, and how it treats them."""

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    delete: bool = True
    """Whether files that vanished from the given folders are removed from the base."""
    force: bool = False
    """Whether files are read again although they did not change."""
    max_bytes: int = MAX_BYTES


@dataclass(slots=True)
class Synced:
    """What became of every source, sorted within each outcome."""

    outcomes: dict[Outcome, list[str]] = field(
        default_factory=lambda: {"added": [], "updated": [], "unchanged": [], "removed": []}
    )
    failures: list[Failure] = field(default_factory=list)
    n_resplit: int = 0
    """Documents that were split again from stored text, because the sizes or the embedder changed."""

    @property
    def changed(self) -> bool:
        """Whether the base may answer differently than before."""
        return bool(self.n_resplit or any(self.outcomes[kind] for kind in ("added", "updated", "removed")))


def sync(
    catalog: Catalog,
    paths: Iterable[str | os.PathLike[str]],
    *,
    splitting: Splitting,
    count_tokens: CountTokens,
    selection: Selection | None = None,
    progress: Progress | None = None,
) -> Synced:
    """Bring the catalog up to what is on disk under ``paths``, one transaction a file.

    Raises:
        InputError: a path does not exist; nothing was done.
    """
    selection = selection or Selection()
    discovery = discover(paths, selection.include, selection.exclude)
    run = _Run(catalog, splitting, count_tokens, selection)
    run.result.failures += discovery.failed
    for done, found in enumerate(discovery.files):
        if progress:
            progress(Step("read", done, len(discovery.files), str(found.path), len(run.result.failures)))
        run.take(found)
    if progress:
        progress(Step("read", len(discovery.files), len(discovery.files), "", len(run.result.failures)))
    if selection.delete:
        run.remove_vanished(discovery)
    run.resplit_rest()
    return run.result


class _Run:
    """One run over the files; holds what each step needs."""

    def __init__(self, catalog: Catalog, splitting: Splitting, count_tokens: CountTokens, selection: Selection) -> None:
        self.catalog = catalog
        self.splitting = splitting
        self.count_tokens = count_tokens
        self.selection = selection
        self.known = catalog.sources()
        self.result = Synced()

    def take(self, found: Found) -> None:
        """Bring one file up to date, and record what became of it."""
        source = str(found.path)
        known = self.known.get(source)
        if known and not self.selection.force and _same_file(known, found):
            self._record("unchanged", known)
            return
        row = self._ingest(found, known)
        if known and known.document_id and row.document_id == known.document_id:
            self._record("unchanged", row)
        else:
            self._record("updated" if known and known.document_id else "added", row)

    def _record(self, outcome: Outcome, row: SourceRow) -> None:
        if failure := row.failure:
            self.result.failures.append(failure)
        else:
            self.result.outcomes[outcome].append(row.source)

    def _ingest(self, found: Found, known: SourceRow | None) -> SourceRow:
        source = str(found.path)
        place = (source, str(found.root), found.size, found.mtime_ns, READER_VERSION)
        try:
            data = load(found.path, self.selection.max_bytes)
            identity = document_id(identify(data, source)[1], data)
            current = known is None or known.reader == READER_VERSION
            if current and not self.selection.force and self.catalog.split_key(identity) == self.splitting.key:
                row = SourceRow(*place, identity)  # a copy, a rename, or a file that was only touched
                self.catalog.put_source(row)
                return row
            document = read_bytes(data, source)
        except ReadError as error:
            row = SourceRow(*place, None, error.kind, str(error))
            self.catalog.put_source(row)
            return row
        row = SourceRow(*place, document.id)
        self._store(row, document)
        return row

    def _store(self, row: SourceRow, document: Document) -> None:
        chunks = split(document, self.splitting, self.count_tokens)
        self.catalog.put_document(row, document, chunks, self.splitting.key)

    def remove_vanished(self, discovery: Discovery) -> None:
        """Forget the sources that were under the given paths and are not on disk any more."""
        found = {str(file.path) for file in discovery.files}
        for source in self.known:
            if source not in found and discovery.covers(source) and not Path(source).exists():
                self.catalog.remove(source)
                self.result.outcomes["removed"].append(source)

    def resplit_rest(self) -> None:
        """Split again, from stored text, the documents that were split for another embedder or other sizes."""
        for row in self.catalog.sources().values():
            if row.document_id and self.catalog.split_key(row.document_id) != self.splitting.key:
                document = self.catalog.document(row.source)
                if document:
                    self._store(row, document)
                    self.result.n_resplit += 1


def _same_file(known: SourceRow, found: Found) -> bool:
    return (known.size, known.mtime_ns, known.reader) == (found.size, found.mtime_ns, READER_VERSION)
