"""Find the headers, footers and page numbers of a paged text.

Comes in: the lines of each page. Goes out: which of them repeat. Never: the last copy of a text; a header that repeats
word for word is kept where it first appears, and only page counters are dropped everywhere.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from .content import Line

_AT_EDGE, _FEWEST_PAGES, _MOST, _MARGIN = 3, 3, 0.5, 0.15
_TITLE_LETTERS = 6
"""With fewer letters, a line that counts pages says nothing else."""
_INTEGER = re.compile(r"\d+")
_COUNTER = re.compile(r"[\W\d_]*#[\W\d_]*|.{0,3}(?i:pages?|seite|página|p\.|第)\s*#.{0,16}|.{12,}\s#|#\s.{12,}")
"""A page number: bare, named as one, or beside a running title; "Step 3" is not one."""
_Key = tuple[str, int | None]


def furniture(pages: Sequence[Sequence[Line]], heights: Sequence[float]) -> list[frozenset[int]]:
    """Return, for each page, the indexes of the lines to leave out.

    A line is furniture if it is among the three highest or lowest on its page, in the margin, and the same line is
    there on at least half the pages and at least three; or the same but for one number that grows with the page
    number. A page with nothing else keeps it.

    Args:
        pages: the lines of each page.
        heights: of each page, in points.
    """
    edges = [_edges(lines, height) for lines, height in zip(pages, heights, strict=True)]
    repeated = _repeated(pages, edges)
    found: list[frozenset[int]] = []
    kept: set[str] = set()
    for number, (lines, indexes) in enumerate(zip(pages, edges, strict=True)):
        dropped = set()
        for index in indexes:
            patterns = {key[0] for key in _keys(lines[index].text, number) if key in repeated}
            if patterns & kept or any(_only_counts(pattern) for pattern in patterns):
                dropped.add(index)
            kept |= patterns
        found.append(frozenset(dropped) if len(dropped) < len(lines) else frozenset())
    return found


def _repeated(pages: Sequence[Sequence[Line]], edges: Sequence[Sequence[int]]) -> set[_Key]:
    """Return what is at the edge of enough pages; ``edges``: the indexes of each page's lines there."""
    seen: dict[_Key, set[int]] = defaultdict(set)
    for number, (lines, indexes) in enumerate(zip(pages, edges, strict=True)):
        for index in indexes:
            for key in _keys(lines[index].text, number):
                seen[key].add(number)
    needed = max(_FEWEST_PAGES, _MOST * sum(bool(lines) for lines in pages))
    return {key for key, numbers in seen.items() if len(numbers) >= needed}


def _edges(lines: Sequence[Line], height: float) -> list[int]:
    by_height = sorted(range(len(lines)), key=lambda index: -lines[index].bottom)
    outer = (index for index in by_height[:_AT_EDGE] if lines[index].bottom > (1 - _MARGIN) * height)
    lower = (index for index in by_height[-_AT_EDGE:] if lines[index].top < _MARGIN * height)
    return sorted({*outer, *lower})


def _keys(text: str, number: int) -> list[_Key]:
    """Return the line as is, and with each integer in turn replaced by its lead over the page number."""
    text = " ".join(text.split())
    keys: list[_Key] = [(text, None)]
    for match in _INTEGER.finditer(text):
        pattern = f"{text[: match.start()]}#{text[match.end() :]}"
        if len(match.group()) <= 5 and _COUNTER.fullmatch(pattern):  # noqa: PLR2004  no file has more pages
            keys.append((pattern, int(match.group()) - number))
    return keys


def _only_counts(pattern: str) -> bool:
    return "#" in pattern and sum(c.isalpha() for c in pattern) < _TITLE_LETTERS
