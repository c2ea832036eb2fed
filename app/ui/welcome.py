"""What is shown before the first question of a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..api import KnowledgeBase
from ..hosting.bases import Bases
from ..i18n.texts import Texts
from .html import worded
from .view.markdown import escape

HANDBOOK = Path(__file__).parents[2] / "knowledge_base"
"""kb's own handbook, if it came with kb."""


def welcome(bases: Bases, kb: KnowledgeBase, texts: Texts) -> str:
    """Return the welcome for a base; if it is empty, the ways to fill it."""
    model = bases.generator.name
    local = model.startswith(("extractive", "gguf", "hf"))
    hint = escape(texts["welcome_hint"] if local else texts["welcome_model"].format(model=model))
    shown = f"<p>{hint}</p>"
    if not kb.sources():
        actions = f'<button type="button" class="kb-add" data-goes="kb-files">{texts["add"]}</button>'
        if HANDBOOK.is_dir():
            actions += f'<button type="button" class="kb-example" data-event="example">{texts["add_handbook"]}</button>'
        # What holds once documents are there is shown in its place by the style sheet, without a new welcome: that
        # could come late and replace a conversation.
        shown = (
            f'<p class="kb-once-filled">{hint}</p><p class="kb-until-filled">{escape(texts["welcome_empty"])}</p>'
            f'<p class="kb-actions kb-until-filled">{actions}</p>'
        )
    told = '<div class="kb-sr" role="status"></div>'  # a live region must exist before it has something to announce
    place = f'data-base="{escape(kb.config.name)}" data-session=""'
    return f'<div class="kb-welcome" {place}>{told}<h2>{texts["welcome"]}</h2>{shown}</div>'


def tries(questions: Sequence[str], texts: Texts, *, filled: bool) -> str:
    """Return the suggested questions, and whether there are documents to ask about."""
    sign = "<span data-filled hidden></span>" if filled else ""
    buttons = "".join(
        f'<li><button type="button" class="kb-example" data-question="{escape(one)}">{escape(one)}</button></li>'
        for one in questions
    )
    shown = f'<p class="kb-try">{texts["try"]}</p><ul class="kb-examples">{buttons}</ul>' if buttons else ""
    return sign + shown


def facts(bases: Bases, kb: KnowledgeBase, texts: Texts) -> str:
    """Return which models are in use."""
    status = kb.status()
    model = bases.generator.name
    said = {"model": texts["model_none"] if model == "extractive" else model, "embedder": status.embedder}
    shown = "".join(f"<p><b>{texts[key]}</b>{escape(worded(value, texts))}</p>" for key, value in said.items())
    return f'<div class="kb-facts">{shown}</div>'
