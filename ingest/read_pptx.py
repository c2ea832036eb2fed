"""The PowerPoint reader (.pptx, .pptm, .ppsx).

Comes in: the bytes of a presentation. Goes out: a page for each slide, in the order they are shown, with its title as
heading, its tables, charts, notes and comments. Never: what only the master slide shows.
"""

from __future__ import annotations

from collections.abc import Iterator

from .drawing import graphics, paragraph_text, paragraphs
from .errors import DamagedError
from .package import Element, Package, attribute, local, open_package
from .reading import MarkdownWriter, Reading

_TITLES = ("title", "ctrTitle")
_LEFT_OUT = ("sldNum", "dt", "hdr", "sldImg")


def read_pptx(data: bytes, name: str) -> Reading:
    """Read a presentation; see ``open_package`` for what it raises."""
    del name
    with open_package(data) as package:
        main = package.main_part("ppt/presentation.xml")
        relations = package.relations(main)
        slides = package.xml(main).findall("{*}sldIdLst/{*}sldId")
        if not slides:
            raise DamagedError("The presentation has no slides; save or download it again.")
        writer = MarkdownWriter()
        seen_footers: set[str] = set()
        for number, element in enumerate(slides, start=1):
            relation = relations.get(_relation_id(element))
            _write_slide(writer, package, number, relation.target if relation else "", seen_footers)
        return writer.finish(package.title())


def _relation_id(element: Element) -> str:
    """Return the relation that a slide's entry names; its plain ``id`` is another number."""
    return next((str(value) for key, value in element.attrib.items() if key.endswith("}id")), "")


def _write_slide(writer: MarkdownWriter, package: Package, number: int, part: str, seen_footers: set[str]) -> None:
    start = writer.begin_page()
    try:
        root = package.xml(part)
    except DamagedError as exc:
        writer.end_page(number, start, "failed", str(exc))
        return
    shapes = list(_shapes(root))
    title = next((text for shape in shapes if _placeholder(shape) in _TITLES and (text := _title_text(shape))), "")
    writer.heading(1, title)
    for shape in shapes:
        kind = _placeholder(shape)
        if kind in _LEFT_OUT or (kind in _TITLES and _title_text(shape) == title):
            continue
        if kind == "ftr":
            footer = "\n".join(paragraphs(shape))
            if footer in seen_footers:
                continue
            seen_footers.add(footer)
        _write_shape(writer, shape, is_list=kind in ("body", "obj"))
    for graphic in graphics(package, part):
        writer.block(graphic)
    _write_remarks(writer, package, part)
    writer.end_page(number, start, label=title)


def _shapes(root: Element) -> Iterator[Element]:
    """Yield text shapes and tables in their order on the slide, out of groups, once where given in two forms."""
    for element in root:
        name = local(element)
        if name in ("sp", "graphicFrame", "cxnSp"):
            yield element
        elif name == "AlternateContent":
            branches = [branch for branch in element if any(True for _ in branch.iter("{*}t"))]
            yield from _shapes(branches[0]) if branches else ()
        elif name in ("cSld", "spTree", "grpSp", "Choice", "Fallback"):
            yield from _shapes(element)


def _placeholder(shape: Element) -> str:
    """Return what a shape is a placeholder for; ``""`` for one that is none, ``obj`` where it does not say."""
    holder = next(shape.iter("{*}ph"), None)
    return "" if holder is None else attribute(holder, "type", "obj")


def _title_text(shape: Element) -> str:
    return " ".join(" ".join(paragraphs(shape)).split())


def _write_shape(writer: MarkdownWriter, shape: Element, *, is_list: bool) -> None:
    tables = list(shape.iter("{*}tbl"))
    for table in tables:
        rows = [[" ".join(paragraphs(cell)) for cell in row.iterfind("{*}tc")] for row in table.iterfind("{*}tr")]
        writer.table(rows)
    body = shape.find("{*}txBody")
    if tables or body is None:
        return
    lines = [(element, text) for element in body.iterfind("{*}p") if (text := paragraph_text(element))]
    if is_list and len(lines) > 1:
        writer.block("\n".join(_item(element, text) for element, text in lines))
    else:
        writer.block("\n".join(text for _, text in lines))


def _item(paragraph: Element, text: str) -> str:
    properties = paragraph.find("{*}pPr")
    level = attribute(properties, "lvl", "0")
    indent = "  " * (int(level) if level.isdigit() else 0)
    if properties is not None and properties.find("{*}buNone") is not None:
        return indent + text
    return f"{indent}- " + text.replace("\n", f"\n{indent}  ")


def _write_remarks(writer: MarkdownWriter, package: Package, part: str) -> None:
    for relation in package.relations(part).values():
        root = None if relation.external else package.optional_xml(relation.target)
        if root is None:
            continue
        if relation.kind == "notesSlide":
            shapes = [shape for shape in _shapes(root) if _placeholder(shape) not in _LEFT_OUT]
            text = "\n".join(line for shape in shapes for line in paragraphs(shape))
            writer.block(f"Notes: {text}" if text else "")
        elif relation.kind == "comments":
            for comment in root.iter("{*}cm"):
                text = " ".join([*(e.text or "" for e in comment.iter("{*}text")), *paragraphs(comment)])
                writer.block(f"Comment: {text}" if text.strip() else "")
