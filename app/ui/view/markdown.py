"""Renders Markdown as HTML with places marked: sentences with their sources, quotes in a document.

Never a script, an image from elsewhere, or an address that runs something; markup in the text stays text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape as escape_html
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token
    from markdown_it.utils import OptionsDict

_OPEN, _SHUT = "\U00010a57", "\U00010a58"
"""Sentinels for the start and end of a marked place while the Markdown is parsed: Kharoshthi punctuation, so that the rules for
emphasis treat them like a full stop. They are removed from the text itself."""
_PREFIX = re.compile(r"(?:[ \t]*(?:[-*+]|\d{1,9}[.)]|\#{1,6}|>)(?=[ \t]))*[ \t]*\|?[ \t]*")
"""Prefix that must stay at the start of its line: a list item, a heading, a quotation, a table row."""
_SUFFIX = re.compile(r"[ \t]*\|?\s*$")
_BARE = re.compile(
    r"(?:[ \t]*(?:>|(?:[-*+]|\d{1,9}[.)])(?=[ \t])))*[ \t]*"
    r"(?:(?:```|~~~).*|\|?(?:[ \t]*:?-+:?[ \t]*\|)+[ \t:-]*|[-*_=][-*_= \t]*)"
)
"""A line where nothing may be marked: a fence, a table rule, a horizontal rule."""
_PIECES = re.compile(rf"(<[^>]*>|{_OPEN}|{_SHUT})")
_INLINE = re.compile(r"</?(?:strong|em|s|code|a|br|span)\b[^>]*>")
_TEMPLATE = str.maketrans({"{": "&#123;", "}": "&#125;", "$": "&#36;", "`": "&#96;", "\\": "&#92;"})
_SAFE = ("http://", "https://", "mailto:")


def escape(text: str) -> str:
    """Return text escaped for HTML, also where Gradio treats the HTML as a template."""
    return escape_html(text).translate(_TEMPLATE)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a text, and the HTML to put around and after it."""

    start: int
    stop: int
    before: str
    after: str
    tail: str = ""


def render(text: str, places: Sequence[Place] = (), *, lines: bool = True, markdown: bool = True) -> str:
    """Return Markdown as HTML.

    Args:
        text: the Markdown; its own HTML is shown as text.
        places: places to mark, in order and without overlaps.
        lines: whether line breaks in the text are kept.
        markdown: whether indented lines are code, as in a Markdown file; otherwise they are plain indented lines.
    """
    inside = ((place, *_inside(text, place.start, place.stop)) for place in places)
    kept = [(place, start, stop) for place, start, stop in inside if start < stop]
    source = _with_signs(text, [(start, stop) for _, start, stop in kept])
    places = [place for place, _, _ in kept]
    return _marked(_reader(lines, markdown).render(source), places).translate(_TEMPLATE)


def _with_signs(text: str, places: Sequence[tuple[int, int]]) -> str:
    parts, at = [], 0
    for start, stop in places:
        parts += [_plain(text[at:start]), _OPEN, _plain(text[start:stop]), _SHUT]
        at = stop
    return "".join([*parts, _plain(text[at:])])


def _plain(text: str) -> str:
    return text.replace(_OPEN, "").replace(_SHUT, "")


def _inside(text: str, start: int, stop: int) -> tuple[int, int]:
    """Return a place without the prefixes and suffixes of its lines, so that they are still parsed correctly."""
    while start < stop:
        line_start, line_end = _line(text, start)
        if _BARE.fullmatch(text, line_start, line_end) or not text[start : min(line_end, stop)].strip():
            start = min(line_end + 1, stop)
            continue
        if prefix := _PREFIX.match(text, line_start, line_end):
            start = max(start, prefix.end())
        break
    while start < stop:
        line_start, line_end = _line(text, stop)
        prefix = _PREFIX.match(text, line_start, line_end)
        if not _BARE.fullmatch(text, line_start, line_end) and prefix and prefix.end() < stop:
            break
        stop = max(line_start - 1, start)
    suffix = _SUFFIX.search(text, start, stop)
    return start, max(start, suffix.start()) if suffix else stop


