"""The reader seam: bytes in, a ``Reading`` out, and the writer that readers build it with.

A reader is ``Callable[[bytes, str], Reading]``: the bytes of one file and its name (for messages and language hints, never
opened). It raises a ``ReadError`` with one sentence, never anything else on purpose. Readers do no I/O.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby

from .document import Heading, How, Page
from .errors import UnsupportedError
from .notice import Notice
from .struck import finished, hidden_pieces, struck


@dataclass(frozen=True, slots=True)
class Cells:
    """Where on its sheet a block of the text is: a line for each row, and one for the rule below a table's head."""

    start: int
    stop: int
    rows: Sequence[int]
    """Row numbers, from 1, one for each line but the rule."""
    columns: tuple[int, ...]
    """Column numbers, from 1."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader makes of a file: its text as Markdown with the map back to pages and headings (see ``Document``)."""

    text: str
    title: str = ""
    pages: tuple[Page, ...] = ()
    headings: tuple[Heading, ...] = ()
    encoding: str = ""
    notes: tuple[str, ...] = ()
    cells: tuple[Cells, ...] = ()
    """Of a spreadsheet, in order; it is not kept in the catalog."""


Reader = Callable[[bytes, str], Reading]


def without(reading: Reading, spans: Sequence[tuple[int, int]]) -> Reading:
    """Return the reading without some spans of its text, which ascend and do not touch; pages and headings move along."""
    stops = [stop for _, stop in spans]
    gone = list(accumulate((stop - start for start, stop in spans), initial=0))
    starts = [start for start, _ in spans]
    pieces = [reading.text[start:stop] for start, stop in zip([0, *stops], [*starts, len(reading.text)], strict=True)]

    def moved(offset: int) -> int:
        at = bisect_right(stops, offset)
        inside = max(0, offset - starts[at]) if at < len(spans) else 0
        return offset - gone[at] - inside

    pages = tuple(replace(page, start=moved(page.start), stop=moved(page.stop)) for page in reading.pages)
    headings = tuple(replace(heading, start=moved(heading.start)) for heading in reading.headings)
    cells = tuple(replace(block, start=moved(block.start), stop=moved(block.stop)) for block in reading.cells)
    return replace(reading, text="".join(pieces), pages=pages, headings=headings, cells=cells)


_ALIVE: list[Callable[[], None]] = []


def when_alive(tell: Callable[[], None]) -> None:
    """Have ``tell`` called after each slow page, such as a recognised one; for the process, set once."""
    _ALIVE[:] = [tell]


def alive() -> None:
    """Say that a page is done: where pages take long, time limits are per page."""
    for tell in _ALIVE:
        tell()


_INSIDE: list[Callable[[bytes, str], Reading]] = []
_MOST_INSIDE = 3
_depth = [0]


def when_inside(read: Callable[[bytes, str], Reading]) -> None:
    """Have ``read`` read files inside files; for the process, set by the table of readers."""
    _INSIDE[:] = [read]


def read_inside(data: bytes, name: str) -> Reading:
    """Read a file inside another.

    Raises: ReadError: there is no reader, or files are nested too deeply.
    """
    if not _INSIDE or _depth[0] >= _MOST_INSIDE:
        raise UnsupportedError("a file inside a file inside a file is not read")
    _depth[0] += 1
    try:
        return _INSIDE[0](data, name)
    finally:
        _depth[0] -= 1


