"""A conversation becomes HTML. All text is escaped here; nothing else makes markup.

Comes in: questions and answers. Goes out: HTML. Never: a script, an address outside this page, or a text as markup.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

from ...prompts.prompt import Citation, Sentence
from ..answers.answer import Answer
from ..i18n.chinese import in_chinese
from ..i18n.texts import ZH
from .state import Talk, Texts, Turn

_MARKS = re.compile(r"(?:\s*\[\d{1,3}\])+")
_MARK = re.compile(r"\d+")
_TEMPLATE = str.maketrans({"{": "&#123;", "}": "&#125;", "$": "&#36;", "`": "&#96;", "\\": "&#92;"})
_CODE = re.compile(r"&#96;([^&\n]+(?:&(?!#96;)[^&\n]*)*)&#96;")
_BOLD = re.compile(r"\*\*(\S(?:.*?\S)?)\*\*")
_BULLET = re.compile(r"^( *)[-*] +", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6} +(.+)$", re.MULTILINE)
_OPTIONS = (("--llm gguf:PATH", "model"), ("--max-tokens", "max_tokens"))
"""Of the command line, as notes name them, and what the setting is called here."""
_THUMB = (
    '<svg viewBox="0 0 24 24" width="15" height="15" fill="none" stroke="currentColor" stroke-width="2" aria-hidden="true">'
    '<path d="M7 10v12M15 5.9 14 10h5.8a2 2 0 0 1 2 2.6l-2.4 8A2 2 0 0 1 17.5 22H4a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2h2.8'
    'a2 2 0 0 0 1.7-1.1L12 2a3.1 3.1 0 0 1 3 3.9Z"/></svg>'
)


def escape(text: str) -> str:
    """Return text as it may stand in HTML, also where Gradio takes the HTML for a template."""
    return html.escape(text).translate(_TEMPLATE)


def worded(sentence: str, texts: Texts) -> str:
    """Return a sentence of ours in the language of the page."""
    return in_chinese(sentence) if texts is ZH else sentence


def conversation(talk: Talk, texts: Texts) -> str:
    """Return the whole conversation; what a screen reader is told of it comes first."""
    shown = "".join(_turn(number, turn, talk, texts) for number, turn in enumerate(talk.turns))
    told = _told(talk.turns[-1], texts) if talk.turns else ""
    return f'<div class="kb-conversation"><div class="kb-sr" role="status">{told}</div>{shown}</div>'


def problem(message: str, texts: Texts) -> str:
    """Return an error, as one."""
    return f'<div class="kb-error" role="alert"><b>{texts["error"]}</b> {escape(worded(message, texts))}</div>'


def message(text: str) -> str:
    """Return a line that says what was done."""
    return f'<p class="kb-message" role="status">{escape(text)}</p>'


def _told(turn: Turn, texts: Texts) -> str:
    """Return the state of an answer, and the answer when it is whole: not every word as it comes."""
    if turn.error:
        return ""  # it is an alert already
    if turn.stopped:
        return texts["stopped"]
    if turn.answer is None:
        return texts["searching"]
    return f"{texts['answer']}: {escape(turn.answer.text)}" if turn.answer.finished else texts["writing"]


def _turn(number: int, turn: Turn, talk: Talk, texts: Texts) -> str:
    if turn.error:
        body = problem(turn.error, texts)
    elif turn.answer is None:
        body = f'<p class="kb-wait">{texts["stopped" if turn.stopped else "searching"]}</p>'
    else:
        body = _answer(number, turn.answer, talk, texts)
        if not turn.answer.finished:
            body += f'<p class="kb-wait">{texts["stopped" if turn.stopped else "writing"]}</p>'
    kind = " kb-abstained" if turn.answer and turn.answer.abstained and turn.done else ""
    foot = "" if turn.under_way else _foot(number, turn, texts)
    return (
        f'<section class="kb-turn" data-editable><h2 class="kb-question"><span class="kb-sr">{texts["you"]}: </span>'
        f'{escape(turn.question)}</h2><article class="kb-answer{kind}" aria-label="{texts["answer"]}">'
        f"{body}{foot}</article></section>"
    )


def _answer(number: int, answer: Answer, talk: Talk, texts: Texts) -> str:
    if answer.abstained and answer.finished:
        return _abstention(answer, texts)
    asked = answer.question != talk.turns[number].question
    understood = texts["understood"].format(question=answer.question) if asked else ""
    steps = ""
    if answer.reasoning:
        opened = " open" if talk.reasoning else ""
        steps = (
            f'<details class="kb-steps"{opened}><summary>{texts["steps"]}</summary>'
            f'<div class="kb-text">{escape(answer.reasoning)}</div></details>'
        )
    text = "".join(_sentences(number, answer, texts))
    notes = "".join(f"<li>{_note(note, texts)}</li>" for note in answer.notes)
    return (
        (f'<p class="kb-none">{escape(understood)}</p>' if understood else "")
        + f'{steps}<div class="kb-text">{text}</div>'
        + (f'<ul class="kb-notes">{notes}</ul>' if notes else "")
    )


def _note(note: str, texts: Texts) -> str:
    """Return a note that names the settings of the page instead of options of the command line."""
    for option, name in _OPTIONS:
        note = note.replace(option, f"{texts['settings']} › {texts[name]}")
    return escape(note)


def _abstention(answer: Answer, texts: Texts) -> str:
    looked = texts["looked"].format(
        documents=answer.searched.documents,
        chunks=answer.searched.chunks,
        lanes=texts["comma"].join(answer.searched.lanes),
    )
    names = dict.fromkeys(Path(hit.chunk.source).name for hit in answer.hits[:3])
    nearest = texts["nearest"].format(names=texts["comma"].join(names)) if names else ""
    notes = "".join(f"<li>{_note(note, texts)}</li>" for note in answer.notes)
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
        f'&#8288;<button type="button" class="kb-mark" data-event="choose" data-turn="{number}" data-sentence="{index}" '
        f'data-mark="{mark}" aria-label="{label}" title="{label}">{mark}</button>'
    )


def _inline(text: str) -> str:
    """Return text with the little Markdown that sentences hold: bullets, headings, code and bold."""
    marked = _HEADING.sub(r"<b>\1</b>", _BULLET.sub("\\1• ", escape(text)))
    return _BOLD.sub(r"<b>\1</b>", _CODE.sub(r"<code>\1</code>", marked))


def _foot(number: int, turn: Turn, texts: Texts) -> str:
    question, at = escape(turn.question), f'data-turn="{number}"'
    words = f'data-save="{texts["send"]}" data-cancel="{texts["cancel"]}" data-label="{texts["question"]}"'
    again = f'<button type="button" data-event="redo" {at} data-question="{question}">{texts["again"]}</button>'
    other = (
        f'<button type="button" data-edit="{question}" data-then="redo" data-field="question" {at} {words}>'
        f"{texts['edit']}</button>"
    )
    parts = [again, other]
    said = ""
    if turn.answer:
        copied = f'data-copy="{escape(turn.answer.text)}" data-done="{texts["copied"]}"'
        parts.insert(0, f'<button type="button" {copied}>{texts["copy"]}</button>')
        why = f'<button type="button" data-event="why" data-turn="{number}">{texts["why_button"]}</button>'
        parts.append(why)
        parts += [_verdict(number, turn, verdict, texts) for verdict in ("up", "down")] if turn.answer.id else []
        total = sum(seconds for _, seconds in turn.answer.timings)
        said = " · ".join(filter(None, [turn.answer.model, texts["seconds"].format(s=f"{total:.1f}")]))
    return f"<footer>{''.join(parts)}<span>{escape(said)}</span></footer>{_comment(number, turn, texts)}"


def _verdict(number: int, turn: Turn, verdict: str, texts: Texts) -> str:
    pressed = "true" if turn.feedback == verdict else "false"
    return (
        f'<button type="button" class="kb-verdict kb-{verdict}" data-event="rate" data-turn="{number}" '
        f'data-verdict="{verdict}" '
        f'aria-pressed="{pressed}" aria-label="{texts[verdict]}" title="{texts[verdict]}">{_THUMB}</button>'
    )


def _comment(number: int, turn: Turn, texts: Texts) -> str:
    if turn.commenting:
        name = f"kb-comment-{number}"
        return (
            f'<form class="kb-form" data-event="rate" data-turn="{number}" data-verdict="{turn.feedback}">'
            f'<label for="{name}">{texts["comment"]}</label><textarea id="{name}" name="comment" rows="2" maxlength="2000">'
            f'</textarea><button type="submit">{texts["save"]}</button></form>'
        )
    if turn.feedback and turn.comment:
        return f'<p class="kb-comment">{escape(turn.comment)}</p>'
    return f'<p class="kb-comment" role="status">{texts["thanks"]}</p>' if turn.feedback else ""
