"""XML becomes Markdown: paragraphs where it marks up prose, ``name: value`` lines where it holds data.

No other file or address is opened, and entities are not expanded without bound.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import html5
from pathlib import PurePath

from lxml import etree

from ..errors import DamagedError
from ..notice import Notice
from ..reading import MarkdownWriter, Reading
from ..struck import finished, struck
from ..text import encoding
from .web import html_text, read_html

_DECLARED = re.compile(rb"<\?xml[^>]{0,200}encoding\s*=\s*[\"']([\w.:-]+)")
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_MARKUP = re.compile(r"<(?:p|br|div|a|b|i|img|ul|table|span|h\d)\b[^>]*/?>", re.IGNORECASE)
_NAMED_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]+);")
_TITLES = frozenset({"title", "head", "article-title", "titre"})
_PREDEFINED = frozenset({"amp", "lt", "gt", "quot", "apos"})
_STRIKES = frozenset({"strikethrough", "strike", "del", "line-through"})
"""Elements, and the roles of DocBook's ``emphasis``, that strike out their text."""
"""Not ``s``, which is a sentence where texts are edited."""
_PROSE = frozenset({"p", "para", "simpara"}) | _TITLES


def read_xml(data: bytes, name: str) -> Reading:
    """Read XML; broken markup is read as far as it makes sense, with a note.

    Raises: DamagedError: no element in it.
    """
    declared = _DECLARED.search(data[:1024])
    decoded = encoding.decode(data, declared[1].decode("ascii") if declared else "")
    text = _DECLARATION.sub("", encoding.repair(decoded.text), count=1).strip()
    text = _NAMED_ENTITY.sub(_named, text)
    parser = etree.XMLParser(
        resolve_entities="internal", no_network=True, load_dtd=False, recover=True, huge_tree=False
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as exc:
        raise DamagedError("it is not XML ({why}); get the file again", why=exc) from exc
    if root is None:
        raise DamagedError("it is not XML: there is no element in it; get the file again")
    if _local(root) == "html":
        return read_html(data, name)
    notes = list(decoded.notes)
    if parser.error_log:
        entry = parser.error_log[0]
        notes.append(
            Notice(
                "the XML is broken (line {line}: {why}); what could be read was read",
                line=entry.line,
                why=" ".join(entry.message.split()),
            )
        )
    writer = MarkdownWriter()
    _write(writer, root)
    return writer.finish(_title(root) or PurePath(name).stem, decoded.encoding, notes)


def _named(match: re.Match[str]) -> str:
    """Replace HTML entities, which XML uses undeclared more often than declared."""
    character = html5.get(f"{match[1]};", "")
    return match[0] if match[1] in _PREDEFINED or character in ("", "&", "<", ">") else character


def _write(writer: MarkdownWriter, root: etree._Element) -> None:
    """Walk the tree without recursion, gathering data lines between pieces of prose into one block."""
    lines: list[str] = []
    stack: list[tuple[etree._Element | str, int]] = [(root, 1)]
    while stack:
        node, level = stack.pop()
        if isinstance(node, str):
            lines.append(node)
        elif _is_heading(node, root):
            writer.block("\n".join(lines))
            lines.clear()
            writer.heading(level, _inline(node))
        elif _is_prose(node):
            lines += ["", _clean(_inline(node)), ""]
        elif own := _local(node):
            lines += [*([""] if len(node) else []), *_data_lines(node, own)]
            stack += reversed(list(_inside(node, level)))
    for block in re.split(r"\n{2,}", "\n".join(lines)):
        writer.block(block)


def _is_heading(node: etree._Element, root: etree._Element) -> bool:
    return _local(node) in _TITLES and node is not root and bool(_inline(node))


def _inside(node: etree._Element, level: int) -> Iterator[tuple[etree._Element | str, int]]:
    """Yield children with their levels, and the text between them; what is beside a title goes below it."""
    deeper = level + any(_local(child) in _TITLES for child in node)
    for child in node:
        own = level if _local(child) in _TITLES else deeper
        yield child, own
        if child.tail and child.tail.strip():
            yield " ".join(child.tail.split()), own


def _data_lines(node: etree._Element, own: str) -> Iterator[str]:
    attributes = ", ".join(f"{_unqualified(key)}={value}" for key, value in node.attrib.items() if value.strip())
    text = _clean(node.text or "")
    label = f"{own} ({attributes})" if attributes else own
    if text:
        yield f"{label}: {text}"
    elif attributes:
        yield label


def _is_prose(node: etree._Element) -> bool:
    """Return whether an element mixes text with markup, as paragraphs do."""
    if _local(node) in _PROSE and (node.text or len(node)):
        return not any(_local(descendant) in _PROSE for descendant in node.iterdescendants())
    own = (node.text or "").strip()
    tails = any((child.tail or "").strip() for child in node)
    return len(node) > 0 and bool(own) and tails


def _inline(node: etree._Element) -> str:
    return finished(" ".join("".join(_texts(node)).split()))


def _texts(node: etree._Element) -> Iterator[str]:
    n_struck = 0
    for event, element in etree.iterwalk(node, events=("start", "end", "comment", "pi")):
        is_struck = isinstance(element.tag, str) and not _STRIKES.isdisjoint(
            (_local(element).lower(), element.get("role"))
        )
        if event == "start" and isinstance(element.tag, str):
            n_struck += is_struck
            yield _marked(element.text or "", n_struck)
        elif event == "end":
            n_struck -= is_struck
        if event != "start" and element is not node:
            yield _marked(element.tail or "", n_struck)


def _marked(text: str, n_struck: int) -> str:
    return struck(text) if n_struck else text


def _clean(text: str) -> str:
    """Return text on one line; HTML that feeds carry in their elements becomes text."""
    return html_text(text) if _MARKUP.search(text) else " ".join(text.split())


def _title(root: etree._Element) -> str:
    for element in root.iter():
        if _local(element) in _TITLES:
            return _inline(element)
    return ""


def _local(node: etree._Element) -> str:
    return _unqualified(node.tag) if isinstance(node.tag, str) else ""


def _unqualified(name: str) -> str:
    return name.rpartition("}")[2]
