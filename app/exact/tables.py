"""Answers questions to tables by computing: lookup, filter, count, sum, average, sort.

Comes in: a question. Goes out: the answer with its rows and, if something was computed, the formula in words; ``None`` unless
exactly one table knows every word of the question. Never: a partly guessed answer, one written by a model, or one from a
table that no longer holds: the passages show it, and claim nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import PurePath

from ...ingest.store.catalog import Catalog
from ...prompts.fill import language_of
from ...prompts.templates import Language
from ...retrieval.sentences.standing import is_past
from ...retrieval.tables.cover import Question
from ...retrieval.tables.index import Asked as Table
from ...retrieval.tables.plan import Plan, planned
from ...retrieval.tables.read import tables
from ...retrieval.tables.run import Result, run
from ...retrieval.tables.values import column
from ...retrieval.tables.words import lexicon, phrase
from ...retrieval.where import Where, resolve
from ...retrieval.words.question import asked_tokens, match_query
from ..answers.answer import Answer, Asked
from ..base.library import Library
from .tables_said import Place, said
from .when import dated

_MOST_WORDS = 60
"""Maximum number of words of a table question; longer ones say more than a table can answer."""
_LOOKED_AT = 300
"""Maximum number of documents searched for tables; beyond that, those with the rarest words of the question."""
_MOST = 0.6
"""Share of a document's characters in a table above which the document's name is also the table's."""
_SMALL = 5_000
"""Number of passages up to which every document is searched."""
_HAS_TABLE = "text LIKE '%|%--%|%'"
_OLD = frozenset(
    phrase(word)
    for word in ("old", "archive", "archived", "obsolete", "backup", "copy", "旧", "旧版", "历史", "作废", "备份")
)
"""A table named by one of these yields to another one that says something else."""


@dataclass(frozen=True, slots=True)
class _Found:
    table: Table
    plan: Plan
    result: Result
    place: Place

    @property
    def is_old(self) -> bool:
        return any(name in _OLD for name in self.table.names)

    @property
    def language(self) -> Language:
        """The language of its columns."""
        return language_of(" ".join(self.table.table.head))

    @property
    def extreme(self) -> tuple[Decimal, str]:
        """The number or date of the extreme."""
        column, row = self.table.columns[self.plan.measure or 0], self.result.rows[0]
        number = column.numbers[row] if column.kind == "number" else None
        date = column.dates[row] if column.kind == "date" else None
        return number if number is not None else Decimal(), date or ""

    @property
    def says(self) -> tuple[object, ...]:
        """The answer, for comparison with another table's."""
        rows = tuple(self.table.table.rows[row].cells for row in self.result.rows)
        return (self.plan.operation, self.result.number if self.result.number is not None else rows)


def from_tables(library: Library, asked: Asked) -> Answer | None:
    """Return the answer from one table of the library; ``None`` if no table has one, or two disagree.

    A table may have a column called last year, so relative dates are written out only if the question has no answer as typed.
    """
    today = date.today()  # noqa: DTZ011  as the files' owner counts days
    texts = dict.fromkeys([asked.question, dated(asked.question, today)])
    return next(filter(None, (_answered(library, asked, Question.of(text)) for text in texts)), None)


def _answered(library: Library, asked: Asked, question: Question) -> Answer | None:
    if not 1 < len(question.words) <= _MOST_WORDS or not any(_is_asked(use.meaning) for use in question.uses):
        return None
    found = list(_found(library, question, asked))
    if any(one.plan.year_by_name for one in found):
        found = [one for one in found if one.plan.year_by_name or not _has_time(one.plan)]
    best = max((one.plan.score for one in found), default=0)
    found = [one for one in found if one.plan.score == best]
    found = [one for one in found if not one.is_old] or found
    found = [one for one in found if one.language == language_of(asked.question)] or found
    if not found or (len({one.says for one in found}) > 1 and not (found := _extreme_of_all(found))):
        return None
    first = found[0]
    return said(library, asked.question, first.table, first.plan, first.result, first.place)


def _extreme_of_all(found: list[_Found]) -> list[_Found]:
    """Return the overall extreme if the tables are of one document and share the column; otherwise nothing."""
    columns = {(one.place, one.plan.operation, one.table.table.head[one.plan.measure or 0]) for one in found}
    if len(columns) > 1 or found[0].plan.operation not in {"min", "max"} or len({one.result.unit for one in found}) > 1:
        return []
    best = (min if found[0].plan.operation == "min" else max)(one.extreme for one in found)
    return [one for one in found if one.extreme == best][:1]


def _is_asked(meaning: str) -> bool:
    return meaning in {"operation", "superlative", "compare", "filler", "time"}


