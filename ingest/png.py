"""Pixels as a PNG file: all that is needed to show a page.

Comes in: rows of 8-bit RGB. Goes out: bytes (ISO/IEC 15948). Never: a library.
"""

from __future__ import annotations

import struct
import zlib


def png(pixels: bytes, width: int, height: int, stride: int) -> bytes:
    """Encode rows of ``stride`` bytes each: signature, IHDR, one IDAT, IEND."""

    def part(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + pixels[row * stride : row * stride + width * 3] for row in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", zlib.compress(rows, 3)) + part(b"IEND", b"")
