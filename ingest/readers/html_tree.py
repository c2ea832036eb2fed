"""The tree of a web page, and its text: words of different blocks apart, invisible text left out.

Without recursion, as pages nest tens of thousands deep. The only file that imports selectolax.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice, takewhile

from selectolax.lexbor import LexborHTMLParser as Tree
from selectolax.lexbor import LexborNode as Node

from ..merged import Merged, Row, table_of
from ..struck import struck
from ..text.symbols import as_shown, raised

_HEAVY = "table, h1, h2, h3, h4, pre, ul ul, form"
"""What data cells rarely hold, and layouts often."""
_NAMED = "th, caption, thead"
_MOST_HEAVY = 0.25


def data_rows(table: Node) -> list[list[str]] | None:
    """Return the cells of a data table; None if it only lays out a page."""
    rows = list(_rows(table))
    cells = [[cell for cell in children(row) if cell.tag in {"td", "th"}] for row in rows]
    if max(map(len, cells), default=0) < 2:  # noqa: PLR2004 - one column is a layout
        return None
    heavy = sum(cell.css_first(_HEAVY) is not None for row in cells for cell in row)
    total = sum(map(len, cells))
    named = any(cell.tag == "th" for row in cells for cell in row) and len(rows) > 1
    if heavy and (heavy > total * _MOST_HEAVY if named else len(rows) < 3 or heavy > 1):  # noqa: PLR2004
        return None
    return _spread(cells, _n_heads(rows, cells))


def _rows(table: Node) -> Iterator[Node]:
    """Yield the rows of a table, but not of tables in it."""
    for child in children(table):
        if child.tag == "tr":
            yield child
        elif child.tag in {"thead", "tbody", "tfoot"}:
            yield from _rows(child)


def _n_heads(rows: list[Node], cells: list[list[Node]]) -> int:
    """Return how many rows the page marks as a table's head; 0 if none."""
    n_marked = sum(row.parent is not None and row.parent.tag == "thead" for row in rows)
    n_named = len(list(takewhile(lambda row: row and all(cell.tag == "th" for cell in row), cells)))
    return n_marked or n_named


def _spread(lines: list[list[Node]], n_heads: int) -> list[list[str]]:
    """Return the text of each row's cells, those spanning rows or columns in all they cover."""
    rows: dict[int, Row] = {number: {} for number in range(len(lines))}
    merged: list[Merged] = []
    covered: set[tuple[int, int]] = set()
    for number, cells in enumerate(lines):
        column = 0
        for cell in cells:
            while (number, column) in covered:
                column += 1
            across, down = _span(cell, "colspan"), min(_span(cell, "rowspan"), len(lines) - number)
            rows[number][column] = _cell_text(cell)
            if across > 1 or down > 1:
                merged.append(Merged(number, column, across, down))
                covered |= {(number + y, column + x) for x in range(across) for y in range(1, down)}
            column += across
    return table_of(rows, merged, n_heads)


def _cell_text(cell: Node) -> str:
    """Return a cell's text on one line; a nested table's with commas between cells and semicolons between rows."""
    if cell.parent is not None and is_struck(cell.parent):
        return struck(text_of(cell))
    if cell.css_first("table") is None:
        return text_of(cell)
    parts: list[str] = []
    for child in children(cell):
        rows = _cells_of(child) if child.tag == "table" else None
        parts.append("; ".join(", ".join(filter(None, row)) for row in rows) if rows else text_of(child))
    return " ".join(filter(None, parts))


def _cells_of(table: Node) -> list[list[str]]:
    return [[text_of(cell) for cell in children(row) if cell.tag in {"td", "th"}] for row in _rows(table)]


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
    "is_struck",
    "number_of",
    "show_signs",
    "strike_by_rules",
    "text_of",
    "write_rules",
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
"""An element that closes itself, as in XML; in HTML only those named here do, and a script would run on to the end."""
_NUMBER = re.compile(r"\s*([+-]?[0-9]{1,6})")
_INVISIBLE = str.maketrans("", "", "\u200b\u00ad\ufeff")


