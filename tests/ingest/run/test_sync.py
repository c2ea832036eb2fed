"""What is on disk and what is in the base become the same, and nothing is done twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from kb.ingest.errors import InputError, StorageError
from kb.ingest.run.sync import Selection, Synced, sync
from kb.ingest.store.catalog import Catalog, fingerprint
from kb.ingest.store.keywords import Tokenizer
from kb.ingest.text.split import Splitting, count_words
from kb.retrieval.words.tokens import TOKENS_VERSION, tokens


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """An empty catalog."""
    return Catalog(tmp_path / "base", Tokenizer(tokens, TOKENS_VERSION))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two files and things that are not for reading."""
    folder = tmp_path / "文档 and 😀 files"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "config").write_text("[core]")
    (folder / "a.md").write_text("# Alpha\n\nThe alpha file speaks of apples.\n")
    (folder / "b.txt").write_text("The beta file speaks of bananas.\n")
    return folder


def run(catalog: Catalog, *paths: Path, **selection: object) -> Synced:
    """Synchronise and return what became of the files."""
    chosen = Selection(**selection)  # type: ignore[arg-type]
    return sync(catalog, paths, splitting=Splitting(), count_tokens=count_words, selection=chosen)


def keywords(catalog: Catalog, word: str) -> list[str]:
    """The texts of the chunks that the keyword index finds."""
    token = tokens(word)[0]
    rows = catalog.connection().execute(
        "SELECT c.text FROM bm25 b JOIN chunks c ON c.key = b.rowid WHERE bm25 MATCH ?", (f'"{token}"',)
    )
    return [text for (text,) in rows]


def names(sources: list[str]) -> list[str]:
    """File names only."""
    return [Path(source).name for source in sources]


def test_a_second_run_finds_nothing_to_do(catalog: Catalog, folder: Path) -> None:
    """Hidden files are passed over; unchanged ones are not even opened."""
    first = run(catalog, folder)
    generation = catalog.generation
    second = run(catalog, folder)
    assert names(first.outcomes["added"]) == ["a.md", "b.txt"]
    assert names(second.outcomes["unchanged"]) == ["a.md", "b.txt"]
    assert not second.changed
    assert catalog.generation == generation


def test_an_edited_file_replaces_what_it_held(catalog: Catalog, folder: Path) -> None:
    """The old text cannot be found any more, the new text can."""
    run(catalog, folder)
    (folder / "b.txt").write_text("The beta file now speaks of cherries.\n")
    report = run(catalog, folder)
    assert names(report.outcomes["updated"]) == ["b.txt"]
    assert keywords(catalog, "bananas") == []
    assert keywords(catalog, "cherries") == ["The beta file now speaks of cherries."]


def test_a_vanished_file_is_removed_when_its_folder_is_given_again(catalog: Catalog, folder: Path) -> None:
    """And stays when another folder is given, or when asked to keep it."""
    run(catalog, folder)
    (folder / "b.txt").unlink()
    assert run(catalog, folder / "a.md").outcomes["removed"] == []
    assert run(catalog, folder, delete=False).outcomes["removed"] == []
    assert names(run(catalog, folder).outcomes["removed"]) == ["b.txt"]
    assert keywords(catalog, "bananas") == []
    assert catalog.count("documents") == 1


def test_a_renamed_file_is_not_read_again(catalog: Catalog, folder: Path) -> None:
    """The document and its chunks stay, only the place changes."""
    run(catalog, folder)
    before = [chunk for chunk, _ in catalog.indexed_texts()]
    (folder / "b.txt").rename(folder / "c.txt")
    report = run(catalog, folder)
    assert (names(report.outcomes["added"]), names(report.outcomes["removed"])) == (["c.txt"], ["b.txt"])
    assert [chunk for chunk, _ in catalog.indexed_texts()] == before


def test_two_copies_are_one_document(catalog: Catalog, folder: Path) -> None:
    """A copy adds a source and no chunk; removing one of them keeps the document."""
    run(catalog, folder)
    n_chunks = catalog.count("chunks")
    (folder / "copy.txt").write_bytes((folder / "b.txt").read_bytes())
    run(catalog, folder)
    assert catalog.count("chunks") == n_chunks
    (folder / "b.txt").unlink()
    run(catalog, folder)
    assert len(keywords(catalog, "bananas")) == 1


