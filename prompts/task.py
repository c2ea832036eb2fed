"""Tell whether a question asks for an answer, a summary or a comparison, and of what.

Comes in: a question, Chinese or English, and the names of the knowledge bases asked. Goes out: the task and its topics.
Never: a look at the documents.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..ingest.errors import InputError
from .prompt import TaskName, Topic
from .sides import EDGES, sides_of, two_of

_IN_BASE = (
    r"(?:the )?(?:knowledge )?(?:base )?{name}",
    r"(?P<what>.+?) (?:in|of|from|at|according to) (?:the )?(?:knowledge )?(?:base )?{name}",
    r"{name}['’]s (?P<what>.+)",
    r"{name} (?:on|about|regarding) (?P<what>.+)",
    r"(?:知识库)?\s?{name}(?:\s?(?:里面|里|中|的|关于)+\s?(?P<what>.+))?",
)
"""How a topic names the base to look in."""


def two_bases(sides: Sequence[str], bases: Sequence[str]) -> tuple[Topic, ...]:
    """Return what to compare between two bases; empty unless each side names one: *the fees of A and B*."""
    topics = [topic for side in sides if (topic := one_base(side, bases))]
    if len(topics) < len(sides) or topics[0].base == topics[1].base:
        return ()
    shared = topics[0].text or topics[1].text
    return tuple(Topic(topic.text or shared, topic.base) for topic in topics)


def one_base(text: str, bases: Sequence[str]) -> Topic | None:
    """Return what to ask one base, if a text names one: *the fees in A*, *A 中的费用*, *A*."""
    for base in bases:
        for form in _IN_BASE:
            if match := re.fullmatch(form.format(name=re.escape(base)), text, re.IGNORECASE):
                return Topic((match.groupdict().get("what") or "").strip(EDGES), base)
    return None


_EN_PLEASE = r"^(?:please\s+|can you\s+|could you\s+)*"
_EN_WHAT = r"(?:the |this |these |all (?:of )?(?:the )?|my |our )?(?P<what>.+?)"
_EN_ASKS = (
    r"(?:what|who|when|where|which|why|how|is|are|was|were|do|does|did|can|could|may|must|should|will|would|has|have)"
)
_GIST = r"(?:summary|overview|outline|gist|(?:key|main|most important) (?:points|content|facts))"
_SUMMARISE = tuple(
    re.compile(rf"{_EN_PLEASE}{form}\s*[?.!]*$", re.IGNORECASE)
    for form in (
        rf"(?:summari[sz]e|sum up|outline)\s+{_EN_WHAT}(?: (?:in (?:short|brief)|briefly|for me))?",
        rf"(?:(?:give|write|show)(?: me)? )?(?:an? |the )?(?:short |brief |quick )?{_GIST} of\s+{_EN_WHAT}(?:,? please)?",
        rf"what (?:is|are) the {_GIST} of\s+{_EN_WHAT}",
        rf"tl;?\s?dr:?\s+{_EN_WHAT}",
    )
) + tuple(
    re.compile(rf"^(?:请|帮我|麻烦|能否|可以|给我|用一句话|简单地?|简要地?)*{form}[？?。！!\s]*$")
    for form in (
        r"(?:总结|概括|归纳|概述|简述|总括|總結|歸納|簡述)(?:一下|出|下)?(?P<what>.+?)(?:的?(?:主要内容|内容|要点|大意|主要內容|內容))?",
        r"(?P<what>.+?)的?(?:摘要|总结|概要|概述|大意|主要内容|主要內容|要点|總結)(?:是什么|是什麼|有哪些)?",
        r"(?P<what>.+?)主要(?:讲|講|说|說|写|寫)(?:了|的是)?(?:什么|些什么|什麼|些什麼|啥|些啥)",
        r"(?P<what>.+?)的?(?:主要)?(?:内容|內容)(?:主要)?(?:是什么|是什麼|有哪些|有什么)",
    )
)
_ABOUT = tuple(
    re.compile(rf"{_EN_PLEASE}{form}\s*[?.!]*$", re.IGNORECASE)
    for form in (
        rf"what(?:['’]?s|\s+is|\s+are|\s+was)\s+{_EN_WHAT}\s+(?:all )?about",
        rf"what(?:['’]?s|\s+is|\s+are)\s+(?:written |said )?in\s+{_EN_WHAT}",
        rf"what\s+do(?:es)?\s+{_EN_WHAT}\s+(?:say|contain|cover|tell(?: me| us)?|deal with)",
        rf"(?:tell me about|describe|explain)\s+{_EN_WHAT}",
        rf"(?!{_EN_ASKS}\b){_EN_WHAT},? (?:in (?:short|brief|a nutshell)|briefly)",
    )
) + tuple(
    re.compile(rf"^(?:请问|请|帮我|麻烦)*{form}[？?。！!\s]*$")
    for form in (
        r"(?P<what>.+?)里?面?(?:都|主要|大概|大致|具体)*(?:讲|講|说|說|写|寫|记|記|谈|規定|规定)(?:了|的是|的)(?:些|点)?(?:什么|啥|哪些内容|哪些|什麼)(?:内容)?",
        r"(?P<what>.+?)是(?:关于|講|讲|说)(?:什么|啥|什麼)的",
        r"(?:简单|简要|大概)?(?:介绍|说说|讲讲|介紹)(?:一下|下)?(?P<what>.+?)",
    )
)
"""Asks for a summary if it names a document, else a question."""
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
"""A comparison between bases that names nothing else."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done, and with what."""

    name: TaskName
    topics: tuple[Topic, ...] = ()
    """One for a summary; the sides of a comparison, or the one name that two documents share; none for an answer."""
    if_named: bool = False
    """Only if the topic names a document: *What is X about?* can be about anything, and is then a plain question."""


