"""How well a knowledge base finds: each lane alone, fused, and fused by fixed rules, on sets with relevance judgements.

Comes in: folders with ``queries.jsonl``, ``qrels.tsv`` and ``corpus.jsonl`` or the name of a tree in ``meta.json``. Goes out: a
table on stdout. Each set is a real base in a temporary folder; documents are ranked by their best passage. Never: tuning.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from kb import Hit, KnowledgeBase
from kb.app.judged import Question, Units, lay_out, read_set
from kb.ingest.errors import InputError
from kb.retrieval.fuse import min_max_sum, reciprocal_rank_sum
from kb.retrieval.metrics import bootstrap_interval, ndcg_at, randomization_test, recall_at, reciprocal_rank_at
from kb.retrieval.search import LANES

DEPTH = 50
"""Passages asked for: enough for ten documents."""
COLUMNS = (*LANES, "fused", "rrf", "min-max")

Ranking = list[str]


@dataclass(frozen=True, slots=True)
class Score:
    """Means over the questions of one set for one way to search."""

    ndcg10: float
    interval: tuple[float, float]
    """95 % bootstrap interval of ``ndcg10``."""
    recall1: float
    recall5: float
    recall10: float
    mrr10: float
    milliseconds: float
    """Per question; 0 where it is computed from the fused hits."""


@dataclass(frozen=True, slots=True)
class Row:
    """One set."""

    name: str
    documents: int
    chunks: int
    questions: int
    ingest_seconds: float
    scores: dict[str, Score]
    fused_minus_best_lane: float
    fused_minus_dense: float | None
    p_best_lane: float
    """Two-sided, of fused against the best lane: Fisher's randomization test."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--embedder", default="auto")
    parser.add_argument("--limit", type=int, default=400, help="questions of a set, after a fixed shuffle")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rows = []
    if not given.json:
        print(_header())
    for folder in given.sets:
        rows.append(measure(folder, given.embedder, given.limit))
        if not given.json:
            print(_line(rows[-1]), flush=True)
    print(json.dumps([asdict(row) for row in rows], indent=1) if given.json else _means(rows))


def measure(folder: Path, embedder: str, limit: int) -> Row:
    """Build a base from one set and ask it every question by every lane."""
    questions = [question for question in read_set(folder, sys.maxsize) if question.judged][:limit]
    with tempfile.TemporaryDirectory() as temporary:
        files, ids_of = lay_out(folder, Path(temporary) / "files")
        with KnowledgeBase.open("benchmark", home=Path(temporary) / "home", embedder=embedder) as base:
            began = time.perf_counter()
            report = base.ingest([files])
            seconds = time.perf_counter() - began
            columns = dict(_columns(base, questions, ids_of))
    ndcg = {
        name: [ndcg_at(10, *pair) for pair in _pairs(rankings, questions)] for name, (rankings, _) in columns.items()
    }
    means = {name: float(np.mean(values)) for name, values in ndcg.items()}
    best = max((name for name in LANES if name in means), key=lambda name: means[name])
    return Row(
        name=folder.name,
        documents=len(report.added),
        chunks=report.n_chunks,
        questions=len(questions),
        ingest_seconds=seconds,
        scores={name: _score(ndcg[name], *columns[name], questions) for name in columns},
        fused_minus_best_lane=means["fused"] - means[best],
        fused_minus_dense=means["fused"] - means["dense"] if "dense" in means else None,
        p_best_lane=randomization_test(ndcg["fused"], ndcg[best]),
    )


def _columns(
    base: KnowledgeBase, questions: Sequence[Question], ids_of: Units
) -> Iterator[tuple[str, tuple[list[Ranking], float]]]:
    """Yield (column, (rankings, milliseconds a question)); a lane that the base does not have is left out."""
    for lane in LANES:
        try:
            found, milliseconds = _ask(base, questions, (lane,))
        except InputError:
            continue
        yield lane, ([_documents(hits, ids_of) for hits in found], milliseconds)
    found, milliseconds = _ask(base, questions, None)
    yield "fused", ([_documents(hits, ids_of) for hits in found], milliseconds)
    for name, rule in (("rrf", _by_ranks), ("min-max", _by_scores)):
        yield name, ([_documents(rule(hits), ids_of) for hits in found], 0.0)


