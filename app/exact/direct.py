"""Questions that are answered without passages: the inventory, mentions, steps, table results.

Comes in: a question. Goes out: its exact answer, or ``None`` to search instead. Never: a guess.
"""

from __future__ import annotations

from ...retrieval.words.answer_kind import lacks_contact
from ..answers.answer import Answer, Asked
from ..base.library import Library
from .census import census_of, taken
from .inventory import stated
from .steps import stepwise
from .tables import from_tables


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
