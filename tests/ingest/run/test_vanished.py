"""What vanished from disk is removed, unless it looks as if a drive were missing."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest
from hashed import HashedEmbedder
from kb import IngestReport, KnowledgeBase
from kb.ingest.run.sync import Selection


@pytest.fixture
def base() -> KnowledgeBase:
    with KnowledgeBase.open(embedder="tfidf") as opened:
        yield opened


def notes(folder: Path, n: int) -> Path:
    """Write a folder of notes."""
    folder.mkdir(parents=True)
    for number in range(n):
        (folder / f"{number}.md").write_text(f"The yak number {number} weighs {600 + number} kilograms.\n")
    return folder


def spared(report: IngestReport) -> list[str]:
    return [note for note in report.notes if "--prune" in note]


def test_an_emptied_folder_does_not_empty_the_base(base: KnowledgeBase, tmp_path: Path) -> None:
    """Its files are kept and that is said; ``prune`` means it."""
    folder = notes(tmp_path / "nas", 3)
    base.ingest([folder])
    for file in folder.iterdir():
        file.unlink()
    report = base.ingest([folder])
    assert report.removed == ()
    assert "3 of the 3 files" in spared(report)[0]
    assert base.search("yak")
    assert len(base.ingest([folder], selection=Selection(prune=True)).removed) == 3


def test_a_mount_below_the_folder_is_seen_too(base: KnowledgeBase, tmp_path: Path) -> None:
    """A folder inside that became empty is kept, while a file deleted elsewhere goes."""
    home = notes(tmp_path / "mine", 20)
    mounted = notes(home / "nas", 4)
    base.ingest([home])
    for file in mounted.iterdir():
        file.unlink()
    (home / "0.md").unlink()
    report = base.ingest([home])
    assert [Path(source).name for source in report.removed] == ["0.md"]
    assert "4 of the 4 files" in spared(report)[0]


def test_a_folder_that_was_renamed_has_not_vanished(base: KnowledgeBase, tmp_path: Path) -> None:
    """Its files are found in another place, those in an archive too: nothing of it is kept twice."""
    folder = notes(tmp_path / "mine", 2)
    inner = notes(folder / "old", 6)
    with zipfile.ZipFile(inner / "more.zip", "w") as archive:
        archive.writestr("zebu.md", "The zebu weighs 400 kilograms.\n")
    base.ingest([folder])
    inner.rename(folder / "new")
    report = base.ingest([folder])
    assert len(report.removed) == 7
    assert not spared(report)
    assert len([row for row in base.sources() if not row.is_archive]) == 9


def test_most_of_a_folder_is_kept_and_a_few_files_are_not(base: KnowledgeBase, tmp_path: Path) -> None:
    """More than half of at least five; a folder that was deleted whole inside another goes if it is the smaller part."""
    folder = notes(tmp_path / "notes", 10)
    notes(folder / "old", 4)
    base.ingest([folder])
    shutil.rmtree(folder / "old")
    assert len(base.ingest([folder]).removed) == 4
    for number in range(6):
        (folder / f"{number}.md").unlink()
    report = base.ingest([folder])
    assert not report.removed
    assert "6 of the 10 files" in spared(report)[0]


def test_another_device_in_its_place_is_not_taken_for_it(base: KnowledgeBase, tmp_path: Path) -> None:
    """One file missing from a folder that is on another device than the last time is kept."""
    folder = notes(tmp_path / "stick", 8)
    base.ingest([folder])
    base.catalog.put("devices", f'{{"{folder}": 1}}')
    (folder / "0.md").unlink()
    assert "1 of the 8 files" in spared(base.ingest([folder]))[0]


def test_what_comes_back_costs_no_embedding(tmp_path: Path) -> None:
    """The vectors of a file that was gone for a while are still there; gc frees them."""
    folder = notes(tmp_path / "notes", 6)
    with KnowledgeBase.open(embedder=HashedEmbedder()) as base:
        base.ingest([folder])
        text = (folder / "3.md").read_text()
        (folder / "3.md").unlink()
        assert len(base.ingest([folder]).removed) == 1
        (folder / "3.md").write_text(text)
        assert base.ingest([folder]).n_embedded == 0
        (folder / "3.md").unlink()
        base.ingest([folder])
        assert base.gc().n_vectors == 1


def test_a_link_is_followed_inside_the_folder_and_not_out_of_it(base: KnowledgeBase, tmp_path: Path) -> None:
    """Files and folders alike, each link that leads out is named, and circles end."""
    outside = notes(tmp_path / "outside", 2)
    folder = notes(tmp_path / "notes", 1)
    inner = notes(folder / "inner", 1)
    (folder / "file-in.md").symlink_to(inner / "0.md")
    (folder / "file-out.md").symlink_to(outside / "0.md")
    (folder / "z-in").symlink_to(inner)
    (folder / "z-out").symlink_to(outside)
    (inner / "up").symlink_to(folder)
    report = base.ingest([folder])
    names = {str(Path(source).relative_to(folder)) for source in report.added}
    assert names == {"0.md", "inner/0.md", "file-in.md", "z-in/0.md"}
    said = next(note for note in report.notes if note.startswith("Links"))
    assert "file-out.md" in said
    assert "z-out" in said
    assert len(base.ingest([folder / "z-out"]).added) == 2


def test_a_checksum_finds_what_size_and_time_do_not(base: KnowledgeBase, tmp_path: Path) -> None:
    """An edit of the same length by a program that sets the time back is seen when it is asked for."""
    import os

    folder = notes(tmp_path / "notes", 2)
    base.ingest([folder])
    file = folder / "0.md"
    status = file.stat()
    file.write_text(file.read_text().replace("600", "999"))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert not base.ingest([folder]).updated
    report = base.ingest([folder], selection=Selection(checksum=True))
    assert [Path(source).name for source in report.updated] == ["0.md"]
    assert len(report.unchanged) == 1
