"""Renders the documents of a base, and an ingest in progress, as HTML. No page or file is omitted silently."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from ...ingest.document import IngestReport, Page
from ...ingest.store.sources import SourceRow
from ...retrieval.lanes.view import pending_note
from ..base.status import FileLedger, Status
from ..i18n.texts import Texts
from .html import worded
from .view.markdown import escape
from .view.sections import counted, located, unit_of

SHOWN = 200
_READ = "read"
_STRUCK = re.compile(r"~~(.+?)~~")
_ENCODING = re.compile(r"[a-z][a-z0-9_-]*")
"""A note of one word is the name of an encoding."""


def drop_zone(texts: Texts) -> str:
    """Return the drop zone for files and folders."""
    states = "".join(f' data-{key}="{texts[f"file_{key}"]}"' for key in ("waiting", "sending", "sent", "failed"))
    return (
        f'<div class="kb-zone" data-retry="{texts["retry"]}"{states}><p>{texts["upload"]}</p>'
        f'<button type="button" data-opens="kb-files">{texts["choose_files"]}</button>'
        f'<button type="button" data-opens="kb-folder">{texts["choose_folder"]}</button>'
        f'<input type="file" id="kb-files" multiple hidden aria-label="{texts["choose_files"]}">'
        f'<input type="file" id="kb-folder" webkitdirectory hidden aria-label="{texts["choose_folder"]}">'
        f'</div><ul class="kb-queue" aria-label="{texts["upload"]}"></ul>'
    )


Order = tuple[str, bool]
"""The column that documents are sorted by, and whether descending."""
FAILED_FIRST: Order = ("state", False)


def _failed(row: FileLedger, _: SourceRow) -> tuple[object, ...]:
    return (row.outcome in (_READ, "archive"),)


ORDERS: Mapping[str, Callable[[FileLedger, SourceRow], tuple[object, ...]]] = {
    "file": lambda row, _: (Path(row.source).name.casefold(),),
    "state": _failed,
    "size": lambda _, known: (known.size,),
    "date": lambda _, known: (known.mtime_ns,),
    "detail": lambda row, _: (len(row.pages),),
}
"""The sort keys for documents."""


def documents(
    rows: Sequence[FileLedger],
    known: Mapping[str, SourceRow],
    status: Status,
    texts: Texts,
    only: str | None = "",
    order: Order = FAILED_FIRST,
) -> str:
    """Return the table of documents whose name or title contains ``only``, failures first by default."""
    if not rows:
        return f'<p class="kb-none">{texts["none"]}</p>'
    wanted = (only or "").casefold()  # Gradio passes None for a box that was not shown yet
    chosen = [
        row for row in rows if wanted in row.source.casefold() or wanted in row.metadata.get("title", "").casefold()
    ]
    by, downwards = order
    chosen.sort(key=lambda row: ORDERS[by](row, known[row.source]), reverse=downwards)
    counts = texts["counts"].format(documents=status.n_documents, chunks=status.n_chunks, failed=status.n_failed)
    if pending := _pending(status.n_chunks, status.n_pending, texts):
        counts += f" · {pending}"
    body = "".join(_row(row, known[row.source], texts) for row in chosen[:SHOWN])
    hidden = len(chosen) - SHOWN
    more = f"<p>{texts['more'].format(n=hidden)}</p>" if hidden > 0 else ""
    heads = "".join(_head(key, order, texts) for key in ORDERS) + f'<th scope="col">{texts["actions"]}</th>'
    if not chosen:
        return f'<p class="kb-counts">{counts}</p><p class="kb-none" role="status">{texts["none_such"]}</p>'
    return (
        f'<p class="kb-counts">{counts}</p><table class="kb-documents"><caption class="kb-sr">{texts["documents"]}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>{more}"
    )


def progress(stage: str, done: int, total: int, files: Mapping[str, str], texts: Texts) -> str:
    """Return the progress of an ingest; ``files``: name to ``waiting``, ``reading``, ``read`` or ``failed``."""
    share = 100 * done // total if total else 0
    rows = "".join(
        f'<li class="kb-file-{state}"><span>{escape(name)}</span><i>{texts[f"file_{state}"]}</i></li>'
        for name, state in list(files.items())[:SHOWN]
    )
    label = f"{texts[f'stage_{stage}']} {done}/{total}"
    return (
        f'<div class="kb-progress"><div role="status"><b>{label}</b></div>'
        f'<div class="kb-bar" role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-valuenow="{share}" '
        f'aria-label="{label}"><i style="width:{share}%"></i></div><ul class="kb-files">{rows}</ul></div>'
    )


def report(done: IngestReport, texts: Texts) -> str:
    """Return what an ingest did, with the reason of every failure."""
    counts = {kind: len(getattr(done, kind)) for kind in ("added", "updated", "unchanged", "failed")}
    failures = "".join(
        f'<li class="kb-failed"><b>{escape(Path(failure.source).name)}</b> {escape(worded(failure.reason, texts))}</li>'
        for failure in done.failed
    )
    notes = "".join(f"<li>{escape(worded(note, texts))}</li>" for note in done.notes)
    notes += "".join(f"<li>{note}</li>" for note in (_pending(done.n_chunks, done.n_pending, texts),) if note)
    summary = texts["done"].format(s=f"{done.seconds:.1f}", **counts)
    return f'<div class="kb-report" role="status"><p>{summary}</p><ul>{failures}{notes}</ul></div>'


def _pending(n: int, n_pending: int, texts: Texts) -> str:
    return escape(worded(pending_note(n - n_pending, n_pending), texts)) if n_pending else ""


def _head(key: str, order: Order, texts: Texts) -> str:
    sorted_so = {(key, False): "ascending", (key, True): "descending"}.get(order, "none")
    arrow = {"ascending": " ↑", "descending": " ↓"}.get(sorted_so, "")
    return (
        f'<th scope="col" aria-sort="{sorted_so}"><button type="button" class="kb-sort" data-event="sort" data-by="{key}">'
        f"{texts[key]}{arrow}</button></th>"
    )


def _row(row: FileLedger, known: SourceRow, texts: Texts) -> str:
    name = Path(row.source).name
    failed = row.outcome not in (_READ, "archive")
    buttons = _button("retry", row.source, texts["retry_name"].format(name=name), texts["retry"]) if failed else ""
    gone = texts["delete_name"].format(name=name)
    buttons += _button("forget", row.source, gone, texts["delete"], f' data-sure="{texts["sure"]}"')
    state = f'<span class="kb-state kb-{"bad" if failed else "ok"}">{_state(row, texts)}</span>'
    shown = escape(name)
    if row.outcome == _READ:
        shown = f'<button type="button" class="kb-opens" data-event="read" data-source="{escape(row.source)}">{shown}</button>'
    title = row.metadata.get("title", "")
    below = escape(title if title and title != name else str(Path(row.source).parent))
    day = datetime.fromtimestamp(known.mtime_ns / 1e9, UTC).strftime("%Y-%m-%d") if known.mtime_ns > 0 else ""
    return (
        f'<tr><th scope="row" title="{escape(row.source)}">{shown}<small>{below}</small></th><td>{state}</td>'
        f"<td>{size(known.size)}</td><td>{day}</td><td>{_detail(row, texts)}</td><td>{buttons}</td></tr>"
    )


def size(n: int) -> str:
    """Return a number of bytes in human-readable form."""
    left, unit = float(n), "B"
    for unit in ("B", "kB", "MB", "GB"):  # noqa: B007  the last one is used
        if left < 1000:  # noqa: PLR2004  of a unit
            break
        left /= 1000
    return f"{left:.0f} {unit}" if unit == "B" or left >= 10 else f"{left:.1f} {unit}"  # noqa: PLR2004  two figures


def _state(row: FileLedger, texts: Texts) -> str:
    return texts.get(f"outcome_{row.outcome}", row.outcome)


def _button(event: str, source: str, label: str, text: str, more: str = "") -> str:
    return (
        f'<button type="button" class="kb-delete" data-event="{event}" data-source="{escape(source)}"'
        f' aria-label="{escape(label)}"{more}>{text}</button>'
    )


def _detail(row: FileLedger, texts: Texts) -> str:
    notes = texts["semicolon"].join(_note(note, texts) for note in row.notes)
    if not row.pages:
        return notes
    unread = [page for page in row.pages if page.how in ("empty", "garbled", "failed")]
    summary = counted(row.source, len(row.pages), texts)
    summary += " · " + texts["pages_unread"].format(n=len(unread)) if unread else ""
    groups = "".join(
        _pages(row.source, list(pages), texts) for _, pages in groupby(row.pages, lambda page: (page.how, page.reason))
    )
    return (
        f'<details class="kb-pages"><summary>{escape(summary)}</summary><ul>{groups}</ul></details>'
        f"{f'<small>{notes}</small>' if notes else ''}"
    )


def _note(note: str, texts: Texts) -> str:
    """Return a note as HTML, with what is struck out in it shown so; an encoding is said to be one."""
    said = texts["encoding"].format(name=note) if _ENCODING.fullmatch(note) else worded(note, texts)
    return _STRUCK.sub(r"<s>\1</s>", escape(said))


def _pages(source: str, pages: list[Page], texts: Texts) -> str:
    first, last = pages[0].number, pages[-1].number
    several = texts[f"{unit_of(source)}_range"].format(first=first, last=last)
    numbers = located(source, first, texts) if first == last else several
    reason = f": {worded(pages[0].reason, texts)}" if pages[0].reason else ""
    return f"<li>{escape(numbers)} – {texts[f'how_{pages[0].how}']}{escape(reason)}</li>"
