"""Find what a later text takes back: a date that was moved, a number that was raised, a thing done instead.

Comes in: the best sentence, and the others. Goes out: those that say what is true instead, the latest first. Never: a change
that neither says what it takes back nor is later and on the same topic.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from ..hit import Hit
from ..words.tokens import tokens
from .scorer import Scored
from .standing import day_of
from .wanted import Wanted

_DATE = re.compile(r"(?:\d{4}-)?\d\d-\d\d")
_MONTH = re.compile(r"\d{4}-\d\d")
_STAMP = re.compile(r"^\[?\d{4}-\d\d-\d\d[ T]\d{1,2}:\d\d(?::\d\d)?\]?\s*")
_ON_THE_SAME = 0.5
"""Share of the question that a change, with its surroundings, must cover if it does not say what it takes back."""
_MOST = 3
"""Longest chain of successive changes to one thing that is followed."""
_WEEKDAY = re.compile(
    r"\b(mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:days?)?\b|(?:周|星期|礼拜)([一二三四五六日天])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Change:
    """What a sentence takes back, and what it says instead: numbers, dates, days of the week."""

    old: frozenset[str]
    new: frozenset[str]


@lru_cache(maxsize=1024)
def changes_of(text: str) -> tuple[Change, ...]:
    """Return the changes that a sentence reports; those without a new value are left out."""
    found = (
        Change(values(match["old"]), values(match["new"]))
        for needs, form in _forms()
        if needs.search(text)
        for match in form.finditer(_STAMP.sub("", text))
    )  # fmt: skip
    return tuple(one for one in found if one.new - one.old)


@lru_cache(maxsize=1024)
def values(text: str) -> frozenset[str]:
    """Return the numbers, dates and days of the week in a text, each normalised."""
    days = {(match[1] or match[2]).lower()[:3] for match in _WEEKDAY.finditer(text)}
    said = {token for token in tokens(text) if token[0].isdigit()}
    dates = {token for token in said if _DATE.fullmatch(token)}
    parts = {form for date in dates for part in date.split("-") for form in (part, part.lstrip("0"))}
    named = {date[-5:] for date in dates} | {token for token in said - dates if not _MONTH.fullmatch(token)}
    return frozenset(named - parts) | days


def later(best: Scored, scored: Sequence[Scored], hits: Sequence[Hit], asked: Wanted) -> list[Scored]:
    """Return the sentences that say what is true instead of the best one, the latest first; empty if it is still valid.

    Args:
        best: the sentence that answers best.
        scored: all of them.
        hits: the hits they are from.
        asked: the question: its own values are not taken back.
    """
    found: list[Scored] = []
    current = best
    while len(found) < _MOST:
        following = next(_following(current, [one for one in scored if one not in (best, *found)], hits, asked), None)
        if following is None:
            break
        found.insert(0, following)
        current = following
    return found


def _following(current: Scored, others: Sequence[Scored], hits: Sequence[Hit], asked: Wanted) -> Iterator[Scored]:
    said = changes_of(current.candidate.valid)
    old = frozenset().union(*(one.old for one in said))
    holds = values(current.candidate.valid) - old - asked.tokens
    topic = _words(current) | asked.tokens
    for one in others:
        for change in changes_of(one.candidate.valid):
            new = change.new - change.old
            takes_back = bool(change.old & holds) and not new & holds and _words(one) & topic
            moves = not change.old and _sorts(new - holds) & _sorts(holds - new) and _is_on_the_same(one, asked)
            if (takes_back and _is_after(one, current, hits, or_unknown=True)) or (
                moves and _is_after(one, current, hits, or_unknown=False)
            ):
                yield one
                break


def _sorts(of: frozenset[str]) -> frozenset[str]:
    """Return which kinds of values there are."""
    return frozenset("date" if "-" in one else "number" if one[0].isdigit() else "day" for one in of)


def _is_on_the_same(one: Scored, asked: Wanted) -> bool:
    unit = one.candidate.unit
    return asked.share(unit.tokens | unit.above | unit.beside) >= _ON_THE_SAME


def _words(one: Scored) -> frozenset[str]:
    return frozenset(token for token in one.candidate.tokens if token.isalpha() and len(token) > 1)


def _is_after(one: Scored, other: Scored, hits: Sequence[Hit], *, or_unknown: bool) -> bool:
    """Return whether a sentence has a later date than another, or comes after it in the same document.

    ``or_unknown``: also true if the order cannot be told.
    """
    chunks = [hits[each.candidate.passage - 1].chunk for each in (one, other)]
    if chunks[0].document_id == chunks[1].document_id:
        places = [chunk.start + each.candidate.start for chunk, each in zip(chunks, (one, other), strict=True)]
        return or_unknown or places[0] > places[1]
    days = [day_of(chunk) for chunk in chunks]
    return days[0] > days[1] if all(days) and days[0] != days[1] else or_unknown


@cache
def _forms() -> tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]:
    text = files(__package__).joinpath("changes.toml").read_text("utf-8")
    forms = tomllib.loads(text)["form"]
    return tuple(
        (re.compile(form.get("needs", ""), re.IGNORECASE), re.compile(form["pattern"], re.IGNORECASE)) for form in forms
    )
