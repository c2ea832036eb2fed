"""Whether it matters that files lie in one base or in one base a topic: the same questions asked of both.

Run: python benchmarks/topics.py SET [--embedder SPEC] [--home DIR]
SET holds ``docs``, whose folders are the topics, and ``questions.jsonl``, as ../shared/data/everyday. The bases of the topics
are asked together, as ``kb ask --name A --name B``.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from kb.app.answers.answer import Answer
from kb.app.answers.chat import Chat
from kb.app.api import KnowledgeBase
from kb.app.asking import Asks
from kb.app.measure.asking import HAVE, HAVE_NONE, Asking, ask_all
from kb.app.measure.expected import Expected, read_expected
from kb.app.several import KnowledgeBases


def measured(base: Asks, questions: Sequence[Expected]) -> Asking:
    """Ask all questions of a base, or of several as one."""

    def ask(turns: Sequence[str]) -> Answer:
        talk = Chat(partial(base.answers, record=False), base.answering, base.log, turns=())
        return [talk.ask(turn) for turn in turns][-1]

    return ask_all(questions, ask)


def main() -> None:
    """Measure both and print the difference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=Path)
    parser.add_argument("--embedder", help="what embeds, as for KnowledgeBase.open")
    parser.add_argument("--home", type=Path, help="where to keep the bases; thrown away unless given")
    given = parser.parse_args()
    questions = read_expected(given.set / "questions.jsonl")
    topics = [path for path in sorted((given.set / "docs").iterdir()) if path.is_dir()]
    with tempfile.TemporaryDirectory() as scratch:
        opened = partial(
            KnowledgeBase.open, home=given.home or Path(scratch), embedder=given.embedder, llm="extractive"
        )
        with opened("all") as base:
            base.ingest([given.set / "docs"])
            done = {"one base": measured(base, questions)}
        names = [f"topic-{number}" for number, _ in enumerate(topics)]
        for name, topic in zip(names, topics, strict=True):
            with opened(name) as base:
                base.ingest([topic])
        with KnowledgeBases.open(names, home=given.home or Path(scratch), llm="extractive") as bases:
            done[f"{len(topics)} bases"] = measured(bases, questions)
    shares = []
    for title, asking in done.items():
        counts = asking.kinds[-1].counts
        n = sum(counts[verdict] for verdict in HAVE)
        shares.append(100 * counts["right"] / n)
        print(
            f"{title}: right {shares[-1]:.1f} % of {n}; "
            + ", ".join(f"{one} {counts[one]}" for one in (*HAVE, *HAVE_NONE))
        )
    print(f"right answers differ by {abs(shares[0] - shares[1]):.1f} points")
    one, other = (asking.outcomes for asking in done.values())
    for here, there in zip(one, other, strict=True):
        if here.verdict != there.verdict:
            print(f"  {here.verdict} -> {there.verdict}: {here.question.question}")


if __name__ == "__main__":
    main()
