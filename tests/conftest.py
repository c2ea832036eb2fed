"""Shared fixtures: places to work in, and the evaluation data where they are present."""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path

import kb.app.ui  # noqa: F401  - whoever imports gradio from here on imports it lean
import pytest
from kb.llm.models.known import pulled
from needs import needs
from places import MODELS, ROOT, SHARED

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")

# A run in the background of a script, or under nohup, is started with signals ignored, and its children would ignore them too.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture
def shared() -> Path:
    """The evaluation data of a development checkout."""
    if not (SHARED / "data").is_dir():
        pytest.skip(f"the evaluation data are not at {SHARED} (present beside a development checkout only)")
    return SHARED / "data"


@pytest.fixture
def handbook() -> Path:
    """The handbook of kb itself, the sample corpus that ships."""
    return ROOT / "knowledge_base"


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """SmolLM2-135M-Instruct, a real quantized model of LLaMA's architecture, as `make test` pulls it."""
    needs("xllamacpp", extra="llama")
    path = pulled("smollm2", MODELS)
    if path is None:
        pytest.skip(f"smollm2 is not in {MODELS}: `make test` pulls it where the package index can be reached")
    return path


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where models are compiled: once in a run, for whoever asks for this folder in any of its workers."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "compiled"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def warm_home(compiled: Path, tmp_path: Path) -> Path:
    """The home of this test, where models that were compiled by another test of this run are ready."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "models").symlink_to(compiled)
    return home


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that have slow tests: with a file a worker, a long one at the end would keep all waiting."""
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[item.path])


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees or touches the user's own knowledge bases."""
    for name in ("KB_NAME", "KB_EMBEDDER", "KB_LLM", "KB_STORE", "KB_LOG", "KB_STRICTNESS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KB_HOME", str(tmp_path / "home"))
