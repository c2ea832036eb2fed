"""An answer written by a language model, never saying less than the quotes.

Never shown: an unsupported sentence, a text that runs in circles, or one that lacks what the quotes hold.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Generator as Generates
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Protocol, cast

from ...ingest.notice import Notice
from ...llm.generator import FinishReason, Generator, Sampling
from ...llm.streaming import Ending
from ...llm.watch import Fault, fault
from ...prompts.evidence import evidence
from ...prompts.fill import brief, fenced
from ...prompts.prompt import Prompt, Sentence
from ...prompts.read import borne_out
from ...prompts.templates import Templates
from .answer import Answer, Asked
from .notes import cut_notes, quotes_notes
from .record import Written
from .saying import Says, beside, overlap, renumbered, restated, says

SMALL = 1_500_000_000
"""Parameters. A smaller model gets the quotes and a short request, a larger one passages and rules."""
_TINY = 300_000_000
"""Parameters. A smaller model chooses a phrase of the best quote, and says it in the question's words."""
_BRIEF_TOKENS = 160
"""Enough for a short sentence; a small model that writes more digresses."""
_FIRM = 1.15
"""Repetition penalty for a small model's second attempt."""
_AROUND = (8, 4, 2, 1)
"""Number of sentences before and after each quote, most first."""
_ENDS = re.compile(r"[.!?。！？\n]")

_WHY: dict[Fault, str] = {
    "loop": Notice("went on in circles"),
    "echo": Notice("recited the request"),
    "language": Notice("changed language"),
    "marks": Notice("was marks only"),
    "empty": Notice("was empty"),
}
_UNSAID = Notice("did not say what the passages say")


class ReadBack(Protocol):
    """Parses a model's text into an answer."""

    def __call__(self, answer: Answer, prompt: Prompt, raw: str, asked: Asked, *, finished: bool) -> Answer:
        """Return the answer with the sentences of ``raw``, each with its citations."""


def is_small(generator: Generator, below: int = SMALL) -> bool:
    """Return whether a model is known to have fewer parameters than ``below``."""
    size = cast("int | None", getattr(generator, "n_parameters", None))
    return size is not None and size < below


