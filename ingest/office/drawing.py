"""DrawingML: the text and charts that Word, Excel and PowerPoint share (ECMA-376 part 1, 20 and 21)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..package import Element, Package, attribute, local
from ..reading import markdown_table
from ..struck import finished, struck
from ..text.symbols import as_shown, raised

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_BREAKS = {"br": "\n", "tab": " "}
_PRIVATE = re.compile("[\uf020-\uf0ff]")
"""Letters that are signs in whatever font is named for signs."""
_LONG_NUMBER = re.compile(r"-?\d+\.\d{12,}")


def paragraph_text(paragraph: Element) -> str:
    """Return the text of an ``a:p``, keeping its line breaks."""
    text = "".join(map(_piece, paragraph.iter("{*}t", "{*}br", "{*}tab")))
    return finished(text.replace("\v", "\n")).strip()


def _piece(element: Element) -> str:
    """Return a run's text, marked if struck out; a break or tab as what it shows."""
    if local(element) != "t":
        return _BREAKS[local(element)]
    run = element.getparent()
    properties = run.find("{*}rPr") if run is not None else None
    text = element.text or ""
    if properties is None:
        return text
    if (font := properties.find("{*}sym")) is not None:
        text = as_shown(text, attribute(font, "typeface")) if _PRIVATE.search(text) else text
    else:
        text = as_shown(text, attribute(properties.find("{*}latin"), "typeface"))
    if attribute(properties, "baseline", "0").rstrip("%").isdigit() and attribute(properties, "baseline", "0") != "0":
        text = raised(text)
    return struck(text) if attribute(properties, "strike") in ("sngStrike", "dblStrike") else text


def paragraphs(body: Element) -> list[str]:
    """Return the non-empty paragraphs of a text body."""
    return list(filter(None, (paragraph_text(paragraph) for paragraph in body.iter("{*}p"))))


def said_by(author: str, date: str) -> str:
    """Return how a comment begins: its author and its day (from an ISO 8601 date and time)."""
    day = date[:10] if _DAY.match(date) else ""
    return f"Comment ({', '.join(filter(None, (author.strip() or '?', day)))})"


def graphics(package: Package, part: str) -> Iterator[str]:
    """Yield the text of each chart and diagram a part refers to; charts as title and table of values."""
    for relation in package.relations(part).values():
        wanted = relation.kind in ("chart", "diagramData") and not relation.external
        root = package.optional_xml(relation.target) if wanted else None
        if root is None:
            continue
        if relation.kind == "diagramData":
            yield "\n".join(paragraphs(root))
        else:
            title = " ".join(" ".join(paragraphs(element)) for element in root.findall("{*}chart/{*}title"))
            yield "\n\n".join(filter(None, (title, markdown_table(_chart_rows(root)))))


def _chart_rows(root: Element) -> list[list[str]]:
    categories: dict[int, str] = {}
    columns: list[tuple[str, dict[int, str]]] = []
    for element in root.iter("{*}ser"):
        categories |= _points(element.find("{*}cat")) or _points(element.find("{*}xVal"))
        name = " ".join(_points(element.find("{*}tx")).values())
        columns.append((name, _points(element.find("{*}val")) or _points(element.find("{*}yVal"))))
    indexes = sorted(set(categories).union(*(values for _, values in columns)))
    if not indexes:
        return []
    header = ["", *(name for name, _ in columns)]
    return [header, *([categories.get(i, ""), *(values.get(i, "") for _, values in columns)] for i in indexes)]


def _points(element: Element | None) -> dict[int, str]:
    if element is None:
        return {}
    points: dict[int, str] = {}
    for point in element.iter("{*}pt"):
        index = attribute(point, "idx")
        points.setdefault(int(index) if index.isdigit() else len(points), _shortened(point.findtext("{*}v") or ""))
    return points


def _shortened(value: str) -> str:
    """Return a number without the digits that binary fractions add: 2.4, not 2.4000000000000004."""
    if not _LONG_NUMBER.fullmatch(value):
        return value
    return f"{float(value):.15g}"
