"""Index a table for questions: its columns with their values, and where words occur in it.

Comes in: a table as written. Goes out: what a word of a question may mean in it. Never: a choice between meanings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from .read import Table
from .values import Column, bare_name, column
from .words import Concept, Phrase, asked_words, lexicon, phrase

_NAME = 16
"""Most words, or Chinese characters, of a cell that may be a name; only in names may a part stand for the whole."""
_CELL = 120
"""Characters of a cell that may be quoted in a question."""
_SHORT = 3
"""Letters of a Latin word, or Chinese characters minus one, that may stand for a whole cell."""


@dataclass(frozen=True)
class Asked:
    """A table with its lookups; made once per table."""

    table: Table
    columns: tuple[Column, ...]
    is_all: bool = False
    """Whether its document is mostly this table."""

    @staticmethod
    def of(table: Table, names: tuple[str, ...] = (), *, is_all: bool = False) -> Asked:
        """Return a table with its columns typed; ``names`` are the names of its document."""
        cells = zip(*(row.cells for row in table.rows), strict=True)
        columns = tuple(column(name, one) for name, one in zip(table.head, cells, strict=True))
        return Asked(replace(table, names=names), columns, is_all)

    @cached_property
    def names(self) -> Mapping[Phrase, bool]:
        """The names of the table, its sheet or its file, and whether each is a whole name."""
        return _runs((*self.table.captions, *self.table.names))

    @cached_property
    def own_names(self) -> Mapping[Phrase, bool]:
        """The names of the table itself: its caption, or the name of a data file."""
        return _runs((*self.table.captions[-1:], *(self.table.names if self.is_all else ())))

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """The words of its names, columns and cells."""
        phrases = (*self.names, *self.headed, *self.cells, *self.parts)
        return frozenset(form for said in phrases for form in said)

    @cached_property
    def headed(self) -> Mapping[Phrase, tuple[int, ...]]:
        """The columns by whole name, with and without unit, and by single words that no other column's name has."""
        whole, parts = defaultdict[Phrase, list[int]](list), defaultdict[Phrase, list[int]](list)
        for at, one in enumerate(self.columns):
            for name in {phrase(one.name.replace("_", " ")), phrase(bare_name(one.name))} - {()}:
                whole[name].append(at)
            for part in _parts(phrase(bare_name(one.name))):
                parts[part].append(at)
        single = {part: found for part, found in parts.items() if len(set(found)) == 1 and part not in whole}
        return {name: tuple(dict.fromkeys(found)) for name, found in {**single, **whole}.items()}

    @cached_property
    def whole_names(self) -> frozenset[Phrase]:
        """The whole names of the columns."""
        names = (phrase(name) for one in self.columns for name in (one.name.replace("_", " "), bare_name(one.name)))
        return frozenset(names)

    @cached_property
    def _bare_names(self) -> tuple[Phrase, ...]:
        """The names of the columns without their units."""
        return tuple(phrase(bare_name(one.name)) for one in self.columns)

    def about(self, concept: Concept) -> int | None:
        """Return the column about a concept: the first by the usual names of such columns; ``None`` if two match."""
        for name in concept.columns:
            if found := self.headed.get(name):
                return found[0] if len(found) == 1 else None
        for name in concept.columns:
            ends = [at for at, bare in enumerate(self._bare_names) if bare[-len(name) :] == name]
            if ends:
                return ends[0] if len(ends) == 1 else None
        return None

    @cached_property
    def concepts(self) -> Mapping[str, int]:
        """The column for each concept that has one in the table."""
        found = {concept.name: self.about(concept) for concept in lexicon().concepts}
        return {name: at for name, at in found.items() if at is not None}

    @cached_property
    def cells(self) -> Mapping[Phrase, Mapping[int, frozenset[str]]]:
        """Whole cells of words by their forms: the column and the cells as written."""
        found: dict[Phrase, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        for at, cell, forms in self._texts():
            found[forms][at].add(cell)
            for same in lexicon().values:
                if forms in same:
                    for other in same:
                        found[other][at].add(cell)
        return {forms: {at: frozenset(cells) for at, cells in by.items()} for forms, by in found.items()}

    @cached_property
    def parts(self) -> Mapping[Phrase, Mapping[int, frozenset[str]]]:
        """Parts of cells that may stand for them: runs of words, or of two or more Chinese characters."""
        found: dict[Phrase, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        for at, cell, forms in self._texts():
            for part in _parts(forms) if len(forms) <= _NAME else ():
                found[part][at].add(cell)
        return {forms: {at: frozenset(cells) for at, cells in by.items()} for forms, by in found.items()}

    def _texts(self) -> Iterator[tuple[int, str, Phrase]]:
        for at, one in enumerate(self.columns):
            if one.kind != "text" and (one.adds or one.kind == "date"):
                continue
            for cell in dict.fromkeys(row.cells[at] for row in self.table.rows):
                forms = phrase(cell) if len(cell) <= _CELL else ()
                if forms and cell.casefold() not in lexicon().empty:
                    yield at, cell, forms

    @cached_property
    def label(self) -> int:
        """The column that says what a row is about: a name, else the first text column that distinguishes rows."""
        texts = [at for at, one in enumerate(self.columns) if one.kind == "text"]
        distinct = [at for at in texts if self.is_key(at)]
        named = [at for at in distinct if set(phrase(self.columns[at].name)) & _NAMES]
        wordy = [at for at in distinct if not all(any(c.isdigit() for c in row.cells[at]) for row in self.table.rows)]
        return next(iter([*named, *wordy, *distinct, *texts, 0]))

    @cached_property
    def codes(self) -> int | None:
        """The first column of identifiers: unique texts with digits."""
        texts = (at for at, one in enumerate(self.columns) if one.kind == "text" and self.is_key(at))
        return next(
            (at for at in texts if all(any(c.isdigit() for c in row.cells[at]) for row in self.table.rows)), None
        )

    @cached_property
    def is_boolean(self) -> tuple[bool, ...]:
        """Which columns contain yes or no."""
        either = lexicon().yes | lexicon().no
        return tuple(
            all(row.cells[at].casefold() in either for row in self.table.rows) for at in range(len(self.columns))
        )

    def is_key(self, at: int) -> bool:
        """Return whether the cells of a column are unique."""
        cells = [row.cells[at] for row in self.table.rows]
        return all(cells) and len(set(cells)) == len(cells)


_NAMES = frozenset(
    form for name in ("name", "title", "hotel", "student", "runner", "姓", "品") for form in phrase(name)
)


def _parts(forms: Phrase) -> Iterator[Phrase]:
    """Yield what may stand for a longer phrase: a run of its words, or of two or more Chinese characters."""
    n = len(forms)
    for start in range(n):
        for stop in range(start + 1, n + 1):
            part = forms[start:stop]
            if len(part) == n or not _says_something(part):
                continue
            if len(part) == 1 and _han(part[0]):
                continue
            yield part


def _runs(names: Sequence[str]) -> dict[Phrase, bool]:
    """Return the runs of words in names, and whether each is a whole name; no single Chinese characters."""
    found: dict[Phrase, bool] = {}
    for name in names:
        forms = tuple(word.form for word in asked_words(name))
        for start in range(len(forms)):
            for stop in range(start + 1, min(len(forms), start + 12) + 1):
                is_whole = stop - start == len(forms)
                if is_whole or stop - start > 1 or not _han(forms[start]):
                    found[forms[start:stop]] = is_whole or found.get(forms[start:stop], False)
    return found


def _han(form: str) -> bool:
    return len(form) == 1 and form > "\u3400"


def _says_something(part: Sequence[str]) -> bool:
    first, last = part[0], part[-1]
    fillers = lexicon().fillers
    if (first,) in fillers or (last,) in fillers:
        return False
    return _han(first) or any(
        (len(form) >= _SHORT or any(c.isdigit() for c in form)) and not form.replace(".", "").isdigit() for form in part
    )