def as_html(xhtml: str) -> str:
    """Return XHTML in which no element closes itself that would not in HTML."""
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


_PARTED = "br, p, div, li, td, script, style, img, rt, s, del, strike, [style*='line-through' i]"
_THROUGH = re.compile("line-through", re.IGNORECASE)
_OWN = "/**/"
"""Parts what rules say of an element from what it says itself."""
_MAX_RULES = 50


def is_struck(node: Node) -> bool:
    """Return whether an element strikes its text out."""
    return node.tag in {"s", "del", "strike"} or "line-through" in (node.attributes.get("style") or "").lower()


def strike_by_rules(tree: Tree) -> None:
    """Write into elements that the page's own style sheets strike them out."""
    write_rules(tree, lambda rule: "text-decoration:line-through" if _THROUGH.search(rule) else "")


def write_rules(tree: Tree, style: Callable[[str], str]) -> None:
    """Write a style into the elements that rules of the page's own style sheets select; what they say themselves goes last.

    Args:
        tree: the page.
        style: returns what to write for the declarations of a rule; "" for nothing.
    """
    for sheet in tree.css("style"):
        rules = (rule.rpartition("{") for rule in sheet.text(deep=True).split("}"))
        found = ((selector.rpartition("{")[2].strip(), style(said)) for selector, _, said in rules)
        for selector, written in islice(((of, written) for of, written in found if written), _MAX_RULES):
            try:
                nodes = tree.css(selector) if ":" not in selector else []
            except (ValueError, RuntimeError):  # a selector the parser does not know
                continue
            for node in nodes:
                before, _, own = (node.attributes.get("style") or "").rpartition(_OWN)
                node.attrs["style"] = f"{before}{written};{_OWN}{own}"


_SET = "sup, font[face], [style*='super' i], [style*='font-family' i]"
_SUPER = re.compile(r"vertical-align\s*:\s*super", re.IGNORECASE)
_FAMILY = re.compile(r"font-family\s*:\s*[\"']?\s*([\w ]+)", re.IGNORECASE)


def show_signs(tree: Tree) -> None:
    """Write superscript digits, the marks of notes too, and letters in fonts of signs as what they show: 10⁶, not 106."""
    for node in tree.css(_SET):
        if node.tag != "sup" and any(child.tag != "-text" for child in children(node)):
            continue
        style = node.attributes.get("style") or ""
        family = _FAMILY.search(style)
        text = node.text(deep=True)
        shown = as_shown(text, family[1] if family else node.attributes.get("face") or "")
        shown = raised(shown) if node.tag == "sup" or _SUPER.search(style) else shown
        if shown != text:
            node.replace_with(shown)


def text_of(node: Node) -> str:
    """Return an element's text on one line; words of different blocks do not run together."""
    if not node.css_first(_PARTED) and not is_struck(node):
        return SPACE.sub(" ", node.text(deep=True).translate(_INVISIBLE)).strip()
    parts: list[str] = []
    marks: list[int] = []
    """Where in the parts each struck-out element begins."""

    def wanted(child: Node) -> bool:
        tag = child.tag
        if tag == "-text":
            parts.append(child.text_content or "")
        elif tag == "img":
            parts.append(f" {child.attributes.get('alt') or ''} ")
        elif tag == "br" or tag in BLOCKS:
            parts.append(" ")
        if is_struck(child):
            marks.append(len(parts))
        return tag not in SKIPPED

    for child, entering in events(node, wanted):
        if not entering and is_struck(child):
            start = marks.pop()
            parts[start:] = [struck("".join(parts[start:]))]
        if not entering and child.tag in BLOCKS:
            parts.append(" ")
    return SPACE.sub(" ", "".join(parts).translate(_INVISIBLE)).strip()


def number_of(node: Node | None, name: str, default: int) -> int:
    """Return a numeric attribute; ``default`` if it is not a number."""
    value = (node.attributes.get(name) if node is not None else None) or ""
    match = _NUMBER.match(value)
    return int(match[1]) if match else default


def children(node: Node) -> Iterator[Node]:
    """Yield a node's direct children."""
    child = node.child
    while child is not None:
        yield child
        child = child.next
