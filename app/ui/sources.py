"""The sources panel: the places an answer cites, with the chosen one in context and on its page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from ...ingest.errors import InputError
from ...ingest.plain import without_markup
from ...prompts.prompt import Citation
from ...retrieval.search.explain import Candidate, Vote, Why, why
from ..answers.answer import Answer
from ..api import KnowledgeBase
from ..i18n.texts import Texts
from .html import titles, worded
from .view.excerpts import around, excerpt
from .view.markdown import escape
from .view.pages import page_image
from .view.sections import located
from .view.sheets import cells_at

_SHOWN = 30


def explained(base_of: BaseOf, answer: Answer, k: int, texts: Texts) -> str:
    """Return the candidates of an answer's search if made now, base by base.

    Raises:
        InputError: the question cannot be searched for.
    """
    names = dict.fromkeys(hit.base for hit in answer.hits) or {"": None}
    shown = texts["why_used" if answer.model in ("", "extractive") else "why_shown"]
    parts = "".join(_part(base_of(name), name, answer.question, k, shown, texts) for name in names)
    told = f'tabindex="0" role="region" aria-label="{texts["why"]}"'
    said = f'<p class="kb-none">“{escape(answer.question)}”</p>'
    return f'<div class="kb-panel" {told}><h2>{texts["why"]}</h2>{_back(texts)}{said}{parts}</div>'


def _part(kb: KnowledgeBase, name: str, question: str, k: int, shown: str, texts: Texts) -> str:
    found = why(kb.searcher, question, k)
    weights = texts["comma"].join(
        f"{escape(lane)} × {weight:.2f}" for lane, weight in zip(found.lanes, found.weights, strict=True)
    )
    notes = "".join(f"<li>{escape(worded(note, texts))}</li>" for note in found.notes)
    title = f"<h3>{escape(name)}</h3>" if name else ""
    listed = f'<ul class="kb-notes">{notes}</ul>' if notes else ""
    return f'{title}<p class="kb-none">{texts["why_how"]} {weights}</p>{listed}{_table(found, shown, texts)}'


def _table(found: Why, shown: str, texts: Texts) -> str:
    heads = "".join(f'<th scope="col">{texts[key]}</th>' for key in ("rank", "file", "score"))
    rows = "".join(_row(one, shown, texts) for one in found.candidates[:_SHOWN])
    return (
        f'<table class="kb-why"><caption class="kb-sr">{texts["why"]}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(one: Candidate, shown: str, texts: Texts) -> str:
    place = " › ".join(one.chunk.titles)
    fate = shown if one.place else worded(one.cut, texts)
    repeats = f" ({Path(one.repeats).name})" if one.repeats else ""
    word = f" · {texts['why_verbatim']}" if one.verbatim else ""
    word += f" · {texts['why_named']}" if one.named else ""
    word += f" · {texts['why_names']} +{one.names:.2f}" if one.names else ""
    votes = " · ".join(map(_vote, one.votes))
    kind = "kb-shown" if one.place else "kb-cut"
    return (
        f'<tr class="{kind}"><td>{one.rank}</td><td><b>{escape(Path(one.chunk.source).name)}</b>'
        f"<small>{escape(place)}</small><small>{votes}</small><small><em>{escape(fate + repeats + word)}</em></small></td>"
        f"<td>{one.score:.2f}</td></tr>"
    )


def _vote(vote: Vote) -> str:
    return f"{escape(vote.lane)} {f'#{vote.rank}' if vote.rank else '–'} {vote.score:.2f} (z {vote.z:+.1f})"


_CONTEXT = 400

BaseOf: TypeAlias = Callable[[str], KnowledgeBase]
"""Opens a base by name; an empty name opens the base that the page shows."""


def nothing_chosen(texts: Texts) -> str:
    """Return the empty panel."""
    return f'<div class="kb-panel"><h2>{texts["sources"]}</h2><p class="kb-none">{texts["sources_empty"]}</p></div>'


def panel(
    base_of: BaseOf, answer: Answer, turn: int, texts: Texts, sentence: int | None = None, mark: int | None = None
) -> str:
    """Return the sources panel of an answer with one source open: the first, unless a mark was chosen."""
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
        cells = _cells(base_of, chosen) if is_open else ""
        cards.append(_card(first if not is_open else chosen[0], turn, texts, body, cells))
    return f'<div class="kb-panel"><h2>{texts["sources"]}</h2>{"".join(cards)}{_back(texts)}</div>'


def _back(texts: Texts) -> str:
    return f'<button type="button" class="kb-delete kb-back" data-back>{texts["back"]}</button>'


def _cells(base_of: BaseOf, chosen: list[Citation]) -> str:
    """Return the cells of a sheet that citations quote; empty for other documents, or where they are not known."""
    first = chosen[0]
    try:
        kb = base_of(first.base)
        document, row = kb.catalog.document(first.source), kb.catalog.sources([first.source]).get(first.source)
    except InputError:
        return ""
    if document is None or row is None or document.text[first.start : first.stop] != first.quote:
        return ""
    return cells_at(row, document, [(citation.start, citation.stop) for citation in chosen])


def _card(citation: Citation, turn: int, texts: Texts, body: str, cells: str) -> str:
    place = [
        *([citation.base] if citation.base else []),
        *titles(citation),
        *([located(citation.source, citation.page, texts)] if citation.page else []),
        *([cells] if cells else []),
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
        kb = base_of(first.base)
        text = kb.document_text(first.source)
    except InputError as error:
        return f'<p class="kb-none">{escape(worded(str(error), texts))}</p>'
    if text[first.start : first.stop] != first.quote:
        quote = excerpt(first.source, first.quote, [(0, len(first.quote))], 0, len(first.quote))
        return f'<blockquote>{quote}</blockquote><p class="kb-none">{texts["gone"]}</p>'
    spans = [(citation.start, citation.stop) for citation in chosen]
    begin, end = around(text, spans, _CONTEXT)
    told = f'tabindex="0" role="group" aria-label="{texts["whole"]}"'
    context = f"<blockquote {told}>{excerpt(first.source, text, spans, begin, end)}</blockquote>"
    quotes = [citation.quote for citation in chosen]
    opens = (
        f'<p class="kb-open"><button type="button" class="kb-delete" data-event="read" data-base="{escape(first.base)}" '
        f'data-source="{escape(first.source)}" data-spans="{",".join(f"{start}-{stop}" for start, stop in spans)}">'
        f"{texts['open']}</button></p>"
    )
    row = kb.catalog.sources([first.source]).get(first.source)
    return opens + context + (page_image(row, first.page, quotes, texts) if row else "")


def _short(text: str) -> str:
    text = " ".join(without_markup(text).replace("|", " ").split())
    return text if len(text) <= 120 else text[:119] + "…"  # noqa: PLR2004  a line or two of a narrow panel
