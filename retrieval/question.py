"""What a question asks for: its content words, its figures, and the kind of thing that would answer it.

Comes in: a question, Chinese or English. Goes out: tokens and patterns. Never: a look at the documents.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise

from .hanzi import SIMPLIFIED
from .numerals import in_digits
from .tokens import normal, tokens, written_tokens

_ASKING_EN = """
    what which who whom whose when where why how many much long often name tell give list describe explain please kind
    type does did
""".split()  # noqa: SIM905
_ASKING_ZH = """
    什么时候 什么时间 什么地方 什么样 什么 甚麼 什麼 哪一年 哪年 哪一个 哪一個 哪一位 哪里 哪裡
    哪些 哪个 哪個 哪位 哪种 哪種 哪 谁 誰 多少 多久 多长 多長 多大 多高 几 幾 如何 怎么样
    怎么 怎樣 怎麼 怎样 为什么 為什麼 为何 為何 是否 是不是 有没有 有沒有 能否 可否 请问 請問
    吗 嗎 呢
""".split()  # noqa: SIM905
_ASKING = re.compile(rf"\b(?:{'|'.join(_ASKING_EN)})\b|{'|'.join(_ASKING_ZH)}", re.IGNORECASE)
_BREAK = " | "
"""Put where a question word stood, so that what was on either side of it does not become a phrase."""

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]+")
_FUNCTION = frozenset("的了是在和与及或也都就着过吗呢吧啊之其这那我你他她它们个为有被把对从而以于所")
_TRIGRAM = 3

_WHAT_YEAR = re.compile(r"\b(?:what|which) year\b|哪一?年", re.IGNORECASE)
_WHEN = re.compile(
    r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|century|decade)\b|什么时候|什麼時候|何时|何時|哪一?[年天]|几月|幾月"
    r"|什么时间|什麼時間|[几幾]世[纪紀]",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(
    r"\bhow (?:many|much|long|old|far|tall|large|big|often|high|deep|fast|wide)\b|\bwhat (?:percent|number|percentage)"
    r"|多少|几|幾|多[大高长長久深快宽寬远遠重]",
    re.IGNORECASE,
)
_WHO = re.compile(r"\bwho(?:m|se)?\b", re.IGNORECASE)
_WHERE = re.compile(
    r"\bwhere\b|\b(?:what|which) (?:city|country|state|place|town|county)\b|哪里|哪裡|哪兒|哪儿|何处|何處|什么地方|什麼地方"
    r"|哪一?[个個座]?[国國省市县縣州城]",
    re.IGNORECASE,
)

_MONTH = "(?:january|february|march|april|may|june|july|august|september|october|november|december)"
_DATE = re.compile(
    rf"\b(?:\d{{1,2}}(?:st|nd|rd|th)? )?{_MONTH}(?: \d{{1,2}}(?:st|nd|rd|th)?\b)?(?:,? \d{{4}})?\b"
    r"|\bbetween \d{4} and \d{4}\b|\d{4}\s?年?[到至–-]\s?\d{4}\s?年?"
    r"|\b(?:1\d{3}|20\d{2})s?\b(?!\s*年)|\b\d{1,2}th century\b|\b\d{4}-\d{2}-\d{2}\b"
    r"|(?:\d+\s*(?:年代|年|月|日|号|號|世纪|世紀|点|點)[初末中底]?\s*)+|(?:[一二三四五六七八九十〇零]+(?:年代|年|月|日|世纪|世紀))+"
    r"|\b(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|today)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(?:1\d{3}|20\d{2})\b(?!\s?年)|\d+\s?年|[一二三四五六七八九〇零]{2,4}年")
_NUMBER = re.compile(
    r"(?<![\d.,])(?!\b(?:1[5-9]|20)\d{2}(?:\b(?!,\d)|\s?年))[$€£¥]?\d+(?:[.,]\d+)*(?:\s?(?:%|percent|thousand|million|billion|trillion|[百千万萬亿億]+))*"
    r"|[数數几幾]?[一二三四五六七八九十百千万亿兩两萬億]+"
    r"|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|twenty|thirty|forty|fifty|hundred"
    r"|thousand|million|billion|once|twice)\b",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"(?!^[A-Z][a-z]+ [^A-Z])[A-Z][\w.'’-]*\w(?:\s+(?:(?:of|de|van|von|the|al|bin)\s+)?[A-Z][\w.'’-]*\w)*"
)
_PLACE = re.compile(
    rf"(?<=\b(?:in|at) )(?:the )?{_NAME.pattern}|(?<=\b(?:near|from) )(?:the )?{_NAME.pattern}"
    r"|(?<=[在于於])[\u3400-\u9fff]{1,6}?[省市县縣区區国國州岛島城镇鎮村]"
)
_KINDS = ((_WHAT_YEAR, _YEAR), (_WHEN, _DATE), (_HOW_MANY, _NUMBER), (_WHO, _NAME), (_WHERE, _PLACE))


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that a question names; a text holds it when it holds any of the forms."""

    forms: tuple[str, ...]
    """Tokens. One for a word; for a Chinese character the bigrams that it is part of, since one of them is its word
    and the other may only join two words."""
    share: float = 1.0
    """Of a word: a Chinese character is half of one."""

    def within(self, held: Collection[str]) -> bool:
        """Return whether a text with these tokens holds the term."""
        return any(form in held for form in self.forms)


