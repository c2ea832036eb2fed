"""Make the files of ``knowledge_base/`` that are not written by hand: HTML, Word, PDF and text, out of Markdown.

Comes in: ``docs/handbook/LANGUAGE/NAME.SUFFIX.md``. Goes out: ``knowledge_base/LANGUAGE/NAME.SUFFIX``, the same on
every run. Never: a date, a random id, or the machine's name in what it writes. The Markdown files of the handbook lie
in ``knowledge_base/`` itself and are not touched.

    python docs/build_handbook.py           # write
    python docs/build_handbook.py --check   # compare, exit 1 where a file is missing or differs

Needs the ``test`` extra. The Chinese PDF embeds the glyphs it uses of Noto Sans SC (SIL Open Font License 1.1, which
permits embedding in documents); the font comes with the package ``pylopdf-fonts-zh-cn`` and is not in this repo.
"""

from __future__ import annotations

import html
import io
import re
import sys
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import docx
import pypdfium2
from fpdf import FPDF
from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "docs" / "handbook"
TARGET = ROOT / "knowledge_base"
FONT_PACKAGE = "pylopdf_fonts_zh_cn"
EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
_CJK = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f"
_CLOSING = "，。、；：？！）》】”’,.;:?!)"


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a page; backticks in the text of paragraphs, items and cells stand around code."""

    kind: Literal["heading", "paragraph", "item", "code", "table"]
    text: str = ""
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()


class MissingFontError(RuntimeError):
    """The font of the Chinese PDF is not installed."""


def blocks(markdown: str) -> Iterator[Block]:
    """Yield the blocks of a handbook page; it knows headings, paragraphs, flat lists, fenced code and tables."""
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    rows: list[list[str]] = []
    kind, level = "paragraph", 0
    for token in tokens:
        if token.type == "heading_open":
            kind, level = "heading", int(token.tag[1])
        elif token.type == "list_item_open":
            kind = "item"
        elif token.type in {"heading_close", "list_item_close"}:
            kind, level = "paragraph", 0
        elif token.type == "fence":
            yield Block("code", token.content.rstrip("\n"))
        elif token.type == "tr_open":
            rows.append([])
        elif token.type == "table_close":
            yield Block("table", rows=tuple(map(tuple, rows)))
            rows = []
        elif token.type == "inline" and rows:
            rows[-1].append(_inline(token))
        elif token.type == "inline":
            yield Block(kind, _inline(token), level)  # type: ignore[arg-type]


def _inline(token: Token) -> str:
    parts = []
    for child in token.children or ():
        if child.type == "code_inline":
            parts.append(f"`{child.content}`")
        elif child.type == "softbreak":
            parts.append("\n")
        else:
            parts.append(child.content)
    joined = re.sub(rf"(?<=[{_CJK}])\n|\n(?=[{_CJK}])", "", "".join(parts))
    return joined.replace("\n", " ")


def _runs(text: str) -> Iterator[tuple[str, bool]]:
    for index, part in enumerate(text.split("`")):
        if part:
            yield part, index % 2 == 1


def to_html(page: list[Block], language: str) -> bytes:
    """Return the page as HTML."""
    lines = ["<!DOCTYPE html>", f'<html lang="{language}">', "<head>", '<meta charset="utf-8">']
    lines += [f"<title>{html.escape(page[0].text)}</title>", "</head>", "<body>", "<main>"]
    for index, block in enumerate(page):
        if block.kind == "item" and page[index - 1].kind != "item":
            lines.append("<ul>")
        lines.append(_html_block(block))
        if block.kind == "item" and (index + 1 == len(page) or page[index + 1].kind != "item"):
            lines.append("</ul>")
    return "\n".join([*lines, "</main>", "</body>", "</html>", ""]).encode()


def _html_block(block: Block) -> str:
    if block.kind == "table":
        head, *body = ["".join(f"<td>{_html_inline(cell)}</td>" for cell in row) for row in block.rows]
        rows = "\n".join(f"<tr>{row}</tr>" for row in [head.replace("td>", "th>"), *body])
        return f"<table>\n{rows}\n</table>"
    if block.kind == "code":
        return f"<pre><code>{html.escape(block.text)}</code></pre>"
    tag = {"heading": f"h{block.level}", "paragraph": "p", "item": "li"}[block.kind]
    return f"<{tag}>{_html_inline(block.text)}</{tag}>"


def _html_inline(text: str) -> str:
    return "".join(f"<code>{html.escape(run)}</code>" if code else html.escape(run) for run, code in _runs(text))


def to_docx(page: list[Block], language: str) -> bytes:
    """Return the page as a Word file with real headings, lists and tables."""
    document = docx.Document()
    properties = document.core_properties
    properties.title, properties.language, properties.author = page[0].text, language, "kb"
    properties.created = properties.modified = EPOCH.replace(tzinfo=None)
    properties.comments = ""
    for block in page:
        if block.kind == "heading":
            document.add_heading(block.text.replace("`", ""), block.level)
        elif block.kind == "table":
            table = document.add_table(len(block.rows), len(block.rows[0]), "Table Grid")
            for row, cells in zip(table.rows, block.rows, strict=True):
                for cell, text in zip(row.cells, cells, strict=True):
                    cell.text = text.replace("`", "")
        else:
            paragraph = document.add_paragraph(style="List Bullet" if block.kind == "item" else None)
            for run, code in [(block.text, True)] if block.kind == "code" else _runs(block.text):
                paragraph.add_run(run).font.name = "Courier New" if code else None
    written = io.BytesIO()
    document.save(written)
    return _undated(written.getvalue())


def _undated(archive: bytes) -> bytes:
    undated = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(undated, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, EPOCH.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name))
    return undated.getvalue()


def to_pdf(page: list[Block], language: str) -> bytes:
    """Return the page as a PDF with bookmarks; raises ``MissingFontError`` for Chinese without its font."""
    pdf = FPDF(format="A4")
    pdf.set_creation_date(EPOCH)
    pdf.set_title(page[0].text)
    pdf.set_lang(language)
    pdf.set_margin(20)
    family = "Helvetica"
    if language == "zh":
        family = "NotoSansSC"
        pdf.add_font(family, fname=_font())
    pdf.add_page()
    for block in page:
        _pdf_block(pdf, family, block)
    return bytes(pdf.output())


def _font() -> Path:
    spec = find_spec(FONT_PACKAGE)
    if spec is None or spec.origin is None:
        raise MissingFontError(f"no font for Chinese; run: pip install {FONT_PACKAGE.replace('_', '-')}")
    return Path(spec.origin).with_name("NotoSansSC-Regular.otf")


def _pdf_block(pdf: FPDF, family: str, block: Block) -> None:
    size = {1: 20, 2: 14}.get(block.level, 11)
    pdf.set_font(family, size=size)
    text = block.text.replace("`", "")
    if block.kind == "heading":
        if pdf.will_page_break(30):
            pdf.add_page()
        pdf.start_section(text, block.level - 1)
        pdf.ln(3)
    rows = [" | ".join(row) for row in block.rows] or text.split("\n")
    for row in rows:
        for line in _lines(pdf, f"- {row}" if block.kind == "item" else row):
            pdf.cell(text=line, h=size * 0.55, new_x="LMARGIN", new_y="NEXT")
    pdf.ln(2)


def _lines(pdf: FPDF, text: str) -> Iterator[str]:
    """Yield lines that fit the page, broken at spaces and between Chinese characters, never before closing marks."""
    line = ""
    for piece in re.findall(rf"[{_CJK}][{_CLOSING}]*|[^\s{_CJK}]+[{_CLOSING}]*|\s+", text):
        if line.strip() and pdf.get_string_width((line + piece).rstrip()) > pdf.epw:
            yield line.rstrip()
            line = ""
        if line or piece.strip():
            line += piece
    if line.strip():
        yield line.rstrip()


WRITERS: dict[str, Callable[[list[Block], str], bytes]] = {".html": to_html, ".docx": to_docx, ".pdf": to_pdf}


def made(source: Path) -> bytes:
    """Return the bytes of the handbook file that a source stands for."""
    markdown = source.read_text("utf-8")
    language, suffix = source.parent.name, Path(source.stem).suffix
    if suffix == ".txt":
        # As Windows Notepad in Chinese would save it: the corpus shows that encodings are found out.
        return markdown.removeprefix("# ").encode("gb18030" if language == "zh" else "utf-8")
    return WRITERS[suffix](list(blocks(markdown)), language)


def target(source: Path) -> Path:
    """Return where the file that a source stands for belongs."""
    return TARGET / source.parent.name / source.stem


def content(data: bytes, suffix: str) -> object:
    """Return what must be equal between two builds: compressed bytes may differ between versions of zlib."""
    if suffix == ".docx":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    if suffix == ".pdf":
        with pypdfium2.PdfDocument(data) as pdf:
            return [page.get_textpage().get_text_range() for page in pdf]
    return data


def main() -> int:
    """Write every file, or with ``--check`` name those that differ."""
    check = "--check" in sys.argv[1:]
    stale = 0
    for source in sorted(SOURCES.glob("*/*.md")):
        path, data = target(source), made(source)
        if path.exists() and content(path.read_bytes(), path.suffix) == content(data, path.suffix):
            continue
        stale += 1
        print(f"{'differs' if check else 'written'}: {path.relative_to(ROOT)}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
