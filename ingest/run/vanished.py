"""Which files are gone from disk, and whether that is meant: a drive that is not mounted leaves an empty folder behind."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..store.catalog import Catalog
from ..store.sources import SourceRow
from .discover import Discovery

_DEVICES = "devices"
"""The setting of a base that says which device each folder was on when it was last read: JSON {path: number}."""
_MANY = 5
"""Files. Fewer may be deleted from a small folder without being asked about."""
_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Spared:
    """A folder that so much vanished from that it is kept in the base."""

    folder: Path
    n_gone: int
    n_known: int


@dataclass(frozen=True, slots=True)
class Vanished:
    """What was read before and is not on disk any more."""

    rows: tuple[SourceRow, ...]
    """To be removed."""
    spared: tuple[Spared, ...]
    """What is kept instead."""


def vanished(catalog: Catalog, rows: Iterable[SourceRow], discovery: Discovery, *, prune: bool) -> Vanished:
    """Return what vanished; not of a folder that became empty, lost most of its files or changed its device, but to ``prune``.

    What is found in another place now was moved, and vanished for sure.

    Args:
        catalog: knows the devices of the last run.
        rows: what the base knows.
        discovery: what there is.
        prune: whether everything that is gone is meant to be.
    """
    found = {str(file.path) for file in discovery.files}
    known = [(Path(row.archive or row.source), row) for row in rows]
    gone = [
        (path, row)
        for path, row in known
        if str(path) not in found and discovery.covers(str(path)) and not path.exists()
    ]
    if prune or not gone:
        return Vanished(tuple(row for _, row in gone), ())
    there = {row.document_id for row in catalog.sources().values() if (row.archive or row.source) in found}
    moved_away = tuple(row for _, row in gone if row.document_id and row.document_id in there)
    gone = [(path, row) for path, row in gone if row not in moved_away]
    moved = set(_moved(catalog, discovery.roots))
    spared: list[Spared] = []
    for folder in _suspects(discovery.roots, [path for path, _ in gone]):
        n_gone = len({path for path, _ in gone if path.is_relative_to(folder)})
        n_known = len({path for path, _ in known if path.is_relative_to(folder)})
        many = n_gone >= _MANY and n_gone > _SHARE * n_known
        if n_gone and (folder in moved or _is_empty(folder) or (folder in discovery.roots and many)):
            spared.append(Spared(folder, n_gone, n_known))
            gone = [(path, row) for path, row in gone if not path.is_relative_to(folder)]
    return Vanished((*moved_away, *(row for _, row in gone)), tuple(spared))


def remember_devices(catalog: Catalog, roots: Sequence[Path]) -> None:
    """Record which device each folder is on."""
    before = json.loads(catalog.get(_DEVICES) or "{}")
    now = before | {str(root): root.stat().st_dev for root in roots if root.is_dir()}
    if now != before:
        catalog.put(_DEVICES, json.dumps(now))


def _moved(catalog: Catalog, roots: Sequence[Path]) -> Iterator[Path]:
    devices = json.loads(catalog.get(_DEVICES) or "{}")
    yield from (
        root for root in roots if root.is_dir() and devices.get(str(root), root.stat().st_dev) != root.stat().st_dev
    )


def _suspects(roots: Sequence[Path], gone: Sequence[Path]) -> list[Path]:
    """Return the folders that are there and that something vanished from, the given ones and those below, outermost first."""
    folders = {folder for path in gone for root in roots for folder in path.parents if folder.is_relative_to(root)}
    return sorted((folder for folder in folders if folder.is_dir()), key=lambda folder: len(folder.parts))


def _is_empty(folder: Path) -> bool:
    """Return whether a folder holds no file, however deep; empty folders in it do not count."""
    return not any(names for _, _, names in os.walk(folder))
