"""Patterns that come over HTTP lead nowhere but below what a base follows, and are not looked through for ever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kb import KnowledgeBase
from kb.app.hosting import patterns
from kb.app.hosting.patterns import refusal


@pytest.fixture
def kb(tmp_path: Path) -> Iterator[KnowledgeBase]:
    """A base that follows a folder, beside one that it does not."""
    for folder in ("notes/2024", "private"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "yak.md").write_text("The yak weighs 612 kilograms.")
    with KnowledgeBase.open("notes", home=tmp_path / "home", embedder="tfidf") as opened:
        opened.ingest([tmp_path / "notes"])
        yield opened


@pytest.mark.parametrize(
    "pattern", ["notes/*.md", "notes/**/*.md", "notes/2024/y[a-z]k.md", "private", "private/yak.md"]
)
def test_a_pattern_below_a_followed_folder_is_taken(kb: KnowledgeBase, tmp_path: Path, pattern: str) -> None:
    """So is any path that is no pattern."""
    assert refusal(kb, [str(tmp_path / pattern)]) == ""


@pytest.mark.parametrize("pattern", ["private/*", "*", "priv*/yak.md", "notes/*/../../private/*", "notes/link/*"])
def test_any_other_pattern_is_refused(kb: KnowledgeBase, tmp_path: Path, pattern: str) -> None:
    """Beside the folder, above it, out of it again, or by a link."""
    (tmp_path / "notes" / "link").symlink_to(tmp_path / "private")
    assert "only below folders that the base follows" in refusal(kb, [str(tmp_path / pattern)])


def test_a_pattern_that_takes_too_long_is_refused(
    kb: KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the number of files and by time; one that looks at a single folder is not charged for those below."""
    (tmp_path / "notes" / "round").symlink_to(tmp_path / "notes")
    deep, flat = str(tmp_path / "notes" / "**" / "zzzz*"), str(tmp_path / "notes" / "zzzz*")
    monkeypatch.setattr(patterns, "_MOST", 5)
    assert "too many files" in refusal(kb, [deep])
    assert refusal(kb, [flat]) == ""
    monkeypatch.setattr(patterns, "_MOST_S", -1.0)
    assert "too many files" in refusal(kb, [flat])
