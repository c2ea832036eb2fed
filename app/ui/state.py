"""What a visitor's page holds between two clicks, and who the visitor is.

Comes in: Gradio's requests. Goes out: the conversation on the page, the visitor's texts and rights. Never: anything that is
shared by visitors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import gradio as gr

from ...ingest.errors import InputError
from ...prompts.condense import Turn as Said
from ..answers.answer import Answer
from ..answers.chat import turn_of
from ..answers.record import Feedback
from ..hosting.tokens import allows
from ..i18n.texts import texts_for

Texts: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Turn:
    """A question, and what came of it so far."""

    question: str
    answer: Answer | None = None
    error: str = ""
    stopped: bool = False
    feedback: Feedback = ""
    comment: str = ""
    commenting: bool = False
    """Whether there is room to say why."""
    heads: Mapping[str, str] = field(default_factory=dict)
    """The head, in Markdown, of the table that a quoted row comes from; by the row."""

    @property
    def under_way(self) -> bool:
        """Whether more is to come."""
        return not (self.stopped or self.error or (self.answer and self.answer.finished))

    @property
    def done(self) -> bool:
        """Whether it was answered to its end."""
        return bool(self.answer and self.answer.finished and not self.error)


@dataclass(frozen=True, slots=True)
class Talk:
    """The conversation on the page."""

    session: str = ""
    """Its name in the log; empty until something is answered."""
    turns: tuple[Turn, ...] = ()
    own: tuple[str, ...] = ()
    """The conversations that were begun in this browser."""
    base: str = ""
    """The base that it belongs to."""
    reasoning: bool = False
    """Whether a model's steps are shown unfolded."""

    def said(self) -> list[Said]:
        """Return what later questions may lean on."""
        return [turn_of(turn.question, turn.answer) for turn in self.turns if turn.answer and turn.done]

    def with_last(self, turn: Turn) -> Talk:
        """Return the conversation with another last turn."""
        return replace(self, turns=(*self.turns[:-1], turn))

    def until(self, number: int) -> Talk:
        """Return the conversation before a turn."""
        return replace(self, turns=self.turns[:number])

    def numbers(self, start: int) -> list[int]:
        """Return the records of the turns from one on."""
        answers = (turn.answer for turn in self.turns[start:])
        return [answer.id for answer in answers if answer and answer.id is not None]


def texts_of(request: gr.Request) -> Texts:
    """Return the texts in the visitor's language."""
    return texts_for(request.headers.get("accept-language", ""))


def demand(request: gr.Request, role: str) -> None:
    """Refuse what the visitor's token does not allow; without tokens, the visitor is the user of this computer.

    Raises:
        InputError: it is not allowed.
    """
    if request.username and not allows(request.username, role):
        raise InputError(texts_of(request)["forbidden"])


def may_see(request: gr.Request, talk: Talk, session: str) -> bool:
    """Return whether a conversation is the visitor's to see: on a server with tokens, others' are not, but for admins."""
    return not request.username or allows(request.username, "admin") or session in talk.own


def sent(event: gr.EventData) -> Mapping[str, object]:
    """Return what the page's script sent with an event."""
    data = event._data  # noqa: SLF001  Gradio's own way to hand it over
    return data if isinstance(data, Mapping) else {}


def number(value: object, below: int) -> int | None:
    """Return what the script sent as a number of 0 to ``below``, without it; ``None`` if it is not one."""
    try:
        found = int(str(value))
    except ValueError:
        return None
    return found if 0 <= found < below else None


def chosen(turns: Sequence[Turn], event: gr.EventData) -> tuple[int, Turn] | None:
    """Return the turn that an event is about, with its number."""
    at = number(sent(event).get("turn"), len(turns))
    return None if at is None else (at, turns[at])
