"""Which size of chunks finds the right place best, and whether chunks should overlap.

Run: python benchmarks/chunking.py SHARED/data/eval/xquad-en ... [--sizes 128 200 256] [--overlaps 0 0.25] [--embedder tfidf]
Passages of one title become one document, as they stood in their article; a chunk is right when it holds an accepted answer
within the passage that the question was made from. Small chunks show less: so besides the ranking of chunks (MRR@10, nDCG@10),
"in N" says how often the right place is within the first N tokens that a model would be given. kb's default is marked.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from kb.app.base.chunk_sizes import splitting_for
from kb.app.base.config import Config
from kb.app.base.stores import open_index
from kb.ingest.document import Chunk, Document, Heading, chunk_id, document_id, indexed_text
from kb.ingest.store.catalog import Catalog
from kb.ingest.store.keywords import Tokenizer
from kb.ingest.store.sources import SourceRow
from kb.ingest.text.sentences import sentence_spans
from kb.ingest.text.split import CountTokens, Splitting, count_words, split
from kb.retrieval.lanes.vectors import embed_pending
from kb.retrieval.metrics import ndcg_at, reciprocal_rank_at
from kb.retrieval.models.embedder import Embedder
from kb.retrieval.models.registry import open_embedder
from kb.retrieval.search.search import Searcher
from kb.retrieval.search.select import Ordering
from kb.retrieval.words.tokens import TOKENS_VERSION, tokens

BUDGETS = (500, 1000, 2000)
"""Tokens of passages in a prompt."""
DEPTH = 60
ANY_NUMBER = Ordering(per_document=None)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and the places that answer it."""

    text: str
    document: int
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One way to split."""

    chunks: int
    mean_tokens: float
    mrr10: float
    ndcg10: float
    within: tuple[float, ...]
    """Per budget: the share of the questions whose place is within it."""
    milliseconds: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--sizes", nargs="+", type=int, default=[64, 128, 200, 256, 400], help="tokens, as a target")
    parser.add_argument("--overlaps", nargs="+", type=float, default=[0.0, 0.25], help="shares of a chunk")
    parser.add_argument("--embedder", default="tfidf")
    parser.add_argument("--limit", type=int, default=200, help="questions of a set")
    given = parser.parse_args()
    columns = " ".join(f"{f'in {budget}':>7}" for budget in BUDGETS)
    rows = defaultdict(list)
    with tempfile.TemporaryDirectory() as temporary:
        embedder = open_embedder(given.embedder, cache=Path(temporary) / "models")
        default = splitting_for(embedder).target_tokens
        sizes = sorted({size for size in [*given.sizes, default] if not embedder or size <= embedder.max_tokens})
        print(
            f"{'set':18} {'size':>5} {'overlap':>7} {'chunks':>6} {'tokens':>6} {'MRR@10':>7} {'nDCG@10':>7}", end=" "
        )
        print(columns, f"{'ms':>6}")
        for folder in given.sets:
            documents, questions = articles(folder, given.limit)
            for size in sizes:
                for overlap in given.overlaps:
                    place = Path(temporary) / f"{folder.name}-{size}-{overlap}"
                    row = measure(documents, questions, splitting(size, embedder), overlap, embedder, place)
                    rows[size, overlap].append(row)
                    show(folder.name, size, overlap, row, is_default=(size, overlap) == (default, 0))
    for (size, overlap), of_sets in rows.items():
        if len(of_sets) > 1:
            figures = [(r.chunks, r.mean_tokens, r.mrr10, r.ndcg10, *r.within, r.milliseconds) for r in of_sets]
            n, length, mrr, ndcg, *within, took = np.mean(figures, axis=0).tolist()
            row = Row(round(n), length, mrr, ndcg, tuple(within), took)
            show("mean", size, overlap, row, is_default=(size, overlap) == (default, 0))


def show(name: str, size: int, overlap: float, row: Row, *, is_default: bool) -> None:
    """Print one line."""
    within = " ".join(f"{share:7.4f}" for share in row.within)
    print(
        f"{name:18} {size:5} {overlap:7.0%} {row.chunks:6} {row.mean_tokens:6.0f} {row.mrr10:7.4f} {row.ndcg10:7.4f}"
        f" {within} {row.milliseconds:6.1f}{'  default' if is_default else ''}",
        flush=True,
    )


def splitting(size: int, embedder: Embedder | None) -> Splitting:
    """Return the splitting that kb would make for this size."""
    most = max(size * 5 // 4, size)
    most = min(most, embedder.max_tokens) if embedder else most
    return Splitting(size, most, size // 5, embedder.fingerprint if embedder else "words")


def articles(folder: Path, limit: int) -> tuple[list[Document], list[Asked]]:
    """Return the passages of a set put together by title, and the questions whose answer stands in them."""
    rows = [json.loads(line) for line in (folder / "corpus.jsonl").read_text("utf-8").split("\n") if line]
    by_title = defaultdict(list)
    for row in rows:
        by_title[row.get("title") or row["id"]].append(row)
    documents, place = [], {}
    for number, (title, passages) in enumerate(by_title.items()):
        text = f"# {title}\n"
        for passage in passages:
            place[passage["id"]] = (number, len(text) + 1, len(text) + 1 + len(passage["text"]))
            text += f"\n{passage['text']}\n"
        identity = document_id("text/markdown", text.encode())
        documents.append(
            Document(identity, f"/{number}.md", title, "text/markdown", "", text, headings=(Heading(0, 1, title),))
        )
    relevant = dict(line.split("\t")[:2] for line in (folder / "qrels.tsv").read_text("utf-8").splitlines())
    questions = []
    for row in map(json.loads, filter(None, (folder / "queries.jsonl").read_text("utf-8").split("\n"))):
        if row["id"] in relevant and row.get("answers"):
            number, start, stop = place[relevant[row["id"]]]
            spans = tuple(found(documents[number].text, row["answers"], start, stop))
            if spans:
                questions.append(Asked(row["text"], number, spans))
    random.Random(0).shuffle(questions)
    return documents, questions[:limit]


def found(text: str, answers: Sequence[str], start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Yield where the answers stand within a part of a text."""
    for answer in dict.fromkeys(answers):
        at = text.find(answer, start, stop) if answer else -1
        while at >= 0:
            yield at, at + len(answer)
            at = text.find(answer, at + 1, stop)


