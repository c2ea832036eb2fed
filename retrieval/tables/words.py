"""Split tables and the questions about them into words, and load what the lexicon says about words.

Comes in: a text. Goes out: its words with their places, each normalised for comparison. Never: a look at a table.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TypedDict

from ..words.chinese_numbers import value_of
from ..words.hanzi import SIMPLIFIED
from ..words.numerals import numerals
from ..words.tokens import normal, stem

Phrase = tuple[str, ...]

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(
    rf"(?P<date>\d{{4}}-\d{{1,2}}-\d{{1,2}})|(?P<number>\d+(?:[.,]\d+)*(?![\w-]*[A-Za-z]))"
    rf"|(?P<word>[^\W_{_HAN}]+(?:['’-][^\W_{_HAN}]+)*(?:\.\d+)*)|(?P<han>[{_HAN}])|(?P<sign>[€$£¥￥%％])"
)
_HAN_MONTH = re.compile("(?<![一二三四五六七八九十])(十[一二]?|[一二三四五六七八九])月")
_MONTHS = re.compile(r"(?<![\d.])(1[0-2]|[1-9])月?份?[到至~—–-](1[0-2]|[1-9])月")
"""4到6月: the first month has no sign of its own."""
_POSSESSIVE = re.compile("['’]s?$")


@dataclass(frozen=True, slots=True)
class Word:
    """A word at ``text[start:stop]``: a Latin word, a number, a currency sign, or one Chinese character."""

    start: int
    stop: int
    form: str
    """Lower case, Simplified, stemmed; identifiers without hyphens."""
    is_number: bool = False

    @property
    def is_han(self) -> bool:
        """Return whether it is a Chinese character, which is only part of a word."""
        return len(self.form) == 1 and self.form > "\u3400"


def words(text: str) -> list[Word]:
    """Return the words of a text, in order."""
    found = []
    for match in _WORD.finditer(text):
        written = match.group()
        if match["word"]:
            found.append(_latin(match, written))
        elif match["number"]:
            found.append(Word(match.start(), match.end(), written, is_number=True))
        else:
            found.append(Word(match.start(), match.end(), written.translate(SIMPLIFIED)))
    return found


def asked_words(question: str) -> list[Word]:
    """Return the words of a question, its numbers (三千, five, 2 million) in digits."""
    text = _HAN_MONTH.sub(lambda match: f"{value_of(match[1])}月", normal(question).replace("_", " "))
    text = _MONTHS.sub(r"\1月到\2月", text)
    parts, at = [], 0
    for one in numerals(text):
        if one.kind == "number" and one.plain.isdigit():
            parts += [text[at : one.start], one.tokens[0]]
            at = one.stop
    found = words("".join([*parts, text[at:]]))
    return [Word(word.start, word.stop, "1", is_number=True) if word.form == "one" else word for word in found]


def phrase(text: str) -> Phrase:
    """Return the forms of a text's words."""
    return tuple(word.form for word in words(text))


def _latin(match: re.Match[str], written: str) -> Word:
    bare = _POSSESSIVE.sub("", normal(written).casefold())
    if any(character.isdigit() for character in bare):
        return Word(match.start(), match.end(), bare.replace("-", ""))
    return Word(match.start(), match.end(), stem(bare) if bare.isascii() else bare)


@dataclass(frozen=True, slots=True)
class Concept:
    """What a column may be about."""

    name: str
    columns: tuple[Phrase, ...]
    """Usual names of such columns, the likeliest first."""
    asks: tuple[Phrase, ...]
    """Phrases for it in questions."""
    verbs: tuple[Phrase, ...]
    """Phrases that only say that there is such a column."""
    adds: bool
    """Whether asking for it means asking for its sum."""


