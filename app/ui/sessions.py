"""Handlers for a base's conversations in the side bar: list, open, rename, delete, save.

No separate store: these are the conversations that ``kb chat`` shows.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial

import gradio as gr

from ...ingest.errors import InputError, KBError, UnknownNameError
from ...ingest.store.catalog import Catalog
from ..answers.chat import to_markdown
from ..answers.record import answer_of
from ..api import KnowledgeBase
from ..hosting.bases import Bases
from ..hosting.harmless import harmless
from ..i18n.texts import Texts
from . import html as ui_html
from .parts import Shown, settled, stamp, under_way
from .runs import Runs
from .sources import nothing_chosen, panel
from .state import Talk, Turn, may_see, sent, texts_of
from .view.excerpts import heads_of
from .view.markdown import escape
from .welcome import welcome

SHOWN = 500
_SEARCHED = 8
"""Number of conversations above which there is a search box."""
_KEPT = 500


class Sessions:
    """The handlers of the list of conversations."""

    def __init__(self, bases: Bases, runs: Runs) -> None:
        self.bases = bases
        self.runs = runs

    def new(self, talk: Talk, base: str, request: gr.Request) -> Shown:
        """Begin a conversation."""
        texts = texts_of(request)
        kb, talk = self.bases.get(base), Talk(base=base, own=talk.own, reasoning=talk.reasoning)
        return {
            "talk": talk, "chat": welcome(self.bases, kb, texts), "side": nothing_chosen(texts),
            "listed": listing(kb, talk, request), "send": gr.update(visible=True), "stop": gr.update(visible=False),
            "opened": stamp(),
        }  # fmt: skip

    def open(self, talk: Talk, base: str, event: gr.EventData, request: gr.Request) -> Shown:
        """Show the conversation that was clicked."""
        return self.show(talk, base, str(sent(event).get("session")), request)

    def show(self, talk: Talk, base: str, name: str, request: gr.Request) -> Shown:
        """Show a conversation in its current state; a new one if it does not exist or belongs to somebody else."""
        texts = texts_of(request)
        kb = self.bases.get(base)
        turns = self.turns(kb, talk, base, name, request)
        if not turns:  # deleted in another window
            return self.new(talk, base, request)
        talk = Talk(name, turns, talk.own, base, reasoning=talk.reasoning)
        run, last = self.runs.of(name), turns[-1].answer
        side = panel(self.bases.opener(base), last, len(turns) - 1, texts) if last else nothing_chosen(texts)
        state = under_way(talk, texts) if run and not run.over else settled(talk, texts)
        listed = listing(kb, talk, request)
        return {"side": side, "listed": listed, "opened": stamp(), "last": [base, name]} | state

    def turns(self, kb: KnowledgeBase, talk: Talk, base: str, name: str, request: gr.Request) -> tuple[Turn, ...]:
        """Return the turns of a conversation; empty if it does not exist or is not the visitor's."""
        if not may_see(request, talk, name):
            return ()
        try:
            records = kb.log.session(name, stopped=True)
        except InputError:
            records = ()
        opener = self.bases.opener(base)
        logged = []
        for one in records:
            answer = answer_of(one, partial(self._catalog, base))
            heads = heads_of(opener, answer)
            stopped = not answer.finished
            logged.append(
                Turn(one.asked.said, answer, stopped=stopped, feedback=one.feedback, comment=one.comment, heads=heads)
            )
        return self.runs.merged(name, base, tuple(logged))

    def _catalog(self, shown: str, base: str) -> Catalog | None:
        try:
            return self.bases.get(base or shown).catalog
        except UnknownNameError:
            return None

    def drop(self, talk: Talk, base: str, event: gr.EventData, request: gr.Request) -> Shown:
        """Delete a conversation."""
        texts = texts_of(request)
        kb, name = self.bases.get(base), str(sent(event).get("session"))
        try:
            _check(request, talk, name)
            unlogged = self.runs.forget(name)
            if not unlogged or name in {one.id for one in kb.log.sessions(stopped=True)}:
                kb.log.delete_session(name)
        except KBError as error:
            return {"listed": listing(kb, talk, request), "said": ui_html.problem(str(error), texts)}
        if name == talk.session:
            return self.new(talk, base, request) | {"said": ""}
        return {"listed": listing(kb, talk, request), "said": ""}

    def title(self, talk: Talk, base: str, event: gr.EventData, request: gr.Request) -> Shown:
        """Give a conversation a title."""
        texts = texts_of(request)
        kb, name, said = self.bases.get(base), str(sent(event).get("session")), ""
        try:
            _check(request, talk, name)
            kb.log.rename_session(name, str(sent(event).get("title", "")))
        except KBError as error:
            said = ui_html.problem(str(error), texts)
        return {"listed": listing(kb, talk, request), "said": said}

    def save(self, talk: Talk, base: str, form: str, request: gr.Request) -> Shown:
        """Pass the conversation, as ``md`` or ``json``, to the script that saves it."""
        texts = texts_of(request)
        kb = self.bases.get(base)
        try:
            records = kb.log.session(talk.session or "none")
        except InputError:
            return {"file": "", "said": ui_html.message(texts["nothing_saved"])}
        data = [asdict(one) | {"answer": json.loads(one.answer)} for one in records]
        text = harmless(to_markdown(records)) if form == "md" else json.dumps(data, ensure_ascii=False, indent=2)
        kind = "text/markdown" if form == "md" else "application/json"
        file = {"name": f"kb-{talk.session}.{form}", "type": kind, "text": text}
        return {"file": json.dumps(file), "said": ""}


