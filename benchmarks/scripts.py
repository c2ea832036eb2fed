"""Whether a question in the other Chinese script finds as well: Simplified asked of Traditional documents, and the other way.

Run: python benchmarks/scripts.py SHARED/data/eval/cmrc2018-trial SHARED/data/eval/drcd-dev [--limit N] [--embedder tfidf]
Comes in: sets in Chinese. Goes out: nDCG@10 of the questions as they are, and converted by OpenCC, whose phrase tables kb
does not have: to Traditional as it is written in general, in Taiwan (with its words) and in Hong Kong, and to Simplified.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import opencc
from kb import KnowledgeBase
from kb.app.measure.judged import Question, Units, lay_out, read_set
from kb.retrieval.metrics import ndcg_at, randomization_test

CONVERSIONS = ("s2t", "s2tw", "s2hk", "s2twp", "t2s", "tw2sp")
"""OpenCC's names: p also exchanges words, 软件 for 軟體."""
ENOUGH = 0.01
"""What may be lost, in nDCG@10."""
DEPTH = 50


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--limit", type=int, default=sys.maxsize, help="questions of a set; all unless given")
    parser.add_argument("--embedder", default="tfidf")
    given = parser.parse_args()
    print(
        f"{'set':20} {'questions':>9} {'converted':>9} {'changed':>8} {'nDCG@10':>8} {'then':>8} {'lost':>8} {'p':>6}"
    )
    for folder in given.sets:
        measure(folder, given.limit, given.embedder)


def measure(folder: Path, limit: int, embedder: str) -> None:
    """Build a base from one set, and ask it every question in every script."""
    questions = [question for question in read_set(folder, sys.maxsize) if question.judged][:limit]
    with tempfile.TemporaryDirectory() as temporary:
        files, ids_of = lay_out(folder, Path(temporary) / "files")
        with KnowledgeBase.open("benchmark", home=Path(temporary) / "home", embedder=embedder) as base:
            base.ingest([files])
            before = ndcg(base, questions, ids_of, str)
            for name in CONVERSIONS:
                convert = opencc.OpenCC(name).convert
                changed = sum(convert(question.text) != question.text for question in questions)
                if changed * 2 < len(questions):
                    continue  # the questions are in that script
                after = ndcg(base, questions, ids_of, convert)
                lost = float(np.mean(before) - np.mean(after))
                print(
                    f"{folder.name:20} {len(questions):9} {name:>9} {changed / len(questions):8.0%} {np.mean(before):8.4f}"
                    f" {np.mean(after):8.4f} {lost:8.4f} {randomization_test(before, after):6.3f}"
                    f"{'' if lost < ENOUGH else '  TOO MUCH'}",
                    flush=True,
                )


def ndcg(
    base: KnowledgeBase, questions: Sequence[Question], ids_of: Units, convert: Callable[[str], str]
) -> list[float]:
    """Return nDCG@10 of every question."""
    found = []
    for question in questions:
        hits = base.search(convert(question.text), DEPTH)
        found.append(
            ndcg_at(10, list(dict.fromkeys(one for hit in hits for one in ids_of(hit.chunk))), question.judged)
        )
    return found


if __name__ == "__main__":
    main()
