"""The material for a comparison: for each side, the passages of the documents about it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import PurePath

from ...prompts.belonging import of_side, own_terms
from ...prompts.prompt import Topic
from ...prompts.task import Task
from ...retrieval.hit import Hit
from ...retrieval.search.evidence import Evidence
from ...retrieval.search.search import Found
from ...retrieval.sentences.standing import day_of, without_struck
from ...retrieval.words.question import terms
from ...retrieval.words.tokens import tokens
from ..base.library import Library
from .answer import Asked
from .material import Material, only, whole
from .named import Named, admitted, documents_called

_LOOKED_AT = 30
"""Number of passages searched for those that name a side."""
_MORE = re.compile(r"\b(?:more|less|fewer|better|worse|\w{2,}er)\b|更|最|便宜|贵|划算", re.IGNORECASE)
"""A comparison by size need not be in words: prices alone show which is higher."""
_NEW = re.compile(r"\b(?:new|newer|newest|latest|current)\b|最?新版本?|现行版?", re.IGNORECASE)
_OLD = re.compile(r"\b(?:old|older|previous|former|earlier)\b|[旧老原]版本?|上一版", re.IGNORECASE)
_FIGURES = re.compile(r"[\d\W_]+|[新旧老]?版本?")


@dataclass(frozen=True, slots=True)
class Comparing:
    """Gathers the sides of a comparison."""

    library: Library
    weigh: Callable[[str, Found], Evidence]
    strictness: float

    def material(self, task: Task, asked: Asked) -> Material | None:
        """Return the passages of all sides; ``None`` if two of a kind are to be compared and there are not exactly two."""
        if len(task.topics) == 1:
            sides = self._two_of(task.topics[0], asked)
            if len(sides) != 2:  # noqa: PLR2004
                return None
        else:
            named = self._as_named(task.topics, asked)
            sides = self._editions(task.topics, asked) or self._with_sources(named, asked)
        each = max(2, -(-asked.k // len(sides)))
        found = [self._side(side, sides, replace(asked, k=each)) for side in sides]
        said = [material for material in found if material.sufficient]
        if not said:
            near = [material for material in found if material.near]
            closest = tuple(hit for material in near for hit in material.found.hits)
            return Material(Found(closest, (), ()), sufficient=False, missing=sides, task=task, near=bool(closest))
        # Interleaved: what does not fit a prompt is dropped from the end, and no side must be lost.
        hits = {
            (hit.base, hit.chunk.id): hit for turn in zip_longest(*(side.found.hits for side in said)) for hit in turn if hit
        }  # fmt: skip
        n_passages = Counter(hit.base for hit in hits.values())
        for material in said:
            n_passages |= Counter(material.n_passages)
        lanes = dict.fromkeys(lane for material in found for lane in material.found.lanes)
        notes = dict.fromkeys(note for material in found for note in material.found.notes)
        missing = tuple(side for side, material in zip(sides, found, strict=True) if not material.sufficient)
        shown = tuple(side for side in sides if side not in missing)
        return Material(
            Found(tuple(hits.values()), tuple(lanes), tuple(notes)),
            bool(hits),
            n_passages,
            missing,
            task=replace(task, topics=sides if len(shown) == len(sides) else shown),
        )

    def _two_of(self, pair: Topic, asked: Asked) -> tuple[Topic, ...]:
        """Return a side for each document of that name."""
        sources = sorted({one.source for one in self._called(pair, pair.text, asked)})
        return tuple(
            Topic(title, pair.base, pair.aspect, title, (source,))
            for title, source in zip(_titles(sources), sources, strict=True)
        )

    def _editions(self, sides: Sequence[Topic], asked: Asked) -> tuple[Topic, ...]:
        """Return the sides if one is a new and the other an old edition of the same thing; otherwise none.

        Editions are documents with different dates whose names are the same but for figures; of those found, the nearest to the
        topic are used.
        """
        said = [side.said or side.text for side in sides]
        new = [bool(_NEW.search(text)) and not _OLD.search(text) for text in said]
        if len(sides) != 2 or not any(new) or not _OLD.search(said[1 - new.index(True)]):  # noqa: PLR2004
            return ()
        what = " ".join([sides[0].aspect, *(_NEW.sub(" ", _OLD.sub(" ", text)) for text in said)])
        days: dict[tuple[str, str], dict[str, str]] = {}
        for hit in self.library.find(what, _LOOKED_AT, where=asked.where, base=sides[0].base).hits:
            if day := day_of(hit.chunk):
                name = _FIGURES.sub("", PurePath(hit.chunk.source).stem)
                days.setdefault((hit.base, name), {})[hit.chunk.source] = day
        of = next((of for of in days.values() if len(set(of.values())) > 1), None)
        if of is None:
            return ()
        by_day = {day: source for source, day in of.items()}  # of two copies of one day either
        older, newest = (by_day[day] for day in sorted(by_day)[-2:])
        pair = (newest, older) if new[0] else (older, newest)
        return tuple(
            Topic(title, side.base, side.aspect, title, (source,))
            for side, title, source in zip(sides, _titles(pair), pair, strict=True)
        )

    def _called(self, side: Topic, text: str, asked: Asked, sides: Sequence[Topic] = ()) -> list[Named]:
        wanted = own_terms(side, sides) if sides else ()
        return [
            one
            for part in self.library.within(side.base).values()
            for one in admitted(part.catalog, documents_called(part.catalog, text, wanted), asked.where)
        ]

    def _as_named(self, sides: Sequence[Topic], asked: Asked) -> tuple[Topic, ...]:
        """Return the sides; as typed, if that names documents: *the terms of use and the privacy policy*."""
        called = [
            {one.source for one in self._called(side, side.said, asked)} if side.said else set() for side in sides
        ]
        in_names = all(
            term.within(one.words)
            for side in sides
            for one in self._called(side, side.said, asked)
            for term in terms(side.aspect)
        )
        if all(called) and called[0].isdisjoint(called[1]) and in_names:
            return tuple(Topic(side.said, side.base, said=side.said) for side in sides)
        return tuple(sides)

    def _with_sources(self, sides: Sequence[Topic], asked: Asked) -> tuple[Topic, ...]:
        """Return the sides with the documents about each: those so named, or else those that name only this side."""
        found = [
            {one.source for one in self._called(side, side.said or side.text, asked, sides)}
            or self._naming(side, sides, asked)
            for side in sides
        ]
        shared = {source for at, own in enumerate(found) for other in found[:at] for source in own & other}
        return tuple(
            replace(side, sources=tuple(sorted(own - shared))) if side.text else side
            for side, own in zip(sides, found, strict=True)
        )

    def _naming(self, side: Topic, sides: Sequence[Topic], asked: Asked) -> set[str]:
        """Return the documents that name this side and no other, among the results for it."""
        if not side.text:
            return set()
        name = side.said or side.text
        hits = self.library.find(name, _LOOKED_AT, where=asked.where, base=side.base).hits
        others = [own_terms(other, sides) for other in sides if other is not side]
        named, taken = set(), set()
        for hit in hits:
            held = set(tokens(without_struck(f"{hit.chunk.names}\n{hit.chunk.indexed_text}")))
            if all(term.within(held) for term in own_terms(side, sides)):
                named.add(hit.chunk.source)
            if any(all(term.within(held) for term in other) for other in others if other):
                taken.add(hit.chunk.source)
        return named - taken

    def _side(self, side: Topic, sides: Sequence[Topic], asked: Asked) -> Material:
        """Return the passages of one side; all of them if a base or document is compared as a whole."""
        if not side.text:
            return whole(self.library, None, side.base, asked)
        if side.sources and not side.aspect:
            return self._documents(side, asked)
        text = side.aspect if side.sources else side.text if side.aspect in side.text else f"{side.text} {side.aspect}"
        where = only(asked.where, side.sources) if side.sources else asked.where
        found = self.library.find(text, max(asked.k, _LOOKED_AT), where=where, ordering=asked.ordering, base=side.base)
        pairs = zip(found.hits, of_side(found.hits, side, sides), strict=True)
        own = [(hit, part) for hit, part in pairs if part][: asked.k]
        kept = replace(found, hits=tuple(hit for hit, _ in own))
        return Material(kept, bool(own) and self._answers(side, text, [part for _, part in own]), near=bool(own))

    def _documents(self, side: Topic, asked: Asked) -> Material:
        called = {
            name: [one for one in documents_called(part.catalog, side.said or side.text) if one.source in side.sources]
            for name, part in self.library.within(side.base).items()
        }
        if any(called.values()):
            return whole(self.library, called, side.base, asked)
        found = self.library.find(side.text, asked.k, where=only(asked.where, side.sources), base=side.base)
        return Material(found, bool(found.hits))

    def _answers(self, side: Topic, text: str, hits: Sequence[Hit]) -> bool:
        """Return whether the passages about a side answer what is asked of it."""
        asked = terms(side.aspect)
        if not asked:
            named = own_terms(side, [side])
            held = [set(tokens(without_struck(f"{hit.chunk.names}\n{hit.chunk.indexed_text}"))) for hit in hits]
            return any(all(term.within(words) for term in named) for words in held) or self._enough(text, hits)
        if _MORE.search(side.aspect):
            return True
        return any(
            term.within(set(tokens(without_struck(hit.chunk.indexed_text)))) for hit in hits for term in asked
        ) or self._enough(text, hits)

    def _enough(self, text: str, hits: Sequence[Hit]) -> bool:
        return self.weigh(text, Found(tuple(hits), (), ())).suffices(self.strictness)


def _titles(sources: Sequence[str]) -> list[str]:
    """Return the names of files, with as many of their folders as it takes to distinguish them."""
    longest = max((len(PurePath(source).parts) for source in sources), default=1)
    for n in range(1, longest):
        titles = ["/".join(PurePath(source).parts[-n:]) for source in sources]
        if len(set(titles)) == len(titles):
            return titles
    return list(sources)
