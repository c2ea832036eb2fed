"""Words that must stand together: quoted phrases of a question, and questions that are themselves a sentence of a document.

Comes in: a question. Goes out: the chunks that hold its phrases word for word, but for case, width, white space and
Traditional or Simplified characters. Never: a guess.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from ..ingest.catalog import Catalog
from .hanzi import SIMPLIFIED
from .question import asks
from .tokens import tokens, written_tokens
from .where import Scope, scope_of

_QUOTED = re.compile(r'"([^"]{2,200})"|“([^“”]{2,200})”|「([^「」]{2,200})」|『([^『』]{2,200})』|„([^„“”]{2,200})[“”]')
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_HAN = re.compile("[\u4e00-\u9fff]")
_SENTENCE_TOKENS = 6
_LOOKED_AT = 10_000


def quoted(question: str) -> tuple[str, ...]:
    """Return the phrases that a question puts in double quotation marks, without punctuation at their ends."""
    found = (next(filter(None, match)) for match in _QUOTED.findall(question))
    return tuple(dict.fromkeys(bare for phrase in found if (bare := _EDGES.sub("", phrase))))


def is_only_quoted(question: str) -> bool:
    """Return whether nothing is asked beside the quoted phrases: then only they will do."""
    return not re.search(r"\w", _QUOTED.sub("", question))


def holding(catalog: Catalog, phrases: Sequence[str]) -> Scope:
    """Return the chunks whose text holds every phrase; of more than 10 000 that hold all their words, the first."""
    wanted = [folded(phrase) for phrase in phrases]
    # A phrase may begin or end inside a number, which then reads as another one.
    distinct = dict.fromkeys(token for phrase in phrases for token in written_tokens(phrase))
    columns = "c.key, c.id, c.text, c.headings"
    if distinct:
        rows = catalog.connection().execute(
            f"SELECT {columns} FROM bm25 JOIN chunks c ON c.key = bm25.rowid WHERE bm25 MATCH ? LIMIT {_LOOKED_AT}",
            (" AND ".join(f'"{token}"' for token in distinct),),
        )
    else:
        rows = catalog.connection().execute(f"SELECT {columns} FROM chunks c ORDER BY c.key")
    held = [
        (key, chunk)
        for key, chunk, text, headings in rows
        if all(phrase in folded(text) or phrase in folded(headings) for phrase in wanted)
    ]
    return scope_of(sorted(held))


def verbatim(catalog: Catalog, question: str) -> Scope | None:
    """Return the chunks that hold a whole sentence word for word; ``None`` if it asks, or is too short to be one.

    A question that stands word for word in a document is more often asked there again than answered (DuReader).
    """
    bare = _EDGES.sub("", question)
    if asks(question) or len(tokens(bare)) < _SENTENCE_TOKENS:
        return None
    return holding(catalog, [bare])


def folded(text: str) -> str:
    """Return text as it is compared: case, width, white space and Traditional characters folded."""
    if text.isascii():
        return " ".join(text.lower().split())
    text = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return text.translate(SIMPLIFIED) if _HAN.search(text) else text  # the table costs more than all before it
