"""Combine the verdict of a judge, an NLI model, on sentences and questions with the evidence of the words.

Comes in: sentences with their quotes, or a question and passages; a judge. Goes out: sentences with their support, or whether
to answer. Never: a figure, name or negation forgiven because the model finds it plausible.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ..ingest.notice import Notice
from ..retrieval.models.judge import LIKELY, Judge, Judgement
from ..retrieval.sentences.standing import without_struck
from ..retrieval.words.hanzi import SIMPLIFIED
from .fill import language_of
from .ground import NOT_ALL_SAID, NOT_SAID
from .prompt import Sentence

PASSAGES = 3
"""How many of the best passages a question is checked against."""

_FORGIVEN = (NOT_SAID, NOT_ALL_SAID)
"""Few words in common: a judge may overrule this, because other words may say the same."""

_LEAD = re.compile(r"^\s*(?:and|but|so|then|please|also)\b[\s,]*", re.IGNORECASE)
_WHAT_KIND = re.compile(
    r"\b(?:what|which)\s+(?!(?:is|are|was|were|did|does|do|has|have|had|can|could|will|would|should)\b)", re.IGNORECASE
)
_ASKED = (
    (re.compile(r"\bhow (?:many|much)\b", re.IGNORECASE), "some"),
    (re.compile(r"\bhow (?:long|old|far|tall|large|big|often|high|deep|fast)\b", re.IGNORECASE), "somehow"),
    (_WHAT_KIND, "some "),
    (re.compile(r"\bwho(?:m)?\b", re.IGNORECASE), "someone"),
    (re.compile(r"\bwhose\b", re.IGNORECASE), "someone's"),
    (re.compile(r"\b(?:what|which)\b", re.IGNORECASE), "something"),
    (re.compile(r"\bwhen\b", re.IGNORECASE), "at some time"),
    (re.compile(r"\bwhere\b", re.IGNORECASE), "somewhere"),
    (re.compile(r"\bwhy\b", re.IGNORECASE), "for some reason"),
    (re.compile(r"\bhow\b", re.IGNORECASE), "somehow"),
)  # fmt: skip
_SUPPORTS = re.compile(r"\s*\b(?:did|does|do)\b", re.IGNORECASE)
_ASKED_HAN = (
    (re.compile("什么时候|什么时间|何时|哪一?年|哪一?天"), "某时"),
    (re.compile("什么地方|哪里|哪儿|何处"), "某地"),
    (re.compile("为什么|为何"), "因某种原因"),
    (re.compile("多少|几(?=[个天年月日次人位名])"), "若干"),
    (re.compile("谁|哪一?位"), "某人"),
    (re.compile("什么|哪些|哪一?[个种]"), "某"),
    (re.compile("怎么样?|怎样|如何"), "以某种方式"),
    (re.compile(r"[吗呢？?]+\s*$"), "。"),
)


def statement_of(question: str) -> str:
    """Return the least that an answer to a question says: *someone built it* for *Who built it?*.

    Its grammar is rough (*the crisis begin at some time*); entailment models do not mind.
    """
    if language_of(question) == "zh":
        text = question.translate(SIMPLIFIED).strip()
        for pattern, plain in _ASKED_HAN:
            text = pattern.sub(plain, text)
        return text
    text = _LEAD.sub("", question).strip().rstrip("?. ")
    for pattern, plain in _ASKED:
        if match := pattern.search(text):
            return _put(text, match, plain)
    return f"{text}."


def _put(text: str, match: re.Match[str], plain: str) -> str:
    """Return the text with its interrogative replaced; before *did* it moves to the end, where answers go."""
    following = text[match.end() :]
    support = _SUPPORTS.match(following)
    if support:
        return f"{text[: match.start()]}{following[support.end() :].strip()} {plain.strip()}."
    found = _SUPPORTS.search(following)
    rest = following[: found.start()] + following[found.end() :] if found else following
    return f"{text[: match.start()]}{plain}{rest}."


def answers_it(question: str, passages: Sequence[str], judge: Judge) -> bool:
    """Return whether one of the best passages entails the least that an answer would say.

    Raises:
        RerankerError: the judge fails.
    """
    statement = statement_of(question)
    return any(
        judgement.entailment >= LIKELY
        for judgement in judge.judge([(without_struck(text), statement) for text in passages[:PASSAGES]])
    )


def second_opinion(sentences: Sequence[Sentence], judge: Judge) -> tuple[Sentence, ...]:
    """Return the sentences with the support that judge and words together give them; quotes need no judge.

    Raises:
        RerankerError: the judge fails.
    """
    asked = [at for at, sentence in enumerate(sentences) if sentence.citations and not _is_quote(sentence)]
    pairs = [
        (
            " ".join(dict.fromkeys(without_struck(citation.quote) for citation in sentences[at].citations)),
            sentences[at].text,
        )
        for at in asked
    ]
    judged = list(sentences)
    for at, judgement in zip(asked, judge.judge(pairs), strict=True):
        judged[at] = _with(sentences[at], judgement, judge.name)
    return tuple(judged)


def _is_quote(sentence: Sentence) -> bool:
    text = " ".join(sentence.text.split())
    return any(text in " ".join(citation.quote.split()) for citation in sentence.citations)


def _with(sentence: Sentence, judgement: Judgement, name: str) -> Sentence:
    if judgement.contradiction >= LIKELY:
        return replace(
            sentence, support="unsupported", reason=Notice("{name} reads the passage as denying this.", name=name)
        )
    if judgement.entailment >= LIKELY and sentence.reason in _FORGIVEN:
        return replace(sentence, support="supported", reason="")
    if judgement.neutral >= LIKELY and sentence.support == "supported":
        return replace(
            sentence, support="partly", reason=Notice("{name} does not find this in the passage.", name=name)
        )
    return sentence
