"""Tell how common words are in general, so that a base of six passages does not make "needed" a rare one.

Comes in: tokens. Goes out: shares of passages. Never: a look at the documents. The counts are over passages of public sets
(Wikipedia, a company handbook, privacy policies, in English and Chinese), made once.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

HALVES = 2
"""Classes in the file per halving of the share."""
RARE = 0.0005
"""The share of an uncounted word."""


def common(token: str) -> float:
    """Return the share (0..1) of passages, on any topic, that contain a token."""
    return _shares().get(token, RARE)


@cache
def _shares() -> dict[str, float]:
    text = resources.files(__package__).joinpath("background.txt").read_text(encoding="utf-8")
    lines = (line.split("\t") for line in text.splitlines())
    return {token: 2 ** (-int(number) / HALVES) for number, tokens in lines for token in tokens.split()}
