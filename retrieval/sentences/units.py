"""Parse a passage once into sentences, rows, items and lines, each with its surroundings.

Comes in: hits. Goes out: what may be quoted, with its tokens and those of its surroundings. Never: a heading or a fence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from statistics import pstdev

from ...ingest.document import titles_of
from ...ingest.text.sentences import sentence_spans
from ..hit import Hit
from ..words.tokens import tokens
from .standing import lapsed, replaced, without_struck

_HAN = re.compile("[\u3400-\u9fff]")
_LATIN = re.compile(r"[^\W\d_\u3400-\u9fff]")
_CHINESE = 3
"""Most letters of Latin words per Chinese character in Chinese text."""
_HEADING = re.compile(r"(#{1,6})\s")
_MARKUP = re.compile(r"#{1,6}\s|```|~~~|\|[\s|:-]+\|$|(?:\*\*|__)[^*_\n]+(?:\*\*|__)[:：]?$")
BULLET = re.compile(r"(?:[-*+•]\s+(?:\[[ xX]\]\s+)?|>\s?)+")
_ITEM = re.compile(rf"{BULLET.pattern}|\d{{1,3}}[.)、]\s?|\|")
"""A list item or a table row."""
_ROW = re.compile(r"\|.*\|$", re.DOTALL)
_RULE = re.compile(r"\|[\s|:-]+\|$")
_FENCE = re.compile(r"(?:>\s?)*(?:```|~~~)")
ENDS = re.compile(r"[.。!！?？;；…][\"'”’」』)）\]*_]*$")
"""The end of a sentence, rather than of a line of a form."""
_LEADS = re.compile(r"[:：][*_]*$")
_TIME = r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\s+)?\d{1,2}:\d{2}(?::\d{2})?"
_STAMP = re.compile(rf"\[?{_TIME}\]?\s+[^\s:：]{{1,20}}(?: [A-Z]\w+)?[:：]?|[^\s:：]{{1,20}}\s+\[?{_TIME}\]?")
_TURN = re.compile(
    rf"(?:\[?{_TIME}\]?\s+)(?P<stamped>[^\s:：]{{1,20}}(?: [A-Z]\w+)?)(?:[:：]|\s*$|\n)"
    rf"|(?P<name>[A-Z][\w.'’-]+(?: [A-Z][\w.'’-]+)?|[\u3400-\u9fff]{{2,4}})(?: \(?{_TIME}\)?)?[:：]\s*\S"
)
"""A line of a conversation that begins with the speaker."""
_TURNS = 3
_WORD = re.compile(r"[^\W\d]|\d(?![.)、]?\s)")
"""Actual content: more than an item's number."""
_BLANK = re.compile(r"\n\s*\n")
FIELD = re.compile(r"(?:[-*+•|]\s*)?(?:\*\*|__)?([^:：|\n*]{1,40}?)(?:\*\*|__)?\s*[:：](?!//)\s*\S")
"""A line like "Due date: 5 August": the part before the colon names the part after it."""
_RECORD = 15
"""Units. Those without an empty line between them belong together, up to this distance."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, list item, row or line of a passage."""

    order: int
    start: int
    """Offset in the passage."""
    text: str
    valid: str
    """Its text with blanks for what is struck out; all tokens are of such text."""
    tokens: frozenset[str]
    above: frozenset[str]
    """Tokens of the headings above and of the sentence it continues."""
    beside: frozenset[str]
    """Tokens of the rest of its record: the lines around it, the speaker, its table header."""
    head: str
    """For a table row, the row that names the columns."""
    speaker: str
    """Who says it, in the record of a conversation: the name above it or before the colon."""
    turn: int
    """Where in the passage the speaker's turn begins; -1: there is no speaker."""
    led_by: int
    """The ``order`` of its lead-in line, like "You need:" for a list item or a line of code; -1: none."""
    code: bool
    """Whether it is in a block of code: its line breaks and marks are its own."""
    chinese: bool | None
    """Whether it is written in Chinese, rather than having a Chinese name in it; ``None`` if it has no letters."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A parsed passage."""

    units: tuple[Unit, ...]
    names: frozenset[str]
    """Tokens of its document's names: file, folders, title."""
    title: frozenset[str]
    """Tokens of the names, of the headings above, and of a first line that is not a sentence."""
    topic: frozenset[str]
    """Tokens of the headings above and of its first sentence."""
    whole: frozenset[str]
    """Tokens of the whole passage and the headings above."""
    lapsed: bool
    """Whether its document says that it is no longer valid."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may be quoted. Two are equal if they are in the same place."""

    passage: int
    """The hit: ``hits[passage - 1]``."""
    order: int
    start: int
    """Offset of ``text`` in the passage."""
    text: str
    unit: Unit = field(compare=False, repr=False)
    of: Passage = field(compare=False, repr=False)
    behind: float = field(compare=False)
    """How far its passage scores below the best one, >= 0, in standard deviations of the passages' scores."""
    meaning: float = field(default=0.0, compare=False)
    """How close it is to the question: a cosine with off-topic text at 0; if not looked at, that of the farthest sentence."""
    farther: float = field(default=0.0, compare=False)
    """How much farther it is than the nearest sentence, >= 0."""
    read: float = field(default=0.0, compare=False)
    """The reader's log-odds that it answers; if not read, those of the least likely sentence, and never more than 0."""
    outread: float = field(default=0.0, compare=False)
    """How much likelier another sentence is according to the reader, >= 0."""

    @property
    def valid(self) -> str:
        """Its own text with blanks for what is struck out."""
        return self.unit.valid

    @property
    def tokens(self) -> frozenset[str]:
        """Its own tokens."""
        return self.unit.tokens

    @property
    def is_head(self) -> bool:
        """Whether it only names the columns of a table, and says nothing by itself."""
        return self.unit.head == self.text

    @property
    def led_by(self) -> int:
        """The ``order`` of its lead-in line; -1: none."""
        return self.unit.led_by


