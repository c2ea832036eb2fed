"""The records that old presentations and drawings are made of ([MS-PPT] 2.3.1): pure functions of bytes."""

from __future__ import annotations

from collections.abc import Iterator

Record = tuple[int, int, bytes]
"""Kind, instance and content."""


def record(stream: bytes, at: int) -> Record:
    """Return the record at a place; one of kind 0 without content if there is none."""
    if at < 0 or at + 8 > len(stream):
        return 0, 0, b""
    size = long_at(stream, at + 4)
    return word_at(stream, at + 2), word_at(stream, at) >> 4, stream[at + 8 : at + 8 + size]


def records(content: bytes) -> Iterator[Record]:
    """Yield the records that a content consists of."""
    at = 0
    while at + 8 <= len(content):
        yield record(content, at)
        at += 8 + long_at(content, at + 4)


def word_at(data: bytes, at: int) -> int:
    """Return the two-byte number at a place; bytes beyond the end count as none."""
    return int.from_bytes(data[at : at + 2], "little")


def long_at(data: bytes, at: int) -> int:
    """Return the four-byte number at a place; bytes beyond the end count as none."""
    return int.from_bytes(data[at : at + 4], "little")
