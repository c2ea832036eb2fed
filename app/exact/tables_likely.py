"""Answers questions to the tables that a search found, by the likeliest plan.

Comes in: a question and its hits. Goes out: the answer that the plans which fit best agree on, and how likely it is. Never: an
answer from a table of a document that was not found, or that no longer holds.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ...retrieval.hit import Hit
from ...retrieval.models.embedder import Embedder
from ...retrieval.sentences.units import in_chinese
from ...retrieval.tables.choose import likelihoods
from ...retrieval.tables.cover import Question
from ...retrieval.tables.filters import BEING
from ...retrieval.tables.hints import hints
from ...retrieval.tables.index import Asked as Table
from ...retrieval.tables.intent import MODEL, Intent, intent_of
from ...retrieval.tables.plan import Plan
from ...retrieval.tables.propose import Proposal, proposals
from ...retrieval.tables.run import Result, run
from ..answers.answer import Answer, Asked
from ..base.library import Library
from .tables import no_longer_holds, tables_of
from .tables_said import Place, said
from .when import dated, period_of

_TRIED = 24
"""Maximum number of plans that are run, the likeliest first."""
_LEAST = 0.02
"""Probability below which a plan is not run."""
_MOST_ROWS = 1_000
"""Rows of a table above which no plans are proposed for it: it is looked through some 50 times."""
_NO_TABLE = 0.95
"""Probability that no table answers, above which none is looked at."""
_CLEARLY = 0.6
"""Probability above which a question asks for a count or a sum, so that rows are no answer: over two sets of table questions
7 of 8 such answers were wrong, over seven everyday ones 6 of 12."""
_MOST_KNOWN = 2048
_KNOWN: dict[tuple[str, ...], NDArray[np.float32]] = {}
"""The vectors of columns' names, by the embedder's fingerprint and the names: they stay valid after it is closed."""

Likeness = Callable[[Table], Sequence[float]]


def likeliest(library: Library, asked: Asked, hits: Sequence[Hit]) -> tuple[Answer, float] | None:
    """Return the answer that the likeliest plans give, and its probability; ``None`` if none gives one."""
    text = dated(asked.question, date.today())  # noqa: DTZ011  as the files' owner counts days
    question = Question.of(text)
    intent, likeness = _read(library, asked.question)
    if not _may_be_computed(text, question) or intent.operations["other"] > _NO_TABLE:
        return None
    found = list(proposed(library, text, question, intent, hits, likeness))
    likely = likelihoods([one for one, _, _ in found])
    answers: dict[object, list[tuple[float, int, Result]]] = defaultdict(list)
    for at in np.argsort(-likely, kind="stable")[:_TRIED].tolist():
        proposal, table, place = found[at]
        if likely[at] < _LEAST and answers:
            break
        result = run(proposal.plan, table)
        if result and not _is_of_several_years(proposal.plan, table, result):
            says = result.number if result.number is not None else (result.rows, result.parts)
            answers[place.document_id, table.table.start, says].append((float(likely[at]), at, result))
    if not answers:
        return None
    best = max(answers.values(), key=lambda same: sum(p for p, _, _ in same))
    _, at, result = best[0]
    proposal, table, place = found[at]
    return said(library, asked.question, table, proposal.plan, result, place), sum(p for p, _, _ in best)


def rows_are_no_answer(library: Library, question: str, n: int) -> bool:
    """Return whether ``n`` rows of a table cannot be what a question asks for: it wants them counted, added or compared."""
    intent, _ = _read(library, question)
    wanted = ("count",) if n == 1 else ("count", "sum", "average", "max", "min")
    return any(intent.operations[one] > _CLEARLY for one in wanted)


def _read(library: Library, question: str) -> tuple[Intent, Likeness]:
    """Return what a question seems to ask for, and how to compare it with columns."""
    embedder = library.first.searcher.embedder
    if embedder is None or not embedder.name.endswith(MODEL):
        return intent_of(question), lambda _: ()
    vector = embedder.embed_query(question)
    return intent_of(question, vector), partial(likeness_of, embedder, vector)


def _may_be_computed(text: str, question: Question) -> bool:
    """Return whether a question does not ask why, how, or whether something is so, except whether one is more than another."""
    period = period_of(text, date.today())  # noqa: DTZ011  this week: not read here
    if hints()["excludes"].within(text) or (period and period.start):
        return False
    asks_whether = question.forms[:1] and question.forms[0] in BEING and not hints()["compares"].within(text)
    return len(question.words) > 1 and not question.asks_for_reasons and not asks_whether


def _is_of_several_years(plan: Plan, table: Table, result: Result) -> bool:
    """Return whether a month without a year selects rows of several years, which would be added without a word."""
    columns = {one.column for one in plan.filters if one.time.startswith("-")}
    return any(len({(table.columns[at].dates[row] or "")[:4] for row in result.rows}) > 1 for at in columns)


def proposed(
    library: Library, text: str, question: Question, intent: Intent, hits: Sequence[Hit], likeness: Likeness
) -> Iterator[tuple[Proposal, Table, Place]]:
    """Yield plans for the tables with named columns of the documents that were found."""
    ranks: dict[tuple[str, str, str], int] = {}
    for rank, hit in enumerate(hits):
        ranks.setdefault((hit.base, hit.chunk.document_id, hit.chunk.source), rank)
    held = Counter((hit.base, hit.chunk.document_id) for hit in hits)
    for (base, document_id, source), rank in ranks.items():
        seen = rank, held[base, document_id] / len(hits)
        catalog = library.parts[base].catalog
        for table in tables_of(catalog, document_id):
            if not (table.table.has_head and _reads(table, text) and len(table.table.rows) <= _MOST_ROWS):
                continue
            if not no_longer_holds(catalog, document_id, table, text):
                place = Place(base, source, document_id)
                yield from (
                    (one, table, place) for one in proposals(text, question, intent, table, likeness(table), seen)
                )


def _reads(table: Table, text: str) -> bool:
    """Return whether a table is in the question's language: no word of another one would speak against a plan."""
    languages = {in_chinese(" ".join((*table.table.head, *table.table.rows[0].cells))), in_chinese(text)} - {None}
    return len(languages) < 2  # noqa: PLR2004


def likeness_of(embedder: Embedder, vector: NDArray[np.float32], table: Table) -> list[float]:
    """Return the cosine of a question's vector with each column's name."""
    key = embedder.fingerprint, *(column.name.replace("_", " ") or "-" for column in table.columns)
    if key not in _KNOWN:
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        _KNOWN[key] = embedder.embed_documents(key[1:])
    found: list[float] = (_KNOWN[key] @ vector).tolist()
    return found
