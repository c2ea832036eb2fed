"""Puts uploaded files into a base, folders included; web page and API both use it.

Comes in: names from the visitor's computer, and bytes on disk. Goes out: files under ``uploads/`` of the base, and the
folder where they wait until then.
Never: a name that leads out of that folder, or a partial file where an ingest could read it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from filelock import FileLock, Timeout

from ...ingest.errors import InputError
from ..api import KnowledgeBase
from ..base.rename import UPLOADS, remember_place

_SPOOL, _HELD = "kb-uploads-", ".held"
_PART = "tmp*"
"""How the page calls an upload that is arriving; a whole one has a folder of its own."""
_COPYING_S = 3600
"""Age at which a folder with what was being moved into a base is that of a killed process."""
_INCOMING = ".incoming-"
_MAX_DEPTH = 20
_MAX_NAME_BYTES = 200


class Spool:
    """Where uploads wait until they are ingested: a folder of this process alone, locked as long as it lives."""

    def __init__(self) -> None:
        """Make the folder, and remove those whose process was killed."""
        _sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=_SPOOL))
        self._lock = FileLock(str(self.folder / _HELD), timeout=0)
        self._lock.acquire()

    def sweep(self, *, others_arrive: bool) -> None:
        """Remove parts of uploads whose client went away: those that are not open, where that can be told."""
        parts = [place for place in self.folder.glob(_PART) if place.is_file()]
        arriving = (_open_files() if parts else set()) if others_arrive else set()
        for place in parts:
            if arriving is not None and place.name not in arriving:
                place.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove it with the uploads that were never ingested."""
        self._lock.release()
        shutil.rmtree(self.folder, ignore_errors=True)


def _sweep() -> None:
    """Remove the spool folders of this user that no process holds."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_SPOOL}*"):
        with suppress(OSError, Timeout):
            if not _is_ours(folder) or not (folder / _HELD).is_file():  # without it, it is just being made
                continue
            FileLock(str(folder / _HELD), timeout=0).acquire().lock.release()
            shutil.rmtree(folder, ignore_errors=True)


def sweep_bases(home: Path) -> None:
    """Remove what killed processes were moving into the bases of a home."""
    for folder in home.glob(f"*/{_INCOMING}*"):
        if _age_s(folder) > _COPYING_S:
            shutil.rmtree(folder, ignore_errors=True)


def incoming(kb: KnowledgeBase) -> tempfile.TemporaryDirectory[str]:
    """Return a new folder on the disk of a base, removed with its content at the end of its ``with`` block."""
    return tempfile.TemporaryDirectory(prefix=_INCOMING, dir=kb.config.folder)


def _open_files() -> set[str] | None:
    """Return the names of the files that this process has open; ``None`` where the system does not say."""
    found = set()
    try:
        for link in Path("/proc/self/fd").iterdir():
            with suppress(OSError):  # it was closed meanwhile
                found.add(link.readlink().name)
    except OSError:
        return None
    return found


def _age_s(place: Path) -> float:
    """Return the seconds since anything in a folder was written to; below 0 if it is gone."""
    with suppress(OSError):
        newest: float = max(one.stat().st_mtime for one in (place, *place.iterdir()))
        return time.time() - newest
    return -1.0


def _is_ours(folder: Path) -> bool:
    """Return whether a folder was made by this user; in a temporary folder for all, another's name may be a trap."""
    return not folder.is_symlink() and (os.name == "nt" or folder.stat().st_uid == os.getuid())


def keep(kb: KnowledgeBase, files: Sequence[tuple[str, Path]]) -> list[Path]:
    """Move files into the base's uploads, replacing any of the same name; return their paths.

    Args:
        kb: the base.
        files: ``(name, current path)``; a name may have folders: ``notes/2024/may.md``.
    Raises:
        InputError: a name is invalid, or two files have the same name; nothing was done.
    """
    uploads = kb.config.folder / UPLOADS
    places = [uploads / Path(*_parts(name)) for name, _ in files]
    _check(places, [name for name, _ in files], uploads)
    with incoming(kb) as folder:
        arrived = [Path(shutil.move(path, Path(folder) / str(at))) for at, (_, path) in enumerate(files)]
        for path, place in zip(arrived, places, strict=True):
            place.parent.mkdir(parents=True, exist_ok=True)
            path.replace(place)
    remember_place(kb.catalog, kb.config.folder)
    return places


def file_name(given: str) -> str:
    """Return the name to store an uploaded file under.

    Raises:
        InputError: it is not a plain file name: a path, a hidden file, control characters, or too long.
    """
    plain = PurePosixPath(given.replace("\\", "/")).name
    wrong = plain != given or given.startswith(".") or not given.isprintable() or not given.strip()
    if wrong or len(given.encode(errors="replace")) > _MAX_NAME_BYTES or set(given) & set(':*?"<>|'):
        raise InputError(
            "{name!r} cannot name an uploaded file; rename it to plain letters and a suffix", name=given[:80]
        )
    return given


def _parts(name: str) -> list[str]:
    parts = name.split("/")
    if len(parts) > _MAX_DEPTH:
        raise InputError(
            "{name!r} lies {n} folders deep; the limit is {most}", name=name[:80], n=len(parts), most=_MAX_DEPTH
        )
    return [file_name(part) for part in parts]


def _check(places: Sequence[Path], names: Sequence[str], uploads: Path) -> None:
    """Reject duplicate names, and a name used as both file and folder, before anything is moved."""
    chosen = set(places)
    for number, (place, name) in enumerate(zip(places, names, strict=True)):
        if place in places[:number]:
            raise InputError(
                "{n} files were sent, several of them named {name!r}; rename them", n=len(places), name=name
            )
        above = [folder for folder in place.parents if folder.is_relative_to(uploads)]
        if place.is_dir() or any(folder in chosen or folder.is_file() for folder in above):
            raise InputError("{name!r} is a file and a folder at once in the uploads; rename it", name=name[:80])
