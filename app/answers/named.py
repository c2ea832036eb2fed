"""Which documents a text names: by words of their file names and titles, by kind of document, by date.

A document never matches because of its content.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import PurePath

from ...ingest.names import HEAD, MAIL, document_names
from ...ingest.store.catalog import Catalog
from ...retrieval.where import Where, resolve
from ...retrieval.words.question import Term, terms
from ...retrieval.words.tokens import tokens
from ..exact.phrases import document_kinds

ENOUGH = 0.65
"""Share of the information in the words that a document's name must hold."""
_SAME_KIND = 0.8
"""Weight of a word that the name has as a synonym: *agreement* for *contract*."""
_DAY = re.compile(r"\d\d-\d\d")
_DATE = re.compile(r"(?:19|20)\d\d-\d\d(?:-\d\d)?")
_PLAINLY = re.compile(
    r"\b(?:the )?(?:files?|documents?)(?: (?:called|named))?\b|(?:名为|叫做?)?(?:这个|那个|这份|那份)?(?:文件|文档)",
    re.IGNORECASE,
)
"""Words that say a document is meant, but not which."""
_WORD = re.compile(r"[\u3400-\u9fff]+|[^\W_\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Named:
    """A document, as described by its name."""

    id: str
    source: str
    words: frozenset[str]
    """Tokens of its file name and title."""
    kinds: frozenset[int]
    """Indexes into ``kinds.toml``."""
    language: str
    day: str
    """Its date according to its name, as ISO 8601; the first day if only the month is known."""


def documents_called(catalog: Catalog, text: str, wanted: Sequence[Term] = ()) -> list[Named]:
    """Return the documents that a text names, all that match equally well; empty if none does.

    Args:
        catalog: the catalog of the base.
        text: what the user calls a document: ``Travel_policy.md``, *the Northwind contract*, *3月15日的会议纪要*.
        wanted: use only these words of it, if any are given.
    """
    bare = _bare(text)
    known = list(_names(catalog))
    exact = [
        one
        for one in known
        if bare and bare in {_bare(PurePath(one.source).name), _bare(PurePath(one.source).stem), _bare(one.source)}
    ]
    if exact:
        return exact
    text = _PLAINLY.sub(" ", text).strip() or text
    days = {token for token in tokens(text) if _DAY.fullmatch(token)}
    called = kinds_of(text)
    held = {one: _held(one, list(wanted) or terms(text), called) for one in known if _on(days, one)}
    counts = Counter(term for terms_held in held.values() for term in terms_held)
    weights = {term: term.share * math.log(1 + len(known) / (1 + counts[term])) for term in list(wanted) or terms(text)}
    total = sum(weights.values())
    scores = {
        one: sum(share * weights[term] for term, share in found.items()) / total for one, found in held.items() if total
    }
    best = max(scores.values(), default=0.0)
    return [one for one, score in scores.items() if score >= max(ENOUGH, best - 1e-9)]


def admitted(catalog: Catalog, documents: Sequence[Named], where: Where) -> list[Named]:
    """Return the documents that a filter admits, each at an admitted source."""
    if not where or not documents:
        return list(documents)
    places = resolve(catalog, where).places
    return [replace(one, source=places[one.id]) for one in documents if one.id in places]


def _names(catalog: Catalog) -> Iterator[Named]:
    rows = catalog.connection().execute(
        "SELECT d.id, min(s.source), d.title, d.language, d.metadata,"
        " CASE WHEN d.media_type IN (SELECT value FROM json_each(?)) THEN substr(d.text, 1, ?) ELSE '' END"
        " FROM sources s JOIN documents d ON d.id = s.document_id GROUP BY d.id",
        (json.dumps(sorted(MAIL)), HEAD),
    )
    for row in rows.fetchall():
        yield _name(*row)


@lru_cache(maxsize=1 << 15)
def _name(document: str, source: str, title: str, language: str, metadata: str, mail_head: str) -> Named:
    name = PurePath(source).name
    text = document_names(
        [(name, name)], title, [json.loads(metadata)], mail_head
    )  # without its folders: those name many
    words = frozenset(tokens(text))
    day = max((word for word in words if _DATE.fullmatch(word)), key=lambda word: (len(word), word), default="")
    return Named(document, source, words, frozenset(kinds_of(text)), language, day)


def _held(one: Named, wanted: Sequence[Term], called: Mapping[int, frozenset[str]]) -> dict[Term, float]:
    """Return the terms that a name holds, with weights; synonyms count a little less."""
    others = frozenset().union(*(words for kind, words in called.items() if kind in one.kinds))
    held = {term: _SAME_KIND for term in wanted if term.within(others)}
    return held | {term: 1.0 for term in wanted if term.within(one.words)}


def _on(days: Collection[str], one: Named) -> bool:
    """Return whether a document is from one of the given days, or has no date."""
    own = {token for token in one.words if _DAY.fullmatch(token)}
    return not days or not own or not own.isdisjoint(days)


def kinds_of(text: str) -> Mapping[int, frozenset[str]]:
    """Return the kinds of document that a text names, and the tokens that name them."""
    held = set(tokens(text))
    return {
        kind: frozenset().union(*said)
        for kind, words in enumerate(_kinds())
        if (said := [word for word in words if word <= held])
    }


@cache
def _kinds() -> tuple[tuple[frozenset[str], ...], ...]:
    return tuple(tuple(frozenset(tokens(word)) for word in (*kind.words, *kind.also)) for kind in document_kinds())


def _bare(name: str) -> str:
    """Return the words of a name: ``Travel_policy.md`` is *travel policy md*."""
    return " ".join(_WORD.findall(name.casefold()))
