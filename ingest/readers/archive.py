"""Archives are opened: each member is its own document.

Comes in: bytes of a zip, tar or gzip file. Goes out: member names and their bytes, one at a time. Never: a file written
to disk (a member's name is a label, whatever it says), or more than the limits on count, size, ratio and depth allow.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePath

from .. import media
from ..errors import DamagedError, EncryptedError, ReadError, TooLargeError, UnsupportedError
from ..package import zip_method
from ..text import encoding

ARCHIVES = frozenset({media.ZIP, media.TAR, media.GZIP})
MAX_MEMBERS = 10_000
MAX_ENTRIES = 60_000
"""Members, folders and noise together: a zip directory is read whole."""
MAX_TOTAL_BYTES = 2 * 1024**3
MAX_MEMBER_BYTES = 512 * 1024**2
MAX_RATIO = 200
"""Expanded to packed size, for members over a megabyte; text rarely packs better than 20 to 1."""
MAX_DEPTH = 3
_NAMELESS = "nameless"
_MEGABYTE = 1024**2


Content = bytes | ReadError
"""What a member holds, or why it could not be read."""


def members(data: bytes, name: str) -> Iterator[tuple[str, Content]]:
    """Yield (name, bytes) of each file in an archive; nested archives are opened too, named as ``outer.zip!inner.txt``.

    Empty members, folders and macOS resource forks are left out. Repeated names are distinguished by a number.
    A member that cannot be read is yielded with the error; the others follow.
    Raises: DamagedError, TooLargeError: as soon as the archive as a whole shows it, maybe after some members.
    """
    budget = [MAX_TOTAL_BYTES]
    seen: Counter[str] = Counter()
    for count, (label, content) in enumerate(_members(data, name, 1, budget)):
        if count >= MAX_MEMBERS:
            raise TooLargeError(
                "the archive holds more than {most:,} files; unpack it and ingest the folder", most=MAX_MEMBERS
            )
        seen[label] += 1
        yield label if seen[label] == 1 else f"{label} ({seen[label]})", content


def _members(data: bytes, name: str, depth: int, budget: list[int]) -> Iterator[tuple[str, Content]]:
    for label, content in _opened(data, name):
        if isinstance(content, ReadError):
            yield label, content
            continue
        budget[0] -= len(content)
        if budget[0] < 0:
            raise TooLargeError(
                "the archive expands to more than {most:,} bytes; unpack it first", most=MAX_TOTAL_BYTES
            )
        if _kind(content, label) not in ARCHIVES:
            yield label, content
        elif depth == MAX_DEPTH:
            yield (
                label,
                TooLargeError("archives are nested more than {most} deep; unpack the outer ones first", most=MAX_DEPTH),
            )
        else:
            yield from _inner(label, content, depth, budget)


def _inner(label: str, content: bytes, depth: int, budget: list[int]) -> Iterator[tuple[str, Content]]:
    try:
        for inner, inner_content in _members(content, label, depth + 1, budget):
            yield f"{label}!{inner}", inner_content
    except ReadError as error:
        if budget[0] < 0:
            raise
        yield label, error


def _kind(content: bytes, label: str) -> str:
    try:
        return media.sniff(content, label)
    except ReadError:
        return ""


_BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, OSError, EOFError, NotImplementedError, ValueError)


def _opened(data: bytes, name: str) -> Iterator[tuple[str, Content]]:
    try:
        if data.startswith(b"\x1f\x8b"):
            yield from _open_gzip(data, name)
        elif data[257:262] == b"ustar":
            yield from _open_tar(data)
        else:
            yield from _open_zip(data)
    except _BROKEN as exc:
        raise DamagedError("the archive is broken or cut off; get it again") from exc


def _open_zip(data: bytes) -> Iterator[tuple[str, Content]]:
    if int.from_bytes(data[data.rfind(b"PK\x05\x06") :][10:12], "little") > MAX_ENTRIES:
        raise TooLargeError(
            "the archive has more than {most:,} entries; unpack it and ingest the folder", most=MAX_ENTRIES
        )
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            label = _zip_name(info) or _NAMELESS
            if label.endswith("/") or _is_noise(label) or info.file_size == 0:
                continue
            yield label, _zip_content(archive, info, label)


def _zip_content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, label: str) -> Content:
    try:
        _check(label, info.file_size, info.compress_size)
        with archive.open(info) as stream:
            return _bounded(stream.read(info.file_size + 1), info.file_size, label)
    except ReadError as error:
        return error
    except NotImplementedError:
        return UnsupportedError(
            "it is packed with {method}, a zip method that kb cannot unpack; unpack the archive first",
            method=zip_method(info),
        )
    except _BROKEN:
        return DamagedError("this file in the archive is broken; get the archive again")
    except RuntimeError:
        return EncryptedError("the archive is protected by a password; unpack it first")


def _zip_name(info: zipfile.ZipInfo) -> str:
    """Return the name; without the UTF-8 flag zipfile assumes cp437, but Chinese and Japanese tools use their own."""
    utf8_flag = 0x800
    if info.flag_bits & utf8_flag or info.filename.isascii():
        return info.filename
    try:
        return encoding.decode(info.filename.encode("cp437")).text
    except (UnicodeEncodeError, ReadError):
        return info.filename


def _open_tar(data: bytes) -> Iterator[tuple[str, Content]]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for info in archive:
            if not info.isreg() or _is_noise(info.name) or info.size == 0:
                continue
            label = info.name.encode("utf-8", "replace").decode()
            stream = archive.extractfile(info)
            if info.size > MAX_MEMBER_BYTES:
                yield (
                    label,
                    TooLargeError("it has {n_bytes:,} bytes; unpack the archive if you trust it", n_bytes=info.size),
                )
            elif stream is not None:
                yield label, stream.read()


def _open_gzip(data: bytes, name: str) -> Iterator[tuple[str, Content]]:
    limit = min(MAX_MEMBER_BYTES, max(len(data) * MAX_RATIO, _MEGABYTE))
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
        content = _bounded(stream.read(limit + 1), limit, name)
    plain = PurePath(name)
    label = f"{plain.stem}.tar" if plain.suffix.lower() == ".tgz" else plain.stem or "content"
    if content:
        yield label, content


def _check(label: str, size: int, packed: int) -> None:
    if size > MAX_MEMBER_BYTES or (size > _MEGABYTE and size > packed * MAX_RATIO):
        raise TooLargeError(
            "{name} expands to {n_bytes:,} bytes; unpack the archive if you trust it", name=label, n_bytes=size
        )


def _bounded(content: bytes, limit: int, label: str) -> bytes:
    if len(content) > limit:
        raise TooLargeError(
            "{name} expands to more than {limit:,} bytes; unpack the archive if you trust it", name=label, limit=limit
        )
    return content


def _is_noise(label: str) -> bool:
    parts = label.replace("\\", "/").split("/")
    return "__MACOSX" in parts or parts[-1] in {".DS_Store", "Thumbs.db"}
