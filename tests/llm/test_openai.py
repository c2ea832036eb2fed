"""The OpenAI backend against llama.cpp's own server on loopback, and against small servers that fail in one way each."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from kb.ingest.errors import CannotDoError, GeneratorError, InputError
from kb.llm.generator import Sampling
from kb.llm.gguf import GGUFGenerator
from kb.llm.openai import OpenAIGenerator, _key
from models import gguf_file, prompt, tokenizer
from needs import needs

needs("openai", extra="openai")
xllamacpp = pytest.importorskip("xllamacpp", reason="the llama extra is not installed")
needs("gguf", extra="test")

KEY = "the-right-key"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A real llama.cpp server with a key, serving the LLaMA file."""
    params = xllamacpp.CommonParams()
    params.model.path = str(gguf_file("llama"))
    params.n_ctx = 2048
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.verbosity = -1
    params.api_keys = [KEY]
    server = xllamacpp.Server(params)
    yield server.listening_address
    del server


@pytest.fixture
def generator(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIGenerator]:
    monkeypatch.setenv("KB_OPENAI_API_KEY", KEY)
    made = OpenAIGenerator(address, "tiny", timeout_s=20)
    yield made
    made.close()


def text_of(generator: OpenAIGenerator | GGUFGenerator, sampling: Sampling) -> str:
    return "".join(generator.generate(prompt(), sampling))


def test_writes_what_the_same_file_writes_in_process(generator: OpenAIGenerator):
    """Over HTTP and in process the same file writes the same text, for every setting that both take."""
    here = GGUFGenerator(gguf_file("llama"), n_threads=1)
    for sampling in (
        Sampling(max_tokens=30),
        Sampling(max_tokens=30, temperature=1.0, seed=3, top_p=1.0),  # in process, the family's where none is set
        Sampling(max_tokens=30, temperature=1.0, seed=3, top_k=5, top_p=0.7, min_p=0.1, repeat_penalty=1.3),
        Sampling(max_tokens=30, banned=("e", "an")),
        Sampling(max_tokens=30, stop=("e",)),
    ):
        assert text_of(generator, sampling) == text_of(here, sampling)
    here.close()


def test_asks_the_server_for_its_context_and_its_tokenizer(generator: OpenAIGenerator):
    """llama.cpp's server says how much it reads and counts tokens exactly."""
    assert generator.name == "openai:tiny"
    assert generator.context_tokens == 2048
    assert generator.count_tokens("Hello, 世界!") == len(tokenizer("llama").encode("Hello, 世界!").ids)


def test_hanging_up_stops_the_server(generator: OpenAIGenerator, address: str):
    """Closing the iterator frees the server's slot far from the limit that was asked for."""
    pieces = generator.generate(prompt(), Sampling(max_tokens=1900))
    next(pieces)
    pieces.close()
    deadline = time.monotonic() + 10
    while (slot := slots(address)[0])["is_processing"] and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not slot["is_processing"]
    assert slot["next_token"][0]["n_decoded"] < 1800


