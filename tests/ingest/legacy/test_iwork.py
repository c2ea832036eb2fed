"""Files of Apple's programs: the preview inside is read. The files are made here."""

from __future__ import annotations

import io
import zipfile

import pytest
from fpdf import FPDF
from kb.ingest.errors import UnsupportedError
from kb.ingest.run.read import read_bytes


def package(**parts: bytes) -> bytes:
    """Return a file as Pages saves it, with more parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in {"Index/Document.iwa": b"\0", **parts}.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_the_preview_is_read_and_its_lack_is_said() -> None:
    """One document and a note, not dozens of parts that nobody reads."""
    preview = FPDF()
    preview.add_page()
    preview.set_font("Times", size=11)
    preview.write(5, "The plan is ready.")
    reading = read_bytes(package(**{"QuickLook/Preview.pdf": bytes(preview.output())}), "a.pages")
    assert reading.text == "The plan is ready."
    assert "preview" in reading.notes[0]
    with pytest.raises(UnsupportedError, match="export it as PDF"):
        read_bytes(package(), "a.key")
