"""Documents that say the same with other figures: all are quoted, and it is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from kb import KnowledgeBase


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (("Hotel nights are refunded up to 120 dollars.", "Hotel nights are refunded up to 140 dollars."), True),
        (("Hotel nights are refunded up to 120 dollars.", "Hotel nights are refunded up to 120 dollars."), False),
    ],
)
def test_other_figures_in_the_same_sentence_are_told(tmp_path: Path, texts: tuple[str, str], *, told: bool) -> None:
    """Two editions of a rule are both quoted; what agrees is quoted once."""
    folder = tmp_path / "docs"
    folder.mkdir()
    for name, text in zip(("rules 2022.md", "rules 2024.md"), texts, strict=True):
        (folder / name).write_text(f"# Rules {name}\n\n{text}\n", encoding="utf-8")
    with KnowledgeBase.open(embedder="tfidf", llm="extractive") as kb:
        kb.ingest([folder])
        answer = kb.ask("Up to how many dollars are hotel nights refunded?")
        noted = any("do not agree" in note for note in answer.notes)
        assert answer.sure
        assert noted is told
        assert all(text in answer.text for text in texts)
