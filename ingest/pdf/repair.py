"""A new end for a PDF whose own was cut off, as by an interrupted download.

What is already there is not changed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_OBJECT = re.compile(rb"(?:^|[\r\n\s])(\d{1,8})\s+(\d{1,5})\s+obj\b")
_CROSS_REFERENCES = re.compile(rb"/Type\s*/XRef\b")
_CATALOG = re.compile(rb"/Type\s*/Catalog\b")
_PAGE = re.compile(rb"/Type\s*/Page\b")
_HEAD = 4096
"""Bytes of an object searched for its type."""


def with_new_end(data: bytes) -> bytes | None:
    """Return the PDF with a new end; None if it has no cross-reference stream, catalog or page left.

    Objects are found as ISO 32000-1, 7.3.10 writes them; pages without a catalog are put under a new one.
    """
    data = data[max(data.find(b"%PDF-"), 0) :]
    objects = list(_OBJECT.finditer(data))
    if places := [match.start() for match in _CROSS_REFERENCES.finditer(data)]:
        end = _leading_to([match.start(1) for match in objects], places[-1], data)
    else:
        end = _naming_a_catalog(objects, data)
    return data + end if end else None


def _leading_to(starts: Sequence[int], place: int, data: bytes) -> bytes:
    """Return an end that leads to the cross-reference stream whose type is at ``place``; empty if no object holds it."""
    before = [start for start in starts if start < place]
    closing = b"" if b"endstream" in data[place:] else b"\nendstream\nendobj"
    return closing + b"\nstartxref\n%d\n%%%%EOF\n" % before[-1] if before else b""


def _naming_a_catalog(objects: Sequence[re.Match[bytes]], data: bytes) -> bytes:
    """Return an end naming the last catalog, or a new one over all pages; empty if there is neither."""
    if not objects:
        return b""
    ends = [match.start(1) for match in objects[1:]] + [len(data)]
    heads = {match: data[match.start(1) : end][:_HEAD] for match, end in zip(objects, ends, strict=True)}
    highest = max(int(match[1]) for match in objects)
    for match in reversed(objects):
        if _CATALOG.search(heads[match]):
            return _trailer(highest + 1, _named(match))
    pages = [_named(match) for match in objects if _PAGE.search(heads[match])]
    if not pages:
        return b""
    catalog = b"\n%d 0 obj\n<< /Type /Catalog /Pages %d 0 R >>\nendobj\n" % (highest + 1, highest + 2)
    tree = b"%d 0 obj\n<< /Type /Pages /Kids [%b] /Count %d >>\nendobj\n" % (highest + 2, b" ".join(pages), len(pages))
    return catalog + tree + _trailer(highest + 3, b"%d 0 R" % (highest + 1))


def _named(match: re.Match[bytes]) -> bytes:
    return match[1] + b" " + match[2] + b" R"


def _trailer(size: int, root: bytes) -> bytes:
    return b"\ntrailer\n<< /Size %d /Root %b >>\nstartxref\n0\n%%%%EOF\n" % (size, root)
