"""``kb ingest``: files into the knowledge base."""

from __future__ import annotations

import signal
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from ...ingest.errors import InputError
from ...ingest.run.pool import Limits
from ...ingest.run.sync import Selection
from ...ingest.text.redact import KINDS
from ..api import KnowledgeBase
from ..base.config import Config
from . import show
from .commands import SOME_FILES_FAILED, Options, command, commands
from .options import AsJson, Base, ChunkTokens

ingesting = commands()


@dataclass(frozen=True, slots=True)
class Which(Options):
    """Which files are read."""

    include: Annotated[list[str] | None, typer.Option(help="Only files that match, e.g. '*.pdf'.")] = None
    exclude: Annotated[list[str] | None, typer.Option(help="Not what matches, e.g. 'drafts'.")] = None
    keep: Annotated[bool, typer.Option("--keep", help="Keep what vanished from disk.")] = False
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove what vanished also where a whole folder did: no drive is missing.")
    ] = False
    force: Annotated[bool, typer.Option("--force", help="Read all files again.")] = False
    checksum: Annotated[
        bool, typer.Option("--checksum", help="Tell what changed by content, not by size and time alone.")
    ] = False


@dataclass(frozen=True, slots=True)
class Reading(Options):
    """How files are read, and how large the passages are that they become."""

    redact: Annotated[
        str | None,
        typer.Option(
            metavar="KINDS",
            help=f"Replace personal data before anything is stored: {','.join(KINDS)}; off. [default: as the last time]",
            show_default=False,
        ),
    ] = None
    boilerplate: Annotated[
        bool | None,
        typer.Option(
            "--boilerplate/--no-boilerplate",
            help="Keep cookie notices, copyright lines, share prompts and legal footers of mail. [default: as the last time]",
            show_default=False,
        ),
    ] = None
    meta: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="Say of these files, e.g. author=Li or tags=hr,2026.")
    ] = None
    encoding: Annotated[
        str, typer.Option(help="Of the text files, if it is not found out rightly; auto: find out.", show_default=False)
    ] = ""
    chunk_tokens: ChunkTokens = None


@dataclass(frozen=True, slots=True)
class Cost(Options):
    """What reading may cost."""

    workers: Annotated[
        int, typer.Option(min=-1, help="Processes that read; -1: one a core, 0: none, and no limits.")
    ] = -1
    timeout: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Give a file up after so long, and 10 s for each MB. [env: KB_TIMEOUT; default: 120]",
            show_default=False,
        ),
    ] = None
    memory: Annotated[
        float | None,
        typer.Option(
            metavar="MB",
            help="Give a file up that takes more to read. [env: KB_MEMORY; default: 4096]",
            show_default=False,
        ),
    ] = None

    def limits(self, config: Config) -> Limits:
        """Return the limits for reading a file, these options overriding the configuration."""
        if self.timeout is not None:
            config = replace(config, timeout=str(self.timeout))
        if self.memory is not None:
            config = replace(config, memory=str(self.memory))
        return config.limits


@command(ingesting)
def ingest(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files, folders and globs. [default: ./knowledge_base]")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on: take in every change, until Ctrl-C.")] = False,
    *,
    which: Which,
    reading: Reading,
    cost: Cost,
    base: Base,
    as_json: AsJson = False,
) -> None:
    """Read files into the knowledge base; again, only what changed is read."""
    if not paths:
        paths = [Path("knowledge_base")]
        if not paths[0].is_dir():
            raise InputError("no path was given and there is no ./knowledge_base here; run: kb ingest PATH")
    selection = Selection(
        tuple(which.include or ()),
        tuple(which.exclude or ()),
        delete=not which.keep,
        prune=which.prune,
        force=which.force,
        checksum=which.checksum,
        dry_run=dry_run,
        redact=None if reading.redact is None else _kinds(reading.redact),
        boilerplate=reading.boilerplate,
        metadata=dict(map(_pair, reading.meta or ())),
        encoding=reading.encoding,
        chunk_tokens=reading.chunk_tokens,
        workers=cost.workers,
        limits=cost.limits(base.config()),
    )
    failed = False
    with base.open_or_make() as kb:
        if watch and not dry_run:
            _follow(kb, paths, selection, as_json=as_json)
            return
        with show.progress() as progress:
            report = kb.ingest(paths, selection=selection, progress=progress, say=show.message)
        show.report(report, as_json=as_json)
        failed = bool(report.failed)
        if not any((report.added, report.updated, report.unchanged, report.removed, report.failed)):
            show.message(
                "no file was found there; hidden files, and what --include or --exclude leave out, are not read"
            )
    if failed:
        raise typer.Exit(SOME_FILES_FAILED)


def _follow(kb: KnowledgeBase, paths: list[Path], selection: Selection, *, as_json: bool) -> None:
    from ..watch import watch

    counts = dict.fromkeys(("added", "updated", "removed"), 0)
    stop = Event()

    def end(*_: object) -> None:
        """Let the current ingest finish; a second Ctrl-C interrupts it."""
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stop.set()

    for report in watch(kb, paths, selection=selection, say=show.message, stop=stop):
        show.report(report, as_json=as_json)
        for kind in counts:
            counts[kind] += len(getattr(report, kind))
        if not stop.is_set():
            signal.signal(signal.SIGINT, end)
            show.message("watching; Ctrl-C ends")
    show.message("watched: " + ", ".join(f"{count} {kind}" for kind, count in counts.items()))


def _kinds(text: str) -> tuple[str, ...]:
    return () if text == "off" else tuple(filter(None, (kind.strip() for kind in text.split(","))))


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise InputError(
            "{text!r} says nothing of a file; write --meta KEY=VALUE, for example --meta author=Li", text=text
        )
    return key.strip().lower(), value.strip()
