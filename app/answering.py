"""From a question to its answer: what is found is weighed, a prompt filled, a model's text read back as it comes.

Comes in: a question and how it is asked. Goes out: snapshots of the answer, with what the model was shown and wrote. Never: a
model that is asked although the evidence is not there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from collections.abc import Generator as Generates
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial

from ..ingest.catalog import Catalog
from ..ingest.errors import GeneratorError
from ..llm.generator import Generator
from ..prompts.fill import fill, language_of, tokens_of, without_steps
from ..prompts.prompt import Prompt
from ..prompts.read import read
from ..prompts.templates import Templates
from ..retrieval.evidence import Frequencies, weigh
from ..retrieval.passages import readable
from ..retrieval.search import Found
from .answer import Answer, Asked, Searched
from .census import census_of, taken
from .chinese import told_in_chinese
from .log import Written
from .notes import answer_notes, prompt_notes

Timings = list[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Answering:
    """What answers need of a knowledge base."""

    catalog: Catalog
    find: Callable[[Asked], Found]
    frequencies: Frequencies
    unrelated: Callable[[str], float]
    """The mean cosine of a question with all passages."""
    generator: Callable[[], Generator]
    """Opens the model; called only when there is something to write from."""
    prompts: Templates

    def answers(self, asked: Asked) -> Generates[tuple[Answer, Written]]:
        """Yield the answer as it grows, each time with what was written; the last one is finished."""
        chinese = language_of(asked.question) == "zh"
        with closing(self._answers(asked)) as answers:
            for answer, written in answers:
                yield (told_in_chinese(answer) if chinese else answer), written

    def _answers(self, asked: Asked) -> Generates[tuple[Answer, Written]]:
        census = census_of(asked.question)
        counted = taken(self.catalog, census, asked.question, asked.where) if census else None
        if census and counted and (census.literally or not counted.abstained):
            yield counted, Written()
            return
        began = time.perf_counter()
        found = self.find(asked)
        searched = Searched(self.catalog.count("documents"), self.catalog.count("chunks"), found.lanes)
        timings = [("search", time.perf_counter() - began)]
        notes = (*found.notes, *answer_notes(self.catalog, found.hits))
        answer = Answer(asked.question, "", (), found.hits, abstained=True, searched=searched, model="", notes=notes)
        evidence = weigh(
            asked.question, found.hits, self.frequencies, searched.chunks, unrelated=self.unrelated(asked.question)
        )
        if evidence.sufficient:
            yield from self._from_model(answer, asked, timings)
        else:
            text = self.prompts.nothing_found(language_of(asked.question))
            yield replace(answer, text=text, timings=tuple(timings)), Written()

    def _from_model(self, answer: Answer, asked: Asked, timings: Timings) -> Generates[tuple[Answer, Written]]:
        generator = self.generator()
        if generator.name == "extractive" and asked.style != "plain":
            raise GeneratorError(
                f"extractive quotes and cannot write in the style {asked.style!r}; choose a model with --llm"
            )
        began = time.perf_counter()
        prompt = self._prompt(answer, asked, generator)
        timings.append(("prompt", time.perf_counter() - began))
        notes = (*answer.notes, *prompt_notes(prompt, generator.name))
        yield from self._write(replace(answer, model=generator.name, notes=notes), prompt, generator, asked, timings)

    def _prompt(self, answer: Answer, asked: Asked, generator: Generator) -> Prompt:
        """Fill the prompt with the hits that fit, then once more with them joined and made whole, as far as there is room."""
        count = generator.count_tokens
        room = generator.context_tokens - asked.sampling.max_tokens
        filled = partial(
            fill, asked.question, count_tokens=count, room_tokens=room, style=asked.style, templates=self.prompts
        )
        first = filled(answer.hits)
        kept = answer.hits[: len(answer.hits) - len(first.dropped)]
        spare = (room - tokens_of(first.messages, count)) * 9 // 10  # a text's tokens are not the sum of its parts'
        passages = readable(self.catalog, kept, spare, count)
        if passages == kept:
            return first
        prompt = filled(passages)
        return replace(prompt, dropped=(*prompt.dropped, *first.dropped))

    def _write(
        self, answer: Answer, prompt: Prompt, generator: Generator, asked: Asked, timings: Timings
    ) -> Generates[tuple[Answer, Written]]:
        raw = ""
        began = time.perf_counter()
        for piece in generator.generate(prompt, asked.sampling):
            if not raw:
                timings.append(("first token", time.perf_counter() - began))
            raw += piece
            yield self._read(answer, prompt, raw, asked, finished=False), Written(prompt.messages, raw)
        timings.append(("generate", time.perf_counter() - began))
        last = self._read(answer, prompt, raw, asked, finished=True)
        yield replace(last, timings=tuple(timings)), Written(prompt.messages, raw)

    def _read(self, answer: Answer, prompt: Prompt, raw: str, asked: Asked, *, finished: bool) -> Answer:
        steps, said = without_steps(raw, asked.style, finished=finished)
        reading = read(said, prompt, self.catalog.page_of, finished=finished, strict=asked.strict)
        return replace(
            answer,
            text=reading.text,
            sentences=reading.sentences,
            abstained=reading.abstained,
            reasoning=steps,
            finished=finished,
        )
