"""How near in meaning the likeliest sentences are to a question: what an embedder says of them, one by one.

Comes in: a question, hits, and an embedder. Goes out: the hits, with what it says of their sentences. Never: another order of
hits. A passage is near when any of it is; which of its sentences answers, only the sentences tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import PurePath
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from ..hit import Hit
from ..lanes.vectors import READABLE
from ..models.embedder import Embedder
from ..sentences.scorer import Scored, ranked
from ..sentences.units import Candidate, candidates

LOOKED_AT = 8
"""Sentences that are embedded, the likeliest by their words. With more no further question is answered."""
_OF_KIND, _FOREIGN = 3, 6
"""Further ones at most: of the kind that is asked for, and in the other language, of which words say nothing."""
_FIRST = 3
"""Passages whose sentences of that kind are looked at."""
_LONGEST = 200
"""Characters of a sentence that are embedded."""
_KEPT = 2048

Vector = NDArray[np.float32]


class Meanings:
    """Embeds sentences, and remembers the last ones: one question is searched for more than once. Safe in several threads."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Vector] = {}
        self._lock = Lock()

    def told(self, question: str, hits: Sequence[Hit], embedder: Embedder, unrelated: float) -> tuple[Hit, ...]:
        """Return the hits with the nearness of their likeliest sentences; as they are if the question cannot be read.

        Args:
            question: as the user wrote it.
            hits: best first.
            embedder: of the base.
            unrelated: the cosine of the question with what is off topic.
        """
        if not hits or embedder.coverage([question])[0] < READABLE:
            return tuple(hits)
        likeliest = list(_likeliest(ranked(question, list(candidates(list(enumerate(hits, 1)))))[1]))
        texts = [_in_its_place(one, hits[one.passage - 1]) for one in likeliest]
        readable = np.flatnonzero(embedder.coverage(texts) >= READABLE).tolist() if texts else []
        if not readable:
            return tuple(hits)
        cosines = self._vectors([texts[at] for at in readable], embedder) @ embedder.embed_query(question)
        near: dict[int, list[tuple[int, float]]] = {}
        for at, cosine in zip(readable, cosines.tolist(), strict=True):
            beyond = (cosine - unrelated) / (1 - unrelated)
            near.setdefault(likeliest[at].passage, []).append((likeliest[at].start, beyond))
        return tuple(replace(hit, meanings=tuple(near.get(number, ()))) for number, hit in enumerate(hits, 1))

    def _vectors(self, texts: Sequence[str], embedder: Embedder) -> Vector:
        """Return (n, dim) unit vectors."""
        keys = [(embedder.fingerprint, text) for text in texts]
        with self._lock:
            known = {key: self._known[key] for key in keys if key in self._known}
        new = [key for key in dict.fromkeys(keys) if key not in known]
        if new:
            known |= dict(zip(new, embedder.embed_documents([text for _, text in new]), strict=True))
            with self._lock:
                self._known |= known
                for key in list(islice(self._known, max(0, len(self._known) - _KEPT))):
                    del self._known[key]
        return np.stack([known[key] for key in keys])


def _likeliest(scored: Sequence[Scored]) -> Iterator[Candidate]:
    own = [one for one in scored if not one.signs.foreign]
    of_kind = (one for one in own[LOOKED_AT:] if one.signs.kind and one.candidate.passage <= _FIRST)
    foreign = sorted((one for one in scored if one.signs.foreign), key=_in_order)
    for one in (*own[:LOOKED_AT], *islice(of_kind, _OF_KIND), *foreign[:_FOREIGN]):
        yield one.candidate


def _in_order(one: Scored) -> tuple[float, int]:
    return one.candidate.behind, one.candidate.order


def _in_its_place(one: Candidate, hit: Hit) -> str:
    """Return a sentence under what its document is called, its heading and the head of its table."""
    headings = [heading for heading in hit.chunk.headings if not heading.startswith("|")]
    named = " › ".join([PurePath(hit.chunk.source).stem, *headings[-1:]])
    return "\n".join(filter(None, [named, one.unit.head[:_LONGEST], one.text[:_LONGEST]]))
