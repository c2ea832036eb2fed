"""Small workbooks, presentations and books, made here."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from html import escape

_S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_A = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
)


def _zip(parts: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def _relations(*rows: tuple[str, str, str]) -> str:
    found = "".join(f'<Relationship Id="{key}" Type="x/{kind}" Target="{target}"/>' for key, kind, target in rows)
    return f"<Relationships>{found}</Relationships>"


def workbook(sheets: Mapping[str, Mapping[str, str]], hidden: str = "") -> bytes:
    """Return a workbook: the texts of each sheet by their cells, such as ``B4``, row by row; one may be hidden."""
    names = "".join(
        f"<sheet name='{name}' r:id='r{at}' state='{'hidden' if name == hidden else 'visible'}'/>"
        for at, name in enumerate(sheets)
    )
    parts = {
        "xl/workbook.xml": f"<workbook {_S} {_R}><sheets>{names}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _relations(*((f"r{at}", "worksheet", f"{at}.xml") for at in range(len(sheets)))),
    }
    for at, cells in enumerate(sheets.values()):
        rows: dict[str, str] = {}
        for place, text in cells.items():
            cell = f"<c r='{place}' t='inlineStr'><is><t>{escape(text)}</t></is></c>"
            number = place.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
            rows[number] = rows.get(number, "") + cell
        body = "".join(f"<row r='{number}'>{inside}</row>" for number, inside in rows.items())
        parts[f"xl/{at}.xml"] = f"<worksheet {_S}><sheetData>{body}</sheetData></worksheet>"
    return _zip(parts)


def presentation(slides: Sequence[tuple[str, str, bytes]]) -> bytes:
    """Return a presentation: the title, the text and the picture of each slide; an empty picture is none."""
    listed = "".join(f"<p:sldId id='{256 + at}' r:id='r{at}'/>" for at in range(len(slides)))
    parts: dict[str, str | bytes] = {
        "ppt/presentation.xml": f"<p:presentation {_A} {_R}><p:sldIdLst>{listed}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": _relations(*((f"r{at}", "slide", f"{at}.xml") for at in range(len(slides)))),
    }
    for at, (title, text, picture) in enumerate(slides):
        shapes = "".join(
            f"<p:sp><p:nvSpPr><p:nvPr><p:ph type='{kind}'/></p:nvPr></p:nvSpPr>"
            f"<p:txBody><a:p><a:r><a:t>{escape(said)}</a:t></a:r></a:p></p:txBody></p:sp>"
            for kind, said in (("title", title), ("body", text))
        )
        if picture:
            shapes += "<p:pic><p:blipFill><a:blip r:embed='p'/></p:blipFill></p:pic>"
            parts[f"ppt/{at}.png"] = picture
            parts[f"ppt/_rels/{at}.xml.rels"] = _relations(("p", "image", f"{at}.png"))
        parts[f"ppt/{at}.xml"] = f"<p:sld {_A} {_R}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>"
    return _zip(parts)


def book(title: str, chapters: Sequence[tuple[str, str]]) -> bytes:
    """Return a book: the title and the text of each chapter."""
    items = "".join(
        f"<item id='c{at}' href='{at}.html' media-type='application/xhtml+xml'/>" for at in range(len(chapters))
    )
    spine = "".join(f"<itemref idref='c{at}'/>" for at in range(len(chapters)))
    parts = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": "<container><rootfiles><rootfile full-path='b.opf'/></rootfiles></container>",
        "b.opf": f"<package><metadata><title>{title}</title></metadata><manifest>{items}</manifest>"
        f"<spine>{spine}</spine></package>",
    }
    for at, (name, text) in enumerate(chapters):
        parts[f"{at}.html"] = f"<html><body><h2>{escape(name)}</h2><p>{escape(text)}</p></body></html>"
    return _zip(parts)
