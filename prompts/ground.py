"""Measure how well a passage supports a sentence, and with which of its words.

Comes in: a sentence and a passage. Goes out: the span that supports it best, and how well. Never: a span outside the passage.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise
from unicodedata import normalize

from ..ingest.notice import Notice
from ..ingest.text.sentences import BREAK, sentence_spans
from ..retrieval.sentences.standing import without_struck
from ..retrieval.words.hanzi import SIMPLIFIED
from ..retrieval.words.numerals import in_digits
from ..retrieval.words.question import Term, terms
from ..retrieval.words.tokens import tokens
from .claims import Negation, compound_names, figures, names, negations, quotations
from .prompt import Support
from .subjects import other_subject

NOT_SAID, NOT_ALL_SAID = Notice("The passage does not say this."), Notice("The passage says only part of this.")
SUPPORTED = 0.75
SHORT_SUPPORTED = 0.88
PARTLY = 0.45
"""Shares of a sentence's words that must appear in the span; the second if the sentence has fewer than ``_SHORT``."""
_SHORT = 12
NEAR_QUOTE = 0.7
"""Share of a sentence's words, in the same order in the span, from which on a word replaced by another is no longer a
paraphrase."""

_SENTENCES = 3
"""A statement may combine up to this many consecutive sentences."""

_ELSEWHERE = 0.7
"""Weight of words found only in other sentences of the passage. Fitted, with ``_IN_ORDER``, on half of ClapNQ's answers."""
_IN_ORDER = 0.7
"""Share of a short sentence's words that must appear in the span in its order: fewer were picked from here and there."""

BARE = Notice("A bare yes or no cannot be looked up.")
_BARE = re.compile(r"\W*(?:yes|no|是|是的|不|不是|否|对|不对|有|没有|可以|不可以|能|不能|会|不会)\W*", re.IGNORECASE)
_WORDS_IN_ORDER = 0.9
"""The same for its words alone, in the whole passage. Fitted on the first halves of ClapNQ's answers and HaluEval's."""
OTHER_ORDER = Notice("The passage has these words, but not in this order.")

_SPACE = re.compile(r"\s+")
_ITEM = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+(?:[.,][^\W_\u3400-\u9fff]+)*")
_POSSESSIVE = re.compile(r"\s?['’]s?(?!\w)|(?<=\w)n['’]t\b")
_BRITISH = re.compile(r"(?<=[a-z]{3}i)s(?=(?:e|ed|es|ing|er|ers|ation|ations)$)")
_ACCENTS = re.compile("[\u0300-\u036f]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LINKS = frozenset(
    """
    also however then thus therefore moreover furthermore additionally meanwhile instead actually later well such other
    some many most he she it they him her them his its their who which that this these those one has had have
    """.split()  # noqa: SIM905
)
"""Words that join statements or refer back: replacing one with another changes no claim."""
_LINK_TOKENS = frozenset(token for word in _LINKS for token in tokens(word))
_RECAST = 3
"""One word for three is a rewording; a replaced name or figure is about as long."""
_SWAP = 6
"""Words. Anything longer is reworded, not swapped."""


@dataclass(frozen=True, slots=True)
class Place:
    """A span of a passage, and how well it supports a sentence."""

    start: int
    stop: int
    score: float
    """0..1: the share of the sentence's words that the span contains; 1 if it contains the sentence itself."""
    support: Support
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Passage:
    """A passage, split up once for all the sentences that cite it."""

    spans: tuple[tuple[int, int], ...]
    held: tuple[frozenset[str], ...]
    tokens: frozenset[str]
    figures: frozenset[str]


@lru_cache(maxsize=4096)  # a streamed answer is read again with every piece
def locate(sentence: str, passage: str, context: str = "") -> Place:
    """Return the span of ``passage`` that best supports ``sentence``: itself if quoted verbatim, else a few sentences.

    Args:
        sentence: without its marks.
        passage: what it cites.
        context: the headings above the passage: names and words may come from there.
    """
    if plain := _at_sight(sentence, passage):
        return plain
    passage, context = without_struck(passage), without_struck(context)  # what no longer holds supports nothing
    parts = _take_apart(passage)
    around = frozenset(tokens(context)) if context else frozenset()
    wanted = [term for term in terms(sentence) if not _LINK_TOKENS.issuperset(term.forms)]
    enough = SUPPORTED if sum(term.share for term in wanted) >= _SHORT else SHORT_SUPPORTED
    start, stop, score = _best_span(wanted, parts, len(passage), around)
    wrong = _contradiction(sentence, passage, passage[start:stop], parts, around, context)
    if wrong:
        return Place(start, stop, min(score, PARTLY / 2), "unsupported", wrong)
    if score >= enough:
        doubt = _doubt(sentence, passage, passage[start:stop], around) or _mixed(sentence, wanted, passage, around)
        if doubt:
            return Place(start, stop, min(score, enough - 0.01), "partly", doubt)
        return Place(start, stop, score, "supported")
    if score >= PARTLY:
        reason = _swapped(sentence, passage[start:stop], around) or NOT_ALL_SAID
        return Place(start, stop, score, "partly", reason)
    return Place(start, stop, score, "unsupported", NOT_SAID)


