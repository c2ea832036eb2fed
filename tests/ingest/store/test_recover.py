"""A catalog whose bytes were damaged ends in one sentence, and is made again from what is sound and from the files."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import kb
from kb import KBError, KnowledgeBase
from kb.app.doctor import repair
from kb.ingest.errors import StorageError
from kb.ingest.run.sync import Selection

N_FILES = 60


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place with sixty notes and a home where they are ingested, with an answer in the log; it is copied, not touched."""
    place = tmp_path_factory.mktemp("whole")
    (place / "notes").mkdir()
    for number in range(N_FILES):
        lines = "".join(f"Line {line} of note {number} says {line * number}.\n\n" for line in range(40))
        (place / "notes" / f"{number}.md").write_text(
            f"# Yak {number}\n\nYak {number} weighs {600 + number} kilograms.\n\n{lines}"
        )
    with KnowledgeBase.open(home=place / "home", embedder="tfidf") as base:
        base.ingest([place / "notes"])
        assert "612" in base.ask("How many kilograms does yak 12 weigh?").text
    return place


@pytest.fixture
def folder(whole: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The notes, and a home of its own for each test where they are ingested; no model is looked for to read them."""
    kept = whole.with_name(f"{whole.name}-kept")
    shutil.move(whole, kept)  # a base knows its files by their full paths
    shutil.copytree(kept, whole)
    monkeypatch.setenv("KB_HOME", str(whole / "home"))
    monkeypatch.setenv("KB_EMBEDDER", "tfidf")
    yield whole / "notes"
    shutil.rmtree(whole)
    shutil.move(kept, whole)


def catalog() -> Path:
    return Path(os.environ["KB_HOME"]) / "default" / "catalog.sqlite"


def fingerprint() -> str:
    with KnowledgeBase.open(embedder="tfidf") as base:
        return base.status().fingerprint


def damage(seed: int, *, whole_pages: bool) -> None:
    """Zero some pages of the file behind its first, or flip single bits of it."""
    with sqlite3.connect(catalog()) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    data, chance = bytearray(catalog().read_bytes()), random.Random(seed)
    n_pages = len(data) // 4096
    if whole_pages:
        for page in chance.sample(range(1, n_pages), max(n_pages // 20, 1)):
            data[page * 4096 : (page + 1) * 4096] = bytes(4096)
    else:
        for _ in range(n_pages // 4):
            data[chance.randrange(4096, len(data))] ^= 1 << chance.randrange(8)
    catalog().write_bytes(data)


def zero_root(table: str) -> None:
    """Zero the page that a table begins with."""
    with sqlite3.connect(catalog()) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    connection.close()
    data = bytearray(catalog().read_bytes())
    data[(root - 1) * 4096 : root * 4096] = bytes(4096)
    catalog().write_bytes(data)


@pytest.mark.parametrize("whole_pages", [True, False])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.usefixtures("folder")
def test_what_is_repaired_is_the_base_that_was(seed: int, *, whole_pages: bool) -> None:
    """Whatever was hit, the fingerprint is the undisturbed one, and the damaged file is still there."""
    before = fingerprint()
    damage(seed, whole_pages=whole_pages)
    repair()
    assert fingerprint() == before
    assert catalog().with_name("catalog.sqlite.damaged").exists()
    with KnowledgeBase.open(embedder="tfidf") as base:
        assert "637" in base.ask("How many kilograms does yak 37 weigh?").text


@pytest.mark.parametrize("whole_pages", [True, False])
def test_what_is_sound_is_kept_without_its_files(folder: Path, *, whole_pages: bool) -> None:
    """The drive is not there: most documents are, each is exactly what its file said, and what is missing is named."""
    before = {str(file): file.read_text().strip() for file in folder.iterdir()}
    folder.rename(folder.with_name("away"))
    damage(1, whole_pages=whole_pages)
    said = {finding.what: finding.detail for finding in repair()}
    assert str(folder) in said["not there"]
    with KnowledgeBase.open(embedder="tfidf") as base:
        kept = [row.source for row in base.sources()]
        assert len(kept) > 0.6 * N_FILES
        assert all(base.document_text(source).strip() == before[source] for source in kept)
        number = Path(kept[0]).stem
        assert str(600 + int(number)) in base.ask(f"How many kilograms does yak {number} weigh?").text
        (away,) = folder.parent.glob("away")
        away.rename(folder)
        base.ingest([folder])
        assert len(base.sources()) == N_FILES


def test_what_was_redacted_stays_so(folder: Path) -> None:
    """The setting is lost with its page, what the readers did is not: nothing is read with more in it than before."""
    (folder / "mail.md").write_text("Write to yak.herder@example.org for hay.\n")
    with KnowledgeBase.open(embedder="tfidf") as base:
        base.ingest([folder], selection=Selection(redact=("email",)))
    zero_root("meta")
    repair()
    with KnowledgeBase.open(embedder="tfidf") as base:
        assert "herder" not in base.document_text(folder / "mail.md")


def test_what_is_forgotten_is_in_no_damaged_file(folder: Path) -> None:
    """A repair keeps the damaged file; to forget a document removes it."""
    damage(1, whole_pages=True)
    repair()
    with KnowledgeBase.open(embedder="tfidf") as base:
        base.remove([folder / "3.md"])
    assert not list(catalog().parent.glob("*.damaged*"))


@pytest.mark.usefixtures("folder")
def test_answers_outlive_damage_of_something_else() -> None:
    """A page of passages is zeroed; what was asked is still in the log."""
    zero_root("chunks")
    repair()
    with KnowledgeBase.open(embedder="tfidf") as base:
        assert base.log.get(1).asked.question.endswith("yak 12 weigh?")


def test_zeroed_pages_are_no_unchanged_files(folder: Path) -> None:
    """An ingest says that the base is damaged and what to do, and no count of files."""
    damage(2, whole_pages=True)
    with pytest.raises(KBError, match="kb doctor --repair"), KnowledgeBase.open(embedder="tfidf") as base:
        base.ingest([folder])


def test_no_database_at_all_is_one_sentence(folder: Path) -> None:
    """Not even the header is left: the sentence names the way out, which makes an empty base that can be filled again."""
    catalog().write_bytes(b"no database" * 1000)
    for end in ("-wal", "-shm"):
        catalog().with_name(f"catalog.sqlite{end}").unlink(missing_ok=True)
    with pytest.raises(StorageError, match="kb doctor --repair"):
        KnowledgeBase.open(embedder="tfidf")
    repair()
    with KnowledgeBase.open(embedder="tfidf") as base:
        assert len(base.ingest([folder]).added) == N_FILES


def test_the_command_line_says_it_in_one_line(folder: Path) -> None:
    """No traceback, exit code 1, and the command that mends it works."""
    damage(2, whole_pages=True)
    done = kb("ingest", str(folder))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "kb doctor --repair" in done.stderr
    assert kb("doctor", "--repair").returncode == 0
    assert "637" in kb("ask", "How many kilograms does yak 37 weigh?").stdout


@pytest.mark.parametrize(
    ("table", "flipped"),
    [
        ("documents", b"weighs 637 kilograms"),
        ("chunks", b"weighs 637 kilograms"),
        ("documents", b"Line 3 of note 37 says"),
    ],
)
@pytest.mark.parametrize("bit", [0x01, 0x80])
def test_a_flipped_bit_in_a_text_is_no_unchanged_file(folder: Path, table: str, flipped: bytes, bit: int) -> None:
    """No rule of SQLite's is broken: an ingest names the file and the way out, the doctor fails, and its repair mends it."""
    with sqlite3.connect(catalog()) as connection:
        text = bytearray(
            connection.execute(
                f"SELECT CAST(text AS BLOB) FROM {table} WHERE instr(text, ?)", (flipped.decode(),)
            ).fetchone()[0]
        )
        text[text.index(flipped) + 7] ^= bit
        connection.execute(
            f"UPDATE {table} SET text = CAST(? AS TEXT) WHERE instr(text, ?)", (bytes(text), flipped.decode())
        )
    connection.close()
    with KnowledgeBase.open(embedder="tfidf") as base, pytest.raises(StorageError) as raised:
        base.ingest([folder])
    assert f"the text stored of {folder / '37.md'}" in str(raised.value)
    assert "kb doctor --repair" in str(raised.value)
    done = kb("doctor")
    assert done.returncode == 1
    assert "kb doctor --repair" in done.stdout
    repair()
    assert kb("doctor").returncode == 0
    with KnowledgeBase.open(embedder="tfidf") as base:
        assert base.document_text(folder / "37.md").strip() == (folder / "37.md").read_text().strip()
        assert len(base.ingest([folder]).unchanged) == N_FILES