class MarkdownWriter:
    """Builds a ``Reading`` block by block; blocks are separated by one blank line, and offsets kept along."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._headings: list[Heading] = []
        self._pages: list[Page] = []
        self._cells: list[Cells] = []
        self._hidden_pages: list[str] = []
        self.unseen: list[str] = []
        """What else its program hides, by name, such as rows and columns."""
        self.hides = False
        """Whether what is written is on a page that its program hides: each line is marked."""

    def block(self, text: str) -> None:
        """Append a paragraph, list or other Markdown block; white space around it is dropped, nothing if empty."""
        text = finished(struck(text) if self.hides else text).strip("\n").rstrip()
        if text.strip():
            self._append(text)

    def _append(self, text: str) -> None:
        separator = "\n\n" if self._length else ""
        self._parts.append(separator + text)
        self._length += len(separator) + len(text)

    def blocks(self, texts: Iterable[str]) -> None:
        """Append several blocks."""
        for text in texts:
            self.block(text)

    def heading(self, level: int, title: str) -> None:
        """Append a heading; ``level`` is cut to 1..6, line breaks in the title become spaces."""
        title = finished(" ".join(title.split()))
        if not title:
            return
        title = self._said_hidden(title)
        level = min(max(level, 1), 6)
        start = self._length + (2 if self._length else 0)
        self._append(f"{'#' * level} {title}")
        self._headings.append(Heading(start, level, title))

    def reading(self, reading: Reading) -> None:
        """Append what another reader made of a part, with its headings."""
        position = 0
        for heading in reading.headings:
            self.block(reading.text[position : heading.start])
            self.heading(heading.level, heading.title)
            position = reading.text.find("\n", heading.start) % (len(reading.text) + 1)
        self.block(reading.text[position:])

    def code(self, text: str, language: str = "") -> None:
        """Append a fenced code block; the fence is longer than any run of backticks inside."""
        longest = max(map(len, re.findall("`+", text)), default=0)
        fence = "`" * max(3, longest + 1)
        self.block(f"{fence}{language}\n{text.strip(chr(10))}\n{fence}")

    def table(self, rows: Iterable[Sequence[str]]) -> None:
        """Append a Markdown table; the first row is the header, short rows are padded, pipes and breaks escaped.

        Rows of one cell above a wider one are its titles, and stand above the table.
        """
        made = [[struck(cell) for cell in row] if self.hides else row for row in rows]
        n_titles = next((at for at, row in enumerate(made) if len(row) != 1), 0)
        for row in made[:n_titles]:
            self.block(" ".join(row[0].split()))
        table = markdown_table(made[n_titles:])
        if table:
            self._append(table)

    def place_rows(self, rows: Iterable[int], columns: tuple[int, ...]) -> None:
        """Record which rows and columns of its sheet the table shows that was appended last."""
        self._cells.append(Cells(self._length - len(self._last()), self._length, _run(rows), columns))

    def place_lines(self, cells: Iterable[tuple[int, int]]) -> None:
        """Record which cell, as row and column, each line of the block shows that was appended last."""
        lines = self._last().split("\n")
        start = self._length - len(self._last())
        for column, run in groupby(zip(lines, cells, strict=False), lambda one: one[1][1]):
            held = list(run)
            stop = start + sum(len(line) + 1 for line, _ in held) - 1
            self._cells.append(Cells(start, stop, _run(row for _, (row, _) in held), (column,)))
            start = stop + 1

    def _last(self) -> str:
        return self._parts[-1].lstrip("\n") if self._parts else ""

    def begin_page(self) -> int:
        """Return where the text of the next page will start; pass it to ``end_page``."""
        return self._length + (2 if self._length else 0)

    def end_page(self, number: int, start: int, how: How = "text", reason: str = "", label: str = "") -> None:
        """Record a page that began at ``start`` (from ``begin_page``); a page with nothing written is empty."""
        start = min(start, self._length)
        stop = self._length
        if how == "text" and start == stop:
            how, reason = "empty", reason or Notice("nothing on it")
        self._pages.append(Page(number, start, stop, how, reason, self._said_hidden(finished(label))))
        if self.hides:
            self._hidden_pages.append(label or str(number))

    def _said_hidden(self, title: str) -> str:
        return f"{title} (hidden)".strip() if self.hides else title

    def finish(self, title: str = "", encoding: str = "", notes: Sequence[str] = ()) -> Reading:
        """Return the reading; the title defaults to the first heading."""
        if not title and self._headings:
            title = self._headings[0].title
        text = "".join(self._parts)
        if unseen := [*self._hidden_pages, *self.unseen, *hidden_pieces(text)]:
            notes = [*notes, Notice("Its program does not show, so it is marked ~~so~~: {names:list}.", names=unseen)]
        return Reading(
            text, finished(title), tuple(self._pages), tuple(self._headings), encoding, tuple(notes), tuple(self._cells)
        )


def _run(rows: Iterable[int]) -> Sequence[int]:
    """Return ascending numbers in little space: a sheet may have a million rows."""
    numbers = tuple(rows)
    run = range(numbers[0], numbers[-1] + 1) if numbers else range(0)
    return run if len(run) == len(numbers) else numbers


def markdown_table(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as a Markdown table, one line per row; the first is the header. Empty rows are left out."""
    cells = [[_cell(value) for value in row] for row in rows]
    cells = [row for row in cells if any(row)]
    if not cells:
        return ""
    width = max(map(len, cells))
    lines = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in cells]
    lines.insert(1, "|" + " --- |" * width)
    return "\n".join(lines)


def _cell(value: str) -> str:
    return finished(" ".join(value.split())).replace("|", "\\|")
