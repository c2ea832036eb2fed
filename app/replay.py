"""An answer given again, and what came out otherwise.

Comes in: a record and a new answer to the same question, or two records. Goes out: the differences, in sentences and as a
diff. Never: a guess at why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff

from .answer import Answer
from .log import Log, Record, Written, to_json


@dataclass(frozen=True, slots=True)
class Replay:
    """A recorded answer beside the one that the same question gets now."""

    record: Record
    answer: Answer
    identical: bool
    """Whether the two are the same, byte for byte."""
    changes: tuple[str, ...]
    """What is otherwise than it was, in sentences."""
    diff: tuple[str, ...]
    """From the recorded text to the new one, line by line."""


def compare(record: Record, answer: Answer, written: Written, log: Log) -> Replay:
    """Return a record beside the answer that its question gets now."""
    pairs = (
        ("index", record.fingerprint, log.fingerprint()),
        ("model", record.model, answer.model),
        ("model's file", record.model_hash, log.model_hash(answer.model)),
    )
    changes = [_changed(what, before, after) for what, before, after in pairs if before != after]
    if record.written.messages != written.messages:
        changes.append("The prompt is another one.")
    if record.written.raw != written.raw:
        changes.append("The model wrote another text.")
    identical = record.answer == to_json(answer)
    if not (identical or changes):
        changes.append("The same text was read otherwise: its sentences, citations, hits or notes differ.")
    return Replay(record, answer, identical, tuple(changes), diff(record.text, answer.text))


def differences(one: Record, other: Record) -> tuple[str, ...]:
    """Return what tells two records apart, in sentences."""
    pairs = (
        ("question", one.asked.question, other.asked.question),
        ("index", one.fingerprint, other.fingerprint),
        ("model", one.model, other.model),
        ("model's file", one.model_hash, other.model_hash),
        ("sampling", str(one.asked.sampling), str(other.asked.sampling)),
        ("style", one.asked.style, other.asked.style),
        ("number of passages", str(one.asked.k), str(other.asked.k)),
        ("filter", str(one.asked.where), str(other.asked.where)),
        ("prompt", str(one.written.messages), str(other.written.messages)),
    )
    return tuple(_changed(what, before, after) for what, before, after in pairs if before != after)


def diff(before: str, after: str) -> tuple[str, ...]:
    """Return the lines of a unified diff; none if the texts are the same."""
    lines: Sequence[str] = list(unified_diff(before.splitlines(), after.splitlines(), "before", "after", lineterm=""))
    return tuple(lines)


_SHOWN = 100


def _changed(what: str, before: str, after: str) -> str:
    if max(len(before), len(after)) > _SHOWN:
        return f"The {what} is another one."
    return f"The {what} was {before or 'none'} and is {after or 'none'}."
