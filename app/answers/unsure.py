"""The answer when kb is not sure: quotes of the closest passages, claiming nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath

from ...ingest.text.sentences import on_one_line
from ...prompts.fill import language_of
from ...prompts.prompt import Citation, Sentence
from ...prompts.templates import Language
from ...retrieval.words.asks import asks_for
from .answer import Answer

_ITEM = re.compile(r"[-*+•] ")
NOT_SURE: dict[Language, str] = {
    "en": "kb is not sure that this answers it. The passages that come closest:",
    "zh": "kb 不确定下面的内容能回答你的问题。最接近的原文是：",
}


def shown_as_unsure(answer: Answer, closest: Sequence[Citation]) -> Answer:
    """Return the answer showing the closest passages; ``closest`` is not empty."""
    quotes = [on_one_line(citation.quote) for citation in closest]
    items = [quote if _ITEM.match(quote) else f"- {quote}" for quote in quotes]
    if asks_for("file", answer.question):
        items = [f"- **{PurePath(one.source).name}**: {quote}" for one, quote in zip(closest, quotes, strict=True)]
    lines = [f"{item} [{citation.mark}]" for item, citation in zip(items, closest, strict=True)]
    return replace(
        answer,
        text="\n".join([f"{NOT_SURE[language_of(answer.question)]}\n", *lines]),
        sentences=tuple(
            Sentence(quote, (citation,), "supported") for quote, citation in zip(quotes, closest, strict=True)
        ),
        abstained=False,
        sure=False,
        closest=tuple(closest),
        model="extractive",
        answer_span=None,
    )
