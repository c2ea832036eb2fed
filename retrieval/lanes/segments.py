"""Keep arrays over runs of chunks in memory-mapped files beside the catalog, for searching a large base.

The catalog lists which files are valid; a missing or damaged one is rebuilt from it. Keys are never reused, so a file stays
valid.
"""

from __future__ import annotations

import json
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from ...ingest.errors import StorageError
from ...ingest.store.database import Database

WORTH = 5_000
"""Minimum chunks for a base to have such files; below this SQLite alone is as fast."""

_LARGEST = 100_000
"""Maximum chunks per segment: merging it then takes a second and a few hundred megabytes."""
_BATCH = 20_000
_MOST_DEAD = 0.1

Array = NDArray[np.int64] | NDArray[np.int32] | NDArray[np.uint64] | NDArray[np.uint16] | NDArray[np.float32]


class Arrays(Protocol):
    """A segment's data for its chunks. Immutable."""

    @property
    def keys(self) -> NDArray[np.int64]:
        """(n,) ascending: which chunks."""

    def arrays(self) -> Mapping[str, Array]:
        """Return the arrays to store, by name."""

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        """Take the result of ``arrays``; raise TypeError, ValueError or IndexError if it cannot be that."""

    @classmethod
    def merged(cls, parts: Sequence[Self]) -> Self:
        """Return one for the chunks of several parts, given in ascending key order."""

    def only(self, alive: NDArray[np.bool_]) -> Self:
        """Return one with only the chunks for which ``alive``, (n,), is true."""


A = TypeVar("A", bound=Arrays)
Read = Callable[[sqlite3.Connection, int, int], tuple[A, int]]
"""Returns arrays for up to the given number of chunks after a key, and the last key read; the same key if there are no more."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A folder of arrays."""

    name: str
    last: int
    """The key up to which all chunks are in this segment or an earlier one, or need not be."""


