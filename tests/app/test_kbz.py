"""A base as one file: it opens elsewhere as it was, and what is damaged or dangerous changes nothing."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pytest
from hashed import HashedEmbedder
from kb import KnowledgeBase
from kb.app.cli.main import main
from kb.app.hosting.uploads import keep
from kb.app.kbz import FORMAT, Manifest, pack, unpack
from kb.ingest.errors import InputError

QUESTION = "Which colour has topic 7?"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the base and its files are."""
    return tmp_path_factory.mktemp("kbz")


@pytest.fixture(scope="module")
def base(place: Path) -> Iterator[KnowledgeBase]:
    """A base with vectors, a failed file, and an answer in its log."""
    folder = place / "files"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number}.md").write_text(f"# Topic {number}\n\nThe colour of topic {number} is shade{number}.\n")
    (folder / "差旅.md").write_text("# 差旅\n\n出差住宿费每晚最多报销四百五十元。\n", encoding="utf-8")
    (folder / "empty.md").write_bytes(b"")
    with KnowledgeBase.open("notes", home=place / "here", embedder=HashedEmbedder()) as kb:
        kb.ingest([folder])
        kb.ask(QUESTION)
        yield kb


@pytest.fixture(scope="module")
def file(base: KnowledgeBase, place: Path) -> Path:
    """It, packed."""
    pack(base, place / "notes.kbz")
    return place / "notes.kbz"


def contents(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*")) if folder.exists() else []


def test_it_opens_elsewhere_as_it_was(base: KnowledgeBase, file: Path, tmp_path: Path) -> None:
    """Another home answers the same from the same places, with the same fingerprint and nothing embedded again."""
    there = unpack(file, home=tmp_path / "there")
    embedder = HashedEmbedder()
    with KnowledgeBase.open(there.name, home=tmp_path / "there", embedder=embedder, must_exist=True) as other:
        assert other.status().fingerprint == base.status().fingerprint == there.fingerprint
        assert other.search(QUESTION) == base.search(QUESTION)
        assert other.ledger() == base.ledger()
        report = other.ingest([file.parent / "files"])
        assert (report.added, report.updated, report.n_embedded) == ((), (), 0)
        assert other.status().fingerprint == there.fingerprint
    assert embedder.n_embedded == 0


def test_answers_stay_at_home_unless_asked(base: KnowledgeBase, tmp_path: Path) -> None:
    """Not a word of a recorded question or answer is in the file by default; on request all of them are."""
    for answers in (False, True):
        path = tmp_path / f"{answers}.kbz"
        pack(base, path, answers=answers)
        with zipfile.ZipFile(path) as archive:
            assert (QUESTION.encode() in archive.read("catalog.sqlite")) is answers
        unpack(path, home=tmp_path / f"{answers}")
        with KnowledgeBase.open("notes", home=tmp_path / f"{answers}", embedder="tfidf") as other:
            assert len(other.log.records()) == answers


def test_uploads_keep_their_places(tmp_path: Path) -> None:
    """A base whose files were uploaded has the same fingerprint elsewhere: its sources are not moved to the new home."""
    home = tmp_path / "here"
    with KnowledgeBase.open("notes", home=home, embedder="tfidf") as kb:
        sent = tmp_path / "sent"
        sent.write_text("Cats sleep all day.")
        kb.ingest([])
        kb.ingest(keep(kb, [("cats.md", sent)]))
        before = kb.status().fingerprint
        pack(kb, tmp_path / "notes.kbz")
    unpack(tmp_path / "notes.kbz", home=tmp_path / "there")
    with KnowledgeBase.open("notes", home=tmp_path / "there", embedder="tfidf") as other:
        assert other.status().fingerprint == before


def test_nothing_is_overwritten_unless_asked(base: KnowledgeBase, file: Path, tmp_path: Path) -> None:
    """Neither a file nor a base; a base that is replaced is followed by whoever has it open."""
    with pytest.raises(InputError, match="--force"):
        pack(base, file)
    home = tmp_path / "there"
    with KnowledgeBase.open("notes", home=home, embedder=HashedEmbedder()) as other:
        (tmp_path / "own.md").write_text("The colour of cats is grey.")
        other.ingest([tmp_path / "own.md"])
        before = other.status().fingerprint
        with pytest.raises(InputError, match="--name"):
            unpack(file, home=home)
        assert other.status().fingerprint == before
        assert unpack(file, home=home, name="second").name == "second"
        unpack(file, home=home, force=True)
        assert other.status().fingerprint == base.status().fingerprint
        assert [hit.chunk.id for hit in other.search(QUESTION)] == [hit.chunk.id for hit in base.search(QUESTION)]
    assert sorted(path.name for path in home.iterdir()) == ["notes", "second"]


def test_an_older_catalog_is_brought_up_to_date(file: Path, tmp_path: Path) -> None:
    """A file that an older kb packed is migrated on the way in, without copies left behind."""
    older = rewritten(file, tmp_path / "older.kbz", change=downgrade)
    made = unpack(older, home=tmp_path / "there")
    with KnowledgeBase.open("notes", home=tmp_path / "there", embedder=HashedEmbedder()) as other:
        assert other.status().fingerprint == made.fingerprint
    assert not list((tmp_path / "there").rglob("*.bak"))


def downgrade(values: dict[str, object], catalog: Path) -> None:
    with closing(sqlite3.connect(catalog, isolation_level=None)) as connection:
        connection.execute("DROP TABLE names")
        connection.execute("DROP TABLE named")
        connection.execute("DROP TABLE spare_chunks")
        connection.execute("ALTER TABLE answers DROP COLUMN comment")
        connection.execute("ALTER TABLE answers DROP COLUMN stopped")
        connection.execute("ALTER TABLE sessions DROP COLUMN title")
        connection.execute("PRAGMA user_version = 3")
    values["schema"] = 3


def rewritten(
    file: Path,
    to: Path,
    *,
    change: Callable[[dict[str, object], Path], None] = lambda *_: None,
    sign: bool = True,
    more: dict[str, str] | None = None,
) -> Path:
    """Return the file with something changed in its manifest or catalog; ``sign``: with checksums that fit again."""
    catalog = to.with_suffix(".sqlite")
    with zipfile.ZipFile(file) as archive:
        values = json.loads(archive.read("manifest.json"))
        catalog.write_bytes(archive.read("catalog.sqlite"))
    change(values, catalog)
    if sign:
        values["catalog_bytes"] = catalog.stat().st_size
        values["catalog_sha256"] = hashlib.sha256(catalog.read_bytes()).hexdigest()
        values.pop("checksum")
        values["checksum"] = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", json.dumps(values))
        archive.write(catalog, "catalog.sqlite")
        for name, text in (more or {}).items():
            archive.writestr(name, text)
    return to


def cut(file: Path, to: Path) -> Path:
    to.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])
    return to


