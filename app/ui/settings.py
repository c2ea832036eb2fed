"""The answer settings on the page, kept in the visitor's browser; those that the model has no use for are not shown.

``controls`` returns them in the order in which ``wanted`` reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import gradio as gr

from ...llm.generator import Sampling
from ...prompts.templates import OF_STYLE, Style
from ..answers.answer import PASSAGES
from ..i18n.texts import LOCALES

_ = gr.I18n(**{locale: dict(texts) for locale, texts in LOCALES.items()})

_DEFAULT = Sampling()

Given = str | float | bool | None
"""The value of a setting, as its control gives it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the visitor wants answers."""

    k: int
    style: Style
    strict: bool
    sampling: Sampling


def wanted(settings: Sequence[Given], model: str) -> Wanted:
    """Return the settings from the control values; what is not shown for a model is as it would be without the page.

    Args:
        settings: the values, in the order of ``controls``.
        model: the name of the generator in use.

    Raises:
        InputError: a value is out of its range.
    """
    k, strict, max_tokens, style, first_word_s, temperature, top_k, top_p, seed, stop = settings
    if not _writes(model):
        return Wanted(int(k or PASSAGES), "plain", bool(strict), Sampling())
    sampling = Sampling(
        seed=int(seed or 0),
        temperature=float(temperature or 0),
        top_k=int(top_k) if top_k else None,
        top_p=float(top_p) if top_p else None,
        max_tokens=int(_DEFAULT.max_tokens if max_tokens is None else max_tokens),
        stop=tuple(line for line in str(stop or "").splitlines() if line.strip()),
        first_word_s=float(first_word_s or _DEFAULT.first_word_s) if _is_timed(model) else _DEFAULT.first_word_s,
    )
    return Wanted(int(k or PASSAGES), cast("Style", style), bool(strict), sampling)


def fits(model: str) -> dict[str, object]:
    """Return the changes that show the settings of a model, by the name of its generator."""
    return {"writing": gr.update(visible=_writes(model)), "first_word": gr.update(visible=_is_timed(model))}


def _writes(model: str) -> bool:
    return model != "extractive"


def _is_timed(model: str) -> bool:
    """Return whether its reading speed is known, so that its input can be cut to a time."""
    return model.startswith("gguf:")


def controls(model: str) -> tuple[list[gr.Component], gr.Column, gr.Component]:
    """Lay out the controls: first what every answer has, then what a model that writes has, its sampling folded.

    Returns: the controls, the part for models that write, and the control for models of known speed.
    """
    with gr.Row():
        with gr.Column(min_width=280):
            k = gr.Slider(1, 20, PASSAGES, step=1, label=_("k"), info=_("k_info"), elem_id="kb-k")
        with gr.Column(min_width=280):
            strict = gr.Checkbox(value=False, label=_("strict"), info=_("strict_info"), elem_id="kb-strict")
    with gr.Column(visible=_writes(model), elem_id="kb-writing") as writing:
        with gr.Row():
            with gr.Column(min_width=280):
                max_tokens = gr.Slider(
                    16, 4096, _DEFAULT.max_tokens, step=16, label=_("max_tokens"), elem_id="kb-max-tokens"
                )
                first_word_s = gr.Slider(
                    1, 60, _DEFAULT.first_word_s, step=1, label=_("first_word"), info=_("first_word_info"),
                    visible=_is_timed(model), elem_id="kb-first-word",
                )  # fmt: skip
            with gr.Column(min_width=280):
                style = gr.Radio(
                    [(_("style_" + style), style) for style in OF_STYLE], value="plain", label=_("style"),
                    info=_("style_info"), elem_id="kb-style",
                )  # fmt: skip
        with gr.Accordion(_("sampling"), open=False, elem_id="kb-sampling"), gr.Row():
            with gr.Column(min_width=280):
                temperature = gr.Slider(
                    0, 2, _DEFAULT.temperature or 0, step=0.1, label=_("temperature"), info=_("temperature_info"),
                    elem_id="kb-temperature",
                )  # fmt: skip
                seed = gr.Number(_DEFAULT.seed, label=_("seed"), precision=0, elem_id="kb-seed")
            with gr.Column(min_width=280):
                top_k = gr.Number(0, label=_("top_k"), precision=0, info=_("backend"), elem_id="kb-top-k")
                top_p = gr.Number(0, label=_("top_p"), step=0.05, info=_("backend"), elem_id="kb-top-p")
                stop = gr.Textbox(
                    label=_("stop_words"), info=_("stop_words_info"), lines=2, max_lines=4, elem_id="kb-stops"
                )
    return [k, strict, max_tokens, style, first_word_s, temperature, top_k, top_p, seed, stop], writing, first_word_s


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
