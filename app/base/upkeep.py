"""Writing to a knowledge base: one writer at a time; derived data follows the catalog.

Comes in: files, or what an earlier run left. Goes out: a base searchable by keywords as soon as its text is in, and by meaning
once embedded. Never: the writer's lock held while a model computes, or a text that waits for pictures.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from ...ingest.document import IngestReport, Progress, Step
from ...ingest.errors import InputError, LockedError, StorageError
from ...ingest.paths import expanded
from ...ingest.run.discover import discover
from ...ingest.run.pool import Limits
from ...ingest.run.recognition import recognise, waiting
from ...ingest.run.sync import Selection, Synced, sync
from ...ingest.store.catalog import Catalog
from ...ingest.store.database import FILE, damage, unwritable
from ...ingest.store.purge import OWED, demand_purge, is_purge_due, purge
from ...ingest.store.recover import check
from ...ingest.text.split import Splitting, count_words
from ...retrieval.lanes.vectors import AT_ONCE, Embedded, count_vectors, embed_pending
from ...retrieval.lanes.view import keep_up
from ...retrieval.models.embedder import Embedder
from ...retrieval.models.registry import open_embedder
from ...retrieval.stores.specs import open_store
from .chunk_sizes import chunk_tokens_of, settle_chunk_tokens, splitting_for
from .config import Config
from .elsewhere import forget_elsewhere
from .embedders import Embedders, spec_of
from .notes import ingest_notes, page_notes, reading_notes, unread_documents, unread_notes
from .stores import check_store, follow_store

UNFINISHED = "unfinished"
"""The setting that says not all of the base may be embedded; empty once it is."""

_EMBEDDING, _RECOGNISING = "embedding.lock", "recognising.lock"
"""What takes long has a lock for each kind: whoever ingests a note need not wait for another one's scans."""
_LOCK_TIMEOUT_S = 5.0
_FOREVER = -1.0
_ALONE = 1
"""Files. A single picture or scanned paper is recognised at once: the user will ask about it next."""
_LOOK_S = 1.0
_SEARCHABLE = (
    "searchable by keywords; {n} passages are still to be embedded, for search by meaning (Ctrl-C is safe: kb ingest, kb ui and"
    " kb serve go on with it)"
)
_RECOGNISABLE = (
    "all text is read; pages or pictures of {n} files are still to be recognised (Ctrl-C is safe: kb ingest, kb ui and kb serve"
    " go on with it)"
)


@contextmanager
def writing(folder: Path, timeout_s: float = _LOCK_TIMEOUT_S) -> Iterator[None]:
    """Hold the writer's lock of the base in ``folder``; a ``timeout_s`` below 0 waits indefinitely.

    Raises:
        LockedError: another process holds it.
        StorageError: the folder cannot be written to, holds no base, or a damaged one.
    """
    if not (folder / FILE).is_file():  # the lock would make the folder anew
        raise StorageError("{folder} is gone: its knowledge base was renamed or deleted", folder=folder)
    lock = FileLock(str(folder / "lock"), timeout=timeout_s)
    try:
        lock.acquire()
    except Timeout as error:
        raise LockedError(
            "another kb process is writing to {folder}; wait for it to finish, then run this again", folder=folder
        ) from error
    except OSError as error:
        raise unwritable(folder) from error
    try:
        yield
    except sqlite3.DatabaseError as error:
        if said := damage(error):
            raise StorageError(said) from error
        raise
    finally:
        lock.release()


def ready_to_begin(
    config: Config,
    paths: Iterable[str | os.PathLike[str]],
    selection: Selection,
    say: Callable[[str], None] | None = None,
    given: Embedder | None = None,
) -> Embedder | None:
    """Check for what would make a base's first ingest fail, before creating the base; return its embedder, if ``given`` that.

    Raises:
        InputError, EmbedderError, MissingExtraError, StorageError: as the ingest would.
    """
    discover(paths, selection.include, selection.exclude)
    embedder = given or open_embedder(config.embedder, cache=config.models, progress=say)
    splitting_for(embedder, selection.chunk_tokens or 0)
    if embedder and config.store:
        config.home.mkdir(parents=True, exist_ok=True)  # some stores keep files there
        open_store(config.store, config.folder.parent, config.store_key).names()
    return embedder


