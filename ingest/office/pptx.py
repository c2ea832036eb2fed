"""The PowerPoint reader (.pptx, .pptm, .ppsx).

Comes in: the bytes of a presentation. Goes out: a page for each slide, in the order they are shown, with its title as
heading, its tables, charts, pictures, notes and comments. Never: what only the master slide shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..errors import DamagedError
from ..images.pictures import NOTHING
from ..merged import Merged, Row, table_of
from ..package import Element, Package, attribute, local, open_package
from ..reading import MarkdownWriter, Reading
from ..struck import hidden
from .drawing import graphics, paragraph_text, paragraphs, said_by
from .list_numbers import numeral
from .pictures import OfficePictures, pictures_of

_TITLES = ("title", "ctrTitle")
_NUMBERS = {
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
    "arabicDb": "decimalFullWidth",
    "circleNum": "decimalEnclosedCircle",
    "ea1Chs": "chineseCountingThousand",
    "ea1Cht": "taiwaneseCountingThousand",
    "ea1Jpn": "japaneseCounting",
}
_PLAIN = ("circleNum",)
_AROUND = {"ParenBoth": ("(", ")"), "ParenR": ("", ")"), "Plain": ("", ""), "Minus": ("- ", " -")}
_BULLETS = ("buAutoNum", "buChar", "buBlip", "buNone")
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
        pictures = OfficePictures(package)
        authors = _authors(package, main)
        layouts = _Layouts(package)
        seen_footers: set[str] = set()
        for number, element in enumerate(slides, start=1):
            relation = relations.get(_relation_id(element))
            part = relation.target if relation else ""
            start = writer.begin_page()
            writer.hides = bool(part in package) and attribute(package.optional_xml(part), "show", "1") in (
                "0",
                "false",
            )
            try:
                title = _write_slide(writer, package, part, layouts, seen_footers)
                seen = pictures.look(pictures_of(package, part), number)
                how, reason = (seen if writer.begin_page() == start else NOTHING).verdict
                writer.blocks(seen.paragraphs)
                _write_remarks(writer, package, part, authors)
                writer.end_page(number, start, how, reason, title)
            except DamagedError as exc:
                writer.end_page(number, start, "failed", str(exc))
        return writer.finish(package.title(), notes=tuple(pictures.notes()))


def pictures_on(data: bytes, number: int) -> list[bytes]:
    """Return the pictures that a slide shows, in order; none if there is no such slide.

    Raises: ReadError: as ``read_pptx``.
    """
    with open_package(data) as package:
        main = package.main_part("ppt/presentation.xml")
        slides = package.xml(main).findall("{*}sldIdLst/{*}sldId")
        relation = package.relations(main).get(_relation_id(slides[number - 1])) if 0 < number <= len(slides) else None
        parts = dict.fromkeys(pictures_of(package, relation.target)) if relation and relation.target in package else {}
        return [picture for part in parts if (picture := package.optional(part))]


def _relation_id(element: Element) -> str:
    """Return the relation a slide's entry names; its plain ``id`` is another number."""
    return next((str(value) for key, value in element.attrib.items() if key.endswith("}id")), "")


def _write_slide(writer: MarkdownWriter, package: Package, part: str, layouts: _Layouts, seen_footers: set[str]) -> str:
    """Write what a slide shows and return its title."""
    shapes = list(_shapes(package.xml(part)))
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
        _write_shape(writer, shape, layouts.style(part, shape), is_list=kind in ("body", "obj"))
    for graphic in graphics(package, part):
        writer.block(graphic)
    return title


def _shapes(root: Element) -> Iterator[Element]:
    """Yield text shapes and tables in slide order, out of groups, once if given in two forms."""
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
    """Return what a shape is a placeholder for; ``""`` for any other, ``obj`` if it does not say."""
    holder = next(shape.iter("{*}ph"), None)
    return "" if holder is None else attribute(holder, "type", "obj")


def _title_text(shape: Element) -> str:
    return " ".join(" ".join(paragraphs(shape)).split())


def _write_shape(writer: MarkdownWriter, shape: Element, inherited: Element | None, *, is_list: bool) -> None:
    mark = hidden if _is_hidden(shape) else str
    tables = list(shape.iter("{*}tbl"))
    for table in tables:
        writer.table([mark(cell) for cell in row] for row in _table_rows(table))
    body = shape.find("{*}txBody")
    if tables or body is None:
        return
    writer.block(mark("\n".join(_paragraphs(body, inherited, is_list=is_list))))


def _is_hidden(shape: Element) -> bool:
    """Return whether a shape, or a group that it is in, is hidden in the list of what is on the slide."""
    named = (each for element in (shape, *shape.iterancestors()) for each in element if local(each).startswith("nv"))
    return any(attribute(holder, "hidden") in ("1", "true") for each in named for holder in each.iterfind("{*}cNvPr"))


def _table_rows(table: Element) -> list[list[str]]:
    rows: dict[int, Row] = {}
    merged: list[Merged] = []
    for number, row in enumerate(table.iterfind("{*}tr")):
        rows[number] = {}
        for column, cell in enumerate(row.iterfind("{*}tc")):
            body = cell.find("{*}txBody")
            lines = _paragraphs(body, None, is_list=False) if body is not None else ()
            rows[number][column] = " ".join(line.strip().removeprefix("- ") for line in lines)
            across, down = (_integer(attribute(cell, name), 1) for name in ("gridSpan", "rowSpan"))
            if across > 1 or down > 1:
                merged.append(Merged(number, column, across, down))
    return table_of(rows, merged)


