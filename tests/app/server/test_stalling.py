"""A client that stalls is cut off; one that is slow, or waits for its answer, is not."""

from __future__ import annotations

import asyncio
import http.client
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from needs import needs

needs("gradio", extra="ui")
uvicorn = pytest.importorskip("uvicorn", reason="uvicorn is not installed")

from kb.app.server import stalling  # noqa: E402

LOOK_S = 0.4


async def slow_echo(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Read the body, think for longer than a client may stall, and say how long the body was."""
    n_bytes, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        n_bytes, more = n_bytes + len(message.get("body", b"")), message.get("more_body", False)
    if scope["path"] == "/slow":
        await asyncio.sleep(4 * LOOK_S)
    body = str(n_bytes).encode()
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode())]}
    )
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(params=["h11", "httptools"])
def port(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server that looks often, with either of uvicorn's parsers."""
    pytest.importorskip(request.param)
    made = uvicorn.importer.import_from_string(uvicorn.config.HTTP_PROTOCOLS[request.param])
    monkeypatch.setattr(stalling, "AutoHTTPProtocol", made)
    monkeypatch.setattr(stalling, "LOOK_S", LOOK_S)
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(slow_echo, http=stalling.Impatient, log_level="warning", lifespan="off", loop="asyncio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join(10)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST / HTTP/1.1\r\nhost: x\r\nx-half",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9000\r\n\r\nhalf",
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\nGET / HT",
    ],
)
def test_a_client_that_stalls_is_cut_off(port: int, sent: bytes) -> None:
    """Nothing sent, half a head, half a body, half a second request: the connection is closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(sent)
        try:
            while client.recv(1000):
                pass
        except ConnectionResetError:
            pass


def test_a_head_that_trickles_is_cut_off(port: int) -> None:
    """Byte after byte is no progress: a head must come as a whole."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ")
        with pytest.raises(ConnectionError):
            _trickle(client)


def _trickle(client: socket.socket) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        client.sendall(b"x")
        time.sleep(0.05)


def test_a_slow_upload_and_a_slow_answer_live(port: int) -> None:
    """Four times as long as a client may stall, each."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(b"POST /slow HTTP/1.1\r\nhost: x\r\ncontent-length: 32000\r\n\r\n")
        for _ in range(16):
            client.sendall(b"x" * 2000)
            time.sleep(LOOK_S / 4)
        assert client.recv(1000).startswith(b"HTTP/1.1 200")


def test_a_connection_used_again_and_again_lives(port: int) -> None:
    """Many requests on one connection, over several looks."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    client.connect()
    first = client.sock
    for _ in range(40):
        client.request("GET", "/")
        assert client.getresponse().read() == b"0"
        time.sleep(LOOK_S / 8)
    assert client.sock is first
    client.close()
