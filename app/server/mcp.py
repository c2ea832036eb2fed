"""kb for MCP clients: search, ask, list and read as tools, over stdin and stdout.

The only file that imports ``mcp``. No tool writes: whatever a client is tricked into, it cannot change the base.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...ingest.errors import MissingExtraError
from ...ingest.notice import Notice
from ..api import KnowledgeBase

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer


def mcp_server(base: KnowledgeBase) -> MCPServer:
    """Return an MCP server whose tools read ``base``.

    Raises:
        MissingExtraError: the MCP library is not installed.
    """
    try:
        from mcp.server.mcpserver import MCPServer
        from mcp.server.mcpserver.exceptions import ToolError
        from mcp.types import ToolAnnotations

        from .mcp_tools import Tools, saying_why
    except ImportError as error:
        raise MissingExtraError(Notice("kb as an MCP server"), "mcp") from error

    server = MCPServer("kb", instructions="Answers from the user's own documents, with exact citations.")
    reads = ToolAnnotations(read_only_hint=True, open_world_hint=False)
    tools = Tools(base)
    for name, tool in (
        ("search", tools.search), ("ask", tools.ask), ("list", tools.list_documents), ("read", tools.read)
    ):  # fmt: skip
        server.tool(name=name, annotations=reads)(saying_why(tool, ToolError))
    return server
