"""Tell whether a document is still valid, and since when, if it says so; and which of its text is.

Comes in: a passage. Goes out: its day, whether it is out of date, and its text without what is struck out. Never: a look at
the clock, or at the file's own dates.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...ingest.document import Chunk
from ..words.question import figures
from ..words.tokens import tokens

_DAY = re.compile(r"(?:19|20)\d\d(?:-\d\d){0,2}")
_SINCE = re.compile(
    r"(?:\b(?:effective|in force|as of|last updated|updated|revised|version|edition|dated)\b|施行|生效|修订|发布|更新|版本)"
    r".{0,30}|.{0,30}(?:起施行|起生效|起执行|修订|发布)",
    re.IGNORECASE,
)
_LAPSED = (
    r"(?:superseded|repealed|obsolete|outdated|withdrawn|expired|void|no longer (?:valid|in force|applicable)"
    r"|(?:已经?)?(?:废止|失效|作废|停用)|已被.{0,20}(?:取代|替代)|旧版)"
)
_MARKED = re.compile(
    rf"[(\[（【《]\s*{_LAPSED}\b|^\W*{_LAPSED}\W*$|[-–—:：|]\s*{_LAPSED}\W*$|已(?:废止|失效|作废)\W*$|旧版\W*$",
    re.IGNORECASE | re.MULTILINE,
)
"""A title that says so about its document has it in brackets, set apart at the end, or alone: *Policy (superseded)*. A title
about such things does not: *Obsolete parts*, 失效分析."""
_NAMED = re.compile(rf"(?<!\bis)(?<!\bare)(?<!\bbe)(?<!been)(?<!\bwas)[-_ ]{_LAPSED}\W*$", re.IGNORECASE | re.MULTILINE)
"""A file name may simply end with it: ``policy_2022_superseded``."""
_STATUS = re.compile(
    rf"^\W*(?:status|state|状态|效力|时效性?)\W{{0,4}}[:：]\W*{_LAPSED}"
    rf"|\b(?:this|the present) (?:document|version|edition|policy|rule|regulation|agreement|text|page)\b"
    rf" (?:is|was|has been|is now) (?:now )?{_LAPSED}"
    rf"|(?:本|该|此)(?:文件|版本|版|制度|规定|办法|条例|通知|协议|合同|页)[^。；\n]{{0,12}}?{_LAPSED}",
    re.IGNORECASE | re.MULTILINE,
)
_STRUCK = re.compile(r"(?P<code>```.*?```|`[^`\n]*`)|(?<!~)~~(?=[^\s~])(?:(?!~~|\n\s*\n).)*?(?<=\S)~~(?!~)", re.DOTALL)
"""Text marked as struck out or hidden; it may be several sentences. In code such marks are operators, or only an example."""
_OF_OLD = re.compile(
    r"\b(?:old|older|former|formerly|previous|previously|earlier|before|used to|until then|originally|superseded)\b"
    r"|以前|原来|之前|旧|过去|原先|从前|老版|上一版|作废|废止",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"\S*\d\S*|[零〇一二两三四五六七八九十百千万亿]+")
_WORD = re.compile(r"[^\W\d_]")
_DRAFT = re.compile(r"\b(?:drafts?|proposal|archived?|old)\b|草案|草稿|初稿|征求意见稿", re.IGNORECASE)


def without_struck(text: str) -> str:
    """Return a text with blanks for what is struck out or hidden, which no longer holds: its offsets stay."""
    if "~~" not in text:
        return text
    return _STRUCK.sub(lambda match: match["code"] or " " * len(match.group()), text)


def replaced(text: str) -> list[tuple[int, int, str]]:
    """Return the start and end of each line on which new text follows what is struck out, and the struck words.

    These still say what the line is about: *~~The client lends a laptop.~~ The consultant brings her own.* Figures do not, nor
    does a cell or a heading.
    """
    found = []
    for match in _STRUCK.finditer(text) if "~~" in text else ():
        start, stop = text.rfind("\n", 0, match.start()) + 1, text.find("\n", match.end())
        stop = stop if stop >= 0 else len(text)
        is_prose = not match["code"] and text[start] not in "|#"
        if is_prose and _WORD.search(without_struck(text[start:stop]), match.end() - start):
            found.append((start, stop, _FIGURE.sub(" ", match.group().strip("~"))))
    return found


def day_of(chunk: Chunk) -> str:
    """Return the latest day in a document's names and titles, else the one since when it says to be valid; empty if none."""
    named = _latest(f"{chunk.names}\n{' '.join(chunk.titles)}")
    return named or max((_latest(match.group()) for match in _SINCE.finditer(chunk.text)), default="")


def is_out_of_date(chunk: Chunk) -> bool:
    """Return whether a document is marked as repealed or superseded, or says so itself."""
    return lapsed(chunk.names, chunk.titles, without_struck(chunk.text))


def is_past(question: str, chunk: Chunk) -> bool:
    """Return whether a document is out of date and the question is not about its time."""
    return is_out_of_date(chunk) and not asks_of_old(question) and figures(question).isdisjoint(tokens(chunk.names))


def asks_of_old(question: str) -> bool:
    """Return whether a question asks how something used to be."""
    return bool(_OF_OLD.search(question))


def lapsed(names: str, titles: Sequence[str], text: str) -> bool:
    """Return whether a document's names, titles or text say that it is repealed or superseded."""
    return bool(_NAMED.search(names) or _MARKED.search(_called(names, titles)) or _STATUS.search(text))


def is_final(chunk: Chunk) -> bool:
    """Return whether a document is neither out of date nor called a draft."""
    return not (is_out_of_date(chunk) or _DRAFT.search(_called(chunk.names, chunk.titles)))


def _called(names: str, titles: Sequence[str]) -> str:
    return "\n".join([names.replace("_", " "), *titles])


def _latest(text: str) -> str:
    return max((token for token in tokens(text) if _DAY.fullmatch(token)), default="")
