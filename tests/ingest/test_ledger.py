"""The page ledger: what is said of the pages of a file, in status, in reports and beside answers, is what they are."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from fpdf import FPDF
from kb import KnowledgeBase
from kb.ingest.images.ocr import ocr_installed
from kb.ingest.run.sync import Selection
from pypdf import PdfReader, PdfWriter

SCANNED = {7: "The reserve pump stands in the northern hall", 19: "Valve inspections take place every autumn",
           33: "Lubricant barrels are kept below the stairs"}  # fmt: skip
GARBLED = 25
NAMES = " ".join(f"/uniE{code:03X}" for code in range(90))
SENSELESS = f"""%PDF-1.4
1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj
2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj
3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >> endobj
4 0 obj << /Length 77 >> stream
BT 1 1 1 rg /F1 11 Tf 1 0 0 1 60 600 Tm (GARBLED LETTERS GARBLED LETTERS) Tj ET
endstream endobj
5 0 obj << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /Differences [32 {NAMES}] >> >> endobj
trailer << /Root 1 0 R /Size 6 >>
startxref
0
%%EOF
""".encode()
"""A page whose letters mean nothing, in white: recognition has nothing to see either."""


def scan(text: str) -> io.BytesIO:
    """Return a picture of a sentence, as a scanner would make it."""
    image_module = pytest.importorskip("PIL.Image")
    draw_module = pytest.importorskip("PIL.ImageDraw")
    font_module = pytest.importorskip("PIL.ImageFont")
    image = image_module.new("L", (1240, 400), 255)
    draw_module.Draw(image).text((80, 150), text, font=font_module.load_default(44), fill=0)
    out = io.BytesIO()
    image.save(out, "PNG")
    out.seek(0)
    return out


def forty_pages(path: Path) -> None:
    """Write a PDF of 40 pages: three are pictures, one holds letters that mean nothing."""
    document = FPDF()
    document.set_font("Helvetica", size=12)
    for number in range(1, 41):
        if number == GARBLED:
            continue
        document.add_page()
        if number in SCANNED:
            document.image(scan(SCANNED[number]), w=180)
        else:
            document.multi_cell(0, text=f"Page {number} describes machine number {number * 37} of the works in detail.")
    pages = PdfWriter(io.BytesIO(document.output()))
    pages.insert_page(PdfReader(io.BytesIO(SENSELESS)).pages[0], GARBLED - 1)
    pages.write(path)


@pytest.mark.slow
@pytest.mark.skipif(not ocr_installed(), reason="the ocr extra is not installed")
def test_forty_pages_are_accounted_for_to_the_page(tmp_path: Path) -> None:
    """36 pages of text, 3 that are recognised and found by search, 1 that could not be read and is spoken of."""
    forty_pages(tmp_path / "works.pdf")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        report = kb.ingest([tmp_path / "works.pdf"], selection=Selection(workers=1))
        (file,) = kb.ledger()
        hows = {page.number: page.how for page in file.pages}
        assert hows == {
            number: "ocr" if number in SCANNED else "garbled" if number == GARBLED else "text"
            for number in range(1, 41)
        }
        assert all(bool(page.reason) == (page.how != "text") for page in file.pages)
        said = "1 of 40 pages of works.pdf could not be read: 25."
        assert said in report.notes
        assert "40 pages; 1 garbled; 3 ocr; p. 25: " in file.detail
        for number, sentence in SCANNED.items():
            chunk = kb.search(sentence, k=1)[0].chunk
            assert number in chunk.pages
            assert sentence.lower() in " ".join(chunk.text.lower().split())
        assert said in kb.ask("Where does the reserve pump stand?").notes


@pytest.mark.slow
@pytest.mark.skipif(not ocr_installed(), reason="the ocr extra is not installed")
def test_scanned_pages_are_read_again_once_recognition_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --force, and only once: a page that recognition cannot read either is not tried for ever."""
    monkeypatch.setenv("KB_OCR", "off")
    forty_pages(tmp_path / "works.pdf")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([tmp_path / "works.pdf"])
        assert kb.ingest([tmp_path / "works.pdf"]).unchanged
        monkeypatch.delenv("KB_OCR")
        assert len(kb.ingest([tmp_path / "works.pdf"], selection=Selection(dry_run=True)).updated) == 1
        assert len(kb.ingest([tmp_path / "works.pdf"]).updated) == 1
        assert [page.number for page in kb.ledger()[0].pages if page.how == "ocr"] == sorted(SCANNED)
        assert len(kb.ingest([tmp_path / "works.pdf"]).unchanged) == 1


def test_without_recognition_the_scanned_pages_are_failed_and_say_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """4 of 40 pages could not be read, by number; the other 36 are in the base."""
    monkeypatch.setenv("KB_OCR", "off")
    forty_pages(tmp_path / "works.pdf")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        report = kb.ingest([tmp_path / "works.pdf"])
        assert [note for note in report.notes if "works.pdf" in note] == [
            "4 of 40 pages of works.pdf could not be read: 7, 19, 25, 33."
        ]
        assert any("pip install 'kb-rag[ocr]'" in note for note in report.notes)
        (file,) = kb.ledger()
        assert {page.number for page in file.pages if page.how == "failed"} == set(SCANNED)
        assert all("kb-rag[ocr]" in page.reason for page in file.pages if page.how == "failed")
        found = {page for hit in kb.search("machine number of the works in detail", k=100) for page in hit.chunk.pages}
        assert found == set(range(1, 41)) - set(SCANNED) - {GARBLED}
