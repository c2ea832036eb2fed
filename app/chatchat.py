"""Imports the knowledge bases of Langchain-Chatchat.

Comes in: its ``knowledge_base`` folder (``<name>/content``, ``info.db``). Goes out: an ingest report for each base, and what
could not be imported. Never: a change to that folder, or a pickled vector store opened: unpickling runs what is in it.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ..ingest.document import IngestReport, Progress
from ..ingest.errors import InputError
from .api import KnowledgeBase
from .base.config import Config, load_config

_TABLES = {
    "knowledge_base": ("kb_name", "kb_info", "vs_type", "embed_model"),
    "knowledge_file": ("kb_name", "file_name", "custom_docs"),
    "summary_chunk": ("kb_name",),
    "conversation": (),
    "message": (),
}
"""Tables and columns of ``info.db`` that are read; older versions lack some."""
_CONTENT, _DATABASE = "content", "info.db"
_NOT_IN_NAMES = re.compile(r"[^\w-]+")

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Taken:
    """The result for one knowledge base."""

    name: str
    """Its name in kb."""
    was: str
    """Its name in Chatchat."""
    report: IngestReport | None
    """``None``: nothing of it could be read."""
    left: tuple[str, ...]
    """What was not imported, as sentences."""


@dataclass(frozen=True, slots=True)
class Chatchat:
    """A folder of Langchain-Chatchat."""

    folder: Path
    tables: Mapping[str, tuple[Row, ...]]
    """Rows of ``info.db``; empty if it cannot be read."""
    notes: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The knowledge bases: those with files, and those only in the database."""
        on_disk = {path.parent.name for path in self.folder.glob(f"*/{_CONTENT}") if path.is_dir()}
        return tuple(sorted(on_disk | {str(row["kb_name"]) for row in self.tables["knowledge_base"]}))


def open_chatchat(path: Path) -> Chatchat:
    """Read a Langchain-Chatchat folder: its root, its ``data``, or its ``knowledge_base``.

    Raises:
        InputError: it is not one of these.
    """
    for folder in (path, path / "knowledge_base", path / "data" / "knowledge_base"):
        if any(folder.glob(f"*/{_CONTENT}")) or (folder / _DATABASE).is_file():
            break
    else:
        raise InputError(
            "{path} is not a folder of Langchain-Chatchat: there is no NAME/{content} and no {database} in it; give "
            "its data/knowledge_base",
            path=path,
            content=_CONTENT,
            database=_DATABASE,
        )
    tables: dict[str, tuple[Row, ...]] = dict.fromkeys(_TABLES, ())
    notes: tuple[str, ...] = ()
    try:
        with closing(sqlite3.connect(f"{(folder / _DATABASE).absolute().as_uri()}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            tables = {table: _rows(connection, table) for table in _TABLES}
    except sqlite3.Error as error:
        notes = (f"{_DATABASE} cannot be read ({error}): what it says of the files is not known.",)
    return Chatchat(folder.absolute(), tables, notes)


def take_over(
    chatchat: Chatchat,
    *,
    home: Path | None = None,
    embedder: str | None = None,
    force: bool = False,
    progress: Progress | None = None,
    say: Callable[[str], None] | None = None,
) -> tuple[Taken, ...]:
    """Ingest the files of each base under its name; the files stay where they are. If interrupted, call it again.

    Args:
        chatchat: see ``open_chatchat``.
        home: as for ``KnowledgeBase.open``.
        embedder: likewise.
        force: add to bases of these names that hold other files.
        progress: as for ``KnowledgeBase.ingest``.
        say: likewise.
    Raises:
        InputError: a base of one of these names holds other files; nothing was done.
    """
    names = _names(chatchat)
    configs = {was: load_config(home=home, name=name, embedder=embedder) for was, name in names.items()}
    for was, config in configs.items():
        if not force and _holds_other_files(config, chatchat.folder / was):
            raise InputError(
                "there is a knowledge base {name!r} already, with other files; --force adds those of Chatchat to it",
                name=config.name,
            )
    done = []
    for was, config in configs.items():
        content = chatchat.folder / was / _CONTENT
        if not content.is_dir():
            done.append(Taken(config.name, was, None, (f"{was}: there is no folder {content}; nothing was read.",)))
            continue
        with KnowledgeBase(config) as kb:
            report = kb.ingest([content], progress=progress, say=say)
        done.append(Taken(config.name, was, report, _left(chatchat, was, config.name)))
    return tuple(done)


def _names(chatchat: Chatchat) -> dict[str, str]:
    """Return a unique kb name for each base."""
    names: dict[str, str] = {}
    for was in chatchat.names:
        plain = _NOT_IN_NAMES.sub("-", was).lstrip("-_")[:60] or "base"
        taken = set(names.values()) | {"models", "prompts"}
        names[was] = next(name for name in (plain, *(f"{plain}-{at}" for at in range(2, 1000))) if name not in taken)
    return names


def _holds_other_files(config: Config, folder: Path) -> bool:
    if not config.is_there:
        return False
    with KnowledgeBase(config) as kb:
        rows = kb.sources()
    return bool(rows) and not any(Path(row.source).is_relative_to(folder) for row in rows)


def _left(chatchat: Chatchat, was: str, name: str) -> tuple[str, ...]:
    """Return notes on what was not imported from a base."""
    mine = {
        table: [row for row in rows if row["kb_name"] == was]
        for table, rows in chatchat.tables.items()
        if "kb_name" in _TABLES[table]
    }
    content = chatchat.folder / was / _CONTENT
    left = [f"It is called {name!r} here: {was!r} has characters that a name cannot have."] if name != was else []
    for row in mine["knowledge_base"]:
        if row["embed_model"]:
            left.append(f"Its {row['vs_type']} vectors of {row['embed_model']} were not taken: kb makes its own.")
        if row["kb_info"]:
            left.append(f"Its description was not taken: {row['kb_info']}")
    for row in mine["knowledge_file"]:
        file = str(row["file_name"])
        if not (content / file).is_file():
            left.append(f"{file}: its database lists it, but it is not in {content}.")
        elif row["custom_docs"]:
            left.append(f"{file}: its passages were edited by hand in Chatchat; kb read the file as it is on disk.")
    if mine["summary_chunk"]:
        left.append(f"{len(mine['summary_chunk'])} summaries that a model wrote were not taken.")
    return tuple(left)


def conversations(chatchat: Chatchat) -> tuple[str, ...]:
    """Return notes on what belongs to no base and was not imported."""
    counts = [(len(chatchat.tables["conversation"]), len(chatchat.tables["message"]))]
    talk = [f"{n} conversations with {m} messages were not taken over." for n, m in counts if n or m]
    return (*chatchat.notes, *talk)


def _rows(connection: sqlite3.Connection, table: str) -> tuple[Row, ...]:
    there = {str(row["name"]) for row in connection.execute(f"PRAGMA table_info({table})")}
    if not there:
        return ()
    wanted = [column if column in there else f"NULL AS {column}" for column in _TABLES[table]] or ["1 AS one"]
    return tuple(dict(row) for row in connection.execute(f"SELECT {', '.join(wanted)} FROM {table}"))
