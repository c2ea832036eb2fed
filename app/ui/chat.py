"""Handlers for asking in the browser: streamed answers, asking again, rating, explanations."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial

import gradio as gr

from ...ingest.errors import InputError, KBError
from ...ingest.store.database import damage
from ..answers.answer import Answer, Asked, Searched
from ..answers.chat import Chat
from ..answers.log import Log
from ..answers.record import Written
from ..api import KnowledgeBase
from ..hosting.bases import Bases
from ..hosting.gate import Gate
from ..i18n.texts import Texts
from ..several import KnowledgeBases
from . import html as ui_html
from .parts import Shown, settled, under_way
from .runs import Run, Runs
from .sessions import listing, remember
from .settings import Given, Wanted, wanted
from .sources import BaseOf, explained, nothing_chosen, panel
from .state import Talk, Turn, chosen, demand, number, sent, texts_of
from .view.excerpts import heads_of

_POLL_S = 0.5


class Chatting:
    """The handlers of the page's conversation; the visitor's state is in Gradio's session, not here."""

    def __init__(self, bases: Bases, gate: Gate, runs: Runs) -> None:
        self.bases = bases
        self.gate = gate
        self.runs = runs

    def ask(
        self, question: str, talk: Talk, base: str, also: list[str], request: gr.Request, *settings: Given
    ) -> Iterator[Shown]:
        """Show the question at once, and its answer as it grows; ignore an empty one."""
        if question.strip() and not (talk.turns and talk.turns[-1].under_way):
            yield from self._answer(question.strip(), talk, (base, *also), settings, request)

    def redo(
        self, talk: Talk, base: str, also: list[str], event: gr.EventData, request: gr.Request, *settings: Given
    ) -> Iterator[Shown]:
        """Ask a turn again like ``ask``; it and the turns after it leave the conversation."""
        found = chosen(talk.turns, event)
        question = str(sent(event).get("question", "")).strip()
        if found is None or not question or talk.turns[-1].under_way:
            return
        self.bases.get(base).log.take_out(talk.numbers(found[0]))
        yield from self._answer(question, talk.until(found[0]), (base, *also), settings, request)

    def _answer(
        self, question: str, talk: Talk, names: tuple[str, ...], settings: tuple[Given, ...], request: gr.Request
    ) -> Iterator[Shown]:
        texts, said = texts_of(request), talk.said()
        talk = replace(talk, turns=(*talk.turns, Turn(question)))
        try:
            want = wanted(settings, self.bases.generator.name)
            kb = self.bases.get(names[0])
            asked = KnowledgeBases([self.bases.get(name) for name in names]) if len(names) > 1 else kb
            chat = asked.chat(talk.session or None, said)
        except KBError as error:
            talk = talk.with_last(Turn(question, error=str(error)))
            yield {"question": "", "talk": talk, "chat": ui_html.conversation(talk, texts)}
            return
        talk = replace(talk, session=chat.id, base=names[0], own=(*dict.fromkeys((*talk.own, chat.id)),))
        opener = self.bases.opener(names[0])
        write = partial(self._write, chat=chat, question=question, want=want, opener=opener, texts=texts)
        how = Asked(
            question, want.k, want.sampling, style=want.style, strict=want.strict, said=question, session=chat.id
        )
        run = self.runs.start(talk, write, partial(_kept, asked.log, how))
        kept = {"own": remember(talk), "last": [talk.base, talk.session]}
        yield {"question": "", "side": nothing_chosen(texts)} | kept | under_way(talk, texts)
        yield from self._follow(run, talk, request)

    def go_on(self, talk: Talk, request: gr.Request) -> Iterator[Shown]:
        """Show the last answer of a conversation as it grows, if it is being written."""
        run = self.runs.of(talk.session)
        if run and not run.over and talk.turns:
            yield from self._follow(run, talk, request)

    def _follow(self, run: Run, talk: Talk, request: gr.Request) -> Iterator[Shown]:
        texts = texts_of(request)
        for turns in run.follow():
            talk = replace(talk, turns=turns)
            if (
                turns[-1].under_way and not run.over
            ):  # its end comes with its sources, which replace what is shown beside it
                yield {"talk": talk, "chat": ui_html.conversation(talk, texts)}
        last = talk.turns[-1].answer
        opener = self.bases.opener(talk.base)
        yield {
            "side": panel(opener, last, len(talk.turns) - 1, texts) if last else nothing_chosen(texts),
            "listed": listing(self.bases.get(talk.base), talk, request),
        } | settled(talk, texts)

    def _write(self, run: Run, *, chat: Chat, question: str, want: Wanted, opener: BaseOf, texts: Texts) -> None:
        """Answer the last turn of a run when its turn comes; end early if the run was stopped."""
        turn = run.turns[-1]
        try:
            with self.gate.ticket() as ticket:
                while not ticket.wait(_POLL_S):
                    if run.over:
                        return
                stream = chat.stream(question, want.k, want.sampling, style=want.style, strict=want.strict)
                with closing(stream) as answers:
                    for answer in answers:
                        turn = replace(turn, answer=answer, heads=heads_of(opener, answer) if answer.finished else {})
                        run.put(turn)
                        if run.over:
                            return
        except KBError as error:
            run.put(replace(turn, error=str(error)))
        except Exception as error:
            logging.getLogger("kb").exception("answering failed")
            run.put(replace(turn, error=damage(error) or texts["bug"].format(error=repr(error))))
        finally:
            run.end()

    def stop(self, talk: Talk, request: gr.Request) -> Shown:
        """Stop writing the last answer."""
        run = self.runs.of(talk.session)
        if run is None:
            return {}
        run.stop()
        return settled(replace(talk, turns=run.turns), texts_of(request))

    def reasoning(self, talk: Talk, shown: bool, request: gr.Request) -> Shown:  # noqa: FBT001  a control's value
        """Show the models' reasoning steps expanded or collapsed."""
        talk = replace(talk, reasoning=shown)
        return {"talk": talk} | ({"chat": ui_html.conversation(talk, texts_of(request))} if talk.turns else {})

    def rate(self, talk: Talk, base: str, event: gr.EventData, request: gr.Request) -> Shown:
        """Rate an answer; the same rating again removes it."""
        texts = texts_of(request)
        found, verdict = chosen(talk.turns, event), sent(event).get("verdict")
        if found is None or verdict not in ("up", "down") or not (found[1].answer and found[1].answer.id):
            return {}
        at, turn = found
        comment = sent(event).get("comment")
        if comment is not None:
            turn = replace(turn, feedback=verdict, comment=str(comment).strip(), commenting=False)
        elif turn.feedback == verdict:
            turn = replace(turn, feedback="", comment="", commenting=False)
        else:
            turn = replace(turn, feedback=verdict, commenting=True)
        try:
            _rate(self.bases.get(base), turn)
        except KBError as error:
            turn = replace(turn, error=str(error))
        talk = replace(talk, turns=(*talk.turns[:at], turn, *talk.turns[at + 1 :]))
        return {"talk": talk, "chat": ui_html.conversation(talk, texts)}

    def choose(self, talk: Talk, base: str, event: gr.EventData, request: gr.Request) -> Shown:
        """Show the source of the mark or card that was clicked."""
        texts = texts_of(request)
        found = chosen(talk.turns, event)
        if found is None or found[1].answer is None:
            return {}
        at, answer = found[0], found[1].answer
        sentence = number(sent(event).get("sentence"), len(answer.sentences))
        mark = number(sent(event).get("mark"), 1 << 20)
        return {"side": panel(self.bases.opener(base), answer, at, texts, sentence, mark)}

    def why(self, talk: Talk, base: str, k: float, event: gr.EventData, request: gr.Request) -> Shown:
        """Explain why the passages of an answer were found, and others were not."""
        texts = texts_of(request)
        found = chosen(talk.turns, event)
        if found is None or found[1].answer is None:
            return {}
        try:
            demand(request, "read")
            return {"side": explained(self.bases.opener(base), found[1].answer, int(k), texts)}
        except InputError as error:
            return {"side": ui_html.problem(str(error), texts)}


def _kept(log: Log, asked: Asked, turn: Turn) -> Turn:
    """Return a stopped turn, recorded as far as it was written."""
    nothing = Answer(asked.question, "", (), (), abstained=False, searched=Searched(0, 0, ()), model="", finished=False)
    return replace(turn, answer=log.record(asked, replace(turn.answer or nothing, finished=False), Written()))


def _rate(kb: KnowledgeBase, turn: Turn) -> None:
    if turn.answer and turn.answer.id is not None:
        correction = kb.log.get(turn.answer.id).correction
        kb.log.rate(turn.answer.id, turn.feedback, correction, turn.comment)
