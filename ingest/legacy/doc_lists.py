"""The lists of an old Word document, and the styles that make paragraphs their items ([MS-DOC] 2.9.131, 2.9.150, 2.9.271)."""

from __future__ import annotations

import struct
from dataclasses import replace

from ..office.list_counts import Level, ListCounts, ListOf, instance
from ..office.list_numbers import form_of
from .records import long_at, word_at
from .sprms import Properties, properties

_STYLES, _LISTS, _INSTANCES = 162, 738, 746
"""Offsets of their locations in the file's header."""
_LIST, _DEPTH = 0x460B, 0x260A
_LIST_BYTES, _INSTANCE_BYTES, _LEVEL_BYTES = 28, 16, 28
_SIMPLE, _LEGAL, _SAYS_RESTART = 0x01, 0x04, 0x08
_LEVELS = 9
_STARTS, _REDEFINES = 0x10, 0x20
_MOST_STYLES, _MOST_LISTS = 4096, 2048
_NO_STYLE = 0x0FFF


class DocLists:
    """Which list each paragraph is an item of, and its marker, counting along."""

    def __init__(self, main: bytes, table: bytes) -> None:
        self._styles = _styles(table, long_at(main, _STYLES), long_at(main, _STYLES + 4))
        self._counts = ListCounts(_instances(table, long_at(main, _INSTANCES), _lists(main, table)))

    def marker(self, own: Properties, style: int) -> tuple[str, int]:
        """Count a paragraph that is an item, and return its marker and depth; "" for none.

        Args:
            own: the paragraph's own properties, which go before its style's.
            style: its style's number.
        """
        of_style = self._styles.get(style, {})
        name, depth = (own.get(code, of_style.get(code, 0)) for code in (_LIST, _DEPTH))
        if str(name) not in self._counts or depth >= _LEVELS:
            return "", 0
        return self._counts.marker(str(name), depth), depth


def _styles(table: bytes, at: int, size: int) -> dict[int, Properties]:
    """Return the properties of paragraphs of each style, those it is based on included."""
    sheet = table[at : at + size]
    n_head = word_at(sheet, 0)
    n_styles, n_base = min(word_at(sheet, 2), _MOST_STYLES), word_at(sheet, 4)
    own: dict[int, Properties] = {}
    bases: dict[int, int] = {}
    position = 2 + n_head
    for number in range(n_styles):
        n_bytes = word_at(sheet, position)
        style = sheet[position + 2 : position + 2 + n_bytes]
        position += 2 + n_bytes + n_bytes % 2
        kind, base = word_at(style, 2) & 0xF, word_at(style, 2) >> 4
        if kind != 1:  # paragraphs
            continue
        bases[number] = base
        after_name = n_base + 2 + 2 * word_at(style, n_base) + 2
        own[number] = properties(style[after_name + 4 : after_name + 2 + word_at(style, after_name)])
    return {number: _inherited(number, own, bases) for number in own}


def _inherited(number: int, own: dict[int, Properties], bases: dict[int, int]) -> Properties:
    found: Properties = {}
    for _ in range(_LEVELS):  # damaged files go in circles
        found = own.get(number, {}) | found
        number = bases.get(number, _NO_STYLE)
    return found


def _lists(main: bytes, table: bytes) -> dict[int, dict[int, Level]]:
    """Return the levels of each list by its identity; they stand behind the list of lists."""
    at, size = long_at(main, _LISTS), long_at(main, _LISTS + 4)
    n_lists = min(word_at(table, at), _MOST_LISTS) if size else 0
    found: dict[int, dict[int, Level]] = {}
    position = at + size
    for number in range(n_lists):
        entry = table[at + 2 + number * _LIST_BYTES :][:_LIST_BYTES]
        if len(entry) < _LIST_BYTES:
            break
        levels: dict[int, Level] = {}
        for depth in range(1 if entry[26] & _SIMPLE else _LEVELS):
            levels[depth], position = _level(table, position)
        found[long_at(entry, 0)] = levels
    return found


def _instances(table: bytes, at: int, lists: dict[int, dict[int, Level]]) -> dict[str, ListOf]:
    """Return the lists that paragraphs name, which may begin anew or redefine levels."""
    count = min(long_at(table, at), _MOST_LISTS) if at else 0
    position = at + 4 + count * _INSTANCE_BYTES
    found: dict[str, ListOf] = {}
    for number in range(1, count + 1):
        entry = table[at + 4 + (number - 1) * _INSTANCE_BYTES :][:_INSTANCE_BYTES]
        if len(entry) < _INSTANCE_BYTES:
            break
        position += 4  # reserved
        levels, starts = dict(lists.get(long_at(entry, 0), {})), {}
        for _ in range(min(entry[12], _LEVELS)):
            start, flags = long_at(table, position), long_at(table, position + 4)
            position += 8
            depth = flags & 0xF
            if flags & _REDEFINES:
                levels[depth], position = _level(table, position)
                start = levels[depth].start
            if flags & _STARTS:
                starts[depth] = start
        if levels:
            found[str(number)] = instance(str(number), str(long_at(entry, 0)), levels, starts)
    return found


def _level(table: bytes, at: int) -> tuple[Level, int]:
    """Return how a level is numbered, and where what follows it begins."""
    head = table[at : at + _LEVEL_BYTES].ljust(_LEVEL_BYTES, b"\0")
    start, code, flags = struct.unpack_from("<iBB", head)
    text_at = at + _LEVEL_BYTES + head[24] + head[25]
    length = word_at(table, text_at)
    text = table[text_at + 2 : text_at + 2 + 2 * length].decode("utf-16-le", "replace")
    shown = "".join(f"%{ord(sign) + 1}" if sign < "\x09" else sign for sign in text)
    level = Level(form_of(code), shown, max(start, 0), legal=bool(flags & _LEGAL))
    return replace(level, restarts=head[26] if flags & _SAYS_RESTART else None), text_at + 2 + 2 * length
