"""What an embedding model sees of a passage: its words, without Markdown marks and addresses.

Comes in: Markdown. Goes out: less of it. Never: a visible word left out; or the input of keyword search, which finds
addresses too.

A model averages over tokens, and an address is many that mean nothing.
"""

from __future__ import annotations

import re

_ADDRESS = r"(?:<[^<>\n]*>|[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)"
_LOOKS_SO = r"(?=<|\)|[^()\s]*[./#:?])"
"""At its start: something of an address, or nothing at all. ``[m/n](k+1)`` is a formula."""
_TITLE = r"(?:\s+(?:\"[^\"\n]*\"|'[^'\n]*'))?"
_NO_CALL = r"(?<![A-Za-z0-9_)\]\\])"
"""What never precedes a link: ``handlers[0](request)`` calls a list item."""
_LINK = re.compile(rf"{_NO_CALL}!?\[((?:[^\[\]\n]|\[[^\[\]\n]*\])*)\]\({_LOOKS_SO}{_ADDRESS}{_TITLE}\)")
_REFERENCE = re.compile(rf"{_NO_CALL}!?\[([^\[\]\n]+)\]\[[^\[\]\n]*\]")
_TARGET = re.compile(rf"^ {{0,3}}\[[^\^\[\]\n][^\[\]\n]*\]:[ \t]+{_ADDRESS}{_TITLE}[ \t]*$", re.MULTILINE)
_COMMENT = re.compile(r"<!--.{0,2000}?-->", re.DOTALL)
_TAG = re.compile(
    r"</?(?:a|abbr|b|blockquote|br|center|code|dd|details|div|dl|dt|em|figcaption|figure|font|footer|h[1-6]|header|hr|i|iframe"
    r"|img|kbd|li|mark|nav|ol|p|pre|section|small|span|strong|sub|summary|sup|svg|table|tbody|td|tfoot|th|thead|tr|tt|u|ul"
    r"|video)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
"""Not anything in angle brackets: ``Option<String>``."""
_ATTRIBUTES = re.compile(r"\{:?[ \t]*[#.][A-Za-z][\w-]*(?:[ \t]+[#.]?[A-Za-z][\w-]*(?:=[^\s{}]*)?)*[ \t]*\}")
"""``{ #anchor .class target=_blank }``, as kramdown, Pandoc and MkDocs write them."""
_RULE = re.compile(r"^[ \t]*\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*$", re.MULTILINE)
_ROW = re.compile(r"^[ \t]*\|.*\|[ \t]*$", re.MULTILINE)
_BAR = re.compile(r"(?<!\\)\|[ \t]*")
_BOLD = re.compile(r"(?<![A-Za-z0-9)])\*\*|\*\*(?![A-Za-z0-9(])")
"""Not a power: ``2**3``."""
_HEADING = re.compile(r"^#{1,6}[ \t]+", re.MULTILINE)
_QUOTATION = re.compile(r"^(?:>[ \t]?)+", re.MULTILINE)
_REPEATED = tuple((sign * 4, re.compile(f"{re.escape(sign)}{{4,}}"), " ") for sign in "-=.~·…—*+#_")
"""Rules, dot leaders, blanks to fill in: one token per sign."""

_LEFT_OUT: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("](", _LINK, r"\1"),
    ("](", _LINK, r"\1"),  # again: a picture may be what is linked
    ("][", _REFERENCE, r"\1"),
    ("]:", _TARGET, ""),
    ("<!--", _COMMENT, ""),
    ("<", _TAG, " "),
    ("{", _ATTRIBUTES, ""),
    ("|", _RULE, ""),
    ("**", _BOLD, ""),
    ("~~", re.compile(r"~~(?=\S)|(?<=\S)~~"), ""),
    ("`", re.compile("`+"), ""),
    ("#", _HEADING, ""),
    (">", _QUOTATION, ""),
    *_REPEATED,
)
"""What a text must contain for a pattern to be tried, and the replacement."""


def without_markup(text: str) -> str:
    """Return the words of Markdown; the text as is if it has none besides its markup."""
    plain = text
    for sign, pattern, instead in _LEFT_OUT:
        if sign in plain:
            plain = pattern.sub(instead, plain)
    if "|" in plain:
        plain = _ROW.sub(lambda row: _BAR.sub(" ", row[0]).strip(), plain)
    return plain.strip() if re.search(r"\w", plain) else text
