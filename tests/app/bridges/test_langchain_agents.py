"""kb as a LangChain tool and its models as chat models, held to LangChain's standard tests; kb as a LlamaIndex retriever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from kb import KnowledgeBase
from kb.app.answers.answer import Answer
from kb.ingest.errors import InputError
from kb.llm.extractive import Extractive
from kb.llm.generator import Sampling
from places import HANDBOOK

pytest.importorskip("langchain_tests", reason="langchain-tests is not installed")

from kb.app.bridges.langchain import KBChatModel, KBTool
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnablePassthrough
from langchain_core.tools import BaseTool
from langchain_tests.integration_tests import ToolsIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests, ToolsUnitTests

QUESTION = "Which exit code does kb return when nothing was found?"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """The English handbook, without an embedder."""
    with KnowledgeBase.open(home=tmp_path_factory.mktemp("agents"), embedder="tfidf", llm="extractive") as kb:
        kb.ingest([HANDBOOK / "en"])
        yield kb


class _OfABase:
    @pytest.fixture(autouse=True)
    def _base(self, base: KnowledgeBase) -> None:
        self.base = base

    @property
    def tool_constructor(self) -> type[BaseTool]:
        """The class under test."""
        return KBTool

    @property
    def tool_constructor_params(self) -> dict[str, object]:
        """What it needs."""
        return {"base": self.base}

    @property
    def tool_invoke_params_example(self) -> dict[str, object]:
        """Something the handbook speaks of."""
        return {"question": QUESTION}


class TestKBToolUnits(_OfABase, ToolsUnitTests):
    """LangChain's standard unit tests of tools."""


class TestKBTool(_OfABase, ToolsIntegrationTests):
    """LangChain's standard integration tests of tools."""


def test_an_agent_gets_the_answer_with_its_places(base: KnowledgeBase) -> None:
    """A tool call returns text with quotes for the model, and the ``Answer`` for the program; an error is said, not raised."""
    call = {"type": "tool_call", "id": "1", "name": "ask_documents"}
    message = base.as_tool().invoke(call | {"args": {"question": QUESTION}})
    assert isinstance(message, ToolMessage)
    assert isinstance(message.artifact, Answer)
    citation = message.artifact.citations[0]
    assert "exit code 4" in citation.quote.lower()
    assert f"{citation.quote} [1]" in message.content
    assert Path(citation.source).name in message.content
    assert citation.quote in base.document_text(citation.source)
    wrong = base.as_tool().invoke(call | {"args": {"question": " "}})
    assert (wrong.status, wrong.content) == ("error", "the question is empty; ask something")


class TestKBChatModelUnits(ChatModelUnitTests):
    """LangChain's standard unit tests of chat models."""

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        """The class under test."""
        return KBChatModel

    @property
    def chat_model_params(self) -> dict[str, object]:
        """Nothing here writes; the next test does."""
        return {"generator": Extractive()}

    @property
    def has_tool_calling(self) -> Literal[False]:
        """It calls no tools."""
        return False

    @property
    def has_structured_output(self) -> Literal[False]:
        """Nor does it fill a schema."""
        return False


def test_a_quantized_model_writes_in_a_chain(base: KnowledgeBase) -> None:
    """An LCEL chain from kb's passages through kb's own GGUF model: whole and streamed it writes the same."""
    pytest.importorskip("xllamacpp", reason="the llama extra is not installed")
    models = pytest.importorskip("models", reason="gguf is not installed")
    spec = f"gguf:{models.gguf_file('llama', 'Q4_0')}"
    with KnowledgeBase.open(home=base.config.home, embedder="tfidf", llm=spec) as kb:
        model = kb.as_chat_model(Sampling(max_tokens=12))
        prompt = ChatPromptTemplate.from_template("{context}\n\nQuestion: {question}")
        passages = kb.as_retriever(k=1) | (lambda documents: documents[0].page_content[:300])
        chain = {"context": passages, "question": RunnablePassthrough()} | prompt | model | StrOutputParser()
        whole = chain.invoke(QUESTION)
        assert whole
        assert "".join(chain.stream(QUESTION)) == whole
        said = model.invoke([HumanMessage("你好"), HumanMessage("Hello")])
        assert said.usage_metadata["output_tokens"] > 0
        assert said.response_metadata["model_name"].startswith("gguf:")
        assert len(model.invoke("Hello", max_tokens=3).text) < len(model.invoke("Hello", max_tokens=30).text)
        with pytest.raises(InputError, match="not a setting"):
            model.invoke("Hello", model="another")


def test_what_cannot_write_says_so(base: KnowledgeBase) -> None:
    """Extractive answers need passages; a message of a tool cannot be read."""
    with pytest.raises(InputError, match="open the base with a model"):
        base.as_chat_model().invoke("Hello")


def test_llamaindex_gets_nodes_with_their_places(base: KnowledgeBase) -> None:
    """Nodes come best first with scores, and say exactly where they came from; sync and async alike."""
    pytest.importorskip("llama_index.core", reason="the llamaindex extra is not installed")
    nodes = base.as_llamaindex(k=3).retrieve("How do I delete a document?")
    assert len(nodes) == 3
    assert [node.score for node in nodes] == sorted((node.score for node in nodes), reverse=True)
    assert "kb rm" in nodes[0].text
    for found in nodes:
        node = found.node
        assert base.document_text(node.metadata["source"])[node.start_char_idx : node.end_char_idx] == node.text


async def test_llamaindex_retrieves_asynchronously(base: KnowledgeBase) -> None:
    """The async face of the same retriever."""
    pytest.importorskip("llama_index.core", reason="the llamaindex extra is not installed")
    assert await base.as_llamaindex(k=1).aretrieve("How do I delete a document?")
