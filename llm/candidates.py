"""The sentences that an answer without a model may quote.

Comes in: a prompt. Goes out: its passages' sentences, each with its tokens and surroundings. Never: a heading or a fence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import pstdev

from ..ingest.text.sentences import on_one_line, sentence_spans
from ..prompts.prompt import Prompt
from ..retrieval.words.tokens import tokens

_SAID = 0.6
"""A sentence that shares more than this of its tokens with one quoted before says it again."""
_MARKUP = re.compile(r"#{1,6}\s|```|~~~|\|[\s|:-]+\|$|(?:\*\*|__)[^*_\n]+(?:\*\*|__)[:：]?$")
_BULLET = re.compile(r"(?:[-*+•]\s+(?:\[[ xX]\]\s+)?|>\s?)+")
_ITEM = re.compile(rf"{_BULLET.pattern}|\d{{1,3}}[.)、]\s?|\|")
"""Of a list, or a row of a table."""
_FENCE = re.compile(r"(?:>\s?)*(?:```|~~~)")
_ENDS = re.compile(r"[.。!！?？;；…][\"'”’」』)）\]*_]*$")
_LEADS = re.compile(r"[:：][*_]*$")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may be quoted."""

    passage: int
    """The prompt's ``hits[passage - 1]``."""
    order: int
    start: int
    """Of ``text``, in the passage."""
    text: str
    tokens: frozenset[str]
    context: frozenset[str]
    """Tokens of the headings above and the sentence before."""
    topic: frozenset[str]
    """Tokens of the headings above and of the passage's first sentence."""
    whole: frozenset[str]
    """Tokens of the passage."""
    behind: float
    """How far its passage scores below the best one, >= 0, in standard deviations of the passages' scores."""
    led_by: int
    """The ``order`` of the line that leads it in, like "You need:" an item of a list or a line of code; -1: none."""


def shown(text: str) -> str:
    """Return a unit of Markdown as it is quoted: on one line, and without the mark of a list item or a quotation."""
    return on_one_line(_BULLET.sub("", text, count=1) if _BULLET.match(text) else text)


def is_item(text: str) -> bool:
    """Return whether a unit is an item of a list, or a row of a table."""
    return bool(_ITEM.match(text))


def candidates_of(prompt: Prompt, base: str = "") -> Iterator[Candidate]:
    """Yield the sentences of a prompt's passages, in their order; with a base, of its passages only."""
    hits = [(number, hit) for number, hit in enumerate(prompt.hits, 1) if base in ("", hit.base)]
    scores = [hit.score for _, hit in hits]
    spread = pstdev(scores) if scores else 0.0
    for number, hit in hits:
        behind = (max(scores) - hit.score) / spread if spread else 0.0
        headings = frozenset(tokens(" ".join(hit.chunk.headings)))
        spans = list(sentence_spans(hit.chunk.text))
        units = [hit.chunk.text[start:stop] for start, stop in spans]
        held = [frozenset(tokens(unit)) for unit in units]
        whole = headings.union(*held)
        topic = headings.union(*[own for unit, own in zip(units, held, strict=True) if _is_prose(unit)][:1])
        leads = _leads(units)
        before = _before(hit.chunk.text, spans, leads)
        for order, (unit, own) in enumerate(zip(units, held, strict=True)):
            if _is_prose(unit):
                near = headings if before[order] < 0 else headings | held[before[order]]
                yield Candidate(number, order, spans[order][0], unit, own, near, topic, whole, behind, leads[order])


def _leads(units: Sequence[str]) -> list[int]:
    """Return for each unit the one that leads it in, or -1: of a list, a table or lines of code all that it goes on for."""
    found: list[int] = []
    lead = -1
    in_code = was_item = False
    for at, unit in enumerate(units):
        fence = bool(_FENCE.match(unit))
        item = in_code or fence or bool(_ITEM.match(unit))
        if at and not in_code and _LEADS.search(units[at - 1]) and (lead < 0 or not was_item):
            lead = at - 1
        elif not item:
            lead = -1
        found.append(lead)
        in_code, was_item = in_code != fence, item
    return found


def _before(text: str, spans: Sequence[tuple[int, int]], leads: Sequence[int]) -> list[int]:
    """Return for each unit the one that it goes on from, or -1.

    A sentence goes on from the one before, or from its heading; an item of a list from the line that leads the list in. Lines
    of a form go on from none.
    """
    found: list[int] = []
    for at, (start, stop) in enumerate(spans):
        last = text[slice(*spans[at - 1])] if at else ""
        item = bool(_ITEM.match(text, start, stop))
        same_line = at > 0 and "\n" not in text[spans[at - 1][1] : start]
        prose = at > 0 and not item and (same_line or bool(_ENDS.search(last) or _MARKUP.match(last)))
        found.append(leads[at] if leads[at] >= 0 else at - 1 if prose else -1)
    return found


def _is_prose(text: str) -> bool:
    """Return whether a unit can stand as an answer: not a heading, a rule, a fence or a table's header."""
    return bool(re.search(r"\w", text)) and not _MARKUP.match(
        _BULLET.sub("", text, count=1) if text[0] == ">" else text
    )


def distinct(candidates: Sequence[Candidate], n: int) -> list[Candidate]:
    """Return the first ``n`` candidates that do not say what one before them said."""
    chosen: list[Candidate] = []
    for candidate in candidates:
        if len(chosen) == n:
            break
        if all(len(candidate.tokens & one.tokens) <= _SAID * max(len(candidate.tokens), 1) for one in chosen):
            chosen.append(candidate)
    return chosen
