"""Strip what a question says about the answer rather than its subject, as in "If the documents do not say, explain why".

Comes in: a question. Goes out: the part to search with. Never: a subject left out: if nothing else is asked, all of it stays.

A direction is a sentence of its own, after another one, that begins like an order or a condition and is about the answer.
Twenty words of it would outweigh the five that name the subject, in every lane.
"""

from __future__ import annotations

import re

from ...ingest.text.sentences import sentence_spans

_ABOUT_EN = (
    r"answers?|response|reply|sentences?|paragraphs?|bullets?|bullet points?|words?|documents?|sources?|passages?|context"
    r"|citations?|state (?:that|so|this)|say so|explain why|step by step|in (?:english|chinese|detail|short|brief)"
    r"|briefly|concisely|json|markdown"
)
_ORDER_EN = (
    r"(?:please )?(?:if|when|in case|otherwise|answer|respond|reply|cite|quote|explain|state|say|use|keep|give|provide|limit"
    r"|write|format|include|mention|only|base|be|do not|don't|make sure|ensure|never|always|think)\b"
)
_ABOUT_ZH = (
    "回答|回复|答复|答案|作答|资料|文档|文件|原文|上下文|来源|出处|引用|说明原因|解释原因"
    "|一句话|一段话|字以内|步骤|分点|列表|中文|英文|简要|简短|简洁|详细|格式"
)
_ORDER_ZH = "请|如果|若|如|假如|要是|否则|不要|务必|只|仅|并|用|以|尽量|必须"

DIRECTION = re.compile(
    rf"^\W*(?:{_ORDER_EN}.*\b(?:{_ABOUT_EN})\b|(?:{_ORDER_ZH}).*(?:{_ABOUT_ZH}))", re.IGNORECASE | re.DOTALL
)


def without_directions(question: str) -> str:
    """Return a question without the sentences that only say how to answer it; unchanged if it has no others."""
    spans = [(start, stop) for start, stop in sentence_spans(question) if question[start:stop].strip()]
    left = question
    for at, (start, stop) in reversed(list(enumerate(spans))):
        if at and _is_direction(question[start:stop]):
            left = left[:start] + left[stop:].lstrip()
    return left if len(left) == len(question) else left.strip()


def _is_direction(sentence: str) -> bool:
    return bool(DIRECTION.search(sentence)) and not sentence.rstrip().endswith(("?", "？"))
