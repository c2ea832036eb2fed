"""What ``ask`` takes and returns."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...llm.generator import FinishReason, Sampling
from ...prompts.prompt import Citation, Sentence, TaskName
from ...prompts.templates import Style
from ...retrieval.hit import Hit
from ...retrieval.search.select import Ordering
from ...retrieval.where import Where

PASSAGES = 8
"""How many passages an answer is drawn from, unless asked otherwise."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and how it is to be answered."""

    question: str
    """It stands alone."""
    k: int = PASSAGES
    """From how many passages."""
    sampling: Sampling = field(default_factory=Sampling)
    where: Where = field(default_factory=Where)
    style: Style = "plain"
    strict: bool = False
    """Leave out sentences that no passage bears out."""
    said: str = ""
    """What was typed instead of the question, in a conversation."""
    session: str = ""
    """The conversation."""
    ordering: Ordering = field(default_factory=Ordering)
    """What of what is found is looked at, and in which order."""
    about: tuple[tuple[str, str], ...] = ()
    """Documents that the conversation is about, (base, source): looked at first."""
    task: TaskName | None = None
    """``None``: what the question clearly asks for, else to answer it."""


@dataclass(frozen=True, slots=True)
class Searched:
    """What an answer was looked for in."""

    documents: int
    chunks: int
    lanes: tuple[str, ...]
    """The lanes that took part: ``bm25``, ``dense``, ``tfidf``."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer and where every sentence of it came from; or, while it is streamed, what there is of it so far."""

    question: str
    text: str
    """What to show; ``[n]`` marks the citations whose ``mark`` is n."""
    sentences: tuple[Sentence, ...]
    hits: tuple[Hit, ...]
    """The passages that were looked at, best first."""
    abstained: bool
    """Whether nothing near the question was found: an honest "not in your documents". Then nothing is cited."""
    searched: Searched
    model: str
    notes: tuple[str, ...] = ()
    """What to know of it: what was done without, what was dropped, what could not be read. Sentences."""
    timings: tuple[tuple[str, float], ...] = ()
    """Seconds by stage, in order."""
    finished: bool = True
    """``False`` for a snapshot of an answer that is still being written."""

    finish_reason: FinishReason = "stop"
    """``length``: the model was cut off, at the most tokens that it may write or at the end of its context."""
    answer_span: tuple[int, int] | None = None
    """Where in ``text`` the exact answer stands, if one stands out: the date, number, name or place that was asked for."""
    reasoning: str = ""
    """What the model wrote before its answer, in the style ``step-by-step``; it is not checked."""
    id: int | None = None
    """Its number in the log, if it was recorded."""
    sure: bool = True
    """Whether this is offered as the answer. ``False`` when ``abstained``, and where ``text`` only shows the passages that come
    closest and claims nothing."""
    closest: tuple[Citation, ...] = ()
    """Of an answer that is neither sure nor abstained: the passages that come closest, quoted, the closest first."""

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The citations of all sentences, by mark, each place once."""
        cited = dict.fromkeys(citation for sentence in self.sentences for citation in sentence.citations)
        return tuple(sorted(cited, key=lambda citation: (citation.mark, citation.start)))
