"""Archives in the base: their members are sources of their own, and follow the archive."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from kb.ingest.run.sync import Selection, Synced, sync
from kb.ingest.store.catalog import Catalog, fingerprint
from kb.ingest.store.keywords import Tokenizer
from kb.ingest.text.split import Splitting, count_words
from kb.retrieval.words.tokens import TOKENS_VERSION, tokens


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """An empty catalog."""
    return Catalog(tmp_path / "base", Tokenizer(tokens, TOKENS_VERSION))


def run(catalog: Catalog, *paths: Path, **selection: object) -> Synced:
    """Synchronise and return what became of the files."""
    chosen = Selection(**selection)  # type: ignore[arg-type]
    return sync(catalog, paths, splitting=Splitting(), count_tokens=count_words, selection=chosen)


def pack(path: Path, **members: str | bytes) -> Path:
    """Write a zip; ``_`` before the suffix of a name stands for ``.``."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return path


def names(sources: list[str]) -> list[str]:
    """File names with members, sorted."""
    return sorted(Path(source).name for source in sources)


def test_members_are_sources_and_an_unchanged_archive_costs_nothing(catalog: Catalog, tmp_path: Path) -> None:
    """Each member is added by name; the second run writes nothing."""
    folder = tmp_path / "files"
    folder.mkdir()
    pack(folder / "a.zip", one_md="# One\n\nAbout apples.", two_txt="About bananas.")
    assert names(run(catalog, folder).outcomes["added"]) == ["a.zip!one.md", "a.zip!two.txt"]
    generation = catalog.generation
    again = run(catalog, folder)
    assert names(again.outcomes["unchanged"]) == ["a.zip!one.md", "a.zip!two.txt"]
    assert not again.changed
    assert catalog.generation == generation


def test_a_changed_archive_is_followed_member_by_member(catalog: Catalog, tmp_path: Path) -> None:
    """What changed is updated, what is gone is removed, what stayed is unchanged."""
    place = tmp_path / "a.zip"
    pack(place, same_txt="Same.", old_txt="Old.", gone_txt="Gone.")
    run(catalog, place)
    pack(place, same_txt="Same.", old_txt="New.", more_txt="More.")
    report = run(catalog, place)
    assert {kind: names(sources) for kind, sources in report.outcomes.items()} == {
        "added": ["a.zip!more.txt"],
        "updated": ["a.zip!old.txt"],
        "unchanged": ["a.zip!same.txt"],
        "removed": ["a.zip!gone.txt"],
    }
    assert catalog.count("documents") == 3


def test_members_that_swap_their_content_are_all_kept(catalog: Catalog, tmp_path: Path) -> None:
    """A document that moves to a name behind its old one is not lost on the way."""
    place = tmp_path / "a.zip"
    pack(place, a_txt="First content.", b_txt="Second content.")
    run(catalog, place)
    pack(place, a_txt="Third content.", b_txt="First content.")
    assert names(run(catalog, place).outcomes["updated"]) == ["a.zip!a.txt", "a.zip!b.txt"]
    texts = {catalog.document(f"{place}!{name}").text for name in ("a.txt", "b.txt")}  # type: ignore[union-attr]
    assert texts == {"Third content.", "First content."}


def test_a_deleted_archive_takes_its_members_along(catalog: Catalog, tmp_path: Path) -> None:
    """And so does one that became another kind of file under the same name."""
    folder = tmp_path / "files"
    folder.mkdir()
    pack(folder / "a.zip", one_txt="One.")
    pack(folder / "b.zip", two_txt="Two.")
    run(catalog, folder)
    (folder / "a.zip").unlink()
    (folder / "b.zip").write_bytes(b"%PDF-1.4 nothing more")
    report = run(catalog, folder)
    assert names(report.outcomes["removed"]) == ["a.zip!one.txt", "b.zip!two.txt"]
    assert [Path(failure.source).name for failure in report.failures] == ["b.zip"]
    assert catalog.count("documents") == 0


def test_bad_members_and_bad_archives_are_failures_of_their_own(catalog: Catalog, tmp_path: Path) -> None:
    """A bad member does not cost the others; an archive that cannot be opened, or holds nothing, is a failure itself."""
    folder = tmp_path / "files"
    folder.mkdir()
    pack(folder / "mixed.zip", bad_pdf="%PDF-1.4 nothing", bomb_txt=bytes(50_000_000), good_txt="Good.")
    (folder / "cut.zip").write_bytes((folder / "mixed.zip").read_bytes()[:300])
    pack(folder / "empty.zip", nothing_txt=b"")
    for _ in range(2):
        report = run(catalog, folder)
        kinds = {Path(failure.source).name: failure.kind for failure in report.failures}
        assert kinds == {
            "mixed.zip!bad.pdf": "damaged",
            "mixed.zip!bomb.txt": "too-large",
            "cut.zip": "damaged",
            "empty.zip": "empty",
        }
    assert names(report.outcomes["unchanged"]) == ["mixed.zip!good.txt"]


KILLED = """
import sys
from pathlib import Path
from kb.ingest.store.catalog import Catalog
from kb.ingest.store.keywords import Tokenizer
from kb.ingest.text.split import Splitting, count_words
from kb.ingest.run.sync import sync
from kb.retrieval.words.tokens import TOKENS_VERSION, tokens
catalog = Catalog(Path(sys.argv[1]), Tokenizer(tokens, TOKENS_VERSION))
sync(catalog, sys.argv[2:], splitting=Splitting(), count_tokens=count_words)
"""


def test_a_kill_between_members_is_made_good(tmp_path: Path) -> None:
    """Killed at any member, in a first run or in an update, the next run ends with the fingerprint of calm ones."""
    place = tmp_path / "a.zip"
    pack(place, **{f"{n}_txt": f"Member {n} speaks of old{n}. " * 200 for n in range(60)})
    calm = Catalog(tmp_path / "calm", Tokenizer(tokens, TOKENS_VERSION))
    first = run(calm, place) and fingerprint(calm, "x")
    old = place.read_bytes(), place.stat().st_mtime_ns
    pack(place, **{f"{n}_txt": f"Member {n} speaks of new{n}. " * 200 for n in range(10, 70)})
    second = run(calm, place) and fingerprint(calm, "x")
    new = place.read_bytes(), place.stat().st_mtime_ns
    shaken = Catalog(tmp_path / "shaken", Tokenizer(tokens, TOKENS_VERSION))
    for version, then in ((old, None), (old, first), (new, None), (old, first), (new, second)):
        place.write_bytes(version[0])
        os.utime(place, ns=(version[1], version[1]))
        if then is None:
            _kill_in_the_middle(tmp_path / "shaken", place, shaken)
        else:
            run(shaken, place)
            assert fingerprint(shaken, "x") == then


def _kill_in_the_middle(base: Path, place: Path, catalog: Catalog) -> None:
    start = catalog.generation
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(base), str(place)], cwd="/")
    while process.poll() is None and catalog.generation < start + 15:
        time.sleep(0.001)
    assert process.poll() is None, "it finished before it could be killed"
    process.send_signal(signal.SIGKILL)
    process.wait()
