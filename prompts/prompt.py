"""Define the types of this stage: what goes to a model, and what its marks point to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..retrieval.hit import Hit

TaskName = Literal["answer", "summarise", "compare"]
"""What to do with the passages."""
Support = Literal["supported", "partly", "unsupported"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat, as every backend takes it."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Topic:
    """The subject of a summary, or one side of a comparison."""

    text: str
    """What to look for; empty: everything."""
    base: str = ""
    """The only knowledge base to search; empty: all those asked."""
    aspect: str = ""
    """Which aspect of it is compared; empty: everything said about it."""
    said: str = ""
    """As typed, if ``text`` says more: *Birke*, for *the payment terms of Birke*."""
    sources: tuple[str, ...] = ()
    """The documents about this side but not the other; empty until they are known."""

    @property
    def title(self) -> str:
        """Its name in an answer."""
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
    """What the model was told to write when the passages do not contain the answer; empty: kb's default."""
    task: TaskName = "answer"
    sides: tuple[Topic, ...] = ()
    """The sides to compare."""
    given: str = ""
    """What to write from, together with the question: a backend that can enforce it allows no figure that is not in it.
    Empty: any figure."""
    only_words: bool = False
    """Whether the same holds for words other than linking words: a small model adds what it was not given."""
    phrase_of: str = ""
    """A sentence: a very small model must answer with a phrase from it, in the question's words. Empty: it writes freely."""


@dataclass(frozen=True, slots=True)
class Citation:
    """The exact place a sentence came from: ``document_text(source)[start:stop] == quote``."""

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
    """The knowledge base, if several were asked together."""

    def __str__(self) -> str:
        """Return the quote."""
        return self.quote


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer, and how well its citations support it."""

    text: str
    """As in the answer, without its marks."""
    citations: tuple[Citation, ...]
    support: Support
    reason: str = ""
    """Why it is not ``supported``: a sentence for people."""
