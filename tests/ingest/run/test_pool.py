"""Worker processes: what hangs, crashes or explodes is a failure with its reason, and everything else is read."""

from __future__ import annotations

import io
import os
import signal
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kb.ingest.document import Document, Failure
from kb.ingest.run.job import Done, Event, Job, Taken
from kb.ingest.run.pool import Limits, Pool
from kills import survivors

pytestmark = pytest.mark.skipif(os.name == "nt", reason="workers need POSIX pipes")


def jobs(*paths: Path) -> list[Job]:
    """A job for each file."""
    return [Job(str(path), path.stat().st_size) for path in paths]


def results(events: Iterator[tuple[Job, Event]]) -> dict[str, Document | Failure | str]:
    """What became of each file, by name."""
    return {Path(e.source).name: e.result for _, e in events if isinstance(e, Taken)}


def texts(folder: Path, count: int) -> list[Path]:
    """Write small text files."""
    paths = [folder / f"{number:03}.txt" for number in range(count)]
    for path in paths:
        path.write_text(f"This is file {path.stem}.")
    return paths


def endless(path: Path) -> Path:
    """A file that never ends: a pipe into which nobody writes."""
    os.mkfifo(path)
    return path


def slow_pdf() -> bytes:
    """A file that takes very long to read: millions of pages, all of them the same object."""
    kids = b" ".join([b"3 0 R"] * 10_000_000)
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 10000000/Kids["
        + kids
        + b"]>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n"
    )


def test_every_file_is_read_once_and_its_end_is_told(tmp_path: Path) -> None:
    """More files than workers: each gives a document and is done; then there are no workers any more."""
    pool = Pool(2, Limits())
    events = list(pool.run(jobs(*texts(tmp_path, 30))))
    assert len([event for _, event in events if isinstance(event, Done)]) == 30
    assert {Path(job.path).name for job, _ in events} == {f"{number:03}.txt" for number in range(30)}
    assert all(isinstance(result, Document) for result in results(iter(events)).values())
    assert pool.process_ids == ()


def test_a_file_that_takes_too_long_is_a_timeout_and_the_others_do_not_wait(tmp_path: Path) -> None:
    """The rest is done by the other worker in the meantime, but for the few that were given along with it."""
    slow = endless(tmp_path / "slow.txt")
    pool = Pool(2, Limits(timeout_s=4, timeout_s_per_mb=0))
    began = time.monotonic()
    found = {
        event.source: event.result
        for _, event in pool.run(jobs(slow, *texts(tmp_path, 60)))
        if isinstance(event, Taken)
    }
    assert time.monotonic() - began < 30
    assert list(found).index(str(slow)) >= 60 - 16
    failure = found.pop(str(slow))
    assert isinstance(failure, Failure)
    assert (failure.kind, "seconds" in failure.reason) == ("timeout", True)
    assert len(found) == 60
    assert all(isinstance(result, Document) for result in found.values())


def test_a_member_that_takes_too_long_costs_only_itself(tmp_path: Path) -> None:
    """The archive goes on behind it."""
    slow = slow_pdf()
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("1.txt", "First.")
        archive.writestr("2.pdf", slow)
        archive.writestr("3.txt", "Third.")
    found = results(Pool(1, Limits(timeout_s=3, timeout_s_per_mb=0)).run(jobs(tmp_path / "a.zip")))
    assert {name: type(result) for name, result in found.items()} == {
        "a.zip!1.txt": Document,
        "a.zip!2.pdf": Failure,
        "a.zip!3.txt": Document,
    }


def test_a_worker_killed_by_chance_loses_nothing_and_one_killed_by_its_file_is_a_crash(tmp_path: Path) -> None:
    """The first death may have been anything, so the file is read again; the second one is the file's."""
    slow = endless(tmp_path / "slow.txt")
    for kills, kind in ((1, "timeout"), (2, "crashed")):
        pool = Pool(1, Limits(timeout_s=6, timeout_s_per_mb=0))
        with closing(pool.run(iter([*jobs(*texts(tmp_path, 2)), *jobs(slow), *jobs(tmp_path / "001.txt")]))) as events:
            _killing(pool, kills)
            found = results(events)
        failure = found.pop("slow.txt")
        assert isinstance(failure, Failure)
        assert failure.kind == kind
        assert all(isinstance(result, Document) for result in found.values())


