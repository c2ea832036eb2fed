"""Parse what a question asks for: its content words, phrases and figures.

Comes in: a question, Chinese or English. Goes out: tokens. Never: a look at the documents.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from .dates import month_token
from .hanzi import SIMPLIFIED
from .numeral import Sure
from .numerals import in_digits, numerals
from .tokens import normal, tokens, written_tokens, written_units

MAX_QUESTION_TOKENS = 128
"""The most tokens that BM25 looks up for one question; each costs about 6 ms in a base of 100 000 chunks."""

_ASKING_EN = """
    what which who whom whose when where why how many much long often name tell give list describe explain please kind
    type does did
""".split()  # noqa: SIM905
_ASKING_ZH = """
    叫做什么 叫作什么 叫什么 叫什麼 叫甚麼 称为什么 稱為什麼
    什么时候 什么时间 什么地方 什么样 什么 甚麼 什麼 哪一年 哪年 哪一个 哪一個 哪一位 哪里 哪裡
    哪一天 哪天 哪一日 哪日 哪个月 哪個月 几月几[号日] [几幾][号號](?![码楼])
    哪些 哪个 哪個 哪位 哪种 哪種 哪 谁 誰 多久 多长 多長 多大 多高 几(?![何乎]) 幾(?![何乎])
    如何 怎么样
    何时 何時 何年 何月 何日 何地 何处 何處 何人 何种 何種 何者 多远 多遠 多重 多深 多快 多少钱 多少錢 多少
    怎么 怎樣 怎麼 怎样 为什么 為什麼 为何 為何 是否 是不是 有没有 有沒有 能否 可否 请问 請問
    吗 嗎 呢
""".split()  # noqa: SIM905
_ASKING = re.compile(rf"\b(?:{'|'.join(_ASKING_EN)})\b|{'|'.join(_ASKING_ZH)}", re.IGNORECASE)
_WEIGHTLESS_EN = (
    r"\b(?:please|kindly|explain|describe|(?:can|could|would) you|(?:tell|show|give) me|tell us"
    r"|i(?:'d| would)? (?:want|like|need) to know|i wonder|do you know)\b|(?<=\w)\s+(?:says?|means?)\s*[?.]?\s*$"
)
_WEIGHTLESS_ZH = """
    请你?告诉我 請你?告訴我 告诉我 告訴我 请(?:介绍|解释|说明|列出|描述)(?:一下)? 请问 請問 我想(?:知道|了解|问)(?:一下)?
    麻烦你? 帮我(?:查|看|找)?(?:一下)? (?:是|代表|表示)?(?:什么|啥|什麼|何)意思 指的?是(?:什么|啥|什麼)
    [里裡]?(?:都|主要)?[讲說说写寫]了?些?(?:什么|啥|什麼)
""".split()  # noqa: SIM905
_WEIGHTLESS = re.compile("|".join((_WEIGHTLESS_EN, *_WEIGHTLESS_ZH, *_ASKING_ZH)), re.IGNORECASE)
"""Question words and polite phrases, besides the words of every English text, which have no tokens."""
_BREAK = " | "
"""Replaces a question word, so that its neighbours do not become a phrase."""

_WHOLE = re.compile(r"(?P<year>[12][0-9]{3})-(?P<part>[0-9]{2}|[qh][1-4])")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]+")
FUNCTION = frozenset("的了是在和与及或也都就着过吗呢吧啊之其这那我你他她它们个为有被把对从而以于所")
_TRIGRAM = 3


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that a question names; a text contains it if it contains any of the forms."""

    forms: tuple[str, ...]
    """Tokens. One for a word; for a Chinese character the bigrams it is part of, since one of them is its word and the other
    may only join two words."""
    share: float = 1.0
    """Of a word: a Chinese character counts as half of one."""
    character: str = field(default="", compare=False)
    """For Chinese, the character itself: 制 in 制成 for a text that says 制得."""
    others: tuple[frozenset[str], ...] = field(default=(), compare=False)
    """Tokens that together mean the same: 租金 for 房租."""

    def within(self, held: Collection[str]) -> bool:
        """Return whether a text with these tokens contains the term, or says it in other words."""
        return any(form in held for form in self.forms) or any(other.issubset(held) for other in self.others)

    def hinted(self, held: Collection[str]) -> bool:
        """Return whether a text with these tokens has the term's Chinese character, even in another word."""
        return self.character in held


def asks(text: str) -> bool:
    """Return whether a text is a question, by its mark or its words."""
    return text.rstrip().endswith(("?", "？")) or bool(_ASKING.search(text))


def without_asking(question: str) -> str:
    """Return a question with breaks in place of its question words."""
    return _ASKING.sub(_BREAK, question)


