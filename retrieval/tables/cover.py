"""Decide which words of a question mean what in a table.

Comes in: a question's words and a table. Goes out: a reading that gives every word its meaning, or none. Never: a word left
over: what a table does not know of a question may be what it is about.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Literal

from .index import Asked
from .times import YEAR, times
from .values import unit_named
from .words import Phrase, Superlative, Word, asked_words, lexicon

Meaning = Literal[
    "value", "column", "name", "concept", "verb", "superlative", "operation", "compare", "time", "number", "row", "soft",
    "filler", "unknown",
]  # fmt: skip
_COVERED = 100
_WEIGHTS: dict[Meaning, int] = {
    "value": 12, "column": 11, "compare": 10, "time": 10, "superlative": 9, "name": 7, "operation": 6, "concept": 6,
    "verb": 4, "row": 4, "soft": 3, "number": 2, "filler": 2,
    "unknown": -_COVERED,
}  # fmt: skip
"""A word's weight by meaning; longer phrases are worth more than their words."""
_PART = 4
"""Deducted for a part of a name or cell."""
_STRONG = 4
"""Added for a name that is whole or has a year in it: the register of 2024."""
_LONGEST = 14
_BEING = frozenset({"is", "=", "为", "是"})
_THOUSANDS = re.compile(r"(\d+(?:\.\d+)?)k")


Cells = Mapping[Phrase, Mapping[int, frozenset[str]]]


@dataclass(frozen=True, slots=True)
class Use:
    """The meaning of the words ``start`` to ``stop``."""

    start: int
    stop: int
    meaning: Meaning
    columns: tuple[int, ...] = ()
    """For a column, a concept or a value: the columns it may belong to."""
    cells: tuple[frozenset[str], ...] = ()
    """For a value: the cells in each of the columns."""
    said: str = ""
    """An operation's name, a comparison's sign, or the beginning of a time in ISO 8601."""
    number: Decimal | None = None
    unit: str = ""
    superlative: Superlative | None = None
    is_part: bool = False
    is_strong: bool = False
    """For a name, whether it is whole, or has a year in it, which could also be a time."""
    concepts: tuple[str, ...] = field(default=(), compare=False)

    @property
    def weight(self) -> int:
        """Return the weight of reading the words this way."""
        each = _WEIGHTS[self.meaning] - (_PART if self.is_part else 0) + (_STRONG if self.is_strong else 0)
        return (self.stop - self.start) * (each + _COVERED) + (self.stop - self.start - 1) * 2


@dataclass(frozen=True)
class Question:
    """A question's words, and their meanings in any table."""

    words: tuple[Word, ...]

    @staticmethod
    def of(text: str) -> Question:
        """Return a question from its text."""
        return Question(tuple(asked_words(text)))

    @cached_property
    def forms(self) -> Phrase:
        """The forms of the words."""
        return tuple(word.form for word in self.words)

    @cached_property
    def spans(self) -> tuple[tuple[int, int, Phrase], ...]:
        """Every run of words that may be a phrase."""
        n = len(self.forms)
        return tuple((a, b, self.forms[a:b]) for a in range(n) for b in range(a + 1, min(n, a + _LONGEST) + 1))

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """The meanings of its words by the lexicon alone."""
        return tuple(_by_lexicon(self))

    @cached_property
    def asks_for_reasons(self) -> bool:
        """Whether it asks why, or how to do something."""
        return any(said in lexicon().reasons for _, _, said in self.spans)

    @cached_property
    def unknown(self) -> frozenset[str]:
        """The words that the lexicon does not know, so a table has to."""
        known = {at for use in self.uses for at in range(use.start, use.stop)}
        known |= {at for start, stop, _ in self.asks for at in range(start, stop)}
        known |= {at for start, stop, _ in self.signs for at in range(start, stop)}
        return frozenset(form for at, form in enumerate(self.forms) if at not in known)

    @cached_property
    def signs(self) -> tuple[tuple[int, int, str], ...]:
        """The runs of words that compare with a number or a column: below, at least."""
        return tuple(
            (start, stop, sign)
            for start, stop, said in self.spans
            for sign, phrases in lexicon().compare.items()
            if said in phrases
        )

    @cached_property
    def asks(self) -> tuple[tuple[int, int, Phrase], ...]:
        """The runs of words that may ask for a column by its topic."""
        return tuple(span for span in self.spans if span[2] in lexicon().asks or span[2] in lexicon().verbs)


