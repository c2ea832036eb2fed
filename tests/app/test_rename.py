"""A knowledge base gets another name, with its uploads, its answers and its vectors."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from filelock import FileLock
from kb import KnowledgeBase
from kb.app.base.config import load_config
from kb.app.hosting.bases import Bases
from kb.app.hosting.uploads import keep
from kb.ingest.errors import InputError, StorageError

QUESTION = "How many dollars is the zebra budget?"


@pytest.fixture
def bases(tmp_path: Path) -> Bases:
    """A home with a base that holds one upload and one file of the user's own, and a recorded answer."""
    bases = Bases(load_config(home=tmp_path / "home", name="zoo_1", embedder="tfidf", llm="extractive"))
    own = tmp_path / "own.md"
    own.write_text("# Feeding\n\nThe lions are fed at noon every day.\n")
    sent = tmp_path / "sent.md"
    sent.write_text("# Budget\n\nThe zebra budget is 4711 dollars this year.\n")
    kb = bases.get()
    kb.ingest(keep(kb, [("zebra.md", sent)]))
    kb.ingest([own])
    assert not kb.ask(QUESTION).abstained
    return bases


def test_uploads_answers_and_own_files_follow(bases: Bases, tmp_path: Path) -> None:
    """After a rename nothing is read again, uploads are where the base is, and old answers still point into them."""
    bases.rename("zoo_1", "动物园")
    home = tmp_path / "home"
    assert bases.names() == ("动物园",)
    assert not (home / "zoo_1").exists()
    kb = bases.get("动物园")
    moved = str(home / "动物园" / "uploads" / "zebra.md")
    assert [row.source for row in kb.sources()] == sorted([moved, str(tmp_path / "own.md")])
    assert kb.ask(QUESTION).citations[0].source == moved
    (record,) = kb.log.records(limit=-1)[-1:]
    assert moved in record.answer
    assert "zebra budget" in kb.document_text(moved)
    report = kb.ingest([home / "动物园" / "uploads"])
    assert (report.unchanged, report.added, report.removed) == ((moved,), (), ())
    bases.close()


def test_who_held_a_base_that_is_gone_does_not_make_it_anew(bases: Bases, tmp_path: Path) -> None:
    """An ingest into a base that was renamed or deleted meanwhile is refused, and leaves no folder under the old name."""
    old, own = bases.get(), tmp_path / "own.md"
    bases.rename("zoo_1", "ark")
    with pytest.raises(StorageError, match="renamed or deleted"):
        old.ingest([own])
    renamed = bases.get("ark")
    bases.delete("ark")
    with pytest.raises(StorageError, match="renamed or deleted"):
        renamed.ingest([own])
    assert not any((tmp_path / "home" / name).exists() for name in ("zoo_1", "ark"))
    bases.close()


def test_an_interrupted_deletion_is_finished_at_the_next_start(bases: Bases, tmp_path: Path) -> None:
    """What is left of the base is not listed as one, and goes."""
    home = tmp_path / "home"
    bases.close()
    (home / "zoo_1").rename(home / ".deleted-0123")
    assert bases.names() == ("zoo_1",)  # the one that is configured
    Bases(bases.config, bases.generator).close()
    assert not (home / ".deleted-0123").exists()


def test_a_base_that_was_moved_by_hand_follows_too(bases: Bases, tmp_path: Path) -> None:
    """The folder of all bases is moved while nothing runs: uploads are found in their new place."""
    bases.close()
    (tmp_path / "home").rename(tmp_path / "elsewhere")
    with KnowledgeBase.open("zoo_1", home=tmp_path / "elsewhere", embedder="tfidf") as kb:
        place = str(tmp_path / "elsewhere" / "zoo_1" / "uploads" / "zebra.md")
        assert kb.ask(QUESTION).citations[0].source == place


def test_a_name_that_is_taken_or_wrong_is_refused(bases: Bases, tmp_path: Path) -> None:
    """Nothing happens then."""
    bases.create("other")
    for name in ("other", "../zoo", "", "models"):
        with pytest.raises(InputError):
            bases.rename("zoo_1", name)
    with pytest.raises(InputError):
        bases.rename("nowhere", "new")
    assert bases.get("zoo_1").config.folder == tmp_path / "home" / "zoo_1"
    assert not bases.get("zoo_1").ask(QUESTION).abstained
    bases.close()


def test_not_while_another_process_writes(bases: Bases, tmp_path: Path) -> None:
    """An ingest holds the base where it is."""
    with FileLock(str(tmp_path / "home" / "zoo_1" / "lock")), pytest.raises(StorageError):
        bases.rename("zoo_1", "new")
    assert bases.names() == ("zoo_1",)
    bases.close()


def test_a_kill_between_rename_and_repair_costs_nothing(bases: Bases, tmp_path: Path) -> None:
    """The repair is one transaction that the next opening makes good; likeness of names is no match."""
    alike = str(tmp_path / "home" / "zooX1" / "uploads" / "own.md")  # "_" matches any letter in LIKE
    with sqlite3.connect(bases.get().catalog.path) as connection:
        connection.execute("UPDATE sources SET root = ? WHERE root LIKE '%own.md'", (alike,))
    bases.close()
    home = tmp_path / "home"
    with KnowledgeBase.open("zoo_1", home=home) as kb:
        kb.catalog.put("folder", str(home / "zoo_1"))
    (home / "zoo_1").rename(home / "later")  # killed here
    for _ in range(2):
        with KnowledgeBase.open("later", home=home, embedder="tfidf") as kb:
            assert kb.ask(QUESTION).citations[0].source == str(home / "later" / "uploads" / "zebra.md")
            assert alike in {row.root for row in kb.sources()}
