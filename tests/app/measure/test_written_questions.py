"""Questions that a model writes for ``kb eval``: which are used, and which are not."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from kb import KnowledgeBase
from kb.app.cli.main import app
from kb.app.measure.evaluate import evaluate
from kb.app.measure.judged import by_text
from kb.app.measure.written_questions import usable, write_questions
from kb.ingest.document import Chunk
from kb.llm.generator import Pieces, Sampling
from kb.prompts.prompt import Prompt
from needs import needs
from typer.testing import CliRunner

TEXT = "The northern pump is oiled every three weeks by the night crew, who also record its pressure in the blue book."
RULES = (
    TEXT,
    "Hotel nights cost at most 120 dollars in Prague; the receipt goes to accounting within ten days of the journey.",
    "员工每月累积一点七五天年假，未使用的天数在次年三月底失效，除非经理书面同意延期。",
)


def chunk(text: str) -> Chunk:
    """Return a passage."""
    return Chunk("c", "d", "/s.md", text, 0, len(text), (), (), 20)


@pytest.mark.parametrize(
    ("written", "question"),
    [
        ("How often is the northern pump oiled?", "How often is the northern pump oiled?"),
        ("Question: Who oils the northern pump?\n\nAnswer: the night crew.", "Who oils the northern pump?"),
        ("Sure! Here it is.\n1. **Where is the pressure recorded?**", "Where is the pressure recorded?"),
        ("Who wrote the passage on pumps?", ""),
        ("What does this text say about the pump?", ""),
        ("The pump is oiled every three weeks.", ""),
        ("What is the capital of France?", ""),
        ("Why?", ""),
        ("", ""),
    ],
)
def test_what_a_model_writes_is_looked_at(written: str, question: str) -> None:
    """The first line that asks, without its label; not one on the text itself, or on something else."""
    assert usable(written, chunk(TEXT)) == question


class Examiner:
    """A ``Generator`` of a program: it asks about the first words of the passage, every third time nonsense."""

    name = "examiner"
    context_tokens = 4_000

    def __init__(self) -> None:
        self.n = 0

    def count_tokens(self, text: str) -> int:
        """See ``Generator``."""
        return len(text.split())

    def generate(self, prompt: Prompt, sampling: Sampling) -> Pieces:
        """See ``Generator``."""
        assert sampling.max_tokens
        self.n += 1
        found = re.search(r"<passage>\n(.*?)\n</passage>", prompt.messages[-1].content, re.DOTALL)
        assert found
        chinese = "请写" in prompt.messages[-1].content
        words = found[1][:14] if chinese else " ".join(found[1].split()[:5])
        yield "lorem ipsum" if self.n % 3 == 0 else f"{words}是什么？" if chinese else f"What is said of {words}?"
        return "stop"

    def close(self) -> None:
        """See ``Generator``."""


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    """A base of a file a rule."""
    folder = tmp_path / "docs"
    folder.mkdir()
    for at in range(4):
        for n, text in enumerate(RULES):
            (folder / f"{at}-{n}.md").write_text(f"Rule {at}-{n}: {text}", "utf-8")
    with KnowledgeBase.open(embedder="tfidf", llm=Examiner()) as kb:
        kb.ingest([folder])
        yield kb


def test_questions_know_the_passage_they_are_from(base: KnowledgeBase) -> None:
    """Each is judged by its passage, is of one document, and is evaluated like the others; in both languages."""
    questions = write_questions(base.catalog, base.generator(), 6)
    assert 3 <= len(questions) <= 6
    assert {question.kind for question in questions} == {"written"}
    assert any("是什么" in question.text for question in questions)
    evaluated = evaluate("own", base.catalog, base.searcher, questions, by_text)
    assert evaluated.figures[-1].recall10 > 0.9
    assert evaluated.abstention.n_unanswerable == len(questions)


class Answers(BaseHTTPRequestHandler):
    """A server that speaks as OpenAI's does, and always writes the same question."""

    def do_GET(self) -> None:
        """Say which models there are."""
        if self.path == "/v1/models":
            self._reply("application/json", json.dumps({"object": "list", "data": [{"id": "tiny", "object": "model"}]}))
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        """Write it."""
        self.rfile.read(int(self.headers["Content-Length"]))
        piece = {"choices": [{"index": 0, "delta": {"content": "How often is the pump oiled?"}, "finish_reason": None}]}
        end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
        body = "".join(f"data: {json.dumps(one)}\n\n" for one in (piece, end)) + "data: [DONE]\n\n"
        self._reply("text/event-stream", body)

    def _reply(self, kind: str, body: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *arguments: object) -> None:
        """Be quiet."""


def test_the_command_line_uses_the_model_that_is_configured(base: KnowledgeBase) -> None:
    """``kb eval --llm``: it says what the model writes, and how much of that could be used; without one, as ever."""
    needs("openai", extra="openai")
    assert base.config.name
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        spec = f"openai:http://127.0.0.1:{server.server_port}/v1#tiny"
        told = CliRunner().invoke(app, ["eval", "--limit", "12", "--embedder", "tfidf", "--llm", spec])
        server.shutdown()
    assert told.exit_code == 0, told.output
    assert "writes 3 questions" in told.output
    assert "only 1 of what it wrote" in told.output
    plain = CliRunner().invoke(app, ["eval", "--limit", "12", "--embedder", "tfidf"])
    assert "writes" not in plain.output