def slots(address: str) -> list[dict]:
    request = urllib.request.Request(f"{address}/slots", headers={"Authorization": f"Bearer {KEY}"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310
        return json.load(response)


def test_a_wrong_key_is_named_without_being_shown(address: str, monkeypatch: pytest.MonkeyPatch):
    """A refused key is an error that names the variable to set, and never the key."""
    monkeypatch.setenv("KB_OPENAI_API_KEY", "wrong-and-secret")
    with pytest.raises(GeneratorError, match=r"KB_OPENAI_API_KEY") as caught:
        OpenAIGenerator(address, "tiny").generate(prompt(), Sampling())
    assert "wrong-and-secret" not in str(caught.value)


def test_a_wrong_path_says_to_correct_it(address: str, monkeypatch: pytest.MonkeyPatch):
    """A URL on which nothing is served says so."""
    monkeypatch.setenv("KB_OPENAI_API_KEY", KEY)
    with pytest.raises(GeneratorError, match="correct the URL or the model's name"):
        list(OpenAIGenerator(f"{address}/nothing/here", "tiny").generate(prompt(), Sampling()))


def test_nobody_there_is_an_error_after_the_retries():
    """A refused connection is an error that names the URL and what to do."""
    with pytest.raises(GeneratorError, match=r"127\.0\.0\.1:9/v1 cannot be reached .* start the server"):
        OpenAIGenerator("http://127.0.0.1:9", "m", max_retries=0).generate(prompt(), Sampling())


def test_a_prompt_too_long_says_so(generator: OpenAIGenerator):
    """The server's refusal of a prompt over its context becomes a sentence about the context."""
    with pytest.raises(GeneratorError, match="longer than the context of openai:tiny"):
        list(generator.generate(prompt("hello " * 5000), Sampling()))


def test_closed_is_closed(generator: OpenAIGenerator):
    """After ``close``, twice, every question says that it is closed."""
    generator.close()
    generator.close()
    with pytest.raises(GeneratorError, match="was closed"):
        generator.generate(prompt(), Sampling())


def test_what_is_no_url_is_an_input_error():
    """Something else than an http(s) URL is refused with an example."""
    for url in ("localhost:8080", "ftp://host/v1", "http://"):
        with pytest.raises(InputError, match="http://localhost:8080/v1"):
            OpenAIGenerator(url, "m")


def test_the_general_key_goes_only_where_nobody_listens_in(monkeypatch: pytest.MonkeyPatch):
    """``OPENAI_API_KEY`` is sent over https and loopback, never in clear text over a network; kb's own key goes anywhere."""
    monkeypatch.delenv("KB_OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "general")
    assert _key("https://api.openai.com/v1") == _key("http://127.0.0.1:8080/v1") == "general"
    assert _key("http://192.0.2.1/v1") == "none"
    monkeypatch.setenv("KB_OPENAI_API_KEY", "own")
    assert _key("http://192.0.2.1/v1") == "own"


@dataclass
class Asked:
    """What a small server was asked."""

    n_chats: int = 0
    body: dict | None = None


@contextmanager
def small_server(answer: Callable[[int], tuple[int, str]], models: dict | None = None) -> Iterator[tuple[str, Asked]]:
    """Serve /v1/models, and chat completions by ``answer(n)`` for the n-th request: a status and a body."""
    asked = Asked()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/v1/models":
                self.reply(200, json.dumps({"object": "list", "data": [models or {"id": "m", "object": "model"}]}))
            else:
                self.reply(404, "{}")

        def do_POST(self) -> None:
            asked.n_chats += 1
            asked.body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.reply(*answer(asked.n_chats))

        def reply(self, status: int, body: str) -> None:
            data = body.encode()
            self.send_response(status)
            kind = "text/event-stream" if body.startswith("data:") else "application/json"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def events(*pieces: str) -> str:
    lines = [
        json.dumps({"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]})
        for choice in ({"index": 0, "delta": {"content": piece}, "finish_reason": None} for piece in pieces)
    ]
    return "".join(f"data: {line}\n\n" for line in lines) + "data: [DONE]\n\n"


def test_a_busy_server_is_asked_again():
    """A 503 is tried again, and the answer of the second try is the text."""
    with small_server(
        lambda n: (200, events("Hello", " you")) if n > 1 else (503, '{"error": {"message": "loading"}}')
    ) as (url, asked):
        assert list(OpenAIGenerator(url, "m").generate(prompt(), Sampling())) == ["Hello", " you"]
        assert asked.n_chats == 2


def test_a_server_that_stays_broken_is_an_error():
    """After the last retry the server's own words are the error."""
    with small_server(lambda _: (500, '{"error": {"message": "out of memory"}}')) as (url, asked):
        with pytest.raises(GeneratorError, match=r"out of memory.*see the server's log"):
            list(OpenAIGenerator(url, "m", max_retries=1).generate(prompt(), Sampling()))
        assert asked.n_chats == 2


def test_an_unknown_model_is_named():
    """A 404 for the model names the model and what to correct."""
    refused = pytest.raises(GeneratorError, match=r"refused model 'm' .*name behind #")
    with small_server(lambda _: (404, '{"error": {"message": "model m not found"}}')) as (url, _), refused:
        list(OpenAIGenerator(url, "m").generate(prompt(), Sampling()))


def test_an_error_in_mid_stream_is_an_error():
    """An error event after the first piece raises; it does not end the text as if it were whole."""
    broken = events("Hello").replace("data: [DONE]\n\n", 'data: {"error": {"message": "lost the GPU"}}\n\n')
    with small_server(lambda _: (200, broken)) as (url, _):
        pieces = OpenAIGenerator(url, "m").generate(prompt(), Sampling())
        assert next(pieces) == "Hello"
        with pytest.raises(GeneratorError, match="lost the GPU"):
            next(pieces)


def test_a_silent_server_is_an_error():
    """A server that accepts and says nothing is given up after the timeout."""

    def wait(_: int) -> tuple[int, str]:
        time.sleep(1)
        return 200, events("late")

    with small_server(wait) as (url, _), pytest.raises(GeneratorError, match=r"did not answer for 0\.2 s"):
        list(OpenAIGenerator(url, "m", timeout_s=0.2, max_retries=0).generate(prompt(), Sampling()))


@pytest.mark.parametrize("asked", [{"top_k": 5}, {"min_p": 0.1}, {"repeat_penalty": 1.2}, {"banned": ("a",)}])
def test_settings_outside_the_openai_api_are_refused(asked: dict):
    """A server that is not llama.cpp's is not sent settings that it might silently ignore."""
    with small_server(lambda _: (200, events("no"))) as (url, seen):
        with pytest.raises(CannotDoError, match="openai:m cannot"):
            OpenAIGenerator(url, "m").generate(prompt(), Sampling(**asked))
        assert seen.n_chats == 0


def test_other_servers_get_plain_requests_and_estimates():
    """A server that is not llama.cpp's gets only what the OpenAI API has; tokens are estimated, its context is listed."""
    listed = {"id": "m", "object": "model", "max_model_len": 32768}
    with small_server(lambda _: (200, events("fine")), listed) as (url, asked):
        generator = OpenAIGenerator(url, "m")
        assert generator.context_tokens == 32768
        assert generator.count_tokens("检索增强") == 4
        assert list(generator.generate(prompt(), Sampling(max_tokens=7, top_p=0.5))) == ["fine"]
        assert set(asked.body or ()) == {"model", "messages", "stream", "seed", "temperature", "top_p", "max_tokens"}
