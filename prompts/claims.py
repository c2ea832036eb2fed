"""Extract the checkable claims of a sentence: figures, dates, names, quoted strings and negations.

Comes in: text, Chinese or English. Goes out: claims, normalized so that equal ones compare equal. Never: a look at the passage.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..retrieval.words.chinese_numbers import HAN, value_of
from ..retrieval.words.hanzi import SIMPLIFIED
from ..retrieval.words.numeral import Sure
from ..retrieval.words.numerals import numerals
from ..retrieval.words.tokens import normal, tokens

_MONTHS = "january february march april may june july august september october november december".split()  # noqa: SIM905
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()  # noqa: SIM905
_PERHAPS = {"one": "1", "first": "1", "second": "2", "third": "3"}
"""Words in a passage that may be meant as numbers."""

_NUMBER = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)*")
_PERHAPS_WORD = re.compile(rf"\b(?:{'|'.join(_PERHAPS)})\b|{HAN}+", re.IGNORECASE)
_SAID = re.compile(
    rf"{_NUMBER.pattern}|\b(?:{'|'.join(month.title() for month in _MONTHS)})\b|\b(?i:{'|'.join(_WEEKDAYS)})\b"
)
"""A number, month or day of the week."""

_NAME = re.compile(r"\b[A-Z][\w'’-]*\w|\b[A-Z]{2,}\b")
_COMPOUND = re.compile(
    r"\b(?!(?:The|A|An|In|On|At|By|For|From|Both|When|After|Before|Since|As|Is|It|He|She|His|Her|Its|Then|Later|Also|Some|Other"
    r"|Many|This|That|These|Those|Under|While|During|With|And|But|Although|Because|Their|They|Its|If|To|Of|Like|Unlike) )"
    r"[A-Z][\w'’-]*(?: [A-Z][\w'’-]*)+"
)
_LATIN_IN_HAN = re.compile(r"(?<=[\u3400-\u9fff])\s?([A-Za-z][\w-]+)")
_QUOTED = re.compile(r"[“\"「『《]([^”\"」』》\n]{2,80})[”\"」』》]")
_HAN = re.compile(r"[\u3400-\u9fff]")

_NEGATIONS = re.compile(
    r"\b(?:not|never|no(?![.,!]|\s*[”'\"])|none|neither|nor|without|cannot|nobody|nothing|nowhere)\b|n['’]t\b"
    r"|(?<![南])(?:不(?!仅|但|过|同|断|久|少|管|只|论|丹|列颠)|没(?!收|落)|无(?!论|线|锡|数)|非(?!常|洲|凡|法)|未(?!来|必))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Negation:
    """A negating word, and what follows it."""

    word: str
    scope: frozenset[str]
    """The next few tokens."""


def figures(text: str, *, claimed: bool = False) -> dict[str, str]:
    """Return a text's figures and dates: each normalized so that equal ones match, with how it is written.

    Numbers are written out in digits. Months are figures of their own.

    Args:
        text: any.
        claimed: leave out words that may not be figures.
    """
    plain = normal(text)
    found: dict[str, str] = {}
    at = 0
    for one in [*numerals(plain), None]:
        gap = plain[at : one.start if one else len(plain)]
        found |= _in_gap(gap, claimed=claimed)
        if one:
            at = one.stop
            if one.sure >= Sure.CLAIMED or not claimed:
                said = one.tokens[0] if one.sure is Sure.EQUAL and one.kind == "number" else one.plain
                found |= dict.fromkeys(_in_plain(said), plain[one.start : one.stop])
    return found


def names(sentence: str) -> tuple[str, ...]:
    """Return the parts of capitalised words, except a first word that may be capitalised only because it comes first."""
    found = []
    for match in _NAME.finditer(sentence):
        first = not re.search(r"\w", sentence[: match.start()])
        if not (first and match.group()[1:].islower()):
            found += [part for part in match.group().split("-") if part[:1].isupper() and part.lower() not in _MONTHS]
    return (*found, *_LATIN_IN_HAN.findall(sentence))


def compound_names(sentence: str) -> tuple[str, ...]:
    """Return the names made of several capitalised words."""
    return tuple(_COMPOUND.findall(sentence))


def quotations(sentence: str) -> tuple[str, ...]:
    """Return the text in quotation marks, and titles in 《》."""
    return tuple(_QUOTED.findall(sentence.replace("``", "“").replace("''", "”")))


def negations(text: str) -> list[Negation]:
    """Return a text's negations, each with the two words or Chinese characters after it."""
    plain = text.translate(SIMPLIFIED)
    return [
        Negation(match.group(), _scope(plain[match.end() : match.end() + _REACH]))
        for match in _NEGATIONS.finditer(plain)
    ]


_REACH = 40


def _scope(following: str) -> frozenset[str]:
    han = following.lstrip()[:2]
    if _HAN.match(han):
        return frozenset([han])
    return frozenset(tokens(_HAN.sub(" ", following))[:2])


def _in_gap(gap: str, *, claimed: bool) -> dict[str, str]:
    """Return the figures of a text whose only numerals are plain digits and, unless ``claimed``, words that may be figures."""
    found = {figure: match.group() for match in _SAID.finditer(gap) for figure in _in_plain(match.group())}
    for match in () if claimed else _PERHAPS_WORD.finditer(gap):
        written = match.group().lower()
        value = _PERHAPS.get(written) or value_of(written)
        found |= {str(value): match.group()} if value is not None else {}
    return found


def _in_plain(plain: str) -> Iterator[str]:
    for match in _SAID.finditer(plain):
        said = match.group()
        if said[0].isdigit():
            yield _normal(said.replace(",", ""))
        elif said.lower() in _WEEKDAYS:
            yield said.lower()
        else:
            yield f"month {_MONTHS.index(said.lower()) + 1}"


def _normal(number: str) -> str:
    """Return a number without insignificant zeros; versions keep theirs."""
    if number.count(".") > 1:
        return number
    whole, _, part = number.partition(".")
    part = part.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{part}" if part else "")
