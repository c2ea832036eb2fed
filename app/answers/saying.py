"""Whether a written answer says what the quotes say, and whether it says it in the question's words.

Comes in: what a model wrote, and the sentences that kb would quote. Goes out: how much it says, and sentences with what they
cite. Never: a judgement of which quote is right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from ...llm.span import answer_span
from ...prompts.claims import figures
from ...prompts.ground import locate
from ...prompts.prompt import Citation, Sentence
from ...retrieval.sentences.units import is_item
from ...retrieval.words.answer_kind import likely_answer, new_matches
from ...retrieval.words.numerals import in_digits
from ...retrieval.words.tokens import tokens

_MOST = 0.6
"""Share of what a quote says beyond the question that a text has to say to stand alone."""
_RESTATED = 0.7
"""Share of a sentence's words that are the question's or the quote's."""

_LINKS = frozenset(tokens("is also called named known as titled it they the answer 是 叫 叫做 称为 答案"))
"""Words that such a sentence may have of its own."""

Says = Literal["all", "some", "less"]
"""As much as the quotes; a part, so that the quotes belong beside it; or not what was asked for."""


def says(text: str, quotes: Sequence[Sentence], question: str, *, strictly: bool) -> Says:
    """Return how much a text says of what the best quote says, with the items that it leads in.

    Where a kind of thing is asked for and quoted, a date, a number, a name, it is that: all of them, for which one of several
    is meant only a good model knows. Else it is the words that are not the question's.

    Args:
        text: borne out by the passages.
        quotes: best first; none: there is nothing to compare with, and any text says enough.
        question: what both answer.
        strictly: the model is not trusted to choose among several of a kind, or to leave words out.
    """
    if not quotes:
        return "all"
    items = [quote.text for quote in quotes[1:] if is_item(quote.text)]
    best = quotes[0].text
    kind = likely_answer(question)
    spans = new_matches(kind, best, question) if kind else []
    if kind and spans and not items:
        there = new_matches(kind, text, question)
        if (there and not strictly) or _holds(text, " ".join(best[slice(*span)] for span in spans)):
            return "all"
        stands_out = answer_span(question, best)
        return "some" if stands_out and len(there) == 1 and _holds(text, best[slice(*stands_out)]) else "less"
    new = _beyond("\n".join([best, *items]), question)
    said = new & set(tokens(in_digits(text)))
    if len(said) >= _MOST * len(new):
        return "all"
    return "some" if said and not items else "less"


def overlap(one: str, other: str) -> float:
    """Return the share of words that two texts have in common, twice the common ones of all, in [0, 1]."""
    ours, theirs = Counter(tokens(in_digits(one))), Counter(tokens(in_digits(other)))
    return 2 * (ours & theirs).total() / max(1, ours.total() + theirs.total())


def restated(sentence: Sentence, quotes: Sequence[Sentence], question: str) -> Sentence:
    """Return a sentence as supported by the best quote, if it is the question's words around one phrase of the quote.

    "The war ended in 1279" says no more than "(1279)" does, to the one who asked in which year the war was over.
    """
    if sentence.support == "supported" or not quotes or not _is_restated(sentence.text, quotes[0].text, question):
        return sentence
    for citation in quotes[0].citations:
        place = locate(sentence.text, citation.quote, " > ".join([*citation.headings, question]))
        if place.support != "unsupported" and place.score >= _RESTATED:
            return Sentence(sentence.text, (citation,), "supported")
    return sentence


def beside(written: Sequence[Sentence], quote: Sentence) -> list[Sentence]:
    """Return what was written and then a quote, with one mark for what is cited of one place."""
    marks = {_passage(citation): citation.mark for sentence in written for citation in sentence.citations}
    beyond = 1 + max(marks.values(), default=0)
    cited = tuple(
        replace(citation, mark=marks.get(_passage(citation), beyond + citation.mark)) for citation in quote.citations
    )
    return [*written, replace(quote, citations=cited)]


def _passage(citation: Citation) -> tuple[str, str, tuple[str, ...]]:
    return citation.base, citation.source, citation.headings


def _is_restated(text: str, quote: str, question: str) -> bool:
    """Return whether what a text says beyond the question is one phrase of the quote."""
    there = tokens(in_digits(quote))
    new = [token for token in tokens(in_digits(text)) if token in _beyond(text, question)]
    foreign = {token for token in new if token not in there}
    phrase = [token for token in new if token in there]
    said = [token for token in there if token in _beyond(quote, question)]
    runs = (said[at : at + len(phrase)] for at in range(len(said)))
    return foreign <= _LINKS and bool(phrase) and any(run == phrase for run in runs)


def _beyond(text: str, question: str) -> set[str]:
    """Return the tokens of a text that carry meaning and are not the question's."""
    return set(tokens(in_digits(text))) - set(tokens(in_digits(question)))


def _holds(text: str, wanted: str) -> bool:
    there = figures(wanted)
    return there.keys() <= figures(text).keys() if there else set(tokens(wanted)) <= set(tokens(text))
