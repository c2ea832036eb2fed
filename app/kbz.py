"""A knowledge base as one file, ``NAME.kbz``: a zip of its catalog (text, passages, vectors) and a manifest of checksums.

Comes in: an open base, or such a file. Goes out: the file, or a base with the same fingerprint, without embedding again.
Never: a partial base, a name in the file used as a path, or the packer's answers or model paths, unless requested.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import tempfile
import time
import uuid
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO

from .. import __version__
from ..ingest.errors import InputError, KBError, StorageError
from ..ingest.notice import Notice
from ..ingest.store.catalog import Catalog, fingerprint
from ..ingest.store.database import FILE, backups
from ..ingest.store.keywords import Tokenizer
from ..ingest.store.schema import VERSION
from ..retrieval.words.tokens import TOKENS_VERSION, tokens
from .api import KnowledgeBase
from .base.config import Config, load_config
from .base.upkeep import writing

FORMAT = 1
"""Incremented when an older kb could no longer read the format."""

_MANIFEST, _CATALOG = "manifest.json", FILE
_MAX_MANIFEST = 1_000_000
_PIECE = 1 << 20
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    RuntimeError,
    NotImplementedError,
    ValueError,
    KeyError,
    TypeError,
)
"""What ``zipfile`` and ``json`` raise on damaged input."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The file's own description."""

    format: int
    kb: str
    schema: int
    """Schema version of the catalog."""
    name: str
    created: str
    """UTC, ISO 8601."""
    embedder: str
    """The embedder's fingerprint; ``tfidf`` for none."""
    fingerprint: str
    """The index's fingerprint."""
    n_documents: int
    n_chunks: int
    n_vectors: int
    catalog_bytes: int
    catalog_sha256: str


