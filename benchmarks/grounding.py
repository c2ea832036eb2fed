"""How well sentences are told apart that their passage bears out and that it does not.

Run: python benchmarks/grounding.py SHARED/data/eval [--sentences 500] [--no-cosine] [--judge MODEL] [--show 5]
First the labelled ``*-judge`` sets beside simple baselines (their thresholds chosen on the very rows, in their favour);
then true statements in other words than the passage's; then planted lies:
in correct sentences one figure, date, name or negation is changed. Positive means "not supported".
"""

from __future__ import annotations

import argparse
import json
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kb.ingest.text.sentences import sentences
from kb.prompts.ground import locate
from kb.prompts.prompt import Citation, Sentence
from kb.prompts.second_opinion import second_opinion
from kb.retrieval.models.judge import Judge, open_judge
from kb.retrieval.words.tokens import tokens

MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905
YEARS = range(1000, 2100)
Figures = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Row:
    """A statement and what it cites."""

    text: str
    passage: str
    lie: bool
    kind: str = ""
    lang: str = "en"
    title: str = ""


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a file of JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def flags(row: Row) -> bool:
    """Return whether kb says that the passage does not bear the statement out."""
    return locate(row.text.strip(), row.passage, row.title).support != "supported"


def scores(rows: Sequence[Row], flagged: Sequence[bool]) -> Figures:
    """Return precision, recall and F1 of finding lies, and accuracy."""
    true = sum(row.lie and flag for row, flag in zip(rows, flagged, strict=True))
    said, lies = sum(flagged), sum(row.lie for row in rows)
    right = sum(row.lie == flag for row, flag in zip(rows, flagged, strict=True))
    precision, recall = true / said if said else 0.0, true / lies if lies else 0.0
    both = precision + recall
    return precision, recall, 2 * precision * recall / both if both else 0.0, right / len(rows)


def rouge_l(row: Row) -> float:
    """Return the share of the statement's words that stand in the passage in the same order (ROUGE-L precision)."""
    ours, theirs = tokens(row.text), tokens(row.passage)
    best = [0] * (len(theirs) + 1)
    for word in ours:
        previous = 0
        for at, other in enumerate(theirs, 1):
            previous, best[at] = best[at], previous + 1 if word == other else max(best[at], best[at - 1])
    return best[-1] / max(len(ours), 1)


def cosines(rows: Sequence[Row]) -> list[float]:
    """Return MiniLM's cosine of each statement with its passage."""
    from kb.retrieval.models.registry import open_embedder

    embedder = open_embedder("minilm", cache=Path.home() / ".cache" / "kb-benchmarks")
    assert embedder is not None
    ours = embedder.embed_documents([row.text for row in rows])
    theirs = embedder.embed_documents([row.passage for row in rows])
    return [float(one @ other) for one, other in zip(ours, theirs, strict=True)]


