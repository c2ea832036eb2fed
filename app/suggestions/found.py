"""What a document holds that people would ask about, as questions.

Comes in: a document's text and the name it goes by. Goes out: questions with what their answers must hold. Never: a look at
another document; whether kb answers them is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from ...ingest.readers.text import markdown_headings
from ...retrieval.tables.read import Table, tables
from ...retrieval.tables.values import bare_name, column
from .templates import Kind, Language, Template

_FACT = re.compile(
    r"(?:^[ \t]*(?:[-*+][ \t]+)?|\u3000)\*{0,2}(?P<key>[^\W\d_][\w /]{1,24}?)\*{0,2}[ \t]*[:：]\*{0,2}[ \t]*"
    r"(?P<value>[^\s].*?)[ \t]*(?=\u3000|\. |。|$)",
    re.MULTILINE,
)
_ITEM = re.compile(
    r"^[ \t]*(?:[-*+]|\d{1,2}[.)、]|[一二三四五六七八九十]+、)[ \t]*(?P<item>\S.*?)[ \t]*$", re.MULTILINE
)
_HOW = re.compile(r"(?:how to|how do i|如何|怎样|怎么)\s*", re.IGNORECASE)
_NUMBER = re.compile(
    r"^(?:(?:chapter|section|part|article|appendix)\s+)?(?:[\dIVX]+(?:\.\d+)*[.):]?\s+)"
    r"|^第[\d一二三四五六七八九十百]+[章节節条條部分编編][、.:\s]*"
    r"|^[一二三四五六七八九十\d]+[、.]\s*",
    re.IGNORECASE,
)
"""A heading's number, which nobody would ask for."""
_SENTENCE = re.compile(r"[.?!:;。？！：；…|<>{}_]")
"""What a name or topic that fits into a question has none of."""
_ASIDE = re.compile(r"\s*[(（,，|:：]|\s[-–—]\s")
"""Where a title goes on with what nobody would repeat in a question."""
_BETWEEN_HANZI = re.compile(r"(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])")
_LETTER = re.compile(r"[^\W\d_]")
_HANZI = re.compile(r"[\u4e00-\u9fff]")
_NAME, _TOPIC = range(2, 41), range(2, 31)
_QUESTION = range(8, 81)
_FEWEST_ITEMS, _MOST_ITEMS = 3, 12
_ROWS = 3
_LETTERS = 5
_SHARE = 4
"""A text is Chinese if a fourth of its letters is."""
_SUMMARY = 20
"""Letters of a text that has something to be summed up."""
_SAYS_MUCH = 2
_LEVELS = range(2, 4)


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and what shows that an answer is the right one."""

    text: str
    kind: Kind
    expected: str = ""
    """Text of the document that the answer must hold."""


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    text: str
    level: int


@dataclass(frozen=True, slots=True)
class _Read:
    name: str
    text: str
    sections: tuple[_Section, ...]
    tables: tuple[Table, ...]


_Fields = Mapping[str, str]
_Found = Iterator[tuple[_Fields, str]]
"""The fields of a template, and what the answer must hold."""


def language_of(text: str) -> Language:
    """Return the language of a text's detailed questions."""
    return "zh" if _SHARE * len(_HANZI.findall(text)) > len(_LETTER.findall(text)) else "en"


def name_of(title: str, file: str) -> str:
    """Return what a document is called in a question.

    Args:
        title: its own; empty if it has none.
        file: its file's name.
    """
    stem = file.rpartition(".")[0] or file
    for name in (title, _ASIDE.split(title)[0].strip(), stem):
        says_much = " " in name or "-" in name or len(_HANZI.findall(name)) >= _SAYS_MUCH
        if _fits(name, _NAME) and says_much and not _ASIDE.search(name):
            return name
    return file


def questions(text: str, name: str, wordings: Sequence[Template]) -> Iterator[Question]:
    """Yield the questions that a document would answer, in the order of the wordings.

    Args:
        text: its text as Markdown.
        name: what it goes by: its title, or its file's name.
        wordings: of one language; a text in another is only asked what it is about.
    """
    read = _Read(name, text, tuple(_sections(text)), tuple(tables(text)))
    language = language_of(text)
    for wording in wordings:
        if wording.language != language and wording.kind != "summary":
            continue
        if "{document}" in wording.asks and not _fits(name, _NAME):
            continue
        for fields, expected in _KINDS[wording.kind](read, wording):
            yield Question(wording.asks.format(document=name, **fields), wording.kind, expected)


