"""A question and its hits fill a template, within a budget of tokens.

Comes in: hits, best first. Goes out: a ``Prompt`` whose source ``[n]`` is ``hits[n - 1]``. Never: document text taken for
a template, closing its own fence, or cut in the middle: a passage is in the prompt whole, or dropped and named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources
from pathlib import PurePath
from typing import Literal, get_args

from ..ingest.errors import GeneratorError
from ..retrieval.hit import Hit
from .prompt import Message, Prompt

Language = Literal["en", "zh"]

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")
_SLOT = re.compile(r"\{(passages|question|nothing_found)\}")
_TURN = re.compile(r"^\[(system|user|assistant)\]\n", re.MULTILINE)
_FENCE = re.compile(r"<(?=\s*/?\s*passage)", re.IGNORECASE)


def language_of(question: str) -> Language:
    """Return the language to answer in: Chinese when the question has a Chinese character, else English."""
    return "zh" if _HAN.search(question) else "en"


@cache
def template(name: str, language: Language) -> str:
    """Return a template's text, without the line break at its end.

    Raises:
        ValueError: there is no such template.
    """
    if language not in get_args(Language):
        raise ValueError(language)
    file = resources.files(__package__).joinpath(f"{name}.{language}.txt")
    if not file.is_file():
        raise ValueError(f"no template {name!r} in {language!r}")
    return file.read_text(encoding="utf-8").rstrip("\n")


def nothing_found(language: Language) -> str:
    """Return the sentence of an answer that abstains."""
    return template("abstain", language)


def fill(question: str, hits: Sequence[Hit], *, count_tokens: Callable[[str], int], room_tokens: int) -> Prompt:
    """Fill the answer template in the question's language with as many hits as fit, dropping the worst first.

    Args:
        question: as the user wrote it.
        hits: best first.
        count_tokens: of the backend that will read the prompt.
        room_tokens: what the messages may take together.
    Raises:
        GeneratorError: not even the best passage fits.
    """
    # Reading order instead of rank order: follow-up questions that find the same passages share the prompt's beginning,
    # which the backend has in its cache.
    kept = list(hits)
    while True:
        ordered = sorted(kept, key=lambda hit: (hit.chunk.source, hit.chunk.start))
        messages = _messages(question, ordered)
        used = sum(count_tokens(message.content) + _PER_MESSAGE for message in messages)
        if used <= room_tokens:
            return Prompt(question, messages, tuple(ordered), tuple(hits[len(kept) :]))
        if len(kept) <= 1:
            raise GeneratorError(
                f"the question and its best passage take {used} tokens and the model has room for {room_tokens}; "
                "ask more shortly, or use a model with a larger context"
            )
        excess = (used - room_tokens) / used
        kept = kept[: max(1, min(len(kept) - 1, round(len(kept) * (1 - excess))))]


_PER_MESSAGE = 8
"""Tokens that a chat template adds around a message, rounded up."""


def _messages(question: str, hits: Sequence[Hit]) -> tuple[Message, ...]:
    language = language_of(question)
    values = {
        "passages": "\n\n".join(_passage(number, hit) for number, hit in enumerate(hits, 1)),
        "question": _FENCE.sub("‹", question.strip()),
        "nothing_found": nothing_found(language),
    }
    turns = _TURN.split(template("answer", language))[1:]
    return tuple(
        # One pass over the template: what is put in is never looked at again.
        Message(role, _SLOT.sub(lambda slot: values[slot.group(1)], text).strip())  # type: ignore[arg-type]
        for role, text in zip(turns[::2], turns[1::2], strict=True)
    )


def _passage(number: int, hit: Hit) -> str:
    chunk = hit.chunk
    place = [PurePath(chunk.source).name, *chunk.headings]
    if chunk.pages:
        place.append(f"p. {chunk.pages[0]}")
    label = _FENCE.sub("‹", " > ".join(" ".join(part.split()) for part in place)).replace('"', "'")
    return f'<passage id="{number}" from="{label}">\n{_FENCE.sub("‹", chunk.text)}\n</passage>'
