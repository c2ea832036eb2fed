"""Whoever closes the terminal, interrupts or stops reading in mid-answer stops the model: the process is gone at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from browser import slow_model
from kb.app.api import KnowledgeBase

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")

SOON_S = 10
"""What is waited for a process to end. The answer itself would take minutes; on a free machine it ends within 0.3 s."""


@pytest.fixture
def model() -> Iterator[tuple[str, Event]]:
    """A model that writes for a minute when it is let, and whether it was hung up on."""
    with slow_model() as slow:
        yield slow


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A base that holds the answer."""
    (tmp_path / "a.md").write_text("Exit code 4 means that nothing was found for the question.", encoding="utf-8")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([tmp_path / "a.md"])
    return tmp_path / "home"


def asking(home: Path, model: str) -> subprocess.Popen[bytes]:
    """``kb ask``, when it has begun to write its answer."""
    command = [
        sys.executable, "-m", "kb", "ask", "What does exit code 4 mean?", "--home", str(home),
        "--embedder", "tfidf", "--llm", model,
    ]  # fmt: skip
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=home)
    assert started.stdout is not None
    assert os.read(started.stdout.fileno(), 1)
    return started


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGHUP, signal.SIGTERM])
def test_a_signal_ends_it(how: signal.Signals, home: Path, model: tuple[str, Event]) -> None:
    """Ctrl-C, a closed terminal, kill: no model goes on behind it, and the exit code is that of a stop."""
    process = asking(home, model[0])
    process.send_signal(how)
    assert process.wait(SOON_S) in {130, -how}
    assert model[1].wait(SOON_S)
    assert process.stderr is not None
    assert (b"kb: interrupted; what was finished is kept" in process.stderr.read()) is (how == signal.SIGINT)


def test_a_closed_pipe_ends_it(home: Path, model: tuple[str, Event]) -> None:
    """``kb ask ... | head -1``: when nobody reads any more, nothing is written any more."""
    process = asking(home, model[0])
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(SOON_S) != 0
    assert model[1].wait(SOON_S)
