"""Options shared by several commands, in groups: a command takes one group parameter instead of each option.

Never a default that differs between two commands.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ...llm.generator import Sampling
from ...prompts.prompt import TaskName
from ...prompts.templates import Style
from ...retrieval.search.select import PER_DOCUMENT, Ordering
from ...retrieval.where import Where
from ..api import KnowledgeBase
from ..base.config import Config, load_config
from .commands import Options

if TYPE_CHECKING:
    from ..several import KnowledgeBases

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Home = Annotated[
    Path | None,
    typer.Option(
        help="Folder of all knowledge bases. [env: KB_HOME; default: the user's data folder]", show_default=False
    ),
]
StyleName = Annotated[
    Style,
    typer.Option("--style", help="How the model is told to answer: at once, thinking first, or shown an example."),
]
Lanes = Annotated[list[str] | None, typer.Option("--lane", metavar="LANE", help="Ask only bm25, dense or tfidf.")]
ChunkTokens = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Passages of about so many tokens of the embedder; 0: what suits it. The base remembers it.",
        show_default=False,
    ),
]


Store = Annotated[
    str | None,
    typer.Option(
        metavar="STORE",
        help="What keeps the vectors: chroma, http://…, qdrant://…, milvus://…, postgres://…, lance:… [env: KB_STORE]",
        show_default=False,
    ),
]
EmbedderSpec = Annotated[
    str | None,
    typer.Option(
        "--embedder",
        help="auto, multilingual, minilm, tfidf, a model folder or a Hugging Face name. [env: KB_EMBEDDER]",
        show_default=False,
    ),
]
Llm = Annotated[
    str | None,
    typer.Option(
        help="auto, extractive, a pulled model like smollm2, gguf:PATH, openai:URL#MODEL, hf:NAME. [env: KB_LLM]",
        show_default=False,
    ),
]
Lora = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="A LoRA adapter for that model: a GGUF file for gguf:, a folder for hf:. [env: KB_LORA]",
        show_default=False,
    ),
]
JudgeModel = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="An NLI cross-encoder on this machine checks answers: a folder or a Hugging Face name. [env: KB_JUDGE]",
        show_default=False,
    ),
]


@dataclass(frozen=True, slots=True)
class Place(Options):
    """Which knowledge base."""

    home: Home = None
    name: Annotated[
        str | None, typer.Option(help="Which knowledge base. [env: KB_NAME; default: default]", show_default=False)
    ] = None

    def config(self) -> Config:
        """Return the configuration from these options and the environment."""
        return load_config(**{field.name: getattr(self, field.name) for field in fields(self)})

    def open(self, **instead: str | None) -> KnowledgeBase:
        """Open the existing base they name, with ``instead`` overriding options."""
        return KnowledgeBase.open(must_exist=True, **self._given() | instead)

    def open_or_make(self) -> KnowledgeBase:
        """Open the base they name, which its first ingest makes."""
        return KnowledgeBase.open(must_exist=False, **self._given())

    def _given(self) -> dict[str, str | None]:
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "lora"}


@dataclass(frozen=True, slots=True)
class StoredBase(Place):
    """Which knowledge base, and what keeps its vectors."""

    store: Store = None


@dataclass(frozen=True, slots=True)
class Base(StoredBase):
    """Which knowledge base, and what embeds."""

    embedder: EmbedderSpec = None


@dataclass(frozen=True, slots=True)
class AnsweringBase(Base):
    """Which knowledge base, and what writes its answers."""

    llm: Llm = None
    lora: Lora = None
    judge: JudgeModel = None

    def open(self, **instead: str | None) -> KnowledgeBase:
        """Open the base; see ``Place``."""
        model = {"llm": self.config().llm} if self.lora else {}
        return Base.open(self, **model | instead)


@dataclass(frozen=True, slots=True)
class Bases(Options):
    """Which knowledge bases to search, one or several together, and what embeds."""

    home: Home = None
    name: Annotated[
        list[str] | None,
        typer.Option(
            help="Which knowledge base; several are searched together. [env: KB_NAME; default: default]",
            show_default=False,
        ),
    ] = None
    store: Store = None
    embedder: EmbedderSpec = None

    def open(self, **instead: str) -> KnowledgeBase | KnowledgeBases:
        """Open the named bases; see ``KnowledgeBase.open`` and ``KnowledgeBases.open``."""
        left = ("name", "lora")
        given = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in left} | instead
        names = self.name or []
        if len(names) > 1:
            from ..several import KnowledgeBases

            return KnowledgeBases.open(names, **given)
        return KnowledgeBase.open(names[0] if names else None, must_exist=True, **given)


@dataclass(frozen=True, slots=True)
class AnsweringBases(Bases):
    """Which knowledge bases to ask, one or several together, and what writes answers."""

    llm: Llm = None
    lora: Lora = None
    judge: JudgeModel = None

    def open(self, **instead: str) -> KnowledgeBase | KnowledgeBases:
        """Open the named bases after checking the model: a search in vain would take seconds.

        Raises:
            InputError: the spec is not a model, or its file does not exist.
            UnknownModelError: the model is not on this machine.
        """
        from ...llm.open import check_spec

        config = load_config(home=self.home, llm=self.llm, lora=self.lora)
        check_spec(config.llm, config.models)
        return Bases.open(self, **{"llm": config.llm} | instead)  # super() fails in a dataclass with slots


@dataclass(frozen=True, slots=True)
class Filters(Options):
    """Which documents to search."""

    source: Annotated[
        list[str] | None, typer.Option("--source", metavar="GLOB", help="Only these files, e.g. '*.pdf' or 'hr/*'.")
    ] = None
    language: Annotated[
        list[str] | None, typer.Option("--language", metavar="CODE", help="Only this language, e.g. zh.")
    ] = None
    media_type: Annotated[
        list[str] | None, typer.Option("--type", metavar="KIND", help="Only this kind of file, e.g. pdf.")
    ] = None
    page: Annotated[list[int] | None, typer.Option("--page", metavar="NUMBER", help="Only this page.")] = None
    meta: Annotated[
        list[str] | None,
        typer.Option(
            "--meta", metavar="KEY=VALUE", help="Only what says this of itself, e.g. tags=travel, 'date>=2024-06'."
        ),
    ] = None

    @property
    def where(self) -> Where:
        """The filter from these options."""
        given = (self.source, self.language, self.media_type, self.page, self.meta)
        return Where(*(tuple(each or ()) for each in given))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Shown(Options):
    """What of what is found is shown, and in which order."""

    rerank: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="A cross-encoder on this machine puts the best in order: a folder or a Hugging Face name. [env: KB_RERANK]",
            show_default=False,
        ),
    ] = None
    mmr: Annotated[
        float | None,
        typer.Option(
            metavar="0..1",
            help="Less of the same: 1 counts only what is relevant, 0 only what is new.",
            show_default=False,
        ),
    ] = None
    per_document: Annotated[
        int, typer.Option(help="Passages of one document before those of others; 0: any number.")
    ] = PER_DOCUMENT

    @property
    def ordering(self) -> Ordering:
        """The ordering from these options.

        Raises:
            InputError: an option is out of its range.
        """
        return Ordering(self.per_document or None, self.mmr, self.rerank or "")


_WRITING = Sampling()


@dataclass(frozen=True, slots=True)
class Writing(Options):
    """How a model writes."""

    temperature: Annotated[
        float | None,
        typer.Option(help="0: the likeliest word each time. [default: what suits the model]", show_default=False),
    ] = _WRITING.temperature
    top_k: Annotated[int | None, typer.Option(help="Choose among this many tokens.", show_default=False)] = (
        _WRITING.top_k
    )
    top_p: Annotated[
        float | None, typer.Option(help="Choose among the likeliest of this mass.", show_default=False)
    ] = _WRITING.top_p
    min_p: Annotated[
        float | None, typer.Option(help="Not what is less likely than this share of the likeliest.", show_default=False)
    ] = _WRITING.min_p
    repeat_penalty: Annotated[float | None, typer.Option(help="Above 1: repeat less.", show_default=False)] = (
        _WRITING.repeat_penalty
    )
    presence_penalty: Annotated[
        float | None, typer.Option(help="Above 0: fewer words that were written already.", show_default=False)
    ] = _WRITING.presence_penalty
    seed: Annotated[int, typer.Option(help="For temperatures above 0.")] = _WRITING.seed
    min_tokens: Annotated[int, typer.Option(help="Shortest answer.")] = _WRITING.min_tokens
    max_tokens: Annotated[int, typer.Option(help="Longest answer.")] = _WRITING.max_tokens
    stop: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="End before this; may be repeated.", show_default=False)
    ] = None
    banned: Annotated[
        list[str] | None,
        typer.Option("--ban", metavar="TEXT", help="Never write this; may be repeated.", show_default=False),
    ] = None
    strategy: Annotated[
        Literal["auto", "greedy", "sample", "beam"], typer.Option(help="auto: greedy at temperature 0, else sample.")
    ] = _WRITING.strategy
    n_beams: Annotated[int, typer.Option("--beams", help="More than 1 only with --strategy beam.")] = _WRITING.n_beams
    n_samples: Annotated[
        int, typer.Option("--samples", help="Ask the model so often, and take what most of its answers say.")
    ] = _WRITING.n_samples
    first_word_s: Annotated[
        float,
        typer.Option(
            "--first-word",
            metavar="SECONDS",
            help="So long may the model read before its first word; it is given fewer passages, if need be the quotes alone.",
        ),
    ] = _WRITING.first_word_s
    style: StyleName = "plain"
    strict: Annotated[bool, typer.Option("--strict", help="Leave out sentences that no passage bears out.")] = False
    task: Annotated[
        TaskName | None,
        typer.Option(help="What to do; unless given, what the question clearly asks for.", show_default=False),
    ] = None

    @property
    def sampling(self) -> Sampling:
        """The sampling settings from these options.

        Raises:
            InputError: a setting is out of its range.
        """
        settings = {field.name: getattr(self, field.name) for field in fields(Sampling)}
        return Sampling(**settings | {"stop": tuple(self.stop or ()), "banned": tuple(self.banned or ())})
