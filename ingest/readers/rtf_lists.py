r"""The lists that the head of an RTF file describes: ``\listtable`` and ``\listoverridetable`` (RTF 1.9.1, list tables).

Programs that write no ``\listtext`` before an item leave its number to the reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..office.list_counts import Level, ListCounts, ListOf, instance
from ..office.list_numbers import form_of

TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)"
)
"""A control word and its number, a byte, a control symbol, a brace, plain bytes."""
_LONGEST_TABLE = 8 << 20


@dataclass(slots=True)
class _Group:
    """What stands between braces: control words, groups, and text, in which a word may stand too."""

    words: dict[bytes, int] = field(default_factory=dict)
    """By word, its last number; 1 for a word without."""
    groups: list[_Group] = field(default_factory=list)
    text: list[bytes | str] = field(default_factory=list)
    """Bytes, and characters by their Unicode number."""

    def named(self, word: bytes) -> Iterator[_Group]:
        """Yield the groups in it that hold a word."""
        return (group for group in self.groups if word in group.words)


def read_lists(data: bytes, code_page: str) -> ListCounts:
    r"""Return the lists of a file by their number in ``\ls``; none if it describes none."""
    lists: dict[str, ListOf] = {}
    found = {
        group.words[b"listid"]: [_level(each, code_page) for each in group.named(b"listlevel")]
        for group in _table(data, b"listtable").named(b"listid")
    }
    for group in _table(data, b"listoverridetable").named(b"ls"):
        name, of = str(group.words[b"ls"]), group.words.get(b"listid", 0)
        levels = dict(enumerate(found.get(of, [])))
        starts: dict[int, int] = {}
        for depth, override in enumerate(group.named(b"lfolevel")):
            redefined = next((_level(each, code_page) for each in override.named(b"listlevel")), None)
            if redefined and b"listoverrideformat" in override.words:
                levels[depth] = redefined
            if b"listoverridestartat" in override.words:
                starts[depth] = redefined.start if redefined else override.words.get(b"levelstartat", 1)
        lists[name] = instance(name, str(of), levels, starts)
    return ListCounts(lists)


def _table(data: bytes, word: bytes) -> _Group:
    """Return the group of a table in the file's head; an empty one if there is none."""
    table = _Group()
    begin = re.search(rb"\\" + word + rb"(?![a-z])", data)
    if begin is None:
        return table
    skip = re.search(rb"\\uc(\d)", data[: begin.start()])
    n_fallback, to_skip = int(skip[1]) if skip else 1, 0
    stack = [table]
    for match in TOKEN.finditer(data, begin.end(), begin.end() + _LONGEST_TABLE):
        control, number, hexadecimal, _, brace, plain = match.groups()
        if brace == b"{":
            stack.append(_Group())
            stack[-2].groups.append(stack[-1])
        elif brace:
            stack.pop()
            if not stack:
                break
        elif control == b"u" and number:
            stack[-1].text.append(chr(int(number) & 0xFFFF))
            to_skip = n_fallback
            continue
        elif control:
            stack[-1].words[control] = int(number) if number else 1
        else:
            content = bytes.fromhex(hexadecimal.decode()) if hexadecimal else plain or b""
            stack[-1].text.append(content[to_skip:])
            to_skip = max(to_skip - len(content), 0)
            continue
        to_skip = 0
    return table


def _level(group: _Group, code_page: str) -> Level:
    words = group.words
    return Level(
        format=form_of(words.get(b"levelnfcn", words.get(b"levelnfc", 0))),
        text=next((_pattern(each.text, code_page) for each in group.named(b"leveltext")), ""),
        start=words.get(b"levelstartat", 1),
        restarts=0 if words.get(b"levelnorestart") else None,
        legal=bool(words.get(b"levellegal")),
    )


def _pattern(text: list[bytes | str], code_page: str) -> str:
    """Return what a level shows, ``%1`` for the first level's number; the first sign says how long it is."""
    pieces: list[str] = []
    pending = b""
    for part in [*text, ""]:
        if isinstance(part, bytes):
            pending += part
        else:
            pieces += pending.decode(code_page, "replace"), part
            pending = b""
    whole = "".join(pieces).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    length, shown = whole[:1], whole[1:]
    if shown.endswith(";") and len(shown) > ord(length):
        shown = shown[:-1]
    return re.sub("[\0-\10]", lambda sign: f"%{ord(sign[0]) + 1}", shown)
