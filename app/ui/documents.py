"""Handlers for the documents of a base in the browser: upload, retry, delete.

Never a file of this computer that was not uploaded, or an action that the visitor's role does not allow.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import gradio as gr

from ...ingest.document import IngestReport, Progress, Step
from ...ingest.errors import InputError, KBError
from ...ingest.run.sync import Selection
from ..api import KnowledgeBase
from ..base.rename import UPLOADS
from ..hosting.bases import Bases, forget
from ..hosting.uploads import keep
from ..hosting.worker import in_turn
from ..i18n.texts import Texts
from . import html as ui_html
from . import ledger as ui_ledger
from .ledger import ORDERS, Order
from .parts import Shown, held
from .state import demand, sent, texts_of

MAX_FILES = 500
"""The page's script sends more in batches."""

_REFRESH_S = 0.1
_LOOK_S = 1.0
_Run = Callable[[Progress], IngestReport]
_Said = Step | Literal["busy"] | IngestReport | BaseException


class Documents:
    """The handlers of the documents tab."""

    def __init__(self, bases: Bases, uploaded: Callable[[], Path]) -> None:
        """Take the bases, and a function returning the folder where uploads arrive."""
        self.bases = bases
        self._uploaded = uploaded

    def show(self, base: str, only: str, order: Order, request: gr.Request) -> Shown:
        """Show the documents whose name contains ``only``."""
        return {"table": table(self.bases.get(base), texts_of(request), only, order)}

    def sort(self, base: str, only: str, order: Order, event: gr.EventData, request: gr.Request) -> Shown:
        """Sort the documents by the clicked column; a second click reverses the order."""
        by = str(sent(event).get("by", ""))
        if by not in ORDERS:
            return {}
        order = (by, order[0] == by and not order[1])
        return {"order": order} | self.show(base, only, order, request)

    def upload(self, base: str, only: str, order: Order, event: gr.EventData, request: gr.Request) -> Iterator[Shown]:
        """Ingest the files that the script sent, showing each of them from the start."""
        texts, files = texts_of(request), list[tuple[str, Path]]()
        try:
            demand(request, "write")
            files = _files(sent(event).get("files"), self._uploaded())
            kb = self.bases.get(base)
            waiting = dict.fromkeys((name for name, _ in files), "waiting")
            yield {"progress": ui_ledger.progress("save", 0, len(files), waiting, texts)}
            names = {str(place): name for place, (name, _) in zip(keep(kb, files), files, strict=True)}
            read: _Run = lambda step: kb.ingest([kb.config.folder / UPLOADS], progress=step, later=True)  # noqa: E731
            yield from self._ingest(kb, read, names, (only, order), texts)
        except KBError as error:
            for _, path in files:
                path.unlink(missing_ok=True)  # what is in the base was moved
            yield {"progress": ui_html.problem(str(error), texts)}

    def retry(self, base: str, only: str, order: Order, event: gr.EventData, request: gr.Request) -> Iterator[Shown]:
        """Ingest a failed file again."""
        texts = texts_of(request)
        try:
            kb, source = self.bases.get(base), str(sent(event).get("source", ""))
            known = {row.source: row for row in kb.sources()}
            if source not in known:
                raise InputError("{source!r} is not in the knowledge base; reload the page", source=source)
            path = known[source].archive or source
            # Whoever made an imported base chose its source paths: only admins may read from them.
            uploaded = Path(path).resolve().is_relative_to((kb.config.folder / UPLOADS).resolve())
            demand(request, "write" if uploaded else "admin")
            again: _Run = lambda step: kb.ingest([path], selection=Selection(force=True), progress=step, later=True)  # noqa: E731
            yield from self._ingest(kb, again, {path: Path(path).name}, (only, order), texts)
        except KBError as error:
            shown = table(self.bases.get(base), texts, only, order)
            yield {"progress": ui_html.problem(str(error), texts), "table": shown}

    def forget(self, base: str, only: str, order: Order, event: gr.EventData, request: gr.Request) -> Shown:
        """Forget the document that was clicked."""
        texts = texts_of(request)
        source = str(sent(event).get("source", ""))
        kb = self.bases.get(base)
        try:
            demand(request, "write")
            forget(kb, source)
        except KBError as error:
            return {"progress": ui_html.problem(str(error), texts), "table": table(kb, texts, only, order)}
        gone = ui_html.message(texts["removed"].format(name=Path(source).name))
        return {"progress": gone, "table": table(kb, texts, only, order), "filled": held(kb)}

    def _ingest(
        self, kb: KnowledgeBase, run: _Run, names: dict[str, str], shown: tuple[str, Order], texts: Texts
    ) -> Iterator[Shown]:
        """Show the progress of a run; ``names``: file labels by path; ``shown``: filter and sort order of the documents."""
        steps: queue.Queue[_Said] = queue.Queue()
        threading.Thread(target=_work, args=(run, steps), daemon=True).start()
        files = _Files(names)
        while isinstance(said := _latest(steps, files), Step | str):
            if isinstance(said, str):
                yield {"progress": ui_html.message(texts["busy"])}
                continue
            yield {"progress": ui_ledger.progress(said.stage, said.done, said.total, files.states, texts)}
        if isinstance(said, BaseException):
            raise said
        report = ui_ledger.report(files.of(said), texts)
        yield {"progress": report, "table": table(kb, texts, *shown), "filled": held(kb)}


