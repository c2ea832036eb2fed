"""Find the words of a question that the documents lack: names, and rare words expected near an answer.

Never a common verb or adjective, which documents may put in other words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from ..words.entities import entities
from ..words.hanzi import SIMPLIFIED
from ..words.question import FUNCTION, figures, without_asking
from ..words.synonyms import terms_or_synonyms
from ..words.tokens import tokens

_WORD = re.compile(r"[^\W\d_\u3400-\u9fff](?:[\w’'-]*[^\W_\u3400-\u9fff])?")
_THING = re.compile(r"\b(?:the|an?|of|in|on|at|for|by|with|from|my|our|your|and|about)\s+$", re.IGNORECASE)
"""Comes before a word that names something."""
_NO_THING = re.compile(r"(?:est|ly|ing|ed|n['’]t|able|ous|ful|ive|al)$", re.IGNORECASE)
_SHORTEST = 4
_HAN = re.compile("[\u3400-\u9fff]+")
_DEGREE = re.compile(
    "[要会能可该想得]|最[多少高低大小长短早晚快慢好]|至[多少]|大[约概]|[一总]共|分别|左右|通常|一般|主要"
)
"""Words of quantity, frequency or modality, which name nothing: a document that says 不超过 answers 最多."""
_TWO = 2


def absent_words(
    question: str, held: Collection[str], known: Mapping[str, int], near: Collection[str] = ()
) -> tuple[str, ...]:
    """Return the question's words that its hits lack, in order, each once.

    Args:
        question: as the user wrote it.
        held: tokens of the hits. A name must be among them; any other word is absent only if no chunk at all contains it.
        known: how many chunks contain each token; tokens with none may be left out.
        near: tokens of the nearest passage. A Chinese word whose characters all occur there is taken as said in other words,
            unless it is part of a name: 租房 in a contract that says 房屋出租.
    """
    bare = without_asking(question)
    said = {term for term in terms_or_synonyms(question) if term.within(held)}
    forms = {form for term in said for form in term.forms}
    there = {term.character for term in said} | {token for token in near if len(token) == 1}
    names = "".join(entities(question)).translate(SIMPLIFIED)
    return tuple(
        dict.fromkeys(
            [
                *_latin(bare, {*held, *forms}, known),
                *(word for word in _chinese(bare, held, known) if word in names or not there.issuperset(word)),
            ]
        )
    )


def _latin(bare: str, held: Collection[str], known: Mapping[str, int]) -> Iterator[str]:
    for match in _WORD.finditer(bare):
        word, before = match.group(), bare[: match.start()]
        forms = tokens(word)
        if not forms or any(form in held for form in forms):
            continue
        if _begins(before):
            continue
        if word[0].isupper() or (
            len(word) >= _SHORTEST
            and _THING.search(before)
            and not _NO_THING.search(word)
            and not any(known.get(form) for form in forms)
        ):
            yield re.sub("['’]s$", "", word)


def _begins(before: str) -> bool:
    """Return whether a sentence begins here, so that its first word is capitalised whatever it is."""
    return not re.search(r"\w", before) or bool(re.search(r"[.?!:]\s*$", before))


def _chinese(bare: str, held: Collection[str], known: Mapping[str, int]) -> Iterator[str]:
    plain = bare.translate(SIMPLIFIED)
    plain = _DEGREE.sub(lambda match: " " * len(match.group()), plain)
    for match in _HAN.finditer(re.sub(f"[{''.join(FUNCTION)}]", " ", plain)):
        run = match.group()
        there = [run[at : at + _TWO] in held or bool(known.get(run[at : at + _TWO])) for at in range(len(run) - 1)]
        for start, stop in _gaps(there):
            word = bare[match.start() + start : match.start() + stop]
            if not figures(word):  # 三件 may be written as 3 件
                yield word


def _gaps(there: list[bool]) -> Iterator[tuple[int, int]]:
    """Yield the runs of characters between known bigrams; a run that only joins two known words is not a gap."""
    start = 0
    for at, known in enumerate([*there, True]):
        if not known:
            continue
        # The characters of a known bigram belong to a known word, on either side.
        first, last = start + (start > 0), at + (at == len(there))
        if last - first >= _TWO and not all(there[start:at] or [True]):
            yield first, last
        start = at + 1
