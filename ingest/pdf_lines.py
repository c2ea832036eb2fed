"""The characters of a page and their boxes become lines, cut where they have wide gaps.

Comes in: a page's text and a function that measures a character. Goes out: lines with boxes. Never: a line moved; what gaps
mean is decided in ``pdf_columns``. To measure takes time, so that no more characters are measured than must be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from statistics import median
from typing import NamedTuple

from .pdf_content import HYPHEN, Line

_LONG_LINE, _SAMPLED_LINES, _GAP, _SPARSE, _GAPS_EVERYWHERE = 20, 8, 0.8, 1.2, 0.3
_LINE = re.compile(f"[^\r\n{HYPHEN}]*(?:{HYPHEN}|\r\n|\r|\n|$)")
_SPACES = re.compile(" +")
_LETTER = re.compile(r"[^\W_]")

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in points from the lower left corner of the page."""


class _Span(NamedTuple):
    """Where a line stands in a text layer: its first and last character."""

    first: int
    last: int
    line: Line


def _density(span: _Span) -> float:
    """Return the width that a character takes, in heights of the line: rows of a table take more than prose."""
    return (span.line.right - span.line.left) / span.line.height / (span.last - span.first + 1)


class TextLayer:
    """The characters of a page and their boxes."""

    def __init__(self, text: str, box: Callable[[int], Box]) -> None:
        """Take the text and what returns the box of the character at a place in it; zeros where there is none."""
        self._text = text
        self._box = box

    def lines_and_rows(self) -> tuple[tuple[Line, ...], tuple[tuple[Line, ...], ...]]:
        """Return the lines, and the same cut at wide gaps, if any.

        To measure every gap takes time: all lines are cut only when a sample of them has gaps, else the sparse ones.
        """
        spans = list(self._spans())
        long = [span for span in spans if span.last - span.first >= _LONG_LINE]
        sample = long[:: max(len(long) // _SAMPLED_LINES, 1)]
        n_cut = sum(len(self._cut(span)) > 1 for span in sample)
        everywhere = n_cut > _GAPS_EVERYWHERE * len(sample)
        usual = median(map(_density, long)) if long else 0.0
        rows = tuple(
            self._cut(span) if everywhere or _density(span) > _SPARSE * usual else (span.line,) for span in spans
        )
        return tuple(span.line for span in spans), rows if any(len(row) > 1 for row in rows) else ()

    def _spans(self) -> Iterator[_Span]:
        for match in _LINE.finditer(self._text):
            raw = match.group().rstrip("\r\n")
            if not raw.strip():
                continue
            first = match.start() + len(raw) - len(raw.lstrip())
            last = max(match.start() + len(raw.rstrip(f" {HYPHEN}")) - 1, first)
            yield _Span(first, last, self._line(first, last, raw.strip()))

    def _line(self, first: int, last: int, text: str) -> Line:
        # The first character may be a bullet and the last a footnote's mark: the size is that of a letter between.
        letter = _LETTER.search(self._text, (first + last) // 2, last + 1)
        _, top, _, bottom = self._box(letter.start() if letter else first)
        return Line.at(text, self._box(first)[0], bottom, self._box(last)[2], top)

    def _cut(self, span: _Span) -> tuple[Line, ...]:
        """Return a line cut at the spaces that are wider than the line is high."""
        wide, box = _GAP * span.line.height, self._box
        spaces = _SPACES.finditer(self._text, span.first + 1, span.last)
        starts = [span.first]
        starts += [gap.end() for gap in spaces if box(gap.end())[0] - box(gap.start() - 1)[2] > wide]
        if len(starts) == 1:
            return (span.line,)
        ends = [start - 1 for start in starts[1:]] + [span.last]
        pieces = [self._line(s, e, self._text[s : e + 1].strip()) for s, e in zip(starts, ends, strict=True)]
        if span.line.text.endswith(HYPHEN):
            pieces[-1] = pieces[-1]._replace(text=pieces[-1].text + HYPHEN)
        return tuple(pieces)
