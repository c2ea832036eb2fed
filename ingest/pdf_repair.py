"""A new end for a PDF whose own was cut off, as interrupted downloads leave it.

Comes in: the bytes of a PDF that cannot be opened. Goes out: the same bytes with a trailer that leads to what is left.
Never: a change to what is there.
"""

from __future__ import annotations

import re

_OBJECT = re.compile(rb"(?:^|[\r\n\s])(\d{1,8})\s+(\d{1,5})\s+obj\b")
_CROSS_REFERENCES = re.compile(rb"/Type\s*/XRef\b")
_CATALOG = re.compile(rb"/Type\s*/Catalog\b")
_PAGE = re.compile(rb"/Type\s*/Page\b")


def with_new_end(data: bytes) -> bytes | None:
    """Return the PDF with a new end; None when neither a cross-reference stream, a catalog nor a page is left.

    Objects are found as ISO 32000-1, 7.3.10 writes them; pages without a catalog are put under a new one.
    """
    data = data[max(data.find(b"%PDF-"), 0) :]
    starts = [(match.start(1), match[1], match[2]) for match in _OBJECT.finditer(data)]
    if places := [match.start() for match in _CROSS_REFERENCES.finditer(data)]:
        before = [start for start, *_ in starts if start < places[-1]]
        closing = b"" if b"endstream" in data[places[-1] :] else b"\nendstream\nendobj"
        return data + closing + b"\nstartxref\n%d\n%%%%EOF\n" % before[-1] if before else None
    if not starts:
        return None
    ends = [start for start, *_ in starts[1:]] + [len(data)]
    bodies = [
        (number, generation, data[start:end]) for (start, number, generation), end in zip(starts, ends, strict=True)
    ]
    highest = max((int(number) for number, *_ in bodies), default=0)
    for number, generation, body in reversed(bodies):
        if _CATALOG.search(body[:4096]):
            return data + _trailer(highest + 1, number + b" " + generation + b" R")
    pages = [number + b" " + generation + b" R" for number, generation, body in bodies if _PAGE.search(body[:4096])]
    if not pages:
        return None
    catalog = b"\n%d 0 obj\n<< /Type /Catalog /Pages %d 0 R >>\nendobj\n" % (highest + 1, highest + 2)
    tree = b"%d 0 obj\n<< /Type /Pages /Kids [%b] /Count %d >>\nendobj\n" % (highest + 2, b" ".join(pages), len(pages))
    return data + catalog + tree + _trailer(highest + 3, b"%d 0 R" % (highest + 1))


def _trailer(size: int, root: bytes) -> bytes:
    return b"\ntrailer\n<< /Size %d /Root %b >>\nstartxref\n0\n%%%%EOF\n" % (size, root)