def at_best(rows: Sequence[Row], values: Sequence[float]) -> Figures:
    """Return the scores at the threshold with the best accuracy."""
    tried = sorted(set(values))[:: max(1, len(set(values)) // 200)]
    return max((scores(rows, [value < limit for value in values]) for limit in tried), key=lambda found: found[3])


def flags_judged(rows: Sequence[Row], judge: Judge) -> list[bool]:
    """Return what kb says with a judge beside it (``--judge``)."""
    sentences = []
    for row in rows:
        place = locate(row.text.strip(), row.passage, row.title)
        cited = Citation(1, "a", "a", None, (), place.start, place.stop, row.passage[place.start : place.stop])
        sentences.append(Sentence(row.text.strip(), (cited,), place.support, place.reason))
    return [sentence.support != "supported" for sentence in second_opinion(sentences, judge)]


def judge(path: Path, *, cosine: bool, model: Judge | None) -> None:
    """Print the table of one labelled set."""
    rows = [
        Row(row["response"], row["context"], row["label"] != "supported", "", row["lang"])
        for row in read(path / "judge.jsonl")
    ]
    methods: dict[str, Callable[[], Figures]] = {
        "kb": lambda: scores(rows, [flags(row) for row in rows]),
        "all supported": lambda: scores(rows, [False] * len(rows)),
        "all unsupported": lambda: scores(rows, [True] * len(rows)),
        "ROUGE-L, best threshold": lambda: at_best(rows, [rouge_l(row) for row in rows]),
    }
    if model:
        methods["kb with the judge"] = lambda: scores(rows, flags_judged(rows, model))
    if cosine:
        methods["MiniLM cosine, best threshold"] = lambda: at_best(rows, cosines(rows))
    bare = sum(row.text.strip(" .").lower() in {"yes", "no"} for row in rows)
    print(f"\n{path.name}: {len(rows)} rows, {sum(row.lie for row in rows)} unsupported; {bare} are a bare yes or no")
    print(f"  {'':32}{'precision':>10}{'recall':>8}{'F1':>8}{'accuracy':>10}")
    for name, method in methods.items():
        precision, recall, f1, accuracy = method()
        print(f"  {name:32}{precision:10.3f}{recall:8.3f}{f1:8.3f}{accuracy:10.3f}")


# Planted lies


def figure(text: str, passage: str, chance: random.Random, _: Sequence[str]) -> str:
    """Change a number that is no year."""
    places = [match for match in re.finditer(r"\d+(?:[.,]\d+)*", text) if not is_year(match.group())]
    if not places:
        return ""
    place = chance.choice(places)
    for _attempt in range(50):
        digits = list(place.group())
        at = chance.choice([at for at, digit in enumerate(digits) if digit.isdigit()])
        digits[at] = chance.choice("123456789")
        new = "".join(digits)
        if new not in passage:
            return text[: place.start()] + new + text[place.end() :]
    return ""


def date(text: str, passage: str, chance: random.Random, _: Sequence[str]) -> str:
    """Change a year or a month."""
    places = list(re.finditer(rf"\b(?:{'|'.join(MONTHS)})\b|(?<!\d)\d{{4}}(?!\d)", text))
    places = [place for place in places if not place.group().isdigit() or is_year(place.group())]
    if not places:
        return ""
    place = chance.choice(places)
    pool = [str(int(place.group()) + step) for step in range(-30, 31)] if place.group().isdigit() else MONTHS
    pool = [new for new in pool if new not in passage]
    return text[: place.start()] + chance.choice(pool) + text[place.end() :] if pool else ""


def is_year(number: str) -> bool:
    """Return whether a number looks like a year."""
    return number.isdigit() and int(number) in YEARS


def name(text: str, passage: str, chance: random.Random, pool: Sequence[str]) -> str:
    """Put another name in the place of one: one of the accepted answers that are names."""
    there = [known for known in pool if known in text]
    others = [known for known in chance.sample(pool, min(50, len(pool))) if known.lower() not in passage.lower()]
    if not there or not others:
        return ""
    return text.replace(max(there, key=len), others[0], 1)


NEGATED_EN = re.compile(r"\b(is|was|are|were|can|could|will|would|has been|had been|have been|should|must)\b(?! not)")
NEGATED_ZH = (("是", "不是"), ("能够", "不能够"), ("可以", "不可以"), ("會", "不會"), ("会", "不会"), ("有", "没有"))


def negation(text: str, passage: str, chance: random.Random, _: Sequence[str]) -> str:  # noqa: ARG001
    """Put a negation in, or take one out."""
    if match := re.search(r"\b(?:not|never) |(?<![不没])不(?=[会能是可应會應])|没(?=有)", text):
        return text[: match.start()] + text[match.end() :]
    if match := NEGATED_EN.search(text):
        first = match.end() if " " not in match.group() else match.start() + match.group().index(" ")
        return f"{text[:first]} not{text[first:]}"
    for plain, negated in NEGATED_ZH:
        if (at := text.find(plain)) >= 0:
            return text[:at] + negated + text[at + len(plain) :]
    return ""


LIES = {"figure": figure, "date": date, "name": name, "negation": negation}


def is_name(answer: str, lang: str) -> bool:
    """Return whether an accepted answer is used like a name: capitalised words, or a few Chinese characters."""
    if lang == "en":
        return bool(re.fullmatch(r"[A-Z][\w'-]+(?: [A-Z][\w'-]+){0,3}", answer))
    return bool(re.fullmatch(r"[\u3400-\u9fff·]{2,8}", answer)) and not re.search(
        r"[一二三四五六七八九十年月日不没有是]", answer
    )


def correct(path: Path, chance: random.Random) -> Iterator[tuple[Row, list[str]]]:
    """Yield correct statements of a set in random order: sentences of its passages, or its long answers."""
    corpus = {row["id"]: (row["text"], row["title"]) for row in read(path / "corpus.jsonl")}
    queries = [query for query in read(path / "queries.jsonl") if query["answerable"]]
    lang = queries[0]["lang"][:2]
    pool = sorted({answer for query in queries for answer in query["answers"] if is_name(answer, lang)})
    if path.name.startswith("clapnq"):
        relevant = dict(line.split("\t")[:2] for line in (path / "qrels.tsv").read_text(encoding="utf-8").splitlines())
        cited = [(text, *corpus[relevant[query["id"]]]) for query in queries for text in sentences(query["answers"][0])]
        found = [Row(text, passage, lie=False, kind="paraphrase", title=title) for text, passage, title in cited]
    else:
        cited = [(text, passage, title) for passage, title in corpus.values() for text in sentences(passage)]
        found = [Row(text, passage, lie=False, kind="quote", lang=lang, title=title) for text, passage, title in cited]
    chance.shuffle(found)
    return ((row, pool) for row in found if 20 <= len(row.text) <= 400)


def paraphrases(path: Path) -> None:
    """Print how many true statements in other words are flagged: of the half that thresholds were fitted on, and the other."""
    found = [row for row, _ in correct(path, random.Random(0))]
    half = len(found) // 2
    print(f"\nstatements in other words, all true: {path.name}")
    for title, rows in (("fitted on", found[:half]), ("held out", found[half:])):
        places = [locate(row.text.strip(), row.passage, row.title) for row in rows]
        counts = Counter(place.support for place in places)
        shares = "  ".join(f"{kind} {counts[kind] / len(rows):.1%}" for kind in ("supported", "partly", "unsupported"))
        print(f"  {title:12}{len(rows):5}  {shares}")


@dataclass(slots=True)
class Tally:
    """What became of the lies that were planted, and of the sentences that were not touched."""

    show: int
    """How many mistakes of each kind to print."""
    results: dict[tuple[str, str], list[bool]] = field(default_factory=lambda: defaultdict(list))
    seconds: list[float] = field(default_factory=list)
    shown: Counter[tuple[str, str]] = field(default_factory=Counter)

    def judge(self, key: str, row: Row, statement: str, *, lie: bool) -> None:
        """Judge a statement and note whether it is flagged."""
        began = time.perf_counter()
        place = locate(statement, row.passage, row.title)
        self.seconds.append(time.perf_counter() - began)
        flagged = place.support != "supported"
        self.results[key, row.lang if row.kind == "quote" else "en, paraphrase"].append(flagged)
        if flagged != lie and self.shown[key, row.lang] < self.show:
            self.shown[key, row.lang] += 1
            print(f"    {'missed' if lie else 'false alarm'} {key}: {statement} | {place.reason}")

    def flagged(self, keys: Sequence[str]) -> list[bool]:
        """Return whether each statement of these kinds was flagged."""
        return [flag for (key, _), found in self.results.items() if key in keys for flag in found]

    def report(self) -> None:
        """Print the shares."""
        for (key, lang), flagged in sorted(self.results.items()):
            print(f"  {key:26} {lang:14} {len(flagged):5} flagged {sum(flagged) / len(flagged):6.1%}")
        untouched = [key for key, _ in self.results if key not in LIES]
        for title, keys in (
            ("figures and dates", ["figure", "date"]), ("all lies", [*LIES]), ("untouched: false alarms", untouched)
        ):  # fmt: skip
            flagged = self.flagged(keys)
            print(f"  {title:41} {len(flagged):5} flagged {sum(flagged) / len(flagged):6.1%}")
        self.seconds.sort()
        n = len(self.seconds)
        print(f"  ms a sentence: median {self.seconds[n // 2] * 1e3:.2f}, p95 {self.seconds[n * 95 // 100] * 1e3:.2f}")


def lies_of(path: Path, n: int, chance: random.Random) -> Iterator[tuple[Row, str, str]]:
    """Yield ``n`` correct statements of a set with the kind of a lie and the lie; as many of each kind as the set has."""
    made_of = Counter[str]()
    for row, pool in correct(path, chance):
        lies = (
            (kind, LIES[kind](row.text, row.passage, chance, pool)) for kind in sorted(LIES, key=made_of.__getitem__)
        )
        kind, made = next(((kind, made) for kind, made in lies if made), ("", ""))
        if made:
            made_of[kind] += 1
            yield row, kind, made
        if made_of.total() == n:
            return


def plant(paths: Sequence[Path], n: int, show: int) -> None:
    """Print how many planted lies are flagged, and how many untouched sentences are."""
    chance = random.Random(0)
    tally = Tally(show)
    for path in paths:
        for row, kind, made in lies_of(path, n // len(paths), chance):
            tally.judge(f"({row.kind}s untouched)", row, row.text, lie=False)
            tally.judge(kind, row, made, lie=True)
    print(f"\nplanted lies, one in each sentence: {n} sentences of {', '.join(path.name for path in paths)}")
    tally.report()


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("eval", type=Path, help="the folder of evaluation sets")
    parser.add_argument("--sentences", type=int, default=500)
    parser.add_argument("--no-cosine", action="store_true", help="leave out the baseline that needs MiniLM")
    parser.add_argument("--show", type=int, default=0, help="print so many mistakes of each kind")
    parser.add_argument("--judge", metavar="MODEL", help="measure an NLI model beside it too: a folder or a name")
    given = parser.parse_args()
    model = open_judge(given.judge, Path.home() / ".cache" / "kb-benchmarks") if given.judge else None
    for path in sorted(given.eval.glob("*-judge")):
        judge(path, cosine=not given.no_cosine, model=model)
    names = ("xquad-en", "squad2-a", "clapnq-dev", "xquad-zh", "cmrc2018-trial", "drcd-dev")
    if (given.eval / "clapnq-dev").is_dir():
        paraphrases(given.eval / "clapnq-dev")
    plant([given.eval / name for name in names if (given.eval / name).is_dir()], given.sentences, given.show)


if __name__ == "__main__":
    main()
