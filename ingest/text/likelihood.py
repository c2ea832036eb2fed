"""How likely a text is, character by character, in the languages an encoding is used for (unigram model over ``letters``)."""

from __future__ import annotations

import math
from collections import Counter
from functools import cache

from . import letters
from .encodings import CJK

_LOG_UNKNOWN = math.log(1e-6)
_LAST_OF_PLANE_0 = "\uffff"
_LOG_ASTRAL = math.log(1e-10)
_ALPHABET_LETTERS = 60


def log_likelihood(text: str, languages: tuple[str, ...]) -> float:
    """Return the natural logarithm of a text's probability under the language that makes it likeliest."""
    counts = Counter(text)
    return max(_score(counts, table) for language in languages for table in _tables(language))


def _score(counts: Counter[str], table: dict[str, float]) -> float:
    return sum(
        n * table.get(character, _LOG_UNKNOWN if character <= _LAST_OF_PLANE_0 else _LOG_ASTRAL)
        for character, n in counts.items()
    )


@cache
def _tables(language: str) -> tuple[dict[str, float], ...]:
    """Return log-probabilities of characters; for scripts with case, once as usual and once for all capitals."""
    if language in CJK:
        return (_logs(_cjk(language)),)
    alphabet = (letters.LATIN | letters.CYRILLIC | _OTHERS)[language]
    usual = _ranked(alphabet, 0.4) | _ranked(alphabet.upper(), 0.03, only_new=alphabet)
    if language not in letters.CYRILLIC:
        return (_logs(usual),)
    capitals = _ranked(alphabet, 0.03) | _ranked(alphabet.upper(), 0.3)
    return _logs(usual), _logs(capitals)


_OTHERS = {"el": letters.GREEK, "he": letters.HEBREW, "ar": letters.ARABIC, "th": letters.THAI}


def _cjk(language: str) -> dict[str, float]:
    marks = _ranked("，。、（）：；“”《》「」！？·…—【】『』〈〉％　～－０１２３４５６７８９", 0.08)
    if language == "hans":
        return _rows("gb2312", 0xB0, 0xD7, 0.1) | _ranked(letters.HAN_SIMPLIFIED, 0.3) | marks
    if language == "hant":
        return _rows("big5", 0xA4, 0xC6, 0.1) | _ranked(letters.HAN_TRADITIONAL, 0.3) | marks
    if language == "ko":
        return _rows("euc-kr", 0xB0, 0xC8, 0.08) | _ranked(letters.HANGUL, 0.35) | marks
    kanji = _rows("euc-jp", 0xB0, 0xCF, 0.06) | _ranked(letters.KANJI, 0.06)
    return kanji | _ranked(letters.KATAKANA, 0.1) | _ranked(letters.HIRAGANA, 0.22) | marks


def _rows(codec: str, first: int, last: int, mass: float) -> dict[str, float]:
    """Return the characters of a national standard's first level: the common ones, by lead byte."""
    trails = range(0x40, 0xFF) if codec == "big5" else range(0xA1, 0xFF)
    text = b"".join(bytes((lead, trail)) for lead in range(first, last + 1) for trail in trails).decode(codec, "ignore")
    return dict.fromkeys(text, mass / len(text))


def _ranked(alphabet: str, mass: float, only_new: str = "") -> dict[str, float]:
    """Return probabilities that fall with rank (Zipf-Mandelbrot) and sum to ``mass``."""
    flat = 3 if len(alphabet) < _ALPHABET_LETTERS else 30
    weights = {character: 1 / (rank + flat) for rank, character in enumerate(alphabet) if character not in only_new}
    total = sum(weights.values())
    return {character: mass * weight / total for character, weight in weights.items()}


def _logs(probabilities: dict[str, float]) -> dict[str, float]:
    shared = _ranked(" etaoinsrhldcu\nmfpgwybv,.kxjqz\r\t", 0.4) | _ranked(
        "01\"'-:;()/2345<>=6789_#*[]!?&%+@{}|\\$~^`\x0c", 0.06
    )
    shared |= _ranked("ETAOINSRHLDCUMFPGWYBVKXJQZ", 0.04)
    shared |= _ranked("“”’–—‘…\xa0«»·•°§©®™€£×±½²", 0.02)
    broken = dict.fromkeys([*map(chr, range(32)), *map(chr, range(127, 160)), "\ufffd", "\ufffe", "\uffff"], 1e-8)
    broken |= dict.fromkeys("\x1b\0", 1e-7)
    return {character: math.log(p) for character, p in (broken | shared | probabilities).items()}
