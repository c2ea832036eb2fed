"""What a summary or a comparison is made from: the passages of what it is about, of each side of it.

Comes in: a task. Goes out: passages, and how many were looked at. Never: a side that the documents say nothing on, in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import PurePath

from ..ingest.catalog import Catalog
from ..prompts.task import Task
from ..retrieval.evidence import Evidence
from ..retrieval.hit import Hit
from ..retrieval.search import Found
from ..retrieval.where import resolve
from .answer import Asked

SUMMARISED = 40
"""Passages that a summary of a topic looks at, at least; of a named document it looks at all of them."""
MOST = 400
"""Passages that a summary looks at, at most."""
_WORD = re.compile(r"[\u3400-\u9fff]+|[^\W_\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Material:
    """What a task is done with."""

    found: Found
    sufficient: bool
    n_passages: int
    """That there are on it, as far as is known; more than were found, if there were too many."""
    missing: tuple[str, ...] = ()
    """Sides of a comparison that the documents say nothing on."""
    absent: tuple[str, ...] = ()
    """Names and rare words of a question that the passages do not hold."""


class Gathering:
    """Finds what a task is about."""

    def __init__(
        self,
        catalog: Catalog,
        find: Callable[[Asked], Found],
        weigh: Callable[[str, Found], Evidence],
        strictness: float = 0.0,
    ) -> None:
        """Take what finds passages, what weighs how far they answer, and how much more than usual that must be."""
        self._catalog = catalog
        self._find = find
        self._weigh = weigh
        self._strictness = strictness

    def material(self, task: Task, asked: Asked) -> Material:
        """Return the passages that a task needs."""
        if task.name == "summarise":
            return self._whole(task.topics[0], asked) or self._on_topic(task.topics[0], asked)
        if task.name == "compare":
            return self._sides(task, asked)
        found = self._find(asked)
        evidence = self._weigh(asked.question, found)
        absent = (*evidence.missing, *evidence.absent) if evidence.shares_script else ()
        return Material(found, evidence.suffices(self._strictness), len(found.hits), absent=absent)

    def _whole(self, topic: str, asked: Asked) -> Material | None:
        """Return all passages of the documents that the topic names, or of all; ``None`` if it names none."""
        documents = set(self._named(topic)) if topic else None
        if documents is not None and not documents:
            return None
        admitted = resolve(self._catalog, asked.where).ids if asked.where else None
        rows = self._catalog.connection().execute("SELECT id, document_id FROM chunks ORDER BY document_id, start")
        ids = [chunk for chunk, document in rows if documents is None or document in documents]
        if admitted is not None:
            ids = [chunk for chunk in ids if chunk in admitted]
        spread = _spread(ids)[:MOST]
        kept = self._catalog.chunks(spread)
        hits = tuple(Hit(kept[chunk], 0.0, "whole") for chunk in spread if chunk in kept)
        return Material(Found(hits, (), ()), bool(hits), len(ids))

    def _named(self, topic: str) -> list[str]:
        """Return the documents whose file name or title is the topic."""
        wanted = _bare(topic)
        found = []
        for source, row in self._catalog.sources().items():
            if row.document_id:
                name = PurePath(source)
                if wanted in {_bare(name.name), _bare(name.stem), _bare(source)}:
                    found.append(row.document_id)
        return found

    def _on_topic(self, topic: str, asked: Asked) -> Material:
        found = self._find(replace(asked, question=topic, k=max(asked.k, SUMMARISED)))
        evidence = self._weigh(topic, found)
        # Of many passages the last ones have nothing to do with the topic: those that share a word or a meaning stay.
        best = found.hits[0].score if found.hits else 0.0
        kept = tuple(hit for at, hit in enumerate(found.hits) if at < asked.k or hit.score >= best / 2 > 0)
        return Material(replace(found, hits=kept), evidence.suffices(self._strictness), len(found.hits))

    def _sides(self, task: Task, asked: Asked) -> Material:
        each = max(2, -(-asked.k // len(task.topics)))
        founds = [self._find(replace(asked, question=side, k=each)) for side in task.topics]
        said = [
            self._weigh(side, found).suffices(self._strictness) for side, found in zip(task.topics, founds, strict=True)
        ]
        of_sides = [found.hits for found, has in zip(founds, said, strict=True) if has]
        # In turns: what does not fit a prompt is dropped from the end, and no side is to be left out.
        hits = {hit.chunk.id: hit for turn in zip_longest(*of_sides) for hit in turn if hit}
        lanes = dict.fromkeys(lane for found in founds for lane in found.lanes)
        notes = dict.fromkeys(note for found in founds for note in found.notes)
        missing = tuple(side for side, has in zip(task.topics, said, strict=True) if not has)
        return Material(Found(tuple(hits.values()), tuple(lanes), tuple(notes)), bool(hits), len(hits), missing)


def _spread(ids: Sequence[str]) -> list[str]:
    """Return ids so that any first few of them are spread evenly over all: what does not fit a prompt is left out all over.

    (The order of van der Corput's sequence in base 2.)
    """
    bits = max(1, (len(ids) - 1).bit_length())
    return [ids[at] for at in sorted(range(len(ids)), key=lambda at: int(f"{at:0{bits}b}"[::-1], 2))]


def _bare(name: str) -> str:
    """Return the words of a name: ``Travel_policy.md`` is *travel policy md*."""
    return " ".join(_WORD.findall(name.casefold()))
