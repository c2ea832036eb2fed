"""Processes that are killed: an ingest at random moments, and those that have workers.

For ``test_crash`` and ``benchmarks/crash.py``, ``test_pool`` and ``test_bulk``.
"""

from __future__ import annotations

import io
import json
import os
import random
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from places import SUPPORT

RUN = """
import json, sqlite3, sys
from kb import KnowledgeBase
home, files, embedder, support = sys.argv[1:]
if embedder == "hashed":
    sys.path.append(support)
    from hashed import HashedEmbedder
    embedder = HashedEmbedder()
print("begun", flush=True)
with KnowledgeBase.open(home=home, embedder=embedder) as kb:
    report = kb.ingest([files])
    status = kb.status()
    path = kb.catalog.path
with sqlite3.connect(path) as catalog:
    sound = catalog.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    sound = sound and not catalog.execute("PRAGMA foreign_key_check").fetchall()
    catalog.execute("INSERT INTO bm25(bm25) VALUES ('integrity-check')")
    twice = catalog.execute("SELECT count(*) - count(DISTINCT document_id || ' ' || start) FROM chunks").fetchone()[0]
print(json.dumps([status.fingerprint, status.n_pending, status.n_chunks, twice, sound, report.n_embedded, len(report.failed)]))
"""
_TIMEOUT_S = 300


@dataclass(frozen=True, slots=True)
class End:
    """What a base holds when an ingest ended."""

    fingerprint: str
    n_pending: int
    n_chunks: int
    n_twice: int
    """Passages of one document that begin at the same place."""
    sound: bool
    """Whether SQLite finds nothing wrong with the file."""


@dataclass(frozen=True, slots=True)
class Ingest:
    """One command over one folder, for any number of homes below ``place``."""

    place: Path
    files: Path
    embedder: str = "tfidf"
    """``hashed`` is the embedder of ``hashed.py``, which stores vectors and has no model to load."""

    def home(self, name: str) -> Path:
        """Return an empty home that shares the compiled models with the others: compiling is no part of what is killed."""
        home = self.place / name
        home.mkdir()
        (self.place / "models").mkdir(exist_ok=True)
        (home / "models").symlink_to(self.place / "models")
        return home

    def start(self, home: Path) -> subprocess.Popen[str]:
        """Start it, and return when kb is imported: a process that is killed before that has done nothing."""
        command = [sys.executable, "-c", RUN, home, self.files, self.embedder, SUPPORT]
        environment = os.environ | {"KB_OCR": "off"}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=self.place, env=environment)
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        return process

    def finish(self, home: Path) -> tuple[End, int, int]:
        """Run it to its end; return what the base holds, how many passages were embedded, and how many files failed."""
        return result(self.start(home))

    def kill(self, home: Path, seconds: float) -> tuple[End, int, int] | None:
        """Kill it after so many seconds of work; return what ``finish`` does if it ended before."""
        process = self.start(home)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            return None
        return result(process)


def result(process: subprocess.Popen[str]) -> tuple[End, int, int]:
    """Wait for a run and return what it printed."""
    out, _ = process.communicate(timeout=_TIMEOUT_S)
    assert process.returncode == 0, f"ingest ended with {process.returncode}"
    *end, n_embedded, n_failed = json.loads(out.splitlines()[-1])
    return End(*end), n_embedded, n_failed


def generate(folder: Path, n: int, chance: random.Random) -> None:
    """Write ``n`` files of several kinds and encodings: some twice, some broken, some archives."""
    for number in range(n):
        kind = ("md", "txt", "csv", "html", "json", "zip", "tgz", "md", "pdf", "gbk")[number % 10]
        text = "\n\n".join(
            f"Paragraph {at} of file {number} speaks of topic{number * 31 + at}. 第{number}号文件第{at}段。"
            for at in range(chance.randrange(2, 60))
        )
        path = folder / f"{number:04}.{'txt' if kind == 'gbk' else kind}"
        path.write_bytes(_content(kind, f"# File {number}\n\n{text}\n"))
        if number % 37 == 0:
            (folder / f"copy{number:04}.{path.suffix[1:]}").write_bytes(path.read_bytes())


def _content(kind: str, text: str) -> bytes:
    if kind == "zip":
        with zipfile.ZipFile(file := io.BytesIO(), "w") as archive:
            for at, part in enumerate(text.split("\n\n")[:12]):
                archive.writestr(f"{at}.md", part * 3)
        return file.getvalue()
    if kind == "tgz":
        with tarfile.open(fileobj=(file := io.BytesIO()), mode="w:gz") as archive:
            for at, part in enumerate(text.split("\n\n")[:12]):
                (info := tarfile.TarInfo(f"{at}.txt")).size = len(part.encode())
                archive.addfile(info, io.BytesIO(part.encode()))
        return file.getvalue()
    made = {
        "csv": "topic,text\n" + "\n".join(f"{at},{line}" for at, line in enumerate(text.split("\n\n"))),
        "html": f"<html><body><h1>A page</h1><p>{text.replace(chr(10) * 2, '</p><p>')}</p></body></html>",
        "json": json.dumps({"parts": text.split("\n\n")}, ensure_ascii=False),
        "pdf": "%PDF-1.4 nothing more",
    }.get(kind, text)
    return made.encode("gb18030" if kind == "gbk" else "utf-8")


def shake(ingest: Ingest, n_kills: int, mean_seconds: float, chance: random.Random) -> list[tuple[int, End]]:
    """Kill runs over homes until so many were killed; return for each home how many of its runs were, and how it ended.

    A home's runs are killed one after the other, each going on where the last was, until one ends by itself.
    """
    ends, killed, number = list[tuple[int, End]](), 0, 0
    while killed < n_kills:
        home, own = ingest.home(f"killed{number}"), 0
        ended = None
        while ended is None and killed < n_kills:
            ended = ingest.kill(home, chance.expovariate(1 / mean_seconds))
            own += ended is None
            killed += ended is None
        ends.append((own, (ended or ingest.finish(home))[0]))
        number += 1
    return ends


def timed(ingest: Ingest, home: Path) -> tuple[End, float]:
    """Run it to its end; return what the base holds and how many seconds of work that took."""
    process = ingest.start(home)
    began = time.monotonic()
    end, *_ = result(process)
    return end, time.monotonic() - began


def survivors(script: str, arguments: Sequence[str | Path], how: signal.Signals) -> list[int]:
    """End a process that has workers as soon as it names them; return those that are still there 20 seconds later."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd="/")
    assert process.stdout is not None
    workers = [int(pid) for pid in process.stdout.readline().split()]
    assert any(map(running, workers))
    process.send_signal(how)
    process.wait(timeout=20)
    deadline = time.monotonic() + 20
    while any(map(running, workers)) and time.monotonic() < deadline:
        time.sleep(0.1)
    left = [pid for pid in workers if running(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    return left


def running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
