"""kb as a LangChain tool: an agent asks a question and gets the answer with the places it came from.

Import this module only when LangChain is wanted: ``KnowledgeBase.as_tool`` does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from langchain_core.callbacks import CallbackManagerForToolRun
from langchain_core.tools import BaseTool, ToolException
from pydantic import BaseModel, ConfigDict, Field

from ..ingest.errors import KBError
from ..prompts.prompt import Citation
from .answer import Answer


@runtime_checkable
class Answers(Protocol):
    """What the tool needs of a knowledge base."""

    def ask(self, question: str) -> Answer:
        """Return the answer."""


class Question(BaseModel):
    """What the agent gives."""

    question: str = Field(description="One whole question, in Chinese or English.")


class KBTool(BaseTool):
    """Answers from a knowledge base; the message's artifact is the ``Answer``."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    name: str = "ask_documents"
    description: str = (
        "Answers a question from the user's own documents, each sentence with the place that it came from, or says that they "
        "do not hold the answer."
    )
    args_schema: type[BaseModel] = Question
    response_format: Literal["content", "content_and_artifact"] = "content_and_artifact"
    handle_tool_error: bool = True
    base: Answers = Field(exclude=True, repr=False)
    """A ``KnowledgeBase``, or several."""

    def _run(self, question: str, run_manager: CallbackManagerForToolRun | None = None) -> tuple[str, Answer]:
        del run_manager  # nothing here reports to callbacks
        try:
            answer = self.base.ask(question)
        except KBError as error:
            raise ToolException(str(error)) from error
        return _text(answer), answer


def _text(answer: Answer) -> str:
    """Return the answer with its sources below it, as a model reads it."""
    first = {citation.mark: citation for citation in reversed(answer.citations)}
    lines = [f"[{mark}] {_place(one)}: {one.quote}" for mark, one in sorted(first.items())]
    return "\n".join([answer.text, *lines])


def _place(cited: Citation) -> str:
    base, page = f"{cited.base}: " if cited.base else "", f", p. {cited.page}" if cited.page else ""
    return f"{base}{Path(cited.source).name}{page}"
