"""The types of this stage: what goes to a model, and what its marks point to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..retrieval.hit import Hit

TaskName = Literal["answer", "summarise", "compare"]
"""What is to be done with the passages."""
Support = Literal["supported", "partly", "unsupported"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat, as every backend takes it."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Topic:
    """What a summary is of, or one side of a comparison."""

    text: str
    """What is looked for; empty: all there is."""
    base: str = ""
    """The only knowledge base that it is looked for in; empty: all that are asked."""
    aspect: str = ""
    """What of it is compared; empty: all that is said of it."""
    said: str = ""
    """As it was typed, where ``text`` is more than that: *Birke*, for *the payment terms of Birke*."""
    sources: tuple[str, ...] = ()
    """The documents that are about this side and not about the other; empty while none are known."""

    @property
    def title(self) -> str:
        """What it is called in an answer."""
        return self.base or self.text


@dataclass(frozen=True, slots=True)
class Prompt:
    """A filled template. Source ``[n]`` in its text is ``hits[n - 1]``."""

    question: str
    messages: tuple[Message, ...]
    hits: tuple[Hit, ...]
    dropped: tuple[Hit, ...] = ()
    """Hits that did not fit the backend's context, in rank order."""
    nothing_found: str = ""
    """What the model was told to write when the passages do not hold the answer; empty: what ships with kb."""
    task: TaskName = "answer"
    sides: tuple[Topic, ...] = ()
    """What is to be compared."""
    given: str = ""
    """What is to be written from, with the question: a backend that can see to it lets no figure through that is not in it.
    Empty: any figure."""
    only_words: bool = False
    """Whether the same holds for words, other than those that join words: a small model adds what it was not given."""
    phrase_of: str = ""
    """A sentence that a very small model is to answer with a phrase of, in the question's words; empty: it writes freely."""


@dataclass(frozen=True, slots=True)
class Citation:
    """The exact place that a sentence came from: ``document_text(source)[start:stop] == quote``."""

    mark: int
    """The ``[n]`` in the answer's text: the prompt's ``hits[n - 1]``."""
    source: str
    document_id: str
    page: int | None
    """The page where the quote starts; ``None`` for formats without pages."""
    headings: tuple[str, ...]
    start: int
    stop: int
    quote: str
    base: str = ""
    """The knowledge base, where several were asked together."""

    def __str__(self) -> str:
        """Return the quote."""
        return self.quote


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer, and how far what it cites bears it out."""

    text: str
    """As in the answer, without its marks."""
    citations: tuple[Citation, ...]
    support: Support
    reason: str = ""
    """Why it is not ``supported``: a sentence for people."""
