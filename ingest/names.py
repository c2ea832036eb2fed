"""Names of files that are not in UTF-8, as old archives and disks leave them.

Comes in: a path. Goes out: how to write it down, and what it was meant to be. Never: a file opened or renamed.
"""

from __future__ import annotations

import os
from pathlib import Path


def is_utf8(path: Path) -> bool:
    """Return whether a path can be written down: SQLite, JSON and terminals take UTF-8 only."""
    return os.fsencode(path) == str(path).encode("utf-8", "replace")


def spelt(path: str | Path) -> str:
    r"""Return a path with the bytes that are not in UTF-8 spelt out, as ``\xba\xcf.txt``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def wrong_name(path: Path) -> str:
    """Return what is wrong with a path that is not in UTF-8, and what to do."""
    names = [os.fsencode(part) for part in path.parts if not is_utf8(Path(part))]
    try:
        meant = ", ".join(name.decode("gb18030") for name in names)
    except UnicodeDecodeError:
        return "Its path is not in UTF-8; rename it."
    return f"Its path is not in UTF-8; in GB18030 it is {meant}: rename it, with convmv -f gb18030 -t utf8 for example."
