"""From files to an answer that a real quantized model writes, through the public API and the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import models
import pytest
from kb import KnowledgeBase, Sampling
from needs import needs

needs("xllamacpp", extra="llama")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One English and one Chinese file."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "travel.md").write_text("# Travel\n\nHotel nights are refunded up to 120 dollars.\n")
    (folder / "差旅.md").write_text("# 差旅\n\n出差住宿费每晚最多报销四百五十元。\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize(("architecture", "quantization"), [("llama", "Q4_0"), ("llama", "Q8_0"), ("chatglm", "Q8_0")])
def test_a_quantized_model_writes_the_answer(
    folder: Path, architecture: models.Architecture, quantization: models.Quantization
) -> None:
    """llama.cpp loads the file and writes; random weights make no sense, so the quotes are shown and one note says why."""
    path = models.gguf_file(architecture, quantization)
    with KnowledgeBase.open(embedder="tfidf", llm=f"gguf:{path}") as kb:
        kb.ingest([folder])
        for question in ("How much is refunded for a hotel night?", "住宿费每晚最多报销多少？"):
            *snapshots, answer = kb.stream(question, sampling=Sampling(max_tokens=24))
            assert len(snapshots) > 1
            assert answer.finished
            assert answer.text
            assert path.name in answer.model
            assert not any("No language model" in note for note in answer.notes)
            assert answer.sentences
            assert all(sentence.support == "supported" and sentence.citations for sentence in answer.sentences)
            assert sum(path.name in note for note in answer.notes) == 1
            for citation in answer.citations:
                assert kb.document_text(citation.source)[citation.start : citation.stop] == citation.quote


def test_a_question_beyond_the_documents_never_reaches_the_model(folder: Path) -> None:
    """Abstaining costs no generation, and nothing is made up."""
    with KnowledgeBase.open(embedder="tfidf", llm=f"gguf:{models.gguf_file('llama')}") as kb:
        kb.ingest([folder])
        answer = kb.ask("Who invented the steam engine?")
        assert answer.abstained
        assert answer.model == ""


def test_passages_that_do_not_fit_the_context_are_named(tmp_path: Path) -> None:
    """A small context drops whole passages and says which files they are of."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(12):
        filler = " ".join(f"detail{number * 50 + at}" for at in range(120))
        (folder / f"hotel{number}.md").write_text(f"# Hotel {number}\n\nHotel {number} is refunded. {filler}\n")
    with KnowledgeBase.open(embedder="tfidf", llm=f"gguf:{models.gguf_file('llama')}") as kb:
        kb.ingest([folder])
        *_, answer = kb.stream("Which hotel is refunded?", sampling=Sampling(max_tokens=8), style="few-shot")
        assert any("did not fit" in note for note in answer.notes)


def test_the_command_line_streams_what_the_model_writes(folder: Path) -> None:
    """``kb ask --llm gguf:PATH`` prints the answer on stdout and nothing of llama.cpp's own."""
    environment = dict(os.environ) | {"KB_EMBEDDER": "tfidf"}
    command = [sys.executable, "-m", "kb"]
    subprocess.run([*command, "ingest", folder], check=True, env=environment, cwd="/", capture_output=True)
    ask = [*command, "ask", "How much is refunded for a hotel night?", "--llm", f"gguf:{models.gguf_file('llama')}"]
    done = subprocess.run(
        [*ask, "--max-tokens", "16", "--json"], capture_output=True, text=True, env=environment, cwd="/", check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["model"].startswith("gguf:")
    assert "llama_" not in done.stderr
