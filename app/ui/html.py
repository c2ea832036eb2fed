"""Renders a conversation as HTML. All text is escaped here; nothing else produces markup."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...prompts.prompt import Citation, Sentence
from ..answers.answer import Answer
from ..i18n.chinese import in_chinese
from ..i18n.texts import ZH, Texts
from .state import Talk, Turn
from .view.excerpts import is_row, is_rule
from .view.markdown import Place, escape, render

_MARKS = re.compile(r"(?:\s*\[\d{1,3}\])+")
_OPENS = re.compile(r"\s*(?P<fence>`{3,}|~{3,})")
_FENCES = re.compile(r"^[ \t]*(?:`{3,}(?=[^`\n]*$)|~{3,})", re.MULTILINE)
_CLOSES = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[ \t]*$", re.MULTILINE)
_BELOW = re.compile(r"^([ \t]*(?:`{3,}|~{3,})[ \t]*)\n(?:\[\d{1,3}\])+$", re.MULTILINE)
"""The marks below a block of code."""
_ROW_END = re.compile(r"[ \t]*\|\s*$")
_OPTIONS = (("--llm gguf:PATH", "model"), ("--max-tokens", "max_tokens"))
"""Command-line options in notes, and the page's names for them."""
_LASTING = {
    "model": ("No language model is configured", "没有配置语言模型"),
    "language": ("cannot read the language", "读不懂"),
}
"""Kinds of notes that apply to a whole conversation, and text that identifies them."""
_GOES = {"model": "kb-model", "language": "kb-facts"}
"""The setting that fixes each."""
_NEAREST = 3
_THUMB = (
    '<svg viewBox="0 0 24 24" width="15" height="15" fill="none" stroke="currentColor" stroke-width="2" aria-hidden="true">'
    '<path d="M7 10v12M15 5.9 14 10h5.8a2 2 0 0 1 2 2.6l-2.4 8A2 2 0 0 1 17.5 22H4a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2h2.8'
    'a2 2 0 0 0 1.7-1.1L12 2a3.1 3.1 0 0 1 3 3.9Z"/></svg>'
)


_Kind = Literal["text", "mute", "code"]


def worded(sentence: str, texts: Texts) -> str:
    """Return one of kb's sentences in the language of the page."""
    return in_chinese(sentence) if texts is ZH else sentence


def model_name(name: str, texts: Texts) -> str:
    """Return what writes the answers, for people."""
    return texts["quotes"] if name == "extractive" else name


def conversation(talk: Talk, texts: Texts) -> str:
    """Return the whole conversation, preceded by its status for screen readers."""
    shown = "".join(_turn(number, turn, talk, texts) for number, turn in enumerate(talk.turns))
    told = _told(talk.turns[-1], texts) if talk.turns else ""
    place = f'data-base="{escape(talk.base)}" data-session="{escape(talk.session)}"'
    return f'<div class="kb-conversation" {place}><div class="kb-sr" role="status">{told}</div>{shown}</div>'


def problem(message: str, texts: Texts) -> str:
    """Return an error message."""
    return f'<div class="kb-error" role="alert"><b>{texts["error"]}</b> {escape(worded(message, texts))}</div>'


def message(text: str) -> str:
    """Return a status line."""
    return f'<p class="kb-message" role="status">{escape(text)}</p>'


def _told(turn: Turn, texts: Texts) -> str:
    """Return the state of an answer, and its text once complete: not every word as it comes."""
    if turn.error:
        return ""  # it is already an alert
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
    kind = ""
    if turn.answer and turn.done:
        kind = " kb-abstained" if turn.answer.abstained else "" if turn.answer.sure else " kb-unsure"
    foot = "" if turn.under_way else _foot(number, turn, texts)
    return (
        f'<section class="kb-turn" data-editable><h2 class="kb-question"><span class="kb-sr">{texts["you"]}: </span>'
        f'{escape(turn.question)}</h2><article class="kb-answer{kind}" aria-label="{texts["answer"]}">'
        f"{body}{foot}</article></section>"
    )


