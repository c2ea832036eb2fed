"""Media types: content before suffix, and a sentence for what nobody reads."""

from __future__ import annotations

import io
import tarfile
import zipfile

import pytest
from kb.ingest import media
from kb.ingest.errors import DamagedError, EncryptedError, TooLargeError, UnsupportedError
from kb.ingest.media import page_name, sniff
from kb.ingest.readers.archive import members

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def zipped(*names: str, **contents: bytes) -> bytes:
    """Return a zip with files of those names."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, contents.get(name, b"content"))
    return out.getvalue()


def ole(stream: str) -> bytes:
    """Return the beginning of a compound file whose directory names a stream."""
    return OLE + (stream + "\0").encode("utf-16-le").ljust(128, b"\0")


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b"%PDF-1.7\n1 0 obj", "a.txt", media.PDF),
        (b"junk\n%PDF-1.7\n1 0 obj", "a.pdf", media.PDF),
        (b"A file that begins with %PDF- is a PDF file.", "notes.txt", media.PLAIN),
        (zipped("[Content_Types].xml", "word/document.xml"), "a.pdf", media.DOCX),
        (zipped("[Content_Types].xml", "ppt/presentation.xml"), "a", media.PPTX),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "a.zip", media.XLSX),
        (zipped("mimetype", "content.xml", mimetype=media.ODT.encode()), "a.bin", media.ODT),
        (zipped("mimetype", "META-INF/container.xml", mimetype=b"application/epub+zip"), "a.zip", media.EPUB),
        (zipped("a.txt"), "a.zip", media.ZIP),
        (ole("Workbook"), "a.xls", media.XLS),
        (ole("__properties_version1.0"), "mail", media.MSG),
        (b"{\\rtf1 text}", "a.doc", media.RTF),
        (ole("WordDocument"), "a.wps", media.DOC),
        (zipped("[Content_Types].xml", "xl/workbook.bin"), "a.xlsb", media.XLSB),
        (ole("PowerPoint Document"), "a.ppt", media.PPT),
        (b"<!DOCTYPE html><p>saved page", "report.docx", media.HTML),
        (b"<html><table><tr><td>1", "export.xls", media.HTML),
        (b"a\tb\n1\t2\n", "export.xls", media.TSV),
        (b"\x89PNG\r\n\x1a\n", "a.txt", "image/png"),
        (b"# Title\n", "README.md", media.MARKDOWN),
        (b"<!DOCTYPE html><html>", "saved.txt", media.HTML),
        (b"<p> is a tag", "notes.txt", media.PLAIN),
        (b"a,b\n", "A.CSV", media.CSV),
        (b"def f(): ...\n", "a.py", "text/x-python"),
        (b"#!/usr/bin/env python3\n", "script", "text/x-python"),
        (b'{"a": 1}', "data", media.JSON),
        (b"From: a@b.c\nSubject: x\n\nhi", "mail", media.EML),
        (b"<?xml version='1.0'?><r/>", "feed", media.XML),
        (b"WEBVTT\n\n00:00.000 --> 00:01.000\nhi", "subs", media.VTT),
        ("<html><body>中文".encode("utf-16"), "page.html", media.HTML),
        (b"Dear all: nothing here is a header.\n", "letter", media.PLAIN),
        (b"\\documentclass{article}", "paper", media.TEX),
    ],
)
def test_the_kind_is_that_of_the_content(data: bytes, name: str, kind: str) -> None:
    """A file is what it holds; the suffix decides only between kinds of text."""
    assert sniff(data, name) == kind


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.epub", "a.msg", "a.png", "a.zip", "a.doc"])
def test_a_suffix_that_promises_what_is_not_there_is_damage(name: str) -> None:
    """Text under a binary suffix is a broken download, not a document."""
    with pytest.raises(DamagedError, match="promises"):
        sniff(b"Not found", name)


@pytest.mark.parametrize(
    ("data", "name", "advice"),
    [
        (b"7z\xbc\xaf\x27\x1c", "a.7z", "unpack"),
        (b"Rar!\x1a\x07\x00", "a.rar", "unpack"),
        (b"ID3\x03", "a.mp3", "transcribe"),
    ],
)
def test_what_nobody_reads_is_refused_with_advice(data: bytes, name: str, advice: str) -> None:
    """Formats without a reader say how to get to one that has one."""
    with pytest.raises(UnsupportedError, match=advice):
        sniff(data, name)


def test_office_files_with_a_password_are_recognised() -> None:
    """An encrypted .docx is a compound file with an EncryptedPackage in it."""
    with pytest.raises(EncryptedError, match="password"):
        sniff(ole("EncryptedPackage"), "a.docx")


def test_members_of_archives_are_read_through_archives_within() -> None:
    """A zip in a zip gives its members under a name that says where they are; noise and empty files are left out."""
    inner = zipped("b.txt")
    outer = zipped("a.txt", "inner.zip", "__MACOSX/._a.txt", "empty.txt", **{"inner.zip": inner, "empty.txt": b""})
    assert list(members(outer, "o.zip")) == [("a.txt", b"content"), ("inner.zip!b.txt", b"content")]


def test_tar_and_gzip_are_archives_too() -> None:
    """A .tar.gz is opened in two steps."""
    import gzip

    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("docs/说明.txt")
        info.size = 4
        archive.addfile(info, io.BytesIO(b"text"))
    assert list(members(gzip.compress(out.getvalue()), "a.tar.gz")) == [("a.tar!docs/说明.txt", b"text")]
    assert list(members(gzip.compress(b"text"), "a.txt.gz")) == [("a.txt", b"text")]


def test_names_of_members_are_labels_in_any_encoding() -> None:
    """Names that Chinese tools wrote in GBK are readable, and a path that climbs out of the archive is only a label."""
    name = "合同/甲方.txt"
    data = zipped("X" * len(name.encode("gbk"))).replace(b"X" * len(name.encode("gbk")), name.encode("gbk"))
    assert [label for label, _ in members(data, "a.zip")] == [name]
    assert [label for label, _ in members(zipped("../../etc/passwd"), "a.zip")] == ["../../etc/passwd"]


def test_bombs_are_refused() -> None:
    """What expands to hundreds of times its size is not expanded, nor are archives without end; the rest is had."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.txt", bytes(50_000_000))
        archive.writestr("good.txt", b"text")
    found = dict(members(out.getvalue(), "bomb.zip"))
    assert isinstance(found["zeros.txt"], TooLargeError)
    assert found["good.txt"] == b"text"
    nested = b"text"
    for depth in range(6):
        nested = zipped(f"{depth}.zip", **{f"{depth}.zip": nested}) if depth else zipped("a.txt")
    ((label, error),) = members(nested, "nested.zip")
    assert label == "5.zip!4.zip!3.zip"
    assert isinstance(error, TooLargeError)


def test_broken_and_locked_archives_say_so() -> None:
    """A cut zip is damaged; one with a password is encrypted."""
    data = zipped("a.txt")
    with pytest.raises(DamagedError):
        list(members(data[:40], "a.zip"))
    locked = bytearray(data)
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    assert isinstance(dict(members(bytes(locked), "a.zip"))["a.txt"], EncryptedError)


@pytest.mark.parametrize(
    ("name", "called"),
    [("a.pdf", "p. 2"), ("a.XLSX", "sheet 2"), ("a.ods", "sheet 2"), ("a.zip!b.pptx", "slide 2"), ("a", "p. 2")],
)
def test_a_page_is_called_what_it_is(name: str, called: str) -> None:
    """A citation of a workbook names its sheet, and that of a presentation its slide."""
    assert page_name(name, 2) == called
