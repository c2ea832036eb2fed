"""Bytes of a text file become text, whatever encoding they are in.

Comes in: bytes, and the encoding they claim. Goes out: text, the encoding, how sure that is. Never: a silent guess; what
could not be decoded is replaced and noted, and bytes that are no text in any encoding are refused.

Every candidate decoding is judged by the likelihood of its characters under the languages written in it (unigram model,
``letters``), so one-byte and multi-byte encodings are compared on the same bytes and in the same unit.
"""

from __future__ import annotations

import codecs
import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache

from . import letters
from .errors import DamagedError, EmptyFileError

SAMPLE_BYTES = 32_768
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_ESCAPED = ((b"~{", "hz"), (b"\x1b$", "iso2022_jp_ext"), (b"\x1b$)C", "iso2022_kr"))
_LATIN_WEST = ("en", "fr", "de", "es", "pt", "it", "sv", "da", "fi", "nl", "is")
_LATIN_CENTRAL = ("pl", "cs", "sk", "hu", "ro", "hr")
_CYRILLIC = ("ru", "bg", "uk")
_CJK = ("hans", "hant", "ja", "ko")
_ANY = (*_CJK, "en", "fr", "de", "pl", "tr", "ru", "uk", "el", "he", "ar", "th")
"""What is looked for in encodings that can write everything; others are near enough to one of these."""

# Encoding -> what is written in it, and the logarithm of how much rarer it is than the common ones.
_CANDIDATES: dict[str, tuple[tuple[str, ...], float]] = {
    "utf-8": (_ANY, 9.0),
    "gb18030": (("hans", "hant"), 1.0),
    "big5": (("hant",), 0.0),
    "shift_jis": (("ja",), 0.0),
    "euc-jp": (("ja",), 0.0),
    "euc-kr": (("ko",), 0.0),
    "johab": (("ko",), -8.0),
    "utf-16-le": (_ANY, -2.0),
    "utf-16-be": (_ANY, -2.5),
    "utf-32-le": (_ANY, -3.0),
    "utf-32-be": (_ANY, -3.0),
    "windows-1252": (_LATIN_WEST, 0.0),
    "windows-1250": (_LATIN_CENTRAL, -1.0),
    "iso-8859-2": (_LATIN_CENTRAL, -2.0),
    "windows-1251": (_CYRILLIC, 0.0),
    "koi8-r": (("ru",), -1.0),
    "koi8-u": (("uk",), -2.0),
    "iso-8859-5": (_CYRILLIC, -2.0),
    "cp866": (_CYRILLIC, -2.0),
    "mac-cyrillic": (_CYRILLIC, -4.0),
    "cp855": (_CYRILLIC, -4.0),
    "windows-1253": (("el",), -1.0),
    "iso-8859-7": (("el",), -1.5),
    "windows-1254": (("tr",), -1.0),
    "windows-1255": (("he",), -1.0),
    "windows-1256": (("ar",), -1.0),
    "iso-8859-6": (("ar",), -2.0),
    "windows-1257": (("et", "lv", "lt"), -2.0),
    "windows-1258": (("vi",), -3.0),
    "tis-620": (("th",), -1.0),
    "mac-roman": (_LATIN_WEST, -5.0),
    "cp850": (_LATIN_WEST, -5.0),
    "cp437": (_LATIN_WEST, -6.0),
    "cp852": (_LATIN_CENTRAL, -6.0),
    "cp500": (("en",), -12.0),
}

# What Python decodes a name with, first one that fits: the registered tables lack the vendors' extensions.
_CODECS = {
    "gb18030": ("gb18030", "gbk"),
    "big5": ("cp950", "big5hkscs"),
    "shift_jis": ("cp932", "shift_jis_2004"),
    "euc-jp": ("euc_jp", "euc_jis_2004"),
    "euc-kr": ("cp949",),
    "tis-620": ("cp874",),
}

