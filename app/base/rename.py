"""Renames a knowledge base; its uploads are found in their new place.

Comes in: a base that nobody is writing to. Goes out: its folder under the new name. Never: two names for one base, or a base
split between them: renaming the folder does it, and the next process to open the base updates the paths of its uploads.
"""

from __future__ import annotations

import json
from pathlib import Path

from ...ingest.errors import InputError
from ...ingest.store.catalog import Catalog
from .config import Config
from .elsewhere import rename_elsewhere, rename_in

UPLOADS = "uploads"
"""The folder within a base's folder for uploaded files."""

_PLACE = "folder"


def rename(catalog: Catalog, config: Config, new: Config) -> None:
    """Rename the base of ``config`` to the name of ``new``; its catalog must be reopened.

    Raises:
        InputError: there is already a base of that name.
        StorageError: another process is writing to the base.
    """
    from .upkeep import writing

    with writing(config.folder):
        if new.folder.exists():
            raise InputError("there is a knowledge base {name!r} already; choose another name", name=new.name)
        remember_place(catalog, config.folder)
        config.folder.rename(new.folder)


def remember_place(catalog: Catalog, folder: Path) -> None:
    """Store where the base is, so that its uploads are found after a move."""
    if catalog.get(_PLACE) != str(folder):
        catalog.put(_PLACE, str(folder))


def follow(catalog: Catalog, folder: Path) -> None:
    """Update upload paths, and the base's name in answers from several bases, if its folder has moved."""
    was = catalog.get(_PLACE)
    if not was or was == str(folder):
        return
    if Path(was).parent == folder.parent and not Path(was).exists():
        rename_elsewhere(Path(was), folder)
    before, after = f"{was}/{UPLOADS}", f"{folder}/{UPLOADS}"
    with catalog.transaction() as connection:
        for table, column in (
            ("sources", "source"),
            ("sources", "root"),
            ("sources", "archive"),
            ("answer_sources", "source"),
        ):
            connection.execute(
                f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE {column} = ? OR {column} LIKE ? ESCAPE '^'",
                (after, len(before) + 1, before, f"{_literal(before)}/%"),
            )
        quoted, now = (json.dumps(place, ensure_ascii=False)[1:-1] for place in (f"{before}/", f"{after}/"))
        connection.execute("UPDATE answers SET answer = replace(answer, ?, ?)", (quoted, now))
        rename_in(connection, Path(was).name, folder.name)
        catalog.put(_PLACE, str(folder))


def _literal(text: str) -> str:
    """Return text escaped to match itself in a LIKE pattern."""
    return text.replace("^", "^^").replace("%", "^%").replace("_", "^_")
