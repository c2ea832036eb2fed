"""Where a quote is in the text of a page.

White space, hyphens and Markdown marks do not count in the comparison.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator


def quote_ranges(text: str, quote: str) -> Iterator[tuple[int, int]]:
    """Yield (first, last character) of a quote, found whole or else line by line."""
    compact, places = _compact(text)
    whole = _compact(quote)[0]
    if not whole:
        return
    parts = [whole] if whole in compact else [_compact(line)[0] for line in quote.splitlines()]
    for part in parts:
        at = compact.find(part) if part else -1
        if at >= 0:
            yield places[at], places[at + len(part) - 1]


def _compact(text: str) -> tuple[str, list[int]]:
    """Return a text's letters, digits and symbols, folded, and the position of each."""
    letters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for folded in unicodedata.normalize("NFKC", character).casefold():
            if folded.isalnum():
                letters.append(folded)
                places.append(place)
    return "".join(letters), places
