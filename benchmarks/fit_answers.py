"""How the weights of the sentence scorer and of the gate are fitted: from questions with known answers to the constants.

Run: python benchmarks/fit_answers.py SHARED/data --keep FOLDER [--gate] [--limit 120]
Everyday questions (folders with ``docs`` and ``questions.jsonl``) are fitted on their even rows and reported on their odd
ones; the folder that the reader was not trained on is fitted. Sets of ``eval`` keep the fit general: two rows of three are
fitted, the third reported; those of HELD are only reported. Searches are kept in FOLDER, so that the next fit takes a minute;
delete it after a change to the search. ``--gate`` fits the gate on answers that the scorer chooses as it is in the tree: put
its new constants in first.
"""

from __future__ import annotations

import argparse
import pickle
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path

import numpy as np
from answers import FOREIGN, holds, lines
from kb.app.answers.answer import PASSAGES, Asked
from kb.app.api import KnowledgeBase
from kb.app.exact.direct import directly
from kb.app.measure.expected import Expected, read_expected
from kb.llm.extractive import Extractive
from kb.llm.generator import Sampling
from kb.prompts.prompt import Prompt
from kb.prompts.task import task_of
from kb.retrieval.hit import Hit
from kb.retrieval.search.evidence import READ_WEIGHTS, WEIGHTS, Evidence, Signs, weigh
from kb.retrieval.sentences import scorer
from kb.retrieval.sentences.scorer import ranked
from kb.retrieval.sentences.signs import NAMES
from kb.retrieval.sentences.units import candidates
from kb.retrieval.words.question import terms
from kb.retrieval.words.tokens import tokens
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

EVERYDAY = ("everyday", "reported")
KEPT_OUT = Path(__file__).parent / "reader" / "folders" / "f"
FITTED = ("xquad-en", "xquad-zh", "cmrc2018-trial", "squad2-a")
HELD = ("expmrc-squad-dev", "drcd-dev")
EACH = {"everyday": 2.0, "reported": 1.5, "f": 1.5, "own": 0.6, "foreign": 0.8, "unable": 0.15}
"""How much a question counts in the fit of the gate. Questions that only look answerable hardly count: no word tells them."""
L2 = 0.002
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Row:
    """A question, and what was found for it."""

    set: str
    number: int
    kind: str
    """``own``: there is an answer; ``unable``: there is none; ``foreign``: there is none, nor anything on its topic."""
    question: str
    answers: tuple[str, ...]
    """Accepted strings; of everyday questions ``expected`` tells."""
    expected: Expected | None
    hits: tuple[Hit, ...]
    frequencies: Mapping[str, int]
    unrelated: float

    @property
    def fitted(self) -> bool:
        """Whether the fit looks at it."""
        if self.set == KEPT_OUT.name:
            return True
        return self.number % 2 == 0 if self.expected else self.set in FITTED and self.number % 3 > 0

    def is_right(self, text: str) -> bool:
        """Return whether a text answers."""
        if self.kind != "own":
            return False
        return self.expected.fits(text) if self.expected else holds(text, self.answers)


def found(
    kb: KnowledgeBase, name: str, number: int, kind: str, one: Expected | str, answers: Sequence[str] = ()
) -> Row:
    """Return a row: what kb finds for a question."""
    question = one if isinstance(one, str) else one.question
    wanted = [*tokens(question), *(form for term in terms(question) for form in term.forms)]
    searcher = kb.searcher
    hits = kb.library.find(question, PASSAGES, closely=True).hits
    return Row(
        name, number, kind, question, tuple(answers), None if isinstance(one, str) else one, hits,
        searcher.frequencies(list(dict.fromkeys(wanted))), searcher.unrelated(question),
    )  # fmt: skip


def everyday_rows(path: Path, home: Path) -> Iterator[Row]:
    """Ask a folder of files what people ask; what tables, the catalog or a summary answer is left out."""
    with KnowledgeBase.open(path.name, home=home, llm="extractive") as kb:
        kb.ingest([path / "docs"])
        for number, one in enumerate(read_expected(path / "questions.jsonl")):
            answered = one.follows or task_of(one.question, None, ()).name != "answer"
            if not answered and directly(kb.library, Asked(one.question)) is None:
                yield found(kb, path.name, number, "own" if one.answerable else "unable", one)


