"""A document as kb read it, whole or around some quotes, as HTML with the quotes marked.

Comes in: a document's text and places in it. Goes out: HTML. Never: half a table or half a block of
code that reads as something else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

from .markdown import Place, render
from .tables import head_above, is_row

Span = tuple[int, int]
_MARKDOWN = (".md", ".markdown", ".mdx", ".qmd", ".rmd")
_CODE = re.compile(
    r"\.(?:py|[jt]sx?|java|[ch](?:pp)?|cs|go|rs|rb|php|sh|bash|sql|css|toml|ini|cfg|ya?ml|log|tex|r|jl|lua|pl|swift|kt|scala)"
)
_FENCE = "~~~~~~"


def excerpt(source: str, text: str, quotes: Sequence[Span], begin: int, end: int) -> str:
    """Return a part of a document as HTML, widened to whole lines, with its table's head where it begins within a table."""
    begin, end = text.rfind("\n", 0, begin) + 1, end if end >= len(text) else _line_end(text, end)
    part, suffix = text[begin:end], PurePath(source).suffix.lower()
    lead, rest = "", ""
    if _CODE.fullmatch(suffix) and "```" not in text:
        lead, rest = f"{_FENCE}\n", f"\n{_FENCE}"
    elif text.count("\n```", 0, begin) % 2:
        lead = "```\n"
    elif is_row(part.partition("\n")[0]) and (head := head_above(text, begin)):
        lead = f"{head}\n"
    places = [
        Place(start - begin + len(lead), stop - begin + len(lead), "<mark>", "</mark>")
        for start, stop in _apart(quotes, begin, end)
    ]
    return render(lead + part + rest, places, lines=suffix not in _MARKDOWN, markdown=suffix in _MARKDOWN)


def around(text: str, quotes: Sequence[Span], room: int) -> Span:
    """Return the part of a text that holds quotes and as much on either side, from the beginning of a paragraph."""
    first, last = min(start for start, _ in quotes), max(stop for _, stop in quotes)
    begin = max(first - room, 0)
    paragraph = text.find("\n\n", begin, first)
    begin = paragraph + 2 if begin and paragraph >= 0 else begin
    end = min(last + room, len(text))
    paragraph = text.rfind("\n\n", last, end)
    return begin, paragraph if end < len(text) and paragraph > last else end


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found


def _apart(quotes: Sequence[Span], begin: int, end: int) -> list[Span]:
    """Return the quotes within a part, in order, none over another."""
    kept: list[Span] = []
    at = begin
    for start, stop in sorted(quotes):
        start, stop = max(start, at), min(stop, end)  # noqa: PLW2901  cut to what is left
        if start < stop:
            kept.append((start, stop))
            at = stop
    return kept
