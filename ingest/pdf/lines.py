"""The characters of a page and their boxes become lines, cut at wide gaps.

What gaps mean is decided in ``layout.columns``; measuring takes time, so only characters that must be are measured.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import NamedTuple

from ..layout.content import HYPHEN, Line
from ..struck import finished, struck
from ..text.symbols import raised

_LONG_LINE, _SAMPLED_LINES, _GAP, _SPARSE, _GAPS_EVERYWHERE = 20, 8, 0.8, 1.2, 0.3
_FEW_LINES, _LETTER_GAP, _APART = 20, 0.12, "\t"
_LEVEL, _THROUGH = 0.05, (0.3, 0.62)
_LINE = re.compile(f"[^\r\n{HYPHEN}]*(?:{HYPHEN}|\r\n|\r|\n|$)")
_STRUCK_TOGETHER = re.compile(r"[^\W\u2e80-\uffff]+|.", re.DOTALL)
_SPACES = re.compile(" +")
_LETTER = re.compile(r"[^\W_]")
_MAYBE_RAISED = re.compile(
    r"[^\W\d_gjpqy][gjpqy]?[.,;:!?%)\"”’。，；：？！）]{0,2}(?P<digits>\d{1,2})(?!\d)(?![.,]\d)"
    r"|\d[.,]\d{3}(?P<end>\d{1,2})(?!\d)"
)
_LIFT = 0.25
"""How much higher than a letter's foot a digit stands that is raised, in heights of the letter."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in points from the lower left corner of the page."""


class _Span(NamedTuple):
    """Where a line is in a text layer: its first and last character."""

    first: int
    last: int
    line: Line


def _density(span: _Span) -> float:
    """Return the width per character, in line heights: table rows take more than prose."""
    return (span.line.right - span.line.left) / span.line.height / (span.last - span.first + 1)


def _letter_by_letter(spans: list[_Span]) -> bool:
    n_single = sum(span.first == span.last for span in spans)
    return len(spans) > _FEW_LINES and n_single > len(spans) / 2


def _glue(before: Box, box: Box) -> str | None:
    """Return what goes between two letters, the second beside or below; None if the second begins a line."""
    left, top, right, bottom = before
    height = max(box[1] - box[3], 0.1)
    if min(top, box[1]) - max(bottom, box[3]) > height / 2 and box[0] > left:
        gap = (box[0] - right) / height
        return "" if gap < _LETTER_GAP else " " if gap < _GAP else _APART
    is_below = abs(left + right - box[0] - box[2]) < height and -height / 2 < bottom - box[1] < height / 2
    return "" if is_below else None


def _joined(line: Line, more: Line, glue: str) -> Line:
    """Return two lines as one, ending in the second's box: the height stays that of a letter."""
    return Line.at(line.text + glue + more.text, min(line.left, more.left), more.bottom, more.right, more.top)


def _joined_all(row: list[Line]) -> Line:
    whole = row[0]
    for piece in row[1:]:
        whole = _joined(whole, piece, " ")
    return whole


def _goes_through(stroke: Box, line: Line) -> bool:
    """Return whether a stroke runs through the middle of a text line, and not beyond it like a ruler; a mark may."""
    left, top, right, bottom = stroke
    height = ((top + bottom) / 2 - line.bottom) / line.height
    low, high = _THROUGH
    ends = left > line.left - line.height and right < line.right + line.height
    return low < height < high and left < line.right and right > line.left and (ends or top - bottom > line.height / 2)


def _level_joined(
    lines: list[Line], rows: list[tuple[Line, ...]]
) -> tuple[tuple[Line, ...], tuple[tuple[Line, ...], ...]]:
    """Return lines and rows, joining those side by side: a last cell of one letter comes as a separate line."""
    whole: list[Line] = []
    pieces: list[tuple[Line, ...]] = []
    for line, row in zip(lines, rows, strict=True):
        if whole and _is_beside(whole[-1], line):
            whole[-1] = _joined(whole[-1], line, " ")
            pieces[-1] += row
        else:
            whole.append(line)
            pieces.append(row)
    return tuple(whole), tuple(pieces) if any(len(row) > 1 for row in pieces) else ()