def test_a_bad_file_is_recorded_and_the_rest_goes_on(catalog: Catalog, folder: Path) -> None:
    """Empty, truncated and mislabelled files end as failures with a reason; a later good version replaces them."""
    (folder / "empty.pdf").write_bytes(b"")
    (folder / "half.docx").write_bytes(b"PK\x03\x04 cut off")
    (folder / "lie.pdf").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    report = run(catalog, folder)
    assert names(sorted(failure.source for failure in report.failures)) == ["empty.pdf", "half.docx", "lie.pdf"]
    assert {failure.source.rsplit("/")[-1]: failure.kind for failure in report.failures}["empty.pdf"] == "empty"
    assert all(failure.reason.endswith(".") or ";" in failure.reason for failure in report.failures)
    assert len(report.outcomes["added"]) == 2
    assert len(run(catalog, folder).failures) == 3
    (folder / "empty.pdf").unlink()
    (folder / "half.docx").unlink()
    (folder / "lie.pdf").unlink()
    assert run(catalog, folder).failures == []


def test_a_name_that_is_not_utf8_is_one_failure_and_the_rest_is_read(catalog: Catalog, folder: Path) -> None:
    """As Linux leaves it of a Chinese zip: the run goes on, and says what the name was meant to be."""
    bad = os.fsencode(folder) + b"/" + "名单.txt".encode("gb18030")
    try:
        with open(bad, "w") as file:  # noqa: PTH123 - a path in bytes
            file.write("It is about apples.\n")
    except OSError:
        pytest.skip("this file system takes only names in UTF-8")
    report = run(catalog, folder)
    (failure,) = report.failures
    assert failure.source.endswith(r"/\xc3\xfb\xb5\xa5.txt")
    assert failure.reason.startswith("Its path is not in UTF-8; in GB18030 it is 名单.txt: rename it")
    assert len(report.outcomes["added"]) == 2


def test_other_sizes_split_stored_text_again(catalog: Catalog, folder: Path) -> None:
    """A new embedder's limits need no file: the text is in the catalog."""
    run(catalog, folder)
    (folder / "a.md").rename(folder.parent / "gone.md")
    report = sync(
        catalog, [folder / "b.txt"], splitting=Splitting(target_tokens=6, max_tokens=8), count_tokens=count_words
    )
    assert report.n_resplit == 2
    assert len(keywords(catalog, "apples")) == 1


def test_a_missing_path_is_one_sentence_and_changes_nothing(catalog: Catalog, folder: Path) -> None:
    """Nothing is ingested when one of the paths is wrong."""
    with pytest.raises(InputError, match="no such file or folder"):
        run(catalog, folder, folder / "nowhere")
    assert catalog.count("sources") == 0


def test_globs_and_patterns_choose_files(catalog: Catalog, folder: Path) -> None:
    """Globs choose from outside, include and exclude inside folders."""
    assert names(run(catalog, folder / "*.md").outcomes["added"]) == ["a.md"]
    assert names(run(catalog, folder, include=("*.txt",)).outcomes["added"]) == ["b.txt"]
    assert run(catalog, folder, exclude=("*.txt", "*.md")).outcomes["unchanged"] == []
    assert catalog.count("sources") == 2


def test_the_fingerprint_depends_on_content_only(tmp_path: Path, folder: Path) -> None:
    """Order of ingestion, detours and repetition leave no trace in it."""
    one = Catalog(tmp_path / "one", Tokenizer(tokens, TOKENS_VERSION))
    two = Catalog(tmp_path / "two", Tokenizer(tokens, TOKENS_VERSION))
    run(one, folder)
    (folder / "z.txt").write_text("A detour.")
    run(two, folder / "z.txt")
    run(two, folder / "b.txt")
    (folder / "z.txt").unlink()
    run(two, folder)
    assert fingerprint(one, "x") == fingerprint(two, "x")
    assert fingerprint(one, "x") != fingerprint(one, "y")


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path, catalog: Catalog) -> None:
    """An older kb does not touch what a newer one wrote."""
    catalog.connection().execute("PRAGMA user_version = 99")
    catalog.close()
    with pytest.raises(StorageError, match="newer kb"):
        Catalog(tmp_path / "base", Tokenizer(tokens, TOKENS_VERSION))


def test_something_that_is_no_catalog_is_a_clear_error(tmp_path: Path) -> None:
    """A damaged file is named, not overwritten."""
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "catalog.sqlite").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StorageError, match="cannot be opened"):
        Catalog(tmp_path / "base", Tokenizer(tokens, TOKENS_VERSION))


def test_keywords_are_made_anew_when_their_making_changes(tmp_path: Path, folder: Path) -> None:
    """Another version of the tokens finds the same files without reading them again."""
    first = Catalog(tmp_path / "base", Tokenizer(lambda text: text.lower().split(), 1))
    run(first, folder)
    first.close()
    again = Catalog(tmp_path / "base", Tokenizer(tokens, 2))
    assert len(keywords(again, "bananas")) == 1
