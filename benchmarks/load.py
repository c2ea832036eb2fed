"""How ``kb serve`` holds up: many clients for minutes, and uploads in parallel with questions.

    python benchmarks/load.py                          # 32 clients, 120 s; then 200 uploads with questions
    python benchmarks/load.py --seconds 5 --uploads 20 # a short one

Comes in: nothing; a real server is started on the handbook, with a tiny quantized model that the tests build. Goes out: rates,
percentiles, statuses and the server's memory over time. Never: a request to another machine.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from subprocess import DEVNULL, Popen

import httpx
import psutil

ROOT = Path(__file__).resolve().parents[1]
QUESTIONS = (
    "Which exit code does kb return when nothing was found?",
    "How do I delete a document?",
    "kb 会把我的文件上传到网上吗？",
    "Which formats can be read?",
    "怎样换一个嵌入模型？",
)


@dataclass
class Tally:
    """What the clients saw. Safe to use from several threads."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, status: int, seconds: float) -> None:
        """Count a request."""
        with self.lock:
            self.statuses[kind, status] += 1
            if status == 200:
                self.seconds.setdefault(kind, []).append(seconds)

    def errors(self) -> int:
        """Return how many requests were neither answered nor told to come back."""
        return sum(count for (_, status), count in self.statuses.items() if status not in (200, 429))

    def percentile(self, kind: str, share: float) -> float:
        """Return within how many milliseconds this share of the requests of a kind was answered."""
        ordered = sorted(self.seconds.get(kind, [0.0]))
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] * 1000


@contextmanager
def server(home: Path, embedder: str, llm: str, port: int) -> Iterator[tuple[str, psutil.Process]]:
    """Run ``kb serve`` on the handbook; yield its address and its process."""
    environment = os.environ | {"KB_HOME": str(home), "KB_EMBEDDER": embedder, "KB_LLM": llm}
    command = [sys.executable, "-m", "kb"]
    Popen([*command, "ingest", str(ROOT / "knowledge_base")], env=environment, cwd="/", stdout=DEVNULL).wait()
    process = Popen([*command, "serve", "--port", str(port)], env=environment, cwd="/", stderr=DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        while not _is_up(address):
            time.sleep(0.2)
        yield address, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)