class Segments(Generic[A]):
    """The segments of one kind of one base."""

    def __init__(self, folder: Path, kind: str, arrays: type[A]) -> None:
        """Keep them in ``folder / kind``."""
        self._folder = folder / kind
        self._key = f"segments {kind}"
        self._arrays = arrays
        self._loaded: dict[str, A] = {}

    def listed(self, connection: sqlite3.Connection) -> tuple[Segment, ...]:
        """Return the segments listed in the catalog, in chunk order."""
        row = connection.execute("SELECT value FROM meta WHERE key = ?", (self._key,)).fetchone()
        return tuple(Segment(*segment) for segment in json.loads(row[0])) if row else ()

    def load(self, segments: Sequence[Segment]) -> list[A]:
        """Return the data of segments, mapped.

        Raises:
            StorageError: a file is missing or damaged.
        """
        loaded = {segment.name: self._loaded.get(segment.name) or self._load(segment) for segment in segments}
        self._loaded = loaded
        return list(loaded.values())

    def update(self, catalog: Database, read: Read[A], n_chunks: int, *, forget: bool = False) -> None:
        """Bring the segments up to date with every chunk; the caller holds the writer's lock.

        Args:
            catalog: of the base.
            read: reads what is not in any segment yet.
            n_chunks: of the base; with few of them there are no segments.
            forget: leave no trace of deleted chunks; otherwise they are removed once there are many.
        """
        connection = catalog.connection()
        if n_chunks < WORTH:
            if self.listed(connection):
                self._list(catalog, ())
            return
        kept, parts = self._whole(connection)
        for at, alive in enumerate(living(connection, [part.keys for part in parts])):
            if alive is not None and (forget or alive.mean() < 1 - _MOST_DEAD):
                parts[at] = parts[at].only(alive)
                kept[at] = self._write(parts[at], kept[at].last)
        for part, last in self._missing(connection, read, kept[-1].last if kept else 0):
            while kept and len(parts[-1].keys) < 2 * len(part.keys) and _fits(parts[-1], part):
                part, _ = self._arrays.merged([parts.pop(), part]), kept.pop()  # noqa: PLW2901
            kept.append(self._write(part, last))
            parts.append(self._load(kept[-1]))  # mapped: what is written need not stay in memory
        if tuple(kept) != self.listed(connection):
            self._list(catalog, kept)

    def _whole(self, connection: sqlite3.Connection) -> tuple[list[Segment], list[A]]:
        """Return the segments and their data; empty if one is missing or damaged, so that all are rebuilt."""
        kept = list(self.listed(connection))
        try:
            return kept, self.load(kept)
        except StorageError:
            return [], []

    def _missing(self, connection: sqlite3.Connection, read: Read[A], last: int) -> Iterator[tuple[A, int]]:
        """Yield data for what is in no segment, in pieces as large as a segment may be."""
        parts: list[A] = []
        while True:
            part, reached = read(connection, last, _BATCH)
            if reached == last:
                break
            last = reached
            parts.append(part)
            if sum(len(part.keys) for part in parts) >= _LARGEST:
                yield self._arrays.merged(parts), last
                parts = []
        if parts:
            yield self._arrays.merged(parts), last

    def _write(self, part: A, last: int) -> Segment:
        segment = Segment(secrets.token_hex(8), last)
        place = self._folder / segment.name
        place.mkdir(parents=True)
        for name, array in part.arrays().items():
            np.save(place / f"{name}.npy", array, allow_pickle=False)
        return segment

    def _list(self, catalog: Database, segments: Sequence[Segment]) -> None:
        """List these as the segments, and remove the files of all others; a reader that has them open keeps them."""
        with catalog.transaction(content=False, visible=False):
            catalog.put(self._key, json.dumps([[segment.name, segment.last] for segment in segments]))
        kept = {segment.name for segment in segments}
        for place in self._folder.iterdir() if self._folder.is_dir() else ():
            if place.name not in kept:
                shutil.rmtree(place, ignore_errors=True)

    def _load(self, segment: Segment) -> A:
        place = self._folder / segment.name
        try:
            files = {path.stem: np.load(path, mmap_mode="r", allow_pickle=False) for path in place.glob("*.npy")}
            return self._arrays.of_arrays(files)
        except (OSError, ValueError, TypeError, IndexError, EOFError) as exc:
            raise StorageError(
                "{place} is damaged ({why}); run kb ingest: it is made again", place=place, why=exc
            ) from exc


def living(connection: sqlite3.Connection, parts: Sequence[NDArray[np.int64]]) -> list[NDArray[np.bool_] | None]:
    """Return, for each array of keys, which of them the catalog still has; ``None`` for all of them.

    ``parts`` must cover every chunk of the catalog, or have none that the catalog has lost.
    """
    if not parts:
        return []
    last = int(max((keys[-1] for keys in parts if len(keys)), default=0))
    newer = connection.execute("SELECT count(*) FROM chunks WHERE key > ?", (last,)).fetchone()[0]
    there = connection.execute("SELECT count(*) FROM chunks").fetchone()[0]
    if there - newer == sum(map(len, parts)):
        return [None] * len(parts)
    rows = connection.execute("SELECT key FROM chunks")
    known = np.fromiter((key for (key,) in rows), np.int64)
    alive = [np.isin(keys, known, assume_unique=True) for keys in parts]
    return [None if mask.all() else mask for mask in alive]


def places(among: NDArray[np.int64] | NDArray[np.int32], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each of ``wanted`` is in an ascending array; -1 if it is not."""
    if not len(among):
        return np.full(len(wanted), -1, np.int64)
    at = np.minimum(np.searchsorted(among, wanted), len(among) - 1)
    return np.where(among[at] == wanted, at, -1)


def _fits(one: Arrays, other: Arrays) -> bool:
    return len(one.keys) + len(other.keys) <= _LARGEST
