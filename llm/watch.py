"""Watch what a model writes as it writes: whether it loops, echoes the request, or changes language.

Comes in: the text so far, and what the model was given. Goes out: what is wrong with it. Never: a judgement of what it says.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal

from ..ingest.text.sentences import sentence_spans

Fault = Literal["loop", "echo", "language", "marks", "empty"]

_LETTER = re.compile(r"[^\W\d_]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]")
_MARK = re.compile(r"[\[【]\s*\d{1,3}(?:\s*[,，、]\s*\d{1,3})*\s*[\]】]")
_CIRCLE = re.compile(r"(.{12,200}?)\1\1\s*$|(.{2,11}?)\2{5}\s*$|(.)\3{15}\s*$", re.DOTALL)
"""Something long three times in a row, something short six times, one character sixteen times."""
_TAIL = 800
"""Characters checked for a loop."""
_SAID_AGAIN = 4
"""Words, or Chinese characters: a shorter sentence may appear twice."""
_FRAME = re.compile(
    r"</?\s*(?:passage|history|text)\b|<\s*\|[\w ]+\|\s*>|^\s*\[/?INST\]"
    r"|^\s*(?:Question|Passages?|Text|问题|资料|文字)\s*[:：]",
    re.IGNORECASE | re.MULTILINE,
)
"""The frame around passages and questions, never part of an answer."""
_ECHO = 24
"""Characters of the request's last line that make an echo if repeated."""
_LEAST = 8
"""Characters; a shorter last line may be repeated by chance."""
_ENOUGH = 16
"""Minimum letters for a text to have a language."""
_SHARE = 0.1
"""Minimum share of Chinese letters in an answer if its source is Chinese, rather than only the question."""


def fault(written: str, given: str, request: str, *, finished: bool) -> Fault | None:
    """Return what is wrong with a text, complete or so far; ``None`` if nothing is.

    Args:
        written: the model's text.
        given: what it should write from, with the question.
        request: the last line of its instructions.
        finished: whether it has stopped.
    """
    plain = _MARK.sub("", written)
    if finished and not _LETTER.search(plain) and not re.search(r"\d", plain):
        return "marks" if _MARK.search(written) else "empty"
    if not finished and len(_MARK.findall(written)) > _SAID_AGAIN and not _LETTER.search(plain):
        return "marks"
    if _goes_in_circles(plain):
        return "loop"
    if _echoes(plain, given, request):
        return "echo"
    return "language" if _changes_language(plain, given) else None


def _goes_in_circles(text: str) -> bool:
    if _CIRCLE.search(text[-_TAIL:]):
        return True
    said = [" ".join(text[start:stop].lower().split()) for start, stop in sentence_spans(text)]
    long = [one for one in said if max(len(one.split()), len(_HAN.findall(one))) >= _SAID_AGAIN]
    return len(long) > len(set(long))


def _echoes(text: str, given: str, request: str) -> bool:
    frame = _FRAME.search(text)
    if frame and frame.group().strip() not in given:
        return True
    return len(request) >= _LEAST and request[:_ECHO].lower() in text.lower()


def _changes_language(text: str, given: str) -> bool:
    letters = _LETTER.findall(text)
    if len(letters) < _ENOUGH:
        return False
    in_chinese, known = _written_in(given)
    if in_chinese and len(_HAN.findall(text)) < _SHARE * len(letters):
        return True
    return any(_script(letter) not in known for letter in set(letters))


@lru_cache(maxsize=8)
def _written_in(given: str) -> tuple[bool, frozenset[str]]:
    """Return whether a text is mostly Chinese, and its scripts; it stays the same for every piece that is written."""
    in_chinese = 3 * len(_HAN.findall(given)) > len(_LATIN.findall(given))
    return in_chinese, frozenset(map(_script, set(given)))


def _script(letter: str) -> str:
    """Return the script of a letter, by the first word of its name: LATIN, CJK, CYRILLIC."""
    return "LATIN" if letter.isascii() else unicodedata.name(letter, "UNKNOWN").split(" ", 1)[0]
