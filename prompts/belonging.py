"""Split the passages between the sides of a comparison.

Comes in: hits and sides. Goes out: the hits of one side, without the sentences about another. Never: a sentence given to a
side although the sentence itself, its heading or its document is about the other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ..ingest.text.sentences import sentence_spans
from ..retrieval.hit import Hit
from ..retrieval.words.question import Term, terms
from ..retrieval.words.tokens import tokens
from .prompt import Topic

_HELD = 0.6
"""Share of a side's own words that a text must contain to be about that side."""
_ITEM = re.compile(r"[-*+•|]|\d{1,3}[.)、]")
"""A list item or table row: its subject does not carry over to the next one."""
_HEADER = re.compile(r"\|(?=[^\n]*\n\s*\|[\s|:-]+\|)|\|[\s|:-]+\|$", re.MULTILINE)
"""The header of a table belongs to every row."""


def own_terms(side: Topic, sides: Sequence[Topic]) -> list[Term]:
    """Return the words that only this side has: *Alder* in *the payment terms of Alder*, against those of Birke."""
    others = {token for other in sides if other is not side for token in tokens(other.text)}
    asked = set(tokens(side.aspect))
    wanted = [term for term in terms(side.text) if not term.within(others) and not term.within(asked)]
    return wanted or [term for term in terms(side.text) if not term.within(others)]


def of_side(hits: Sequence[Hit], side: Topic, sides: Sequence[Topic]) -> list[Hit | None]:
    """Return, for each hit, the part that belongs to a side, as a hit with less text; ``None`` if no part does."""
    own = own_terms(side, sides)
    others = [own_terms(other, sides) for other in sides if other is not side]
    taken = {source for other in sides if other is not side for source in other.sources}
    found: list[Hit | None] = []
    for hit in hits:
        if side.base and hit.base != side.base:
            found.append(None)
            continue
        default = hit.chunk.source in side.sources or (not side.sources and not own)
        foreign = hit.chunk.source in taken or (bool(side.sources) and not default)
        text = _of(hit, own, others, default=default, foreign=foreign)
        found.append(replace(hit, chunk=replace(hit.chunk, text=text)) if text else None)
    return found


def _of(hit: Hit, own: Sequence[Term], others: Sequence[Sequence[Term]], *, default: bool, foreign: bool) -> str:
    """Return the text of the sentences that belong to a side; empty if there are none."""
    least = 1.0 if foreign else _HELD
    above = _whose(frozenset(tokens(" ".join(hit.chunk.headings))), own, others, least)
    owner = above if above is not None else default and not foreign
    text = hit.chunk.text
    kept: list[tuple[int, int]] = []
    heads: list[tuple[int, int]] = []
    begins = owner
    for start, stop in sentence_spans(text):
        if _HEADER.match(text, start):
            heads.append((start, stop))
            continue
        said = _whose(frozenset(tokens(text[start:stop])), own, others, least)
        is_item = bool(_ITEM.match(text, start))
        if said if said is not None else begins if is_item else owner:
            kept.append((start, stop))
        if said is not None and not is_item:
            owner = said
    if not kept:
        return ""
    parts = [text[start:stop] for start, stop in sorted([*kept, *heads])]
    return "".join(part + ("\n" if _ITEM.match(part) else "\n\n") for part in parts)


def _whose(held: frozenset[str], own: Sequence[Term], others: Sequence[Sequence[Term]], least: float) -> bool | None:
    """Return whether a text is about a side: ``False`` if only about another, ``None`` if about neither.

    Args:
        held: tokens of the text.
        own: words that distinguish the side from the others.
        others: the same for each of the others.
        least: the share of ``own`` that a text about the side contains.
    """
    if _share(own, held) >= least:
        return True
    return False if any(_share(other, held) >= _HELD for other in others) else None


def _share(wanted: Sequence[Term], held: frozenset[str]) -> float:
    total = sum(term.share for term in wanted)
    return sum(term.share for term in wanted if term.within(held)) / total if total else 0.0
