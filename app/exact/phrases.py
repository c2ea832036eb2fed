"""What is said to kb as such, or asked of the base as a whole: greetings, what there is, how many of a kind.

Comes in: what was typed. Goes out: what it means, by the patterns of ``phrases.toml``. Never: a look at the documents.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ...retrieval.words.hanzi import SIMPLIFIED

_ENDS = " \t\n.。!！?？~～,，"
_PLURAL = re.compile(r"(?P<kind>.+?)(?: (?:documents|files))")
_FILES = re.compile(r"(?P<kind>.+?)的?(?:文件|文档|资料)")


@dataclass(frozen=True, slots=True)
class Form:
    """A pattern, and what an utterance that it matches means."""

    means: str
    pattern: re.Pattern[str]
    examples: tuple[str, ...]
    others: tuple[str, ...]
    """What looks like it, and means something else."""


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """A kind of documents that has a name: invoices, minutes, PDFs."""

    words: tuple[str, ...]
    suffixes: tuple[str, ...]
    """Of files that are of the kind by their format; then names do not count."""
    also: tuple[str, ...] = ()
    """What one such document is called besides: the meeting, for its minutes. Nobody counts minutes by it."""


@cache
def forms() -> tuple[Form, ...]:
    """Return the patterns, in the order in which they are tried."""
    return tuple(
        Form(
            form["means"],
            re.compile(form["pattern"], re.IGNORECASE),
            tuple(form["examples"]),
            tuple(form["others"]),
        )
        for form in _data("phrases.toml")["form"]
    )


@cache
def document_kinds() -> tuple[DocumentKind, ...]:
    """Return the kinds of documents that people ask for."""
    return tuple(
        DocumentKind(tuple(kind["words"]), tuple(kind.get("suffixes", ())), tuple(kind.get("also", ())))
        for kind in _data("kinds.toml")["kind"]
    )


def meaning(utterance: str) -> tuple[str, DocumentKind | None]:
    """Return what an utterance means and the kind of documents that it names; ``"", None`` for any other question."""
    plain = " ".join(utterance.translate(SIMPLIFIED).replace("’", "'").strip(_ENDS).split())
    for form in forms():
        if match := form.pattern.fullmatch(plain):
            if form.means != "kind":
                return form.means, None
            named = next(filter(None, match.groups()), "").lower()
            if kind := kind_named(named):
                return ("kind", kind)
    return "", None


def kind_named(named: str) -> DocumentKind | None:
    """Return the kind that a plural, or a word with "files" behind it, is the name of."""
    whole = _PLURAL.fullmatch(named) or _FILES.fullmatch(named)
    word = whole["kind"] if whole else named
    is_many = whole or not word.isascii() or word.endswith("s")
    return next((kind for kind in document_kinds() if is_many and word in kind.words), None)


def _data(name: str) -> dict[str, list[dict[str, str]]]:
    return tomllib.loads((files(__package__) / name).read_text(encoding="utf-8"))
