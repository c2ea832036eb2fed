"""A short run of the load benchmark: many clients and parallel uploads, without an error and without a loss."""

from __future__ import annotations

import subprocess
import sys

import pytest
from needs import needs
from places import ROOT

needs("psutil", "xllamacpp", "gguf", "gradio", extra="all,test")

LOAD = ROOT / "benchmarks" / "load.py"


@pytest.mark.slow
@pytest.mark.parametrize("embedder", ["tfidf", pytest.param("minilm", marks=pytest.mark.long)])
def test_a_short_load_has_no_error_and_no_loss(embedder: str) -> None:
    """16 clients for 5 s with a quantized model that writes, then 20 uploads beside searches; times are not judged."""
    command = [sys.executable, LOAD, "--clients", "16", "--seconds", "5", "--uploads", "20", "--embedder", embedder]
    done = subprocess.run([*command, "--port", "8550"], capture_output=True, text=True, cwd="/", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 lost, 0 errors" in done.stdout
    assert done.stdout.count("memory at") == 4
