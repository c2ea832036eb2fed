"""How exactly kb answers from tables: sums, filters, extremes, counts and look-ups whose answer plain Python works out.

Run: python benchmarks/tables.py [--seed 7] [--show wrong|left|all]
Makes 24 tables in English and Chinese (CSV with three delimiters, Markdown, HTML, Excel), puts them into one base with some
prose, and asks what people ask. An answer is exact when it has every expected value and names no row that is not expected;
"left" is a question that was not answered from a table: ordinary answering goes on with it. Wrong must be 0.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path

from kb.app.answers.answer import Asked
from kb.app.api import KnowledgeBase
from kb.app.exact.tables import from_tables
from tables_asked import Question, colloquial, formal, traps
from tables_made import made, written

PROSE = {
    "notes/meeting.md": "# Meeting\n\nThe copper pan sells well; Ada Moss will raise its price. Birke GmbH owes us.\n",
    "notes/会议.md": "# 会议\n\n订书机要涨价，王芳负责联系宏达机械。\n",
}


def is_exact(question: Question, text: str, n_rows: int) -> bool:
    """Return whether an answer has every expected value, and no more rows than are expected."""
    found = {Decimal(one.replace(",", "")) for one in re.findall(r"-?\d[\d,]*(?:\.\d+)?", text)}
    found |= {Decimal(one.replace(".", "").replace(",", ".")) for one in re.findall(r"\d[\d.]*,\d{2}(?!\d)", text)}
    has_all = all(value in text if isinstance(value, str) else Decimal(value) in found for value in question.values)
    return has_all and (not question.rows or n_rows == question.rows)


def main() -> None:
    """Print how many questions are answered exactly, left, and wrong, by kind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--show", choices=("wrong", "left", "all"), default="wrong")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    tables = made(rng)
    asked = [*colloquial(tables), *formal(tables, rng)]
    counts: Counter[tuple[str, str]] = Counter()
    seconds = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "docs"
        for table in tables.values():
            written(table, folder)
        for name, text in PROSE.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        with KnowledgeBase.open(home=Path(scratch) / "home", embedder="tfidf") as base:
            base.ingest([folder])
            texts = {row.source: base.document_text(row.source) for row in base.sources()}

            def ask(text: str) -> tuple[str, int] | None:
                began = time.perf_counter()
                answer = from_tables(base.library, Asked(text))
                seconds.append(time.perf_counter() - began)
                for one in answer.citations if answer else ():
                    assert texts[one.source][one.start : one.stop] == one.quote
                lines = sum(one.quote.count("\n") + 1 for one in answer.citations) if answer else 0
                return (re.sub(r" ?\[\d+\]", "", answer.text), lines) if answer else None

            for question in asked:
                said = ask(question.text)
                verdict = "left" if said is None else "exact" if is_exact(question, *said) else "wrong"
                counts["colloquial" if question.is_colloquial else "formal", verdict] += 1
                if options.show in {"all", verdict} or verdict == "wrong":
                    expected = ", ".join(map(str, question.values))
                    print(f"{verdict}: {question.text} -> {said[0] if said else '-'} (expected {expected})")
            for trap in traps():
                said = ask(trap)
                counts["trap", "left" if said is None else "wrong"] += 1
                if said:
                    print(f"wrong: {trap} -> {said[0]}")
    for kind in ("colloquial", "formal", "trap"):
        of = {verdict: counts[kind, verdict] for verdict in ("exact", "left", "wrong")}
        print(f"{kind:<12}{sum(of.values()):>5}  " + "  ".join(f"{verdict} {n}" for verdict, n in of.items()))
    print(f"{len(tables)} tables; median {1000 * statistics.median(seconds):.0f} ms, most {1000 * max(seconds):.0f} ms")
    sys.exit(1 if sum(n for (_, verdict), n in counts.items() if verdict == "wrong") else 0)


if __name__ == "__main__":
    main()
