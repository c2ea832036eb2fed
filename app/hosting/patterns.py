"""Which patterns a server expands: below what its base already follows, and not for ever.

Comes in: the paths of a request. Goes out: nothing, or why they are refused. Never: a look at any other folder.
"""

from __future__ import annotations

import glob
import os
import time
from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path

from ..api import KnowledgeBase
from .folders import followed

_MOST = 100_000
"""Files and folders that a pattern may have to look at."""
_MOST_S = 2.0


def refusal(kb: KnowledgeBase, paths: Iterable[str]) -> str:
    """Return why one of these paths is a pattern that is not expanded; empty if none is."""
    patterns = [path for path in paths if glob.has_magic(path) and not os.path.exists(path)]  # noqa: PTH110  as discover
    if not patterns:
        return ""
    roots = [Path(root).resolve() for root in {row.root for row in kb.sources()} | set(followed(kb))]
    until = time.monotonic() + _MOST_S
    for pattern in patterns:
        parts = Path(pattern).parts
        fixed = list(takewhile(lambda part: not glob.has_magic(part), parts))
        folder = Path(*fixed).resolve()
        if ".." in parts or not any(folder.is_relative_to(root) for root in roots):
            return f"{pattern[:200]!r}: patterns are taken only below folders that the base follows; give the folder itself"
        if not _is_small(folder, len(parts) - len(fixed), until, deep="**" in pattern):
            return (
                f"{pattern[:200]!r}: there are too many files and folders to look through; give a folder further down"
            )
    return ""


def _is_small(folder: Path, depth: int, until: float, *, deep: bool) -> bool:
    """Return whether a pattern with this many parts below a folder can be expanded in time."""
    n_seen = 0
    for here, folders, names in os.walk(folder, followlinks=True):
        n_seen += len(folders) + len(names)
        if n_seen > _MOST or time.monotonic() > until:
            return False
        if not deep and len(Path(here).parts) - len(folder.parts) >= depth - 1:
            folders.clear()
    return True
