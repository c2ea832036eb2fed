"""The tree of a web page, and what its text is: words of different blocks apart, what nobody sees left out.

Comes in: HTML. Goes out: a tree, its nodes in order, their text on one line. Never: recursion, for pages nest tens of
thousands deep. The only file that imports selectolax.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from selectolax.lexbor import LexborHTMLParser as Tree
from selectolax.lexbor import LexborNode as Node

from ..merged import Merged, Row, fill, grid


def data_rows(table: Node) -> list[list[str]] | None:
    """Return the cells of a table of data; None for one that only lays out a page."""
    if table.css_first("table table, td h1, td h2, td h3, td pre, td ul ul, td form") is not None:
        return None
    rows = table.css("tr")
    cells = [[cell for cell in children(row) if cell.tag in {"td", "th"}] for row in rows]
    if max(map(len, cells), default=0) < 2:  # noqa: PLR2004 - one column is a layout
        return None
    return _spread(cells)


def _spread(lines: list[list[Node]]) -> list[list[str]]:
    """Return the text of each row's cells, those that span rows or columns in all that they cover."""
    rows: dict[int, Row] = {number: {} for number in range(len(lines))}
    merged: list[Merged] = []
    covered: set[tuple[int, int]] = set()
    for number, cells in enumerate(lines):
        column = 0
        for cell in cells:
            while (number, column) in covered:
                column += 1
            across, down = _span(cell, "colspan"), min(_span(cell, "rowspan"), len(lines) - number)
            rows[number][column] = text_of(cell)
            if across > 1 or down > 1:
                merged.append(Merged(number, column, across, down))
                covered |= {(number + y, column + x) for x in range(across) for y in range(1, down)}
            column += across
    fill(rows, merged)
    return grid(rows)


def _span(cell: Node, name: str) -> int:
    return min(max(number_of(cell, name, 1), 1), 100)


__all__ = [
    "BLOCKS",
    "SKIPPED",
    "SPACE",
    "Node",
    "Tree",
    "as_html",
    "children",
    "collapse",
    "events",
    "number_of",
    "text_of",
]

SKIPPED = frozenset((
    "head", "script", "style", "template", "noscript", "svg", "canvas", "audio", "video", "object", "embed",
    "datalist", "rp", "rt", "rtc", "map", "area", "col", "colgroup", "-comment", "!doctype", "-doctype",
))  # fmt: skip
BLOCKS = frozenset((
    "address", "article", "aside", "body", "center", "dd", "details", "dialog", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "footer", "form", "header", "hgroup", "html", "legend", "main", "menu", "nav", "ol",
    "optgroup", "option", "p", "search", "section", "summary", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
    "caption", "table", "li", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "iframe", "frameset",
    "frame", "noframes", "textarea", "select",
))  # fmt: skip
SPACE = re.compile(r"[ \t\n\f\r]+")
_SELF_CLOSED = re.compile(
    r"<(?!(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)\b)([A-Za-z][\w:.-]*)((?:\s[^<>]*)?)/>"
)
"""An element that ends where it begins, as in XML; for HTML only those named here do, and a script would go on to its end."""
_INVISIBLE = str.maketrans("", "", "\u200b\u00ad\ufeff")


def as_html(xhtml: str) -> str:
    """Return XHTML in which no element ends where it begins that would not in HTML."""
    return _SELF_CLOSED.sub(r"<\1\2></\1>", xhtml)


def events(root: Node, wanted: Callable[[Node], bool]) -> Iterator[tuple[Node, bool]]:
    """Yield (node, True) before and (node, False) after its children, for nodes that ``wanted`` accepts."""
    stack: list[tuple[Node, bool]] = [(root, True)]
    while stack:
        node, entering = stack.pop()
        if not entering:
            yield node, False
            continue
        following = node.next if node is not root else None
        if following is not None:
            stack.append((following, True))
        if not wanted(node):
            continue
        yield node, True
        stack.append((node, False))
        child = node.child
        if child is not None:
            stack.append((child, True))


def collapse(text: str) -> str:
    """Return text with its white space as a page shows it; a NUL stands for a line break."""
    lines = (SPACE.sub(" ", line).strip() for line in text.translate(_INVISIBLE).split("\0"))
    return "\n".join(line for line in lines if line)


def text_of(node: Node) -> str:
    """Return an element's text on one line; words of different blocks do not run together."""
    if not node.css_first("br, p, div, li, td, script, style, img, rt"):
        return SPACE.sub(" ", node.text(deep=True).translate(_INVISIBLE)).strip()
    parts: list[str] = []

    def wanted(child: Node) -> bool:
        tag = child.tag
        if tag == "-text":
            parts.append(child.text_content or "")
        elif tag == "img":
            parts.append(f" {child.attributes.get('alt') or ''} ")
        elif tag == "br" or tag in BLOCKS:
            parts.append(" ")
        return tag not in SKIPPED

    for child, entering in events(node, wanted):
        if not entering and child.tag in BLOCKS:
            parts.append(" ")
    return SPACE.sub(" ", "".join(parts).translate(_INVISIBLE)).strip()


def number_of(node: Node | None, name: str, default: int) -> int:
    """Return an attribute that is a number; ``default`` where it is none."""
    value = (node.attributes.get(name) if node is not None else None) or ""
    return int(value[:6]) if value.isascii() and value.isdecimal() else default


def children(node: Node) -> Iterator[Node]:
    """Yield the nodes right below one."""
    child = node.child
    while child is not None:
        yield child
        child = child.next
