"""Escapes control characters, so that documents and file names cannot control the terminal.

Not for JSON, which escapes them itself.
"""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""All except line feeds and tabs (ISO/IEC 6429)."""
_IN_NAMES = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""In names also line breaks and bidirectional controls (UAX #9), which can make ``fdp.exe`` look like exe.pdf."""


def plain(text: str) -> str:
    """Return a text with control characters escaped."""
    return _CONTROL.sub(_spelt, text)


def name(source: str) -> str:
    """Return a path or heading for display, on one line."""
    return _IN_NAMES.sub(_spelt, source)


def _spelt(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode("ascii")