def _answer(number: int, answer: Answer, talk: Talk, texts: Texts) -> str:
    turn = talk.turns[number]
    asked = answer.question != turn.question
    understood = texts["understood"].format(question=answer.question) if asked else ""
    parts = [f'<p class="kb-none">{escape(understood)}</p>' if understood else ""]
    if answer.reasoning:
        opened = " open" if talk.reasoning else ""
        parts.append(
            f'<details class="kb-steps"{opened}><summary>{texts["steps"]}</summary>'
            f'<div class="kb-text">{render(answer.reasoning)}</div></details>'
        )
    if answer.abstained and answer.finished:
        parts.append(_nothing(answer, texts))
    elif answer.sure or not answer.finished:
        parts.append(f'<div class="kb-text">{_sentences(number, turn, answer, texts)}</div>')
    else:
        parts.append(_unsure(number, turn, answer, texts))
    return "".join(parts) + notes_of(number, talk, texts)


def _nothing(answer: Answer, texts: Texts) -> str:
    """Return that nothing was found, how much was searched, and the closest passages; else a way to what there is."""
    found = [
        (hit.base, hit.chunk.source, hit.chunk.start, hit.chunk.stop, hit.chunk.titles)
        for hit in answer.hits[:_NEAREST]
    ]
    cards = "".join(
        f'<li><button type="button" class="kb-near" data-event="read" data-base="{escape(base)}" '
        f'data-source="{escape(source)}" data-start="{start}" data-stop="{stop}"><b>{escape(Path(source).name)}</b> '
        f"<small>{escape(' › '.join(headings))}</small></button></li>"
        for base, source, start, stop, headings in found
    )
    badge = texts["abstained"].format(documents=answer.searched.documents)
    listed = (
        f'<p class="kb-none">{texts["nearest"]}</p><ul class="kb-nearest">{cards}</ul>'
        if cards
        else _holds(answer, texts)
    )
    return f'<div class="kb-badge">{badge}</div><div class="kb-text">{render(answer.text)}</div>{listed}'


def _holds(answer: Answer, texts: Texts) -> str:
    """Return how many documents there are to ask about, with a button that leads to them, or to adding the first."""
    n = answer.searched.documents
    said = texts["holds"].format(n=n) if n else texts["welcome_empty"]
    shows = texts["show_documents"] if n else texts["add"]
    button = f'<button type="button" class="kb-add" data-goes="kb-files">{shows}</button>'
    return f'<p class="kb-none">{escape(said)}</p><p class="kb-actions">{button}</p>'


def _unsure(number: int, turn: Turn, answer: Answer, texts: Texts) -> str:
    """Return the closest passages, each with a link to its source, claiming nothing."""
    rows = []
    for index, sentence in enumerate(answer.sentences):
        cited = sentence.citations[0]
        gap, _ = _gap("", sentence.text, "", turn.heads)
        buttons = _button(number, index, sentence, cited.mark, texts)
        quote = render(gap.lstrip() + sentence.text)
        place = f"<b>{escape(Path(cited.source).name)}</b> <small>{escape(' › '.join(titles(cited)))}</small>"
        rows.append(f'<li><p class="kb-from">{place}{buttons}</p><div class="kb-text">{quote}</div></li>')
    return f'<div class="kb-badge">{texts["unsure"]}</div><ul class="kb-closest">{"".join(rows)}</ul>'


def notes_of(number: int, talk: Talk, texts: Texts) -> str:
    """Return the notes of an answer; conversation-wide ones appear only once, with the way to fix them."""
    answer = talk.turns[number].answer
    before = {_lasting(note) for turn in talk.turns[:number] if turn.answer for note in turn.answer.notes}
    rows = []
    for note in answer.notes if answer else ():
        kind = _lasting(note)
        if not kind:
            rows.append(f"<li>{_note(note, texts)}</li>")
        elif kind not in before:
            before.add(kind)
            mend = f' <button type="button" data-goes="{_GOES[kind]}">{texts[f"mend_{kind}"]}</button>'
            rows.append(f'<li class="kb-once"><span>{texts[f"note_{kind}"]}</span>{mend}</li>')
    return f'<ul class="kb-notes">{"".join(rows)}</ul>' if rows else ""


def titles(citation: Citation) -> list[str]:
    """Return the headings above a citation, without its table head."""
    return [heading for heading in citation.headings if not is_row(heading)]


def _lasting(note: str) -> str:
    """Return the kind of a note that applies until a setting changes; empty for other notes."""
    return next((kind for kind, words in _LASTING.items() if any(word in note for word in words)), "")


