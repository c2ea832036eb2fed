"""Quotes, one under the other, as an answer without a model shows them.

Comes in: sentences, and whose they are. Goes out: Markdown. Never: a word that is not theirs, but the name they stand under.
"""

from __future__ import annotations

from pathlib import PurePath

from ..ingest.text.sentences import on_one_line
from ..retrieval.hit import Hit
from ..retrieval.sentences.units import Candidate, is_item
from .candidates import shown

Quote = tuple[str, Candidate]
"""What it is about, where that is to be shown; and the sentence."""


def name_of(hit: Hit) -> str:
    """Return what the document of a passage is called above its quotes: its file, and its base if there are several."""
    name = PurePath(hit.chunk.source).name
    return f"{hit.base}: {name}" if hit.base else name


def laid_out(quote: Quote, before: Quote | None) -> str:
    """Return a quote as it stands under the one before: under a title of its own, as an item of its list, or by itself."""
    title, candidate = quote
    if before and title == before[0] and _goes_on(before[1], candidate):
        if is_item(candidate.text):  # with its mark, below the others; lines of code stay as they are
            return f"\n{on_one_line(candidate.text)}"
        return f"\n\n{candidate.text}"
    head = f"**{title}**\n\n" if title != (before[0] if before else "") else ""
    return ("\n\n" if before else "") + head + shown(candidate.text)


def leads_in(lead: Candidate, one: Candidate) -> bool:
    """Return whether a line leads a sentence in: *You need:* an item of a list."""
    return (one.passage, one.led_by) == (lead.passage, lead.order)


def _goes_on(before: Candidate, one: Candidate) -> bool:
    """Return whether a quote stands under the one before: led in by it, or by the same line."""
    return leads_in(before, one) or (one.led_by >= 0 and (before.passage, before.led_by) == (one.passage, one.led_by))
