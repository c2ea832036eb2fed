"""A quoted row of a table gets the head of its table, which stands elsewhere in the document.

Comes in: an answer, or a place in a document. Goes out: heads, as Markdown. Never: a head of another table.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ...ingest.errors import KBError
from ..answers.answer import Answer
from ..api import KnowledgeBase

_ROW = re.compile(r"[ \t]*\|.*\|[ \t]*")
_RULE = re.compile(r"[ \t]*\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*")


def is_row(text: str) -> bool:
    """Return whether a text is rows of a table and nothing else."""
    lines = text.strip().splitlines()
    return bool(lines) and all(_ROW.fullmatch(line) for line in lines)


def is_rule(line: str) -> bool:
    """Return whether a line parts the head of a table from its rows."""
    return bool(_RULE.fullmatch(line))


def head_above(text: str, at: int) -> str:
    """Return the head of the table that a place in a text lies in, with its rule; empty if it lies in none, or in the head."""
    begin = text.rfind("\n\n", 0, at) + 2 if "\n\n" in text[:at] else 0
    above = text[begin:at].splitlines()
    for number in range(len(above) - 1, 0, -1):
        if is_rule(above[number]):
            return f"{above[number - 1].strip()}\n{above[number].strip()}" if is_row(above[number - 1]) else ""
        if not _ROW.fullmatch(above[number]) and number < len(above) - 1:
            return ""
    return ""


def heads_of(base_of: Callable[[str], KnowledgeBase], answer: Answer) -> dict[str, str]:
    """Return the heads of the tables whose rows an answer quotes, by the row; what cannot be looked up is left out."""
    heads = {}
    for sentence in answer.sentences:
        if not is_row(sentence.text) or any(map(is_rule, sentence.text.splitlines())) or not sentence.citations:
            continue
        cited = sentence.citations[0]
        try:
            text = base_of(cited.base).document_text(cited.source)
        except KBError:
            continue
        if head := head_above(text, cited.start):
            heads[sentence.text] = head
    return heads
