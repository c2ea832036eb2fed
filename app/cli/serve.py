"""``kb ui``, ``kb serve``, ``kb mcp`` and ``kb token``: the long-running interfaces."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Annotated

import typer

from ...ingest.errors import MissingExtraError
from ...ingest.notice import Notice
from ...llm.open import check_spec
from ..base.config import Config, load_config
from ..hosting.bases import Bases
from ..hosting.tokens import ROLES, Tokens
from . import show
from .commands import command, commands
from .options import AnsweringBase, AsJson, Home

if TYPE_CHECKING:
    from ..server.run import Serving

serving = commands()
tokens = commands("Tokens for a server that others can reach.")


@command(serving)
def ui(
    port: Annotated[int, typer.Option(min=0, max=65535, help="The next free one if it is taken.")] = 7860,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print the address.")] = False,
    *,
    base: AnsweringBase,
) -> None:
    """Ask, and manage files, in the browser; only this computer can reach it."""
    config = base.config()
    server = _server()
    _run(config, server.Serving(port=port, api=False), browser=not no_browser, any_port=True)


@command(serving)
def serve(
    host: Annotated[str, typer.Option(help="Beyond this computer only with a token: kb token add.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where to listen.")] = 8000,
    running: Annotated[int, typer.Option(min=1, help="Answers written at once.")] = 2,
    waiting: Annotated[int, typer.Option(min=0, help="Questions that may wait; more get 429.")] = 16,
    max_upload_mb: Annotated[int, typer.Option(min=1, help="Largest upload.")] = 500,
    keep_free_mb: Annotated[
        int, typer.Option(min=0, help="Uploads leave this much of the disk free; more get 507.")
    ] = 500,
    rate: Annotated[int, typer.Option(min=0, help="Requests a minute of one token; more get 429. 0: no limit.")] = 600,
    *,
    base: AnsweringBase,
) -> None:
    """Serve the page, a native and an OpenAI-compatible API over HTTP."""
    config = base.config()
    server = _server()
    settings = server.Serving(
        host=host,
        port=port,
        n_running=running,
        n_waiting=waiting,
        max_upload_bytes=max_upload_mb * 1_000_000,
        keep_free_bytes=keep_free_mb * 1_000_000,
        rate_per_minute=rate,
    )
    _run(config, settings)


@command(tokens, "add")
def add(
    role: Annotated[
        str, typer.Option(help=f"One of {', '.join(ROLES)}; each may do what those before it may.")
    ] = "read",
    note: Annotated[str, typer.Option(help="Whose it is.")] = "",
    base: Annotated[
        list[str] | None,
        typer.Option(help="Good for this base only; may be repeated. [default: all]", show_default=False),
    ] = None,
    home: Home = None,
) -> None:
    """Make a token and print it, this once."""
    typer.echo(Tokens(load_config(home=home).home).add(role, note, base or ()))
    show.message("keep it: only its hash is stored, and it cannot be shown again")


@command(tokens, "list")
def list_(home: Home = None, as_json: AsJson = False) -> None:
    """List the tokens, without their secrets."""
    rows = Tokens(load_config(home=home).home).list()
    if as_json:
        show.dump(
            [
                {"id": row.id, "role": row.role, "note": row.note, "created": row.created, "bases": list(row.bases)}
                for row in rows
            ]
        )
        return
    for row in rows:
        good_for = ", ".join(row.bases) or "all bases"
        typer.echo(f"{row.id}  {row.role:<5}  {row.created}  {good_for}  {row.note}")
    if not rows:
        show.message("there are no tokens; make one: kb token add")


@command(tokens, "revoke")
def revoke(token_id: Annotated[str, typer.Argument(help="As kb token list shows it.")], home: Home = None) -> None:
    """Forget a token; servers refuse it at once."""
    Tokens(load_config(home=home).home).revoke(token_id)
    show.message(f"revoked {token_id}")


@command(serving)
def mcp(*, base: AnsweringBase) -> None:
    """Offer search, ask, list and read to an MCP client (Claude Desktop, editors ...) over stdin and stdout."""
    from ..server.mcp import mcp_server

    config = base.config()
    check_spec(config.llm, config.models)
    with base.open() as kb:
        mcp_server(kb).run("stdio")


def _server() -> ModuleType:
    try:
        from ..server import run as server
    except ImportError as error:
        raise MissingExtraError(Notice("The web server"), "ui") from error
    return server


def _run(config: Config, settings: Serving, *, browser: bool = False, any_port: bool = False) -> None:
    server = _server()
    bases = Bases(config)
    try:
        server.run(bases, settings, say=show.message, browser=browser, any_port=any_port)
    except ImportError as error:
        raise MissingExtraError(Notice("The page"), "ui") from error