def _killing(pool: Pool, times: int) -> None:
    """Kill the pool's worker a second after it began, that many times, from a thread."""
    import threading

    def kill() -> None:
        killed: set[int] = set()
        while len(killed) < times:
            for pid in pool.process_ids:
                if pid not in killed:
                    time.sleep(2)
                    os.kill(pid, signal.SIGKILL)
                    killed.add(pid)
            time.sleep(0.05)

    threading.Thread(target=kill, daemon=True).start()


def test_a_file_that_takes_too_much_memory_is_too_large(tmp_path: Path) -> None:
    """The worker has its cap and leaves; the machine does not suffer, nor do the other files."""
    big = tmp_path / "big.csv"
    big.write_text("a,b\n" + "1,2\n" * 8_000_000)
    found = results(Pool(1, Limits(memory_bytes=256 * 1024**2)).run(jobs(big, *texts(tmp_path, 3))))
    failure = found.pop("big.csv")
    assert isinstance(failure, Failure)
    assert failure.kind == "too-large"
    assert len(found) == 3
    assert all(isinstance(result, Document) for result in found.values())


def hostile() -> dict[str, bytes]:
    """Small files that unfold into something large or deep."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", b"<w:document>" + b" " * 300_000_000)
    return {
        "laughs.xml": f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><x>&l11;</x>'.encode(),
        "deep.json": b"[" * 1_000_000 + b"]" * 1_000_000,
        "deep.html": b"<div>" * 500_000,
        "deep.xml": b"<a>" * 500_000,
        "bomb.docx": bomb.getvalue(),
        "deep.rtf": b"{\\rtf1 " + b"{" * 1_000_000,
        "deep.md": b"> " * 500_000 + b"quote",
    }


def test_hostile_files_end_as_a_document_or_a_failure_with_a_reason(tmp_path: Path) -> None:
    """Bombs, entity expansion and deep nesting; what follows them is read."""
    paths = []
    for name, content in hostile().items():
        paths.append(tmp_path / name)
        paths[-1].write_bytes(content)
    limits = Limits(timeout_s=15, timeout_s_per_mb=0, memory_bytes=1024**3)
    found = results(Pool(2, limits).run(jobs(*paths, *texts(tmp_path, 3))))
    assert len(found) == len(paths) + 3
    failures = {name: result for name, result in found.items() if isinstance(result, Failure)}
    assert all(failure.reason for failure in failures.values())
    assert {"bomb.docx", "laughs.xml"} <= set(failures)
    assert not {name for name in failures if name.endswith(".txt")}


ALONE = """
import sys
from kb.ingest.run.job import Job
from kb.ingest.run.pool import Limits, Pool
pool = Pool(2, Limits())
for _ in pool.run([Job(path, 0) for path in sys.argv[1:]]):
    print(*pool.process_ids, flush=True)
"""
STARTING = """
import sys, time
from kb.ingest.run.job import Job
from kb.ingest.run.pool import Limits, Pool
pool = Pool(1, Limits())
pool._feed(iter([Job(path, 0) for path in sys.argv[1:]]))
print(*pool.process_ids, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_no_worker_outlives_the_parent(tmp_path: Path, how: signal.Signals) -> None:
    """However the parent ends, its workers end, even one that is in the middle of a long file."""
    assert survivors(ALONE, [endless(tmp_path / "slow.txt"), *texts(tmp_path, 1)], how) == []


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
def test_no_worker_outlives_a_parent_that_is_killed_while_it_starts(tmp_path: Path) -> None:
    """Such a worker never saw its parent alive, and has a file in hand that never ends."""
    assert survivors(STARTING, [endless(tmp_path / "slow.txt")], signal.SIGKILL) == []
