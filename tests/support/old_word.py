"""Old Word documents (.doc) made byte by byte ([MS-DOC])."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from compound_file import compound

START = 1024
"""Where the text begins in the stream."""
_MOST_RUNS = 12
"""On a page of properties."""


def page(first: int, entry: int, *runs: tuple[int, bytes]) -> bytes:
    """Return a page of properties: runs with their ends in the stream; entries of 13 bytes for paragraphs, of 1 for words."""
    ends = struct.pack(f"<{len(runs) + 1}I", first, *(end for end, _ in runs))
    offsets, stored, at = b"", bytearray(512), 510
    for _, content in runs:
        at -= len(content) + len(content) % 2
        stored[at : at + len(content)] = content
        offsets += bytes([at // 2 if content else 0]).ljust(entry, b"\0")
    stored[: len(ends) + len(offsets)] = ends + offsets
    stored[511] = len(runs)
    return bytes(stored)


def properties(*of: tuple[int, int]) -> bytes:
    """Return properties by code, each with the bytes its code says that it has."""
    sizes = {0: "B", 1: "B", 2: "H", 3: "I", 4: "H", 5: "H"}
    return b"".join(struct.pack(f"<H{sizes[code >> 13]}", code, value) for code, value in of)


def paragraph(style: int, *of: tuple[int, int]) -> bytes:
    """Return the properties of a paragraph as they are stored."""
    content = struct.pack("<H", style) + properties(*of)
    content = content if len(content) % 2 else content + b"\0"
    return bytes([(len(content) + 1) // 2]) + content


def words(*of: tuple[int, int]) -> bytes:
    """Return the properties of words as they are stored."""
    content = properties(*of)
    return bytes([len(content)]) + content


def old_word(
    paragraphs: Sequence[tuple[str, bytes]],
    runs: Sequence[tuple[str, bytes]] = (),
    *,
    flags: int = 0,
    counts: Sequence[int] = (),
    tables: Mapping[int, tuple[bytes, bytes]] | None = None,
) -> bytes:
    """Return a document.

    Args:
        paragraphs: each with the mark that ends it, and its properties.
        runs: the same text by format; all in none if not given.
        flags: of the file's header.
        counts: characters of the body, the notes, the margins ...; all in the body if not given.
        tables: by the place in the header that names them: what it counts, and what stands behind that.
    """
    text = "".join(text for text, _ in paragraphs)
    head = bytearray(START)
    head[:2] = b"\xec\xa5"
    struct.pack_into("<H", head, 2, 0xC1)
    struct.pack_into("<H", head, 10, flags)
    struct.pack_into("<8i", head, 76, *(*(counts or (len(text),)), *[0] * 8)[:8])
    main = bytes(head) + text.encode("utf-16-le")
    main = main.ljust(-(-len(main) // 512) * 512, b"\0")
    first_page = len(main) // 512
    of_paragraphs, of_words = _paged(13, _ended(paragraphs)), _paged(1, _ended(runs or [(text, b"\0")]))
    main += b"".join(content for _, content in (*of_paragraphs, *of_words))
    plan = struct.pack("<2I", 0, len(text)) + struct.pack("<HIH", 0, START, 0)
    named = {
        418: (b"\x02" + struct.pack("<I", len(plan)) + plan, b""),
        258: (_plan(of_paragraphs, first_page), b""),
        250: (_plan(of_words, first_page + len(of_paragraphs)), b""),
    } | dict(tables or {})
    whole, table = bytearray(main), b"\0" * 4  # what begins at 0 is not there
    for place, (content, behind) in named.items():
        struct.pack_into("<2I", whole, place, len(table), len(content))
        table += content + behind
    return compound({"WordDocument": bytes(whole), "0Table": table})


def _paged(entry: int, runs: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """Return pages of properties, each with where its text ends."""
    found, first = [], START
    for at in range(0, len(runs), _MOST_RUNS):
        some = runs[at : at + _MOST_RUNS]
        found.append((some[-1][0], page(first, entry, *some)))
        first = some[-1][0]
    return found


def _plan(pages: list[tuple[int, bytes]], first: int) -> bytes:
    """Return where the text of each page ends, and which it is."""
    ends = struct.pack(f"<{len(pages) + 1}I", START, *(end for end, _ in pages))
    return ends + struct.pack(f"<{len(pages)}I", *range(first, first + len(pages)))


def _ended(pieces: Sequence[tuple[str, bytes]]) -> list[tuple[int, bytes]]:
    """Return where each piece of the text ends in the stream, with its properties."""
    at, found = START, []
    for text, of in pieces:
        at += 2 * len(text)
        found.append((at, of))
    return found
