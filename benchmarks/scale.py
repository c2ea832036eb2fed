"""How a large base behaves: build rate, bytes, memory, and how long a search takes by every lane.

Comes in: a folder of documents, repeated with variation until there are enough passages. Goes out: a table on stdout.
The text is real; the vectors are random, seeded by the text: found as fast as others, and without meaning. Never: quality.

Run: python benchmarks/scale.py ../shared/data/docs/en-rustbook/src --passages 10000 100000
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from kb import KnowledgeBase
from kb.retrieval.where import Where
from numpy.typing import NDArray

_WORD = re.compile(r"[A-Za-z]{5,}")
_PER_PASSAGE = 700
"""Characters, about."""


class RandomEmbedder:
    """Unit vectors that depend on the text alone, as long as those of MiniLM."""

    name = spec = fingerprint = "random-384"
    dim = 384
    max_tokens = 256

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """See ``Embedder``."""
        return [2 + len(text) // 4 for text in texts]

    def coverage(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See ``Embedder``."""
        return np.ones(len(texts), np.float32)

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See ``Embedder``."""
        return np.array([self.embed_query(text) for text in texts], np.float32).reshape(len(texts), self.dim)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """See ``Embedder``."""
        seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
        vector = np.random.default_rng(seed).standard_normal(self.dim, np.float32)
        return vector / np.linalg.norm(vector)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("documents", type=Path)
    parser.add_argument("--passages", type=int, nargs="+", default=[10_000])
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--embedder", default="random", help="random, or tfidf for none")
    given = parser.parse_args()
    texts = [path.read_text("utf-8") for path in sorted(given.documents.rglob("*.md"))]
    for n in given.passages:
        with tempfile.TemporaryDirectory() as temporary:
            measure(texts, n, given.questions, given.embedder, Path(temporary))


def measure(texts: Sequence[str], n: int, n_questions: int, embedder: str, folder: Path) -> None:
    """Build a base of about ``n`` passages, and ask it."""
    files = folder / "files"
    size = write(texts, n, files)
    with KnowledgeBase.open(
        "scale", home=folder / "home", embedder=RandomEmbedder() if embedder == "random" else "tfidf"
    ) as kb:
        began = time.perf_counter()
        report = kb.ingest([files])
        seconds = time.perf_counter() - began
        status = kb.status()
        print(
            f"{report.n_chunks} passages of {len(report.added)} files, {size / 1e6:.0f} MB of text: "
            f"built in {seconds:.0f} s, {report.n_chunks / seconds:.0f} passages/s; "
            f"{status.bytes_on_disk / 1e6:.0f} MB on disk; peak RSS {_rss_mb():.0f} MB"
        )
        questions = ask_for(texts, n_questions)
        few, many = Where(sources=("*-00000-*",)), Where(sources=("*[02468]-*.md",))
        ways: list[tuple[str, Callable[[str], object]]] = [("bm25", lambda question: kb.search(question, 10, ["bm25"]))]
        if embedder == "random":
            ways.append(("dense", lambda question: kb.search(question, 10, ["dense"])))
        ways += [
            ("fused", lambda question: kb.search(question, 10)),
            ("fused, few files", lambda question: kb.search(question, 10, where=few)),
            ("fused, half", lambda question: kb.search(question, 10, where=many)),
        ]
        print(f"{'ms':<18} {'first':>8} {'p50':>8} {'p95':>8} {'p99':>8}")
        for name, way in ways:
            print(_line(name, way, questions), flush=True)
        print(f"peak RSS {_rss_mb():.0f} MB\n", flush=True)


def write(texts: Sequence[str], n: int, folder: Path) -> int:
    """Write copies of the texts, a tenth of their long words changed in each, and return how many characters."""
    folder.mkdir()
    dice = random.Random(0)
    size = number = 0
    while size < n * _PER_PASSAGE:
        for at, text in enumerate(texts):
            varied = _WORD.sub(
                lambda match: match[0] if dice.random() > 0.1 else f"{match[0][:4]}{dice.randrange(5000)}", text
            )
            (folder / f"{number:03}-{at:05}-copy.md").write_text(varied, "utf-8")
            size += len(varied)
            if size >= n * _PER_PASSAGE:
                break
        number += 1
    return size


def ask_for(texts: Sequence[str], n: int) -> list[str]:
    """Return questions of six long words that stand near each other."""
    dice = random.Random(1)
    words = [_WORD.findall(text) for text in texts]
    words = [found for found in words if len(found) > 50]
    chosen = [(found, dice.randrange(len(found) - 12)) for found in dice.choices(words, k=n)]
    return [" ".join(dice.sample(found[at : at + 12], 6)) for found, at in chosen]


def _line(name: str, way: Callable[[str], object], questions: Sequence[str]) -> str:
    spent = []
    for question in ["what is loaded once", *questions]:
        began = time.perf_counter()
        way(question)
        spent.append((time.perf_counter() - began) * 1000)
    p50, p95, p99 = np.quantile(spent[1:], (0.5, 0.95, 0.99))
    return f"{name:<18} {spent[0]:8.1f} {p50:8.1f} {p95:8.1f} {p99:8.1f}"


def _rss_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    main()
