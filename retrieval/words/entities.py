"""Find the names of companies, people, products and works in a question: capitalised words, 有限公司, 《》.

Comes in: a question, Chinese or English. Goes out: names verbatim. Never: a look at the documents, or a word capitalised only
because it begins a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .hanzi import SIMPLIFIED
from .numerals import numerals
from .question import without_asking
from .tokens import ACRONYMS, STOP_WORDS, normal

_WORD = r"[A-Z][\w’'-]*"
_RUN = re.compile(rf"(?<![\w.-]){_WORD}(?:(?:,? |,? (?:&|of|and the) ){_WORD}\.?)*")
_BEGINS = re.compile(r"(?:^|[.?!:]\s+|[“\"‘])\s*$")
_VERBS_EN = """
    summarise summarize compare list tell show give find explain describe name is are was were does do did has have can could
    which what who whom whose when where why how please in on at for by from with about according i if and or but yes no
    hello hi thanks
"""
_VERBS = frozenset(_VERBS_EN.split())
"""Capitalised if they begin a question."""
_NO_NAMES_EN = """
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september
    october november december section article clause chapter page table figure step part note q1 q2 q3 q4 h1 h2
"""
_NO_NAMES = frozenset(_NO_NAMES_EN.split())
_POSSESSIVE = re.compile(r"['’]s?$")

_ORGANISATION = re.compile(
    r"[\u4e00-\u9fff（）()]{2,20}?(?:有限责任公司|股份有限公司|有限公司|公司|集团|大学|学院|医院|银行|研究院|研究所|事务所|基金会|协会)"
)
_BEFORE = re.compile(r".*(?:[和与跟及或在对比较于]|哪家|关于|一下|总结|概括)(?=.{4})")
_COMMON = re.compile(
    r"^(?:我们|咱们|你们|他们|本|贵|该|这家|这个|那家|哪家|某|一家|每家|分|子|母|总|上市|各|两家|有限|股份)+"
)
_TITLE = re.compile(r"《([^》]{2,40})》")


def entities(question: str) -> tuple[str, ...]:
    """Return the names in a question, in order, each once."""
    text = normal(question)
    return tuple(dict.fromkeys([*_TITLE.findall(text), *_latin(text), *_chinese(text)]))


def _latin(text: str) -> Iterator[str]:
    dated = [(one.start, one.stop) for one in numerals(text) if one.kind in ("date", "period")]
    for match in _RUN.finditer(text):
        words = match.group().split(" ")
        begins = bool(_BEGINS.search(text[: match.start()]))
        while words and (words[0].lower() in _VERBS or _is_plain(words[0]) or not words[0][0].isupper()):
            words, begins = words[1:], False
        while words and (_is_plain(words[-1]) or not words[-1][0].isupper()):
            words = words[:-1]
        name = _POSSESSIVE.sub("", " ".join(words)).rstrip(".,")
        lone = begins and len(words) == 1 and name[1:].islower()
        if len(name) > 1 and not lone and not any(start <= match.start() < stop for start, stop in dated):
            yield name


def _is_plain(word: str) -> bool:
    """Return whether a capitalised word names nothing by itself."""
    bare = word.strip(".,").lower()
    return bare in _NO_NAMES or (bare in STOP_WORDS and word.strip(".,") not in ACRONYMS)


def _chinese(text: str) -> Iterator[str]:
    for match in _ORGANISATION.finditer(without_asking(text.translate(SIMPLIFIED))):
        name = _COMMON.sub("", _BEFORE.sub("", match.group()))
        if not _ORGANISATION.fullmatch(name) or name in {"有限公司", "股份公司"}:
            continue
        yield name
