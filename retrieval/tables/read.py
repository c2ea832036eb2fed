"""Read tables from a document's Markdown.

Comes in: a text. Goes out: tables with a head and rows, each row with its place in the text; one that continues after a page
break is one table. Never: a row of totals, a remark or a repeated head among the data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ..sentences.standing import without_struck
from .words import Word, lexicon, words

_BARS = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"^[ \t]*\|?(?:[ \t]*:?-{2,}:?[ \t]*\|)*[ \t]*:?-{2,}:?[ \t]*\|?[ \t]*$")
_LINE = re.compile(r"^.*$", re.MULTILINE)
_FENCE = re.compile(r"^(?:```|~~~).*?^(?:```|~~~)", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,6}[ \t]+(.*)")
_MARKUP = re.compile(r"\*\*|__|`|<br ?/?>|\\(?=[|*_`\\])")
_STRUCK = re.compile(r"~~.*?~~", re.DOTALL)
_NUMERIC = re.compile(r"[^\w]*\d[\d.,' ]*\s*\D{0,4}")
_YEAR = re.compile(r"(?:19|20)\d\d\s?年?")
_HEAD_ROWS = 6
"""Rows at the top of a table that may precede its head."""
_CAPTION = 120
_BETWEEN = 60
"""Characters between two parts of a table: a page number, a running head."""
_MONEY = frozenset("$€£¥￥")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: ``text[start:stop]`` is its line."""

    start: int
    stop: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table as written."""

    head: tuple[str, ...]
    """The names of the columns; empty strings in a table without a head."""
    rows: tuple[Row, ...]
    totals: tuple[Row, ...] = ()
    """Rows that sum others."""
    captions: tuple[str, ...] = ()
    """The headings above it, outermost first, and the line before it."""
    start: int = 0
    """Where it begins, including its head."""
    remarks: tuple[str, ...] = ()
    """Rows with only their first cell filled: titles of the rows below, notes, or things of which nothing else is known."""
    names: tuple[str, ...] = field(default=(), compare=False)
    """The document's own names: the words of its file name and folders, its title."""

    @property
    def has_head(self) -> bool:
        """Return whether the columns have names."""
        return any(self.head)


def tables(text: str) -> list[Table]:
    """Return the tables of a text, in order."""
    found: list[tuple[int, int, list[Row], tuple[str, ...]]] = []
    for start, rows, captions in _runs(text):
        last = found[-1] if found else None
        if last and _goes_on(last, text[last[1] : start], rows):
            repeats = rows[0].cells == last[2][0].cells
            found[-1] = (last[0], rows[-1].stop, [*last[2], *rows[repeats:]], last[3])
        else:
            found.append((start, rows[-1].stop, rows, captions))
    return [table for _, _, rows, captions in found if (table := _table(rows, captions))]


def _runs(text: str) -> Iterator[tuple[int, list[Row], tuple[str, ...]]]:
    """Yield each run of rows with a rule below the first: where it begins, its rows, and its captions."""
    fences = [match.span() for match in _FENCE.finditer(text)]
    headings: list[tuple[int, str]] = []
    caption, run, is_ruled = "", list[Row](), False
    for start, line in [*((match.start(), match.group()) for match in _LINE.finditer(text)), (len(text), "")]:
        if line.lstrip().startswith("|") and not any(a <= start < b for a, b in fences):
            if len(run) == 1 and not is_ruled and _RULE.match(line):
                is_ruled = True
            else:
                run.append(_row(line, start))
            continue
        if is_ruled:
            yield run[0].start, run, tuple(filter(None, (*(title for _, title in headings), caption)))
        run, is_ruled = [], False
        if heading := _HEADING.match(line):
            level = len(line) - len(line.lstrip("#"))
            headings = [*(one for one in headings if one[0] < level), (level, without_struck(heading[1]).strip())]
            caption = ""
        elif line.strip():
            caption = without_struck(line).strip() if len(line) <= _CAPTION else ""


