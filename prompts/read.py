"""Turn a model's text into sentences, and its marks into exact places.

Comes in: text with marks like ``[1]``, and the prompt it answers. Goes out: sentences with citations and support. Never: a
citation whose quote is not in the document, or a mark that points nowhere.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

from ..ingest.notice import Notice
from ..ingest.text.sentences import sentence_spans
from ..retrieval.hit import Hit
from ..retrieval.models.judge import Judge
from .fill import nothing_found
from .frames import Block, block_around, code_blocks, frames
from .ground import BARE, Place, is_bare, locate
from .prompt import Citation, Prompt, Sentence
from .second_opinion import second_opinion

_MARK = re.compile(r"\s*(?:\[|【)\s*(\d{1,3}(?:\s*[,，、]\s*\d{1,3})*)\s*(?:\]|】)")
_OWN_MARK = re.compile(r" \[(\d{1,3})\](?=\n|\Z)")
"""A mark that kb puts behind a quote; other brackets are the document's."""
_CODE = re.compile(r"`[^`\n]+`")
_UNFINISHED = re.compile(r"\s*[\[【][\d\s,，、]*$")

PageOf = Callable[[Hit, int], int | None]
"""The page of a place: ``(hit, offset in the text of its document)``; the catalog of its base knows."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A model's text, parsed: ``text`` is what to show, with marks counted from 1 in the order of first use."""

    text: str
    sentences: tuple[Sentence, ...]
    abstained: bool


def read(
    raw: str,
    prompt: Prompt,
    page_of: PageOf,
    *,
    finished: bool = True,
    strict: bool = False,
    judge: Judge | None = None,
    quotes: bool = False,
) -> Reading:
    """Read a model's text, complete or so far.

    A sentence without a mark gets one if a passage supports it; one with marks keeps those that point at a passage. What
    states nothing, such as a fence or the head of a table, is no sentence; marks of code are below its block. While the
    model is still writing, its last sentence is shown but not judged.

    Args:
        raw: the model's text.
        prompt: what it answers.
        page_of: the catalog's.
        finished: whether the model has stopped writing.
        strict: leave out sentences that no passage supports, and those not judged yet.
        judge: consulted as well, once the model has stopped writing.
        quotes: ``raw`` is what kb quotes: a mark ends its line, and other brackets are the document's own.
    Raises:
        RerankerError: the judge fails.
    """
    plain, marks = _take_out_marks(_UNFINISHED.sub("", raw), _OWN_MARK if quotes else _MARK)
    if _is_refusal(plain, prompt):
        return Reading(plain.strip(), (), abstained=True)
    blocks = code_blocks(plain)
    every = list(sentence_spans(plain))
    framing = list(frames(plain, every, blocks))
    spans = [span for span, frame in zip(every, framing, strict=True) if not frame]
    pointing = [(place, number) for place, number in marks if spans and 1 <= number <= len(prompt.hits)]
    claimed = _claimed([start for start, _ in spans], pointing, _openings(every, framing, blocks))
    numbering: dict[int, int] = {}
    grows = not finished and bool(framing) and not framing[-1]
    sentences = tuple(
        _sentence(plain[start:stop], numbers, prompt, numbering, page_of)
        for (start, stop), numbers in list(zip(spans, claimed, strict=True))[: -1 if grows else None]
    )
    if judge and finished:
        sentences = second_opinion(sentences, judge)
    if strict:
        return borne_out(sentences)
    text = "".join(_shown(plain, spans, sentences, blocks))
    return Reading(text, sentences, abstained=False)


def _claimed(
    starts: Sequence[int], marks: Sequence[tuple[int, int]], openings: Sequence[tuple[int, int]]
) -> list[list[int]]:
    """Return the passages that each sentence points at, by where sentences start.

    A mark belongs to the sentence before it, or, on what opens a table or code, to the first one there.
    """
    claimed: list[list[int]] = [[] for _ in range(len(starts) + 1)]
    for place, number in marks:
        opens = any(start < place <= stop for start, stop in openings)
        owner = claimed[max(bisect_left(starts, place) - (not opens), 0)]
        if number not in owner:
            owner.append(number)
    return claimed[:-1]


def _openings(
    spans: Sequence[tuple[int, int]], framing: Sequence[bool], blocks: Sequence[Block]
) -> list[tuple[int, int]]:
    """Return the parts that frame what is below them: all but a block's last fence."""
    every = zip(spans, framing, strict=True)
    return [
        (start, stop)
        for (start, stop), frame in every
        if frame and not ((block := block_around(blocks, start)) and block.closed and block.stop == stop)
    ]


