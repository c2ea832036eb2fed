"""A vector index is not the truth: it can be lost, emptied or killed, and is made again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from chroma_server import Server
from hashed import HashedEmbedder
from kb import KnowledgeBase
from kb.app.base.stores import open_index
from kb.ingest.errors import InputError, StorageError
from kb.retrieval.search.search import Searcher

WORDS = [
    "backup",
    "restore",
    "server",
    "warranty",
    "repair",
    "leave",
    "holiday",
    "hotel",
    "taxi",
    "refund",
    "approval",
    "budget",
    "network",
    "router",
    "disk",
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Chroma server."""
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.kill()


def write(folder: Path, n: int = 60) -> Path:
    """Write n small files whose words differ."""
    folder.mkdir(exist_ok=True)
    for at in range(n):
        words = np.random.default_rng(at).choice(WORDS, 6)
        (folder / f"{at:02}.md").write_text(f"# Note {at}\n\nThe {' '.join(words)} of case {at} is described here.\n")
    return folder


def searcher(kb: KnowledgeBase, embedder: HashedEmbedder) -> Searcher:
    """Return a searcher of the base that takes its vector index for more than ten vectors."""
    return Searcher(
        kb._catalog,
        kb.config.folder,
        lambda: embedder,
        partial(open_index, kb.catalog, kb.config),
        exact_up_to=lambda: 10,
    )


QUESTIONS = ("restore the backup of a server", "hotel refund approval", "warranty repair case 7")


def dense(searcher: Searcher) -> list[list[tuple[str, float]]]:
    """Return what the dense lane finds."""
    return [
        [(hit.chunk.id, round(hit.score, 4)) for hit in searcher.search(question, 5, ["dense"]).hits]
        for question in QUESTIONS
    ]


def test_the_store_makes_no_difference(tmp_path: Path, server: Server) -> None:
    """Every vector looked at, Chroma in process, and Chroma on a server: the same passages with the same cosines."""
    folder = write(tmp_path / "docs")
    results = []
    for store, name in ((None, "in-process"), (server.url, "served")):
        embedder = HashedEmbedder("same")
        with KnowledgeBase.open(name, embedder=embedder, store=store) as kb:
            kb.ingest([folder])
            assert open_index(kb.catalog, kb.config, embedder).count() == 60
            results += [dense(kb._searcher), dense(searcher(kb, embedder))]
            assert [hit.chunk.id for hit in kb.search(QUESTIONS[0], 3)]
    assert all(result == results[0] for result in results)
    assert all(len(hits) == 5 for hits in results[0])


@pytest.mark.parametrize("harm", ["delete", "overwrite"])
def test_a_lost_folder_is_filled_again_without_embedding(tmp_path: Path, harm: str) -> None:
    """The next ingest makes the vector index again from the vectors in the catalog; until then nothing is missed."""
    folder = write(tmp_path / "docs")
    embedder = HashedEmbedder()
    with KnowledgeBase.open(embedder=embedder) as kb:
        kb.ingest([folder])
        place = kb.config.folder / "chroma"
        before = dense(searcher(kb, embedder))
    if harm == "delete":
        shutil.rmtree(place)
    else:
        for file in [path for path in place.rglob("*") if path.is_file()]:
            file.write_bytes(b"not what it was" * 100)
    with KnowledgeBase.open(embedder=embedder) as kb:
        assert dense(searcher(kb, embedder)) == before
        embedder.n_embedded = 0
        report = kb.ingest([folder])
        assert (report.n_embedded, embedder.n_embedded) == (0, 0)
        assert open_index(kb.catalog, kb.config, embedder).count() == 60
        found = searcher(kb, embedder).search(QUESTIONS[0], 5)
        assert found.notes == ()
        assert dense(searcher(kb, embedder)) == before


def test_an_index_that_was_emptied_is_noticed(tmp_path: Path) -> None:
    """The dense lane goes on without it and says so, and the next ingest, which changes no file, mends it."""
    folder = write(tmp_path / "docs")
    embedder = HashedEmbedder()
    with KnowledgeBase.open(embedder=embedder) as kb:
        kb.ingest([folder])
        before = dense(searcher(kb, embedder))
        index = open_index(kb.catalog, kb.config, embedder)
        index.remove(sorted(chain.from_iterable(index.ids()))[:30])
        harmed = searcher(kb, embedder)
        assert dense(harmed) == before
        assert "30 of 60" in harmed.search(QUESTIONS[0], 5).notes[0]
        kb.ingest([folder])
        assert open_index(kb.catalog, kb.config, embedder).count() == 60


