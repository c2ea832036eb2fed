"""Greetings and inventory questions: what there is, how many of a kind.

Comes in: what was typed. Goes out: its meaning, by the patterns of ``phrases.toml``. Never: a look at the documents.
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
    """A pattern, and the meaning of an utterance that matches it."""

    means: str
    pattern: re.Pattern[str]
    examples: tuple[str, ...]
    others: tuple[str, ...]
    """Similar utterances with another meaning."""


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """A named kind of document: invoices, minutes, PDFs."""

    words: tuple[str, ...]
    suffixes: tuple[str, ...]
    """File suffixes, if the format defines the kind; then names do not count."""
    also: tuple[str, ...] = ()
    """Another word for one such document: the meeting, for its minutes. Not used for counting."""


@cache
def forms() -> tuple[Form, ...]:
    """Return the patterns, in matching order."""
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
    """Return the meaning of an utterance and the kind of documents it names; ``"", None`` for any other question."""
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
    """Return the kind that a plural, or a word followed by "files", names."""
    whole = _PLURAL.fullmatch(named) or _FILES.fullmatch(named)
    word = whole["kind"] if whole else named
    is_many = whole or not word.isascii() or word.endswith("s")
    return next((kind for kind in document_kinds() if is_many and word in kind.words), None)


def _data(name: str) -> dict[str, list[dict[str, str]]]:
    return tomllib.loads((files(__package__) / name).read_text(encoding="utf-8"))