def flip(file: Path, to: Path) -> Path:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0xFF
    to.write_bytes(data)
    return to


def no_zip(_: Path, to: Path) -> Path:
    to.write_bytes(b"not a zip at all")
    return to


def other_zip(_: Path, to: Path) -> Path:
    with zipfile.ZipFile(to, "w") as archive:
        archive.writestr("a.md", "text")
    return to


def slipping(file: Path, to: Path) -> Path:
    return rewritten(file, to, more={"../../evil.md": "evil", "/tmp/evil.md": "evil"})  # noqa: S108


def renamed(file: Path, to: Path) -> Path:
    return rewritten(file, to, change=lambda values, _: values.update(name="other"), sign=False)


def named_as_a_path(file: Path, to: Path) -> Path:
    return rewritten(file, to, change=lambda values, _: values.update(name="../../evil"))


def edited(file: Path, to: Path) -> Path:
    return rewritten(file, to, change=edit, sign=False)


def edit(_: dict[str, object], catalog: Path) -> None:
    with closing(sqlite3.connect(catalog)) as connection:
        connection.execute("UPDATE documents SET text = replace(text, 'shade7', 'shade8')")
        connection.commit()


def signed_but_other(file: Path, to: Path) -> Path:
    """Someone who knows the checksums takes a chunk away: the fingerprint says so."""
    return rewritten(file, to, change=drop_chunk)


def drop_chunk(_: dict[str, object], catalog: Path) -> None:
    with closing(sqlite3.connect(catalog)) as connection:
        connection.execute("DELETE FROM chunks WHERE key = (SELECT min(key) FROM chunks)")
        connection.commit()


def with_trigger(file: Path, to: Path) -> Path:
    return rewritten(file, to, change=add_trigger)


