"""``kb why``, ``kb why-not``, ``kb eval``, ``kb reindex`` and ``kb gc``: retrieval explained, measured and moved."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..ingest.errors import InputError
from ..retrieval.explain import Candidate, Why, WhyNot, why, why_not
from . import show
from .api import KnowledgeBase
from .cli_options import AsJson, EmbedderSpec, Home, Language, MediaType, Name, Page, Source, Store, filter_of

evaluation = typer.Typer(rich_markup_mode=None)

Lanes = Annotated[list[str] | None, typer.Option("--lane", help="Ask only bm25, dense or tfidf.")]
K = Annotated[int, typer.Option("-k", help="How many passages.")]


@evaluation.command("why")
def why_(
    question: Annotated[str, typer.Argument(help="As for kb search.")],
    k: K = 10,
    lanes: Lanes = None,
    source: Source = None,
    language: Language = None,
    media_type: MediaType = None,
    page: Page = None,
    embedder: EmbedderSpec = None,
    store: Store = None,
    home: Home = None,
    name: Name = None,
    as_json: AsJson = False,
) -> None:
    """Show every candidate of a search: what each lane said of it, and the rule that cut it."""
    where = filter_of(source, language, media_type, page)
    with KnowledgeBase.open(name, home=home, embedder=embedder, store=store, must_exist=True) as kb:
        explained = why(kb.searcher, question, k, lanes or None, where)
    if as_json:
        show.dump(explained)
    else:
        _show_why(explained)


@evaluation.command("why-not")
def why_not_(
    expected: Annotated[
        str, typer.Argument(metavar="SOURCE", help="The file that was expected, or the end of its path.")
    ],
    question: Annotated[str, typer.Argument(help="As for kb search.")],
    k: K = 10,
    lanes: Lanes = None,
    source: Source = None,
    language: Language = None,
    media_type: MediaType = None,
    page: Page = None,
    embedder: EmbedderSpec = None,
    store: Store = None,
    home: Home = None,
    name: Name = None,
    as_json: AsJson = False,
) -> None:
    """Explain why a file is not among the passages that a search shows."""
    where = filter_of(source, language, media_type, page)
    with KnowledgeBase.open(name, home=home, embedder=embedder, store=store, must_exist=True) as kb:
        explained = why_not(kb.catalog, kb.searcher, expected, question, k, lanes or None, where)
    if as_json:
        show.dump(explained)
    else:
        _show_why_not(explained)


@evaluation.command()
def reindex(
    embedder: EmbedderSpec = None,
    rollback: Annotated[bool, typer.Option("--rollback", help="Go back to the embedder before.")] = False,
    store: Store = None,
    home: Home = None,
    name: Name = None,
    as_json: AsJson = False,
) -> None:
    """Move to another embedder, from stored text, while the old one answers; run it again if it was interrupted."""
    if (embedder is None) != rollback:
        raise InputError("say where to move: kb reindex --embedder NAME, or kb reindex --rollback")
    with (
        KnowledgeBase.open(name, home=home, embedder="auto", store=store, must_exist=True) as kb,
        show.progress() as progress,
    ):
        if embedder is None:
            moved = kb.rollback(progress=progress, say=show.message)
        else:
            moved = kb.reindex(embedder, progress=progress, say=show.message)
    if as_json:
        show.dump(moved)
        return
    typer.echo(
        f"moved from {moved.previous} to {moved.embedder}: {moved.n_documents} documents, {moved.n_chunks} passages, "
        f"{moved.n_embedded} newly embedded; {moved.seconds:.1f} s"
    )
    show.message("to go back: kb reindex --rollback; to free what the old one needs: kb gc")


@evaluation.command()
def gc(store: Store = None, home: Home = None, name: Name = None, as_json: AsJson = False) -> None:
    """Free what belongs to embedders that do not serve any more."""
    with KnowledgeBase.open(name, home=home, embedder="auto", store=store, must_exist=True) as kb:
        freed = kb.gc()
    if as_json:
        show.dump(freed)
        return
    typer.echo(
        f"freed {freed.bytes / 1e6:.1f} MB: {freed.n_vectors} vectors, {freed.n_spare_chunks} passages kept to go back, "
        f"{len(freed.collections)} vector indexes"
    )


def _show_why(explained: Why) -> None:
    weights = ", ".join(
        f"{lane} x {weight:.2f}" for lane, weight in zip(explained.lanes, explained.weights, strict=True)
    )
    typer.echo(f"score = sum of z x weight: {weights}")
    typer.echo(f"{'rank':>4} {'shown':>5} {'score':>7}  {_columns(explained)}  passage")
    for candidate in explained.candidates:
        typer.echo(_line(candidate))
    for note in explained.notes:
        show.message(f"note: {note}")


def _columns(explained: Why) -> str:
    return "  ".join(f"{lane:>6} {'score':>7} {'z':>6}" for lane in explained.lanes)


def _line(candidate: Candidate) -> str:
    votes = "  ".join(
        f"{f'#{vote.rank}' if vote.rank else '-':>6} {vote.score:7.3f} {vote.z:6.2f}" for vote in candidate.votes
    )
    place = candidate.place or "-"
    passage = f"{Path(candidate.chunk.source).name} ({candidate.chunk.start}-{candidate.chunk.stop})"
    rule = f"  cut: {candidate.cut}" if candidate.cut else ""
    rule += f" ({Path(candidate.repeats).name})" if candidate.repeats else ""
    rule += "  holds the question word for word" if candidate.verbatim else ""
    return f"{candidate.rank:>4} {place:>5} {candidate.score:7.3f}  {votes}  {passage}{rule}"


def _show_why_not(explained: WhyNot) -> None:
    typer.echo(f"{explained.source}: {explained.fate}\n{explained.reason}")
    for note in explained.notes:
        show.message(f"note: {note}")
