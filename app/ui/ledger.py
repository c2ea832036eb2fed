"""Documents become HTML: the ledger of a base, and an ingest as it goes on.

Comes in: ledgers, steps, reports. Goes out: HTML. Never: a page or a file that is left out without word of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

from ...ingest.document import IngestReport, Page
from ..base.status import FileLedger, Status
from .html import escape, worded
from .state import Texts

SHOWN = 200
_READ = "read"


def drop_zone(texts: Texts) -> str:
    """Return where files and folders are dropped or chosen."""
    states = "".join(f' data-{key}="{texts[f"file_{key}"]}"' for key in ("waiting", "sending", "sent", "failed"))
    return (
        f'<div class="kb-zone" data-retry="{texts["retry"]}"{states}><p>{texts["upload"]}</p>'
        f'<button type="button" data-opens="kb-files">{texts["choose_files"]}</button>'
        f'<button type="button" data-opens="kb-folder">{texts["choose_folder"]}</button>'
        f'<input type="file" id="kb-files" multiple hidden aria-label="{texts["choose_files"]}">'
        f'<input type="file" id="kb-folder" webkitdirectory hidden aria-label="{texts["choose_folder"]}">'
        f'</div><ul class="kb-queue" aria-label="{texts["upload"]}"></ul>'
    )


def documents(rows: Sequence[FileLedger], status: Status, texts: Texts, only: str = "") -> str:
    """Return the table of documents whose name contains ``only``, failures first."""
    if not rows:
        return f'<p class="kb-none">{texts["none"]}</p>'
    chosen = [row for row in rows if only.casefold() in row.source.casefold()]
    chosen.sort(key=lambda row: row.outcome in (_READ, "archive"))
    counts = texts["counts"].format(documents=status.n_documents, chunks=status.n_chunks, failed=status.n_failed)
    body = "".join(_row(row, texts) for row in chosen[:SHOWN])
    hidden = len(chosen) - SHOWN
    more = f"<p>{texts['more'].format(n=hidden)}</p>" if hidden > 0 else ""
    heads = "".join(f'<th scope="col">{texts[key]}</th>' for key in ("file", "state", "detail", "actions"))
    return (
        f'<p class="kb-counts">{counts}</p><table class="kb-documents"><caption class="kb-sr">{texts["documents"]}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>{more}"
    )


def progress(stage: str, done: int, total: int, files: Mapping[str, str], texts: Texts) -> str:
    """Return how far an ingest has come; ``files``: name to ``waiting``, ``reading``, ``read`` or ``failed``."""
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
    summary = texts["done"].format(s=f"{done.seconds:.1f}", **counts)
    return f'<div class="kb-report" role="status"><p>{summary}</p><ul>{failures}{notes}</ul></div>'


def _row(row: FileLedger, texts: Texts) -> str:
    name = Path(row.source).name
    failed = row.outcome not in (_READ, "archive")
    buttons = _button("retry", row.source, texts["retry_name"].format(name=name), texts["retry"]) if failed else ""
    gone = texts["delete_name"].format(name=name)
    buttons += _button("forget", row.source, gone, texts["delete"], f' data-sure="{texts["sure"]}"')
    state = f'<span class="kb-state {"kb-bad" if failed else "kb-ok"}">{escape(_state(row, texts))}</span>'
    return (
        f'<tr><th scope="row" title="{escape(row.source)}">{escape(name)}<small>{escape(str(Path(row.source).parent))}'
        f"</small></th><td>{state}</td><td>{_detail(row, texts)}</td><td>{buttons}</td></tr>"
    )


def _state(row: FileLedger, texts: Texts) -> str:
    return texts.get(f"outcome_{row.outcome}", row.outcome)


def _button(event: str, source: str, label: str, text: str, more: str = "") -> str:
    return (
        f'<button type="button" class="kb-delete" data-event="{event}" data-source="{escape(source)}"'
        f' aria-label="{escape(label)}"{more}>{text}</button>'
    )


def _detail(row: FileLedger, texts: Texts) -> str:
    notes = texts["semicolon"].join(worded(note, texts) for note in row.notes)
    if not row.pages:
        return escape(notes)
    unread = [page for page in row.pages if page.how in ("empty", "garbled", "failed")]
    summary = texts["pages"].format(n=len(row.pages))
    summary += " · " + texts["pages_unread"].format(n=len(unread)) if unread else ""
    groups = "".join(
        _pages(list(pages), texts) for _, pages in groupby(row.pages, lambda page: (page.how, page.reason))
    )
    return (
        f'<details class="kb-pages"><summary>{escape(summary)}</summary><ul>{groups}</ul></details>'
        f"{f'<small>{escape(notes)}</small>' if notes else ''}"
    )


def _pages(pages: list[Page], texts: Texts) -> str:
    first, last = pages[0].number, pages[-1].number
    numbers = texts["page"].format(n=first if first == last else f"{first}–{last}")
    reason = f": {worded(pages[0].reason, texts)}" if pages[0].reason else ""
    return f"<li>{escape(numbers)} – {texts[f'how_{pages[0].how}']}{escape(reason)}</li>"
