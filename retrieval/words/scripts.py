"""Tell which script a text is written in: by shares, not by single letters.

Comes in: a text. Goes out: shares. Never: a guess at the language if several are written in one script.
"""

from __future__ import annotations

import re
from collections import Counter

SHARED = 0.2
"""Minimum share in the question's script for a text to be able to answer in the question's words."""

_UNITS = re.compile(
    "(?P<Han>[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])|(?P<Kana>[\u3040-\u30ff])"
    "|(?P<Hangul>[\uac00-\ud7af]+)|(?P<Cyrillic>[\u0400-\u052f]+)|(?P<Arabic>[\u0600-\u06ff]+)|(?P<Greek>[\u0370-\u03ff]+)"
    "|(?P<Latin>[A-Za-z\xc0-\u024f\u1e00-\u1eff]+)|(?P<other>[^\\W\\d_]+)"
)
"""The unit of counting: a word, or a character of a script written without spaces."""


def script_shares(text: str) -> dict[str, float]:
    """Return each script's share (0..1) of a text's words and characters, the largest first; empty without letters."""
    counts = Counter(match.lastgroup or "other" for match in _UNITS.finditer(text))
    return {script: count / counts.total() for script, count in counts.most_common()}


def script(text: str) -> str:
    """Return the main script of a text: ``Han``, ``Latin``, ...; empty if there are no letters."""
    return next(iter(script_shares(text)), "")


def shares_script(question: str, text: str) -> bool:
    """Return whether enough of a text is in the question's script for its words to be found there.

    An English name in a Chinese passage does not make it English; a Chinese question with English names is Chinese.
    """
    asked = script(question)
    return not asked or script_shares(text).get(asked, 0.0) >= SHARED
