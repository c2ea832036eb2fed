"""What stands beside the text of an old Word document: notes, comments, margins ([MS-DOC] 2.3 and 2.8)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from .records import long_at, word_at

_NOTES = (("", 1, 170, 178, 2), ("e", 5, 522, 530, 2))
"""Footnotes and endnotes: what their labels begin with, their part, where references and texts are, a reference's bytes."""
_COMMENT_PART, _COMMENT_REFERENCES, _COMMENT_TEXTS, _COMMENT_BYTES, _AUTHOR = 4, 186, 194, 30, 20
_AUTHORS, _MARGIN_PART, _MARGINS, _N_SEPARATORS = 442, 2, 242, 6
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Story:
    """A note, comment or margin: who it is by or what it is called, and its first and last character in the document."""

    label: str
    start: int
    stop: int


class Beside:
    """Everything beside the text, in the order of its references."""

    def __init__(self, main: bytes, table: bytes, counts: Sequence[int]) -> None:
        self._main, self._table = main, table
        self._begins = [sum(max(count, 0) for count in counts[:part]) for part in range(len(counts) + 1)]
        self.labels: list[str] = []
        """Of the notes that the text refers to by number, in its order."""
        self.notes: dict[int, list[Story]] = {}
        """By part; those with a mark of their own have no label."""
        referred: list[tuple[int, str]] = []
        for kind, part, references, texts, size in _NOTES:
            stories = self._stories(part, texts)
            named: list[Story] = []
            for number, ((at, data), story) in enumerate(
                zip(self._listed(references, size), stories, strict=False), start=1
            ):
                label = f"{kind}{number}" if word_at(data, 0) else ""
                named.append(Story(label, story.start, story.stop))
                referred += [(at, label)] if label else []
            self.notes[part] = named
        self.labels = [label for _, label in sorted(referred)]
        authors = self._authors()
        listed = self._listed(_COMMENT_REFERENCES, _COMMENT_BYTES)
        by = [word_at(data, _AUTHOR) for _, data in listed]
        self.comments = [
            Story(authors[who] if who < len(authors) else "", story.start, story.stop)
            for who, story in zip(by, self._stories(_COMMENT_PART, _COMMENT_TEXTS), strict=False)
        ]
        self.margins = self._stories(_MARGIN_PART, _MARGINS)[_N_SEPARATORS:]
        """Headers and footers, several alike in a document of several sections."""

    def _stories(self, part: int, where: int) -> list[Story]:
        """Return where the texts of a part begin and end; they end where the part does, at the latest."""
        begin, end = self._begins[part], self._begins[part + 1]
        places = [begin + at for at, _ in self._listed(where, 0)]
        return [Story("", start, stop) for start, stop in pairwise(places) if begin <= start <= stop <= end]

    def _listed(self, where: int, size: int) -> list[tuple[int, bytes]]:
        """Return a table of places in the text and what is said of each, in so many bytes; without any, the last place too."""
        at, n_bytes = long_at(self._main, where), long_at(self._main, where + 4)
        plan = self._table[at : at + n_bytes]
        count = min(max(len(plan) - 4, 0) // (4 + size) + (not size and len(plan) >= 4), _MOST)  # noqa: PLR2004
        places = struct.unpack_from(f"<{count}I", plan)
        first = 4 * (count + bool(size))
        return [(place, plan[first + size * number :][:size]) for number, place in enumerate(places)]

    def _authors(self) -> list[str]:
        at, size = long_at(self._main, _AUTHORS), long_at(self._main, _AUTHORS + 4)
        end = min(at + size, len(self._table))
        found: list[str] = []
        while at + 2 <= end and len(found) < _MOST:
            n_bytes = 2 * word_at(self._table, at)
            found.append(self._table[at + 2 : at + 2 + n_bytes].decode("utf-16-le", "replace"))
            at += 2 + n_bytes
        return found
