"""Questions of people with what a right answer has to say."""

from __future__ import annotations

from pathlib import Path

import pytest
from kb.app.measure.expected import Expected, before, read_expected
from kb.ingest.errors import InputError


def written(folder: Path, *lines: str) -> Path:
    """Return a file of these lines."""
    path = folder / "questions.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_an_answer_fits_if_all_is_there_and_nothing_that_must_not(tmp_path: Path) -> None:
    """Patterns are looked for whatever the case, in the answer without its marks."""
    line = '{"id": "a", "question": "What is due?", "must": ["4,?800", "eur"], "must_not": ["2025"]}'
    (question,) = read_expected(written(tmp_path, line))
    assert question.fits("4800 EUR are due. [1]")
    assert not question.fits("4800 are due. [1]")
    assert not question.fits("4800 EUR since 2025")


def test_without_patterns_the_words_are_expected() -> None:
    """A file that only says the right answer is enough."""
    assert Expected("a", "Who?", expected="Ana Ruiz").fits("It is  ana ruiz. [1]")
    assert not Expected("a", "Who?", expected="Ana Ruiz").fits("It is Ana.")


def test_follow_ups_come_with_what_was_asked_before(tmp_path: Path) -> None:
    """The conversation is asked in its order."""
    path = written(
        tmp_path,
        '{"id": "1", "question": "Who?", "expected": "x"}',
        '{"id": "2", "question": "And when?", "expected": "x", "follows": "1"}',
        '{"id": "3", "question": "Where?", "expected": "x", "follows": "2"}',
    )
    found = {one.id: one for one in read_expected(path)}
    assert [one.id for one in before(found["3"], found)] == ["1", "2", "3"]


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        '{"id": "1"}',
        '{"question": "Who?"}',
        '{"question": "Who?", "must": ["("]}',
        '{"question": "And?", "expected": "x", "follows": "7"}',
    ],
)
def test_what_is_no_question_is_told(tmp_path: Path, line: str) -> None:
    """A line that cannot be asked, or says nothing that is expected, is an error with its place."""
    with pytest.raises(InputError, match=r"questions\.jsonl"):
        read_expected(written(tmp_path, line))
