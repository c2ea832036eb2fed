"""From a question to its answer: weighs the evidence, fills a prompt, and parses the model's text as it streams.

Comes in: a question and how it is asked. Goes out: snapshots of the answer, with what the model was shown and wrote. Never: a
model called without evidence.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from collections.abc import Generator as Generates
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

from ...ingest.errors import CannotDoError
from ...ingest.store.catalog import Catalog
from ...llm.extractive import Extractive
from ...llm.generator import Generator, Sampling
from ...llm.selection import nearest
from ...llm.span import answer_span
from ...llm.streaming import Ending
from ...prompts.fill import fill, language_of, tokens_of, without_steps
from ...prompts.prompt import Prompt
from ...prompts.read import quoted, read
from ...prompts.second_opinion import answers_it
from ...prompts.task import Task, task_of
from ...prompts.templates import Templates
from ...retrieval.hit import Hit
from ...retrieval.models.judge import Judges
from ...retrieval.search.evidence import Evidence, weigh
from ...retrieval.search.passages import readable
from ...retrieval.search.search import Found
from ..base.library import Library
from ..exact.direct import answers_by_rows_alone, computed_from_tables, directly
from ..i18n.chinese import in_chinese
from .answer import Answer, Asked, Searched
from .material import Material
from .notes import (
    absent_notes,
    answer_notes,
    coverage_notes,
    cut_notes,
    disagreement_notes,
    foreign_notes,
    prompt_notes,
    small_notes,
    task_notes,
)
from .record import Written
from .tasks import Gathering
from .unsure import shown_as_unsure
from .writing import Writing

Timings = list[tuple[str, float]]
_BY_TABLES = frozenset({"answer", "compare"})
"""Tasks that a table may do: a sum, or who paid more."""


@dataclass(frozen=True, slots=True)
class Answering:
    """Answers questions from one knowledge base, or from several as one."""

    library: Library
    generator: Callable[[], Generator]
    """Opens the model; called only if there is material to write from."""
    prompts: Templates
    judges: Judges
    """An optional extra check: whether passages answer the question and support the sentences."""
    strictness: float = 0.0
    """How much more evidence than usual an answer needs, in log-odds."""

    def answers(self, asked: Asked) -> Generates[tuple[Answer, Written]]:
        """Yield the answer as it grows, each time with what was written; the last one is finished."""
        chinese = language_of(asked.question) == "zh"
        spelling = self.library.spelt(asked.question)
        with closing(self._answers(replace(asked, question=spelling.question))) as answers:
            for found, written in answers:
                typed = asked.question if found.question == spelling.question else found.question
                answer = replace(found, question=typed, notes=(*spelling.notes, *found.notes))
                yield (told_in_chinese(answer) if chinese else answer), written

    def _answers(self, asked: Asked) -> Generates[tuple[Answer, Written]]:
        gathering = Gathering(self.library, self._weigh, self.strictness)
        asked = gathering.meant(asked)
        if answer := directly(self.library, asked):
            yield answer, Written()
            return
        task = task_of(asked.question, asked.task, self.library.names)
        judge = self.judges.get()  # before the search: a missing judge is reported at once
        began = time.perf_counter()
        material = gathering.material(task, asked)
        task, found = material.task, material.found
        searched = Searched(self.library.count("documents"), self.library.count("chunks"), found.lanes)
        timings = [("search", time.perf_counter() - began)]
        notes = (
            *found.notes,
            *answer_notes(self._catalog, found.hits),
            *task_notes(material.missing, material.of, material.besides),
            *absent_notes(material.absent),
        )
        nothing = self.prompts.nothing_found(language_of(asked.question))
        answer = Answer(
            asked.question,
            nothing,
            (),
            found.hits,
            abstained=True,
            sure=False,
            searched=searched,
            model="",
            notes=notes,
        )
        enough = material.sufficient
        if task.name in _BY_TABLES and (
            computed := computed_from_tables(self.library, asked, found.hits, is_sure=enough, absent=material.absent)
        ):
            yield replace(computed, notes=(*found.notes, *computed.notes), timings=tuple(timings)), Written()
            return
        if enough and judge and task.name == "answer":
            enough = answers_it(asked.question, [hit.chunk.text for hit in found.hits], judge)
        if enough:
            yield from self._from_model(answer, asked, task, material, timings)
        elif material.near:
            yield self._unsure(replace(answer, timings=tuple(timings))), Written()
        else:
            yield replace(answer, timings=tuple(timings)), Written()

    def _weigh(self, question: str, found: Found) -> Evidence:
        library = self.library
        unrelated = library.unrelated(question)
        return weigh(question, found.hits, library.frequencies, unrelated=unrelated)

    def _catalog(self, base: str) -> Catalog:
        return self.library.parts[base].catalog

    def _from_model(
        self, answer: Answer, asked: Asked, task: Task, material: Material, timings: Timings
    ) -> Generates[tuple[Answer, Written]]:
        generator = self.generator()
        if generator.name == "extractive" and asked.style != "plain":
            raise CannotDoError(
                "extractive quotes and cannot write in the style {style!r}; choose a model with --llm",
                style=asked.style,
            )
        answer = replace(answer, model=generator.name)
        began = time.perf_counter()
        question = material.question or asked.question
        quoted = fill(
            question, answer.hits, count_tokens=len, room_tokens=sys.maxsize, templates=self.prompts, task=task
        )
        coverage = coverage_notes(quoted, answer.hits, material.n_passages)
        answer = replace(answer, notes=(*answer.notes, *coverage, *prompt_notes(quoted, generator.name)))
        timings.append(("prompt", time.perf_counter() - began))
        if generator.name == "extractive":
            yield from self._quote(answer, quoted, generator, asked, timings)
            return
        raw = "".join(Extractive().generate(quoted, Sampling()))
        quotes = self._read(answer, quoted, raw, replace(asked, style="plain"), finished=True, quotes=True)
        writing = Writing(
            generator, self.prompts, self._read, asked, replace(quoted, question=asked.question), quotes
        )  # fmt: skip
        languages = cast("tuple[str, ...]", getattr(generator, "languages", ()))
        foreign = bool(languages) and language_of(asked.question) not in languages and bool(quotes.sentences)
        if foreign or (writing.small and task.name != "answer"):
            notes = (*quotes.notes, *(foreign_notes if foreign else small_notes)(generator.name))
            yield replace(quotes, notes=notes, timings=tuple(timings)), Written(quoted.messages, raw)
            return
        yield from self._written(answer, writing, task, timings)

    def _written(
        self, answer: Answer, writing: Writing, task: Task, timings: Timings
    ) -> Generates[tuple[Answer, Written]]:
        began = time.perf_counter()
        asked = writing.asked
        own = self.prompts.own("answer", language_of(asked.question))
        can_be_brief = task.name == "answer" and asked.style == "plain" and not own and bool(writing.quotes.sentences)
        if can_be_brief and (writing.small or self._is_slow(answer, writing)):
            prompt = writing.brief()
        else:
            prompt = self._prompt(answer, asked, task, writing.generator)
        timings.append(("request", time.perf_counter() - began))
        dropped = tuple(prompt_notes(prompt, answer.model))
        with closing(writing.answers(replace(answer, notes=(*answer.notes, *dropped)), prompt, timings)) as answers:
            for found, written in answers:
                yield (self._last(found, timings) if found.finished else found), written

    def _last(self, answer: Answer, timings: Timings) -> Answer:
        """Return the finished answer; the closest passages if nothing of it is supported."""
        last = replace(answer, timings=tuple(timings), answer_span=_exact(answer))
        return self._unsure(last) if last.abstained or not last.sentences else last

    def _unsure(self, answer: Answer) -> Answer:
        """Return quotes of the closest passages; no model is called, since it would write an answer."""
        prompt = fill(answer.question, answer.hits, count_tokens=len, room_tokens=sys.maxsize, templates=self.prompts)
        closest = tuple(
            quoted(mark, prompt.hits[one.passage - 1], one.start, one.text, self._page_of)
            for mark, one in enumerate(nearest(prompt), 1)
        )
        return shown_as_unsure(answer, closest) if closest else answer

    def _is_slow(self, answer: Answer, writing: Writing) -> bool:
        """Return whether reading the passages would delay the model's first word beyond the limit."""
        room = writing.room_tokens()
        return room < math.inf and sum(writing.generator.count_tokens(hit.chunk.text) for hit in answer.hits) > room

    def _prompt(self, answer: Answer, asked: Asked, task: Task, generator: Generator) -> Prompt:
        """Fill the prompt with the hits that fit, then again with them joined and completed while there is room.

        Not for quoting, which looks at sentences: joined passages give no better choice, and in long documents a worse one
        (benchmarks/answers.py --joined).
        """
        count = generator.count_tokens
        room = generator.context_tokens - asked.sampling.max_tokens
        filled = partial(
            fill, asked.question, count_tokens=count, room_tokens=room,
            style=asked.style, templates=self.prompts, task=task,
        )  # fmt: skip
        first = filled(answer.hits)
        kept = answer.hits[: len(answer.hits) - len(first.dropped)]
        spare = (room - tokens_of(first.messages, count)) * 9 // 10  # a text's token count is not the sum of its parts'
        passages = readable(self._catalog, kept, spare, count)
        if passages == kept:
            return first
        prompt = filled(passages)
        return replace(prompt, dropped=(*prompt.dropped, *first.dropped))

    def _quote(
        self, answer: Answer, prompt: Prompt, generator: Generator, asked: Asked, timings: Timings
    ) -> Generates[tuple[Answer, Written]]:
        raw, ending = "", Ending()
        began = time.perf_counter()
        with closing(ending.of(generator.generate(prompt, asked.sampling))) as pieces:
            for piece in pieces:
                if not raw:
                    timings.append(("first token", time.perf_counter() - began))
                raw += piece
                so_far = self._read(answer, prompt, raw, asked, finished=False, quotes=True)
                yield so_far, Written(prompt.messages, raw)
        timings.append(("generate", time.perf_counter() - began))
        cut = cut_notes(asked.sampling.max_tokens) if ending.reason == "length" else ()
        answer = replace(answer, notes=(*answer.notes, *cut))
        last = self._read(answer, prompt, raw, asked, finished=True, quotes=True)
        last = replace(last, finish_reason=ending.reason, answer_span=_exact(last))
        if prompt.task == "answer":
            last = replace(last, notes=(*last.notes, *disagreement_notes(last.citations)))
        if last.abstained or (prompt.task == "answer" and answers_by_rows_alone(self.library, last)):
            last = self._unsure(last)
        yield replace(last, timings=tuple(timings)), Written(prompt.messages, raw)

    def _read(
        self, answer: Answer, prompt: Prompt, raw: str, asked: Asked, *, finished: bool, quotes: bool = False
    ) -> Answer:
        steps, said = without_steps(raw, asked.style, finished=finished)
        judge = self.judges.get()
        reading = read(said, prompt, self._page_of, finished=finished, strict=asked.strict, judge=judge, quotes=quotes)
        return replace(
            answer,
            text=reading.text,
            sentences=reading.sentences,
            abstained=reading.abstained,
            sure=not reading.abstained,
            reasoning=steps,
            finished=finished,
        )

    def _page_of(self, hit: Hit, offset: int) -> int | None:
        return self._catalog(hit.base).page_of(hit.chunk.document_id, offset)


def _exact(answer: Answer) -> tuple[int, int] | None:
    """Return where the exact answer is in the text, searching its first sentence."""
    if not answer.sentences or answer.sentences[0].support == "unsupported":
        return None
    first = answer.sentences[0].text
    at, place = answer.text.find(first), answer_span(answer.question, first)
    return (at + place[0], at + place[1]) if place and at >= 0 else None


def told_in_chinese(answer: Answer) -> Answer:
    """Return the answer with its notes and reasons in Chinese; its text and quotes are unchanged."""
    sentences = tuple(replace(sentence, reason=in_chinese(sentence.reason)) for sentence in answer.sentences)
    return replace(answer, notes=tuple(map(in_chinese, answer.notes)), sentences=sentences)
