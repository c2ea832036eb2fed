"""Zip packages of XML parts: the container of Office Open XML, OpenDocument and EPUB files.

Comes in: the bytes of a package. Goes out: its parts, parsed, and the relations between them. Never: anything written or
fetched, an entity expanded, or more unpacked than the limits allow.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import unquote

from lxml import etree
from lxml.etree import _Element as Element

from .errors import DamagedError, EmptyFileError, EncryptedError, ReadError, TooLargeError, UnsupportedError
from .notice import Notice

__all__ = ["Element", "Package", "Relation", "attribute", "local", "open_package", "parse_xml", "zip_method"]

MAX_EXPANDED_BYTES = 1 << 30
MAX_PART_BYTES = 256 << 20
MAX_RATIO = 200
_SMALL_BYTES = 16 << 20
"""Up to this size, any compression ratio is allowed."""
_MAX_PARTS = 50_000
_METHODS = {1: "Shrink", 6: "Implode", 9: "Deflate64", 93: "Zstandard", 95: "XZ", 96: "JPEG", 97: "WavPack", 98: "PPMd"}
_COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_STRICT = re.compile(
    rb"http://purl\.oclc\.org/ooxml/(wordprocessingml|spreadsheetml|presentationml|drawingml)/(main|chart|diagram)"
)
_STRICT_RELATIONS = b"http://purl.oclc.org/ooxml/officeDocument/"
_SAFE = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}


@dataclass(frozen=True, slots=True)
class Relation:
    """How one part names another (ECMA-376 part 2, 9.3)."""

    kind: str
    """The last word of its type: ``styles``, ``slide``, ``hyperlink`` ..."""
    target: str
    """The name of a part, or an address where ``external``."""
    external: bool = False


@contextmanager
def open_package(data: bytes) -> Iterator[Package]:
    """Open a package and close it afterwards.

    Raises: EmptyFileError, EncryptedError, DamagedError, TooLargeError; UnsupportedError: an Office file from before 2007.
    """
    if not data.strip(b"\0 \r\n\t"):
        raise EmptyFileError("The file is empty.")
    if data.startswith(_COMPOUND_FILE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise EncryptedError("The file needs a password; save it once without one and ingest that copy.")
        raise UnsupportedError("The file is in the binary format from before 2007; save it in today's format.")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError) as exc:
        raise _damaged(Notice("it is cut off, or no zip package")) from exc
    with archive:
        yield Package(archive, len(data))


class Package:
    """An open package; made by ``open_package``."""

    def __init__(self, archive: zipfile.ZipFile, size: int) -> None:
        self._archive = archive
        infos = archive.infolist()
        expanded = sum(info.file_size for info in infos)
        if len(infos) > _MAX_PARTS or expanded > max(min(MAX_EXPANDED_BYTES, MAX_RATIO * size), _SMALL_BYTES):
            raise TooLargeError(
                "The file unpacks to {n_mib} MiB in {n} parts; it was left alone.", n_mib=expanded >> 20, n=len(infos)
            )
        self._infos = {info.filename.lstrip("/"): info for info in infos}
        self._by_folded = {name.casefold(): name for name in self._infos}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its parts, in package order."""
        return tuple(self._infos)

    def __contains__(self, name: str) -> bool:
        return name.casefold() in self._by_folded

    def read(self, name: str) -> bytes:
        """Return the bytes of a part.

        Raises: DamagedError: it is missing or cut off. EncryptedError. TooLargeError: it is larger than it claims to be.
            UnsupportedError: it is packed by a method that Python lacks.
        """
        info = self._infos.get(self._by_folded.get(name.casefold(), name))
        if info is None:
            raise _damaged(Notice("the part {name} is missing", name=name))
        if info.flag_bits & 1:
            raise EncryptedError("The file needs a password; save it once without one and ingest that copy.")
        try:
            with self._archive.open(info) as part:
                content = part.read(MAX_PART_BYTES + 1)
        except NotImplementedError as exc:
            raise UnsupportedError(
                "The file is packed with {method}, a zip method that kb cannot unpack; open it in its program and save it.",
                method=zip_method(info),
            ) from exc
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as exc:
            raise _damaged(Notice("its part {name} cannot be unpacked", name=name)) from exc
        if len(content) > MAX_PART_BYTES:
            raise TooLargeError(
                "The part {name} is larger than {n_mib} MiB; it was left alone.", name=name, n_mib=MAX_PART_BYTES >> 20
            )
        return content

    def optional(self, name: str) -> bytes:
        """Return the bytes of an optional part; none if it is missing or damaged."""
        try:
            return self.read(name)
        except ReadError:
            return b""

    def xml(self, name: str) -> Element:
        """Return the root element of a part; see ``read`` for what it raises."""
        return parse_xml(self.read(name), name)

    def optional_xml(self, name: str) -> Element | None:
        """Return the root element of an optional part; None if it is missing or damaged."""
        try:
            return self.xml(name) if name in self else None
        except DamagedError:
            return None

    def elements(self, name: str, *tags: str) -> Iterator[Element]:
        """Yield the elements with these local names, dropping each, for parts too large to hold as a tree.

        Raises: DamagedError, EncryptedError, TooLargeError, also midway.
        """
        source = io.BytesIO(_as_transitional(self.read(name)))
        try:
            for _, element in etree.iterparse(source, tag=[f"{{*}}{tag}" for tag in tags], **_SAFE):
                yield element
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
        except (etree.XMLSyntaxError, ValueError) as exc:
            raise _damaged(Notice("its part {name} is not well-formed", name=name)) from exc

    def relations(self, name: str) -> dict[str, Relation]:
        """Return a part's relations by id; the package's own for ``""``."""
        folder, file = posixpath.split(name)
        root = self.optional_xml(posixpath.join(folder, "_rels", f"{file}.rels"))
        found: dict[str, Relation] = {}
        for element in root if root is not None else ():
            if local(element) != "Relationship":
                continue
            external = element.get("TargetMode") == "External"
            target = element.get("Target", "")
            if not external:
                target = posixpath.normpath(posixpath.join("/", folder, unquote(target))).lstrip("/")
            found[element.get("Id", "")] = Relation(element.get("Type", "").rsplit("/", 1)[-1], target, external)
        return found

    def main_part(self, fallback: str) -> str:
        """Return the name of the part that holds the document."""
        for relation in self.relations("").values():
            if relation.kind == "officeDocument" and relation.target in self:
                return relation.target
        if fallback in self:
            return fallback
        raise _damaged(Notice("it holds no {fallback}", fallback=fallback))

    def title(self) -> str:
        """Return the title in an Office file's properties."""
        root = self.optional_xml("docProps/core.xml")
        titles = [element.text or "" for element in root.iter("{*}title")] if root is not None else []
        return " ".join(titles[0].split()) if titles else ""


