"""Whether a question asks for an answer, a summary or a comparison, and of what.

Comes in: a question, Chinese or English, and the names of the knowledge bases that it is asked of. Goes out: the task and its
topics. Never: a look at the documents.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..ingest.errors import InputError
from .prompt import TaskName, Topic

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


_EN_WHAT = r"(?:the |this |these |all (?:of )?(?:the )?|my |our )?(?P<what>.+?)"
_SUMMARISE = tuple(
    re.compile(rf"^(?:please\s+|can you\s+|could you\s+)*{form}\s*[?.!]*$", re.IGNORECASE)
    for form in (
        rf"(?:summari[sz]e|sum up|outline)\s+{_EN_WHAT}(?: (?:in (?:short|brief)|briefly|for me))?",
        rf"(?:(?:give|write|show)(?: me)? )?(?:an? |the )?(?:short |brief )?(?:summary|overview|outline) of\s+{_EN_WHAT}",
        rf"tl;?\s?dr:?\s+{_EN_WHAT}",
    )
) + tuple(
    re.compile(rf"^(?:请|帮我|麻烦|能否|可以)*{form}[？?。！!\s]*$")
    for form in (
        r"(?:总结|概括|归纳|概述|简述|總結|歸納|簡述)(?:一下|出|下)?(?P<what>.+?)(?:的?(?:主要内容|内容|要点|大意|主要內容|內容))?",
        r"(?P<what>.+?)的(?:摘要|总结|概要|概述|大意|總結)(?:是什么|是什麼)?",
        r"(?P<what>.+?)主要(?:讲|講|说|說)(?:了|的是)?(?:什么|些什么|什麼|些什麼)",
    )
)
_DIFFERENCE = (
    r"(?:what (?:is|are) the |(?:list|show|explain)(?: me)? the )?(?:main |key )?"
    r"(?:differences?|similarit(?:y|ies)|comparison)"
)
_COMPARE = tuple(
    re.compile(rf"^(?:please\s+|can you\s+|could you\s+)*{form}\s*[?.!]*$", re.IGNORECASE)
    for form in (
        r"compare\s+(?P<a>.+?)\s+(?:and|with|to|against|vs\.?|versus)\s+(?P<b>.+?)",
        rf"{_DIFFERENCE} between (?P<a>.+?) and (?P<b>.+?)",
        r"how (?:do|does|is|are) (?P<a>.+?) (?:differ(?:ent)?|compare) (?:from|to|with) (?P<b>.+?)",
        r"(?P<a>[^?]{2,60}?)\s+(?:vs\.?|versus)\s+(?P<b>[^?]{2,60}?)",
    )
) + tuple(
    re.compile(rf"^(?:请|帮我|麻烦|能否|可以)*{form}[？?。！!\s]*$")
    for form in (
        r"(?:比较|对比|比較|對比)(?:一下)?(?P<a>.+?)(?:和|与|與|跟|及|以及)(?P<b>.+?)(?:的(?:异同|区别|差别|差异|不同|異同|區別|差異))?",
        r"(?P<a>.+?)(?:和|与|與|跟)(?P<b>.+?)(?:之间)?(?:有什么|有哪些|有何|有什麼|的)(?:区别|不同|差别|差异|异同|區別|差異|異同)(?:是什么|在哪里?|有哪些)?",
    )
)
_EVERYTHING = re.compile(
    r"^(?:everything|all|all (?:the )?(?:documents|files)|documents|files|(?:the )?(?:whole )?(?:knowledge )?base"
    r"|全部|所有|(?:所有|全部|这些|這些)的?(?:文件|文档|资料|文檔|資料)|文件|文档|资料|知识库|整个知识库)$",
    re.IGNORECASE,
)
_COMPARED = re.compile(
    r"^(?:please\s+|can you\s+|could you\s+)*(?:compare(?:\s+|$))|^(?:请|帮我|麻烦|能否|可以)*(?:比较|对比|比較|對比)(?:一下)?",
    re.IGNORECASE,
)
_WHOLE = re.compile(
    rf"{_EVERYTHING.pattern}|^(?:them|both|the two|(?:(?:the|these|both|two|all) )*(?:knowledge )?bases"
    r"|它们|两者|这(?:两个|些)知识库)?$",
    re.IGNORECASE,
)
"""What is compared between bases, where that is all there is."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done, and with what."""

    name: TaskName
    topics: tuple[Topic, ...] = ()
    """Of a summary one; of a comparison its sides; of an answer none."""


ANSWER = Task("answer")


def task_of(question: str, asked: TaskName | None = None, bases: Sequence[str] = ()) -> Task:
    """Return the task of a question.

    Args:
        question: as the user wrote it.
        asked: the task, if the user says it; ``None``: the one that the question is clearly of, else to answer.
        bases: the names of those that are asked, where there are several: one may be summarised, and two compared. A comparison
            that names no two things is of what each base says.
    Raises:
        InputError: two things are to be compared, and the question does not name them.
    """
    text = " ".join(question.split())
    if asked == "answer":
        return ANSWER
    sides = () if asked == "summarise" else _compared(text, bases, wanted=asked == "compare")
    if sides:
        return Task("compare", sides)
    topic = _summarised(text, bases, wanted=asked == "summarise")
    return Task("summarise", (topic,)) if topic else ANSWER


def _compared(text: str, bases: Sequence[str], *, wanted: bool) -> tuple[Topic, ...]:
    """Return what a question compares; ``wanted``: that it compares something is known."""
    sides = _sides(text)
    if sides:
        return two_bases(sides, bases) or tuple(map(Topic, sides))
    if not wanted:
        return ()
    if len(bases) < 2:  # noqa: PLR2004  it takes two to compare
        raise InputError("name the two things to compare, like: compare the hotel allowance and the meal allowance")
    what = _COMPARED.sub("", text).strip(EDGES)
    return tuple(Topic("" if _WHOLE.match(what) else what, base) for base in bases)


def _summarised(text: str, bases: Sequence[str], *, wanted: bool) -> Topic | None:
    """Return what a question asks a summary of; ``wanted``: that it does is known."""
    what = next((match["what"] for form in _SUMMARISE if (match := form.match(text))), text if wanted else "")
    topic = what.strip(EDGES)
    if not topic:
        return None
    return one_base(topic, bases) or Topic("" if _EVERYTHING.match(topic) else topic)


def _sides(text: str) -> tuple[str, ...]:
    for form in _COMPARE:
        if match := form.match(text):
            sides = (match["a"].strip(EDGES), match["b"].strip(EDGES))
            if all(sides) and sides[0] != sides[1]:
                return sides
    return ()
