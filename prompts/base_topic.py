"""Topics that name the knowledge base they are looked for in: *the fees in A*, *A 中的费用*.

Comes in: a topic, and the names of the bases that are asked. Goes out: what is looked for, and in which base. Never: a base
that is not asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .prompt import Topic

EDGES = " \t\n\"'“”‘’「」『』《》?？.。!！,，:："
"""What may stand around a topic and is none of it."""
_IN_BASE = (
    r"(?:the )?(?:knowledge )?(?:base )?{name}",
    r"(?P<what>.+?) (?:in|of|from|at|according to) (?:the )?(?:knowledge )?(?:base )?{name}",
    r"{name}['’]s (?P<what>.+)",
    r"{name} (?:on|about|regarding) (?P<what>.+)",
    r"(?:知识库)?\s?{name}(?:\s?(?:里面|里|中|的|关于)+\s?(?P<what>.+))?",
)
"""How a topic names the base that it is looked for in."""


def two_bases(sides: Sequence[str], bases: Sequence[str]) -> tuple[Topic, ...]:
    """Return what is compared between two bases; nothing unless each side names one: *the fees of A and B*."""
    topics = [topic for side in sides if (topic := one_base(side, bases))]
    if len(topics) < len(sides) or topics[0].base == topics[1].base:
        return ()
    shared = topics[0].text or topics[1].text
    return tuple(Topic(topic.text or shared, topic.base) for topic in topics)


def one_base(text: str, bases: Sequence[str]) -> Topic | None:
    """Return what is asked of one base, if a text names one that way: *the fees in A*, *A 中的费用*, *A*."""
    for base in bases:
        for form in _IN_BASE:
            if match := re.fullmatch(form.format(name=re.escape(base)), text, re.IGNORECASE):
                return Topic((match.groupdict().get("what") or "").strip(EDGES), base)
    return None
