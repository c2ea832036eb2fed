"""The documents of a base in the browser: dropped, read, tried again, deleted.

Comes in: what Gradio hands over. Goes out: HTML, in the order of the outputs that ``ui`` wires. Never: a file of this computer
that was not uploaded, or an action that the visitor's role does not allow.
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
from . import html as ui_html
from . import ledger as ui_ledger
from .state import Texts, demand, sent, texts_of

MAX_FILES = 500
"""The page's script sends more in several batches."""

_REFRESH_S = 0.1
_LOOK_S = 1.0
_Run = Callable[[Progress], IngestReport]
_Said = Step | Literal["busy"] | IngestReport | BaseException


class Documents:
    """The handlers of the tab of documents."""

    def __init__(self, bases: Bases, uploaded: Callable[[], Path]) -> None:
        """Take the bases, and what returns the folder that uploads arrive in."""
        self.bases = bases
        self._uploaded = uploaded

    def table(self, base: str, only: str, request: gr.Request) -> str:
        """Return the documents whose name contains ``only``."""
        return table(self.bases.get(base), texts_of(request), only)

    def upload(self, base: str, only: str, event: gr.EventData, request: gr.Request) -> Iterator[tuple[object, ...]]:
        """Yield (progress, documents) while the files that the script has sent are read."""
        texts = texts_of(request)
        try:
            demand(request, "write")
            files = _files(sent(event).get("files"), self._uploaded())
            kb = self.bases.get(base)
            yield ui_html.message(texts["saving"].format(n=len(files))), gr.skip()
            names = {str(place): name for place, (name, _) in zip(keep(kb, files), files, strict=True)}
            read: _Run = lambda step: kb.ingest([kb.config.folder / UPLOADS], progress=step)  # noqa: E731
            yield from self._ingest(kb, read, names, only, texts)
        except KBError as error:
            yield ui_html.problem(str(error), texts), gr.skip()

    def retry(self, base: str, only: str, event: gr.EventData, request: gr.Request) -> Iterator[tuple[object, ...]]:
        """Yield (progress, documents) while a file that failed is read again."""
        texts = texts_of(request)
        try:
            kb, source = self.bases.get(base), str(sent(event).get("source", ""))
            known = {row.source: row for row in kb.sources()}
            if source not in known:
                raise InputError(f"{source!r} is not in the knowledge base; reload the page")
            path = known[source].archive or source
            # Whoever made an imported base chose what its sources are called: to read such a place is for admins.
            uploaded = Path(path).resolve().is_relative_to((kb.config.folder / UPLOADS).resolve())
            demand(request, "write" if uploaded else "admin")
            again: _Run = lambda step: kb.ingest([path], selection=Selection(force=True), progress=step)  # noqa: E731
            yield from self._ingest(kb, again, {path: Path(path).name}, only, texts)
        except KBError as error:
            yield ui_html.problem(str(error), texts), table(self.bases.get(base), texts, only)

    def forget(self, base: str, only: str, event: gr.EventData, request: gr.Request) -> tuple[str, str]:
        """Return (message, documents) after forgetting the document that was clicked."""
        texts = texts_of(request)
        source = str(sent(event).get("source", ""))
        kb = self.bases.get(base)
        try:
            demand(request, "write")
            forget(kb, source)
        except KBError as error:
            return ui_html.problem(str(error), texts), table(kb, texts, only)
        return ui_html.message(texts["removed"].format(name=Path(source).name)), table(kb, texts, only)

    def _ingest(
        self, kb: KnowledgeBase, run: _Run, names: dict[str, str], only: str, texts: Texts
    ) -> Iterator[tuple[object, ...]]:
        """Yield (progress, documents) while a run goes on; ``names``: what to call the files, by path."""
        steps: queue.Queue[_Said] = queue.Queue()
        threading.Thread(target=_work, args=(run, steps), daemon=True).start()
        files = _Files(names)
        while isinstance(said := _latest(steps, files), Step | str):
            if isinstance(said, str):
                yield ui_html.message(texts["busy"]), gr.skip()
                continue
            yield ui_ledger.progress(said.stage, said.done, said.total, files.states, texts), gr.skip()
        if isinstance(said, BaseException):
            raise said
        yield ui_ledger.report(files.of(said), texts), table(kb, texts, only)


class _Files:
    """What became of each file of a run so far."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names
        self._failed: int | None = None
        self.states = dict.fromkeys(names.values(), "waiting")

    def take(self, step: Step) -> None:
        """Note what a step says; one that fails a file raises the count of failures."""
        if step.stage == "read" and step.source in self._names:
            failed = self._failed is not None and step.failed > self._failed
            self.states[self._names[step.source]] = "failed" if failed else "read"
        self._failed = step.failed if step.stage == "read" else self._failed

    def of(self, report: IngestReport) -> IngestReport:
        """Return the report without the failures of files that are not of this run."""
        mine = [one for one in report.failed if one.source.partition("!")[0] in self._names]
        return replace(report, failed=tuple(mine))


def table(kb: KnowledgeBase, texts: Texts, only: str = "") -> str:
    """Return the documents of a base."""
    return ui_ledger.documents(kb.ledger(), kb.status(), texts, only)


def _files(given: object, uploaded: Path) -> list[tuple[str, Path]]:
    """Return (name, place) of what the script says it sent.

    Raises:
        InputError: too many, or a place where no upload lies.
    """
    rows = given if isinstance(given, list) else []
    if not rows or len(rows) > MAX_FILES:
        raise InputError(f"{len(rows)} files at once; send 1 to {MAX_FILES}")
    files = [(str(row.get("name", "")), Path(str(row.get("path", "")))) for row in rows if isinstance(row, dict)]
    for name, path in files:
        if not path.resolve().is_relative_to(uploaded.resolve()) or not path.is_file():
            raise InputError(f"{name[:80]!r} was not uploaded; drop it again")
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
    """Wait for the next step; of several that have come, all are noted, and the last is returned."""
    time.sleep(_REFRESH_S)
    said = steps.get()
    while isinstance(said, Step):
        files.take(said)
        if steps.empty():
            break
        said = steps.get()
    return said
