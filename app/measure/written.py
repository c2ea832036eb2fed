"""How good a language model's answers on a base are: whether shown, supported, citing the right passage, and how fast.

Comes in: an ``Answering``, and questions with known relevant passages. Goes out: figures. Never: an entry in the log.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from statistics import median

from ...llm.watch import fault
from ..answers.answer import Answer, Asked
from ..answers.answering import Answering
from .judged import Question, by_text


@dataclass(frozen=True, slots=True)
class WrittenFigures:
    """Outcomes of the questions that a model was asked."""

    model: str
    n_questions: int
    """The answerable ones."""
    n_written: int
    """Answered in the model's words."""
    n_quoted: int
    """Answered with quotes, since the model's words said less or were faulty."""
    n_unsure: int
    n_refused: int
    n_cite_right: int
    """Answers that cite the passage that the question was made from."""
    n_sentences: int
    n_supported: int
    faults: tuple[tuple[str, int], ...]
    """Faults of the model's texts, which are then not shown: loop, echo, language, marks, empty."""
    first_word_s: float | None
    """Median seconds from question to first word, search included; ``None`` if the model never wrote."""
    words_per_s: float | None


def evaluate_written(answering: Answering, questions: Sequence[Question], limit: int) -> WrittenFigures:
    """Ask the model up to ``limit`` of the answerable questions.

    Raises:
        GeneratorError: it fails.
    """
    counts, faults, first, speed = Counter[str](), Counter[str](), list[float](), list[float]()
    asked = [question for question in questions if question.judged][:limit]
    for question in asked:
        began, started = time.perf_counter(), 0.0
        with closing(answering.answers(Asked(question.text))) as answers:
            for last in answers:
                if last[1].raw and not started:
                    started = time.perf_counter()
        answer, written = last
        if started and answer.model != "extractive":
            first.append(started - began)
            speed.append(len(written.raw.split()) / max(time.perf_counter() - started, 1e-3))
            given = "\n".join(message.content for message in written.messages)
            faults.update(filter(None, [fault(written.raw, given, "", finished=True)]))
        counts[_shown(answer, written.raw)] += 1
        counts["right"] += answer.sure and _cites(answer, question)
        counts["sentences"] += len(answer.sentences)
        counts["supported"] += sum(sentence.support == "supported" for sentence in answer.sentences)
    return WrittenFigures(
        answering.generator().name, len(asked), counts["written"], counts["quoted"], counts["unsure"], counts["refused"],
        counts["right"], counts["sentences"], counts["supported"], tuple(faults.items()),
        median(first) if first else None, median(speed) if speed else None,
    )  # fmt: skip


def _shown(answer: Answer, raw: str) -> str:
    if answer.abstained:
        return "refused"
    if not answer.sure:
        return "unsure"
    wrote = " ".join(raw.split())
    return "written" if any(" ".join(one.text.split()) in wrote for one in answer.sentences) else "quoted"


def _cites(answer: Answer, question: Question) -> bool:
    """Return whether an answer cites the passage that a question was made from."""
    for citation in answer.citations:
        for hit in answer.hits:
            chunk = hit.chunk
            inside = chunk.start <= citation.start < chunk.stop and chunk.document_id == citation.document_id
            if inside and any(unit in question.judged for unit in by_text(chunk)):
                return True
    return False
