"""A base that follows its files: changes on disk are ingested moments later. The only file that imports watchfiles."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event

from ..ingest.document import IngestReport, Progress
from ..ingest.errors import StorageError
from ..ingest.paths import expanded
from ..ingest.run.sync import Selection
from .api import KnowledgeBase

DEBOUNCE_MS = 1600
_QUIET_MS = 200
_AGAIN_MS = 5000


def watch(
    kb: KnowledgeBase,
    paths: Sequence[str | os.PathLike[str]],
    *,
    selection: Selection,
    progress: Progress | None = None,
    say: Callable[[str], None],
    stop: Event | None = None,
) -> Iterator[IngestReport]:
    """Yield the report of an ingest now, and of another after each change on disk, until Ctrl-C or ``stop``.

    Changes are collected until none arrives for 0.2 s, or for 1.6 s at most. While another process is writing to the base, it
    retries every 5 s.
    Raises:
        InputError, StorageError: as ``KnowledgeBase.ingest`` the first time.
    """
    from watchfiles import DefaultFilter
    from watchfiles import watch as changes_in

    yield kb.ingest(paths, selection=selection, progress=progress, say=say)
    selection = replace(selection, force=False)
    ours = str(kb.config.home) + os.sep
    usual = DefaultFilter()
    waiting = False
    for changes in changes_in(
        *_folders(paths),
        watch_filter=lambda change, path: usual(change, path) and not path.startswith(ours),
        debounce=DEBOUNCE_MS,
        step=_QUIET_MS,
        rust_timeout=_AGAIN_MS,
        yield_on_timeout=True,
        stop_event=stop,
        raise_interrupt=False,
    ):
        if not changes and not waiting:
            continue
        try:
            report = kb.ingest(
                [path for path in paths if _is_there(path)], selection=selection, progress=progress, say=say
            )
            waiting = False
        except StorageError as error:
            say(str(error))
            waiting = True
            continue
        if report.added or report.updated or report.removed or report.failed:
            yield report


def _folders(paths: Sequence[str | os.PathLike[str]]) -> list[Path]:
    """Return the folders to watch: those given, and those around files and globs."""
    folders = []
    for path in (expanded(path).absolute() for path in paths):
        while not path.is_dir():
            path = path.parent  # noqa: PLW2901 - upwards
        folders.append(path)
    return list(dict.fromkeys(folders))


def _is_there(path: str | os.PathLike[str]) -> bool:
    place = expanded(path)
    return bool(glob.glob(str(place), recursive=True)) or place.exists()  # noqa: PTH207
