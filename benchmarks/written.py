"""What a language model's answers are worth: as kb has them written, beside kb's quotes and the plain LangChain recipe.

    python benchmarks/written.py MODEL.gguf --eval SHARED/data/eval --everyday SHARED/data/everyday \
        [--sets xquad-en xquad-zh ...] [--limit 100] [--ways quotes written langchain direct] [--rows written.jsonl]

The same questions, the same base, the same file. *quotes*: kb without a model. *written*: kb with it. *langchain*: the best 4
passages stuffed into LangChain's default prompt, as its tutorials have it, with kb's own search. *direct*: llama.cpp called
with the very request that kb sent, for the time to the first word. A row is appended to ``--rows`` for each answer, and a run
goes on where one stopped; the figures are of all its rows. BLEU needs sacrebleu (pip install sacrebleu).
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from answers import base_of, exact, f1, lines
from generation import open_direct
from kb.app.answers.answer import Answer, Asked
from kb.app.api import KnowledgeBase
from kb.app.measure.overlap import rouge_l, words
from kb.llm.chat import turns
from kb.llm.generator import Sampling
from kb.llm.gguf import GGUFGenerator
from kb.llm.models.cores import free_cores
from kb.llm.watch import fault
from kb.prompts.claims import figures
from kb.prompts.prompt import Message, Prompt
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from written_rows import WAYS, Question, Row, read_rows, report

SETS = ("xquad-en", "xquad-zh", "expmrc-squad-dev", "xquad-en-gaphard", "xquad-zh-gaphard", "everyday")
STUFFED = 4
MOST_TOKENS = 256
"""What LangChain's llama.cpp writes at most unless told otherwise."""
RECIPE = (
    "Use the following pieces of context to answer the user's question. \nIf you don't know the answer, just say that you "
    "don't know, don't try to make up an answer.\n----------------\n{context}"
)
"""Of ``langchain.chains.question_answering.stuff_prompt``, for chat models."""
DENIES = re.compile(
    r"(?:don.t|do not|doesn.t|does not) (?:know|say|mention|specify|provide|contain)|no (?:information|mention)|not (?:stated|"
    r"mentioned|specified|provided)|不知道|没有(?:提到|提及|说明|提供|相关)|未(?:提到|提及|提供)|无法(?:确定|回答)",
    re.IGNORECASE,
)
"""How a model says that it is not told."""
MARK = re.compile(r"\s?\[\d+\]")


def questions_of(path: Path, limit: int) -> list[Question]:
    """Return questions of a set, drawn by chance with one seed; follow-ups, which need a conversation, are left out."""
    if (path / "questions.jsonl").exists():
        found = [
            Question(
                row["id"], row["question"], row["answerable"], must=tuple(row["must"]), must_not=tuple(row["must_not"])
            )
            for row in lines(path / "questions.jsonl")
            if not row.get("follows")
        ]
    else:
        found = [
            Question(
                row["id"],
                row["text"],
                row["answerable"],
                tuple(row.get("answers", ())),
                evidence=tuple(row.get("evidence", ())),
            )
            for row in lines(path / "queries.jsonl")
        ]
    random.Random(0).shuffle(found)
    if path.name.endswith("gaphard"):
        found = [one for one in found if not one.answerable]
    return found[:limit]


