"""Moving to another embedder: beside the one that serves, resumable, atomic, and back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
from hashed import HashedEmbedder
from kb import KnowledgeBase
from kb.app.base.chunk_sizes import splitting_for
from kb.app.base.stores import open_index
from kb.ingest.document import Step
from kb.ingest.errors import EmbedderError, InputError
from kb.ingest.run.sync import Selection
from kb.ingest.text.split import count_words, split
from places import SUPPORT

QUESTIONS = ("Which valve is opened in spring?", "pump of station 17", "Who inspects the northern dam?")

MOVE = """
import sys, time
from hashed import HashedEmbedder
from kb import KnowledgeBase

class Slow(HashedEmbedder):
    def embed_documents(self, texts):
        time.sleep(float(sys.argv[1]))
        return super().embed_documents(texts)

with KnowledgeBase.open() as kb:
    print(kb.reindex(Slow("new", dim=32, max_tokens=64)).n_embedded)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files that are split otherwise when the limit is 64 tokens."""
    folder = tmp_path / "docs"
    folder.mkdir()
    for at in range(24):
        sections = (
            f"## Section {part}\n\nThe pump of station {at * 40 + part} is opened in spring by crew {part}. "
            f"{'The northern dam is inspected by the engineer of the valley every month. ' * 5}"
            for part in range(30)
        )
        (folder / f"manual-{at:02}.md").write_text(f"# Manual {at}\n\n" + "\n\n".join(sections))
    return folder


def answers(kb: KnowledgeBase) -> list[list[tuple[str, float]]]:
    """Return what is found for each question."""
    return [[(hit.chunk.id, round(hit.score, 4)) for hit in kb.search(question, 8)] for question in QUESTIONS]


def index_ids(kb: KnowledgeBase, embedder: HashedEmbedder) -> set[str]:
    """Return the ids in the vector index."""
    return set(chain.from_iterable(open_index(kb.catalog, kb.config, embedder).ids()))


def embedders_with_vectors(kb: KnowledgeBase) -> dict[str, int]:
    """Return how many vectors there are of each embedder."""
    return dict(kb.catalog.connection().execute("SELECT embedder, count(*) FROM vectors GROUP BY 1").fetchall())


def test_a_move_equals_a_fresh_base_and_back_is_back(folder: Path) -> None:
    """After it, everything is as if built with the new embedder; after a rollback, as before; nothing is embedded twice."""
    old, new = HashedEmbedder("old"), HashedEmbedder("new", dim=32, max_tokens=64)
    with KnowledgeBase.open("fresh", embedder=new) as fresh:
        fresh.ingest([folder])
        expected, fingerprint = answers(fresh), fresh.status().fingerprint
    with KnowledgeBase.open(embedder=old) as kb:
        kb.ingest([folder])
        before, print_before = answers(kb), kb.status().fingerprint
        moved = kb.reindex(new)
        assert moved.n_documents == 24
        assert moved.n_embedded == embedders_with_vectors(kb)[new.fingerprint]
        assert (answers(kb), kb.status().fingerprint) == (expected, fingerprint)
        assert open_index(kb.catalog, kb.config, new).count() == moved.n_chunks
        assert kb.ingest([folder]).n_embedded == 0
        n_embedded = old.n_embedded
        assert kb.reindex(old).n_embedded == 0
        assert old.n_embedded == n_embedded
        assert (answers(kb), kb.status().fingerprint) == (before, print_before)
        with pytest.raises(InputError, match="already"):
            kb.reindex(old)


def test_passages_get_another_size_as_if_they_had_it_from_the_start(folder: Path) -> None:
    """Beside the ones that serve, under the same embedder; a rollback gives the old ones back; nothing is embedded twice."""
    embedder = HashedEmbedder("same", max_tokens=128)
    with KnowledgeBase.open("fresh", embedder=embedder) as fresh:
        fresh.ingest([folder], selection=Selection(chunk_tokens=40))
        assert max(hit.chunk.n_tokens for hit in fresh.search("northern dam", 50)) <= 50
        expected, fingerprint = answers(fresh), fresh.status().fingerprint
        with pytest.raises(InputError, match="kb reindex --chunk-tokens 60"):
            fresh.ingest([folder], selection=Selection(chunk_tokens=60))
    with KnowledgeBase.open(embedder=embedder) as kb:
        kb.ingest([folder])
        before, print_before = answers(kb), kb.status().fingerprint
        moved = kb.reindex(chunk_tokens=40)
        assert moved.n_embedded > 0
        assert (answers(kb), kb.status().fingerprint, kb.status().chunk_tokens) == (expected, fingerprint, 40)
        assert open_index(kb.catalog, kb.config, embedder).count() == moved.n_chunks
        assert kb.ingest([folder]).n_embedded == 0
        assert kb.rollback().n_embedded == 0
        assert (answers(kb), kb.status().fingerprint, kb.status().chunk_tokens) == (before, print_before, 0)
        assert open_index(kb.catalog, kb.config, embedder).count() == kb.status().n_chunks
        with pytest.raises(InputError, match="from 32 to 128"):
            kb.reindex(chunk_tokens=400)


def test_the_index_serves_the_old_passages_until_the_switch(folder: Path) -> None:
    """New passages under the same embedder go into the same collection: it holds both until then, and only the new after."""
    embedder = HashedEmbedder("same", max_tokens=128)
    with KnowledgeBase.open(embedder=embedder) as kb:
        kb.ingest([folder])
        old = index_ids(kb, embedder)
        seen: list[set[str]] = []

        def look(step: Step) -> None:
            if step.stage == "index" and step.done == step.total:
                seen.append(index_ids(kb, embedder))

        kb.reindex(chunk_tokens=40, progress=look)
        assert seen[0] > old
        assert len(index_ids(kb, embedder)) == kb.status().n_chunks


def test_what_is_read_anew_in_between_is_found_after_a_rollback(tmp_path: Path) -> None:
    """The text of a document of two files grows, as when its pages are recognised: its old passages do not come back."""
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text("# Harbour\n\nThe harbour is dredged in May.\n")
    with KnowledgeBase.open(embedder="tfidf") as kb:
        kb.ingest([tmp_path / "a.md", tmp_path / "b.md"])
        kb.reindex(chunk_tokens=40)
        row = kb.catalog.sources()[str(tmp_path / "a.md")]
        document = kb.catalog.document(row.source)
        grown = replace(document, text=f"{document.text}\nThe lighthouse is painted in June.\n")
        splitting = splitting_for(None, 40)
        kb.catalog.put_document(row, grown, split(grown, splitting, count_words), splitting.key)
        kb.rollback()
        assert "painted in June" in kb.search("When is the lighthouse painted?", 1)[0].chunk.text


def test_what_is_ingested_in_between_survives_a_rollback(folder: Path) -> None:
    """New files are split and embedded for the old embedder; forgotten ones leave no vector, in use or spare."""
    old, new = HashedEmbedder("old"), HashedEmbedder("new", dim=32, max_tokens=64)
    with KnowledgeBase.open(embedder=old) as kb:
        kb.ingest([folder])
        kb.reindex(new)
        (folder / "late.md").write_text("# Late\n\nThe turbine came late.")
        (folder / "manual-00.md").unlink()
        kb.ingest([folder])
        assert "station 17 " not in str(kb.catalog.connection().execute("SELECT text FROM documents").fetchall())
        moved = kb.reindex(old)
        assert moved.n_embedded == 1
        assert Path(kb.search("The turbine came late", 1)[0].chunk.source).name == "late.md"
        kb.gc()
        rows = kb.catalog.connection().execute(
            "SELECT count(*) FROM vectors WHERE text_hash NOT IN (SELECT text_hash FROM chunks)"
        )
        assert rows.fetchone() == (0,)


def test_killed_in_the_middle_while_questions_are_asked(folder: Path) -> None:
    """No question fails or finds less; the old embedder serves until the switch; the next run embeds only the rest."""
    old = HashedEmbedder("old")
    with KnowledgeBase.open(embedder=old) as kb:
        kb.ingest([folder])
        before = answers(kb)
        command = [sys.executable, "-c", MOVE]
        here = SUPPORT
        running = subprocess.Popen([*command, "0.2"], cwd=here, env=os.environ)
        deadline = time.monotonic() + 60
        while embedders_with_vectors(kb).get("new-32-64", 0) == 0:
            assert time.monotonic() < deadline
            assert answers(kb) == before
        running.send_signal(signal.SIGKILL)
        running.wait()
        done = embedders_with_vectors(kb)["new-32-64"]
        assert answers(kb) == before
        assert kb.status().n_pending == 0
        stop, failures, counts = threading.Event(), [], []

        def ask() -> None:
            while not stop.is_set():
                try:
                    counts.append([len(kb.search(question, 8)) for question in QUESTIONS])
                except Exception as error:  # noqa: BLE001 - whatever it is, it is a failed question
                    failures.append(error)

        asking = threading.Thread(target=ask)
        asking.start()
        resumed = subprocess.run([*command, "0"], cwd=here, env=os.environ, capture_output=True, text=True, check=True)
        stop.set()
        asking.join()
        assert failures == []
        assert {8} == {n for count in counts for n in count}
        assert int(resumed.stdout) == embedders_with_vectors(kb)["new-32-64"] - done
        assert kb.catalog.get("embedder") == "given:new"
        kb.reindex(old)
        assert answers(kb) == before


def test_a_long_lived_base_follows_the_switch(folder: Path) -> None:
    """One that was not told which embedder to use asks the one that another process moved the base to."""
    with KnowledgeBase.open("a", embedder="tfidf") as writer, KnowledgeBase.open("a") as reader:
        writer.ingest([folder])
        assert reader.find(QUESTIONS[0]).lanes == ("bm25", "tfidf")
        writer.reindex(HashedEmbedder())
        found = reader.find(QUESTIONS[0])
        assert found.hits
        assert "a program passed in" in found.notes[0]  # it sees the new embedder's name, which it cannot open
        assert writer.find(QUESTIONS[0]).lanes == ("bm25", "dense")
        assert writer.rollback().embedder == "tfidf"
        assert reader.find(QUESTIONS[0]).notes == ()


def test_gc_frees_what_does_not_serve(folder: Path) -> None:
    """Vectors, spare chunks and vector indexes of other embedders; then there is no way back, and answers stay."""
    old, new = HashedEmbedder("old", dim=512), HashedEmbedder("new", dim=32, max_tokens=64)
    with KnowledgeBase.open(embedder=old) as kb:
        kb.ingest([folder])
        assert kb.gc().n_vectors == 0
        kb.reindex(new)
        after = answers(kb)
        size = sum(file.stat().st_size for file in kb.config.folder.rglob("*") if file.is_file())
        freed = kb.gc()
        assert freed.n_vectors == old.n_embedded
        assert freed.n_spare_chunks > 0
        assert freed.collections == (old.fingerprint,)
        now = sum(file.stat().st_size for file in kb.config.folder.rglob("*") if file.is_file())
        assert freed.bytes == size - now
        assert freed.bytes > old.n_embedded * 512 * 4
        assert answers(kb) == after
        with pytest.raises(InputError, match="nothing to go back to"):
            kb.rollback()


def test_gc_does_not_take_another_embedder_for_the_bases_own(folder: Path) -> None:
    """Opened with another one, or with the base's own missing, it refuses and frees nothing."""
    with KnowledgeBase.open(embedder=HashedEmbedder("old")) as kb:
        kb.ingest([folder])
    with KnowledgeBase.open(embedder="tfidf") as kb, pytest.raises(InputError, match="given:old"):
        kb.gc()
    with KnowledgeBase.open() as kb:
        with pytest.raises(EmbedderError, match="old"):
            kb.gc()
        assert embedders_with_vectors(kb)


def test_the_command_line_moves_and_goes_back(folder: Path) -> None:
    """``kb reindex --embedder``, ``--rollback``, ``kb gc``; to move nowhere is a mistake."""
    with KnowledgeBase.open(embedder="tfidf") as kb:
        kb.ingest([folder])

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "kb", *arguments], capture_output=True, text=True, check=False, cwd="/"
        )

    assert run("reindex").returncode == 2
    assert run("reindex", "--embedder", "tfidf").returncode == 2
    assert run("reindex", "--rollback").returncode == 2
    with KnowledgeBase.open() as kb:
        kb.reindex(HashedEmbedder())
    back = run("reindex", "--rollback", "--json")
    assert json.loads(back.stdout)["embedder"] == "tfidf", back.stderr
    assert "freed" in run("gc").stdout
