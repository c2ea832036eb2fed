"""Text formats for people: plain text, Markdown, reStructuredText, AsciiDoc, Org, LaTeX, subtitles, source code.

Comes in: bytes. Goes out: a ``Reading`` with the file's text, word for word, and its headings.
Never: a rewrite; only what is struck out is marked, subtitles lose their cue numbers, source code is put into a fence, and in
Markdown the text in pictures replaces their bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePath

from ..document import Heading
from ..images.pictures import Pictures
from ..media import CODE_LANGUAGES, SUFFIXES
from ..reading import MarkdownWriter, Reading
from ..text import encoding
from . import text_strikes
from .markdown_pictures import with_pictures
from .page_pictures import looking


def _text(data: bytes) -> tuple[str, encoding.Decoded]:
    decoded = encoding.decode(data)
    return encoding.repair(decoded.text), decoded


def _reading(text: str, decoded: encoding.Decoded, headings: list[Heading], title: str = "") -> Reading:
    if not title and headings:
        title = min(headings[:20], key=lambda heading: heading.level).title
    return Reading(text, title, (), tuple(headings), decoded.encoding, decoded.notes)


def read_plain(data: bytes, name: str) -> Reading:  # noqa: ARG001 - the reader seam
    """Read plain text as is; it has no headings, as nothing in it is markup."""
    text, decoded = _text(data)
    return _reading(text, decoded, [])


MAX_TITLE = 500
"""Characters of a heading that are looked at; longer ones are paragraphs marked as headings."""
_FRONT_MATTER = re.compile(r"\A(?:---|\+\+\+)[ \t]*\n(?:.*\n)*?(?:---|\+\+\+|\.\.\.)[ \t]*(?:\n|\Z)")
_FRONT_TITLE = re.compile(r"""^title[ \t]*[:=][ \t]*(['"]?)(.+?)\1[ \t]*$""", re.MULTILINE | re.IGNORECASE)
_MARKDOWN = re.compile(
    r"\n {0,3}(?:"
    r"(?P<fence>`{3,}(?=[^`\n]*$)|~{3,})"
    r"|(?P<marks>#{1,6})(?:[ \t]+(?P<atx>[^\n]*))?$"
    r"|(?P<underline>=+|-+)[ \t]*$"
    r"|(?P<comment><!--)"
    r")",
    re.MULTILINE,
)
_ATX_END = re.compile(r"(?:^|[ \t]+)#+[ \t]*$")
_NOT_SETEXT = re.compile(r"\s*(?:$|[-*+>|#]|\d+[.)]\s|```|~~~|<)|(?: {4}|\t)")
_MARKED = re.compile(r"[\[`*_<{]")
_MARKUP = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|[`*]+|(?<!\w)_+|_+(?!\w)|<[^>]+>|\s*\{:?\s*[#.][^}]*\}\s*$")


def read_markdown(data: bytes, name: str) -> Reading:  # noqa: ARG001 - the reader seam
    """Read Markdown as is; headings are ATX and setext ones outside code, comments and front matter."""
    text, decoded = _text(data)
    pictures = Pictures()
    text = text_strikes.in_markdown(with_pictures(text, looking(pictures)))
    front = _FRONT_MATTER.match(text)
    title = _FRONT_TITLE.search(front.group()) if front else None
    headings = list(_markdown_headings(text, front.end() if front else 0))
    reading = _reading(text, decoded, headings, title.group(2).strip() if title else "")
    return replace(reading, notes=(*reading.notes, *pictures.notes()))


def markdown_headings(text: str) -> tuple[Heading, ...]:
    """Return the headings of a Markdown text."""
    return tuple(_markdown_headings(text, 0))


def _markdown_headings(text: str, position: int) -> Iterator[Heading]:
    # A leading "\n" lets the search jump from line break to line break, which is ten times faster than "^".
    lines = f"\n{text}"
    while match := _MARKDOWN.search(lines, position):
        position = match.end()
        if match["fence"]:
            position = _end_of_fence(lines, match["fence"], position)
        elif match["comment"]:
            position = max(lines.find("-->", position), position)
        elif match["marks"]:
            title = _plain_title(_ATX_END.sub("", match["atx"] or ""))
            if title:
                yield Heading(match.start(), len(match["marks"]), title)
        else:
            yield from _setext(text, match.start(), match["underline"])


def _end_of_fence(text: str, fence: str, position: int) -> int:
    closing = re.compile(rf"^ {{0,3}}{re.escape(fence)}{re.escape(fence[0])}*[ \t]*$", re.MULTILINE)
    found = closing.search(text, position)
    return found.end() if found else len(text)


def _setext(text: str, start_of_underline: int, underline: str) -> Iterator[Heading]:
    end = start_of_underline - 1
    start = text.rfind("\n", 0, max(end, 0)) + 1
    line = text[start:end] if end > start else ""
    # One "-" under a line is more often an empty list item than a heading.
    if line and len(underline) > 1 and not _NOT_SETEXT.match(line):
        title = _plain_title(line)
        if title:
            yield Heading(start, 1 if underline[0] == "=" else 2, title)


def _plain_title(title: str) -> str:
    title = title[:MAX_TITLE]
    if _MARKED.search(title):
        title = _MARKUP.sub(r"\1", title)
    return " ".join(title.split())


_RST_HEADING = re.compile(
    r"^(?:(?P<over>([!-/:-@\[-`{-~])\2{2,})[ \t]*\n[ \t]*)?(?P<title>\S[^\n]*)\n(?P<under>([!-/:-@\[-`{-~])\5{2,})[ \t]*$",
    re.MULTILINE,
)


def read_rst(data: bytes, name: str) -> Reading:  # noqa: ARG001 - the reader seam
    """Read reStructuredText as is; heading levels follow the order in which adornments appear."""
    text, decoded = _text(data)
    styles: list[tuple[str, bool]] = []
    headings = []
    for match in _RST_HEADING.finditer(text):
        title, under, over = match["title"].rstrip(), match["under"], match["over"]
        if len(under) < len(title) * 0.6 or title.startswith(("..", "=", "-", "+")) or (over and over[0] != under[0]):
            continue
        style = (under[0], bool(over))
        if style not in styles:
            styles.append(style)
        headings.append(Heading(match.start(), min(styles.index(style) + 1, 6), _rst_title(title)))
    return _reading(text, decoded, headings)


def _rst_title(title: str) -> str:
    return " ".join(re.sub(r":\w+:`|`+_*|\*+", "", title).split())


_ASCIIDOC_HEADING = re.compile(r"^(={1,6}|#{1,6})[ \t]+(\S[^\n]*)$|^(-{4,}|\.{4,}|={4,}|\*{4,})[ \t]*$", re.MULTILINE)
_ORG_HEADING = re.compile(
    r"^(\*{1,8})[ \t]+(?:TODO |DONE )?(\S[^\n]*)$|^[ \t]*#\+(begin_\w+)", re.MULTILINE | re.IGNORECASE
)


def read_asciidoc(data: bytes, name: str) -> Reading:  # noqa: ARG001 - the reader seam
    """Read AsciiDoc as is; listings and literal blocks hold no headings."""
    text, decoded = _text(data)
    text = text_strikes.in_asciidoc(text)
    headings = []
    block = ""
    for match in _ASCIIDOC_HEADING.finditer(text):
        if match[3]:
            block = "" if block == match[3] else block or (match[3] if match[3][0] in "-." else "")
        elif not block:
            headings.append(Heading(match.start(), len(match[1]), match[2].strip()))
    return _reading(text, decoded, headings)


def read_org(data: bytes, name: str) -> Reading:  # noqa: ARG001 - the reader seam
    """Read an Org file as is; its title is that of ``#+TITLE``."""
    text, decoded = _text(data)
    text = text_strikes.in_org(text)
    title = re.search(r"^#\+title:[ \t]*(.+)$", text, re.MULTILINE | re.IGNORECASE)
    headings = [
        Heading(match.start(), min(len(match[1]), 6), re.sub(r"\s+:[\w:@]+:\s*$", "", match[2]))
        for match in _ORG_HEADING.finditer(text)
        if match[1]
    ]
    return _reading(text, decoded, headings, title[1].strip() if title else "")


_TEX_LEVELS = ("part", "chapter", "section", "subsection", "subsubsection", "paragraph")
_TEX_HEADING = re.compile(rf"\\({'|'.join(_TEX_LEVELS)})\*?\s*(?:\[[^\]]*\]\s*)?\{{")
_MAX_BRACES = 10
_TEX_TITLE = re.compile(r"\\title\s*(?:\[[^\]]*\]\s*)?\{")
_TEX_COMMAND = re.compile(r"\\(?:label|footnote|thanks|cite\w*)\{[^{}]*\}|\\\\|\\[A-Za-z]+\*?\s*|[{}$~]")


def read_tex(data: bytes, name: str) -> Reading:  # noqa: ARG001 - the reader seam
    """Read LaTeX as is; sections are headings, commented-out ones are not."""
    text, decoded = _text(data)
    text = text_strikes.in_latex(text)
    found = [match for match in _TEX_HEADING.finditer(text) if not _commented(text, match.start())]
    top = min((_TEX_LEVELS.index(match[1]) for match in found), default=0)
    headings = []
    for match in found:
        title = _tex_argument(text, match.end())
        if title:
            headings.append(Heading(match.start(), min(_TEX_LEVELS.index(match[1]) - top + 1, 6), title))
    named = _TEX_TITLE.search(text)
    return _reading(text, decoded, headings, _tex_argument(text, named.end()) if named else "")


def _commented(text: str, position: int) -> bool:
    earliest = max(position - MAX_TITLE, 0)
    line = text[max(text.rfind("\n", earliest, position) + 1, earliest) : position]
    return "%" in line.replace("\\%", "")


def _tex_argument(text: str, start: int) -> str:
    depth = 1
    for match in re.compile(r"\\.|[{}]", re.DOTALL).finditer(text, start, start + MAX_TITLE):
        depth += {"{": 1, "}": -1}.get(match.group(), 0)
        if depth > _MAX_BRACES:
            break
        if depth == 0:
            return " ".join(_TEX_COMMAND.sub(" ", text[start : match.start()]).split())
    return ""


_CUE_TIME = re.compile(r"^((?:\d+:)?\d\d:\d\d)[.,]\d+[ \t]*-->.*$")
_CUE_TAG = re.compile(r"</?(?:[cibuv]|lang|ruby|rt|font)(?:[.\s][^>]*)?>|<\d[\d:.]*>|\{\\[^}]*\}", re.IGNORECASE)
_CUE_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]+)>")


def read_subtitles(data: bytes, name: str) -> Reading:
    """Read SubRip or WebVTT: one paragraph per cue, with its start time in front; repeated lines appear once."""
    text, decoded = _text(data)
    writer = MarkdownWriter()
    previous: list[str] = []
    for block in re.split(r"\n[ \t]*(?:\n[ \t]*)+", text.strip()):
        lines = block.split("\n")
        at = next((number for number, line in enumerate(lines[:3]) if _CUE_TIME.match(line)), None)
        if at is None:
            if not lines[0].startswith(("STYLE", "REGION", "WEBVTT")):
                writer.block(block)
            continue
        spoken = [line for line in (_cue_line(line) for line in lines[at + 1 :]) if line]
        fresh = [line for line in spoken if line not in previous]
        previous = spoken
        if fresh:
            time = _CUE_TIME.sub(r"\1", lines[at])
            writer.block(f"[{time}] {' '.join(fresh)}")
    return writer.finish(PurePath(name).stem, decoded.encoding, decoded.notes)


def _cue_line(line: str) -> str:
    return _CUE_TAG.sub("", _CUE_VOICE.sub(r"\1: ", line)).strip()


_DEFINITIONS = {
    "python": r"^(?:async )?(?:def|class) (\w+)",
    "javascript": r"^(?:export )?(?:default )?(?:async )?(?:function\*?|class) (\w+)",
    "typescript": r"^(?:export )?(?:default )?(?:abstract )?(?:async )?(?:function|class|interface|enum|namespace) (\w+)",
    "java": r"^(?:(?:public|private|protected|abstract|final|static|sealed) )*(?:class|interface|enum|record) (\w+)",
    "csharp": r"^\s{0,4}(?:(?:public|internal|abstract|sealed|static|partial) )*(?:class|interface|enum|record|struct) (\w+)",
    "go": r"^(?:func (?:\([^)]*\) )?|type )(\w+)",
    "rust": r"^(?:pub(?:\([^)]*\))? )?(?:async |unsafe |const )*(?:fn|struct|enum|trait|mod|impl(?:<[^>]*>)?) (\w+)",
    "c": r"^(?:struct|enum|union) (\w+)|^[A-Za-z_][\w \t*]{0,200}?\b(\w+)\([^;\n]{0,300}\)\s{0,9}\{",
    "cpp": r"^(?:class|struct|enum|namespace) (\w+)|^[A-Za-z_][\w \t*:<>&,]{0,200}?\b([\w:~]+)\([^;\n]{0,300}\)[^;\n]{0,99}\{",
    "ruby": r"^\s{0,2}(?:class|module|def) ([\w.:?!]+)",
    "php": r"^(?:(?:abstract|final) )?(?:function|class|interface|trait) (\w+)",
    "bash": r"^(?:function )?(\w+)\s*\(\)",
    "sql": r"(?i)^create\s+(?:or\s+replace\s+)?(?:temp\w*\s+)?\w+\s+(?:if\s+not\s+exists\s+)?([\w.\"`\[\]]+)",
}


def read_code(data: bytes, name: str) -> Reading:
    """Read source code as one fenced block; top-level definitions are headings, so that passages name them."""
    text, decoded = _text(data)
    kind = SUFFIXES.get(PurePath(name).suffix.lower(), "text/x-").removeprefix("text/x-")
    language = kind if kind in CODE_LANGUAGES else ""
    writer = MarkdownWriter()
    writer.code(text, language)
    fenced = writer.finish()
    pattern = _DEFINITIONS.get(language)
    headings = [
        Heading(match.start(), 2, next(title for title in match.groups() if title))
        for match in (re.finditer(pattern, fenced.text, re.MULTILINE) if pattern else ())
    ]
    return Reading(fenced.text, PurePath(name).name, (), tuple(headings), decoded.encoding, decoded.notes)
