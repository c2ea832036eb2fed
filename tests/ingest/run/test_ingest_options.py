"""How a run is told what to do: dry run, metadata, encoding, watching."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from kb import KnowledgeBase
from kb.app.base.config import load_config
from kb.ingest.errors import InputError
from kb.ingest.run.sync import Selection
from kb.ingest.text.metadata import front_matter


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.md").write_text("---\ntitle: Apples\ntags: [fruit, red]\n---\n\n# Apples\n\nApples are red.\n")
    return folder


@pytest.fixture
def kb(tmp_path: Path) -> KnowledgeBase:
    """A base without an embedder."""
    return KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf")


def test_a_dry_run_says_what_would_be_done_and_does_nothing(kb: KnowledgeBase, folder: Path) -> None:
    """What it foresees is what the run then does."""
    kb.ingest([folder])
    (folder / "b.txt").write_text("Bananas.")
    (folder / "gone.txt").write_text("Gone.")
    kb.ingest([folder])
    (folder / "gone.txt").unlink()
    (folder / "b.txt").write_text("Bananas are yellow.")
    (folder / "c.txt").write_text("Cherries.")
    before = kb.status().fingerprint
    foreseen = kb.ingest([folder], selection=Selection(dry_run=True))
    assert foreseen.dry_run
    assert kb.status().fingerprint == before
    done = kb.ingest([folder])
    for kind in ("added", "updated", "unchanged", "removed"):
        assert getattr(foreseen, kind) == getattr(done, kind), kind
        assert len(getattr(done, kind)) == 1


def test_a_dry_run_counts_the_members_of_archives(kb: KnowledgeBase, folder: Path) -> None:
    """New, changed, unchanged and gone ones; and what was only touched is no change."""
    _pack(folder / "box.zip", a="Apples.", b="Bananas.", c="Cherries.")
    foreseen = kb.ingest([folder], selection=Selection(dry_run=True))
    assert len(foreseen.added) == 4
    kb.ingest([folder])
    _pack(folder / "box.zip", a="Apples.", b="Bananas are yellow.", d="Dates.", e="")
    os.utime(folder / "a.md", (1, 1))
    foreseen = kb.ingest([folder], selection=Selection(dry_run=True))
    done = kb.ingest([folder])
    for kind, n in (("added", 1), ("updated", 1), ("unchanged", 2), ("removed", 1)):
        assert getattr(foreseen, kind) == getattr(done, kind), kind
        assert len(getattr(done, kind)) == n, kind


def _pack(path: Path, **texts: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in texts.items():
            archive.writestr(f"{name}.txt", text)


def test_a_file_that_takes_too_long_is_given_up(kb: KnowledgeBase, folder: Path) -> None:
    """By the option of a run, over the setting; what is no time is refused."""
    (folder / "a.html").write_text("<p>Pears.</p>")
    command = [sys.executable, "-m", "kb", "ingest", str(folder / "a.html"), "--home", str(kb.config.home), "--json"]
    environment = os.environ | {"KB_TIMEOUT": "1000", "KB_EMBEDDER": "tfidf"}
    for timeout, code, said in (("0.0001", 5, "timeout"), ("0", 2, "above 0"), ("60", 0, "")):
        run = subprocess.run(
            [*command, "--timeout", timeout], check=False, capture_output=True, text=True, cwd="/", env=environment
        )
        assert run.returncode == code, run.stderr
        assert said in (run.stderr if code == 2 else run.stdout)


def test_limits_come_from_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the environment or config.toml."""
    (tmp_path / "config.toml").write_text('timeout = "7"\n')
    monkeypatch.setenv("KB_MEMORY", "512")
    limits = load_config(home=tmp_path).limits
    assert (limits.timeout_s, limits.memory_bytes) == (7.0, 512 * 1024**2)


