"""Tokenize text for the sparse lanes: text in, the words that BM25 and TF-IDF count out.

Documents and questions go through the same function, so whatever it folds together is found either way.
Never: I/O, or a token that FTS5's tokenizer (see ``ingest/store/schema.py``) would split.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from operator import add

import Stemmer

from .hanzi import SIMPLIFIED
from .numerals import numerals

TOKENS_VERSION = 4
"""Incremented whenever the result of ``tokens`` changes: an index made by another version has to be rebuilt."""

MAX_TOKEN = 64
"""Longest token, in characters; longer ones (base64, DNA) are cut, in documents and questions alike."""

# Written without spaces between words, or (hangul) with particles stuck to them: Han, kana, hangul, Thai, Lao,
# Burmese, Khmer. Characters and bigrams serve them all: Nie, Gao, Zhang and Zhou 2000, "On the use of words and n-grams
# for Chinese information retrieval"; Lucene's CJKBigramFilter.
_SPACELESS = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7ff"
    "\U00020000-\U0003ffff\u0e00-\u0e4e\u0e80-\u0ece\u1000-\u109f\u1780-\u17d3"
)
# Accents and vowel signs (Hebrew, Arabic, Indic) are not word characters to ``re``, but are part of words.
_MARKS = "\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u0900-\u0963\u0966-\u0dff"
_LETTER = rf"(?:[^\W_{_SPACELESS}]|[{_MARKS}])"
_WORDS = re.compile(rf"{_LETTER}+(?:(?:[._/+#-]{{1,2}}|(?<=\d),(?=\d{{3}}(?!\d))){_LETTER}+)*(?:\+\+|#)?")
# Text between blanks, runs and non-word punctuation: found in one pass, then split once.
_CLUMPS = re.compile(rf"[^\s{_SPACELESS}\u2010-\u206f\u3000-\u3004\u3008-\u303f!\"$%&()*:-@\[-^`{{-~]+")
_RUNS = re.compile(f"[{_SPACELESS}]+")
_PARTS = re.compile(r"[^._/+#,-]+")
_CAMEL = re.compile("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_INITIALS = re.compile(r"[^\W\d](?:\.[^\W\d])+")
_VERSION = re.compile(r"v(\d+(?:\.\d+)+)")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_ACCENTS = re.compile("[\u0300-\u036f]")
_POSSESSIVE = re.compile("(?<=\\w)['’]s\\b", re.IGNORECASE)
_STROKES = str.maketrans("øłđħıŧ", "oldhit")

_STOP_LIST = """
a an and are as at be been but by can could d did do does for from had has have he her his how i if in into is it its ll
may me my no not of on or our re s she should so such t than that the their them then there these they this to us ve was
we were what when where which who why will with would you your
"""
STOP_WORDS = frozenset(_STOP_LIST.split())
ACRONYMS = frozenset(["IT", "US", "WHO"])
"""Stop words unless they are written as acronyms."""
_STOP_CHARACTERS = str.maketrans("", "", "的了是在和与及或也都就着过吗呢吧啊之其这那我你他她它们个为有被把对从而以于所")
"""Function characters: dropped if single; the bigrams around them stay."""

_RAISED = re.compile(r"(?<=\d)(?=[⁰¹²³⁴-⁹])")
_local = threading.local()


def tokens(text: str) -> list[str]:
    """Return the tokens of ``text``, with repetitions: those written, then the other forms of its numbers and dates.

    Each is lower case, at most ``MAX_TOKEN`` characters, and consists of ASCII letters, digits, ``_./-+#`` and non-ASCII
    letters only.
    """
    text = normal(text)
    found = _written(text)
    if said := dict.fromkeys(token for one in numerals(text) for token in one.tokens):
        there = set(found)
        found += [token for token in said if token not in there]
    return found


def written_tokens(text: str) -> list[str]:
    """Return only the tokens written in ``text``: first the words, then the runs of Han, kana or hangul."""
    return _written(normal(text))


def written_units(text: str) -> list[str]:
    """Return the tokens of the words of ``text``, those with separators only as a whole: 12.5, not 12 and 5."""
    plain = normal(text)
    return [token for clump in clumps(plain) for word in _WORDS.findall(clump) for token in _word(word)[:1]]


def normal(text: str) -> str:
    """Return text with widths and compatibility forms folded, and without invisible characters.

    What is raised behind a number, an exponent or the mark of a note, does not run into it.
    """
    if text.isascii():
        return text
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", _RAISED.sub(" ", text)))


def _written(text: str) -> list[str]:
    found = list(chain.from_iterable(map(_clump, clumps(text))))
    if spaceless := runs(text):
        found += "".join(spaceless).translate(_STOP_CHARACTERS)
        for run in spaceless:
            found += bigrams(run)
    return found


def clumps(text: str) -> list[str]:
    """Return the parts of a normal text between blanks, runs and non-word punctuation."""
    return _CLUMPS.findall(text)


def bare(clump: str) -> str:
    """Return a clump without the punctuation at its ends."""
    return clump.strip(".,'-")


def runs(text: str) -> list[str]:
    """Return the runs of a normal text written without spaces, in Simplified characters."""
    return [] if text.isascii() else " ".join(_RUNS.findall(text)).translate(SIMPLIFIED).split()


def bigrams(run: str) -> Iterator[str]:
    """Yield the pairs of adjacent characters in a run."""
    return map(add, run, run[1:])


@lru_cache(maxsize=1 << 17)
def _clump(clump: str) -> tuple[str, ...]:
    """Return the tokens of one match of ``_CLUMPS``; the cache is what makes ``tokens`` fast."""
    if (word := bare(clump)).isascii() and word.isalpha():
        return _plain(word, word.lower())
    return tuple(chain.from_iterable(map(_word, _WORDS.findall(_POSSESSIVE.sub("", clump)))))


def _word(word: str) -> tuple[str, ...]:
    """Return the tokens of one match of ``_WORDS``: itself as a unit, then its parts."""
    plain = word.lower()
    if plain.isascii() and plain.isalpha():
        return _plain(word, plain)
    folded = _fold(plain)
    if not folded:  # an accent without a letter
        return ()
    if folded.isalnum():
        return (stem(folded),)
    return tuple(dict.fromkeys(_identifier(word, folded)))


def _plain(word: str, lower: str) -> tuple[str, ...]:
    """Return the tokens of a word of ASCII letters: its stem, and those of its camel-case parts."""
    if lower in STOP_WORDS and word not in ACRONYMS:
        return ()
    if word.islower() or word.isupper() or word.istitle():
        return (stem(lower),)
    parts = _CAMEL.split(word)
    return (stem(lower), *chain.from_iterable(map(_word, parts if len(parts) > 1 else ())))


def _identifier(word: str, folded: str) -> Iterator[str]:
    """Yield the unit and the parts of a word with separators; ``e-mail`` and ``U.S.`` are words, not units."""
    unit = folded.replace(",", "")
    if _INITIALS.fullmatch(unit):
        yield unit.replace(".", "")
        return
    joined = unit.replace("-", "")
    if len(unit) <= MAX_TOKEN:
        yield stem(joined) if joined.isalpha() else unit
    if version := _VERSION.fullmatch(unit):
        yield version[1]
    for part in _PARTS.findall(word):
        if part != word:
            yield from _word(part)


def _fold(word: str) -> str:
    """Return the lower-case word without accents; other scripts keep their marks."""
    if word.isascii():
        return word
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", word.casefold()))
    return unicodedata.normalize("NFC", bare).translate(_STROKES)


def stem(word: str) -> str:
    """Return the English stem (Snowball's Porter 2) of a lower-case word; words of other languages change little."""
    if not hasattr(_local, "stemmer"):
        _local.stemmer = Stemmer.Stemmer("english", 0)
    stem: str = _local.stemmer.stemWord(word[:MAX_TOKEN])
    return stem
