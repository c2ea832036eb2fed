"""Find the documents that a question names: by file, folder, title, metadata, or mail header.

Comes in: a question's tokens. Goes out: a BM25 score for each of the few documents whose names contain them. Never: a word in
the names of many documents, or a look at their text.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ..words.tokens import tokens
from . import formula

SHARE = 1.0
"""Weight of the name score in the keyword lane's score."""
_FEW, _PART = 3, 0.2
"""A word in the names of more documents than this number, and of more than this share of all, names none of them."""
_OTHERS = 20
"""Imaginary documents added to those of the base, so that a word can be rare even in two of them."""


def named_documents(connection: sqlite3.Connection, wanted: Sequence[str]) -> dict[str, float]:
    """Return the documents that tokens of a question name, with their scores."""
    idfs = telling(named_frequencies(connection, wanted), count_named(connection))
    if not idfs:
        return {}
    connection.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.named_at USING fts5vocab('main', 'named', 'instance')")
    rows = connection.execute(
        "SELECT n.document_id, n.n_tokens, a.term FROM temp.named_at a JOIN names n ON n.key = a.doc"
        " WHERE a.term IN (SELECT value FROM json_each(?))",
        (json.dumps(list(idfs)),),
    )
    mean = mean_names(connection)
    scores: dict[str, float] = defaultdict(float)
    for document, n_tokens, term in rows:
        scores[document] += _score([term], n_tokens, idfs, mean)
    return dict(scores)


def named_score(names: str, idfs: Mapping[str, float], mean_tokens: float) -> float:
    """Return the score of one document's names, using the frequencies of several bases."""
    held = dict.fromkeys(tokens(names))
    return _score([token for token in held if token in idfs], len(held), idfs, mean_tokens)


def named_frequencies(connection: sqlite3.Connection, wanted: Sequence[str]) -> dict[str, int]:
    """Return how many documents each token names; tokens that name none are left out."""
    connection.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.named_rows USING fts5vocab('main', 'named', 'row')")
    rows = connection.execute(
        "SELECT term, doc FROM temp.named_rows WHERE term IN (SELECT value FROM json_each(?))",
        (json.dumps(list(wanted)),),
    )
    return dict(rows.fetchall())


def count_named(connection: sqlite3.Connection) -> int:
    """Return how many documents have names."""
    return int(connection.execute("SELECT count(*) FROM names").fetchone()[0])


def mean_names(connection: sqlite3.Connection) -> float:
    """Return the mean number of tokens in a document's names; 0 if there are no documents."""
    return float(connection.execute("SELECT ifnull(avg(n_tokens), 0) FROM names").fetchone()[0])


def telling(frequencies: Mapping[str, int], n_documents: int) -> dict[str, float]:
    """Return the tokens that distinguish documents, with their inverse document frequencies."""
    most = max(_FEW, _PART * n_documents)
    return {token: formula.idf(n, n_documents + _OTHERS) for token, n in frequencies.items() if n <= most}


def _score(held: Iterable[str], n_tokens: int, idfs: Mapping[str, float], mean_tokens: float) -> float:
    return SHARE * formula.score(Counter(held), n_tokens, idfs, mean_tokens)
