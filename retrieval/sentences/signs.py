"""Compute the signs for and against a sentence as an answer: the features that a model weighs.

The weights are in ``scorer``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields
from functools import lru_cache

from ..words.answer_kind import new_matches
from ..words.question import Term, figures, phrases, unheld
from ..words.tokens import tokens
from .units import FIELD, Candidate, is_item, is_row, said
from .wanted import Wanted

_NEGATES = re.compile(
    r"\b(?:not|never|cannot|no|none|neither|nor|without|nobody|nothing|except|exclud\w+|prohibit\w*|forbid\w*|forbidden)\b|n['’]t\b|不|没|非|未|禁|除外|无",
    re.IGNORECASE,
)
_SAYS_NOTHING = re.compile(
    r"^\W*(?:on .{6,60} wrote:|.{2,40}写道[:：]"
    r"|dear\b|hi\b|hello\b|kind regards|best regards|regards|thanks|thank you|yours|sincerely|cheers"
    r"|please (?:find|note)\b|(?:subject|sent|cc|主题|抄送)\s*[:：]|re: |fwd?: "
    r"|以上(?:是|就是)|谢谢|感谢|您好|你好|祝|此致|敬礼)|\bet al\.|\bdoi\b|\barXiv\b",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^(?:[-*+•]\s+)?\d{1,3}[.)、]\s+")
"""An item's number is never the answer, and the word after it is capitalised whatever it is."""
_MAIL = re.compile(r"(?:from|to|date|subject|sent|cc|发件人|收件人|日期|主题|抄送|发送时间)\s*[:：]", re.IGNORECASE)
_MAIL_HEADER = frozenset(tokens("subject 主题"))
_LONG = 200
"""Tokens. A longer unit, a table or a listing, contains words of any question."""
_SAYS_SOMETHING = 2
_WHOLLY = 0.99
_STEM, _ROOT = 3, 4
"""Letters that words with the same stem, and with the same root, have in common."""
_ENDINGS = frozenset("er or ee ing ment ship ness al ion ist ity ful less able".split())  # noqa: SIM905


@dataclass(frozen=True, slots=True)
class Signs:
    """The signs for and against a sentence. Shares are of the question's weight; each adds only what no earlier one covers."""

    own: float
    above: float
    beside: float
    topic: float
    names: float
    rest: float
    new: float
    """Part of ``own`` that is not in the title, first sentence or file name: *total* on a receipt, not *receipt*."""
    hinted: float
    """Share of Chinese characters found there in other words: 制成 in the question, 制得 in the text."""
    phrases: float
    key: float
    """Part of ``own`` before the colon of a line like "Due date: 5 August"."""
    kind: float
    """It contains a date, number, name or place if one is asked for, other than those in the question."""
    no_kind: float
    """It contains none although one is asked for."""
    defines: float
    opens: float
    """A definition is asked for, and it is the first sentence under a title that names the thing."""
    behind: float
    best: float
    """Its passage is the best one."""
    foreign: float
    """It is in the other language, of which only a name or a command is understood."""
    asks: float
    says_nothing: float
    """A greeting, a reference; or it repeats the question."""
    repeats: float
    no_figures: float
    """The share of the question's figures missing from it and its surroundings."""
    affirms: float
    """The question asks what is *not* so, and it contains no negation."""
    row: float
    item: float
    field: float
    length: float
    """The logarithm of its token count."""
    farther: float
    """How much farther in meaning it is than the nearest sentence."""
    outread: float
    """How much likelier another sentence answers according to the reader, in log-odds."""
    lapsed: float
    """Its document is no longer valid, and the question is not about that time."""


NAMES = tuple(field.name for field in fields(Signs))


