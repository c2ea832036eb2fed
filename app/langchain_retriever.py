"""kb as a LangChain retriever: a question in, LangChain documents out.

Import this module only when LangChain is wanted: ``KnowledgeBase.as_retriever`` does.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from ..retrieval.hit import Hit


@runtime_checkable
class Searches(Protocol):
    """What the retriever needs of a knowledge base."""

    def search(self, question: str, k: int = 10) -> tuple[Hit, ...]:
        """Return the ``k`` best passages."""


class KBRetriever(BaseRetriever):
    """Returns the passages of a knowledge base, best first; ``k`` may be given to ``invoke`` too."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    base: Searches = Field(exclude=True, repr=False)
    """A ``KnowledgeBase``."""
    k: int = 4

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        del run_manager  # nothing here reports to callbacks
        return [_document(hit) for hit in self.base.search(query, k or self.k)]


def _document(hit: Hit) -> Document:
    chunk = hit.chunk
    metadata = {
        "source": chunk.source,
        "start": chunk.start,
        "stop": chunk.stop,
        "pages": list(chunk.pages),
        "headings": list(chunk.headings),
        "score": hit.score,
        "by": hit.by,
    } | ({"base": hit.base} if hit.base else {})
    return Document(page_content=chunk.text, metadata=metadata, id=chunk.id)
