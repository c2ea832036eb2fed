"""HTML becomes Markdown.

Only pictures in the page itself are read: nothing is fetched, and a file beside the page is ingested as itself. Menus
(blocks of ``nav`` kind that are nearly all links) are left out, with a note that counts them.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ..images.pictures import Pictures
from ..notice import Notice
from ..reading import MarkdownWriter, Reading
from ..struck import STRUCK, STRUCK_END, finished, struck
from ..text import encoding
from ..text.instructions import hidden_note
from .html_lists import List, number_by_rules
from .html_tree import (
    BLOCKS,
    SKIPPED,
    SPACE,
    Node,
    Tree,
    as_html,
    collapse,
    data_rows,
    events,
    is_struck,
    show_signs,
    strike_by_rules,
    text_of,
)
from .page_pictures import PICTURED, Look, addresses, looking

_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_MENU_ROLES = frozenset({"navigation", "menu", "menubar", "search"})
_MENU_LINKS = 0.7
_MAX_NAVS = 200
_MAX_INDENT = 12
_MAX_HIDDEN = 200
_HIDING = re.compile(r"display:none|visibility:hidden|font-size:0(?![.\d])|opacity:0(?![.\d])")
_MAX_QUOTES = 4
_PERMALINK = re.compile(r"\s*[¶🔗]+$|\s+[#§]$")
_META_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)|<\?xml[^>]{0,100}encoding=[\"']([\w.:-]+)", re.IGNORECASE
)
_LANGUAGE_CLASS = re.compile(r"(?:^|\s)(?:language|lang|highlight-source|brush:?)[-\s:]?([A-Za-z0-9+#]+)")


def read_html(data: bytes, name: str) -> Reading:  # noqa: ARG001 - the reader seam
    """Read a page; the charset it declares is believed unless its text contradicts it."""
    declared = _META_CHARSET.search(data[:8192])
    charset = (declared[1] or declared[2]).decode("ascii", "ignore") if declared else ""
    decoded = encoding.decode(data, charset)
    is_xhtml = decoded.text[:99].lstrip().startswith("<?xml")
    return html_reading(as_html(decoded.text) if is_xhtml else decoded.text, decoded.encoding, decoded.notes)


def html_reading(html: str, encoding_name: str = "", notes: tuple[str, ...] = (), look: Look | None = None) -> Reading:
    """Read a page that is already text.

    Args:
        html: the page.
        encoding_name: what it was in.
        notes: what is already known about it.
        look: looks at its pictures, which the caller accounts for; without it, those in the page itself are looked at.
    """
    pictures = Pictures()
    tree = Tree(encoding.repair(html))
    strike_by_rules(tree)
    number_by_rules(tree)
    show_signs(tree)
    title = _title(tree)
    page = _Page(look or looking(pictures))
    if title and not any(text_of(node) for node in tree.css("h1")):
        page.writer.heading(1, title)
    if tree.root is not None:
        page.walk(tree.root)
    if page.menus:
        notes = (*notes, Notice("{n} navigation blocks were left out", n=page.menus))
    notes = (*notes, *pictures.notes(), *hidden_note("\n".join(page.hidden)))
    return page.writer.finish(title, encoding_name, notes)


def html_text(html: str) -> str:
    """Return a piece of HTML as Markdown."""
    return html_reading(html).text


def _title(tree: Tree) -> str:
    node = tree.css_first("head > title") or tree.css_first("title")
    return " ".join(node.text().split()) if node is not None else ""


class _Page:
    """Walks a tree without recursion, as pages nest tens of thousands deep, and writes blocks as it leaves them."""

    def __init__(self, look: Look) -> None:
        self.writer = MarkdownWriter()
        self._look = look
        self._shown: list[str] = []
        """The text in the current block's pictures, which follows it."""
        self.menus = 0
        self.hidden: list[str] = []
        """What readers of the page do not see."""
        self._navs = 0
        self._inline: list[str] = []
        self._list_lines: list[str] = []
        self._lists: list[List] = []
        self._item_open = False
        self._quotes = 0
        self._struck = 0
        """How many enclosing elements strike out their text."""
        enter: dict[str, Callable[[Node], bool]] = {
            "li": self._enter_item,
            "ul": self._enter_list,
            "ol": self._enter_list,
            "menu": self._enter_list,
            "pre": self._code,
            "table": self._table,
            "blockquote": self._enter_quote,
            "br": self._line_break,
            "img": self._image,
            "svg": self._drawing,
            "object": self._object,
            "embed": self._object,
            "code": self._inline_code,
            "dl": self._enter_list,
            "dt": self._enter_item,
            "dd": self._enter_definition,
            "iframe": self._frame,
            "input": self._input,
        }
        self._enter = enter | dict.fromkeys(_HEADINGS, self._heading)
        self._leave: dict[str, Callable[[Node], None]] = {
            "ul": self._leave_list,
            "ol": self._leave_list,
            "menu": self._leave_list,
            "dl": self._leave_list,
            "blockquote": self._leave_quote,
        }

    def walk(self, root: Node) -> None:
        """Write everything under ``root``."""
        for node, entering in events(root, self._wanted):
            if entering and node.tag == "-text":
                self._inline.append(node.text_content or "")
            elif not entering:
                self._on_leave(node)
        self._flush()
        self._flush_list()

    def _wanted(self, node: Node) -> bool:
        """Handle the start of an element; False if it is done with, children and all."""
        tag = node.tag or ""
        if tag == "-text":
            return True
        handler = self._enter.get(tag)
        if (tag in SKIPPED and not handler) or self._hidden(node):
            return False
        if tag in BLOCKS:
            self._flush()
        goes_in = handler(node) if handler else True
        if goes_in and is_struck(node):
            self._inline.append(STRUCK)
            self._struck += 1
        return goes_in

    def _on_leave(self, node: Node) -> None:
        if is_struck(node):
            self._struck -= 1
            self._inline.append(STRUCK_END)
        if node.tag in BLOCKS:
            self._flush()
        handler = self._leave.get(node.tag or "")
        if handler:
            handler(node)

    def _hidden(self, node: Node) -> bool:
        attributes = node.attributes
        if self._navs < _MAX_NAVS and (node.tag == "nav" or attributes.get("role") in _MENU_ROLES):
            self._navs += 1
            if _link_share(node) >= _MENU_LINKS:
                self.menus += 1
                return True
            return False
        style = (attributes.get("style") or "").replace(" ", "").lower()
        if "hidden" not in attributes and not _HIDING.search(style):
            return False
        if len(self.hidden) < _MAX_HIDDEN:
            self.hidden.append(node.text())
        return True

    def _flush(self) -> None:
        """Write the inline text gathered so far, then what its pictures say."""
        text = finished(collapse("".join(self._inline) + STRUCK_END * self._struck))
        self._inline[:] = STRUCK * self._struck
        shown, self._shown = self._shown, []
        for paragraph in filter(None, (text, *shown)):
            self._write(paragraph)

    def _write(self, text: str) -> None:
        """Write a paragraph, or lines of the open list item."""
        if self._lists:
            indent = "  " * min(len(self._lists) - 1, _MAX_INDENT)
            marker = self._lists[-1].marker
            marker = marker if self._item_open else " " * len(marker)
            self._item_open = False
            self._list_lines.append(indent + marker + text.replace("\n", f"\n{indent}  "))
        elif self._quotes:
            prefix = "> " * min(self._quotes, _MAX_QUOTES)
            self.writer.block(prefix + text.replace("\n", f"\n{prefix}"))
        else:
            self.writer.block(text)

    def _flush_list(self) -> None:
        self.writer.block("\n".join(self._list_lines))
        self._list_lines.clear()

    def _heading(self, node: Node) -> bool:
        title = _PERMALINK.sub("", text_of(node))
        if title:
            self._flush_list()
            self.writer.heading(int((node.tag or "h1")[1]), struck(title) if self._struck else title)
            self._item_open = False
            self._look_below(node)
            self._flush()
        return not title

    def _enter_list(self, node: Node) -> bool:
        if not self._lists:
            self._flush_list()
        self._lists.append(List.of(node))
        return True

    def _leave_list(self, node: Node) -> None:  # noqa: ARG002 - one signature for all
        self._lists.pop()
        self._item_open = False
        if not self._lists:
            self._flush_list()

    def _enter_item(self, node: Node) -> bool:
        if not self._lists:
            self._inline.append("- ")
            return True
        self._lists[-1].begin_item(node)
        self._item_open = True
        return True

    def _enter_quote(self, node: Node) -> bool:  # noqa: ARG002
        self._quotes += 1
        return True

    def _leave_quote(self, node: Node) -> None:  # noqa: ARG002
        self._quotes -= 1

    def _enter_definition(self, node: Node) -> bool:  # noqa: ARG002
        self._item_open = self._item_open and not self._lists
        return True

    def _line_break(self, node: Node) -> bool:  # noqa: ARG002
        self._inline.append("\0")
        return False

    def _image(self, node: Node) -> bool:
        alt = node.attributes.get("alt")
        if alt and alt.strip():
            self._inline.append(f" {alt} ")
        self._look_at(node)
        return False

    def _object(self, node: Node) -> bool:
        self._look_at(node)
        return False

    def _drawing(self, node: Node) -> bool:
        self._look_below(node)
        return False

    def _look_at(self, node: Node) -> None:
        found = (self._look(address) for address in addresses(node.attributes))
        self._shown += next((paragraphs for paragraphs in found if paragraphs is not None), ())

    def _look_below(self, node: Node) -> None:
        """Look at the pictures and drawings in an element whose text is already written."""
        drawn: list[str] = []
        for found in node.css(PICTURED):
            if found.tag == "text":
                drawn.append(text_of(found))
            else:
                self._look_at(found)
        self._shown.append("\n".join(filter(None, drawn)))

    def _input(self, node: Node) -> bool:
        if node.attributes.get("type") in {"button", "submit", "text", None} and node.attributes.get("value"):
            self._inline.append(f" {node.attributes['value']} ")
        self._look_at(node)
        return False

    def _inline_code(self, node: Node) -> bool:
        text = text_of(node)
        if text and "`" not in text:
            self._inline.append(f"`{text}`")
            return False
        return True

    def _frame(self, node: Node) -> bool:
        inner = node.attributes.get("srcdoc")
        if inner:
            self._flush_list()
            self.writer.block(_without_headings(inner, self._look))
        return False

    def _code(self, node: Node) -> bool:
        text = node.text(deep=True)
        if text.strip():
            self._flush_list()
            self.writer.code(text, _code_language(node))
        self._look_below(node)
        return False

    def _table(self, node: Node) -> bool:
        rows = data_rows(node)
        if rows is None:
            return True
        self._flush_list()
        caption = node.css_first("caption")
        if caption is not None:
            self.writer.block(text_of(caption))
        self.writer.table([[struck(cell) for cell in row] for row in rows] if self._struck else rows)
        self._look_below(node)
        self._flush()
        return False


def _link_share(node: Node) -> float:
    total = len(SPACE.sub("", node.text(deep=True)))
    linked = sum(len(SPACE.sub("", link.text(deep=True))) for link in node.css("a, option, button"))
    return linked / total if total else 1.0


def _code_language(node: Node) -> str:
    inner = node.css_first("code")
    for place in (inner, node, node.parent):
        found = _LANGUAGE_CLASS.search((place.attributes.get("class") or "") if place is not None else "")
        if found:
            return found[1].lower()
    return ""


def _without_headings(html: str, look: Look) -> str:
    return re.sub(r"^#+ ", "", html_reading(html, look=look).text, flags=re.MULTILINE)
