"""A citation shows its page only while the file holds the bytes that were read, whatever path the base names."""

from __future__ import annotations

import base64
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from kb import KnowledgeBase
from kb.app.kbz import pack, unpack
from kb.ingest.run.sync import Selection

pytest.importorskip("gradio", reason="the ui extra is not installed")

from kb.app.i18n.texts import texts_for
from kb.app.ui.reader import Wish, document
from kb.app.ui.sources import panel

TEXTS = texts_for("en")


def pdf(place: Path, text: str) -> Path:
    """Write a PDF of one page."""
    from fpdf import FPDF

    document = FPDF()
    document.add_page()
    document.set_font("helvetica")
    document.cell(text=text)
    document.output(str(place))
    return place


def png(place: Path) -> Path:
    """Write a picture."""
    from PIL import Image

    Image.new("RGB", (40, 30), "red").save(place)
    return place


def shown(kb: KnowledgeBase) -> str:
    """Return the panel of sources of an answer."""
    answer = kb.ask("How many years do pangolins live?")
    assert not answer.abstained
    return panel(lambda _: kb, answer, 0, TEXTS)


def test_an_imported_base_cannot_show_files_of_this_computer(tmp_path: Path) -> None:
    """A base that came as a file names a PDF, a picture, a folder or nothing as its source: no byte of those is shown."""
    source = pdf(tmp_path / "pangolins.pdf", "Pangolins live for twenty years.")
    with KnowledgeBase.open(home=tmp_path / "theirs", embedder="tfidf") as kb:
        kb.ingest([source])
        assert "<img" in shown(kb)  # else what follows would prove nothing
        pack(kb, tmp_path / "base.kbz")
    unpack(tmp_path / "base.kbz", home=tmp_path / "mine")
    secrets = (pdf(tmp_path / "secret.pdf", "My password is swordfish."), png(tmp_path / "secret.png"))
    (tmp_path / "folder.pdf").mkdir()
    named = str(source)
    for other in (*secrets, tmp_path / "folder.pdf", tmp_path / "nothing.pdf"):
        with closing(
            sqlite3.connect(tmp_path / "mine" / "default" / "catalog.sqlite", isolation_level=None)
        ) as catalog:
            changed = catalog.execute("UPDATE sources SET source = ? WHERE source = ?", (str(other), named))
            assert changed.rowcount == 1
        named = str(other)
        with KnowledgeBase.open(home=tmp_path / "mine", embedder="tfidf") as kb:
            page = shown(kb)
        assert other.name in page
        assert "<img" not in page
        assert TEXTS["gone"] in page


def test_a_file_that_was_changed_is_not_shown(tmp_path: Path) -> None:
    """The page is that of the bytes that were read, and gone once the file holds others."""
    source = pdf(tmp_path / "pangolins.pdf", "Pangolins live for twenty years.")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([source])
        before = shown(kb)
        image = before.partition("base64,")[2].partition('"')[0]
        assert base64.b64decode(image).startswith(b"\x89PNG")
        pdf(source, "Pangolins live for thirty years.")
        assert "<img" not in shown(kb)


def test_a_page_is_shown_where_boilerplate_is_left_out(tmp_path: Path) -> None:
    """How a file was read is part of what its document is known by: the file has not changed."""
    source = pdf(tmp_path / "pangolins.pdf", "Pangolins live for twenty years.")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([source], selection=Selection(boilerplate=False))
        assert "<img" in shown(kb)


@pytest.mark.parametrize("redacted", [False, True])
def test_a_page_that_cannot_be_shown_is_not_said_to_be_gone(tmp_path: Path, *, redacted: bool) -> None:
    """A file in an archive has no page to show, and one of a redacted base would show what was redacted."""
    source = pdf(tmp_path / "pangolins.pdf", "Pangolins live for twenty years. Write to li@example.com.")
    if not redacted:
        with zipfile.ZipFile(tmp_path / "files.zip", "w") as archive:
            archive.write(source, source.name)
        source = tmp_path / "files.zip"
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([source], selection=Selection(redact=("email",) if redacted else None))
        page = shown(kb)
        assert "twenty years" in page
        assert "<img" not in page
        assert TEXTS["gone"] not in page
        (row,) = (row for row in kb.sources() if row.document_id)
        opened = document(kb, Wish("", row.source, (), None, 0, as_text=False), TEXTS)
        assert TEXTS["view_page"] not in opened


def test_a_source_that_was_forgotten_is_told_in_chinese(tmp_path: Path) -> None:
    """The answer is still on the page; what it cites is no longer in the base."""
    source = pdf(tmp_path / "pangolins.pdf", "Pangolins live for twenty years.")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([source])
        answer = kb.ask("How many years do pangolins live?")
        kb.remove([source])
        said = panel(lambda _: kb, answer, 0, texts_for("zh"))
        assert "知识库里没有" in said
        assert "is not in the knowledge base" not in said


@pytest.mark.parametrize(("role", "read"), [("write", 0), ("admin", 1)])
def test_only_admins_read_again_what_was_not_uploaded(role: str, read: int, tmp_path: Path) -> None:
    """A source may name any path of the server, an imported base's above all: with a token to write it is not read again."""
    import gradio as gr
    from kb.app.base.config import load_config
    from kb.app.hosting.bases import Bases
    from kb.app.ui.documents import Documents
    from kb.app.ui.ledger import FAILED_FIRST

    place = tmp_path / "notes.txt"
    place.write_text("", encoding="utf-8")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([place])
    place.write_text("Only the owner of this computer may read this.", encoding="utf-8")
    bases = Bases(load_config(home=tmp_path / "home", embedder="tfidf"))
    try:
        documents = Documents(bases, lambda: tmp_path)
        event = gr.EventData(None, {"source": str(place)})
        list(
            documents.retry(
                "default", "", FAILED_FIRST, event, gr.Request(username=role, headers={"accept-language": "en"})
            )
        )
        assert len(bases.get("default").search("owner of this computer")) == read
    finally:
        bases.close()
