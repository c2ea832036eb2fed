"""A document becomes chunks that follow its structure and fit the embedder.

Comes in: a ``Document`` and a token counter. Goes out: ``Chunk``s with exact offsets. Never: text that is not in the
document, text left out, or a chunk over the hard limit.

How: the text is cut into units (sentences, list items, table rows, code lines) at boundaries of different strength.
Units are taken until the target would be passed; the chunk then ends at the strongest boundary in its second half.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, takewhile
from typing import TypeVar

from ..document import Chunk, Document, chunk_id, indexed_text
from .sentences import sentence_spans
from .tables import Table, tables

VERSION = 4
"""Raised when the same document would be split differently."""

CountTokens = Callable[[Sequence[str]], list[int]]
"""How many tokens each text takes, special tokens included."""

_WORDISH = re.compile(r"[A-Za-z]{1,6}|[0-9]{1,3}|[^\sA-Za-z0-9]")
_BREAK = re.compile(r"[，,、：:；;]\s*|\s+")

_BATCH = 1000
_HEADING, _PARAGRAPH, _LINE, _SENTENCE, _INSIDE = 5, 4, 3, 2, 1


@dataclass(frozen=True, slots=True)
class Splitting:
    """The sizes of chunks, in tokens of ``count_tokens``, heading path and special tokens included."""

    target_tokens: int = 200
    max_tokens: int = 256
    """Hard: no chunk is ever larger."""
    min_tokens: int = 40
    """A smaller section is merged with the next one."""
    counter: str = "words"
    """Who counts: the embedder's fingerprint, or ``words``."""

    @property
    def key(self) -> str:
        """Equal keys mean equal chunks of equal documents."""
        return f"{VERSION}-{self.target_tokens}-{self.max_tokens}-{self.min_tokens}-{self.counter}"


def count_words(texts: Sequence[str]) -> list[int]:
    """Count tokens when no embedder does: pieces of words, digits, CJK characters, punctuation marks."""
    return [len(_WORDISH.findall(text)) for text in texts]


def split(document: Document, splitting: Splitting, count_tokens: CountTokens) -> Iterator[Chunk]:
    """Split a document, in memory that does not grow with it.

    Yields: chunks in reading order; together they hold every character that is not white space.
    """
    return _Splitter(document, splitting, count_tokens).chunks()


@dataclass(frozen=True, slots=True)
class _Unit:
    start: int
    stop: int
    strength: int
    """Of the boundary before it."""
    tokens: int


