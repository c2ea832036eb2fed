"""What a file is: its media type, from its content first and its suffix second.

Comes in: bytes and a file name. Goes out: the media type a reader is registered under. Never: trust in a suffix that
the content contradicts; unsupported kinds are refused with a sentence that says what to do instead.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from pathlib import PurePath
from typing import Literal

from .errors import DamagedError, EncryptedError, UnsupportedError
from .notice import Notice

_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."
DOCX = f"{_OOXML}wordprocessingml.document"
PPTX = f"{_OOXML}presentationml.presentation"
XLSX = f"{_OOXML}spreadsheetml.sheet"
XLS = "application/vnd.ms-excel"
DOC, PPT = "application/msword", "application/vnd.ms-powerpoint"
IWORK = "application/vnd.apple.iwork"
_IWORK_PARTS = ("Index/Document.iwa", "Index.zip")
XLSB = "application/vnd.ms-excel.sheet.binary.macroenabled.12"
ODT, ODS, ODP = f"{_ODF}text", f"{_ODF}spreadsheet", f"{_ODF}presentation"
EPUB, PDF, RTF = "application/epub+zip", "application/pdf", "application/rtf"
MSG, EML, MBOX, MHTML = "application/vnd.ms-outlook", "message/rfc822", "application/mbox", "multipart/related"
ZIP, TAR, GZIP = "application/zip", "application/x-tar", "application/gzip"
HTML, XML, MARKDOWN, PLAIN = "text/html", "application/xml", "text/markdown", "text/plain"
CSV, TSV, RST, TEX = "text/csv", "text/tab-separated-values", "text/x-rst", "text/x-tex"
JSON, JSONL, NOTEBOOK = "application/json", "application/jsonl", "application/x-ipynb+json"
SRT, VTT, ASCIIDOC, ORG = "application/x-subrip", "text/vtt", "text/asciidoc", "text/org"

CODE_LANGUAGES = {
    "python": "py pyw pyi", "javascript": "js mjs cjs jsx", "typescript": "ts tsx", "java": "java", "kotlin": "kt kts",
    "c": "c h", "cpp": "cc cpp cxx hpp hh hxx", "csharp": "cs", "go": "go", "rust": "rs", "ruby": "rb", "php": "php",
    "swift": "swift", "scala": "scala", "lua": "lua", "perl": "pl pm", "r": "r", "julia": "jl", "matlab": "m",
    "sql": "sql", "bash": "sh bash zsh", "powershell": "ps1", "batch": "bat cmd", "css": "css scss less", "vue": "vue",
    "yaml": "yaml yml", "toml": "toml", "ini": "ini cfg conf properties env", "dart": "dart", "haskell": "hs",
    "elixir": "ex exs", "erlang": "erl", "clojure": "clj", "protobuf": "proto", "graphql": "graphql gql", "diff": "diff patch",
}  # fmt: skip
"""Fence language -> suffixes; the media type is ``text/x-<language>``."""

_SUFFIXES = {
    DOCX: "docx docm dotx dotm", PPTX: "pptx pptm ppsx ppsm potx potm", XLSX: "xlsx xlsm xltx xltm", XLS: "xls xlt",
    XLSB: "xlsb", DOC: "doc dot wps", PPT: "ppt pps pot dps",
    IWORK: "pages numbers key",
    ODT: "odt ott", ODS: "ods ots", ODP: "odp otp", EPUB: "epub", PDF: "pdf", RTF: "rtf", MSG: "msg", EML: "eml",
    MBOX: "mbox", MHTML: "mht mhtml", ZIP: "zip", TAR: "tar", GZIP: "gz tgz", HTML: "html htm xhtml",
    XML: "xml xsl rss atom svg",
    MARKDOWN: "md markdown mdown mkd mdx", PLAIN: "txt text log", CSV: "csv", TSV: "tsv tab", RST: "rst",
    TEX: "tex latex ltx sty",
    JSON: "json geojson", JSONL: "jsonl ndjson", NOTEBOOK: "ipynb", SRT: "srt", VTT: "vtt", ASCIIDOC: "adoc asciidoc",
    ORG: "org", "image/png": "png", "image/jpeg": "jpg jpeg", "image/tiff": "tif tiff", "image/bmp": "bmp",
    "image/webp": "webp", "image/gif": "gif",
} | {f"text/x-{language}": suffixes for language, suffixes in CODE_LANGUAGES.items()}  # fmt: skip
SUFFIXES: dict[str, str] = {f".{suffix}": kind for kind, suffixes in _SUFFIXES.items() for suffix in suffixes.split()}
"""Suffix, lower case with its dot -> media type."""

PageKind = Literal["page", "sheet", "slide"]
_PAGES: dict[str, PageKind] = {
    **dict.fromkeys((XLSX, XLS, XLSB, ODS), "sheet"), **dict.fromkeys((PPTX, PPT, ODP), "slide"),
}  # fmt: skip


def page_kind(name: str) -> PageKind:
    """Return what the pages of a file are, by its name; ``page`` also for files that have none."""
    return _PAGES.get(SUFFIXES.get(PurePath(name).suffix.lower(), ""), "page")


def page_name(name: str, number: int) -> str:
    """Return what a citation calls a page of a file: ``p. 2``, ``sheet 2``, ``slide 2``."""
    kind = page_kind(name)
    return f"{'p.' if kind == 'page' else kind} {number}"


IMAGES = frozenset(f"image/{kind}" for kind in ("png", "jpeg", "tiff", "bmp", "webp", "gif"))
_ZIPPED = frozenset({IWORK, DOCX, PPTX, XLSX, XLSB, ODT, ODS, ODP, EPUB})
_BINARY = _ZIPPED | {PDF, MSG, ZIP, TAR, GZIP, XLS, DOC, PPT, RTF} | IMAGES
_MAGIC = (
    (re.compile(rb"\A\{\\rtf"), RTF),
    (re.compile(rb"\A\x89PNG\r\n"), "image/png"),
    (re.compile(rb"\A\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"\A(?:II\*\0|MM\0\*)"), "image/tiff"),
    (re.compile(rb"\AGIF8"), "image/gif"),
    (re.compile(rb"\ARIFF.{4}WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"\ABM.{4}\0{4}", re.DOTALL), "image/bmp"),
    (re.compile(rb"\A\x1f\x8b"), GZIP),
    (re.compile(rb"\A.{257}ustar", re.DOTALL), TAR),
)
_UNSUPPORTED_MAGIC = (
    (b"7z\xbc\xaf\x27\x1c", Notice("it is a 7z archive; unpack it first")),
    (b"Rar!\x1a\x07", Notice("it is a RAR archive; unpack it first")),
    (b"BZh", Notice("it is a bzip2 file; unpack it first")),
    (b"\xfd7zXZ\0", Notice("it is an xz file; unpack it first")),
    (b"\x28\xb5\x2f\xfd", Notice("it is a Zstandard file; unpack it first")),
    (b"MZ\x90\0", Notice("it is a Windows program; it holds no text")),
    (b"\x7fELF", Notice("it is a program; it holds no text")),
    (b"ID3", Notice("it is a sound file; transcribe it first")),
    (b"OggS", Notice("it is a sound file; transcribe it first")),
    (b"fLaC", Notice("it is a sound file; transcribe it first")),
    (b"SQLite format 3\0", Notice("it is an SQLite database; export its tables as CSV")),
    (b"%!PS", Notice("it is a PostScript file; convert it to PDF")),
    (b"AT&TFORM", Notice("it is a DjVu file; convert it to PDF")),
    (b"ITSF", Notice("it is a CHM help file; convert it to HTML")),
)
_OLE_STREAMS = (
    ("__properties_version1.0", MSG, ""),
    ("PowerPoint Document", PPT, ""),
    ("WordDocument", DOC, ""),
    ("Workbook", XLS, ""),
    ("Book", XLS, ""),
    (
        "WpsDocument",
        "wps",
        Notice("it is a Works file; save it as .docx, or run: soffice --headless --convert-to docx FILE"),
    ),
    ("HwpSummaryInformation", "hwp", Notice("it is a Hangul file (.hwp); save it as .docx or PDF")),
)


def is_text(kind: str) -> bool:
    """Return whether files of this media type are text from first byte to last, in one encoding."""
    return kind not in _BINARY | {EML, MBOX, MHTML}


def sniff(data: bytes, name: str) -> str:
    """Return the media type of ``data``; only the suffix of ``name`` is used.

    Raises: UnsupportedError: no reader for this kind. EncryptedError: an office file with a password.
        DamagedError: the suffix promises a structure the bytes do not have.
    """
    suffix = PurePath(name.replace("\\", "/")).suffix.lower()
    promised = SUFFIXES.get(suffix, "")
    return _by_magic(data, suffix, promised) or _sniff_text(data, suffix, promised)


def _by_magic(data: bytes, suffix: str, promised: str) -> str:
    head = data[:1024]
    for magic, what in _UNSUPPORTED_MAGIC:
        if head.startswith(magic):
            raise UnsupportedError(what)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _sniff_zip(data, promised)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _sniff_ole(data, suffix, promised)
    if b"%PDF-" in head and (promised == PDF or not _is_texty(head)):
        return PDF
    return next((kind for pattern, kind in _MAGIC if pattern.match(head)), "")


def _is_texty(head: bytes) -> bool:
    """Return whether the bytes before ``%PDF-`` are prose about PDF rather than junk."""
    return head.index(b"%PDF-") > 0 and b"obj" not in head


def _sniff_zip(data: bytes, promised: str) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            kind = _mimetype(archive) if "mimetype" in names else ""
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        OSError,
        ValueError,
        EOFError,
        zlib.error,
    ) as exc:
        if promised in _BINARY:
            return promised
        raise DamagedError("the zip structure is broken or cut off; get the file again") from exc
    if "xl/workbook.bin" in names:
        return XLSB
    return _zip_kind(names, kind) or (promised if promised in _ZIPPED else ZIP)


def _mimetype(archive: zipfile.ZipFile) -> str:
    """Return what kind of package a zip calls itself; "" if that is locked, or packed in a way that Python cannot unpack."""
    try:
        return archive.read("mimetype")[:200].decode("ascii", "replace").strip()
    except (NotImplementedError, RuntimeError):
        return ""


def _zip_kind(names: set[str], kind: str) -> str:
    if kind == EPUB or kind.startswith(_ODF):
        return kind.removesuffix("-template")
    if "[Content_Types].xml" in names:
        folders = {name.partition("/")[0] for name in names}
        return next((ooxml for folder, ooxml in (("word", DOCX), ("ppt", PPTX), ("xl", XLSX)) if folder in folders), "")
    if any(name.endswith(_IWORK_PARTS) for name in names):
        return IWORK
    return EPUB if "META-INF/container.xml" in names else ""


def _sniff_ole(data: bytes, suffix: str, promised: str) -> str:
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise EncryptedError("the file is protected by a password; remove the password and try again")
    found = [entry for entry in _OLE_STREAMS if (entry[0] + "\0").encode("utf-16-le") in data]
    for _, kind, refusal in sorted(found, key=lambda entry: entry[1] not in (promised, suffix[1:])):
        if refusal:
            raise UnsupportedError(refusal)
        return kind
    if promised in {XLS, MSG, DOC, PPT}:
        return promised
    raise UnsupportedError("it is an old Office file of an unknown kind; save it in a current format")


_MAIL_HEADER = re.compile(
    rb"\A(?:[A-Za-z][A-Za-z0-9-]*:[^\n]*\n(?:[ \t][^\n]*\n)*)*?"
    rb"(?:From|Received|Return-Path|Message-ID|MIME-Version|Date|Delivered-To):[ \t]",
    re.IGNORECASE,
)
_HTML = re.compile(
    rb"\A\s*(?:<\?xml[^>]*>\s*|<!--(?:(?!-->).)*-->\s*)*"
    rb"<(?:!doctype\s+html|html|head|body|title|h[1-6]|p|div|table)\b",
    re.IGNORECASE | re.DOTALL,
)
_WHOLE_PAGE = re.compile(rb"\A\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_TEXT_STRUCTURE = (
    (re.compile(rb"\A\s*<(?:\?xml\b|!DOCTYPE (?!html))", re.IGNORECASE), XML),
    (re.compile(rb"\AWEBVTT\b"), VTT),
    (re.compile(rb"\AFrom \S+.*\d\d:\d\d.*\r?\n[A-Za-z-]+:"), MBOX),
    (re.compile(rb"\A\s*\d+\r?\n\d\d:\d\d:\d\d,\d{3} --> "), SRT),
    (re.compile(rb"\\documentclass\b[^\n]*\{"), TEX),
    (re.compile(rb"\A#!.*\bpython"), "text/x-python"),
    (re.compile(rb"\A#!.*\b(?:ba|z)?sh\b"), "text/x-bash"),
)


def _sniff_text(data: bytes, suffix: str, promised: str) -> str:
    head = _head(data)
    if promised and promised not in _BINARY | {HTML}:
        return HTML if promised == PLAIN and _WHOLE_PAGE.match(head) else promised
    found = HTML if _HTML.match(head) else next((kind for pattern, kind in _TEXT_STRUCTURE if pattern.search(head)), "")
    if promised == HTML:
        return XML if found == XML and b"xhtml" not in head else HTML
    if promised in _BINARY:
        return _unmasked(head, suffix, found)
    return found or _sniff_nameless(head)


def _head(data: bytes) -> bytes:
    """Return the beginning of a text, UTF-16 as UTF-8, without a byte order mark."""
    head = data[:8192].removeprefix(b"\xef\xbb\xbf")
    return head.decode("utf-16", "ignore").encode() if head[:2] in (b"\xff\xfe", b"\xfe\xff") else head


def _unmasked(head: bytes, suffix: str, found: str) -> str:
    """Return what a file with a binary format's suffix really is: web exports are often HTML or tables."""
    if found in {HTML, XML}:
        return found
    if suffix in {".xls", ".xlt"} and b"\t" in head and b"\0" not in head:
        return TSV
    raise DamagedError("it is named {suffix} but does not hold what that promises; get the file again", suffix=suffix)


def _sniff_nameless(head: bytes) -> str:
    if _MAIL_HEADER.match(head):
        return EML
    if head.lstrip()[:1] in (b"{", b"[") and re.search(rb"\A\s*[\[{]\s*[\"\[{\]}\d]", head):
        return JSON
    return PLAIN
