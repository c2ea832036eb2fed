"""Fill a template with a question and its hits, within a token budget.

Comes in: hits, best first. Goes out: a ``Prompt`` whose source ``[n]`` is ``hits[n - 1]``. Never: document text that is read
as a template, closes its own fence, or is cut in the middle: a passage goes in whole, or is dropped and listed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath

from ..ingest.errors import GeneratorError
from ..retrieval.hit import Hit
from .prompt import Message, Prompt
from .task import ANSWER, Task
from .templates import FINALLY, OF_STYLE, Language, Style, Templates

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")
_SLOT = re.compile(r"\{(passages|question|nothing_found|history)\}")
_FENCE = re.compile(
    r"<(?=[\s\u200b-\u200f\u2060\ufeff]*/?[\s\u200b-\u200f\u2060\ufeff]*(?:passage|history))", re.IGNORECASE
)
_FINALLY = re.compile(rf"^[\s*#]*(?:{'|'.join(word[:-1] for word in FINALLY.values())})\s*[:：][ *]*", re.MULTILINE)

SHIPPED = Templates()


def language_of(question: str) -> Language:
    """Return the language to answer in: Chinese if the question has a Chinese character, else English."""
    return "zh" if _HAN.search(question) else "en"


def nothing_found(language: Language) -> str:
    """Return the shipped sentence for an answer that abstains."""
    return SHIPPED.nothing_found(language)


def fill(
    question: str,
    hits: Sequence[Hit],
    *,
    count_tokens: Callable[[str], int],
    room_tokens: int,
    style: Style = "plain",
    templates: Templates = SHIPPED,
    task: Task = ANSWER,
) -> Prompt:
    """Fill the task's template in the question's language with as many hits as fit, dropping the worst first.

    Args:
        question: as the user wrote it.
        hits: best first.
        count_tokens: of the backend that will read the prompt.
        room_tokens: the most tokens that the messages may take together.
        style: whether the model thinks first, or is shown an example.
        templates: the user's own take precedence over the shipped ones.
        task: to answer, unless the question asks for something else; only answers have styles.
    Raises:
        GeneratorError: not even the best passage fits.
        InputError: the user's own template cannot be used.
    """
    # Reading order, not rank order: follow-up questions that find the same passages share the start of the prompt,
    # which the backend has cached.
    kept = list(hits)
    while True:
        ordered = sorted(kept, key=lambda hit: (hit.base, hit.chunk.source, hit.chunk.start))
        template = OF_STYLE[style] if task.name == "answer" else task.name
        messages = _messages(question, ordered, template, templates)
        used = tokens_of(messages, count_tokens)
        if used <= room_tokens:
            refusal = templates.nothing_found(language_of(question))
            dropped = tuple(hits[len(kept) :])
            given = "\n".join([*(_passage(at, hit) for at, hit in enumerate(ordered, 1)), question])
            return Prompt(question, messages, tuple(ordered), dropped, refusal, task.name, task.topics, given)
        if len(kept) <= 1:
            raise GeneratorError(
                "the question and its best passage take {n} tokens and the model has room for {room}; ask a "
                "shorter question, or use a model with a larger context",
                n=used,
                room=room_tokens,
            )
        excess = (used - room_tokens) / used
        kept = kept[: max(1, min(len(kept) - 1, round(len(kept) * (1 - excess))))]


def brief(prompt: Prompt, text: str, templates: Templates = SHIPPED) -> Prompt:
    """Return the prompt with a short request in place of its messages: a text and the question.

    Args:
        prompt: the model's text is still read against it.
        text: what to write from, taken from the passages of ``prompt``.
        templates: the user's own take precedence over the shipped ones.
    """
    question = fenced(prompt.question.strip())
    values = {"passages": text, "question": question}
    messages = put_in(templates, "brief", language_of(question), values)
    return replace(prompt, messages=messages, given=f"{text}\n{question}")


_PER_MESSAGE = 8
"""Tokens that a chat template adds around a message, rounded up."""


def tokens_of(messages: Sequence[Message], count_tokens: Callable[[str], int]) -> int:
    """Return an upper bound on the tokens that the messages take together."""
    return sum(count_tokens(message.content) + _PER_MESSAGE for message in messages)


def fenced(text: str) -> str:
    """Return text that cannot open or close a fence of kb's: ``‹/passage>``."""
    return _FENCE.sub("‹", text)


def put_in(templates: Templates, name: str, language: Language, values: Mapping[str, str]) -> tuple[Message, ...]:
    """Return the messages of a template with its slots filled."""
    return tuple(
        # One pass over the template: inserted text is never scanned again.
        Message(role, _SLOT.sub(lambda slot: values.get(slot.group(1), slot.group()), text).strip())
        for role, text in templates.turns(name, language)
    )


def without_steps(raw: str, style: Style, *, finished: bool) -> tuple[str, str]:
    """Return a model's text so far as (its steps, its answer).

    Only ``step-by-step`` has steps. A model that stopped without saying where its answer begins has written only an answer.
    """
    if style != "step-by-step":
        return "", raw
    match = _FINALLY.search(raw)
    if match:
        return raw[: match.start()].strip(), raw[match.end() :]
    return ("", raw) if finished else (raw, "")


def _messages(question: str, hits: Sequence[Hit], template: str, templates: Templates) -> tuple[Message, ...]:
    language = language_of(question)
    values = {
        "passages": "\n\n".join(_passage(number, hit) for number, hit in enumerate(hits, 1)),
        "question": fenced(question.strip()),
        "nothing_found": templates.nothing_found(language),
    }
    return put_in(templates, template, language, values)


def _passage(number: int, hit: Hit) -> str:
    chunk = hit.chunk
    place = [*filter(None, [hit.base]), PurePath(chunk.source).name, *chunk.headings]
    if chunk.pages:
        place.append(f"p. {chunk.pages[0]}")
    label = fenced(" > ".join(" ".join(part.split()) for part in place)).replace('"', "'")
    return f'<passage id="{number}" from="{label}">\n{fenced(chunk.text)}\n</passage>'
