"""The pictures a Markdown text holds as addresses: their text follows the paragraph that shows them.

Their bytes are dropped; code stays as is, and a picture never makes a heading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ..text.fences import lines_and_code
from .page_pictures import DATA_URI, Look

_PAYLOAD = re.compile(rf"({DATA_URI})[^\s)>\"'\]]+", re.IGNORECASE)
_DEFINITION = re.compile(rf"^ {{0,3}}\[([^\]\n]{{1,500}})\]:[ \t]*<?({DATA_URI}[^\s>]+)", re.IGNORECASE | re.MULTILINE)
_SHOWN = re.compile(
    r"!\[(?P<alt>[^\]]{0,500})\](?:\([ \t]*<?(?P<address>[^\s)>]+)|\[(?P<name>[^\]]{0,500})\]|(?!\())"
    r"|<img\b[^>]{0,500}?\bsrc[ \t]*=[ \t]*[\"']?(?P<source>[^\s>\"']+)",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"^(?=[ \t]*(?:#|=+[ \t]*$|-+[ \t]*$|`{3}|~{3}|<!--))", re.MULTILINE)


def with_pictures(text: str, look: Look) -> str:
    """Return a Markdown text with its pictures' text, each after the paragraph that shows it."""
    if "data:image/" not in text and "attachment:" not in text:
        return text
    named = {name.casefold(): address for name, address in _DEFINITION.findall(text)}
    lines: list[str] = []
    said: list[str] = []
    for line, is_code in lines_and_code(text):
        if said and (is_code or not line.strip()):
            lines += ["", *said]
            said = []
        lines.append(line if is_code else _PAYLOAD.sub(r"\1…", line))
        if not is_code:
            said += _said(line, named, look)
    return "\n".join([*lines, *(["", *said] if said else [])])


def _said(line: str, named: Mapping[str, str], look: Look) -> Iterator[str]:
    """Yield what the pictures shown in a line say, by their addresses or names for those."""
    for match in _SHOWN.finditer(line):
        address = match["address"] or match["source"] or named.get((match["name"] or match["alt"]).casefold(), "")
        yield from plain(look(address) or ())


def plain(paragraphs: Sequence[str]) -> list[str]:
    """Return consecutive paragraphs in which nothing is a heading or the start of code."""
    text = "\n\n".join(paragraphs)
    return [_MARKUP.sub(r"\\", text)] if text else []
