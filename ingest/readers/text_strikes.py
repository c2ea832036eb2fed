"""What the markup of text files strikes out, marked as Markdown does; code is left alone, to the end if it is not closed."""

from __future__ import annotations

import re

from ..struck import finished, struck

_MARKDOWN = re.compile(
    r"^(?P<fence>`{3,}|~{3,})[^\n]*\n.*?^(?P=fence)|(?P<ticks>`+)[^`\n]+(?P=ticks)"
    r"|<(?P<tag>del|s|strike)(?:\s[^<>]{0,200})?>(?P<inside>(?:(?!\n[ \t]*\n).){1,2000}?)</(?P=tag)>",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
_ASCIIDOC = re.compile(
    r"^(?P<fence>-{4,}|\.{4,})[ \t]*\n.*?(?:^(?P=fence)[ \t]*$|\Z)|`[^`\n]+`"
    r"|\[(?:\.?(?:line-through|strike|del))\](?P<hash>\#{1,2})(?P<inside>(?:(?!\n[ \t]*\n)[^#]){1,2000}?)(?P=hash)",
    re.MULTILINE | re.DOTALL,
)
_ORG = re.compile(
    r"^[ \t]*\#\+begin_(?P<kind>src|example|verse)\b.*?(?:^[ \t]*\#\+end_(?P=kind)|\Z)|^[ \t]*:[ ][^\n]*|[=~][^=~\n]+[=~]"
    r"|(?<![^\s(\[{'\"-])\+(?![\s+=-])(?P<inside>[^+\n]{1,500}?)(?<!\s)\+(?![^\s)\]}'\".,:;!?-])",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
_LATEX = re.compile(
    r"\\begin\{(?P<kind>verbatim|lstlisting|minted)\*?\}.*?(?:\\end\{(?P=kind)\*?\}|\Z)|(?<!\\)%[^\n]*|\\verb(?P<bar>[|+!])[^\n]*?(?P=bar)"
    r"|\\(?:sout|st|xout|hcancel|deleted)(?:\[[^\]\n]*\])?\{(?P<inside>(?:[^{}]|\{[^{}]*\}){1,2000})\}",
    re.DOTALL,
)


def in_markdown(text: str) -> str:
    """Return Markdown with what HTML in it strikes out marked."""
    return _marked(_MARKDOWN, text)


def in_asciidoc(text: str) -> str:
    """Return AsciiDoc with text of the role ``line-through`` marked."""
    return _marked(_ASCIIDOC, text)


def in_org(text: str) -> str:
    """Return Org with text between plus signs marked."""
    return _marked(_ORG, text)


def in_latex(text: str) -> str:
    r"""Return LaTeX with the arguments of ``\sout`` and its kin marked."""
    return _marked(_LATEX, text)


def _marked(pattern: re.Pattern[str], text: str) -> str:
    return pattern.sub(lambda match: finished(struck(match["inside"])) if match["inside"] else match[0], text)
