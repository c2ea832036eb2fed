"""The tools that MCP clients may use on a base: search, ask, list, read. They never write."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Annotated, ParamSpec, TypeVar

from pydantic import Field

from ...ingest.errors import InputError, KBError
from ...prompts.prompt import Citation
from ..answers.answer import PASSAGES
from ..api import KnowledgeBase
from ..hosting.harmless import harmless

MAX_READ = 20_000
"""Maximum characters of a document per call of ``read``."""
MOST = 100
"""Maximum passages per call of ``search``."""

Given = ParamSpec("Given")
Returned = TypeVar("Returned")
Query = Annotated[str, Field(description="A whole question or some keywords, in Chinese or English.")]


def saying_why(tool: Callable[Given, Returned], error_of_tool: type[Exception]) -> Callable[Given, Returned]:
    """Return a tool whose errors reach the client with their reason; MCP hides the reason of other errors."""

    @wraps(tool)
    def saying(*given: Given.args, **named: Given.kwargs) -> Returned:
        try:
            return tool(*given, **named)
        except KBError as error:
            raise error_of_tool(str(error)) from error

    return saying


class Tools:
    """What clients may do with a base."""

    def __init__(self, base: KnowledgeBase) -> None:
        self._base = base

    def search(
        self, question: Query, k: Annotated[int, Field(ge=1, le=MOST, description="How many passages.")] = PASSAGES
    ) -> list[dict[str, object]]:
        """Find the passages of the user's documents that fit a question best, best first."""
        return [
            {
                "source": hit.chunk.source,
                "pages": list(hit.chunk.pages),
                "headings": list(hit.chunk.headings),
                "start": hit.chunk.start,
                "stop": hit.chunk.stop,
                "score": hit.score,
                "text": hit.chunk.text,
            }
            for hit in self._base.search(question, k)
        ]

    def ask(self, question: Query) -> dict[str, object]:
        """Answer a question from the user's documents.

        ``sure``: this is the answer. ``abstained``: the documents hold nothing near it. Neither of the two: only the passages
        that come closest are quoted, and nothing is claimed.
        """
        answer = self._base.ask(question)
        return {
            "answer": harmless(answer.text),
            "sure": answer.sure,
            "abstained": answer.abstained,
            "citations": [_cited(one) for one in answer.citations],
            "closest": [_cited(one) for one in answer.closest],
            "notes": list(answer.notes),
        }

    def list_documents(self) -> list[str]:
        """List the documents that can be searched; ``read`` takes these names."""
        return [row.source for row in self._base.sources() if row.document_id]

    def read(
        self,
        source: Annotated[str, Field(description="A name as list gives it, or the end of one: a file's own name.")],
        start: Annotated[int, Field(description="The character to begin with; next of the call before.")] = 0,
    ) -> dict[str, object]:
        """Read a document's text from a place on; ``next`` says where to go on, or null at the end."""
        text = self._base.document_text(self._named(source))
        if not 0 <= start <= len(text):
            raise InputError("start is {start}; the text has {n} characters", start=start, n=len(text))
        stop = min(start + MAX_READ, len(text))
        return {"text": text[start:stop], "next": stop if stop < len(text) else None}

    def _named(self, source: str) -> str:
        """Return the source that is meant, under its name in the base."""
        names = self.list_documents()
        ending = [name for name in names if name.endswith(("/" + source, "\\" + source))]
        if source not in names and len(ending) > 1:
            raise InputError(
                "{n} documents are called {source!r}; give more of the name: {names:list}",
                n=len(ending),
                source=source,
                names=ending[:5],
            )
        return ending[0] if source not in names and ending else source


def _cited(one: Citation) -> dict[str, object]:
    return {
        "mark": one.mark, "source": one.source, "page": one.page, "start": one.start, "stop": one.stop, "quote": one.quote
    }  # fmt: skip
