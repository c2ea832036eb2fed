"""Answers and documents become HTML. All text is escaped here; nothing else makes markup.

Comes in: answers, ledgers, texts. Goes out: HTML. Never: a script, an address outside this page, or a text as markup.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..ingest.document import IngestReport
from ..prompts.prompt import Citation, Sentence
from .answer import Answer
from .status import FileLedger, Status

Texts = Mapping[str, str]

SHOWN_DOCUMENTS = 200
_MARKS = re.compile(r"(?:\s*\[\d{1,3}\])+")
_MARK = re.compile(r"\d+")
_TEMPLATE = str.maketrans({"{": "&#123;", "}": "&#125;", "$": "&#36;", "`": "&#96;", "\\": "&#92;"})
_CODE = re.compile(r"&#96;([^&\n]+(?:&(?!#96;)[^&\n]*)*)&#96;")
_BOLD = re.compile(r"\*\*(\S(?:.*?\S)?)\*\*")


@dataclass(frozen=True, slots=True)
class Turn:
    """A question, and what came of it so far."""

    question: str
    answer: Answer | None = None
    error: str = ""
    stopped: bool = False

    @property
    def under_way(self) -> bool:
        """Whether more is to come."""
        return not (self.stopped or self.error or (self.answer and self.answer.finished))


def escape(text: str) -> str:
    """Return text as it may stand in HTML, also where Gradio takes the HTML for a template."""
    return html.escape(text).translate(_TEMPLATE)


def conversation(turns: Sequence[Turn], texts: Texts) -> str:
    """Return the whole conversation."""
    shown = "".join(_turn(number, turn, texts) for number, turn in enumerate(turns))
    return f'<div class="kb-conversation" role="log" aria-live="polite">{shown}</div>'


def welcome(questions: Sequence[str], texts: Texts, *, empty: bool, remote_model: str) -> str:
    """Return what stands in place of a conversation before the first question."""
    buttons = "".join(
        f'<button type="button" class="kb-example" data-question="{escape(question)}">{escape(question)}</button>'
        for question in questions
    )
    hint = texts["welcome_model"].format(model=remote_model) if remote_model else texts["welcome_hint"]
    examples = f'<p class="kb-try">{texts["try"]}</p><div class="kb-examples">{buttons}</div>' if buttons else ""
    return (
        f'<div class="kb-welcome"><h2>{texts["welcome"]}</h2>'
        f"<p>{escape(texts['welcome_empty'] if empty else hint)}</p>{examples}</div>"
    )


def documents(rows: Sequence[FileLedger], status: Status, texts: Texts, only: str = "") -> str:
    """Return the table of documents whose name contains ``only``."""
    chosen = [row for row in rows if only.casefold() in row.source.casefold()]
    counts = texts["counts"].format(documents=status.n_documents, chunks=status.n_chunks, failed=status.n_failed)
    if not rows:
        return f'<p class="kb-none">{texts["none"]}</p>'
    body = "".join(_row(row, texts) for row in chosen[:SHOWN_DOCUMENTS])
    hidden = len(chosen) - SHOWN_DOCUMENTS
    more = f"<p>{texts['more'].format(n=hidden)}</p>" if hidden > 0 else ""
    heads = "".join(f'<th scope="col">{texts[key]}</th>' for key in ("file", "state", "detail"))
    return (
        f'<p class="kb-counts">{counts}</p><table class="kb-documents"><thead><tr>{heads}<th></th></tr></thead>'
        f"<tbody>{body}</tbody></table>{more}"
    )


def progress(stage: str, done: int, total: int, source: str, texts: Texts) -> str:
    """Return how far an ingest has come."""
    share = 100 * done // total if total else 0
    label = texts[f"stage_{stage}"]
    return (
        f'<div class="kb-progress" role="status"><div><b>{label}</b> {done}/{total} {escape(Path(source).name)}</div>'
        f'<div class="kb-bar"><i style="width:{share}%"></i></div></div>'
    )


def report(done: IngestReport, texts: Texts) -> str:
    """Return what an ingest did, file by file."""
    counts = {kind: len(getattr(done, kind)) for kind in ("added", "updated", "unchanged", "failed")}
    failures = "".join(
        f'<li class="kb-failed"><b>{escape(Path(failure.source).name)}</b> {escape(failure.reason)}</li>'
        for failure in done.failed
    )
    notes = "".join(f"<li>{escape(note)}</li>" for note in done.notes)
    summary = texts["done"].format(s=f"{done.seconds:.1f}", **counts)
    return f'<div class="kb-report" role="status"><p>{summary}</p><ul>{failures}{notes}</ul></div>'


def problem(message: str, texts: Texts) -> str:
    """Return an error, as one."""
    return f'<div class="kb-error" role="alert"><b>{texts["error"]}</b> {escape(message)}</div>'


def message(text: str) -> str:
    """Return a line that says what was done."""
    return f'<p class="kb-message" role="status">{escape(text)}</p>'


def _turn(number: int, turn: Turn, texts: Texts) -> str:
    question = f'<div class="kb-question"><span class="kb-sr">{texts["you"]}</span>{escape(turn.question)}</div>'
    if turn.error:
        body = problem(turn.error, texts)
    elif turn.answer is None:
        body = f'<p class="kb-wait">{texts["stopped" if turn.stopped else "searching"]}</p>'
    else:
        body = _answer(number, turn.answer, texts)
        if not turn.answer.finished:
            body += f'<p class="kb-wait">{texts["stopped" if turn.stopped else "writing"]}</p>'
    kind = " kb-abstained" if turn.answer and turn.answer.abstained and turn.answer.finished else ""
    foot = "" if turn.under_way else _foot(turn, texts)
    return (
        f'<section class="kb-turn">{question}<article class="kb-answer{kind}" aria-label="{texts["answer"]}">'
        f"{body}{foot}</article></section>"
    )


def _answer(number: int, answer: Answer, texts: Texts) -> str:
    if answer.abstained and answer.finished:
        return _abstention(answer, texts)
    text = "".join(_sentences(number, answer, texts))
    notes = "".join(f"<li>{escape(note)}</li>" for note in answer.notes)
    return f'<div class="kb-text">{text}</div>' + (f'<ul class="kb-notes">{notes}</ul>' if notes else "")


def _abstention(answer: Answer, texts: Texts) -> str:
    looked = texts["looked"].format(
        documents=answer.searched.documents, chunks=answer.searched.chunks, lanes=", ".join(answer.searched.lanes)
    )
    names = dict.fromkeys(Path(hit.chunk.source).name for hit in answer.hits[:3])
    nearest = texts["nearest"].format(names=", ".join(names)) if names else ""
    notes = "".join(f"<li>{escape(note)}</li>" for note in answer.notes)
    return (
        f'<div class="kb-badge">{texts["abstained"]}</div><div class="kb-text">{escape(answer.text)}</div>'
        f'<ul class="kb-notes"><li>{escape(looked)}</li>{f"<li>{escape(nearest)}</li>" if nearest else ""}{notes}</ul>'
    )


def _sentences(number: int, answer: Answer, texts: Texts) -> Iterator[str]:
    at = 0
    for index, sentence in enumerate(answer.sentences):
        start = answer.text.find(sentence.text, at)
        if start < 0:
            continue
        yield _inline(answer.text[at:start])
        at = start + len(sentence.text)
        marks = _MARKS.match(answer.text, at)
        numbers = [int(digits) for digits in _MARK.findall(marks.group())] if marks else []
        yield f'<span class="kb-sentence kb-{sentence.support}"{_title(sentence)}>{_inline(sentence.text)}</span>'
        yield "".join(_button(number, index, sentence, mark, texts) for mark in numbers)
        if sentence.support != "supported":
            yield f' <span class="kb-flag kb-flag-{sentence.support}"{_title(sentence)}>{texts[sentence.support]}</span>'
        at = marks.end() if marks else at
    yield _inline(answer.text[at:])


def _title(sentence: Sentence) -> str:
    return f' title="{escape(sentence.reason)}"' if sentence.reason else ""


def _button(number: int, index: int, sentence: Sentence, mark: int, texts: Texts) -> str:
    cited: list[Citation] = [citation for citation in sentence.citations if citation.mark == mark]
    if not cited:
        return ""
    label = escape(texts["source_n"].format(n=mark, name=Path(cited[0].source).name))
    return (
        f'<button type="button" class="kb-mark" data-turn="{number}" data-sentence="{index}" data-mark="{mark}" '
        f'aria-label="{label}" title="{label}">{mark}</button>'
    )


def _inline(text: str) -> str:
    return _BOLD.sub(r"<b>\1</b>", _CODE.sub(r"<code>\1</code>", escape(text)))


def _foot(turn: Turn, texts: Texts) -> str:
    plain = escape(turn.answer.text if turn.answer else turn.error)
    question = escape(turn.question)
    total = sum(seconds for _, seconds in turn.answer.timings) if turn.answer else 0
    said = (
        " · ".join(filter(None, [turn.answer.model, texts["seconds"].format(s=f"{total:.1f}")])) if turn.answer else ""
    )
    return (
        f'<footer><button type="button" data-copy="{plain}" data-done="{texts["copied"]}">{texts["copy"]}</button>'
        f'<button type="button" data-question="{question}">{texts["again"]}</button>'
        f'<button type="button" data-edit="{question}">{texts["edit"]}</button><span>{escape(said)}</span></footer>'
    )


def _row(row: FileLedger, texts: Texts) -> str:
    name = Path(row.source).name
    state = texts["read"] if row.outcome == "read" else row.outcome
    label = escape(texts["delete_name"].format(name=name))
    return (
        f'<tr><td title="{escape(row.source)}">{escape(name)}<small>{escape(str(Path(row.source).parent))}</small></td>'
        f'<td><span class="kb-state {"kb-ok" if row.outcome == "read" else "kb-bad"}">{escape(state)}</span></td>'
        f"<td>{escape(row.detail)}</td>"
        f'<td><button type="button" class="kb-delete" data-source="{escape(row.source)}" aria-label="{label}" '
        f'data-sure="{texts["sure"]}">{texts["delete"]}</button></td></tr>'
    )
