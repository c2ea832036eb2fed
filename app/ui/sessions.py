"""The conversations of a base in the side bar: listed, opened, renamed, deleted, saved.

Comes in: what Gradio hands over. Goes out: HTML and updates, in the order of the outputs that ``ui`` wires. Never: a store of
its own: these are the conversations that ``kb chat`` shows.
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
from . import html as ui_html
from .html import escape
from .sources import nothing_chosen, panel
from .state import Talk, Texts, Turn, may_see, sent, texts_of
from .welcome import welcome

SHOWN = 100
_KEPT = 500


class Sessions:
    """The handlers of the list of conversations."""

    def __init__(self, bases: Bases) -> None:
        self.bases = bases

    def new(self, talk: Talk, base: str, request: gr.Request) -> tuple[object, ...]:
        """Return (talk, conversation, panel, sessions): a conversation that begins."""
        texts = texts_of(request)
        kb, talk = self.bases.get(base), Talk(own=talk.own, reasoning=talk.reasoning)
        return talk, welcome(self.bases, kb, texts), nothing_chosen(texts), listing(kb, talk, request)

    def open(self, talk: Talk, base: str, event: gr.EventData, request: gr.Request) -> tuple[object, ...]:
        """Return what ``new`` does, of the conversation that was clicked."""
        texts = texts_of(request)
        kb, name = self.bases.get(base), str(sent(event).get("session"))
        try:
            _check(request, talk, name)
            records = kb.log.session(name)
        except InputError:  # deleted in another window
            return self.new(talk, base, request)
        turns = tuple(
            Turn(
                one.asked.said, answer_of(one, partial(self._catalog, base)), feedback=one.feedback, comment=one.comment
            )
            for one in records
        )
        talk = Talk(records[0].session, turns, talk.own, reasoning=talk.reasoning)
        last = turns[-1].answer
        opener = self.bases.opener(base)
        side = panel(opener, last, len(turns) - 1, texts) if last else nothing_chosen(texts)
        return talk, ui_html.conversation(talk, texts), side, listing(kb, talk, request)

    def _catalog(self, shown: str, base: str) -> Catalog | None:
        try:
            return self.bases.get(base or shown).catalog
        except UnknownNameError:
            return None

    def drop(self, talk: Talk, base: str, event: gr.EventData, request: gr.Request) -> tuple[object, ...]:
        """Return (talk, conversation, panel, sessions, message) after a conversation was deleted."""
        texts = texts_of(request)
        kb, name = self.bases.get(base), str(sent(event).get("session"))
        try:
            _check(request, talk, name)
            kb.log.delete_session(name)
        except KBError as error:
            return *(gr.skip() for _ in range(3)), listing(kb, talk, request), ui_html.problem(str(error), texts)
        if name == talk.session:
            return *self.new(talk, base, request), ""
        return *(gr.skip() for _ in range(3)), listing(kb, talk, request), ""

    def title(self, talk: Talk, base: str, event: gr.EventData, request: gr.Request) -> tuple[object, ...]:
        """Return (sessions, message) after a conversation got a title."""
        texts = texts_of(request)
        kb, name, said = self.bases.get(base), str(sent(event).get("session")), ""
        try:
            _check(request, talk, name)
            kb.log.rename_session(name, str(sent(event).get("title", "")))
        except KBError as error:
            said = ui_html.problem(str(error), texts)
        return listing(kb, talk, request), said

    def save(self, talk: Talk, base: str, form: str, request: gr.Request) -> tuple[str, str]:
        """Return (file, message): the conversation as ``md`` or ``json``, in JSON for the script that saves it."""
        texts = texts_of(request)
        kb = self.bases.get(base)
        try:
            records = kb.log.session(talk.session or "none")
        except InputError:
            return "", ui_html.message(texts["nothing_saved"])
        data = [asdict(one) | {"answer": json.loads(one.answer)} for one in records]
        text = to_markdown(records) if form == "md" else json.dumps(data, ensure_ascii=False, indent=2)
        kind = "text/markdown" if form == "md" else "application/json"
        return json.dumps({"name": f"kb-{talk.session}.{form}", "type": kind, "text": text}), ""


def remember(talk: Talk) -> list[str]:
    """Return what the visitor's browser keeps: the names of the conversations that were begun in it."""
    return list(talk.own[-_KEPT:])


def listing(kb: KnowledgeBase, talk: Talk, request: gr.Request) -> str:
    """Return the list of the conversations that the visitor may see, the one on the page marked."""
    texts = texts_of(request)
    found = [one for one in kb.log.sessions() if may_see(request, talk, one.id)][:SHOWN]
    if not found:
        return f'<p class="kb-none">{texts["sessions_none"]}</p>'
    rows = "".join(_row(one.id, one.title, current=one.id == talk.session, texts=texts) for one in found)
    return f'<nav aria-label="{texts["sessions"]}"><ul class="kb-sessions">{rows}</ul></nav>'


def _check(request: gr.Request, talk: Talk, name: str) -> None:
    if not may_see(request, talk, name):
        raise InputError(texts_of(request)["forbidden"])


def _row(name: str, title: str, *, current: bool, texts: Texts) -> str:
    label = escape(title)
    mark = ' aria-current="true"' if current else ""
    ids = f'data-session="{escape(name)}"'
    return (
        f'<li data-editable><button type="button" class="kb-session" data-event="open_session" {ids}{mark} '
        f'title="{label}">{label}</button>'
        f'<button type="button" class="kb-icon" data-edit="{label}" data-then="title_session" data-field="title" {ids} '
        f'data-save="{texts["save"]}" data-cancel="{texts["cancel"]}" data-label="{texts["title"]}" '
        f'aria-label="{texts["rename"]}: {label}" title="{texts["rename"]}">✎</button>'
        f'<button type="button" class="kb-icon" data-event="drop_session" {ids} data-sure="{texts["sure"]}" '
        f'aria-label="{texts["delete"]}: {label}" title="{texts["delete"]}">✕</button></li>'
    )