def _is_beside(line: Line, more: Line) -> bool:
    level = (
        abs(line.bottom - more.bottom) < _LEVEL * line.height and abs(line.height - more.height) < _LEVEL * line.height
    )
    return level and more.left - line.right > _GAP * line.height and not line.text.endswith(HYPHEN)


def _with_raised(text: str, box: Callable[[int], Box]) -> str:
    """Return a page's text, as long as it was, with the digits that stand raised behind a word or amount as superscripts.

    Only those are measured that are suspicious where they are: ``metres.1``, ``m2``, ``19,7502``.
    """

    def shown(match: re.Match[str]) -> str:
        _, top, right, bottom = box(match.start())
        lowest, highest = bottom + max(top - bottom, 0.1) * _LIFT, top + (top - bottom) / 2
        at = match.start("digits") if match["digits"] else match.start("end")
        boxes = [box(place) for place in range(at, match.end())]
        are_raised = all(left > right - 1 and lowest < foot < highest for left, _, _, foot in boxes)
        return text[match.start() : at] + (raised(text[at : match.end()]) if are_raised else text[at : match.end()])

    return _MAYBE_RAISED.sub(shown, text)


class TextLayer:
    """The characters of a page and their boxes."""

    def __init__(self, text: str, box: Callable[[int], Box], strokes: Sequence[Box] = ()) -> None:
        """Take the text, a function from text position to character box (zeros if there is none), and flat lines."""
        self._text = _with_raised(text, box)
        self._box = box
        self._strokes = strokes

    def lines_and_rows(self) -> tuple[tuple[Line, ...], tuple[tuple[Line, ...], ...]]:
        """Return the lines, and the same cut at wide gaps, if any.

        Measuring every gap takes time: all lines are cut only if a sample has gaps, otherwise only the sparse ones.
        """
        spans = list(self._spans())
        if _letter_by_letter(spans):
            return self._rejoined(spans)
        long = [span for span in spans if span.last - span.first >= _LONG_LINE]
        sample = long[:: max(len(long) // _SAMPLED_LINES, 1)]
        n_cut = sum(len(self._cut(span)) > 1 for span in sample)
        everywhere = n_cut > _GAPS_EVERYWHERE * len(sample)
        usual = median(map(_density, long)) if long else 0.0
        rows = tuple(
            self._cut(span) if everywhere or _density(span) > _SPARSE * usual else (span.line,) for span in spans
        )
        return _level_joined([span.line for span in spans], list(rows))

    def _rejoined(self, spans: list[_Span]) -> tuple[tuple[Line, ...], tuple[tuple[Line, ...], ...]]:
        """Return lines and rows where PDFium gives single letters: it took the page, rightly or not, for vertical text."""
        rows: list[list[Line]] = []
        before: Box | None = None
        for span in spans:
            first = self._box(span.first)
            glue = _glue(before, first) if before else None
            if glue is None:
                rows.append([span.line])
            elif glue == _APART:
                rows[-1].append(span.line)
            else:
                rows[-1][-1] = _joined(rows[-1][-1], span.line, glue)
            before = self._box(span.last)
        lines = tuple(_joined_all(row) for row in rows)
        return lines, tuple(map(tuple, rows)) if any(len(row) > 1 for row in rows) else ()

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
        line = Line.at(text, self._box(first)[0], bottom, self._box(last)[2], top)
        through = [stroke for stroke in self._strokes if _goes_through(stroke, line)]
        return line._replace(text=self._struck(first, last, through)) if through else line

    def _struck(self, first: int, last: int, strokes: Sequence[Box]) -> str:
        """Return part of the text, marking words that lines go through, or characters if Chinese."""
        marked = []
        for word in _STRUCK_TOGETHER.finditer(self._text, first, last + 1):
            boxes = [self._box(at) for at in range(word.start(), word.end())]
            middles = [(left + right) / 2 for left, _, right, _ in boxes]
            n_struck = sum(any(stroke[0] <= middle <= stroke[2] for stroke in strokes) for middle in middles)
            marked.append(struck(word[0]) if n_struck * 2 >= len(boxes) else word[0])
        return finished("".join(marked)).strip()

    def _cut(self, span: _Span) -> tuple[Line, ...]:
        """Return a line cut at spaces wider than the line is high."""
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
