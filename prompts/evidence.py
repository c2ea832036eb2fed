"""Give a small model its evidence: the sentences that kb itself would quote, with their surroundings.

Comes in: a prompt and the sentences quoted from its passages. Goes out: plain text, the best evidence last, closest to the
question. Never: what is struck out, a fence, a mark or a rule: small models recite them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from ..ingest.text.sentences import sentence_spans
from ..retrieval.hit import Hit
from ..retrieval.sentences.standing import without_struck
from .fill import fenced
from .prompt import Citation, Prompt, Sentence

_AROUND = 1
"""Sentences before and after a quoted one."""
_TITLES = 2
"""How many of the innermost headings above it."""
_LONGEST = 1200
"""Characters of one piece: a table or a listing may be one long unit."""


def evidence(prompt: Prompt, quotes: Sequence[Sentence], *, around: int = _AROUND) -> str:
    """Return the quoted sentences in their surroundings, each under its headings, the first quoted one last.

    Args:
        prompt: whose ``hits`` the quotes are from.
        quotes: best first.
        around: how many sentences before and after each; 0 for the quotes alone.
    """
    pieces: list[tuple[Hit, int, int]] = []
    for citation in (citation for quote in quotes for citation in quote.citations):
        if hit := next((hit for hit in prompt.hits if _holds(hit, citation)), None):
            pieces = _with(pieces, (hit, *_widened(hit, citation, around)))
    return "\n\n".join(_written_out(*piece) for piece in reversed(pieces))


def _holds(hit: Hit, citation: Citation) -> bool:
    chunk = hit.chunk
    inside = chunk.start <= citation.start and citation.stop <= chunk.stop
    return inside and (hit.base, chunk.document_id) == (citation.base, citation.document_id)


def _widened(hit: Hit, citation: Citation, around: int) -> tuple[int, int]:
    """Return where a quote is in its passage, widened by the given number of sentences on each side, headings not counted."""
    text, start, stop = hit.chunk.text, citation.start - hit.chunk.start, citation.stop - hit.chunk.start
    spans = [span for span in sentence_spans(text) if not text[slice(*span)].startswith(("#", "```"))]
    before = [span for span in spans if span[1] <= start][-around:] if around else []
    behind = [span for span in spans if span[0] >= stop][:around] if around else []
    return min([start, *(span[0] for span in before)]), max([stop, *(span[1] for span in behind)])


def _with(pieces: Sequence[tuple[Hit, int, int]], new: tuple[Hit, int, int]) -> list[tuple[Hit, int, int]]:
    """Return the pieces with one more; pieces that overlap it are merged with it."""
    hit, start, stop = new
    found: list[tuple[Hit, int, int]] = []
    merged = False
    for other, first, last in pieces:
        if other is hit and first <= stop and start <= last:
            found.append((hit, min(first, start), max(last, stop)))
            merged = True
        else:
            found.append((other, first, last))
    return found if merged else [*found, new]


def _written_out(hit: Hit, start: int, stop: int) -> str:
    chunk = hit.chunk
    text = without_struck(chunk.text)[start:stop].strip()[:_LONGEST]
    heads = [heading for heading in chunk.headings if heading.startswith("| ")]
    if text.startswith("|") and not heads:
        heads = list(takewhile(lambda line: line.startswith("|"), chunk.text.lstrip().splitlines()))[:1]
    lines = [
        " > ".join(chunk.titles[-_TITLES:]),
        *(head for head in heads if text.startswith("|") and head not in text),
    ]
    return fenced("\n".join([*filter(None, lines), text]))