class _Files:
    """The state of each file in a run so far."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names
        self._failed: int | None = None
        self.states = dict.fromkeys(names.values(), "waiting")

    def take(self, step: Step) -> None:
        """Update the states from a step; a failed file raises the failure count."""
        if step.stage == "read" and step.source in self._names:
            name = self._names[step.source]
            failed = self.states[name] == "failed" or (self._failed is not None and step.failed > self._failed)
            self.states[name] = "failed" if failed else "read"
        self._failed = step.failed if step.stage == "read" else self._failed

    def of(self, report: IngestReport) -> IngestReport:
        """Return the report without failures of files outside this run."""
        mine = [one for one in report.failed if one.source.partition("!")[0] in self._names]
        return replace(report, failed=tuple(mine))


def table(kb: KnowledgeBase, texts: Texts, only: str = "", order: Order = ui_ledger.FAILED_FIRST) -> str:
    """Return the table of a base's documents."""
    ledger, known = kb.ledger(), {row.source: row for row in kb.sources()}
    there = [entry for entry in ledger if entry.source in known]  # an ingest may be removing some
    return ui_ledger.documents(there, known, kb.status(), texts, only, order)


def _files(given: object, uploaded: Path) -> list[tuple[str, Path]]:
    """Return (name, path) of the files that the script says it sent.

    Raises:
        InputError: there are too many, or a path is not that of an upload.
    """
    rows = given if isinstance(given, list) else []
    if not rows or len(rows) > MAX_FILES:
        raise InputError("{n} files at once; send 1 to {most}", n=len(rows), most=MAX_FILES)
    files = [(str(row.get("name", "")), Path(str(row.get("path", "")))) for row in rows if isinstance(row, dict)]
    for name, path in files:
        if not path.resolve().is_relative_to(uploaded.resolve()) or not path.is_file():
            raise InputError("{name!r} was not uploaded; drop it again", name=name[:80])
    return files


def _work(run: _Run, steps: queue.Queue[_Said]) -> None:
    def pause() -> None:
        steps.put("busy")
        time.sleep(_LOOK_S)

    try:
        steps.put(in_turn(lambda: run(steps.put), pause))
    except BaseException as error:  # noqa: BLE001  it is raised again where the steps are read
        steps.put(error)


def _latest(steps: queue.Queue[_Said], files: _Files) -> _Said:
    """Wait for the next step; if several have arrived, record all and return the last."""
    time.sleep(_REFRESH_S)
    said = steps.get()
    while isinstance(said, Step):
        files.take(said)
        if steps.empty():
            break
        said = steps.get()
    return said