class _Layouts:
    """The list styles that placeholders have from their slide's layout."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._styles: dict[str, dict[str, Element | None]] = {}
        """By layout and the index of the placeholder."""

    def style(self, slide: str, shape: Element) -> Element | None:
        """Return the list style that a shape of a slide inherits."""
        holder = next(shape.iter("{*}ph"), None)
        relations = self._package.relations(slide).values() if holder is not None else ()
        layout = next((each.target for each in relations if each.kind == "slideLayout" and not each.external), "")
        if layout not in self._styles:
            root = self._package.optional_xml(layout) if layout else None
            self._styles[layout] = {
                attribute(ph, "idx", "0"): other.find("{*}txBody/{*}lstStyle")
                for other in (_shapes(root) if root is not None else ())
                for ph in other.iter("{*}ph")
            }
        return self._styles[layout].get(attribute(holder, "idx", "0"))


def _paragraphs(body: Element, inherited: Element | None, *, is_list: bool) -> Iterator[str]:
    """Yield a text body's paragraphs with list marks; a list placeholder's only paragraph has none."""
    lines = [(element, text) for element in body.iterfind("{*}p") if (text := paragraph_text(element))]
    styles = [style for style in (body.find("{*}lstStyle"), inherited) if style is not None]
    counts: dict[int, _Count] = {}
    for element, text in lines:
        properties = element.find("{*}pPr")
        level = _integer(attribute(properties, "lvl"), 0)
        given = (properties, *(style.find(f"{{*}}lvl{level + 1}pPr") for style in styles))
        mark = _mark(_bullet(given), level, counts, unmarked="- " if is_list and len(lines) > 1 else "")
        counts = {deep: count for deep, count in counts.items() if deep <= level}
        indent = "  " * level if mark or is_list else ""
        hanging = indent + "  " if mark else indent
        yield f"{indent}{mark}" + text.replace("\n", f"\n{hanging}")


_Count = tuple[int, str, int]
"""The last number of a level, and the form and start of its sequence."""


def _bullet(given: Iterable[Element | None]) -> Element | None:
    """Return what marks a paragraph: what the first of its properties to name anything names."""
    named = (element.find("{*}" + name) for element in given if element is not None for name in _BULLETS)
    return next((bullet for bullet in named if bullet is not None), None)


def _mark(bullet: Element | None, level: int, counts: dict[int, _Count], unmarked: str) -> str:
    """Return what precedes a paragraph: its number (counted on in ``counts``), a bullet or nothing.

    A sequence goes on as long as its form and start are the same.
    """
    kind = local(bullet) if bullet is not None else ""
    if kind == "buAutoNum":
        form, start = attribute(bullet, "type", "arabicPeriod"), _integer(attribute(bullet, "startAt"), 1)
        last = counts.get(level)
        number = last[0] + 1 if last and last[1:] == (form, start) else start
        counts[level] = number, form, start
        return f"{_numbered(number, form)} "
    counts.pop(level, None)
    return {"": unmarked, "buNone": ""}.get(kind, "- ")


def _numbered(number: int, form: str) -> str:
    """Return a number in a form of ECMA-376 part 1, 20.1.10.61, with its dot or brackets."""
    base = next((base for base in _NUMBERS if form.startswith(base)), "")
    before, behind = next(
        (signs for end, signs in _AROUND.items() if form.endswith(end)), ("", "") if base in _PLAIN else ("", ".")
    )
    return f"{before}{numeral(number, _NUMBERS.get(base, 'decimal'))}{behind}"


def _integer(text: str, default: int) -> int:
    return int(text) if text.isdigit() and len(text) < 5 else default  # noqa: PLR2004  longer ones are damage


def _write_remarks(writer: MarkdownWriter, package: Package, part: str, authors: Mapping[str, str]) -> None:
    for relation in package.relations(part).values():
        root = None if relation.external else package.optional_xml(relation.target)
        if root is None:
            continue
        if relation.kind == "notesSlide":
            writer.block(_notes(root))
        elif relation.kind == "comments":
            writer.blocks(_comment(comment, authors) for comment in root.iter("{*}cm", "{*}reply"))


def _notes(root: Element) -> str:
    shapes = [shape for shape in _shapes(root) if _placeholder(shape) not in _LEFT_OUT]
    text = "\n".join(line for shape in shapes for line in paragraphs(shape))
    return f"Notes: {text}" if text else ""


def _comment(comment: Element, authors: Mapping[str, str]) -> str:
    body = comment.find("{*}txBody")
    text = comment.findtext("{*}text") or (" ".join(paragraphs(body)) if body is not None else "")
    author = authors.get(attribute(comment, "authorId"), "")
    said = said_by(author, attribute(comment, "dt") or attribute(comment, "created"))
    return f"{said}: {text}" if text.strip() else ""


def _authors(package: Package, main: str) -> dict[str, str]:
    """Return the names of commenters, by id."""
    parts = [r.target for r in package.relations(main).values() if r.kind in ("commentAuthors", "authors")]
    roots = [root for part in parts if (root := package.optional_xml(part)) is not None]
    return {attribute(author, "id"): attribute(author, "name") for root in roots for author in root}