def borne_out(sentences: Sequence[Sentence], *, partly: bool = True, first: int = 1) -> Reading:
    """Return the supported sentences and, if ``partly``, the partly supported ones, with marks counted from ``first``."""
    wanted = ("supported", "partly") if partly else ("supported",)
    kept = [sentence for sentence in sentences if sentence.support in wanted]
    order = dict.fromkeys(citation.mark for sentence in kept for citation in sentence.citations)
    numbering = {mark: number for number, mark in enumerate(order, first)}
    anew = tuple(
        replace(
            sentence,
            citations=tuple(replace(citation, mark=numbering[citation.mark]) for citation in sentence.citations),
        )
        for sentence in kept
    )
    text = "\n\n".join(sentence.text + _marks(sentence) for sentence in anew)
    return Reading(text, anew, abstained=False)


def _marks(sentence: Sentence) -> str:
    marks = dict.fromkeys(citation.mark for citation in sentence.citations)
    return " " + "".join(f"[{mark}]" for mark in marks) if marks else ""


def without_marks(text: str) -> str:
    """Return a text without its citation marks."""
    return _take_out_marks(text, _MARK)[0]


def _take_out_marks(text: str, mark: re.Pattern[str]) -> tuple[str, list[tuple[int, int]]]:
    """Return the text without marks, and ``(place in it, number)`` of every mark; brackets within code are its own."""
    parts: list[str] = []
    marks: list[tuple[int, int]] = []
    length = at = 0
    blocks = code_blocks(text)
    inline = [match.span() for match in _CODE.finditer(text)]
    for match in mark.finditer(text):
        in_line = any(start < match.start() < stop for start, stop in inline)
        in_block = block_around(blocks, match.start()) and not _OWN_MARK.match(text, match.start())
        if in_line or in_block:
            continue
        parts.append(text[at : match.start()])
        length += match.start() - at
        marks += [(length, int(number)) for number in re.findall(r"\d+", match.group(1))]
        at = match.end()
    parts.append(text[at:])
    return "".join(parts), marks


def _is_refusal(plain: str, prompt: Prompt) -> bool:
    said = plain.strip().rstrip(".。")
    refusals = (prompt.nothing_found, nothing_found("en"), nothing_found("zh"))
    return any(said == refusal.strip().rstrip(".。") for refusal in refusals if refusal)


def _sentence(text: str, numbers: list[int], prompt: Prompt, numbering: dict[int, int], page_of: PageOf) -> Sentence:
    candidates = numbers or range(1, len(prompt.hits) + 1)
    chunks = [hit.chunk for hit in prompt.hits]
    found = [
        (number, locate(text, chunks[number - 1].text, " > ".join(chunks[number - 1].headings)))
        for number in candidates
    ]
    if not numbers:
        found = sorted(
            ((number, place) for number, place in found if place.support == "supported"),
            key=lambda item: (-item[1].score, item[0]),
        )[:1]
    if any(place.support == "supported" for _, place in found):
        found = [(number, place) for number, place in found if place.support != "unsupported"]
    citations = tuple(
        _citation(numbering.setdefault(number, len(numbering) + 1), prompt.hits[number - 1], place, page_of)
        for number, place in found
    )
    if not found and is_bare(text):
        return Sentence(text, (), "partly", BARE)
    if not found:
        return Sentence(text, (), "unsupported", Notice("No passage says this."))
    _, best = max(found, key=lambda item: item[1].score)
    return Sentence(text, citations, best.support, best.reason)


def _citation(mark: int, hit: Hit, place: Place, page_of: PageOf) -> Citation:
    chunk = hit.chunk
    start, stop = chunk.start + place.start, chunk.start + place.stop
    page = page_of(hit, start) if chunk.pages else None
    quote = chunk.text[place.start : place.stop]
    return Citation(mark, chunk.source, chunk.document_id, page, chunk.headings, start, stop, quote, hit.base)


def quoted(mark: int, hit: Hit, start: int, text: str, page_of: PageOf) -> Citation:
    """Return the citation of a quote that begins at ``start`` of a hit's passage."""
    return _citation(mark, hit, Place(start, start + len(text), 1.0, "supported"), page_of)


def _shown(
    plain: str, spans: list[tuple[int, int]], sentences: tuple[Sentence, ...], blocks: Sequence[Block]
) -> Iterator[str]:
    """Yield the text with its marks; those of code are below its block, once that is closed."""
    marked: dict[int, dict[int, None]] = {}
    for (start, stop), sentence in zip(spans, sentences, strict=False):  # the last may still be growing
        block = block_around(blocks, start)
        if block is None or block.closed:
            marks = dict.fromkeys(citation.mark for citation in sentence.citations)
            marked[block.stop if block else stop] = marked.get(block.stop if block else stop, {}) | marks
    ends = {block.stop for block in blocks}
    at = 0
    for stop, marks in sorted(marked.items(), key=itemgetter(0)):
        yield plain[at:stop]
        if marks:
            yield ("\n" if stop in ends else " ") + "".join(f"[{mark}]" for mark in marks)
            if plain[stop : stop + 1].strip():  # Chinese sentences follow without a space
                yield " "
        at = stop
    yield plain[at:].rstrip()