# Labels that mean another encoding in practice: https://encoding.spec.whatwg.org/#names-and-labels
_LABELS = {
    "gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "x-gbk": "gb18030", "cp936": "gb18030",
    "iso-8859-1": "windows-1252", "latin1": "windows-1252", "latin-1": "windows-1252", "us-ascii": "windows-1252",
    "ascii": "windows-1252", "cp1252": "windows-1252", "iso-8859-9": "windows-1254", "iso-8859-11": "tis-620",
    "windows-874": "tis-620", "shift-jis": "shift_jis", "sjis": "shift_jis", "x-sjis": "shift_jis",
    "windows-31j": "shift_jis", "cp932": "shift_jis", "eucjp": "euc-jp", "x-euc-jp": "euc-jp", "euckr": "euc-kr",
    "ks_c_5601-1987": "euc-kr", "windows-949": "euc-kr", "cp949": "euc-kr", "uhc": "euc-kr", "big5-hkscs": "big5",
    "cp950": "big5", "x-x-big5": "big5", "utf8": "utf-8", "utf-16": "utf-16-le", "ucs-2": "utf-16-le",
    "hz-gb-2312": "hz", "iso-2022-jp": "iso2022_jp_ext", "iso-2022-kr": "iso2022_kr", "unicode": "utf-16-le",
}  # fmt: skip
_NOT_TEXT = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "unicode-escape"})

# How many bytes beyond the first a replacement character stands for.
_UNIT_BYTES = {"utf-16": 1, "utf-32": 3}
_SEVEN_BIT = frozenset({"utf-7", "utf7", "utf_7"})
_NO_TEXT = "the file is binary or damaged: its bytes are no text in any known encoding"
_LOG_UNKNOWN = math.log(1e-6)
_LAST_OF_PLANE_0 = "\uffff"
_LOG_ASTRAL = math.log(1e-10)
_LOG_BROKEN = math.log(1e-8)
_LENIENCE = 24
_FEW_CONTROLS = 4
_LINES_JUDGED = 200
_SURE = 0.65
_ALPHABET_LETTERS = 60
_FEW_BYTES = 24
_TINY = 6
_CONTROL = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")
_WORD = re.compile(rb"\s|^[A-Za-z]+$|^[\d.,%-]+$")
_LAST_OF_TWO_BYTES = "\u07ff"
_UNIFORM_BYTE = math.log(256)


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file, and how it was found."""

    text: str
    encoding: str
    """A name that Python's ``bytes.decode`` knows."""
    confidence: float
    """0..1; 1 for a byte order mark or text that is valid UTF-8."""
    notes: tuple[str, ...] = ()
    """Sentences for the user; empty when nothing was guessed at."""