@dataclass(slots=True)
class Attempt:
    """What a model was asked, and the result."""

    prompt: Prompt
    sampling: Sampling
    raw: str = ""
    wrong: Fault | None = None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Writing:
    """One answer being written."""

    generator: Generator
    templates: Templates
    read: ReadBack
    asked: Asked
    quoted: Prompt
    """The prompt that the quotes come from."""
    quotes: Answer
    """The quoted answer; without sentences if nothing can be quoted."""

    @property
    def small(self) -> bool:
        """Whether the model gets only the quotes and must use their words."""
        return is_small(self.generator)

    def room_tokens(self) -> float:
        """Return how many tokens the model can read within its time to the first word; infinite if unknown."""
        speed = cast("float | None", getattr(self.generator, "reading_tokens_per_s", None))
        return speed * self.asked.sampling.first_word_s if speed else math.inf

    def brief(self) -> Prompt:
        """Return the short request: the quotes, with as much context as a large model has time to read."""
        if self.small:
            return self._held(self.quotes.sentences)
        texts = (evidence(self.quoted, self.quotes.sentences, around=width) for width in _AROUND)
        room, count = self.room_tokens(), self.generator.count_tokens
        text = next((text for text in texts if count(text) <= room), "")
        return brief(self.quoted, text or evidence(self.quoted, self.quotes.sentences, around=0), self.templates)

    def _held(self, quotes: Sequence[Sentence]) -> Prompt:
        """Return a small model's short request, which restricts it to the given words, and a tiny one to a phrase."""
        if not is_small(self.generator, _TINY):
            asked = brief(self.quoted, evidence(self.quoted, quotes, around=0), self.templates)
            return replace(asked, only_words=True)
        best = quotes[0].text  # without its headings, which a tiny model takes for the question
        return replace(brief(self.quoted, fenced(best), self.templates), phrase_of=best)

    def answers(
        self, answer: Answer, prompt: Prompt, timings: list[tuple[str, float]]
    ) -> Generates[tuple[Answer, Written]]:
        """Yield the answer while it is supported and says what the quotes say; failing that, end with the quotes."""
        began = time.perf_counter()
        attempt, kept = yield from self._agreed(prompt, answer, timings)
        if attempt.wrong and self._says(kept) == "less" and (less := self._less()):
            attempt = Attempt(less, self._firmer(), wrong=attempt.wrong)
            kept = yield from self._attempt(attempt, answer, timings)
        timings.append(("generate", time.perf_counter() - began))
        yield self._chosen(answer, kept, attempt), Written(attempt.prompt.messages, attempt.raw)

    def _agreed(
        self, prompt: Prompt, answer: Answer, timings: list[tuple[str, float]]
    ) -> Generates[tuple[Answer, Written], None, tuple[Attempt, Answer]]:
        """Let the model write ``n_samples`` times; return the attempt that agrees most with the others, and its answer.

        Wang et al. 2023, "Self-Consistency Improves Chain of Thought Reasoning", with word overlap as agreement.
        """
        given, tried = self._sampling(), list[tuple[Attempt, Answer]]()
        for number in range(given.n_samples):
            attempt = Attempt(prompt, replace(given, seed=given.seed + number))
            kept = yield from self._attempt(attempt, answer, timings)
            tried.append((attempt, kept))
        said = ["" if self._says(kept) == "less" else kept.text for _, kept in tried]
        return tried[max(range(len(tried)), key=lambda at: sum(overlap(said[at], other) for other in said))]

    def _attempt(
        self, attempt: Attempt, answer: Answer, timings: list[tuple[str, float]]
    ) -> Generates[tuple[Answer, Written], None, Answer]:
        """Let the model write until it is done or something is wrong; return what can be kept of its text."""
        raw, wrong, ending, began = "", None, Ending(), time.perf_counter()
        so_far = replace(answer, text="", abstained=False, finished=False)
        given, request = attempt.prompt.given, attempt.prompt.messages[-1].content.rsplit("\n", 1)[-1]
        with closing(ending.of(self.generator.generate(attempt.prompt, attempt.sampling))) as pieces:
            for piece in pieces:
                if not raw and not any(stage == "first token" for stage, _ in timings):
                    timings.append(("first token", time.perf_counter() - began))
                raw += piece
                if wrong := fault(raw, given, request, finished=False):
                    break
                if _ENDS.search(piece):
                    kept = self._kept(answer, attempt.prompt, raw, finished=False)
                    so_far = kept if self._says(kept) != "less" else so_far
                yield (
                    so_far,
                    Written(attempt.prompt.messages, raw),
                )  # even without news, so that the caller can stop it
        attempt.raw, attempt.cut = raw, ending.reason == "length"
        attempt.wrong = wrong or fault(raw, given, request, finished=True)
        return self._kept(answer, attempt.prompt, raw, finished=attempt.wrong is None)

    def _kept(self, answer: Answer, prompt: Prompt, raw: str, *, finished: bool) -> Answer:
        """Return the answer with its supported sentences; for a small model, only the fully supported ones."""
        found = self.read(answer, prompt, raw, replace(self.asked, strict=False), finished=finished)
        if found.abstained:
            return found
        question, tiny = self.asked.question, is_small(self.generator, _TINY)
        quotes = renumbered(self.quotes.sentences, beyond=max((one.mark for one in found.citations), default=0))
        distinct = {" ".join(sentence.text.split()): sentence for sentence in reversed(found.sentences)}
        read = [restated(sentence, quotes, question, strictly=tiny) for sentence in reversed(distinct.values())]
        kept = borne_out(read, partly=not (self.small or self.asked.strict))
        return replace(found, text=kept.text, sentences=kept.sentences)

    def _says(self, kept: Answer) -> Says:
        if kept.abstained or not kept.sentences:
            return "less"
        if self.quoted.task != "answer":
            return "all"
        return says(kept.text, self.quotes.sentences, self.asked.question, strictly=self.small)

    def _chosen(self, answer: Answer, kept: Answer, attempt: Attempt) -> Answer:
        """Return what was written, the quotes and what was written together, or the quotes alone."""
        said = self._says(kept)
        if said != "less":
            further = self.quotes.sentences[1:] if self.small else ()
            both = beside(kept.sentences, self.quotes.sentences if said == "some" else further)
            shown = borne_out(both)
            cut = cut_notes(self.asked.sampling.max_tokens) if attempt.cut and not self.small else ()
            reason: FinishReason = "length" if cut else "stop"
            notes = (*kept.notes, *cut)
            return replace(
                kept, text=shown.text, sentences=shown.sentences, notes=notes, finish_reason=reason, finished=True
            )
        why = _WHY[attempt.wrong] if attempt.wrong else _UNSAID
        quotes = replace(self.quotes, model=answer.model, notes=(*answer.notes, *quotes_notes(answer.model, why)))
        if self.small or kept.abstained or not kept.sentences or not quotes.sentences:
            return quotes
        first = 1 + max((citation.mark for citation in quotes.citations), default=0)
        below = borne_out(kept.sentences, first=first)
        text = f"{quotes.text}\n\n{below.text}"
        return replace(quotes, text=text, sentences=(*quotes.sentences, *below.sentences))

    def _sampling(self) -> Sampling:
        given = self.asked.sampling
        return replace(given, max_tokens=min(given.max_tokens, _BRIEF_TOKENS)) if self.small else given

    def _firmer(self) -> Sampling:
        given = self._sampling()
        return replace(given, repeat_penalty=given.repeat_penalty or _FIRM) if self.small else given

    def _less(self) -> Prompt | None:
        """Return a request with the best quote alone; ``None`` without one, or if another style is requested."""
        best = self.quotes.sentences[:1]
        if not best or self.quoted.task != "answer" or self.asked.style != "plain":
            return None
        return (
            self._held(best)
            if self.small
            else brief(self.quoted, evidence(self.quoted, best, around=0), self.templates)
        )
