"""A recorded answer becomes an ``Answer`` again, to be shown as it was shown.

Comes in: a record, and the catalog that holds its passages. Goes out: the answer. Never: a passage that is gone since.
"""

from __future__ import annotations

import json

from ..ingest.catalog import Catalog
from ..prompts.prompt import Citation, Sentence
from ..retrieval.hit import Hit
from .answer import Answer, Searched
from .log import Record


def answer_of(record: Record, catalog: Catalog) -> Answer:
    """Return what was answered; of its hits, those that are still in the base, without the votes of the lanes."""
    kept = json.loads(record.answer)
    chunks = catalog.chunks([chunk for chunk, _, _ in kept["hits"]])
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
        hits=tuple(Hit(chunks[chunk], score, by) for chunk, score, by in kept["hits"] if chunk in chunks),
        abstained=kept["abstained"],
        searched=Searched(**kept["searched"] | {"lanes": tuple(kept["searched"]["lanes"])}),
        model=kept["model"],
        notes=tuple(kept["notes"]),
        timings=record.timings,
        finished=kept["finished"],
        finish_reason=kept.get("finish_reason", "stop"),  # what older records do not say
        answer_span=tuple(span) if (span := kept.get("answer_span")) else None,
        reasoning=kept["reasoning"],
        id=record.id,
    )
