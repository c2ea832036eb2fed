"""A base that cannot be written to is read as any other, and nothing of it changes; what would change it says so."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from bases import close, open_up
from kb import KnowledgeBase
from mortal import kb

QUESTION = "How long is the warranty of the kettle?"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder with a file, and a base of it that holds an answer and cannot be written to."""
    (tmp_path / "a.txt").write_text("The warranty of the kettle is 24 months.\n")
    with KnowledgeBase.open(embedder="tfidf") as base:
        base.ingest([tmp_path / "a.txt"])
        base.ask(QUESTION)
    close(tmp_path / "home")
    yield tmp_path
    open_up(tmp_path / "home")


def content(home: Path) -> dict[str, str]:
    """Return what each file holds."""
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in home.rglob("*")
        if path.is_file()
    }


def test_all_that_reads_works_and_writes_nothing(place: Path) -> None:
    """Searched, asked, explained, listed, measured, exported: the same files with the same bytes after."""
    before = content(place / "home")
    assert "24 months" in kb("search", QUESTION, cwd=place).stdout
    asked = kb("ask", QUESTION, cwd=place)
    assert asked.stdout.startswith("The warranty of the kettle is 24 months. [1]")
    assert "not recorded: the knowledge base cannot be written to" in asked.stderr
    for command in (
        ("status", "--files"), ("list",), ("why", QUESTION), ("why-not", "a.txt", QUESTION), ("log",), ("log", "1"),
        ("replay", "1"), ("chat", "--list"), ("doctor",), ("export", "copy.kbz"), ("prompts", "test", QUESTION),
        ("ingest", "a.txt", "--dry-run"),
    ):  # fmt: skip
        done = kb(*command, cwd=place)
        assert (done.returncode, bool(done.stdout or done.stderr)) == (0, True), (command, done.stderr)
    assert content(place / "home") == before
    assert kb("import", "copy.kbz", "--home", "elsewhere", cwd=place).returncode == 0
    assert "24 months" in kb("search", QUESTION, "--home", "elsewhere", cwd=place).stdout


@pytest.mark.parametrize(
    "command",
    [
        ("ingest", "a.txt"),
        ("rm", "a.txt"),
        ("gc",),
        ("reindex", "--chunk-tokens", "50"),
        ("feedback", "1", "up"),
        ("log", "--delete", "1"),
        ("log", "--clear"),
    ],
)
def test_what_would_write_says_one_sentence(place: Path, command: tuple[str, ...]) -> None:
    """What cannot be written to, and what to do; exit code 1."""
    before = content(place / "home")
    done = kb(*command, cwd=place)
    said = f"kb: {place / 'home' / 'default'} cannot be written to, which this takes: fix its permissions, or copy it"
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip().startswith(said)
    assert content(place / "home") == before


def test_it_is_read_beside_a_writer_who_may(place: Path) -> None:
    """Somebody else's base: what he has just written is read, although it is in his log still."""
    with KnowledgeBase.open(embedder="tfidf") as base:
        if base.catalog.is_read_only:
            pytest.skip("only root can write where others may not")
        base.ask(QUESTION)
        assert (place / "home" / "default" / "catalog.sqlite-wal").stat().st_size
        assert kb("log", "2", cwd=place).returncode == 0


def test_a_log_that_a_dead_writer_left_is_not_passed_over(place: Path) -> None:
    """What it holds would be missing from every answer: that is said instead."""
    home = place / "home"
    open_up(home)
    file = home / "default" / "catalog.sqlite"
    with closing(sqlite3.connect(file)) as writer:
        writer.execute("INSERT OR REPLACE INTO meta VALUES ('test', 'x')")
        writer.commit()
        shutil.copyfile(f"{file}-wal", place / "log")
    (place / "log").replace(f"{file}-wal")
    close(home)
    done = kb("search", QUESTION, cwd=place)
    assert done.returncode == 1
    assert "its last writer was interrupted: run kb status once where it can be" in done.stderr
    open_up(home)
    assert kb("status", "--json", cwd=place).returncode == 0
    close(home)
    assert json.loads(kb("search", QUESTION, "--json", cwd=place).stdout)["hits"]
