"""Summarise and compare without a model: quote the central sentences, or those that answer for each side.

Never a sentence under the name of a side that it was not found for.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..prompts.belonging import of_side, own_terms
from ..prompts.prompt import Prompt, Topic
from ..retrieval.hit import Hit
from ..retrieval.sentences.editions import differs
from ..retrieval.sentences.units import Candidate, is_row
from ..retrieval.words.question import Term, terms
from ..retrieval.words.tokens import tokens
from .candidates import candidates_of
from .central import central
from .quotes import Quote, name_of

SUMMARY_SENTENCES = 8
SIDE_SENTENCES = 3
DIFFERENCES = 8
"""Most sentences quoted that two documents have with different figures, if no aspect is compared."""


def summary(prompt: Prompt) -> list[Quote]:
    """Return the central sentences of the prompt's passages, under the names of their documents."""
    chosen = central(list(candidates_of(prompt)), SUMMARY_SENTENCES, prompt.hits)
    return [(name_of(prompt.hits[one.passage - 1]), one) for one in chosen]


def comparison(prompt: Prompt, select: Callable[[Prompt, str], list[Candidate]]) -> list[Quote]:
    """Return the sentences that answer for each side; shared ones come first, under all the names.

    Args:
        prompt: names the sides.
        select: returns the sentences that answer a prompt, of one base or of all.
    """
    if differing := _differing(prompt):
        return differing
    titles = [side.title for side in prompt.sides]
    found = _with_counterparts(prompt, [_side(prompt, side, select) for side in prompt.sides])
    said = Counter(one.text for own in found for one in own)
    shared = {text for text, n in said.items() if n == len(found) > 1}
    both = {one.text: one for own in found for one in own if one.text in shared}
    quotes = [(" / ".join(titles), one) for one in both.values()]
    return quotes + [
        (title, one) for title, own in zip(titles, found, strict=True) for one in own if one.text not in shared
    ]


def _differing(prompt: Prompt) -> list[Quote]:
    """Return what two documents compared as a whole both say with different figures; empty for other comparisons."""
    if len(prompt.sides) != 2 or not all(side.sources and not side.aspect for side in prompt.sides):  # noqa: PLR2004
        return []
    one, other = (
        [each for each in candidates_of(prompt) if prompt.hits[each.passage - 1].chunk.source in side.sources]
        for side in prompt.sides
    )
    pairs: list[tuple[Candidate, Candidate]] = []
    for each in sorted(one, key=lambda each: prompt.hits[each.passage - 1].chunk.start + each.start):
        words = 1 if is_row(each.text) else 2
        same = (
            said for said in other if differs(each.text, said.text, words) and all(said is not two for _, two in pairs)
        )
        if (counterpart := next(same, None)) and all(each.text != first.text for first, _ in pairs):
            pairs.append((each, counterpart))
    titles = [side.title for side in prompt.sides]
    return [
        (title, one)
        for title, said in zip(titles, zip(*pairs[:DIFFERENCES], strict=True), strict=False)
        for one in said
    ]


def _with_counterparts(prompt: Prompt, own: Sequence[list[Candidate]]) -> list[list[Candidate]]:
    """Return each side's answers; if the sides are documents, first those that the other gives with another figure."""
    if len(own) != 2 or not all(side.sources for side in prompt.sides):  # noqa: PLR2004
        return list(own)
    there = [
        [each for each in candidates_of(prompt) if prompt.hits[each.passage - 1].chunk.source in side.sources]
        for side in prompt.sides
    ]
    pairs: list[tuple[Candidate, Candidate]] = []
    for at in (0, 1):
        for one in own[at]:
            words = 1 if is_row(one.text) else 2
            counterpart = next((other for other in there[1 - at] if differs(one.text, other.text, words)), None)
            if counterpart and one not in (pair[at] for pair in pairs):
                pairs.append((one, counterpart) if at == 0 else (counterpart, one))
    return [list(dict.fromkeys([*(pair[at] for pair in pairs), *own[at]]))[:SIDE_SENTENCES] for at in (0, 1)]


def _side(prompt: Prompt, side: Topic, select: Callable[[Prompt, str], list[Candidate]]) -> list[Candidate]:
    """Return the sentences on one side, from the parts of the passages that belong to it."""
    parts = [(number, hit) for number, hit in enumerate(of_side(prompt.hits, side, prompt.sides), 1) if hit]
    hits = tuple(hit for _, hit in parts)
    if not side.aspect and (not side.text or side.sources or _under_heading(hits, side, prompt.sides)):
        chosen = central(list(candidates_of(replace(prompt, hits=hits))), SIDE_SENTENCES, hits)
    elif side.aspect and (section := [hit for hit in hits if _headed(hit, terms(side.aspect))]):
        parts = [(number, hit) for number, hit in parts if hit in section]
        chosen = list(candidates_of(replace(prompt, hits=tuple(section))))[:SIDE_SENTENCES]
    else:
        in_full = side.text if side.aspect in side.text else f"{side.text} {side.aspect}"
        questions = dict.fromkeys([side.aspect if side.sources else in_full, in_full])
        found = (select(replace(prompt, question=question, hits=hits), "") for question in questions if question)
        chosen = next(filter(None, found), [])
    placed = (_in_place(one, prompt, *parts[one.passage - 1]) for one in chosen)
    return [one for one in placed if one]


def _in_place(one: Candidate, prompt: Prompt, number: int, part: Hit) -> Candidate | None:
    """Return a sentence from part of a passage at its place in the passage; the part lacks what belongs to the other side."""
    text = prompt.hits[number - 1].chunk.text
    for said in (one.text, one.unit.text):
        pattern = r"\s+".join(map(re.escape, said.split()))
        earlier = part.chunk.text[: one.start].count(said)
        if places := list(re.finditer(pattern, text)):
            place = places[min(earlier, len(places) - 1)]
            return replace(one, passage=number, start=place.start(), text=place.group())
    return None


def _under_heading(hits: Sequence[Hit], side: Topic, sides: Sequence[Topic]) -> bool:
    """Return whether a section is about the side, so that its sentences need not name it."""
    own = own_terms(side, sides)
    return any(_headed(hit, own) for hit in hits)


def _headed(hit: Hit, wanted: Sequence[Term]) -> bool:
    """Return whether the headings above a passage contain all the given words."""
    held = frozenset(tokens(" ".join(hit.chunk.headings[1:])))
    return bool(wanted) and all(term.within(held) for term in wanted)