def _at_sight(sentence: str, passage: str) -> Place | None:
    """Return the place of a quote, or the verdict on a bare yes or no; ``None`` for a statement."""
    if is_bare(sentence):
        return Place(0, len(passage), PARTLY, "partly", BARE)
    quoted = _find(sentence, passage)
    holds = quoted and without_struck(passage)[slice(*quoted)].strip()
    return Place(*quoted, 1.0, "supported") if quoted and holds else None


def is_bare(sentence: str) -> bool:
    """Return whether a sentence is only a yes or no."""
    return bool(_BARE.fullmatch(sentence.translate(SIMPLIFIED)))


def _find(sentence: str, passage: str) -> tuple[int, int] | None:
    sentence = sentence.strip()
    at = _find_whole(sentence, passage)
    if at >= 0:
        return at, at + len(sentence)
    words = [re.escape(word) for word in _SPACE.split(sentence)]  # the passage may break its lines elsewhere
    for match in re.finditer(BREAK.join(words), passage) if len(words) > 1 else ():
        if _is_whole(passage, *match.span()):
            return match.span()
    return None


def _find_whole(sentence: str, passage: str) -> int:
    """Return where the sentence is in the passage, not as part of a longer word or number; -1 if nowhere."""
    at = passage.find(sentence)
    while at >= 0:
        if _is_whole(passage, at, at + len(sentence)):
            return at
        at = passage.find(sentence, at + 1)
    return -1


def _is_whole(text: str, start: int, stop: int) -> bool:
    """Return whether a span neither begins nor ends within a word or number."""
    return not any(0 < at < len(text) and re.fullmatch("[A-Za-z0-9]{2}", text[at - 1 : at + 1]) for at in (start, stop))


@lru_cache(maxsize=256)
def _take_apart(passage: str) -> _Passage:
    spans = tuple(sentence_spans(passage))
    held = tuple(frozenset(tokens(passage[start:stop])) for start, stop in spans)
    return _Passage(spans, held, frozenset(tokens(passage)), frozenset(figures(passage)))


def _best_span(wanted: Sequence[Term], parts: _Passage, length: int, around: frozenset[str]) -> tuple[int, int, float]:
    """Return the few sentences in a row that contain most of ``wanted``; among equals, the first and shortest."""
    total = _weight(wanted)
    if not parts.spans or not total:
        return 0, length, 0.0
    free = {term for term in wanted if term.within(around)}
    held = [{term for term in wanted if term.within(own)} for own in parts.held]
    first, last = _widest(held, max(2, total / 5))
    found = set().union(*held[first : last + 1])
    elsewhere = set().union(*held) - found - free
    score = _weight(found | free) + _ELSEWHERE * _weight(elsewhere)
    return parts.spans[first][0], parts.spans[last][1], score / total


def _widest(held: Sequence[set[Term]], worth: float) -> tuple[int, int]:
    """Return the first and last sentence of a run around the one that holds most, grown while each next one adds ``worth``."""
    first = last = max(range(len(held)), key=lambda at: _weight(held[at]))
    found = held[first]
    while last - first + 1 < _SENTENCES:
        more = {at: _weight(held[at] - found) for at in (first - 1, last + 1) if 0 <= at < len(held)}
        best = max(more, key=more.__getitem__, default=-1)
        if best < 0 or more[best] < worth:
            break
        found = found | held[best]
        first, last = min(first, best), max(last, best)
    return first, last


def _weight(terms: Iterable[Term]) -> float:
    return sum(term.share for term in terms)


def _contradiction(
    sentence: str, passage: str, span: str, parts: _Passage, around: frozenset[str], context: str
) -> str:
    """Return what the sentence claims and the passage does not, as a sentence; empty if nothing."""
    elsewhere = figures(context) if context else {}
    missing = [
        written
        for figure, written in figures(sentence, claimed=True).items()
        if figure not in parts.figures and figure not in elsewhere
    ]
    if missing:
        return Notice("The passage does not say {words:list}.", words=dict.fromkeys(missing))
    known = parts.tokens | around
    unknown = [name for name in names(sentence) if not known.issuperset(tokens(name))]
    if unknown:
        return Notice("The passage does not name {names:list}.", names=dict.fromkeys(unknown))
    said = f" {' '.join(_items(passage))} "
    for quotation in quotations(sentence):
        if f" {' '.join(_items(quotation))} " not in said:
            return Notice("The passage does not contain the words “{quotation}”.", quotation=quotation)
    return _turned(sentence, span)


def _turned(sentence: str, span: str) -> str:
    """Return which statement is negated in one of the two but not the other; empty if they agree."""
    own, theirs = negations(sentence), negations(span)
    held, said = frozenset(tokens(span)), frozenset(tokens(sentence))
    if any(_lacks(negation, theirs, held) for negation in own):
        return Notice("The passage says this without the negation.")
    if any(_lacks(negation, own, said) for negation in theirs):
        return Notice("The passage negates this.")
    return ""


