"""How well a knowledge base finds: each lane alone, fused, and fused by fixed rules, on sets with relevance judgements.

Comes in: folders with ``queries.jsonl``, ``qrels.tsv`` and ``corpus.jsonl`` or the name of a tree in ``meta.json``; what is no
such folder is passed over. Goes out: a table on stdout, and whether kb's promise holds: on every set within 0.005 nDCG@10 of
the best single lane, and on average above every fixed fusion. Each set is a real base; documents are ranked by their best
passage. Never: tuning.

The fixed fusions rank all candidates of the same search: by reciprocal ranks (k = 60), by the plain sum of standardised
scores, and by the sum of scores scaled to 0..1 with the keyword lane at a weight of 0.1 to 0.9 (three of the nine are shown).

Run: python benchmarks/retrieval.py ../shared/data/eval/* --cache /tmp/sets
``--cache`` keeps the bases, so that a set is embedded once, and what was measured, so that a run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from kb import Hit, KnowledgeBase
from kb.app.measure.judged import Question, Units, lay_out, read_set
from kb.ingest.document import Chunk
from kb.ingest.errors import InputError
from kb.retrieval.metrics import bootstrap_interval, ndcg_at, randomization_test, recall_at, reciprocal_rank_at
from kb.retrieval.search.fuse import min_max_sum, reciprocal_rank_sum, zscore_sum
from kb.retrieval.search.ranking import Ranking
from kb.retrieval.search.search import LANES

DEPTH = 50
"""Passages asked for: enough for ten documents."""
PROMISED = 0.005
"""Of nDCG@10: what fusion may lose to the best lane of a set."""
WEIGHTS = tuple(round(0.1 * tenths, 1) for tenths in range(1, 10))
"""Of the keyword lane in min-max fusion; the other lane has the rest."""
FIXED = ("rrf", "z-sum", *(f"mm{weight}" for weight in WEIGHTS))
COLUMNS = (*LANES, "fused", "rrf", "z-sum", "mm0.3", "mm0.5", "mm0.7")

Documents = list[str]


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
    parser.add_argument("--cache", type=Path, help="folder where bases and results are kept; temporary unless given")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        rows = list(_rows(given, given.cache or Path(temporary)))
    if given.json:
        print(json.dumps([asdict(row) for row in rows], indent=1))
    elif rows:
        print(_means(rows))
        print(_promise(rows))


def _rows(given: argparse.Namespace, home: Path) -> Iterator[Row]:
    """Yield the sets that can be measured, and print each as it is done."""
    if not given.json:
        print(_header())
    for folder in given.sets:
        kept = home / "results" / f"{folder.name}-{given.embedder.replace('/', '-')}-{given.limit}.json"
        if kept.exists():
            row = _stored(kept)
        elif _is_set(folder):
            row = measure(folder, given.embedder, given.limit, home)
            kept.parent.mkdir(exist_ok=True)
            kept.write_text(json.dumps(asdict(row)), "utf-8")
        else:
            continue
        if not given.json:
            print(_line(row), flush=True)
        yield row


def _is_set(folder: Path) -> bool:
    if not all((folder / name).exists() for name in ("queries.jsonl", "qrels.tsv")):
        return False
    return any(question.judged for question in read_set(folder, sys.maxsize))


def _stored(path: Path) -> Row:
    kept = json.loads(path.read_text("utf-8"))
    scores = {name: Score(**score | {"interval": tuple(score["interval"])}) for name, score in kept["scores"].items()}
    return Row(**kept | {"scores": scores})


def measure(folder: Path, embedder: str, limit: int, home: Path) -> Row:
    """Build a base from one set and ask it every question by every lane."""
    questions = [question for question in read_set(folder, sys.maxsize) if question.judged][:limit]
    shutil.rmtree(home / folder.name, ignore_errors=True)
    files, ids_of = lay_out(folder, home / folder.name)
    with KnowledgeBase.open(folder.name, home=home / "home", embedder=embedder) as base:
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
        documents=len(report.added) + len(report.unchanged),
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
) -> Iterator[tuple[str, tuple[list[Documents], float]]]:
    """Yield (column, (rankings, milliseconds a question)); a lane that the base does not have is left out."""
    for lane in LANES:
        try:
            found, milliseconds = _ask(base, questions, (lane,))
        except InputError:
            continue
        yield lane, ([_documents((hit.chunk for hit in hits), ids_of) for hits in found], milliseconds)
    base.searcher.rank(questions[0].text, DEPTH)  # what is loaded once is not a question's time
    began = time.perf_counter()
    rankings = [base.searcher.rank(question.text, DEPTH) for question in questions]
    milliseconds = (time.perf_counter() - began) / len(questions) * 1000
    yield "fused", ([_documents((hit.chunk for hit in ranking.hits), ids_of) for ranking in rankings], milliseconds)
    orders = [_fixed(ranking) for ranking in rankings]
    for name in FIXED:
        yield name, ([_documents(order[name], ids_of) for order in orders], 0.0)


def _ask(
    base: KnowledgeBase, questions: Sequence[Question], lanes: tuple[str, ...]
) -> tuple[list[tuple[Hit, ...]], float]:
    base.search(questions[0].text, DEPTH, lanes)
    began = time.perf_counter()
    found = [base.search(question.text, DEPTH, lanes) for question in questions]
    return found, (time.perf_counter() - began) / len(questions) * 1000


def _documents(chunks: Iterable[Chunk], ids_of: Units) -> Documents:
    """Return the documents by their best passage."""
    return list(dict.fromkeys(one for chunk in chunks for one in ids_of(chunk)))


def _fixed(ranking: Ranking) -> dict[str, list[Chunk]]:
    """Return the candidates of a search in the order of every fixed fusion."""
    ranks, scores = [], []
    for at in range(len(ranking.found)):
        said = [candidate.lanes[at] for candidate in ranking.candidates]
        ranks.append(np.array([rank for _, rank, _ in said], np.int64))
        scores.append(np.array([score for _, _, score in said], np.float32))
    fused = {
        "rrf": reciprocal_rank_sum(ranks),
        "z-sum": zscore_sum(ranking.found, scores, [1.0] * len(scores)),
        **{f"mm{weight}": min_max_sum(scores, (weight, 1 - weight)) for weight in WEIGHTS},
    }
    return {
        name: [ranking.chunks[ranking.candidates[at].id] for at in np.argsort(-values, kind="stable")]
        for name, values in fused.items()
    }


def _pairs(
    rankings: Iterable[Documents], questions: Iterable[Question]
) -> Iterator[tuple[Documents, Mapping[str, float]]]:
    for ranking, question in zip(rankings, questions, strict=True):
        yield ranking, question.judged


def _score(ndcg: list[float], rankings: list[Documents], milliseconds: float, questions: Sequence[Question]) -> Score:
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


def _promise(rows: Sequence[Row]) -> str:
    """Say whether each half of the promise holds, and where it does not."""
    broken = [f"{row.name} ({row.fused_minus_best_lane:+.4f})" for row in rows if row.fused_minus_best_lane < -PROMISED]
    worst = min(rows, key=lambda row: row.fused_minus_best_lane)
    lanes = (
        f"broken on {', '.join(broken)}"
        if broken
        else f"kept; worst {worst.fused_minus_best_lane:+.4f} on {worst.name}"
    )
    means = {name: float(np.mean([row.scores[name].ndcg10 for row in rows])) for name in ("fused", *FIXED)}
    best = max(FIXED, key=lambda name: means[name])
    margin = means["fused"] - means[best]
    return (
        f"within {PROMISED} of the best lane on each of {len(rows)} sets: {lanes}\n"
        f"on average above every fixed fusion: {'kept' if margin > 0 else 'broken'}; the best of them, {best}, has"
        f" {means[best]:.4f}, fused {means['fused']:.4f} ({margin:+.4f})"
    )


if __name__ == "__main__":
    main()
