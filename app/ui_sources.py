"""The sources panel: the places an answer cites, the chosen one in its context, on its page.

Comes in: an answer and a chosen mark. Goes out: HTML. Never: the file of a citation whose bytes are not those that were read.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from ..ingest.errors import InputError
from ..prompts.prompt import Citation
from .answer import Answer
from .api import KnowledgeBase
from .ui_html import escape
from .ui_pages import page_image
from .ui_state import Texts

_CONTEXT = 400

BaseOf: TypeAlias = Callable[[str], KnowledgeBase]
"""Opens the base of a name; of an empty one, the base that the page shows."""


def nothing_chosen(texts: Texts) -> str:
    """Return the panel before there is anything to show."""
    return f'<div class="kb-panel"><h2>{texts["sources"]}</h2><p class="kb-none">{texts["sources_empty"]}</p></div>'


def panel(
    base_of: BaseOf, answer: Answer, turn: int, texts: Texts, sentence: int | None = None, mark: int | None = None
) -> str:
    """Return the panel of an answer: its sources, one of them open; the first unless a mark was chosen."""
    if not answer.citations:
        return (
            f'<div class="kb-panel"><h2>{texts["sources"]}</h2><p class="kb-none">{texts["sources_of_none"]}</p></div>'
        )
    mark = mark or answer.citations[0].mark
    cited = answer.citations if sentence is None else answer.sentences[sentence].citations
    chosen = [citation for citation in cited if citation.mark == mark] or [answer.citations[0]]
    cards = []
    for number in dict.fromkeys(citation.mark for citation in answer.citations):
        first = next(citation for citation in answer.citations if citation.mark == number)
        is_open = number == chosen[0].mark
        body = _passage(base_of, chosen, texts) if is_open else ""
        cards.append(_card(first if not is_open else chosen[0], turn, texts, body))
    return f'<div class="kb-panel"><h2>{texts["sources"]}</h2>{"".join(cards)}{_back(texts)}</div>'


def _back(texts: Texts) -> str:
    return f'<button type="button" class="kb-delete kb-back" data-back>{texts["back"]}</button>'


def _card(citation: Citation, turn: int, texts: Texts, body: str) -> str:
    place = [
        *([citation.base] if citation.base else []),
        *citation.headings,
        *([texts["page"].format(n=citation.page)] if citation.page else []),
    ]
    name = Path(citation.source).name
    chosen = "true" if body else "false"
    quote = "" if body else f"<span>{escape(_short(citation.quote))}</span>"
    return (
        f'<div class="kb-card" data-open="{chosen}">'
        f'<button type="button" class="kb-source" data-event="choose" data-turn="{turn}" data-mark="{citation.mark}" '
        f'aria-expanded="{chosen}">'
        f'<i class="kb-number">{citation.mark}</i><b>{escape(name)}</b>'
        f"<small>{escape(' › '.join(place))}</small>{quote}</button>{body}</div>"
    )


def _passage(base_of: BaseOf, chosen: list[Citation], texts: Texts) -> str:
    first = chosen[0]
    try:
        text = base_of(first.base).document_text(first.source)
    except InputError as error:
        return f'<p class="kb-none">{escape(str(error))}</p>'
    if text[first.start : first.stop] != first.quote:
        return f'<blockquote><mark>{escape(first.quote)}</mark></blockquote><p class="kb-none">{texts["gone"]}</p>'
    begin = max(text.rfind("\n\n", 0, max(first.start - 1, 0)), first.start - _CONTEXT, 0)
    end = min(max(citation.stop for citation in chosen) + _CONTEXT, len(text))
    parts, at = [], begin
    for citation in sorted(chosen, key=lambda citation: citation.start):
        start = max(citation.start, at)
        parts += [escape(text[at:start]), f"<mark>{escape(text[start : citation.stop])}</mark>"]
        at = max(citation.stop, at)
    parts.append(escape(text[at:end]))
    before, after = "… " if begin else "", " …" if end < len(text) else ""
    told = f'tabindex="0" role="group" aria-label="{texts["whole"]}"'
    context = f"<blockquote {told}>{before}{''.join(parts).strip()}{after}</blockquote>"
    return context + page_image(first, [citation.quote for citation in chosen], texts)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 120 else text[:119] + "…"  # noqa: PLR2004  a line or two of a narrow panel