def _note(note: str, texts: Texts) -> str:
    """Return a note with the page's setting names in place of command-line options."""
    for option, name in _OPTIONS:
        note = note.replace(option, f"{texts['settings']} › {texts[name]}")
    return escape(worded(note, texts))


def _sentences(number: int, turn: Turn, answer: Answer, texts: Texts) -> str:
    """Return the text of an answer with source marks on its sentences."""
    text, written = _written(answer, turn.heads)
    places = []
    for one in written:
        sentence = answer.sentences[one.index]
        buttons = "".join(_button(number, one.index, sentence, mark, texts) for mark in one.marks)
        places.append(_place(one.start, one.stop, buttons, sentence, texts))
    return render(text, places)


def copied(answer: Answer, heads: Mapping[str, str]) -> str:
    """Return an answer as Markdown, with its marks where they break no table, code or heading."""
    text, written = _written(answer, heads)
    marks: dict[int, str] = {}
    for one in written:
        said = text[one.start : one.stop]
        if one.kind == "mute":
            continue
        stop = one.start + len(_ROW_END.sub("", said)) if is_row(said) else one.stop
        before = " "
        if one.kind == "code":  # below the block
            fence = _CLOSES.search(text, one.stop)
            stop, before = fence.end() if fence else len(text), "\n\n"
        for mark in one.marks:
            found = marks.get(stop, "")
            marks[stop] = found if f"[{mark}]" in found else (found or before) + f"[{mark}]"
    for stop in sorted(marks, reverse=True):
        text = text[:stop] + marks[stop] + text[stop:]
    return text


@dataclass(frozen=True, slots=True)
class _Written:
    """A sentence in the text that is shown: ``mute`` is a fence, a table's head or rule, or a heading."""

    index: int
    start: int
    stop: int
    marks: tuple[int, ...]
    kind: _Kind


def _written(answer: Answer, heads: Mapping[str, str]) -> tuple[str, list[_Written]]:
    """Return an answer without marks and where its sentences are; rows are below their table's head, code is in a block."""
    parts: list[str] = []
    written: list[_Written] = []
    whole = _BELOW.sub(r"\1", answer.text)
    at, length, frame, own_fence = 0, 0, "", False
    for index, sentence in enumerate(answer.sentences):
        text = sentence.text
        start = whole.find(text, at)
        if start < 0:
            continue
        gap = whole[at:start]
        was_inside = own_fence
        own_fence ^= len(_FENCES.findall(gap)) % 2 == 1
        is_fence = bool(_OPENS.match(text))  # in answers that were kept before fences were no sentences
        following = "".join(one.text for one in answer.sentences[index + 1 : index + 2])
        head = "" if own_fence else _head_of(text, following, heads)
        if not own_fence and is_row(text) and (above := _head_above(gap)):
            gap, frame = f"{_left(gap[: -len(above)], frame)}{above}", above.strip()
        elif not own_fence:
            gap, frame = _gap(gap, text, frame, heads, head)
        elif not was_inside:
            gap, frame = _left(gap, frame), ""
        rule = f"\n{head.splitlines()[1]}" if head and not is_rule(following) else ""
        begin = length + len(gap)
        parts += [gap, text, rule]
        length = begin + len(text) + len(rule)
        at = start + len(text)
        marks = _MARKS.match(whole, at)
        at = marks.end() if marks else at
        kind: _Kind = "text"
        if is_fence:
            kind = "mute"
        elif own_fence or frame.startswith(("```", "~~~")):
            kind = "code"
        elif head or is_rule(text) or text.lstrip().startswith("#"):
            kind = "mute"
        cited = dict.fromkeys(citation.mark for citation in sentence.citations)
        written.append(_Written(index, begin, begin + len(text), tuple(cited), kind))
        own_fence ^= is_fence
    return "".join([*parts, _left(whole[at:], frame)]), written


def _head_of(row: str, following: str, heads: Mapping[str, str]) -> str:
    """Return the head and rule of a table that a sentence is the head of; empty for others."""
    if not is_row(row) or is_rule(row) or len(row.strip().splitlines()) > 1:
        return ""
    if is_rule(following):
        return f"{row}\n{following}"
    head = heads.get(following, "")
    return f"{row}\n{head.splitlines()[-1]}" if head and _same_row(row, head) else ""


