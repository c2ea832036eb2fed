"""Draft postings while keyword rows are written, so that a large base is not tokenized again at the end.

Comes in: what ``insert_keywords`` writes. Goes out: the same as postings, checked against the catalog. Never: the truth: after
drafting, rows may be rolled back, a process killed, a disk full. A draft that disagrees with the catalog is not used.
"""

from __future__ import annotations

import secrets
import sqlite3
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...ingest.document import text_hash
from ..words.tokens import TOKENS_VERSION
from .postings import POSTINGS_VERSION, Postings
from .segments import WORTH, places

DRAFTS = f"drafts-{TOKENS_VERSION}-{POSTINGS_VERSION}"
"""Their folder, beside the segments' folders; removed by whoever has brought the segments up to date."""

_CHUNKS = 5_000
"""Chunks per draft: this many chunks' tokens are kept in memory."""

ReadUpTo = Callable[[sqlite3.Connection, int, int, int | None], tuple[Postings, int]]
"""Like ``segments.Read``, but only for chunks below a key, if one is given."""


class Drafts:
    """Writes drafts, on behalf of the catalog's writer."""

    def __init__(self, folder: Path) -> None:
        """Keep them in ``folder / DRAFTS``."""
        self._folder = folder / DRAFTS
        self._start()

    def note(self, key: int, text: str, keywords: str) -> None:
        """See ``Tokenizer.noted``; the first chunks of a base are skipped, so that small bases do not pay for it."""
        if key <= WORTH:
            return
        if self._keys and (key <= self._keys[-1] or not self._folder.is_dir()):
            self._start()  # earlier ones were rolled back, or are in segments
        if not self._keys:
            self._folder.mkdir(parents=True, exist_ok=True)
        self._keys.append(key)
        self._keywords.append(keywords)
        self._texts.append(_number(text_hash(text)))
        if len(self._keys) >= _CHUNKS:
            self._write()
            self._start()

    def _start(self) -> None:
        self._keys: list[int] = []
        self._keywords: list[str] = []
        self._texts: list[int] = []

    def _write(self) -> None:
        part = Postings.of(self._keys, self._keywords)
        path = self._folder / f"{part.keys[0]}-{part.keys[-1]}-{secrets.token_hex(4)}.npz"
        try:
            np.savez(path, allow_pickle=False, texts=np.array(self._texts, np.uint64), **part.arrays())
        except OSError:  # the disk is full: the catalog needs what space is left
            with suppress(OSError):
                path.unlink(missing_ok=True)


class Drafted:
    """Reads postings from drafts, and the rest from the catalog; see ``segments.Read``."""

    def __init__(self, folder: Path, read: ReadUpTo) -> None:
        """Take the folder that ``Drafts`` writes to, and a function that makes postings from the catalog."""
        self._read = read
        named = [(path.stem.split("-"), path) for path in (folder / DRAFTS).glob("*-*-*.npz")]
        self._left = sorted((int(first), int(last), path) for (first, last, _), path in named)

    def __call__(self, connection: sqlite3.Connection, after: int, limit: int) -> tuple[Postings, int]:
        """Return postings of some chunks after a key, and their last key."""
        while self._left:
            first, last, path = self._left[0]
            if first > after + 1:
                part, reached = self._read(connection, after, limit, first)
                if len(part.keys):
                    return part, reached
            self._left.pop(0)
            if last > after and (draft := _agreeing(connection, after, last, path)):
                return draft, int(draft.keys[-1])
        return self._read(connection, after, limit, None)


def _agreeing(connection: sqlite3.Connection, after: int, last: int, path: Path) -> Postings | None:
    """Return a draft's postings for the chunks between two keys; ``None`` if there are none or the draft differs."""
    rows = connection.execute(
        "SELECT key, text_hash FROM chunks WHERE key > ? AND key <= ? ORDER BY key", (after, last)
    ).fetchall()
    draft = _load(path) if rows else None
    if draft is None:
        return None
    part, texts = draft
    at = places(part.keys, np.array([key for key, _ in rows], np.int64))
    if (at < 0).any() or (texts[at] != np.array([_number(text) for _, text in rows], np.uint64)).any():
        return None
    kept = np.zeros(len(part.keys), np.bool_)
    kept[at] = True
    return part if kept.all() else part.only(kept)


def _load(path: Path) -> tuple[Postings, NDArray[np.uint64]] | None:
    """Return a draft; ``None`` if its checksums show damage."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        texts = arrays.pop("texts")
        part = Postings.of_arrays(arrays)
    except (OSError, ValueError, TypeError, KeyError, IndexError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
    return (part, texts) if len(texts) == len(part.keys) else None


def _number(text_hash: str) -> int:
    """Return the first 64 bits of a text's hash."""
    return int(text_hash[:16], 16)
