"""Explain why a passage was found, or why it was not.

Comes in: a question, and for an absence the expected source. Goes out: what each lane said of every candidate, and the rule
that cut it. Never: a ranking other than the one that ``Searcher.search`` returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from ...ingest.document import Chunk
from ...ingest.errors import InputError
from ...ingest.notice import Notice
from ...ingest.store.catalog import Catalog
from ...ingest.store.sources import SourceRow
from ..lanes.lane import LaneScores
from ..lanes.phrases import holding, quoted
from ..where import Scope, Where, scope_of
from .fuse import Fused, zscores
from .ranking import Ranking
from .search import PLAIN, Searcher
from .select import Ordering, Verdict

_DEEP = 10_000

Fate = Literal["shown", "cut", "filtered", "not matched", "failed", "empty", "unknown"]


@dataclass(frozen=True, slots=True)
class Vote:
    """One lane's verdict on one candidate."""

    lane: str
    rank: int
    """From 1; 0: the lane did not find it itself."""
    score: float
    """In the lane's own unit."""
    z: float
    """The score in standard deviations above the mean of all passages."""
    weight: float
    """The lane's; the fused score is the sum of ``weight * z``."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that a lane found, and what became of it."""

    rank: int
    """From 1 among all candidates."""
    chunk: Chunk
    score: float
    votes: tuple[Vote, ...]
    place: int
    """From 1 among those shown; 0: it was cut."""
    cut: str
    """The rule that cut it; empty if it is shown."""
    repeats: str
    """The source of the passage it repeats, if that is the reason."""
    verbatim: bool
    """Whether it contains the whole question word for word, which puts it first."""
    rerank: float | None = None
    """The cross-encoder's score; ``None`` if it did not read it, or there is none."""
    names: float = 0.0
    """What its document's names (file, title, metadata) add to the keyword lane's score."""
    named: bool = False
    """Whether the question names its document, which puts it ahead of other documents."""