@dataclass(frozen=True, slots=True)
class Superlative:
    """A word that implies what is compared: cheapest."""

    words: tuple[Phrase, ...]
    concepts: tuple[str, ...]
    extreme: str
    """``min`` or ``max``."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The meanings of words in questions to tables."""

    totals: tuple[Phrase, ...]
    totals_of: frozenset[Phrase]
    """Words that may follow ``totals`` in the name of a row that sums others."""
    notes: tuple[str, ...]
    """Beginnings of rows that are notes, in lower case."""
    empty: frozenset[str]
    yes: frozenset[str]
    no: frozenset[str]
    fillers: frozenset[Phrase]
    orders: frozenset[Phrase]
    """Fillers at the beginning of a question, or after one of ``before_orders``."""
    before_orders: frozenset[Phrase]
    rows: frozenset[Phrase]
    operations: Mapping[str, tuple[Phrase, ...]]
    """``sum``, ``average``, ``count``, ``min``, ``max``."""
    compare: Mapping[str, tuple[Phrase, ...]]
    compare_after: Mapping[str, tuple[Phrase, ...]]
    dates: Mapping[str, tuple[Phrase, ...]]
    concepts: tuple[Concept, ...]
    asks: Mapping[Phrase, tuple[str, ...]]
    """The concepts that a phrase asks for."""
    verbs: Mapping[Phrase, tuple[str, ...]]
    superlatives: tuple[Superlative, ...]
    values: tuple[tuple[Phrase, ...], ...]
    """Words in cells that mean the same."""
    units: Mapping[str, str]
    """A unit's form: its name here."""
    measures: frozenset[str]
    """Units that may follow a column's name unmarked."""
    reasons: tuple[Phrase, ...]
    """Phrases that ask for a reason or a method."""
    lists: tuple[Phrase, ...]
    """Phrases that ask for rows."""
    soft: frozenset[Phrase]
    """Words that only say that a number is asked for; if a column is named they mean nothing."""


class _Named(TypedDict, total=False):
    name: str
    columns: list[str]
    asks: list[str]
    verbs: list[str]
    adds: bool
    words: list[str]
    concepts: list[str]
    extreme: str


@cache
def lexicon() -> Lexicon:
    """Return the contents of ``lexicon.toml``."""
    data = tomllib.loads((files(__package__) / "lexicon.toml").read_text(encoding="utf-8"))
    concepts: list[_Named] = data["concept"]
    superlatives: list[_Named] = data["superlative"]
    values: list[_Named] = data["value"]
    read = tuple(
        Concept(
            one["name"], _phrases(one["columns"]), _phrases(one["asks"]), _phrases(one.get("verbs", ())),
            one.get("adds", False),
        )
        for one in concepts
    )  # fmt: skip
    return Lexicon(
        totals=_phrases(data["totals"]),
        totals_of=frozenset(_phrases(data["totals_of"])),
        notes=tuple(data["notes"]),
        empty=frozenset(data["empty"]),
        yes=frozenset(data["yes"]),
        no=frozenset(data["no"]),
        fillers=frozenset(_phrases(data["fillers"].split())),
        orders=frozenset(_phrases(data["orders"])),
        before_orders=frozenset(_phrases(data["before_orders"])),
        rows=frozenset(_phrases(data["rows"].split())),
        operations={name: _phrases(data[name]) for name in ("sum", "average", "count", "max", "min")},
        compare={name: _phrases(said) for name, said in data["compare"].items()},
        compare_after={name: _phrases(said) for name, said in data["compare_after"].items()},
        dates={name: _phrases(said) for name, said in data["dates"].items()},
        concepts=read,
        asks=_by_phrase((said, one.name) for one in read for said in one.asks),
        verbs=_by_phrase((said, one.name) for one in read for said in one.verbs),
        superlatives=tuple(
            Superlative(_phrases(one["words"]), tuple(one["concepts"]), one["extreme"]) for one in superlatives
        ),
        values=tuple(_phrases(one["words"]) for one in values),
        measures=frozenset(data["measures"]),
        reasons=_phrases(data["reasons"]),
        lists=_phrases(data["lists"]),
        soft=frozenset(_phrases(data["soft"])),
        units={" ".join(phrase(said)): unit for unit, written in data["units"].items() for said in written},
    )


def _phrases(written: Iterable[str]) -> tuple[Phrase, ...]:
    return tuple(dict.fromkeys(filter(None, map(phrase, written))))


def _by_phrase(pairs: Iterable[tuple[Phrase, str]]) -> dict[Phrase, tuple[str, ...]]:
    found: dict[Phrase, tuple[str, ...]] = {}
    for said, name in pairs:
        found[said] = tuple(dict.fromkeys((*found.get(said, ()), name)))
    return found
