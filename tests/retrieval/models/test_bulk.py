"""Many texts are embedded side by side: the same vectors in the same order, whatever becomes of the workers."""

from __future__ import annotations

import os
import signal
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from needs import needs

if find_spec("openvino") is None:  # never importorskip: a bare import of OpenVINO reports to Google Analytics
    pytest.skip("the dense extra is not installed", allow_module_level=True)

from embedding_models import MAX_TOKENS, SENTENCES, build_bert
from kb.ingest.errors import EmbedderError
from kb.retrieval.models import bulk
from kb.retrieval.models.bulk import Bulk
from kb.retrieval.models.local_embedder import LocalEmbedder
from kb.retrieval.models.registry import open_embedder
from kills import running, survivors

needs("sentence_transformers", extra="dense")

pytestmark = pytest.mark.skipif(os.name == "nt", reason="workers need POSIX pipes")

WORKING = """
import sys
from pathlib import Path
from kb.retrieval.models.bulk import Bulk
from kb.retrieval.models.registry import open_embedder
model = open_embedder(sys.argv[1], cache=Path(sys.argv[2]))._compiled
with Bulk(model, 2) as workers:
    for _ in workers.run([[5] * (n % 60 + 1) for n in range(64)] for _ in range(100000)):
        print(*workers.process_ids, flush=True)
"""
STARTING = """
import sys, time
from pathlib import Path
from kb.retrieval.models.bulk import Bulk
from kb.retrieval.models.registry import open_embedder
workers = Bulk(open_embedder(sys.argv[1], cache=Path(sys.argv[2]))._compiled, 2)
print(*workers.process_ids, flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A tiny model with a prompt for documents."""
    return str(build_bert(tmp_path_factory.mktemp("tiny"), prompts={"query": "", "passage": "The archive: "}))


@pytest.fixture(scope="module")
def embedder(spec: str, cache: Path) -> LocalEmbedder:
    embedder = open_embedder(spec, cache=cache)
    assert embedder is not None
    return embedder


@pytest.fixture
def two_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Side by side also where the machine has one core."""
    monkeypatch.setattr(bulk, "n_workers_for", lambda _: 2)


def texts(n: int) -> list[str]:
    """Texts of every length, equal ones among them, and some over the limit of the model."""
    words = " ".join(SENTENCES[:4] * 3).split()
    return [" ".join(words[at % 8 : at % 8 + 1 + at * 7 % 80]) for at in range(n)]


def rows(n: int) -> list[list[int]]:
    """Token ids of texts of every length, no two alike."""
    return [[5 + at % 50, *range(5, 5 + at % (MAX_TOKENS - 1))] for at in range(n)]


@pytest.mark.usefixtures("two_workers")
def test_side_by_side_gives_the_same_vectors(embedder: LocalEmbedder) -> None:
    """Batch by batch the very vectors of ``embed_documents``: equal texts, texts over the limit and empty batches included."""
    all_texts = texts(150)
    assert max(embedder.count_tokens(all_texts)) > embedder.max_tokens
    batches = [all_texts[:70], [], all_texts[70:75] * 3, [""], all_texts[75:]]
    vectors = list(embedder.embed_all(batches))
    assert len(vectors) == len(batches)
    for batch, found in zip(batches, vectors, strict=True):
        assert np.array_equal(found, embedder.embed_documents(batch))


def test_one_batch_starts_no_process(embedder: LocalEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is over sooner than a process starts is done here; and no batch at all is no error."""
    monkeypatch.setattr(bulk, "Bulk", None)
    (vectors,) = embedder.embed_all([SENTENCES])
    assert np.array_equal(vectors, embedder.embed_documents(SENTENCES))
    assert list(embedder.embed_all([])) == []


@pytest.mark.parametrize("n_killed", [1, 2])
def test_killed_workers_lose_nothing(embedder: LocalEmbedder, n_killed: int) -> None:
    """What a killed worker had in hand is done by the other, or in this process when there is none."""
    model = embedder._compiled
    assert model is not None
    calls = [rows(90), rows(40), rows(120), rows(8)]
    with Bulk(model, 2) as workers:
        found = workers.run(calls)
        vectors = [next(found)]
        for pid in workers.process_ids[:n_killed]:
            os.kill(pid, signal.SIGKILL)
        vectors += found
    for call, got in zip(calls, vectors, strict=True):
        assert np.array_equal(got, model.embed(call))


def test_workers_without_memory_lose_nothing(embedder: LocalEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a worker cannot even load the model, the texts are embedded all the same."""
    model = embedder._compiled
    assert model is not None
    monkeypatch.setattr(bulk, "_ROOM_BYTES", 1 - 2 * model.weights_bytes)
    with Bulk(model, 2) as workers:
        (vectors,) = workers.run([rows(40)])
        assert np.array_equal(vectors, model.embed(rows(40)))


def test_a_batch_that_no_process_can_embed_is_an_error(embedder: LocalEmbedder) -> None:
    """A worker that fails at a batch goes on; that the batch fails here too is said."""
    model = embedder._compiled
    assert model is not None
    with Bulk(model, 2) as workers:
        found = workers.run([rows(9), [[5] * 100_000]])  # more than the model has positions for
        assert np.array_equal(next(found), model.embed(rows(9)))
        with pytest.raises(EmbedderError):
            next(found)


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
@pytest.mark.usefixtures("two_workers")
def test_workers_end_with_the_run(embedder: LocalEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever stops taking vectors, as an ingest does at Ctrl-C, leaves no process behind."""
    started: list[Bulk] = []
    start = Bulk.__init__

    def watched(self: Bulk, *arguments: object) -> None:
        start(self, *arguments)  # type: ignore[arg-type]
        started.append(self)

    monkeypatch.setattr(Bulk, "__init__", watched)
    vectors = embedder.embed_all(texts(70) for _ in range(1000))
    next(vectors)
    pids = started[0].process_ids
    assert len(pids) == 2
    assert all(map(running, pids))
    vectors.close()
    assert not any(map(running, pids))


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_no_worker_outlives_the_parent(embedder: LocalEmbedder, spec: str, cache: Path, how: signal.Signals) -> None:
    """However the parent ends, while its workers work or while they start, they end too."""
    assert embedder.spec == spec  # it is compiled
    assert survivors(WORKING, [spec, cache], how) == []
    assert survivors(STARTING, [spec, cache], how) == []