def asks(text: str) -> bool:
    """Return whether a text is a question, by its mark or its words."""
    return text.rstrip().endswith(("?", "？")) or bool(_ASKING.search(text))


def content_tokens(question: str) -> list[str]:
    """Return the tokens of a question without the words that only ask."""
    return list(dict.fromkeys(tokens(_ASKING.sub(" ", question))))


def terms(question: str) -> list[Term]:
    """Return what a question names: its words, and its Chinese characters, without those that only ask.

    Numbers and dates are in digits: a text holds the tokens of them however it writes them.
    """
    plain = in_digits(normal(_ASKING.sub(" ", question)))
    found = dict.fromkeys(Term((token,)) for token in written_tokens(plain) if not _HAN.search(token))
    found |= dict.fromkeys(term for run in _HAN.findall(plain.translate(SIMPLIFIED)) for term in _characters(run))
    return list(found)


def _characters(run: str) -> Iterator[Term]:
    if len(run) == 1:
        if run not in _FUNCTION:
            yield Term((run,))
        return
    for at, character in enumerate(run):
        if character not in _FUNCTION:
            yield Term(tuple(run[start : start + 2] for start in (at - 1, at) if 0 <= start < len(run) - 1), 0.5)


def phrases(text: str) -> frozenset[str]:
    """Return what follows on each other in a text: pairs of its words, and Chinese trigrams."""
    plain = in_digits(normal(text)).translate(SIMPLIFIED)
    words = written_tokens(_HAN.sub(" ", plain))
    pairs = {f"{first} {second}" for first, second in pairwise(words)}
    return frozenset(
        pairs.union(*({run[at : at + _TRIGRAM] for at in range(len(run) - 2)} for run in _HAN.findall(plain)))
    )


def asked_phrases(question: str) -> frozenset[str]:
    """Return the phrases of a question that its answer may repeat."""
    return frozenset().union(*(phrases(part) for part in _ASKING.sub(_BREAK, question).split(_BREAK)))


def figures(text: str) -> frozenset[str]:
    """Return the tokens of a text that hold a digit: numbers, years, versions, identifiers; 1,000 is 1000, and 三年 is 3."""
    found = written_tokens(in_digits(normal(text)))
    return frozenset(token for token in found if any(character.isdigit() for character in token))


def expected_answer(question: str) -> re.Pattern[str] | None:
    """Return what a text that answers must match: a date for *when*, a number for *how many*; ``None`` if anything may."""
    return next((shape for asks, shape in _KINDS if asks.search(question)), None)


def new_matches(kind: re.Pattern[str], text: str, question: str) -> list[tuple[int, int]]:
    """Return the spans of ``text`` that match what was asked for and are not words of the question itself."""
    asked = question.lower()
    return [match.span() for match in kind.finditer(text) if match.group().strip().lower() not in asked]