def cover(question: Question, table: Asked) -> list[Use] | None:
    """Return the reading of a question with the highest weight; ``None`` if a word means nothing to the table."""
    if question.asks_for_reasons or not question.unknown <= table.vocabulary:
        return None
    return _heaviest(question, (*question.uses, *_by_table(question, table)))


def cover_loosely(question: Question, table: Asked) -> list[Use]:
    """Return the reading of a question with the highest weight, with the words that mean nothing to the table as unknown."""
    unknown = (Use(at, at + 1, "unknown") for at in range(len(question.words)))
    return _heaviest(question, (*question.uses, *_by_table(question, table), *unknown)) or []


def _heaviest(question: Question, uses: Iterable[Use]) -> list[Use] | None:
    ending: dict[int, list[Use]] = {}
    for use in uses:
        ending.setdefault(use.stop, []).append(use)
    best: list[tuple[int, list[Use]] | None] = [(0, [])]
    for stop in range(1, len(question.words) + 1):
        found: tuple[int, list[Use]] | None = None
        for use in ending.get(stop, ()):
            before = best[use.start]
            if before is not None and (found is None or before[0] + use.weight > found[0]):
                found = (before[0] + use.weight, [*before[1], use])
        best.append(found)
    whole = best[-1]
    return whole[1] if whole else None


def _by_lexicon(question: Question) -> Iterator[Use]:
    words = lexicon()
    for start, word in enumerate(question.words):
        yield from _comparisons(question.words, start)
        yield from (Use(start, stop, "time", said=said) for said, stop in times(question.forms, start))
        if word.is_number and (number := number_of(word.form)) is not None:
            yield Use(start, start + 1, "number", number=number)
    for start, stop, said in question.spans:
        yield from (Use(start, stop, "superlative", superlative=one) for one in words.superlatives if said in one.words)
        yield from (
            Use(start, stop, "operation", said=one) for one, phrases in words.operations.items() if said in phrases
        )
        plain: dict[Meaning, Container[Phrase]] = {"row": words.rows, "soft": words.soft, "filler": words.fillers}
        yield from (Use(start, stop, meaning) for meaning, phrases in plain.items() if said in phrases)
        if said in words.orders and (start == 0 or question.forms[start - 1 : start] in words.before_orders):
            yield Use(start, stop, "filler")


def _by_table(question: Question, table: Asked) -> Iterator[Use]:
    fillers = lexicon().fillers
    for start, stop, said in question.spans:
        for is_part, cells in ((False, table.cells), (True, table.parts)):
            if by_column := _meant(question, start, stop, cells, table, is_part=is_part):
                yield Use(start, stop, "value", tuple(by_column), tuple(by_column.values()), is_part=is_part)
        if columns := table.headed.get(said):
            yield Use(start, stop, "column", columns, is_part=said not in table.whole_names)
        if said in table.names and (said not in fillers or len(said) > 1):
            yield Use(start, stop, "name", is_strong=table.names[said] or any(map(YEAR.fullmatch, said)))
        yield from _loose_values(question.forms, start, stop, table)
    yield from _against(question, table)
    for start, stop, said in question.asks:
        concepts = [name for name in lexicon().asks.get(said, ()) if name in table.concepts]
        if concepts:
            columns = tuple(dict.fromkeys(table.concepts[name] for name in concepts))
            yield Use(start, stop, "concept", columns, concepts=tuple(concepts))
        if any(name in table.concepts for name in lexicon().verbs.get(said, ())):
            yield Use(start, stop, "verb")


