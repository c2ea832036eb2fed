"""What every thing that can be asked offers, be it one knowledge base or several: search, answers, answers as they grow.

Comes in: a question and how it is to be answered. Goes out: hits and answers. Never: how they are found; whoever is
asked says that, in ``find`` and ``answers``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator as Generates
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from ..ingest.errors import InputError
from ..llm.generator import Sampling
from ..prompts.prompt import TaskName
from ..prompts.templates import Style
from ..retrieval.hit import Hit
from ..retrieval.search import PLAIN, Found
from ..retrieval.select import Ordering
from ..retrieval.where import Where
from .answer import PASSAGES, Answer, Asked

MAX_QUESTION = 8_000
"""Characters. More than that is a document, not a question."""


class Asks(ABC):
    """Something that finds passages and answers questions from them; a context manager that closes itself."""

    @abstractmethod
    def find(
        self,
        question: str,
        k: int = 10,
        lanes: Sequence[str] | None = None,
        where: Where | None = None,
        ordering: Ordering = PLAIN,
    ) -> Found:
        """Return what ``search`` returns, with word of which lanes took part and what was done without."""

    @abstractmethod
    def answers(self, asked: Asked) -> Generates[Answer]:
        """Yield what ``stream`` does."""

    @abstractmethod
    def close(self) -> None:
        """Free what was opened."""

    def search(
        self,
        question: str,
        k: int = 10,
        lanes: Sequence[str] | None = None,
        where: Where | None = None,
        ordering: Ordering = PLAIN,
    ) -> tuple[Hit, ...]:
        """Return the ``k`` best passages, best first.

        Args:
            question: at most ``MAX_QUESTION`` characters.
            k: at least 1.
            lanes: ask only these of ``bm25``, ``dense``, ``tfidf``.
            where: search only what this admits.
            ordering: reranked, less alike, or any number of passages of a document.
        Raises:
            InputError: the question is empty or too long, or ``k`` or a lane is wrong.
            UnknownModelError, RerankerError: the cross-encoder is not on this machine, or cannot be used.
        """
        return self.find(question, k, lanes, where, ordering).hits

    def ask(
        self,
        question: str,
        k: int = PASSAGES,
        sampling: Sampling | None = None,
        where: Where | None = None,
        ordering: Ordering = PLAIN,
    ) -> Answer:
        """Return the answer to a question; see ``stream``."""
        *_, answer = self.stream(question, k, sampling, where, ordering=ordering)
        return answer

    def stream(
        self,
        question: str,
        k: int = PASSAGES,
        sampling: Sampling | None = None,
        where: Where | None = None,
        *,
        style: Style = "plain",
        strict: bool = False,
        ordering: Ordering = PLAIN,
        task: TaskName | None = None,
    ) -> Generates[Answer]:
        """Yield the answer as it grows; the last one is finished.

        Args:
            question: at most ``MAX_QUESTION`` characters.
            k: from how many passages it is drawn.
            sampling: how the model writes.
            where: from which documents.
            style: ``step-by-step`` lets the model think first, ``few-shot`` shows it an example.
            strict: leave out sentences that no passage bears out.
            ordering: as for ``search``.
            task: to answer, summarise or compare; ``None``: what the question clearly asks for.
        Raises:
            InputError: the question is empty or too long, or names no two things to compare.
            CannotDoError: the model cannot do what ``sampling`` or ``style`` asks.
            GeneratorError: it failed.
        """
        asked = Asked(
            question, k, sampling or Sampling(), where or Where(), style, strict, ordering=ordering, task=task
        )
        return self.answers(asked)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def checked(question: str, k: int = 1) -> str:
    """Return a question that can be searched for, without white space around it.

    Raises:
        InputError: it is empty or too long, or no passage is asked for.
    """
    question = question.strip()
    if k < 1:
        raise InputError(f"k is {k}; ask for at least 1 passage")
    if not question:
        raise InputError("the question is empty; ask something")
    if len(question) > MAX_QUESTION:
        raise InputError(f"the question has {len(question):,} characters; ask in at most {MAX_QUESTION:,}")
    return question
