"""Uploaded files are kept under their names, all of a call or none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from kb import KnowledgeBase
from kb.app.hosting.uploads import Spool, keep
from kb.ingest.errors import InputError


@pytest.fixture
def kb(tmp_path: Path) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open("notes", home=tmp_path / "home", embedder="tfidf") as opened:
        opened.ingest([])
        yield opened


def sent(tmp_path: Path, *names: str) -> list[tuple[str, Path]]:
    """Return files as they arrive: under a name of the server's, each holding its own name."""
    arrived = []
    for at, name in enumerate(names):
        place = tmp_path / f"arrived-{at}"
        place.write_text(f"This is the file {name}.")
        arrived.append((name, place))
    return arrived


def kept(kb: KnowledgeBase) -> dict[str, str]:
    """Return what lies in the folder of the base beside its own files, by place."""
    found = [place for place in kb.config.folder.rglob("*") if place.is_file()]
    names = {place.relative_to(kb.config.folder).as_posix(): place for place in found}
    return {name: place.read_text() for name, place in names.items() if name.startswith(("uploads/", ".incoming"))}


def test_uploads_of_a_killed_process_are_removed_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of a process that lives stays, also that of another program; its own is removed at the end."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "kb-uploads-others").mkdir()
    living = Spool()
    make = "from kb.app.hosting.uploads import Spool; spool = Spool(); print(spool.folder, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", make], env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout
        left = Path(process.stdout.readline().strip())
        (left / "large.pdf").write_bytes(b"half an upload")
        Spool().remove()
        assert (left / "large.pdf").exists()
        process.send_signal(signal.SIGKILL)
    last = Spool()
    assert sorted(tmp_path.iterdir()) == sorted([tmp_path / "kb-uploads-others", living.folder, last.folder])
    for spool in (living, last):
        spool.remove()
    assert list(tmp_path.iterdir()) == [tmp_path / "kb-uploads-others"]


def test_a_folder_keeps_its_shape_and_a_newer_file_replaces(kb: KnowledgeBase, tmp_path: Path) -> None:
    """What is returned are the places of the files, in order; nothing else is left behind."""
    places = keep(kb, sent(tmp_path, "b.md", "notes/2024/a.md"))
    assert [place.relative_to(kb.config.folder).as_posix() for place in places] == [
        "uploads/b.md",
        "uploads/notes/2024/a.md",
    ]
    (tmp_path / "newer").write_text("newer")
    keep(kb, [("b.md", tmp_path / "newer")])
    assert kept(kb) == {"uploads/b.md": "newer", "uploads/notes/2024/a.md": "This is the file notes/2024/a.md."}
    assert not list(tmp_path.glob("arrived-*"))


@pytest.mark.parametrize(
    "names",
    [
        ("new.md", "../evil.md"),
        ("new.md", "/etc/evil.md"),
        ("new.md", "a/../../evil.md"),
        ("new.md", "a\\evil.md"),
        ("new.md", "notes//evil.md"),
        ("new.md", "new.md"),
        ("new.md", "new.md/evil.md"),
        ("new.md", "notes"),
        ("new.md", "notes/old.md/evil.md"),
        ("new.md", "/".join("x" * 21)),
    ],
)
def test_one_name_that_cannot_be_keeps_all_out(kb: KnowledgeBase, tmp_path: Path, names: tuple[str, ...]) -> None:
    """A path out of the folder, one name twice, a file that is a folder: refused before any file is moved."""
    keep(kb, sent(tmp_path, "notes/old.md"))
    before = kept(kb)
    files = sent(tmp_path, *names)
    with pytest.raises(InputError):
        keep(kb, files)
    assert kept(kb) == before
    assert all(place.is_file() for _, place in files)
    assert not (kb.config.folder / "evil.md").exists()
