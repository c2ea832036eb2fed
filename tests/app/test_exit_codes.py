"""What every command ends with: 2 when what was typed or configured cannot be used, 1 when what was asked for went wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from kb import KnowledgeBase
from kb.app.cli import main as cli
from kb.app.cli.commands import HOMES

Run = Callable[..., tuple[int, str]]

QUESTION = "How long is the warranty of the kettle?"
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs a command beside a base of one file, and returns its exit code and what it said."""
    (tmp_path / "a.txt").write_text("The warranty of the kettle is 24 months.\n")
    with KnowledgeBase.open(embedder="tfidf") as kb:
        kb.ingest([tmp_path / "a.txt"])
    monkeypatch.chdir(tmp_path)

    def run(command: str, **environment: str) -> tuple[int, str]:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        words = [QUESTION if word == "QUESTION" else word for word in command.split()]
        monkeypatch.setattr(sys, "argv", ["kb", *words])
        with pytest.raises(SystemExit) as left:
            cli.main()
        said = capsys.readouterr()
        return int(left.value.code or 0), said.err

    return run


USAGE = [
    "ingest nowhere",
    "ingest a.txt --embedder nope",
    "ingest a.txt --embedder nobody/nothing",
    "ingest a.txt --embedder .",
    "ingest a.txt --chunk-tokens 3",
    "ingest a.txt --redact shoe-size",
    "ingest a.txt --encoding klingon",
    "ingest a.txt --meta author",
    "ingest a.txt --workers -5",
    "ingest a.txt --timeout 0",
    "ingest a.txt --memory much",
    "ingest a.txt --store nonsense",
    "list --name nope",
    "rm nope",
    "status --name ../evil",
    "status --home a.txt",
    "export",
    "export a.txt",
    "export no/such/folder.kbz",
    "export --for-training poems",
    "import nope.kbz",
    "import a.txt",
    "import chatchat",
    "import chatchat nowhere",
    "import notion nowhere",
    "ask QUESTION -k 0",
    "ask QUESTION --embedder nope",
    "ask QUESTION --rerank nope",
    "ask QUESTION --judge nobody/nothing",
    "ask QUESTION --llm nope",
    "ask zebra --llm nope",
    "chat --llm nope",
    "ask QUESTION --llm gguf:nope.gguf --lora a.txt",
    "ask QUESTION --lora a.txt",
    "ask QUESTION --samples 0",
    "ask QUESTION --first-word 0",
    "ask QUESTION --min-tokens 600",
    "ask QUESTION --presence-penalty 3",
    "ask QUESTION --llm gguf:nope.gguf",
    "ask QUESTION --llm gguf:a.txt",
    "ask QUESTION --llm hf:nobody/nothing",
    "ask QUESTION --llm openai:nonsense",
    "ask QUESTION --llm langchain:nothing",
    "ask QUESTION --temperature -1",
    "ask QUESTION --strategy beam",
    "ask QUESTION --style few-shot",
    "ask QUESTION --style poetic",
    "ask QUESTION --meta nonsense",
    "ask QUESTION --page first",
    "chat --session nope",
    "chat --export nope",
    "chat --delete nope",
    "search QUESTION --lane smell",
    "search QUESTION --mmr 3",
    "search QUESTION --name default --name nope",
    "log 99",
    "log --delete 99",
    "replay 99",
    "diff 98 99",
    "feedback 99 up",
    "feedback 99 perhaps",
    "ui --llm nope",
    "ui --port 99999",
    "serve --llm nope",
    "serve --port 99999",
    "serve --running 0",
    "serve --waiting -1",
    "serve --rate -1",
    "serve --max-upload-mb 0",
    "serve --host 0.0.0.0",
    "token add --role king",
    "token revoke nope",
    "mcp --name nope",
    "mcp --llm nope",
    "mcp --llm gguf:a.txt",
    "mcp --llm hf:nobody/nothing",
    "mcp --llm openai:nonsense#m",
    "why QUESTION --lane smell",
    "why-not a.txt QUESTION --lane smell",
    "eval nowhere",
    "eval --compare a.txt",
    "eval --limit 1",
    "eval --llm nope",
    "models check nope",
    "models check tfidf",
    "models pull nope",
    "models list --home a.txt",
    "models suggest --home a.txt",
    "reindex",
    "reindex --embedder nope",
    "reindex --chunk-tokens 3",
    "reindex --rollback",
    "gc --name nope",
    "prompts show nope",
    "prompts test QUESTION --llm nope",
    "doctor --name ../evil",
    "frobnicate",
]
FAILED = [
    f"ask QUESTION --llm openai:{NOWHERE}#m",
    f"gc --store {NOWHERE}",
    "models pull nobody/nothing",
]


@pytest.mark.parametrize("command", USAGE)
def test_what_cannot_be_used_is_2(run: Run, command: str) -> None:
    """One sentence, or the parser's usage, and nothing tried."""
    code, said = run(command)
    assert (code, bool(said)) == (2, True), said


@pytest.mark.parametrize("command", FAILED)
def test_what_went_wrong_is_1(run: Run, command: str) -> None:
    """A server that does not answer is no fault of the command line."""
    code, said = run(command)
    assert (code, bool(said)) == (1, True), said


def test_a_hub_that_cannot_be_reached_is_one_sentence(tmp_path: Path) -> None:
    """It is tried once: the library of the hub would try five times, and say so each time."""
    pytest.importorskip("huggingface_hub", reason="the dense extra, which downloads models, is not installed")
    environment = {**os.environ, "HF_ENDPOINT": NOWHERE, "HF_HUB_OFFLINE": "0", "KB_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "kb", "models", "pull", "nobody/nothing"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr.count("\n")) == (1, 1), ran.stderr
    assert "nobody/nothing could not be downloaded" in ran.stderr


@pytest.mark.parametrize("setting", ["EMBEDDER", "LOG", "STRICTNESS", "JUDGE", "RERANK", "LLM", "STORE", "NAME"])
def test_a_setting_of_the_environment_is_as_one_that_was_typed(run: Run, setting: str) -> None:
    """2 as well, by whatever way a value came."""
    code, said = run("ask QUESTION", **{f"KB_{setting}": "no such"})
    assert (code, bool(said)) == (2, True), said


@pytest.mark.parametrize("setting", ["TIMEOUT", "MEMORY"])
def test_a_limit_of_the_environment_likewise(run: Run, setting: str) -> None:
    """What only an ingest reads."""
    code, said = run("ingest a.txt", **{f"KB_{setting}": "no such"})
    assert (code, bool(said)) == (2, True), said


def test_every_command_is_tried() -> None:
    """A new command comes with what makes it end with 2."""
    assert {name for homes in HOMES.values() for name in homes} == {row.split()[0] for row in USAGE} - {"frobnicate"}
