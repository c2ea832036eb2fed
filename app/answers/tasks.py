"""What a summary or a comparison is made from: the passages of what it is about, of each side of it.

Comes in: a task. Goes out: passages, and how many were looked at. Never: a side that the documents say nothing on, in silence.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import PurePath
from typing import TypeVar

from ...ingest.store.catalog import Catalog
from ...prompts.prompt import Topic
from ...prompts.task import Task
from ...retrieval.hit import Hit
from ...retrieval.search.evidence import Evidence
from ...retrieval.search.search import Found
from ...retrieval.where import Where, resolve
from ..base.library import Library
from .answer import Asked

T = TypeVar("T")

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
    n_passages: Mapping[str, int] = field(default_factory=dict)
    """That there are on it in each base, as far as is known; more than were found, if there were too many."""
    missing: tuple[Topic, ...] = ()
    """Sides of a comparison that the documents say nothing on."""
    absent: tuple[str, ...] = ()
    """Names and rare words of a question that the passages do not hold."""
    near: bool = False
    """Whether, where it is not sufficient, it is near enough to be shown as what comes closest."""


class Gathering:
    """Finds what a task is about."""

    def __init__(self, library: Library, weigh: Callable[[str, Found], Evidence], strictness: float = 0.0) -> None:
        """Take the bases that are asked, what weighs how far passages answer, and how much more than usual that must be."""
        self._library = library
        self._weigh = weigh
        self._strictness = strictness

    def material(self, task: Task, asked: Asked) -> Material:
        """Return the passages that a task needs."""
        if task.name == "summarise":
            return self._whole(task.topics[0], asked) or self._on_topic(task.topics[0], asked)
        if task.name == "compare":
            return self._sides(task, asked)
        found = self._find(Topic(asked.question), asked)
        evidence = self._weigh(asked.question, found)
        absent = (*evidence.missing, *evidence.absent) if evidence.shares_script else ()
        verdict = evidence.verdict(self._strictness)
        return Material(found, verdict == "sure", absent=absent, near=verdict != "nothing")

    def _find(self, topic: Topic, asked: Asked) -> Found:
        return self._library.find(topic.text, asked.k, where=asked.where, ordering=asked.ordering, base=topic.base)

    def _whole(self, topic: Topic, asked: Asked) -> Material | None:
        """Return all passages of the documents that the topic names, or of all; ``None`` if it names none."""
        parts = self._library.within(topic.base)
        named = {base: _named(part.catalog, topic.text) for base, part in parts.items()}
        if topic.text and not any(named.values()):
            return None
        ids = [
            (base, chunk)
            for base, part in parts.items()
            for chunk in _passages(part.catalog, named[base] if topic.text else None, asked.where)
        ]
        spread = _spread(ids)[:MOST]
        kept = {
            (base, chunk.id): chunk
            for base, part in parts.items()
            for chunk in part.catalog.chunks([one for of, one in spread if of == base]).values()
        }
        hits = tuple(Hit(kept[at], 0.0, "whole", base=at[0]) for at in spread if at in kept)
        return Material(Found(hits, (), ()), bool(hits), Counter(base for base, _ in ids))

    def _on_topic(self, topic: Topic, asked: Asked) -> Material:
        found = self._find(topic, replace(asked, k=max(asked.k, SUMMARISED)))
        evidence = self._weigh(topic.text, found)
        # Of many passages the last ones have nothing to do with the topic: those that share a word or a meaning stay.
        best = found.hits[0].score if found.hits else 0.0
        kept = tuple(hit for at, hit in enumerate(found.hits) if at < asked.k or hit.score >= best / 2 > 0)
        sufficient = evidence.suffices(self._strictness)
        return Material(replace(found, hits=kept), sufficient, Counter(hit.base for hit in found.hits))

    def _sides(self, task: Task, asked: Asked) -> Material:
        each = max(2, -(-asked.k // len(task.topics)))
        sides = [(topic, self._side(topic, replace(asked, k=each))) for topic in task.topics]
        said = [side for _, side in sides if side.sufficient]
        # In turns: what does not fit a prompt is dropped from the end, and no side is to be left out.
        hits = {
            (hit.base, hit.chunk.id): hit for turn in zip_longest(*(side.found.hits for side in said)) for hit in turn if hit
        }  # fmt: skip
        n_passages = Counter(hit.base for hit in hits.values())
        for side in said:
            n_passages |= Counter(side.n_passages)
        lanes = dict.fromkeys(lane for _, side in sides for lane in side.found.lanes)
        notes = dict.fromkeys(note for _, side in sides for note in side.found.notes)
        missing = tuple(topic for topic, side in sides if not side.sufficient)
        return Material(Found(tuple(hits.values()), tuple(lanes), tuple(notes)), bool(hits), n_passages, missing)

    def _side(self, topic: Topic, asked: Asked) -> Material:
        """Return the passages of one side; of a base that is compared as a whole, all."""
        if not topic.text and (whole := self._whole(topic, asked)):
            return whole
        found = self._find(topic, asked)
        return Material(found, self._weigh(topic.text, found).suffices(self._strictness))


def _named(catalog: Catalog, topic: str) -> list[str]:
    """Return the documents whose file name or title is the topic."""
    wanted = _bare(topic)
    found = []
    for source, row in catalog.sources().items():
        if row.document_id:
            name = PurePath(source)
            if wanted in {_bare(name.name), _bare(name.stem), _bare(source)}:
                found.append(row.document_id)
    return found


def _passages(catalog: Catalog, documents: Collection[str] | None, where: Where) -> list[str]:
    """Return the ids of the chunks of documents, or of all, in reading order, as far as a filter admits them."""
    admitted = resolve(catalog, where).ids if where else None
    rows = catalog.connection().execute("SELECT id, document_id FROM chunks ORDER BY document_id, start")
    return [
        chunk
        for chunk, document in rows
        if (documents is None or document in documents) and (admitted is None or chunk in admitted)
    ]


def _spread(ids: Sequence[T]) -> list[T]:
    """Return ids so that any first few of them are spread evenly over all: what does not fit a prompt is left out all over.

    (The order of van der Corput's sequence in base 2.)
    """
    bits = max(1, (len(ids) - 1).bit_length())
    return [ids[at] for at in sorted(range(len(ids)), key=lambda at: int(f"{at:0{bits}b}"[::-1], 2))]


def _bare(name: str) -> str:
    """Return the words of a name: ``Travel_policy.md`` is *travel policy md*."""
    return " ".join(_WORD.findall(name.casefold()))
