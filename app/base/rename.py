"""A knowledge base gets another name, and what was uploaded to it is found in its new place.

Comes in: a base that nobody writes to. Goes out: its folder under the new name. Never: two names for one base, or half of it
under each: one rename of the folder does it, and whoever opens it next brings the places of uploads up to date.
"""

from __future__ import annotations

import json
from pathlib import Path

from ...ingest.errors import InputError
from ...ingest.store.catalog import Catalog
from .config import Config
from .elsewhere import rename_elsewhere, rename_in

UPLOADS = "uploads"
"""The folder in a base's folder where uploaded files are kept."""

_PLACE = "folder"


def rename(catalog: Catalog, config: Config, new: Config) -> None:
    """Give the base of ``config`` the name of ``new``; its catalog must be opened again.

    Raises:
        InputError: there is a base of that name.
        StorageError: another process is writing to it.
    """
    from .upkeep import writing

    with writing(config.folder):
        if new.folder.exists():
            raise InputError("there is a knowledge base {name!r} already; choose another name", name=new.name)
        remember_place(catalog, config.folder)
        config.folder.rename(new.folder)


def remember_place(catalog: Catalog, folder: Path) -> None:
    """Note where the base is, so that its uploads are found when it is moved."""
    if catalog.get(_PLACE) != str(folder):
        catalog.put(_PLACE, str(folder))


def follow(catalog: Catalog, folder: Path) -> None:
    """Bring the places of uploads, and its name in answers from several bases, up to date when a base is not where it was."""
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
    """Return text as a pattern of LIKE that is that text."""
    return text.replace("^", "^^").replace("%", "^%").replace("_", "^_")