def decode(data: bytes, declared: str = "") -> Decoded:
    """Return the text of ``data``; line breaks, NULs and the like stay as they are, a byte order mark goes.

    Args:
        data: the bytes of a text file.
        declared: the encoding that the file or its envelope claims; believed unless the text speaks against it.
    Raises: EmptyFileError: nothing but a byte order mark. DamagedError: no text in any encoding.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark) and len(data) % 4 * encoding.startswith("utf-32") == 0:
            return _decode_marked(data[len(mark) :], encoding)
    if not data:
        raise EmptyFileError("the file is empty; there is nothing to read")
    declared = _label(declared)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if "\0" in text:
        text = ""
    if text and _surely_utf8(text, data) and not (declared in _SEVEN_BIT and data.isascii()):
        escaped = _decode_escaped(data)
        if escaped is None:
            _refuse_controls(text[:SAMPLE_BYTES])
        return escaped or Decoded(text, "utf-8", 1.0)
    return _decode_likeliest(data, declared, text)


def recode(data: bytes, encoding: str) -> bytes:
    """Return text bytes as UTF-8 with a byte order mark, so that no reader guesses; ``encoding`` is what the user says.

    Raises: DamagedError: they are no text in this encoding.
    """
    try:
        return codecs.BOM_UTF8 + data.decode(encoding).removeprefix("\ufeff").encode("utf-8", "surrogatepass")
    except (UnicodeError, LookupError) as exc:
        raise DamagedError(f"it is no text in the encoding {encoding!r} that was given; leave --encoding out") from exc


def _decode_marked(data: bytes, encoding: str) -> Decoded:
    if not data:
        raise EmptyFileError("the file holds a byte order mark and nothing else; there is nothing to read")
    try:
        return Decoded(data.decode(encoding), encoding, 1.0)
    except UnicodeDecodeError:
        return _replaced(data, encoding, 0.9)


def _surely_utf8(text: str, data: bytes) -> bool:
    """Valid UTF-8 is UTF-8, but for a few characters of two bytes that may as well be two of a legacy encoding."""
    if data.isascii():
        return not _may_be_wide(data)
    return len(data) - len(text) > _FEW_BYTES or max(text) > _LAST_OF_TWO_BYTES


def _may_be_wide(data: bytes) -> bool:
    """Return whether a few bytes of ASCII may be UTF-16 without a mark: with control characters, or no word among them."""
    if len(data) % 2 or len(data) > _FEW_BYTES or b"\x1b" in data:
        return False
    return bool(_CONTROL.search(data)) or (len(data) <= _TINY and not _WORD.search(data))


def _decode_escaped(data: bytes) -> Decoded | None:
    if not data.isascii():
        return None
    for mark, encoding in _ESCAPED:
        if mark in data:
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError:
                continue
            if not text.isascii() and _log_likelihood(text[:SAMPLE_BYTES], _CJK) > -9 * len(text):
                return Decoded(text, encoding, 0.95)
    return None


def _decode_likeliest(data: bytes, declared: str, as_utf8: str) -> Decoded:
    ranked = _rank(data, declared)
    score, encoding, sample_text = ranked[0]
    _refuse_controls(sample_text)
    if -score > _UNIFORM_BYTE + (0 if encoding[:6] in _UNIT_BYTES else _LENIENCE / len(data)):
        unlikely = Decoded(as_utf8, "utf-8", 0.6) if as_utf8 else _by_line(data, encoding, ranked)
        if unlikely is None:
            raise DamagedError(_NO_TEXT)
        return unlikely
    rival = next((other for other in ranked[1:] if other[2] != sample_text), None)
    margin = (score - rival[0]) * min(len(data), SAMPLE_BYTES) if rival else 50.0
    confidence = round(1 - math.exp(-max(margin, 0.05) / 4), 3)
    for codec in _CODECS.get(encoding, (encoding,)):
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        notes = () if confidence > _SURE else (_unsure(encoding, rival[1] if rival else ""),)
        return Decoded(text, encoding, min(confidence, 0.99), notes)
    return _by_line(data, encoding, ranked) or _replaced(data, encoding, min(confidence, 0.6))


def _rank(data: bytes, declared: str) -> list[tuple[float, str, str]]:
    """Return (log-likelihood per byte, encoding, decoded sample), best first."""
    candidates = dict(_CANDIDATES)
    if declared:
        bonus = 12 + 0.2 * min(len(data), 2000)
        languages, prior = candidates.get(declared, (tuple(letters.LATIN) + _CJK, 0.0))
        candidates[declared] = (languages, prior + bonus)
    ranked = _score_all(data, candidates, SAMPLE_BYTES // 8)
    if len(data) > SAMPLE_BYTES // 8:
        ranked = _score_all(data, {name: candidates[name] for _, name, _ in ranked[:6]}, SAMPLE_BYTES)
    return ranked


def _score_all(
    data: bytes, candidates: dict[str, tuple[tuple[str, ...], float]], n_bytes: int
) -> list[tuple[float, str, str]]:
    wide, narrow = data[:n_bytes], _sample(data, n_bytes)
    ranked = []
    for encoding, (languages, prior) in candidates.items():
        sample = wide if encoding[:6] in _UNIT_BYTES else narrow
        text = sample.decode(_CODECS.get(encoding, (encoding,))[0], "replace")
        broken = text.count("\ufffd") * _LOG_BROKEN * _UNIT_BYTES.get(encoding[:6], 0)
        score = (_log_likelihood(text, languages) + broken + prior) / len(sample)
        ranked.append((score, encoding, text))
    return sorted(ranked, key=lambda entry: -entry[0])


def _sample(data: bytes, n_bytes: int) -> bytes:
    """Return the lines with bytes beyond ASCII, about ``n_bytes`` of them; all of a small file."""
    if len(data) <= n_bytes:
        return data
    parts, total, position = [], 0, 0
    high = re.compile(rb"[\x80-\xff\x00]")
    while total < n_bytes and (found := high.search(data, position)):
        start = max(data.rfind(b"\n", position, found.start()) + 1, position, found.start() - 256)
        stop = data.find(b"\n", found.end(), start + 4096) + 1 or start + 4096
        parts.append(data[start:stop])
        total += stop - start
        position = stop
    return b"".join(parts) or data[:n_bytes]


def _by_line(data: bytes, encoding: str, ranked: list[tuple[float, str, str]]) -> Decoded | None:
    """Files that were appended to by two programs: each line is UTF-8 or, failing that, the likeliest of the others."""
    if encoding == "utf-8":
        encoding = next(name for _, name, _ in ranked if name != "utf-8")
    if encoding.startswith(("utf-16", "utf-32")):
        return None
    lines, utf8, other = [], 0, 0
    codec = _CODECS.get(encoding, (encoding,))[0]
    for line in data.splitlines(keepends=True):
        try:
            lines.append(line.decode("utf-8"))
            utf8 += not line.isascii()
        except UnicodeDecodeError:
            try:
                text = line.decode(codec)
            except UnicodeDecodeError:
                return None
            if other < _LINES_JUDGED and _log_likelihood(text, _CANDIDATES[encoding][0]) < -_UNIFORM_BYTE * len(line):
                return None
            lines.append(text)
            other += 1
    if not utf8 or not other:
        return None
    note = f"the file mixes encodings: {utf8} lines are UTF-8, {other} were read as {encoding}; save it as UTF-8 to be sure"
    return Decoded("".join(lines), "utf-8", 0.4, (note,))


def _replaced(data: bytes, encoding: str, confidence: float) -> Decoded:
    text = data.decode(_CODECS.get(encoding, (encoding,))[0], "replace")
    n = text.count("\ufffd")
    return Decoded(text, encoding, confidence, (f"{n} broken characters were replaced while reading it as {encoding}",))


def _unsure(encoding: str, rival: str) -> str:
    return f"the encoding is not certain: read as {encoding}, it may be {rival}; save the file as UTF-8 to be sure"


def _label(declared: str) -> str:
    name = declared.strip().strip("'\"").lower()
    name = _LABELS.get(name, name)
    if name in _CANDIDATES:
        return name
    try:
        b"....".decode(name, "replace")
    except (LookupError, ValueError):
        return ""
    return "" if name in _NOT_TEXT else name


def _refuse_controls(text: str) -> None:
    n_controls = sum(
        text.count(chr(code)) for code in (*range(1, 9), 11, *range(14, 27), *range(28, 32), *range(127, 160))
    )
    if n_controls > _FEW_CONTROLS + 0.1 * len(text):
        raise DamagedError(_NO_TEXT)


def _log_likelihood(text: str, languages: tuple[str, ...]) -> float:
    counts = Counter(text)
    return max(_score(counts, table) for language in languages for table in _tables(language))


def _score(counts: Counter[str], table: dict[str, float]) -> float:
    return sum(
        n * table.get(character, _LOG_UNKNOWN if character <= _LAST_OF_PLANE_0 else _LOG_ASTRAL)
        for character, n in counts.items()
    )


@cache
def _tables(language: str) -> tuple[dict[str, float], ...]:
    """Return log-probabilities of characters; for scripts with case, once as usual and once for text in capitals."""
    if language in _CJK:
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
    """Return probabilities that fall with the rank (Zipf-Mandelbrot) and sum up to ``mass``."""
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


def repair(text: str) -> str:
    """Return ``text`` as it can be stored: line feeds for line breaks, no NULs, no lone surrogates."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        text = text.replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        text = _SURROGATES.sub("", text)
    return text


_SURROGATES = re.compile("[\ud800-\udfff]")