class _Splitter:
    def __init__(self, document: Document, splitting: Splitting, count_tokens: CountTokens) -> None:
        self.document = document
        self.splitting = splitting
        self.count = count_tokens
        self.special = count_tokens([""])[0]
        self.overheads: dict[tuple[str, ...], int] = {(): self.special}
        self.heading_starts = [heading.start for heading in document.headings]
        self.paths = list(_paths(document))
        self.page_starts = [page.start for page in document.pages]
        self.tables = list(tables(document.text))
        self.table_starts = [table.body for table in self.tables]

    def chunks(self) -> Iterator[Chunk]:
        for spans in _batches(self._pack(self._units())):
            texts = [indexed_text(headings, self.document.text[start:stop]) for start, stop, headings in spans]
            for (start, stop, headings), tokens in zip(spans, self.count(texts), strict=True):
                if tokens <= self.splitting.max_tokens:
                    yield self._chunk(start, stop, headings, tokens)
                else:  # the units' sum fell short of the whole: tokenizers may join across units
                    yield from self._halve(start, stop, headings)

    def _chunk(self, start: int, stop: int, headings: tuple[str, ...], tokens: int) -> Chunk:
        document = self.document
        text = document.text[start:stop]
        identity = chunk_id(document.id, start, stop, indexed_text(headings, text))
        pages = self._pages(start, stop)
        return Chunk(identity, document.id, document.source, text, start, stop, pages, headings, tokens)

    def _pages(self, start: int, stop: int) -> tuple[int, ...]:
        first = max(bisect.bisect_right(self.page_starts, start) - 1, 0)
        pages = self.document.pages[first : bisect.bisect_left(self.page_starts, stop)]
        return tuple(page.number for page in pages if max(start, page.start) < min(stop, page.stop))

    def _units(self) -> Iterator[_Unit]:
        """Yield the units of the whole text with their tokens; none exceeds a chunk's room."""
        text = self.document.text
        room = max(self.splitting.target_tokens * 3 // 4, 16)
        previous = 0
        for spans in _batches(sentence_spans(text)):
            counts = self._counts([text[start:stop] for start, stop in spans])
            for (start, stop), tokens in zip(spans, counts, strict=True):
                strength = self._strength(previous, start)
                if tokens <= room:
                    yield _Unit(start, stop, strength, tokens)
                else:
                    yield from self._pieces(start, stop, strength, tokens, room)
                previous = stop

    def _pieces(self, start: int, stop: int, strength: int, tokens: int, room: int) -> Iterator[_Unit]:
        """Cut an oversized unit at commas and spaces; if there are none, at any character."""
        text = self.document.text
        cuts = [start, *(match.end() for match in _BREAK.finditer(text, start, stop) if match.end() < stop), stop]
        step = max(1, (stop - start) * room // (2 * max(tokens, 1)))
        fine: list[tuple[int, int]] = []
        for a, b in pairwise(cuts):
            fine += [(at, min(at + step, b)) for at in range(a, b, step)]
        coarse = list(_join(fine, step))
        counts = self._counts([text[a:b] for a, b in coarse])
        for (a, b), n in zip(coarse, counts, strict=True):
            if n > room and b - a > 1:
                middle = (a + b) // 2
                yield from self._pieces(a, middle, strength, max(n // 2, 1), room)
                yield from self._pieces(middle, b, _INSIDE, max(n // 2, 1), room)
            elif not text[a:b].isspace():
                yield _Unit(a, a + len(text[a:b].rstrip()), strength, n)
            strength = _LINE if text[b - 1] == "\n" else _INSIDE

    def _counts(self, texts: list[str]) -> list[int]:
        return [count - self.special for count in self.count(texts)] if texts else []

    def _strength(self, previous: int, start: int) -> int:
        """Return how strong the boundary before a unit is, from the white space before it and its kind."""
        at = bisect.bisect_left(self.heading_starts, start)
        if at < len(self.heading_starts) and self.heading_starts[at] == start:
            return _HEADING
        between = self.document.text[previous:start]
        if between.count("\n") > 1:
            return _PARAGRAPH
        return _LINE if "\n" in between else _SENTENCE

    def _path(self, start: int) -> tuple[str, ...]:
        at = bisect.bisect_right(self.heading_starts, start)
        return self.paths[at - 1] if at else ()

    def _pack(self, units: Iterator[_Unit]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Pack units into chunks: ``(start, stop, heading path)``."""
        ahead = list(_more_than(self.splitting.target_tokens, units))
        while ahead:
            start = ahead[0].start
            headings = self._fitting(self._path(start), start)
            stop = self._take(ahead, self.splitting.target_tokens - self._overhead(headings))
            yield start, ahead[stop - 1].stop, self._fitting(self._shared_path(ahead[:stop]), start)
            del ahead[:stop]
            ahead += _more_than(self.splitting.target_tokens - sum(unit.tokens for unit in ahead), units)

    def _take(self, units: list[_Unit], room: int) -> int:
        """Return how many of the units the next chunk takes; they are all that is left, or more than there is room for."""
        used = 0
        for at, unit in enumerate(units):
            if at and self._section_ends(units[:at], unit, used):
                return at
            if at and used + unit.tokens > room:
                return _strongest_boundary(units, at)
            used += unit.tokens
        return len(units)

    def _section_ends(self, before: list[_Unit], unit: _Unit, used: int) -> bool:
        """Return whether a new section begins here, and what came before can be a chunk: not small, not bare headings.

        The last rows of a table can, however few they are: they have its head.
        """
        small = used < self.splitting.min_tokens and self._table_at(before[0].start) is None
        if unit.strength != _HEADING or small:
            return False
        return any(one.strength != _HEADING for one in before)

    def _shared_path(self, units: list[_Unit]) -> tuple[str, ...]:
        """Return a chunk's heading path: that of its first section with text; for several sections, what they share."""
        paths = [self._path(unit.start) for unit in units]
        with_text = [path for unit, path in zip(units, paths, strict=True) if unit.strength != _HEADING]
        return _shared(with_text or paths)

    def _overhead(self, headings: tuple[str, ...]) -> int:
        """Return the tokens a chunk spends on its heading path and special tokens."""
        if headings not in self.overheads:
            self.overheads[headings] = self.count([indexed_text(headings, "")])[0]
        return self.overheads[headings]

    def _fitting(self, headings: tuple[str, ...], start: int) -> tuple[str, ...]:
        """Drop the outermost headings of a path that would exceed a quarter of the chunk, and add a table's head.

        A head takes less than another quarter, or its long names are cut short.
        """
        while headings and self._overhead(headings) > self.splitting.target_tokens // 4:
            headings = headings[1:]
        table = self._table_at(start)
        for head in table.heads() if table else ():
            if self._overhead((*headings, *head)) <= self.splitting.target_tokens // 2:
                return (*headings, *head)
        return headings

    def _table_at(self, start: int) -> Table | None:
        """Return the table that has a place below its head."""
        at = bisect.bisect_right(self.table_starts, start) - 1
        return self.tables[at] if at >= 0 and start < self.tables[at].stop else None

    def _halve(self, start: int, stop: int, headings: tuple[str, ...]) -> Iterator[Chunk]:
        middle = (start + stop) // 2
        text = self.document.text
        space = text.rfind(" ", start + 1, middle)
        cut = space + 1 if space > start else middle
        for left, right in ((start, cut), (cut, stop)):
            a = right - len(text[left:right].lstrip())
            b = left + len(text[left:right].rstrip())
            if a >= b:
                continue
            tokens = self.count([indexed_text(headings, text[a:b])])[0]
            if tokens <= self.splitting.max_tokens or b - a == 1:
                yield self._chunk(a, b, headings, tokens)
            else:
                yield from self._halve(a, b, headings)


def _paths(document: Document) -> Iterator[tuple[str, ...]]:
    """Yield for every heading its path of titles, outermost first, itself last."""
    stack: list[tuple[int, str]] = []
    for heading in document.headings:
        while stack and stack[-1][0] >= heading.level:
            stack.pop()
        stack.append((heading.level, heading.title))
        yield tuple(title for _, title in stack)


def _shared(paths: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the common beginning of all paths."""
    levels = takewhile(lambda titles: len(set(titles)) == 1, zip(*paths, strict=False))
    return tuple(titles[0] for titles in levels)


def _join(pieces: list[tuple[int, int]], step: int) -> Iterator[tuple[int, int]]:
    """Join neighbouring pieces while they stay within ``step`` characters."""
    start, stop = pieces[0]
    for a, b in pieces[1:]:
        if b - start > step:
            yield start, stop
            start = a
        stop = b
    yield start, stop


def _strongest_boundary(units: list[_Unit], stop: int) -> int:
    """Return where to end a chunk that has room for ``units[:stop]``: the strongest boundary in its second half."""
    total = kept = sum(unit.tokens for unit in units[:stop])
    best = stop
    for at in range(stop - 1, 0, -1):
        kept -= units[at].tokens
        if kept * 2 < total:
            break
        if units[at].strength > units[best].strength:
            best = at
    return best


def _more_than(tokens: int, units: Iterator[_Unit]) -> Iterator[_Unit]:
    """Yield units until they exceed this many tokens, or run out."""
    while tokens >= 0 and (unit := next(units, None)):
        tokens -= unit.tokens
        yield unit


_Item = TypeVar("_Item")


def _batches(items: Iterator[_Item]) -> Iterator[list[_Item]]:
    """Yield the items in batches: tokens are counted for many texts at once, but not for all of a large file."""
    while batch := list(islice(items, _BATCH)):
        yield batch
