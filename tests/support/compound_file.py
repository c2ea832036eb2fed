"""Makes compound files, the container of Office files from before 2007."""

from __future__ import annotations

import struct


def compound(root: dict[str, bytes | dict[str, bytes]]) -> bytes:
    """Return a compound file ([MS-CFB]) of streams, and of storages of streams."""
    sectors: list[bytes] = []
    chain: list[int] = []
    entries: list[list[object]] = [["Root Entry", 5, -1, -1, -2, 0]]

    def add(items: dict[str, bytes | dict[str, bytes]]) -> int:
        first = before = -1
        for name, content in items.items():
            at = len(entries)
            entries.append([name, 1 if isinstance(content, dict) else 2, -1, -1, -2, 0])
            if before >= 0:
                entries[before][2] = at
            first, before = at if first < 0 else first, at
            if isinstance(content, dict):
                entries[at][3] = add(dict(content))
            else:
                entries[at][4:] = store(content.ljust(4096, b"\0"))
        return first

    def store(content: bytes) -> tuple[int, int]:
        start, count = len(sectors), -(-len(content) // 512)
        sectors.extend(content[n * 512 : n * 512 + 512].ljust(512, b"\0") for n in range(count))
        chain.extend([*range(start + 1, start + count), -2])
        return start, len(content)

    entries[0][3] = add(root)
    rows = b""
    for name, kind, after, child, start, size in entries:
        wide = str(name).encode("utf-16-le")
        rows += struct.pack("<64sHBBiii36xiQ", wide, len(wide) + 2, kind, 1, -1, after, child, start, size)
    directory, _ = store(rows)
    table = len(sectors)
    n_tables = next(n for n in range(1, 100) if n * 128 >= table + n)
    chain += [-3] * n_tables
    table_bytes = struct.pack(f"<{len(chain)}i", *chain).ljust(n_tables * 512, b"\xff")
    places = [*range(table, table + n_tables), *[-1] * (109 - n_tables)]
    head = bytes.fromhex("d0cf11e0a1b11ae1").ljust(24, b"\0") + struct.pack(
        "<HHHHH6xIIiIIiIiI109i", 0x3E, 3, 0xFFFE, 9, 6, 0, n_tables, directory, 0, 4096, -2, 0, -2, 0, *places
    )
    return head + b"".join(sectors) + table_bytes
