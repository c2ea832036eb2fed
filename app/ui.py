"""The browser face: what is where on the page, and what calls what.

Comes in: the bases to show. Goes out: a Gradio page on a FastAPI app. Never: a font, script or image from elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable

import gradio as gr
from fastapi import FastAPI, Request

from ..llm.generator import Sampling
from .answer import PASSAGES
from .server_bases import Bases
from .server_gate import Gate
from .ui_handlers import Handlers
from .ui_style import CLICKS, CSS, DOWNLOAD, FONTS, MONO, ON_LOAD
from .ui_texts import LOCALES

_ = gr.I18n(**{locale: dict(texts) for locale, texts in LOCALES.items()})


def mount(
    app: FastAPI,
    bases: Bases,
    gate: Gate,
    *,
    role_of: Callable[[Request], str | None] | None = None,
    max_upload_bytes: int,
    path: str = "/",
) -> None:
    """Put the page on a web application.

    Args:
        app: the application.
        bases: what is shown.
        gate: how many answers are written at once.
        role_of: who a request comes from; ``None`` for nobody. Without it, every visitor is the user of this computer.
        max_upload_bytes: the largest file that is taken.
        path: where on the application.
    """
    theme = gr.themes.Default(
        primary_hue="teal", secondary_hue="teal", neutral_hue="slate", font=list(FONTS), font_mono=list(MONO)
    )
    page = _page(Handlers(bases, gate)).queue(max_size=64, default_concurrency_limit=8)
    page.has_launched = (
        True  # until then gradio takes any path of this computer for an upload; mounting does not say so
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
        css=CSS,
        js=ON_LOAD,
        blocked_paths=[str(bases.config.home)],
    )


def _page(handlers: Handlers) -> gr.Blocks:
    with gr.Blocks(title="kb", analytics_enabled=False, fill_width=True) as page:
        turns = gr.State([])
        with gr.Sidebar(width=300):
            gr.HTML("<h1>kb</h1>", elem_id="kb-brand")
            names, first = list(handlers.bases.names()), handlers.bases.config.name
            base = gr.Dropdown(names, value=first, label=_("base"), elem_id="kb-base", interactive=True)
            new_chat = gr.Button(_("new_chat"), size="sm", elem_id="kb-new-chat")
            export = gr.Button(_("export"), size="sm", elem_id="kb-export")
            markdown = gr.Textbox(visible="hidden")
            facts, *settings = _settings()
            new_base = gr.Textbox(label=_("new_base"), elem_id="kb-new-base", max_lines=1, max_length=64)
            create = gr.Button(_("create"), size="sm", elem_id="kb-create")
            delete = gr.Button(_("delete_base"), size="sm", elem_id="kb-delete-base")
            with gr.Column(visible=False, elem_id="kb-delete-row") as sure:
                really = gr.HTML()
                yes = gr.Button(_("delete_yes"), variant="stop", size="sm", elem_id="kb-delete-yes")
                no = gr.Button(_("cancel"), size="sm")
            said = gr.HTML(elem_id="kb-said")
        with gr.Tabs():
            with gr.Tab(_("ask"), elem_id="kb-tab-ask"), gr.Row():
                with gr.Column(scale=3, min_width=320):
                    chat = gr.HTML(elem_id="kb-chat", js_on_load=CLICKS, apply_default_css=False)
                    with gr.Row(elem_id="kb-ask-row"):
                        question = gr.Textbox(
                            label=_("question"), show_label=False, placeholder=_("placeholder"), elem_id="kb-question",
                            lines=1, max_lines=6, max_length=8_000, scale=8, autofocus=True, container=False,
                        )  # fmt: skip
                        send = gr.Button(_("send"), variant="primary", elem_id="kb-send", scale=1, min_width=90)
                        stop = gr.Button(
                            _("stop"), variant="stop", elem_id="kb-stop", scale=1, min_width=90, visible=False
                        )
                with gr.Column(scale=2, min_width=320, elem_id="kb-side"):
                    side = gr.HTML(js_on_load=CLICKS, apply_default_css=False, elem_id="kb-sources")
            with gr.Tab(_("documents"), elem_id="kb-tab-documents"):
                files = gr.File(label=_("upload"), file_count="multiple", elem_id="kb-upload", height=140)
                progress = gr.HTML(elem_id="kb-progress")
                only = gr.Textbox(label=_("filter"), max_lines=1, elem_id="kb-filter")
                documents = gr.HTML(elem_id="kb-documents", js_on_load=CLICKS, apply_default_css=False)

        shown = [base, turns, chat, side, documents, facts]
        page.load(handlers.page, base, shown, show_progress="hidden")
        base.input(handlers.page, base, shown, show_progress="hidden")
        new_chat.click(handlers.page, base, shown, show_progress="hidden")
        asking = gr.on(
            [send.click, question.submit],
            handlers.ask,
            [question, turns, base, *settings],
            [question, turns, chat, side, send, stop],
            show_progress="hidden",
            concurrency_limit=16,
        )
        stop.click(handlers.stop, turns, [turns, chat, send, stop], cancels=[asking], show_progress="hidden")
        for place in (chat, side):
            place.click(handlers.choose, [turns, base], side, show_progress="hidden")
        export.click(handlers.export, turns, markdown).then(None, markdown, None, js=DOWNLOAD)
        create.click(handlers.create, new_base, [base, new_base, said]).then(handlers.page, base, shown)
        delete.click(handlers.ask_delete, base, [sure, really])
        no.click(lambda: gr.update(visible=False), None, sure)
        yes.click(handlers.delete, base, [base, sure, said]).then(handlers.page, base, shown)
        files.upload(handlers.upload, [files, base], [files, progress, documents], show_progress="hidden")
        only.change(handlers.filter, [base, only], documents, show_progress="hidden")
        documents.click(handlers.forget, [base, only], [progress, documents], show_progress="hidden")
    return page


def _settings() -> list[gr.Component]:
    """Return what says which models are in use, then the settings in the order in which ``Handlers.ask`` takes them."""
    with gr.Accordion(_("settings"), open=False, elem_id="kb-settings"):
        return [
            gr.HTML(),
            gr.Slider(1, 20, PASSAGES, step=1, label=_("k")),
            gr.Slider(0, 2, Sampling().temperature, step=0.1, label=_("temperature")),
            gr.Number(Sampling().seed, label=_("seed"), precision=0),
            gr.Slider(32, 4096, Sampling().max_tokens, step=32, label=_("max_tokens")),
        ]
