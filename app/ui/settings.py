"""The answer settings on the page, kept in the visitor's browser; controls are in the order that ``chat.wanted`` reads."""

from __future__ import annotations

from collections.abc import Sequence

import gradio as gr

from ...llm.generator import Sampling
from ...prompts.templates import OF_STYLE
from ..answers.answer import PASSAGES
from ..i18n.texts import LOCALES

_ = gr.I18n(**{locale: dict(texts) for locale, texts in LOCALES.items()})

_DEFAULT = Sampling()


def controls() -> list[gr.Component]:
    """Return the controls, laid out."""
    with gr.Row():
        k = gr.Slider(1, 20, PASSAGES, step=1, label=_("k"), info=_("k_info"), elem_id="kb-k", min_width=280)
        style = gr.Radio(
            [(_("style_" + style), style) for style in OF_STYLE], value="plain", label=_("style"),
            info=_("style_info"), elem_id="kb-style", min_width=280,
        )  # fmt: skip
        strict = gr.Checkbox(value=False, label=_("strict"), info=_("strict_info"), elem_id="kb-strict", min_width=280)
    with gr.Accordion(_("sampling"), open=False, elem_id="kb-sampling"), gr.Row():
        with gr.Column(min_width=280):
            temperature = gr.Slider(
                0, 2, _DEFAULT.temperature or 0, step=0.1, label=_("temperature"), info=_("temperature_info"),
                elem_id="kb-temperature",
            )  # fmt: skip
            seed = gr.Number(_DEFAULT.seed, label=_("seed"), precision=0, elem_id="kb-seed")
            max_tokens = gr.Slider(
                16, 4096, _DEFAULT.max_tokens, step=16, label=_("max_tokens"), elem_id="kb-max-tokens"
            )
        with gr.Column(min_width=280):
            top_k = gr.Number(0, label=_("top_k"), precision=0, info=_("backend"), elem_id="kb-top-k")
            top_p = gr.Number(0, label=_("top_p"), step=0.05, info=_("backend"), elem_id="kb-top-p")
            stop = gr.Textbox(
                label=_("stop_words"), info=_("stop_words_info"), lines=2, max_lines=4, elem_id="kb-stops"
            )
    return [k, style, strict, temperature, top_k, top_p, seed, max_tokens, stop]


def keep(page: gr.Blocks, settings: Sequence[gr.Component]) -> None:
    """Store the settings in the visitor's browser."""
    kept = gr.BrowserState(None, storage_key="kb-settings", secret="kb")  # noqa: S106  there is nothing to hide in them
    gr.on(
        [one.change for one in settings],
        lambda *values: list(values), list(settings), kept, show_progress="hidden", queue=False,
    )  # fmt: skip
    page.load(
        lambda values: values if isinstance(values, list) and len(values) == len(settings) else [gr.skip()] * len(settings),
        kept, list(settings), show_progress="hidden",
    )  # fmt: skip
