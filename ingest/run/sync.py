"""Bring the catalog in line with the files on disk: new ones are read, changed ones replaced, vanished ones removed.

Comes in: paths. Goes out: what was done, file by file. Never: work for a file that did not change, or a run that stops
because of one file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from ..document import Document, Failure, Progress, Step
from ..errors import InputError, WaitsError
from ..images.ocr import LATER, ocr_installed
from ..store.catalog import Catalog
from ..store.purge import demand_purge, forget_answers
from ..store.sources import SourceRow
from ..text.redact import KINDS
from ..text.split import CountTokens, Splitting
from .discover import Discovery, Found, discover
from .intake import Intake
from .job import Done, Event, Job, Started, Taken, is_quick, look, take
from .known import Known
from .pool import Limits, Pool, default_workers, take_all
from .read import MAX_BYTES, READER_VERSION, Treatment
from .vanished import Spared, remember_devices, vanished

MAX_NOTED = 1000
UTF8 = ("", "utf-8", "ascii")

_BOILERPLATE = "boilerplate"
"""The base's setting for keeping it: empty or ``no``."""

Outcome = Literal["added", "updated", "unchanged", "removed", "failed"]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which files a run is about, and how it treats them."""

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    delete: bool = True
    """Whether files that vanished from the given folders are removed from the base."""
    prune: bool = False
    """Whether that also applies to a folder that lost most or all of its files: a drive may be missing."""
    force: bool = False
    """Whether files are read again even if unchanged."""
    checksum: bool = False
    """Whether changes are detected by content, not by size and time alone."""
    dry_run: bool = False
    """Whether to only find out what would be done."""
    redact: Sequence[str] | None = None
    """Kinds of personal data to replace before anything is stored; the base remembers them. ``None``: as before."""
    boilerplate: bool | None = None
    """Whether cookie notices, copyright lines and the like are kept; the base remembers it. ``None``: as before."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Metadata for every file of the run, overriding the file's own; an empty value takes back an earlier one."""
    encoding: str = ""
    """Of the run's text files, remembered for each; ``auto`` takes it back."""
    max_bytes: int = MAX_BYTES
    chunk_tokens: int | None = None
    """Approximate passage size in embedder tokens, for a still empty base, which remembers it; 0: what suits the
    embedder. ``None``: as before."""
    workers: int = -1
    """Processes that read; -1: one per core, 0: none, with no time and memory limits either."""
    limits: Limits | None = None
    """What a file may cost; ``None``: as the base is configured, or ``Limits()``."""

    def __post_init__(self) -> None:
        """Refuse what no run could do.

        Raises:
            InputError: there is no such encoding, or that kind cannot be redacted.
        """
        if unknown := sorted(set(self.redact or ()) - set(KINDS)):
            raise InputError("{name!r} cannot be redacted; what can be is {kinds:list}", name=unknown[0], kinds=KINDS)
        if self.encoding not in ("", "auto"):
            try:
                "".encode(self.encoding)
            except LookupError as exc:
                raise InputError(
                    "{encoding!r} is not an encoding; give for example gb18030 or windows-1252", encoding=self.encoding
                ) from exc


