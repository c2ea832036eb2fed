"""Replace personal data by its kind before anything is stored.

Comes in: text. Goes out: the same with ``[email]``, ``[phone]``, ``[id-card]``, ``[bank-card]`` in its place. Never: a
number whose checksum says it is something else. Names and addresses are not found: that takes more than patterns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise

from ..document import Heading
from ..reading import Reading

_SEPARATORS = re.compile(r"[ \-\u00a0\u2010-\u2015]")
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_CARD_DIGITS = range(13, 20)
_PHONE_DIGITS = range(8, 16)


def _is_id_card(text: str) -> bool:
    """GB 11643-1999: region, birthday, sequence, and a check character by ISO 7064 MOD 11-2."""
    digits = text.upper()
    try:
        born = date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
    except ValueError:
        return False
    remainder = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, digits, strict=False)) % 11
    earliest = 1850
    return born.year > earliest and digits[17] == _ID_CHECKS[remainder]


def _is_bank_card(text: str) -> bool:
    """ISO/IEC 7812: 13 to 19 digits, the last one the check digit by Luhn's algorithm."""
    digits = [int(digit) for digit in _SEPARATORS.sub("", text)]
    if len(digits) not in _CARD_DIGITS or len(set(digits)) == 1:
        return False
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_phone(text: str) -> bool:
    return sum(map(str.isdigit, text)) in _PHONE_DIGITS


def _always(text: str) -> bool:
    return bool(text)


_GAP = r"[ \-\u00a0\u2010-\u2015]?"
_PATTERNS: dict[str, tuple[re.Pattern[str], Callable[[str], bool]]] = {
    "id-card": (re.compile(r"(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z])", re.ASCII), _is_id_card),
    "bank-card": (re.compile(rf"(?<![0-9A-Za-z+])[2-9](?:{_GAP}[0-9]){{12,18}}(?![0-9A-Za-z])"), _is_bank_card),
    "email": (
        re.compile(
            r"(?<![A-Za-z0-9.!#$%&'*+/=?^_`{|}~-])[A-Za-z0-9][A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{0,63}[@＠]"
            r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}"
        ),
        _always,
    ),
    "phone": (
        re.compile(
            r"(?<![0-9A-Za-z.+])(?:"
            rf"(?:\+|00)86{_GAP}(?:1[3-9][0-9]{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}}|[1-9][0-9]{{1,2}}{_GAP}[2-9][0-9]{{6,7}})"
            rf"|1[3-9][0-9]{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}}"  # Chinese mobile
            rf"|(?:[(（]0[1-9][0-9]{{1,2}}[)）]|0[1-9][0-9]{{1,2}}){_GAP}[2-9][0-9]{{2,3}}{_GAP}[0-9]{{4}}"  # Chinese landline
            rf"|[48]00{_GAP}[0-9]{{3,4}}{_GAP}[0-9]{{3,4}}"  # Chinese service numbers
            rf"|(?:\+|00)[1-9](?:[ \-.()\u2010-\u2015]{{0,2}}[0-9]){{6,14}}"  # E.164, with its separators
            r"|\(?[2-9][0-9]{2}\)?[ \-.][2-9][0-9]{2}[\-. ][0-9]{4}"  # North America
            r")(?![0-9A-Za-z])"
        ),
        _is_phone,
    ),
}
KINDS = tuple(_PATTERNS)
"""Searched for in this order: an identity card number is neither a bank card nor a telephone number."""


def redact(text: str, kinds: Iterable[str]) -> str:
    """Return the text with personal data of these kinds replaced."""
    return "".join(piece for piece, _ in _pieces(text, frozenset(kinds)))


def redacted(reading: Reading, kinds: Iterable[str]) -> Reading:
    """Return the reading with personal data of these kinds replaced; pages and headings move along."""
    chosen = frozenset(kinds)
    cuts = sorted({0, len(reading.text), *(at for page in reading.pages for at in (page.start, page.stop))})
    cuts = sorted({*cuts, *(heading.start for heading in reading.headings)})
    parts: list[str] = []
    moved = {0: 0}
    length = 0
    for start, stop in pairwise(cuts):
        parts.append(redact(reading.text[start:stop], chosen))
        length += len(parts[-1])
        moved[stop] = length
    pages = tuple(replace(page, start=moved[page.start], stop=moved[page.stop]) for page in reading.pages)
    headings = tuple(Heading(moved[h.start], h.level, redact(h.title, chosen)) for h in reading.headings)
    title = redact(reading.title, chosen)
    notes = tuple(redact(note, chosen) for note in reading.notes)
    return replace(reading, text="".join(parts), title=title, pages=pages, headings=headings, notes=notes)


def _pieces(text: str, kinds: frozenset[str]) -> Iterator[tuple[str, bool]]:
    """Yield what the text becomes, and whether each piece is a replacement, which later kinds leave alone."""
    pieces = [(text, False)]
    for kind, (pattern, is_one) in _PATTERNS.items():
        if kind in kinds:
            pieces = [new for piece in pieces for new in _replaced(piece, kind, pattern, is_one)]
    yield from pieces


def _replaced(
    piece: tuple[str, bool], kind: str, pattern: re.Pattern[str], is_one: Callable[[str], bool]
) -> Iterator[tuple[str, bool]]:
    text, done = piece
    at = 0
    for match in pattern.finditer(text) if not done else ():
        if is_one(match.group()):
            yield text[at : match.start()], False
            yield f"[{kind}]", True
            at = match.end()
    yield text[at:], done
