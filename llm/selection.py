"""Select which sentences an answer without a model quotes.

Comes in: a prompt. Goes out: sentences, best first. Never: two that say the same, or half of what a list or a speaker says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from ..prompts.prompt import Prompt
from ..retrieval.sentences.changes import later
from ..retrieval.sentences.editions import editions
from ..retrieval.sentences.scorer import Scored, ranked
from ..retrieval.sentences.units import FIELD, Candidate, is_item, is_row
from ..retrieval.sentences.wanted import Wanted
from ..retrieval.words.answer_kind import new_matches
from ..retrieval.words.question import figures
from .candidates import candidates_of, distinct

MAX_SENTENCES = 3
CLOSEST = 3
"""Passages that are shown if none of them is known to answer."""
_CLOSE = 2.0
"""A further sentence is quoted only if its log-odds of answering are at most this much below the best one's."""
_BESIDE = (1, -1, 2)
"""Where an answer that the best sentence lacks may be, in sentences from it, the likeliest first."""
_BELOW = (1, 2)
"""Where the answer is if the best sentence only names the subject: RETURN POLICY, say."""
_SAYS_SOMETHING = 2
"""Words, or Chinese bigrams. A sentence with fewer new ones repeats the question, and the answer is next to it."""
_GOES_ON = re.compile(r"[;；]$")
_LONGEST = 240
"""Characters of a quote that continues after a semicolon."""
_SHORT = 140
"""The same of one that continues its list item, its field or what its speaker says."""


def select(prompt: Prompt, base: str = "") -> list[Candidate]:
    """Return the sentences to quote, best first, from one base or all; empty if none has anything of the question."""
    candidates = list(candidates_of(prompt, base))
    asked, scored = ranked(prompt.question, candidates)
    scored = [one for one in scored if _holds_something(one)]
    if not scored or not asked.weights:
        return []
    best, *instead = editions(prompt.question, _leading(scored), scored, prompt.hits)
    if changed := later(best, scored, prompt.hits, asked):
        best, *instead = [*changed, best]
    first = [best, *instead]
    close = [
        one.candidate
        for one in (*first, *(one for one in scored if one not in first))
        if one in instead
        or (
            one.score >= best.score - _CLOSE
            and one.signs.no_kind <= best.signs.no_kind
            and not _is_another_row(asked, one.candidate, best.candidate)
        )
    ]
    kept = {one.candidate for one in scored}
    completing = _completing(asked, best.candidate, candidates, kept)
    said = len(first)
    chosen = distinct([*close[:said], *completing, *close[said:]], MAX_SENTENCES)
    whole = [_whole(asked, one, candidates, prompt.hits[one.passage - 1].chunk.text) for one in chosen]
    return [
        one
        for at, one in enumerate(whole)
        if not any(is_part(one, other) or is_part(other, one) for other in whole[:at])
    ]


def nearest(prompt: Prompt) -> list[Candidate]:
    """Return the closest sentences, closest first, each from another passage, although they may not answer at all.

    Each comes with an adjacent sentence, if that has what was asked for: *The lamp is brass. It is kept under the stairs.*
    """
    candidates = list(candidates_of(prompt))
    asked, scored = ranked(prompt.question, candidates)
    best_of = {one.candidate.passage: one for one in reversed(scored)}
    closest = distinct([one.candidate for one in scored if best_of[one.candidate.passage] is one], CLOSEST)
    return [_with_asked(asked, one, candidates, prompt.hits[one.passage - 1].chunk.text) for one in closest]


def _leading(scored: Sequence[Scored]) -> Scored:
    """Return the best sentence; if it is an item with nothing of the question, the line that leads in its list."""
    best = scored[0]
    lead = (best.candidate.passage, best.candidate.led_by)
    leads = (one for one in scored if (one.candidate.passage, one.candidate.order) == lead and one.signs.own)
    return best if best.signs.own else next(leads, best)


def _is_another_row(asked: Wanted, one: Candidate, best: Candidate) -> bool:
    """Return whether a row of the best one's table says less of what the question names: where is the lamp, not the fuse."""
    in_one_table = is_row(one.text) and is_row(best.text) and bool(best.unit.head) and one.unit.head == best.unit.head
    return in_one_table and asked.share(one.tokens) < asked.share(best.tokens)


def _holds_something(one: Scored) -> bool:
    signs = one.signs
    said = signs.own + signs.above + signs.beside + signs.topic + signs.names + signs.hinted > 0
    return said or one.candidate.read > 0


def _completing(
    asked: Wanted, best: Candidate, candidates: Sequence[Candidate], kept: Collection[Candidate]
) -> Iterator[Candidate]:
    """Yield the adjacent sentence with what was asked for, if the best one lacks it or says nothing new.

    *When was the firm founded?* may be answered in the sentence before *Then the firm was founded.* In a table the next row is
    about something else.
    """
    if is_row(best.text) and best.unit.head:
        return
    new = best.tokens - asked.tokens
    at = {one.order - best.order: one for one in candidates if one.passage == best.passage}
    if not new and not figures(best.valid):  # a title: the text below it answers
        yield from (at[place] for place in _BELOW if place in at)
    beside = [at[place] for place in _BESIDE if place in at]
    if asked.kind and not new_matches(asked.kind, best.valid, asked.question):
        yield from [one for one in beside if new_matches(asked.kind, one.valid, asked.question)][:1]
    elif not asked.kind and sum(len(token) > 1 for token in new) < _SAYS_SOMETHING:
        yield from [one for one in beside if one in kept][:1]


def _with_asked(asked: Wanted, one: Candidate, candidates: Sequence[Candidate], text: str) -> Candidate:
    """Return a sentence, joined with the adjacent one that has what was asked for if the sentence itself lacks it."""
    if not asked.kind or is_item(one.text) or new_matches(asked.kind, one.valid, asked.question):
        return one
    at = {other.order - one.order: other for other in candidates if other.passage == one.passage}
    for beside in (at[place] for place in _BESIDE[:2] if place in at):
        start = min(one.start, beside.start)
        both = text[start : max(one.start + len(one.text), beside.start + len(beside.text))]
        prose = not is_item(beside.text) and "\n\n" not in both and len(both) <= _LONGEST
        if prose and new_matches(asked.kind, beside.valid, asked.question):
            return replace(one, start=start, text=both)
    return one


def _whole(asked: Wanted, one: Candidate, candidates: Sequence[Candidate], text: str) -> Candidate:
    """Return a quote with what follows of its sentence or entry, and with its speaker if the question asks who."""
    start, stop = one.start, one.start + len(one.text)
    line = text[text.rfind("\n", 0, start) + 1 : stop]
    is_entry = not is_row(line) and (is_item(line) or FIELD.match(line))
    for other in candidates:
        if other.passage != one.passage:
            continue
        goes_on = other.order > one.order and "\n" not in text[stop : other.start]
        most = _LONGEST if _GOES_ON.search(text[start:stop]) else _SHORT if is_entry else 0
        if goes_on and other.start + len(other.text) - start <= most:
            stop = other.start + len(other.text)
    if asked.asks_who and one.unit.speaker and one.unit.turn >= 0:
        start = min(start, one.unit.turn)
    return replace(one, start=start, text=text[start:stop])


def is_part(one: Candidate, other: Candidate) -> bool:
    """Return whether a quote begins within another one."""
    return one.passage == other.passage and other.start <= one.start < other.start + len(other.text)
