"""What is done with one file on disk, in this process or in a worker.

A file's content never raises an exception here, and only one archive member is in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from .. import media
from ..document import Document, Failure, document_id
from ..errors import EmptyFileError, ReadError
from ..readers import archive
from ..readers.table import identify
from .discover import Found
from .read import AS_IT_IS, MAX_BYTES, Treatment, load, read_bytes

_KINDS = frozenset({media.PLAIN, media.MARKDOWN, media.RST, media.SRT, media.VTT, media.ORG, media.ASCIIDOC})
_MOST_FILES, _MOST_BYTES = 64, 1_000_000
_PICTURE = b"data:image/"


def is_quick(files: Sequence[Found]) -> bool:
    """Return whether files are few, small and plain, without pictures, which take seconds and may be hostile."""
    if len(files) > _MOST_FILES or sum(found.size for found in files) > _MOST_BYTES:
        return False
    return all(_is_plain(found.path) for found in files)


def _is_plain(path: Path) -> bool:
    if not _is_plain_kind(media.SUFFIXES.get(path.suffix.lower(), "")):
        return False
    try:
        data = path.read_bytes()
        # By content, as readers decide: a PDF or a page of 180,000 elements may be called note.txt.
        return _PICTURE not in data.lower() and _is_plain_kind(media.sniff(data, path.name))
    except (OSError, ReadError):
        return True  # it will fail here as well as there


def _is_plain_kind(kind: str) -> bool:
    return kind in _KINDS or kind.startswith("text/x-")


@dataclass(frozen=True, slots=True)
class Job:
    """A file to read."""

    path: str
    size: int
    known: frozenset[str] = frozenset()
    """Documents that need not be read again: a copy, a rename, a file or member that was only touched."""
    treatment: Treatment = AS_IT_IS
    max_bytes: int = MAX_BYTES
    done_members: int = 0
    """How many archive members are already done; it continues after them."""


@dataclass(frozen=True, slots=True)
class Started:
    """An archive's member is about to be read."""

    source: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file or of a member."""

    source: str
    size: int
    result: Document | Failure | str
    """A string: the id of a known document."""


@dataclass(frozen=True, slots=True)
class Done:
    """The file is finished."""

    is_archive: bool


@dataclass(frozen=True, slots=True)
class Alive:
    """A slow page is done: the time limit starts again."""


Event = Started | Taken | Done | Alive


def take(job: Job) -> Iterator[Event]:
    """Yield what becomes of a file, piece by piece; ``Done`` comes last."""
    try:
        data = load(Path(job.path), job.max_bytes)
        _, kind = identify(data, job.path)
    except ReadError as error:
        yield Taken(job.path, job.size, failure_of(job.path, error))
        yield Done(is_archive=False)
        return
    if kind in archive.ARCHIVES:
        yield from _take_members(job, data)
    else:
        taken = _taken(job, job.path, data)
        del data  # it must be gone while the document is sent
        yield taken
    yield Done(kind in archive.ARCHIVES)


def look(job: Job) -> Iterator[tuple[str, str | Failure]]:
    """Yield, for a file or each archive member, which document it would be, without reading it.

    An archive that cannot be opened to its end yields itself last, with a failure.
    """
    try:
        data = load(Path(job.path), job.max_bytes)
        _, kind = identify(data, job.path)
        if kind not in archive.ARCHIVES:
            yield job.path, _identity(job, job.path, data)
            return
        for label, content in archive.members(data, Path(job.path).name):
            source = f"{job.path}!{label}"
            yield (
                source,
                failure_of(source, content) if isinstance(content, ReadError) else _identity(job, source, content),
            )
    except ReadError as error:
        yield job.path, failure_of(job.path, error)


def _identity(job: Job, source: str, data: bytes) -> str | Failure:
    try:
        return document_id(identify(data, source)[1], data, job.treatment.key)
    except ReadError as error:
        return failure_of(source, error)


def failure_of(source: str, error: ReadError) -> Failure:
    """Return the failure for an error."""
    return Failure(source, error.kind, str(error))


def _take_members(job: Job, data: bytes) -> Iterator[Event]:
    n_members = 0
    try:
        for label, content in islice(archive.members(data, Path(job.path).name), job.done_members, None):
            n_members += 1
            source = f"{job.path}!{label}"
            yield Started(source)
            if isinstance(content, ReadError):
                yield Taken(source, 0, failure_of(source, content))
            else:
                yield _taken(job, source, content)
        if n_members + job.done_members == 0:
            raise EmptyFileError("the archive holds no files; there is nothing to read")
    except ReadError as error:
        yield Taken(job.path, job.size, failure_of(job.path, error))


def _taken(job: Job, source: str, data: bytes) -> Taken:
    result: str | Document | Failure = _identity(job, source, data)
    if isinstance(result, str) and result not in job.known:
        try:
            result = read_bytes(data, source, job.treatment)
        except ReadError as error:
            result = failure_of(source, error)
    return Taken(source, len(data), result)


def behind(job: Job, n_members: int) -> Job:
    """Return the job that continues after that many more members."""
    return replace(job, done_members=job.done_members + n_members)
