"""Suggested questions, made from a base's headings and titles in natural wording, and kept if kb answers them.

Never one that kb refuses, is not sure of, or answers from another document.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

from ...ingest.document import Heading
from ...ingest.errors import KBError
from ...ingest.readers.text import markdown_headings
from ...llm.extractive import Extractive
from ..answers.answer import Asked
from ..api import KnowledgeBase

_SHOWN, _OF_KIND, _TRIED, _LOOKED_AT, _OF_DOCUMENT = 4, 2, 16, 60, 3
_LENGTHS = range(3, 61)
_HANZI = re.compile(r"[\u4e00-\u9fff]")
_LETTER = re.compile(r"[^\W\d_]")
_NUMBER = re.compile(
    r"^(?:(?:chapter|section|part|article|appendix)\s+)?(?:[\dIVX]+(?:\.\d+)*[.):]?\s+)"
    r"|^第[\d一二三四五六七八九十百]+[章节節条條部分编編][、.:\s]*"
    r"|^[一二三四五六七八九十\d]+[、.]\s*",
    re.IGNORECASE,
)
"""A heading's number, which nobody would ask for."""
_ASKED = {
    False: ("What does {document} say about {topic}?", "What is {document} about?"),
    True: ("《{document}》对“{topic}”是怎么说的？", "《{document}》讲了什么？"),
}


@dataclass(frozen=True, slots=True)
class Suggested:
    """A question, and the document that must answer it."""

    question: str
    source: str
    kind: int = 0
    """Kind of question: 0 verbatim from the document, 1 about a part of it, 2 what it is about."""


class Suggestions:
    """The suggestions of each base, cached until it changes."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bool], tuple[int, tuple[str, ...]]] = {}
        self._lock = threading.Lock()

    def of(self, kb: KnowledgeBase, *, chinese: bool) -> Iterator[tuple[str, ...]]:
        """Yield the questions found so far, more each time."""
        key, state = (kb.config.name, chinese), kb.catalog.generation
        with self._lock:  # if several pages open at once, only one searches
            known = self._known.get(key)
            if known and known[0] == state:
                yield known[1]
                return
            found: list[Suggested] = []
            for one in _wished(kb, chinese=chinese):
                if (
                    len(found) < _SHOWN
                    and [other.kind for other in found].count(one.kind) < _OF_KIND
                    and answers(kb, one)
                ):
                    found.append(one)
                    yield tuple(one.question for one in found)
            self._known[key] = (state, tuple(one.question for one in found))


def answers(kb: KnowledgeBase, one: Suggested) -> bool:
    """Return whether kb answers a question from its own document; no model is called, and nothing is recorded."""
    quoting = replace(kb.answering, generator=Extractive)
    try:
        with closing(quoting.answers(Asked(one.question))) as growing:
            *_, (answer, _) = growing
    except KBError:
        return False
    return answer.sure and any(citation.source == one.source for citation in answer.citations)


def _wished(kb: KnowledgeBase, *, chinese: bool) -> Iterator[Suggested]:
    """Yield questions worth trying: one of each kind and document before the second of any."""
    by_document = []
    for row in [row for row in kb.sources() if row.document_id][:_LOOKED_AT]:
        headings = markdown_headings(kb.document_text(row.source))
        name = row.metadata.get("title", "") or _title(headings) or Path(row.source).stem
        made = [*_of_headings(row.source, name, headings, chinese=chinese)][:_OF_DOCUMENT]
        if _fits(name, chinese=chinese):
            made.append(Suggested(_ASKED[chinese][1].format(document=name), row.source, 2))
        if made:
            by_document.append(made)
    by_document.sort(key=lambda made: not made[0].question.endswith(("?", "？")))
    # Neighbouring documents get different kinds of question.
    turned = [made[at % len(made) :] + made[: at % len(made)] for at, made in enumerate(by_document)]
    ranked = [one for round_ in zip_longest(*turned) for one in round_ if one]
    yield from list({one.question: one for one in ranked}.values())[:_TRIED]


def _title(headings: Sequence[Heading]) -> str:
    """Return a document's own title: its only first-level heading."""
    titles = [heading.title for heading in headings if heading.level == 1]
    return titles[0] if len(titles) == 1 else ""


def _of_headings(source: str, name: str, headings: Sequence[Heading], *, chinese: bool) -> Iterator[Suggested]:
    for heading in headings:
        topic = _NUMBER.sub("", heading.title).strip()
        if heading.level > 3 or not _fits(topic, chinese=chinese):  # noqa: PLR2004  deeper ones say too little alone
            continue
        if topic.endswith(("?", "？")):
            yield Suggested(topic, source)
        elif heading.level > 1 and bool(_HANZI.search(name)) == chinese:
            yield Suggested(_ASKED[chinese][0].format(document=name, topic=topic), source, 1)


def _fits(title: str, *, chinese: bool) -> bool:
    in_chinese = bool(_HANZI.search(title))
    return len(title) in _LENGTHS and in_chinese == chinese and len(_LETTER.findall(title)) > len(title) / 2