class Bench:
    """One model on one base."""

    def __init__(self, path: Path, work: Path, generator: GGUFGenerator, n_threads: int) -> None:
        """Open the base of a set, making it on first use."""
        self.name, self.generator, self.n_threads = path.name, generator, n_threads
        home = work / path.name
        if not (home / "done").exists():
            if (path / "docs").exists():
                with KnowledgeBase.open("benchmark", home=home / "home", embedder="tfidf") as kb:
                    kb.ingest([path / "docs"])
            else:
                base_of(home, [(row["title"], row["text"]) for row in lines(path / "corpus.jsonl")], "tfidf").close()
            (home / "done").touch()
        self.quoting = KnowledgeBase.open("benchmark", home=home / "home", embedder="tfidf", llm="extractive")
        self.writing = KnowledgeBase.open("benchmark", home=home / "home", embedder="tfidf", llm=generator)
        self.model = generator.name
        self.server = None
        self.messages: tuple[Message, ...] = ()
        """Of the last request of kb."""

    def quotes(self, one: Question) -> Row:
        """Answer without a model."""
        began = time.perf_counter()
        answer = self.quoting.ask(one.text)
        row = self._row(one, "quotes")
        self._answered(row, one, answer)
        row.first_s = row.seconds = time.perf_counter() - began
        return row

    def written(self, one: Question) -> Row:
        """Answer as kb has the model answer."""
        row, began = self._row(one, "written"), time.perf_counter()
        with closing(self.writing.answering.answers(Asked(one.text))) as answers:
            for found in answers:
                if found[1].raw and math.isnan(row.first_s):
                    row.first_s = time.perf_counter() - began
        answer, written = found
        row.seconds = time.perf_counter() - began
        timings = dict(answer.timings)
        row.raw, self.messages = written.raw, written.messages
        if row.raw and "first token" in timings:
            row.request_s = timings["first token"]
            row.words_per_s = len(words(row.raw)) / max(timings["generate"], 1e-9)
            given = "\n".join(message.content for message in written.messages)
            row.raw_wrong = fault(row.raw, given, "", finished=True) or ""
        self._answered(row, one, answer)
        return row

    def langchain(self, one: Question) -> Row:
        """Answer as the recipe does."""
        row, began = self._row(one, "langchain"), time.perf_counter()
        passages = "\n\n".join(doc.page_content for doc in self.writing.as_retriever(STUFFED).invoke(one.text))
        prompt = ChatPromptTemplate.from_messages([("system", RECIPE), ("human", "{question}")])
        model = self.writing.as_chat_model(Sampling(max_tokens=MOST_TOKENS))
        for piece in (prompt | model | StrOutputParser()).stream({"context": passages, "question": one.text}):
            if piece and math.isnan(row.first_s):
                row.first_s = time.perf_counter() - began
            row.raw += piece
        row.seconds = time.perf_counter() - began
        row.words_per_s = len(words(row.raw)) / max(row.seconds - row.first_s, 1e-9) if row.raw else math.nan
        row.text, row.shown = row.raw, "denied" if DENIES.search(row.raw) else "written"
        self._judged(row, one, f"{passages}\n{one.text}")
        row.raw_wrong = row.wrong
        return row

    def direct(self, one: Question) -> Row:
        """Call llama.cpp with the last request of kb, for the time to the first word."""
        self.server = self.server or open_direct(Path(self.generator._path), self.n_threads)  # noqa: SLF001
        row = self._row(one, "direct")
        request = {
            "messages": turns(Prompt(one.text, self.messages, ())),
            "stream": True,
            "max_tokens": 8,
            "temperature": 0.0,
        }
        began = time.perf_counter()

        def receive(chunk: str) -> bool:
            if math.isnan(row.first_s) and json.loads(chunk)["choices"][0]["delta"].get("content"):
                row.first_s = row.request_s = time.perf_counter() - began
            return False

        if self.messages:
            self.server.handle_chat_completions(json.dumps(request), receive)
        row.seconds = time.perf_counter() - began
        return row

    def _row(self, one: Question, way: str) -> Row:
        return Row(self.name, one.id, self.model, way, one.text, one.answerable, accepted=one.answers)

    def _answered(self, row: Row, one: Question, answer: Answer) -> None:
        """Put down what kb answered."""
        row.text, row.notes = MARK.sub("", answer.text), answer.notes
        if answer.abstained:
            row.shown = "none"
        elif not answer.sure:
            row.shown = "unsure"
        else:
            row.shown = "quotes" if answer.text == self.quoting.ask(one.text).text else "written"
        given = "\n".join([*(f"{' '.join(hit.chunk.headings)}\n{hit.chunk.text}" for hit in answer.hits), one.text])
        self._judged(row, one, given)
        row.exact = row.exact or bool(
            answer.answer_span and exact(answer.text[slice(*answer.answer_span)], row.accepted)
        )
        cited = answer.citations
        row.sentences, row.citations = len(answer.sentences), len(cited)
        row.supported = sum(sentence.support == "supported" for sentence in answer.sentences)
        row.verbatim = sum(
            self.writing.document_text(each.source)[each.start : each.stop] == each.quote for each in cited
        )
        row.has_evidence = bool(one.evidence)
        row.on_evidence = sum(any(_overlaps(each.quote, sentence) for sentence in one.evidence) for each in cited)

    def _judged(self, row: Row, one: Question, given: str) -> None:
        """Put down what a text is worth."""
        row.right = row.shown not in ("none", "denied", "unsure") and one.is_right(row.text)
        row.f1, row.exact, row.rouge = (
            f1(row.text, one.answers),
            exact(row.text, one.answers),
            max((rouge_l(row.text, answer) for answer in one.answers), default=0.0),
        )
        if row.shown == "written":  # kb's own counts and lists of files are no text of a passage
            row.wrong = fault(row.text, given, "", finished=True) or ""
        known = figures(given)
        row.invented = sum(figure not in known for figure in figures(row.text)) if row.shown == "written" else 0


