"""Questions for ``kb eval`` written by a language model: one per passage, as someone who has not read it would ask.

Comes in: a base and a model. Goes out: questions with the passage that answers each. Never: a question that shares no word with
its passage, points at "the text", or repeats the passage verbatim.
"""

from __future__ import annotations

import random
import re
from contextlib import closing

from ...ingest.document import Chunk
from ...ingest.store.catalog import Catalog
from ...llm.generator import Generator, Sampling
from ...prompts.fill import fenced, language_of
from ...prompts.prompt import Message, Prompt
from ...prompts.templates import Language
from ...retrieval.words.folding import folded
from ...retrieval.words.question import asks, terms
from ...retrieval.words.tokens import tokens
from .judged import Question, by_text

_ROLE: dict[Language, str] = {
    "en": "You write exam questions. Reply with one question and nothing else.",
    "zh": "你负责出题。只回复一个问题，不要写别的。",
}
_WISH: dict[Language, str] = {
    "en": "Write one question that this passage answers and that is clear without it. Do not say “the passage” or “the text”.",
    "zh": "请写一个这段文字能够回答的问题，不看这段文字也要能读懂。不要写“这段文字”“本文”。",
}
_POINTS = re.compile(
    r"\b(?:the|this|these) (?:passage|text|document|excerpt|section|paragraph|article)s?\b|[本这這该該](?:段|文|节|節|章)",
    re.IGNORECASE,
)
_LABEL = re.compile(r"^(?:question|q|问题|問題|问|答)\s*\d*\s*[:：.)]\s*|^[\d.)\s*#>-]+|[\"“”*]", re.IGNORECASE)
_LONGEST = 200
"""Characters."""
_FEWEST_WORDS = 2
_TOKENS = 96


def write_questions(catalog: Catalog, generator: Generator, limit: int) -> list[Question]:
    """Let a model write up to ``limit`` questions, each from another passage; fewer if some are unusable.

    Raises:
        GeneratorError: the model fails.
    """
    ids = catalog.chunk_ids()
    random.Random(1).shuffle(ids)  # noqa: S311 - a sample, not a secret
    made: dict[str, Question] = {}
    for chunk in catalog.chunks(ids[: 2 * limit]).values():
        if len(made) == limit:
            break
        if len(tokens(chunk.text)) < 6 * _FEWEST_WORDS:
            continue
        text = usable(_written(generator, chunk), chunk)
        if text and text not in made:
            made[text] = Question(text, dict.fromkeys(by_text(chunk), 1.0), "written", chunk.document_id)
    return list(made.values())


def usable(written: str, chunk: Chunk) -> str:
    """Return the question in what a model wrote about a passage; empty if it has no usable one."""
    lines = (_LABEL.sub("", line.strip()).strip() for line in written.splitlines())
    text = next((line for line in lines if line and asks(line)), "")
    held = set(tokens(chunk.indexed_text))
    named = [term for term in terms(text) if term.within(held)]
    if not text or len(text) > _LONGEST or len(tokens(text)) < _FEWEST_WORDS or not named:
        return ""
    return "" if _POINTS.search(text) or folded(text) in folded(chunk.text) else text


def _written(generator: Generator, chunk: Chunk) -> str:
    language = language_of(chunk.text)
    room = max(200, generator.context_tokens - 3 * _TOKENS)
    text = chunk.indexed_text
    while generator.count_tokens(text) > room:
        text = text[: len(text) // 2]
    wish = f"{_WISH[language]}\n\n<passage>\n{fenced(text)}\n</passage>"
    messages = (Message("system", _ROLE[language]), Message("user", wish))
    with closing(generator.generate(Prompt(chunk.text, messages, ()), Sampling(max_tokens=_TOKENS))) as pieces:
        return "".join(pieces)