def take_in(
    catalog: Catalog,
    config: Config,
    embedders: Embedders,
    paths: Iterable[str | os.PathLike[str]],
    selection: Selection | None = None,
    progress: Progress | None = None,
    say: Callable[[str], None] | None = None,
    *,
    later: bool = False,
) -> IngestReport:
    """Bring a base up to date with the files on disk; see ``KnowledgeBase.ingest``."""
    began = time.perf_counter()
    selection = selection or Selection()
    selection = replace(selection, limits=selection.limits or config.limits)
    if selection.dry_run:
        synced = sync(catalog, paths, splitting=Splitting(), count_tokens=count_words, selection=selection)
        would = report_of(catalog, synced, None, time.perf_counter() - began)
        return replace(would, dry_run=True, notes=())
    with writing(config.folder):
        check(catalog)
        check_store(catalog, config)
        embedder = embedders.building(say)
        splitting_for(embedder, selection.chunk_tokens or 0)  # a size that does not suit is not to be remembered
        if not catalog.get("embedder"):
            embedders.built(
                embedder
            )  # so that questions asked before the first run ends, or after it was cut off, report what is missing
        catalog.put(UNFINISHED, "yes")
        synced = sync(
            catalog,
            paths,
            splitting=splitting_for(embedder, settle_chunk_tokens(catalog, selection.chunk_tokens)),
            count_tokens=embedder.count_tokens if embedder else count_words,
            selection=selection,
            progress=progress,
            later=True,
        )
        settle(catalog, config, embedder, changed=synced.changed)
    report = report_of(catalog, synced, embedder, time.perf_counter() - began)
    if report.n_pending > AT_ONCE or len(report.waiting) > _ALONE:
        if later:
            return report
        for note, n in ((_SEARCHABLE, report.n_pending), (_RECOGNISABLE, len(report.waiting))):
            if say and n > (AT_ONCE if note == _SEARCHABLE else _ALONE):
                say(note.format(n=n))
    return finish(catalog, config, embedders, report, progress)


def finish(
    catalog: Catalog,
    config: Config,
    embedders: Embedders,
    report: IngestReport | None = None,
    progress: Progress | None = None,
    *,
    wait: bool = True,
) -> IngestReport:
    """Embed what is pending while others may write; see ``KnowledgeBase.finish``."""
    began = time.perf_counter()
    embedder, built_with = embedders.building(), catalog.get("embedder")
    embed = partial(_embed, catalog, config, embedders, embedder, built_with, progress, wait=wait)
    if not wait and _is_held(config.folder / _RECOGNISING):
        raise _others_finish(config.folder)
    embedded = embed()
    report, n_recognised = _recognise(catalog, config, embedder, report, progress, wait=wait)
    if n_recognised:
        again = embed()
        embedded = replace(again, n_embedded=embedded.n_embedded + again.n_embedded)
    with writing(config.folder, _FOREVER):
        is_embedded = embedder is None or not count_vectors(catalog, embedder.fingerprint)[1]
        if is_embedded and not waiting(catalog):
            catalog.put(UNFINISHED, "")
    return replace(
        report,
        n_embedded=report.n_embedded + embedded.n_embedded,
        n_unreadable_by_embedder=embedded.n_unreadable,
        n_truncated_tokens=embedded.n_truncated_tokens,
        n_pending=0,
        seconds=report.seconds + time.perf_counter() - began,
        notes=(*unread_notes(catalog, embedder, embedded.n_unreadable), *report.notes),
    )


def _embed(
    catalog: Catalog,
    config: Config,
    embedders: Embedders,
    embedder: Embedder | None,
    built_with: str,
    progress: Progress | None,
    *,
    wait: bool,
) -> Embedded:
    """Embed what is pending, and bring the vector index up to date unless the base has moved to another embedder meanwhile."""
    total = 0

    def tell() -> None:
        nonlocal total
        pending = count_vectors(catalog, embedder.fingerprint)[1] if embedder else 0
        total = max(total, pending)
        if progress:
            progress(Step("embed", total - pending, total))

    alone = partial(writing, config.folder, _FOREVER)
    with _in_turn(config.folder / _EMBEDDING, tell, wait=wait):
        embedded = embed_pending(catalog, embedder, progress, alone) if embedder else Embedded(0, 0, 0)
        with alone():
            if catalog.get("embedder") in {built_with, spec_of(embedder)}:
                follow_up(catalog, config, embedder, progress)
                embedders.built(embedder)
    return embedded


