"""Questions that are answered without passages: the inventory, mentions, steps, table results."""

from __future__ import annotations

from collections.abc import Sequence

from ...retrieval.hit import Hit
from ...retrieval.sentences.units import is_row
from ...retrieval.words.answer_kind import lacks_contact
from ..answers.answer import Answer, Asked
from ..base.library import Library
from .census import census_of, taken
from .inventory import stated
from .steps import stepwise
from .tables import from_tables
from .tables_likely import likeliest, rows_are_no_answer

_LIKELY = 0.4
"""Minimum probability for a table's answer to be given."""
_SURER = 0.6
"""The same where a passage answers surely, or the question has words that no passage holds."""


def directly(library: Library, asked: Asked) -> Answer | None:
    """Return the answer to a question that the catalog or a table can answer; ``None`` if it needs passages."""
    if asked.task not in {None, "answer"}:
        return None
    if said := stated(library, asked.said or asked.question, asked.where):
        return said
    census = census_of(asked.question)
    counted = taken(library, census, asked.question, asked.where) if census else None
    if census and counted and (census.literally or not counted.abstained):
        return counted
    if steps := stepwise(library, asked):
        return steps
    said = from_tables(library, asked)  # what it sums may not look like money, and its column may be "Number"
    return said if said and not lacks_contact(asked.question, said.text) else None


def computed_from_tables(
    library: Library, asked: Asked, hits: Sequence[Hit], *, is_sure: bool, absent: Sequence[str] = ()
) -> Answer | None:
    """Return the likeliest answer of the tables that were found; ``None`` if it is not likely enough.

    Args:
        library: what was searched.
        asked: the question.
        hits: what was found.
        is_sure: a passage answers surely.
        absent: names and rare words of the question that no passage holds: then it may be about something else.
    """
    found = likeliest(library, asked, hits)
    if (
        not found
        or found[1] < (_SURER if is_sure or absent else _LIKELY)
        or lacks_contact(asked.question, found[0].text)
    ):
        return None
    return found[0]


def answers_by_rows_alone(library: Library, answer: Answer) -> bool:
    """Return whether an answer consists of rows of a table that its question wants counted, added or compared."""
    rows = [sentence for sentence in answer.sentences if is_row(sentence.text)]
    return bool(rows) and len(rows) == len(answer.sentences) and rows_are_no_answer(library, answer.question, len(rows))
