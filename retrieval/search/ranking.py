"""Rank the candidates of a search, and decide which of them are shown.

Lanes are not asked again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ...ingest.document import Chunk
from ...ingest.notice import Notice
from ..hit import Hit
from ..hit import Lane as Said
from ..lanes.lane import LaneScores
from ..models.reranker import Reranker
from .fuse import Fused
from .naming import NOTHING, Naming
from .select import Ordering, Verdict, diversified, select

_READ = 30
"""Candidates that a cross-encoder reads at first; a small one takes about 20 ms each on a CPU."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Every candidate of a search, and what happened to it."""

    found: tuple[LaneScores, ...]
    """What each lane itself found."""
    weights: tuple[float, ...]
    """Of each lane in the fused score."""
    candidates: tuple[Fused, ...]
    """Best first."""
    chunks: Mapping[str, Chunk]
    """The candidates' chunks, by id."""
    verdicts: tuple[Verdict, ...]
    """One per candidate."""
    verbatim: frozenset[str]
    """The chunks that contain the whole question word for word; they come first."""
    notes: tuple[str, ...]
    coded: frozenset[str] = frozenset()
    """The chunks that contain all codes and rare numbers of the question; they come next."""
    reranked: Mapping[str, float] = field(default_factory=dict)
    """A cross-encoder's scores for the candidates it read, by id."""
    naming: Naming = NOTHING
    """The documents that the question names, which come first, and names that no document contains."""
    by_names: Mapping[str, float] = field(default_factory=dict)
    """Document id -> what its names add to the keyword lane's score of its passages."""

    @property
    def lanes(self) -> tuple[str, ...]:
        """The lanes that took part."""
        return tuple(lane.name for lane in self.found)

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The candidates that are shown, best first."""
        shown = [pair for pair in zip(self.verdicts, self.candidates, strict=True) if pair[0].place]
        return tuple(self._hit(one) for _, one in sorted(shown, key=lambda pair: pair[0].place))

    def _hit(self, one: Fused) -> Hit:
        lanes = tuple(Said(*said) for said in one.lanes)
        if one.id in self.reranked:
            rank = list(self.reranked).index(one.id) + 1
            score = self.reranked[one.id]
            return Hit(self.chunks[one.id], score, "rerank", (*lanes, Said("rerank", rank, score)))
        by = "fused" if len(self.found) > 1 else self.found[0].name
        return Hit(self.chunks[one.id], one.score, by, lanes)


def ordered(ranking: Ranking, k: int, ordering: Ordering) -> Ranking:
    """Return a ranking with a verdict on each candidate, in the requested order."""
    candidates = ranking.candidates
    n_held = sum(one.id in ranking.verbatim for one in candidates)
    chunks = [ranking.chunks[one.id] for one in candidates]
    if ordering.mmr is None:
        return replace(ranking, verdicts=select(chunks, k, ordering.per_document))
    scores = [ranking.reranked.get(one.id, one.score) for one in candidates]
    order = diversified(chunks, scores, ordering.mmr, n_held)
    verdicts = {verdict.id: verdict for verdict in select([chunks[at] for at in order], k, ordering.per_document)}
    return replace(ranking, verdicts=tuple(verdicts[one.id] for one in candidates))


def reranked(question: str, ranking: Ranking, reranker: Reranker, k: int, ordering: Ordering) -> Ranking:
    """Return a ranking in the order of a cross-encoder, with verdicts.

    It reads the best candidates, and more while too few of them are shown. What it has not read is not shown, since the two
    kinds of score are not comparable. Chunks with the whole question word for word stay first.
    """
    n = min(len(ranking.candidates), max(_READ, 2 * k))
    while True:
        ranking = _read(question, ranking, reranker, n)
        judged = ordered(replace(ranking, candidates=ranking.candidates[:n]), k, ordering)
        if sum(verdict.place > 0 for verdict in judged.verdicts) >= k or n == len(ranking.candidates):
            below = Notice("ranked below the {n} that the cross-encoder read", n=n)
            rest = tuple(Verdict(one.id, 0, below) for one in ranking.candidates[n:])
            return replace(ranking, verdicts=(*judged.verdicts, *rest))
        n = min(len(ranking.candidates), 4 * n)


def _read(question: str, ranking: Ranking, reranker: Reranker, n: int) -> Ranking:
    """Return a ranking with the first ``n`` candidates read and reordered by the scores."""
    known = dict(ranking.reranked)
    unread = [one.id for one in ranking.candidates[:n] if one.id not in known]
    scores = reranker.score(question, [ranking.chunks[key].indexed_text for key in unread])
    known.update(zip(unread, map(float, scores.tolist()), strict=True))
    head = sorted(ranking.candidates[:n], key=lambda one: (one.id not in ranking.verbatim, -known[one.id]))
    by_score = dict(sorted(known.items(), key=lambda item: -item[1]))
    return replace(ranking, candidates=(*head, *ranking.candidates[n:]), reranked=by_score)