def _head_above(gap: str) -> str:
    """Return the head and rule of a table that a text ends with; empty if it ends with something else."""
    lines = gap.splitlines(keepends=True)[-2:]
    is_head = len(lines) == 2 and is_row(lines[0]) and is_rule(lines[1].rstrip("\n"))  # noqa: PLR2004
    return "".join(lines) if is_head else ""


def _same_row(one: str, other: str) -> bool:
    """Return whether two texts begin with the same row."""
    rows = ("".join(text.strip().partition("\n")[0].split()) for text in (one, other))
    return len(set(rows)) == 1


def _left(gap: str, frame: str) -> str:
    """Return the text behind a table or code, which ends there."""
    if not frame or (not gap.strip() and is_row(frame)):
        return gap
    fence = _OPENS.match(frame)
    return f"\n{fence['fence']}\n\n{gap.lstrip()}" if fence else f"\n\n{gap.lstrip()}"


def _gap(gap: str, text: str, frame: str, heads: Mapping[str, str], head: str = "") -> tuple[str, str]:
    """Return the text between two sentences, and the table head or opening fence that the second one is below.

    Args:
        gap: what stands between them in the answer.
        text: the second one.
        frame: the table head or fence that the first one is below.
        heads: as in ``Turn``.
        head: the head and rule, if the second one is a table's head.
    """
    own, rows = heads.get(text, ""), is_row(text)
    goes_on = frame and not gap.strip()
    if rows and is_rule(text):
        return gap, frame
    if head or (rows and any(map(is_rule, text.splitlines()))):
        return f"{_left(gap, frame).rstrip()}\n\n", head or text
    if rows and goes_on and "\n\n" not in gap and is_row(frame) and (not own or _same_row(own, frame)):
        return "\n", frame
    if not own and rows and "|" not in gap:
        columns = text.strip().splitlines()[0].count("|") - 1
        own = f"|{' |' * columns}\n|{' --- |' * columns}"
    if own and own == frame and goes_on:
        return ("\n" if rows else gap), own
    if own:
        return f"{_left(gap, frame).rstrip()}\n\n{own}\n", own
    return _left(gap, frame) if frame else gap, ""


def _place(start: int, stop: int, buttons: str, sentence: Sentence, texts: Texts) -> Place:
    """Return a sentence's place; a heading claims nothing, so it is not flagged as unsupported."""
    kind = "heading" if sentence.text.lstrip().startswith("#") else sentence.support
    flag = ""
    if kind not in ("supported", "heading"):
        flag = f' <span class="kb-flag kb-flag-{kind}"{_title(sentence, texts)}>{texts[kind]}</span>'
    return Place(
        start, stop, f'<span class="kb-sentence kb-{kind}"{_title(sentence, texts)}>', "</span>", buttons + flag
    )


def _title(sentence: Sentence, texts: Texts) -> str:
    return f' title="{escape(worded(sentence.reason, texts))}"' if sentence.reason else ""


def _button(number: int, index: int, sentence: Sentence, mark: int, texts: Texts) -> str:
    cited: list[Citation] = [citation for citation in sentence.citations if citation.mark == mark]
    if not cited:
        return ""
    label = escape(texts["source_n"].format(n=mark, name=Path(cited[0].source).name))
    return (
        f'<span class="kb-held">&#8288;<button type="button" class="kb-mark" data-event="choose" data-turn="{number}" '
        f'data-sentence="{index}" data-mark="{mark}" aria-label="{label}" title="{label}">{mark}</button></span>'
    )


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
    if turn.answer and turn.answer.text:
        data = f'data-copy="{escape(copied(turn.answer, turn.heads))}" data-done="{texts["copied"]}"'
        parts.insert(0, f'<button type="button" {data}>{texts["copy"]}</button>')
        why = f'<button type="button" data-event="why" data-turn="{number}">{texts["why_button"]}</button>'
        parts.append(why)
        parts += (
            [_verdict(number, turn, verdict, texts) for verdict in ("up", "down")]
            if turn.answer.id and turn.done
            else []
        )
        total = sum(seconds for _, seconds in turn.answer.timings)
        said = " · ".join(
            filter(
                None,
                [model_name(turn.answer.model, texts), texts["seconds"].format(s=f"{total:.1f}") if turn.done else ""],
            )
        )
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
