"""Which parts of an answer's text state nothing: fences, rules, the heads of tables, titles."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

Span = tuple[int, int]
_TITLE = re.compile(r"#{1,6}\s[^\n]*|\*\*[^*\n]+\*\*[:：]?")
_FENCE = re.compile(r"^[ \t]*(?:>[ \t]?)*(?P<fence>`{3,}(?=[^`\n]*$)|~{3,})(?P<info>[^\n]*)$", re.MULTILINE)
_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of fenced code, from its first fence to the end of its last one."""

    start: int
    stop: int
    closed: bool
    """Whether its last fence is there; otherwise it ends with the text."""


def code_blocks(text: str) -> list[Block]:
    """Return the blocks of fenced code, at any indentation: a model sets those of a list in."""
    found = []
    opened: re.Match[str] | None = None
    for line in _FENCE.finditer(text):
        if opened is None:
            opened = line
        elif line["fence"].startswith(opened["fence"]) and not line["info"].strip():
            found.append(Block(opened.start(), line.end("fence"), closed=True))
            opened = None
    return [*found, Block(opened.start(), len(text), closed=False)] if opened else found


def block_around(blocks: Sequence[Block], at: int) -> Block | None:
    """Return the block around an offset; ``None`` outside code."""
    number = bisect_right([block.start for block in blocks], at) - 1
    return blocks[number] if number >= 0 and at < blocks[number].stop else None


def frames(text: str, spans: Sequence[Span], blocks: Sequence[Block]) -> Iterator[bool]:
    """Yield for each sentence whether it states nothing: then it is not judged, and has no marks."""
    table = -1  # where the table ends that the sentence before is in
    for (start, stop), (after, end) in pairwise([*spans, (len(text), len(text))]):
        if block_around(blocks, start):
            yield bool(_FENCE.match(text, text.rfind("\n", 0, start) + 1))
            continue
        is_row = text[start] == "|"
        begins = is_row and (table < 0 or "\n\n" in text[table:start])
        is_head = begins and text[after : after + 1] == "|" and not _WORD.search(text, after, end)
        yield is_head or not _WORD.search(text, start, stop) or bool(_TITLE.fullmatch(text, start, stop))
        table = stop if is_row else -1
