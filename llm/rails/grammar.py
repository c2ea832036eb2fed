"""Turn banned strings into a grammar that no text containing them can pass.

Comes in: strings. Goes out: a GBNF grammar (llama.cpp, ``grammars/README.md``) of all texts without them. Never: a
token, so it holds however a tokenizer spells the strings.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence

_RUN = re.compile(r"[0-9]+")


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
        excluded = "".join(escape(letter) for letter in letters if letter not in back)
        alternatives.append(f"[^{excluded}] s0" if excluded else ". s0")
        rules.append(f"s{state} ::= ({' | '.join(alternatives)})?")
    return "root ::= s0\n" + "\n".join(rules)


def only_figures(known: Sequence[str]) -> str:
    """Return the grammar of every text whose runs of digits all occur in one of the known texts.

    A longer figure is several runs, ``1,500.75``; whether they belong together is not checked.
    """
    runs = sorted({run for text in known for run in _RUN.findall(text)})
    if not runs:
        return "root ::= [^0-9]*"
    alternatives = " | ".join(f'"{run}"' for run in runs)
    return f"root ::= [^0-9]* (run [^0-9]+)* run?\nrun ::= {alternatives}"


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
    return f"[{escape(letter)}]"


def escape(letter: str) -> str:
    r"""Return the character as GBNF's ``\UXXXXXXXX``, which avoids special cases for brackets, quotes or dashes."""
    return f"\\U{ord(letter):08X}"
