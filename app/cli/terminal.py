"""What a terminal would obey is shown instead: a document, or the name of a file, moves no cursor and sets no title.

Comes in: text of documents and of models, and paths. Goes out: the same with control characters spelt out. Never: JSON, which
spells them out itself.
"""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""All but line feeds and tabs (ISO/IEC 6429)."""
_IN_NAMES = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""In a name also what ends a line, or turns the direction of reading (UAX #9): ``fdp.exe`` reads exe.pdf then."""


def plain(text: str) -> str:
    """Return a text with its control characters spelt out."""
    return _CONTROL.sub(_spelt, text)


def name(source: str) -> str:
    """Return a path or a heading as it is shown, on one line."""
    return _IN_NAMES.sub(_spelt, source)


def _spelt(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode("ascii")
