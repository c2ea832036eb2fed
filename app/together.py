"""``KnowledgeBases``: several knowledge bases asked as one, through the same search and the same way to an answer.

Comes in: a question. Goes out: hits and answers whose citations name their base. Never: a write to any base; an answer drawn
from several is recorded in none.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator as Generates
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import Self

from ..ingest.errors import InputError
from ..retrieval.search import PLAIN, Found
from ..retrieval.select import Ordering
from ..retrieval.together import search_together
from ..retrieval.where import Where
from .answer import Answer, Asked
from .api import KnowledgeBase
from .asking import Asks, checked
from .catalogs import Catalogs


class KnowledgeBases(Asks):
    """Several knowledge bases, asked together. Open them with ``KnowledgeBases.open``; the models are those of the first."""

    def __init__(self, bases: Sequence[KnowledgeBase]) -> None:
        """Take bases of different names, which stay the giver's to close.

        Raises:
            InputError: there is none, or one is given twice.
        """
        self._bases = {base.config.name: base for base in bases}
        if not bases or len(self._bases) < len(bases):
            raise InputError("name at least one knowledge base, and none of them twice")
        self._owned = ExitStack()
        self._answering = replace(
            bases[0].answering,
            catalog=Catalogs([base.catalog for base in bases]),
            find=lambda asked: self.find(asked.question, asked.k, where=asked.where, ordering=asked.ordering),
            frequencies=self._frequencies,
            unrelated=self._unrelated,
        )

    @classmethod
    def open(
        cls,
        names: Sequence[str],
        *,
        home: str | os.PathLike[str] | None = None,
        embedder: str | None = None,
        llm: str | None = None,
        store: str | None = None,
        rerank: str | None = None,
        judge: str | None = None,
    ) -> Self:
        """Open knowledge bases that exist; the arguments are those of ``KnowledgeBase.open``.

        Raises:
            InputError: one does not exist, or is named twice.
            StorageError: one on disk is damaged or was written by a newer kb.
        """
        with ExitStack() as opened:
            bases = [
                opened.enter_context(
                    KnowledgeBase.open(
                        name,
                        home=home,
                        embedder=embedder,
                        llm=llm,
                        store=store,
                        rerank=rerank,
                        judge=judge,
                        must_exist=True,
                    )
                )
                for name in names
            ]
            made = cls(bases)
            made._owned = opened.pop_all()
        return made

    def find(
        self,
        question: str,
        k: int = 10,
        lanes: Sequence[str] | None = None,
        where: Where | None = None,
        ordering: Ordering = PLAIN,
    ) -> Found:
        """Return what ``search`` returns, with word of which lanes took part and what was done without."""
        searchers = {name: base.searcher for name, base in self._bases.items()}
        return search_together(searchers, checked(question, k), k, lanes, where, ordering)

    def answers(self, asked: Asked) -> Generates[Answer]:
        """Yield the answer as it grows, drawn from the best passages of all bases; it is recorded in none.

        Raises:
            InputError: as for one base; or the task is not to answer, which one base does at a time.
        """
        if asked.task not in (None, "answer"):
            raise InputError(f"several knowledge bases cannot {asked.task} together; name one of them")
        asked = replace(asked, question=checked(asked.question, asked.k), task="answer")
        with closing(self._answering.answers(asked)) as answers:
            for answer, _ in answers:
                yield _with_bases(answer)

    def close(self) -> None:
        """Close the bases that ``open`` opened."""
        self._owned.close()

    # How it is done

    def _frequencies(self, tokens: Sequence[str]) -> dict[str, int]:
        total: Counter[str] = Counter()
        for base in self._bases.values():
            total.update(base.searcher.frequencies(tokens))
        return dict(total)

    def _unrelated(self, question: str) -> float:
        """Return the mean over all passages, of bases whose embedder reads the question."""
        sizes = [(base.searcher.n_chunks, base.searcher.unrelated(question)) for base in self._bases.values()]
        known = [(n, mean) for n, mean in sizes if mean > 0]
        return sum(n * mean for n, mean in known) / sum(n for n, _ in known) if known else 0.0


def _with_bases(answer: Answer) -> Answer:
    """Return an answer whose citations name the base that their document is in."""
    bases = {(hit.chunk.document_id, hit.chunk.source): hit.base for hit in reversed(answer.hits)}
    return replace(
        answer,
        sentences=tuple(
            replace(
                sentence,
                citations=tuple(
                    replace(citation, base=bases.get((citation.document_id, citation.source), ""))
                    for citation in sentence.citations
                ),
            )
            for sentence in answer.sentences
        ),
    )
