"""Folders that a base follows: their threads outlive errors, and end with the base."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kb.app.base.config import load_config
from kb.app.hosting import folders
from kb.app.hosting.bases import Bases
from kb.app.hosting.folders import Folders
from kb.ingest.document import IngestReport
from kb.ingest.errors import InputError


@pytest.fixture
def bases(tmp_path: Path) -> Iterator[Bases]:
    """A home with two bases."""
    bases = Bases(load_config(home=tmp_path / "home", embedder="tfidf", llm="extractive"))
    bases.create("zoo")
    yield bases
    bases.close()


@pytest.fixture
def zoo(tmp_path: Path) -> Path:
    """A folder with a file."""
    place = tmp_path / "files"
    place.mkdir()
    (place / "yak.md").write_text("The yak weighs 612 kilograms.")
    return place


def until(condition: Callable[[], bool], timeout_s: float = 30) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def test_the_home_of_nobody_is_no_folder(bases: Bases) -> None:
    """A path that begins with ~ and no user's name is refused as any other that is not there."""
    with pytest.raises(InputError, match="is not a folder"):
        Folders(bases).add("zoo", "~nobody-of-this-name/files")


@pytest.mark.parametrize("leave", [lambda bases: bases.rename("zoo", "ark"), lambda bases: bases.delete("zoo")])
def test_a_base_that_is_gone_is_followed_no_more(bases: Bases, zoo: Path, leave: Callable[[Bases], None]) -> None:
    """Its threads end, also where the name is given to another base, which does not get the files of the old one."""
    before = threading.active_count()
    followed = Folders(bases)
    followed.add("zoo", str(zoo))
    until(lambda: followed.of("zoo")[0].added == 1)
    leave(bases)
    bases.create("zoo")
    until(lambda: threading.active_count() <= before)
    (zoo / "gnu.md").write_text("The gnu weighs 250 kilograms.")
    assert (followed.of("zoo"), bases.get("zoo").sources()) == ([], ())


def test_an_error_of_sqlite_does_not_end_the_thread(bases: Bases, zoo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told, and the folder is looked at again."""
    errors = [sqlite3.OperationalError("disk I/O error")]
    real, again = folders.watch, threading.Event()

    def failing_once(*arguments: object, **options: object) -> Iterator[IngestReport]:
        if errors:
            raise errors.pop()
        again.wait(30)
        yield from real(*arguments, **options)

    monkeypatch.setattr(folders, "watch", failing_once)
    monkeypatch.setattr(folders, "_AGAIN_S", 0.01)
    followed = Folders(bases)
    followed.add("zoo", str(zoo))
    until(lambda: "disk I/O error" in followed.of("zoo")[0].problem)
    again.set()
    until(lambda: followed.of("zoo")[0].added == 1)
    followed.drop("zoo", str(zoo))
