"""Suggested questions about a base that differ in kind, each asked before it is shown; cached until the base changes.

Never one that kb refuses, is not sure of, or answers from another document.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain, islice, zip_longest
from pathlib import Path

from ...ingest.document import Document
from ...ingest.errors import KBError
from ...llm.extractive import Extractive
from ..answers.answer import Asked
from ..api import KnowledgeBase
from .found import Question, language_of, name_of, questions
from .templates import Kind, Language, templates

_SHOWN, _OF_KIND = 4, 2
_TRIED, _TRIED_OF_KIND = 24, 4
_READ = 60
"""Documents that are looked at, spread over the base."""
_LONGEST = 50_000
"""Characters of a document that are looked at."""
_KINDS: tuple[Kind, ...] = ("cell", "fact", "how", "asked", "summary", "list", "file", "part")
"""In the order in which they are tried."""


@dataclass(frozen=True, slots=True)
class Suggested:
    """A question, and the document that must answer it."""

    question: Question
    source: str


class Suggestions:
    """The suggestions of each base, cached until it changes. Thread-safe."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, Language], tuple[int, tuple[str, ...]]] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def of(self, kb: KnowledgeBase, language: Language) -> Iterator[tuple[str, ...]]:
        """Yield the questions found so far, more each time."""
        key, state = (kb.config.name, language), kb.catalog.generation
        with self._locks[kb.config.name]:  # if several pages open at once, only one searches
            known = self._known.get(key)
            if known and known[0] == state:
                yield known[1]
                return
            found: list[str] = []
            for one in suggested(kb, language):
                found.append(one.question.text)
                yield tuple(found)
            self._known[key] = (state, tuple(found))


def suggested(kb: KnowledgeBase, language: Language) -> Iterator[Suggested]:
    """Yield questions that kb answers, of as many kinds and documents as there are."""
    wished = _wished(kb, language)
    taken: list[Suggested] = []
    tried: set[str] = set()
    for most_of_kind in range(1, _OF_KIND + 1):
        for kind in _KINDS:
            fresh = (one for one in wished[kind] if one.source not in {other.source for other in taken})
            for one in [*islice(fresh, _TRIED_OF_KIND)]:
                counts = Counter(other.question.kind for other in taken)
                if len(taken) == _SHOWN or len(tried) == _TRIED or counts[kind] == most_of_kind:
                    break
                if one.question.text not in tried:
                    tried.add(one.question.text)
                    if answers(kb, one):
                        taken.append(one)
                        yield one


def answers(kb: KnowledgeBase, one: Suggested) -> bool:
    """Return whether kb answers a question from its own document; no model is called, and nothing is recorded."""
    quoting = replace(kb.answering, generator=Extractive)
    try:
        with closing(quoting.answers(Asked(one.question.text))) as growing:
            *_, (answer, _) = growing
    except KBError:
        return False
    cited = {citation.source for citation in answer.citations}
    return answer.sure and one.source in cited and _bare(one.question.expected) in _bare(answer.text)


def _wished(kb: KnowledgeBase, language: Language) -> dict[Kind, list[Suggested]]:
    """Return the questions worth trying by kind: one of each document before the second of any, other languages last."""
    sources = [row.source for row in kb.sources() if row.document_id]
    own: defaultdict[Kind, list[list[Suggested]]] = defaultdict(list)
    foreign: defaultdict[Kind, list[list[Suggested]]] = defaultdict(list)
    n = min(_READ, len(sources))
    for source in (sources[at * len(sources) // n] for at in range(n)):
        document = kb.catalog.document(source)
        if document is None:
            continue
        text = document.text[:_LONGEST]
        made: defaultdict[Kind, list[Suggested]] = defaultdict(list)
        for question in questions(text, _name(document), templates(language)):
            made[question.kind].append(Suggested(question, source))
        for kind, some in made.items():
            (own if language_of(text) == language else foreign)[kind].append(some)
    return {kind: [*_in_turn(own[kind]), *_in_turn(foreign[kind])] for kind in _KINDS}


def _in_turn(each: Sequence[Sequence[Suggested]]) -> list[Suggested]:
    return [one for one in chain.from_iterable(zip_longest(*each)) if one]


def _name(document: Document) -> str:
    """Return what a document goes by: its title, its only first-level heading, or its file's name."""
    titles = [heading.title for heading in document.headings if heading.level == 1]
    own = dict(document.metadata).get("title", "") or (titles[0] if len(titles) == 1 else "")
    return name_of(own, Path(document.source).name)


def _bare(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())