def _is_up(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def timed(tally: Tally, kind: str, ask: Callable[[], httpx.Response]) -> None:
    """Make a request and count it; 429 is heeded by waiting a moment."""
    began = time.perf_counter()
    try:
        status = ask().status_code
    except httpx.HTTPError:
        status = 0
    tally.add(kind, status, time.perf_counter() - began)
    if status == 429:
        time.sleep(0.5)


def client(address: str, until: float, tally: Tally, seed: int, pause_s: float) -> None:
    """Ask as a person or a program does: mostly searches, now and then an answer, whole or streamed, or the list of files."""
    dice = random.Random(seed)
    with httpx.Client(base_url=address, timeout=120) as http:
        time.sleep(dice.uniform(0, pause_s))  # people do not come all at once
        while time.monotonic() < until:
            kind = dice.choices(("search", "ask", "stream", "documents"), (80, 5, 5, 10))[0]
            timed(tally, kind, partial(_ask, http, kind, dice.choice(QUESTIONS)))
            time.sleep(dice.expovariate(1 / pause_s))


def _ask(http: httpx.Client, kind: str, question: str) -> httpx.Response:
    if kind == "documents":
        return http.get("/api/v1/documents")
    body: dict[str, object] = {"question": question}
    if kind == "search":
        return http.post("/api/v1/search", json=body)
    return http.post("/api/v1/ask", json=body | {"max_tokens": 16, "stream": kind == "stream"})


def soak(address: str, process: psutil.Process, clients: int, seconds: float, pause_s: float) -> Tally:
    """Let clients ask for a while; print what they saw, and the server's memory."""
    tally = Tally()
    with httpx.Client(base_url=address, timeout=120) as http:
        for question in QUESTIONS:
            _ask(http, "ask", question)
    began = time.monotonic()
    threads = [
        threading.Thread(target=client, args=(address, began + seconds, tally, seed, pause_s))
        for seed in range(clients)
    ]
    for thread in threads:
        thread.start()
    for share in (0.1, 0.5, 0.9):
        time.sleep(max(0.0, began + share * seconds - time.monotonic()))
        print(f"  memory at {share:.0%}: {process.memory_info().rss / 1e6:.0f} MB")
    for thread in threads:
        thread.join()
    total = sum(tally.statuses.values())
    print(f"  memory at the end: {process.memory_info().rss / 1e6:.0f} MB")
    print(f"  {total} requests in {time.monotonic() - began:.0f} s, {tally.errors()} errors")
    for kind in sorted(tally.seconds):
        p50, p95, p99 = (tally.percentile(kind, share) for share in (0.5, 0.95, 0.99))
        refused = tally.statuses[kind, 429]
        print(
            f"  {kind:<10} {len(tally.seconds[kind]):>6} answered, {refused} told to come back;"
            f" p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms"
        )
    return tally


def uploads(address: str, count: int) -> int:
    """Upload files from 16 clients while 4 ask; return how many are not in the base in the end."""
    over = time.monotonic() + 600
    done = threading.Event()
    tally = Tally()

    def ask(seed: int) -> None:
        with httpx.Client(base_url=address, timeout=120) as http:
            while not done.is_set() and time.monotonic() < over:
                timed(tally, "search", partial(_ask, http, "search", QUESTIONS[seed % len(QUESTIONS)]))

    def upload(number: int) -> None:
        text = f"# Record {number}\n\nThe number of record {number} is {number * 31 + 7}.\n"
        body = {"files": [("files", (f"record{number}.md", text.encode()))], "data": {"wait": "true"}}
        timed(tally, "upload", lambda: httpx.post(f"{address}/api/v1/documents", timeout=300, **body))  # type: ignore[arg-type]

    began = time.monotonic()
    askers = [threading.Thread(target=ask, args=(seed,)) for seed in range(4)]
    for thread in askers:
        thread.start()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(upload, range(count)))
    done.set()
    for thread in askers:
        thread.join()
    rows = httpx.get(f"{address}/api/v1/documents", timeout=60).json()["documents"]
    lost = {f"record{number}.md" for number in range(count)} - {Path(row["source"]).name for row in rows}
    print(
        f"  {count} uploads in {time.monotonic() - began:.1f} s beside {tally.statuses['search', 200]} searches"
        f" (p95 {tally.percentile('search', 0.95):.0f} ms): {len(lost)} lost, {tally.errors()} errors"
    )
    return len(lost) + tally.errors()


def tiny_model() -> str:
    """Build a quantized LLaMA of random weights, as the tests do; return its spec."""
    sys.path.insert(0, str(ROOT / "tests" / "support"))
    from models import gguf_file

    return f"gguf:{gguf_file('llama', 'Q4_0')}"


def main() -> int:
    """Run both, and fail if a request failed or a file was lost."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between a client's requests, on average")
    parser.add_argument("--uploads", type=int, default=200)
    parser.add_argument("--embedder", default="minilm", help="what embeds: minilm, or tfidf for keyword search")
    parser.add_argument("--port", type=int, default=8790)
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        server(Path(folder) / "home", arguments.embedder, tiny_model(), arguments.port) as (address, process),
    ):
        print(f"{arguments.clients} clients for {arguments.seconds:.0f} s, a request every {arguments.pause:g} s each:")
        tally = soak(address, process, arguments.clients, arguments.seconds, arguments.pause)
        print(f"{arguments.uploads} uploads by 16 clients while 4 ask without a pause:")
        failures = tally.errors() + uploads(address, arguments.uploads)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
