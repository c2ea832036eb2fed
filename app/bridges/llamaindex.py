"""kb as a LlamaIndex retriever: a query in, scored nodes out.

Import this module only when LlamaIndex is needed, as ``KnowledgeBase.as_llamaindex`` does. The only file that imports it.
"""

from __future__ import annotations

from typing import Protocol

from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from ...retrieval.hit import Hit


class Searches(Protocol):
    """What the retriever needs from a knowledge base."""

    def search(self, question: str, k: int = 10) -> tuple[Hit, ...]:
        """Return the ``k`` best passages."""


class KBNodes(BaseRetriever):
    """Returns the passages of a knowledge base, best first."""

    def __init__(self, base: Searches, k: int = 4) -> None:
        """Search ``base``, a ``KnowledgeBase`` or several, for ``k`` passages at a time."""
        super().__init__()
        self._base = base
        self._k = k

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return [_node(hit) for hit in self._base.search(query_bundle.query_str, self._k)]


def _node(hit: Hit) -> NodeWithScore:
    chunk = hit.chunk
    node = TextNode(
        id_=chunk.id,
        text=chunk.text,
        start_char_idx=chunk.start,
        end_char_idx=chunk.stop,
        metadata={"source": chunk.source, "pages": list(chunk.pages), "headings": list(chunk.headings)}
        | ({"base": hit.base} if hit.base else {}),
    )
    return NodeWithScore(node=node, score=hit.score)