def _has_time(plan: Plan) -> bool:
    return any(one.time for one in plan.filters)


def tables_of(catalog: Catalog, document_id: str) -> tuple[Table, ...]:
    """Return the tables of a document."""
    row = _document(catalog, document_id)
    return _asked(row[2], _names(row[0], row[1], row[3])) if row else ()


def _document(catalog: Catalog, document_id: str) -> tuple[str, str, str, str] | None:
    """Return a document's source, root, text and title; ``None`` if it has no table."""
    row: tuple[str, str, str, str] | None = (
        catalog.connection()
        .execute(
            "SELECT s.source, s.root, d.text, d.title FROM documents d JOIN sources s ON s.document_id = d.id"
            f" WHERE d.id = ? AND d.{_HAS_TABLE} ORDER BY s.source LIMIT 1",
            (document_id,),
        )
        .fetchone()
    )
    return row


def _found(library: Library, question: Question, asked: Asked) -> Iterator[_Found]:
    for base, part in library.parts.items():
        for document_id, source, root, text, title in _documents(part.catalog, question, asked.where):
            here = _asked(text, _names(source, root, title))
            has_pairs_of_totals = any(_sums_up(table) for table in here)
            for table in here:
                plan = planned(question, table)
                if plan is None or not (result := run(plan, table)):
                    continue
                if (
                    plan.operation == "sum"
                    and not plan.filters
                    and not _agrees(table, plan, result, has_pairs_of_totals)
                ):
                    continue
                if not no_longer_holds(part.catalog, document_id, table, asked.question):
                    yield _Found(table, plan, result, Place(base, source, document_id))


def no_longer_holds(catalog: Catalog, document_id: str, table: Table, question: str) -> bool:
    """Return whether a table's document is marked as repealed or superseded, and the question is not about that time."""
    start = table.table.start
    rows = catalog.connection().execute(
        "SELECT id FROM chunks WHERE document_id = ? AND start <= ? AND stop > ?", (document_id, start, start)
    )
    chunks = catalog.chunks([chunk for (chunk,) in rows]).values()
    return any(is_past(question, chunk) for chunk in chunks)


@lru_cache(maxsize=512)
def _asked(text: str, names: tuple[str, ...]) -> tuple[Table, ...]:
    """Return the tables of a text; the name of one sheet does not apply to the others."""
    found = tables(text)
    captions = {caption for table in found for caption in table.captions}
    return tuple(
        Table.of(
            table,
            tuple(name for name in names if name not in captions or name in table.captions),
            is_all=table.rows[-1].stop - table.start >= _MOST * len(text),
        )
        for table in found
    )


def _names(source: str, root: str, title: str) -> tuple[str, ...]:
    path = PurePath(source)
    folders = path.parent.relative_to(root).parts if path.parent.is_relative_to(root) else ()
    return (*folders, path.stem.replace("_", " "), title, path.name.replace("_", " "))


def _documents(catalog: Catalog, question: Question, where: Where) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield the documents that may hold the table: all of a small base, else those with words of the question."""
    connection = catalog.connection()
    scope = resolve(catalog, where) if where else None
    if catalog.count("chunks") <= _SMALL:
        ids = [
            row[0] for row in connection.execute(f"SELECT id FROM documents WHERE {_HAS_TABLE} LIMIT ?", (_LOOKED_AT,))
        ]
    else:
        query = match_query(asked_tokens(" ".join(question.forms)))
        rows = connection.execute(
            "SELECT c.document_id FROM bm25 JOIN chunks c ON c.key = bm25.rowid WHERE bm25 MATCH ? ORDER BY rank LIMIT ?",
            (query, _LOOKED_AT),
        )
        ids = list(dict.fromkeys(row[0] for row in rows)) if query else []
    for document_id in ids:
        row = _document(catalog, document_id)
        if row and (scope is None or document_id in scope.places):
            source, root, text, title = row
            yield document_id, scope.places[document_id] if scope else source, root, text, title


def _sums_up(table: Table) -> bool:
    """Return whether a table of names and values has a row with the total of others."""
    first = [phrase(row.cells[0]) for row in table.table.rows]
    return not table.table.has_head and any(
        forms[-len(total) :] == total for forms in first for total in lexicon().totals
    )


def _agrees(table: Table, plan: Plan, result: Result, has_pairs_of_totals: bool) -> bool:  # noqa: FBT001
    """Return whether the sum over a whole table matches the document's stated total: a tax may be added to it."""
    totals: Sequence[tuple[str, ...]] = [row.cells for row in table.table.totals]
    if not totals or plan.measure is None:
        return not has_pairs_of_totals
    stated = column(table.table.head[plan.measure], [cells[plan.measure] for cells in totals])
    return result.number in stated.numbers
