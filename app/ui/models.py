"""Handlers for the language model in the browser: choose, download, cancel; and the settings that a model has.

Never an action that the visitor's role does not allow, or a model changed under an answer being written.
"""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr

from ...ingest.errors import InputError, KBError
from ...llm.models.known import known_models, pulled
from ..api import KnowledgeBase
from ..hosting.bases import Bases
from ..hosting.gate import Gate
from ..hosting.pulls import Pull, Pulls
from ..i18n.texts import EN, ZH, Texts
from ..measure.suggest import best, estimated_speed, suggestions
from . import html as ui_html
from .ledger import size
from .parts import Shown
from .settings import fits
from .state import demand, texts_of
from .view.markdown import escape
from .welcome import facts

_QUOTING = ("auto", "extractive")
"""Specs of no model; only the one in use is listed."""
_LOOK_S = 0.5


class Models:
    """The handlers of the model."""

    def __init__(self, bases: Bases, gate: Gate) -> None:
        self.bases = bases
        self.gate = gate
        self.pulls = Pulls(bases.config.models)

    def shown(self, kb: KnowledgeBase, texts: Texts) -> Shown:
        """Return what depends on the model: its name, the list of others, and its settings."""
        chosen = gr.update(choices=self.listed(texts), value=self.bases.config.llm)
        return {"facts": facts(self.bases, kb, texts), "model": chosen} | fits(self.bases.generator.name)

    def listed(self, texts: Texts = EN) -> list[tuple[str, str]]:
        """Return the models on this machine and those that can be downloaded, as (label, spec); the suggested one is first."""
        place, used = self.bases.config.models, self.bases.config.llm
        expected = {one.name: one for one in suggestions(place, estimated_speed())}
        suggested = best(tuple(expected.values()), "zh" if texts is ZH else "en")
        files = [file for file in sorted(place.glob("**/*.gguf")) if not file.is_relative_to(place / "known")]
        found = {suggested.name: ""} if suggested else {}
        found |= {spec: spec for spec in (used, *(f"gguf:{file}" for file in files))}
        found[used if used in _QUOTING else "extractive"] = texts["model_none"]
        for name, model in known_models().items():
            key = "model_here" if pulled(name, place) else "model_pull"
            key = "model_large" if expected[name].verdict == "large" else key
            first_s = f"{max(expected[name].first_word_s, 1):.0f}"
            found[name] = texts[key].format(name=model.title, size=size(model.bytes), s=first_s)
        if suggested:
            found[suggested.name] = texts["model_suggested"].format(model=found[suggested.name])
        return [(label, spec) for spec, label in found.items()]

    def use(self, spec: str, base: str, request: gr.Request) -> Iterator[Shown]:
        """Let another model write the answers, downloading it first if needed; the models on the server are for admins."""
        texts, said = texts_of(request), ""
        running = self.pulls.running
        if running and running.model.name == spec:  # a dropdown says twice what was chosen: also when it is left
            yield from self._follow(running, base, texts)
            return
        try:
            demand(request, "admin")
            if spec != self.bases.config.llm:
                self._demand_idle(texts)
                if spec in known_models() and not pulled(spec, self.bases.config.models):
                    yield from self._follow(self.pulls.start(spec, lambda: self._use(spec, texts)), base, texts)
                    return
                self._use(spec, texts)
                said = self._used(texts)
        except KBError as error:
            said = ui_html.problem(str(error), texts)
        yield {"model_said": said} | self.shown(self.bases.get(base), texts)

    def go_on(self, base: str, request: gr.Request) -> Iterator[Shown]:
        """Show the download under way, if there is one: the page may have been loaded again."""
        if pull := self.pulls.running:
            yield from self._follow(pull, base, texts_of(request))

    def cancel(self, request: gr.Request) -> Shown:
        """Cancel the download."""
        texts = texts_of(request)
        try:
            demand(request, "admin")
        except KBError as error:
            return {"model_said": ui_html.problem(str(error), texts)}
        if pull := self.pulls.running:
            pull.cancel()
        return {}

    def _follow(self, pull: Pull, base: str, texts: Texts) -> Iterator[Shown]:
        yield {"model_said": _progress(pull, texts), "stop_pull": gr.update(visible=True)}
        while not pull.over.wait(_LOOK_S):
            yield {"model_said": _progress(pull, texts)}
        if pull.cancelled:
            said = ui_html.message(texts["pull_cancelled"].format(name=pull.model.title))
        elif pull.problem:
            said = _failed(pull, texts)
        else:
            said = self._used(texts)
        yield {"model_said": said, "stop_pull": gr.update(visible=False)} | self.shown(self.bases.get(base), texts)

    def _use(self, spec: str, texts: Texts) -> None:
        self._demand_idle(texts)  # also after a download, which takes minutes
        self.bases.use_model(spec)

    def _used(self, texts: Texts) -> str:
        name = self.bases.generator.name
        return ui_html.message(texts["model_unused" if name == "extractive" else "model_used"].format(name=name))

    def _demand_idle(self, texts: Texts) -> None:
        if self.gate.running:
            raise InputError(texts["model_busy"])


def _progress(pull: Pull, texts: Texts) -> str:
    """Return how much of a model is here; a screen reader finds it, and is not told twice a second."""
    done, total = pull.done_bytes, pull.model.bytes
    said = texts["model_pulling"].format(
        name=pull.model.title, done=size(done), size=size(total), percent=100 * done // total
    )
    bar = f'<progress max="{total}" value="{done}" aria-label="{escape(said)}"></progress>'
    return f'<p class="kb-pull">{escape(said)}{bar}</p>'


def _failed(pull: Pull, texts: Texts) -> str:
    """Return that a model is not here or not in use, in one sentence; what was tried is folded."""
    if pulled(pull.model.name, pull.models):
        return ui_html.problem(pull.problem, texts)
    said = escape(texts["pull_failed"].format(name=pull.model.title))
    tried = escape(ui_html.worded(pull.problem, texts))
    return (
        f'<div class="kb-error" role="alert">{said}'
        f"<details><summary>{texts['pull_why']}</summary>{tried}</details></div>"
    )
