"""What the reader is trained on: questions, and the sentences that are found for each, in their places.

Run: python benchmarks/reader/rows.py DATA/eval --keep FOLDER
Writes FOLDER/rows.jsonl: {"q", "origin", "split", "sentences": [[place, before, text, answers]]}. Folders are searched by kb
itself; of the evaluation sets sentences are found by TF-IDF, those of the right passage and the likest of the others.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath

import numpy as np
from kb import KnowledgeBase
from kb.ingest.text.sentences import sentence_spans
from kb.retrieval.search import meaning
from kb.retrieval.sentences.context import in_place
from kb.retrieval.sentences.scorer import ranked
from kb.retrieval.sentences.units import candidates
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

FOLDERS = Path(__file__).with_name("folders")
KEPT_OUT = {"f", "cmrc2018-trial", "clapnq-dev"}
SETS = {
    "squad2-a": 0, "xquad-en": 0, "xquad-zh": 0, "drcd-dev": 0, "cmrc2018-trial": 0, "clapnq-dev": 0, "expmrc-squad-dev": 0,
    "policyqa-dev": 1200,
}  # fmt: skip
"""With the most questions of each; 0: all."""
PASSAGES, SENTENCES, OF_PASSAGE, OF_OTHERS = 8, 12, 4, 4
MOST_RIGHT = 3
Row = dict[str, object]


def bare(text: str) -> str:
    """Return a text without what parts its words."""
    return re.sub(r"[\W_]+", "", text.lower())


def lines(path: Path) -> list[dict[str, str]]:
    """Return the objects of a file, one a line."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def folder_rows(folder: Path, home: Path) -> Iterator[Row]:
    """Ask kb what it finds for each question of a folder."""
    with KnowledgeBase.open(f"reader-{folder.name}", home=home, llm="extractive") as kb:
        kb.ingest([folder / "docs"])
        facts = [(question, fact) for fact in lines(folder / "facts.jsonl") for question in fact["ask"]]
        for question, fact in [*facts, *((none["ask"], none) for none in lines(folder / "none.jsonl"))]:
            hits = kb.library.find(question, PASSAGES).hits
            evidence = [bare(each) for each in fact.get("evidence", ())]
            found: list[list[object]] = []
            n_right = 0
            for place, one in enumerate(ranked(question, list(candidates(list(enumerate(hits, 1)))))[1]):
                hit, said = hits[one.candidate.passage - 1], bare(one.candidate.text)
                of_file = bool(evidence) and PurePath(hit.chunk.source).as_posix().endswith(fact["file"])
                right = of_file and any(each in said or (len(said) > 5 and said in each) for each in evidence)
                if place < SENTENCES or (right and n_right < MOST_RIGHT):
                    own = in_place(one.candidate, hit)
                    found.append([own.place, own.before, own.text, int(right)])
                    n_right += right
            if found and (n_right or not evidence):
                split = "test" if folder.name in KEPT_OUT else "train"
                yield {"q": question, "origin": "folders", "split": split, "sentences": found}


class Corpus:
    """The sentences of an evaluation set, each with its title and the sentence before, found by TF-IDF."""

    def __init__(self, documents: Sequence[dict[str, str]], *, chinese: bool) -> None:
        self.sentences: list[tuple[str, str, str]] = []
        self.of: dict[str, range] = {}
        """The places of a document's sentences."""
        for document in documents:
            texts = [document["text"][start:stop].strip() for start, stop in sentence_spans(document["text"])]
            self.of[document["id"]] = range(len(self.sentences), len(self.sentences) + len(texts))
            titles = [document.get("title", "")] * len(texts)
            self.sentences += zip(titles, ["", *texts[:-1]], texts, strict=True)
        grams = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True)
        self._vectorizer = grams if chinese else TfidfVectorizer(sublinear_tf=True)
        texts = [f"{title} {before[:40]} {text} {text}" for title, before, text in self.sentences]
        self._matrix = self._vectorizer.fit_transform(texts)

    def likeness(self, question: str) -> NDArray[np.float64]:
        """Return the cosine of every sentence with a question, float64 of shape (n,)."""
        found: NDArray[np.float64] = (self._matrix @ self._vectorizer.transform([question]).T).toarray().ravel()
        return found

    def chosen(self, own: Sequence[int], answers: Sequence[str], likeness: NDArray[np.float64]) -> list[list[object]]:
        """Return the sentence of the right passages that answers, if any, and the likest others, theirs and of the rest."""
        holding = [at for at in own if any(each in bare(self.sentences[at][2]) for each in answers)]
        right = sorted(holding, key=lambda at: -likeness[at])[:1]
        others = [at for at in sorted(own, key=lambda at: -likeness[at]) if at not in holding][:OF_PASSAGE]
        others += [at for at in np.argsort(-likeness)[:60].tolist() if at not in own][:OF_OTHERS]
        return [[*self.sentences[at], int(at in right)] for at in (*right, *others)]


def set_rows(path: Path, most: int) -> Iterator[Row]:
    """Find the likest sentences for each question of an evaluation set."""
    questions = lines(path / "queries.jsonl")
    relevant: dict[str, list[str]] = defaultdict(list)
    for line in (path / "qrels.tsv").read_text("utf-8").splitlines():
        question_id, document, grade = line.split("\t")
        if float(grade) > 0:
            relevant[question_id].append(document)
    if most:
        random.Random(7).shuffle(questions)
        questions = questions[:most]
    corpus = Corpus(lines(path / "corpus.jsonl"), chinese=not questions[0]["lang"].startswith("en"))
    titles = sorted({title for title, _, _ in corpus.sentences})
    held_out = set(titles[::2]) if path.name == "squad2-a" else set()
    for question in questions:
        passages = relevant.get(question["id"]) or [each for each in [question.get("context", "")] if each in corpus.of]
        own = [at for passage in passages for at in corpus.of.get(passage, ())]
        said = [bare(each) for each in (*question.get("answers", ()), *question.get("evidence", ()))]
        answers = list(filter(None, said)) if question["answerable"] else []
        found = corpus.chosen(own, answers, corpus.likeness(question["text"])) if own else []
        if not found or (question["answerable"] and not any(answers_it for *_, answers_it in found)):
            continue
        kept_out = path.name in KEPT_OUT or corpus.sentences[own[0]][0] in held_out
        yield {
            "id": question["id"],
            "q": question["text"],
            "origin": path.name,
            "split": "test" if kept_out else "train",
            "sentences": found,
        }


def main() -> None:
    """Write the rows."""
    meaning.open_reader = lambda _embedder: None  # what it is trained on is found without it
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--keep", type=Path, required=True)
    args = parser.parse_args()
    args.keep.mkdir(parents=True, exist_ok=True)
    with (args.keep / "rows.jsonl").open("w", encoding="utf-8") as file:
        for folder in sorted(FOLDERS.iterdir()):
            for row in folder_rows(folder, args.keep / "home"):
                print(json.dumps(row, ensure_ascii=False), file=file)
        for name, most in SETS.items():
            for row in set_rows(args.data / name, most):
                print(json.dumps(row, ensure_ascii=False), file=file)


if __name__ == "__main__":
    main()
