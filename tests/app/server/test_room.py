"""No token fills the disk of a server: neither by many requests, nor by uploads that it never ingests or breaks off."""

from __future__ import annotations

import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import served
from kb import KnowledgeBase
from kb.app.hosting.tokens import Tokens
from needs import needs

httpx = pytest.importorskip("httpx", reason="httpx is not installed")
needs("gradio", extra="ui")

PAGE, API = "/gradio_api/upload", "/api/v1/documents"
LARGE = b"The bear sleeps in winter. " * 35_000


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A base that answers."""
    (tmp_path / "a.md").write_text("Exit code 4 means that nothing was found for the question.")
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf") as kb:
        kb.ingest([tmp_path / "a.md"])
    return tmp_path / "home"


@pytest.fixture
def spools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder for temporary files of a server that is started now."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield tmp_path / "temporary"
    tempfile.tempdir = None


def sent(address: str, path: str, token: str, name: str = "a.md", data: bytes = LARGE) -> httpx.Response:
    """Upload a file."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return httpx.post(f"{address}{path}", files=[("files", (name, data))], headers=headers, timeout=60)


def refused(answer: httpx.Response, status: int) -> str:
    """Return why, after making sure that it is said in the promised form."""
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["code"] == status
    assert set(error) == {"message", "type", "code", "param"}
    return str(error["message"])


def test_a_token_that_ingests_nothing_has_no_more_room(home: Path, spools: Path) -> None:
    """Four of the largest uploads may wait on the page; the endpoint is shut too, but not for another token."""
    ann, bob = (Tokens(home).add("write", note) for note in ("ann", "bob"))
    with served("serve", home, "--max-upload-mb", "1") as address:
        for number in range(4):
            assert sent(address, PAGE, ann, f"{number}.md", LARGE + str(number).encode()).status_code == 200
        for path in (PAGE, API):
            assert "wait to be read" in refused(sent(address, path, ann), 413)
            assert sent(address, path, bob).status_code in {200, 202}
    assert list(spools.iterdir()) == []


def test_an_upload_that_is_broken_off_leaves_nothing(home: Path, spools: Path) -> None:
    """Of either endpoint; the server goes on."""
    token = Tokens(home).add("write")
    with served("serve", home, "--max-upload-mb", "1") as address:
        host, port = address.removeprefix("http://").split(":")
        for path in (PAGE, API):
            with socket.create_connection((host, int(port)), timeout=10) as connection:
                head = (
                    f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 900000\r\n"
                    f"Authorization: Bearer {token}\r\nContent-Type: multipart/form-data; boundary=x\r\n\r\n"
                    '--x\r\nContent-Disposition: form-data; name="files"; filename="half.md"\r\n\r\n'
                )
                connection.sendall(head.encode() + LARGE[:400_000])
                time.sleep(1)
        deadline = time.monotonic() + 20
        while (left := list(spools.glob("*/tmp*"))) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert left == []
        assert sent(address, PAGE, token).status_code == 200


def test_a_disk_that_is_nearly_full_takes_no_upload(home: Path) -> None:
    """507 at both endpoints, before the body; questions are answered."""
    with served("serve", home, "--keep-free-mb", str(10**9)) as address:
        for path in (PAGE, API):
            assert "nearly full" in refused(sent(address, path, ""), 507)
        question = {"question": "What does exit code 4 mean?"}
        assert "nothing was found" in httpx.post(f"{address}/api/v1/ask", json=question, timeout=60).json()["text"]