def _lacks(negation: Negation, others: Sequence[Negation], held: frozenset[str]) -> bool:
    """Return whether the other text says what is negated here without negating it."""
    return bool(negation.scope) and negation.scope <= held and not any(negation.scope & one.scope for one in others)


def _mixed(sentence: str, wanted: Sequence[Term], passage: str, around: frozenset[str]) -> str:
    name = other_subject(sentence, wanted, passage, around)
    return Notice("The passage says part of this of “{name}”.", name=name) if name else ""


def _doubt(sentence: str, passage: str, span: str, around: frozenset[str]) -> str:
    """Return what may be wrong with a sentence whose words are all there; empty if nothing."""
    own = negations(sentence)
    if own and not negations(span):
        return Notice("The passage does not say “{word}”.", word=own[0].word)
    return _swapped(sentence, span, around) or _joined_up(sentence, passage) or _strewn(sentence, passage, around)


def _strewn(sentence: str, passage: str, around: frozenset[str]) -> str:
    """Return a note if a short sentence's words appear in the passage in another order; empty if they do not."""
    ours = [token for token in tokens(in_digits(sentence)) if token not in around and token not in _LINK_TOKENS]
    if _HAN.search(sentence) or len(_items(sentence)) >= _SHORT:
        return ""
    return OTHER_ORDER if _in_order(ours, tokens(in_digits(passage))) < _WORDS_IN_ORDER * len(ours) else ""


def _swapped(sentence: str, span: str, around: frozenset[str]) -> str:
    """Return which words of a near quote replace the original ones; empty if there are none.

    The headings above the passage may be named where the passage says *he* or *the group*.
    """
    ours, theirs = _items(in_digits(sentence)), _items(in_digits(span))
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    same = sum(block.size for block in matcher.get_matching_blocks())
    said = [item for item in ours if item not in _LINKS]
    if len(ours) < _SHORT and _in_order(said, theirs) < _IN_ORDER * len(said):
        return OTHER_ORDER
    if same < NEAR_QUOTE * len(ours):
        return ""
    for ours_at, theirs_at in _replaced(matcher):
        sizes = sorted(len(range(*at.indices(len(items)))) for at, items in ((ours_at, ours), (theirs_at, theirs)))
        if not _HAN.search(sentence) and sizes[1] >= _RECAST * sizes[0]:
            continue
        if _says_new(ours[ours_at], theirs, around) and _says_new(theirs[theirs_at], ours):
            return Notice(
                "The passage says “{theirs}” where this says “{ours}”.",
                theirs=_joined(theirs[theirs_at]),
                ours=_joined(ours[ours_at]),
            )
    return ""


def _says_new(items: Sequence[str], there: Sequence[str], around: frozenset[str] = frozenset()) -> bool:
    if not items or (len(items) > _SWAP and not _HAN.match(items[0])):
        return False
    return any(item not in there and item not in _LINKS and not around.issuperset(tokens(item)) for item in items)


def _joined_up(sentence: str, passage: str) -> str:
    """Return a name of several words that the passage contains only in pieces; empty if there is none."""
    there = list(map(str.lower, _ITEM.findall(passage)))
    places: dict[str, list[int]] = {}
    for at, word in enumerate(there):
        places.setdefault(word, []).append(at)
    for name in compound_names(sentence):
        words = [word.lower() for word in _ITEM.findall(name)]
        for first, second in pairwise(words):
            close = (
                0 < after - before <= _APART for before in places.get(first, ()) for after in places.get(second, ())
            )
            if first in places and second in places and not any(close):
                return Notice("The passage does not say “{name}” as one name.", name=name)
    return ""


_APART = 3
"""Most words from one part of a name to the next: *John F. Kennedy* may stand for *John Fitzgerald Kennedy*."""


def _replaced(matcher: SequenceMatcher[str]) -> Iterator[tuple[slice, slice]]:
    for kind, start, stop, start_there, stop_there in matcher.get_opcodes():
        if kind == "replace":
            yield slice(start, stop), slice(start_there, stop_there)


def _items(text: str) -> list[str]:
    plain = _POSSESSIVE.sub(" ", _ACCENTS.sub("", normalize("NFD", text.translate(SIMPLIFIED).lower())))
    return [_BRITISH.sub("z", item) for item in _ITEM.findall(plain)]


def _joined(items: Sequence[str]) -> str:
    return ("" if items and _HAN.match(items[0]) else " ").join(items)


def _in_order(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """Return how many items appear in both in the same order (the longest common subsequence)."""
    best = [0] * (len(theirs) + 1)
    for one in ours:
        previous = 0
        for at, other in enumerate(theirs, 1):
            previous, best[at] = best[at], previous + 1 if one == other else max(best[at], best[at - 1])
    return best[-1]
