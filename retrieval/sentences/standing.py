"""Whether what a document says still holds, and since when, as far as the document tells.

Comes in: a passage. Goes out: its day, and whether it is out of date. Never: a look at the clock, or at the file's own dates.
"""

from __future__ import annotations

import re

from ...ingest.document import Chunk
from ..words.tokens import tokens

_DAY = re.compile(r"(?:19|20)\d\d(?:-\d\d){0,2}")
_SINCE = re.compile(
    r"(?:\b(?:effective|in force|as of|last updated|updated|revised|version|edition|dated)\b|施行|生效|修订|发布|更新|版本)"
    r".{0,30}|.{0,30}(?:起施行|起生效|起执行|修订|发布)",
    re.IGNORECASE,
)
_OUT_OF_DATE = re.compile(
    r"\b(?:superseded|repealed|obsolete|outdated|withdrawn|no longer (?:valid|in force|applies))\b"
    r"|废止|失效|作废|已被.{0,20}取代|旧版",
    re.IGNORECASE,
)
_DRAFT = re.compile(r"\b(?:drafts?|proposal|archived?|old)\b|草案|草稿|初稿|征求意见稿", re.IGNORECASE)
_STATUS = re.compile(r"^\W*(?:status|state|note|状态|效力|说明|注)\W{0,4}[:：].*$", re.IGNORECASE | re.MULTILINE)


def day_of(chunk: Chunk) -> str:
    """Return the latest day in the names and titles of a document, else that since when it says to hold; empty: none."""
    named = _latest(f"{chunk.names}\n{' '.join(chunk.titles)}")
    return named or max((_latest(match.group()) for match in _SINCE.finditer(chunk.text)), default="")


def is_out_of_date(chunk: Chunk) -> bool:
    """Return whether a document is called repealed or superseded, or says so of itself."""
    return bool(_OUT_OF_DATE.search(_about(chunk)))


def is_final(chunk: Chunk) -> bool:
    """Return whether a document is neither out of date nor called a draft."""
    return not (is_out_of_date(chunk) or _DRAFT.search(_about(chunk)))


def _about(chunk: Chunk) -> str:
    return "\n".join([chunk.names.replace("_", " "), *chunk.titles, *_STATUS.findall(chunk.text)])


def _latest(text: str) -> str:
    return max((token for token in tokens(text) if _DAY.fullmatch(token)), default="")