def _recognise(
    catalog: Catalog,
    config: Config,
    embedder: Embedder | None,
    report: IngestReport | None,
    progress: Progress | None,
    *,
    wait: bool,
) -> tuple[IngestReport, int]:
    """Run the pending OCR; return the completed report of the run that left it, and the number of files."""
    is_ours = report is None or bool(report.waiting)
    report = report or IngestReport(n_chunks=catalog.count("chunks"))
    if not is_ours or not (waiting(catalog) or report.waiting):
        return report, 0

    def tell() -> None:
        if progress:
            progress(Step("recognise", 0, len(waiting(catalog))))

    alone = partial(writing, config.folder, _FOREVER)
    with _in_turn(config.folder / _RECOGNISING, tell, wait=wait):
        files = waiting(catalog)
        synced = recognise(
            catalog,
            files,
            splitting=splitting_for(embedder, chunk_tokens_of(catalog)),
            count_tokens=embedder.count_tokens if embedder else count_words,
            limits=config.limits or Limits(),
            alone=alone,
            progress=progress,
        )
        with alone():
            settle(catalog, config, embedder, changed=synced.changed)
    outcomes = {kind: set(sources) for kind, sources in synced.outcomes.items()}
    updated = outcomes["updated"] - set(report.added)
    # A server may already have recognised what this run left.
    known, told = catalog.sources(), {*report.added, *report.updated, *report.unchanged, *updated}
    read = {source for source in report.waiting if source in known and known[source].document_id} - told
    notes = (*page_notes(catalog, unread_documents(catalog)), *reading_notes(synced))
    return replace(
        report,
        added=tuple(sorted({*report.added, *outcomes["added"], *read})),
        updated=tuple(sorted({*report.updated, *updated})),
        unchanged=tuple(source for source in report.unchanged if source not in updated),
        failed=tuple(sorted((*report.failed, *synced.failures), key=lambda failure: failure.source)),
        n_chunks=catalog.count("chunks"),
        waiting=(),
        notes=(*report.notes, *(note for note in notes if note not in report.notes)),
    ), len(files)


@contextmanager
def _in_turn(place: Path, tell: Callable[[], None], *, wait: bool) -> Iterator[None]:
    """Hold a lock of a base; while another process has it, ``tell`` how far it is.

    Raises:
        LockedError: another process has it, and ``wait`` is false.
    """
    lock = FileLock(str(place), timeout=_LOOK_S if wait else 0)
    while not lock.is_locked:
        try:
            lock.acquire()
        except Timeout as error:
            if not wait:
                raise _others_finish(place.parent) from error
            tell()
    try:
        yield
    finally:
        lock.release()


def _is_held(place: Path) -> bool:
    try:
        with FileLock(str(place), timeout=0):
            return False
    except Timeout:
        return True


def _others_finish(folder: Path) -> LockedError:
    return LockedError("another kb process embeds {folder}; it goes on by itself", folder=folder)


def forget(
    catalog: Catalog, config: Config, embedders: Embedders, sources: Iterable[str | os.PathLike[str]]
) -> tuple[str, ...]:
    """Forget sources and every trace of them; see ``KnowledgeBase.remove``."""
    with writing(config.folder):
        check_store(catalog, config)
        gone = matching(catalog, sources)
        demand_purge(catalog)
        for source in gone:
            catalog.remove(source)
        embedder = embedders.serving().embedder
        settle(catalog, config, embedder, changed=True)
        follow_up(catalog, config, embedder)
    return tuple(gone)


def settle(catalog: Catalog, config: Config, embedder: Embedder | None, *, changed: bool) -> None:
    """Update derived data that needs no model, and purge what is due; ``changed``: chunks came or went."""
    forget = is_purge_due(catalog)
    keep_up(catalog, config.folder, embedder, forget=forget)  # before the purge, which clears the demand for it
    if changed or forget or catalog.get(OWED):
        forget_elsewhere(catalog)
    if changed or forget:
        purge(catalog, vectors=forget)


def follow_up(catalog: Catalog, config: Config, embedder: Embedder | None, progress: Progress | None = None) -> None:
    """Bring the vector index up to date with the catalog's vectors."""
    if embedder is None:
        return
    check_store(catalog, config)
    follow_store(catalog, config, embedder, progress)
    keep_up(catalog, config.folder, embedder)


def report_of(catalog: Catalog, synced: Synced, embedder: Embedder | None, seconds: float) -> IngestReport:
    """Return what a run did, before anything is embedded."""
    kinds = {kind: tuple(sorted(sources)) for kind, sources in synced.outcomes.items()}
    return IngestReport(
        added=kinds["added"],
        updated=kinds["updated"],
        unchanged=kinds["unchanged"],
        removed=kinds["removed"],
        failed=tuple(sorted(synced.failures, key=lambda failure: failure.source)),
        n_chunks=catalog.count("chunks"),
        waiting=tuple(synced.waiting),
        n_pending=count_vectors(catalog, embedder.fingerprint)[1] if embedder else 0,
        seconds=seconds,
        notes=(*ingest_notes(catalog, embedder, synced.n_resplit), *reading_notes(synced)),
    )


def matching(catalog: Catalog, given: Iterable[str | os.PathLike[str]]) -> list[str]:
    """Return the sources that are meant: files, archives with their members, and folders with everything in them.

    Raises:
        InputError: one of them is not in the base.
    """
    known = list(catalog.sources().values())
    found: dict[str, None] = {}
    for one in given:
        path = Path(os.path.normpath(expanded(one).absolute()))
        meant = [
            row.source
            for row in known
            if row.source == os.fspath(one) or Path(row.archive or row.source).is_relative_to(path)
        ]
        if not meant:
            raise InputError("{one!r} is not in the knowledge base; kb list shows what is", one=os.fspath(one))
        found.update(dict.fromkeys(meant))
    return sorted(found)