def remember(talk: Talk) -> list[str]:
    """Return what the visitor's browser keeps: the names of the conversations begun in it."""
    return list(talk.own[-_KEPT:])


def listing(kb: KnowledgeBase, talk: Talk, request: gr.Request) -> str:
    """Return the list of conversations that the visitor may see, with the current one marked."""
    texts = texts_of(request)
    found = [one for one in kb.log.sessions(stopped=True) if may_see(request, talk, one.id)][:SHOWN]
    rows = [_row(one.id, one.title, one.started, current=one.id == talk.session, texts=texts) for one in found]
    if talk.turns and talk.session not in {one.id for one in found}:
        rows.insert(0, _row(talk.session, talk.turns[0].question, "", current=True, texts=texts))
    if not rows:
        return f'<p class="kb-none">{texts["sessions_none"]}</p>'
    search = ""
    if len(rows) > _SEARCHED:
        label = texts["sessions_search"]
        search = f'<input type="search" class="kb-search" data-filters placeholder="{label}" aria-label="{label}">'
    return f'<nav aria-label="{texts["sessions"]}">{search}<ul class="kb-sessions">{"".join(rows)}</ul></nav>'


def _check(request: gr.Request, talk: Talk, name: str) -> None:
    if not may_see(request, talk, name):
        raise InputError(texts_of(request)["forbidden"])


def _row(name: str, title: str, started: str, *, current: bool, texts: Texts) -> str:
    label = escape(title)
    mark = ' aria-current="true"' if current else ""
    ids = f'data-session="{escape(name)}"'
    return (
        f'<li data-editable><button type="button" class="kb-session" data-event="open_session" {ids}{mark} '
        f'title="{label}">{label}<small>{started[:10]}</small></button>'
        f'<button type="button" class="kb-icon" data-edit="{label}" data-then="title_session" data-field="title" {ids} '
        f'data-save="{texts["save"]}" data-cancel="{texts["cancel"]}" data-label="{texts["title"]}" '
        f'aria-label="{texts["rename"]}: {label}" title="{texts["rename"]}">✎</button>'
        f'<button type="button" class="kb-icon" data-event="drop_session" {ids} data-sure="{texts["sure"]}" '
        f'aria-label="{texts["delete"]}: {label}" title="{texts["delete"]}">✕</button></li>'
    )