def folder_rows(home: Path, limit: int) -> Iterator[Row]:
    """Ask the folder that the reader was not trained on."""
    facts = [(question, fact, "own") for fact in lines(KEPT_OUT / "facts.jsonl") for question in fact["ask"]]
    asked = [*facts, *((none["ask"], none, "unable") for none in lines(KEPT_OUT / "none.jsonl"))]
    random.Random(5).shuffle(asked)
    with KnowledgeBase.open(KEPT_OUT.name, home=home, llm="extractive") as kb:
        kb.ingest([KEPT_OUT / "docs"])
        for number, (question, fact, kind) in enumerate(asked[: 2 * limit]):
            yield found(kb, KEPT_OUT.name, number, kind, question, fact.get("evidence", ()))


def eval_rows(path: Path, home: Path, limit: int) -> Iterator[Row]:
    """Ask a set its own questions and half as many foreign ones."""
    questions = lines(path / "queries.jsonl")
    random.Random(0).shuffle(questions)
    foreign = FOREIGN["zh" if re.search(r"[\u3400-\u9fff]", questions[0]["text"]) else "en"]
    others = [] if path.name.startswith(foreign) else lines(path.parent / foreign / "queries.jsonl")
    random.Random(0).shuffle(others)
    files = home / "files" / path.name
    files.mkdir(parents=True, exist_ok=True)
    for number, row in enumerate(lines(path / "corpus.jsonl")):
        title = f"# {row['title']}\n\n" if row["title"] else ""
        (files / f"{number:05}.md").write_text(title + row["text"], encoding="utf-8")
    with KnowledgeBase.open(path.name, home=home, llm="extractive") as kb:
        kb.ingest([files])
        for number, row in enumerate(questions[:limit]):
            kind = "own" if row["answerable"] else "unable"
            yield found(kb, path.name, number, kind, row["text"], row.get("answers", ()))
        for number, row in enumerate(others[: limit // 2]):
            one = found(kb, path.name, number, "foreign", row["text"])
            if not any(holds(hit.chunk.text, tuple(row.get("removed_answers", ()))) for hit in one.hits[:3]):
                yield one


def rows_of(data: Path, keep: Path, limit: int) -> list[Row]:
    """Return the rows of all sets, each from ``keep`` if it is there."""
    rows: list[Row] = []
    for name in (*EVERYDAY, KEPT_OUT.name, *FITTED, *HELD):
        kept = keep / f"{name}.pickle"
        if not kept.exists():
            keep.mkdir(parents=True, exist_ok=True)
            if name == KEPT_OUT.name:
                asked = folder_rows(keep, limit)
            elif name in EVERYDAY:
                asked = everyday_rows(data / name, keep)
            else:
                asked = eval_rows(data / "eval" / name, keep, limit)
            kept.write_bytes(pickle.dumps(list(asked)))
        rows += pickle.loads(kept.read_bytes())  # noqa: S301  written above
    return rows


def scorer_matrix(row: Row) -> tuple[Array, NDArray[np.bool_]] | None:
    """Return the signs of a question's sentences, and which of them answer; ``None`` where none may be quoted."""
    scored = ranked(row.question, list(candidates(list(enumerate(row.hits, 1)))))[1]
    if not scored:
        return None
    right = np.array([row.is_right(one.candidate.text) for one in scored])
    return np.array([astuple(one.signs) for one in scored], dtype=float), right


def fit_scorer(rows: Sequence[Row]) -> None:
    """Print the weights of a conditional logit: which sentence of all that are found answers."""
    matrices = [(row, matrix) for row in rows if row.kind == "own" and (matrix := scorer_matrix(row))]
    seen = [(row, *pair) for row, pair in matrices if row.fitted and pair[1].any() and not pair[1].all()]
    scale = np.concatenate([signs for _, signs, _ in seen]).std(axis=0) + 1e-6
    each = np.array([2.0 if row.expected else 1.0 for row, _, _ in seen])

    def loss(weights: Array) -> tuple[float, Array]:
        total, slope = L2 * float(weights @ weights), 2 * L2 * weights
        for (_, signs, right), times in zip(seen, each / each.sum(), strict=True):
            scores = (signs / scale) @ weights
            all_, good = logsumexp(scores), logsumexp(scores[right])
            total += times * float(all_ - good)
            p, q = np.exp(scores - all_), np.where(right, np.exp(scores - good), 0.0)
            slope = slope + times * ((p - q) @ (signs / scale))
        return total, slope

    fitted = minimize(loss, np.zeros(len(NAMES)), jac=True, method="L-BFGS-B").x / scale
    shipped = np.array(astuple(scorer.WEIGHTS))
    print("scorer: the first sentence answers, of those with an answer in what is found (shipped, fitted)")
    table: dict[tuple[str, bool], list[tuple[bool, bool]]] = defaultdict(list)
    for row, (signs, right) in matrices:
        if right.any():
            first = bool(right[np.argmax(signs @ shipped)]), bool(right[np.argmax(signs @ fitted)])
            table[row.set, row.fitted].append(first)
    for (name, is_fitted), pairs in sorted(table.items(), key=lambda item: (not item[0][1], item[0][0])):
        then, now = np.mean(pairs, axis=0)
        print(f"  {'fitted' if is_fitted else 'held':7}{name:20}{len(pairs):5}{then:8.3f}{now:8.3f}")
    print(f"Signs({', '.join(f'{name}={value:.2f}' for name, value in zip(NAMES, fitted, strict=True))})")


def answered(row: Row) -> tuple[Evidence, bool]:
    """Return what speaks for an answer, and whether the answer that is quoted is right."""
    evidence = weigh(row.question, row.hits, lambda _: dict(row.frequencies), unrelated=row.unrelated)
    return evidence, row.is_right("".join(Extractive().generate(Prompt(row.question, (), row.hits), Sampling())))


def fit_gate(rows: Sequence[Row]) -> None:
    """Print the weights of a logistic regression: whether the answer that would be given is right."""
    weighed = [(row, *answered(row)) for row in rows]
    seen = [(row, one, right) for row, one, right in weighed if row.fitted and one.best and one.shares_script]
    matrix = np.array([astuple(one.signs)[1:] for _, one, _ in seen], dtype=float)
    scale = matrix.std(axis=0) + 1e-6
    each = [EACH[row.set if row.set in EACH else row.kind] for row, _, _ in seen]
    model = LogisticRegression(C=0.3, max_iter=3000).fit(matrix / scale, [ok for *_, ok in seen], sample_weight=each)
    fitted = Signs(*(float(value) for value in (model.intercept_[0], *(model.coef_[0] / scale))))
    shipped = READ_WEIGHTS if any(one.was_read for _, one, _ in weighed) else WEIGHTS
    for title, weights in (("shipped", shipped), ("fitted", fitted)):
        print(f"gate, {title}: sure and right, sure and wrong, not sure though right; without an answer: sure")
        report_gate(weighed, weights)
    names = [field.name for field in fields(Signs)]
    print(f"Signs({', '.join(f'{name}={value:.2f}' for name, value in zip(names, astuple(fitted), strict=True))})")


def report_gate(weighed: Sequence[tuple[Row, Evidence, bool]], weights: Signs) -> None:
    """Print what is answered as sure, by set and half."""
    table: dict[tuple[bool, str], list[tuple[bool, bool, bool]]] = defaultdict(list)
    for row, evidence, right in weighed:
        sure = replace(evidence, weights=weights).sufficient
        table[not row.fitted, row.set].append((row.kind == "own", sure, right))
    for (is_held, name), found_ in sorted(table.items()):
        own = [(sure, right) for is_own, sure, right in found_ if is_own]
        others = [sure for is_own, sure, _ in found_ if not is_own]
        counts = [own.count((True, True)), own.count((True, False)), own.count((False, True))]
        print(
            f"  {'held' if is_held else 'fitted':7}{name:20}{len(own):5}"
            + "".join(f"{count:6}" for count in counts) + f"{len(others):8}{sum(others):6}"
        )  # fmt: skip


def main() -> None:
    """Fit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder of everyday, reported and eval")
    parser.add_argument("--keep", type=Path, required=True, help="keep bases and searches here")
    parser.add_argument("--limit", type=int, default=120, help="questions of a set of eval")
    parser.add_argument("--gate", action="store_true", help="fit the gate instead of the scorer")
    given = parser.parse_args()
    rows = rows_of(given.data, given.keep, given.limit)
    (fit_gate if given.gate else fit_scorer)(rows)


if __name__ == "__main__":
    main()
