"""The pages and pictures a run left to be recognised once the text of all files was in.

Comes in: a catalog of documents with waiting parts. Goes out: the same documents, whole. Never: a file that does not wait, or
a file that was forgotten while it was recognised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from ..document import Progress
from ..errors import WaitsError
from ..images.ocr import ocr_installed
from ..store.catalog import Catalog
from ..text.split import CountTokens, Splitting
from .discover import Found
from .known import unrecognised
from .pool import Limits
from .sync import Run, Selection, Synced


def waiting(catalog: Catalog) -> tuple[Found, ...]:
    """Return the files on disk with pages or pictures that wait."""
    return tuple(dict.fromkeys(_waiting(catalog)))


def recognise(
    catalog: Catalog,
    files: tuple[Found, ...],
    *,
    splitting: Splitting,
    count_tokens: CountTokens,
    limits: Limits,
    alone: Callable[[], AbstractContextManager[None]],
    progress: Progress | None = None,
) -> Synced:
    """Read files again, with what waits in them, one transaction per file.

    Each is stored within ``alone()``; while it is recognised others may write, and what they remove or change is not stored.
    """
    selection = Selection(limits=limits, max_bytes=max((file.size for file in files), default=0))
    run = Run(catalog, splitting, count_tokens, selection, progress, stage="recognise", alone=alone)
    run.read(files)
    return run.result


def _waiting(catalog: Catalog) -> Iterator[Found]:
    if not ocr_installed():
        return
    documents = {document for document, put_off in unrecognised(catalog) if put_off}
    for row in catalog.sources().values():
        if row.failure_kind == WaitsError.kind or row.document_id in documents:
            path = Path(row.archive or row.source)
            if path.is_file():
                status = path.stat()
                yield Found(path, Path(row.root), status.st_size, status.st_mtime_ns)
