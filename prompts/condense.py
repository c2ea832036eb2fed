"""Rewrite a follow-up question into one that stands alone.

Comes in: a question and the turns before it, oldest first. Goes out: a question to search for. Never: a change to a question
that already stands alone, or a word that was not said in the conversation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from ..retrieval.words.question import terms
from ..retrieval.words.tokens import tokens
from .fill import SHIPPED, fenced, language_of, put_in, tokens_of
from .leaning import HAN_LEAD, HAN_QUESTION, LEAD, pronoun
from .prompt import Prompt
from .templates import Templates

MAX_ANSWER = 600
"""Characters of an earlier answer shown to a model; the earlier question says more about what is meant."""
KEPT_TURNS = 6
_LONGEST = 400
"""Characters of a question that may depend on earlier ones."""
_NAME = re.compile(r"(?!I(?:\s|['’]|$))[A-Z][\w.'’-]*(?:\s+(?:(?:of|de|van|von|the)\s+)?[A-Z][\w.'’-]*|\s+\d[\w-]*)*")
_PREPOSITION = re.compile(
    r"\b(for|in|on|at|of|by|with|to|from|about|during|after|before|without|under|over)\s+", re.IGNORECASE
)
_THING = re.compile(r"\b(?:an?|the|my|our|your|each|every|any|this|that)\s+", re.IGNORECASE)
_ASKED = re.compile(
    r"^(?:(?:what|which|who|whom|whose|when|where|why|how)\b(?:\s+(?:much|many|long|often|old|far))?\s*"
    r"|(?:is|are|was|were|do|does|did|can|could|may|must|should|will|has|have)\b\s*)+",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"\b(?:an?|the) $", re.IGNORECASE)
_PASSIVE = re.compile(r"(?P<what>(?!(?:the|an?|my|our|your)\s)\w+(?: \w+)?) \w+(?:ed|en)", re.IGNORECASE)
"""How long is *rye bread* baked: the participle is an action, not part of the topic."""
_VERB = r"\s+(?=(?:is|are|was|were|be|been|do|does|did|has|have|had|can|could|may|must|should|will|would)\b)"
_DEFINITE = re.compile(r"(?:the|its|his|her|their|my|our)\s", re.IGNORECASE)
_ASPECT = re.compile(r"\bthe (?:[a-z-]+ ){0,2}?[a-z-]+(?P<of> (?:of|for|in|under|on) (?=the |my |our |[A-Z]))")
"""An aspect of something: the rent of the shop."""
_DEMONSTRATIVE = re.compile(
    r"(?:that|this|these|those) (?P<thing>(?!is\b|are\b|was\b|were\b|does\b|did\b)[a-z]{3,})", re.IGNORECASE
)
_INITIALS = re.compile(r"^(?:[A-Z]{2,} )+")
_WHO = re.compile(r"\b(?:who|whom|whose)\b|谁|哪位", re.IGNORECASE)
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪"
    "范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_HAN_NAME = re.compile(
    rf"(?<![\u4e00-\u9fff])[{_SURNAMES}][\u4e00-\u9fff]{{1,2}}(?=负责|主持|批准|审批|更新|担任|提交|签|管理|$|[^\u4e00-\u9fff])"
    rf"|(?<=由)[{_SURNAMES}][\u4e00-\u9fff]{{1,2}}(?=[\u4e00-\u9fff]|$|[^\u4e00-\u9fff])"
)
_HAN_TOPIC = re.compile(
    r"^(?:请问|那|什么是)?(?!如何)(.{1,12}?)(?=的|是|每|最|多少|什么|怎|如何|需|可以|可否|能|在|由|应|须|必须|谁|何时|何|哪|几|有|会|被|为|要|和|[，,、？?]|$)"
)


@dataclass(frozen=True, slots=True)
class Turn:
    """A question in a conversation, and its answer."""

    said: str
    """As typed."""
    question: str
    """As it was searched for: standing alone."""
    text: str
    """The answer, with its marks; empty until there is one."""
    about: tuple[tuple[str, str], ...] = ()
    """The documents the answer is from: (base, source)."""
    exact: str = ""
    """The name, date, number or place that is the answer, if one stands out."""
    passages: str = ""
    """The text of the passages that the answer quotes."""


def condense_prompt(
    question: str,
    turns: Sequence[Turn],
    *,
    count_tokens: Callable[[str], int],
    room_tokens: int,
    templates: Templates = SHIPPED,
) -> Prompt:
    """Return a prompt asking a model to make the question stand alone, with as many of the last turns as fit."""
    language = language_of(question)
    kept = list(turns[-KEPT_TURNS:])
    while True:
        history = "\n\n".join(f"Q: {turn.question}\nA: {turn.text[:MAX_ANSWER]}" for turn in kept)
        values = {"history": fenced(history), "question": fenced(question.strip())}
        messages = put_in(templates, "condense", language, values)
        if len(kept) <= 1 or tokens_of(messages, count_tokens) <= room_tokens:
            return Prompt(question, messages, ())
        del kept[0]


def checked(written: str, question: str, turns: Sequence[Turn]) -> str | None:
    """Return what a model wrote if it is the question with only words from the conversation added; else ``None``."""
    lines = [line.strip(" \"“”'*`") for line in written.strip().splitlines() if line.strip()]
    if len(lines) != 1 or not 1 < len(lines[0]) <= _LONGEST:
        return None
    now, asked = set(tokens(lines[0])), set(tokens(question))
    said = asked.union(*(tokens(f"{turn.question} {turn.text}") for turn in turns))
    kept = [term for term in terms(question) if term.within(now)]
    if now - said or 2 * len(kept) < len(terms(question)):
        return None
    return lines[0]


def by_rule(question: str, turns: Sequence[Turn]) -> str:
    """Return the question with whatever refers to the last turn's topic replaced by that topic.

    A pronoun becomes the topic; a fragment (*And for taxis?*, *那出租车呢？*) replaces the topic in the last question; a
    question too short to say what it is about gets the topic in front. A question of many lines needs no topic.
    """
    if not turns or len(question) > _LONGEST:
        return question
    return (_han if language_of(question) == "zh" else _latin)(question.strip(), turns[-1])


def _latin(question: str, last: Turn) -> str:
    before = LEAD.sub("", last.question.strip()).rstrip("?？.!。 ")
    if found := pronoun(question):
        person = found.group().lower() in {"he", "she", "him", "her", "his", "hers"}
        thing = _DEMONSTRATIVE.match(question, found.start())
        if thing and last.about:
            return f"{question[: found.start()]}the {thing['thing']}{question[thing.end() :]}"
        topic = (person and _person(last)) or _topic(before)
        owner = found.group().lower() in {"its", "their", "his", "hers"} or (
            found.group().lower() == "her" and bool(re.match(r"\s+\w", question[found.end() :]))
        )
        return LEAD.sub(
            "", f"{question[: found.start()]}{topic}{chr(39) + 's' if owner else ''}{question[found.end() :]}"
        )
    bare = LEAD.sub("", question).strip().rstrip("?？.! ")
    if not bare or not terms(bare):
        return f"{question} {last.question}"
    if _ASKED.match(bare):
        return f"{_topic(before)}: {question}"
    if _is_of_the_same(bare, before, last):
        return _of_the_same(bare, before)
    return f"{_put_in_place(bare, before)}?"


def _is_of_the_same(fragment: str, before: str, last: Turn) -> bool:
    """Return whether a fragment asks for another aspect of the same thing: *the deposit*, if the passages mention one.

    A fragment that is not a name does not replace a name: *the return flight* does not replace *Lisbon*.
    """
    if not _DEFINITE.match(fragment) or _NAME.search(fragment):
        return False
    held = set(tokens(last.passages))
    return bool(_NAME.fullmatch(_topic(before))) or all(term.within(held) for term in terms(fragment))


def _of_the_same(fragment: str, before: str) -> str:
    """Return a question for another aspect of the previous question's topic: *the deposit*, after *the rent of the shop*."""
    if asked := _ASPECT.search(before):
        return f"{before[: asked.start()]}{fragment[0].lower()}{fragment[1:]}{asked['of']}{before[asked.end() :]}?"
    topic = _topic(before)
    return f"{_put_in_place(fragment, before)}?" if _DEFINITE.match(topic) else f"{topic}: {fragment}?"


