"""kb as a LangChain retriever, held to LangChain's own standard tests, and at work in a chain."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kb import KnowledgeBase
from places import HANDBOOK

pytest.importorskip("langchain_tests", reason="langchain-tests is not installed")

from kb.app.bridges.langchain import KBRetriever
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda, RunnablePassthrough
from langchain_tests.integration_tests import RetrieversIntegrationTests


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """The English handbook, without an embedder."""
    with KnowledgeBase.open(home=tmp_path_factory.mktemp("langchain"), embedder="tfidf") as kb:
        kb.ingest([HANDBOOK / "en"])
        yield kb


class TestKBRetriever(RetrieversIntegrationTests):
    """LangChain's standard tests of retrievers."""

    @pytest.fixture(autouse=True)
    def _base(self, base: KnowledgeBase) -> None:
        self.base = base

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        """The class under test."""
        return KBRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, object]:
        """What it needs."""
        return {"base": self.base}

    @property
    def retriever_query_example(self) -> str:
        """Something the handbook speaks of."""
        return "How do I delete a document?"


def test_a_chain_gets_passages_with_their_places(base: KnowledgeBase) -> None:
    """An LCEL chain fills its prompt from kb, and every document says exactly where it came from."""
    retriever = base.as_retriever(k=2)
    prompt = ChatPromptTemplate.from_template("{context}\n\nQuestion: {question}")
    echo = RunnableLambda(lambda messages: messages.to_string())
    chain = {"context": retriever, "question": RunnablePassthrough()} | prompt | echo | StrOutputParser()
    assert "kb rm" in chain.invoke("How do I delete a document?")
    for document in retriever.invoke("How do I delete a document?"):
        place = document.metadata
        assert base.document_text(place["source"])[place["start"] : place["stop"]] == document.page_content