@dataclass(frozen=True, slots=True)
class Why:
    """Every candidate of a search, best first."""

    question: str
    lanes: tuple[str, ...]
    weights: tuple[float, ...]
    """Of the lanes, in order."""
    candidates: tuple[Candidate, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WhyNot:
    """What happened to one source in a search."""

    question: str
    source: str
    fate: Fate
    reason: str
    """A sentence, with what to do about it if anything can be done."""
    best: Candidate | None
    """Its best passage, if a lane found one."""
    notes: tuple[str, ...]
    """Pages that could not be read, and what the search had to do without."""


def why(
    searcher: Searcher,
    question: str,
    k: int = 10,
    lanes: Sequence[str] | None = None,
    where: Where | None = None,
    ordering: Ordering = PLAIN,
) -> Why:
    """Return every candidate of a search for the ``k`` best passages, with the lanes' votes.

    Raises:
        InputError: an unknown lane, or one that the base does not have.
        RerankerError: the cross-encoder named by the ordering cannot be used.
    """
    ranking = searcher.rank(question, k, lanes, where, ordering)
    return Why(question, ranking.lanes, ranking.weights, _candidates(ranking), ranking.notes)


def why_not(
    catalog: Catalog,
    searcher: Searcher,
    source: str,
    question: str,
    k: int = 10,
    lanes: Sequence[str] | None = None,
    where: Where | None = None,
    ordering: Ordering = PLAIN,
) -> WhyNot:
    """Return why a source is not among the ``k`` best passages, or where it is.

    Args:
        catalog: of the base.
        searcher: of the base.
        source: a path, or the end of one, like ``travel.md``.
        question: what was searched.
        k: see ``Searcher.search``.
        lanes: see ``Searcher.search``.
        where: see ``Searcher.search``.
        ordering: see ``Searcher.search``.
    Raises:
        InputError: several sources match.
    """
    row = _source(catalog, source)
    if row is None:
        reason = Notice("It was never ingested, or was removed; run: kb ingest PATH")
        return WhyNot(question, source, "unknown", reason, None, ())
    if row.document_id is None:
        unread = Notice("It could not be read: {why}", why=Notice(row.failure_reason))
        return WhyNot(question, row.source, "failed", unread, None, ())
    notes = _unread(catalog, row.document_id)
    connection = catalog.connection()
    rows = connection.execute("SELECT key, id FROM chunks WHERE document_id = ? ORDER BY key", (row.document_id,))
    own = scope_of(rows.fetchall())
    if not own.ids:
        return WhyNot(question, row.source, "empty", Notice("It holds no text that could be searched."), None, notes)
    if filtered := _filtered(catalog, searcher, own, question, where):
        return WhyNot(question, row.source, "filtered", filtered, None, notes)
    best, more = _best(searcher, own, question, k, lanes, where, ordering)
    return _verdict(question, row.source, best, (*notes, *more), k)


def _verdict(question: str, source: str, best: Candidate | None, notes: tuple[str, ...], k: int) -> WhyNot:
    if best is None:
        reason = Notice(
            "No lane found any of its passages: it shares no word with the question, and is not near it in meaning."
        )
        return WhyNot(question, source, "not matched", reason, None, notes)
    votes = [
        Notice("{lane} ranks it {n} ({score:.3f})", lane=vote.lane, n=vote.rank, score=vote.score)
        if vote.rank
        else Notice("{lane} did not find it ({score:.3f})", lane=vote.lane, score=vote.score)
        for vote in best.votes
    ]
    if best.place:
        shown = Notice("It is shown, as passage {n}: {votes:reasons}.", n=best.place, votes=votes)
        return WhyNot(question, source, "shown", shown, best, notes)
    reason = Notice(
        "Its best passage ranks {n}, and {n_asked} were asked for: {why}. {votes:reasons}.",
        n=best.rank,
        n_asked=k,
        why=Notice("{why} ({source})", why=best.cut, source=best.repeats) if best.repeats else best.cut,
        votes=votes,
    )
    return WhyNot(question, source, "cut", reason, best, notes)


def _best(
    searcher: Searcher,
    own: Scope,
    question: str,
    k: int,
    lanes: Sequence[str] | None,
    where: Where | None,
    ordering: Ordering,
) -> tuple[Candidate | None, tuple[str, ...]]:
    """Return the best candidate in ``own``, one that is shown if possible; if there is none, search deeper."""
    ranking = searcher.rank(question, k, lanes, where, ordering)
    if not any(one.id in own.ids for one in ranking.candidates):
        ranking = searcher.rank(question, k, lanes, where, ordering, depth=_DEEP)
    mine = [candidate for candidate in _candidates(ranking) if candidate.chunk.id in own.ids]
    shown = [candidate for candidate in mine if candidate.place]
    return next(iter(shown or mine), None), ranking.notes


def _candidates(ranking: Ranking) -> tuple[Candidate, ...]:
    return tuple(
        _candidate(ranking, rank, one, verdict)
        for rank, (one, verdict) in enumerate(zip(ranking.candidates, ranking.verdicts, strict=True), 1)
    )


def _candidate(ranking: Ranking, rank: int, one: Fused, verdict: Verdict) -> Candidate:
    votes = tuple(
        Vote(name, place, score, _z(lane, score), weight)
        for (name, place, score), lane, weight in zip(one.lanes, ranking.found, ranking.weights, strict=True)
    )
    repeats = ranking.chunks[verdict.repeats].source if verdict.repeats else ""
    verbatim = one.id in ranking.verbatim
    document = ranking.chunks[one.id].document_id
    return Candidate(
        rank, ranking.chunks[one.id], one.score, votes, verdict.place, verdict.cut, repeats, verbatim,
        ranking.reranked.get(one.id), ranking.by_names.get(document, 0.0), document in ranking.naming.documents,
    )  # fmt: skip


def _z(lane: LaneScores, score: float) -> float:
    return float(zscores(lane, np.array([score], np.float32))[0])


def _source(catalog: Catalog, given: str) -> SourceRow | None:
    rows = catalog.sources()
    for known in (given, str(Path(given).expanduser().absolute())):
        if known in rows:
            return rows[known]
    ending = [row for source, row in rows.items() if source.endswith(f"/{given.lstrip('./')}")]
    if len(ending) > 1:
        raise InputError(
            "{given!r} may be any of {names:list} ...; give more of the path",
            given=given,
            names=(row.source for row in ending[:3]),
        )
    return ending[0] if ending else None


def _unread(catalog: Catalog, document_id: str) -> tuple[str, ...]:
    return tuple(
        Notice("Page {n} is not searched: {why}", n=page.number, why=Notice(page.reason))
        for page in catalog.pages(document_id)
        if page.how in ("garbled", "failed", "empty") and page.reason
    )


def _filtered(catalog: Catalog, searcher: Searcher, own: Scope, question: str, where: Where | None) -> str:
    if where and not own.ids & searcher.scope(where).ids:
        return Notice("The filter does not admit it.")
    phrases = quoted(question)
    held = holding(catalog, phrases) if phrases else own
    if held.ids and not own.ids & held.ids:
        said = (f"“{phrase}”" for phrase in phrases)
        return Notice("It does not hold {phrases:and} word for word, and others do.", phrases=said)
    return ""
