"""Text before pictures: what has to be recognised waits until the text of all files is there and can be searched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fpdf import FPDF
from kb import KnowledgeBase
from kb.ingest.document import Step
from kb.ingest.images.ocr import ocr_installed
from PIL import Image, ImageDraw, ImageFont

pytestmark = pytest.mark.skipif(not ocr_installed(), reason="the ocr extra is not installed")


def drawn(text: str) -> Image.Image:
    image = Image.new("RGB", (900, 600), "white")  # recognition makes a flat one six times as large
    ImageDraw.Draw(image).text((20, 30), text, "black", ImageFont.load_default(40))
    return image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A picture, a report of one page of text and one that is scanned, and a note, which comes last."""
    folder = tmp_path / "files"
    folder.mkdir()
    drawn("The barge carries 640 tons of gravel").save(folder / "a.png")
    report = FPDF()
    report.set_font("Helvetica", size=12)
    report.add_page()
    report.multi_cell(0, text="The lock at Emsdorf has a length of 190 metres.")
    report.add_page()
    report.image(drawn("The weir was built by Anna Holm in 1931"), w=180)
    report.output(str(folder / "b.pdf"))
    (folder / "c.md").write_text("The ferry runs every 20 minutes.\n")
    return folder


@pytest.fixture
def base() -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(embedder="tfidf") as opened:
        yield opened


def found(base: KnowledgeBase, question: str) -> bool:
    return any(question.rsplit(maxsplit=1)[-1] in hit.chunk.text for hit in base.search(question))


def test_text_is_searchable_before_pictures_are_recognised(base: KnowledgeBase, folder: Path) -> None:
    """Left for later, only text is there, and the ledger says what waits; then all is, in a report like that of one run."""
    report = base.ingest([folder], later=True)
    assert len(report.waiting) == 2
    assert not report.failed
    assert found(base, "ferry minutes")
    assert found(base, "lock Emsdorf")
    assert not found(base, "barge gravel")
    assert "once the text of all files" in " ".join(page.reason for file in base.ledger() for page in file.pages)
    report = base.finish(report)
    assert [Path(source).name for source in report.added] == ["a.png", "b.pdf", "c.md"]
    assert (report.waiting, report.updated, report.failed) == ((), (), ())
    assert found(base, "barge gravel")
    assert found(base, "weir Holm")
    again = base.ingest([folder])
    assert len(again.unchanged) == 3


def test_recognition_is_a_step_of_its_own(base: KnowledgeBase, folder: Path) -> None:
    """Its progress counts the files that wait, after all were read; a note says how many."""
    steps: list[Step] = []
    said: list[str] = []
    base.ingest([folder], progress=steps.append, say=said.append)
    stages = list(dict.fromkeys(step.stage for step in steps))
    assert stages[:2] == ["read", "recognise"]
    assert max(step.total for step in steps if step.stage == "recognise") == 2
    assert "2 files are still to be recognised" in said[-1]


def test_what_was_interrupted_goes_on(base: KnowledgeBase, folder: Path) -> None:
    """Who stops while pictures are recognised loses nothing: the next run recognises what is left, and reads nothing else."""

    def stop(step: Step) -> None:
        if step.stage == "recognise":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        base.ingest([folder], progress=stop)
    assert found(base, "ferry minutes")
    report = base.ingest([folder])
    assert not report.failed
    assert found(base, "barge gravel")
    assert found(base, "weir Holm")
    assert [Path(source).name for source in report.unchanged] == ["c.md"]


def test_what_a_server_recognised_meanwhile_is_reported(base: KnowledgeBase, folder: Path) -> None:
    """Who comes second to what was left tells of it as if it had come first."""
    report = base.ingest([folder], later=True)
    base.finish()
    assert [Path(source).name for source in base.finish(report).added] == ["a.png", "b.pdf", "c.md"]


def test_others_write_while_pictures_are_recognised(base: KnowledgeBase, folder: Path, tmp_path: Path) -> None:
    """Another ``kb ingest`` waits for none of it; and what is forgotten or changed meanwhile does not come back."""
    (tmp_path / "late.md").write_text("The pilot boards at buoy 7.\n")
    drawn("The crane lifts 44 tons of timber").save(folder / "d.png")
    begun: list[Step] = []

    def write(step: Step) -> None:
        if step.stage == "recognise" and not begun:
            begun.append(step)
            with KnowledgeBase.open(embedder="tfidf") as other:
                assert other.ingest([tmp_path / "late.md"], later=True).added == (str(tmp_path / "late.md"),)
                other.remove([folder / "a.png"])
                (folder / "d.png").write_bytes((folder / "c.md").read_bytes())
                other.ingest([folder / "d.png"], later=True)

    report = base.ingest([folder], later=True)
    report = base.finish(report, progress=write)
    assert begun
    assert found(base, "pilot buoy")
    assert found(base, "weir Holm")
    assert not found(base, "barge gravel")
    assert not found(base, "crane timber")
    assert str(folder / "a.png") not in {row.source for row in base.sources()}
    assert not report.waiting
