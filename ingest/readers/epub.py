"""The EPUB reader: chapters in reading order, the text in pictures in place, that of the cover in front.

The book's own table of contents, which repeats the headings, is left out.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from ..errors import DamagedError, EncryptedError
from ..images.pictures import Pictures
from ..media import IMAGES, SUFFIXES
from ..notice import Notice
from ..package import Element, Package, attribute, open_package
from ..reading import MarkdownWriter, Reading
from ..text.encoding import decode
from .html_tree import as_html
from .page_pictures import Look, looking
from .web import html_reading

_FONT_SCRAMBLING = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_ENCODING = re.compile(rb"<\?xml[^>]{0,100}encoding=[\"']([\w.:-]+)")


def read_epub(data: bytes, name: str) -> Reading:
    """Read a book; see ``open_package`` for what it raises. EncryptedError also: it has copy protection."""
    del name
    with open_package(data) as package:
        _check_protection(package)
        main = _book_part(package)
        book = package.xml(main)
        folder = posixpath.dirname(main)
        writer = MarkdownWriter()
        pictures = Pictures()
        missing = []
        for part in [*_covers(book, folder), *_chapters(book, folder)]:
            try:
                if _is_picture(part):
                    writer.blocks(pictures.see(part, package.read(part)).paragraphs)
                else:
                    _append(writer, _chapter(package.read(part), _looking(package, part, pictures)))
            except DamagedError:
                missing.append(part)
        title = " ".join(next((e.text or "" for e in book.iter("{*}title")), "").split())
        notes = (
            [
                Notice(
                    "{n} chapter(s) are missing or damaged, the first is {chapter}.", n=len(missing), chapter=missing[0]
                )
            ]
            if missing
            else []
        )
        reading = writer.finish(title, notes=[*notes, *pictures.notes()])
        if missing and not reading.text:
            raise DamagedError("None of the book's chapters can be read; download it again.")
        return reading


def _check_protection(package: Package) -> None:
    root = package.optional_xml("META-INF/encryption.xml")
    methods = root.iter("{*}EncryptionMethod") if root is not None else ()
    if any(attribute(method, "Algorithm") not in _FONT_SCRAMBLING for method in methods):
        raise EncryptedError("The book has copy protection; only its seller's own programs can open it.")


def _book_part(package: Package) -> str:
    """Return the name of the package document (EPUB 3.3, 4.2.6.3)."""
    container = package.optional_xml("META-INF/container.xml")
    for element in container.iter("{*}rootfile") if container is not None else ():
        if (path := unquote(attribute(element, "full-path"))) in package:
            return path
    found = [name for name in package.names if name.endswith(".opf")]
    if not found:
        raise DamagedError("The file holds no book; download it again.")
    return found[0]


def _covers(book: Element, folder: str) -> Iterator[str]:
    """Yield the part of the cover picture, as EPUB 3 and EPUB 2 name it; no page need show it."""
    named = {attribute(meta, "content") for meta in book.iter("{*}meta") if attribute(meta, "name") == "cover"}
    for item in book.iter("{*}item"):
        if "cover-image" in attribute(item, "properties").split() or attribute(item, "id") in named:
            part = _part(folder, attribute(item, "href"))
            if _is_picture(part):
                yield part
                return


def _chapters(book: Element, folder: str) -> Iterator[str]:
    """Yield the parts of the spine, without the navigation document."""
    items = {attribute(item, "id"): item for item in book.iter("{*}item")}
    for reference in book.iter("{*}itemref"):
        item = items.get(attribute(reference, "idref"))
        kind = attribute(item, "media-type")
        if item is None or "nav" in attribute(item, "properties").split():
            continue
        if "html" in kind or "xml" in kind or kind in IMAGES:
            yield _part(folder, attribute(item, "href"))


def _part(folder: str, address: str) -> str:
    return posixpath.normpath(posixpath.join("/", folder, unquote(address))).lstrip("/")


def _is_picture(part: str) -> bool:
    return SUFFIXES.get(posixpath.splitext(part)[1].lower()) in IMAGES


def _chapter(content: bytes, look: Look) -> Reading:
    declared = _ENCODING.search(content[:200])
    text = decode(content, declared[1].decode("ascii", "ignore") if declared else "utf-8").text
    return html_reading(as_html(text), look=look)


def _looking(package: Package, chapter: str, pictures: Pictures) -> Look:
    """Return the function that looks at a chapter's pictures, whose names are relative to it."""

    def part(address: str) -> tuple[str, bytes] | None:
        where = urlsplit(address)
        name = _part(posixpath.dirname(chapter), where.path)
        if where.scheme or where.netloc or not (_is_picture(name) or name.lower().endswith(".svg")):
            return None
        return name, package.optional(name)

    return looking(pictures, part)


def _append(writer: MarkdownWriter, chapter: Reading) -> None:
    at = 0
    for heading in chapter.headings:
        writer.block(chapter.text[at : heading.start])
        writer.heading(heading.level, heading.title)
        at = heading.start + len(f"{'#' * heading.level} {heading.title}")
    writer.block(chapter.text[at:])
