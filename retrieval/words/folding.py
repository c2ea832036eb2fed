"""Fold text for word-for-word comparison: case, width, white space and Traditional characters.

Comes in: a text. Goes out: the same, folded. Never: two texts folded into one that a reader would consider different.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .hanzi import SIMPLIFIED

_UTF16, _UNIT = "utf-16-le", "<u2"
_WIDE = {0x3000: ord(" "), **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}}
"""The wide forms of ASCII: nearly all that NFKC changes in a Chinese text, and it is slow at it."""
_SINGLE = "\\0-~\u3000-\u3029\u4e00-\u9fff\uff01-\uff5e"
"""Characters that fold one at a time, whatever their neighbours, which do not change with them either."""
_ALL_SINGLE, _NO_SINGLE = re.compile(f"[{_SINGLE}]+"), re.compile(f"[^{_SINGLE}]")


def folded(text: str) -> str:
    """Return text folded for comparison.

    This is NFKC, casefold, white space, Simplified characters. Wide forms and Traditional characters are replaced first, by a
    table: NFKC takes ten times as long for a text that it changes.
    """
    if text.isascii():
        return " ".join(text.lower().split())
    units = np.frombuffer(text.encode(_UTF16, "surrogatepass"), _UNIT)
    plain = _table()[units].tobytes().decode(_UTF16, "surrogatepass")
    whole = unicodedata.normalize("NFKC", plain)
    if whole is not plain:
        whole = whole.translate(SIMPLIFIED)
    return " ".join(whole.casefold().split())


class Phrase:
    """A phrase to look for in many texts."""

    def __init__(self, phrase: str) -> None:
        """Take the phrase as typed."""
        self._folded = folded(phrase)
        self._lower = phrase.lower() if _ALL_SINGLE.fullmatch(phrase) else ""

    def stands_in(self, text: str) -> bool:
        """Return whether the text contains the phrase once both are folded."""
        if self._lower:  # usually it is found as typed, and nothing needs folding
            lower = text.lower()
            at = lower.find(self._lower)
            if at >= 0 and not _NO_SINGLE.match(lower, at + len(self._lower)):
                return True
        return self._folded in folded(text)


@lru_cache(maxsize=1)
def _table() -> NDArray[np.uint16]:
    """Return what each UTF-16 code unit folds to."""
    table = np.arange(1 << 16, dtype=_UNIT)
    table[[*_WIDE, *SIMPLIFIED]] = [*_WIDE.values(), *SIMPLIFIED.values()]
    return table
