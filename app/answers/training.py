"""Exports answers that users rated as fine-tuning data, in the formats that LLaMA-Factory reads.

Comes in: records. Goes out: JSON rows. Never: an answer that nobody rated good.

Formats: https://github.com/hiyouga/LLaMA-Factory/blob/main/data/README.md
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from ...ingest.text.sentences import sentence_spans
from ...prompts.read import without_marks
from .record import Record

Format = Literal["alpaca", "sharegpt", "dpo"]
Row = Mapping[str, object]

DATASET_INFO: Mapping[Format, Row] = {
    "alpaca": {"columns": {"prompt": "instruction", "query": "input", "response": "output", "system": "system"}},
    "sharegpt": {"formatting": "sharegpt", "columns": {"messages": "conversations", "system": "system"}},
    "dpo": {
        "ranking": True,
        "columns": {
            "prompt": "instruction", "query": "input", "chosen": "chosen", "rejected": "rejected", "system": "system",
        },
    },
}  # fmt: skip
"""The file's entry in LLaMA-Factory's ``dataset_info.json``, apart from its name."""


def rows(records: Iterable[Record], form: Format) -> list[Row]:
    """Return a row for every record that the format can use, oldest first.

    ``alpaca`` and ``sharegpt`` take answers rated good, and corrections; ``dpo`` takes corrections paired with what they
    correct. Marks are numbered as in the prompt.
    """
    make = _MAKERS[form]
    usable = [record for record in records if record.written.messages and (record.correction or _is_good(record, form))]
    return [make(record) for record in sorted(usable, key=lambda record: record.id)]


def _is_good(record: Record, form: Format) -> bool:
    return form != "dpo" and record.feedback == "up" and _was_shown(record)


def _was_shown(record: Record) -> bool:
    """Return whether all that the model wrote was shown: otherwise something else was rated, the quotes for one."""
    shown, raw = (" ".join(without_marks(text).split()) for text in (record.text, record.written.raw))
    return all(raw[start:stop].strip() in shown for start, stop in sentence_spans(raw))


def _alpaca(record: Record) -> Row:
    return _asked(record) | {"output": _wanted(record)}


def _sharegpt(record: Record) -> Row:
    names = {"user": "human", "assistant": "gpt"}
    turns = [
        {"from": names[message.role], "value": message.content}
        for message in record.written.messages
        if message.role != "system"
    ]
    return {"conversations": [*turns, {"from": "gpt", "value": _wanted(record)}], "system": _system(record)}


def _dpo(record: Record) -> Row:
    return _asked(record) | {"chosen": _wanted(record), "rejected": record.written.raw}


_MAKERS: Mapping[Format, Callable[[Record], Row]] = {"alpaca": _alpaca, "sharegpt": _sharegpt, "dpo": _dpo}


def _asked(record: Record) -> dict[str, object]:
    return {"instruction": record.written.messages[-1].content, "input": "", "system": _system(record)}


def _system(record: Record) -> str:
    return "\n\n".join(message.content for message in record.written.messages if message.role == "system")


def _wanted(record: Record) -> str:
    return record.correction or record.written.raw
