"""Detect statements pieced together from two sentences about different things.

Nothing is guessed from meaning: only capitalised names and quoted titles at the head of a sentence count.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from ..ingest.text.sentences import sentence_spans
from ..retrieval.words.question import Term
from ..retrieval.words.tokens import tokens

_GLUED = re.compile(r"(?<=[a-z\d)”\"’])\.(?=[“\"]?[A-Z][a-z])")
"""A full stop without its space, as in text pasted together."""
_HEAD = re.compile(
    r"\W*(?P<name>(?:[A-Z][\w'’.-]*|[\"“][^\"”]{2,60}[\"”])(?:\s+(?:of|the|and|de|van|von|[A-Z][\w'’.-]*))*)"
    r"(?P<verb>\s+(?:\(|(?:is|was|are|were|has|had|will|can)\b))?"
)
_OPENS = re.compile(
    r"\W*(?:its?|he|his|she|her|they|their|this|that|these|those|both|the|an?|in|on|at|by|from|after|before|when|while|as|for|since"
    r"|during|however|but|and|also|there|some|other|one|of|with|to|later|then|although|because|if|among|unlike|much|many|most"
    r"|according|based|born|today)\b",
    re.IGNORECASE,
)
_HALF = 0.5


def other_subject(sentence: str, wanted: Sequence[Term], passage: str, around: Collection[str]) -> str:
    """Return the name heading a sentence that part of this statement is taken from, if the statement does not name it.

    *Stanford is in Chestnut Hill* has *Stanford* from one sentence and the rest from *Boston College is in Chestnut Hill*.

    Args:
        sentence: the statement.
        wanted: its words.
        passage: contains them.
        around: tokens of the headings above the passage.
    """
    pieces = [piece for start, stop in sentence_spans(passage) for piece in _GLUED.split(passage[start:stop])]
    held = [frozenset(tokens(piece)) for piece in pieces]
    found = [{term for term in wanted if term.within(own)} for own in held]
    if not any(found):
        return ""
    best = max(range(len(pieces)), key=lambda at: _size(found[at]))
    rest = {term for term in wanted if term not in found[best]}
    second = max(range(len(pieces)), key=lambda at: _size(found[at] & rest))
    if _size(rest) < 1 or _size(found[second] & rest) < max(1, _HALF * _size(rest)):
        return ""
    named = {*tokens(sentence), *around}
    heads = (_head(pieces[at]) for at in (second, best))
    return next((head for head in heads if head and named.isdisjoint(tokens(head))), "")


def _size(terms: Collection[Term]) -> float:
    return sum(term.share for term in terms)


def _head(piece: str) -> str:
    """Return the name at the head of a sentence; a single capitalised word only before a verb or a bracket."""
    match = _HEAD.match(piece)
    if not match or _OPENS.match(piece):
        return ""
    name = match["name"]
    several = sum(word[:1].isupper() for word in name.split()) > 1
    return name if (several or name[0] in '"“' or match["verb"]) and tokens(name) else ""
