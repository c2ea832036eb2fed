"""Handlers for a base's watched folders in the browser: add, show, remove. Only the local user may name a folder."""

from __future__ import annotations

from datetime import datetime

import gradio as gr

from ...ingest.errors import InputError, KBError
from ..hosting.bases import Bases
from ..hosting.folders import Folder, Folders
from ..i18n.texts import Texts
from . import html as ui_html
from .documents import table
from .html import worded
from .ledger import Order
from .parts import Shown, held
from .state import sent, texts_of
from .view.markdown import escape

_SOON_MS, _LATER_MS = 1500, 10_000
"""How often the page looks at folders that are being read, and at others: only while they are in view."""


class Following:
    """The handlers of the watched folders, for the user of this computer only."""

    def __init__(self, bases: Bases, folders: Folders) -> None:
        self.bases = bases
        self.folders = folders

    def show(self, base: str, only: str, order: Order, request: gr.Request) -> Shown:
        """Show the current state of the folders, and the documents from them."""
        texts = texts_of(request)
        if request.username:
            return {"followed": "", "follow_row": gr.update(visible=False)}
        kb, folders = self.bases.get(base), self.folders.of(base)
        shown: Shown = {"followed": listed(folders, texts), "table": table(kb, texts, only, order)}
        return shown if any(one.step for one in folders) else shown | {"filled": held(kb)}

    def add(self, base: str, path: str, request: gr.Request) -> Shown:
        """Keep the base in step with a folder."""
        texts = texts_of(request)
        try:
            self._mine(request, texts)
            self.folders.add(base, path)
        except KBError as error:
            return {"followed": ui_html.problem(str(error), texts) + listed(self.folders.of(base), texts)}
        return {"followed": listed(self.folders.of(base), texts), "folder": ""}

    def drop(self, base: str, event: gr.EventData, request: gr.Request) -> Shown:
        """Stop watching the folder that was clicked."""
        texts = texts_of(request)
        try:
            self._mine(request, texts)
            self.folders.drop(base, str(sent(event).get("folder", "")))
        except KBError as error:
            return {"followed": ui_html.problem(str(error), texts)}
        return {"followed": listed(self.folders.of(base), texts)}

    def _mine(self, request: gr.Request, texts: Texts) -> None:
        if request.username:
            raise InputError(texts["forbidden"])


def listed(folders: list[Folder], texts: Texts) -> str:
    """Return the folders, each with its last scan; ``data-again`` says after how many ms the page looks again."""
    rows = "".join(
        f'<li><b>{escape(one.path)}</b><small role="status">{escape(_state(one, texts))}</small>'
        f'<button type="button" class="kb-delete" data-event="drop_folder" data-folder="{escape(one.path)}" '
        f'data-sure="{texts["sure"]}">{texts["folder_drop"]}</button></li>'
        for one in folders
    )
    again = _SOON_MS if any(one.step or not one.looked for one in folders) else _LATER_MS
    label = texts["folders"]
    return f'<ul class="kb-folders" aria-label="{label}" data-again="{again}">{rows}</ul>' if rows else ""


def _state(one: Folder, texts: Texts) -> str:
    if one.problem:
        return worded(one.problem, texts)
    if one.step:
        return f"{texts[f'stage_{one.step.stage}']} {one.step.done}/{one.step.total}"
    if not one.looked:
        return texts["folder_first"]
    when = datetime.fromtimestamp(one.looked).astimezone().strftime("%Y-%m-%d %H:%M")
    return texts["folder_state"].format(
        when=when, added=one.added, updated=one.updated, removed=one.removed, failed=one.failed
    )
