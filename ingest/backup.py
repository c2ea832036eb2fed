"""A copy of the catalog, made before it is brought up to a newer version.

Comes in: an open catalog. Goes out: a file beside it. Never: half a copy under the name of a whole one.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path


def back_up(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """Copy the catalog at ``path``, which has this version, unless there is such a copy."""
    copy = path.with_name(f"{path.name}.v{version}.bak")
    if copy.exists():
        return
    part = copy.with_name(f"{copy.name}.{os.getpid()}")
    part.unlink(missing_ok=True)
    connection.execute("VACUUM INTO ?", (str(part),))
    part.replace(copy)


def backups(path: Path) -> list[Path]:
    """Return the copies of the catalog at ``path``."""
    return sorted(path.parent.glob(f"{path.name}.v*.bak"))