def _meant(
    question: Question, start: int, stop: int, cells: Cells, table: Asked, *, is_part: bool
) -> Mapping[int, frozenset[str]]:
    """Return the cells that words may mean. Small words mean one only next to its column's name: shelf A, not a shelf."""
    said = question.forms[start:stop]
    by_column = cells.get(said, {})
    if is_part and (said in lexicon().rows or said in lexicon().orders):
        return {}
    if said not in lexicon().fillers:
        return by_column
    if said[0] in _BEING and question.forms[stop : stop + 1] in cells:
        return {}
    beside = {
        at
        for a, b, other in question.spans
        if (b == start or (b == start - 1 and question.forms[b] in _BEING)) and other in table.headed
        for at in table.headed[other]
    }
    return {at: kept for at, kept in by_column.items() if at in beside}


def _loose_values(forms: Phrase, start: int, stop: int, table: Asked) -> Iterator[Use]:
    """Yield whole cells said with small words in between: the large tube of 42 kg."""
    said = forms[start:stop]
    tight = tuple(form for form in said if (form,) not in lexicon().fillers)
    is_loose = 1 < len(tight) < len(said) and tight[0] == said[0] and tight[-1] == said[-1]
    if is_loose and (by_column := table.cells.get(tight)):
        yield Use(start, stop, "value", tuple(by_column), tuple(by_column.values()))


def _against(question: Question, table: Asked) -> Iterator[Use]:
    """Yield comparisons with another column: below the safety stock."""
    for start, stop, sign in question.signs:
        begins = stop + (question.forms[stop : stop + 1] in lexicon().fillers)
        for first, last, said in question.spans:
            columns = table.headed.get(said, ())
            if first in {stop, begins} and len(columns) == 1 and table.columns[columns[0]].kind == "number":
                yield Use(start, last, "compare", columns, said=sign)


def number_of(form: str) -> Decimal | None:
    """Return the number in a word of a question, also 1,200 and 50k; ``None`` if its comma is ambiguous."""
    if scaled := _THOUSANDS.fullmatch(form):
        return Decimal(scaled[1]) * 1000
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?", form):
        return Decimal(form.replace(",", ""))
    return Decimal(form.replace(",", ".")) if re.fullmatch(r"\d+,\d{1,2}", form) else None


def _amount(question: Sequence[Word], at: int) -> tuple[Decimal, str, int] | None:
    """Return the number that begins at a word, its unit, and where it ends: € 50, 50 euros, 3 万元, 50k."""
    unit = ""
    if at < len(question) and (found := lexicon().units.get(question[at].form)):
        unit, at = found, at + 1
    if at >= len(question) or (number := number_of(question[at].form)) is None:
        return None
    at += 1
    for width in (2, 1):
        said = " ".join(word.form for word in question[at : at + width])
        if not unit and len(question) >= at + width and (found := lexicon().units.get(said)):
            return number, found, at + width
    if not unit and at < len(question) and unit_named(question[at].form) in lexicon().measures:
        return number, question[at].form, at + 1
    return number, unit, at


def _comparisons(question: Sequence[Word], start: int) -> Iterator[Use]:
    """Yield comparisons with a number that begin at a word: under 10, 10 or more, between 10 and 20."""
    forms = tuple(word.form for word in question)
    words = lexicon()
    for sign, phrases in words.compare.items():
        for said in phrases:
            at = start + len(said)
            if forms[start:at] == said and (amount := _amount(question, at)):
                yield Use(start, amount[2], "compare", said=sign, number=amount[0], unit=amount[1])
    if amount := _amount(question, start):
        for sign, phrases in words.compare_after.items():
            for said in phrases:
                if forms[amount[2] : amount[2] + len(said)] == said:
                    yield Use(start, amount[2] + len(said), "compare", said=sign, number=amount[0], unit=amount[1])
