"""Compound files: the container of Office files from before 2007."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..errors import DamagedError

if TYPE_CHECKING:
    import olefile

_MAX_STREAM_BYTES = 256 << 20
_UTF8 = 65001


class Streams:
    """The streams of an open compound file."""

    def __init__(self, file: olefile.OleFileIO) -> None:
        self._file = file

    def get(self, name: str) -> bytes | None:
        """Return the bytes of a stream; None if there is none, or it cannot be read."""
        try:
            if not self._file.exists(name):
                return None
            return bytes(self._file.openstream(name).read(_MAX_STREAM_BYTES))
        except (OSError, ValueError, IndexError):
            return None

    def title(self) -> str:
        """Return the title in the file's properties."""
        try:
            found = self._file.get_metadata()
        except (OSError, ValueError, IndexError, KeyError, TypeError):
            return ""
        page = found.codepage if isinstance(found.codepage, int) and found.codepage > 0 else 1252
        try:
            title = (found.title or b"").decode("utf-8" if page == _UTF8 else f"cp{page}", "replace")
        except (LookupError, AttributeError):
            return ""
        return " ".join(title.partition("\0")[0].split())


@contextmanager
def open_compound(data: bytes) -> Iterator[Streams]:
    """Open a compound file and close it afterwards.

    Raises: DamagedError: it is not one.
    """
    import olefile

    try:
        file = olefile.OleFileIO(io.BytesIO(data))
    except (OSError, ValueError, IndexError, TypeError, EOFError) as exc:
        raise DamagedError("The file is damaged; open and save it again.") from exc
    with file:
        yield Streams(file)