def _line(text: str, at: int) -> tuple[int, int]:
    """Return where the line around a position begins and ends."""
    end = text.find("\n", at)
    return text.rfind("\n", 0, at) + 1, len(text) if end < 0 else end


def _marked(html: str, places: Sequence[Place]) -> str:
    """Return HTML with the sentinels replaced; a place that spans several blocks is marked in each of them."""
    out: list[str] = []
    waiting: Iterator[Place] = iter(places)
    current: Place | None = None
    run: list[str] = []
    for piece in _PIECES.split(html):
        if piece == _OPEN:
            current = next(waiting, None)
        elif piece == _SHUT:
            out += [*_around(run, current), current.tail if current else ""]
            current, run = None, []
        elif current is None:
            out.append(piece)
        elif piece.startswith("<") and not _INLINE.fullmatch(piece):
            out += [*_around(run, current), piece]
            run = []
        else:
            run.append(piece)
    return "".join([*out, *_around(run, current)])


def _around(run: list[str], place: Place | None) -> list[str]:
    """Return the pieces of a line with a place's marks around them, or around each text if tags are unbalanced."""
    if place is None or not "".join(run).strip():
        return run
    depth = 0
    for piece in run:
        depth += 0 if not piece.startswith("<") or piece.startswith("<br") else -1 if piece.startswith("</") else 1
        if depth < 0:
            break
    if depth == 0:
        return [place.before, *run, place.after]
    return [
        piece if piece.startswith("<") or not piece.strip() else f"{place.before}{piece}{place.after}" for piece in run
    ]


@cache
def _reader(lines: bool, markdown: bool) -> MarkdownIt:  # noqa: FBT001  the key of a cache
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False, "breaks": lines}).enable(["table", "strikethrough"])
    reader.disable(["html_block", "html_inline", "reference", "lheading", *(() if markdown else ("code",))])
    for name, rule in (
        ("image", _image), ("link_open", _link_open), ("link_close", _link_close), ("table_open", _table_open),
        ("table_close", _table_close), ("heading_open", _heading), ("heading_close", _heading),
    ):  # fmt: skip
        reader.add_render_rule(name, rule)
    return reader


def _image(_: RendererHTML, tokens: Sequence[Token], index: int, *__: object) -> str:
    """Show an image as its name: fetching it would tell its host who reads this."""
    return f'<span class="kb-image">{escape_html(tokens[index].content) or "…"}</span>'


def _link_open(
    _: RendererHTML, tokens: Sequence[Token], index: int, __: OptionsDict, env: MutableMapping[str, object]
) -> str:
    address = str(tokens[index].attrGet("href") or "")
    safe = address.lower().startswith(_SAFE)
    env["shut"] = [*_shut(env), "</a>" if safe else "</span>"]
    href = escape_html(address, quote=True)
    return f'<a href="{href}" target="_blank" rel="noopener noreferrer nofollow">' if safe else "<span>"


def _link_close(
    _: RendererHTML, __: Sequence[Token], ___: int, ____: OptionsDict, env: MutableMapping[str, object]
) -> str:
    *kept, last = _shut(env) or ["</span>"]
    env["shut"] = kept
    return last


def _shut(env: MutableMapping[str, object]) -> list[str]:
    """Return the closing tags of the open links."""
    kept = env.get("shut")
    return kept if isinstance(kept, list) else []


def _table_open(*_: object) -> str:
    return '<div class="kb-table" tabindex="0" role="group"><table>'


def _table_close(*_: object) -> str:
    return "</table></div>"


def _heading(_: RendererHTML, tokens: Sequence[Token], index: int, *__: object) -> str:
    """Show a heading in a text as bold: real headings belong to the page."""
    level = tokens[index].tag[1:]
    return f'<p class="kb-heading kb-heading-{level}">' if tokens[index].nesting == 1 else "</p>\n"
