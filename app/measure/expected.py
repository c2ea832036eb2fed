"""Human-written questions with expected answers: read from a file, one JSON object per line.

Comes in: a file. Goes out: questions, and whether a text is right. Never: a question skipped silently.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...ingest.errors import InputError

_MARK = re.compile(r"\s?\[\d+\]")
"""A citation mark: its number is not part of the answer."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A question and its expected answer."""

    id: str
    question: str
    kind: str = ""
    """The kind of question, for the table by kinds: ``fact``, ``yes-no``, ``table``."""
    answerable: bool = True
    """Whether the documents hold an answer."""
    must: tuple[str, ...] = ()
    """Regular expressions that must all match a right answer, ignoring case; for an unanswerable question, what a harmless
    reply says, such as a greeting."""
    must_not: tuple[str, ...] = ()
    """Regular expressions that must not match."""
    sources: tuple[str, ...] = ()
    """Parts of the paths of files with the answer: any one will do."""
    expected: str = ""
    """The right answer in words; if there are no patterns, an answer must contain it."""
    follows: str = ""
    """The id of the previous question in the same conversation."""

    @staticmethod
    def plain(text: str) -> str:
        """Return a text without citation marks."""
        return _MARK.sub("", text)

    def fits(self, text: str) -> bool:
        """Return whether a text says what it must and nothing it must not."""
        plain = self.plain(text)
        if not (self.must or self.must_not):
            return " ".join(self.expected.lower().split()) in " ".join(plain.lower().split())
        return all(_found(pattern, plain) for pattern in self.must) and not any(
            _found(pattern, plain) for pattern in self.must_not
        )


def read_expected(path: Path) -> list[Expected]:
    """Read a file of questions.

    Raises:
        InputError: it is missing, or a line is not a valid question.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError("cannot read {path}: {why}", path=path, why=exc) from exc
    found = [_question(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    ids = {one.id for one in found}
    for one in found:
        if one.follows and one.follows not in ids:
            raise InputError(
                "{path}: question {id} follows {follows}, which is not there", path=path, id=one.id, follows=one.follows
            )
    return found


def before(question: Expected, by_id: Mapping[str, Expected]) -> list[Expected]:
    """Return the questions of a conversation up to this one, oldest first."""
    turns = [question]
    while turns[0].follows and len(turns) <= len(by_id):
        turns.insert(0, by_id[turns[0].follows])
    return turns


def _question(path: Path, number: int, line: str) -> Expected:
    try:
        row = json.loads(line)
        question = Expected(
            str(row.get("id", number)), str(row["question"]), str(row.get("kind", "")), bool(row.get("answerable", True)),
            _patterns(row.get("must", ())), _patterns(row.get("must_not", ())), tuple(row.get("sources", ())),
            str(row.get("expected", "")), str(row.get("follows") or ""),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError, re.error) as exc:
        raise InputError(
            "line {number} of {path} is not a question with what is expected: {why}",
            number=number,
            path=path,
            why=repr(exc),
        ) from exc
    if question.answerable and not (question.must or question.must_not or question.expected):
        raise InputError(
            "line {number} of {path} does not say what is expected: give must or expected", number=number, path=path
        )
    return question


def _patterns(patterns: Sequence[str]) -> tuple[str, ...]:
    for pattern in patterns:
        re.compile(pattern)
    return tuple(patterns)


def _found(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.IGNORECASE | re.DOTALL) is not None