def content_tokens(question: str) -> list[str]:
    """Return the tokens of a question without question words."""
    return list(dict.fromkeys(tokens(_ASKING.sub(" ", question))))


def asked_tokens(question: str) -> list[str]:
    """Return the distinct tokens that BM25 looks up for a question: all words except question words.

    If there are more than ``MAX_QUESTION_TOKENS``, the longest are kept: they are the rare ones.
    """
    distinct = dict.fromkeys(tokens(_WEIGHTLESS.sub(" ", question))) or dict.fromkeys(tokens(question))
    return sorted(distinct, key=len, reverse=True)[:MAX_QUESTION_TOKENS]


def match_query(wanted: Iterable[str]) -> str:
    """Return the FTS5 MATCH expression that finds any of these tokens; empty if there are none.

    Tokens contain no quotes, so once they are quoted FTS5 sees no syntax in a question.
    """
    return " OR ".join(f'"{token}"' for token in wanted)


def terms(question: str) -> list[Term]:
    """Return what a question names: its words and Chinese characters, without question words.

    Numbers and dates are in digits: a text has their tokens however it writes them.
    """
    plain = asked_text(question)
    found = dict.fromkeys(Term((token,)) for token in written_tokens(plain) if not _HAN.search(token))
    found |= dict.fromkeys(term for run in _HAN.findall(plain) for term in character_terms(run) if term)
    return list(found)


def asked_text(question: str) -> str:
    """Return a question without question words, its numbers in digits, its Chinese in Simplified characters."""
    return in_digits(normal(_ASKING.sub(" ", question))).translate(SIMPLIFIED)


def known_share(question: str, known: Collection[str]) -> float:
    """Return the share (0..1) of what a question names that is among a base's tokens; 1 if it names nothing.

    It is low for a Chinese question to an English base, and for an English instruction around a Chinese name.
    """
    named = terms(question)
    total = sum(term.share for term in named)
    return sum(term.share for term in named if term.within(known)) / total if total else 1.0


def character_terms(run: str) -> list[Term | None]:
    """Return the term of each character of a run; ``None`` for those that only join words."""
    if len(run) == 1:
        return [None if run in FUNCTION else Term((run,), character=run)]
    bigrams = ["", *(run[at : at + 2] for at in range(len(run) - 1)), ""]
    return [
        None if character in FUNCTION else Term(tuple(filter(None, bigrams[at : at + 2])), 0.5, character)
        for at, character in enumerate(run)
    ]


def phrases(text: str) -> frozenset[str]:
    """Return the adjacent sequences of a text: pairs of its words, and Chinese trigrams."""
    plain = in_digits(normal(text)).translate(SIMPLIFIED)
    words = written_tokens(_HAN.sub(" ", plain))
    pairs = {f"{first} {second}" for first, second in pairwise(words)}
    return frozenset(
        pairs.union(*({run[at : at + _TRIGRAM] for at in range(len(run) - 2)} for run in _HAN.findall(plain)))
    )


def asked_phrases(question: str) -> frozenset[str]:
    """Return the phrases of a question that its answer may repeat."""
    return frozenset().union(*(phrases(part) for part in without_asking(question).split(_BREAK)))


def figures(text: str) -> frozenset[str]:
    """Return a text's tokens with a digit: numbers, years, versions, identifiers; 1,000 is 1000, and 三年 is 3.

    A month or quarter with its year is a figure too: ``2018-04``, ``2023-q2``. Numbers up to twelve in English words are not,
    since an answer to "the two kinds" may only list them.
    """
    plain = normal(text)
    found = written_units(in_digits(plain, Sure.ASKED))
    wholes = (one.whole for one in numerals(plain) if one.sure is Sure.ASKED and one.whole)
    return frozenset([*wholes, *(token for token in found if any(character.isdigit() for character in token))])


def unheld(asked: Collection[str], held: Collection[str]) -> frozenset[str]:
    """Return the figures of a question that are missing from a text with these tokens.

    A month with its year counts as held if both occur separately, unless that month occurs with another year.
    """
    return frozenset(figure for figure in asked if figure not in held and not _in_pieces(figure, held))


def _in_pieces(figure: str, held: Collection[str]) -> bool:
    """Return whether a text has a figure's year and month (or quarter) separately, and not as part of another such figure."""
    match = _WHOLE.fullmatch(figure)
    if not match or match["year"] not in held:
        return False
    is_month = match["part"].isdigit()
    others = [other["part"] for other in map(_WHOLE.fullmatch, held) if other and other["part"].isdigit() == is_month]
    part = month_token(match["part"]) if is_month else match["part"]
    # April is also Apr; May is a stop word, so a text is not asked to hold it
    there = part in held or (is_month and (part[:3] in held or part == "may"))
    return there and match["part"] not in others
