"""Lines with boxes become paragraphs, list items, rows and headings.

Comes in: the lines of a page in reading order. Goes out: blocks of text. Never: a line lost, or one moved.
How neighbouring lines relate follows typography: a line that ends where the next word would still have fitted was
ended on purpose; a wider gap, another size or an indent begins a paragraph.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from statistics import median
from typing import Literal, NamedTuple

from .content import HYPHEN, Line

_BULLET = re.compile(r"[•●○▪■◦‣▸►➢✓·\uf000-\uf0ff]\s*(?=\S)")
_MARKER = re.compile(
    r"(?:[•●○▪■◦‣▸►➢✓·–—*\uf000-\uf0ff-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})[.)]|[一二三四五六七八九十]{1,3}、|（[一二三四五六七八九十\d]{1,3}）|第[一二三四五六七八九十百千零\d]{1,6}[条章节])\s*\S"
)
_LABEL = re.compile(r"[\u3400-\u9fff]{2,8}：\s*\S|[A-Z][\w/ -]{1,24}: \S")
"""What a line of a form begins with: ``Date: ``, ``保险期间：``."""
_TERMINAL = re.compile(r"[.!?:;。！？：；…][\"'”’»)\]）】」』]*$")
_DIGIT = re.compile(r"\d")
_NUMBER = re.compile(r"[-+(]?[\d.,]*\d[\d.,%)eE+-]*$")
_CJK = re.compile(r"[\u2e80-\u2fff\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff“”‘’…—]")
_SIZE_DIFFERS, _WIDE_GAP, _SPARSE, _MARGIN = 1.12, 1.35, 1.5, 1.3
_LONG_LINE, _RUN, _FILLED = 20, 2.5, 0.85
_CJK_ROOM, _SHORT_CJK_LINE = 2.2, 8

_HEADING_LETTERS, _HEADING_LENGTH, _HEADING_LEVELS, _HEADING_PITCH = 2, 120, 4, 1.6

Relation = Literal["beside", "joined", "broken", "parted"]
"""How a line follows the previous one: on the same line, flowing on, on a new line, or in a new paragraph."""


class Block(NamedTuple):
    """A paragraph (level 0), a heading, or the rows of a table."""

    text: str
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()


def blocks(
    lines: Sequence[Line], level: Callable[[Line], int], joins_hyphen: Callable[[str, str], bool]
) -> list[Block]:
    """Return the blocks of a page.

    Args:
        lines: in reading order, without headers and footers.
        level: the heading level of a line, 0 for body text.
        joins_hyphen: whether the halves of a word hyphenated at a line's end are joined.
    """
    found: list[Block] = []
    relate = _Relations(lines)
    for index, line in enumerate(lines):
        if len(line.cells) > 1:
            _add_row(found, line.cells)
            continue
        own_level = level(line)
        relation = relate(index) if index else "parted"
        if own_level and index and _heading_goes_on(lines[index - 1], line):
            relation = "joined"
        if not found or found[-1].rows or relation == "parted" or own_level != found[-1].level:
            found.append(Block(_listed(line.text), own_level))
        else:
            text = _append(found[-1].text, line.text, "joined" if own_level else relation, joins_hyphen)
            found[-1] = Block(text, own_level)
    return [block._replace(text=block.text.replace(HYPHEN, "-")) if HYPHEN in block.text else block for block in found]


def heading_levels(lines: Iterable[Line]) -> dict[float, int]:
    """Return the sizes (rounded heights) rare and large enough for headings, and their levels from 1.

    A size counts if it is clearly larger than the body's, the size of most characters.
    """
    characters: Counter[float] = Counter()
    n_lines: Counter[float] = Counter()
    for line in lines:
        size = size_of(line)
        characters[size] += len(line.text)
        n_lines[size] += 1
    if len(characters) < 2:  # noqa: PLR2004  one size: nothing stands out
        return {}
    body, n_body = characters.most_common(1)[0]
    larger = [
        size for size, n in characters.items() if size > body * 1.15 and n < n_body * 0.25 and n < 80 * n_lines[size]
    ]
    return {size: min(rank, _HEADING_LEVELS) for rank, size in enumerate(sorted(larger, reverse=True), start=1)}


def size_of(line: Line) -> float:
    """Return a line's height rounded to half a point, so that lines set alike match."""
    return round(line.height * 2) / 2


def looks_like_heading(text: str) -> bool:
    """Return whether a large line may be a heading: short, with letters, not ending like a sentence."""
    n_letters = sum(c.isalpha() for c in text)
    return (
        n_letters >= max(_HEADING_LETTERS, len(text) / 2)
        and len(text) <= _HEADING_LENGTH
        and not text.endswith((".", ",", "，", "。", ";"))
    )


