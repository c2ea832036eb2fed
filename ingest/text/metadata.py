"""What a file says about itself in its front matter: title, date, author, tags.

Comes in: a document's text. Goes out: key and value pairs. Never: nested values, or front matter that runs on for pages.
"""

from __future__ import annotations

import re

MAX_FRONT_MATTER = 20_000
MAX_VALUE = 1_000

_FENCED = re.compile(r"\A(---|\+\+\+)[ \t]*\n(.*?)\n(?:\1|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_PAIR = re.compile(r"^([A-Za-z][\w -]{0,40}?)[ \t]*[:=][ \t]*(.*)$")
_ITEM = re.compile(r"^[ \t]*-[ \t]+(.+)$")


def front_matter(text: str) -> tuple[tuple[str, str], ...]:
    """Return the pairs of YAML or TOML front matter, keys in lower case, sorted; lists are joined by commas.

    Only what can be read without a parser for either: top-level pairs, lists of plain values.
    """
    match = _FENCED.match(text[:MAX_FRONT_MATTER])
    if match is None:
        return ()
    found: dict[str, str] = {}
    key = ""
    for line in match[2].split("\n"):
        if pair := _PAIR.match(line):
            key = pair[1].strip().lower()
            found[key] = _value(pair[2])
        elif key and (item := _ITEM.match(line)):
            found[key] = ", ".join(part for part in (found[key], _value(item[1])) if part)
    return tuple(sorted((name, value[:MAX_VALUE]) for name, value in found.items() if value))


def _value(text: str) -> str:
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        return ", ".join(part for part in map(_value, text[1:-1].split(",")) if part)
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if quoted else text