@dataclass(slots=True)
class Synced:
    """What became of every source, sorted within each outcome."""

    outcomes: dict[Outcome, list[str]] = field(
        default_factory=lambda: {"added": [], "updated": [], "unchanged": [], "removed": []}
    )
    failures: list[Failure] = field(default_factory=list)
    n_resplit: int = 0
    """Documents split again from stored text, because the sizes or the embedder changed."""
    noted: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    """Source, encoding and notes of documents that were read and are not in UTF-8 or have notes; the first
    ``MAX_NOTED`` of them: the catalog has all."""
    unredacted: list[str] = field(default_factory=list)
    """Sources outside the given paths that hold what must now be redacted."""
    waiting: list[str] = field(default_factory=list)
    """Sources with pages or pictures still to be recognised."""
    spared: tuple[Spared, ...] = ()
    """Folders whose vanished files were kept."""
    links: tuple[Path, ...] = ()
    """Links out of the given folders; they were not followed."""

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
    later: bool = False,
) -> Synced:
    """Bring the catalog in line with what is on disk under ``paths``, one transaction per file.

    With ``later``, recognition of images is left to ``recognise``.

    Raises:
        InputError: a path does not exist; nothing was done.
    """
    selection = selection or Selection()
    discovery = discover(paths, selection.include, selection.exclude)
    run = Run(catalog, splitting, count_tokens, selection, progress, later=later and ocr_installed())
    run.result.failures += discovery.failed
    run.result.links = discovery.links
    changed = [found for found in discovery.files if not run.pass_over(found)]
    if selection.dry_run:
        run.foresee(changed)
    else:
        if run.redact != catalog.get("redact"):
            demand_purge(catalog)
            forget_answers(catalog)
            catalog.put("redact", run.redact)
        if run.keeps_boilerplate != _keeps_boilerplate(catalog):
            catalog.put(_BOILERPLATE, "" if run.keeps_boilerplate else "no")
        run.read(changed)
        catalog.put("limits", run.limits.key)
    if selection.delete:
        run.remove_vanished(discovery)
    if not selection.dry_run:
        if not run.result.spared:
            remember_devices(catalog, discovery.roots)
        run.resplit_rest()
        run.find_unredacted()
    return run.result


