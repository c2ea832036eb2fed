"""Ingest over HTTP is a job: it reports its progress, survives its client and a kill of the server, and waits for its turn."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import commands
import pytest
from browser import served
from kb import KnowledgeBase
from kb.app.base.upkeep import writing
from kb.app.hosting.jobs import Job, Jobs
from kb.app.hosting.worker import Worker, _together
from kb.ingest.errors import UnknownNameError
from needs import needs

httpx = pytest.importorskip("httpx", reason="httpx is not installed")
needs("gradio", extra="ui")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Enough files to be interrupted in the middle."""
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(150):
        (folder / f"{number:03}.md").write_text(f"# File {number}\n\nIt speaks of topic{number}.\n")
    return folder


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open("notes", home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([])
        yield kb


def until(condition: Callable[[], bool], timeout_s: float = 30) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def test_jobs_are_done_in_turn_and_told_apart(base: KnowledgeBase, corpus: Path) -> None:
    """Uploads that wait together are ingested together, and each gets the report of its own files; a wrong path is its own."""
    home = base.config.home
    jobs = Jobs(home)
    paths = [[corpus / "001.md"], [corpus / "nothing.md"], [corpus / "002.md", corpus / "003.md"]]
    added = [jobs.add("notes", each, keep=True) for each in paths]
    assert [job.id for job in jobs.waiting()] == [job.id for job in added]
    worker = Worker(jobs, home, lambda _: base)
    worker.start()
    until(lambda: not jobs.waiting() and jobs.counts().get("running", 0) == 0)
    worker.stop()
    done = [jobs.get(job.id) for job in added]
    assert [job.state for job in done] == ["done", "failed", "done"]
    assert "no such file" in done[1].error
    assert [[Path(source).name for source in job.report["added"]] for job in (done[0], done[2])] == [
        ["001.md"],
        ["002.md", "003.md"],
    ]
    assert base.status().n_documents == 3


def test_a_job_waits_for_whoever_is_writing(base: KnowledgeBase, corpus: Path) -> None:
    """A person at a terminal who ingests into the same base delays a job, and does not fail it."""
    home = base.config.home
    jobs = Jobs(home)
    worker = Worker(jobs, home, lambda _: base)
    with writing(base.config.folder):
        job = jobs.add("notes", [corpus / "001.md"], keep=True)
        worker.start()
        until(lambda: jobs.get(job.id).state == "running")
        time.sleep(6)  # longer than an ingest waits for the lock
        assert jobs.get(job.id).state == "running"
    until(lambda: jobs.get(job.id).is_over)
    worker.stop()
    assert jobs.get(job.id).state == "done"


def test_a_cancelled_job_keeps_what_it_finished(base: KnowledgeBase, corpus: Path) -> None:
    """Cancelling stops it after the file at hand; what was read can be found, and the next job runs."""
    home = base.config.home
    jobs = Jobs(home)
    worker = Worker(jobs, home, lambda _: base)
    job = jobs.add("notes", [corpus], keep=False)
    after = jobs.add("notes", [corpus / "149.md"], keep=True)
    worker.start()
    until(lambda: jobs.get(job.id).done > 0 or jobs.get(job.id).is_over)
    assert jobs.cancel(job.id).is_over
    until(lambda: jobs.get(after.id).is_over)
    worker.stop()
    assert jobs.get(job.id).state in ("cancelled", "done")
    assert jobs.get(after.id).state == "done"
    assert base.search("topic149")
    with pytest.raises(UnknownNameError):
        jobs.cancel("nothing")


def test_an_error_of_sqlite_does_not_end_the_thread(
    base: KnowledgeBase, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that was full for a moment costs that moment: later jobs are run."""
    home = base.config.home
    jobs = Jobs(home)
    errors = [sqlite3.OperationalError("database or disk is full")]
    move = jobs.move

    def failing_once(*arguments: object) -> None:
        if errors:
            raise errors.pop()
        move(*arguments)

    monkeypatch.setattr(jobs, "move", failing_once)
    worker = Worker(jobs, home, lambda _: base)
    job = jobs.add("notes", [corpus / "001.md"], keep=True)
    worker.start()
    until(lambda: jobs.get(job.id).is_over)
    worker.stop()
    assert (errors, jobs.get(job.id).state) == ([], "done")


def test_old_jobs_are_forgotten(tmp_path: Path) -> None:
    """The file does not grow without end, and what is not over is kept however old."""
    jobs = Jobs(tmp_path, kept=5)
    first = jobs.add("a", ["x"], keep=True)
    second = jobs.add("a", ["x"], keep=True)
    jobs.cancel(second.id)
    for _ in range(5):
        jobs.cancel(jobs.add("a", ["x"], keep=True).id)
    jobs.add("a", ["x"], keep=True)
    assert jobs.get(first.id).state == "waiting"
    with pytest.raises(UnknownNameError):
        jobs.get(second.id)


def test_what_ended_two_servers_is_not_tried_by_a_third(tmp_path: Path) -> None:
    """A job that was under way when its process died is begun once more, alone; then it is failed, and said."""
    jobs = Jobs(tmp_path)
    hostile, innocent = (jobs.add("a", [name], keep=True) for name in ("note.txt", "yak.md"))
    jobs.move([hostile, innocent], "waiting", "running")  # both were in hand when the first server died
    jobs = Jobs(tmp_path)
    jobs.requeue()
    assert [job.id for job in _together(jobs.waiting())] == [hostile.id]
    jobs.move([hostile], "waiting", "running")
    jobs = Jobs(tmp_path)
    jobs.requeue()
    assert jobs.get(hostile.id).state == "failed"
    assert "run kb ingest" in jobs.get(hostile.id).error
    assert [job.id for job in jobs.waiting()] == [innocent.id]


def test_what_was_put_off_in_good_order_may_be_begun_again(tmp_path: Path) -> None:
    """A server that is stopped and started while it ingests a large folder does not fail the job."""
    jobs = Jobs(tmp_path)
    job = jobs.add("a", ["folder"], keep=False)
    for _ in range(3):
        jobs.move([job], "waiting", "running")
        jobs.move([job], "running", "waiting")
    jobs.requeue()
    assert jobs.get(job.id).state == "waiting"


def events(client: httpx.Client, job: str) -> list[tuple[str, dict[str, object]]]:
    with client.stream("GET", f"/api/v1/ingest/{job}/events") as stream:
        lines = [line for line in stream.iter_lines() if line]
    names = [line.removeprefix("event: ") for line in lines[::2]]
    return list(zip(names, (json.loads(line.removeprefix("data: ")) for line in lines[1::2]), strict=True))


def test_progress_is_told_as_it_goes(tmp_path: Path, corpus: Path) -> None:
    """The events of a job count up to its end, and the report is in the last; a finished job has one event."""
    with (
        served("serve", tmp_path / "home") as address,
        httpx.Client(base_url=address, timeout=60) as http,
    ):
        posted = http.post("/api/v1/ingest", json={"paths": [str(corpus)]})
        assert posted.status_code == 202
        job = posted.json()["id"]
        assert posted.headers["location"] == f"/api/v1/ingest/{job}"
        told = events(http, job)
        assert told[-1][0] == "done"
        counts = [data["done"] for _, data in told]
        assert counts == sorted(counts)
        assert (told[-1][1]["done"], told[-1][1]["total"]) == (150, 150)
        assert len(told[-1][1]["report"]["added"]) == 150
        assert [name for name, _ in events(http, job)] == ["done"]
        assert http.get(f"/api/v1/ingest/{job}").json() == told[-1][1]
        assert [row["id"] for row in http.get("/api/v1/ingest").json()["jobs"]] == [job]
        assert http.get("/api/v1/ingest/nothing/events").status_code == 404


@pytest.mark.slow
def test_a_killed_server_goes_on_where_it_was(tmp_path: Path, corpus: Path) -> None:
    """Killed in the middle of a job; the next server finishes it, and the base is what an undisturbed one is."""
    home = tmp_path / "home"
    environment = os.environ | {"KB_HOME": str(home), "KB_EMBEDDER": "tfidf"}
    command = [sys.executable, "-m", "kb", "serve", "--port", "8260"]
    process = subprocess.Popen(command, env=environment, cwd="/", stderr=subprocess.DEVNULL)
    jobs = Jobs(home)
    with httpx.Client(base_url="http://127.0.0.1:8260", timeout=60) as http:
        until(lambda: _answers(http))
        job = http.post("/api/v1/ingest", json={"paths": [str(corpus)]}).json()["id"]
        until(lambda: jobs.get(job).done > 0 or jobs.get(job).is_over)
        process.send_signal(signal.SIGKILL)
        process.wait()
    interrupted = jobs.get(job)
    with served("serve", home):
        until(lambda: jobs.get(job).is_over)
    assert jobs.get(job).state == "done", interrupted
    with (
        KnowledgeBase.open(home=home, embedder="tfidf") as after,
        KnowledgeBase.open(home=tmp_path / "calm", embedder="tfidf") as calm,
    ):
        calm.ingest([corpus])
        assert after.status().fingerprint == calm.status().fingerprint


def _answers(http: httpx.Client) -> bool:
    try:
        return http.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.slow
def test_uploads_in_parallel_with_questions_lose_nothing(tmp_path: Path) -> None:
    """100 uploads by 16 clients while 4 ask: every file is in the base, and questions get answers or 429."""
    home = tmp_path / "home"
    with served("serve", home) as address:
        over = threading.Event()
        statuses: set[int] = set()

        def ask() -> None:
            with httpx.Client(base_url=address, timeout=60) as http:
                while not over.is_set():
                    statuses.add(http.post("/api/v1/ask", json={"question": "Which number has file 7?"}).status_code)

        def upload(number: int) -> dict[str, object]:
            text = f"# File {number}\n\nThe number of file {number} is {number * 31 + 7}.\n"
            body = {"files": [("files", (f"{number}.md", text.encode()))], "data": {"wait": "true"}}
            return httpx.post(f"{address}/api/v1/documents", timeout=120, **body).json()

        askers = [threading.Thread(target=ask) for _ in range(4)]
        for thread in askers:
            thread.start()
        with ThreadPoolExecutor(16) as pool:
            done = list(pool.map(upload, range(100)))
        over.set()
        for thread in askers:
            thread.join()
        assert {job["state"] for job in done} == {"done"}
        assert all(len(job["report"]["added"]) == 1 for job in done)
        rows = httpx.get(f"{address}/api/v1/documents").json()["documents"]
        assert {Path(row["source"]).name for row in rows} == {f"{number}.md" for number in range(100)}
        assert statuses <= {200, 429}


@pytest.mark.slow
def test_another_process_is_seen_without_a_restart(tmp_path: Path) -> None:
    """What ``kb ingest`` and ``kb rm`` do in a terminal, the running server answers by at once; a new base too."""
    home = tmp_path / "home"
    note = tmp_path / "yak.md"
    note.write_text("The yak weighs 612 kilograms.")

    def kb(*arguments: object) -> None:
        assert commands.kb(*arguments, "--home", home).returncode == 0

    with served("serve", home) as address:

        def asked(base: str = "default") -> str:
            body = {"question": "How many kilograms does the yak weigh?", "base": base}
            return httpx.post(f"{address}/api/v1/ask", json=body, timeout=60).text

        assert "612" not in asked()
        kb("ingest", note)
        assert "612" in asked()
        note.write_text("The yak weighs 733 kilograms.")
        kb("ingest", note)
        assert "733" in asked()
        kb("rm", note)
        assert "733" not in asked()
        kb("ingest", note, "--name", "second")
        assert "733" in asked("second")


def test_two_workers_on_one_home_do_a_job_once(base: KnowledgeBase, corpus: Path) -> None:
    """The second one waits, and takes over when the first ends."""
    home = base.config.home
    jobs = Jobs(home)
    first, second = (Worker(jobs, home, lambda _: base) for _ in range(2))
    first.start()
    second.start()
    one = jobs.add("notes", [corpus / "001.md"], keep=True)
    until(lambda: jobs.get(one.id).is_over)
    first.stop()
    two: Job = jobs.add("notes", [corpus / "002.md"], keep=True)
    until(lambda: jobs.get(two.id).is_over)
    second.stop()
    assert [jobs.get(job.id).state for job in (one, two)] == ["done", "done"]
