"""Judge what the likeliest sentences mean: how close each is to the question (embedder), and whether it answers (reader).

Comes in: a question, hits, and an embedder. Goes out: the hits, with scores for their sentences. Never: another order of hits.
A passage is near if any part of it is; only the sentences tell which of them answers.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import PurePath
from threading import Lock
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..hit import Hit
from ..lanes.vectors import READABLE
from ..models.embedder import Embedder
from ..models.reader import Reader, open_reader
from ..sentences.context import InPlace, in_place
from ..sentences.scorer import Scored, ranked
from ..sentences.standing import without_struck
from ..sentences.units import Candidate, candidates

LOOKED_AT = 8
"""Sentences that are embedded, the likeliest by their words. More of them answer no further question."""
_OF_KIND, _FOREIGN = 3, 6
"""Limits on further ones: of the kind asked for, and in the other language, which words say nothing about."""
_FIRST = 3
"""How many of the first passages are searched for sentences of that kind."""
_LONGEST = 200
"""Characters of a sentence to embed."""
_READ, _READ_FOREIGN = 4, 2
"""Sentences to read: the likeliest by words and meaning, and the nearest ones in the other language."""
_KEPT = 2048

K = TypeVar("K")
V = TypeVar("V")
Vector = NDArray[np.float32]


class Meanings:
    """Reads or embeds sentences, and caches the last ones, since one question is searched for more than once.

    Thread-safe.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Vector] = {}
        self._read: dict[tuple[str, InPlace], float] = {}
        self._readers: dict[str, Reader | None] = {}
        self._lock = Lock()

    def told(self, question: str, hits: Sequence[Hit], embedder: Embedder, unrelated: float) -> tuple[Hit, ...]:
        """Return the hits with the closeness of their likeliest sentences; unchanged if the question cannot be read.

        Args:
            question: as the user wrote it.
            hits: best first.
            embedder: of the base.
            unrelated: the question's cosine with off-topic text.
        """
        if not hits or embedder.coverage([question])[0] < READABLE:
            return tuple(hits)
        likeliest = list(_likeliest(_ranked(question, hits)))
        texts = [_in_its_place(one, hits[one.passage - 1]) for one in likeliest]
        readable = np.flatnonzero(embedder.coverage(texts) >= READABLE).tolist() if texts else []
        if not readable:
            return tuple(hits)
        cosines = self._vectors([texts[at] for at in readable], embedder) @ embedder.embed_query(question)
        near: dict[int, list[tuple[int, float]]] = {}
        for at, cosine in zip(readable, cosines.tolist(), strict=True):
            beyond = (cosine - unrelated) / (1 - unrelated)
            near.setdefault(likeliest[at].passage, []).append((likeliest[at].start, beyond))
        told = tuple(replace(hit, meanings=tuple(near.get(number, ()))) for number, hit in enumerate(hits, 1))
        reader = self._reader(embedder)
        return self._read_too(question, told, reader) if reader else told

    def _read_too(self, question: str, hits: Sequence[Hit], reader: Reader) -> tuple[Hit, ...]:
        """Return the hits with the reader's verdict on the sentences likeliest by words and meaning."""
        scored = _ranked(question, hits)
        own = [one.candidate for one in scored if not (one.signs.foreign or one.signs.asks)][:_READ]
        foreign = sorted((one for one in scored if one.signs.foreign), key=lambda one: one.signs.farther)
        chosen = [*own, *(one.candidate for one in foreign[:_READ_FOREIGN])]
        read: dict[int, list[tuple[int, float]]] = {}
        for one, log_odds in zip(chosen, self._log_odds(question, chosen, hits, reader), strict=True):
            read.setdefault(one.passage, []).append((one.start, log_odds))
        return tuple(replace(hit, reads=tuple(read.get(number, ()))) for number, hit in enumerate(hits, 1))

    def reads(self, embedder: Embedder) -> bool:
        """Return whether the embedder comes with a reader."""
        return self._reader(embedder) is not None

    def _reader(self, embedder: Embedder) -> Reader | None:
        with self._lock:
            if embedder.fingerprint not in self._readers:
                self._readers[embedder.fingerprint] = open_reader(embedder)
            return self._readers[embedder.fingerprint]

    def _log_odds(
        self, question: str, sentences: Sequence[Candidate], hits: Sequence[Hit], reader: Reader
    ) -> list[float]:
        keys = [(question, in_place(one, hits[one.passage - 1])) for one in sentences]
        with self._lock:
            known = {key: self._read[key] for key in keys if key in self._read}
        new = [key for key in dict.fromkeys(keys) if key not in known]
        if new:
            known |= dict(zip(new, reader.log_odds(question, [one for _, one in new]).tolist(), strict=True))
            with self._lock:
                self._read |= known
                _forget(self._read)
        return [known[key] for key in keys]

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
                _forget(self._known)
        return np.stack([known[key] for key in keys])


def _ranked(question: str, hits: Sequence[Hit]) -> list[Scored]:
    return ranked(question, list(candidates(list(enumerate(hits, 1)))))[1]


def _forget(known: MutableMapping[K, V]) -> None:
    for key in list(islice(known, max(0, len(known) - _KEPT))):
        del known[key]


def _likeliest(scored: Sequence[Scored]) -> Iterator[Candidate]:
    own = [one for one in scored if not one.signs.foreign]
    of_kind = (one for one in own[LOOKED_AT:] if one.signs.kind and one.candidate.passage <= _FIRST)
    foreign = sorted((one for one in scored if one.signs.foreign), key=_in_order)
    for one in (*own[:LOOKED_AT], *islice(of_kind, _OF_KIND), *foreign[:_FOREIGN]):
        yield one.candidate


def _in_order(one: Scored) -> tuple[float, int]:
    return one.candidate.behind, one.candidate.order


def _in_its_place(one: Candidate, hit: Hit) -> str:
    """Return a sentence under its document's name, its heading and its table header."""
    headings = [heading for heading in hit.chunk.headings if not heading.startswith("|")]
    named = " › ".join([PurePath(hit.chunk.source).stem, *headings[-1:]])
    return "\n".join(filter(None, [named, without_struck(one.unit.head)[:_LONGEST], one.valid[:_LONGEST]]))