class _Relations:
    """How each line of a page follows the previous one."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self._sparse = [bool(line.cells) or _is_row(line) for line in lines]
        self._mark_sparse()
        pitches = [
            a.bottom - b.bottom
            for a, b in pairwise(lines)
            if 0 < a.bottom - b.bottom < 3 * a.height and _same_size(a, b)
        ]
        self._pitch = median(pitches) if pitches else 0.0
        self._edges: list[tuple[float, float]] = []
        self._loose: list[bool] = []
        self._measure_columns()

    def __call__(self, index: int) -> Relation:
        before, line = self._lines[index - 1], self._lines[index]
        if _beside(before, line):
            return "beside"
        if before.text.endswith(HYPHEN):
            return "joined"
        drop = before.bottom - line.bottom
        if drop <= 0:
            return "joined" if _runs_on(before, line) else "parted"
        if not _same_size(before, line) or drop > _WIDE_GAP * max(self._pitch, line.height):
            return "parted"
        if self._sparse[index - 1] or self._sparse[index] or self._loose[index]:
            return "broken"
        return self._within_column(index, before, line)

    def _within_column(self, index: int, before: Line, line: Line) -> Relation:
        left, right = self._edges[index]
        em = line.height * 0.8
        if _BULLET.match(line.text) or (_MARKER.match(line.text) and not _hangs(before, line, em)):
            return "broken"
        if _LABEL.match(line.text) and _LABEL.match(before.text):
            return "broken"
        if before.right + _room_needed(line) < right:
            return "parted" if _TERMINAL.search(before.text) else "broken"
        indented = line.left > before.left + 0.7 * em and before.left < left + 0.5 * em
        return "parted" if indented and not _MARKER.match(before.text) else "joined"

    def _measure_columns(self) -> None:
        """Record, for each line, the edges of its run of lines, and whether that run is not running text."""
        run: list[Line] = []
        for line in (*self._lines, None):
            if run and not (
                line and _same_size(run[-1], line) and 0 < run[-1].bottom - line.bottom < _RUN * line.height
            ):
                left, right = min(line.left for line in run), max(line.right for line in run)
                n_filled = sum(line.right - left > _FILLED * (right - left) for line in run)
                self._edges += [(left, right)] * len(run)
                self._loose += [len(run) > 2 and n_filled < 2] * len(run)  # noqa: PLR2004  an address, a list of names
                run = []
            if line:
                run.append(line)

    def _mark_sparse(self) -> None:
        """Mark lines with characters far apart for their size: rows of a table, whose gaps became single spaces."""
        density = [(line.right - line.left) / line.height / len(line.text) for line in self._lines]
        long = [d for d, line in zip(density, self._lines, strict=True) if len(line.text) > _LONG_LINE]
        usual = median(long) if long else 0.0
        for index, line in enumerate(self._lines):
            if density[index] > usual * _SPARSE > 0 and " " in line.text and not _CJK.search(line.text):
                self._sparse[index] = True


def _heading_goes_on(before: Line, line: Line) -> bool:
    """Return whether a line the size of the one above, close below it and without a number, continues its heading."""
    close = 0 < before.bottom - line.bottom < _HEADING_PITCH * line.height
    shared = min(before.right, line.right) - max(before.left, line.left)
    below = shared > 0.5 * min(before.right - before.left, line.right - line.left)
    return close and below and _same_size(before, line) and not _MARKER.match(line.text) and not line.text[0].isdigit()


def _add_row(found: list[Block], cells: tuple[str, ...]) -> None:
    if found and found[-1].rows and len(found[-1].rows[0]) == len(cells):
        found[-1] = found[-1]._replace(rows=(*found[-1].rows, cells))
    else:
        found.append(Block("", rows=(cells,)))


def _append(text: str, more: str, relation: Relation, joins_hyphen: Callable[[str, str], bool]) -> str:
    if relation == "broken":
        return f"{text}\n{_listed(more)}"
    if text.endswith(HYPHEN):
        first, second = text[:-1].rpartition(" ")[2], more.partition(" ")[0]
        return f"{text[:-1]}{more}" if joins_hyphen(first, second) else f"{text[:-1]}-{more}"
    glue = "" if _CJK.match(text[-1]) and _CJK.match(more[0]) else " "
    if relation == "beside" and more[0] in ").,;:]%":
        glue = ""
    return f"{text}{glue}{more}"


def _listed(text: str) -> str:
    return _BULLET.sub("- ", text, count=1) if _BULLET.match(text) else text


def _beside(before: Line, line: Line) -> bool:
    if not -0.3 * line.height < line.left - before.right < 1.5 * line.height:
        return False
    overlap = min(before.top, line.top) - max(before.bottom, line.bottom)
    return overlap > 0.5 * min(before.height, line.height)


def _room_needed(line: Line) -> float:
    """Return the width the first word of a line would have taken on the previous line."""
    n_characters = _CJK_ROOM if _CJK.match(line.text) else len(line.text.partition(" ")[0]) + 1
    return _MARGIN * (line.right - line.left) * n_characters / max(len(line.text), 1)


def _runs_on(before: Line, line: Line) -> bool:
    """Return whether a sentence continues at the top of the next column."""
    if _TERMINAL.search(before.text) or not _same_size(before, line):
        return False
    in_chinese = _CJK.match(line.text) and _CJK.match(before.text[-1]) and len(before.text) > _SHORT_CJK_LINE
    return line.text[0].islower() or bool(in_chinese)


def _hangs(before: Line, line: Line, em: float) -> bool:
    return bool(_MARKER.match(before.text)) and line.left > before.left + 0.5 * em


def _same_size(a: Line, b: Line) -> bool:
    return a.height <= _SIZE_DIFFERS * b.height and b.height <= _SIZE_DIFFERS * a.height


def _is_row(line: Line) -> bool:
    words = line.text.split(" ")
    if len(words) < 3 or not _DIGIT.search(line.text):  # noqa: PLR2004
        return False
    return sum(_NUMBER.match(word) is not None for word in words) >= 0.5 * len(words)
