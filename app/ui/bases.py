"""Handlers for the knowledge bases in the browser: choose, create, rename, delete.

Never an action that the visitor's role does not allow, or a base deleted without confirmation.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs

import gradio as gr

from ...ingest.errors import KBError
from ..hosting.bases import Bases
from ..i18n.texts import ZH
from ..suggestions.suggestions import Suggestions
from . import html as ui_html
from .documents import table
from .ledger import drop_zone
from .models import Models
from .parts import Shown, held, stamp
from .sessions import Sessions
from .state import Talk, demand, texts_of
from .welcome import HANDBOOK, tries

_HANDBOOK = "handbook"
"""The name of the base for kb's handbook."""


class Choosing:
    """The handlers that change what the page shows."""

    def __init__(self, bases: Bases, models: Models, sessions: Sessions) -> None:
        self.bases = bases
        self.models = models
        self.sessions = sessions
        self.suggestions = Suggestions()

    def load(self, place: str, own: list[str] | None, last: list[str] | None, request: gr.Request) -> Shown:
        """Show the base and conversation in the page's address, else those that this browser showed last."""
        query = parse_qs(place.removeprefix("?"), keep_blank_values=True)
        seen = dict(zip(("base", "session"), map(str, last or ()), strict=False))
        name = query["base"][0] if "base" in query else seen.get("base", "")
        kept = tuple(map(str, own or ()))
        shown = self.page(name, kept, request)
        name = name if name in self.bases.names() else self.bases.config.name
        known = {one.id for one in self.bases.get(name).log.sessions(stopped=True)}
        recent = (one for one in (seen.get("session", ""), *reversed(kept)) if one in known)
        session = query["c"][0] if "c" in query else next(recent, "")
        return shown | self.sessions.show(Talk(own=kept), name, session, request) if session else shown

    def suggest(self, base: str, request: gr.Request) -> Iterator[Shown]:
        """Show suggested questions, each as soon as kb is known to answer it."""
        texts, kb = texts_of(request), self.bases.get(base)
        filled = bool(kb.sources())
        yield {"tries": tries((), texts, filled=filled)}
        for found in self.suggestions.of(kb, "zh" if texts is ZH else "en"):
            yield {"tries": tries(found, texts, filled=filled)}

    def example(self, talk: Talk, request: gr.Request) -> Iterator[Shown]:
        """Create a base from kb's own handbook, and show it."""
        texts = texts_of(request)
        try:
            demand(request, "admin")
            if _HANDBOOK not in self.bases.names():
                self.bases.create(_HANDBOOK)
            yield {"tries": f'<p class="kb-wait">{texts["reading_handbook"]}</p>'}
            self.bases.get(_HANDBOOK).ingest([HANDBOOK])
            yield {"tries": ""} | self.page(_HANDBOOK, talk.own, request)
        except KBError as error:
            yield {"tries": ui_html.problem(str(error), texts)}

    def switch(self, base: str, talk: Talk, request: gr.Request) -> Shown:
        """Show another base; if it is already shown, go on with its conversation: a dropdown fires also when it is left."""
        return {"opened": stamp()} if base == talk.base else self.page(base, talk.own, request)

    def again(self, base: str, talk: Talk, request: gr.Request) -> Shown:
        """Show a base that was created, renamed or deleted."""
        return self.page(base, talk.own, request)

    def page(self, base: str, own: tuple[str, ...], request: gr.Request) -> Shown:
        """Return everything that depends on the base, for its first display."""
        texts = texts_of(request)
        names = self.bases.names()
        name = base if base in names else self.bases.config.name
        kb, talk = self.bases.get(name), Talk(own=own)
        return (
            self.sessions.new(talk, name, request)
            | {
                "entered": stamp(),
                "filled": held(kb),
                "base": gr.update(choices=list(names), value=name),
                "also": gr.update(choices=[one for one in names if one != name], value=[], visible=len(names) > 1),
                "drop": drop_zone(texts),
                "table": table(kb, texts),
                "name": name,
            }
            | self.models.shown(kb, texts)
        )

    def create(self, name: str, request: gr.Request) -> Shown:
        """Create a base."""
        texts = texts_of(request)
        name = name.strip()
        try:
            demand(request, "admin")
            self.bases.create(name)
        except KBError as error:
            return {"made_said": ui_html.problem(str(error), texts)}
        done = ui_html.message(texts["created"].format(name=name))
        return {"base": gr.update(choices=list(self.bases.names()), value=name), "new_base": "", "made_said": done}

    def rename(self, base: str, name: str, request: gr.Request) -> Shown:
        """Rename a base."""
        texts = texts_of(request)
        name = name.strip()
        try:
            demand(request, "admin")
            self.bases.rename(base, name)
        except KBError as error:
            return {"bases_said": ui_html.problem(str(error), texts)}
        done = ui_html.message(texts["renamed"].format(name=name))
        return {"base": gr.update(choices=list(self.bases.names()), value=name), "bases_said": done}

    def ask_delete(self, base: str, request: gr.Request) -> Shown:
        """Ask whether to delete the base."""
        n = self.bases.get(base).status().n_documents
        question = texts_of(request)["delete_really"].format(name=base, n=n)
        return {"sure": gr.update(visible=True), "really": ui_html.message(question)}

    def keep(self) -> Shown:
        """Cancel the deletion."""
        return {"sure": gr.update(visible=False)}

    def delete(self, base: str, request: gr.Request) -> Shown:
        """Delete a base."""
        texts = texts_of(request)
        try:
            demand(request, "admin")
            self.bases.delete(base)
        except KBError as error:
            return {"sure": gr.update(visible=False), "bases_said": ui_html.problem(str(error), texts)}
        done = ui_html.message(texts["removed"].format(name=base))
        first = gr.update(choices=list(self.bases.names()), value=self.bases.config.name)
        return {"base": first, "sure": gr.update(visible=False), "bases_said": done}
