"""Markdown that leaves kb: any viewer can show it without fetching or running anything.

Comes in: an answer's text. Goes out: the same without images and HTML, with links to the web and mail only. Never: an address
by which a document's author, or a model, could exfiltrate data.
"""

from __future__ import annotations

import html
import re

_CODE = re.compile(r"(```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]*`)", re.DOTALL)
_ADDRESS = r"\(\s*(<[^>\n]*>|(?:[^()\n]|\([^()\n]*\))*?)(?:\s+(?:\"[^\"\n]*\"|'[^'\n]*'))?\s*\)"
_IMAGE = re.compile(rf"!\[([^\]\n]*)\](?:{_ADDRESS}|\[[^\]\n]*\])")
_LINK = re.compile(rf"\[([^\]\n]*)\]{_ADDRESS}")
_AUTOLINK = re.compile(r"<([a-zA-Z][a-zA-Z0-9+.-]*:[^<>\s]*)>")
_DEFINITION = re.compile(r"^[ ]{0,3}\[(?!\d+\])([^\]\n]+)\]:[ \t]*\S.*$", re.MULTILINE)
_TAG = re.compile(
    r"</?(?:a|applet|audio|base|body|embed|form|frame|iframe|image|img|input|link|math|meta|object|picture|script|source|style"
    r"|svg|table|td|track|video)\b[^<>]*>",
    re.IGNORECASE,
)
"""Tags that fetch or run something; others are often just words in angle brackets."""
_HALF = re.compile(r"(?:!?\[[^\]\n]*(?:\](?:\([^)\n]*)?)?|<[^<>\n]*|!)$")
_SAFE = ("http", "https", "mailto")


def harmless(text: str) -> str:
    """Return Markdown that makes no viewer fetch an image or run anything; code is left alone."""
    parts = _CODE.split(text)
    return "".join(part if at % 2 else _tamed(part) for at, part in enumerate(parts))


def whole_so_far(text: str) -> str:
    """Return the part of a streamed text whose meaning later text cannot change."""
    return text[: half.start()] if (half := _HALF.search(text)) else text


def _tamed(text: str) -> str:
    text = _IMAGE.sub(r"\1", text)
    text = _LINK.sub(lambda found: found.group() if _is_safe(found[2]) else found[1], text)
    text = _AUTOLINK.sub(
        lambda found: f"[{found[1]}]({found[1]})" if _is_safe(found[1]) else found[1].partition(":")[2], text
    )
    return _TAG.sub("", _DEFINITION.sub("", text))


def _is_safe(address: str) -> bool:
    """Return whether an address leads to the web, to mail, or nowhere outside the document."""
    plain = "".join(html.unescape(address.strip("<> ")).split())
    scheme, colon, _ = "".join(letter for letter in plain if letter.isprintable()).partition(":")
    return not colon or scheme.lower() in _SAFE or not re.fullmatch(r"[\w+.-]+", scheme)
