"""Answers a recorded question again and compares the results.

Comes in: a record, and the base that keeps it; or two records. Goes out: the differences, as sentences and as a diff. Never: a
guess at why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import unified_diff

from ..base.library import Library, Part
from .answer import Answer, Searched
from .answering import Answering
from .log import Log
from .record import Record, Written, to_json


@dataclass(frozen=True, slots=True)
class Replay:
    """A recorded answer beside the one that the same question gets now."""

    record: Record
    answer: Answer
    identical: bool
    """Whether both are identical, byte for byte."""
    changes: tuple[str, ...]
    """What differs, as sentences."""
    diff: tuple[str, ...]
    """A line diff from the recorded text to the new one."""


def replayed(log: Log, answering: Answering, name: str, number: int, part: Callable[[str], Part | None]) -> Replay:
    """Return a recorded answer beside the current one from the same bases, or from those that still exist.

    Args:
        log: the log of the base that keeps the record.
        answering: answers from that base.
        name: the name of that base.
        number: the number of the record.
        part: returns another base by name; ``None`` if it no longer exists.
    Raises:
        InputError: there is no such record.
        StorageError: one of the bases is damaged or was written by a newer kb.
    """
    record = log.get(number)
    if record.bases:
        others = {other: part(other) for other, _ in record.bases[1:] if other != name}
        found = {other: each for other, each in others.items() if each}
        library = Library({name: answering.library.first} | found)
        answering, log = replace(answering, library=library), log.of(library)
    last = Answer("", "", (), (), abstained=True, searched=Searched(0, 0, ()), model="")
    written = Written()
    for last, written in answering.answers(record.asked):  # noqa: B007  the last one counts
        pass
    return _compared(record, last, written, log)


def _compared(record: Record, answer: Answer, written: Written, log: Log) -> Replay:
    changes = list(_of_indexes(record.indexes, dict(log.fingerprints())))
    pairs = (
        ("model", record.model, answer.model),
        ("model's file", record.model_hash, log.model_hash(answer.model)),
    )
    changes += [_changed(what, before, after) for what, before, after in pairs if before != after]
    if record.written.messages != written.messages:
        changes.append("The prompt is another one.")
    if record.written.raw != written.raw:
        changes.append("The model wrote another text.")
    identical = record.answer == to_json(answer)
    if not (identical or changes):
        changes.append("The same text was read otherwise: its sentences, citations, hits or notes differ.")
    return Replay(record, answer, identical, tuple(changes), diff(record.text, answer.text))


def _of_indexes(before: Sequence[tuple[str, str]], now: Mapping[str, str]) -> Iterator[str]:
    """Yield which bases changed; the first keeps the record, so it exists, perhaps under another name."""
    own, *_ = now
    if before[0][0] != own:
        yield _changed("base that keeps this", before[0][0], own)
    for name, index in ((own, before[0][1]), *before[1:]):
        if name not in now:
            yield f"The knowledge base {name} is not there any more."
        elif index != now[name]:
            yield _changed(f"index of {name}" if name else "index", index, now[name])


def differences(one: Record, other: Record) -> tuple[str, ...]:
    """Return the differences between two records, as sentences."""
    pairs = (
        ("question", one.asked.question, other.asked.question),
        ("list of other bases", *(", ".join(name for name, _ in record.bases[1:]) for record in (one, other))),
        ("index", *(", ".join(index for _, index in record.indexes) for record in (one, other))),
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
    """Return the lines of a unified diff; empty if the texts are the same."""
    lines: Sequence[str] = list(unified_diff(before.splitlines(), after.splitlines(), "before", "after", lineterm=""))
    return tuple(lines)


_SHOWN = 100


def _changed(what: str, before: str, after: str) -> str:
    if max(len(before), len(after)) > _SHOWN:
        return f"The {what} is another one."
    return f"The {what} was {before or 'none'} and is {after or 'none'}."
