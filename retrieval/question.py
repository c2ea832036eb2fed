"""What a question asks for: its content words, and the kind of thing that would answer it.

Comes in: a question, Chinese or English. Goes out: tokens and patterns. Never: a look at the documents.
"""

from __future__ import annotations

import re

from .tokens import tokens

_ASKING_EN = """
    what which who whom whose when where why how many much long often name tell give list describe explain please kind
    type does did
""".split()  # noqa: SIM905
_ASKING_ZH = """
    什么时候 什么时间 什么地方 什么样 什么 甚麼 什麼 哪一年 哪年 哪一个 哪一個 哪一位 哪里 哪裡 哪些 哪个 哪個 哪位 哪种 哪種 哪 谁 誰
    多少 多久 多长 多長 多大 多高 几 幾 如何 怎么样 怎么 怎樣 怎麼 怎样 为什么 為什麼 为何 為何 是否 是不是 有没有 有沒有 能否 可否
    请问 請問 吗 嗎 呢
""".split()  # noqa: SIM905
_ASKING = re.compile(rf"\b(?:{'|'.join(_ASKING_EN)})\b|{'|'.join(_ASKING_ZH)}", re.IGNORECASE)

_WHEN = re.compile(
    r"\bwhen\b|\bwhat (?:year|date|day|month|century)\b|什么时候|什麼時候|何时|何時|哪一?年|哪一?天|几月|幾月",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(
    r"\bhow (?:many|much|long|old|far|tall|large|big|often)\b|多少|几|幾|多大|多高|多长|多長|多久", re.IGNORECASE
)
_WHO = re.compile(r"\bwho(?:m|se)?\b", re.IGNORECASE)

_DATE = re.compile(
    r"\b(?:1\d{3}|20\d{2})\b|\d+\s*(?:年|月|日|号|世纪|世紀|点|點)|[一二三四五六七八九十〇零]+(?:年|月|日)"
    r"|\b(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday|century|today)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\d|[一二三四五六七八九十百千万亿兩两]"
    r"|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|dozen|hundred|thousand|million|billion)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"\b[A-Z][a-z]+")
_KINDS = ((_WHEN, _DATE), (_HOW_MANY, _NUMBER), (_WHO, _NAME))


def content_tokens(question: str) -> list[str]:
    """Return the tokens of a question without the words that only ask."""
    return list(dict.fromkeys(tokens(_ASKING.sub(" ", question))))


def expected_answer(question: str) -> re.Pattern[str] | None:
    """Return what a text that answers must match: a date for *when*, a number for *how many*; ``None`` if anything may."""
    return next((shape for asks, shape in _KINDS if asks.search(question)), None)
