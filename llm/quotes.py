"""Lay out quotes one below the other, as an answer without a model shows them.

Every word is the quotes', except the names above them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath

from ..ingest.text.sentences import on_one_line
from ..retrieval.hit import Hit
from ..retrieval.sentences.units import Candidate, is_item, is_row
from ..retrieval.words.question import terms
from .candidates import shown

Quote = tuple[str, Candidate]
"""What it is about, if that is to be shown; and the sentence."""
_NUMBERED = re.compile(r"[-*+•]\s+(?=\d{1,9}[.)]\s)")
"""The bullet before the number of a step: a file's text may have both."""


def name_of(hit: Hit) -> str:
    """Return a document's name above its quotes: its file, and its base if there are several."""
    name = PurePath(hit.chunk.source).name
    return f"{hit.base}: {name}" if hit.base else name


def laid_out(quote: Quote, before: Quote | None) -> str:
    """Return a quote laid out below the previous one: under its own title, as an item of its list, or by itself."""
    title, candidate = quote
    if before and title == before[0] and _goes_on(before[1], candidate):
        if is_item(candidate.text) and not candidate.unit.code:  # with its mark, below the others
            return f"\n{on_one_line(_NUMBERED.sub('', candidate.text, count=1))}"
        same_block = candidate.unit.code and before[1].unit.code
        return ("\n" if same_block else "\n\n") + candidate.text
    head = f"**{title}**\n\n" if title != (before[0] if before else "") else ""
    return ("\n\n" if before else "") + head + shown(candidate)


def leads_in(lead: Candidate, one: Candidate) -> bool:
    """Return whether a line leads in a sentence: *You need:* a list item."""
    return (one.passage, one.led_by) == (lead.passage, lead.order)


def listed_with(one: Candidate, candidates: Sequence[Candidate], hits: Sequence[Hit]) -> list[Candidate]:
    """Return the items of a sentence's list, in order, each whole; itself alone if it is not in a list."""
    text = hits[one.passage - 1].chunk.text
    own = _items([other for other in candidates if other.passage == one.passage], text)
    first = last = next(at for at, other in enumerate(own) if other.start <= one.start < other.start + len(other.text))
    while first and is_item(own[first].text) and _is_next(own[first - 1], own[first]):
        first -= 1
    while last + 1 < len(own) and is_item(own[last].text) and _is_next(own[last], own[last + 1]):
        last += 1
    return own[first : last + 1] if first < last else [one]


def rows_with(one: Candidate, candidates: Sequence[Candidate], hits: Sequence[Hit], question: str) -> list[Candidate]:
    """Return the rows of a row's table that match the same words of the question: all that are *high*.

    Words also in the names and headings do not distinguish rows: for the minutes of September, all rows.
    """
    said = [term for term in terms(question) if term.within(one.tokens)]
    held = [term for term in said if not term.within(one.of.title)]
    document = hits[one.passage - 1].chunk.document_id
    alike = {
        hits[other.passage - 1].chunk.start + other.start: other
        for other in candidates
        if other.unit.head == one.unit.head
        and not other.is_head
        and hits[other.passage - 1].chunk.document_id == document
        and all(term.within(other.tokens) for term in held)
    }
    in_order = sorted(alike.values(), key=lambda row: hits[row.passage - 1].chunk.start + row.start)
    return in_order if said and one.unit.head else [one]


def _items(own: Sequence[Candidate], text: str) -> list[Candidate]:
    """Return the sentences of a passage, with those of one item joined, as in *Fill it up. Not from the tap*."""
    found: list[Candidate] = []
    for one in own:
        last = found[-1] if found else one
        stop = last.start + len(last.text)
        goes_on = is_item(last.text) and not is_row(last.text) and not is_item(one.text)
        if found and goes_on and "\n" not in text[stop : one.start]:
            found[-1] = replace(last, order=one.order, text=text[last.start : one.start + len(one.text)])
        else:
            found.append(one)
    return found


def _is_next(one: Candidate, other: Candidate) -> bool:
    """Return whether a list continues from one item to another; table rows are not list items."""
    items = all(is_item(each.text) and not is_row(each.text) for each in (one, other))
    return items and other.unit.order == one.order + 1 and one.led_by == other.led_by


def _goes_on(before: Candidate, one: Candidate) -> bool:
    """Return whether a quote continues the previous one: led in by it, or by the same line."""
    led = one.led_by >= 0 and (before.passage, before.led_by) == (one.passage, one.led_by)
    return leads_in(before, one) or led or (before.passage == one.passage and _is_next(before, one))
