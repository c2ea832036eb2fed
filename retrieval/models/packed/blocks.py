"""Decode weights in blocks of 32 4-bit numbers with a scale, as in llama.cpp's Q4_0.

Comes in: blocks. Goes out: numbers. Never: a copy of a whole table when a few rows are wanted.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BLOCK = 32
BLOCKS = np.dtype([("scale", "<f2"), ("codes", np.uint8, BLOCK // 2)])
"""A code is a number from -8 to 7, stored plus 8; byte j has those of positions j and j + 16."""

_TABLE = "words.npy"


def numbers(blocks: NDArray[np.void]) -> NDArray[np.float32]:
    """Return the numbers in (n, m) blocks, as (n, 32 m) float32."""
    codes = blocks["codes"]
    whole = np.concatenate([codes & 15, codes >> 4], axis=-1).astype(np.float32) - 8
    whole *= blocks["scale"][..., None].astype(np.float32)
    return whole.reshape(len(blocks), -1)


class WordTable:
    """The vectors of a model's tokens, mapped: a quarter of a million, of which a text needs about a hundred."""

    def __init__(self, folder: Path) -> None:
        """Map the table that ``save_table`` wrote to ``folder``."""
        self._blocks: NDArray[np.void] = np.load(table_file(folder), mmap_mode="r")

    def rows(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return (..., dim) float32, the vectors of tokens."""
        distinct, places = np.unique(ids, return_inverse=True)
        return numbers(self._blocks[distinct])[places.reshape(ids.shape)]


def save_table(blocks: NDArray[np.void], folder: Path) -> None:
    """Write the blocks of all tokens to ``folder``."""
    np.save(table_file(folder), blocks)


def table_file(folder: Path) -> Path:
    """Return the file of a compiled model's token vectors, if they are not part of its graph."""
    return folder / _TABLE