def _ask(
    base: KnowledgeBase, questions: Sequence[Question], lanes: tuple[str, ...] | None
) -> tuple[list[tuple[Hit, ...]], float]:
    base.search(questions[0].text, DEPTH, lanes)  # what is loaded once is not a question's time
    began = time.perf_counter()
    found = [base.search(question.text, DEPTH, lanes) for question in questions]
    return found, (time.perf_counter() - began) / len(questions) * 1000


def _documents(hits: Iterable[Hit], ids_of: Units) -> Ranking:
    """Return the documents by their best passage."""
    return list(dict.fromkeys(one for hit in hits for one in ids_of(hit.chunk)))


def _by_ranks(hits: Sequence[Hit]) -> list[Hit]:
    ranks = [
        np.array(lane, np.int64) for lane in zip(*([said.rank for said in hit.lanes] for hit in hits), strict=True)
    ]
    return [hits[at] for at in np.argsort(-reciprocal_rank_sum(ranks), kind="stable")]


def _by_scores(hits: Sequence[Hit]) -> list[Hit]:
    lanes = zip(*([said.score for said in hit.lanes] for hit in hits), strict=True)
    fused = min_max_sum([np.array(lane, np.float32) for lane in lanes])
    return [hits[at] for at in np.argsort(-fused, kind="stable")]


def _pairs(rankings: Iterable[Ranking], questions: Iterable[Question]) -> Iterator[tuple[Ranking, Mapping[str, float]]]:
    for ranking, question in zip(rankings, questions, strict=True):
        yield ranking, question.judged


def _score(ndcg: list[float], rankings: list[Ranking], milliseconds: float, questions: Sequence[Question]) -> Score:
    def mean(metric: Callable[[int, Sequence[str], Mapping[str, float]], float], k: int) -> float:
        return float(np.mean([metric(k, *pair) for pair in _pairs(rankings, questions)]))

    return Score(
        ndcg10=float(np.mean(ndcg)),
        interval=bootstrap_interval(ndcg),
        recall1=mean(recall_at, 1),
        recall5=mean(recall_at, 5),
        recall10=mean(recall_at, 10),
        mrr10=mean(reciprocal_rank_at, 10),
        milliseconds=milliseconds,
    )


def _header() -> str:
    lanes = " ".join(f"{name:>7}" for name in COLUMNS)
    return (
        f"{'nDCG@10':26} {'docs':>5} {'n':>4} {lanes} {'-best':>7} {'-dense':>7} {'p':>5}"
        f" | fused {'R@1':>5} {'R@5':>5} {'R@10':>5} {'MRR':>5} | {'ms':>5} {'ingest':>7}"
    )


def _line(row: Row) -> str:
    lanes = " ".join(f"{row.scores[name].ndcg10:7.4f}" if name in row.scores else f"{'-':>7}" for name in COLUMNS)
    dense = f"{row.fused_minus_dense:+7.4f}" if row.fused_minus_dense is not None else f"{'-':>7}"
    fused = row.scores["fused"]
    return (
        f"{row.name:26} {row.documents:5} {row.questions:4} {lanes} {row.fused_minus_best_lane:+7.4f} {dense}"
        f" {row.p_best_lane:5.3f} | {'':5} {fused.recall1:5.3f} {fused.recall5:5.3f} {fused.recall10:5.3f}"
        f" {fused.mrr10:5.3f} | {fused.milliseconds:5.1f} {row.ingest_seconds:6.1f}s"
    )


def _means(rows: Sequence[Row]) -> str:
    lanes = []
    for name in COLUMNS:
        values = [row.scores[name].ndcg10 for row in rows if name in row.scores]
        lanes.append(f"{np.mean(values):7.4f}" if len(values) == len(rows) else f"{'-':>7}")
    return f"{'mean':26} {'':5} {'':4} {' '.join(lanes)} {np.mean([row.fused_minus_best_lane for row in rows]):+7.4f}"


if __name__ == "__main__":
    main()