def test_a_server_that_is_configured_is_the_one_that_is_asked(tmp_path: Path, server: Server) -> None:
    """What its collection lacks, the dense lane does not find: no copy in this process answers in its place."""
    embedder = HashedEmbedder("asked")
    with KnowledgeBase.open("asked", embedder=embedder, store=server.url) as kb:
        kb.ingest([write(tmp_path / "docs")])
        best = kb.search(QUESTIONS[0], 1, ["dense"])[0].chunk.id
        open_index(kb.catalog, kb.config, embedder).remove([best])
        assert best not in {hit.chunk.id for hit in kb.search(QUESTIONS[0], 10, ["dense"])}
    with KnowledgeBase.open("asked", embedder=embedder, store=server.url) as kb:
        assert "1 of 60 passages" in " ".join(kb.find(QUESTIONS[0]).notes)
    with KnowledgeBase.open("asked", embedder=embedder, store="chroma") as kb:
        assert kb.search(QUESTIONS[0], 1, ["dense"])[0].chunk.id == best


def test_a_server_killed_in_the_middle_costs_nothing(tmp_path: Path) -> None:
    """Questions are answered from the catalog's vectors while it is down, and by the server when it is back."""
    server = Server(tmp_path / "server")
    try:
        embedder = HashedEmbedder()
        with KnowledgeBase.open(embedder=embedder, store=server.url) as kb:
            kb.ingest([write(tmp_path / "docs")])
            long_lived = searcher(kb, embedder)
            before = dense(long_lived)
            server.kill()
            found = long_lived.search("taxi to the hotel", 5)
            assert len(found.hits) == 5
            assert server.url in found.notes[0]
            assert dense(long_lived) == before
            assert dense(searcher(kb, embedder)) == before
            (tmp_path / "docs" / "new.md").write_text("# New\n\nA budget for the router and the taxi.\n")
            with pytest.raises(StorageError, match="chroma run"):
                kb.ingest([tmp_path / "docs"])
            server.start()
            kb.ingest([tmp_path / "docs"])
            assert open_index(kb.catalog, kb.config, embedder).count() == 61
            assert long_lived.search("taxi to the hotel", 5).notes == ()
    finally:
        server.kill()


def test_what_is_no_address_is_refused() -> None:
    """An address without a scheme, a host or a port that can be is the user's mistake, not the server's."""
    for store in ("localhost:8000", "http://", "http://localhost:port", "http://localhost:99999"):
        with pytest.raises(InputError, match="http://host:port"):
            KnowledgeBase.open(store=store)


def test_edited_deleted_and_renamed_files_are_followed_in_both_indexes(tmp_path: Path) -> None:
    """The old sentence and the deleted file are in neither index; a rename runs the embedder for nothing."""
    folder = tmp_path / "life"
    folder.mkdir()
    for name, text in (
        ("edit", "Bananas cost two coins."),
        ("drop", "Cherries are red."),
        ("move", "Apples keep long."),
    ):
        (folder / f"{name}.txt").write_text(text)
    with KnowledgeBase.open("life", home=tmp_path / "home", embedder=HashedEmbedder()) as kb:
        assert kb.ingest([folder]).n_embedded == 3
        (folder / "edit.txt").write_text("Bananas cost nine coins now.")
        (folder / "drop.txt").unlink()
        (folder / "move.txt").rename(folder / "moved.txt")
        report = kb.ingest([folder])
        assert (len(report.added), len(report.updated), len(report.removed)) == (1, 1, 2)
        assert report.n_embedded == 1
        assert kb.embedder
        ids = set(chain.from_iterable(open_index(kb.catalog, kb.config, kb.embedder).ids()))
        for lane in ("bm25", "dense"):
            hits = kb.search("bananas two coins cherries red apples", k=10, lanes=(lane,))
            assert {hit.chunk.text for hit in hits} <= {"Bananas cost nine coins now.", "Apples keep long."}
            assert {hit.chunk.id for hit in hits} <= ids
        assert len(ids) == 2
