"""How good the answers without a model are, and whether they are given when and only when the documents hold them.

Run: python benchmarks/answers.py SHARED/data/eval [SET ...] [--limit 200] [--embedder tfidf|minilm] [--joined]
Passages go in as files, questions through ``kb.ask``; in ``*-cases`` sets each question has a base of its own passages.
Token F1 counts words, and Chinese characters, of the best single sentence against the best accepted answer. "foreign" are
questions of other sets, on topics that the corpus does not have; benchmarks/abstention.py says more of those.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from kb.app.answers.answer import Answer
from kb.app.api import KnowledgeBase
from kb.app.measure import overlap
from kb.app.measure.overlap import words
from kb.ingest.store.catalog import Catalog
from kb.ingest.store.keywords import Tokenizer
from kb.ingest.text.sentences import sentences
from kb.llm.selection import select
from kb.llm.span import answer_span
from kb.prompts.fill import fill
from kb.retrieval.lanes.bm25 import chunk_frequencies
from kb.retrieval.search.evidence import Evidence, weigh
from kb.retrieval.search.passages import readable
from kb.retrieval.words.question import content_tokens
from kb.retrieval.words.tokens import TOKENS_VERSION, tokens

FULL = """
    xquad-en xquad-en-gap xquad-en-gaphard squad2-a clapnq-dev expmrc-squad-dev gitlab-handbook
    xquad-zh xquad-zh-gap xquad-zh-gaphard cmrc2018-trial drcd-dev drcd-dev-gap drcd-dev-gaphard
""".split()  # noqa: SIM905
CASES = ("xquad-en-cases", "squad2-a-cases", "clapnq-cases", "xquad-zh-cases", "drcd-dev-cases")
FOREIGN = {"en": "nq-open-queries-a", "zh": "cmrc2018-trial"}


ROOM = 1 << 24
"""Of the prompt: nothing is left out."""
MUCH = 0.4
"""Token F1 from which on a long answer counts as right."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a set."""

    text: str
    answers: tuple[str, ...]
    """Accepted strings; empty when the passages do not hold the answer."""
    removed: tuple[str, ...] = ()
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """What became of a question."""

    question: Question
    answer: Answer
    evidence: Evidence
    best: str
    """The best sentence, also where kb abstained."""
    quoted: str
    """All sentences, also where kb abstained."""
    seconds: float
    """After retrieval."""


