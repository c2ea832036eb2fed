"""Steps of an instruction, numbered from 1 without gaps: how many, which, and what comes before or after one.

Never: a step of a document that no longer holds; the passages show it, and claim nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from ...ingest.store.catalog import Catalog
from ...prompts.fill import language_of
from ...prompts.prompt import Citation, Sentence
from ...retrieval.hit import Hit
from ...retrieval.sentences.standing import is_past, without_struck
from ...retrieval.words.chinese_numbers import value_of
from ...retrieval.words.hanzi import SIMPLIFIED
from ...retrieval.words.question import terms
from ...retrieval.words.tokens import tokens
from ..answers.answer import PASSAGES, Answer, Asked, Searched
from ..base.library import Library

_LINE = re.compile(
    r"^(?P<indent>[ \t]*)(?P<level>#{1,6}[ \t]+)?(?:\*\*)?(?P<word>step|phase|stage|第|步骤|阶段)?[ \t]*"
    r"(?P<number>\d{1,2}|[一二三四五六七八九十]{1,3})(?:步|[.、:：)）](?!\d)|[ \t]+[-–—])[ \t]*"
    r"(?P<text>[^\s|].*?)(?:\*\*)?[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_WORD = re.compile(r"[^\W\d]")
_FEWEST = 3
_HELD = 0.6
"""Share of the words naming an instruction or a step that its title or text must hold."""
_WHOLLY = 0.8
"""The same if the question does not mention steps: *how do I descale the kettle?*"""
_INSTRUCTS = re.compile(
    r"\b(?:steps?|instructions?|methods?|directions|procedures?|how to|preparation|guide|proceed|follow)\b"
    r"|步骤|步驟|做法|流程|方法|操作|指南|教程|如下",
    re.IGNORECASE,
)
"""Words that show that numbered lines are steps, not articles or items."""
_ABOVE = 300
"""Characters above the first step that may say what the steps are for."""
_OF_ALL = {"count": slice(None), "list": slice(None), "how": slice(None), "first": slice(1), "last": slice(-1, None)}
_ENDS = " \t?？。.!！"
_SAYS = {
    ("count", "en"): "{n} steps, from “{first}” {start} to “{last}” {stop}",
    ("count", "zh"): "共 {n} 步，从“{first}”{start} 到“{last}”{stop}",
}


@dataclass(frozen=True, slots=True)
class Step:
    """A step, at ``text[start:stop]`` of its document."""

    start: int
    stop: int
    line: str
    """The line verbatim, with its number."""


def stepwise(library: Library, asked: Asked) -> Answer | None:
    """Return the answer to a question about the steps of an instruction; ``None`` for any other question."""
    means, what = asked_step(asked.question)
    if not means or not terms(what):
        return None
    everything = library.find(asked.question, PASSAGES, where=asked.where).hits
    hits = [hit for hit in everything if not is_past(asked.question, hit.chunk)]
    found = dict.fromkeys((hit.base, hit.chunk.document_id) for hit in hits)
    first = {key: next(hit for hit in hits if (hit.base, hit.chunk.document_id) == key) for key in found}
    best: tuple[float, Hit, tuple[Step, ...]] | None = None
    for hit in first.values():
        document = library.parts[hit.base].catalog.document(hit.chunk.source)
        text = document.text if document else ""
        for steps in steps_of(text):
            names = f"{hit.chunk.names}\n{text[max(steps[0].start - _ABOVE, 0) : steps[0].start]}"
            held, chosen = _chosen(means, what, steps, names)
            least = _WHOLLY if means == "how" else _HELD
            if chosen and held >= max(least, best[0] + 1e-9 if best else 0):
                best = held, hit, chosen
    return _answer(library, asked.question, means, best[1], best[2]) if best else None


def asked_step(question: str) -> tuple[str, str]:
    """Return what is asked about steps, and of which instruction; empty for other questions.

    ``count``, ``list``, ``after``, ``before``, ``first``, ``last``, or ``how``, which may mean something else.
    """
    plain = " ".join(question.translate(SIMPLIFIED).replace("’", "'").strip(_ENDS).split())
    for means, pattern in _forms():
        if match := pattern.fullmatch(plain):
            return means, next(filter(None, match.groupdict().values()), "")
    return "", ""


@lru_cache(maxsize=256)
def steps_of(text: str) -> tuple[tuple[Step, ...], ...]:
    """Return runs of numbered lines of a text: headings of one level, or lines of one form, counting up from 1.

    A step that is struck out is left out, though the others keep their numbers.
    """
    runs: dict[tuple[str, str, str], list[Step]] = {}
    done = []
    for match in _LINE.finditer(text):
        form = match["indent"].expandtabs(4), (match["level"] or "").strip(), (match["word"] or "").lower()
        number = int(match["number"]) if match["number"].isdigit() else value_of(match["number"])
        step = Step(match.start("number"), match.end("text"), text[match.start() : match.end("text")].strip("#* \t"))
        if number == 1:
            done.append(runs.get(form, []))
            runs[form] = [step]
        elif number == len(runs.get(form, ())) + 1:
            runs[form].append(step)
    held = ([step for step in run if _WORD.search(without_struck(step.line))] for run in (*done, *runs.values()))
    return tuple(tuple(run) for run in held if len(run) >= _FEWEST)


def _chosen(means: str, what: str, steps: Sequence[Step], names: str) -> tuple[float, tuple[Step, ...]]:
    """Return how well the steps match the question, 0..1, and those that answer it."""
    if means == "how" and not (_INSTRUCTS.search(names) or all(_INSTRUCTS.match(step.line) for step in steps)):
        return 0.0, ()
    if means in _OF_ALL:
        return _share(what, names), tuple(steps)[_OF_ALL[means]]
    shares = [_share(what, step.line) for step in steps]
    at = shares.index(max(shares)) + (1 if means == "after" else -1)
    return max(shares), tuple(steps[at : at + 1]) if at >= 0 else ()


def _share(what: str, text: str) -> float:
    wanted, held = terms(what), frozenset(tokens(text))
    return sum(term.share for term in wanted if term.within(held)) / (sum(term.share for term in wanted) or 1.0)


def _answer(library: Library, question: str, means: str, hit: Hit, steps: Sequence[Step]) -> Answer:
    catalog = library.parts[hit.base].catalog
    shown = [steps[0], steps[-1]] if means == "count" else list(steps)
    cited = [_cited(catalog, hit, mark, step) for mark, step in enumerate(shown, 1)]
    says = _SAYS.get((means, language_of(question)))
    if says:
        first, last = shown[0].line, shown[-1].line
        text = says.format(n=len(steps), first=first, last=last, start="[1]", stop="[2]")
        sentences = [
            Sentence(says.format(n=len(steps), first=first, last=last, start="", stop=""), tuple(cited), "supported")
        ]
    else:
        text = "\n".join(
            f"{'- ' * (len(shown) > 1)}{step.line} [{one.mark}]" for step, one in zip(shown, cited, strict=True)
        )
        sentences = [Sentence(step.line, (one,), "supported") for step, one in zip(shown, cited, strict=True)]
    searched = Searched(library.count("documents"), library.count("chunks"), ())
    return Answer(question, text, tuple(sentences), (), abstained=False, searched=searched, model="")


def _cited(catalog: Catalog, hit: Hit, mark: int, step: Step) -> Citation:
    page = catalog.page_of(hit.chunk.document_id, step.start)
    document = catalog.document(hit.chunk.source)
    quote = document.text[step.start : step.stop] if document else step.line
    return Citation(mark, hit.chunk.source, hit.chunk.document_id, page, (), step.start, step.stop, quote, hit.base)


@cache
def _forms() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((form["means"], re.compile(form["pattern"], re.IGNORECASE)) for form in data()["form"])


def data() -> dict[str, list[dict[str, str]]]:
    """Return the patterns with their examples."""
    return tomllib.loads((files(__package__) / "steps.toml").read_text(encoding="utf-8"))
