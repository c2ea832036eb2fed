"""Whoever closes the terminal, interrupts or stops reading in mid-answer stops the model: the process is gone at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from kb.app.api import KnowledgeBase
from models import Shape, build_gguf, session_folder

pytest.importorskip("xllamacpp", reason="the llama extra is not installed")
pytest.importorskip("gguf", reason="the gguf package, which builds the models, is not installed")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")

SOON_S = 10
"""What is waited for a process to end. The answer itself would take minutes; on a free machine it ends within 0.3 s."""


@pytest.fixture(scope="module")
def model() -> Path:
    """A model that writes 8000 tokens when it is let."""
    path = session_folder() / "endless.gguf"
    return (
        path
        if path.exists()
        else build_gguf(path, "llama", "Q8_0", shape=Shape(dim=256, n_layers=8, hidden=768, context=8192))
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A base that holds the answer."""
    (tmp_path / "a.md").write_text("The hotel allowance is 120 euros a night.", encoding="utf-8")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([tmp_path / "a.md"])
    return tmp_path / "home"


def asking(home: Path, model: Path) -> subprocess.Popen[bytes]:
    """``kb ask``, when it has begun to write its answer."""
    command = [
        sys.executable, "-m", "kb", "ask", "What is the hotel allowance a night?", "--home", str(home),
        "--embedder", "tfidf", "--llm", f"gguf:{model}", "--max-tokens", "7000",
    ]  # fmt: skip
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=home)
    assert started.stdout is not None
    assert os.read(started.stdout.fileno(), 1)
    return started


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGHUP, signal.SIGTERM])
def test_a_signal_ends_it(how: signal.Signals, home: Path, model: Path) -> None:
    """Ctrl-C, a closed terminal, kill: no model goes on behind it, and the exit code is that of a stop."""
    process = asking(home, model)
    process.send_signal(how)
    assert process.wait(SOON_S) in {130, -how}


def test_a_closed_pipe_ends_it(home: Path, model: Path) -> None:
    """``kb ask ... | head -1``: when nobody reads any more, nothing is written any more."""
    process = asking(home, model)
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(SOON_S) != 0