def zip_method(info: zipfile.ZipInfo) -> str:
    """Return by which method a member of a zip is packed, for people (APPNOTE 4.4.5)."""
    return _METHODS.get(info.compress_type) or f"method {info.compress_type}"


def parse_xml(data: bytes, name: str) -> Element:
    """Return the root element of an XML text; entities are not expanded, nothing is fetched.

    Raises: DamagedError: it is not well-formed, or defines entities.
    """
    data = _as_transitional(data)
    parser = etree.XMLParser(**_SAFE)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as exc:
        raise _damaged(Notice("its part {name} is not well-formed", name=name)) from exc
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and any(True for _ in dtd.iterentities()):
        raise DamagedError(
            "The part {name} defines entities, which office programs never write; it was left alone.", name=name
        )
    return root


def local(element: Element) -> str:
    """Return the name of an element without its namespace; ``""`` for comments and the like."""
    tag = element.tag
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""


def attribute(element: Element | None, name: str, default: str = "") -> str:
    """Return an attribute by its name without namespace."""
    if element is None:
        return default
    for key, value in element.attrib.items():
        if key == name or key.endswith("}" + name):
            return str(value)
    return default


def _as_transitional(data: bytes) -> bytes:
    """Return a part with the names of strict Office Open XML replaced by the usual ones."""
    if b"http://purl.oclc.org/ooxml/" not in data:
        return data
    return _STRICT.sub(_transitional, data).replace(
        _STRICT_RELATIONS, b"http://schemas.openxmlformats.org/officeDocument/2006/"
    )


def _transitional(match: re.Match[bytes]) -> bytes:
    return b"http://schemas.openxmlformats.org/" + match[1] + b"/2006/" + match[2]


def _damaged(why: Notice) -> DamagedError:
    return DamagedError("The file is damaged ({why}); save or download it again.", why=why)
