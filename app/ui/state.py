"""The state of a visitor's page between two clicks, and who the visitor is.

Nothing here is shared between visitors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import gradio as gr

from ...ingest.errors import InputError
from ...prompts.condense import Turn as Said
from ..answers.answer import Answer
from ..answers.chat import turn_of
from ..answers.record import Feedback
from ..hosting.tokens import allows
from ..i18n.texts import Texts, texts_for


@dataclass(frozen=True, slots=True)
class Turn:
    """A question, and its result so far."""

    question: str
    answer: Answer | None = None
    error: str = ""
    stopped: bool = False
    feedback: Feedback = ""
    comment: str = ""
    commenting: bool = False
    """Whether the comment box is open."""
    heads: Mapping[str, str] = field(default_factory=dict)
    """Table heads in Markdown, by the quoted row."""

    @property
    def under_way(self) -> bool:
        """Whether the answer is still being written."""
        return not (self.stopped or self.error or (self.answer and self.answer.finished))

    @property
    def done(self) -> bool:
        """Whether it was answered completely."""
        return bool(self.answer and self.answer.finished and not self.error)


@dataclass(frozen=True, slots=True)
class Talk:
    """The conversation on the page."""

    session: str = ""
    """Its name in the log; empty until something was answered."""
    turns: tuple[Turn, ...] = ()
    own: tuple[str, ...] = ()
    """The conversations begun in this browser."""
    base: str = ""
    """The base it belongs to."""
    reasoning: bool = False
    """Whether a model's reasoning steps are expanded."""

    def said(self) -> list[Said]:
        """Return the turns that later questions may refer to."""
        return [turn_of(turn.question, turn.answer) for turn in self.turns if turn.answer and turn.done]

    def with_last(self, turn: Turn) -> Talk:
        """Return the conversation with its last turn replaced."""
        return replace(self, turns=(*self.turns[:-1], turn))

    def until(self, number: int) -> Talk:
        """Return the conversation before a turn."""
        return replace(self, turns=self.turns[:number])

    def numbers(self, start: int) -> list[int]:
        """Return the record numbers of the turns from ``start`` on."""
        answers = (turn.answer for turn in self.turns[start:])
        return [answer.id for answer in answers if answer and answer.id is not None]


def texts_of(request: gr.Request) -> Texts:
    """Return the texts in the visitor's language."""
    return texts_for(request.headers.get("accept-language", ""))


def demand(request: gr.Request, role: str) -> None:
    """Reject what the visitor's token does not allow; without tokens, the visitor is the user of this computer.

    Raises:
        InputError: it is not allowed.
    """
    if request.username and not allows(request.username, role):
        raise InputError(texts_of(request)["forbidden"])


def may_see(request: gr.Request, talk: Talk, session: str) -> bool:
    """Return whether the visitor may see a conversation: on a server with tokens only their own, or any for admins."""
    return not request.username or allows(request.username, "admin") or session in talk.own


def sent(event: gr.EventData) -> Mapping[str, object]:
    """Return what the page's script sent with an event."""
    data = event._data  # noqa: SLF001  Gradio's own way to hand it over
    return data if isinstance(data, Mapping) else {}


def number(value: object, below: int) -> int | None:
    """Return a value from the script as an integer in [0, ``below``); ``None`` if it is not one."""
    try:
        found = int(str(value))
    except ValueError:
        return None
    return found if 0 <= found < below else None


def chosen(turns: Sequence[Turn], event: gr.EventData) -> tuple[int, Turn] | None:
    """Return the index of the turn that an event refers to, and the turn."""
    at = number(sent(event).get("turn"), len(turns))
    return None if at is None else (at, turns[at])
