"""What old Word files say of paragraphs and characters: single properties, one after the other ([MS-DOC] 2.6)."""

from __future__ import annotations

from .records import word_at

_SIZES = (1, 1, 2, 4, 2, 2, 0, 3)
_LONGEST_NUMBER = 4
_TWO_BYTE_LENGTHS = (0xD608,)

Properties = dict[int, int]
"""By code; those of more than four bytes are left out."""


def properties(content: bytes) -> Properties:
    """Return the properties in a list of them; what is cut off is left out."""
    found: Properties = {}
    at = 0
    while at + 2 < len(content):
        code = word_at(content, at)
        at += 2
        size = _SIZES[code >> 13]
        if not size:
            size = word_at(content, at) + 1 if code in _TWO_BYTE_LENGTHS else content[at] + 1
        elif size <= _LONGEST_NUMBER:
            found[code] = int.from_bytes(content[at : at + size], "little")
        at += size
    return found
