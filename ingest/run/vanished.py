"""Which files are gone from disk, and whether that is meant: an unmounted drive leaves an empty folder behind."""

from __future__ import annotations

import json
import os
from collections.abc import Container, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from ..store.catalog import Catalog
from ..store.database import DEVICES
from ..store.sources import SourceRow
from .discover import Discovery

_MANY = 5
"""Files; a small folder may lose fewer without confirmation."""
_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Spared:
    """A folder that lost so much that it is kept in the base."""

    folder: Path
    n_gone: int
    n_known: int


@dataclass(frozen=True, slots=True)
class Vanished:
    """What was read before and is no longer on disk."""

    rows: tuple[SourceRow, ...]
    """To be removed."""
    spared: tuple[Spared, ...]
    """What is kept instead."""


def vanished(catalog: Catalog, rows: Iterable[SourceRow], discovery: Discovery, *, prune: bool) -> Vanished:
    """Return what vanished; without ``prune``, not from folders that became empty, lost most files or changed device.

    What is found in a place that did not hold it before was moved, and vanished for sure.

    Args:
        catalog: knows the devices of the last run.
        rows: what the base knew before this run.
        discovery: what there is.
        prune: whether everything that is gone is meant to be.
    """
    before = list(rows)
    found = {str(file.path) for file in discovery.files}
    gone = [row for row in before if _is_gone(row, found, discovery)]
    if prune or not gone:
        return Vanished(tuple(gone), ())
    moved = _moved(catalog, before, gone, found)
    spared = tuple(
        _spared(catalog, discovery.roots, {_file(row) for row in before}, {_file(row) for row in gone} - moved)
    )
    kept = [spare.folder for spare in spared]
    lost = [row for row in gone if _file(row) in moved or not any(_file(row).is_relative_to(folder) for folder in kept)]
    return Vanished(tuple(lost), spared)


def _file(row: SourceRow) -> Path:
    """Return the file on disk that a source is, or is in."""
    return Path(row.archive or row.source)


def _is_gone(row: SourceRow, found: Container[str], discovery: Discovery) -> bool:
    path = _file(row)
    return str(path) not in found and discovery.covers(str(path)) and not path.exists()


def _moved(
    catalog: Catalog, before: Iterable[SourceRow], gone: Iterable[SourceRow], found: Container[str]
) -> set[Path]:
    """Return the files among ``gone`` whose content is in a place that did not hold it before."""
    known_at = {row.source: row.document_id for row in before}
    arrived = {
        row.document_id
        for row in catalog.sources().values()
        if str(_file(row)) in found and row.document_id != known_at.get(row.source)
    }
    return {_file(row) for row in gone if row.document_id and row.document_id in arrived}


def _spared(
    catalog: Catalog, roots: Sequence[Path], known: AbstractSet[Path], gone: AbstractSet[Path]
) -> Iterator[Spared]:
    """Yield the outermost folders that look as if a drive were missing, of those that lost something."""
    other_device = set(_other_device(catalog, roots))
    left = set(gone)
    for folder in _suspects(roots, gone):
        lost = {path for path in left if path.is_relative_to(folder)}
        n_known = sum(path.is_relative_to(folder) for path in known)
        most = folder in roots and len(lost) >= _MANY and len(lost) > _SHARE * n_known
        if lost and (most or folder in other_device or _is_empty(folder)):
            yield Spared(folder, len(lost), n_known)
            left -= lost


def remember_devices(catalog: Catalog, roots: Sequence[Path]) -> None:
    """Record which device each folder is on."""
    before = json.loads(catalog.get(DEVICES) or "{}")
    now = before | {str(root): root.stat().st_dev for root in roots if root.is_dir()}
    if now != before:
        catalog.put(DEVICES, json.dumps(now))


def _other_device(catalog: Catalog, roots: Sequence[Path]) -> Iterator[Path]:
    devices = json.loads(catalog.get(DEVICES) or "{}")
    yield from (
        root for root in roots if root.is_dir() and devices.get(str(root), root.stat().st_dev) != root.stat().st_dev
    )


def _suspects(roots: Sequence[Path], gone: Iterable[Path]) -> list[Path]:
    """Return the existing folders that lost something, the given ones and those below, outermost first."""
    folders = {folder for path in gone for root in roots for folder in path.parents if folder.is_relative_to(root)}
    return sorted((folder for folder in folders if folder.is_dir()), key=lambda folder: len(folder.parts))


def _is_empty(folder: Path) -> bool:
    """Return whether a folder holds no file at any depth; empty folders in it do not count."""
    return not any(names for _, _, names in os.walk(folder))