ANSWER = Task("answer")


def task_of(question: str, asked: TaskName | None = None, bases: Sequence[str] = ()) -> Task:
    """Return the task of a question.

    Args:
        question: as the user wrote it.
        asked: the task, if the user chose one; ``None``: the one the question clearly asks for, else to answer.
        bases: the names of the bases asked, if there are several: one may be summarised, and two compared. A comparison
            that does not name two things compares what each base says.
    Raises:
        InputError: two things are to be compared, and the question does not name them.
    """
    text = " ".join(question.split())
    if asked == "answer":
        return ANSWER
    sides = () if asked == "summarise" else _compared(text, bases, wanted=asked == "compare")
    if sides:
        return Task("compare", sides)
    if topic := _summarised(text, bases, wanted=asked == "summarise"):
        return Task("summarise", (topic,))
    about = next((match["what"].strip(EDGES) for form in _ABOUT if (match := form.match(text))), "")
    return Task("summarise", (one_base(about, bases) or Topic(about),), if_named=True) if about else ANSWER


def _compared(text: str, bases: Sequence[str], *, wanted: bool) -> tuple[Topic, ...]:
    """Return what a question compares; ``wanted``: it is known to be a comparison."""
    if sides := sides_of(text):
        return two_bases([side.said for side in sides], bases) or sides
    if len(bases) < 2 and (pair := two_of(text)):  # noqa: PLR2004
        return (pair,)
    if not wanted:
        return ()
    if len(bases) < 2:  # noqa: PLR2004  it takes two to compare
        raise InputError("name the two things to compare, like: compare the hotel allowance and the meal allowance")
    what = _COMPARED.sub("", text).strip(EDGES)
    return tuple(Topic("" if _WHOLE.match(what) else what, base) for base in bases)


def _summarised(text: str, bases: Sequence[str], *, wanted: bool) -> Topic | None:
    """Return what a question wants summarised; ``wanted``: it is known to ask for a summary."""
    what = next((match["what"] for form in _SUMMARISE if (match := form.match(text))), text if wanted else "")
    topic = what.strip(EDGES)
    if not topic:
        return None
    return one_base(topic, bases) or Topic("" if _EVERYTHING.match(topic) else topic)
