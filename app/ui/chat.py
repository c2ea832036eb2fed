"""Asking in the browser: answers as they grow, asked again or otherwise, judged, and explained.

Comes in: what Gradio hands over. Goes out: HTML and updates, in the order of the outputs that ``ui`` wires. Never: an error
shown as an answer.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Generator as Generates
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import cast

import gradio as gr

from ...ingest.errors import InputError, KBError
from ...llm.generator import Sampling
from ...prompts.templates import Style
from ..answers.answer import PASSAGES, Answer
from ..answers.chat import Chat
from ..answers.log import new_session
from ..api import KnowledgeBase
from ..hosting.bases import Bases
from ..hosting.gate import Gate
from ..several import KnowledgeBases
from . import html as ui_html
from .sessions import listing, remember
from .sources import explained, nothing_chosen, panel
from .state import Talk, Turn, chosen, demand, number, sent, texts_of

_REFRESH_S = 0.1
_SETTLED_S = 0.3
"""How long the last snapshot of a stopped answer may be on its way: it must not be shown over the word that it was stopped."""
_STOPPED = 1_000
_POLL_S = 0.5

Given = str | float | bool | None
"""The value of a setting, as its control gives it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the visitor wants answers."""

    k: int
    style: Style
    strict: bool
    sampling: Sampling


def wanted(settings: tuple[Given, ...]) -> Wanted:
    """Return the settings, from the values of the controls in the order of ``ui_settings``.

    Raises:
        InputError: a value outside its range.
    """
    k, style, strict, temperature, top_k, top_p, seed, max_tokens, stop = settings
    sampling = Sampling(
        seed=int(seed or 0),
        temperature=float(temperature or 0),
        top_k=int(top_k) if top_k else None,
        top_p=float(top_p) if top_p else None,
        max_tokens=int(Sampling().max_tokens if max_tokens is None else max_tokens),
        stop=tuple(line for line in str(stop or "").splitlines() if line.strip()),
    )
    return Wanted(int(k or PASSAGES), cast("Style", style), bool(strict), sampling)


class Chatting:
    """The handlers of the page's conversation; what a visitor sees is in Gradio's session state, not here."""

    def __init__(self, bases: Bases, gate: Gate) -> None:
        self.bases = bases
        self.gate = gate
        self._stopped: deque[str] = deque(maxlen=_STOPPED)

    def ask(
        self, question: str, talk: Talk, base: str, also: list[str], request: gr.Request, *settings: Given
    ) -> Iterator[tuple[object, ...]]:
        """Yield (question, talk, conversation, panel, send, stop, sessions, own) as the answer grows."""
        if question.strip():
            yield from self._answer(question.strip(), talk, (base, *also), settings, request)

    def redo(
        self, talk: Talk, base: str, also: list[str], event: gr.EventData, request: gr.Request, *settings: Given
    ) -> Iterator[tuple[object, ...]]:
        """Yield as ``ask`` does; the turn that is asked again, and those after it, leave the conversation."""
        found = chosen(talk.turns, event)
        question = str(sent(event).get("question", "")).strip()
        if found is None or not question or talk.turns[-1].under_way:
            return
        self.bases.get(base).log.take_out(talk.numbers(found[0]))
        yield from self._answer(question, talk.until(found[0]), (base, *also), settings, request)

    def _answer(
        self, question: str, talk: Talk, names: tuple[str, ...], settings: tuple[Given, ...], request: gr.Request
    ) -> Iterator[tuple[object, ...]]:
        texts, turn = texts_of(request), Turn(question)
        said = talk.said()
        talk = replace(talk, turns=(*talk.turns, turn), run=new_session())
        busy = (gr.update(visible=False), gr.update(visible=True))
        idle = (gr.update(visible=True), gr.update(visible=False))
        yield "", talk, ui_html.conversation(talk, texts), nothing_chosen(texts), *busy, gr.skip(), gr.skip()
        side: object = nothing_chosen(texts)
        sessions: object = gr.skip()
        try:
            want = wanted(settings)
            kb = self.bases.get(names[0])
            asked = KnowledgeBases([self.bases.get(name) for name in names]) if len(names) > 1 else kb
            chat = asked.chat(talk.session or None, said)
            talk = replace(talk, session=chat.id, own=(*dict.fromkeys((*talk.own, chat.id)),))
            shown_at = 0.0
            with closing(self._answers(chat, question, want, talk.run)) as answers:
                for answer in answers:
                    turn = replace(turn, answer=answer)
                    talk = talk.with_last(turn)
                    if not answer.finished and time.monotonic() - shown_at > _REFRESH_S:
                        shown_at = time.monotonic()
                        yield gr.skip(), talk, ui_html.conversation(talk, texts), *(gr.skip() for _ in range(5))
            if talk.run in self._stopped:  # what is shown of it now is said by ``stop``
                return
            if turn.answer:
                side = panel(self.bases.opener(names[0]), turn.answer, len(talk.turns) - 1, texts)
            sessions = listing(kb, talk, request)
        except KBError as error:
            talk = talk.with_last(replace(turn, error=str(error)))
        except Exception as error:
            logging.getLogger("kb").exception("answering failed")
            talk = talk.with_last(replace(turn, error=texts["bug"].format(error=repr(error))))
        yield gr.skip(), talk, ui_html.conversation(talk, texts), side, *idle, sessions, remember(talk)

    def _answers(self, chat: Chat, question: str, want: Wanted, run: str) -> Generates[Answer]:
        """Yield the answer as it grows, once it is its turn; it ends where the run was stopped."""
        with self.gate.ticket() as ticket:
            while not ticket.wait(_POLL_S):
                if run in self._stopped:
                    return
            with closing(chat.stream(question, want.k, want.sampling, style=want.style, strict=want.strict)) as answers:
                for answer in answers:
                    if run in self._stopped:
                        return
                    yield answer

    def stop(self, talk: Talk, request: gr.Request) -> tuple[object, ...]:
        """Return (talk, conversation, send, stop) with the last answer left as it is."""
        self._stopped.append(talk.run)
        time.sleep(_SETTLED_S)
        if talk.turns and talk.turns[-1].under_way:
            talk = talk.with_last(replace(talk.turns[-1], stopped=True))
        shown = ui_html.conversation(talk, texts_of(request))
        return talk, shown, gr.update(visible=True), gr.update(visible=False)

    def reasoning(self, talk: Talk, shown: bool, request: gr.Request) -> tuple[object, ...]:  # noqa: FBT001  a control's value
        """Return (talk, conversation) with the models' steps unfolded, or folded."""
        talk = replace(talk, reasoning=shown)
        return talk, ui_html.conversation(talk, texts_of(request)) if talk.turns else gr.skip()

    def rate(self, talk: Talk, base: str, event: gr.EventData, request: gr.Request) -> tuple[object, ...]:
        """Return (talk, conversation) after an answer was judged; the same judgement again takes it back."""
        texts = texts_of(request)
        found, verdict = chosen(talk.turns, event), sent(event).get("verdict")
        if found is None or verdict not in ("up", "down") or not (found[1].answer and found[1].answer.id):
            return gr.skip(), gr.skip()
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
        return talk, ui_html.conversation(talk, texts)

    def choose(self, talk: Talk, base: str, event: gr.EventData, request: gr.Request) -> str:
        """Return the panel for the mark or source that was clicked."""
        texts = texts_of(request)
        found = chosen(talk.turns, event)
        if found is None or found[1].answer is None:
            return nothing_chosen(texts)
        at, answer = found[0], found[1].answer
        sentence = number(sent(event).get("sentence"), len(answer.sentences))
        mark = number(sent(event).get("mark"), 1 << 20)
        return panel(self.bases.opener(base), answer, at, texts, sentence, mark)

    def why(self, talk: Talk, base: str, k: float, event: gr.EventData, request: gr.Request) -> str:
        """Return the panel that explains why the passages of an answer were found, and others were not."""
        texts = texts_of(request)
        found = chosen(talk.turns, event)
        if found is None or found[1].answer is None:
            return nothing_chosen(texts)
        try:
            demand(request, "read")
            return explained(self.bases.opener(base), found[1].answer, int(k), texts)
        except InputError as error:
            return ui_html.problem(str(error), texts)


def _rate(kb: KnowledgeBase, turn: Turn) -> None:
    if turn.answer and turn.answer.id is not None:
        correction = kb.log.get(turn.answer.id).correction
        kb.log.rate(turn.answer.id, turn.feedback, correction, turn.comment)
