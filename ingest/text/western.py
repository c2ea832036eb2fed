"""Texts that are ASCII but for a few Western signs: ``£5``, ``20 °C``, ``± 3 %``, ``§ 5``.

No guess is made where a letter may be meant: ``£uk`` is Polish.
"""

from __future__ import annotations

import re

_HIGH = re.compile(rb"[\x80-\xff]")
_BESIDE = 5
_MOST = 0.34
_PUNCTUATION = frozenset(b"\x82\x84\x85\x86\x87\x89\x8b\x91\x92\x93\x94\x95\x96\x97\x99\x9b\xa0\xa9\xab\xae\xb7\xbb")
"""Quotes, dashes, ellipses, trade marks: the same in all Windows encodings."""
_SIGN = re.compile(
    rb"(?:^|[^A-Za-z\x80-\xff]|\x97|\x96|\x93|\x91)"
    rb"(?:[\x80\xa2\xa3\xa5](?=$|[^A-Za-z\x80-\xff]|[kmM](?![A-Za-z])|(?:bn|mn|mio)(?![A-Za-z]))"
    rb"|[\xa7\xb1\xd7\xf7\xbc\xbd\xbe](?![A-Za-z\x80-\xff])|\xb5(?=[A-Za-z])|\xb0(?=$|[^A-Za-z\x80-\xff]|[CFK](?![a-z]))"
    rb"|[cdkm]?m[\xb2\xb3](?![A-Za-z\x80-\xff]))"
)
"""Currencies, the section sign, degrees, fractions, square metres: no letter touches them that would make them one."""


def is_western(data: bytes) -> bool:
    """Return whether all non-ASCII bytes are windows-1252 signs, where no other encoding's letters are likely."""
    n_high = n_signs = 0
    for match in _HIGH.finditer(data):
        n_high += 1
        if data[match.start()] in _PUNCTUATION:
            continue
        start = max(match.start() - _BESIDE, 0)
        near = data[start : match.end() + _BESIDE]
        at = match.start() - start
        if not any(found.end() == at + 1 for found in _SIGN.finditer(near)):
            return False
        n_signs += 1
    return n_signs > 0 and n_high <= max(2, _MOST * len(data))
