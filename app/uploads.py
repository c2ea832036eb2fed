"""Uploaded files find their place in a base, folders included.

Comes in: names as the visitor's computer has them, and bytes on disk. Goes out: files under ``uploads/`` of the base, ingested.
Never: a name that leads out of that folder.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from ..ingest.document import IngestReport
from ..ingest.errors import InputError
from ..ingest.sync import Progress
from .api import KnowledgeBase
from .rename import UPLOADS, remember_place
from .server_bases import file_name

_MAX_DEPTH = 20


def places(kb: KnowledgeBase, files: Sequence[tuple[str, Path]]) -> list[Path]:
    """Return where in the base each file will be kept.

    Args:
        kb: the base.
        files: ``(name, where the bytes are now)``; a name may have folders: ``notes/2024/may.md``.
    Raises:
        InputError: a name that cannot be used; nothing was done.
    """
    return [kb.config.folder / UPLOADS / Path(*_parts(name)) for name, _ in files]


def keep(kb: KnowledgeBase, files: Sequence[tuple[str, Path]], progress: Progress | None = None) -> IngestReport:
    """Move files into the base's uploads, one of the same name being replaced, and ingest them.

    Raises:
        InputError: a name that cannot be used; nothing was done.
    """
    for target, (_, path) in zip(places(kb, files), files, strict=True):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, target)
    remember_place(kb.catalog, kb.config.folder)
    return kb.ingest([kb.config.folder / UPLOADS], progress=progress)


def _parts(name: str) -> list[str]:
    parts = name.split("/")
    if len(parts) > _MAX_DEPTH:
        raise InputError(f"{name[:80]!r} lies {len(parts)} folders deep; the limit is {_MAX_DEPTH}")
    return [file_name(part) for part in parts]
