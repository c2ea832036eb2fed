"""Nobody waits for an embedder: what is read is found by keywords at once, and by meaning as it is embedded."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hashed import HashedEmbedder
from kb import KnowledgeBase
from kb.app.base.upkeep import UNFINISHED
from kb.app.hosting.jobs import Jobs
from kb.app.hosting.worker import Worker
from kb.ingest.document import Step
from kb.retrieval.lanes.vectors import AT_ONCE
from kb.retrieval.lanes.view import pending_note
from numpy.typing import NDArray

N = 3 * AT_ONCE


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Enough passages for several rounds of the embedder, the last of them the longest."""
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(N):
        (folder / f"{number:03}.md").write_text(f"topic{number} is here" + " and there" * (number // 4))
    return folder


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(home=tmp_path / "home", embedder=HashedEmbedder(max_tokens=2000)) as kb:
        yield kb


class Watched(HashedEmbedder):
    """Lets something happen while it computes."""

    def __init__(self) -> None:
        super().__init__(max_tokens=2000)
        self.meanwhile: Callable[[], object] = bool

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See ``Embedder``."""
        vectors = super().embed_documents(texts)
        self.meanwhile()
        return vectors


def until(condition: Callable[[], bool], timeout_s: float = 30) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def test_questions_are_answered_while_passages_are_embedded(base: KnowledgeBase, files: Path) -> None:
    """At every step all passages are found by keywords, and the note says how many by meaning."""
    notes, said = [], list[str]()

    def ask(step: Step) -> None:
        if step.stage == "embed":
            found = base.find(f"topic{N - 1}")
            assert Path(found.hits[0].chunk.source).name == f"{N - 1:03}.md"
            notes.append(found.notes)

    assert base.ingest([files], progress=ask, say=said.append).n_embedded == N
    assert f"searchable by keywords; {N} passages are still to be embedded" in said[-1]
    assert notes == [*((pending_note(done, N - done),) for done in (0, AT_ONCE, 2 * AT_ONCE)), ()]


def test_others_write_while_passages_are_embedded(files: Path, tmp_path: Path) -> None:
    """What comes in meanwhile does not wait, and of what is removed no vector is kept."""
    (tmp_path / "more.md").write_text("A quokka came in meanwhile.")
    embedder = Watched()
    with KnowledgeBase.open(home=tmp_path / "home", embedder=embedder) as base:

        def write() -> None:
            embedder.meanwhile = bool
            assert base.ingest([tmp_path / "more.md"], later=True).added
            assert base.remove([files / "000.md"])  # it is among the shortest, which are computed now

        embedder.meanwhile = write
        assert base.ingest([files]).n_embedded == N
        assert base.catalog.count("vectors") == N - 1
        assert base.catalog.get(UNFINISHED)  # for the file that came in
        assert base.finish().n_embedded == 1
        assert not base.catalog.get(UNFINISHED)
        assert base.find("quokka").notes == ()


def test_embedding_can_be_left_for_later(base: KnowledgeBase, files: Path) -> None:
    """``later`` returns once the text is in; ``finish`` completes its report; of little nothing is left."""
    report = base.ingest([files], later=True)
    assert (len(report.added), report.n_embedded, report.n_pending) == (N, 0, N)
    whole = base.finish(report)
    assert (len(whole.added), whole.n_embedded, whole.n_pending) == (N, N, 0)
    (files / "new.md").write_text("A quokka.")
    report = base.ingest([files], later=True)
    assert (report.n_embedded, report.n_pending) == (1, 0)


def test_an_interrupted_ingest_is_gone_on_with(base: KnowledgeBase, files: Path) -> None:
    """Ctrl-C while passages are embedded keeps those that were; a server goes on with the others by itself."""

    def interrupt(step: Step) -> None:
        if step.stage == "embed" and step.done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        base.ingest([files], progress=interrupt)
    assert base.status().n_pending == N - AT_ONCE
    home = base.config.home
    worker = Worker(Jobs(home), home, lambda _: base, lambda: (base,))
    worker.start()
    until(lambda: not base.catalog.get(UNFINISHED))
    worker.stop()
    assert base.status().n_pending == 0


def test_a_job_does_not_wait_for_what_another_has_to_embed(tmp_path: Path, files: Path) -> None:
    """The files of a job are found while the passages of the one before are embedded; then both are done, each with its own."""
    embedder, may = Watched(), threading.Event()
    embedder.meanwhile = lambda: may.wait(30)
    with KnowledgeBase.open("notes", home=tmp_path / "home", embedder=embedder) as base:
        jobs = Jobs(base.config.home)
        worker = Worker(jobs, base.config.home, lambda _: base)
        worker.start()
        first = jobs.add("notes", [files], keep=False)
        until(lambda: jobs.get(first.id).stage == "embed")
        (files.parent / "quokka.md").write_text("A quokka.")
        second = jobs.add("notes", [files.parent / "quokka.md"], keep=True)
        assert base.find("topic7").hits
        may.set()
        until(lambda: jobs.get(first.id).is_over and jobs.get(second.id).is_over)
        worker.stop()
        reports = [jobs.get(job.id).report for job in (first, second)]
        assert [(len(report["added"]), report["n_pending"]) for report in reports] == [(N, 0), (1, 0)]
        assert base.status().n_pending == 0
