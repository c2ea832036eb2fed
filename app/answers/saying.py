"""Whether a written answer says what the quotes say, and whether it uses the question's words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Literal

from ...llm.rails.words import link_words
from ...prompts.claims import figures
from ...prompts.ground import NOT_SAID, locate
from ...prompts.prompt import Citation, Sentence
from ...retrieval.sentences.units import is_item
from ...retrieval.words.answer_kind import likely_answer, new_matches
from ...retrieval.words.numerals import in_digits
from ...retrieval.words.tokens import tokens

_MOST = 0.6
"""Share of a quote's words beyond the question that a text needs to replace the quotes; a small model's text needs all."""
_NEAR = 2
"""Maximum distance, in words, between a quote's phrase and a word of the question."""
_DASHES = re.compile("[–—−]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_PIECE = re.compile(r"[\u3400-\u9fff]|[^\u3400-\u9fff]+")
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")
_DIGIT = re.compile(r"\d")
_OWN = 4
"""Maximum number of words or Chinese characters from neither question nor quote; a text with more rambles."""
_ORDERLY = 0.7
"""Share of the question's words in a text that must be in one order."""

_LINKS = frozenset([*tokens(f"{link_words('en')} {link_words('zh')} titled answer 答案"), *"答案"])
"""Words that a sentence may add."""

Says = Literal["all", "some", "less"]
"""Everything the quotes say; a part, so the quotes are shown too; or not what was asked for."""


def says(text: str, quotes: Sequence[Sentence], question: str, *, strictly: bool) -> Says:
    """Return how much of the best quote, and of the items it introduces, a text says.

    If a date, number or name is asked for and quoted, the text must have it: all of them if there are several, since only a
    good model knows which one is meant. Otherwise the quote's words beyond the question count.

    Args:
        text: supported by the passages.
        quotes: best first; without any there is nothing to compare, and any text says enough.
        question: what both answer.
        strictly: the model is not trusted to choose among several of a kind, in one quote or in two, or to leave words out.
    """
    if not quotes:
        return "all"
    items = [quote.text for quote in quotes[1:] if is_item(quote.text)]
    best = quotes[0].text
    kind = likely_answer(question)
    spans = new_matches(kind, best, question) if kind else []
    if kind and spans and not items:
        if strictly and _has_rival(quotes, text, question, kind):
            return "less"
        there = new_matches(kind, text, question)
        if (there and not strictly) or all(_holds(text, best[slice(*span)]) for span in spans):
            return "all"
        return "some" if there and all(_holds(best, text[slice(*span)]) for span in there) else "less"
    new = _beyond("\n".join([best, *items]), question)
    said = new & set(_units(text))
    if len(said) >= (1 if strictly else _MOST) * len(new):
        return "all"
    return "some" if said and not items and (not strictly or _stands_beside(said, best, question)) else "less"


def _has_rival(quotes: Sequence[Sentence], text: str, question: str, kind: re.Pattern[str]) -> bool:
    """Return whether a further quote has a date, number or name of the kind asked for that a text does not say.

    The best quote may be the wrong one: of what small models wrote from it, 23 of 28 answers were right without a rival and
    9 of 14 with one (XQuAD, ``benchmarks/written.py``).
    """
    found = (quote.text[slice(*span)] for quote in quotes[1:] for span in new_matches(kind, quote.text, question))
    return any(not _holds(text, one) for one in found)


def overlap(one: str, other: str) -> float:
    """Return the share of words that two texts have in common (Dice coefficient), in [0, 1]."""
    ours, theirs = Counter(tokens(in_digits(one))), Counter(tokens(in_digits(other)))
    return 2 * (ours & theirs).total() / max(1, ours.total() + theirs.total())


def restated(sentence: Sentence, quotes: Sequence[Sentence], question: str, *, strictly: bool = False) -> Sentence:
    """Return a sentence as supported by a quote, if it consists of the question's words and one phrase of that quote.

    To someone who asked in which year the war was over, "The war ended in 1279" says no more than "(1279)".

    Args:
        sentence: with its support from the passages.
        quotes: best first.
        question: what is answered.
        strictly: accept nothing else as supported, for a model that only strings words together.
    """
    if sentence.support == "supported" and not strictly:
        return sentence
    for quote in quotes:
        if not _is_restated(sentence.text, quote.text, question):
            continue
        for citation in quote.citations:
            place = locate(sentence.text, citation.quote, " > ".join([*citation.headings, question]))
            if place.support != "unsupported" or place.reason == NOT_SAID:
                return Sentence(sentence.text, (citation,), "supported")
    return replace(sentence, support="unsupported") if strictly else sentence


def beside(written: Sequence[Sentence], quotes: Sequence[Sentence]) -> list[Sentence]:
    """Return the written sentences and then the quotes, with one mark per cited passage."""
    marks = {_passage(citation): citation.mark for sentence in written for citation in sentence.citations}
    beyond = 1 + max(marks.values(), default=0)
    both, said = list(written), {" ".join(sentence.text.split()) for sentence in written}
    for quote in quotes:
        if " ".join(quote.text.split()) in said:
            continue
        cited = tuple(
            replace(citation, mark=marks.get(_passage(citation), beyond + citation.mark))
            for citation in quote.citations
        )
        both.append(replace(quote, citations=cited))
    return both


def renumbered(sentences: Sequence[Sentence], *, beyond: int) -> list[Sentence]:
    """Return sentences whose marks do not clash with marks up to ``beyond``."""
    return [
        replace(one, citations=tuple(replace(citation, mark=citation.mark + beyond) for citation in one.citations))
        for one in sentences
    ]


def _passage(citation: Citation) -> tuple[str, str, tuple[str, ...]]:
    return citation.base, citation.source, citation.headings


def _is_restated(text: str, quote: str, question: str) -> bool:
    """Return whether what a text adds to the question is one phrase of the quote, once or repeated."""
    asked, there = set(_units(question)), _units(quote)
    new = [unit for unit in _units(text) if unit not in asked]
    phrase = [unit for unit in new if unit in there and unit not in _LINKS]
    said = [unit for unit in there if unit not in asked and unit not in _LINKS]
    wanted = (phrase, list(dict.fromkeys(phrase)))
    runs = (said[at : at + len(one)] == one for one in wanted for at in range(len(said)))
    if not phrase or not any(runs) or not _LINKS.issuperset(set(new) - set(phrase)):
        return False
    given = set(_WORD.findall(f"{quote} {question}".lower()))
    n_own = sum(word not in given for word in _WORD.findall(text.lower()))
    return n_own <= _OWN and _is_in_order(text, quote, question)


def _is_in_order(text: str, quote: str, question: str) -> bool:
    """Return whether most question words in a text are in the order of the question, or of the quote."""
    asked = set(_units(question)) - _LINKS
    own = [unit for unit in _units(text) if unit in asked]
    orders = (SequenceMatcher(None, own, _units(other), autojunk=False) for other in (question, quote))
    return any(sum(block.size for block in one.get_matching_blocks()) >= _ORDERLY * len(own) for one in orders)


def _stands_beside(said: Collection[str], quote: str, question: str) -> bool:
    """Return whether the words taken from a quote are close to question words there; distant ones belong to something else."""
    asked = set(_units(question)) - _LINKS
    units = [unit for unit in _units(quote) if unit not in _LINKS or unit in said]
    at = [place for place, unit in enumerate(units) if unit in said]
    return any(unit in asked for place in at for unit in units[max(0, place - _NEAR) : place + _NEAR + 1])


def _beyond(text: str, question: str) -> set[str]:
    """Return the content words of a text that are not in the question."""
    return set(_units(text)) - set(_units(question))


def _units(text: str) -> list[str]:
    """Return the content words and Chinese characters of a text, in order."""
    plain = _DASHES.sub("-", in_digits(text))
    return [unit for piece in _PIECE.findall(plain) for unit in ([piece] if _HAN.match(piece) else tokens(piece))]


def _holds(text: str, wanted: str) -> bool:
    """Return whether a text holds a figure in any notation, or the words of a name: the Ninth Doctor is not a figure."""
    there = figures(wanted) if _DIGIT.search(wanted) else {}
    return there.keys() <= figures(text).keys() if there else set(_units(wanted)) <= set(_units(text))