def lines(path: Path) -> list[dict]:
    """Return the rows of a file of JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def f1(text: str, answers: Sequence[str]) -> float:
    """Return the token F1 with the best accepted answer."""
    return max((overlap.f1(text, answer) for answer in answers), default=0.0)


def holds(text: str, answers: Sequence[str]) -> bool:
    """Return whether a text holds an accepted answer."""
    joined = " ".join(words(text))
    return any(f" {' '.join(words(answer))} " in f" {joined} " for answer in answers)


def exact(text: str, answers: Sequence[str]) -> bool:
    """Return whether a text is an accepted answer."""
    return any(overlap.exact_match(text, answer) for answer in answers)


def span_of(question: str, sentence: str) -> str:
    """Return the exact answer in a sentence where one stands out, else the sentence."""
    place = answer_span(question, sentence)
    return sentence[place[0] : place[1]] if place else sentence


def first_sentence(answer: Answer, _: str) -> str:
    """Baseline: the first sentence of the best hit."""
    found = [text for text in sentences(answer.hits[0].chunk.text) if not text.startswith("#")] if answer.hits else []
    return found[0] if found else ""


def bm25_sentence(answer: Answer, question: str) -> str:
    """Baseline: the sentence of all hits with the best BM25."""
    found = [text for hit in answer.hits for text in sentences(hit.chunk.text) if not text.startswith("#")]
    counts = [Counter(tokens(text)) for text in found]
    mean = statistics.fmean(count.total() for count in counts) if counts else 1.0
    wanted = content_tokens(question)
    rarity = {one: math.log(1 + len(counts) / (0.5 + sum(one in count for count in counts))) for one in wanted}

    def score(at: int) -> float:
        count = counts[at]
        scale = 1.2 * (0.25 + 0.75 * count.total() / mean)
        return sum(rarity[one] * count[one] * 2.2 / (count[one] + scale) for one in wanted)

    return found[max(range(len(found)), key=score)] if found else ""


def asked(kb: KnowledgeBase, questions: Sequence[Question], *, joined: bool) -> Iterator[Row]:
    """Ask every question; ``joined``: choose from passages as models read them."""
    with closing(Catalog(kb.config.folder, Tokenizer(tokens, TOKENS_VERSION))) as catalog:
        for question in questions:
            began = time.perf_counter()
            answer = kb.ask(question.text)
            seconds = time.perf_counter() - began - dict(answer.timings)["search"]
            evidence = weigh(
                question.text,
                answer.hits,
                lambda wanted: chunk_frequencies(catalog.connection(), wanted),
            )
            passages = readable(lambda _: catalog, answer.hits, ROOM, len) if joined else answer.hits
            prompt = fill(question.text, passages, count_tokens=len, room_tokens=ROOM)
            chosen = [candidate.text for candidate in select(prompt)]
            yield Row(question, answer, evidence, chosen[0] if chosen else "", " ".join(chosen), seconds)


def base_of(folder: Path, passages: Sequence[tuple[str, str]], embedder: str) -> KnowledgeBase:
    """Return a knowledge base of (title, text) passages, a file each."""
    (folder / "files").mkdir(parents=True)
    for number, (title, text) in enumerate(passages):
        heading = f"# {title}\n\n" if title else ""
        (folder / "files" / f"{number:05}.md").write_text(heading + text, encoding="utf-8")
    kb = KnowledgeBase.open("benchmark", home=folder / "home", embedder=embedder, llm="extractive")
    kb.ingest([folder / "files"])
    return kb


def full_rows(path: Path, limit: int, embedder: str, *, joined: bool) -> Iterator[Row]:
    """Ask questions of a set and foreign ones, all of one base."""
    found = [
        Question(row["text"], tuple(row.get("answers", ())) if row["answerable"] else ())
        for row in lines(path / "queries.jsonl")
    ]
    chance = random.Random(0)
    chance.shuffle(found)
    foreign = FOREIGN["zh" if re.search(r"[\u3400-\u9fff]", found[0].text) else "en"]
    same = path.name.startswith((foreign, "clapnq"))
    others = [] if same else lines(path.parent / foreign / "queries.jsonl")
    chance.shuffle(others)
    chosen = found[:limit] + [
        Question(row["text"], (), tuple(row.get("removed_answers", ())), foreign=True) for row in others[: limit // 2]
    ]
    with tempfile.TemporaryDirectory() as folder:
        passages = [(row["title"], row["text"]) for row in lines(path / "corpus.jsonl")]
        with base_of(Path(folder), passages, embedder) as kb:
            for row in asked(kb, chosen, joined=joined):
                by_chance = any(holds(hit.chunk.text, row.question.removed) for hit in row.answer.hits[:3])
                if not (row.question.foreign and by_chance):
                    yield row


def case_rows(path: Path, limit: int, embedder: str, *, joined: bool) -> Iterator[Row]:
    """Ask each question of a base that holds its contexts only."""
    cases = lines(path / "cases.jsonl")
    random.Random(0).shuffle(cases)
    for case in cases[:limit]:
        answers = tuple(case["answers"]) if case["expected"] == "answer" else ()
        contexts = [("", text) for text in case["contexts"]]
        with tempfile.TemporaryDirectory() as folder, base_of(Path(folder), contexts, embedder) as kb:
            yield from asked(kb, [Question(case["question"], answers)], joined=joined)


def share(values: Sequence[float | bool]) -> float:
    """Return the mean; not a number for none."""
    return statistics.fmean(values) if values else math.nan


def risk_coverage(rows: Sequence[Row]) -> tuple[float, float]:
    """Return the area under the risk-coverage curve, and the share of answerable questions answered at 5 % false answers.

    A risk is an answer that does not hold an accepted one, nor much of a long one (El-Yaniv and Wiener 2010; Geifman and
    El-Yaniv 2017).
    """
    ranked = sorted(rows, key=lambda row: -row.evidence.score)
    wrong, risks = 0, []
    for n, row in enumerate(ranked, 1):
        wrong += not (holds(row.quoted, row.question.answers) or f1(row.quoted, row.question.answers) >= MUCH)
        risks.append(wrong / n)
    without = sorted((row.evidence.score for row in rows if not row.question.answers), reverse=True)
    limit = without[int(0.05 * len(without))] if without else -math.inf
    return share(risks), share([row.evidence.score > limit for row in rows if row.question.answers])


METHODS: dict[str, Callable[[Row], str]] = {
    "kb (as answered)": lambda row: "" if not row.answer.sure else row.best,
    "kb, all it quotes": lambda row: "" if not row.answer.sure else row.quoted,
    "kb, exact span if any": lambda row: "" if not row.answer.sure else span_of(row.question.text, row.best),
    "always: kb's sentence": lambda row: row.best,
    "always: its exact span": lambda row: span_of(row.question.text, row.best),
    "always: best BM25 sentence": lambda row: bm25_sentence(row.answer, row.question.text),
    "always: first of best hit": lambda row: first_sentence(row.answer, row.question.text),
}


def report(name: str, rows: Sequence[Row]) -> None:
    """Print the figures of one set."""
    able = [row for row in rows if row.question.answers]
    unable = [row for row in rows if not row.question.answers and not row.question.foreign]
    foreign = [row for row in rows if row.question.foreign]
    print(f"\n{name}: {len(able)} answerable, {len(unable)} unanswerable, {len(foreign)} foreign questions")
    report_abstention(rows, able, unable, foreign)
    report_citations(rows, able)
    print(f"  {'on answerable questions':30}{'F1':>8}{'exact':>8}{'holds the answer':>18}")
    for title, method in METHODS.items():
        texts = [(method(row), row.question.answers) for row in able]
        figures = [share([score(*one) for one in texts]) for score in (f1, exact, holds)]
        print(f"  {title:30}{figures[0]:8.3f}{figures[1]:8.3f}{figures[2]:18.3f}")


def answered(rows: Sequence[Row]) -> float:
    """Return the share of the questions that are answered as sure."""
    return share([row.answer.sure for row in rows])


def report_abstention(rows: Sequence[Row], able: Sequence[Row], unable: Sequence[Row], foreign: Sequence[Row]) -> None:
    """Print when answers are given, and when they should be."""
    area, at_five = risk_coverage(rows)
    noted = [any("mention" in note or "没有提到" in note for note in row.answer.notes) for row in unable]
    print(
        f"  abstained on answerable {1 - answered(able):.3f}   false answers: unanswerable {answered(unable):.3f}"
        f" foreign {answered(foreign):.3f}   AURC {area:.3f}   answered at 5 % false {at_five:.3f}"
        f"   unanswerable told what is not mentioned {share(noted):.3f}"
    )


def report_citations(rows: Sequence[Row], able: Sequence[Row]) -> None:
    """Print how many citations hold an answer, and what they cost."""
    said = [row.answer for row in able if row.answer.sure]
    accepted = {row.answer.question: row.question.answers for row in able}
    cited = [holds(one.quote, accepted[answer.question]) for answer in said for one in answer.citations]
    seconds = [row.seconds for row in rows]
    print(
        f"  citation precision {share(cited):.3f}   sentences {share([len(answer.sentences) for answer in said]):.2f}"
        f"   ms after retrieval: median {1e3 * statistics.median(seconds):.0f} max {1e3 * max(seconds):.0f}"
    )


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("eval", type=Path, help="the folder of evaluation sets")
    parser.add_argument("sets", nargs="*", help="only these")
    parser.add_argument("--limit", type=int, default=200, help="questions a set, and half as many foreign ones")
    parser.add_argument("--embedder", choices=["tfidf", "minilm"], default="tfidf")
    parser.add_argument(
        "--joined", action="store_true", help="choose from passages joined and made whole, as models read them"
    )
    given = parser.parse_args()
    for name in given.sets or [*FULL, *CASES]:
        measure = case_rows if name.endswith("-cases") else full_rows
        rows = list(measure(given.eval / name, given.limit, given.embedder, joined=given.joined))
        report(name, rows)


if __name__ == "__main__":
    main()
