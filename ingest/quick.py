"""Which files are read in this process: few, small and plain ones are done before a worker would have started.

Comes in: files. Goes out: yes or no. Never: yes for a file that could hang, crash or explode a reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from . import media
from .discover import Found

_KINDS = frozenset({media.PLAIN, media.MARKDOWN, media.RST, media.SRT, media.VTT, media.ORG, media.ASCIIDOC})
_MOST_FILES, _MOST_BYTES, _SNIFFED = 64, 1_000_000, 64
_PICTURE = b"data:image/"
_NO_TEXT = (b"%PDF", b"{\\rtf", b"\x1f\x8b", b"PK")


def is_quick(files: Sequence[Found]) -> bool:
    """Return whether files are few, small and plain, and hold no pictures, which take seconds and may be hostile."""
    if len(files) > _MOST_FILES or sum(found.size for found in files) > _MOST_BYTES:
        return False
    return all(_is_plain(found.path) for found in files)


def _is_plain(path: Path) -> bool:
    kind = media.SUFFIXES.get(path.suffix.lower(), "")
    if kind not in _KINDS and not kind.startswith("text/x-"):
        return False
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES)
    except OSError:
        return True  # it will fail here as well as there
    return b"\0" not in data[:_SNIFFED] and not data.startswith(_NO_TEXT) and _PICTURE not in data.lower()
