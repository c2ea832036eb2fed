"""``kb mcp``: the base as tools for an MCP client, over stdin and stdout."""

from __future__ import annotations

import typer

from .cli_options import AnsweringBase, with_options

mcp = typer.Typer(rich_markup_mode=None)


@mcp.command("mcp")
@with_options
def mcp_(*, base: AnsweringBase) -> None:
    """Offer search, ask, list and read to an MCP client (Claude Desktop, editors ...) over stdin and stdout."""
    from .mcp_server import mcp_server

    with base.open() as kb:
        mcp_server(kb).run("stdio")
