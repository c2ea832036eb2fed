"""Members of archives, one after the other."""

from __future__ import annotations

import io
import zipfile

import docx
import pytest
from kb.ingest.errors import UnsupportedError
from kb.ingest.readers.archive import members
from kb.ingest.run.read import read_bytes


def packed_by(method: int, packed: bytes) -> bytes:
    """Return a zip whose directories say another method for every member."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        places = [info.header_offset + 8 for info in archive.infolist()]
        at = archive.start_dir
        for info in archive.infolist():
            places.append(at + 10)
            at = packed.index(b"PK", at + 46 + len(info.filename))
    data = bytearray(packed)
    for place in places:
        data[place : place + 2] = method.to_bytes(2, "little")
    return bytes(data)


def test_a_member_without_a_name_does_not_cost_the_others() -> None:
    """It is read under a name that says so."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "One.")
        with archive.open(zipfile.ZipInfo(""), "w") as member:
            member.write(b"Two.")
        archive.writestr("b.txt", "Three.")
    assert dict(members(out.getvalue(), "a.zip")) == {"a.txt": b"One.", "nameless": b"Two.", "b.txt": b"Three."}


def test_a_method_that_python_lacks_is_named() -> None:
    """Windows packs large files so: they are not damaged, and the members packed otherwise are read."""
    out = io.BytesIO()
    docx.Document().save(out)
    with pytest.raises(UnsupportedError, match=r"packed with Deflate64.* save it"):
        read_bytes(packed_by(9, out.getvalue()), "a.docx")
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("META-INF/container.xml", "<container/>")
    with pytest.raises(UnsupportedError, match="packed with method 77"):
        read_bytes(packed_by(77, book.getvalue()), "a.epub")
    text = io.BytesIO()
    with zipfile.ZipFile(text, "w") as archive:
        archive.writestr("a.txt", "One.")
    ((name, error),) = members(packed_by(9, text.getvalue()), "a.zip")
    assert name == "a.txt"
    assert "packed with Deflate64" in str(error)