def _overlaps(quote: str, sentence: str) -> bool:
    ours, theirs = set(words(quote)), set(words(sentence))
    return len(ours & theirs) >= 0.6 * min(len(ours), len(theirs)) > 0


def measure(given: argparse.Namespace, generator: GGUFGenerator, n_threads: int, work: Path) -> None:
    """Ask what was not asked yet, until the time is over."""
    deadline = time.monotonic() + given.minutes * 60
    done = {(row.set, row.id, row.model, row.way) for row in read_rows(given.rows)}
    for name in given.sets:
        path = given.everyday if name == "everyday" else given.eval / name
        bench = Bench(path, work, generator, n_threads)
        ways: dict[str, Callable[[Question], Row]] = {way: getattr(bench, way) for way in WAYS}
        for number, question in enumerate(questions_of(path, given.limit), 1):
            todo = [way for way in given.ways if (path.name, question.id, generator.name, way) not in done]
            for way in todo:
                if time.monotonic() > deadline:
                    return
                if way == "direct" and ("written" not in todo or number % given.direct_every):
                    continue
                with given.rows.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(ways[way](question)), ensure_ascii=False) + "\n")
            print(f"\r{name} {number}", end="", file=sys.stderr, flush=True)


def main() -> None:
    """Measure, then print the figures of all rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="a GGUF file")
    parser.add_argument("--eval", type=Path, required=True, help="the folder of evaluation sets")
    parser.add_argument("--everyday", type=Path, help="the folder of everyday questions")
    parser.add_argument("--sets", nargs="+", default=list(SETS), help="of them, and everyday")
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=WAYS)
    parser.add_argument("--limit", type=int, default=100, help="questions a set")
    parser.add_argument(
        "--direct-every", type=int, default=5, help="call llama.cpp directly for every so many questions"
    )
    parser.add_argument("--minutes", type=float, default=60, help="stop asking after this long")
    parser.add_argument("--rows", type=Path, default=Path("written.jsonl"))
    parser.add_argument("--work", type=Path, help="where bases are kept, for the next run")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        n_threads = free_cores()
        generator = GGUFGenerator(given.model, n_threads=n_threads)
        measure(given, generator, n_threads, given.work or Path(folder))
        generator.close()
    report([row for row in read_rows(given.rows) if row.model == generator.name])


if __name__ == "__main__":
    main()
