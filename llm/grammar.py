"""Banned strings, and all strings but some, become a grammar that no other text can pass.

Comes in: strings. Goes out: a GBNF grammar (llama.cpp, ``grammars/README.md``) of all texts that are let through. Never: a
token, so it holds however a tokenizer would spell the strings.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import resources

_RUN = re.compile(r"[0-9]+")
_HAN = re.compile(r"[\u3400-\u9fff]")
_EDGES = "\"'“”‘’()[]{}<>.,;:!?*#|`…，。、；：？！「」『』《》（）"
_WITHIN = re.compile(r"[-–—/'’.,]")
"""What parts of a word stand around: either may be written alone."""
_DASHES = re.compile("[–—]")
_ENDINGS = ("s", "es", "d", "ed", "'s")
_Trie = dict[str, "_Trie"]


def without(banned: Sequence[str]) -> str:
    """Return the grammar of every text that contains none of the strings.

    It is the automaton of Aho and Corasick (CACM 18(6), 1975) without its accepting states: a rule for each prefix of
    a banned string, and an alternative for each character that leads to another prefix.
    """
    goto, fatal = _automaton([text for text in banned if text])
    letters = sorted({letter for row in goto for letter in row})
    rules = []
    for state, row in enumerate(goto):
        if fatal[state]:
            continue
        alternatives = [
            f"{_literal(letter)} s{target}" for letter, target in row.items() if target and not fatal[target]
        ]
        back = [letter for letter in letters if row.get(letter, 0) == 0]
        excluded = "".join(_escape(letter) for letter in letters if letter not in back)
        alternatives.append(f"[^{excluded}] s0" if excluded else ". s0")
        rules.append(f"s{state} ::= ({' | '.join(alternatives)})?")
    return "root ::= s0\n" + "\n".join(rules)


def only_figures(known: Sequence[str]) -> str:
    """Return the grammar of every text whose runs of digits all stand in one of the texts that are known.

    A longer figure is several runs, ``1,500.75``; that they belong together is not looked at.
    """
    runs = sorted({run for text in known for run in _RUN.findall(text)})
    if not runs:
        return "root ::= [^0-9]*"
    alternatives = " | ".join(f'"{run}"' for run in runs)
    return f"root ::= [^0-9]* (run [^0-9]+)* run?\nrun ::= {alternatives}"


def only_words(known: Sequence[str]) -> str:
    """Return the grammar of every text whose words all stand in one of the texts that are known, or join words only.

    A word may begin in either case and take an English ending; Chinese goes by characters. Figures are whole words: none can
    be put together from parts of others. Written so, a small model cannot add what it was not given.
    """
    given = "\n".join(known)
    words = {form for word in given.split() for form in _forms(word.strip(_EDGES))} | set(link_words("en").split())
    words |= {word[0].swapcase() + word[1:] for word in words}
    top, rules = _trie_rules(words)
    word = f"word ::= {top} ({' | '.join(map(_text, _ENDINGS))})?"
    if not _HAN.search(given):
        edges = r"""["'(“‘]? word [.,;:!?)"'”’%-]{0,2}"""
        return "\n".join([f'root ::= item (" " item)*\nitem ::= {edges}', word, *rules])
    letters = sorted(set(_HAN.findall(given + link_words("zh"))))
    return "\n".join(
        [
            f"root ::= item+\nitem ::= [{''.join(map(_escape, letters))}，。、；：“”（）《》？] | word [ .,%]?",
            word,
            *rules,
        ]
    )


@cache
def link_words(language: str) -> str:
    """Return the words that only join others; of Chinese the characters."""
    return resources.files(__package__).joinpath(f"link_words.{language}.txt").read_text(encoding="utf-8")


def _forms(word: str) -> Iterator[str]:
    """Yield a word and its parts, each also with the hyphen that keyboards have."""
    for one in filter(None, (word, *_WITHIN.split(word), *re.findall(r"[^\u3400-\u9fff]+", word))):
        if not _HAN.search(one):
            yield one.strip(_EDGES) or one
            yield _DASHES.sub("-", one)


def _trie_rules(words: Iterable[str]) -> tuple[str, list[str]]:
    """Return the name of the rule that any of the words passes, and the rules of their common beginnings."""
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
            ((more, below),) = below.items()  # noqa: PLW2901  # a run without a branch is one literal
            run += more
        alternatives.append(_text(run) if below.keys() == {""} or not letter else f"{_text(run)} {_rule(below, rules)}")
    name = f"n{len(rules)}"
    rules.append(f"{name} ::= {' | '.join(alternatives)}")
    return name


def _text(text: str) -> str:
    return f'"{"".join(map(_escape, text))}"'


def _automaton(banned: Sequence[str]) -> tuple[list[dict[str, int]], list[bool]]:
    """Return for each state its transitions (absent: to state 0), and whether a banned string ends there."""
    goto: list[dict[str, int]] = [{}]
    fatal = [False]
    for text in banned:
        state = 0
        for letter in text:
            if letter not in goto[state]:
                goto.append({})
                fatal.append(False)
                goto[state][letter] = len(goto) - 1
            state = goto[state][letter]
        fatal[state] = True
    fail = [0] * len(goto)
    queue = deque(goto[0].values())
    while queue:
        state = queue.popleft()
        fatal[state] = fatal[state] or fatal[fail[state]]
        for letter, target in goto[state].items():
            fail[target] = goto[fail[state]].get(letter, 0)
            queue.append(target)
        goto[state] = {**goto[fail[state]], **goto[state]}
    return goto, fatal


def _literal(letter: str) -> str:
    return f"[{_escape(letter)}]"


def _escape(letter: str) -> str:
    r"""Return the character as GBNF's ``\UXXXXXXXX``, which needs no care for brackets, quotes or dashes."""
    return f"\\U{ord(letter):08X}"
