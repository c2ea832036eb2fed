"""Where sentences begin and end, in Chinese and English, in plain text and in Markdown.

Comes in: text. Goes out: spans into it. Never: changed text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

_LINE_BREAK = r"\s*\n\s*(?:>[ \t]*)*"
_LINE_BREAKS = re.compile(_LINE_BREAK)
BREAK = rf"(?:{_LINE_BREAK}|\s+)"
"""A pattern: the white space between two words, including a quoted line's mark."""
_QUOTATION = re.compile(r"^[ \t]*>[^\n]*(?:\n[ \t]*>[^\n]*)+", re.MULTILINE)
_MARK = re.compile(r"[ \t]*(?:>[ \t]?)+")


def blanked(text: str) -> str:
    """Return the text with spaces for the marks of quoted lines that continue the line before.

    The first line of a quotation keeps its mark, as does one quoted deeper or less deep: it is someone else's. So does a
    line that holds nothing else: it separates paragraphs.
    """
    return _QUOTATION.sub(lambda quotation: "\n".join(_lines(quotation.group())), text)


def _lines(quotation: str) -> Iterator[str]:
    depth = 0
    for line in quotation.split("\n"):
        mark = _MARK.match(line)
        stop = mark.end() if mark else 0
        before, depth = depth, line.count(">", 0, stop)
        yield " " * stop + line[stop:] if depth == before and line[stop:].strip() else line


def on_one_line(text: str) -> str:
    """Return a quote with its line breaks as spaces."""
    return _LINE_BREAKS.sub(" ", text)


_ABBREVIATIONS = frozenset(
    """
    mr mrs ms dr prof sr jr st vs etc e.g i.e eg ie cf al inc ltd co corp no nos vol pp p fig figs sec ch approx dept est
    ext tel ca cca eds u.s u.k u.n a.m p.m jan feb mar apr jun jul aug sep sept oct nov dec gen col lt capt rev hon
    b.sc m.sc b.eng m.eng ph.d b.a m.a ll.b ll.m b.ed m.ed m.phil dipl
    """.split()  # noqa: SIM905
)
_END = re.compile(
    r"[。！？!?；;…]+[”’」』）》】\"')\]]*"  # a Chinese end needs no space after it
    r"|\.+(?:[\"')\]”’]|\[[^\]\n]{1,20}\])*(?=\s|$)"  # a full stop does, else it is a number, a version or a file name; "…[1]"
    r"|\n\s*\n"
    r"|\n(?=[ \t]*(?:[-*+•|#>]|\d+[.)、]|```|~~~))"  # Markdown: a list item, table row, heading or fence is its own unit
    r"|(?P<line>\n)",  # the end of a short line: of a receipt, a form, an address
)
_RULE = re.compile(r"[ \t]*(?:([-=_*~─—])\1{2,}|>[> \t]*)[ \t]*")
"""A line that separates what is above from what is below; in a quotation, one that is empty but for the marks."""
_ROW = re.compile(r"[ \t]*\|[^\n]*\|[ \t]*(?=\n|$)")
_FENCE = re.compile(r"[ \t]*(?:>[ \t]?)*(?:```|~~~)")
_SHORT = 40
"""Columns; a CJK character takes two. Prose is not wrapped this narrow."""
_WINDOW = 300
"""Characters looked at on either side of a line's end."""
_GOES_ON = re.compile(r"[^\S\n]*[^\W\dA-Z_\u2e80-\U0003ffff]")
"""How a line begins that continues the sentence of the previous line: in lower case."""
_ENTRY = re.compile(r"[ \t]*(?:[A-Z\d$€£¥#*(\[\"'])")
"""How an entry of a form or log begins; three lines of wrapped prose in a row hardly ever do."""
_KEY = re.compile(r"[ \t]*[\w-]{1,30}:(?=[ \t]+\S)")
"""How a field of front matter begins, in lower case too."""
_WAITS = re.compile(r"[,，;；、:：(（\-–—&/]$|\b(?:a|an|the|of|and|or|to|in|for|with|by|on|at|from|is|are)$")
"""How an unfinished line ends."""
_NO_ABBREVIATION = 6
_LAST_WORDS = frozenset(
    """
    too it them him her us you me all one two not now yet more less here there this that these those time times file files page
    pages text data name names word words first last only once then before after again other same well work works used
    """.split()  # noqa: SIM905
)
"""Short words that end a sentence rather than being abbreviations."""
_RUN_IN = re.compile(
    r"[ \t]*(?:[-*+•>][ \t]+)*(?:(?:\d+\.)*\d+[.)]?[ \t]+)?(?:\*\*|__)?"
    r"(?!(?:[^.\n]* )?(?:is|are|was|were|has|have|had|will|can|may|must|do|does|did|I|you|he|she|it|we|they)\b)"
    r"(?!(?:Yes|No|OK|Okay|Sure|Thanks|Thank you|Hi|Hello|Sorry|True|False)\b)"
    r"[A-Z][\w’'&/-]*(?: [\w’'&/-]+){0,2}\.(?:\*\*|__)?(?=(?:[ \t]+[^\s.!?]+){2}[ \t]+\S)"
)
"""A heading that runs into its paragraph, *Day rate. GBP 710 per day.*: at most three words, no verb, and more text behind."""
_WORD_BEFORE = re.compile(r"[\w.]+$")
_ITEM_BEGINS = re.compile(r"(?:(?:^|\n)[ \t]*(?:(?:[-*+•]|\[[ xX]\]|>+)[ \t]+)*|[.!?:] *)$")
"""What is before the number of a list item: the end of a sentence, or nothing but the marks of lists and quotations."""
_TAIL = 40


def sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield ``(start, stop)`` of every sentence, list item, table row and heading; surrounding white space is left out.

    Together the spans hold every non-space character of ``text``, each exactly once, in order.
    """
    start = 0
    for stop in chain(_ends(blanked(text)), (len(text),)):
        piece = _trim(text, start, stop)
        if piece[0] < piece[1]:
            yield piece
        start = stop


def sentences(text: str) -> list[str]:
    """Return the sentences themselves; see ``sentence_spans``."""
    return [text[start:stop] for start, stop in sentence_spans(text)]


def _ends(text: str) -> Iterator[int]:
    row = _ROW.match(text)
    for match in _END.finditer(text):
        mark = match.group()
        if row and match.end() < row.end():
            continue  # a cell may hold several sentences
        if mark[0] == "\n":
            row = _ROW.match(text, match.end())
        if match["line"]:
            if _line_ends(text, match.start()):
                yield match.end()
            continue
        ascii_mark = mark[0] in "!?;"
        if ascii_mark and match.end() < len(text) and not text[match.end()].isspace() and text[match.end()].isascii():
            continue  # "a;b", "?q=1", "!important"
        if mark[0] == ";":
            continue  # an English semicolon joins more than it cuts
        if mark[0] == "." and not _full_stop_ends(text, match.start(), match.end()):
            continue
        if (
            mark[0] == "."
            and (head := _RUN_IN.match(text, text.rfind("\n", 0, match.start()) + 1))
            and head.end() >= match.end()
        ):
            continue
        yield match.end()


def _line_ends(text: str, at: int) -> bool:
    """Return whether the line that ends here is a unit: a rule, above a rule, one of a form, or short."""
    before, line = ["", *text[max(0, at - _WINDOW) : at].rsplit("\n", 2)][-2:]
    after, later = [*text[at + 1 : at + 1 + _WINDOW].split("\n", 2), ""][:2]
    if _RULE.fullmatch(line) or _RULE.fullmatch(after) or _FENCE.match(line):
        return True
    if _KEY.match(line) and _KEY.match(after):
        return True
    if _WAITS.search(line.rstrip()) or _GOES_ON.match(after):
        return False
    in_form = all(map(_ENTRY.match, (line, after, before or later)))
    return in_form or len(line) + sum(character >= "\u2e80" for character in line) <= _SHORT


def _full_stop_ends(text: str, at: int, stop: int) -> bool:
    """Return whether the full stops here end a sentence, rather than an abbreviation or a list number."""
    before = _WORD_BEFORE.search(text, max(0, at - _TAIL), at)
    word = before.group().lower() if before else ""
    if word in _ABBREVIATIONS or (len(word) == 1 and word.isalpha()):
        return False
    if word.isdigit() and _ITEM_BEGINS.search(text, max(0, at - _TAIL), at - len(word)):
        return False  # "1. First item. 2. Second item.", "- 1. First item."
    following = text[stop : stop + 3]
    goes_on = following.strip()[:1].islower() and "\n\n" not in following
    # A lower-case name may begin a sentence: npm, kb, iOS. Abbreviations are short.
    return not goes_on or (word.isalpha() and (len(word) >= _NO_ABBREVIATION or word in _LAST_WORDS))


def _trim(text: str, start: int, stop: int) -> tuple[int, int]:
    while start < stop and text[start].isspace():
        start += 1
    while stop > start and text[stop - 1].isspace():
        stop -= 1
    return start, stop
