"""A recorded answer: as stored in the log, and restored as an ``Answer`` to show it as before.

Comes in: answers, and rows of the log. Goes out: JSON, and records. Never: a passage that no longer exists.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, cast

from ...ingest.store.catalog import Catalog
from ...llm.generator import Sampling
from ...prompts.prompt import Citation, Message, Sentence
from ...retrieval.hit import Hit
from ...retrieval.search.select import Ordering
from ...retrieval.where import Where
from .answer import Answer, Asked, Searched

Feedback = Literal["", "up", "down"]


COLUMNS = (
    "id, at, ifnull(session, ''), said, question, settings, fingerprint, llm, model, model_hash, messages, raw, answer,"
    " timings, feedback, correction, comment"
)
"""Columns of a log row, in the order that ``record_of`` expects."""


@dataclass(frozen=True, slots=True)
class Written:
    """What an answer was made from: the prompt, and what the model wrote."""

    messages: tuple[Message, ...] = ()
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """A recorded answer."""

    id: int
    at: str
    """UTC, ISO 8601."""
    session: str
    """The conversation; empty if it was asked on its own."""
    asked: Asked
    fingerprint: str
    """Fingerprint of the index that was searched; with several bases, that of the base that keeps this record."""
    llm: str
    """The spec that opens the model."""
    model: str
    model_hash: str
    written: Written
    answer: str
    """JSON."""
    timings: tuple[tuple[str, float], ...]
    feedback: Feedback
    correction: str
    """The correct answer, in the user's words."""
    comment: str
    """Any other comment of the user."""
    bases: tuple[tuple[str, str], ...] = ()
    """Name and fingerprint of each base, if several were queried; the first one keeps this record."""

    @property
    def indexes(self) -> tuple[tuple[str, str], ...]:
        """Name and fingerprint of each base that was searched; a base queried alone is ``""``."""
        return self.bases or (("", self.fingerprint),)

    @property
    def text(self) -> str:
        """The answer text as shown."""
        return str(json.loads(self.answer)["text"])

    @property
    def abstained(self) -> bool:
        """Whether the documents held no answer."""
        return bool(json.loads(self.answer)["abstained"])


def settings_of(asked: Asked, indexes: Sequence[tuple[str, str]]) -> str:
    """Return as JSON how a question was asked, and of which bases; for ``indexes`` see ``Record.indexes``."""
    settings: dict[str, object] = {
        "k": asked.k, "style": asked.style, "where": asdict(asked.where), "sampling": asdict(asked.sampling),
        "strict": asked.strict, "task": asked.task, "ordering": asdict(asked.ordering), "about": asked.about,
    }  # fmt: skip
    own, _ = indexes[0]
    return json.dumps(settings | ({"bases": indexes} if own else {}))


def to_json(answer: Answer) -> str:
    """Return an answer as JSON, without timings and id, so that the same answer gives the same JSON.

    A hit is ``[chunk id, score, by]``, plus the name of its base if there are several.
    """
    data = {name: value for name, value in asdict(answer).items() if name not in ("id", "timings", "hits")}
    data["hits"] = [[hit.chunk.id, hit.score, hit.by, *filter(None, [hit.base])] for hit in answer.hits]
    return json.dumps(data, ensure_ascii=False, sort_keys=True)


def answer_of(record: Record, catalog_of: Callable[[str], Catalog | None]) -> Answer:
    """Return the recorded answer, with the hits that are still in their bases but without the lanes' votes.

    Args:
        record: the record.
        catalog_of: returns the catalog of a base by the name in its hits; ``None`` if the base no longer exists.
    """
    kept = json.loads(record.answer)
    hits = [(*hit, "")[:4] for hit in kept["hits"]]
    chunks = {
        (base, key): chunk
        for base in {base for *_, base in hits}
        if (catalog := catalog_of(base))
        for key, chunk in catalog.chunks([key for key, _, _, of in hits if of == base]).items()
    }
    return Answer(
        question=kept["question"],
        text=kept["text"],
        sentences=tuple(
            Sentence(
                one["text"],
                tuple(Citation(**cited | {"headings": tuple(cited["headings"])}) for cited in one["citations"]),
                one["support"],
                one["reason"],
            )
            for one in kept["sentences"]
        ),
        hits=tuple(
            Hit(chunks[base, key], score, by, base=base) for key, score, by, base in hits if (base, key) in chunks
        ),
        abstained=kept["abstained"],
        searched=Searched(**kept["searched"] | {"lanes": tuple(kept["searched"]["lanes"])}),
        model=kept["model"],
        notes=tuple(kept["notes"]),
        timings=record.timings,
        finished=kept["finished"],
        finish_reason=kept.get("finish_reason", "stop"),  # missing in older records
        answer_span=tuple(span) if (span := kept.get("answer_span")) else None,
        reasoning=kept["reasoning"],
        id=record.id,
        sure=kept.get("sure", not kept["abstained"]),
        closest=tuple(Citation(**cited | {"headings": tuple(cited["headings"])}) for cited in kept.get("closest", ())),
    )


def record_of(row: Sequence[object]) -> Record:
    """Return the record in a log row with ``COLUMNS``."""
    number, at, session, said, question, settings, fingerprint, llm, model, model_hash, *rest = row
    messages, raw, answer, timings, feedback, correction, comment = map(str, rest)
    kept = json.loads(str(settings))
    asked = Asked(
        str(question),
        k=kept["k"],
        sampling=Sampling(**{key: _tuple(value) for key, value in kept["sampling"].items()}),  # type: ignore[arg-type]
        where=Where(**{key: _tuple(value) for key, value in kept["where"].items()}),  # type: ignore[arg-type]
        style=kept["style"],
        strict=kept["strict"],
        task=kept.get("task"),
        said=str(said),
        session=str(session),
        ordering=Ordering(**kept.get("ordering", {})),
        about=tuple((base, source) for base, source in kept.get("about", ())),
    )
    return Record(
        cast("int", number), str(at), str(session), asked, str(fingerprint), str(llm), str(model), str(model_hash),
        Written(tuple(Message(role, content) for role, content in json.loads(messages)), raw),
        answer, tuple((stage, seconds) for stage, seconds in json.loads(timings)), cast("Feedback", feedback), correction,
        comment, tuple((name, index) for name, index in kept.get("bases", ())),
    )  # fmt: skip


def _tuple(value: object) -> object:
    return tuple(_tuple(item) for item in value) if isinstance(value, list) else value
