"""Notes for answers: what was missing, what could not be read, what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

from ...ingest.notice import Notice
from ...prompts.prompt import Citation, Prompt, Topic
from ...retrieval.hit import Hit
from ...retrieval.search.passages import CatalogOf
from ...retrieval.sentences.standing import without_struck
from ...retrieval.words.question import figures
from ...retrieval.words.tokens import tokens
from ..base.notes import page_notes

_WORDS = 3
_SAME = 0.8
"""Share of a quote's words that another quote must have to say the same."""


def answer_notes(catalog_of: CatalogOf, hits: Sequence[Hit]) -> Iterator[str]:
    """Yield notes on the documents of an answer; ``catalog_of`` returns the catalog of a hit's base."""
    for base, document_id, source in dict.fromkeys((hit.base, hit.chunk.document_id, hit.chunk.source) for hit in hits):
        yield from page_notes(catalog_of(base), [(document_id, source)])


def prompt_notes(prompt: Prompt, model: str) -> Iterator[str]:
    """Yield a note on what did not fit the prompt, and one if no model writes."""
    if prompt.dropped:
        names = dict.fromkeys(Path(hit.chunk.source).name for hit in prompt.dropped)
        yield Notice(
            "{n} passages did not fit the model's context and were left out: {names:files}.",
            n=len(prompt.dropped),
            names=names,
        )
    if model == "extractive":
        yield Notice(
            "No language model is configured: these are quoted sentences. For a written answer: --llm gguf:PATH"
        )


def task_notes(missing: Sequence[Topic], of: Sequence[str] = (), besides: Sequence[str] = ()) -> Iterator[str]:
    """Yield which document a summary covers, which others share its name, and which sides of a comparison had no results."""
    if of:
        yield Notice("This is a summary of {names:list}.", names=of[:_WORDS])
    if besides:
        yield Notice(
            "Other documents have this name too: {names:list}; name one to have it summarised.",
            names=besides[:_WORDS],
        )
    for side in missing:
        said = Notice("The documents do not seem to say anything on: {side}.", side=side.text or side.base)
        yield Notice("{name}: {note}", name=side.base, note=said) if side.base and side.text else said


def absent_notes(words: Sequence[str]) -> Iterator[str]:
    """Yield the names and rare words of a question missing from the passages: the answer may be about something else."""
    if words:
        yield Notice("The passages do not mention {names:list}.", names=(f"“{word}”" for word in words[:_WORDS]))


def disagreement_notes(citations: Sequence[Citation]) -> Iterator[str]:
    """Yield which documents have the same sentence with different figures."""
    said = [(one, without_struck(one.quote)) for one in citations]
    for (one, text), (other, other_text) in combinations(said, 2):
        held, others = frozenset(tokens(text)), frozenset(tokens(other_text))
        words = {token for token in held if not any(map(str.isdigit, token))}
        same = len(words & others) >= _SAME * max(len(words), 1) and len(words) >= _WORDS
        unlike = figures(text) and figures(other_text) and figures(text) != figures(other_text)
        if same and unlike and (one.base, one.document_id) != (other.base, other.document_id):
            yield Notice(
                "The documents do not agree: {name} and {other} give different figures.",
                name=Path(one.source).name,
                other=Path(other.source).name,
            )


def coverage_notes(prompt: Prompt, hits: Sequence[Hit], n_passages: Mapping[str, int]) -> Iterator[str]:
    """Yield how much of the available material a summary or comparison covers; for several bases, of each.

    Args:
        prompt: what the model was shown.
        hits: what was found for it.
        n_passages: the number of passages available, by base.
    """
    if prompt.task != "answer":
        n_read = Counter(hit.base for hit in hits)
        n_read.subtract(hit.base for hit in prompt.dropped)
        each = [f"{base} {n_read[base]}/{there}" for base, there in sorted(n_passages.items()) if base]
        n, total = n_read.total(), sum(n_passages.values())
        yield (
            Notice("Made from {n} of {total} passages: {each:list}.", n=n, total=total, each=each)
            if each
            else Notice("Made from {n} of {total} passages.", n=n, total=total)
        )


def quotes_notes(model: str, why: str) -> tuple[str, ...]:
    """Return a note that quotes replace what a model wrote."""
    return (Notice("What {model} wrote {why}: these are quoted sentences.", model=model, why=why),)


def small_notes(model: str) -> tuple[str, ...]:
    """Return a note that the model is too small to summarise or compare."""
    return (Notice("{model} is too small to summarise or compare: these are quoted sentences.", model=model),)


def foreign_notes(model: str) -> tuple[str, ...]:
    """Return a note that the model does not know the language of the question."""
    return (
        Notice("{model} does not know the language of the question: these are quoted sentences.", model=model),
    )  # fmt: skip


def cut_notes(max_tokens: int) -> tuple[str, ...]:
    """Return a note that the answer was cut off."""
    return (
        Notice(
            "The answer was cut at {max_tokens} tokens; for more: --max-tokens {more}",
            max_tokens=max_tokens,
            more=2 * max_tokens,
        ),
    )