def candidates(hits: Sequence[tuple[int, Hit]]) -> Iterator[Candidate]:
    """Yield the quotable sentences of numbered hits, in order."""
    scores = [hit.score for _, hit in hits]
    spread = pstdev(scores) if scores else 0.0
    near = [meaning for _, hit in hits for _, meaning in hit.meanings]
    nearest, farthest = max(near, default=0.0), min(near, default=0.0)
    read = [log_odds for _, hit in hits for _, log_odds in hit.reads]
    likeliest, least = max(read, default=0.0), min([*read, 0.0])
    for number, hit in hits:
        behind = (max(scores) - hit.score) / spread if spread else 0.0
        meanings, reads = dict(hit.meanings), dict(hit.reads)
        passage = taken_apart(hit.chunk.text, hit.chunk.headings, hit.chunk.names)
        for unit in passage.units:
            meaning, log_odds = meanings.get(unit.start, farthest), reads.get(unit.start, least)
            yield Candidate(
                number, unit.order, unit.start, unit.text, unit, passage, behind,
                meaning, nearest - meaning, log_odds, likeliest - log_odds,
            )  # fmt: skip


@lru_cache(maxsize=512)
def taken_apart(text: str, headings: tuple[str, ...], names: str) -> Passage:
    """Return a parsed passage; weighing evidence and quoting share it."""
    spans = list(_spans(text))
    units = [text[start:stop] for start, stop in spans]
    holds = without_struck(text)
    valid = [holds[start:stop] for start, stop in spans]
    held = [frozenset(tokens(unit)) for unit in valid]
    title = frozenset(tokens(without_struck("\n\n".join(headings))))
    coded = list(_in_code(units))
    leads = _leads(units, coded)
    before = _before(text, spans, leads)
    above = [own | struck for own, struck in zip(_headings(units, held, title), _replaced(text, spans), strict=True)]
    heads = list(_heads(units, headings))
    beside = list(_records(text, spans, held, heads))
    turns = list(_turns(units))
    fields = [bool(FIELD.match(unit)) and not turn for unit, (turn, _) in zip(units, turns, strict=True)]
    prose = [at for at, (start, stop) in enumerate(spans) if is_prose(units[at]) and _WORD.search(holds, start, stop)]
    found = tuple(
        Unit(
            at, spans[at][0], units[at], valid[at], held[at],
            above[at] | (held[before[at]] if before[at] >= 0 else beside[at] if fields[at] else frozenset()),
            beside[at], heads[at], turns[at][0], spans[turns[at][1]][0] if turns[at][0] else -1, leads[at],
            coded[at], in_chinese(valid[at]),
        )
        for at in prose
    )  # fmt: skip
    named = frozenset(tokens(without_struck(names)))
    topic = title.union(*[held[at] for at in prose[:1]])
    first = units[prose[0]] if prose else ""
    is_title = bool(first) and not (ENDS.search(first) or _LEADS.search(first) or is_item(first))
    is_lapsed = lapsed(names, titles_of(headings), holds)
    return Passage(found, named, named | (topic if is_title else title), topic, title.union(*held), is_lapsed)


def in_chinese(text: str) -> bool | None:
    """Return whether a text is written in Chinese, rather than having a Chinese name in it; ``None`` if it has no letters."""
    han, latin = len(_HAN.findall(text)), len(_LATIN.findall(text))
    return _CHINESE * han > latin if han or latin else None


def said(unit: Unit) -> str:
    """Return what a unit says that holds: in the record of a conversation without the speaker and the time."""
    turn = _TURN.match(unit.valid) if unit.turn == unit.start else None
    return unit.valid[turn.end() - (turn["name"] is not None) :] if turn else unit.valid


def is_item(text: str) -> bool:
    """Return whether a unit is a list item or a table row."""
    return bool(_ITEM.match(text))


def is_row(text: str) -> bool:
    """Return whether a unit is a table row."""
    return bool(_ROW.match(text))


