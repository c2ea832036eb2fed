"""kb for MCP clients: search, ask, list and read as tools, over stdin and stdout.

The only file that imports ``mcp``. Never: a tool that writes; what a client is made to do cannot change the base.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...ingest.errors import InputError, MissingExtraError
from ..answers.answer import PASSAGES
from ..api import KnowledgeBase

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

MAX_READ = 20_000
"""Characters of a document in one call of ``read``."""


def mcp_server(base: KnowledgeBase) -> MCPServer:
    """Return an MCP server whose tools look into ``base``.

    Raises:
        MissingExtraError: the MCP library is not installed.
    """
    try:
        from mcp.server.mcpserver import MCPServer
        from mcp.types import ToolAnnotations
    except ImportError as error:
        raise MissingExtraError("kb as an MCP server", "mcp") from error

    server = MCPServer("kb", instructions="Answers from the user's own documents, with exact citations.")
    reads = ToolAnnotations(read_only_hint=True, open_world_hint=False)

    @server.tool(annotations=reads)
    def search(question: str, k: int = PASSAGES) -> list[dict[str, object]]:
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
            for hit in base.search(question, k)
        ]

    @server.tool(annotations=reads)
    def ask(question: str) -> dict[str, object]:
        """Answer a question from the user's documents, or say that they do not hold the answer."""
        answer = base.ask(question)
        return {
            "answer": answer.text,
            "abstained": answer.abstained,
            "citations": [
                {"mark": c.mark, "source": c.source, "page": c.page, "start": c.start, "stop": c.stop, "quote": c.quote}
                for c in answer.citations
            ],
            "notes": list(answer.notes),
        }

    @server.tool(name="list", annotations=reads)
    def list_documents() -> list[str]:
        """List the documents that can be searched."""
        return [row.source for row in base.sources() if row.document_id]

    @server.tool(annotations=reads)
    def read(source: str, start: int = 0) -> dict[str, object]:
        """Read a document's text from a place on; ``next`` says where to go on, or null at the end."""
        text = base.document_text(source)
        if not 0 <= start <= len(text):
            raise InputError(f"start is {start}; the text has {len(text)} characters")
        stop = min(start + MAX_READ, len(text))
        return {"text": text[start:stop], "next": stop if stop < len(text) else None}

    return server