def test_metadata_come_from_the_file_and_from_the_user(kb: KnowledgeBase, folder: Path) -> None:
    """The user's word wins, is kept without the file being read again, and can be taken back."""
    kb.ingest([folder])
    assert kb.sources()[0].metadata == {"title": "Apples", "tags": "fruit, red"}
    report = kb.ingest([folder], selection=Selection(metadata={"author": "Li", "tags": "hr"}))
    assert len(report.updated) == 1
    assert kb.sources()[0].metadata == {"title": "Apples", "tags": "hr", "author": "Li"}
    (folder / "a.md").write_text("---\ntitle: Pears\n---\n\nPears are green.\n")
    kb.ingest([folder])
    assert kb.sources()[0].metadata == {"title": "Pears", "tags": "hr", "author": "Li"}
    kb.ingest([folder], selection=Selection(metadata={"author": ""}))
    assert kb.ledger()[0].metadata == {"title": "Pears", "tags": "hr"}


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("---\ntitle: 'A: b'\ntags:\n  - x\n  - \"y z\"\n---\nText", (("tags", "x, y z"), ("title", "A: b"))),
        ('+++\ntitle = "T"\ndate = 2026-11-22\n+++\n', (("date", "2026-11-22"), ("title", "T"))),
        ("---\n\nA rule, then text: no front matter.\n", ()),
        ("No front matter: at all", ()),
        ("", ()),
    ],
)
def test_front_matter_is_read_as_far_as_it_is_plain(text: str, pairs: tuple[tuple[str, str], ...]) -> None:
    """YAML and TOML, single values and lists."""
    assert front_matter(text) == pairs


def test_an_encoding_that_is_given_is_used_and_remembered(kb: KnowledgeBase, folder: Path) -> None:
    """Until another one is given; a wrong one is a failure that says so, an unknown one is refused."""
    text = "Größe: fünf"
    (folder / "w.txt").write_bytes(text.encode("cp850"))
    kb.ingest([folder / "w.txt"], selection=Selection(encoding="cp850"))
    assert kb.document_text(folder / "w.txt") == text
    assert kb.ledger()[0].detail == "cp850"
    (folder / "w.txt").write_bytes((text + "!").encode("cp850"))
    kb.ingest([folder / "w.txt"])
    assert kb.document_text(folder / "w.txt") == text + "!"
    report = kb.ingest([folder / "w.txt"], selection=Selection(encoding="utf-8"))
    assert "--encoding" in report.failed[0].reason
    with pytest.raises(InputError, match="klingon"):
        kb.ingest([folder], selection=Selection(encoding="klingon"))


def test_the_report_names_encodings_that_are_not_utf8(kb: KnowledgeBase, folder: Path) -> None:
    """So that a wrong guess can be seen and overridden."""
    (folder / "gb.txt").write_bytes("出差住宿费每晚最多报销四百五十元，超出部分由个人承担。".encode("gb18030"))
    assert any("gb.txt (gb18030)" in note for note in kb.ingest([folder]).notes)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_watching_takes_in_changes_until_ctrl_c(folder: Path) -> None:
    """A new file is found by search a moment later; Ctrl-C ends with a summary and leaves no process behind."""
    environment = os.environ | {"KB_EMBEDDER": "tfidf", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "kb", "ingest", str(folder), "--watch", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/", env=environment,
    )  # fmt: skip
    assert process.stderr is not None
    while "watching" not in process.stderr.readline():
        assert process.poll() is None
    time.sleep(1)
    (folder / "b.txt").write_text("Bananas are yellow.")
    while "watching" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "watched: 2 added, 0 updated, 0 removed" in said
    reports = json.loads("[" + out.replace("\n}\n{", "\n},\n{") + "]")
    assert [len(report["added"]) for report in reports] == [1, 1]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
def test_ctrl_c_keeps_what_is_finished_and_the_next_run_goes_on(tmp_path: Path, kb: KnowledgeBase) -> None:
    """Exit code 130, a sentence, no worker left; what was read can be found; the next run ends as an undisturbed one."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(400):
        text = "\n\n".join(f"Paragraph {at} of file {number} names topic{number}x{at}." for at in range(60))
        (folder / f"{number:03}.md").write_text(f"# File {number}\n\n{text}\n")
    kb.ingest([folder])
    environment = os.environ | {"KB_EMBEDDER": "tfidf", "KB_HOME": str(tmp_path / "other")}
    process = subprocess.Popen(
        [sys.executable, "-m", "kb", "ingest", str(folder)], stderr=subprocess.PIPE, text=True, cwd="/", env=environment
    )
    with KnowledgeBase.open(home=tmp_path / "other", embedder="tfidf") as other:
        while not other.config.is_there or other.status().n_documents < 5:
            assert process.poll() is None
            time.sleep(0.02)
        workers = _children(process.pid)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        assert process.returncode == 130
        assert "interrupted" in said
        assert workers
        assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]
        assert 5 <= other.status().n_documents < 400
        assert other.search("topic0x7", k=1)
        other.ingest([folder])
        assert other.status().fingerprint == kb.status().fingerprint


def _children(pid: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rsplit(")", 1)[1].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == pid:
            found.append(int(status.parent.name))
    return found