def overlapping(document: Document, chunks: Sequence[Chunk], share: float, count: CountTokens) -> list[Chunk]:
    """Return the chunks, each begun earlier by whole sentences of up to a share of its tokens."""
    if not share:
        return list(chunks)
    starts = [start for start, _ in sentence_spans(document.text)]
    made = []
    for at, chunk in enumerate(chunks):
        begin, room = chunk.start, round(share * chunk.n_tokens)
        low = chunks[at - 1].start if at else chunk.start
        for start in reversed([start for start in starts if low < start < chunk.start]):
            if count([document.text[start : chunk.start]])[0] > room:
                break
            begin = start
        text = document.text[begin : chunk.stop]
        indexed = indexed_text(chunk.headings, text)
        identity = chunk_id(document.id, begin, chunk.stop, indexed)
        made.append(replace(chunk, id=identity, start=begin, text=text, n_tokens=count([indexed])[0]))
    return made


def measure(
    documents: Sequence[Document],
    questions: Sequence[Asked],
    how: Splitting,
    overlap: float,
    embedder: Embedder | None,
    place: Path,
) -> Row:
    """Split all documents in one way and ask every question."""
    count = embedder.count_tokens if embedder else count_words
    with closing(Catalog(place, Tokenizer(tokens, TOKENS_VERSION))) as catalog:
        every: list[Chunk] = []
        for document in documents:
            chunks = overlapping(document, list(split(document, how, count)), overlap, count)
            row = SourceRow(document.source, "/", 0, 0, "markdown", document.id)
            catalog.put_document(row, document, chunks, f"{how.key}-{overlap}")
            every += chunks
        if embedder:
            embed_pending(catalog, embedder)
        config = Config(place)
        searcher = Searcher(catalog, place, lambda: embedder, lambda one: open_index(catalog, config, one))
        answer_in = [right(question, every, documents) for question in questions]
        searcher.search(questions[0].text, DEPTH)
        began = time.perf_counter()
        hits = [searcher.search(question.text, DEPTH, ordering=ANY_NUMBER).hits for question in questions]
        took = (time.perf_counter() - began) / len(questions) * 1000
    ranked = [[hit.chunk.id for hit in of_one] for of_one in hits]
    judged = [dict.fromkeys(ids, 1.0) for ids in answer_in]
    first = [tokens_until([hit.chunk for hit in of_one], ids) for of_one, ids in zip(hits, answer_in, strict=True)]
    return Row(
        len(every),
        float(np.mean([chunk.n_tokens for chunk in every])),
        float(np.mean([reciprocal_rank_at(10, ids, one) for ids, one in zip(ranked, judged, strict=True)])),
        float(np.mean([ndcg_at(10, ids, one) for ids, one in zip(ranked, judged, strict=True)])),
        tuple(float(np.mean([at <= budget for at in first])) for budget in BUDGETS),
        took,
    )


def right(question: Asked, chunks: Sequence[Chunk], documents: Sequence[Document]) -> frozenset[str]:
    """Return the chunks that hold one of the places whole."""
    own = documents[question.document].id
    return frozenset(
        chunk.id
        for chunk in chunks
        if chunk.document_id == own and any(chunk.start <= a and b <= chunk.stop for a, b in question.spans)
    )


def tokens_until(chunks: Sequence[Chunk], wanted: frozenset[str]) -> float:
    """Return how many tokens are read until a right chunk has been; endless if there is none."""
    read = 0
    for chunk in chunks:
        read += count_words([chunk.indexed_text])[0]
        if chunk.id in wanted:
            return read
    return float("inf")


if __name__ == "__main__":
    main()
