"""What ``ask`` takes and returns."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...ingest.errors import InputError
from ...llm.generator import FinishReason, Sampling
from ...prompts.prompt import Citation, Sentence, TaskName
from ...prompts.templates import Style
from ...retrieval.hit import Hit
from ...retrieval.search.select import Ordering
from ...retrieval.where import Where

MAX_QUESTION = 8_000
"""Characters. Anything longer is a document, not a question."""
PASSAGES = 8
"""The default number of passages that an answer is drawn from."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and how to answer it."""

    question: str
    """Understandable without the conversation."""
    k: int = PASSAGES
    """The number of passages."""
    sampling: Sampling = field(default_factory=Sampling)
    where: Where = field(default_factory=Where)
    style: Style = "plain"
    strict: bool = False
    """Leave out sentences that no passage supports."""
    said: str = ""
    """What the user typed, in a conversation; ``question`` is derived from it."""
    session: str = ""
    """The conversation."""
    ordering: Ordering = field(default_factory=Ordering)
    """Which results are used, and in which order."""
    about: tuple[tuple[str, str], ...] = ()
    """Documents that the conversation is about, (base, source); they rank first."""
    task: TaskName | None = None
    """``None``: what the question clearly asks for, else answer it."""


@dataclass(frozen=True, slots=True)
class Searched:
    """What was searched for an answer."""

    documents: int
    chunks: int
    lanes: tuple[str, ...]
    """The lanes that took part: ``bm25``, ``dense``, ``tfidf``."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with the source of every sentence; while streaming, the part written so far."""

    question: str
    text: str
    """The text to show; ``[n]`` marks the citations whose ``mark`` is n."""
    sentences: tuple[Sentence, ...]
    hits: tuple[Hit, ...]
    """The passages it was drawn from, best first."""
    abstained: bool
    """Whether nothing near the question was found: an honest "not in your documents". Then nothing is cited."""
    searched: Searched
    model: str
    notes: tuple[str, ...] = ()
    """Notes for the user, as sentences: what was missing, dropped or unreadable."""
    timings: tuple[tuple[str, float], ...] = ()
    """Seconds by stage, in order."""
    finished: bool = True
    """``False`` for a snapshot of an answer that is still being written."""

    finish_reason: FinishReason = "stop"
    """``length``: the model was cut off, at its token limit or at the end of its context."""
    answer_span: tuple[int, int] | None = None
    """Where the exact answer is in ``text``, if there is one: the date, number, name or place asked for."""
    reasoning: str = ""
    """What the model wrote before its answer, in the ``step-by-step`` style; it is not checked."""
    id: int | None = None
    """Its number in the log, if recorded."""
    sure: bool = True
    """Whether this is offered as the answer. ``False`` when ``abstained``, and when ``text`` only shows the closest passages
    without claiming anything."""
    closest: tuple[Citation, ...] = ()
    """For an answer that is neither sure nor abstained: quotes of the closest passages, closest first."""

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The citations of all sentences, by mark, without duplicates."""
        cited = dict.fromkeys(citation for sentence in self.sentences for citation in sentence.citations)
        return tuple(sorted(cited, key=lambda citation: (citation.mark, citation.start)))


def checked_question(question: str, k: int = 1) -> str:
    """Return the question stripped, ready to search for.

    Raises:
        InputError: it is empty or too long, or ``k`` is below 1.
    """
    question = question.strip()
    if k < 1:
        raise InputError("k is {k}; ask for at least 1 passage", k=k)
    if not question:
        raise InputError("the question is empty; ask something")
    if len(question) > MAX_QUESTION:
        raise InputError(
            "the question has {n:,} characters; ask in at most {most:,}", n=len(question), most=MAX_QUESTION
        )
    return question
