"""Bytes of a text file become text, whatever encoding they are in.

Comes in: bytes, and the encoding they claim. Goes out: text, the encoding, how sure that is. Never: a silent guess; what
could not be decoded is replaced and noted, and bytes that are not text in any encoding are refused.

Every candidate decoding is judged by the likelihood of its characters in the languages written in it (unigram model,
``letters``), so one-byte and multi-byte encodings are compared on the same bytes and in the same unit.
"""

from __future__ import annotations

import codecs
import math
import re
from dataclasses import dataclass

from ..errors import DamagedError, EmptyFileError
from ..notice import Notice
from . import letters
from .encodings import CANDIDATES, CJK, CODECS, LABELS, codec_of
from .likelihood import log_likelihood
from .western import is_western

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
_NOT_TEXT = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "unicode-escape"})

# How many bytes beyond the first a replacement character stands for.
_UNIT_BYTES = {"utf-16": 1, "utf-32": 3}
_SEVEN_BIT = frozenset({"utf-7", "utf7", "utf_7"})
_NO_TEXT = Notice("the file is binary or damaged: its bytes are no text in any known encoding")
_LOG_BROKEN = math.log(1e-8)
_LENIENCE = 24
_FEW_CONTROLS = 4
_LINES_JUDGED = 200
_SURE = 0.65
_FEW_BYTES = 24
_FEW_BROKEN, _MOST_BROKEN = 8, 0.25
"""Characters; above this count and this share, it is not text."""
_TINY = 6
_CONTROL = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")
_WORD = re.compile(rb"\s|^[A-Za-z]+$|^[\d.,%-]+$")
_LAST_OF_TWO_BYTES = "\u07ff"
_UNIFORM_BYTE = math.log(256)
_UNKNOWN = (tuple(letters.LATIN) + CJK, 0.0)
"""Of a declared encoding that is none of the candidates, or one of them under another name: as in ``CANDIDATES``."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file, and how it was found."""

    text: str
    encoding: str
    """A name that Python's ``bytes.decode`` knows."""
    confidence: float
    """0..1; 1 for a byte order mark or text that is valid UTF-8."""
    notes: tuple[str, ...] = ()
    """Sentences for the user; empty if nothing was guessed."""


def decode(data: bytes, declared: str = "") -> Decoded:
    """Return the text of ``data``; line breaks, NULs and the like stay, a byte order mark goes.

    Args:
        data: the bytes of a text file.
        declared: the encoding the file or its envelope claims; believed unless the text contradicts it.
    Raises: EmptyFileError: nothing but a byte order mark. DamagedError: not text in any encoding.
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
    """Return text bytes as UTF-8 with a byte order mark, so that no reader guesses; ``encoding`` is the user's.

    Raises: DamagedError: they are not text in this encoding.
    """
    try:
        return codecs.BOM_UTF8 + data.decode(encoding).removeprefix("\ufeff").encode("utf-8", "surrogatepass")
    except (UnicodeError, LookupError) as exc:
        raise DamagedError(
            "it is no text in the encoding {encoding!r} that was given; leave --encoding out", encoding=encoding
        ) from exc


def _decode_marked(data: bytes, encoding: str) -> Decoded:
    if not data:
        raise EmptyFileError("the file holds a byte order mark and nothing else; there is nothing to read")
    try:
        return Decoded(data.decode(encoding), encoding, 1.0)
    except UnicodeDecodeError:
        return _replaced(data, encoding, 0.9)


def _surely_utf8(text: str, data: bytes) -> bool:
    """Return whether valid UTF-8 is surely that: a few two-byte characters may be pairs in a legacy encoding."""
    if data.isascii():
        return not _may_be_wide(data)
    return len(data) - len(text) > _FEW_BYTES or max(text) > _LAST_OF_TWO_BYTES


def _may_be_wide(data: bytes) -> bool:
    """Return whether a few ASCII bytes may be UTF-16 without a mark: with control characters, or no word among them."""
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
            if not text.isascii() and log_likelihood(text[:SAMPLE_BYTES], CJK) > -9 * len(text):
                return Decoded(text, encoding, 0.95)
    return None


def _decode_likeliest(data: bytes, declared: str, as_utf8: str) -> Decoded:
    if not declared and not as_utf8 and b"\0" not in data and is_western(data):
        return Decoded(data.decode("cp1252", "replace"), "windows-1252", 0.9)
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
    for codec in CODECS.get(encoding, (encoding,)):
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        notes = () if confidence > _SURE else (_unsure(encoding, rival[1] if rival else ""),)
        return Decoded(text, encoding, min(confidence, 0.99), notes)
    return _by_line(data, encoding, ranked) or _replaced(data, encoding, min(confidence, 0.6))


def _rank(data: bytes, declared: str) -> list[tuple[float, str, str]]:
    """Return (log-likelihood per byte, encoding, decoded sample), best first."""
    candidates = dict(CANDIDATES)
    if declared:
        bonus = 12 + 0.2 * min(len(data), 2000)
        languages, prior = candidates.get(declared, _UNKNOWN)
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
        text = sample.decode(codec_of(encoding), "replace")
        broken = text.count("\ufffd") * _LOG_BROKEN * _UNIT_BYTES.get(encoding[:6], 0)
        score = (log_likelihood(text, languages) + broken + prior) / len(sample)
        ranked.append((score, encoding, text))
    return sorted(ranked, key=lambda entry: -entry[0])


def _sample(data: bytes, n_bytes: int) -> bytes:
    """Return the lines with non-ASCII bytes, about ``n_bytes`` of them; all of a small file."""
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
    """Decode a file appended to by two programs: each line is UTF-8 or, failing that, the likeliest other."""
    if encoding == "utf-8":
        encoding = next(name for _, name, _ in ranked if name != "utf-8")
    if encoding.startswith(("utf-16", "utf-32")):
        return None
    lines, utf8, other = [], 0, 0
    codec, (languages, _) = codec_of(encoding), CANDIDATES.get(encoding, _UNKNOWN)
    for line in data.splitlines(keepends=True):
        try:
            lines.append(line.decode("utf-8"))
            utf8 += not line.isascii()
        except UnicodeDecodeError:
            try:
                text = line.decode(codec)
            except UnicodeDecodeError:
                return None
            if other < _LINES_JUDGED and log_likelihood(text, languages) < -_UNIFORM_BYTE * len(line):
                return None
            lines.append(text)
            other += 1
    if not utf8 or not other:
        return None
    note = Notice(
        "the file mixes encodings: {n_utf8} lines are UTF-8, {n_other} were read as {encoding}; save it as "
        "UTF-8 to be sure",
        n_utf8=utf8,
        n_other=other,
        encoding=encoding,
    )
    return Decoded("".join(lines), "utf-8", 0.4, (note,))


def _replaced(data: bytes, encoding: str, confidence: float) -> Decoded:
    text = data.decode(codec_of(encoding), "replace")
    n = text.count("\ufffd")
    if n > max(_FEW_BROKEN, _MOST_BROKEN * (len(text) - text.count("\0"))):
        raise DamagedError(_NO_TEXT)
    return Decoded(
        text,
        encoding,
        confidence,
        (Notice("{n} broken characters were replaced while reading it as {encoding}", n=n, encoding=encoding),),
    )


def _unsure(encoding: str, rival: str) -> str:
    return Notice(
        "the encoding is not certain: read as {encoding}, it may be {rival}; save the file as UTF-8 to be sure",
        encoding=encoding,
        rival=rival,
    )


def _label(declared: str) -> str:
    name = declared.strip().strip("'\"").lower()
    name = LABELS.get(name, name)
    if name in CANDIDATES:
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