def _put_in_place(fragment: str, before: str) -> str:
    """Return the previous question, with the fragment in place of what it replaces."""
    preposition = _PREPOSITION.match(fragment)
    if preposition:
        fragment = fragment[0].lower() + fragment[1:]
    same = [
        match for match in _PREPOSITION.finditer(before) if preposition and match[1].lower() == preposition[1].lower()
    ]
    if same:
        return before[: same[-1].start()] + fragment
    if preposition:
        return f"{before} {fragment}"
    topic = _topic(before)
    at = before.rfind(topic)
    if _ARTICLE.search(before[:at]):
        fragment = _ARTICLE.sub("", f"{fragment.split(maxsplit=1)[0]} ") + " ".join(fragment.split()[1:])
    return before[:at] + fragment + before[at + len(topic) :] if at > 0 else f"{before}: {fragment}"


def _topic(question: str) -> str:
    """Return what a question is about: its last name, or what follows its last article or preposition."""
    asked = _ASKED.match(question)
    start = asked.end() if asked else 0
    if names := list(_NAME.finditer(question, start)):
        return names[-1].group()
    if passive := _PASSIVE.fullmatch(question, start):
        return passive["what"]
    marks = list(_THING.finditer(question, start)) or list(_PREPOSITION.finditer(question, start))
    if not marks:
        return question[start:].strip() or question
    begin = marks[-1].end() if _PREPOSITION.match(marks[-1].group()) else marks[-1].start()
    return re.split(_VERB, question[begin:], maxsplit=1)[0].strip(" ,") or question[start:]