def add_trigger(_: dict[str, object], catalog: Path) -> None:
    with closing(sqlite3.connect(catalog)) as connection:
        connection.execute("CREATE TRIGGER t AFTER INSERT ON meta BEGIN DELETE FROM sources; END")
        connection.commit()


def newer_format(file: Path, to: Path) -> Path:
    return rewritten(file, to, change=lambda values, _: values.update(format=FORMAT + 1, shape="new"))


def newer_schema(file: Path, to: Path) -> Path:
    return rewritten(file, to, change=lambda values, _: values.update(schema=999))


def without_size(file: Path, to: Path) -> Path:
    """A manifest that promises less than the zip holds: a bomb is not unpacked."""
    return rewritten(file, to, change=lambda values, _: values.update(catalog_bytes=10), sign=False)


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (cut, "damaged"),
        (flip, "damaged"),
        (no_zip, "damaged, or no archive"),
        (other_zip, "is not an archive of kb"),
        (slipping, "4 files where 2 belong"),
        (renamed, "manifest was changed"),
        (named_as_a_path, "cannot name a knowledge base"),
        (edited, "not what its manifest says"),
        (signed_but_other, "its fingerprint is not"),
        (with_trigger, "not one that kb writes"),
        (newer_format, "newer than this one .* upgrade kb"),
        (newer_schema, "newer than this one .* upgrade kb"),
        (without_size, "manifest was changed"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_nothing_written(
    file: Path, tmp_path: Path, harm: Callable[[Path, Path], Path], why: str
) -> None:
    """Damaged, cut, changed, newer or slipping out of its folder: refused, and neither home nor disk has changed."""
    home = tmp_path / "a" / "there"
    home.mkdir(parents=True)
    harmed = harm(file, tmp_path / "harmed.kbz")
    before = contents(tmp_path / "a")
    with pytest.raises(InputError, match=why) as raised:
        unpack(harmed, home=home)
    assert "\n" not in str(raised.value)
    assert contents(tmp_path / "a") == before
    assert not Path("/tmp/evil.md").exists()  # noqa: S108
    assert not (tmp_path / "evil.md").exists()


def test_the_manifest_says_what_is_in_the_file(base: KnowledgeBase, file: Path) -> None:
    """Counts, embedder and fingerprint can be read without opening the base."""
    with zipfile.ZipFile(file) as archive:
        values = json.loads(archive.read("manifest.json"))
    manifest = Manifest(**{key: value for key, value in values.items() if key != "checksum"})
    status = base.status()
    assert (manifest.n_documents, manifest.n_chunks) == (status.n_documents, status.n_chunks)
    assert manifest.embedder == HashedEmbedder().fingerprint
    assert asdict(manifest)["name"] == "notes"


def test_the_command_line_packs_and_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``kb export`` and ``kb import`` with the exit codes that scripts rely on; a pipe to training data is as it was."""
    (tmp_path / "a.md").write_text("# Travel\n\nHotel nights are refunded up to 120 dollars.\n")
    file = tmp_path / "a.kbz"

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KB_EMBEDDER", "tfidf")

    def run(*arguments: object, home: str = "one") -> tuple[int, str]:
        """Return the exit code and what is printed; in this process, since a dozen new ones take a dozen seconds."""
        monkeypatch.setenv("KB_HOME", str(tmp_path / home))
        monkeypatch.setattr(sys, "argv", ["kb", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert "this should not have happened" not in said.err
        return int(ended.value.code or 0), said.out

    assert run("ingest", "a.md")[0] == 0
    code, said = run("export", file)
    assert (code, "1 documents" in said) == (0, True)
    assert run("export", file)[0] == 2
    assert run("export")[0] == 2
    assert run("export", file, "--for-training", "alpaca")[0] == 2
    assert json.loads(run("export", "--for-training", "alpaca")[1]) == []
    made = run("import", file, "--name", "trips", home="two")
    assert made[1].startswith("knowledge base 'trips': 1 documents")
    asked = run("ask", "How much is refunded for a hotel night?", "--name", "trips", home="two")
    assert "120 dollars" in asked[1]
    assert run("import", file, "--name", "trips", home="two")[0] == 2
    assert run("import", file, "--name", "trips", "--force", home="two")[0] == 0
    assert run("import", "missing.kbz")[0] == 2
    assert run("import", "other", "folder")[0] == 2
