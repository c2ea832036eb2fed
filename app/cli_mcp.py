"""``kb mcp``: the base as tools for an MCP client, over stdin and stdout."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .api import KnowledgeBase

mcp = typer.Typer(rich_markup_mode=None)


@mcp.command("mcp")
def mcp_(
    home: Annotated[
        Path | None, typer.Option(help="Folder of all knowledge bases. [env: KB_HOME]", show_default=False)
    ] = None,
    name: Annotated[str | None, typer.Option(help="Which knowledge base. [env: KB_NAME]", show_default=False)] = None,
) -> None:
    """Offer search, ask, list and read to an MCP client (Claude Desktop, editors ...) over stdin and stdout."""
    from .mcp_server import mcp_server

    with KnowledgeBase.open(name, home=home, must_exist=True) as base:
        mcp_server(base).run("stdio")
