"""What form of answer a question asks for: how something is done, several things, or a file.

Comes in: a question, Chinese or English. Goes out: yes or no. Never: a look at the documents.
"""

from __future__ import annotations

import re

_HOW = re.compile(
    r"\bhow (?:do|can|should|could|would|must|to|is|are)\b|\bwhat (?:do|should|must) (?:i|we|you) do\b"
    r"|怎么|怎樣|怎样|如何|咋(?!样)",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    r"\b(?:what|which) are\b|\bwho (?:has to do|does|did|is doing|must do|brings|takes) what\b|\blist\b|\ball the\b"
    r"|\b(?:what|which) (?:[a-z]+ ){0,2}(?:things|items|steps|documents|dates|days|rules|conditions|reasons|options|ingredients"
    r"|parts|people|tasks)\b|\bwhich (?:[a-z]+ ){0,2}[a-z]{2,}[^su\W]s (?:are|were|have|do|did|can|need|still|cost)\b"
    r"|哪些|哪几|都有(?:什么|谁|啥)|列出|有(?:什么|啥)|分别|谁(?:负责|做|干|带|管)(?:什么|啥)",
    re.IGNORECASE,
)
_FILE = re.compile(
    r"\b(?:which|what) (?:file|document|folder|spreadsheet|sheet|letter|email|mail|pdf|note)s?\b"
    r"|\bwhere (?:is|are|do i have) (?:the|my) (?:file|document)"
    r"|(?:哪|什么)(?:一)?(?:个|份|篇|封|张)?(?:文件|文档|表格|邮件|资料)",
    re.IGNORECASE,
)


def asks_how(question: str) -> bool:
    """Return whether a question asks how something is done."""
    return bool(_HOW.search(question))


def asks_for_several(question: str) -> bool:
    """Return whether a question asks for more than one thing."""
    return bool(_SEVERAL.search(question))


def asks_for_file(question: str) -> bool:
    """Return whether a question asks which file holds something."""
    return bool(_FILE.search(question))
