"""Find words that must appear together: quoted phrases, and questions that are themselves a sentence of a document.

Comes in: a question. Goes out: the chunks with its phrases word for word, ignoring case, width, white space and the choice of
Traditional or Simplified characters. Never: a guess.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from ...ingest.document import indexed_text
from ...ingest.store.catalog import Catalog
from ..where import Scope, scope_of
from ..words.folding import Phrase
from ..words.question import asks
from ..words.tokens import tokens
from .phrase_query import phrase_query

_QUOTED = re.compile(r'"([^"]{2,200})"|“([^“”]{2,200})”|「([^「」]{2,200})」|『([^『』]{2,200})』|„([^„“”]{2,200})[“”]')
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_SENTENCE_TOKENS = 6


def quoted(question: str) -> tuple[str, ...]:
    """Return the phrases that a question puts in double quotation marks, without punctuation at the ends."""
    found = (next(filter(None, match)) for match in _QUOTED.findall(question))
    return tuple(dict.fromkeys(bare for phrase in found if (bare := _EDGES.sub("", phrase))))


def without_quoted(question: str) -> str:
    """Return a question without its text in double quotation marks."""
    return _QUOTED.sub(" ", question)


def is_only_quoted(question: str) -> bool:
    """Return whether the question is nothing but quoted phrases: then only they will do."""
    return not re.search(r"\w", without_quoted(question))


def holding(catalog: Catalog, phrases: Sequence[str]) -> Scope:
    """Return the chunks whose text or heading path contains every phrase."""
    wanted = [Phrase(phrase) for phrase in phrases]
    columns = "c.key, c.id, c.text, c.headings"
    if query := " AND ".join(filter(None, map(phrase_query, phrases))):
        rows = catalog.connection().execute(
            f"SELECT {columns} FROM bm25 JOIN chunks c ON c.key = bm25.rowid WHERE bm25 MATCH ? ORDER BY c.key",
            (query,),
        )
    else:
        rows = catalog.connection().execute(f"SELECT {columns} FROM chunks c ORDER BY c.key")
    return scope_of(
        [
            (key, chunk)
            for key, chunk, text, headings in rows
            if all(phrase.stands_in(text) or phrase.stands_in(_path(headings)) for phrase in wanted)
        ]
    )


def verbatim(catalog: Catalog, question: str) -> Scope | None:
    """Return the chunks with a whole sentence word for word; ``None`` if it is a question, or too short to be a sentence.

    A question found word for word in a document is more often asked there again than answered (DuReader).
    """
    bare = _EDGES.sub("", question)
    if asks(question) or len(tokens(bare)) < _SENTENCE_TOKENS:
        return None
    return holding(catalog, [bare])


def _path(headings: str) -> str:
    """Return a chunk's headings, in JSON, in their indexed form."""
    return indexed_text(tuple(json.loads(headings)), "")
