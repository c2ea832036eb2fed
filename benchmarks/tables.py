"""How exactly kb answers from tables: sums, filters, extremes, counts and look-ups whose answer plain Python works out.

Run: python benchmarks/tables.py [--seed 7] [--show wrong|left|all]
Makes 24 tables in English and Chinese (CSV with three delimiters, Markdown, HTML, Excel), puts them into one base with some
prose, and asks what people ask. An answer is exact when it has every expected value and names no row that is not expected;
"left" is a question whose words no table all knows: of these the likeliest plan answers some ("likely"), and ordinary answering
goes on with the rest. Wrong must be 0; likely ones may be wrong, and are printed.
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

from kb.app.answers.answer import Answer, Asked
from kb.app.api import KnowledgeBase
from kb.app.exact.direct import computed_from_tables
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


class Asking:
    """Asks a base, and counts what is exact, left and wrong."""

    def __init__(self, base: KnowledgeBase, show: str) -> None:
        """Take a base of tables, and which verdicts to print besides wrong ones."""
        self.base = base
        self.show = show
        self.texts = {row.source: base.document_text(row.source) for row in base.sources()}
        self.seconds: list[float] = []
        self.counts: Counter[tuple[str, str]] = Counter()

    def exactly(self, text: str) -> tuple[str, int] | None:
        """Return the answer of the table that knows every word, and its number of lines."""
        began = time.perf_counter()
        answer = from_tables(self.base.library, Asked(text))
        self.seconds.append(time.perf_counter() - began)
        return self._said(answer)

    def likely(self, text: str) -> tuple[str, int] | None:
        """Return the likeliest answer, and its number of lines."""
        return self._said(computed_from_tables(self.base.library, Asked(text), self.base.search(text), is_sure=False))

    def _said(self, answer: Answer | None) -> tuple[str, int] | None:
        if answer is None:
            return None
        for one in answer.citations:
            assert self.texts[one.source][one.start : one.stop] == one.quote
        return re.sub(r" ?\[\d+\]", "", answer.text), sum(one.quote.count("\n") + 1 for one in answer.citations)

    def question(self, question: Question) -> None:
        """Ask a question with a known answer."""
        kind = "colloquial" if question.is_colloquial else "formal"
        said = self.exactly(question.text)
        self._count(kind, "left" if said is None else "exact" if is_exact(question, *said) else "wrong", question, said)
        if said is None and (likely := self.likely(question.text)):
            self._count(kind, "likely exact" if is_exact(question, *likely) else "likely wrong", question, likely)

    def trap(self, text: str) -> None:
        """Ask what no table says."""
        said, likely = self.exactly(text), self.likely(text)
        self._count(
            "trap", "wrong" if said else "likely wrong" if likely else "left", Question(text, (), ""), said or likely
        )

    def _count(self, kind: str, verdict: str, question: Question, said: tuple[str, int] | None) -> None:
        self.counts[kind, verdict] += 1
        if self.show in {"all", verdict} or verdict in {"wrong", "likely wrong"}:
            expected = ", ".join(map(str, question.values))
            print(f"{verdict}: {question.text} -> {said[0] if said else '-'} (expected {expected or 'none'})")


def main() -> None:
    """Print how many questions are answered exactly, left, and wrong, by kind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--show", choices=("wrong", "left", "all"), default="wrong")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    tables = made(rng)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "docs"
        for table in tables.values():
            written(table, folder)
        for name, text in PROSE.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        with KnowledgeBase.open(home=Path(scratch) / "home", embedder="tfidf") as base:
            base.ingest([folder])
            asking = Asking(base, options.show)
            for question in (*colloquial(tables), *formal(tables, rng)):
                asking.question(question)
            for trap in traps():
                asking.trap(trap)
    for kind in ("colloquial", "formal", "trap"):
        of = {one: asking.counts[kind, one] for one in ("exact", "left", "likely exact", "likely wrong", "wrong")}
        print(
            f"{kind:<12}{of['exact'] + of['left'] + of['wrong']:>5}  "
            + "  ".join(f"{one} {n}" for one, n in of.items())
        )
    seconds = asking.seconds
    print(f"{len(tables)} tables; median {1000 * statistics.median(seconds):.0f} ms, most {1000 * max(seconds):.0f} ms")
    sys.exit(1 if any(n for (_, verdict), n in asking.counts.items() if verdict == "wrong") else 0)


if __name__ == "__main__":
    main()