def signs(wanted: Wanted, one: Candidate) -> Signs:
    """Return the signs of a sentence."""
    unit, of, text = one.unit, one.of, said(one.unit)
    brevity = min(1.0, math.sqrt(_LONG / max(len(unit.tokens), 1)))
    own, above, beside, topic, names, rest, new = _shares(wanted, one)
    around = wanted.held_by(one) | unit.above | unit.beside
    hinted = sum(
        weight for term, weight in wanted.weights.items() if not term.within(around) and _hinted(term, unit.tokens)
    )
    spoken = wanted.asks_who and bool(unit.speaker) and unit.speaker not in wanted.question
    kind = bool(wanted.kind and (spoken or new_matches(wanted.kind, _NUMBERED.sub("", text), wanted.question)))
    key = FIELD.match(text)
    held = unit.tokens if text is unit.valid else frozenset(tokens(text))
    n_new = sum(len(token) > 1 for token in held - wanted.tokens)
    known = around | of.names | of.topic
    there = phrases(text) if own and wanted.phrases else frozenset[str]()
    return Signs(
        brevity * own,
        above,
        beside,
        topic,
        names,
        rest,
        brevity * new,
        hinted,
        len(wanted.phrases & there) / (1 + len(wanted.phrases)),
        wanted.share(frozenset(tokens(key[1]))) if key and own else 0.0,
        kind,
        bool(wanted.kind)
        and not kind
        and not (wanted.expected and new_matches(wanted.expected, text, wanted.question)),
        bool(wanted.definition and wanted.definition.search(text)),
        bool(wanted.definition and unit is of.units[0] and wanted.share(of.names | of.title) > _WHOLLY),
        min(one.behind, 4.0),
        one.behind == 0,
        unit.chinese is not None and unit.chinese != wanted.chinese,
        text.rstrip().endswith(("?", "？")),
        bool(says_nothing(text) or (_MAIL.match(text) and not _MAIL_HEADER.isdisjoint(unit.beside))),
        n_new < _SAYS_SOMETHING and not kind and not figures(text) - wanted.figures,
        len(unheld(wanted.figures, known)) / max(len(wanted.figures), 1),
        wanted.denies and not _NEGATES.search(text),
        is_row(text),
        is_item(text) and not is_row(text),
        bool(key),
        math.log1p(len(unit.tokens)),
        one.farther,
        one.outread,
        of.lapsed and not wanted.of_old and wanted.figures.isdisjoint(of.names),
    )


def says_nothing(text: str) -> bool:
    """Return whether a sentence is a greeting, a line of a mail's head, or a reference."""
    return bool(_SAYS_NOTHING.search(text))


def _shares(wanted: Wanted, one: Candidate) -> list[float]:
    """Return the question's share in a sentence, then what each of its surroundings adds; last, the share that is new in it.

    Words in a title are not new below it, unless the title is the question itself: then the text below it is closest.
    """
    unit, of = one.unit, one.of
    is_asked = all(term.within(of.title) for term in wanted.weights)
    levels = (wanted.held_by(one), unit.above, unit.beside, of.topic, of.names, of.whole)
    shares = [0.0] * (len(levels) + 1)
    for term, weight in wanted.weights.items():
        at = next((at for at, level in enumerate(levels) if term.within(level)), None)
        if at is not None:
            shares[at] += weight
            shares[-1] += weight * (at == 0 and (is_asked or not term.within(of.title)))
    return shares


def _hinted(term: Term, held: frozenset[str]) -> bool:
    """Return whether a text has a related word: a Chinese one sharing the character, an English one with the same stem.

    *Who owns it?* is answered by "Owner:", *what was decided?* by "Decision:".
    """
    if term.character:
        return term.hinted(held)
    stem = term.forms[0]
    return len(stem) >= _STEM and stem.isalpha() and any(_kin(stem, token) for token in held)


@lru_cache(maxsize=1 << 16)
def _kin(one: str, other: str) -> bool:
    if one == other or len(other) < _STEM:
        return False
    short, long = sorted((one, other), key=len)
    if long.startswith(short) and long[len(short) :] in _ENDINGS:
        return True
    same = next((at for at, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return same >= max(_ROOT, len(short) - 1) and len(long) - same <= _ROOT
