"""What stands in place of a conversation before the first question: examples made from the base.

Comes in: a base. Goes out: HTML, and facts of the models. Never: an example that the base says nothing about.
"""

from __future__ import annotations

import re

from ...ingest.readers.text import markdown_headings
from ..api import KnowledgeBase
from ..hosting.bases import Bases
from .html import escape, worded
from .state import Texts

_LEVELS = (2, 3)
_LENGTHS = range(4, 61)
_HANZI = re.compile(r"[\u4e00-\u9fff]")
_QUESTION = ("?", "？")
_EXAMPLES, _LOOKED_AT = 4, 40


def welcome(bases: Bases, kb: KnowledgeBase, texts: Texts) -> str:
    """Return the welcome of a base, with questions to begin with."""
    model = bases.generator.name
    if not kb.sources():
        hint = texts["welcome_empty"]
    elif model.startswith(("extractive", "gguf", "hf")):
        hint = texts["welcome_hint"]
    else:
        hint = texts["welcome_model"].format(model=model)
    buttons = "".join(
        f'<li><button type="button" class="kb-example" data-question="{escape(one)}">{escape(one)}</button></li>'
        for one in examples(kb, texts)
    )
    tried = f'<p class="kb-try">{texts["try"]}</p><ul class="kb-examples">{buttons}</ul>' if buttons else ""
    told = '<div class="kb-sr" role="status"></div>'  # a live region must be there before there is something to tell
    return f'<div class="kb-welcome">{told}<h2>{texts["welcome"]}</h2><p>{escape(hint)}</p>{tried}</div>'


def examples(kb: KnowledgeBase, texts: Texts) -> list[str]:
    """Return questions made from headings of the base, in the language of the texts where there are such."""
    by_document: list[list[str]] = []
    chinese = bool(_HANZI.search(texts["ask"]))
    for row in [row for row in kb.sources() if row.document_id][:_LOOKED_AT]:
        headings = markdown_headings(kb.document_text(row.source))
        titles = [one.title for one in headings if one.level in _LEVELS and len(one.title) in _LENGTHS]
        fitting = [title for title in titles if bool(_HANZI.search(title)) == chinese]
        by_document.append(sorted(fitting, key=lambda heading: not heading.endswith(_QUESTION)))
    ranked = [headings[at] for at in range(_EXAMPLES) for headings in by_document if at < len(headings)]
    ranked.sort(key=lambda heading: not heading.endswith(_QUESTION))
    return [
        heading if heading.endswith(_QUESTION) else texts["example"].format(topic=heading)
        for heading in dict.fromkeys(ranked)
    ][:_EXAMPLES]


def facts(bases: Bases, kb: KnowledgeBase, texts: Texts) -> str:
    """Return which models are in use."""
    status = kb.status()
    said = {"model": bases.generator.name, "embedder": status.embedder}
    shown = "".join(f"<p><b>{texts[key]}</b>{escape(worded(value, texts))}</p>" for key, value in said.items())
    return f'<div class="kb-facts">{shown}</div>'
