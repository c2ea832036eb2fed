"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..retrieval.where import Where

Home = Annotated[
    Path | None,
    typer.Option(
        help="Folder of all knowledge bases. [env: KB_HOME; default: the user's data folder]", show_default=False
    ),
]
Name = Annotated[
    str | None, typer.Option(help="Which knowledge base. [env: KB_NAME; default: default]", show_default=False)
]
EmbedderSpec = Annotated[
    str | None,
    typer.Option(
        "--embedder",
        help="auto, minilm, tfidf, a model folder or a Hugging Face name. [env: KB_EMBEDDER]",
        show_default=False,
    ),
]
Llm = Annotated[
    str | None,
    typer.Option(help="auto, extractive, gguf:PATH, openai:URL#MODEL, hf:NAME. [env: KB_LLM]", show_default=False),
]
Store = Annotated[
    str | None, typer.Option(help="A Chroma server, http://host:port. [env: KB_STORE]", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Source = Annotated[
    list[str] | None, typer.Option("--source", metavar="GLOB", help="Only these files, e.g. '*.pdf' or 'hr/*'.")
]
Language = Annotated[list[str] | None, typer.Option("--language", help="Only this language, e.g. zh.")]
MediaType = Annotated[list[str] | None, typer.Option("--type", help="Only this kind of file, e.g. pdf.")]
Metadata = Annotated[
    list[str] | None,
    typer.Option(
        "--meta", metavar="KEY=VALUE", help="Only what says this of itself, e.g. tags=travel, 'date>=2024-06'."
    ),
]
Page = Annotated[list[int] | None, typer.Option("--page", help="Only this page.")]


def filter_of(
    source: list[str] | None,
    language: list[str] | None,
    media_type: list[str] | None,
    page: list[int] | None,
    metadata: list[str] | None = None,
) -> Where:
    """Return the filter that the options of a command make."""
    return Where(
        tuple(source or ()), tuple(language or ()), tuple(media_type or ()), tuple(page or ()), tuple(metadata or ())
    )
