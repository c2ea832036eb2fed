"""What a base holds, told while somebody else changes it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from kb import KnowledgeBase
from kb.app.base.status import bytes_in
from kb.ingest.document import Page
from kb.ingest.store.catalog import Catalog


def test_files_that_vanish_meanwhile_count_nothing(tmp_path: Path) -> None:
    """SQLite removes its log, and others whole folders, between the listing of a folder and the look at what is in it."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "kept").write_bytes(b"x" * 1000)
    over = threading.Event()

    def come_and_go() -> None:
        while not over.is_set():
            (tmp_path / "gone").mkdir()
            (tmp_path / "gone" / "wal").touch()
            (tmp_path / "gone" / "wal").unlink()
            (tmp_path / "gone").rmdir()

    busy = threading.Thread(target=come_and_go)
    busy.start()
    try:
        assert {bytes_in(tmp_path) for _ in range(2000)} == {1000}
    finally:
        over.set()
        busy.join()


def test_a_source_that_is_removed_during_the_listing_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row was read before it went; what it held is not there any more."""
    (tmp_path / "yak.md").write_text("The yak weighs 612 kilograms.")
    pages = Catalog.pages

    def removing(self: Catalog, document_id: str) -> tuple[Page, ...]:
        found = pages(self, document_id)
        self.remove(str(tmp_path / "yak.md"))
        return found

    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([tmp_path / "yak.md"])
        monkeypatch.setattr(Catalog, "pages", removing)
        assert [entry.notes for entry in kb.ledger()] == [()]
        assert kb.ledger() == ()
