"""``kb models``: what is on this machine, and the one command that downloads."""

from __future__ import annotations

from typing import Annotated

import typer

from ..retrieval.models import list_models, pull
from . import show
from .cli_options import AsJson, Home
from .config import load_config

models = typer.Typer(help="Models on this machine.", no_args_is_help=True, rich_markup_mode=None)


@models.command("list")
def list_(home: Home = None, as_json: AsJson = False) -> None:
    """List the embedding models that --embedder can use."""
    show.models(list_models(load_config(home=home).models), as_json=as_json)


@models.command("pull")
def pull_(
    name: Annotated[str, typer.Argument(help="A Hugging Face name, e.g. BAAI/bge-m3.")], home: Home = None
) -> None:
    """Download an embedding model; the only command that uses the network."""
    show.message(f"pulled {name} to {pull(name, load_config(home=home).models)}")
