"""The knowledge bases in the browser, and which model answers: chosen, made, renamed, deleted.

Comes in: what Gradio hands over. Goes out: HTML and updates, in the order of the outputs that ``ui`` wires. Never: an action
that the visitor's role does not allow, or a base deleted without being asked.
"""

from __future__ import annotations

import gradio as gr

from ...ingest.errors import InputError, KBError
from ...llm.models.known import known_models, pulled
from ..hosting.bases import Bases
from ..hosting.gate import Gate
from . import html as ui_html
from .documents import table
from .ledger import drop_zone
from .sessions import listing
from .sources import nothing_chosen
from .state import Talk, demand, texts_of
from .welcome import facts, welcome


class Choosing:
    """The handlers that change what the page is about."""

    def __init__(self, bases: Bases, gate: Gate) -> None:
        self.bases = bases
        self.gate = gate

    def page(self, base: str | None, own: list[str] | None, request: gr.Request) -> tuple[object, ...]:
        """Return a base as it is first shown, in the order of ``ui``: everything that depends on it."""
        texts = texts_of(request)
        names = self.bases.names()
        name = base if base in names else self.bases.config.name
        kb, talk = self.bases.get(name), Talk(own=tuple(map(str, own or ())))
        return (
            gr.update(choices=list(names), value=name),
            gr.update(choices=[one for one in names if one != name], value=[], visible=len(names) > 1),
            talk,
            welcome(self.bases, kb, texts),
            nothing_chosen(texts),
            listing(kb, talk, request),
            drop_zone(texts),
            table(kb, texts),
            facts(self.bases, kb, texts),
            name,
            gr.update(choices=self.models(), value=self.bases.config.llm),
        )

    def models(self) -> list[str]:
        """Return the models at hand, as specs."""
        models = self.bases.config.models
        known = {path: name for name in known_models() if (path := pulled(name, models))}
        files = [known.get(file) or f"gguf:{file}" for file in sorted(models.glob("**/*.gguf"))]
        return list(dict.fromkeys([self.bases.config.llm, "extractive", *files]))

    def use_model(self, spec: str, base: str, request: gr.Request) -> tuple[object, ...]:
        """Return (facts, model, message) after another model was opened; if it cannot be, the one in use stays."""
        texts = texts_of(request)
        said = ""
        try:
            demand(request, "admin")
            if spec != self.bases.config.llm:
                if self.gate.running:
                    raise InputError(texts["model_busy"])
                self.bases.use_model(spec)
                said = ui_html.message(texts["model_used"].format(name=self.bases.generator.name))
        except KBError as error:
            said = ui_html.problem(str(error), texts)
        now = gr.update(choices=self.models(), value=self.bases.config.llm)
        return facts(self.bases, self.bases.get(base), texts), now, said

    def create(self, name: str, request: gr.Request) -> tuple[object, ...]:
        """Return (base, name, message) after making a base."""
        texts = texts_of(request)
        name = name.strip()
        try:
            demand(request, "admin")
            self.bases.create(name)
        except KBError as error:
            return gr.skip(), gr.skip(), ui_html.problem(str(error), texts)
        done = ui_html.message(texts["created"].format(name=name))
        return gr.update(choices=list(self.bases.names()), value=name), "", done

    def rename(self, base: str, name: str, request: gr.Request) -> tuple[object, ...]:
        """Return (base, message) after giving a base another name."""
        texts = texts_of(request)
        name = name.strip()
        try:
            demand(request, "admin")
            self.bases.rename(base, name)
        except KBError as error:
            return gr.skip(), ui_html.problem(str(error), texts)
        done = ui_html.message(texts["renamed"].format(name=name))
        return gr.update(choices=list(self.bases.names()), value=name), done

    def ask_delete(self, base: str, request: gr.Request) -> tuple[object, ...]:
        """Return (row, question) that ask whether the base is to go."""
        n = self.bases.get(base).status().n_documents
        return gr.update(visible=True), ui_html.message(texts_of(request)["delete_really"].format(name=base, n=n))

    def delete(self, base: str, request: gr.Request) -> tuple[object, ...]:
        """Return (base, row, message) after removing a base."""
        texts = texts_of(request)
        try:
            demand(request, "admin")
            self.bases.delete(base)
        except KBError as error:
            return gr.skip(), gr.update(visible=False), ui_html.problem(str(error), texts)
        done = ui_html.message(texts["removed"].format(name=base))
        first = gr.update(choices=list(self.bases.names()), value=self.bases.config.name)
        return first, gr.update(visible=False), done
