"""Restrict a small model's vocabulary: to the given words, or to the question's words around one phrase of a quote.

Comes in: what it is to write from. Goes out: a GBNF grammar. Never: a word that is neither given nor a linking word: a model
of a hundred million weights adds something to nearly every answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources

from .grammar import escape

_HAN = re.compile(r"[\u3400-\u9fff]")
_EDGES = "\"'“”‘’()[]{}<>.,;:!?*#|`…，。、；：？！「」『』《》（）"
_WITHIN = re.compile(r"[-–—/'’.,]")
"""Separators within a word; the parts may be written alone."""
_DASHES = re.compile("[–—]")
_ENDINGS = ("s", "es", "d", "ed", "'s")
_SHORT = 3
"""Letters; a word this short or shorter takes no ending."""
_UNIT = re.compile(r"[\u3400-\u9fff]|[^\s\u3400-\u9fff]+")
_MARKS = "，。、；：“”（）《》？"
_MOST_WORDS = 40
"""Around a phrase."""
_Trie = dict[str, "_Trie"]


def only_words(given: str, question: str) -> str:
    """Return the grammar of every text whose words are all given words or linking words.

    A word may begin in either case and take an English ending; Chinese is handled by character. Figures are whole words: none
    can be put together from parts of others. A small model thus cannot add what it was not given.
    """
    held = {form for word in given.split() for form in _forms(word.strip(_EDGES))}
    ended = {word + end for word in held if word.isalpha() and len(word) > _SHORT for end in _ENDINGS}
    top, rules = _trie_rules(_either_case(held | ended | set(link_words("en").split())))
    word = f"word ::= {top}"
    if not _HAN.search(question):
        edges = r"""["'(“‘]? word [.,;:!?)"'”’%-]{0,2}"""
        return "\n".join([f'root ::= item (" " item)*\nitem ::= {edges}', word, *rules])
    letters = sorted(set(_HAN.findall(given + link_words("zh"))))
    between = f"between ::= [{''.join(map(escape, letters))}{_MARKS} .,%]"  # alphabetic words do not touch
    return "\n".join(["root ::= word? (between word?)*", between, word, *rules])


def one_phrase(question: str, quote: str) -> str:
    """Return the grammar of one sentence: question words and linking words, a phrase of the quote, words of the question.

    The phrase is a run of the quote's words and says something that the question does not; at most a run of the question's
    words follows it. So the content is the quote's, and the model chooses where it begins and ends.
    """
    chinese = bool(_HAN.search(question))
    asked, quoted = _UNIT.findall(question.rstrip(" ?？.。")), _UNIT.findall(quote)
    own = {form for unit in asked for form in _forms(unit.strip(_EDGES))}
    top, rules = _trie_rules(_either_case(own | set(link_words("en").split())))
    links = set(link_words("en").split()) | set(link_words("zh"))
    known = {word.lower() for word in own | links} | set(_HAN.findall(question))
    starts = [f"q{at}" for at, _ in enumerate(quoted)]
    phrase = [*_run("p", quoted), *_with_news(quoted, known), f"phrase ::= {' | '.join(starts)}"]
    behind = [*_run("t", asked), f"tail ::= {' | '.join(f't{at}' for at, _ in enumerate(asked)) or _text('')}"]
    if chinese:
        letters = "".join(map(escape, sorted(set(_HAN.findall(question + link_words("zh"))))))
        root = f'root ::= lead{{0,{_MOST_WORDS}}} phrase tail? "。"\nlead ::= {top}? [{letters} ]'
    else:
        root = f'root ::= (lead " "){{0,{_MOST_WORDS}}} phrase (" " tail)? "."\nlead ::= {top} [,]?'
    return "\n".join([root, *phrase, *behind, *rules])


def _run(name: str, units: list[str]) -> Iterator[str]:
    """Yield the rules of a run of units that may begin at any of them and end after any."""
    for at, unit in enumerate(units):
        more = f" ({_gap(units, at)} {name}{at + 1})?" if at + 1 < len(units) else ""
        bare = unit.strip(_EDGES)
        short = f" | {_text(bare)}" if bare and bare != unit else ""
        yield f"{name}{at} ::= {_text(unit)}{more}{short}"


def _with_news(units: list[str], known: set[str]) -> Iterator[str]:
    """Yield the rules of a run with at least one unit that is not known."""
    for at, unit in enumerate(units):
        bare = unit.strip(_EDGES).lower()
        if at + 1 == len(units) or (bare and bare not in known):
            yield f"q{at} ::= p{at}"
        else:
            yield f"q{at} ::= {_text(unit)} {_gap(units, at)} q{at + 1}"


def _gap(units: list[str], at: int) -> str:
    """Return the separator between a unit and the next: nothing beside a Chinese character."""
    return _text("" if _HAN.match(units[at]) or _HAN.match(units[at + 1]) else " ")


def _either_case(words: Iterable[str]) -> set[str]:
    """Return words as given, and with the other case of their first letter."""
    return {form for word in words if word for form in (word, word[0].swapcase() + word[1:])}


@cache
def link_words(language: str) -> str:
    """Return the words that only join others; for Chinese, the characters."""
    return resources.files(__package__).joinpath(f"link_words.{language}.txt").read_text(encoding="utf-8")


def _forms(word: str) -> Iterator[str]:
    """Yield a word and its parts, each also with the hyphen found on keyboards."""
    for one in filter(None, (word, *_WITHIN.split(word), *re.findall(r"[^\u3400-\u9fff]+", word))):
        if not _HAN.search(one):
            yield one.strip(_EDGES) or one
            yield _DASHES.sub("-", one)


def _trie_rules(words: Iterable[str]) -> tuple[str, list[str]]:
    """Return the name of the rule that matches any of the words, and the rules of their common prefixes."""
    top: _Trie = {}
    for word in sorted(words):
        node = top
        for letter in word:
            node = node.setdefault(letter, {})
        node[""] = {}
    rules: list[str] = []
    return _rule(top, rules), rules


def _rule(node: _Trie, rules: list[str]) -> str:
    alternatives = []
    for letter, below in node.items():
        run = letter
        while len(below) == 1 and "" not in below:
            ((more, below),) = below.items()  # noqa: PLW2901  # a run without branches is one literal
            run += more
        alternatives.append(_text(run) if below.keys() == {""} or not letter else f"{_text(run)} {_rule(below, rules)}")
    name = f"n{len(rules)}"
    rules.append(f"{name} ::= {' | '.join(alternatives)}")
    return name


def _text(text: str) -> str:
    return f'"{"".join(map(escape, text))}"'
