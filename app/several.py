"""``KnowledgeBases``: several knowledge bases queried as one, through the same search and answering code.

Comes in: a question. Goes out: hits and answers whose citations name their base. Never: a write to any base but the first,
which keeps the log.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from ..ingest.errors import InputError
from ..llm.generator import Generator
from .answers.log import Log
from .api import KnowledgeBase
from .asking import Asks
from .base.library import Library, Part

if TYPE_CHECKING:
    from .answers.answering import Answering
    from .answers.replay import Replay


class KnowledgeBases(Asks):
    """Several knowledge bases, queried together. Open them with ``KnowledgeBases.open``; the first supplies model and log."""

    def __init__(self, bases: Sequence[KnowledgeBase]) -> None:
        """Take bases of different names; the caller still closes them.

        Raises:
            InputError: no base is given, or one is given twice.
        """
        self._bases = {base.config.name: base for base in bases}
        if not bases or len(self._bases) < len(bases):
            raise InputError("name at least one knowledge base, and none of them twice")
        self._first = bases[0]
        self._owned = ExitStack()
        self.library = Library({name: base.library.first for name, base in self._bases.items()})

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
        """Open existing knowledge bases; the arguments are those of ``KnowledgeBase.open``.

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

    @property
    def log(self) -> Log:
        """See ``Asks``."""
        return self._first.log.of(self.library)

    @property
    def answering(self) -> Answering:
        """See ``Asks``."""
        return replace(self._first.answering, library=self.library)

    def generator(self) -> Generator:
        """See ``KnowledgeBase``; the first base's model."""
        return self._first.generator()

    def replay(self, number: int) -> Replay:
        """See ``Asks``; bases that were queried then but are not open here are opened by name."""
        from .answers.replay import replayed

        def part(name: str) -> Part | None:
            beside = self._bases.get(name)
            return beside.library.first if beside else elsewhere(name)

        first = self._first
        with first.others() as elsewhere:
            return replayed(first.log, first.answering, first.config.name, number, part)

    def close(self) -> None:
        """Close the bases that ``open`` opened."""
        self._owned.close()
