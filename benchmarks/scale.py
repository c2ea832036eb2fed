"""How a large base behaves: build rate, bytes, memory, and how long a search takes by every lane.

Comes in: a folder of documents, repeated with variation until there are enough passages. Goes out: a table on stdout.
Beside the time that passes, the processor time of all threads is given: it does not depend on what else the machine does.
The text is real; the vectors are random, seeded by the text: found as fast as others, and without meaning. Never: quality.

Run: python benchmarks/scale.py ../shared/data/docs/en-rustbook/src --passages 10000 100000
     python benchmarks/scale.py ../shared/data/docs/en-rustbook/src --passages 100000 --direct --times 10
     python benchmarks/scale.py ../shared/data/docs/en-rustbook/src --passages 100000 --direct --store chroma lance:/tmp/l

``--direct`` writes to the catalog what reading and splitting would have made (passages of some 700 characters cut between
paragraphs) and draws vectors in bulk; keyword rows, vectors and the files that searches read are written as ``kb ingest`` does.
It leaves out: reading files, splitting, counting tokens, and filling Chroma, which searches of this size do not use.
``--times 10`` then repeats all passages, with the same texts and vectors: rows of chunks are copied in SQL, the files that
searches read are copied with other keys. It leaves out: FTS5's rows of the copies, which only quoted phrases look at.
``--store`` then fills vector stores from the base and asks each by meaning: how fast it is filled, how long it takes to find
that nothing is missing, how long a search takes, how many of the ten nearest it finds, and its bytes (not those of a server).
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import count, cycle, islice
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from kb import KnowledgeBase
from kb.app.base.stores import follow_store, open_index
from kb.ingest.document import Chunk, Document, chunk_id, document_id, text_hash
from kb.ingest.store.catalog import Catalog
from kb.ingest.store.keywords import Tokenizer
from kb.ingest.store.sources import SourceRow
from kb.retrieval.lanes.keyword_index import KEYWORDS
from kb.retrieval.lanes.postings import Postings
from kb.retrieval.lanes.segments import Segments
from kb.retrieval.lanes.view import FOLDER, keep_up
from kb.retrieval.search.search import Searcher
from kb.retrieval.stores.specs import CHROMA, checked
from kb.retrieval.where import Where
from kb.retrieval.words.tokens import TOKENS_VERSION, tokens
from numpy.typing import NDArray

_WORD = re.compile(r"[A-Za-z]{5,}")
_PER_PASSAGE = 700
"""Characters, about."""
_TEXTS = 10
"""That make one document, when written directly."""
_AT_ONCE = 50


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
    parser.add_argument("--direct", action="store_true", help="write to the catalog without reading and splitting")
    parser.add_argument("--times", type=int, default=1, help="repeat what was written directly so often")
    parser.add_argument("--store", nargs="+", default=[], help="stores to fill and ask; see kb ingest --store")
    given = parser.parse_args()
    texts = [path.read_text("utf-8") for path in sorted(given.documents.rglob("*.md"))]
    for n in given.passages:
        with tempfile.TemporaryDirectory() as temporary:
            if given.direct:
                write_direct(texts, n, Path(temporary))
                repeat(n, given.times, Path(temporary))
            else:
                ingest(texts, n, given.embedder, Path(temporary))
            if given.store:
                measure_stores(given.store, ask_for(texts, given.questions), Path(temporary))
            else:
                measure(texts, given.questions, given.embedder, Path(temporary))


def ingest(texts: Sequence[str], n: int, embedder: str, folder: Path) -> None:
    """Build a base of about ``n`` passages as users do."""
    size = write(texts, n, folder / "files")
    with _opened(embedder, folder) as kb:
        began = time.perf_counter()
        report = kb.ingest([folder / "files"])
        seconds = time.perf_counter() - began
    print(
        f"{report.n_chunks} passages of {len(report.added)} files, {size / 1e6:.0f} MB of text: "
        f"built in {seconds:.0f} s, {report.n_chunks / seconds:.0f} passages/s; peak RSS {_rss_mb():.0f} MB"
    )


def write_direct(texts: Sequence[str], n: int, folder: Path) -> None:
    """Build a base of ``n`` passages without files."""
    place = folder / "home" / "scale"
    known: dict[str, list[str]] = {}
    catalog = Catalog(place, Tokenizer(lambda text: known.pop(text, None) or tokens(text), TOKENS_VERSION))
    dice = np.random.default_rng(0)
    began = time.perf_counter()
    written = 0
    with Pool() as pool:
        varied = _varied(texts)
        joined = enumerate("\n\n".join(islice(varied, _TEXTS)) for _ in count())
        while written < n:
            for document, chunks, found in pool.map(_prepared, islice(joined, _AT_ONCE)):
                del chunks[n - written :]
                known.update(zip((chunk.indexed_text for chunk in chunks), found, strict=False))
                _put(catalog, document, chunks, dice.standard_normal((len(chunks), RandomEmbedder.dim), np.float32))
                written += len(chunks)
    stored = time.perf_counter()
    keep_up(catalog, place, RandomEmbedder())
    catalog.connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    catalog.close()
    seconds = time.perf_counter() - began
    print(
        f"{n} passages written directly: {seconds:.0f} s, {n / seconds:.0f} passages/s, of which the files that searches"
        f" read {time.perf_counter() - stored:.0f} s; peak RSS {_rss_mb():.0f} MB",
        flush=True,
    )


def repeat(n: int, times: int, folder: Path) -> None:
    """Make of a base of ``n`` passages one of ``n * times``."""
    if times == 1:
        return
    began = time.perf_counter()
    place = folder / "home" / "scale"
    catalog = Catalog(place, Tokenizer(tokens, TOKENS_VERSION))
    with catalog.transaction() as connection:
        for copy in range(1, times):
            connection.execute(
                "INSERT INTO chunks SELECT key + ?1 * ?2, substr(id, 1, 28) || printf('x%03d', ?2), document_id, start, stop,"
                " text, pages, headings, n_tokens, text_hash FROM chunks WHERE key <= ?1",
                (n, copy),
            )
        catalog.put("next_key", str(n * times + 1))
    words = Segments(place / FOLDER, KEYWORDS, Postings)
    whole = Postings.merged(words.load(words.listed(catalog.connection())))
    words.update(
        catalog, lambda _, after, __: (replace(whole, keys=whole.keys + after), _next(after, n, times)), n * times
    )
    keep_up(catalog, place, RandomEmbedder())
    catalog.connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    catalog.close()
    print(f"repeated {times} times in {time.perf_counter() - began:.0f} s; peak RSS {_rss_mb():.0f} MB", flush=True)


def _next(after: int, n: int, times: int) -> int:
    return min(after + n, n * times)


def _prepared(numbered: tuple[int, str]) -> tuple[Document, list[Chunk], list[list[str]]]:
    """Split a text, and make the tokens of its passages."""
    document, chunks = _split(*numbered)
    return document, chunks, [tokens(chunk.indexed_text) for chunk in chunks]


def _put(catalog: Catalog, document: Document, chunks: Sequence[Chunk], vectors: NDArray[np.float32]) -> None:
    """Write a document with its passages, and unit vectors of them."""
    if not chunks:
        return
    row = SourceRow(document.source, "/", len(document.text), 0, "", document.id)
    catalog.put_document(row, document, chunks, "direct")
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with catalog.transaction(content=False) as connection:
        connection.executemany(
            "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)",
            (
                (RandomEmbedder.fingerprint, text_hash(chunk.indexed_text), vector.tobytes())
                for chunk, vector in zip(chunks, vectors, strict=True)
            ),
        )


def measure(texts: Sequence[str], n_questions: int, embedder: str, folder: Path) -> None:
    """Ask a base by every lane."""
    folders = {path.name: path for path in (folder / "home" / "scale").iterdir()}
    print("on disk, MB:", ", ".join(f"{name} {_bytes(path) / 1e6:.0f}" for name, path in sorted(folders.items())))
    with _opened(embedder, folder) as kb:
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
        print(f"{'ms':<18} {'first':>8} {'p50':>8} {'p95':>8} {'p99':>8} {'cpu p50':>8} {'cpu p95':>8}")
        for name, way in ways:
            print(_line(name, way, questions), flush=True)
        print(
            f"RSS of searching {_rss_now_mb():.0f} MB, of which its own (not files mapped) {_anonymous_mb():.0f} MB\n",
            flush=True,
        )


def measure_stores(stores: Sequence[str], questions: Sequence[str], folder: Path) -> None:
    """Fill stores from a base, and ask each by meaning, as if there were too many vectors to look at."""
    embedder = RandomEmbedder()
    with _opened("random", folder) as kb:
        exact = [_nearest(kb.searcher, question) for question in questions]
        print(f"{'store':<40} {'vectors/s':>9} {'again, s':>9} {'recall@10':>9} {'MB':>7}")
        for store in map(checked, stores):
            config = replace(kb.config, store=store)
            seconds = []
            for _ in range(2):
                began = time.perf_counter()
                kb.catalog.put("indexed", "")
                follow_store(kb.catalog, config, embedder)
                seconds.append(time.perf_counter() - began)
            index = partial(open_index, kb.catalog, config)
            searcher = Searcher(kb.catalog, config.folder, lambda: embedder, index, lambda: 0)
            found = [_nearest(searcher, question) for question in questions]
            recall = np.mean([len(set(a) & set(b)) / len(a) for a, b in zip(exact, found, strict=True)])
            size = _bytes(config.folder / store if store == CHROMA else Path(store.partition(":")[2])) / 1e6
            rate = kb.status().n_vectors / seconds[0]
            print(f"{store:<40} {rate:9.0f} {seconds[1]:9.1f} {recall:9.3f} {size:7.0f}")
            print(_line("dense", partial(_nearest, searcher), questions), flush=True)


def _nearest(searcher: Searcher, question: str) -> list[str]:
    return [hit.chunk.id for hit in searcher.search(question, 10, ["dense"]).hits]


def write(texts: Sequence[str], n: int, folder: Path) -> int:
    """Write copies of the texts, a tenth of their long words changed in each, and return how many characters."""
    folder.mkdir()
    size = 0
    for number, varied in enumerate(_varied(texts)):
        (folder / f"{number // len(texts):03}-{number % len(texts):05}-copy.md").write_text(varied, "utf-8")
        size += len(varied)
        if size >= n * _PER_PASSAGE:
            break
    return size


def _varied(texts: Sequence[str]) -> Iterator[str]:
    """Yield the texts over and over, a tenth of their long words changed."""
    dice = random.Random(0)
    for text in cycle(texts):
        yield _WORD.sub(
            lambda match: match[0] if dice.random() > 0.1 else f"{match[0][:4]}{dice.randrange(5000)}", text
        )


def _split(number: int, text: str) -> tuple[Document, list[Chunk]]:
    """Return a text as a document, and its passages, cut between paragraphs."""
    source = f"/scale/{number:06}-{number % 100:05}-copy.md"
    name = document_id("text/markdown", f"{number}{text}".encode())
    chunks: list[Chunk] = []
    start = at = 0
    while at < len(text):
        at = text.find("\n\n", start + _PER_PASSAGE * 3 // 4)
        at = len(text) if at < 0 else at
        piece = text[start:at]
        if piece.strip():
            place = f"{number} {start}"  # so that no two passages have the same text
            chunk = Chunk("", name, source, piece, start, at, (), (place,), len(piece) // 4)
            chunks.append(replace(chunk, id=chunk_id(name, start, at, chunk.indexed_text)))
        start = at
    return Document(name, source, source, "text/markdown", "en", text), chunks


def ask_for(texts: Sequence[str], n: int) -> list[str]:
    """Return questions of six long words that stand near each other."""
    dice = random.Random(1)
    words = [_WORD.findall(text) for text in texts]
    words = [found for found in words if len(found) > 50]
    chosen = [(found, dice.randrange(len(found) - 12)) for found in dice.choices(words, k=n)]
    return [" ".join(dice.sample(found[at : at + 12], 6)) for found, at in chosen]


def _line(name: str, way: Callable[[str], object], questions: Sequence[str]) -> str:
    wall, work = [], []
    for question in ["what is loaded once", *questions]:
        began, busy = time.perf_counter(), time.process_time()
        way(question)
        wall.append((time.perf_counter() - began) * 1000)
        work.append((time.process_time() - busy) * 1000)
    p50, p95, p99 = np.quantile(wall[1:], (0.5, 0.95, 0.99))
    cpu50, cpu95 = np.quantile(work[1:], (0.5, 0.95))
    return f"{name:<18} {wall[0]:8.1f} {p50:8.1f} {p95:8.1f} {p99:8.1f} {cpu50:8.1f} {cpu95:8.1f}"


def _opened(embedder: str, folder: Path) -> KnowledgeBase:
    chosen = RandomEmbedder() if embedder == "random" else "tfidf"
    return KnowledgeBase.open("scale", home=folder / "home", embedder=chosen)


def _bytes(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def _status_mb(*names: str) -> float:
    """Return the sum of some lines of this process's status, as Linux keeps it."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return sum(int(lines[name].split()[0]) for name in names) / 1000


def _rss_now_mb() -> float:
    return _status_mb("VmRSS")


def _anonymous_mb() -> float:
    return _status_mb("RssAnon")


def _rss_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    main()
