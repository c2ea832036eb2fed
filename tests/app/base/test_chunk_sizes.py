"""The passage size of a base: chosen once, and only one that suits."""

from __future__ import annotations

from pathlib import Path

import pytest
from kb import KnowledgeBase
from kb.ingest.errors import InputError
from kb.ingest.run.sync import Selection


def test_a_size_that_is_refused_is_not_remembered(tmp_path: Path) -> None:
    """The next ingest into the base, without a size, is done as if nothing had been said."""
    (tmp_path / "yak.md").write_text("The yak weighs 612 kilograms.")
    with KnowledgeBase.open(embedder="tfidf") as kb:
        with pytest.raises(InputError, match="5000 tokens do not suit"):
            kb.ingest([tmp_path], selection=Selection(chunk_tokens=5000))
        assert len(kb.ingest([tmp_path / "yak.md"]).added) == 1
        assert kb.status().chunk_tokens == 0
