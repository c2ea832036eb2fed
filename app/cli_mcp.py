"""``kb mcp``: the base as tools for an MCP client, over stdin and stdout."""

from __future__ import annotations

from ..llm.open import check_spec
from .cli_commands import command, commands
from .cli_options import AnsweringBase

serving = commands()


@command(serving)
def mcp(*, base: AnsweringBase) -> None:
    """Offer search, ask, list and read to an MCP client (Claude Desktop, editors ...) over stdin and stdout."""
    from .mcp_server import mcp_server

    check_spec(base.config().llm)
    with base.open() as kb:
        mcp_server(kb).run("stdio")
