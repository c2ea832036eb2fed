"""A knowledge base as the parts that other frameworks know: LangChain's retriever, tool and chat model, LlamaIndex's retriever.

Comes in: a knowledge base. Goes out: an object of theirs that asks it. Never: an import of theirs before it is called for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from ..ingest.errors import MissingExtraError
from ..llm.generator import Generator, Sampling
from .asking import Asks

if TYPE_CHECKING:
    from .langchain_chat import KBChatModel
    from .langchain_retriever import KBRetriever
    from .langchain_tool import KBTool
    from .llamaindex_retriever import KBNodes


class InFrameworks(Asks, ABC):
    """What can be asked, in the terms of other frameworks."""

    @abstractmethod
    def generator(self) -> Generator:
        """Return what writes answers."""

    def as_retriever(self, k: int = 4) -> KBRetriever:
        """Return this base as a LangChain retriever of ``k`` passages.

        Raises:
            MissingExtraError: LangChain is not installed.
        """
        try:
            from .langchain_retriever import KBRetriever
        except ImportError as error:
            raise MissingExtraError("kb as a LangChain retriever", "langchain") from error
        return KBRetriever(base=self, k=k)

    def as_tool(self) -> KBTool:
        """Return this base as a LangChain tool, which agents ask.

        Raises:
            MissingExtraError: LangChain is not installed.
        """
        try:
            from .langchain_tool import KBTool
        except ImportError as error:
            raise MissingExtraError("kb as a LangChain tool", "langchain") from error
        return KBTool(base=self)

    def as_chat_model(self, sampling: Sampling | None = None) -> KBChatModel:
        """Return the language model of this base as a LangChain chat model; it writes on its own, without passages.

        Raises:
            MissingExtraError: LangChain is not installed.
            GeneratorError: the model cannot be opened.
        """
        try:
            from .langchain_chat import KBChatModel
        except ImportError as error:
            raise MissingExtraError("kb's models as a LangChain chat model", "langchain") from error
        return KBChatModel(generator=self.generator(), sampling=sampling or Sampling())

    def as_llamaindex(self, k: int = 4) -> KBNodes:
        """Return this base as a LlamaIndex retriever of ``k`` passages.

        Raises:
            MissingExtraError: LlamaIndex is not installed.
        """
        try:
            from .llamaindex_retriever import KBNodes
        except ImportError as error:
            raise MissingExtraError("kb as a LlamaIndex retriever", "llamaindex") from error
        return KBNodes(self, k)
