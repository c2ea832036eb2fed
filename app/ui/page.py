"""The browser interface: page layout and event wiring.

Comes in: the bases to show. Goes out: a Gradio page on a FastAPI app. Never: a font, script or image from elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import gradio as gr
from fastapi import FastAPI, Request
from gradio.blocks import Block
from gradio.components import Component
from gradio.events import Dependency
from gradio.utils import get_upload_folder

from ..hosting.bases import Bases
from ..hosting.folders import Folders
from ..hosting.gate import Gate
from ..i18n.texts import LOCALES
from .bases import Choosing
from .chat import Chatting
from .documents import Documents
from .folders import Following
from .ledger import FAILED_FIRST
from .models import Models
from .parts import joined
from .reader import Reader
from .runs import Runs
from .sessions import Sessions
from .settings import controls, keep
from .state import Talk
from .style import COLOURS, FONTS, MONO, script, style

_ = gr.I18n(**{locale: dict(texts) for locale, texts in LOCALES.items()})
_QUIET = {"show_progress": "hidden"}


def mount(
    app: FastAPI,
    bases: Bases,
    gate: Gate,
    *,
    role_of: Callable[[Request], str | None] | None = None,
    max_upload_bytes: int,
    path: str = "/",
) -> None:
    """Mount the page on a web application.

    Args:
        app: the application.
        bases: the bases to show.
        gate: limits how many answers are written at once.
        role_of: the role of a request's sender; ``None`` for a stranger. Without it, every visitor is the local user.
        max_upload_bytes: the largest file accepted.
        path: where to mount it.
    """
    theme = gr.themes.Default(
        primary_hue="teal", secondary_hue="teal", neutral_hue="slate", font=list(FONTS), font_mono=list(MONO)
    ).set(**COLOURS)
    page = _Page(bases, gate).build().queue(max_size=64, default_concurrency_limit=8)
    page.has_launched = (
        True  # until then gradio accepts any path of this computer as an upload; mounting does not set it
    )
    gr.mount_gradio_app(
        app,
        page,
        path,
        auth_dependency=role_of,
        footer_links=[],
        run_history=False,
        show_error=True,
        max_file_size=max_upload_bytes,
        ssr_mode=False,
        pwa=False,
        i18n=_,
        mcp_server=False,
        theme=theme,
        css=style(),
        js=script("load"),
        blocked_paths=[str(bases.config.home)],
    )


class _Page:
    """The page under construction: each part creates its components, then ``_wire`` connects them."""

    def __init__(self, bases: Bases, gate: Gate) -> None:
        self.bases = bases
        runs = Runs()
        self.chatting = Chatting(bases, gate, runs)
        self.sessions = Sessions(bases, runs)
        self.models, self.reading = Models(bases, gate), Reader(bases)
        self.choosing = Choosing(bases, self.models, self.sessions)
        self.documents = Documents(bases, lambda: Path(get_upload_folder()))
        self.following_folders = Following(bases, Folders(bases))
        self.clicks = script("clicks")

    def build(self) -> gr.Blocks:
        with gr.Blocks(title="kb", analytics_enabled=False, fill_width=True) as page:
            self.talk = gr.State(Talk())
            self.opened, self.entered = gr.State(0), gr.State(0)  # changed when a conversation, a base, is shown
            self.filled = gr.State("")  # changed when other documents are shown
            self.own = gr.BrowserState([], storage_key="kb-conversations", secret="kb")  # noqa: S106  names, no secrets
            self.last = gr.BrowserState([], storage_key="kb-last", secret="kb")  # noqa: S106  base and conversation
            self.order = gr.State(FAILED_FIRST)
            with gr.Sidebar(width=300):
                self._side_bar()
            with gr.Tabs():
                with gr.Tab(_("ask"), elem_id="kb-tab-ask"), gr.Row():
                    self._ask_tab()
                with gr.Tab(_("documents"), elem_id="kb-tab-documents"):
                    self._documents_tab()
                with gr.Tab(_("settings"), elem_id="kb-tab-settings"):
                    self._settings_tab()
            self.reader = gr.HTML(
                elem_id="kb-reader", js_on_load=self.clicks + script("reader"), apply_default_css=False
            )
            self._wire(page)
        return page

    def _html(self, name: str) -> gr.HTML:
        return gr.HTML(elem_id=name, js_on_load=self.clicks, apply_default_css=False)

    def _side_bar(self) -> None:
        gr.HTML("<h1>kb</h1>", elem_id="kb-brand")
        self.base = gr.Dropdown(
            list(self.bases.names()), value=self.bases.config.name, label=_("base"), elem_id="kb-base", interactive=True
        )
        self.also = gr.Dropdown(
            [], value=[], multiselect=True, label=_("also"), info=_("also_info"), elem_id="kb-also", visible=False,
            interactive=True,
        )  # fmt: skip
        with gr.Accordion(_("new_base_title"), open=False, elem_id="kb-new-base-part"):
            self.new_base = gr.Textbox(label=_("new_base"), elem_id="kb-new-base", max_lines=1, max_length=64)
            self.create = gr.Button(_("create"), size="sm", elem_id="kb-create")
            self.made_said = gr.HTML(elem_id="kb-made-said")
        self.new_chat = gr.Button(_("new_chat"), size="sm", elem_id="kb-new-chat")
        self.listed = self._html("kb-sessions")
        with gr.Row(elem_id="kb-save-row"):
            self.markdown = gr.Button(_("save_md"), size="sm", elem_id="kb-save-md", min_width=80)
            self.json = gr.Button(_("save_json"), size="sm", elem_id="kb-save-json", min_width=80)
        self.file, self.place = gr.Textbox(visible="hidden"), gr.Textbox(visible="hidden")
        self.said = gr.HTML(elem_id="kb-said")

    def _ask_tab(self) -> None:
        with gr.Column(scale=3, min_width=320):
            self.chat = self._html("kb-chat")
            self.tries = self._html("kb-tries")
            with gr.Row(elem_id="kb-ask-row"):
                self.question = gr.Textbox(
                    label=_("question"), show_label=False, placeholder=_("placeholder"), elem_id="kb-question",
                    lines=1, max_lines=6, max_length=8_000, scale=8, autofocus=True, container=False,
                )  # fmt: skip
                self.send = gr.Button(_("send"), variant="primary", elem_id="kb-send", scale=1, min_width=90)
                self.stop = gr.Button(
                    _("stop"), variant="stop", elem_id="kb-stop", scale=1, min_width=90, visible=False
                )
        with gr.Column(scale=2, min_width=320, elem_id="kb-side"):
            self.side = self._html("kb-sources")

    def _documents_tab(self) -> None:
        self.drop = gr.HTML(elem_id="kb-drop", js_on_load=script("upload"), apply_default_css=False)
        with gr.Row(elem_id="kb-follow-row") as self.follow_row:
            self.folder = gr.Textbox(
                label=_("folder"),
                info=_("folder_info"),
                max_lines=1,
                max_length=4096,
                scale=5,
                min_width=280,
                elem_id="kb-folder-path",
            )
            self.follow = gr.Button(_("folder_add"), size="sm", scale=1, min_width=160, elem_id="kb-follow")
        self.followed = self._html("kb-followed")
        self.progress = gr.HTML(elem_id="kb-progress")
        self.only = gr.Textbox(label=_("filter"), max_lines=1, elem_id="kb-filter")
        self.table = self._html("kb-documents")

    def _settings_tab(self) -> None:
        with gr.Row():
            with gr.Column(min_width=280):
                self.facts = gr.HTML(elem_id="kb-facts")
            with gr.Column(min_width=280):
                self.model = gr.Dropdown(
                    self.models.listed(), value=self.bases.config.llm, label=_("model_choice"),
                    info=_("model_info"), allow_custom_value=True, interactive=True, elem_id="kb-model",
                )  # fmt: skip
                self.model_said = gr.HTML(elem_id="kb-model-said")
                self.stop_pull = gr.Button(_("pull_cancel"), size="sm", visible=False, elem_id="kb-stop-pull")
        self.settings, self.writing, self.first_word = controls(self.bases.generator.name)
        with self.writing:
            self.reasoning = gr.Checkbox(value=False, label=_("reasoning"), elem_id="kb-reasoning")
        with gr.Accordion(_("bases"), open=True, elem_id="kb-bases"):
            self._bases_part()

    def _bases_part(self) -> None:
        with gr.Row():
            with gr.Column(min_width=280):
                self.name = gr.Textbox(label=_("base_name"), elem_id="kb-base-name", max_lines=1, max_length=64)
                self.rename = gr.Button(_("rename"), size="sm", elem_id="kb-rename")
            with gr.Column(min_width=280):
                self.delete = gr.Button(_("delete_base"), size="sm", elem_id="kb-delete-base")
                with gr.Column(visible=False, elem_id="kb-delete-row") as self.sure:
                    self.really = gr.HTML()
                    self.yes = gr.Button(_("delete_yes"), variant="stop", size="sm", elem_id="kb-delete-yes")
                    self.no = gr.Button(_("cancel"), size="sm")
        self.bases_said = gr.HTML(elem_id="kb-bases-said")

    def _on(
        self,
        event: Callable[..., Dependency],
        handler: Callable[..., object],
        given: Sequence[Component],
        **more: object,
    ) -> Dependency:
        """Connect an event to a handler, which may change any part of the page and leaves the others alone."""
        parts = {name: part for name, part in vars(self).items() if isinstance(part, Block)}
        return event(joined(handler, parts), list(given), list(parts.values()), **_QUIET | more)

    def _wire(self, page: gr.Blocks) -> None:
        self._wire_chat()
        self._wire_bases(page)
        self._wire_sessions()
        self._wire_documents()
        keep(page, self.settings)

    def _wire_chat(self) -> None:
        asked = [self.talk, self.base, self.also, *self.settings]
        asks = partial(gr.on, [self.send.click, self.question.submit], trigger_mode="always_last")  # drop none
        growing = [
            self._on(asks, self.chatting.ask, [self.question, *asked], concurrency_limit=16),
            self._on(self.chat.redo, self.chatting.redo, asked, concurrency_limit=16),
            self._on(self.opened.change, self.chatting.go_on, [self.talk], concurrency_limit=16),
        ]
        for leaving in (self.new_chat.click, self.listed.open_session, self.base.input):
            # Before anything else that these events do: Gradio runs the steps of an event one after the other, and
            # would cancel what is asked after it. Answers being written continue unseen.
            leaving(None, None, None, cancels=growing)
        self._on(self.stop.click, self.chatting.stop, [self.talk])
        for place in (self.chat, self.side):
            self._on(place.choose, self.chatting.choose, [self.talk, self.base])
        for place in (self.chat, self.side, self.table, self.reader):
            self._on(place.read, self.reading.read, [self.base])
        self._on(self.chat.why, self.chatting.why, [self.talk, self.base, self.settings[0]])
        self._on(self.chat.rate, self.chatting.rate, [self.talk, self.base])
        self._on(self.reasoning.change, self.chatting.reasoning, [self.talk, self.reasoning])

    def _wire_sessions(self) -> None:
        mine = [self.talk, self.base]
        self._on(self.new_chat.click, self.sessions.new, mine)
        self._on(self.listed.open_session, self.sessions.open, mine)
        self._on(self.listed.drop_session, self.sessions.drop, mine)
        self._on(self.listed.title_session, self.sessions.title, mine)
        for button, form in ((self.markdown, "md"), (self.json, "json")):
            saving = self._on(button.click, self.sessions.save, [*mine, gr.State(form)])
            saving.then(None, self.file, None, js=script("save"))

    def _wire_documents(self) -> None:
        shown = [self.base, self.only, self.order]
        one_by_one = {"concurrency_limit": 1, "concurrency_id": "ingest", "trigger_mode": "multiple"}
        self._on(self.drop.sent, self.documents.upload, shown, **one_by_one)
        self._on(self.table.retry, self.documents.retry, shown, **one_by_one)
        self._on(self.table.forget, self.documents.forget, shown)
        self._on(self.table.sort, self.documents.sort, shown)
        self._on(self.only.change, self.documents.show, shown)
        self._on(self.follow.click, self.following_folders.add, [self.base, self.folder])
        self._on(self.folder.submit, self.following_folders.add, [self.base, self.folder])
        self._on(self.followed.drop_folder, self.following_folders.drop, [self.base])
        self._on(self.followed.look, self.following_folders.show, shown)

    def _wire_bases(self, page: gr.Blocks) -> None:
        chosen = [self.base, self.talk]
        placed = page.load(None, None, self.place, js="() => location.search", **_QUIET)
        self._on(placed.then, self.choosing.load, [self.place, self.own, self.last])
        self._on(self.base.input, self.choosing.switch, chosen)
        for changed in (
            self._on(self.create.click, self.choosing.create, [self.new_base]),
            self._on(self.rename.click, self.choosing.rename, [self.base, self.name]),
            self._on(self.yes.click, self.choosing.delete, [self.base]),
        ):
            self._on(changed.then, self.choosing.again, chosen)
        self._on(self.chat.example, self.choosing.example, [self.talk])
        self._on(self.filled.change, self.choosing.suggest, [self.base])
        self._on(self.entered.change, self.following_folders.show, [self.base, self.only, self.order])
        self._on(self.delete.click, self.choosing.ask_delete, [self.base])
        self._on(self.no.click, self.choosing.keep, [])
        self._on(self.model.input, self.models.use, [self.model, self.base], trigger_mode="once")
        self._on(self.entered.change, self.models.go_on, [self.base])
        self._on(self.stop_pull.click, self.models.cancel, [])
