"""The material for a task: results for an answer, the document for a summary, both sides for a comparison."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import PurePath

from ...prompts.fill import language_of
from ...prompts.leaning import asks, refers
from ...prompts.prompt import Topic
from ...prompts.task import ANSWER, Task
from ...retrieval.hit import Hit
from ...retrieval.search.evidence import Evidence
from ...retrieval.search.search import Found
from ...retrieval.sentences.standing import without_struck
from ...retrieval.where import resolve
from ...retrieval.words.definition import definition_asked
from ...retrieval.words.question import Term, terms
from ...retrieval.words.tokens import tokens
from ..base.library import Library
from ..exact.direct import directly
from ..exact.when import Period, period_of
from .answer import Asked
from .material import Material, only, passages_of, whole
from .named import Named, admitted, documents_called
from .sides import Comparing

SUMMARISED = 40
"""Minimum number of passages for a summary of a topic; of a named document, all are read."""
_OF_TOPIC = 0.6
"""Share of a topic's words that a passage must hold to be on topic, if any passage does."""
_MOSTLY = 0.5
"""Share of the best passages on a topic that must come from one document to take it as the topic."""
_ACROSS = 4
"""Number of passages in the other language that are read."""
_PIECE = re.compile(r"[\u3400-\u9fff]{2}|\w+|\W+")
_LEANING, _ALONE = 3.0, 0.3
"""Log-odds by which the conversation's documents may score below all: for questions that depend on it, and others."""
_ALL = re.compile(r"\b(?:all|every|both|each)\b|所有|全部|每[份个篇]|各", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Gathering:
    """Finds the material for a task."""

    library: Library
    """The bases to search."""
    weigh: Callable[[str, Found], Evidence]
    """Weighs how well passages answer a question."""
    strictness: float = 0.0
    """How much more evidence than usual is needed."""

    def meant(self, asked: Asked) -> Asked:
        """Return the question as typed if it only seemed to depend on the conversation: it is short, but answerable alone.

        Not if the conversation's current document answers it as well, or if it is a fragment that fits into the previous
        question and a passage holds all of that.
        """
        if asked.said in ("", asked.question) or refers(asked.said):
            return asked
        typed = replace(asked, question=asked.said)
        if asks(asked.said) and directly(self.library, typed):
            return replace(typed, about=())
        within = self._first_within(typed)
        if within and within.sufficient:
            return asked
        if not asks(asked.said) and _says(asked.question, self._find(Topic(asked.question), asked).hits):
            return asked
        alone = replace(typed, about=())
        return alone if self._anywhere(alone).sufficient else asked

    def material(self, task: Task, asked: Asked) -> Material:
        """Return the passages that a task needs."""
        if task.name == "compare":
            compared = Comparing(self.library, self.weigh, self.strictness).material(task, asked)
            return compared or self._anywhere(asked)
        if task.name == "summarise":
            summed = self._summed(task.topics[0], asked)
            if summed or not task.if_named:
                return replace(summed or self._on_topic(task.topics[0], asked), task=task)
        within = self._first_within(asked)
        if within and within.sufficient:
            return within
        anywhere = self._anywhere(asked)
        return within if within and not _says(asked.question, anywhere.found.hits) else anywhere

    def _anywhere(self, asked: Asked) -> Material:
        found = self._opened(self._find(Topic(asked.question), asked), asked)
        evidence = self.weigh(asked.question, found)
        absent = (*evidence.missing, *evidence.absent) if evidence.shares_script else ()
        verdict = evidence.verdict(self.strictness)
        if verdict != "sure" and (across := self._across(asked, found, near=verdict != "nothing")):
            return across
        return Material(found, verdict == "sure", absent=absent, near=verdict != "nothing", task=ANSWER)

    def _across(self, asked: Asked, own: Found, *, near: bool) -> Material | None:
        """Return results in the other language if they answer, or together with our own if they are among the closest."""
        across = self.library.across(asked.question, _ACROSS, asked.where)
        verdict = self.weigh(asked.question, across).verdict(self.strictness) if across.hits else "nothing"
        if verdict == "nothing":
            return None
        known = {(hit.base, hit.chunk.id) for hit in across.hits}
        others = tuple(hit for hit in own.hits if near and (hit.base, hit.chunk.id) not in known)
        sure = verdict == "sure"
        found = replace(own, hits=across.hits if sure else (*across.hits[:1], *others))
        return Material(found, sure, near=True, task=ANSWER)

    def _opened(self, found: Found, asked: Asked) -> Found:
        """Return the results; for a definition question, with the beginning of the document of that name."""
        first = found.hits[0] if found.hits else None
        if first is None or not definition_asked(asked.question):
            return found
        named = frozenset(tokens(first.chunk.names))
        if not all(term.within(named) for term in terms(asked.question)):
            return found
        catalog = self.library.parts[first.base].catalog
        opening = passages_of(catalog, [first.chunk.document_id], asked.where)[:1]
        if not opening or any(hit.chunk.id == opening[0] for hit in found.hits):
            return found
        chunk = catalog.chunks(opening)[opening[0]]
        opened = (Hit(chunk, first.score, "whole", base=first.base), *found.hits)
        return self.library.closely(asked.question, replace(found, hits=opened), first.base)

    def _first_within(self, asked: Asked) -> Material | None:
        """Return results from the conversation's current document, if it answers as well as any other."""
        if not asked.about and asked.said in ("", asked.question):
            return None
        for base, sources, question in self._meant(asked):
            narrowed = replace(asked, where=only(asked.where, sorted(sources)))
            within = self._find(Topic(question, base), narrowed)
            sure = self.weigh(question, within).verdict(self.strictness) == "sure"
            if question != asked.question:
                sufficient = sure or _says(question, within.hits, _MOSTLY)
                return Material(within, sufficient, task=ANSWER, question=question, near=bool(within.hits))
            if (asked.said != question and _says(asked.said, within.hits)) or (sure and self._as_well(asked, within)):
                return Material(within, sufficient=True, task=ANSWER)
        return None

    def _meant(self, asked: Asked) -> Iterator[tuple[str, set[str], str]]:
        """Yield the documents that a question may be about, by base, and what is then asked of them.

        First those that its words name, with the name removed from the question: the words that the conversation added, *the
        Northwind contract*, or the typed words that replace them. Then those of the last answer.
        """
        if asked.said not in ("", asked.question):
            put_in, typed = _parted(asked)
            for wanted, question in ((put_in, asked.said), (typed, _without(typed, asked.question))):
                for base, part in self.library.parts.items() if wanted and terms(question) else ():
                    called = admitted(part.catalog, documents_called(part.catalog, "", wanted), asked.where)
                    sources = {one.source for one in called}
                    if sources:
                        yield base, sources & {source for _, source in asked.about} or sources, question
        for base in dict.fromkeys(base for base, _ in asked.about if base in self.library.parts):
            sources = {source for of, source in asked.about if of == base}
            if asked.where:
                sources &= set(resolve(self.library.parts[base].catalog, asked.where).places.values())
            if sources:
                yield base, sources, asked.question

    def _as_well(self, asked: Asked, within: Found) -> bool:
        """Return whether these results answer a question about as well as those from all documents."""
        margin = _LEANING if asked.said != asked.question else _ALONE
        best = self.weigh(asked.question, self._find(Topic(asked.question), asked)).score
        return self.weigh(asked.question, within).score >= best - margin

    def _find(self, topic: Topic, asked: Asked) -> Found:
        return self.library.find(
            topic.text, asked.k, where=asked.where, ordering=asked.ordering, base=topic.base, closely=True
        )

    def _summed(self, topic: Topic, asked: Asked) -> Material | None:
        """Return all passages of the documents that the topic names, or of all documents; ``None`` if it names none."""
        if not topic.text:
            return whole(self.library, None, topic.base, asked)
        period = period_of(topic.text, date.today())  # noqa: DTZ011  as the files' owner counts days
        text = period.rest if period else topic.text
        called = [
            (base, one)
            for base, part in self.library.within(topic.base).items()
            for one in admitted(part.catalog, documents_called(part.catalog, text), asked.where)
        ]
        chosen = called if _ALL.search(topic.text) else _chosen(called, period, language_of(asked.question))
        if not chosen:
            return None
        of = {base: [one for at, one in chosen if at == base] for base, _ in chosen}
        besides = [one for _, one in called if one not in {kept for _, kept in chosen}]
        return replace(
            whole(self.library, of, topic.base, asked),
            of=_titles(chosen),
            besides=tuple(PurePath(one.source).name for one in besides),
        )

    def _on_topic(self, topic: Topic, asked: Asked) -> Material:
        """Return the passages on a topic; if most are from one document, only its passages."""
        found = self._find(topic, replace(asked, k=max(asked.k, SUMMARISED)))
        evidence = self.weigh(topic.text, found)
        # The last of many passages are off topic: keep those that share a word or a meaning.
        best = found.hits[0].score if found.hits else 0.0
        near = [hit for at, hit in enumerate(found.hits) if at < asked.k or hit.score >= best / 2 > 0]
        kept = _mostly(_holding(topic.text, near) or near, asked.k)
        n_passages = Counter(hit.base for hit in found.hits)
        verdict = evidence.verdict(self.strictness)
        return Material(replace(found, hits=tuple(kept)), verdict == "sure", n_passages, near=verdict != "nothing")


def _parted(asked: Asked) -> tuple[list[Term], list[Term]]:
    """Return the question words that the conversation added, and those that were typed."""
    typed = set(tokens(asked.said))
    words = terms(asked.question)
    return [term for term in words if not term.within(typed)], [term for term in words if term.within(typed)]


def _without(typed: Sequence[Term], question: str) -> str:
    """Return a question without the typed words: what is asked of them."""
    forms = {form for term in typed for form in term.forms}
    return "".join(part for part in _PIECE.findall(question) if forms.isdisjoint(tokens(part)))


def _says(question: str, hits: Sequence[Hit], least: float = 1.0) -> bool:
    """Return whether a passage holds the words that a question is about, or at least a share of them."""
    wanted = terms(question)
    total = sum(term.share for term in wanted)
    held = (set(tokens(without_struck(hit.chunk.indexed_text))) for hit in hits)
    return any(sum(term.share for term in wanted if term.within(words)) >= least * total > 0 for words in held)


def _chosen(called: Sequence[tuple[str, Named]], period: Period | None, language: str) -> list[tuple[str, Named]]:
    """Return which of several documents of the same name is meant: one of the named period, else the newest.

    Documents in the language of the question come before newer ones.
    """
    if period and period.start:
        called = [(base, one) for base, one in called if one.day and period.start <= one.day <= period.stop]
    if len(called) > 1:
        called = [pair for pair in called if pair[1].language == language] or list(called)
    newest = max((one.day for _, one in called), default="")
    return [(base, one) for base, one in called if one.day == newest]


def _titles(chosen: Sequence[tuple[str, Named]]) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            f"{base}: {PurePath(one.source).name}" if base else PurePath(one.source).name for base, one in chosen
        )
    )


def _holding(topic: str, hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits that hold most of a topic's words, in their text or their document's names."""
    wanted = terms(topic)
    total = sum(term.share for term in wanted)

    def share(hit: Hit) -> float:
        held = set(tokens(without_struck(f"{hit.chunk.names}\n{hit.chunk.indexed_text}")))
        return sum(term.share for term in wanted if term.within(held)) / total

    return [hit for hit in hits if total and share(hit) >= _OF_TOPIC]


def _mostly(hits: Sequence[Hit], k: int) -> list[Hit]:
    """Return the hits of the document that most of the best ones are from; all of them if there is none."""
    counts = Counter((hit.base, hit.chunk.document_id) for hit in hits[:k])
    if not counts:
        return []
    (document, n), *_ = counts.most_common(1)
    dominates = n >= _MOSTLY * len(hits[:k]) and (hits[0].base, hits[0].chunk.document_id) == document
    return [hit for hit in hits if not dominates or (hit.base, hit.chunk.document_id) == document]
