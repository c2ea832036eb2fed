"""What is read in this process, without limits, is only what is plain by what it holds."""

from __future__ import annotations

import io
import os
import tarfile
import zlib
from functools import cache
from pathlib import Path

import pytest
from kb import KnowledgeBase
from kb.ingest.run.discover import discover
from kb.ingest.run.job import is_quick
from kb.ingest.run.pool import Limits
from kb.ingest.run.sync import Selection

_EXPANDED = 400_000_000


@cache
def bomb() -> bytes:
    """Return a PDF of one page whose content is deflated twice: 400 MB in a kilobyte or so."""
    deflate = zlib.compressobj(9)
    once = b"".join(
        [*(deflate.compress(b"0 0 m " * 1_000_000) for _ in range(_EXPANDED // 6_000_000)), deflate.flush()]
    )
    body = zlib.compress(once, 9)
    return (
        (
            b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
            b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]/Contents 4 0 R>>endobj\n"
            b"4 0 obj<</Filter[/FlateDecode/FlateDecode]/Length LENGTH>>stream\n"
        )
        + body
        + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    )


def tar() -> bytes:
    """Return an archive of one file."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        info = tarfile.TarInfo("inner.txt")
        info.size = 11
        archive.addfile(info, io.BytesIO(b"hello there"))
    return packed.getvalue()


HOSTILE = {
    "pdf": bomb,
    "html": lambda: b"<html><body>" + b"<div>" * 180_000 + b"deep" + b"</div>" * 180_000,
    "tar": tar,
    "utf-16 page": lambda: ("<html>" + "<div>" * 100).encode("utf-16"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_file_that_is_not_what_its_name_says_is_not_quick(kind: str, tmp_path: Path) -> None:
    """Called note.txt, it goes to a worker, which has limits."""
    (tmp_path / "note.txt").write_bytes(HOSTILE[kind]())
    assert not is_quick(discover([tmp_path]).files)


def test_a_plain_file_is_quick(tmp_path: Path) -> None:
    """Few small notes are read before a worker would have started; prose about PDF files is prose."""
    (tmp_path / "a.txt").write_text("A file that begins with %PDF- is a PDF file.\n")
    (tmp_path / "b.md").write_text("# Notes\n\nThe yak weighs 612 kg.\n")
    (tmp_path / "c.py").write_text("print(1)\n")
    (tmp_path / "d.txt").write_bytes("旅馆每晚四百五十元。".encode("utf-16"))
    assert is_quick(discover([tmp_path]).files)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="there are no memory limits on Windows")
def test_what_explodes_costs_its_worker_and_not_this_process(tmp_path: Path) -> None:
    """Each hostile file fails or is read within the limits; the note beside them is found."""
    folder = tmp_path / "files"
    folder.mkdir()
    for kind in ("pdf", "html", "tar"):
        (folder / f"{kind}.txt").write_bytes(HOSTILE[kind]())
    (folder / "yak.md").write_text("The yak weighs 612 kilograms.\n")
    with KnowledgeBase.open(embedder="tfidf") as base:
        limits = Limits(timeout_s=8, timeout_s_per_mb=1, memory_bytes=300 * 1024**2)
        report = base.ingest([folder], selection=Selection(limits=limits))
        failed = {Path(failure.source).name: failure.reason for failure in report.failed}
        assert {"pdf.txt"} <= failed.keys() <= {"pdf.txt", "html.txt"}, failed
        assert "612" in base.ask("How many kilograms does the yak weigh?").text
