"""Text that addresses a language model instead of a reader: flagged when a document is read, and never followed.

Comes in: text. Goes out: a note with the first such place, or none. Never: text changed or refused; what a document says is
quoted verbatim, and the prompt keeps it apart. Few patterns, each rare in writing for people.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..notice import Notice

_SHOWN = 80
_INSTRUCTIONS = re.compile(
    r"""
    \b(?:ignore|disregard|forget|override|bypass)\s+(?:(?:all|any|of|the|these|those|my)\s+){0,3}
        (?:your|previous|prior|above|earlier|preceding|foregoing|initial|original|system)\s+(?:\w+\s+){0,2}?
        (?:instructions?|prompts?|directives?|guidelines|programming|rules)\b
    | \b(?:reveal|print|repeat|output|show|leak)\s+(?:me\s+)?(?:your|the)\s+(?:full\s+|hidden\s+|initial\s+)?
        system\s+(?:prompt|message|instructions)\b
    | (?:忽略|無視|无视|忘记|忘記|忘掉|不要理会|不要理會|无需遵守|不必遵守|绕过|繞過)(?:掉)?
        (?:所有|全部|一切|任何|你|您|之前|以上|上述|上面|先前|此前|前面|系统|系統|原有|收到|給你|给你|的){1,6}
        (?:指令|指示|提示词?|提示詞?|规则|規則|设定|設定|命令)
    | (?:输出|輸出|显示|顯示|透露|泄露|洩露|重复|重複|打印)(?:你|您|出)?的?(?:系统|系統|初始)(?:提示词?|提示詞?|指令|消息)
    | <\|(?:im_start|im_end|system|assistant|start_header_id|eot_id|endofprompt)\|> | \[/?INST\] | <</?SYS>>
    | ^[ \t>*#]*(?:system|assistant|系统|系統)[ \t]*(?:prompt|message|提示)?[ \t*]*[:：][ \t*]*
        (?:you\s+(?:are|must|will|should)\s+(?:now|no\s+longer|always|never|an?\s+(?:\w+\s+)?(?:assistant|ai|model))
        |你(?:现在|現在|必须|必須|不再|是一))
    """,
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)


_TAGS = re.compile("[\U000e0020-\U000e007e]{8,}")
"""Letters that no font shows; region flags have fewer."""
_FIRST_WORDS = (
    "ignore", "disregard", "forget", "override", "bypass", "忽略", "无视", "無視", "忘记", "忘記", "忘掉", "不要理",
    "无需遵守", "不必遵守", "绕过", "繞過", "<|", "[inst]", "[/inst]", "<<sys>>", "<</sys>>",
)  # fmt: skip
_INNER_WORDS = (
    "system prompt", "system message", "system instruction", "提示词", "提示詞", "系统指令", "系統指令", "初始指令", "系统消息",
    "system:", "assistant:", "prompt:", "message:", "system：", "系统：", "系統：", "系统:", "系統:", "提示：", "提示:",
)  # fmt: skip
"""Each pattern begins with one of the former or contains one of the latter: to look for them is many times as fast."""
_BEFORE, _BEHIND = 60, 140


def instructions_in(text: str) -> str:
    """Return the line around the first place that instructs a model, cut short; empty if there is none."""
    if not text.isascii() and (tags := _TAGS.search(text)):
        return "".join(chr(ord(letter) - 0xE0000) for letter in tags.group()[:_SHOWN])
    lower = text.lower()
    whole = text if len(lower) == len(text) else lower
    match = _at_first_word(lower, whole) or _around_inner_word(lower, whole)
    if match is None:
        return ""
    first = match.start()
    start = max(whole.rfind("\n", 0, first) + 1, first - _SHOWN // 2)
    return " ".join(
        "".join(c if c.isprintable() else " " for c in whole[start : start + _SHOWN].partition("\n")[0]).split()
    )


def _at_first_word(lower: str, text: str) -> re.Match[str] | None:
    places = (at for word in _FIRST_WORDS for at in _places(lower, word, len(word)))
    return next(filter(None, (_INSTRUCTIONS.match(text, at) for at in places)), None)


def _around_inner_word(lower: str, text: str) -> re.Match[str] | None:
    places = (at for word in _INNER_WORDS for at in _places(lower, word, _BEHIND // 2))
    return next(filter(None, (_INSTRUCTIONS.search(text, max(at - _BEFORE, 0), at + _BEHIND) for at in places)), None)


def _places(text: str, word: str, step: int) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + step)


def instruction_note(text: str) -> tuple[str, ...]:
    """Return what to say about a text that instructs a model; nothing about one that does not."""
    said = instructions_in(text)
    return (
        (Notice("It speaks to a language model (“{said}”): that is quoted as text and not followed.", said=said),)
        if said
        else ()
    )


def hidden_note(text: str) -> tuple[str, ...]:
    """Return what to say about text a page hides from its readers and that was left out; nothing about harmless text."""
    said = instructions_in(text)
    return (Notice("Hidden text that speaks to a language model (“{said}”) was left out.", said=said),) if said else ()
