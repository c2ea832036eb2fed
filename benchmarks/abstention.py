"""When kb answers and when it does not, on sets that the weights of the evidence were fitted on and on others.

Run: python benchmarks/abstention.py SHARED/data/eval [--embedder tfidf|minilm] [--limit 300] [--keep FOLDER]
Each base is asked its own questions and *foreign* ones, of other sets on other topics. "fitted" sets are of the kinds that
``fit_answers.py`` looks at, "held" sets it never sees; SQuAD 2 and ClapNQ add questions that only look answerable. Risk and
coverage: which share of its own questions a base still answers when so many foreign ones may be answered.
"""

from __future__ import annotations

import argparse
import math
import re
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kb.app.api import KnowledgeBase
from kb.app.measure.judged import lay_out, read_set
from kb.prompts.leaning import leans
from kb.retrieval.search.evidence import Evidence, weigh

FITTED = """
    xquad-en xquad-en-gap xquad-en-gaphard squad2-a gitlab-handbook xquad-zh xquad-zh-gap xquad-zh-gaphard cmrc2018-trial
""".split()  # noqa: SIM905
HELD = """
    clapnq-dev expmrc-squad-dev pubmedqa policyqa-dev cacm cranfield docs-en-rustbook-headings
    drcd-dev drcd-dev-gap drcd-dev-gaphard dureader-demo
""".split()  # noqa: SIM905
FOREIGN = {
    "en": ("nq-open-queries-a", "gitlab-handbook", "xquad-en"),
    "zh": ("cmrc2018-trial", "xquad-zh", "drcd-dev"),
}
KIN = {
    "squad2-a": "squad", "xquad-en": "squad", "expmrc-squad-dev": "squad", "clapnq-dev": "nq", "nq-open-queries-a": "nq",
}  # fmt: skip
"""Sets of one origin; their questions are not foreign to each other's passages."""


@dataclass(frozen=True, slots=True)
class Row:
    """A question, and what a base has on it."""

    kind: str
    """``own``, ``unable`` (of the set, but not in the corpus) or ``foreign``."""
    evidence: Evidence


def family(name: str) -> str:
    """Return the origin of a set."""
    plain = re.sub("-(?:gap|gaphard)$", "", name)
    return KIN.get(plain, plain)


def questions(path: Path, limit: int) -> Iterator[tuple[str, str]]:
    """Yield the questions that a base of a set is asked, and their kinds, without follow-ups, which mean nothing alone."""
    own = [question for question in read_set(path, limit) if not leans(question.text)]
    yield from ((question.text, "own" if question.judged else "unable") for question in own)
    chinese = any(re.search(r"[\u3400-\u9fff]", question.text) for question in own[:5])
    for name in FOREIGN["zh" if chinese else "en"]:
        if family(name) != family(path.name):
            found = read_set(path.parent / name, limit // 3) if (path.parent / name / "qrels.tsv").exists() else []
            yield from ((question.text, "foreign") for question in found if not leans(question.text))


def asked(path: Path, limit: int, embedder: str, keep: Path) -> Iterator[Row]:
    """Weigh the evidence for every question."""
    with KnowledgeBase.open("base", home=keep / f"{path.name}-{embedder}", embedder=embedder, llm="extractive") as kb:
        if not (kb.config.is_there and kb.catalog.count("chunks")):
            with tempfile.TemporaryDirectory() as folder:
                kb.ingest([lay_out(path, Path(folder) / "files")[0]])
        for text, kind in questions(path, limit):
            found = kb.find(text, 8)
            unrelated = kb.searcher.unrelated(text)
            yield Row(kind, weigh(text, found.hits, kb.searcher.frequencies, unrelated=unrelated))


def share(rows: Sequence[Row], kind: str, passes: Callable[[Evidence], bool]) -> float:
    """Return which share of the questions of a kind pass; not a number if there are none."""
    found = [passes(row.evidence) for row in rows if row.kind == kind]
    return statistics.fmean(found) if found else math.nan


def limit_at(rows: Sequence[Row], answered: float, score: Callable[[Evidence], float]) -> float:
    """Return the score that no more than this share of the foreign questions exceed."""
    foreign = [row.evidence for row in rows if row.kind == "foreign"]
    scores = sorted((-math.inf if one.missing or one.best is None else score(one) for one in foreign), reverse=True)
    return scores[int(answered * len(scores))] if scores else -math.inf


RISKS = (0.01, 0.02, 0.05, 0.1)


def figures(rows: Sequence[Row]) -> list[float]:
    """Return the shares of own, foreign and unable questions that are answered, and of own ones at each of ``RISKS``."""
    line = [share(rows, kind, lambda one: one.sufficient) for kind in ("own", "foreign", "unable")]
    for risk in RISKS:
        limit = limit_at(rows, risk, lambda one: one.score)
        line.append(share(rows, "own", lambda one, limit=limit: not one.missing and one.score > limit))
    return line


def report(named: dict[str, list[Row]]) -> None:
    """Print the means and the worst figures of the fitted sets and of those held out."""
    for title, names in (("fitted", FITTED), ("held", HELD)):
        table = [figures(named[name]) for name in names if name in named]
        columns = [[value for value in column if not math.isnan(value)] for column in zip(*table, strict=True)]
        if table:
            print_line(f"{title:7} mean", [statistics.fmean(column) if column else math.nan for column in columns])
            picks = zip((min, max, max, min, min, min, min), columns, strict=True)
            print_line(f"{title:7} worst", [pick(column, default=math.nan) for pick, column in picks])


def print_line(title: str, values: Sequence[float]) -> None:
    """Print a line of the table; a dash where there is nothing to say."""
    texts = [f"{value:.3f}" if not math.isnan(value) else "-" for value in values]
    print(
        f"{title:36}{texts[0]:>8}{texts[1]:>9}{texts[2]:>8}{'':32}" + "".join(f"{text:>8}" for text in texts[3:]),
        flush=True,
    )


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("eval", type=Path, help="the folder of evaluation sets")
    parser.add_argument("sets", nargs="*", help="only these")
    parser.add_argument(
        "--limit", type=int, default=300, help="questions a set, and a third as many of each foreign one"
    )
    parser.add_argument("--embedder", choices=["tfidf", "minilm"], default="tfidf")
    parser.add_argument("--keep", type=Path, help="keep the bases here for the next run")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        names = given.sets or [*FITTED, *HELD]
        keep = given.keep or Path(folder)
        named: dict[str, list[Row]] = {}
        head = f"{'share that is answered of':36}{'own':>8}{'foreign':>9}{'unable':>8}   own, at a share of foreign of"
        print(head + "".join(f"{risk:>8.0%}" for risk in RISKS))
        for name in names:
            named[name] = list(asked(given.eval / name, given.limit, given.embedder, keep))
            print_line(f"{'fitted' if name in FITTED else 'held':7} {name}", figures(named[name]))
    report(named)


if __name__ == "__main__":
    main()
