"""Why these sources: what each lane said of every passage, and which rule left one out.

Comes in: an answer. Goes out: HTML. Never: another ranking than ``kb why`` shows.
"""

from __future__ import annotations

from pathlib import Path

from ..retrieval.explain import Candidate, Vote, Why, why
from .answer import Answer
from .api import KnowledgeBase
from .ui_html import escape, worded
from .ui_sources import BaseOf
from .ui_state import Texts

_SHOWN = 30


def explained(base_of: BaseOf, answer: Answer, k: int, texts: Texts) -> str:
    """Return the candidates of an answer's search, as it would be made now; of several bases, one after the other.

    Raises:
        InputError: the question cannot be searched.
    """
    names = dict.fromkeys(hit.base for hit in answer.hits) or {"": None}
    parts = "".join(_part(base_of(name), name, answer.question, k, texts) for name in names)
    told = f'tabindex="0" role="region" aria-label="{texts["why"]}"'
    said = f'<p class="kb-none">“{escape(answer.question)}”</p>'
    return f'<div class="kb-panel" {told}><h2>{texts["why"]}</h2>{said}{parts}</div>'


def _part(kb: KnowledgeBase, name: str, question: str, k: int, texts: Texts) -> str:
    found = why(kb.searcher, question, k)
    weights = texts["comma"].join(
        f"{escape(lane)} × {weight:.2f}" for lane, weight in zip(found.lanes, found.weights, strict=True)
    )
    notes = "".join(f"<li>{escape(worded(note, texts))}</li>" for note in found.notes)
    title = f"<h3>{escape(name)}</h3>" if name else ""
    listed = f'<ul class="kb-notes">{notes}</ul>' if notes else ""
    return f'{title}<p class="kb-none">{texts["why_how"]} {weights}</p>{listed}{_table(found, texts)}'


def _table(found: Why, texts: Texts) -> str:
    heads = "".join(f'<th scope="col">{texts[key]}</th>' for key in ("rank", "file", "score"))
    rows = "".join(_row(one, texts) for one in found.candidates[:_SHOWN])
    return (
        f'<table class="kb-why"><caption class="kb-sr">{texts["why"]}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(one: Candidate, texts: Texts) -> str:
    place = " › ".join(one.chunk.headings)
    fate = texts["why_shown"] if one.place else one.cut
    repeats = f" ({Path(one.repeats).name})" if one.repeats else ""
    word = f" · {texts['why_verbatim']}" if one.verbatim else ""
    votes = " · ".join(map(_vote, one.votes))
    kind = "kb-shown" if one.place else "kb-cut"
    return (
        f'<tr class="{kind}"><td>{one.rank}</td><td><b>{escape(Path(one.chunk.source).name)}</b>'
        f"<small>{escape(place)}</small><small>{votes}</small><small><em>{escape(fate + repeats + word)}</em></small></td>"
        f"<td>{one.score:.2f}</td></tr>"
    )


def _vote(vote: Vote) -> str:
    return f"{escape(vote.lane)} {f'#{vote.rank}' if vote.rank else '–'} {vote.score:.2f} (z {vote.z:+.1f})"