def _sections(text: str) -> Iterator[_Section]:
    headings = markdown_headings(text)
    for heading, following in zip_longest(headings, headings[1:]):
        stop = following.start if following else len(text)
        body = text[heading.start : stop].partition("\n")[2]
        title = _BETWEEN_HANZI.sub("", _NUMBER.sub("", heading.title)).strip()
        yield _Section(title, body, heading.level)


def _cells(read: _Read, template: Template) -> _Found:
    """Find numbers in tables whose rows have names."""
    for table in read.tables:
        if not table.has_head or len(table.rows) < _FEWEST_ITEMS - 1:
            continue
        columns = [
            column(name, [row.cells[at] if at < len(row.cells) else "" for row in table.rows])
            for at, name in enumerate(table.head)
        ]
        labels = [row.cells[0] for row in table.rows if row.cells]
        if columns[0].kind == "number" or len(set(labels)) < len(labels):
            continue
        for row in table.rows[:: max(1, len(table.rows) // _ROWS)][:_ROWS]:
            for at, one in enumerate(columns):
                name = bare_name(one.name)
                known = at < len(row.cells) and one.kind == "number" and one.adds and bool(row.cells[at].strip())
                fits = _fits(name, _TOPIC) and _fits(row.cells[0], _TOPIC) and template.shape.fullmatch(row.cells[0])
                if known and template.is_for(name) and fits:
                    yield {"row": row.cells[0], "column": _lowered(name, read.text, always=True)}, row.cells[at]


def _facts(read: _Read, template: Template) -> _Found:
    for fact in _FACT.finditer(read.text):
        if template.is_for(fact["key"]) and template.shape.fullmatch(fact["value"]):
            yield {"key": fact["key"].lower(), "event": _lowered(read.name, read.text, always=True)}, fact["value"]


def _hows(read: _Read, _: Template) -> _Found:
    for section in read.sections:
        how = _HOW.match(section.title)
        topic = section.title[how.end() :].rstrip("?？") if how else ""
        if section.text.strip() and _fits(topic, _NAME):
            yield {"topic": topic}, ""


def _asked(read: _Read, _: Template) -> _Found:
    for section in read.sections:
        if section.title.endswith(("?", "？")) and len(section.title) in _QUESTION and section.text.strip():
            yield {"topic": section.title}, ""


def _summaries(read: _Read, _: Template) -> _Found:
    if len(_LETTER.findall(read.text)) >= _SUMMARY:
        yield {}, ""


def _lists(read: _Read, template: Template) -> _Found:
    for section in read.sections:
        items = [item["item"] for item in _ITEM.finditer(section.text) if _LETTER.search(item["item"])]
        if _FEWEST_ITEMS <= len(items) <= _MOST_ITEMS and _is_topic(section, template):
            yield {"topic": _lowered(section.title, read.text, always=True)}, items[-1]


def _files(read: _Read, template: Template) -> _Found:
    """Find titles of sections whose words stand in the text too: other documents hardly have them."""
    for section in read.sections:
        if _is_topic(section, template) and section.title.lower() in section.text.lower():
            yield {"topic": _lowered(section.title, read.text)}, ""


def _parts(read: _Read, template: Template) -> _Found:
    for section in read.sections:
        if _is_topic(section, template) and section.text.strip():
            yield {"topic": _lowered(section.title, read.text)}, ""


_KINDS: Mapping[Kind, Callable[[_Read, Template], _Found]] = {
    "cell": _cells, "fact": _facts, "how": _hows, "asked": _asked, "summary": _summaries, "list": _lists, "file": _files,
    "part": _parts,
}  # fmt: skip


def _is_topic(section: _Section, template: Template) -> bool:
    wanted = section.level in _LEVELS and bool(template.shape.fullmatch(section.title))
    return wanted and _fits(section.title, _TOPIC) and not _HOW.match(section.title)


def _fits(name: str, lengths: range) -> bool:
    """Return whether a name reads well in a question: short, mostly letters, and no sentence."""
    bare = re.sub(r"\.\w{1,5}$", "", name)
    n_letters = len(_LETTER.findall(bare))
    return len(name) in lengths and not _SENTENCE.search(bare) and n_letters > 1 and n_letters > len(bare) / _LETTERS


def _lowered(title: str, text: str, *, always: bool = False) -> str:
    """Return a title as it stands within a sentence: its first word is lower-case if the text has it so, or ``always``."""
    first, space, rest = title.partition(" ")
    small = first.lower()
    if not first.istitle() or not (always or re.search(rf"\b{re.escape(small)}\b", text)):
        return title
    return small + space + rest
