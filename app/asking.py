"""The question-answering interface of one or several bases: search, answers, streaming, conversations, replays.

Comes in: a question and how to answer it. Goes out: hits and answers; finished answers also go to the log. Never: different
code paths for one base and for several.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator as Generates
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ..ingest.errors import MissingExtraError
from ..ingest.notice import Notice
from ..llm.generator import Generator, Sampling
from ..prompts.prompt import TaskName
from ..prompts.templates import Style
from ..retrieval.hit import Hit
from ..retrieval.search.search import PLAIN, Found
from ..retrieval.search.select import Ordering
from ..retrieval.where import Where
from .answers.answer import PASSAGES, Answer, Asked, checked_question
from .answers.log import Log
from .base.library import Library

if TYPE_CHECKING:
    from ..prompts.condense import Turn
    from .answers.answering import Answering
    from .answers.chat import Chat
    from .answers.replay import Replay
    from .bridges.langchain import KBChatModel, KBRetriever, KBTool
    from .bridges.llamaindex import KBNodes


class Asks(ABC):
    """Something that finds passages and answers questions from them; a context manager that closes itself."""

    library: Library
    """The bases to search."""

    @property
    @abstractmethod
    def log(self) -> Log:
        """The recorded answers; for several bases, the first one keeps them."""

    @property
    @abstractmethod
    def answering(self) -> Answering:
        """What answers questions."""

    @abstractmethod
    def generator(self) -> Generator:
        """Return the model that writes answers."""

    @abstractmethod
    def replay(self, number: int) -> Replay:
        """Answer a recorded question again, with the same settings and bases, and report what differs.

        Raises:
            InputError: there is no such record.
        """

    @abstractmethod
    def close(self) -> None:
        """Free what was opened."""

    def find(
        self,
        question: str,
        k: int = 10,
        lanes: Sequence[str] | None = None,
        where: Where | None = None,
        ordering: Ordering = PLAIN,
    ) -> Found:
        """Return what ``search`` returns, plus which lanes took part and what was missing."""
        return self.library.find(checked_question(question, k), k, lanes, where, ordering)

    def answers(self, asked: Asked, *, record: bool = True) -> Generates[Answer]:
        """Yield what ``stream`` does, and record the finished answer if the log is on and ``record`` is set."""
        asked = replace(asked, question=checked_question(asked.question, asked.k))
        with closing(self.answering.answers(asked)) as answers:
            for answer, written in answers:
                yield self.log.record(asked, answer, written) if record and answer.finished else answer

    def chat(self, session: str | None = None, turns: Sequence[Turn] | None = None) -> Chat:
        """Return a conversation: a new one, or one to continue.

        Args:
            session: its name; ``last`` is the most recent recorded one.
            turns: what was said so far, if the caller keeps that; otherwise it is read from the log.
        Raises:
            InputError: there is no such conversation.
        """
        from .answers.chat import Chat

        return Chat(self.answers, self.answering, self.log, session, turns)

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
            lanes: use only these of ``bm25``, ``dense``, ``tfidf``.
            where: search only what this admits.
            ordering: reranking, diversity, and the number of passages per document.
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
            k: number of passages to answer from.
            sampling: how the model writes.
            where: which documents to use.
            style: ``step-by-step`` lets the model think first, ``few-shot`` shows it an example.
            strict: leave out sentences that no passage supports.
            ordering: as for ``search``.
            task: to answer, summarise or compare; ``None``: what the question clearly asks for.
        Raises:
            InputError: the question is empty or too long, or does not name two things to compare.
            CannotDoError: the model cannot do what ``sampling`` or ``style`` asks.
            GeneratorError: the model failed.
        """
        asked = Asked(
            question, k, sampling or Sampling(), where or Where(), style, strict, ordering=ordering, task=task
        )
        return self.answers(asked)

    def as_retriever(self, k: int = 4) -> KBRetriever:
        """Return this base as a LangChain retriever of ``k`` passages.

        Raises:
            MissingExtraError: LangChain is not installed.
        """
        with _extra(Notice("kb as a LangChain retriever"), "langchain"):
            from .bridges.langchain import KBRetriever
        return KBRetriever(base=self, k=k)

    def as_tool(self) -> KBTool:
        """Return this base as a LangChain tool for agents.

        Raises:
            MissingExtraError: LangChain is not installed.
        """
        with _extra(Notice("kb as a LangChain tool"), "langchain"):
            from .bridges.langchain import KBTool
        return KBTool(base=self)

    def as_chat_model(self, sampling: Sampling | None = None) -> KBChatModel:
        """Return the language model of this base as a LangChain chat model, without retrieval.

        Raises:
            MissingExtraError: LangChain is not installed.
            GeneratorError: the model cannot be opened.
        """
        with _extra(Notice("kb's models as a LangChain chat model"), "langchain"):
            from .bridges.langchain import KBChatModel
        return KBChatModel(generator=self.generator(), sampling=sampling or Sampling())

    def as_llamaindex(self, k: int = 4) -> KBNodes:
        """Return this base as a LlamaIndex retriever of ``k`` passages.

        Raises:
            MissingExtraError: LlamaIndex is not installed.
        """
        with _extra(Notice("kb as a LlamaIndex retriever"), "llamaindex"):
            from .bridges.llamaindex import KBNodes
        return KBNodes(self, k)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def _extra(what: str, name: str) -> Iterator[None]:
    """Name the extra that ``what`` needs if importing it fails."""
    try:
        yield
    except ImportError as error:
        raise MissingExtraError(what, name) from error
