"""A real browser and a real ``kb`` process for the tests of the faces."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

PIECES = {
    "en": (
        "Exit",
        " code",
        " 4",
        " means",
        " that",
        " nothing",
        " was",
        " found",
        " for",
        " the",
        " question",
        ". [1] ",
    ),
    "zh": ("退出码", "四", "表示", "没有", "找到", "答案", "。"),
}
"""What the slow model says first; then words that make no sentence, and no circle either."""
MORE = {"en": (" and", ". "), "zh": ("又", "。")}


def chromium() -> str:
    """The path of Chromium; skips when there is none."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("no Chromium on this machine; install it: apt-get install -y chromium")
    return found


@contextmanager
def served(command: str, home: Path, *arguments: str, tracebacks: bool = False) -> Iterator[str]:
    """Run ``kb ui`` or ``kb serve`` as a user does, and yield the address that it prints; a traceback is a failure.

    It listens on a free port unless the arguments say otherwise.
    """
    port = () if "--port" in arguments else ("--port", "0")
    environment = os.environ | {"KB_HOME": str(home), "KB_EMBEDDER": "tfidf", "KB_OPENAI_API_KEY": "none"}
    process = subprocess.Popen(
        [sys.executable, "-m", "kb", command, *port, *arguments],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd="/",
    )
    lines: list[str] = []

    def read() -> None:
        with contextlib.suppress(ValueError):
            lines.extend(iter(process.stderr.readline, ""))

    threading.Thread(target=read, daemon=True).start()
    try:
        yield _address(process, lines)
    finally:
        process.terminate()
        process.wait(15)
        process.stderr.close()
        assert tracebacks or not any("Traceback" in line for line in lines), "".join(lines)


def _address(process: subprocess.Popen[str], lines: list[str]) -> str:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        for line in list(lines):
            if said := re.search(r"kb is at (http://\S+)", line):
                return said[1]
        time.sleep(0.05)
    raise AssertionError("".join(lines) or "kb printed nothing")


@contextmanager
def slow_model(language: str = "en", text: str = "") -> Iterator[tuple[str, threading.Event]]:
    """An OpenAI-compatible server that writes 10 words a second, a text or for a minute; yields its spec and a hang-up."""
    opening, (word, end) = PIECES[language], MORE[language]
    pieces = re.findall(r"\S+\s*", text) or [
        opening[at] if at < len(opening) else f"{word}{at}{'' if at % 12 else end}" for at in range(600)
    ]
    hung_up = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            body = b'{"object": "list", "data": [{"id": "slow", "object": "model"}]}'
            self.send_response(200 if self.path == "/v1/models" else 404)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            if not self.path.endswith("/chat/completions"):
                self.send_error(404)
                return
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            try:
                for piece in pieces:
                    self.wfile.write(
                        f'data: {{"id":"1","object":"chat.completion.chunk","created":1,"model":"slow","choices":'
                        f'[{{"index":0,"delta":{{"content":"{piece}"}}}}]}}\n\n'.encode()
                    )
                    self.wfile.flush()
                    time.sleep(0.1)
                self.wfile.write(b"data: [DONE]\n\n")
            except OSError:
                hung_up.set()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"openai:http://127.0.0.1:{server.server_port}/v1#slow", hung_up
    server.shutdown()
    server.server_close()
