"""Renders a document, whole or around quotes, as HTML with the quotes marked; finds the table head above a row.

Never half a table or code block that would read as something else, or the head of another table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import PurePath

from ....ingest.errors import KBError
from ...answers.answer import Answer
from ...api import KnowledgeBase
from .markdown import Place, render

Span = tuple[int, int]
_MARKDOWN = (".md", ".markdown", ".mdx", ".qmd", ".rmd")
_CODE = re.compile(
    r"\.(?:py|[jt]sx?|java|[ch](?:pp)?|cs|go|rs|rb|php|sh|bash|sql|css|toml|ini|cfg|ya?ml|log|tex|r|jl|lua|pl|swift|kt|scala)"
)
_ROW = re.compile(r"[ \t]*\|.*\|[ \t]*")
_RULE = re.compile(r"(?:[ \t]*>)*[ \t]*(?=[^|\n]*\|)\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_FENCE = re.compile(
    r"^(?P<quoted>(?:[ \t]*>)*)[ \t]*(?P<item>(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)(?P<fence>`{3,}(?=[^`\n]*$)|~{3,})(?P<info>.*)",
    re.MULTILINE,
)
_QUOTED = re.compile(r"^(?:[ \t]*>)+[ \t]*", re.MULTILINE)
_INDENTED = re.compile(r"[ \t]*\n|[ \t]+\S")
_FARTHEST = 4_000
"""Characters that an excerpt goes back to the start of a list item."""


def excerpt(source: str, text: str, quotes: Sequence[Span], begin: int, end: int) -> str:
    """Return a part of a document as HTML, widened to whole lines, with the table head if it begins within a table."""
    suffix = PurePath(source).suffix.lower()
    markdown = suffix in _MARKDOWN
    begin, end = _whole(text, begin, end, markdown=markdown)
    part = text[begin:end]
    lead, rest = "", ""
    if _CODE.fullmatch(suffix) and "```" not in text:
        lead, rest = "~~~~~~\n", "\n~~~~~~"
    elif fence := _open_fence(text, begin):
        lead = f"{fence}\n"
    elif "|" in part.partition("\n")[0] and (head := head_above(text, begin)):
        lead = f"{head}\n"
    places = [
        Place(start - begin + len(lead), stop - begin + len(lead), "<mark>", "</mark>")
        for start, stop in _apart(quotes, begin, end)
    ]
    return render(lead + part + rest, places, lines=not markdown, markdown=markdown)


def around(text: str, quotes: Sequence[Span], room: int) -> Span:
    """Return the span around some quotes, with up to ``room`` characters on either side, from the start of a paragraph."""
    first, last = min(start for start, _ in quotes), max(stop for _, stop in quotes)
    begin = max(first - room, 0)
    paragraph = text.find("\n\n", begin, first)
    begin = paragraph + 2 if begin and paragraph >= 0 else begin
    end = min(last + room, len(text))
    paragraph = text.rfind("\n\n", last, end)
    return begin, paragraph if end < len(text) and paragraph > last else end


def _whole(text: str, begin: int, end: int, *, markdown: bool) -> Span:
    """Return a part of a document widened to whole lines, not to begin or end between a table's head and its rule.

    In Markdown it begins no further in than its list item: indented lines alone would be code.
    """
    begin, end = text.rfind("\n", 0, begin) + 1, end if end >= len(text) else _line_end(text, end)
    outer = begin
    while markdown and outer and begin - outer <= _FARTHEST and _INDENTED.match(text, outer):
        outer = text.rfind("\n", 0, outer - 1) + 1
    begin = outer if begin - outer <= _FARTHEST else begin
    if begin and is_rule(text[begin : _line_end(text, begin)]):
        begin = text.rfind("\n", 0, begin - 1) + 1
    below = _line_end(text, end + 1)
    return begin, below if is_rule(text[end + 1 : below]) else end


def _open_fence(text: str, at: int) -> str:
    """Return the line that opens the code block around a position, as it is outside a list; empty outside code."""
    opened: re.Match[str] | None = None
    for line in _FENCE.finditer(text, 0, at):
        fence = line["fence"]
        if opened is None:
            opened = line
        elif fence.startswith(opened["fence"]) and not line["item"] and not line["info"].strip():
            opened = None
    return f"{opened['quoted']}{opened['fence']}{opened['info']}" if opened else ""


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found


def _apart(quotes: Sequence[Span], begin: int, end: int) -> list[Span]:
    """Return the quotes within a part, in order and without overlaps."""
    kept: list[Span] = []
    at = begin
    for start, stop in sorted(quotes):
        start, stop = max(start, at), min(stop, end)  # noqa: PLW2901  cut to what is left
        if start < stop:
            kept.append((start, stop))
            at = stop
    return kept


def is_row(text: str) -> bool:
    """Return whether a text consists of table rows only."""
    lines = text.strip().splitlines()
    return bool(lines) and all(_ROW.fullmatch(line) for line in lines)


def is_rule(line: str) -> bool:
    """Return whether a line separates a table's head from its rows."""
    return bool(_RULE.fullmatch(line))


def head_above(text: str, at: int) -> str:
    """Return the head and rule of the table around a position; empty outside tables, or in the head itself."""
    at = text.rfind("\n", 0, at) + 1
    begin = text.rfind("\n\n", 0, at) + 2 if "\n\n" in text[:at] else 0
    above = text[begin:at].splitlines()
    for number in range(len(above) - 1, 0, -1):
        if is_rule(above[number]):
            return f"{above[number - 1].strip()}\n{above[number].strip()}" if "|" in above[number - 1] else ""
        if "|" not in above[number]:
            return ""
    return ""


def heads_of(base_of: Callable[[str], KnowledgeBase], answer: Answer) -> dict[str, str]:
    """Return the table heads for the rows that an answer quotes, and the fences for its code, keyed by sentence.

    What cannot be looked up is skipped.
    """
    heads = {}
    for sentence in answer.sentences:
        if any(map(is_rule, sentence.text.splitlines())) or not sentence.citations:
            continue
        cited = sentence.citations[0]
        row, verbatim = is_row(sentence.text), sentence.text == cited.quote
        if not row and not verbatim:
            continue
        try:
            text = base_of(cited.base).document_text(cited.source)
        except KBError:
            continue
        fence = _open_fence(text, cited.start) if verbatim else ""
        if head := fence or (head_above(text, cited.start) if row else ""):
            heads[sentence.text] = _QUOTED.sub("", head)
    return heads
