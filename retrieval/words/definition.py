"""Recognise questions that ask what a thing is, and sentences that say so.

Comes in: a question, Chinese or English. Goes out: a pattern. Never: a look at the documents.
"""

from __future__ import annotations

import re

_EN = re.compile(
    r"^\s*(?:what(?:'s|\s+(?:is|are|was|were))\s+(?:meant by\s+)?(?P<what>[^?,]{2,60}?)"
    r"|what\s+do(?:es)?\s+(?P<meant>[^?,]{2,60}?)\s+(?:mean|stand for)|define\s+(?P<named>[^?,]{2,60}?))\s*[?.]*\s*$",
    re.IGNORECASE,
)
_ZH = re.compile(
    r"^\s*(?:请问)?(?:什么是|何为|何谓|什麼是)(?P<what>.{1,20}?)[？?。\s]*$|^\s*(?P<named>.{1,20}?)(?:是什么|是什麼|指什么|指的是什么|的定义(?:是什么)?|是啥)(?:意思)?[？?。\s]*$"
)
_OF = re.compile(r"\b(?:of|in|for|from|at|on|by|with|to)\b|的", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:an?|the)\s+", re.IGNORECASE)
_ASIDE = r"[\s\"“”'’*_`》」』]*(?:[（(][^）)]{0,60}[）)])?\s*,?[^.。!！?？]{0,20}?"


def definition_asked(question: str) -> re.Pattern[str] | None:
    """Return what a sentence defining the thing asked for matches; ``None`` if no definition is asked for.

    *What is the price of a ticket?* does not ask for a definition: an attribute has a value instead.
    """
    match = _EN.match(question) or _ZH.match(question)
    named = next((group for group in match.groups() if group), "") if match else ""
    what = _ARTICLE.sub("", named.strip(" \"“”'’《》「」"))
    if not what or _OF.search(what):
        return None
    word = re.escape(what) + (r"(?:e?s)?\b" if what[-1].isascii() else "")
    return re.compile(
        rf"^(?:[^.。!！?？]{{0,60}}[（(]\s*{word}\s*[）)]|(?:[-*+•>#\s\"“'*_《「]|an?\s|the\s)*{word}{_ASIDE}"
        r"(?:\b(?:is|are|was|were)\s+(?:an?|the|any|one|defined)\b|\brefers?\s+to\b|\bmeans?\b|\bstands?\s+for\b|[:：]"
        r"|是指|指的是|是一|是(?!否|不是)|即|意为|意指|亦称|又称|全称|简称))",
        re.IGNORECASE,
    )
