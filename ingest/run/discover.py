"""Which files a run is about: folders, globs and single files become a sorted list of paths.

Comes in: what the user gave. Goes out: paths with the root they were found under, and what was skipped and why.
Never: opens a file, follows a link out of the given folder, or stops for one folder that cannot be listed.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from ..document import Failure
from ..errors import InputError
from ..notice import Notice
from ..paths import expanded


def is_utf8(path: Path) -> bool:
    """Return whether a path can be written down: SQLite, JSON and terminals take UTF-8 only."""
    return os.fsencode(path) == str(path).encode("utf-8", "replace")


def spelt(path: str | Path) -> str:
    r"""Return a path with its non-UTF-8 bytes spelt out, as ``\xba\xcf.txt``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def wrong_name(path: Path) -> str:
    """Return what is wrong with a path that is not UTF-8, and what to do."""
    names = [os.fsencode(part) for part in path.parts if not is_utf8(Path(part))]
    try:
        meant = ", ".join(name.decode("gb18030") for name in names)
    except UnicodeDecodeError:
        return Notice("Its path is not in UTF-8; rename it.")
    return Notice(
        "Its path is not in UTF-8; in GB18030 it is {meant}: rename it, with convmv -f gb18030 -t utf8 for example.",
        meant=meant,
    )


IGNORED_FOLDERS = frozenset({"node_modules", "__pycache__", "__MACOSX", "venv", "site-packages"})
"""Skipped inside a folder, along with every name that begins with a dot; a path given by name is not."""
IGNORED_FILES = ("~$*", "*.tmp", "*.part", "*.crdownload", "*.swp", "*.pyc", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True, slots=True)
class Found:
    """A file to ingest."""

    path: Path
    """Absolute."""
    root: Path
    """The absolute path of the given folder or file."""
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Discovery:
    """What there is to do: files sorted by path, without duplicates; the roots; and folders that could not be listed."""

    files: tuple[Found, ...]
    roots: tuple[Path, ...]
    patterns: tuple[str, ...]
    """The globs among the given paths."""
    failed: tuple[Failure, ...]
    links: tuple[Path, ...] = ()
    """Links that lead out of the folder they were found in; they are not followed."""

    def covers(self, source: str) -> bool:
        """Return whether ``source`` would have been looked at if it were there: if not found, it has vanished."""
        path = Path(source)
        if any(path.is_relative_to(failure.source) for failure in self.failed):
            return False
        return any(path.is_relative_to(root) for root in self.roots) or any(fnmatch(source, p) for p in self.patterns)


def discover(
    paths: Iterable[str | os.PathLike[str]], include: Sequence[str] = (), exclude: Sequence[str] = ()
) -> Discovery:
    """Find the files under ``paths``.

    Args:
        paths: files, folders (walked whole) and globs (``**`` goes down). Each must match something.
        include: if any, files in folders must match one of these patterns, by name or path below the root.
        exclude: files and folders inside folders to skip, by name or path below the root.
    Raises:
        InputError: a path does not exist or a glob matches nothing; nothing was done.
    """
    given = [expanded(path) for path in paths]
    roots = _roots(given)
    patterns = tuple(str(path.absolute()) for path in given if not _exists(path))
    found: dict[Path, Found] = {}
    failed: list[Failure] = []
    links: list[Path] = []
    for root in roots:
        for path in _walk(root, include, exclude, failed, links) if root.is_dir() else iter([root]):
            if path not in found:
                _add(path, root, found, failed)
    files = tuple(found[path] for path in sorted(found))
    return Discovery(files, tuple(roots), patterns, tuple(failed), tuple(links))


def _roots(given: Iterable[Path]) -> list[Path]:
    roots: list[Path] = []
    for path in given:
        if _exists(path):
            matches = [path]
        elif glob.has_magic(str(path)):
            matches = [Path(match) for match in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207 - Path.glob takes no absolute pattern
        else:
            matches = []
        if not matches and os.path.islink(path):  # noqa: PTH114 - as in _exists
            raise InputError(
                "{path!r}: a link to {target!r}, which is not there; fix or remove it",
                path=str(path),
                target=str(path.readlink()),
            )
        if not matches:
            raise InputError(
                "{path!r}: no such file or folder; check the path (quote it if it has spaces)", path=str(path)
            )
        roots += [match.absolute() for match in matches]
    return [Path(os.path.normpath(root)) for root in dict.fromkeys(roots)]


def _exists(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - Path's own fails on names that are too long


def _walk(
    root: Path, include: Sequence[str], exclude: Sequence[str], failed: list[Failure], links: list[Path]
) -> Iterator[Path]:
    """Yield the files of a folder. A link is followed if it leads within the same folder, once and never in a circle."""

    def note(error: OSError) -> None:
        failed.append(
            Failure(
                spelt(error.filename), "unreadable", Notice("The folder cannot be listed: {why}.", why=error.strerror)
            )
        )

    inside = root.resolve()
    walked: set[Path] = set()

    def is_followed(path: Path) -> bool:
        if not path.is_symlink() or not path.exists():
            return True  # a dangling link is reported when looked at
        target = path.resolve()
        if not target.is_relative_to(inside):
            links.append(path)
            return False
        if not target.is_dir():
            return True
        is_new = target not in walked and not path.parent.resolve().is_relative_to(target)
        walked.add(target)
        return is_new

    for folder, subfolders, names in os.walk(root, onerror=note, followlinks=True):
        here = Path(folder)
        subfolders[:] = sorted(
            name
            for name in subfolders
            if not _ignored_folder(name) and not _matches(here / name, root, exclude) and is_followed(here / name)
        )
        for name in sorted(names):
            path = here / name
            if _ignored_file(name) or _matches(path, root, exclude) or (include and not _matches(path, root, include)):
                continue
            if is_followed(path):
                yield path


def _add(path: Path, root: Path, found: dict[Path, Found], failed: list[Failure]) -> None:
    if not is_utf8(path):
        failed.append(Failure(spelt(path), "unreadable", wrong_name(path)))
        return
    try:
        status = path.stat()
    except OSError as error:
        reason = Notice("The file cannot be looked at: {why}.", why=error.strerror)
        if path.is_symlink() and isinstance(error, FileNotFoundError):
            reason = Notice(
                "It is a link to {target!r}, which is not there; fix or remove it.", target=str(path.readlink())
            )
        failed.append(Failure(str(path), "unreadable", reason))
        return
    if path.is_file():  # not a socket, pipe or device, which could block for ever
        found[path] = Found(path, root, status.st_size, status.st_mtime_ns)


def _ignored_folder(name: str) -> bool:
    return name.startswith(".") or name in IGNORED_FOLDERS


def _ignored_file(name: str) -> bool:
    return name.startswith(".") or any(fnmatch(name, pattern) for pattern in IGNORED_FILES)


def _matches(path: Path, root: Path, patterns: Sequence[str]) -> bool:
    below = path.relative_to(root).as_posix()
    return any(fnmatch(path.name, pattern) or fnmatch(below, pattern) for pattern in patterns)
