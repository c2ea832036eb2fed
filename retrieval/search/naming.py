"""Find which documents a question names, so that their passages come first and others are no answer.

A name that many documents contain counts for none of them.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from ...ingest.store.catalog import Catalog
from ...ingest.store.naming import read_names
from ..words.entities import entities
from ..words.hanzi import SIMPLIFIED
from ..words.tokens import tokens

_FEW, _PART = 3, 0.1
"""A name in more documents than this number, and more than this share of all, distinguishes none of them."""
_LONG = 3
"""Minimum passages of a document that need not all say what it is about."""
_MOST_READ = 300
"""Passages read when looking for a name."""
_LEGAL = re.compile(r",? (?:inc|ltd|llc|llp|plc|gmbh|corp|co|ag|sa|bv)\.?$", re.IGNORECASE)
_LEGAL_ZH = re.compile(r"(?<=.{4})(?:有限责任公司|股份有限公司|有限公司|公司)$")
_SIGNS = re.compile(r"[\W_]+")
_HAN = re.compile("[\u3400-\u9fff]")
_CODE = re.compile(r"[A-Za-z][- ]?\d")
_PIECE = re.compile(r"\d+|[^\W\d_]+")
_LEAST_HAN, _LEAST_WORDS = 3, 2


@dataclass(frozen=True, slots=True)
class Naming:
    """The names in a question, and the documents they point to."""

    documents: frozenset[str] = frozenset()
    """Ids of the documents whose passages come first: they contain as many of the names as any, and have passages that do not
    repeat them; in a document of one or two passages, that passage says what it is about."""
    held: dict[str, frozenset[str]] = field(default_factory=dict)
    """Name -> the documents that contain it."""
    absent: tuple[str, ...] = ()
    """Names that no document contains."""
    rest: str = ""
    """The question without the names in ``held``."""


NOTHING = Naming()


def naming(catalog: Catalog, question: str, by_names: Collection[str]) -> Naming:
    """Return which documents a question names.

    Args:
        catalog: of the base.
        question: as the user wrote it.
        by_names: ids of the documents whose names share words with the question.
    """
    n_documents = catalog.count("documents")
    most = max(_FEW, _PART * n_documents)
    held: dict[str, frozenset[str]] = {}
    absent = []
    for name in entities(question):
        found = _holding(catalog, name)
        if found is None or len(found) > most:
            continue
        if found:
            held[name] = found
        else:
            absent.append(name)
    whole = _named_whole(catalog, question, by_names)
    held |= {name: documents for name, documents in whole.items() if len(documents) <= most}
    if not held:
        return Naming(absent=tuple(absent), rest=question)
    documents = _most_named(held)
    if not whole and not _any_long(catalog, documents):
        documents = frozenset()
    rest = question
    for name in sorted(held, key=len, reverse=True):
        rest = re.sub(re.escape(name), " ", rest, flags=re.IGNORECASE)
    return Naming(documents, held, tuple(absent), rest)


def merged(several: Sequence[Naming]) -> Naming:
    """Return what a question names in several bases: a name is absent if none of them has it."""
    held: dict[str, frozenset[str]] = {}
    for name, documents in (pair for one in several for pair in one.held.items()):
        held[name] = held.get(name, frozenset()) | documents
    first = frozenset().union(*(one.documents for one in several))
    absent = (name for name in several[0].absent if all(name in one.absent for one in several))
    rest = min((one.rest for one in several), key=len)
    return Naming(first & _most_named(held), held, tuple(absent), rest)


def _most_named(held: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return the documents with the most names; all documents, if there are several names in documents of their own."""
    counts = Counter(document for documents in held.values() for document in documents)
    best = max(counts.values(), default=0)
    several = best == 1 and len(held) > 1
    return frozenset(document for document, n in counts.items() if n == best or several)


def _any_long(catalog: Catalog, documents: Collection[str]) -> bool:
    """Return whether any of these documents has many passages."""
    row = catalog.connection().execute(
        "SELECT 1 FROM chunks WHERE document_id IN (SELECT value FROM json_each(?)) GROUP BY document_id"
        " HAVING count(*) >= ? LIMIT 1",
        (json.dumps(sorted(documents)), _LONG),
    )
    return row.fetchone() is not None


def _holding(catalog: Catalog, name: str) -> frozenset[str] | None:
    """Return the documents with a name in their text or names; ``None``: too many passages to check."""
    found = _documents_of(catalog, name)
    if found is None or found:
        return found
    shorter = _LEGAL_ZH.sub("", _LEGAL.sub("", name))
    return _documents_of(catalog, shorter, alone=True) if shorter != name else found


def _documents_of(catalog: Catalog, name: str, *, alone: bool = False) -> frozenset[str] | None:
    """Return the documents with ``name`` in a passage or a name; with ``alone``, not as the start of a longer name."""
    wanted = " AND ".join(f'"{token}"' for token in dict.fromkeys(tokens(name)))
    if not wanted:
        return None
    connection = catalog.connection()
    rows = connection.execute(
        "SELECT c.document_id, c.headings, c.text FROM bm25 JOIN chunks c ON c.key = bm25.rowid WHERE bm25 MATCH ? LIMIT ?",
        (wanted, _MOST_READ + 1),
    ).fetchall()
    if len(rows) > _MOST_READ:
        return None
    rows += connection.execute(
        "SELECT n.document_id, '', n.text FROM named JOIN names n ON n.key = named.rowid WHERE named MATCH ? LIMIT ?",
        (wanted, _MOST_READ),
    ).fetchall()
    pattern = _pattern(name, alone=alone)
    return frozenset(document for document, headings, text in rows if pattern.search(plain(f"{headings}\n{text}")))


def _pattern(name: str, *, alone: bool) -> re.Pattern[str]:
    words = list(map(re.escape, plain(name).split()))
    if _HAN.search(name):
        return re.compile(" ?".join(words), re.IGNORECASE)
    if _CODE.search(name):  # MX-4120-C is MX4120C
        return re.compile(rf"(?<!\w){' ?'.join(_PIECE.findall(plain(name)))}(?!\w)", re.IGNORECASE)
    after = r"(?! [A-Z])" if alone else ""
    return re.compile(rf"(?<!\w)(?i:{' '.join(words)})(?!\w){after}")


def plain(text: str) -> str:
    """Return text normalised so that differences in signs, width or Traditional characters disappear."""
    return _SIGNS.sub(" ", unicodedata.normalize("NFKC", text).translate(SIMPLIFIED))


def _named_whole(catalog: Catalog, question: str, documents: Collection[str]) -> dict[str, frozenset[str]]:
    """Return the document names that appear whole in a question, the longest per document."""
    asked = f" {plain(question).casefold().strip()} "
    found: dict[str, set[str]] = {}
    for document, text in read_names(catalog.connection(), documents).items():
        whole = [line for line in text.split("\n") if _stands_whole(line, asked)]
        if whole:
            found.setdefault(max(whole, key=len), set()).add(document)
    return {name: frozenset(those) for name, those in found.items()}


def _stands_whole(name: str, asked: str) -> bool:
    words = plain(name).casefold().split()
    if not words:
        return False
    if _HAN.search(name):
        return len("".join(words)) >= _LEAST_HAN and "".join(words) in asked.replace(" ", "")
    told = len(words) >= _LEAST_WORDS or (any(map(str.isdigit, words[0])) and any(map(str.isalpha, words[0])))
    return told and f" {' '.join(words)} " in asked
