"""Text that is struck out, or hidden by its program: it stays, marked ``~~so~~``, so that nobody takes it for valid.

Comes in: pieces of text as a reader meets them. Goes out: the same with marks that ``finished`` writes out for a whole block.
Never: a word left out, or a mark over several lines, which Markdown would not read.
"""

from __future__ import annotations

import re

STRUCK, STRUCK_END, _HIDDEN, _HIDDEN_END = "\x0e\x0f\x10\x11"
"""Characters found in no text; adjacent marks become one."""
_MARKED = re.compile(f"([{STRUCK}{_HIDDEN}])([^{STRUCK}-{_HIDDEN_END}]*)[{STRUCK_END}{_HIDDEN_END}]")
_ANY_MARK = re.compile(f"[{STRUCK}-{_HIDDEN_END}]")
_LINE = re.compile(r"(\s*(?:(?:[-*+>]|#{1,6}|\d{1,4}[.)])\s+)*)(.*?)(\s*)", re.DOTALL)
_SPACES = re.compile(r"(?<=\S)  +(?=~~)|(?<=~~)  +(?=\S)")
_LABEL = "(hidden) "


def struck(text: str) -> str:
    """Mark a piece of text as struck out."""
    return f"{STRUCK}{text}{STRUCK_END}" if text else ""


def hidden(text: str) -> str:
    """Mark a piece of text as hidden by its program."""
    return f"{_HIDDEN}{text}{_HIDDEN_END}" if text else ""


def joined(text: str) -> str:
    """Return text with adjacent marks joined."""
    return text.replace(STRUCK_END + STRUCK, "").replace(_HIDDEN_END + _HIDDEN, "")


def finished(text: str) -> str:
    """Return the text of a block with its marks written out, line by line."""
    if STRUCK not in text and _HIDDEN not in text:
        return text
    text = joined(text)
    while _MARKED.search(text):
        text = _MARKED.sub(_written, text)
    return _SPACES.sub(" ", _ANY_MARK.sub("", text))


def hidden_pieces(text: str) -> list[str]:
    """Return how many pieces of a finished text are marked as hidden, to be named; without their words."""
    n_hidden = text.count(f"~~{_LABEL}")
    return [f"~~{_LABEL}…~~ × {n_hidden}"] if n_hidden else []


def _written(match: re.Match[str]) -> str:
    label = _LABEL if match[1] == _HIDDEN else ""
    return "\n".join(_line(line, label) for line in match[2].replace("~~", "").split("\n"))


def _line(line: str, label: str) -> str:
    parts = _LINE.fullmatch(line)
    if parts and parts[2]:
        return f"{parts[1]}~~{label}{parts[2]}~~{parts[3]}"
    mark = line.strip()  # a number alone, such as one that was deleted
    return line.replace(mark, f"~~{label}{mark}~~") if mark else line