class Run:
    """One run over the files; holds what each step needs."""

    def __init__(
        self,
        catalog: Catalog,
        splitting: Splitting,
        count_tokens: CountTokens,
        selection: Selection,
        progress: Progress | None,
        *,
        stage: Literal["read", "recognise"] = "read",
        later: bool = False,
        alone: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self.catalog = catalog
        self.alone = alone
        """Within it nobody else writes; needed only where the whole run is not."""
        self.selection = selection
        self.progress = progress
        self.stage: Literal["read", "recognise"] = stage
        self.result = Synced()
        self.redact = _redaction(catalog, selection)
        wanted = selection.boilerplate
        self.keeps_boilerplate = _keeps_boilerplate(catalog) if wanted is None else wanted
        kinds = tuple(filter(None, self.redact.split(",")))
        self.treatment = Treatment(redact=kinds, boilerplate=self.keeps_boilerplate, later=later)
        self.reader = f"{READER_VERSION} {self.treatment.key}".strip()
        self.limits = selection.limits or Limits()
        raised = self.limits.exceed(catalog.get("limits"))
        self.known = Known(
            catalog,
            self.reader,
            encoding=selection.encoding,
            force=selection.force,
            checksum=selection.checksum,
            limits_raised=raised,
            later=later,
        )
        self.intake = Intake(catalog, splitting, count_tokens, self.known)
        self.founds: dict[str, Found] = {}
        self.opened: dict[str, set[str]] = {}
        """Archive -> the members seen in it."""
        self.states: dict[str, object] = {}
        """File -> what the base last held of it."""

    def pass_over(self, found: Found) -> bool:
        """Return whether a file is unchanged; if so, record that."""
        if self.known.must_be_read(found):
            return False
        known = self.known.rows[str(found.path)]
        for row in (*self.known.members[known.source], known):
            if self.known.waits(row):
                self.result.waiting.append(row.source)
            if row.failure or not row.is_archive:
                self._record("updated" if self._describe(row) else "unchanged", row)
        return True

    def _describe(self, row: SourceRow) -> bool:
        """Update the metadata from the user; return whether that changed anything."""
        given = self._given(row)
        if given == row.given:
            return False
        if not self.selection.dry_run:
            self.catalog.put_source(replace(row, given=given))
        return True

    def _given(self, known: SourceRow | None) -> dict[str, str]:
        given = dict(known.given if known else {}) | dict(self.selection.metadata)
        return {key: value for key, value in sorted(given.items()) if value}

    def foresee(self, files: Sequence[Found]) -> None:
        """Record what would be done, as far as it is known without reading; an archive counts as its members."""
        for found in files:
            job = self._job(found)
            seen = dict(look(job))
            for source, result in seen.items():
                row = self._row(found, source)
                if isinstance(result, Failure):
                    row = replace(row, failure_kind=result.kind, failure_reason=result.reason)
                self._record(self._outcome(source, "" if isinstance(result, Failure) else result, row), row)
            gone = (row.source for row in self.known.members[job.path] if row.source not in seen)
            self.result.outcomes["removed"] += gone

    def read(self, files: Sequence[Found]) -> None:
        """Read files, and store what they hold as it comes."""
        self.founds = {str(found.path): found for found in files}
        self.states = {source: self._state(source) for source in self.founds} if self.alone != nullcontext else {}
        jobs = (self._job(found) for found in files)
        done = 0
        self._step(done, "")
        with closing(self._events(files, jobs)) as events:
            for job, event in events:
                with self.alone():
                    self._take_unless_overtaken(job, event)
                if isinstance(event, Done):
                    done += 1
                self._step(done, job.path)
                del event  # a document may be large: drop it before the next one comes
        self._step(done, "")

    def _step(self, done: int, source: str) -> None:
        if self.progress:
            self.progress(Step(self.stage, done, len(self.founds), source, len(self.result.failures)))

    def _events(self, files: Sequence[Found], jobs: Iterable[Job]) -> Generator[tuple[Job, Event], None, None]:
        workers = default_workers() if self.selection.workers < 0 else self.selection.workers
        if workers == 0 or os.name == "nt" or is_quick(files):
            return take_all(jobs)
        return Pool(min(workers, len(files)), self.limits).run(jobs)

    def _job(self, found: Found) -> Job:
        source = str(found.path)
        treatment = replace(self.treatment, encoding=self.known.encoding_of(source))
        return Job(source, found.size, self.known.documents_of(found), treatment, self.selection.max_bytes)

    def _take_unless_overtaken(self, job: Job, event: Event) -> None:
        """Store what was read of a file, unless someone else has removed or changed it in the base since the run began."""
        if not self.states:
            self._take(job, event)
        elif self.states[job.path] == self._state(job.path):
            self._take(job, event)
            self.states[job.path] = self._state(job.path)

    def _state(self, source: str) -> tuple[SourceRow | None, str | None]:
        row = self.catalog.sources([source]).get(source)
        return row, self.catalog.split_key(row.document_id) if row and row.document_id else None

    def _take(self, job: Job, event: Event) -> None:
        if isinstance(event, Started):
            if job.path not in self.opened:
                self.opened[job.path] = set()
                marker = replace(self._row(self.founds[job.path], job.path, archive=job.path), mtime_ns=-1)
                self.catalog.put_source(marker)  # so that the next run makes good a kill from here on
            self.opened[job.path].add(event.source)
        elif isinstance(event, Taken):
            self._take_piece(job, event)
        elif isinstance(event, Done) and job.path in self.opened:
            self._close_archive(job)

    def _take_piece(self, job: Job, piece: Taken) -> None:
        """Bring one source up to date, and record what became of it."""
        archive = job.path if job.path in self.opened else ""
        if not archive:
            self._forget_members(job.path)  # it was an archive before
        elif piece.source == job.path:
            self._forget_members(job.path, self.opened.pop(job.path))  # it could not be read to its end
        row = self._row(self.founds[job.path], piece.source, piece.size, archive)
        result = self._read_again(job, piece) if isinstance(piece.result, str) else piece.result
        if isinstance(result, Failure):
            row = replace(row, failure_kind=result.kind, failure_reason=result.reason)
        else:
            row = replace(row, document_id=result if isinstance(result, str) else result.id)
        if _waits(result):
            self.result.waiting.append(row.source)
        outcome = self._outcome(row.source, row.document_id, row)
        if self.intake.store(row, result if isinstance(result, Document) else None):
            self._note(row.source, result)
        self._record(outcome, row)

    def _outcome(self, source: str, document: str | None, row: SourceRow) -> Outcome:
        """Return what becomes of a source found to hold a document, before that is stored."""
        known = self.known.rows.get(source)
        if known is None or not known.document_id:
            return "added"
        same = document == known.document_id and document not in self.known.unrecognised
        return "unchanged" if same and known.given == row.given else "updated"

    def _note(self, source: str, result: Document | Failure | str) -> None:
        if not isinstance(result, Document) or len(self.result.noted) >= MAX_NOTED:
            return
        notes = tuple(note for note in result.notes if LATER not in note)
        if notes or result.encoding not in UTF8:
            self.result.noted.append((source, result.encoding, notes))

    def _read_again(self, job: Job, piece: Taken) -> Document | Failure | str:
        """Return the known document, if still there; else read it: its place got other content."""
        result = piece.result
        if isinstance(result, str) and self.catalog.split_key(result) is None:
            for event in take(replace(job, known=frozenset(), done_members=0)):
                if isinstance(event, Taken) and event.source == piece.source:
                    return event.result
        return result

    def _row(self, found: Found, source: str, size: int = 0, archive: str = "") -> SourceRow:
        own = source == str(found.path)
        return SourceRow(
            source, str(found.root), found.size if own else size, found.mtime_ns, self.reader,
            archive=archive, encoding=self.known.encoding_of(str(found.path)), given=self._given(self.known.rows.get(source)),
        )  # fmt: skip

    def _close_archive(self, job: Job) -> None:
        """Forget the members that are gone; then the archive's own row says all is done."""
        self._forget_members(job.path, self.opened.pop(job.path))
        self.catalog.put_source(self._row(self.founds[job.path], job.path, archive=job.path))

    def _forget_members(self, archive: str, but: Iterable[str] = ()) -> None:
        kept = set(but)
        for row in self.known.members[archive]:
            if row.source not in kept and self.catalog.remove(row.source):
                self.result.outcomes["removed"].append(row.source)

    def _record(self, outcome: Outcome, row: SourceRow) -> None:
        if row.failure_kind == WaitsError.kind:
            return
        if failure := row.failure:
            self.result.failures.append(failure)
        else:
            self.result.outcomes[outcome].append(row.source)

    def remove_vanished(self, discovery: Discovery) -> None:
        """Forget the sources under the given paths that are no longer on disk."""
        gone = vanished(self.catalog, self.known.rows.values(), discovery, prune=self.selection.prune)
        self.result.spared = gone.spared
        for row in gone.rows:
            if not self.selection.dry_run:
                self.catalog.remove(row.source)
            if not row.is_archive or row.failure:
                self.result.outcomes["removed"].append(row.source)

    def resplit_rest(self) -> None:
        """Split again, from stored text, the documents split for another embedder or other sizes."""
        self.result.n_resplit = self.intake.split_rest()

    def find_unredacted(self) -> None:
        """Name the sources that were read with less redacted, and were not given this time."""
        if self.redact:
            rows = self.catalog.sources().values()
            self.result.unredacted += [
                row.source for row in rows if row.document_id and self.redact not in row.reader.split()
            ]


def _waits(result: Document | Failure | str) -> bool:
    if isinstance(result, Failure):
        return result.kind == WaitsError.kind
    if isinstance(result, str):
        return False
    return any(LATER in said for said in (*result.notes, *(page.reason for page in result.pages)))


def _keeps_boilerplate(catalog: Catalog) -> bool:
    return not catalog.get(_BOILERPLATE)


def _redaction(catalog: Catalog, selection: Selection) -> str:
    if selection.redact is None:
        return catalog.get("redact")
    return ",".join(sorted(set(selection.redact)))
