"""What is shown before the first question of a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..api import KnowledgeBase
from ..hosting.bases import Bases
from ..i18n.texts import Texts
from .html import model_name, worded
from .view.markdown import escape

HANDBOOK = Path(__file__).parents[2] / "knowledge_base"
"""kb's own handbook, if it came with kb."""


def welcome(bases: Bases, kb: KnowledgeBase, texts: Texts) -> str:
    """Return the welcome for a base; if it is empty, the ways to fill it."""
    model = bases.generator.name
    actions = ""
    if not kb.sources():
        hint = texts["welcome_empty"]
        actions = f'<button type="button" class="kb-add" data-goes="kb-files">{texts["add"]}</button>'
        if HANDBOOK.is_dir():
            actions += f'<button type="button" class="kb-example" data-event="example">{texts["add_handbook"]}</button>'
        actions = f'<p class="kb-actions">{actions}</p>'
    elif model.startswith(("extractive", "gguf", "hf")):
        hint = texts["welcome_hint"]
    else:
        hint = texts["welcome_model"].format(model=model)
    told = '<div class="kb-sr" role="status"></div>'  # a live region must exist before it has something to announce
    place = f'data-base="{escape(kb.config.name)}" data-session=""'
    return f'<div class="kb-welcome" {place}>{told}<h2>{texts["welcome"]}</h2><p>{escape(hint)}</p>{actions}</div>'


def tries(questions: Sequence[str], texts: Texts) -> str:
    """Return the suggested questions."""
    buttons = "".join(
        f'<li><button type="button" class="kb-example" data-question="{escape(one)}">{escape(one)}</button></li>'
        for one in questions
    )
    return f'<p class="kb-try">{texts["try"]}</p><ul class="kb-examples">{buttons}</ul>' if buttons else ""


def facts(bases: Bases, kb: KnowledgeBase, texts: Texts) -> str:
    """Return which models are in use."""
    status = kb.status()
    said = {"model": model_name(bases.generator.name, texts), "embedder": status.embedder}
    shown = "".join(f"<p><b>{texts[key]}</b>{escape(worded(value, texts))}</p>" for key, value in said.items())
    return f'<div class="kb-facts">{shown}</div>'
