"""Answers without a model: the sentences of the passages that answer the question, quoted word for word.

Sentences are ranked by the share of the question's information that they hold (Luhn 1958, weighted by inverse sentence
frequency, Neto et al. 2000), by what kind of thing was asked for, and by the rank of their passage.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..ingest.sentences import sentence_spans
from ..prompts.fill import language_of, nothing_found
from ..prompts.prompt import Prompt
from ..retrieval.question import content_tokens, expected_answer
from ..retrieval.tokens import tokens
from .generator import Sampling

MAX_SENTENCES = 3
_LINE_BREAK = re.compile(r"\s*\n\s*")
_KEEP = 0.7
"""A further sentence is quoted only if it scores this share of the best one."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    passage: int
    order: int
    text: str
    tokens: frozenset[str]
    context: frozenset[str]
    """Tokens of the headings above and the sentence before: what the sentence itself need not repeat."""
    prior: float


class Extractive:
    """A ``Generator`` that quotes."""

    name = "extractive"
    context_tokens = 1 << 20

    def count_tokens(self, text: str) -> int:
        """Return the length in characters: there is no tokenizer, and no limit that would need one."""
        return len(text)

    def generate(self, prompt: Prompt, sampling: Sampling) -> Iterator[str]:  # noqa: ARG002 - nothing is left to chance
        """Yield the sentences that answer, best first, each with its mark."""
        chosen = select(prompt)
        if not chosen:
            yield nothing_found(language_of(prompt.question))
        for at, candidate in enumerate(chosen):
            text = _LINE_BREAK.sub(" ", candidate.text)
            yield ("\n\n" if at else "") + f"{text} [{candidate.passage}]"

    def close(self) -> None:
        """Nothing to free."""


def select(prompt: Prompt) -> list[_Candidate]:
    """Return the sentences to quote, best first; none when no sentence holds anything of the question."""
    candidates = list(_candidates(prompt))
    wanted = set(content_tokens(prompt.question))
    if not candidates or not wanted:
        return []
    weights = _weights(wanted, candidates)
    kind = expected_answer(prompt.question)
    scored = []
    for candidate in candidates:
        score = _score(candidate, weights) * (1.25 if kind and kind.search(candidate.text) else 1.0)
        if score > 0:
            scored.append((score + 0.15 * candidate.prior, candidate))
    scored.sort(key=lambda item: (-item[0], item[1].passage, item[1].order))
    return _distinct([candidate for score, candidate in scored if score >= _KEEP * scored[0][0]])


def _candidates(prompt: Prompt) -> Iterator[_Candidate]:
    ranks = sorted(range(len(prompt.hits)), key=lambda at: -prompt.hits[at].score)
    for passage, hit in enumerate(prompt.hits, 1):
        prior = 1 / (1 + ranks.index(passage - 1))
        headings = frozenset(tokens(" ".join(hit.chunk.headings)))
        before: frozenset[str] = frozenset()
        for order, (start, stop) in enumerate(sentence_spans(hit.chunk.text)):
            text = hit.chunk.text[start:stop]
            held = frozenset(tokens(text))
            if _is_prose(text):
                yield _Candidate(passage, order, text, held, headings | before, prior)
            before = held


def _is_prose(text: str) -> bool:
    """Return whether a unit can stand as an answer: not a heading, a rule, a fence or a table's header."""
    return bool(re.search(r"\w", text)) and not re.match(r"#{1,6}\s|```|~~~|\|[\s|:-]+\|$", text)


def _weights(wanted: set[str], candidates: Sequence[_Candidate]) -> dict[str, float]:
    """Return how much each token of the question tells: ln(1 + n / n with it), over the sentences at hand."""
    counts = Counter(token for candidate in candidates for token in candidate.tokens & wanted)
    return {token: math.log(1 + len(candidates) / (1 + counts[token])) for token in wanted}


def _score(candidate: _Candidate, weights: dict[str, float]) -> float:
    own = sum(weight for token, weight in weights.items() if token in candidate.tokens)
    near = sum(weight for token, weight in weights.items() if token in candidate.context - candidate.tokens)
    length = max(len(candidate.tokens), 1)
    brevity = 1.0 if length <= 40 else (40 / length) ** 0.5  # a very long unit holds words of any question  # noqa: PLR2004
    return brevity * (own + 0.4 * near) / sum(weights.values()) if own else 0.0


def _distinct(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """Return the first candidates that do not say what one before them said."""
    chosen: list[_Candidate] = []
    for candidate in candidates:
        if len(chosen) == MAX_SENTENCES:
            break
        if all(len(candidate.tokens & other.tokens) < 0.8 * max(len(candidate.tokens), 1) for other in chosen):
            chosen.append(candidate)
    return chosen