def _row(line: str, start: int) -> Row:
    lead = len(line) - len(line.lstrip())
    kept = line.strip()
    inner = _BARS.split(kept)[1:]
    if inner and not inner[-1].strip():
        inner = inner[:-1]
    return Row(start + lead, start + lead + len(kept), tuple(_cell(cell) for cell in inner))


def _cell(written: str) -> str:
    """Return a cell's content, without markup and struck-out text."""
    return " ".join(_MARKUP.sub(" " if "<br" in written else "", _STRUCK.sub("", written)).split())


def _goes_on(last: tuple[int, int, list[Row], tuple[str, ...]], between: str, rows: Sequence[Row]) -> bool:
    """Return whether a run of rows continues the table before it: the same columns, with no text in between."""
    if len(rows[0].cells) != len(last[2][0].cells) or _HEADING.search(between) or "#" in between:
        return False
    if len(between.strip()) > _BETWEEN or len(between.split("\n\n")) > 3:  # noqa: PLR2004
        return False
    if rows[0].cells == last[2][0].cells:
        return not between.strip() or any(character.isdigit() for character in between)
    return not between.strip() and _looks_like_data(rows[0].cells) and not _looks_like_data(last[2][0].cells)


def _looks_like_data(cells: Sequence[str]) -> bool:
    return any(_NUMERIC.fullmatch(cell) and not _YEAR.fullmatch(cell) for cell in cells)


def _table(rows: list[Row], captions: tuple[str, ...]) -> Table | None:
    width = max(len(row.cells) for row in rows)
    rows = [replace(row, cells=row.cells + ("",) * (width - len(row.cells))) for row in rows]
    at = _head_at(rows)
    if at is None:
        head, body = ("",) * width, rows
        if width != 2:  # noqa: PLR2004  without column names only name-value pairs can be read
            return None
    else:
        head, body = rows[at].cells, rows[at + 1 :]
        titles = (" ".join(filter(None, dict.fromkeys(row.cells))) for row in rows[:at])
        captions = (*captions, *titles)
    named = [name.casefold() for name in head if name]
    if len(named) != len(set(named)):
        return None  # two heads, or columns that no name distinguishes
    data, totals, remarks = list[Row](), list[Row](), list[str]()
    for row in body:
        filled = [cell for cell in row.cells if cell]
        if not filled or row.cells == head:
            continue
        if _is_remark(row.cells, width):
            remarks.append(row.cells[0])
            continue
        (totals if at is not None and _is_total(row.cells) else data).append(row)
    found = Table(head, tuple(data), tuple(totals), captions, rows[0].start, tuple(remarks))
    return found if data else None


def _head_at(rows: Sequence[Row]) -> int | None:
    """Return the row that names the columns: the first full of words, below rows that are mostly empty."""
    width = len(rows[0].cells)
    for at, row in enumerate(rows[:_HEAD_ROWS]):
        filled = sum(bool(cell) for cell in row.cells)
        if filled >= max(width - 1, 2):
            return None if _looks_like_data(row.cells) or row.cells[0].endswith((":", "：")) else at
    return None


def _is_remark(cells: Sequence[str], width: int) -> bool:
    """Return whether a row is a line of text, or the title of the rows below: only its first cell is filled."""
    return width > 2 and bool(cells[0]) and not any(cells[1:])  # noqa: PLR2004


def _is_total(cells: Sequence[str]) -> bool:
    """Return whether a row sums others, judging by its first words."""
    said = words(next((cell for cell in cells if cell), ""))
    forms = tuple(word.form for word in said)
    beyond = [said[len(total) :] for total in lexicon().totals if forms[: len(total)] == total]
    return any(not rest or rest[0].form in _MONEY or _is_of(rest[0]) for rest in beyond)


def _is_of(word: Word) -> bool:
    return word.is_number or word.is_han or (word.form,) in lexicon().totals_of