def is_prose(text: str) -> bool:
    """Return whether a unit can be an answer: not a heading, a rule or a fence."""
    return bool(re.search(r"\w", text)) and not _MARKUP.match(BULLET.sub("", text, count=1) if text[0] == ">" else text)


def _is_head(units: Sequence[str], at: int) -> bool:
    """Return whether a unit is a table header."""
    return at + 1 < len(units) and is_row(units[at]) and bool(_RULE.match(units[at + 1]))


def _headings(units: Sequence[str], held: Sequence[frozenset[str]], title: frozenset[str]) -> Iterator[frozenset[str]]:
    """Yield for each unit the tokens of the headings above it, including those in the passage."""
    open_: list[tuple[int, frozenset[str]]] = []
    for unit, own in zip(units, held, strict=True):
        yield title.union(*(tokens_ for _, tokens_ in open_))
        if match := _HEADING.match(unit):
            level = len(match[1])
            open_ = [(above, tokens_) for above, tokens_ in open_ if above < level] + [(level, own)]


def _replaced(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[frozenset[str]]:
    """Yield for each unit the tokens that are struck out on its line and that new text there replaces."""
    lines = replaced(text)
    for start, stop in spans:
        yield frozenset(
            token for begin, end, words in lines if begin <= start and stop <= end for token in tokens(words)
        )


def _records(
    text: str, spans: Sequence[tuple[int, int]], held: Sequence[frozenset[str]], heads: Sequence[str]
) -> Iterator[frozenset[str]]:
    """Yield for each unit the tokens of the others not separated by an empty line; for a row, those of its header."""
    first = 0
    for at in range(1, len(spans) + 1):
        if at == len(spans) or _BLANK.search(text, spans[at - 1][1], spans[at][0]):
            for own in range(first, at):
                near = [held[other] for other in range(first, at) if other != own and abs(other - own) <= _RECORD]
                yield frozenset(tokens(without_struck(heads[own]))) if heads[own] else frozenset().union(*near)
            first = at


def _heads(units: Sequence[str], headings: Sequence[str]) -> Iterator[str]:
    """Yield for each unit the header of the table it is a row of; empty if it is not one."""
    head = headings[-1] if headings and headings[-1].startswith("| ") else ""
    for at, unit in enumerate(units):
        if not is_row(unit):
            head = ""
        elif _is_head(units, at):
            head = unit
        yield head


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield the sentences of a text; a line with only the speaker and time belongs to what is said."""
    head: tuple[int, int] | None = None
    for start, stop in sentence_spans(text):
        if _STAMP.fullmatch(text, start, stop):
            if head:
                yield head
            head = start, stop
            continue
        yield (head[0], stop) if head else (start, stop)
        head = None
    if head:
        yield head


def _turns(units: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield for each unit its speaker and the unit that names the speaker, if at least three name one; else empty."""
    turns = [_TURN.match(unit) for unit in units]
    named = [match["stamped"] or match["name"] for match in turns if match]
    n_stamped = sum(bool(match and match["stamped"]) for match in turns)
    spoken = n_stamped > 1 or (len(named) >= _TURNS and len(set(named)) < len(named))
    speaker, since = "", 0
    for at, match in enumerate(turns):
        if match and spoken:
            speaker, since = match["stamped"] or match["name"], at
        yield speaker, since


def _leads(units: Sequence[str], coded: Sequence[bool]) -> list[int]:
    """Return for each unit its lead-in unit, or -1; a list, table or code block shares the same one throughout."""
    found: list[int] = []
    lead = -1
    was_item = False
    for at, unit in enumerate(units):
        item = coded[at] or bool(_ITEM.match(unit))
        inside = coded[at] and at > 0 and coded[at - 1]
        if at and not inside and _LEADS.search(units[at - 1]) and (lead < 0 or not was_item):
            lead = at - 1
        elif not item:
            lead = -1
        found.append(lead)
        was_item = item
    return found


def _in_code(units: Sequence[str]) -> Iterator[bool]:
    """Yield for each unit whether it is in a block of code, or one of its fences."""
    inside = False
    for unit in units:
        fence = bool(_FENCE.match(unit))
        yield inside or fence
        inside ^= fence


def _before(text: str, spans: Sequence[tuple[int, int]], leads: Sequence[int]) -> list[int]:
    """Return for each unit the one it continues, or -1.

    A sentence continues the one before, or its heading; a list item continues the line that leads in the list. Form lines
    continue nothing.
    """
    found: list[int] = []
    for at, (start, stop) in enumerate(spans):
        last = text[slice(*spans[at - 1])] if at else ""
        item = bool(_ITEM.match(text, start, stop))
        same_line = at > 0 and "\n" not in text[spans[at - 1][1] : start]
        prose = at > 0 and not item and (same_line or bool(ENDS.search(last) or _MARKUP.match(last)))
        found.append(leads[at] if leads[at] >= 0 else at - 1 if prose else -1)
    return found
