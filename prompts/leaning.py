"""Tell whether a question can be understood alone, or depends on what was said before it.

Comes in: a question, Chinese or English. Goes out: the word or the form that refers back. Never: a look at the conversation.
"""

from __future__ import annotations

import re

from ..retrieval.words.hanzi import SIMPLIFIED
from ..retrieval.words.question import terms
from .fill import language_of

LEAD = re.compile(
    r"^(?:(?:and|but|or|so|then|also|ok(?:ay)?|well)\b[\s,]*)*(?:(?:what|how)\s+about\b\s*)?", re.IGNORECASE
)
_STARTS = re.compile(r"^\s*(?:and|but|or|so|then|also|ok(?:ay)?|well)\b|^\s*(?:what|how) about\b", re.IGNORECASE)
_ASKS = re.compile(
    r"\b(?:what|which|who|whom|whose|when|where|why|how|is|are|was|were|do|does|did|can|could|may|must|should|will|would|has|have"
    r"|list|show|tell|explain|describe|give|name|compare|summari[sz]e|find)\b",
    re.IGNORECASE,
)
_DEFINES = re.compile(r"\b(?:what|who|where)(?:'s|\s+(?:is|are|was|were))\s+\w", re.IGNORECASE)
_BEFORE_THAT = "|".join(
    rf"(?<=\b{word}\s)"
    for word in "about for of with to by in from after before like is was does did".split()  # noqa: SIM905
)
_PRONOUN = re.compile(
    r"\b(?:it|its|they|them|their|he|him|his|she|hers?|this one|that one|the same|the (?:former|latter)|those|these)\b"
    r"|\b(?:this|that)\b(?=\s(?:meeting|contract|agreement|document|file|invoice|policy|plan|trip|project|person|company|report|order)\b)"
    r"|\b(?:this|that)\b(?=\s*[?.!,]|\s*$|\s+(?:is|was|does|did|apply|applies|mean|means|work|works|happen|happens|cost|costs)\b)"
    rf"|(?:{_BEFORE_THAT})that\b(?!\s+(?:is|are|was|were)\b)"
    r"|\bthere\b(?=\s*[?.!]*\s*$)",
    re.IGNORECASE,
)
_EXPLETIVE = re.compile(
    r"\bit\b(?=\s+(?:possible|allowed|necessary|permitted|mandatory|required|legal|enough|hard|easy|safe|true|better|worth"
    r"|ok|okay|compulsory|advisable)\b|\s+(?:takes?|costs?|matters?|makes?)\b[^?]*\b(?:to|if|whether)\b)",
    re.IGNORECASE,
)
_POSSESSIVE = re.compile(r"its|their|his|her", re.IGNORECASE)
_OWN = re.compile(r"\b(?:an?|the|my|our|your|each|every|any|some|no)\s+\w+|(?<=\s)[A-Z]\w+|\b\w{3,}s\b")
"""What a pronoun later in the same question may refer to."""
_CLAUSE = re.compile(r"\b(?:and|or|but|if|when|while|before|after|because|so that)\b|[,;:]", re.IGNORECASE)

HAN_LEAD = re.compile(
    r"^(?:那么|那麼|那(?![里裡个個些种種样樣位])|还有|還有|另外|而且|而|但是|但|以及|如果是|要是|对于|對於|关于|關於)[，,\s]*"
)
HAN_QUESTION = re.compile(
    r"什么时候|什么|多少|多久|怎么样|怎么|怎样|如何|为什么|为何|谁|哪里|哪些|哪个|哪位|哪种|哪|何时|几|是否|是不是|有没有|能否|可否|吗"
    r"|什麼時候|什麼|多長|怎麼|怎樣|為什麼|為何|誰|哪裡|哪個|何時|幾|嗎|列出|说明|介绍|解释|比较|总结"
)
_HAN_PRONOUN = re.compile(
    r"它们|它|他们|她们|(?<!其)他|她|这个(?!月|星期)|那个|这些|那些|这种|那种|(?:这|那)[项条类位份件]\w?|这样|那样|(?<!应)该(?=[\u4e00-\u9fff]{2})"
    r"|前者|后者|上述|(?<![因如彼从在])此(?![外时前后刻次])|(?<![尤极与])其(?![他它中实余次])|这(?=[是要会能算]|$|[？?])|那里|那儿|(?<!现在)当时"
)
_HAN_CLAUSE = re.compile(r"[，,；;：:。]|后|时|如果|并且")
_HAN_OWN = 3
"""Characters between a pronoun and what it may refer to, a clause away."""
_FEW = 2


def leans(question: str) -> bool:
    """Return whether a question needs what was said before it."""
    return (_han_leans if language_of(question) == "zh" else _latin_leans)(question.strip())


def refers(question: str) -> bool:
    """Return whether a word of a question refers back: a pronoun, *and ...*, *what about ...*, 那...呢."""
    if pronoun(question):
        return True
    plain = question.strip().translate(SIMPLIFIED)
    if language_of(question) == "zh":
        return bool(HAN_LEAD.match(plain)) or plain.rstrip("？?。！! ").endswith("呢")
    return bool(_STARTS.match(plain))


def asks(question: str) -> bool:
    """Return whether a question has an interrogative; if not, it is a fragment to put into the previous question."""
    return bool((HAN_QUESTION if language_of(question) == "zh" else _ASKS).search(question))


def pronoun(question: str) -> re.Match[str] | None:
    """Return the first word that refers to something said before the question; ``None`` if there isn't one."""
    return (_han_pronoun if language_of(question) == "zh" else _latin_pronoun)(question)


def _latin_leans(question: str) -> bool:
    if pronoun(question):
        return True
    bare = LEAD.sub("", question)
    n_terms = len(terms(bare))
    if re.match(r"\s*(?:(?:and|but|or|so|then|also)\b[\s,]*)*(?:what|how) about\b", question, re.IGNORECASE):
        return True
    if not _ASKS.search(bare):
        return n_terms <= _FEW or bool(_STARTS.match(question))
    if _DEFINES.search(bare) and n_terms:
        return False
    return n_terms < _FEW


def _latin_pronoun(question: str) -> re.Match[str] | None:
    for match in _PRONOUN.finditer(question):
        if match.group().lower() == "it" and _EXPLETIVE.match(question, match.start()):
            continue
        if not _has_own(question[: match.start()], possessive=bool(_POSSESSIVE.fullmatch(match.group()))):
            return match
    return None


def _has_own(before: str, *, possessive: bool) -> bool:
    """Return whether the pronoun refers to something earlier in the question itself."""
    own = _OWN.search(before)
    return bool(own and (possessive or _CLAUSE.search(before, own.end())))


def _han_leans(question: str) -> bool:
    plain = question.translate(SIMPLIFIED)
    if pronoun(plain):
        return True
    bare = HAN_LEAD.sub("", plain).rstrip("？?。！! ")
    size = sum(term.share for term in terms(bare))
    if not HAN_QUESTION.search(bare):
        return bare.endswith("呢") or size <= _FEW or bare != plain.rstrip("？?。！! ")
    if re.search(r"什么是|是什么|是谁|指什么|什么意思", bare) and size >= 1:
        return False
    return size <= 1


def _han_pronoun(question: str) -> re.Match[str] | None:
    plain = question.translate(SIMPLIFIED)
    if len(plain) != len(question):
        return None
    for match in _HAN_PRONOUN.finditer(plain):
        before = plain[: match.start()]
        clause = _HAN_CLAUSE.search(before)
        if not (clause and clause.start() >= _HAN_OWN):
            return match
    return None