def pack(kb: KnowledgeBase, path: Path, *, answers: bool = False, force: bool = False) -> Manifest:
    """Write a snapshot of a base to ``path``; other writers are not blocked.

    Args:
        kb: the base.
        path: the file to write; an existing file is kept unless ``force``.
        answers: include the recorded questions and answers.
        force: replace an existing file.
    Raises:
        InputError: the file exists already, or cannot be written.
    """
    if path.exists() and not force:
        raise InputError("{path} is there already; choose another name, or replace it with --force", path=path)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    beside = None if kb.catalog.is_read_only else kb.config.folder
    try:
        with tempfile.TemporaryDirectory(prefix=".export-", dir=beside) as folder:
            copy = Path(folder) / _CATALOG
            _copy(kb.catalog, copy, answers=answers)
            manifest = replace(_describe(kb, copy), catalog_bytes=copy.stat().st_size, catalog_sha256=_digest(copy))
            with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(_MANIFEST, _written(manifest))
                archive.write(copy, _CATALOG)
        part.replace(path)
    except OSError as error:
        raise InputError(
            "{path}: cannot be written ({why}); choose another place", path=path, why=error.strerror
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return manifest


def unpack(path: Path, *, home: Path | None = None, name: str | None = None, force: bool = False) -> Manifest:
    """Create a base from a file that ``pack`` wrote; ``name`` in the returned manifest is the base's.

    Args:
        path: the file.
        home: the folder of all knowledge bases, as for ``KnowledgeBase.open``.
        name: the name of the base; by default its original name.
        force: replace an existing base. Processes that have it open use the new one from their next question on.
    Raises:
        InputError: the file is not a kb archive, is damaged or modified, was written by a newer kb, or the base exists
            already; nothing was written.
        StorageError: another process is writing to the base to be replaced, or the disk is full.
    """
    with _opened(path) as (archive, manifest):
        config = load_config(home=home, name=name or manifest.name)
        is_there = config.is_there
        if is_there and not force:
            raise InputError(
                "there is a knowledge base {name!r} in {home} already; take another name with --name, or replace it "
                "with --force",
                name=config.name,
                home=config.home,
            )
        config.home.mkdir(parents=True, exist_ok=True)
        with _staging(config.home) as folder:
            _extract(archive, manifest, folder / _CATALOG, path)
            with closing(_checked(folder, manifest, path)) as catalog:
                if is_there:
                    _replace(catalog, config)
            if not is_there:
                _place(folder, config)
    return replace(manifest, name=config.name)


# Packing


def _copy(catalog: Catalog, copy: Path, *, answers: bool) -> None:
    catalog.connection().execute("VACUUM INTO ?", (str(copy),))
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        for pragma in ("foreign_keys=ON", "secure_delete=ON", "journal_mode=DELETE"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(
            "DELETE FROM meta WHERE key LIKE 'model %' OR key IN ('fingerprint', 'folder', 'indexed', 'store', 'store id')"
        )
        if not answers:
            connection.execute("DELETE FROM answers")
            connection.execute("DELETE FROM sessions")
        connection.execute("VACUUM")


def _describe(kb: KnowledgeBase, copy: Path) -> Manifest:
    embedder = kb.embedder.fingerprint if kb.embedder else "tfidf"
    with closing(Catalog(copy.parent, _tokenizer())) as catalog:
        return Manifest(
            format=FORMAT,
            kb=__version__,
            schema=VERSION,
            name=kb.config.name,
            created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            embedder=embedder,
            fingerprint=fingerprint(catalog, embedder),
            n_documents=catalog.count("documents"),
            n_chunks=catalog.count("chunks"),
            n_vectors=catalog.count("vectors"),
            catalog_bytes=0,
            catalog_sha256="",
        )


def _written(manifest: Manifest) -> str:
    values = asdict(manifest)
    return json.dumps(values | {"checksum": _checksum(values)}, ensure_ascii=False, indent=2)


def _checksum(values: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# Unpacking


@contextmanager
def _opened(path: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError as error:
        raise InputError("{path} does not exist; check the path", path=path) from error
    except (*_UNREADABLE, OSError) as error:
        raise _damaged(path, str(error)) from error
    with archive:
        yield archive, _manifest(archive, path)


def _manifest(archive: zipfile.ZipFile, path: Path) -> Manifest:
    names = sorted(archive.namelist())
    if _MANIFEST not in names:
        raise InputError(
            "{path} is not an archive of kb: it has no {manifest}; make one with: kb export FILE.kbz",
            path=path,
            manifest=_MANIFEST,
        )
    try:
        with archive.open(_MANIFEST) as file:
            values = json.loads(file.read(_MAX_MANIFEST))
        newer = values["format"] > FORMAT or values["schema"] > VERSION
        checksum = values.pop("checksum")
        if newer:
            raise InputError(
                "{path} was written by kb {theirs}, which is newer than this one ({ours}); upgrade kb",
                path=path,
                theirs=values["kb"],
                ours=__version__,
            )
        manifest = Manifest(**values)
    except _UNREADABLE as error:
        raise _damaged(path, Notice("its manifest cannot be read: {why}", why=error)) from error
    if checksum != _checksum(values):
        raise _damaged(path, Notice("its manifest was changed"))
    if names != sorted((_MANIFEST, _CATALOG)):
        raise _damaged(path, Notice("it holds {n} files where 2 belong", n=len(names)))
    return manifest


@contextmanager
def _staging(home: Path) -> Iterator[Path]:
    folder = home / f".import-{uuid.uuid4().hex}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _extract(archive: zipfile.ZipFile, manifest: Manifest, place: Path, path: Path) -> None:
    if manifest.catalog_bytes > shutil.disk_usage(place.parent).free:
        raise StorageError(
            "{folder}: the disk has no room for {n_bytes:,} bytes; make some",
            folder=place.parent.parent,
            n_bytes=manifest.catalog_bytes,
        )
    digest = hashlib.sha256()
    left = manifest.catalog_bytes
    try:
        with archive.open(_CATALOG) as file, place.open("wb") as out:
            for piece in _pieces(file):
                left -= len(piece)
                if left < 0:
                    break
                digest.update(piece)
                out.write(piece)
    except _UNREADABLE as error:
        raise _damaged(path, str(error)) from error
    if left or digest.hexdigest() != manifest.catalog_sha256:
        raise _damaged(path, Notice("its catalog is not what its manifest says"))


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


def _checked(folder: Path, manifest: Manifest, path: Path) -> Catalog:
    """Verify the catalog in ``folder`` against the manifest, migrate it, and open it."""
    with closing(sqlite3.connect(folder / _CATALOG)) as connection:
        try:
            strange = connection.execute(
                "SELECT count(*) FROM sqlite_master WHERE type IN ('trigger', 'view')"
            ).fetchone()
            sound = connection.execute("PRAGMA quick_check").fetchone()[0] == "ok"
        except sqlite3.DatabaseError as error:
            raise _damaged(path, str(error)) from error
    if strange[0] or not sound:
        raise _damaged(path, Notice("its catalog is not one that kb writes"))
    try:
        catalog = Catalog(folder, _tokenizer())
        if fingerprint(catalog, manifest.embedder) == manifest.fingerprint:
            return catalog
    except (KBError, sqlite3.DatabaseError) as error:
        raise _damaged(path, str(error)) from error
    catalog.close()
    raise _damaged(path, Notice("its fingerprint is not the one in its manifest"))


def _replace(catalog: Catalog, config: Config) -> None:
    """Replace the base's catalog in one transaction, so that open readers follow."""
    with writing(config.folder), closing(Catalog(config.folder, _tokenizer())) as old:
        catalog.put("generation", str(max(catalog.generation, old.generation) + 1))
        catalog.put("content", catalog.get("generation"))
        try:
            catalog.connection().backup(old.connection())
        except sqlite3.Error as error:
            raise StorageError(
                "{folder}: cannot be replaced ({why}); try again", folder=config.folder, why=error
            ) from error


def _place(folder: Path, config: Config) -> None:
    for copy in backups(folder / _CATALOG):
        copy.unlink()
    try:
        if config.folder.is_dir():
            config.folder.rmdir()  # an empty folder of this name is not a base
        folder.rename(config.folder)
    except OSError as error:
        raise InputError(
            "{folder}: is in the way ({why}); remove it, or take another --name", folder=config.folder, why=error
        ) from error


def _tokenizer() -> Tokenizer:
    return Tokenizer(tokens, TOKENS_VERSION)


def _damaged(path: Path, why: str) -> InputError:
    return InputError(
        "{path} is damaged, or no archive of kb ({why}); nothing was imported: export or copy it again",
        path=path,
        why=why,
    )
