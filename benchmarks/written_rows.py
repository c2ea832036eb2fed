"""A row of ``written.py`` for each answer, and the figures of many rows."""

from __future__ import annotations

import importlib.util
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import fmean, median

from answers import holds, lines

WAYS = ("quotes", "written", "langchain", "direct")
FAULTS = ("loop", "echo", "language", "marks", "empty")
SHOWN = ("written", "quotes", "unsure", "none", "denied")


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a set."""

    id: str
    text: str
    answerable: bool
    answers: tuple[str, ...] = ()
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()

    def is_right(self, text: str) -> bool:
        """Return whether a text holds an accepted answer."""
        found = partial(re.search, string=text, flags=re.IGNORECASE | re.DOTALL)
        if self.must or self.must_not:
            return all(map(found, self.must)) and not any(map(found, self.must_not))
        return holds(text, self.answers)


@dataclass(slots=True)
class Row:
    """What came of one question, one way."""

    set: str
    id: str
    model: str
    way: str
    question: str
    answerable: bool
    text: str = ""
    """What the user reads, without marks."""
    raw: str = ""
    """What the model wrote."""
    accepted: tuple[str, ...] = ()
    shown: str = "none"
    """``written``, ``quotes``, ``unsure``, ``denied`` or ``none``."""
    right: bool = False
    f1: float = 0.0
    exact: bool = False
    rouge: float = 0.0
    wrong: str = ""
    """A loop, an echo, another language, marks only, or nothing at all, of what is shown."""
    raw_wrong: str = ""
    invented: int = 0
    """Figures that stand neither in the passages nor in the question."""
    sentences: int = 0
    supported: int = 0
    citations: int = 0
    verbatim: int = 0
    on_evidence: int = 0
    """Citations that overlap with an evidence sentence of the set."""
    has_evidence: bool = False
    first_s: float = math.nan
    """From the question to the model's first word, search included; of *direct* from the request."""
    request_s: float = math.nan
    """From the request to the first word."""
    seconds: float = math.nan
    words_per_s: float = math.nan
    notes: tuple[str, ...] = field(default_factory=tuple)


def bleu(texts: Sequence[str], accepted: Sequence[Sequence[str]]) -> float:
    """Return the corpus BLEU of sacrebleu, characters for Chinese; not a number without it, or for no texts."""
    if not importlib.util.find_spec("sacrebleu") or not texts:
        return math.nan
    from sacrebleu import corpus_bleu

    most = max(map(len, accepted))
    references = [[one[min(at, len(one) - 1)] for one in accepted] for at in range(most)]
    chinese = re.search(r"[\u3400-\u9fff]", "".join(texts[:5]))
    return float(corpus_bleu(list(texts), references, tokenize="zh" if chinese else "13a").score)


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a run that was begun before; none where there is none."""
    return [Row(**row) for row in lines(path)] if path.exists() else []


def report(rows: Sequence[Row]) -> None:
    """Print the figures, a set and a model at a time."""
    for name, model in dict.fromkeys((row.set, row.model) for row in rows):
        of_set = [row for row in rows if (row.set, row.model) == (name, model)]
        ways = {way: [row for row in of_set if row.way == way] for way in WAYS}
        print(f"\n{name}, {model}")
        for way in WAYS[:3]:
            if ways[way]:
                _report_way(way, ways[way])
        common = {row.id for row in ways["written"]} & {row.id for row in ways["langchain"]}
        if common:
            right = {way: sum(row.right for row in ways[way] if row.id in common) for way in WAYS[:3]}
            print(f"  of {len(common)} questions asked every way right: {right}")
        raw = {row.id: row.request_s for row in ways["direct"] if not math.isnan(row.request_s)}
        own = {row.id: row.request_s for row in ways["written"] if row.id in raw and not math.isnan(row.request_s)}
        if own:
            ratio = median(own[each] / raw[each] for each in own)
            print(
                f"  first word after the request, {len(own)} requests: kb {median(own.values()):.2f} s, llama.cpp called "
                f"directly {median(raw[each] for each in own):.2f} s; ratio by request, median {ratio:.3f}"
            )


def _report_way(way: str, rows: Sequence[Row]) -> None:
    able, unable = [row for row in rows if row.answerable], [row for row in rows if not row.answerable]
    shown = {kind: sum(row.shown == kind for row in rows) for kind in SHOWN}
    print(f"  {way}: {len(able)} answerable, {len(unable)} unanswerable; shown: {_counts(shown)}")
    if able:
        told, own = [row for row in able if row.text and row.accepted], [row for row in able if row.shown == "written"]
        blue = bleu([row.text for row in told], [row.accepted for row in told])
        like = "  ".join(
            f"{said} {_mean(told, name)}" for said, name in (("F1", "f1"), ("EM", "exact"), ("ROUGE-L", "rouge"))
        )
        print(
            f"    right {_share(able, 'right')}  {like}  BLEU {blue:.1f}"
            f"  where the model's text is shown: right {_share(own, 'right')}, F1 {_mean(own, 'f1')}"
        )
    if unable:
        false = sum(row.shown in ("written", "quotes") for row in unable)
        print(f"    false answers to unanswerable questions {false}/{len(unable)}")
    faults = {kind: sum(row.wrong == kind for row in rows) for kind in FAULTS}
    raw = {kind: sum(row.raw_wrong == kind for row in rows) for kind in FAULTS}
    invented = sum(row.invented for row in rows)
    print(f"    shown: {_counts(faults)}, invented figures {invented};  of raw texts: {_counts(raw)}")
    if any(row.citations for row in rows):
        with_evidence = [row for row in rows if row.has_evidence]
        print(
            f"    sentences supported {_of(rows, 'supported', 'sentences')}"
            f"  citations verbatim {_of(rows, 'verbatim', 'citations')}"
            f"  on the evidence {_of(with_evidence, 'on_evidence', 'citations')}"
        )
    first = [row.first_s for row in rows if not math.isnan(row.first_s)]
    speed = [row.words_per_s for row in rows if not math.isnan(row.words_per_s)]
    if first:
        p90 = sorted(first)[int(0.9 * (len(first) - 1))]
        pace = f"  words/s {median(speed):.1f}" if speed else ""
        whole = median(row.seconds for row in rows)
        print(f"    first word p50 {median(first):.2f} s, p90 {p90:.2f} s;  whole answer p50 {whole:.2f} s{pace}")


def _counts(found: dict[str, int]) -> str:
    return ", ".join(f"{kind} {n}" for kind, n in found.items())


def _share(rows: Sequence[Row], name: str) -> str:
    n = sum(bool(getattr(row, name)) for row in rows)
    return f"{n}/{len(rows)} ({n / len(rows):.2f})" if rows else "0/0"


def _mean(rows: Sequence[Row], name: str) -> str:
    return f"{fmean(float(getattr(row, name)) for row in rows):.3f}" if rows else "-"


def _of(rows: Sequence[Row], part: str, whole: str) -> str:
    n, total = sum(getattr(row, part) for row in rows), sum(getattr(row, whole) for row in rows)
    return f"{n}/{total}" + (f" ({n / total:.3f})" if total else "")
