"""Lines that a mail or a Markdown text quotes with ``>``: a sentence goes on over them.

Comes in: text. Goes out: the same text to look for sentences in, and how a quote is shown on one line. Never: a text of another
length, so that offsets stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_LINE_BREAK = r"\s*\n\s*(?:>[ \t]*)*"
_LINE_BREAKS = re.compile(_LINE_BREAK)
BREAK = rf"(?:{_LINE_BREAK}|\s+)"
"""A pattern: the white space between two words, and the mark of a quoted line in it."""
_QUOTATION = re.compile(r"^[ \t]*>[^\n]*(?:\n[ \t]*>[^\n]*)+", re.MULTILINE)
_MARK = re.compile(r"[ \t]*(?:>[ \t]?)+")


def blanked(text: str) -> str:
    """Return the text with spaces for each mark of a quoted line that goes on with the line before.

    The first line of a quotation keeps its mark, and one that is quoted deeper or less deep: it is someone else's. So does a
    line that holds nothing else: it parts paragraphs.
    """
    return _QUOTATION.sub(lambda quotation: "\n".join(_lines(quotation.group())), text)


def _lines(quotation: str) -> Iterator[str]:
    depth = 0
    for line in quotation.split("\n"):
        mark = _MARK.match(line)
        stop = mark.end() if mark else 0
        before, depth = depth, line.count(">", 0, stop)
        yield " " * stop + line[stop:] if depth == before and line[stop:].strip() else line


def on_one_line(text: str) -> str:
    """Return a quote with a space for each break of its lines."""
    return _LINE_BREAKS.sub(" ", text)
