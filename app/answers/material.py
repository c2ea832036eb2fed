"""The passages for a task, and those of whole documents, always within the user's filter."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from glob import escape
from typing import TypeVar

from ...ingest.store.catalog import Catalog
from ...prompts.prompt import Topic
from ...prompts.task import ANSWER, Task
from ...retrieval.hit import Hit
from ...retrieval.search.search import Found
from ...retrieval.where import Where, resolve
from ..base.library import Library
from .answer import Asked
from .named import Named

T = TypeVar("T")

MOST = 400
"""Maximum number of passages read from whole documents."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a task works from."""

    found: Found
    sufficient: bool
    n_passages: Mapping[str, int] = field(default_factory=dict)
    """Number of passages on the topic in each base, if known; more than were found, if there were too many."""
    missing: tuple[Topic, ...] = ()
    """Sides of a comparison that the documents say nothing about."""
    absent: tuple[str, ...] = ()
    """Names and rare words of the question that no passage holds."""
    near: bool = False
    """If not sufficient: whether it is near enough to be shown as the closest passages."""
    question: str = ""
    """The question for the passages, if the original also names their document."""
    task: Task = ANSWER
    """The task that is finally done."""
    of: tuple[str, ...] = ()
    """The documents that a summary covers."""
    besides: tuple[str, ...] = ()
    """Other documents with the same name."""


def whole(library: Library, documents: Mapping[str, Sequence[Named]] | None, base: str, asked: Asked) -> Material:
    """Return all passages of documents, by base; ``None``: all documents of one base, or of all bases."""
    parts = library.within(base)
    ids = [
        (name, chunk)
        for name, part in parts.items()
        for chunk in passages_of(
            part.catalog, None if documents is None else [one.id for one in documents.get(name, ())], asked.where
        )
    ]
    spread = _spread(ids)[:MOST]
    kept = {
        (name, chunk.id): chunk
        for name, part in parts.items()
        for chunk in part.catalog.chunks([one for of, one in spread if of == name]).values()
    }
    hits = tuple(Hit(kept[at], 0.0, "whole", base=at[0]) for at in spread if at in kept)
    return Material(Found(hits, (), ()), bool(hits), Counter(name for name, _ in ids))


def only(where: Where, sources: Collection[str]) -> Where:
    """Return the filter narrowed to these sources, which already satisfy it."""
    return replace(where, sources=tuple(escape(source) for source in sources))


def passages_of(catalog: Catalog, documents: Collection[str] | None, where: Where) -> list[str]:
    """Return the ids of the chunks of documents, or of all, that a filter admits, in reading order."""
    admitted = resolve(catalog, where).ids if where else None
    of = "" if documents is None else "WHERE document_id IN (SELECT value FROM json_each(?))"
    rows = catalog.connection().execute(
        f"SELECT id FROM chunks {of} ORDER BY document_id, start",
        () if documents is None else (json.dumps(sorted(documents)),),
    )
    return [chunk for (chunk,) in rows if admitted is None or chunk in admitted]


def _spread(ids: Sequence[T]) -> list[T]:
    """Reorder ids so that any prefix is spread evenly over all: what does not fit a prompt is then left out evenly.

    (Van der Corput sequence, base 2.)
    """
    bits = max(1, (len(ids) - 1).bit_length())
    return [ids[at] for at in sorted(range(len(ids)), key=lambda at: int(f"{at:0{bits}b}"[::-1], 2))]
