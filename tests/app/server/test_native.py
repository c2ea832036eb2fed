"""The native endpoints beyond the life of a base: filters, feedback, evaluation, what is said of it all, and in metrics."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from browser import served
from kb import KnowledgeBase
from kb.app.hosting.gate import BusyError, Rate
from kb.app.hosting.tokens import Tokens
from needs import needs
from places import HANDBOOK

httpx = pytest.importorskip("httpx", reason="httpx is not installed")
needs("gradio", extra="ui")

QUESTION = "Which exit code does kb return when nothing was found?"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("api") / "home"
    with KnowledgeBase.open(home=home, embedder="tfidf") as kb:
        kb.ingest([HANDBOOK])
    return home


@pytest.fixture(scope="module")
def http(home: Path) -> Iterator[httpx.Client]:
    with (
        served("serve", home) as address,
        httpx.Client(base_url=address, timeout=60) as client,
    ):
        yield client


def test_search_and_ask_take_the_filters_of_the_command_line(http: httpx.Client) -> None:
    """Only what the filter admits is found, and an answer is drawn from that alone."""
    found = http.post("/api/v1/search", json={"question": QUESTION, "where": {"type": ["pdf"]}}).json()
    assert {Path(hit["chunk"]["source"]).suffix for hit in found["hits"]} == {".pdf"}
    asked = http.post("/api/v1/ask", json={"question": QUESTION, "where": {"source": ["*.xlsx"]}}).json()
    assert "Exit code 4" not in asked["text"]
    wrong = http.post("/api/v1/search", json={"question": QUESTION, "where": {"meta": ["nothing"]}})
    assert wrong.status_code == 400
    assert (
        http.post("/api/v1/ask", json={"question": "What does exit code 4 mean?", "style": "few-shot"}).status_code
        == 400
    )


def test_an_answer_is_markdown_that_fetches_and_runs_nothing(http: httpx.Client) -> None:
    """What is to be shown has no image and no script, in a stream too; what is quoted is what the document says."""
    http.post("/api/v1/bases", json={"name": "trap"})
    line = "The yak ![x](http://evil.example/p.png) weighs 612 kilograms [z](javascript:alert(1))."
    note = {"files": [("files", ("yak.txt", line.encode()))]}
    http.post("/api/v1/documents", data={"base": "trap", "wait": "true"}, **note)
    body = {"question": "How many kilograms does the yak weigh?", "base": "trap"}
    answer = http.post("/api/v1/ask", json=body).json()
    lines = http.post("/api/v1/ask", json=body | {"stream": True}).text.split("\n\n")
    for one in (answer, *(json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: "))):
        shown = one["text"] + one["reasoning"] + "".join(sentence["text"] for sentence in one["sentences"])
        assert "evil.example" not in shown
        assert "javascript" not in shown
    assert "612 kilograms" in answer["text"]
    if answer["answer_span"]:
        assert "612" in answer["text"][slice(*answer["answer_span"])]
    assert answer["citations"][0]["quote"] in line
    assert answer["hits"][0]["chunk"]["text"] == line
    http.delete("/api/v1/bases/trap")


def test_several_bases_are_asked_together(http: httpx.Client) -> None:
    """Hits and citations say which base they are from; one that is missing, or named twice, is refused."""
    http.post("/api/v1/bases", json={"name": "trip"})
    note = {"files": [("files", ("hotel.md", b"Hotel nights are refunded up to 120 dollars."))]}
    http.post("/api/v1/documents", data={"base": "trip", "wait": "true"}, **note)
    body = {"question": "How many dollars are refunded for hotel nights?", "bases": ["default", "trip"]}
    found = http.post("/api/v1/search", json=body | {"mmr": 0.7}).json()
    assert {hit["base"] for hit in found["hits"]} == {"default", "trip"}
    answer = http.post("/api/v1/ask", json=body).json()
    assert "120 dollars" in answer["text"]
    assert answer["citations"][0]["base"] == "trip"
    assert http.post("/api/v1/ask", json=body | {"stream": True}).text.count("120 dollars") > 0
    statuses = [
        http.post("/api/v1/ask", json=body | change).status_code
        for change in (
            {"bases": ["trip", "trip"]},
            {"bases": ["trip", "gone"]},
            {"base": "trip"},
            {"question": "all", "task": "summarise"},
        )
    ]
    assert statuses == [400, 404, 400, 200]
    told = {"id": answer["id"], "verdict": "up"}
    assert http.post("/api/v1/feedback", json=told).json() == told
    assert http.delete("/api/v1/bases/trip").status_code == 200


def test_feedback_is_kept_with_the_answer(http: httpx.Client, home: Path) -> None:
    """A verdict, a correction and a comment land in the log of the base; an answer that is not there is a 404."""
    answer = http.post("/api/v1/ask", json={"question": QUESTION}).json()
    body = {"id": answer["id"], "verdict": "down", "correction": "It is 4. [1]", "comment": "Too long."}
    assert http.post("/api/v1/feedback", json=body).json() == {"id": answer["id"], "verdict": "down"}
    with KnowledgeBase.open(home=home, embedder="tfidf") as kb:
        record = kb.log.get(answer["id"])
    assert (record.feedback, record.correction, record.comment) == ("down", "It is 4. [1]", "Too long.")
    assert http.post("/api/v1/feedback", json=body | {"id": 10**9}).status_code == 404
    assert http.post("/api/v1/feedback", json=body | {"verdict": "meh"}).status_code == 422


def test_eval_measures_the_base(http: httpx.Client) -> None:
    """The same figures as ``kb eval``, lane by lane."""
    measured = http.post("/api/v1/eval", json={"limit": 20}).json()
    lanes = {figures["lane"]: figures["ndcg10"] for figures in measured["figures"]}
    assert {"bm25", "tfidf", "fused"} <= lanes.keys()
    assert all(0 < value <= 1 for value in lanes.values())


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [f"{tag} {value}" for name, value in attrs if name in ("src", "href") and value]


def test_the_docs_need_nothing_from_elsewhere(http: httpx.Client) -> None:
    """The page shows every endpoint of the OpenAPI document, and loads no script, style or image at all."""
    answer = http.get("/docs")
    document = http.get("/openapi.json").json()
    links = _Links()
    links.feed(answer.text)
    assert links.found == ["a openapi.json"]
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    for path in document["paths"]:
        assert f"<code>{path}</code>" in answer.text
    assert {"/api/v1/ingest/{job_id}/events", "/api/v1/feedback", "/api/v1/eval"} <= document["paths"].keys()
    assert "default <code>8</code>" in answer.text


def test_streamed_answers_are_measured(http: httpx.Client) -> None:
    """Whole and streamed answers count alike, with the time to the first words; the format is Prometheus's."""

    def value(name: str) -> float:
        found = re.search(rf"^{re.escape(name)} (\S+)$", http.get("/metrics").text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    counted = 'kb_requests_total{kind="ask",outcome="ok"}'
    first = 'kb_first_words_seconds_count{kind="ask"}'
    before, first_before = value(counted), value(first)
    assert http.post("/api/v1/ask", json={"question": QUESTION, "stream": True}).status_code == 200
    assert value(counted) == before + 1
    assert value(first) == first_before + 1
    chat = {"messages": [{"role": "user", "content": QUESTION}], "stream": True}
    assert http.post("/v1/chat/completions", json=chat).status_code == 200
    assert value('kb_requests_total{kind="chat",outcome="ok"}') == 1
    assert value('kb_request_seconds_bucket{kind="chat",le="+Inf"}') == 1
    for line in http.get("/metrics").text.splitlines():
        assert line.startswith("# ") or re.fullmatch(r'[a-z_]+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [0-9.e+-]+', line), line


def test_a_token_says_what_it_is_good_for(tmp_path: Path) -> None:
    """``kb token add --base`` and ``list``; a file of an older kb, which knew no bases, is read."""

    def kb(*arguments: str) -> str:
        command = [sys.executable, "-m", "kb", "token", *arguments, "--home", str(tmp_path)]
        return subprocess.run(command, check=True, capture_output=True, text=True, cwd="/", env=os.environ).stdout

    secret = kb("add", "--role", "write", "--base", "hr", "--base", "law", "--note", "Li").strip()
    assert kb("add").startswith("kb-")
    first, second = kb("list").splitlines()
    assert first.endswith("hr, law  Li")
    assert "all bases" in second
    assert Tokens(tmp_path).find(secret).bases == ("hr", "law")
    path = tmp_path / "tokens.json"
    path.write_text(re.sub(r',\s*"bases": \[[^]]*\]', "", path.read_text()))
    assert [token.bases for token in Tokens(tmp_path).list()] == [(), ()]


def test_a_bucket_fills_again() -> None:
    """A minute's worth at once, then one for each share of a minute that goes by; another token has its own."""
    clock = [0.0]
    rate = Rate(60, lambda: clock[0])
    for _ in range(60):
        rate.take("a")
    with pytest.raises(BusyError) as refused:
        rate.take("a")
    assert refused.value.retry_after_s == 1
    rate.take("b")
    clock[0] += 1.01
    rate.take("a")
    with pytest.raises(BusyError):
        rate.take("a")
    clock[0] += 3600
    for _ in range(60):
        rate.take("a")
    with pytest.raises(BusyError):
        rate.take("a")