def _person(last: Turn) -> str:
    """Return the person named by the last question, its answer or the document's name; empty if there is none."""
    for text in (
        f"? {last.exact if _WHO.search(last.question) else ''}",
        last.question,
        last.text,
        *(f"? {PurePath(source).stem}" for _, source in last.about),
    ):
        names = [match.group() for match in _NAME.finditer(text) if match.start() and " " in match.group()]
        if names:
            return _INITIALS.sub("", names[0])
    return ""


def _han(question: str, last: Turn) -> str:
    before = last.question.strip().rstrip("?？.!。 ")
    topic = _han_topic(before)
    if found := pronoun(question):
        end = found.end()
        if found.group() in {"他", "她"} and (person := _han_person(last)):
            topic = person
        return HAN_LEAD.sub("", f"{question[: found.start()]}{topic}{question[end:]}")
    bare = HAN_LEAD.sub("", question).strip().rstrip("呢吗？?。 ").removesuffix("的")
    if not bare or not terms(bare):
        return f"{question}{last.question}"
    if HAN_QUESTION.search(bare):
        return f"{topic}：{question}"
    return f"{bare}{before[len(topic) :]}？" if before.startswith(topic) and topic != before else f"{before}：{bare}？"


def _han_person(last: Turn) -> str:
    """Return the person who is the answer to a *who* question; empty if the answer does not tell."""
    if not _WHO.search(last.question):
        return ""
    names = (match.group() for match in _HAN_NAME.finditer(last.text) if match.group() not in last.question)
    return last.exact if _HAN_NAME.fullmatch(last.exact) else next(names, "")


def _han_topic(question: str) -> str:
    """Return the topic of a Chinese question: its beginning, up to what is asked about it."""
    if language_of(question) != "zh":
        return _topic(question)
    match = _HAN_TOPIC.match(question)
    if match and match[1] and not HAN_QUESTION.search(match[1]):
        return match[1]
    return HAN_QUESTION.sub("", question)
